//! The baseline: what is known and accepted, one line for each credential and place.
//!
//! A line names the credential by a hash with the line's salt, so that it is the same on every machine, and the place by a
//! hash of that name and the path. So a line survives moved lines, squashes and rebases; at another path the same
//! credential is another place. Anybody who reads the file could try likely values against a name, therefore that
//! of a value that can be guessed is cut to [`SHORT`] digits: very many values fit it, and another value put in the same place fits
//! by a chance of one to a million.
//!
//! Each line stands for itself. Lines can be in any order and there twice, so that merging two baselines is taking the
//! lines of both.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::Finding;
use super::super::silence::{Silence, SilencedBy};
use super::salted::{self, LONG, Names, SALTS, SHORT};
use super::{Day, places};
use crate::blob::Origin;
use crate::rule::{Confidence, RuleSet};
use crate::secret::FingerprintKeys;

/// The name of the file, at the top of a project.
pub const BASELINE: &str = ".cleansweep-baseline.jsonl";

/// A larger file is no baseline, in bytes.
pub const BASELINE_LIMIT: u64 = 64 << 20;

/// The version that is written, and the newest that is read.
const VERSION: u64 = 1;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    v: u64,
    /// Where the credential is, for people; secrets in it are masked.
    pub path: String,
    /// The rule that found it, for people.
    pub rule: String,
    /// How sure that was: a scan for surer ones does not see it.
    confidence: Confidence,
    salt: String,
    /// Names the credential.
    name: String,
    /// Names it at its place.
    mark: String,
    /// Why it is accepted.
    pub reason: String,
    /// Who said so.
    pub author: String,
    /// When.
    pub created: Day,
    /// The last day it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Day>,
}

/// Who accepts what is found, and why.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// Who.
    pub author: String,
    /// The day it is said.
    pub today: Day,
    /// The last day it holds.
    pub expires: Option<Day>,
}

/// A baseline that was read, or that is to be written.
#[derive(Clone, Default)]
pub struct Baseline {
    /// How its file is called.
    place: String,
    /// Each with the line it is at.
    entries: Vec<(usize, Entry)>,
    by_mark: HashMap<String, Vec<usize>>,
    names: HashSet<String>,
    salts: BTreeMap<String, FingerprintKeys>,
}

/// What a finding is to a baseline.
#[derive(Clone, Debug, Default)]
pub struct Match {
    /// It is accepted at all of its places.
    pub silence: Option<Silence>,
    /// The entries of its places, expired ones too.
    pub entries: Vec<usize>,
    /// It is not at all places, but the credential is in the baseline.
    pub elsewhere: bool,
}

#[derive(Deserialize)]
struct Versioned {
    v: u64,
}

impl Baseline {
    /// Reads a baseline; `place` is how its file is called.
    ///
    /// # Errors
    /// A line that is none of a baseline, or of a newer version, with its number. No value is quoted: what was given may be
    /// something else.
    pub fn parse(place: &str, text: &str) -> Result<Self, String> {
        let mut baseline = Self { place: place.into(), ..Self::default() };
        for (line, text) in (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines()) {
            let text = text.trim();
            if !text.is_empty() {
                baseline.push(line, read(text).map_err(|message| format!("{place}:{line}: {message}"))?);
            }
        }
        if baseline.salts.len() > SALTS {
            let found = baseline.salts.len();
            return Err(format!("{place}: it has {found} salts, more than {SALTS}; make it anew"));
        }
        Ok(baseline)
    }

    fn push(&mut self, line: usize, entry: Entry) {
        self.salts.entry(entry.salt.clone()).or_insert_with_key(|salt| keys(salt));
        self.names.insert(entry.name.clone());
        self.by_mark.entry(entry.mark.clone()).or_default().push(self.entries.len());
        self.entries.push((line, entry));
    }

    /// The entries, each with its line.
    #[must_use]
    pub fn entries(&self) -> &[(usize, Entry)] {
        &self.entries
    }

    /// How an entry is called.
    #[must_use]
    pub fn place(&self, entry: usize) -> String {
        format!("{}:{}", self.place, self.entries[entry].0)
    }

    /// What a finding is to the baseline on a day.
    #[must_use]
    pub fn find(&self, finding: &Finding, today: Day) -> Match {
        let mut found = Match::default();
        if self.entries.is_empty() {
            return found;
        }
        let names: Vec<Names> = self.salts.iter().map(|(salt, keys)| Names::new(salt, keys, &finding.secret)).collect();
        let mut accepted = true;
        for origin in places(finding) {
            let marks = names.iter().flat_map(|names| marks(names, origin));
            let entries: Vec<usize> = marks.filter_map(|mark| self.by_mark.get(&mark)).flatten().copied().collect();
            let holds = entries.iter().find(|&&entry| !self.entries[entry].1.is_expired(today));
            match holds {
                Some(&entry) if found.silence.is_none() => {
                    let reason = self.entries[entry].1.reason.clone();
                    found.silence = Some(Silence { by: SilencedBy::Baseline, place: self.place(entry), reason });
                }
                Some(_) => {}
                None => accepted = false,
            }
            found.elsewhere |= entries.is_empty();
            found.entries.extend(entries);
        }
        if !accepted {
            found.silence = None;
        }
        let known = |names: &Names| names.both().iter().any(|name| self.names.contains(*name));
        found.elsewhere &= !accepted && names.iter().any(known);
        found
    }

    /// Adds an entry for each place of a finding that has none. Says how many.
    pub fn accept(&mut self, finding: &Finding, rules: &RuleSet, salt: &str, acceptance: &Acceptance) -> usize {
        let before = self.entries.len();
        let names = Names::new(salt, &keys(salt), &finding.secret);
        let known: Vec<Names> = self.salts.iter().map(|(salt, keys)| Names::new(salt, keys, &finding.secret)).collect();
        for origin in places(finding) {
            let mut marks = known.iter().flat_map(|names| marks(names, origin));
            let holds = |entry: &usize| !self.entries[*entry].1.is_expired(acceptance.today);
            if marks.any(|mark| self.by_mark.get(&mark).is_some_and(|entries| entries.iter().any(holds))) {
                continue;
            }
            let name = names.written(&finding.secret).to_owned();
            let entry = Entry {
                v: VERSION,
                path: origin.path().into(),
                rule: rules.get(finding.rule).id.clone(),
                confidence: finding.confidence,
                salt: salt.into(),
                mark: mark(salt, &name, origin),
                name,
                reason: acceptance.reason.clone(),
                author: acceptance.author.clone(),
                created: acceptance.today,
                expires: acceptance.expires,
            };
            self.push(0, entry);
        }
        self.entries.len() - before
    }

    /// The salt for new entries: that of most of those there are.
    #[must_use]
    pub fn salt(&self) -> Option<&str> {
        let count = |salt: &String| self.entries.iter().filter(|(_, entry)| entry.salt == *salt).count();
        self.salts.keys().max_by_key(|salt| count(salt)).map(String::as_str)
    }

    /// The lines of those entries that `keep` wants, by number: sorted, each once.
    #[must_use]
    pub fn lines(&self, keep: impl Fn(usize) -> bool) -> String {
        let kept = (0..self.entries.len()).filter(|&entry| keep(entry));
        let lines = kept.filter_map(|entry| serde_json::to_string(&self.entries[entry].1).ok());
        let lines: std::collections::BTreeSet<String> = lines.collect();
        lines.into_iter().map(|line| line + "\n").collect()
    }
}

impl Entry {
    /// Whether it no longer holds.
    #[must_use]
    pub fn is_expired(&self, today: Day) -> bool {
        self.expires.is_some_and(|expires| expires < today)
    }

    /// Whether a scan for findings of at least `least` would see it.
    #[must_use]
    pub fn is_seen_at(&self, least: Confidence) -> bool {
        self.confidence >= least
    }
}

fn read(text: &str) -> Result<Entry, String> {
    if salted::is_conflict(text) {
        return Err("a conflict that git left; keep the lines of both sides and remove those of the conflict".into());
    }
    let wrong = |e: serde_json::Error| match e.to_string() {
        message if message.starts_with("unknown field") || message.starts_with("missing field") => {
            let message = message.split(" at line").next().unwrap_or_default().to_owned();
            format!("it is no entry of a baseline: {message}")
        }
        _ => format!("it is no entry of a baseline: column {} is not as it should be", e.column()),
    };
    let Versioned { v } = serde_json::from_str(text).map_err(wrong)?;
    if v > VERSION {
        return Err(format!("it is of version {v}, and this cleansweep reads up to {VERSION}; use a newer one"));
    }
    let entry: Entry = serde_json::from_str(text).map_err(wrong)?;
    let hex = salted::is_hex;
    let checks = [
        (v == VERSION, "v"),
        (hex(&entry.salt, &[LONG]), "salt"),
        (hex(&entry.name, &[SHORT, LONG]), "name"),
        (hex(&entry.mark, &[LONG]), "mark"),
        (entry.reason.chars().any(char::is_alphanumeric), "reason"),
        (!entry.author.trim().is_empty(), "author"),
    ];
    match checks.iter().find(|(sound, _)| !sound) {
        Some((_, key)) => Err(format!("it is no entry of a baseline: `{key}` is not as it should be")),
        None => Ok(entry),
    }
}

fn keys(salt: &str) -> FingerprintKeys {
    salted::keys("baseline", salt)
}

/// What it is called at a place, by either of its names.
fn marks(names: &Names, origin: &Origin) -> [String; 2] {
    names.both().map(|name| mark(&names.salt, name, origin))
}

/// The name of a credential at a place. Which commit or tag it is does not count: a rebase makes others of them. Nor does
/// the path of a name that has the secret itself.
fn mark(salt: &str, name: &str, origin: &Origin) -> String {
    let place = match origin {
        Origin::File(path) | Origin::Version(path) => ["path", path],
        Origin::Name(_) | Origin::PastName(_) => ["name", ""],
        Origin::Object(kind, _) => ["object", kind.name()],
        Origin::Stdin => ["stdin", ""],
        Origin::Member(inner) => match &inner.container {
            _ if inner.is_name => ["name", ""],
            Origin::Stdin | Origin::Object(..) => ["member", ""],
            _ => ["path", &inner.path],
        },
    };
    let mut digest = Sha256::new_with_prefix(b"cleansweep baseline mark");
    for part in [salt, name, place[0], place[1]] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize()[..LONG / 2].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    const SALT: &str = "00112233445566778899aabbccddeeff";

    fn line() -> String {
        let entry = Entry {
            v: VERSION,
            path: "a.py".into(),
            rule: "generic-password".into(),
            confidence: Confidence::Medium,
            salt: SALT.into(),
            name: "0".repeat(SHORT),
            mark: "f".repeat(LONG),
            reason: "a test".into(),
            author: "Ada".into(),
            created: Day::parse("2026-01-31").expect("a day"),
            expires: Day::parse("2026-12-31"),
        };
        serde_json::to_string(&entry).expect("an entry is JSON")
    }

    #[test]
    fn order_repetition_and_line_ends_do_not_matter() {
        let other = line().replace("a.py", "b.py");
        let text = format!("\u{feff}{other}\r\n\r\n{}\r\n{other}", line());
        let baseline = Baseline::parse("b", &text).expect("it is sound");
        assert_eq!(baseline.entries().len(), 3);
        assert_eq!(baseline.lines(|_| true), format!("{}\n{other}\n", line()));
        assert_eq!(baseline.salt(), Some(SALT));
        assert_eq!(baseline.place(1), "b:3");
        assert!(Baseline::parse("b", "").expect("it may be empty").entries().is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_without_its_value() {
        let swap = |from: &str, to: &str| line().replace(from, to);
        for (bad, told) in [
            ("hunter2".to_owned(), "column 1 "),
            (r#"{"v":"hunter2"}"#.to_owned(), "column "),
            ("[]".to_owned(), "column "),
            ("{}".to_owned(), "missing field `v`"),
            (r#"{"v":1}"#.to_owned(), "missing field `path`"),
            (r#"{"v":2,"hunter2":"hunter2"}"#.to_owned(), "it is of version 2, and this cleansweep reads up to 1"),
            (swap("\"v\":1", "\"v\":0"), "`v` is"),
            (swap("\"rule\"", "\"rules\""), "unknown field `rules`"),
            (swap(SALT, "hunter2"), "`salt` is"),
            (swap("00000", "0000"), "`name` is"),
            (swap("ffff", "FFFF"), "`mark` is"),
            (swap("a test", " - "), "`reason` is"),
            (swap("Ada", " "), "`author` is"),
            (swap("2026-12-31", "2026-02-30"), "column "),
            (line()[..40].to_owned(), "column "),
            ("<<<<<<< HEAD".to_owned(), "a conflict that git left"),
            ("=======".to_owned(), "a conflict that git left"),
            (">>>>>>> theirs".to_owned(), "a conflict that git left"),
        ] {
            let error = Baseline::parse("b", &format!("{}\n{bad}\n", line())).map(drop).expect_err(&bad);
            assert!(error.starts_with("b:2: ") && error.contains(told), "{bad}\n{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let salts = (0..=SALTS).map(|n| swap(SALT, &format!("{n:032x}")) + "\n").collect::<String>();
        assert!(Baseline::parse("b", &salts).is_err_and(|e| e.contains("65 salts")));
    }

    #[test]
    fn a_value_that_can_be_guessed_has_a_short_name_and_a_place_makes_another_mark() {
        let names = |value: &[u8]| {
            let secret = Secret::new(value, 0, false);
            let names = Names::new(SALT, &keys(SALT), &secret);
            (names.written(&secret).to_owned(), names)
        };
        let (short, _) = names(b"hunter2");
        let (long, random) = names(b"Zk3vQ9sLx7Rw2Yb8Nf5Hd1Gc6Jm4Pt0");
        assert_eq!((short.len(), long.len()), (SHORT, LONG));
        let file = Origin::File("a".into());
        assert_eq!(marks(&random, &file), marks(&random, &Origin::Version("a".into())));
        assert_ne!(marks(&random, &file), marks(&random, &Origin::File("b".into())));
        assert_ne!(marks(&random, &file)[0], mark("other", &long, &file));
        let commit = |id: &str| Origin::Object(crate::blob::ObjectKind::Commit, format!("commit {id}"));
        assert_eq!(marks(&random, &commit("1")), marks(&random, &commit("2")));
    }
}
