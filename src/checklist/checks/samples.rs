//! What the user names besides the project: logs, what was exported of chats and documents, mails that were received; and the logs
//! that are in the tree itself.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::stage::{Stage, stage};
use crate::checklist::gather::{Collector, Gathered};
use crate::scan::{ScanOutcome, Tap};
use crate::source::log;

/// Everything that was scanned or read besides the project.
#[derive(Default)]
pub struct Samples {
    /// The logs that were given, scanned for personal data too.
    pub logs: Option<ScanOutcome>,
    /// The logs in the tree.
    pub tree_logs: TreeLogs,
    /// What was exported.
    pub exports: Option<Exports>,
    /// Mails as they were received.
    pub messages: Vec<Message>,
}

impl Samples {
    /// All scans.
    pub(super) fn scans(&self) -> impl Iterator<Item = &ScanOutcome> {
        self.secrets().chain(&self.tree_logs.scan)
    }

    /// Those whose secrets are not found by the scan of the project.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &ScanOutcome> {
        self.logs.iter().chain(self.exports.as_ref().map(|exports| &exports.scan))
    }
}

/// The logs in the tree.
#[derive(Default)]
pub struct TreeLogs {
    /// The scan of them for personal data, if there are any.
    pub scan: Option<ScanOutcome>,
    /// How many more there are in tests and examples.
    pub development: u64,
}

/// Folders of what was exported.
pub struct Exports {
    /// The scan of them.
    pub scan: ScanOutcome,
    /// How many pictures and recordings are among them: what they show is not read.
    pub pictures: u64,
}

/// A mail.
#[derive(Clone, Debug)]
pub struct Message {
    /// The file, as the user has named it.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Endings of pictures and recordings, and of mailboxes in a form that is not read.
const PICTURES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "heic", "heif", "avif", "bmp", "tif", "tiff", "mp4", "mov", "webm", "mkv",
    "avi", "m4v", "mp3", "m4a", "ogg", "wav", "pst", "ost",
];

/// Counts what is among the files of an export and cannot be read.
#[derive(Debug, Default)]
pub struct Pictures(AtomicU64);

impl Pictures {
    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tap for Pictures {
    fn file(&self, _: &str, _: &[u8]) {}

    fn large(&self, _: &str, _: u64) {}

    fn seen(&self, path: &str) {
        let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
        if ending.is_some_and(|ending| PICTURES.contains(&ending.to_ascii_lowercase().as_str())) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Collects the files of a tree, and notes which are logs.
#[derive(Debug, Default)]
pub struct Watch {
    collector: Collector,
    logs: Mutex<BTreeSet<String>>,
    development: AtomicU64,
}

impl Watch {
    /// What was collected.
    #[must_use]
    pub fn take(&self) -> Gathered {
        self.collector.take()
    }

    /// The paths of the logs that count, in order, and how many more there are in tests and examples.
    #[must_use]
    pub fn logs(&self) -> (Vec<String>, u64) {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        (logs.iter().cloned().collect(), self.development.load(Ordering::Relaxed))
    }
}

impl Tap for Watch {
    fn file(&self, path: &str, bytes: &[u8]) {
        self.collector.file(path, bytes);
    }

    fn large(&self, path: &str, len: u64) {
        self.collector.large(path, len);
    }

    fn seen(&self, path: &str) {
        if !is_log(path) {
            return;
        }
        if stage(path) == Stage::Development {
            self.development.fetch_add(1, Ordering::Relaxed);
        } else {
            self.logs.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        }
    }
}

/// Whether a file is a log of the project, and of nobody else.
fn is_log(path: &str) -> bool {
    let is_foreign = |part: &str| matches!(part, ".git" | "node_modules" | "vendor" | "venv" | ".venv");
    log::is_named_so(path) && !path.split('/').any(is_foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_the_tree_are_noted_and_what_is_collected_is_not_changed() {
        let watch = Watch::default();
        for path in ["logs/app.log", "app.log.1", "test/a.log", "node_modules/x/npm-debug.log", ".git/x.log", "a.py"] {
            watch.seen(path);
            watch.file(path, b"x = 1\n");
        }
        watch.seen("logs/old.log.gz");
        assert_eq!(watch.logs(), (vec!["app.log.1".into(), "logs/app.log".into(), "logs/old.log.gz".into()], 1));
        assert!(watch.take().project.file("a.py").is_some());
    }

    #[test]
    fn pictures_are_counted_by_their_ending() {
        let pictures = Pictures::default();
        for path in ["a/Screenshot.PNG", "b.jpeg", "c.json", "png", "d.png/e.txt"] {
            pictures.seen(path);
        }
        pictures.seen("f.mov");
        assert_eq!(pictures.count(), 3);
    }
}
