//! What each rule costs a scan.

use std::time::{Duration, Instant};

use super::{Detector, Scratch, Window};
use crate::rule::Rule;

/// What one rule has cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// How often one of its anchors was met.
    pub hits: u64,
    /// How much time went into finding out what it makes of them.
    pub time: Duration,
}

/// What all rules of a detector have cost.
#[derive(Debug)]
pub struct Costs<'d> {
    detector: &'d Detector,
    /// In the order of the rules.
    of_rules: Vec<Cost>,
    /// What went into looking for anchors.
    search: Duration,
    /// How much text was looked at, in bytes.
    bytes: u64,
    scratch: Scratch,
}

impl<'d> Costs<'d> {
    /// Nothing so far.
    #[must_use]
    pub fn new(detector: &'d Detector) -> Self {
        let of_rules = vec![Cost::default(); detector.rules.rules().len()];
        Self { detector, of_rules, search: Duration::ZERO, bytes: 0, scratch: Scratch::default() }
    }

    /// Adds what a text costs.
    pub fn add(&mut self, window: &Window<'_>) {
        let detector = self.detector;
        let started = Instant::now();
        detector.prefilter.find(window.text, window.core.clone(), &mut self.scratch.hits);
        self.search += started.elapsed();
        self.bytes += window.core.len() as u64;
        let mut found = Vec::new();
        for &hit in &self.scratch.hits {
            for at in detector.asked(window, hit) {
                let cost = &mut self.of_rules[at.index.number()];
                let started = Instant::now();
                at.follow(&mut found);
                cost.time += started.elapsed();
                cost.hits += 1;
                found.clear();
            }
        }
    }

    /// What went into looking for anchors, and how many bytes were looked at.
    #[must_use]
    pub fn search(&self) -> (Duration, u64) {
        (self.search, self.bytes)
    }

    /// What each rule has cost.
    pub fn of_rules(&self) -> impl Iterator<Item = (&'d Rule, Cost)> {
        self.detector.rules.rules().iter().zip(self.of_rules.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::detect::PathKind;
    use crate::rule::{Catalogue, RuleSource};

    #[test]
    fn each_anchor_is_counted_for_its_rules() {
        let rules = Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is sound");
        let detector = Detector::new(Arc::new(rules));
        let mut costs = Costs::new(&detector);
        let text = b"ghp_ and ghp_ and GHP_, glpat- and nothing else";
        let window = Window { text, core: 0..text.len(), path: PathKind::default(), binary: false };
        costs.add(&window);
        let hits = |id: &str| costs.of_rules().find(|(rule, _)| rule.id == id).map(|(_, cost)| cost.hits);
        // In any case: whether it is spelled as it should be is up to the pattern.
        assert_eq!(hits("github-pat-classic"), Some(3));
        assert_eq!(hits("gitlab-pat"), Some(1));
        assert_eq!(hits("npm-access-token"), Some(0));
        assert_eq!(costs.search().1, text.len() as u64);
    }
}
