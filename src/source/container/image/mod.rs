//! Images of containers, as `docker save` and tools of OCI write them: a tar of layers, each a tar itself.
//!
//! A layer can remove files of those below it, and they are in the image still. So the layers of an image that can be read
//! from any place are looked at from the last to the first, and a file that a later one removes has that in its path:
//! `image.tar!/LAYER!/<removed by a later layer>/app/.env`. Of one that is read once that is told at its end ([`piped`]).

mod piped;

use std::collections::{HashMap, HashSet};
use std::io::{self, Read, SeekFrom};

use serde_json::Value;

pub(super) use self::piped::Piped;
pub use self::piped::Removed;
use super::guard::{Exactly, Fault, fill};
use super::tar::{self, BLOCK};
use super::{Kind, Packing, Place, ReadSeek, Walk, shown};
use crate::blob::SkipReason;

/// What stands in the path of a member for its having been removed.
const REMOVED: &str = "<removed by a later layer>";

/// How the name of what removes a file begins, and that of what removes all that was in a folder.
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

/// The largest list of layers that is read, in bytes.
const LIST: u64 = 4 << 20;

/// Members that the outer tar of an image may have.
const MEMBERS: usize = 10_000;

/// Layers that images may have together. One may have 127.
const LAYERS: usize = 512;

/// How deep lists may name lists.
const LISTS: u32 = 4;

/// A member of the outer tar.
#[derive(Clone, Copy)]
struct Slot {
    offset: u64,
    size: u64,
    /// Whether there is another one of the same name.
    twice: bool,
}

/// The image that is looked at.
#[derive(Default)]
pub(super) struct Image {
    /// The paths of the tar and of the layer that is looked at.
    path: String,
    layer: String,
    /// Layers that were looked at.
    done: HashSet<String>,
    /// What the layer that is looked at removes of those below it.
    found: Vec<Removal>,
    /// What was removed of it by those above it.
    removed: HashSet<Removal>,
    /// Bytes that may still be kept of such names.
    room: u64,
    cut: bool,
}

/// A path that is removed, or the folder whose content is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Removal {
    Path(String),
    Below(String),
}

/// Looks at a tar that can be read from any place.
pub(super) fn walk_tar(walk: &mut Walk<'_>, place: &Place, file: &mut dyn ReadSeek) {
    // An image in an image is a file of that.
    let images = match walk.image.is_none().then(|| layers(file, place.memory / 16)).transpose() {
        Ok(images) => images.unwrap_or_default(),
        // The same trouble comes again.
        Err(_) => Vec::new(),
    };
    if !images.is_empty() {
        walk.image = Some(Image { path: place.path.clone(), room: place.memory / 16, ..Image::default() });
        if let Err(error) = walk_layers(walk, place, file, &images) {
            walk.trouble(place, &error);
        }
    }
    match file.seek(SeekFrom::Start(0)) {
        Ok(_) => walk.streamed(place, Kind::Tar, file),
        Err(error) => walk.trouble(place, &error),
    }
    if !images.is_empty() {
        walk.image = None;
    }
}

/// A layer, where it is, and the images that have it.
struct Layer {
    name: String,
    slot: Slot,
    images: Vec<usize>,
}

/// Looks at the layers of all images, the last ones first.
fn walk_layers(walk: &mut Walk<'_>, place: &Place, file: &mut dyn ReadSeek, layers: &[Layer]) -> io::Result<()> {
    let mut removed: HashMap<usize, HashSet<Removal>> = HashMap::new();
    for layer in layers {
        if layer.slot.twice || !walk.admits(place) {
            continue;
        }
        if let Some(image) = &mut walk.image {
            image.layer.clone_from(&place.member(&layer.name).path);
            image.removed = layer.images.iter().filter_map(|image| removed.get(image)).flatten().cloned().collect();
            image.done.insert(layer.name.clone());
        }
        file.seek(SeekFrom::Start(layer.slot.offset))?;
        let size = layer.slot.size;
        walk.member(place, &layer.name, &mut Exactly::new(&mut *file, size), Packing::none(size));
        if let Some(image) = &mut walk.image {
            let found = std::mem::take(&mut image.found);
            for index in &layer.images {
                removed.entry(*index).or_default().extend(found.iter().cloned());
            }
            if std::mem::take(&mut image.cut) {
                let detail = "more files were removed by layers than are kept; others are not marked as removed";
                walk.skip(place, Fault::new(SkipReason::Truncated, format!("{detail}; every layer was looked at")));
            }
        }
    }
    Ok(())
}

impl Image {
    /// Whether a member of the tar at `place` was looked at as a layer.
    pub(super) fn is_done(&self, place: &Place, name: &str) -> bool {
        place.path == self.path && self.done.contains(name)
    }

    /// The name that a member is given, and what it removes is noted.
    pub(super) fn named(&mut self, place: &Place, name: String) -> String {
        if place.path != self.layer {
            return name;
        }
        let path = name.trim_start_matches("./").trim_matches('/');
        if let Some(removal) = removal(path) {
            self.note(removal);
        }
        if is_removed(&self.removed, path) { marked(path) } else { name }
    }

    fn note(&mut self, removal: Removal) {
        let (Removal::Path(path) | Removal::Below(path)) = &removal;
        let size = path.len() as u64 + 64;
        self.cut |= size > self.room;
        if size <= self.room {
            self.room -= size;
            self.found.push(removal);
        }
    }
}

/// What a member of a layer with this path removes.
fn removal(path: &str) -> Option<Removal> {
    let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
    if last == OPAQUE {
        return Some(Removal::Below(folder.to_owned()));
    }
    let removed = last.strip_prefix(WHITEOUT)?;
    Some(Removal::Path(if folder.is_empty() { removed.to_owned() } else { format!("{folder}/{removed}") }))
}

fn is_removed(removed: &HashSet<Removal>, path: &str) -> bool {
    if removed.is_empty() {
        return false;
    }
    let has = |removal: Removal| removed.contains(&removal);
    let above = path.match_indices('/').map(|(at, _)| &path[..at]);
    has(Removal::Path(path.to_owned()))
        || has(Removal::Below(String::new()))
        // Names can have as many folders as they like.
        || above.take(256).any(|folder| has(Removal::Path(folder.to_owned())) || has(Removal::Below(folder.to_owned())))
}

/// The path of a file that is removed.
fn marked(path: &str) -> String {
    format!("{REMOVED}/{path}")
}

/// The layers of the images in a tar, the last ones first; none if it is no such tar.
fn layers(file: &mut dyn ReadSeek, room: u64) -> io::Result<Vec<Layer>> {
    let Some(slots) = slots(file)? else { return Ok(Vec::new()) };
    let limit = room.min(LIST);
    let images = images(&mut |name| {
        let slot = slots.get(name).filter(|slot| slot.size <= limit)?;
        file.seek(SeekFrom::Start(slot.offset)).ok()?;
        let mut bytes = Vec::new();
        (&mut *file).take(slot.size).read_to_end(&mut bytes).ok()?;
        serde_json::from_slice(&bytes).ok()
    });
    let layer = |(depth, name, images): (usize, &str, Vec<usize>)| {
        let slot = *slots.get(name)?;
        Some((depth, Layer { name: name.to_owned(), slot, images }))
    };
    let mut layers: Vec<(usize, Layer)> = in_order(&images).into_iter().filter_map(layer).collect();
    layers.sort_by(|(a, left), (b, right)| (b, left.slot.offset).cmp(&(a, right.slot.offset)));
    Ok(layers.into_iter().map(|(_, layer)| layer).collect())
}

/// The layers of images, the last ones first: how many are below each at most, its name, and the images that have it.
fn in_order(images: &[Vec<String>]) -> Vec<(usize, &str, Vec<usize>)> {
    let mut found: HashMap<&str, (usize, Vec<usize>)> = HashMap::new();
    for (index, image) in images.iter().enumerate() {
        for (depth, name) in image.iter().enumerate() {
            let entry = found.entry(name).or_default();
            entry.0 = entry.0.max(depth);
            if entry.1.last() != Some(&index) {
                entry.1.push(index);
            }
        }
    }
    let mut layers: Vec<_> = found.into_iter().map(|(name, (depth, images))| (depth, name, images)).collect();
    layers.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
    layers
}

/// Where the members of a tar are that begins as an image; `None` if it does not, or if its members are not as plain as those of
/// images are: who reads it from its start must see the same ones.
fn slots(file: &mut dyn ReadSeek) -> io::Result<Option<HashMap<String, Slot>>> {
    let (mut slots, mut at): (HashMap<String, Slot>, u64) = (HashMap::new(), 0);
    for index in 0..MEMBERS {
        let Some(block) = block(file, at)? else { return Ok(Some(slots)) };
        if block.iter().all(|&b| b == 0) {
            // What is behind one such block only is a member to some.
            let ends = self::block(file, at + BLOCK as u64)?.is_none_or(|block| block.iter().all(|&b| b == 0));
            return Ok(ends.then_some(slots));
        }
        if !tar::checksum_holds(&block) {
            return Ok(Some(slots));
        }
        let Some(size) = tar::number(&block[124..136]) else { return Ok(Some(slots)) };
        let (name, offset) = (shown(&tar::name(&block)), at + BLOCK as u64);
        if index == 0 && !begins_an_image(&name) {
            return Ok(None);
        }
        let size = match block[156] {
            b'0' | 0 => {
                let twice = slots.contains_key(&name);
                slots.insert(name, Slot { offset, size, twice });
                size
            }
            b'1'..=b'6' => 0,
            b'x' | b'g' if is_harmless(file, offset, size)? => size,
            // What gives names or sizes to others.
            _ => return Ok(None),
        };
        let next = size.checked_next_multiple_of(BLOCK as u64).and_then(|size| offset.checked_add(size));
        let Some(next) = next else { return Ok(None) };
        at = next;
    }
    Ok(None)
}

/// The block at `at`, if all of it is there.
fn block(file: &mut dyn ReadSeek, at: u64) -> io::Result<Option<[u8; BLOCK]>> {
    let mut block = [0; BLOCK];
    file.seek(SeekFrom::Start(at))?;
    let (read, trouble) = fill(file, &mut block);
    trouble?;
    Ok((read == BLOCK).then_some(block))
}

/// Whether an extension header says neither the name nor the size of what is behind it.
fn is_harmless(file: &mut dyn ReadSeek, offset: u64, size: u64) -> io::Result<bool> {
    const LONGEST: u64 = 4096;
    if size > LONGEST {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    (&mut *file).take(size).read_to_end(&mut bytes)?;
    Ok([&b"path="[..], b"size=", b"sparse"].iter().all(|key| memchr::memmem::find(&bytes, key).is_none()))
}

/// Whether the first member of a tar may be that of an image.
fn begins_an_image(name: &str) -> bool {
    const KNOWN: [&str; 6] = ["blobs", "manifest.json", "index.json", "oci-layout", "repositories", "config.json"];
    let first = name.trim_start_matches("./").split('/').next().unwrap_or_default();
    let first = first.strip_prefix("sha256:").unwrap_or(first);
    KNOWN.contains(&first) || (first.len() >= 64 && first.as_bytes()[..64].iter().all(u8::is_ascii_hexdigit))
}

/// The names of the layers of each image, the first layer first. `json` reads a member of the tar.
fn images(json: &mut dyn FnMut(&str) -> Option<Value>) -> Vec<Vec<String>> {
    let mut images: Vec<Vec<String>> = Vec::new();
    let mut lists = Lists { json, left: LAYERS };
    if let Some(Value::Array(all)) = (lists.json)("manifest.json") {
        for image in &all {
            let names = image.get("Layers").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            images.push(lists.kept(names.map(str::to_owned)));
        }
    }
    if let Some(index) = (lists.json)("index.json") {
        lists.index(&index, 0, &mut images);
    }
    images.retain(|layers| !layers.is_empty());
    images
}

/// Reads lists of layers.
struct Lists<'l> {
    /// Reads one by its name.
    json: &'l mut dyn FnMut(&str) -> Option<Value>,
    /// How many names may still be kept.
    left: usize,
}

impl Lists<'_> {
    fn kept(&mut self, names: impl Iterator<Item = String>) -> Vec<String> {
        let kept: Vec<String> = names.take(self.left).collect();
        self.left -= kept.len();
        kept
    }

    /// Reads a list of images, or of such lists.
    fn index(&mut self, index: &Value, depth: u32, images: &mut Vec<Vec<String>>) {
        let digests = |value: &Value, key: &str| -> Vec<String> {
            let all = value.get(key).and_then(Value::as_array).into_iter().flatten();
            all.filter_map(|one| Some(format!("blobs/{}", one.get("digest")?.as_str()?.replacen(':', "/", 1))))
                .collect()
        };
        for name in digests(index, "manifests") {
            if self.left == 0 || depth > LISTS {
                return;
            }
            self.left -= 1;
            let Some(manifest) = (self.json)(&name) else { continue };
            let layers = digests(&manifest, "layers");
            let layers = self.kept(layers.into_iter());
            images.push(layers);
            self.index(&manifest, depth + 1, images);
        }
    }
}
