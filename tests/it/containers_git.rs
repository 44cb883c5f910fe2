//! Containers in what git has: in histories, in the index, in what is pushed.

use crate::support::gitcli::Git;
use crate::support::packed::{Zipped, gzip, tar, zip};
use crate::support::report::Report;
use crate::support::secrets::github;
use crate::support::{Random, Sandbox};

/// A jar with a large member that stays the same, so that git keeps one version as an edit of the other.
fn jar(texts: &[(&'static str, String)]) -> Vec<u8> {
    let mut random = Random::new(7);
    let filler: Vec<u8> = (0..20_000).map(|_| random.next() as u8).collect();
    let mut members = vec![Zipped { stored: true, ..Zipped::new("filler.bin", &filler) }];
    members.extend(texts.iter().map(|(name, text)| Zipped { stored: true, ..Zipped::new(name, text.as_bytes()) }));
    zip(&members)
}

fn line(seed: u64) -> String {
    format!("\ntoken: {}\n", github(seed))
}

fn scan(sandbox: &Sandbox, git: &Git<'_>, args: &[&str]) -> Report {
    sandbox.command(["scan", "--format", "json", "--reveal"].iter().chain(args)).within(&git.top).run().json()
}

fn places(report: &Report) -> Vec<String> {
    report.findings.iter().map(|f| format!("{}:{}:{}", f.path, f.line, f.column)).collect()
}

#[test]
fn a_container_in_a_history_is_opened_in_all_its_versions() {
    for pack in [false, true] {
        let sandbox = Sandbox::new();
        let git = Git::started(&sandbox);
        let commit = |bytes: Vec<u8>, message: &str| {
            git.write("lib/app.jar", bytes);
            git.commit(&[], message)
        };
        let first = commit(jar(&[("a.yml", line(1))]), "first");
        let second = commit(jar(&[("a.yml", "nothing\n".into()), ("in/b.yml", line(2))]), "second");
        let third = commit(jar(&[("in/b.yml", line(2))]), "third");
        let removed = git.remove(&["lib/app.jar"]);
        if pack {
            git.repack();
        }
        let report = scan(&sandbox, &git, &["--no-cache"]);
        assert_eq!(places(&report), ["lib/app.jar!/a.yml:2:8", "lib/app.jar!/in/b.yml:2:8"]);
        assert_eq!(report.findings.iter().map(|f| &*f.secret).collect::<Vec<_>>(), [github(1), github(2)]);
        assert_eq!(report.skipped(), []);
        let told = |nth: usize| {
            let finding = &report.json["findings"][nth];
            assert_eq!((&finding["source"], &finding["container"]), (&"history".into(), &"lib/app.jar".into()));
            let exposure = &finding["history"]["exposures"][0];
            assert_eq!(exposure["path"], finding["path"]);
            [&exposure["introduced"]["id"], &exposure["removed"]["id"]].map(|id| id.as_str().map(ToOwned::to_owned))
        };
        assert_eq!(told(0), [Some(first.clone()), Some(second.clone())]);
        assert_eq!(told(1), [Some(second.clone()), Some(removed)]);
        assert_eq!(report.json["findings"][1]["history"]["versions"], 2);
        // A second scan, with what the first has kept, tells the same.
        let kept = [scan(&sandbox, &git, &[]), scan(&sandbox, &git, &[])];
        assert!(kept.iter().all(|kept| kept.json["findings"] == report.json["findings"]));
        assert_eq!(scan(&sandbox, &git, &["--no-archives"]).findings.len(), 2, "it is stored as it is");
        let range = scan(&sandbox, &git, &["--range", &format!("{first}...{third}")]);
        assert_eq!(places(&range), ["lib/app.jar!/in/b.yml:2:8"]);
    }
}

#[test]
fn what_is_compressed_in_a_history_is_called_after_each_of_its_paths() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let packed = gzip(line(1).as_bytes());
    git.write("one.yml.gz", &packed);
    git.write("two.yml.gz", &packed);
    git.write("cut.tgz", &gzip(&tar(&[("a", b"b")]))[..40]);
    git.commit(&[], "add");
    git.remove(&["one.yml.gz", "two.yml.gz", "cut.tgz"]);
    let report = scan(&sandbox, &git, &["--no-cache"]);
    let exposures = report.json["findings"][0]["history"]["exposures"].as_array().expect("exposures");
    let paths: Vec<&str> = exposures.iter().map(|one| one["path"].as_str().expect("a text")).collect();
    assert_eq!(paths, ["one.yml.gz!/one.yml", "two.yml.gz!/two.yml"]);
    assert!(report.skipped().contains(&("cut.tgz".to_owned(), "corrupt".to_owned())), "{:?}", report.skipped());
    assert!(report.summary()["skipped"].to_string().contains("in the history, blob "));
    let left_out = scan(&sandbox, &git, &["--no-cache", "--exclude", "*.yml", "--exclude", "*.tgz"]);
    assert_eq!((left_out.findings.len(), left_out.skipped()), (0, vec![]));
}

#[test]
fn of_a_staged_container_only_what_the_commit_brings_is_told() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let staged = |bytes: &[u8]| {
        git.write("app.jar", bytes);
        git.run(&["add", "-A"]);
        let report = scan(&sandbox, &git, &["--staged"]);
        assert_eq!(report.skipped(), []);
        places(&report)
    };
    assert_eq!(staged(&jar(&[("a.yml", line(1))])), ["app.jar!/a.yml:2:8"]);
    git.run(&["commit", "-q", "-m", "add"]);
    let more = jar(&[("a.yml", line(1)), ("b.yml", line(2))]);
    assert_eq!(staged(&more), ["app.jar!/b.yml:2:8"]);
    assert_eq!(staged(&[&more[..], &gzip(b"behind")].concat()[..more.len()]), ["app.jar!/b.yml:2:8"]);
    git.run(&["mv", "app.jar", "moved.jar"]);
    git.run(&["commit", "-q", "-m", "move"]);
    assert_eq!(scan(&sandbox, &git, &["--staged"]).findings.len(), 0);
}
