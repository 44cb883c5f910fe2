//! What builds have made: the sources in a source map are scanned as files of their own, and what is found in a script is told with
//! the place in the source that it was made from.
//!
//! Everything is scanned as it is before, so that nothing depends on a source map being sound: what is found in its sources is only
//! told there, where it is to be read, instead of in one long line.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use super::Plan;
use super::silencing::View;
use super::text::TextScan;
use crate::blob::{Origin, SkipReason, Skipped, is_made};
use crate::detect::{Detector, PathKind, Scratch};
use crate::finding::Candidate;
use crate::rule::Confidence;
use crate::secret::Fingerprint;
use crate::source::file;
use crate::source::source_map::{LARGEST, Mapped, Seeker, SourceMap};
use crate::span::Position;

/// How many sources of one map are scanned as files of their own. More are only text.
const SOURCES: usize = 50_000;

/// How much of the source maps of one container is held until its scripts are all there, in bytes.
const HELD: usize = 32 << 20;

/// A text that may be made by a build, with what it is scanned with.
pub(super) struct Built<'b> {
    pub(super) detector: &'b Detector,
    pub(super) plan: &'b Plan,
    pub(super) origin: &'b Origin,
}

/// What is found in a text and in the sources it was made from.
#[derive(Default)]
pub(super) struct Made {
    pub(super) own: Vec<Candidate>,
    /// By the name of the source.
    pub(super) sources: Vec<(String, Vec<Candidate>)>,
    pub(super) skipped: Vec<Skipped>,
}

impl Built<'_> {
    /// Tells what was found in the text by the source map that it is or has in it, and scans the sources.
    pub(super) fn made(&self, mut own: Vec<Candidate>, mapped: &Mapped, scratch: &mut Scratch) -> Made {
        let (map, within) = match mapped {
            Mapped::Itself(map) => (map, 0..u64::MAX),
            Mapped::Inline(map, range) => {
                lead_back(map, &mut own);
                (map, range.clone())
            }
            Mapped::TooLarge if !own.is_empty() => {
                let skipped = vec![too_large(self.origin.path())];
                return Made { own, skipped, ..Made::default() };
            }
            Mapped::Nothing | Mapped::Beside(_) | Mapped::TooLarge => return Made { own, ..Made::default() },
        };
        let mut made = self.sources(map, scratch);
        made.own = self.not_in_sources(own, &within, &made.sources);
        made
    }

    /// Leaves out of what was found `within` a map that is told in its sources as well as it would be here.
    fn not_in_sources(
        &self,
        mut own: Vec<Candidate>,
        within: &Range<u64>,
        sources: &[(String, Vec<Candidate>)],
    ) -> Vec<Candidate> {
        let name = |candidate: &Candidate| candidate.secret.fingerprint(&self.plan.keys);
        let mut known: BTreeMap<Fingerprint, Option<Confidence>> = BTreeMap::new();
        for candidate in sources.iter().flat_map(|(_, found)| found) {
            let sure = known.entry(name(candidate)).or_default();
            *sure = (*sure).max(candidate.score.confidence());
        }
        own.retain(|candidate| {
            let enough = candidate.score.confidence().min(Some(self.plan.min_confidence));
            let told = known.get(&name(candidate)).is_some_and(|sure| *sure >= enough);
            !within.contains(&candidate.span.start) || !told
        });
        own
    }

    /// Scans what a map has of the sources.
    fn sources(&self, map: &SourceMap, scratch: &mut Scratch) -> Made {
        let mut made = Made::default();
        let mut contents = map.contents().filter(|(_, content)| !content.is_empty());
        for (name, content) in contents.by_ref().take(SOURCES) {
            let origin = self.origin.member(name, false);
            let view = View::of(&self.plan.silencers, &origin);
            let mut text = TextScan::new(self.detector, PathKind::of(origin.path()), view);
            text.whole(content.as_bytes(), false, scratch);
            let (candidates, truncated) = text.finish();
            if let Some(detail) = truncated {
                made.skipped.push(Skipped::new(origin.path(), SkipReason::Truncated, detail));
            }
            if !candidates.is_empty() {
                made.sources.push((name.to_owned(), candidates));
            }
        }
        let more = contents.count();
        if more > 0 {
            let detail =
                format!("a source map of more than {SOURCES} sources; {more} more were only looked at as its text");
            made.skipped.push(Skipped::new(self.origin.path(), SkipReason::Truncated, detail));
        }
        made
    }
}

/// The source maps of a container, of which each may come before its script or after it.
#[derive(Default)]
pub(super) struct Maps {
    by_path: BTreeMap<String, SourceMap>,
    size: usize,
    /// Hashes of the paths of those that are not held.
    left: HashSet<u64>,
}

impl Maps {
    /// Holds a map, as far as places are led back by it.
    pub(super) fn hold(&mut self, path: &str, map: SourceMap) {
        let map = map.without_contents();
        let size = map.size() + path.len();
        if self.size + size <= HELD {
            self.size += size;
            self.by_path.insert(path.into(), map);
        } else {
            self.leave(path);
        }
    }

    /// Takes note of a map that is not held.
    pub(super) fn leave(&mut self, path: &str) {
        self.left.insert(hash(path));
    }

    /// Leads back what was found in a script whose map is at `path`. `false` if that was one too many.
    pub(super) fn lead_back(&self, path: &str, found: &mut [Candidate]) -> bool {
        if let Some(map) = self.by_path.get(path) {
            lead_back(map, found);
        }
        !self.left.contains(&hash(path))
    }
}

fn hash(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

/// What learns of the source map of a text that passes by, if there can be one.
pub(super) fn seeker(origin: &Origin) -> Option<Seeker> {
    (is_made(origin.path()) || *origin == Origin::Stdin).then(|| Seeker::new(origin.path()))
}

/// What a text that is all there says of its source map.
pub(super) fn mapped(text: &[u8], origin: &Origin) -> Mapped {
    if is_made(origin.path()) { Mapped::of(text, origin.path()) } else { Mapped::Nothing }
}

/// Tells of what was found in a text where it was in the sources.
pub(super) fn lead_back(map: &SourceMap, found: &mut [Candidate]) {
    let places: Vec<Position> = found.iter().map(|candidate| candidate.start).collect();
    for (candidate, source) in found.iter_mut().zip(map.originals(&places)) {
        candidate.source = source.map(Box::new);
    }
}

/// The source map with this name beside the file at `path`. An error if it is too large.
pub(super) fn beside(path: &Path, name: &str) -> Result<Option<SourceMap>, Skipped> {
    let read = || {
        let folder = path.parent()?;
        let path = folder.join(name);
        // A link could lead anywhere.
        let same = path.canonicalize().ok()?.starts_with(folder.canonicalize().ok()?);
        let (file, _) = file::open(&path, "").ok().filter(|_| same)?;
        let mut text = Vec::new();
        file.take(LARGEST as u64 + 1).read_to_end(&mut text).ok()?;
        Some(text)
    };
    match read() {
        Some(text) if text.len() > LARGEST => Err(too_large(name)),
        text => Ok(text.and_then(|text| SourceMap::parse(&text))),
    }
}

/// The path of what is called `name` in the folder of what is at `path`.
pub(super) fn path_beside(path: &str, name: &str) -> String {
    path.rsplit_once('/').map_or_else(|| name.to_owned(), |(folder, _)| format!("{folder}/{name}"))
}

/// What to say where a map is too large to lead anything back.
pub(super) fn too_large(path: &str) -> Skipped {
    let detail = format!(
        "source maps of more than {} MiB: what was found is told where it is, not where it was in the sources; scan the sources",
        LARGEST >> 20
    );
    Skipped::new(path, SkipReason::TooLarge, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_held_up_to_a_size() {
        let map = |mappings: usize| {
            let json = serde_json::json!({
                "version": 3, "sources": ["a"], "sourcesContent": ["b"], "mappings": "A".repeat(mappings),
            });
            SourceMap::parse(json.to_string().as_bytes()).expect("it is a map")
        };
        let mut maps = Maps::default();
        maps.hold("a.map", map(HELD / 2));
        maps.hold("b.map", map(HELD));
        maps.hold("c.map", map(9));
        let held: Vec<bool> = ["a.map", "b.map", "c.map", "d.map"].map(|path| maps.lead_back(path, &mut [])).into();
        // The last is not there at all, of which there is nothing to be said.
        assert_eq!(held, [true, false, true, true]);
        assert!(maps.size < HELD);
    }

    #[test]
    fn what_is_beside_a_path() {
        assert_eq!(path_beside("a.zip!/web/app.js", "app.js.map"), "a.zip!/web/app.js.map");
        assert_eq!(path_beside("a.zip!/app.js", "maps/app.js.map"), "a.zip!/maps/app.js.map");
        assert_eq!(path_beside("app.js", "app.js.map"), "app.js.map");
    }
}
