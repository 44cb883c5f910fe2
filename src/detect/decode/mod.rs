//! Values that are written in code: base64, hexadecimal, escapes, strings in pieces. What looks like one is decoded where it stands, so
//! that the names before it still tell what it is, and every byte leads back to those it was made of.
//!
//! A text is looked through once for signs of such a value. Around what is found a [`View`] is made: a piece of the text with all
//! that is encoded in it replaced. A view is looked through in the same way, to a bounded depth. Nothing is decoded that does not
//! look like a text afterwards: a certificate, an image, a checksum stays what it is.

mod base64;
mod classes;
mod escapes;
mod inflate;
mod join;
mod kubernetes;
mod map;
mod overview;
mod region;
#[cfg(test)]
mod tests;
mod wide;

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use self::map::{Map, Piece};
use super::PathKind;

/// In how many layers a value may be hidden. Base64 and what is compressed in it are one.
pub const DEPTH: usize = 3;

/// How far apart two pieces may be to be in one view. No less than the two below, so that the views of a text, put together, are
/// about as long as it is.
const GAP: usize = 2048;

/// How much of the text is kept before what is decoded: a name, the beginning of a token.
const CONTEXT_BEFORE: usize = 1024;

/// How much is kept after, of the same line.
const CONTEXT_AFTER: usize = 1024;

/// How many lines before are kept.
const LINES_BEFORE: usize = 3;

/// The way in which a value was hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// The data of a Kubernetes `Secret`.
    KubernetesSecret,
    /// Base64, of either alphabet, wrapped or not.
    Base64,
    /// gzip in base64.
    Gzip,
    /// zlib in base64.
    Zlib,
    /// Two digits for each byte.
    Hex,
    /// `%41`
    Percent,
    /// `\u0041`
    UnicodeEscape,
    /// `\x41`
    HexEscape,
    /// `\101`
    OctalEscape,
    /// A string within a string: `\"`
    QuotedString,
    /// `&#65;`
    HtmlEntity,
    /// `=41` and lines that end in `=`
    QuotedPrintable,
    /// `"a" + "b"`
    Joined,
    /// A line that ends in `\`
    ContinuedLine,
    /// Colours of a terminal.
    AnsiCodes,
    /// Two bytes for each character.
    Utf16,
    /// Four bytes for each character.
    Utf32,
}

impl How {
    /// Its name in all formats.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::KubernetesSecret => "kubernetes-secret",
            Self::Base64 => "base64",
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Hex => "hex",
            Self::Percent => "percent",
            Self::UnicodeEscape => "unicode-escape",
            Self::HexEscape => "hex-escape",
            Self::OctalEscape => "octal-escape",
            Self::QuotedString => "quoted-string",
            Self::HtmlEntity => "html-entity",
            Self::QuotedPrintable => "quoted-printable",
            Self::Joined => "joined",
            Self::ContinuedLine => "continued-line",
            Self::AnsiCodes => "ansi-codes",
            Self::Utf16 => "utf16",
            Self::Utf32 => "utf32",
        }
    }

    /// A few words that complete «hidden in».
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KubernetesSecret => "base64 of a Kubernetes Secret",
            Self::Base64 => "base64",
            Self::Gzip => "gzip in base64",
            Self::Zlib => "zlib in base64",
            Self::Hex => "hexadecimal",
            Self::Percent => "percent encoding",
            Self::UnicodeEscape => r"\u escapes",
            Self::HexEscape => r"\x escapes",
            Self::OctalEscape => "octal escapes",
            Self::QuotedString => "an escaped string",
            Self::HtmlEntity => "HTML entities",
            Self::QuotedPrintable => "quoted-printable",
            Self::Joined => "a concatenation",
            Self::ContinuedLine => "a continued line",
            Self::AnsiCodes => "ANSI codes",
            Self::Utf16 => "UTF-16",
            Self::Utf32 => "UTF-32",
        }
    }

    /// Whether what was decoded is a document of its own, not a part of the one around it.
    fn is_document(self) -> bool {
        matches!(self, Self::KubernetesSecret | Self::Base64 | Self::Gzip | Self::Zlib | Self::Hex)
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What of a text was not decoded. Whoever has asked must say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// More would have been decoded than [`Bounds`] allow.
    pub size: bool,
    /// Something is hidden in more than [`DEPTH`] layers.
    pub depth: bool,
}

/// How much may be decoded of one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of all views together.
    pub total: usize,
    /// Bytes of one view at most, which is what is held in memory for each layer.
    pub view: usize,
}

impl Bounds {
    /// What may be decoded of a text of `len` bytes.
    #[must_use]
    pub fn of(len: usize) -> Self {
        const MOST: usize = 64 << 20;
        Self { total: len.saturating_mul(32).saturating_add(4 << 20).min(MOST), view: 8 << 20 }
    }
}

/// A piece of a text as it is once all that is encoded in it is decoded.
#[derive(Debug)]
pub struct View<'p> {
    /// The piece: something of the text before, what is decoded, something of the text after.
    pub bytes: Vec<u8>,
    /// What kind of file it is to be taken for.
    pub path: PathKind,
    map: Map,
    /// The view it was made from; `None` for one of the text itself.
    parent: Option<&'p View<'p>>,
    depth: usize,
}

impl View<'_> {
    /// The bytes of the text that those of `range` were made of.
    #[must_use]
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        let range = self.map.original(range);
        self.parent.map_or(range.clone(), |parent| parent.original(range))
    }

    /// A part of [`View::original`] that has an order. All that was compressed together was made of the same bytes; each part of it
    /// has a place of its own among them, so that one secret is not taken for another.
    #[must_use]
    pub fn place(&self, range: Range<usize>) -> Range<usize> {
        let range = self.map.place(range);
        self.parent.map_or(range.clone(), |parent| parent.place(range))
    }

    /// The ways in which what is in `range` was hidden, the outermost first. Empty if this view shows nothing of it that was
    /// not to be seen without: the range is as it was, and so is what stands before it.
    #[must_use]
    pub fn how(&self, range: &Range<usize>) -> Vec<How> {
        let own = self.map.how(range);
        if own.is_empty() {
            return own;
        }
        let mut ways = self.parent.map_or_else(Vec::new, |parent| parent.how(&self.map.original(range.clone())));
        ways.extend(own);
        ways
    }

    /// Whether `range` itself was decoded, a part of it or a seam in it.
    #[must_use]
    pub fn is_decoded(&self, range: &Range<usize>) -> bool {
        self.map.touches(range)
            || self.parent.is_some_and(|parent| parent.is_decoded(&self.map.original(range.clone())))
    }

    /// The stretch between the first and the last byte that this view decoded.
    fn fresh(&self) -> Range<usize> {
        self.map.decoded().unwrap_or(0..0)
    }
}

/// Calls `visit` with every view of `text` in which something of `core` is decoded, and with every view of those. No more than
/// [`DEPTH`] are held at a time. The work is linear in the text and what is decoded of it, whatever it holds.
///
/// `core` is the part of the text that is new to the caller. A value that is partly in it counts.
pub fn views(text: &[u8], core: Range<usize>, path: PathKind, bounds: Bounds, visit: &mut dyn FnMut(&View<'_>)) -> Cut {
    views_near(text, core, path, (bounds, None), visit)
}

/// The same where it is known where `anchors` of rules begin, in order: string literals are joined only after one.
pub fn views_near(
    text: &[u8],
    core: Range<usize>,
    path: PathKind,
    (bounds, anchors): (Bounds, Option<&[usize]>),
    visit: &mut dyn FnMut(&View<'_>),
) -> Cut {
    let mut walk = Walk { left: bounds.total, bounds, anchors, cut: Cut::default(), visit };
    walk.layer(text, core, path, None);
    walk.cut
}

/// Whether something in `core` is encoded, as far as a first look tells.
#[must_use]
pub fn is_any_in(text: &[u8], core: Range<usize>, path: PathKind, anchors: &[usize]) -> bool {
    const ROOM: usize = 4096;
    let found = region::find(text, core, path, region::Limits { room: ROOM, first: true, anchors: Some(anchors) });
    found.cut || !found.pieces.list.is_empty()
}

struct Walk<'v> {
    bounds: Bounds,
    /// How many bytes may still be decoded.
    left: usize,
    /// Those of the text itself.
    anchors: Option<&'v [usize]>,
    cut: Cut,
    visit: &'v mut dyn FnMut(&View<'_>),
}

impl Walk<'_> {
    /// Visits the views of a text, or of a view.
    fn layer(&mut self, text: &[u8], core: Range<usize>, path: PathKind, parent: Option<&View<'_>>) {
        let depth = parent.map_or(0, |parent| parent.depth);
        // What is made of one compressed value is looked at, and is part of a view.
        let room = (self.left / 3).min(self.bounds.view);
        let limits = region::Limits { room, first: depth == 0, anchors: self.anchors.filter(|_| depth == 0) };
        let region::Found { mut pieces, cut, inflated } = region::find(text, core.clone(), path, limits);
        self.cut.size |= cut;
        self.left -= inflated;
        pieces.settle();
        // What is only beside what the view shows was seen in the text it was made from.
        pieces.list.retain(|piece| piece.source.end >= core.start && piece.source.start <= core.end);
        if depth == DEPTH {
            self.cut.depth |= !pieces.list.is_empty();
            return;
        }
        let mut rest = &pieces.list[..];
        while !rest.is_empty() {
            let (cluster, others) = rest.split_at(self.cluster_len(rest));
            rest = others;
            let around = surroundings(text, cluster);
            let size = around.len() + cluster.iter().map(|piece| piece.out.len()).sum::<usize>();
            if size > self.left {
                self.cut.size = true;
                return;
            }
            self.left -= size;
            let (bytes, map) = Map::build(text, around, &pieces, cluster);
            let path = match cluster.iter().any(|piece| piece.how.is_document()) {
                true => PathKind { code: false, config: true, ..path },
                false => path,
            };
            let view = View { bytes, path, map, parent, depth: depth + 1 };
            (self.visit)(&view);
            self.layer(&view.bytes, view.fresh(), path, Some(&view));
        }
    }

    /// How many of the pieces, from the first on, are near enough to each other for one view.
    fn cluster_len(&self, list: &[Piece]) -> usize {
        let size = |piece: &Piece| piece.source.len().max(piece.out.len());
        let mut total = list.first().map_or(0, size);
        let near = list.windows(2).take_while(|pair| {
            let gap = pair[1].source.start - pair[0].source.end;
            total += gap + size(&pair[1]);
            gap <= GAP && total <= self.bounds.view
        });
        (near.count() + 1).min(list.len())
    }
}

/// What is kept around the pieces of a view.
fn surroundings(text: &[u8], cluster: &[Piece]) -> Range<usize> {
    let (Some(first), Some(last)) = (cluster.first(), cluster.last()) else { return 0..0 };
    let (first, last) = (first.source.start, last.source.end);
    let floor = first.saturating_sub(CONTEXT_BEFORE);
    let start = memchr::memrchr_iter(b'\n', &text[floor..first]).nth(LINES_BEFORE).map_or(floor, |at| floor + at + 1);
    let ceiling = (last + CONTEXT_AFTER).min(text.len());
    let end = memchr::memchr(b'\n', &text[last..ceiling]).map_or(ceiling, |at| last + at);
    start..end
}
