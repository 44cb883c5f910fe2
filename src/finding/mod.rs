//! From matches to findings: which of two overlapping matches wins, where exactly it is, what may be
//! shown of its surroundings, and the names that survive an edit.

pub mod accepted;
pub mod history;
mod line_hash;
mod overlap;
mod redact;
pub mod shipped;
mod sightings;
mod silence;
pub mod silencing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::history::History;
pub use self::line_hash::{HASHED_BYTES, line_hash, lines_by_hash, nth_of_hash};
pub use self::overlap::resolve;
pub use self::redact::Redactor;
pub use self::shipped::Shipped;
pub use self::sightings::Sightings;
pub use self::silence::{Silence, SilencedBy};
use self::silencing::Marker;
use crate::blob::Origin;
use crate::detect::decode::How;
use crate::detect::{EXPIRED, Fact, Score};
use crate::rule::{Confidence, RuleIndex, RuleSet, Severity};
use crate::secret::{Fingerprint, FingerprintKeys, Secret};
use crate::source::source_map::SourcePlace;
use crate::span::{Position, Span};

/// A match with its place in the whole text, before it is known which ones win.
#[derive(Clone)]
pub struct Candidate {
    /// The rule that found it.
    pub rule: RuleIndex,
    /// That of the rule: of two on the same bytes the lower wins.
    pub precedence: u8,
    /// The secret's bytes in the text.
    pub span: Span,
    /// The secret.
    pub secret: Secret,
    /// The evidence.
    pub score: Score,
    /// What it tells about itself.
    pub facts: Vec<Fact>,
    /// How it is hidden, if it is not written as it is.
    pub encoded: Option<Box<Encoded>>,
    /// Whether every visitor of a site gets it.
    pub shipped: Option<Shipped>,
    /// Line and column of the first byte.
    pub start: Position,
    /// Line and column after the last byte.
    pub end: Position,
    /// What stands around it.
    pub snippet: Snippet,
    /// GitHub's hash of the line.
    pub line_hash: LineHash,
    /// What comments on its line say of it.
    pub marker: Option<Box<Marker>>,
    /// How many more times the same secret is in the same text, beyond those that are listed.
    pub more: u64,
    /// Of one in what a build has made: where it was in the sources, says the source map.
    pub source: Option<Box<SourcePlace>>,
    /// Of one in a binary: what is known of its place there.
    pub binary: Option<Box<InBinary>>,
    /// Where what belongs to it stands, which is no finding of its own then.
    pub parts: Vec<Span>,
    /// Of one in a log: when it was met.
    pub seen: Option<Box<Sightings>>,
    /// Why it is not counted, if it is not.
    pub silence: Option<Box<Silence>>,
}

/// A place in bytes that are no text, where lines say little.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InBinary {
    /// The section of a program, where that is known.
    pub section: Option<String>,
}

/// How a secret is hidden in a text.
#[derive(Clone)]
pub struct Encoded {
    /// In which ways, the outermost first. Empty if it is written as it is here, and hidden only in other versions.
    pub how: Vec<How>,
    /// What stands there in its place, in a history each that was there. Whoever reads it can decode it, so it is kept like the
    /// secret. One that is too long to be kept is empty.
    pub forms: Vec<Secret>,
}

/// How many forms of one secret are kept.
const FORMS: usize = 64;

/// The text around a secret on its own line or lines, without the secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Snippet {
    /// What stands before it.
    pub before: String,
    /// What stands after it.
    pub after: String,
}

/// A secret at a place.
#[derive(Clone)]
pub struct Finding {
    /// The rule that found it.
    pub rule: RuleIndex,
    /// How sure it is.
    pub confidence: Confidence,
    /// Names this credential at this place: stable when lines move.
    pub fingerprint: Fingerprint,
    /// Names the credential: the same wherever it is.
    pub credential: Fingerprint,
    /// The secret.
    pub secret: Secret,
    /// Where it is.
    pub origin: Origin,
    /// Its bytes in the text.
    pub span: Span,
    /// Line and column of the first byte.
    pub start: Position,
    /// Line and column after the last byte.
    pub end: Position,
    /// What stands around it; other secrets in it are masked.
    pub snippet: Snippet,
    /// GitHub's `primaryLocationLineHash`.
    pub line_hash: String,
    /// The evidence.
    pub score: Score,
    /// What it tells about itself.
    pub facts: Vec<Fact>,
    /// How it is hidden, if it is not written as it is.
    pub encoded: Option<Box<Encoded>>,
    /// Whether every visitor of a site gets it.
    pub shipped: Option<Shipped>,
    /// Of something in what a build has made: where it was in the sources, says the source map.
    pub source: Option<Box<SourcePlace>>,
    /// Of one in a binary: what is known of its place there.
    pub binary: Option<Box<InBinary>>,
    /// How many more times the same secret is in the same text, beyond those that are listed.
    pub more: u64,
    /// Of one in a log: when it was met.
    pub seen: Option<Box<Sightings>>,
    /// Of one in a history: where and when it was.
    pub history: Option<Box<History>>,
    /// What comments on its line say of it.
    pub marker: Option<Box<Marker>>,
    /// Why it is not counted, if it is not.
    pub silence: Option<Box<Silence>>,
}

/// The hash of a line and, where the whole text is known, its number among the lines with that hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineHash {
    /// See [`line_hash`].
    pub hash: u64,
    /// From 1.
    pub nth: Option<usize>,
}

/// Turns the winning candidates of one text, in order of place, into findings.
#[must_use]
pub fn findings(origin: &Origin, rules: &RuleSet, candidates: Vec<Candidate>, keys: &FingerprintKeys) -> Vec<Finding> {
    let mut repeats: BTreeMap<Fingerprint, u64> = BTreeMap::new();
    let mut lines: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut found = Vec::new();
    for candidate in candidates {
        let Some(confidence) = candidate.score.confidence() else { continue };
        let place = [rules.get(candidate.rule).id.as_bytes(), origin.path().as_bytes()];
        let mut fingerprint = candidate.secret.fingerprint_at(keys, &place);
        let nth = repeats.entry(fingerprint).and_modify(|n| *n += 1).or_insert(1);
        if *nth > 1 {
            let nth = nth.to_le_bytes();
            fingerprint = candidate.secret.fingerprint_at(keys, &[place[0], place[1], &nth]);
        }
        let LineHash { hash, nth } = candidate.line_hash;
        let same = lines.entry(hash).or_default();
        if same.last() != Some(&candidate.start.line) {
            same.push(candidate.start.line);
        }
        found.push(Finding {
            rule: candidate.rule,
            confidence,
            fingerprint,
            credential: candidate.secret.fingerprint(keys),
            origin: origin.clone(),
            span: candidate.span,
            start: candidate.start,
            end: candidate.end,
            snippet: candidate.snippet,
            line_hash: format!("{hash:x}:{}", nth.unwrap_or(same.len())),
            score: candidate.score,
            facts: candidate.facts,
            encoded: candidate.encoded,
            shipped: candidate.shipped,
            source: candidate.source,
            binary: candidate.binary,
            more: candidate.more,
            seen: candidate.seen,
            history: None,
            // A name has no comments.
            marker: candidate.marker.filter(|_| !origin.is_name()),
            silence: candidate.silence,
            secret: candidate.secret,
        });
    }
    found
}

/// The finding that `origin` has a name that a rule is about; there is no secret to be shown or hidden.
#[must_use]
pub fn at_path(origin: Origin, rules: &RuleSet, rule: RuleIndex, keys: &FingerprintKeys) -> Finding {
    let secret = Secret::new(b"", 0, true);
    let place = [rules.get(rule).id.as_bytes(), origin.path().as_bytes()];
    let fingerprint = secret.fingerprint_at(keys, &place);
    let start = Position { line: 1, column: 1 };
    Finding {
        rule,
        confidence: rules.get(rule).confidence,
        fingerprint,
        // Each file is a thing of its own.
        credential: fingerprint,
        secret,
        span: Span { start: 0, end: 0 },
        start,
        end: start,
        snippet: Snippet { before: "the file itself".into(), after: String::new() },
        line_hash: format!("{:x}:1", line_hash(origin.path().as_bytes())),
        score: Score::of_rule(rules.get(rule).confidence),
        facts: Vec::new(),
        encoded: None,
        shipped: None,
        source: None,
        binary: None,
        more: 0,
        seen: None,
        history: None,
        marker: None,
        silence: None,
        origin,
    }
}

impl Finding {
    /// What a holder can do with it, where it is.
    #[must_use]
    pub fn severity(&self, rules: &RuleSet) -> Severity {
        let severity = shipped::severity(rules.get(self.rule), self.shipped);
        if self.is_expired() { severity.min(Severity::Low) } else { severity }
    }

    /// Whether it says of itself that it has ended: then it opens nothing any more.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.facts.iter().any(|fact| fact.name == EXPIRED)
    }

    /// What must not be shown: the secret, and the forms in which it is encoded.
    pub fn values(&self) -> impl Iterator<Item = &Secret> {
        let forms = self.encoded.iter().flat_map(|encoded| &encoded.forms);
        std::iter::once(&self.secret).chain(forms)
    }

    /// Takes over the forms in which another finding of the same credential has it.
    pub fn know_forms_of(&mut self, other: &Self) {
        let Some(encoded) = &other.encoded else { return };
        let known = self.encoded.get_or_insert_with(|| Box::new(Encoded { how: Vec::new(), forms: Vec::new() }));
        for form in &encoded.forms {
            if known.forms.contains(form) {
                continue;
            }
            let is_kept = known.forms.len() < FORMS;
            known.forms.push(if is_kept { form.clone() } else { Secret::new(b"", 0, true) });
            if !is_kept {
                break;
            }
        }
        known.forms.truncate(FORMS + 1);
    }

    /// Masks in what is shown of it every secret that is known.
    pub fn redact(&mut self, redactor: &Redactor) {
        self.snippet.before = redactor.mask(&self.snippet.before);
        self.snippet.after = redactor.mask(&self.snippet.after);
        for fact in &mut self.facts {
            fact.value = redactor.mask(&fact.value);
        }
        let is_name = self.origin.is_name();
        let shown = |path: &str| if is_name { redactor.mask(path) } else { redactor.mask_path(path) };
        self.origin.change_paths(&mut |path| *path = shown(path));
        if let Some(source) = &mut self.source {
            source.source = redactor.mask(&source.source);
        }
        if let Some(section) = self.binary.as_mut().and_then(|binary| binary.section.as_mut()) {
            *section = redactor.mask(section);
        }
        if let Some(history) = &mut self.history {
            history.redact(redactor);
        }
        if let Some(marker) = &mut self.marker {
            marker.mask(|text| redactor.mask(text));
        }
    }
}
