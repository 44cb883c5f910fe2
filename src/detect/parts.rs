//! What belongs to a match and stands near it: a secret has an id, a password a host and a user.

use std::ops::Range;

use super::{Fact, Score, Window, placeholder};
use crate::rule::{PartKnown, RuleIndex, RuleSet};

/// How far from a credential its parts are looked for, in bytes: a few lines of settings.
const NEAR: usize = 512;

/// A key beside its id is no other random text.
const BESIDE: (i32, &str) = (20, "its id is beside it");

/// Something that was found in a text, as far as others beside it ask.
pub struct Beside<'m> {
    /// The rule that found it.
    pub rule: RuleIndex,
    /// Where it is.
    pub range: Range<usize>,
    /// The secret.
    pub secret: &'m [u8],
    /// The evidence.
    pub score: &'m Score,
    /// What it tells about itself.
    pub facts: &'m [Fact],
}

/// What was found near a match.
#[derive(Debug, Default)]
pub struct Parts {
    /// What it tells.
    pub facts: Vec<Fact>,
    /// Whether what another rule finds belongs to it: see [`Parts::weigh`].
    beside: bool,
    /// The numbers of the matches that are parts of it, and no findings of their own.
    pub matches: Vec<usize>,
}

impl Parts {
    /// Adds what the parts tell of a match to its score.
    pub fn weigh(&self, score: &mut Score) {
        if self.beside {
            score.add(BESIDE.0, BESIDE.1);
        }
    }
}

/// What belongs to the match `number` of `matches`, which are those of a text by their start. What is in a match is never taken
/// from the text, and in code only what stands in quotation marks: other words are names of variables.
#[must_use]
pub fn parts(rules: &RuleSet, window: &Window<'_>, matches: &[Beside<'_>], number: usize) -> Parts {
    let text = window.text;
    let found = &matches[number];
    let mut parts = Parts::default();
    let wanted = &rules.get(found.rule).parts;
    if wanted.is_empty() {
        return parts;
    }
    let near = paragraph(text, &found.range);
    for part in wanted {
        match &part.known {
            PartKnown::Rule(id) => {
                let others = matches.iter().enumerate().filter(|(_, other)| {
                    rules.get(other.rule).id == *id && other.range.start >= near.start && other.range.end <= near.end
                });
                let Some((nearest, other)) = others.min_by_key(|(_, other)| distance(&other.range, &found.range))
                else {
                    continue;
                };
                parts.facts.extend(other.facts.iter().cloned());
                let mut score = found.score.clone();
                score.add(BESIDE.0, BESIDE.1);
                parts.beside = true;
                if score.confidence() >= other.score.confidence() {
                    parts.matches.push(nearest);
                }
            }
            PartKnown::Pattern(pattern) => {
                let Ok(compiled) = pattern.compiled() else { continue };
                let groups = compiled.regex.captures_iter(&text[near.clone()]);
                let values = groups.filter_map(|groups| groups.get(compiled.secret_group)).map(|group| {
                    let value = near.start + group.start()..near.start + group.end();
                    (distance(&value, &found.range), value)
                });
                let literal = |value: &Range<usize>| {
                    !window.path.code
                        || value.start.checked_sub(1).is_some_and(|at| matches!(text[at], b'"' | b'\'' | b'`'))
                };
                let shown = values.filter(|(_, value)| literal(value) && is_shown(text, value, matches, found));
                if let Some((_, value)) = shown.min_by_key(|(distance, _)| *distance) {
                    parts.facts.push(Fact::new(part.fact, &String::from_utf8_lossy(&text[value])));
                }
            }
        }
    }
    parts
}

/// Whether a value may be told: it is no placeholder, and has nothing of a secret.
fn is_shown(text: &[u8], value: &Range<usize>, matches: &[Beside<'_>], found: &Beside<'_>) -> bool {
    let first = matches.partition_point(|other| other.range.start < value.end);
    // Those that begin before and reach into it are few: only the nearest can be long.
    let overlaps = matches[..first].iter().rev().take(8).any(|other| other.range.end > value.start);
    let value = &text[value.clone()];
    let holds =
        memchr::memmem::find(value, found.secret).is_some() || memchr::memmem::find(found.secret, value).is_some();
    let number = value.iter().all(u8::is_ascii_digit);
    !overlaps && !holds && (number || placeholder::generic(value).is_none())
}

fn distance(one: &Range<usize>, other: &Range<usize>) -> usize {
    if one.end <= other.start { other.start - one.end } else { one.start.saturating_sub(other.end) }
}

/// The lines around a match up to the next blank ones.
fn paragraph(text: &[u8], found: &Range<usize>) -> Range<usize> {
    let start = found.start.saturating_sub(NEAR);
    let end = (found.end + NEAR).min(text.len());
    let blank = |text: &[u8]| -> Vec<usize> {
        memchr::memchr_iter(b'\n', text)
            .filter(|at| matches!(&text[at + 1..], [b'\n', ..] | [b'\r', b'\n', ..]))
            .collect()
    };
    let before = blank(&text[start..found.start]).last().map_or(start, |at| start + at + 1);
    let after = blank(&text[found.end..end]).first().map_or(end, |at| found.end + at + 1);
    before..after
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Detector, PathKind, Scratch};
    use crate::rule::{Catalogue, RuleSource};
    use std::sync::Arc;

    /// What stands near the first match of each rule in a text: its facts, and the rules of the matches that are parts of it.
    fn near(rule: &str, text: &str) -> (Vec<String>, Vec<String>) {
        near_in(rule, text, PathKind::credulous())
    }

    fn near_in(rule: &str, text: &str, path: PathKind) -> (Vec<String>, Vec<String>) {
        let rules = Arc::new(Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is sound"));
        let detector = Detector::new(rules.clone());
        let window = Window { text: text.as_bytes(), core: 0..text.len(), path, binary: false };
        let mut matches = detector.scan(&window, &mut Scratch::default());
        matches.sort_by_key(|m| (m.range.start, m.range.end, m.rule));
        let number = matches.iter().position(|m| rules.get(m.rule).id == rule).expect("it is found");
        let near = |m: &crate::detect::Match<'_>| {
            (m.rule, m.range.clone(), m.secret.to_vec(), m.score.clone(), m.facts.clone())
        };
        let kept: Vec<_> = matches.iter().map(near).collect();
        let beside: Vec<Beside<'_>> = kept
            .iter()
            .map(|(rule, range, secret, score, facts)| Beside {
                rule: *rule,
                range: range.clone(),
                secret,
                score,
                facts,
            })
            .collect();
        let parts = parts(&rules, &window, &beside, number);
        let absorbed = parts.matches.iter().map(|m| rules.get(matches[*m].rule).id.clone()).collect();
        (parts.facts.iter().map(ToString::to_string).collect(), absorbed)
    }

    /// A value that nobody could guess, made here.
    fn random(length: usize, alphabet: &str) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let mut state = 0x2545_F491_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            letters[(state >> 33) as usize % letters.len()]
        };
        (0..length).map(|_| next()).collect()
    }

    const HEX: &str = "0123456789abcdef";

    #[test]
    fn a_password_has_a_host_and_a_user() {
        let text = "DB_HOST=db.acme.io\nDB_PORT=5433\nDB_USER=orders\nDB_NAME=shop\nDB_PASSWORD=tr0ub4dor&3x\n\nMAIL_HOST=mx.acme.io\n";
        let (facts, _) = near("generic-password", text);
        assert_eq!(facts, ["host db.acme.io", "port 5433", "user orders", "database shop"]);
    }

    #[test]
    fn what_another_block_says_is_of_another_credential() {
        let (facts, _) = near("generic-password", "MAIL_HOST=mx.acme.io\n\nDB_PASSWORD=tr0ub4dor&3x\n\nPORT=80\n");
        assert!(facts.is_empty(), "{facts:?}");
    }

    #[test]
    fn what_is_secret_is_not_told() {
        let (facts, _) = near("generic-password", "user: tr0ub4dor&3x\npassword: tr0ub4dor&3x\nhost: ${DB_HOST}\n");
        assert!(facts.is_empty(), "{facts:?}");
    }

    #[test]
    fn a_variable_is_no_user() {
        let text = format!("user = someone\npassword = '{}'\nhost = 'db.acme.io'\n", random(12, HEX));
        let path = PathKind { code: true, ..PathKind::default() };
        assert_eq!(near_in("generic-password", &text, path).0, ["host db.acme.io"]);
    }

    #[test]
    fn a_token_has_an_account() {
        let sid = format!("AC{}", random(32, HEX));
        let text = format!("TWILIO_ACCOUNT_SID={sid}\nTWILIO_AUTH_TOKEN={}\n", random(32, "89abcdef01234567"));
        assert_eq!(near("twilio-auth-token", &text).0, [format!("account sid {sid}")]);
    }

    #[test]
    fn the_id_of_a_key_is_a_part_of_it() {
        let id = format!("AKIA{}", random(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"));
        let secret = random(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+");
        let text = format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
        let (facts, absorbed) = near("aws-secret-access-key", &text);
        assert_eq!(absorbed, ["aws-access-key-id"]);
        assert!(facts.iter().any(|fact| fact.starts_with("key id AKIA")), "{facts:?}");
        assert!(!facts.iter().any(|fact| fact.contains(&id)), "{facts:?}");
    }
}
