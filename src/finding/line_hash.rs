//! The hash by which GitHub recognises an alert after lines have moved.
//!
//! GitHub reads only `partialFingerprints.primaryLocationLineHash`, and its upload action computes it only for files that are
//! in the checkout. The algorithm is documented by github/codeql-action's `src/fingerprints.ts`: a hash over
//! the 100 UTF-16 units from the start of a line on, without blanks, with line ends as `\n`, the end of the
//! file as unit 65535, then zeros; and a counter for lines with equal hashes.

use std::collections::HashMap;

const BLOCK: usize = 100;
const MULTIPLIER: u64 = 37;
const END_OF_FILE: u16 = u16::MAX;

/// Bytes from the start of a line that are enough for its hash, unless it is mostly blanks.
pub const HASHED_BYTES: usize = 1024;

/// The hash of the line that starts at the beginning of `text`, which goes on to the end of the file
/// or for at least [`HASHED_BYTES`].
#[must_use]
pub fn line_hash(text: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * HASHED_BYTES)]);
    let (line_feed, carriage_return) = (u16::from(b'\n'), u16::from(b'\r'));
    let mut hash = 0u64;
    let mut len = 0;
    let mut push = |unit: u16| {
        hash = hash.wrapping_mul(MULTIPLIER).wrapping_add(u64::from(unit));
        len += 1;
        len < BLOCK
    };
    let mut after_return = false;
    let mut room = true;
    for unit in text.encode_utf16() {
        let blank = unit == u16::from(b' ') || unit == u16::from(b'\t');
        let second_half = unit == line_feed && after_return;
        after_return = unit == carriage_return;
        if !blank && !second_half {
            room = push(if unit == carriage_return { line_feed } else { unit });
        }
        if !room {
            return hash;
        }
    }
    room = push(END_OF_FILE);
    while room {
        room = push(0);
    }
    hash
}

/// For every hash, the offsets of the lines of `text` that have it, in order.
#[must_use]
pub fn lines_by_hash(text: &[u8]) -> HashMap<u64, Vec<usize>> {
    let mut lines: HashMap<u64, Vec<usize>> = HashMap::new();
    for start in std::iter::once(0).chain(memchr::memchr_iter(b'\n', text).map(|at| at + 1)) {
        lines.entry(line_hash(&text[start..])).or_default().push(start);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> Vec<String> {
        let mut lines: Vec<(usize, String)> = lines_by_hash(text.as_bytes())
            .into_iter()
            .flat_map(|(hash, starts)| {
                starts.into_iter().enumerate().map(move |(n, start)| (start, format!("{hash:x}:{}", n + 1)))
            })
            .collect();
        lines.sort();
        lines.into_iter().map(|(_, hash)| hash).collect()
    }

    /// The values are those of codeql-action's own tests.
    #[test]
    fn github_computes_the_same() {
        assert_eq!(hashes(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            hashes(" a\nb\n  \t\tc\n d"),
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]
        );
        assert_eq!(
            hashes(" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n"),
            [
                "e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1",
                "b3edc88f2938467e:1", "c8e28b0b4002a3a0:1", "c129715d7a2bc9a3:1",
            ]
        );
        let repeated = hashes(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!(repeated[5], "a7f2ff13bc495cf2:6");
        assert_eq!(repeated[6], "a7f2ff1481e87703:1");
    }
}
