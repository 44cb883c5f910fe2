//! Comments and configurations that silence findings: when they count, when not, and what is said of it.

use serde_json::Value;

use crate::support::gitcli::Git;
use crate::support::report::Report;
use crate::support::secrets::github;
use crate::support::{Sandbox, sample};

/// The notes of a report: kind and place.
fn notes(report: &Report) -> Vec<(String, String)> {
    let text = |note: &Value, key: &str| note[key].as_str().expect("a note has texts").to_owned();
    let notes = report.summary()["notes"].as_array().expect("the summary has notes");
    notes.iter().map(|note| (text(note, "kind"), text(note, "place"))).collect()
}

#[track_caller]
fn assert_notes(report: &Report, wanted: &[(&str, &str)]) {
    let notes = notes(report);
    let notes: Vec<(&str, &str)> = notes.iter().map(|(kind, place)| (kind.as_str(), place.as_str())).collect();
    assert_eq!(notes, wanted);
}

/// Where something is reported.
fn places(report: &Report) -> Vec<(String, u64)> {
    report.findings.iter().map(|f| (f.path.clone(), f.line)).collect()
}

fn allow(conditions: &str) -> String {
    format!("[[allow]]\nreason = 'no secrets'\n{conditions}\n")
}

#[test]
fn a_comment_with_a_reason_silences_its_line() {
    let text = format!(
        "a = \"{}\" # cleansweep:allow an example\nb = \"{}\" # cleansweep:allow\nc = \"{}\" # gitleaks:allow\nd = \"{}\"\n\
         e = \"{} # cleansweep:allow within the value\"\n",
        github(1),
        github(2),
        github(3),
        github(4),
        github(5),
    );
    let sandbox = Sandbox::with("a.py", text);
    let report = sandbox.run(["scan", "-f", "json"]).assert_code(1).json();
    assert_eq!(places(&report).iter().map(|(_, line)| *line).collect::<Vec<_>>(), [2, 4, 5]);
    assert_notes(&report, &[("silence-without-reason", "a.py:2")]);
    let strict = sandbox.scan(&["--no-foreign-comments"]);
    assert_eq!(places(&strict).iter().map(|(_, line)| *line).collect::<Vec<_>>(), [2, 3, 4, 5]);
    sandbox.file("cleansweep.toml", "[scan]\nforeign-comments = false\n");
    assert_eq!(sandbox.scan(&[]).findings, strict.findings);
    let text = sandbox.run(["scan"]).assert_code(1).out();
    assert!(text.contains("a.py:2: `cleansweep:allow` silences only with a reason"), "{text}");
    let sarif = sandbox.run(["scan", "-f", "sarif"]).assert_code(1).out();
    assert!(sarif.contains("silence-without-reason") && sarif.contains("SilenceWithoutReason"), "{sarif}");
}

#[test]
fn what_is_all_silenced_is_clean() {
    let sandbox = Sandbox::with("a.py", format!("a = \"{}\" # cleansweep:allow an example\n", github(1)));
    let report = sandbox.run(["scan", "-f", "json"]).assert_code(0).json();
    assert_eq!(report.summary()["verdict"], "clean");
    assert_notes(&report, &[]);
}

#[test]
fn a_comment_at_either_end_of_a_secret_of_many_lines_counts() {
    let key = sample("private-key-pem", 1);
    let key = key.trim_end();
    assert!(key.lines().count() > 2, "the sample has many lines");
    for (text, silenced) in [
        (format!("key = \"\"\"{key}\"\"\"\n"), false),
        (format!("key = \"\"\"{key}\"\"\" # cleansweep:allow a key of the tests\n"), true),
        (format!("/* cleansweep:allow a key of the tests */ key = `{key}`;\n"), true),
        (format!("# cleansweep:allow the line above\nkey = \"\"\"{key}\"\"\"\n"), false),
        (format!("key = \"\"\"{key}\"\"\"\n# cleansweep:allow the line below\n"), false),
    ] {
        let report = Sandbox::with("a.py", &text).scan(&[]);
        assert_eq!(report.findings.is_empty(), silenced, "{:?}", report.places());
    }
}

#[test]
fn a_comment_counts_near_a_secret_on_a_line_of_any_length() {
    let filler = "lorem ipsum ".repeat(100_000);
    for (gap, silenced) in [(1, true), (900, true), (1100, false)] {
        for wide in ["", &filler] {
            let space = " ".repeat(gap);
            let text = format!("{wide}{} {space}/* cleansweep:allow an example */{wide}", github(1));
            let report = Sandbox::with("min.js", text).scan(&[]);
            assert_eq!(report.findings.is_empty(), silenced, "gap {gap}, {} bytes around", wide.len());
        }
    }
}

/// Wherever a batch of a long text ends.
#[test]
fn a_comment_counts_across_the_batches_of_a_long_text() {
    const BATCH: usize = 2 << 20;
    for before in [0, 20, 60, 500, 1000, 3000, 4096, 4140, 5000] {
        let mut text = ".\n".repeat(BATCH);
        let line = format!("\na = {}{} # cleansweep:allow an example\n", github(1), " ".repeat(700));
        text.replace_range(BATCH - before..BATCH - before + line.len(), &line);
        let report = Sandbox::with("dump.log", text).scan(&[]);
        assert_eq!(report.places(), Vec::<String>::new(), "{before} bytes before the end of a batch");
    }
}

#[test]
fn one_that_is_only_counted_is_not_silenced_by_the_comment_of_another() {
    let token = github(1);
    let marked = format!("a = {token} # cleansweep:allow an example\n");
    let sandbox = Sandbox::with("a.txt", marked.repeat(150));
    let _ = sandbox.run(["scan"]).assert_code(0);
    sandbox.file("a.txt", format!("{}a = {token}\n", marked.repeat(150)));
    let report = sandbox.run(["scan", "-f", "json"]).assert_code(1).json();
    assert_eq!(report.one().more, 51);
}

#[test]
fn comments_count_in_other_encodings_and_not_in_names() {
    let text = format!("a = \"{}\" # cleansweep:allow an example\r\n", github(1));
    let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let _ = Sandbox::with("a.txt", wide).run(["scan"]).assert_code(0);
    let named = Sandbox::with(format!("cleansweep:allow me/{} cleansweep:allow me.txt", github(1)), "x");
    let report = named.run(["scan", "-f", "json"]).assert_code(1).json();
    assert_eq!(report.findings.len(), 1);
}

/// Of a history the last word at each path counts.
#[test]
fn a_comment_speaks_for_the_versions_before_it() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let token = github(1);
    let (open, marked) = (format!("t = \"{token}\"\n"), format!("t = \"{token}\" # cleansweep:allow an example\n"));
    let code = |args: &[&str]| sandbox.command([&["scan", "--history-only"], args].concat()).run_in(&git.top).code;
    git.commit(&[("a.py", &open)], "open");
    assert_eq!(code(&[]), 1);
    git.commit(&[("a.py", &marked)], "marked");
    assert_eq!((code(&[]), code(&[]), code(&["--no-cache"])), (0, 0, 0), "what is kept says the same");
    assert_eq!(code(&["--untrusted"]), 1);
    git.commit(&[("a.py", &format!("# more\n{marked}"))], "moved");
    assert_eq!(code(&[]), 0);
    git.commit(&[("a.py", &open)], "taken away, by a content that was there before");
    assert_eq!(code(&[]), 1);
    git.commit(&[("a.py", &marked), ("b.py", &open)], "at another path");
    assert_eq!(code(&[]), 1, "one path is not silenced");
    git.commit(&[("b.py", &marked)], "both");
    assert_eq!(code(&[]), 0);
    git.commit(&[("b.py", &format!("{marked}{open}"))], "one of two lines");
    assert_eq!(code(&[]), 1);
    git.remove(&["b.py"]);
    assert_eq!(code(&[]), 1, "the last version at b.py was not silenced");
    git.commit(&[("b.py", &marked)], "again");
    git.commit(&[], &format!("see {token}"));
    assert_eq!(code(&[]), 1, "a message is a place too");
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.commit(&[("a.py", &marked)], &format!("see {token} cleansweep:allow an example"));
    let _ = sandbox.command(["scan"]).run_in(&git.top).assert_code(0);
}

#[test]
fn conditions_of_one_table_hold_together() {
    let (one, two) = (github(1), github(2));
    let sandbox = Sandbox::with("tests/a.py", format!("a = \"{one}\"\nb = \"{two}\"\n"));
    sandbox.file("src/a.py", format!("a = \"{one}\"\n"));
    let all = sandbox.scan(&["--confidence", "low"]);
    let [src, first, _] = &all.findings[..] else { panic!("three findings: {:?}", all.places()) };
    let (both, stop) = (&first.credential, &one[10..20].to_uppercase());
    for (conditions, left) in [
        ("paths = ['tests/']".to_owned(), vec![("src/a.py", 1)]),
        ("paths = ['/src/**', '*.txt']".to_owned(), vec![("tests/a.py", 1), ("tests/a.py", 2)]),
        ("rules = ['github-pat-classic']".to_owned(), vec![]),
        ("rules = ['generic-password']".to_owned(), vec![("src/a.py", 1), ("tests/a.py", 1), ("tests/a.py", 2)]),
        (format!("fingerprints = ['{}']", src.fingerprint), vec![("tests/a.py", 1), ("tests/a.py", 2)]),
        (format!("fingerprints = ['{both}']"), vec![("tests/a.py", 2)]),
        (format!("fingerprints = ['{both}']\npaths = ['src']"), vec![("tests/a.py", 1), ("tests/a.py", 2)]),
        (format!("stopwords = ['{stop}', 'xyzzy']"), vec![("tests/a.py", 2)]),
        (
            format!("stopwords = ['{stop}']\nrules = ['generic-password']"),
            vec![("src/a.py", 1), ("tests/a.py", 1), ("tests/a.py", 2)],
        ),
        ("paths = ['tests']\nexpires = 9999-12-31".to_owned(), vec![("src/a.py", 1)]),
    ] {
        sandbox.file("cleansweep.toml", allow(&conditions));
        let left: Vec<(String, u64)> = left.into_iter().map(|(path, line)| (path.to_owned(), line)).collect();
        let report = sandbox.scan(&["--confidence", "low"]);
        assert_eq!(places(&report), left, "{conditions}");
    }
    let two = format!("{}{}", allow("paths = ['src']"), allow("paths = ['tests']"));
    sandbox.file("cleansweep.toml", two);
    let _ = sandbox.run(["scan"]).assert_code(0);
}

#[test]
fn what_has_expired_silences_nothing_and_is_said() {
    let sandbox = Sandbox::with("a.py", format!("a = \"{}\"\n", github(1)));
    sandbox.file("cleansweep.toml", allow("paths = ['*.py']\nexpires = 2020-02-29"));
    let report = sandbox.run(["scan", "-f", "json"]).assert_code(1).json();
    assert_notes(&report, &[("silence-expired", "cleansweep.toml:1")]);
    let text = sandbox.run(["scan"]).assert_code(1).out();
    assert!(text.contains("expired on 2020-02-29, so it silences nothing (no secrets)"), "{text}");
}

#[test]
fn a_path_must_be_allowed_at_every_place_of_a_history() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let line = format!("t = \"{}\"\n", github(1));
    git.commit(&[("tests/a.py", &line), ("cleansweep.toml", &allow("paths = ['tests/']"))], "one");
    let code = || sandbox.command(["scan"]).run_in(&git.top).code;
    assert_eq!(code(), 0);
    git.commit(&[("src.py", &line)], "two");
    git.remove(&["src.py"]);
    assert_eq!(code(), 1, "it was at another path once");
    git.commit(&[("cleansweep.toml", &allow("paths = ['tests/', 'src.py']"))], "three");
    assert_eq!(code(), 0, "what is kept of the history does not decide");
}

#[test]
fn a_configuration_says_what_a_scan_does_and_the_command_line_wins() {
    let sandbox = Sandbox::with("vendor/a.py", format!("a = \"{}\"\n", github(1)));
    sandbox.file("tests/test_login.py", format!("password = \"{}\"\n", sample("generic-password", 1)));
    sandbox.file("big.bin", vec![b'.'; 5000]);
    sandbox.file("cleansweep.toml", "[scan]\nexclude = ['vendor/']\nconfidence = 'high'\nmax-file-size = '4k'\n");
    let report = sandbox.run(["scan", "-f", "json"]).assert_code(3).json();
    assert_eq!(report.findings.len(), 0);
    assert_eq!(report.summary()["excluded"], 1);
    assert_eq!(report.skipped(), [("big.bin".to_owned(), "too-large".to_owned())]);
    assert_notes(&report, &[("configured-exclude", "cleansweep.toml")]);
    let report =
        sandbox.run(["scan", "-f", "json", "--confidence", "low", "--max-file-size", "1M"]).assert_code(1).json();
    assert_eq!((report.skipped().len(), report.findings.len()), (0, 1));
}

#[test]
fn a_wrong_configuration_is_an_error_that_says_where() {
    let sandbox = Sandbox::with("a.py", format!("a = \"{}\"\n", github(1)));
    for (text, told) in [
        ("[scan]\nexcludes = ['x']\n", "cleansweep.toml:2: unknown field `excludes`"),
        ("[[allow]]\nreason = 'x1'\n", "cleansweep.toml:1: an [[allow]] needs"),
        ("[scan]\r\nmax-file-size = 'huge'\r\n", "cleansweep.toml:2: a size is a number"),
        ("[[allow]]\nreason = 'x1'\nrules = ['github-pat-clasic']\n", "there is `github-pat-classic`"),
        ("<<<<<<< HEAD\n[scan]\n=======\n", "cleansweep.toml:1: "),
    ] {
        let output = sandbox.file("cleansweep.toml", text).run(["scan"]).assert_code(2);
        assert!(output.out().is_empty() && output.err().contains(told), "{text}\n{}", output.err());
    }
    sandbox.file("cleansweep.toml", [b"[scan]\n# ", &b"\xff\xfe"[..]].concat());
    assert!(sandbox.run(["scan"]).assert_code(2).err().contains("cleansweep.toml: it is no text in UTF-8"));
    let missing = sandbox.run(["scan", "--config", "nowhere.toml"]).assert_code(2).err();
    assert!(missing.contains("nowhere.toml: there is no such file"), "{missing}");
    // Nobody needs to mend what is not used.
    let _ = sandbox.run(["scan", "--untrusted"]).assert_code(1);
}

#[cfg(unix)]
#[test]
fn a_configuration_that_is_no_small_file_of_the_project_is_refused() {
    for name in ["cleansweep.toml", ".cleansweep-baseline.jsonl"] {
        let sandbox = Sandbox::with("a.py", "nothing\n");
        let refused = |told: &str| {
            let error = sandbox.run(["scan"]).assert_code(2).err();
            assert!(error.contains(&format!("{name}: ")) && error.contains(told), "{error}");
        };
        let file = std::fs::File::create(sandbox.path(name)).expect("a file can be made");
        file.set_len(100_000_000).expect("it can be long");
        refused("it is larger than");
        std::fs::remove_file(sandbox.path(name)).expect("it can be removed");
        let made = std::process::Command::new("mkfifo").arg(sandbox.path(name)).status();
        assert!(made.expect("there is mkfifo").success());
        refused("it is a FIFO, not a regular file");
        std::fs::remove_file(sandbox.path(name)).expect("it can be removed");
        std::fs::write(sandbox.home().join("elsewhere"), "").expect("a file can be written");
        for target in ["../home/elsewhere", "/dev/zero", "/etc/passwd", "nowhere"] {
            sandbox.link(name, target);
            refused("a link that leads nowhere, or out of the folder");
            std::fs::remove_file(sandbox.path(name)).expect("it can be removed");
        }
        sandbox.file("config/real", "").link(name, "config/real");
        let _ = sandbox.run(["scan"]).assert_code(0);
        std::fs::remove_file(sandbox.path(name)).expect("it can be removed");
        sandbox.folder(name);
        refused("it is a folder, not a regular file");
    }
}

/// A repository of somebody else's, which asks that nothing be reported.
fn hostile(sandbox: &Sandbox, name: &str) {
    let git = Git::init(sandbox, name, &[]);
    let line = format!("t = \"{}\" # cleansweep:allow trust me\n", github(7));
    let other = format!("t = \"{}\"\n", github(8));
    git.commit(&[("a.py", &line), ("b.py", &other), ("cleansweep.toml", &allow("paths = ['b.py']"))], "one");
}

#[test]
fn what_is_somebody_elses_silences_nothing_and_is_listed() {
    let sandbox = Sandbox::new();
    hostile(&sandbox, "theirs");
    let ignored = [("silence-ignored", "a.py:1"), ("silence-ignored", "cleansweep.toml")];
    // From a folder that is in no repository, and from another repository.
    let report = sandbox.run(["scan", "-f", "json", "theirs"]).assert_code(1).json();
    assert_notes(&report, &ignored);
    assert_eq!(report.findings.len(), 4, "two in files, two in the history");
    let mine = Git::init(&sandbox, "mine", &[]);
    let from_mine =
        |args: &[&str]| sandbox.command([&["scan", "-f", "json", "../theirs"], args].concat()).run_in(&mine.top);
    assert_notes(&from_mine(&[]).assert_code(1).json(), &ignored);
    assert_notes(&from_mine(&["--trusted"]).assert_code(0).json(), &[]);
    // What the user names counts, whoever wrote it.
    mine.write("c.toml", allow("paths = ['*.py']"));
    let named = from_mine(&["--config", "c.toml"]).assert_code(0).json();
    assert_notes(&named, &ignored[..1]);
    // In its own folder it is one's own, unless that is denied.
    let theirs = sandbox.path("theirs");
    assert_eq!(sandbox.command(["scan"]).run_in(&theirs).code, 0);
    assert_eq!(sandbox.command(["scan", "--untrusted"]).run_in(&theirs).code, 1);
    let _ = sandbox.run(["scan", "--trusted", "--untrusted"]).assert_code(2);
    // A bare copy has no file of it in sight.
    mine.run(&["clone", "-q", "--bare", "../theirs", "../theirs.git"]);
    assert_eq!(sandbox.run(["scan", "theirs.git"]).code, 1);
    assert_eq!(sandbox.run(["scan", "--trusted", "theirs.git"]).code, 1, "the configuration is in no file");
}

#[test]
fn a_repository_within_the_project_is_somebody_elses_unless_it_is_a_submodule() {
    let sandbox = Sandbox::new();
    let mine = Git::started(&sandbox);
    hostile(&sandbox, "repo/vendor/theirs");
    mine.commit(&[("own.py", &format!("t = \"{}\" # cleansweep:allow an example\n", github(1)))], "own");
    let scan = |args: &[&str]| sandbox.command([&["scan", "-f", "json"], args].concat()).run_in(&mine.top).json();
    let report = scan(&["--no-history"]);
    assert_eq!(places(&report), [("vendor/theirs/a.py".to_owned(), 1), ("vendor/theirs/b.py".to_owned(), 1)]);
    assert_notes(&report, &[("silence-ignored", "vendor/theirs/a.py:1")]);
    assert_eq!(scan(&[]).findings.len(), 4);
    assert_eq!(places(&scan(&["--no-history", "--trusted"])), [("vendor/theirs/b.py".to_owned(), 1)]);

    let sandbox = Sandbox::new();
    hostile(&sandbox, "theirs");
    let mine = Git::started(&sandbox);
    mine.run(&["submodule", "--quiet", "add", "../theirs", "lib"]);
    mine.commit(&[], "with a submodule");
    let report = sandbox.command(["scan", "-f", "json"]).run_in(&mine.top).json();
    assert_eq!(report.findings.iter().filter(|f| f.path == "lib/a.py").count(), 0, "{:?}", report.places());
    assert_eq!(report.findings.iter().filter(|f| f.path == "lib/b.py").count(), 2, "{:?}", report.places());
}

#[test]
fn a_bundle_and_standard_input_are_somebody_elses() {
    let sandbox = Sandbox::new();
    hostile(&sandbox, "theirs");
    let theirs = Git::at(&sandbox, sandbox.path("theirs"));
    theirs.run(&["bundle", "create", "-q", "../their.bundle", "--all"]);
    let _ = sandbox.run(["scan", "their.bundle"]).assert_code(1);
    let line = format!("t = \"{}\" # cleansweep:allow an example\n", github(1));
    let report = sandbox.run_with(&["scan", "-f", "json", "-"], line.clone()).assert_code(1).json();
    assert_notes(&report, &[("silence-ignored", "<stdin>:1")]);
    let _ = sandbox.run_with(&["scan", "--trusted", "-"], line).assert_code(0);
}

#[test]
fn nothing_that_is_said_of_silencing_shows_a_secret() {
    let (token, other) = (github(1), github(2));
    let sandbox = Sandbox::with(
        format!("{other}/a.py"),
        format!(
            "a = \"{token}\" # cleansweep:allow it is {token} {other}\nb = \"{other}\" # cleansweep:allow\nc = \"{token}\"\n"
        ),
    );
    sandbox.file("cleansweep.toml", format!("[[allow]]\nreason = 'as {token}'\npaths = ['x']\nexpires = 2020-01-01\n"));
    for format in ["text", "json", "jsonl", "sarif"] {
        for more in [&[][..], &["--untrusted"], &["--no-foreign-comments"]] {
            let output = sandbox.run([&["scan", "--format", format], more].concat()).assert_code(1);
            for secret in [&token, &other] {
                let text = output.out() + &output.err();
                assert!(!text.contains(&secret[8..20]), "{format}: {text}");
            }
        }
    }
}
