//! What results refer to: the rules with their runbooks, and the weaknesses that they are kinds of.

use serde_json::json;
use serde_sarif::sarif::{
    MultiformatMessageString, ReportingConfiguration, ReportingDescriptor, ReportingDescriptorReference,
    ReportingDescriptorRelationship, ResultLevel, ToolComponent, ToolComponentReference,
};

use super::super::level::Level;
use super::super::runbook;
use super::{bag, descriptor, text};
use crate::blob::Origin;
use crate::rotation::Runbooks;
use crate::rule::{Confidence, Rule, Severity};

/// Most characters that GitHub takes for a description.
const DESCRIPTION: usize = 1024;

const CWE: &str = "CWE";

struct Weakness {
    number: u32,
    name: &'static str,
    title: &'static str,
    description: &'static str,
}

/// In the order of the taxonomy; results refer to them by index.
const WEAKNESSES: [Weakness; 3] = [
    Weakness {
        number: 532,
        name: "SensitiveInformationInLogFile",
        title: "Insertion of Sensitive Information into Log File",
        description: "The product writes sensitive information to a log file.",
    },
    Weakness {
        number: 540,
        name: "SensitiveInformationInSourceCode",
        title: "Inclusion of Sensitive Information in Source Code",
        description: "Source code that others can read holds sensitive information.",
    },
    Weakness {
        number: 798,
        name: "HardCodedCredentials",
        title: "Use of Hard-coded Credentials",
        description: "The product contains hard-coded credentials, such as a password or a cryptographic key.",
    },
];

const LOG_FILE: usize = 0;
const SOURCE_CODE: usize = 1;
const HARD_CODED: usize = 2;

/// How loud a result is.
pub(super) fn level(severity: Severity, confidence: Confidence) -> ResultLevel {
    match Level::of(severity, confidence) {
        Level::Error => ResultLevel::Error,
        Level::Warning => ResultLevel::Warning,
        Level::Note => ResultLevel::Note,
    }
}

/// GitHub's bands: over 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.5",
    }
}

fn precision(rule: &Rule) -> &'static str {
    match rule.confidence {
        Confidence::High if !rule.checks.is_empty() => "very-high",
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

/// A rule with everything GitHub shows of it. No fact is filled in: the same rule has many results.
pub(super) fn of_rule(rule: &Rule, runbooks: &Runbooks) -> ReportingDescriptor {
    let level = level(rule.severity, Confidence::High);
    let mut built = descriptor(&rule.id, &pascal(&rule.id), &clip(&rule.title), &clip(&rule.description));
    built.default_configuration = Some(ReportingConfiguration::builder().level(json!(level)).build());
    built.relationships = Some(vec![
        ReportingDescriptorRelationship::builder()
            .target(weakness(HARD_CODED))
            .kinds(vec!["superset".to_owned()])
            .build(),
    ]);
    let mut properties = bag([
        ("precision", json!(precision(rule))),
        ("provider", json!(rule.provider_name)),
        ("security-severity", json!(security_severity(rule.severity))),
    ]);
    properties.tags = Some(["security", "secret", &rule.provider, "external/cwe/cwe-798"].map(str::to_owned).to_vec());
    built.properties = Some(properties);
    built.help_uri.clone_from(&rule.docs);
    if let Some(runbook) = runbooks.of(rule) {
        built.help = Some(
            MultiformatMessageString::builder()
                .text(runbook::text(runbook))
                .markdown(runbook::markdown(runbook))
                .build(),
        );
        built.help_uri = Some(runbook.docs.clone());
    }
    built
}

/// Each taxon that a result belongs to besides its rule's: where the credential stands decides it.
pub(super) fn weaknesses_of(origin: &Origin) -> Option<Vec<ReportingDescriptorReference>> {
    let is_log = |path: &str| path.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("log"));
    match origin {
        Origin::File(path) | Origin::Version(path) if is_log(path) => Some(vec![weakness(LOG_FILE)]),
        Origin::File(_) | Origin::Version(_) => Some(vec![weakness(SOURCE_CODE)]),
        Origin::Member(inner) if !inner.is_name && is_log(&inner.path) => Some(vec![weakness(LOG_FILE)]),
        Origin::Name(_) | Origin::PastName(_) | Origin::Object(..) | Origin::Stdin | Origin::Member(_) => None,
    }
}

fn weakness(index: usize) -> ReportingDescriptorReference {
    ReportingDescriptorReference::builder()
        .id(format!("CWE-{}", WEAKNESSES[index].number))
        .index(index as i64)
        .tool_component(cwe_reference())
        .build()
}

/// The name by which rules, results and the driver refer to [`taxonomy`].
pub(super) fn cwe_reference() -> ToolComponentReference {
    ToolComponentReference::builder().name(CWE).build()
}

/// The part of the Common Weakness Enumeration that is about exposed credentials.
pub(super) fn taxonomy() -> ToolComponent {
    let taxa = WEAKNESSES.iter().map(|w| {
        let mut taxon = descriptor(&format!("CWE-{}", w.number), w.name, w.title, w.description);
        taxon.help_uri = Some(format!("https://cwe.mitre.org/data/definitions/{}.html", w.number));
        taxon
    });
    ToolComponent::builder()
        .name(CWE)
        .organization("MITRE")
        .short_description(text("Common Weakness Enumeration: a list of kinds of software and hardware weaknesses."))
        .information_uri("https://cwe.mitre.org/")
        .is_comprehensive(false)
        .taxa(taxa.collect::<Vec<_>>())
        .build()
}

/// `aws-access-key-id` as the friendly name that SARIF asks for: `AwsAccessKeyId`. It must differ from the id, and
/// begins with a letter.
fn pascal(id: &str) -> String {
    const DIGITS: [&str; 10] = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];
    let mut name = String::new();
    for word in id.split('-') {
        let mut letters = word.chars();
        match letters.next() {
            Some(digit @ '0'..='9') if name.is_empty() => name.push_str(DIGITS[digit as usize - '0' as usize]),
            Some(first) => name.extend(first.to_uppercase()),
            None => {}
        }
        name.push_str(letters.as_str());
    }
    if name.eq_ignore_ascii_case(id) { name + "Credential" } else { name }
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(DESCRIPTION) {
        None => text.to_owned(),
        Some(_) => text.chars().take(DESCRIPTION - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Catalogue, RuleSource};

    #[test]
    fn names_are_pascal_case_and_not_ids() {
        assert_eq!(pascal("aws-s3-key"), "AwsS3Key");
        assert_eq!(pascal("1password-secret-key"), "OnepasswordSecretKey");
        assert_eq!(pascal("jwt"), "JwtCredential");
    }

    #[test]
    fn descriptions_fit() {
        assert_eq!(clip("é"), "é");
        assert_eq!(clip(&"é".repeat(1024)).chars().count(), 1024);
        assert_eq!(clip(&"é".repeat(1025)).chars().count(), 1024);
    }

    #[test]
    fn every_rule_of_the_catalogue_has_what_github_asks_for() {
        let rules = Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is checked when built");
        let runbooks = Runbooks::new(Catalogue::embedded());
        for rule in rules.rules() {
            let built = of_rule(rule, &runbooks);
            let short = built.short_description.expect("set").text;
            let full = built.full_description.expect("set").text;
            let help = built.help.expect("set");
            for text in [&short, &full, &help.text, help.markdown.as_ref().expect("set")] {
                assert!(!text.trim().is_empty(), "{}", rule.id);
            }
            assert!(short.chars().count() <= 1024 && full.chars().count() <= 1024, "{}", rule.id);
            assert!(help.text.contains("Proof that it is dead"), "{}", rule.id);
            assert!(built.help_uri.is_some_and(|uri| uri.starts_with("https://")), "{}", rule.id);
            let properties = built.properties.expect("set");
            assert!(properties.tags.expect("set").len() <= 10, "{}", rule.id);
            let severity = properties.additional_properties["security-severity"].as_str().expect("a string");
            assert!(severity.parse::<f32>().is_ok_and(|s| s > 0.0 && s <= 10.0), "{}", rule.id);
        }
    }
}
