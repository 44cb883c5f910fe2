//! SARIF 2.1.0, made for what GitHub code scanning does with it.
//!
//! What decides its shape:
//!
//! - **A result is a place, not a credential.** GitHub shows only the first location of a result, annotates a pull
//!   request only where it changes that line, and closes an alert when its result is gone. With one result for a
//!   credential in three files, two files would have no annotation, a pull request that copies the secret would raise no
//!   alert, and mending the first file would close one alert and open another. So every line that holds the secret has
//!   its own result; two on one line have one, as GitHub could not tell them apart.
//! - **A credential is rotated once.** Each message therefore counts the other places and links the first three; the
//!   first result of a credential lists up to 100 of them as related locations, the others only the linked ones, so
//!   that the file grows with the number of places and not with its square.
//! - **One secret must not hide others.** For GitHub a credential has at most 100 results and a run 5 000, the most
//!   urgent ones, or as many as fit into what it takes of an upload; the file has a notification for everything left out.
//! - **[`Profile::Full`] leaves nothing out**: a result for each finding, all related locations and histories, and what is
//!   silenced, with its suppression. GitHub would open an alert for a suppressed result.
//! - **A result's rule is the credential's**, even where another rule found it: GitHub shows the rule's help, and that
//!   should be the runbook of the rule that knows most. The property `foundBy` has the other.
//! - **Only the redacted secret is shown**, as the snippet of its region; `redactionTokens` says so. There is no context
//!   region: its snippet would have to be the file's text. What stands around the secret is the property `excerpt`.
//! - **Nothing about the machine**: no command line, environment or absolute path. `%SRCROOT%` is described, not located.

mod descriptor;
mod invocation;
pub mod launch;
mod result;
mod size;
mod taxonomies;
#[cfg(test)]
mod tests;
mod uri;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, MultiformatMessageString, PropertyBag, ReportingDescriptor, ResultColumnKind, Run,
    RunAutomationDetails, Sarif, ToolComponent, Version, VersionControlDetails,
};

use self::invocation::Notes;
use self::result::{Context, Selection};
use crate::rotation::{Credential, Runbooks};
use crate::rule::{Rule, RuleIndex};
use crate::scan::ScanOutcome;
use crate::secret::MASK;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Keeps the results of this analysis apart from those of others that are uploaded for the same commit.
const CATEGORY: &str = "secrets/";

/// What paths are relative to.
const SRCROOT: &str = "%SRCROOT%";

/// What the scan itself does not know about the run. Command-line arguments are not part of it: they may hold a key.
#[derive(Clone, Debug, Default)]
pub struct RunInfo {
    /// When the scan began, in UTC, as RFC 3339.
    pub start: Option<String>,
    /// When it ended.
    pub end: Option<String>,
    /// The exit code of the process.
    pub exit_code: i64,
    /// The version that was scanned, where it is known.
    pub version_control: Option<VersionControl>,
    /// For whom the report is.
    pub profile: Profile,
}

/// The version that was scanned.
#[derive(Clone, Debug)]
pub struct VersionControl {
    /// Absolute address of the repository. A user name or password in it does not get into the report.
    pub repository_uri: String,
    /// The commit.
    pub revision_id: Option<String>,
    /// The branch.
    pub branch: Option<String>,
}

/// For whom a report is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// GitHub: only what it shows, within its limits.
    #[default]
    Github,
    /// Everything.
    Full,
}

/// Most of each that a report has.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Results of the run.
    results: usize,
    /// Results of one credential, the first on each line; without it, one for each finding.
    per_credential: Option<usize>,
    /// Further places that the first result of a credential lists.
    related: usize,
    /// Items that were not looked at, links without target and the like.
    listed: usize,
    /// Places of a history that a result has as a property.
    past: usize,
    /// Bytes of one result as JSON. A path can be as long as somebody wants it.
    result_bytes: usize,
    /// Bytes of the text of a notification.
    note_bytes: usize,
    /// Bytes of the whole, compressed.
    compressed: Option<u64>,
    /// Whether what is silenced has results.
    silenced: bool,
}

impl Profile {
    fn limits(self) -> Limits {
        match self {
            // GitHub refuses a run of more than 25 000 results and shows 5 000 of it; of a result it keeps 100 locations.
            // It refuses what has more than 10 MB compressed; what compresses for the upload is not what measures here.
            Self::Github => Limits {
                results: 5_000,
                per_credential: Some(100),
                related: 100,
                listed: 5_000,
                past: 20,
                result_bytes: 200_000,
                note_bytes: 8_000,
                compressed: Some(9_000_000),
                silenced: false,
            },
            Self::Full => Limits {
                results: usize::MAX,
                per_credential: None,
                related: usize::MAX,
                listed: usize::MAX,
                past: usize::MAX,
                result_bytes: usize::MAX,
                note_bytes: usize::MAX,
                compressed: None,
                silenced: true,
            },
        }
    }
}

/// The report. Secrets are always redacted.
#[must_use]
pub fn build(outcome: &ScanOutcome, runbooks: &Runbooks, info: &RunInfo) -> Sarif {
    build_within(outcome, runbooks, info, info.profile.limits())
}

/// The report with as many results as fit.
fn build_within(outcome: &ScanOutcome, runbooks: &Runbooks, info: &RunInfo, mut limits: Limits) -> Sarif {
    loop {
        let run = run(outcome, runbooks, info, limits);
        let results = run.results.as_ref().map_or(0, Vec::len);
        let version = json!(Version::V2_1_0);
        let sarif = Sarif::builder().schema(SCHEMA).version(version).runs(vec![run]).build();
        let Some(most) = limits.compressed else { return sarif };
        let size = size::compressed(&sarif, most);
        if size <= most {
            return sarif;
        }
        if limits.listed > FEW {
            // Results are what GitHub shows, so that they go last.
            limits.listed = FEW;
        } else if results > 0 {
            // The tenth less makes up for results of different sizes, and makes sure that this ends.
            limits.results = (results as f64 * 0.9 * most as f64 / size as f64) as usize;
        } else {
            return sarif;
        }
    }
}

/// Items that are still listed where not everything fits.
const FEW: usize = 100;

fn run(outcome: &ScanOutcome, runbooks: &Runbooks, info: &RunInfo, limits: Limits) -> Run {
    let rules = &outcome.rules;
    let credentials = Credential::group(rules, &outcome.findings);
    let silenced = if limits.silenced { Credential::group(rules, &outcome.silenced) } else { Vec::new() };
    let mut selection = Selection::new(rules, &credentials, limits);
    selection.append(Selection::new(rules, &silenced, limits));
    let used: BTreeSet<RuleIndex> = selection.alerts.iter().map(|alert| alert.credential.rule).collect();
    // GitHub wants to see rules; a clean scan shows what it looked for.
    let described: Vec<&Rule> = match used.is_empty() {
        true => rules.rules().iter().collect(),
        false => used.iter().map(|&rule| rules.get(rule)).collect(),
    };
    let places: BTreeMap<RuleIndex, usize> = used.iter().copied().zip(0..).collect();
    let results = selection.alerts.iter().map(|alert| {
        let context = Context { rules, runbooks, rule_index: places[&alert.credential.rule] };
        alert.result_within(&context, limits)
    });
    let results: Vec<_> = results.collect();
    let too_large = results.iter().filter(|result| result.is_none()).count() as u64;
    let mut notes = Notes::new(outcome, &selection, too_large, limits);
    let invocation = notes.invocation(outcome, info);
    let driver = ToolComponent::builder()
        .name(env!("CARGO_PKG_NAME"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .information_uri(env!("CARGO_PKG_REPOSITORY"))
        .short_description(text(env!("CARGO_PKG_DESCRIPTION")))
        .rules(described.into_iter().map(|rule| descriptor::of_rule(rule, runbooks)).collect::<Vec<_>>())
        .notifications(notes.descriptors)
        .supported_taxonomies(vec![descriptor::cwe_reference()])
        .properties(bag([("rulesDigest", json!(rules.digest()))]))
        .build();
    let mut run = Run::builder()
        .tool(driver)
        .automation_details(RunAutomationDetails::builder().id(CATEGORY).build())
        .column_kind(json!(ResultColumnKind::Utf16CodeUnits))
        .original_uri_base_ids([(SRCROOT.to_owned(), source_root())])
        .redaction_tokens(vec![MASK.to_owned()])
        .invocations(vec![invocation])
        .taxonomies(vec![descriptor::taxonomy()])
        .results(results.into_iter().flatten().collect::<Vec<_>>())
        .build();
    run.version_control_provenance = info.version_control.as_ref().map(|v| vec![provenance(v)]);
    run
}

/// Its address would tell how the machine's folders are named, and nobody else could use it.
fn source_root() -> ArtifactLocation {
    let text = "The top folder of the repository that was scanned, or the scanned folder where it is in none.";
    ArtifactLocation::builder().description(text).build()
}

fn provenance(version: &VersionControl) -> VersionControlDetails {
    let mut details = VersionControlDetails::builder()
        .repository_uri(uri::without_credentials(&version.repository_uri))
        .mapped_to(ArtifactLocation::builder().uri_base_id(SRCROOT).build())
        .build();
    details.revision_id.clone_from(&version.revision_id);
    details.branch.clone_from(&version.branch);
    details
}

/// A descriptor with all texts that GitHub insists on.
fn descriptor(id: &str, name: &str, title: &str, description: &str) -> ReportingDescriptor {
    ReportingDescriptor::builder()
        .id(id)
        .name(name)
        .short_description(text(title))
        .full_description(text(description))
        .help(text(description))
        .build()
}

fn text(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

fn bag<const N: usize>(properties: [(&str, Value); N]) -> PropertyBag {
    let properties = properties.map(|(name, value)| (name.to_owned(), value));
    PropertyBag::builder().additional_properties(BTreeMap::from(properties)).build()
}

/// `1 file`, `12 files`.
fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
