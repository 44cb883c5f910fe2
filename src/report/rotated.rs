//! What plain text says of secrets that are there, but are rotated.

use std::collections::BTreeSet;
use std::fmt::Write;

use anstyle::Style;

use super::sentences;
use super::text::{count, leading, tame};
use crate::finding::{Finding, Silence};
use crate::rotation::rotated;
use crate::scan::ScanOutcome;

/// Credentials that are listed before the rest is only counted.
const LISTED: usize = 10;

const DIM: Style = Style::new().dimmed();

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// Three lines for each credential, with ANSI styles.
pub(super) fn list(outcome: &ScanOutcome) -> String {
    let mut out = String::new();
    let credentials = rotated(outcome);
    for credential in credentials.iter().take(LISTED) {
        let (rule, first) = (outcome.rules.get(credential.rule), credential.exposures[0]);
        let others = match credential.exposures.len() {
            1 => String::new(),
            places => format!(" and {}", count(places as u64 - 1, "more place")),
        };
        line!(out, "rotated  {} {DIM}{}{DIM:#}", rule.title, rule.id);
        line!(out, "  {}{others}", leading(&sentences::place(first)));
        if let Some(Silence { reason, place, .. }) = first.silence.as_deref() {
            line!(out, "  {DIM}{} ({}){DIM:#}", tame(reason), tame(place));
        }
        line!(out, "");
    }
    if credentials.len() > LISTED {
        line!(out, "and {} more that are rotated (--format json lists them all)\n", credentials.len() - LISTED);
    }
    out
}

/// `Rotated: 2 secrets in 5 places (rotations.toml).`
pub(super) fn note(outcome: &ScanOutcome) -> Option<String> {
    let credentials = rotated(outcome);
    let findings = || credentials.iter().flat_map(|credential| credential.exposures.iter().copied());
    let files: BTreeSet<String> = findings().filter_map(file).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let (secrets, places) = (credentials.len() as u64, findings().count() as u64);
    let spread = if places == secrets { String::new() } else { format!(" in {}", count(places, "place")) };
    (secrets > 0).then(|| format!("Rotated: {}{spread} ({}).", count(secrets, "secret"), files.join(", ")))
}

/// The ledger that says so, without the line.
fn file(finding: &Finding) -> Option<String> {
    let place = &finding.silence.as_ref()?.place;
    Some(tame(place.rsplit_once(':').map_or(place, |(file, _)| file)))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, file, finding, silenced};
    use super::*;
    use crate::finding::SilencedBy;

    #[test]
    fn each_credential_is_listed_once_and_counted() {
        let mut outcome = sample::mixed();
        assert_eq!((list(&outcome), note(&outcome)), (String::new(), None));
        let of = |path| finding(&outcome.rules, "github-pat-classic", &format!("ghp_9{}", sample::BODY), file(path), 4);
        let rotated =
            |path| silenced(of(path), SilencedBy::Ledger, "rotations.toml:3", "rotated on 2026-01-31 by A\u{1b}");
        outcome.silenced.extend([rotated("a"), rotated("b")]);
        assert_eq!(note(&outcome).as_deref(), Some("Rotated: 1 secret in 2 places (rotations.toml)."));
        let text = list(&outcome);
        assert_eq!(text.matches("rotated  GitHub").count(), 1, "{text}");
        assert!(text.contains("a:4:9 and 1 more place\n"), "{text}");
        assert!(text.contains("by A\u{fffd} (rotations.toml:3)"), "{text}");
        sample::assert_tight(&outcome, &text);
    }
}
