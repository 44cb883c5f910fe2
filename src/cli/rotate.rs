//! `cleansweep rotate`: what to rotate in which order, what is rotated, and what to take out of the history then.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use cleansweep::finding::Finding;
use cleansweep::finding::silencing::{Day, LEDGER, Ledger};
use cleansweep::report::plan;
use cleansweep::rotation::{self, Done, Open, Replacements, Runbooks};

use super::error::CliError;
use super::exit::Exit;
use super::scope::{Scanned, ScopeArgs, count, fresh_salt};
use super::silence::Heeded;
use super::{output, silence};

/// Rotate what was found: the plan, the ledger of what is done, the replacement file for the history
///
/// A credential in the ledger, rotations.toml at the top of the project, stays listed as rotated wherever it is, and a scan no longer
/// fails for it. The ledger holds no secret and means the same on every machine.
#[derive(Debug, Subcommand)]
pub(crate) enum RotateCommand {
    /// List what is to be rotated, the most urgent first, with every step
    Plan {
        #[command(flatten)]
        scope: ScopeArgs,
        /// How
        #[arg(long, short, value_enum, default_value = "markdown", value_name = "FORMAT")]
        format: PlanFormat,
        /// Write the plan to a file
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write into the ledger that a credential is rotated: that its old value is dead
    Done {
        /// Its credential_id, or the fingerprint of one of its places; 8 digits or more, if they name no other
        #[arg(value_name = "FINGERPRINT")]
        fingerprint: String,
        #[command(flatten)]
        said: DoneArgs,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Write the replacement file for `git filter-repo --replace-text`; it holds the raw secrets
    ///
    /// It has every secret in the history that is rotated or open, not what is silenced otherwise. Rotate first: rewriting a
    /// history takes nothing back from those who have read it.
    PurgeFile {
        #[command(flatten)]
        scope: ScopeArgs,
        /// Yes, write raw secrets
        #[arg(long)]
        reveal: bool,
        /// Where to; it must not exist, and only you can read it; `-` is standard output
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
}

/// Formats of a plan.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PlanFormat {
    /// A check-list to be ticked and signed
    Markdown,
    /// `cleansweep schema plan` describes it
    Json,
}

/// Who rotated a credential, and how it is known
#[derive(Debug, Args)]
pub(crate) struct DoneArgs {
    /// Who rotated it
    #[arg(long, value_name = "NAME")]
    by: String,

    /// How it was proved that the old value is dead: what failed, a ticket, a log; no secret
    #[arg(long, value_name = "TEXT")]
    evidence: String,

    /// The day it was rotated, YYYY-MM-DD [default: today, in UTC]
    #[arg(long, value_name = "DATE")]
    date: Option<String>,

    /// What else there is to say
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

impl DoneArgs {
    fn done(&self) -> Result<Done, CliError> {
        let today = silence::today().ok_or_else(|| CliError::usage("the clock of this machine has no day"))?;
        let date = match self.date.as_deref().map(|text| (text, Day::parse(text))) {
            None => today,
            Some((_, Some(day))) if day <= today => day,
            Some((text, Some(_))) => {
                let message = format!("--date {text}: that day is to come, in UTC it is {today}");
                return Err(CliError::usage(message).hint("write it down when the old value is dead"));
            }
            Some((text, None)) => {
                let message = format!("--date {text}: a day is written YYYY-MM-DD, such as 2027-01-31");
                return Err(CliError::usage(message));
            }
        };
        Ok(Done { by: self.by.clone(), date, evidence: self.evidence.clone(), note: self.note.clone() })
    }
}

/// Runs the command.
pub(crate) fn run(command: &RotateCommand) -> Result<Exit, CliError> {
    match command {
        RotateCommand::Plan { scope, format, output } => plan(scope, *format, output.as_deref()),
        RotateCommand::Done { fingerprint, said, scope } => done(fingerprint, said, scope),
        RotateCommand::PurgeFile { scope, reveal, output } => purge_file(scope, *reveal, output),
    }
}

fn plan(scope: &ScopeArgs, format: PlanFormat, file: Option<&Path>) -> Result<Exit, CliError> {
    let scanned = scope.scan(Heeded::All)?;
    let outcome = &scanned.outcome;
    let runbooks = Runbooks::new(scope.rules.catalogue(!outcome.findings.is_empty())?);
    let text = match format {
        PlanFormat::Markdown => plan::markdown(outcome, &runbooks),
        PlanFormat::Json => {
            let plan = plan::build(outcome, &runbooks);
            serde_json::to_string_pretty(&plan).map_err(|e| CliError::usage(e.to_string()))? + "\n"
        }
    };
    output::write(file, |out| out.write_all(text.as_bytes()))?;
    Ok(outcome.verdict().into())
}

fn done(fingerprint: &str, said: &DoneArgs, scope: &ScopeArgs) -> Result<Exit, CliError> {
    let done = said.done()?;
    let (file, within) = ledger_file(scope)?;
    let shown = if within.is_some() { LEDGER.to_owned() } else { file.display().to_string() };
    let (text, ledger) = match file.symlink_metadata() {
        Ok(_) => silence::read_ledger(&file, within.as_deref())?,
        Err(_) => (String::new(), Ledger::default()),
    };
    let scanned = scope.scan(Heeded::ButRecords)?;
    let credential = rotation::named(&scanned.outcome, fingerprint).map_err(|e| CliError::usage(e.to_string()))?;
    let salt = fresh_salt()?;
    let open = Open { place: &shown, text: &text, ledger: &ledger, salt: &salt, today: silence::today() };
    let added = open.with(&scanned.outcome, &credential, &done);
    let added = added.map_err(|e| CliError::usage(format!("{shown}: {e}")))?;
    output::write(Some(&file), |out| out.write_all(added.as_bytes()))?;
    let rule = scanned.outcome.rules.get(credential.rule);
    output::print(&format!(
        "{} ({}) is rotated, says {} now; it is at {}.\nCommit the ledger. Scans list the credential as rotated and no longer \
         fail for it.\n",
        rule.title,
        rule.id,
        file.display(),
        count(credential.exposures.len(), "place", "places"),
    ))?;
    Ok(Exit::Clean)
}

/// The ledger's file, and the folder that it must not lead out of: the one that was named, else that of the project.
fn ledger_file(scope: &ScopeArgs) -> Result<(PathBuf, Option<PathBuf>), CliError> {
    if let Some(named) = &scope.silence.ledger {
        return Ok((named.clone(), None));
    }
    let file = scope.project().file(LEDGER).ok_or_else(|| scope.missing())?;
    let top = file.parent().map(Path::to_path_buf);
    Ok((file, top))
}

fn purge_file(scope: &ScopeArgs, reveal: bool, file: &Path) -> Result<Exit, CliError> {
    if !reveal {
        return Err(CliError::usage("the replacement file holds the raw secrets, and --reveal is not given")
            .hint("add --reveal, and delete the file when the history is rewritten"));
    }
    let to_stdout = file == Path::new("-");
    if !to_stdout && file.symlink_metadata().is_ok() {
        return Err(CliError::usage(format!("{}: it is there already", file.display()))
            .hint("remove it or name another; nothing is overwritten"));
    }
    let scanned = scope.scan(Heeded::All)?;
    let outcome = &scanned.outcome;
    if outcome.coverage.histories.is_empty() {
        return Err(CliError::usage(format!(
            "{}: no history was looked at, so there is none to rewrite",
            scope.path.display()
        ))
        .hint("name a folder in a repository, and leave --no-history out"));
    }
    let replacements = Replacements::of(outcome);
    let told = told(&scanned, &replacements, file);
    if replacements.replaced.is_empty() {
        anstream::eprint!("{told}");
    } else if to_stdout {
        output::write(None, |out| out.write_all(&replacements.bytes))?;
        anstream::eprint!("{told}");
    } else {
        output::write_private(file, &replacements.bytes)?;
        output::print(&told)?;
    }
    let whole = replacements.left_out.is_empty() && replacements.in_members == 0 && outcome.coverage.skipped.is_empty();
    Ok(if whole { Exit::Clean } else { Exit::Incomplete })
}

/// What was written and what to do with it; no secret.
fn told(scanned: &Scanned, replacements: &Replacements<'_>, file: &Path) -> String {
    let outcome = &scanned.outcome;
    let number = replacements.replaced.len();
    let mut told = String::new();
    if number == 0 {
        told += "Nothing in the history is to be replaced, so no file was written.\n";
    } else {
        let name = quoted(file);
        let written = count(number, "secret", "secrets");
        told += &format!("Wrote {written} to {}. They are raw.\n", file.display());
        if cfg!(not(unix)) && file != Path::new("-") {
            told += "On this system it has the permissions of its folder: see that nobody else can read it.\n";
        }
        if replacements.open > 0 {
            let open = count(replacements.open, "of them is", "of them are");
            told += &format!("Not rotated yet: {open} open. Rotate first: `cleansweep rotate plan`.\n");
        }
        told += &format!(
            "In a fresh clone:\n  git filter-repo --sensitive-data-removal --replace-text {name} --replace-message {name}\n\
             Files that git takes for binary, UTF-16 among them, are left as they are; remove them with --path and \
             --invert-paths.\nForks, clones, caches, refs of pull requests and build logs keep the old history. Delete the \
             file afterwards.\n"
        );
    }
    if replacements.in_names > 0 {
        let names = count(replacements.in_names, "secret is", "secrets are");
        told += &format!("In names of files: {names} there, which only --path-rename takes out.\n");
    }
    if replacements.in_members > 0 {
        let members = count(replacements.in_members, "secret is", "secrets are");
        told += &format!(
            "In archives and compressed files: {members} there, where replacing does not reach; take these files out with \
             --invert-paths --path FILE.\n"
        );
    }
    if !replacements.left_out.is_empty() {
        let left_out = count(replacements.left_out.len(), "secret", "secrets");
        told += &format!(
            "Left out: {left_out}, too short or too plain a word to be replaced wherever it stands, or encoded at too great a \
             length; edit these by hand:\n"
        );
        told += &replacements.left_out.iter().map(|finding| place(finding)).collect::<String>();
    }
    if !outcome.coverage.skipped.is_empty() {
        let items = count(outcome.coverage.skipped.len(), "item was", "items were");
        told += &format!("The scan is incomplete: {items} not looked at; `cleansweep scan` lists them.\n");
    }
    told
}

/// A file as a shell takes it; what went to standard output has a name that only the user knows.
fn quoted(file: &Path) -> String {
    let name = file.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    match &*name {
        "-" => "FILE".into(),
        plain if plain.chars().all(is_plain) => name,
        _ => format!("'{}'", name.replace('\'', r"'\''")),
    }
}

/// Where it is, and in which commit first.
fn place(finding: &Finding) -> String {
    let first = finding.history.iter().flat_map(|history| &history.exposures).find_map(|e| e.introduced.as_ref());
    let commit = first.map(|commit| format!(" in {}", commit.short())).unwrap_or_default();
    let path: String = finding.origin.path().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!("  {path}:{}:{}{commit}\n", finding.start.line, finding.start.column)
}
