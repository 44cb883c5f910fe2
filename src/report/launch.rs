//! The launch checklist: one row explained and the plan of what is left to do as plain text, and the reports of how a
//! product stands, all of them made from one [`model`].

mod audit;
pub mod build;
pub mod diff;
mod handover;
pub mod html;
pub mod markdown;
pub mod matrix;
pub mod model;
mod next;
pub mod plan;
mod rotation;
#[cfg(test)]
#[path = "launch/tests.rs"]
mod reports;

use std::fmt::Write;

use crate::checklist::syntax::{Fix, Means, Phase, Says};
use crate::checklist::unseen::attest_command;
use crate::checklist::{Assessment, Checklist, Judged, Row, Verdict};

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// Everything the checklist knows of a row. With a `stack`, only what mends it there; where that is not known, it is said.
#[must_use]
pub fn explain(checklist: &Checklist, row: &Row, stack: Option<&str>) -> String {
    let mut out = String::new();
    line!(out, "{} {}", row.id, row.title);
    line!(out, "{} · {} · {}\n", row.area.name, format!("{:?}", row.severity).to_lowercase(), block_name(row.phase));
    line!(out, "{}\n", row.requirement);
    line!(out, "Why it matters: {}", row.why);
    line!(out, "What breaks: {}\n", row.breaks);
    line!(out, "What decides it");
    for deciding in &row.evidence {
        let gives: Vec<&str> = deciding.gives.iter().map(|says| says_name(*says)).collect();
        line!(out, "  {} ({}): {}", means_name(deciding.by), gives.join(", "), deciding.how);
    }
    line!(out, "\nWhat a person's word can do\n  {}", word(row));
    if let Some(asks) = &row.word.asks {
        line!(out, "  It says: {asks}");
    }
    let evidence = if row.word.lifts_review { "FILE-OR-URL" } else { "FILE" };
    if row.word.lifts_review || row.word.takes_record {
        line!(out, "  {}", attest_command(&row.id, evidence));
    }
    if let Some(when) = &row.not_applicable_if {
        line!(out, "  It does not apply if {when}.");
    }
    line!(out, "\nHow to mend it\n  {}", row.fix);
    fixes(&mut out, checklist, row, stack);
    references(&mut out, row);
    out
}

/// The answer in one sentence, which names what fails and what is open whatever the answer is.
#[must_use]
pub fn summary(assessment: &Assessment<'_>) -> String {
    let mut out = format!("Verdict: {}.", assessment.readiness().name());
    for (gate, whose) in [(true, "that readiness needs"), (false, "beside those")] {
        let left: Vec<&Judged<'_>> = assessment.unsettled(gate).collect();
        let with = |verdict| left.iter().filter(|judged| judged.standing.verdict() == verdict).count();
        if !left.is_empty() {
            let (fail, review, open) = (with(Verdict::Fail), with(Verdict::Review), with(Verdict::Open));
            write!(out, " Of the rows {whose}: {fail} fail, {review} for review, {open} open.")
                .expect("a string takes all that is written");
        }
    }
    out
}

fn fixes(out: &mut String, checklist: &Checklist, row: &Row, stack: Option<&str>) {
    let is_asked = |fix: &&Fix| stack.is_none_or(|stack| fix.stack.eq_ignore_ascii_case(stack));
    let known: Vec<&Fix> = checklist.fixes(row).collect();
    let shown: Vec<&Fix> = known.iter().copied().filter(|fix| is_asked(fix)).collect();
    for fix in &shown {
        line!(out, "\n  {}: {}", fix.stack, fix.note);
        for text in fix.snippet.trim_end().lines() {
            line!(out, "{}", format!("    {text}").trim_end());
        }
    }
    if shown.is_empty() && !known.is_empty() {
        let stacks: Vec<&str> = known.iter().map(|fix| fix.stack.as_str()).collect();
        line!(out, "\n  There are no lines for this stack; there are for {}.", stacks.join(", "));
    }
}

fn references(out: &mut String, row: &Row) {
    let references = &row.references;
    let cwe: Vec<String> = references.cwe.iter().map(u32::to_string).collect();
    let told =
        [("OWASP ASVS 5.0", &references.asvs), ("OWASP API Security Top 10 2023", &references.api), ("CWE", &cwe)];
    let told: Vec<String> = told
        .iter()
        .filter(|(_, entries)| !entries.is_empty())
        .map(|(name, entries)| format!("{name}: {}", entries.join(", ")))
        .collect();
    if !told.is_empty() {
        line!(out, "\n{}", told.join(" · "));
    }
}

fn word(row: &Row) -> String {
    let days = row.word.days;
    let record = "the record of a test on the running product, a file with its hash, can pass it";
    match (row.word.lifts_open, row.word.lifts_review, row.word.takes_record) {
        (true, ..) => format!("It can pass the row for {days} days, unless a check has failed."),
        (false, true, true) => {
            format!("It can judge what a check left for review, for {days} days, and {record}.")
        }
        (false, false, true) => format!("Alone it passes nothing; {record}, for {days} days."),
        (false, true, false) => {
            format!("It can judge what a check left for review, for {days} days; it never stands for a check.")
        }
        (false, false, false) => "None passes this row; only what was checked decides it.".into(),
    }
}

fn says_name(says: Says) -> &'static str {
    match says {
        Says::Pass => "pass",
        Says::Review => "review",
        Says::Fail => "fail",
    }
}

fn means_name(means: Means) -> &'static str {
    match means {
        Means::Static => "code and configuration",
        Means::Given => "a file you name",
        Means::Live => "a test of the running product",
        Means::Attested => "a person's word",
        Means::Derived => "other rows",
    }
}

fn block_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Audit => "hours 0–8",
        Phase::Fix => "hours 8–24",
        Phase::Verify => "hours 24–36",
        Phase::HandOver => "hours 36–48",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::checklist::Attestations;

    fn explained(id: &str, stack: Option<&str>) -> String {
        let checklist = Checklist::embedded();
        explain(checklist, checklist.row(id).expect("it is a row"), stack)
    }

    #[test]
    fn every_row_is_explained_whole() {
        let checklist = Checklist::embedded();
        for row in checklist.rows() {
            let text = explain(checklist, row, None);
            let parts = [&row.id, &row.title, &row.requirement, &row.why, &row.breaks, &row.fix];
            for part in parts.into_iter().chain(row.evidence.iter().map(|deciding| &deciding.how)) {
                assert!(text.contains(part.as_str()), "{}: no {part:?} in\n{text}", row.id);
            }
            for fix in checklist.fixes(row) {
                assert!(text.contains(&format!("  {}: {}", fix.stack, fix.note)), "{}: {}", row.id, fix.stack);
            }
        }
    }

    #[test]
    fn a_stack_shows_its_own_lines_and_an_unknown_one_says_so() {
        let rails = explained("COOK-02", Some("Rails"));
        assert!(rails.contains("    config.force_ssl = true\n") && !rails.contains("express:"), "{rails}");
        let cobol = explained("COOK-02", Some("cobol"));
        assert!(cobol.contains("no lines for this stack; there are for express, nextjs"), "{cobol}");
        assert!(!explained("MFA-01", Some("rails")).contains("no lines for this stack"), "it is not about code");
    }

    #[test]
    fn the_summary_names_what_is_left_beside_the_gate_too() {
        let assessment = Assessment::new(Checklist::embedded(), BTreeMap::new(), &Attestations::default());
        assert_eq!(
            summary(&assessment),
            "Verdict: a prototype with risk. Of the rows that readiness needs: 0 fail, 0 for review, 54 open. \
             Of the rows beside those: 1 fail, 0 for review, 46 open."
        );
    }

    #[test]
    fn what_a_reader_sees() {
        let text = explained("COOK-02", Some("rails"));
        let expected = "COOK-02 The session cookie travels encrypted only\nSession cookies · high · hours 8–24\n";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.ends_with("    config.force_ssl = true\n\nOWASP ASVS 5.0: 3.3.1 · CWE: 614\n"), "{text}");
    }
}
