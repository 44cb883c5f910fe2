//! What the checks look at: every file read once, in parallel.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use rayon::prelude::*;

use super::super::launch_file::LaunchFile;
use super::super::verdict::Coverage;
use super::Facts;
use super::document::Document;
pub(super) use super::stage::{Stage, stage};
use crate::code::expression::{Call, Expressions, Set, Value};
use crate::code::setting::{self, Format};
use crate::code::{Framework, Inventory, Language, Project, SourceFile, each_by_size};

/// A source file.
pub(super) struct CodeFile<'a> {
    pub(super) path: &'a str,
    pub(super) language: Language,
    pub(super) stage: Stage,
    pub(super) text: &'a str,
    pub(super) found: Arc<Expressions>,
}

/// A file of settings.
pub(super) struct SettingsFile<'a> {
    pub(super) path: &'a str,
    pub(super) stage: Stage,
    pub(super) documents: Vec<Value>,
}

/// Everything, read.
pub(super) struct Survey<'a> {
    pub(super) project: &'a Project,
    pub(super) inventory: &'a Inventory,
    pub(super) launch: Option<&'a LaunchFile>,
    pub(super) today: Date,
    /// Source files that a check may know something by.
    pub(super) code: Vec<CodeFile<'a>>,
    pub(super) settings: Vec<SettingsFile<'a>>,
    pub(super) documents: Vec<Document<'a>>,
    /// Every file that is UTF-8, by its path.
    texts: HashMap<&'a str, &'a str>,
    /// The paths of what is launched, source files and others.
    live: Vec<&'a str>,
    /// What could not be read, or not wholly: path, line and why.
    pub(super) gaps: Vec<(&'a str, u32, String)>,
    files: usize,
    /// How many of the files are tests and examples, which decide nothing.
    development: usize,
    /// How many files were not read, by the reason.
    unread: &'a BTreeMap<String, u64>,
}

/// A larger JSON file is data: 256 KiB.
const MAX_JSON: usize = 256 << 10;

enum Read<'a> {
    Code(Box<CodeFile<'a>>),
    Settings(SettingsFile<'a>),
    Document(Document<'a>),
    Gap(&'a str, String),
    Nothing,
}

impl<'a> Survey<'a> {
    pub(super) fn new(facts: &Facts<'a>) -> Self {
        let files: Vec<(&'a str, &'a SourceFile)> =
            facts.project.files().map(|(path, file)| (&**path, file)).filter(|(path, _)| !is_foreign(path)).collect();
        let read = each_by_size(&files, read);
        let stages: Vec<Stage> = files.par_iter().map(|(path, _)| stage(path)).collect();
        let live = files.iter().zip(&stages).filter(|(_, stage)| **stage > Stage::Development);
        let develops = |(file, stage): &(&(&str, _), &Stage)| **stage == Stage::Development && !is_document(file.0);
        let texts = files.par_iter().filter_map(|(path, file)| Some((*path, std::str::from_utf8(&file.text).ok()?)));
        let mut this = Self {
            project: facts.project,
            inventory: facts.inventory,
            launch: facts.launch,
            today: facts.today,
            code: Vec::new(),
            settings: Vec::new(),
            documents: Vec::new(),
            texts: texts.collect(),
            live: live.map(|((path, _), _)| *path).collect(),
            gaps: facts.project.gaps().iter().map(|gap| (&*gap.at.file, gap.at.line, gap.why.clone())).collect(),
            files: files.iter().filter(|(_, file)| file.language.is_some()).count(),
            development: files.iter().zip(&stages).filter(develops).count(),
            unread: facts.left_out,
        };
        for one in read {
            match one {
                Read::Code(file) => {
                    if file.found.has_errors && file.stage > Stage::Development {
                        this.gaps.push((file.path, 1, "The file has syntax that is not understood.".into()));
                    }
                    this.code.push(*file);
                }
                Read::Settings(file) => this.settings.push(file),
                Read::Document(document) => this.documents.push(document),
                Read::Gap(path, why) => this.gaps.push((path, 1, why)),
                Read::Nothing => {}
            }
        }
        this
    }

    /// The first thing that could not be read; the reason says how many there are.
    pub(super) fn gap(&self) -> Option<(&'a str, u32, String)> {
        let (path, line, why) = self.gaps.first()?;
        let why = match self.gaps.len() {
            1 => why.clone(),
            many => format!("{why} That is one of {many} files."),
        };
        Some((path, *line, why))
    }

    /// How many files were understood.
    pub(super) fn coverage(&self) -> Coverage {
        let all = self.files.max(self.gaps.len());
        Coverage { seen: all.saturating_sub(self.gaps.len()) as u64, all: all as u64, of: "source files".into() }
    }

    pub(super) fn looked_at(&self) -> String {
        format!(
            "{} source files, {} files of settings, {} documents",
            self.files,
            self.settings.len(),
            self.documents.len()
        )
    }

    /// What decided nothing: tests and examples, what others wrote, what was built. Empty if there is none.
    pub(super) fn left_out(&self) -> String {
        let mut parts = Vec::new();
        if self.development > 0 {
            parts.push(format!("{} in tests and examples", self.development));
        }
        let all: u64 = self.unread.values().sum();
        if all > 0 {
            parts.push(format!("{all} in {}", super::say::names(self.unread.keys().map(String::as_str))));
        }
        if parts.is_empty() { String::new() } else { format!("files that do not count: {}", parts.join(", ")) }
    }

    /// Source files of what is launched.
    pub(super) fn launched(&self) -> impl Iterator<Item = &CodeFile<'a>> {
        self.code.iter().filter(|file| file.stage > Stage::Development)
    }

    /// Path and text of every source file of what is launched, whether or not its code matters to a check.
    pub(super) fn launched_texts(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let sources = self.live.iter().filter(|path| Language::of_path(path).is_some());
        sources.filter_map(|path| Some((*path, self.text(path)?)))
    }

    /// Paths of everything that is launched.
    pub(super) fn live(&self) -> impl Iterator<Item = &'a str> {
        self.live.iter().copied()
    }

    /// Files of settings of what is launched.
    pub(super) fn live_settings(&self) -> impl Iterator<Item = &SettingsFile<'a>> {
        self.settings.iter().filter(|file| file.stage > Stage::Development)
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Option<&'a str> {
        self.texts.get(path).copied()
    }

    /// Files by a part of their path.
    pub(super) fn paths(&self, is: impl Fn(&str) -> bool) -> Vec<&'a str> {
        self.project.files().map(|(path, _)| &**path).filter(|path| is(path) && !is_foreign(path)).collect()
    }

    /// Whether a framework is used: by the inventory, or by a word in a manifest or a source.
    pub(super) fn uses(&self, framework: Framework, words: &[&str]) -> bool {
        self.inventory.frameworks.iter().any(|detected| detected.framework == framework)
            || self.launched_texts().any(|(_, text)| words.iter().any(|word| text.contains(word)))
    }

    /// Whether anything that serves requests was found.
    pub(super) fn has_framework(&self) -> bool {
        !self.inventory.frameworks.is_empty() || !self.inventory.routes.is_empty()
    }

    /// The settings of this name in what is launched. Where a file for production has one, only those of such files.
    pub(super) fn sets_of(&self, name: &str, language: Language) -> Vec<(&CodeFile<'a>, &Set)> {
        let all: Vec<(&CodeFile<'a>, &Set)> = self
            .launched()
            .filter(|file| file.language == language)
            .flat_map(|file| file.found.sets.iter().filter(|set| set.is(name)).map(move |set| (file, set)))
            .collect();
        let latest = all.iter().map(|(file, _)| file.stage).max();
        all.into_iter().filter(|(file, _)| Some(file.stage) == latest).collect()
    }
}

impl CodeFile<'_> {
    pub(super) fn mentions(&self, word: &str) -> bool {
        self.text.contains(word)
    }

    pub(super) fn calls<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c Call> {
        self.found.calls.iter().filter(move |call| call.is(name))
    }

    /// What a name stands for in this file, as far as that is written there.
    pub(super) fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        let mut value = value;
        for _ in 0..4 {
            let Value::Name(name) = value else { return value };
            match self.found.sets.iter().rev().find(|set| set.name == *name) {
                Some(set) => value = &set.value,
                None => return value,
            }
        }
        value
    }

    /// The lines of comments that hold a word: what was once set, or is to be.
    pub(super) fn commented(&self, word: &str) -> Vec<u32> {
        let lines = self.found.comments.iter().flat_map(|(start, text)| {
            text.lines().zip(*start..).filter(|(line, _)| line.contains(word)).map(|(_, number)| number)
        });
        lines.take(3).collect()
    }
}

fn read<'a>(path: &'a str, file: &'a SourceFile) -> Read<'a> {
    let text = std::str::from_utf8(&file.text);
    if let Some(language) = file.language {
        let matters = || super::words::matter(path, language, &file.text);
        if !file.is_wanted().unwrap_or_else(matters) {
            return Read::Nothing;
        }
        let Ok(text) = text else { return Read::Gap(path, "The file is not UTF-8.".into()) };
        return match file.expressions() {
            Some(found) => Read::Code(Box::new(CodeFile { path, language, stage: stage(path), text, found })),
            None => Read::Gap(path, "Reading the file took too long.".into()),
        };
    }
    if is_document(path) {
        return text.map_or(Read::Nothing, |text| Read::Document(Document::new(path, text)));
    }
    if is_lock(path) {
        return Read::Nothing;
    }
    let Some(format) = Format::of_path(path) else { return Read::Nothing };
    // Data, not settings: nobody writes so many by hand.
    if format == Format::Json && file.text.len() > MAX_JSON {
        return Read::Nothing;
    }
    match setting::read(format, &file.text) {
        Ok(documents) => Read::Settings(SettingsFile { path, stage: stage(path), documents }),
        // Templates of Helm and the like are no YAML, and not every JSON is one.
        Err(why) if decides(path) => Read::Gap(path, why),
        Err(_) => Read::Nothing,
    }
}

/// Whether a file of settings is one that a row is decided by, so that one that cannot be read matters.
fn decides(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.contains(".github/workflows/")
        || name.starts_with("application")
        || ["fly.toml", "render.yaml", "vercel.json", "netlify.toml", ".gitlab-ci.yml", "package.json"].contains(&name)
        || name.starts_with("docker-compose")
}

fn is_document(path: &str) -> bool {
    [".md", ".mdx", ".markdown", ".adoc", ".rst"].iter().any(|end| path.ends_with(end))
}

fn is_lock(path: &str) -> bool {
    ["package-lock.json", "pnpm-lock.yaml", "composer.lock", "npm-shrinkwrap.json"].iter().any(|n| path.ends_with(n))
}

/// Whether a file is somebody else's.
pub(super) fn is_foreign(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(
            part,
            "node_modules" | "vendor" | "bower_components" | "third_party" | "site-packages" | ".venv" | "venv"
        )
    })
}

/// Every entry of a value, with the keys above it.
pub(super) fn entries(value: &Value) -> Vec<(String, &Value, u32)> {
    fn walk<'v>(value: &'v Value, path: &str, out: &mut Vec<(String, &'v Value, u32)>) {
        match value {
            Value::Table(entries) => {
                for entry in entries {
                    let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                    out.push((path.clone(), &entry.value, entry.line));
                    if path.len() < 400 {
                        walk(&entry.value, &path, out);
                    }
                }
            }
            Value::List(values) => values.iter().for_each(|value| walk(value, path, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(value, "", &mut out);
    out
}

/// Numbers of lines by the text that is on them, for files that are no settings and no code.
pub(super) fn numbered(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1_u32..).zip(text.lines())
}
