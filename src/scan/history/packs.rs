//! What is known of a pack once it has been looked at, in the form in which it is kept for the next scan.
//!
//! A pack never changes, so all of it is still true then. Names are numbers of the pack where it has the object.

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;
use serde::{Deserialize, Serialize};

use super::flag::{Flag, Flags, Wanted};
use crate::rule::Confidence;
use crate::source::git::commits::Commit;
use crate::source::git::pack::Pack;

/// What is known of a pack.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PackFacts {
    flags: Vec<(u32, Flagged, Confidence)>,
    commits: Vec<KnownCommit>,
    tags: Vec<(u32, Name)>,
}

/// What a flagged object is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Flagged {
    Commit,
    Tag,
    Blob,
}

#[derive(Debug, Serialize, Deserialize)]
struct KnownCommit {
    number: u32,
    tree: Name,
    parents: Vec<Name>,
    time: i64,
}

/// The name of an object.
#[derive(Debug, Serialize, Deserialize)]
enum Name {
    /// Of this number in the pack.
    Here(u32),
    /// That the pack does not have.
    Elsewhere(Vec<u8>),
}

impl Name {
    fn of(pack: &Pack, id: &oid) -> Self {
        pack.lookup(id).map_or_else(|| Self::Elsewhere(id.as_bytes().to_vec()), Self::Here)
    }

    fn id(&self, pack: &Pack) -> Option<ObjectId> {
        match self {
            Self::Here(number) => id(pack, *number),
            Self::Elsewhere(bytes) => ObjectId::try_from(&bytes[..]).ok(),
        }
    }
}

fn id(pack: &Pack, number: u32) -> Option<ObjectId> {
    (number < pack.len()).then(|| pack.id(number))
}

impl PackFacts {
    /// What was learned of a pack.
    pub(super) fn of(pack: &Pack, learned: &Flags) -> Self {
        pack.expect_lookups();
        let flag = |flag: &Flag| {
            let kind = match flag.kind {
                Kind::Commit => Flagged::Commit,
                Kind::Tag => Flagged::Tag,
                _ => Flagged::Blob,
            };
            Some((pack.lookup(&flag.id)?, kind, flag.level))
        };
        let commit = |commit: &Commit| {
            Some(KnownCommit {
                number: pack.lookup(&commit.id)?,
                tree: Name::of(pack, &commit.tree),
                parents: commit.parents.iter().map(|id| Name::of(pack, id)).collect(),
                time: commit.time,
            })
        };
        let tag = |(id, on): (&ObjectId, &ObjectId)| Some((pack.lookup(id)?, Name::of(pack, on)));
        let mut flags: Vec<_> = learned.flags.iter().filter_map(flag).collect();
        let mut commits: Vec<KnownCommit> = learned.commits.iter().filter_map(commit).collect();
        // Threads hand them in as they come.
        flags.sort_unstable_by_key(|(number, ..)| *number);
        commits.sort_unstable_by_key(|commit| commit.number);
        Self { flags, commits, tags: learned.tags.iter().filter_map(tag).collect() }
    }

    /// What of it is wanted, as if it were learned now. `None` if it is not of this pack.
    pub(super) fn learned(&self, pack: &Pack, wanted: Wanted) -> Option<Flags> {
        let mut learned = Flags::default();
        for &(number, kind, level) in self.flags.iter().filter(|_| wanted.search) {
            let kind = match kind {
                Flagged::Commit => Kind::Commit,
                Flagged::Tag => Kind::Tag,
                Flagged::Blob => Kind::Blob,
            };
            learned.flags.push(Flag { id: id(pack, number)?, kind, level });
        }
        if wanted.read {
            for KnownCommit { number, tree, parents, time } in &self.commits {
                let parents = parents.iter().map(|name| name.id(pack)).collect::<Option<_>>()?;
                learned.commits.push(Commit { id: id(pack, *number)?, tree: tree.id(pack)?, parents, time: *time });
            }
            for (number, on) in &self.tags {
                learned.tags.insert(id(pack, *number)?, on.id(pack)?);
            }
        }
        Some(learned)
    }
}
