//! What a whole history gave, kept for the next scan of the same history with the same rules.
//!
//! Kept is what may be shown, never a secret: where each one is. On the next scan it is read there again, and if it is not the same,
//! nothing that was kept is used.

use std::collections::HashMap;
use std::path::Path;

use gix::ObjectId;
use gix::objs::Kind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::inside::Inside;
use super::{Context, HistoryCoverage, HistoryScan, Outcome, versions};
use crate::blob::{Inner, ObjectKind, Origin, Skipped};
use crate::detect::decode::How;
use crate::detect::{Fact, PathKind, Score, Scratch};
use crate::finding::history::History;
use crate::finding::silencing::Marker;
use crate::finding::{Candidate, Encoded, Finding, InBinary, Redactor, Shipped, Snippet};
use crate::secret::{Fingerprint, Secret};
use crate::source::encoding::Encoding;
use crate::source::git::objects::Finder;
use crate::source::source_map::SourcePlace;
use crate::span::{Position, Span};

/// The outcome of a history at a state.
#[derive(Serialize, Deserialize)]
struct Kept {
    state: String,
    findings: Vec<KeptFinding>,
    skipped: Vec<Skipped>,
    below: u64,
    excluded: u64,
    commits: u64,
    objects: u64,
}

/// A finding without its secret.
#[derive(Serialize, Deserialize)]
struct KeptFinding {
    rule: String,
    fingerprint: Fingerprint,
    credential: Fingerprint,
    public_prefix: usize,
    origin: Origin,
    span: Span,
    start: Position,
    end: Position,
    snippet: Snippet,
    line_hash: String,
    score: Score,
    facts: Vec<Fact>,
    /// How it is encoded, if it is.
    encoded: Vec<How>,
    shipped: Option<Shipped>,
    source: Option<SourcePlace>,
    binary: Option<InBinary>,
    more: u64,
    history: History,
    marker: Option<Marker>,
}

/// Under what name the outcome is kept, and of what it is the outcome.
pub(super) struct Memory {
    name: String,
    state: String,
}

impl Memory {
    /// The name is that of the repository and of what is asked of it, so that what is out of date is replaced. `None` if
    /// nothing can be kept: what is asked for changes with time, or something is wrong with the repository.
    pub(super) fn of(scan: &HistoryScan<'_>, place: &Path, trouble: &[Skipped]) -> Option<Self> {
        let Context { plan, options, detector, prefix, shown, .. } = scan.context;
        // What counts is not kept, nor what does not.
        if !plan.silencers.is_empty()
            || options.cache.is_none()
            || options.selection.since.is_some()
            || !trouble.is_empty()
        {
            return None;
        }
        let asked = format!(
            "{} {:?} {} {:?} {prefix} {shown} {:?} {} {:?} {:?} {:?}",
            place.display(),
            plan.min_confidence,
            plan.keys.id(),
            options.selection,
            plan.walk.exclude,
            options.all_occurrences,
            plan.max_file_size,
            scan.context.comments,
            plan.archives,
        );
        let mut state = Sha256::new();
        let mut add = |text: String| state.update(text + "\n");
        add(detector.rules().digest().into());
        scan.objects.packs.iter().for_each(|pack| add(pack.checksum().to_string()));
        scan.objects.loose.iter().for_each(|(id, _)| add(id.to_string()));
        scan.refs.named.iter().for_each(|(name, id)| add(format!("{name} {id}")));
        add(format!("{:?} {:?} {}", scan.refs.head, scan.shallow, scan.partial));
        Some(Self { name: format!("history {asked}"), state: format!("{:x}", state.finalize()) })
    }

    /// What was kept, if it is of the same state and every secret is where it was.
    pub(super) fn recall(&self, scan: &HistoryScan<'_>) -> Option<Outcome> {
        let kept: Kept = scan.context.options.cache.as_ref()?.get(&self.name)?;
        if kept.state != self.state {
            return None;
        }
        let mut finder = scan.objects.finder();
        let mut opened = Opened::default();
        let findings = kept.findings.into_iter().map(|kept| kept.whole(scan.context, &mut finder, &mut opened));
        let findings = findings.collect::<Option<Vec<Finding>>>()?;
        scan.context.excluded.fetch_add(kept.excluded, std::sync::atomic::Ordering::Relaxed);
        let coverage =
            HistoryCoverage { repository: scan.context.shown.clone(), commits: kept.commits, objects: kept.objects };
        Some(Outcome { findings, below: kept.below, skipped: kept.skipped, coverage })
    }

    /// Keeps an outcome. Secrets in names are not read again, nor those that are encoded in more ways than the one where they are
    /// told, so an outcome that has one is not kept.
    pub(super) fn keep(&self, scan: &HistoryScan<'_>, outcome: &Outcome, excluded: u64) {
        let Some(cache) = &scan.context.options.cache else { return };
        let in_one_way = |encoded: &Encoded| !encoded.how.is_empty() && encoded.forms.len() == 1;
        let unreadable = |finding: &Finding| {
            finding.origin.is_name() || finding.encoded.as_deref().is_some_and(|encoded| !in_one_way(encoded))
        };
        if outcome.findings.iter().any(unreadable) || scan.context.monitor.is_cancelled() {
            return;
        }
        let redactor = Redactor::new(outcome.findings.iter().flat_map(Finding::values));
        let findings = outcome.findings.iter().map(|finding| KeptFinding::of(scan.context, finding, &redactor));
        let Some(findings) = findings.collect::<Option<Vec<_>>>() else { return };
        let mut skipped = outcome.skipped.clone();
        for skipped in &mut skipped {
            skipped.what = redactor.mask(&skipped.what);
            skipped.detail = redactor.mask(&skipped.detail);
        }
        let kept = Kept {
            state: self.state.clone(),
            findings,
            skipped,
            below: outcome.below,
            excluded,
            commits: outcome.coverage.commits,
            objects: outcome.coverage.objects,
        };
        cache.put(&self.name, &kept);
    }
}

impl KeptFinding {
    fn of(context: &Context<'_>, finding: &Finding, redactor: &Redactor) -> Option<Self> {
        let mut shown = finding.clone();
        shown.redact(redactor);
        let history = *shown.history?;
        Some(Self {
            rule: context.detector.rules().get(finding.rule).id.clone(),
            fingerprint: shown.fingerprint,
            credential: shown.credential,
            public_prefix: finding.secret.public_prefix(),
            origin: shown.origin,
            span: shown.span,
            start: shown.start,
            end: shown.end,
            snippet: shown.snippet,
            line_hash: shown.line_hash,
            score: shown.score,
            facts: shown.facts,
            encoded: shown.encoded.map(|encoded| encoded.how).unwrap_or_default(),
            shipped: shown.shipped,
            source: shown.source.map(|source| *source),
            binary: shown.binary.map(|binary| *binary),
            more: shown.more,
            history,
            marker: shown.marker.map(|marker| *marker),
        })
    }

    /// Puts the secret back, from where it is.
    fn whole(self, context: &Context<'_>, finder: &mut Finder<'_>, opened: &mut Opened) -> Option<Finding> {
        let rules = context.detector.rules();
        let rule = rules.find(&self.rule)?;
        let id = ObjectId::from_hex(self.history.object.as_bytes()).ok()?;
        let (kind, data) = finder.find(&id).ok()??;
        let guessable = rules.get(rule).guessable;
        let is_it = |value: &[u8]| {
            let secret = Secret::new(value, self.public_prefix, guessable);
            (secret.fingerprint(&context.plan.keys) == self.credential).then_some(secret)
        };
        let range = usize::try_from(self.span.start).ok()?..usize::try_from(self.span.end).ok()?;
        let found = match &self.origin {
            Origin::Member(inner) => Some(opened.find(context, (id, &data), inner, self.span)?),
            _ if self.encoded.is_empty() => None,
            origin => {
                let (candidates, _) =
                    versions::candidates(context, origin, (kind, path_kind(origin)), &data, &mut Scratch::default());
                Some(candidates.into_iter().find(|candidate| candidate.span == self.span)?)
            }
        };
        let (secret, encoded) = match found {
            Some(candidate) => (is_it(candidate.secret.reveal())?, candidate.encoded),
            None => {
                let text = text_of(kind, &data);
                let secret = text.get(range.clone()).and_then(is_it).or_else(|| {
                    // A string of a binary that has 16 bits to a character.
                    is_it(&data.get(range)?.iter().step_by(2).copied().collect::<Vec<u8>>())
                })?;
                (secret, None)
            }
        };
        if encoded.as_deref().map_or(&[][..], |encoded| &encoded.how) != self.encoded {
            return None;
        }
        Some(Finding {
            rule,
            confidence: self.score.confidence()?,
            fingerprint: self.fingerprint,
            credential: self.credential,
            secret,
            origin: self.origin,
            span: self.span,
            start: self.start,
            end: self.end,
            snippet: self.snippet,
            line_hash: self.line_hash,
            score: self.score,
            facts: self.facts,
            encoded,
            shipped: self.shipped,
            source: self.source.map(Box::new),
            binary: self.binary.map(Box::new),
            more: self.more,
            seen: None,
            history: Some(Box::new(self.history)),
            marker: self.marker.map(Box::new),
            silence: None,
        })
    }
}

/// What containers have, each opened once.
#[derive(Default)]
struct Opened(HashMap<(ObjectId, Origin), Inside>);

impl Opened {
    /// What a member has at a place.
    fn find(
        &mut self,
        context: &Context<'_>,
        (id, data): (ObjectId, &[u8]),
        member: &Inner,
        span: Span,
    ) -> Option<Candidate> {
        let container = &member.container;
        let open = || context.opened(container, data);
        let inside = self.0.entry((id, container.clone())).or_insert_with(open);
        let text = inside
            .texts
            .iter()
            .find(|text| matches!(text.origin(container), Origin::Member(other) if *other == *member))?;
        text.candidates.iter().find(|candidate| candidate.span == span).cloned()
    }
}

/// The kind of file by which a content was scanned.
fn path_kind(origin: &Origin) -> PathKind {
    match origin {
        Origin::Version(path) => PathKind::of(path),
        Origin::Object(ObjectKind::Blob, _) => PathKind::credulous(),
        _ => PathKind::default(),
    }
}

/// A content as it is scanned.
fn text_of(kind: Kind, data: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let encoding = if kind == Kind::Blob { Encoding::sniff(data) } else { Encoding::Bytes };
    encoding.decode(data)
}
