//! The history of a repository: every byte of it looked at once, then provenance for what was found.
//!
//! First every object is searched, each only for what it has new beside the one it is made from, and those with something in them
//! are flagged ([`flag`]). Then the commits tell which paths the flagged contents were at, and the names that files had
//! ([`events`]). Then the flagged contents are scanned as files of those paths ([`versions`]), and what was found is told by
//! credential, with the commits that brought and removed it ([`provenance`]).

mod events;
mod flag;
mod ledger;
mod packs;
mod provenance;
mod sources;
mod remember;
mod select;
mod versions;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use gix::objs::Kind;
use gix::{ObjectId, hash::oid};
use sha2::{Digest, Sha256};

use self::events::{Collector, Events, Targets};
use self::flag::{Flag, Flags, Look, Wanted};
use self::packs::PackFacts;
use self::provenance::Sources;
use self::remember::Memory;
pub use self::select::{Push, Selection};
use self::versions::{Before, NOWHERE, Sighted, Spot, Version};
use super::built::{self, Built};
use super::inside::Inside;
use super::members::Opener;
use super::{Monitor, Plan};
use crate::blob::{ObjectKind, Origin, SkipReason, Skipped};
use crate::detect::{Detector, PathKind, Scratch, Window};
use crate::finding::Finding;
use crate::finding::history::History;
use crate::finding::silencing::{Comments, Marker};
use crate::source::cache::Cache;
use crate::source::git::bundle::Bundle;
use crate::source::git::census::{self, Census, Counted};
use crate::source::git::changes::{Changes, DANGLING};
use crate::source::git::commits::Graph;
use crate::source::git::forest::Forests;
use crate::source::git::objects::Objects;
use crate::source::git::refs::Refs;
use crate::source::git::repository::Repository;
use crate::source::worktree::Exclude;

/// Up to so many commits are compared with their parents one by one; for more, all trees are looked at once.
const FEW: usize = 4_000;

/// What of histories is scanned.
#[derive(Clone, Debug, Default)]
pub struct HistoryOptions {
    /// Which commits.
    pub selection: Selection,
    /// Whether every version that has a secret is listed, not only counted.
    pub all_occurrences: bool,
    /// Where what was learned of packs is kept.
    pub cache: Option<Cache>,
}

/// What was looked at of one history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryCoverage {
    /// How reports call the repository: its `.git`, or the bundle.
    pub repository: String,
    /// Commits looked at.
    pub commits: u64,
    /// Objects it has.
    pub objects: u64,
}

/// What a history gave.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) findings: Vec<Finding>,
    /// Credentials below the wanted confidence.
    pub(super) below: u64,
    pub(super) skipped: Vec<Skipped>,
    pub(super) coverage: HistoryCoverage,
}

/// What a history is scanned with, and how its paths are shown.
pub(super) struct Context<'c> {
    pub(super) detector: &'c Detector,
    pub(super) plan: &'c Plan,
    pub(super) options: &'c HistoryOptions,
    pub(super) monitor: &'c Monitor,
    /// Paths to leave out.
    pub(super) exclude: &'c Exclude,
    /// How many were.
    pub(super) excluded: &'c AtomicU64,
    /// Which comments in it count.
    pub(super) comments: Comments,
    /// How the repository is called.
    pub(super) shown: String,
    /// What stands before its paths.
    pub(super) prefix: String,
}

impl Context<'_> {
    /// How a path of the repository is shown.
    fn path(&self, path: &[u8]) -> String {
        format!("{}{}", self.prefix, String::from_utf8_lossy(path))
    }

    /// How an object is called that is no file.
    fn object(&self, kind: Kind, id: &oid) -> String {
        format!("{}{kind} {}", self.prefix, id.to_hex_with_len(10))
    }

    /// What the containers among its contents are opened with.
    fn opener(&self) -> Opener<'_> {
        let Self { detector, plan, monitor, exclude, .. } = *self;
        Opener { detector, plan, monitor, exclude }
    }

    /// What is in a content that is a container, or that has a source map.
    fn opened(&self, origin: &Origin, data: &[u8]) -> Inside {
        let (opener, mut scratch) = (self.opener(), Scratch::default());
        if opener.opens_whole(data, "") {
            return opener.open_bytes(origin, data, &mut scratch);
        }
        let built = Built { detector: self.detector, plan: self.plan, origin };
        Inside::of_made(built.made(Vec::new(), &built::mapped(data, origin), &mut scratch))
    }

    /// Which comments count at a place.
    fn comments_at(&self, origin: &Origin) -> Comments {
        if origin.is_packed() { self.comments.of_others() } else { self.comments }
    }

    /// Where the content of an object is from; only a content has a path.
    fn origin(&self, kind: Kind, id: &oid, path: Option<&[u8]>) -> Origin {
        match (kind, path) {
            (Kind::Commit, _) => Origin::Object(ObjectKind::Commit, self.object(kind, id)),
            (Kind::Tag, _) => Origin::Object(ObjectKind::Tag, self.object(kind, id)),
            (_, Some(path)) => Origin::Version(self.path(path)),
            (_, None) => Origin::Object(ObjectKind::Blob, self.object(kind, id)),
        }
    }

    /// Runs `scan`. If it fails on an error of ours, the history is listed as not looked at.
    pub(super) fn guarded(&self, scan: impl FnOnce(&Self) -> Result<Outcome, String>) -> Result<Outcome, String> {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| scan(self))).unwrap_or_else(|_| {
            let detail = "cleansweep failed on its history; please report this";
            let skipped = vec![Skipped::new(self.shown.clone(), SkipReason::Internal, detail)];
            Ok(Outcome { skipped, ..Outcome::default() })
        })
    }

    /// Scans the repository whose `HEAD` is in `git_dir`.
    pub(super) fn repository(&self, git_dir: &Path) -> Result<Outcome, String> {
        let mut skipped = Vec::new();
        let repository = Repository::open(git_dir, &self.shown, &mut skipped);
        let refs = Refs::read(&repository, &self.shown, &mut skipped);
        let objects = Objects::open(&repository.objects, repository.hash, &self.shown, &mut skipped);
        let scan = HistoryScan {
            context: self,
            objects,
            refs,
            shallow: repository.shallow.clone(),
            partial: repository.partial,
        };
        scan.recalled(&repository.git_dir, skipped)
    }

    /// Scans a bundle.
    pub(super) fn bundle(&self, path: &Path) -> Result<Outcome, String> {
        let mut skipped = Vec::new();
        let Some(Bundle { refs, objects }) = Bundle::open(path, &self.shown, &mut skipped) else {
            return Ok(Outcome { skipped, ..Outcome::default() });
        };
        // What a bundle builds on has been said of it.
        let partial = !skipped.is_empty();
        let scan = HistoryScan { context: self, objects, refs, shallow: Vec::new(), partial };
        scan.recalled(path, skipped)
    }
}

/// What the commits of a repository tell.
#[derive(Clone, Copy)]
struct Known<'k> {
    graph: &'k Graph,
    /// Which commits are wanted, by number.
    selected: &'k [bool],
    /// Annotated tags and what they are on.
    tags: &'k HashMap<ObjectId, ObjectId>,
}

/// What the trees are asked for.
struct Interest<'i> {
    context: &'i Context<'i>,
    targets: HashMap<ObjectId, u32>,
}

impl census::Interest for Interest<'_> {
    fn blob(&self, id: &oid) -> Option<u32> {
        self.targets.get(id).copied()
    }

    fn name(&self, name: &[u8]) -> bool {
        // Rules about paths alone want to see all of them.
        if !self.context.detector.rules().by_path().is_empty() {
            return true;
        }
        let window = Window { text: name, core: 0..name.len(), path: PathKind::default(), binary: false };
        self.context.detector.finds_any(&window, &mut Scratch::default()).is_some()
    }

    fn stop(&self) -> bool {
        self.context.monitor.is_cancelled()
    }
}

struct HistoryScan<'h> {
    context: &'h Context<'h>,
    objects: Objects,
    refs: Refs,
    shallow: Vec<ObjectId>,
    /// Whether objects are missing on purpose.
    partial: bool,
}

impl HistoryScan<'_> {
    /// Gives what the last scan of the same history gave, or scans it. `place` is where it is.
    fn recalled(&self, place: &Path, skipped: Vec<Skipped>) -> Result<Outcome, String> {
        let place = place.canonicalize().unwrap_or_else(|_| place.into());
        let memory = Memory::of(self, &place, &skipped);
        if let Some(outcome) = memory.as_ref().and_then(|memory| memory.recall(self)) {
            return Ok(outcome);
        }
        let excluded = || self.context.excluded.load(Ordering::Relaxed);
        let before = excluded();
        let outcome = self.run(skipped)?;
        if let Some(memory) = memory {
            memory.keep(self, &outcome, excluded() - before);
        }
        Ok(outcome)
    }

    fn run(&self, mut skipped: Vec<Skipped>) -> Result<Outcome, String> {
        let selection = &self.context.options.selection;
        let everything = selection.is_everything();
        let forests = Forests::of(&self.objects.packs);
        let look = Look::new(self.context.detector, self.context.monitor, self.context.plan);
        self.look(&look, &forests, Wanted { read: true, search: everything });
        let (graph, tags) = look.graph();
        let peel = |id| peel(&tags, id);
        let selected = selection.of(&graph, &self.refs, peel)?;
        let commits = selected.iter().filter(|selected| **selected).count();
        let known = Known { graph: &graph, selected: &selected, tags: &tags };
        let (targets, events, flags) = if everything || commits > FEW {
            if !everything {
                self.look(&look, &forests, Wanted { read: false, search: true });
            }
            self.of_all(look.finish(), &forests, &known)
        } else {
            self.of_few(look, &known)
        };
        let versions = self.versions(&targets, &events);
        let only_added = selection.only_added();
        let before = only_added.then(|| Before::of(self.context, &self.objects, &targets, &events));
        let mut seen = versions::scan(self.context, &self.objects, &versions, &events, before.as_ref());
        skipped.extend(sources::lead_back(self, (&graph, &events, &targets), [&mut seen.open, &mut seen.silenced]));
        let tips = self.refs.named.iter().map(|(name, id)| (name.clone(), peel(*id))).collect();
        let sources = Sources {
            context: self.context,
            objects: &self.objects,
            graph: &graph,
            refs: &self.refs,
            tips,
            events: &events,
            targets: &targets,
            members: &seen.members,
        };
        let mut findings = findings(&sources, &mut seen.open, &seen.markers);
        findings.extend(self::findings(&sources, &mut seen.silenced, &seen.markers));
        findings.extend(self.named(&sources));
        self.ledger(&mut skipped, &flags, &known, &events, seen.unreadable);
        skipped.extend(seen.skipped);
        let coverage = HistoryCoverage {
            repository: self.context.shown.clone(),
            commits: commits as u64,
            objects: self.objects.len(),
        };
        Ok(Outcome { findings, below: seen.below.len() as u64, skipped, coverage })
    }

    /// Where what is known of packs is kept. With a limit of size less is known of them.
    fn cache(&self) -> Option<&Cache> {
        self.context.options.cache.as_ref().filter(|_| self.context.plan.max_file_size.is_none())
    }

    /// Looks at every object once. What is known of a pack from an earlier scan is not looked for again.
    fn look(&self, look: &Look<'_>, forests: &Forests<'_>, wanted: Wanted) {
        for (at, pack) in self.objects.packs.iter().enumerate() {
            let opens = if self.context.plan.archives.is_some() { " opened" } else { "" };
            let name = format!("pack {} {}{opens}", pack.checksum(), self.context.detector.rules().digest());
            let known = self.cache().and_then(|cache| cache.get::<PackFacts>(&name)?.learned(pack, wanted));
            if let Some(known) = known {
                look.learn(known);
            } else if let Some(facts) = look.pack(pack, forests.get(at), wanted)
                && let Some(cache) = self.cache()
            {
                cache.put(&name, &facts);
            }
        }
        look.loose(&self.objects, wanted);
    }

    /// What happened to the flagged contents, told from the trees of the whole repository.
    fn of_all(&self, flags: Flags, forests: &Forests<'_>, known: &Known<'_>) -> (Targets, Events, Flags) {
        let targets = self.targets(&flags, known, None);
        let Counted { views, lacks, .. } = self.census(&targets, forests, &flags.loose_trees);
        let mut events = Events::of_views(known, &self.objects, &views, lacks);
        if self.context.options.selection.is_everything() {
            let mut seen = vec![false; targets.len()];
            events.events.iter().filter_map(|event| event.new).for_each(|new| seen[new as usize] = true);
            let dangling = |(content, _, kind): (u32, ObjectId, Kind)| {
                (kind == Kind::Blob && !seen[content as usize]).then_some(content)
            };
            events.dangling(&views, &targets.iter().filter_map(dangling).collect::<Vec<u32>>());
        }
        (targets, events, flags)
    }

    /// Reads all trees, but for those of packs that are known from an earlier scan.
    fn census(&self, targets: &Targets, forests: &Forests<'_>, loose: &[ObjectId]) -> Counted {
        let interest = Interest { context: self.context, targets: targets.numbers() };
        let packed = |(_, id, kind): &(u32, ObjectId, Kind)| *kind == Kind::Blob && self.objects.packed(id).is_some();
        let mut contents = Vec::new();
        let mut digest = Sha256::new();
        for pack in &self.objects.packs {
            digest.update(pack.checksum().as_bytes());
        }
        for (number, id, _) in targets.iter().filter(packed) {
            contents.push(number);
            digest.update(id.as_bytes());
        }
        let name = format!("trees {:x} {}", digest.finalize(), self.context.detector.rules().digest());
        let cache = self.cache().filter(|_| !self.objects.packs.is_empty());
        let kept = cache.and_then(|cache| cache.get(&name));
        let resumed = kept.and_then(|kept| Census::resume(&self.objects, kept, loose, &contents, &interest));
        resumed.unwrap_or_else(|| {
            let counted = Census::take(&self.objects, forests, loose, &contents, &interest);
            if let (Some(cache), Some(keep)) = (cache, &counted.keep) {
                cache.put(&name, keep);
            }
            counted
        })
    }

    /// What happened to the flagged contents, told from what each of a few commits changed.
    fn of_few(&self, look: Look<'_>, known: &Known<'_>) -> (Targets, Events, Flags) {
        // Each look has its own: what has nothing of interest for one can have for the other.
        let changes = || Changes::new(&self.objects, known.graph);
        let stop = || self.context.monitor.is_cancelled();
        let selected = |number: u32| known.selected[number as usize];
        let by_path = !self.context.detector.rules().by_path().is_empty();
        let none = HashMap::new();
        let mut events = Events::default();
        let before = self.context.options.selection.only_added();
        let collector = || Collector::new(known.graph, &none, true, before).by_path(by_path);
        events.merge(changes().of_commits(selected, collector, stop));
        let contents: BTreeSet<ObjectId> = events.brought.union(&events.replaced).copied().collect();
        let mut wanted: Vec<ObjectId> = contents.iter().copied().collect();
        wanted
            .extend((0..known.graph.len()).filter(|&number| selected(number)).map(|number| known.graph.get(number).id));
        wanted.extend(known.tags.keys().copied());
        look.each(&self.objects, &wanted, Wanted { read: false, search: true });
        let flags = look.finish();
        let targets = self.targets(&flags, known, Some(&contents));
        let numbers = targets.numbers();
        events.merge(changes().of_commits(selected, || Collector::new(known.graph, &numbers, false, before), stop));
        (targets, events, flags)
    }

    /// The flagged objects that are wanted, by number; of contents those that the selected commits touch, where that is known.
    fn targets(&self, flags: &Flags, known: &Known<'_>, contents: Option<&BTreeSet<ObjectId>>) -> Targets {
        let everything = self.context.options.selection.is_everything();
        let least = self.context.plan.min_confidence;
        let named: HashSet<ObjectId> = self.refs.named.values().copied().collect();
        let is_selected = |id: &ObjectId| known.graph.number(id).is_some_and(|number| known.selected[number as usize]);
        let wanted = |flag: &&Flag| match flag.kind {
            _ if flag.level < least => false,
            _ if everything => true,
            Kind::Commit => is_selected(&flag.id),
            Kind::Tag if self.context.options.selection.pushes(&flag.id) => true,
            Kind::Tag => named.contains(&flag.id) && is_selected(&peel(known.tags, flag.id)),
            _ => contents.is_none_or(|contents| contents.contains(&flag.id)),
        };
        Targets::new(flags.flags.iter().filter(wanted).map(|flag| (flag.id, flag.kind)).collect())
    }

    /// The flagged contents with the paths that the events tell, but for those that the user wants left out.
    fn versions(&self, targets: &Targets, events: &Events) -> Vec<Version> {
        let mut versions: Vec<Version> =
            targets.iter().map(|(target, id, kind)| Version { id, kind, target, places: Vec::new() }).collect();
        let left_out: Vec<bool> = events
            .paths
            .iter()
            .map(|path| self.context.exclude.has_file(Path::new(&self.context.path(path))))
            .collect();
        let mut only_left_out = vec![false; versions.len()];
        // Events of a path come by time: the first that brings a content is the oldest.
        for event in &events.events {
            let Some(new) = event.new else { continue };
            let places = &mut versions[new as usize].places;
            if left_out[event.path as usize] {
                only_left_out[new as usize] = true;
            } else if places.last().is_none_or(|(path, _)| *path != event.path) {
                places.push((event.path, event.time));
            }
        }
        let everything = self.context.options.selection.is_everything();
        versions.retain(|version| {
            // A content without a place is of no commit, or of none that is selected.
            let nowhere = (everything || version.kind != Kind::Blob) && !only_left_out[version.target as usize];
            !version.places.is_empty() || nowhere
        });
        let count = left_out.into_iter().filter(|left_out| *left_out).count();
        self.context.excluded.fetch_add(count as u64, Ordering::Relaxed);
        versions
    }

    /// What was found in names of files and folders: one finding for each credential.
    fn named(&self, sources: &Sources<'_>) -> Vec<Finding> {
        let mut found = versions::names(self.context, sources.events);
        found.retain(|(_, _, finding)| {
            let left_out = self.context.exclude.has_file(Path::new(finding.origin.path()));
            finding.confidence >= self.context.plan.min_confidence && !left_out
        });
        found.sort_by(|a, b| (a.2.credential, a.0, &a.2.origin).cmp(&(b.2.credential, b.0, &b.2.origin)));
        found.dedup_by_key(|(_, _, finding)| finding.credential);
        let finding = |(_, commit, mut finding): (i64, u32, Finding)| {
            let commit = Some(commit).filter(|&commit| commit != DANGLING);
            let exposure = provenance::of_name(sources, commit, finding.origin.path());
            finding.history = Some(Box::new(History {
                object: String::new(),
                exposures: vec![exposure],
                versions: 1,
                listed: Vec::new(),
            }));
            finding
        };
        found.into_iter().map(finding).collect()
    }
}

/// What an annotated tag is on in the end; anything else is itself.
fn peel(tags: &HashMap<ObjectId, ObjectId>, mut id: ObjectId) -> ObjectId {
    // A tag can be on a tag. A circle of them cannot be made, but forged.
    for _ in 0..64 {
        match tags.get(&id) {
            Some(target) => id = *target,
            None => break,
        }
    }
    id
}

/// One finding for each credential: that of its first place, with its whole history.
fn findings(sources: &Sources<'_>, seen: &mut Sighted, markers: &HashMap<Spot, Box<Marker>>) -> Vec<Finding> {
    let mut histories = provenance::histories(sources, &seen.sightings);
    let mut findings: Vec<Finding> = Vec::with_capacity(seen.first.len());
    for (credential, ((.., target), mut finding)) in seen.first.drain() {
        let object = sources.targets.get(target).0.to_string();
        if let Some(past) = histories.remove(&credential) {
            let marker = past.silenced_at.and_then(|spot| markers.get(&spot).cloned());
            // What comments say of one version is not what they say of all.
            let comments = sources.context.comments_at(&finding.origin);
            finding.marker = marker.or(finding.marker.filter(|m| m.silence(comments, String::new).is_none()));
            finding.history = Some(Box::new(History { object, ..past.history }));
        }
        findings.push(finding);
    }
    findings.sort_by_key(|finding| finding.credential);
    findings
}

const _: () = assert!(NOWHERE == DANGLING);
