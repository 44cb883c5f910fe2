//! The files of a project that tell of its routes and settings.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::expression::Expressions;
use super::parse::{Language, Parsed};
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
    /// Whether its expressions will be asked for, so that they are read whenever it is parsed.
    is_wanted: Option<bool>,
    /// None if parsing took too long.
    expressions: OnceLock<Option<Arc<Expressions>>>,
}

impl SourceFile {
    /// Parses the file. None if that takes too long.
    pub(super) fn parse(&self, language: Language) -> Option<Parsed> {
        let parsed = Parsed::new(language, &self.text);
        if self.is_wanted == Some(true) {
            self.expressions
                .get_or_init(|| parsed.as_ref().map(|parsed| Arc::new(Expressions::of(language, &self.text, parsed))));
        }
        parsed
    }

    /// Whether its expressions will be asked for; none if nobody has said: see [`Project::want`].
    #[must_use]
    pub fn is_wanted(&self) -> Option<bool> {
        self.is_wanted
    }

    /// What it calls and sets; read once. None if it is no source file, or if parsing it takes too long.
    #[must_use]
    pub fn expressions(&self) -> Option<Arc<Expressions>> {
        let read = || Expressions::read(self.language?, &self.text).map(Arc::new);
        self.expressions.get_or_init(read).clone()
    }
}

/// Does something with each of these files, in parallel: the largest first, so that no thread is left with one when the others are
/// done. What comes of it is in the order of the files.
pub fn each_by_size<'f, P, T>(files: &[(P, &'f SourceFile)], each: impl Fn(P, &'f SourceFile) -> T + Sync) -> Vec<T>
where
    P: Copy + Sync,
    T: Send,
{
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|at| Reverse(files[*at].1.text.len()));
    let done = order.par_iter().with_max_len(16).map(|at| (*at, each(files[*at].0, files[*at].1)));
    let mut done: Vec<(usize, T)> = done.collect();
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, done)| done).collect()
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
        let file = SourceFile { text, language, is_wanted: None, expressions: OnceLock::new() };
        self.files.insert(path, file);
    }

    /// Says of which source files the expressions will be asked for: whoever parses one first reads them too.
    pub fn want(&mut self, is_wanted: impl Fn(&str, Language, &[u8]) -> bool + Sync) {
        self.files.par_iter_mut().for_each(|(path, file)| {
            file.is_wanted = Some(file.language.is_some_and(|language| is_wanted(path, language, &file.text)));
        });
    }

    /// Reads the expressions that will be asked for of these files, where nobody has parsed them yet.
    pub(super) fn read_wanted(&self, of: impl Fn(&SourceFile) -> bool) {
        let is_missing = |file: &SourceFile| file.is_wanted == Some(true) && file.expressions.get().is_none();
        let missing: Vec<((), &SourceFile)> =
            self.files.values().filter(|file| of(file) && is_missing(file)).map(|file| ((), file)).collect();
        each_by_size(&missing, |(), file| drop(file.expressions()));
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
