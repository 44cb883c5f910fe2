//! What a scan amounts to: what was found, what of it counts, and what was looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::history::HistoryCoverage;
use super::{Plan, silencing};
use crate::blob::Skipped;
use crate::detect::Detector;
use crate::finding::silencing::{Note, Scope};
use crate::finding::{Finding, Redactor};
use crate::rule::RuleSet;
use crate::source::worktree::Exclude;

/// What was looked at and what was not.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Files and streams that were scanned to their end.
    pub items: u64,
    /// Bytes scanned.
    pub bytes: u64,
    /// Whether only what the next commit adds was looked at.
    pub staged: bool,
    /// What was not, or not wholly, looked at.
    pub skipped: Vec<Skipped>,
    /// What was done about archives and compressed files.
    pub archives: Archives,
    /// What the user's `--exclude` left out: files and whole folders.
    pub excluded: u64,
    /// Whether `.gitignore` files were obeyed.
    pub gitignore_respected: bool,
    /// Links without a target.
    pub broken_links: Vec<String>,
    /// Histories that were looked at.
    pub histories: Vec<HistoryCoverage>,
    /// Repositories whose history was not looked at.
    pub unscanned_histories: Vec<String>,
    /// Whether that was a whole project with its whole history, but for what was excluded.
    pub whole: bool,
    /// What there is to know of silencing; it changes nothing of what the scan amounts to.
    pub notes: Vec<Note>,
}

/// What was done about archives and compressed files; those of histories are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archives {
    /// Whether none was opened because the user wants it so.
    pub left_closed: bool,
    /// How many there are that were opened, or would have been; those in others are not counted.
    pub containers: u64,
    /// Members that were scanned.
    pub members: u64,
}

impl Archives {
    /// Adds the counts of another.
    pub(super) fn add(&mut self, other: Self) {
        self.left_closed |= other.left_closed;
        self.containers += other.containers;
        self.members += other.members;
    }
}

/// What the scan amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was looked at and nothing was found.
    Clean,
    /// Something was found.
    Findings,
    /// Nothing was found, but not everything was looked at.
    Incomplete,
}

/// The result of a scan.
pub struct ScanOutcome {
    /// The rules that findings refer to.
    pub rules: Arc<RuleSet>,
    /// What was found, by path and place.
    pub findings: Vec<Finding>,
    /// What was found too, but somebody has said that it does not count; each with its `silence`.
    pub silenced: Vec<Finding>,
    /// How many more there are below the wanted confidence.
    pub below_confidence: u64,
    /// What was looked at.
    pub coverage: Coverage,
    /// What paths are relative to, where it is one folder.
    pub base: Option<PathBuf>,
    /// How long it took.
    pub elapsed: Duration,
}

/// How much there is of a kind of personal data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonalData {
    /// How many different values.
    pub values: u64,
    /// How often one of them is somewhere.
    pub times: u64,
}

impl ScanOutcome {
    /// Findings beat incompleteness: either must not pass.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (self.findings.is_empty(), self.coverage.skipped.is_empty()) {
            (false, _) => Verdict::Findings,
            (true, false) => Verdict::Incomplete,
            (true, true) => Verdict::Clean,
        }
    }

    /// How much personal data there is, by the kind's rule.
    #[must_use]
    pub fn personal_data(&self) -> BTreeMap<&str, PersonalData> {
        let (mut kinds, mut met) = (BTreeMap::<&str, PersonalData>::new(), BTreeSet::new());
        for finding in &self.findings {
            let rule = self.rules.get(finding.rule);
            if rule.is_personal() {
                let kind = kinds.entry(&rule.id).or_default();
                kind.values += u64::from(met.insert((finding.rule, finding.credential)));
                kind.times += 1 + finding.more;
            }
        }
        kinds
    }

    /// Adds what another scan found and looked at.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let found = [self.findings, self.silenced, other.findings, other.silenced];
        let mut found = in_order(found.into_iter().flatten().collect());
        self.below_confidence += other.below_confidence;
        self.elapsed += other.elapsed;
        let (all, more) = (&mut self.coverage, other.coverage);
        all.items += more.items;
        all.bytes += more.bytes;
        all.staged &= more.staged;
        all.skipped.extend(more.skipped);
        all.skipped.sort();
        all.archives.add(more.archives);
        all.excluded += more.excluded;
        all.gitignore_respected |= more.gitignore_respected;
        all.broken_links.extend(more.broken_links);
        all.histories.extend(more.histories);
        all.unscanned_histories.extend(more.unscanned_histories);
        all.notes.extend(more.notes);
        all.notes.sort();
        all.notes.dedup();
        all.whole &= more.whole;
        redact(&mut found, all);
        (self.silenced, self.findings) = found.into_iter().partition(|finding| finding.silence.is_some());
        self
    }
}

/// What a scan was made with.
pub(super) struct Frame<'f> {
    pub(super) detector: &'f Detector,
    pub(super) plan: &'f Plan,
    /// What the paths of repositories begin with that are within the project and not a part of it.
    pub(super) others: &'f [String],
    /// What was left out on purpose.
    pub(super) exclude: &'f Exclude,
    pub(super) started: Instant,
}

/// What a scan has gathered.
pub(super) struct Gathered {
    pub(super) findings: Vec<Finding>,
    /// How many more there are that were not sure enough to be kept.
    pub(super) below: u64,
    pub(super) coverage: Coverage,
}

impl Gathered {
    /// Says what it amounts to. `base` is what paths are relative to.
    pub(super) fn conclude(self, frame: &Frame<'_>, base: Option<PathBuf>) -> ScanOutcome {
        let Self { findings, below, mut coverage } = self;
        let Frame { detector, plan, others, exclude, started } = *frame;
        coverage.skipped.sort();
        let mut findings = in_order(findings);
        silencing::by_commits(&plan.silencers, detector.rules(), &mut findings);
        let redactor = redact(&mut findings, &mut coverage);
        let (whole, least) = (coverage.whole, plan.min_confidence);
        let scope = Scope { rules: detector.rules(), others, whole, exclude, least };
        coverage.notes = plan.silencing.apply(&mut findings, &scope, &redactor);
        let all = findings.len();
        findings.retain(|finding| finding.confidence >= least);
        let below = below + (all - findings.len()) as u64;
        let (silenced, findings) = findings.into_iter().partition(|finding| finding.silence.is_some());
        ScanOutcome {
            rules: detector.rules().clone(),
            below_confidence: below,
            findings,
            silenced,
            coverage,
            base,
            elapsed: started.elapsed(),
        }
    }
}

/// Sorts findings by path and place, each once: a file can be reached by two of the paths the user named. A secret in a
/// name is listed for the first path that has it, not for every file below a folder.
fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    // Several secrets can have been at one place of a file, one after the other.
    let place = |f: &Finding| (f.span, f.rule, f.credential);
    findings.sort_by(|a, b| a.origin.cmp(&b.origin).then_with(|| place(a).cmp(&place(b))));
    findings.dedup_by(|b, a| a.origin == b.origin && place(a) == place(b));
    let mut named = BTreeSet::new();
    findings.retain(|f| !f.origin.is_name() || named.insert((f.rule, f.credential, f.origin.source())));
    findings
}

/// Masks, in everything that will be shown, every secret that is known, whichever finding it belongs to.
fn redact(findings: &mut [Finding], coverage: &mut Coverage) -> Redactor {
    let redactor = Redactor::new(findings.iter().flat_map(Finding::values));
    findings.iter_mut().for_each(|finding| finding.redact(&redactor));
    for skipped in &mut coverage.skipped {
        skipped.what = redactor.mask_path(&skipped.what);
        skipped.detail = redactor.mask(&skipped.detail);
    }
    let histories = coverage.histories.iter_mut().map(|history| &mut history.repository);
    for name in coverage.broken_links.iter_mut().chain(&mut coverage.unscanned_histories).chain(histories) {
        *name = redactor.mask_path(name);
    }
    redactor
}
