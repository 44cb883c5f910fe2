//! Places in a text: byte spans, and lines and columns as editors and SARIF count them.

use std::ops::Range;

/// A half-open range of bytes, counted from the start of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// A line and a column, both counted from 1. Columns are UTF-16 code units, as in SARIF
/// (§3.30.2 with the default `columnKind`) and in most editors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1, in UTF-16 code units.
    pub column: u64,
}

/// The number of UTF-16 code units that a decoder makes of `bytes`; a byte that is not
/// valid UTF-8 counts as one, like the replacement character it becomes.
#[must_use]
pub fn utf16_len(bytes: &[u8]) -> u64 {
    if bytes.is_ascii() {
        return bytes.len() as u64;
    }
    bytes
        .utf8_chunks()
        .map(|chunk| {
            let valid: usize = chunk.valid().chars().map(char::len_utf16).sum();
            (valid + usize::from(!chunk.invalid().is_empty())) as u64
        })
        .sum()
}

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
        for split in (0..text.len()).filter(|&i| text.is_char_boundary(i)) {
            let mut cursor = LineCursor::default();
            cursor.advance(&text.as_bytes()[..split]);
            cursor.advance(&text.as_bytes()[split..]);
            let mut appended = LineCursor::default();
            for piece in [&text[..split], &text[split..]] {
                let mut cursor = LineCursor::default();
                cursor.advance(piece.as_bytes());
                appended.append(&cursor);
            }
            for cursor in [cursor, appended] {
                assert_eq!(cursor.position(), Position { line: 4, column: 13 });
                assert_eq!(cursor.line_head(), "four 😀 five".as_bytes());
            }
        }
    }

    #[test]
    fn invalid_bytes_count_as_one() {
        assert_eq!(utf16_len(b"a\xffb"), 3);
    }
}
