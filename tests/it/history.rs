//! A secret is found wherever a repository keeps it, and its report says where it was and what still leads to it.

use serde_json::Value;

use crate::support::Sandbox;
use crate::support::gitcli::Git;
use crate::support::report::Report;
use crate::support::secrets::{github, sample};

/// What is told of the only credential that a scan of the folder `repo` found in a history.
struct Told {
    report: Report,
    finding: Value,
}

impl Told {
    #[track_caller]
    fn of(report: Report) -> Self {
        let found = report.json["findings"].as_array().expect("findings");
        let past: Vec<&Value> = found.iter().filter(|finding| finding["history"].is_object()).collect();
        assert_eq!(past.len(), 1, "one credential in the history: {:#?}\n{}", report.places(), report.summary());
        let finding = past[0].clone();
        Self { report, finding }
    }

    fn first(&self) -> &Value {
        &self.finding["history"]["exposures"][0]
    }

    fn refs(&self) -> Vec<&str> {
        let refs = self.first()["refs"].as_array().expect("names");
        refs.iter().map(|name| name.as_str().expect("a text")).collect()
    }
}

fn token() -> String {
    github(1)
}

fn line() -> String {
    format!("token = \"{}\"\n", token())
}

#[track_caller]
fn scan(sandbox: &Sandbox, args: &[&str]) -> Report {
    sandbox.scan(&[&["repo", "--no-cache"], args].concat())
}

/// How a repository comes to have a secret, what the finding's source and path are, and whether a name leads to it.
type Case = (&'static str, fn(&Git<'_>), &'static str, &'static str, bool);

const CASES: &[Case] = &[
    (
        "a deleted file",
        |git| {
            git.commit(&[("src/key.py", &line())], "add");
            git.remove(&["src/key.py"]);
        },
        "history",
        "src/key.py",
        true,
    ),
    (
        "another branch",
        |git| {
            git.run(&["checkout", "-q", "-b", "side"]);
            git.commit(&[("key.py", &line())], "add");
            git.run(&["checkout", "-q", "main"]);
        },
        "history",
        "key.py",
        true,
    ),
    (
        "only a light tag",
        |git| {
            git.run(&["checkout", "-q", "--detach"]);
            git.commit(&[("key.py", &line())], "add");
            git.run(&["tag", "v1"]);
            git.run(&["checkout", "-q", "main"]);
            git.run(&["reflog", "expire", "--expire=now", "--all"]);
        },
        "history",
        "key.py",
        true,
    ),
    ("the message of an annotated tag", |git| drop(git.run(&["tag", "-a", "v1", "-m", &line()])), "tag", "", true),
    (
        "a tag on a blob",
        |git| {
            let blob = git.feed(&["hash-object", "-w", "--stdin"], line().as_bytes());
            git.run(&["tag", "blob", &blob]);
        },
        "blob",
        "",
        true,
    ),
    ("a commit's message", |git| drop(git.commit(&[], &format!("use {}", token()))), "commit", "", true),
    (
        "an author's name",
        |git| {
            let author = format!("{} <a@acme.test>", token());
            git.run(&["commit", "-q", "--allow-empty", "-m", "x", "--author", &author]);
        },
        "commit",
        "",
        true,
    ),
    (
        "an extra header of a commit",
        |git| {
            let (tree, parent) = (git.id("HEAD^{tree}"), git.id("HEAD"));
            let commit = format!(
                "tree {tree}\nparent {parent}\nauthor A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000\nx-note \
                 {}\n\nmessage\n",
                token()
            );
            let id = git.feed(&["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], commit.as_bytes());
            git.run(&["update-ref", "refs/heads/main", &id]);
        },
        "commit",
        "",
        true,
    ),
    ("a note", |git| drop(git.run(&["notes", "add", "-m", &line()])), "history", "", true),
    (
        "a stash with an untracked file",
        |git| {
            git.write("notes.txt", line());
            git.run(&["stash", "-q", "-u"]);
        },
        "history",
        "notes.txt",
        true,
    ),
    (
        "only ORIG_HEAD and the reflog",
        |git| {
            git.commit(&[("key.py", &line())], "add");
            git.run(&["reset", "-q", "--hard", "HEAD~1"]);
        },
        "history",
        "key.py",
        true,
    ),
    (
        "only the reflog",
        |git| {
            git.commit(&[("key.py", &line())], "add");
            git.run(&["reset", "-q", "--hard", "HEAD~1"]);
            std::fs::remove_file(git.path(".git/ORIG_HEAD")).expect("git keeps where it was");
        },
        "history",
        "key.py",
        false,
    ),
    (
        "FETCH_HEAD",
        |git| {
            let other = git.path("../other");
            git.run(&["clone", "-q", ".", "../other"]);
            std::fs::write(other.join("key.py"), line()).expect("a file can be written");
            git.run(&["-C", "../other", "add", "-A"]);
            git.run(&["-C", "../other", "commit", "-q", "-m", "add"]);
            git.run(&["fetch", "-q", "../other", "main"]);
        },
        "history",
        "key.py",
        true,
    ),
    (
        "a dangling commit",
        |git| {
            git.commit(&[("key.py", &line())], "add");
            git.run(&["reset", "-q", "--hard", "HEAD~1"]);
            std::fs::remove_file(git.path(".git/ORIG_HEAD")).expect("git keeps where it was");
            git.run(&["reflog", "expire", "--expire=now", "--all"]);
        },
        "history",
        "key.py",
        false,
    ),
    (
        "a dangling tree",
        |git| {
            git.write("deep/down/key.py", line());
            git.run(&["add", "-A"]);
            git.run(&["write-tree"]);
            git.run(&["rm", "-q", "-f", "deep/down/key.py"]);
        },
        "history",
        "deep/down/key.py",
        false,
    ),
    ("a dangling blob", |git| drop(git.feed(&["hash-object", "-w", "--stdin"], line().as_bytes())), "blob", "", false),
    (
        "a pull request's reference",
        |git| {
            git.run(&["checkout", "-q", "--detach"]);
            let id = git.commit(&[("key.py", &line())], "add");
            git.run(&["update-ref", "refs/pull/1/head", &id]);
            git.run(&["checkout", "-q", "main"]);
        },
        "history",
        "key.py",
        true,
    ),
    (
        "what a rewrite kept in refs/original",
        |git| {
            let id = git.commit(&[("key.py", &line())], "add");
            git.run(&["update-ref", "refs/original/refs/heads/main", &id]);
            git.run(&["reset", "-q", "--hard", "HEAD~1"]);
        },
        "history",
        "key.py",
        true,
    ),
    (
        "a replacement",
        |git| {
            let id = git.commit(&[("key.py", &line())], "add");
            git.run(&["reset", "-q", "--hard", "HEAD~1"]);
            git.run(&["replace", "HEAD", &id]);
        },
        "history",
        "key.py",
        true,
    ),
    (
        "only a merge",
        |git| {
            git.run(&["checkout", "-q", "-b", "side"]);
            git.commit(&[("a", "a\n")], "side");
            git.run(&["checkout", "-q", "main"]);
            git.commit(&[("b", "b\n")], "main");
            git.run(&["merge", "-q", "--no-commit", "side"]);
            git.commit(&[("key.py", &line())], "merge");
            git.remove(&["key.py"]);
        },
        "history",
        "key.py",
        true,
    ),
    (
        "an octopus merge",
        |git| {
            for side in ["one", "two", "three"] {
                git.run(&["checkout", "-q", "-b", side, "main"]);
                let content = if side == "three" { line() } else { "x\n".into() };
                git.commit(&[(side, &content)], side);
            }
            git.run(&["checkout", "-q", "main"]);
            git.run(&["merge", "-q", "-m", "all", "one", "two", "three"]);
        },
        "history",
        "three",
        true,
    ),
    (
        "the name of a file",
        |git| {
            git.commit(&[(&format!("backup/{}.txt", token()), "x")], "add");
            git.run(&["rm", "-q", "-r", "backup"]);
            git.commit(&[], "remove");
        },
        "history-name",
        "backup/********.txt",
        true,
    ),
    (
        "a file without diff",
        |git| {
            git.commit(&[(".gitattributes", "*.dat -diff -text\n"), ("x.dat", &line())], "add");
            git.remove(&["x.dat"]);
        },
        "history",
        "x.dat",
        true,
    ),
    (
        "a binary",
        |git| {
            git.write("x.bin", [b"\x7fELF\x02\0\0\0\0\0\x01\xff", token().as_bytes(), b"\0\0\0\xfe"].concat());
            git.commit(&[], "add");
            git.remove(&["x.bin"]);
        },
        "history",
        "x.bin",
        true,
    ),
    (
        "UTF-16",
        |git| {
            let text: Vec<u8> = line().encode_utf16().flat_map(u16::to_le_bytes).collect();
            git.write("x.txt", [b"\xff\xfe", &text[..]].concat());
            git.commit(&[], "add");
            git.remove(&["x.txt"]);
        },
        "history",
        "x.txt",
        true,
    ),
];

#[test]
fn a_secret_is_found_wherever_it_is_kept() {
    for (name, build, source, path, reachable) in CASES {
        for packed in [false, true] {
            let sandbox = Sandbox::new();
            let git = Git::started(&sandbox);
            build(&git);
            if packed {
                git.run(&["repack", "-Adfq", "--depth=50"]);
                git.run(&["prune-packed", "-q"]);
            }
            let report = scan(&sandbox, &["--history-only"]);
            let context = format!("{name}, packed: {packed}: {}", report.json);
            assert!(report.skipped().is_empty(), "{context}");
            let told = Told::of(report);
            assert_eq!(told.finding["source"], *source, "{context}");
            if !path.is_empty() {
                assert_eq!(told.finding["path"], *path, "{context}");
            }
            assert_eq!(!told.refs().is_empty(), *reachable, "{context}");
            assert!(!told.report.json.to_string().contains(&token()), "{context}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_target_of_a_link_is_a_content_too() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    std::os::unix::fs::symlink(format!("/x/{}", token()), git.path("link")).expect("a link can be made");
    git.commit(&[], "add");
    git.remove(&["link"]);
    assert_eq!(Told::of(scan(&sandbox, &[])).finding["path"], "link");
}

/// Forms in which a repository can be; each has a secret in a file that is gone.
type Form = (&'static str, fn(&Sandbox));

fn with_past<'s>(sandbox: &'s Sandbox, folder: &str, options: &[&str]) -> Git<'s> {
    let git = Git::init(sandbox, folder, options);
    git.commit(&[("key.py", &line())], "add");
    git.remove(&["key.py"]);
    git
}

const FORMS: &[Form] = &[
    ("loose", |sandbox| drop(with_past(sandbox, "repo", &[]))),
    ("packed", |sandbox| with_past(sandbox, "repo", &[]).repack()),
    ("bare", |sandbox| drop(with_past(sandbox, "work", &[]).run(&["clone", "-q", "--bare", ".", "../repo"]))),
    ("SHA-256", |sandbox| with_past(sandbox, "repo", &["--object-format=sha256"]).repack()),
    ("reftable", |sandbox| drop(with_past(sandbox, "repo", &["--ref-format=reftable"]))),
    ("several packs and their index", |sandbox| {
        let git = with_past(sandbox, "repo", &[]);
        git.repack();
        git.commit(&[("more", "x")], "more");
        git.run(&["repack", "-dq"]);
        assert_eq!(git.packs("pack").len(), 2);
        git.run(&["multi-pack-index", "write", "--bitmap"]);
    }),
    ("objects borrowed from another", |sandbox| {
        let git = with_past(sandbox, "work", &[]);
        git.run(&["clone", "-q", "--shared", ".", "../repo"]);
    }),
    ("a linked working tree", |sandbox| {
        let git = with_past(sandbox, "work", &[]);
        git.run(&["worktree", "add", "-q", "../repo"]);
    }),
    ("a submodule", |sandbox| {
        with_past(sandbox, "work", &[]);
        let git = Git::started(sandbox);
        git.run(&["submodule", "add", "-q", "../work", "sub"]);
        git.commit(&[], "submodule");
    }),
    ("a submodule that is not checked out any more", |sandbox| {
        with_past(sandbox, "work", &[]);
        let git = Git::started(sandbox);
        git.run(&["submodule", "add", "-q", "../work", "sub"]);
        git.commit(&[], "submodule");
        git.run(&["rm", "-q", "-f", "sub"]);
        git.commit(&[], "gone");
        git.run(&["config", "remove-section", "submodule.sub"]);
    }),
    ("a bundle", |sandbox| {
        let git = with_past(sandbox, "work", &[]);
        sandbox.folder("repo");
        git.run(&["bundle", "create", "-q", "../repo/all.bundle", "--all"]);
    }),
    ("packed with deltas that name their base", |sandbox| {
        let git = with_past(sandbox, "repo", &[]);
        let body = "the same text in every version, long enough for a delta\n".repeat(50);
        for i in 0..20 {
            git.commit(&[("text", &format!("{body}{i}\n"))], "text");
        }
        git.run(&["-c", "repack.usedeltabaseoffset=false", "repack", "-adfq", "--depth=50"]);
    }),
    ("a repository below the scanned folder", |sandbox| drop(with_past(sandbox, "repo/nested/one", &[]))),
];

#[test]
fn every_form_of_a_repository_is_read() {
    for (name, build) in FORMS {
        let sandbox = Sandbox::new();
        build(&sandbox);
        let report = scan(&sandbox, &[]);
        let context = format!("{name}: {}", report.json);
        assert!(report.skipped().is_empty(), "{context}");
        let told = Told::of(report);
        assert!(told.finding["path"].as_str().is_some_and(|path| path.ends_with("key.py")), "{context}");
        assert!(told.first()["removed"]["id"].is_string(), "{context}");
        assert!(!told.refs().is_empty(), "{context}");
    }
}

#[test]
fn a_folder_below_the_top_has_the_history_of_the_whole() {
    let sandbox = Sandbox::new();
    let git = with_past(&sandbox, "repo", &[]);
    git.commit(&[("sub/file", "x")], "sub");
    assert_eq!(Told::of(sandbox.scan(&["repo/sub", "--no-cache"])).finding["path"], "key.py");
    // A file is only itself.
    assert!(sandbox.scan(&["repo/sub/file", "--no-cache"]).findings.is_empty());
}

#[test]
fn the_private_log_of_a_linked_working_tree_is_read() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.run(&["worktree", "add", "-q", "--detach", "../linked"]);
    let linked = Git::at(&sandbox, sandbox.path("linked"));
    linked.commit(&[("key.py", &line())], "add");
    linked.run(&["reset", "-q", "--hard", "HEAD~1"]);
    Told::of(scan(&sandbox, &[]));
    Told::of(sandbox.scan(&["linked", "--no-cache"]));
}

#[test]
fn what_a_repository_has_beside_its_objects_is_scanned_as_files() {
    let url = format!("https://deploy:{}@git.acme.test/x.git", token());
    let cases: [(&str, String); 5] = [
        (".git/config", format!("[remote \"origin\"]\n\turl = {url}\n")),
        (".git/hooks/pre-push", format!("#!/bin/sh\n{}", line())),
        (".git/lfs/objects/ab/cd/abcd", line()),
        (".git/credentials", url.clone()),
        (".git/modules/sub/config", format!("[remote \"origin\"]\n\turl = {url}\n")),
    ];
    for (path, content) in cases {
        for args in [&[][..], &["--history-only"], &["--no-history"]] {
            let sandbox = Sandbox::new();
            let git = Git::started(&sandbox);
            let before = std::fs::read_to_string(git.path(path)).unwrap_or_default();
            git.write(path, before + &content);
            let report = scan(&sandbox, args);
            assert_eq!(report.of(path).len(), 1, "{path} {args:?}: {:#?}", report.places());
        }
    }
}

#[test]
fn a_git_file_that_leads_elsewhere_is_not_followed() {
    let sandbox = Sandbox::new();
    with_past(&sandbox, "private", &[]);
    sandbox.file("repo/.git", format!("gitdir: {}\n", sandbox.path("private/.git").display()));
    let report = scan(&sandbox, &[]);
    assert!(report.findings.is_empty(), "{:#?}", report.places());
    assert_eq!(report.skipped(), [(".git".into(), "link-leaves-root".into())]);
}

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
