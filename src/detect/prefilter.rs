//! One pass over the bytes for all anchors of all rules.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind, StartKind};

use crate::rule::RuleSet;

/// An anchor at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Offset of the anchor's first byte.
    pub(super) start: usize,
    /// Its number in [`RuleSet::anchors`].
    pub(super) anchor: usize,
}

/// How many places of a text are searched at once. A step of an automaton waits for the one before, so a
/// single search leaves most of a core idle; four independent ones fill it.
const LANES: usize = 4;

/// Texts shorter than this are not worth splitting.
const LANE_MIN: usize = 512;

/// After so many bytes the full table pays: it takes 3 ms to build, as long as a whole run on a small file, and
/// searches three times as fast.
const TABLE_AFTER: usize = 512 * 1024;

/// An Aho-Corasick automaton over all anchors, in any case: first the compact form, and once there is much to search the full table.
#[derive(Debug)]
pub(super) struct Prefilter {
    anchors: Vec<String>,
    compact: Option<NFA>,
    table: OnceLock<DFA>,
    searched: AtomicUsize,
    longest: usize,
}

impl Prefilter {
    pub(super) fn new(rules: &RuleSet) -> Self {
        let anchors: Vec<String> = rules.anchors().iter().map(|a| a.folded.clone()).collect();
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

    /// Puts into `hits` every anchor whose last byte is in `core`. They come in no particular order.
    pub(super) fn find(&self, text: &[u8], core: Range<usize>, hits: &mut Vec<Hit>) {
        hits.clear();
        let Some(compact) = &self.compact else { return };
        let before = self.searched.fetch_add(core.len(), Ordering::Relaxed);
        if before <= TABLE_AFTER && before + core.len() > TABLE_AFTER {
            // Exactly one search crosses the line; the others go on meanwhile.
            self.table.get_or_init(|| self.build_table());
        }
        match self.table.get() {
            Some(table) => {
                Search { automaton: table, anchors: &self.anchors, longest: self.longest, hits }.run(text, core)
            }
            None => Search { automaton: compact, anchors: &self.anchors, longest: self.longest, hits }.run(text, core),
        }
    }

    fn build_table(&self) -> DFA {
        DFA::builder()
            .match_kind(MatchKind::Standard)
            .start_kind(StartKind::Unanchored)
            .ascii_case_insensitive(true)
            .prefilter(false)
            .build(&self.anchors)
            .expect("the compact form was built from the same anchors")
    }
}

struct Search<'s, A> {
    automaton: &'s A,
    anchors: &'s [String],
    longest: usize,
    hits: &'s mut Vec<Hit>,
}

impl<A: Automaton> Search<'_, A> {
    fn run(mut self, text: &[u8], core: Range<usize>) {
        let lane = core.len() / LANES;
        let mut rest = core;
        if lane >= LANE_MIN {
            self.lanes(text, rest.start, lane);
            rest.start += lane * LANES;
        }
        self.plain(text, rest);
    }

    /// The state after the bytes before `at` that an anchor ending later can contain.
    fn warm(&self, text: &[u8], at: usize) -> StateID {
        let start = self.automaton.start_state(Anchored::No).expect("built for unanchored search");
        let before = at.saturating_sub(self.longest - 1);
        text[before..at].iter().fold(start, |state, &byte| self.automaton.next_state(Anchored::No, state, byte))
    }

    fn plain(&mut self, text: &[u8], core: Range<usize>) {
        let mut state = self.warm(text, core.start);
        for (offset, &byte) in text[core.clone()].iter().enumerate() {
            state = self.automaton.next_state(Anchored::No, state, byte);
            if self.automaton.is_special(state) {
                self.report(state, core.start + offset + 1);
            }
        }
    }

    // On its own the loop gets all registers; inlined into its callers it was a third slower.
    #[inline(never)]
    fn lanes(&mut self, text: &[u8], start: usize, lane: usize) {
        let [a, b, c, d]: [&[u8]; LANES] = std::array::from_fn(|i| &text[start + i * lane..][..lane]);
        let mut states: [StateID; LANES] = std::array::from_fn(|i| self.warm(text, start + i * lane));
        for (offset, (((&a, &b), &c), &d)) in a.iter().zip(b).zip(c).zip(d).enumerate() {
            let mut special = false;
            for (state, byte) in states.iter_mut().zip([a, b, c, d]) {
                *state = self.automaton.next_state(Anchored::No, *state, byte);
                special |= self.automaton.is_special(*state);
            }
            if special {
                for (i, &state) in states.iter().enumerate() {
                    if self.automaton.is_special(state) {
                        self.report(state, start + i * lane + offset + 1);
                    }
                }
            }
        }
    }

    #[inline]
    fn report(&mut self, state: StateID, end: usize) {
        if self.automaton.is_match(state) {
            for index in 0..self.automaton.match_len(state) {
                let anchor = self.automaton.match_pattern(state, index).as_usize();
                self.hits.push(Hit { start: end - self.anchors[anchor].len(), anchor });
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
        assert!(whole.len() >= 1500);
        let mut pieces: Vec<Hit> =
            (0..text.len()).step_by(777).flat_map(|at| find(at..(at + 777).min(text.len()))).collect();
        pieces.sort();
        assert_eq!(whole, pieces);
        prefilter.table.get_or_init(|| prefilter.build_table());
        assert_eq!(find(0..text.len()), whole);
    }
}
