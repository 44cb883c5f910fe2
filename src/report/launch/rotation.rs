//! Exposed credentials with their timeline, and the runbooks: each once, whatever the number of credentials it is for.

use maud::{Markup, html};

use super::super::json::Exposure;
use super::super::plan::{Planned, Steps};
use super::super::text::tame;
use super::audit::short;
use super::model::{LaunchReport, RunbookReport};

/// Places that one credential lists, and commits of each; JSON has all.
const PLACES: usize = 5;
const PAST: usize = 2;

pub(super) fn credentials(report: &LaunchReport) -> Markup {
    let rotation = &report.rotation;
    html! {
        @if rotation.credentials.is_empty() {
            p {
                "No exposed credential is left to rotate."
                @if !rotation.skipped.is_empty() { " " b { "The search was incomplete: there may be more." } }
            }
        } @else {
            p { (rotation.credentials.len()) " to rotate, the most urgent first. Tick each step of its runbook, then run its command: it writes the rotation into the ledger." }
        }
        @for planned in &rotation.credentials { (credential(planned, runbook_of(report, planned))) }
        @if !rotation.rewrite.is_empty() {
            h3 { "Last: the history" }
            p { "Only after every credential is rotated, and in a fresh clone:" }
            pre tabindex="0" { (rotation.rewrite.join("\n")) }
        }
    }
}

/// The runbook that a credential is rotated by.
pub(super) fn runbook_of<'r>(report: &'r LaunchReport, planned: &Planned) -> Option<&'r RunbookReport> {
    report.runbooks.iter().find(|runbook| runbook.credentials.contains(&planned.order))
}

/// What is known of a credential, where its runbook has only names for it.
pub(super) fn known(planned: &Planned) -> String {
    planned
        .facts
        .iter()
        .map(|fact| format!("{}: {}", fact.name.replace('_', " "), fact.value))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The kinds of steps that a runbook has, each once, in their order. The proof that the old value is dead is one of them.
pub(super) fn phases(steps: &Steps) -> Vec<&'static str> {
    let mut phases: Vec<&'static str> = Vec::new();
    for step in &steps.steps {
        if !phases.contains(&step.phase) {
            phases.push(step.phase);
        }
    }
    if !phases.contains(&"Prove") {
        phases.push("Prove");
    }
    phases
}

fn credential(planned: &Planned, runbook: Option<&RunbookReport>) -> Markup {
    let facts = known(planned);
    html! {
        article.row id={ "credential-" (planned.order) } {
            h3 { (planned.order) ". " (planned.title) " " code { (tame(&planned.secret)) } }
            p {
                (planned.severity) ", " (planned.confidence) " confidence · " (exposed(planned.exposed))
                @if let Some(since) = &planned.since { ", since " (since) }
                @if !facts.is_empty() { " · " (tame(&facts)) }
            }
            ul.small {
                @for place in planned.places.iter().take(PLACES) { (timeline(place)) }
                @if planned.places.len() > PLACES { li { "and " (planned.places.len() - PLACES) " more places" } }
            }
            @match runbook {
                Some(runbook) => {
                    p.ticks {
                        a href={ "#runbook-" (runbook.number) } { "Runbook " (runbook.number) }
                        @for phase in phases(&runbook.steps) { " " span.tick { (phase) } }
                        " " span.tick { "Ledger" }
                    }
                }
                None => p { "There is no runbook for it: replace it where it was issued, and see that the old value is refused." },
            }
            pre tabindex="0" { (planned.done) }
            p.small { "Rotated by " span.blank {} " on " span.blank {} }
        }
    }
}

/// How far a credential got, in words.
pub(super) fn exposed(how: &str) -> &str {
    match how {
        "bundle" => "in a file that every visitor gets",
        "head" => "in the current version",
        "file" => "in a file",
        "published" => "in the past of a published branch",
        "refs" => "in the past of another branch or tag",
        "uncommitted" => "in a file that is not committed",
        "unreachable" => "in an object that no branch leads to",
        other => other,
    }
}

fn timeline(place: &Exposure) -> Markup {
    let past = place.history.iter().flat_map(|history| &history.exposures);
    let number = past.clone().count();
    html! {
        li {
            code { (tame(&place.path)) ":" (place.line) }
            @for past in past.take(PAST) {
                "; "
                @if past.path != place.path { code { (tame(&past.path)) } " " }
                @if let Some(commit) = &past.introduced { "added " (day(&commit.date)) " by " (tame(&commit.author)) " in " code { (short(&commit.id)) } }
                @else { "in no commit" }
                @if let Some(commit) = &past.removed { ", removed " (day(&commit.date)) " by " (tame(&commit.author)) " in " code { (short(&commit.id)) } }
                @else if past.in_head { ", still there" }
                @if past.unreachable { ", no branch or tag leads to it" }
            }
            @if number > PAST { "; and " (number - PAST) " more" }
        }
    }
}

pub(super) fn day(date: &str) -> &str {
    date.get(..10).unwrap_or(date)
}

pub(super) fn runbooks(report: &LaunchReport) -> Markup {
    html! {
        p { "What differs from one credential to another stands as " code { "<name>" } "; beside each credential above is what is known of it." }
        @for runbook in &report.runbooks {
            h3 id={ "runbook-" (runbook.number) } { "Runbook " (runbook.number) ": " (runbook.title) }
            p.small.soft {
                "For "
                @for (at, order) in runbook.credentials.iter().enumerate() {
                    @if at > 0 { ", " }
                    a href={ "#credential-" (order) } { (order) }
                }
            }
            (steps(&runbook.steps))
        }
    }
}

fn steps(steps: &Steps) -> Markup {
    html! {
        p { b { "What a holder can do. " } (steps.holder_can) }
        p { b { "What breaks. " } (steps.breaks) }
        ul.todo {
            @for step in &steps.steps {
                li {
                    b { (step.phase) ". " } (step.action)
                    @if let Some(url) = &step.url { " " span.small { (url) } }
                    @if let Some(command) = &step.command { pre tabindex="0" { (command) } }
                }
            }
            li { b { "Proof that it is dead. " } "With the leaked value in the variable LEAKED, this must fail:" pre tabindex="0" { (steps.proof) } "It fails with: " (steps.fails_with) }
        }
        p.small.soft { "Documentation: " (steps.docs) ", last checked on " (steps.reviewed) }
    }
}
