//! What of all trees of a repository is of interest, learned by decoding each of them once.
//!
//! Comparing the trees of every commit with those of its parent would read most of them twice and every byte of them. But most trees are
//! edits of others in a pack, and what an edit copies from its base is known from there: only what is new is parsed. Of each tree
//! is remembered in what it differs from its base, as far as that is of interest. From that the *view* of each tree is made: a
//! tree with only the entries that lead to something of interest. Equal views have equal numbers, so that for nearly all commits
//! it takes one comparison of two numbers to see that they changed nothing of interest.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;

use super::forest::{Forest, NONE};
use super::objects::Objects;
use super::pack::Pack;
use super::tree;
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

/// What an entry of a tree is of interest for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Worth {
    /// Its name.
    Name,
    /// Its content, by number.
    Blob(u32),
    /// What may be below it: another tree, by number.
    Tree(u32),
}

/// An entry that is of interest, by the number of its name.
type Entry = (u32, Worth);

/// In what a tree differs from the one it is made from.
#[derive(Debug)]
struct Record {
    base: u32,
    gone: Box<[Entry]>,
    came: Box<[Entry]>,
}

/// What of all trees is of interest.
pub struct Census<'c, I> {
    objects: &'c Objects,
    interest: &'c I,
    records: Mutex<Vec<(u32, Record)>>,
    names: RwLock<HashMap<Vec<u8>, Name>>,
    lacks: Mutex<Lacks>,
}

/// Objects that ought to be there and are not, or cannot be read.
#[derive(Clone, Debug, Default)]
pub struct Lacks {
    /// Not there.
    pub missing: BTreeSet<ObjectId>,
    /// There, but not to be read, and why.
    pub unreadable: BTreeMap<ObjectId, (SkipReason, String)>,
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
    /// Reads all trees, on all threads of the current pool. `forests` are those of the packs.
    #[must_use]
    pub fn take(objects: &'c Objects, forests: &[Forest], loose: &[ObjectId], interest: &'c I) -> Self {
        objects.packs.iter().for_each(Pack::expect_lookups);
        let census =
            Self { objects, interest, records: Mutex::default(), names: RwLock::default(), lacks: Mutex::default() };
        for ((first, pack), forest) in objects.numbered_packs().zip(forests) {
            forest.walk(pack, &PackCensus { census: &census, first });
        }
        let mut finder = objects.finder();
        let mut tools = Tools::default();
        for id in loose {
            // What cannot be read has been told by whoever listed it.
            if let (Ok(Some((Kind::Tree, data))), Some(number)) = (finder.find(id), objects.number(id)) {
                census.tree(&mut tools, number, &data, None);
            }
        }
        census
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
        let worth = match self.objects.number(id) {
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

    /// The views of all trees, and what is missing.
    #[must_use]
    pub fn views(self) -> (Views, Lacks) {
        let records = self.records.into_inner().unwrap_or_else(PoisonError::into_inner);
        let records = Records::new(records, self.objects.len());
        let names = self.names.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut by_number = vec![Vec::new(); names.len()];
        for (name, Name { number, .. }) in names {
            by_number[number as usize] = name;
        }
        let mut views = Views { names: by_number, of_trees: vec![NONE; records.places.len()], ..Views::default() };
        views.views.push(Vec::new());
        views.numbers.insert(Vec::new(), NOTHING);
        for (number, _) in &records.records {
            views.settle(&records, *number);
        }
        views.records = records;
        (views, self.lacks.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The records by the number of their tree.
#[derive(Debug, Default)]
struct Records {
    /// In order.
    records: Vec<(u32, Record)>,
    /// For every object the place of its record.
    places: Vec<u32>,
}

impl Records {
    fn new(mut records: Vec<(u32, Record)>, objects: u64) -> Self {
        records.sort_unstable_by_key(|(number, _)| *number);
        let mut places = vec![NONE; usize::try_from(objects).unwrap_or(0)];
        for (place, (number, _)) in (0..).zip(&records) {
            places[*number as usize] = place;
        }
        Self { records, places }
    }

    fn get(&self, number: u32) -> Option<&Record> {
        let place = *self.places.get(number as usize)?;
        self.records.get(place as usize).map(|(_, record)| record)
    }

    /// By content and by tree, one tree that has it, and the name it has there.
    fn holders(&self) -> HashMap<Worth, (u32, u32)> {
        let mut holders = HashMap::new();
        for (number, record) in &self.records {
            // Trees that commits lead to are found from there; all are listed, since only then it is known which are not.
            for (name, worth) in &record.came {
                holders.entry(*worth).or_insert((*number, *name));
            }
        }
        holders
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

/// The view of a tree that leads to nothing of interest.
const NOTHING: u32 = 0;

/// Trees with only what leads to something of interest.
#[derive(Debug, Default)]
pub struct Views {
    names: Vec<Vec<u8>>,
    /// By their number. In a view, a tree is named by the number of its view.
    views: Vec<Vec<Entry>>,
    numbers: HashMap<Vec<Entry>, u32>,
    /// By the number of a tree the number of its view.
    of_trees: Vec<u32>,
    records: Records,
    holders: OnceLock<HashMap<Worth, (u32, u32)>>,
}

/// What differs between two views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A path has another content: that before and that since, if they are of interest.
    Content(Option<u32>, Option<u32>),
    /// A name that is of interest is new at its place.
    Name,
}

impl Views {
    /// Makes the view of a tree, and before it those that it takes. An explicit stack: chains of trees can be long.
    fn settle(&mut self, records: &Records, number: u32) {
        let mut waiting = vec![(number, false)];
        // One that has begun and is not done is a tree within itself, which only a forged repository has.
        let mut begun = HashSet::new();
        while let Some((number, ready)) = waiting.pop() {
            let Some(record) = records.get(number).filter(|_| self.of_trees[number as usize] == NONE) else { continue };
            if ready {
                self.of_trees[number as usize] = self.view(record);
            } else if begun.insert(number) {
                waiting.push((number, true));
                let trees = record.gone.iter().chain(&record.came).filter_map(|(_, worth)| match worth {
                    Worth::Tree(tree) => Some(*tree),
                    _ => None,
                });
                waiting.extend(trees.chain([record.base]).map(|tree| (tree, false)));
            }
        }
    }

    fn view(&mut self, record: &Record) -> u32 {
        let base = self.of_tree(record.base);
        let translate = |entries: &[Entry]| -> Vec<Entry> {
            let entry = |&(name, worth): &Entry| match worth {
                Worth::Tree(tree) => match self.of_tree(tree) {
                    NOTHING => None,
                    view => Some((name, Worth::Tree(view))),
                },
                worth => Some((name, worth)),
            };
            let mut entries: Vec<Entry> = entries.iter().filter_map(entry).collect();
            entries.sort_unstable();
            entries
        };
        let (gone, came) = (translate(&record.gone), translate(&record.came));
        if gone == came {
            return base;
        }
        let mut view = self.views[base as usize].clone();
        for entry in gone {
            if let Ok(at) = view.binary_search(&entry) {
                view.remove(at);
            }
        }
        view.extend(came);
        view.sort_unstable();
        if let Some(&number) = self.numbers.get(&view) {
            return number;
        }
        let number = self.views.len() as u32;
        self.views.push(view.clone());
        self.numbers.insert(view, number);
        number
    }

    /// The view of a tree, by its number among all objects.
    #[must_use]
    pub fn of_tree(&self, number: u32) -> u32 {
        self.of_trees.get(number as usize).copied().filter(|view| *view != NONE).unwrap_or(NOTHING)
    }

    /// The content of interest that a view has at a path.
    #[must_use]
    pub fn content_at(&self, view: u32, path: &[u8]) -> Option<u32> {
        let mut at = view;
        let mut parts = path.split(|&b| b == b'/').peekable();
        while let Some(part) = parts.next() {
            let folder = parts.peek().is_some();
            let own = |worth: &Worth| matches!(worth, Worth::Tree(_)) == folder && *worth != Worth::Name;
            let found = self.views[at as usize].iter().find(|(name, worth)| own(worth) && self.name(*name) == part)?;
            match found.1 {
                Worth::Tree(view) => at = view,
                Worth::Blob(content) => return Some(content),
                Worth::Name => return None,
            }
        }
        None
    }

    fn name(&self, number: u32) -> &[u8] {
        &self.names[number as usize]
    }

    /// Tells in what two views differ, by path.
    pub fn differences(&self, old: u32, new: u32, tell: &mut impl FnMut(&[u8], Difference)) {
        self.compare(old, new, &mut Vec::new(), tell);
    }

    fn compare(&self, old: u32, new: u32, path: &mut Vec<u8>, tell: &mut impl FnMut(&[u8], Difference)) {
        if old == new {
            return;
        }
        let (mut old, mut new) = (&self.views[old as usize][..], &self.views[new as usize][..]);
        // Both are in order of the names' numbers.
        while let Some(name) = [old.first(), new.first()].into_iter().flatten().map(|(name, _)| *name).min() {
            let split = |entries: &[Entry]| entries.partition_point(|(other, _)| *other == name);
            let (before, after);
            (before, old) = old.split_at(split(old));
            (after, new) = new.split_at(split(new));
            let len = path.len();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(self.name(name));
            self.compare_entry(before, after, path, tell);
            path.truncate(len);
        }
    }

    fn compare_entry(
        &self,
        before: &[Entry],
        after: &[Entry],
        path: &mut Vec<u8>,
        tell: &mut impl FnMut(&[u8], Difference),
    ) {
        let has = |entries: &[Entry], worth: Worth| entries.iter().any(|(_, other)| *other == worth);
        let blob = |entries: &[Entry]| {
            entries.iter().find_map(|(_, worth)| if let Worth::Blob(n) = worth { Some(*n) } else { None })
        };
        let tree = |entries: &[Entry]| {
            let view = entries.iter().find_map(|(_, worth)| if let Worth::Tree(n) = worth { Some(*n) } else { None });
            view.unwrap_or(NOTHING)
        };
        if has(after, Worth::Name) && !has(before, Worth::Name) {
            tell(path, Difference::Name);
        }
        if blob(before) != blob(after) {
            tell(path, Difference::Content(blob(before), blob(after)));
        }
        self.compare(tree(before), tree(after), path, tell);
    }

    /// A path of a content that no commit leads to: as much of it as the trees that have it tell.
    #[must_use]
    pub fn path_of(&self, content: u32) -> Option<Vec<u8>> {
        let holders = self.holders.get_or_init(|| self.records.holders());
        let (mut tree, name) = *holders.get(&Worth::Blob(content))?;
        let mut path = self.name(name).to_vec();
        for _ in 0..64 {
            let Some(&(above, name)) = holders.get(&Worth::Tree(tree)) else { break };
            path = [self.name(name), b"/", &path].concat();
            tree = above;
        }
        Some(path)
    }
}
