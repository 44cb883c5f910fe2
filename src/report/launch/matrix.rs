//! The checklist for a person at a terminal: every row in its order, then what it amounts to and what to begin with.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::super::text::tame;
use super::html::{tag_word, why};
use super::model::{EvidenceReport, LaunchReport, RowReport};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Places that a row lists here; the other reports have more.
const PLACES: usize = 3;

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// The matrix with ANSI styles; whoever writes it strips them where they are not wanted.
#[must_use]
pub fn text(report: &LaunchReport) -> String {
    let mut out = String::new();
    for rows in report.rows.chunk_by(|a, b| a.area == b.area) {
        let gate = if rows[0].gate { " (needed for READY)" } else { "" };
        line!(out, "{BOLD}{}{BOLD:#}{DIM}{gate}{DIM:#}", rows[0].area);
        rows.iter().for_each(|row| write_row(&mut out, row));
        line!(out, "");
    }
    out + &summary(report)
}

/// What it amounts to, without the rows.
#[must_use]
pub fn summary(report: &LaunchReport) -> String {
    let mut out = String::new();
    let answer =
        if report.readiness == "ready" { "READY".to_owned() } else { format!("NOT READY: {}", report.readiness) };
    let style = if report.readiness == "ready" { AnsiColor::Green } else { AnsiColor::Red }.on_default().bold();
    line!(out, "{style}{answer}{style:#}");
    for reason in why(report) {
        line!(out, "{}", tame(&reason));
    }
    let counts = &report.counts;
    line!(
        out,
        "Of {} rows: {} pass, {} attested, {} for review, {} open, {} fail.",
        counts.rows,
        counts.proven,
        counts.attested,
        counts.review,
        counts.open,
        counts.fail
    );
    for entry in &report.rejected {
        line!(out, "Counts for nothing: {}", tame(&entry.why.join("; ")));
    }
    let first: Vec<&RowReport> = report.first.iter().filter_map(|id| report.row(id)).collect();
    if !first.is_empty() {
        line!(out, "\n{BOLD}Begin with{BOLD:#}");
    }
    for (number, row) in (1..).zip(first) {
        line!(out, "  {number}. {} {} ({}, {})", row.id, row.title, row.who, row.takes);
    }
    line!(
        out,
        "\n`cleansweep launch explain ID` tells of a row, `launch plan` what is left to do, `launch report` makes the papers."
    );
    out
}

fn write_row(out: &mut String, row: &RowReport) {
    let tag = tag_word(row);
    let style = style(row);
    line!(out, "  {style}{tag:<8}{style:#} {:<8} {}", row.id, row.title);
    let reason = row.evidence.iter().find(|evidence| evidence.verdict == row.verdict);
    if row.is_settled() && !row.attested {
        return;
    }
    if row.attested || row.standing.starts_with("fail, risk") {
        line!(out, "           {DIM}{}{DIM:#}", tame(&row.standing));
    }
    match reason {
        _ if row.attested => {}
        Some(evidence) => {
            line!(out, "           {}{}", tame(&evidence.reason), counted(evidence));
            for place in evidence.places.iter().take(PLACES) {
                line!(out, "             {}", tame(&place.told()));
            }
            if let Some(more @ 1..) = evidence.places.len().checked_sub(PLACES) {
                line!(out, "             and {more} more");
            }
            if row.verdict == "open" {
                line!(out, "           {DIM}would tell: {}{DIM:#}", tame(&evidence.would_change));
            }
        }
        None => {}
    }
    if let (Some(why), Some(word)) = (&row.unheard, &row.word) {
        line!(out, "           {DIM}the word of {} lifts nothing: {}{DIM:#}", tame(&word.owner), tame(why));
    }
    if let Some(command) = &row.command
        && row.verdict == "open"
    {
        line!(out, "           {DIM}$ {command}{DIM:#}");
    }
}

/// How much was looked at, where something is missing.
fn counted(evidence: &EvidenceReport) -> String {
    let coverage = evidence.coverage.as_ref().filter(|coverage| coverage.all > 0);
    coverage.map(|c| format!(" {DIM}({} of {} {}){DIM:#}", c.seen, c.all, c.of)).unwrap_or_default()
}

fn style(row: &RowReport) -> Style {
    let color = match row.tone() {
        "fail" => AnsiColor::Red,
        "open" => AnsiColor::Magenta,
        "review" => AnsiColor::Yellow,
        "attested" => AnsiColor::Cyan,
        _ => AnsiColor::Green,
    };
    color.on_default().bold()
}
