//! What the process tells its caller.

use cleansweep::scan::Verdict;

/// Exit codes; they do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Everything was looked at and nothing was found.
    Clean = 0,
    /// Something was found, or a check failed.
    Findings = 1,
    /// The command line or a configuration is wrong.
    Usage = 2,
    /// Nothing was found, but not everything was looked at.
    Incomplete = 3,
}

impl Exit {
    /// For `--help`.
    pub(crate) const HELP: &'static str = "\
Exit codes:
  0  everything was looked at and nothing was found
  1  something was found
  2  the command line, a rule or a configuration is wrong
  3  nothing was found, but not everything could be looked at";
}

impl Exit {
    /// That of two things done at once: what was found weighs more than what was not looked at.
    pub(crate) fn and(self, other: Self) -> Self {
        let weight = |exit: &Self| match exit {
            Self::Clean => 0,
            Self::Incomplete => 1,
            Self::Findings => 2,
            Self::Usage => 3,
        };
        if weight(&other) > weight(&self) { other } else { self }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clean => Self::Clean,
            Verdict::Findings => Self::Findings,
            Verdict::Incomplete => Self::Incomplete,
        }
    }
}
