//! Evidence for and against a match, and the confidence it adds up to.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::rule::Confidence;

/// One reason to believe or doubt a match.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// What it adds to the score; negative against.
    pub points: i32,
    /// The reason in a few words. Never holds the secret or a part of it.
    pub reason: Cow<'static, str>,
}

/// All evidence for one match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Score {
    evidence: Vec<Evidence>,
}

/// From this many points on a match is shown by default.
const MEDIUM: i32 = 45;
const HIGH: i32 = 75;
const LOW: i32 = 20;

/// The reason of what a checksum, or something as good, speaks for.
pub(super) const PROVED: &str = "its structure is proved";

impl Score {
    /// The score of a match that has only its rule's word.
    #[must_use]
    pub fn of_rule(confidence: Confidence) -> Self {
        let points = match confidence {
            Confidence::High => 80,
            Confidence::Medium => 55,
            Confidence::Low => 30,
        };
        let mut score = Self::default();
        score.add(points, "the rule's pattern");
        score
    }

    /// Adds a reason.
    pub fn add(&mut self, points: i32, reason: impl Into<Cow<'static, str>>) {
        self.evidence.push(Evidence { points, reason: reason.into() });
    }

    /// The sum.
    #[must_use]
    pub fn total(&self) -> i32 {
        self.evidence.iter().map(|e| e.points).sum()
    }

    /// What the sum amounts to; `None` is no finding at all.
    #[must_use]
    pub fn confidence(&self) -> Option<Confidence> {
        match self.total() {
            HIGH.. => Some(Confidence::High),
            MEDIUM..HIGH => Some(Confidence::Medium),
            LOW..MEDIUM => Some(Confidence::Low),
            _ => None,
        }
    }

    /// Whether a proof speaks for it.
    pub(super) fn is_proved(&self) -> bool {
        self.evidence.iter().any(|evidence| evidence.reason == PROVED)
    }

    /// Whether the rule itself is unsure of what it finds.
    #[must_use]
    pub fn is_of_unsure_rule(&self) -> bool {
        self.evidence.first().is_some_and(|rule| rule.points < MEDIUM)
    }

    /// The reasons, in the order they were found.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }
}
