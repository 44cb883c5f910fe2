//! `cleansweep baseline`: what is known and accepted.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use cleansweep::finding::silencing::{Acceptance, BASELINE, Baseline, Day};
use cleansweep::rule::RuleSet;
use cleansweep::scan::ScanOutcome;

use super::error::CliError;
use super::exit::Exit;
use super::scope::{ScopeArgs, count, fresh_salt};
use super::silence::Heeded;
use super::{output, silence};

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
    let file = file.map(PathBuf::from).map_or_else(|| file_of(scope), Ok)?;
    if file.symlink_metadata().is_ok() {
        return Err(CliError::usage(format!("{}: it is there already", file.display()))
            .hint("`cleansweep baseline update` adds to it"));
    }
    let scanned = scope.scan(Heeded::ButBaseline)?;
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
    let (file, mut baseline) = read(scope)?;
    let mut scanned = scope.scan(Heeded::ButBaseline)?;
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
    let (file, baseline) = read(scope)?;
    let scanned = scope.scan(Heeded::ButBaseline)?;
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

/// The baseline's file: the one that was named, else that of the project.
fn file_of(scope: &ScopeArgs) -> Result<PathBuf, CliError> {
    let there = scope.silence.baseline.clone().or_else(|| scope.project().file(BASELINE));
    there.ok_or_else(|| scope.missing())
}

fn read(scope: &ScopeArgs) -> Result<(PathBuf, Baseline), CliError> {
    let file = file_of(scope)?;
    let baseline = silence::read_baseline(&file).map_err(|e| e.hint("`cleansweep baseline create` makes one"))?;
    Ok((file, baseline))
}
