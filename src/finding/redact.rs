//! Masks every known secret in texts that will be shown: a snippet of one finding, or a path, can hold another.

use aho_corasick::{AhoCorasick, MatchKind};

use crate::secret::{MASK, Secret};

/// Values shorter than this would mask half of every text.
const SHORTEST: usize = 4;

/// Finds known secrets in texts.
#[derive(Debug)]
pub struct Redactor {
    automaton: Option<AhoCorasick>,
}

impl Redactor {
    /// Knows `secrets`.
    #[must_use]
    pub fn new<'s>(secrets: impl Iterator<Item = &'s Secret>) -> Self {
        let mut values: Vec<&[u8]> = secrets.map(Secret::reveal).filter(|v| v.len() >= SHORTEST).collect();
        values.sort_unstable();
        values.dedup();
        let automaton = (!values.is_empty())
            .then(|| AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&values))
            .and_then(Result::ok);
        Self { automaton }
    }

    /// `text` with every known secret masked.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        match &self.automaton {
            Some(automaton) if automaton.is_match(text) => {
                let mut masked = Vec::with_capacity(text.len());
                automaton.replace_all_with_bytes(text.as_bytes(), &mut masked, |_, _, out| {
                    out.extend_from_slice(MASK.as_bytes());
                    true
                });
                String::from_utf8_lossy(&masked).into_owned()
            }
            _ => text.to_owned(),
        }
    }
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
}
