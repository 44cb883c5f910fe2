//! What git's environment variables say of the repository.
#![expect(clippy::disallowed_methods, reason = "git tells hooks by the environment which index and objects to use")]

use std::env;
use std::path::PathBuf;

use cleansweep::source::git::discover::GitEnvironment;

/// The configuration of the system and of the user, the strongest last, and what `~` means in it.
pub(crate) fn git_config() -> (Vec<PathBuf>, Option<PathBuf>) {
    let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = etcetera::home_dir().ok();
    let mut files = Vec::new();
    if env::var_os("GIT_CONFIG_NOSYSTEM").is_none_or(|value| value == "0" || value == "false") {
        files.push(path("GIT_CONFIG_SYSTEM").unwrap_or_else(|| "/etc/gitconfig".into()));
    }
    match path("GIT_CONFIG_GLOBAL") {
        Some(only) => files.push(only),
        None => {
            let folder = path("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
            files.extend(folder.map(|folder| folder.join("git/config")));
            files.extend(home.as_ref().map(|home| home.join(".gitconfig")));
        }
    }
    (files, home)
}

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
