//! `launch.attest.toml`: what persons have given their word for. An entry that is not in order lifts nothing, and
//! says why.

mod check;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use self::check::{Check, Checked, FileSyntax};
use super::file::{FileError, Text};
use super::row::{Checklist, Row};
use super::verdict::{Word, WordSays};

/// An entry that will lapse within so many days is to be renewed.
pub const RENEW_WITHIN: i32 = 14;

/// An entry that is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The row.
    pub id: String,
    /// What is said of it.
    pub says: WordSays,
    /// In the person's own words.
    pub statement: String,
    /// Who says it.
    pub owner: String,
    /// As what.
    pub role: String,
    /// When.
    pub date: Date,
    /// The last day on which it holds.
    pub expires: Date,
    /// What shows it.
    pub proof: Option<Proof>,
    /// The commit that was looked at.
    pub commit: Option<String>,
    /// The file and line of the entry.
    pub place: String,
}

/// What shows that an attestation is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A file of the project.
    File {
        /// Its path from the project's folder, with `/`.
        path: String,
        /// The SHA-256 of its content, 64 small hexadecimal digits.
        sha256: String,
    },
    /// A page.
    Page(String),
}

impl Proof {
    /// How it is shown: an address without its query, which may hold a signature.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::File { path, .. } => path,
            Self::Page(url) => url.split(['?', '#']).next().unwrap_or_default(),
        }
    }
}

/// An entry that lifts nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The row, where there is such a row.
    pub id: Option<String>,
    /// Everything that is wrong with it; never empty.
    pub why: Vec<FileError>,
    /// What to renew, where all that is wrong is that it has lapsed.
    pub lapsed: Option<Renewal>,
}

/// When a word has to be given again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Renewal {
    /// The last day on which it holds.
    pub expires: Date,
    /// The row.
    pub id: String,
    /// Who gave it.
    pub owner: String,
    /// Days that are left, from today; negative where it has lapsed.
    pub days_left: i32,
}

impl Renewal {
    /// Whether it is time.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.days_left <= RENEW_WITHIN
    }

    fn new(entry: &Attestation, today: Date) -> Self {
        let days_left = (entry.expires - today).get_days();
        Self { expires: entry.expires, id: entry.id.clone(), owner: entry.owner.clone(), days_left }
    }
}

/// The entries of a `launch.attest.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attestations {
    /// Those that are in order, by row.
    held: BTreeMap<String, Attestation>,
    /// Those that are not.
    rejected: Vec<Rejected>,
}

/// What entries are held against.
pub struct Against<'a> {
    /// The rows.
    pub checklist: &'a Checklist,
    /// The day on which it is checked.
    pub today: Date,
    /// The SHA-256 of a file of the project in small hexadecimal digits, or why it cannot be read.
    pub sha256: &'a dyn Fn(&str) -> Result<String, String>,
}

impl Attestations {
    /// Parses the text of a `launch.attest.toml` and checks each entry; `name` is how errors call the file.
    ///
    /// # Errors The text is no TOML, or has an unknown key or a value of the wrong type. What is wrong with single
    /// entries is in [`Attestations::rejected`].
    pub fn parse(name: &str, text: &str, against: &Against<'_>) -> Result<Self, FileError> {
        let text = Text::new(name, text);
        let syntax: FileSyntax = text.parse()?;
        let mut this = Self::default();
        let mut seen = BTreeSet::new();
        for entry in &syntax.attest {
            let mut check = Check::new(text, entry, against);
            let row = check.row();
            if row.is_some_and(|row| !seen.insert(&row.id)) {
                check.fail_twice();
            }
            match check.entry(row) {
                Checked::Held(attestation) => drop(this.held.insert(attestation.id.clone(), attestation)),
                Checked::Rejected(rejected) => this.rejected.push(rejected),
            }
        }
        Ok(this)
    }

    /// The entries that are in order, by row.
    pub fn held(&self) -> impl Iterator<Item = &Attestation> {
        self.held.values()
    }

    /// The entries that lift nothing.
    #[must_use]
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// What was said of a row.
    #[must_use]
    pub fn of(&self, row: &Row) -> Option<&Attestation> {
        self.held.get(&row.id)
    }

    /// What was said of a row, for [`super::Standing::new`].
    #[must_use]
    pub fn word(&self, row: &Row) -> Option<Word> {
        self.of(row).map(|entry| Word {
            says: entry.says,
            lifts_open: row.word.lifts_open || row.word.takes_record && matches!(entry.proof, Some(Proof::File { .. })),
            by: entry.owner.clone(),
            until: entry.expires,
        })
    }

    /// When each word has to be given again, the most urgent first, those that have lapsed before all.
    #[must_use]
    pub fn renewals(&self, today: Date) -> Vec<Renewal> {
        let lapsed = self.rejected.iter().filter_map(|rejected| rejected.lapsed.clone());
        let mut renewals: Vec<Renewal> =
            self.held.values().map(|entry| Renewal::new(entry, today)).chain(lapsed).collect();
        renewals.sort();
        renewals
    }
}
