//! What of a tree the checklist reads: source files, manifests, settings and documents, taken while the tree is scanned
//! for secrets.
//!
//! Folders of what others wrote or a tool made are left out, and counted. Of environment files only facts are kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::code::{Language, MAX_FILE, Project};
use crate::scan::Tap;

/// Folders of others' code, of build output and of caches, wherever they are.
const FOREIGN: &[&str] = &[
    "node_modules", "bower_components", "vendor", "third_party", "site-packages", "venv", ".venv", "__pycache__",
    "dist", ".next", ".nuxt", ".output", ".svelte-kit", ".turbo", ".cache", ".gradle", ".terraform", "Pods",
    "coverage", ".tox", ".mypy_cache", ".pytest_cache",
];

/// The same, but only where they are not among source files.
const BUILT: &[&str] = &["build", "out", "target"];

/// Folders that tools build for browsers.
const BUNDLES: &[&str] = &["dist", "build", "out", ".next", ".nuxt", ".output"];

/// Endings of settings and documents.
const ENDINGS: &[&str] = &[
    "json", "yaml", "yml", "toml", "ini", "cfg", "conf", "properties", "md", "mdx", "rst", "adoc", "lock", "xml",
    "gradle", "kts", "mod", "sum", "sql", "prisma", "rules", "tf", "hcl", "vue", "svelte", "erb", "ejs", "htaccess",
    "sh",
];

/// Names of files that have no telling ending.
const NAMES: &[&str] = &[
    "Dockerfile", "Containerfile", "Caddyfile", "Gemfile", "Procfile", "Makefile", "Justfile", "Rakefile",
    "Jenkinsfile", "CODEOWNERS", "_headers", "_redirects", "Pipfile", "README", "RUNBOOK", "HANDOVER",
];

/// What the checklist reads of a tree.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The files.
    pub project: Project,
    /// How many files were left out, by the name of the folder they are in or by what else is the reason.
    pub left_out: BTreeMap<String, u64>,
    /// Environment files by path.
    pub env_files: BTreeMap<String, EnvFile>,
    /// How many files there are in folders that are built for browsers.
    pub bundled: u64,
}

/// What an environment file has. No value of it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFile {
    /// The names of the variables that have a value, in the order of the file.
    pub filled: Vec<String>,
    /// The names of those without.
    pub empty: Vec<String>,
    /// Whether it is no text that was understood, so that it may have any value.
    pub opaque: bool,
}

impl EnvFile {
    fn read(text: &[u8]) -> Self {
        let opaque = text.contains(&0) || std::str::from_utf8(text).is_err();
        let mut file = Self { opaque, ..Self::default() };
        for line in String::from_utf8_lossy(text).trim_start_matches('\u{feff}').lines() {
            let line = line.trim().trim_start_matches("export ").trim();
            let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
            let name = name.trim();
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                continue;
            }
            let is_empty = value.trim().trim_matches(['"', '\'']).is_empty();
            let list = if is_empty { &mut file.empty } else { &mut file.filled };
            list.push(name.to_owned());
        }
        file
    }
}

/// What a file is to the checklist.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'p> {
    Source,
    Setting,
    Environment,
    LeftOut(&'p str),
    Other,
}

/// Whether a file is an example of an environment file, to be committed.
#[must_use]
pub fn is_example(name: &str) -> bool {
    ["example", "sample", "template", "dist", "defaults"].iter().any(|mark| name.contains(mark))
}

fn kind(path: &str) -> Kind<'_> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut among_sources = false;
    for folder in folders.split('/') {
        match folder {
            ".git" => return Kind::Other,
            _ if FOREIGN.contains(&folder) || BUILT.contains(&folder) && !among_sources => {
                return Kind::LeftOut(folder);
            }
            "src" | "app" | "lib" | "source" => among_sources = true,
            _ => {}
        }
    }
    let is_list = is_example(name) && ["env-", "env_", "env.", ".env"].iter().any(|begin| name.starts_with(begin));
    if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") || is_list {
        return Kind::Environment;
    }
    if name.contains(".min.") || name.contains(".bundle.") {
        return Kind::LeftOut("minified files");
    }
    if Language::of_path(path).is_some() {
        return Kind::Source;
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_named =
        NAMES.iter().any(|known| name == *known || name.strip_prefix(known).is_some_and(|r| r.starts_with('.')));
    let is_requirements = name.starts_with("requirements") && ending == "txt";
    if is_named || is_requirements || ENDINGS.contains(&ending) { Kind::Setting } else { Kind::Other }
}

fn is_bundled(path: &str) -> bool {
    let is_web = [".js", ".mjs", ".html", ".map"].iter().any(|ending| path.ends_with(ending));
    let mut folders = path.rsplit_once('/').map_or("", |(folders, _)| folders).split('/');
    let is_served = |folder: &str| BUNDLES.contains(&folder);
    is_web
        // What builds is not what was built.
        && !path.contains("src/build/")
        && !path.split('/').any(|folder| folder == "node_modules")
        && !path.contains(".next/server/")
        && !path.contains(".next/cache/")
        && folders.any(is_served)
}

/// Takes the files of a scan.
#[derive(Debug, Default)]
pub struct Collector {
    gathered: Mutex<Gathered>,
}

impl Collector {
    /// What has come so far.
    #[must_use]
    pub fn take(&self) -> Gathered {
        std::mem::take(&mut *self.gathered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with(&self, change: impl FnOnce(&mut Gathered)) {
        change(&mut self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn leave_out(&self, why: &str) {
        self.with(|gathered| *gathered.left_out.entry(why.to_owned()).or_default() += 1);
    }
}

impl Tap for Collector {
    fn file(&self, path: &str, bytes: &[u8]) {
        if is_bundled(path) {
            self.with(|gathered| gathered.bundled += 1);
        }
        match kind(path) {
            Kind::Source => {
                let text = bytes.into();
                self.with(|gathered| gathered.project.add(path, text));
            }
            Kind::Setting if bytes.len() > MAX_FILE => self.leave_out("settings larger than 1 MiB"),
            Kind::Setting => {
                let text = bytes.into();
                self.with(|gathered| gathered.project.add(path, text));
            }
            Kind::Environment => {
                let facts = EnvFile::read(bytes);
                let example = is_example(path.rsplit('/').next().unwrap_or_default());
                self.with(|gathered| {
                    if example {
                        gathered.project.add(path, bytes.into());
                    }
                    gathered.env_files.insert(path.to_owned(), facts);
                });
            }
            Kind::LeftOut(why) => self.leave_out(why),
            Kind::Other => {}
        }
    }

    fn large(&self, path: &str, len: u64) {
        match kind(path) {
            Kind::Source => self.with(|gathered| gathered.project.leave_out(path, len)),
            Kind::Setting | Kind::Environment => self.leave_out("settings larger than 1 MiB"),
            Kind::LeftOut(why) => self.leave_out(why),
            Kind::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is() {
        for (path, expected) in [
            ("src/app.ts", Kind::Source),
            ("package.json", Kind::Setting),
            ("deploy/nginx.conf", Kind::Setting),
            ("Dockerfile.prod", Kind::Setting),
            ("docs/HANDOVER.md", Kind::Setting),
            ("requirements-dev.txt", Kind::Setting),
            (".env.example", Kind::Environment),
            ("env-example-relational", Kind::Environment),
            ("api/.env", Kind::Environment),
            ("node_modules/a/index.js", Kind::LeftOut("node_modules")),
            ("web/node_modules/a/package.json", Kind::LeftOut("node_modules")),
            ("build/app.js", Kind::LeftOut("build")),
            ("src/build/routes.ts", Kind::Source),
            ("static/app.min.js", Kind::LeftOut("minified files")),
            (".git/config", Kind::Other),
            (".git/hooks/x.py", Kind::Other),
            ("photo.png", Kind::Other),
            ("README", Kind::Setting),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_left_out_is_counted_and_nothing_of_an_environment_is_kept() {
        let collector = Collector::default();
        collector.file("src/a.py", b"x = 1");
        collector.file("node_modules/a/i.js", b"x");
        collector.file("dist/app.js", b"x");
        collector.file(".env", b"# SECRET=1\nexport KEY='hunter2'\nEMPTY=\nnot a line\nBAD NAME=1\n");
        collector.file(".env.example", b"KEY=\n");
        collector.large("src/big.py", 3 << 20);
        collector.large("data.json", 3 << 20);
        let gathered = collector.take();
        let paths: Vec<&str> = gathered.project.files().map(|(path, _)| &**path).collect();
        assert_eq!(paths, [".env.example", "src/a.py"]);
        assert_eq!(gathered.project.gaps().len(), 1);
        let left_out: Vec<(&str, u64)> = gathered.left_out.iter().map(|(why, n)| (why.as_str(), *n)).collect();
        assert_eq!(left_out, [("dist", 1), ("node_modules", 1), ("settings larger than 1 MiB", 1)]);
        assert_eq!(gathered.bundled, 1);
        assert_eq!(
            gathered.env_files[".env"],
            EnvFile { filled: vec!["KEY".into()], empty: vec!["EMPTY".into()], opaque: false }
        );
        assert!(!format!("{gathered:?}").contains("hunter2"));
    }
}
