//! Characters written as numbers or names: percent encoding, the escapes of string literals, HTML entities, quoted-printable, and
//! the codes that colour a terminal.
//!
//! Only what stands for a printable ASCII character or a line end is decoded; no credential needs another. Each function is
//! called with the place of a sign and of what is done already, and returns up to where it has looked.

use super::How;
use super::map::{Pieces, Step};

/// How far before a sign the line or the word around it is looked at.
const BACK: usize = 1024;

fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

/// The byte that a number stands for, if it is one of a text.
fn character(number: u32) -> Option<u8> {
    u8::try_from(number).ok().filter(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
}

/// The number that all of `digits` are, of at most eight digits.
fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    digits
        .iter()
        .try_fold(0u32, |number, &byte| number.checked_mul(radix)?.checked_add(char::from(byte).to_digit(radix)?))
}

/// Where the line, or as much of it as counts, begins and ends around `at`.
fn line(text: &[u8], at: usize, done: usize) -> (usize, usize) {
    let floor = done.max(at.saturating_sub(BACK)).min(at);
    let start = memchr::memrchr(b'\n', &text[floor..at]).map_or(floor, |newline| floor + newline + 1);
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline);
    (start, end)
}

/// `%41`, of a word that has two of them, or one that separates a name from its value.
pub(super) fn percent(text: &[u8], at: usize, done: usize, pieces: &mut Pieces) -> usize {
    let in_word = |b: &&u8| !matches!(b, 0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b'`');
    let floor = done.max(at.saturating_sub(BACK)).min(at);
    let start = at - text[floor..at].iter().rev().take_while(in_word).count();
    let end = at + text[at..].iter().take_while(in_word).count();
    let (mark, mut count, mut separates) = (pieces.mark(), 0, false);
    for place in memchr::memchr_iter(b'%', &text[start..end]).map(|offset| start + offset) {
        let Some(&[high, low]) = text[place + 1..end].first_chunk::<2>() else { break };
        let decoded = digit(high).zip(digit(low)).and_then(|(high, low)| character(high << 4 | low));
        if let Some(byte) = decoded {
            pieces.push(place..place + 3, &[byte], Step::Each(3), How::Percent);
            count += 1;
            let between = |side: Option<&u8>| side.is_some_and(u8::is_ascii_alphanumeric);
            separates |= matches!(byte, b'=' | b':')
                && between(text[start..place].last())
                && between(text[..end].get(place + 3));
        }
    }
    if count < 2 && !separates {
        pieces.undo(mark);
    }
    end
}

/// The escapes of string literals: those of the whole line, from the sign on and a little before it.
pub(super) fn backslash(text: &[u8], at: usize, done: usize, pieces: &mut Pieces) -> usize {
    let rest = &text[at..];
    if rest.starts_with(br"\\") && !is_number(&rest[1..]) {
        return at + 2;
    }
    if !rest.starts_with(br"\\") && !rest.starts_with(b"\\\"") && !is_number(rest) {
        return at + 1;
    }
    let (mut from, end) = line(text, at, done);
    // Where a line is not looked at from its beginning, it cannot be known which backslash is the first of two.
    from += text[from..at].iter().take_while(|&&b| b == b'\\').count();
    while let Some(offset) = memchr::memchr(b'\\', &text[from..end]) {
        let place = from + offset;
        from = match escape(&text[place..end]) {
            Some((len, byte, how)) => {
                pieces.push(place..place + len, &[byte], Step::Each(len), how);
                place + len
            }
            None => (place + 2).min(end),
        };
    }
    end
}

/// Whether `rest` begins with a character that is written as a number.
fn is_number(rest: &[u8]) -> bool {
    escape(rest).is_some_and(|(_, _, how)| how != How::QuotedString)
}

/// The escape that `rest` begins with: its length, its byte and its kind.
fn escape(rest: &[u8]) -> Option<(usize, u8, How)> {
    let simple = |byte| Some((2, byte, How::QuotedString));
    match *rest.get(1)? {
        byte @ (b'"' | b'\\' | b'/' | b'\'') => simple(byte),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'u' if rest.get(2) == Some(&b'{') => {
            let len = rest.iter().take(12).position(|&b| b == b'}')?;
            let byte = character(number(&rest[3..len], 16)?)?;
            Some((len + 1, byte, How::UnicodeEscape))
        }
        b'u' => Some((6, character(number(rest.get(2..6)?, 16)?)?, How::UnicodeEscape)),
        b'U' => Some((10, character(number(rest.get(2..10)?, 16)?)?, How::UnicodeEscape)),
        b'x' => Some((4, character(number(rest.get(2..4)?, 16)?)?, How::HexEscape)),
        b'0'..=b'3' => Some((4, character(number(rest.get(1..4)?, 8)?)?, How::OctalEscape)),
        _ => None,
    }
}

/// Characters with names, as far as they are ASCII.
const NAMED: &[(&[u8], u8)] = &[
    (b"amp", b'&'),
    (b"apos", b'\''),
    (b"ast", b'*'),
    (b"bsol", b'\\'),
    (b"colon", b':'),
    (b"comma", b','),
    (b"commat", b'@'),
    (b"dollar", b'$'),
    (b"equals", b'='),
    (b"excl", b'!'),
    (b"gt", b'>'),
    (b"lowbar", b'_'),
    (b"lt", b'<'),
    (b"num", b'#'),
    (b"percnt", b'%'),
    (b"period", b'.'),
    (b"plus", b'+'),
    (b"quest", b'?'),
    (b"quot", b'"'),
    (b"semi", b';'),
    (b"sol", b'/'),
];

/// Longest entity, from `&` to `;`.
const ENTITY_MAX: usize = 12;

/// `&#65;`, `&#x41;`, `&quot;`: those of the whole line.
pub(super) fn entities(text: &[u8], at: usize, done: usize, pieces: &mut Pieces) -> usize {
    if entity(&text[at..]).is_none() {
        return at + 1;
    }
    let (start, end) = line(text, at, done);
    for place in memchr::memchr_iter(b'&', &text[start..end]).map(|offset| start + offset) {
        if let Some((len, byte)) = entity(&text[place..end]) {
            pieces.push(place..place + len, &[byte], Step::Each(len), How::HtmlEntity);
        }
    }
    end
}

/// The entity that `rest` begins with: its length and its byte.
fn entity(rest: &[u8]) -> Option<(usize, u8)> {
    let len = memchr::memchr(b';', &rest[..rest.len().min(ENTITY_MAX)])?;
    let byte = match &rest[1..len] {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16).and_then(character),
        [b'#', digits @ ..] => number(digits, 10).and_then(character),
        name => NAMED.iter().find(|(known, _)| *known == name).map(|(_, byte)| *byte),
    };
    byte.map(|byte| (len + 1, byte))
}

/// Lines that are shorter are not broken by an encoder, which breaks them after 76 characters at most and few before.
const BROKEN_AFTER: usize = 50;

/// `=41` and lines that end in `=`: those of a line and of the lines that it goes on in.
pub(super) fn quoted_printable(text: &[u8], at: usize, done: usize, pieces: &mut Pieces) -> usize {
    let (mut start, mut end) = line(text, at, done);
    let mut from = start;
    let soft_sign = text[at + 1] != b'3';
    if soft_sign && soft_break(text, start, at).is_none() {
        return at + 1;
    }
    while let Some(offset) = memchr::memchr(b'=', &text[from..(end + 1).min(text.len())]) {
        let place = from + offset;
        from = place + 1;
        if let Some(len) = soft_break(text, start, place) {
            pieces.push(place..place + len, b"", Step::Whole, How::QuotedPrintable);
            (from, start) = (place + len, place + len);
            end = memchr::memchr(b'\n', &text[from..]).map_or(text.len(), |newline| from + newline);
        } else if let Some(&[high, low]) = text[place + 1..end.max(place + 1)].first_chunk::<2>()
            && !high.is_ascii_lowercase()
            && !low.is_ascii_lowercase()
            && let Some(byte) = digit(high).zip(digit(low)).and_then(|(high, low)| character(high << 4 | low))
        {
            pieces.push(place..place + 3, &[byte], Step::Each(3), How::QuotedPrintable);
            from = place + 3;
        }
    }
    end
}

/// The length of the soft line break at `place`, if it is one: with the line end, on a line that began at `start`.
fn soft_break(text: &[u8], start: usize, place: usize) -> Option<usize> {
    let len = if text[place + 1..].starts_with(b"\r\n") {
        3
    } else if text.get(place + 1) == Some(&b'\n') {
        2
    } else {
        return None;
    };
    let line = &text[start..place];
    let goes_on = text.get(place + len).is_some_and(|byte| !byte.is_ascii_whitespace());
    let digits = line.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).count();
    // The sign that fills up base64.
    let padding = line.ends_with(b"=") || (digits >= 24 && digits % 4 == 3);
    let whole = line.last().is_some_and(|byte| !byte.is_ascii_whitespace());
    (goes_on && whole && !padding && line.len() >= BROKEN_AFTER).then_some(len)
}

/// The longest code that is taken off.
const CODE_MAX: usize = 64;

/// `ESC [ 31 m` and the like; what they are for is of no account.
pub(super) fn ansi(text: &[u8], at: usize, pieces: &mut Pieces) -> usize {
    let rest = &text[at + 2..(at + 2 + CODE_MAX).min(text.len())];
    let len = if text[at + 1] == b'[' {
        let parameters = rest.iter().take_while(|b| matches!(b, b' '..=b'?')).count();
        rest.get(parameters).filter(|b| matches!(b, b'@'..=b'~')).map(|_| parameters + 1)
    } else {
        // A title or an address, up to BEL or ESC and a backslash.
        let end = memchr::memchr2(7, 0x1b, rest);
        end.and_then(|end| match (rest[end], rest.get(end + 1)) {
            (7, _) => Some(end + 1),
            (_, Some(b'\\')) => Some(end + 2),
            _ => None,
        })
    };
    let Some(len) = len else { return at + 1 };
    pieces.push(at..at + 2 + len, b"", Step::Whole, How::AnsiCodes);
    at + 2 + len
}
