//! The binary files of systemd's journal, read as `journalctl -o export` would give them.
//!
//! The format is documented at <https://systemd.io/JOURNAL_FILE_FORMAT/>: a header, then objects one after the other. Fields are
//! objects of their own, written before the first entry that has them, and shared by all later ones; each is given once, with
//! the first entry. So the file is read from its start to its end, and nothing of it is held but the fields of one entry.

use std::io::{self, Read};

use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

/// How every such file begins.
const SIGNATURE: &[u8] = b"LPKSHHRH";

/// The part of the header that tells how to read on, in bytes.
const HEADER: usize = 96;

/// The longest header, and the longest field that is read, packed or not.
const HEADER_MOST: u64 = 1 << 20;
const FIELD_MOST: u64 = 32 << 20;

/// No file is larger than this, and so is nothing in it.
const OBJECT_MOST: u64 = 1 << 48;

/// Memory for unpacking, in KiB.
const MEMORY: u32 = 64 << 10;

/// Set in the header's flags where fields have eight more bytes before them.
const COMPACT: u32 = 16;

/// Flags of the header that are known: xz, lz4, keyed hashes, zstd, compact.
const KNOWN: u32 = 31;

const DATA: u8 = 1;
const ENTRY: u8 = 3;
const LAST_KIND: u8 = 7;

/// Whether a file that begins like this is a journal.
#[must_use]
pub fn is_journal(start: &[u8]) -> bool {
    start.starts_with(SIGNATURE)
}

/// A journal as a text: of each entry the time and the fields that no earlier entry had.
pub struct JournalText<R> {
    inner: R,
    compact: Option<bool>,
    /// Fields since the last entry.
    fields: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    /// What was wrong with one object; it is told at the end, so that the others are read.
    trouble: Option<String>,
    ended: bool,
}

fn corrupt(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    if let Some(found) = bytes.get(at..at + 8) {
        number.copy_from_slice(found);
    }
    u64::from_le_bytes(number)
}

impl<R: Read> JournalText<R> {
    /// Reads a journal from its first byte.
    pub fn new(inner: R) -> Self {
        Self { inner, compact: None, fields: Vec::new(), text: Vec::new(), given: 0, trouble: None, ended: false }
    }

    /// Reads exactly `count` bytes; fewer are an error.
    fn exactly(&mut self, count: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&mut self.inner).take(count).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == count { Ok(bytes) } else { Err(corrupt("the journal ends in the middle")) }
    }

    fn pass(&mut self, count: u64) -> io::Result<()> {
        let passed = io::copy(&mut (&mut self.inner).take(count), &mut io::sink())?;
        if passed == count { Ok(()) } else { Err(corrupt("the journal ends in the middle")) }
    }

    fn header(&mut self) -> io::Result<bool> {
        let header = self.exactly(HEADER as u64)?;
        let size = u64_at(&header, 88);
        let flags = u64_at(&header, 12) as u32;
        if !is_journal(&header) || !(HEADER as u64..=HEADER_MOST).contains(&size) {
            return Err(corrupt("it is no sound journal"));
        }
        if flags & !KNOWN != 0 {
            return Err(corrupt("the journal is of a newer version; export it: journalctl -o export --file FILE"));
        }
        self.pass(size.next_multiple_of(8) - HEADER as u64)?;
        Ok(flags & COMPACT != 0)
    }

    /// Reads the next object; `false` at the end.
    fn object(&mut self) -> io::Result<bool> {
        let compact = match self.compact {
            Some(compact) => compact,
            None => {
                let compact = self.header()?;
                self.compact = Some(compact);
                compact
            }
        };
        let mut head = Vec::new();
        (&mut self.inner).take(16).read_to_end(&mut head)?;
        // Files are made larger than what is in them.
        if head.iter().all(|&b| b == 0) {
            return Ok(false);
        }
        let (kind, packing, size) = (head[0], *head.get(1).unwrap_or(&0), u64_at(&head, 8));
        if head.len() < 16 || kind > LAST_KIND || !(16..=OBJECT_MOST).contains(&size) {
            return Err(corrupt("the journal is corrupt or cut short; check it: journalctl --verify --file FILE"));
        }
        let body = size - 16;
        let padding = size.next_multiple_of(8) - size;
        let wanted = matches!(kind, DATA | ENTRY);
        if !wanted || body > FIELD_MOST {
            if wanted {
                self.trouble.get_or_insert(format!("a field of {body} bytes was not looked at"));
            }
            self.pass(body)?;
        } else {
            let bytes = self.exactly(body)?;
            if kind == DATA {
                self.data(&bytes, packing, if compact { 56 } else { 48 });
            } else {
                self.entry(u64_at(&bytes, 8));
            }
        }
        // The last object needs no padding.
        let _ = self.pass(padding);
        Ok(true)
    }

    fn data(&mut self, body: &[u8], packing: u8, payload: usize) {
        let Some(payload) = body.get(payload..) else {
            self.trouble.get_or_insert("a field is shorter than its head".into());
            return;
        };
        let start = self.fields.len();
        let unpacked = match packing & 7 {
            0 => {
                self.fields.extend_from_slice(payload);
                Ok(())
            }
            1 => unpack(XzReader::new_mem_limit(payload, false, MEMORY), &mut self.fields),
            2 => lz4(payload, &mut self.fields),
            _ => StreamingDecoder::new(payload)
                .map_err(|e| e.to_string())
                .and_then(|decoder| unpack(decoder, &mut self.fields)),
        };
        if let Err(why) = unpacked {
            self.trouble.get_or_insert(format!("a field could not be unpacked: {why}"));
        }
        if self.fields.len() > start {
            self.fields.push(b'\n');
        }
        if self.fields.len() as u64 > FIELD_MOST {
            self.entry(0);
        }
    }

    /// Gives the fields so far with the time of their entry.
    fn entry(&mut self, realtime: u64) {
        if self.fields.is_empty() {
            return;
        }
        if realtime > 0 {
            self.text.extend_from_slice(format!("__REALTIME_TIMESTAMP={realtime}\n").as_bytes());
        }
        self.text.append(&mut self.fields);
        self.text.push(b'\n');
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        while self.text.is_empty() && !self.ended {
            match self.object() {
                Ok(true) => {}
                Ok(false) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    self.trouble.get_or_insert(error.to_string());
                }
            }
            if self.ended {
                // Fields whose entry was not written any more.
                self.entry(0);
            }
        }
        Ok(())
    }
}

fn unpack(packed: impl Read, out: &mut Vec<u8>) -> Result<(), String> {
    let before = out.len() as u64;
    packed.take(FIELD_MOST).read_to_end(out).map_err(|e| e.to_string())?;
    if out.len() as u64 - before == FIELD_MOST { Err(format!("it is longer than {FIELD_MOST} bytes")) } else { Ok(()) }
}

fn lz4(payload: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let size = u64_at(payload, 0);
    if payload.len() < 8 || size > FIELD_MOST {
        return Err(format!("it says that it has {size} bytes"));
    }
    let unpacked = lz4_flex::block::decompress(&payload[8..], size as usize).map_err(|e| e.to_string())?;
    out.extend_from_slice(&unpacked);
    Ok(())
}

impl<R: Read> Read for JournalText<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            self.refill()?;
        }
        if self.given == self.text.len() {
            return self.trouble.take().map_or(Ok(0), |why| Err(corrupt(why)));
        }
        let count = out.len().min(self.text.len() - self.given);
        out[..count].copy_from_slice(&self.text[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: u8, flags: u8, body: &[u8]) -> Vec<u8> {
        let size = 16 + body.len() as u64;
        let mut bytes = vec![kind, flags, 0, 0, 0, 0, 0, 0];
        bytes.extend(size.to_le_bytes());
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn data(flags: u8, compact: bool, payload: &[u8]) -> Vec<u8> {
        object(DATA, flags, &[&vec![0; if compact { 56 } else { 48 }], payload].concat())
    }

    fn entry(realtime: u64) -> Vec<u8> {
        object(ENTRY, 0, &[&7u64.to_le_bytes()[..], &realtime.to_le_bytes(), &[0; 32]].concat())
    }

    fn journal(compact: bool, objects: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend(0u32.to_le_bytes());
        bytes.extend(if compact { 30u32 } else { 14 }.to_le_bytes());
        bytes.resize(88, 0);
        bytes.extend(272u64.to_le_bytes());
        bytes.resize(272, 0);
        bytes.extend(objects.concat());
        bytes
    }

    fn read(bytes: &[u8]) -> (String, Option<String>) {
        let mut text = Vec::new();
        let error = JournalText::new(bytes).read_to_end(&mut text).err().map(|e| e.to_string());
        (String::from_utf8_lossy(&text).into_owned(), error)
    }

    #[test]
    fn entries_and_their_fields() {
        for compact in [false, true] {
            let packed = [&9u64.to_le_bytes()[..], &lz4_flex::block::compress(b"MESSAGE=b")].concat();
            let mut bytes = journal(
                compact,
                &[
                    object(5, 0, &[0; 64]),
                    data(0, compact, b"MESSAGE=a"),
                    data(0, compact, b"_PID=1"),
                    entry(1_714_566_896_789_012),
                    data(2, compact, &packed),
                    object(6, 0, &[0; 30]),
                    entry(1_714_566_897_000_000),
                    entry(1_714_566_898_000_000),
                ],
            );
            bytes.resize(bytes.len() + 4096, 0);
            let wanted = "__REALTIME_TIMESTAMP=1714566896789012\nMESSAGE=a\n_PID=1\n\n__REALTIME_TIMESTAMP=1714566897000000\nMESSAGE=b\n\n";
            assert_eq!(read(&bytes), (wanted.to_owned(), None));
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_the_rest_is_read() {
        let bytes = journal(
            false,
            &[
                data(4, false, b"no zstd"),
                data(2, false, &u64::MAX.to_le_bytes()),
                data(0, false, b"MESSAGE=a"),
                entry(5),
            ],
        );
        let (text, error) = read(&bytes);
        assert_eq!(text, "__REALTIME_TIMESTAMP=5\nMESSAGE=a\n\n");
        assert!(error.is_some_and(|error| error.starts_with("a field could not be unpacked")));
        let mut lying = bytes.clone();
        lying[280..288].fill(0xff);
        assert!(read(&lying).1.is_some_and(|error| error.contains("corrupt")), "an object longer than any file");
        for end in 0..bytes.len() {
            let (text, error) = read(&bytes[..end]);
            let at_border = end >= 272 && text.is_empty() || text.contains("MESSAGE");
            assert!(error.is_some() || at_border, "cut at {end}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fail(objects in proptest::collection::vec((0u8..9, 0u8..8, proptest::collection::vec(0u8.., 0..99)), 0..9)) {
            let objects: Vec<Vec<u8>> = objects.into_iter().map(|(kind, flags, body)| object(kind, flags, &body)).collect();
            let _ = read(&journal(false, &objects));
        }
    }
}
