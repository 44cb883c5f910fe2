//! `cleansweep launch report`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cleansweep::report::launch::model::LaunchReport;
use cleansweep::report::launch::{html, markdown};
use cleansweep::report::sarif;

use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::output::{self, SarifProfile};
use super::checked::CheckArgs;

/// Make the papers: a page for the founder, the whole for the auditor, SARIF for GitHub, JSON for programs
///
/// The pages are one HTML file each, which needs no network and no script, or Markdown. The exit code is that of `launch check`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    check: CheckArgs,

    /// For whom
    #[arg(long = "for", value_enum, value_name = "WHOM")]
    whom: Whom,

    /// Format of a page [default: markdown if the file ends in .md, else html]
    #[arg(long, short, value_enum, value_name = "FORMAT")]
    format: Option<Page>,

    /// Which rows the SARIF file has results for
    #[arg(long, value_enum, default_value = "github", value_name = "PROFILE")]
    sarif_profile: SarifProfile,

    /// Write the report to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Whom {
    /// One page: ready or not and why, the five fixes that matter, how much is known
    Founder,
    /// Every row with its evidence, credentials with runbooks, ledger, handover, what remains, calendar, signatures
    Auditor,
    /// SARIF 2.1.0 for code scanning
    Github,
    /// One document; `cleansweep schema launch` describes it
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Page {
    /// One file that needs nothing else
    Html,
    /// GitHub-flavoured
    Markdown,
}

/// Runs the command.
pub(crate) fn run(args: &ReportArgs) -> Result<Exit, CliError> {
    let page = page(args)?;
    let (report, exit) = args.check.check()?;
    let text = match (args.whom, page) {
        (Whom::Founder, Page::Html) => html::founder(&report),
        (Whom::Founder, Page::Markdown) => markdown::founder(&report),
        (Whom::Auditor, Page::Html) => html::auditor(&report),
        (Whom::Auditor, Page::Markdown) => markdown::auditor(&report),
        (Whom::Github, _) => json(&sarif::launch::build(&report, &info(exit, args.sarif_profile)))?,
        (Whom::Json, _) => json::<LaunchReport>(&report)?,
    };
    output::write(args.output.as_deref(), |out| out.write_all(text.as_bytes()))?;
    Ok(exit)
}

fn page(args: &ReportArgs) -> Result<Page, CliError> {
    let is_page = matches!(args.whom, Whom::Founder | Whom::Auditor);
    let ending = args.output.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    match (args.format, ending) {
        (Some(_), _) if !is_page => {
            Err(CliError::usage("--format is for pages").hint("--for founder and --for auditor are pages"))
        }
        (Some(format), _) => Ok(format),
        (None, Some("md" | "markdown")) => Ok(Page::Markdown),
        (None, _) => Ok(Page::Html),
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, CliError> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|e| CliError::usage(e.to_string()))
}

fn info(exit: Exit, profile: SarifProfile) -> sarif::RunInfo {
    sarif::RunInfo { exit_code: i64::from(exit as u8), profile: profile.into(), ..sarif::RunInfo::default() }
}
