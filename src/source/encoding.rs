//! What encoding a text is in. Rules are written for ASCII, so UTF-16 is decoded before it is searched.

use std::borrow::Cow;
use std::io::{self, Read};

/// How the bytes of a blob are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As they are: ASCII, UTF-8 or any 8-bit encoding.
    Bytes,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
    /// No text: strings are looked for in it.
    Binary,
}

/// Bytes from the start of a blob that decide.
pub const SNIFFED: usize = 8 * 1024;

impl Encoding {
    /// Looks at the first [`SNIFFED`] bytes of a blob.
    #[must_use]
    pub fn sniff(start: &[u8]) -> Self {
        let start = &start[..start.len().min(SNIFFED)];
        match start {
            [0xff, 0xfe, 0, 0, ..] => return Self::Binary,
            [0xff, 0xfe, ..] => return Self::Utf16Le,
            [0xfe, 0xff, ..] => return Self::Utf16Be,
            _ => {}
        }
        if memchr::memchr(0, start).is_none() {
            return Self::Bytes;
        }
        let pairs = start.len() / 2;
        let nul = |offset: usize| start.iter().skip(offset).step_by(2).filter(|&&b| b == 0).count();
        let (even, odd) = (nul(0), nul(1));
        // Western text in UTF-16 has a NUL in nearly every pair, always in the same half.
        let mostly = |half: usize, other: usize| pairs >= 2 && half * 10 >= pairs * 7 && other * 50 <= pairs;
        if mostly(odd, even) {
            Self::Utf16Le
        } else if mostly(even, odd) {
            Self::Utf16Be
        } else {
            Self::Binary
        }
    }

    /// A whole text as it is searched: UTF-16 as UTF-8, anything else as it is.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Bytes | Self::Binary => bytes.into(),
            Self::Utf16Le | Self::Utf16Be => {
                let mut decoded = Vec::new();
                // Memory can always be read.
                let _ = Utf16Reader::new(bytes, self).read_to_end(&mut decoded);
                decoded.into()
            }
        }
    }

    fn unit(self, pair: [u8; 2]) -> u16 {
        if self == Self::Utf16Be { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    }
}

/// Decodes UTF-16 from a reader to UTF-8, with U+FFFD for what is no character. Bounded memory.
#[derive(Debug)]
pub struct Utf16Reader<R> {
    inner: R,
    encoding: Encoding,
    raw: Vec<u8>,
    decoded: Vec<u8>,
    given: usize,
    at_start: bool,
}

impl<R: Read> Utf16Reader<R> {
    /// Reads `inner`, which is in one of the two UTF-16 encodings.
    pub fn new(inner: R, encoding: Encoding) -> Self {
        Self { inner, encoding, raw: Vec::new(), decoded: Vec::new(), given: 0, at_start: true }
    }

    /// Decodes the next piece; `false` at the end.
    fn refill(&mut self) -> io::Result<bool> {
        const PIECE: u64 = 64 * 1024;
        let read = (&mut self.inner).take(PIECE).read_to_end(&mut self.raw)?;
        let ended = read == 0;
        if ended && self.raw.is_empty() {
            return Ok(false);
        }
        let mut units: Vec<u16> = self.raw.chunks_exact(2).map(|pair| self.encoding.unit([pair[0], pair[1]])).collect();
        let mut kept = self.raw.len() % 2;
        // The first half of a surrogate pair waits for the second.
        if !ended && units.last().is_some_and(|u| (0xd800..0xdc00).contains(u)) {
            units.pop();
            kept += 2;
        }
        let skip = usize::from(self.at_start && units.first() == Some(&0xfeff));
        self.at_start = false;
        self.decoded.clear();
        self.given = 0;
        for character in char::decode_utf16(units[skip..].iter().copied()) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.decoded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        self.raw.drain(..self.raw.len() - kept);
        if ended && !self.raw.is_empty() {
            self.raw.clear();
            self.decoded.extend_from_slice("\u{fffd}".as_bytes());
        }
        Ok(true)
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.decoded.len() {
            if !self.refill()? {
                return Ok(0);
            }
        }
        let count = out.len().min(self.decoded.len() - self.given);
        out[..count].copy_from_slice(&self.decoded[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn encodings_are_told_apart() {
        let text = "password = 'x'\nüñí €\n";
        for big in [false, true] {
            for mark in [false, true] {
                let bytes = utf16(text, big, mark);
                let encoding = Encoding::sniff(&bytes);
                assert_eq!(encoding, if big { Encoding::Utf16Be } else { Encoding::Utf16Le });
                let mut decoded = String::new();
                Utf16Reader::new(&*bytes, encoding).read_to_string(&mut decoded).expect("memory reads");
                assert_eq!(decoded, text);
            }
        }
        assert_eq!(Encoding::sniff(text.as_bytes()), Encoding::Bytes);
        assert_eq!(Encoding::sniff(b"\x7fELF\x02\x01\x01\0\0\0\0\0"), Encoding::Binary);
        assert_eq!(Encoding::sniff(b""), Encoding::Bytes);
    }

    #[test]
    fn pieces_may_end_anywhere() {
        let text = "a😀".repeat(40_000);
        let mut bytes = utf16(&text, false, true);
        bytes.push(7);
        let mut decoded = String::new();
        Utf16Reader::new(&*bytes, Encoding::Utf16Le).read_to_string(&mut decoded).expect("memory reads");
        assert_eq!(decoded.strip_suffix('\u{fffd}'), Some(&*text));
    }
}
