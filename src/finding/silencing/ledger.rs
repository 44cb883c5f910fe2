//! The ledger of rotations: which credentials are dead, who says so, since when, and how it was proved.
//!
//! It names a credential as a baseline does, by a hash with a salt, but wherever the credential is: what has been rotated opens
//! nothing at any place. It holds no secret and means the same on every machine.
//!
//! The short name of a value that can be guessed fits another such value by a chance of one to a million. It is not
//! compared with any other values.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::super::Finding;
use super::super::silence::{Silence, SilencedBy};
use super::Day;
use super::config::unquoted;
use super::salted::{self, LONG, Names, SALTS, SHORT};
use crate::secret::{FingerprintKeys, Secret};

/// The name of the file, at the top of a project.
pub const LEDGER: &str = "rotations.toml";

/// A larger file is no ledger, in bytes.
pub const LEDGER_LIMIT: u64 = 4 << 20;

/// A credential that was rotated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Its name: `SALT:HASH`.
    pub credential: String,
    /// The rule that found it, for people.
    pub rule: String,
    /// Who rotated it.
    pub by: String,
    /// The day it was dead.
    pub date: Day,
    /// How that was proved.
    pub evidence: String,
    /// What else there is to say.
    pub note: Option<String>,
    /// The line it is at, from 1.
    pub line: usize,
}

/// A ledger that was read.
#[derive(Clone, Default)]
pub struct Ledger {
    /// How its file is called.
    place: String,
    entries: Vec<Rotation>,
    by_credential: HashMap<String, usize>,
    salts: BTreeMap<String, FingerprintKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSyntax {
    #[serde(default)]
    rotation: Vec<Spanned<RotationSyntax>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RotationSyntax {
    credential: Spanned<NameSyntax>,
    rule: Spanned<String>,
    by: Spanned<String>,
    date: Spanned<Datetime>,
    evidence: Spanned<String>,
    note: Option<Spanned<String>>,
}

/// One text with both would be taken for a credential by scanners, ours too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameSyntax {
    salt: String,
    name: String,
}

impl Ledger {
    /// Reads a ledger on the day `today`; `place` is how its file is called.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line: a key that there is not, a credential that is none or there twice, an
    /// empty text, a day that is none or not over. No value is quoted: what was given may be something else.
    pub fn parse(place: &str, text: &str, today: Option<Day>) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let reader = Reader { place, text, today };
        if let Some(line) = text.lines().position(salted::is_conflict) {
            let message =
                "a conflict that git left; keep the tables of both sides and remove the lines of the conflict";
            return Err(format!("{place}:{}: {message}", line + 1));
        }
        let file: FileSyntax = toml::from_str(text).map_err(|e| match e.span() {
            Some(span) => reader.error(span.start, &unquoted(e.message())),
            None => format!("{place}: {}", unquoted(e.message())),
        })?;
        let mut ledger = Self { place: place.into(), ..Self::default() };
        for syntax in &file.rotation {
            let rotation = reader.rotation(syntax)?;
            if let Some(&first) = ledger.by_credential.get(&rotation.credential) {
                let line = ledger.entries[first].line;
                let message = format!("the credential is there already, at line {line}; remove one of the two");
                return Err(reader.error(syntax.span().start, &message));
            }
            let salt = rotation.salt().to_owned();
            ledger.salts.entry(salt).or_insert_with_key(|salt| keys(salt));
            ledger.by_credential.insert(rotation.credential.clone(), ledger.entries.len());
            ledger.entries.push(rotation);
        }
        match ledger.salts.len() {
            found if found > SALTS => Err(format!(
                "{place}: its credentials have {found} salts, more than {SALTS}; `cleansweep rotate done` gives a new one \
                 that of the others"
            )),
            _ => Ok(ledger),
        }
    }

    /// The entries, in the order of the file.
    #[must_use]
    pub fn entries(&self) -> &[Rotation] {
        &self.entries
    }

    /// How an entry is called.
    #[must_use]
    pub fn place(&self, entry: usize) -> String {
        format!("{}:{}", self.place, self.entries[entry].line)
    }

    /// The entry of a finding's credential.
    #[must_use]
    pub fn find(&self, finding: &Finding) -> Option<usize> {
        self.salts.iter().find_map(|(salt, keys)| {
            let names = Names::new(salt, keys, &finding.secret);
            let [long, short] = names.both();
            let short = finding.secret.is_guessable().then_some(short);
            let mut names = [Some(long), short].into_iter().flatten();
            names.find_map(|name| self.by_credential.get(&format!("{salt}:{name}")).copied())
        })
    }

    /// What an entry says of a finding that it covers.
    #[must_use]
    pub fn silence(&self, entry: usize) -> Silence {
        let Rotation { by, date, evidence, .. } = &self.entries[entry];
        let reason = format!("rotated on {date} by {by}: {evidence}");
        Silence { by: SilencedBy::Ledger, place: self.place(entry), reason }
    }

    /// The salt for new entries: that of most of those there are.
    #[must_use]
    pub fn salt(&self) -> Option<&str> {
        let count = |salt: &String| self.entries.iter().filter(|entry| entry.salt() == salt).count();
        self.salts.keys().max_by_key(|salt| count(salt)).map(String::as_str)
    }

    /// How a ledger names a credential with a salt, as TOML.
    #[must_use]
    pub fn name(salt: &str, secret: &Secret) -> String {
        let names = Names::new(salt, &keys(salt), secret);
        format!("{{ salt = \"{salt}\", name = \"{}\" }}", names.written(secret))
    }
}

impl Rotation {
    fn salt(&self) -> &str {
        self.credential.split(':').next().unwrap_or_default()
    }
}

fn keys(salt: &str) -> FingerprintKeys {
    salted::keys("ledger", salt)
}

struct Reader<'r> {
    place: &'r str,
    text: &'r str,
    today: Option<Day>,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn error(&self, at: usize, message: &str) -> String {
        format!("{}:{}: {message}", self.place, self.line(at))
    }

    fn rotation(&self, table: &Spanned<RotationSyntax>) -> Result<Rotation, String> {
        let syntax = table.get_ref();
        let NameSyntax { salt, name } = syntax.credential.get_ref();
        if !salted::is_hex(salt, &[LONG]) || !salted::is_hex(name, &[SHORT, LONG]) {
            let message = "`credential` is no name of a credential; `cleansweep rotate done FINGERPRINT` writes it";
            return Err(self.error(syntax.credential.span().start, message));
        }
        Ok(Rotation {
            credential: format!("{salt}:{name}"),
            rule: self.said(&syntax.rule, "`rule` is empty; name the rule that found it")?,
            by: self.said(&syntax.by, "`by` is empty; say who rotated it")?,
            date: self.day(&syntax.date)?,
            evidence: self
                .said(&syntax.evidence, "`evidence` is empty; say how it was proved that the old value is dead")?,
            note: syntax
                .note
                .as_ref()
                .map(|note| self.said(note, "`note` is empty; leave it out or fill it"))
                .transpose()?,
            line: self.line(table.span().start),
        })
    }

    fn said(&self, text: &Spanned<String>, otherwise: &str) -> Result<String, String> {
        if !text.get_ref().chars().any(char::is_alphanumeric) {
            return Err(self.error(text.span().start, otherwise));
        }
        Ok(text.get_ref().trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
    }

    fn day(&self, date: &Spanned<Datetime>) -> Result<Day, String> {
        let day = match date.get_ref() {
            Datetime { date: Some(day), time: None, offset: None } => Day::new(day.year, day.month, day.day),
            _ => None,
        };
        let at = date.span().start;
        let day = day.ok_or_else(|| self.error(at, "`date` is a day, such as 2027-01-31, without quotes"))?;
        match self.today {
            Some(today) if day > today => {
                Err(self.error(at, &format!("`date` is {day}, and in UTC it is {today}; put the day it was rotated")))
            }
            _ => Ok(day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "00112233445566778899aabbccddeeff";

    fn table() -> String {
        format!(
            "[[rotation]]\ncredential = {{ salt = \"{SALT}\", name = \"00000\" }}\nrule = \"generic-password\"\nby = \"Ada\"\ndate = 2026-01-31\n\
             evidence = \"login refused\"\n"
        )
    }

    fn parse(text: &str) -> Result<Ledger, String> {
        Ledger::parse("r.toml", text, Day::parse("2026-06-30"))
    }

    #[test]
    fn everything_that_can_be_said() {
        let other = table().replace("00000", &"a".repeat(32)) + "note = \"the old\\nserver\"\n";
        let ledger = parse(&format!("\u{feff}# ours\r\n{}\r\n{other}", table())).expect("it is sound");
        assert_eq!(ledger.entries().len(), 2);
        assert_eq!((ledger.place(0), ledger.place(1)), ("r.toml:2".into(), "r.toml:9".into()));
        assert_eq!(ledger.entries()[1].note.as_deref(), Some("the old server"));
        assert_eq!(ledger.salt(), Some(SALT));
        let silence = ledger.silence(0);
        assert_eq!(silence.reason, "rotated on 2026-01-31 by Ada: login refused");
        assert_eq!(silence.by, SilencedBy::Ledger);
        assert!(parse("").expect("it may be empty").entries().is_empty());
        assert!(parse(&table().replace("2026-01-31", "2026-06-30")).is_ok(), "today");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_without_its_value() {
        let swap = |from: &str, to: &str| table().replace(from, to);
        for (text, told) in [
            (swap("evidence", "evidance"), "r.toml:6: unknown field `evidance`"),
            ("[rotations]".to_owned(), "r.toml:1: unknown field `rotations`"),
            (swap("evidence = \"login refused\"\n", ""), "r.toml:1: missing field `evidence`"),
            (swap("login refused", " - "), "r.toml:6: `evidence` is empty"),
            (swap("Ada", " "), "r.toml:4: `by` is empty"),
            (swap("generic-password", ""), "r.toml:3: `rule` is empty"),
            (table() + "note = ''\n", "r.toml:7: `note` is empty"),
            (swap(SALT, "hunter2"), "r.toml:2: `credential` is no name"),
            (swap("name = \"00000\"", "names = \"00000\""), "r.toml:2: unknown field `names`"),
            (swap(", name = \"00000\"", ""), "r.toml:2: missing field `name`"),
            (swap("00000", "000000"), "r.toml:2: `credential` is no name"),
            (swap("00000", "0000G"), "r.toml:2: `credential` is no name"),
            (swap("2026-01-31", "2026-07-01"), "r.toml:5: `date` is 2026-07-01, and in UTC it is 2026-06-30"),
            (swap("2026-01-31", "2026-01-31T00:00:00Z"), "r.toml:5: `date` is a day"),
            (swap("2026-01-31", "'hunter2'"), "r.toml:5: "),
            (swap("2026-01-31", "2026-02-30"), "r.toml:5: "),
            (swap("\"Ada\"", "7"), "r.toml:4: "),
            (swap("by = \"Ada\"", "by = [\"hunter2\"]"), "r.toml:4: "),
            (table() + &table(), "r.toml:7: the credential is there already, at line 1"),
            (format!("{}<<<<<<< HEAD\n", table()), "r.toml:7: a conflict that git left"),
            ("rotation = 'hunter2'".to_owned(), "r.toml:1: "),
            ("hunter2".to_owned(), "r.toml:1: "),
        ] {
            let error = parse(&text).map(drop).expect_err(&text);
            assert!(error.starts_with(told), "{text}\n{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let salts = (0..=SALTS).map(|n| swap(SALT, &format!("{n:032x}"))).collect::<String>();
        assert!(parse(&salts).is_err_and(|e| e.contains("65 salts")));
    }

    #[test]
    fn a_name_is_short_only_for_what_can_be_guessed() {
        let name = |value: &[u8]| Ledger::name(SALT, &Secret::new(value, 0, false));
        assert_eq!(name(b"Zk3vQ9sLx7Rw2Yb8Nf5Hd1Gc6Jm4Pt0").len() - name(b"hunter2").len(), LONG - SHORT);
        assert_ne!(name(b"hunter2"), Ledger::name(&"1".repeat(32), &Secret::new(b"hunter2", 0, false)));
    }
}
