//! Which commits of a history are scanned.

use gix::ObjectId;

use crate::source::git::commits::Graph;
use crate::source::git::refs::Refs;
use crate::source::git::revision;

/// What of a history the user wants scanned. Of several limits all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    /// Only what a branch, tag or other name leads to.
    pub reachable_only: bool,
    /// Only what these branches lead to.
    pub branches: Vec<String>,
    /// Only the commits of a range `A..B`, or `A...B`: those of B that A does not have.
    pub range: Option<String>,
    /// Only commits that are not in this one, or that were made since this date.
    pub since: Option<String>,
}

impl Selection {
    /// Whether everything is wanted, even what nothing leads to.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether each commit is wanted, by number. `peel` leads from an annotated tag to what it is on.
    ///
    /// # Errors
    /// A name that means no commit.
    pub(super) fn of(
        &self,
        graph: &Graph,
        refs: &Refs,
        peel: impl Fn(ObjectId) -> ObjectId + Copy,
    ) -> Result<Vec<bool>, String> {
        let resolve = |name: &str| revision::resolve(if name.is_empty() { "HEAD" } else { name }, refs, graph, peel);
        let mut wanted = vec![true; graph.len() as usize];
        let mut keep = |kept: &[bool], wanting: bool| {
            wanted.iter_mut().zip(kept).for_each(|(wanted, kept)| *wanted &= *kept == wanting);
        };
        if self.reachable_only {
            let tips = refs.named.values().filter_map(|id| graph.number(&peel(*id)));
            keep(&graph.reachable(tips), true);
        }
        if !self.branches.is_empty() {
            let tips = self.branches.iter().map(|name| resolve(name)).collect::<Result<Vec<_>, _>>();
            keep(&graph.reachable(tips.map_err(|e| format!("--branch {e}"))?), true);
        }
        if let Some(range) = &self.range {
            let fail = |e: String| format!("--range {range}: {e}");
            let (from, to) = range
                .split_once("...")
                .or_else(|| range.split_once(".."))
                .ok_or_else(|| fail("a range is written A..B or A...B".into()))?;
            keep(&graph.reachable([resolve(to).map_err(fail)?]), true);
            keep(&graph.reachable([resolve(from).map_err(fail)?]), false);
        }
        if let Some(since) = &self.since {
            match (resolve(since), gix::date::parse(since, Some(gix::date::Zoned::now()))) {
                (Ok(commit), _) => keep(&graph.reachable([commit]), false),
                (Err(_), Ok(date)) => {
                    let newer: Vec<bool> =
                        (0..graph.len()).map(|number| graph.get(number).time >= date.seconds).collect();
                    keep(&newer, true);
                }
                (Err(no_commit), Err(_)) => {
                    return Err(format!(
                        "--since {since}: {no_commit}, and it is no date (2024-05-31, \"2 weeks ago\")"
                    ));
                }
            }
        }
        Ok(wanted)
    }
}
