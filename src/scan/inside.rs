//! What was found in a container.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::built::Made;
use super::members::Opener;
use super::silencing;
use crate::blob::{Origin, Skipped, WITHIN};
use crate::finding::{self, Candidate, Finding};
use crate::rule::RuleIndex;
use crate::secret::Secret;
use crate::source::container::Removed;

/// How many possible secrets are kept of one container. One that has more is made to exhaust us, or is a list of secrets.
pub(super) const KEPT: usize = 50_000;

/// What a container had.
#[derive(Default)]
pub(super) struct Inside {
    /// By path.
    pub(super) texts: Vec<Text>,
    pub(super) skipped: Vec<Skipped>,
    /// Members that were scanned.
    pub(super) members: u64,
    pub(super) bytes: u64,
    /// Members that the user wants left out.
    pub(super) excluded: u64,
    /// Possible secrets in the texts, and how many more there were.
    kept: usize,
    pub(super) dropped: usize,
    /// Paths of texts that were made of others, which are here too.
    pub(super) views: BTreeSet<String>,
}

impl Inside {
    /// Keeps a text that has something in it: so many possible secrets.
    pub(super) fn keep(&mut self, text: Text, count: usize) {
        if self.kept + count > KEPT {
            self.dropped += count;
        } else if count > 0 {
            self.kept += count;
            self.texts.push(text);
        }
    }

    /// What a text has, and the sources it was made from.
    pub(super) fn of_made(made: Made) -> Self {
        let Made { own, sources, skipped } = made;
        let sources = sources.into_iter().map(|(name, found)| Text::new(Some(&name), false, found));
        Self {
            texts: std::iter::once(Text::new(None, false, own)).chain(sources).collect(),
            skipped,
            ..Self::default()
        }
    }

    /// Leaves out of texts that were made of others what was found in those: it is at one place only.
    pub(super) fn once(&mut self) {
        if self.views.is_empty() {
            return;
        }
        let views = std::mem::take(&mut self.views);
        let is_view = |text: &Text| !text.is_name && text.inner.as_ref().is_some_and(|inner| views.contains(inner));
        let mut known: BTreeMap<Option<&str>, HashSet<(RuleIndex, &Secret)>> = BTreeMap::new();
        for text in self.texts.iter().filter(|text| !text.is_name && !is_view(text)) {
            let there = known.entry(text.inner.as_deref()).or_default();
            there.extend(text.candidates.iter().map(|candidate| (candidate.rule, &candidate.secret)));
        }
        let repeated = |text: &Text, candidate: &Candidate| {
            let inner = text.inner.as_deref().unwrap_or_default();
            let ends = inner.match_indices(WITHIN).map(|(at, _)| Some(&inner[..at]));
            std::iter::once(None)
                .chain(ends)
                .any(|raw| known.get(&raw).is_some_and(|there| there.contains(&(candidate.rule, &candidate.secret))))
        };
        let new: Vec<Option<Vec<bool>>> = self
            .texts
            .iter()
            .map(|text| is_view(text).then(|| text.candidates.iter().map(|one| !repeated(text, one)).collect()))
            .collect();
        for (text, new) in self.texts.iter_mut().zip(new) {
            if let Some(new) = new {
                let mut new = new.into_iter();
                text.candidates.retain(|_| new.next().unwrap_or(true));
            }
        }
        self.texts.retain(|text| text.is_name || !text.candidates.is_empty());
    }
}

/// A member, or the name of one, with something in it.
pub(super) struct Text {
    /// Its path within the container; none if it is the container itself, which is opened no further.
    pub(super) inner: Option<String>,
    pub(super) is_name: bool,
    pub(super) candidates: Vec<Candidate>,
    /// The path within the container of the source map that says where they were in the sources.
    pub(super) map: Option<String>,
}

impl Text {
    /// A text, or the name of one.
    pub(super) fn new(inner: Option<&str>, is_name: bool, candidates: Vec<Candidate>) -> Self {
        Self { inner: inner.map(ToOwned::to_owned), is_name, candidates, map: None }
    }

    /// Where it is, if the container is at `container`.
    pub(super) fn origin(&self, container: &Origin) -> Origin {
        origin(container, self.inner.as_deref(), self.is_name)
    }

    /// Says in its path that a later layer removes it, if one does.
    pub(super) fn mark(&mut self, layer: &str, removed: &Removed) {
        let within = |inner: &str| {
            let path = inner.strip_prefix(layer)?.strip_prefix(WITHIN)?;
            let (path, rest) = path.split_at(path.find(WITHIN).unwrap_or(path.len()));
            Some(format!("{layer}{WITHIN}{}{rest}", removed.mark(path)?))
        };
        if let Some(marked) = self.inner.as_deref().and_then(within) {
            self.inner = Some(marked);
        }
    }

    /// Its path within the container.
    pub(super) fn inner(&self) -> Option<(&str, bool)> {
        self.inner.as_deref().map(|inner| (inner, self.is_name))
    }

    /// What it has, if the container is at `container`.
    pub(super) fn findings(&self, opener: &Opener<'_>, container: &Origin) -> Vec<Finding> {
        let origin = self.origin(container);
        let (rules, keys) = (opener.detector.rules(), &opener.plan.keys);
        let mut found = finding::findings(&origin, rules, self.candidates.clone(), keys);
        if self.is_name {
            found.extend(silencing::at_path(opener.detector, opener.plan, &origin));
        }
        found
    }
}

/// Where something in a container is; without a path within, it is the container itself.
pub(super) fn origin(container: &Origin, inner: Option<&str>, is_name: bool) -> Origin {
    match inner {
        Some(inner) => container.member(inner, is_name),
        None => container.clone(),
    }
}
