//! The rules themselves, as lists for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::json;
use crate::rule::syntax::{ProviderFile, RuleSyntax};
use crate::rule::{Catalogue, Order, Phase, Runbook};

/// A rule, as `rules list --format json` has it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedRule<'c> {
    /// Identifier.
    pub id: &'c str,
    /// Identifier of the provider.
    pub provider: &'c str,
    /// The provider's own spelling.
    pub provider_name: &'c str,
    /// What was found, in a few words.
    pub title: &'c str,
    /// What the credential is for.
    pub description: &'c str,
    /// What a holder can do.
    pub severity: &'static str,
    /// Literals of which every match has one.
    pub anchors: &'c [String],
    /// The provider's page on the format.
    pub docs: Option<&'c str>,
    /// What to do once one leaked.
    pub rotation: Option<ListedRunbook<'c>>,
}

/// A runbook.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedRunbook<'c> {
    /// Identifier.
    pub id: &'c str,
    /// What somebody who has exactly this credential can do.
    pub holder_can: &'c str,
    /// `revoke-first` or `replace-first`.
    pub order: &'static str,
    /// What breaks on revocation.
    pub breaks: &'c str,
    /// What to do, in order.
    pub steps: Vec<ListedStep<'c>>,
    /// A command that must fail once the credential is dead.
    pub proof_command: &'c str,
    /// How it fails.
    pub proof_fails_with: &'c str,
    /// The provider's page.
    pub docs: &'c str,
    /// The day the facts were last checked.
    pub reviewed: &'c str,
}

/// A step of a runbook.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedStep<'c> {
    /// `revoke`, `replace`, `store`, `deploy`, `prove`, `audit` or `tell`.
    pub phase: &'static str,
    /// What to do.
    #[serde(rename = "do")]
    pub action: &'c str,
    /// Where.
    pub url: Option<&'c str>,
    /// The command that does it.
    pub command: Option<&'c str>,
}

/// The name of an order in all formats.
#[must_use]
pub fn order(order: Order) -> &'static str {
    match order {
        Order::RevokeFirst => "revoke-first",
        Order::ReplaceFirst => "replace-first",
    }
}

/// The name of a phase in all formats.
#[must_use]
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Revoke => "revoke",
        Phase::Replace => "replace",
        Phase::Store => "store",
        Phase::Deploy => "deploy",
        Phase::Prove => "prove",
        Phase::Audit => "audit",
        Phase::Tell => "tell",
    }
}

fn rules(catalogue: &Catalogue) -> impl Iterator<Item = (&ProviderFile, &RuleSyntax)> {
    let all = || catalogue.files().iter().flat_map(|file| file.rule.iter().map(move |rule| (file, rule)));
    // A later rule replaces an earlier one with its id.
    let last: BTreeMap<&str, usize> = all().enumerate().map(|(at, (_, rule))| (rule.id.as_str(), at)).collect();
    all().enumerate().filter(move |(at, (_, rule))| last[rule.id.as_str()] == *at).map(|(_, rule)| rule)
}

/// All rules of a catalogue.
#[must_use]
pub fn build(catalogue: &Catalogue) -> Vec<ListedRule<'_>> {
    rules(catalogue)
        .map(|(file, rule)| ListedRule {
            id: &rule.id,
            provider: &file.provider.id,
            provider_name: &file.provider.name,
            title: &rule.title,
            description: &rule.description,
            severity: json::severity(rule.severity),
            anchors: &rule.anchors,
            docs: rule.docs.as_deref(),
            rotation: catalogue.runbook(&rule.rotation).map(runbook),
        })
        .collect()
}

fn runbook(runbook: &Runbook) -> ListedRunbook<'_> {
    let steps = runbook.steps.iter().map(|step| ListedStep {
        phase: phase(step.phase),
        action: &step.action,
        url: step.url.as_deref(),
        command: step.command.as_deref(),
    });
    ListedRunbook {
        id: &runbook.id,
        holder_can: &runbook.holder_can,
        order: order(runbook.order),
        breaks: &runbook.breaks,
        steps: steps.collect(),
        proof_command: &runbook.proof.command,
        proof_fails_with: &runbook.proof.fails_with,
        docs: &runbook.docs,
        reviewed: &runbook.reviewed,
    }
}

/// All rules, one to a line.
#[must_use]
pub fn text(catalogue: &Catalogue) -> String {
    let width = rules(catalogue).map(|(_, rule)| rule.id.len()).max().unwrap_or_default();
    let mut out = String::new();
    for (_, rule) in rules(catalogue) {
        let severity = json::severity(rule.severity);
        writeln!(out, "{:<width$}  {severity:<8}  {}", rule.id, rule.title).expect("a string takes all");
    }
    let providers = catalogue.files().iter().filter(|file| !file.rule.is_empty()).count();
    writeln!(out, "{} rules of {providers} providers", rules(catalogue).count()).expect("a string takes all");
    out
}

/// One rule, with its runbook as `render` gives it; `None` if there is no such rule.
#[must_use]
pub fn show(catalogue: &Catalogue, id: &str, render: impl Fn(&Runbook) -> String) -> Option<String> {
    let (file, rule) = rules(catalogue).filter(|(_, rule)| rule.id == id).last()?;
    let mut out = format!(
        "{}\n{} · {} · {}\n\n{}\n\n",
        rule.title,
        rule.id,
        file.provider.name,
        json::severity(rule.severity),
        rule.description
    );
    let mut field = |name: &str, value: &str| {
        writeln!(out, "{name:<9} {value}").expect("a string takes all");
    };
    if !rule.anchors.is_empty() {
        field("anchors", &rule.anchors.join("  "));
    }
    for (name, value) in [("regex", &rule.regex), ("value", &rule.value), ("name", &rule.name), ("docs", &rule.docs)] {
        if let Some(value) = value {
            field(name, value);
        }
    }
    if !rule.checks.is_empty() {
        field("checks", &rule.checks.join(", "));
    }
    if let Some(runbook) = catalogue.runbook(&rule.rotation) {
        out.push('\n');
        out.push_str(render(runbook).trim_end());
        out.push('\n');
    }
    Some(out)
}
