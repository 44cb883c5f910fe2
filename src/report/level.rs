//! How loud a finding is in formats that know three levels.

use crate::rule::{Confidence, Severity};

/// How loud a finding is, the loudest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Error,
    Warning,
    Note,
}

impl Level {
    /// Doubt makes quieter, so that a check can be required for errors alone.
    pub(super) fn of(severity: Severity, confidence: Confidence) -> Self {
        match (severity, confidence) {
            (Severity::Critical | Severity::High, Confidence::High | Confidence::Medium) => Self::Error,
            (Severity::Critical | Severity::High, Confidence::Low) => Self::Warning,
            (Severity::Medium, Confidence::High | Confidence::Medium) => Self::Warning,
            (Severity::Medium, Confidence::Low) | (Severity::Low | Severity::Info, _) => Self::Note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_makes_quieter() {
        assert_eq!(Level::of(Severity::Critical, Confidence::Medium), Level::Error);
        assert_eq!(Level::of(Severity::High, Confidence::Low), Level::Warning);
        assert_eq!(Level::of(Severity::Medium, Confidence::High), Level::Warning);
        assert_eq!(Level::of(Severity::Medium, Confidence::Low), Level::Note);
        assert_eq!(Level::of(Severity::Info, Confidence::High), Level::Note);
    }
}
