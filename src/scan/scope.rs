//! Whose the parts of a scan are, and whether it is a scan of everything.

use super::{Coverage, Plan};
use crate::source::git::repository;
use crate::source::worktree::FoundRepository;

/// What the paths of those repositories begin with that lie in the project's folder and are neither its own nor its submodules.
pub(super) fn repositories_of_others(repositories: &[FoundRepository]) -> Vec<String> {
    let common = |found: &FoundRepository| repository::common_dir(&found.git_dir);
    let own = repositories.iter().find(|found| found.prefix.is_empty()).map(common);
    let nested = repositories.iter().filter(|found| !found.prefix.is_empty());
    let of_others = |found: &&FoundRepository| own.as_ref().is_none_or(|own| !common(found).starts_with(own));
    nested.filter(of_others).map(|found| found.prefix.clone()).collect()
}

/// What the paths in a bundle begin with.
pub(super) fn bundle_prefix(shown: &str) -> String {
    format!("{shown}!/")
}

/// Whether nothing of the folders and their histories was left out but by `--exclude`.
pub(super) fn is_whole(plan: &Plan, coverage: &Coverage) -> bool {
    let history = match &plan.history {
        Some(options) => options.selection.is_everything(),
        None => coverage.unscanned_histories.is_empty(),
    };
    let opened = plan.archives.is_some();
    history && opened && coverage.skipped.is_empty() && !plan.walk.respect_gitignore && !plan.walk.repositories_only
}
