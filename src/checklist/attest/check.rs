//! One entry of a `launch.attest.toml`, key by key.

use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use super::{Against, Attestation, Proof, Rejected, Renewal};
use crate::checklist::file::{FileError, Text, address};
use crate::checklist::row::Row;
use crate::checklist::verdict::WordSays;

/// What stands in a field that nobody has filled in.
const PLACEHOLDERS: &[&str] = &[
    "", "-", "?", "??", "???", "tbd", "tba", "tbc", "todo", "fixme", "n/a", "na", "none", "nobody", "no one",
    "someone", "somebody", "anyone", "unknown", "unassigned", "owner", "name", "your name", "role", "team", "the team",
    "me", "x", "xx", "xxx", "...", "…",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSyntax {
    #[serde(default)]
    pub(super) attest: Vec<Spanned<EntrySyntax>>,
}

/// Everything is optional here, so that what is missing is told for the entry and does not lose the others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntrySyntax {
    id: Option<Spanned<String>>,
    says: Option<Spanned<String>>,
    statement: Option<Spanned<String>>,
    owner: Option<Spanned<String>>,
    role: Option<Spanned<String>>,
    date: Option<Spanned<toml::Value>>,
    expires: Option<Spanned<toml::Value>>,
    path: Option<Spanned<String>>,
    sha256: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    commit: Option<Spanned<String>>,
}

pub(super) enum Checked {
    Held(Attestation),
    Rejected(Rejected),
}

/// Checks one entry and collects what is wrong with it.
pub(super) struct Check<'t> {
    text: Text<'t>,
    entry: &'t Spanned<EntrySyntax>,
    against: &'t Against<'t>,
    errors: Vec<FileError>,
}

impl<'t> Check<'t> {
    pub(super) fn new(text: Text<'t>, entry: &'t Spanned<EntrySyntax>, against: &'t Against<'t>) -> Self {
        Self { text, entry, against, errors: Vec::new() }
    }

    pub(super) fn fail_twice(&mut self) {
        let why = "an entry above is about the same row; replace that one";
        self.fail("id", self.entry.get_ref().id.as_ref(), why);
    }

    /// Notes what is wrong, at the value where there is one and else at the entry.
    fn fail<T>(&mut self, key: &str, value: Option<&Spanned<T>>, why: impl Into<String>) {
        let span: Range<usize> = value.map_or_else(|| self.entry.span(), Spanned::span);
        self.errors.push(self.text.error(&span, format!("attest.{key}"), why));
    }

    /// The row it is about.
    pub(super) fn row(&mut self) -> Option<&'t Row> {
        let id = self.entry.get_ref().id.as_ref();
        let Some(written) = id else {
            self.fail("id", id, "missing: which row is it about?");
            return None;
        };
        let row = self.against.checklist.rows().iter().find(|row| row.id == *written.get_ref());
        if row.is_none() {
            self.fail("id", id, "the checklist has no such row");
        }
        row
    }

    /// Checks the rest.
    pub(super) fn entry(mut self, row: Option<&'t Row>) -> Checked {
        let entry = self.entry.get_ref();
        let says = self.says(row);
        let statement = self.filled("statement", entry.statement.as_ref(), "what was seen, in a sentence");
        let owner = self.filled("owner", entry.owner.as_ref(), "the name of the person who says it");
        let role = self.filled("role", entry.role.as_ref(), "what the owner is in the project");
        let proof = self.proof(says);
        self.record(row, says, proof.as_ref());
        let commit = self.commit();
        let date = self.day();
        let expires = self.expiry(row, date);
        let place = self.text.place(&self.entry.span());
        let (Some(row), Some(says), Some(date), Some(expires)) = (row, says, date, expires) else {
            return Checked::Rejected(Rejected { id: row.map(|row| row.id.clone()), why: self.errors, lapsed: None });
        };
        let id = row.id.clone();
        let held = Attestation { id: id.clone(), says, statement, owner, role, date, expires, proof, commit, place };
        let is_sound = self.errors.is_empty();
        let has_lapsed = expires < self.against.today;
        if has_lapsed {
            let why = format!("lapsed on {expires}; look again, then give it a new date");
            self.fail("expires", entry.expires.as_ref(), why);
        }
        if self.errors.is_empty() {
            return Checked::Held(held);
        }
        let lapsed = (is_sound && has_lapsed).then(|| Renewal::new(&held, self.against.today));
        Checked::Rejected(Rejected { id: Some(id), why: self.errors, lapsed })
    }

    /// What is said, if the row lets it be said.
    fn says(&mut self, row: Option<&Row>) -> Option<WordSays> {
        let written = self.entry.get_ref().says.as_ref();
        let says = match written.map(|says| says.get_ref().as_str()) {
            None | Some("met") => WordSays::Met,
            Some("risk-accepted") => WordSays::RiskAccepted,
            Some("not-applicable") => WordSays::NotApplicable,
            Some(_) => {
                self.fail("says", written, "one of \"met\", \"risk-accepted\" and \"not-applicable\"");
                return None;
            }
        };
        let row = row?;
        let id = self.entry.get_ref().id.as_ref();
        match says {
            WordSays::Met if !row.word.lifts_review && !row.word.takes_record => {
                self.fail("id", id, format!("`{}` is not attestable: only what was checked decides it", row.id));
            }
            WordSays::NotApplicable if row.not_applicable_if.is_none() => {
                self.fail("says", written, format!("`{}` applies to every product", row.id));
            }
            WordSays::Met | WordSays::NotApplicable | WordSays::RiskAccepted => {}
        }
        Some(says)
    }

    fn filled(&mut self, key: &str, value: Option<&Spanned<String>>, what: &str) -> String {
        let text = value.map(|value| value.get_ref().trim()).unwrap_or_default();
        let bare = text.trim_matches(|c: char| c.is_ascii_punctuation() && !"?.".contains(c)).trim().to_lowercase();
        if value.is_none() {
            self.fail(key, value, format!("missing: {what}"));
        } else if PLACEHOLDERS.contains(&bare.as_str()) || !text.contains(char::is_alphabetic) {
            self.fail(key, value, format!("this is a place-holder; it says {what}"));
        } else if text.contains(char::is_control) {
            self.fail(key, value, "it has a control character or a line break");
        }
        text.to_owned()
    }

    fn date(&mut self, key: &str, value: &Spanned<toml::Value>) -> Option<Date> {
        let text = match value.get_ref() {
            toml::Value::String(text) => text.clone(),
            toml::Value::Datetime(date) => date.to_string(),
            _ => String::new(),
        };
        let date = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
        if date.is_none() {
            self.fail(key, Some(value), "a day is written 2026-11-22, and has to exist");
        }
        date
    }

    fn day(&mut self) -> Option<Date> {
        let Some(value) = self.entry.get_ref().date.as_ref() else {
            self.fail::<String>("date", None, "missing: the day on which it was seen");
            return None;
        };
        let date = self.date("date", value)?;
        if date > self.against.today {
            self.fail("date", Some(value), format!("{date} is in the future; today is {}", self.against.today));
        }
        Some(date)
    }

    /// The last day: as written, else as long as the row allows, and never longer.
    fn expiry(&mut self, row: Option<&Row>, date: Option<Date>) -> Option<Date> {
        let written = self.entry.get_ref().expires.as_ref();
        let expires = written.and_then(|value| self.date("expires", value));
        let (row, date) = (row?, date?);
        let Ok(last) = date.checked_add(i32::from(row.word.days).days()) else {
            self.fail("date", self.entry.get_ref().date.as_ref(), "this is too late a day to reckon with");
            return None;
        };
        match (written, expires) {
            (Some(_), None) => return None,
            (Some(value), Some(expires)) if expires < date => {
                self.fail("expires", Some(value), format!("{expires} is before its date, {date}"));
            }
            (Some(value), Some(expires)) if expires > last => {
                let days = row.word.days;
                let why = format!("`{}` holds for {days} days at most: until {last}", row.id);
                self.fail("expires", Some(value), why);
            }
            _ => {}
        }
        Some(expires.unwrap_or(last))
    }

    /// What shows it. Only a risk can be accepted without: that lifts nothing.
    fn proof(&mut self, says: Option<WordSays>) -> Option<Proof> {
        let entry = self.entry.get_ref();
        match (entry.url.as_ref(), entry.path.as_ref(), entry.sha256.as_ref()) {
            (None, None, None) => {
                if says != Some(WordSays::RiskAccepted) {
                    self.fail::<String>("url", None, "no evidence: either `url`, or `path` and `sha256`");
                }
                None
            }
            (Some(url), None, None) => {
                let parts = address(url.get_ref());
                if !parts.as_ref().is_some_and(|parts| parts.scheme == "https" && parts.host.contains('.')) {
                    self.fail("url", Some(url), "an address is written like https://example.com/page, without a user");
                } else if parts.is_some_and(|parts| is_nowhere(parts.host)) {
                    self.fail("url", Some(url), "no such host can be: nobody could look at the evidence there");
                }
                Some(Proof::Page(url.get_ref().clone()))
            }
            (None, Some(path), Some(sha256)) => self.file(path, sha256),
            (None, Some(path), None) => {
                self.fail("path", Some(path), "it goes with `sha256`, so that a change of the file is seen");
                None
            }
            (None, None, Some(sha256)) => {
                self.fail("sha256", Some(sha256), "it goes with `path`: of which file?");
                None
            }
            (Some(url), _, _) => {
                self.fail("url", Some(url), "either `url`, or `path` and `sha256`, not both");
                None
            }
        }
    }

    /// A probe that somebody made is shown by what it said: a page could say anything later.
    fn record(&mut self, row: Option<&Row>, says: Option<WordSays>, proof: Option<&Proof>) {
        let Some(row) = row.filter(|row| row.word.takes_record && !row.word.lifts_review) else { return };
        if says == Some(WordSays::Met) && matches!(proof, Some(Proof::Page(_))) {
            let why = format!(
                "`{}` is seen only by asking the running product: the record of that is a file of the project, with `path` and `sha256`",
                row.id
            );
            self.fail("url", self.entry.get_ref().url.as_ref(), why);
        }
    }

    fn file(&mut self, path: &Spanned<String>, sha256: &Spanned<String>) -> Option<Proof> {
        let hash = sha256.get_ref().to_ascii_lowercase();
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.fail("sha256", Some(sha256), "a SHA-256 is 64 hexadecimal digits");
            return None;
        }
        if !is_inside(path.get_ref()) {
            self.fail(
                "path",
                Some(path),
                "a path is written with /, and leads from the project's folder to a file in it",
            );
            return None;
        }
        match (self.against.sha256)(path.get_ref()) {
            Ok(now) if now == hash => {}
            Ok(_) => {
                self.fail("sha256", Some(sha256), "the file has changed since; look again, then give the new hash")
            }
            Err(why) => self.fail("path", Some(path), format!("the evidence cannot be read: {why}")),
        }
        Some(Proof::File { path: path.get_ref().clone(), sha256: hash })
    }

    fn commit(&mut self) -> Option<String> {
        let written = self.entry.get_ref().commit.as_ref()?;
        let id = written.get_ref();
        if !(7..=64).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.fail("commit", Some(written), "a commit is 7 to 64 hexadecimal digits");
            return None;
        }
        Some(id.to_ascii_lowercase())
    }
}

/// Whether a host is one that there never is, or that each machine is for itself (RFC 2606, RFC 6761).
fn is_nowhere(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(last.as_str(), "invalid" | "test" | "example" | "localhost") || host.starts_with("127.")
}

/// Whether a path stays in the folder it begins in.
fn is_inside(path: &str) -> bool {
    let is_name = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
    path.split('/').all(is_name)
}
