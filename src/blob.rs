//! What is scanned and where it came from.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What stands between a container's path and that of a member in it.
pub const WITHIN: &str = "!/";

/// Where a piece of content was met. Paths are shown with `/`, relative to what the user named
/// where that is possible; bytes that are not UTF-8 are shown as U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// A file of a working tree, by its path.
    File(String),
    /// The name of a file or of a folder it is in.
    Name(String),
    /// Standard input.
    Stdin,
    /// A version of a file in a history, by the path it had.
    Version(String),
    /// The name of a file in a history.
    PastName(String),
    /// An object of a history that is no file: `commit 1234…`.
    Object(ObjectKind, String),
    /// Something in a container.
    Member(Box<Inner>),
}

/// Something in a container: a file of an archive, what a compressed file unpacks to, or something in one of those.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Inner {
    /// Where the outermost container is. It is no member itself.
    pub container: Origin,
    /// The whole path: `app.jar!/lib/x.jar!/application.yml`.
    pub path: String,
    /// Whether it is the member's name and not its content.
    pub is_name: bool,
}

/// An object of a history that has no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ObjectKind {
    /// A commit: its message, its author, what else is written in it.
    Commit,
    /// An annotated tag.
    Tag,
    /// Content that no commit has as a file.
    Blob,
}

impl ObjectKind {
    /// Its name, as git has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tag => "tag",
            Self::Blob => "blob",
        }
    }
}

/// Whether the name of a file says that it is a source map, or may have one.
#[must_use]
pub fn is_made(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "js" | "mjs" | "cjs" | "css" | "map")
}

impl Origin {
    /// A member of the container that is here: `inner` is its path within.
    #[must_use]
    pub fn member(&self, inner: &str, is_name: bool) -> Self {
        let path = format!("{}{WITHIN}{inner}", self.path());
        Self::Member(Box::new(Inner { container: self.container().clone(), path, is_name }))
    }

    /// Whether it was packed, so that nobody reads it who reviews a change: it is in a container, and not only in the source map of
    /// a file that a build has made.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        self.is_member() && !is_made(self.container().path())
    }

    /// Where the outermost container is that this is in; if it is in none, itself.
    #[must_use]
    pub fn container(&self) -> &Self {
        match self {
            Self::Member(inner) => &inner.container,
            other => other,
        }
    }

    /// Whether it is in a container.
    #[must_use]
    pub fn is_member(&self) -> bool {
        matches!(self, Self::Member(_))
    }

    /// The path, or the name that stands for one.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::File(path)
            | Self::Name(path)
            | Self::Version(path)
            | Self::PastName(path)
            | Self::Object(_, path) => path,
            Self::Stdin => "<stdin>",
            Self::Member(inner) => &inner.path,
        }
    }

    /// Changes every path it has, for masking what must not be shown of it.
    pub fn change_paths(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Self::File(path)
            | Self::Name(path)
            | Self::Version(path)
            | Self::PastName(path)
            | Self::Object(_, path) => change(path),
            Self::Stdin => {}
            Self::Member(inner) => {
                change(&mut inner.path);
                inner.container.change_paths(change);
            }
        }
    }

    /// Whether it is the name of something and not its content.
    #[must_use]
    pub fn is_name(&self) -> bool {
        match self {
            Self::Name(_) | Self::PastName(_) => true,
            Self::Member(inner) => inner.is_name,
            _ => false,
        }
    }

    /// The kind of source, as reports name it: of what is in a container that of the container.
    #[must_use]
    pub fn source(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Name(_) => "name",
            Self::Stdin => "stdin",
            Self::Version(_) => "history",
            Self::PastName(_) => "history-name",
            Self::Object(kind, _) => kind.name(),
            Self::Member(inner) => match (inner.is_name, &inner.container) {
                (false, container) => container.source(),
                (true, Self::File(_) | Self::Stdin) => "name",
                (true, _) => "history-name",
            },
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

/// Why something was not, or not wholly, looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// Its bytes are not what they ought to be.
    Corrupt,
    /// In a form that is not read, or not in the way it was given.
    Unsupported,
    /// Objects of a repository are not there, though others name them.
    MissingObjects,
    /// A repository that was made without all of its history.
    IncompleteHistory,
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
            Self::Corrupt => "corrupt",
            Self::Unsupported => "unsupported",
            Self::MissingObjects => "missing-objects",
            Self::IncompleteHistory => "incomplete-history",
        }
    }
}

/// One thing that was not, or not wholly, looked at. It makes a scan incomplete.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
