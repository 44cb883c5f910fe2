//! Where rules come from: the embedded catalogue and the user's files.

use std::path::{Path, PathBuf};

use super::syntax::ProviderFile;
use super::{Rule, RuleError, RuleSet, Runbook};

/// Rules of every embedded file, without examples and runbooks.
const HOT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalogue.hot"));

/// The embedded files whole.
const FULL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/catalogue.full"));

/// Where the files of a catalogue come from.
#[derive(Clone, Debug)]
pub enum RuleSource {
    /// Packed into this binary.
    Embedded,
    /// A file, or a folder of `.toml` files.
    Path(PathBuf),
    /// The rules for personal data, which are not used unless asked for.
    Personal,
}

/// Rule files as they were written: rules, examples and runbooks.
#[derive(Debug, Default)]
pub struct Catalogue {
    files: Vec<ProviderFile>,
}

impl Catalogue {
    /// The embedded catalogue, whole. Costs a few milliseconds; a scan that finds nothing does not need it.
    #[must_use]
    pub fn embedded() -> Self {
        Self { files: postcard::from_bytes(FULL).expect("build.rs wrote it with these types") }
    }

    /// The rules for personal data.
    #[must_use]
    pub fn personal() -> Self {
        Self { files: vec![super::personal::file()] }
    }

    /// Reads the user's rule files: a file, or every `.toml` file of a folder.
    ///
    /// # Errors
    /// What cannot be read or does not parse, with file and line.
    #[expect(clippy::disallowed_methods, reason = "the user named these files as rules")]
    pub fn read(path: &Path) -> Result<Self, RuleError> {
        let fail = |path: &Path, message: String| RuleError { place: path.display().to_string(), message };
        let mut paths = Vec::new();
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|e| fail(path, e.to_string()))?;
            for entry in entries {
                let entry = entry.map_err(|e| fail(path, e.to_string()))?.path();
                if entry.extension().is_some_and(|e| e == "toml") {
                    paths.push(entry);
                }
            }
            paths.sort();
            if paths.is_empty() {
                return Err(fail(path, "the folder has no .toml file".into()));
            }
        } else {
            paths.push(path.into());
        }
        let mut catalogue = Self::default();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|e| fail(&path, e.to_string()))?;
            catalogue.files.push(parse(&path.display().to_string(), &text)?);
        }
        Ok(catalogue)
    }

    /// Parses one rule file; `place` names it in errors.
    ///
    /// # Errors
    /// What does not parse, with the line.
    pub fn from_toml(place: &str, text: &str) -> Result<Self, RuleError> {
        Ok(Self { files: vec![parse(place, text)?] })
    }

    /// The embedded catalogue's rules and those of the user's `sources`, checked and compiled where they are the user's.
    ///
    /// # Errors
    /// What is wrong with the user's rules.
    pub fn load(sources: &[RuleSource]) -> Result<RuleSet, RuleError> {
        let set = RuleSet::new(Self::rules(sources)?);
        // Hashing 200 rules takes as long as scanning a small file.
        let ours_alone = matches!(sources, [RuleSource::Embedded]);
        Ok(if ours_alone { set.with_digest(env!("CATALOGUE_DIGEST")) } else { set })
    }

    /// The same rules, not yet put together.
    ///
    /// # Errors
    /// What is wrong with the user's rules.
    pub fn rules(sources: &[RuleSource]) -> Result<Vec<Rule>, RuleError> {
        let mut rules = Vec::new();
        for source in sources {
            match source {
                RuleSource::Embedded => {
                    let hot: Vec<ProviderFile> = postcard::from_bytes(HOT).expect("build.rs wrote it with these types");
                    rules.extend((Self { files: hot }).checked()?);
                }
                RuleSource::Personal => rules.extend(super::personal::rules()),
                RuleSource::Path(path) => {
                    let user = Self::read(path)?;
                    user.validate()?;
                    rules.extend(user.checked()?);
                }
            }
        }
        Ok(rules)
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[ProviderFile] {
        &self.files
    }

    /// Adds the files of `other`.
    pub fn extend(&mut self, other: Self) {
        self.files.extend(other.files);
    }

    /// The runbook with this id; the last one where several files define it.
    #[must_use]
    pub fn runbook(&self, id: &str) -> Option<&Runbook> {
        self.files.iter().rev().flat_map(|file| &file.rotation).find(|runbook| runbook.id == id)
    }

    /// The rules, checked, their patterns not yet compiled.
    ///
    /// # Errors
    /// The first rule that is wrong.
    pub fn checked(&self) -> Result<Vec<Rule>, RuleError> {
        let mut rules = Vec::new();
        for file in &self.files {
            for syntax in &file.rule {
                rules.push(
                    Rule::check(file, syntax)
                        .map_err(|message| RuleError { place: format!("rules of `{}`", file.provider.id), message })?,
                );
            }
        }
        Ok(rules)
    }

    /// Checks what [`Catalogue::checked`] leaves for later: patterns compile, ids are unique, every rule has
    /// its runbook and at least one example of each kind.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self) -> Result<(), RuleError> {
        let mut seen = std::collections::BTreeSet::new();
        for file in &self.files {
            let fail = |message| RuleError { place: format!("rules of `{}`", file.provider.id), message };
            for syntax in &file.rule {
                let id = &syntax.id;
                Rule::check(file, syntax).and_then(|rule| rule.compile()).map_err(fail)?;
                if !seen.insert(id.clone()) {
                    return Err(fail(format!("`{id}`: there are two rules with this id")));
                }
                if !file.rotation.iter().any(|r| r.id == syntax.rotation) {
                    return Err(fail(format!("`{id}`: its file has no [[rotation]] `{}`", syntax.rotation)));
                }
                if syntax.hit.is_empty() || syntax.miss.is_empty() {
                    return Err(fail(format!("`{id}`: a rule needs `hit` and `miss` examples")));
                }
            }
        }
        Ok(())
    }
}

fn parse(place: &str, text: &str) -> Result<ProviderFile, RuleError> {
    toml::from_str(text).map_err(|e| {
        let line = e.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        RuleError {
            place: line.map_or_else(|| place.to_owned(), |line| format!("{place}:{line}")),
            message: e.message().to_owned(),
        }
    })
}
