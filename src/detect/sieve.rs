//! Finds anchors without having been built for it: a bit for each three bytes that an anchor can begin with, and a sorted list behind
//! them. A fifth as fast as an automaton, and ready in a fraction of the time that one takes to build, so that a small scan
//! is over before.

/// Three bytes are hashed to so many bits.
const BITS: u32 = 16;

/// Looks for anchors by their first three bytes.
#[derive(Debug)]
pub(super) struct Sieve {
    /// Whether an anchor may begin with three bytes of this hash.
    begins: Box<[u64]>,
    /// The first three bytes, in lower case, and the number of an anchor, sorted.
    anchors: Vec<(u32, u32)>,
}

fn bit(key: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

fn key(start: &[u8]) -> u32 {
    start.iter().take(3).fold(0, |key, byte| key << 8 | u32::from(byte.to_ascii_lowercase()))
}

impl Sieve {
    /// Of anchors in lower case, of three bytes at least.
    pub(super) fn new(anchors: &[String]) -> Self {
        let mut sieve = Self { begins: vec![0; 1 << (BITS - 6)].into(), anchors: Vec::with_capacity(anchors.len()) };
        for (number, anchor) in (0..).zip(anchors) {
            let key = key(anchor.as_bytes());
            sieve.begins[bit(key) / 64] |= 1 << (bit(key) % 64);
            sieve.anchors.push((key, number));
        }
        sieve.anchors.sort_unstable();
        sieve
    }

    /// Reports the start and the number of every anchor in `text`.
    pub(super) fn find(&self, anchors: &[String], text: &[u8], report: &mut impl FnMut(usize, usize)) {
        let mut key = 0u32;
        for (at, byte) in text.iter().enumerate() {
            key = (key << 8 | u32::from(byte.to_ascii_lowercase())) & 0xff_ffff;
            if self.begins[bit(key) / 64] >> (bit(key) % 64) & 1 == 0 || at < 2 {
                continue;
            }
            let first = self.anchors.partition_point(|(other, _)| *other < key);
            for (_, number) in self.anchors[first..].iter().take_while(|(other, _)| *other == key) {
                let (start, anchor) = (at - 2, anchors[*number as usize].as_bytes());
                if text.get(start..start + anchor.len()).is_some_and(|found| found.eq_ignore_ascii_case(anchor)) {
                    report(start, *number as usize);
                }
            }
        }
    }
}
