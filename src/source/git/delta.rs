//! Git's deltas: how a pack writes an object as an edit of another (gitformat-pack, "Deltified representation").

use crate::span::Copied;

/// An object rebuilt from its base. Its buffers are used again by the next one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::source) struct Applied {
    /// The object's bytes.
    pub(in crate::source) data: Vec<u8>,
    /// The ranges that are copies of the base, by target; runs that go on in both are one.
    pub(in crate::source) copied: Vec<Copied>,
}

/// Why a delta cannot be applied.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::source) enum Corrupt {
    /// It ends within an instruction.
    Truncated,
    /// It copies what the base does not have.
    OutOfRange,
    /// It was made for a base of another size, or makes an object of another size than it says.
    WrongSize,
    /// It has the reserved instruction 0.
    Reserved,
    /// It makes an object larger than the limit.
    TooLarge,
}

impl Applied {
    /// Applies `delta` to `base`; the object may have at most `limit` bytes.
    pub(in crate::source) fn apply(&mut self, base: &[u8], delta: &[u8], limit: u64) -> Result<(), Corrupt> {
        self.data.clear();
        self.copied.clear();
        let mut rest = delta;
        let base_size = size(&mut rest)?;
        let target_size = size(&mut rest)?;
        // Every instruction makes at most 16 MB of at most eight bytes; a size beyond that is a lie we would allocate for.
        let most = (rest.len() as u64).saturating_mul(0xff_ffff);
        if base_size != base.len() as u64 || target_size > most {
            return Err(Corrupt::WrongSize);
        }
        if target_size > limit {
            return Err(Corrupt::TooLarge);
        }
        let target_size = usize::try_from(target_size).map_err(|_| Corrupt::TooLarge)?;
        self.data.reserve_exact(target_size.min(64 << 20));
        while let Some((&instruction, after)) = rest.split_first() {
            rest = after;
            match instruction {
                0 => return Err(Corrupt::Reserved),
                1..=0x7f => {
                    let (literal, after) = rest.split_at_checked(usize::from(instruction)).ok_or(Corrupt::Truncated)?;
                    self.data.extend_from_slice(literal);
                    rest = after;
                }
                _ => {
                    let source = number(&mut rest, instruction, 4)?;
                    let length = match number(&mut rest, instruction >> 4, 3)? {
                        0 => 0x1_0000,
                        length => length,
                    };
                    let bytes = base.get(source..source + length).ok_or(Corrupt::OutOfRange)?;
                    self.copied(Copied { source, target: self.data.len(), length });
                    self.data.extend_from_slice(bytes);
                }
            }
            if self.data.len() > target_size {
                return Err(Corrupt::WrongSize);
            }
        }
        if self.data.len() == target_size { Ok(()) } else { Err(Corrupt::WrongSize) }
    }

    fn copied(&mut self, next: Copied) {
        match self.copied.last_mut() {
            Some(last) if last.source + last.length == next.source && last.target + last.length == next.target => {
                last.length += next.length;
            }
            _ => self.copied.push(next),
        }
    }
}

/// A size: seven bits a byte, the lowest first.
fn size(rest: &mut &[u8]) -> Result<u64, Corrupt> {
    let mut size = 0u64;
    for shift in (0..63).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(Corrupt::Truncated)?;
        *rest = after;
        size |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(size);
        }
    }
    Err(Corrupt::WrongSize)
}

/// A number of those of `count` bytes, the lowest first, whose bits are set in `present`.
fn number(rest: &mut &[u8], present: u8, count: u32) -> Result<usize, Corrupt> {
    let mut number = 0;
    for at in (0..count).filter(|at| present >> at & 1 == 1) {
        let (&byte, after) = rest.split_first().ok_or(Corrupt::Truncated)?;
        *rest = after;
        number |= usize::from(byte) << (8 * at);
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(base: &[u8], delta: &[u8]) -> Result<Applied, Corrupt> {
        let mut applied = Applied::default();
        applied.apply(base, delta, u64::MAX).map(|()| applied)
    }

    fn delta(base: usize, target: usize, instructions: &[u8]) -> Vec<u8> {
        [&[base as u8, target as u8], instructions].concat()
    }

    #[test]
    fn copies_and_literals() {
        let base = b"0123456789";
        // Copy 2..6, insert "ab", copy 6..9 which does not go on in the target, copy 9..10 which does.
        let instructions = [0x91, 2, 4, 2, b'a', b'b', 0x91, 6, 3, 0x91, 9, 1];
        let applied = apply(base, &delta(10, 10, &instructions)).expect("a sound delta");
        assert_eq!(applied.data, b"2345ab6789");
        let copied = |source, target, length| Copied { source, target, length };
        assert_eq!(applied.copied, [copied(2, 0, 4), copied(6, 6, 4)]);
    }

    #[test]
    fn no_size_means_64_kibibytes() {
        let base = vec![7u8; 0x1_0000];
        let delta = [0x80, 0x80, 4, 0x80, 0x80, 4, 0x80];
        assert_eq!(apply(&base, &delta).expect("a sound delta").data, base);
    }

    #[test]
    fn lies_are_refused() {
        let base = b"0123456789";
        let error = |delta: &[u8]| apply(base, delta).expect_err("a broken delta");
        assert_eq!(error(&delta(9, 1, &[1, b'x'])), Corrupt::WrongSize);
        assert_eq!(error(&delta(10, 5, &[1, b'x'])), Corrupt::WrongSize);
        assert_eq!(error(&delta(10, 1, &[2, b'x', b'y'])), Corrupt::WrongSize);
        assert_eq!(error(&delta(10, 5, &[5, b'x'])), Corrupt::Truncated);
        assert_eq!(error(&delta(10, 5, &[0x91, 8, 5])), Corrupt::OutOfRange);
        assert_eq!(error(&delta(10, 5, &[0x91])), Corrupt::Truncated);
        assert_eq!(error(&delta(10, 5, &[0])), Corrupt::Reserved);
        assert_eq!(error(&[10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), Corrupt::WrongSize);
        assert_eq!(error(&[]), Corrupt::Truncated);
        assert_eq!(Applied::default().apply(base, &delta(10, 2, &[2, b'x', b'y']), 1), Err(Corrupt::TooLarge));
    }
}
