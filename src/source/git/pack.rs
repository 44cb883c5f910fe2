//! Packs: every object decoded once, each delta on top of its base, on all cores.
//!
//! A pack stores most objects as edits of others. Read one by one, a base is decoded again for each object made from
//! it; walked as the forest that the edits form, each object is decoded exactly once, and what it copies from its base
//! is known.

use std::path::Path;
use std::sync::Arc;

use gix::hash::{Kind as HashKind, ObjectId};
use gix::objs::Kind;
use gix::odb::pack;
use gix::zlib::Inflate;
use pack::data::entry::Header;

use super::delta;
use crate::span::Copied;

/// Objects larger than this are not decoded, in bytes.
pub const OBJECT_LIMIT: u64 = 512 << 20;

/// zlib cannot make more of a byte than this (RFC 1951: a match of 258 bytes takes two bits).
const ZLIB_RATIO: u64 = 1032;

/// Families with at least so many members below one object are shared among threads.
const SPLIT: u32 = 64;

/// Looks at objects as they are decoded.
pub trait Visitor: Sync {
    /// What is remembered of an object for those made from it.
    type Seen: Send + Sync;

    /// Whether objects of a kind are wanted; of the others nothing is decoded.
    fn wants(&self, kind: Kind) -> bool;

    /// Looks at an object: all of it, or, where it was made from another, what is not `copied` from that.
    fn visit(&self, object: &Object<'_>, base: Option<(&Self::Seen, &[Copied])>) -> Self::Seen;

    /// An object that could not be decoded, and all that are made from it.
    fn corrupt(&self, id: ObjectId, below: u32, why: String);

    /// Whether to stop early.
    fn stop(&self) -> bool;
}

/// A decoded object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'o> {
    /// Its name.
    pub id: ObjectId,
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub data: &'o [u8],
}

/// A pack with its index.
pub struct Pack {
    data: pack::data::File,
    index: pack::index::File,
}

impl Pack {
    /// Opens the pack whose index is at `index`.
    ///
    /// # Errors
    /// What is wrong with either file.
    pub fn open(index: &Path, hash: HashKind) -> Result<Self, String> {
        let data = pack::data::File::at(index.with_extension("pack"), hash).map_err(|e| format!("the pack: {e}"))?;
        let index = pack::index::File::at(index, hash).map_err(|e| format!("its index: {e}"))?;
        if data.num_objects() != index.num_objects() {
            return Err(format!("the pack has {} objects, its index {}", data.num_objects(), index.num_objects()));
        }
        Ok(Self { data, index })
    }

    /// How many objects it has.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.index.num_objects()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its objects' names.
    pub fn ids(&self) -> impl Iterator<Item = ObjectId> {
        (0..self.len()).map(|at| self.index.oid_at_index(at).to_owned())
    }

    /// Hands every wanted object to `visitor`, on all threads of the current pool.
    pub fn walk<V: Visitor>(&self, visitor: &V) {
        let forest = Forest::read(self, visitor);
        let walk = Walk { pack: self, forest: &forest, visitor };
        rayon::scope(|scope| {
            // The largest families first, so that no core is left alone with one at the end.
            let mut roots = forest.roots.clone();
            roots.sort_by_key(|&root| std::cmp::Reverse(forest.below[root as usize]));
            let (large, small): (Vec<u32>, Vec<u32>) =
                roots.into_iter().partition(|&root| forest.below[root as usize] >= SPLIT);
            let walk = &walk;
            for root in large {
                scope.spawn(move |scope| walk.family(scope, root, None));
            }
            for batch in small.chunks(256) {
                let batch = batch.to_vec();
                scope.spawn(move |scope| batch.into_iter().for_each(|root| walk.family(scope, root, None)));
            }
        });
    }
}

/// Which object is made from which. Objects are numbered by their place in the pack.
struct Forest {
    entries: Vec<Entry>,
    /// Objects that are made from no other.
    roots: Vec<u32>,
    /// For each object where its children begin in `children`; one more at the end.
    first_child: Vec<u32>,
    children: Vec<u32>,
    /// How many objects are made from each, directly and not.
    below: Vec<u32>,
}

struct Entry {
    offset: u64,
    index: u32,
    /// Of those made from another, that of the family's root.
    kind: Kind,
}

const NONE: u32 = u32::MAX;

impl Forest {
    fn read<V: Visitor>(pack: &Pack, visitor: &V) -> Self {
        let mut order: Vec<(u64, u32)> = (0..pack.len()).map(|at| (pack.index.pack_offset_at_index(at), at)).collect();
        order.sort_unstable();
        let place = |offset: u64| order.binary_search_by_key(&offset, |&(o, _)| o).ok().map(|at| at as u32);
        let mut entries = Vec::with_capacity(order.len());
        let mut bases = vec![NONE; order.len()];
        let mut roots = Vec::new();
        for (at, &(offset, index)) in order.iter().enumerate() {
            let id = || pack.index.oid_at_index(index).to_owned();
            let header = pack.data.entry(offset).map(|entry| entry.header);
            let base = match &header {
                Ok(Header::OfsDelta { base_distance }) => {
                    offset.checked_sub(*base_distance).and_then(place).filter(|&base| (base as usize) < at)
                }
                Ok(Header::RefDelta { base_id }) => {
                    pack.index.lookup(base_id).and_then(|i| place(pack.index.pack_offset_at_index(i)))
                }
                Ok(_) => None,
                Err(error) => {
                    visitor.corrupt(id(), 0, format!("its entry in the pack cannot be read: {error}"));
                    None
                }
            };
            let kind = header.ok().and_then(|header| header.as_kind());
            match (kind, base) {
                (Some(_), _) => roots.push(at as u32),
                (None, Some(base)) => bases[at] = base,
                (None, None) => visitor.corrupt(id(), 0, "the object it is made from is not in the pack".into()),
            }
            entries.push(Entry { offset, index, kind: kind.unwrap_or(Kind::Blob) });
        }
        let mut forest = Self::link(entries, roots, &bases);
        forest.inherit(pack, visitor);
        forest
    }

    fn link(entries: Vec<Entry>, roots: Vec<u32>, bases: &[u32]) -> Self {
        let count = entries.len();
        let mut first_child = vec![0u32; count + 1];
        for &base in bases.iter().filter(|&&base| base != NONE) {
            first_child[base as usize + 1] += 1;
        }
        for at in 0..count {
            first_child[at + 1] += first_child[at];
        }
        let mut next = first_child.clone();
        let mut children = vec![0u32; first_child[count] as usize];
        for (child, &base) in bases.iter().enumerate().filter(|(_, base)| **base != NONE) {
            children[next[base as usize] as usize] = child as u32;
            next[base as usize] += 1;
        }
        Self { entries, roots, first_child, children, below: vec![0; count] }
    }

    fn children(&self, of: u32) -> &[u32] {
        let of = of as usize;
        &self.children[self.first_child[of] as usize..self.first_child[of + 1] as usize]
    }

    /// Hands kinds down from the roots and counts upwards. What no root leads to is a circle, which only a forged pack has.
    fn inherit<V: Visitor>(&mut self, pack: &Pack, visitor: &V) {
        let mut order = self.roots.clone();
        let mut at = 0;
        while at < order.len() {
            let parent = order[at];
            let kind = self.entries[parent as usize].kind;
            for child in self.first_child[parent as usize]..self.first_child[parent as usize + 1] {
                let child = self.children[child as usize];
                self.entries[child as usize].kind = kind;
                order.push(child);
            }
            at += 1;
        }
        for &object in order.iter().rev() {
            self.below[object as usize] =
                self.children(object).iter().map(|&child| 1 + self.below[child as usize]).sum();
        }
        let reached = order.len();
        if reached < self.entries.len() {
            let mut seen = vec![false; self.entries.len()];
            order.iter().for_each(|&object| seen[object as usize] = true);
            for (at, entry) in self.entries.iter().enumerate().filter(|(at, _)| !seen[*at]) {
                if self.first_child[at] != self.first_child[at + 1] {
                    let id = pack.index.oid_at_index(entry.index).to_owned();
                    visitor.corrupt(id, 0, "it is made from an object that cannot be read, or from itself".into());
                }
            }
        }
    }
}

/// A decoded object and what was seen of it, for those made from it.
struct Base<S> {
    data: Vec<u8>,
    seen: S,
}

struct Walk<'w, V: Visitor> {
    pack: &'w Pack,
    forest: &'w Forest,
    visitor: &'w V,
}

impl<'w, V: Visitor> Walk<'w, V> {
    /// Decodes an object and all that are made from it. An explicit stack, since a forged pack can make a chain of any length.
    fn family<'s>(&'s self, scope: &rayon::Scope<'s>, object: u32, base: Option<Arc<Base<V::Seen>>>)
    where
        'w: 's,
    {
        if !self.visitor.wants(self.forest.entries[object as usize].kind) {
            return;
        }
        let mut inflate = Inflate::default();
        let mut waiting = vec![(object, base)];
        while let Some((object, base)) = waiting.pop() {
            if self.visitor.stop() {
                return;
            }
            let children = self.forest.children(object);
            let decoded = match self.decode(object, base.as_deref(), &mut inflate) {
                Ok(decoded) => decoded,
                Err(why) => {
                    self.visitor.corrupt(self.id(object), self.forest.below[object as usize], why);
                    continue;
                }
            };
            drop(base);
            if children.is_empty() {
                continue;
            }
            let decoded = Arc::new(decoded);
            let (large, small): (Vec<u32>, Vec<u32>) =
                children.iter().partition(|&&child| self.forest.below[child as usize] >= SPLIT);
            for child in large.iter().skip(usize::from(small.is_empty())) {
                let (child, decoded) = (*child, decoded.clone());
                scope.spawn(move |scope| self.family(scope, child, Some(decoded)));
            }
            let own = if small.is_empty() { &large[..1] } else { &small[..] };
            waiting.extend(own.iter().map(|&child| (child, Some(decoded.clone()))));
        }
    }

    fn id(&self, object: u32) -> ObjectId {
        self.pack.index.oid_at_index(self.forest.entries[object as usize].index).to_owned()
    }

    fn decode(
        &self,
        object: u32,
        base: Option<&Base<V::Seen>>,
        inflate: &mut Inflate,
    ) -> Result<Base<V::Seen>, String> {
        let Entry { offset, kind, .. } = self.forest.entries[object as usize];
        let entry = self.pack.data.entry(offset).map_err(|e| e.to_string())?;
        let left = (self.pack.data.data_len() as u64).saturating_sub(entry.data_offset);
        if entry.decompressed_size > OBJECT_LIMIT {
            return Err(format!("{} bytes, more than the limit of {OBJECT_LIMIT}", entry.decompressed_size));
        }
        if entry.decompressed_size > left.saturating_mul(ZLIB_RATIO) {
            return Err("it says it is larger than its bytes can make".into());
        }
        let mut raw = vec![0; entry.decompressed_size as usize];
        self.pack.data.decompress_entry(&entry, inflate, &mut raw).map_err(|e| e.to_string())?;
        let id = self.id(object);
        match base {
            None => {
                let seen = self.visitor.visit(&Object { id, kind, data: &raw }, None);
                Ok(Base { data: raw, seen })
            }
            Some(base) => {
                let applied = delta::apply(&base.data, &raw).map_err(|e| format!("its delta is broken: {e:?}"))?;
                let object = Object { id, kind, data: &applied.data };
                let seen = self.visitor.visit(&object, Some((&base.seen, &applied.copied)));
                Ok(Base { data: applied.data, seen })
            }
        }
    }
}
