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

/// Bytes that nearly always are enough.
const FIRST_TRY: usize = 4 * BLOCK;

/// Bytes that two lines are told apart by before they are hashed.
const BEGINNING: usize = 16;

/// The hash of the line that starts at the beginning of `text`, which goes on to the end of the file
/// or for at least [`HASHED_BYTES`].
#[must_use]
pub fn line_hash(text: &[u8]) -> u64 {
    let text = &text[..text.len().min(4 * HASHED_BYTES)];
    let (hash, len) = match text.get(..FIRST_TRY).map(|start| units(start, BLOCK)) {
        // The last character of the start may have been cut; it is not among these if there was another one.
        Some((hash, BLOCK, true)) => return hash,
        _ => {
            let (hash, len, _) = units(text, BLOCK);
            (hash, len)
        }
    };
    let end = (len < BLOCK).then_some(u64::from(END_OF_FILE));
    let zeros = std::iter::repeat_n(0, BLOCK.saturating_sub(len + 1));
    end.into_iter().chain(zeros).fold(hash, step)
}

fn step(hash: u64, unit: u64) -> u64 {
    hash.wrapping_mul(MULTIPLIER).wrapping_add(unit)
}

/// The hash of the first units of a text, how many these are, and whether there are more.
fn units(text: &[u8], most: usize) -> (u64, usize, bool) {
    let text = String::from_utf8_lossy(text);
    let (line_feed, carriage_return) = (u16::from(b'\n'), u16::from(b'\r'));
    let (mut hash, mut len, mut after_return) = (0, 0, false);
    for unit in text.encode_utf16() {
        let blank = unit == u16::from(b' ') || unit == u16::from(b'\t');
        let second_half = unit == line_feed && after_return;
        after_return = unit == carriage_return;
        if blank || second_half {
            continue;
        }
        if len == most {
            return (hash, len, true);
        }
        hash = step(hash, u64::from(if unit == carriage_return { line_feed } else { unit }));
        len += 1;
    }
    (hash, len, false)
}

/// For every hash, the offsets of the lines of `text` that have it, in order.
#[must_use]
pub fn lines_by_hash(text: &[u8]) -> HashMap<u64, Vec<usize>> {
    let mut lines: HashMap<u64, Vec<usize>> = HashMap::new();
    for start in starts(text) {
        lines.entry(line_hash(&text[start..])).or_default().push(start);
    }
    lines
}

/// Which of the lines with the same hash the one is that starts at `line`, from 1. For a few lines of a text this costs less than
/// [`lines_by_hash`].
#[must_use]
pub fn nth_of_hash(text: &[u8], line: usize) -> usize {
    let hash = line_hash(&text[line..]);
    let own: Vec<u8> = beginning(&text[line..]).collect();
    let before = starts(&text[..line]).filter(|&start| start < line);
    // Nearly all lines are told apart by how they begin.
    let alike = before.filter(|&start| beginning(&text[start..]).eq(own.iter().copied()));
    1 + alike.filter(|&start| line_hash(&text[start..]) == hash).count()
}

/// How a line begins, as far as that tells it from others for certain: its blanks, the form of its end and broken characters
/// do not.
fn beginning(line: &[u8]) -> impl Iterator<Item = u8> {
    let certain = |b: &u8| b.is_ascii() && !matches!(b, b'\r' | b'\n');
    line.iter().copied().take_while(certain).filter(|b| !matches!(b, b' ' | b'\t')).take(BEGINNING)
}

fn starts(text: &[u8]) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(memchr::memchr_iter(b'\n', text).map(|at| at + 1))
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

    proptest::proptest! {
        /// Looked up or counted, a line has the same number among those with its hash.
        #[test]
        fn each_line_has_its_number(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                &b"a"[..], b"b", b" ", b"\t", b"\n", b"\r", b"\r\n", b"\xff", b"\xfe", b"\xc3\xa9", b"\xf0\x9f\x94\x91", b"a line of twenty byt", &[b'x'; 99],
            ]), 0..40)
        ) {
            let text = parts.concat();
            for (hash, lines) in lines_by_hash(&text) {
                for (at, &line) in lines.iter().enumerate() {
                    proptest::prop_assert_eq!(nth_of_hash(&text, line), at + 1);
                    // The long way, as it is specified.
                    proptest::prop_assert_eq!(hash, slowly(&text[line..]));
                }
            }
        }
    }

    fn slowly(text: &[u8]) -> u64 {
        let text = String::from_utf8_lossy(text).replace("\r\n", "\n").replace('\r', "\n");
        let units = text.encode_utf16().filter(|unit| ![32, 9].contains(unit)).map(u64::from);
        let units = units.chain([u64::from(END_OF_FILE)]).chain(std::iter::repeat(0)).take(BLOCK);
        units.fold(0, step)
    }
}
