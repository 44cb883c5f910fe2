//! A first look at a text: where something may be encoded in it.
//!
//! Most texts hold nothing of the kind, and to see that must cost next to nothing. So every byte is looked at once, without branches,
//! 32 together where the machine can. What this points to is looked at exactly.

use std::ops::Range;

use super::classes::{BLOCK, Classes, Kinds};

/// A run of digits is noticed if it has two of these beside each other, at places that are multiples of it.
pub(super) const WORD: usize = 8;

/// Where something may be encoded in a part of a text.
#[derive(Debug)]
pub(super) struct Overview {
    part: Range<usize>,
    /// A bit for each byte, the lowest first: whether a sign may begin there.
    signs: Vec<u64>,
    /// The same: whether it is a digit of base64.
    digits: Vec<u64>,
}

impl Overview {
    /// Looks at `part` of a text.
    pub(super) fn new(text: &[u8], part: Range<usize>, kinds: Kinds) -> Self {
        let blocks = part.len().div_ceil(BLOCK);
        let (signs, digits) = (Vec::with_capacity(blocks), Vec::with_capacity(blocks));
        let mut overview = Self { part: part.clone(), signs, digits };
        Classes::of(kinds).look_at(&text[part], &mut |signs, digits| {
            overview.signs.push(signs);
            overview.digits.push(digits);
        });
        overview
    }

    /// Where in `core`, which is in the part, signs may begin, in order. Of zeros only the last before what may be a character.
    pub(super) fn signs(&self, core: Range<usize>) -> impl Iterator<Item = usize> {
        let start = self.part.start;
        let blocks = (core.start - start) / BLOCK..(core.end - start).div_ceil(BLOCK);
        let all = self.signs[blocks.clone()].iter().zip(blocks);
        let each = all.flat_map(move |(&bits, block)| Bits(bits).map(move |bit| start + block * BLOCK + bit));
        each.filter(move |at| core.contains(at))
    }

    /// The next run of digits from `from` on, as far as it is in the part: every one of three words or more, and some shorter ones.
    pub(super) fn run(&self, from: usize) -> Option<Range<usize>> {
        let from = from.max(self.part.start) - self.part.start;
        let found = self.pair(from.div_ceil(WORD) * WORD)?;
        let start = self.begin(found).max(from);
        let end = self.end(found).min(self.part.len());
        Some(self.part.start + start..self.part.start + end)
    }

    /// Where two words of digits begin, from `from` on, which a word begins at.
    fn pair(&self, from: usize) -> Option<usize> {
        let (mut block, mut mask) = (from / BLOCK, u64::MAX << (from % BLOCK));
        loop {
            let bits = *self.digits.get(block)?;
            let words = full(bits);
            if words != 0 {
                let next = full(self.digits.get(block + 1).copied().unwrap_or(0));
                let pairs = words & (words >> WORD | next << (BLOCK - WORD)) & mask;
                if pairs != 0 {
                    return Some(block * BLOCK + pairs.trailing_zeros() as usize);
                }
            }
            (block, mask) = (block + 1, u64::MAX);
        }
    }

    /// Where the digits begin that the one at `at` is among.
    fn begin(&self, at: usize) -> usize {
        let others = |block: usize| self.digits.get(block).map_or(u64::MAX, |bits| !bits);
        let mut block = at / BLOCK;
        let mut before = others(block) & !(u64::MAX << (at % BLOCK));
        while before == 0 && block > 0 {
            block -= 1;
            before = others(block);
        }
        (block + 1) * BLOCK - before.leading_zeros() as usize
    }

    /// Where they end.
    fn end(&self, at: usize) -> usize {
        let others = |block: usize| self.digits.get(block).map_or(u64::MAX, |bits| !bits);
        let mut block = at / BLOCK;
        let mut after = others(block) & (u64::MAX << (at % BLOCK));
        while after == 0 {
            block += 1;
            after = others(block);
        }
        block * BLOCK + after.trailing_zeros() as usize
    }
}

/// The lowest bit of each byte of which all bits are set.
fn full(bits: u64) -> u64 {
    const LOW: u64 = u64::MAX / 255;
    let rest = !bits;
    // No carry leaves a byte: at most 0x7f and 0x7f are added.
    let high = ((rest & (LOW * 0x7f)) + LOW * 0x7f) | rest;
    !high >> 7 & LOW
}

/// The numbers of the bits that are set.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = self.0.trailing_zeros() as usize;
        (self.0 != 0).then(|| {
            self.0 &= self.0 - 1;
            bit
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Kinds = Kinds { markup: true, mail: true };

    fn signs(text: &[u8], core: Range<usize>) -> Vec<usize> {
        Overview::new(text, 0..text.len(), ALL).signs(core).collect()
    }

    #[test]
    fn signs_are_where_they_stand() {
        for len in [3, 63, 64, 65, 66, 127, 128, 129, 4_095, 4_200] {
            let places = [0, 1, 2, 31, 32, 61, 62, 63, 64, 65, 126, 127, 128, 4_093, 4_094, 4_197];
            for at in places.into_iter().filter(|at| at + 2 < len) {
                let mut text = vec![b'-'; len];
                text[at..at + 2].copy_from_slice(b"%4");
                assert_eq!(signs(&text, 0..len), [at], "{at} of {len}");
                assert!(signs(&text, 0..at).is_empty());
                assert!(signs(&text, at + 1..len).is_empty());
            }
        }
        assert_eq!(Overview::new(b"a b%4", 2..5, ALL).signs(2..5).next(), Some(3));
        assert!(signs(b"", 0..0).is_empty());
        assert_eq!(signs(b"\0\0\0a", 0..4), [2], "of zeros the last before a character");
    }

    #[test]
    fn every_run_of_three_words_is_seen_whole() {
        for (before, len) in (0..200).flat_map(|before| [(before, 24), (before, 25), (before, 100), (before, 1_000)]) {
            let text = [&vec![b' '; before][..], &vec![b'Q'; len], b". "].concat();
            for start in [0, before.min(3)] {
                let overview = Overview::new(&text, start..text.len(), ALL);
                assert_eq!(overview.run(start), Some(before..before + len), "from {start}");
                if len > 40 {
                    assert_eq!(overview.run(before + 3), Some(before + 3..before + len));
                }
                assert_eq!(overview.run(before + len), None);
            }
            let overview = Overview::new(&text, 0..before + len, ALL);
            assert_eq!(overview.run(0), Some(before..before + len), "to the end of the part");
        }
        let seen = |text: &[u8]| Overview::new(text, 0..text.len(), ALL).run(0);
        for byte in 0..=u8::MAX {
            let is_digit = byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
            assert_eq!(seen(&[byte; 24]).is_some(), is_digit, "{byte}");
        }
        assert_eq!(seen(b"a short text, with some words that are longer"), None);
        assert_eq!(seen(&b"sixteen.".repeat(20)), None);
    }
}
