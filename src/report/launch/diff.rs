//! Two launch reports side by side: what is better, what is worse, what is new.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::text::tame;

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// What a comparison needs of a report. Other keys are for others.
#[derive(Debug, Deserialize)]
pub struct Read {
    version: u32,
    date: String,
    readiness: String,
    rows: Vec<ReadRow>,
    rotation: ReadRotation,
}

#[derive(Debug, Deserialize)]
struct ReadRow {
    id: String,
    title: String,
    verdict: String,
    standing: String,
}

#[derive(Debug, Deserialize)]
struct ReadRotation {
    credentials: Vec<ReadCredential>,
}

#[derive(Debug, Deserialize)]
struct ReadCredential {
    credential_id: String,
    title: String,
}

/// What has changed between two reports.
#[derive(Debug, Serialize, JsonSchema, PartialEq, Eq)]
#[schemars(title = "cleansweep launch diff")]
pub struct Diff {
    /// The days of both.
    pub dates: [String; 2],
    /// What both came to.
    pub readiness: [String; 2],
    /// Rows that stand better, by id.
    pub better: Vec<Change>,
    /// Rows that stand worse.
    pub worse: Vec<Change>,
    /// Rows that are in one of the two only: the checklist itself has changed.
    pub other: Vec<Change>,
    /// Exposed credentials that the old report does not have; by their title.
    pub new_credentials: Vec<String>,
    /// Those that are exposed and open no more.
    pub settled_credentials: Vec<String>,
}

/// A row that stands otherwise.
#[derive(Debug, Serialize, JsonSchema, PartialEq, Eq)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// The requirement in a few words.
    pub title: String,
    /// How it stood.
    pub before: Option<String>,
    /// How it stands.
    pub after: Option<String>,
}

impl Read {
    /// Reads a report as `cleansweep launch report --for json` writes it.
    ///
    /// # Errors
    /// It is none, or of another version. No value is quoted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("this is no launch report: line {line}, column {column}")
        })?;
        match read.version {
            super::model::VERSION => Ok(read),
            other => Err(format!("a launch report of version {other}; this program reads {}", super::model::VERSION)),
        }
    }
}

/// The better, the less there is left to fear.
fn weight(verdict: &str) -> Option<u8> {
    ["notApplicable", "pass", "review", "open", "fail"]
        .iter()
        .zip([0, 0, 1, 2, 3])
        .find(|(v, _)| **v == verdict)
        .map(|(_, w)| w)
}

/// Compares two reports.
#[must_use]
pub fn build(old: &Read, new: &Read) -> Diff {
    let by_id = |read: &'_ Read| {
        read.rows
            .iter()
            .map(|row| (row.id.clone(), (row.title.clone(), row.verdict.clone(), row.standing.clone())))
            .collect::<BTreeMap<_, _>>()
    };
    let (before, after) = (by_id(old), by_id(new));
    let mut diff = Diff {
        dates: [old.date.clone(), new.date.clone()],
        readiness: [old.readiness.clone(), new.readiness.clone()],
        better: Vec::new(),
        worse: Vec::new(),
        other: Vec::new(),
        new_credentials: credentials(new, old),
        settled_credentials: credentials(old, new),
    };
    let mut ids: Vec<&String> = before.keys().chain(after.keys()).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let (was, is) = (before.get(id), after.get(id));
        let title = is.or(was).map(|(title, ..)| title.clone()).unwrap_or_default();
        let standing = |row: Option<&(String, String, String)>| row.map(|(_, _, standing)| standing.clone());
        let change = Change { id: id.clone(), title, before: standing(was), after: standing(is) };
        let weights = (was.and_then(|(_, v, _)| weight(v)), is.and_then(|(_, v, _)| weight(v)));
        match weights {
            (Some(was), Some(is)) if is < was => diff.better.push(change),
            (Some(was), Some(is)) if is > was => diff.worse.push(change),
            (Some(_), Some(_)) => {}
            _ => diff.other.push(change),
        }
    }
    diff
}

/// The titles of the credentials that one report has and the other has not.
fn credentials(one: &Read, other: &Read) -> Vec<String> {
    let known = |id: &str| other.rotation.credentials.iter().any(|credential| credential.credential_id == id);
    let new = one.rotation.credentials.iter().filter(|credential| !known(&credential.credential_id));
    new.map(|credential| format!("{} {}", credential.title, credential.credential_id)).collect()
}

impl Diff {
    /// Whether anything is worse than it was, or there is a row that was not there.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        !self.worse.is_empty() || !self.new_credentials.is_empty()
    }

    /// For a person at a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let [from, to] = &self.dates;
        let [was, is] = &self.readiness;
        line!(out, "{} to {}: {}, then {}\n", tame(from), tame(to), tame(was), tame(is));
        for (title, changes) in [("Worse", &self.worse), ("Better", &self.better), ("In one only", &self.other)] {
            if changes.is_empty() {
                continue;
            }
            line!(out, "{title}");
            for Change { id, title, before, after } in changes {
                let [before, after] = [before, after].map(|standing| standing.as_deref().unwrap_or("not there"));
                line!(out, "  {} {}: {}, now {}", tame(id), tame(title), tame(before), tame(after));
            }
            line!(out, "");
        }
        for (title, credentials) in [
            ("New exposed credentials", &self.new_credentials),
            ("No longer exposed and open", &self.settled_credentials),
        ] {
            if !credentials.is_empty() {
                line!(out, "{title}");
                credentials.iter().for_each(|credential| line!(out, "  {}", tame(credential)));
                line!(out, "");
            }
        }
        if self.worse.is_empty() && self.better.is_empty() && self.other.is_empty() {
            line!(out, "No row stands otherwise.");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: &[(&str, &str)], credentials: &[&str]) -> Read {
        let rows: Vec<String> = rows
            .iter()
            .map(|(id, v)| {
                format!("{{\"id\": \"{id}\", \"title\": \"t\", \"verdict\": \"{v}\", \"standing\": \"{v}\"}}")
            })
            .collect();
        let credentials: Vec<String> =
            credentials.iter().map(|id| format!("{{\"credential_id\": \"{id}\", \"title\": \"token\"}}")).collect();
        let text = format!(
            "{{\"version\": 1, \"date\": \"2026-11-22\", \"readiness\": \"ready\", \"rows\": [{}], \"rotation\": {{\"credentials\": [{}]}}}}",
            rows.join(","),
            credentials.join(",")
        );
        Read::parse(&text).expect("it is a report")
    }

    #[test]
    fn what_is_better_worse_and_new() {
        let old = report(&[("A-01", "fail"), ("A-02", "pass"), ("A-03", "open"), ("A-04", "open")], &["one", "two"]);
        let new = report(&[("A-01", "open"), ("A-02", "fail"), ("A-03", "open"), ("A-05", "pass")], &["two", "three"]);
        let diff = build(&old, &new);
        let ids = |changes: &[Change]| changes.iter().map(|change| change.id.clone()).collect::<Vec<_>>();
        assert_eq!((ids(&diff.better), ids(&diff.worse)), (vec!["A-01".into()], vec!["A-02".into()]));
        assert_eq!(ids(&diff.other), ["A-04", "A-05"]);
        assert_eq!((diff.new_credentials.len(), diff.settled_credentials.len()), (1, 1));
        assert!(diff.is_worse() && !build(&old, &old).is_worse());
        let text = diff.text();
        assert!(text.contains("Worse\n  A-02 t: pass, now fail\n"), "{text}");
        assert!(text.find("Worse") < text.find("Better"), "{text}");
        assert!(build(&old, &old).text().contains("No row stands otherwise."));
    }

    #[test]
    fn what_is_no_report_is_an_error_that_quotes_nothing() {
        for text in ["", "hunter2", "{\"version\": \"hunter2\"}", "[]"] {
            let error = Read::parse(text).expect_err(text);
            assert!(error.starts_with("this is no launch report") && !error.contains("hunter2"), "{error}");
        }
    }
}
