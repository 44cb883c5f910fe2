//! What is compressed in base64, as Helm keeps its releases.

use std::io::Read;

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};

use super::How;

/// How compressed bytes begin, if that is what `bytes` are.
pub(super) fn kind(bytes: &[u8]) -> Option<How> {
    match bytes {
        [0x1f, 0x8b, 8, ..] => Some(How::Gzip),
        // RFC 1950 §2.2: deflate with a window of 32 KiB, and a check that both bytes together fulfil.
        [0x78, flags, ..] if (0x7800 + u32::from(*flags)) % 31 == 0 => Some(How::Zlib),
        _ => None,
    }
}

/// The text that is compressed in `bytes`, as far as it can be read, `room` bytes of it at most; and whether there is more.
pub(super) fn inflate(bytes: &[u8], kind: How, room: usize) -> (Vec<u8>, bool) {
    let mut text = Vec::new();
    let limit = room as u64 + 1;
    // What is truncated or damaged is read up to there.
    let _ = match kind {
        How::Gzip => MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut text),
        _ => ZlibDecoder::new(bytes).take(limit).read_to_end(&mut text),
    };
    let more = text.len() > room;
    text.truncate(room);
    (text, more)
}
