//! Opening a file so that nothing but a plain file is read.
//!
//! Files are read, not mapped into memory: a map of a file that somebody cuts short meanwhile ends the process, its pages count as
//! resident, and it takes `unsafe`. Reading into a buffer that is used again is no slower: the copy is a tenth of the
//! time of a scan.
#![expect(clippy::disallowed_methods, reason = "reading files is what this module is for")]

use std::fs::{File, FileType};
use std::io::{self, Read};
use std::path::Path;

use crate::blob::{SkipReason, Skipped};

/// Opens a regular file for reading and says how long it claims to be, in bytes. `shown` names it in the ledger.
///
/// # Errors
/// Why it was not opened: it is gone, may not be read, or is a FIFO, socket or device.
pub fn open(path: &Path, shown: &str) -> Result<(File, u64), Skipped> {
    let fail = |error: &io::Error| unreadable(shown, error);
    // Opening a FIFO blocks until somebody writes to it, so its kind is asked before.
    let before = std::fs::metadata(path).map_err(|e| fail(&e))?;
    if !before.is_file() {
        return Err(special(shown, before.file_type()));
    }
    let file = File::open(path).map_err(|e| fail(&e))?;
    let meta = file.metadata().map_err(|e| fail(&e))?;
    if !meta.is_file() {
        return Err(special(shown, meta.file_type()));
    }
    Ok((file, meta.len()))
}

/// The entry for something that could not be read.
#[must_use]
pub fn unreadable(shown: &str, error: &io::Error) -> Skipped {
    match error.kind() {
        io::ErrorKind::NotFound => {
            Skipped::new(shown, SkipReason::Vanished, "it was gone when it was opened; scan again")
        }
        io::ErrorKind::PermissionDenied => Skipped::new(
            shown,
            SkipReason::Unreadable,
            "no permission to read it; run as a user who may, or leave it out with --exclude",
        ),
        _ => Skipped::new(shown, SkipReason::Unreadable, format!("reading failed: {error}")),
    }
}

/// The entry for something that is no regular file.
#[must_use]
pub fn special(shown: &str, kind: FileType) -> Skipped {
    Skipped::new(
        shown,
        SkipReason::SpecialFile,
        format!("{}, not a regular file; leave it out with --exclude if it holds nothing", name(kind)),
    )
}

#[cfg(unix)]
fn name(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match () {
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () if kind.is_dir() => "a folder",
        () => "a special file",
    }
}

#[cfg(not(unix))]
fn name(_: FileType) -> &'static str {
    "a special file"
}

/// The names in a folder that are UTF-8; git gives its own files no others.
///
/// # Errors
/// The folder cannot be listed.
pub fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

/// A regular file of at most `limit` bytes, read as text that is UTF-8.
///
/// # Errors
/// What is wrong with it, in words that go with its name.
pub fn strict_text(path: &Path, limit: u64) -> Result<String, String> {
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => format!("it cannot be read: {error}"),
    };
    let kind = std::fs::metadata(path).map_err(told)?.file_type();
    if !kind.is_file() {
        return Err(format!("it is {}, not a regular file", name(kind)));
    }
    let (file, _) = open(path, "").map_err(|skipped| format!("it cannot be read: {}", skipped.detail))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > limit {
        return Err(format!("it is larger than {} MiB", limit >> 20));
    }
    String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8".to_owned())
}

/// A regular file of at most `limit` bytes, read as text; what is not UTF-8 in it is replaced.
///
/// # Errors
/// It cannot be read, is no regular file, or is larger.
pub fn small_text(path: &Path, limit: u64) -> io::Result<String> {
    let (file, _) = open(path, "").map_err(|skipped| io::Error::other(skipped.detail))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
