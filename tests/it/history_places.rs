//! A secret is found wherever a repository keeps it, whatever form the repository has.

use crate::support::Sandbox;
use crate::support::gitcli::Git;
use crate::support::past::{Told, line, scan, token, with_past};

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
