//! Places in a text: byte spans, and lines and columns as editors and SARIF count them.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A half-open range of bytes, counted from the start of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
}

impl Span {
    /// The span of `range` in a buffer whose first byte is at offset `base` of the blob.
    #[must_use]
    pub fn from_range(base: u64, range: &Range<usize>) -> Self {
        Self { start: base + range.start as u64, end: base + range.end as u64 }
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> u64 {
        self.end - self.start
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether the two spans share a byte.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// A range of a text that is the same as a range of another, which it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where it begins in the other text.
    pub source: usize,
    /// Where it begins in this one.
    pub target: usize,
    /// How many bytes it has.
    pub length: usize,
}

/// A line and a column, both counted from 1. Columns are UTF-16 code units, as in SARIF
/// (§3.30.2 with the default `columnKind`) and in most editors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1, in UTF-16 code units.
    pub column: u64,
}

/// The number of UTF-16 code units that `bytes` have: one for each character's first byte, two where that is the
/// first of four. So a text may be cut anywhere, within a character too, and the pieces add up; a byte that is not
/// valid UTF-8 counts as one unless it looks like the rest of a character.
#[must_use]
pub fn utf16_len(bytes: &[u8]) -> u64 {
    if bytes.is_ascii() {
        return bytes.len() as u64;
    }
    let units = |byte: &u8| u64::from(byte & 0xc0 != 0x80) + u64::from((0xf0..0xf8).contains(byte));
    bytes.iter().map(units).sum()
}

/// What some editors write at the start of a UTF-8 file; it is no character of the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How much of a line's beginning is remembered once a scan has moved past it: enough for
/// the 100 characters that GitHub's line hash reads, with room for indentation.
const LINE_HEAD: usize = 1024;

/// Where a scan stands in its text: the line and column at some offset, and how the current
/// line began. Advancing is cheap (one pass for newlines), so that a text of any size can be
/// scanned in pieces without keeping it.
#[derive(Clone, Debug)]
pub struct LineCursor {
    line: u64,
    /// UTF-16 units of the current line before the cursor.
    units: u64,
    head: Vec<u8>,
}

impl Default for LineCursor {
    fn default() -> Self {
        Self { line: 1, units: 0, head: Vec::new() }
    }
}

impl LineCursor {
    /// Moves over `text`, which follows what was passed before.
    pub fn advance(&mut self, text: &[u8]) {
        let at_start = self.line == 1 && self.units == 0 && self.head.is_empty();
        let text = if at_start { text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text) } else { text };
        match memchr::memrchr(b'\n', text) {
            Some(last) => {
                self.line += memchr::memchr_iter(b'\n', text).count() as u64;
                let tail = &text[last + 1..];
                self.units = utf16_len(tail);
                self.head.clear();
                self.head.extend_from_slice(&tail[..tail.len().min(LINE_HEAD)]);
            }
            None => {
                self.units += utf16_len(text);
                let room = LINE_HEAD.saturating_sub(self.head.len()).min(text.len());
                self.head.extend_from_slice(&text[..room]);
            }
        }
    }

    /// Moves over a text that `piece` has moved over from its own start.
    pub fn append(&mut self, piece: &Self) {
        if piece.line == 1 {
            self.units += piece.units;
            let room = LINE_HEAD.saturating_sub(self.head.len()).min(piece.head.len());
            self.head.extend_from_slice(&piece.head[..room]);
        } else {
            self.line += piece.line - 1;
            self.units = piece.units;
            self.head.clone_from(&piece.head);
        }
    }

    /// The position the cursor is at.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { line: self.line, column: self.units + 1 }
    }

    /// The current line's bytes before the cursor, the first kilobyte of them at most.
    #[must_use]
    pub fn line_head(&self) -> &[u8] {
        &self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset: usize) -> (u64, u64) {
        let mut cursor = LineCursor::default();
        cursor.advance(&text.as_bytes()[..offset]);
        (cursor.position().line, cursor.position().column)
    }

    #[test]
    fn columns_are_utf16_units() {
        let text = "a\nöb\n😀c";
        assert_eq!(at(text, 0), (1, 1));
        assert_eq!(at(text, 2), (2, 1));
        assert_eq!(at(text, 4), (2, 2));
        assert_eq!(at(text, text.len() - 1), (3, 3));
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let text = "one\ntwo three\n\nfour 😀 five";
        for split in 0..text.len() {
            let mut cursor = LineCursor::default();
            cursor.advance(&text.as_bytes()[..split]);
            cursor.advance(&text.as_bytes()[split..]);
            let mut appended = LineCursor::default();
            for piece in [&text.as_bytes()[..split], &text.as_bytes()[split..]] {
                let mut cursor = LineCursor::default();
                cursor.advance(piece);
                appended.append(&cursor);
            }
            for cursor in [cursor, appended] {
                assert_eq!(cursor.position(), Position { line: 4, column: 13 });
                assert_eq!(cursor.line_head(), "four 😀 five".as_bytes());
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        let mut cursor = LineCursor::default();
        cursor.advance(b"\xef\xbb\xbfab");
        assert_eq!(cursor.position(), Position { line: 1, column: 3 });
    }

    #[test]
    fn invalid_bytes_count_as_one() {
        assert_eq!(utf16_len(b"a\xffb"), 3);
    }
}
