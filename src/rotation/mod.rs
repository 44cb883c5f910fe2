//! From findings to credentials: one entry for each secret, however many places it is in, with what to do about it.

mod ledger;
mod plan;
mod purge;

use std::collections::BTreeMap;

pub use self::ledger::{Done, DoneError, Open, named};
pub use self::plan::{Exposed, RotationPlan, Task};
pub use self::purge::Replacements;
use crate::detect::Fact;
use crate::finding::history::History;
use crate::finding::{Finding, SilencedBy};
pub use crate::rule::FACTS;
use crate::rule::{Catalogue, Confidence, Rule, RuleIndex, RuleSet, Runbook, Severity};
use crate::scan::ScanOutcome;
use crate::secret::Fingerprint;

/// One secret and all the places it was found in.
pub struct Credential<'f> {
    /// Names it.
    pub id: Fingerprint,
    /// The rule that knows most about it.
    pub rule: RuleIndex,
    /// The highest of its exposures.
    pub confidence: Confidence,
    /// Where it is, by path and place; never empty.
    pub exposures: Vec<&'f Finding>,
}

impl<'f> Credential<'f> {
    /// Groups findings by secret, the most urgent credential first: severity, then confidence, then place.
    #[must_use]
    pub fn group(rules: &RuleSet, findings: impl IntoIterator<Item = &'f Finding>) -> Vec<Self> {
        let mut by_id: BTreeMap<Fingerprint, Self> = BTreeMap::new();
        for finding in findings {
            let entry = by_id.entry(finding.credential).or_insert_with(|| Self {
                id: finding.credential,
                rule: finding.rule,
                confidence: finding.confidence,
                exposures: Vec::new(),
            });
            entry.confidence = entry.confidence.max(finding.confidence);
            if rules.get(finding.rule).precedence() < rules.get(entry.rule).precedence() {
                entry.rule = finding.rule;
            }
            entry.exposures.push(finding);
        }
        let mut credentials: Vec<Self> = by_id.into_values().collect();
        credentials.sort_by_key(|c| {
            let first = c.exposures[0];
            (std::cmp::Reverse((c.severity(rules), c.confidence)), &first.origin, first.span)
        });
        credentials
    }

    /// The exposures that are worth an alert of their own. A secret that is in a file now needs none for the past of that
    /// file, which would be an alert beside it on the same line; [`Credential::history`] has it.
    #[must_use]
    pub fn placed(&self) -> Vec<&'f Finding> {
        let present: Vec<&Finding> = self.exposures.iter().copied().filter(|f| f.history.is_none()).collect();
        if present.is_empty() { self.exposures.clone() } else { present }
    }

    /// What a history tells of it.
    #[must_use]
    pub fn history(&self) -> Option<&'f History> {
        self.exposures.iter().find_map(|finding| finding.history.as_deref())
    }

    /// What a holder can do, where it is worst.
    #[must_use]
    pub fn severity(&self, rules: &RuleSet) -> Severity {
        let of = |finding: &&Finding| finding.severity(rules);
        self.exposures.iter().map(of).max().unwrap_or(rules.get(self.rule).severity)
    }

    /// Everything its exposures tell about it, once.
    #[must_use]
    pub fn facts(&self) -> Vec<&'f Fact> {
        let mut facts: Vec<&Fact> = self.exposures.iter().flat_map(|f| &f.facts).collect();
        facts.sort();
        facts.dedup();
        facts
    }
}

/// Whether the ledger says of a finding that it is rotated.
#[must_use]
pub fn is_rotated(finding: &Finding) -> bool {
    finding.silence.as_ref().is_some_and(|silence| silence.by == SilencedBy::Ledger)
}

/// What was found and is rotated.
#[must_use]
pub fn rotated(outcome: &ScanOutcome) -> Vec<Credential<'_>> {
    Credential::group(&outcome.rules, outcome.silenced.iter().filter(|finding| is_rotated(finding)))
}

/// Runbooks by rule.
#[derive(Debug, Default)]
pub struct Runbooks {
    catalogue: Catalogue,
}

impl Runbooks {
    /// The runbooks of `catalogue`.
    #[must_use]
    pub fn new(catalogue: Catalogue) -> Self {
        Self { catalogue }
    }

    /// The runbook for what `rule` finds.
    #[must_use]
    pub fn of(&self, rule: &Rule) -> Option<&Runbook> {
        self.catalogue.runbook(&rule.rotation)
    }
}

/// Fills the facts of a finding into a command of a runbook; what is not known, or could do harm in a shell, stays as `<name>`.
#[must_use]
pub fn fill(command: &str, facts: &[&Fact]) -> String {
    let mut filled = String::with_capacity(command.len());
    let mut rest = command;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        let name = rest[open + 1..].split('}').next().unwrap_or_default();
        let is_fact = FACTS.contains(&name);
        match facts.iter().find(|f| f.name == name) {
            Some(fact) if is_fact && is_harmless(&fact.value) => filled.push_str(&fact.value),
            _ if is_fact => {
                filled.push('<');
                filled.push_str(&name.replace('_', "-"));
                filled.push('>');
            }
            _ => {
                filled.push('{');
                rest = &rest[open + 1..];
                continue;
            }
        }
        rest = &rest[open + name.len() + 2..];
    }
    filled + rest
}

/// Whether a value can stand anywhere in a shell command without meaning something to the shell. Facts are read from the scanned
/// text, and the command they are put into will be pasted into a terminal.
fn is_harmless(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-@:/+".contains(c);
    !value.is_empty() && value.chars().all(plain) && !value.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_filled_in_and_quoted() {
        let facts = [Fact::new("key_id", "AKIA1"), Fact::new("user", "a; rm -rf 'x'")];
        let facts: Vec<&Fact> = facts.iter().collect();
        assert_eq!(
            fill("aws {key_id} {user} {host} -w '%{http_code}' ${X}", &facts),
            "aws AKIA1 <user> <host> -w '%{http_code}' ${X}"
        );
    }
}
