//! The files below a folder.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::file;
use super::git::repository;
use crate::blob::{SkipReason, Skipped, WITHIN};

/// What of a folder is walked.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// Leave out what `.gitignore` files name. They belong to the scanned folder, so this is off unless asked for.
    pub respect_gitignore: bool,
    /// Globs of paths to leave out, relative to each root.
    pub exclude: Vec<String>,
    /// Threads that walk and scan.
    pub threads: usize,
    /// Only what belongs to repositories themselves: their configuration, hooks and logs.
    pub repositories_only: bool,
}

/// A folder or file that the user named.
#[derive(Clone, Debug)]
pub struct Root {
    /// As it is opened.
    path: PathBuf,
    /// With all links resolved: links may not lead out of it.
    real: PathBuf,
    /// What its files' paths are shown relative to: the top of the repository it is in, else itself.
    base: PathBuf,
}

impl Root {
    /// Finds out where `path` is.
    ///
    /// # Errors
    /// It does not exist or cannot be reached.
    pub fn new(path: &Path) -> std::io::Result<Self> {
        let real = path.canonicalize()?;
        let folder = if real.is_dir() { &real } else { real.parent().unwrap_or(&real) };
        let repository = folder.ancestors().find(|dir| dir.join(".git").exists());
        Ok(Self { path: path.into(), base: repository.unwrap_or(folder).into(), real })
    }

    /// Leaves of several roots those that are not within another.
    #[must_use]
    pub fn outermost(roots: Vec<Self>) -> Vec<Self> {
        let mut kept: Vec<Self> = Vec::new();
        for (at, root) in roots.iter().enumerate() {
            let within = |(i, other): (usize, &Self)| {
                i != at && root.real.starts_with(&other.real) && (root.real != other.real || i < at)
            };
            if !roots.iter().enumerate().any(within) {
                kept.push(root.clone());
            }
        }
        kept
    }

    /// What shown paths are relative to.
    #[must_use]
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Whether it is all of what shown paths are relative to.
    #[must_use]
    pub fn is_base(&self) -> bool {
        self.real == self.base
    }

    /// With all links resolved.
    #[must_use]
    pub fn real(&self) -> &Path {
        &self.real
    }

    /// A root for the files of a repository that is outside of the other roots.
    ///
    /// # Errors
    /// It does not exist or cannot be reached.
    pub fn of_repository(repository: &FoundRepository, base: &Path) -> std::io::Result<Self> {
        let real = repository.git_dir.canonicalize()?;
        Ok(Self { path: repository.git_dir.clone(), real, base: base.into() })
    }

    /// The repository around this root, if the root is a folder below its top.
    fn repository_around(&self) -> Option<FoundRepository> {
        let inside = self.real.is_dir() && self.real != self.base;
        let git = self.base.join(".git");
        if !inside || self.real.starts_with(&git) {
            return None;
        }
        let git_dir = if git.is_dir() { git } else { repository::linked_from(&git)? };
        let found = FoundRepository { git_dir, shown: ".git".into(), prefix: String::new(), outside: true };
        repository::is_git_dir(&found.git_dir).then_some(found)
    }

    /// How a path below the root is shown: relative to the base, with `/`.
    fn show(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.path).unwrap_or(path);
        let real = if below.as_os_str().is_empty() { self.real.clone() } else { self.real.join(below) };
        let shown = real.strip_prefix(&self.base).unwrap_or(&real).to_string_lossy().into_owned();
        if std::path::MAIN_SEPARATOR == '/' { shown } else { shown.replace(std::path::MAIN_SEPARATOR, "/") }
    }
}

/// A file to scan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileItem {
    /// How it is opened.
    pub path: PathBuf,
    /// How it is shown.
    pub shown: String,
}

/// A repository that a walk came by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundRepository {
    /// Its folder with `HEAD`.
    pub git_dir: PathBuf,
    /// How it is shown.
    pub shown: String,
    /// What stands before the paths of its files: where its working tree is.
    pub prefix: String,
    /// Whether its own files were not walked: it is outside of what the user named.
    pub outside: bool,
}

/// What a walk saw besides files to scan.
#[derive(Clone, Debug, Default)]
pub struct WalkSummary {
    /// What could not be walked.
    pub skipped: Vec<Skipped>,
    /// Links whose target is missing: there was nothing to look at.
    pub broken_links: Vec<String>,
    /// Repositories, each once.
    pub repositories: Vec<FoundRepository>,
    /// Files and folders that `--exclude` left out.
    pub excluded: u64,
}

/// Hands every regular file below the `roots` to `visit`, on several threads. `visit` returns `false` to stop.
///
/// # Errors
/// A glob of the options is invalid.
pub fn walk<V>(roots: &[Root], options: &WalkOptions, visitor: impl Fn() -> V + Sync) -> Result<WalkSummary, String>
where
    V: FnMut(FileItem) -> bool + Send,
{
    let summary = Mutex::new(WalkSummary::default());
    let excluded = AtomicU64::new(0);
    for root in roots {
        let exclude = Exclude::new(&root.path, &options.exclude)?;
        let walk = RootWalk { root, roots, exclude, summary: &summary, only: options.repositories_only };
        if root.real.is_file() {
            // It can be a bundle, which is a repository in one file.
            visitor()(FileItem { path: root.path.clone(), shown: root.show(&root.path) });
            continue;
        }
        if let Some(around) = root.repository_around() {
            walk.note(|summary| summary.repositories.push(around));
        }
        if !root.real.is_dir() {
            let meta = std::fs::metadata(&root.path);
            walk.skip(match meta {
                Ok(meta) => file::special(&root.show(&root.path), meta.file_type()),
                Err(error) => file::unreadable(&root.show(&root.path), &error),
            });
            continue;
        }
        std::thread::scope(|_| {
            let parallel = walk.builder(options).build_parallel();
            parallel.run(|| {
                let mut visit = visitor();
                let (walk, excluded) = (&walk, &excluded);
                Box::new(move |entry| walk.entry(entry, excluded, &mut visit))
            });
        });
    }
    let mut summary = summary.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    summary.excluded = excluded.into_inner();
    summary.skipped.sort();
    summary.skipped.dedup();
    summary.broken_links.sort();
    once(&mut summary.repositories);
    Ok(summary)
}

/// Leaves of each repository the way to it by which its files have the best names: that by its working tree.
fn once(repositories: &mut Vec<FoundRepository>) {
    let mut known: Vec<(PathBuf, FoundRepository)> =
        repositories.drain(..).map(|found| (repository::common_dir(&found.git_dir), found)).collect();
    known.sort_by(|(a, x), (b, y)| {
        let inner = |found: &FoundRepository| found.prefix.contains(".git/");
        (a, inner(x), x.prefix.len(), x).cmp(&(b, inner(y), y.prefix.len(), y))
    });
    known.dedup_by(|(b, gone), (a, kept)| {
        let same = a == b;
        if same {
            kept.outside &= gone.outside;
        }
        same
    });
    repositories.extend(known.into_iter().map(|(_, found)| found));
    repositories.sort();
}

/// Paths that the user wants left out.
#[derive(Clone, Debug)]
pub struct Exclude(Override);

impl Exclude {
    /// Globs as in `.gitignore`, relative to `top`.
    ///
    /// # Errors
    /// One is invalid.
    pub fn new(top: &Path, exclude: &[String]) -> Result<Self, String> {
        let mut builder = OverrideBuilder::new(top);
        for glob in exclude {
            builder.add(&format!("!{glob}")).map_err(|e| format!("--exclude {glob}: {e}"))?;
        }
        builder.build().map(Self).map_err(|e| format!("--exclude: {e}"))
    }

    fn has(&self, path: &Path, is_dir: bool) -> bool {
        self.0.matched(path, is_dir).is_ignore()
    }

    /// Whether something in a container, by its path, is left out, or a folder or container that it is in: a glob for `*.jar`
    /// is for those in others too.
    #[must_use]
    pub fn has_member(&self, path: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let containers = path.match_indices(WITHIN).map(|(at, _)| &path[..at]);
        containers.chain([path]).any(|path| self.has_file(Path::new(path)))
    }

    /// Whether a file, by its path below the top, or a folder it is in is left out.
    #[must_use]
    pub fn has_file(&self, path: &Path) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        self.has(path, false) || folders.into_iter().any(|folder| self.has(folder, true))
    }
}

struct RootWalk<'a> {
    root: &'a Root,
    roots: &'a [Root],
    exclude: Exclude,
    summary: &'a Mutex<WalkSummary>,
    /// Only the files of repositories themselves.
    only: bool,
}

impl RootWalk<'_> {
    fn builder(&self, options: &WalkOptions) -> WalkBuilder {
        let mut builder = WalkBuilder::new(&self.root.path);
        builder.standard_filters(false).follow_links(false).threads(options.threads);
        if options.respect_gitignore {
            builder.git_ignore(true).git_exclude(true).parents(true).require_git(false);
        }
        builder
    }

    fn note(&self, note: impl FnOnce(&mut WalkSummary)) {
        note(&mut self.summary.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    fn skip(&self, skipped: Skipped) {
        self.note(|s| s.skipped.push(skipped));
    }

    fn entry(
        &self,
        entry: Result<DirEntry, ignore::Error>,
        excluded: &AtomicU64,
        visit: &mut impl FnMut(FileItem) -> bool,
    ) -> WalkState {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                self.skip(self.walk_error(&error));
                return WalkState::Continue;
            }
        };
        let path = entry.path();
        let kind = entry.file_type();
        let is_dir = kind.is_some_and(|k| k.is_dir());
        if entry.depth() > 0 && self.exclude.has(path, is_dir) {
            excluded.fetch_add(1, Ordering::Relaxed);
            return WalkState::Skip;
        }
        match kind {
            Some(kind) if kind.is_dir() => return self.folder(path),
            Some(kind) if kind.is_file() => {
                if entry.file_name() == ".git" {
                    self.git_file(path);
                }
                if self.only && !self.is_of_repository(path) {
                    return WalkState::Continue;
                }
                let item = FileItem { path: path.into(), shown: self.root.show(path) };
                return if visit(item) { WalkState::Continue } else { WalkState::Quit };
            }
            Some(_) if self.only && !self.is_of_repository(path) => {}
            Some(kind) if kind.is_symlink() => self.link(path),
            Some(kind) => self.skip(file::special(&self.root.show(path), kind)),
            None => {}
        }
        WalkState::Continue
    }

    /// A repository's objects are read as its history; what else it has is scanned as files.
    fn folder(&self, path: &Path) -> WalkState {
        let is_objects = path.file_name().is_some_and(|name| name == "objects");
        if is_objects && path != self.root.path && path.parent().is_some_and(repository::is_git_dir) {
            return WalkState::Skip;
        }
        // That of a linked working tree is a part of another.
        if repository::is_git_dir(path) && !path.join("commondir").exists() {
            let shown = self.root.show(path);
            let prefix = match shown.strip_suffix(".git") {
                Some(prefix) => prefix.to_owned(),
                None if path == self.root.path => String::new(),
                None => format!("{shown}/"),
            };
            let shown = if path == self.root.path && prefix.is_empty() { ".".into() } else { shown };
            let found = FoundRepository { git_dir: path.into(), shown, prefix, outside: false };
            self.note(|summary| summary.repositories.push(found));
        }
        WalkState::Continue
    }

    /// A file that says where the repository of a linked working tree or a submodule is.
    fn git_file(&self, path: &Path) {
        let shown = self.root.show(path);
        match repository::linked_from(path) {
            Some(git_dir) => {
                let prefix = shown.strip_suffix(".git").unwrap_or_default().to_owned();
                let outside = !self.roots.iter().any(|root| git_dir.starts_with(&root.real));
                let found = FoundRepository { git_dir, shown, prefix, outside };
                self.note(|summary| summary.repositories.push(found));
            }
            None if repository::is_link(path) => self.skip(Skipped::new(
                shown,
                SkipReason::LinkLeavesRoot,
                "it leads to a repository that does not lead back here; if it is yours, name its folder as another PATH",
            )),
            None => {}
        }
    }

    fn is_of_repository(&self, path: &Path) -> bool {
        let mut inside = false;
        self.note(|summary| {
            inside = path.ancestors().any(|folder| summary.repositories.iter().any(|found| found.git_dir == folder));
        });
        inside
    }

    /// A link is not followed: inside the roots its target is met anyway.
    fn link(&self, path: &Path) {
        let shown = self.root.show(path);
        match path.canonicalize() {
            Ok(target) if self.roots.iter().any(|root| target.starts_with(&root.real)) => {}
            Ok(_) => self.skip(Skipped::new(
                shown,
                SkipReason::LinkLeavesRoot,
                "a link to something outside what is scanned; name its target as another PATH, or leave it out with --exclude",
            )),
            Err(_) => self.note(|s| s.broken_links.push(shown)),
        }
    }

    fn walk_error(&self, error: &ignore::Error) -> Skipped {
        let mut path = None;
        let mut inner = error;
        loop {
            match inner {
                ignore::Error::WithPath { path: p, err } => (path, inner) = (Some(p), err),
                ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => inner = err,
                _ => break,
            }
        }
        let shown = path.map_or_else(|| self.root.show(&self.root.path), |path| self.root.show(path));
        match inner.io_error() {
            Some(io) => file::unreadable(&shown, io),
            None => Skipped::new(shown, SkipReason::Unreadable, inner.to_string()),
        }
    }
}
