//! The launch report as one HTML file: a page for the founder, and the whole for the auditor.
//!
//! It needs no network and no script, and has none: its policy forbids both. It reads on a phone, in the dark, on paper, by
//! keyboard and by a screen reader. Every text is escaped where it is put in.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::audit;
use super::model::{Counts, LaunchReport, RowReport};

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// One page for the one who decides: ready or not and why, what to begin with, how much is known.
#[must_use]
pub fn founder(report: &LaunchReport) -> String {
    page(report, "founder", "Can you launch?", &founder_page(report))
}

/// All that is known, with the papers to sign.
#[must_use]
pub fn auditor(report: &LaunchReport) -> String {
    page(report, "auditor", "Launch audit", &audit::page(report))
}

fn page(report: &LaunchReport, class: &str, title: &str, main: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " " (report.product) ", " (report.date) }
                style { (PreEscaped(STYLE)) }
            }
            body class=(class) {
                a.skip href="#main" { "Skip to the content" }
                header {
                    h1 { (title) }
                    p.soft { (report.product) " · checked on " time datetime=(report.date) { (report.date) } }
                }
                main id="main" { (main) }
                footer {
                    p {
                        "Made by cleansweep " (report.tool_version) " on " (report.date) ", offline. Secrets are redacted. What is "
                        "open was not shown to be safe."
                    }
                }
            }
        }
    };
    page.into_string()
}

/// The answer, as large as it is important.
pub(super) fn verdict(report: &LaunchReport) -> Markup {
    let (tone, word) = answer(report);
    html! {
        section class={ "verdict " (tone) } aria-label="The answer" {
            strong { (word) }
            @for reason in why(report) { p { (reason) } }
        }
    }
}

fn answer(report: &LaunchReport) -> (&'static str, &'static str) {
    match report.readiness {
        "ready" => ("proven", "READY"),
        "not ready for external users" => ("fail", "NOT READY for external users"),
        _ => ("open", "NOT READY: a prototype with risk"),
    }
}

/// Why the answer is what it is, in sentences.
pub(super) fn why(report: &LaunchReport) -> Vec<String> {
    let gate = |verdict: &str| report.rows.iter().filter(|row| row.gate && row.verdict == verdict).count();
    let beside = report.rows.iter().filter(|row| !row.gate && !row.is_settled()).count();
    let (fail, open, review) = (gate("fail"), gate("open"), gate("review"));
    let mut why = Vec::new();
    match report.readiness {
        "ready" => why.push("Everything that readiness needs is passed.".to_owned()),
        _ => why.push(format!(
            "Of what readiness needs, {fail} {}, {open} {} not known, and {review} {} a person to judge.",
            if fail == 1 { "requirement fails" } else { "requirements fail" },
            if open == 1 { "is" } else { "are" },
            if review == 1 { "needs" } else { "need" },
        )),
    }
    let probes = report.rows.iter().filter(|row| row.gate && row.verdict == "open" && row.is_for_probe()).count();
    if probes > 0 {
        why.push(format!(
            "{probes} of those that are not known only a test of the running product can settle, which this program does not make. Have it made, and attest its record."
        ));
    }
    if report.readiness == "not ready for external users" {
        why.push(
            "Until what fails about signing in, access and secrets is mended, no stranger should have an account."
                .into(),
        );
    }
    if beside > 0 {
        why.push(format!(
            "Beside that, {beside} more {} not settled.",
            if beside == 1 { "requirement is" } else { "requirements are" }
        ));
    }
    if !report.coverage.skipped.is_empty() {
        why.push(format!(
            "The search for secrets was incomplete: {} not looked at.",
            items(report.coverage.skipped.len())
        ));
    }
    if !report.rejected.is_empty() {
        why.push(format!(
            "{} for nothing; the report says what is wrong with it.",
            if report.rejected.len() == 1 {
                "1 entry of launch.attest.toml counts".to_owned()
            } else {
                format!("{} entries of launch.attest.toml count", report.rejected.len())
            }
        ));
    }
    why
}

fn items(number: usize) -> String {
    if number == 1 { "1 item".into() } else { format!("{number} items") }
}

/// How much is proven, on somebody's word, not known, failing; each in words too.
pub(super) fn bar(counts: &Counts) -> Markup {
    let parts = parts(counts);
    let told: Vec<String> = parts.iter().map(|(_, name, number)| format!("{number} {name}")).collect();
    html! {
        div.bar role="img" aria-label={ "Of " (counts.rows) " requirements: " (told.join(", ")) } {
            @for (tone, _, number) in &parts {
                @if *number > 0 { span class=(tone) style={ "flex-grow:" (number) } {} }
            }
        }
        ul.legend {
            @for (tone, name, number) in &parts {
                li { i class=(tone) aria-hidden="true" {} b { (number) } " " (name) }
            }
        }
    }
}

/// Tone, name and number of each part.
pub(super) fn parts(counts: &Counts) -> [(&'static str, &'static str, u64); 5] {
    [
        ("proven", "proven", counts.proven),
        ("attested", "attested", counts.attested),
        ("review", "to be judged", counts.review),
        ("open", "not known", counts.open),
        ("fail", "failing", counts.fail),
    ]
}

/// The word for how a row stands.
pub(super) fn tag(row: &RowReport) -> Markup {
    html! { span class={ "tag " (row.tone()) } { (tag_word(row)) } }
}

pub(super) fn tag_word(row: &RowReport) -> &'static str {
    match (row.verdict, row.attested) {
        ("pass", true) => "ATTESTED",
        ("pass", false) => "PASS",
        ("notApplicable", _) => "NOT APPLICABLE",
        ("fail", _) => "FAIL",
        ("review", _) => "REVIEW",
        _ => "OPEN",
    }
}

fn founder_page(report: &LaunchReport) -> Markup {
    let first: Vec<&RowReport> = report.first.iter().filter_map(|id| report.row(id)).collect();
    html! {
        (verdict(report))
        section aria-labelledby="known" {
            h2 id="known" { "How much is known" }
            (bar(&report.counts))
        }
        @if !first.is_empty() {
            section aria-labelledby="first" {
                h2 id="first" { (first_title(first.len())) }
                ol.first {
                    @for row in first { (fix(row)) }
                }
            }
        }
        p.small.soft {
            "All " (report.counts.rows) " requirements with what was seen of each are in the auditor’s report: "
            code { "cleansweep launch report --for auditor" } "."
        }
    }
}

pub(super) fn first_title(number: usize) -> String {
    let number = ["", "The one fix", "The two fixes", "The three fixes", "The four fixes"]
        .get(number)
        .unwrap_or(&"The five fixes");
    format!("{number} that matter most")
}

fn fix(row: &RowReport) -> Markup {
    html! {
        li class=(row.tone()) {
            h3 { (row.title) }
            p { (tag(row)) " " span.soft { "What breaks if not: " } (row.breaks) }
            dl.facts {
                dt { "Do" } dd { (row.next) }
                dt { "Who" } dd { (row.who) }
                dt { "How long" } dd { (row.takes) " " span.soft { "(" (row.id) ")" } }
            }
        }
    }
}
