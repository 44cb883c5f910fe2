//! `cleansweep launch diff`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cleansweep::report::launch::diff::{self, Read};
use cleansweep::source::file;

use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::output;

/// A larger file is no report, in bytes.
const LIMIT: u64 = 256 << 20;

/// Compare two reports made by `launch report --for json`: what is better, what is worse, what is new
///
/// Exit codes: 0 if nothing is worse, 1 if a row stands worse or a credential is newly exposed, 2 if a file is no report.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The older report
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// The newer report
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// How
    #[arg(long, short, value_enum, default_value = "text", value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a person at a terminal
    Text,
    /// `cleansweep schema launch-diff` describes it
    Json,
}

/// Runs the command.
pub(crate) fn run(args: &DiffArgs) -> Result<Exit, CliError> {
    let diff = diff::build(&read(&args.old)?, &read(&args.new)?);
    let text = match args.format {
        Format::Text => diff.text(),
        Format::Json => serde_json::to_string_pretty(&diff).map_err(|e| CliError::usage(e.to_string()))? + "\n",
    };
    output::print(&text)?;
    Ok(if diff.is_worse() { Exit::Findings } else { Exit::Clean })
}

fn read(path: &Path) -> Result<Read, CliError> {
    let shown = path.display();
    let text = file::strict_text(path, LIMIT).map_err(|e| CliError::usage(format!("{shown}: {e}")))?;
    Read::parse(&text).map_err(|e| {
        CliError::usage(format!("{shown}: {e}")).hint("`cleansweep launch report --for json -o FILE` makes one")
    })
}
