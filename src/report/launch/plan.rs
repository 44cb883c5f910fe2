//! What is left to do before a launch, hour by hour: each row with the way to mend it, in the stack that was recognised.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::markdown::{code, prose};
use super::super::runbook::fence;
use super::super::text::tame;
use super::html::tag_word;
use super::markdown::say;
use super::model::{LaunchReport, PlaceReport, RowReport, Snippet};

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// The plan as data.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "cleansweep launch plan")]
pub struct LaunchPlan<'r> {
    /// Version of this format.
    pub version: u32,
    /// The day it was made.
    pub date: &'r str,
    /// `ready`, `a prototype with risk`, `not ready for external users`.
    pub readiness: &'r str,
    /// The four blocks.
    pub blocks: Vec<PlanBlock<'r>>,
}

/// A block of the two days.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanBlock<'r> {
    /// `audit`, `fix`, `verify`, `hand-over`.
    pub phase: &'r str,
    /// From which hour.
    pub from: u8,
    /// To which.
    pub to: u8,
    /// What is left to do, the most urgent first.
    pub tasks: Vec<PlanTask<'r>>,
}

/// A row that is left.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanTask<'r> {
    /// Its id.
    pub id: &'r str,
    /// The requirement in a few words.
    pub title: &'r str,
    /// `fail`, `review`, `open`.
    pub verdict: &'r str,
    /// `critical`, `high`, `medium`, `low`.
    pub severity: &'r str,
    /// What to do.
    pub next: &'r str,
    /// The command that settles it, or that helps to.
    pub command: Option<&'r str>,
    /// Who can do it.
    pub who: &'r str,
    /// How long it takes them, roughly.
    pub takes: &'r str,
    /// Where to look.
    pub places: Vec<&'r PlaceReport>,
    /// How it is done in the stack that was recognised.
    pub snippets: &'r [Snippet],
}

/// The plan.
#[must_use]
pub fn build(report: &LaunchReport) -> LaunchPlan<'_> {
    let block = |block: &'_ super::model::BlockReport| PlanBlock {
        phase: block.phase,
        from: block.from,
        to: block.to,
        tasks: block.rows.iter().filter_map(|id| report.row(id)).map(task).collect(),
    };
    LaunchPlan {
        version: super::model::VERSION,
        date: &report.date,
        readiness: report.readiness,
        blocks: report.plan.iter().map(block).collect(),
    }
}

fn task(row: &RowReport) -> PlanTask<'_> {
    let heard = row.evidence.iter().filter(|evidence| evidence.verdict == row.verdict);
    PlanTask {
        id: &row.id,
        title: &row.title,
        verdict: row.verdict,
        severity: row.severity,
        next: &row.next,
        command: row.command.as_deref(),
        who: &row.who,
        takes: &row.takes,
        places: heard.flat_map(|evidence| &evidence.places).collect(),
        snippets: &row.snippets,
    }
}

fn phase_name(phase: &str) -> &str {
    match phase {
        "audit" => "see what is there",
        "fix" => "mend what is critical",
        "verify" => "verify production",
        _ => "hand over",
    }
}

/// The plan as plain text.
#[must_use]
pub fn text(report: &LaunchReport) -> String {
    let mut out = String::new();
    for block in build(report).blocks {
        line!(out, "Hours {}–{}: {}\n", block.from, block.to, phase_name(block.phase));
        if block.tasks.is_empty() {
            line!(out, "  nothing is left to do\n");
        }
        for task in block.tasks {
            let tag = report.row(task.id).map_or("", tag_word);
            line!(out, "  {tag:<6} {} {} ({})", task.id, task.title, task.severity);
            line!(out, "         {}", tame(task.next));
            line!(out, "         {}, {}", task.who, task.takes);
            if let Some(command) = task.command {
                line!(out, "         $ {command}");
            }
            for place in &task.places {
                line!(out, "         at {}", tame(&place.told()));
            }
            for snippet in task.snippets {
                line!(out, "         {}: {}", snippet.stack, snippet.note);
                for text in snippet.code.trim_end().lines() {
                    line!(out, "{}", format!("           {text}").trim_end());
                }
            }
            line!(out, "");
        }
    }
    line!(out, "{}", report.summary);
    out
}

/// The plan as a check-list in Markdown.
#[must_use]
pub fn markdown(report: &LaunchReport) -> String {
    let mut out =
        format!("# Launch plan\n\n{}, {}\n\n**{}**\n", code(&report.product), report.date, prose(&report.summary));
    for block in build(report).blocks {
        line!(out, "\n## Hours {}–{}: {}\n", block.from, block.to, phase_name(block.phase));
        if block.tasks.is_empty() {
            line!(out, "Nothing is left to do.");
        }
        for task in block.tasks {
            let tag = report.row(task.id).map_or("", tag_word);
            line!(out, "- [ ] **{tag} {}** {} ({})", task.id, prose(task.title), task.severity);
            line!(out, "  {} *{}, {}.*", say(task.next), prose(task.who), prose(task.takes));
            if let Some(command) = task.command {
                line!(out, "  - {}", code(command));
            }
            for place in &task.places {
                line!(out, "  - {}", code(&place.told()));
            }
            for snippet in task.snippets {
                line!(out, "\n  {}: {}\n", prose(&snippet.stack), prose(&snippet.note));
                fence(&mut out, 2, snippet.code.trim_end());
            }
        }
    }
    out
}
