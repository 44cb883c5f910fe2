//! The mappings of a source map, as they are written: runs of numbers, each the difference to the one before.

/// From where on a line was made from what; all numbers from 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) line: u64,
    pub(super) column: u64,
    /// Source, line, column.
    pub(super) original: Option<(u64, u64, u64)>,
}

/// The segments of the mappings, in order, as far as they are sound.
pub(super) struct Segments<'m> {
    rest: &'m [u8],
    /// Line and column in what was made.
    line: u64,
    column: i64,
    /// What is added to the columns of the first line.
    first: (u64, i64),
    /// Source, line, column, so far.
    original: [i64; 3],
}

impl<'m> Segments<'m> {
    /// Those of `mappings`, which are of what begins at `start`: line and column.
    pub(super) fn of(mappings: &'m str, start: (u64, u64)) -> Self {
        let (line, column) = (start.0, i64::try_from(start.1).unwrap_or(0));
        Self { rest: mappings.as_bytes(), line, column, first: (line, column), original: [0; 3] }
    }
}

impl Iterator for Segments<'_> {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        loop {
            match self.rest {
                [b';', rest @ ..] => {
                    self.line += 1;
                    self.column = if self.line == self.first.0 { self.first.1 } else { 0 };
                    self.rest = rest;
                }
                [b',', rest @ ..] => self.rest = rest,
                [] => return None,
                _ => break,
            }
        }
        let mut fields = [0i64; 5];
        let mut count = 0;
        while !matches!(self.rest, [] | [b',' | b';', ..]) {
            let value = vlq(&mut self.rest)?;
            *fields.get_mut(count)? = value;
            count += 1;
        }
        self.column = self.column.checked_add(fields[0])?;
        if count >= 4 {
            for (known, more) in self.original.iter_mut().zip(&fields[1..4]) {
                *known = known.checked_add(*more)?;
            }
        }
        let natural = |number: i64| u64::try_from(number).ok();
        let original = match self.original.map(natural) {
            [Some(source), Some(line), Some(column)] if count >= 4 => Some((source, line, column)),
            _ => None,
        };
        Some(Segment { line: self.line, column: natural(self.column)?, original })
    }
}

/// Takes a number off the front: five bits a digit, the lowest first, the lowest bit of all being the sign.
pub(super) fn vlq(rest: &mut &[u8]) -> Option<i64> {
    let (mut value, mut shift) = (0i64, 0);
    loop {
        let (&digit, after) = rest.split_first()?;
        *rest = after;
        let bits = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        if shift > 30 {
            return None;
        }
        value |= i64::from(bits & 31) << shift;
        shift += 5;
        if bits & 32 == 0 {
            return Some(if value & 1 == 1 { -(value >> 1) } else { value >> 1 });
        }
    }
}
