//! The repository that a command is run in, as git itself finds it: told by the environment, as hooks are, or looked for upwards.

use std::path::{Component, Path, PathBuf};

use gix::ObjectId;

use super::refs::Refs;
use super::repository::{self, Repository, SMALL};
use crate::source::file;

/// Names packed into one file may take this many bytes.
const LARGE: u64 = 1 << 30;

/// References that name references.
const LINKS: usize = 8;

/// What git's environment variables say; git sets some of them for the hooks that it runs.
#[derive(Clone, Debug, Default)]
pub struct GitEnvironment {
    /// `GIT_DIR`.
    pub git_dir: Option<PathBuf>,
    /// `GIT_WORK_TREE`.
    pub work_tree: Option<PathBuf>,
    /// `GIT_INDEX_FILE`: another one for `git commit -a` and `git commit PATH`.
    pub index_file: Option<PathBuf>,
    /// `GIT_OBJECT_DIRECTORY`: where objects are that are not yet the repository's.
    pub object_directory: Option<PathBuf>,
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`.
    pub alternates: Vec<PathBuf>,
}

/// A repository with its place.
#[derive(Clone, Debug)]
pub struct Located {
    /// The repository.
    pub repository: Repository,
    /// The top of its working tree; without one, its own folder.
    pub top: PathBuf,
    /// The index that the next commit is made from.
    pub index: PathBuf,
}

/// The repository that `folder` is in. Objects that it ought to borrow and cannot are told by whoever misses one.
///
/// # Errors
/// There is none, or what the environment names is none.
pub fn locate(folder: &Path, environment: &GitEnvironment) -> Result<Located, String> {
    let (git_dir, top) = match &environment.git_dir {
        Some(named) => {
            let git_dir = folder.join(named);
            let git_dir = if git_dir.is_file() { linked(&git_dir).unwrap_or(git_dir) } else { git_dir };
            if !repository::is_git_dir(&git_dir) {
                return Err(format!("GIT_DIR is {}, which is no git repository", named.display()));
            }
            (git_dir, folder.to_path_buf())
        }
        None => upwards(folder)?,
    };
    let top = environment.work_tree.as_ref().map_or(top, |work_tree| folder.join(work_tree));
    let index = environment.index_file.as_ref().map_or_else(|| git_dir.join("index"), |index| folder.join(index));
    let mut repository = Repository::open(&git_dir, ".git", &mut Vec::new());
    if let Some(objects) = &environment.object_directory {
        repository.objects.insert(0, folder.join(objects));
    }
    repository.objects.extend(environment.alternates.iter().map(|objects| folder.join(objects)));
    Ok(Located { repository, top: top.canonicalize().unwrap_or(top), index })
}

/// Looks for a repository in a folder and in those above it. Gives its own folder and the top of its working tree.
fn upwards(folder: &Path) -> Result<(PathBuf, PathBuf), String> {
    let real = folder.canonicalize().map_err(|e| format!("{}: {e}", folder.display()))?;
    for above in real.ancestors() {
        let git = above.join(".git");
        if repository::is_git_dir(&git) {
            return Ok((git, above.into()));
        }
        if git.is_file() {
            let linked = linked(&git).filter(|git_dir| repository::is_git_dir(git_dir));
            let linked = linked.ok_or_else(|| format!("{}: it leads to no git repository", git.display()))?;
            return Ok((linked, above.into()));
        }
        if repository::is_git_dir(above) {
            return Ok((above.into(), above.into()));
        }
    }
    Err(format!("{}: this is no git repository, and no folder above it is one", real.display()))
}

/// What a file named `.git` leads to. It is the user's own: git would take the same commit from there.
fn linked(git_file: &Path) -> Option<PathBuf> {
    let text = file::small_text(git_file, SMALL).ok()?;
    Some(git_file.parent()?.join(text.strip_prefix("gitdir:")?.trim()))
}

/// The commit that is checked out; none before the first.
///
/// # Errors
/// `HEAD` cannot be read, or is neither a name nor a commit.
pub fn head(repository: &Repository) -> Result<Option<ObjectId>, String> {
    if repository.reftable {
        return Ok(Refs::read(repository, ".git", &mut Vec::new()).head_id());
    }
    let path = repository.git_dir.join("HEAD");
    let read = |path: &Path| file::small_text(path, SMALL);
    let mut text = read(&path).map_err(|e| format!("{}: it cannot be read: {e}", path.display()))?;
    let mut name = "HEAD".to_owned();
    for _ in 0..LINKS {
        let Some(target) = text.strip_prefix("ref:") else {
            let first = text.split_whitespace().next().unwrap_or_default();
            let id = ObjectId::from_hex(first.as_bytes()).ok().filter(|id| id.kind() == repository.hash);
            return id
                .map(Some)
                .ok_or_else(|| format!("{name} is neither a branch nor a commit; `git fsck` tells more"));
        };
        name = target.trim().to_owned();
        let folders = [&repository.git_dir, &repository.common_dir];
        // A folder of names is no name: git packs `refs/heads/a` and leaves the folder.
        let loose = folders.iter().map(|folder| folder.join(&name)).find(|path| path.is_file());
        text = match loose {
            Some(path) => read(&path).map_err(|e| format!("{}: it cannot be read: {e}", path.display()))?,
            None => return Ok(packed(repository, &name)),
        };
    }
    Err("HEAD leads in a circle; `git symbolic-ref HEAD refs/heads/BRANCH` repairs it".into())
}

/// What `packed-refs` says of a name.
fn packed(repository: &Repository, name: &str) -> Option<ObjectId> {
    let text = file::small_text(&repository.common_dir.join("packed-refs"), LARGE).ok()?;
    let line = text.lines().find(|line| line.split_once(' ').is_some_and(|(_, other)| other.trim_end() == name))?;
    ObjectId::from_hex(line.split_once(' ')?.0.as_bytes()).ok()
}

/// The commits that are being merged into the one that is checked out.
#[must_use]
pub fn merge_heads(repository: &Repository) -> Vec<ObjectId> {
    let text = file::small_text(&repository.git_dir.join("MERGE_HEAD"), SMALL).unwrap_or_default();
    text.lines().filter_map(|line| ObjectId::from_hex(line.trim().as_bytes()).ok()).collect()
}

/// A path that the user named, from the top of the repository and with `/`; empty for the top itself. It need not exist.
///
/// # Errors
/// It is outside of the working tree.
pub fn below_top(top: &Path, folder: &Path, path: &Path) -> Result<Vec<u8>, String> {
    let whole = folder.join(path);
    // The link itself is what is meant, not what it leads to.
    let real = match (whole.parent(), whole.components().next_back()) {
        (Some(parent), Some(Component::Normal(name))) => resolved(parent).join(name),
        _ => resolved(&whole),
    };
    let below = real.strip_prefix(top).ok();
    let below =
        below.ok_or_else(|| format!("{}: it is outside of the repository {}", path.display(), top.display()))?;
    let bytes = gix::path::into_bstr(below).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(gix::path::to_unix_separators_on_windows(bytes).to_vec())
}

/// A path without links and `..`, as far as it is there.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let mut real = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir && real.file_name().is_some() {
            real.pop();
        } else {
            real.push(part);
            real = real.canonicalize().unwrap_or(real);
        }
    }
    real
}
