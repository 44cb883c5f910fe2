//! The one driver: takes every source, looks at each text once, and says what was found and what was not looked at.

mod built;
mod clock;
pub mod history;
mod inside;
mod live;
mod members;
mod opened;
mod outcome;
pub mod push;
#[cfg(test)]
pub(crate) mod sample;
mod scope;
mod sight;
mod silencing;
pub mod staged;
mod surroundings;
mod tap;
mod text;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use self::built::{Built, Made};
use self::history::{Context, HistoryCoverage, HistoryOptions};
pub use self::live::Watcher;
use self::members::Opener;
pub use self::outcome::{Archives, Coverage, PersonalData, ScanOutcome, Verdict};
use self::outcome::{Frame, Gathered};
use self::scope::{bundle_prefix, is_whole, repositories_of_others};
pub use self::silencing::Silencers;
use self::silencing::View;
pub use self::tap::Tap;
use self::text::TextScan;
use crate::blob::{Origin, SkipReason, Skipped};
use crate::detect::{Detector, PathKind, Scratch};
use crate::finding::silencing::Silencing;
use crate::finding::{self, Finding};
use crate::rule::Confidence;
use crate::secret::FingerprintKeys;
use crate::source::container::{Limits, Source};
use crate::source::encoding::{Encoding, SNIFFED, Utf16Reader};
use crate::source::file;
use crate::source::git::bundle;
use crate::source::log::{self, journal};
use crate::source::source_map::{Mapped, Passing};
use crate::source::worktree::{self, Exclude, FileItem, FoundRepository, Root, WalkOptions};

/// Files up to this size are read whole, by the thread that met them; larger ones in batches, by all threads.
const WHOLE: u64 = 2 << 20;

/// What to scan and what to keep of it.
#[derive(Clone)]
pub struct Plan {
    /// Files and folders.
    pub roots: Vec<PathBuf>,
    /// Whether standard input is scanned too.
    pub stdin: bool,
    /// Whether the files are logs: each secret is told once, with the times it was met. Standard input always is one.
    pub logs: bool,
    /// What of the folders.
    pub walk: WalkOptions,
    /// What of the histories of repositories among them; none at all if there is nothing here.
    pub history: Option<HistoryOptions>,
    /// Findings below this are counted, not kept.
    pub min_confidence: Confidence,
    /// What archives and compressed files may cost; they are not opened if there is nothing here.
    pub archives: Option<Limits>,
    /// Larger files are skipped, and said to be, in bytes.
    pub max_file_size: Option<u64>,
    /// What fingerprints are made with.
    pub keys: FingerprintKeys,
    /// What silences findings.
    pub silencing: Silencing,
    /// What else says that findings do not count: the lists of another scanner.
    pub silencers: Silencers,
}

/// Shared between the scan and whoever watches it.
#[derive(Debug, Default)]
pub struct Monitor {
    /// Set it to stop the scan; what was found until then is reported as partial.
    pub cancelled: AtomicBool,
    /// Files begun so far.
    pub items: AtomicU64,
    /// Bytes scanned so far.
    pub bytes: AtomicU64,
    /// Who wants to know at once what is found in standard input.
    pub watcher: Watcher,
    /// Who gets the files of working trees too.
    pub tap: Option<Arc<dyn Tap>>,
}

impl Monitor {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// Runs a scan. `stdin` is read if the plan says so.
///
/// # Errors
/// Something the user named does not exist, or a glob is invalid. Trouble with a single item is in the outcome.
pub fn run(
    detector: &Detector,
    plan: &Plan,
    stdin: impl Read + Send,
    monitor: &Monitor,
) -> Result<ScanOutcome, String> {
    let started = Instant::now();
    let roots = plan
        .roots
        .iter()
        .map(|path| Root::new(path).map_err(|e| format!("{}: {}", path.display(), explain(&e))))
        .collect::<Result<Vec<_>, _>>()?;
    // What the user names is scanned even if it would be left out of the folder it is in.
    let all_walked = plan.walk.exclude.is_empty() && !plan.walk.respect_gitignore;
    let roots = if all_walked { Root::outermost(roots) } else { roots };
    let base = roots.first().map(|root| root.base().to_path_buf());
    let base = base.filter(|base| roots.iter().all(|root| root.base() == base));
    let exclude = Exclude::new(base.as_deref().unwrap_or(Path::new("")), &plan.walk.exclude)?;
    let opener = Opener { detector, plan, monitor, exclude: &exclude };
    let scan = Scan { detector, plan, monitor, opener, shared: Mutex::default(), bundles: Mutex::default() };
    if plan.stdin {
        let mut worker = Worker::default();
        scan.guarded(Origin::Stdin.path(), &mut worker, |worker| scan.standard_input(stdin, worker));
        scan.finish(worker);
    }
    let mut summary = scan.files(&roots)?;
    // Logs that are kept in a repository are no part of it.
    let outside = summary.repositories.iter().filter(|found| found.outside && !plan.logs);
    let more: Vec<Root> = outside
        .filter_map(|found| Root::of_repository(found, base.as_deref().unwrap_or(&found.git_dir)).ok())
        .collect();
    if !more.is_empty() {
        summary.skipped.extend(scan.files(&more)?.skipped);
    }
    let mut others = repositories_of_others(&summary.repositories);
    let bundles = scan.bundles.lock().unwrap_or_else(PoisonError::into_inner);
    others.extend(bundles.iter().map(|bundle| bundle_prefix(&bundle.shown)));
    drop(bundles);
    let histories = scan.histories(summary.repositories, &others, &exclude)?;
    let mut shared = scan.shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    if monitor.is_cancelled() {
        shared.skipped.push(Skipped::new(
            "the rest of the scan",
            SkipReason::Interrupted,
            "it was stopped before everything was looked at; run it again",
        ));
    }
    shared.skipped.extend(summary.skipped);
    shared.skipped.extend(histories.skipped);
    shared.findings.extend(histories.findings);
    let mut coverage = Coverage {
        items: shared.items,
        bytes: shared.bytes,
        staged: false,
        skipped: shared.skipped,
        archives: Archives { left_closed: plan.archives.is_none(), ..shared.archives },
        excluded: summary.excluded + shared.excluded + histories.excluded,
        gitignore_respected: plan.walk.respect_gitignore,
        broken_links: summary.broken_links,
        histories: histories.coverage,
        unscanned_histories: histories.unscanned,
        ..Coverage::default()
    };
    coverage.whole = base.is_some() && roots.iter().any(Root::is_base) && is_whole(plan, &coverage);
    let gathered = Gathered { findings: shared.findings, below: histories.below, coverage };
    Ok(gathered.conclude(&Frame { detector, plan, others: &others, exclude: &exclude, started }, base))
}

/// The scan of a text, which is a log where that is known.
fn text_scan<'t>(detector: &'t Detector, plan: &'t Plan, origin: &'t Origin) -> TextScan<'t> {
    let text = TextScan::new(detector, PathKind::of(origin.path()), View::of(&plan.silencers, origin));
    match origin {
        _ if plan.logs => text.log(),
        Origin::Stdin => text.log(),
        _ if log::is_named_so(origin.path()) => text.joining(),
        _ => text,
    }
}

/// Searches a text of any length and encoding, of which `start` was read already. Says how many bytes it had, and how reading ended.
fn searched(
    text: &mut TextScan<'_>,
    start: Vec<u8>,
    reader: impl Read + Send,
    monitor: &Monitor,
) -> (u64, io::Result<()>) {
    if journal::is_journal(&start) {
        let text_of = journal::JournalText::new(io::Cursor::new(start).chain(reader));
        return text.stream(&[], text_of, false, monitor);
    }
    match Encoding::sniff(&start) {
        encoding @ (Encoding::Utf16Le | Encoding::Utf16Be) => {
            let decoding = Utf16Reader::new(io::Cursor::new(start).chain(reader), encoding);
            text.stream(&[], decoding, false, monitor)
        }
        encoding => text.stream(&start, reader, encoding == Encoding::Binary, monitor),
    }
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        _ => error.to_string(),
    }
}

/// What one thread has found so far, and its buffers.
#[derive(Default)]
struct Worker {
    findings: Vec<Finding>,
    skipped: Vec<Skipped>,
    items: u64,
    bytes: u64,
    archives: Archives,
    /// Members of containers that the user wants left out.
    excluded: u64,
    scratch: Scratch,
    buffer: Vec<u8>,
}

struct Scan<'s> {
    detector: &'s Detector,
    plan: &'s Plan,
    monitor: &'s Monitor,
    opener: Opener<'s>,
    shared: Mutex<Worker>,
    /// Files that are repositories themselves.
    bundles: Mutex<Vec<FileItem>>,
}

/// What the histories gave.
#[derive(Default)]
struct Histories {
    findings: Vec<Finding>,
    skipped: Vec<Skipped>,
    below: u64,
    excluded: u64,
    coverage: Vec<HistoryCoverage>,
    unscanned: Vec<String>,
}

impl Histories {
    fn add(&mut self, outcome: history::Outcome) {
        self.findings.extend(outcome.findings);
        self.skipped.extend(outcome.skipped);
        self.below += outcome.below;
        self.coverage.push(outcome.coverage);
    }
}

/// Hands in what its thread has found when the thread is done.
struct Handover<'s>(Worker, &'s Scan<'s>);

impl Drop for Handover<'_> {
    fn drop(&mut self) {
        self.1.finish(std::mem::take(&mut self.0));
    }
}

impl Scan<'_> {
    /// Scans the files below `roots`.
    fn files(&self, roots: &[Root]) -> Result<worktree::WalkSummary, String> {
        let large = Mutex::new(Vec::new());
        let summary = worktree::walk(roots, &self.plan.walk, || {
            let mut worker = self.worker();
            let large = &large;
            move |item: FileItem| {
                let shown = item.shown.clone();
                self.guarded(&shown, &mut worker.0, |worker| {
                    if self.only_added() || (self.plan.walk.repositories_only && self.plan.roots.contains(&item.path)) {
                        return self.bundle(item, worker);
                    }
                    self.name(&item.shown, worker);
                    self.small_file(item, worker, large);
                });
                !self.monitor.is_cancelled()
            }
        })?;
        let mut large = large.into_inner().unwrap_or_else(PoisonError::into_inner);
        large.sort();
        let mut worker = Worker::default();
        for item in large {
            self.guarded(&item.shown, &mut worker, |worker| self.large_file(&item, worker));
        }
        self.finish(worker);
        Ok(summary)
    }

    /// Scans the histories of repositories and bundles, one after the other: each uses all threads.
    fn histories(
        &self,
        mut repositories: Vec<FoundRepository>,
        others: &[String],
        exclude: &Exclude,
    ) -> Result<Histories, String> {
        if self.only_added() && repositories.iter().any(|found| found.prefix.is_empty()) {
            // A submodule has commits of its own, which the names of a range do not mean.
            repositories.retain(|found| found.prefix.is_empty());
        }
        let mut bundles = self.bundles.lock().unwrap_or_else(PoisonError::into_inner).clone();
        bundles.sort();
        let mut all = Histories::default();
        let Some(options) = &self.plan.history else {
            all.unscanned = repositories.into_iter().map(|found| found.shown).collect();
            all.unscanned.extend(bundles.into_iter().map(|bundle| bundle.shown));
            return Ok(all);
        };
        if self.only_added() && repositories.is_empty() && bundles.is_empty() {
            return Err("--range: there is no git repository to take the commits from".into());
        }
        let excluded = AtomicU64::new(0);
        let context = |shown: String, prefix: String| Context {
            detector: self.detector,
            plan: self.plan,
            options,
            monitor: self.monitor,
            exclude,
            excluded: &excluded,
            comments: match others.contains(&prefix) {
                true => self.plan.silencing.comments.of_others(),
                false => self.plan.silencing.comments,
            },
            shown,
            prefix,
        };
        for found in repositories {
            let context = context(found.shown, found.prefix);
            all.add(context.guarded(|context| context.repository(&found.git_dir))?);
        }
        for bundle in bundles {
            let prefix = bundle_prefix(&bundle.shown);
            let context = context(bundle.shown, prefix);
            all.add(context.guarded(|context| context.bundle(&bundle.path))?);
        }
        all.excluded = excluded.into_inner();
        Ok(all)
    }

    /// Whether only what commits add is wanted, so that files as they are now do not matter.
    fn only_added(&self) -> bool {
        self.plan.history.as_ref().is_some_and(|options| options.selection.only_added())
    }

    fn worker(&self) -> Handover<'_> {
        Handover(Worker::default(), self)
    }

    fn finish(&self, worker: Worker) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.findings.extend(worker.findings);
        shared.skipped.extend(worker.skipped);
        shared.archives.add(worker.archives);
        shared.excluded += worker.excluded;
        shared.items += worker.items;
        shared.bytes += worker.bytes;
    }

    /// Runs `scan` on one item. If it fails on an error of ours, the item is listed as not looked at and the rest is scanned.
    fn guarded(&self, shown: &str, worker: &mut Worker, scan: impl FnOnce(&mut Worker)) {
        // What the worker has found so far is whole: an item hands in its findings at its end.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| scan(worker))).is_err() {
            worker.skipped.push(Skipped::new(
                shown,
                SkipReason::Internal,
                "cleansweep failed on it; please report this",
            ));
        }
    }

    /// Scans a file's path: it can hold a secret like any text, and it is shown in every report.
    fn name(&self, shown: &str, worker: &mut Worker) {
        let origin = Origin::Name(shown.into());
        let view = View::of(&self.plan.silencers, &origin);
        let mut text = TextScan::new(self.detector, PathKind::default(), view);
        text.whole(shown.as_bytes(), false, &mut worker.scratch);
        self.keep(&origin, text, (Mapped::Nothing, None), worker);
        worker.findings.extend(silencing::at_path(self.detector, self.plan, &origin));
    }

    /// Scans a file that is read whole; a larger one is left to all threads together.
    fn small_file(&self, item: FileItem, worker: &mut Worker, large: &Mutex<Vec<FileItem>>) {
        if let Some(tap) = &self.monitor.tap {
            tap.seen(&item.shown);
        }
        let (mut file, len) = match file::open(&item.path, &item.shown) {
            Ok(opened) => opened,
            Err(skipped) => return worker.skipped.push(skipped),
        };
        let limit = self.plan.max_file_size.filter(|&limit| len > limit);
        if let Some(tap) = self.monitor.tap.as_ref().filter(|_| limit.is_some() || len > WHOLE) {
            tap.large(&item.shown, len);
        }
        if let Some(limit) = limit {
            let detail = format!("{len} bytes, more than --max-file-size {limit}");
            return worker.skipped.push(Skipped::new(item.shown, SkipReason::TooLarge, detail));
        }
        if len > WHOLE {
            return large.lock().unwrap_or_else(PoisonError::into_inner).push(item);
        }
        let mut buffer = std::mem::take(&mut worker.buffer);
        buffer.clear();
        buffer.reserve(len as usize + 1);
        // A file of /proc says it is empty, and a growing one has more than it said.
        let read = (&mut file).take(WHOLE + 1).read_to_end(&mut buffer);
        let origin = Origin::File(item.shown.clone());
        if bundle::is_bundle(&buffer) {
            self.bundles
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(FileItem { path: item.path, shown: origin.path().into() });
        } else if buffer.len() as u64 > WHOLE || journal::is_journal(&buffer) {
            self.stream(&origin, (&buffer, file), Some(&item.path), worker);
        } else if self.opener.opens_whole(&buffer, origin.path()) {
            let inside = self.opener.open_bytes(&origin, &buffer, &mut worker.scratch);
            self.keep_inside(&origin, inside, worker);
            self.told_of_end(&origin, buffer.len() as u64, read.map(drop), worker);
        } else {
            if let (Some(tap), Ok(_)) = (&self.monitor.tap, &read) {
                tap.file(origin.path(), &buffer);
            }
            self.whole(&origin, &buffer, (&item.path, read.map(drop)), worker);
        }
        worker.buffer = buffer;
    }

    /// Takes note of a file that is a repository itself; the content of any other is not wanted.
    fn bundle(&self, item: FileItem, worker: &mut Worker) {
        let mut start = Vec::new();
        match file::open(&item.path, &item.shown) {
            Err(skipped) => return worker.skipped.push(skipped),
            // What cannot be read is no bundle that could be.
            Ok((file, _)) => drop(file.take(SNIFFED as u64).read_to_end(&mut start)),
        }
        if bundle::is_bundle(&start) {
            self.bundles.lock().unwrap_or_else(PoisonError::into_inner).push(item);
        }
    }

    fn large_file(&self, item: &FileItem, worker: &mut Worker) {
        if self.monitor.is_cancelled() {
            return;
        }
        let mut file = match file::open(&item.path, &item.shown) {
            Ok((file, _)) => file,
            Err(skipped) => return worker.skipped.push(skipped),
        };
        let mut start = Vec::new();
        // An error will come again.
        let _ = (&mut file).take(SNIFFED as u64).read_to_end(&mut start);
        if bundle::is_bundle(&start) {
            self.bundles.lock().unwrap_or_else(PoisonError::into_inner).push(item.clone());
        } else if self.opener.opens(&start, &item.shown) || self.opener.opens_end(&mut file) {
            let origin = Origin::File(item.shown.clone());
            let inside = self.opener.open(&origin, Source::Seekable(&mut file));
            self.keep_inside(&origin, inside, worker);
            worker.items += 1;
        } else {
            self.stream(&Origin::File(item.shown.clone()), (&start, file), Some(&item.path), worker);
        }
    }

    /// Scans the file at `path`, which is held whole. `read` is how reading it ended.
    fn whole(&self, origin: &Origin, bytes: &[u8], (path, read): (&Path, io::Result<()>), worker: &mut Worker) {
        let mut text = text_scan(self.detector, self.plan, origin);
        self.closed(bytes, origin, worker);
        let encoding = Encoding::sniff(bytes);
        text.whole(&encoding.decode(bytes), encoding == Encoding::Binary, &mut worker.scratch);
        self.monitor.items.fetch_add(1, Ordering::Relaxed);
        self.monitor.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        worker.bytes += bytes.len() as u64;
        self.told_of_end(origin, bytes.len() as u64, read, worker);
        self.keep(origin, text, (built::mapped(bytes, origin), Some(path)), worker);
    }

    /// Scans a text of any length in batches, of which the start was read already. `path` is where it is a file.
    fn stream(
        &self,
        origin: &Origin,
        (start, mut reader): (&[u8], impl Read + Send),
        path: Option<&Path>,
        worker: &mut Worker,
    ) {
        let mut start = start.to_vec();
        let missing = SNIFFED.saturating_sub(start.len()) as u64;
        let sniffed = (&mut reader).take(missing).read_to_end(&mut start);
        if self.opener.opens(&start, origin.path()) {
            let (mut rest, ended): (&mut (dyn Read + Send), _) = match sniffed {
                Ok(_) => (&mut reader, Ok(())),
                Err(error) => (&mut io::empty(), Err(error)),
            };
            let inside = self.opener.open(origin, Source::Stream(&mut (&*start).chain(&mut rest)));
            self.keep_inside(origin, inside, worker);
            return self.told_of_end(origin, start.len() as u64, ended, worker);
        }
        self.closed(&start, origin, worker);
        let mut text = text_scan(self.detector, self.plan, origin);
        self.monitor.items.fetch_add(1, Ordering::Relaxed);
        if bundle::is_bundle(&start) {
            let detail =
                "a git bundle, of which only the text is scanned here; give its path to have its history scanned";
            worker.skipped.push(Skipped::new(origin.path(), SkipReason::Unsupported, detail));
        }
        let mut passing = Passing::new(reader, &start, built::seeker(origin));
        let (bytes, read) = match sniffed {
            Err(error) => {
                let (bytes, _) = searched(&mut text, start, io::empty(), self.monitor);
                (bytes, Err(error))
            }
            Ok(_) => searched(&mut text, start, &mut passing, self.monitor),
        };
        worker.bytes += bytes;
        self.told_of_end(origin, bytes, read, worker);
        self.keep(origin, text, (passing.finish(), path), worker);
    }

    /// Keeps what was found in a text, and in the sources it was made from as far as they are `mapped`. `path` is where it is a file.
    fn keep(&self, origin: &Origin, text: TextScan<'_>, (mapped, path): (Mapped, Option<&Path>), worker: &mut Worker) {
        let (mut own, truncated) = text.finish();
        if let Some(detail) = truncated {
            worker.skipped.push(Skipped::new(origin.path(), SkipReason::Truncated, detail));
        }
        if let (Mapped::Beside(name), Some(path), false) = (&mapped, path, own.is_empty()) {
            match built::beside(path, name) {
                Ok(map) => map.iter().for_each(|map| built::lead_back(map, &mut own)),
                Err(skipped) => worker.skipped.push(Skipped { what: origin.path().into(), ..skipped }),
            }
        }
        let built = Built { detector: self.detector, plan: self.plan, origin };
        let Made { own, sources, skipped } = built.made(own, &mapped, &mut worker.scratch);
        worker.skipped.extend(skipped);
        let findings =
            |origin: &Origin, found| finding::findings(origin, self.detector.rules(), found, &self.plan.keys);
        worker.findings.extend(findings(origin, own));
        for (name, found) in sources {
            worker.findings.extend(findings(&origin.member(&name, false), found));
        }
    }

    /// Tells how reading ended after so many bytes.
    fn told_of_end(&self, origin: &Origin, bytes: u64, read: io::Result<()>, worker: &mut Worker) {
        match read {
            Ok(()) => worker.items += 1,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                let detail = format!("it was stopped after {bytes} bytes; scan it again");
                worker.skipped.push(Skipped::new(origin.path(), SkipReason::Interrupted, detail));
            }
            Err(error) => {
                let mut skipped = file::unreadable(origin.path(), &error);
                skipped.detail = format!("after {bytes} bytes: {}", skipped.detail);
                worker.skipped.push(skipped);
            }
        }
    }
}
