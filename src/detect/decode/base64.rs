//! Runs of base64 and hexadecimal digits that are a text, or a compressed one, when they are decoded.

use std::ops::Range;

use memchr::memmem;

use super::map::{Pieces, Step};
use super::overview::{Overview, WORD};
use super::{How, inflate};

/// Shorter runs are names and words.
pub(super) const SHORTEST: usize = 24;

/// Shorter runs of hexadecimal digits are numbers.
const SHORTEST_HEX: usize = 32;

/// A run has this many words of an [`Overview`] beside each other, wherever it begins.
const _: () = assert!(SHORTEST >= 3 * WORD);

/// How many digits decide whether the rest is decoded.
const HEAD: usize = 16;

/// How often a run is tried again after a sign that may have stood before the value.
const TRIES: usize = 4;

/// How far a wrapped value's lines may be indented.
const INDENT: usize = 64;

const NONE: u8 = 64;

/// The value of each digit, of both alphabets.
static DIGITS: [u8; 256] = digits();

const fn digits() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [NONE; 256];
    let mut value = 0;
    while value < 64 {
        table[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
}

fn is_digit(byte: u8) -> bool {
    DIGITS[usize::from(byte)] != NONE
}

/// How many digits stand before `at`.
pub(super) fn digits_before(text: &[u8], at: usize) -> usize {
    text[..at].iter().rev().take_while(|&&byte| is_digit(byte)).count()
}

/// Looks for runs of digits.
pub(super) struct Digits<'t> {
    pub(super) text: &'t [u8],
    /// Of all that runs are looked for in.
    pub(super) overview: &'t Overview,
    /// See [`super::region::Limits`].
    pub(super) room: usize,
    pub(super) first: bool,
    pub(super) pieces: &'t mut Pieces,
    /// Set if something was left out for its size.
    pub(super) cut: &'t mut bool,
}

impl Digits<'_> {
    /// Decodes what is worth it of the runs from `from` on, where one may begin, that begin before `until`.
    pub(super) fn find(&mut self, from: usize, until: usize) {
        let mut at = from;
        // Lines up to here were decoded together, in vain.
        let mut alone = 0;
        while let Some(run) = self.next_run(at, until) {
            at = self.run(run.clone(), &mut alone).max(run.end + 1);
        }
    }

    /// The next run of digits from `from` on that begins before `until` and is no shorter than [`SHORTEST`].
    fn next_run(&self, from: usize, until: usize) -> Option<Range<usize>> {
        let (text, mut at) = (self.text, from);
        loop {
            let Range { start, end } = self.overview.run(at)?;
            // The overview may end before the run does.
            let end = end + text[end..].iter().take_while(|&&b| is_digit(b)).count();
            if end - start >= SHORTEST || start >= until {
                return (start < until).then_some(start..end);
            }
            at = end + 1;
        }
    }

    /// Decodes a run, or what is in it after a sign. Returns where it ends.
    fn run(&mut self, run: Range<usize>, alone: &mut usize) -> usize {
        if let Some(end) = self.hex(run.clone()) {
            return end;
        }
        let text = self.text;
        // What begins later is too short.
        let beginning = run.start..(run.start + 8 * HEAD).min(run.end - SHORTEST);
        let after_signs = beginning.filter(|&at| !text[at].is_ascii_alphanumeric()).map(|at| at + 1);
        // The beginning of a value whose start is not there could be any of four digits.
        let cut_off = (run.start == 0 && self.first && run.len() > 8 * HEAD).then_some(1..4).into_iter().flatten();
        let starts = [run.start].into_iter().chain(cut_off).chain(after_signs.take(TRIES));
        starts
            .filter(|&start| start + SHORTEST <= run.end && may_begin(&text[start..start + HEAD]))
            .filter(|&start| looks(&head(&text[start..start + HEAD])))
            .find_map(|start| self.value(start..run.end, alone))
            .unwrap_or(run.end)
    }

    /// Decodes what begins with `run`, whose first digits are worth it. Returns where it ends.
    fn value(&mut self, run: Range<usize>, alone: &mut usize) -> Option<usize> {
        if is_something_else(&self.text[..run.start]) {
            return None;
        }
        let compressed = inflate::kind(&head(&self.text[run.start..run.start + HEAD]));
        let lines = if run.start < *alone { vec![run.clone()] } else { lines(self.text, run.clone()) };
        // A text can begin like something compressed: `x?`.
        let as_text = |digits: &mut Self| compressed.and_then(|_| digits.decode(&lines, None));
        if let Some(end) = self.decode(&lines, compressed).or_else(|| as_text(self)) {
            return Some(end);
        }
        *alone = lines.last().map_or(run.end, |line| line.end).max(*alone);
        if lines.len() > 1 { self.decode(&lines[..1], compressed) } else { None }
    }

    fn decode(&mut self, lines: &[Range<usize>], compressed: Option<How>) -> Option<usize> {
        let mark = self.pieces.mark();
        let end = decode_run(self.text, lines, How::Base64, self.pieces);
        let decoded = &self.pieces.bytes[mark.1..];
        let Some(kind) = compressed else {
            let kept = is_text(decoded) || is_wide(decoded);
            if !kept {
                self.pieces.undo(mark);
            }
            return kept.then_some(end);
        };
        let (inflated, more) = inflate::inflate(decoded, kind, self.room);
        self.pieces.undo(mark);
        // What is thrown away was work too.
        self.room -= inflated.len();
        let looks = is_text(&inflated[..inflated.len().min(512)]);
        if inflated.len() < HEAD && !more || !looks && kind == How::Zlib {
            return None;
        }
        *self.cut |= more;
        self.pieces.push(lines[0].start..end, &inflated, Step::Whole, kind);
        Some(end)
    }

    /// Decodes a run that is all hexadecimal digits of a text. Returns where it ends.
    fn hex(&mut self, run: Range<usize>) -> Option<usize> {
        let all = &self.text[run.clone()];
        let digits = all.strip_prefix(b"0x").or_else(|| all.strip_prefix(b"0X")).unwrap_or(all);
        let value = |byte: u8| char::from(byte).to_digit(16);
        let byte = |pair: &[u8]| Some((value(pair[0])? << 4 | value(pair[1])?) as u8);
        if digits.len() < SHORTEST_HEX || !digits.len().is_multiple_of(2) {
            return None;
        }
        let mut head = [0; HEAD / 2];
        for (to, pair) in head.iter_mut().zip(digits.chunks_exact(2)) {
            *to = byte(pair)?;
        }
        if !is_text(&head) && !is_wide(&head) {
            return None;
        }
        let decoded: Vec<u8> = digits.chunks_exact(2).map(byte).collect::<Option<_>>()?;
        if !is_text(&decoded) && !is_wide(&decoded) || is_something_else(&self.text[..run.start]) {
            return None;
        }
        let start = run.end - digits.len();
        if start > run.start {
            self.pieces.push(run.start..start, b"", Step::Whole, How::Hex);
        }
        self.pieces.push(start..run.end, &decoded, Step::Each(2), How::Hex);
        Some(run.end)
    }
}

/// Decodes the digits of `lines` and takes off what is between them. Returns where the value ends, with the signs that fill it up.
pub(super) fn decode_run(text: &[u8], lines: &[Range<usize>], how: How, pieces: &mut Pieces) -> usize {
    let (mut group, mut count, mut start) = ([0u8; 4], 0, 0);
    let mut end = lines.first().map_or(0, |line| line.start);
    for line in lines {
        if count == 0 && line.start > end {
            pieces.push(end..line.start, b"", Step::Whole, how);
        }
        for at in line.clone() {
            let digit = DIGITS[usize::from(text[at])];
            if digit == NONE {
                break;
            }
            if count == 0 {
                start = at;
            }
            group[count] = digit;
            count += 1;
            end = at + 1;
            if count == 4 {
                // Four digits that are on two lines belong together.
                let step = if end - start == 4 { Step::Base64 } else { Step::Whole };
                pieces.push(start..end, &bytes(group), step, how);
                count = 0;
            }
        }
    }
    let filling = if count > 0 { filling(&text[end..]) } else { 0 };
    if count >= 2 {
        group[count..].fill(0);
        let step = if end - start == count { Step::Base64 } else { Step::Whole };
        pieces.push(start..end + filling, &bytes(group)[..count - 1], step, how);
    } else if count == 1 {
        pieces.push(start..end + filling, b"", Step::Whole, how);
    }
    end + filling
}

/// The length of the signs that fill up the last four digits, which a line end may stand before.
fn filling(rest: &[u8]) -> usize {
    let mut len = 0;
    for _ in 0..2 {
        let sign = len + line_end(&rest[len..]).unwrap_or(0);
        if rest.get(sign) != Some(&b'=') {
            break;
        }
        len = sign + 1;
    }
    len
}

fn bytes(group: [u8; 4]) -> [u8; 3] {
    let [a, b, c, d] = group;
    [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
}

/// The first bytes of a value.
fn head(digits: &[u8]) -> [u8; HEAD / 4 * 3] {
    let mut head = [0; HEAD / 4 * 3];
    for (to, group) in head.chunks_exact_mut(3).zip(digits.chunks_exact(4)) {
        to.copy_from_slice(&bytes(std::array::from_fn(|i| DIGITS[usize::from(group[i])])));
    }
    head
}

/// Whether the first digits of a value are any that [`looks`] can hold of: most names and paths are told by four of them.
fn may_begin(digits: &[u8]) -> bool {
    let mut start = [0; 4];
    for (to, digit) in start.iter_mut().zip(digits) {
        *to = DIGITS[usize::from(*digit)];
    }
    let [a, b, c] = bytes(start);
    match a {
        // The first bytes of gzip and zlib, and of texts of two bytes a character.
        0x1f | 0x78 | 0xfe | 0xff | 0 => true,
        // What goes on in one of UTF-8 does not begin it.
        0x80..=0xc1 => false,
        0xc2.. => b & 0xc0 == 0x80,
        _ => {
            b == 0
                || !is_control(a)
                    && !is_control(b)
                    && !(0x80..0xc2).contains(&b)
                    && (c < 0x80 || b >= 0x80 || c >= 0xc2)
        }
    }
}

/// Whether a value that begins like this is worth decoding.
fn looks(head: &[u8]) -> bool {
    is_text(head) || is_wide(head) || inflate::kind(head).is_some()
}

/// The lines of a value that begins with `first`: runs of one length, the last may be shorter, with nothing else on their lines.
fn lines(text: &[u8], first: Range<usize>) -> Vec<Range<usize>> {
    let mut lines = vec![first];
    loop {
        let end = lines[lines.len() - 1].end;
        // The first may be longer or shorter, for what stands before it.
        let width = lines.get(1).unwrap_or(&lines[0]).len();
        let full = lines.len() < 2 || lines[lines.len() - 1].len() == width;
        let Some(gap) = line_end(&text[end..]).filter(|_| full) else { return lines };
        let start = end + gap;
        let len = text[start..].iter().take_while(|&&b| is_digit(b)).count();
        let after = text.get(start + len).copied().unwrap_or(b'\n');
        let closed = after.is_ascii_whitespace() && after != b' ' || b"=\"'\\<,;)`".contains(&after);
        // After a line much shorter than those of any encoder nothing follows.
        if len == 0 || width < HEAD || (lines.len() > 1 && len > width) || !closed {
            return lines;
        }
        lines.push(start..start + len);
    }
}

/// The length of a line end, real or written `\n`, and of the blanks after it.
fn line_end(rest: &[u8]) -> Option<usize> {
    let ends: [&[u8]; 4] = [b"\n", b"\r\n", br"\n", br"\r\n"];
    let end = ends.iter().find(|end| rest.starts_with(end))?.len();
    let blanks = rest[end..].iter().take(INDENT).take_while(|b| matches!(b, b' ' | b'\t')).count();
    Some(end + blanks)
}

/// Whether a byte is none of a text.
fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31 | 0x7f)
}

/// Whether `bytes` are a text: hardly a control character, hardly a byte that is not UTF-8.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let control = |b: &&u8| is_control(**b);
    let allowed = bytes.len() / 16;
    let start = &bytes[..bytes.len().min(HEAD)];
    // What is cut in the middle of a character is a text still.
    let sound = |bytes: &[u8]| std::str::from_utf8(bytes).map_or_else(|e| e.error_len().is_none(), |_| true);
    if bytes.is_empty() || !sound(start) || start.iter().any(|b| control(&b)) {
        return false;
    }
    if bytes.iter().filter(control).count() > allowed {
        return false;
    }
    sound(bytes) || bytes.iter().filter(|b| !b.is_ascii()).count() <= allowed.max(1) * 2
}

/// Whether `bytes` are a text of two or four bytes a character.
fn is_wide(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xff\xfe").or_else(|| bytes.strip_prefix(b"\xfe\xff")).unwrap_or(bytes);
    let ascii = |b: u8| matches!(b, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    let head = &bytes[..bytes.len() / 4 * 4];
    let all = |fits: &dyn Fn(&[u8]) -> bool| head.len() >= 8 && head.chunks_exact(4).take(4).all(fits);
    all(&|u| ascii(u[0]) && u[1] == 0 && (ascii(u[2]) || u[2] == 0) && u[3] == 0)
        || all(&|u| u[0] == 0 && (ascii(u[1]) || u[1] == 0) && u[2] == 0 && ascii(u[3]))
}

/// Whether what stands before a run says that it is no secret's hiding-place: an image, a checksum, a certificate, a source map.
fn is_something_else(before: &[u8]) -> bool {
    let near = &before[before.len().saturating_sub(160)..];
    if let Some(data) = memmem::rfind(near, b"data:").filter(|_| near.ends_with(b"base64,")) {
        let media = &near[data + 5..];
        let kinds: [&[u8]; 8] = [
            b"image/", b"font/", b"audio/", b"video/", b"application/font", b"application/x-font",
            b"application/vnd.ms-fontobject", b"application/wasm",
        ];
        return kinds.iter().any(|kind| media.starts_with(kind));
    }
    let ends: [&[u8]; 8] =
        [b"sha1-", b"sha256-", b"sha384-", b"sha512-", b"sha256:", b"sha512:", b" h1:", b"\"mappings\":\""];
    let armour = || {
        let line = near.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        line.and_then(|line| line.rsplit(|&b| b == b'\n').next())
            .is_some_and(|line| memmem::find(line, b"-----BEGIN ").is_some())
    };
    ends.iter().any(|end| near.ends_with(end)) || armour()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_by_its_first_digits_is_nothing_to_decode() {
        let digits = |head: &[u8; 12]| -> Vec<u8> {
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let groups = head.chunks_exact(3).map(|g| u32::from(g[0]) << 16 | u32::from(g[1]) << 8 | u32::from(g[2]));
            groups.flat_map(|group| [18, 12, 6, 0].map(|by| alphabet[(group >> by) as usize & 63])).collect()
        };
        let mut kept = 0;
        for start in 0..=u16::MAX {
            let [a, b] = start.to_be_bytes();
            for c in [0, b'a', 0x7f, 0x80, 0xc3, 8] {
                for rest in [
                    *b"text text",
                    [0, b'b', 0, b'c', 0, b'd', 0, b'e', 0],
                    [b'b', 0, b'c', 0, b'd', 0, b'e', 0, 0],
                    [0x80; 9],
                ] {
                    let mut value = [0; 12];
                    value[..3].copy_from_slice(&[a, b, c]);
                    value[3..].copy_from_slice(&rest);
                    let digits = digits(&value);
                    assert_eq!(head(&digits), value);
                    assert!(!looks(&value) || may_begin(&digits), "{value:?}");
                    kept += u32::from(may_begin(&digits));
                }
            }
        }
        assert!(kept < 24 * 65536 / 3, "{kept}");
    }
}
