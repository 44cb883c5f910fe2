//! Which file an import means.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::parse::Language;
use super::super::project::Project;

/// What is tried behind a path without an extension.
const ENDINGS: &[&str] = &[
    "", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", "/index.ts", "/index.tsx", "/index.js",
    "/index.jsx", "/index.mjs", "/index.cjs",
];

/// By import, the file that it means.
type Meant = HashMap<String, Option<Arc<str>>>;

/// The files that can be imported, and the aliases of their folders.
pub(super) struct Resolver<'p> {
    project: &'p Project,
    /// All that an import can say to mean a source file: its path without any of the endings. Most of what is tried is none.
    stems: HashSet<&'p str>,
    /// Of each folder with a `tsconfig.json`: what a beginning stands for.
    aliases: HashMap<String, Vec<(String, String)>>,
    /// What was asked for before, by folder and import: an import is followed for each route that it has to do with.
    known: RefCell<HashMap<String, Meant>>,
}

impl<'p> Resolver<'p> {
    /// Reads the aliases of a project.
    pub(super) fn new(project: &'p Project) -> Self {
        let (mut aliases, mut stems) = (HashMap::new(), HashSet::new());
        for (path, file) in project.files() {
            if file.language.is_some() {
                stems.extend(ENDINGS.iter().filter_map(|ending| path.strip_suffix(ending)));
            }
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            if name.starts_with("tsconfig") || name == "jsconfig.json" {
                aliases.entry(folder.to_owned()).or_insert_with(Vec::new).extend(paths_of(folder, &file.text));
            }
        }
        Self { project, stems, aliases, known: RefCell::default() }
    }

    /// The path of the file that `source` means in the file `from`; none for packages and what is not there.
    pub(super) fn resolve(&self, from: &str, source: &str) -> Option<Arc<str>> {
        let folder = folder_of(from);
        if let Some(known) = self.known.borrow().get(folder).and_then(|known| known.get(source)) {
            return known.clone();
        }
        let found = self.search(folder, source);
        self.known.borrow_mut().entry(folder.to_owned()).or_default().insert(source.to_owned(), found.clone());
        found
    }

    fn search(&self, folder: &str, source: &str) -> Option<Arc<str>> {
        if source.starts_with('.') {
            return self.file(&join(folder, source));
        }
        for above in ancestors(folder) {
            for (prefix, target) in self.aliases.get(above).into_iter().flatten() {
                if let Some(rest) = source.strip_prefix(prefix.as_str())
                    && let Some(found) = self.file(&join(target, rest))
                {
                    return Some(found);
                }
            }
            // The aliases that tools bring without being asked.
            let rest = ["@/", "~/", "#/"].into_iter().find_map(|prefix| source.strip_prefix(prefix));
            let tries = match (rest, source.starts_with("src/")) {
                (Some(rest), _) => {
                    vec![join(above, &format!("src/{rest}")), join(above, rest), join(above, &format!("app/{rest}"))]
                }
                (None, true) => vec![join(above, source)],
                (None, false) => Vec::new(),
            };
            if let Some(found) = tries.iter().find_map(|path| self.file(path)) {
                return Some(found);
            }
        }
        None
    }

    fn file(&self, path: &str) -> Option<Arc<str>> {
        let is_source = |path: &str| self.project.key(path).filter(|path| Language::of_path(path).is_some());
        if self.stems.contains(path) {
            return ENDINGS.iter().find_map(|ending| is_source(&format!("{path}{ending}")));
        }
        // TypeScript writes the name of what will be built: `./a.js` for `a.ts`.
        let stem = [".js", ".mjs", ".cjs", ".jsx"].into_iter().find_map(|ending| path.strip_suffix(ending))?;
        [".ts", ".tsx", ".mts", ".cts"].into_iter().find_map(|ending| is_source(&format!("{stem}{ending}")))
    }
}

/// The folder of a file; empty for the root.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A folder and all those above it, up to the root.
pub(super) fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| (!folder.is_empty()).then(|| folder_of(folder)))
}

/// Puts a relative path behind a folder.
pub(super) fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The aliases of a `tsconfig.json`. Where it has comments that JSON does not know, none.
fn paths_of(folder: &str, text: &[u8]) -> Vec<(String, String)> {
    let Ok(config) = serde_json::from_slice::<serde_json::Value>(text) else { return Vec::new() };
    let options = &config["compilerOptions"];
    let base = join(folder, options["baseUrl"].as_str().unwrap_or("."));
    let mut found = Vec::new();
    for (alias, targets) in options["paths"].as_object().into_iter().flatten() {
        for target in targets.as_array().into_iter().flatten().filter_map(|target| target.as_str()) {
            found.push((alias.trim_end_matches('*').to_owned(), join(&base, target.trim_end_matches('*'))));
        }
    }
    if options["baseUrl"].is_string() {
        found.push((String::new(), base));
    }
    found
}
