//! `scan --staged`: exactly what the next commit adds, from every kind of index that git makes.

use std::path::Path;

use crate::support::gitcli::Git;
use crate::support::report::Report;
use crate::support::secrets::github;
use crate::support::{Output, Sandbox, sample};

fn line(seed: u64) -> String {
    format!("token = \"{}\"\n", github(seed))
}

#[track_caller]
fn run(sandbox: &Sandbox, git: &Git<'_>, args: &[&str]) -> Output {
    sandbox.command(["scan", "--format", "json"].iter().chain(args)).within(&git.top).run()
}

/// The places of what is found, `path:line`.
#[track_caller]
fn places(sandbox: &Sandbox, git: &Git<'_>, args: &[&str]) -> Vec<String> {
    let report = run(sandbox, git, &[&["--staged"], args].concat()).json();
    assert_eq!(report.skipped(), [], "everything was looked at");
    told(&report)
}

fn told(report: &Report) -> Vec<String> {
    report.findings.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
}

/// What is done before the commit, and what the commit would add, after a commit of `old.py` with a secret on its second line and a
/// harmless `README`.
type Case = (&'static str, fn(&Git<'_>), &'static [&'static str]);

const CASES: &[Case] = &[
    ("nothing", |_| (), &[]),
    ("a new file", |git| git.stage(&[("new/key.py", &line(2))]), &["new/key.py:1"]),
    ("a harmless new file", |git| git.stage(&[("new.py", "x = 1\n")]), &[]),
    ("a line that is added", |git| git.stage(&[("old.py", &format!("a\n{}{}", line(1), line(2)))]), &["old.py:3"]),
    ("a line beside an old secret", |git| git.stage(&[("old.py", &format!("a\n{}b\n", line(1)))]), &[]),
    ("a secret that moves within its file", |git| git.stage(&[("old.py", &format!("{}b\na\n", line(1)))]), &[]),
    ("a line of a secret that is edited", |git| git.stage(&[("old.py", &format!("a\n  {}", line(1)))]), &[]),
    ("another secret in the place of one", |git| git.stage(&[("old.py", &format!("a\n{}", line(2)))]), &["old.py:2"]),
    ("other line ends", |git| git.stage(&[("old.py", &format!("a\n{}", line(1)).replace('\n', "\r\n"))]), &[]),
    ("only in the working tree", |git| git.write("README", line(2)), &[]),
    ("an untracked file", |git| git.write("key.py", line(2)), &[]),
    (
        "partly staged: the secret",
        |git| {
            git.stage(&[("README", &line(2))]);
            git.write("README", "gone again\n");
        },
        &["README:1"],
    ),
    (
        "partly staged: the rest",
        |git| {
            git.stage(&[("README", "harmless\n")]);
            git.write("README", line(2));
        },
        &[],
    ),
    (
        "intent to add",
        |git| {
            git.write("key.py", line(2));
            git.run(&["add", "-N", "key.py"]);
        },
        &[],
    ),
    ("a file that is moved", |git| drop(git.run(&["mv", "old.py", "moved.py"])), &[]),
    (
        "a folder that is moved",
        |git| {
            git.commit(&[("a/b/c.py", &line(3))], "deep");
            git.run(&["mv", "a", "z"]);
        },
        &[],
    ),
    (
        "a file that is moved and edited",
        |git| {
            git.run(&["mv", "old.py", "moved.py"]);
            git.stage(&[("moved.py", &format!("b\n{}c\n{}", line(1), line(2)))]);
        },
        &["moved.py:4"],
    ),
    ("a copy of a file", |git| git.stage(&[("copy.py", &format!("a\n{}", line(1)))]), &["copy.py:2"]),
    ("a deleted file", |git| drop(git.run(&["rm", "-q", "old.py"])), &[]),
    ("a new mode", |git| drop(git.run(&["update-index", "--chmod=+x", "old.py"])), &[]),
    (
        "a file in the place of a folder",
        |git| {
            git.commit(&[("a/b", "x\n")], "folder");
            git.run(&["rm", "-q", "-r", "a"]);
            git.stage(&[("a", &line(2))]);
        },
        &["a:1"],
    ),
    (
        "a folder in the place of a file",
        |git| {
            git.run(&["rm", "-q", "README"]);
            git.stage(&[("README/key.py", &line(2))]);
        },
        &["README/key.py:1"],
    ),
    (
        "names that sort oddly",
        |git| {
            git.commit(&[("a.b", "x\n"), ("a/c", "x\n"), ("a-b", "x\n"), ("a0", "x\n")], "odd");
            git.stage(&[("a/c", &line(2)), ("a-b", &line(3))]);
        },
        &["a-b:1", "a/c:1"],
    ),
    (
        "what was packed",
        |git| {
            git.repack();
            git.run(&["pack-refs", "--all"]);
            git.stage(&[("old.py", &format!("a\n{}{}", line(1), line(2)))]);
        },
        &["old.py:3"],
    ),
    (
        "a detached head",
        |git| {
            git.run(&["checkout", "-q", "--detach"]);
            git.stage(&[("old.py", &format!("a\n{}{}", line(1), line(2)))]);
        },
        &["old.py:3"],
    ),
];

#[test]
fn what_the_next_commit_adds() {
    for (what, prepare, expected) in CASES {
        let sandbox = Sandbox::new();
        let git = Git::init(&sandbox, "repo", &[]);
        git.commit(&[("README", "nothing here\n"), ("old.py", &format!("a\n{}", line(1)))], "start");
        prepare(&git);
        assert_eq!(places(&sandbox, &git, &[]), *expected, "{what}");
    }
}

/// How the same index is written.
const INDEXES: &[(&str, &[&[&str]])] = &[
    ("version 2", &[&["update-index", "--index-version", "2"]]),
    ("version 3", &[&["add", "-N", "later"]]),
    ("version 4", &[&["update-index", "--index-version", "4"]]),
    ("split", &[&["update-index", "--split-index"]]),
    ("without a checksum", &[&["config", "index.skipHash", "true"], &["update-index", "--force-write-index"]]),
    ("with a cache of what is not tracked", &[&["update-index", "--untracked-cache"]]),
    ("with its end marked", &[&["config", "index.threads", "2"], &["update-index", "--force-write-index"]]),
];

#[test]
fn every_form_of_the_index_is_read() {
    for (what, commands) in INDEXES {
        let sandbox = Sandbox::new();
        let git = Git::started(&sandbox);
        git.commit(&[("old/one.py", &line(1)), ("old/two", "x\n"), ("other/three", "x\n")], "more");
        git.write("later", line(4));
        commands.iter().for_each(|command| drop(git.run(command)));
        assert_eq!(places(&sandbox, &git, &[]), [""; 0], "{what}: nothing staged");
        git.write("old/two", line(2));
        git.write("old/three", line(3));
        git.run(&["add", "old"]);
        git.run(&["rm", "-q", "other/three"]);
        assert_eq!(places(&sandbox, &git, &[]), ["old/three:1", "old/two:1"], "{what}");
    }
}

#[test]
fn versions_of_the_index_are_what_they_are_said_to_be() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let version = || std::fs::read(git.path(".git/index")).expect("there is an index")[7];
    git.run(&["update-index", "--index-version", "4"]);
    assert_eq!(version(), 4);
    git.run(&["update-index", "--index-version", "2"]);
    assert_eq!(version(), 2);
    git.write("later", "");
    git.run(&["add", "-N", "later"]);
    assert_eq!(version(), 3);
    git.run(&["update-index", "--split-index"]);
    let entries = std::fs::read_dir(git.path(".git")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    assert!(names.into_iter().any(|name| name.starts_with("sharedindex.")));
}

#[test]
fn a_sparse_index_is_read() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[("in/a", "x\n"), ("out/deep/b", &line(1)), ("out/c", "x\n")], "more");
    git.run(&["sparse-checkout", "init", "--cone", "--sparse-index"]);
    git.run(&["sparse-checkout", "set", "in"]);
    assert!(
        git.run(&["ls-files", "--sparse"]).contains("out/\n") || git.run(&["ls-files", "--sparse"]).ends_with("out/")
    );
    assert_eq!(places(&sandbox, &git, &[]), [""; 0]);
    git.write("in/a", line(2));
    git.run(&["add", "in"]);
    assert_eq!(places(&sandbox, &git, &[]), ["in/a:1"]);
    // The folder as it will be committed is another than that of HEAD.
    git.run(&["reset", "-q", "--hard"]);
    git.run(&["reset", "-q", "--soft", "HEAD~1"]);
    assert_eq!(places(&sandbox, &git, &[]), ["out/deep/b:1"]);
}

#[test]
fn before_the_first_commit_everything_is_new() {
    for options in [&[][..], &["--object-format=sha256"], &["--ref-format=reftable"]] {
        let sandbox = Sandbox::new();
        let git = Git::init(&sandbox, "repo", options);
        assert_eq!(places(&sandbox, &git, &[]), [""; 0], "{options:?}: nothing at all");
        git.stage(&[("a/key.py", &line(1))]);
        assert_eq!(places(&sandbox, &git, &[]), ["a/key.py:1"], "{options:?}");
        git.commit(&[], "first");
        assert_eq!(places(&sandbox, &git, &[]), [""; 0], "{options:?}");
        git.stage(&[("a/key.py", &format!("{}{}", line(1), line(2)))]);
        assert_eq!(places(&sandbox, &git, &[]), ["a/key.py:2"], "{options:?}");
    }
}

/// Like `git merge`, which ends with an error where there are conflicts.
fn merge(git: &Git<'_>, branch: &str) {
    git.run(&["-c", "alias.try=!git merge -q --no-commit --no-ff \"$1\" || true; :", "try", branch]);
}

#[test]
fn a_merge_adds_what_no_side_has() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[("both", "1\n2\n3\n4\n5\n")], "base");
    git.run(&["checkout", "-q", "-b", "side"]);
    git.commit(&[("theirs.py", &line(1)), ("both", &format!("1\n2\n3\n4\n5\n{}", line(2)))], "side");
    git.run(&["checkout", "-q", "main"]);
    git.commit(&[("ours.py", &line(3)), ("both", &format!("{}1\n2\n3\n4\n5\n", line(4)))], "main");
    merge(&git, "side");
    assert!(git.path(".git/MERGE_HEAD").is_file());
    assert_eq!(places(&sandbox, &git, &[]), [""; 0], "what either side had");
    git.stage(&[("both", &format!("{}1\n2\n{}3\n4\n5\n{}", line(4), line(5), line(2)))]);
    assert_eq!(places(&sandbox, &git, &[]), ["both:4"], "what was added while merging");
}

#[test]
fn paths_in_conflict_are_not_passed_over() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.run(&["checkout", "-q", "-b", "side"]);
    git.commit(&[("README", "theirs\n")], "side");
    git.run(&["checkout", "-q", "main"]);
    git.commit(&[("README", "ours\n")], "main");
    merge(&git, "side");
    let report = run(&sandbox, &git, &["--staged"]).assert_code(3).json();
    assert_eq!(report.skipped(), [("README".to_owned(), "unsupported".to_owned())]);
    git.stage(&[("README", &line(1))]);
    assert_eq!(places(&sandbox, &git, &[]), ["README:1"]);
}

#[test]
fn a_linked_working_tree_has_its_own_index() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.run(&["worktree", "add", "-q", "../linked", "-b", "linked"]);
    let linked = Git::at(&sandbox, sandbox.path("linked"));
    linked.stage(&[("key.py", &line(1))]);
    assert_eq!(places(&sandbox, &linked, &[]), ["key.py:1"]);
    assert_eq!(places(&sandbox, &git, &[]), [""; 0]);
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let sandbox = Sandbox::new();
    let inner = Git::init(&sandbox, "inner", &[]);
    inner.commit(&[("key.py", &line(1))], "inner");
    let git = Git::started(&sandbox);
    git.run(&["submodule", "--quiet", "add", "../inner", "sub"]);
    assert_eq!(places(&sandbox, &git, &[]), [""; 0], "a pointer has nothing to read");
    let sub = Git::at(&sandbox, git.path("sub"));
    sub.stage(&[("more.py", &line(2))]);
    assert_eq!(places(&sandbox, &sub, &[]), ["more.py:1"]);
}

#[cfg(unix)]
#[test]
fn a_link_is_the_path_that_it_leads_to() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    sandbox.file("secret.py", line(1));
    std::os::unix::fs::symlink("../secret.py", git.path("link")).expect("a link can be made");
    std::os::unix::fs::symlink(format!("/run/{}", github(2)), git.path("named")).expect("a link can be made");
    git.run(&["add", "-A"]);
    assert_eq!(places(&sandbox, &git, &[]), ["named:1"], "what a link leads to is not committed");
}

#[test]
fn a_secret_in_a_name_is_new_once() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let name = format!("{}.txt", github(1));
    git.stage(&[(&name, "x\n")]);
    let report = run(&sandbox, &git, &["--staged"]).assert_code(1).json();
    assert_eq!(report.one().path, "********.txt");
    git.commit(&[], "it is there");
    git.stage(&[(&name, "y\n")]);
    assert_eq!(places(&sandbox, &git, &[]), [""; 0]);
}

#[test]
fn a_secret_of_several_lines_counts_if_one_of_them_is_new() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let key = sample("private-key-pem", 1);
    let broken = key.replacen('\n', "\nnot a part of it: !\n", 2);
    git.commit(&[("key.pem", &broken)], "a broken one");
    let before = run(&sandbox, &git, &["--no-history"]).json();
    git.stage(&[("key.pem", &format!("{key}\n"))]);
    let found = places(&sandbox, &git, &[]);
    // What is reported of a broken key, if anything, is another credential than the key.
    assert!(found.contains(&"key.pem:1".to_owned()), "{found:?}, before: {:?}", before.places());
}

#[test]
fn other_encodings_are_compared_by_their_lines() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let utf16 =
        |text: &str| [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    git.write("conf.reg", utf16(&format!("a\n{}", line(1))));
    git.commit(&[], "wide");
    git.write("conf.reg", utf16(&format!("a\nb\n{}{}", line(1), line(2))));
    git.run(&["add", "-A"]);
    assert_eq!(places(&sandbox, &git, &[]), ["conf.reg:4"]);
}

#[test]
fn git_says_which_index_and_repository_to_use() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    // What `git commit -a` does: another index beside the usual one.
    git.write("README", line(1));
    std::fs::copy(git.path(".git/index"), git.path(".git/index.next")).expect("there is an index");
    let index = git.path(".git/index.next");
    let alias = format!("alias.with=!GIT_INDEX_FILE='{}' git add README; :", index.display());
    git.run(&["-c", &alias, "with"]);
    assert_eq!(places(&sandbox, &git, &[]), [""; 0]);
    let told_by = |variables: &[(&str, &Path)], folder: &Path| {
        let mut command = sandbox.command(["scan", "--staged", "--format", "json"]).within(folder);
        for (name, value) in variables {
            command = command.env(name, value);
        }
        told(&command.run().json())
    };
    assert_eq!(told_by(&[("GIT_INDEX_FILE", &index)], &git.top), ["README:1"]);
    assert_eq!(told_by(&[("GIT_INDEX_FILE", Path::new(".git/index.next"))], &git.top), ["README:1"], "as hooks get it");
    let git_dir = git.path(".git");
    let elsewhere = sandbox.work();
    assert_eq!(told_by(&[("GIT_DIR", &git_dir), ("GIT_INDEX_FILE", &index)], &elsewhere), ["README:1"]);
    assert_eq!(
        told_by(&[("GIT_DIR", &git_dir), ("GIT_WORK_TREE", &git.top), ("GIT_INDEX_FILE", &index)], &elsewhere),
        ["README:1"]
    );
    // Objects that are not yet the repository's, as in a quarantine.
    let objects = sandbox.path("quarantine");
    std::fs::rename(git.path(".git/objects"), &objects).expect("a folder can be moved");
    std::fs::create_dir(git.path(".git/objects")).expect("a folder can be made");
    let index = ("GIT_INDEX_FILE", &*index);
    assert_eq!(told_by(&[index, ("GIT_OBJECT_DIRECTORY", &objects)], &git.top), ["README:1"]);
    assert_eq!(told_by(&[index, ("GIT_ALTERNATE_OBJECT_DIRECTORIES", &objects)], &git.top), ["README:1"]);
}

#[test]
fn paths_and_globs_choose_among_what_is_staged() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.stage(&[("a/one.py", &line(1)), ("b/two.py", &line(2)), ("ab.py", &line(3))]);
    assert_eq!(places(&sandbox, &git, &["a"]), ["a/one.py:1"]);
    assert_eq!(places(&sandbox, &git, &["./b/../a/one.py", "ab.py"]), ["a/one.py:1", "ab.py:1"]);
    assert_eq!(places(&sandbox, &git, &["--exclude", "b/", "--exclude", "ab*"]), ["a/one.py:1"]);
    let below = sandbox.command(["scan", "--staged", "--format", "json", "two.py"]).within(&git.path("b")).run().json();
    assert_eq!(told(&below), ["b/two.py:1"], "paths are those of the folder one is in");
    let all = sandbox.command(["scan", "--staged", "--format", "json"]).within(&git.path("b")).run().json();
    assert_eq!(told(&all).len(), 3, "a commit has everything, wherever one is");
    let outside = run(&sandbox, &git, &["--staged", ".."]).assert_code(2);
    assert!(outside.err().contains("outside of the repository"), "{}", outside.err());
}

#[test]
fn the_limit_of_size_is_said() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.stage(&[("big.py", &format!("{}{}", "x\n".repeat(4000), line(1)))]);
    let report = run(&sandbox, &git, &["--staged", "--max-file-size", "1k"]).assert_code(3).json();
    assert_eq!(report.skipped(), [("big.py".to_owned(), "too-large".to_owned())]);
    // Larger than what is held by one thread.
    git.stage(&[("big.py", &format!("{}{}", "x\n".repeat(2_000_000), line(1)))]);
    assert_eq!(places(&sandbox, &git, &[]), ["big.py:2000001"]);
}

/// What is done to a sound repository, and what the message has to say.
type Broken = (&'static str, fn(&Git<'_>), &'static str);

fn edit(git: &Git<'_>, change: impl FnOnce(&mut Vec<u8>)) {
    let path = git.path(".git/index");
    let mut bytes = std::fs::read(&path).expect("there is an index");
    change(&mut bytes);
    std::fs::write(&path, bytes).expect("it can be written");
}

/// Gives an index that was edited no checksum, so that its content is looked at.
fn unchecked(git: &Git<'_>, change: impl FnOnce(&mut Vec<u8>)) {
    edit(git, |bytes| {
        change(bytes);
        let end = bytes.len() - 20;
        bytes[end..].fill(0);
    });
}

const BROKEN: &[Broken] = &[
    ("cut short", |git| edit(git, |bytes| bytes.truncate(bytes.len() / 2)), "checksum"),
    ("a bit flipped", |git| edit(git, |bytes| bytes[60] ^= 1), "checksum"),
    ("empty", |git| edit(git, Vec::clear), "cut short"),
    ("something else", |git| edit(git, |bytes| *bytes = b"nothing that git has written".repeat(9)), "no index"),
    (
        "a folder",
        |git| {
            std::fs::remove_file(git.path(".git/index")).expect("it is there");
            std::fs::create_dir(git.path(".git/index")).expect("a folder can be made");
        },
        "a folder",
    ),
    ("of a later version", |git| unchecked(git, |bytes| bytes[7] = 9), "version 9"),
    ("with more entries than it has", |git| unchecked(git, |bytes| bytes[8..12].fill(0xff)), "an entry is broken"),
    (
        "with a length beyond its end",
        |git| unchecked(git, |bytes| bytes[72..74].copy_from_slice(&[0x0f, 0xfe])),
        "broken",
    ),
    (
        "with a part that nobody knows",
        |git| {
            unchecked(git, |bytes| {
                let end = bytes.len() - 20;
                bytes.splice(end..end, *b"newx\0\0\0\x01x");
            });
        },
        "newx",
    ),
    (
        "with folders in folders",
        |git| {
            unchecked(git, |bytes| {
                let folders = b"\0-1 1\n".repeat(200_000);
                let mut tree = b"TREE".to_vec();
                tree.extend((folders.len() as u32).to_be_bytes());
                tree.extend(folders);
                let end = bytes.len() - 20;
                bytes.splice(end..end, tree);
            });
        },
        "deeper",
    ),
    (
        "split, without its other part",
        |git| {
            git.run(&["update-index", "--split-index"]);
            let entries =
                std::fs::read_dir(git.path(".git")).expect("a folder").map(|entry| entry.expect("an entry").path());
            let shared = |path: &std::path::PathBuf| path.to_string_lossy().contains("sharedindex.");
            entries.filter(shared).for_each(|path| std::fs::remove_file(path).expect("it is there"));
        },
        "sharedindex.",
    ),
    ("head: nonsense", |git| git.write(".git/HEAD", "nonsense\n"), "HEAD is neither a branch nor a commit"),
    ("head: a circle", |git| git.write(".git/HEAD", "ref: HEAD\n"), "circle"),
    ("head: a branch of nonsense", |git| git.write(".git/refs/heads/main", "0123\n"), "refs/heads/main is neither"),
];

#[test]
fn what_cannot_be_read_is_said_and_stops() {
    for (what, destroy, message) in BROKEN {
        let sandbox = Sandbox::new();
        let git = Git::started(&sandbox);
        git.stage(&[("key.py", &line(1))]);
        destroy(&git);
        let output = run(&sandbox, &git, &["--staged"]);
        let said = output.err();
        assert_eq!((output.code, output.out().as_str()), (2, ""), "{what}: {said}");
        assert!(said.starts_with("cleansweep: ") && said.contains(message), "{what}: {said}");
        assert!(!said.contains(&github(1)), "{what}");
    }
}

/// A path of version 4 is what it has beyond the one before it, so that few bytes can spell long paths.
#[test]
fn an_index_cannot_spell_more_than_memory_holds() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let mut index = b"DIRC\0\0\0\x04".to_vec();
    let count = 40_000u32;
    index.extend(count.to_be_bytes());
    for nth in 0..count {
        index.extend([0; 60]);
        index.extend([0x0f, 0xff, 0]);
        index.extend(if nth == 0 { vec![b'a'; 100_000] } else { vec![b'b'] });
        index.push(0);
    }
    index.extend([0; 20]);
    std::fs::write(git.path(".git/index"), index).expect("it can be written");
    let said = run(&sandbox, &git, &["--staged"]).assert_code(2).err();
    assert!(said.contains("an entry is broken"), "{said}");
}

#[test]
fn missing_objects_are_said() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.stage(&[("key.py", &line(1)), ("more.py", "x = 1\n")]);
    let id = git.run(&["rev-parse", ":key.py"]);
    std::fs::remove_file(git.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).expect("it is loose");
    let report = run(&sandbox, &git, &["--staged"]).assert_code(3).json();
    assert_eq!(report.skipped(), [("key.py".to_owned(), "missing-objects".to_owned())]);
    // Without the tree of HEAD everything counts as new, and it is said why.
    let tree = git.id("HEAD^{tree}");
    std::fs::remove_file(git.path(format!(".git/objects/{}/{}", &tree[..2], &tree[2..]))).expect("it is loose");
    let report = run(&sandbox, &git, &["--staged"]).assert_code(3).json();
    assert_eq!(report.skipped().len(), 2, "{:?}", report.skipped());
    assert_eq!(report.summary()["scanned_items"], 2, "README and more.py");
}

#[test]
fn wrong_use_is_said() {
    let sandbox = Sandbox::new();
    let nowhere = sandbox.run(["scan", "--staged"]).assert_code(2);
    assert!(nowhere.err().contains("no git repository"), "{}", nowhere.err());
    assert!(nowhere.out().is_empty());
    let git = Git::started(&sandbox);
    for args in [
        &["--staged", "--no-history"][..],
        &["--staged", "--history-only"],
        &["--staged", "--range", "a..b"],
        &["--staged", "--pre-commit"],
        &["--pre-push", "--staged"],
        &["--pre-push", "origin", "README"],
        &["--pre-commit", "--since", "main"],
        &["--staged", "-"],
    ] {
        let output = run(&sandbox, &git, args).assert_code(2);
        assert!(output.out().is_empty(), "{args:?}");
    }
    let variables =
        sandbox.command(["scan", "--staged"]).within(&git.top).env("GIT_DIR", "nowhere").run().assert_code(2);
    assert!(variables.err().contains("GIT_DIR is nowhere"), "{}", variables.err());
}

#[test]
fn a_person_is_told_the_two_ways_on() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let scan = |args: &[&str]| sandbox.command(["scan"].iter().chain(args)).within(&git.top).run();
    assert_eq!(scan(&["--staged"]).assert_code(0).out(), "cleansweep: no secrets in 0 staged files.\n");
    git.stage(&[("src/db.py", &format!("import os\n{}", line(1)))]);
    let said = scan(&["--staged"]).assert_code(1).out();
    insta::assert_snapshot!("what_a_hook_says", said);
    assert!(!said.contains(&github(1)));
    git.stage(&[("src/db.py", "import os\n")]);
    assert_eq!(scan(&["--staged"]).assert_code(0).out(), "cleansweep: no secrets in 1 staged file.\n");
}

#[test]
fn without_anything_staged_the_framework_gets_whole_files() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[("old.py", &line(1)), ("other.py", &line(2)), ("clean.py", "x = 1\n")], "old secrets");
    let found = |args: &[&str]| told(&run(&sandbox, &git, &[&["--pre-commit"], args].concat()).json());
    assert_eq!(found(&["old.py", "clean.py"]), ["old.py:1"], "`pre-commit run --all-files` gives all files");
    git.stage(&[("old.py", &format!("{}{}", line(1), line(3)))]);
    assert_eq!(found(&["old.py"]), ["old.py:2"], "`git commit` gives what is staged");
    assert_eq!(found(&["old.py", "other.py"]), ["old.py:2", "other.py:1"]);
    assert_eq!(found(&[]), ["old.py:2"]);
    git.write("old.py", line(4));
    assert_eq!(found(&["old.py"]), ["old.py:1", "old.py:2"], "what is staged, and what is in the file since");
    git.write("new.py", line(5));
    assert_eq!(found(&["new.py"]), ["new.py:1"], "`pre-commit run --files` gives any file");
}
