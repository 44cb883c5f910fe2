//! The command line: what it says of itself, what each option does, and the exit codes.

use crate::support::git::Repository;
use crate::support::secrets::{ACME, acme, github};
use crate::support::{Output, Sandbox, sample};

/// A sandbox with one secret, and the rules that find it and nothing else.
fn acme_sandbox() -> Sandbox {
    let sandbox = Sandbox::with("acme.toml", ACME);
    sandbox.file("src/settings.py", format!("import os\n\nTOKEN = '{}'  # deploy\n", acme(1)));
    sandbox
}

const ONLY_ACME: [&str; 3] = ["--rules", "acme.toml", "--no-default-rules"];

/// Compares with a snapshot in which what differs from run to run is named.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, name) in [
        (r" in [0-9]+\.[0-9]+ s\.", " in [time]."),
        (r"(?m)^Paths are relative to .*$", "Paths are relative to [folder]"),
        (r"\b[0-9a-f]{32}\b", "[fingerprint]"),
        (r#""rules_digest": ?"[0-9a-f]+""#, r#""rules_digest": "[digest]""#),
        (r#""tool_version": ?"[^"]+""#, r#""tool_version": "[version]""#),
        (r"(?m)^cleansweep \d+\.\d+\.\d+\S*$", "cleansweep [version]"),
    ] {
        settings.add_filter(pattern, name);
    }
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_help_says_what_there_is() {
    let sandbox = Sandbox::new();
    let mut reference = String::new();
    for args in [
        &["--version"][..],
        &["--help"],
        &["scan", "--help"],
        &["baseline", "--help"],
        &["baseline", "create", "--help"],
        &["baseline", "update", "--help"],
        &["baseline", "prune", "--help"],
        &["rules", "--help"],
        &["rules", "list", "--help"],
        &["rules", "show", "--help"],
        &["rules", "test", "--help"],
        &["schema", "--help"],
    ] {
        let output = sandbox.run(args).assert_code(0);
        assert_eq!(output.err(), "", "help is no error");
        reference += &format!("$ cleansweep {}\n{}\n", args.join(" "), output.out());
    }
    snapshot("help", &reference);
}

#[test]
fn the_text_report_reads_like_this() {
    let sandbox = acme_sandbox();
    let text = sandbox.run(["scan", "src", "--explain"].iter().chain(&ONLY_ACME)).assert_code(1);
    assert_eq!(text.err(), "");
    snapshot("report.text", &text.out());
    let clean = Sandbox::with("a.txt", "nothing here\n").run(["scan"]).assert_code(0);
    snapshot("clean.text", &clean.out());
}

#[test]
fn the_json_reports_read_like_this() {
    let sandbox = acme_sandbox();
    for format in ["json", "jsonl"] {
        let output = sandbox.run(["scan", "src", "--format", format].iter().chain(&ONLY_ACME)).assert_code(1);
        snapshot(&format!("report.{format}"), &output.out());
    }
}

#[test]
fn the_schemas_are_part_of_the_interface() {
    for format in ["json", "jsonl"] {
        snapshot(&format!("schema.{format}"), &Sandbox::new().run(["schema", format]).assert_code(0).out());
    }
    let default = Sandbox::new().run(["schema"]).assert_code(0).out();
    assert_eq!(default, Sandbox::new().run(["schema", "json"]).out());
}

#[test]
fn a_rule_is_shown_with_every_step_of_its_runbook() {
    let sandbox = Sandbox::with("acme.toml", ACME);
    snapshot("rule.acme", &sandbox.run(["rules", "show", "acme-token", "--rules", "acme.toml"]).assert_code(0).out());
    snapshot("rule.github", &sandbox.run(["rules", "show", "github-pat-classic"]).assert_code(0).out());
    let unknown = sandbox.run(["rules", "show", "nobody"]).assert_code(2);
    assert!(unknown.err().contains("there is no rule `nobody`"), "{}", unknown.err());
}

#[test]
fn exit_codes_are_what_the_help_says() {
    let _ = Sandbox::with("a.txt", "x").run(["scan"]).assert_code(0);
    let _ = Sandbox::with("a.txt", github(1)).run(["scan"]).assert_code(1);
    let _ = Sandbox::new().run(["scan", "--nonsense"]).assert_code(2);
    let _ = Sandbox::with("a.txt", "12345").run(["scan", "--max-file-size", "4"]).assert_code(3);
    let _ = Sandbox::with("a.txt", github(1)).run(["scan", "--max-file-size", "40"]).assert_code(1);
    let help = Sandbox::new().run(["--help"]).out();
    for code in ["0  everything", "1  something", "2  the command line", "3  nothing was found, but"] {
        assert!(help.contains(code), "{help}");
    }
}

#[test]
fn a_wrong_command_line_is_an_error_before_anything_is_scanned() {
    let sandbox = Sandbox::with("a.env", github(1));
    for args in [
        &[][..],
        &["nonsense"],
        &["scan", "--nonsense"],
        &["scan", "--format", "pdf"],
        &["scan", "--confidence", "sure"],
        &["scan", "--threads", "0"],
        &["scan", "--threads", "many"],
        &["scan", "--max-file-size", "10x"],
        &["scan", "--max-file-size", "99999999999G"],
        &["scan", "--no-default-rules"],
        &["scan", "--exclude", "a[b"],
        &["scan", "--exclude", "{a,b"],
        &["scan", "--format", "json", "--format", "text"],
        &["scan", "--format", "json", "-o", "same", "--format", "text", "-o", "same"],
        &["scan", "-o", "report.pdf"],
        &["rules"],
        &["rules", "show"],
        &["schema", "sarif"],
    ] {
        let output = sandbox.run(args).assert_code(2);
        assert_eq!(output.out(), "", "{args:?}: nothing on standard output");
        assert!(!output.err().is_empty(), "{args:?}: says why");
        assert!(
            !output.err().contains("panicked") && !output.err().contains("internal error"),
            "{args:?}: {}",
            output.err()
        );
    }
    assert_eq!(sandbox.names(), ["a.env"], "nothing was written");
    let twice = sandbox.run(["scan", "--format", "json", "--format", "text"]).err();
    assert!(twice.contains("two reports would go to standard output"), "{twice}");
    let glob = sandbox.run(["scan", "--exclude", "a[b"]).err();
    assert!(glob.contains("--exclude a[b"), "{glob}");
}

fn paths(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    sandbox.scan(args).findings.into_iter().map(|f| f.path).collect()
}

fn tree() -> Sandbox {
    let sandbox = Sandbox::new();
    for (n, path) in [".env", ".hidden/a.env", "build/out.env", "src/a.env", "src/deep/b.env"].iter().enumerate() {
        sandbox.file(path, format!("TOKEN={}\n", github(n as u64)));
    }
    sandbox.file(".gitignore", "build/\n.env\n").file(".ignore", "src/\n").file(".cleansweepignore", "*\n");
    sandbox
}

#[test]
fn hidden_and_ignored_files_are_scanned() {
    assert_eq!(paths(&tree(), &[]), [".env", ".hidden/a.env", "build/out.env", "src/a.env", "src/deep/b.env"]);
}

#[test]
fn gitignore_is_respected_only_when_asked_and_then_said() {
    let sandbox = tree();
    assert_eq!(paths(&sandbox, &["--respect-gitignore"]), [".hidden/a.env", "src/a.env", "src/deep/b.env"]);
    let text = sandbox.run(["scan", "--respect-gitignore"]).assert_code(1).out();
    assert!(text.contains("Left out: what .gitignore names"), "{text}");
    assert_eq!(sandbox.scan(&["--respect-gitignore"]).summary()["gitignore_respected"], true);
    // A folder in the middle of a repository obeys the files above it.
    let _ = Repository::init(&sandbox.work());
    sandbox.file("src/.env", format!("TOKEN={}\n", github(9)));
    assert_eq!(paths(&sandbox, &["--respect-gitignore", "src"]), ["src/a.env", "src/deep/b.env"]);
}

#[test]
fn what_is_excluded_is_counted_and_said() {
    let sandbox = tree();
    assert_eq!(
        paths(&sandbox, &["--exclude", "build", "--exclude", "*.d/"]),
        [".env", ".hidden/a.env", "src/a.env", "src/deep/b.env"]
    );
    assert_eq!(
        paths(&sandbox, &["--exclude", "src/**/b.env"]),
        [".env", ".hidden/a.env", "build/out.env", "src/a.env"]
    );
    assert_eq!(paths(&sandbox, &["--exclude", "*.env"]), Vec::<String>::new());
    assert_eq!(paths(&sandbox, &["--exclude", "/src/deep", "--exclude", ".*"]), ["build/out.env", "src/a.env"]);
    let text = sandbox.run(["scan", "--exclude", "src", "--exclude", "build"]).assert_code(1).out();
    assert!(text.contains("Left out by --exclude: 2 files or folders."), "{text}");
    assert_eq!(sandbox.scan(&["--exclude", "src"]).summary()["excluded"], 1);
}

#[test]
fn confidence_is_a_threshold_and_what_is_below_is_counted() {
    // In a test, a password is less likely a live one.
    let text = format!("password = \"{}\"\nTOKEN = \"{}\"\n", sample("generic-password", 1), github(1));
    let sandbox = Sandbox::with("tests/test_login.py", text);
    let [low, medium, high] = ["low", "medium", "high"].map(|level| sandbox.scan(&["--confidence", level]));
    let count = |report: &crate::support::report::Report| report.findings.len() as u64;
    assert!(count(&low) >= count(&medium) && count(&medium) >= count(&high), "a threshold");
    assert_eq!((count(&low), count(&high)), (2, 1));
    assert_eq!(high.summary()["below_confidence"], 1);
    let text = sandbox.run(["scan", "--confidence", "high"]).assert_code(1).out();
    assert!(text.contains("Not shown: 1 possible secret of lower confidence"), "{text}");
    assert_eq!(sandbox.scan(&[]).findings, medium.findings, "medium is the default");
}

#[test]
fn standard_input_is_scanned_beside_files() {
    let sandbox = Sandbox::with("a.env", format!("TOKEN={}\n", github(1)));
    let output = sandbox.run_with(&["scan", "--format", "json", "-", "a.env"], format!("x {}\n", github(2)));
    let report = output.assert_code(1).json();
    let places: Vec<(&str, u64)> = report.findings.iter().map(|f| (f.path.as_str(), f.line)).collect();
    assert_eq!(places, [("a.env", 1), ("<stdin>", 1)]);
    let _ = sandbox.run_with(&["scan", "-"], "nothing\n").assert_code(0);
    // Without `-` it is not read.
    let _ = Sandbox::new().run_with(&["scan"], github(3)).assert_code(0);
}

#[test]
fn a_users_rule_is_added_and_can_stand_alone() {
    let sandbox = acme_sandbox();
    sandbox.file("src/a.env", format!("GH={}\n", github(1)));
    let rules = |args: &[&str]| -> Vec<String> {
        sandbox.scan(&[&["src"], args].concat()).findings.into_iter().map(|f| f.rule).collect()
    };
    assert!(!rules(&[]).contains(&"acme-token".to_owned()));
    assert_eq!(rules(&["--rules", "acme.toml"]), ["github-pat-classic", "acme-token"]);
    assert_eq!(rules(&ONLY_ACME), ["acme-token"]);
    sandbox.file("more/acme.toml", ACME).file("more/notes.txt", "not a rule");
    assert_eq!(rules(&["--rules", "more", "--no-default-rules"]), ["acme-token"]);
}

#[test]
fn a_users_rule_replaces_ours_with_its_id() {
    let sandbox = Sandbox::with("a.env", format!("GH={} x\n", github(1)));
    let mine = ACME
        .replace("acme-token", "github-pat-classic")
        .replace("acme_[a-z0-9]{20}", "ghp_[A-Za-z0-9]{36}")
        .replace("acme_", "ghp_");
    sandbox.file("mine.toml", mine.replace("Acme token", "A token of mine"));
    let json = sandbox.scan(&["--rules", "mine.toml", "a.env"]).json;
    assert_eq!(json["findings"][0]["title"], "A token of mine");
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(1));
    let text = sandbox.run(["scan", "--rules", "mine.toml", "a.env"]).assert_code(1).out();
    assert!(text.contains("A token of mine") && text.contains("Revoke it."), "the runbook is the user's: {text}");
    let shown = sandbox.run(["rules", "show", "github-pat-classic", "--rules", "mine.toml"]).assert_code(0).out();
    assert!(shown.starts_with("A token of mine\n"), "{shown}");
    let list = sandbox.run(["rules", "list", "--rules", "mine.toml"]).assert_code(0).out();
    assert_eq!(list.matches("\ngithub-pat-classic ").count(), 1, "a replaced rule is not listed");
}

#[test]
fn the_rules_can_be_listed() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(["rules", "list"]).assert_code(0).out();
    let list = sandbox.run(["rules", "list", "--format", "json"]).assert_code(0);
    let list: Vec<serde_json::Value> = serde_json::from_slice(&list.stdout).expect("the list is JSON");
    assert_eq!(text.lines().count(), list.len() + 1, "a line for each and the sum");
    assert!(list.iter().all(|rule| rule["rotation"]["steps"].as_array().is_some_and(|steps| steps.len() >= 3)));
    assert!(text.lines().all(|line| line.chars().count() < 200));
}

#[test]
fn the_examples_of_the_embedded_rules_can_be_run() {
    let output: Output = Sandbox::new().run(["rules", "test"]).assert_code(0);
    assert!(output.out().contains(" examples, 0 failed"), "{}", output.out());
}

#[test]
fn quiet_says_nothing_beside_a_report_in_a_file() {
    let sandbox = acme_sandbox();
    let loud = sandbox.run(["scan", "-o", "report.json", "src"]).assert_code(1);
    assert!(loud.out().is_empty() && loud.err().contains("Scanned "), "{}", loud.err());
    let quiet = sandbox.run(["scan", "-o", "report.json", "-q", "src"]).assert_code(1);
    assert_eq!((quiet.out().as_str(), quiet.err().as_str()), ("", ""));
}
