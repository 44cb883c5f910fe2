//! What a scan learns is kept for the next one: it finds the same, and no secret is in what is kept.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::Sandbox;
use crate::support::encodings;
use crate::support::gitcli::Git;
use crate::support::secrets::github;

/// A token as it stands in a manifest of Kubernetes.
fn hidden(seed: u64) -> String {
    STANDARD.encode(format!("token: {}", github(seed)))
}

fn repository(sandbox: &Sandbox) -> Git<'_> {
    let git = Git::started(sandbox);
    for seed in 0..5 {
        git.commit(&[("conf.env", &format!("# {seed}\nTOKEN={}\n", github(seed)))], &format!("commit {seed}"));
    }
    let wide: Vec<u8> = format!("token = {}", github(7)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    git.write("a.bin", [b"\x7fELF\x01\x02\x03\0\0\xff\xfe\x90", &wide[..], b"\0\0\xff\xff\x01"].concat());
    git.write("b.txt", [b"\xff\xfe", &wide[..]].concat());
    git.commit(&[], &format!("see {}", github(8)));
    git.write("secret.yaml", format!("data:\n  config: {}\n", hidden(10)));
    let packed = encodings::gzip(&format!("data:\n  config: {}\n", hidden(11)));
    git.write("secret.yaml.gz", packed);
    git.commit(&[], "what is encoded");
    git.remove(&["conf.env", "a.bin", "b.txt", "secret.yaml", "secret.yaml.gz"]);
    git.repack();
    git
}

fn files(sandbox: &Sandbox) -> Vec<PathBuf> {
    let folder = sandbox.home().join(".cache/cleansweep");
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn scan(sandbox: &Sandbox, args: &[&str]) -> Value {
    let mut json = sandbox.scan(&[&["repo"], args].concat()).json;
    json["summary"]["scanned_bytes"] = Value::Null;
    json
}

#[test]
fn the_second_scan_finds_the_same() {
    let sandbox = Sandbox::new();
    repository(&sandbox);
    let without = scan(&sandbox, &["--no-cache"]);
    assert!(files(&sandbox).is_empty(), "--no-cache keeps nothing");
    let first = scan(&sandbox, &[]);
    let kept = files(&sandbox);
    assert_eq!(kept.len(), 3, "what was learned of the pack, of its trees, and of the whole: {kept:?}");
    assert_eq!(first, without);
    assert_eq!(scan(&sandbox, &[]), first);
    let read = |args: &[&str]| sandbox.scan(args).json["summary"]["scanned_bytes"].clone();
    assert_eq!(read(&["repo"]), read(&["repo", "--no-history"]), "nothing of the history is searched again");
    assert_eq!(scan(&sandbox, &["--reveal"]), scan(&sandbox, &["--reveal", "--no-cache"]));
    assert_eq!(scan(&sandbox, &["--all-occurrences"]), scan(&sandbox, &["--all-occurrences", "--no-cache"]));
    assert_eq!(first["summary"]["credentials"], 9);
}

#[test]
fn no_secret_is_kept() {
    let sandbox = Sandbox::new();
    let git = repository(&sandbox);
    let secret = github(9);
    git.commit(&[(&format!("{secret}.txt"), "x")], "a secret in a name");
    scan(&sandbox, &[]);
    let kept = files(&sandbox);
    assert!(!kept.is_empty());
    for file in kept {
        let bytes = std::fs::read(&file).expect("it can be read");
        for secret in (0..12).map(github).chain([hidden(10), hidden(11)]) {
            let raw = secret.as_bytes();
            assert!(!bytes.windows(raw.len()).any(|window| window == raw), "a secret in {}", file.display());
            let half = &raw[10..30];
            assert!(!bytes.windows(half.len()).any(|window| window == half), "half a secret in {}", file.display());
        }
    }
}

#[test]
fn what_is_new_is_found_and_what_is_old_is_not_lost() {
    let sandbox = Sandbox::new();
    let git = repository(&sandbox);
    scan(&sandbox, &[]);
    git.commit(&[("new.env", &format!("TOKEN={}\n", github(20)))], "new");
    assert_eq!(scan(&sandbox, &[]), scan(&sandbox, &["--no-cache"]));
    // A name is enough: the objects are the same, what leads to them is not.
    git.run(&["branch", "another"]);
    let named = scan(&sandbox, &[]);
    assert_eq!(named, scan(&sandbox, &["--no-cache"]));
    assert!(named.to_string().contains("another"));
    git.repack();
    assert_eq!(scan(&sandbox, &[]), scan(&sandbox, &["--no-cache"]));
    // Other rules, another question.
    assert_eq!(scan(&sandbox, &["--confidence", "low"]), scan(&sandbox, &["--confidence", "low", "--no-cache"]));
    assert_eq!(scan(&sandbox, &["--range", "HEAD~1.."]), scan(&sandbox, &["--range", "HEAD~1..", "--no-cache"]));
    assert_eq!(scan(&sandbox, &["--exclude", "*.env"]), scan(&sandbox, &["--exclude", "*.env", "--no-cache"]));
}

/// Whatever happens to a repository between two scans, the second tells what it would tell without the first.
#[test]
fn a_history_that_goes_on_is_told_as_if_it_were_new() {
    type Step = (&'static str, fn(&Git<'_>));
    let steps: &[Step] = &[
        ("an old content comes back elsewhere", |git| {
            git.run(&["checkout", "-q", "HEAD~4", "--", "conf.env"]);
            git.run(&["mv", "conf.env", "deep.env"]);
            git.commit(&[("a/b/other.txt", "x")], "back");
        }),
        ("in a folder of a folder", |git| {
            git.run(&["mv", "deep.env", "a/b/deep.env"]);
            git.commit(&[], "moved");
        }),
        ("a branch of its own with something new", |git| {
            git.run(&["checkout", "-q", "-b", "side", "HEAD~2"]);
            git.commit(&[("side.env", &format!("TOKEN={}\n", github(30)))], "side");
            git.run(&["checkout", "-q", "main"]);
        }),
        ("merged", |git| drop(git.run(&["merge", "-q", "--no-ff", "-m", "merged", "side"]))),
        ("a content that no commit has", |git| {
            let text = format!("TOKEN={}\n", github(31));
            drop(git.feed(&["hash-object", "-w", "--stdin"], text.as_bytes()));
        }),
        ("packed beside the old pack", |git| drop(git.run(&["repack", "-dq"]))),
        ("dropped, and nothing remembers it", |git| {
            git.run(&["reset", "-q", "--hard", "HEAD~6"]);
            git.run(&["branch", "-D", "side"]);
            git.run(&["reflog", "expire", "--expire=all", "--all"]);
        }),
        ("a tag on a tree", |git| {
            git.run(&["tag", "-a", "-m", &format!("key {}", github(32)), "tree", "HEAD^{tree}"]);
        }),
        ("all in one pack", |git| git.repack()),
    ];
    let sandbox = Sandbox::new();
    let git = repository(&sandbox);
    for (what, step) in steps {
        scan(&sandbox, &[]);
        step(&git);
        let args: [&[&str]; 3] = [&[], &["--all-occurrences"], &["--reachable-only"]];
        for args in args {
            assert_eq!(scan(&sandbox, args), scan(&sandbox, &[args, &["--no-cache"]].concat()), "{what} {args:?}");
        }
    }
}

/// What was missing can come later, and then the trees that name it are looked at again.
#[test]
fn what_was_missing_and_came_later_is_told_with_its_path() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let text = format!("TOKEN={}\n", github(40));
    let blob = git.feed(&["hash-object", "--stdin"], text.as_bytes());
    let tree = git.feed(&["mktree", "--missing"], format!("100644 blob {blob}\tlate.env\n").as_bytes());
    let commit = git.run(&["commit-tree", &tree, "-m", "names what is not there"]);
    git.run(&["update-ref", "refs/heads/late", &commit]);
    git.feed(&["pack-objects", "-q", ".git/objects/pack/pack"], format!("{tree}\n{commit}\n").as_bytes());
    git.run(&["prune-packed", "-q"]);
    let before = scan(&sandbox, &[]);
    assert_eq!(before["summary"]["credentials"], 0);
    assert_eq!(before["summary"]["verdict"], "incomplete");
    git.feed(&["hash-object", "-w", "--stdin"], text.as_bytes());
    let after = scan(&sandbox, &[]);
    assert_eq!(after, scan(&sandbox, &["--no-cache"]));
    assert_eq!(after["findings"][0]["path"], "late.env", "{after}");
}

#[test]
fn broken_and_foreign_files_are_written_anew() {
    let sandbox = Sandbox::new();
    repository(&sandbox);
    let first = scan(&sandbox, &[]);
    let kept = files(&sandbox);
    let sound: Vec<Vec<u8>> = kept.iter().map(|file| std::fs::read(file).expect("it can be read")).collect();
    let mut swapped = sound.clone();
    swapped.rotate_left(1);
    let broken = |change: fn(&mut Vec<u8>)| -> Vec<Vec<u8>> {
        let changed = sound.iter().cloned().map(|mut bytes| {
            change(&mut bytes);
            bytes
        });
        changed.collect()
    };
    for bad in [
        swapped,
        broken(Vec::clear),
        broken(|bytes| bytes.truncate(bytes.len() / 2)),
        broken(|bytes| bytes.extend(b"more")),
        broken(|bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }),
    ] {
        for (file, bytes) in kept.iter().zip(bad) {
            std::fs::write(file, bytes).expect("it can be written");
        }
        assert_eq!(scan(&sandbox, &[]), first);
        let again: Vec<Vec<u8>> = kept.iter().map(|file| std::fs::read(file).expect("it can be read")).collect();
        assert!(again == sound, "sound files are there again");
    }
}

#[test]
fn scans_at_the_same_time_do_not_disturb_each_other() {
    let sandbox = Sandbox::new();
    repository(&sandbox);
    let expected = scan(&sandbox, &["--no-cache"]);
    std::thread::scope(|scope| {
        let scans: Vec<_> = (0..6).map(|_| scope.spawn(|| scan(&sandbox, &[]))).collect();
        for one in scans {
            assert_eq!(one.join().expect("a scan does not panic"), expected);
        }
    });
    assert_eq!(files(&sandbox).len(), 3, "nothing is left behind");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_no_trouble() {
    let sandbox = Sandbox::new();
    repository(&sandbox);
    std::fs::create_dir_all(sandbox.home().join(".cache")).expect("a folder can be made");
    std::fs::write(sandbox.home().join(".cache/cleansweep"), "a file").expect("a file can be written");
    assert_eq!(scan(&sandbox, &[]), scan(&sandbox, &["--no-cache"]));
}
