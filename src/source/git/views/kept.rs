//! Views as they are kept from one scan to the next.

use std::collections::BTreeSet;

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use super::{Entry, NONE, NOTHING, Views, Worth};

/// The views of the trees of packs, as they are kept for the next scan of the same packs.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct KeptViews {
    names: Vec<Vec<u8>>,
    /// As those of [`Views`]; a content is named by its place among those of the packs.
    views: Vec<Vec<Entry>>,
    /// Trees and their views, but for those that lead to nothing.
    of_trees: Vec<(u32, u32)>,
    /// By content its path, and the tree that this begins in.
    paths: Vec<(u32, Vec<u8>, u32)>,
    /// What the trees name and the repository does not have.
    missing: Vec<Vec<u8>>,
}

impl KeptViews {
    /// What is to be kept of the views of packs. `contents` are those of interest that packs have, in order. `None` if
    /// there is something that only this scan knows, or that nobody but its reader ought to.
    pub(in crate::source::git) fn of(views: &Views, contents: &[u32], missing: &BTreeSet<ObjectId>) -> Option<Self> {
        let mut used: Vec<u32> = views.views.iter().flatten().map(|(name, _)| *name).collect();
        used.sort_unstable();
        used.dedup();
        let place = |all: &[u32], number: u32| all.binary_search(&number).ok().map(|at| at as u32);
        let entry = |&(name, worth): &Entry| {
            let worth = match worth {
                // The name may be the secret.
                Worth::Name => return None,
                Worth::Blob(content) => Worth::Blob(place(contents, content)?),
                tree @ Worth::Tree(_) => tree,
            };
            Some((place(&used, name)?, worth))
        };
        let kept = views.views.iter().map(|view| view.iter().map(entry).collect());
        let trees = (0..).zip(&views.of_trees).filter(|(_, view)| !matches!(**view, NONE | NOTHING));
        let paths = views.places_of(contents).into_iter();
        Some(Self {
            views: kept.collect::<Option<_>>()?,
            of_trees: trees.map(|(tree, view)| (tree, *view)).collect(),
            paths: paths
                .map(|(content, path, top)| Some((place(contents, content)?, path, top)))
                .collect::<Option<_>>()?,
            missing: missing.iter().map(|id| id.as_bytes().to_vec()).collect(),
            names: used.into_iter().map(|name| views.name(name).to_vec()).collect(),
        })
    }

    /// The names that the views use, by number.
    pub(in crate::source::git) fn names(&self) -> &[Vec<u8>] {
        &self.names
    }

    /// What the trees name and was not there; `None` if that is no name.
    pub(in crate::source::git) fn missing(&self) -> Option<BTreeSet<ObjectId>> {
        self.missing.iter().map(|id| ObjectId::try_from(&id[..]).ok()).collect()
    }

    /// The views again, in a repository with so many objects. `contents` are as they were when they were kept. `None` if they do
    /// not fit.
    pub(in crate::source::git) fn views(self, contents: &[u32], objects: u64) -> Option<Views> {
        let mut views = Views::none(objects);
        let count = self.views.len() as u32;
        let entry = |own: u32, (name, worth): Entry| {
            let worth = match worth {
                Worth::Blob(place) => Worth::Blob(*contents.get(place as usize)?),
                // A view has only those that were made before it.
                Worth::Tree(view) if view < own => worth,
                _ => return None,
            };
            ((name as usize) < self.names.len()).then_some((name, worth))
        };
        let kept = (0..).zip(self.views).map(|(own, view)| view.into_iter().map(|e| entry(own, e)).collect());
        views.views = kept.collect::<Option<_>>()?;
        views.numbers = (0..).zip(&views.views).map(|(number, view)| (view.clone(), number)).collect();
        if views.numbers.get(&Vec::new()) != Some(&NOTHING) {
            return None;
        }
        for (tree, view) in self.of_trees {
            *views.of_trees.get_mut(tree as usize).filter(|_| view < count)? = view;
        }
        for (content, path, top) in self.paths {
            views.paths.insert(*contents.get(content as usize)?, (path, top));
        }
        views.names = self.names;
        Some(views)
    }
}
