//! Which object of a pack is made from which.

use std::sync::OnceLock;

use gix::objs::Kind;
use gix::odb::pack::data;
use gix::odb::pack::data::entry::Header;
use rayon::prelude::*;

use super::pack::{HEADER, Pack};

/// No object.
pub(super) const NONE: u32 = u32::MAX;

/// Entries whose heads are read by one thread at a time.
const BATCH: usize = 16 * 1024;

/// What is read at once while only heads are looked at.
const READ: usize = 256 * 1024;

/// The objects of a pack by their place in it, and the families that their deltas form.
pub struct Forest {
    pub(super) entries: Vec<Entry>,
    /// Objects that are made from no other.
    pub(super) roots: Vec<u32>,
    /// For each object where its children begin in `children`; one more at the end.
    first_child: Vec<u32>,
    children: Vec<u32>,
    /// How many objects are made from each, directly and not.
    pub(super) below: Vec<u32>,
    /// What is known to be unreadable, and why.
    pub(super) broken: Vec<(u32, String)>,
}

pub(super) struct Entry {
    pub(super) offset: u64,
    /// The object's number in the pack.
    pub(super) number: u32,
    /// Of those made from another, that of the family's root.
    pub(super) kind: Kind,
}

/// The forests of several packs, each read when it is first needed.
pub struct Forests<'f> {
    packs: &'f [Pack],
    read: Vec<OnceLock<Forest>>,
}

impl<'f> Forests<'f> {
    /// Of these packs.
    #[must_use]
    pub fn of(packs: &'f [Pack]) -> Self {
        Self { packs, read: packs.iter().map(|_| OnceLock::new()).collect() }
    }

    /// The forest of the pack of this number.
    #[must_use]
    pub fn get(&self, number: usize) -> &Forest {
        self.read[number].get_or_init(|| Forest::read(&self.packs[number]))
    }
}

/// The kind of an object, or where the one is that it is made from.
type Head = Result<(Option<Kind>, u32), String>;

impl Forest {
    /// Reads the head of every entry of a pack.
    #[must_use]
    pub fn read(pack: &Pack) -> Self {
        let mut offsets: Vec<(u64, u32)> = (0..pack.len()).map(|at| (pack.offset(at), at)).collect();
        offsets.par_sort_unstable();
        let heads: Vec<Head> = offsets.par_chunks(BATCH).flat_map_iter(|batch| heads(pack, batch, &offsets)).collect();
        let mut broken = Vec::new();
        let mut bases = vec![NONE; heads.len()];
        let mut entries = Vec::with_capacity(heads.len());
        for (at, (head, &(offset, number))) in heads.into_iter().zip(&offsets).enumerate() {
            let kind = match head {
                Ok((kind, base)) => {
                    bases[at] = base;
                    kind
                }
                Err(why) => {
                    broken.push((at as u32, why));
                    None
                }
            };
            entries.push((offset, number, kind));
        }
        let mut forest = Self::of_entries(entries, &bases);
        forest.broken.extend(broken);
        forest
    }

    /// Links entries, given in order of their offset with their numbers and kinds, by their bases.
    pub(super) fn of_entries(given: Vec<(u64, u32, Option<Kind>)>, bases: &[u32]) -> Self {
        let count = given.len();
        let roots = (0..).zip(&given).filter(|(_, (_, _, kind))| kind.is_some()).map(|(at, _)| at).collect();
        let entry = |(offset, number, kind): (u64, u32, Option<Kind>)| Entry {
            offset,
            number,
            kind: kind.unwrap_or(Kind::Blob),
        };
        let entries = given.into_iter().map(entry).collect();
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
        let mut forest = Self { entries, roots, first_child, children, below: vec![0; count], broken: Vec::new() };
        forest.inherit();
        forest
    }

    pub(super) fn children(&self, of: u32) -> &[u32] {
        let of = of as usize;
        &self.children[self.first_child[of] as usize..self.first_child[of + 1] as usize]
    }

    /// Hands kinds down from the roots and counts upwards. What no root leads to is a circle, which only a forged pack has, or is
    /// made from something that cannot be read.
    fn inherit(&mut self) {
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
        if order.len() < self.entries.len() {
            let mut seen = vec![false; self.entries.len()];
            order.iter().for_each(|&object| seen[object as usize] = true);
            let lost = (0..).zip(seen).filter(|(_, seen)| !seen);
            let why = "the object it is made from cannot be read";
            self.broken = lost.map(|(at, _)| (at, why.to_owned())).collect();
        }
    }
}

/// The heads of some entries that follow each other.
fn heads(pack: &Pack, batch: &[(u64, u32)], all: &[(u64, u32)]) -> Vec<Head> {
    let place = |offset: u64| all.binary_search_by_key(&offset, |&(o, _)| o).ok().map(|at| at as u32);
    let mut window = Vec::new();
    let mut start = 0;
    let mut read = |offset: u64| -> Head {
        let have = (offset >= start).then(|| (offset - start) as usize).filter(|at| at + HEADER <= window.len());
        let at = match have {
            Some(at) => at,
            None => {
                window.resize(READ, 0);
                let count = pack.read_at(offset, &mut window).map_err(|e| e.to_string())?;
                window.truncate(count);
                start = offset;
                0
            }
        };
        let entry = data::Entry::from_bytes(&window[at..], offset, pack.hash())
            .map_err(|e| format!("its entry in the pack cannot be read: {e}"))?;
        let base = match entry.header {
            Header::OfsDelta { base_distance } => offset.checked_sub(base_distance).and_then(place),
            Header::RefDelta { base_id } => pack.lookup(&base_id).and_then(|at| place(pack.offset(at))),
            header => return Ok((header.as_kind(), NONE)),
        };
        base.map(|base| (None, base)).ok_or_else(|| "the object it is made from is not in the pack".into())
    };
    batch.iter().map(|&(offset, _)| read(offset)).collect()
}
