//! Routes of Python applications: Django, Django REST framework, Flask and FastAPI.

mod body;
mod connexion;
mod django;
mod drf;
mod fastapi;
mod flask;
mod guards;
mod module;
mod names;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use rayon::prelude::*;

use super::framework::{Detected, Framework};
use super::parse::Language;
use super::project::{Project, SourceFile, each_by_size};
use super::reader::keep;
use super::route::{Gap, Inventory, Place};
use super::value::first_error;
use module::Module;
use names::{Names, candidates};

/// Files that hold one of these can have routes, or say what stands before them.
const ROUTES: &[&str] = &[
    "flask", "quart", "fastapi", "FastAPI", "APIRouter", "urlpatterns", "rest_framework", "ROOT_URLCONF",
    "REST_FRAMEWORK", "connexion", "django.urls",
];

/// Files that hold one of these do what a check asks for.
const FACTS: &[&str] = &[
    "environ", "getenv", "BaseSettings", "jwt", "set_cookie", "SECRET_KEY", "secret_key", "request.", "decouple",
    "key_func", "format_exc", ".objects.",
];

/// What writes logs; only together with what must not be logged is a file read for it.
const LOGS: &[&str] = &["print(", "logger", "logging"];
const SENSITIVE: &[&str] = &["assword", "oken", "ecret", "uthorization", ".headers"];

/// Imports of imports of a file with routes are followed so far.
const MAX_WAVES: usize = 4;

/// Adds the routes of Python frameworks.
pub(super) fn routes(project: &Project, inventory: &mut Inventory) {
    let files: Vec<_> =
        project.files().filter(|(path, file)| file.language == Some(Language::Python) && !is_test(path)).collect();
    let any = |words: &[&str]| AhoCorasick::new(words).ok();
    let (routing, facts, logs, sensitive) = (any(ROUTES), any(FACTS), any(LOGS), any(SENSITIVE));
    let holds =
        |automaton: &Option<AhoCorasick>, text: &[u8]| automaton.as_ref().is_none_or(|words| words.is_match(text));
    let wanted: Vec<_> = files
        .par_iter()
        .map(|(path, file)| {
            let text = &file.text;
            let noted = holds(&facts, text) || holds(&logs, text) && holds(&sensitive, text);
            (*path, *file, holds(&routing, text), noted)
        })
        .filter(|(_, _, routes, facts)| *routes || *facts)
        .collect();
    let first: BTreeSet<Arc<str>> =
        wanted.iter().filter(|(_, _, routes, _)| *routes).map(|(path, ..)| (*path).clone()).collect();
    let mut modules: BTreeMap<Arc<str>, Module> = BTreeMap::new();
    let all: Vec<_> = wanted.iter().map(|(path, file, ..)| (*path, *file)).collect();
    read_all(&all, &mut modules, inventory);
    follow_imports(project, &first, &mut modules, inventory);
    inventory.files += modules.len();
    let modules: Vec<Module> = modules.into_values().collect();
    for module in &modules {
        inventory.facts.extend_from_slice(&module.facts);
        if let (Some(line), true) = (module.broken, first.contains(&module.path)) {
            let why =
                "The file has a syntax error here, or is nested too deeply; routes and guards near it may be missing.";
            inventory.gaps.push(Gap { at: Place { file: module.path.clone(), line }, why: why.into() });
        }
    }
    let names = Names::new(&modules);
    django::routes(&names, inventory);
    flask::routes(&names, inventory);
    fastapi::routes(&names, inventory);
    connexion::routes(project, &names, inventory);
    add_body_mentions(&modules, inventory);
    detect(project, inventory);
}

/// Whether a file is for tests, or changes tables: what it serves is no part of the application.
fn is_test(path: &str) -> bool {
    const FOLDERS: &[&str] =
        &["test", "tests", "testing", "migrations", "site-packages", "node_modules", "venv", ".venv"];
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    folders.split('/').any(|folder| FOLDERS.contains(&folder))
        || name.starts_with("test_")
        || name.ends_with("_test.py")
        || matches!(name, "conftest.py" | "tests.py")
}

/// Reads files in parallel, and drops their trees at once.
fn read_all(files: &[(&Arc<str>, &SourceFile)], modules: &mut BTreeMap<Arc<str>, Module>, inventory: &mut Inventory) {
    let read = each_by_size(files, |path, file| {
        let parsed = file.parse(Language::Python);
        let module = parsed.map(|parsed| {
            let root = parsed.tree.root_node();
            let mut module = read::read(path.clone(), root, &file.text);
            body::read(root, &file.text, &mut module);
            if root.has_error() {
                module.broken = first_error(root).or(Some(1));
            }
            module
        });
        (path.clone(), module)
    });
    keep(read, modules, inventory);
}

/// Reads what files with routes import as well: handlers, guards and models stand there.
fn follow_imports(
    project: &Project,
    first: &BTreeSet<Arc<str>>,
    modules: &mut BTreeMap<Arc<str>, Module>,
    inventory: &mut Inventory,
) {
    let mut edge = first.clone();
    for _ in 0..MAX_WAVES {
        let mut reached: BTreeSet<Arc<str>> = BTreeSet::new();
        for module in edge.iter().filter_map(|path| modules.get(path)) {
            for import in &module.imports {
                let separator = if import.module.ends_with('.') { "" } else { "." };
                let inner = import.name.as_ref().map(|name| format!("{}{separator}{name}", import.module));
                for source in [Some(import.module.clone()), inner].into_iter().flatten() {
                    reached.extend(candidates(&module.path, &source).iter().find_map(|path| project.key(path)));
                }
            }
        }
        reached.retain(|path| !is_test(path));
        let missing: Vec<(&Arc<str>, &SourceFile)> =
            project.files().filter(|(path, _)| reached.contains(*path) && !modules.contains_key(*path)).collect();
        read_all(&missing, modules, inventory);
        edge = reached;
    }
}

/// Guards that handlers call themselves.
fn add_body_mentions(modules: &[Module], inventory: &mut Inventory) {
    let paths: BTreeMap<&str, &Module> = modules.iter().map(|module| (&*module.path, module)).collect();
    for route in &mut inventory.routes {
        let Some(handler) = &route.handler else { continue };
        let Some(module) = paths.get(&*handler.at.file) else { continue };
        let within =
            module.mentions.iter().filter(|mention| (handler.at.line..=handler.end).contains(&mention.at.line));
        let new: Vec<_> = within.filter(|mention| !route.before.contains(mention)).cloned().collect();
        route.before.extend(new);
    }
}

/// Names the frameworks that serve something, and where that shows: a manifest, else the first route.
fn detect(project: &Project, inventory: &mut Inventory) {
    const PACKAGES: &[(Framework, &str)] = &[
        (Framework::Django, "django"),
        (Framework::DjangoRest, "djangorestframework"),
        (Framework::Flask, "flask"),
        (Framework::FastApi, "fastapi"),
    ];
    let serving: BTreeSet<Framework> = inventory.routes.iter().map(|route| route.framework).collect();
    for (framework, package) in PACKAGES {
        let mut found = false;
        for (path, file) in project.files() {
            let name = path.rsplit('/').next().unwrap_or_default();
            let is_manifest = name.starts_with("requirements") && name.ends_with(".txt")
                || matches!(name, "pyproject.toml" | "Pipfile" | "setup.cfg");
            if !is_manifest || is_test(path) {
                continue;
            }
            let text = String::from_utf8_lossy(&file.text);
            for (number, line) in text.lines().enumerate() {
                // A list can stand on one line: `dependencies = ["flask", "gunicorn"]`.
                let quoted = line.split(['"', '\'']).skip(1).step_by(2);
                let version = std::iter::once(line).chain(quoted).find_map(|part| required(part, package));
                if let Some(version) = version {
                    let at = Place { file: path.clone(), line: u32::try_from(number + 1).unwrap_or(1) };
                    inventory.frameworks.push(Detected { framework: *framework, version, at });
                    found = true;
                }
            }
        }
        if !found && serving.contains(framework) {
            let first = inventory.routes.iter().find(|route| route.framework == *framework);
            if let Some(at) = first.map(|route| route.at.clone()) {
                inventory.frameworks.push(Detected { framework: *framework, version: None, at });
            }
        }
    }
}

/// Whether a manifest's line requires a package, and the version that it names.
#[expect(clippy::option_option, reason = "a package can be required without a version")]
fn required(line: &str, package: &str) -> Option<Option<String>> {
    let line = line.trim().trim_start_matches(['"', '\'', '-', ' ']);
    let rest = line
        .get(..package.len())
        .filter(|start| start.eq_ignore_ascii_case(package))
        .map(|_| &line[package.len()..])?;
    let rest = rest.split_once(']').map_or(rest, |(extras, rest)| if extras.starts_with('[') { rest } else { line });
    let named = rest.trim_start_matches([' ', '=', '<', '>', '~', '^', '"', '\'', '!']);
    if !rest.is_empty() && !rest.starts_with([' ', '=', '<', '>', '~', '!', '"', '\'', ';', ',']) {
        return None;
    }
    let version: String = named.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '*')).collect();
    Some(version.starts_with(|c: char| c.is_ascii_digit()).then_some(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_name_versions() {
        let cases = [
            ("Flask==3.0.2", "flask", Some(Some("3.0.2"))),
            ("flask", "flask", Some(None)),
            ("flask-login==1", "flask", None),
            ("\"fastapi[standard]<1.0,>=0.114\",", "fastapi", Some(Some("1.0"))),
            ("django = \"^5.1\"", "django", Some(Some("5.1"))),
            ("djangorestframework==3.15", "django", None),
        ];
        for (line, package, wanted) in cases {
            assert_eq!(required(line, package), wanted.map(|version| version.map(str::to_owned)), "{line}");
        }
    }
}
