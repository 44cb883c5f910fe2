//! What the user names beside the project: logs, what was exported of chats and documents, mails as they were received.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::Sandbox;
use crate::support::gitcli::Git;
use crate::support::secrets::github;

/// A log, and what of it nobody may be shown.
const LOG: &str = "\
2026-11-20T12:00:00Z login ok user=ada.lovelace@acme-corp.io ip=203.0.113.9
2026-11-20T12:00:01Z payment card=4012888888881881 amount=12
2026-11-20T12:00:08Z login ok user=ada.lovelace@acme-corp.io ip=203.0.113.9
";
const PERSONAL: [&str; 2] = ["ada.lovelace@acme-corp.io", "4012888888881881"];
const SESSION: &str = "2026-11-20T12:00:05Z GET /x Cookie: a=b; JSESSIONID=1A530637289A03B07199A44E8D531427\n";

fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    Git::init(&sandbox, ".", &[]).commit(&[("a.py", "x = 1\n")], "start");
    sandbox
}

/// A file that is not in the project, and its path.
fn elsewhere(sandbox: &Sandbox, path: &str, content: impl AsRef<[u8]>) -> String {
    let file = sandbox.home().join("given").join(path);
    std::fs::create_dir_all(file.parent().expect("it is in a folder")).expect("a folder can be made");
    std::fs::write(&file, content).expect("a file can be written");
    file.to_string_lossy().into_owned()
}

fn report(sandbox: &Sandbox, more: &[&str]) -> Value {
    let output = sandbox.run([&["launch", "report", "--for", "json"], more].concat());
    assert_ne!(output.code, 2, "{}", output.err());
    serde_json::from_slice(&output.stdout).expect("a report is JSON")
}

fn row<'r>(report: &'r Value, id: &str) -> &'r Value {
    report["rows"].as_array().expect("rows").iter().find(|row| row["id"] == id).expect("it is a row")
}

/// The verdict, and what decides it: the reason and the places.
fn told(report: &Value, id: &str) -> (String, String, Vec<String>) {
    let row = row(report, id);
    let verdict = row["verdict"].as_str().expect("a text").to_owned();
    let all = row["evidence"].as_array().expect("a list");
    let heard = all.iter().find(|one| one["verdict"] == row["verdict"]).expect("something decides it");
    let places = heard["places"].as_array().expect("a list").iter();
    let places = places.map(|place| format!("{}:{}", place["path"].as_str().expect("a path"), place["line"])).collect();
    (verdict, heard["reason"].as_str().expect("a text").to_owned(), places)
}

#[test]
fn logs_are_searched_for_personal_data_and_none_of_it_is_shown() {
    let sandbox = project();
    let (verdict, reason, _) = told(&report(&sandbox, &[]), "LOG-02");
    assert_eq!((verdict.as_str(), reason.as_str()), ("open", "no log file is in the tree, and none was given"));
    assert_eq!(row(&report(&sandbox, &[]), "LOG-02")["command"], "cleansweep launch check --logs PATH");
    sandbox.file("storage/app.log", LOG).file("tests/data/sample.log", LOG).file("node_modules/x/y.log", LOG);
    let (verdict, reason, places) = told(&report(&sandbox, &[]), "LOG-02");
    assert_eq!(verdict, "review");
    assert_eq!(
        reason,
        "1 log file with E-mail address (1 value, 2 times), Payment card number (1 value, once): does each log need it?"
    );
    assert_eq!(places, ["storage/app.log:1", "storage/app.log:2"]);
    let given = elsewhere(&sandbox, "logs/app.log", format!("{LOG}{SESSION}"));
    let json = report(&sandbox, &["--logs", &given]);
    assert!(told(&json, "LOG-02").1.starts_with("2 log files with E-mail address (2 values, 4 times)"), "{json}");
    let (verdict, reason, places) = told(&json, "LOG-01");
    assert_eq!((verdict.as_str(), places), ("fail", vec![format!("{given}:4")]), "{reason}");
    assert_eq!(told(&json, "SEC-04").0, "pass", "it is no credential that could be rotated");
    // A log of the tree that is given too is counted once.
    let (_, reason, _) = told(&report(&sandbox, &["--logs", "storage"]), "LOG-02");
    assert!(reason.starts_with("1 log file with"), "{reason}");
    for args in [
        &["launch", "check"][..],
        &["launch", "check", "--pii"],
        &["launch", "plan"],
        &["launch", "report", "--for", "founder"],
        &["launch", "report", "--for", "auditor"],
        &["launch", "report", "--for", "github", "--sarif-profile", "full"],
        &["launch", "report", "--for", "json"],
    ] {
        let output = sandbox.run([args, &["--logs", &given]].concat());
        let shown = output.out() + &output.err();
        assert!(shown.len() > 100 && PERSONAL.iter().all(|value| !shown.contains(value)), "{args:?}: {shown}");
    }
    let both = sandbox.run(["scan", "--checklist"]).out();
    assert!(both.contains("1 log file with E-mail address"), "{both}");
}

#[test]
fn logs_without_personal_data_are_for_review_and_those_that_were_not_read_are_open() {
    let sandbox = project();
    sandbox.file("app.log", "2026-11-20T12:00:00Z GET / 200\n");
    let (verdict, reason, _) = told(&report(&sandbox, &[]), "LOG-02");
    assert_eq!(verdict, "review", "{reason}");
    assert!(reason.contains("names and postal addresses have no form"), "{reason}");
    sandbox.file("old.log.gz", b"\x1f\x8b\x08\x00broken".as_slice());
    let (verdict, reason, _) = told(&report(&sandbox, &[]), "LOG-02");
    assert_eq!(verdict, "open", "{reason}");
    // Whoever writes a line of a log decides nothing.
    let given = elsewhere(&sandbox, "b.log", format!("token={} # cleansweep:allow\n", github(5)));
    assert_ne!(told(&report(&sandbox, &["--logs", &given]), "SEC-04").0, "pass");
}

#[test]
fn what_was_exported_is_searched_for_keys() {
    let sandbox = project();
    let slack = elsewhere(&sandbox, "slack/general/2026-11-20.json", "[{\"user\": \"U1\", \"text\": \"hello\"}]");
    let folder = sandbox.home().join("given/slack").to_string_lossy().into_owned();
    let args = ["--exports", folder.as_str()];
    let (verdict, reason, _) = told(&report(&sandbox, &args), "SEC-06");
    assert_eq!((verdict.as_str(), reason.starts_with("1 file without a secret")), ("review", true), "{reason}");
    let _ = elsewhere(&sandbox, "slack/general/screenshot.png", b"\x89PNG\r\n\x1a\n".as_slice());
    let (verdict, reason, _) = told(&report(&sandbox, &args), "SEC-06");
    assert_eq!(verdict, "open", "{reason}");
    assert!(reason.contains("not read: look at what they show"), "{reason}");
    // In a chat, in an attachment of a mailbox, in a page.
    let token = github(6);
    std::fs::write(&slack, format!("[{{\"text\": \"use {token} for now\"}}]")).expect("a file can be written");
    let attached = STANDARD.encode(format!("token = \"{}\"\n", github(7)));
    let mailbox = format!(
        "From ada@acme.example Fri Nov 20 10:00:00 2026\nFrom: ada@acme.example\nSubject: keys\nMIME-Version: 1.0\n\
         Content-Type: application/octet-stream; name=\"a.txt\"\nContent-Transfer-Encoding: base64\n\n{attached}\n\n"
    );
    let _ = elsewhere(&sandbox, "slack/all.mbox", mailbox);
    let json = report(&sandbox, &args);
    let (verdict, reason, places) = told(&json, "SEC-06");
    assert_eq!((verdict.as_str(), reason.as_str()), ("fail", "2 secrets in what was exported"));
    assert!(places.contains(&format!("{slack}:1")), "{places:?}");
    assert!(places.contains(&format!("{folder}/all.mbox:8")), "in what is encoded: {places:?}");
    assert_eq!(told(&json, "SEC-07").0, "fail", "what was shared is exposed");
    assert_eq!(told(&json, "SEC-01").0, "pass", "it is not in the tree");
    assert!(!json.to_string().contains(&token) && !json.to_string().contains(&github(7)));
    let sarif: Value =
        serde_json::from_slice(&sandbox.run([&["launch", "report", "--for", "github"], &args[..]].concat()).stdout)
            .expect("SARIF is JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let own = results.iter().find(|result| result["ruleId"] == "SEC-06").expect("it fails");
    let place = own["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("a place");
    assert_eq!(place, "a.py", "a file that is in the project, and nothing of this machine");
    assert!(own["locations"].as_array().map(Vec::len) == Some(1) && own["relatedLocations"].is_null(), "{own}");
    // What is rotated is a credential no more.
    for finding in sandbox.scan(&[&folder]).json["findings"].as_array().expect("a list") {
        let id = finding["credential_id"].as_str().expect("a name");
        let done = ["rotate", "done", id, &folder, "--ledger", "rotations.toml", "--by", "Ada", "--evidence", "401"];
        let _ = sandbox.run(done).assert_code(0);
    }
    let json = report(&sandbox, &args);
    assert_eq!(
        (told(&json, "SEC-06").0.as_str(), told(&json, "SEC-07").0.as_str()),
        ("open", "pass"),
        "the picture is left"
    );
    let _ = sandbox.run(["launch", "check", "--exports", "nowhere"]).assert_code(2);
}

/// A mail of today as its receiver has saved it.
fn mail(day: &str) -> String {
    let body = "Hello,\r\n\r\nyou are invited.\r\n";
    let day: jiff::civil::Date = day.parse().expect("it is a day");
    let hash = STANDARD.encode(Sha256::digest(body.as_bytes()));
    format!(
        "Received: by mx.receiver.example; x\r\nAuthentication-Results: mx.receiver.example; dkim=pass header.d=shop.example;\r\n \
         dmarc=pass header.from=shop.example\r\nDKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=shop.example; s=s1;\r\n \
         h=from:to; bh={hash}; b=AAAA\r\nFrom: Shop <hello@shop.example>\r\nTo: ada@receiver.example\r\nDate: {}\r\n\r\n{body}",
        day.strftime("%a, %d %b %Y 10:00:00 +0000")
    )
}

#[test]
fn a_mail_is_judged_by_who_signed_it_and_who_says_so() {
    let sandbox = project();
    let json = report(&sandbox, &[]);
    assert_eq!(told(&json, "MAIL-05").0, "open");
    assert_eq!(row(&json, "MAIL-05")["command"], "cleansweep launch check --eml FILE");
    let today = json["date"].as_str().expect("a day").to_owned();
    sandbox.file("mails/invite.eml", mail(&today));
    let (verdict, reason, places) = told(&report(&sandbox, &["--eml", "mails/invite.eml"]), "MAIL-05");
    assert_eq!(verdict, "review", "{reason}");
    assert!(
        reason.starts_with("mx.receiver.example says") && reason.contains("the key in DNS was not asked"),
        "{reason}"
    );
    assert_eq!(places, ["mails/invite.eml:4"]);
    // The worst of several counts.
    sandbox.file("mails/reset.eml", mail(&today).replace("d=shop.example; s=", "d=sender.example; s="));
    let both = ["--eml", "mails/invite.eml", "--eml", "mails/reset.eml"];
    let (verdict, reason, places) = told(&report(&sandbox, &both), "MAIL-05");
    assert_eq!((verdict.as_str(), places), ("fail", vec!["mails/reset.eml:4".to_owned()]), "{reason}");
    let text = sandbox.run([&["launch", "check"], &both[..]].concat()).assert_code(1).out();
    assert!(text.contains("FAIL     MAIL-05") && text.contains("mails/reset.eml:4"), "{text}");
    // A word judges what was seen, and lifts no fail.
    sandbox.file("evidence/mail.txt", "Received in the inbox.\n");
    let said = [
        "--owner", "Ada Lovelace", "--role", "CTO", "--statement", "I received it.", "--evidence", "evidence/mail.txt",
    ];
    let _ = sandbox.run([&["launch", "attest", "MAIL-05"], &said[..]].concat()).assert_code(0);
    assert_eq!(row(&report(&sandbox, &both[..2]), "MAIL-05")["attested"], true);
    assert_eq!(told(&report(&sandbox, &both), "MAIL-05").0, "fail");
}

#[test]
fn mails_that_are_none_are_refused_or_open() {
    let sandbox = project();
    sandbox.file("mails/a.eml", "hello\n").folder("mails/b");
    assert_eq!(told(&report(&sandbox, &["--eml", "mails/a.eml"]), "MAIL-05").0, "open");
    for (path, why) in [("mails/b", "this is a folder"), ("mails/c.eml", "it was gone")] {
        let output = sandbox.run(["launch", "check", "--eml", path]).assert_code(2);
        assert!(output.err().contains(path) && output.err().contains(why), "{}", output.err());
    }
    let large = sandbox.home().join("large.eml");
    let file = std::fs::File::create(&large).expect("a file can be made");
    file.set_len(65 << 20).expect("it can be long");
    let output = sandbox.run(["launch", "check", "--eml", &large.to_string_lossy()]).assert_code(2);
    assert!(output.err().contains("larger than 64 MiB"), "{}", output.err());
}
