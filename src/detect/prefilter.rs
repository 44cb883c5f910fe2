//! One pass over the bytes for all anchors of all rules.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::automaton::Automaton as _;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

use super::sieve::Sieve;
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

/// After so many bytes an automaton pays: making it takes as long as a whole run on a small file, and it searches several times
/// as fast.
const AUTOMATON_AFTER: usize = 512 * 1024;

/// Finds all anchors, in any case: first with what needs no making, and once there is much to search with an automaton.
#[derive(Debug)]
pub(super) struct Prefilter {
    anchors: Vec<String>,
    sieve: Sieve,
    automaton: OnceLock<Automaton>,
    searched: AtomicUsize,
    longest: usize,
}

/// An Aho-Corasick automaton, as a full table if that is not too large.
#[derive(Debug)]
enum Automaton {
    Table(Box<Table>),
    Compact(Box<NFA>),
    /// There is nothing to look for.
    Empty,
}

impl Automaton {
    fn new(anchors: &[String]) -> Self {
        if anchors.is_empty() {
            return Self::Empty;
        }
        let compact = NFA::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .prefilter(false)
            .build(anchors)
            .expect("a few thousand short anchors fit an automaton");
        match Table::build(&compact, anchors) {
            Some(table) => Self::Table(Box::new(table)),
            None => Self::Compact(Box::new(compact)),
        }
    }
}

impl Prefilter {
    pub(super) fn new(rules: &RuleSet) -> Self {
        let anchors: Vec<String> = rules.anchors().iter().map(|a| a.folded.clone()).collect();
        let longest = anchors.iter().map(String::len).max().unwrap_or(1);
        let sieve = Sieve::new(&anchors);
        Self { anchors, sieve, automaton: OnceLock::new(), searched: AtomicUsize::new(0), longest }
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
        let before = self.searched.fetch_add(core.len(), Ordering::Relaxed);
        if before <= AUTOMATON_AFTER && before + core.len() > AUTOMATON_AFTER {
            // Exactly one search crosses the line; the others go on meanwhile.
            self.automaton.get_or_init(|| Automaton::new(&self.anchors));
        }
        // An anchor that ends in the core can begin before it.
        let from = core.start.saturating_sub(self.longest - 1);
        let (text, before) = (&text[from..core.end], core.start - from);
        let length = |anchor: usize| self.anchors[anchor].len();
        let mut ended = |end: usize, anchor: usize| hits.push(Hit { start: from + end - length(anchor), anchor });
        match self.automaton.get() {
            Some(Automaton::Table(table)) => table.find(text, before, &mut ended),
            Some(Automaton::Compact(compact)) => find_compact(compact, text, before, &mut ended),
            Some(Automaton::Empty) => {}
            None => self.sieve.find(&self.anchors, text, &mut |start, anchor| {
                if start + length(anchor) > before {
                    hits.push(Hit { start: from + start, anchor });
                }
            }),
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
        assert!(text.len() < AUTOMATON_AFTER / 2);
        assert!(whole.len() >= 1500);
        let in_pieces = || {
            let pieces = (0..text.len()).step_by(777).map(|at| at..(at + 777).min(text.len()));
            let mut hits: Vec<Hit> = pieces.flat_map(&find).collect();
            hits.sort();
            hits
        };
        assert_eq!(in_pieces(), whole);
        assert!(prefilter.automaton.set(Automaton::new(&prefilter.anchors)).is_ok());
        assert!(matches!(prefilter.automaton.get(), Some(Automaton::Table(_))));
        assert_eq!(find(0..text.len()), whole);
        assert_eq!(in_pieces(), whole);
    }
}
