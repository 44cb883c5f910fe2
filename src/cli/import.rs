//! `cleansweep rules import`.

use std::path::Path;

use cleansweep::detect::example;
use cleansweep::rule::Catalogue;
use cleansweep::rule::gitleaks::{self, Exported};
use cleansweep::rule::syntax::{ProviderFile, RuleSyntax};

use super::error::CliError;
use super::exit::Exit;
use super::gitleaks::{open, tame, wrong};
use super::output;

/// The file that is written.
const NAME: &str = "custom.toml";

/// What no rule finds anything in.
const MISS: &str = "nothing to see here";

/// Writes the rules of a configuration as a rule file, whole or not at all.
pub(crate) fn run(file: &Path, folder: Option<&Path>) -> Result<Exit, CliError> {
    let (first, mut more) = open(file)?;
    let export = gitleaks::export(first, &mut more).map_err(wrong)?;
    let mut lost: Vec<String> = export.remarks.iter().map(ToString::to_string).collect();
    let rules = with_examples(export.rules, &mut lost)?;
    for line in &lost {
        anstream::eprintln!("cleansweep: {}", tame(line));
    }
    if rules.is_empty() {
        return Err(CliError::usage(format!("{}: none of its rules can be written in our form", file.display()))
            .hint("scan with --config to use it as it is"));
    }
    let text = gitleaks::to_toml(&rules);
    check(&text)?;
    match folder {
        None => output::print(&text)?,
        Some(folder) => write(folder, &text)?,
    }
    Ok(if lost.is_empty() { Exit::Clean } else { Exit::Incomplete })
}

/// The rules that pass an example, which every rule file must have.
fn with_examples(exported: Vec<Exported>, lost: &mut Vec<String>) -> Result<Vec<RuleSyntax>, CliError> {
    let mut file = empty()?;
    let mut rules = Vec::new();
    for Exported { place, mut rule } in exported {
        rule.miss = vec![MISS.into()];
        file.rule = Vec::new();
        match example::hit(&file, &rule) {
            Some(hit) => rules.push(RuleSyntax { hit: vec![hit], ..rule }),
            None => lost.push(format!("{place}: `{}` is not written: no example is drawn from its regex", rule.id)),
        }
    }
    Ok(rules)
}

/// A rule file without rules.
fn empty() -> Result<ProviderFile, CliError> {
    let catalogue = Catalogue::from_toml(NAME, &gitleaks::to_toml(&[])).map_err(wrong)?;
    catalogue.files().first().cloned().ok_or_else(|| CliError::usage("no rule file can be made"))
}

/// What is written must be taken by `--rules` and pass `rules test`.
fn check(text: &str) -> Result<(), CliError> {
    let catalogue = Catalogue::from_toml(NAME, text).map_err(wrong)?;
    catalogue.validate().map_err(wrong)
}

fn write(folder: &Path, text: &str) -> Result<(), CliError> {
    let path = folder.join(NAME);
    // Somebody may have written the runbook in it.
    if path.exists() {
        return Err(CliError::usage(format!("{}: it is there already", path.display()))
            .hint("name another folder, or move the file away"));
    }
    std::fs::create_dir_all(folder).map_err(|e| CliError::write(folder, &e))?;
    output::write(Some(&path), |out| out.write_all(text.as_bytes()))
}
