//! Where and when a secret was in a history.

use serde::{Deserialize, Serialize};

use super::Redactor;
use crate::blob::Origin;

/// All that a history tells of one secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The object that the finding's line and column are of; none if the secret is in a name.
    pub object: String,
    /// The places it was at, the oldest first. Never empty.
    pub exposures: Vec<Exposure>,
    /// How many different contents have it: versions of files, messages of commits.
    pub versions: u64,
    /// Each of them, if the scan was asked to list them.
    pub listed: Vec<Version>,
}

/// A secret at one path, or in one message, over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// Where it was.
    pub origin: Origin,
    /// The object that has it: of a file its first version with the secret.
    pub object: String,
    /// The line of that object on which it begins, from 1.
    pub line: u64,
    /// The commit that brought it. There is none for what was never committed.
    pub introduced: Option<Commit>,
    /// The last commit that took it away, if it is not in `HEAD`.
    pub removed: Option<Commit>,
    /// Branches, tags and other names from which the commit that brought it can be reached, the main ones first.
    pub refs: Vec<String>,
    /// How many more of them there are.
    pub more_refs: u64,
    /// Whether it is in the commit that is checked out.
    pub in_head: bool,
}

impl Exposure {
    /// Whether no name leads to it, so that only who knows it, or scans, finds it.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        self.refs.is_empty()
    }
}

impl Exposure {
    /// When it came and went: `added 2021-03-04 by … in …, removed 2021-05-01 by … in …`.
    #[must_use]
    pub fn told(&self) -> String {
        let came = match &self.introduced {
            Some(commit) => format!("added {}", commit.told()),
            None => "in no commit".to_owned(),
        };
        match &self.removed {
            _ if self.in_head => format!("{came}, still in HEAD"),
            Some(commit) => format!("{came}, removed {}", commit.told()),
            None => came,
        }
    }

    /// What leads to it: `on main, v1.0 and 12 more`.
    #[must_use]
    pub fn led_to_by(&self, most: usize) -> String {
        if self.is_unreachable() {
            return "no branch or tag leads to it".to_owned();
        }
        let names = self.refs.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
        match self.refs.len().saturating_sub(most) as u64 + self.more_refs {
            0 => format!("on {names}"),
            more => format!("on {names} and {more} more"),
        }
    }
}

/// Who made a commit, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its name.
    pub id: String,
    /// Its author, `Name <address>`.
    pub author: String,
    /// When the author made it, ISO 8601 with the author's time zone.
    pub date: String,
}

impl Commit {
    /// `2021-03-04 by Ada <ada@acme.test> in 1a2b3c4d5e`.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{} by {} in {}", self.day(), self.author, self.short())
    }

    /// The first ten digits of its name.
    #[must_use]
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }

    /// The day it was made, `YYYY-MM-DD`.
    #[must_use]
    pub fn day(&self) -> &str {
        self.date.get(..10).unwrap_or(&self.date)
    }
}

/// A content that has the secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The path, or what stands for it.
    pub path: String,
    /// The object.
    pub object: String,
    /// The first commit that has this content at this path.
    pub commit: Option<String>,
    /// First line, from 1.
    pub line: u64,
    /// First column, from 1, in UTF-16 code units.
    pub column: u64,
}

impl History {
    /// Masks in everything every secret that is known.
    pub fn redact(&mut self, redactor: &Redactor) {
        let mask = |text: &mut String| *text = redactor.mask(text);
        for exposure in &mut self.exposures {
            exposure.origin.change_paths(&mut |path| *path = redactor.mask_path(path));
            exposure.refs.iter_mut().for_each(mask);
            let commits = [&mut exposure.introduced, &mut exposure.removed];
            commits.into_iter().flatten().for_each(|commit| mask(&mut commit.author));
        }
        self.listed.iter_mut().for_each(|version| version.path = redactor.mask_path(&version.path));
    }
}
