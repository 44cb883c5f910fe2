//! An `[[allow]]` of a configuration: which findings it silences.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::Finding;
use super::super::silence::{Silence, SilencedBy};
use super::{Day, places};
use crate::blob::Origin;
use crate::rule::RuleSet;
use crate::source::worktree::Exclude;

/// Paths by globs as in `.gitignore`.
#[derive(Clone, Debug)]
pub struct Globs(pub(super) Exclude);

/// Conditions of which all that are given must hold.
#[derive(Clone, Debug)]
pub struct Allow {
    /// Where it is written.
    pub place: String,
    /// Why these are no secrets.
    pub reason: String,
    /// The last day it holds.
    pub expires: Option<Day>,
    /// Every place of the credential is at one of these paths.
    pub paths: Option<Globs>,
    /// One of these rules found it.
    pub rules: Option<BTreeSet<String>>,
    /// It has one of these fingerprints, or is one of these credentials.
    pub fingerprints: Option<BTreeSet<String>>,
    /// The secret contains one of these, in lower case.
    pub stopwords: Option<Vec<String>>,
}

impl Allow {
    /// Whether it no longer holds.
    #[must_use]
    pub fn is_expired(&self, today: Day) -> bool {
        self.expires.is_some_and(|expires| expires < today)
    }

    /// What it says of a finding that it covers.
    #[must_use]
    pub fn silence(&self, finding: &Finding, rules: &RuleSet) -> Option<Silence> {
        let holds = self.rules.as_ref().is_none_or(|ids| ids.contains(&rules.get(finding.rule).id))
            && self.fingerprints.as_ref().is_none_or(|names| names_it(names, finding))
            && self.paths.as_ref().is_none_or(|globs| places(finding).all(|origin| globs.has(origin)))
            && self.stopwords.as_ref().is_none_or(|words| contains_one(finding.secret.reveal(), words));
        holds.then(|| Silence { by: SilencedBy::Configuration, place: self.place.clone(), reason: self.reason.clone() })
    }
}

/// The name of a credential is for all its places. A fingerprint is of one path: what a history tells of a credential at other
/// paths too is not covered by it.
fn names_it(names: &BTreeSet<String>, finding: &Finding) -> bool {
    let of_place = || names.contains(&finding.fingerprint.to_string());
    let one_path = || places(finding).all(|origin| origin.path() == finding.origin.path());
    names.contains(&finding.credential.to_string()) || (of_place() && one_path())
}

fn contains_one(secret: &[u8], words: &[String]) -> bool {
    let secret = secret.to_ascii_lowercase();
    words.iter().any(|word| memchr::memmem::find(&secret, word.as_bytes()).is_some())
}

impl Globs {
    fn has(&self, origin: &Origin) -> bool {
        match origin {
            Origin::File(path) | Origin::Name(path) | Origin::Version(path) | Origin::PastName(path) => {
                self.0.has_file(Path::new(path))
            }
            Origin::Stdin | Origin::Object(..) => false,
            // Who speaks of a container speaks of all that is in it.
            Origin::Member(inner) => self.has(&inner.container) || self.0.has_member(&inner.path),
        }
    }
}
