//! Writing down that a credential was rotated. What a ledger is and how it is read, [`crate::finding::silencing`] has.

use std::fmt::Write;

use super::Credential;
use crate::finding::Redactor;
use crate::finding::silencing::{Day, Ledger};
use crate::scan::ScanOutcome;

/// A shorter beginning of a fingerprint names too much.
const SHORTEST: usize = 8;

/// What stands at the head of a new ledger.
const HEAD: &str = "# Credentials that are rotated. `cleansweep rotate done` adds to it; it holds no secret.\n";

/// Who rotated a credential, when, and how it is known.
#[derive(Clone, Debug)]
pub struct Done {
    /// Who.
    pub by: String,
    /// The day the old value was dead.
    pub date: Day,
    /// How that was proved.
    pub evidence: String,
    /// What else there is to say.
    pub note: Option<String>,
}

/// Why it was not written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoneError {
    /// The name is none of a finding or credential.
    NoName,
    /// The scan has found nothing of this name.
    Unknown,
    /// Several credentials have names that begin like this.
    Ambiguous,
    /// It is in the ledger, at this place.
    Already(String),
    /// A text that is to be written, by its option, is empty.
    Empty(&'static str),
    /// A text that is to be written, by its option, holds a secret that was found.
    Secret(&'static str),
    /// The ledger would not be read again.
    Unwritable(String),
}

impl std::fmt::Display for DoneError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoName => write!(
                f,
                "FINGERPRINT is a fingerprint or credential_id of a report, 32 hexadecimal digits, or the first {SHORTEST} or \
                 more of them"
            ),
            Self::Unknown => f.write_str(
                "no finding and no credential of this scan has that fingerprint; `cleansweep rotate plan` lists those that \
                 there are",
            ),
            Self::Ambiguous => f.write_str("several credentials have names that begin like this; give all 32 digits"),
            Self::Already(place) => write!(f, "it is in the ledger already, at {place}; edit that entry if it is wrong"),
            Self::Empty(option) => write!(f, "{option} is empty"),
            Self::Secret(option) => write!(
                f,
                "{option} holds a secret that this scan has found; the ledger is passed on: describe the proof without it"
            ),
            Self::Unwritable(why) => write!(f, "the ledger would not be sound with it, so nothing was written: {why}"),
        }
    }
}

impl std::error::Error for DoneError {}

/// The credential that `given`, or the beginning of it, names; one that is silenced too.
///
/// # Errors
/// It names none, or several.
pub fn named<'o>(outcome: &'o ScanOutcome, given: &str) -> Result<Credential<'o>, DoneError> {
    let given = given.trim().to_ascii_lowercase();
    if !(SHORTEST..=32).contains(&given.len()) || !given.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(DoneError::NoName);
    }
    let names_it = |credential: &Credential<'_>| {
        let places = credential.exposures.iter().map(|finding| finding.fingerprint);
        places.chain([credential.id]).any(|name| name.to_string().starts_with(&given))
    };
    let all = Credential::group(&outcome.rules, outcome.findings.iter().chain(&outcome.silenced));
    let mut named = all.into_iter().filter(names_it);
    let first = named.next().ok_or(DoneError::Unknown)?;
    if named.next().is_some() { Err(DoneError::Ambiguous) } else { Ok(first) }
}

/// A ledger that is to be written to.
pub struct Open<'l> {
    /// How its file is called.
    pub place: &'l str,
    /// Its text, empty if it is new.
    pub text: &'l str,
    /// What was read of it.
    pub ledger: &'l Ledger,
    /// For a ledger that has none.
    pub salt: &'l str,
    /// The day it is.
    pub today: Option<Day>,
}

impl Open<'_> {
    /// The text with an entry for a credential of a scan added; what is there stays as it is.
    ///
    /// # Errors
    /// It is there already, a text is empty or holds a secret, the day is not over, or the ledger cannot take it.
    pub fn with(&self, outcome: &ScanOutcome, credential: &Credential<'_>, done: &Done) -> Result<String, DoneError> {
        let finding = credential.exposures[0];
        if let Some(entry) = self.ledger.find(finding) {
            return Err(DoneError::Already(self.ledger.place(entry)));
        }
        let name = Ledger::name(self.ledger.salt().unwrap_or(self.salt), &finding.secret);
        let mut texts = vec![
            ("rule", outcome.rules.get(credential.rule).id.clone()),
            ("by", checked(outcome, "--by", &done.by)?),
            ("evidence", checked(outcome, "--evidence", &done.evidence)?),
        ];
        if let Some(note) = &done.note {
            texts.push(("note", checked(outcome, "--note", note)?));
        }
        let before = if self.text.trim().is_empty() { HEAD } else { self.text };
        let gap = if before.ends_with('\n') { "" } else { "\n" };
        let text = format!("{before}{gap}\n{}", table(&name, &texts, done.date));
        let sound = Ledger::parse(self.place, &text, self.today).map_err(DoneError::Unwritable)?;
        match sound.find(finding) {
            Some(_) if sound.entries().len() == self.ledger.entries().len() + 1 => Ok(text),
            _ => Err(DoneError::Unwritable("its entries are not [[rotation]] tables".into())),
        }
    }
}

/// One line that says something and tells no secret.
fn checked(outcome: &ScanOutcome, option: &'static str, text: &str) -> Result<String, DoneError> {
    let line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if !line.chars().any(char::is_alphanumeric) {
        return Err(DoneError::Empty(option));
    }
    let all = outcome.findings.iter().chain(&outcome.silenced);
    if Redactor::new(all.flat_map(|finding| finding.values())).mask(&line) != line {
        return Err(DoneError::Secret(option));
    }
    Ok(line)
}

fn table(name: &str, texts: &[(&str, String)], date: Day) -> String {
    let mut table = format!("[[rotation]]\ncredential = {name}\ndate = {date}\n");
    for (key, text) in texts {
        let quoted = toml::Value::String(text.clone());
        writeln!(table, "{key} = {quoted}").expect("a string takes all that is written");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Detector;
    use crate::finding::Finding;
    use crate::finding::silencing::Silencing;
    use crate::rule::Confidence;
    use crate::scan::sample::{self, BODY, TOKEN, file, finding, rules};
    use crate::scan::{self, Monitor, Plan, Silencers};
    use crate::secret::FingerprintKeys;
    use crate::source::worktree::WalkOptions;

    const SALT: &str = "00112233445566778899aabbccddeeff";

    fn scanned() -> ScanOutcome {
        let rules = rules();
        let of = |rule, value: &str, path| finding(&rules, rule, value, file(path));
        let findings = vec![
            of(TOKEN, &format!("ghp_1{BODY}"), "a"),
            of(TOKEN, &format!("ghp_1{BODY}"), "b"),
            of("generic-password", "hunter2-and-more", "a"),
        ];
        sample::outcome(rules, findings)
    }

    fn done(evidence: &str) -> Done {
        let date = Day::parse("2026-01-31").expect("a day");
        Done { by: "Ada".into(), date, evidence: evidence.into(), note: None }
    }

    fn write(text: &str, outcome: &ScanOutcome, finding: &Finding, done: &Done) -> Result<String, DoneError> {
        let ledger = Ledger::parse("r.toml", text, None).expect("it is sound");
        let open = Open { place: "r.toml", text, ledger: &ledger, salt: SALT, today: Day::parse("2026-06-30") };
        let credential = named(outcome, &finding.credential.to_string()).expect("it is there");
        open.with(outcome, &credential, done)
    }

    #[test]
    fn what_is_written_is_read_again_and_holds_no_secret() {
        let outcome = scanned();
        let odd = "it said \"401\" \\ '#' [x]\nand\u{1b} äöü";
        let one = write("", &outcome, &outcome.findings[0], &done(odd)).expect("it can be written");
        let mut noted = done("refused");
        noted.note = Some("of the old server".into());
        let two = write(one.trim_end(), &outcome, &outcome.findings[2], &noted).expect("it can be written");
        assert!(one.starts_with("# ") && two.starts_with(one.trim_end()), "{two}");
        let ledger = Ledger::parse("r.toml", &two, None).expect("it is sound");
        assert_eq!(ledger.entries().len(), 2);
        assert_eq!(ledger.entries()[0].evidence, "it said \"401\" \\ '#' [x] and  äöü");
        assert_eq!(ledger.entries()[1].note.as_deref(), Some("of the old server"));
        let found: Vec<Option<usize>> = outcome.findings.iter().map(|finding| ledger.find(finding)).collect();
        assert_eq!(found, [Some(0), Some(0), Some(1)]);
        assert!(!two.contains("hunter2") && !two.contains(&BODY[..8]), "{two}");
    }

    #[test]
    fn a_short_name_is_not_compared_with_what_nobody_can_guess() {
        let outcome = scanned();
        let long = Ledger::name(SALT, &outcome.findings[0].secret);
        let name = long.split('"').nth(3).expect("it has a name");
        let written = write("", &outcome, &outcome.findings[0], &done("x")).expect("it can be written");
        assert!(written.contains(name), "{written}");
        let cut = written.replace(name, &name[..5]);
        let ledger = Ledger::parse("r.toml", &cut, None).expect("it is sound");
        assert_eq!(ledger.find(&outcome.findings[0]), None);
    }

    #[test]
    fn a_scan_finds_nothing_in_a_ledger() {
        let outcome = scanned();
        let mut text = String::new();
        for finding in [&outcome.findings[0], &outcome.findings[2]] {
            text = write(&text, &outcome, finding, &done("login refused, see OPS-12")).expect("it can be written");
        }
        let plan = Plan {
            roots: Vec::new(),
            stdin: true,
            logs: false,
            walk: WalkOptions::default(),
            history: None,
            archives: None,
            min_confidence: Confidence::Low,
            max_file_size: None,
            keys: FingerprintKeys::with_private([1; 32]),
            silencing: Silencing::default(),
            silencers: Silencers::default(),
        };
        let detector = Detector::new(outcome.rules.clone());
        let found = scan::run(&detector, &plan, text.as_bytes(), &Monitor::default()).expect("it can be scanned");
        let rules: Vec<&str> = found.findings.iter().map(|finding| &*found.rules.get(finding.rule).id).collect();
        assert_eq!(rules, [""; 0], "{text}");
        assert_eq!(found.coverage.items, 1);
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let outcome = scanned();
        let token = &outcome.findings[0];
        let one = write("", &outcome, token, &done("x")).expect("it can be written");
        assert_eq!(write(&one, &outcome, &outcome.findings[1], &done("x")), Err(DoneError::Already("r.toml:3".into())));
        assert_eq!(write("", &outcome, token, &done(" \n")), Err(DoneError::Empty("--evidence")));
        let leak = done("tried hunter2-and-more, refused");
        assert_eq!(write("", &outcome, token, &leak), Err(DoneError::Secret("--evidence")));
        let mut later = done("x");
        later.date = Day::parse("2026-07-01").expect("a day");
        assert!(
            matches!(write("", &outcome, token, &later), Err(DoneError::Unwritable(why)) if why.contains("2026-07-01"))
        );
        let inline = "rotation = []\n";
        assert!(matches!(write(inline, &outcome, token, &done("x")), Err(DoneError::Unwritable(_))));
    }

    #[test]
    fn names_are_of_places_and_credentials_and_may_be_cut() {
        let outcome = scanned();
        let id = outcome.findings[0].credential.to_string();
        let of_place = outcome.findings[1].fingerprint.to_string();
        for name in [&id, &id[..8], &of_place, &of_place.to_ascii_uppercase()] {
            let credential = named(&outcome, name).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!((credential.id, credential.exposures.len()), (outcome.findings[0].credential, 2));
        }
        for (name, error) in [
            (&id[..7], DoneError::NoName),
            ("", DoneError::NoName),
            ("hunter2-", DoneError::NoName),
            (&*"0".repeat(33), DoneError::NoName),
            (&*"0".repeat(32), DoneError::Unknown),
        ] {
            assert_eq!(named(&outcome, name).map(|c| c.id), Err(error), "{name}");
        }
    }
}
