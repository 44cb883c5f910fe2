//! Searching what is encoded in a text that is an edit of another.
//!
//! Only what is new is looked through for something encoded. Most of it has no sign of that, and then no more is done; where there is
//! one, it is decoded with its surroundings and searched. What was found in the other text is carried over if all around it was copied,
//! and looked at again if not.
//!
//! Unlike a [`super::Trace`], this is not to the byte what searching everything gives: how values beside each other fall into views
//! depends on where the search begins. It is asked only whether a text is worth a second look, which is at all of it.

use std::ops::Range;

use super::decode::{Bounds, is_any_in, views_near};
use super::{Detector, Scratch, Trace, Window};
use crate::rule::Confidence;
use crate::span::Copied;

/// What stands around a value and is decoded with it.
const AROUND: usize = 512;

/// How far around what is new the sign may stand of something that goes over its edge: an escape in the token that was edited, the mark
/// that closes a string before the operator that joins it to another.
const EDGE: usize = 64;

/// How many places are told apart.
const PLACES: usize = 1000;

/// What is found of a text because something in it was decoded.
#[derive(Clone, Debug, Default)]
pub struct HiddenTrace {
    /// Where it is and how sure it is, in order of its start.
    found: Vec<(Range<usize>, Confidence)>,
}

impl HiddenTrace {
    /// How sure the rules are of what they are surest of; `None` if they found nothing.
    #[must_use]
    pub fn found(&self) -> Option<Confidence> {
        self.found.iter().map(|(_, confidence)| *confidence).max()
    }

    /// Puts the places in order, each once. Many are one.
    fn settle(&mut self) {
        self.found.sort_unstable_by_key(|(range, confidence)| (range.start, range.end, std::cmp::Reverse(*confidence)));
        self.found.dedup_by(|b, a| a.0 == b.0);
        if self.found.len() > PLACES {
            let ends = self.found.iter().map(|(range, _)| range.end).max();
            let all = self.found[0].0.start..ends.unwrap_or_default();
            self.found = self.found().map(|confidence| (all, confidence)).into_iter().collect();
        }
    }
}

impl Detector {
    /// How sure the rules are of what they are surest of in a whole text, plain or encoded; `None` if they find nothing.
    #[must_use]
    pub fn finds_any(&self, window: &Window<'_>, scratch: &mut Scratch) -> Option<Confidence> {
        let trace = self.trace(window, scratch);
        trace.found().max(self.trace_encoded(window, &trace, scratch).found())
    }

    /// Searches what is encoded in a whole text, of which `plain` is known.
    #[must_use]
    pub fn trace_encoded(&self, window: &Window<'_>, plain: &Trace, scratch: &mut Scratch) -> HiddenTrace {
        let mut trace = HiddenTrace::default();
        self.look_into(window, window.core.clone(), plain, scratch, &mut trace.found);
        trace.settle();
        trace
    }

    /// Searches what is encoded in a text, of which `plain` is known, and of which the ranges `copied` are those of another, whose trace
    /// is `base`; they are in order of their target.
    #[must_use]
    pub fn retrace_encoded(
        &self,
        window: &Window<'_>,
        plain: &Trace,
        base: &HiddenTrace,
        copied: &[Copied],
        scratch: &mut Scratch,
    ) -> HiddenTrace {
        let mut trace = HiddenTrace::default();
        let len = window.text.len();
        let mut again: Vec<Range<usize>> = Vec::new();
        for copy in copied.iter().filter(|_| !base.found.is_empty()) {
            let (start, end) = (copy.source, copy.source + copy.length);
            for (range, confidence) in base.found.iter().filter(|(range, _)| range.start < end && range.end > start) {
                let moved = |at: usize| at.clamp(start, end) - start + copy.target;
                let here = moved(range.start)..moved(range.end);
                if start + AROUND <= range.start && range.end + AROUND <= end {
                    trace.found.push((here, *confidence));
                } else {
                    again.push(here);
                }
            }
        }
        let new = joined(new_ranges(len, copied), EDGE, len);
        let is_any = |range: &Range<usize>| {
            let anchors = plain.anchors(&(range.start.saturating_sub(AROUND)..range.end));
            is_any_in(window.text, range.clone(), window.path, &anchors)
        };
        again.extend(new.into_iter().filter(is_any));
        again.sort_by_key(|range| range.start);
        for range in joined(again, AROUND, len) {
            self.look_into(window, range, plain, scratch, &mut trace.found);
        }
        trace.settle();
        trace
    }

    /// Adds what is found in the views of a part of a text.
    fn look_into(
        &self,
        window: &Window<'_>,
        core: Range<usize>,
        plain: &Trace,
        scratch: &mut Scratch,
        found: &mut Vec<(Range<usize>, Confidence)>,
    ) {
        let anchors = plain.anchors(&(core.start.saturating_sub(AROUND)..core.end));
        let known = (Bounds::of(core.len()), Some(&anchors[..]));
        let cut = views_near(window.text, core.clone(), window.path, known, &mut |view| {
            let inner = Window { text: &view.bytes, core: 0..view.bytes.len(), path: view.path, binary: window.binary };
            for one in self.scan(&inner, scratch) {
                if let Some(confidence) = one.score.confidence()
                    && !view.how(&one.range).is_empty()
                {
                    found.push((view.original(one.range), confidence));
                }
            }
        });
        if cut.size || cut.depth {
            // The second look says so.
            found.push((core, Confidence::High));
        }
    }
}

/// What lies between copies, and the seams where one follows another.
fn new_ranges(len: usize, copied: &[Copied]) -> Vec<Range<usize>> {
    let mut from = 0;
    let mut ranges = Vec::new();
    for copy in copied {
        if from > 0 || copy.target > 0 {
            ranges.push(from..copy.target.max(from));
        }
        from = copy.target + copy.length;
    }
    if from < len || copied.is_empty() {
        ranges.push(from..len);
    }
    ranges
}

/// Widens ranges, which are in order, and makes those that meet then one.
fn joined(ranges: Vec<Range<usize>>, by: usize, len: usize) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        let (start, end) = (range.start.saturating_sub(by), (range.end + by).min(len));
        match joined.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => joined.push(start..end),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::detect::{PathKind, example};
    use crate::rule::{Catalogue, RuleSource};

    fn window(text: &[u8]) -> Window<'_> {
        Window { text, core: 0..text.len(), path: PathKind::credulous(), binary: false }
    }

    fn hidden_trace(detector: &Detector, text: &[u8]) -> HiddenTrace {
        let mut scratch = Scratch::default();
        let plain = detector.trace(&window(text), &mut scratch);
        detector.trace_encoded(&window(text), &plain, &mut scratch)
    }

    /// `made` as a delta to `base` that copies `head` bytes from the start and `tail` bytes from the end.
    fn copies(base: &[u8], made: &[u8], head: usize, tail: usize) -> Vec<Copied> {
        let first = Copied { source: 0, target: 0, length: head };
        let last = Copied { source: base.len() - tail, target: made.len() - tail, length: tail };
        [first, last].into_iter().filter(|copy| copy.length > 0).collect()
    }

    #[test]
    fn an_edit_of_any_place_is_seen() {
        let detector = Detector::new(Arc::new(Catalogue::load(&[RuleSource::Embedded]).expect("it is sound")));
        let rule = detector.rules().get(detector.rules().find("github-pat-classic").expect("the rule is there"));
        let token = example::sample(rule, 7).expect("the rule has examples");
        let (half, rest) = token.split_at(20);
        let filler = "a line of text that says nothing\n".repeat(60);
        let mut scratch = Scratch::default();
        for hidden in [
            STANDARD.encode(&token),
            format!("\"{half}\" + \"{rest}\""),
            token.replace('_', "\\u005f"),
            token.bytes().map(|b| format!("%{b:02X}")).collect(),
        ] {
            let made = format!("{filler}t = {hidden}\n{filler}");
            let made = made.as_bytes();
            let at = filler.len() + 4;
            let plain = detector.trace(&window(made), &mut scratch);
            for cut in [0, 1, hidden.len() / 2, hidden.len() - 1, hidden.len()] {
                // A byte within it was another before; or all from there on is new.
                let mut base = made.to_vec();
                base.insert(at + cut, b'!');
                let known = hidden_trace(&detector, &base);
                for (head, tail) in [(at + cut, made.len() - at - cut), (at + cut, 0), (0, made.len() - at - cut)] {
                    let copied = copies(&base, made, head, tail);
                    let traced = detector.retrace_encoded(&window(made), &plain, &known, &copied, &mut scratch);
                    assert!(traced.found().is_some(), "{hidden} cut at {cut}, {head} and {tail} copied");
                }
            }
            let known = hidden_trace(&detector, made);
            let all = [Copied { source: 0, target: 0, length: made.len() }];
            assert_eq!(
                detector.retrace_encoded(&window(made), &plain, &known, &all, &mut scratch).found(),
                known.found()
            );
            // What surrounds it has moved; it itself is gone.
            let gone = [filler.as_bytes(), filler.as_bytes()].concat();
            let copied = [
                Copied { source: 0, target: 0, length: filler.len() },
                Copied { source: made.len() - filler.len(), target: filler.len(), length: filler.len() },
            ];
            let plain = detector.trace(&window(&gone), &mut scratch);
            let traced = detector.retrace_encoded(&window(&gone), &plain, &known, &copied, &mut scratch);
            assert_eq!(traced.found(), None);
        }
    }
}
