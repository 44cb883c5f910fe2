//! Source maps that were committed beside the scripts they are of.

use std::collections::{BTreeMap, HashMap};

use gix::ObjectId;

use super::super::built;
use super::HistoryScan;
use super::events::{Events, Targets};
use super::versions::{NOWHERE, Sighted};
use crate::blob::{Origin, SkipReason, Skipped, is_made};
use crate::finding::Finding;
use crate::source::git::changes::{DANGLING, file_at};
use crate::source::git::commits::Graph;
use crate::source::git::objects::Finder;
use crate::source::source_map::{LARGEST, Mapped, SourceMap};
use crate::span::Position;

/// Of how many scripts the maps are read.
const SCRIPTS: usize = 1000;

/// Tells of what was found in scripts where it was in the sources, by the map that the commit has which brought the script. Of each
/// credential only the first place is told, so only those are looked at.
pub(super) fn lead_back(
    scan: &HistoryScan<'_>,
    (graph, events, targets): (&Graph, &Events, &Targets),
    seen: [&mut Sighted; 2],
) -> Vec<Skipped> {
    let mut scripts: BTreeMap<(u32, u32), Vec<&mut Finding>> = BTreeMap::new();
    for ((_, path, target), finding) in seen.into_iter().flat_map(|sighted| sighted.first.values_mut()) {
        let is_script = matches!(&finding.origin, Origin::Version(path) if is_made(path));
        if is_script && *path != NOWHERE && finding.source.is_none() {
            scripts.entry((*path, *target)).or_default().push(finding);
        }
    }
    let mut maps = Maps { finder: scan.objects.finder(), known: HashMap::new() };
    let mut skipped = Vec::new();
    let more = scripts.len().saturating_sub(SCRIPTS);
    for ((path, target), mut found) in scripts.into_iter().take(SCRIPTS) {
        let brought = events.of_path(path).iter().find(|event| event.new == Some(target) && event.commit != DANGLING);
        let (Some(path), Some(event)) = (events.path_of(path), brought) else { continue };
        let (script, tree) = (targets.get(target).0, graph.get(event.commit).tree);
        match maps.of(&script, path, &tree) {
            Ok(Some(map)) => {
                let places: Vec<Position> = found.iter().map(|finding| finding.start).collect();
                for (finding, source) in found.iter_mut().zip(map.originals(&places)) {
                    finding.source = source.map(Box::new);
                }
            }
            Ok(None) => {}
            Err(too_large) => skipped.push(Skipped { what: scan.context.path(path), ..too_large }),
        }
    }
    if more > 0 {
        let detail = format!(
            "the source maps of {SCRIPTS} scripts with secrets in them were read, and no more; {more} more are told where they are, not where they were in the sources"
        );
        skipped.push(Skipped::new(scan.context.shown.clone(), SkipReason::Truncated, detail));
    }
    skipped
}

/// Maps of which one is held: versions of a script that have the same are beside each other.
struct Maps<'m> {
    finder: Finder<'m>,
    known: HashMap<ObjectId, Option<SourceMap>>,
}

impl Maps<'_> {
    /// The map of a script at `path` of a tree. An error if it is too large.
    fn of(&mut self, script: &ObjectId, path: &[u8], tree: &ObjectId) -> Result<Option<&SourceMap>, Skipped> {
        let Ok(Some((_, text))) = self.finder.find(script) else { return Ok(None) };
        let path = String::from_utf8_lossy(path);
        let Mapped::Beside(name) = Mapped::of(&text, &path) else { return Ok(None) };
        let beside = built::path_beside(&path, &name);
        let Some(id) = file_at(&mut self.finder, tree, beside.as_bytes()) else { return Ok(None) };
        if !self.known.contains_key(&id) {
            let map = match self.finder.find(&id) {
                Ok(Some((_, map))) if map.len() > LARGEST => return Err(built::too_large(&beside)),
                Ok(Some((_, map))) => SourceMap::parse(&map).map(SourceMap::without_contents),
                _ => None,
            };
            self.known.clear();
            self.known.insert(id, map);
        }
        Ok(self.known.get(&id).and_then(Option::as_ref))
    }
}
