//! `cleansweep launch`: whether a product is ready for strangers, what is left to do, and the papers for those who take over.

mod attest;
pub(crate) mod beside;
mod checked;
mod diff;
mod given;
mod init;
mod plan;
mod report;

use clap::Subcommand;
use cleansweep::checklist::{Checklist, Row};
use cleansweep::report::launch;

use self::checked::CheckArgs;
use super::error::CliError;
use super::exit::Exit;
use super::output;

/// Check a product before its launch: the checklist of 102 rows, the plan of what is left, the reports
///
/// Everything is decided offline, from the code, its settings and history, and from what persons have given their word for in
/// launch.attest.toml. A row that nothing decides is open, and as loud as one that fails.
#[derive(Debug, Subcommand)]
pub(crate) enum LaunchCommand {
    Init(init::InitArgs),
    /// Check every row and print how it stands
    ///
    /// Exit codes: 0 if the product is ready and each row beside the gate is passed or has an owner and a date; 1 if a row
    /// fails; 2 if a file or the command line is wrong; 3 if none fails, but rows are open or for review. A risk that somebody
    /// has accepted counts as a fail for rows of the gate only.
    Check(Box<CheckArgs>),
    Attest(Box<attest::AttestArgs>),
    Plan(Box<plan::PlanArgs>),
    Report(Box<report::ReportArgs>),
    /// Explain a row: what it requires and why, what decides it, how it is mended
    Explain {
        /// The row, such as SEC-01
        #[arg(value_name = "ID")]
        id: String,
        /// Show what mends it in this stack only, such as express, django or rails
        #[arg(long, value_name = "STACK")]
        stack: Option<String>,
    },
    Diff(diff::DiffArgs),
}

/// Runs the command.
pub(crate) fn run(command: &LaunchCommand) -> Result<Exit, CliError> {
    match command {
        LaunchCommand::Init(args) => init::run(args),
        LaunchCommand::Check(args) => {
            let (report, exit) = args.check()?;
            output::print(&launch::matrix::text(&report))?;
            Ok(exit)
        }
        LaunchCommand::Attest(args) => attest::run(args),
        LaunchCommand::Plan(args) => plan::run(args),
        LaunchCommand::Report(args) => report::run(args),
        LaunchCommand::Explain { id, stack } => {
            let text = launch::explain(Checklist::embedded(), row(id)?, stack.as_deref());
            output::print(&text).map(|()| Exit::Clean)
        }
        LaunchCommand::Diff(args) => diff::run(args),
    }
}

/// The row with an id. One that there is not is an error that names the nearest; it quotes nothing, as it may be anything.
fn row(id: &str) -> Result<&'static Row, CliError> {
    let checklist = Checklist::embedded();
    checklist.row(id).ok_or_else(|| {
        let upper = id.to_ascii_uppercase();
        let near = checklist.rows().iter().map(|row| (strsim::damerau_levenshtein(&upper, &row.id), &row.id)).min();
        let near = near.filter(|(distance, _)| *distance <= 2).map(|(_, id)| format!("; did you mean {id}?"));
        let message = format!("the checklist has no such row{}", near.unwrap_or_default());
        CliError::usage(message).hint("a row is written like SEC-01; `cleansweep launch check` lists them all")
    })
}
