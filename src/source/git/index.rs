//! Which object is where in a pack: as its index file says, or found out by reading the pack.

use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Mutex;

use gix::ObjectId;
use gix::hash::{Kind as HashKind, oid};
use gix::objs::Kind;
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{data, index};
use gix::zlib::stream::inflate::Measure;

use super::forest::{Forest, NONE};
use super::pack::{HEADER, Pack};
use super::walk::{Object, Visitor};
use crate::blob::SkipReason;
use crate::span::Copied;

/// Objects are numbered by name.
pub(super) enum Index {
    /// From the file beside the pack.
    File(Box<index::File>),
    /// Made by reading the pack, by name.
    Built(Vec<(ObjectId, u64)>),
}

impl Default for Index {
    fn default() -> Self {
        Self::Built(Vec::new())
    }
}

impl Index {
    pub(super) fn open(path: &Path, hash: HashKind) -> Result<Self, String> {
        let file = index::File::at(path, hash).map_err(|e| format!("its index: {e}"))?;
        Ok(Self::File(Box::new(file)))
    }

    pub(super) fn len(&self) -> u32 {
        match self {
            Self::File(file) => file.num_objects(),
            Self::Built(objects) => objects.len() as u32,
        }
    }

    pub(super) fn id(&self, at: u32) -> ObjectId {
        match self {
            Self::File(file) => file.oid_at_index(at).to_owned(),
            Self::Built(objects) => objects[at as usize].0,
        }
    }

    pub(super) fn offset(&self, at: u32) -> u64 {
        match self {
            Self::File(file) => file.pack_offset_at_index(at),
            Self::Built(objects) => objects[at as usize].1,
        }
    }

    pub(super) fn lookup(&self, id: &oid) -> Option<u32> {
        match self {
            Self::File(file) => file.lookup(id),
            Self::Built(objects) => {
                objects.binary_search_by(|(other, _)| other.as_ref().cmp(id)).ok().map(|at| at as u32)
            }
        }
    }

    pub(super) fn pack_checksum(&self) -> Option<ObjectId> {
        match self {
            Self::File(file) => Some(file.pack_checksum()),
            Self::Built(_) => None,
        }
    }

    /// Reads a pack from its first entry to its last. What stopped it before that is the second of the pair.
    pub(super) fn build(pack: &Pack, announced: u32) -> (Self, Option<String>) {
        let (entries, mut trouble) = entries(pack, announced);
        let names = Names { hash: pack.hash(), ids: entries.iter().map(|_| Mutex::new(None)).collect() };
        let mut bases: Vec<u32> = entries.iter().map(|entry| base_by_place(entry, &entries)).collect();
        // A delta can name its base instead of saying where it is; that name is only known once the base has been decoded, and
        // the base can be such a delta itself.
        let mut known = usize::MAX;
        loop {
            Forest::of_entries((0..).zip(&entries).map(|(at, e)| (e.offset, at, e.kind())).collect(), &bases)
                .walk(pack, &names);
            let ids: Vec<Option<ObjectId>> = names.ids.iter().map(|id| *lock(id)).collect();
            let mut by_id: Vec<(ObjectId, u32)> =
                ids.iter().enumerate().filter_map(|(at, id)| id.map(|id| (id, at as u32))).collect();
            by_id.sort_unstable();
            for (base, entry) in bases.iter_mut().zip(&entries).filter(|(base, _)| **base == NONE) {
                if let Header::RefDelta { base_id } = entry.header
                    && let Ok(at) = by_id.binary_search_by_key(&base_id, |(id, _)| *id)
                {
                    *base = by_id[at].1;
                }
            }
            let waiting = bases.iter().zip(&entries).filter(|(b, e)| **b == NONE && e.kind().is_none()).count();
            if waiting == 0 && by_id.len() == entries.len() || by_id.len() == known {
                let lost = entries.len() - by_id.len();
                if lost > 0 && trouble.is_none() {
                    trouble = Some(format!("{lost} of its objects are made from others that it does not have"));
                }
                let objects = by_id.into_iter().map(|(id, at)| (id, entries[at as usize].offset)).collect();
                return (Self::Built(objects), trouble);
            }
            known = by_id.len();
        }
    }
}

struct Found {
    offset: u64,
    header: Header,
}

impl Found {
    fn kind(&self) -> Option<Kind> {
        self.header.as_kind()
    }
}

fn base_by_place(entry: &Found, entries: &[Found]) -> u32 {
    let Header::OfsDelta { base_distance } = entry.header else { return NONE };
    let base = entry.offset.checked_sub(base_distance);
    base.and_then(|base| entries.binary_search_by_key(&base, |e| e.offset).ok()).map_or(NONE, |at| at as u32)
}

/// Every entry, found by decompressing all of them one after the other.
fn entries(pack: &Pack, announced: u32) -> (Vec<Found>, Option<String>) {
    let mut entries = Vec::new();
    let mut measure = Measure::default();
    let mut reader = BufReader::with_capacity(1 << 20, From { pack, offset: Pack::first_entry() });
    let mut offset = Pack::first_entry();
    for nth in 0..announced {
        let stopped = |why: String| Some(format!("it breaks off after {nth} of {announced} objects: {why}"));
        if offset >= pack.end() {
            return (entries, stopped("there is no more of it".into()));
        }
        let entry = match data::Entry::from_read(&mut reader, offset, pack.hash().len_in_bytes()) {
            Ok(entry) => entry,
            Err(error) => return (entries, stopped(error.to_string())),
        };
        let compressed = match measure.read(&mut reader) {
            Ok((size, compressed)) if size == entry.decompressed_size => compressed,
            Ok((size, _)) => return (entries, stopped(format!("{size} of {} bytes", entry.decompressed_size))),
            Err(error) => return (entries, stopped(error.to_string())),
        };
        entries.push(Found { offset, header: entry.header });
        offset = entry.data_offset + compressed;
    }
    (entries, None)
}

/// Reads a pack from a place on.
struct From<'p> {
    pack: &'p Pack,
    offset: u64,
}

impl Read for From<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.pack.end().saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let wanted = out.len().min(left);
        let count = self.pack.read_at(self.offset, &mut out[..wanted])?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// Computes every object's name.
struct Names {
    hash: HashKind,
    ids: Vec<Mutex<Option<ObjectId>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Visitor for Names {
    type Seen = ();
    type Tools = ();

    fn wants(&self, _: Kind) -> bool {
        true
    }

    fn visit(&self, (): &mut (), object: &Object<'_>, _: Option<(&(), &[Copied])>) {
        *lock(&self.ids[object.number as usize]) = gix::objs::compute_hash(self.hash, object.kind, object.data).ok();
    }

    fn unreadable(&self, _: u32, _: u32, _: SkipReason, _: String) {}

    fn stop(&self) -> bool {
        false
    }
}

const _: () = assert!(HEADER < 4096);
