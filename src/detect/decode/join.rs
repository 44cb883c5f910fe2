//! Values in several string literals, or on several lines.

use super::How;
use super::map::{Pieces, Step};

/// How far apart two literals may be.
const APART: usize = 256;

/// What joins two literals, in one language or another.
const OPERATORS: &[&[u8]] = &[b"++", b"+", b"..", b".", b"&", b"||", b"~", b"<>", b"\\"];

/// Whether a byte may be one of a credential or of what names it.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b':' | b'@' | b'~')
}

fn blanks(rest: &[u8]) -> usize {
    rest.iter().take(APART).take_while(|b| b.is_ascii_whitespace()).count()
}

/// The end of one literal and the beginning of the next: `" + "`. The quotation mark at `at` closes the first.
pub(super) fn literals(text: &[u8], at: usize, pieces: &mut Pieces) -> usize {
    if !text[..at].last().is_some_and(|&byte| is_token(byte)) {
        return at + 1;
    }
    let Some(len) = joint(&text[at + 1..]) else { return at + 1 };
    let end = at + 1 + len;
    if text.get(end).is_some_and(|&byte| is_token(byte)) {
        pieces.push(at..end, b"", Step::Whole, How::Joined);
    }
    // The mark that opens the next literal does not close one.
    end
}

/// The length of what stands between two literals, with the mark that opens the second.
fn joint(rest: &[u8]) -> Option<usize> {
    let mut at = blanks(rest);
    let operator = OPERATORS.iter().find(|operator| rest[at..].starts_with(operator));
    if let Some(operator) = operator {
        at += operator.len();
        at += blanks(&rest[at..]);
    }
    // Literals beside each other are one in C and Python, but on a line of their own they are arguments of a shell.
    if operator.is_none() && !rest[..at].contains(&b'\n') {
        return None;
    }
    let prefix = rest[at..].iter().take(2).take_while(|b| b"bBrRfFuUL@$".contains(b)).count();
    at += prefix;
    let opens = matches!(rest.get(at), Some(b'"' | b'\'' | b'`'));
    (opens && at < APART).then_some(at + 1)
}

/// A backslash at the end of a line, within a word.
pub(super) fn continuation(text: &[u8], at: usize, pieces: &mut Pieces) -> usize {
    let end = at + 1 + blanks(&text[at + 1..]);
    let one_line = memchr::memchr_iter(b'\n', &text[at..end]).count() == 1;
    let within = |byte: Option<&u8>| byte.is_some_and(|&byte| is_token(byte));
    if one_line && within(text[..at].last()) && within(text.get(end)) {
        pieces.push(at..end, b"", Step::Whole, How::ContinuedLine);
    }
    end
}
