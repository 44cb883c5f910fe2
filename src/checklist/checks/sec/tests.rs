//! The rows about secrets over scans that never were.

use super::*;
use crate::checklist::checks::samples::Exports;
use crate::checklist::gather::Collector;
use crate::checklist::row::Checklist;
use crate::checklist::verdict::Verdict;
use crate::rule::{Catalogue, RuleSource};
use crate::scan::Tap;
use crate::scan::sample::{self, BODY, TOKEN, file, finding, past, rules};

/// How the rows stand, in their order.
fn verdicts(secrets: &Secrets<'_>) -> Vec<(String, Verdict)> {
    let rows = decide(secrets);
    let of = |(id, all): (&String, &Vec<Evidence>)| {
        let row = Checklist::embedded().row(id).expect("it is a row");
        (id.clone(), Verdict::combine(all.iter().map(|evidence| evidence.verdict(row))))
    };
    rows.iter().map(of).collect()
}

fn of(secrets: &Secrets<'_>, id: &str) -> Verdict {
    verdicts(secrets).into_iter().find(|(row, _)| row == id).expect("it is decided").1
}

fn clean() -> ScanOutcome {
    sample::outcome(rules(), Vec::new())
}

fn gathered(files: &[(&str, &str)]) -> Gathered {
    let collector = Collector::default();
    files.iter().for_each(|(path, text)| collector.file(path, text.as_bytes()));
    collector.take()
}

fn secrets<'a>(outcome: &'a ScanOutcome, gathered: &'a Gathered, tracked: &'a [String]) -> Secrets<'a> {
    Secrets { outcome, samples: none(), gathered, tracked: Ok(Some(tracked)), deployed: false }
}

/// Nothing was given.
fn none() -> &'static Samples {
    static NONE: std::sync::LazyLock<Samples> = std::sync::LazyLock::new(Samples::default);
    &NONE
}

fn with_logs(logs: ScanOutcome) -> Samples {
    Samples { logs: Some(logs), ..Samples::default() }
}

fn token(path: &str) -> Finding {
    finding(&rules(), TOKEN, &format!("ghp_1{BODY}"), file(path))
}

#[test]
fn a_whole_scan_that_finds_nothing_passes_and_logs_stay_open() {
    let (outcome, gathered) = (clean(), gathered(&[("dist/app.js", "let a;")]));
    let mut all = secrets(&outcome, &gathered, &[]);
    let paths = ["src/a.py".to_owned(), ".env.example".into()];
    all.tracked = Ok(Some(&paths));
    let given = with_logs(clean());
    let expected = |logs| {
        ["SEC-01", "SEC-02", "SEC-03", "SEC-04", "SEC-05", "SEC-07"]
            .map(|id| (id.to_owned(), if id == "SEC-04" { logs } else { Verdict::Pass }))
    };
    let without = verdicts(&all);
    assert_eq!(without[0], ("LOG-02".to_owned(), Verdict::Open));
    assert_eq!(without[1..], expected(Verdict::Open));
    all.samples = &given;
    let with_logs = verdicts(&all);
    assert_eq!(with_logs[..2], [("LOG-01".to_owned(), Verdict::Pass), ("LOG-02".to_owned(), Verdict::Review)]);
    assert_eq!(with_logs[2..], expected(Verdict::Pass));
    all.deployed = true;
    assert_eq!(of(&all, "SEC-05"), Verdict::Open, "the deployment was not asked");
}

#[test]
fn what_was_not_looked_at_passes_nothing() {
    let gathered = gathered(&[("dist/app.js", "let a;")]);
    let skip = |reason| {
        let mut outcome = clean();
        outcome.coverage.skipped.push(crate::blob::Skipped::new("x", reason, "y"));
        outcome
    };
    let open = [SkipReason::Unreadable, SkipReason::TooLarge, SkipReason::Unsupported].map(skip);
    for outcome in &open {
        for id in ["SEC-01", "SEC-02", "SEC-03", "SEC-07"] {
            assert_eq!(of(&secrets(outcome, &gathered, &[]), id), Verdict::Open, "{id}");
        }
    }
    let shallow = skip(SkipReason::IncompleteHistory);
    let all = secrets(&shallow, &gathered, &[]);
    assert_eq!(
        (of(&all, "SEC-01"), of(&all, "SEC-02"), of(&all, "SEC-07")),
        (Verdict::Pass, Verdict::Open, Verdict::Open)
    );
    let mut none = clean();
    none.coverage.histories.clear();
    let all = secrets(&none, &gathered, &[]);
    assert_eq!((of(&all, "SEC-02"), of(&all, "SEC-07")), (Verdict::Open, Verdict::Open));
    let mut excluded = clean();
    excluded.coverage.excluded = 1;
    assert_eq!(of(&secrets(&excluded, &gathered, &[]), "SEC-01"), Verdict::Review);
    let mut all = secrets(&none, &gathered, &[]);
    all.tracked = Ok(None);
    assert_eq!(of(&all, "SEC-05"), Verdict::Open);
    all.tracked = Err("broken");
    assert_eq!(of(&all, "SEC-05"), Verdict::Open);
}

#[test]
fn a_secret_fails_the_rows_that_it_is_about() {
    let gathered = gathered(&[]);
    let fails = |outcome: &ScanOutcome| -> Vec<String> {
        let all = verdicts(&secrets(outcome, &gathered, &[]));
        all.into_iter().filter(|(_, verdict)| *verdict == Verdict::Fail).map(|(id, _)| id).collect()
    };
    let with = |findings| sample::outcome(rules(), findings);
    assert_eq!(fails(&with(vec![token("src/a.py")])), ["SEC-01", "SEC-07"]);
    assert_eq!(fails(&with(vec![token("dist/app.js")])), ["SEC-01", "SEC-03", "SEC-07"]);
    assert_eq!(fails(&with(vec![past(token("a.py"), "2021-01-01", &["main"], false)])), ["SEC-02", "SEC-07"]);
    let outcome = clean();
    let logs = with_logs(with(vec![token("app.log")]));
    let mut all = secrets(&outcome, &gathered, &[]);
    all.samples = &logs;
    for row in ["SEC-04", "SEC-07", "LOG-01"] {
        assert_eq!(of(&all, row), Verdict::Fail, "{row}");
    }
}

#[test]
fn what_the_ledger_has_is_settled_and_what_is_silenced_is_for_review() {
    let gathered = gathered(&[]);
    let with = |by| {
        let mut found = past(token("a.py"), "2021-01-01", &["main"], false);
        found.silence = Some(Box::new(crate::finding::Silence { by, place: "x".into(), reason: "y".into() }));
        let mut outcome = clean();
        outcome.silenced.push(found);
        outcome
    };
    let rotated = with(crate::finding::SilencedBy::Ledger);
    let all = secrets(&rotated, &gathered, &[]);
    assert_eq!((of(&all, "SEC-02"), of(&all, "SEC-07")), (Verdict::Pass, Verdict::Pass));
    let silenced = with(crate::finding::SilencedBy::Baseline);
    assert_eq!(of(&secrets(&silenced, &gathered, &[]), "SEC-01"), Verdict::Review);
}

#[test]
fn environment_files_that_are_committed() {
    let gathered = gathered(&[
        (".env", "A=1"),
        ("empty/.env", "A="),
        (".env.test", "MODE=test"),
        (".env.development", "DB_PASSWORD=x1"),
        (".env.example", "A=1"),
        ("wide/.env", "A\0=\0x\0"),
    ]);
    let bad = |path: &str| !committed(&[path.to_owned()], &gathered.env_files).is_empty();
    for path in ["wide/.env", ".env", "gone/.env", "gone/.env.production", ".env.development", "prod.env"] {
        assert!(bad(path), "{path}");
    }
    for path in ["empty/.env", ".env.test", ".env.example", "src/env.py", "environment.rb"] {
        assert!(!bad(path), "{path}");
    }
}

#[test]
fn private_names_behind_a_public_prefix() {
    for (text, expected) in [
        ("const k = process.env.NEXT_PUBLIC_STRIPE_SECRET_KEY", Verdict::Fail),
        ("import.meta.env.VITE_DATABASE_URL", Verdict::Fail),
        ("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", Verdict::Open),
        ("MY_VITE_SECRET", Verdict::Open),
    ] {
        let (outcome, gathered) = (clean(), gathered(&[("src/a.ts", text)]));
        assert_eq!(of(&secrets(&outcome, &gathered, &[]), "SEC-03"), expected, "{text}");
    }
}

#[test]
fn no_secret_is_in_a_reason() {
    let mut outcome = sample::outcome(rules(), vec![token("a.py")]);
    let value = format!("ghp_1{BODY}");
    outcome.coverage.skipped.push(crate::blob::Skipped::new(value.clone(), SkipReason::Unreadable, value.clone()));
    let rows = decide(&secrets(&outcome, &gathered(&[]), &[]));
    assert!(!format!("{rows:?}").contains(&value));
}

#[test]
fn an_export_with_a_secret_fails_and_one_without_is_for_review() {
    let (outcome, gathered) = (clean(), gathered(&[]));
    let with = |scan: ScanOutcome, pictures| {
        let samples = Samples { exports: Some(Exports { scan, pictures }), ..Samples::default() };
        let all = Secrets { samples: &samples, ..secrets(&outcome, &gathered, &[]) };
        (of(&all, "SEC-06"), of(&all, "SEC-07"), decide(&all)["SEC-06"][0].clone())
    };
    let found = || sample::outcome(rules(), vec![token("slack/general.json")]);
    let (own, ledger, told) = with(found(), 0);
    assert_eq!((own, ledger), (Verdict::Fail, Verdict::Fail));
    assert_eq!(
        (told.reason.as_str(), told.places[0].path.as_str()),
        ("1 secret in what was exported", "slack/general.json")
    );
    let (own, ledger, told) = with(clean(), 0);
    assert_eq!((own, ledger), (Verdict::Review, Verdict::Pass));
    assert!(told.reason.contains("whom keys were sent elsewhere"), "{}", told.reason);
    let (own, _, told) = with(clean(), 3);
    assert_eq!(own, Verdict::Open);
    assert!(told.reason.contains("3 pictures, recordings or mailboxes of Outlook were not read"), "{}", told.reason);
    let mut broken = clean();
    broken.coverage.skipped.push(crate::blob::Skipped::new("a.pdf", SkipReason::Corrupt, "cut off"));
    let (own, _, told) = with(broken, 0);
    assert_eq!((own, told.reason.contains("a.pdf: cut off")), (Verdict::Open, true));
    let mut empty = clean();
    empty.coverage.items = 0;
    assert_eq!(with(empty, 0).0, Verdict::Open);
    for (by, own, ledger) in
        [(SilencedBy::Ledger, Verdict::Review, Verdict::Pass), (SilencedBy::Comment, Verdict::Review, Verdict::Pass)]
    {
        let mut silenced = found();
        silenced.silenced = std::mem::take(&mut silenced.findings);
        silenced.silenced.iter_mut().for_each(|finding| {
            finding.silence = Some(Box::new(crate::finding::Silence { by, place: "x".into(), reason: "y".into() }));
        });
        let (row, seven, told) = with(silenced, 0);
        assert_eq!((row, seven), (own, ledger), "{by:?}");
        assert_eq!(told.reason.contains("are they none?"), by == SilencedBy::Comment, "{}", told.reason);
    }
}

#[test]
fn personal_data_is_no_secret() {
    let rules = Catalogue::load(&[RuleSource::Embedded, RuleSource::Personal]).expect("the rules are sound");
    let mail = finding(&rules, "personal-email", "ada@shop.test", file("a.log"));
    let (outcome, gathered) = (sample::outcome(rules.into(), vec![mail]), gathered(&[]));
    for row in ["SEC-01", "SEC-07"] {
        assert_eq!(of(&secrets(&outcome, &gathered, &[]), row), Verdict::Pass, "{row}");
    }
}
