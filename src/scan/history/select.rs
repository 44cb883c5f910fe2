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
    /// Only what the commits of a range `A..B`, or `A...B`, add: those of B that A does not have.
    pub range: Option<String>,
    /// Only commits that are not in this one, or that were made since this date.
    pub since: Option<String>,
    /// Only commits that a push would publish.
    pub push: Option<Push>,
}

/// What `git push` is about to do, as git tells its `pre-push` hook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Push {
    /// The name of the remote repository, or its address if it has none.
    pub remote: String,
    /// What references of the remote repository will be.
    pub local: Vec<ObjectId>,
    /// What they are, as far as there are any.
    pub known: Vec<ObjectId>,
}

impl Push {
    /// Reads the lines `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID`. Deleted references publish nothing.
    ///
    /// # Errors
    /// A line is none of these.
    pub fn parse(remote: &str, lines: &str) -> Result<Self, String> {
        let mut push = Self { remote: remote.into(), ..Self::default() };
        for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let fail = || format!("line {}: it is not `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID`", number + 1);
            // The name of what is pushed can be any expression, with blanks in it.
            let mut fields = line.trim_end().rsplitn(4, ' ');
            let mut id = |skipped: usize| fields.nth(skipped).and_then(|id| ObjectId::from_hex(id.as_bytes()).ok());
            let (known, local) = (id(0).ok_or_else(fail)?, id(1).ok_or_else(fail)?);
            push.local.extend(Some(local).filter(|id| !id.is_null()));
            push.known.extend(Some(known).filter(|id| !id.is_null()));
        }
        Ok(push)
    }

    /// Which commits it would publish, by number: those that the remote repository is not known to have.
    fn of(&self, graph: &Graph, refs: &Refs, peel: impl Fn(ObjectId) -> ObjectId + Copy) -> Result<Vec<bool>, String> {
        let tip = |id: &ObjectId| {
            let none = || format!("{} is to be pushed, and no commit leads to its content", id.to_hex_with_len(10));
            graph.number(&peel(*id)).ok_or_else(none)
        };
        let mut wanted = graph.reachable(self.local.iter().map(tip).collect::<Result<Vec<_>, _>>()?);
        let tracked = format!("refs/remotes/{}/", self.remote);
        let tracked = refs.named.iter().filter(|(name, _)| name.starts_with(&tracked)).map(|(_, id)| id);
        let there = graph.reachable(self.known.iter().chain(tracked).filter_map(|id| graph.number(&peel(*id))));
        wanted.iter_mut().zip(there).for_each(|(wanted, there)| *wanted &= !there);
        Ok(wanted)
    }
}

impl Selection {
    /// Whether everything is wanted, even what nothing leads to.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether only what commits add is wanted, not all that is in the files that they touch.
    #[must_use]
    pub fn only_added(&self) -> bool {
        self.range.is_some() || self.push.is_some()
    }

    /// Whether an annotated tag is pushed itself.
    pub(super) fn pushes(&self, tag: &ObjectId) -> bool {
        self.push.as_ref().is_some_and(|push| push.local.contains(tag))
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
        if let Some(push) = &self.push {
            keep(&push.of(graph, refs, peel)?, true);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_tells_of_a_push() {
        let (a, b, none) = ("a".repeat(40), "b".repeat(40), "0".repeat(40));
        let lines = format!(
            "refs/heads/new {a} refs/heads/new {none}\n(delete) {none} refs/heads/old {b}\n\nHEAD^{{/a b}} {b} refs/heads/x {a}\n"
        );
        let push = Push::parse("origin", &lines).expect("the lines are sound");
        let id = |hex: &str| ObjectId::from_hex(hex.as_bytes()).expect("it is a name");
        assert_eq!(push.local, [id(&a), id(&b)]);
        assert_eq!(push.known, [id(&b), id(&a)]);
        for bad in ["refs/heads/a", &format!("a {a} b"), &format!("a {a} b c"), &format!("{a} {b}")] {
            let error = Push::parse("origin", &format!("\n{bad}\n")).expect_err("the line is broken");
            assert!(error.starts_with("line 2: "), "{error}");
        }
    }
}
