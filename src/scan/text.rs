//! One text, whole or in batches: from the detector's matches to candidates with their places.

use std::collections::HashMap;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::Monitor;
use super::clock::Clock;
use super::sight::{Eyes, Sight, Sights};
use super::silencing::{At, View};
use super::surroundings::Surroundings;
use crate::detect::decode::{Cut, DEPTH};
use crate::detect::{Detector, Match, PathKind, REACH, Scratch, Window};
use crate::finding::silencing::MARKER_REACH;
use crate::finding::{Candidate, Sightings, resolve, shipped};
use crate::rule::RuleIndex;
use crate::secret::Secret;
use crate::source::log::joined::{Joined, joined};
use crate::source::sections::Sections;
use crate::source::stream::{Batch, Sizes};
use crate::source::wide::Wide;
use crate::span::{LineCursor, Span};

/// A batch is split among the threads in pieces of this many bytes.
const PIECE: usize = 256 * 1024;

/// What is encoded is looked for in pieces of this many bytes: what is in several of them is decoded in each.
const DECODED: usize = 4 * PIECE;

/// The same of a log, whose lines are short: two pieces of a batch with its edges.
const DECODED_LOG: usize = LOGGED / 2 + 2 * EDGE;

/// How far beyond its core a batch is searched, so that what stands next to a secret at its edge is known and masked.
const EDGE: usize = 4 * 1024;

/// What a text is read in when it is not held whole: around each match there is what comments on its line are looked for in.
const SIZES: Sizes = Sizes { core: 8 * PIECE, context: REACH + EDGE + MARKER_REACH };

/// The same of a stream that pauses: what stands before a pause is searched again with what comes after it.
const PAUSING: Sizes = Sizes { core: SIZES.core, context: SIZES.context + REACH };

/// The core of a batch of a log, in bytes: every line of it can have a secret, and what is known of each takes more than the line.
const LOGGED: usize = 4 * PIECE;

/// How often one secret is listed for one text; what is beyond is counted. In a log it is listed once.
const LISTED: u64 = 100;

/// How near to the end of what has come a block of lines ends that may go on.
const NEAR_END: u64 = 128;

/// How many candidates of one text are kept. A text that has more is made to exhaust us, or is a list of secrets.
const KEPT: usize = 50_000;

/// Of a log, so many candidates are held at once until it is known which of them win.
const TOGETHER: usize = 512;

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
    /// Tells the times of the lines, if it is a log.
    clock: Option<Clock>,
    /// Where what is listed begins: at the edges of a batch it is not known what wins, and another batch knows.
    listed: Range<u64>,
    /// Whether what a log has cut in pieces is put together.
    joins: bool,
    /// What was listed since somebody was told, if anybody is.
    untold: Option<Vec<usize>>,
    /// What was not decoded.
    undecoded: Cut,
    binary: bool,
}

/// What was seen in a batch, the lines of its pieces, and whether not everything was kept.
struct Searched {
    sights: Sights,
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
        Self {
            detector,
            path,
            view,
            candidates: Vec::new(),
            seen: HashMap::new(),
            dropped: 0,
            cut: false,
            clock: None,
            listed: 0..u64::MAX,
            joins: false,
            untold: None,
            undecoded: Cut::default(),
            binary: false,
        }
    }

    /// The text is a log: of each secret is told when it was met, and it is listed once.
    pub(super) fn log(mut self) -> Self {
        self.clock = Some(Clock::default());
        self.joining()
    }

    /// What is cut in pieces, as logs do it, is put together.
    pub(super) fn joining(mut self) -> Self {
        self.joins = true;
        self
    }

    /// Scans a text that is all there.
    pub(super) fn whole(&mut self, text: &[u8], binary: bool, scratch: &mut Scratch) {
        self.path = self.path.seen(text);
        self.binary = binary;
        let mut sights = self.sights(text, binary, scratch);
        let pieces = if self.joins && !binary { joined(text, 0..text.len()) } else { Vec::new() };
        self.add_pieces(&pieces, &mut sights, scratch);
        let place = Place { text, base: 0, cursor: &LineCursor::default(), whole: true };
        self.take(&place, None, sights);
        if binary {
            self.wide_strings(&place, scratch);
            self.name_sections(text);
        }
        self.cut |= scratch.take_cut();
    }

    /// Tells of what is in a program in which section.
    fn name_sections(&mut self, program: &[u8]) {
        if self.candidates.is_empty() {
            return;
        }
        let sections = Sections::of(program);
        for candidate in &mut self.candidates {
            if let Some(binary) = &mut candidate.binary {
                binary.section = sections.at(candidate.span.start).map(ToOwned::to_owned);
            }
        }
    }

    /// All that is in a text, plain or encoded.
    fn sights(&self, text: &[u8], binary: bool, scratch: &mut Scratch) -> Sights {
        let eyes = Eyes { detector: self.detector, view: &self.view };
        let window = Window { text, core: 0..text.len(), path: self.path, binary };
        let plain = eyes.wanted(self.detector.scan(&window, scratch));
        let anchors = scratch.anchors();
        let decoded = eyes.encoded(&window, (&plain, &anchors), scratch);
        eyes.all(plain, vec![decoded])
    }

    /// Scans `start` and what `reader` gives after it. Returns the bytes scanned and how reading ended: with
    /// [`io::ErrorKind::Interrupted`] if the scan was stopped.
    pub(super) fn stream(
        &mut self,
        start: &[u8],
        reader: impl Read + Send,
        binary: bool,
        monitor: &Monitor,
    ) -> (u64, io::Result<()>) {
        self.batches(start, reader, binary, monitor, None)
    }

    /// The same of a text that comes slowly: where `reader` pauses, with [`io::ErrorKind::WouldBlock`], what was found in the lines so
    /// far is handed to `arrived`.
    pub(super) fn live(
        &mut self,
        start: &[u8],
        reader: impl Read + Send,
        monitor: &Monitor,
        arrived: &mut dyn FnMut(Vec<Candidate>),
    ) -> (u64, io::Result<()>) {
        self.untold = Some(Vec::new());
        self.batches(start, reader, false, monitor, Some(arrived))
    }

    fn batches(
        &mut self,
        start: &[u8],
        mut reader: impl Read + Send,
        binary: bool,
        monitor: &Monitor,
        mut arrived: Option<&mut dyn FnMut(Vec<Candidate>)>,
    ) -> (u64, io::Result<()>) {
        self.binary = binary;
        let mut cursor = LineCursor::default();
        let sizes = if arrived.is_some() { PAUSING } else { SIZES };
        let sizes = Sizes { core: if self.clock.is_some() { LOGGED } else { sizes.core }, ..sizes };
        let (mut batch, mut read) = Batch::first(start, &mut reader, sizes);
        self.path = self.path.seen(&batch.bytes);
        let mut spare = Batch::default();
        loop {
            monitor.bytes.fetch_add((batch.core_end - batch.left) as u64, Ordering::Relaxed);
            let stop = batch.last || monitor.is_cancelled();
            let (Searched { mut sights, advanced, cut }, early) = if arrived.is_some() {
                (self.search(&batch, binary, sizes), None)
            } else {
                // The next batch is read while this one is searched.
                let spare = std::mem::take(&mut spare);
                rayon::join(
                    || self.search(&batch, binary, sizes),
                    || (!stop).then(|| batch.next(spare, &mut reader, sizes)),
                )
            };
            let place = Place { text: batch.text(), base: batch.base, cursor: &cursor, whole: false };
            let core = batch.left.saturating_sub(if batch.resumed { REACH + EDGE } else { EDGE })..batch.core_end;
            let pieces = if self.joins && !binary { joined(batch.text(), core) } else { Vec::new() };
            self.add_pieces(&pieces, &mut sights, &mut Scratch::default());
            if self.clock.is_some() {
                let from = batch.left.saturating_sub(if batch.resumed { REACH } else { 0 });
                let until = if batch.last { u64::MAX } else { batch.base + batch.core_end as u64 };
                self.listed = batch.base + from as u64..until;
            }
            self.take(&place, None, sights);
            self.cut |= cut;
            if binary {
                self.wide_strings(&place, &mut Scratch::default());
            }
            if let Some(arrived) = &mut arrived {
                let new = self.arrived(&batch);
                if !new.is_empty() {
                    arrived(new);
                }
            }
            let next = early.or_else(|| (!stop).then(|| batch.next(std::mem::take(&mut spare), &mut reader, sizes)));
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
    fn search(&self, batch: &Batch, binary: bool, sizes: Sizes) -> Searched {
        let text = batch.text();
        let again = if batch.resumed { REACH + EDGE } else { EDGE };
        let searched = batch.left.saturating_sub(again)..(batch.core_end + EDGE).min(text.len());
        let window = |core| Window { text, core, path: self.path, binary };
        // A keyword wakes its rule for the whole batch, not only for its piece.
        let awake = match self.detector.searches_texts() {
            true => self.detector.awake_in(&window(searched.clone()), &mut Scratch::default()),
            false => Vec::new(),
        };
        let starts: Vec<usize> = searched.clone().step_by(PIECE).collect();
        let found: Vec<(Vec<Match<'_>>, Vec<usize>, bool)> = starts
            .par_iter()
            .map_init(
                || Scratch::awake(awake.clone()),
                |scratch, &start| {
                    let found = self.detector.scan(&window(start..(start + PIECE).min(searched.end)), scratch);
                    (found, scratch.anchors(), scratch.take_cut())
                },
            )
            .collect();
        let advanced = batch.bytes[..batch.next_start(sizes)]
            .par_chunks(PIECE)
            .map(|piece| {
                let mut cursor = LineCursor::default();
                cursor.advance(piece);
                cursor
            })
            .collect();
        let cut = found.iter().any(|(.., cut)| *cut);
        let eyes = Eyes { detector: self.detector, view: &self.view };
        let (mut plain, mut anchors) = (Vec::new(), Vec::new());
        for (found, begins, _) in found {
            plain.extend(found);
            anchors.extend(begins);
        }
        let plain = eyes.wanted(plain);
        anchors.sort_unstable();
        let length = if self.clock.is_some() { DECODED_LOG } else { DECODED };
        let starts: Vec<usize> = searched.clone().step_by(length).collect();
        let decode = |scratch: &mut Scratch, &start: &usize| {
            let window = window(start..(start + length).min(searched.end));
            eyes.encoded(&window, (&plain, &anchors), scratch)
        };
        let decoded = starts.par_iter().map_init(|| Scratch::awake(awake.clone()), decode).collect();
        Searched { sights: eyes.all(plain, decoded), advanced, cut }
    }

    /// Adds what is found in pieces of a log that were put together, and only there, at its place in the log.
    fn add_pieces(&self, pieces: &[Joined], sights: &mut Sights, scratch: &mut Scratch) {
        if pieces.is_empty() {
            return;
        }
        let eyes = Eyes { detector: self.detector, view: &self.view };
        let mut all = Vec::new();
        for piece in pieces {
            let text = &piece.bytes[..];
            let window = Window { text, core: 0..text.len(), path: self.path, binary: false };
            let found = self.detector.scan(&window, scratch).into_iter().filter(|found| {
                let lead = found.whole.start.min(found.range.start)..found.range.end;
                piece.is_seamed(&lead)
            });
            all.extend(found.map(|found| {
                let range = piece.original(found.range.clone());
                Match { whole: range.clone(), range, ..found }
            }));
        }
        eyes.add(sights, eyes.wanted(all));
    }

    /// Lists what was seen in a piece of text, or in its `strings`.
    fn take(&mut self, place: &Place<'_>, strings: Option<&Wide>, mut sights: Sights) {
        self.undecoded.size |= sights.cut.size;
        self.undecoded.depth |= sights.cut.depth;
        if sights.list.is_empty() {
            return;
        }
        let text = strings.map_or(place.text, |wide| &wide.text);
        let original = |range: &Range<usize>| match strings {
            Some(wide) => wide.original(range.start)..wide.original(range.end),
            None => range.clone(),
        };
        let shown = Place { text, whole: place.whole && strings.is_none(), ..*place };
        let window = Window { text, core: 0..text.len(), path: self.path, binary: strings.is_some() };
        let parts = sights.parts(self.detector.rules(), &window);
        let mut around = Surroundings::new(text, &sights);
        let (mut cursor, mut at) = (place.cursor.clone(), 0);
        let cuts = if self.clock.is_some() { cuts(&sights.list, &parts) } else { Vec::new() };
        let mut candidates = Vec::with_capacity(sights.list.len().min(TOGETHER));
        for (index, (mut sight, parts)) in sights.list.into_iter().zip(parts).enumerate() {
            if candidates.len() >= TOGETHER && cuts.get(index) == Some(&true) {
                self.list_all(std::mem::take(&mut candidates));
            }
            let range = original(&sight.range);
            cursor.advance(&place.text[at..range.start]);
            at = range.start;
            let mut end = cursor.clone();
            end.advance(&place.text[range.clone()]);
            let lines = (cursor.position().line, end.position().line);
            let rule = self.detector.rules().get(sight.rule);
            let silence = self.view.silence(&At { rule, sight: &sight, text, lines });
            self.detector.judge_expiry(&mut sight.facts);
            let clock = self.clock.as_mut().filter(|_| strings.is_none());
            let seen = clock.map(|clock| Box::new(Sightings::once(clock.at(place, range.start), lines.1)));
            candidates.push(Candidate {
                rule: sight.rule,
                precedence: rule.precedence(),
                span: Span::from_range(place.base, &range),
                secret: sight.secret,
                start: cursor.position(),
                end: end.position(),
                snippet: around.snippet(index),
                line_hash: around.line_hash(index, &shown),
                marker: around.marker(index),
                score: sight.score,
                facts: sight.facts,
                encoded: sight.encoded,
                shipped: shipped::shipped(rule, self.path, text, &sight.masked),
                source: None,
                binary: self.binary.then(Box::default),
                more: 0,
                parts: parts.iter().map(|part| Span::from_range(place.base, &original(part))).collect(),
                seen,
                silence,
            });
        }
        self.list_all(candidates);
    }

    fn list_all(&mut self, candidates: Vec<Candidate>) {
        // What is listed once must not be listed for a rule that wins only where others find nothing.
        let candidates = if self.clock.is_some() { resolve(candidates) } else { candidates };
        for candidate in candidates {
            if self.listed.contains(&candidate.span.start) {
                self.list(candidate);
            }
        }
    }

    /// Lists what is in the 16-bit strings of a binary, at its place in the binary.
    fn wide_strings(&mut self, place: &Place<'_>, scratch: &mut Scratch) {
        let wide = Wide::of(place.text);
        let sights = self.sights(&wide.text, true, scratch);
        self.take(place, Some(&wide), sights);
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
        if seen.count > if self.clock.is_some() { 1 } else { LISTED } {
            if let Some(first) = self.candidates.get_mut(seen.first) {
                first.more += 1;
                if let (Some(first), Some(later)) = (&mut first.seen, candidate.seen) {
                    first.again(*later);
                }
                // A comment beside one does not speak for those that are only counted.
                if candidate.marker.is_none() {
                    first.marker = None;
                }
            }
        } else if self.candidates.len() < KEPT {
            if let Some(untold) = &mut self.untold {
                untold.push(self.candidates.len());
            }
            self.candidates.push(candidate);
        } else {
            self.dropped += 1;
        }
    }

    /// What was listed and not yet told, but for what may go on where the batch ends.
    fn arrived(&mut self, batch: &Batch) -> Vec<Candidate> {
        let Some(untold) = self.untold.as_mut().filter(|untold| !untold.is_empty()) else { return Vec::new() };
        let end = batch.base + batch.text().len() as u64;
        let goes_on = |candidate: &Candidate| {
            let secret = candidate.secret.reveal();
            let block = candidate.start.line != candidate.end.line || secret.starts_with(b"-----BEGIN");
            !batch.last && block && !secret.trim_ascii_end().ends_with(b"-----") && candidate.span.end + NEAR_END >= end
        };
        let listed = untold.drain(..).filter_map(|index| Some((index, self.candidates.get(index)?)));
        let listed: Vec<(usize, Candidate)> = listed.map(|(index, candidate)| (index, candidate.clone())).collect();
        let (open, whole): (Vec<_>, Vec<_>) = listed.into_iter().partition(|(_, candidate)| goes_on(candidate));
        untold.extend(open.iter().map(|(index, _)| *index));
        resolve(whole.into_iter().map(|(_, candidate)| candidate).collect())
    }

    /// The candidates that win where several overlap, in order, and what to say if not all were kept.
    pub(super) fn finish(self) -> (Vec<Candidate>, Option<String>) {
        let mut truncated = Vec::new();
        match self.dropped {
            0 if self.cut => {
                truncated.push("a rule matches so much of it that not every match was kept: bound its regex".into());
            }
            0 => {}
            n => truncated
                .push(format!("more than {KEPT} possible secrets; {n} more were not kept: look at the file itself")),
        }
        if self.undecoded.size {
            truncated.push("more is encoded in it than is decoded; decode the rest and scan that".into());
        }
        if self.undecoded.depth {
            truncated.push(format!("something in it is encoded more than {DEPTH} times; decode it and scan that"));
        }
        let truncated = (!truncated.is_empty()).then(|| truncated.join("; "));
        (resolve(self.candidates), truncated)
    }
}

/// Before which of the sights, which are in order, a list of them can be cut: what overlaps stays together, and a part with what it is
/// a part of.
fn cuts(list: &[Sight], parts: &[Vec<Range<usize>>]) -> Vec<bool> {
    let all = || list.iter().zip(parts);
    let mut first = usize::MAX;
    let mut firsts: Vec<usize> = all()
        .rev()
        .map(|(sight, parts)| {
            first = parts.iter().map(|part| part.start).fold(first.min(sight.range.start), usize::min);
            first
        })
        .collect();
    firsts.reverse();
    let mut last = 0;
    let cut = |((sight, parts), first): ((&Sight, &Vec<Range<usize>>), usize)| {
        let cut = first >= last;
        last = parts.iter().map(|part| part.end).fold(last.max(sight.range.end), usize::max);
        cut
    };
    all().zip(firsts).map(cut).collect()
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
