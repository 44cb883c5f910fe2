//! Outcomes of scans that never were, for the tests of all formats.

use std::sync::Arc;
use std::time::Duration;

use crate::blob::{ObjectKind, Origin, SkipReason, Skipped};
use crate::detect::{Fact, Score};
use crate::finding::history::{Commit, Exposure, History};
use crate::finding::{Finding, Silence, SilencedBy, Snippet};
use crate::rotation::Runbooks;
use crate::rule::{Catalogue, Confidence, RuleSet, RuleSource};
use crate::scan::{Coverage, ScanOutcome};
use crate::secret::{FingerprintKeys, Secret};
use crate::span::{Position, Span};

/// Not a credential: its checksum is wrong.
pub(super) const BODY: &str = "Zk3vQ9sLx7Rw2Yb8Nf5Hd1Gc6Jm4Pt0aBcDe";

pub(super) fn rules() -> Arc<RuleSet> {
    Arc::new(Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is checked when built"))
}

pub(super) fn finding(rules: &RuleSet, rule: &str, secret: &str, origin: Origin, line: u64) -> Finding {
    let keys = FingerprintKeys::with_private([1; 32]);
    let secret = Secret::new(secret.as_bytes(), 4, false);
    let place = [origin.path().as_bytes(), &line.to_le_bytes()];
    Finding {
        rule: rules.find(rule).expect("a rule of the catalogue"),
        confidence: Confidence::High,
        fingerprint: secret.fingerprint_at(&keys, &place),
        credential: secret.fingerprint(&keys),
        span: Span { start: line * 100, end: line * 100 + 40 },
        start: Position { line, column: 9 },
        end: Position { line, column: 49 },
        snippet: Snippet { before: "token = \"".into(), after: "\"".into() },
        line_hash: format!("{line:x}:1"),
        score: Score::of_rule(Confidence::High),
        facts: Vec::new(),
        encoded: None,
        shipped: None,
        source: None,
        binary: None,
        history: None,
        marker: None,
        silence: None,
        more: 0,
        seen: None,
        secret,
        origin,
    }
}

pub(super) fn file(path: &str) -> Origin {
    Origin::File(path.into())
}

pub(super) fn outcome(rules: Arc<RuleSet>, findings: Vec<Finding>) -> ScanOutcome {
    ScanOutcome {
        rules,
        findings,
        silenced: Vec::new(),
        below_confidence: 0,
        coverage: Coverage { items: 3, bytes: 1234, ..Coverage::default() },
        base: None,
        elapsed: Duration::ZERO,
    }
}

fn commit(id: &str, author: &str, day: &str) -> Option<Commit> {
    Some(Commit { id: id.repeat(40), author: author.into(), date: format!("{day}T12:00:00+01:00") })
}

fn version(path: &str) -> Exposure {
    Exposure {
        line: 1,
        origin: Origin::Version(path.into()),
        object: "b".repeat(40),
        introduced: commit("c", "Ada <ada@acme.example>", "2021-03-04"),
        removed: commit("d", "Bob <bob@acme.example>", "2021-05-01"),
        refs: vec!["main".into(), "v1.0".into()],
        more_refs: 2,
        in_head: false,
    }
}

/// A finding in the past of two files.
pub(super) fn past(rules: &RuleSet, rule: &str, secret: &str, path: &str) -> Finding {
    let mut found = finding(rules, rule, secret, Origin::Version(path.into()), 3);
    let exposures = vec![version(path), version("old/name.py")];
    found.history = Some(Box::new(History { object: "b".repeat(40), exposures, versions: 5, listed: Vec::new() }));
    found
}

pub(super) fn silenced(mut finding: Finding, by: SilencedBy, place: &str, reason: &str) -> Finding {
    finding.silence = Some(Box::new(Silence { by, place: place.into(), reason: reason.into() }));
    finding
}

/// A bit of everything: a secret in two files, one in the past, one of standard input, silenced ones, trouble.
pub(super) fn mixed() -> ScanOutcome {
    let rules = rules();
    let token = |n: u32| format!("ghp_{n}{BODY}");
    let mut password = finding(&rules, "url-postgres-password", "correct-horse", Origin::Stdin, 1);
    password.confidence = Confidence::Low;
    password.facts = vec![Fact::new("host", "db.acme.example"), Fact::new("user", "app")];
    let findings = vec![
        finding(&rules, "github-pat-classic", &token(1), file("src/a.py"), 7),
        finding(&rules, "github-pat-classic", &token(1), file("src/b.py"), 12),
        password,
        past(&rules, "github-pat-classic", &token(2), "deploy/env"),
        finding(
            &rules,
            "generic-password",
            "staple-battery",
            Origin::Object(ObjectKind::Commit, "commit 12ab".into()),
            2,
        ),
    ];
    let mut outcome = outcome(rules, findings);
    let of = |n, path| finding(&outcome.rules, "github-pat-classic", &token(n), file(path), 4);
    outcome.silenced = vec![
        silenced(of(3, "tests/a.py"), SilencedBy::Comment, "tests/a.py", "a test value"),
        silenced(of(3, "tests/b.py"), SilencedBy::Comment, "tests/b.py", "a test value"),
        silenced(of(4, "docs/use.md"), SilencedBy::Baseline, ".cleansweep-baseline.jsonl", "revoked in May"),
    ];
    outcome.below_confidence = 2;
    outcome.coverage.skipped = vec![
        Skipped::new("private/key file", SkipReason::Unreadable, "permission denied"),
        Skipped::new("dev/pipe", SkipReason::SpecialFile, "a FIFO, not a regular file"),
    ];
    outcome
}

/// What an attacker would write so that a report does something else than report.
pub(super) const HOSTILE: &[&str] = &[
    "a\n::error::b",
    "::stop-commands::x",
    "##[add-mask]a",
    "a,line=1::b%0A%",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "a|b\\|c`d``e",
    "```\n# h",
    "<img src=x onerror=alert(1)>&lt;",
    "]]></failure><x y=\"'",
    "[a](https://evil.example)![b](c)",
    "https://evil.example/ www.evil.example",
    "@acme/admins #1 a@evil.example",
    "a\u{1b}[2J\0\u{7}\u{202e}\u{ffff}\u{2028}b",
    "--><!--",
    "\"a\",\"b\"\r\n\"c\"",
];

/// Each hostile text as a path, a fact, an author, a branch, a reason of a silence, and something that was skipped.
pub(super) fn hostile() -> ScanOutcome {
    let rules = rules();
    let (mut findings, mut hushed, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
    for (nth, text) in HOSTILE.iter().enumerate() {
        let secret = |kind: &str| format!("ghp_{kind}{nth}{BODY}");
        let mut here = finding(&rules, "github-pat-classic", &secret("a"), file(text), 7);
        here.facts = vec![Fact::new("user", text), Fact::new("path", text)];
        here.snippet = Snippet { before: (*text).into(), after: (*text).into() };
        let mut gone = past(&rules, "github-pat-classic", &secret("b"), text);
        if let Some(history) = &mut gone.history {
            history.exposures[0].introduced = commit("c", text, "2021-03-04");
            history.exposures[1].refs = vec![(*text).into()];
        }
        findings.extend([here, gone]);
        let other = finding(&rules, "github-pat-classic", &secret("c"), file(text), 9);
        hushed.push(silenced(other, SilencedBy::Comment, text, text));
        skipped.push(Skipped::new(*text, SkipReason::Corrupt, *text));
    }
    let mut outcome = outcome(rules, findings);
    (outcome.silenced, outcome.coverage.skipped) = (hushed, skipped);
    outcome
}

/// Nothing was found, but not everything was looked at.
pub(super) fn incomplete() -> ScanOutcome {
    let mut outcome = outcome(rules(), Vec::new());
    outcome.coverage.skipped = vec![Skipped::new("pipe", SkipReason::SpecialFile, "a FIFO, not a regular file")];
    outcome
}

/// Nothing was found anywhere.
pub(super) fn clean() -> ScanOutcome {
    outcome(rules(), Vec::new())
}

pub(super) fn runbooks() -> Runbooks {
    Runbooks::new(Catalogue::embedded())
}

/// Fails if a text holds a secret of the outcome.
#[track_caller]
pub(super) fn assert_tight(outcome: &ScanOutcome, text: &str) {
    for finding in outcome.findings.iter().chain(&outcome.silenced) {
        let secret = String::from_utf8_lossy(finding.secret.reveal()).into_owned();
        assert!(!text.contains(&secret), "{secret} in {text}");
    }
}

/// Compares with a snapshot of that name.
pub(super) fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"\b[0-9a-f]{32}\b", "[fingerprint]");
    settings.add_filter(r"\b[0-9a-f]{16}\b", "[digest]");
    settings.add_filter(&env!("CARGO_PKG_VERSION").replace('.', r"\."), "[version]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}
