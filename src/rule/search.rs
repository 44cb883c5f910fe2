//! Rules as gitleaks has them: a pattern of any length that is searched in every text that has one of the rule's keywords, wherever in
//! it, and only at certain paths.

use std::collections::HashMap;
use std::ops::Range;

use regex::bytes::Regex;

/// A keyword longer than this is looked for by hand.
const LONGEST: usize = 64;

/// What a rule of a gitleaks configuration looks for.
#[derive(Debug)]
pub struct Search {
    pub(super) regex: Option<Regex>,
    /// In lower case; none if every text is searched.
    pub(super) keywords: Vec<String>,
    /// Finds the keywords where the prefilter cannot.
    pub(super) by_hand: Option<Regex>,
    pub(super) secret_group: usize,
    pub(super) path: Option<Regex>,
    pub(super) entropy: f64,
    /// The patterns as they were written, for the digest.
    pub(super) written: (String, String),
}

impl Search {
    /// What is searched in texts; none if the rule is about paths alone.
    #[must_use]
    pub fn regex(&self) -> Option<&Regex> {
        self.regex.as_ref()
    }

    /// Whether the rule is for what is at `path`. For what is in no file a pattern of paths is held against nothing.
    #[must_use]
    pub fn is_for(&self, path: Option<&str>) -> bool {
        self.path.as_ref().is_none_or(|regex| regex.is_match(path.unwrap_or_default().as_bytes()))
    }

    /// The keywords, if the prefilter can look for all of them; else [`Search::wakes`] has to be asked of every text.
    pub(super) fn anchors(&self, shortest: usize) -> Vec<String> {
        let fits =
            |word: &String| word.is_ascii() && (shortest..=LONGEST).contains(&word.len()) && !word.contains('\0');
        if self.keywords.iter().all(fits) { self.keywords.clone() } else { Vec::new() }
    }

    /// Whether a text has one of the keywords that the prefilter does not look for.
    #[must_use]
    pub fn wakes(&self, text: &[u8]) -> bool {
        self.by_hand.as_ref().is_none_or(|keywords| keywords.is_match(text))
    }

    /// The secret in what matched: the group that the rule names, else the first that is not empty, else everything.
    #[must_use]
    pub fn secret_in(&self, matched: &[u8]) -> Range<usize> {
        // As in gitleaks, the pattern is asked again about the match alone: what it says of the surroundings may not hold there.
        let groups = self.regex.as_ref().and_then(|regex| regex.captures(matched));
        let group = groups.and_then(|groups| match self.secret_group {
            0 => groups.iter().skip(1).flatten().find(|group| !group.is_empty()).map(|group| group.range()),
            number => groups.get(number).filter(|group| !group.is_empty()).map(|group| group.range()),
        });
        group.unwrap_or(0..matched.len())
    }

    /// Whether a secret is as random as the rule wants it.
    #[must_use]
    pub fn is_random_enough(&self, secret: &[u8]) -> bool {
        self.entropy == 0.0 || shannon(secret) > self.entropy
    }

    /// How many of a secret's first bytes are one of the keywords, which all of its kind share.
    #[must_use]
    pub fn public_prefix(&self, secret: &[u8]) -> usize {
        let begins = |word: &&String| secret.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word.as_bytes()));
        self.keywords.iter().filter(begins).map(String::len).max().unwrap_or_default()
    }
}

/// Entropy as gitleaks counts it: of characters, as if each were a byte long.
fn shannon(secret: &[u8]) -> f64 {
    let mut counts: HashMap<char, u32> = HashMap::new();
    for chunk in secret.utf8_chunks() {
        let broken = std::iter::repeat_n(char::REPLACEMENT_CHARACTER, chunk.invalid().len());
        chunk.valid().chars().chain(broken).for_each(|c| *counts.entry(c).or_default() += 1);
    }
    let mut shares: Vec<u32> = counts.into_values().collect();
    // The sum is the same in every run.
    shares.sort_unstable();
    shares.into_iter().map(|n| f64::from(n) / secret.len() as f64).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(pattern: &str, secret_group: usize) -> Search {
        Search {
            regex: Some(Regex::new(pattern).expect("sound")),
            keywords: vec!["acme_".into()],
            by_hand: None,
            secret_group,
            path: None,
            entropy: 0.0,
            written: Default::default(),
        }
    }

    #[test]
    fn the_secret_is_the_group_that_is_named_or_the_first_that_is_there() {
        assert_eq!(search("k=(a)?(b+)", 0).secret_in(b"k=bb"), 2..4);
        assert_eq!(search("k=(a)?(b+)", 2).secret_in(b"k=abb"), 3..5);
        assert_eq!(search("k=(a)?(b+)", 1).secret_in(b"k=bb"), 0..4, "a group that is not there");
        assert_eq!(search("k=b+", 0).secret_in(b"k=bb"), 0..4);
        assert_eq!(search(r"k=(b+)\n", 0).secret_in(b"k=bb"), 0..4, "what follows is not in the match alone");
    }

    #[test]
    fn entropy_is_counted_as_there() {
        assert!((shannon(b"abcdefgh") - 3.0).abs() < 1e-9);
        assert!((shannon(b"aaaa")).abs() < 1e-9);
        let mut rule = search("x", 0);
        rule.entropy = 3.0;
        assert!(!rule.is_random_enough(b"abcdefgh"), "as much is not more");
        assert!(rule.is_random_enough(b"abcdefghi"));
    }

    #[test]
    fn keywords_that_the_prefilter_cannot_look_for_are_looked_for_by_hand() {
        let mut rule = search("x", 0);
        assert_eq!(rule.anchors(3), ["acme_"]);
        rule.keywords.push("ab".into());
        assert!(rule.anchors(3).is_empty());
    }
}
