//! What is found in a stream, for a person at a terminal: each credential when it comes, and at the end what is only known then.

use std::collections::BTreeSet;

use super::text::{Options, count, findings, leading, shown, summary};
use super::{rotated, seen};
use crate::finding::Finding;
use crate::rotation::Runbooks;
use crate::scan::ScanOutcome;
use crate::secret::Fingerprint;

/// What has just been found, and what to do about it. `advised` has the runbooks that were told of before.
#[must_use]
pub fn arrived(outcome: &ScanOutcome, runbooks: &Runbooks, options: Options, advised: &mut BTreeSet<String>) -> String {
    findings(outcome, &outcome.findings.iter().collect::<Vec<_>>(), runbooks, options, advised)
}

/// What has not been `told` while it came, what was met again, and what the scan amounts to.
#[must_use]
pub fn rest(
    outcome: &ScanOutcome,
    runbooks: &Runbooks,
    options: Options,
    told: &BTreeSet<Fingerprint>,
    advised: &mut BTreeSet<String>,
) -> String {
    let (before, new): (Vec<&Finding>, Vec<&Finding>) =
        outcome.findings.iter().partition(|finding| told.contains(&finding.fingerprint));
    let mut out = findings(outcome, &new, runbooks, options, advised);
    out += &rotated::list(outcome);
    let again: Vec<&Finding> = before.into_iter().filter(|finding| finding.more > 0).collect();
    if !again.is_empty() {
        out += "Met again\n";
        for finding in again {
            let place = format!("{}:{}:{}", leading(finding.origin.path()), finding.start.line, finding.start.column);
            let title = &outcome.rules.get(finding.rule).title;
            let times = match seen::sentence(finding) {
                Some(sentence) => sentence,
                None => count(finding.more + 1, "time"),
            };
            out += &format!("  {place}  {title} {}: {times}\n", shown(finding, options));
        }
        out += "\n";
    }
    out + &summary(outcome)
}
