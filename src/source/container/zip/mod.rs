//! Zip: by its directory where it can be read from the end, and by the headers before each member where not.
//!
//! It is read here and not by a library, because what is in one of the two and not in the other, or in neither, is where
//! things are hidden, and libraries believe one of them.

mod directory;
mod header;
mod packed;
mod stream;

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub(super) use directory::walk_file;
use flate2::bufread::DeflateDecoder;
use header::Entry;
use lzma_rust2::{LzmaReader, lzma_get_memory_usage_by_props};
pub use packed::Packed;
pub(super) use stream::walk_stream;

use super::guard::{Buffered, Counted, Fault, Stream, damaged};
use super::kind::Codec;
use super::{Packing, Place, Walk, shown, single};

/// What was met of a member's data.
struct Data {
    /// Whether all of it could be read.
    whole: bool,
    /// How much of what is packed was taken.
    packed: u64,
    /// How much it was, unpacked.
    size: u64,
    crc: u32,
}

/// Looks at the data of a member, which `input` gives and, if `bounded`, nothing else. `None` if it is in a form that is not
/// read, which is told.
fn member(
    walk: &mut Walk<'_>,
    place: &Place,
    entry: &Entry,
    input: &mut Buffered<'_>,
    bounded: bool,
) -> io::Result<Option<Data>> {
    let name = walk.short(place, &shown(&entry.name));
    let within = place.member(&name);
    if entry.is_encrypted() {
        let fault = Fault::unsupported("it is encrypted");
        walk.skip(&within, fault);
        return Ok(None);
    }
    let packed = Arc::new(AtomicU64::new(0));
    let decoded = match decoder(entry, Counted::new(input, packed.clone()), place.memory / 2) {
        Ok(Some(decoded)) => decoded,
        Ok(None) => {
            let fault = Fault::unsupported(format_args!("it is packed by {}, which is not read", method(entry.method)));
            walk.skip(&within, fault);
            return Ok(None);
        }
        Err(error) => {
            walk.trouble(&within, &error);
            return Ok(None);
        }
    };
    let mut checked = Checked { inner: decoded, size: 0, crc: crc32fast::Hasher::new(), expected: None };
    if bounded {
        checked.expected = Some((entry.size, entry.crc));
    }
    let gauge = (entry.method != 0).then(|| walk.gauge(packed.clone()));
    let size = bounded.then_some(entry.size);
    let (whole, size) = walk.member(&place.with_half(), &name, &mut checked, Packing { size, gauge });
    let data = Data { whole, packed: single::taken(&packed), size, crc: checked.crc.finalize() };
    if bounded && whole && data.packed < entry.packed {
        let fault = Fault::corrupt("there is something behind the end of its data, which was not looked at");
        walk.skip(&within, fault);
    }
    Ok(Some(data))
}

/// A reader of what a member holds; `None` if its method is not read.
fn decoder<'r>(entry: &Entry, mut input: Counted<'r, '_>, memory: u64) -> io::Result<Option<Box<Stream<'r>>>> {
    let codec = match entry.method {
        0 => return Ok(Some(Box::new(input))),
        8 => return Ok(Some(Box::new(DeflateDecoder::new(input)))),
        12 => Codec::Bzip2,
        14 => {
            let mut header = [0; 9];
            input.read_exact(&mut header)?;
            let [_, _, 5, 0, properties, dictionary @ ..] = header else {
                return Err(damaged("its lzma is not sound"));
            };
            let dictionary = u32::from_le_bytes(dictionary);
            let needed = lzma_get_memory_usage_by_props(dictionary, properties)?;
            if u64::from(needed) << 10 > memory {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            let size = if entry.flags & 2 != 0 { u64::MAX } else { entry.size };
            return Ok(Some(Box::new(LzmaReader::new_with_props(input, size, properties, dictionary, None)?)));
        }
        20 | 93 => Codec::Zstd,
        95 => Codec::Xz,
        _ => return Ok(None),
    };
    single::decoder(codec, input, memory).map(Some)
}

/// What a method that is not read is called.
fn method(number: u16) -> String {
    let name = match number {
        1 => "Shrink",
        2..=5 => "Reduce",
        6 => "Implode",
        9 => "Deflate64",
        10 => "PKWARE's own Implode",
        94 => "MP3",
        96 => "JPEG",
        97 => "WavPack",
        98 => "PPMd",
        _ => return format!("method {number} of zip"),
    };
    format!("{name}, method {number} of zip")
}

/// Says at its end whether it was what it ought to be.
struct Checked<R> {
    inner: R,
    size: u64,
    crc: crc32fast::Hasher,
    /// The size and the checksum that were said.
    expected: Option<(u64, u32)>,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.crc.update(&buffer[..count]);
        self.size += count as u64;
        if count == 0 && !buffer.is_empty() {
            match self.expected {
                Some((size, _)) if size != self.size => return Err(damaged("its size is not what the archive says")),
                Some((_, crc)) if crc != self.crc.clone().finalize() => {
                    return Err(damaged("its checksum does not hold"));
                }
                _ => {}
            }
        }
        Ok(count)
    }
}

/// Reads so many bytes, which a header says are there.
fn bytes(input: &mut (impl BufRead + ?Sized), count: usize) -> io::Result<Vec<u8>> {
    // Lengths have 16 bits.
    let mut bytes = vec![0; count];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}
