//! Personal data: e-mail addresses, numbers of persons, accounts and cards, telephones, sessions. Looked for only if the rules for it are
//! among those of the detector.

mod account;
mod check;
mod contact;
mod number;
#[cfg(test)]
mod tests;
mod web;

use std::ops::Range;

use super::score::Score;
use super::{Match, Window};
use crate::rule::personal::Personal;
use crate::rule::{Confidence, Matcher, RuleIndex, RuleSet};

use number::{NUMBERS, Number};

/// How far before a value a word can be that says what it is, in bytes of the same line.
const NEAR: usize = 48;

/// The longest number with what is between its parts.
const LONGEST: usize = 48;

/// Most matches of one window that are kept: a list of addresses must not fill the memory.
const MOST: usize = 100_000;

/// A kind that is looked for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    kind: &'static Personal,
    rule: RuleIndex,
}

/// A form of a number.
#[derive(Clone, Copy)]
struct Form {
    pattern: &'static [u8],
    /// Whether nothing else looks like it.
    telling: bool,
    number: &'static Number,
    wanted: Wanted,
}

/// Finds personal data of the kinds that are wanted.
pub(super) struct Finder {
    /// Forms by the length of their first part, which is letters and digits.
    forms: Vec<Vec<Form>>,
    email: Option<Wanted>,
    iban: Option<Wanted>,
    phone: Option<Wanted>,
    web: web::Web,
}

impl std::fmt::Debug for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finder").field("email", &self.email).finish_non_exhaustive()
    }
}

/// Where values are collected.
struct Found<'f, 'b> {
    text: &'b [u8],
    matches: &'f mut Vec<Match<'b>>,
    left: usize,
}

impl Finder {
    /// A finder for the kinds that `rules` has; none if it has none.
    pub(super) fn new(rules: &RuleSet) -> Option<Self> {
        let all: Vec<Wanted> = rules
            .rules()
            .iter()
            .filter_map(|rule| match rule.matcher {
                Matcher::Personal(kind) => Some(Wanted { kind, rule: rules.find(&rule.id)? }),
                _ => None,
            })
            .collect();
        if all.is_empty() {
            return None;
        }
        let wanted = |id: &str| all.iter().copied().find(|wanted| wanted.kind.id == id);
        let mut forms = vec![Vec::new(); LONGEST];
        for number in NUMBERS {
            let Some(wanted) = wanted(number.kind) else { continue };
            let usual = number.forms.iter().map(|form| (form, false));
            for (form, telling) in usual.chain(number.telling.iter().map(|form| (form, true))) {
                let pattern = form.as_bytes();
                let first = pattern.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
                forms[first].push(Form { pattern, telling, number, wanted });
            }
        }
        Some(Self {
            forms,
            email: wanted("email"),
            iban: wanted("iban"),
            phone: wanted("phone"),
            web: web::Web::new(wanted("web-authorization"), wanted("session-id")),
        })
    }

    /// Adds what begins in the core of a window. Returns whether more was there than is kept.
    pub(super) fn find<'b>(&self, window: &Window<'b>, matches: &mut Vec<Match<'b>>) -> bool {
        let mut found = Found { text: window.text, matches, left: MOST };
        self.numbers(window, &mut found);
        contact::emails(self.email, window, &mut found);
        contact::phones(self.phone, window, &mut found);
        self.web.find(window, &mut found);
        found.left == 0
    }

    /// How sure the first thing is that it finds.
    pub(super) fn finds(&self, window: &Window<'_>) -> Option<Confidence> {
        let mut matches = Vec::new();
        self.find(window, &mut matches);
        matches.iter().filter_map(|found| found.score.confidence()).max()
    }

    /// Looks at every word that could be a number or begin one.
    fn numbers<'b>(&self, window: &Window<'b>, found: &mut Found<'_, 'b>) {
        let text = window.text;
        let mut at = window.core.start;
        // What began before is another window's.
        if at > 0 && text[at - 1].is_ascii_alphanumeric() {
            at += word(&text[at..]);
        }
        while at < window.core.end && found.left > 0 {
            let Some(skip) = text[at..window.core.end].iter().position(u8::is_ascii_alphanumeric) else { return };
            at += skip;
            let len = word(&text[at..]);
            if begins(text, at) {
                self.number_at(at, len, found);
            }
            at += len;
        }
    }

    /// Looks at the word of `len` bytes at `at`.
    fn number_at<'b>(&self, at: usize, len: usize, found: &mut Found<'_, 'b>) {
        let text = found.text;
        for form in self.forms.get(len).into_iter().flatten() {
            let end = at + form.pattern.len();
            let Some(written) = text.get(at..end) else { continue };
            if !matches(form.pattern, written) || !ends(text, end) {
                continue;
            }
            let plain: Vec<u8> =
                written.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase).collect();
            if (form.number.is_sound)(&plain) {
                found.keep(form.wanted, at..end, form.telling);
            }
        }
        if let Some(wanted) = self.iban
            && let Some(end) = iban_at(text, at, len)
        {
            found.keep(wanted, at..end, true);
        }
    }
}

/// The length of the letters and digits at the start.
fn word(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_alphanumeric()).count()
}

/// Whether a number can begin at `at`: not within a word, a UUID, a fraction.
fn begins(text: &[u8], at: usize) -> bool {
    let before = |n: usize| at.checked_sub(n).and_then(|at| text.get(at)).copied().unwrap_or(b' ');
    match before(1) {
        // A letter of another alphabet, too.
        b'_' | 0x80.. => false,
        b'-' | b'.' | b'+' => !before(2).is_ascii_alphanumeric(),
        byte => !byte.is_ascii_alphanumeric(),
    }
}

/// Whether a number can end at `end`.
fn ends(text: &[u8], end: usize) -> bool {
    let after = |n: usize| text.get(end + n).copied().unwrap_or(b' ');
    match after(0) {
        b'_' | 0x80.. => false,
        b'-' | b'.' => !after(1).is_ascii_alphanumeric(),
        byte => !byte.is_ascii_alphanumeric(),
    }
}

fn matches(pattern: &[u8], written: &[u8]) -> bool {
    pattern.iter().zip(written).all(|(pattern, byte)| match pattern {
        b'9' => byte.is_ascii_digit(),
        b'A' => byte.is_ascii_alphabetic(),
        b'X' => byte.is_ascii_alphanumeric(),
        other => other == byte,
    })
}

/// Where the IBAN ends that begins at `at`, in one word or in words of four.
fn iban_at(text: &[u8], at: usize, len: usize) -> Option<usize> {
    let wanted = account::iban_len(&text[at..at + len])?;
    let (mut plain, mut end) = (Vec::with_capacity(wanted), at);
    while plain.len() < wanted {
        let part = word(&text[end..]);
        let whole = plain.is_empty() && part == wanted;
        let group = part == 4 || (plain.len() + part == wanted && part < 4);
        if !whole && !group {
            return None;
        }
        plain.extend_from_slice(&text[end..end + part]);
        end += part;
        if plain.len() < wanted {
            end += usize::from(text.get(end) == Some(&b' '));
        }
    }
    // In lower case they are more often something else.
    (ends(text, end) && account::iban(&plain)).then_some(end)
}

impl<'b> Found<'_, 'b> {
    /// Keeps a value, unless it needs a word before it that says what it is and has none.
    fn keep(&mut self, wanted: Wanted, range: Range<usize>, telling: bool) {
        let explained = is_named(self.text, range.start, wanted.kind.words);
        let score = match (explained, telling, wanted.kind.alone) {
            (true, ..) => {
                let mut score = Score::of_rule(Confidence::Medium);
                score.add(30, "a word before it says what it is");
                score
            }
            (false, _, Some(alone)) if !telling => Score::of_rule(alone),
            (false, true, alone) => {
                let mut score = Score::of_rule(alone.unwrap_or(Confidence::Medium));
                score.add(10, "nothing else is written like it");
                score
            }
            _ => return,
        };
        self.push(wanted, range, score);
    }

    fn push(&mut self, wanted: Wanted, range: Range<usize>, score: Score) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        self.matches.push(Match {
            rule: wanted.rule,
            secret: &self.text[range.clone()],
            whole: range.clone(),
            range,
            public_prefix: 0,
            score,
            facts: Vec::new(),
        });
    }
}

/// Whether one of `words` stands shortly before `at` on the same line.
fn is_named(text: &[u8], at: usize, words: &[&str]) -> bool {
    let before = &text[at.saturating_sub(NEAR)..at];
    let line = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let before = before[line..].to_ascii_lowercase();
    words.iter().any(|word| {
        memchr::memmem::find_iter(&before, word.as_bytes()).any(|at| {
            let letter = |at: Option<usize>| at.and_then(|at| before.get(at)).is_some_and(u8::is_ascii_alphabetic);
            word.len() > 3 || (!letter(at.checked_sub(1)) && !letter(Some(at + word.len())))
        })
    })
}
