//! What the commits did to the contents that are of interest, and what they lack.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;

use super::Known;
use crate::blob::SkipReason;
use crate::source::git::census::Lacks;
use crate::source::git::changes::{Change, DANGLING, Sink};
use crate::source::git::commits::{Commit, Graph};
use crate::source::git::objects::Objects;
use crate::source::git::views::{Difference, Views};

/// Changes that one thread keeps.
const KEPT: usize = 4_000_000;

/// The objects that something was found in.
pub(super) struct Targets(Vec<(ObjectId, Kind)>);

impl Targets {
    pub(super) fn new(mut targets: Vec<(ObjectId, Kind)>) -> Self {
        targets.sort_unstable_by_key(|(id, _)| *id);
        targets.dedup();
        Self(targets)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Their numbers, names and kinds.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, ObjectId, Kind)> {
        (0..).zip(&self.0).map(|(number, &(id, kind))| (number, id, kind))
    }

    pub(super) fn get(&self, number: u32) -> (ObjectId, Kind) {
        self.0[number as usize]
    }

    /// Of those that are contents, the number by name.
    pub(super) fn numbers(&self) -> HashMap<ObjectId, u32> {
        self.iter().filter(|(_, _, kind)| *kind == Kind::Blob).map(|(number, id, _)| (id, number)).collect()
    }
}

/// A commit gave a path another content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    pub(super) path: u32,
    /// When the commit was made.
    pub(super) time: i64,
    pub(super) commit: u32,
    /// The content before, if it is of interest.
    pub(super) old: Option<u32>,
    /// The content since, if it is of interest.
    pub(super) new: Option<u32>,
}

/// What the commits told.
#[derive(Default)]
pub(super) struct Events {
    pub(super) paths: Vec<Vec<u8>>,
    /// By path and time.
    pub(super) events: Vec<Event>,
    /// For each name of a file or folder the first path that had it, and its commit.
    pub(super) names: BTreeMap<Vec<u8>, (i64, u32, Vec<u8>)>,
    /// Contents that are new in a commit, if they were asked for.
    pub(super) brought: BTreeSet<ObjectId>,
    /// Contents that a commit replaced or took away, if they are of use.
    pub(super) replaced: BTreeSet<ObjectId>,
    pub(super) missing: BTreeSet<ObjectId>,
    pub(super) unreadable: BTreeMap<ObjectId, (SkipReason, String)>,
    /// Commits of which not everything was looked at.
    pub(super) cut: BTreeSet<u32>,
}

/// Collects what one thread is told.
pub(super) struct Collector<'c> {
    graph: &'c Graph,
    targets: &'c HashMap<ObjectId, u32>,
    /// Whether to remember every new content.
    all: bool,
    /// Whether what was before is of use.
    before: bool,
    /// Whether files of one name in several folders are told apart.
    by_path: bool,
    paths: HashMap<Vec<u8>, u32>,
    events: Events,
}

impl<'c> Collector<'c> {
    pub(super) fn new(graph: &'c Graph, targets: &'c HashMap<ObjectId, u32>, all: bool, before: bool) -> Self {
        let (paths, events) = (HashMap::new(), Events::default());
        Self { graph, targets, all, before, by_path: false, paths, events }
    }

    /// Remembers every path, not only the first of each name.
    pub(super) fn by_path(self, by_path: bool) -> Self {
        Self { by_path, ..self }
    }

    fn time(&self, commit: u32) -> i64 {
        if commit == DANGLING { i64::MAX } else { self.graph.get(commit).time }
    }
}

impl Sink for Collector<'_> {
    fn wants(&self, blob: &oid) -> bool {
        self.targets.contains_key(blob)
    }

    fn changed(&mut self, change: &Change<'_>) {
        if self.events.events.len() >= KEPT {
            self.events.cut.insert(change.commit);
            return;
        }
        let path = self.events.path(&mut self.paths, change.path);
        let target = |blob: Option<&oid>| blob.and_then(|id| self.targets.get(id)).copied();
        let (old, new) = (target(change.old), target(change.new));
        let time = self.time(change.commit);
        self.events.events.push(Event { path, time, commit: change.commit, old, new });
    }

    fn added(&mut self, commit: u32, path: &[u8], start: usize, blob: Option<&oid>) {
        if self.all {
            self.events.brought.extend(blob.map(oid::to_owned));
        }
        let time = self.time(commit);
        let name = if self.by_path { path } else { &path[start..] };
        self.events.name(name, path, time, commit);
    }

    fn wants_every_path(&self) -> bool {
        self.by_path
    }

    fn wants_before(&self) -> bool {
        self.before
    }

    fn replaced(&mut self, blob: &oid) {
        if self.all {
            self.events.replaced.insert(blob.to_owned());
        }
    }

    fn lacks(&mut self, id: ObjectId, why: Option<(SkipReason, String)>) {
        match why {
            None => drop(self.events.missing.insert(id)),
            Some(why) => drop(self.events.unreadable.insert(id, why)),
        }
    }

    fn cut(&mut self, commit: u32) {
        self.events.cut.insert(commit);
    }
}

impl Events {
    /// What the `selected` commits changed, from the views of their trees.
    pub(super) fn of_views(known: &Known<'_>, objects: &Objects, views: &Views, lacks: Lacks) -> Self {
        let Known { graph, selected, .. } = *known;
        let mut events = Self { missing: lacks.missing, unreadable: lacks.unreadable, ..Self::default() };
        let mut paths: HashMap<Vec<u8>, u32> = HashMap::new();
        let view = |number: u32| objects.number(&graph.get(number).tree).map_or(0, |tree| views.of_tree(tree));
        for commit in (0..graph.len()).filter(|&number| selected[number as usize]) {
            let Commit { time, tree, parents, .. } = graph.get(commit);
            if objects.number(tree).is_none() {
                events.missing.insert(*tree);
            }
            let mut parents = parents.iter().map(|id| graph.number(id));
            let old = parents.next().flatten().map_or(0, view);
            let new = view(commit);
            if old == new {
                continue;
            }
            let others: Vec<u32> = parents.flatten().map(view).collect();
            views.differences(old, new, &mut |path, difference| match difference {
                // Of a merge only what none of its parents has: the rest was done by the commits that it merges.
                Difference::Content(_, new) if others.iter().any(|&other| views.content_at(other, path) == new) => {}
                Difference::Content(old, new) if events.events.len() < KEPT => {
                    let path = events.path(&mut paths, path);
                    events.events.push(Event { path, time: *time, commit, old, new });
                }
                Difference::Content(..) => drop(events.cut.insert(commit)),
                Difference::Name => events.name(path, path, *time, commit),
            });
        }
        events.events.sort_unstable();
        events
    }

    /// Gives contents that no commit leads to the paths that the trees tell.
    pub(super) fn dangling(&mut self, views: &Views, contents: &[u32]) {
        if contents.is_empty() {
            return;
        }
        let mut paths: HashMap<Vec<u8>, u32> = self.paths.iter().cloned().zip(0..).collect();
        for (content, path) in views.paths_of(contents) {
            let path = self.path(&mut paths, &path);
            let event = Event { path, time: i64::MAX, commit: DANGLING, old: None, new: Some(content) };
            self.events.push(event);
        }
        self.events.sort_unstable();
    }

    fn path(&mut self, numbers: &mut HashMap<Vec<u8>, u32>, path: &[u8]) -> u32 {
        if let Some(&number) = numbers.get(path) {
            return number;
        }
        let number = self.paths.len() as u32;
        self.paths.push(path.to_vec());
        numbers.insert(path.to_vec(), number);
        number
    }

    fn name(&mut self, name: &[u8], path: &[u8], time: i64, commit: u32) {
        match self.names.get_mut(name) {
            Some(known) if known.0 <= time => {}
            Some(known) => *known = (time, commit, path.to_vec()),
            None => drop(self.names.insert(name.to_vec(), (time, commit, path.to_vec()))),
        }
    }

    /// Adds what threads have collected.
    pub(super) fn merge(&mut self, parts: Vec<Collector<'_>>) {
        let mut numbers: HashMap<Vec<u8>, u32> = self.paths.iter().cloned().zip(0..).collect();
        for part in parts {
            let part = part.events;
            let translated: Vec<u32> = part
                .paths
                .into_iter()
                .map(|path| {
                    *numbers.entry(path).or_insert_with_key(|path| {
                        self.paths.push(path.clone());
                        self.paths.len() as u32 - 1
                    })
                })
                .collect();
            let renumbered = part.events.into_iter();
            self.events.extend(renumbered.map(|e| Event { path: translated[e.path as usize], ..e }));
            for (name, first) in part.names {
                match self.names.get_mut(&name) {
                    Some(known) if *known <= first => {}
                    Some(known) => *known = first,
                    None => drop(self.names.insert(name, first)),
                }
            }
            self.brought.extend(part.brought);
            self.replaced.extend(part.replaced);
            self.missing.extend(part.missing);
            self.unreadable.extend(part.unreadable);
            self.cut.extend(part.cut);
        }
        self.events.sort_unstable();
        self.events.dedup();
    }

    /// A path by its number, unless that is [`super::versions::NOWHERE`].
    pub(super) fn path_of(&self, path: u32) -> Option<&[u8]> {
        self.paths.get(path as usize).map(Vec::as_slice)
    }

    /// The events of a path, by time.
    pub(super) fn of_path(&self, path: u32) -> &[Event] {
        let start = self.events.partition_point(|event| event.path < path);
        let end = self.events.partition_point(|event| event.path <= path);
        &self.events[start..end]
    }
}
