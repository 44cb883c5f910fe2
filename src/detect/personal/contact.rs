//! How people are reached: e-mail addresses and telephone numbers.

use super::super::Window;
use super::super::score::Score;
use super::{Found, Wanted, is_named};
use crate::rule::Confidence;

/// The longest parts of an address, RFC 5321 §4.5.3.1.
const LOCAL: usize = 64;
const DOMAIN: usize = 255;

/// What ends like a domain and is the end of a file's name.
const FILES: &[&str] = &[
    "css", "gif", "html", "ico", "jpeg", "jpg", "js", "json", "jsx", "map", "md", "mjs", "png", "scss", "service",
    "svg", "target", "timer", "ts", "tsx", "txt", "webp", "xml", "yaml", "yml",
];

/// Domains that nobody has a mailbox at, RFC 2606 and RFC 6761.
const NOBODY: &[&str] =
    &["example", "invalid", "local", "localhost", "test", "example.com", "example.net", "example.org"];

/// Names that are no person's.
const ROLES: &[&str] = &["git", "noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster"];

/// Finds the addresses whose `@` is in the core.
pub(super) fn emails<'b>(wanted: Option<Wanted>, window: &Window<'b>, found: &mut Found<'_, 'b>) {
    let Some(wanted) = wanted else { return };
    let text = window.text;
    for at in memchr::memchr_iter(b'@', &text[window.core.clone()]).map(|at| window.core.start + at) {
        let is_local = |b: &&u8| b.is_ascii_alphanumeric() || b"._%+-'".contains(b);
        let before = &text[at.saturating_sub(LOCAL + 1)..at];
        let mut local = before.iter().rev().take_while(is_local).count();
        // Quotation marks are around it more often than they are in it.
        while local > 0 && matches!(text[at - local], b'.' | b'-' | b'\'' | b'%' | b'+') {
            local -= 1;
        }
        let is_domain = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
        let mut domain = text[at + 1..].iter().take(DOMAIN).take_while(is_domain).count();
        while domain > 0 && !text[at + domain].is_ascii_alphanumeric() {
            domain -= 1;
        }
        let (start, end) = (at - local, at + 1 + domain);
        if local == 0 || local > LOCAL || !is_mailbox(&text[start..at], &text[at + 1..end]) {
            continue;
        }
        // `user:password@host` is an address of another kind, and `git@host:path` of a repository.
        let address = start > 0 && text[start - 1] == b':' && text[..start].ends_with(b"mailto:");
        let userinfo = start > 0 && matches!(text[start - 1], b':' | b'/') && !address && is_in_url(text, start);
        if !userinfo {
            found.keep(wanted, start..end, false);
        }
    }
}

/// Whether an address is within a URL, before its host.
fn is_in_url(text: &[u8], start: usize) -> bool {
    let before = &text[start.saturating_sub(128)..start];
    let word = before.iter().rposition(|b| b.is_ascii_whitespace() || *b == b'"').map_or(0, |at| at + 1);
    let before = &before[word..];
    memchr::memmem::rfind(before, b"://").is_some_and(|at| memchr::memchr(b'/', &before[at + 3..]).is_none())
}

fn is_mailbox(local: &[u8], domain: &[u8]) -> bool {
    let domain = String::from_utf8_lossy(domain).to_ascii_lowercase();
    let local = String::from_utf8_lossy(local).to_ascii_lowercase();
    let labels: Vec<&str> = domain.split('.').collect();
    let Some((top, rest)) = labels.split_last() else { return false };
    let is_label =
        |label: &&str| !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-');
    let nobody = NOBODY
        .iter()
        .any(|known| domain.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('.')));
    !rest.is_empty()
        && rest.iter().all(is_label)
        && (2..=24).contains(&top.len())
        && (top.bytes().all(|b| b.is_ascii_lowercase()) || top.starts_with("xn--"))
        && !FILES.contains(top)
        && !nobody
        && !local.contains("..")
        && !ROLES.contains(&local.as_str())
}

/// Country codes of E.164 by their first digits: those of two digits; 1 and 7 have one, all others three.
const TWO_DIGITS: &[&[u8; 2]] = &[
    b"20", b"27", b"30", b"31", b"32", b"33", b"34", b"36", b"39", b"40", b"41", b"43", b"44", b"45", b"46", b"47",
    b"48", b"49", b"51", b"52", b"53", b"54", b"55", b"56", b"57", b"58", b"60", b"61", b"62", b"63", b"64", b"65",
    b"66", b"81", b"82", b"84", b"86", b"90", b"91", b"92", b"93", b"94", b"95", b"98",
];

/// Codes of three digits begin so.
const THREE_DIGITS: &[&[u8; 2]] = &[
    b"21", b"22", b"23", b"24", b"25", b"26", b"29", b"35", b"37", b"38", b"42", b"50", b"59", b"67", b"68", b"69",
    b"80", b"85", b"87", b"88", b"96", b"97", b"99",
];

/// The longest number, with what is between its parts, in bytes.
const BEFORE: usize = 64;

/// Finds telephone numbers that begin in the core: with `+` and a country's code, or behind a word that says that they are one.
pub(super) fn phones<'b>(wanted: Option<Wanted>, window: &Window<'b>, found: &mut Found<'_, 'b>) {
    let Some(wanted) = wanted else { return };
    let text = window.text;
    // What began before the core is not begun again within it.
    let mut at = window.core.start.saturating_sub(BEFORE);
    while at < window.core.end {
        let Some(skip) = text[at..window.core.end].iter().position(|b| matches!(b, b'+' | b'(' | b'0'..=b'9')) else {
            return;
        };
        at += skip;
        let before = at.checked_sub(1).map_or(b' ', |at| text[at]);
        let free = !before.is_ascii_alphanumeric() && !matches!(before, b'.' | b'_' | b'-' | b'+' | 0x80..);
        let (len, digits) = written(&text[at..]);
        if free
            && len > 0
            && at >= window.core.start
            && super::ends(text, at + len)
            && let Some(score) = score(text, at, len, &digits, wanted)
        {
            found.push(wanted, at..at + len, score);
        }
        at += len.max(1);
    }
}

/// The length of what may be a telephone number, and its digits.
fn written(text: &[u8]) -> (usize, Vec<u8>) {
    const MOST: usize = 15;
    let (mut len, mut digits) = (0, Vec::new());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'0'..=b'9' if digits.len() < MOST + 1 => {
                digits.push(byte);
                len = at + 1;
            }
            b'+' if at == 0 => {}
            b'(' if at == 0 || text[at - 1] == b' ' || digits.len() <= 3 => {}
            b')' | b' ' | b'-' | b'.' | b'/' if at > 0 && (text[at - 1].is_ascii_digit() || text[at - 1] == b')') => {}
            _ => break,
        }
        at += 1;
    }
    (len, digits)
}

fn score(text: &[u8], at: usize, len: usize, digits: &[u8], wanted: Wanted) -> Option<Score> {
    let number = &text[at..at + len];
    let international = number[0] == b'+';
    let named = is_named(text, at, wanted.kind.words);
    let grouped = number.iter().skip(1).any(|b| !b.is_ascii_digit());
    let varied = digits.windows(2).any(|pair| pair[0] != pair[1]);
    let sound = if international {
        (9..=15).contains(&digits.len()) && has_code(digits)
    } else {
        named && (7..=12).contains(&digits.len())
    };
    if !sound || !varied || looks_like_time(number) {
        return None;
    }
    let mut score = Score::of_rule(Confidence::Low);
    if named {
        score.add(30, "a word before it says what it is");
    }
    if international {
        score.add(if grouped { 25 } else { 16 }, "it begins with a country's code");
    }
    Some(score)
}

/// `2024-05-01 12` has as many digits, and is behind `mobile:` in a log as well.
fn looks_like_time(number: &[u8]) -> bool {
    number.len() >= 10 && number.starts_with(b"20") && matches!(number[4], b'-' | b'/' | b'.') && number[7] == number[4]
        || (number.len() == 10 || number.len() == 13)
            && number.starts_with(b"1")
            && number.iter().all(u8::is_ascii_digit)
            && (b'4'..=b'9').contains(&number[1])
            && number.len() == 13
}

fn has_code(digits: &[u8]) -> bool {
    let first = [digits[0], digits[1]];
    match digits[0] {
        b'1' => digits.len() == 11 && digits[1] > b'1' && digits[4] > b'1',
        b'7' => digits.len() == 11,
        _ => TWO_DIGITS.contains(&&first) || THREE_DIGITS.contains(&&first),
    }
}
