//! What each commit changed: its tree beside that of its first parent.
//!
//! Two trees are compared by their bytes, and only folders that differ are opened. For a whole history the [census](super::census) is
//! faster.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;

use super::commits::Graph;
use super::objects::{Finder, Objects};
use super::tree;
use crate::blob::SkipReason;

/// Commits that are handed to a thread at once. Those near each other share most folders.
const TOGETHER: usize = 512;

/// Folders within folders.
const DEEPEST: usize = 512;

/// Entries that one commit can change. A small pack can spell a tree of any number of files.
const ENTRIES: u64 = 20_000_000;

/// No commit: a tree that none has.
pub const DANGLING: u32 = u32::MAX;

/// Is told what changed; each thread has its own.
pub trait Sink: Send {
    /// Whether a file's content is one that [`Sink::changed`] should be told of.
    fn wants(&self, blob: &oid) -> bool;

    /// A file that changed from one content to another, where one of them is wanted. For a merge only what none of its parents has.
    fn changed(&mut self, change: &Change<'_>);

    /// A file or folder that is new at its place; its own name begins at `start` of the path.
    fn added(&mut self, commit: u32, path: &[u8], start: usize, blob: Option<&oid>);

    /// Whether what is new is to be told at each of its paths, though its content has been told elsewhere.
    fn wants_every_path(&self) -> bool;

    /// Whether what was before is of use too; then merges are compared with all of their parents.
    fn wants_before(&self) -> bool;

    /// The content of a file that has another one since, or is gone. Told if that is of use.
    fn replaced(&mut self, blob: &oid);

    /// An object that ought to be there and is not, or cannot be read.
    fn lacks(&mut self, id: ObjectId, why: Option<(SkipReason, String)>);

    /// A commit that changes more than is looked at.
    fn cut(&mut self, commit: u32);
}

/// A changed file.
#[derive(Clone, Copy, Debug)]
pub struct Change<'c> {
    /// The number of the commit, or [`DANGLING`].
    pub commit: u32,
    /// Its path.
    pub path: &'c [u8],
    /// Its content before.
    pub old: Option<&'c oid>,
    /// Its content since.
    pub new: Option<&'c oid>,
}

/// Compares the trees of commits.
pub struct Changes<'c> {
    objects: &'c Objects,
    graph: &'c Graph,
    /// Trees that were gone through to the bottom, and have nothing that is wanted.
    barren: RwLock<HashSet<ObjectId>>,
}

impl<'c> Changes<'c> {
    /// Of the commits of `graph`.
    #[must_use]
    pub fn new(objects: &'c Objects, graph: &'c Graph) -> Self {
        Self { objects, graph, barren: RwLock::default() }
    }

    /// Tells what the `selected` commits changed, the newest first, on all threads of the current pool.
    pub fn of_commits<S: Sink>(
        &self,
        selected: impl Fn(u32) -> bool,
        sink: impl Fn() -> S + Sync,
        stop: impl Fn() -> bool + Sync,
    ) -> Vec<S> {
        let mut order: Vec<u32> = (0..self.graph.len()).filter(|&number| selected(number)).collect();
        order.sort_by_key(|&number| std::cmp::Reverse(self.graph.get(number).time));
        let chunks: Vec<&[u32]> = order.chunks(TOGETHER).collect();
        self.share(chunks.len(), sink, |walker, at| {
            for &commit in chunks[at] {
                if stop() {
                    return;
                }
                walker.commit(commit);
            }
        })
    }

    fn share<S: Sink>(
        &self,
        count: usize,
        sink: impl Fn() -> S + Sync,
        work: impl Fn(&mut Walker<'_, S>, usize) + Sync,
    ) -> Vec<S> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        rayon::scope(|scope| {
            for _ in 0..rayon::current_num_threads().min(count) {
                scope.spawn(|_| {
                    let mut walker = Walker::new(self, sink());
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        if at >= count {
                            break;
                        }
                        work(&mut walker, at);
                    }
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(walker.sink);
                });
            }
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_barren(&self, id: &oid) -> bool {
        self.barren.read().unwrap_or_else(PoisonError::into_inner).contains(id)
    }
}

/// What a tree has at `path`: a file, or whatever else there is; a folder is one of them.
pub fn entry_at(finder: &mut Finder<'_>, tree: &oid, path: &[u8]) -> Option<(ObjectId, Kind)> {
    let mut at = (tree.to_owned(), Kind::Tree);
    for part in path.split(|&b| b == b'/') {
        let (Kind::Tree, data) = finder.find(&at.0).ok().flatten()? else { return None };
        let mut rest = &data[..];
        let hash_len = at.0.kind().len_in_bytes();
        let entry = std::iter::from_fn(|| tree::next(&mut rest, hash_len)).find(|entry| entry.name == part)?;
        let kind = if entry.is_tree() { Kind::Tree } else { Kind::Blob };
        at = (ObjectId::from_bytes_or_panic(entry.id), kind);
    }
    Some(at)
}

/// The file that a tree has at `path`.
pub fn file_at(finder: &mut Finder<'_>, tree: &oid, path: &[u8]) -> Option<ObjectId> {
    entry_at(finder, tree, path).filter(|(_, kind)| *kind == Kind::Blob).map(|(id, _)| id)
}

struct Walker<'w, S> {
    changes: &'w Changes<'w>,
    finder: Finder<'w>,
    sink: S,
    path: Vec<u8>,
    /// Entries that the commit at hand may still change.
    left: u64,
}

/// Two versions of a folder.
#[derive(Clone, Copy)]
struct Pair {
    old: Option<ObjectId>,
    new: Option<ObjectId>,
}

impl<'w, S: Sink> Walker<'w, S> {
    fn new(changes: &'w Changes<'w>, sink: S) -> Self {
        Self { changes, finder: changes.objects.finder(), sink, path: Vec::new(), left: 0 }
    }

    fn commit(&mut self, number: u32) {
        let graph = self.changes.graph;
        let commit = graph.get(number);
        let parent = commit.parents.first().and_then(|id| graph.number(id)).map(|parent| graph.get(parent).tree);
        if parent != Some(commit.tree) {
            self.start(number, Pair { old: parent, new: Some(commit.tree) });
        }
    }

    fn start(&mut self, commit: u32, pair: Pair) {
        self.left = ENTRIES;
        self.path.clear();
        self.folder(commit, pair, 0);
        if self.left == 0 {
            self.sink.cut(commit);
        }
    }

    /// A tree's bytes; those of a missing one are none.
    fn tree(&mut self, id: &ObjectId) -> Option<Arc<Vec<u8>>> {
        match self.finder.find(id) {
            Ok(Some((Kind::Tree, data))) => Some(data),
            Ok(Some(_)) => {
                self.sink.lacks(*id, Some((SkipReason::Corrupt, "it is named as a tree and is none".into())));
                None
            }
            Ok(None) => {
                self.sink.lacks(*id, None);
                None
            }
            Err(why) => {
                self.sink.lacks(*id, Some(why));
                None
            }
        }
    }

    /// Compares two versions of a folder. Whether something that is wanted is in them.
    fn folder(&mut self, commit: u32, pair: Pair, depth: usize) -> bool {
        // Added or removed as a whole, and known to have nothing.
        let whole = pair.old.xor(pair.new);
        let told = pair.new.is_none() || !self.sink.wants_every_path();
        if told && whole.is_some_and(|id| self.changes.is_barren(&id)) {
            return false;
        }
        if depth > DEEPEST {
            self.left = 0;
            return true;
        }
        let old = pair.old.and_then(|id| self.tree(&id)).unwrap_or_default();
        let new = match pair.new.map(|id| self.tree(&id)) {
            // Nothing can be said of what it has; that it is missing has been.
            Some(None) => return false,
            Some(Some(data)) => data,
            None => Arc::default(),
        };
        let hash_len = self.changes.objects.hash().len_in_bytes();
        let (mut folders, mut fertile) = (Vec::new(), false);
        let sound = tree::diff(&old, &new, hash_len, |before, after| {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            fertile |= self.entry(commit, before, after, &mut folders);
        });
        if !sound && let Some(id) = pair.new {
            self.sink.lacks(id, Some((SkipReason::Corrupt, "it is no sound tree".into())));
        }
        for (name, pair) in folders {
            let len = self.path.len();
            self.push(&name);
            fertile |= self.folder(commit, pair, depth + 1);
            self.path.truncate(len);
        }
        // Of what is taken away it has not been told what was in it.
        if let (None, Some(id)) = (pair.old, pair.new)
            && !fertile
            && self.left > 0
        {
            self.changes.barren.write().unwrap_or_else(PoisonError::into_inner).insert(id);
        }
        fertile
    }

    fn push(&mut self, name: &[u8]) -> usize {
        if !self.path.is_empty() {
            self.path.push(b'/');
        }
        let start = self.path.len();
        self.path.extend_from_slice(name);
        start
    }

    /// Takes note of an entry that differs. Whether it is wanted.
    fn entry(
        &mut self,
        commit: u32,
        before: Option<tree::Entry<'_>>,
        after: Option<tree::Entry<'_>>,
        folders: &mut Vec<(Vec<u8>, Pair)>,
    ) -> bool {
        let Some(either) = after.or(before) else { return false };
        let id = |entry: tree::Entry<'_>| ObjectId::from_bytes_or_panic(entry.id);
        let (old, new) = (before.map(id), after.map(id));
        let len = self.path.len();
        let start = self.push(either.name);
        let blob = new.as_deref().filter(|_| !either.is_tree() && !either.is_submodule());
        if before.is_none() || (blob.is_some() && old != new) {
            self.sink.added(commit, &self.path, start, blob);
        }
        let mut wanted = false;
        if either.is_tree() {
            folders.push((either.name.to_vec(), Pair { old, new }));
        } else if !either.is_submodule() {
            if let Some(new) = blob
                && !self.changes.objects.contains(new)
            {
                self.sink.lacks(new.to_owned(), None);
            }
            wanted = [&old, &new].into_iter().flatten().any(|id| self.sink.wants(id));
            if wanted && !self.is_of_another_parent(commit, new.as_ref()) {
                let change = Change { commit, path: &self.path, old: old.as_deref(), new: new.as_deref() };
                self.sink.changed(&change);
            }
            if self.sink.wants_before() && old != new {
                let was_file = before.is_some_and(|before| !before.is_tree() && !before.is_submodule());
                self.before(commit, old.as_deref().filter(|_| was_file), blob);
            }
        }
        self.path.truncate(len);
        wanted
    }

    /// Tells what the file at the current path was: in the first parent `old`, and for a merge what the others have.
    fn before(&mut self, commit: u32, old: Option<&oid>, new: Option<&oid>) {
        if let Some(old) = old {
            self.sink.replaced(old);
        }
        let graph = self.changes.graph;
        for parent in graph.get(commit).parents.iter().skip(1).filter_map(|id| graph.number(id)) {
            let Some(other) = file_at(&mut self.finder, &graph.get(parent).tree, &self.path) else { continue };
            if new.is_none_or(|new| *new == *other) {
                continue;
            }
            self.sink.replaced(&other);
            if new.is_some_and(|new| self.sink.wants(new)) {
                let change = Change { commit, path: &self.path, old: Some(&other), new };
                self.sink.changed(&change);
            }
        }
    }

    /// Whether the file at the current path is, for a merge, that of a parent other than the first: then the change was made there.
    fn is_of_another_parent(&mut self, commit: u32, new: Option<&ObjectId>) -> bool {
        let graph = self.changes.graph;
        let others = graph.get(commit).parents.iter().skip(1).filter_map(|id| graph.number(id));
        others.into_iter().any(|parent| {
            let tree = graph.get(parent).tree;
            file_at(&mut self.finder, &tree, &self.path).as_ref() == new
        })
    }
}
