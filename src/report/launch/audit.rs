//! The auditor's part of the HTML report: the matrix with its evidence, credentials with their runbooks, the ledger, the
//! handover, what remains, the calendar, the signatures.

use maud::{Markup, html};

use super::html::{bar, tag, verdict};
use super::model::{EvidenceReport, LaunchReport, RowReport, WordReport};
use super::{handover, rotation};

/// Places that one row lists; JSON has all.
const PLACES: usize = 12;

const SECTIONS: &[(&str, &str)] = &[
    ("matrix", "The matrix"),
    ("evidence", "Every requirement with its evidence"),
    ("credentials", "Exposed credentials"),
    ("runbooks", "How each kind is rotated"),
    ("ledger", "Ledger of rotations"),
    ("handover", "Handover"),
    ("risks", "What remains"),
    ("calendar", "Calendar"),
    ("coverage", "What was looked at"),
    ("signatures", "Signatures"),
];

pub(super) fn page(report: &LaunchReport) -> Markup {
    html! {
        (verdict(report))
        (bar(&report.counts))
        nav aria-label="Contents" {
            ul { @for (id, title) in SECTIONS.iter().filter(|(id, _)| *id != "runbooks" || !report.runbooks.is_empty()) { li { a href={ "#" (id) } { (title) } } } }
        }
        (section("matrix", &matrix(report)))
        (section("evidence", &evidence(report)))
        (section("credentials", &rotation::credentials(report)))
        @if !report.runbooks.is_empty() { (section("runbooks", &rotation::runbooks(report))) }
        (section("ledger", &ledger(report)))
        (section("handover", &handover::page(&report.handover)))
        (section("risks", &risks(report)))
        (section("calendar", &calendar(report)))
        (section("coverage", &coverage(report)))
        (section("signatures", &signatures()))
    }
}

fn section(id: &str, content: &Markup) -> Markup {
    let title = SECTIONS.iter().find(|(known, _)| *known == id).map_or("", |(_, title)| title);
    html! {
        section.page[matches!(id, "credentials" | "handover" | "signatures")] aria-labelledby=(id) {
            h2 id=(id) { (title) }
            (content)
        }
    }
}

fn matrix(report: &LaunchReport) -> Markup {
    html! {
        table.stack.matrix {
            thead { tr { th scope="col" { "Row" } th scope="col" { "Stands" } th scope="col" { "Requirement" } } }
            tbody {
                @for row in &report.rows {
                    tr {
                        td { a href={ "#" (row.id) } { (row.id) } }
                        td { (tag(row)) }
                        td {
                            (row.title)
                            @if row.gate { " " span.soft.small { "(needed for READY)" } }
                        }
                    }
                }
            }
        }
    }
}

fn evidence(report: &LaunchReport) -> Markup {
    let areas = report.rows.chunk_by(|a, b| a.area == b.area);
    html! {
        @for rows in areas {
            h3 { (rows[0].area) }
            @for row in rows { (row_in_full(row)) }
        }
    }
}

fn row_in_full(row: &RowReport) -> Markup {
    html! {
        article.row id=(row.id) {
            h4 { (tag(row)) span.id { (row.id) } span { (row.title) } }
            p { (row.requirement) " " span.soft.small { (row.severity) @if row.gate { " · needed for READY" } } }
            @if let Some(word) = &row.word { (said(word)) }
            ul.seen { @for evidence in &row.evidence { (seen(evidence)) } }
            @if !row.is_settled() {
                p {
                    b { "Next: " } (row.advice()) " " span.soft { "(" (row.who) ", " (row.takes) ")" }
                    @if let Some(command) = &row.command { br; code { (command) } }
                }
                @for snippet in &row.snippets {
                    p.small { b { (snippet.stack) ": " } (snippet.note) }
                    pre tabindex="0" { (snippet.code.trim_end()) }
                }
            }
            @let references = references(row);
            @if !references.is_empty() { p.small.soft { (references) } }
        }
    }
}

pub(super) fn said(word: &WordReport) -> Markup {
    html! {
        p {
            b { (word.says) } ", says " (word.owner) " (" (word.role) ") on " (word.date) ", until " (word.expires) ": “" (word.statement) "”"
            @if let Some(proof) = &word.proof { " Evidence: " code { (proof) } }
            @if let Some(sha256) = &word.sha256 { " " span.soft.small { "SHA-256 " (sha256) } }
            @if let Some(commit) = &word.commit { " " span.soft.small { "at commit " (commit) } }
        }
    }
}

fn seen(evidence: &EvidenceReport) -> Markup {
    html! {
        li class=(tone(evidence.verdict)) {
            b { (evidence.verdict) } " (" (by(evidence.by)) "): " (evidence.reason)
            @if let Some(coverage) = &evidence.coverage { ". " (coverage.seen) " of " (coverage.all) " " (coverage.of) }
            div.small.soft {
                "Looked at: " (evidence.looked_at)
                @if let Some(control) = &evidence.control { ". Control: " (control) }
                @if !evidence.would_change.is_empty() { ". What would change it: " (evidence.would_change) }
            }
            @if !evidence.places.is_empty() {
                div.small {
                    "At "
                    @for (at, place) in evidence.places.iter().take(PLACES).enumerate() {
                        @if at > 0 { ", " }
                        code { (place.told()) }
                        @if let Some(blob) = place.blob.as_ref().filter(|_| at == 0 || evidence.places[at - 1].path != place.path) {
                            " " span.soft { "(blob " (short(blob)) ")" }
                        }
                    }
                    @if evidence.places.len() > PLACES { ", and " (evidence.places.len() - PLACES) " more" }
                }
            }
        }
    }
}

pub(super) fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

fn tone(verdict: &str) -> &str {
    if matches!(verdict, "pass" | "notApplicable") { "proven" } else { verdict }
}

pub(super) fn by(means: &str) -> &str {
    match means {
        "static" => "code and settings",
        "given" => "a file that was given",
        "live" => "a test of the running product",
        "attested" => "a person’s word",
        _ => "other rows",
    }
}

pub(super) fn references(row: &RowReport) -> String {
    let cwe: Vec<String> = row.cwe.iter().map(|number| format!("CWE-{number}")).collect();
    let asvs: Vec<String> = row.asvs.iter().map(|id| format!("ASVS 5.0 {id}")).collect();
    let api: Vec<String> = row.api.iter().map(|id| format!("{id}:2023")).collect();
    [asvs, api, cwe].concat().join(" · ")
}

fn ledger(report: &LaunchReport) -> Markup {
    html! {
        @if report.ledger.is_empty() { p { "rotations.toml has no entry." } }
        @else {
            table.stack {
                thead { tr { th scope="col" { "Dead since" } th scope="col" { "What" } th scope="col" { "By" } th scope="col" { "Proof" } } }
                tbody {
                    @for entry in &report.ledger {
                        tr {
                            td { (entry.date) } td { (entry.rule) } td { (entry.by) }
                            td { (entry.evidence) @if let Some(note) = &entry.note { " " span.soft { "(" (note) ")" } } }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn list(entries: &[String], none: &str) -> Markup {
    html! {
        @if entries.is_empty() { p.soft { (none) } }
        @else { ul { @for entry in entries { li { (entry) } } } }
    }
}

fn risks(report: &LaunchReport) -> Markup {
    let remaining = &report.handover.own_next;
    html! {
        @if remaining.is_empty() { p { "Nothing is left." } }
        @else {
            table.stack {
                thead { tr { th scope="col" { "Row" } th scope="col" { "Requirement" } th scope="col" { "Stands" } th scope="col" { "Owner" } th scope="col" { "Until" } } }
                tbody {
                    @for left in remaining {
                        tr {
                            td { a href={ "#" (left.id) } { (left.id) } } td { (left.title) } td { (left.standing) }
                            td { @match &left.owner { Some(owner) => (owner), None => b { "nobody" } } }
                            td { (left.until.as_deref().unwrap_or("no date")) }
                        }
                    }
                }
            }
        }
    }
}

fn calendar(report: &LaunchReport) -> Markup {
    html! {
        @if report.calendar.is_empty() { p { "Nobody has given a word that could lapse." } }
        @else {
            table.stack {
                thead { tr { th scope="col" { "Lapses" } th scope="col" { "Row" } th scope="col" { "Owner" } th scope="col" { "Days left" } } }
                tbody {
                    @for expiry in &report.calendar {
                        tr {
                            td { (expiry.expires) } td { (expiry.id) } td { (expiry.owner) }
                            td { (expiry.days_left) @if expiry.due { " " b { "renew it" } } }
                        }
                    }
                }
            }
        }
        @if !report.rejected.is_empty() {
            h3 { "Entries that count for nothing" }
            ul { @for entry in &report.rejected { li { (entry.why.join("; ")) } } }
        }
    }
}

fn coverage(report: &LaunchReport) -> Markup {
    let coverage = &report.coverage;
    html! {
        dl.facts {
            dt { "Files scanned for secrets" } dd { (coverage.files) }
            dt { "Objects of the history" } dd { (coverage.objects) }
            dt { "Files read for routes and settings" } dd { (coverage.sources) }
            dt { "Routes" } dd { (coverage.routes) }
            dt { "Frameworks" } dd {
                @if report.stack.is_empty() { "none was recognised" }
                @for (at, stack) in report.stack.iter().enumerate() {
                    @if at > 0 { ", " } (stack.framework) @if let Some(version) = &stack.version { " " (version) } " (" code { (stack.path) ":" (stack.line) } ")"
                }
            }
        }
        h3 { "Not looked at" }
        (list(&coverage.skipped, "Nothing was skipped in the search for secrets."))
        @if !coverage.gaps.is_empty() { h3 { "Not followed in the code" } (list(&coverage.gaps, "")) }
        @if !coverage.left_out.is_empty() { h3 { "Not read for routes and settings: files by folder" } (list(&coverage.left_out, "")) }
    }
}

fn signatures() -> Markup {
    html! {
        p { "By signing, each says to have read this report, and what remains in it." }
        div.sign {
            @for role in ["Handed over by", "Taken over by", "Audited by"] {
                div { p { b { (role) } } p { "Name " span.blank {} } p { "Date " span.blank {} } p { "Signature " span.blank {} } }
            }
        }
    }
}
