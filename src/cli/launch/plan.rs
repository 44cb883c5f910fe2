//! `cleansweep launch plan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cleansweep::report::launch::plan;

use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::output;
use super::checked::CheckArgs;

/// List what is left to do in hours 0–8, 8–24, 24–36 and 36–48, with the way to mend each row
///
/// Where a framework was recognised, the lines that mend the row in it are there too. The exit code is that of `launch check`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    check: CheckArgs,

    /// How
    #[arg(long, short, value_enum, default_value = "text", value_name = "FORMAT")]
    format: Format,

    /// Write the plan to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a person at a terminal
    Text,
    /// A check-list to be ticked
    Markdown,
    /// `cleansweep schema launch-plan` describes it
    Json,
}

/// Runs the command.
pub(crate) fn run(args: &PlanArgs) -> Result<Exit, CliError> {
    let (report, exit) = args.check.check()?;
    let text = match args.format {
        Format::Text => plan::text(&report),
        Format::Markdown => plan::markdown(&report),
        Format::Json => {
            let text = serde_json::to_string_pretty(&plan::build(&report));
            text.map_err(|e| CliError::usage(e.to_string()))? + "\n"
        }
    };
    output::write(args.output.as_deref(), |out| out.write_all(text.as_bytes()))?;
    Ok(exit)
}
