//! What is scanned and where it came from.

use std::fmt;

/// Where a piece of content was met. Paths are shown with `/`, relative to what the user named
/// where that is possible; bytes that are not UTF-8 are shown as U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A file of a working tree, by its path.
    File(String),
    /// The name of a file or of a folder it is in.
    Name(String),
    /// Standard input.
    Stdin,
}

impl Origin {
    /// The path, or the name that stands for one.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::File(path) | Self::Name(path) => path,
            Self::Stdin => "<stdin>",
        }
    }

    /// The kind of source, as reports name it.
    #[must_use]
    pub fn source(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Name(_) => "name",
            Self::Stdin => "stdin",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

/// Why something was not, or not wholly, looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// It could not be opened or read.
    Unreadable,
    /// It was there when the folder was listed and gone when it was opened.
    Vanished,
    /// A FIFO, socket or device: reading it could block or never end.
    SpecialFile,
    /// A symbolic link that leads out of what was to be scanned.
    LinkLeavesRoot,
    /// Larger than the limit the user set.
    TooLarge,
    /// Scanned, but more was found than is kept.
    Truncated,
    /// The scan was stopped before it got there.
    Interrupted,
    /// An error of ours; the rest was scanned.
    Internal,
}

impl SkipReason {
    /// The stable name used in JSON and SARIF.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Vanished => "vanished",
            Self::SpecialFile => "special-file",
            Self::LinkLeavesRoot => "link-leaves-root",
            Self::TooLarge => "too-large",
            Self::Truncated => "truncated",
            Self::Interrupted => "interrupted",
            Self::Internal => "internal-error",
        }
    }
}

/// One thing that was not, or not wholly, looked at. It makes a scan incomplete.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// What it is: a path, or a range of something larger.
    pub what: String,
    /// The kind of reason.
    pub reason: SkipReason,
    /// What happened, in a sentence that also says what to do.
    pub detail: String,
}

impl Skipped {
    /// An entry of the ledger.
    pub fn new(what: impl Into<String>, reason: SkipReason, detail: impl Into<String>) -> Self {
        Self { what: what.into(), reason, detail: detail.into() }
    }
}
