//! LOG-02: personal data in logs, in those of the tree and in those that are given.
//!
//! Whether a log needs it is a person's to say, and what has no form, as names have none, is not seen: both are for review.

use std::collections::BTreeMap;

use super::samples::Samples;
use super::sec::{count, evidence, places};
use crate::checklist::syntax::Means;
use crate::checklist::verdict::{Claim, Coverage, Evidence};
use crate::finding::Finding;
use crate::scan::ScanOutcome;

/// Kinds that open an account to whoever reads them: of a log that has one LOG-01 is not passed.
const SESSIONS: &[&str] = &["personal-session-id", "personal-web-authorization"];

/// Kinds that are named in one reason.
const NAMED: usize = 6;

/// What is personal of a scan, but for what opens an account.
fn personal(outcome: &ScanOutcome) -> impl Iterator<Item = &Finding> {
    outcome.findings.iter().filter(|finding| {
        let rule = outcome.rules.get(finding.rule);
        rule.is_personal() && !SESSIONS.contains(&rule.id.as_str())
    })
}

/// Sessions and the like in the logs that were given.
pub(super) fn sessions(samples: &Samples) -> Option<Evidence> {
    let logs = samples.logs.as_ref()?;
    let is_session = |finding: &&Finding| SESSIONS.contains(&logs.rules.get(finding.rule).id.as_str());
    let found: Vec<&Finding> = logs.findings.iter().filter(is_session).collect();
    let number = found.iter().map(|finding| finding.credential).collect::<std::collections::BTreeSet<_>>().len();
    (number > 0).then(|| {
        let reason = match number {
            1 => "1 session id or Authorization header in the logs: whoever reads it is signed in".to_owned(),
            _ => format!("{number} session ids and Authorization headers in the logs: whoever reads them is signed in"),
        };
        let mut told = evidence(Means::Given, Claim::Fail, "the logs that were given with --logs", reason);
        told.places = places(found.into_iter());
        told.coverage = Some(coverage([logs]));
        told.would_change = "logs without them".into();
        told
    })
}

/// LOG-02.
pub(super) fn decide(samples: &Samples) -> Evidence {
    let scans = || samples.logs.iter().chain(&samples.tree_logs.scan);
    let coverage = coverage(scans());
    let skipped = coverage.all - coverage.seen;
    let kinds = kinds(scans());
    let silenced =
        scans().flat_map(|scan| scan.silenced.iter().map(|f| scan.rules.get(f.rule))).filter(|r| r.is_personal());
    let silenced = match silenced.count() {
        0 => String::new(),
        number => format!("; {number} more that a configuration, a comment or the baseline allows"),
    };
    let files = count(usize::try_from(coverage.seen).unwrap_or(usize::MAX), "log file");
    let (claim, reason) = match () {
        () if !kinds.is_empty() => {
            let more = if skipped > 0 { "; there may be more, as not all was looked at" } else { "" };
            (Claim::Review, format!("{files} with {}{silenced}{more}: does each log need it?", told(&kinds)))
        }
        () if coverage.all == 0 => (Claim::Open, "no log file is in the tree, and none was given".to_owned()),
        () if skipped > 0 => {
            let number = count(usize::try_from(skipped).unwrap_or(usize::MAX), "log file");
            (Claim::Open, format!("{number} not, or not wholly, looked at"))
        }
        () => {
            let reason = format!(
                "{files} without mail addresses, telephone numbers and numbers of cards, accounts and persons{silenced}; names and \
                 postal addresses have no form that could be looked for"
            );
            (Claim::Review, reason)
        }
    };
    let development = match samples.tree_logs.development {
        0 => String::new(),
        number => format!("; files that do not count: {number} in tests and examples"),
    };
    let looked_at = format!("the log files of the tree, and those that were given with --logs{development}");
    let mut told = evidence(Means::Given, claim, &looked_at, reason);
    let mut found = scans().flat_map(|scan| places(personal(scan))).collect::<Vec<_>>();
    found.truncate(super::sec::PLACES);
    told.places = found;
    told.coverage = Some(coverage);
    told.would_change = "logs of the running application, with `--logs`".into();
    told
}

/// Log files that were looked at to their end, of all.
fn coverage<'s>(scans: impl IntoIterator<Item = &'s ScanOutcome>) -> Coverage {
    let mut coverage = Coverage { seen: 0, all: 0, of: "log files".into() };
    for scan in scans {
        coverage.seen += scan.coverage.items;
        coverage.all += scan.coverage.items + scan.coverage.skipped.len() as u64;
    }
    coverage
}

/// How many values there are of each kind, and how often.
fn kinds<'s>(scans: impl Iterator<Item = &'s ScanOutcome>) -> BTreeMap<&'s str, (u64, u64)> {
    let mut kinds: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for scan in scans {
        for (id, data) in scan.personal_data() {
            let Some(rule) = scan.rules.find(id).filter(|_| !SESSIONS.contains(&id)) else { continue };
            let kind = kinds.entry(&scan.rules.get(rule).title).or_default();
            *kind = (kind.0 + data.values, kind.1 + data.times);
        }
    }
    kinds
}

/// The kinds in words, the most frequent first.
fn told(kinds: &BTreeMap<&str, (u64, u64)>) -> String {
    let mut all: Vec<(&&str, &(u64, u64))> = kinds.iter().collect();
    all.sort_by_key(|(title, (_, times))| (std::cmp::Reverse(*times), **title));
    let one = |(title, (values, times)): &(&&str, &(u64, u64))| match (values, times) {
        (1, 1) => format!("{title} (1 value, once)"),
        (1, times) => format!("{title} (1 value, {times} times)"),
        (values, times) => format!("{title} ({values} values, {times} times)"),
    };
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more kinds"),
    };
    all.iter().take(NAMED).map(one).collect::<Vec<_>>().join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::checks::samples::TreeLogs;
    use crate::checklist::row::Checklist;
    use crate::checklist::verdict::Verdict;
    use crate::rule::{Catalogue, RuleSource};
    use crate::scan::sample::{self, file, finding};

    /// Findings by rule, value and file.
    fn scan(found: &[(&str, &str, &str)]) -> ScanOutcome {
        let rules = Catalogue::load(&[RuleSource::Embedded, RuleSource::Personal]).expect("the rules are sound");
        let findings = found.iter().map(|(rule, value, path)| finding(&rules, rule, value, file(path))).collect();
        sample::outcome(rules.into(), findings)
    }

    fn verdict(evidence: &Evidence, row: &str) -> Verdict {
        evidence.verdict(Checklist::embedded().row(row).expect("it is a row"))
    }

    const MAILS: &[(&str, &str, &str)] = &[
        ("personal-email", "ada@shop.test", "a.log"),
        ("personal-email", "bob@shop.test", "b.log"),
        ("personal-iban", "GB00", "b.log"),
    ];

    #[test]
    fn personal_data_is_told_by_kind_number_and_place() {
        let samples = Samples { logs: Some(scan(MAILS)), ..Samples::default() };
        let told = decide(&samples);
        assert_eq!(verdict(&told, "LOG-02"), Verdict::Review);
        assert_eq!(
            told.reason,
            "1 log file with E-mail address (2 values, 2 times), Bank account number (IBAN) (1 value, once): does each log need it?"
        );
        let places: Vec<&str> = told.places.iter().map(|place| place.path.as_str()).collect();
        assert_eq!(places, ["a.log", "b.log"], "one place for each line");
        assert!(!format!("{told:?}").contains("ada@"));
        assert!(sessions(&samples).is_none());
        let both = Samples {
            logs: Some(scan(&MAILS[..1])),
            tree_logs: TreeLogs { scan: Some(scan(&MAILS[1..])), development: 2 },
            ..Samples::default()
        };
        let told = decide(&both);
        assert!(told.reason.starts_with("2 log files with E-mail address (2 values, 2 times)"), "{}", told.reason);
        assert!(told.looked_at.ends_with("2 in tests and examples"), "{}", told.looked_at);
    }

    #[test]
    fn nothing_found_is_for_review_and_nothing_looked_at_is_open() {
        let clean = decide(&Samples { logs: Some(scan(&[])), ..Samples::default() });
        assert_eq!(verdict(&clean, "LOG-02"), Verdict::Review, "{clean:?}");
        assert!(clean.reason.contains("names and postal addresses"), "{}", clean.reason);
        assert_eq!(verdict(&decide(&Samples::default()), "LOG-02"), Verdict::Open);
        let mut broken = scan(&[]);
        broken.coverage.skipped.push(crate::blob::Skipped::new("x", crate::blob::SkipReason::Corrupt, "y"));
        let told = decide(&Samples { logs: Some(broken), ..Samples::default() });
        assert_eq!(verdict(&told, "LOG-02"), Verdict::Open, "{told:?}");
        let mut cut = scan(MAILS);
        cut.coverage.skipped.push(crate::blob::Skipped::new("x", crate::blob::SkipReason::Truncated, "y"));
        let told = decide(&Samples { logs: Some(cut), ..Samples::default() });
        assert!(told.reason.contains("there may be more"), "{told:?}");
    }

    #[test]
    fn what_signs_in_whoever_reads_it_is_no_personal_data_but_worse() {
        let samples = Samples { logs: Some(scan(&[("personal-session-id", "abc", "a.log")])), ..Samples::default() };
        assert!(decide(&samples).reason.contains("without mail addresses"));
        let told = sessions(&samples).expect("it is told");
        assert_eq!(verdict(&told, "LOG-01"), Verdict::Fail);
        assert!(told.reason.starts_with("1 session id or Authorization header in the logs"), "{}", told.reason);
    }
}
