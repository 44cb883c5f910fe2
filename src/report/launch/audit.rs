//! The auditor's part of the HTML report: the matrix with its evidence, credentials with their runbooks, the ledger, the
//! handover, what remains, the calendar, the signatures.

use maud::{Markup, html};

use super::super::json::Exposure;
use super::super::plan::{Planned, Steps};
use super::super::text::tame;
use super::html::{bar, tag, verdict};
use super::model::{EvidenceReport, Handover, LaunchReport, RowReport, WordReport};

/// Places that one row or credential lists; JSON has all.
const PLACES: usize = 20;

const SECTIONS: &[(&str, &str)] = &[
    ("matrix", "The matrix"),
    ("evidence", "Every requirement with its evidence"),
    ("credentials", "Exposed credentials"),
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
            ul { @for (id, title) in SECTIONS { li { a href={ "#" (id) } { (title) } } } }
        }
        (section("matrix", &matrix(report)))
        (section("evidence", &evidence(report)))
        (section("credentials", &credentials(report)))
        (section("ledger", &ledger(report)))
        (section("handover", &handover(&report.handover)))
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
            @if row.evidence.is_empty() { p.soft { "Nobody has looked." } }
            @else { ul.seen { @for evidence in &row.evidence { (seen(evidence)) } } }
            @if !row.is_settled() {
                p { b { "Next: " } (row.next) " " span.soft { "(" (row.who) ", " (row.takes) ")" } }
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

fn said(word: &WordReport) -> Markup {
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
                ul.small {
                    @for place in evidence.places.iter().take(PLACES) {
                        li { code { (place.told()) } @if let Some(blob) = &place.blob { " " span.soft { "blob " (short(blob)) } } }
                    }
                    @if evidence.places.len() > PLACES { li { "and " (evidence.places.len() - PLACES) " more" } }
                }
            }
        }
    }
}

fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

fn tone(verdict: &str) -> &str {
    if matches!(verdict, "pass" | "notApplicable") { "proven" } else { verdict }
}

pub(super) fn by(means: &str) -> &str {
    match means {
        "static" => "code and settings",
        "given" => "a file that was given",
        "live" => "a probe",
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

fn credentials(report: &LaunchReport) -> Markup {
    let rotation = &report.rotation;
    html! {
        @if rotation.credentials.is_empty() {
            p {
                "No exposed credential is left to rotate."
                @if !rotation.skipped.is_empty() { " " b { "The search was incomplete: there may be more." } }
            }
        }
        @for planned in &rotation.credentials { (credential(planned)) }
        @if !rotation.rewrite.is_empty() {
            h3 { "Last: the history" }
            p { "Only after every credential is rotated, and in a fresh clone:" }
            pre tabindex="0" { (rotation.rewrite.join("\n")) }
        }
    }
}

fn credential(planned: &Planned) -> Markup {
    html! {
        h3 { (planned.order) ". " (planned.title) }
        dl.facts {
            dt { "Severity" } dd { (planned.severity) ", " (planned.confidence) " confidence" }
            dt { "Value" } dd { code { (tame(&planned.secret)) } }
            dt { "Exposed" } dd { (planned.exposed) @if let Some(since) = &planned.since { ", since " (since) } }
            dt { "Credential" } dd { code { (planned.credential_id) } }
        }
        h4 { "Where and when" }
        ul.small {
            @for place in planned.places.iter().take(PLACES) { (timeline(place)) }
            @if planned.places.len() > PLACES { li { "and " (planned.places.len() - PLACES) " more" } }
        }
        h4 { "Rotation" }
        @match &planned.runbook {
            Some(steps) => (runbook(steps)),
            None => p { "There is no runbook for it: replace it where it was issued, and see that the old value is refused." },
        }
        pre tabindex="0" { (planned.done) }
        p.small { "Rotated by " span.blank {} " on " span.blank {} }
    }
}

fn timeline(place: &Exposure) -> Markup {
    html! {
        li {
            code { (tame(&place.path)) ":" (place.line) } " " span.soft { (place.source) }
            @if let Some(history) = &place.history {
                ul {
                    @for past in history.exposures.iter().take(PLACES) {
                        li {
                            code { (tame(&past.path)) }
                            @if let Some(commit) = &past.introduced { ": added " (day(&commit.date)) " by " (tame(&commit.author)) " in " code { (short(&commit.id)) } }
                            @else { ": in no commit" }
                            @if let Some(commit) = &past.removed { ", removed " (day(&commit.date)) " by " (tame(&commit.author)) " in " code { (short(&commit.id)) } }
                            @else if past.in_head { ", still in HEAD" }
                            @if past.unreachable { ", no branch or tag leads to it" }
                        }
                    }
                }
            }
        }
    }
}

fn day(date: &str) -> &str {
    date.get(..10).unwrap_or(date)
}

fn runbook(steps: &Steps) -> Markup {
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

fn handover(handover: &Handover) -> Markup {
    html! {
        h3 { "What changed" }
        (list(&handover.changed, "Nothing is written down: no rotation and no attestation."))
        h3 { "What to watch" }
        (list(&handover.watch, "Nothing is watched."))
        h3 { "What to own next" }
        p { (handover.own_next.len()) " requirements are left; the table below has each with its owner." }
        h3 { "DNS targets" }
        (list(&handover.dns, "launch.toml names no host."))
        h3 { "Environment variables" }
        @if handover.variables.is_empty() { p.soft { "No example of an environment file names any." } }
        @else { p { @for (at, name) in handover.variables.iter().enumerate() { @if at > 0 { ", " } code { (name) } } } }
        h3 { "Health addresses" }
        (list(&handover.health, "launch.toml names none."))
        h3 { "Backup and restore" }
        (stated(handover.backup.as_ref()))
        h3 { "Rollback and its owner" }
        (stated(handover.rollback.as_ref()))
    }
}

fn list(entries: &[String], none: &str) -> Markup {
    html! {
        @if entries.is_empty() { p.soft { (none) } }
        @else { ul { @for entry in entries { li { (entry) } } } }
    }
}

fn stated(word: Option<&WordReport>) -> Markup {
    html! {
        @match word {
            Some(word) => (said(word)),
            None => p { "Not stated: " span.blank {} },
        }
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
        @if !coverage.left_out.is_empty() { h3 { "Not read for routes and settings" } (list(&coverage.left_out, "")) }
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
