//! The launch checklist through the program: the rows that a project decides, the word of persons, the papers, and what happens
//! with odd input.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::gitcli::Git;
use crate::support::secrets::github;
use crate::support::{Output, Sandbox};

/// An application without a flaw that the files show, committed.
fn clean(sandbox: &Sandbox) -> Git<'_> {
    let git = Git::init(sandbox, ".", &[]);
    git.commit(
        &[
            ("package.json", "{\n  \"dependencies\": { \"express\": \"^4.18.2\" }\n}\n"),
            ("src/app.js", "const app = require('express')();\napp.get('/health', (req, res) => res.send('ok'));\n"),
            (".env.example", "DATABASE_URL=\nSESSION_SECRET=\n"),
            (".gitignore", "node_modules\n.env\n"),
        ],
        "start",
    );
    git
}

/// The same with a token in a file, one in the past, and an environment file that is committed.
fn leaky(sandbox: &Sandbox) -> Git<'_> {
    let git = clean(sandbox);
    git.commit(&[("old.js", &format!("const t = \"{}\";\n", github(1)))], "old");
    git.remove(&["old.js"]);
    git.commit(&[("src/mail.js", &format!("const t = \"{}\";\n", github(2)))], "mail");
    git.write(".env", "MODE=production\n");
    git.run(&["add", "-f", ".env"]);
    git.run(&["commit", "-q", "-m", "env"]);
    git
}

fn report(sandbox: &Sandbox, more: &[&str]) -> Value {
    let output = sandbox.run([&["launch", "report", "--for", "json"], more].concat());
    assert_ne!(output.code, 2, "{}", output.err());
    serde_json::from_slice(&output.stdout).expect("a report is JSON")
}

fn verdicts(report: &Value) -> BTreeMap<String, String> {
    let rows = report["rows"].as_array().expect("a report has rows");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rows.iter().map(|row| (text(&row["id"]), text(&row["verdict"]))).collect()
}

fn standing(report: &Value, id: &str) -> String {
    let rows = report["rows"].as_array().expect("a report has rows");
    let row = rows.iter().find(|row| row["id"] == id).expect("it is a row");
    row["standing"].as_str().expect("a text").to_owned()
}

fn attest(sandbox: &Sandbox, id: &str, more: &[&str]) -> Output {
    let said =
        ["launch", "attest", id, "--owner", "Ada Lovelace", "--role", "CTO", "--statement", "I have looked at it."];
    sandbox.run([&said, more].concat())
}

const PAGE: [&str; 2] = ["--evidence", "https://example.com/evidence"];

#[test]
fn what_the_files_show_is_decided_and_the_rest_is_open() {
    let sandbox = Sandbox::new();
    clean(&sandbox);
    let output = sandbox.run(["launch", "check"]).assert_code(3);
    let found = verdicts(&report(&sandbox, &[]));
    assert_eq!(found.len(), 102);
    for (id, expected) in [
        ("SEC-01", "pass"),
        ("SEC-02", "pass"),
        ("SEC-03", "open"),
        ("SEC-04", "open"),
        ("SEC-05", "pass"),
        ("SEC-07", "pass"),
        ("AUTHZ-02", "open"),
        ("AUTHZ-08", "open"),
        ("MFA-01", "open"),
    ] {
        assert_eq!(found[id], expected, "{id}");
    }
    let text = output.out();
    assert!(text.contains("NOT READY") && text.contains("OPEN     MFA-01"), "{text}");
    assert_eq!(text.matches("  OPEN ").count(), found.values().filter(|verdict| *verdict == "open").count(), "{text}");
}

#[test]
fn secrets_fail_their_rows_with_their_places_until_they_are_rotated() {
    let sandbox = Sandbox::new();
    let git = leaky(&sandbox);
    let output = sandbox.run(["launch", "check"]).assert_code(1);
    let text = output.out();
    for part in [
        "FAIL     SEC-01", "FAIL     SEC-02", "FAIL     SEC-05", "FAIL     SEC-07", "src/mail.js:1", "old.js:1",
        "             .env\n",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    assert!(text.contains("NOT READY: not ready for external users"), "{text}");
    let json = report(&sandbox, &[]);
    let credentials = json["rotation"]["credentials"].as_array().expect("a list");
    assert_eq!(credentials.len(), 2);
    for credential in credentials {
        let id = credential["credential_id"].as_str().expect("a name");
        let _ = sandbox.run(["rotate", "done", id, "--by", "Ada", "--evidence", "401"]).assert_code(0);
    }
    git.run(&["rm", "-q", "--cached", ".env"]);
    let found = verdicts(&report(&sandbox, &[]));
    for id in ["SEC-01", "SEC-02", "SEC-05", "SEC-07"] {
        assert_eq!(found[id], "pass", "{id}");
    }
    let page = sandbox.run(["launch", "report", "--for", "auditor"]).assert_code(3).out();
    assert!(page.contains("<td>github-pat-classic</td><td>Ada</td>"), "the ledger is in the papers");
}

#[test]
fn what_was_not_scanned_passes_nothing() {
    let sandbox = Sandbox::new();
    clean(&sandbox);
    let found = verdicts(&report(&sandbox, &["--no-history"]));
    assert_eq!((found["SEC-02"].as_str(), found["SEC-07"].as_str()), ("open", "open"));
    let found = verdicts(&report(&sandbox, &["--exclude", "src"]));
    assert_eq!(found["SEC-01"], "review", "somebody has to say that it holds nothing");
    let plain = Sandbox::with("a.py", "x = 1\n");
    let found = verdicts(&report(&plain, &[]));
    assert_eq!(
        (found["SEC-01"].as_str(), found["SEC-02"].as_str(), found["SEC-05"].as_str()),
        ("pass", "open", "open")
    );
}

#[test]
fn logs_are_looked_at_if_they_are_given() {
    let sandbox = Sandbox::new();
    clean(&sandbox);
    let elsewhere = sandbox.home().join("logs");
    std::fs::create_dir_all(&elsewhere).expect("a folder can be made");
    let logs = elsewhere.to_string_lossy().into_owned();
    std::fs::write(elsewhere.join("app.log"), "GET / 200\n").expect("a file can be written");
    assert_eq!(verdicts(&report(&sandbox, &["--logs", &logs]))["SEC-04"], "pass");
    std::fs::write(elsewhere.join("app.log.1"), format!("token={}\n", github(3))).expect("a file can be written");
    let json = report(&sandbox, &["--logs", &logs]);
    let found = verdicts(&json);
    assert_eq!(
        (found["SEC-04"].as_str(), found["SEC-07"].as_str(), found["SEC-01"].as_str()),
        ("fail", "fail", "pass")
    );
    assert!(!json.to_string().contains(&github(3)));
    let _ = sandbox.run(["launch", "check", "--logs", "nowhere.log"]).assert_code(2);
}

#[test]
fn a_word_counts_only_if_it_is_in_order() {
    let sandbox = Sandbox::new();
    clean(&sandbox);
    let _ = attest(&sandbox, "mfa-01", &PAGE).assert_code(0);
    let json = report(&sandbox, &[]);
    assert!(standing(&json, "MFA-01").starts_with("pass, attested by Ada Lovelace until "), "{json}");
    assert_eq!(json["counts"]["attested"], 1);
    let before = sandbox.read("launch.attest.toml");
    for (id, more, told) in [
        ("SEC-02", &PAGE[..], "`SEC-02` is not attestable"),
        ("AUTHZ-02", &PAGE, "is seen only by asking the running product"),
        ("MFA-02", &["--evidence", "nowhere.pdf"], "no such file"),
        ("MFA-02", &[], "no evidence"),
        ("MFA-02", &["--evidence", "http://example.com/x"], "an address is written like"),
        ("MFA-02", &["--evidence", "https://example.com/x", "--owner", "TBD"], "cannot be used multiple times"),
        ("MFA-02", &["--evidence", "https://example.com/x", "--expires", "2099-01-01"], "holds for 180 days at most"),
        ("MFA-02", &["--evidence", "https://example.com/x", "--expires", "soon"], "a day is written"),
        ("MFA-02", &["--evidence", "https://example.com/x", "--says", "not-applicable"], "applies to every product"),
        ("MFA-99", &PAGE, "no such row; did you mean MFA-0"),
    ] {
        let output = attest(&sandbox, id, more).assert_code(2);
        assert!(output.err().contains(told), "{id} {more:?}: {}", output.err());
        assert_eq!(sandbox.read("launch.attest.toml"), before, "{id} {more:?}: nothing is written");
    }
    let page = attest(&sandbox, "AUTHN-02", &PAGE).assert_code(0).out();
    assert!(page.contains("While the row is open it lifts nothing"), "{page}");
    assert_eq!(standing(&report(&sandbox, &[]), "AUTHN-02"), "open");
    let unsaid = sandbox.run(["launch", "attest", "MFA-02", "--owner", "Ada", "--role", "CTO"]).assert_code(2);
    assert!(unsaid.err().contains("--statement is missing. MFA-02 asks:"), "{}", unsaid.err());
}

#[test]
fn evidence_that_changes_counts_no_more_and_can_be_renewed() {
    let sandbox = Sandbox::new();
    clean(&sandbox);
    sandbox.file("evidence/mfa.txt", "all four\n");
    let file = ["--evidence", "evidence/mfa.txt"];
    let _ = attest(&sandbox, "MFA-01", &file).assert_code(0);
    let _ = attest(&sandbox, "MFA-02", &PAGE).assert_code(0);
    assert_eq!(verdicts(&report(&sandbox, &[]))["MFA-01"], "pass");
    sandbox.file("evidence/mfa.txt", "all three\n");
    let json = report(&sandbox, &[]);
    assert_eq!(standing(&json, "MFA-01"), "open");
    assert!(json["rejected"][0]["why"][0].as_str().is_some_and(|why| why.contains("the file has changed")), "{json}");
    let text = sandbox.run(["launch", "check"]).assert_code(3).out();
    assert!(text.contains("Counts for nothing: launch.attest.toml:"), "{text}");
    let _ = attest(&sandbox, "MFA-01", &file).assert_code(0);
    let written = String::from_utf8(sandbox.read("launch.attest.toml")).expect("a text");
    assert_eq!(written.matches("[[attest]]").count(), 2, "it was replaced: {written}");
    let found = verdicts(&report(&sandbox, &[]));
    assert_eq!((found["MFA-01"].as_str(), found["MFA-02"].as_str()), ("pass", "pass"));
    let outside = sandbox.home().join("x.txt");
    std::fs::write(&outside, "x").expect("a file can be written");
    let output = attest(&sandbox, "MFA-03", &["--evidence", &outside.to_string_lossy()]).assert_code(2);
    assert!(output.err().contains("out of the project"), "{}", output.err());
}

#[test]
fn an_accepted_risk_passes_nothing_and_names_an_owner() {
    let sandbox = Sandbox::new();
    leaky(&sandbox);
    let _ = attest(&sandbox, "SEC-05", &["--says", "risk-accepted"]).assert_code(0);
    let json = report(&sandbox, &[]);
    assert!(standing(&json, "SEC-05").starts_with("fail, risk accepted until "), "{json}");
    assert_eq!(json["readiness"], "not ready for external users");
    let left = json["handover"]["own_next"].as_array().expect("a list");
    let owner = |id: &str| left.iter().find(|l| l["id"] == id).map(|l| l["owner"].clone());
    assert_eq!(owner("SEC-05"), Some(Value::from("Ada Lovelace")));
    assert_eq!(owner("SEC-01"), Some(Value::Null));
    let _ = sandbox.run(["launch", "check"]).assert_code(1);
}

#[test]
fn init_writes_both_files_once() {
    let sandbox = Sandbox::new();
    clean(&sandbox);
    sandbox
        .file("api/requirements.txt", "Django==4.2.1\n")
        .file("node_modules/x/package.json", "{\"fastify\": \"1.0\"}");
    let told = sandbox.run(["launch", "init"]).assert_code(0).out();
    assert!(told.contains("Express 4.18.2 (package.json:2), Django 4.2.1 (api/requirements.txt:1)"), "{told}");
    let written = String::from_utf8(sandbox.read("launch.toml")).expect("a text");
    assert!(written.contains("# Recognised: Express 4.18.2") && !written.contains("Fastify"), "{written}");
    let words = String::from_utf8(sandbox.read("launch.attest.toml")).expect("a text");
    assert!(words.contains("# MFA-01 (180 days)"), "{words}");
    let _ = sandbox.run(["launch", "check"]).assert_code(3);
    sandbox.file("launch.toml", "# mine\n");
    let output = sandbox.run(["launch", "init"]).assert_code(2);
    assert!(output.err().contains("launch.toml: it is there already"), "{}", output.err());
    assert_eq!(sandbox.read("launch.toml"), b"# mine\n");
    let _ = sandbox.run(["launch", "init", "--force"]).assert_code(0);
    assert_eq!(String::from_utf8(sandbox.read("launch.toml")).expect("a text"), written);
}

#[test]
fn the_plan_has_every_row_that_is_left_with_the_lines_of_the_stack() {
    let sandbox = Sandbox::new();
    leaky(&sandbox);
    let text = sandbox.run(["launch", "plan"]).assert_code(1).out();
    let json = report(&sandbox, &[]);
    for (id, verdict) in verdicts(&json) {
        let listed = text.matches(&format!(" {id} ")).count();
        assert_eq!(listed > 0, !matches!(verdict.as_str(), "pass" | "notApplicable"), "{id} {verdict}");
    }
    for part in ["Hours 0–8: see what is there", "Hours 36–48: hand over", "express: ", "at src/mail.js:1"] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    assert!(!text.contains("django: "), "another stack");
    let list = sandbox.run(["launch", "plan", "--format", "markdown"]).assert_code(1).out();
    assert!(list.starts_with("# Launch plan\n") && list.contains("- [ ] **FAIL SEC-01**"), "{list}");
    let plan: Value =
        serde_json::from_slice(&sandbox.run(["launch", "plan", "-f", "json"]).stdout).expect("it is JSON");
    assert_eq!(plan["blocks"].as_array().map(Vec::len), Some(4));
    for text in [text, list, plan.to_string()] {
        assert!(!text.contains(&github(1)) && !text.contains(&github(2)));
    }
}

#[test]
fn papers_are_the_same_each_time_and_hold_no_secret() {
    let sandbox = Sandbox::new();
    leaky(&sandbox);
    let _ = attest(&sandbox, "MFA-01", &PAGE).assert_code(0);
    for (whom, more, begins) in [
        ("founder", &[][..], "<!DOCTYPE html>"),
        ("auditor", &[], "<!DOCTYPE html>"),
        ("founder", &["--format", "markdown"], "# Can you launch?"),
        ("auditor", &["--format", "markdown"], "# Launch audit"),
        ("github", &[], "{"),
        ("github", &["--sarif-profile", "full"], "{"),
        ("json", &[], "{"),
    ] {
        let run = || sandbox.run([&["launch", "report", "--for", whom], more].concat()).assert_code(1).out();
        let (one, other) = (run(), run());
        assert!(one.starts_with(begins), "{whom} {more:?}");
        assert_eq!(one, other, "{whom} {more:?}");
        assert!(!one.contains(&github(1)) && !one.contains(&github(2)), "{whom} {more:?}");
    }
    let _ = sandbox.run(["launch", "report", "--for", "founder", "-o", "page.md"]).assert_code(1);
    assert!(sandbox.read("page.md").starts_with(b"# Can you launch?"));
    let output = sandbox.run(["launch", "report", "--for", "json", "--format", "html"]).assert_code(2);
    assert!(output.err().contains("--format is for pages"), "{}", output.err());
}

#[test]
fn json_is_as_its_schema_says() {
    let sandbox = Sandbox::new();
    leaky(&sandbox);
    let _ = attest(&sandbox, "MFA-01", &PAGE).assert_code(0);
    sandbox.file("old.json", report(&sandbox, &[]).to_string());
    for (schema, args) in [
        ("launch", &["launch", "report", "--for", "json"][..]),
        ("launch-plan", &["launch", "plan", "--format", "json"]),
        ("launch-diff", &["launch", "diff", "old.json", "old.json", "--format", "json"]),
    ] {
        let schema = sandbox.run(["schema", schema]).assert_code(0);
        let schema: Value = serde_json::from_slice(&schema.stdout).expect("a schema is JSON");
        let value: Value = serde_json::from_slice(&sandbox.run(args).stdout).expect("it is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let wrong: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(wrong, [""; 0], "{args:?}");
    }
}

#[test]
fn what_got_better_and_worse_is_told() {
    let sandbox = Sandbox::new();
    let git = clean(&sandbox);
    let _ = sandbox.run(["launch", "report", "--for", "json", "-o", "../old.json"]).assert_code(3);
    git.commit(&[("src/mail.js", &format!("const t = \"{}\";\n", github(2)))], "mail");
    let _ = attest(&sandbox, "MFA-01", &PAGE).assert_code(0);
    let _ = sandbox.run(["launch", "report", "--for", "json", "-o", "../new.json"]).assert_code(1);
    let text = sandbox.run(["launch", "diff", "../old.json", "../new.json"]).assert_code(1).out();
    let (worse, better) = text.split_once("Better").expect("both are there");
    assert!(worse.contains("SEC-01") && worse.contains("pass, now fail"), "{text}");
    assert!(better.contains("MFA-01") && better.contains("New exposed credentials"), "{text}");
    let _ = sandbox.run(["launch", "diff", "../new.json", "../old.json"]).assert_code(1);
    let _ = sandbox.run(["launch", "diff", "../new.json", "../new.json"]).assert_code(0);
    for bad in ["package.json", "nowhere.json"] {
        let output = sandbox.run(["launch", "diff", bad, "../new.json"]).assert_code(2);
        assert!(output.err().contains(bad), "{}", output.err());
    }
}

#[test]
fn a_scan_checks_both_in_one_walk() {
    let sandbox = Sandbox::new();
    leaky(&sandbox);
    let text = sandbox.run(["scan", "--checklist"]).assert_code(1).out();
    assert!(text.contains("FAIL     SEC-01") && text.contains("GitHub personal access token"), "{text}");
    let of = |output: &Output| -> Value { serde_json::from_slice(&output.stdout).expect("SARIF is JSON") };
    let both = sandbox.run(["scan", "--checklist", "-f", "sarif", "--sarif-profile", "full"]).assert_code(1);
    let ids = |sarif: &Value| -> Vec<String> {
        let runs = sarif["runs"].as_array().expect("a list");
        runs.iter().map(|run| run["automationDetails"]["id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(ids(&of(&both)), ["secrets/", "launch-checklist/"]);
    assert_eq!(of(&both)["runs"][1]["results"].as_array().map(Vec::len), Some(102));
    let _ = sandbox.run(["scan", "--checklist", "-o", "../out.sarif"]).assert_code(1);
    for (file, id) in [("../out.sarif", "secrets/"), ("../out.launch.sarif", "launch-checklist/")] {
        let sarif: Value = serde_json::from_slice(&sandbox.read(file)).expect("SARIF is JSON");
        assert_eq!(ids(&sarif), [id]);
    }
    for (args, told) in [
        (&["--checklist", "-f", "sarif"][..], "two SARIF files"),
        (&["--checklist", "-f", "json"], "text and sarif"),
        (&["--checklist", "-"], "not about standard input"),
        (&["--checklist", "--staged"], "cannot be used with"),
    ] {
        let output = sandbox.run([&["scan"], args].concat()).assert_code(2);
        assert!(output.err().contains(told), "{args:?}: {}", output.err());
    }
    let quiet = Sandbox::new();
    clean(&quiet);
    let _ = quiet.run(["scan"]).assert_code(0);
    let _ = quiet.run(["scan", "--checklist"]).assert_code(3);
}

#[test]
fn files_that_are_wrong_are_told_with_place_and_key_and_without_values() {
    let sandbox = Sandbox::new();
    clean(&sandbox);
    let value = github(4);
    for (name, text, told) in [
        (
            "launch.toml",
            format!("[[account]]\nname = \"a\"\nrole = \"m\"\ntoken_env = \"{value}\"\n"),
            "launch.toml:4: `account.token_env`",
        ),
        ("launch.toml", format!("[load]\nrps = \"{value}\"\n"), "launch.toml:"),
        ("launch.toml", "nonsense".into(), "launch.toml:1"),
        ("launch.attest.toml", format!("[[attest]]\n{value} = 1\n"), "launch.attest.toml:2: unknown key"),
        ("launch.attest.toml", "\u{0}".into(), "launch.attest.toml"),
    ] {
        sandbox.file(name, &text);
        for args in [&["launch", "check"][..], &["launch", "plan"], &["scan", "--checklist"]] {
            let output = sandbox.run(args).assert_code(2);
            assert!(output.err().contains(told) && !output.err().contains(&value), "{}", output.err());
        }
        std::fs::remove_file(sandbox.path(name)).expect("it can be removed");
    }
}

#[test]
fn odd_projects_are_open_and_nothing_breaks() {
    let nothing = Sandbox::with("notes.txt", "x\n");
    let json = report(&nothing, &[]);
    assert_eq!(json["stack"].as_array().map(Vec::len), Some(0));
    let many = Sandbox::new();
    many.file(
        "a/package.json",
        "{\"dependencies\": {\"express\": \"4.0.0\",\n\"fastify\": \"4.0.0\", \"next\": \"14.0.0\"}}",
    )
    .file("b/requirements.txt", "flask==2.0\nfastapi==0.110\ndjango==4.2\n")
    .file("c/Gemfile", "gem 'rails'\n")
    .file("d/go.mod", "require github.com/gin-gonic/gin v1.9.1\n")
    .file("broken.py", "def (((\n")
    .file("broken.js", "\u{fffd}{{{{")
    .file("empty.ts", "")
    .file("src/large.py", "x = 1\n".repeat(600_000))
    .file("src/larger.rb", "# x\n".repeat(300_000))
    .file("node_modules/a/index.js", "x");
    let json = report(&many, &[]);
    assert_eq!(json["stack"].as_array().map(Vec::len), Some(8), "{}", json["stack"]);
    let gaps = json["coverage"]["gaps"].to_string();
    assert!(gaps.contains("src/large.py") && gaps.contains("src/larger.rb"), "{gaps}");
    assert!(json["coverage"]["left_out"].to_string().contains("node_modules: 1"), "{}", json["coverage"]);
    for json in [json, report(&nothing, &[])] {
        assert!(
            verdicts(&json).iter().all(|(id, v)| v != "pass" || id.starts_with("SEC") || id == "PLAN-01"),
            "{json}"
        );
    }
    let _ = nothing.run(["launch", "check", "nowhere"]).assert_code(2);
    let _ = nothing.run(["launch", "explain", "SEC-99"]).assert_code(2);
    assert!(nothing.run(["launch", "explain", "sec-07"]).assert_code(0).out().starts_with("SEC-07 "));
}

#[test]
fn what_belongs_to_somebody_else_is_not_obeyed() {
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    let words = "[[attest]]\nid = \"MFA-01\"\nstatement = \"All have it.\"\nowner = \"Ada\"\nrole = \"CTO\"\n\
                 date = 2026-11-01\nexpires = 2026-11-02\nurl = \"https://example.com/x\"\n";
    git.commit(&[("launch.attest.toml", words), ("launch.toml", "nonsense")], "words");
    let output = sandbox.run(["launch", "check", "repo"]).assert_code(3);
    assert!(output.err().contains("launch.attest.toml: it belongs to somebody else"), "{}", output.err());
    let _ = sandbox.run(["launch", "check", "repo", "--trusted"]).assert_code(2);
}

/// A page in a browser at three widths: what it would load, what is wider than it, how its headings follow each other, and how its text
/// stands out.
#[test]
#[ignore = "needs chromium"]
fn pages_in_a_browser() {
    let sandbox = Sandbox::new();
    leaky(&sandbox);
    let _ = attest(&sandbox, "MFA-01", &PAGE).assert_code(0);
    for whom in ["founder", "auditor"] {
        let page = sandbox.run(["launch", "report", "--for", whom]).assert_code(1).out();
        for (width, dark) in [(360, false), (1280, false), (1280, true)] {
            let seen = look(&sandbox, &page, width, dark);
            assert_eq!(seen["overflow"], Value::Array(vec![]), "{whom} at {width}");
            assert_eq!(seen["requests"], 0, "{whom} at {width}");
            assert_eq!(seen["headings"], Value::Array(vec![]), "{whom}: a level is left out, or there is not one h1");
            assert_eq!(seen["contrast"], Value::Array(vec![]), "{whom} at {width}, dark: {dark}");
            assert!(seen["texts"].as_u64() > Some(20), "{whom}: there was something to look at");
        }
    }
}

/// What the script of `fixtures/launch/look.html` says of a page.
fn look(sandbox: &Sandbox, page: &str, width: u32, dark: bool) -> Value {
    let escaped = page.replace('&', "&amp;").replace('"', "&quot;");
    let frame =
        include_str!("../../fixtures/launch/look.html").replace("WIDTH", &width.to_string()).replace("PAGE", &escaped);
    let file = sandbox.home().join("look.html");
    std::fs::write(&file, frame).expect("a file can be written");
    let mut command = Command::new("chromium");
    command.args([
        "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000", "--window-size=1400,1000",
    ]);
    if dark {
        command.args(["--blink-settings=preferredColorScheme=0", "--force-dark-mode"]);
    }
    command.arg(format!("--user-data-dir={}", sandbox.home().join("chromium").display()));
    command.arg("--dump-dom").arg(format!("file://{}", file.display()));
    let output = command.output().expect("chromium is on the machine");
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let seen = dom.split("<pre id=\"seen\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let seen = seen.unwrap_or_else(|| panic!("{dom}\n{}", String::from_utf8_lossy(&output.stderr)));
    let seen: Value = serde_json::from_str(&seen.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        .expect("it is JSON");
    assert_eq!(seen["dark"], dark, "the browser shows the other colours");
    seen
}

/// The file beside the tests is there.
#[test]
fn the_page_that_looks_is_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/launch/look.html");
    let text = std::fs::read_to_string(path).expect("it is there");
    assert!(text.contains("WIDTH") && text.contains("srcdoc=\"PAGE\""));
}
