//! Compressed streams: one after the other where the format allows it, and nothing else behind them.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bzip2::bufread::BzDecoder;
use flate2::bufread::{GzDecoder, ZlibDecoder};
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::guard::{Buffered, Counted, Guard, Stream, damaged, fill, pass};
use super::kind::{Codec, Kind, extension};
use super::{Place, SNIFFED, Source, Walk};

/// What tells that there is something behind a stream that is no part of it.
const BEHIND: &str = "there is something behind the end of the compressed data";

/// Looks at what is compressed in `source`.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, codec: Codec, source: &mut Buffered<'_>) {
    let packed = Arc::new(AtomicU64::new(0));
    let input = Counted::new(source, packed.clone());
    let mut guard = match decoder(codec, input, place.memory / 2) {
        Ok(reader) => Guard::new(reader, Some(walk.gauge(packed))),
        Err(error) => return walk.trouble(place, &error),
    };
    let mut head = vec![0; SNIFFED];
    let inner = inner_name(place.name());
    // What comes before trouble is looked at too; the trouble will come again.
    let (read, _) = fill(&mut guard, &mut head);
    let content = match Kind::of(&head[..read], &inner) {
        // `a.tgz!/b`, as if it were one container: it is, to who made it.
        Some(Kind::Tar | Kind::Cpio) => place.with_half(),
        _ => place.with_half().member(&inner),
    };
    let is_wanted = content.path == place.path || walk.sink.wants(&content.path);
    if is_wanted && walk.admits(place) {
        let mut whole = (&head[..read]).chain(&mut guard);
        walk.content(&content, Source::Stream(&mut whole), None);
    }
    walk.drain(&mut guard);
    walk.settle(place, guard);
}

/// What a compressed file's content is called: `dump.sql` for `dump.sql.gz`.
fn inner_name(name: &str) -> String {
    let Some(extension) = extension(name) else { return name.to_owned() };
    let stem = &name[..name.len() - extension.len() - 1];
    match &*extension {
        "gz" | "bz2" | "xz" | "lzma" | "zst" | "lz4" | "zlib" | "zz" => stem.to_owned(),
        "tgz" | "tbz" | "tbz2" | "txz" | "tlz" | "tzst" => format!("{stem}.tar"),
        "svgz" => format!("{stem}.svg"),
        _ => name.to_owned(),
    }
}

/// A reader of what is unpacked. `memory` is how many bytes it may use for what it looks back at.
pub(super) fn decoder<'r>(codec: Codec, input: impl BufRead + Send + 'r, memory: u64) -> io::Result<Box<Stream<'r>>> {
    let kib = u32::try_from(memory >> 10).unwrap_or(u32::MAX - 1);
    Ok(match codec {
        Codec::Gzip => Box::new(Frames::new(input, |input| Ok(GzDecoder::new(input)), |d| Ok(d.into_inner()), gzip)),
        Codec::Zlib => Box::new(Frames::new(input, |input| Ok(ZlibDecoder::new(input)), |d| Ok(d.into_inner()), alone)),
        Codec::Bzip2 => Box::new(Frames::new(input, |input| Ok(BzDecoder::new(input)), |d| Ok(d.into_inner()), bzip2)),
        Codec::Zstd => {
            let open = move |input| {
                StreamingDecoder::new_with_max_window_size(input, memory).map_err(|error| match error {
                    FrameDecoderError::WindowSizeTooBig { .. } => io::ErrorKind::OutOfMemory.into(),
                    error => io::Error::other(error),
                })
            };
            Box::new(Frames::new(input, open, zstd_end, zstd))
        }
        Codec::Lz4 => {
            let open = |input| Ok(lz4_flex::frame::FrameDecoder::new(Watched { input, ended: false }));
            Box::new(Frames::new(input, open, lz4_end, lz4))
        }
        Codec::Xz => Box::new(XzReader::new_mem_limit(input, true, kib)),
        Codec::Lzma => {
            let open = move |input| LzmaReader::new_mem_limit(input, kib, None);
            let close = |reader: LzmaReader<_>| match reader.into_parts() {
                (input, unused) if unused.is_empty() => Ok(input),
                _ => Err(damaged(BEHIND)),
            };
            Box::new(Frames::new(input, open, close, alone))
        }
    })
}

/// What comes next in a stream of frames.
enum Next {
    /// A frame with content.
    Frame,
    /// This is the end.
    End,
}

/// Frames one after the other, each read by a decoder of its own.
struct Frames<R, D, O, C, N> {
    input: Option<R>,
    decoder: Option<D>,
    open: O,
    close: C,
    next: N,
    first: bool,
}

impl<R, D, O, C, N> Frames<R, D, O, C, N>
where
    R: BufRead,
    D: Read,
    O: Fn(R) -> io::Result<D>,
    C: Fn(D) -> io::Result<R>,
    N: Fn(&mut R, bool) -> io::Result<Next>,
{
    /// `open` begins a frame, `close` checks how it ended and gives the input back, `next` looks at what is behind it.
    fn new(input: R, open: O, close: C, next: N) -> Self {
        Self { input: Some(input), decoder: None, open, close, next, first: true }
    }
}

impl<R, D, O, C, N> Read for Frames<R, D, O, C, N>
where
    R: BufRead,
    D: Read,
    O: Fn(R) -> io::Result<D>,
    C: Fn(D) -> io::Result<R>,
    N: Fn(&mut R, bool) -> io::Result<Next>,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(decoder) = &mut self.decoder {
                let count = decoder.read(buffer)?;
                if count > 0 {
                    return Ok(count);
                }
            }
            if let Some(decoder) = self.decoder.take() {
                self.input = Some((self.close)(decoder)?);
            }
            let Some(mut input) = self.input.take() else { return Ok(0) };
            match (self.next)(&mut input, self.first)? {
                Next::End => return Ok(0),
                Next::Frame => self.decoder = Some((self.open)(input)?),
            }
            self.first = false;
        }
    }
}

/// Whether there is nothing more.
fn at_end(input: &mut impl BufRead) -> io::Result<bool> {
    Ok(input.fill_buf()?.is_empty())
}

/// One frame only.
fn alone<R: BufRead>(input: &mut R, first: bool) -> io::Result<Next> {
    match (first, at_end(input)?) {
        (true, _) => Ok(Next::Frame),
        (false, true) => Ok(Next::End),
        (false, false) => Err(damaged(BEHIND)),
    }
}

/// Frames that begin with `byte`; zeros may fill up what is behind the last, as on a tape.
fn padded<R: BufRead>(input: &mut R, first: bool, byte: u8) -> io::Result<Next> {
    if first {
        return Ok(Next::Frame);
    }
    loop {
        let bytes = input.fill_buf()?;
        match bytes.first() {
            None => return Ok(Next::End),
            Some(&next) if next == byte => return Ok(Next::Frame),
            Some(0) => {
                let zeros = bytes.iter().take_while(|&&b| b == 0).count();
                input.consume(zeros);
            }
            Some(_) => return Err(damaged(BEHIND)),
        }
    }
}

fn gzip<R: BufRead>(input: &mut R, first: bool) -> io::Result<Next> {
    padded(input, first, 0x1f)
}

fn bzip2<R: BufRead>(input: &mut R, first: bool) -> io::Result<Next> {
    padded(input, first, b'B')
}

fn zstd<R: BufRead>(input: &mut R, _: bool) -> io::Result<Next> {
    skippable(input, 0x28)
}

fn lz4<R: BufRead>(input: &mut R, _: bool) -> io::Result<Next> {
    skippable(input, 0x04)
}

/// Passes over the frames that are there to be skipped, to the next that begins with `byte`.
fn skippable<R: BufRead>(input: &mut R, byte: u8) -> io::Result<Next> {
    loop {
        match input.fill_buf()?.first() {
            None => return Ok(Next::End),
            Some(&first) if first == byte => return Ok(Next::Frame),
            Some(0x50..=0x5f) => {
                let mut header = [0; 8];
                input.read_exact(&mut header)?;
                let [_, magic @ .., a, b, c, d] = header;
                if magic != [0x2a, 0x4d, 0x18] {
                    return Err(damaged(BEHIND));
                }
                pass(input, u32::from_le_bytes([a, b, c, d]).into())?;
            }
            Some(_) => return Err(damaged(BEHIND)),
        }
    }
}

/// The decoder leaves it to us to compare the checksums.
fn zstd_end<R: Read>(decoder: StreamingDecoder<R, FrameDecoder>) -> io::Result<R> {
    let (input, frame) = decoder.into_parts();
    match frame.get_checksum_from_data() {
        Some(sum) if frame.get_calculated_checksum() != Some(sum) => Err(damaged("a checksum does not hold")),
        _ => Ok(input),
    }
}

/// Notes whether its reader came to the end.
struct Watched<R> {
    input: R,
    ended: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.ended |= count == 0 && !buffer.is_empty();
        Ok(count)
    }
}

/// The decoder takes the end of the input for the end of a frame: a frame that is whole ends before.
fn lz4_end<R: Read>(decoder: lz4_flex::frame::FrameDecoder<Watched<R>>) -> io::Result<R> {
    let watched = decoder.into_inner();
    if watched.ended { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(watched.input) }
}

/// How much was taken of what is packed.
pub(super) fn taken(packed: &AtomicU64) -> u64 {
    packed.load(Ordering::Relaxed)
}
