//! What stands around the matches of a text, and what may be shown and hashed of it.

use std::collections::HashMap;
use std::ops::Range;

use super::text::Place;
use crate::detect::Match;
use crate::finding::silencing::{MARKER_REACH, Marker};
use crate::finding::{HASHED_BYTES, LineHash, Snippet, line_hash, lines_by_hash, nth_of_hash};
use crate::secret::{MASK, Secret};

/// Most bytes shown before and after a secret.
const SHOWN: usize = 60;

/// Of so many matches each one's line is counted by itself.
const FEW: usize = 32;

pub(super) struct Surroundings<'t> {
    text: &'t [u8],
    ranges: Vec<Range<usize>>,
    /// The length of the longest of them.
    longest: usize,
    secrets: Vec<Secret>,
    by_hash: Option<HashMap<u64, Vec<usize>>>,
}

impl<'t> Surroundings<'t> {
    /// `matches` are sorted by their start.
    pub(super) fn new<'m>(text: &'t [u8], matches: &[Match<'m>], secret: impl Fn(&Match<'m>) -> Secret) -> Self {
        Self {
            text,
            ranges: matches.iter().map(|m| m.range.clone()).collect(),
            longest: matches.iter().map(|m| m.range.len()).max().unwrap_or_default(),
            secrets: matches.iter().map(secret).collect(),
            by_hash: None,
        }
    }

    pub(super) fn secret(&self, index: usize) -> Secret {
        self.secrets[index].clone()
    }

    /// What stands on the secret's line before and after it, other secrets masked.
    pub(super) fn snippet(&self, index: usize) -> Snippet {
        let (before, after) = self.on_line(index, SHOWN);
        let show = |range| -> String {
            let masked = self.masked(range, |_| true);
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
        Marker::read(&self.masked(before, |_| true), &self.masked(after, |_| true)).map(Box::new)
    }

    /// Where the text is that stands before a secret on the line it begins on, and after it on the line it ends on, up to
    /// `most` bytes of each.
    fn on_line(&self, index: usize, most: usize) -> (Range<usize>, Range<usize>) {
        let Range { start, end } = self.ranges[index];
        let before = start.saturating_sub(most);
        let before = memchr::memrchr(b'\n', &self.text[before..start]).map_or(before, |at| before + at + 1);
        let after = (end + most).min(self.text.len());
        let after = memchr::memchr(b'\n', &self.text[end..after]).map_or(after, |at| end + at);
        (before..start, end..after)
    }

    /// GitHub's hash of the line on which the secret begins. A guessable secret on it is masked first: from a hash
    /// of the rest of the line and the secret, the secret could be found by trying.
    pub(super) fn line_hash(&mut self, index: usize, place: &Place<'_>) -> LineHash {
        let start = self.ranges[index].start;
        let newline = memchr::memrchr(b'\n', &self.text[..start]);
        let line = newline.map_or(0, |at| at + 1);
        let hashed = line..(line + HASHED_BYTES).min(self.text.len());
        let guessable = |i: usize| self.secrets[i].is_guessable();
        let mut head = match newline {
            // The line began before this piece of the text.
            None if !place.whole => place.cursor.line_head().to_vec(),
            _ => Vec::new(),
        };
        head.extend(self.masked(hashed.clone(), guessable));
        let hash = line_hash(&head);
        let known = place.whole && !self.touching(&hashed).any(guessable);
        let nth = known.then(|| {
            if self.ranges.len() <= FEW {
                return nth_of_hash(place.text, line);
            }
            let lines = self.by_hash.get_or_insert_with(|| lines_by_hash(place.text));
            lines.get(&hash).map_or(1, |lines| lines.partition_point(|&at| at <= line))
        });
        LineHash { hash, nth }
    }

    /// The matches that have a byte in `range`.
    fn touching(&self, range: &Range<usize>) -> impl Iterator<Item = usize> {
        // They are sorted by their start, and none that starts further before than the longest is long can reach here.
        let first = self.ranges.partition_point(|r| r.start + self.longest < range.start);
        let last = self.ranges.partition_point(|r| r.start < range.end);
        (first..last).filter(|&i| range.start < self.ranges[i].end)
    }

    /// The bytes of `range` with those secrets masked that `hide` names.
    fn masked(&self, range: Range<usize>, hide: impl Fn(usize) -> bool) -> Vec<u8> {
        let mut masked = Vec::with_capacity(range.len());
        let mut at = range.start;
        for i in self.touching(&range).filter(|&i| hide(i)) {
            let secret = &self.ranges[i];
            if secret.end > at {
                masked.extend_from_slice(&self.text[at..secret.start.max(at)]);
                masked.extend_from_slice(MASK.as_bytes());
                at = secret.end.min(range.end);
            }
        }
        masked.extend_from_slice(&self.text[at..range.end]);
        masked
    }
}
