//! The index: what `git add` has put together for the next commit.
//!
//! It is read by gix. Before that it is looked through for what would make any reader run out of memory or stack: version 4
//! writes a path as what it has beyond the one before, so that a small file can spell very long ones, and folders are noted
//! within folders.

use std::io::Read;
use std::path::Path;

use gix::ObjectId;
use gix::hash::Kind as HashKind;
use gix::index::{File, State, decode};

use crate::source::file;

/// A larger index is none: that of a repository with a million files has a hundred megabytes.
const LARGEST: u64 = 1 << 30;

/// The bytes that all paths together may take.
const PATHS: u64 = 1 << 30;

/// Folders within folders.
const DEEPEST: usize = 1024;

/// The signature, the version, the number of entries.
const HEAD: usize = 12;

/// What of an entry stands before the object's name: times, numbers, the mode, the size.
const BEFORE_ID: usize = 40;

/// The entry has two more bytes of flags.
const EXTENDED: u16 = 0x4000;

/// The part of the flags that is the path's length.
const PATH_LEN: u16 = 0x0fff;

/// Reads an index. One that is not there is empty.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(path: &Path, hash: HashKind) -> Result<State, String> {
    let fail = |why: String| {
        let shown = path.display();
        format!(
            "{shown}: the index cannot be read: {why}; if `git status` fails too, `git reset` after deleting it makes it anew"
        )
    };
    if path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(State::new(hash));
    }
    // A reader that fails on bytes that nobody made by accident must not end the program.
    std::panic::catch_unwind(|| parse(path, hash)).unwrap_or_else(|_| Err("it is not sound".into())).map_err(fail)
}

fn parse(path: &Path, hash: HashKind) -> Result<State, String> {
    let mut bytes = sound(path, hash)?;
    hide_optional(&mut bytes, hash)?;
    let options = decode::Options {
        thread_limit: Some(1),
        alloc_limit_bytes: usize::try_from(4 * LARGEST).ok(),
        ..decode::Options::default()
    };
    // When the index was written matters to whoever compares it with files.
    let time = std::time::SystemTime::UNIX_EPOCH.into();
    let (state, _) = State::from_bytes(&bytes, time, hash, options).map_err(|e| e.to_string())?;
    let Some(link) = state.link() else { return Ok(state) };
    if link.bitmaps.is_none() {
        return Err("it is split in a way that is not read; `git update-index --no-split-index` joins it".into());
    }
    let shared = path.with_file_name(format!("sharedindex.{}", link.shared_index_checksum));
    sound(&shared, hash).map_err(|why| format!("{}: {why}", shared.display()))?;
    let joined = File::at(path, hash, false, options).map_err(|e| e.to_string())?;
    Ok(joined.into_parts().0)
}

/// The bytes of an index that can be parsed within bounds and whose checksum is right.
fn sound(path: &Path, hash: HashKind) -> Result<Vec<u8>, String> {
    let (file, _) = file::open(path, "").map_err(|skipped| skipped.detail)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err("it is larger than any index".into());
    }
    check(&bytes, hash)?;
    Ok(bytes)
}

/// Gives extensions that only make git faster a name that nobody reads: what they say is of no use here.
fn hide_optional(bytes: &mut [u8], hash: HashKind) -> Result<(), String> {
    let mut at = extensions(bytes, hash)?;
    while let Some(head) = bytes[..bytes.len() - hash.len_in_bytes()].get(at..at + 8) {
        let size = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        if head[0].is_ascii_uppercase() && !head.starts_with(b"TREE") {
            bytes[at..at + 4].copy_from_slice(b"XXXX");
        }
        at += 8 + size;
    }
    Ok(())
}

/// Where the extensions begin.
fn extensions(bytes: &[u8], hash: HashKind) -> Result<usize, String> {
    let content = &bytes[..bytes.len() - hash.len_in_bytes()];
    let number = |at: usize| content.get(at..at + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let version = number(4).unwrap_or_default();
    if !(2..=4).contains(&version) {
        return Err(format!("it is of version {version}; 2, 3 and 4 are known"));
    }
    let rest = entries(content, number(8).unwrap_or_default(), version, hash).ok_or("an entry is broken")?;
    Ok(content.len() - rest.len())
}

fn check(bytes: &[u8], hash: HashKind) -> Result<(), String> {
    let end = bytes.len().checked_sub(hash.len_in_bytes()).filter(|&end| end >= HEAD).ok_or("it is cut short")?;
    if !bytes.starts_with(b"DIRC") {
        return Err("it is no index".into());
    }
    let (content, checksum) = bytes.split_at(end);
    let expected = ObjectId::from_bytes_or_panic(checksum);
    // With `index.skipHash` there is none.
    if !expected.is_null() {
        let mut hasher = gix::hash::hasher(hash);
        hasher.update(content);
        if hasher.try_finalize().map_err(|e| e.to_string())? != expected {
            return Err("its checksum is wrong, so it is damaged or cut short".into());
        }
    }
    folders(&content[extensions(bytes, hash)?..], hash.len_in_bytes())
}

/// Goes through the entries. Gives what follows them.
fn entries(content: &[u8], count: u32, version: u32, hash: HashKind) -> Option<&[u8]> {
    let mut rest = content.get(HEAD..)?;
    let (mut path_len, mut all) = (0u64, 0u64);
    for _ in 0..count {
        let flags_at = BEFORE_ID + hash.len_in_bytes();
        let flags = u16::from_be_bytes([*rest.get(flags_at)?, *rest.get(flags_at + 1)?]);
        let path = flags_at + if flags & EXTENDED == 0 { 2 } else { 4 };
        if version == 4 {
            let (stripped, used) = varint(rest.get(path..)?)?;
            let new = memchr::memchr(0, rest.get(path + used..)?)?;
            path_len = path_len.checked_sub(stripped)? + new as u64;
            rest = &rest[path + used + new + 1..];
        } else {
            let len = match flags & PATH_LEN {
                PATH_LEN => memchr::memchr(0, rest.get(path..)?)?,
                len => usize::from(len),
            };
            path_len = len as u64;
            // Entries are padded with one to eight NULs.
            rest = rest.get((path + len + 8) & !7..)?;
        }
        all += path_len;
        if all > PATHS {
            return None;
        }
    }
    Some(rest)
}

/// A number of git's, seven bits a byte, and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = u64::from(bytes.first()? & 0x7f);
    let mut used = 1;
    while bytes[used - 1] & 0x80 != 0 {
        value = value.checked_add(1)?.checked_mul(128)? | u64::from(bytes.get(used)? & 0x7f);
        used += 1;
    }
    Some((value, used))
}

/// Looks how deep the folders of the `TREE` extension are.
fn folders(mut extensions: &[u8], hash_len: usize) -> Result<(), String> {
    while let Some((head, rest)) = extensions.split_at_checked(8) {
        let size = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let (data, after) = rest.split_at_checked(size).ok_or("an extension is cut short")?;
        extensions = after;
        // How many subfolders of each folder around are still to come.
        let (mut left, mut data) = (Vec::new(), if head.starts_with(b"TREE") { data } else { &[] });
        while let Some((subfolders, after)) = folder(data, hash_len) {
            data = after;
            left.push(subfolders);
            while left.last() == Some(&0) {
                left.pop();
                left.last_mut().into_iter().for_each(|around| *around -= 1);
            }
            if left.len() > DEEPEST {
                return Err("its folders are deeper than any".into());
            }
        }
    }
    Ok(())
}

/// Takes one folder off the extension: how many subfolders it has, and what follows.
fn folder(data: &[u8], hash_len: usize) -> Option<(u64, &[u8])> {
    let name = memchr::memchr(0, data)?;
    let line = memchr::memchr(b'\n', &data[name + 1..])?;
    let numbers = std::str::from_utf8(&data[name + 1..name + 1 + line]).ok()?;
    let (entries, subfolders) = numbers.split_once(' ')?;
    let id = if entries.starts_with('-') { 0 } else { hash_len };
    Some((subfolders.parse().ok()?, data.get(name + line + 2 + id..)?))
}
