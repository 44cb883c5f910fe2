//! A secret seen in a piece of text, as it is written there or encoded, before its place in the whole text is known.

use std::ops::Range;

use super::silencing::View;
use crate::detect::decode::Cut;
use crate::detect::{Beside, Decoding, Detector, Fact, Hidden, Match, Parts, Score, Scratch, Window, parts};
use crate::finding::Encoded;
use crate::rule::{RuleIndex, RuleSet};
use crate::secret::Secret;

/// A longer encoded form is not kept.
const LONGEST_FORM: usize = 16 * 1024;

/// How many secrets that are encoded in one window are kept. Who has more has made them to exhaust us.
const KEPT: usize = 50_000;

/// A secret in a piece of text.
pub(super) struct Sight {
    pub(super) rule: RuleIndex,
    /// Where it is.
    pub(super) range: Range<usize>,
    /// All that the rule matched, or all that it was decoded from.
    pub(super) whole: Range<usize>,
    /// What must not be shown: the secret, or all that it was decoded from.
    pub(super) masked: Range<usize>,
    pub(super) secret: Secret,
    pub(super) score: Score,
    pub(super) facts: Vec<Fact>,
    /// How it is hidden, if it is.
    pub(super) encoded: Option<Box<Encoded>>,
}

impl Sight {
    fn beside(&self) -> Beside<'_> {
        let Self { rule, masked, secret, score, facts, .. } = self;
        Beside { rule: *rule, range: masked.clone(), secret: secret.reveal(), score, facts }
    }

    fn plain(detector: &Detector, found: Match<'_>) -> Self {
        let guessable = detector.rules().get(found.rule).guessable;
        Self {
            rule: found.rule,
            secret: Secret::new(found.secret, found.public_prefix, guessable),
            masked: found.range.clone(),
            range: found.range,
            whole: found.whole,
            score: found.score,
            facts: found.facts,
            encoded: None,
        }
    }

    fn hidden(detector: &Detector, text: &[u8], hidden: Hidden<'_>) -> Self {
        let Hidden { found, original, place, how } = hidden;
        let form = &text[original.clone()];
        let form = if form.len() > LONGEST_FORM { &[] } else { form };
        let encoded = Encoded { how, forms: vec![Secret::new(form, 0, true)] };
        Self {
            range: place,
            whole: original.clone(),
            masked: original,
            encoded: Some(Box::new(encoded)),
            ..Self::plain(detector, found)
        }
    }
}

/// What was seen in a piece of text.
#[derive(Default)]
pub(super) struct Sights {
    /// In order of place.
    pub(super) list: Vec<Sight>,
    /// Where there is something that is not told, because what is encoded there tells more, but must not be shown either.
    pub(super) covers: Vec<Range<usize>>,
    /// What was not decoded.
    pub(super) cut: Cut,
}

impl Sights {
    /// Finds what belongs to each, tells it of it, and says where the parts are that are no findings of their own.
    pub(super) fn parts(&mut self, rules: &RuleSet, window: &Window<'_>) -> Vec<Vec<Range<usize>>> {
        let near: Vec<Beside<'_>> = self.list.iter().map(Sight::beside).collect();
        let of = |number: usize| match self.list[number].encoded {
            // What stands around something encoded is encoded too.
            Some(_) => Parts::default(),
            None => parts(rules, window, &near, number),
        };
        let all: Vec<Parts> = (0..near.len()).map(of).collect();
        let ranges: Vec<Range<usize>> = self.list.iter().map(|sight| sight.range.clone()).collect();
        let add = |(sight, parts): (&mut Sight, Parts)| {
            parts.weigh(&mut sight.score);
            sight.facts.extend(parts.facts);
            parts.matches.iter().map(|part| ranges[*part].clone()).collect()
        };
        self.list.iter_mut().zip(all).map(add).collect()
    }
}

/// What was decoded in a window.
pub(super) struct Decoded {
    list: Vec<Sight>,
    decoding: Decoding,
}

/// What looks at a text, and which rules are for it.
#[derive(Clone, Copy)]
pub(super) struct Eyes<'e> {
    pub(super) detector: &'e Detector,
    pub(super) view: &'e View<'e>,
}

impl Eyes<'_> {
    /// Leaves those of `matches` that are wanted, in order.
    pub(super) fn wanted<'m>(&self, mut matches: Vec<Match<'m>>) -> Vec<Match<'m>> {
        matches.retain(|found| self.view.wants(self.detector.rules().get(found.rule)));
        matches.sort_by_key(|m| (m.range.start, m.range.end, m.rule));
        matches
    }

    /// Looks for what is encoded in a window, in whose text `plain` was found: matches, and where anchors begin.
    pub(super) fn encoded(
        &self,
        window: &Window<'_>,
        plain: (&[Match<'_>], &[usize]),
        scratch: &mut Scratch,
    ) -> Decoded {
        let mut list = Vec::new();
        let decoding = self.detector.scan_encoded(window, plain, scratch, &mut |hidden| {
            if list.len() < KEPT && self.view.wants(self.detector.rules().get(hidden.found.rule)) {
                list.push(Sight::hidden(self.detector, window.text, hidden));
            }
        });
        Decoded { list, decoding }
    }

    /// Adds what is plain.
    pub(super) fn add(&self, sights: &mut Sights, plain: Vec<Match<'_>>) {
        sights.list.extend(plain.into_iter().map(|found| Sight::plain(self.detector, found)));
        sights.list.sort_by_key(|sight| (sight.range.start, sight.range.end, sight.rule));
    }

    /// All that is seen: what is plain, but for what `decoded` replaces, and what is encoded.
    pub(super) fn all(&self, plain: Vec<Match<'_>>, decoded: Vec<Decoded>) -> Sights {
        let (mut all, mut replaced) = (Sights::default(), Vec::new());
        for Decoded { list, decoding } in decoded {
            all.list.extend(list);
            all.cut.size |= decoding.cut.size;
            all.cut.depth |= decoding.cut.depth;
            replaced.extend(decoding.replaced);
        }
        replaced.sort_unstable();
        for (number, found) in plain.into_iter().enumerate() {
            match replaced.binary_search(&number) {
                Ok(_) => all.covers.push(found.range),
                Err(_) => all.list.push(Sight::plain(self.detector, found)),
            }
        }
        all.list.sort_by_key(|sight| (sight.range.start, sight.range.end, sight.rule));
        all
    }
}
