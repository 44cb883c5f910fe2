//! Git repositories made in code: no `git` is run, and nobody's configuration is read.

use std::path::Path;

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::refs::transaction::PreviousValue;

/// A repository that is being made.
pub(crate) struct Repository {
    inner: gix::Repository,
}

impl Repository {
    /// A new repository with a working tree at `path`.
    pub(crate) fn init(path: &Path) -> Self {
        let kind = gix::create::Kind::WithWorktree;
        let created = gix::ThreadSafeRepository::init_opts(
            path,
            kind,
            gix::create::Options::default(),
            gix::open::Options::isolated().config_overrides(["user.name=Ada", "user.email=ada@acme.test"]),
        );
        Self { inner: created.expect("a repository can be made").to_thread_local() }
    }

    /// Commits a tree of exactly `files` on `branch`, after `parents`, and checks nothing out.
    pub(crate) fn commit(
        &self,
        branch: &str,
        parents: &[ObjectId],
        files: &[(&str, &[u8])],
        message: &str,
    ) -> ObjectId {
        let empty = ObjectId::empty_tree(self.inner.object_hash());
        let mut tree = self.inner.edit_tree(empty).expect("the empty tree always exists");
        for (path, content) in files {
            let blob = self.inner.write_blob(content).expect("a blob can be written");
            tree.upsert(*path, EntryKind::Blob, blob).expect("a path can be added");
        }
        let tree = tree.write().expect("a tree can be written").detach();
        let who =
            gix::actor::SignatureRef { name: "Ada".into(), email: "ada@acme.test".into(), time: "1700000000 +0000" };
        let branch = format!("refs/heads/{branch}");
        let commit = self.inner.commit_as(who, who, branch, message, tree, parents.iter().copied());
        commit.expect("a commit can be written").detach()
    }

    /// Points a new branch at a commit.
    pub(crate) fn branch(&self, name: &str, at: ObjectId) {
        let made = self.inner.reference(format!("refs/heads/{name}"), at, PreviousValue::MustNotExist, "test");
        made.map(drop).expect("a branch can be made");
    }

    /// Points a new lightweight tag at a commit.
    pub(crate) fn tag(&self, name: &str, at: ObjectId) {
        self.inner.tag_reference(name, at, PreviousValue::MustNotExist).map(drop).expect("a tag can be made");
    }
}
