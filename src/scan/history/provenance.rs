//! Where a secret was, from when to when, and what still leads to it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use gix::ObjectId;
use gix::objs::{CommitRef, Kind};

use super::Context;
use super::events::{Event, Events, Targets};
use super::versions::{Member, NOWHERE, Sighting, Spot};
use crate::blob::Origin;
use crate::finding::history::{Commit, Exposure, History, Version};
use crate::secret::Fingerprint;
use crate::source::git::changes::{DANGLING, entry_at, file_at};
use crate::source::git::commits::Graph;
use crate::source::git::objects::{Finder, Objects};
use crate::source::git::refs::Refs;

/// Names that an exposure lists.
const REFS: usize = 20;

/// References that are followed at once: one bit of a word each.
const AT_ONCE: usize = 64;

/// What there is to tell from.
pub(super) struct Sources<'s> {
    pub(super) context: &'s Context<'s>,
    pub(super) objects: &'s Objects,
    pub(super) graph: &'s Graph,
    pub(super) refs: &'s Refs,
    /// What each reference leads to in the end: its name, and the object.
    pub(super) tips: Vec<(String, ObjectId)>,
    pub(super) events: &'s Events,
    /// The contents that the events speak of, by number.
    pub(super) targets: &'s Targets,
    /// Members of containers, by number.
    pub(super) members: &'s [Member],
}

impl Sources<'_> {
    /// Where a content is from, or a member of it.
    fn origin(&self, target: u32, path: u32, member: Option<u32>) -> Origin {
        let (id, kind) = self.targets.get(target);
        let origin = self.context.origin(kind, &id, self.events.path_of(path));
        match member.and_then(|member| self.members.get(member as usize)) {
            Some((inner, is_name)) => origin.member(inner, *is_name),
            None => origin,
        }
    }
}

/// An exposure before names and authors are looked up.
struct Draft {
    path: u32,
    target: u32,
    member: Option<u32>,
    line: u64,
    introduced: Option<u32>,
    removed: Option<u32>,
    in_head: bool,
    /// The content that has the last word on whether it is silenced: that of `HEAD`, else the last one.
    last: u32,
}

/// What there is to tell of a credential.
pub(super) struct Past {
    pub(super) history: History,
    /// Where comments silence it: at each of its places, in the content that has the last word. None if one is not silenced.
    pub(super) silenced_at: Option<Spot>,
}

/// The history of each credential. `sightings` are sorted.
pub(super) fn histories(sources: &Sources<'_>, sightings: &[Sighting]) -> HashMap<Fingerprint, Past> {
    let mut finder = sources.objects.finder();
    let head = Head::new(sources, &mut finder, sightings);
    let mut drafts: Vec<(Fingerprint, Vec<Draft>, &[Sighting])> = Vec::new();
    for group in sightings.chunk_by(|a, b| a.credential == b.credential) {
        drafts.push((group[0].credential, draft(sources, &head, group), group));
    }
    let commits: BTreeSet<u32> =
        drafts.iter().flat_map(|(_, drafts, _)| drafts).filter_map(|draft| draft.introduced).collect();
    let blobs = drafts.iter().flat_map(|(_, drafts, _)| drafts).map(|draft| sources.targets.get(draft.target).0);
    let names = Names::new(sources, &commits, blobs.collect());
    let mut authors = Authors { graph: sources.graph, finder, known: HashMap::new() };
    let tell = |(credential, drafts, group): (Fingerprint, Vec<Draft>, &[Sighting])| {
        let silenced_at = silenced_at(&drafts, group);
        let exposures = drafts.into_iter().map(|draft| expose(sources, &names, &mut authors, draft)).collect();
        let contents: HashSet<u32> = group.iter().map(|sighting| sighting.target).collect();
        let listed = if sources.context.options.all_occurrences { list(sources, group) } else { Vec::new() };
        let history = History { object: String::new(), exposures, versions: contents.len() as u64, listed };
        (credential, Past { history, silenced_at })
    };
    drafts.into_iter().map(tell).collect()
}

/// Whether comments silence a credential everywhere. A path is silenced if its last content with the credential is, on every
/// line that has it: who added a comment has spoken of what was there before, and who took one away too.
fn silenced_at(drafts: &[Draft], group: &[Sighting]) -> Option<Spot> {
    let is_silenced = |draft: &Draft| {
        let is_there = |s: &&Sighting| (s.path, s.target, s.member) == (draft.path, draft.last, draft.member);
        let mut there = group.iter().filter(is_there).peekable();
        there.peek().is_some() && there.all(|sighting| sighting.silenced)
    };
    let last = drafts.last().filter(|_| drafts.iter().all(is_silenced))?;
    Some((group.first()?.credential, last.path, last.last, last.member))
}

/// The commit that is checked out.
struct Head {
    /// By path the content that it has there.
    files: HashMap<u32, ObjectId>,
    reachable: Vec<bool>,
}

impl Head {
    fn new(sources: &Sources<'_>, finder: &mut Finder<'_>, sightings: &[Sighting]) -> Self {
        let graph = sources.graph;
        let commit = sources.refs.head_id().and_then(|id| graph.number(&id));
        let Some(commit) = commit else { return Self { files: HashMap::new(), reachable: Vec::new() } };
        let tree = graph.get(commit).tree;
        let paths: BTreeSet<u32> = sightings.iter().map(|s| s.path).filter(|&path| path != NOWHERE).collect();
        let file = |path: u32| Some((path, file_at(finder, &tree, &sources.events.paths[path as usize])?));
        Self { files: paths.into_iter().filter_map(file).collect(), reachable: graph.reachable([commit]) }
    }
}

/// From what the commits did to its paths: when a credential came to each, and when it left.
fn draft(sources: &Sources<'_>, head: &Head, group: &[Sighting]) -> Vec<Draft> {
    let mut by_path: BTreeMap<(u32, Option<u32>), HashSet<u32>> = BTreeMap::new();
    let mut drafts = Vec::new();
    for sighting in group {
        let (id, kind) = sources.targets.get(sighting.target);
        if sighting.path != NOWHERE {
            by_path.entry((sighting.path, sighting.member)).or_default().insert(sighting.target);
        } else if !drafts.iter().any(|draft: &Draft| (draft.target, draft.member) == (sighting.target, sighting.member))
        {
            let commit = (kind == Kind::Commit).then(|| sources.graph.number(&id)).flatten();
            let in_head = commit.is_some_and(|commit| head.reachable.get(commit as usize) == Some(&true));
            let Sighting { target, member, line, .. } = *sighting;
            drafts.push(Draft {
                path: NOWHERE,
                target,
                member,
                line,
                introduced: commit,
                removed: None,
                in_head,
                last: target,
            });
        }
    }
    for ((path, member), contents) in by_path {
        let has = |content: Option<u32>| content.is_some_and(|content| contents.contains(&content));
        let events = sources.events.of_path(path);
        let came = |event: &&Event| has(event.new) && !has(event.old);
        let left = |event: &&Event| has(event.old) && !has(event.new);
        let first = events.iter().find(came).or_else(|| events.iter().find(|event| has(event.new)));
        let of_head = head
            .files
            .get(&path)
            .and_then(|id| contents.iter().copied().find(|&content| sources.targets.get(content).0 == *id));
        let in_head = of_head.is_some();
        let removed = events.iter().rev().find(left).filter(|_| !in_head).map(|event| event.commit);
        let target = first.and_then(|event| event.new).or_else(|| contents.iter().min().copied());
        let target = target.unwrap_or_default();
        let newest = events.iter().rev().find(|event| has(event.new)).and_then(|event| event.new);
        let is_there = |s: &&Sighting| (s.path, s.target, s.member) == (path, target, member);
        let line = group.iter().filter(is_there).map(|s| s.line).min();
        drafts.push(Draft {
            path,
            target,
            member,
            line: line.unwrap_or_default(),
            last: of_head.or(newest).unwrap_or(target),
            introduced: first.map(|event| event.commit).filter(|&commit| commit != DANGLING),
            removed,
            in_head,
        });
    }
    let age = |draft: &Draft| draft.introduced.map_or(i64::MAX, |commit| sources.graph.get(commit).time);
    drafts.sort_by_key(|draft| (age(draft), draft.path, draft.target, draft.member));
    drafts
}

fn expose(sources: &Sources<'_>, names: &Names<'_>, authors: &mut Authors<'_>, draft: Draft) -> Exposure {
    let (id, _) = sources.targets.get(draft.target);
    let mut refs = names.of(draft.introduced, &id);
    let more_refs = refs.len().saturating_sub(REFS) as u64;
    refs.truncate(REFS);
    Exposure {
        origin: sources.origin(draft.target, draft.path, draft.member),
        object: id.to_string(),
        line: draft.line,
        introduced: draft.introduced.map(|commit| authors.of(commit)),
        removed: draft.removed.filter(|&commit| commit != DANGLING).map(|commit| authors.of(commit)),
        refs,
        more_refs,
        in_head: draft.in_head,
    }
}

fn list(sources: &Sources<'_>, group: &[Sighting]) -> Vec<Version> {
    let version = |sighting: &Sighting| {
        let (id, kind) = sources.targets.get(sighting.target);
        let commit = match sighting.path {
            NOWHERE => (kind == Kind::Commit).then_some(id),
            path => {
                let brought = |event: &&Event| event.new == Some(sighting.target) && event.commit != DANGLING;
                let first = sources.events.of_path(path).iter().find(brought);
                first.map(|event| sources.graph.get(event.commit).id)
            }
        };
        let path = sources.origin(sighting.target, sighting.path, sighting.member).path().to_owned();
        let commit = commit.map(|id| id.to_string());
        Version { path, object: id.to_string(), commit, line: sighting.line, column: sighting.column }
    };
    group.iter().map(version).collect()
}

/// Which references lead to which commits.
struct Names<'n> {
    tips: Vec<&'n (String, ObjectId)>,
    /// By commit the numbers of the references, in order.
    leading: HashMap<u32, Vec<u32>>,
    /// By object the numbers of the references that are on it itself.
    direct: HashMap<ObjectId, Vec<u32>>,
}

impl<'n> Names<'n> {
    fn new(sources: &'n Sources<'_>, commits: &BTreeSet<u32>, objects: HashSet<ObjectId>) -> Self {
        let head = sources.refs.head.as_deref();
        let mut tips: Vec<&(String, ObjectId)> = sources.tips.iter().collect();
        tips.sort_by_key(|(name, _)| (importance(name, head), name));
        let mut leading: HashMap<u32, Vec<u32>> = HashMap::new();
        let mut marks = vec![0u64; sources.graph.len() as usize];
        let numbered: Vec<(u32, &&(String, ObjectId))> = (0..).zip(&tips).collect();
        for group in numbered.chunks(AT_ONCE).take_while(|_| !commits.is_empty()) {
            marks.fill(0);
            for (bit, (_, (_, id))) in group.iter().enumerate() {
                if let Some(commit) = sources.graph.number(id) {
                    marks[commit as usize] |= 1 << bit;
                }
            }
            sources.graph.spread(&mut marks);
            for &commit in commits {
                let mark = marks[commit as usize];
                let names = group.iter().enumerate().filter(|(bit, _)| mark >> bit & 1 == 1);
                leading.entry(commit).or_default().extend(names.map(|(_, (number, _))| number));
            }
        }
        let mut direct: HashMap<ObjectId, Vec<u32>> = HashMap::new();
        for (number, (name, id)) in &numbered {
            // An annotated tag is led to by its own name, and what it is on as well.
            let own = sources.refs.named.get(name);
            for id in [Some(id), own].into_iter().flatten().filter(|id| objects.contains(*id)) {
                direct.entry(*id).or_default().push(*number);
            }
        }
        Self { tips, leading, direct }
    }

    fn of(&self, commit: Option<u32>, object: &ObjectId) -> Vec<String> {
        let by_commit = commit.and_then(|commit| self.leading.get(&commit));
        let numbers = by_commit.into_iter().chain(self.direct.get(object)).flatten();
        let name = |number: &u32| short(&self.tips[*number as usize].0).to_owned();
        let mut seen = HashSet::new();
        numbers.map(name).filter(|name| seen.insert(name.clone())).collect()
    }
}

/// The branch that is checked out, other branches, tags, branches of others, then the rest.
fn importance(name: &str, head: Option<&str>) -> u8 {
    const ORDER: [&str; 4] = ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/stash"];
    if Some(name) == head {
        return 0;
    }
    ORDER.iter().position(|prefix| name.starts_with(prefix)).map_or(9, |at| at as u8 + 1)
}

fn short(name: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/remotes/"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// Who made commits, and when.
struct Authors<'a> {
    graph: &'a Graph,
    finder: Finder<'a>,
    known: HashMap<u32, Commit>,
}

impl Authors<'_> {
    fn of(&mut self, number: u32) -> Commit {
        if let Some(known) = self.known.get(&number) {
            return known.clone();
        }
        let id = self.graph.get(number).id;
        let mut commit = Commit { id: id.to_string(), ..Commit::default() };
        if let Ok(Some((Kind::Commit, data))) = self.finder.find(&id)
            && let Ok(parsed) = CommitRef::from_bytes(&data, id.kind())
            && let Ok(author) = parsed.author()
        {
            commit.author = format!("{} <{}>", author.name, author.email);
            if let Ok(time) = author.time() {
                commit.date = time.format_or_unix(gix::date::time::format::ISO8601_STRICT);
            }
        }
        self.known.insert(number, commit.clone());
        commit
    }
}

/// The exposure of a name that a file or folder has since `commit`.
pub(super) fn of_name(sources: &Sources<'_>, commit: Option<u32>, path: &str) -> Exposure {
    let mut finder = sources.objects.finder();
    let head = sources.refs.head_id().and_then(|id| sources.graph.number(&id));
    let own = path.strip_prefix(&sources.context.prefix).unwrap_or(path);
    let in_head = head.is_some_and(|head| has_entry(&mut finder, sources, head, own));
    let names = Names::new(sources, &commit.into_iter().collect(), HashSet::new());
    let mut authors = Authors { graph: sources.graph, finder, known: HashMap::new() };
    let mut refs = names.of(commit, &sources.objects.hash().null());
    let more_refs = refs.len().saturating_sub(REFS) as u64;
    refs.truncate(REFS);
    Exposure {
        origin: Origin::PastName(path.to_owned()),
        object: String::new(),
        line: 1,
        introduced: commit.map(|commit| authors.of(commit)),
        removed: None,
        refs,
        more_refs,
        in_head,
    }
}

/// Whether a commit has a file or folder.
fn has_entry(finder: &mut Finder<'_>, sources: &Sources<'_>, commit: u32, path: &str) -> bool {
    entry_at(finder, &sources.graph.get(commit).tree, path.as_bytes()).is_some()
}
