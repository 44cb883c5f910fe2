//! What of a history could not be looked at, told in few entries however many objects it is.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use super::events::Events;
use super::flag::{Flags, Unreadable};
use super::{HistoryScan, Known};
use crate::blob::{SkipReason, Skipped};
use crate::source::git::commits::Graph;

/// Broken objects that are listed one by one.
const LISTED: usize = 50;

/// Missing objects that are named.
const NAMED: usize = 3;

impl HistoryScan<'_> {
    /// Says what could not be looked at.
    pub(super) fn ledger(
        &self,
        skipped: &mut Vec<Skipped>,
        flags: &Flags,
        known: &Known<'_>,
        events: &Events,
        again: Vec<Unreadable>,
    ) {
        let Known { graph, selected, .. } = *known;
        let shown = &self.context.shown;
        let mut unreadable: BTreeMap<ObjectId, (SkipReason, String, u32)> = BTreeMap::new();
        for broken in flags.unreadable.iter().cloned().chain(again) {
            unreadable.insert(broken.id, (broken.reason, broken.why, broken.below));
        }
        for (id, (reason, why)) in &events.unreadable {
            unreadable.entry(*id).or_insert_with(|| (*reason, why.clone(), 0));
        }
        let total = unreadable.len();
        for (id, (reason, why, below)) in unreadable.into_iter().take(LISTED) {
            let below = if below > 0 { format!(", nor {below} objects that are made from it") } else { String::new() };
            let detail = format!("it cannot be read{below}: {why}; get it from another clone");
            skipped.push(Skipped::new(format!("{shown}: object {}", id.to_hex_with_len(10)), reason, detail));
        }
        if let Some(more @ 1..) = total.checked_sub(LISTED) {
            let detail = format!("{more} more objects cannot be read; get them from another clone");
            skipped.push(Skipped::new(shown.clone(), SkipReason::Corrupt, detail));
        }
        let cut_short: Vec<u32> =
            self.shallow.iter().filter_map(|id| graph.number(id)).filter(|&number| selected[number as usize]).collect();
        if !cut_short.is_empty() {
            let detail = format!(
                "a shallow clone: what came before {} of its commits was not fetched; run `git fetch --unshallow`, then \
                 scan again",
                cut_short.len()
            );
            skipped.push(Skipped::new(shown.clone(), SkipReason::IncompleteHistory, detail));
        }
        self.missing(skipped, graph, events);
        if flags.too_large > 0 {
            let detail = format!("{} contents in its history are larger than --max-file-size", flags.too_large);
            skipped.push(Skipped::new(shown.clone(), SkipReason::TooLarge, detail));
        }
        if !events.cut.is_empty() {
            let detail = format!(
                "{} of its commits change more files than are followed; where some findings were is not known",
                events.cut.len()
            );
            skipped.push(Skipped::new(shown.clone(), SkipReason::Truncated, detail));
        }
    }

    fn missing(&self, skipped: &mut Vec<Skipped>, graph: &Graph, events: &Events) {
        let mut missing: BTreeSet<ObjectId> = events.missing.clone();
        missing.extend(graph.missing(&self.shallow));
        // What only a fetch or a step back remembers may be gone.
        let kept = |name: &&String| name.starts_with("refs/") || *name == "HEAD";
        let named = self.refs.named.iter().filter(|(name, _)| kept(name)).map(|(_, id)| *id);
        missing.extend(named.filter(|id| !self.objects.contains(id)));
        if missing.is_empty() {
            return;
        }
        let some: Vec<String> = missing.iter().take(NAMED).map(|id| id.to_hex_with_len(10).to_string()).collect();
        let more = if missing.len() > NAMED { ", …" } else { "" };
        let (reason, why) = match self.partial {
            true => (
                SkipReason::IncompleteHistory,
                "a partial clone: they were left with the server; clone without --filter, then scan again",
            ),
            false => (SkipReason::MissingObjects, "the repository is damaged; get them from another clone"),
        };
        let detail = format!("at least {} objects are missing ({}{more}): {why}", missing.len(), some.join(", "));
        skipped.push(Skipped::new(self.context.shown.clone(), reason, detail));
    }
}
