//! Texts in PNG and JPEG, and what is behind the end of a picture.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use flate2::read::ZlibDecoder;

use super::super::guard::Fault;
use super::super::kind::Kind;
use super::super::{Packing, Place, SNIFFED, Walk};
use super::view;
use crate::blob::SkipReason;

/// Looks at the texts of a PNG.
pub(super) fn walk_png(walk: &mut Walk<'_>, place: &Place, bytes: &[u8]) {
    let (mut rest, mut number) = (bytes.get(8..).unwrap_or_default(), 0u64);
    while let Some((chunk, after)) = chunk(rest) {
        rest = after;
        match chunk.kind {
            b"IEND" => return behind(walk, place, rest),
            b"tEXt" | b"zTXt" | b"iTXt" => {
                number += 1;
                png_text(walk, place, &chunk, number);
            }
            _ => {}
        }
    }
    // Whatever else there is can be seen in it as it is.
    let packed = [&b"zTXt"[..], b"iTXt"].iter().any(|kind| memchr::memmem::find(rest, kind).is_some());
    if packed {
        walk.skip(place, Fault::corrupt("a text in it is cut off; it was looked at as it is"));
    }
}

/// A chunk of a PNG.
struct Chunk<'c> {
    kind: &'c [u8; 4],
    data: &'c [u8],
}

/// The chunk that `bytes` begin with, and what is behind it.
fn chunk(bytes: &[u8]) -> Option<(Chunk<'_>, &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let (data, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    // The checksum.
    Some((Chunk { kind, data }, rest.get(4..)?))
}

/// Looks at a text: `keyword NUL text`, compressed or not.
fn png_text(walk: &mut Walk<'_>, place: &Place, chunk: &Chunk<'_>, number: u64) {
    let mut parts = chunk.data.splitn(2, |&b| b == 0);
    let (keyword, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (compressed, data) = match (chunk.kind, rest) {
        (b"zTXt", [_, data @ ..]) => (true, data),
        // A language and the keyword in it are before the text.
        (b"iTXt", [compressed, _, data @ ..]) => {
            (*compressed != 0, data.splitn(3, |&b| b == 0).nth(2).unwrap_or_default())
        }
        _ => (false, rest),
    };
    let name = format!("text/{number}");
    let text = match compressed {
        true => inflate(walk, &place.member(&name), data),
        false => data.into(),
    };
    let mut line = [keyword, b"="].concat();
    // ImageMagick writes other formats' headers as hexadecimal digits, after a name and a length.
    if keyword.starts_with(b"Raw profile type") {
        line.extend(profile(&text));
    } else {
        line.extend(&*text);
    }
    line.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    view(walk, place, &name, &line);
}

/// Decompresses a text, as far as it is sound and not larger than texts are.
fn inflate<'d>(walk: &mut Walk<'_>, place: &Place, data: &'d [u8]) -> Cow<'d, [u8]> {
    let packed = Arc::new(AtomicU64::new(data.len() as u64));
    let gauge = walk.gauge(packed);
    let mut guard = super::super::guard::Guard::new(ZlibDecoder::new(data), Some(gauge));
    let (limit, mut text) = (place.memory / 8, Vec::new());
    // What went wrong is remembered by the guard.
    let _ = (&mut guard).take(limit).read_to_end(&mut text);
    if text.len() as u64 == limit {
        let detail = format!("a text of more than {limit} bytes, and no more was looked at; look at it yourself");
        walk.skip(place, Fault::new(SkipReason::TooLarge, detail));
    }
    walk.settle(place, guard);
    text.into()
}

/// The bytes that hexadecimal digits behind a header of three lines stand for.
fn profile(text: &[u8]) -> Vec<u8> {
    let digits = text.splitn(4, |&b| b == b'\n').nth(3).unwrap_or(text);
    let digits: Vec<u32> = digits.iter().filter_map(|&b| char::from(b).to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// Looks at the texts of a JPEG.
pub(super) fn walk_jpeg(walk: &mut Walk<'_>, place: &Place, bytes: &[u8]) {
    let mut texts = Texts::default();
    let end = segments(bytes, &mut texts);
    view(walk, place, "comments", &texts.comments);
    view(walk, place, "exif", &texts.exif);
    // It is cut into segments wherever one is full.
    view(walk, place, "xmp", &texts.xmp);
    if let Some(end) = end {
        behind(walk, place, &bytes[end..]);
    }
}

/// What is written in the segments of a JPEG.
#[derive(Default)]
struct Texts {
    comments: Vec<u8>,
    exif: Vec<u8>,
    xmp: Vec<u8>,
}

/// Collects what is written in segments. Says where the picture ends, if it does.
fn segments(bytes: &[u8], texts: &mut Texts) -> Option<usize> {
    let mut at = 2;
    loop {
        // Between segments there may be data of the picture, in which a marker has a 0 behind it.
        at += memchr::memchr(0xff, bytes.get(at..)?)?;
        match *bytes.get(at + 1)? {
            0xd9 => return Some(at + 2),
            0xff => at += 1,
            0 | 1 | 0xd0..=0xd8 => at += 2,
            marker => {
                let len = usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?])).max(2);
                texts.take(marker, bytes.get(at + 4..at + 2 + len)?);
                at += 2 + len;
            }
        }
    }
}

impl Texts {
    fn take(&mut self, marker: u8, data: &[u8]) {
        const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
        const MORE_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
        /// A checksum, the length of the whole, and where this piece belongs.
        const PIECE: usize = 32 + 4 + 4;
        if marker == 0xfe {
            self.comments.extend(data.iter().map(|&b| if b == 0 { b' ' } else { b }));
            self.comments.push(b'\n');
        } else if let Some(xmp) = data.strip_prefix(XMP) {
            self.xmp.extend(xmp);
            self.xmp.push(b'\n');
        } else if let Some(piece) = data.strip_prefix(MORE_XMP).and_then(|xmp| xmp.get(PIECE..)) {
            self.xmp.extend(piece);
        } else if let Some(exif) = data.strip_prefix(b"Exif\0\0") {
            self.exif(exif);
        }
    }

    /// The strings of Exif, and comments in 16 bits a character, in whatever order.
    fn exif(&mut self, exif: &[u8]) {
        super::super::strings::narrow(exif, &mut self.exif);
        super::super::strings::wide(exif, &[true, false], &mut self.exif);
    }
}

/// Looks at what is behind a picture if it is a container: nobody sees it. Anything else is seen in the file as it is.
fn behind(walk: &mut Walk<'_>, place: &Place, rest: &[u8]) {
    if Kind::of(&rest[..rest.len().min(SNIFFED)], "").is_some() && walk.admits(place) {
        walk.member(place, "<behind the end>", &mut &*rest, Packing::none(rest.len() as u64));
    }
}
