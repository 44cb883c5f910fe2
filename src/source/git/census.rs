//! What of all trees of a repository is of interest, learned by decoding each of them once.
//!
//! Comparing the trees of every commit with those of its parent would read most of them twice and every byte of them. But most trees are
//! edits of others in a pack, and what an edit copies from its base is known from there: only what is new is parsed. Of each tree
//! is remembered in what it differs from its base, as far as that is of interest. From that the *view* of each tree is made: a
//! tree with only the entries that lead to something of interest. Equal views have equal numbers, so that for nearly all commits
//! it takes one comparison of two numbers to see that they changed nothing of interest.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;

use super::forest::{Forests, NONE};
use super::objects::Objects;
use super::pack::Pack;
use super::tree;
use super::views::{Entry, KeptViews, Record, Views, Worth};
use super::walk::{Object, Visitor};
use crate::blob::SkipReason;
use crate::span::Copied;

/// Says what is of interest.
pub trait Interest: Sync {
    /// The number of a content that is.
    fn blob(&self, id: &oid) -> Option<u32>;

    /// Whether the name of a file or folder is; asked once for each name.
    fn name(&self, name: &[u8]) -> bool;

    /// Whether to stop early.
    fn stop(&self) -> bool;
}

/// What of all trees is of interest.
pub struct Census<'c, I> {
    objects: &'c Objects,
    interest: &'c I,
    records: Mutex<Vec<(u32, Record)>>,
    names: RwLock<HashMap<Vec<u8>, Name>>,
    lacks: Mutex<Lacks>,
    /// Whether something names a loose object.
    names_loose: AtomicBool,
    /// Objects that packs have.
    packed: u32,
}

/// Objects that ought to be there and are not, or cannot be read.
#[derive(Clone, Debug, Default)]
pub struct Lacks {
    /// Not there.
    pub missing: BTreeSet<ObjectId>,
    /// There, but not to be read, and why.
    pub unreadable: BTreeMap<ObjectId, (SkipReason, String)>,
}

/// What a census gives.
pub struct Counted {
    /// The views of all trees.
    pub views: Views,
    /// What is missing.
    pub lacks: Lacks,
    /// What of it is to be kept for the next scan, if it is new.
    pub keep: Option<KeptViews>,
}

#[derive(Clone, Copy, Debug)]
struct Name {
    number: u32,
    of_interest: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'c, I: Interest> Census<'c, I> {
    fn new(objects: &'c Objects, interest: &'c I) -> Self {
        Self {
            objects,
            interest,
            records: Mutex::default(),
            names: RwLock::default(),
            lacks: Mutex::default(),
            names_loose: AtomicBool::new(false),
            packed: objects.packed_len(),
        }
    }

    /// Reads all trees, on all threads of the current pool. `loose` are those outside packs; `contents` are the numbers, in order,
    /// of what is of interest in packs.
    #[must_use]
    pub fn take(
        objects: &'c Objects,
        forests: &Forests<'_>,
        loose: &[ObjectId],
        contents: &[u32],
        interest: &'c I,
    ) -> Counted {
        objects.packs.iter().for_each(Pack::expect_lookups);
        let census = Self::new(objects, interest);
        for (at, (first, pack)) in objects.numbered_packs().enumerate() {
            forests.get(at).walk(pack, &PackCensus { census: &census, first });
        }
        let mut views = Views::none(objects.len());
        let mut keep = None;
        // Otherwise the views of packs cannot be told before those of the loose trees.
        if !census.names_loose.load(Ordering::Relaxed) {
            census.settle(&mut views);
            let lacks = lock(&census.lacks);
            let whole = lacks.unreadable.is_empty() && !interest.stop();
            keep = whole.then(|| KeptViews::of(&views, contents, &lacks.missing)).flatten();
        }
        Counted { keep, ..census.with_loose(views, loose) }
    }

    /// The same with what an earlier scan has kept of the packs. `None` if that does not fit.
    #[must_use]
    pub fn resume(
        objects: &'c Objects,
        kept: KeptViews,
        loose: &[ObjectId],
        contents: &[u32],
        interest: &'c I,
    ) -> Option<Counted> {
        let missing = kept.missing()?;
        // What is of interest was not known of an object that was not there.
        if missing.iter().any(|id| objects.contains(id)) {
            return None;
        }
        let census = Self::new(objects, interest);
        let known = |(number, name): (u32, &Vec<u8>)| (name.clone(), Name { number, of_interest: false });
        *census.names.write().unwrap_or_else(PoisonError::into_inner) = (0..).zip(kept.names()).map(known).collect();
        lock(&census.lacks).missing = missing;
        let views = kept.views(contents, objects.len())?;
        Some(census.with_loose(views, loose))
    }

    /// Makes the views of what has been read.
    fn settle(&self, views: &mut Views) {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        let mut by_number = vec![Vec::new(); names.len()];
        for (name, Name { number, .. }) in names.iter() {
            by_number[*number as usize].clone_from(name);
        }
        views.add(by_number, std::mem::take(&mut lock(&self.records)));
    }

    /// Adds the loose trees to the views of packs.
    fn with_loose(self, mut views: Views, loose: &[ObjectId]) -> Counted {
        let mut finder = self.objects.finder();
        let mut tools = Tools::default();
        for id in loose {
            // What cannot be read has been told by whoever listed it.
            if let (Ok(Some((Kind::Tree, data))), Some(number)) = (finder.find(id), self.objects.number(id)) {
                self.tree(&mut tools, number, &data, None);
            }
        }
        self.settle(&mut views);
        Counted { views, lacks: self.lacks.into_inner().unwrap_or_else(PoisonError::into_inner), keep: None }
    }

    /// Takes note of a tree: all of it, or what is new in it.
    fn tree(&self, tools: &mut Tools, number: u32, data: &[u8], base: Option<(&Seen, &[Copied])>) -> Seen {
        let mut seen = Seen { number, ..Seen::default() };
        let hash_len = self.objects.hash().len_in_bytes();
        let copied = base.map_or(&[][..], |(_, copied)| copied);
        let mut came = Vec::new();
        tools.carried.clear();
        tools.carried.resize(base.map_or(0, |(base, _)| base.worthy.len()), false);
        let (mut at, mut nth) = (0, 0);
        while at < data.len() {
            while copied.get(nth).is_some_and(|copy| copy.target + copy.length <= at) {
                nth += 1;
            }
            if let (Some(copy), Some((base, _))) = (copied.get(nth).filter(|copy| copy.target <= at), base)
                && let Some(after) = seen.carry(base, copy, at, &mut tools.carried)
            {
                at = after;
                continue;
            }
            let mut rest = &data[at..];
            let Some(entry) = tree::next(&mut rest, hash_len) else {
                let id = self.objects.id(number);
                let why = (SkipReason::Corrupt, "it is no sound tree".to_owned());
                lock(&self.lacks).unreadable.insert(id, why);
                break;
            };
            seen.starts.push(at as u32);
            let before = seen.worthy.len();
            self.entry(&entry, at as u32, &mut seen.worthy);
            came.extend(seen.worthy[before..].iter().map(|(_, entry)| *entry));
            at = data.len() - rest.len();
        }
        seen.starts.push(at as u32);
        let gone = base.map(|(base, _)| {
            base.worthy.iter().zip(&tools.carried).filter(|(_, carried)| !**carried).map(|((_, entry), _)| *entry)
        });
        let gone: Box<[Entry]> = gone.into_iter().flatten().collect();
        let record = Record { base: base.map_or(NONE, |(base, _)| base.number), gone, came: came.into() };
        lock(&self.records).push((number, record));
        seen
    }

    /// Takes note of a new entry that begins at `start`.
    fn entry(&self, entry: &tree::Entry<'_>, start: u32, worthy: &mut Vec<(u32, Entry)>) {
        if entry.is_submodule() {
            return;
        }
        let id = oid::from_bytes_unchecked(entry.id);
        let name = self.name(entry.name);
        let number = self.objects.number(id);
        if number.is_some_and(|number| number >= self.packed) {
            self.names_loose.store(true, Ordering::Relaxed);
        }
        let worth = match number {
            Some(number) if entry.is_tree() => Some(Worth::Tree(number)),
            Some(_) => self.interest.blob(id).map(Worth::Blob),
            None => {
                lock(&self.lacks).missing.insert(id.to_owned());
                None
            }
        };
        let by_name = name.of_interest.then_some(Worth::Name);
        worthy.extend(worth.into_iter().chain(by_name).map(|worth| (start, (name.number, worth))));
    }

    fn name(&self, name: &[u8]) -> Name {
        if let Some(known) = self.names.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return *known;
        }
        let of_interest = self.interest.name(name);
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        let number = names.len() as u32;
        *names.entry(name.to_vec()).or_insert(Name { number, of_interest })
    }
}

/// What is remembered of a tree for those made from it.
#[derive(Debug, Default)]
struct Seen {
    number: u32,
    /// Where its entries begin, and where the last one ends.
    starts: Vec<u32>,
    /// Entries that are of interest, by where they begin.
    worthy: Vec<(u32, Entry)>,
}

impl Seen {
    /// Takes over the entries of `base` that are wholly within `copy`, from the one on that is at `at` here. Gives where the last of
    /// them ends.
    fn carry(&mut self, base: &Self, copy: &Copied, at: usize, carried: &mut [bool]) -> Option<usize> {
        let source = copy.source + (at - copy.target);
        let first = base.starts.binary_search(&(source as u32)).ok()?;
        let end = (copy.source + copy.length) as u32;
        let last = base.starts.partition_point(|&start| start <= end) - 1;
        if last <= first {
            return None;
        }
        let moved = |start: u32| (start as usize - source + at) as u32;
        self.starts.extend(base.starts[first..last].iter().map(|&start| moved(start)));
        let (from, to) = (base.starts[first], base.starts[last]);
        let worthy = base.worthy.partition_point(|(start, _)| *start < from)
            ..base.worthy.partition_point(|(start, _)| *start < to);
        carried[worthy.clone()].fill(true);
        self.worthy.extend(base.worthy[worthy].iter().map(|&(start, entry)| (moved(start), entry)));
        Some(moved(to) as usize)
    }
}

#[derive(Default)]
struct Tools {
    /// Which of a base's entries of interest are taken over.
    carried: Vec<bool>,
}

struct PackCensus<'p, 'c, I> {
    census: &'p Census<'c, I>,
    /// The number of the pack's first object among all objects.
    first: u32,
}

impl<I: Interest> Visitor for PackCensus<'_, '_, I> {
    type Seen = Seen;
    type Tools = Tools;

    fn wants(&self, kind: Kind) -> bool {
        kind == Kind::Tree
    }

    fn visit(&self, tools: &mut Tools, object: &Object<'_>, base: Option<(&Seen, &[Copied])>) -> Seen {
        self.census.tree(tools, self.first + object.number, object.data, base)
    }

    fn unreadable(&self, number: u32, _: u32, reason: SkipReason, why: String) {
        let id = self.census.objects.id(self.first + number);
        lock(&self.census.lacks).unreadable.insert(id, (reason, why));
    }

    fn stop(&self) -> bool {
        self.census.interest.stop()
    }
}
