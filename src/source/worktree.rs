//! The files below a folder.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::file;
use crate::blob::{SkipReason, Skipped};

/// What of a folder is walked.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// Leave out what `.gitignore` files name. They belong to the scanned folder, so this is off unless asked for.
    pub respect_gitignore: bool,
    /// Globs of paths to leave out, relative to each root.
    pub exclude: Vec<String>,
    /// Threads that walk and scan.
    pub threads: usize,
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

/// What a walk saw besides files to scan.
#[derive(Clone, Debug, Default)]
pub struct WalkSummary {
    /// What could not be walked.
    pub skipped: Vec<Skipped>,
    /// Links whose target is missing: there was nothing to look at.
    pub broken_links: Vec<String>,
    /// Git's own folders, which are not files of the working tree.
    pub repositories: Vec<String>,
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
        let walk = RootWalk { root, roots, exclude: globs(root, &options.exclude)?, summary: &summary };
        if root.real.is_file() {
            visitor()(FileItem { path: root.path.clone(), shown: root.show(&root.path) });
            continue;
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
    summary.repositories.sort();
    Ok(summary)
}

fn globs(root: &Root, exclude: &[String]) -> Result<Override, String> {
    let mut builder = OverrideBuilder::new(&root.path);
    for glob in exclude {
        builder.add(&format!("!{glob}")).map_err(|e| format!("--exclude {glob}: {e}"))?;
    }
    builder.build().map_err(|e| format!("--exclude: {e}"))
}

struct RootWalk<'a> {
    root: &'a Root,
    roots: &'a [Root],
    exclude: Override,
    summary: &'a Mutex<WalkSummary>,
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
        if entry.depth() > 0 && self.exclude.matched(path, is_dir).is_ignore() {
            excluded.fetch_add(1, Ordering::Relaxed);
            return WalkState::Skip;
        }
        match kind {
            Some(kind) if kind.is_dir() && entry.file_name() == ".git" && is_git_folder(path) => {
                let owner = path.parent().unwrap_or(path);
                self.note(|s| s.repositories.push(self.root.show(owner)));
                return WalkState::Skip;
            }
            Some(kind) if kind.is_dir() => {}
            Some(kind) if kind.is_file() => {
                let item = FileItem { path: path.into(), shown: self.root.show(path) };
                return if visit(item) { WalkState::Continue } else { WalkState::Quit };
            }
            Some(kind) if kind.is_symlink() => self.link(path),
            Some(kind) => self.skip(file::special(&self.root.show(path), kind)),
            None => {}
        }
        WalkState::Continue
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

/// Whether a folder named `.git` is git's: anything else of that name is scanned like any folder, or it would be a place to hide.
fn is_git_folder(path: &Path) -> bool {
    path.join("HEAD").is_file() && path.join("objects").is_dir()
}
