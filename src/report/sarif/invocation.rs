//! How the scan went: what was looked at, what was not, and what the report leaves out.

use std::collections::BTreeMap;

use serde_json::json;
use serde_sarif::sarif::{
    Invocation, Location, Notification, NotificationLevel, PhysicalLocation, ReportingDescriptor,
    ReportingDescriptorReference,
};

use super::super::json::{archives, silenced};
use super::super::text;
use super::result::{Selection, artifact};
use super::{Limits, RunInfo, bag, count, descriptor};
use crate::blob::{Origin, SkipReason, Skipped, WITHIN};
use crate::finding::silencing::NoteKind;
use crate::scan::{ScanOutcome, Verdict};

const FULL: &str = "The full profile (--sarif-profile full) has all of them.";

/// Characters that are kept of a notification that is too long.
const LONG_NOTE: usize = 1_000;

/// Notifications of one run and the descriptors they refer to.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) descriptors: Vec<ReportingDescriptor>,
    notifications: Vec<Notification>,
    index: BTreeMap<&'static str, i64>,
}

impl Notes {
    /// `too_large` is how many of the selected have no result because it would be too large.
    pub(super) fn new(outcome: &ScanOutcome, selection: &Selection<'_, '_>, too_large: u64, limits: Limits) -> Self {
        let mut notes = Self::default();
        notes.coverage(outcome, limits);
        notes.left_out(selection, too_large, limits);
        let skipped = &outcome.coverage.skipped;
        for skipped in skipped.iter().take(limits.listed) {
            notes.skipped(skipped, limits);
        }
        if let Some(over @ 1..) = skipped.len().checked_sub(limits.listed) {
            let number = count(over as u64, "more item was", "more items were");
            let text = format!("{number} not looked at and not listed here; of {} in all. {FULL}", skipped.len());
            notes.add(LEDGER_CUT, NotificationLevel::Warning, &text);
        }
        for note in outcome.coverage.notes.iter().take(limits.listed) {
            let text: String = format!("{}: {}", note.place, note.detail).chars().take(limits.note_bytes / 4).collect();
            notes.add(kind_of_note(note.kind), NotificationLevel::Note, &text);
        }
        notes
    }

    fn add(&mut self, kind: Kind, level: NotificationLevel, text: &str) -> &mut Notification {
        let next = self.descriptors.len() as i64;
        let index = *self.index.entry(kind.id).or_insert(next);
        if index == next {
            self.descriptors.push(descriptor(kind.id, kind.name, kind.title, kind.description));
        }
        let reference = ReportingDescriptorReference::builder().id(kind.id).index(index).build();
        let built = Notification::builder().descriptor(reference).level(json!(level)).message(text);
        self.notifications.push(built.build());
        self.notifications.last_mut().expect("one was just pushed")
    }

    fn skipped(&mut self, skipped: &Skipped, limits: Limits) {
        let Skipped { what, reason, detail } = skipped;
        let mut text = format!("{what}: {detail}");
        // A path can be so long that it would take the place of results.
        let is_long = text.len() > limits.note_bytes;
        if is_long {
            text = text.chars().take(LONG_NOTE).chain(['…']).collect();
        }
        let added = self.add(kind_of(*reason), NotificationLevel::Warning, &text);
        // What an interruption leaves out has no path.
        if *reason != SkipReason::Interrupted && !is_long {
            // Of what is in a container, the container is the file.
            let file = what.split(WITHIN).next().unwrap_or(what);
            let origin = if file == Origin::Stdin.path() { Origin::Stdin } else { Origin::File(file.to_owned()) };
            let physical = PhysicalLocation::builder().artifact_location(artifact(&origin)).build();
            added.locations = Some(vec![Location::builder().physical_location(physical).build()]);
        }
    }

    fn coverage(&mut self, outcome: &ScanOutcome, limits: Limits) {
        let coverage = &outcome.coverage;
        let first = |list: &[String]| json!(list[..list.len().min(limits.listed)]);
        let histories = coverage.histories.iter().take(limits.listed);
        let histories = histories.map(|h| json!({ "repository": h.repository, "commits": h.commits }));
        let added = self.add(COVERAGE, NotificationLevel::Note, &coverage_text(outcome));
        added.properties = Some(bag([
            ("archives", json!(archives(coverage))),
            ("belowConfidence", json!(outcome.below_confidence)),
            ("brokenLinks", first(&coverage.broken_links)),
            ("excluded", json!(coverage.excluded)),
            ("gitignoreRespected", json!(coverage.gitignore_respected)),
            ("scannedBytes", json!(coverage.bytes)),
            ("scannedItems", json!(coverage.items)),
            ("silenced", json!(silenced(outcome))),
            ("skipped", json!(coverage.skipped.len())),
            ("histories", json!(histories.collect::<Vec<_>>())),
            ("unscannedHistories", first(&coverage.unscanned_histories)),
        ]));
    }

    fn left_out(&mut self, selection: &Selection<'_, '_>, too_large: u64, limits: Limits) {
        if let (1.., Some(most)) = (selection.folded, limits.per_credential) {
            let number = count(selection.folded, "place has", "places have");
            let text = format!("{number} no result, because the secret already has {most} in other places. {FULL}");
            self.add(FOLDED, NotificationLevel::Note, &text);
        }
        if selection.cut > 0 {
            let (kept, cut) = (selection.alerts.len() as u64 - too_large, selection.cut);
            let number = count(cut, "result was", "results were");
            let text = format!(
                "{number} left out of {}, the least urgent ones: this file has {kept}, because GitHub shows 5000 of \
                 one run and takes 10 MB. {FULL}",
                cut + kept + too_large
            );
            self.add(RESULTS_CUT, NotificationLevel::Warning, &text);
        }
        if too_large > 0 {
            let number = count(too_large, "result was", "results were");
            let text = format!("{number} left out, having more than {} bytes. {FULL}", limits.result_bytes);
            self.add(RESULTS_CUT, NotificationLevel::Warning, &text);
        }
    }

    /// The one invocation of the run. Neither the command line nor the environment is in it: they can hold a secret.
    pub(super) fn invocation(&mut self, outcome: &ScanOutcome, info: &RunInfo) -> Invocation {
        let interrupted = outcome.coverage.skipped.iter().any(|s| s.reason == SkipReason::Interrupted);
        let mut invocation = Invocation::builder()
            .execution_successful(!interrupted)
            .exit_code(info.exit_code)
            .exit_code_description(match outcome.verdict() {
                Verdict::Clean => "Everything was looked at and no secret was found.",
                Verdict::Findings => "Secrets were found.",
                Verdict::Incomplete => "No secret was found, but not everything was looked at.",
            })
            .tool_execution_notifications(std::mem::take(&mut self.notifications))
            .build();
        invocation.start_time_utc.clone_from(&info.start);
        invocation.end_time_utc.clone_from(&info.end);
        invocation
    }
}

fn coverage_text(outcome: &ScanOutcome) -> String {
    let coverage = &outcome.coverage;
    let mut sentences = vec![format!(
        "Scanned {}, {}.",
        count(coverage.items, "file", "files"),
        count(coverage.bytes, "byte", "bytes")
    )];
    if !coverage.histories.is_empty() {
        let commits = coverage.histories.iter().map(|history| history.commits).sum();
        let histories = count(coverage.histories.len() as u64, "git history", "git histories");
        sentences.push(format!("Scanned {histories}, {}.", count(commits, "commit", "commits")));
    }
    let mut say = |number: u64, one: &str, many: &str, rest: &str| {
        if number > 0 {
            sentences.push(format!("{}{rest}", count(number, one, many)));
        }
    };
    say(coverage.skipped.len() as u64, "item was", "items were", " not, or not wholly, looked at.");
    say(coverage.excluded, "file or folder was", "files and folders were", " left out by --exclude.");
    let rotated = silenced(outcome).rotated;
    say(outcome.silenced.len() as u64 - rotated, "finding was", "findings were", " silenced.");
    say(rotated, "finding is", "findings are", " of secrets that are rotated.");
    say(outcome.below_confidence, "possible secret is", "possible secrets are", " below the wanted confidence.");
    say(coverage.unscanned_histories.len() as u64, "git history was", "git histories were", " not scanned.");
    say(coverage.broken_links.len() as u64, "link has", "links have", " no target.");
    sentences.extend(text::archives(coverage));
    if coverage.gitignore_respected {
        sentences.push("What .gitignore names was left out.".into());
    }
    sentences.join(" ")
}

/// A kind of notification.
#[derive(Clone, Copy)]
struct Kind {
    id: &'static str,
    name: &'static str,
    title: &'static str,
    description: &'static str,
}

const COVERAGE: Kind = Kind {
    id: "coverage",
    name: "ScanCoverage",
    title: "What was looked at",
    description: "How much was scanned, and what was left out on purpose.",
};

const FOLDED: Kind = Kind {
    id: "places-folded",
    name: "PlacesWithoutResult",
    title: "Places without a result of their own",
    description: "A secret that is in very many places must be rotated once; an alert for each would hide other secrets.",
};

const RESULTS_CUT: Kind = Kind {
    id: "results-cut",
    name: "ResultsLeftOut",
    title: "Results left out",
    description: "There is more than GitHub takes of one run. The least urgent or largest results are not in this file.",
};

const LEDGER_CUT: Kind = Kind {
    id: "skipped-cut",
    name: "SkippedItemsLeftOut",
    title: "Skipped items left out",
    description: "There are more skipped items than this file lists.",
};

fn kind_of_note(kind: NoteKind) -> Kind {
    let (name, title, description) = match kind {
        NoteKind::Expired => (
            "ExpiredSilence",
            "Expired",
            "What silenced findings was for a time, which is over: they are reported again.",
        ),
        NoteKind::Stale => {
            ("StaleSilence", "Stale", "An entry of the baseline is for something that is there no more.")
        }
        NoteKind::Ignored => (
            "IgnoredSilence",
            "Ignored",
            "What was scanned is somebody else's, so its configuration, baseline, ledger and comments silence nothing.",
        ),
        NoteKind::WithoutReason => (
            "SilenceWithoutReason",
            "Without reason",
            "A comment that is to silence a finding lacks the reason it needs.",
        ),
        NoteKind::OtherPlace => {
            ("SilencedElsewhere", "Silenced elsewhere", "The baseline has the same secret, at another path.")
        }
        NoteKind::AfterRotation => (
            "UsedAfterRotation",
            "Used after its rotation",
            "A secret came to a place after the day on which, says the ledger, it was rotated.",
        ),
        NoteKind::LeavesOut => ("ConfiguredExclude", "Left out", "A configuration leaves paths out of the scan."),
    };
    Kind { id: kind.id(), name, title, description }
}

fn kind_of(reason: SkipReason) -> Kind {
    let (name, title, description) = match reason {
        SkipReason::Unreadable => {
            ("UnreadableItem", "Unreadable", "It could not be opened or read: secrets in it were not found.")
        }
        SkipReason::Vanished => {
            ("VanishedItem", "Vanished", "It was there when its folder was listed and gone when it was opened.")
        }
        SkipReason::SpecialFile => {
            ("SpecialFileItem", "Special file", "A FIFO, socket or device: reading it could block or never end.")
        }
        SkipReason::LinkLeavesRoot => (
            "OutwardLink",
            "Link that leads out",
            "A symbolic link whose target is outside of what was to be scanned; the target was not looked at.",
        ),
        SkipReason::TooLarge => {
            ("TooLargeItem", "Too large", "It is larger than the limit the user set, and was not looked at.")
        }
        SkipReason::Truncated => {
            ("TruncatedItem", "Truncated", "It was scanned, but more was found in it than is kept.")
        }
        SkipReason::Interrupted => {
            ("InterruptedScan", "Interrupted", "The scan was stopped before everything was looked at.")
        }
        SkipReason::Corrupt => {
            ("CorruptItem", "Corrupt", "Its bytes are not what they ought to be; secrets in it were not found.")
        }
        SkipReason::Unsupported => {
            ("UnsupportedItem", "Unsupported", "It is in a form that is not read; secrets in it were not found.")
        }
        SkipReason::MissingObjects => (
            "MissingObjects",
            "Missing objects",
            "Objects of a git repository are not there, though others name them; secrets in them were not found.",
        ),
        SkipReason::IncompleteHistory => (
            "IncompleteHistory",
            "Incomplete history",
            "The repository was made without all of its history; secrets in the rest were not found.",
        ),
        SkipReason::Internal => ("InternalError", "Internal error", "cleansweep failed on it; the rest was scanned."),
    };
    Kind { id: reason.id(), name, title, description }
}
