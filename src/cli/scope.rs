//! Scanning a whole folder, for the commands that keep files about what is found.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use cleansweep::detect::Detector;
use cleansweep::rule::{Catalogue, Confidence, RuleSet};
use cleansweep::scan::history::HistoryOptions;
use cleansweep::scan::{self as engine, Monitor, Plan, ScanOutcome, Silencers, Tap};
use cleansweep::source::cache::Cache;
use cleansweep::source::container::Limits;
use cleansweep::source::worktree::WalkOptions;
use jiff::Timestamp;

use super::error::CliError;
use super::exit::Exit;
use super::progress::Progress;
use super::silence::{Heeded, Project, SilenceArgs};
use super::{cache, keys, output, rules, scan};

/// What is scanned
#[derive(Debug, Args)]
pub(crate) struct ScopeArgs {
    /// Folder to scan, with its history
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,

    /// Least confidence of the findings
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) confidence: Option<scan::Level>,

    /// Leave out paths that match a glob, as in .gitignore; repeatable
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Scan files only, not the histories of their repositories
    #[arg(long)]
    no_history: bool,

    /// Neither use nor keep what scans learn of packs
    #[arg(long)]
    no_cache: bool,

    /// Key that fingerprints are made with, so that they are the same for a team; better given by the environment
    #[arg(long, env = "CLEANSWEEP_FINGERPRINT_KEY", hide_env_values = true, value_name = "KEY")]
    fingerprint_key: Option<String>,

    #[command(flatten)]
    pub(crate) silence: SilenceArgs,

    #[command(flatten)]
    pub(crate) rules: rules::RuleArgs,
}

/// A scan of a whole folder.
pub(crate) struct Scanned {
    pub(crate) plan: Plan,
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) outcome: ScanOutcome,
}

impl Scanned {
    pub(crate) fn exit(&self) -> Exit {
        if self.outcome.coverage.skipped.is_empty() { Exit::Clean } else { Exit::Incomplete }
    }

    pub(crate) fn credentials(&self) -> usize {
        let all: std::collections::BTreeSet<_> = self.outcome.findings.iter().map(|f| f.credential).collect();
        all.len()
    }

    /// Says if something was not looked at.
    pub(crate) fn tell_gaps(&self) -> Result<Exit, CliError> {
        let skipped = self.outcome.coverage.skipped.len();
        if skipped > 0 {
            let items = count(skipped, "item was", "items were");
            output::print(&format!("The scan is incomplete: {items} not looked at; `cleansweep scan` lists them.\n"))?;
        }
        Ok(self.exit())
    }

    pub(crate) fn is_excluded(&self, path: &str) -> Result<bool, CliError> {
        let exclude = cleansweep::source::worktree::Exclude::new(Path::new(""), &self.plan.walk.exclude);
        exclude.map(|exclude| exclude.has_member(path)).map_err(CliError::usage)
    }
}

impl ScopeArgs {
    /// The project that is scanned.
    pub(crate) fn project(&self) -> Project {
        Project::of(std::slice::from_ref(&self.path), &self.silence)
    }

    /// That it cannot be told which file of the project is meant.
    pub(crate) fn missing(&self) -> CliError {
        CliError::usage(format!("{}: there is no such file or folder", self.path.display()))
    }

    /// Scans; what silences is heeded so far.
    pub(crate) fn scan(&self, heeded: Heeded) -> Result<Scanned, CliError> {
        self.scan_with(heeded, None)
    }

    /// The same; the files that are read are handed on.
    pub(crate) fn scan_with(&self, heeded: Heeded, tap: Option<Arc<dyn Tap>>) -> Result<Scanned, CliError> {
        let rules = Arc::new(Catalogue::load(&self.rules.sources()).map_err(|e| CliError::usage(e.to_string()))?);
        let loaded = self.silence.load(&self.project(), &rules, heeded)?;
        let defaults = loaded.defaults;
        // What is to be written into a ledger may be anything that any scan has shown.
        let usual = match heeded {
            Heeded::ButRecords => Confidence::Low,
            _ => defaults.confidence.unwrap_or(Confidence::Medium),
        };
        let history = HistoryOptions {
            cache: if self.no_cache { None } else { cache::folder().map(Cache::new) },
            ..HistoryOptions::default()
        };
        let plan = Plan {
            roots: vec![self.path.clone()],
            stdin: false,
            logs: false,
            walk: WalkOptions {
                exclude: self.exclude.iter().chain(&defaults.exclude).cloned().collect(),
                threads: std::thread::available_parallelism().map_or(1, usize::from),
                ..WalkOptions::default()
            },
            history: (!self.no_history).then_some(history),
            archives: Some(Limits::default()),
            min_confidence: self.confidence.map_or(usual, Into::into),
            max_file_size: scan::configured_size(&defaults)?,
            keys: keys::load(self.fingerprint_key.as_deref()),
            silencing: loaded.silencing,
            silencers: Silencers::default(),
        };
        let monitor = Arc::new(Monitor { tap, ..Monitor::default() });
        let outcome = {
            let _progress = Progress::watch(&monitor, true);
            engine::run(&Detector::new(rules.clone()).at(Timestamp::now()), &plan, std::io::empty(), &monitor)
                .map_err(CliError::usage)?
        };
        Ok(Scanned { plan, rules, outcome })
    }
}

/// A salt for a new file.
pub(crate) fn fresh_salt() -> Result<String, CliError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|e| CliError::usage(format!("no random bytes: {e}")))?;
    Ok(salt.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `1 entry`, `2 entries`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
