//! All objects of a repository: those of its packs, its loose ones, and those it borrows from others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::ObjectId;
use gix::hash::{Kind as HashKind, oid};
use gix::objs::Kind;
use gix::odb::loose;
use gix::odb::pack::data::entry::Header;
use lru::LruCache;

use super::delta::Applied;
use super::pack::{Buffers, OBJECT_LIMIT, Pack, Trouble};
use super::walk::broken;
use crate::blob::{SkipReason, Skipped};
use crate::source::file;

/// Git makes no longer chains of deltas than this.
const LONGEST_CHAIN: usize = 4096;

/// Decoded objects that one [`Finder`] keeps, in bytes.
const KEPT: usize = 24 << 20;

/// Larger objects are not kept.
const KEPT_EACH: usize = KEPT / 8;

/// All objects of a repository.
pub struct Objects {
    hash: HashKind,
    /// Its packs.
    pub packs: Vec<Pack>,
    folders: Vec<loose::Store>,
    /// The names of the loose objects, in order, each with the number of its folder.
    pub loose: Vec<(ObjectId, u32)>,
    /// Whether the loose objects are listed; else each is looked for when it is asked for.
    listed: bool,
}

impl Objects {
    /// Opens the packs of object folders and lists their loose objects. Trouble goes to `skipped`, where the folders are called `shown`.
    #[must_use]
    pub fn open(folders: &[PathBuf], hash: HashKind, shown: &str, skipped: &mut Vec<Skipped>) -> Self {
        let mut objects = Self::for_lookup(folders, hash, shown, skipped);
        for (number, folder) in (0..).zip(folders) {
            objects.list_loose(folder, number, shown, skipped);
        }
        objects.listed = true;
        objects.loose.sort_unstable();
        objects.loose.dedup_by_key(|(id, _)| *id);
        let packs = &objects.packs;
        objects.loose.retain(|(id, _)| packs.iter().all(|pack| pack.lookup(id).is_none()));
        objects
    }

    /// The same without a list of the loose objects, for who wants few of them.
    #[must_use]
    pub fn for_lookup(folders: &[PathBuf], hash: HashKind, shown: &str, skipped: &mut Vec<Skipped>) -> Self {
        let mut objects = Self { hash, packs: Vec::new(), folders: Vec::new(), loose: Vec::new(), listed: false };
        let limit = usize::try_from(OBJECT_LIMIT).ok();
        let options = loose::Options { alloc_limit_bytes: limit, ..loose::Options::default() };
        for folder in folders {
            objects.open_packs(&folder.join("pack"), shown, skipped);
            objects.folders.push(loose::Store::at_opts(folder, hash, options));
        }
        objects
    }

    /// The objects of one pack, as a bundle has it.
    #[must_use]
    pub fn of_pack(pack: Pack, hash: HashKind) -> Self {
        Self { hash, packs: vec![pack], folders: Vec::new(), loose: Vec::new(), listed: true }
    }

    fn open_packs(&mut self, folder: &Path, shown: &str, skipped: &mut Vec<Skipped>) {
        let names = match file::names(folder) {
            Ok(names) => names,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return skipped.push(file::unreadable(&format!("{shown}/objects/pack"), &error)),
        };
        let mut packs: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".pack")).collect();
        packs.sort_unstable();
        for name in packs {
            let shown = format!("{shown}/objects/pack/{name}.pack");
            let index = folder.join(format!("{name}.idx"));
            let why = match Pack::open(&index, self.hash) {
                Ok(pack) if pack.is_another() => "its index is that of another pack".to_owned(),
                Ok(pack) => {
                    self.packs.push(pack);
                    continue;
                }
                Err(why) => why,
            };
            // Whatever is wrong with the index, the pack itself may be sound.
            match Pack::indexed_anew(&folder.join(format!("{name}.pack")), 0, self.hash) {
                Ok((pack, None)) => self.packs.push(pack),
                Ok((pack, Some(trouble))) => {
                    self.packs.push(pack);
                    let detail = format!("{trouble}; what could be read of it was scanned; get it from another clone");
                    skipped.push(Skipped::new(shown, SkipReason::Corrupt, detail));
                }
                Err(_) => {
                    let detail = format!("{why}; get it from another clone");
                    skipped.push(Skipped::new(shown, SkipReason::Corrupt, detail));
                }
            }
        }
        // An index whose pack is gone names objects that nobody can read any more.
        for name in names.iter().filter_map(|name| name.strip_suffix(".idx")) {
            if !names.iter().any(|other| other.strip_suffix(".pack") == Some(name)) {
                let what = format!("{shown}/objects/pack/{name}.idx");
                let detail = "the pack of this index is missing; get it from another clone";
                skipped.push(Skipped::new(what, SkipReason::MissingObjects, detail));
            }
        }
    }

    fn list_loose(&mut self, folder: &Path, number: u32, shown: &str, skipped: &mut Vec<Skipped>) {
        let names = match file::names(folder) {
            Ok(names) => names,
            Err(error) => return skipped.push(file::unreadable(&format!("{shown}/objects"), &error)),
        };
        let is_hex = |name: &str| name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        for first in names.iter().filter(|name| name.len() == 2 && is_hex(name)) {
            match file::names(&folder.join(first)) {
                Ok(rest) => {
                    let ids = rest.iter().filter(|name| name.len() + 2 == self.hash.len_in_hex() && is_hex(name));
                    let ids = ids.filter_map(|name| ObjectId::from_hex(format!("{first}{name}").as_bytes()).ok());
                    self.loose.extend(ids.map(|id| (id, number)));
                }
                Err(error) => skipped.push(file::unreadable(&format!("{shown}/objects/{first}"), &error)),
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        u64::from(self.packed_len()) + self.loose.len() as u64
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kind of hash that names them.
    #[must_use]
    pub fn hash(&self) -> HashKind {
        self.hash
    }

    /// Whether there is an object of this name.
    #[must_use]
    pub fn contains(&self, id: &oid) -> bool {
        self.packs.iter().any(|pack| pack.lookup(id).is_some()) || self.loose_folder(id).is_some()
    }

    /// The pack that has an object, and its number there.
    #[must_use]
    pub fn packed(&self, id: &oid) -> Option<(u32, u32)> {
        (0..).zip(&self.packs).find_map(|(at, pack)| pack.lookup(id).map(|number| (at, number)))
    }

    /// The packs, each with the number of its first object among all objects.
    pub fn numbered_packs(&self) -> impl Iterator<Item = (u32, &Pack)> {
        let mut first = 0;
        self.packs.iter().map(move |pack| {
            let own = first;
            first += pack.len();
            (own, pack)
        })
    }

    /// The number of an object among all: those of the packs one after the other, then the loose ones.
    #[must_use]
    pub fn number(&self, id: &oid) -> Option<u32> {
        let packed = self.numbered_packs().find_map(|(first, pack)| pack.lookup(id).map(|number| first + number));
        packed.or_else(|| {
            let at = self.loose.binary_search_by(|(other, _)| other.as_ref().cmp(id)).ok()?;
            Some(self.packed_len() + at as u32)
        })
    }

    /// The name of an object.
    #[must_use]
    pub fn id(&self, number: u32) -> ObjectId {
        let in_pack =
            self.numbered_packs().find(|(first, pack)| number - first.min(&number) < pack.len() && number >= *first);
        match in_pack {
            Some((first, pack)) => pack.id(number - first),
            None => self.loose[(number - self.packed_len()) as usize].0,
        }
    }

    /// How many of them packs have; these have the lowest numbers.
    #[must_use]
    pub fn packed_len(&self) -> u32 {
        self.packs.iter().map(Pack::len).sum()
    }

    /// A number by which objects that are near each other in a pack sort together.
    #[must_use]
    pub fn place(&self, id: &oid) -> (u32, u64) {
        let place = |(pack, number): (u32, u32)| (pack, self.packs[pack as usize].offset(number));
        self.packed(id).map_or((u32::MAX, 0), place)
    }

    fn loose_folder(&self, id: &oid) -> Option<&loose::Store> {
        if !self.listed {
            return self.folders.iter().find(|folder| folder.contains(id));
        }
        let at = self.loose.binary_search_by(|(other, _)| other.as_ref().cmp(id)).ok()?;
        self.folders.get(self.loose[at].1 as usize)
    }

    /// Reads objects by name.
    #[must_use]
    pub fn finder(&self) -> Finder<'_> {
        Finder {
            objects: self,
            kept: LruCache::unbounded(),
            bytes: 0,
            buffers: Buffers::default(),
            raw: Vec::new(),
            applied: Applied::default(),
        }
    }
}

/// A decoded object.
pub type Found = (Kind, Arc<Vec<u8>>);

/// Reads objects by name, and keeps some for those that are made from them.
pub struct Finder<'o> {
    objects: &'o Objects,
    /// By the pack's number and the offset.
    kept: LruCache<(u32, u64), Found>,
    bytes: usize,
    buffers: Buffers,
    raw: Vec<u8>,
    applied: Applied,
}

impl Finder<'_> {
    /// Reads an object; there may be none of this name.
    ///
    /// # Errors
    /// Why it cannot be read, for the ledger.
    pub fn find(&mut self, id: &oid) -> Result<Option<Found>, (SkipReason, String)> {
        if let Some((pack, number)) = self.objects.packed(id) {
            let offset = self.objects.packs[pack as usize].offset(number);
            return self.packed(pack, offset).map(Some);
        }
        let Some(folder) = self.objects.loose_folder(id) else { return Ok(None) };
        let mut data = Vec::new();
        match folder.try_find(id, &mut data) {
            Ok(Some(found)) => {
                let kind = found.kind;
                Ok(Some((kind, Arc::new(data))))
            }
            Ok(None) => Ok(None),
            Err(error) => Err((SkipReason::Corrupt, error.to_string())),
        }
    }

    fn packed(&mut self, pack_number: u32, offset: u64) -> Result<Found, Trouble> {
        let pack = &self.objects.packs[pack_number as usize];
        let mut deltas = Vec::new();
        let mut at = offset;
        let (kind, mut data) = loop {
            if let Some((kind, data)) = self.kept.get(&(pack_number, at)) {
                break (*kind, data.clone());
            }
            let base = match pack.read_entry(at, &mut self.buffers, &mut self.raw)? {
                Header::OfsDelta { base_distance } => at.checked_sub(base_distance),
                Header::RefDelta { base_id } => pack.lookup(&base_id).map(|number| pack.offset(number)),
                header => {
                    let kind = header.as_kind().unwrap_or(Kind::Blob);
                    let data = Arc::new(std::mem::take(&mut self.raw));
                    self.keep((pack_number, at), kind, &data);
                    break (kind, data);
                }
            };
            deltas.push((at, std::mem::take(&mut self.raw)));
            at = base.ok_or_else(|| (SkipReason::Corrupt, "the object it is made from is not in the pack".into()))?;
            if deltas.len() > LONGEST_CHAIN {
                return Err((
                    SkipReason::Corrupt,
                    "it is made from itself, or by a longer chain than git makes".into(),
                ));
            }
        };
        while let Some((at, delta)) = deltas.pop() {
            self.applied.apply(&data, &delta, OBJECT_LIMIT).map_err(broken)?;
            data = Arc::new(std::mem::take(&mut self.applied.data));
            self.keep((pack_number, at), kind, &data);
            self.raw = delta;
        }
        Ok((kind, data))
    }

    fn keep(&mut self, place: (u32, u64), kind: Kind, data: &Arc<Vec<u8>>) {
        if data.len() > KEPT_EACH {
            return;
        }
        self.bytes += data.len();
        if let Some((_, old)) = self.kept.put(place, (kind, data.clone())) {
            self.bytes -= old.len();
        }
        while self.bytes > KEPT
            && let Some((_, (_, old))) = self.kept.pop_lru()
        {
            self.bytes -= old.len();
        }
    }
}
