//! What is missing or broken in a repository is said, what is left is scanned, and the exit code tells.

use std::path::{Path, PathBuf};

use crate::support::Sandbox;
use crate::support::gitcli::Git;
use crate::support::report::Report;
use crate::support::secrets::github;

fn scan(sandbox: &Sandbox, folder: &str) -> Report {
    sandbox.scan(&[folder, "--history-only", "--no-cache"])
}

/// A repository of many versions of one file, in one pack; the last commit has a secret if wanted.
fn packed<'s>(sandbox: &'s Sandbox, secret: bool) -> Git<'s> {
    let git = Git::started(sandbox);
    let mut text = "a line of text that stays\n".repeat(100);
    for i in 0..30 {
        text.push_str(&format!("line {i}\n"));
        git.commit(&[("text", &text)], &format!("version {i}"));
    }
    if secret {
        git.commit(&[("key", &format!("token = '{}'\n", github(1)))], "key");
    }
    git.repack();
    git
}

fn make_writable(path: &Path) -> PathBuf {
    // Git makes its packs read-only, which only a copy gets rid of everywhere.
    let bytes = std::fs::read(path).expect("it can be read");
    std::fs::remove_file(path).expect("it can be removed");
    std::fs::write(path, bytes).expect("it can be written");
    path.to_path_buf()
}

#[track_caller]
fn incomplete(report: &Report, reason: &str) {
    assert_eq!(report.summary()["verdict"], "incomplete", "{:#}", report.json);
    let skipped = report.skipped();
    assert!(skipped.iter().any(|(_, why)| why == reason), "{reason}: {:#}", report.json);
}

#[test]
fn a_shallow_clone() {
    let sandbox = Sandbox::new();
    let git = packed(&sandbox, false);
    let url = format!("file://{}", git.top.display());
    git.run(&["clone", "-q", "--depth=3", &url, "../shallow"]);
    let report = scan(&sandbox, "shallow");
    incomplete(&report, "incomplete-history");
    assert!(report.json.to_string().contains("git fetch --unshallow"));
    assert_eq!(report.skipped().len(), 1, "{:#}", report.json);
    let _ = sandbox.run(["scan", "shallow", "--no-cache"]).assert_code(3);
    // What is asked for is all there.
    let report = sandbox.scan(&["shallow", "--history-only", "--no-cache", "--range", "HEAD~1..HEAD"]);
    assert_eq!(report.summary()["verdict"], "clean", "{:#}", report.json);
}

#[test]
fn a_partial_clone() {
    let sandbox = Sandbox::new();
    let git = packed(&sandbox, false);
    git.run(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", git.top.display());
    for filter in ["blob:none", "tree:0"] {
        let folder = filter.replace(':', "-");
        git.run(&["clone", "-q", "--bare", &format!("--filter={filter}"), &url, &format!("../{folder}")]);
        let report = scan(&sandbox, &folder);
        incomplete(&report, "incomplete-history");
        assert!(report.json.to_string().contains("partial clone"), "{:#}", report.json);
    }
}

#[test]
fn missing_objects() {
    let cases = [("a blob", "HEAD~1:file"), ("a tree", "HEAD~1^{tree}"), ("a commit", "HEAD~1"), ("the tip", "HEAD")];
    for (name, which) in cases {
        for secret in [false, true] {
            let sandbox = Sandbox::new();
            let git = Git::started(&sandbox);
            git.commit(&[("file", "one\n")], "one");
            git.commit(&[("file", "two\n")], "two");
            git.run(&["checkout", "-q", "--orphan", "other"]);
            let content = if secret { format!("token = '{}'\n", github(1)) } else { "x\n".into() };
            git.commit(&[("key", &content)], "other");
            git.run(&["checkout", "-q", "main"]);
            let id = git.id(which);
            std::fs::remove_file(git.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).expect("it is loose");
            let report = scan(&sandbox, "repo");
            let text = report.json.to_string();
            assert!(report.skipped().iter().any(|(_, why)| why == "missing-objects"), "{name}: {text}");
            assert!(text.contains(&id[..10]), "{name} is named: {text}");
            assert_eq!(report.summary()["verdict"], if secret { "findings" } else { "incomplete" }, "{name}");
        }
    }
}

#[test]
fn broken_loose_objects() {
    for damage in [0, 1, 2] {
        let sandbox = Sandbox::new();
        let git = Git::started(&sandbox);
        let key = format!("token = '{}'\n", github(1));
        git.commit(&[("file", "some content\n"), ("key", &key)], "one");
        let id = git.id("HEAD:file");
        let path = make_writable(&git.path(format!(".git/objects/{}/{}", &id[..2], &id[2..])));
        let sound = std::fs::read(&path).expect("it can be read");
        let broken = match damage {
            0 => Vec::new(),
            1 => sound[..sound.len() / 2].to_vec(),
            _ => b"this is not compressed".to_vec(),
        };
        std::fs::write(&path, broken).expect("it can be written");
        let report = scan(&sandbox, "repo");
        assert!(report.skipped().iter().any(|(_, why)| why == "corrupt"), "{damage}: {:#}", report.json);
        assert_eq!(report.findings.len(), 1, "the rest is scanned");
    }
}

#[test]
fn a_broken_pack() {
    let sandbox = Sandbox::new();
    let git = packed(&sandbox, true);
    let pack = make_writable(&git.packs("pack")[0]);
    let sound = std::fs::read(&pack).expect("it can be read");
    let mut said = 0;
    for part in 1..12 {
        let mut broken = sound.clone();
        let at = 12 + (sound.len() - 40) * part / 12;
        broken[at..at + 8].fill(0x5a);
        std::fs::write(&pack, broken).expect("it can be written");
        let report = scan(&sandbox, "repo");
        said += usize::from(report.skipped().iter().any(|(_, why)| why == "corrupt"));
        assert!(!report.skipped().is_empty(), "{part}: {:#}", report.json);
    }
    assert!(said > 6, "{said}");
}

#[test]
fn a_truncated_pack() {
    let sandbox = Sandbox::new();
    let git = packed(&sandbox, true);
    let pack = make_writable(&git.packs("pack")[0]);
    let sound = std::fs::read(&pack).expect("it can be read");
    for len in [0, 5, 12, 20, 100, sound.len() / 2, sound.len() - 21, sound.len() - 1] {
        std::fs::write(&pack, &sound[..len]).expect("it can be written");
        let report = scan(&sandbox, "repo");
        assert!(report.skipped().iter().any(|(_, why)| why == "corrupt"), "{len}: {:#}", report.json);
    }
}

#[test]
fn a_pack_without_a_sound_index() {
    let sandbox = Sandbox::new();
    let git = packed(&sandbox, true);
    let index = make_writable(&git.packs("idx")[0]);
    let sound = std::fs::read(&index).expect("it can be read");
    // The pack is sound: it is read without its index, and nothing is lost.
    for broken in [Vec::new(), sound[..sound.len() / 2].to_vec(), b"nothing like it".to_vec()] {
        std::fs::write(&index, broken).expect("it can be written");
        let report = scan(&sandbox, "repo");
        assert_eq!(report.findings.len(), 1, "{:#}", report.json);
        assert!(report.skipped().is_empty(), "{:#}", report.json);
    }
    std::fs::remove_file(&index).expect("it can be removed");
    assert_eq!(scan(&sandbox, "repo").findings.len(), 1);
    std::fs::write(&index, &sound).expect("it can be written");
    std::fs::remove_file(&git.packs("pack")[0]).expect("it can be removed");
    let report = scan(&sandbox, "repo");
    assert!(report.skipped().iter().any(|(_, why)| why == "missing-objects"), "{:#}", report.json);
}

#[test]
fn bundles_that_are_not_whole() {
    let sandbox = Sandbox::new();
    let git = packed(&sandbox, true);
    sandbox.folder("bundles");
    git.run(&["bundle", "create", "-q", "../bundles/part.bundle", "HEAD~2..main"]);
    let report = scan_bundles(&sandbox);
    assert!(report.skipped().iter().any(|(_, why)| why == "incomplete-history"), "{:#}", report.json);
    assert_eq!(report.findings.len(), 1, "what it has is scanned: {:#}", report.json);

    git.run(&["bundle", "create", "-q", "../bundles/part.bundle", "--all"]);
    let path = sandbox.path("bundles/part.bundle");
    let sound = std::fs::read(&path).expect("it can be read");
    assert_eq!(scan_bundles(&sandbox).skipped(), []);
    for len in [16, 30, 70, sound.len() / 2, sound.len() - 30] {
        std::fs::write(&path, &sound[..len]).expect("it can be written");
        let report = scan_bundles(&sandbox);
        assert!(report.skipped().iter().any(|(_, why)| why == "corrupt"), "{len}: {:#}", report.json);
    }
    let output = sandbox.run_with(&["scan", "-", "--format", "json"], sound);
    assert_eq!(output.json().skipped(), []);
}

fn scan_bundles(sandbox: &Sandbox) -> Report {
    sandbox.scan(&["bundles", "--no-cache"])
}

#[test]
fn a_repository_without_a_commit_is_clean() {
    let sandbox = Sandbox::new();
    Git::init(&sandbox, "repo", &[]);
    let report = sandbox.scan(&["repo", "--no-cache"]);
    assert_eq!(report.summary()["verdict"], "clean", "{:#}", report.json);
    assert_eq!(report.summary()["histories"][0]["commits"], 0);
}

#[test]
fn a_broken_configuration_and_head_do_not_stop_it() {
    let sandbox = Sandbox::new();
    let git = packed(&sandbox, true);
    for (path, content) in [(".git/config", "[core\nthis is no configuration"), (".git/HEAD", "nonsense\n")] {
        let sound = std::fs::read(git.path(path)).expect("it can be read");
        git.write(path, content);
        assert_eq!(scan(&sandbox, "repo").findings.len(), 1, "{path}");
        git.write(path, sound);
    }
}

/// What a repository's own configuration names is neither run nor opened.
#[test]
fn nothing_of_a_repository_is_obeyed() {
    let sandbox = Sandbox::new();
    let git = packed(&sandbox, true);
    let trap = sandbox.path("trap");
    let run = format!("touch {}", trap.display());
    let included = sandbox.path("included");
    sandbox.file("included", "[extensions]\n\tobjectFormat = sha256\n");
    for (key, value) in [
        ("core.fsmonitor", run.as_str()),
        ("core.sshCommand", &run),
        ("core.pager", &run),
        ("diff.external", &run),
        ("filter.x.clean", &run),
        ("filter.x.smudge", &run),
        ("filter.x.process", &run),
        ("include.path", &included.to_string_lossy()),
    ] {
        git.run(&["config", key, value]);
    }
    git.write(".gitattributes", "* filter=x diff=x\n");
    git.write(".git/hooks/post-checkout", format!("#!/bin/sh\n{run}\n"));
    assert_eq!(sandbox.scan(&["repo", "--no-cache"]).findings.len(), 2);
    assert!(!trap.exists());
}
