//! `cleansweep scan --staged`, `--pre-commit` and `--pre-push`: what hooks run.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};
use cleansweep::detect::Detector;
use cleansweep::report::hook::About;
use cleansweep::scan::history::{HistoryOptions, Push, Selection};
use cleansweep::scan::push;
use cleansweep::scan::staged::{self, StagedPlan};
use cleansweep::scan::{self as engine, Monitor, Plan, ScanOutcome};
use cleansweep::source::git::discover::{self, Located};

use super::environment;
use super::error::CliError;

/// What git says of a push is shorter, in bytes.
const LINES: u64 = 64 << 20;

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

    /// Scan the commits that a push would publish, from the lines that git gives its pre-push hook on standard input; REMOTE is
    /// that hook's first argument
    #[arg(
        long,
        value_name = "REMOTE",
        num_args = 0..=1,
        default_missing_value = "origin",
        conflicts_with_all = OTHERS,
        conflicts_with_all = ["staged", "pre_commit", "paths"]
    )]
    pre_push: Option<String>,
}

/// What has no meaning beside what is staged.
const OTHERS: [&str; 9] = [
    "no_history", "history_only", "since", "range", "branch", "all_objects", "reachable_only", "all_occurrences",
    "respect_gitignore",
];

impl StagedArgs {
    /// What the person who started this is about to do; nothing if it is a scan like any other.
    pub(crate) fn about(&self) -> Option<About> {
        let push = self.pre_push.as_ref().map(|_| About::Push);
        push.or((self.staged || self.pre_commit).then_some(About::Commit))
    }

    /// Scans what a hook wants scanned.
    pub(crate) fn run(
        &self,
        detector: &Detector,
        plan: Plan,
        monitor: &Monitor,
        matches: &ArgMatches,
    ) -> Result<ScanOutcome, CliError> {
        if let Some(remote) = &self.pre_push {
            return push(remote, detector, plan, monitor);
        }
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

/// Scans what a push would publish.
fn push(remote: &str, detector: &Detector, plan: Plan, monitor: &Monitor) -> Result<ScanOutcome, CliError> {
    let mut lines = String::new();
    let read = std::io::stdin().lock().take(LINES + 1).read_to_string(&mut lines);
    read.map_err(|error| CliError::usage(format!("standard input: {error}")))?;
    if lines.len() as u64 > LINES {
        return Err(CliError::usage("standard input: it is longer than the lines of any push"));
    }
    let push = Push::parse(remote, &lines).map_err(|why| {
        CliError::usage(format!("standard input, {why}")).hint("git gives these lines to its pre-push hook")
    })?;
    let selection = Selection { push: Some(push), ..Selection::default() };
    let options = HistoryOptions { selection, ..HistoryOptions::default() };
    push::run(detector, &plan, &options, &locate()?, monitor).map_err(CliError::usage)
}
