//! Personal data: found only if asked for, in every report, never shown.

use cleansweep::detect::Detector;
use cleansweep::finding::silencing::Silencing;
use cleansweep::rule::{Catalogue, Confidence, RuleSource};
use cleansweep::scan::{self, Monitor, PersonalData, Plan, Silencers};
use cleansweep::secret::FingerprintKeys;
use cleansweep::source::worktree::WalkOptions;

use crate::support::Sandbox;
use crate::support::secrets::github;

/// A log, with what of it is personal: rule, line, value.
const LOG: &str = "\
2024-05-01T12:00:00Z login ok user=ada.lovelace@acme-corp.io ip=203.0.113.9
2024-05-01T12:00:01Z payment card=4012888888881881 amount=12
2024-05-01T12:00:02Z refund to GB82 WEST 1234 5698 7654 32
2024-05-01T12:00:03Z kyc ssn=536-90-4399 ok
2024-05-01T12:00:04Z sms to phone +44 20 7946 0958
2024-05-01T12:00:05Z GET /x Cookie: a=b; JSESSIONID=1A530637289A03B07199A44E8D531427
2024-05-01T12:00:06Z nhs number 943 476 5919
2024-05-01T12:00:07Z request 550e8400-e29b-41d4-a716-446655440000 took 1714566896789
2024-05-01T12:00:08Z login ok user=ada.lovelace@acme-corp.io ip=203.0.113.9
";

const PERSONAL: [(&str, u64, &str); 7] = [
    ("personal-email", 1, "ada.lovelace@acme-corp.io"),
    ("personal-card-number", 2, "4012888888881881"),
    ("personal-iban", 3, "GB82 WEST 1234 5698 7654 32"),
    ("personal-us-ssn", 4, "536-90-4399"),
    ("personal-phone", 5, "+44 20 7946 0958"),
    ("personal-session-id", 6, "1A530637289A03B07199A44E8D531427"),
    ("personal-gb-nhs", 7, "943 476 5919"),
];

const FORMATS: [&str; 8] = ["text", "json", "jsonl", "sarif", "github", "junit", "csv", "markdown"];

#[test]
fn personal_data_is_found_only_if_asked_for() {
    let sandbox = Sandbox::with("app.log", LOG);
    let _ = sandbox.run(["scan", "--logs", "app.log"]).assert_code(0);
    let report = sandbox.run(["scan", "--logs", "--pii", "--reveal", "-f", "json", "app.log"]).assert_code(1).json();
    let found: Vec<(&str, u64, &str)> = report.findings.iter().map(|f| (&*f.rule, f.line, &*f.secret)).collect();
    assert_eq!(found, PERSONAL);
    for finding in report.json["findings"].as_array().expect("a list") {
        assert_eq!(finding["category"], "personal data");
        assert_eq!(finding["provider"], "personal");
    }
    assert_eq!(report.json["findings"][0]["seen"]["times"], 2);
    assert_eq!(report.json["findings"][0]["seen"]["last"], "2024-05-01T12:00:08Z");
}

#[test]
fn no_report_shows_any_of_it() {
    let sandbox = Sandbox::with("app.log", LOG);
    for format in FORMATS {
        for args in [&["--logs", "app.log"][..], &["app.log"]] {
            let output = sandbox.run(["scan", "--pii", "--format", format].iter().chain(args)).assert_code(1);
            let shown = output.out() + &output.err();
            for (rule, _, value) in PERSONAL {
                assert!(!shown.contains(value), "{rule} as {format}: {shown}");
            }
        }
        let output = sandbox.run_with(&["scan", "--pii", "--format", format, "-"], LOG).assert_code(1);
        let shown = output.out() + &output.err();
        for (rule, _, value) in PERSONAL {
            assert!(!shown.contains(value), "{rule} as {format} of standard input: {shown}");
        }
    }
}

#[test]
fn a_report_tells_secrets_and_personal_data_apart() {
    let text = format!("{LOG}use {}\n", github(1));
    let sandbox = Sandbox::with("app.log", &text);
    let shown = sandbox.run(["scan", "--pii", "--no-history", "app.log"]).assert_code(1).out();
    assert!(shown.contains("1 secret and 7 pieces of personal data in 9 places"), "{shown}");
    assert_eq!(shown.matches("Stop writing it").count(), 1, "{shown}");
    let alone = sandbox.run(["rules", "list", "--pii"]).assert_code(0).out();
    assert!(alone.contains("\npersonal-iban "), "{alone}");
    let rule = sandbox.run(["rules", "show", "--pii", "personal-iban"]).assert_code(0).out();
    assert!(rule.contains("https://www.swift.com/"), "{rule}");
    assert!(!sandbox.run(["rules", "list"]).assert_code(0).out().contains("personal-iban"));
}

#[test]
fn a_vendors_token_in_a_header_is_that() {
    let text = format!("Authorization: Bearer {}\n", github(1));
    let report = Sandbox::with("app.log", text).scan(&["--pii", "app.log"]);
    assert_eq!(report.findings[0].rule, "github-pat-classic");
    assert_eq!(report.findings.len(), 1, "{:?}", report.places());
}

#[test]
fn a_configuration_can_allow_it() {
    let sandbox = Sandbox::with("app.log", "2024-05-01T12:00:00Z user=ada@acme-corp.io\n");
    sandbox.file("cleansweep.toml", "[[allow]]\nreason = \"addresses of staff\"\nrules = [\"personal-email\"]\n");
    let _ = sandbox.run(["scan", "--pii", "."]).assert_code(0);
    let _ = sandbox.run(["scan", "."]).assert_code(0);
    sandbox.file("cleansweep.toml", "[[allow]]\nreason = \"x\"\nrules = [\"personal-emial\"]\n");
    let error = sandbox.run(["scan", "."]).assert_code(2).err();
    assert!(error.contains("personal-email"), "{error}");
}

#[test]
fn personal_data_of_a_history_is_found() {
    let sandbox = Sandbox::new();
    let repository = crate::support::git::Repository::init(&sandbox.path("repo"));
    let first = repository.commit("main", &[], &[("app.log", LOG.as_bytes())], "log");
    repository.commit("main", &[first], &[("README", b"nothing\n")], "remove it");
    let report = sandbox.scan(&["--pii", "--history-only", "repo"]);
    for (rule, line, _) in PERSONAL {
        assert!(report.findings.iter().any(|f| f.rule == rule && f.line == line), "{rule}: {:?}", report.places());
    }
    assert!(sandbox.scan(&["--history-only", "repo"]).findings.is_empty());
}

#[test]
fn the_library_counts_it_by_kind() {
    let rules = Catalogue::load(&[RuleSource::Embedded, RuleSource::Personal]).expect("the rules are sound");
    let plan = Plan {
        roots: Vec::new(),
        stdin: true,
        logs: true,
        walk: WalkOptions::default(),
        history: None,
        min_confidence: Confidence::Medium,
        max_file_size: None,
        keys: FingerprintKeys::with_private([1; 32]),
        archives: None,
        silencing: Silencing::default(),
        silencers: Silencers::default(),
    };
    let outcome =
        scan::run(&Detector::new(rules.into()), &plan, LOG.as_bytes(), &Monitor::default()).expect("it scans");
    let counts = outcome.personal_data();
    assert_eq!(counts.get("personal-email"), Some(&PersonalData { values: 1, times: 2 }));
    assert_eq!(counts.get("personal-card-number"), Some(&PersonalData { values: 1, times: 1 }));
    assert_eq!(counts.len(), PERSONAL.len());
}
