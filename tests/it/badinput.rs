//! Hostile and broken inputs: none may hang the program, end it by a signal, or be passed over in silence.

use std::io::Read;
use std::path::Path;

use cleansweep::blob::SkipReason;
use cleansweep::source::worktree::{self, FileItem, Root, WalkOptions};

use crate::support::sandbox::wait;
use crate::support::secrets::github;
use crate::support::{Sandbox, sample};

/// What the ledger must say: what, and the kind of reason.
#[track_caller]
fn assert_skipped(sandbox: &Sandbox, args: &[&str], wanted: &[(&str, &str)]) {
    let output = sandbox.run(["scan", "--format", "json"].iter().chain(args)).assert_code(3);
    let report = output.json();
    assert_eq!(report.summary()["verdict"], "incomplete");
    let skipped = report.skipped();
    let skipped: Vec<(&str, &str)> = skipped.iter().map(|(what, why)| (what.as_str(), why.as_str())).collect();
    assert_eq!(skipped, wanted);
    let text = sandbox.run(["scan"].iter().chain(args)).assert_code(3).out();
    for (what, _) in wanted {
        assert!(text.contains(what), "the text report names {what}: {text}");
    }
    assert!(!text.contains("No secrets found"), "{text}");
}

#[test]
fn nothing_to_scan_is_clean() {
    let empty = Sandbox::new();
    let _ = empty.run(["scan"]).assert_code(0);
    let sandbox = Sandbox::with("empty.env", "");
    sandbox.folder("a/b/c");
    let report = sandbox.run(["scan", "--format", "json"]).assert_code(0).json();
    assert_eq!((&report.summary()["scanned_items"], &report.summary()["scanned_bytes"]), (&1.into(), &0.into()));
    let _ = sandbox.run_with(&["scan", "-"], "").assert_code(0);
}

#[test]
fn a_missing_path_is_an_error_and_not_an_empty_scan() {
    let sandbox = Sandbox::with("a.env", github(1));
    for paths in [&["missing"][..], &["a.env", "missing"], &["missing/deeper", "."], &["a.env/below"]] {
        let output = sandbox.run(["scan"].iter().chain(paths)).assert_code(2);
        assert!(output.out().is_empty(), "{paths:?}: {}", output.out());
        assert!(output.err().starts_with("cleansweep: "), "{paths:?}: {}", output.err());
    }
    let _ = sandbox.run(["scan", ""]).assert_code(2);
    assert!(sandbox.run(["scan", "missing"]).assert_code(2).err().contains("missing: there is no such file or folder"));
}

#[test]
fn a_secret_and_trouble_together_are_a_finding() {
    let sandbox = Sandbox::with("a.env", github(1));
    sandbox.file("big.bin", vec![b'.'; 5000]);
    let output = sandbox.run(["scan", "--format", "json", "--max-file-size", "4k"]).assert_code(1);
    assert_eq!(output.json().skipped(), [("big.bin".to_owned(), "too-large".to_owned())]);
    let text = sandbox.run(["scan", "--max-file-size", "4k"]).assert_code(1).out();
    assert!(text.contains("The scan is incomplete: 1 item not looked at."), "{text}");
}

#[test]
fn a_file_above_the_users_limit_is_listed() {
    let sandbox = Sandbox::with("big.bin", vec![b'.'; 5000]);
    assert_skipped(&sandbox, &["--max-file-size", "4k"], &[("big.bin", "too-large")]);
    let _ = sandbox.run(["scan", "--max-file-size", "5k"]).assert_code(0);
}

/// The folder is deleted by the first file that the walk hands out, so that it happens every time.
#[test]
fn a_folder_that_vanishes_during_the_walk_is_listed() {
    let sandbox = Sandbox::new();
    let folders: Vec<String> = (0..8).map(|n| format!("folder-{n}")).collect();
    for folder in &folders {
        sandbox.file(format!("{folder}/file"), "x");
    }
    let roots = [Root::new(&sandbox.work()).expect("the folder exists")];
    let options = WalkOptions { threads: 1, ..WalkOptions::default() };
    let visitor = || {
        |item: FileItem| {
            for folder in folders.iter().filter(|folder| !item.shown.starts_with(*folder)) {
                let _ = std::fs::remove_dir_all(sandbox.path(folder));
            }
            true
        }
    };
    let summary = worktree::walk(&roots, &options, visitor).expect("the globs are valid");
    assert_eq!(summary.skipped.len(), folders.len() - 1, "{:?}", summary.skipped);
    assert!(summary.skipped.iter().all(|s| s.reason == SkipReason::Vanished), "{:?}", summary.skipped);
}

#[test]
fn a_file_that_is_gone_when_it_is_opened_is_listed() {
    let gone =
        cleansweep::source::file::open(Path::new("/nowhere/gone"), "gone").map(drop).expect_err("it is not there");
    assert_eq!((gone.what.as_str(), gone.reason), ("gone", SkipReason::Vanished));
}

#[test]
fn standard_output_may_be_closed_early() {
    let sandbox = Sandbox::new();
    for n in 0..600 {
        sandbox.file(format!("{n}.env"), format!("TOKEN={}\n", github(n)));
    }
    for format in ["text", "json", "jsonl", "sarif", "github", "junit", "csv", "markdown"] {
        let mut child = sandbox.command(["scan", "--format", format]).start();
        drop(child.stdin.take());
        let mut head = [0; 64];
        let mut stdout = child.stdout.take().expect("standard output is a pipe");
        stdout.read_exact(&mut head).expect("there is a report");
        drop(stdout);
        let mut said = String::new();
        let mut stderr = child.stderr.take().expect("standard error is a pipe");
        stderr.read_to_string(&mut said).expect("it is a text");
        assert_eq!((wait(&mut child, format), said.as_str()), (1, ""), "as {format}");
    }
}

#[test]
fn a_long_line_is_scanned() {
    one_line(12_000_000);
}

#[test]
#[ignore = "takes a minute in a build without optimisation: cargo test --release -- --ignored"]
fn a_line_of_fifty_megabytes_is_scanned() {
    one_line(50_000_000);
}

fn one_line(len: usize) {
    let token = github(1);
    let mut text = "lorem ipsum ".repeat(len / 12).into_bytes();
    let at = text.len();
    text.extend(token.as_bytes());
    let report = Sandbox::with("line.json", text).scan(&[]);
    assert_eq!(report.one().start(), (1, at as u64 + 1));
}

#[test]
fn a_text_made_of_anchors_ends() {
    let text = "password=secret:token\"eyJ://ghp_AKIA-----BEGIN PRIVATE KEY-----".repeat(3000);
    let output = Sandbox::with("bait.txt", text).run(["scan", "--format", "json", "--confidence", "low"]);
    assert!([0, 1].contains(&output.code), "exit code {}", output.code);
}

#[test]
fn what_is_said_of_a_path_cannot_command_a_terminal() {
    let sandbox = Sandbox::with("a\u{1b}[2J\nb.env", format!("TOKEN={}\u{1b}]0;x\u{7}\n", github(1)));
    let text = sandbox.run(["scan", "--explain"]).assert_code(1).out();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    /// Root may read everything, so that there is nothing to see.
    fn is_root(sandbox: &Sandbox) -> bool {
        sandbox.file("locked", "").mode("locked", 0);
        let root = std::fs::read(sandbox.path("locked")).is_ok();
        std::fs::remove_file(sandbox.path("locked")).expect("a file can be removed");
        root
    }

    fn fifo(sandbox: &Sandbox, path: &str) {
        let made = std::process::Command::new("mkfifo").arg(sandbox.path(path)).status();
        assert!(made.expect("`mkfifo` is part of every Unix").success());
    }

    #[test]
    fn what_may_not_be_read_is_listed() {
        let sandbox = Sandbox::with("open.txt", "x");
        if is_root(&sandbox) {
            // The same entry of the ledger, made by the same function, without permissions to take away.
            let error = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
            let skipped = cleansweep::source::file::unreadable("x", &error);
            assert_eq!(skipped.reason, SkipReason::Unreadable);
            return;
        }
        sandbox.file("file.env", "x").mode("file.env", 0).file("folder/file", "x").mode("folder", 0);
        assert_skipped(&sandbox, &[], &[("file.env", "unreadable"), ("folder", "unreadable")]);
        sandbox.mode("folder", 0o755);
    }

    /// `/proc/self/mem` is a regular file that may be opened and cannot be read: for root too.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_read_is_listed() {
        assert_skipped(&Sandbox::new(), &["/proc/self/mem"], &[("mem", "unreadable")]);
    }

    #[test]
    fn a_link_without_target_is_noted_and_no_trouble() {
        let sandbox = Sandbox::with("a.txt", "x");
        sandbox.link("broken", "nowhere");
        let report = sandbox.run(["scan", "--format", "json"]).assert_code(0).json();
        assert_eq!(report.summary()["broken_links"], serde_json::json!(["broken"]));
        assert!(sandbox.run(["scan"]).assert_code(0).out().contains("1 link without a target."));
    }

    #[test]
    fn a_link_out_of_the_scanned_folder_is_listed() {
        let sandbox = Sandbox::with("outside/secret.env", github(1));
        sandbox.file("repo/a.txt", "x").link("repo/file", "../outside/secret.env").link("repo/folder", "../outside");
        assert_skipped(&sandbox, &["repo"], &[("file", "link-leaves-root"), ("folder", "link-leaves-root")]);
        // Named as well, it is scanned, and the links lead nowhere else.
        let report = sandbox.run(["scan", "--format", "json", "repo", "outside"]).assert_code(1).json();
        assert_eq!((report.findings.len(), report.skipped().len()), (1, 0));
    }

    #[test]
    fn a_link_inside_the_scanned_folder_is_no_second_finding() {
        let sandbox = Sandbox::with("a/secret.env", github(1));
        sandbox.link("b", "a").link("c.env", "a/secret.env");
        let report = sandbox.run(["scan", "--format", "json"]).assert_code(1).json();
        assert_eq!((report.one().path.as_str(), report.skipped().len()), ("a/secret.env", 0));
    }

    #[test]
    fn a_link_that_the_user_names_is_followed() {
        let sandbox = Sandbox::with("a/secret.env", github(1));
        sandbox.link("folder", "a").link("file", "a/secret.env");
        for root in ["folder", "file", "folder/"] {
            assert_eq!(sandbox.scan(&[root]).findings.len(), 1, "scanning {root}");
        }
    }

    #[test]
    fn links_in_a_circle_end() {
        let sandbox = Sandbox::with("a/b/c.txt", "x");
        sandbox.link("a/b/up", "../..").link("a/self", "self").link("one", "two").link("two", "one");
        let output = sandbox.run(["scan", "--format", "json"]);
        assert!([0, 3].contains(&output.code), "{}", output.out());
        assert_eq!(output.json().summary()["scanned_items"], 1);
    }

    #[test]
    fn a_fifo_a_socket_and_a_device_are_listed_and_not_waited_for() {
        let sandbox = Sandbox::with("a.txt", "x");
        fifo(&sandbox, "pipe");
        let _socket = std::os::unix::net::UnixListener::bind(sandbox.path("socket")).expect("a socket can be made");
        assert_skipped(&sandbox, &[], &[("pipe", "special-file"), ("socket", "special-file")]);
        assert_skipped(&sandbox, &["pipe"], &[("pipe", "special-file")]);
        assert_skipped(&sandbox, &["/dev/zero"], &[("zero", "special-file")]);
        assert_skipped(&sandbox, &["/dev/null"], &[("null", "special-file")]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_of_proc_that_says_it_is_empty_is_read() {
        let sandbox = Sandbox::new();
        let report = sandbox.run(["scan", "--format", "json", "/proc/self/status"]).assert_code(0).json();
        assert_eq!(report.summary()["scanned_items"], 1);
        assert!(report.summary()["scanned_bytes"].as_u64().expect("a number") > 100);
        let token = github(1);
        let environ = sandbox.command(["scan", "--format", "json", "/proc/self/environ"]).env("X", &token).run();
        assert_eq!(environ.assert_code(1).json().one().rule, "github-pat-classic");
    }

    #[test]
    fn a_sparse_file_is_scanned() {
        sparse(8 << 20);
    }

    #[test]
    #[ignore = "takes minutes in a build without optimisation: cargo test --release -- --ignored"]
    fn a_sparse_file_of_ten_gigabytes_is_scanned() {
        sparse(10 << 30);
    }

    fn sparse(len: u64) {
        use std::os::unix::fs::FileExt;
        let sandbox = Sandbox::with("disk.img", "");
        let token = github(1);
        let file = std::fs::File::options().write(true).open(sandbox.path("disk.img")).expect("the file was made");
        file.set_len(len).expect("a file can be made longer");
        file.write_all_at(token.as_bytes(), len - 100).expect("a file can be written");
        let report = sandbox.scan(&[]);
        assert_eq!((report.one().offset, report.skipped().len()), (len - 100, 0));
    }

    #[test]
    fn a_name_that_is_no_utf8_is_shown_with_replacements() {
        let sandbox = Sandbox::new();
        let name = OsStr::from_bytes(b"caf\xe9-\xff.env");
        if std::fs::write(sandbox.path(name), "").is_err() {
            // A file system that has only UTF-8 names cannot have this one.
            return;
        }
        sandbox.file(name, format!("TOKEN={}\n", github(1)));
        assert_eq!(sandbox.scan(&[]).one().path, "caf\u{fffd}-\u{fffd}.env");
        let path = sandbox.path(name);
        let report =
            sandbox.run([OsStr::new("scan"), OsStr::new("--format"), OsStr::new("json"), path.as_os_str()]).json();
        assert_eq!(report.one().path, "caf\u{fffd}-\u{fffd}.env");
        let _ = sandbox.run(["scan", "--format", "sarif"]).assert_code(1);
    }

    #[test]
    fn deep_folders_and_long_names_are_walked() {
        let sandbox = Sandbox::new();
        let deep = "d/".repeat(400);
        sandbox.file(
            format!("{deep}{}.env", "n".repeat(200)),
            format!("password = \"{}\"\n", sample("generic-password", 1)),
        );
        assert_eq!(sandbox.scan(&[]).findings.len(), 1);
    }

    #[test]
    fn a_file_as_a_home_and_a_read_only_folder_are_no_trouble() {
        let sandbox = Sandbox::with("repo/a.env", format!("TOKEN={}\n", github(1)));
        sandbox.mode("repo", 0o555);
        let output = sandbox.run(["scan", "repo"]).assert_code(1);
        sandbox.mode("repo", 0o755);
        assert_eq!(output.err(), "");
        assert_eq!(std::fs::read_dir(sandbox.path("repo")).expect("the folder can be read").count(), 1);
    }
}
