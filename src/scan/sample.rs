//! Outcomes of scans that never were, for the tests of this module.

use std::sync::Arc;
use std::time::Duration;

use crate::blob::Origin;
use crate::detect::Score;
use crate::finding::history::{Commit, Exposure, History};
use crate::finding::{Finding, Snippet};
use crate::rule::{Catalogue, Confidence, RuleSet, RuleSource};
use crate::scan::history::HistoryCoverage;
use crate::scan::{Coverage, ScanOutcome};
use crate::secret::{FingerprintKeys, Secret};
use crate::span::{Position, Span};

/// Not a credential: its checksum is wrong.
pub(crate) const BODY: &str = "Zk3vQ9sLx7Rw2Yb8Nf5Hd1Gc6Jm4Pt0aBcDe";

pub(crate) const TOKEN: &str = "github-pat-classic";

pub(crate) fn rules() -> Arc<RuleSet> {
    Arc::new(Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is checked when built"))
}

pub(crate) fn finding(rules: &RuleSet, rule: &str, secret: &str, origin: Origin) -> Finding {
    let keys = FingerprintKeys::with_private([1; 32]);
    let secret = Secret::new(secret.as_bytes(), 4, false);
    Finding {
        rule: rules.find(rule).expect("a rule of the catalogue"),
        confidence: Confidence::High,
        fingerprint: secret.fingerprint_at(&keys, &[origin.path().as_bytes()]),
        credential: secret.fingerprint(&keys),
        span: Span { start: 10, end: 50 },
        start: Position { line: 1, column: 11 },
        end: Position { line: 1, column: 51 },
        snippet: Snippet::default(),
        line_hash: "1:1".into(),
        score: Score::of_rule(Confidence::High),
        facts: Vec::new(),
        encoded: None,
        shipped: None,
        source: None,
        binary: None,
        more: 0,
        seen: None,
        history: None,
        marker: None,
        silence: None,
        secret,
        origin,
    }
}

pub(crate) fn file(path: &str) -> Origin {
    Origin::File(path.into())
}

/// Gives a finding a history of one place: when it came, what leads to it, whether it is in `HEAD`.
pub(crate) fn past(mut finding: Finding, day: &str, refs: &[&str], in_head: bool) -> Finding {
    finding.origin = Origin::Version(finding.origin.path().into());
    let author = "Ada <ada@acme.example>".to_owned();
    let introduced = Some(Commit { id: "c".repeat(40), author, date: format!("{day}T12:00:00Z") });
    let exposure = Exposure {
        origin: finding.origin.clone(),
        object: "b".repeat(40),
        line: 1,
        introduced,
        removed: None,
        refs: refs.iter().map(|name| (*name).to_owned()).collect(),
        more_refs: 0,
        in_head,
    };
    let history = History { object: "b".repeat(40), exposures: vec![exposure], versions: 1, listed: Vec::new() };
    finding.history = Some(Box::new(history));
    finding
}

pub(crate) fn outcome(rules: Arc<RuleSet>, findings: Vec<Finding>) -> ScanOutcome {
    let histories = vec![HistoryCoverage { repository: ".".into(), commits: 1, objects: 3 }];
    ScanOutcome {
        rules,
        findings,
        silenced: Vec::new(),
        below_confidence: 0,
        coverage: Coverage { items: 1, bytes: 1, histories, ..Coverage::default() },
        base: None,
        elapsed: Duration::ZERO,
    }
}
