//! What people bring along who come from gitleaks: its configuration, its list of what is let be, its reports as baselines.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use cleansweep::blob::{SkipReason, Skipped};
use cleansweep::finding::Redactor;
use cleansweep::finding::accepted::Accepted;
use cleansweep::rule::gitleaks::{self, Imported, LARGEST, Text, Weight};
use cleansweep::rule::{Catalogue, RuleError, RuleSet};
use cleansweep::scan::{ScanOutcome, Silencers};
use cleansweep::source::file;

use super::error::CliError;
use super::rules::RuleArgs;

/// The largest `.gitleaksignore` or report that is read, in bytes.
const LARGEST_REPORT: u64 = 256 << 20;

/// The list that is read if it is beside the configuration.
const IGNORE: &str = ".gitleaksignore";

/// Entries that match nothing and are listed one by one.
const LISTED: usize = 10;

/// What of gitleaks is used
#[derive(Debug, Args)]
#[command(next_help_heading = "Coming from gitleaks")]
pub(crate) struct GitleaksArgs {
    /// Let be what a .gitleaksignore lists; repeatable
    #[arg(long, value_name = "FILE")]
    gitleaks_ignore: Vec<PathBuf>,

    /// Let be what is in a JSON report of gitleaks; repeatable
    #[arg(long, value_name = "FILE")]
    gitleaks_baseline: Vec<PathBuf>,
}

/// What of gitleaks a scan uses.
#[derive(Default)]
pub(crate) struct Before {
    /// All rules, if a configuration says which.
    pub(crate) rules: Option<RuleSet>,
    /// Whether `--config` names a configuration of gitleaks.
    pub(crate) is_config: bool,
    /// What does not count.
    pub(crate) silencers: Silencers,
    /// Rules that are not used.
    pub(crate) unused: Vec<Skipped>,
    /// What is different, but loses nothing.
    pub(crate) notes: Vec<String>,
}

impl GitleaksArgs {
    /// Reads all that is named. `named` is the file of `--config`, which can be one of ours.
    pub(crate) fn load(&self, named: Option<&Path>, rules: &RuleArgs) -> Result<Before, CliError> {
        let mut before = Before::default();
        let mut imported = Imported::default();
        let mut ignores = self.gitleaks_ignore.clone();
        if let Some(path) = named.filter(|path| is_gitleaks(path)) {
            before.is_config = true;
            imported = config(path)?;
            let own = Catalogue::rules(&rules.own_sources()).map_err(wrong)?;
            before.rules = Some(RuleSet::new(std::mem::take(&mut imported.rules).into_iter().chain(own).collect()));
            let beside = path.with_file_name(IGNORE);
            if beside.is_file() && !ignores.contains(&beside) {
                ignores.push(beside);
            }
        }
        for remark in &imported.remarks {
            match remark.weight {
                Weight::Note => before.notes.push(remark.to_string()),
                Weight::Unused => {
                    let skipped = Skipped::new(&remark.place, SkipReason::Unsupported, &remark.message);
                    before.unused.push(skipped);
                }
            }
        }
        let mut accepted = Accepted::new(imported.own);
        for path in &ignores {
            let place = path.display().to_string();
            let wrong = accepted.add_ignored(&place, &text(path, LARGEST_REPORT)?);
            let lines = wrong.iter().map(|line| format!("{place}:{line}: neither `path:rule:line` nor a comment"));
            before.notes.extend(lines);
        }
        for path in &self.gitleaks_baseline {
            let text = text(path, LARGEST_REPORT)?;
            accepted.add_report(&path.display().to_string(), &text).map_err(|e| {
                CliError::usage(tame(&e)).hint("make one with `gitleaks dir --report-format json --report-path FILE`")
            })?;
        }
        before.silencers = Silencers::new(imported.allowlists, accepted);
        Ok(before)
    }
}

/// Whether a file is a configuration of gitleaks. What cannot be read is none, and said to be wrong by whoever reads it next.
fn is_gitleaks(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    bounded(path, LARGEST).is_ok_and(|content| gitleaks::is_configuration(&name, &content))
}

/// Reads a configuration and what it extends.
fn config(path: &Path) -> Result<Imported, CliError> {
    let (first, mut more) = open(path)?;
    gitleaks::read(first, &mut more).map_err(wrong)
}

/// The text of a configuration, and what gives the texts of those that it extends.
#[expect(clippy::type_complexity, reason = "a closure has no shorter type")]
pub(super) fn open(path: &Path) -> Result<(Text, impl FnMut(&Text, &str) -> Result<Text, String> + use<>), CliError> {
    let content = text(path, LARGEST)?;
    let place = path.display().to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !gitleaks::is_configuration(&name, &content) {
        return Err(CliError::usage(format!("{place}: no configuration of gitleaks: it has none of its tables"))
            .hint("rule files of cleansweep are given with --rules"));
    }
    let real = path.canonicalize().map_err(|e| CliError::usage(format!("{place}: {e}")))?;
    let folder = real.parent().unwrap_or(&real).to_owned();
    let more = move |from: &Text, path: &str| extended(&folder, from, path);
    Ok((Text { place, path: real, content }, more))
}

/// The configuration that `from` extends. What a file says is no reason to read any other file of this machine, so it has to be in
/// the folder of the first, or below.
fn extended(folder: &Path, from: &Text, path: &str) -> Result<Text, String> {
    let beside = from.path.parent().unwrap_or(folder).join(path);
    // gitleaks looks from the current folder, which mostly is the same.
    let found = beside.canonicalize().or_else(|_| Path::new(path).canonicalize());
    let real = found.map_err(|e| format!("{path}: {e}"))?;
    if !real.starts_with(folder) {
        return Err(format!("{path} leads out of the folder of the configuration; put a copy beside it"));
    }
    let place = Path::new(&from.place).parent().unwrap_or(Path::new("")).join(path).display().to_string();
    let content = bounded(&real, LARGEST).map_err(|e| format!("{path}: {e}"))?;
    Ok(Text { place, path: real, content })
}

fn text(path: &Path, largest: u64) -> Result<String, CliError> {
    bounded(path, largest).map_err(|e| CliError::usage(format!("{}: {e}", path.display())))
}

/// A plain file of text that is not too large.
fn bounded(path: &Path, largest: u64) -> Result<String, String> {
    let (opened, _) = file::open(path, "").map_err(|skipped| match skipped.reason {
        SkipReason::Vanished => "there is no such file".to_owned(),
        SkipReason::SpecialFile => "no regular file".to_owned(),
        _ => "it cannot be read".to_owned(),
    })?;
    let mut bytes = Vec::new();
    opened.take(largest + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > largest {
        return Err(format!("larger than the {largest} bytes that are read"));
    }
    String::from_utf8(bytes).map_err(|_| "no UTF-8".to_owned())
}

/// Something in a configuration is wrong.
pub(super) fn wrong(error: RuleError) -> CliError {
    CliError::usage(tame(&error.to_string()))
}

/// Names and paths of a configuration, without what a terminal would obey.
pub(super) fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Entries of lists and reports that nothing found was equal to.
pub(crate) fn not_found(silencers: &Silencers, outcome: &ScanOutcome) -> Vec<String> {
    let unused = silencers.unused();
    if unused.is_empty() {
        return Vec::new();
    }
    let redactor = Redactor::new(outcome.findings.iter().chain(&outcome.silenced).flat_map(|finding| finding.values()));
    let mut notes: Vec<String> =
        unused.iter().take(LISTED).map(|entry| format!("{} matches nothing", redactor.mask(entry))).collect();
    if unused.len() > LISTED {
        notes.push(format!("{} more entries match nothing", unused.len() - LISTED));
    }
    notes
}

/// Tells notes to the person who started the scan.
pub(crate) fn say(notes: &[String], quiet: bool) {
    for note in notes.iter().filter(|_| !quiet) {
        anstream::eprintln!("cleansweep: note: {}", tame(note));
    }
}
