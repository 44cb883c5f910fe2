//! A first look at a text: which parts of it may hold something that is encoded.
//!
//! Most texts hold nothing of the kind, and to see that must cost next to nothing. So every byte is looked at once, in a loop
//! without branches that becomes vector instructions, the widest that the machine has. What it points to is looked at exactly.

use std::ops::Range;

use pulp::{Arch, NullaryFnOnce};

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Bytes of which it is noted whether all are digits of base64.
pub(super) const WORD: usize = 8;

/// Blocks that one number of [`Overview::words`] is about.
const BLOCKS: usize = u64::BITS as usize / (BLOCK / WORD);

/// Which signs may mean something in a text of this kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kinds {
    /// Named entities: code has an `&` on every other line.
    pub(super) markup: bool,
    /// Quoted-printable, for the `=`.
    pub(super) mail: bool,
}

/// Where something may be encoded in a part of a text.
#[derive(Debug)]
pub(super) struct Overview {
    part: Range<usize>,
    /// A bit for each block, the lowest first: whether a sign may begin in it.
    signs: Vec<u64>,
    /// A bit for each word, the lowest first: whether all of it are digits.
    words: Vec<u64>,
}

impl Overview {
    /// Looks at `part` of a text.
    pub(super) fn new(text: &[u8], part: Range<usize>, kinds: Kinds) -> Self {
        let blocks = part.len().div_ceil(BLOCK);
        let signs = vec![0; blocks.div_ceil(u64::BITS as usize)];
        let words = vec![0; blocks.div_ceil(BLOCKS) + 1];
        let mut overview = Self { part: part.clone(), signs, words };
        Arch::new().dispatch(Look { text: &text[part], kinds, overview: &mut overview });
        overview
    }

    /// Notes of a block whether a sign may begin in it, and which of its words are digits.
    #[inline(always)]
    fn note(&mut self, block: usize, (has_sign, words): (bool, u8)) {
        self.signs[block / 64] |= u64::from(has_sign) << (block % 64);
        self.words[block / BLOCKS] |= u64::from(words) << (block % BLOCKS * (BLOCK / WORD));
    }

    /// The parts of `core` in which signs may begin, in order and apart.
    pub(super) fn signs(&self, core: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let blocks = self.part.len().div_ceil(BLOCK);
        let mut block = 0;
        std::iter::from_fn(move || {
            let first = self.next_sign(block)?;
            let has = |block: &usize| *block < blocks && self.signs[block / 64] >> (block % 64) & 1 == 1;
            let count = (first..).take_while(has).count();
            block = first + count;
            Some(self.part.start + first * BLOCK..self.part.start + block * BLOCK)
        })
        .map(move |range| range.start.max(core.start)..range.end.min(core.end))
        .filter(|range| !range.is_empty())
    }

    /// The first block from `block` on that may have a sign.
    fn next_sign(&self, block: usize) -> Option<usize> {
        let mut index = block / 64;
        let mut bits = self.signs.get(index)? & (u64::MAX << (block % 64));
        while bits == 0 {
            index += 1;
            bits = *self.signs.get(index)?;
        }
        Some(index * 64 + bits.trailing_zeros() as usize)
    }

    /// The next place from `from` on at which two words of digits begin: every run of three words or more has such a place.
    pub(super) fn digits(&self, from: usize) -> Option<usize> {
        let word = from.saturating_sub(self.part.start).div_ceil(WORD);
        let (mut index, mut mask) = (word / 64, u64::MAX << (word % 64));
        loop {
            let bits = *self.words.get(index)?;
            let next = self.words.get(index + 1).copied().unwrap_or(0);
            let pairs = bits & (bits >> 1 | next << 63) & mask;
            if pairs != 0 {
                return Some(self.part.start + (index * 64 + pairs.trailing_zeros() as usize) * WORD);
            }
            (index, mask) = (index + 1, u64::MAX);
        }
    }
}

/// The loop, to be compiled for each kind of machine.
struct Look<'a> {
    text: &'a [u8],
    kinds: Kinds,
    overview: &'a mut Overview,
}

impl NullaryFnOnce for Look<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { text, kinds, overview } = self;
        let kinds = [mask(kinds.markup), mask(kinds.mail)];
        let mut at = 0;
        while let (Some(bytes), Some(after)) =
            (text[at..].first_chunk(), text.get(at + 1..).and_then(|rest| rest.first_chunk()))
        {
            overview.note(at / BLOCK, look(bytes, after, kinds));
            at += BLOCK;
        }
        if at < text.len() {
            let (mut bytes, mut after) = ([b' '; BLOCK], [b' '; BLOCK]);
            bytes[..text.len() - at].copy_from_slice(&text[at..]);
            after[..text.len() - at - 1].copy_from_slice(&text[at + 1..]);
            overview.note(at / BLOCK, look(&bytes, &after, kinds));
        }
    }
}

#[inline(always)]
fn mask(yes: bool) -> u8 {
    u8::from(yes).wrapping_neg()
}

/// Whether a sign may begin in `bytes`, each of which has that of `after` behind it, and which of its words are digits.
#[inline(always)]
fn look(bytes: &[u8; BLOCK], after: &[u8; BLOCK], [markup, mail]: [u8; 2]) -> (bool, u8) {
    let (mut signs, mut digits) = (0, [0; BLOCK]);
    for at in 0..BLOCK {
        let (byte, next) = (bytes[at], after[at]);
        let is_next = |wanted: u8| mask(next == wanted);
        let percent = mask(byte == b'%') & mask(next.wrapping_sub(b'2') < 6);
        // All but ends of lines and tabs.
        let backslash = mask(byte == b'\\') & !(is_next(b'n') | is_next(b't'));
        let entity = mask(byte == b'&') & (is_next(b'#') | markup & (is_next(b'q') | is_next(b'a')));
        let quoted = mail & mask(byte == b'=') & (is_next(b'3') | is_next(b'\n') | is_next(b'\r'));
        signs |= percent | backslash | entity | quoted | mask(byte == 0x1b) | mask(byte == 0);
        let letter = mask((byte | 0x20).wrapping_sub(b'a') < 26);
        // From plus to nine.
        let other = mask(byte.wrapping_sub(b'+') < 15) & !(mask(byte == b',') | mask(byte == b'.'));
        digits[at] = letter | other | mask(byte == b'_');
    }
    let mut words = 0;
    for number in 0..BLOCK / WORD {
        let word = digits[number * WORD..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
        words |= u8::from(word == u64::MAX) << number;
    }
    (signs != 0, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Kinds = Kinds { markup: true, mail: true };

    #[test]
    fn signs_are_in_the_parts_that_are_named() {
        for len in [3, 63, 64, 65, 66, 127, 128, 129, 4_095, 4_200] {
            for at in
                [0, 1, 2, 61, 62, 63, 64, 65, 126, 127, 128, 4_093, 4_094, 4_197].into_iter().filter(|at| at + 2 < len)
            {
                let mut text = vec![b'-'; len];
                text[at..at + 2].copy_from_slice(b"%4");
                let found: Vec<_> = Overview::new(&text, 0..len, ALL).signs(0..len).collect();
                assert!(
                    matches!(&found[..], [one] if one.contains(&at) && one.len() <= BLOCK),
                    "{at} of {len}: {found:?}"
                );
                assert_eq!(Overview::new(&text, 0..len, ALL).signs(0..at).filter(|part| part.contains(&at)).count(), 0);
            }
        }
        assert_eq!(Overview::new(b"a b%4", 2..5, ALL).signs(2..5).next(), Some(2..5));
        assert_eq!(Overview::new(b"", 0..0, ALL).signs(0..0).count(), 0);
    }

    #[test]
    fn every_run_of_three_words_is_seen() {
        for (before, len) in (0..200).flat_map(|before| [(before, 24), (before, 25), (before, 100)]) {
            let text = [&vec![b' '; before][..], &vec![b'Q'; len], b". "].concat();
            for start in [0, before.min(3)] {
                let found = Overview::new(&text, start..text.len(), ALL).digits(start).expect("there is one");
                assert!((before..before + 8).contains(&found), "{before}, {len}: {found}");
            }
        }
        let seen = |text: &[u8]| Overview::new(text, 0..text.len(), ALL).digits(0);
        for byte in 0..=u8::MAX {
            let is_digit = byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
            assert_eq!(seen(&[byte; 24]).is_some(), is_digit, "{byte}");
        }
        assert_eq!(seen(b"a short text, with some words that are longer"), None);
        assert_eq!(seen(&b"sixteen.".repeat(20)), None);
    }
}
