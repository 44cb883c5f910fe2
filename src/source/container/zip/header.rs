//! The two headers of a member, and what is at the end of the archive.

use std::io::{self, BufRead};

use super::bytes;
use crate::source::container::guard::damaged;

/// Begins the header before a member.
pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Begins a member's entry in the directory.
pub(super) const CENTRAL: [u8; 4] = *b"PK\x01\x02";
/// Begins the end of the directory.
pub(super) const END: [u8; 4] = *b"PK\x05\x06";
/// Begins the end of a directory with numbers of 64 bits.
pub(super) const END64: [u8; 4] = *b"PK\x06\x06";
/// Begins what says where that is.
pub(super) const LOCATOR: [u8; 4] = *b"PK\x06\x07";
/// Begins what is written behind a member whose size was not known before; can be missing there.
pub(super) const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// What either header says of a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    pub(super) name: Vec<u8>,
    /// Where the header before the member is; 0 in that header itself.
    pub(super) offset: u64,
    pub(super) comment: Vec<u8>,
    /// Whether sizes have 64 bits.
    pub(super) wide: bool,
    /// Length of the header.
    pub(super) len: u64,
}

impl Entry {
    /// Whether sizes and checksum stand behind the data.
    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }

    /// Whether its data, or what would tell about them, is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & 0x2041 != 0 || self.method == 99
    }

    /// Whether it is a folder, which has no data.
    pub(super) fn is_folder(&self) -> bool {
        self.packed == 0 && self.size == 0 && self.name.ends_with(b"/")
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// Reads the header before a member, behind its first four bytes.
pub(super) fn local(input: &mut (impl BufRead + ?Sized)) -> io::Result<Entry> {
    let fixed = bytes(input, 26)?;
    let (name, extra) = (u16_at(&fixed, 22), u16_at(&fixed, 24));
    let mut entry = common(&fixed[2..]);
    entry.name = bytes(input, name.into())?;
    let extra = bytes(input, extra.into())?;
    entry.len = 30 + entry.name.len() as u64 + extra.len() as u64;
    widen(&mut entry, &extra, None);
    Ok(entry)
}

/// Reads an entry of the directory, behind its first four bytes.
pub(super) fn central(input: &mut (impl BufRead + ?Sized)) -> io::Result<Entry> {
    let fixed = bytes(input, 42)?;
    let [name, extra, comment] = [24, 26, 28].map(|at| usize::from(u16_at(&fixed, at)));
    let mut entry = common(&fixed[4..]);
    let offset = u32_at(&fixed, 38);
    entry.offset = offset.into();
    entry.name = bytes(input, name)?;
    let extra = bytes(input, extra)?;
    entry.comment = bytes(input, comment)?;
    entry.len = (46 + name + extra.len() + comment) as u64;
    widen(&mut entry, &extra, Some(offset));
    Ok(entry)
}

/// The fields that both have, in the same order.
fn common(fixed: &[u8]) -> Entry {
    Entry {
        flags: u16_at(fixed, 0),
        method: u16_at(fixed, 2),
        crc: u32_at(fixed, 8),
        packed: u32_at(fixed, 12).into(),
        size: u32_at(fixed, 16).into(),
        ..Entry::default()
    }
}

/// Takes the numbers of 64 bits for those that have no room in 32.
fn widen(entry: &mut Entry, mut extra: &[u8], offset: Option<u32>) {
    const WIDE: u16 = 1;
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let Some(field) = extra.get(4..4 + len) else { return };
        extra = &extra[4 + len..];
        if id != WIDE {
            continue;
        }
        entry.wide = true;
        let mut numbers = field.chunks_exact(8).map(|number| u64_at(number, 0));
        let full = u64::from(u32::MAX);
        for target in [&mut entry.size, &mut entry.packed] {
            if *target == full {
                *target = numbers.next().unwrap_or(full);
            }
        }
        if offset == Some(u32::MAX) {
            entry.offset = numbers.next().unwrap_or(full);
        }
    }
}

/// The end of the directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// Where it begins, with what there is of 64 bits.
    pub(super) start: u64,
    /// Where it ends, its comment included.
    pub(super) end: u64,
    /// Length of the comment.
    pub(super) comment: u64,
    /// Entries of the directory, and whether more than 16 bits of the number are known.
    pub(super) entries: u64,
    pub(super) exact: bool,
    pub(super) size: u64,
    pub(super) offset: u64,
    /// Whether the archive has several volumes.
    pub(super) volumes: bool,
}

impl End {
    /// Reads it from its fixed part, which begins at `start`.
    pub(super) fn parse(fixed: &[u8], start: u64) -> Self {
        let comment = u64::from(u16_at(fixed, 20));
        Self {
            start,
            end: start + 22 + comment,
            comment,
            entries: u16_at(fixed, 10).into(),
            exact: false,
            size: u32_at(fixed, 12).into(),
            offset: u32_at(fixed, 16).into(),
            volumes: !matches!(u16_at(fixed, 4), 0 | u16::MAX) || !matches!(u16_at(fixed, 6), 0 | u16::MAX),
        }
    }

    /// Takes the numbers of 64 bits from the fixed part of what has them, which begins at `start`.
    pub(super) fn widen(&mut self, fixed: &[u8], start: u64) -> io::Result<()> {
        if fixed.len() < 56 || fixed[..4] != END64 {
            return Err(damaged("the end of the directory is not where it says"));
        }
        *self = Self {
            start,
            entries: u64_at(fixed, 32),
            exact: true,
            size: u64_at(fixed, 40),
            offset: u64_at(fixed, 48),
            volumes: u32_at(fixed, 16) != 0 || u32_at(fixed, 20) != 0,
            ..*self
        };
        Ok(())
    }
}
