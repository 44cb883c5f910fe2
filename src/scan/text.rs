//! One text, whole or in batches: from the detector's matches to candidates with their places.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::Monitor;
use super::silencing::{At, View};
use super::surroundings::Surroundings;
use crate::detect::{Detector, Match, PathKind, REACH, Scratch, Window};
use crate::finding::silencing::MARKER_REACH;
use crate::finding::{Candidate, Silence, resolve};
use crate::rule::RuleIndex;
use crate::secret::Secret;
use crate::source::stream::{Batch, Sizes};
use crate::source::wide::Wide;
use crate::span::{LineCursor, Span};

/// A batch is split among the threads in pieces of this many bytes.
const PIECE: usize = 256 * 1024;

/// How far beyond its core a batch is searched, so that what stands next to a secret at its edge is known and masked.
const EDGE: usize = 4 * 1024;

/// What a text is read in when it is not held whole: around each match there is what comments on its line are looked for in.
const SIZES: Sizes = Sizes { core: 8 * PIECE, context: REACH + EDGE + MARKER_REACH };

/// How often one secret is listed for one text; what is beyond is counted.
const LISTED: u64 = 100;

/// How many candidates of one text are kept. A text that has more is made to exhaust us, or is a list of secrets.
const KEPT: usize = 50_000;

/// A text being scanned.
pub(super) struct TextScan<'d> {
    detector: &'d Detector,
    path: PathKind,
    view: View<'d>,
    candidates: Vec<Candidate>,
    /// By rule, secret, and whether it counts.
    seen: HashMap<(RuleIndex, Secret, bool), Seen>,
    dropped: u64,
    cut: bool,
}

/// What was found in a batch, the lines of its pieces, and whether not everything was kept.
struct Searched<'b> {
    matches: Vec<Match<'b>>,
    advanced: Vec<LineCursor>,
    cut: bool,
}

/// Where a secret was listed first, where it was met last, and how often.
struct Seen {
    first: usize,
    last: Option<Span>,
    count: u64,
}

impl<'d> TextScan<'d> {
    pub(super) fn new(detector: &'d Detector, path: PathKind, view: View<'d>) -> Self {
        Self { detector, path, view, candidates: Vec::new(), seen: HashMap::new(), dropped: 0, cut: false }
    }

    /// Scans a text that is all there.
    pub(super) fn whole(&mut self, text: &[u8], binary: bool, scratch: &mut Scratch) {
        let window = Window { text, core: 0..text.len(), path: self.path, binary };
        let matches = self.detector.scan(&window, scratch);
        let place = Place { text, base: 0, cursor: &LineCursor::default(), whole: true };
        self.take(&place, matches);
        if binary {
            self.wide_strings(&place, scratch);
        }
        self.cut |= scratch.take_cut();
    }

    /// Scans `start` and what `reader` gives after it. Returns the bytes scanned and how reading ended: with
    /// [`io::ErrorKind::Interrupted`] if the scan was stopped.
    pub(super) fn stream(
        &mut self,
        start: &[u8],
        mut reader: impl Read + Send,
        binary: bool,
        monitor: &Monitor,
    ) -> (u64, io::Result<()>) {
        let mut cursor = LineCursor::default();
        let (mut batch, mut read) = Batch::first(start, &mut reader, SIZES);
        let mut spare = Batch::default();
        loop {
            monitor.bytes.fetch_add((batch.core_end - batch.left) as u64, Ordering::Relaxed);
            let stop = batch.last || monitor.is_cancelled();
            // The next batch is read while this one is searched.
            let (Searched { matches, advanced, cut }, next) =
                rayon::join(|| self.search(&batch, binary), || (!stop).then(|| batch.next(spare, &mut reader, SIZES)));
            let place = Place { text: &batch.bytes, base: batch.base, cursor: &cursor, whole: false };
            self.take(&place, matches);
            self.cut |= cut;
            if binary {
                self.wide_strings(&place, &mut Scratch::default());
            }
            let Some((next, next_read)) = next else {
                if !batch.last {
                    read = Err(io::ErrorKind::Interrupted.into());
                }
                break;
            };
            advanced.iter().for_each(|piece| cursor.append(piece));
            spare = std::mem::replace(&mut batch, next);
            read = next_read;
        }
        (batch.base + batch.core_end as u64, read)
    }

    /// Searches the core of a batch and its edges in parallel, and counts the lines up to where the next one begins.
    fn search<'b>(&self, batch: &'b Batch, binary: bool) -> Searched<'b> {
        let searched = batch.left.saturating_sub(EDGE)..(batch.core_end + EDGE).min(batch.bytes.len());
        let window = |core| Window { text: &batch.bytes, core, path: self.path, binary };
        // A keyword wakes its rule for the whole batch, not only for its piece.
        let awake = match self.detector.searches_texts() {
            true => self.detector.awake_in(&window(searched.clone()), &mut Scratch::default()),
            false => Vec::new(),
        };
        let starts: Vec<usize> = searched.clone().step_by(PIECE).collect();
        let found: Vec<(Vec<Match<'b>>, bool)> = starts
            .par_iter()
            .map_init(
                || Scratch::awake(awake.clone()),
                |scratch, &start| {
                    let found = self.detector.scan(&window(start..(start + PIECE).min(searched.end)), scratch);
                    (found, scratch.take_cut())
                },
            )
            .collect();
        let advanced = batch.bytes[..batch.next_start(SIZES)]
            .par_chunks(PIECE)
            .map(|piece| {
                let mut cursor = LineCursor::default();
                cursor.advance(piece);
                cursor
            })
            .collect();
        let cut = found.iter().any(|(_, cut)| *cut);
        Searched { matches: found.into_iter().flat_map(|(found, _)| found).collect(), advanced, cut }
    }

    /// Lists the matches of a piece of text.
    fn take(&mut self, place: &Place<'_>, mut matches: Vec<Match<'_>>) {
        matches.retain(|found| self.view.wants(self.detector.rules().get(found.rule)));
        if matches.is_empty() {
            return;
        }
        matches.sort_by_key(|m| (m.range.start, m.range.end, m.rule));
        let mut around = Surroundings::new(place.text, &matches, |m| self.secret(m));
        let (mut cursor, mut at) = (place.cursor.clone(), 0);
        for (index, found) in matches.into_iter().enumerate() {
            cursor.advance(&place.text[at..found.range.start]);
            at = found.range.start;
            let mut end = cursor.clone();
            end.advance(&place.text[found.range.clone()]);
            let line_hash = around.line_hash(index, place);
            let secret = around.secret(index);
            let silence = self.silence(&found, &secret, place.text, [&cursor, &end]);
            self.list(Candidate {
                rule: found.rule,
                precedence: self.detector.rules().get(found.rule).precedence(),
                span: Span::from_range(place.base, &found.range),
                secret,
                start: cursor.position(),
                end: end.position(),
                snippet: around.snippet(index),
                line_hash,
                marker: around.marker(index),
                score: found.score,
                facts: found.facts,
                more: 0,
                silence,
            });
        }
    }

    /// Lists what is in the 16-bit strings of a binary, at its place in the binary.
    fn wide_strings(&mut self, place: &Place<'_>, scratch: &mut Scratch) {
        let wide = Wide::of(place.text);
        let window = Window { text: &wide.text, core: 0..wide.text.len(), path: self.path, binary: true };
        let mut matches = self.detector.scan(&window, scratch);
        matches.retain(|found| self.view.wants(self.detector.rules().get(found.rule)));
        let mut around = Surroundings::new(&wide.text, &matches, |m| self.secret(m));
        for (index, found) in matches.into_iter().enumerate() {
            let range = wide.original(found.range.start)..wide.original(found.range.end);
            let mut start = place.cursor.clone();
            start.advance(&place.text[..range.start]);
            let mut end = start.clone();
            end.advance(&place.text[range.clone()]);
            let secret = around.secret(index);
            let silence = self.silence(&found, &secret, &wide.text, [&start, &end]);
            self.list(Candidate {
                rule: found.rule,
                precedence: self.detector.rules().get(found.rule).precedence(),
                span: Span::from_range(place.base, &range),
                secret,
                start: start.position(),
                end: end.position(),
                snippet: around.snippet(index),
                line_hash: around.line_hash(index, &Place { text: &wide.text, whole: false, ..*place }),
                marker: around.marker(index),
                score: found.score,
                facts: found.facts,
                more: 0,
                silence,
            });
        }
    }

    /// Why a match does not count.
    fn silence(
        &self,
        found: &Match<'_>,
        secret: &Secret,
        text: &[u8],
        [start, end]: [&LineCursor; 2],
    ) -> Option<Box<Silence>> {
        let rule = self.detector.rules().get(found.rule);
        let lines = (start.position().line, end.position().line);
        self.view.silence(&At { rule, found, secret, text, lines })
    }

    fn secret(&self, found: &Match<'_>) -> Secret {
        Secret::new(found.secret, found.public_prefix, self.detector.rules().get(found.rule).guessable)
    }

    fn list(&mut self, candidate: Candidate) {
        let name = (candidate.rule, candidate.secret.clone(), candidate.silence.is_none());
        // What is no longer kept is not remembered either: a file made of secrets must not fill the memory.
        if self.candidates.len() >= KEPT && !self.seen.contains_key(&name) {
            self.dropped += 1;
            return;
        }
        let seen = self.seen.entry(name).or_insert_with(|| Seen { first: self.candidates.len(), last: None, count: 0 });
        // Batches overlap, and each is in order.
        if seen.last.is_some_and(|last| candidate.span <= last) {
            return;
        }
        seen.last = Some(candidate.span);
        seen.count += 1;
        if seen.count > LISTED {
            if let Some(first) = self.candidates.get_mut(seen.first) {
                first.more += 1;
                // A comment beside one does not speak for those that are only counted.
                if candidate.marker.is_none() {
                    first.marker = None;
                }
            }
        } else if self.candidates.len() < KEPT {
            self.candidates.push(candidate);
        } else {
            self.dropped += 1;
        }
    }

    /// The candidates that win where several overlap, in order, and what to say if not all were kept.
    pub(super) fn finish(self) -> (Vec<Candidate>, Option<String>) {
        let truncated = match self.dropped {
            0 if self.cut => Some("a rule matches so much of it that not every match was kept: bound its regex".into()),
            0 => None,
            n => Some(format!("more than {KEPT} possible secrets; {n} more were not kept: look at the file itself")),
        };
        (resolve(self.candidates), truncated)
    }
}

/// Where a piece of text stands in the whole.
pub(super) struct Place<'p> {
    /// The piece.
    pub(super) text: &'p [u8],
    /// Offset of its first byte.
    pub(super) base: u64,
    /// Line and column of its first byte.
    pub(super) cursor: &'p LineCursor,
    /// Whether it is everything.
    pub(super) whole: bool,
}
