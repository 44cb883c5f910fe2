//! Why something that was found is not counted as open: somebody has said so, and where.

use serde::{Deserialize, Serialize};

/// Where it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilencedBy {
    /// In a comment on the line.
    Comment,
    /// In a configuration.
    Configuration,
    /// In a baseline.
    Baseline,
    /// In the ledger of rotations: it is a credential no more.
    Ledger,
}

/// A finding was silenced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Silence {
    /// By what.
    pub by: SilencedBy,
    /// The file that says so.
    pub place: String,
    /// The reason it gives, which can be empty.
    pub reason: String,
}
