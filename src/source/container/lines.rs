//! Lists of variables with a NUL after each, as `env -0` and `/proc/<pid>/environ` give them, read as lines.

use std::io::{self, Read};

/// Whether content that begins so is such a list: a name and `=` at the start of each entry, and nothing that is no text.
pub(super) fn is_listing(start: &[u8]) -> bool {
    let Some(end) = memchr::memchr(0, start) else { return false };
    let named = |entry: &[u8]| {
        let name = entry.split(|&b| b == b'=').next().unwrap_or_default();
        let word = name.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'_');
        word && name.len() < entry.len() && name.first().is_some_and(|b| !b.is_ascii_digit())
    };
    let text = start.iter().all(|&b| b == 0 || b >= b' ' || matches!(b, b'\t' | b'\n' | b'\r' | 0x1b));
    let mut rest = start[end + 1..].split(|&b| b == 0);
    // The last one may be cut off before its `=`.
    rest.next_back();
    text && named(&start[..end]) && rest.all(named)
}

/// The same with a line feed for each NUL: places stay the same.
pub(super) struct Lines<R>(pub(super) R);

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        for byte in buffer[..count].iter_mut().filter(|byte| **byte == 0) {
            *byte = b'\n';
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_told_from_other_content() {
        for (start, expected) in [
            (&b"HOME=/root\0A_B=c d\nmore\0"[..], true),
            (b"ONE=1\0", true),
            (b"ONE=1\0TWO", true),
            (b"ONE=1\n", false),
            (b"ONE=1\0\0\0\0", false),
            (b"\x7fELF\0A=1\0", false),
            (b"1=2\0", false),
        ] {
            assert_eq!(is_listing(start), expected, "{}", start.escape_ascii());
        }
    }
}
