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
        let (bytes, rest) = body.split_at_checked(width(kind)?)?;
        body = rest;
        values.push(value(kind, bytes));
    }
    Some(values)
}

/// How many bytes a value of a kind has.
fn width(kind: u64) -> Option<usize> {
    let width = match kind {
        0 | 8 | 9 => 0,
        1..=4 => kind,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return None,
        _ => (kind - 12) / 2,
    };
    usize::try_from(width).ok()
}

fn value(kind: u64, bytes: &[u8]) -> Value<'_> {
    match kind {
        0 => Value::Null,
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        7 => Value::Real(f64::from_bits(number(bytes).cast_unsigned())),
        1..=6 => Value::Integer(number(bytes)),
        _ if kind.is_multiple_of(2) => Value::Blob(bytes),
        _ => Value::Text(bytes),
    }
}

/// What is left of a row that was deleted, if `bytes` begin with it: what its values may be, and how long it is at least.
///
/// Four bytes of it were written over, with where the next free space is and with how long this one is, which is longer than the row
/// if there were others behind it. They were the lengths of row and head, the number of the row, and often the kind of the first
/// value too. So neither the end of the kinds is known nor that of the row: what makes texts of what has to be one is given.
pub(super) fn deleted(bytes: &[u8], text: Text) -> Option<(Vec<Vec<Value<'_>>>, usize)> {
    const HEAD: usize = 4;
    /// So much more of the head can be left, if the number of the row is a large one.
    const LEFT: usize = 3;
    let &[_, _, high, low, ..] = bytes else { return None };
    // A longer row begins on a page of its own, and where this is text it is no length.
    if high >= b' ' {
        return None;
    }
    let len = usize::from(u16::from_be_bytes([high, low]));
    let rest = bytes.get(HEAD..len)?;
    let mut rows = Vec::new();
    let ends =
        (0..=LEFT.min(rest.len())).filter_map(|left| Some(left + ends(&rest[left..], (text, left > 0), &mut rows)?));
    ends.min().map(|end| (rows, HEAD + end))
}

/// Reads what `rest` begins with as kinds and values of a row, with each end of the kinds and of the row that is possible. What no kind
/// is known of is a first value, unless `all` kinds are there. Says where the shortest row ends.
fn ends<'r>(rest: &'r [u8], (text, all): (Text, bool), rows: &mut Vec<Vec<Value<'r>>>) -> Option<usize> {
    /// So many values of a row are tried.
    const MOST: usize = 64;
    /// So many rows are given.
    const ROWS: usize = 16;
    /// A first value that is a number has so many bytes.
    const NUMBER: usize = 8;
    /// A row without a text of such a length has nothing of interest.
    const SHORTEST: usize = 6;
    let (mut kinds, mut at, mut widths, mut shortest) = (Vec::new(), 0usize, 0usize, None);
    let mut telling = false;
    while kinds.len() < MOST {
        let Some((kind, read)) = rest.get(at..).and_then(varint) else { break };
        let Some(width) = width(kind) else { break };
        kinds.push(kind);
        at += read;
        widths = widths.saturating_add(width);
        telling |= kind % 2 == 1 && kind > 12 && width >= SHORTEST;
        let Some(body) = rest.get(at..).filter(|body| widths <= body.len()) else { break };
        let ends = if all { [widths; 3] } else { [widths, text_len(body, text), body.len()] };
        for end in ends {
            let Some(first) = end.checked_sub(widths).filter(|_| rows.len() < ROWS) else { continue };
            let (lead, values) = body[..end].split_at(first);
            let is_text = is_text(lead, text);
            let told = telling || (is_text && first >= SHORTEST);
            if told && (first == 0 || (!all && (first <= NUMBER || is_text))) {
                let lead = if is_text { Value::Text(lead) } else { Value::Integer(number(lead)) };
                let Some(row) = row((lead, text), &kinds, values).filter(|row| !rows.contains(row)) else { continue };
                rows.push(row);
                shortest = Some(shortest.map_or(at + end, |shortest: usize| shortest.min(at + end)));
            }
        }
    }
    shortest
}

/// A row of these values, if they can be its.
fn row<'r>((first, text): (Value<'r>, Text), kinds: &[u64], mut body: &'r [u8]) -> Option<Vec<Value<'r>>> {
    let mut values = vec![first];
    for &kind in kinds {
        let (bytes, after) = body.split_at_checked(width(kind)?)?;
        let value = value(kind, bytes);
        if matches!(value, Value::Text(bytes) if !is_text(bytes, text)) {
            return None;
        }
        values.push(value);
        body = after;
    }
    Some(values)
}

/// How many of these bytes can be a text.
fn text_len(bytes: &[u8], text: Text) -> usize {
    let low = match text {
        Text::Utf8 => return bytes.iter().take_while(|byte| **byte >= b' ').count(),
        Text::Utf16Le => 0,
        Text::Utf16Be => 1,
    };
    2 * bytes.chunks_exact(2).take_while(|pair| pair[1 - low] < 8 && (pair[1 - low] > 0 || pair[low] >= b' ')).count()
}

/// Whether it can be a text.
fn is_text(bytes: &[u8], text: Text) -> bool {
    match text {
        Text::Utf8 => {
            let plain = bytes.iter().all(|&byte| byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r'));
            plain && std::str::from_utf8(bytes).is_ok()
        }
        Text::Utf16Le | Text::Utf16Be => text_len(bytes, text) == bytes.len(),
    }
}

/// A number of up to eight bytes, the highest first.
fn number(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|b| b & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number: i64, &byte| number << 8 | i64::from(byte))
}

/// Writes a row as a line: `name=value` of each column that has one, with tabs between. What is not sound is written as it is.
pub(super) fn line(payload: &[u8], columns: &[String], text: Text, out: &mut Vec<u8>) {
    match values(payload) {
        None => write(&[Value::Text(payload)], &[], Text::Utf8, out),
        Some(values) => write(&values, columns, text, out),
    }
}

/// Writes values as a line.
pub(super) fn write(values: &[Value<'_>], columns: &[String], text: Text, out: &mut Vec<u8>) {
    let from = out.len();
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
    // So that the line is text whatever a value holds.
    out[from..].iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that are made of a row once its first four bytes were written over.
    fn lines(row: &[u8]) -> Vec<String> {
        let mut bytes = [&[0, 0], &(row.len() as u16).to_be_bytes()[..], &row[4..]].concat();
        bytes.extend(b"more behind it");
        let Some((rows, len)) = deleted(&bytes, Text::Utf8) else { return Vec::new() };
        assert!(len <= row.len());
        let line = |values: &Vec<Value<'_>>| {
            let mut out = Vec::new();
            write(values, &[], Text::Utf8, &mut out);
            String::from_utf8_lossy(&out).trim_end().to_owned()
        };
        rows.iter().map(line).collect()
    }

    /// A kind of text.
    fn text(len: usize) -> u8 {
        (len * 2 + 13) as u8
    }

    #[test]
    fn values_of_deleted_rows_are_apart() {
        let secret = "secret";
        // Length, number and head are lost, and the kind of the first value.
        let short = [&[15, 1, 3, text(4), text(6)], &b"gone"[..], secret.as_bytes()].concat();
        assert!(lines(&short).contains(&"gone\tsecret".to_owned()), "{:?}", lines(&short));
        // Another one behind it was deleted too.
        let two = [&short[..], &[0, 0, 0, 9, text(4), text(6)], b"morethings"].concat();
        assert!(lines(&two).contains(&"gone\tsecret".to_owned()), "{:?}", lines(&two));
        // A key is no value of its own: nothing has no bytes.
        let keyed = [&[20, 1, 4, 0, text(4), text(6), 1], &b"gone"[..], secret.as_bytes(), &[7]].concat();
        assert!(lines(&keyed).contains(&"\tgone\tsecret\t7".to_owned()), "{:?}", lines(&keyed));
        // The number of the row is so large that the kinds are all there.
        let late = [&[15, 0x81, 0x80, 0x80, 1, 3, text(4), text(6)], &b"gone"[..], secret.as_bytes()].concat();
        assert!(lines(&late).contains(&"\tgone\tsecret".to_owned()), "{:?}", lines(&late));
        // Where everything is text, one of the ends is the right one.
        let wide = [&[99, 1, 4, text(4), text(36), text(6)], &b"gone"[..], &[b'x'; 36], secret.as_bytes()];
        let expected = format!("gone\t{}\tsecret", "x".repeat(36));
        assert!(lines(&wide.concat()).contains(&expected));
        assert_eq!(lines(b"\x0f\x01\x03\x15\x19\0\0\0\0\0\0\0\0\0\0"), [""; 0]);
    }
}
