//! Configurations of gitleaks, version 8: read as they are, so that whoever comes from there finds with us what was found there.
//!
//! From the text ([`syntax`]) and what it extends ([`merge`]) to rules and allowlists ([`convert`]). What cannot be done here, or
//! means something else, is a [`Remark`]: a rule that is not used makes a scan incomplete, everything else makes it report more.

mod convert;
mod export;
mod go_regex;
mod literals;
mod merge;
mod syntax;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

pub use self::export::{Export, Exported, to_toml};
use self::merge::{Layer, Merged};
use super::allowlist::Allowlists;
use super::{Catalogue, Rule, RuleError, RuleSource};

/// The largest configuration that is read, in bytes.
pub const LARGEST: u64 = 4 << 20;

/// How many configurations may extend one another.
const DEEPEST: usize = 8;

/// A configuration's text.
#[derive(Clone, Debug)]
pub struct Text {
    /// How it is called in messages.
    pub place: String,
    /// Where it really is: equal for equal files.
    pub path: PathBuf,
    /// What is in it.
    pub content: String,
}

/// What a remark means for a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// A rule is not used: what it would find is not found.
    Unused,
    /// Something is different, but nothing that would be found is lost.
    Note,
}

/// Something that is not as in gitleaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// What it means.
    pub weight: Weight,
    /// The file and line.
    pub place: String,
    /// What it is about and what is done instead. Quotes no pattern and no value.
    pub message: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// What a configuration amounts to.
#[derive(Debug, Default)]
pub struct Imported {
    /// Its rules, and ours where they stand in for gitleaks' own.
    pub rules: Vec<Rule>,
    /// The ids of those that it defines itself.
    pub own: BTreeSet<String>,
    /// What does not count.
    pub allowlists: Allowlists,
    /// What is not as in gitleaks, by weight and place.
    pub remarks: Vec<Remark>,
}

/// Whether a file is a configuration of gitleaks: by its name, or by tables that only such a one has.
#[must_use]
pub fn is_configuration(name: &str, text: &str) -> bool {
    const TABLES: [&str; 6] = ["[[rules]]", "[extend]", "[allowlist]", "[[allowlists]]", "[[rules.", "[rules."];
    let header = |line: &str| {
        let line: String = line.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
        TABLES.iter().any(|table| line.starts_with(table))
    };
    name.ends_with("gitleaks.toml") || text.lines().any(header)
}

/// Reads a configuration and what it extends. `more` gives the file at a path that a configuration names.
///
/// # Errors
/// What gitleaks would refuse too, a key that is unknown, and what cannot be read.
pub fn read(first: Text, more: &mut dyn FnMut(&Text, &str) -> Result<Text, String>) -> Result<Imported, RuleError> {
    understood(merge::merge(chain(first, more)?)?)
}

fn understood(merged: Merged) -> Result<Imported, RuleError> {
    let ours = if merged.use_default { Catalogue::rules(&[RuleSource::Embedded])? } else { Vec::new() };
    let mut imported = convert::convert(merged, ours)?;
    imported.remarks.sort();
    imported.remarks.dedup();
    Ok(imported)
}

/// Says the rules of a configuration, and of what it extends, in the form of our rule files, as far as that can be done.
///
/// # Errors
/// As [`read`].
pub fn export(first: Text, more: &mut dyn FnMut(&Text, &str) -> Result<Text, String>) -> Result<Export, RuleError> {
    let merged = merge::merge(chain(first, more)?)?;
    // What is wrong is as wrong here as for a scan.
    understood(merged.clone())?;
    Ok(export::export(merged))
}

/// The configuration and those it extends, each extended by the one before it.
fn chain(first: Text, more: &mut dyn FnMut(&Text, &str) -> Result<Text, String>) -> Result<Vec<Layer>, RuleError> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut next = Some(first);
    while let Some(text) = next.take() {
        let file = syntax::parse(&text.place, &text.content)?;
        let layer = Layer { text, file };
        if let Some(extend) = &layer.file.extend {
            let place = layer.at(extend);
            let fail = |message: String| RuleError { place: place.clone(), message };
            let extend = extend.get_ref();
            if extend.path.is_some() && extend.use_default {
                return Err(fail("`extend.path` and `extend.useDefault` exclude each other".into()));
            }
            if let Some(path) = &extend.path {
                let text = more(&layer.text, path).map_err(|e| fail(format!("`extend.path`: {e}")))?;
                let known = layers.iter().chain([&layer]).any(|layer| layer.text.path == text.path);
                if known {
                    return Err(fail("`extend.path` leads back to a configuration that extends this one".into()));
                }
                if layers.len() + 1 == DEEPEST {
                    return Err(fail(format!("more than {DEEPEST} configurations extend one another")));
                }
                next = Some(text);
            }
        }
        layers.push(layer);
    }
    Ok(layers)
}
