//! What a scan learns is kept for the next one: it finds the same, and no secret is in what is kept.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::Sandbox;
use crate::support::gitcli::Git;
use crate::support::secrets::github;

fn repository(sandbox: &Sandbox) -> Git<'_> {
    let git = Git::started(sandbox);
    for seed in 0..5 {
        git.commit(&[("conf.env", &format!("# {seed}\nTOKEN={}\n", github(seed)))], &format!("commit {seed}"));
    }
    let wide: Vec<u8> = format!("token = {}", github(7)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    git.write("a.bin", [b"\x7fELF\x01\x02\x03\0\0\xff\xfe\x90", &wide[..], b"\0\0\xff\xff\x01"].concat());
    git.write("b.txt", [b"\xff\xfe", &wide[..]].concat());
    git.commit(&[], &format!("see {}", github(8)));
    git.remove(&["conf.env", "a.bin", "b.txt"]);
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
    assert_eq!(kept.len(), 2, "what was learned of the pack, and of the whole: {kept:?}");
    assert_eq!(first, without);
    assert_eq!(scan(&sandbox, &[]), first);
    assert_eq!(scan(&sandbox, &["--reveal"]), scan(&sandbox, &["--reveal", "--no-cache"]));
    assert_eq!(scan(&sandbox, &["--all-occurrences"]), scan(&sandbox, &["--all-occurrences", "--no-cache"]));
    assert_eq!(first["summary"]["credentials"], 7);
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
        for secret in (0..10).map(github) {
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

#[test]
fn broken_and_foreign_files_are_written_anew() {
    let sandbox = Sandbox::new();
    repository(&sandbox);
    let first = scan(&sandbox, &[]);
    let kept = files(&sandbox);
    let sound: Vec<Vec<u8>> = kept.iter().map(|file| std::fs::read(file).expect("it can be read")).collect();
    let swapped: Vec<Vec<u8>> = sound.iter().rev().cloned().collect();
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
        assert_eq!(again, sound, "sound files are there again");
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
    assert_eq!(files(&sandbox).len(), 2, "nothing is left behind");
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
