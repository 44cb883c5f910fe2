//! What builds have made: the sources in a source map are scanned as files of their own, and what is found in a script is told with
//! the place in the source that it was made from.
//!
//! Everything is scanned as it is before, so that nothing depends on a source map being sound: what is found in its sources is only
//! told there, where it is to be read, instead of in one long line.

use std::collections::BTreeSet;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use super::silencing::View;
use super::text::TextScan;
use super::{Plan, Worker};
use crate::blob::{Origin, SkipReason, Skipped};
use crate::detect::{Detector, PathKind};
use crate::finding::{self, Finding};
use crate::source::file;
use crate::source::source_map::{Reference, SourceMap, reference};
use crate::span::Position;

/// Larger files are scanned like any other, and no more.
const LARGEST: u64 = 32 << 20;

/// What stands between a file and a source in its map.
const WITHIN: &str = "!/";

/// What of a file is a source map.
enum Part {
    /// All of it.
    All,
    /// What is in a range of it.
    Range(Range<usize>),
    /// Nothing: the map is a file beside it.
    None,
}

/// A file that may be made by a build, with what it is scanned with.
pub(super) struct Built<'b> {
    pub(super) detector: &'b Detector,
    pub(super) plan: &'b Plan,
    /// The file.
    pub(super) path: &'b Path,
    pub(super) origin: &'b Origin,
}

impl Built<'_> {
    /// Whether a file's name says that it is a source map, or may have one.
    pub(super) fn may_be(path: &str) -> bool {
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        matches!(extension, "js" | "mjs" | "cjs" | "css" | "map")
    }

    /// Reads the file and does what [`Built::told`] does. What cannot be read has been said.
    pub(super) fn read(&self, found_before: usize, worker: &mut Worker) {
        if let Some(text) = read(self.path) {
            self.told(&text, found_before, worker);
        }
    }

    /// Tells what is found in a file, which is in the worker's findings from `found_before` on, by its source map, and scans the sources.
    pub(super) fn told(&self, text: &[u8], found_before: usize, worker: &mut Worker) {
        let found = worker.findings.len() > found_before;
        let Some((map, part)) = self.map(text, found) else { return };
        let places: Vec<Position> = worker.findings[found_before..].iter().map(|finding| finding.start).collect();
        if !matches!(part, Part::All) {
            for (finding, source) in worker.findings[found_before..].iter_mut().zip(map.originals(&places)) {
                finding.source = source.map(Box::new).filter(|_| !finding.origin.is_name());
            }
        }
        let within = match part {
            Part::All => 0..u64::MAX,
            Part::Range(range) => range.start as u64..range.end as u64,
            // The sources are scanned when their own file is.
            Part::None => return,
        };
        let in_sources = self.sources(&map, worker);
        let known: BTreeSet<_> = in_sources.iter().map(|finding| finding.credential).collect();
        let mut own = worker.findings.split_off(found_before);
        let is_told = |finding: &Finding| within.contains(&finding.span.start) && known.contains(&finding.credential);
        own.retain(|finding| finding.origin.is_name() || !is_told(finding));
        worker.findings.extend(own);
        worker.findings.extend(in_sources);
    }

    /// The source map of a file. One that is beside it is read only if something was `found`.
    fn map(&self, text: &[u8], found: bool) -> Option<(SourceMap, Part)> {
        if self.origin.path().ends_with(".map") {
            return Some((SourceMap::parse(text)?, Part::All));
        }
        match reference(text)? {
            Reference::Inline(range) => Some((SourceMap::inline(text, range.clone())?, Part::Range(range))),
            Reference::Beside(name) if found => {
                let path = self.path.parent()?.join(name);
                // A link could lead anywhere.
                let same = path.canonicalize().ok()?.starts_with(self.path.parent()?.canonicalize().ok()?);
                let map = same.then(|| read(&path)).flatten()?;
                Some((SourceMap::parse(&map)?, Part::None))
            }
            Reference::Beside(_) => None,
        }
    }

    /// Scans what a map has of the sources.
    fn sources(&self, map: &SourceMap, worker: &mut Worker) -> Vec<Finding> {
        let mut found = Vec::new();
        for (name, content) in map.contents() {
            let origin = member(self.origin, name);
            let view = View::of(&self.plan.silencers, &origin);
            let mut text = TextScan::new(self.detector, PathKind::of(origin.path()), view);
            text.whole(content.as_bytes(), false, &mut worker.scratch);
            let (candidates, truncated) = text.finish();
            if let Some(detail) = truncated {
                worker.skipped.push(Skipped::new(origin.path(), SkipReason::Truncated, detail));
            }
            found.extend(finding::findings(&origin, self.detector.rules(), candidates, &self.plan.keys));
        }
        found
    }
}

/// Something in a file that holds several.
fn member(origin: &Origin, name: &str) -> Origin {
    Origin::File(format!("{}{WITHIN}{name}", origin.path()))
}

/// A file that is not too large.
fn read(path: &Path) -> Option<Vec<u8>> {
    let (file, len) = file::open(path, "").ok()?;
    if len > LARGEST {
        return None;
    }
    let mut text = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut text).ok()?;
    (text.len() as u64 <= LARGEST).then_some(text)
}
