//! ASCII in two or four bytes a character.

use super::How;
use super::map::{Pieces, Step};

/// Shorter strings are chance.
const SHORTEST: usize = 8;

/// The string around the NUL at `at`, of which nothing before `done` is taken. In the text itself, strings of two bytes a character are
/// looked for elsewhere.
pub(super) fn find(text: &[u8], at: usize, done: usize, first: bool, pieces: &mut Pieces) -> usize {
    let widths: &[(usize, How)] = if first { &[(4, How::Utf32)] } else { &[(4, How::Utf32), (2, How::Utf16)] };
    for &(width, how) in widths {
        // A character stands before its NULs or after them.
        let starts = (at + 1).saturating_sub(width).max(done)..=at;
        for (start, offset) in starts.flat_map(|start| [(start, 0), (start, width - 1)]) {
            let units = text[start..].chunks_exact(width).take_while(|unit| is_unit(unit, offset));
            let decoded: Vec<u8> = units.map(|unit| unit[offset]).collect();
            if decoded.len() >= SHORTEST {
                let end = start + decoded.len() * width;
                pieces.push(start..end, &decoded, Step::Each(width), how);
                return end;
            }
        }
    }
    at + 1
}

fn is_unit(unit: &[u8], offset: usize) -> bool {
    unit.iter().enumerate().all(|(i, &byte)| match i == offset {
        true => matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r'),
        false => byte == 0,
    })
}
