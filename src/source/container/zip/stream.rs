//! A zip that is read from its start, by the headers before its members.

use std::io;

use super::header::{self, CENTRAL, DESCRIPTOR, END, END64, Entry, LOCAL, LOCATOR, u32_at, u64_at};
use super::{Data, bytes, member};
use crate::blob::SkipReason;
use crate::source::container::guard::{Buffered, Exactly, Fault, damaged, fill, pass};
use crate::source::container::{Packing, Place, Walk, shown};

/// The members that were met, and those of the directory: how many, and the sum of what their names come to.
#[derive(Default, PartialEq, Eq)]
struct Census {
    count: u64,
    names: u64,
}

impl Census {
    fn add(&mut self, name: &[u8]) {
        self.count += 1;
        self.names = self.names.wrapping_add(u64::from(crc32fast::hash(name)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
}

/// Looks at each member until the directory, and compares that with what was met. A `piece` of an archive may have none.
pub(in crate::source::container) fn walk_stream(
    walk: &mut Walk<'_>,
    place: &Place,
    source: &mut Buffered<'_>,
    piece: bool,
) -> io::Result<()> {
    let (mut met, mut listed) = (Census::default(), Census::default());
    let mut first = true;
    loop {
        let mut magic = [0; 4];
        let (read, trouble) = fill(source, &mut magic);
        trouble?;
        match magic {
            _ if read == 0 && !first && piece && listed.count == 0 => return Ok(()),
            _ if read < 4 => return Err(io::ErrorKind::UnexpectedEof.into()),
            LOCAL => {
                if !walk.admits(place) {
                    return Ok(());
                }
                let entry = header::local(source)?;
                met.add(&entry.name);
                if !local(walk, place, source, &entry)? {
                    return Ok(());
                }
            }
            CENTRAL => {
                let entry = header::central(source)?;
                listed.add(&entry.name);
                if !entry.comment.is_empty() && walk.admits(place) {
                    let within = place.member(&shown(&entry.name));
                    walk.member(&within, "<comment>", &mut &*entry.comment, Packing::none(entry.comment.len() as u64));
                }
            }
            END64 => {
                let size = u64_at(&bytes(source, 8)?, 0);
                pass(source, size)?;
            }
            LOCATOR => pass(source, 16)?,
            END => return end(walk, place, source, met == listed),
            // An archive in volumes that became one.
            DESCRIPTOR if first => {}
            _ if first && &magic == b"PK00" => {}
            _ if first && &magic == b"Cr24" => key(source)?,
            _ => return Err(damaged("a header of the archive is not sound; what is behind it was not looked at")),
        }
        first = false;
    }
}

/// Passes over what is before the zip of a Chrome extension: a key and a signature, or a header that has both.
fn key(source: &mut Buffered<'_>) -> io::Result<()> {
    let start = bytes(source, 8)?;
    let length = u64::from(u32_at(&start, 4));
    let signature = if u32_at(&start, 0) < 3 { u64::from(u32_at(&bytes(source, 4)?, 0)) } else { 0 };
    pass(source, length + signature)
}

/// Looks at the member behind a header. `false` if what follows it cannot be found.
fn local(walk: &mut Walk<'_>, place: &Place, source: &mut Buffered<'_>, entry: &Entry) -> io::Result<bool> {
    let open = entry.has_descriptor() && entry.packed == 0;
    if !open {
        if !entry.is_folder() {
            let mut data = Exactly::new(&mut *source, entry.packed);
            member(walk, place, entry, &mut data, true)?;
            io::copy(&mut data, &mut io::sink())?;
        }
        return if entry.has_descriptor() { descriptor(source, entry).map(|()| true) } else { Ok(true) };
    }
    let lost = |walk: &mut Walk<'_>, why| {
        let detail =
            format!("{why}, so what is behind it in the archive was not looked at; unpack it and scan what is in it");
        walk.skip(&place.member(&shown(&entry.name)), Fault::new(SkipReason::Unsupported, detail));
        Ok(false)
    };
    if entry.method != 8 || entry.is_encrypted() {
        return lost(walk, "where it ends is only known from the end of the archive, which is not held");
    }
    match member(walk, place, entry, source, false)? {
        Some(data) if data.whole => {
            check(walk, place, source, entry, &data)?;
            Ok(true)
        }
        _ => lost(walk, "it could not be read to its end"),
    }
}

/// Passes over what says sizes that were known already.
fn descriptor(source: &mut Buffered<'_>, entry: &Entry) -> io::Result<()> {
    let start = bytes(source, 4)?;
    let marked = if start == DESCRIPTOR { 4 } else { 0 };
    pass(source, marked + if entry.wide { 16 } else { 8 })
}

/// Compares what is said behind a member with what it was.
fn check(walk: &mut Walk<'_>, place: &Place, source: &mut Buffered<'_>, entry: &Entry, data: &Data) -> io::Result<()> {
    let mut said = [0; 24];
    source.read_exact(&mut said[..4])?;
    // Without its mark it begins with the checksum.
    let marked = if said.starts_with(&DESCRIPTOR) { 4 } else { 0 };
    let len = marked + if entry.wide { 20 } else { 12 };
    source.read_exact(&mut said[4..len])?;
    let rest = &said[marked..len];
    let same = if entry.wide {
        (u64_at(rest, 4), u64_at(rest, 12)) == (data.packed, data.size)
    } else {
        // Sizes have 32 bits here, whatever they are.
        let low = |size: u64| (size & u64::from(u32::MAX)) as u32;
        (u32_at(rest, 4), u32_at(rest, 8)) == (low(data.packed), low(data.size))
    };
    if u32_at(rest, 0) != data.crc || !same {
        let fault = Fault::corrupt("its checksum or its sizes are not what the archive says");
        walk.skip(&place.member(&shown(&entry.name)), fault);
    }
    Ok(())
}

/// Reads the end: the comment, and whether the directory has the members that were met.
fn end(walk: &mut Walk<'_>, place: &Place, source: &mut Buffered<'_>, same: bool) -> io::Result<()> {
    let fixed = bytes(source, 18)?;
    let comment = u64::from(u16::from_le_bytes([fixed[16], fixed[17]]));
    if !same {
        let fault =
            Fault::corrupt("its directory lists other members than there are; those that are there were looked at");
        walk.skip(place, fault);
    }
    if comment > 0 && walk.admits(place) {
        walk.member(place, "<comment>", &mut Exactly::new(&mut *source, comment), Packing::none(comment));
    }
    walk.behind(place, source)
}
