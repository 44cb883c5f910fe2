//! What is in containers: each member is scanned as a text of its own, and its name as the names of files are.
//!
//! One thread reads. What it gives is searched by the others, a handful of small members at once, which those of a zip are
//! unpacked by too; a large one is read and searched batch by batch. So a container is in memory only as far as it waits to be
//! searched.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::built::{self, Built, Made, Maps};
use super::inside::{Inside, KEPT, Text, origin};
use super::silencing::{self, View};
use super::text::TextScan;
use super::{Monitor, Plan, WHOLE, searched, text_scan};
use crate::blob::{Origin, SkipReason, Skipped, WITHIN};
use crate::detect::{Detector, PathKind, Scratch};
use crate::source::container::{self, Limits, Member, Packed, ReadSeek, Removed, Sink, Source};
use crate::source::encoding::Encoding;
use crate::source::log::journal;
use crate::source::source_map::{Mapped, Passing};
use crate::source::worktree::Exclude;

/// Bytes of small members that one thread searches at once.
const TOGETHER: usize = 256 * 1024;

/// How many of them.
const MANY: usize = 128;

/// Bytes that wait to be searched. When there are more, the thread that unpacks searches too.
const WAITING: usize = 32 << 20;

/// What containers are opened with.
#[derive(Clone, Copy)]
pub(super) struct Opener<'o> {
    pub(super) detector: &'o Detector,
    pub(super) plan: &'o Plan,
    pub(super) monitor: &'o Monitor,
    /// Paths to leave out.
    pub(super) exclude: &'o Exclude,
}

impl<'o> Opener<'o> {
    /// Whether content that begins so is opened.
    pub(super) fn opens(&self, start: &[u8], name: &str) -> bool {
        self.plan.archives.is_some() && container::is_container(start, name)
    }

    /// Whether a content is opened.
    pub(super) fn opens_whole(&self, bytes: &[u8], name: &str) -> bool {
        self.plan.archives.is_some() && container::is_whole_container(bytes, name)
    }

    /// Whether a file is opened because of how it ends.
    pub(super) fn opens_end(&self, file: &mut dyn ReadSeek) -> bool {
        self.plan.archives.is_some() && container::has_zip(file)
    }

    /// Opens a container that is at `origin`, with all threads.
    pub(super) fn open(&self, origin: &Origin, source: Source<'_>) -> Inside {
        let Some(limits) = self.plan.archives else { return Inside::default() };
        let job = Job::new(*self, origin);
        rayon::scope(|scope| job.walk(source, &limits, Threads::All(scope)));
        job.finish()
    }

    /// Opens one that is in memory, with this thread alone: others have work of their own.
    pub(super) fn open_bytes(&self, origin: &Origin, bytes: &[u8], scratch: &mut Scratch) -> Inside {
        let Some(limits) = self.plan.archives else { return Inside::default() };
        let job = Job::new(*self, origin);
        job.walk(Source::Seekable(&mut std::io::Cursor::new(bytes)), &limits, Threads::This(scratch));
        job.finish()
    }
}

/// What all threads that work on one container share.
struct Job<'j> {
    opener: Opener<'j>,
    origin: &'j Origin,
    inside: Mutex<Inside>,
    /// Bytes of members that wait to be searched.
    waiting: AtomicUsize,
    /// The numbers of packed members that have to be walked.
    again: Mutex<Vec<usize>>,
    maps: Mutex<Maps>,
    /// What is removed of layers, by their paths within the container.
    removed: Mutex<Vec<(String, Removed)>>,
}

/// Who searches.
enum Threads<'t, 's> {
    This(&'t mut Scratch),
    All(&'t rayon::Scope<'s>),
}

/// A member that waits to be searched.
struct Waiting {
    inner: Option<String>,
    content: Content,
}

/// What of a member there is.
enum Content {
    /// Only its name is to be searched.
    None,
    Bytes(Vec<u8>),
    Packed(Packed),
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Bytes(bytes) => bytes.len(),
            Self::Packed(packed) => packed.len(),
        }
    }
}

impl<'j> Job<'j> {
    fn new(opener: Opener<'j>, origin: &'j Origin) -> Self {
        let (inside, again, maps) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { opener, origin, inside, waiting: AtomicUsize::new(0), again, maps, removed: Mutex::default() }
    }

    fn walk<'s>(&'s self, source: Source<'_>, limits: &Limits, threads: Threads<'_, 's>) {
        let mut members = Members { job: self, threads, waiting: Vec::new(), bytes: 0, named: None };
        let (path, sink) = (self.origin.path(), &mut members);
        // What was met before an error of ours is scanned.
        let walked = catch_unwind(AssertUnwindSafe(|| container::walk(source, path, limits, sink)));
        members.search();
        if walked.is_err() {
            self.failed(None);
        }
    }

    fn note(&self, note: impl FnOnce(&mut Inside)) {
        note(&mut self.inside.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn finish(self) -> Inside {
        let mut inside = self.inside.into_inner().unwrap_or_else(PoisonError::into_inner);
        let maps = self.maps.into_inner().unwrap_or_else(PoisonError::into_inner);
        for text in &mut inside.texts {
            let Some(map) = text.map.take() else { continue };
            if !maps.lead_back(&map, &mut text.candidates) {
                let what = origin(self.origin, Some(&map), false);
                inside.skipped.push(built::too_large(what.path()));
            }
        }
        for (layer, removed) in &self.removed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            inside.texts.iter_mut().for_each(|text| text.mark(layer, removed));
        }
        // Threads hand in what they have found as they come.
        inside.once();
        inside.texts.sort_by(|a, b| (&a.inner, a.is_name).cmp(&(&b.inner, b.is_name)));
        inside.skipped.sort();
        let path = self.origin.path();
        if inside.dropped > 0 {
            let n = inside.dropped;
            let detail = format!("more than {KEPT} possible secrets; {n} more were not kept: look at the file itself");
            inside.skipped.push(Skipped::new(path, SkipReason::Truncated, detail));
        }
        if self.opener.monitor.is_cancelled() {
            let detail = "it was stopped before all that is in it was looked at; scan it again";
            inside.skipped.push(Skipped::new(path, SkipReason::Interrupted, detail));
        }
        inside
    }

    /// A path within the container; none if it is that of the container.
    fn inner(&self, path: &str) -> Option<String> {
        path.strip_prefix(self.origin.path())?.strip_prefix(WITHIN).map(ToOwned::to_owned)
    }

    /// Searches members. If one fails on an error of ours, it is listed as not looked at.
    fn search(&self, members: Vec<Waiting>, scratch: &mut Scratch) {
        for Waiting { inner, content } in members {
            let bytes = match content {
                Content::None => None,
                Content::Bytes(bytes) => Some(bytes),
                Content::Packed(packed) => match self.unpacked(packed) {
                    Some(bytes) => Some(bytes),
                    None => continue,
                },
            };
            let searched = catch_unwind(AssertUnwindSafe(|| {
                if let Some(inner) = &inner {
                    self.name(inner, scratch);
                }
                if let Some(bytes) = &bytes {
                    self.small(inner.as_deref(), bytes, scratch);
                }
            }));
            if searched.is_err() {
                self.failed(inner.as_deref());
            }
        }
    }

    /// What a packed member holds; one that has to be walked is remembered.
    fn unpacked(&self, packed: Packed) -> Option<Vec<u8>> {
        let number = packed.number;
        let bytes = catch_unwind(AssertUnwindSafe(|| packed.unpack())).ok().flatten();
        if bytes.is_none() {
            self.again.lock().unwrap_or_else(PoisonError::into_inner).push(number);
        }
        bytes
    }

    fn failed(&self, inner: Option<&str>) {
        let origin = origin(self.origin, inner, false);
        let detail = "cleansweep failed on it; please report this";
        self.note(|inside| inside.skipped.push(Skipped::new(origin.path(), SkipReason::Internal, detail)));
    }

    fn name(&self, inner: &str, scratch: &mut Scratch) {
        let origin = self.origin.member(inner, true);
        let Opener { detector, plan, .. } = self.opener;
        let mut text = TextScan::new(detector, PathKind::default(), View::of(&plan.silencers, &origin));
        text.whole(origin.path().as_bytes(), false, scratch);
        let by_path = !silencing::at_path(detector, plan, &origin).is_empty();
        let (candidates, truncated) = text.finish();
        self.cut(&origin, truncated);
        self.keep(Text::new(Some(inner), true, candidates), by_path);
    }

    fn small(&self, inner: Option<&str>, bytes: &[u8], scratch: &mut Scratch) {
        let origin = origin(self.origin, inner, false);
        let Opener { detector, plan, monitor, .. } = self.opener;
        let mut text = text_scan(detector, plan, &origin);
        if journal::is_journal(bytes) {
            // Memory can always be read.
            let _ = searched(&mut text, bytes.to_vec(), io::empty(), monitor);
        } else {
            let encoding = Encoding::sniff(bytes);
            text.whole(&encoding.decode(bytes), encoding == Encoding::Binary, scratch);
        }
        monitor.items.fetch_add(1, Ordering::Relaxed);
        monitor.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.count(inner, bytes.len() as u64);
        self.found((&origin, inner), text, built::mapped(bytes, &origin), scratch);
    }

    /// Scans a member of any length, of which `start` was read already.
    fn large(&self, inner: Option<&str>, start: Vec<u8>, reader: &mut (dyn Read + Send)) {
        let origin = origin(self.origin, inner, false);
        let Opener { detector, plan, monitor, .. } = self.opener;
        let mut text = text_scan(detector, plan, &origin);
        monitor.items.fetch_add(1, Ordering::Relaxed);
        // How reading ended is in the ledger, or it was stopped, which is told of the container.
        let mut passing = Passing::new(reader, &start, built::seeker(&origin));
        let (bytes, _) = searched(&mut text, start, &mut passing, monitor);
        self.count(inner, bytes);
        self.found((&origin, inner), text, passing.finish(), &mut Scratch::default());
    }

    /// Counts what was scanned. A container that is not opened is no member of itself.
    fn count(&self, inner: Option<&str>, bytes: u64) {
        self.note(|inside| {
            inside.members += u64::from(inner.is_some());
            inside.bytes += bytes;
        });
    }

    /// Keeps what was found in a member, and in the sources it was made from as far as they are `mapped`.
    fn found(
        &self,
        (origin, inner): (&Origin, Option<&str>),
        text: TextScan<'_>,
        mapped: Mapped,
        scratch: &mut Scratch,
    ) {
        let (own, truncated) = text.finish();
        self.cut(origin, truncated);
        let Opener { detector, plan, .. } = self.opener;
        let Made { own, sources, skipped } = Built { detector, plan, origin }.made(own, &mapped, scratch);
        self.note(|inside| inside.skipped.extend(skipped));
        for (name, found) in sources {
            let inner = inner.map_or_else(|| name.clone(), |inner| format!("{inner}{WITHIN}{name}"));
            self.keep(Text::new(Some(&inner), false, found), false);
        }
        let map = match (mapped, inner) {
            (Mapped::Beside(name), Some(inner)) => Some(built::path_beside(inner, &name)),
            (Mapped::Itself(map), Some(inner)) => {
                self.maps().hold(inner, map);
                None
            }
            (Mapped::TooLarge, Some(inner)) => {
                self.maps().leave(inner);
                None
            }
            _ => None,
        };
        self.keep(Text { map, ..Text::new(inner, false, own) }, false);
    }

    fn maps(&self) -> MutexGuard<'_, Maps> {
        self.maps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what of a text was not looked at.
    fn cut(&self, origin: &Origin, truncated: Option<String>) {
        if let Some(detail) = truncated {
            self.note(|inside| inside.skipped.push(Skipped::new(origin.path(), SkipReason::Truncated, detail)));
        }
    }

    fn keep(&self, text: Text, by_path: bool) {
        let count = text.candidates.len().max(usize::from(by_path));
        if count > 0 {
            self.note(|inside| inside.keep(text, count));
        }
    }
}

/// Takes the members as they are unpacked.
struct Members<'m, 's> {
    job: &'s Job<'s>,
    threads: Threads<'m, 's>,
    waiting: Vec<Waiting>,
    /// How many bytes these have.
    bytes: usize,
    /// The path within the container that the ledger named last.
    named: Option<String>,
}

impl Members<'_, '_> {
    fn push(&mut self, inner: Option<String>, content: Content) {
        // A million empty members take memory too.
        self.bytes += content.len() + inner.as_ref().map_or(0, String::len) + size_of::<Waiting>();
        self.waiting.push(Waiting { inner, content });
        if self.bytes >= TOGETHER || self.waiting.len() >= MANY {
            self.search();
        }
    }

    /// Has what waits searched.
    fn search(&mut self) {
        let (members, bytes) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.bytes));
        let job = self.job;
        match &mut self.threads {
            Threads::This(scratch) => job.search(members, scratch),
            Threads::All(scope) => {
                let all = job.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes;
                scope.spawn(move |_| {
                    job.search(members, &mut Scratch::default());
                    job.waiting.fetch_sub(bytes, Ordering::Release);
                });
                if all > WAITING {
                    self.help(WAITING / 2);
                }
            }
        }
    }

    /// Searches with the others until no more than so many bytes wait.
    fn help(&self, left: usize) {
        while self.job.waiting.load(Ordering::Acquire) > left {
            // With nothing left to take, the others are at the last of it.
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                std::thread::yield_now();
            }
        }
    }
}

impl Sink for Members<'_, '_> {
    fn member(&mut self, member: Member<'_>) {
        let Member { path, reader, size } = member;
        let inner = self.job.inner(path);
        if let Some((limit, size)) = self.job.opener.plan.max_file_size.zip(size).filter(|(limit, size)| size > limit) {
            let detail = format!("{size} bytes, more than --max-file-size {limit}");
            return self.skipped(Skipped::new(path, SkipReason::TooLarge, detail));
        }
        let mut bytes = Vec::with_capacity(size.unwrap_or_default().min(TOGETHER as u64) as usize + 1);
        // What stops it is in the ledger, or will be; what there is before is scanned.
        let read = (&mut *reader).take(WHOLE + 1).read_to_end(&mut bytes);
        if read.is_ok() && bytes.len() as u64 > WHOLE {
            let (job, inner) = (self.job, inner.as_deref());
            if catch_unwind(AssertUnwindSafe(|| job.large(inner, bytes, reader))).is_err() {
                job.failed(inner);
            }
            return self.push(inner.map(ToOwned::to_owned), Content::None);
        }
        self.push(inner, Content::Bytes(bytes));
    }

    fn unpacks(&self, path: &str, size: u64) -> bool {
        let Opener { plan, exclude, .. } = self.job.opener;
        let wanted = size <= WHOLE && plan.max_file_size.is_none_or(|limit| size <= limit);
        matches!(self.threads, Threads::All(_)) && wanted && !exclude.has_member(path)
    }

    fn packed(&mut self, packed: Packed) {
        let inner = self.job.inner(&packed.path);
        self.push(inner, Content::Packed(packed));
    }

    fn unpacked(&mut self) -> Vec<usize> {
        if !matches!(self.threads, Threads::All(_)) {
            return Vec::new();
        }
        self.search();
        self.help(0);
        let mut again = std::mem::take(&mut *self.job.again.lock().unwrap_or_else(PoisonError::into_inner));
        again.sort_unstable();
        again
    }

    fn view(&mut self, member: Member<'_>) {
        if let Some(inner) = self.job.inner(member.path) {
            self.job.note(|inside| {
                inside.views.insert(inner);
            });
        }
        self.member(member);
    }

    fn skipped(&mut self, skipped: Skipped) {
        // A name that is only in the ledger is shown as well.
        let inner = self.job.inner(&skipped.what);
        if inner.is_some() && inner != self.named {
            self.named.clone_from(&inner);
            self.push(inner, Content::None);
        }
        self.job.note(|inside| inside.skipped.push(skipped));
    }

    fn removed(&mut self, path: &str, removed: Removed) {
        if let Some(layer) = self.job.inner(path) {
            self.job.removed.lock().unwrap_or_else(PoisonError::into_inner).push((layer, removed));
        }
    }

    fn wants(&mut self, path: &str) -> bool {
        let excluded = self.job.opener.exclude.has_member(path);
        if excluded {
            self.job.note(|inside| inside.excluded += 1);
        }
        !excluded
    }

    fn stopped(&self) -> bool {
        self.job.opener.monitor.is_cancelled()
    }
}
