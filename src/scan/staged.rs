//! What the next commit adds: staged contents are scanned whole, so that what spans lines is seen, and of what is found that is
//! kept which the commit brings: it touches a line that is added, and the old content did not have the same credential elsewhere.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;

use gix::ObjectId;
use imara_diff::{Algorithm, Diff, InternedInput};

use super::inside::Inside;
use super::members::Opener;
use super::outcome::{Archives, Coverage, Frame, Gathered, ScanOutcome};
use super::silencing::{self, View};
use super::text::TextScan;
use super::{Monitor, Plan, WHOLE};
use crate::blob::{Origin, SkipReason, Skipped};
use crate::detect::{Detector, PathKind, Scratch};
use crate::finding::{self, Candidate, Finding};
use crate::secret::Fingerprint;
use crate::source::container::{self, Source};
use crate::source::encoding::Encoding;
use crate::source::git::bundle;
use crate::source::git::discover::{Located, below_top};
use crate::source::git::objects::Finder;
use crate::source::git::staged::{self, Staged, StagedFile, Working};
use crate::source::worktree::Exclude;

/// Two versions of a file that are larger than this together are not compared by lines: then every credential counts that the old one
/// does not have.
const COMPARED: usize = 64 << 20;

/// How much of the files that a commit takes away is searched for a secret that only moved, in bytes.
const REMOVED: usize = 64 << 20;

/// What of the index is scanned.
pub struct StagedPlan<'p> {
    /// What to keep; its paths are those to look at, all if there are none.
    pub plan: &'p Plan,
    /// The repository.
    pub located: &'p Located,
    /// The folder that the paths are relative to.
    pub folder: &'p Path,
    /// Whether of paths with nothing staged the working tree is wanted, as the pre-commit framework's `--all-files` does.
    pub or_working: bool,
}

/// Scans what is staged. The paths are those of which the working tree is still to be scanned.
///
/// # Errors
/// The index cannot be read, a path is outside of the repository, or a glob is invalid.
pub fn run(
    detector: &Detector,
    wanted: &StagedPlan<'_>,
    monitor: &Monitor,
) -> Result<(ScanOutcome, Vec<PathBuf>), String> {
    let started = Instant::now();
    let StagedPlan { plan, located, .. } = *wanted;
    let exclude = Exclude::new(&located.top, &plan.walk.exclude)?;
    let archives = Archives { left_closed: plan.archives.is_none(), ..Archives::default() };
    let mut coverage = Coverage { staged: true, archives, ..Coverage::default() };
    let objects = staged::objects(located);
    let mut finder = objects.finder();
    let mut staged = Staged::read(located, &mut finder)?;
    coverage.skipped.append(&mut staged.skipped);
    let mut scan = StagedScan {
        detector,
        plan,
        monitor,
        exclude: &exclude,
        finder,
        removed: std::mem::take(&mut staged.removed),
        taken_away: None,
        scratch: Scratch::default(),
        coverage,
        findings: Vec::new(),
    };
    let paths = wanted.paths()?;
    let working = if wanted.or_working { scan.working(wanted, &paths, &staged) } else { Vec::new() };
    scan.keep_wanted(&mut staged, &paths, &exclude);
    for file in &staged.files {
        if monitor.is_cancelled() {
            let detail = "it was stopped before everything was looked at; run it again";
            scan.skip("the rest of what is staged".into(), SkipReason::Interrupted, detail.into());
            break;
        }
        scan.guarded(file);
    }
    Ok((scan.outcome(located, &exclude, started), working))
}

impl StagedPlan<'_> {
    fn paths(&self) -> Result<Vec<Vec<u8>>, String> {
        self.plan.roots.iter().map(|path| below_top(&self.located.top, self.folder, path)).collect()
    }
}

struct StagedScan<'s> {
    detector: &'s Detector,
    plan: &'s Plan,
    monitor: &'s Monitor,
    exclude: &'s Exclude,
    finder: Finder<'s>,
    /// Contents that the commit takes away.
    removed: Vec<(Vec<u8>, ObjectId)>,
    /// The credentials that they have, once somebody asked.
    taken_away: Option<HashSet<Fingerprint>>,
    scratch: Scratch,
    coverage: Coverage,
    findings: Vec<Finding>,
}

impl<'s> StagedScan<'s> {
    fn skip(&mut self, what: String, reason: SkipReason, detail: String) {
        self.coverage.skipped.push(Skipped::new(what, reason, detail));
    }

    /// Leaves what the user wants.
    fn keep_wanted(&mut self, staged: &mut Staged, paths: &[Vec<u8>], exclude: &Exclude) {
        let named = |path: &[u8]| paths.is_empty() || paths.iter().any(|wanted| is_below(path, wanted));
        let excluded = |path: &[u8]| exclude.has_file(Path::new(&*String::from_utf8_lossy(path)));
        staged.files.retain(|file| named(&file.path));
        let all = staged.files.len();
        staged.files.retain(|file| !excluded(&file.path));
        self.coverage.excluded = (all - staged.files.len()) as u64;
        staged.unmerged.retain(|path| named(path) && !excluded(path));
        for path in &staged.unmerged {
            let detail = "in conflict, so that git commits nothing yet; resolve it, `git add` it, and scan again";
            self.skip(String::from_utf8_lossy(path).into(), SkipReason::Unsupported, detail.into());
        }
    }

    /// The named paths of which the working tree has something else than what is staged. Links among them are scanned here.
    fn working(&mut self, wanted: &StagedPlan<'_>, paths: &[Vec<u8>], staged: &Staged) -> Vec<PathBuf> {
        let mut another = Vec::new();
        for (path, below) in self.plan.roots.iter().zip(paths) {
            let file = staged.files.iter().find(|file| file.path == *below);
            let shown = String::from_utf8_lossy(below).into_owned();
            match Working::of(&wanted.folder.join(path), file.map(|file| &file.id)) {
                Ok(Working::AsStaged) => {}
                Ok(Working::Another) => another.push(path.clone()),
                Ok(Working::Link(_)) if file.is_some() => {}
                Ok(Working::Link(target)) => {
                    let findings = self.found(&Origin::File(shown.clone()), &target);
                    self.findings.extend(findings);
                    self.coverage.items += 1;
                }
                // What is staged is scanned all the same.
                Err(_) if file.is_some() => {}
                Err(skipped) => self.coverage.skipped.push(Skipped { what: shown, ..skipped }),
            }
        }
        another
    }

    /// Scans a file. If that fails on an error of ours, it is listed as not looked at and the rest is scanned.
    fn guarded(&mut self, file: &StagedFile) {
        // What was found so far is whole: a file hands in its findings at its end.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.file(file))).is_err() {
            let shown = String::from_utf8_lossy(&file.path).into_owned();
            self.skip(shown, SkipReason::Internal, "cleansweep failed on it; please report this".into());
        }
    }

    fn file(&mut self, file: &StagedFile) {
        let shown = String::from_utf8_lossy(&file.path).into_owned();
        self.monitor.items.fetch_add(1, Ordering::Relaxed);
        if file.before.is_empty() {
            let name = Origin::Name(shown.clone());
            let found = self.found(&name, shown.as_bytes());
            self.findings.extend(found);
            self.findings.extend(silencing::at_path(self.detector, self.plan, &name));
        }
        if file.moved {
            self.coverage.items += 1;
            return;
        }
        let data = match self.finder.find(&file.id) {
            Ok(Some((_, data))) => data,
            Ok(None) => {
                let detail =
                    format!("its content {} is not among the objects; `git add` it again", file.id.to_hex_with_len(10));
                return self.skip(shown, SkipReason::MissingObjects, detail);
            }
            Err((reason, why)) => return self.skip(shown, reason, format!("{why}; `git add` it again")),
        };
        if let Some(limit) = self.plan.max_file_size.filter(|&limit| data.len() as u64 > limit) {
            let detail = format!("{} bytes, more than --max-file-size {limit}", data.len());
            return self.skip(shown, SkipReason::TooLarge, detail);
        }
        if bundle::is_bundle(&data) {
            let detail =
                "a git bundle, of which only the text is scanned here; scan its path to have its history scanned";
            self.skip(shown.clone(), SkipReason::Unsupported, detail.into());
        }
        let is_closed = self.plan.archives.is_none() && container::is_whole_container(&data, &shown);
        self.coverage.archives.containers += u64::from(is_closed);
        self.coverage.items += 1;
        self.coverage.bytes += data.len() as u64;
        self.monitor.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        let origin = Origin::File(shown);
        let found = match self.opened(&origin, &data) {
            Some(found) => found,
            None => self.found(&origin, &data),
        };
        let added = self.added(file, &data, found);
        self.findings.extend(added);
    }

    /// What is in a content that is a container; none if it is no container that is opened.
    fn opened(&mut self, origin: &Origin, data: &[u8]) -> Option<Vec<Finding>> {
        let opener = self.opener();
        let inside = self.inside(origin, data)?;
        self.coverage.items += inside.members;
        self.coverage.excluded += inside.excluded;
        self.coverage.skipped.extend(inside.skipped);
        self.coverage.archives.containers += u64::from(inside.members > 0);
        self.coverage.archives.members += inside.members;
        Some(inside.texts.iter().flat_map(|text| text.findings(&opener, origin)).collect())
    }

    fn opener(&self) -> Opener<'s> {
        Opener { detector: self.detector, plan: self.plan, monitor: self.monitor, exclude: self.exclude }
    }

    fn inside(&mut self, origin: &Origin, data: &[u8]) -> Option<Inside> {
        let opener = self.opener();
        if !opener.opens_whole(data, origin.path()) {
            return None;
        }
        if data.len() as u64 > WHOLE {
            return Some(opener.open(origin, Source::Seekable(&mut std::io::Cursor::new(data))));
        }
        Some(opener.open_bytes(origin, data, &mut self.scratch))
    }

    /// Scans a content.
    fn candidates(&mut self, origin: &Origin, data: &[u8]) -> Vec<Candidate> {
        let path = if origin.is_name() { PathKind::default() } else { PathKind::of(origin.path()) };
        let view = View::of(&self.plan.silencers, origin);
        let mut text = TextScan::new(self.detector, path, view);
        let encoding = Encoding::sniff(data);
        let decoded = encoding.decode(data);
        let binary = encoding == Encoding::Binary;
        if decoded.len() as u64 > WHOLE {
            // All threads together; memory can always be read, and whether the scan was stopped is asked by the caller.
            let _ = text.stream(&[], &*decoded, binary, &Monitor::default());
        } else {
            text.whole(&decoded, binary, &mut self.scratch);
        }
        let (candidates, truncated) = text.finish();
        if let Some(detail) = truncated {
            self.skip(origin.path().into(), SkipReason::Truncated, detail);
        }
        candidates
    }

    fn found(&mut self, origin: &Origin, data: &[u8]) -> Vec<Finding> {
        let candidates = self.candidates(origin, data);
        finding::findings(origin, self.detector.rules(), candidates, &self.plan.keys)
    }

    /// The credentials of a content, however little speaks for them.
    fn credentials(&mut self, path: &[u8], data: &[u8]) -> Vec<Fingerprint> {
        let origin = Origin::File(String::from_utf8_lossy(path).into());
        let candidates = match self.inside(&origin, data) {
            Some(inside) => inside.texts.into_iter().flat_map(|text| text.candidates).collect(),
            None => self.candidates(&origin, data),
        };
        candidates.iter().map(|candidate| candidate.secret.fingerprint(&self.plan.keys)).collect()
    }

    /// Leaves of what was found in a file that which the commit brings.
    fn added(&mut self, file: &StagedFile, data: &[u8], mut found: Vec<Finding>) -> Vec<Finding> {
        if found.is_empty() {
            return found;
        }
        // A version that cannot be read is as good as none: then too much is told, not too little.
        let before: Vec<_> = file.before.iter().filter_map(|id| Some(self.finder.find(id).ok()??.1)).collect();
        let mut known: HashSet<Fingerprint> = HashSet::new();
        for old in &before {
            known.extend(self.credentials(&file.path, old));
        }
        if file.before.is_empty() {
            known.extend(self.taken_away());
        }
        found.retain(|finding| !known.contains(&finding.credential));
        for old in &before {
            if !found.is_empty() && old.len() + data.len() <= COMPARED {
                let lines = AddedLines::new(old, data);
                // The lines of what is packed are no lines of the file.
                found.retain(|finding| finding.origin.is_member() || lines.touch(finding));
            }
        }
        found
    }

    /// The credentials of the files that the commit takes away: one that a new file has as well only moved.
    fn taken_away(&mut self) -> HashSet<Fingerprint> {
        if let Some(known) = &self.taken_away {
            return known.clone();
        }
        let (mut known, mut left) = (HashSet::new(), REMOVED);
        for (path, id) in std::mem::take(&mut self.removed) {
            let Ok(Some((_, data))) = self.finder.find(&id) else { continue };
            let Some(still) = left.checked_sub(data.len()) else { break };
            left = still;
            known.extend(self.credentials(&path, &data));
        }
        self.taken_away = Some(known.clone());
        known
    }

    fn outcome(mut self, located: &Located, exclude: &Exclude, started: Instant) -> ScanOutcome {
        self.coverage.skipped.sort();
        self.coverage.skipped.dedup();
        let gathered = Gathered { findings: self.findings, below: 0, coverage: self.coverage };
        let frame = Frame { detector: self.detector, plan: self.plan, others: &[], exclude, started };
        gathered.conclude(&frame, Some(located.top.clone()))
    }
}

/// Whether a path is `wanted` or in that folder; everything is in the empty one.
fn is_below(path: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || path.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// Where a text has lines that another does not have, or lacks some.
struct AddedLines(Vec<Range<u64>>);

impl AddedLines {
    fn new(old: &[u8], new: &[u8]) -> Self {
        let text = |data| Encoding::sniff(data).decode(data);
        let (old, new) = (text(old), text(new));
        let diff = Diff::compute(Algorithm::Histogram, &InternedInput::new(&*old, &*new));
        Self(diff.hunks().map(|hunk| hunk.after.start.into()..hunk.after.end.into()).collect())
    }

    /// Whether a finding stands on one of them, or lines in its midst are gone.
    fn touch(&self, finding: &Finding) -> bool {
        // Lines are counted from 1, those of the difference from 0.
        let (first, end) = (finding.start.line - 1, finding.end.line);
        let after = self.0.partition_point(|lines| lines.end <= first);
        self.0[after..]
            .iter()
            .take_while(|lines| lines.start < end)
            .any(|lines| !lines.is_empty() || lines.start > first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_lines_are_those_that_the_old_text_lacks() {
        let lines = |old: &[u8], new: &[u8]| -> Vec<(u64, u64)> {
            AddedLines::new(old, new).0.into_iter().map(|lines| (lines.start, lines.end)).collect()
        };
        assert_eq!(lines(b"a\nb\n", b"a\nx\nb\n"), [(1, 2)]);
        assert_eq!(lines(b"a\nb\nc\n", b"a\nc\n"), [(1, 1)]);
        assert_eq!(lines(b"", b"a\nb"), [(0, 2)]);
        assert_eq!(lines(b"a\n", b"a\n"), []);
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        assert_eq!(lines(&utf16("one line\nand two\n"), &utf16("one line\nnew\nand two\n")), [(1, 2)]);
    }

    #[test]
    fn a_path_is_below_itself_and_its_folders() {
        assert!(is_below(b"a/b", b"a") && is_below(b"a", b"a") && is_below(b"a/b", b""));
        assert!(!is_below(b"ab", b"a") && !is_below(b"a", b"a/b"));
    }
}
