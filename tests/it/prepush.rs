//! What a push or a pull request brings: `scan --pre-push` and `scan --range`.

use crate::support::gitcli::Git;
use crate::support::report::Report;
use crate::support::secrets::github;
use crate::support::{Output, Sandbox};

fn line(seed: u64) -> String {
    format!("token = \"{}\"\n", github(seed))
}

fn none() -> String {
    "0".repeat(40)
}

fn push(sandbox: &Sandbox, git: &Git<'_>, remote: &str, lines: &str) -> Output {
    let args = ["scan", "--format", "json", "--pre-push", remote];
    sandbox.command(args).within(&git.top).stdin(lines).run()
}

fn paths(report: &Report) -> Vec<&str> {
    let mut paths: Vec<&str> = report.findings.iter().map(|finding| finding.path.as_str()).collect();
    paths.sort_unstable();
    paths
}

#[test]
fn only_what_the_remote_does_not_have_is_looked_at() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let old = git.commit(&[("old.py", &line(1))], "published");
    let middle = git.commit(&[("middle.py", &line(2))], "not yet");
    let new = git.commit(&[("new.py", &line(3))], "not yet");
    git.run(&["checkout", "-q", "-b", "side", &old]);
    let side = git.commit(&[("side.py", &line(4))], "a branch");
    git.run(&["update-ref", "refs/remotes/origin/main", &old]);
    git.run(&["update-ref", "refs/remotes/fork/main", &middle]);
    let unknown = "1".repeat(40);
    let none = none();
    let cases: &[(&str, String, &[&str])] = &[
        ("origin", format!("refs/heads/main {new} refs/heads/main {old}\n"), &["middle.py", "new.py"]),
        ("origin", format!("refs/heads/main {new} refs/heads/main {middle}\n"), &["new.py"]),
        ("origin", format!("refs/heads/main {new} refs/heads/new {none}\n"), &["middle.py", "new.py"]),
        ("fork", format!("refs/heads/main {new} refs/heads/new {none}\n"), &["new.py"]),
        (
            "https://acme.test/x",
            format!("refs/heads/main {new} refs/heads/main {none}\n"),
            &["middle.py", "new.py", "old.py"],
        ),
        ("origin", format!("refs/heads/main {new} refs/heads/main {unknown}\n"), &["middle.py", "new.py"]),
        ("origin", format!("a {new} b {old}\nc {side} d {none}\n"), &["middle.py", "new.py", "side.py"]),
        ("origin", format!("(delete) {none} refs/heads/main {old}\n"), &[]),
        ("origin", String::new(), &[]),
    ];
    for (remote, lines, expected) in cases {
        let report = push(&sandbox, &git, remote, lines).json();
        assert_eq!(paths(&report), *expected, "{remote}: {lines}");
        assert_eq!(report.skipped(), []);
        assert_eq!(report.summary()["scanned_items"], 0, "no file of the working tree");
    }
}

/// What the commits after `base` do, and what that adds, after a commit of `old.py` with a secret on its second line.
type Case = (&'static str, fn(&Git<'_>), &'static [&'static str]);

const CASES: &[Case] = &[
    ("an edit beside an old secret", |git| drop(git.commit(&[("old.py", &format!("b\n{}", line(1)))], "edit")), &[]),
    (
        "a secret in an old file",
        |git| drop(git.commit(&[("old.py", &format!("a\n{}{}", line(1), line(2)))], "add")),
        &["old.py"],
    ),
    (
        "a secret that came and went",
        |git| {
            git.commit(&[("key.py", &line(2))], "add");
            git.remove(&["key.py"]);
        },
        &["key.py"],
    ),
    (
        "a secret that was added, and edited around",
        |git| {
            git.commit(&[("key.py", &line(2))], "add");
            git.commit(&[("key.py", &format!("x\n{}", line(2)))], "edit");
        },
        &["key.py"],
    ),
    (
        "a file that is moved",
        |git| {
            git.run(&["mv", "old.py", "moved.py"]);
            git.commit(&[], "move");
        },
        &[],
    ),
    (
        "a file that is moved and edited",
        |git| {
            git.run(&["mv", "old.py", "moved.py"]);
            git.commit(&[("moved.py", &format!("c\n{}{}", line(1), line(2)))], "move");
        },
        &["moved.py"],
    ),
    (
        "a secret that is brought back",
        |git| {
            git.commit(&[("old.py", "a\n")], "take it away");
            git.commit(&[("old.py", &format!("a\n{}", line(1)))], "put it back");
        },
        &["old.py"],
    ),
    (
        "a merge of what the base has",
        |git| {
            git.run(&["checkout", "-q", "-b", "base2", "base"]);
            git.commit(&[("both", &format!("1\n2\n3\n4\n5\n{}", line(2)))], "on the base");
            git.run(&["checkout", "-q", "main"]);
            git.commit(&[("both", "0\n1\n2\n3\n4\n5\n")], "on the branch");
            git.run(&["merge", "-q", "--no-edit", "base2"]);
            git.run(&["branch", "-q", "-f", "base", "base2"]);
        },
        &[],
    ),
    (
        "a merge that adds something itself",
        |git| {
            git.run(&["checkout", "-q", "-b", "base2", "base"]);
            git.commit(&[("theirs", "x\n")], "on the base");
            git.run(&["checkout", "-q", "main"]);
            git.commit(&[("ours", "x\n")], "on the branch");
            git.run(&["merge", "-q", "--no-commit", "--no-ff", "base2"]);
            git.commit(&[("theirs", &line(2))], "merge");
        },
        &["theirs"],
    ),
    ("a message", |git| drop(git.commit(&[], &format!("use {}", github(2)))), &["commit"]),
];

#[test]
fn a_range_tells_what_it_adds() {
    for (what, work, expected) in CASES {
        let sandbox = Sandbox::new();
        let git = Git::started(&sandbox);
        git.commit(&[("old.py", &format!("a\n{}", line(1))), ("both", "1\n2\n3\n4\n5\n")], "old");
        git.run(&["branch", "base"]);
        work(&git);
        for repacked in [false, true] {
            if repacked {
                git.repack();
            }
            for range in ["base..main", "base...main", "base...HEAD"] {
                let report = sandbox.scan(&["repo", "--range", range, "--no-cache"]);
                let found: Vec<&str> =
                    paths(&report).into_iter().map(|path| path.split(' ').next().unwrap_or_default()).collect();
                assert_eq!(found, *expected, "{what}, {range}, repacked: {repacked}");
                assert_eq!(report.skipped(), [], "{what}");
            }
            let lines = format!("refs/heads/main {} refs/heads/main {}\n", git.id("main"), git.id("base"));
            let report = push(&sandbox, &git, "origin", &lines).json();
            assert_eq!(report.findings.len(), expected.len(), "{what}: a push of the same");
        }
    }
}

#[test]
fn a_range_is_about_commits_and_not_about_files() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.run(&["branch", "base"]);
    git.commit(&[("a.py", "x = 1\n")], "harmless");
    git.write("untracked.py", line(1));
    git.write(".git/config", format!("[core]\n\trepositoryformatversion = 0\n[x]\n\ttoken = {}\n", github(2)));
    let inner = Git::init(&sandbox, "repo/inner", &[]);
    inner.commit(&[("key.py", &line(3))], "a repository within");
    let report = sandbox.scan(&["repo", "--range", "base...main"]);
    assert_eq!(paths(&report), [""; 0]);
    assert_eq!(report.summary()["verdict"], "clean");
    assert_eq!(sandbox.scan(&["repo"]).findings.len(), 4, "without it everything is looked at");
    // Where there is nothing to take commits from, nothing is no answer.
    sandbox.file("plain/a.py", line(1));
    for path in ["plain", "plain/a.py"] {
        let said = sandbox.run(["scan", path, "--range", "a...b"]).assert_code(2).err();
        assert!(said.contains("no git repository"), "{path}: {said}");
    }
}

#[test]
fn a_bundle_has_ranges_too() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[("old.py", &line(1))], "old");
    git.run(&["branch", "base"]);
    git.commit(&[("new.py", &line(2))], "new");
    git.run(&["bundle", "create", "-q", "../all.bundle", "--all"]);
    let report = sandbox.scan(&["all.bundle", "--range", "base..main", "--no-cache"]);
    assert_eq!(paths(&report).len(), 1, "{:?}", report.places());
    assert_eq!(sandbox.scan(&["all.bundle", "--history-only", "--no-cache"]).findings.len(), 2);
}

#[test]
fn a_tag_is_pushed_with_its_message() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let commit = git.id("HEAD");
    git.run(&["update-ref", "refs/remotes/origin/main", &commit]);
    git.run(&["tag", "-a", "v1", "-m", &line(1)]);
    let tag = git.id("v1");
    assert_ne!(tag, commit);
    let report =
        push(&sandbox, &git, "origin", &format!("refs/tags/v1 {tag} refs/tags/v1 {}\n", none())).assert_code(1);
    assert_eq!(report.json().one().rule, "github-pat-classic");
}

#[test]
fn what_cannot_be_looked_at_stops_the_push() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let head = git.id("HEAD");
    let missing = "1".repeat(40);
    let blob = git.feed(&["hash-object", "-w", "--stdin"], line(1).as_bytes());
    for (lines, message) in [
        (format!("a {missing} b {}\n", none()), "is to be pushed"),
        (format!("a {blob} b {}\n", none()), "is to be pushed"),
        (format!("a {head} b\n"), "line 1"),
        ("nonsense\n".to_owned(), "line 1"),
        (format!("a {head} b {}\na {head}\n", none()), "line 2"),
    ] {
        let output = push(&sandbox, &git, "origin", &lines).assert_code(2);
        assert!(output.out().is_empty() && output.err().contains(message), "{lines}: {}", output.err());
    }
    let bytes = sandbox.command(["scan", "--pre-push"]).within(&git.top).stdin(vec![0xff, 0xfe]).run().assert_code(2);
    assert!(bytes.err().contains("standard input"), "{}", bytes.err());
}

#[test]
fn a_person_is_told_in_which_commit() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let base = git.id("HEAD");
    let added = git.commit(&[("key.py", &line(1))], "add");
    let lines = format!("refs/heads/main {added} refs/heads/main {base}\n");
    let said =
        sandbox.command(["scan", "--pre-push", "origin"]).within(&git.top).stdin(lines).run().assert_code(1).out();
    assert!(said.contains(&format!("key.py:1:10 in commit {}", &added[..10])), "{said}");
    assert!(said.contains("this push would publish 1 secret") && said.contains("cleansweep:allow REASON"), "{said}");
    let nothing =
        sandbox.command(["scan", "--pre-push", "origin"]).within(&git.top).stdin("").run().assert_code(0).out();
    assert_eq!(nothing, "cleansweep: no secrets in 0 commits.\n");
}

/// What is silenced in a scan is silenced in a hook, and only that.
#[test]
fn comments_and_configurations_count_in_hooks() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let allowed = format!("token = \"{}\" # cleansweep:allow the example of the docs\n", github(1));
    let config = "[[allow]]\npaths = [\"docs/\"]\nreason = \"examples\"\n";
    let files: &[(&str, &str)] =
        &[("a.py", &allowed), ("docs/b.py", &line(2)), ("c.py", &line(3)), ("cleansweep.toml", config)];
    git.stage(files);
    let staged = sandbox.command(["scan", "--format", "json", "--staged"]).within(&git.top).run().json();
    assert_eq!(paths(&staged), ["c.py"]);
    let heedless =
        sandbox.command(["scan", "--format", "json", "--staged", "--untrusted"]).within(&git.top).run().json();
    assert_eq!(paths(&heedless), ["a.py", "c.py", "docs/b.py"]);
    let head = git.commit(&[], "all of it");
    let lines = format!("refs/heads/main {head} refs/heads/main {}\n", none());
    assert_eq!(paths(&push(&sandbox, &git, "origin", &lines).json()), ["c.py"]);
}
