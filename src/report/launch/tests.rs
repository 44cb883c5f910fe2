//! The launch reports over one assessment, and over what an attacker would write.

use std::collections::BTreeMap;

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use jiff::civil::date;

use super::super::sample::{self, HOSTILE, assert_tight, runbooks, snapshot};
use super::super::sarif::{self, Profile, RunInfo};
use super::build::{Input, build};
use super::model::{Counts, LaunchReport};
use super::{html, markdown, matrix, plan};
use crate::checklist::attest::Against;
use crate::checklist::checks::{Part, Variable, Written};
use crate::checklist::gather::{Collector, Gathered};
use crate::checklist::syntax::Means;
use crate::checklist::{
    Assessment, Attestations, Checklist, Claim, Coverage, Evidence, LaunchFile, Place, Surface, stack,
};
use crate::code::Inventory;
use crate::scan::{ScanOutcome, Tap};

/// The rows that snapshots have; all others are alike.
const SHOWN: &[&str] =
    &["AUTHN-01", "AUTHZ-01", "SEC-01", "SEC-02", "CORS-01", "COOK-02", "MON-01", "DEP-07", "HAND-04", "MFA-01"];

const WORDS: &str = "[[attest]]\nid = \"MFA-01\"\nstatement = \"All four have a key.\"\nowner = \"Ada Lovelace\"\nrole = \"CTO\"\n\
                     date = 2026-06-01\nurl = \"https://example.com/mfa?token=x\"\n\
                     [[attest]]\nid = \"CORS-01\"\nsays = \"risk-accepted\"\nstatement = \"Only the demo.\"\nowner = \"Bob\"\nrole = \"Founder\"\n\
                     date = 2026-11-01\n\
                     [[attest]]\nid = \"DEP-07\"\nstatement = \"Nightly dump, restored in May.\"\nowner = \"Bob\"\nrole = \"Founder\"\n\
                     date = 2026-11-01\nurl = \"https://example.com/backup\"\n\
                     [[attest]]\nid = \"MFA-02\"\nstatement = \"Yes.\"\nowner = \"TBD\"\nrole = \"CTO\"\ndate = 2026-11-01\n\
                     url = \"https://example.com/x\"\n";

const LAUNCH: &str = "[[target]]\nname = \"production\"\nurl = \"https://app.example.com\"\nhosts = [\"www.example.com\"]\n\
                      health = [\"/health\"]\n";

fn gathered() -> Gathered {
    let collector = Collector::default();
    collector.file("package.json", b"{\n  \"dependencies\": {\n    \"express\": \"^4.18.2\"\n  }\n}\n");
    collector.file(".env.example", b"DATABASE_URL=\nSESSION_SECRET=\n");
    collector.file("node_modules/a/index.js", b"x");
    collector.take()
}

fn evidence(claim: Claim, by: Means, path: &str, reason: &str) -> Evidence {
    Evidence {
        by,
        claim,
        looked_at: "the routes".into(),
        coverage: Some(Coverage { seen: 3, all: 4, of: "routes".into() }),
        places: vec![Place { path: path.into(), line: Some(12), blob: Some("b".repeat(40)) }],
        reason: reason.into(),
        would_change: "a guard on that route".into(),
    }
}

/// One variable that is read and listed, one that is only read.
fn variables() -> BTreeMap<String, Variable> {
    let read = |line| vec![("src/app.js".to_owned(), line)];
    let listed = Variable { read: read(3), listed: [".env.example".to_owned()].into() };
    [("DATABASE_URL".to_owned(), listed), ("MAIL_KEY".to_owned(), Variable { read: read(9), ..Variable::default() })]
        .into()
}

/// The report of an outcome in which text from a project is `text`.
fn report(outcome: &ScanOutcome, text: &str) -> LaunchReport {
    let gathered = gathered();
    let today = date(2026, 11, 22);
    let against = Against { checklist: Checklist::embedded(), today, sha256: &|_| Err("there are no files".into()) };
    let words = Attestations::parse("launch.attest.toml", WORDS, &against).expect("it is TOML");
    let launch = LaunchFile::parse("launch.toml", LAUNCH).expect("it is sound");
    let mut rows: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
    for (id, claim, by) in [
        ("AUTHN-01", Claim::Review, Means::Static),
        ("AUTHZ-01", Claim::Fail, Means::Live),
        ("SEC-01", Claim::Fail, Means::Static),
        ("SEC-02", Claim::Open, Means::Static),
        ("CORS-01", Claim::Fail, Means::Static),
        ("COOK-02", Claim::Fail, Means::Static),
        ("TLS-01", Claim::Pass { control: text.into() }, Means::Live),
    ] {
        rows.entry(id.into()).or_default().push(evidence(claim, by, text, &format!("seen at {text}")));
    }
    let inventory = Inventory::default();
    let surface = Surface { launch: Some(&launch), routes: &[] };
    let assessment = Assessment::of_product(Checklist::embedded(), rows, &words, &surface);
    build(&Input {
        product: text,
        today,
        checklist: Checklist::embedded(),
        assessment: &assessment,
        words: &words,
        launch: Some(&launch),
        outcome,
        runbooks: &runbooks(),
        ledger: &[],
        gathered: &gathered,
        inventory: &inventory,
        stack: &stack::detect(&gathered.project, &inventory),
        variables: &variables(),
        written: &[Written { part: Part::Backup, path: "docs/ops.md".into(), line: 7, is_filled: false }],
    })
}

/// The same with few rows, for snapshots.
fn small() -> LaunchReport {
    let mut report = report(&sample::clean(), "src/app.js");
    report.rows.retain(|row| SHOWN.contains(&row.id.as_str()));
    report.handover.own_next.retain(|left| SHOWN.contains(&left.id.as_str()));
    report.handover.watch.retain(|line| line.starts_with("MON-01"));
    report.plan.iter_mut().for_each(|block| block.rows.retain(|id| SHOWN.contains(&id.as_str())));
    report
}

fn full() -> RunInfo {
    RunInfo { profile: Profile::Full, exit_code: 1, ..RunInfo::default() }
}

/// A text without its styles.
fn strip(text: &str) -> String {
    regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("it is sound").replace_all(text, "").into_owned()
}

/// All documents.
fn documents(report: &LaunchReport) -> [(&'static str, String); 10] {
    let json = |value: serde_json::Result<String>| value.expect("it is JSON") + "\n";
    [
        ("launch.founder.html", html::founder(report)),
        ("launch.auditor.html", html::auditor(report)),
        ("launch.founder.md", markdown::founder(report)),
        ("launch.auditor.md", markdown::auditor(report)),
        ("launch.matrix", strip(&matrix::text(report))),
        ("launch.plan.text", plan::text(report)),
        ("launch.plan.md", plan::markdown(report)),
        ("launch.plan.json", json(serde_json::to_string_pretty(&plan::build(report)))),
        ("launch.json", json(serde_json::to_string_pretty(report))),
        ("launch.sarif", json(serde_json::to_string_pretty(&sarif::launch::build(report, &RunInfo::default())))),
    ]
}

#[test]
fn every_document_reads_well() {
    for (name, text) in documents(&small()) {
        // The style is looked at in a browser.
        let text = match (text.find("<style>"), text.find("</style>")) {
            (Some(from), Some(to)) => format!("{}{}", &text[..from], &text[to..]).replace("><", ">\n<"),
            _ => text,
        };
        snapshot(name, &text);
    }
}

#[test]
fn they_are_the_same_each_time_and_no_secret_is_in_them() {
    let outcome = sample::mixed();
    let (one, other) = (documents(&report(&outcome, "src/a.py")), documents(&report(&outcome, "src/a.py")));
    for ((name, text), (_, again)) in one.iter().zip(&other) {
        assert_eq!(text, again, "{name}");
        assert_tight(&outcome, text);
    }
    let secret = format!("ghp_1{}", sample::BODY);
    let leaky = report(&outcome, &secret);
    for (name, text) in documents(&leaky) {
        assert!(!text.contains(&secret), "{name}: a place or a reason has a secret in it");
    }
}

#[test]
fn all_rows_are_in_the_auditors_papers_and_fail_and_open_are_as_loud() {
    let report = report(&sample::mixed(), "src/a.py");
    let Counts { rows, proven, attested, review, open, fail, risk_accepted } = report.counts;
    assert_eq!((rows, proven + attested + review + open + fail, risk_accepted), (102, 102, 1));
    let (page, text) = (html::auditor(&report), markdown::auditor(&report));
    for row in Checklist::embedded().rows() {
        assert_eq!(page.matches(&format!("<article class=\"row\" id=\"{}\">", row.id)).count(), 1, "{}", row.id);
        assert!(text.contains(&format!(" {} ", row.id)), "{}", row.id);
    }
    for tone in ["fail", "open"] {
        assert!(page.contains(&format!("<span class=\"tag {tone}\">{}</span>", tone.to_uppercase())), "{tone}");
    }
    for part in [
        "Handed over by", "Environment variables", "SESSION_SECRET", "MAIL_KEY", "nowhere",
        "https://app.example.com/health", "renew it",
    ] {
        assert!(page.contains(part) && (part == "renew it" || text.contains(part)), "{part}");
    }
    for text in [&page, &text] {
        let proofs = text.matches("With the leaked value in the variable LEAKED").count();
        assert_eq!(proofs, report.runbooks.len(), "each runbook is there once");
        assert!(report.rotation.credentials.len() > report.runbooks.len(), "some are for several");
    }
    assert!(page.contains("git filter-repo") && page.contains("Proof that it is dead"), "the runbooks");
    assert!(!page.contains("token=x"), "an address is shown without its query");
}

#[test]
fn a_page_loads_nothing_and_runs_nothing() {
    for page in [html::founder(&report(&sample::mixed(), "a")), html::auditor(&report(&sample::mixed(), "a"))] {
        for part in ["<script", "src=", "@import", "url(", "<link", "<img", "onerror=", "javascript:"] {
            assert!(!page.contains(part), "{part}");
        }
        assert!(page.contains("default-src 'none'") && page.contains("lang=\"en\"") && page.contains("viewport"));
    }
}

#[test]
fn nothing_that_was_written_by_others_is_markup() {
    for text in HOSTILE {
        let outcome = sample::hostile();
        let report = report(&outcome, text);
        for page in [html::founder(&report), html::auditor(&report)] {
            assert!(!page.contains("<img") && !page.contains("</failure>"), "{text}");
            assert!(!page.contains(['\0', '\u{7}', '\u{1b}', '\u{202e}']), "{text}");
            assert_tight(&outcome, &page);
        }
        for text in [markdown::founder(&report), markdown::auditor(&report), plan::markdown(&report)] {
            only_plain(&text);
        }
    }
}

/// Fails if Markdown has HTML, an image, a link that is not ours, or a mention.
fn only_plain(markdown: &str) {
    let mut options = Options::default();
    (options.extension.table, options.extension.autolink, options.extension.tasklist) = (true, true, true);
    let arena = Arena::new();
    for node in parse_document(&arena, markdown, &options).descendants() {
        match &node.data.borrow().value {
            NodeValue::HtmlInline(html) => panic!("{html}"),
            NodeValue::HtmlBlock(html) => panic!("{}", html.literal),
            NodeValue::Image(image) => panic!("{}", image.url),
            NodeValue::Link(link) => assert!(!link.url.contains("evil"), "{}", link.url),
            NodeValue::Text(text) => assert!(!text.contains("@acme") && !text.contains("#1 "), "{text}"),
            _ => {}
        }
    }
}

#[test]
fn json_is_as_its_schema_says() {
    let report = report(&sample::mixed(), "a");
    let pairs = [
        (schemars::schema_for!(LaunchReport), serde_json::to_value(&report)),
        (schemars::schema_for!(plan::LaunchPlan<'_>), serde_json::to_value(plan::build(&report))),
    ];
    for (schema, value) in pairs {
        let schema = serde_json::to_value(schema).expect("a schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let wrong: Vec<String> =
            validator.iter_errors(&value.expect("it is JSON")).map(|error| error.to_string()).collect();
        assert_eq!(wrong, [""; 0]);
    }
}

#[test]
fn sarif_has_true_kinds_and_a_place_for_every_result() {
    for outcome in [sample::clean(), sample::hostile()] {
        for text in ["src/a.py", "c:/x y#1", HOSTILE[9]] {
            let report = report(&outcome, text);
            let run = serde_json::to_value(sarif::launch::run(&report, &full())).expect("it is JSON");
            let results = run["results"].as_array().expect("a list");
            assert_eq!(results.len(), 102);
            for result in results {
                let kind = result["kind"].as_str().expect("a kind");
                assert_eq!(result["level"] == "none", kind != "fail", "{result}");
                let region = &result["locations"][0]["physicalLocation"]["region"];
                assert!(
                    ["startLine", "startColumn", "endLine", "endColumn"]
                        .iter()
                        .all(|key| region[key].as_u64() >= Some(1))
                );
                assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_string());
                let at = result["ruleIndex"].as_u64().expect("a number") as usize;
                assert_eq!(run["tool"]["driver"]["rules"][at]["id"], result["ruleId"]);
            }
            let verdicts: Vec<&str> = report.rows.iter().map(|row| row.verdict).collect();
            let kinds: Vec<&str> = results.iter().filter_map(|result| result["kind"].as_str()).collect();
            assert_eq!(kinds, verdicts);
        }
    }
    let report = report(&sample::clean(), "a");
    let run = serde_json::to_value(sarif::launch::run(&report, &RunInfo::default())).expect("it is JSON");
    for result in run["results"].as_array().expect("a list") {
        assert_eq!(result["kind"], "fail", "GitHub shows what has another kind as an alert of the same weight");
        assert!(matches!(result["properties"]["verdict"].as_str(), Some("fail" | "review")));
    }
    let names: Vec<&str> =
        run["taxonomies"].as_array().expect("a list").iter().filter_map(|t| t["name"].as_str()).collect();
    assert_eq!(names, ["OWASP ASVS", "OWASP API Security Top 10", "CWE"]);
    for taxonomy in run["taxonomies"].as_array().expect("a list") {
        let taxa = taxonomy["taxa"].as_array().expect("a list");
        for rule in run["tool"]["driver"]["rules"].as_array().expect("a list") {
            for relation in rule["relationships"].as_array().into_iter().flatten() {
                let target = &relation["target"];
                if target["toolComponent"]["name"] == taxonomy["name"] {
                    let at = target["index"].as_u64().expect("a number") as usize;
                    assert_eq!(taxa[at]["id"], target["id"]);
                }
            }
        }
    }
}

#[test]
fn the_five_to_begin_with_fail_before_they_are_unknown() {
    let report = report(&sample::clean(), "a");
    assert_eq!(report.first.len(), 5);
    assert_eq!(report.first[..2], ["AUTHZ-01", "SEC-01"], "critical, failing, keeping users out");
    let failing = report.first.iter().take_while(|id| report.row(id).is_some_and(|row| row.verdict == "fail")).count();
    let fails = report.rows.iter().filter(|row| row.verdict == "fail").count();
    assert!(failing >= 3 && fails > failing, "{:?}", report.first);
}
