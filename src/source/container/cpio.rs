//! cpio in its forms of ASCII and in the binary one of before, and RPM packages, which hold one.

use std::io::{self, Read};

use super::guard::{Buffered, Exactly, Fault, damaged, pass};
use super::{Packing, Place, Source, Walk, shown};
use crate::blob::SkipReason;

/// Length of a header of the new form: the magic and 13 numbers of eight hexadecimal digits.
const NEW: usize = 110;

/// Length of a header of the old form: the magic and numbers in octal.
const OLD: usize = 76;

/// Length of a header of the binary form: numbers of 16 bits, the magic first, in the order of the machine that wrote them.
const BINARY: usize = 26;

/// The longest name that is read, in bytes.
const NAME: u64 = 1 << 16;

/// The largest header of a package that is looked at, in bytes.
const RPM_HEADER: u64 = 256 << 20;

/// Whether content begins with a header: the magic alone could be a number in a text.
pub(super) fn is_header(start: &[u8]) -> bool {
    match start.get(..6) {
        Some(b"070701" | b"070702") => start.get(..NEW).is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit)),
        Some(b"070707") => start.get(..OLD).is_some_and(|h| h.iter().all(|b| (b'0'..=b'7').contains(b))),
        _ => start.first_chunk::<BINARY>().is_some_and(|header| is_binary_header(header, &start[BINARY..])),
    }
}

/// Whether these are the two bytes that a binary archive begins with, and a sound header and a name with its NUL behind them.
fn is_binary_header(header: &[u8; BINARY], rest: &[u8]) -> bool {
    let Some(binary) = binary(header) else { return false };
    let Ok(len @ 2..=1024) = usize::try_from(binary.name) else { return false };
    let name = &rest[..rest.len().min(len)];
    let kind = matches!(binary.mode >> 12, 0o1 | 0o2 | 0o4 | 0o6 | 0o10 | 0o12 | 0o14);
    let ends = name.len() < len || name[len - 1] == 0;
    kind && ends && name.iter().take(len - 1).all(|&byte| byte >= b' ')
}

/// What a binary header says; `None` if its magic is another one.
fn binary(header: &[u8; BINARY]) -> Option<Header> {
    let read: fn([u8; 2]) -> u16 = match header[..2] {
        [0xc7, 0x71] => u16::from_le_bytes,
        [0x71, 0xc7] => u16::from_be_bytes,
        _ => return None,
    };
    let field = |index: usize| u64::from(read([header[2 * index], header[2 * index + 1]]));
    // Of a number of 32 bits the high half comes first, on every machine.
    let size = field(11) << 16 | field(12);
    Some(Header { mode: field(3), name: field(10), size, unit: 2, len: BINARY as u64 })
}

/// What a header says.
struct Header {
    mode: u64,
    name: u64,
    size: u64,
    /// What names and data are filled up to multiples of.
    unit: u64,
    len: u64,
}

/// Looks at each member.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, source: &mut Buffered<'_>) -> io::Result<()> {
    loop {
        let header = header(source)?;
        if header.name > NAME {
            return Err(damaged("the name of a member is longer than names are"));
        }
        let mut name = Vec::new();
        Exactly::new(&mut *source, header.name).read_to_end(&mut name)?;
        pass(source, padding(header.len + header.name, header.unit))?;
        let name = name.strip_suffix(b"\0").unwrap_or(&name);
        if name == b"TRAILER!!!" {
            return walk.behind(place, source);
        }
        if !walk.admits(place) {
            return Ok(());
        }
        member(walk, place, source, &header, &shown(name))?;
    }
}

fn member(
    walk: &mut Walk<'_>,
    place: &Place,
    source: &mut Buffered<'_>,
    header: &Header,
    name: &str,
) -> io::Result<()> {
    let size = header.size;
    match header.mode & 0o170_000 {
        0o040_000 if size == 0 => {}
        0o010_000 | 0o020_000 | 0o060_000 | 0o140_000 if size == 0 => {
            let fault =
                Fault::new(SkipReason::SpecialFile, "a device or FIFO: it has a name and no content to look at");
            walk.skip(&place.member(name), fault);
        }
        _ => {
            let (_, given) = walk.member(place, name, &mut Exactly::new(&mut *source, size), Packing::none(size));
            walk.pass(source, size, given)?;
        }
    }
    pass(source, padding(size, header.unit))
}

fn header(source: &mut Buffered<'_>) -> io::Result<Header> {
    let mut header = [0; NEW];
    source.read_exact(&mut header[..6])?;
    let not_sound = || damaged("a header of the archive is not sound; what is behind it was not looked at");
    let number = |digits: &[u8], radix| {
        let digits = std::str::from_utf8(digits).ok()?;
        u64::from_str_radix(digits, radix).ok()
    };
    match &header[..6] {
        b"070701" | b"070702" => {
            source.read_exact(&mut header[6..])?;
            let field = |index: usize| number(&header[6 + 8 * index..14 + 8 * index], 16).ok_or_else(not_sound);
            Ok(Header { mode: field(1)?, size: field(6)?, name: field(11)?, unit: 4, len: NEW as u64 })
        }
        b"070707" => {
            source.read_exact(&mut header[6..OLD])?;
            let field = |from: usize, to: usize| number(&header[from..to], 8).ok_or_else(not_sound);
            Ok(Header { mode: field(18, 24)?, name: field(59, 65)?, size: field(65, 76)?, unit: 1, len: OLD as u64 })
        }
        [0xc7, 0x71, ..] | [0x71, 0xc7, ..] => {
            source.read_exact(&mut header[6..BINARY])?;
            header.first_chunk().and_then(binary).ok_or_else(not_sound)
        }
        _ => Err(not_sound()),
    }
}

fn padding(size: u64, unit: u64) -> u64 {
    (unit - size % unit) % unit
}

/// Looks at what a package says of itself, its scripts among it, and at its files.
pub(super) fn walk_rpm(walk: &mut Walk<'_>, place: &Place, source: &mut Buffered<'_>) -> io::Result<()> {
    const LEAD: u64 = 96;
    pass(source, LEAD)?;
    for (name, unit) in [("<signatures>", 8), ("<header>", 1)] {
        let mut start = [0; 16];
        source.read_exact(&mut start)?;
        let [0x8e, 0xad, 0xe8, _, _, _, _, _, a, b, c, d, e, f, g, h] = start else {
            return Err(damaged("a header of the package is not sound; what is behind it was not looked at"));
        };
        let entries = u64::from(u32::from_be_bytes([a, b, c, d]));
        let size = 16 * entries + u64::from(u32::from_be_bytes([e, f, g, h]));
        if size > RPM_HEADER {
            return Err(damaged("a header of the package is longer than headers are"));
        }
        if !walk.admits(place) {
            return Ok(());
        }
        let (_, given) = walk.member(place, name, &mut Exactly::new(&mut *source, size), Packing::none(size));
        walk.pass(source, size, given)?;
        pass(source, padding(size, unit))?;
    }
    if source.fill_buf()?.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    // `a.rpm!/etc/b`, whatever is between.
    let payload = Place { depth: place.depth + 1, ..place.clone() };
    walk.content(&payload, Source::Stream(&mut &mut *source), None);
    Ok(())
}
