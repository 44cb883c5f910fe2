//! `cleansweep baseline`: what is known and accepted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use cleansweep::detect::Detector;
use cleansweep::finding::silencing::{Acceptance, Baseline, Day};
use cleansweep::rule::{Catalogue, RuleSet};
use cleansweep::scan::history::HistoryOptions;
use cleansweep::scan::{self as engine, Monitor, Plan, ScanOutcome, Silencers};
use cleansweep::source::cache::Cache;
use cleansweep::source::worktree::WalkOptions;

use super::error::CliError;
use super::exit::Exit;
use super::progress::Progress;
use super::silence::{self, Project, SilenceArgs};
use super::{cache, keys, output, rules, scan};

/// Keep a baseline: what is known and accepted, so that only what is new is reported
///
/// It has one line for each credential and place, and no secret. A line outlives moved lines, squashes and rebases; merging two
/// baselines is taking the lines of both (`.cleansweep-baseline.jsonl merge=union` in .gitattributes).
#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Write a baseline of all that is found now
    Create {
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        accept: AcceptArgs,
        /// Where to; it must not exist [default: .cleansweep-baseline.jsonl at the top of what is scanned]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Add what is found now, and keep what is there
    Update {
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        accept: AcceptArgs,
        /// Accept anew what has expired
        #[arg(long)]
        renew: bool,
    },
    /// Remove what is there no more
    Prune {
        #[command(flatten)]
        scope: ScopeArgs,
    },
}

/// What is scanned
#[derive(Debug, Args)]
pub(crate) struct ScopeArgs {
    /// Folder to scan, with its history
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Least confidence of the findings
    #[arg(long, value_enum, value_name = "LEVEL")]
    confidence: Option<scan::Level>,

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
    silence: SilenceArgs,

    #[command(flatten)]
    rules: rules::RuleArgs,
}

/// Who accepts what is found, and why
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// Why it is accepted
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Who accepts it [default: the name of the user]
    #[arg(long, value_name = "NAME")]
    author: Option<String>,

    /// The last day on which it is, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
}

impl AcceptArgs {
    fn acceptance(&self) -> Result<Acceptance, CliError> {
        let today = silence::today().ok_or_else(|| CliError::usage("the clock of this machine has no day"))?;
        let one_line =
            |text: &str| text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
        let reason = one_line(&self.reason);
        if !reason.chars().any(char::is_alphanumeric) {
            return Err(CliError::usage("--reason: say why what is found is accepted"));
        }
        let expires = self.expires.as_ref().map(|text| match Day::parse(text) {
            Some(day) if day >= today => Ok(day),
            Some(_) => Err(CliError::usage(format!("--expires {text}: that day is over"))),
            None => Err(CliError::usage(format!("--expires {text}: a day is written YYYY-MM-DD, such as 2027-01-31"))),
        });
        let author = self.author.clone().or_else(user).map(|author| one_line(&author)).unwrap_or_default();
        if author.is_empty() {
            return Err(CliError::usage("--author: say who accepts what is found"));
        }
        Ok(Acceptance { reason, author, today, expires: expires.transpose()? })
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment tells who the user is")]
fn user() -> Option<String> {
    let named = |name| std::env::var(name).ok().filter(|name| !name.trim().is_empty());
    ["GIT_AUTHOR_NAME", "USER", "LOGNAME", "USERNAME"].into_iter().find_map(named)
}

/// Runs the command.
pub(crate) fn run(command: &BaselineCommand) -> Result<Exit, CliError> {
    match command {
        BaselineCommand::Create { scope, accept, output } => create(scope, accept, output.as_deref()),
        BaselineCommand::Update { scope, accept, renew } => update(scope, accept, *renew),
        BaselineCommand::Prune { scope } => prune(scope),
    }
}

fn create(scope: &ScopeArgs, accept: &AcceptArgs, file: Option<&Path>) -> Result<Exit, CliError> {
    let acceptance = accept.acceptance()?;
    let file = file.map(PathBuf::from).map_or_else(|| scope.file(), Ok)?;
    if file.symlink_metadata().is_ok() {
        return Err(CliError::usage(format!("{}: it is there already", file.display()))
            .hint("`cleansweep baseline update` adds to it"));
    }
    let scanned = scope.scan()?;
    let mut baseline = Baseline::default();
    let salt = fresh_salt()?;
    let added = accept_all(&mut baseline, &scanned.outcome, &scanned.rules, &salt, &acceptance);
    if added == 0 {
        output::print("Nothing was found that is not silenced, so no baseline was written.\n")?;
        return Ok(scanned.exit());
    }
    output::write_new(&file, &baseline.lines(|_| true))?;
    let secrets = scanned.credentials();
    output::print(&format!(
        "Wrote {} for {} to {}.\nReports count them as silenced. Rotate those that are real.\nFor merges without \
         conflicts, .gitattributes needs the line: {name} merge=union\n",
        count(added, "entry", "entries"),
        count(secrets, "secret", "secrets"),
        file.display(),
        name = file.file_name().unwrap_or_default().to_string_lossy(),
    ))?;
    scanned.tell_gaps()
}

fn update(scope: &ScopeArgs, accept: &AcceptArgs, renew: bool) -> Result<Exit, CliError> {
    let acceptance = accept.acceptance()?;
    let (file, mut baseline) = scope.read()?;
    let mut scanned = scope.scan()?;
    let known = baseline.entries().len();
    let mut renewed = vec![false; known];
    let mut waiting = 0;
    scanned.outcome.findings.retain(|finding| {
        let found = baseline.find(finding, acceptance.today);
        let expired: Vec<usize> = found
            .entries
            .into_iter()
            .filter(|&entry| baseline.entries()[entry].1.is_expired(acceptance.today))
            .collect();
        let wanted = found.silence.is_none() && (renew || expired.is_empty());
        waiting += usize::from(found.silence.is_none() && !wanted);
        if wanted {
            expired.into_iter().for_each(|entry| renewed[entry] = true);
        }
        wanted
    });
    let salt = baseline.salt().map(str::to_owned).map_or_else(fresh_salt, Ok)?;
    let added = accept_all(&mut baseline, &scanned.outcome, &scanned.rules, &salt, &acceptance);
    if added > 0 {
        let lines = baseline.lines(|entry| renewed.get(entry) != Some(&true));
        output::write(Some(&file), |out| out.write_all(lines.as_bytes()))?;
    }
    let mut told = format!("Added {} to {}.\n", count(added, "entry", "entries"), file.display());
    if waiting > 0 {
        let secrets = count(waiting, "finding has an entry", "findings have entries");
        told += &format!("Not accepted anew: {secrets} that expired. See that they are gone, or use --renew.\n");
    }
    output::print(&told)?;
    scanned.tell_gaps()
}

fn prune(scope: &ScopeArgs) -> Result<Exit, CliError> {
    let (file, baseline) = scope.read()?;
    let scanned = scope.scan()?;
    if !scanned.outcome.coverage.whole {
        output::print(
            "Nothing was removed: not everything was looked at, so it is not known what is there no more.\nScan the top \
             of the project with its history.\n",
        )?;
        scanned.tell_gaps()?;
        return Ok(Exit::Incomplete);
    }
    let today = silence::today();
    let mut kept = vec![false; baseline.entries().len()];
    for finding in scanned.outcome.findings.iter().chain(&scanned.outcome.silenced) {
        let found = today.map(|today| baseline.find(finding, today)).unwrap_or_default();
        found.entries.into_iter().for_each(|entry| kept[entry] = true);
    }
    for (kept, (_, entry)) in kept.iter_mut().zip(baseline.entries()) {
        *kept |= !entry.is_seen_at(scanned.plan.min_confidence) || scanned.is_excluded(&entry.path)?;
    }
    let removed = kept.iter().filter(|kept| !**kept).count();
    if removed > 0 {
        let lines = baseline.lines(|entry| kept[entry]);
        output::write(Some(&file), |out| out.write_all(lines.as_bytes()))?;
    }
    output::print(&format!("Removed {} from {}.\n", count(removed, "entry", "entries"), file.display()))?;
    Ok(Exit::Clean)
}

fn accept_all(
    baseline: &mut Baseline,
    outcome: &ScanOutcome,
    rules: &RuleSet,
    salt: &str,
    acceptance: &Acceptance,
) -> usize {
    outcome.findings.iter().map(|finding| baseline.accept(finding, rules, salt, acceptance)).sum()
}

fn fresh_salt() -> Result<String, CliError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|e| CliError::usage(format!("no random bytes: {e}")))?;
    Ok(salt.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A scan without a baseline.
struct Scanned {
    plan: Plan,
    rules: Arc<RuleSet>,
    outcome: ScanOutcome,
}

impl Scanned {
    fn exit(&self) -> Exit {
        if self.outcome.coverage.skipped.is_empty() { Exit::Clean } else { Exit::Incomplete }
    }

    fn credentials(&self) -> usize {
        let all: std::collections::BTreeSet<_> = self.outcome.findings.iter().map(|f| f.credential).collect();
        all.len()
    }

    /// Says if something was not looked at.
    fn tell_gaps(&self) -> Result<Exit, CliError> {
        let skipped = self.outcome.coverage.skipped.len();
        if skipped > 0 {
            let items = count(skipped, "item was", "items were");
            output::print(&format!("The scan is incomplete: {items} not looked at; `cleansweep scan` lists them.\n"))?;
        }
        Ok(self.exit())
    }

    fn is_excluded(&self, path: &str) -> Result<bool, CliError> {
        let exclude = cleansweep::source::worktree::Exclude::new(Path::new(""), &self.plan.walk.exclude);
        exclude.map(|exclude| exclude.has_file(Path::new(path))).map_err(CliError::usage)
    }
}

impl ScopeArgs {
    fn project(&self) -> Project {
        Project::of(std::slice::from_ref(&self.path), &self.silence)
    }

    /// The baseline's file: the one that was named, else that of the project.
    fn file(&self) -> Result<PathBuf, CliError> {
        let there = self.silence.baseline.clone().or_else(|| self.project().baseline());
        there.ok_or_else(|| CliError::usage(format!("{}: there is no such file or folder", self.path.display())))
    }

    fn read(&self) -> Result<(PathBuf, Baseline), CliError> {
        let file = self.file()?;
        let baseline = silence::read_baseline(&file).map_err(|e| e.hint("`cleansweep baseline create` makes one"))?;
        Ok((file, baseline))
    }

    fn scan(&self) -> Result<Scanned, CliError> {
        let rules = Arc::new(Catalogue::load(&self.rules.sources()).map_err(|e| CliError::usage(e.to_string()))?);
        let loaded = self.silence.load_without_baseline(&self.project(), &rules)?;
        let defaults = loaded.defaults;
        let confidence = self.confidence.map(Into::into).or(defaults.confidence);
        let history = HistoryOptions {
            cache: if self.no_cache { None } else { cache::folder().map(Cache::new) },
            ..HistoryOptions::default()
        };
        let plan = Plan {
            roots: vec![self.path.clone()],
            stdin: false,
            walk: WalkOptions {
                exclude: self.exclude.iter().chain(&defaults.exclude).cloned().collect(),
                threads: std::thread::available_parallelism().map_or(1, usize::from),
                ..WalkOptions::default()
            },
            history: (!self.no_history).then_some(history),
            min_confidence: confidence.unwrap_or(cleansweep::rule::Confidence::Medium),
            max_file_size: scan::configured_size(&defaults)?,
            keys: keys::load(self.fingerprint_key.as_deref()),
            silencing: loaded.silencing,
            silencers: Silencers::default(),
        };
        let monitor = Arc::new(Monitor::default());
        let outcome = {
            let _progress = Progress::watch(&monitor, true);
            engine::run(&Detector::new(rules.clone()), &plan, std::io::empty(), &monitor).map_err(CliError::usage)?
        };
        Ok(Scanned { plan, rules, outcome })
    }
}
