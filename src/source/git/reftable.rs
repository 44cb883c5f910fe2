//! References in tables, as `git init --ref-format=reftable` keeps them (gitformat-reftable in git's technical documentation).
//!
//! Only what the scan needs is read: every record of every block, one after the other. The indexes that make look-ups fast are passed
//! over.
#![expect(clippy::disallowed_methods, reason = "reading a repository's names is part of reading it")]

use std::io::Read;
use std::path::Path;

use gix::ObjectId;
use gix::hash::Kind as HashKind;
use gix::zlib::Decompress;

use super::repository;
use crate::source::file;

/// A table is smaller than this.
const LARGE: u64 = 256 << 20;

/// A block of the log is not larger than this when unpacked; its size has three bytes.
const BLOCK: usize = 1 << 24;

/// What a table has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) refs: Vec<(String, Value)>,
    /// What the logs of references remember.
    pub(super) logged: Vec<ObjectId>,
}

/// What a reference is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// There is none; older tables may have one.
    Deleted,
    Object(ObjectId),
    Symbolic(String),
}

/// The tables of a stack, the oldest first: a later one wins.
pub(super) fn tables(folder: &Path) -> Vec<(String, std::io::Result<Vec<u8>>)> {
    let list = file::small_text(&folder.join("tables.list"), repository::SMALL).unwrap_or_default();
    list.lines()
        .filter(|name| !name.is_empty() && !name.contains(['/', '\\']))
        .map(|name| (name.to_owned(), read_file(&folder.join(name))))
        .collect()
}

fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a table.
pub(super) fn read(bytes: &[u8], hash: HashKind) -> Result<Table, String> {
    let version = match bytes.get(..5) {
        Some(b"REFT\x01") => 1,
        Some(b"REFT\x02") => 2,
        _ => return Err("it is no reftable of a version that is known".into()),
    };
    let (head, foot) = if version == 1 { (24, 68) } else { (28, 72) };
    let end = bytes.len().checked_sub(foot).ok_or("it is shorter than its own ends")?;
    let mut table = Table::default();
    // A block's length counts from its start; for the first that is the start of the file.
    let (mut start, mut at) = (0, head);
    while at + 4 <= end {
        let len = number(&bytes[at + 1..at + 4]);
        let block = bytes.get(at..start + len).filter(|block| block.len() >= 4);
        let next = match bytes[at] {
            // Padding between blocks.
            0 => at + 1,
            b'g' => {
                let unpacked = len.checked_sub(4 + at - start).ok_or("a block without length")?;
                let (block, used) = unpack(&bytes[at + 4..end], unpacked.min(BLOCK))?;
                logs(&block, &mut table, hash)?;
                at + 4 + used
            }
            b'r' => {
                references(block.ok_or("a block longer than the table")?, &mut table, hash)?;
                start + len
            }
            // Indexes.
            b'o' | b'i' => start + block.map(|_| len).ok_or("a block longer than the table")?,
            _ => return Err(format!("a block of an unknown kind at {at}")),
        };
        (start, at) = (next, next);
    }
    Ok(table)
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// Where the records of a block end: the table of restarts and its length stand behind them.
fn records_end(block: &[u8]) -> Result<usize, String> {
    let restarts = block.len().checked_sub(2).map(|at| number(&block[at..])).ok_or("a block without records")?;
    block.len().checked_sub(2 + 3 * restarts).ok_or_else(|| "a block with more restarts than bytes".into())
}

fn references(block: &[u8], table: &mut Table, hash: HashKind) -> Result<(), String> {
    let mut rest = block.get(4..records_end(block)?).ok_or("a block without records")?;
    let mut name = Vec::new();
    while !rest.is_empty() {
        let kind = key(&mut rest, &mut name)?;
        varint(&mut rest)?;
        let value = match kind {
            0 => Value::Deleted,
            1 => Value::Object(id(&mut rest, hash)?),
            2 => {
                let value = id(&mut rest, hash)?;
                id(&mut rest, hash)?;
                Value::Object(value)
            }
            3 => {
                let len = varint(&mut rest)?;
                Value::Symbolic(String::from_utf8_lossy(take(&mut rest, len)?).into_owned())
            }
            _ => return Err("a reference of an unknown kind".into()),
        };
        table.refs.push((String::from_utf8_lossy(&name).into_owned(), value));
    }
    Ok(())
}

fn logs(block: &[u8], table: &mut Table, hash: HashKind) -> Result<(), String> {
    let mut rest = block.get(..records_end(block)?).ok_or("a block without records")?;
    let mut name = Vec::new();
    while !rest.is_empty() {
        let kind = key(&mut rest, &mut name)?;
        if kind == 0 {
            continue;
        }
        for _ in 0..2 {
            table.logged.extend(Some(id(&mut rest, hash)?).filter(|id| !id.is_null()));
        }
        // Name, e-mail, time, time zone, message.
        for _ in 0..2 {
            let len = varint(&mut rest)?;
            take(&mut rest, len)?;
        }
        varint(&mut rest)?;
        take(&mut rest, 2)?;
        let len = varint(&mut rest)?;
        take(&mut rest, len)?;
    }
    Ok(())
}

/// Reads a key, of which only what differs from the one before is written, and gives the kind of its value.
fn key(rest: &mut &[u8], name: &mut Vec<u8>) -> Result<usize, String> {
    let prefix = varint(rest)?;
    let suffix = varint(rest)?;
    if prefix > name.len() {
        return Err("a name that begins with more than the one before has".into());
    }
    name.truncate(prefix);
    name.extend_from_slice(take(rest, suffix >> 3)?);
    Ok(suffix & 7)
}

fn id(rest: &mut &[u8], hash: HashKind) -> Result<ObjectId, String> {
    Ok(ObjectId::from_bytes_or_panic(take(rest, hash.len_in_bytes())?))
}

fn take<'t>(rest: &mut &'t [u8], len: usize) -> Result<&'t [u8], String> {
    let (taken, after) = rest.split_at_checked(len).ok_or("it ends within a record")?;
    *rest = after;
    Ok(taken)
}

/// A number as git's packs write the distance to a base.
fn varint(rest: &mut &[u8]) -> Result<usize, String> {
    let mut number = 0usize;
    for nth in 0..9 {
        let byte = take(rest, 1)?[0];
        if nth > 0 {
            number += 1;
        }
        number = number << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("a number that is too long".into())
}

/// Unpacks `len` bytes, and says of how many they were made.
fn unpack(packed: &[u8], len: usize) -> Result<(Vec<u8>, usize), String> {
    let mut block = vec![0; len];
    let mut state = Decompress::new();
    gix::zlib::stream::inflate::read(&mut &*packed, &mut state, &mut block).map_err(|e| e.to_string())?;
    if state.total_out() != len as u64 {
        return Err("a log that is shorter than it says".into());
    }
    Ok((block, state.total_in() as usize))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_table_is_an_error() {
        assert!(read(b"", HashKind::Sha1).is_err());
        assert!(read(b"REFT\x03", HashKind::Sha1).is_err());
        assert!(read(b"REFT\x01\0\0\0", HashKind::Sha1).is_err());
    }

    proptest! {
        /// Whatever the bytes, reading them ends, without a panic.
        #[test]
        fn any_bytes_are_read_to_an_end(
            body in prop::collection::vec(any::<u8>(), 0..400),
            kinds in prop::collection::vec((0usize..400, prop::sample::select(&b"rgoi\0"[..])), 0..8),
            version in 1u8..3,
        ) {
            let mut bytes = [b"REFT", &[version][..], &[0; 23], &body, &[0; 72]].concat();
            for (at, kind) in kinds {
                if let Some(byte) = bytes.get_mut(24 + at) {
                    *byte = kind;
                }
            }
            let _ = read(&bytes, HashKind::Sha1);
            let _ = read(&bytes, HashKind::Sha256);
        }
    }
}
