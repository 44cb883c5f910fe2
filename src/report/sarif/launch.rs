//! The launch checklist as a SARIF run of its own, beside that of the secrets.
//!
//! - **Each row is a rule, and each row that was judged a result**, with the verdict as its `kind`. Only a fail has a level, as the
//!   format wants it: what is not known is no note.
//! - **GitHub shows every result as an alert**, whatever its kind. [`Profile::Github`] therefore has what fails, and what is for
//!   review as a note; what else there is stands in a notification, so that nothing looks better than it is.
//! - **Every result has a place**: where something was seen, else the file in which it would be settled if there is such a file, else
//!   the manifest. A file that the user named and that is not in the project is no place: it stands in the properties.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use serde_sarif::sarif::{
    Invocation, Location, Message, Notification, NotificationLevel, PhysicalLocation, Region, ReportingConfiguration,
    ReportingDescriptor, ReportingDescriptorReference, ReportingDescriptorRelationship, Result, ResultColumnKind,
    ResultKind, ResultLevel, Run, RunAutomationDetails, Sarif, ToolComponent, ToolComponentReference, Version,
};

use super::super::launch::model::{Anchors, LaunchReport, PlaceReport, RowReport};
use super::taxonomies::{TAXONOMIES, Taxonomy};
use super::{Profile, RunInfo, SCHEMA, SRCROOT, bag, descriptor, source_root, text, uri};
use crate::finding::line_hash;
use crate::secret::MASK;

/// Keeps these results apart from those of the secrets.
const CATEGORY: &str = "launch-checklist/";

/// Further places that a result lists.
const RELATED: usize = 50;

/// Most characters that GitHub takes for a description.
const DESCRIPTION: usize = 1024;

/// A file with this run alone, as GitHub wants it.
#[must_use]
pub fn build(report: &LaunchReport, info: &RunInfo) -> Sarif {
    let version = json!(Version::V2_1_0);
    Sarif::builder().schema(SCHEMA).version(version).runs(vec![run(report, info)]).build()
}

/// The run. Secrets are always redacted.
#[must_use]
pub fn run(report: &LaunchReport, info: &RunInfo) -> Run {
    let shown: Vec<(usize, &RowReport)> =
        report.rows.iter().enumerate().filter(|(_, row)| info.profile == Profile::Full || is_for_github(row)).collect();
    let taxonomies: Vec<Used> = TAXONOMIES.iter().map(|taxonomy| Used::of(taxonomy, report)).collect();
    let rules = report.rows.iter().map(|row| rule(row, &taxonomies));
    let results: Vec<Result> = shown.iter().map(|(index, row)| result(*index, row, report, info.profile)).collect();
    let left_out = report.rows.len() - shown.len();
    let driver = ToolComponent::builder()
        .name(env!("CARGO_PKG_NAME"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .information_uri(env!("CARGO_PKG_REPOSITORY"))
        .short_description(text("The launch checklist: what must hold before strangers may use a product."))
        .rules(rules.collect::<Vec<_>>())
        .notifications(vec![answer_descriptor()])
        .supported_taxonomies(taxonomies.iter().map(|used| reference(used.taxonomy)).collect::<Vec<_>>())
        .build();
    Run::builder()
        .tool(driver)
        .automation_details(RunAutomationDetails::builder().id(CATEGORY).build())
        .column_kind(json!(ResultColumnKind::Utf16CodeUnits))
        .original_uri_base_ids([(SRCROOT.to_owned(), source_root())])
        .redaction_tokens(vec![MASK.to_owned()])
        .invocations(vec![invocation(report, info, left_out)])
        .taxonomies(taxonomies.iter().map(Used::component).collect::<Vec<_>>())
        .results(results)
        .properties(bag([("readiness", json!(report.readiness)), ("counts", json!(report.counts))]))
        .build()
}

fn is_for_github(row: &RowReport) -> bool {
    matches!(row.verdict, "fail" | "review")
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(DESCRIPTION) {
        None => text.to_owned(),
        Some(_) => text.chars().take(DESCRIPTION - 1).chain(['…']).collect(),
    }
}

/// Text that is no link, whatever was read from the project.
fn plain(text: &str) -> String {
    text.replace("](", "\\](").chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn level_of(severity: &str) -> ResultLevel {
    match severity {
        "critical" | "high" => ResultLevel::Error,
        "medium" => ResultLevel::Warning,
        _ => ResultLevel::Note,
    }
}

fn security_severity(severity: &str) -> &'static str {
    match severity {
        "critical" => "9.5",
        "high" => "8.0",
        "medium" => "5.5",
        _ => "2.0",
    }
}

fn rule(row: &RowReport, taxonomies: &[Used]) -> ReportingDescriptor {
    let mut built = descriptor(&row.id, &name(&row.id), &clip(&row.title), &clip(&row.requirement));
    let help = format!(
        "{}\n\nWhy it matters: {}\n\nWhat breaks: {}\n\nHow to mend it: {}",
        row.requirement, row.why, row.breaks, row.fix
    );
    built.help = Some(text(&help));
    built.default_configuration = Some(ReportingConfiguration::builder().level(json!(level_of(row.severity))).build());
    let targets = taxonomies.iter().flat_map(|used| used.references(row));
    let related = targets.map(|target| {
        ReportingDescriptorRelationship::builder().target(target).kinds(vec!["relevant".to_owned()]).build()
    });
    let related: Vec<_> = related.collect();
    if !related.is_empty() {
        built.relationships = Some(related);
    }
    let mut properties = bag([
        ("precision", json!("high")),
        ("security-severity", json!(security_severity(row.severity))),
        ("gate", json!(row.gate)),
        ("phase", json!(row.phase)),
    ]);
    let tags = ["security".to_owned(), "launch".to_owned()];
    let cwe = row.cwe.iter().map(|number| format!("external/cwe/cwe-{number:03}"));
    properties.tags = Some(tags.into_iter().chain(cwe).take(10).collect());
    built.properties = Some(properties);
    built
}

/// `AUTHN-01` as a name that is not its id: `LaunchAuthn01`.
fn name(id: &str) -> String {
    let mut name = String::from("Launch");
    for (at, part) in id.split('-').enumerate() {
        match at {
            0 => name.extend(part.chars().enumerate().map(|(i, c)| if i == 0 { c } else { c.to_ascii_lowercase() })),
            _ => name += part,
        }
    }
    name
}

fn result(index: usize, row: &RowReport, report: &LaunchReport, profile: Profile) -> Result {
    let places: Vec<&PlaceReport> = row
        .evidence
        .iter()
        .filter(|evidence| evidence.verdict == row.verdict)
        .chain(row.evidence.iter().filter(|evidence| evidence.verdict != row.verdict))
        .flat_map(|evidence| &evidence.places)
        .filter(|place| is_in_project(&place.path))
        .collect();
    let (kind, level) = match (row.verdict, profile) {
        ("fail", _) => (ResultKind::Fail, level_of(row.severity)),
        // GitHub has no kinds: it shows what a person has to judge as a note.
        ("review", Profile::Github) => (ResultKind::Fail, ResultLevel::Note),
        ("review", _) => (ResultKind::Review, ResultLevel::None),
        ("open", _) => (ResultKind::Open, ResultLevel::None),
        ("notApplicable", _) => (ResultKind::NotApplicable, ResultLevel::None),
        _ => (ResultKind::Pass, ResultLevel::None),
    };
    let first =
        places.first().map_or_else(|| settled_in(row, &report.anchors), |place| location(&place.path, place.line));
    let hash = line_hash(format!("{}\u{0}{}", row.id, places.first().map_or("", |place| &place.path)).as_bytes());
    let mut built = Result::builder()
        .rule_id(&row.id)
        .rule_index(index as i64)
        .kind(kind)
        .level(level)
        .message(message(row).as_str())
        .locations(vec![first])
        .partial_fingerprints([
            ("primaryLocationLineHash".to_owned(), format!("{hash:x}:1")),
            ("cleansweepRow/v1".to_owned(), row.id.clone()),
        ])
        .properties(bag([
            ("verdict", json!(row.verdict)),
            ("standing", json!(row.standing)),
            ("word", json!(row.word)),
            ("evidence", json!(row.evidence)),
        ]))
        .build();
    let related = places.iter().skip(1).take(RELATED).map(|place| {
        let mut location = location(&place.path, place.line);
        location.message = Some("Seen here too".into());
        location
    });
    let related: Vec<Location> = related.collect();
    if !related.is_empty() {
        built.related_locations = Some(related);
    }
    built
}

fn message(row: &RowReport) -> String {
    let heard = row.evidence.iter().find(|evidence| evidence.verdict == row.verdict);
    let reason = match heard {
        Some(evidence) => evidence.reason.clone(),
        None if row.is_settled() => row.standing.clone(),
        None => "it is not known".into(),
    };
    let lead = if row.verdict == "review" { "For review: " } else { "" };
    let next = if row.is_settled() { String::new() } else { format!(" {}", row.advice()) };
    let next = match &row.command {
        Some(command) => format!("{next} Then: {command}"),
        None => next,
    };
    plain(&format!("{lead}{}: {}.{next}", row.title, reason.trim_end_matches('.')))
}

/// Whether a path is one below the top of the project: no address, and nothing that the user named elsewhere.
fn is_in_project(path: &str) -> bool {
    !path.contains("://")
        && !path.starts_with(['/', '\\', '~'])
        && !path.split(['/', '\\']).any(|part| part == "..")
        && !path.get(1..3).is_some_and(|drive| drive == ":/" || drive == ":\\")
}

/// The file by which a row without a place is shown.
fn settled_in(row: &RowReport, anchors: &Anchors) -> Location {
    let (anchor, usual) = match row.asks {
        Some(_) => (&anchors.word, "launch.attest.toml"),
        None => (&anchors.other, "launch.toml"),
    };
    location(anchor.as_deref().unwrap_or(usual), None)
}

fn location(path: &str, line: Option<u32>) -> Location {
    let artifact = serde_sarif::sarif::ArtifactLocation::builder().uri(uri::of_path(path)).uri_base_id(SRCROOT).build();
    let line = i64::from(line.unwrap_or(1).max(1));
    let region = Region::builder().start_line(line).start_column(1).end_line(line).end_column(2).build();
    let physical = PhysicalLocation::builder().artifact_location(artifact).region(region).build();
    Location::builder().physical_location(physical).build()
}

fn answer_descriptor() -> ReportingDescriptor {
    descriptor(
        "launch-answer",
        "LaunchAnswer",
        "Whether the product is ready",
        "The answer of the checklist, and the rows that this file has no result for.",
    )
}

fn invocation(report: &LaunchReport, info: &RunInfo, left_out: usize) -> Invocation {
    let mut told = report.summary.clone();
    if left_out > 0 {
        let rows = match left_out {
            1 => "row that is passed, open or without object has",
            _ => "rows that are passed, open or without object have",
        };
        told += &format!(" {left_out} {rows} no result here; the full profile (--sarif-profile full) has all.");
    }
    let reference = ReportingDescriptorReference::builder().id("launch-answer").index(0).build();
    let level = if report.readiness == "ready" { NotificationLevel::Note } else { NotificationLevel::Warning };
    let notification =
        Notification::builder().descriptor(reference).level(json!(level)).message(Message::from(told.as_str())).build();
    let mut invocation = Invocation::builder()
        .execution_successful(true)
        .exit_code(info.exit_code)
        .exit_code_description(report.readiness)
        .tool_execution_notifications(vec![notification])
        .build();
    invocation.start_time_utc.clone_from(&info.start);
    invocation.end_time_utc.clone_from(&info.end);
    invocation
}

/// A taxonomy, and those of its taxa that the rows refer to, in order.
struct Used {
    taxonomy: &'static Taxonomy,
    ids: Vec<String>,
}

impl Used {
    fn of(taxonomy: &'static Taxonomy, report: &LaunchReport) -> Self {
        let ids: BTreeSet<String> = report.rows.iter().flat_map(|row| (taxonomy.of)(row)).collect();
        Self { taxonomy, ids: ids.into_iter().collect() }
    }

    fn references(&self, row: &RowReport) -> Vec<ReportingDescriptorReference> {
        let place: BTreeMap<&str, usize> = self.ids.iter().map(String::as_str).zip(0..).collect();
        let one = |id: String| {
            let index = place.get(id.as_str()).map_or(-1, |at| *at as i64);
            ReportingDescriptorReference::builder().id(id).index(index).tool_component(reference(self.taxonomy)).build()
        };
        (self.taxonomy.of)(row).into_iter().map(one).collect()
    }

    fn component(&self) -> ToolComponent {
        let taxa = self.ids.iter().map(|id| {
            let (name, title) = self.taxonomy.entry(id);
            let mut taxon = descriptor(id, &name, title, title);
            taxon.help_uri = Some((self.taxonomy.page)(id));
            taxon
        });
        ToolComponent::builder()
            .name(self.taxonomy.name)
            .version(self.taxonomy.version)
            .organization(self.taxonomy.organization)
            .short_description(text(self.taxonomy.about))
            .information_uri(self.taxonomy.address)
            .is_comprehensive(false)
            .taxa(taxa.collect::<Vec<_>>())
            .build()
    }
}

fn reference(taxonomy: &Taxonomy) -> ToolComponentReference {
    ToolComponentReference::builder().name(taxonomy.name).build()
}
