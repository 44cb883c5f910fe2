//! Where what scans learn is kept.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// The folder in the user's cache, if the user has one.
pub(crate) fn folder() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|base| base.cache_dir().join("cleansweep"))
}
