//! The search of a text for what may be encoded in it.
//!
//! Most texts hold no sign of an encoding. So only the places that an [`Overview`] names are looked at, and what is as frequent as
//! quotation marks only near an anchor of a rule.

use std::ops::Range;

use super::classes::Kinds;
use super::map::Pieces;
use super::overview::Overview;
use super::{PathKind, base64, escapes, join, kubernetes, wide};

/// How far after an anchor, and after the last joint, two literals may be joined. A name, or the beginning of a credential, stands in
/// the first of them.
const JOINT_WITHIN: usize = 192;

/// What bounds a search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits<'a> {
    /// How many bytes may be made of one compressed value.
    pub(super) room: usize,
    /// Whether it is the text itself that is searched, not a view.
    pub(super) first: bool,
    /// Where anchors of rules begin, in order: string literals are joined only after one. Anywhere, if that is not known.
    pub(super) anchors: Option<&'a [usize]>,
}

/// The beginning of something that may be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Percent,
    Backslash,
    Continuation,
    Entity,
    QuotedPrintable,
    Ansi,
    Quote,
    Nul,
}

const SIGNS: usize = 8;

/// How many pieces of one text are kept: each takes some memory, however short it is.
const PIECES: usize = 1 << 19;

/// What a search found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Everything that is encoded in the core, or begins or ends in it, in no order.
    pub(super) pieces: Pieces,
    /// Whether something was left out for its size.
    pub(super) cut: bool,
    /// How many bytes were made of what is compressed, those that were thrown away too.
    pub(super) inflated: usize,
}

/// Finds what is encoded in `core`, or begins or ends in it.
pub(super) fn find(text: &[u8], core: Range<usize>, path: PathKind, limits: Limits<'_>) -> Found {
    let mut found = Found::default();
    let Found { pieces, cut, inflated } = &mut found;
    let markup = !path.code || text.trim_ascii_start().first() == Some(&b'<');
    let before = base64::digits_before(text, core.start);
    let until = (core.end + 2 * base64::SHORTEST).min(text.len());
    let overview = Overview::new(text, core.start - before..until, Kinds { markup, mail: !path.code });
    if !path.lock {
        if !path.code {
            kubernetes::find(text, core.clone(), pieces);
        }
        let (room, first) = (limits.room, limits.first);
        let mut digits = base64::Digits { text, overview: &overview, room, first, pieces, cut };
        digits.find(core.start - before, core.end);
        *inflated = limits.room - digits.room;
    }
    // Each kind goes on where it has got to.
    let mut done = [core.start; SIGNS];
    for_signs(text, core, (&overview, limits.anchors), &mut |at, sign| {
        let done = &mut done[sign as usize];
        if at < *done {
            return false;
        }
        if pieces.list.len() > PIECES {
            *cut = true;
            return false;
        }
        let known = pieces.list.len();
        let after = match sign {
            Sign::Percent => escapes::percent(text, at, *done, pieces),
            Sign::Backslash => escapes::backslash(text, at, *done, pieces),
            Sign::Entity => escapes::entities(text, at, *done, pieces),
            Sign::QuotedPrintable => escapes::quoted_printable(text, at, *done, pieces),
            Sign::Ansi => escapes::ansi(text, at, pieces),
            Sign::Continuation => join::continuation(text, at, pieces),
            Sign::Quote => join::literals(text, at, pieces),
            Sign::Nul => wide::find(text, at, *done, limits.first, pieces),
        };
        *done = after.max(at + 1);
        pieces.list.len() > known
    });
    found
}

/// Calls `report` with every sign that begins in `core`, those of one kind in order. It answers whether something was made of one.
fn for_signs(
    text: &[u8],
    core: Range<usize>,
    (overview, anchors): (&Overview, Option<&[usize]>),
    report: &mut impl FnMut(usize, Sign) -> bool,
) {
    let mut look = |at: usize| {
        let byte = |offset: usize| text.get(at + offset).copied().unwrap_or(b' ');
        sign(byte(0), byte(1), byte(2)).is_some_and(|sign| report(at, sign))
    };
    // Two zeros before a character are told by the second, which may stand behind the core.
    for at in overview.signs(core.start..(core.end + 1).min(text.len())) {
        let before = at.checked_sub(1).filter(|&before| text[at] == 0 && text[before] == 0);
        for at in before.into_iter().chain([at]).filter(|at| core.contains(at)) {
            look(at);
        }
    }
    for_quotes(text, core, anchors, &mut look);
}

/// Looks at the quotation marks near anchors, and near those that something was made of.
fn for_quotes(text: &[u8], core: Range<usize>, anchors: Option<&[usize]>, look: &mut impl FnMut(usize) -> bool) {
    let quotes =
        |range: Range<usize>| memchr::memchr2_iter(b'"', b'\'', &text[range.clone()]).map(move |at| range.start + at);
    let Some(anchors) = anchors else {
        for at in quotes(core) {
            look(at);
        }
        return;
    };
    let mut done = core.start;
    let first = anchors.partition_point(|&at| at + JOINT_WITHIN < core.start);
    for &anchor in &anchors[first..] {
        if anchor >= core.end {
            break;
        }
        let mut until = (anchor + JOINT_WITHIN).min(core.end);
        while done < until {
            let Some(at) = quotes(done.max(anchor).min(until)..until).next() else { break };
            if look(at) {
                until = (at + JOINT_WITHIN).min(core.end);
            }
            done = at + 1;
        }
        done = done.max(until);
    }
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// Operators between two literals, and what may stand between a literal and the operator.
fn is_joint(byte: u8) -> bool {
    matches!(byte, b'+' | b'.' | b'&' | b'|' | b'~' | b'<' | b'\\' | b'\n' | b'\r')
}

/// The sign that three bytes are.
fn sign(a: u8, b: u8, c: u8) -> Option<Sign> {
    match (a, b, c) {
        (b'%', b'2'..=b'7', _) if c.is_ascii_hexdigit() => Some(Sign::Percent),
        (b'\\', b'0'..=b'1', b'0'..=b'7') => Some(Sign::Backslash),
        (b'\\', b'u' | b'U', b'0' | b'{') => Some(Sign::Backslash),
        (b'\\', b'x', b'2'..=b'7') | (b'\\', b'"', b':') => Some(Sign::Backslash),
        (b'\\', b'\\', b'u' | b'U' | b'x') => Some(Sign::Backslash),
        (b'\\', b'\n' | b'\r', _) => Some(Sign::Continuation),
        (b'&', b'#', _) | (b'&', b'q', b'u') | (b'&', b'a', b'p') => Some(Sign::Entity),
        (b'=', b'3', b'D') | (b'=', b'\n' | b'\r', _) => Some(Sign::QuotedPrintable),
        (b'"' | b'\'', b' ', _) if is_joint(c) => Some(Sign::Quote),
        (b'"' | b'\'', _, _) if is_joint(b) => Some(Sign::Quote),
        (0x1b, b'[' | b']', _) => Some(Sign::Ansi),
        (0, 0, _) if is_printable(c) => Some(Sign::Nul),
        (0, _, 0) if is_printable(b) => Some(Sign::Nul),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(text: &[u8], core: Range<usize>, anchors: Option<&[usize]>) -> Vec<(usize, Sign)> {
        let mut found = Vec::new();
        let overview = Overview::new(text, 0..text.len(), Kinds { markup: true, mail: true });
        for_signs(text, core, (&overview, anchors), &mut |at, sign| {
            found.push((at, sign));
            true
        });
        found
    }

    #[test]
    fn every_sign_is_seen() {
        let bytes: Vec<u8> = b"%=\\&\"' \n\r\x1b\0#012379afuUxXqpDW[]{:+.|~<".to_vec();
        for &a in &bytes {
            for &b in &bytes {
                for &c in &bytes {
                    let mut text = [b'-'; 40];
                    text[20..23].copy_from_slice(&[a, b, c]);
                    if let Some(sign) = sign(a, b, c) {
                        let seen = signs(&text, 0..40, None);
                        assert!(seen.contains(&(20, sign)), "{:?}", [a, b, c].map(char::from));
                    }
                }
            }
        }
        assert!(signs(&[b'-'; 40], 0..40, None).is_empty());
    }

    #[test]
    fn signs_at_the_edges_of_the_core() {
        for len in [3, 63, 64, 65, 66, 130, 200] {
            for at in 0..len - 2 {
                let mut text = vec![b'-'; len];
                text[at..at + 3].copy_from_slice(b"%41");
                assert_eq!(signs(&text, 0..len, None), [(at, Sign::Percent)], "{at} of {len}");
                assert!(signs(&text, 0..at, None).is_empty());
            }
        }
    }

    #[test]
    fn literals_are_joined_after_an_anchor_and_after_each_other() {
        let gap = "-".repeat(150);
        let text = format!("\"+ {gap}{gap} key {gap} \"+ {gap} \"+ {gap} \"+ {gap}{gap} \"+");
        let anchor = text.find("key").expect("it is there");
        let seen: Vec<usize> = signs(text.as_bytes(), 0..text.len(), Some(&[anchor])).iter().map(|s| s.0).collect();
        let all: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
        assert_eq!(seen, all[1..4]);
    }
}
