//! Small members of a zip, handed over as they are packed, so that they are unpacked by whoever has time.
//!
//! Only what needs nothing but its own bytes is: a text, sound as the archive says. Whatever turns out to be anything else is walked
//! after all, as if it had never been handed over.

use flate2::{Decompress, FlushDecompress, Status};

use super::header::Entry;
use crate::source::container::kind::{self, Kind, SNIFFED};
use crate::source::container::lines;

/// What is packed into more is not held, in bytes.
const LARGEST: u64 = 4 << 20;

/// Methods that are read here.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A member with its data as they are in the archive.
#[derive(Debug)]
pub struct Packed {
    /// Where it is: `app.jar!/application.yml`.
    pub path: String,
    /// Which member of its archive it is.
    pub number: usize,
    pub(super) data: Vec<u8>,
    pub(super) deflated: bool,
    pub(super) size: u64,
    pub(super) crc: u32,
}

impl Packed {
    /// How many bytes it takes, packed and unpacked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len() + usize::try_from(self.size).unwrap_or(usize::MAX)
    }

    /// Whether it takes none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its content; `None` if that is not what the archive says, or is a container itself, so that it has to be walked.
    #[must_use]
    pub fn unpack(self) -> Option<Vec<u8>> {
        let content = if self.deflated { inflate(&self.data, self.size)? } else { self.data };
        let sound = content.len() as u64 == self.size && crc32fast::hash(&content) == self.crc;
        let start = &content[..content.len().min(SNIFFED)];
        let name = self.path.rsplit('/').next().unwrap_or_default();
        (sound && Kind::of(start, name).is_none() && !lines::is_listing(start)).then_some(content)
    }
}

/// What all of `data` unpacks to, if that is so many bytes.
fn inflate(data: &[u8], size: u64) -> Option<Vec<u8>> {
    // One more than there ought to be shows that there is more.
    let mut content = Vec::with_capacity(usize::try_from(size).ok()? + 1);
    let mut inflate = Decompress::new(false);
    let status = inflate.decompress_vec(data, &mut content, FlushDecompress::Finish).ok()?;
    (status == Status::StreamEnd && inflate.total_in() == data.len() as u64).then_some(content)
}

/// Whether a member may be handed over as it is packed, as far as its headers tell.
pub(super) fn may_be(entry: &Entry) -> bool {
    let name = String::from_utf8_lossy(&entry.name);
    let held = entry.packed <= LARGEST && entry.size <= LARGEST;
    let read = matches!(entry.method, STORED | DEFLATED) && !entry.is_encrypted();
    held && read && !entry.is_folder() && !kind::is_named_so(&name)
}

/// Whether it is compressed.
pub(super) fn is_deflated(entry: &Entry) -> bool {
    entry.method == DEFLATED
}
