//! Rules of gitleaks configurations: a pattern searched in a whole text, if the text has one of the rule's keywords.

use std::ops::Range;

use super::prefilter::Hit;
use super::score::Score;
use super::{Detector, Match, REACH, Scratch, Window};
use crate::rule::{Confidence, RuleIndex, Search};

/// Most matches of one rule in one window that are kept: a pattern that matches every letter must not fill the memory.
const MOST: usize = 20_000;

impl Scratch {
    /// Buffers for windows of a text in which some keywords stand, perhaps outside of the window.
    #[must_use]
    pub fn awake(awake: Vec<RuleIndex>) -> Self {
        Self { awake, ..Self::default() }
    }

    /// Whether more was matched than is kept; forgets it.
    pub fn take_cut(&mut self) -> bool {
        std::mem::take(&mut self.cut)
    }
}

impl Detector {
    /// Whether there are rules that search whole texts.
    #[must_use]
    pub fn searches_texts(&self) -> bool {
        self.searches
    }

    /// The rules that search a text because of a keyword that is somewhere in `window`.
    #[must_use]
    pub fn awake_in(&self, window: &Window<'_>, scratch: &mut Scratch) -> Vec<RuleIndex> {
        self.prefilter.find(window.text, window.core.clone(), &mut scratch.hits);
        self.awake(window, scratch.hits.iter().copied())
    }

    fn awake(&self, window: &Window<'_>, hits: impl Iterator<Item = Hit>) -> Vec<RuleIndex> {
        let waiting = hits.flat_map(|hit| &self.rules.anchors()[hit.anchor].waiting).map(|(_, index)| *index);
        let mut awake: Vec<RuleIndex> = waiting.filter(|index| self.rules.get(*index).search().is_some()).collect();
        let everywhere = self.rules.everywhere().iter().copied();
        let text = &window.text[window.core.clone()];
        awake.extend(everywhere.filter(|index| self.rules.get(*index).search().is_some_and(|rule| rule.wakes(text))));
        awake.sort_unstable();
        awake.dedup();
        awake
    }

    /// Adds to `found` what these rules find.
    pub(super) fn search<'b>(&self, window: &Window<'b>, scratch: &mut Scratch, found: &mut Vec<Match<'b>>) {
        let mut awake = self.awake(window, scratch.hits.iter().copied());
        awake.extend(&scratch.awake);
        awake.sort_unstable();
        awake.dedup();
        for index in awake {
            let Some(rule) = self.rules.get(index).search() else { continue };
            let mut kept = 0;
            each(rule, window, |whole, range| {
                let secret = &window.text[range.clone()];
                found.push(Match {
                    rule: index,
                    range,
                    whole,
                    secret,
                    public_prefix: rule.public_prefix(secret),
                    score: Score::of_rule(self.rules.get(index).confidence),
                    facts: Vec::new(),
                });
                kept += 1;
                scratch.cut |= kept == MOST;
                kept < MOST
            });
        }
    }

    /// How sure the rules are of the first thing that one of them finds.
    pub(super) fn finds_by_search(&self, window: &Window<'_>, hits: impl Iterator<Item = Hit>) -> Option<Confidence> {
        let personal = self.personal.as_ref().and_then(|personal| personal.finds(window));
        if !self.searches_texts() {
            return personal;
        }
        let finds = |index: &RuleIndex| {
            let mut any = false;
            if let Some(rule) = self.rules.get(*index).search() {
                each(rule, window, |_, _| {
                    any = true;
                    false
                });
            }
            any
        };
        let finding = self.awake(window, hits).into_iter().filter(finds);
        finding.filter_map(|index| Score::of_rule(self.rules.get(index).confidence).confidence()).max().max(personal)
    }
}

/// Hands every match that begins in the window's core, and the secret in it, to `take`, until that returns `false`.
fn each(rule: &Search, window: &Window<'_>, mut take: impl FnMut(Range<usize>, Range<usize>) -> bool) {
    let Some(regex) = rule.regex() else { return };
    let text = &window.text[..(window.core.end + REACH).min(window.text.len())];
    let mut from = window.core.start;
    while let Some(found) = regex.find_at(text, from).filter(|found| found.start() < window.core.end) {
        from = found.end().max(found.start() + 1);
        let whole = trimmed(text, found.range());
        if whole.is_empty() {
            continue;
        }
        let secret = rule.secret_in(&text[whole.clone()]);
        let secret = whole.start + secret.start..whole.start + secret.end;
        if rule.is_random_enough(&text[secret.clone()]) && !take(whole, secret) {
            return;
        }
    }
}

/// A match without the line ends around it, which gitleaks does not count to it either.
fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let matched = &text[range.clone()];
    let before = matched.iter().take_while(|byte| **byte == b'\n').count();
    let after = matched[before..].iter().rev().take_while(|byte| **byte == b'\n').count();
    range.start + before..range.end - after
}
