//! Electron's archive: a header in JSON with the place of each file, then the files one after the other.

use std::io::{self, Read};

use serde_json::{Map, Value};

use super::guard::{Buffered, Exactly, Fault, damaged, pass};
use super::{Packing, Place, Walk};

/// A file of the archive.
struct File {
    offset: u64,
    size: u64,
    name: String,
}

/// What the header lists.
#[derive(Default)]
struct Listing {
    files: Vec<File>,
    links: Vec<(String, String)>,
    /// Names of entries that are not as they ought to be.
    odd: Vec<String>,
}

/// Looks at each file.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, source: &mut Buffered<'_>) -> io::Result<()> {
    let (header, outer, length) = (read_u32(source, 4)?, read_u32(source, 0)?, read_u32(source, 0)?);
    let bound = place.memory / 16;
    if u64::from(header) > bound {
        let fault = Fault::unsupported(format_args!("its header has {header} bytes, more than {bound}"));
        walk.skip(place, fault);
        return Ok(());
    }
    // The lengths of the whole and of the JSON in it stand one in the other.
    if length > outer || outer > header {
        return Err(damaged("the header of the archive is not sound"));
    }
    let mut json = Vec::new();
    Exactly::new(&mut *source, length.into()).read_to_end(&mut json)?;
    pass(source, u64::from(header).saturating_sub(8 + u64::from(length)))?;
    let mut listing = Listing::default();
    let parsed: Value = serde_json::from_slice(&json).map_err(|_| damaged("the header of the archive is no JSON"))?;
    list(&mut listing, "", parsed.get("files"));
    drop((json, parsed));
    for name in listing.odd {
        walk.skip(&place.member(&name), Fault::corrupt("the header does not say where it is"));
    }
    for (name, link) in listing.links {
        if !walk.admits(place) {
            return Ok(());
        }
        walk.member(place, &name, &mut link.as_bytes(), Packing::none(link.len() as u64));
    }
    files(walk, place, source, listing.files)
}

/// The four bytes after `skipped` others of the header, which say lengths.
fn read_u32(source: &mut Buffered<'_>, skipped: u64) -> io::Result<u32> {
    pass(source, skipped)?;
    let mut bytes = [0; 4];
    source.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// Lists the entries of a folder. The parser bounds how deep folders are.
fn list(listing: &mut Listing, folder: &str, entries: Option<&Value>) {
    let Some(entries) = entries.and_then(Value::as_object) else { return listing.odd.push(folder.to_owned()) };
    for (name, entry) in entries {
        let name = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let Some(entry) = entry.as_object() else {
            listing.odd.push(name);
            continue;
        };
        if entry.contains_key("files") {
            list(listing, &name, entry.get("files"));
        } else if let Some(link) = entry.get("link").and_then(Value::as_str) {
            listing.links.push((name, link.to_owned()));
        } else if entry.get("unpacked") != Some(&Value::Bool(true)) {
            // What is unpacked is a file beside the archive.
            match place_of(entry) {
                Some((offset, size)) => listing.files.push(File { offset, size, name }),
                None => listing.odd.push(name),
            }
        }
    }
}

fn place_of(entry: &Map<String, Value>) -> Option<(u64, u64)> {
    let size = entry.get("size")?.as_u64()?;
    let offset = match entry.get("offset")? {
        Value::String(digits) => digits.parse().ok()?,
        other => other.as_u64()?,
    };
    Some((offset, size))
}

/// Looks at the files in the order in which they are there.
fn files(walk: &mut Walk<'_>, place: &Place, source: &mut Buffered<'_>, mut files: Vec<File>) -> io::Result<()> {
    files.sort_by(|a, b| (a.offset, a.size, &a.name).cmp(&(b.offset, b.size, &b.name)));
    let (mut at, mut last) = (0, None);
    for File { offset, size, name } in files {
        if !walk.admits(place) {
            return Ok(());
        }
        // Two names for the same content.
        if last.replace((offset, size)) == Some((offset, size)) {
            continue;
        }
        if offset < at && size > 0 {
            let fault = Fault::corrupt("it overlaps with another file of the archive, and was looked at only as that");
            walk.skip(&place.member(&name), fault);
            continue;
        }
        if offset > at && size > 0 {
            let gap = offset - at;
            let hidden = format!("<bytes {at} to {offset}>");
            let (_, given) = walk.member(place, &hidden, &mut Exactly::new(&mut *source, gap), Packing::none(gap));
            walk.pass(source, gap, given)?;
            at = offset;
        }
        let (_, given) = walk.member(place, &name, &mut Exactly::new(&mut *source, size), Packing::none(size));
        walk.pass(source, size, given)?;
        at += size;
    }
    walk.behind(place, source)
}
