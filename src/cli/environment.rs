//! What git's environment variables say of the repository.
#![expect(clippy::disallowed_methods, reason = "git tells hooks by the environment which index and objects to use")]

use std::env;
use std::path::PathBuf;

use cleansweep::source::git::discover::GitEnvironment;

/// Reads them. An empty one is as good as none.
pub(crate) fn read() -> GitEnvironment {
    let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let alternates = env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
    GitEnvironment {
        git_dir: path("GIT_DIR"),
        work_tree: path("GIT_WORK_TREE"),
        index_file: path("GIT_INDEX_FILE"),
        object_directory: path("GIT_OBJECT_DIRECTORY"),
        alternates: env::split_paths(&alternates).filter(|path| !path.as_os_str().is_empty()).collect(),
    }
}
