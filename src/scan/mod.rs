//! The one driver: takes every source, looks at each text once, and says what was found and what was not looked at.

pub mod history;
mod silencing;
mod surroundings;
mod text;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use self::history::{Context, HistoryCoverage, HistoryOptions};
pub use self::silencing::Silencers;
use self::silencing::View;
use self::text::TextScan;
use crate::blob::{Origin, SkipReason, Skipped};
use crate::detect::{Detector, PathKind, Scratch};
use crate::finding::{self, Finding, Redactor};
use crate::rule::{Confidence, RuleSet};
use crate::secret::FingerprintKeys;
use crate::source::encoding::{Encoding, SNIFFED, Utf16Reader};
use crate::source::file;
use crate::source::git::bundle;
use crate::source::worktree::{self, FileItem, FoundRepository, Root, WalkOptions};

/// Files up to this size are read whole, by the thread that met them; larger ones in batches, by all threads.
const WHOLE: u64 = 2 << 20;

/// What to scan and what to keep of it.
#[derive(Clone)]
pub struct Plan {
    /// Files and folders.
    pub roots: Vec<PathBuf>,
    /// Whether standard input is scanned too.
    pub stdin: bool,
    /// What of the folders.
    pub walk: WalkOptions,
    /// What of the histories of repositories among them; none at all if there is nothing here.
    pub history: Option<HistoryOptions>,
    /// Findings below this are counted, not kept.
    pub min_confidence: Confidence,
    /// Larger files are skipped, and said to be, in bytes.
    pub max_file_size: Option<u64>,
    /// What fingerprints are made with.
    pub keys: FingerprintKeys,
    /// What says that findings do not count.
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
}

impl Monitor {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// What was looked at and what was not.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Files and streams that were scanned to their end.
    pub items: u64,
    /// Bytes scanned.
    pub bytes: u64,
    /// What was not, or not wholly, looked at.
    pub skipped: Vec<Skipped>,
    /// What the user's `--exclude` left out: files and whole folders.
    pub excluded: u64,
    /// Whether `.gitignore` files were obeyed.
    pub gitignore_respected: bool,
    /// Links without a target.
    pub broken_links: Vec<String>,
    /// Histories that were looked at.
    pub histories: Vec<HistoryCoverage>,
    /// Repositories whose history was not looked at.
    pub unscanned_histories: Vec<String>,
}

/// What the scan amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was looked at and nothing was found.
    Clean,
    /// Something was found.
    Findings,
    /// Nothing was found, but not everything was looked at.
    Incomplete,
}

/// The result of a scan.
pub struct ScanOutcome {
    /// The rules that findings refer to.
    pub rules: Arc<RuleSet>,
    /// What was found, by path and place.
    pub findings: Vec<Finding>,
    /// What was found too, but somebody has said that it does not count; each with its `silence`.
    pub silenced: Vec<Finding>,
    /// How many more there are below the wanted confidence.
    pub below_confidence: u64,
    /// What was looked at.
    pub coverage: Coverage,
    /// What paths are relative to, where it is one folder.
    pub base: Option<PathBuf>,
    /// How long it took.
    pub elapsed: Duration,
}

impl ScanOutcome {
    /// Findings beat incompleteness: either must not pass.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (self.findings.is_empty(), self.coverage.skipped.is_empty()) {
            (false, _) => Verdict::Findings,
            (true, false) => Verdict::Incomplete,
            (true, true) => Verdict::Clean,
        }
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
    let scan = Scan { detector, plan, monitor, shared: Mutex::default(), bundles: Mutex::default() };
    if plan.stdin {
        let mut worker = Worker::default();
        scan.guarded(Origin::Stdin.path(), &mut worker, |worker| scan.stream(&Origin::Stdin, &[], stdin, worker));
        scan.finish(worker);
    }
    let mut summary = scan.files(&roots)?;
    let outside = summary.repositories.iter().filter(|found| found.outside);
    let more: Vec<Root> = outside
        .filter_map(|found| Root::of_repository(found, base.as_deref().unwrap_or(&found.git_dir)).ok())
        .collect();
    if !more.is_empty() {
        summary.skipped.extend(scan.files(&more)?.skipped);
    }
    let histories = scan.histories(summary.repositories, base.as_deref())?;
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
    shared.skipped.sort();
    let mut coverage = Coverage {
        items: shared.items,
        bytes: shared.bytes,
        skipped: shared.skipped,
        excluded: summary.excluded + histories.excluded,
        gitignore_respected: plan.walk.respect_gitignore,
        broken_links: summary.broken_links,
        histories: histories.coverage,
        unscanned_histories: histories.unscanned,
    };
    let mut findings = in_order(shared.findings);
    silencing::by_commits(&plan.silencers, detector.rules(), &mut findings);
    redact(&mut findings, &mut coverage);
    let (mut silenced, mut findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(|f| f.silence.is_some());
    let all = findings.len();
    findings.retain(|f| f.confidence >= plan.min_confidence);
    silenced.retain(|f| f.confidence >= plan.min_confidence);
    Ok(ScanOutcome {
        rules: detector.rules().clone(),
        below_confidence: (all - findings.len()) as u64 + histories.below,
        findings,
        silenced,
        coverage,
        base,
        elapsed: started.elapsed(),
    })
}

/// Sorts findings by path and place, each once: a file can be reached by two of the paths the user named. A secret in a
/// name is listed for the first path that has it, not for every file below a folder.
fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    // Several secrets can have been at one place of a file, one after the other.
    let place = |f: &Finding| (f.span, f.rule, f.credential);
    findings.sort_by(|a, b| a.origin.cmp(&b.origin).then_with(|| place(a).cmp(&place(b))));
    findings.dedup_by(|b, a| a.origin == b.origin && place(a) == place(b));
    let mut named = BTreeSet::new();
    findings.retain(|f| !f.origin.is_name() || named.insert((f.rule, f.credential, f.origin.source())));
    findings
}

/// Masks, in everything that will be shown, every secret that is known, whichever finding it belongs to.
fn redact(findings: &mut [Finding], coverage: &mut Coverage) {
    let redactor = Redactor::new(findings.iter().map(|f| &f.secret));
    findings.iter_mut().for_each(|finding| finding.redact(&redactor));
    for skipped in &mut coverage.skipped {
        skipped.what = redactor.mask(&skipped.what);
        skipped.detail = redactor.mask(&skipped.detail);
    }
    let histories = coverage.histories.iter_mut().map(|history| &mut history.repository);
    for name in coverage.broken_links.iter_mut().chain(&mut coverage.unscanned_histories).chain(histories) {
        *name = redactor.mask(name);
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
    scratch: Scratch,
    buffer: Vec<u8>,
}

struct Scan<'s> {
    detector: &'s Detector,
    plan: &'s Plan,
    monitor: &'s Monitor,
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
    fn histories(&self, repositories: Vec<FoundRepository>, base: Option<&Path>) -> Result<Histories, String> {
        let mut bundles = self.bundles.lock().unwrap_or_else(PoisonError::into_inner).clone();
        bundles.sort();
        let mut all = Histories::default();
        let Some(options) = &self.plan.history else {
            all.unscanned = repositories.into_iter().map(|found| found.shown).collect();
            all.unscanned.extend(bundles.into_iter().map(|bundle| bundle.shown));
            return Ok(all);
        };
        let exclude = worktree::Exclude::new(base.unwrap_or(Path::new("")), &self.plan.walk.exclude)?;
        let excluded = AtomicU64::new(0);
        let context = |shown: String, prefix: String| Context {
            detector: self.detector,
            plan: self.plan,
            options,
            monitor: self.monitor,
            exclude: &exclude,
            excluded: &excluded,
            shown,
            prefix,
        };
        for found in repositories {
            let context = context(found.shown, found.prefix);
            all.add(context.guarded(|context| context.repository(&found.git_dir))?);
        }
        for bundle in bundles {
            let prefix = format!("{}!/", bundle.shown);
            let context = context(bundle.shown, prefix);
            all.add(context.guarded(|context| context.bundle(&bundle.path))?);
        }
        all.excluded = excluded.into_inner();
        Ok(all)
    }

    fn worker(&self) -> Handover<'_> {
        Handover(Worker::default(), self)
    }

    fn finish(&self, worker: Worker) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.findings.extend(worker.findings);
        shared.skipped.extend(worker.skipped);
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
        self.keep_candidates(&origin, text, worker);
        worker.findings.extend(silencing::at_path(self.detector, self.plan, &origin));
    }

    /// Scans a file that is read whole; a larger one is left to all threads together.
    fn small_file(&self, item: FileItem, worker: &mut Worker, large: &Mutex<Vec<FileItem>>) {
        let (mut file, len) = match file::open(&item.path, &item.shown) {
            Ok(opened) => opened,
            Err(skipped) => return worker.skipped.push(skipped),
        };
        if let Some(limit) = self.plan.max_file_size.filter(|&limit| len > limit) {
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
        } else if buffer.len() as u64 > WHOLE {
            self.stream(&origin, &buffer, file, worker);
        } else {
            self.whole(&origin, &buffer, read.map(drop), worker);
        }
        worker.buffer = buffer;
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
        } else {
            self.stream(&Origin::File(item.shown.clone()), &start, file, worker);
        }
    }

    fn whole(&self, origin: &Origin, bytes: &[u8], read: io::Result<()>, worker: &mut Worker) {
        let view = View::of(&self.plan.silencers, origin);
        let mut text = TextScan::new(self.detector, PathKind::of(origin.path()), view);
        let encoding = Encoding::sniff(bytes);
        text.whole(&encoding.decode(bytes), encoding == Encoding::Binary, &mut worker.scratch);
        self.monitor.items.fetch_add(1, Ordering::Relaxed);
        self.monitor.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.keep(origin, text, bytes.len() as u64, read, worker);
    }

    /// Scans a text of any length in batches. `start` was read already.
    fn stream(&self, origin: &Origin, start: &[u8], mut reader: impl Read + Send, worker: &mut Worker) {
        let mut start = start.to_vec();
        let missing = SNIFFED.saturating_sub(start.len()) as u64;
        let sniffed = (&mut reader).take(missing).read_to_end(&mut start);
        let view = View::of(&self.plan.silencers, origin);
        let mut text = TextScan::new(self.detector, PathKind::of(origin.path()), view);
        self.monitor.items.fetch_add(1, Ordering::Relaxed);
        if bundle::is_bundle(&start) {
            let detail =
                "a git bundle, of which only the text is scanned here; give its path to have its history scanned";
            worker.skipped.push(Skipped::new(origin.path(), SkipReason::Unsupported, detail));
        }
        let (bytes, read) = match (sniffed, Encoding::sniff(&start)) {
            (Err(error), encoding) => {
                let (bytes, _) = text.stream(&start, io::empty(), encoding == Encoding::Binary, self.monitor);
                (bytes, Err(error))
            }
            (Ok(_), encoding @ (Encoding::Utf16Le | Encoding::Utf16Be)) => {
                let decoding = Utf16Reader::new(io::Cursor::new(start).chain(reader), encoding);
                text.stream(&[], decoding, false, self.monitor)
            }
            (Ok(_), encoding) => text.stream(&start, reader, encoding == Encoding::Binary, self.monitor),
        };
        self.keep(origin, text, bytes, read, worker);
    }

    fn keep(&self, origin: &Origin, text: TextScan<'_>, bytes: u64, read: io::Result<()>, worker: &mut Worker) {
        worker.bytes += bytes;
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
        self.keep_candidates(origin, text, worker);
    }

    fn keep_candidates(&self, origin: &Origin, text: TextScan<'_>, worker: &mut Worker) {
        let (candidates, truncated) = text.finish();
        if let Some(detail) = truncated {
            worker.skipped.push(Skipped::new(origin.path(), SkipReason::Truncated, detail));
        }
        if !candidates.is_empty() {
            worker.findings.extend(finding::findings(origin, self.detector.rules(), candidates, &self.plan.keys));
        }
    }
}
