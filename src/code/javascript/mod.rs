//! Routes of JavaScript and TypeScript applications: Express, Fastify, NestJS and Next.js.

mod body;
mod express;
mod fastify;
mod known;
mod link;
mod module;
mod modules;
mod nest;
mod next;
mod read;
mod run;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use rayon::prelude::*;

use super::body::FactKind;
use super::framework::Detected;
use super::parse::Language;
use super::project::{Project, SourceFile, each_by_size};
use super::reader::keep;
use super::route::{Gap, Inventory, Place};
use super::value::first_error;
use express::Kind;
use known::Known;
use module::Module;
use modules::Resolver;
use run::Machine;

/// Files that hold one of these can have routes.
const ROUTES: &[&str] =
    &["express", "fastify", "Fastify", "@nestjs/", "Router", "'use server'", "\"use server\"", "autohooks"];

/// Before or behind these words, something else is meant: React's `useRouter`, Next.js's `AppRouterInstance`, an expression.
const ELSE_BEFORE: &[&str] = &["use", "App", "Browser", "Hash", "Memory", "Next", "with"];
const ELSE_BEHIND: &[&str] = &["ion", "ed", "es", "ive"];

/// Files that hold one of these do what a check asks for.
const FACTS: &[&str] = &[
    "process.env", "import.meta.env", "jsonwebtoken", "jwt.", "jose", "cookie(", "cookies(", "cookies.set",
    "orwarded-", "ORWARDED-", "req.params", "req.query", "req.body", "request.params", "request.query", "request.body",
    "req.headers", "err.stack", "error.stack",
];

/// What writes logs; only together with what must not be logged is a file read for it.
const LOGS: &[&str] = &["console.", "logger", "log.", "winston", "pino"];
const SENSITIVE: &[&str] = &["assword", "oken", "ecret", "uthorization", ".headers", ".body", "ookie"];

/// Imports of imports of a file with routes are followed so far: to handlers behind an index file.
const MAX_WAVES: usize = 4;

/// Adds the routes of JavaScript and TypeScript frameworks.
pub(super) fn routes(project: &Project, inventory: &mut Inventory) {
    let files: Vec<_> = project.files().filter(|(path, file)| is_source(file) && !is_test(path)).collect();
    let next = next::applications(project);
    let words = Words::new();
    // The router of a browser's framework serves nobody.
    let browser = browser_folders(project);
    let serves = |path: &str, text: &[u8]| words.routes(text) && !in_browser(&browser, path) && !is_client(text);
    let wanted: Vec<_> = files
        .par_iter()
        .map(|(path, file)| {
            (*path, *file, next::is_route(path, &next) || serves(path, &file.text), words.facts(&file.text))
        })
        .filter(|(_, _, routes, facts)| *routes || *facts)
        .collect();
    let first: BTreeSet<Arc<str>> =
        wanted.iter().filter(|(_, _, routes, _)| *routes).map(|(path, ..)| (*path).clone()).collect();
    let mut modules: BTreeMap<Arc<str>, Module> = BTreeMap::new();
    let all: Vec<(&Arc<str>, &SourceFile)> = wanted.iter().map(|(path, file, ..)| (*path, *file)).collect();
    read_all(&all, &mut modules, inventory);
    let resolver = Resolver::new(project);
    follow_imports(project, &resolver, &first, &mut modules, inventory);
    inventory.files += modules.len();
    let modules: Vec<Module> = modules.into_values().collect();
    let numbers: HashMap<Arc<str>, usize> =
        modules.iter().enumerate().map(|(number, module)| (module.path.clone(), number)).collect();
    for module in &modules {
        let mut facts = module.facts.clone();
        // What a browser shows of a token need not be verified: nobody is let in by it.
        if in_browser(&browser, &module.path) {
            facts.retain(|fact| fact.kind != FactKind::UnverifiedToken);
        }
        inventory.facts.append(&mut facts);
        if let (Some(line), true) = (module.broken, first.contains(&module.path)) {
            let why =
                "The file has a syntax error here, or is nested too deeply; routes and guards near it may be missing.";
            inventory.gaps.push(Gap { at: Place { file: module.path.clone(), line }, why: why.into() });
        }
    }
    // What one file does depends on all that it imports, so only one core follows it.
    let link = || {
        let mut machine = Machine::new(&modules, &numbers, resolver);
        receivers(&mut machine, &modules, &first, inventory);
        nest::routes(&mut machine, inventory);
        next::routes(&mut machine, &next, inventory);
    };
    rayon::join(link, || project.read_wanted(is_source));
    add_body_mentions(&modules, &numbers, inventory);
    detect(project, inventory);
}

/// The folders of manifests, and whether what is in them is built for browsers alone.
fn browser_folders(project: &Project) -> BTreeMap<&str, bool> {
    const BROWSER: &[&str] =
        &["@angular/core", "react-dom", "vue", "svelte", "solid-js", "preact", "react-native", "ember-source"];
    const SERVER: &[&str] = &[
        "express", "fastify", "koa", "@hapi/hapi", "@nestjs/core", "next", "nuxt", "hono", "@sveltejs/kit", "astro",
        "@remix-run/node", "@remix-run/react", "@react-router/node", "@tanstack/react-start", "gatsby",
    ];
    let mut folders = BTreeMap::new();
    for (path, file) in project.files().filter(|(path, _)| path.rsplit('/').next() == Some("package.json")) {
        let Ok(manifest) = serde_json::from_slice::<serde_json::Value>(&file.text) else { continue };
        let has = |names: &[&str]| {
            let lists = ["dependencies", "devDependencies"];
            names.iter().any(|name| lists.iter().any(|list| manifest[list][name].is_string()))
        };
        folders.insert(path.rsplit_once('/').map_or("", |(folder, _)| folder), has(BROWSER) && !has(SERVER));
    }
    folders
}

/// Whether the nearest manifest above a file is that of a browser's code.
fn in_browser(folders: &BTreeMap<&str, bool>, path: &str) -> bool {
    let mut at = path;
    while let Some((above, _)) = at.rsplit_once('/') {
        if let Some(found) = folders.get(above) {
            return *found;
        }
        at = above;
    }
    folders.get("").copied().unwrap_or(false)
}

struct Words {
    routes: Option<AhoCorasick>,
    facts: Option<AhoCorasick>,
    logs: Option<AhoCorasick>,
    sensitive: Option<AhoCorasick>,
}

/// Whether a text holds one of some words; without the automaton, every file is read.
fn holds(words: &Option<AhoCorasick>, text: &[u8]) -> bool {
    words.as_ref().is_none_or(|words| words.is_match(text))
}

impl Words {
    fn new() -> Self {
        let any = |words: &[&str]| AhoCorasick::new(words).ok();
        Self { routes: any(ROUTES), facts: any(FACTS), logs: any(LOGS), sensitive: any(SENSITIVE) }
    }

    fn routes(&self, text: &[u8]) -> bool {
        let means = |hit: aho_corasick::Match| {
            let (before, behind) = (&text[..hit.start()], &text[hit.end()..]);
            match ROUTES[hit.pattern().as_usize()] {
                "Router" => !ELSE_BEFORE.iter().any(|word| before.ends_with(word.as_bytes())),
                "express" => !ELSE_BEHIND.iter().any(|word| behind.starts_with(word.as_bytes())),
                _ => true,
            }
        };
        self.routes.as_ref().is_none_or(|words| words.find_iter(text).any(means))
    }

    fn facts(&self, text: &[u8]) -> bool {
        holds(&self.facts, text) || holds(&self.logs, text) && holds(&self.sensitive, text)
    }
}

fn is_source(file: &SourceFile) -> bool {
    matches!(file.language, Some(Language::JavaScript | Language::TypeScript | Language::Tsx))
}

/// Whether a file is for tests: what it serves is no part of the application.
fn is_test(path: &str) -> bool {
    const FOLDERS: &[&str] =
        &["test", "tests", "__tests__", "spec", "e2e", "cypress", "__mocks__", "node_modules", "bower_components"];
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    folders.split('/').any(|folder| FOLDERS.contains(&folder))
        || [".test.", ".spec.", ".e2e-spec.", ".min.", ".d.ts", ".stories."].iter().any(|part| name.contains(part))
}

/// Whether a file begins with React's directive `'use client'`, behind nothing but comments: it is run by browsers.
fn is_client(text: &[u8]) -> bool {
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    loop {
        let end = match rest {
            [b'/', b'/', ..] => memchr::memchr(b'\n', rest),
            [b'/', b'*', ..] => memchr::memmem::find(rest, b"*/").map(|end| end + 1),
            _ => return rest.starts_with(b"'use client'") || rest.starts_with(b"\"use client\""),
        };
        rest = rest.get(end.map_or(rest.len(), |end| end + 1)..).unwrap_or_default().trim_ascii_start();
    }
}

/// Reads files in parallel, and drops their trees at once.
fn read_all(files: &[(&Arc<str>, &SourceFile)], modules: &mut BTreeMap<Arc<str>, Module>, inventory: &mut Inventory) {
    let read = each_by_size(files, |path, file| {
        let module = file.language.and_then(|language| {
            let parsed = file.parse(language)?;
            let root = parsed.tree.root_node();
            let mut module = read::read(path.clone(), root, &file.text);
            body::read(root, &file.text, &mut module);
            if root.has_error() {
                module.broken = first_error(root).or(Some(1));
            }
            Some(module)
        });
        (path.clone(), module)
    });
    keep(read, modules, inventory);
}

/// Reads what files with routes import as well: handlers and guards stand there.
fn follow_imports(
    project: &Project,
    resolver: &Resolver,
    first: &BTreeSet<Arc<str>>,
    modules: &mut BTreeMap<Arc<str>, Module>,
    inventory: &mut Inventory,
) {
    let mut edge: BTreeSet<Arc<str>> = first.clone();
    for _ in 0..MAX_WAVES {
        let mut reached = BTreeSet::new();
        for module in edge.iter().filter_map(|path| modules.get(path)) {
            reached.extend(module.followed.iter().filter_map(|source| resolver.resolve(&module.path, source)));
        }
        edge = reached;
        let missing: Vec<(&Arc<str>, &SourceFile)> = project
            .files()
            .filter(|(path, file)| {
                edge.contains(*path) && !modules.contains_key(*path) && is_source(file) && !is_test(path)
            })
            .filter(|(_, file)| !is_client(&file.text))
            .collect();
        read_all(&missing, modules, inventory);
    }
}

/// Loads every file that can have routes, and then follows functions that wait for an application and were never handed one.
fn receivers(machine: &mut Machine, modules: &[Module], first: &BTreeSet<Arc<str>>, inventory: &mut Inventory) {
    let candidates: Vec<usize> = (0..modules.len()).filter(|number| first.contains(&modules[*number].path)).collect();
    for module in &candidates {
        machine.load(*module);
    }
    for module in &candidates {
        for number in 0..modules[*module].functions.len() {
            waiting(machine, *module, number);
        }
    }
    let (routes, gaps) = link::routes(&machine.receivers);
    inventory.routes.extend(routes);
    inventory.gaps.extend(gaps);
    inventory.gaps.append(&mut machine.gaps);
    if machine.is_exhausted() {
        let at = Place { file: "package.json".into(), line: 1 };
        let why = "The project loads more than is followed; routes of Express and Fastify may be missing.";
        inventory.gaps.push(Gap { at, why: why.into() });
    }
}

/// Follows a function whose first parameter is named like an application.
fn waiting(machine: &mut Machine, module: usize, number: usize) {
    let function = &machine.modules[module].functions[number];
    let Some(module::Pattern::Name(parameter)) = function.parameters.first() else { return };
    let kind = match parameter.as_str() {
        "app" | "router" | "server" | "expressApp" => Kind::Router,
        "fastify" | "instance" => Kind::Fastify,
        _ => return,
    };
    let fastify = machine.modules[module].sources.iter().any(|source| source.contains("fastify"));
    let kind = if fastify { Kind::Fastify } else { kind };
    if machine.has_run(module, number) {
        return;
    }
    let at = machine.place(module, function.line);
    let Some(known) = machine.function_of(module, number) else { return };
    let receiver = machine.receiver(kind, at);
    machine.receivers[receiver].detached = true;
    machine.call_function(&known, &[Known::Receiver(receiver)], None);
}

/// Guards that handlers call themselves.
fn add_body_mentions(modules: &[Module], numbers: &HashMap<Arc<str>, usize>, inventory: &mut Inventory) {
    for route in &mut inventory.routes {
        let Some(handler) = &route.handler else { continue };
        let Some(module) = numbers.get(&handler.at.file) else { continue };
        let within = modules[*module]
            .mentions
            .iter()
            .filter(|mention| (handler.at.line..=handler.end).contains(&mention.at.line));
        let new: Vec<_> = within.filter(|mention| !route.before.contains(mention)).cloned().collect();
        route.before.extend(new);
    }
}

/// Names the frameworks that serve something, with the versions that manifests name.
fn detect(project: &Project, inventory: &mut Inventory) {
    use super::framework::Framework::{Express, Fastify, NestJs, NextJs};
    let serving: BTreeSet<_> = inventory.routes.iter().map(|route| route.framework).collect();
    for (path, file) in project.files() {
        if path.rsplit('/').next() != Some("package.json") || is_test(path) {
            continue;
        }
        let Ok(manifest) = serde_json::from_slice::<serde_json::Value>(&file.text) else { continue };
        for (framework, package) in
            [(Express, "express"), (Fastify, "fastify"), (NestJs, "@nestjs/core"), (NextJs, "next")]
        {
            let Some(version) = manifest["dependencies"][package].as_str() else { continue };
            let quoted = format!("\"{package}\"");
            let text = String::from_utf8_lossy(&file.text);
            let line = text.lines().position(|line| line.contains(&quoted)).map_or(1, |line| line + 1);
            let at = Place { file: path.clone(), line: u32::try_from(line).unwrap_or(1) };
            inventory.frameworks.push(Detected { framework, version: Some(version.to_owned()), at });
        }
    }
    for framework in serving {
        if !inventory.frameworks.iter().any(|known| known.framework == framework) {
            let first = inventory.routes.iter().find(|route| route.framework == framework);
            if let Some(at) = first.map(|route| route.at.clone()) {
                inventory.frameworks.push(Detected { framework, version: None, at });
            }
        }
    }
}
