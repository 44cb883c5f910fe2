//! What a reader must know of silencing that did not happen, or that will not for long.

use serde::{Deserialize, Serialize};

/// Why a note is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NoteKind {
    /// What silenced was for a time, and that is over.
    Expired,
    /// It silences nothing any more.
    Stale,
    /// It is somebody else's, so it silences nothing here.
    Ignored,
    /// A comment without the reason it needs.
    WithoutReason,
    /// The same secret is silenced at another place.
    OtherPlace,
    /// A configuration leaves paths out.
    LeavesOut,
    /// A secret came to a place after it was rotated.
    AfterRotation,
}

impl NoteKind {
    /// The stable name used in JSON and SARIF.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Expired => "silence-expired",
            Self::Stale => "silence-stale",
            Self::Ignored => "silence-ignored",
            Self::WithoutReason => "silence-without-reason",
            Self::OtherPlace => "silenced-elsewhere",
            Self::LeavesOut => "configured-exclude",
            Self::AfterRotation => "used-after-rotation",
        }
    }
}

/// Something to know that does not change what a scan amounts to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// The kind.
    pub kind: NoteKind,
    /// What it is about: a file, and the line where there is one.
    pub place: String,
    /// What happened, in a sentence that also says what to do.
    pub detail: String,
}

impl Note {
    /// A note.
    pub fn new(kind: NoteKind, place: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, place: place.into(), detail: detail.into() }
    }
}
