//! The values of a row, and a row as a line of text.

use super::page::{Text, varint};
use crate::source::encoding::Encoding;

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'v> {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Real(f64),
    /// A text, in the encoding of the database.
    Text(&'v [u8]),
    /// Bytes.
    Blob(&'v [u8]),
}

impl Value<'_> {
    /// The number, if it is a whole one.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, or the bytes that stand for one.
    pub(super) fn text(&self, text: Text) -> Vec<u8> {
        let encoding = match (self, text) {
            (Self::Text(_), Text::Utf16Le) => Encoding::Utf16Le,
            (Self::Text(_), Text::Utf16Be) => Encoding::Utf16Be,
            (Self::Text(_), Text::Utf8) => Encoding::Bytes,
            // In a few bytes UTF-16 cannot be told from chance.
            (Self::Blob(bytes), _) if bytes.len() >= 16 => Encoding::sniff(bytes),
            _ => Encoding::Bytes,
        };
        match self {
            Self::Null => Vec::new(),
            Self::Integer(number) => number.to_string().into_bytes(),
            Self::Real(number) => number.to_string().into_bytes(),
            Self::Text(bytes) | Self::Blob(bytes) => encoding.decode(bytes).into_owned(),
        }
    }
}

/// The values of a row; `None` if it is not sound.
pub(super) fn values(payload: &[u8]) -> Option<Vec<Value<'_>>> {
    let (size, len) = varint(payload)?;
    let mut types = payload.get(len..usize::try_from(size).ok()?)?;
    let mut body = &payload[usize::try_from(size).ok()?..];
    let mut values = Vec::new();
    while !types.is_empty() {
        let (kind, len) = varint(types)?;
        types = &types[len..];
        let width = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let (bytes, rest) = body.split_at_checked(usize::try_from(width).ok()?)?;
        body = rest;
        values.push(match kind {
            0 => Value::Null,
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            7 => Value::Real(f64::from_bits(number(bytes).cast_unsigned())),
            1..=6 => Value::Integer(number(bytes)),
            _ if kind % 2 == 0 => Value::Blob(bytes),
            _ => Value::Text(bytes),
        });
    }
    Some(values)
}

/// A number of up to eight bytes, the highest first.
fn number(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|b| b & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number: i64, &byte| number << 8 | i64::from(byte))
}

/// Writes a row as a line: `name=value` of each column that has one, with tabs between. What is not sound is written as it is.
pub(super) fn line(payload: &[u8], columns: &[String], text: Text, out: &mut Vec<u8>) {
    let from = out.len();
    match values(payload) {
        None => out.extend(payload),
        Some(values) => {
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b'\t');
                }
                if let Some(name) = columns.get(index).filter(|_| *value != Value::Null) {
                    out.extend(name.as_bytes());
                    out.push(b'=');
                }
                out.extend(value.text(text));
            }
        }
    }
    // So that the line is text whatever a value holds.
    out[from..].iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    out.push(b'\n');
}
