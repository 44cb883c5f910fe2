//! Searching a text that is an edit of another: only what is new is searched, the rest is known.
//!
//! Of each text every anchor's place is kept, and what a rule made of it. For a text made of copies of
//! another, anchors within a copy are carried over; anchors that end in something new, or across the seam of two copies, are searched
//! for. What a rule made of an anchor is carried over too if all it could have looked at lies within one copy; else it is
//! asked again. So the outcome is that of searching everything, which a test holds.

use std::ops::Range;

use super::prefilter::Hit;
use super::{Detector, NEAR, Scratch, Window, assign};
use crate::rule::{Confidence, MAX_REACH, Matcher};
use crate::span::Copied;

/// How far the reader of assignments looks around an anchor: a name before it; a name, blanks and a value after it, or after a name near by.
const VALUE_BEFORE: usize = 128;
const VALUE_AFTER: usize = 1024 + NEAR + assign::VALUE_MAX;

/// How far the reader of addresses looks.
const URL_BEFORE: usize = 64;
const URL_AFTER: usize = 1024;

/// What is known of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// By place.
    hits: Vec<Known>,
    /// Whether a rule that looks at the whole text found something.
    searched: Option<Confidence>,
}

/// An anchor at a place, and how sure the rules are that they found something from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    hit: Hit,
    found: Option<Confidence>,
}

impl Trace {
    /// How sure the rules are of what they are surest of in the text; `None` if they found nothing.
    #[must_use]
    pub fn found(&self) -> Option<Confidence> {
        self.hits.iter().filter_map(|known| known.found).max().max(self.searched)
    }
}

impl Trace {
    /// Where the anchors in `range` begin, in order.
    pub(super) fn anchors(&self, range: &Range<usize>) -> Vec<usize> {
        let first = self.hits.partition_point(|known| known.hit.start < range.start);
        let hits = self.hits[first..].iter().map(|known| known.hit.start);
        hits.take_while(|&at| at < range.end).collect()
    }
}

impl Detector {
    /// Searches a whole text.
    #[must_use]
    pub fn trace(&self, window: &Window<'_>, scratch: &mut Scratch) -> Trace {
        self.prefilter.find(window.text, window.core.clone(), &mut scratch.hits);
        let mut hits: Vec<Known> =
            scratch.hits.iter().map(|&hit| Known { hit, found: self.finds(window, hit) }).collect();
        hits.sort_unstable();
        Trace { searched: self.searches(window, &hits), hits }
    }

    /// How sure the rules are that look at the whole text.
    fn searches(&self, window: &Window<'_>, hits: &[Known]) -> Option<Confidence> {
        self.finds_by_search(window, hits.iter().map(|known| known.hit))
    }

    /// Searches a text of which the ranges `copied` are those of another, whose trace is `base`; they are in order of their
    /// target. `base_len` is the other's length.
    #[must_use]
    pub fn retrace(
        &self,
        window: &Window<'_>,
        base: &Trace,
        base_len: usize,
        copied: &[Copied],
        scratch: &mut Scratch,
    ) -> Trace {
        let mut hits = Vec::new();
        for copy in copied {
            let first = base.hits.partition_point(|known| known.hit.start < copy.source);
            for known in base.hits[first..].iter().take_while(|known| known.hit.start < copy.source + copy.length) {
                let end = known.hit.start + self.anchor_len(known.hit);
                if end <= copy.source + copy.length {
                    let hit = Hit { start: known.hit.start - copy.source + copy.target, ..known.hit };
                    let same = self.sees_only(known.hit, copy, base_len, window.text.len());
                    hits.push(Known { hit, found: if same { known.found } else { self.finds(window, hit) } });
                }
            }
        }
        let cores = self.new_ranges(window.text.len(), copied);
        self.prefilter.find_in(window.text, &cores, &mut scratch.joined, &mut scratch.hits);
        for &hit in &scratch.hits {
            let end = hit.start + self.anchor_len(hit);
            let at = copied.partition_point(|copy| copy.target + copy.length < end);
            let carried = copied.get(at).is_some_and(|copy| copy.target <= hit.start);
            if !carried {
                hits.push(Known { hit, found: self.finds(window, hit) });
            }
        }
        hits.sort_unstable();
        Trace { searched: self.searches(window, &hits), hits }
    }

    fn anchor_len(&self, hit: Hit) -> usize {
        self.rules.anchors()[hit.anchor].folded.len()
    }

    /// Where an anchor can end that is not within one copy: between copies, and for an anchor's length after.
    fn new_ranges(&self, len: usize, copied: &[Copied]) -> Vec<Range<usize>> {
        let margin = self.prefilter.longest().saturating_sub(1);
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut from = 0;
        let starts = copied.iter().map(|copy| (copy.target, copy.target + copy.length)).chain([(len, len)]);
        for (start, end) in starts {
            // At the very start there is no seam: nothing can reach over it.
            if from > 0 || start > from {
                let until = (start + margin).min(len);
                match ranges.last_mut() {
                    Some(last) if last.end >= from => last.end = last.end.max(until),
                    _ => ranges.push(from..until),
                }
            }
            from = end;
        }
        ranges.retain(|range| !range.is_empty());
        ranges
    }

    /// Whether all that the rules of `hit` can look at, in the base, lies within `copy`, so that they see the same in the target.
    fn sees_only(&self, hit: Hit, copy: &Copied, base_len: usize, target_len: usize) -> bool {
        let (before, after) = self.reach(hit);
        let after = self.anchor_len(hit) + after;
        let (start, end) = (copy.source, copy.source + copy.length);
        let from_start = start == 0 && copy.target == 0;
        let to_end = end == base_len && copy.target + copy.length == target_len;
        (from_start || hit.start >= start + before) && (to_end || hit.start + after <= end)
    }

    /// How far the rules that wait for an anchor look before and after its start.
    fn reach(&self, hit: Hit) -> (usize, usize) {
        let waiting = &self.rules.anchors()[hit.anchor].waiting;
        waiting.iter().fold((0, 0), |(before, after), (_, index)| {
            let rule = match &self.rules.get(*index).matcher {
                Matcher::Text(pattern) => {
                    pattern.compiled().map_or((0, 0), |compiled| (compiled.reach.before, compiled.reach.after))
                }
                Matcher::Value { .. } => (VALUE_BEFORE, VALUE_AFTER),
                Matcher::Url => (URL_BEFORE, URL_AFTER),
                // It looks at the whole text, and is asked again for each.
                Matcher::Search(_) | Matcher::Personal(_) => (0, 0),
            };
            (before.max(rule.0), after.max(rule.1))
        })
    }

    fn finds(&self, window: &Window<'_>, hit: Hit) -> Option<Confidence> {
        let mut found = Vec::new();
        self.follow(window, hit, &mut found);
        found.iter().filter_map(|found| found.score.confidence()).max()
    }
}

const _: () = assert!(VALUE_AFTER < MAX_REACH);
