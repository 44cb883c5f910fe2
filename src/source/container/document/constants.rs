//! Strings in what programs have written of their values: Python's compiled modules and pickles, and what Java serialises.
//!
//! A string has its length before it, and what comes behind it may begin with a letter, which the bytes as they are show as its last.

use super::super::{Place, Walk};
use super::view;

/// Shorter ones hold nothing.
const SHORTEST: usize = 6;

/// A way to write values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constants {
    /// A compiled module of Python.
    Python,
    /// A pickle of Python.
    Pickle,
    /// Serialised objects of Java.
    Java,
}

/// What tells that a string follows: a byte, then its length in so many bytes.
struct Mark {
    byte: u8,
    width: usize,
}

const fn mark(byte: u8, width: usize) -> Mark {
    Mark { byte, width }
}

/// The highest bit says that it can be referred to.
const PYTHON: &[Mark] = &[
    mark(b'z', 1),
    mark(b'Z', 1),
    mark(b'z' | 0x80, 1),
    mark(b'Z' | 0x80, 1),
    mark(b'a', 4),
    mark(b'A', 4),
    mark(b'a' | 0x80, 4),
    mark(b'A' | 0x80, 4),
    mark(b's', 4),
    mark(b't', 4),
    mark(b'u', 4),
    mark(b's' | 0x80, 4),
    mark(b't' | 0x80, 4),
    mark(b'u' | 0x80, 4),
];

const PICKLE: &[Mark] =
    &[mark(b'X', 4), mark(0x8c, 1), mark(0x8d, 8), mark(b'U', 1), mark(b'T', 4), mark(b'B', 4), mark(b'C', 1)];

const JAVA: &[Mark] = &[mark(0x74, 2), mark(0x7c, 8)];

impl Constants {
    /// Looks at the first bytes of content.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0xac, 0xed, 0, 5, ..] => Some(Self::Java),
            [0x80, 2..=5, b'}' | b']' | b'(' | b')' | b'c' | b'X' | 0x95 | 0x8c, ..] => Some(Self::Pickle),
            // A number that grows with the versions of Python 3, or is one of 2.7.
            [low, high @ 0x0b..=0x0f, b'\r', b'\n', ..] if u16::from_le_bytes([*low, *high]) >= 3000 => {
                Some(Self::Python)
            }
            [0x03, 0xf3, b'\r', b'\n', ..] => Some(Self::Python),
            _ => None,
        }
    }

    fn marks(self) -> &'static [Mark] {
        match self {
            Self::Python => PYTHON,
            Self::Pickle => PICKLE,
            Self::Java => JAVA,
        }
    }

    /// The string that `bytes` begin with, and what is before it.
    fn string(self, bytes: &[u8]) -> Option<(usize, &[u8])> {
        let (byte, rest) = bytes.split_first()?;
        let width = self.marks().iter().find(|mark| mark.byte == *byte)?.width;
        let (len, rest) = rest.split_at_checked(width)?;
        let digit = |len: usize, &byte: &u8| len.checked_mul(256)?.checked_add(usize::from(byte));
        let len = match self {
            Self::Java => len.iter().try_fold(0, digit),
            Self::Python | Self::Pickle => len.iter().rev().try_fold(0, digit),
        }?;
        let string = rest.get(..len).filter(|string| string.len() >= SHORTEST && is_text(string))?;
        Some((1 + width, string))
    }
}

/// Whether it can be a text. Java writes some characters as UTF-8 does not.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| (byte >= b' ' && byte != 0x7f) || matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b))
}

/// Hands over the strings, a line for each, or several where it has them.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, format: Constants, bytes: &[u8]) {
    let (mut text, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match format.string(&bytes[at..]) {
            Some((head, string)) => {
                text.extend(string);
                text.push(b'\n');
                at += head + string.len();
            }
            None => at += 1,
        }
    }
    view(walk, place, "strings", &text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        for (start, expected) in [
            (&b"\xa7\x0d\r\n\0\0\0\0"[..], Some(Constants::Python)),
            (b"\x03\xf3\r\n", Some(Constants::Python)),
            (b"hi\r\n", None),
            (b"\x80\x04\x95\x10", Some(Constants::Pickle)),
            (b"\x80\x02}q\0", Some(Constants::Pickle)),
            (b"\x80\x04other", None),
            (b"\xac\xed\0\x05sr", Some(Constants::Java)),
            (b"", None),
        ] {
            assert_eq!(Constants::of(start), expected, "{}", start.escape_ascii());
        }
    }

    #[test]
    fn a_string_ends_where_its_length_says() {
        for (format, bytes, expected) in [
            (Constants::Python, &b"\xda\x06secretc\0\0"[..], Some(&b"secret"[..])),
            (Constants::Python, b"u\x07\0\0\0s\xc3\xa9cretN", Some("s\u{e9}cret".as_bytes())),
            (Constants::Python, b"z\x07secret", None),
            (Constants::Python, b"z\x06sec\0et", None),
            (Constants::Pickle, b"X\x06\0\0\0secretq\x01", Some(b"secret")),
            (Constants::Pickle, b"\x8d\x06\0\0\0\0\0\0\0secret\x94", Some(b"secret")),
            (Constants::Java, b"t\0\x06secrett\0\x01a", Some(b"secret")),
            (Constants::Java, b"|\xff\xff\xff\xff\xff\xff\xff\xffsecret", None),
            (Constants::Java, b"t\0\x05short", None),
            (Constants::Java, b"t", None),
        ] {
            assert_eq!(format.string(bytes).map(|(_, string)| string), expected, "{}", bytes.escape_ascii());
        }
    }
}
