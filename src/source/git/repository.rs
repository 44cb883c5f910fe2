//! A repository on disk: where its parts are, and what is known to be missing of it.
//!
//! Of its configuration only facts about the format are read: the kind of hash and whether objects were left with the server.
//! Nothing in it is obeyed, and no file that it includes is opened.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::hash::Kind as HashKind;

use crate::blob::{SkipReason, Skipped};
use crate::source::file;

/// Files of a repository that are small; one that is larger is no such file.
pub(super) const SMALL: u64 = 1 << 20;

/// More folders of objects than this are borrowed from by nobody.
const BORROWED: usize = 64;

/// Where the parts of a repository are.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The folder with `HEAD`.
    pub git_dir: PathBuf,
    /// The folder with `objects` and `refs`; another one in a linked working tree.
    pub common_dir: PathBuf,
    /// The kind of hash that names its objects.
    pub hash: HashKind,
    /// Folders of objects: its own, then those it borrows from.
    pub objects: Vec<PathBuf>,
    /// Commits whose parents were not fetched.
    pub shallow: Vec<ObjectId>,
    /// Whether objects were left with the server on purpose.
    pub partial: bool,
    /// Whether names are in tables, not in files.
    pub reftable: bool,
}

impl Repository {
    /// Looks at the repository whose `HEAD` is in `git_dir`. Trouble goes to `skipped`, where it is called `shown`.
    #[must_use]
    pub fn open(git_dir: &Path, shown: &str, skipped: &mut Vec<Skipped>) -> Self {
        let common_dir = common_dir(git_dir);
        let format = Format::read(&common_dir.join("config"));
        let mut objects = vec![common_dir.join("objects")];
        borrow(&mut objects, shown, skipped);
        let promised = |folder: &PathBuf| {
            file::names(&folder.join("pack")).is_ok_and(|names| names.iter().any(|name| name.ends_with(".promisor")))
        };
        Self {
            git_dir: git_dir.into(),
            hash: format.hash,
            partial: format.partial || objects.iter().any(promised),
            reftable: format.reftable,
            shallow: ids(&common_dir.join("shallow")),
            objects,
            common_dir,
        }
    }
}

/// The folder that a repository shares with its linked working trees.
#[must_use]
pub fn common_dir(git_dir: &Path) -> PathBuf {
    let common = match file::small_text(&git_dir.join("commondir"), SMALL) {
        Ok(path) => git_dir.join(path.trim_end_matches(['\n', '\r'])),
        Err(_) => git_dir.to_path_buf(),
    };
    common.canonicalize().unwrap_or(common)
}

/// Adds the folders that the last one names in `info/alternates`, and those that these name.
fn borrow(folders: &mut Vec<PathBuf>, shown: &str, skipped: &mut Vec<Skipped>) {
    let mut at = 0;
    while at < folders.len() && folders.len() < BORROWED {
        let list = file::small_text(&folders[at].join("info/alternates"), SMALL).unwrap_or_default();
        for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let path = folders[at].join(line.trim_matches('"'));
            let known = |folder: &PathBuf| folder.canonicalize().ok() == path.canonicalize().ok();
            if !path.is_dir() {
                let detail = "objects are borrowed from a folder that is not there; some history is missing";
                skipped.push(Skipped::new(format!("{shown}/objects"), SkipReason::MissingObjects, detail));
            } else if !folders.iter().any(known) {
                folders.push(path);
            }
        }
        at += 1;
    }
}

fn ids(path: &Path) -> Vec<ObjectId> {
    let text = file::small_text(path, 64 * SMALL).unwrap_or_default();
    text.lines().filter_map(|line| ObjectId::from_hex(line.trim().as_bytes()).ok()).collect()
}

struct Format {
    hash: HashKind,
    partial: bool,
    reftable: bool,
}

impl Format {
    fn read(path: &Path) -> Self {
        let text = file::small_text(path, SMALL).unwrap_or_default();
        let config = gix::config::File::try_from(&*text).unwrap_or_default();
        let value = |key: &str| config.string(key).map(|value| value.to_string().to_ascii_lowercase());
        let sha256 = value("extensions.objectFormat").as_deref() == Some("sha256");
        Self {
            hash: if sha256 { HashKind::Sha256 } else { HashKind::Sha1 },
            partial: config.string("extensions.partialClone").is_some(),
            reftable: value("extensions.refStorage").is_some_and(|value| value.starts_with("reftable")),
        }
    }
}

/// Whether a folder is a repository's own: it has its `HEAD` and its objects, or is that of a linked working tree.
#[must_use]
pub fn is_git_dir(path: &Path) -> bool {
    path.join("HEAD").symlink_metadata().is_ok() && (path.join("objects").is_dir() || path.join("commondir").is_file())
}

/// Whether a file named `.git` leads to a repository, sound or not.
#[must_use]
pub fn is_link(git_file: &Path) -> bool {
    file::small_text(git_file, SMALL).is_ok_and(|text| text.starts_with("gitdir:"))
}

/// The repository that a file named `.git` leads to, if that agrees: a linked working tree's names this file, a submodule's
/// is within the repository around it. A file that anybody could write must not lead the scan to somebody else's history.
#[must_use]
pub fn linked_from(git_file: &Path) -> Option<PathBuf> {
    let text = file::small_text(git_file, SMALL).ok()?;
    let target = text.strip_prefix("gitdir:")?.trim();
    let folder = git_file.parent()?;
    let git_dir = folder.join(target).canonicalize().ok()?;
    let real = git_file.canonicalize().ok()?;
    if !is_git_dir(&git_dir) {
        return None;
    }
    let back = file::small_text(&git_dir.join("gitdir"), SMALL).unwrap_or_default();
    let named_back = git_dir.join(back.trim_end()).canonicalize().is_ok_and(|path| path == real);
    let around = real.ancestors().skip(2).any(|above| git_dir.starts_with(above.join(".git")));
    (named_back || around).then_some(git_dir)
}
