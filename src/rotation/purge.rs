//! The replacement file for `git filter-repo --replace-text`: what to take out of a history.
//!
//! The format has no comments, and no escapes: a line is `literal:TEXT==>REPLACEMENT`, or `regex:` with a regular expression of
//! Python for bytes. A value of several lines can only be an expression. Literals are replaced before expressions, in the order of
//! the file; so the longest comes first, lest a part of it be replaced and the rest stay.

use std::collections::{BTreeMap, BTreeSet};

use super::{Credential, is_rotated};
use crate::finding::Finding;
use crate::scan::ScanOutcome;

/// A shorter value would be replaced wherever chance has put it.
const SHORTEST: usize = 8;

/// What is written in its place.
const REPLACEMENT: &[u8] = b"==>***REMOVED***\n";

/// A file of replacements. It holds raw secrets, so it has no `Debug`.
pub struct Replacements<'o> {
    /// The file.
    pub bytes: Vec<u8>,
    /// What it replaces.
    pub replaced: Vec<&'o Finding>,
    /// How many of these are not rotated.
    pub open: usize,
    /// What is left out, or some form of it: it is too likely to stand for something else elsewhere, or encoded too long to be written.
    pub left_out: Vec<&'o Finding>,
    /// How many of all are in names of files, which replacing leaves as they are.
    pub in_names: usize,
    /// How many of all are in archives or compressed files, into which replacing does not look.
    pub in_members: usize,
}

impl<'o> Replacements<'o> {
    /// The replacements for every secret in a history that is open or rotated. What is silenced otherwise is no secret, says
    /// the user.
    #[must_use]
    pub fn of(outcome: &'o ScanOutcome) -> Self {
        let rotated = outcome.silenced.iter().filter(|finding| is_rotated(finding));
        let past = outcome.findings.iter().chain(rotated).filter(|finding| finding.history.is_some());
        let mut secrets: BTreeMap<&[u8], &Finding> = BTreeMap::new();
        for finding in past {
            // What a secret is encoded as stays in the history if only the secret itself is replaced.
            for value in finding.values() {
                secrets.entry(value.reveal()).or_insert(finding);
            }
        }
        let (mut kept, left_out): (Vec<_>, Vec<_>) = secrets.into_iter().partition(|(value, _)| is_telling(value));
        kept.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let values: Vec<&[u8]> = kept.iter().map(|(value, _)| *value).collect();
        let replaced = once_each(&kept);
        let left_out = once_each(&left_out);
        let mut all: Vec<&Finding> = replaced.iter().chain(&left_out).copied().collect();
        all.sort_by_key(|finding| finding.credential);
        all.dedup_by_key(|finding| finding.credential);
        Self {
            bytes: lines(&values),
            open: replaced.iter().filter(|finding| !is_rotated(finding)).count(),
            in_members: all.iter().filter(|finding| is_in_member(finding)).count(),
            in_names: all.iter().filter(|finding| is_in_name(finding)).count(),
            replaced,
            left_out,
        }
    }

    /// How many different credentials it replaces.
    #[must_use]
    pub fn credentials(&self, outcome: &ScanOutcome) -> usize {
        Credential::group(&outcome.rules, self.replaced.iter().copied()).len()
    }
}

/// The findings of some values, each once.
fn once_each<'o>(values: &[(&[u8], &'o Finding)]) -> Vec<&'o Finding> {
    let mut known = BTreeSet::new();
    values.iter().map(|(_, finding)| *finding).filter(|finding| known.insert(finding.credential)).collect()
}

/// Whether a value stands for itself alone: a short one, or a word, would be replaced wherever else it stands.
fn is_telling(value: &[u8]) -> bool {
    let is_word = value.iter().all(u8::is_ascii_alphabetic) && value.len() < 2 * SHORTEST;
    value.len() >= SHORTEST && !is_word
}

fn is_in_name(finding: &Finding) -> bool {
    let past = finding.history.iter().flat_map(|history| &history.exposures);
    finding.origin.is_name() || past.into_iter().any(|exposure| exposure.origin.is_name())
}

fn is_in_member(finding: &Finding) -> bool {
    let past = finding.history.iter().flat_map(|history| &history.exposures);
    finding.origin.is_member() || past.into_iter().any(|exposure| exposure.origin.is_member())
}

/// The lines for `values`, which are sorted, the longest first.
fn lines(values: &[&[u8]]) -> Vec<u8> {
    let is_one_line = |value: &[u8]| !value.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0));
    // A literal that is a part of an expression would be replaced before it.
    let holds_literal = |value: &[u8]| {
        values.iter().any(|other| other.len() < value.len() && memchr::memmem::find(value, other).is_some())
    };
    let all_expressions = values.iter().any(|value| !is_one_line(value) && holds_literal(value));
    let mut bytes = Vec::new();
    for value in values {
        if is_one_line(value) && !all_expressions {
            bytes.extend_from_slice(b"literal:");
            bytes.extend_from_slice(value);
        } else {
            bytes.extend_from_slice(b"regex:");
            bytes.extend_from_slice(&expression(value));
        }
        bytes.extend_from_slice(REPLACEMENT);
    }
    bytes
}

/// An expression that matches a value, whichever way its lines end.
fn expression(value: &[u8]) -> Vec<u8> {
    let mut expression = Vec::new();
    let mut rest = value;
    while let [byte, more @ ..] = rest {
        rest = more;
        match byte {
            b'\r' if more.first() == Some(&b'\n') => {}
            b'\n' => expression.extend_from_slice(br"\r?\n"),
            byte if byte.is_ascii_alphanumeric() => expression.push(*byte),
            byte => expression.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    expression
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Silence, SilencedBy};
    use crate::scan::sample::{self, BODY, TOKEN, file, finding, past, rules};

    fn told(values: &[&[u8]]) -> String {
        String::from_utf8(lines(values)).expect("these are texts")
    }

    #[test]
    fn a_line_is_a_literal_and_several_lines_are_an_expression() {
        assert_eq!(told(&[b"a regex:==>b"]), "literal:a regex:==>b==>***REMOVED***\n");
        assert_eq!(
            told(&[b"-BEGIN\na+b\r\n-END", b"token#1"]),
            "regex:\\x2dBEGIN\\r?\\na\\x2bb\\r?\\n\\x2dEND==>***REMOVED***\nliteral:token#1==>***REMOVED***\n"
        );
        assert_eq!(told(&[b"a\rb"]), "regex:a\\x0db==>***REMOVED***\n");
        assert_eq!(told(&["pässword".as_bytes()]), "literal:pässword==>***REMOVED***\n");
        assert_eq!(told(&["ä\nb".as_bytes()]), "regex:\\xc3\\xa4\\r?\\nb==>***REMOVED***\n");
    }

    #[test]
    fn a_literal_within_an_expression_does_not_spoil_it() {
        let text = told(&[b"first\nsecret12\nlast", b"secret12"]);
        assert_eq!(text, "regex:first\\r?\\nsecret12\\r?\\nlast==>***REMOVED***\nregex:secret12==>***REMOVED***\n");
    }

    #[test]
    fn what_could_be_anything_is_left_out() {
        for value in ["short", "hunter2", "password", "correcthorse"] {
            assert!(!is_telling(value.as_bytes()), "{value}");
        }
        for value in ["hunter22", "correct-horse", "correcthorsebatterystaple"] {
            assert!(is_telling(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn it_has_what_is_in_the_history_once_and_the_longest_first() {
        let rules = rules();
        let of = |value: &str, path: &str| finding(&rules, TOKEN, value, file(path));
        let (one, two) = (format!("ghp_1{BODY}"), format!("ghp_1{BODY}2"));
        let mut rotated = past(of(&two, "c"), "2021-01-01", &["main"], true);
        rotated.silence = Some(Box::new(Silence { by: SilencedBy::Ledger, place: "x".into(), reason: "y".into() }));
        let mut allowed = past(of(&format!("ghp_3{BODY}"), "d"), "2021-01-01", &["main"], true);
        allowed.silence = Some(Box::new(Silence { by: SilencedBy::Comment, place: "x".into(), reason: "y".into() }));
        let findings = vec![
            past(of(&one, "a"), "2021-01-01", &["main"], true),
            past(of(&one, "b"), "2021-01-01", &["main"], true),
            past(of("hunter2", "b"), "2021-01-01", &["main"], true),
            of(&format!("ghp_4{BODY}"), "new"),
        ];
        let mut outcome = sample::outcome(rules.clone(), findings);
        outcome.silenced = vec![rotated, allowed];
        let replacements = Replacements::of(&outcome);
        let text = String::from_utf8(replacements.bytes.clone()).expect("these are texts");
        assert_eq!(text, format!("literal:{two}==>***REMOVED***\nliteral:{one}==>***REMOVED***\n"));
        assert_eq!((replacements.replaced.len(), replacements.open, replacements.left_out.len()), (2, 1, 1));
    }
}
