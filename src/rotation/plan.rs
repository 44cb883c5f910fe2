//! The order in which to rotate what was found: what a holder can do, then where it can be read, then for how long it could, then
//! how sure it is.

use std::cmp::Reverse;

use super::{Credential, rotated};
use crate::blob::Origin;
use crate::detect::is_delivered;
use crate::finding::Finding;
use crate::finding::history::Exposure;
use crate::scan::ScanOutcome;

/// Where a credential can be read, by the widest of its places; the widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exposed {
    /// In a file that is made to be delivered to browsers.
    Bundle,
    /// In the commit that is checked out.
    Head,
    /// In a file, a log or the like of which no history was looked at, so that it is not known who has it.
    File,
    /// In the past of a main branch, or of a branch of a server.
    Published,
    /// In the past of other branches, in tags, stashes, notes.
    Refs,
    /// In a file that is in no commit.
    Uncommitted,
    /// In what no name leads to any more.
    Unreachable,
}

/// A credential that is to be rotated.
pub struct Task<'o> {
    /// It, with all its places.
    pub credential: Credential<'o>,
    /// Where it can be read.
    pub exposed: Exposed,
    /// The day of the first commit that has it, `YYYY-MM-DD`, by its author.
    pub since: Option<&'o str>,
}

/// What to rotate, the most urgent first, and what is rotated.
pub struct RotationPlan<'o> {
    /// What is open.
    pub open: Vec<Task<'o>>,
    /// What is there and rotated.
    pub rotated: Vec<Credential<'o>>,
}

impl<'o> RotationPlan<'o> {
    /// The plan for what a scan has found. What is silenced otherwise than by the ledger is not in it.
    #[must_use]
    pub fn of(outcome: &'o ScanOutcome) -> Self {
        let has_history = !outcome.coverage.histories.is_empty();
        let task = |credential: Credential<'o>| Task {
            exposed: exposed(&credential, has_history),
            since: since(&credential),
            credential,
        };
        let mut open: Vec<Task<'_>> =
            Credential::group(&outcome.rules, &outcome.findings).into_iter().map(task).collect();
        open.sort_by_key(|task| {
            let Task { credential, exposed, since } = task;
            let first = credential.exposures[0];
            let urgency = (Reverse(credential.severity(&outcome.rules)), *exposed, since.is_none(), *since);
            (urgency, Reverse(credential.confidence), &first.origin, first.span)
        });
        Self { open, rotated: rotated(outcome) }
    }
}

impl Exposed {
    /// The stable name used in JSON.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Head => "head",
            Self::File => "file",
            Self::Published => "published",
            Self::Refs => "refs",
            Self::Uncommitted => "uncommitted",
            Self::Unreachable => "unreachable",
        }
    }

    /// The same in words.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self::Bundle => "in a file that is delivered to browsers",
            Self::Head => "in the commit that is checked out",
            Self::File => "in a file; no history was looked at",
            Self::Published => "in the history of a main or remote branch",
            Self::Refs => "in the history of other branches, tags or names",
            Self::Uncommitted => "in a file that is in no commit",
            Self::Unreachable => "in objects that no branch or tag leads to",
        }
    }
}

fn exposed(credential: &Credential<'_>, has_history: bool) -> Exposed {
    let past = || credential.exposures.iter().filter_map(|f| f.history.as_deref()).flat_map(|h| &h.exposures);
    let here = credential.exposures.iter().filter(|f| f.history.is_none()).map(|f| here(f, has_history));
    // A finding of a history without any place of its own is somewhere in its objects.
    here.chain(past().map(there)).min().unwrap_or(Exposed::Unreachable)
}

/// Of a place in a file or stream of today.
fn here(finding: &Finding, has_history: bool) -> Exposed {
    match finding.origin.container() {
        Origin::File(_) if is_delivered(finding.origin.path()) => Exposed::Bundle,
        _ if has_history => Exposed::Uncommitted,
        _ => Exposed::File,
    }
}

/// Of a place in a history.
fn there(exposure: &Exposure) -> Exposed {
    let is_main = |name: &str| matches!(name, "main" | "master" | "trunk" | "HEAD");
    let is_published = |name: &String| is_main(name) || name.starts_with("origin/") || name.starts_with("upstream/");
    match () {
        () if exposure.in_head && is_delivered(exposure.origin.path()) => Exposed::Bundle,
        () if exposure.in_head => Exposed::Head,
        () if exposure.refs.iter().any(is_published) => Exposed::Published,
        () if exposure.is_unreachable() => Exposed::Unreachable,
        () => Exposed::Refs,
    }
}

fn since<'o>(credential: &Credential<'o>) -> Option<&'o str> {
    let past = credential.exposures.iter().filter_map(|f| f.history.as_deref()).flat_map(|h| &h.exposures);
    past.filter_map(|exposure| exposure.introduced.as_ref()).map(|commit| commit.day()).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Silence, SilencedBy};
    use crate::rule::Confidence;
    use crate::scan::sample::{self, BODY, TOKEN, file, finding, past, rules};

    fn paths(outcome: &ScanOutcome) -> Vec<String> {
        let plan = RotationPlan::of(outcome);
        plan.open.iter().map(|task| task.credential.exposures[0].origin.path().to_owned()).collect()
    }

    #[test]
    fn the_most_urgent_comes_first() {
        let rules = rules();
        let token = |path: &str| finding(&rules, TOKEN, &format!("ghp_{path}{BODY}"), file(path));
        let password = finding(&rules, "generic-password", "correct-horse", file("a-password"));
        let mut unsure = past(token("m-unsure"), "2021-01-01", &["main"], true);
        unsure.confidence = Confidence::Medium;
        // In the order that is wanted, whose paths are in no order.
        let wanted = vec![
            past(token("z/dist/app.js"), "2024-01-01", &["main"], true),
            past(token("y-head-long-ago"), "2020-01-01", &["main"], true),
            past(token("n-sure"), "2021-01-01", &["main"], true),
            unsure,
            past(token("x-main"), "2019-01-01", &["main", "topic"], false),
            past(token("w-remote"), "2020-01-01", &["origin/topic"], false),
            past(token("v-topic"), "2018-01-01", &["topic"], false),
            token("u-uncommitted"),
            past(token("t-gone"), "2017-01-01", &[], false),
            password,
        ];
        let names: Vec<String> = wanted.iter().map(|finding| finding.origin.path().to_owned()).collect();
        assert!(rules.get(wanted[0].rule).severity > rules.get(wanted[9].rule).severity, "the test needs it");
        let mut outcome = sample::outcome(rules.clone(), wanted);
        assert_eq!(paths(&outcome), names);
        outcome.findings.reverse();
        assert_eq!(paths(&outcome), names);
    }

    #[test]
    fn a_credential_is_one_task_as_exposed_as_its_widest_place() {
        let rules = rules();
        let token = |path: &str| finding(&rules, TOKEN, &format!("ghp_1{BODY}"), file(path));
        let places = vec![
            token("a"),
            past(token("b"), "2021-01-01", &["topic"], false),
            past(token("c"), "2020-02-03", &[], false),
        ];
        let mut outcome = sample::outcome(rules.clone(), places);
        let plan = RotationPlan::of(&outcome);
        assert_eq!(plan.open.len(), 1);
        let task = &plan.open[0];
        assert_eq!((task.exposed, task.since), (Exposed::Refs, Some("2020-02-03")));
        assert_eq!(task.credential.exposures.len(), 3);
        outcome.findings.truncate(1);
        assert_eq!(RotationPlan::of(&outcome).open[0].exposed, Exposed::Uncommitted);
        outcome.coverage.histories.clear();
        assert_eq!(RotationPlan::of(&outcome).open[0].exposed, Exposed::File);
    }

    #[test]
    fn what_the_ledger_has_is_rotated_and_what_else_is_silenced_is_neither() {
        let rules = rules();
        let said = |n: u32, by| {
            let mut found = finding(&rules, TOKEN, &format!("ghp_{n}{BODY}"), file("a"));
            found.silence = Some(Box::new(Silence { by, place: "x".into(), reason: "y".into() }));
            found
        };
        let mut outcome = sample::outcome(rules.clone(), Vec::new());
        outcome.silenced =
            vec![said(1, SilencedBy::Ledger), said(2, SilencedBy::Baseline), said(3, SilencedBy::Comment)];
        let plan = RotationPlan::of(&outcome);
        assert_eq!((plan.open.len(), plan.rotated.len()), (0, 1));
        assert_eq!(plan.rotated[0].id, outcome.silenced[0].credential);
    }
}
