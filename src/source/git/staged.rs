//! What the next commit adds: the index beside the tree of `HEAD` and, in a merge, the trees of what is merged.
//!
//! The index remembers the trees that its folders had (its `TREE` extension, which git makes the commit from), so that only folders in
//! which something was staged are opened.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use gix::ObjectId;
use gix::index::entry::{Flags, Mode};
use gix::index::extension::Tree;
use gix::objs::Kind;

use super::commits::Commit;
use super::discover::{self, Located};
use super::index_file;
use super::objects::{Finder, Objects};
use super::tree;
use crate::blob::{SkipReason, Skipped};
use crate::source::file;

/// Folders within folders.
const DEEPEST: usize = 512;

/// Larger files of the working tree are not compared with what is staged.
const COMPARED: u64 = 64 << 20;

/// Files that are looked at in folders of a sparse index. A small pack can spell a tree of any number of files.
const SPARSE: u64 = 1_000_000;

/// Files that a commit takes away, of which it is told whether one came back elsewhere.
const REMOVED: usize = 10_000;

/// A file that the next commit adds or changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile {
    /// Its path from the top of the repository.
    pub path: Vec<u8>,
    /// Its content; of a symbolic link that is the path that it leads to.
    pub id: ObjectId,
    /// What the parents of the commit have at this path.
    pub before: Vec<ObjectId>,
    /// Whether the content was at another path, and only moved here.
    pub moved: bool,
}

/// What the next commit adds.
#[derive(Clone, Debug, Default)]
pub struct Staged {
    /// Files with a content or path that no parent of the commit has.
    pub files: Vec<StagedFile>,
    /// Contents that the commit takes away.
    pub removed: Vec<(Vec<u8>, ObjectId)>,
    /// Paths in conflict: git commits nothing as long as there are any.
    pub unmerged: Vec<Vec<u8>>,
    /// What could not be compared.
    pub skipped: Vec<Skipped>,
}

/// Opens the objects of a repository for [`Staged::read`]. A broken pack is told by whoever misses one of its objects.
#[must_use]
pub fn objects(located: &Located) -> Objects {
    Objects::for_lookup(&located.repository.objects, located.repository.hash, ".git", &mut Vec::new())
}

impl Staged {
    /// Compares the index with what is committed.
    ///
    /// # Errors
    /// The index or `HEAD` cannot be read.
    pub fn read(located: &Located, finder: &mut Finder<'_>) -> Result<Self, String> {
        let repository = &located.repository;
        let index = index_file::read(&located.index, repository.hash)?;
        let mut staged = Self::default();
        let mut items = Vec::with_capacity(index.entries().len());
        for entry in index.entries() {
            let path: &[u8] = entry.path(&index);
            if entry.stage_raw() != 0 {
                staged.unmerged.push(path.to_vec());
            } else if !entry.flags.contains(Flags::INTENT_TO_ADD) {
                items.push(Item { path, id: entry.id, mode: entry.mode });
            }
        }
        staged.unmerged.dedup();
        let head = discover::head(repository)?;
        let merged = if head.is_some() { discover::merge_heads(repository) } else { Vec::new() };
        let mut comparison = Comparison { finder, staged, removed_folders: Vec::new(), left: SPARSE, path: Vec::new() };
        let parents: Vec<Option<ObjectId>> =
            head.into_iter().chain(merged).map(|commit| comparison.tree_of(&commit)).collect();
        comparison.folder(&items, &parents, index.tree(), 0);
        comparison.find_moved();
        Ok(comparison.staged)
    }
}

/// What stands in the working tree at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Working {
    /// The content that is staged, or nothing that could be scanned: a folder, which is a submodule.
    AsStaged,
    /// A file with another content.
    Another,
    /// A symbolic link, with the path that it leads to.
    Link(Vec<u8>),
}

impl Working {
    /// Looks at the file at `path`, of which `staged` is the content in the index, where that is known.
    ///
    /// # Errors
    /// It is not there or cannot be read.
    pub fn of(path: &Path, staged: Option<&ObjectId>) -> Result<Self, Skipped> {
        let shown = path.to_string_lossy();
        let fail = |error: std::io::Error| file::unreadable(&shown, &error);
        let meta = path.symlink_metadata().map_err(fail)?;
        if meta.is_symlink() {
            let target = path.read_link().map_err(fail)?;
            return Ok(Self::Link(target.to_string_lossy().into_owned().into_bytes()));
        }
        let Some(staged) = staged.filter(|_| meta.is_file()) else {
            return Ok(if meta.is_dir() { Self::AsStaged } else { Self::Another });
        };
        let (opened, _) = file::open(path, &shown)?;
        let mut bytes = Vec::new();
        opened.take(COMPARED + 1).read_to_end(&mut bytes).map_err(fail)?;
        let is = |bytes: &[u8]| gix::objs::compute_hash(staged.kind(), Kind::Blob, bytes).is_ok_and(|id| id == *staged);
        // Git may keep lines in another form than the working tree has them.
        let unix = || String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        let same = bytes.len() as u64 <= COMPARED && (is(&bytes) || is(unix().as_bytes()));
        Ok(if same { Self::AsStaged } else { Self::Another })
    }
}

/// An entry of the index that will be committed.
#[derive(Clone, Copy)]
struct Item<'i> {
    path: &'i [u8],
    id: ObjectId,
    mode: Mode,
}

/// What a parent has in a folder, by name and whether it is a folder itself.
type Names = HashMap<(Vec<u8>, bool), ObjectId>;

struct Comparison<'c, 'o> {
    finder: &'c mut Finder<'o>,
    staged: Staged,
    /// Folders that the commit takes away.
    removed_folders: Vec<(Vec<u8>, ObjectId)>,
    /// Files that may still be looked at in folders of a sparse index.
    left: u64,
    /// The path of the folder at hand, with a slash at its end unless it is the top.
    path: Vec<u8>,
}

impl Comparison<'_, '_> {
    fn shown(&self, what: &str) -> String {
        format!("{}{what}", String::from_utf8_lossy(&self.path))
    }

    fn skip(&mut self, what: String, reason: SkipReason, why: &str) {
        let detail = format!("{why}; all that is staged there counts as new; `git fsck` tells more");
        self.staged.skipped.push(Skipped::new(what, reason, detail));
    }

    /// The tree of a commit.
    fn tree_of(&mut self, commit: &ObjectId) -> Option<ObjectId> {
        let data = self.object(commit, Kind::Commit)?;
        let tree = Commit::parse(*commit, &data).map(|commit| commit.tree);
        if tree.is_none() {
            self.skip(format!("commit {}", commit.to_hex_with_len(10)), SkipReason::Corrupt, "it is no sound commit");
        }
        tree
    }

    fn object(&mut self, id: &ObjectId, wanted: Kind) -> Option<Arc<Vec<u8>>> {
        let (reason, why) = match self.finder.find(id) {
            Ok(Some((kind, data))) if kind == wanted => return Some(data),
            Ok(Some((kind, _))) => (SkipReason::Corrupt, format!("it is a {kind}")),
            Ok(None) if id.is_empty_tree() => return Some(Arc::default()),
            Ok(None) => (SkipReason::MissingObjects, "it is not there".into()),
            Err(trouble) => trouble,
        };
        self.skip(self.shown(&format!("{wanted} {}", id.to_hex_with_len(10))), reason, &why);
        None
    }

    /// What a tree has.
    fn names(&mut self, id: &ObjectId) -> Names {
        let Some(data) = self.object(id, Kind::Tree) else { return Names::new() };
        let (mut rest, mut names) = (&data[..], Names::new());
        while let Some(entry) = tree::next(&mut rest, id.kind().len_in_bytes()) {
            if !entry.is_submodule() {
                names.insert((entry.name.to_vec(), entry.is_tree()), ObjectId::from_bytes_or_panic(entry.id));
            }
        }
        if !rest.is_empty() {
            self.skip(
                self.shown(&format!("tree {}", id.to_hex_with_len(10))),
                SkipReason::Corrupt,
                "it is no sound tree",
            );
        }
        names
    }

    /// Compares a folder of the index with those of the parents. `items` are what it has, with their whole paths.
    fn folder(&mut self, items: &[Item<'_>], parents: &[Option<ObjectId>], cache: Option<&Tree>, depth: usize) {
        let known = cache.filter(|cache| cache.num_entries.is_some()).map(|cache| cache.id);
        if known.is_some_and(|id| parents.contains(&Some(id))) {
            return;
        }
        if depth > DEEPEST {
            let what = self.shown("");
            return self.skip(what, SkipReason::Unsupported, "it is deeper than folders are looked at");
        }
        let parents: Vec<Names> = parents.iter().map(|id| id.map(|id| self.names(&id)).unwrap_or_default()).collect();
        let prefix = self.path.len();
        let mut seen: HashSet<(&[u8], bool)> = HashSet::new();
        let mut at = 0;
        while let Some(item) = items.get(at) {
            let rest = &item.path[prefix..];
            let Some(slash) = memchr::memchr(b'/', rest) else {
                seen.insert((rest, false));
                self.file(rest, item.id, item.mode, &parents);
                at += 1;
                continue;
            };
            let (name, whole) = (&rest[..slash], &item.path[..prefix + slash + 1]);
            seen.insert((name, true));
            let below = |id: &Names| id.get(&(name.to_vec(), true)).copied();
            let below: Vec<Option<ObjectId>> = parents.iter().map(below).collect();
            self.path.extend_from_slice(&rest[..=slash]);
            if whole.len() == item.path.len() {
                // A folder of which nothing is checked out, in a sparse index.
                at += 1;
                self.whole_folder(item.id, &below, depth + 1);
            } else {
                let count = items[at..].iter().take_while(|other| other.path.starts_with(whole)).count();
                let cache = cache.and_then(|cache| cache.children.iter().find(|child| child.name[..] == *name));
                self.folder(&items[at..at + count], &below, cache, depth + 1);
                at += count;
            }
            self.path.truncate(prefix);
        }
        if let Some(head) = parents.first() {
            self.removed(head, &seen);
        }
    }

    /// Compares a folder that the index has as one tree.
    fn whole_folder(&mut self, id: ObjectId, parents: &[Option<ObjectId>], depth: usize) {
        if parents.contains(&Some(id)) {
            return;
        }
        if depth > DEEPEST || self.left == 0 {
            let what = self.shown("");
            let detail =
                "a folder of the sparse index, larger or deeper than is looked at; `git sparse-checkout disable`";
            return self.staged.skipped.push(Skipped::new(what, SkipReason::Truncated, detail));
        }
        let parents: Vec<Names> = parents.iter().map(|id| id.map(|id| self.names(&id)).unwrap_or_default()).collect();
        let Some(data) = self.object(&id, Kind::Tree) else { return };
        let mut rest = &data[..];
        while let Some(entry) = tree::next(&mut rest, id.kind().len_in_bytes()) {
            self.left = self.left.saturating_sub(1);
            let child = ObjectId::from_bytes_or_panic(entry.id);
            if !entry.is_tree() {
                self.file(entry.name, child, Mode::from_bits_truncate(entry.mode), &parents);
                continue;
            }
            let below = |names: &Names| names.get(&(entry.name.to_vec(), true)).copied();
            let below: Vec<Option<ObjectId>> = parents.iter().map(below).collect();
            let len = self.path.len();
            self.path.extend_from_slice(entry.name);
            self.path.push(b'/');
            self.whole_folder(child, &below, depth + 1);
            self.path.truncate(len);
        }
        if !rest.is_empty() {
            let what = self.shown(&format!("tree {}", id.to_hex_with_len(10)));
            self.staged.skipped.push(Skipped::new(
                what,
                SkipReason::Corrupt,
                "it is no sound tree; `git fsck` tells more",
            ));
        }
    }

    fn file(&mut self, name: &[u8], id: ObjectId, mode: Mode, parents: &[Names]) {
        // A commit of another repository: there is nothing to read.
        if mode.is_submodule() {
            return;
        }
        let here = (name.to_vec(), false);
        let before: Vec<ObjectId> = parents.iter().filter_map(|names| names.get(&here)).copied().collect();
        if !before.contains(&id) {
            let path = [&self.path, name].concat();
            self.staged.files.push(StagedFile { path, id, before, moved: false });
        }
    }

    /// Takes note of what a folder of `HEAD` has and that of the index has not.
    fn removed(&mut self, head: &Names, seen: &HashSet<(&[u8], bool)>) {
        for ((name, is_tree), id) in head.iter().filter(|((name, is_tree), _)| !seen.contains(&(&name[..], *is_tree))) {
            let path = [&self.path, &name[..]].concat();
            let removed = if *is_tree { &mut self.removed_folders } else { &mut self.staged.removed };
            removed.push((path, *id));
        }
    }

    /// Finds out which new files are only removed ones at another path.
    fn find_moved(&mut self) {
        if !self.staged.files.iter().any(|file| file.before.is_empty()) {
            return;
        }
        while let Some((path, id)) = self.removed_folders.pop() {
            if self.staged.removed.len() + self.removed_folders.len() > REMOVED {
                break;
            }
            for ((name, is_tree), id) in self.names(&id) {
                let path = [&path, &b"/"[..], &name].concat();
                let removed = if is_tree { &mut self.removed_folders } else { &mut self.staged.removed };
                removed.push((path, id));
            }
        }
        self.staged.removed.sort();
        let removed: HashSet<ObjectId> = self.staged.removed.iter().map(|(_, id)| *id).collect();
        for file in self.staged.files.iter_mut().filter(|file| file.before.is_empty()) {
            file.moved = removed.contains(&file.id);
        }
    }
}
