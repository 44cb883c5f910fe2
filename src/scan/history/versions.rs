//! The second look: what was flagged is scanned whole, each content once for each kind of path it was at.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use gix::ObjectId;
use gix::objs::Kind;
use rayon::prelude::*;

use super::super::built::{self, Built};
use super::super::inside::Inside;
use super::super::silencing::{self, View};
use super::super::text::TextScan;
use super::Context;
use super::events::{Event, Events, Targets};
use super::flag::Unreadable;
use crate::blob::{Origin, SkipReason, Skipped, is_made};
use crate::detect::{PathKind, Scratch};
use crate::finding::silencing::Marker;
use crate::finding::{self, Candidate, Finding};
use crate::secret::Fingerprint;
use crate::source::encoding::Encoding;
use crate::source::git::objects::{Finder, Objects};
use crate::source::source_map::Mapped;

/// Objects that a thread takes at once.
const TOGETHER: usize = 64;

/// No path: the content of no file.
pub(super) const NOWHERE: u32 = u32::MAX;

/// An object to scan, and where it was.
pub(super) struct Version {
    pub(super) id: ObjectId,
    pub(super) kind: Kind,
    /// Its number among what the events speak of.
    pub(super) target: u32,
    /// The paths it was at, and when it came there first.
    pub(super) places: Vec<(u32, i64)>,
}

/// A secret in a content at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sighting {
    pub(super) credential: Fingerprint,
    pub(super) time: i64,
    pub(super) path: u32,
    pub(super) target: u32,
    /// Which of the members of the content it is in, if that is a container, or which of the sources in a source map.
    pub(super) member: Option<u32>,
    pub(super) line: u64,
    pub(super) column: u64,
    /// Whether a comment beside it silences it.
    pub(super) silenced: bool,
}

/// A credential in a content at a path: the path, the content, the member of it.
pub(super) type Spot = (Fingerprint, u32, u32, Option<u32>);

/// A member of some container, by its path within and whether it is its name.
pub(super) type Member = (String, bool);

/// Where credentials were.
#[derive(Default)]
pub(super) struct Sighted {
    pub(super) sightings: Vec<Sighting>,
    /// For each credential the finding of its first place.
    pub(super) first: HashMap<Fingerprint, First>,
}

impl Sighted {
    fn offer(&mut self, credential: Fingerprint, (key, mut finding): First) {
        match self.first.get_mut(&credential) {
            // Of two in one text the first in it is kept.
            Some((known, kept)) if (*known, kept.span) <= (key, finding.span) => kept.know_forms_of(&finding),
            Some(known) => {
                finding.know_forms_of(&known.1);
                *known = (key, finding);
            }
            None => drop(self.first.insert(credential, (key, finding))),
        }
    }

    fn merge(&mut self, other: Self) {
        self.sightings.extend(other.sightings);
        for (credential, first) in other.first {
            self.offer(credential, first);
        }
    }
}

/// What was seen in all versions.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) open: Sighted,
    /// What does not count where it was. The same credential can be where it does.
    pub(super) silenced: Sighted,
    /// Where comments silence one: what they say.
    pub(super) markers: HashMap<Spot, Box<Marker>>,
    /// Credentials that nothing sure enough speaks for.
    pub(super) below: BTreeSet<Fingerprint>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) unreadable: Vec<Unreadable>,
    /// The members that have something, by number.
    pub(super) members: Vec<Member>,
}

/// A finding, and by what it is the first: the time, the path, the content.
pub(super) type First = ((i64, u32, u32), Finding);

impl Seen {
    fn merge(&mut self, other: Self) {
        self.open.merge(other.open);
        self.silenced.merge(other.silenced);
        self.markers.extend(other.markers);
        self.below.extend(other.below);
        self.skipped.extend(other.skipped);
        self.unreadable.extend(other.unreadable);
    }

    /// Numbers the members by their names, so that it does not matter which thread met which first.
    fn number(&mut self, known: HashMap<Member, u32>) {
        let mut members: Vec<(Member, u32)> = known.into_iter().collect();
        members.sort_unstable();
        let numbers: HashMap<u32, u32> = (0..).zip(&members).map(|(number, (_, old))| (*old, number)).collect();
        let renumber = |member: &mut Option<u32>| *member = member.and_then(|old| numbers.get(&old).copied());
        for sighting in self.open.sightings.iter_mut().chain(&mut self.silenced.sightings) {
            renumber(&mut sighting.member);
        }
        let markers = std::mem::take(&mut self.markers).into_iter();
        self.markers = markers
            .map(|(mut spot, marker)| {
                renumber(&mut spot.3);
                (spot, marker)
            })
            .collect();
        self.members = members.into_iter().map(|(member, _)| member).collect();
    }
}

/// Scans `versions`, found where the `events` say. Of what `before` knows nothing is told again.
pub(super) fn scan(
    context: &Context<'_>,
    objects: &Objects,
    versions: &[Version],
    events: &Events,
    before: Option<&Before>,
) -> Seen {
    let seen = Mutex::new(Seen::default());
    let members = Mutex::new(HashMap::new());
    // Those that are near each other in a pack are made from each other.
    let mut order: Vec<&Version> = versions.iter().collect();
    order.sort_by_key(|version| objects.place(&version.id));
    order.par_chunks(TOGETHER).for_each(|chunk| {
        let mut finder = objects.finder();
        let by_path = !context.plan.silencers.is_empty() || context.detector.searches_texts();
        let scratch = Scratch::default();
        let mut scanner =
            Scanner { context, events, before, by_path, members: &members, scratch, seen: Seen::default() };
        for version in chunk.iter().take_while(|_| !context.monitor.is_cancelled()) {
            match finder.find(&version.id) {
                Ok(Some((_, data))) => scanner.version(version, &data),
                // It was there a moment ago.
                Ok(None) => scanner.seen.skipped.push(Skipped::new(
                    context.object(version.kind, &version.id),
                    SkipReason::Vanished,
                    "it was gone when it was read again; scan again",
                )),
                Err((reason, why)) => {
                    scanner.seen.unreadable.push(Unreadable { id: version.id, below: 0, reason, why });
                }
            }
        }
        seen.lock().unwrap_or_else(PoisonError::into_inner).merge(scanner.seen);
    });
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.number(members.into_inner().unwrap_or_else(PoisonError::into_inner));
    for sighted in [&mut seen.open, &mut seen.silenced] {
        sighted.sightings.sort_unstable();
        sighted.sightings.dedup();
    }
    let Seen { open, silenced, .. } = &seen;
    let is_kept = |credential| open.first.contains_key(credential) || silenced.first.contains_key(credential);
    let below = seen.below.iter().filter(|credential| !is_kept(credential)).copied().collect();
    seen.below = below;
    seen
}

/// A place of a content.
#[derive(Clone, Copy)]
struct At {
    target: u32,
    path: u32,
    time: i64,
    member: Option<u32>,
}

struct Scanner<'s> {
    context: &'s Context<'s>,
    events: &'s Events,
    before: Option<&'s Before>,
    /// Whether it makes a difference at which path of a kind a content was.
    by_path: bool,
    /// Numbers of members.
    members: &'s Mutex<HashMap<Member, u32>>,
    scratch: Scratch,
    seen: Seen,
}

impl Scanner<'_> {
    fn version(&mut self, version: &Version, data: &[u8]) {
        let opens = version.kind == Kind::Blob && self.context.opener().opens_whole(data, "");
        let mut by_kind: BTreeMap<String, (PathKind, Vec<(u32, i64)>)> = BTreeMap::new();
        for &(path, time) in &version.places {
            let shown = String::from_utf8_lossy(&self.events.paths[path as usize]);
            let kind = PathKind::of(&shown);
            // What counts can depend on the very path, what is in a compressed file is called after it, and so is a source map.
            let name = match shown.rsplit('/').next().unwrap_or_default() {
                name if opens => name,
                name if is_made(name) => name.rsplit('.').next().unwrap_or_default(),
                _ => "",
            };
            let key = if self.by_path { path.to_string() } else { format!("{kind:?} {name}") };
            by_kind.entry(key).or_insert_with(|| (kind, Vec::new())).1.push((path, time));
        }
        if by_kind.is_empty() {
            let path = if version.kind == Kind::Blob { PathKind::credulous() } else { PathKind::default() };
            by_kind.insert(String::new(), (path, vec![(NOWHERE, i64::MAX)]));
        }
        for (kind, places) in by_kind.into_values() {
            let origin = self.context.origin(version.kind, &version.id, self.events.path_of(places[0].0));
            if opens {
                let inside = self.context.opener().open_bytes(&origin, data, &mut self.scratch);
                self.container(version, &places, inside);
                continue;
            }
            let (candidates, truncated) = self.candidates(&origin, version.kind, kind, data);
            if let Some(detail) = truncated {
                let what = self.context.object(version.kind, &version.id);
                self.seen.skipped.push(Skipped::new(what, SkipReason::Truncated, detail));
            }
            let mapped = built::mapped(data, &origin);
            if matches!(mapped, Mapped::Itself(_) | Mapped::Inline(..) | Mapped::TooLarge) {
                let built = Built { detector: self.context.detector, plan: self.context.plan, origin: &origin };
                let made = built.made(candidates, &mapped, &mut self.scratch);
                self.container(version, &places, Inside::of_made(made));
                continue;
            }
            if candidates.is_empty() {
                continue;
            }
            for (path, time) in places {
                self.place(version, path, time, candidates.clone());
            }
        }
    }

    /// Takes note of what was found in a container at its paths.
    fn container(&mut self, version: &Version, places: &[(u32, i64)], inside: Inside) {
        self.context.excluded.fetch_add(inside.excluded, Ordering::Relaxed);
        let object = version.id.to_hex_with_len(10);
        self.seen.skipped.extend(inside.skipped.into_iter().map(|skipped| {
            let detail = format!("in the history, blob {object}: {}", skipped.detail);
            Skipped { detail, ..skipped }
        }));
        for text in &inside.texts {
            let member = text.inner().map(|(inner, is_name)| self.member((inner.to_owned(), is_name)));
            for &(path, time) in places {
                let origin = self.context.origin(version.kind, &version.id, self.events.path_of(path));
                let findings = text.findings(&self.context.opener(), &origin);
                self.keep(At { target: version.target, path, time, member }, findings);
            }
        }
    }

    fn member(&self, member: Member) -> u32 {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let next = members.len() as u32;
        *members.entry(member).or_insert(next)
    }

    fn candidates(
        &mut self,
        origin: &Origin,
        kind: Kind,
        path: PathKind,
        data: &[u8],
    ) -> (Vec<Candidate>, Option<String>) {
        candidates(self.context, origin, (kind, path), data, &mut self.scratch)
    }

    /// Takes note of what was found in a content at one of its paths.
    fn place(&mut self, version: &Version, path: u32, time: i64, candidates: Vec<Candidate>) {
        let origin = self.context.origin(version.kind, &version.id, self.events.path_of(path));
        let (rules, keys) = (self.context.detector.rules(), &self.context.plan.keys);
        let at = At { target: version.target, path, time, member: None };
        self.keep(at, finding::findings(&origin, rules, candidates, keys));
    }

    fn keep(&mut self, at: At, findings: Vec<Finding>) {
        let At { target, path, time, member } = at;
        for finding in findings {
            let comments = self.context.comments_at(&finding.origin);
            let credential = finding.credential;
            if self.before.is_some_and(|before| !before.lets(self.events, path, target, credential)) {
                continue;
            }
            if finding.confidence < self.context.plan.min_confidence {
                self.seen.below.insert(credential);
                continue;
            }
            let (line, column) = (finding.start.line, finding.start.column);
            let says = |marker: &Marker| marker.silence(comments, String::new).is_some();
            let silenced = finding.marker.as_deref().is_some_and(says);
            if silenced && let Some(marker) = &finding.marker {
                self.seen.markers.insert((credential, path, target, member), marker.clone());
            }
            let seen = if finding.silence.is_some() { &mut self.seen.silenced } else { &mut self.seen.open };
            seen.sightings.push(Sighting { credential, time, path, target, member, line, column, silenced });
            seen.offer(credential, ((time, path, target), finding));
        }
    }
}

/// Scans a content of any encoding.
pub(super) fn candidates(
    context: &Context<'_>,
    origin: &Origin,
    (kind, path): (Kind, PathKind),
    data: &[u8],
    scratch: &mut Scratch,
) -> (Vec<Candidate>, Option<String>) {
    let encoding = if kind == Kind::Blob { Encoding::sniff(data) } else { Encoding::Bytes };
    let view = View::of(&context.plan.silencers, origin);
    let mut text = TextScan::new(context.detector, path, view);
    text.whole(&encoding.decode(data), encoding == Encoding::Binary, scratch);
    text.finish()
}

/// What contents had before commits changed them or took them away: what only stayed or moved was not added.
pub(super) struct Before {
    /// The credentials of contents, however little speaks for them.
    credentials: HashMap<u32, BTreeSet<Fingerprint>>,
    /// By commit the contents that it took away.
    removed: HashMap<u32, Vec<u32>>,
}

impl Before {
    /// Scans what was before.
    pub(super) fn of(context: &Context<'_>, objects: &Objects, targets: &Targets, events: &Events) -> Self {
        let contents: BTreeSet<u32> = events.events.iter().filter_map(|event| event.old).collect();
        let contents: Vec<u32> = contents.into_iter().collect();
        let known = |scratch: &mut Scratch, finder: &mut Finder<'_>, content: u32| {
            // What cannot be read is as good as nothing: then too much is told, not too little.
            let (_, data) = finder.find(&targets.get(content).0).ok().flatten()?;
            let id = targets.get(content).0;
            let origin = context.origin(Kind::Blob, &id, None);
            let opener = context.opener();
            let candidates = if opener.opens_whole(&data, "") {
                let inside = opener.open_bytes(&origin, &data, scratch);
                inside.texts.into_iter().flat_map(|text| text.candidates).collect()
            } else {
                candidates(context, &origin, (Kind::Blob, PathKind::credulous()), &data, scratch).0
            };
            let names = candidates.iter().map(|candidate| candidate.secret.fingerprint(&context.plan.keys));
            Some((content, names.collect()))
        };
        let credentials = contents
            .par_chunks(TOGETHER)
            .flat_map_iter(|chunk| {
                let (mut scratch, mut finder) = (Scratch::default(), objects.finder());
                chunk.iter().filter_map(|&content| known(&mut scratch, &mut finder, content)).collect::<Vec<_>>()
            })
            .collect();
        let mut removed: HashMap<u32, Vec<u32>> = HashMap::new();
        for event in events.events.iter().filter(|event| event.new.is_none()) {
            removed.entry(event.commit).or_default().extend(event.old);
        }
        Self { credentials, removed }
    }

    /// Whether some commit added a credential when it gave a path a content.
    fn lets(&self, events: &Events, path: u32, content: u32, credential: Fingerprint) -> bool {
        if path == NOWHERE {
            return true;
        }
        let has = |content: u32| self.credentials.get(&content).is_some_and(|known| known.contains(&credential));
        let brought: Vec<&Event> = events.of_path(path).iter().filter(|event| event.new == Some(content)).collect();
        // Of a merge there is an event for each of its parents.
        brought.chunk_by(|a, b| a.commit == b.commit).any(|brought| {
            let moved = || self.removed.get(&brought[0].commit).is_some_and(|gone| gone.iter().any(|&old| has(old)));
            !brought.iter().filter_map(|event| event.old).any(has) && !moved()
        })
    }
}

/// Scans the names of files and folders, each as part of the first path that has it.
pub(super) fn names(context: &Context<'_>, events: &Events) -> Vec<(i64, u32, Finding)> {
    let names: Vec<_> = events.names.values().collect();
    // For rules about paths alone every path is among the names; a folder's is the start of others.
    let paths: BTreeSet<&[u8]> = match context.detector.rules().by_path() {
        [] => BTreeSet::new(),
        _ => names.iter().map(|(_, _, path)| path.as_slice()).collect(),
    };
    let is_folder = |path: &[u8]| {
        let below = [path, b"/"].concat();
        paths.range(below.as_slice()..).next().is_some_and(|other| other.starts_with(&below))
    };
    names
        .par_chunks(TOGETHER)
        .map_init(Scratch::default, |scratch, chunk| {
            let mut found = Vec::new();
            for (time, commit, path) in chunk {
                let shown = context.path(path);
                let origin = Origin::PastName(shown);
                let view = View::of(&context.plan.silencers, &origin);
                let mut text = TextScan::new(context.detector, PathKind::default(), view);
                text.whole(origin.path().as_bytes(), false, scratch);
                let (candidates, _) = text.finish();
                let (rules, keys) = (context.detector.rules(), &context.plan.keys);
                let mut findings = finding::findings(&origin, rules, candidates, keys);
                if !is_folder(path) {
                    findings.extend(silencing::at_path(context.detector, context.plan, &origin));
                }
                found.extend(findings.into_iter().map(|finding| (*time, *commit, finding)));
            }
            found
        })
        .flatten()
        .collect()
}
