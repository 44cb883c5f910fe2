//! The first look: every object of a repository once, to learn which ones a rule finds something in.
//!
//! Paths are not known here, so blobs are judged as if they had the path that is believed most; what is flagged is looked at again
//! once it is known where it was; containers are flagged for being that. Of a blob that is made from another only what is new is searched.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use gix::ObjectId;
use gix::objs::{Kind, TagRefIter};
use rayon::prelude::*;

use super::super::{Monitor, Plan};
use super::packs::PackFacts;
use crate::blob::SkipReason;
use crate::detect::{Detector, HiddenTrace, PathKind, Scratch, Trace, Window};
use crate::rule::Confidence;
use crate::source::container;
use crate::source::encoding::Encoding;
use crate::source::git::commits::{Commit, Graph};
use crate::source::git::forest::Forest;
use crate::source::git::objects::Objects;
use crate::source::git::pack::Pack;
use crate::source::git::walk::{Object, Visitor};
use crate::source::wide::Wide;
use crate::span::Copied;

/// Loose objects that a thread takes at once.
const TOGETHER: usize = 256;

/// An object that a rule finds something in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flag {
    pub(super) id: ObjectId,
    pub(super) kind: Kind,
    /// What is found is at most as sure as this.
    pub(super) level: Confidence,
}

/// What the first look learns of a repository.
#[derive(Default)]
pub(super) struct Flags {
    pub(super) flags: Vec<Flag>,
    pub(super) commits: Vec<Commit>,
    /// Annotated tags and what they are on.
    pub(super) tags: HashMap<ObjectId, ObjectId>,
    pub(super) loose_trees: Vec<ObjectId>,
    pub(super) unreadable: Vec<Unreadable>,
    /// Contents over the limit.
    pub(super) too_large: u64,
}

/// What is to be done with objects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// What commits and tags say of others is read.
    pub(super) read: bool,
    /// Contents and messages are searched.
    pub(super) search: bool,
}

/// An object that could not be read, and how many others cannot be because of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unreadable {
    pub(super) id: ObjectId,
    pub(super) below: u32,
    pub(super) reason: SkipReason,
    pub(super) why: String,
}

/// What looks at objects.
pub(super) struct Look<'l> {
    detector: &'l Detector,
    monitor: &'l Monitor,
    /// Larger contents are not searched, in bytes.
    limit: Option<u64>,
    /// Whether containers are opened.
    opens: bool,
    flags: Mutex<Flags>,
}

impl<'l> Look<'l> {
    pub(super) fn new(detector: &'l Detector, monitor: &'l Monitor, plan: &Plan) -> Self {
        let (limit, opens) = (plan.max_file_size, plan.archives.is_some());
        Self { detector, monitor, limit, opens, flags: Mutex::default() }
    }

    /// Takes out the commits, and the annotated tags with what they are on.
    pub(super) fn graph(&self) -> (Graph, HashMap<ObjectId, ObjectId>) {
        let (mut commits, mut tags) = (Vec::new(), HashMap::new());
        note(&self.flags, |flags| {
            commits = std::mem::take(&mut flags.commits);
            tags = std::mem::take(&mut flags.tags);
        });
        (Graph::new(commits), tags)
    }

    pub(super) fn finish(self) -> Flags {
        self.flags.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the commits of a pack if that is wanted, and searches it. Gives what is known of it then, unless something could not
    /// be read.
    pub(super) fn pack(&self, pack: &Pack, forest: &Forest, wanted: Wanted) -> Option<PackFacts> {
        let visit = PackLook { look: self, pack, wanted, learned: Mutex::default() };
        forest.walk(pack, &visit);
        let learned = visit.learned.into_inner().unwrap_or_else(PoisonError::into_inner);
        let whole = wanted.read && wanted.search && learned.unreadable.is_empty() && !self.monitor.is_cancelled();
        let facts = whole.then(|| PackFacts::of(pack, &learned));
        self.learn(learned);
        facts
    }

    /// Takes what was learned of a pack.
    pub(super) fn learn(&self, learned: Flags) {
        note(&self.flags, |flags| {
            flags.flags.extend(learned.flags);
            flags.commits.extend(learned.commits);
            flags.tags.extend(learned.tags);
            flags.unreadable.extend(learned.unreadable);
            flags.too_large += learned.too_large;
        });
    }

    /// Does the same with the loose objects.
    pub(super) fn loose(&self, objects: &Objects, wanted: Wanted) {
        let ids: Vec<ObjectId> = objects.loose.iter().map(|(id, _)| *id).collect();
        self.each(objects, &ids, wanted);
    }

    /// Does the same with some objects, each read by itself.
    pub(super) fn each(&self, objects: &Objects, ids: &[ObjectId], wanted: Wanted) {
        ids.par_chunks(TOGETHER).for_each(|ids| {
            let mut finder = objects.finder();
            let mut tools = Tools::default();
            for &id in ids.iter().take_while(|_| !self.monitor.is_cancelled()) {
                match finder.find(&id) {
                    Ok(Some((kind, data))) => self.one(&mut tools, id, kind, &data, wanted),
                    Ok(None) => {}
                    Err((reason, why)) => note(&self.flags, |flags| {
                        flags.unreadable.push(Unreadable { id, below: 0, reason, why });
                    }),
                }
            }
        });
    }

    fn one(&self, tools: &mut Tools, id: ObjectId, kind: Kind, data: &[u8], wanted: Wanted) {
        if wanted.read {
            read(&self.flags, id, kind, data);
        }
        if wanted.search && kind != Kind::Tree {
            let level = self.search(tools, kind, data, None).1;
            note(&self.flags, |flags| flags.flags.extend(level.map(|level| Flag { id, kind, level })));
        }
    }

    /// Searches an object, or what it has new beside the one it is made from.
    fn search(
        &self,
        tools: &mut Tools,
        kind: Kind,
        data: &[u8],
        base: Option<(&Seen, &[Copied])>,
    ) -> (Seen, Option<Confidence>) {
        self.monitor.items.fetch_add(1, Ordering::Relaxed);
        self.monitor.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        if kind == Kind::Blob && self.limit.is_some_and(|limit| data.len() as u64 > limit) {
            note(&self.flags, |flags| flags.too_large += 1);
            return (Seen::Other, None);
        }
        // What is in it is only known once it is opened, and what it is called once it is known where it was.
        if kind == Kind::Blob && self.opens && container::is_whole_container(data, "") {
            return (Seen::Other, Some(Confidence::High));
        }
        let path = if kind == Kind::Blob { PathKind::credulous() } else { PathKind::default() };
        let whole = |text, binary| Window { text, core: 0..text.len(), path, binary };
        let found = |window: Window<'_>, scratch: &mut Scratch| self.detector.finds_any(&window, scratch);
        let scratch = tools;
        let encoding = if kind == Kind::Blob { Encoding::sniff(data) } else { Encoding::Bytes };
        let level = match encoding {
            Encoding::Bytes => {
                let window = whole(data, false);
                let (trace, hidden) = match base {
                    Some((Seen::Text { trace, hidden, len }, copied)) => {
                        let trace = self.detector.retrace(&window, trace, *len, copied, scratch);
                        let hidden = self.detector.retrace_encoded(&window, &trace, hidden, copied, scratch);
                        (trace, hidden)
                    }
                    _ => {
                        let trace = self.detector.trace(&window, scratch);
                        let hidden = self.detector.trace_encoded(&window, &trace, scratch);
                        (trace, hidden)
                    }
                };
                let level = trace.found().max(hidden.found());
                return (Seen::Text { trace, hidden, len: data.len() }, level);
            }
            Encoding::Utf16Le | Encoding::Utf16Be => found(whole(&encoding.decode(data), false), scratch),
            Encoding::Binary => {
                let wide = Wide::of(data);
                let strings = found(whole(&wide.text, true), scratch);
                strings.max(found(whole(data, true), scratch))
            }
        };
        (Seen::Other, level)
    }
}

fn note(flags: &Mutex<Flags>, note: impl FnOnce(&mut Flags)) {
    note(&mut flags.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Takes from commits and tags what the graph needs.
fn read(flags: &Mutex<Flags>, id: ObjectId, kind: Kind, data: &[u8]) {
    match kind {
        Kind::Commit => match Commit::parse(id, data) {
            Some(commit) => note(flags, |flags| flags.commits.push(commit)),
            None => note(flags, |flags| {
                let why = "it is no sound commit".to_owned();
                flags.unreadable.push(Unreadable { id, below: 0, reason: SkipReason::Corrupt, why });
            }),
        },
        Kind::Tag => {
            if let Ok(target) = TagRefIter::from_bytes(data, id.kind()).target_id() {
                note(flags, |flags| {
                    flags.tags.insert(id, target);
                });
            }
        }
        Kind::Tree => note(flags, |flags| flags.loose_trees.push(id)),
        Kind::Blob => {}
    }
}

/// What is remembered of an object for those made from it.
enum Seen {
    Text { trace: Trace, hidden: HiddenTrace, len: usize },
    Other,
}

/// What a thread uses again from one object to the next.
type Tools = Scratch;

struct PackLook<'p> {
    look: &'p Look<'p>,
    pack: &'p Pack,
    wanted: Wanted,
    learned: Mutex<Flags>,
}

impl Visitor for PackLook<'_> {
    type Seen = Seen;
    type Tools = Tools;

    fn wants(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Commit | Kind::Tag) || (self.wanted.search && kind == Kind::Blob)
    }

    fn visit(&self, tools: &mut Tools, object: &Object<'_>, base: Option<(&Seen, &[Copied])>) -> Seen {
        let &Object { number, kind, data } = object;
        if self.wanted.read && kind != Kind::Blob {
            read(&self.learned, self.pack.id(number), kind, data);
        }
        if !self.wanted.search {
            return Seen::Other;
        }
        let (seen, level) = self.look.search(tools, kind, data, base);
        if let Some(level) = level {
            let id = self.pack.id(number);
            note(&self.learned, |learned| learned.flags.push(Flag { id, kind, level }));
        }
        seen
    }

    fn unreadable(&self, number: u32, below: u32, reason: SkipReason, why: String) {
        let unreadable = Unreadable { id: self.pack.id(number), below, reason, why };
        note(&self.learned, |learned| learned.unreadable.push(unreadable));
    }

    fn stop(&self) -> bool {
        self.look.monitor.is_cancelled()
    }
}
