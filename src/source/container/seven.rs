//! 7z. A library unpacks it, on a thread of its own: what it gives cannot be sent to another, which a scan needs.
//!
//! What the archive says it needs is looked at first: its header can ask for any memory.

use std::io::{self, Read, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use sevenz_rust2::{Archive, ArchiveEntry, Block, BlockDecoder, Error, Password};

use super::guard::{Exactly, Fault, damaged};
use super::{BUFFER, Packing, Place, ReadSeek, Walk};
use crate::blob::SkipReason;

/// Length of what is before the packed data.
const START: u64 = 32;

const AES: &[u8] = &[0x06, 0xf1, 0x07, 0x01];
const LZMA: &[u8] = &[0x03, 0x01, 0x01];
const LZMA2: &[u8] = &[0x21];
const PPMD: &[u8] = &[0x03, 0x04, 0x01];

/// What the thread that unpacks tells.
enum Piece {
    /// A member begins.
    Member { name: String, size: u64 },
    /// Some of it; nothing at its end.
    Bytes(io::Result<Vec<u8>>),
    /// Something of this name, or the archive itself, cannot be looked at.
    Skip(Option<String>, Fault),
}

/// Looks at each member.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, file: &mut dyn ReadSeek) {
    let memory = place.memory / 2;
    let len = match header(file, memory) {
        Ok(Some(len)) => len,
        Ok(None) => return,
        Err(Header::Trouble(error)) => return walk.trouble(place, &error),
        Err(Header::Fault(fault)) => return walk.skip(place, fault),
    };
    let packed = Arc::new(AtomicU64::new(len));
    let below = place.with_half();
    let finished = std::thread::scope(|scope| {
        let (sender, mut receiver) = sync_channel(4);
        let thread = scope.spawn(move || unpack(file, memory, &sender));
        while let Ok(piece) = receiver.recv() {
            match piece {
                Piece::Member { name, size } => {
                    if !walk.admits(place) {
                        break;
                    }
                    let mut reader = Pieces { receiver: &mut receiver, bytes: Vec::new(), given: 0, ended: false };
                    let packing = Packing { size: Some(size), gauge: Some(walk.gauge(packed.clone())) };
                    let (whole, _) = walk.member(&below, &name, &mut reader, packing);
                    if !whole && !reader.ended {
                        // What follows is packed with it, so that all of it would have to be unpacked.
                        let detail = format!("{name} was cut off, and what is packed behind it was not looked at");
                        walk.skip(
                            place,
                            Fault::new(SkipReason::TooLarge, detail + "; unpack it and scan what is in it"),
                        );
                        break;
                    }
                }
                Piece::Skip(Some(name), fault) => walk.skip(&place.member(&name), fault),
                Piece::Skip(None, fault) => walk.skip(place, fault),
                Piece::Bytes(_) => {}
            }
        }
        // The thread ends when nobody listens any more.
        drop(receiver);
        thread.join().is_ok()
    });
    if !finished {
        let detail = "cleansweep failed on it; please report this";
        walk.skip(place, Fault::new(SkipReason::Internal, detail));
    }
}

/// Reads the pieces of one member.
struct Pieces<'p> {
    receiver: &'p mut Receiver<Piece>,
    bytes: Vec<u8>,
    given: usize,
    ended: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.bytes.len() && !self.ended {
            match self.receiver.recv() {
                Ok(Piece::Bytes(Ok(bytes))) => {
                    self.ended = bytes.is_empty();
                    (self.bytes, self.given) = (bytes, 0);
                }
                Ok(Piece::Bytes(Err(error))) => {
                    self.ended = true;
                    return Err(error);
                }
                _ => {
                    self.ended = true;
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        let rest = &self.bytes[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// Unpacks all there is and tells it to `sender`, until nobody listens.
fn unpack(mut file: &mut dyn ReadSeek, memory: u64, sender: &SyncSender<Piece>) {
    let password = Password::empty();
    let archive = match Archive::read(&mut file, &password) {
        Ok(archive) => archive,
        Err(error) => return drop(sender.send(Piece::Skip(None, fault(error)))),
    };
    for entry in archive.files.iter().filter(|entry| !entry.has_stream && !entry.is_directory) {
        if give(sender, entry, &mut io::empty()).is_err() {
            return;
        }
    }
    for (index, block) in archive.blocks.iter().enumerate() {
        let refused = check(block, memory);
        let decoder = BlockDecoder::new(1, index, &archive, &password, &mut file);
        let sizes = decoder.entries().iter().filter(|entry| entry.has_stream).map(|entry| entry.size);
        if sizes.fold(0, u64::saturating_add) != block.get_unpack_size() {
            let fault = Fault::corrupt("its members are other than all that is packed");
            if sender.send(Piece::Skip(None, fault)).is_err() {
                return;
            }
        }
        if let Some(fault) = refused {
            for entry in decoder.entries().iter().filter(|entry| entry.has_stream) {
                if sender.send(Piece::Skip(Some(entry.name.clone()), fault.clone())).is_err() {
                    return;
                }
            }
            continue;
        }
        let names: Vec<String> = decoder.entries().iter().map(|entry| entry.name.clone()).collect();
        let mut given = 0;
        let result = decoder.for_each_entries(&mut |entry, reader| {
            given += 1;
            if !entry.has_stream {
                return Ok(true);
            }
            give(sender, entry, reader).map(|()| true).map_err(Error::from)
        });
        if let Err(error) = result {
            let fault = fault(error);
            // The rest of a block cannot be unpacked without what is before it.
            let mut rest = names.into_iter().skip(given).map(|name| Piece::Skip(Some(name), fault.clone()));
            if rest.any(|piece| sender.send(piece).is_err()) {
                return;
            }
        }
    }
}

/// Gives a member to who listens. It is an error if it cannot be read, or if nobody listens.
fn give(sender: &SyncSender<Piece>, entry: &ArchiveEntry, reader: &mut dyn Read) -> io::Result<()> {
    let send = |piece| sender.send(piece).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe));
    send(Piece::Member { name: entry.name.clone(), size: entry.size })?;
    loop {
        let mut bytes = vec![0; BUFFER];
        match reader.read(&mut bytes) {
            Ok(count) => {
                bytes.truncate(count);
                send(Piece::Bytes(Ok(bytes)))?;
                if count == 0 {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let kind = error.kind();
                send(Piece::Bytes(Err(error)))?;
                return Err(kind.into());
            }
        }
    }
}

/// What an error of the library comes to.
fn fault(error: Error) -> Fault {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => Fault::unsupported("it is encrypted"),
        Error::UnsupportedCompressionMethod(_) | Error::Unsupported(_) | Error::ExternalUnsupported => {
            Fault::unsupported("it is packed in a way that is not read")
        }
        Error::UnsupportedVersion { .. } => Fault::unsupported("its version of 7z is not read"),
        Error::Io(error, _) => Fault::of(&error).unwrap_or_else(|| Fault::corrupt("it ends too early")),
        _ => Fault::corrupt("it is damaged"),
    }
}

/// Why a block is not unpacked.
fn check(block: &Block, memory: u64) -> Option<Fault> {
    block.coders.iter().find_map(|coder| {
        if coder.encoder_method_id() == AES {
            return Some(Fault::unsupported("it is encrypted"));
        }
        let needed = memory_of(coder.encoder_method_id(), coder.properties());
        (needed > memory).then(|| Fault::of(&io::ErrorKind::OutOfMemory.into())).flatten()
    })
}

/// How much memory a method takes, in bytes.
fn memory_of(method: &[u8], properties: &[u8]) -> u64 {
    match (method, properties) {
        (LZMA | PPMD, &[_, a, b, c, d, ..]) => u32::from_le_bytes([a, b, c, d]).into(),
        (LZMA2, &[bits, ..]) => match bits {
            0..40 => u64::from(2 | u32::from(bits & 1)) << (bits / 2 + 11),
            _ => u64::MAX,
        },
        _ => 0,
    }
}

/// Why the header of an archive is not read.
enum Header {
    Trouble(io::Error),
    Fault(Fault),
}

impl From<io::Error> for Header {
    fn from(error: io::Error) -> Self {
        Self::Trouble(error)
    }
}

/// Looks at what is needed to read the archive's header, which is at its end. Gives the length of the file; `None` if the
/// archive is empty.
fn header(file: &mut dyn ReadSeek, memory: u64) -> Result<Option<u64>, Header> {
    let len = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut start = [0; START as usize];
    file.read_exact(&mut start)?;
    let number = |at: usize| start[at..at + 8].iter().rev().fold(0, |sum, &b| sum << 8 | u64::from(b));
    let (offset, size) = (number(12), number(20));
    let sum = u32::from_le_bytes([start[8], start[9], start[10], start[11]]);
    if crc32fast::hash(&start[12..]) != sum || sum == 0 {
        return Err(damaged("its start is not sound").into());
    }
    let end = START.checked_add(offset).and_then(|at| at.checked_add(size));
    match end {
        Some(end) if end == len => {}
        Some(end) if end < len => {
            let detail = "there is something behind its end; look at it by other means, or leave it out with --exclude";
            return Err(Header::Fault(Fault::new(SkipReason::Corrupt, detail)));
        }
        _ => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
    }
    if size == 0 {
        return Ok(None);
    }
    let bound = memory / 32;
    let too_large = || {
        let fault = format!("its list of members has more than {bound} bytes");
        Header::Fault(Fault::new(SkipReason::TooLarge, format!("{fault}; unpack it and scan what is in it")))
    };
    if size > bound {
        return Err(too_large());
    }
    file.seek(SeekFrom::Start(START + offset))?;
    let mut header = Vec::new();
    Exactly::new(&mut *file, size).read_to_end(&mut header)?;
    file.seek(SeekFrom::Start(0))?;
    if header.first() == Some(&0x17) {
        let packed = packed_header(&header[1..]).ok_or_else(|| {
            Header::Fault(Fault::unsupported("its list of members is encrypted, or packed in a way that is not read"))
        })?;
        if packed.size > bound || packed.memory > memory {
            return Err(too_large());
        }
    }
    Ok(Some(len))
}

/// What unpacking a header takes.
struct PackedHeader {
    memory: u64,
    size: u64,
}

/// Reads how the header is packed, if that is as everybody packs it: one stream, by one method that is known.
fn packed_header(mut bytes: &[u8]) -> Option<PackedHeader> {
    let input = &mut bytes;
    let expect = |input: &mut &[u8], wanted: &[u8]| -> Option<()> {
        *input = input.strip_prefix(wanted)?;
        Some(())
    };
    expect(input, &[0x06])?;
    number(input)?;
    expect(input, &[1, 0x09])?;
    number(input)?;
    if input.first() == Some(&0x0a) {
        // The checksum of what is packed.
        expect(input, &[0x0a, 1])?;
        *input = input.get(4..)?;
    }
    expect(input, &[0, 0x07, 0x0b, 1, 0, 1])?;
    let (&flags, rest) = input.split_first()?;
    let (method, rest) = rest.split_at_checked(usize::from(flags & 0xf))?;
    *input = rest;
    let mut properties: &[u8] = &[];
    if flags & 0x20 != 0 {
        let length = usize::try_from(number(input)?).ok()?;
        (properties, *input) = input.split_at_checked(length)?;
    }
    if flags & 0xd0 != 0 || ![&[0][..], LZMA, LZMA2].contains(&method) {
        return None;
    }
    expect(input, &[0x0c])?;
    Some(PackedHeader { memory: memory_of(method, properties), size: number(input)? })
}

/// A number of one to nine bytes: the ones at the start of the first say how many follow.
fn number(input: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = input.split_first()?;
    let more = first.leading_ones() as usize;
    let (low, rest) = rest.split_at_checked(more)?;
    *input = rest;
    let high = u64::from(first) & (0x7f_u64 >> more);
    let low = low.iter().rev().fold(0, |sum, &b| sum << 8 | u64::from(b));
    Some(if more >= 8 { low } else { high << (8 * more) | low })
}
