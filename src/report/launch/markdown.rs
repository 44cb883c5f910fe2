//! The launch report as GitHub-flavoured Markdown: the founder's page, and the whole for the auditor.
//!
//! What somebody else wrote cannot become a link, a mention or HTML: it is escaped, and in a code span where it could notify.

use std::fmt::Write;

use super::super::markdown::{code, prose};
use super::super::plan::{Planned, Steps};
use super::super::runbook::fence;
use super::audit::{by, references};
use super::handover::{left, reads};
use super::html::{first_title, parts, tag_word, why};
use super::model::{EvidenceReport, LaunchReport, RowReport, VariableReport, WordReport};
use super::rotation::{self, day, known, phases, runbook_of};

/// Places that one row or credential lists; JSON has all.
const PLACES: usize = 12;

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// One page for the one who decides.
#[must_use]
pub fn founder(report: &LaunchReport) -> String {
    let mut out = head(report, "Can you launch?");
    let first: Vec<&RowReport> = report.first.iter().filter_map(|id| report.row(id)).collect();
    if !first.is_empty() {
        line!(out, "\n## {}", first_title(first.len()));
    }
    for (number, row) in (1..).zip(first) {
        line!(out, "\n### {number}. {}\n", prose(&row.title));
        line!(out, "**{}** · What breaks if not: {}\n", tag_word(row), prose(&row.breaks));
        line!(
            out,
            "- Do: {}\n- Who: {}\n- How long: {} ({})",
            say(&row.next),
            prose(&row.who),
            prose(&row.takes),
            row.id
        );
    }
    out
}

/// All that is known, with the papers to sign.
#[must_use]
pub fn auditor(report: &LaunchReport) -> String {
    let mut out = head(report, "Launch audit");
    matrix(&mut out, report);
    line!(out, "\n## Every requirement with its evidence");
    for rows in report.rows.chunk_by(|a, b| a.area == b.area) {
        line!(out, "\n### {}", prose(&rows[0].area));
        rows.iter().for_each(|row| row_in_full(&mut out, row));
    }
    credentials(&mut out, report);
    runbooks(&mut out, report);
    ledger(&mut out, report);
    handover(&mut out, report);
    risks(&mut out, report);
    calendar(&mut out, report);
    coverage(&mut out, report);
    line!(out, "\n## Signatures\n");
    for role in ["Handed over by", "Taken over by", "Audited by"] {
        line!(out, "{role}: ____________________ on: ____________ signature: ____________________\n");
    }
    out
}

/// A text that may quote what somebody else wrote. Each word that GitHub would link or notify for stands in a code span.
pub(super) fn say(text: &str) -> String {
    let is_live = |word: &str| {
        let lower = word.to_ascii_lowercase();
        ["://", "www.", "@", "#", "mailto:", "xmpp:"].iter().any(|mark| lower.contains(mark))
    };
    let word = |word: &str| if is_live(word) { code(word) } else { prose(word) };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn head(report: &LaunchReport, title: &str) -> String {
    let mut out = format!("# {title}\n\n");
    line!(out, "{}, checked on {}\n", code(&report.product), report.date);
    let answer =
        if report.readiness == "ready" { "READY".to_owned() } else { format!("NOT READY: {}", report.readiness) };
    line!(out, "**{answer}**\n");
    for reason in why(report) {
        line!(out, "- {}", say(&reason));
    }
    let told: Vec<String> = parts(&report.counts).iter().map(|(_, name, number)| format!("{number} {name}")).collect();
    line!(out, "\nOf {} requirements: {}.", report.counts.rows, told.join(", "));
    out
}

fn matrix(out: &mut String, report: &LaunchReport) {
    line!(out, "\n## The matrix\n\n| row | stands | needed | requirement |\n|-|-|-|-|");
    for row in &report.rows {
        let (tag, gate) = (tag_word(row), if row.gate { "for READY" } else { "" });
        line!(out, "| {} | **{tag}** | {gate} | {} |", row.id, prose(&row.title));
    }
}

fn row_in_full(out: &mut String, row: &RowReport) {
    line!(out, "\n#### {} {} {}\n", tag_word(row), row.id, prose(&row.title));
    line!(out, "{} ({})\n", prose(&row.requirement), row.severity);
    if let Some(word) = &row.word {
        line!(out, "{}\n", said(word));
    }
    row.evidence.iter().for_each(|evidence| seen(out, evidence));
    if !row.is_settled() {
        line!(out, "\nNext: {} ({}, {})", say(&row.advice()), prose(&row.who), prose(&row.takes));
        if let Some(command) = &row.command {
            line!(out, "  {}", code(command));
        }
        for snippet in &row.snippets {
            line!(out, "\n{}: {}\n", prose(&snippet.stack), prose(&snippet.note));
            fence(out, 0, &snippet.code);
        }
    }
    let references = references(row);
    if !references.is_empty() {
        line!(out, "\n{references}");
    }
}

fn seen(out: &mut String, evidence: &EvidenceReport) {
    let coverage =
        evidence.coverage.as_ref().map(|c| format!(" {} of {} {}.", c.seen, c.all, c.of)).unwrap_or_default();
    line!(
        out,
        "- **{}** ({}): {}.{coverage}",
        evidence.verdict,
        by(evidence.by),
        say(evidence.reason.trim_end_matches('.'))
    );
    line!(out, "  Looked at: {}.", say(&evidence.looked_at));
    if let Some(control) = &evidence.control {
        line!(out, "  Control: {}.", say(control));
    }
    if !evidence.would_change.is_empty() {
        line!(out, "  What would change it: {}.", say(evidence.would_change.trim_end_matches('.')));
    }
    for place in evidence.places.iter().take(PLACES) {
        line!(out, "  - {}", code(&place.told()));
    }
    if evidence.places.len() > PLACES {
        line!(out, "  - and {} more", evidence.places.len() - PLACES);
    }
}

fn said(word: &WordReport) -> String {
    let WordReport { says, statement, owner, role, date, expires, proof, .. } = word;
    let proof = proof.as_ref().map(|proof| format!(" Evidence: {}", code(proof))).unwrap_or_default();
    format!("**{says}**, says {} ({}) on {date}, until {expires}: {}{proof}", say(owner), say(role), say(statement))
}

fn credentials(out: &mut String, report: &LaunchReport) {
    let rotation = &report.rotation;
    line!(out, "\n## Exposed credentials\n");
    if rotation.credentials.is_empty() {
        line!(out, "No exposed credential is left to rotate.");
        if !rotation.skipped.is_empty() {
            line!(out, "The search was incomplete: there may be more.");
        }
    }
    rotation.credentials.iter().for_each(|planned| credential(out, report, planned));
    if !rotation.rewrite.is_empty() {
        line!(out, "\n### Last: the history\n\nOnly after every credential is rotated, and in a fresh clone:\n");
        fence(out, 0, &rotation.rewrite.join("\n"));
    }
}

fn credential(out: &mut String, report: &LaunchReport, planned: &Planned) {
    line!(out, "\n### {}. {}\n", planned.order, prose(&planned.title));
    let since = planned.since.as_ref().map(|day| format!(", since {day}")).unwrap_or_default();
    let Planned { severity, confidence, exposed, .. } = planned;
    let facts = known(planned);
    let facts = if facts.is_empty() { facts } else { format!(" · {}", code(&facts)) };
    line!(
        out,
        "{severity} · {confidence} confidence · {} · {}{since}{facts}\n",
        code(&planned.secret),
        rotation::exposed(exposed)
    );
    for place in planned.places.iter().take(PLACES) {
        line!(out, "- {}", code(&format!("{}:{}", place.path, place.line)));
        for past in place.history.iter().flat_map(|history| &history.exposures).take(PLACES) {
            let came = past
                .introduced
                .as_ref()
                .map(|c| format!(" added {} by {}", day(&c.date), c.author))
                .unwrap_or_default();
            let went = past
                .removed
                .as_ref()
                .map(|c| format!(", removed {} by {}", day(&c.date), c.author))
                .unwrap_or_default();
            line!(out, "  - {}", code(&format!("{}:{came}{went}", past.path)));
        }
    }
    if planned.places.len() > PLACES {
        line!(out, "- and {} more", planned.places.len() - PLACES);
    }
    match runbook_of(report, planned) {
        Some(runbook) => {
            line!(out, "\nRunbook {}:\n", runbook.number);
            for phase in phases(&runbook.steps) {
                line!(out, "- [ ] {phase}");
            }
        }
        None => line!(
            out,
            "\nThere is no runbook for it: replace it where it was issued, and see that the old value is refused."
        ),
    }
    line!(out, "- [ ] Ledger: write it down\n");
    fence(out, 2, &planned.done);
    line!(out, "\nRotated by: ____________________ on: ____________");
}

fn runbooks(out: &mut String, report: &LaunchReport) {
    if report.runbooks.is_empty() {
        return;
    }
    line!(out, "\n## How each kind is rotated\n");
    line!(
        out,
        "What differs from one credential to another stands as `<name>`; beside each above is what is known of it."
    );
    for runbook in &report.runbooks {
        line!(out, "\n### Runbook {}: {}\n", runbook.number, prose(&runbook.title));
        let orders: Vec<String> = runbook.credentials.iter().map(u64::to_string).collect();
        line!(out, "For {}", orders.join(", "));
        steps(out, &runbook.steps);
    }
}

fn steps(out: &mut String, steps: &Steps) {
    line!(out, "\n**What a holder can do.** {}\n\n**What breaks.** {}\n", say(&steps.holder_can), say(&steps.breaks));
    for step in &steps.steps {
        line!(out, "- [ ] **{}.** {}", step.phase, say(&step.action));
        if let Some(url) = &step.url {
            line!(out, "  {}", code(url));
        }
        if let Some(command) = &step.command {
            line!(out, "");
            fence(out, 2, command);
        }
    }
    line!(out, "- [ ] **Proof that it is dead.** With the leaked value in the variable LEAKED, this must fail:\n");
    fence(out, 2, &steps.proof);
    line!(out, "  It fails with: {}\n", say(&steps.fails_with));
    line!(out, "Documentation: {}, last checked on {}", code(&steps.docs), steps.reviewed);
}

fn ledger(out: &mut String, report: &LaunchReport) {
    line!(out, "\n## Ledger of rotations\n");
    if report.ledger.is_empty() {
        line!(out, "rotations.toml has no entry.");
        return;
    }
    line!(out, "| dead since | what | by | proof |\n|-|-|-|-|");
    for entry in &report.ledger {
        line!(out, "| {} | {} | {} | {} |", entry.date, code(&entry.rule), say(&entry.by), say(&entry.evidence));
    }
}

fn handover(out: &mut String, report: &LaunchReport) {
    let handover = &report.handover;
    line!(out, "\n## Handover");
    list(out, "What changed", &handover.changed);
    list(out, "What to watch", &handover.watch);
    let left = left(handover.own_next.len());
    line!(out, "\n### What to own next\n\n{left}; “What remains” has each with its owner.\n");
    for one in &handover.by_whom {
        line!(out, "- {}: {}", prose(&one.who), one.rows.join(", "));
    }
    list_of(out, "DNS targets", &handover.dns, code);
    documents(out, report, "dns");
    variables(out, &handover.variables);
    documents(out, report, "variables");
    list_of(out, "Health addresses", &handover.health, code);
    if !handover.health_routes.is_empty() {
        line!(out, "\nIn the code: {}", code(&handover.health_routes.join(", ")));
    }
    documents(out, report, "health");
    for (title, words, part) in
        [("Backup and restore", &handover.backup, "backup"), ("Rollback and its owner", &handover.rollback, "rollback")]
    {
        line!(out, "\n### {title}\n");
        for word in words {
            line!(out, "{}\n", said(word));
        }
        if words.is_empty() {
            line!(out, "Nobody has given their word: ____________________");
        }
        documents(out, report, part);
    }
}

fn documents(out: &mut String, report: &LaunchReport, part: &str) {
    let places = report.handover.written_of(part);
    if !places.is_empty() {
        line!(out, "\nWritten in: {}", code(&places.join(", ")));
    }
}

fn variables(out: &mut String, variables: &[VariableReport]) {
    line!(out, "\n### Environment variables\n");
    if variables.is_empty() {
        line!(out, "The code reads none, and no file lists any.");
        return;
    }
    line!(out, "| variable | read in the code | listed in |\n|-|-|-|");
    for variable in variables {
        let listed = if variable.listed.is_empty() { "**nowhere**".into() } else { code(&variable.listed.join(", ")) };
        line!(out, "| {} | {} | {listed} |", code(&variable.name), code(&reads(variable)));
    }
}

fn list(out: &mut String, title: &str, entries: &[String]) {
    list_of(out, title, entries, say);
}

fn list_of(out: &mut String, title: &str, entries: &[String], show: fn(&str) -> String) {
    line!(out, "\n### {title}\n");
    for entry in entries {
        line!(out, "- {}", show(entry));
    }
    if entries.is_empty() {
        line!(out, "Nothing is stated.");
    }
}

fn risks(out: &mut String, report: &LaunchReport) {
    line!(out, "\n## What remains\n");
    if report.handover.own_next.is_empty() {
        line!(out, "Nothing is left.");
        return;
    }
    line!(out, "| row | requirement | stands | owner | until |\n|-|-|-|-|-|");
    for left in &report.handover.own_next {
        let owner = left.owner.as_ref().map_or_else(|| "**nobody**".to_owned(), |owner| say(owner));
        let until = left.until.as_deref().unwrap_or("no date");
        line!(out, "| {} | {} | {} | {owner} | {until} |", left.id, prose(&left.title), say(&left.standing));
    }
}

fn calendar(out: &mut String, report: &LaunchReport) {
    line!(out, "\n## Calendar\n");
    if report.calendar.is_empty() {
        line!(out, "Nobody has given a word that could lapse.");
    } else {
        line!(out, "| lapses | row | owner | days left |\n|-|-|-|-|");
    }
    for expiry in &report.calendar {
        let due = if expiry.due { " **renew it**" } else { "" };
        line!(out, "| {} | {} | {} | {}{due} |", expiry.expires, expiry.id, say(&expiry.owner), expiry.days_left);
    }
    if !report.rejected.is_empty() {
        line!(out, "\n### Entries that count for nothing\n");
    }
    for entry in &report.rejected {
        line!(out, "- {}", say(&entry.why.join("; ")));
    }
}

fn coverage(out: &mut String, report: &LaunchReport) {
    let coverage = &report.coverage;
    line!(out, "\n## What was looked at\n");
    line!(
        out,
        "{} files and {} objects of the history for secrets; {} files for routes and settings, with {} routes.",
        coverage.files,
        coverage.objects,
        coverage.sources,
        coverage.routes
    );
    list(out, "Not looked at", &coverage.skipped);
    list(out, "Not followed in the code", &coverage.gaps);
    list(out, "Not read for routes and settings", &coverage.left_out);
}
