//! Documents: texts and pictures that are looked at as they are, and again as what their form hides: strings split by markup,
//! encoded parts of mails, compressed streams.

mod constants;
mod image_config;
mod mail;
mod notebook;
mod office;
mod pdf;
mod picture;
mod transfer;

use std::io::{self, Read, SeekFrom};

use self::constants::Constants;
use super::guard::{Fault, Stream};
use super::kind::extension;
use super::{Packing, Place, ReadSeek, Source, Walk};
use crate::blob::SkipReason;

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// A Jupyter notebook.
    Notebook,
    /// A mail, or a page saved as one.
    Mail,
    /// Mails one after the other.
    Mailbox,
    /// PDF.
    Pdf,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// A part of an office document, in XML.
    Office,
    /// What an image of containers says of itself, in JSON.
    ImageConfig,
    /// Values that a program has written.
    Constants(Constants),
}

impl Document {
    /// Looks at the first bytes of content, and at its name.
    #[must_use]
    pub fn of(start: &[u8], name: &str) -> Option<Self> {
        match start {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => return Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => return Some(Self::Jpeg),
            _ if start.trim_ascii_start().starts_with(b"%PDF-") => return Some(Self::Pdf),
            // Readers pass over what is before it.
            _ if memchr::memmem::find(start, b"%PDF-").is_some() && extension(name).is_some_and(|e| e == "pdf") => {
                return Some(Self::Pdf);
            }
            _ => {}
        }
        if let Some(constants) = Constants::of(start) {
            return Some(Self::Constants(constants));
        }
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        match text.first()? {
            b'{' if notebook::is_notebook(text, name) => Some(Self::Notebook),
            b'{' if image_config::is_config(text) => Some(Self::ImageConfig),
            b'<' if office::is_office(text) => Some(Self::Office),
            _ if mail::is_mailbox(start) => Some(Self::Mailbox),
            _ if mail::is_mail(start, name) => Some(Self::Mail),
            _ => None,
        }
    }

    /// What is not seen in its bytes as they are, for the ledger.
    fn hides(self) -> &'static str {
        match self {
            Self::Notebook => "its cells",
            Self::Mail | Self::Mailbox => "its encoded parts",
            Self::Pdf => "its compressed streams",
            Self::Png | Self::Jpeg => "its compressed texts",
            Self::Office => "texts that its markup splits",
            Self::ImageConfig => "its variables",
            Self::Constants(_) => "strings that run into what is behind them",
        }
    }
}

/// Looks at a document that can be read twice.
pub(super) fn walk_file(
    walk: &mut Walk<'_>,
    place: &Place,
    kind: Document,
    file: &mut dyn ReadSeek,
    size: Option<u64>,
) {
    walk.leaf(place, Source::Seekable(file), size);
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| match kind {
        Document::Mailbox => mail::mailbox(walk, &place.viewed(), &mut &mut *file),
        _ => {
            let (bytes, whole) = held(place, file)?;
            views(walk, place, kind, whole.then_some(&*bytes));
            Ok(())
        }
    });
    if let Err(error) = read {
        walk.trouble(place, &error);
    }
}

/// Looks at a document that is read once.
pub(super) fn walk_stream(
    walk: &mut Walk<'_>,
    place: &Place,
    kind: Document,
    stream: &mut Stream<'_>,
    size: Option<u64>,
) {
    let mut bytes = Vec::new();
    let bound = bound(place);
    // What stopped it comes again when the rest is read.
    let _ = stream.take(bound + 1).read_to_end(&mut bytes);
    walk.leaf(place, Source::Stream(&mut (&*bytes).chain(stream)), size);
    views(walk, place, kind, (bytes.len() as u64 <= bound).then_some(&*bytes));
}

/// The largest document that is held in memory, in bytes.
fn bound(place: &Place) -> u64 {
    place.memory / 4
}

/// What a document holds, and whether that is all of it.
fn held(place: &Place, file: &mut dyn ReadSeek) -> io::Result<(Vec<u8>, bool)> {
    let bound = bound(place);
    let mut bytes = Vec::new();
    file.take(bound + 1).read_to_end(&mut bytes)?;
    let whole = bytes.len() as u64 <= bound;
    Ok((bytes, whole))
}

/// Looks at what is hidden in a document; `None` if it is too large.
fn views(walk: &mut Walk<'_>, place: &Place, kind: Document, bytes: Option<&[u8]>) {
    let Some(bytes) = bytes else {
        let detail = format!(
            "larger than {} bytes: it was looked at as it is, and not for {}; export those and scan them",
            bound(place),
            kind.hides()
        );
        return walk.skip(place, Fault::new(SkipReason::TooLarge, detail));
    };
    let within = place.viewed();
    match kind {
        Document::Notebook => notebook::walk(walk, &within, bytes),
        Document::Mail => mail::walk(walk, &within, bytes),
        Document::Mailbox => {
            if let Err(error) = mail::mailbox(walk, &within, &mut &*bytes) {
                walk.trouble(place, &error);
            }
        }
        Document::Pdf => pdf::walk(walk, &within, bytes),
        Document::Png => picture::walk_png(walk, &within, bytes),
        Document::Jpeg => picture::walk_jpeg(walk, &within, bytes),
        Document::Office => office::walk(walk, &within, bytes),
        Document::ImageConfig => image_config::walk(walk, &within, bytes),
        Document::Constants(format) => constants::walk(walk, &within, format, bytes),
    }
}

/// Hands over a text that was made of a document, if there is any.
fn view(walk: &mut Walk<'_>, place: &Place, name: &str, text: &[u8]) {
    if !text.is_empty() && walk.admits(place) {
        walk.text(place, name, &mut &*text, Packing::none(text.len() as u64));
    }
}
