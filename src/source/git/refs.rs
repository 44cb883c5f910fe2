//! Names of commits: branches, tags, stashes, and what only a log of a reference or a special file remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gix::ObjectId;
use gix::hash::Kind as HashKind;

use super::reftable;
use super::repository::Repository;
use crate::blob::{SkipReason, Skipped};
use crate::source::file;

/// A file with one name is smaller than this.
const SMALL: u64 = 64 << 10;

/// A file with many names, or a log of one, is smaller than this.
const LARGE: u64 = 1 << 30;

/// Folders within folders of references.
const DEEPEST: usize = 64;

/// What names objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refs {
    /// References by their full name: `refs/heads/main`, `HEAD`, `worktrees/x/HEAD`.
    pub named: BTreeMap<String, ObjectId>,
    /// What logs remember.
    pub logged: BTreeSet<ObjectId>,
    /// What `HEAD` is: a branch, or nothing if it is a commit itself.
    pub head: Option<String>,
}

impl Refs {
    /// Reads all names of a repository.
    #[must_use]
    pub fn read(repository: &Repository, shown: &str, skipped: &mut Vec<Skipped>) -> Self {
        let mut reader = Reader { refs: Self::default(), symbolic: Vec::new(), shown, skipped, hash: repository.hash };
        let common = &repository.common_dir;
        reader.folder(common, "");
        if repository.git_dir != *common {
            reader.folder(&repository.git_dir, "");
        }
        for name in file::names(&common.join("worktrees")).unwrap_or_default() {
            reader.folder(&common.join("worktrees").join(&name), &format!("worktrees/{name}/"));
        }
        reader.finish()
    }

    /// The commit that is checked out.
    #[must_use]
    pub fn head_id(&self) -> Option<ObjectId> {
        self.named.get("HEAD").copied()
    }
}

struct Reader<'r> {
    refs: Refs,
    /// References that name others.
    symbolic: Vec<(String, String)>,
    shown: &'r str,
    skipped: &'r mut Vec<Skipped>,
    hash: HashKind,
}

impl Reader<'_> {
    /// Reads what one folder, that of the repository or of a working tree, has; names in it are given `prefix`.
    fn folder(&mut self, folder: &Path, prefix: &str) {
        if let Ok(text) = file::small_text(&folder.join("packed-refs"), LARGE) {
            self.packed(&text);
        }
        for name in file::names(folder).unwrap_or_default() {
            // HEAD, ORIG_HEAD, FETCH_HEAD, MERGE_HEAD, CHERRY_PICK_HEAD and what else a git of the day keeps.
            if name.ends_with("HEAD") && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
                let limit = if name == "FETCH_HEAD" { LARGE } else { SMALL };
                self.special(&folder.join(&name), &format!("{prefix}{name}"), limit);
            }
        }
        self.loose(&folder.join("refs"), &format!("{prefix}refs"), 0);
        self.logs(&folder.join("logs"), 0);
        let tables = folder.join("reftable");
        for (name, table) in reftable::tables(&tables) {
            let found = match table {
                Ok(bytes) => reftable::read(&bytes, self.hash),
                Err(error) => Err(error.to_string()),
            };
            match found {
                Ok(found) => self.table(found, prefix),
                Err(why) => {
                    let what = format!("{}/reftable/{name}", self.shown);
                    let detail =
                        format!("names of commits cannot be read: {why}; their content is scanned all the same");
                    self.skipped.push(Skipped::new(what, SkipReason::Corrupt, detail));
                }
            }
        }
    }

    fn table(&mut self, found: reftable::Table, prefix: &str) {
        for (name, value) in found.refs {
            let name = format!("{prefix}{name}");
            match value {
                reftable::Value::Deleted => {
                    self.refs.named.remove(&name);
                    self.symbolic.retain(|(other, _)| *other != name);
                }
                reftable::Value::Object(id) => drop(self.refs.named.insert(name, id)),
                reftable::Value::Symbolic(target) => {
                    self.symbolic.retain(|(other, _)| *other != name);
                    self.symbolic.push((name, target));
                }
            }
        }
        self.refs.logged.extend(found.logged);
    }

    fn packed(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.starts_with(['#', '^'])) {
            if let Some((id, name)) = line.split_once(' ')
                && let Ok(id) = ObjectId::from_hex(id.as_bytes())
            {
                self.refs.named.entry(name.trim_end().into()).or_insert(id);
            }
        }
    }

    /// A file with a name at the start of each line, or the name of a reference.
    fn special(&mut self, path: &Path, name: &str, limit: u64) {
        let Ok(text) = file::small_text(path, limit) else { return };
        if let Some(target) = text.strip_prefix("ref:") {
            return self.symbolic.push((name.into(), target.trim().into()));
        }
        for (nth, line) in text.lines().enumerate() {
            let first = line.split([' ', '\t']).next().unwrap_or_default();
            if let Ok(id) = ObjectId::from_hex(first.as_bytes()) {
                let name = if nth == 0 { name.into() } else { format!("{name} {}", nth + 1) };
                self.refs.named.insert(name, id);
            }
        }
    }

    fn loose(&mut self, folder: &Path, name: &str, depth: usize) {
        let names = match file::names(folder) {
            Ok(names) => names,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.skipped.push(file::unreadable(&format!("{}/{name}", self.shown), &error)),
        };
        for last in names {
            let (path, name) = (folder.join(&last), format!("{name}/{last}"));
            // A link that leads in a circle is no folder of references.
            let is_dir = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
            if is_dir && depth < DEEPEST {
                self.loose(&path, &name, depth + 1);
            } else if !is_dir && !last.ends_with(".lock") {
                // A loose reference is newer than a packed one of the same name.
                self.special(&path, &name, SMALL);
            }
        }
    }

    fn logs(&mut self, folder: &Path, depth: usize) {
        for name in file::names(folder).unwrap_or_default() {
            let path = folder.join(name);
            if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
                if depth < DEEPEST {
                    self.logs(&path, depth + 1);
                }
                continue;
            }
            let text = file::small_text(&path, LARGE).unwrap_or_default();
            for id in text.lines().flat_map(|line| line.splitn(3, ' ').take(2)) {
                self.refs.logged.extend(ObjectId::from_hex(id.as_bytes()).ok().filter(|id| !id.is_null()));
            }
        }
    }

    fn finish(mut self) -> Refs {
        // One symbolic reference can name another.
        for _ in 0..8 {
            for (name, target) in &self.symbolic {
                if let Some(id) = self.refs.named.get(target).copied() {
                    self.refs.named.insert(name.clone(), id);
                }
            }
        }
        let head = self.symbolic.into_iter().find(|(name, _)| name == "HEAD");
        self.refs.head = head.map(|(_, target)| target).filter(|target| !target.ends_with("/.invalid"));
        self.refs
    }
}
