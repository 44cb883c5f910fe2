//! `cleansweep scan`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum};
use cleansweep::detect::Detector;
use cleansweep::finding::silencing::ScanDefaults;
use cleansweep::report::launch::matrix;
use cleansweep::report::{csv, github, hook, json, junit, markdown, sarif, text};
use cleansweep::rotation::Runbooks;
use cleansweep::rule::{Catalogue, Confidence};
use cleansweep::scan::history::{HistoryOptions, Selection};
use cleansweep::scan::{self as engine, Monitor, Plan, ScanOutcome, Silencers};
use cleansweep::source::cache::Cache;
use cleansweep::source::worktree::WalkOptions;
use jiff::Timestamp;

use super::archives::ArchiveArgs;
use super::error::CliError;
use super::exit::Exit;
use super::launch::beside::{Beside, Launched};
use super::live::{Input, Live, write_lines};
use super::output::{self, Format, SarifProfile, Target};
use super::progress::Progress;
use super::silence::{Heeded, Loaded, Project, SilenceArgs};
use super::staged::StagedArgs;
use super::{cache, gitleaks, keys, rules};

/// Scan files, folders, git histories and standard input for secrets
///
/// Everything is scanned: hidden files and those that .gitignore names too, and of a folder in a repository the whole
/// history, what no branch leads to any more included. What could not be looked at is listed, and then the exit code
/// is 3 even if nothing was found.
#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// Files and folders to scan; `-` is standard input
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// PATHs are logs or folders of logs: each secret is told once, with how often and when it was met; no git history
    #[arg(long, conflicts_with_all = ["history_only", "since", "range", "branch", "all_objects", "reachable_only", "all_occurrences", "staged", "pre_commit", "pre_push"])]
    logs: bool,

    /// Format of a report; repeat it, each with its own -o, for several
    #[arg(long, short, value_enum, value_name = "FORMAT")]
    format: Vec<Format>,

    /// Write the report of the --format before it to a file
    #[arg(long, short, value_name = "FILE")]
    output: Vec<PathBuf>,

    /// For whom a SARIF report is
    #[arg(long, value_enum, default_value = "github", value_name = "PROFILE")]
    sarif_profile: SarifProfile,

    /// Least confidence of the findings to report
    #[arg(long, value_enum, default_value = "medium", value_name = "LEVEL")]
    confidence: Level,

    /// Leave out paths that match a glob, as in .gitignore; repeatable
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Leave out what .gitignore files name
    #[arg(long)]
    respect_gitignore: bool,

    /// Skip larger files, and say so; in bytes, or with k, M or G
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_file_size: Option<u64>,

    #[command(flatten)]
    rules: rules::RuleArgs,

    /// Show the evidence for and against each finding
    #[arg(long)]
    explain: bool,

    /// Show raw secrets, in text, json and jsonl
    #[arg(long)]
    reveal: bool,

    /// Threads to use [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,

    /// Key that fingerprints are made with, so that they are the same for a team; better given by the environment
    #[arg(long, env = "CLEANSWEEP_FINGERPRINT_KEY", hide_env_values = true, value_name = "KEY")]
    fingerprint_key: Option<String>,

    /// Show no progress, and no summary beside a report that goes to a file
    #[arg(long, short)]
    quiet: bool,

    /// Check the launch checklist in the same walk, and report both; with text and SARIF
    ///
    /// SARIF then has two runs, or with the profile for GitHub two files: beside FILE.sarif a FILE.launch.sarif. The exit code is the
    /// more serious of both; `cleansweep launch check` tells what that of the checklist means.
    #[arg(long, conflicts_with_all = ["staged", "pre_commit", "pre_push", "history_only", "range", "since", "branch", "reachable_only"])]
    checklist: bool,

    #[command(flatten)]
    staged: StagedArgs,

    #[command(flatten)]
    history: HistoryArgs,

    #[command(flatten)]
    archives: ArchiveArgs,

    #[command(flatten)]
    silence: SilenceArgs,

    #[command(flatten)]
    gitleaks: gitleaks::GitleaksArgs,
}

/// What of a repository's history is scanned
#[derive(Debug, Args)]
#[command(next_help_heading = "History")]
struct HistoryArgs {
    /// Scan files only, not the histories of their repositories
    #[arg(long, conflicts_with_all = ["history_only", "since", "range", "branch", "all_objects", "reachable_only", "all_occurrences"])]
    no_history: bool,

    /// Scan histories only, not the files of working trees
    #[arg(long)]
    history_only: bool,

    /// Only commits made since a date, or that are not in a commit, branch or tag
    #[arg(long, value_name = "REV|DATE")]
    since: Option<String>,

    /// Only what the commits of B that A does not have add, and no files: what a pull request brings
    #[arg(long, value_name = "A...B")]
    range: Option<String>,

    /// Only what a branch or other name leads to; repeatable
    #[arg(long, value_name = "REF")]
    branch: Vec<String>,

    /// Everything, even what no name leads to any more; this is the default
    #[arg(long, conflicts_with_all = ["since", "range", "branch", "reachable_only"])]
    all_objects: bool,

    /// Only what some branch, tag or other name leads to
    #[arg(long)]
    reachable_only: bool,

    /// List every version that has a secret, not only where it came and went
    #[arg(long)]
    all_occurrences: bool,

    /// Neither use nor keep what scans learn of packs
    #[arg(long)]
    no_cache: bool,
}

impl HistoryArgs {
    fn options(&self) -> Option<HistoryOptions> {
        (!self.no_history).then(|| HistoryOptions {
            selection: Selection {
                reachable_only: self.reachable_only,
                branches: self.branch.clone(),
                range: self.range.clone(),
                since: self.since.clone(),
                push: None,
            },
            all_occurrences: self.all_occurrences,
            cache: if self.no_cache { None } else { cache::folder().map(Cache::new) },
        })
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    Low,
    Medium,
    High,
}

impl From<Level> for Confidence {
    fn from(level: Level) -> Self {
        match level {
            Level::Low => Self::Low,
            Level::Medium => Self::Medium,
            Level::High => Self::High,
        }
    }
}

/// A number of bytes, as sizes are given.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        _ => return Err("a size is a number with k, M, G or nothing after it".into()),
    };
    let number: u64 = digits.parse().map_err(|_| "a size is a number with k, M, G or nothing after it".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "that is more than any file has".into())
}

/// Runs the command.
pub(crate) fn run(args: &ScanArgs, matches: &ArgMatches) -> Result<Exit, CliError> {
    let targets = output::targets(matches)?;
    let brought = args.gitleaks.load(args.silence.config.as_deref(), &args.rules)?;
    let rules = match brought.rules {
        Some(rules) => rules,
        None => Catalogue::load(&args.rules.sources()).map_err(|e| CliError::usage(e.to_string()))?,
    };
    let rules = Arc::new(rules);
    // Thousands of small pieces, which the system takes back faster than we could: a sixth of the time of a small scan.
    std::mem::forget(rules.clone());
    let mut project = Project::of(&args.paths, &args.silence);
    project.foreign_config = brought.is_config;
    let loaded = args.silence.load(&project, &rules, Heeded::All)?;
    let plan = plan(args, matches, loaded, brought.silencers.clone())?;
    let mut beside = args.checklist.then(|| Beside::new(&project, &targets, args.sarif_profile, &plan)).transpose()?;
    gitleaks::say(&brought.notes, args.quiet);
    let detector = Detector::new(rules).at(Timestamp::now());
    let monitor = Arc::new(Monitor { tap: beside.as_ref().map(Beside::tap), ..Monitor::default() });
    stop_on_interrupt(&monitor);
    let started = now();
    let live = args.live(&targets)?;
    let stdin: Input = match &live {
        Some(live) => Box::new(live.watch(&monitor)),
        None => Box::new(std::io::stdin()),
    };
    let mut outcome = {
        let _progress = Progress::watch(&monitor, !args.quiet && live.is_none());
        match args.staged.about() {
            Some(_) => args.staged.run(&detector, plan, &monitor, matches)?,
            None => engine::run(&detector, &plan, stdin, &monitor).map_err(CliError::usage)?,
        }
    };
    outcome.coverage.skipped.extend(brought.unused);
    gitleaks::say(&gitleaks::not_found(&brought.silencers, &outcome), args.quiet);
    // A SARIF file describes the rules even if there is nothing else to say.
    let wanted = args.staged.about().is_none() && !outcome.findings.is_empty();
    let advice = wanted || targets.iter().any(|t| t.format == Format::Sarif);
    let runbooks = Runbooks::new(args.rules.catalogue(advice)?);
    let launch =
        beside.take().map(|beside| beside.check(&outcome, &args.rules, Runbooks::new(args.rules.catalogue(wanted)?)));
    let launch = launch.transpose()?;
    let report = Report { outcome: &outcome, runbooks: &runbooks, args, started, launch: launch.as_ref() };
    for target in &targets {
        match &live {
            Some(live) if target.file.is_none() => live.finish(&outcome)?,
            _ => report.write(target)?,
        }
    }
    if !args.quiet && targets.iter().all(|t| t.file.is_some()) {
        report.summarise();
    }
    let exit = Exit::from(outcome.verdict());
    Ok(launch.map_or(exit, |launch| exit.and(launch.exit)))
}

impl ScanArgs {
    fn text_options(&self) -> text::Options {
        text::Options { reveal: self.reveal, explain: self.explain }
    }

    /// The report that is written while standard input still comes, if there is to be one.
    fn live(&self, targets: &[output::Target]) -> Result<Option<Arc<Live>>, CliError> {
        if self.staged.about().is_some() {
            return Ok(None);
        }
        let Some(live) = Live::of(targets, &self.paths, self.text_options()) else { return Ok(None) };
        let runbooks = Runbooks::new(self.rules.catalogue(live.is_text())?);
        Ok(Some(Arc::new(live.with(runbooks))))
    }
}

/// What the command line says; where it is silent, what the configuration does.
fn plan(args: &ScanArgs, matches: &ArgMatches, loaded: Loaded, silencers: Silencers) -> Result<Plan, CliError> {
    let Loaded { silencing, defaults } = loaded;
    let given = matches.value_source("confidence") == Some(ValueSource::CommandLine);
    let configured = defaults.confidence.filter(|_| !given);
    let stdin = Path::new("-");
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.map_or_else(cores, usize::from);
    if args.threads.is_some() {
        // Folders are walked by threads of their own, large files are shared among these. Nobody has made them before.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    Ok(Plan {
        roots: args.paths.iter().filter(|p| *p != stdin).cloned().collect(),
        stdin: args.paths.iter().any(|p| p == stdin),
        logs: args.logs,
        walk: WalkOptions {
            respect_gitignore: args.respect_gitignore,
            exclude: args.exclude.iter().chain(&defaults.exclude).cloned().collect(),
            threads,
            repositories_only: args.history.history_only || args.history.range.is_some(),
        },
        history: args.history.options().filter(|_| !args.logs),
        min_confidence: configured.unwrap_or_else(|| args.confidence.into()),
        archives: args.archives.limits(),
        max_file_size: args.max_file_size.map_or_else(|| configured_size(&defaults), |size| Ok(Some(size)))?,
        keys: keys::load(args.fingerprint_key.as_deref()),
        silencing,
        silencers,
    })
}

/// The largest file that a configuration wants scanned.
pub(crate) fn configured_size(defaults: &ScanDefaults) -> Result<Option<u64>, CliError> {
    let read = |(place, text): &(String, String)| size(text).map_err(|e| CliError::usage(format!("{place}: {e}")));
    defaults.max_file_size.as_ref().map(read).transpose()
}

/// The first interrupt ends the scan and reports what there is; the second ends the process.
fn stop_on_interrupt(monitor: &Arc<Monitor>) {
    let monitor = monitor.clone();
    // A process that cannot have a handler ends at the first.
    let _ = ctrlc::set_handler(move || {
        if monitor.cancelled.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
}

/// The time, as SARIF writes it.
fn now() -> String {
    humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string()
}

struct Report<'r> {
    outcome: &'r ScanOutcome,
    runbooks: &'r Runbooks,
    args: &'r ScanArgs,
    started: String,
    launch: Option<&'r Launched>,
}

impl Report<'_> {
    fn write(&self, target: &Target) -> Result<(), CliError> {
        let file = target.file.as_deref();
        let reveal = self.args.reveal;
        match target.format {
            Format::Text => {
                let launch = self.launch.map(|launch| format!("\n{}", matrix::text(&launch.report)));
                let text = self.text() + &launch.unwrap_or_default();
                match file {
                    None => output::print(&text),
                    Some(_) => output::write(file, |out| write!(out, "{}", anstream::adapter::strip_str(&text))),
                }
            }
            Format::Json => {
                let report = json::build(self.outcome, reveal);
                output::write(file, |out| {
                    serde_json::to_writer_pretty(&mut *out, &report)?;
                    out.write_all(b"\n")
                })
            }
            Format::Jsonl => output::write(file, |out| write_lines(out, json::lines(self.outcome, reveal))),
            Format::Sarif => {
                let mut sarif = sarif::build(self.outcome, self.runbooks, &self.run_info());
                if let Some(launch) = self.launch {
                    launch.add_to(&mut sarif, file, self.args.sarif_profile, &self.run_info())?;
                }
                output::write(file, |out| {
                    serde_json::to_writer_pretty(&mut *out, &sarif)?;
                    out.write_all(b"\n")
                })
            }
            Format::Github => self.plain(github::build, file),
            Format::Junit => self.plain(junit::build, file),
            Format::Csv => self.plain(csv::build, file),
            Format::Markdown => self.plain(markdown::build, file),
        }
    }

    /// The report of a format that is one text.
    fn plain(&self, build: fn(&ScanOutcome, &Runbooks) -> String, file: Option<&Path>) -> Result<(), CliError> {
        let text = build(self.outcome, self.runbooks);
        output::write(file, |out| out.write_all(text.as_bytes()))
    }

    fn text(&self) -> String {
        let options = self.args.text_options();
        match self.args.staged.about() {
            Some(about) => hook::build(self.outcome, about, options),
            None => text::build(self.outcome, self.runbooks, options),
        }
    }

    fn run_info(&self) -> sarif::RunInfo {
        let exit: Exit = self.outcome.verdict().into();
        sarif::RunInfo {
            start: Some(self.started.clone()),
            end: Some(now()),
            exit_code: i64::from(exit as u8),
            profile: self.args.sarif_profile.into(),
            ..sarif::RunInfo::default()
        }
    }

    /// Where all reports go to files, the person who started the scan still wants to know how it ended.
    fn summarise(&self) {
        anstream::eprint!("{}", text::summary(self.outcome));
        if let Some(launch) = self.launch {
            anstream::eprint!("\n{}", matrix::summary(&launch.report));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("10"), Ok(10));
        assert_eq!(size("2M"), Ok(2_000_000));
        assert!(size("M").is_err());
        assert!(size("2X").is_err());
        assert!(size("99999999999G").is_err());
    }
}
