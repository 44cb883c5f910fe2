//! When a secret was met in a log.

use serde::{Deserialize, Serialize};

use crate::source::log::stamp::Stamp;

/// The first and the last time that a secret is in a log, in the order of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings {
    /// The time of the first line that has it, or of the last one before that has any.
    pub first: Option<Stamp>,
    /// The same of the last line.
    pub last: Option<Stamp>,
    /// The last line, from 1.
    pub last_line: u64,
}

impl Sightings {
    /// Met once.
    #[must_use]
    pub fn once(stamp: Option<Stamp>, line: u64) -> Self {
        Self { first: stamp.clone(), last: stamp, last_line: line }
    }

    /// Met again, further down.
    pub fn again(&mut self, later: Self) {
        self.last = later.last.or(self.last.take());
        self.last_line = later.last_line;
    }
}
