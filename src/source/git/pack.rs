//! A pack file: its entries by offset, its objects by name.
//!
//! Entries are read at their place and not through a map of the whole file: a map's pages count as this process's memory once
//! they are touched, and a pack of many gigabytes is touched from end to end.
#![expect(clippy::disallowed_methods, reason = "reading packs is what this module is for")]

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use gix::ObjectId;
use gix::hash::{Kind as HashKind, oid};
use gix::odb::pack::data;
use gix::odb::pack::data::entry::Header;
use gix::zlib::{Inflate, Status};

use super::index::Index;
use crate::blob::SkipReason;

/// Objects larger than this are not decoded, in bytes.
pub const OBJECT_LIMIT: u64 = 512 << 20;

/// zlib cannot make more of a byte than this (RFC 1951: a match of 258 bytes takes two bits).
const ZLIB_RATIO: u64 = 1032;

/// The most bytes of an entry before its compressed data: a size of ten bytes, a name or a distance.
pub(super) const HEADER: usize = 10 + 32;

/// What of an entry is read at first; most are smaller.
const FIRST_READ: u64 = 4096;

/// The signature, the version, the number of objects.
const PACK_HEADER: u64 = 12;

/// A pack with its index.
pub struct Pack {
    file: File,
    /// Where the pack begins in its file: a bundle has a head of its own before it.
    start: u64,
    /// Where the last entry ends, from the start of the pack.
    end: u64,
    hash: HashKind,
    index: Index,
    by_prefix: OnceLock<ByPrefix>,
}

/// Finds an object by the first eight bytes of its name: of names, which are random, few share the first two, and those
/// stand together.
struct ByPrefix {
    /// Where the names that begin with each two bytes begin in `prefixes`; one more at the end.
    starts: Vec<u32>,
    prefixes: Vec<u64>,
}

impl ByPrefix {
    fn new(index: &Index) -> Self {
        let prefixes: Vec<u64> = (0..index.len()).map(|at| prefix(&index.id(at))).collect();
        let mut starts = vec![0; (1 << 16) + 1];
        prefixes.iter().for_each(|prefix| starts[(prefix >> 48) as usize + 1] += 1);
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Self { starts, prefixes }
    }

    /// The numbers of the objects that begin like `id`.
    fn find(&self, id: &oid) -> std::ops::Range<u32> {
        let wanted = prefix(id);
        let group = (wanted >> 48) as usize;
        let (start, end) = (self.starts[group], self.starts[group + 1]);
        let group = &self.prefixes[start as usize..end as usize];
        // A forged index can give all names the same beginning.
        let first = group.partition_point(|prefix| *prefix < wanted) as u32;
        let last = group.partition_point(|prefix| *prefix <= wanted) as u32;
        start + first..start + last.max(first)
    }
}

fn prefix(id: &oid) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&id.as_bytes()[..8]);
    u64::from_be_bytes(first)
}

/// Why an object cannot be read, for the ledger.
pub(super) type Trouble = (SkipReason, String);

fn corrupt(why: impl Into<String>) -> Trouble {
    (SkipReason::Corrupt, why.into())
}

/// What is used again from one entry to the next.
#[derive(Default)]
pub(super) struct Buffers {
    compressed: Vec<u8>,
    inflate: Inflate,
}

impl Pack {
    /// Opens the pack whose index is at `index`.
    ///
    /// # Errors
    /// What is wrong with either file.
    pub fn open(index: &Path, hash: HashKind) -> Result<Self, String> {
        let mut pack = Self::without_index(&index.with_extension("pack"), 0, hash)?;
        pack.index = Index::open(index, hash)?;
        let (objects, indexed) = (pack.announced()?, pack.index.len());
        if objects != indexed {
            return Err(format!("the pack has {objects} objects, its index {indexed}"));
        }
        Ok(pack)
    }

    /// Opens a pack that has no index, or a broken one, and makes one by reading all of it. What could not be read is the second
    /// of the pair.
    ///
    /// # Errors
    /// It cannot be opened or is no pack.
    pub fn indexed_anew(path: &Path, start: u64, hash: HashKind) -> Result<(Self, Option<String>), String> {
        let mut pack = Self::without_index(path, start, hash)?;
        let (index, trouble) = Index::build(&pack, pack.announced()?);
        pack.index = index;
        Ok((pack, trouble))
    }

    fn without_index(path: &Path, start: u64, hash: HashKind) -> Result<Self, String> {
        let fail = |e: io::Error| format!("the pack cannot be read: {e}");
        let file = File::open(path).map_err(fail)?;
        let len = file.metadata().map_err(fail)?.len();
        let end = len.saturating_sub(start).saturating_sub(hash.len_in_bytes() as u64);
        let pack = Self { file, start, end, hash, index: Index::default(), by_prefix: OnceLock::new() };
        pack.announced()?;
        Ok(pack)
    }

    /// How many objects its head says it has.
    fn announced(&self) -> Result<u32, String> {
        let mut head = [0; PACK_HEADER as usize];
        let read = self.read_at(0, &mut head).map_err(|e| format!("the pack cannot be read: {e}"))?;
        if read < head.len() {
            return Err("the pack is shorter than its own head".into());
        }
        data::header::decode(&head).map(|(_, objects)| objects).map_err(|e| format!("the pack's head: {e}"))
    }

    /// How many objects it has.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.index.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of one of its objects; they are numbered by name.
    #[must_use]
    pub fn id(&self, at: u32) -> ObjectId {
        self.index.id(at)
    }

    /// Its objects' names, in order.
    pub fn ids(&self) -> impl Iterator<Item = ObjectId> {
        (0..self.len()).map(|at| self.id(at))
    }

    /// The number of an object.
    #[must_use]
    pub fn lookup(&self, id: &oid) -> Option<u32> {
        match self.by_prefix.get() {
            Some(table) => match table.find(id) {
                range if range.len() <= 1 => {
                    Some(range.start).filter(|&number| !range.is_empty() && *self.index.id(number) == *id)
                }
                _ => self.index.lookup(id),
            },
            None => self.index.lookup(id),
        }
    }

    /// Makes look-ups fast, for when there will be many.
    pub fn expect_lookups(&self) {
        self.by_prefix.get_or_init(|| ByPrefix::new(&self.index));
    }

    /// A name for the pack's content: the checksum at its end.
    #[must_use]
    pub fn checksum(&self) -> ObjectId {
        let mut bytes = vec![0; self.hash.len_in_bytes()];
        match self.read_at(self.end, &mut bytes) {
            Ok(read) if read == bytes.len() => ObjectId::from_bytes_or_panic(&bytes),
            _ => self.hash.null(),
        }
    }

    /// The checksum that its index says it has, if that is not the one it has.
    #[must_use]
    pub fn is_another(&self) -> bool {
        self.index.pack_checksum().is_some_and(|expected| expected != self.checksum())
    }

    pub(super) fn offset(&self, at: u32) -> u64 {
        self.index.offset(at)
    }

    /// Where the first entry begins.
    pub(super) fn first_entry() -> u64 {
        PACK_HEADER
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn hash(&self) -> HashKind {
        self.hash
    }

    /// Reads as much of `out` as there is, from `offset` of the pack on.
    pub(super) fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while read < out.len() {
            match read_once(&self.file, &mut out[read..], self.start + offset + read as u64) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    /// Decompresses the entry at `offset` into `out`: an object, or the delta that makes it.
    pub(super) fn read_entry(&self, offset: u64, buffers: &mut Buffers, out: &mut Vec<u8>) -> Result<Header, Trouble> {
        let left = self.end.checked_sub(offset).ok_or_else(|| corrupt("its place is beyond the end of the pack"))?;
        let Buffers { compressed, inflate } = buffers;
        self.fill(offset, left.min(FIRST_READ), compressed)?;
        let entry = data::Entry::from_bytes(compressed, offset, self.hash)
            .map_err(|e| corrupt(format!("its entry in the pack cannot be read: {e}")))?;
        let size = entry.decompressed_size;
        if size > OBJECT_LIMIT {
            return Err((SkipReason::TooLarge, format!("{size} bytes, more than the limit of {OBJECT_LIMIT}")));
        }
        if size > left.saturating_mul(ZLIB_RATIO) {
            return Err(corrupt("it says it is larger than its bytes can make"));
        }
        let head = (entry.data_offset - offset) as usize;
        // Deflate never makes more of its input than this (zlib's `compressBound`).
        let most = head as u64 + size + (size >> 8) + 64;
        if most > compressed.len() as u64 && left > compressed.len() as u64 {
            self.fill(offset, left.min(most), compressed)?;
        }
        out.clear();
        // One byte more than there is: only when it looks for more does it come to the checksum.
        out.resize(size as usize + 1, 0);
        inflate.reset();
        let (status, _, made) =
            inflate.once(&compressed[head..], out).map_err(|e| corrupt(format!("it cannot be decompressed: {e}")))?;
        out.truncate(made);
        if made as u64 != size || status != Status::StreamEnd {
            return Err(corrupt(format!("it has {made} of {size} bytes")));
        }
        Ok(entry.header)
    }

    fn fill(&self, offset: u64, len: u64, out: &mut Vec<u8>) -> Result<(), Trouble> {
        out.resize(len as usize, 0);
        let unreadable = |e: io::Error| (SkipReason::Unreadable, format!("the pack cannot be read: {e}"));
        let read = self.read_at(offset, out).map_err(unreadable)?;
        out.truncate(read);
        Ok(())
    }
}

#[cfg(unix)]
fn read_once(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, offset)
}

#[cfg(windows)]
fn read_once(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, offset)
}
