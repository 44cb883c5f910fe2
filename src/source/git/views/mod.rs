//! Views of trees: a tree with only the entries that lead to something of interest. Equal views have equal numbers.

mod kept;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

pub use self::kept::KeptViews;
use super::forest::NONE;

/// What an entry of a tree is of interest for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Worth {
    /// Its name.
    Name,
    /// Its content, by number.
    Blob(u32),
    /// What may be below it: another tree, by number.
    Tree(u32),
}

/// An entry that is of interest, by the number of its name.
pub(super) type Entry = (u32, Worth);

/// In what a tree differs from the one it is made from.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) base: u32,
    pub(super) gone: Box<[Entry]>,
    pub(super) came: Box<[Entry]>,
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
    /// Takes in the records of other trees, of `objects` in all.
    fn add(&mut self, records: Vec<(u32, Record)>, objects: u64) {
        self.records.extend(records);
        self.records.sort_unstable_by_key(|(number, _)| *number);
        self.places = vec![NONE; usize::try_from(objects).unwrap_or(0)];
        for (place, (number, _)) in (0..).zip(&self.records) {
            self.places[*number as usize] = place;
        }
    }

    fn get(&self, number: u32) -> Option<&Record> {
        let place = *self.places.get(number as usize)?;
        self.records.get(place as usize).map(|(_, record)| record)
    }

    /// Of `wanted` and of the trees above, by each one tree that has it, and the name it has there.
    fn holders(&self, mut wanted: HashSet<Worth>) -> HashMap<Worth, (u32, u32)> {
        let mut holders = HashMap::new();
        for _ in 0..DEEPEST {
            let mut above = HashSet::new();
            let came =
                self.records.iter().flat_map(|(number, record)| record.came.iter().map(move |came| (number, came)));
            for (number, (name, worth)) in came {
                if wanted.remove(worth) {
                    holders.insert(*worth, (*number, *name));
                    above.insert(Worth::Tree(*number));
                }
            }
            above.retain(|tree| !holders.contains_key(tree));
            if above.is_empty() {
                break;
            }
            wanted = above;
        }
        holders
    }
}

/// Folders within each other that a path is told of.
const DEEPEST: usize = 64;

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
    /// Paths of contents as an earlier scan knew them, each with the tree that it begins in.
    paths: HashMap<u32, (Vec<u8>, u32)>,
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
    /// None yet; of a repository with so many objects.
    pub(super) fn none(objects: u64) -> Self {
        let mut views = Self { of_trees: vec![NONE; usize::try_from(objects).unwrap_or(0)], ..Self::default() };
        views.views.push(Vec::new());
        views.numbers.insert(Vec::new(), NOTHING);
        views
    }

    /// Makes the views of trees, each with its number among all objects and what it differs in.
    pub(super) fn add(&mut self, names: Vec<Vec<u8>>, records: Vec<(u32, Record)>) {
        self.names = names;
        let added: Vec<u32> = records.iter().map(|(number, _)| *number).collect();
        let mut known = std::mem::take(&mut self.records);
        known.add(records, self.of_trees.len() as u64);
        for number in added {
            self.settle(&known, number);
        }
        self.records = known;
    }

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

    /// A path of each of some contents that no commit leads to: as much of it as the trees that have it tell.
    #[must_use]
    pub fn paths_of(&self, contents: &[u32]) -> Vec<(u32, Vec<u8>)> {
        self.places_of(contents).into_iter().map(|(content, path, _)| (content, path)).collect()
    }

    /// The same, with the tree that each path begins in.
    fn places_of(&self, contents: &[u32]) -> Vec<(u32, Vec<u8>, u32)> {
        let start = |content: &u32| match self.paths.get(content) {
            Some((_, top)) => Worth::Tree(*top),
            None => Worth::Blob(*content),
        };
        let holders = self.records.holders(contents.iter().map(start).collect());
        let place = |content: &u32| {
            let (mut path, mut top) = match self.paths.get(content) {
                Some(known) => known.clone(),
                None => {
                    let (tree, name) = *holders.get(&Worth::Blob(*content))?;
                    (self.name(name).to_vec(), tree)
                }
            };
            for _ in 0..DEEPEST {
                let Some(&(above, name)) = holders.get(&Worth::Tree(top)) else { break };
                path = [self.name(name), b"/", &path].concat();
                top = above;
            }
            Some((*content, path, top))
        };
        contents.iter().filter_map(place).collect()
    }
}
