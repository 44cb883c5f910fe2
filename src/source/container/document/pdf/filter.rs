//! What the streams of a PDF are packed with (ISO 32000-1, 7.4).

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use flate2::read::ZlibDecoder;

use super::super::super::Walk;
use super::super::super::guard::{Fault, Guard};
use super::object::{Object, is_blank};
use crate::blob::SkipReason;

/// What a stream holds.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// The compression of pictures that it is in still.
    pub(super) picture: bool,
    /// What was wrong with it.
    pub(super) fault: Option<Fault>,
}

/// Takes a stream's data through its filters, to at most `limit` bytes.
pub(super) fn decode(walk: &Walk<'_>, dictionary: &Object<'_>, data: &[u8], limit: u64) -> Decoded {
    let mut out = Decoded { bytes: data.to_vec(), picture: false, fault: None };
    let filters = dictionary.get("Filter");
    let parameters = dictionary.get("DecodeParms");
    for (index, filter) in filters.map(Object::each).unwrap_or_default().iter().enumerate() {
        let decoded = match filter.name() {
            Some(b"FlateDecode" | b"Fl") => flate(walk, &out.bytes, limit),
            Some(b"ASCIIHexDecode" | b"AHx") => {
                let end = memchr::memchr(b'>', &out.bytes).unwrap_or(out.bytes.len());
                (hexadecimal(&out.bytes[..end]), None)
            }
            Some(b"ASCII85Decode" | b"A85") => (ascii85(&out.bytes), None),
            Some(b"LZWDecode" | b"LZW") => {
                let early = parameters.and_then(|p| p.each().get(index)?.get("EarlyChange")?.number()) != Some(0.0);
                bounded(lzw(&out.bytes, early, limit), limit)
            }
            Some(b"RunLengthDecode" | b"RL") => bounded(run_length(&out.bytes, limit), limit),
            Some(b"DCTDecode" | b"DCT" | b"JPXDecode" | b"CCITTFaxDecode" | b"CCF" | b"JBIG2Decode") => {
                out.picture = true;
                return out;
            }
            _ => {
                out.fault = Some(Fault::unsupported("a stream in a form that is not read"));
                return out;
            }
        };
        (out.bytes, out.fault) = decoded;
        if let Some(parameters) = parameters.and_then(|p| p.each().get(index)) {
            out.bytes = unpredicted(std::mem::take(&mut out.bytes), parameters);
        }
        if out.fault.is_some() {
            return out;
        }
    }
    out
}

fn bounded(bytes: Vec<u8>, limit: u64) -> (Vec<u8>, Option<Fault>) {
    let cut = bytes.len() as u64 >= limit;
    let fault = cut.then(|| {
        let detail =
            format!("a stream of more than {limit} bytes, of which no more was looked at; look at it yourself");
        Fault::new(SkipReason::TooLarge, detail)
    });
    (bytes, fault)
}

fn flate(walk: &Walk<'_>, data: &[u8], limit: u64) -> (Vec<u8>, Option<Fault>) {
    let packed = Arc::new(AtomicU64::new(data.len() as u64));
    let mut guard = Guard::new(Unchecked(ZlibDecoder::new(data)), Some(walk.gauge(packed)));
    let mut bytes = Vec::new();
    // What went wrong is remembered by the guard.
    let _ = (&mut guard).take(limit).read_to_end(&mut bytes);
    match guard.fault() {
        Some(fault) => (bytes, Some(fault)),
        None => bounded(bytes, limit),
    }
}

/// Passes over an end that is missing or wrong: many programs write such, and all readers show what comes before.
struct Unchecked<R>(R);

impl<R: Read> Read for Unchecked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            read => read,
        }
    }
}

/// The bytes that hexadecimal digits stand for; anything else is passed over.
pub(super) fn hexadecimal(text: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = text.iter().filter_map(|&b| char::from(b).to_digit(16)).map(|d| d as u8).collect();
    if digits.len() % 2 == 1 {
        digits.push(0);
    }
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn ascii85(text: &[u8]) -> Vec<u8> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"<~").unwrap_or(text);
    let (mut out, mut group) = (Vec::new(), Vec::new());
    for &byte in text.iter().filter(|&&b| !is_blank(b)) {
        match byte {
            b'z' if group.is_empty() => out.extend([0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            _ => break,
        }
        if group.len() == 5 {
            out.extend(base85(&group));
            group.clear();
        }
    }
    if group.len() > 1 {
        let kept = group.len() - 1;
        group.resize(5, 84);
        out.extend(&base85(&group)[..kept]);
    }
    out
}

fn base85(group: &[u8]) -> [u8; 4] {
    let number = group.iter().fold(0u64, |number, &digit| number * 85 + u64::from(digit));
    ((number & 0xffff_ffff) as u32).to_be_bytes()
}

fn run_length(data: &[u8], limit: u64) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), data);
    while let Some((&length, after)) = rest.split_first() {
        if length == 128 || out.len() as u64 >= limit {
            break;
        }
        if length < 128 {
            let (literal, after) = after.split_at(after.len().min(usize::from(length) + 1));
            out.extend(literal);
            rest = after;
        } else {
            let Some((&byte, after)) = after.split_first() else { break };
            out.resize(out.len() + 257 - usize::from(length), byte);
            rest = after;
        }
    }
    out.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    out
}

/// Decodes LZW with codes of 9 to 12 bits, the highest bit first. `early`: the width grows one code sooner than it must.
fn lzw(data: &[u8], early: bool, limit: u64) -> Vec<u8> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    // An entry is what a code made and the first byte of what the next one makes: where that is in the output, and its length.
    let (mut out, mut table): (Vec<u8>, Vec<(usize, usize)>) = (Vec::new(), Vec::new());
    let (mut bits, mut held, mut width) = (0u32, 0u32, 9);
    for &byte in data {
        bits = bits << 8 | u32::from(byte);
        held += 8;
        if held < width {
            continue;
        }
        held -= width;
        let code = (bits >> held) as usize & ((1 << width) - 1);
        bits &= (1 << held) - 1;
        let start = out.len();
        match code {
            CLEAR => {
                table.clear();
                width = 9;
                continue;
            }
            END => break,
            0..=255 => out.push(code as u8),
            _ => match table.get(code - 258) {
                // The last byte of the newest entry may be its own first.
                Some(&(from, len)) => (from..from + len).for_each(|at| out.push(out[at])),
                None => break,
            },
        }
        if out.len() as u64 >= limit {
            break;
        }
        if table.len() < 4096 - 258 {
            table.push((start, out.len() - start + 1));
        }
        let next = table.len() + 258 - 1 + usize::from(early);
        width = if next >= 2048 {
            12
        } else if next >= 1024 {
            11
        } else if next >= 512 {
            10
        } else {
            9
        };
    }
    out.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    out
}

/// Undoes a prediction of PNG's kinds, as it is used for tables.
fn unpredicted(data: Vec<u8>, parameters: &Object<'_>) -> Vec<u8> {
    let number = |key: &str, default: f64| parameters.get(key).and_then(Object::number).unwrap_or(default);
    if number("Predictor", 1.0) < 10.0 {
        return data;
    }
    let bits = number("Colors", 1.0).clamp(1.0, 32.0) * number("BitsPerComponent", 8.0).clamp(1.0, 16.0);
    let pixel = (bits / 8.0).ceil() as usize;
    let row = ((bits * number("Columns", 1.0).clamp(1.0, 65_536.0)) / 8.0).ceil() as usize;
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    let mut above = vec![0; row];
    for line in data.chunks(row + 1) {
        let Some((&kind, line)) = line.split_first() else { break };
        let mut current = vec![0; row];
        for (at, &byte) in line.iter().enumerate() {
            let left = if at >= pixel { current[at - pixel] } else { 0 };
            let corner = if at >= pixel { above[at - pixel] } else { 0 };
            let predicted = match kind {
                1 => left,
                2 => above[at],
                3 => ((u16::from(left) + u16::from(above[at])) / 2) as u8,
                4 => paeth(left, above[at], corner),
                _ => 0,
            };
            current[at] = byte.wrapping_add(predicted);
        }
        out.extend(&current[..line.len()]);
        above = current;
    }
    out
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(above) - i16::from(corner);
    let distance = |value: u8| (guess - i16::from(value)).abs();
    let (a, b, c) = (distance(left), distance(above), distance(corner));
    if a <= b && a <= c {
        left
    } else if b <= c {
        above
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_undone() {
        assert_eq!(hexadecimal(b"48 65\n6c6C 6"), b"Hell\x60");
        assert_eq!(ascii85(b"<~87cURD]i,\"Ebo80~>"), b"Hello World!");
        assert_eq!(ascii85(b"z87c"), b"\0\0\0\0He");
        assert_eq!(run_length(b"\x02abc\xfed\x80rest", 100), b"abcddd");
        // The example of the standard.
        assert_eq!(lzw(b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", true, 100), [45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
        for limit in [0, 1, 5] {
            assert!(lzw(b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", true, limit).len() as u64 <= limit);
        }
    }
}
