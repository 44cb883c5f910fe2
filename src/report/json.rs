//! JSON: the whole report as one document, or one line for each exposure and a last one with the summary.
//!
//! The wire types are apart from the model, so that the model can change without breaking readers. A change that
//! could break one raises [`VERSION`].

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::history;
use crate::finding::{Finding, Shipped, SilencedBy};
use crate::rule::{Confidence, RuleSet, Severity};
use crate::scan::{Coverage, ScanOutcome, Verdict};
use crate::secret::Fingerprint;
use crate::source::source_map::SourcePlace;

/// Version of the format.
pub const VERSION: u32 = 1;

/// A report.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "cleansweep report")]
pub struct Report {
    /// Version of this format.
    pub version: u32,
    /// The findings, by path and place; several may be exposures of one credential.
    pub findings: Vec<Exposure>,
    /// What was found too, but a comment, a configuration or a baseline says that it does not count, or the ledger that it
    /// is rotated.
    pub silenced: Vec<Exposure>,
    /// What was looked at, what was not, and what it amounts to.
    pub summary: Summary,
}

/// A line of the `jsonl` format.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[schemars(title = "cleansweep report line")]
pub enum Line {
    /// A secret at a place.
    Finding(Box<Exposure>),
    /// One that somebody has said does not count.
    Silenced(Box<Exposure>),
    /// A finding of a stream was told when it came, and met again since.
    Again(Box<Again>),
    /// The last line.
    Summary(Box<Summary>),
}

/// A secret at a place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Exposure {
    /// Identifier of the rule.
    pub rule: String,
    /// Identifier of the provider.
    pub provider: String,
    /// `personal data`, if it is that and no credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<&'static str>,
    /// What was found, in a few words.
    pub title: String,
    /// What a holder can do: `critical`, `high`, `medium`, `low`, `info`.
    pub severity: &'static str,
    /// How sure it is: `high`, `medium`, `low`.
    pub confidence: &'static str,
    /// Names this credential at this place; the same after lines have moved.
    pub fingerprint: String,
    /// Names the credential; the same wherever it is.
    pub credential_id: String,
    /// The secret, redacted unless it was asked to be revealed.
    pub secret: String,
    /// `file`, `name` (of a file), `stdin`, also of what is in an archive there; of a history `history` (a file), `history-name`, `commit` or `tag` (their texts),
    /// `blob` (a content that no commit has as a file).
    pub source: &'static str,
    /// Path, relative to the repository or the scanned folder, with `/`; in an archive or a compressed file with `!/` after that
    /// file's path: `app.jar!/lib/x.jar!/application.yml`.
    pub path: String,
    /// Of what is in an archive or a compressed file: the path of that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// First line, from 1.
    pub line: u64,
    /// First column, from 1, in UTF-16 code units.
    pub column: u64,
    /// Last line.
    pub end_line: u64,
    /// Column after the last character.
    pub end_column: u64,
    /// Offset of the first byte, in the unpacked member if it is in a container; in a text that was UTF-16, of its UTF-8 form.
    pub offset: u64,
    /// The text around the secret, secrets redacted.
    pub snippet: String,
    /// How many more times the same secret is in the same file.
    pub more_in_file: u64,
    /// Of a secret in a log or on standard input: when it was met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// What the credential tells about itself.
    pub facts: Vec<NamedValue>,
    /// Why it is believed to be a secret.
    pub evidence: Vec<Reason>,
    /// Identifier of the runbook for rotating it; `cleansweep rules show` prints it.
    pub rotation: String,
    /// How it is hidden, the outermost way first, if it is not written as it is: `kubernetes-secret`, `base64`, `gzip` and `zlib` (in
    /// base64), `hex`, `percent`, `unicode-escape`, `hex-escape`, `octal-escape`, `quoted-string`, `html-entity`, `quoted-printable`,
    /// `joined` (string literals), `continued-line`, `ansi-codes`, `utf16`, `utf32`. Line and column are those of what it is
    /// decoded from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub encoded: Vec<&'static str>,
    /// Whether every visitor of a site gets it: `client-bundle` (a script that a build has made, or its source map), `public-variable`
    /// (its value is built into such a script), `web-page` (what a page is set up with).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped: Option<&'static str>,
    /// Of something in what a build has made: where it was in the sources, says the source map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub built_from: Option<BuiltFrom>,
    /// Of a secret in a history: where and when it was. Such a secret has one finding for all its places, that of the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// Who says that it does not count; only of what is silenced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silenced: Option<Silenced>,
}

/// When a secret was met in a log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Seen {
    /// How often.
    pub times: u64,
    /// The time of the first line that has it, as the log gives it: RFC 3339, without an offset where the log has none, or as in
    /// syslog, `Oct 11 22:14:15`. None if the log has no times.
    pub first: Option<String>,
    /// The same of the last line.
    pub last: Option<String>,
    /// The last line that has it, from 1.
    pub last_line: u64,
}

/// How often a finding was met that was told when it came.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Again {
    /// That of the finding.
    pub fingerprint: String,
    /// When it was met, all in all.
    pub seen: Seen,
}

/// A place in a source that a build was made from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BuiltFrom {
    /// The source, as the source map names it.
    pub path: String,
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1, in UTF-16 code units.
    pub column: u64,
}

/// Why a finding does not count.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Silenced {
    /// `comment` (on the line), `configuration`, `baseline`, `ledger` (it is rotated).
    pub by: &'static str,
    /// The file that says so.
    pub place: String,
    /// The reason it gives, which can be empty.
    pub reason: String,
}

/// Where and when a secret was in a history.
#[derive(Debug, Serialize, JsonSchema)]
pub struct History {
    /// The object that the finding's line and column are of; empty if the secret is in a name.
    pub object: String,
    /// How many different contents have it: versions of files, messages of commits.
    pub versions: u64,
    /// The places it was at, the oldest first.
    pub exposures: Vec<PastExposure>,
    /// Every version that has it; only with `--all-occurrences`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub occurrences: Vec<Occurrence>,
}

/// A secret at one path, or in one message, over time.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PastExposure {
    /// As that of the finding.
    pub source: &'static str,
    /// The path, or what stands for it.
    pub path: String,
    /// The object that has it: of a file its first version with the secret.
    pub object: String,
    /// The commit that brought it; none for what was never committed.
    pub introduced: Option<Commit>,
    /// The last commit that took it away, if it is not in `HEAD`.
    pub removed: Option<Commit>,
    /// Branches, tags and other names that lead to the commit that brought it, the main ones first.
    pub refs: Vec<String>,
    /// How many more of these there are.
    pub more_refs: u64,
    /// Whether it is in the commit that is checked out.
    pub in_head: bool,
    /// Whether no name leads to it.
    pub unreachable: bool,
}

/// Who made a commit, and when.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Commit {
    /// Its name.
    pub id: String,
    /// Its author, `Name <address>`.
    pub author: String,
    /// When the author made it, ISO 8601.
    pub date: String,
}

/// A version that has a secret.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Occurrence {
    /// The path, or what stands for it.
    pub path: String,
    /// The object.
    pub object: String,
    /// The first commit that has it there.
    pub commit: Option<String>,
    /// First line, from 1.
    pub line: u64,
    /// First column, from 1, in UTF-16 code units.
    pub column: u64,
}

/// Something a credential tells about itself.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NamedValue {
    /// What it is: `account_id`, `host`, `user`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A reason for or against a finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reason {
    /// What it adds to the score.
    pub points: i32,
    /// The reason.
    pub reason: String,
}

/// What a scan amounts to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// `clean`, `findings` or `incomplete`.
    pub verdict: &'static str,
    /// How many findings are in the report.
    pub findings: u64,
    /// How many different credentials these are.
    pub credentials: u64,
    /// How many findings are silenced; they are in none of the other numbers.
    pub silenced: SilencedCounts,
    /// How many more there are below the wanted confidence.
    pub below_confidence: u64,
    /// Histories that were looked at.
    pub histories: Vec<ScannedHistory>,
    /// Files and streams that were scanned to their end.
    pub scanned_items: u64,
    /// Bytes scanned.
    pub scanned_bytes: u64,
    /// What was not, or not wholly, looked at.
    pub skipped: Vec<Skip>,
    /// What was done about archives and compressed files.
    pub archives: Archives,
    /// Files and folders that `--exclude` left out.
    pub excluded: u64,
    /// Whether `.gitignore` files were obeyed.
    pub gitignore_respected: bool,
    /// Links without a target.
    pub broken_links: Vec<String>,
    /// Repositories whose history was not looked at.
    pub unscanned_histories: Vec<String>,
    /// What there is to know of silencing.
    pub notes: Vec<Note>,
    /// Version of cleansweep.
    pub tool_version: &'static str,
    /// Digest of the rules: equal digests find the same.
    pub rules_digest: String,
}

/// What was done about archives and compressed files; those of histories are not counted.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Archives {
    /// Whether they were opened: not with `--no-archives`.
    pub opened: bool,
    /// How many there are, but for those in others.
    pub containers: u64,
    /// Members that were scanned; they count as scanned items.
    pub members: u64,
}

/// How many findings are silenced, by what says so.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct SilencedCounts {
    /// By a comment on the line.
    pub comment: u64,
    /// By a configuration.
    pub configuration: u64,
    /// By a baseline.
    pub baseline: u64,
    /// Those that are rotated, by the ledger.
    pub rotated: u64,
}

/// A history that was looked at.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ScannedHistory {
    /// The repository or bundle.
    pub repository: String,
    /// Commits looked at.
    pub commits: u64,
    /// Objects it has.
    pub objects: u64,
}

/// Something that was not, or not wholly, looked at.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Skip {
    /// What it is.
    pub what: String,
    /// The kind of reason: `unreadable`, `vanished`, `special-file`, `link-leaves-root`, `too-large`, `truncated`, `interrupted`,
    /// `internal-error`, `corrupt`, `unsupported`, `missing-objects`, `incomplete-history`.
    pub reason: &'static str,
    /// What happened and what to do.
    pub detail: String,
}

/// Something to know that does not change the verdict.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Note {
    /// The kind: `silence-expired`, `silence-stale`, `silence-ignored`, `silence-without-reason`, `silenced-elsewhere`,
    /// `configured-exclude`, `used-after-rotation`.
    pub kind: &'static str,
    /// What it is about: a file, and the line where there is one.
    pub place: String,
    /// What happened and what to do.
    pub detail: String,
}

/// The name of a severity in all formats.
#[must_use]
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Info => "info",
    }
}

/// The name of a confidence in all formats.
#[must_use]
pub fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

/// The name of a verdict in all formats.
#[must_use]
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Clean => "clean",
        Verdict::Findings => "findings",
        Verdict::Incomplete => "incomplete",
    }
}

/// The name in all formats of what silences.
#[must_use]
pub fn silencer(by: SilencedBy) -> &'static str {
    match by {
        SilencedBy::Comment => "comment",
        SilencedBy::Configuration => "configuration",
        SilencedBy::Baseline => "baseline",
        SilencedBy::Ledger => "ledger",
    }
}

/// The report; `reveal` puts the raw secrets in.
#[must_use]
pub fn build(outcome: &ScanOutcome, reveal: bool) -> Report {
    let exposures = |of: &[Finding]| of.iter().map(|f| exposure(&outcome.rules, f, reveal)).collect();
    Report {
        version: VERSION,
        findings: exposures(&outcome.findings),
        silenced: exposures(&outcome.silenced),
        summary: summary(outcome),
    }
}

/// The report as lines; `reveal` puts the raw secrets in.
pub fn lines(outcome: &ScanOutcome, reveal: bool) -> impl Iterator<Item = Line> {
    let boxed = move |finding| Box::new(exposure(&outcome.rules, finding, reveal));
    let findings = outcome.findings.iter().map(move |f| Line::Finding(boxed(f)));
    let silenced = outcome.silenced.iter().map(move |f| Line::Silenced(boxed(f)));
    findings.chain(silenced).chain(std::iter::once_with(|| Line::Summary(Box::new(summary(outcome)))))
}

/// What has just been found in a stream.
pub fn arrived(outcome: &ScanOutcome, reveal: bool) -> impl Iterator<Item = Line> {
    outcome.findings.iter().map(move |finding| Line::Finding(Box::new(exposure(&outcome.rules, finding, reveal))))
}

/// The lines that are left at the end of a stream, of which the findings `told` were told before.
pub fn rest(outcome: &ScanOutcome, reveal: bool, told: &BTreeSet<Fingerprint>) -> impl Iterator<Item = Line> {
    let again = |finding: &Finding| {
        let seen = seen(finding).filter(|seen| seen.times > 1)?;
        Some(Line::Again(Box::new(Again { fingerprint: finding.fingerprint.to_string(), seen })))
    };
    let is_told = |finding: &&Finding| told.contains(&finding.fingerprint);
    let again: Vec<Line> = outcome.findings.iter().filter(is_told).filter_map(again).collect();
    let told: BTreeSet<String> = outcome.findings.iter().filter(is_told).map(|f| f.fingerprint.to_string()).collect();
    let is_new = move |line: &Line| !matches!(line, Line::Finding(finding) if told.contains(&finding.fingerprint));
    again.into_iter().chain(lines(outcome, reveal).filter(is_new))
}

pub(super) fn seen(finding: &Finding) -> Option<Seen> {
    finding.seen.as_deref().map(|seen| Seen {
        times: finding.more + 1,
        first: seen.first.as_ref().map(ToString::to_string),
        last: seen.last.as_ref().map(ToString::to_string),
        last_line: seen.last_line,
    })
}

pub(super) fn exposure(rules: &RuleSet, finding: &Finding, reveal: bool) -> Exposure {
    let rule = rules.get(finding.rule);
    let redacted = finding.secret.redacted();
    let secret = if reveal { String::from_utf8_lossy(finding.secret.reveal()).into_owned() } else { redacted.clone() };
    Exposure {
        rule: rule.id.clone(),
        provider: rule.provider.clone(),
        category: rule.is_personal().then_some("personal data"),
        title: rule.title.clone(),
        severity: severity(finding.severity(rules)),
        confidence: confidence(finding.confidence),
        fingerprint: finding.fingerprint.to_string(),
        credential_id: finding.credential.to_string(),
        secret,
        source: finding.origin.source(),
        path: finding.origin.path().into(),
        container: finding.origin.is_member().then(|| finding.origin.container().path().to_owned()),
        line: finding.start.line,
        column: finding.start.column,
        end_line: finding.end.line,
        end_column: finding.end.column,
        offset: finding.span.start,
        snippet: format!("{}{redacted}{}", finding.snippet.before, finding.snippet.after),
        more_in_file: finding.more,
        seen: seen(finding),
        facts: finding
            .facts
            .iter()
            .map(|f| NamedValue { name: f.name.clone().into_owned(), value: f.value.clone() })
            .collect(),
        evidence: finding
            .score
            .evidence()
            .iter()
            .map(|e| Reason { points: e.points, reason: e.reason.clone().into_owned() })
            .collect(),
        rotation: rule.rotation.clone(),
        encoded: encoded(finding),
        shipped: finding.shipped.map(Shipped::id),
        built_from: built_from(finding),
        history: finding.history.as_deref().map(past),
        silenced: finding.silence.as_deref().map(|silence| Silenced {
            by: silencer(silence.by),
            place: silence.place.clone(),
            reason: silence.reason.clone(),
        }),
    }
}

/// Where it was in the sources.
pub(super) fn built_from(finding: &Finding) -> Option<BuiltFrom> {
    let SourcePlace { source, at } = finding.source.as_deref()?;
    Some(BuiltFrom { path: source.clone(), line: at.line, column: at.column })
}

/// The ways in which a secret is hidden.
pub(super) fn encoded(finding: &Finding) -> Vec<&'static str> {
    finding.encoded.iter().flat_map(|encoded| &encoded.how).map(|how| how.id()).collect()
}

/// The history of a secret.
#[must_use]
pub fn past(history: &history::History) -> History {
    let commit = |commit: &history::Commit| Commit {
        id: commit.id.clone(),
        author: commit.author.clone(),
        date: commit.date.clone(),
    };
    let exposure = |exposure: &history::Exposure| PastExposure {
        source: exposure.origin.source(),
        path: exposure.origin.path().into(),
        object: exposure.object.clone(),
        introduced: exposure.introduced.as_ref().map(commit),
        removed: exposure.removed.as_ref().map(commit),
        refs: exposure.refs.clone(),
        more_refs: exposure.more_refs,
        in_head: exposure.in_head,
        unreachable: exposure.is_unreachable(),
    };
    let occurrence = |version: &history::Version| Occurrence {
        path: version.path.clone(),
        object: version.object.clone(),
        commit: version.commit.clone(),
        line: version.line,
        column: version.column,
    };
    History {
        object: history.object.clone(),
        versions: history.versions,
        exposures: history.exposures.iter().map(exposure).collect(),
        occurrences: history.listed.iter().map(occurrence).collect(),
    }
}

/// How many findings are silenced, by what says so.
#[must_use]
pub fn silenced(outcome: &ScanOutcome) -> SilencedCounts {
    let mut counts = SilencedCounts::default();
    for silence in outcome.silenced.iter().filter_map(|finding| finding.silence.as_deref()) {
        *match silence.by {
            SilencedBy::Comment => &mut counts.comment,
            SilencedBy::Configuration => &mut counts.configuration,
            SilencedBy::Baseline => &mut counts.baseline,
            SilencedBy::Ledger => &mut counts.rotated,
        } += 1;
    }
    counts
}

/// What was done about archives and compressed files.
#[must_use]
pub fn archives(coverage: &Coverage) -> Archives {
    let found = coverage.archives;
    Archives { opened: !found.left_closed, containers: found.containers, members: found.members }
}

fn summary(outcome: &ScanOutcome) -> Summary {
    let coverage = &outcome.coverage;
    let mut credentials: Vec<_> = outcome.findings.iter().map(|f| f.credential).collect();
    credentials.sort_unstable();
    credentials.dedup();
    Summary {
        verdict: verdict(outcome.verdict()),
        findings: outcome.findings.len() as u64,
        credentials: credentials.len() as u64,
        silenced: silenced(outcome),
        below_confidence: outcome.below_confidence,
        histories: coverage
            .histories
            .iter()
            .map(|h| ScannedHistory { repository: h.repository.clone(), commits: h.commits, objects: h.objects })
            .collect(),
        scanned_items: coverage.items,
        scanned_bytes: coverage.bytes,
        skipped: coverage
            .skipped
            .iter()
            .map(|s| Skip { what: s.what.clone(), reason: s.reason.id(), detail: s.detail.clone() })
            .collect(),
        archives: archives(coverage),
        excluded: coverage.excluded,
        gitignore_respected: coverage.gitignore_respected,
        broken_links: coverage.broken_links.clone(),
        unscanned_histories: coverage.unscanned_histories.clone(),
        notes: coverage
            .notes
            .iter()
            .map(|note| Note { kind: note.kind.id(), place: note.place.clone(), detail: note.detail.clone() })
            .collect(),
        tool_version: env!("CARGO_PKG_VERSION"),
        rules_digest: outcome.rules.digest().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_is_silenced_is_listed_and_counted_apart() {
        let outcome = sample::mixed();
        let report = serde_json::to_value(build(&outcome, false)).expect("a report is JSON");
        assert_eq!(report["findings"].as_array().map(Vec::len), Some(5));
        assert!(report["findings"].as_array().is_some_and(|all| all.iter().all(|f| f.get("silenced").is_none())));
        assert_eq!(report["silenced"].as_array().map(Vec::len), Some(3));
        assert_eq!(
            report["silenced"][2]["silenced"],
            serde_json::json!({ "by": "baseline", "place": ".cleansweep-baseline.jsonl", "reason": "revoked in May" })
        );
        assert_eq!(
            report["summary"]["silenced"],
            serde_json::json!({ "comment": 2, "configuration": 0, "baseline": 1, "rotated": 0 })
        );
        assert_eq!(report["summary"]["findings"], 5);
        let kinds: Vec<String> = lines(&outcome, false)
            .map(|line| serde_json::to_value(line).expect("a line is JSON")["type"].as_str().expect("text").to_owned())
            .collect();
        assert_eq!(kinds, [["finding"; 5].as_slice(), &["silenced"; 3], &["summary"]].concat());
        sample::assert_tight(&outcome, &report.to_string());
    }
}
