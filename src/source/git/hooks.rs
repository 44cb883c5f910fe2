//! Where git looks for hooks.
//!
//! Of the configuration only `core.hooksPath` is read, from the files that git reads it from; what they include is not followed, but
//! that they include something is told.

use std::path::{Path, PathBuf};

use super::discover::{self, Located};
use super::repository::SMALL;
use crate::source::file;

/// The folder of a repository's hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hooks {
    /// The folder; it need not be there.
    pub folder: PathBuf,
    /// Whose it is.
    pub owner: Owner,
    /// The file that names the folder, if one does.
    pub named_in: Option<PathBuf>,
    /// Files that include others, in which another folder could be named.
    pub including: Vec<PathBuf>,
}

/// Whose the folder of hooks is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The repository's own, which is not committed.
    Repository,
    /// A folder of the working tree, which is committed as a rule.
    WorkingTree,
    /// Anything else: other repositories may use it as well.
    Others,
}

impl Hooks {
    /// Finds it. `files` are the user's and the system's configuration, the strongest last, and `home` is what `~` means.
    ///
    /// # Errors
    /// A configuration cannot be read, or names a folder in a way that is not understood.
    pub fn of(located: &Located, files: &[PathBuf], home: Option<&Path>) -> Result<Self, String> {
        let common = &located.repository.common_dir;
        let own = [common.join("config"), located.repository.git_dir.join("config.worktree")];
        let (mut named, mut including) = (None, Vec::new());
        for path in files.iter().chain(&own).filter(|path| path.exists()) {
            let fail = |why: String| format!("{}: {why}", path.display());
            let text = file::small_text(path, SMALL).map_err(|e| fail(format!("it cannot be read: {e}")))?;
            let config = gix::config::File::try_from(&*text).map_err(|e| fail(e.to_string()))?;
            if ["include", "includeIf"]
                .iter()
                .any(|name| config.sections_by_name(name).is_some_and(|mut s| s.next().is_some()))
            {
                including.push(path.clone());
            }
            if let Some(value) = config.string("core.hooksPath").filter(|value| !value.is_empty()) {
                named = Some((path.clone(), value.to_string()));
            }
        }
        let Some((file, value)) = named else {
            let folder = common.join("hooks");
            return Ok(Self { folder, owner: Owner::Repository, named_in: None, including });
        };
        let fail = |why: &str| format!("{}: core.hooksPath is {value}: {why}", file.display());
        let folder = match (value.strip_prefix("~/"), home) {
            (Some(below), Some(home)) => home.join(below),
            (Some(_), None) => return Err(fail("it is not known what ~ means")),
            (None, _) if value.starts_with(['~', '%']) => return Err(fail("only ~/ is understood at its start")),
            (None, _) => located.top.join(&value),
        };
        let folder = discover::resolved(&folder);
        let owner = match () {
            () if folder.starts_with(common) || folder.starts_with(&located.repository.git_dir) => Owner::Repository,
            () if folder.starts_with(&located.top) => Owner::WorkingTree,
            () => Owner::Others,
        };
        Ok(Self { folder, owner, named_in: Some(file), including })
    }
}
