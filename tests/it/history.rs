//! What a report tells of a secret in a history: where it came from, where it went, what still leads to it; and what of a history
//! is scanned.

use serde_json::Value;

use crate::support::Sandbox;
use crate::support::gitcli::Git;
use crate::support::past::{Told, line, scan, with_past};
use crate::support::secrets::{github, sample};

#[test]
fn where_a_secret_came_from_and_where_it_went() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let added = git.commit(&[("conf/a.env", &line())], "add");
    git.run(&["tag", "v1"]);
    git.commit(&[("conf/a.env", &format!("# moved\n{}", line()))], "edit");
    git.commit(&[("b.env", &line())], "copy");
    let removed = git.remove(&["conf/a.env"]);
    git.run(&["checkout", "-q", "-b", "side", "v1"]);
    git.commit(&[("x", "x")], "side");
    git.run(&["checkout", "-q", "main"]);

    let told = Told::of(scan(&sandbox, &["--all-occurrences"]));
    assert_eq!(told.finding["path"], "conf/a.env");
    assert_eq!(told.finding["line"], 1);
    let exposures = told.finding["history"]["exposures"].as_array().expect("exposures");
    assert_eq!(exposures.len(), 2);
    assert_eq!(exposures[0]["introduced"]["id"], added);
    assert_eq!(exposures[0]["introduced"]["author"], "Ada <ada@acme.test>");
    assert!(exposures[0]["introduced"]["date"].as_str().is_some_and(|date| date.starts_with("2023-11-1")));
    assert_eq!(exposures[0]["removed"]["id"], removed);
    assert_eq!(exposures[0]["in_head"], false);
    assert_eq!(told.refs(), ["main", "side", "v1", "HEAD"]);
    assert_eq!(exposures[1]["path"], "b.env");
    assert_eq!(exposures[1]["in_head"], true);
    assert_eq!(exposures[1]["removed"], Value::Null);
    // The first content of a.env is that of b.env too.
    assert_eq!(told.finding["history"]["versions"], 2);
    let listed = told.finding["history"]["occurrences"].as_array().expect("they were asked for");
    let places: Vec<String> = listed.iter().map(|one| format!("{}:{}", one["path"], one["line"])).collect();
    assert_eq!(places, ["\"conf/a.env\":1", "\"conf/a.env\":2", "\"b.env\":1"]);
    // The file that still has it is a finding of its own, with the same credential.
    let now = told.report.of("b.env");
    assert_eq!(now.len(), 1);
    assert_eq!(now[0].credential, told.finding["credential_id"].as_str().expect("a text"));
}

#[test]
fn a_merge_is_not_blamed_for_what_it_merges() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.run(&["checkout", "-q", "-b", "side"]);
    let added = git.commit(&[("key.py", &line())], "add");
    git.run(&["checkout", "-q", "main"]);
    git.commit(&[("other", "x")], "other");
    git.run(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    git.run(&["checkout", "-q", "side"]);
    let removed = git.remove(&["key.py"]);
    git.run(&["checkout", "-q", "main"]);
    git.run(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    let told = Told::of(scan(&sandbox, &[]));
    assert_eq!(told.first()["introduced"]["id"], added);
    assert_eq!(told.first()["removed"]["id"], removed);
}

#[test]
fn only_what_is_asked_for() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let commit = |seed: u64, name: &str| {
        let line = format!("token = '{}'\n", github(seed));
        git.commit(&[(name, &line)], name)
    };
    let one = commit(1, "one");
    commit(2, "two");
    git.run(&["checkout", "-q", "-b", "side", &one]);
    let three = commit(3, "three");
    git.run(&["tag", "-a", "t", "-m", "tagged"]);
    git.run(&["checkout", "-q", "main"]);
    commit(4, "four");
    git.run(&["reset", "-q", "--hard", "HEAD~1"]);
    std::fs::remove_file(git.path(".git/ORIG_HEAD")).expect("git keeps where it was");
    git.repack();
    let cases: &[(&[&str], &[&str])] = &[
        (&[], &["one", "two", "three", "four"]),
        (&["--all-objects"], &["one", "two", "three", "four"]),
        (&["--reachable-only"], &["one", "two", "three"]),
        (&["--branch", "main"], &["one", "two"]),
        (&["--branch", "side", "--branch", "main"], &["one", "two", "three"]),
        (&["--branch", "refs/heads/side"], &["one", "three"]),
        (&["--branch", "t"], &["one", "three"]),
        (&["--range", "HEAD~1..HEAD"], &["two"]),
        (&["--range", "main..side"], &["three"]),
        (&["--range", "main...side"], &["three"]),
        (&["--range", &format!("{one}..")], &["two"]),
        (&["--range", &format!("{}..side", &one[..8])], &["three"]),
        (&["--range", "side^..side"], &["three"]),
        (&["--since", "main"], &["three", "four"]),
        (&["--since", "2000-01-01"], &["one", "two", "three", "four"]),
        (&["--since", "2024-01-01"], &[]),
        (&["--since", &three, "--branch", "main"], &["two"]),
    ];
    for (args, expected) in cases {
        let report = scan(&sandbox, &[&["--history-only"], *args].concat());
        let mut paths: Vec<&str> = report.findings.iter().map(|finding| finding.path.as_str()).collect();
        let mut expected = expected.to_vec();
        paths.sort_unstable();
        expected.sort_unstable();
        assert_eq!(paths, expected, "{args:?}");
    }
    for args in [
        ["--range", "main"],
        ["--range", "main..nowhere"],
        ["--branch", "nowhere"],
        ["--since", "nowhere"],
        ["--range", "HEAD~99..HEAD"],
    ] {
        let output = sandbox.run([&["scan", "repo", "--no-cache"], &args[..]].concat()).assert_code(2);
        assert!(output.err().contains(args[0]), "{args:?}: {}", output.err());
        assert!(output.out().is_empty());
    }
}

#[test]
fn a_range_that_brings_a_folder_has_what_is_in_it() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[("new/deep/key.py", &line())], "add");
    assert_eq!(
        Told::of(scan(&sandbox, &["--history-only", "--range", "HEAD~1..HEAD"])).finding["path"],
        "new/deep/key.py"
    );
}

/// Whichever of the two commits is looked at first.
#[test]
fn a_folder_that_came_and_went_has_been_there() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    for seed in 1..=20 {
        git.commit(&[(&format!("keys/{seed}/one.env"), &format!("TOKEN={}\n", github(seed)))], "came");
        git.remove(&[&format!("keys/{seed}/one.env")]);
    }
    for args in [&["--reachable-only"][..], &["--since", "2020-01-01"], &["--branch", "main"], &[]] {
        let report = sandbox.scan(&[&["repo", "--no-cache"], args].concat());
        assert_eq!(report.summary()["credentials"], 20, "{args:?}");
    }
}

#[test]
fn excluded_paths_are_left_out_of_the_past_too() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[("vendor/x/key.py", &line())], "add");
    git.run(&["rm", "-q", "-r", "vendor"]);
    git.commit(&[], "remove");
    let report = scan(&sandbox, &["--exclude", "vendor/"]);
    assert!(report.findings.is_empty(), "{:#?}", report.places());
    assert!(report.summary()["excluded"].as_u64().is_some_and(|count| count > 0));
}

#[test]
fn the_limit_of_size_holds_in_the_past_and_is_said() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[("big.txt", &format!("{}{}", "x\n".repeat(2000), line()))], "add");
    git.remove(&["big.txt"]);
    let report = scan(&sandbox, &["--history-only", "--max-file-size", "3k"]);
    assert!(report.findings.is_empty());
    assert!(report.skipped().iter().any(|(what, why)| what == ".git" && why == "too-large"), "{:#}", report.json);
    assert_eq!(scan(&sandbox, &["--history-only", "--max-file-size", "1M"]).findings.len(), 1);
}

#[test]
fn one_credential_is_one_finding_however_often_it_was_committed() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    for i in 0..12 {
        git.commit(&[("a.py", &format!("# {i}\n{}", line())), (&format!("b{i}.py"), &line())], "again");
    }
    git.repack();
    let report = scan(&sandbox, &["--history-only"]);
    let told = Told::of(report);
    assert_eq!(told.finding["history"]["versions"], 13);
    assert_eq!(told.finding["history"]["exposures"].as_array().map(Vec::len), Some(13));
    assert_eq!(told.report.summary()["credentials"], 1);
}

#[test]
fn a_history_can_be_left_out_and_that_is_said() {
    let sandbox = Sandbox::new();
    with_past(&sandbox, "repo", &[]);
    let report = scan(&sandbox, &["--no-history"]);
    assert!(report.findings.is_empty());
    assert_eq!(report.summary()["unscanned_histories"][0], ".git");
    let _ = sandbox.run(["scan", "repo", "--no-history", "--range", "a..b"]).assert_code(2);
}

/// GitHub refuses or blocks uploads with a commit's name in a uri, and shows an alert for each result.
#[test]
fn code_scanning_gets_a_place_that_it_can_show() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let added = git.commit(&[("conf/a.env", &line()), ("b.env", &line())], "add");
    git.remove(&["conf/a.env", "b.env"]);
    let in_message = git.commit(&[], &format!("use {}", github(2)));
    let sarif = |args: &[&str]| -> Value {
        let output = sandbox.run([&["scan", "repo", "--no-cache", "--format", "sarif"], args].concat());
        serde_json::from_slice(&output.stdout).expect("SARIF is JSON")
    };
    fn uris(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("uri").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| uris(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| uris(value, found)),
            _ => {}
        }
    }

    let past = sarif(&["--history-only", "--exclude", "logs/"]);
    let results = past["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 2, "{results:#?}");
    let result = results.iter().find(|r| r.to_string().contains("a.env") || r.to_string().contains("b.env"));
    let result = result.expect("the secret of the files");
    let message = result["message"]["text"].as_str().expect("a message");
    assert!(message.contains(&added[..10]) && message.contains("removed"), "{message}");
    assert_eq!(result["properties"]["history"]["exposures"][0]["introduced"]["id"], added);
    assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_string());
    assert_eq!(result["relatedLocations"].as_array().map(Vec::len), Some(1), "the other file");
    let mut found = Vec::new();
    uris(&past, &mut found);
    for id in [&added, &in_message] {
        assert!(!found.iter().any(|uri| uri.contains(&id[..7])), "{found:#?}");
    }

    // What is in a file now has its alert there, which tells the past as well.
    git.commit(&[("c.env", &line())], "again");
    let now = sarif(&["--exclude", "logs/"]);
    let results = now["runs"][0]["results"].as_array().expect("results");
    let own: Vec<&Value> = results.iter().filter(|r| r.to_string().contains("c.env")).collect();
    assert_eq!(own.len(), 1, "{results:#?}");
    assert!(own[0]["message"]["text"].as_str().is_some_and(|text| text.contains(&added[..10])));
    assert!(own[0]["locations"][0].to_string().contains("c.env"));
}

/// The rules' own samples, through the whole way: each is found in the past of a packed repository.
#[test]
fn what_is_found_in_a_file_is_found_in_its_past() {
    let ids = ["aws-access-key-id", "private-key-pem", "slack-bot-token", "npm-access-token", "stripe-secret-key"];
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    for (seed, id) in (1..).zip(ids) {
        let text = format!("value = \"{}\"\n", sample(id, seed));
        git.commit(&[("conf.ini", &text)], id);
    }
    git.remove(&["conf.ini"]);
    git.repack();
    let report = scan(&sandbox, &[]);
    let mut rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    rules.sort_unstable();
    let mut expected = ids.to_vec();
    expected.sort_unstable();
    assert_eq!(rules, expected);
}
