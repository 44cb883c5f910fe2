//! What is scanned and where a finding is said to be: encodings, line ends, columns, repeats, repositories.

use crate::support::git::Repository;
use crate::support::secrets::github;
use crate::support::{Finding, Random, Sandbox, sample};

/// Line, column and offset of `needle` in `text`, counted the slow way.
fn place(text: &str, needle: &str) -> (u64, u64, u64) {
    let at = text.find(needle).expect("the text has it");
    let before = &text[..at];
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() as u64 + 1, line.encode_utf16().count() as u64 + 1, at as u64)
}

#[track_caller]
fn assert_at(found: &Finding, text: &str, secret: &str) {
    let (line, column, offset) = place(text, secret);
    let end = column + secret.encode_utf16().count() as u64;
    assert_eq!((found.start(), found.end(), found.offset), ((line, column), (line, end), offset), "in {text:?}");
    assert_eq!(found.secret, secret);
}

#[test]
fn a_place_is_a_line_a_column_in_utf16_units_and_an_offset() {
    let token = github(1);
    let texts = [
        token.clone(),
        format!("{token}\n"),
        format!("\n\n\n  token = {token}"),
        format!("a\r\nb\r\n\tTOKEN: \"{token}\"\r\nc\r\n"),
        format!("naïve = 1\nname = 'Zoë', token = '{token}'\n"),
        format!("# 🔑🔑 {token} 🔑\n"),
        format!("日本語：{token}\n"),
        format!("e\u{301}e\u{301} {token}"),
    ];
    for text in texts {
        let report = Sandbox::with("notes", &text).reveal(&[]);
        assert_at(report.one(), &text, &token);
    }
}

#[test]
fn bytes_that_are_no_utf8_count_as_one_column_each() {
    let token = github(1);
    let mut text = b"caf\xe9 \xff\xfe= ".to_vec();
    let at = text.len() as u64;
    text.extend(token.as_bytes());
    let report = Sandbox::with("latin1.txt", &text).reveal(&[]);
    assert_eq!((report.one().start(), report.one().offset), ((1, at + 1), at));
}

/// Editors and SARIF viewers do not count the mark at the start of a file.
#[test]
fn a_utf8_mark_is_no_column() {
    let token = github(1);
    let report = Sandbox::with("notes", format!("\u{feff}{token}\n")).scan(&[]);
    assert_eq!(report.one().start(), (1, 1));
}

fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

#[test]
fn utf16_is_read_like_utf8() {
    let (token, password) = (github(1), sample("generic-password", 1));
    let text = format!("# made on Windows 🔑\r\n$token = '{token}'\r\n$password = '{password}'\r\n");
    for (big, mark) in [(false, false), (false, true), (true, false), (true, true)] {
        let report = Sandbox::with("profile.ps1", utf16(&text, big, mark)).reveal(&[]);
        assert_eq!(report.findings.len(), 2, "big-endian: {big}, mark: {mark}: {:#?}", report.places());
        assert_at(&report.findings[0], &text, &token);
        assert_at(&report.findings[1], &text, &password);
    }
}

#[test]
fn strings_of_a_binary_are_read() {
    let (narrow, wide) = (github(1), github(2));
    let mut random = Random::new(3);
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0".to_vec();
    let mut plant = |bytes: &mut Vec<u8>, string: &[u8]| {
        bytes.extend(random.bytes(501));
        // What stands before belongs to no string, of either width.
        bytes.extend([0xff, 0, 0]);
        let at = bytes.len() as u64;
        bytes.extend(string);
        bytes.extend([0, 0]);
        bytes.extend(random.bytes(300));
        at
    };
    let narrow_at = plant(&mut bytes, narrow.as_bytes());
    let even_at = plant(&mut bytes, &utf16(&wide, false, false));
    bytes.push(1);
    let odd_at = plant(&mut bytes, &utf16(&wide, false, false));
    let report = Sandbox::with("program", &bytes).reveal(&[]);
    let found: Vec<(u64, &str)> = report.findings.iter().map(|f| (f.offset, f.secret.as_str())).collect();
    assert_eq!(found, [(narrow_at, narrow.as_str()), (even_at, wide.as_str()), (odd_at, wide.as_str())]);
}

#[test]
fn a_nul_byte_does_not_hide_the_rest_of_a_text() {
    let (before, after) = (github(1), github(2));
    let text = format!("a = {before}\n\0\0b = {after}\n");
    let report = Sandbox::with("data", text).reveal(&[]);
    let secrets: Vec<&str> = report.findings.iter().map(|f| f.secret.as_str()).collect();
    assert_eq!(secrets, [before, after]);
}

#[test]
fn a_key_block_has_an_end_line_and_an_end_column() {
    let key = sample("private-key-pem", 1);
    for (text, newline) in
        [(format!("x\nkey = '{key}'\n"), "\n"), (format!("x\r\nkey = '{}'\r\n", key.replace('\n', "\r\n")), "\r\n")]
    {
        let report = Sandbox::with("settings.py", &text).scan(&[]);
        let found = report.one();
        let lines = key.matches('\n').count() as u64;
        let last = key.rsplit('\n').next().expect("a key has lines").len() as u64;
        assert_eq!(found.start(), (2, 8), "line end {newline:?}");
        assert_eq!(found.end(), (2 + lines, last + 1), "line end {newline:?}");
        assert_eq!(found.snippet.matches('\n').count(), 0, "a snippet is one line");
    }
}

#[test]
fn a_secret_repeated_in_one_file_is_listed_and_then_counted() {
    let token = github(1);
    let text: String = (0..1000).map(|n| format!("line {n}: {token}\n")).collect();
    let report = Sandbox::with("app.log", text).scan(&[]);
    let listed = report.findings.len() as u64;
    let more: u64 = report.findings.iter().map(|f| f.more).sum();
    assert!((1..=100).contains(&listed), "{listed} are listed");
    assert_eq!(listed + more, 1000);
    assert_eq!(report.findings[0].line, 1);
    let names: std::collections::BTreeSet<&str> = report.findings.iter().map(|f| f.fingerprint.as_str()).collect();
    assert_eq!(names.len() as u64, listed, "each exposure has its own fingerprint");
    assert_eq!(report.summary()["credentials"], 1);
}

#[test]
fn two_secrets_on_one_line_are_two_findings() {
    let (one, two) = (github(1), github(2));
    let text = format!("a={one} b={two} a={one}\n");
    let report = Sandbox::with("notes", &text).reveal(&[]);
    let found: Vec<(&str, u64)> = report.findings.iter().map(|f| (f.secret.as_str(), f.column)).collect();
    let second = text.rfind(&one).expect("the text has it") as u64;
    assert_eq!(found, [(one.as_str(), 3), (two.as_str(), 3 + 40 + 3), (one.as_str(), second + 1)]);
}

#[test]
fn a_vendor_rule_and_a_generic_one_give_one_finding() {
    let token = github(1);
    let report = Sandbox::with(".env", format!("API_KEY={token}\nexport GITHUB_TOKEN=\"{token}\"\n")).scan(&[]);
    let rules: Vec<&str> = report.findings.iter().map(|f| f.rule.as_str()).collect();
    assert_eq!(rules, ["github-pat-classic", "github-pat-classic"]);
}

#[test]
fn a_repository_is_its_working_tree_its_own_files_and_its_history() {
    let (old, now) = (github(1), github(2));
    let sandbox = Sandbox::new();
    let repository = Repository::init(&sandbox.path("site"));
    let leaked = format!("TOKEN={old}\n");
    let first = repository.commit("main", &[], &[("app/.env", leaked.as_bytes()), ("README", b"hello\n")], "begin");
    let second = repository.commit("main", &[first], &[("README", b"hello\n")], "remove the token");
    repository.branch("old", first);
    repository.tag("v1", second);
    sandbox.file("site/README", "hello\n").file("site/app/.env", format!("TOKEN={now}\n"));
    sandbox.file("site/.git/token-in-git-folder", format!("{old}\n"));

    let found = |args: &[&str]| -> Vec<(String, String)> {
        let report = sandbox.reveal(&[&["site"], args].concat());
        report.findings.iter().map(|f| (f.path.clone(), f.secret.clone())).collect()
    };
    let place = |path: &str, secret: &str| (path.to_owned(), secret.to_owned());
    let own = place(".git/token-in-git-folder", &old);
    let (tree, past) = (place("app/.env", &now), place("app/.env", &old));
    assert_eq!(found(&[]), [own.clone(), tree.clone(), past.clone()], "paths are relative to the repository");
    assert_eq!(found(&["--history-only"]), [own.clone(), past]);
    assert_eq!(found(&["--no-history"]), [own, tree]);
    let text = sandbox.run(["scan", "site", "--no-history"]).assert_code(1).out();
    assert!(text.contains("The git history of 1 repository was not scanned."), "{text}");
}

#[test]
fn paths_are_relative_to_the_repository_from_any_folder_of_it() {
    let sandbox = Sandbox::new();
    let _ = Repository::init(&sandbox.work());
    sandbox.file("app/config/.env", format!("TOKEN={}\n", github(1)));
    for root in [".", "app", "app/config", "app/config/.env", "./app/../app"] {
        assert_eq!(sandbox.scan(&[root]).one().path, "app/config/.env", "scanning {root}");
    }
    let absolute = sandbox.path("app");
    let absolute = absolute.to_str().expect("the temporary folder has a plain name");
    assert_eq!(sandbox.scan(&[absolute]).one().path, "app/config/.env");
}

#[test]
fn a_folder_that_is_only_named_like_gits_is_scanned() {
    let sandbox = Sandbox::new();
    sandbox.file("a/.git/notes", github(1)).file("b/.git", format!("gitdir: elsewhere\n# {}\n", github(2)));
    let report = sandbox.scan(&[]);
    let paths: Vec<&str> = report.findings.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["a/.git/notes", "b/.git"]);
}

#[test]
fn a_file_named_twice_is_reported_once() {
    let sandbox = Sandbox::with("app/.env", format!("TOKEN={}\n", github(1)));
    for roots in [["app", "app"], [".", "app"], ["app/.env", "app"]] {
        let report = sandbox.scan(&roots);
        assert_eq!(report.findings.len(), 1, "{roots:?}: {:#?}", report.places());
    }
}

/// In bytes that are no text a line says little: reports say which byte it is, and in which section of a program.
#[test]
fn what_is_in_a_program_is_told_with_its_section() {
    let data = format!("\0token {}\0", github(1));
    let head = b"\0asm\x01\0\0\0";
    let program = [head, &[11, data.len() as u8][..], data.as_bytes()].concat();
    let text = Sandbox::with("app.wasm", &program).run(["scan"]).assert_code(1).out();
    assert!(text.contains("    byte 0x11 in data of a binary file\n"), "{text}");
    let other = [&[0, 1, 2, 3][..], data.as_bytes()].concat();
    let text = Sandbox::with("other.bin", other).run(["scan"]).assert_code(1).out();
    assert!(text.contains("    byte 0xb of a binary file\n"), "{text}");
}
