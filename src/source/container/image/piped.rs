//! Images that are read once, from a pipe or out of a compressed file: what a later layer removes is only known when it comes, so that
//! it is told at the end.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use super::super::Walk;
use super::super::guard::Stream;
use super::{LIST, Removal, begins_an_image, images, in_order, is_removed, marked, removal};

/// Larger members of an image are no lists, in bytes.
const LARGEST: u64 = 256 << 10;

/// What was learned of an image so far.
#[derive(Default)]
pub(in crate::source::container) struct Piped {
    /// The path of the tar; empty until its first member has come.
    path: String,
    /// Whether that is of an image.
    is_image: bool,
    /// The member that is looked at: its path, and its name in the tar.
    member: (String, String),
    /// Lists of layers, and lists of those.
    lists: HashMap<String, Vec<u8>>,
    /// By layer what it removes of those below it.
    removals: HashMap<String, Vec<Removal>>,
    /// Bytes that may still be kept of both.
    room: u64,
}

/// What later layers remove of one.
#[derive(Debug)]
pub struct Removed(HashSet<Removal>);

impl Removed {
    /// The path of a file of the layer as it is shown, if it is removed.
    #[must_use]
    pub fn mark(&self, path: &str) -> Option<String> {
        let plain = path.trim_start_matches("./").trim_matches('/');
        is_removed(&self.0, plain).then(|| marked(plain))
    }
}

impl Piped {
    /// For the tar at `path`, of which nothing has come.
    pub(in crate::source::container) fn new(path: &str, room: u64) -> Self {
        Self { path: path.to_owned(), is_image: true, room, ..Self::default() }
    }

    /// Takes note of a member of the tar at `place`. What is a list is given, to be looked at instead of the stream.
    pub(in crate::source::container) fn meet(
        &mut self,
        (place, member): (&str, &str),
        name: &str,
        (size, content): (u64, &mut Stream<'_>),
    ) -> Option<Vec<u8>> {
        if place != self.path {
            if place == self.member.0 && self.is_image {
                let removal = removal(name.trim_start_matches("./").trim_matches('/'));
                let size = name.len() as u64 + 64;
                if let Some(removal) = removal.filter(|_| size <= self.room) {
                    self.room -= size;
                    self.removals.entry(self.member.1.clone()).or_default().push(removal);
                }
            }
            return None;
        }
        self.is_image &= !self.member.0.is_empty() || begins_an_image(name);
        self.member = (member.to_owned(), name.to_owned());
        let may_be = matches!(name, "manifest.json" | "index.json") || name.starts_with("blobs/");
        if !self.is_image || !may_be || size > LARGEST.min(self.room) {
            return None;
        }
        let mut bytes = Vec::new();
        // What stopped it comes again when the rest is read.
        let _ = content.take(size.min(LIST)).read_to_end(&mut bytes);
        if matches!(bytes.first(), Some(b'{' | b'[')) {
            self.room -= bytes.len() as u64;
            self.lists.insert(name.to_owned(), bytes.clone());
        }
        Some(bytes)
    }

    /// Tells what was removed of which layer.
    pub(in crate::source::container) fn tell(self, walk: &mut Walk<'_>) {
        if self.removals.is_empty() {
            return;
        }
        let images = images(&mut |name| serde_json::from_slice(self.lists.get(name)?).ok());
        let mut above: HashMap<usize, HashSet<Removal>> = HashMap::new();
        for (_, layer, images) in in_order(&images) {
            let removed: HashSet<Removal> =
                images.iter().filter_map(|image| above.get(image)).flatten().cloned().collect();
            if !removed.is_empty() {
                walk.sink.removed(&format!("{}!/{layer}", self.path), Removed(removed));
            }
            for image in images {
                above.entry(image).or_default().extend(self.removals.get(layer).into_iter().flatten().cloned());
            }
        }
    }
}
