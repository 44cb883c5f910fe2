//! Git bundles: a repository in one file, some names and a pack (gitformat-bundle).
#![expect(clippy::disallowed_methods, reason = "reading bundles is what this module is for")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use gix::ObjectId;
use gix::hash::Kind as HashKind;

use super::objects::Objects;
use super::pack::Pack;
use super::refs::Refs;
use crate::blob::{SkipReason, Skipped};

/// The head of a bundle is shorter than this.
const HEAD: u64 = 256 << 20;

/// How a bundle begins, versions 2 and 3.
pub const SIGNATURES: [&[u8]; 2] = [b"# v2 git bundle\n", b"# v3 git bundle\n"];

/// What a bundle has.
pub struct Bundle {
    /// The names.
    pub refs: Refs,
    /// The objects.
    pub objects: Objects,
}

/// Whether a file that begins with `start` is a bundle.
#[must_use]
pub fn is_bundle(start: &[u8]) -> bool {
    SIGNATURES.iter().any(|signature| start.starts_with(signature))
}

impl Bundle {
    /// Reads a bundle. Trouble goes to `skipped`, where it is called `shown`.
    #[must_use]
    pub fn open(path: &Path, shown: &str, skipped: &mut Vec<Skipped>) -> Option<Self> {
        match Self::read(path, shown, skipped) {
            Ok(bundle) => Some(bundle),
            Err(why) => {
                let detail = format!("it begins like a git bundle but cannot be read: {why}");
                skipped.push(Skipped::new(shown, SkipReason::Corrupt, detail));
                None
            }
        }
    }

    fn read(path: &Path, shown: &str, skipped: &mut Vec<Skipped>) -> Result<Self, String> {
        let file = File::open(path).map_err(|e| e.to_string())?;
        let mut reader = BufReader::new(file.take(HEAD));
        let (mut line, mut start) = (Vec::new(), 0);
        let (mut hash, mut refs, mut needs, mut filter) = (HashKind::Sha1, Refs::default(), 0u64, false);
        for nth in 0.. {
            line.clear();
            start += reader.read_until(b'\n', &mut line).map_err(|e| e.to_string())? as u64;
            let text = String::from_utf8_lossy(&line);
            let text = text.strip_suffix('\n').ok_or("it ends within its head")?;
            match text.bytes().next() {
                None => break,
                Some(b'#') if nth == 0 => {}
                Some(b'@') => {
                    filter |= text.starts_with("@filter");
                    if text == "@object-format=sha256" {
                        hash = HashKind::Sha256;
                    }
                }
                Some(b'-') => needs += 1,
                Some(_) => {
                    let (id, name) = text.split_once(' ').ok_or("a line of its head is no name")?;
                    let id = ObjectId::from_hex(id.as_bytes()).map_err(|e| e.to_string())?;
                    refs.named.insert(name.into(), id);
                }
            }
        }
        let (pack, trouble) = Pack::indexed_anew(path, start, hash)?;
        if let Some(trouble) = trouble {
            skipped.push(Skipped::new(shown, SkipReason::Corrupt, trouble));
        }
        if needs > 0 || filter {
            let detail = match needs {
                0 => "the bundle was made with a filter: some objects are not in it".to_owned(),
                _ => format!("the bundle builds on {needs} commits that are not in it; scan the whole repository"),
            };
            skipped.push(Skipped::new(shown, SkipReason::IncompleteHistory, detail));
        }
        Ok(Self { refs, objects: Objects::of_pack(pack, hash) })
    }
}
