//! Views of trees: a tree with only the entries that lead to something of interest. Equal views have equal numbers.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::forest::NONE;

/// What an entry of a tree is of interest for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Of the trees that have a record, each with its number among all `objects`.
    pub(super) fn new(names: Vec<Vec<u8>>, records: Vec<(u32, Record)>, objects: u64) -> Self {
        let records = Records::new(records, objects);
        let mut views = Self { names, of_trees: vec![NONE; records.places.len()], ..Self::default() };
        views.views.push(Vec::new());
        views.numbers.insert(Vec::new(), NOTHING);
        for (number, _) in &records.records {
            views.settle(&records, *number);
        }
        views.records = records;
        views
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
