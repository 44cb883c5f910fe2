//! An honest project becomes ready offline: what its files can pass is passed by them, and the rest by the records of persons.

use std::fmt::Write;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::Sandbox;
use crate::support::gitcli::Git;
use crate::support::secrets::github;

const APP: &str = "\
const express = require('express');
const rateLimit = require('express-rate-limit');
const session = require('express-session');
const app = express();
app.use(session({ secret: process.env.SESSION_SECRET, cookie: { httpOnly: true, secure: true, sameSite: 'lax' } }));
const loginLimiter = rateLimit({ windowMs: 60 * 1000, max: 5 });
const readLimiter = rateLimit({ windowMs: 60 * 1000, max: 100 });
app.post('/login', loginLimiter, validate(login), signIn);
app.get('/health', readLimiter, (req, res) => res.send('ok'));
app.use(requireUser);
app.get('/api/invoices', readLimiter, (req, res) => res.json(invoices(req.session.user)));
";

const LAUNCH: &str = "\
[[target]]
name = \"production\"
url = \"https://app.example.com\"
health = [\"/health\"]
[routes]
public = [\"POST /login\", \"GET /health\"]
top = [\"GET /api/invoices\"]
[mail]
domain = \"example.com\"
selectors = [\"s1\"]
[[account]]
name = \"alice\"
role = \"member\"
token_env = \"LAUNCH_ALICE_TOKEN\"
[[account]]
name = \"bob\"
role = \"member\"
token_env = \"LAUNCH_BOB_TOKEN\"
[[resource]]
class = \"invoices\"
route = \"/api/invoices/{id}\"
owner = \"alice\"
id = \"1001\"
canary = \"canary-north-1001\"
other = \"bob\"
other_id = \"2002\"
";

const WORKFLOW: &str = "\
on: [push]
jobs:
  ship:
    steps:
      - uses: gitleaks/gitleaks-action@v2
      - run: fly deploy
      - run: ./scripts/smoke.sh
";

const MONITOR: &str = "\
endpoints:
  - name: app
    url: https://app.example.com/health
    interval: 30s
    conditions: ['[STATUS] == 200']
    alerts:
      - type: slack
        failure-threshold: 2
";

/// The page that a team takes over with, of this day.
fn handover(today: &str) -> String {
    format!(
        "# Handover\nUpdated: {today}\n## DNS targets\napp.example.com points to the edge.\n## Environment variables\n\
         | variable | kept in |\n|-|-|\n| SESSION_SECRET | the host's settings |\n## Health URLs\n/health\n## Backups\nEach night.\n\
         Restored {today} into an empty database.\n## Rollback\n```\nfly releases rollback\n```\nOwner: Ada Lovelace\n\
         # Under stress\n## Traffic spikes\nA queue.\n## Webhook failures\nTried again three times.\n## Scraping\nA limit.\n"
    )
}

fn report(sandbox: &Sandbox) -> Value {
    let logs = sandbox.home().join("logs");
    let logs = logs.to_string_lossy();
    let output = sandbox.run(["launch", "report", "--for", "json", "--logs", &logs]);
    assert_ne!(output.code, 2, "{}", output.err());
    serde_json::from_slice(&output.stdout).expect("a report is JSON")
}

fn project(sandbox: &Sandbox) {
    let git = Git::init(sandbox, ".", &[]);
    let logs = sandbox.home().join("logs");
    std::fs::create_dir_all(&logs).expect("a folder can be made");
    std::fs::write(logs.join("app.log"), "GET / 200\n").expect("a file can be written");
    git.commit(
        &[
            ("package.json", "{\n  \"dependencies\": { \"express\": \"^4.18.2\" }\n}\n"),
            ("src/app.js", APP),
            (".env.example", "SESSION_SECRET=\n"),
            (".gitignore", "node_modules\n.env\n"),
            (".github/workflows/ship.yml", WORKFLOW),
            ("scripts/smoke.sh", "curl -f https://app.example.com/health\n"),
            ("gatus.yaml", MONITOR),
            ("dist/app.js", "console.log('hello');\n"),
            ("launch.toml", LAUNCH),
        ],
        "start",
    );
    let today = report(sandbox)["date"].as_str().expect("a day").to_owned();
    git.commit(&[("docs/HANDOVER.md", &handover(&today))], "hand over");
}

/// The rows that are left.
fn left(report: &Value) -> Vec<(String, String)> {
    let rows = report["rows"].as_array().expect("a report has rows");
    let text = |row: &Value, key: &str| row[key].as_str().expect("a text").to_owned();
    let rows = rows.iter().map(|row| (text(row, "id"), text(row, "verdict")));
    rows.filter(|(_, verdict)| verdict != "pass" && verdict != "notApplicable").collect()
}

/// A word for each row, each with a record of its own.
fn attest(sandbox: &Sandbox, rows: &[(String, String)], date: &str) {
    let mut words = String::new();
    for (id, _) in rows {
        let record = format!("What was tried for {id}, and what it said.\n");
        let hash: String = Sha256::digest(record.as_bytes()).iter().fold(String::new(), |mut hash, byte| {
            write!(hash, "{byte:02x}").expect("a string takes all");
            hash
        });
        sandbox.file(format!("evidence/{id}.txt"), &record);
        write!(
            words,
            "[[attest]]\nid = \"{id}\"\nstatement = \"Tried on the running product, and it held.\"\nowner = \"Ada Lovelace\"\n\
             role = \"CTO\"\ndate = {date}\npath = \"evidence/{id}.txt\"\nsha256 = \"{hash}\"\n\n"
        )
        .expect("a string takes all");
    }
    sandbox.file("launch.attest.toml", words);
}

const DERIVED: [&str; 6] = ["AUTHN-05", "AUTHZ-08", "AUTHZ-11", "HAND-04", "ESC-01", "PLAN-01"];

#[test]
fn a_project_whose_rows_are_passed_or_attested_is_ready() {
    let sandbox = Sandbox::new();
    project(&sandbox);
    let before = report(&sandbox);
    let rows: Vec<(String, String)> =
        left(&before).into_iter().filter(|(id, _)| !DERIVED.contains(&id.as_str())).collect();
    assert!(rows.iter().all(|(_, verdict)| verdict != "fail"), "{rows:?}");
    let handover = &before["handover"];
    let variables = handover["variables"].as_array().expect("a list");
    let secret = variables.iter().find(|variable| variable["name"] == "SESSION_SECRET").expect("it is read");
    assert_eq!(secret["read"][0]["path"], "src/app.js", "{secret}");
    assert!(secret["listed"].to_string().contains(".env.example"), "{secret}");
    assert!(handover["dns"].to_string().contains("s1._domainkey.example.com"), "{}", handover["dns"]);
    assert!(handover["health_routes"].to_string().contains("GET /health (src/app.js:"), "{handover}");
    for part in ["dns", "variables", "health", "backup", "rollback"] {
        let written = handover["written"].as_array().expect("a list");
        assert!(written.iter().any(|one| one["part"] == part && one["filled"] == true), "{part}: {handover}");
    }
    assert!(rows.len() > 50, "the files alone do not make it ready: {}", rows.len());
    attest(&sandbox, &rows, before["date"].as_str().expect("a day"));
    let after = report(&sandbox);
    assert_eq!(after["rejected"].as_array().map(Vec::len), Some(0), "{}", after["rejected"]);
    assert_eq!(left(&after), [], "everything is passed or attested");
    assert_eq!(after["readiness"], "ready");
    assert_eq!(after["counts"]["attested"].as_u64(), Some(rows.len() as u64), "what persons said is not proven");
    let logs = sandbox.home().join("logs");
    let logs = logs.to_string_lossy();
    let text = sandbox.run(["launch", "check", "--logs", &logs]).assert_code(0).out();
    assert!(text.contains("\nREADY\n") && text.contains("ATTESTED TLS-01"), "{text}");
    let page = sandbox.run(["launch", "report", "--for", "founder", "--logs", &logs]).assert_code(0).out();
    assert!(page.contains("<strong>READY</strong>"), "{page}");

    // One record that has changed, one secret, or logs that are not given, and it is not ready any more.
    sandbox.file("evidence/TLS-01.txt", "Something else.\n");
    let changed = report(&sandbox);
    assert_eq!((changed["readiness"].as_str(), &*left(&changed)[0].0), (Some("a prototype with risk"), "TLS-01"));
    attest(&sandbox, &rows, before["date"].as_str().expect("a day"));
    let _ = sandbox.run(["launch", "check"]).assert_code(3);
    sandbox.file("src/mail.js", format!("const t = \"{}\";\n", github(1)));
    assert_eq!(report(&sandbox)["readiness"], "not ready for external users");
}

#[test]
fn a_record_stands_for_a_test_and_never_for_files_that_were_not_read() {
    let sandbox = Sandbox::new();
    project(&sandbox);
    let date = report(&sandbox)["date"].as_str().expect("a day").to_owned();
    let words: Vec<(String, String)> =
        ["SEC-03", "SEC-05", "TLS-01"].iter().map(|id| ((*id).to_owned(), String::new())).collect();
    attest(&sandbox, &words, &date);
    std::fs::remove_dir_all(sandbox.path("dist")).expect("it can be removed");
    let open: Vec<String> = left(&report(&sandbox)).into_iter().map(|(id, _)| id).collect();
    assert!(open.contains(&"SEC-03".to_owned()), "no build was scanned, and a word does not say what is in it");
    assert!(!open.contains(&"SEC-05".to_owned()) && !open.contains(&"TLS-01".to_owned()), "{open:?}");
}
