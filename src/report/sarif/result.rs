//! Results: which exposures get one, in what order, and what each says.

use std::cmp::Reverse;
use std::path::Path;
use std::rc::Rc;

use serde_json::json;
use serde_sarif::sarif::{
    ArtifactContent, ArtifactLocation, Location, LogicalLocation, PhysicalLocation, PropertyBag, Region, Result,
    ResultKind, Suppression,
};

use super::super::{json, runbook, seen, sentences};
use super::descriptor::{level, weaknesses_of};
use super::{Limits, SRCROOT, bag, count, size, uri};
use crate::blob::{ObjectKind, Origin};
use crate::detect::Fact;
use crate::finding::history::Exposure;
use crate::finding::{Finding, Shipped, Silence, SilencedBy};
use crate::rotation::{Credential, Runbooks, fill};
use crate::rule::{RuleSet, personal};
use crate::span::Position;

/// Further places that a message links; the others are only counted.
const LINKED: usize = 3;

/// A password in many addresses has many hosts; a message names this many facts.
const FACTS: usize = 6;

/// An exposure that becomes a result.
pub(super) struct Alert<'c, 'f> {
    pub(super) credential: &'c Credential<'f>,
    /// What all exposures of the credential tell of it.
    facts: Rc<[&'f Fact]>,
    finding: &'f Finding,
    /// Whether it lists as many of the other exposures as are allowed, instead of those its message links.
    lists_all: bool,
    /// Exposures that have no result of their own.
    folded: u64,
}

/// The exposures that become results, and what became of the others.
pub(super) struct Selection<'c, 'f> {
    /// The most urgent first.
    pub(super) alerts: Vec<Alert<'c, 'f>>,
    /// Exposures that are only listed by, or counted in, the first result of their credential.
    pub(super) folded: u64,
    /// Results that are over the limit of a run.
    pub(super) cut: u64,
}

/// What results refer to.
pub(super) struct Context<'r> {
    pub(super) rules: &'r RuleSet,
    pub(super) runbooks: &'r Runbooks,
    /// The place of a credential's rule among the rules of the run.
    pub(super) rule_index: usize,
}

impl<'c, 'f> Selection<'c, 'f> {
    pub(super) fn new(rules: &RuleSet, credentials: &'c [Credential<'f>], limits: Limits) -> Self {
        let (mut alerts, mut folded) = (Vec::new(), 0);
        for credential in credentials {
            let lines = match limits.per_credential {
                Some(_) => one_per_line(&credential.placed()),
                None => credential.exposures.clone(),
            };
            let own = lines.len().min(limits.per_credential.unwrap_or(usize::MAX));
            let over = (lines.len() - own) as u64;
            folded += over;
            let facts: Rc<[&Fact]> = credential.facts().into();
            alerts.extend(lines[..own].iter().enumerate().map(|(nth, &finding)| Alert {
                credential,
                facts: facts.clone(),
                finding,
                lists_all: nth == 0,
                folded: if nth == 0 { over } else { 0 },
            }));
        }
        alerts.sort_by_key(|a| {
            let urgency = Reverse((a.credential.severity(rules), a.finding.confidence));
            (urgency, &a.finding.origin, a.finding.span)
        });
        let cut = alerts.len().saturating_sub(limits.results) as u64;
        alerts.truncate(limits.results);
        Self { alerts, folded, cut }
    }

    /// Adds what another has, after what this one has.
    pub(super) fn append(&mut self, other: Self) {
        self.alerts.extend(other.alerts);
        self.folded += other.folded;
        self.cut += other.cut;
    }
}

/// The file and the line that a place is shown at.
fn spot(finding: &Finding) -> (&Origin, i64) {
    (finding.origin.container(), region(finding).start_line.unwrap_or_default())
}

/// The first exposure on each line. GitHub knows a result by its rule, file and line, so that two of one line would be
/// one alert; the second stays in the list of places.
fn one_per_line<'f>(exposures: &[&'f Finding]) -> Vec<&'f Finding> {
    let mut lines: Vec<&Finding> = Vec::with_capacity(exposures.len());
    for &finding in exposures {
        if lines.last().is_none_or(|last| spot(last) != spot(finding)) {
            lines.push(finding);
        }
    }
    lines
}

impl Alert<'_, '_> {
    /// The result, with fewer places and less of its history if it would be too large, or nothing if that does not help.
    pub(super) fn result_within(&self, context: &Context<'_>, limits: Limits) -> Option<Result> {
        let fits =
            |result: &Result| limits.result_bytes == usize::MAX || size::plain(result) <= limits.result_bytes as u64;
        let related = if self.lists_all { limits.related } else { LINKED };
        let result = self.result(context, related, limits.past);
        if fits(&result) { Some(result) } else { Some(self.result(context, LINKED, 1)).filter(fits) }
    }

    /// The result with `listed` further places and `past` places of its history.
    fn result(&self, context: &Context<'_>, listed: usize, past: usize) -> Result {
        let Context { rules, runbooks, rule_index } = *context;
        let (rule, finding) = (rules.get(self.credential.rule), self.finding);
        let related = self.others().take(listed).map(|other| (location(other, false), "The same secret".to_owned()));
        let places = self.past().take(listed).map(|exposure| (past_location(exposure), plain(&exposure.told())));
        let related = (1..).zip(related.chain(places).take(listed)).map(|(id, (mut location, message))| {
            location.id = Some(id);
            location.message = Some(message.as_str().into());
            location
        });
        let related: Vec<Location> = related.collect();
        let mut result = Result::builder()
            .rule_id(&rule.id)
            .rule_index(rule_index as i64)
            .kind(ResultKind::Fail)
            .level(level(self.credential.severity(rules), finding.confidence))
            .rank(f64::from(finding.score.total().clamp(0, 100)))
            .message(self.message(rules, runbooks).as_str())
            .locations(vec![location(finding, true)])
            .partial_fingerprints([
                ("primaryLocationLineHash".to_owned(), finding.line_hash.clone()),
                ("cleansweepCredential/v1".to_owned(), finding.credential.to_string()),
            ])
            .fingerprints([("cleansweepExposure/v1".to_owned(), finding.fingerprint.to_string())])
            .properties(self.properties(rules, past))
            .build();
        // They are about credentials.
        result.taxa = weaknesses_of(&finding.origin).filter(|_| !rule.is_personal());
        result.suppressions = finding.silence.as_deref().map(|silence| vec![suppression(silence)]);
        if !related.is_empty() {
            result.related_locations = Some(related);
        }
        result
    }

    /// The other exposures of its credential that are not told as its history.
    fn others(&self) -> impl Iterator<Item = &Finding> {
        let others = self.credential.exposures.iter().copied();
        others.filter(|other| !std::ptr::eq(*other, self.finding) && other.history.is_none())
    }

    /// Places in the history but for that of the result itself.
    fn past(&self) -> impl Iterator<Item = &Exposure> {
        let own = usize::from(self.finding.history.is_some());
        self.credential.history().into_iter().flat_map(move |history| history.exposures.iter().skip(own))
    }

    /// What it is, what to do first, what is known of it, where else it is. GitHub shows it as plain text with links.
    fn message(&self, rules: &RuleSet, runbooks: &Runbooks) -> String {
        let rule = rules.get(self.credential.rule);
        let mut message = format!("{}: {}.", rule.title, plain(&self.finding.secret.redacted()));
        let remarks = sentences::remarks(rules, self.finding);
        if !remarks.is_empty() {
            message += &format!(" {}.", plain(&remarks.join(" · ")));
        }
        if let Some(runbook) = runbooks.of(rule)
            && let (lead, Some(step)) = runbook::first_step(runbook)
        {
            let action = fill(&step.action, &self.facts);
            message += &format!(" {lead}: {}", plain(action.trim()));
        }
        if self.finding.origin.is_member() {
            message += &format!(" It is in a container: {}.", plain(&place(self.finding)));
        }
        if !self.facts.is_empty() {
            let facts: Vec<String> = self.facts.iter().take(FACTS).map(|fact| plain(&fact.to_string())).collect();
            let more = if self.facts.len() > FACTS { " and more" } else { "" };
            message += &format!(" Known of it: {}{more}.", facts.join(", "));
        }
        if let Some(first) = self.credential.history().and_then(|history| history.exposures.first()) {
            message += &format!(" In the history: {}, {}.", plain(&first.told()), plain(&first.led_to_by(LINKED)));
        }
        let others = self.others().count();
        if others > 0 {
            let number = count(others as u64, "other place", "other places");
            let links: Vec<String> = (1..).zip(self.others().take(LINKED)).map(|(id, other)| link(other, id)).collect();
            let more = if others > LINKED { " and more" } else { "" };
            message += &format!(" The same secret is in {number}: {}{more}.", links.join(", "));
        }
        if self.folded > 0 {
            let rest = ("of these places has no alert of its own", "of these places have no alert of their own");
            message += &format!(" {}.", count(self.folded, rest.0, rest.1));
        }
        if rule.is_personal() {
            message += &format!(" {}", personal::ADVICE);
        }
        if let Some(seen) = seen::sentence(self.finding) {
            message += &format!(" In the log: {}.", plain(&seen));
        } else if self.finding.more > 0 {
            message += &format!(" It is {} in this file.", count(self.finding.more, "more time", "more times"));
        }
        message
    }

    fn properties(&self, rules: &RuleSet, past: usize) -> PropertyBag {
        let finding = self.finding;
        let mut history = self.credential.history().map(json::past);
        if let Some(history) = &mut history {
            history.exposures.truncate(past);
            history.occurrences.truncate(past);
        }
        let evidence: Vec<_> =
            finding.score.evidence().iter().map(|e| json!({ "points": e.points, "reason": e.reason })).collect();
        let facts: serde_json::Map<_, _> =
            finding.facts.iter().map(|fact| (fact.name.clone().into_owned(), json!(fact.value))).collect();
        let secret = finding.secret.redacted();
        bag([
            ("confidence", json!(json::confidence(finding.confidence))),
            ("credentialId", json!(finding.credential.to_string())),
            ("encoded", json!(json::encoded(finding))),
            ("evidence", json!(evidence)),
            ("excerpt", json!(format!("{}{secret}{}", finding.snippet.before, finding.snippet.after))),
            ("facts", json!(facts)),
            ("foundBy", json!(rules.get(finding.rule).id)),
            ("moreInFile", json!(finding.more)),
            ("history", json!(history)),
            ("seen", json!(json::seen(finding))),
            ("otherPlaces", json!(self.others().count() + self.past().count())),
            ("shipped", json!(finding.shipped.map(Shipped::id))),
            ("builtFrom", json!(json::built_from(finding))),
            ("severity", json!(json::severity(self.credential.severity(rules)))),
            ("source", json!(finding.origin.source())),
        ])
    }
}

/// That somebody has said that a finding does not count.
fn suppression(silence: &Silence) -> Suppression {
    let kind = match silence.by {
        SilencedBy::Comment => "inSource",
        SilencedBy::Configuration | SilencedBy::Baseline | SilencedBy::Ledger => "external",
    };
    let mut built = Suppression::builder()
        .kind(json!(kind))
        .status(json!("accepted"))
        .properties(bag([("by", json!(json::silencer(silence.by)))]))
        .build();
    built.justification = Some(plain(&silence.reason)).filter(|reason| !reason.is_empty());
    // A file from elsewhere, by its absolute path, would tell how the machine's folders are named.
    if !silence.place.is_empty() && !Path::new(&silence.place).is_absolute() {
        let artifact = artifact(&Origin::File(silence.place.clone()));
        let physical = PhysicalLocation::builder().artifact_location(artifact).build();
        built.location = Some(Location::builder().physical_location(physical).build());
    }
    built
}

fn location(finding: &Finding, with_snippet: bool) -> Location {
    let mut region = region(finding);
    // Of what is packed, the file has no such text at any place.
    if with_snippet && !finding.origin.is_member() {
        region.snippet = Some(ArtifactContent::builder().text(finding.secret.redacted()).build());
    }
    let physical = PhysicalLocation::builder().artifact_location(artifact(&finding.origin)).region(region);
    within(Location::builder().physical_location(physical.build()).build(), &finding.origin, Some(finding))
}

/// The place with that in a container, if it is in one.
fn within(mut location: Location, origin: &Origin, finding: Option<&Finding>) -> Location {
    if origin.is_member() {
        let place = finding.map_or_else(|| origin.path().to_owned(), place);
        let logical = LogicalLocation::builder().fully_qualified_name(plain(&place)).kind("resource").build();
        location.logical_locations = Some(vec![logical]);
    }
    location
}

/// `path:line:column`.
fn place(finding: &Finding) -> String {
    format!("{}:{}:{}", finding.origin.path(), finding.start.line, finding.start.column)
}

/// A place in the history. The commit is in the message: a uri must not have one.
fn past_location(exposure: &Exposure) -> Location {
    let artifact = artifact(&exposure.origin);
    let physical = PhysicalLocation::builder().artifact_location(artifact).build();
    within(Location::builder().physical_location(physical).build(), &exposure.origin, None)
}

/// Where the content is. Standard input has no place in the folder, but a result without a uri that GitHub can resolve
/// there makes it refuse the whole file.
pub(super) fn artifact(origin: &Origin) -> ArtifactLocation {
    let uri = match origin {
        Origin::File(path) | Origin::Name(path) | Origin::Version(path) | Origin::PastName(path) => uri::of_path(path),
        // The name of a commit or other object in a uri would make GitHub refuse later files.
        Origin::Object(ObjectKind::Commit, _) => ".git/commit-messages".into(),
        Origin::Object(ObjectKind::Tag, _) => ".git/tag-messages".into(),
        Origin::Object(ObjectKind::Blob, _) => ".git/unnamed-blobs".into(),
        Origin::Stdin => "stdin".into(),
        // GitHub shows only what is a file of the checkout.
        Origin::Member(inner) => return artifact(&inner.container),
    };
    ArtifactLocation::builder().uri(uri).uri_base_id(SRCROOT).build()
}

/// All four numbers, which GitHub wants, from 1 and with an end that is after the start. Of what is packed only where the file
/// begins can be said.
fn region(finding: &Finding) -> Region {
    let first = Position { line: 1, column: 1 };
    let (start, end) = if finding.origin.is_member() { (first, first) } else { (finding.start, finding.end) };
    let end = end.max(start);
    let least = if end.line == start.line { start.column + 1 } else { 1 };
    Region::builder()
        .start_line(start.line as i64)
        .start_column(start.column as i64)
        .end_line(end.line as i64)
        .end_column(end.column.max(least) as i64)
        .build()
}

fn link(finding: &Finding, id: i64) -> String {
    let place = format!("{}:{}", finding.origin.path(), finding.start.line);
    let mut text = String::with_capacity(place.len());
    for c in place.chars() {
        if "[]\\".contains(c) {
            text.push('\\');
        }
        text.push(if c.is_control() { '\u{fffd}' } else { c });
    }
    format!("[{text}]({id})")
}

/// Text that is no link, whatever was read from the scanned files.
fn plain(text: &str) -> String {
    text.replace("](", "\\](").chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanned_text_is_no_link() {
        assert_eq!(plain("see [x](1)\n"), "see [x\\](1)\u{fffd}");
    }
}
