//! `cleansweep launch attest`: a person's word, written into `launch.attest.toml` once it is sure that it counts.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cleansweep::checklist::draft::Draft;
use cleansweep::checklist::verdict::WordSays;
use cleansweep::checklist::{Attestations, Row};
use cleansweep::source::file;
use jiff::civil::Date;

use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::output;
use super::checked::{ATTEST, date, parse, sha256};

/// A larger file is none of ours, in bytes.
const LIMIT: u64 = 4 << 20;

/// Give your word for a row: write an entry into launch.attest.toml, if it is in order
///
/// A word passes a row that asks for one, and judges what a check left for review; it lifts no fail. An entry about the same row
/// is replaced.
#[derive(Debug, Args)]
pub(crate) struct AttestArgs {
    /// The row, such as MFA-01
    #[arg(value_name = "ID")]
    id: String,

    /// Folder of the project
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// What is said of the row
    #[arg(long, value_enum, default_value = "met", value_name = "WHAT")]
    says: Says,

    /// What was seen, in a sentence; no secret
    #[arg(long, value_name = "TEXT")]
    statement: Option<String>,

    /// Who says it
    #[arg(long, value_name = "NAME")]
    owner: String,

    /// What that person is in the project
    #[arg(long, value_name = "ROLE")]
    role: String,

    /// What shows it: a file of the project, or an address that begins with https://
    #[arg(long, value_name = "PATH|URL")]
    evidence: Option<String>,

    /// The last day on which it holds, YYYY-MM-DD [default: as long as the row allows]
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,

    /// Write into this file, not the launch.attest.toml of the project
    #[arg(long, value_name = "FILE")]
    attest_file: Option<PathBuf>,
}

/// What can be said.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Says {
    /// The requirement holds
    Met,
    /// It does not, or it is not known, and you look after it until a day; it passes nothing
    RiskAccepted,
    /// It does not apply
    NotApplicable,
}

impl From<Says> for WordSays {
    fn from(says: Says) -> Self {
        match says {
            Says::Met => Self::Met,
            Says::RiskAccepted => Self::RiskAccepted,
            Says::NotApplicable => Self::NotApplicable,
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &AttestArgs) -> Result<Exit, CliError> {
    let row = super::row(&args.id)?;
    let top = top(&args.path)?;
    let path = args.attest_file.clone().unwrap_or_else(|| top.join(ATTEST));
    let shown = args.attest_file.as_ref().map_or_else(|| ATTEST.to_owned(), |path| path.display().to_string());
    let today = date()?;
    let text = match path.symlink_metadata() {
        Ok(_) => file::strict_text(&path, LIMIT).map_err(|e| CliError::usage(format!("{shown}: {e}")))?,
        Err(_) => String::new(),
    };
    let before = parse(&shown, &text, &top, today)?;
    let entry = entry(args, row, &top, today)?;
    let added = with(&text, row, &entry)?;
    let after = parse(&shown, &added, &top, today)?;
    accepted(row, &before, &after)?;
    output::write(Some(&path), |out| out.write_all(added.as_bytes()))?;
    let until = after.of(row).map(|entry| entry.expires.to_string()).unwrap_or_default();
    let effect = match args.says {
        Says::RiskAccepted => "It lifts nothing; it says who looks after it.",
        Says::Met if row.word.takes_record && args.evidence.as_deref().is_some_and(|e| e.contains("://")) => {
            "It judges what a check left for review. While the row is open it lifts nothing: that takes the record of a test, as a file."
        }
        _ => "It counts unless a check fails; `cleansweep launch check` tells how the row stands.",
    };
    output::print(&format!("{}: {shown} has the word of {} until {until}. {effect}\n", row.id, args.owner))?;
    Ok(Exit::Clean)
}

/// The top of the repository that a folder is in, else the folder.
fn top(path: &Path) -> Result<PathBuf, CliError> {
    let root = cleansweep::source::worktree::Root::new(path);
    let root = root.map_err(|_| CliError::usage(format!("{}: there is no such file or folder", path.display())))?;
    Ok(root.base().to_path_buf())
}

fn entry(args: &AttestArgs, row: &Row, top: &Path, today: Date) -> Result<String, CliError> {
    let Some(statement) = &args.statement else {
        let asked = row.word.asks.clone().unwrap_or_else(|| row.requirement.clone());
        return Err(CliError::usage(format!("--statement is missing. {} asks: {asked}", row.id))
            .hint("say it in a sentence of your own, without a secret"));
    };
    let expires = args.expires.as_deref().map(|text| {
        let day = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
        day.ok_or_else(|| CliError::usage("--expires: a day is written YYYY-MM-DD, such as 2027-01-31"))
    });
    let proof = args.evidence.as_deref().map(|evidence| proof(evidence, top)).transpose()?.unwrap_or_default();
    let proof: Vec<(&str, &str)> = proof.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let draft = Draft {
        says: args.says.into(),
        statement,
        owner: &args.owner,
        role: &args.role,
        date: today,
        expires: expires.transpose()?,
        proof: &proof,
    };
    Ok(draft.entry(row))
}

/// An address as it is; of a file its path in the project and its hash.
fn proof(evidence: &str, top: &Path) -> Result<Vec<(&'static str, String)>, CliError> {
    if evidence.contains("://") {
        return Ok(vec![("url", evidence.to_owned())]);
    }
    let fail = |why: String| CliError::usage(format!("--evidence {evidence}: {why}"));
    let path = Path::new(evidence);
    let path = if path.exists() { path.to_path_buf() } else { top.join(path) };
    let hash = sha256(&path, top).map_err(fail)?;
    let real = path.canonicalize().map_err(|e| fail(e.to_string()))?;
    let top = top.canonicalize().map_err(|e| fail(e.to_string()))?;
    let inside = real.strip_prefix(&top).map_err(|_| fail("it leads out of the project".into()))?;
    let inside = inside.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    Ok(vec![("path", inside), ("sha256", hash)])
}

/// The text with an entry in place of those about the same row, else at its end.
fn with(text: &str, row: &Row, entry: &str) -> Result<String, CliError> {
    let is_header = |line: &str| line.trim_start().starts_with('[');
    let is_id = |line: &str| {
        let value = line.trim().strip_prefix("id").and_then(|rest| rest.trim_start().strip_prefix('='));
        value.is_some_and(|value| value.trim().trim_matches(['"', '\'']) == row.id)
    };
    let mut blocks: Vec<Vec<&str>> = vec![Vec::new()];
    for line in text.split_inclusive('\n') {
        if is_header(line) {
            blocks.push(Vec::new());
        }
        blocks.last_mut().expect("there is one from the beginning").push(line);
    }
    let mut replaced = false;
    let mut out = String::new();
    for block in blocks {
        if block.first().is_some_and(|line| line.trim() == "[[attest]]") && block.iter().any(|line| is_id(line)) {
            // What stands behind the last key belongs to what follows.
            let is_key = |line: &&str| line.contains('=') && !line.trim_start().starts_with('#');
            let keys = block.iter().rposition(is_key).map_or(block.len(), |last| last + 1);
            if !replaced {
                out += entry;
            }
            replaced = true;
            out.extend(block[keys..].iter().copied());
        } else {
            out.extend(block);
        }
    }
    if !replaced {
        if !out.is_empty() {
            out += if out.ends_with('\n') { "\n" } else { "\n\n" };
        }
        out += entry;
    }
    Ok(out)
}

/// Whether the new entry counts and all others are what they were.
fn accepted(row: &Row, before: &Attestations, after: &Attestations) -> Result<(), CliError> {
    let mine = |rejected: &&cleansweep::checklist::attest::Rejected| rejected.id.as_deref() == Some(row.id.as_str());
    if let Some(rejected) = after.rejected().iter().find(mine) {
        let why: Vec<String> = rejected.why.iter().map(|error| format!("`{}`: {}", error.key, error.why)).collect();
        return Err(CliError::usage(format!("{}: this would lift nothing: {}", row.id, why.join("; ")))
            .hint("nothing was written"));
    }
    let others = |words: &Attestations| -> Vec<(String, String)> {
        let others = words.held().filter(|entry| entry.id != row.id);
        others.map(|entry| (entry.id.clone(), entry.statement.clone())).collect()
    };
    if after.of(row).is_none() || others(before) != others(after) {
        return Err(CliError::usage("launch.attest.toml is written in a way that this command does not change")
            .hint("write the entry by hand; rules/checklist/README.md tells the keys"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_added_or_takes_the_place_of_that_about_its_row() {
        let row = super::super::row("MFA-01").expect("it is a row");
        let entry = "[[attest]]\nid = \"MFA-01\"\n";
        let add = |text: &str| with(text, row, entry).expect("it can be added");
        assert_eq!(add(""), entry);
        assert_eq!(add("# ours"), format!("# ours\n\n{entry}"));
        let old = "# ours\n[[attest]]\nid = 'MFA-01'\nowner = \"Bob\"\n\n# next = one\n[[attest]]\nid = \"MFA-02\"\n";
        assert_eq!(add(old), format!("# ours\n{entry}\n# next = one\n[[attest]]\nid = \"MFA-02\"\n"));
    }
}
