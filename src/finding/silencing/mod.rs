//! What silences findings: comments beside them, a configuration, a baseline, the ledger of rotations. And what must be said
//! of silencing.
//!
//! Silenced is only what is silenced at every place: of a credential that a history tells of, one place that nobody
//! has spoken of is enough to report it.

mod allow;
mod baseline;
mod config;
mod day;
mod ledger;
mod marker;
mod note;
mod salted;

use std::collections::BTreeSet;

pub use self::allow::{Allow, Globs};
pub use self::baseline::{Acceptance, BASELINE, BASELINE_LIMIT, Baseline, Entry, Match};
pub use self::config::{CONFIG, CONFIG_LIMIT, Config, ConfigError, ScanDefaults};
pub use self::day::Day;
pub use self::ledger::{LEDGER, LEDGER_LIMIT, Ledger, Rotation};
pub use self::marker::{Comments, MARKER_REACH, Marker, Trust};
pub use self::note::{Note, NoteKind};
use super::{Finding, Redactor};
use crate::blob::Origin;
use crate::rule::{Confidence, RuleSet};
use crate::source::worktree::Exclude;

/// What silences findings in a scan.
#[derive(Clone, Default)]
pub struct Silencing {
    /// Which comments count.
    pub comments: Comments,
    /// What a configuration allows.
    pub allows: Vec<Allow>,
    /// What is accepted.
    pub baseline: Option<Baseline>,
    /// What is rotated, wherever it is.
    pub ledger: Option<Ledger>,
    /// The day for which it is asked whether something has expired. Without one, nothing has.
    pub today: Option<Day>,
    /// What is to be told besides.
    pub notes: Vec<Note>,
}

/// What was scanned, as far as silencing must know.
pub struct Scope<'s> {
    /// The rules that findings refer to.
    pub rules: &'s RuleSet,
    /// What the paths of repositories begin with that are within the project and not a part of it.
    pub others: &'s [String],
    /// Whether the whole project was looked at, and its whole history, but for `exclude`.
    pub whole: bool,
    /// What was left out on purpose.
    pub exclude: &'s Exclude,
    /// Findings below it are not there.
    pub least: Confidence,
}

/// Every place of a finding.
pub(crate) fn places(finding: &Finding) -> impl Iterator<Item = &Origin> {
    let past = finding.history.iter().flat_map(|history| history.exposures.iter().map(|exposure| &exposure.origin));
    let none = finding.history.as_ref().is_none_or(|history| history.exposures.is_empty());
    none.then_some(&finding.origin).into_iter().chain(past)
}

impl Silencing {
    /// Gives each finding that is silenced its reason, if it has none yet, and says what must be told. `redactor` knows all secrets.
    pub fn apply(&self, findings: &mut [Finding], scope: &Scope<'_>, redactor: &Redactor) -> Vec<Note> {
        let mut telling = Telling { notes: self.notes.clone(), ..Telling::default() };
        let allows: Vec<&Allow> = self.allows.iter().filter(|allow| !self.is_over(allow.expires)).collect();
        let mut met = vec![false; self.baseline.as_ref().map_or(0, |baseline| baseline.entries().len())];
        for finding in findings.iter_mut() {
            let known = self.find(finding);
            known.entries.iter().for_each(|&entry| met[entry] = true);
            let by_comment = self.by_comment(finding, scope, &mut telling);
            let by_list = finding.silence.as_deref().cloned();
            let by_allow = || allows.iter().find_map(|allow| allow.silence(finding, scope.rules));
            // What is rotated is listed as that, whatever else is said of it.
            let rotated = self.ledger.as_ref().and_then(|ledger| Some((ledger, ledger.find(finding)?)));
            if let Some((ledger, entry)) = rotated
                && finding.confidence >= scope.least
            {
                telling.rotated(finding, ledger.entries()[entry].date);
            }
            let by_ledger = rotated.map(|(ledger, entry)| ledger.silence(entry));
            let silence = by_ledger.or(by_comment).or(by_list).or_else(by_allow).or(known.silence);
            if silence.is_none() && finding.confidence >= scope.least {
                telling.open(finding, known.elsewhere, self.comments(finding, scope));
            }
            finding.silence = silence.map(|silence| {
                let (place, reason) = (redactor.mask(&silence.place), redactor.mask(&silence.reason));
                Box::new(super::Silence { place, reason, ..silence })
            });
        }
        let mut notes = telling.finish();
        self.told_of_expiry(&met, scope, &mut notes);
        for note in &mut notes {
            note.place = redactor.mask(&note.place);
            note.detail = redactor.mask(&note.detail);
        }
        notes.sort();
        notes.dedup();
        notes
    }

    fn is_over(&self, expires: Option<Day>) -> bool {
        self.today.zip(expires).is_some_and(|(today, expires)| expires < today)
    }

    fn find(&self, finding: &Finding) -> Match {
        let today = self.today.or_else(|| Day::new(0, 1, 1));
        self.baseline.as_ref().zip(today).map(|(baseline, today)| baseline.find(finding, today)).unwrap_or_default()
    }

    /// Which comments count where a finding is.
    fn comments(&self, finding: &Finding, scope: &Scope<'_>) -> Comments {
        let path = finding.origin.path();
        let others = finding.origin.is_packed()
            || finding.origin == Origin::Stdin
            || scope.others.iter().any(|other| path.starts_with(&**other));
        if others { self.comments.of_others() } else { self.comments }
    }

    fn by_comment(&self, finding: &Finding, scope: &Scope<'_>, telling: &mut Telling) -> Option<super::Silence> {
        let marker = finding.marker.as_deref()?;
        let comments = self.comments(finding, scope);
        let silence = marker.silence(comments, || place(finding));
        let believed = Comments { trust: Trust::Everybody, ..comments };
        let shown = finding.confidence >= scope.least;
        if shown && silence.is_none() && marker.silence(believed, String::new).is_some() {
            telling.not_heeded(finding);
        }
        silence
    }

    /// Tells what has expired, and of the baseline what is there no more.
    fn told_of_expiry(&self, met: &[bool], scope: &Scope<'_>, notes: &mut Vec<Note>) {
        for allow in self.allows.iter().filter(|allow| self.is_over(allow.expires)) {
            let (day, reason) = (allow.expires.map(|day| day.to_string()).unwrap_or_default(), &allow.reason);
            let detail = format!("expired on {day}, so it silences nothing ({reason}); set another day or remove it");
            notes.push(Note::new(NoteKind::Expired, &allow.place, detail));
        }
        let Some(baseline) = &self.baseline else { return };
        for (number, (_, entry)) in baseline.entries().iter().enumerate() {
            let Entry { rule, path, reason, .. } = entry;
            let in_scope = scope.whole && entry.is_seen_at(scope.least) && !scope.exclude.has_member(path);
            if self.is_over(entry.expires) {
                let day = entry.expires.map(|day| day.to_string()).unwrap_or_default();
                let detail = format!(
                    "expired on {day}, so it silences nothing: {rule} in {path} ({reason}); see that it is gone, or run \
                     `cleansweep baseline update --renew`"
                );
                notes.push(Note::new(NoteKind::Expired, baseline.place(number), detail));
            } else if !met[number] && in_scope {
                let detail =
                    format!("{rule} in {path} is there no more; `cleansweep baseline prune` removes the entry");
                notes.push(Note::new(NoteKind::Stale, baseline.place(number), detail));
            }
        }
    }
}

/// `path:line`; where there are several versions, the path.
fn place(finding: &Finding) -> String {
    match finding.history {
        Some(_) => finding.origin.path().to_owned(),
        None => format!("{}:{}", finding.origin.path(), finding.start.line),
    }
}

/// Collects what is to be told of findings, that of many in one note.
#[derive(Default)]
struct Telling {
    notes: Vec<Note>,
    /// Paths with a comment that lacks its reason.
    lacking: BTreeSet<String>,
    not_heeded: Option<(u64, String)>,
    elsewhere: Option<(u64, String)>,
    after_rotation: Option<(u64, String)>,
}

impl Telling {
    /// What is in a file and in its history is told once.
    fn without_reason(&mut self, finding: &Finding) {
        let path = finding.origin.path().to_owned();
        let known = !self.lacking.insert(path);
        if known && finding.history.is_some() {
            return;
        }
        let detail =
            "`cleansweep:allow` silences only with a reason after it, as in `cleansweep:allow the example of the docs`";
        self.notes.push(Note::new(NoteKind::WithoutReason, place(finding), detail));
    }

    fn not_heeded(&mut self, finding: &Finding) {
        self.not_heeded.get_or_insert_with(|| (0, place(finding))).0 += 1;
    }

    /// Takes note of one that is reported.
    fn open(&mut self, finding: &Finding, elsewhere: bool, comments: Comments) {
        if comments.trust != Trust::Nobody && finding.marker.as_ref().is_some_and(|marker| marker.lacks_reason()) {
            self.without_reason(finding);
        }
        if elsewhere {
            self.elsewhere.get_or_insert_with(|| (0, place(finding))).0 += 1;
        }
    }

    /// Takes note of one that is rotated, if it came to a place after that.
    fn rotated(&mut self, finding: &Finding, on: Day) {
        let exposures = finding.history.iter().flat_map(|history| &history.exposures);
        let came = exposures.filter_map(|exposure| Day::parse(exposure.introduced.as_ref()?.day()));
        if came.into_iter().any(|day| day > on) {
            self.after_rotation.get_or_insert_with(|| (0, place(finding))).0 += 1;
        }
    }

    fn finish(mut self) -> Vec<Note> {
        let others =
            |number: u64| if number > 1 { format!(" (and at {} more places)", number - 1) } else { String::new() };
        if let Some((number, place)) = self.not_heeded.take() {
            let detail = format!(
                "a comment here{} asks for silence; it is somebody else's and does not count (--trusted)",
                others(number)
            );
            self.notes.push(Note::new(NoteKind::Ignored, place, detail));
        }
        if let Some((number, place)) = self.elsewhere.take() {
            let detail = format!(
                "the secret here{} is in the baseline at another path; a moved file is a new place: `cleansweep baseline \
                 update` adds it",
                others(number)
            );
            self.notes.push(Note::new(NoteKind::OtherPlace, place, detail));
        }
        if let Some((number, place)) = self.after_rotation.take() {
            let detail = format!(
                "a secret that is rotated was committed here{} after its rotation; it counts as rotated: see that the old \
                 value is dead and that nothing uses it",
                others(number)
            );
            self.notes.push(Note::new(NoteKind::AfterRotation, place, detail));
        }
        self.notes
    }
}
