//! Tar: ustar and what came before it, GNU's and POSIX's extensions.
//!
//! It is read here and not by a library, because extension headers can be made as long as one likes, and what is odd in an
//! archive is to be told and not mended.

use std::io::{self, Read};

use super::guard::{Buffered, Exactly, Fault, damaged, fill, pass};
use super::{Packing, Place, Walk, shown};
use crate::blob::SkipReason;

pub(super) const BLOCK: usize = 512;

/// The longest extension header that is read, in bytes: names are shorter, attributes need not be known.
const EXTENSION: u64 = 1 << 20;

/// Whether the checksum of a header holds: the sum of its bytes, those of the checksum taken as blanks.
pub(super) fn checksum_holds(block: &[u8; BLOCK]) -> bool {
    let Some(expected) = octal(&block[148..156]) else { return false };
    let sum = |value: fn(u8) -> i64| {
        let others = block[..148].iter().chain(&block[156..]);
        others.map(|&b| value(b)).sum::<i64>() + 8 * i64::from(b' ')
    };
    // Some have taken bytes as signed.
    block[0] != 0 && [sum(i64::from), sum(|b| i64::from(b.cast_signed()))].contains(&(expected.cast_signed()))
}

/// A number in octal, or, if its first bit says so, in binary.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    match field {
        [0x80, rest @ ..] => {
            let (high, low) = rest.split_at(rest.len().checked_sub(8)?);
            (high.iter().all(|&b| b == 0)).then_some(())?;
            Some(u64::from_be_bytes(low.try_into().ok()?))
        }
        [0x81..=0xff, ..] => None,
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = field.split(|&b| b == 0).next()?.trim_ascii();
    if text.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(std::str::from_utf8(text).ok()?, 8).ok()
}

/// What extension headers say of the member behind them.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

/// Looks at each member.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, source: &mut Buffered<'_>) -> io::Result<()> {
    let mut extended = Extended::default();
    let mut zeros = false;
    loop {
        let mut block = [0; BLOCK];
        let (read, trouble) = fill(source, &mut block);
        trouble?;
        match read {
            // Some leave the two blocks of zeros out.
            0 if zeros => return Ok(()),
            0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no end")),
            BLOCK => {}
            _ => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        if block.iter().all(|&b| b == 0) {
            if zeros {
                return walk.behind(place, source);
            }
            zeros = true;
            continue;
        }
        zeros = false;
        if !checksum_holds(&block) {
            return Err(damaged("a header of the tar is not sound; what is behind it was not looked at"));
        }
        let size = number(&block[124..136]).ok_or_else(|| damaged("a member of the tar says no size"))?;
        match block[156] {
            b'x' => extension(walk, place, source, size, &mut extended)?,
            // What holds for all members may hold a name too, but nobody writes one.
            b'g' => extension(walk, place, source, size, &mut Extended::default())?,
            // Some count the NUL that ends a name to it.
            b'L' => extended.name = long(walk, place, source, size)?.map(|name| until_nul(&name).to_vec()),
            b'K' => extended.link = long(walk, place, source, size)?.map(|name| until_nul(&name).to_vec()),
            kind => {
                if !walk.admits(place) {
                    return Ok(());
                }
                member(walk, place, source, &Header { block, kind, size }, std::mem::take(&mut extended))?;
            }
        }
    }
}

struct Header {
    block: [u8; BLOCK],
    kind: u8,
    size: u64,
}

/// Looks at one member.
fn member(
    walk: &mut Walk<'_>,
    place: &Place,
    source: &mut Buffered<'_>,
    header: &Header,
    extended: Extended,
) -> io::Result<()> {
    let block = &header.block;
    let size = extended.size.unwrap_or(header.size);
    let mut name = shown(&extended.name.clone().unwrap_or_else(|| name(block)));
    if let Some(image) = &mut walk.image {
        let plain = matches!(header.kind, b'0' | 0) && extended.name.is_none() && extended.size.is_none();
        if plain && image.is_done(place, &name) {
            return pad(source, size);
        }
        name = image.named(place, name);
    }
    // Links, folders and devices have no data, whatever size is written there; POSIX's hard links can have some.
    let bare = matches!(header.kind, b'1'..=b'6') && !(header.kind == b'1' && extended.size.is_some());
    if bare {
        match header.kind {
            b'1' | b'2' => {
                let link = extended.link.unwrap_or_else(|| until_nul(&block[157..257]).to_vec());
                // What a link says is all it holds.
                walk.member(place, &name, &mut &*link, Packing::none(link.len() as u64));
            }
            b'5' => {}
            _ => {
                let fault =
                    Fault::new(SkipReason::SpecialFile, "a device or FIFO: it has a name and no content to look at");
                walk.skip(&place.member(&name), fault);
            }
        }
        return Ok(());
    }
    match header.kind {
        b'M' => walk.skip(&place.member(&name), Fault::unsupported("the rest of a file that begins in another volume")),
        b'S' => sparse(source, block)?,
        _ => {}
    }
    let mut content = Exactly::new(&mut *source, size);
    if let Some(piped) = &mut walk.piped {
        let paths = (&*place.path, &*place.member(&name).path);
        if let Some(list) = piped.meet(paths, &name, (size, &mut content)) {
            let (_, given) = walk.member(place, &name, &mut (&*list).chain(content), Packing::none(size));
            walk.pass(source, size, given)?;
            return pass(source, padding(size));
        }
    }
    let (_, given) = walk.member(place, &name, &mut content, Packing::none(size));
    walk.pass(source, size, given)?;
    pass(source, padding(size))
}

fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

/// Passes over data and what fills up its last block.
fn pad(source: &mut Buffered<'_>, size: u64) -> io::Result<()> {
    pass(source, size)?;
    pass(source, padding(size))
}

/// The name in the header itself.
pub(super) fn name(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = until_nul(&block[..100]);
    let prefix = until_nul(&block[345..500]);
    // GNU has other things where POSIX has the first part of the path.
    if &block[257..263] == b"ustar\0" && !prefix.is_empty() {
        return [prefix, b"/", name].concat();
    }
    name.to_vec()
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|&b| b == 0).next().unwrap_or_default()
}

/// Passes over the blocks with the map of a sparse file; its data is what is not holes.
fn sparse(source: &mut Buffered<'_>, block: &[u8; BLOCK]) -> io::Result<()> {
    let mut more = block[482] != 0;
    while more {
        let mut map = [0; BLOCK];
        source.read_exact(&mut map)?;
        more = map[504] != 0;
    }
    Ok(())
}

/// The content of a header that is longer than others: a name. Of one that is too long nothing is known.
fn long(walk: &mut Walk<'_>, place: &Place, source: &mut Buffered<'_>, size: u64) -> io::Result<Option<Vec<u8>>> {
    if size > EXTENSION {
        let fault = Fault::corrupt(format_args!("a header of {size} bytes, which was not looked at"));
        walk.skip(place, fault);
        return pad(source, size).map(|()| None);
    }
    let mut bytes = Vec::new();
    Exactly::new(&mut *source, size).read_to_end(&mut bytes)?;
    pass(source, padding(size))?;
    Ok(Some(bytes))
}

/// Reads POSIX's extension header: lines of `length key=value`.
fn extension(
    walk: &mut Walk<'_>,
    place: &Place,
    source: &mut Buffered<'_>,
    size: u64,
    extended: &mut Extended,
) -> io::Result<()> {
    let Some(bytes) = long(walk, place, source, size)? else { return Ok(()) };
    let mut rest = &*bytes;
    while let Some(blank) = rest.iter().position(|&b| b == b' ') {
        let length = std::str::from_utf8(&rest[..blank]).ok().and_then(|digits| digits.parse::<usize>().ok());
        let record = length.filter(|&length| length > blank + 1).and_then(|length| rest.get(blank + 1..length));
        let (Some(record), Some(length)) = (record, length) else {
            return Err(damaged("an extension header of the tar is not sound"));
        };
        rest = &rest[length..];
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        let mut parts = record.splitn(2, |&b| b == b'=');
        let (key, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        match key {
            b"path" | b"GNU.sparse.name" => extended.name = Some(value.to_vec()),
            b"linkpath" => extended.link = Some(value.to_vec()),
            b"size" => {
                let digits = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
                extended.size = Some(digits.ok_or_else(|| damaged("a member of the tar says no size"))?);
            }
            _ => {}
        }
    }
    Ok(())
}
