//! Unix `ar`: Debian packages and static libraries.

use std::io::{self, Read};

use super::guard::{Buffered, Exactly, damaged, fill, pass};
use super::{Packing, Place, Walk, shown};

const HEADER: usize = 60;

/// The longest table of names and the longest name that are read, in bytes.
const NAMES: u64 = 1 << 20;

/// Looks at each member.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, source: &mut Buffered<'_>) -> io::Result<()> {
    pass(source, b"!<arch>\n".len() as u64)?;
    let mut names = Vec::new();
    // Nothing says where an archive ends, but a package without its files is cut off.
    let mut files = !place.name().ends_with(".deb");
    loop {
        let mut header = [0; HEADER];
        let (read, trouble) = fill(source, &mut header);
        trouble?;
        match read {
            0 if !files => return Err(io::ErrorKind::UnexpectedEof.into()),
            0 => return Ok(()),
            // The last member was filled up to an even place, or the file was.
            1 if header[0] == b'\n' => return Ok(()),
            HEADER if header.ends_with(b"`\n") => {}
            HEADER => return Err(damaged("a header of the archive is not sound; what is behind it was not looked at")),
            _ => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        let field = |range: std::ops::Range<usize>| header[range].trim_ascii();
        let size = decimal(field(48..58)).ok_or_else(|| damaged("a member of the archive says no size"))?;
        if field(0..16) == b"//" && size <= NAMES {
            Exactly::new(&mut *source, size).read_to_end(&mut names)?;
        } else {
            if !walk.admits(place) {
                return Ok(());
            }
            let (name, size) = named(source, field(0..16), &names, size)?;
            files |= name.starts_with("data.tar");
            let (_, given) = walk.member(place, &name, &mut Exactly::new(&mut *source, size), Packing::none(size));
            walk.pass(source, size, given)?;
        }
        if size % 2 == 1 {
            // Not all fill up the last one.
            let mut byte = [0];
            fill(source, &mut byte).1?;
        }
    }
}

fn decimal(field: &[u8]) -> Option<u64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// The name of a member, which can be elsewhere, and the size of what is behind it.
fn named(source: &mut Buffered<'_>, field: &[u8], names: &[u8], size: u64) -> io::Result<(String, u64)> {
    if let Some(length) = field.strip_prefix(b"#1/").and_then(decimal) {
        if length > size || length > NAMES {
            return Err(damaged("the name of a member is longer than the member"));
        }
        let mut name = Vec::new();
        Exactly::new(&mut *source, length).read_to_end(&mut name)?;
        let end = name.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
        return Ok((shown(&name[..end]), size - length));
    }
    let elsewhere = field.strip_prefix(b"/").and_then(decimal).and_then(|at| names.get(usize::try_from(at).ok()?..));
    let name = match elsewhere {
        Some(rest) => rest.split(|&b| b == b'\n').next().unwrap_or_default(),
        None => field,
    };
    let name = if name.len() > 1 { name.strip_suffix(b"/").unwrap_or(name) } else { name };
    Ok((shown(name), size))
}
