//! Git bundles in other containers or in a pipe: some names and a pack (gitformat-bundle, gitformat-pack). A bundle that is a
//! file has its history scanned as that of a repository, and does not come here.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use flate2::bufread::ZlibDecoder;
use gix::ObjectId;
use gix::hash::Kind as HashKind;
use gix::objs::{Kind as ObjectKind, compute_hash};

use super::guard::{Fault, Guard};
use super::{Packing, Place, Walk};
use crate::blob::SkipReason;
use crate::source::git::delta::Applied;

/// How bundles begin.
pub(super) const MAGIC: [&[u8]; 2] = [b"# v2 git bundle\n", b"# v3 git bundle\n"];

/// What an entry of the pack says that it is.
enum Header {
    Object(ObjectKind),
    /// An edit of the entry with this number.
    Edit(usize),
    /// An edit of an object that has this name.
    EditOf(ObjectId),
}

struct Entry {
    header: Header,
    /// Where its compressed data begin.
    data: usize,
}

/// An object whose edits are looked at.
struct Level {
    kind: ObjectKind,
    data: Vec<u8>,
    edits: Vec<usize>,
}

/// Looks at each object of a bundle.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, bytes: &[u8]) {
    let Some(head) = Head::parse(bytes) else {
        walk.skip(place, Fault::corrupt("it ends within its head"));
        return;
    };
    if walk.admits(place) {
        walk.text(place, "<head>", &mut &bytes[..head.len], Packing::none(head.len as u64));
    }
    let mut bundle = Bundle { walk, place, pack: &bytes[head.len..], hash: head.hash, entries: Vec::new(), lost: 0 };
    if let Some(fault) = bundle.index() {
        bundle.walk.skip(place, fault);
    }
    bundle.resolve();
    let lost = bundle.lost;
    if head.needs || head.filter {
        let what = "it builds on commits that are not in it, or leaves objects out";
        let detail = format!("{what}: {lost} objects were not looked at; scan the whole repository");
        walk.skip(place, Fault::new(SkipReason::IncompleteHistory, detail));
    } else if lost > 0 {
        let what = format_args!("{lost} of its objects could not be made from others, and were not looked at");
        walk.skip(place, Fault::corrupt(what));
    }
}

/// What is written before the pack.
struct Head {
    hash: HashKind,
    needs: bool,
    filter: bool,
    len: usize,
}

impl Head {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut head = Self { hash: HashKind::Sha1, needs: false, filter: false, len: 0 };
        loop {
            let rest = &bytes[head.len..];
            let end = memchr::memchr(b'\n', rest)?;
            head.len += end + 1;
            match &rest[..end] {
                [] => return Some(head),
                b"@object-format=sha256" => head.hash = HashKind::Sha256,
                [b'-', ..] => head.needs = true,
                line => head.filter |= line.starts_with(b"@filter"),
            }
        }
    }
}

struct Bundle<'b, 'w> {
    walk: &'b mut Walk<'w>,
    place: &'b Place,
    pack: &'b [u8],
    hash: HashKind,
    entries: Vec<Entry>,
    /// How many objects could not be looked at.
    lost: u64,
}

impl Bundle<'_, '_> {
    /// The largest object that is looked at, in bytes.
    fn largest(&self) -> u64 {
        self.place.memory / 8
    }

    /// Finds where each entry begins. Says what stopped it.
    fn index(&mut self) -> Option<Fault> {
        let [b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, a, b, c, d, ..] = *self.pack else {
            return Some(Fault::corrupt("there is no pack in it"));
        };
        let announced = u32::from_be_bytes([a, b, c, d]);
        let most = self.place.memory / 4 / size_of::<Entry>() as u64;
        let mut places: HashMap<usize, usize> = HashMap::new();
        let mut at = 12;
        for number in 0..announced {
            if u64::from(number) >= most {
                let detail =
                    format!("more than {most} objects, and no more were looked at; scan the repository itself");
                return Some(Fault::new(SkipReason::TooLarge, detail));
            }
            let entry = self.entry(at, &places);
            let end = entry.as_ref().and_then(|entry| self.inflate(entry.data, None)).map(|(_, end)| end);
            let (Some(entry), Some(end)) = (entry, end) else {
                let what = format_args!("its pack breaks off after {number} of {announced} objects");
                return Some(Fault::corrupt(what));
            };
            places.insert(at, self.entries.len());
            self.entries.push(entry);
            at = end;
        }
        let rest = self.pack.len() - at;
        (rest != self.hash.len_in_bytes()).then(|| Fault::corrupt("its pack does not end where it says"))
    }

    /// The head of the entry at `at`.
    fn entry(&self, at: usize, places: &HashMap<usize, usize>) -> Option<Entry> {
        let mut data = at;
        let mut next = || {
            data += 1;
            self.pack.get(data - 1).copied()
        };
        let first = next()?;
        let mut byte = first;
        // The size, which the data tell too.
        while byte & 0x80 != 0 {
            byte = next()?;
        }
        let header = match first >> 4 & 7 {
            1 => Header::Object(ObjectKind::Commit),
            2 => Header::Object(ObjectKind::Tree),
            3 => Header::Object(ObjectKind::Blob),
            4 => Header::Object(ObjectKind::Tag),
            6 => {
                let mut byte = next()?;
                let mut distance = usize::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = next()?;
                    distance = distance.checked_add(1)?.checked_mul(128)? | usize::from(byte & 0x7f);
                }
                Header::Edit(*places.get(&at.checked_sub(distance)?)?)
            }
            7 => {
                let id = self.pack.get(data..data + self.hash.len_in_bytes())?;
                data += id.len();
                Header::EditOf(ObjectId::try_from(id).ok()?)
            }
            _ => return None,
        };
        Some(Entry { header, data })
    }

    /// Decompresses the data at `at`, into memory if a limit is given. Says where it ends.
    fn inflate(&self, at: usize, limit: Option<u64>) -> Option<(Vec<u8>, usize)> {
        let rest = self.pack.get(at..)?;
        let packed = Arc::new(AtomicU64::new(rest.len() as u64));
        let mut guard = Guard::new(ZlibDecoder::new(rest), Some(self.walk.gauge(packed)));
        let mut bytes = Vec::new();
        match limit {
            Some(limit) => {
                (&mut guard).take(limit + 1).read_to_end(&mut bytes).ok()?;
                if bytes.len() as u64 > limit {
                    return None;
                }
            }
            None => drop(std::io::copy(&mut guard, &mut std::io::sink()).ok()?),
        }
        let left = guard.into_inner().into_inner().len();
        Some((bytes, self.pack.len() - left))
    }

    /// Makes each object, the edits of one right after it, so that only those it is made from are held.
    fn resolve(&mut self) {
        let (mut edits, mut named): (HashMap<usize, Vec<usize>>, HashMap<ObjectId, Vec<usize>>) = Default::default();
        for (number, entry) in self.entries.iter().enumerate() {
            match &entry.header {
                Header::Object(_) => {}
                Header::Edit(base) => edits.entry(*base).or_default().push(number),
                Header::EditOf(id) => named.entry(*id).or_default().push(number),
            }
        }
        let mut made = 0;
        for number in 0..self.entries.len() {
            let Header::Object(kind) = self.entries[number].header else { continue };
            let Some((data, _)) = self.inflate(self.entries[number].data, Some(self.largest())) else { continue };
            let (mut levels, mut held): (Vec<Level>, u64) = (Vec::new(), 0);
            let mut object = Some((number, Level { kind, data, edits: Vec::new() }));
            loop {
                if let Some((number, mut level)) = object.take() {
                    let Some(id) = self.hand_over(&level) else { return };
                    made += 1;
                    level.edits = edits.remove(&number).unwrap_or_default();
                    level.edits.extend(named.remove(&id).unwrap_or_default());
                    held += level.data.len() as u64;
                    levels.push(level);
                }
                let Some(level) = levels.last_mut() else { break };
                match level.edits.pop() {
                    Some(number) => object = self.edited(number, level, held).map(|level| (number, level)),
                    None => held -= levels.pop().map_or(0, |level| level.data.len() as u64),
                }
            }
        }
        self.lost = self.entries.len() as u64 - made;
    }

    /// The object that an edit makes of `base`, while so many bytes are held; `None` if it is not sound, or there is no memory for
    /// it.
    fn edited(&self, number: usize, base: &Level, held: u64) -> Option<Level> {
        let (delta, _) = self.inflate(self.entries[number].data, Some(self.largest()))?;
        let room = (self.place.memory / 2).checked_sub(held)?;
        let mut applied = Applied::default();
        applied.apply(&base.data, &delta, room.min(self.largest())).ok()?;
        Some(Level { kind: base.kind, data: applied.data, edits: Vec::new() })
    }

    /// Hands over an object, and says its name; `None` if all is to stop.
    fn hand_over(&mut self, object: &Level) -> Option<ObjectId> {
        let id = compute_hash(self.hash, object.kind, &object.data).ok()?;
        if !self.walk.admits(self.place) {
            return None;
        }
        let name = format!("{}/{id}", object.kind);
        let size = Some(object.data.len() as u64);
        let packing = Packing { size, gauge: Some(self.walk.gauge(Arc::new(AtomicU64::new(self.pack.len() as u64)))) };
        match object.kind {
            ObjectKind::Blob => drop(self.walk.member(self.place, &name, &mut &*object.data, packing)),
            ObjectKind::Tree => {
                let names = names(&object.data, self.hash.len_in_bytes());
                self.walk.text(self.place, &name, &mut &*names, Packing::none(names.len() as u64));
            }
            _ => self.walk.text(self.place, &name, &mut &*object.data, packing),
        }
        Some(id)
    }
}

/// The names in a tree, a line for each.
fn names(tree: &[u8], id: usize) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), tree);
    while let Some(end) = memchr::memchr(0, rest) {
        let name = rest[..end].splitn(2, |&b| b == b' ').nth(1).unwrap_or(&rest[..end]);
        out.extend(name);
        out.push(b'\n');
        rest = rest.get(end + 1 + id..).unwrap_or_default();
    }
    out.extend(rest);
    out
}
