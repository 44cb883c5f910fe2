//! What a decoded text is made of, and where each of its bytes came from.

use std::ops::Range;

use super::How;

/// How the bytes of a piece came from those of its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Each is made of so many.
    Each(usize),
    /// Three are made of four digits.
    Base64,
    /// All are made of all.
    Whole,
}

/// A range of a text and what stands in its place once it is decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) source: Range<usize>,
    /// The decoded bytes' place in [`Pieces::bytes`].
    pub(super) out: Range<usize>,
    pub(super) step: Step,
    pub(super) how: How,
}

/// Everything that is decoded in a text.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pub(super) bytes: Vec<u8>,
    pub(super) list: Vec<Piece>,
    /// Pieces before this one are not added to.
    sealed: usize,
}

impl Pieces {
    /// Adds a piece; one that goes on where the last ended, in the same way, becomes part of it.
    pub(super) fn push(&mut self, source: Range<usize>, decoded: &[u8], step: Step, how: How) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(decoded);
        let out = start..self.bytes.len();
        if self.list.len() > self.sealed
            && let Some(last) = self.list.last_mut()
            && last.step == step
            && last.how == how
            && step != Step::Whole
            && last.source.end == source.start
            && last.out.end == out.start
        {
            last.source.end = source.end;
            last.out.end = out.end;
            return;
        }
        self.list.push(Piece { source, out, step, how });
    }

    /// Takes off all that was added since there were `count` pieces and `len` bytes.
    pub(super) fn undo(&mut self, (count, len): (usize, usize)) {
        self.list.truncate(count);
        self.bytes.truncate(len);
    }

    /// What [`Pieces::undo`] takes. Pieces added after it are not joined to those before.
    pub(super) fn mark(&mut self) -> (usize, usize) {
        self.sealed = self.list.len();
        (self.list.len(), self.bytes.len())
    }

    /// Puts the pieces in order of place and leaves, of those that overlap, the first; of two at one place, what tells more of it.
    pub(super) fn settle(&mut self) {
        self.list.sort_by_key(|piece| (piece.source.start, std::cmp::Reverse(piece.source.end), piece.how));
        let mut end = 0;
        self.list.retain(|piece| {
            let apart = piece.source.start >= end;
            if apart {
                end = piece.source.end;
            }
            apart
        });
    }
}

/// A stretch of a decoded text.
#[derive(Clone, Debug)]
struct Segment {
    /// Where it begins in the decoded text.
    at: usize,
    len: usize,
    source: Range<usize>,
    step: Step,
    /// `None` for what is as it was.
    how: Option<How>,
}

impl Segment {
    /// The first source byte of the byte at `offset`.
    fn start_of(&self, offset: usize, share: bool) -> usize {
        let nth = offset - self.at;
        let skipped = match self.step {
            Step::Each(width) => nth * width,
            Step::Base64 => nth * 4 / 3,
            Step::Whole if share => self.share(nth),
            Step::Whole => 0,
        };
        self.source.start + skipped.min(self.source.len())
    }

    /// What follows the last source byte of the byte at `offset`.
    fn end_of(&self, offset: usize, share: bool) -> usize {
        let nth = offset - self.at;
        let passed = match self.step {
            Step::Each(width) => (nth + 1) * width,
            // With the last byte go the signs that fill up the last four digits.
            Step::Base64 if nth + 1 < self.len => (nth * 8 + 7) / 6 + 1,
            Step::Whole if share => self.share(nth + 1),
            Step::Base64 | Step::Whole => self.source.len(),
        };
        self.source.start + passed.min(self.source.len())
    }

    /// How much of the source is the share of the first `count` bytes.
    fn share(&self, count: usize) -> usize {
        (count as u128 * self.source.len() as u128 / self.len.max(1) as u128) as usize
    }
}

/// Leads from a decoded text back to the one it was made from.
#[derive(Debug, Default)]
pub(super) struct Map {
    /// Without gaps, in order.
    segments: Vec<Segment>,
    len: usize,
}

/// How far from what is decoded a match may be that only decoding shows: `password%3D` before a value, a quotation mark after it.
const BEFORE: usize = 80;
const AFTER: usize = 2;

impl Map {
    /// Puts `list` in the place of its sources, in `text[around]`. Returns the decoded text with its map.
    pub(super) fn build(text: &[u8], around: Range<usize>, pieces: &Pieces, list: &[Piece]) -> (Vec<u8>, Self) {
        let (mut bytes, mut map) = (Vec::new(), Self::default());
        let mut from = around.start;
        for piece in list {
            map.copy(text, from..piece.source.start, &mut bytes);
            let decoded = &pieces.bytes[piece.out.clone()];
            map.add(decoded.len(), piece.source.clone(), piece.step, Some(piece.how));
            bytes.extend_from_slice(decoded);
            from = piece.source.end;
        }
        map.copy(text, from..around.end.max(from), &mut bytes);
        (bytes, map)
    }

    fn copy(&mut self, text: &[u8], range: Range<usize>, bytes: &mut Vec<u8>) {
        if !range.is_empty() {
            bytes.extend_from_slice(&text[range.clone()]);
            self.add(range.len(), range, Step::Each(1), None);
        }
    }

    fn add(&mut self, len: usize, source: Range<usize>, step: Step, how: Option<How>) {
        self.segments.push(Segment { at: self.len, len, source, step, how });
        self.len += len;
    }

    /// The bytes that those of `range` were made of.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        self.source(range, false)
    }

    /// A part of [`Map::original`] that is in order: of what was made of all bytes together, as much as `range` has of what was made.
    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        self.source(range, true)
    }

    fn source(&self, range: Range<usize>, share: bool) -> Range<usize> {
        let start = self.segment(range.start).map_or(0, |segment| segment.start_of(range.start, share));
        if range.is_empty() {
            return start..start;
        }
        let end = self.segment(range.end - 1).map_or(0, |segment| segment.end_of(range.end - 1, share));
        start..end.max(start)
    }

    /// The segment that the byte at `offset` is in.
    fn segment(&self, offset: usize) -> Option<&Segment> {
        // Of several that begin there only the last has bytes.
        let after = self.segments.partition_point(|segment| segment.at <= offset);
        self.segments.get(after.checked_sub(1)?)
    }

    /// The stretch from the first decoded byte to the last, `None` if nothing was decoded.
    pub(super) fn decoded(&self) -> Option<Range<usize>> {
        let first = self.segments.iter().find(|segment| segment.how.is_some())?;
        let last = self.segments.iter().rfind(|segment| segment.how.is_some())?;
        Some(first.at..last.at + last.len)
    }

    /// Whether any byte of `range`, or the seam within it, was decoded.
    pub(super) fn touches(&self, range: &Range<usize>) -> bool {
        self.ways(range.start, range.end).next().is_some()
    }

    /// The ways in which what is in `range`, or what leads to it, was decoded.
    pub(super) fn how(&self, range: &Range<usize>) -> Vec<How> {
        let mut ways: Vec<How> = self.ways(range.start, range.end).collect();
        if ways.is_empty() {
            ways.extend(self.ways(range.start.saturating_sub(BEFORE), range.end + AFTER));
        }
        ways.sort_unstable();
        ways.dedup();
        ways
    }

    fn ways(&self, start: usize, end: usize) -> impl Iterator<Item = How> + '_ {
        let first = self.segments.partition_point(|segment| segment.at + segment.len < start);
        let touching = self.segments[first..].iter().take_while(move |segment| segment.at < end);
        // One without bytes is a seam; it counts if it is within.
        touching.filter(move |segment| segment.at + segment.len > start).filter_map(|segment| segment.how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_lead_back_to_what_they_were_made_of() {
        let text = b"a=%41%42&b=WFla&c=\"x\" + \"y\"";
        let mut pieces = Pieces::default();
        pieces.push(2..5, b"A", Step::Each(3), How::Percent);
        pieces.push(5..8, b"B", Step::Each(3), How::Percent);
        pieces.push(11..15, b"XYZ", Step::Base64, How::Base64);
        pieces.push(20..25, b"", Step::Whole, How::Joined);
        assert_eq!(pieces.list.len(), 3);
        let (bytes, map) = Map::build(text, 0..text.len(), &pieces, &pieces.list);
        assert_eq!(bytes, b"a=AB&b=XYZ&c=\"xy\"");
        for (range, source) in [
            (0..2, 0..2),
            (2..3, 2..5),
            (3..4, 5..8),
            (7..8, 11..13),
            (8..9, 12..14),
            (9..10, 13..15),
            (7..10, 11..15),
            (14..16, 19..26),
            (15..16, 25..26),
        ] {
            assert_eq!(map.original(range.clone()), source, "{range:?}");
        }
        assert_eq!(map.decoded(), Some(2..15));
        assert_eq!(map.how(&(2..4)), [How::Percent]);
        assert_eq!(map.how(&(14..16)), [How::Joined]);
        assert!(map.touches(&(14..16)) && !map.touches(&(13..15)));
    }
}
