//! The files that a repository tracks.

use std::path::Path;

use super::index_file;
use super::repository::{self, Repository};

/// The paths in the index of the repository at the top of a working tree, in order, with `/`. None where there is no
/// repository. Bytes that are not UTF-8 are replaced.
///
/// # Errors
/// The index cannot be read.
pub fn tracked(top: &Path) -> Result<Option<Vec<String>>, String> {
    let git = top.join(".git");
    let git_dir = if git.is_dir() { Some(git) } else { repository::linked_from(&git) };
    let Some(git_dir) = git_dir.filter(|folder| repository::is_git_dir(folder)) else { return Ok(None) };
    let repository = Repository::open(&git_dir, ".git", &mut Vec::new());
    let index = index_file::read(&git_dir.join("index"), repository.hash)?;
    let path = |entry: &gix::index::Entry| String::from_utf8_lossy(entry.path(&index)).into_owned();
    Ok(Some(index.entries().iter().map(path).collect()))
}
