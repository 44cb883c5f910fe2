//! What silences findings, from the command line and from the files of the project.

use std::path::{Path, PathBuf};

use clap::Args;
use cleansweep::finding::silencing::{
    BASELINE, BASELINE_LIMIT, Baseline, CONFIG, CONFIG_LIMIT, Comments, Config, Day, LEDGER, LEDGER_LIMIT, Ledger,
    Note, NoteKind, ScanDefaults, Silencing, Trust,
};
use cleansweep::rule::RuleSet;
use cleansweep::source::file;
use cleansweep::source::git::repository;
use cleansweep::source::worktree::Root;

use super::error::CliError;

/// What silences findings
#[derive(Debug, Args)]
#[command(next_help_heading = "Silencing")]
pub(crate) struct SilenceArgs {
    /// Use this configuration, not the cleansweep.toml of what is scanned; of gitleaks', its rules and allowlists, and the
    /// .gitleaksignore beside it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Use this baseline, not the .cleansweep-baseline.jsonl of what is scanned
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Use no baseline
    #[arg(long, conflicts_with = "baseline")]
    no_baseline: bool,

    /// Use this ledger of rotations, not the rotations.toml of what is scanned
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,

    /// Do not heed comments for other scanners, such as gitleaks:allow
    #[arg(long)]
    no_foreign_comments: bool,

    /// What is scanned is somebody else's: its configuration, baseline, ledger and comments silence nothing
    ///
    /// This is the default if PATH is in another repository than the current folder, or outside of the current folder.
    #[arg(long, conflicts_with = "trusted")]
    untrusted: bool,

    /// What is scanned is yours: its configuration, baseline, ledger and comments count, wherever it is
    #[arg(long)]
    trusted: bool,
}

/// How much of what silences findings is heeded; each is less than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Heeded {
    /// As in any scan.
    All,
    /// Not the baseline, which is to be written.
    ButBaseline,
    /// Neither the baseline nor the ledger of rotations, which is to be written.
    ButRecords,
}

/// What was read.
pub(crate) struct Loaded {
    pub(crate) silencing: Silencing,
    pub(crate) defaults: ScanDefaults,
}

/// Where the files are that speak for what is scanned.
pub(crate) struct Project {
    /// The top of each repository or folder that is scanned.
    tops: Vec<PathBuf>,
    trust: Trust,
    /// Whether `--config` names the configuration of another scanner, which is read elsewhere.
    pub(crate) foreign_config: bool,
}

impl Project {
    /// Finds the tops of `paths`. What is not there is an error of the scan.
    pub(crate) fn of(paths: &[PathBuf], args: &SilenceArgs) -> Self {
        let roots: Vec<Root> =
            paths.iter().filter(|path| *path != Path::new("-")).filter_map(|path| Root::new(path).ok()).collect();
        let mut tops: Vec<PathBuf> = roots.iter().map(|root| root.base().to_path_buf()).collect();
        tops.sort();
        tops.dedup();
        let own = Root::new(Path::new(".")).is_ok_and(|here| roots.iter().all(|root| is_own(root, &here)));
        let trust = match (args.trusted, args.untrusted) {
            (true, _) => Trust::Everybody,
            (_, true) => Trust::Nobody,
            _ if own => Trust::Project,
            _ => Trust::Nobody,
        };
        Self { tops, trust, foreign_config: false }
    }

    /// Where a file at the top of the one project is, whether or not it is there.
    pub(crate) fn file(&self, name: &str) -> Option<PathBuf> {
        match &*self.tops {
            [top] => Some(top.join(name)),
            _ => None,
        }
    }

    /// The text of a file at the top, if there is one and it counts; else a note may say why it does not.
    pub(crate) fn text(&self, name: &str, limit: u64, notes: &mut Vec<Note>) -> Result<Option<String>, CliError> {
        let there = self.tops.iter().find(|top| top.join(name).symlink_metadata().is_ok());
        let Some(top) = there else { return Ok(None) };
        let why = match (self.trust, self.tops.len()) {
            (Trust::Nobody, _) => "it belongs to somebody else and silences nothing here; --trusted uses it",
            (_, 1) => return read(&top.join(name), name, Some(top), limit).map(Some),
            _ => "several folders are scanned, so it silences nothing; name it on the command line to use it",
        };
        notes.push(Note::new(NoteKind::Ignored, name, why));
        Ok(None)
    }
}

/// Whether a path is in the repository of the current folder; without a repository, in the current folder and in no
/// repository of its own.
fn is_own(root: &Root, here: &Root) -> bool {
    let is_repository = |top: &Path| top.join(".git").exists() || repository::is_git_dir(top);
    if root.base() == here.base() {
        return true;
    }
    let none = !is_repository(here.base()) && !is_repository(root.base());
    none && root.real().starts_with(here.real())
}

/// Reads a file of at most `limit` bytes; one that is found `within` a folder must not be a link that leads out of it.
fn read(path: &Path, shown: &str, within: Option<&Path>, limit: u64) -> Result<String, CliError> {
    if let Some(top) = within
        && !path.canonicalize().is_ok_and(|real| real.starts_with(top))
    {
        let message = format!("{shown}: a link that leads nowhere, or out of the folder that is scanned");
        return Err(CliError::usage(message).hint("remove it, or name its target on the command line"));
    }
    file::strict_text(path, limit).map_err(|message| CliError::usage(format!("{shown}: {message}")))
}

impl SilenceArgs {
    /// Reads what silences findings of a scan of `project` with `rules`, as far as it is `heeded`.
    pub(crate) fn load(&self, project: &Project, rules: &RuleSet, heeded: Heeded) -> Result<Loaded, CliError> {
        let mut notes = Vec::new();
        let config = self.config(project, rules, &mut notes)?;
        if !config.scan.exclude.is_empty() {
            let detail = format!("its [scan] leaves out {}", config.scan.exclude.join(", "));
            notes.push(Note::new(NoteKind::LeavesOut, self.config_name(), detail));
        }
        let ledger = if heeded < Heeded::ButRecords { self.ledger(project, &mut notes)? } else { None };
        let baseline = if heeded < Heeded::ButBaseline { self.baseline(project, &mut notes)? } else { None };
        let foreign = !self.no_foreign_comments && config.scan.foreign_comments.unwrap_or(true);
        let comments = Comments { trust: project.trust, foreign };
        let silencing = Silencing { comments, allows: config.allows, baseline, ledger, today: today(), notes };
        Ok(Loaded { silencing, defaults: config.scan })
    }

    fn config_name(&self) -> String {
        self.config.as_ref().map_or_else(|| CONFIG.into(), |path| path.display().to_string())
    }

    fn config(&self, project: &Project, rules: &RuleSet, notes: &mut Vec<Note>) -> Result<Config, CliError> {
        let name = self.config_name();
        let text = match &self.config {
            Some(_) if project.foreign_config => None,
            Some(path) => Some(read(path, &name, None, CONFIG_LIMIT)?),
            None => project.text(CONFIG, CONFIG_LIMIT, notes)?,
        };
        let config = text.map(|text| Config::parse(&name, &text, rules)).transpose();
        Ok(config.map_err(|e| CliError::usage(e.to_string()))?.unwrap_or_default())
    }

    fn ledger(&self, project: &Project, notes: &mut Vec<Note>) -> Result<Option<Ledger>, CliError> {
        if let Some(path) = &self.ledger {
            return read_ledger(path, None).map(|(_, ledger)| Some(ledger));
        }
        let Some(text) = project.text(LEDGER, LEDGER_LIMIT, notes)? else { return Ok(None) };
        match Ledger::parse(LEDGER, &text, today()) {
            Err(why) if !is_ledger(&text) => {
                let detail = format!(
                    "this file has another form than a ledger of rotations: nothing counts as rotated by it ({why})"
                );
                notes.push(Note::new(NoteKind::Ignored, LEDGER, detail));
                Ok(None)
            }
            parsed => parsed.map(Some).map_err(CliError::usage),
        }
    }

    fn baseline(&self, project: &Project, notes: &mut Vec<Note>) -> Result<Option<Baseline>, CliError> {
        if self.no_baseline {
            return Ok(None);
        }
        if let Some(path) = &self.baseline {
            return read_baseline(path).map(Some);
        }
        let text = project.text(BASELINE, BASELINE_LIMIT, notes)?;
        text.map(|text| Baseline::parse(BASELINE, &text)).transpose().map_err(CliError::usage)
    }
}

/// Whether a text is meant as a ledger. The file's name is one that others use too, and without a ledger a scan only shows more.
fn is_ledger(text: &str) -> bool {
    let is_table = |line: &str| line.trim().replace(' ', "") == "[[rotation]]";
    text.lines().any(is_table) && text.contains("credential")
}

/// A ledger's text and what it says.
pub(crate) type LedgerText = (String, Ledger);

/// Reads a ledger; one of a project must not be a link that leads out of it.
pub(crate) fn read_ledger(path: &Path, within: Option<&Path>) -> Result<LedgerText, CliError> {
    let shown = if within.is_some() { LEDGER.to_owned() } else { path.display().to_string() };
    let text = read(path, &shown, within, LEDGER_LIMIT)?;
    let ledger = Ledger::parse(&shown, &text, today()).map_err(CliError::usage)?;
    Ok((text, ledger))
}

/// Reads a baseline that the user named.
pub(crate) fn read_baseline(path: &Path) -> Result<Baseline, CliError> {
    let shown = path.display().to_string();
    Baseline::parse(&shown, &read(path, &shown, None, BASELINE_LIMIT)?).map_err(CliError::usage)
}

/// The day it is, in UTC.
pub(crate) fn today() -> Option<Day> {
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    now.get(..10).and_then(Day::parse)
}
