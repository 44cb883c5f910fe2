//! The baseline: what is accepted is not reported again, on any machine, after any rebase or merge; what is new is.

use serde_json::Value;

use crate::support::gitcli::Git;
use crate::support::secrets::github;
use crate::support::{Output, Sandbox, sample};

const FILE: &str = ".cleansweep-baseline.jsonl";

fn password(seed: u64) -> String {
    sample("generic-password", seed)
}

fn run(git: &Git<'_>, sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.command(args).run_in(&git.top)
}

fn accept(sandbox: &Sandbox, command: &str, more: &[&str]) -> Output {
    sandbox.run([&["baseline", command, "--reason", "known", "--author", "Ada"], more].concat())
}

fn lines(sandbox: &Sandbox) -> Vec<String> {
    String::from_utf8(sandbox.read(FILE)).expect("it is a text").lines().map(str::to_owned).collect()
}

fn notes(output: &Output) -> Vec<(String, String)> {
    let report = output.json();
    let text = |note: &Value, key: &str| note[key].as_str().expect("a note has texts").to_owned();
    let notes = report.summary()["notes"].as_array().expect("the summary has notes");
    notes.iter().map(|note| (text(note, "kind"), text(note, "place"))).collect()
}

/// A token and a password, at one place each and the token at another.
fn tree() -> Sandbox {
    let sandbox = Sandbox::with("a.toml", format!("token = \"{}\"\npassword = \"{}\"\n", github(1), password(1)));
    sandbox.file("b.env", format!("TOKEN={}\n", github(1)));
    sandbox
}

#[test]
fn what_is_accepted_is_not_reported_again() {
    let sandbox = tree();
    let before = sandbox.scan(&[]);
    assert_eq!(before.findings.len(), 3);
    let told = accept(&sandbox, "create", &[]).assert_code(0).out();
    assert!(told.contains("Wrote 3 entries for 2 secrets to "), "{told}");
    assert!(told.contains("merge=union"), "{told}");
    let report = sandbox.run(["scan", "-f", "json"]).assert_code(0);
    assert_eq!((report.json().findings.len(), notes(&report).len()), (0, 0));
    assert_eq!(sandbox.scan(&["--no-baseline"]).findings, before.findings, "nothing is found in the baseline itself");
    let low = sandbox.scan(&["--no-baseline", "--confidence", "low"]);
    assert!(low.of(FILE).is_empty(), "{:?}", low.places());
    sandbox.file("c.env", format!("TOKEN={}\n", github(3)));
    assert_eq!(sandbox.scan(&[]).one().path, "c.env");
}

#[test]
fn a_baseline_has_sorted_lines_and_no_secret() {
    let sandbox = tree();
    sandbox.file(format!("logs/{}.log", github(4)), format!("x {}\n", github(5)));
    let _ = accept(&sandbox, "create", &["--expires", "9999-12-31"]).assert_code(0);
    let lines = lines(&sandbox);
    assert_eq!(lines.len(), 5);
    assert!(lines.is_sorted());
    for line in &lines {
        let entry: Value = serde_json::from_str(line).expect("a line is JSON");
        let of = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        assert_eq!((of("reason"), of("author"), of("expires")), ("known".into(), "Ada".into(), "9999-12-31".into()));
        assert_eq!(entry["v"], 1);
        let guessable = of("rule") == "generic-password";
        assert_eq!(of("name").len(), if guessable { 5 } else { 32 }, "{line}");
        for secret in [github(1), github(4), github(5), password(1)] {
            assert!(!line.contains(&secret) && !line.contains(&secret[6..]), "{line}");
        }
    }
    let _ = sandbox.run(["scan"]).assert_code(0);
}

#[test]
fn it_means_the_same_on_every_machine_and_with_every_key() {
    let sandbox = tree();
    let _ = accept(&sandbox, "create", &[]).assert_code(0);
    let elsewhere = sandbox.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder can be made");
    let _ = sandbox.command(["scan"]).home(&elsewhere).run().assert_code(0);
    let _ = sandbox.run(["scan", "--fingerprint-key", "team"]).assert_code(0);
}

#[test]
fn two_baselines_of_the_same_name_a_password_differently() {
    let name = || {
        let sandbox = Sandbox::with("a.toml", format!("password = \"{}\"\n", password(1)));
        let _ = accept(&sandbox, "create", &[]).assert_code(0);
        let entry: Value = serde_json::from_str(&lines(&sandbox)[0]).expect("a line is JSON");
        (entry["name"].clone(), entry["mark"].clone(), entry["salt"].clone())
    };
    let (one, two) = (name(), name());
    assert!(one.0 != two.0 && one.1 != two.1 && one.2 != two.2, "{one:?} {two:?}");
}

#[test]
fn a_place_is_a_path_and_not_a_line() {
    let sandbox = tree();
    let _ = accept(&sandbox, "create", &[]).assert_code(0);
    let text = String::from_utf8(sandbox.read("a.toml")).expect("it is a text");
    sandbox.file("a.toml", format!("# moved\n\n\n{text}\nagain = \"{}\"\n", github(1)));
    let _ = sandbox.run(["scan"]).assert_code(0);
    std::fs::rename(sandbox.path("a.toml"), sandbox.path("moved.toml")).expect("it can be renamed");
    let output = sandbox.run(["scan", "-f", "json"]).assert_code(1);
    assert!(output.json().findings.iter().all(|f| f.path == "moved.toml"));
    let kinds: Vec<String> = notes(&output).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["silence-stale", "silence-stale", "silenced-elsewhere"]);
    // Another password in the place of the known one is new.
    let sandbox = tree();
    let _ = accept(&sandbox, "create", &[]).assert_code(0);
    sandbox.file("a.toml", format!("password = \"{}\"\n", password(2)));
    assert_eq!(sandbox.scan(&[]).one().path, "a.toml");
}

#[test]
fn what_is_not_shown_is_not_told_of_either() {
    // Of the same password in a test it is less sure.
    let line = format!("password = \"{}\"\n", password(1));
    let sandbox = Sandbox::with("a.py", &line);
    sandbox.file("tests/test_a.py", &line);
    let args = ["--confidence", "high"];
    let shown = sandbox.scan(&args).findings.len();
    assert_eq!((shown, sandbox.scan(&["--confidence", "low"]).findings.len()), (1, 2), "what is asked needs both");
    let _ = accept(&sandbox, "create", &args).assert_code(0);
    let output = sandbox.run([&["scan", "-f", "json"], &args[..]].concat()).assert_code(0);
    assert_eq!(notes(&output), []);
}

#[test]
fn it_survives_squash_and_rebase() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.run(&["switch", "-q", "-c", "topic"]);
    git.commit(&[("a.env", &format!("TOKEN={}\n", github(1)))], "one");
    git.commit(&[("a.env", &format!("# more\nTOKEN={}\n", github(1)))], &format!("two, see {}", github(2)));
    let _ = run(&git, &sandbox, &["baseline", "create", "--reason", "known", "--author", "Ada"]).assert_code(0);
    git.commit(&[], "the baseline");
    let _ = run(&git, &sandbox, &["scan"]).assert_code(0);
    git.run(&["switch", "-q", "main"]);
    git.commit(&[("other", "x\n")], "meanwhile");
    git.run(&["switch", "-q", "topic"]);
    git.run(&["rebase", "-q", "main"]);
    let _ = run(&git, &sandbox, &["scan"]).assert_code(0);
    let _ = run(&git, &sandbox, &["scan", "--reachable-only"]).assert_code(0);
    git.run(&["switch", "-q", "main"]);
    git.run(&["merge", "-q", "--squash", "topic"]);
    git.run(&["commit", "-q", "-m", "squashed"]);
    git.run(&["branch", "-q", "-D", "topic"]);
    let _ = run(&git, &sandbox, &["scan", "--reachable-only"]).assert_code(0);
}

#[test]
fn two_branches_that_add_to_it_merge_without_conflict() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[(".gitattributes", &format!("{FILE} merge=union\n"))], "union");
    for (branch, seed) in [("left", 1), ("right", 2)] {
        git.run(&["switch", "-q", "-c", branch, "main"]);
        git.write(&format!("{branch}.env"), format!("TOKEN={}\n", github(seed)));
        // Each made its own baseline, with a salt of its own.
        let _ = run(&git, &sandbox, &["baseline", "create", "--no-history", "--reason", branch, "--author", "Ada"])
            .assert_code(0);
        git.commit(&[], branch);
    }
    git.run(&["merge", "-q", "-m", "merged", "left"]);
    let _ = run(&git, &sandbox, &["scan"]).assert_code(0);
    git.write("more.env", format!("TOKEN={}\n", github(3)));
    let _ = run(&git, &sandbox, &["baseline", "update", "--reason", "more", "--author", "Ada"]).assert_code(0);
    let _ = run(&git, &sandbox, &["scan"]).assert_code(0);
    let text = std::fs::read_to_string(git.path(FILE)).expect("it is there");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() == 3 && lines.is_sorted(), "{text}");
}

#[test]
fn update_adds_what_is_new_and_keeps_what_is_old() {
    let sandbox = tree();
    let missing = accept(&sandbox, "update", &[]).assert_code(2).err();
    assert!(missing.contains("there is no such file") && missing.contains("baseline create"), "{missing}");
    let _ = accept(&sandbox, "create", &[]).assert_code(0);
    let old = lines(&sandbox);
    let again = accept(&sandbox, "create", &[]).assert_code(2).err();
    assert!(again.contains("it is there already"), "{again}");
    sandbox.file("c.env", format!("TOKEN={}\n", github(3)));
    let told = accept(&sandbox, "update", &[]).assert_code(0).out();
    assert!(told.starts_with("Added 1 entry to "), "{told}");
    let new = lines(&sandbox);
    assert!(new.len() == 4 && new.is_sorted() && old.iter().all(|line| new.contains(line)));
    let told = accept(&sandbox, "update", &[]).assert_code(0).out();
    assert!(told.starts_with("Added 0 entries to "), "{told}");
    assert_eq!(lines(&sandbox), new);
}

#[test]
fn what_has_expired_is_reported_until_it_is_accepted_anew() {
    let sandbox = tree();
    let _ = accept(&sandbox, "create", &["--expires", "9999-12-31"]).assert_code(0);
    let expired = lines(&sandbox).join("\n").replace("9999-12-31", "2020-12-31");
    sandbox.file(FILE, expired);
    let output = sandbox.run(["scan", "-f", "json"]).assert_code(1);
    assert_eq!(output.json().findings.len(), 3);
    let places = [1, 2, 3].map(|line| ("silence-expired".to_owned(), format!("{FILE}:{line}")));
    assert_eq!(notes(&output), places);
    let told = accept(&sandbox, "update", &[]).assert_code(0).out();
    assert!(told.contains("Added 0 entries") && told.contains("3 findings have entries that expired"), "{told}");
    let _ = sandbox.run(["scan"]).assert_code(1);
    let told = accept(&sandbox, "update", &["--renew"]).assert_code(0).out();
    assert!(told.contains("Added 3 entries"), "{told}");
    let output = sandbox.run(["scan", "-f", "json"]).assert_code(0);
    assert_eq!(notes(&output), [], "the expired entries are replaced");
}

#[test]
fn what_is_there_no_more_is_said_and_pruned() {
    let sandbox = tree();
    let _ = accept(&sandbox, "create", &[]).assert_code(0);
    std::fs::remove_file(sandbox.path("a.toml")).expect("it can be removed");
    let output = sandbox.run(["scan", "-f", "json"]).assert_code(0);
    let stale = [1, 2].map(|line| ("silence-stale".to_owned(), format!("{FILE}:{line}")));
    assert_eq!(notes(&output), stale);
    // A part of the project, or only what is surer, cannot tell.
    for args in [&["b.env"][..], &["--exclude", "a.*"], &["--respect-gitignore"]] {
        let output = sandbox.run([&["scan", "-f", "json"], args].concat());
        assert_eq!(notes(&output), [], "{args:?}");
    }
    let kept = lines(&sandbox);
    let told = sandbox.run(["baseline", "prune", "--exclude", "a.*"]).assert_code(0).out();
    assert!(told.starts_with("Removed 0 entries"), "{told}");
    assert_eq!(lines(&sandbox), kept);
    let told = sandbox.run(["baseline", "prune"]).assert_code(0).out();
    assert!(told.starts_with("Removed 2 entries"), "{told}");
    assert_eq!(lines(&sandbox), kept[2..]);
    let _ = sandbox.run(["scan"]).assert_code(0);
}

#[cfg(unix)]
#[test]
fn nothing_is_pruned_unless_all_was_looked_at() {
    let sandbox = tree();
    let _ = accept(&sandbox, "create", &[]).assert_code(0);
    let kept = lines(&sandbox);
    std::fs::remove_file(sandbox.path("a.toml")).expect("it can be removed");
    sandbox.link("out", "/usr");
    let output = sandbox.run(["baseline", "prune"]).assert_code(3);
    assert!(output.out().starts_with("Nothing was removed"), "{}", output.out());
    assert_eq!(lines(&sandbox), kept);
    std::fs::remove_file(sandbox.path("out")).expect("it can be removed");
    sandbox.folder("sub");
    let _ = sandbox.run(["baseline", "prune", "sub", "--baseline", FILE]).assert_code(0);

    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[("a.env", &format!("TOKEN={}\n", github(1)))], "one");
    let _ = run(&git, &sandbox, &["baseline", "create", "--reason", "known", "--author", "Ada"]).assert_code(0);
    git.remove(&["a.env"]);
    let _ = run(&git, &sandbox, &["baseline", "prune", "--no-history"]).assert_code(3);
    let told = run(&git, &sandbox, &["baseline", "prune"]).assert_code(0).out();
    assert!(told.starts_with("Removed 0 entries"), "the history still has it: {told}");
    let _ = run(&git, &sandbox, &["scan"]).assert_code(0);
}

#[test]
fn every_place_of_a_history_must_be_accepted() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let line = format!("TOKEN={}\n", github(1));
    git.commit(&[("a.env", &line)], "one");
    git.commit(&[("b.env", &line)], "two");
    git.remove(&["b.env"]);
    let _ = run(&git, &sandbox, &["baseline", "create", "--no-history", "--reason", "known", "--author", "Ada"])
        .assert_code(0);
    let _ = run(&git, &sandbox, &["scan", "--no-history"]).assert_code(0);
    let _ = run(&git, &sandbox, &["scan"]).assert_code(1);
    let told =
        run(&git, &sandbox, &["baseline", "update", "--reason", "known", "--author", "Ada"]).assert_code(0).out();
    assert!(told.starts_with("Added 1 entry "), "{told}");
    let _ = run(&git, &sandbox, &["scan"]).assert_code(0);
}

#[test]
fn a_baseline_that_cannot_be_understood_is_an_error() {
    let sandbox = tree();
    let _ = accept(&sandbox, "create", &[]).assert_code(0);
    let good = String::from_utf8(sandbox.read(FILE)).expect("it is a text");
    for (text, told) in [
        (format!("{good}{{\"v\":1}}\n"), format!("{FILE}:4: it is no entry of a baseline: missing field `path`")),
        (format!("<<<<<<< HEAD\n{good}=======\n"), format!("{FILE}:1: a conflict that git left")),
        (good.replace("\"v\":1", "\"v\":2"), format!("{FILE}:1: it is of version 2")),
        (good[..good.len() - 20].to_owned(), format!("{FILE}:3: it is no entry of a baseline")),
    ] {
        sandbox.file(FILE, &text);
        for args in [&["scan"][..], &["baseline", "prune"], &["baseline", "update", "--reason", "x1", "--author", "A"]]
        {
            let output = sandbox.run(args).assert_code(2);
            assert!(output.err().contains(&told), "{args:?}: {}", output.err());
        }
        assert_eq!(sandbox.read(FILE), text.as_bytes(), "it is left as it was");
        let _ = sandbox.run(["scan", "--no-baseline"]).assert_code(1);
    }
    let order: String = good.lines().rev().chain(good.lines()).map(|line| format!("{line}\r\n")).collect();
    sandbox.file(FILE, format!("\u{feff}{order}"));
    let _ = sandbox.run(["scan"]).assert_code(0);
}

#[test]
fn what_is_accepted_needs_a_reason_an_author_and_a_day_to_come() {
    let sandbox = tree();
    for (args, told) in [
        (&["--author", "Ada"][..], "--reason"),
        (&["--author", "Ada", "--reason", " - "], "--reason: say why"),
        (&["--reason", "known"], "--author: say who"),
        (&["--author", "Ada", "--reason", "known", "--expires", "2020-01-01"], "that day is over"),
        (&["--author", "Ada", "--reason", "known", "--expires", "tomorrow"], "a day is written YYYY-MM-DD"),
    ] {
        let output = sandbox.run([&["baseline", "create"], args].concat()).assert_code(2);
        assert!(output.err().contains(told), "{}", output.err());
    }
    assert!(!sandbox.names().contains(&FILE.to_owned()), "nothing was written");
    let _ = sandbox.command(["baseline", "create", "--reason", "known"]).env("USER", "ada").run().assert_code(0);
    assert!(lines(&sandbox)[0].contains("\"author\":\"ada\""));
}

#[test]
fn nothing_found_is_nothing_written_and_comments_are_not_accepted_twice() {
    let sandbox = Sandbox::with("a.py", format!("a = \"{}\" # cleansweep:allow an example\n", github(1)));
    let told = accept(&sandbox, "create", &[]).assert_code(0).out();
    assert!(told.starts_with("Nothing was found"), "{told}");
    assert_eq!(sandbox.names(), ["a.py"]);
    sandbox.file("b.py", format!("b = \"{}\"\n", github(2)));
    let _ = accept(&sandbox, "create", &["-o", "known.jsonl"]).assert_code(0);
    assert_eq!(sandbox.names(), ["a.py", "b.py", "known.jsonl"]);
    let _ = sandbox.run(["scan"]).assert_code(1);
    let _ = sandbox.run(["scan", "--baseline", "known.jsonl"]).assert_code(0);
    let _ = sandbox.run(["scan", "--baseline", "known.jsonl", "--no-baseline"]).assert_code(2);
    let _ = sandbox.run(["scan", "--baseline", "nowhere.jsonl"]).assert_code(2);
}

#[test]
fn somebody_elses_baseline_silences_nothing() {
    let sandbox = Sandbox::new();
    let theirs = Git::init(&sandbox, "theirs", &[]);
    theirs.commit(&[("a.env", &format!("TOKEN={}\n", github(1)))], "one");
    let _ = run(&theirs, &sandbox, &["baseline", "create", "--reason", "known", "--author", "Ada"]).assert_code(0);
    let _ = run(&theirs, &sandbox, &["scan"]).assert_code(0);
    let output = sandbox.run(["scan", "-f", "json", "theirs"]).assert_code(1);
    assert_eq!(notes(&output), [("silence-ignored".to_owned(), FILE.to_owned())]);
    let _ = sandbox.run(["scan", "theirs", "--trusted"]).assert_code(0);
    let _ = sandbox.run(["scan", "theirs", "--baseline", "theirs/.cleansweep-baseline.jsonl"]).assert_code(0);
}
