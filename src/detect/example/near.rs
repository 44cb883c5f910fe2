//! Near misses: what looks almost like a credential of a rule, and is none.

use regex::bytes::{Captures, Regex, RegexBuilder};

use super::draw::{secret_part, shortest};
use super::{broken, sample};
use crate::rule::{Check, Compiled, Matcher, Pattern, Rule};

/// In what way it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NearMiss {
    /// It lacks its last character.
    Short,
    /// In its middle stands a character that none of its kind has.
    Alphabet,
    /// Its checksum is that of another.
    Checksum,
    /// A letter stands before it.
    AfterLetter,
    /// A letter follows it.
    BeforeLetter,
}

/// What almost is a credential of `rule`, and how it is none; equal seeds give equal ones. None for rules whose values have no
/// form of their own.
///
/// # Errors
/// The pattern is invalid, or nothing drawn from it passes the rule's checks.
pub fn near_misses(rule: &Rule, seed: u64) -> Result<Vec<(NearMiss, String)>, String> {
    let pattern = match &rule.matcher {
        Matcher::Text(pattern) | Matcher::Value { value: pattern, .. } if !rule.generic => pattern,
        _ => return Ok(Vec::new()),
    };
    let form = Form::of(rule, pattern)?;
    let least = shortest(rule, seed)?;
    let mut misses = vec![(NearMiss::Short, least[..least.len() - 1].to_owned())];
    let whole = sample(rule, seed)?;
    misses.extend(other_alphabet(&whole, &form).map(|text| (NearMiss::Alphabet, text)));
    misses.push((NearMiss::AfterLetter, format!("q{whole}")));
    misses.push((NearMiss::BeforeLetter, format!("{whole}q")));
    misses.retain(|(_, text)| !form.has(text));
    let summed = |check: &Check| {
        matches!(check, Check::GithubCrc32 | Check::GitlabCrc32 | Check::GrafanaCrc32 | Check::Bech32 | Check::Nkey)
    };
    // GitLab's older tokens have none.
    let has_sum = !rule.checks.contains(&Check::GitlabCrc32) || whole.contains('.');
    if has_sum && rule.checks.iter().any(summed) {
        misses.push((NearMiss::Checksum, broken(&whole)));
    }
    Ok(misses)
}

/// All that a pattern takes for a credential.
struct Form<'r> {
    /// The group of the secret by itself. As regex-syntax writes it, `(?:x{8})?` becomes `x{8}?`, which is something else.
    alone: Regex,
    whole: &'r Compiled,
}

impl<'r> Form<'r> {
    fn of(rule: &Rule, pattern: &'r Pattern) -> Result<Self, String> {
        let hir = pattern.hir()?;
        let secret = secret_part(&hir).unwrap_or(&hir);
        let alone = RegexBuilder::new(&format!("^(?:{secret})$")).unicode(false).build();
        let alone = alone.map_err(|e| format!("`{}`: {e}", rule.id))?;
        Ok(Self { alone, whole: pattern.compiled()? })
    }

    fn has(&self, text: &str) -> bool {
        let secret = |groups: Captures<'_>| Some(groups.get(self.whole.secret_group)?.len());
        let whole = self.whole.regex.captures(text.as_bytes()).and_then(secret);
        self.alone.is_match(text.as_bytes()) || whole == Some(text.len())
    }
}

/// With a character in its middle that makes it something else: a letter if there is one that does.
fn other_alphabet(whole: &str, form: &Form<'_>) -> Option<String> {
    let middle = whole.len() / 2;
    let with = |c: char| whole.char_indices().map(|(at, old)| if at == middle { c } else { old }).collect::<String>();
    "gzGZ0-_*".chars().map(with).find(|text| !form.has(text))
}
