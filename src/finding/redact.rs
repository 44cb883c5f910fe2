//! Masks every known secret in texts that will be shown: a snippet of one finding, or a path, can hold another.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::secret::{MASK, Secret};

/// Values shorter than this would mask half of every text.
const SHORTEST: usize = 4;

/// Finds known secrets in texts.
#[derive(Debug)]
pub struct Redactor {
    all: Option<AhoCorasick>,
    /// Those that are no plain words.
    odd: Option<AhoCorasick>,
}

impl Redactor {
    /// Knows `secrets`.
    #[must_use]
    pub fn new<'s>(secrets: impl Iterator<Item = &'s Secret>) -> Self {
        let values: Vec<&[u8]> = secrets.map(Secret::reveal).filter(|value| value.len() >= SHORTEST).collect();
        let odd = values.iter().copied().filter(|value| !is_word(value)).collect();
        Self { all: automaton(values), odd: automaton(odd) }
    }

    /// `text` with every known secret masked.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        masked(self.all.as_ref(), text)
    }

    /// The same for the name of a place, which has to be found again: a password that is a plain word, say that of the product,
    /// stays where it is a part of the name, since nothing says there that it is a password.
    #[must_use]
    pub fn mask_path(&self, path: &str) -> String {
        masked(self.odd.as_ref(), path)
    }
}

/// Whether a value is of letters alone, and not longer than words are.
fn is_word(value: &[u8]) -> bool {
    value.len() <= 20 && value.iter().all(u8::is_ascii_alphabetic)
}

fn automaton(mut values: Vec<&[u8]>) -> Option<AhoCorasick> {
    values.sort_unstable();
    values.dedup();
    // A table of all states takes longer to build than all the short texts of a report take to search.
    let kind = Some(AhoCorasickKind::ContiguousNFA);
    let build = || AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).kind(kind).build(&values).ok();
    if values.is_empty() { None } else { build() }
}

fn masked(automaton: Option<&AhoCorasick>, text: &str) -> String {
    let Some(automaton) = automaton.filter(|automaton| automaton.is_match(text)) else { return text.to_owned() };
    let mut masked = Vec::with_capacity(text.len());
    automaton.replace_all_with_bytes(text.as_bytes(), &mut masked, |_, _, out| {
        out.extend_from_slice(MASK.as_bytes());
        true
    });
    String::from_utf8_lossy(&masked).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_common_letters_are_not() {
        let secrets = [Secret::new(b"hunter2!", 0, true), Secret::new(b"ab", 0, true)];
        let redactor = Redactor::new(secrets.iter());
        assert_eq!(redactor.mask("cab hunter2! hunter2"), "cab ******** hunter2");
        assert_eq!(Redactor::new([].iter()).mask("x"), "x");
    }

    #[test]
    fn a_word_stays_in_the_name_of_a_place() {
        let random = "k3J9".repeat(8);
        let secrets = [Secret::new(b"acme", 0, true), Secret::new(random.as_bytes(), 0, false)];
        let redactor = Redactor::new(secrets.iter());
        let path = format!("org/acme/{random}.yml");
        assert_eq!(redactor.mask_path(&path), "org/acme/********.yml");
        assert_eq!(redactor.mask(&path), "org/********/********.yml");
    }
}
