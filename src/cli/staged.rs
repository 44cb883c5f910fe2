//! `cleansweep scan --staged`, `--pre-commit` and `--pre-push`: what hooks run.

use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};
use cleansweep::detect::Detector;
use cleansweep::report::hook::About;
use cleansweep::scan::staged::{self, StagedPlan};
use cleansweep::scan::{self as engine, Monitor, Plan, ScanOutcome};
use cleansweep::source::git::discover::{self, Located};

use super::environment;
use super::error::CliError;

/// The folder that the program runs in.
const HERE: &str = ".";

/// What hooks and the pre-commit framework scan
#[derive(Debug, Args)]
#[command(next_help_heading = "Hooks")]
pub(crate) struct StagedArgs {
    /// Scan what the next commit adds, from the index; with PATHs only what is staged there
    #[arg(long, conflicts_with_all = OTHERS)]
    staged: bool,

    /// Like --staged; but of PATHs with nothing staged all that is in them, as `pre-commit run --all-files` wants it
    #[arg(long, conflicts_with_all = OTHERS, conflicts_with = "staged")]
    pre_commit: bool,
}

/// What has no meaning beside what is staged.
const OTHERS: [&str; 9] = [
    "no_history", "history_only", "since", "range", "branch", "all_objects", "reachable_only", "all_occurrences",
    "respect_gitignore",
];

impl StagedArgs {
    /// What the person who started this is about to do; nothing if it is a scan like any other.
    pub(crate) fn about(&self) -> Option<About> {
        (self.staged || self.pre_commit).then_some(About::Commit)
    }

    /// Scans what a hook wants scanned.
    pub(crate) fn run(
        &self,
        detector: &Detector,
        plan: Plan,
        monitor: &Monitor,
        matches: &ArgMatches,
    ) -> Result<ScanOutcome, CliError> {
        if plan.stdin {
            return Err(
                CliError::usage("standard input is not staged").hint("name files, or nothing for all that is staged")
            );
        }
        let named = matches.value_source("paths") == Some(ValueSource::CommandLine);
        let plan = Plan { roots: if named { plan.roots } else { Vec::new() }, ..plan };
        let located = locate()?;
        let wanted =
            StagedPlan { plan: &plan, located: &located, folder: Path::new(HERE), or_working: self.pre_commit };
        let (outcome, rest) = staged::run(detector, &wanted, monitor).map_err(CliError::usage)?;
        if rest.is_empty() { Ok(outcome) } else { Ok(outcome.and(working(detector, plan, rest, monitor)?)) }
    }
}

/// The repository of the current folder.
pub(crate) fn locate() -> Result<Located, CliError> {
    discover::locate(Path::new(HERE), &environment::read())
        .map_err(|why| CliError::usage(why).hint("run it in the working tree of a git repository"))
}

/// Scans files of the working tree.
fn working(detector: &Detector, plan: Plan, roots: Vec<PathBuf>, monitor: &Monitor) -> Result<ScanOutcome, CliError> {
    let plan = Plan { roots, history: None, ..plan };
    engine::run(detector, &plan, std::io::empty(), monitor).map_err(CliError::usage)
}
