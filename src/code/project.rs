//! The files of a project that tell of its routes and settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::parse::Language;
use super::route::{Gap, Place};

/// A larger source file is not read: 1 MiB. Nobody wrote it.
pub const MAX_FILE: usize = 1 << 20;

/// No more bytes of source are held: 256 MiB.
pub const MAX_TOTAL: usize = 256 << 20;

/// A file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its content. Not always UTF-8.
    pub text: Arc<[u8]>,
    /// What it is written in; none for manifests, settings and documents.
    pub language: Option<Language>,
}

/// The files by their paths, with `/`.
#[derive(Clone, Debug, Default)]
pub struct Project {
    files: BTreeMap<Arc<str>, SourceFile>,
    held: usize,
    /// Source files that were too large.
    gaps: Vec<Gap>,
}

impl Project {
    /// Adds a file. One that is too large, or beyond what can be held, becomes a gap.
    pub fn add(&mut self, path: &str, text: Arc<[u8]>) {
        let path: Arc<str> = path.into();
        if text.len() > MAX_FILE || self.held + text.len() > MAX_TOTAL {
            let why = format!("The file was not read: it has {} bytes.", text.len());
            self.gaps.push(Gap { at: Place { file: path, line: 1 }, why });
            return;
        }
        self.held += text.len();
        let language = Language::of_path(&path);
        self.files.insert(path, SourceFile { text, language });
    }

    /// Notes a source file that cannot be added, and how many bytes it has.
    pub fn leave_out(&mut self, path: &str, len: u64) {
        let why = format!("The file was not read: it has {len} bytes.");
        self.gaps.push(Gap { at: Place { file: path.into(), line: 1 }, why });
    }

    /// A file by its path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.get(path)
    }

    /// A file's path, as it is held.
    pub(super) fn key(&self, path: &str) -> Option<Arc<str>> {
        self.files.get_key_value(path).map(|(path, _)| path.clone())
    }

    /// All files, by path.
    pub fn files(&self) -> impl Iterator<Item = (&Arc<str>, &SourceFile)> {
        self.files.iter()
    }

    /// What was not read.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}
