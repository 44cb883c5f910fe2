//! One pass over the bytes for all anchors of all rules.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

use super::table::Table;
use crate::rule::RuleSet;

/// An anchor at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Offset of the anchor's first byte.
    pub(super) start: usize,
    /// Its number in [`RuleSet::anchors`].
    pub(super) anchor: usize,
}

/// Pieces of a text put together, to be searched at once.
#[derive(Debug, Default)]
pub(super) struct Joined {
    text: Vec<u8>,
    /// Where each begins here and there, and from where on an anchor may end.
    pieces: Vec<(usize, usize, usize)>,
}

/// After so many bytes the full table pays: making it takes as long as a whole run on a small file, and it searches
/// several times as fast.
const TABLE_AFTER: usize = 512 * 1024;

/// An Aho-Corasick automaton over all anchors, in any case: first the compact form, and once there is much to search the
/// full table.
#[derive(Debug)]
pub(super) struct Prefilter {
    anchors: Vec<String>,
    compact: Option<NFA>,
    table: OnceLock<Option<Table>>,
    searched: AtomicUsize,
    longest: usize,
}

impl Prefilter {
    pub(super) fn new(rules: &RuleSet) -> Self {
        let anchors: Vec<String> = rules.anchors().iter().map(|a| a.folded.clone()).collect();
        debug_assert!(anchors.iter().all(|anchor| !anchor.contains('\0')), "checked with the rules");
        let longest = anchors.iter().map(String::len).max().unwrap_or(0);
        let compact = (!anchors.is_empty()).then(|| {
            NFA::builder()
                .match_kind(MatchKind::Standard)
                .ascii_case_insensitive(true)
                .prefilter(false)
                .build(&anchors)
                .expect("a few thousand short anchors fit an automaton")
        });
        Self { anchors, compact, table: OnceLock::new(), searched: AtomicUsize::new(0), longest }
    }

    /// The length of the longest anchor.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Puts into `hits` every anchor whose last byte is in one of several `cores`, which are in order and apart. Short ones are
    /// searched together, which is several times as fast as one by one.
    pub(super) fn find_in(&self, text: &[u8], cores: &[Range<usize>], joined: &mut Joined, hits: &mut Vec<Hit>) {
        if let [core] = cores {
            return self.find(text, core.clone(), hits);
        }
        joined.text.clear();
        joined.pieces.clear();
        for core in cores {
            let from = core.start.saturating_sub(self.longest - 1);
            joined.pieces.push((joined.text.len(), from, core.start));
            joined.text.extend_from_slice(&text[from..core.end]);
            // Not in any anchor.
            joined.text.push(0);
        }
        self.find(&joined.text, 0..joined.text.len(), hits);
        hits.retain_mut(|hit| {
            let piece = joined.pieces.partition_point(|(at, ..)| *at <= hit.start) - 1;
            let (at, from, core) = joined.pieces[piece];
            hit.start = hit.start - at + from;
            hit.start + self.anchors[hit.anchor].len() > core
        });
    }

    /// Puts into `hits` every anchor whose last byte is in `core`. They come in no particular order.
    pub(super) fn find(&self, text: &[u8], core: Range<usize>, hits: &mut Vec<Hit>) {
        hits.clear();
        let Some(compact) = &self.compact else { return };
        let before = self.searched.fetch_add(core.len(), Ordering::Relaxed);
        if before <= TABLE_AFTER && before + core.len() > TABLE_AFTER {
            // Exactly one search crosses the line; the others go on meanwhile.
            self.table.get_or_init(|| Table::build(compact, &self.anchors));
        }
        // An anchor that ends in the core can begin before it.
        let from = core.start.saturating_sub(self.longest - 1);
        let (text, before) = (&text[from..core.end], core.start - from);
        let mut report = |end: usize, anchor: usize| {
            hits.push(Hit { start: from + end - self.anchors[anchor].len(), anchor });
        };
        match self.table.get() {
            Some(Some(table)) => table.find(text, before, &mut report),
            _ => find_compact(compact, text, before, &mut report),
        }
    }
}

fn find_compact(automaton: &NFA, text: &[u8], before: usize, report: &mut impl FnMut(usize, usize)) {
    let mut state = automaton.start_state(Anchored::No).expect("built for unanchored search");
    for (at, &byte) in text.iter().enumerate() {
        state = automaton.next_state(Anchored::No, state, byte);
        if at >= before && automaton.is_special(state) && automaton.is_match(state) {
            for index in 0..automaton.match_len(state) {
                report(at + 1, automaton.match_pattern(state, index).as_usize());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rule::{Catalogue, RuleSource};

    #[test]
    fn both_forms_and_all_lanes_find_the_same() {
        let rules = Arc::new(Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is sound"));
        let mut text = Vec::new();
        for (i, anchor) in rules.anchors().iter().cycle().take(1500).enumerate() {
            text.extend(std::iter::repeat_n(b'.', i % 7));
            text.extend(anchor.folded.bytes().map(|b| if i % 2 == 0 { b.to_ascii_uppercase() } else { b }));
        }
        let prefilter = Prefilter::new(&rules);
        let find = |core: Range<usize>| {
            let mut hits = Vec::new();
            prefilter.find(&text, core, &mut hits);
            hits.sort();
            hits
        };
        let whole = find(0..text.len());
        assert!(text.len() < TABLE_AFTER / 2);
        assert!(whole.len() >= 1500);
        let in_pieces = || {
            let pieces = (0..text.len()).step_by(777).map(|at| at..(at + 777).min(text.len()));
            let mut hits: Vec<Hit> = pieces.flat_map(&find).collect();
            hits.sort();
            hits
        };
        assert_eq!(in_pieces(), whole);
        let table = Table::build(prefilter.compact.as_ref().expect("there are anchors"), &prefilter.anchors);
        assert!(prefilter.table.set(table).is_ok());
        assert_eq!(find(0..text.len()), whole);
        assert_eq!(in_pieces(), whole);
    }
}
