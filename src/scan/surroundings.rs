//! What stands around the matches of a text, and what may be shown and hashed of it.

use std::collections::HashMap;
use std::ops::Range;

use super::sight::Sights;
use super::text::Place;
use crate::finding::silencing::{MARKER_REACH, Marker};
use crate::finding::{HASHED_BYTES, LineHash, Snippet, line_hash, lines_by_hash, nth_of_hash};
use crate::secret::MASK;

/// Most bytes shown before and after a secret.
const SHOWN: usize = 60;

/// Of so many matches each one's line is counted by itself.
const FEW: usize = 32;

pub(super) struct Surroundings<'t> {
    text: &'t [u8],
    /// Where each secret is, and what must not be shown of it.
    places: Vec<(Range<usize>, Range<usize>)>,
    /// All that must not be shown, in order and apart.
    hidden: Vec<Range<usize>>,
    /// The part of it that could be guessed.
    guessable: Vec<Range<usize>>,
    by_hash: Option<HashMap<u64, Vec<usize>>>,
}

impl<'t> Surroundings<'t> {
    /// What stands around all that was seen in `text`.
    pub(super) fn new(text: &'t [u8], sights: &Sights) -> Self {
        let guessable = sights.list.iter().filter(|sight| sight.secret.is_guessable());
        let hidden = sights.list.iter().map(|sight| &sight.masked).chain(&sights.covers);
        Self {
            text,
            places: sights.list.iter().map(|sight| (sight.range.clone(), sight.masked.clone())).collect(),
            hidden: apart(hidden.cloned().collect()),
            // What is only a cover is taken for the worst.
            guessable: apart(guessable.map(|sight| &sight.masked).chain(&sights.covers).cloned().collect()),
            by_hash: None,
        }
    }

    /// What stands on the secret's line before and after it, other secrets masked.
    pub(super) fn snippet(&self, index: usize) -> Snippet {
        let (before, after) = self.on_line(index, SHOWN);
        let show = |range| -> String {
            let masked = self.masked(range, &self.hidden);
            String::from_utf8_lossy(&masked).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
        };
        Snippet { before: show(before).trim_start().into(), after: show(after).trim_end().into() }
    }

    /// What comments say that stand on the line before a secret, or after it; other secrets masked.
    pub(super) fn marker(&self, index: usize) -> Option<Box<Marker>> {
        let (before, after) = self.on_line(index, MARKER_REACH);
        let could_be = |range: &Range<usize>| Marker::could_be_in(&self.text[range.clone()]);
        if !could_be(&before) && !could_be(&after) {
            return None;
        }
        Marker::read(&self.masked(before, &self.hidden), &self.masked(after, &self.hidden)).map(Box::new)
    }

    /// Where the text is that stands before a secret on the line it begins on, and after it on the line it ends on, up to
    /// `most` bytes of each.
    fn on_line(&self, index: usize, most: usize) -> (Range<usize>, Range<usize>) {
        let Range { start, end } = self.places[index].1;
        let before = start.saturating_sub(most);
        let before = memchr::memrchr(b'\n', &self.text[before..start]).map_or(before, |at| before + at + 1);
        let after = (end + most).min(self.text.len());
        let after = memchr::memchr(b'\n', &self.text[end..after]).map_or(after, |at| end + at);
        (before..start, end..after)
    }

    /// GitHub's hash of the line on which the secret begins. A guessable secret on it is masked first: from a hash
    /// of the rest of the line and the secret, the secret could be found by trying.
    pub(super) fn line_hash(&mut self, index: usize, place: &Place<'_>) -> LineHash {
        let start = self.places[index].0.start;
        let newline = memchr::memrchr(b'\n', &self.text[..start]);
        let line = newline.map_or(0, |at| at + 1);
        let hashed = line..(line + HASHED_BYTES).min(self.text.len());
        let mut head = match newline {
            // The line began before this piece of the text.
            None if !place.whole => place.cursor.line_head().to_vec(),
            _ => Vec::new(),
        };
        head.extend(self.masked(hashed.clone(), &self.guessable));
        let hash = line_hash(&head);
        let known = place.whole && touching(&self.guessable, &hashed).is_empty();
        let nth = known.then(|| {
            if self.places.len() <= FEW {
                return nth_of_hash(place.text, line);
            }
            let lines = self.by_hash.get_or_insert_with(|| lines_by_hash(place.text));
            lines.get(&hash).map_or(1, |lines| lines.partition_point(|&at| at <= line))
        });
        LineHash { hash, nth }
    }

    /// The bytes of `range` with `secrets`, which are in order and apart, masked.
    fn masked(&self, range: Range<usize>, secrets: &[Range<usize>]) -> Vec<u8> {
        let mut masked = Vec::with_capacity(range.len());
        let mut at = range.start;
        for secret in touching(secrets, &range) {
            masked.extend_from_slice(&self.text[at..secret.start.max(at)]);
            masked.extend_from_slice(MASK.as_bytes());
            at = secret.end.min(range.end);
        }
        masked.extend_from_slice(&self.text[at..range.end]);
        masked
    }
}

/// Puts ranges in order and makes those that overlap one.
fn apart(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let overlaps = next.start < last.end;
        if overlaps {
            last.end = last.end.max(next.end);
        }
        overlaps
    });
    ranges
}

/// Those of `ranges`, which are in order and apart, that have a byte in `range`.
fn touching<'r>(ranges: &'r [Range<usize>], range: &Range<usize>) -> &'r [Range<usize>] {
    let first = ranges.partition_point(|other| other.end <= range.start);
    let last = ranges.partition_point(|other| other.start < range.end).max(first);
    &ranges[first..last]
}
