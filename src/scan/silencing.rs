//! What of the findings does not count because a configuration or somebody before says so.
//!
//! Most is known when a text is scanned: the path, the match, the line. Which commits brought a secret is known only once the
//! history has been told, so what asks for them is asked then.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::Plan;
use super::sight::Sight;
use crate::blob::{ObjectKind, Origin};
use crate::detect::Detector;
use crate::finding::accepted::{Accepted, Place};
use crate::finding::history::Exposure;
use crate::finding::{self, Finding, Silence, SilencedBy};
use crate::rule::allowlist::{Allowlist, Allowlists, Subject};
use crate::rule::{Rule, RuleSet};
use crate::secret::{Fingerprint, Secret};

/// Most bytes of a line, before and after a match, that a pattern for lines is held against.
const LINE: usize = 4096;

/// What says that findings do not count.
#[derive(Clone, Default)]
pub struct Silencers(Option<Arc<Both>>);

struct Both {
    allowlists: Allowlists,
    accepted: Accepted,
}

impl Silencers {
    /// These lists and these findings of before.
    #[must_use]
    pub fn new(allowlists: Allowlists, accepted: Accepted) -> Self {
        let some = !(allowlists.is_empty() && accepted.is_empty());
        Self(some.then(|| Arc::new(Both { allowlists, accepted })))
    }

    /// Whether nothing says so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What was let be and was not found.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        self.0.as_ref().map(|both| both.accepted.unused()).unwrap_or_default()
    }
}

fn by_list(list: &Allowlist) -> Silence {
    Silence { by: SilencedBy::Configuration, place: list.place.clone(), reason: list.description.clone() }
}

/// A text and what may silence what is in it.
#[derive(Clone, Copy)]
pub(super) struct View<'v> {
    silencers: &'v Silencers,
    /// None of what is in no file.
    path: Option<&'v str>,
    /// Whether rules for some paths are for it whatever their paths: it is in a file, but nobody knows in which.
    any_path: bool,
}

/// Something found and the text it is in.
pub(super) struct At<'a> {
    pub(super) rule: &'a Rule,
    pub(super) sight: &'a Sight,
    pub(super) text: &'a [u8],
    /// The line on which the secret begins, and that on which it ends.
    pub(super) lines: (u64, u64),
}

impl<'v> View<'v> {
    /// What is at `origin`.
    pub(super) fn of(silencers: &'v Silencers, origin: &'v Origin) -> Self {
        let path = path_of(origin);
        Self { silencers, path, any_path: matches!(origin.container(), Origin::Object(ObjectKind::Blob, _)) }
    }

    /// Whether a rule is for this text.
    pub(super) fn wants(&self, rule: &Rule) -> bool {
        self.any_path || rule.search().is_none_or(|search| search.is_for(self.path))
    }

    /// Why something in this text does not count.
    pub(super) fn silence(&self, at: &At<'_>) -> Option<Box<Silence>> {
        let Both { allowlists, accepted } = self.silencers.0.as_deref()?;
        let Range { start, end } = at.sight.whole;
        let before = start.saturating_sub(LINE);
        let from = memchr::memrchr(b'\n', &at.text[before..start]).map_or(before, |nl| before + nl + 1);
        let after = (end + LINE).min(at.text.len());
        let to = memchr::memchr(b'\n', &at.text[end..after]).map_or(after, |nl| end + nl);
        let subject = Subject {
            rule: &at.rule.id,
            path: self.path,
            commits: &[],
            secret: at.sight.secret.reveal(),
            matched: Some(&at.text[start..end]),
            line: Some(&at.text[from..to]),
        };
        if let Some(list) = allowlists.covering(&subject) {
            return Some(Box::new(by_list(list)));
        }
        let lead = &at.text[start.min(at.sight.range.start)..at.sight.range.start];
        let first = at.lines.0 - memchr::memchr_iter(b'\n', lead).count() as u64;
        let (path, lines) = (self.path?, (first, at.lines.1));
        accepted
            .silence(&Place { rule: &at.rule.id, path, lines, commit: None, secret: &at.sight.secret })
            .map(Box::new)
    }

    /// Why it does not count that this text is where it is.
    pub(super) fn silence_path(&self, rule: &Rule, secret: &Secret) -> Option<Box<Silence>> {
        let Both { allowlists, accepted } = self.silencers.0.as_deref()?;
        let subject = Subject { rule: &rule.id, path: self.path, commits: &[], secret: b"", matched: None, line: None };
        if let Some(list) = allowlists.covering(&subject) {
            return Some(Box::new(by_list(list)));
        }
        accepted.silence(&Place { rule: &rule.id, path: self.path?, lines: (0, 0), commit: None, secret }).map(Box::new)
    }
}

/// What rules that are about paths alone find at a path.
pub(super) fn at_path(detector: &Detector, plan: &Plan, origin: &Origin) -> Vec<Finding> {
    let rules = detector.rules();
    let view = View::of(&plan.silencers, origin);
    let matching = rules.by_path().iter().filter(|index| view.wants(rules.get(**index)));
    let found = matching.map(|&index| {
        let mut found = finding::at_path(origin.clone(), rules, index, &plan.keys);
        found.silence = view.silence_path(rules.get(index), &found.secret);
        found
    });
    found.collect()
}

fn path_of(origin: &Origin) -> Option<&str> {
    match origin {
        Origin::File(path) | Origin::Name(path) | Origin::Version(path) | Origin::PastName(path) => Some(path),
        Origin::Stdin | Origin::Object(..) => None,
        Origin::Member(inner) => path_of(&inner.container).map(|_| &*inner.path),
    }
}

/// Silences what was brought by commits that do not count, and the same secret in the file of that path.
pub(super) fn by_commits(silencers: &Silencers, rules: &RuleSet, findings: &mut [Finding]) {
    let Some(both) = &silencers.0 else { return };
    let mut let_be: HashMap<(Fingerprint, String), Silence> = HashMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.silence.is_none()) {
        let Some(history) = &finding.history else { continue };
        let rule = rules.get(finding.rule);
        let reasons: Vec<Option<Silence>> =
            history.exposures.iter().map(|exposure| both.exposure(rule, &finding.secret, exposure)).collect();
        for (exposure, reason) in history.exposures.iter().zip(&reasons) {
            if let (Some(path), Some(reason)) = (path_of(&exposure.origin), reason) {
                let_be.insert((finding.credential, path.to_owned()), reason.clone());
            }
        }
        // One place that counts is enough.
        if reasons.iter().all(Option::is_some) {
            finding.silence = reasons.into_iter().flatten().next().map(Box::new);
        }
    }
    for finding in findings.iter_mut().filter(|finding| finding.silence.is_none() && finding.history.is_none()) {
        let reason = path_of(&finding.origin).and_then(|path| let_be.get(&(finding.credential, path.to_owned())));
        finding.silence = reason.cloned().map(Box::new);
    }
}

impl Both {
    /// Why a place of a history does not count.
    fn exposure(&self, rule: &Rule, secret: &Secret, exposure: &Exposure) -> Option<Silence> {
        let path = path_of(&exposure.origin);
        let commits: Vec<&str> = exposure.introduced.iter().map(|commit| commit.id.as_str()).collect();
        let by_path = rule.search().is_some_and(|search| search.regex().is_none());
        let secret_bytes = secret.reveal();
        let subject =
            Subject { rule: &rule.id, path, commits: &commits, secret: secret_bytes, matched: None, line: None };
        if let Some(list) = self.allowlists.covering(&subject) {
            return Some(by_list(list));
        }
        let lines = if by_path { (0, 0) } else { (exposure.line, exposure.line) };
        let commit = Some(*commits.first()?);
        self.accepted.silence(&Place { rule: &rule.id, path: path?, lines, commit, secret })
    }
}
