//! Next.js: routes by the paths of their files, server actions, and the middleware before them.

use super::super::framework::Framework;
use super::super::names::shown;
use super::super::project::Project;
use super::super::route::{Gap, Handler, Inventory, Mention, Method, Place, Role, Route};
use super::express::{handler, mention, named};
use super::known::Known;
use super::link::join;
use super::modules::folder_of;
use super::run::Machine;

/// The folders of Next.js applications.
pub(super) fn applications(project: &Project) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (path, file) in project.files() {
        let name = path.rsplit('/').next().unwrap_or_default();
        let manifest = || serde_json::from_slice::<serde_json::Value>(&file.text).ok();
        let uses = match name {
            "package.json" => manifest().is_some_and(|manifest| manifest["dependencies"]["next"].is_string()),
            name => name.starts_with("next.config."),
        };
        if uses && !found.iter().any(|known| known == folder_of(path)) {
            found.push(folder_of(path).to_owned());
        }
    }
    // The innermost first: an application within another one's folder is its own.
    found.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
    found
}

/// A file's path within its application, without `src/`.
fn within<'p>(path: &'p str, applications: &[String]) -> Option<&'p str> {
    let inside = applications.iter().find_map(|folder| match folder.as_str() {
        "" => Some(path),
        folder => path.strip_prefix(folder)?.strip_prefix('/'),
    })?;
    Some(inside.strip_prefix("src/").unwrap_or(inside))
}

/// What a file is, by its path.
enum Stands {
    /// `app/…/route.ts`, and the path it answers to.
    Route(String),
    /// `pages/api/…`, and the path it answers to.
    Api(String),
    Middleware,
}

fn place_of(path: &str, applications: &[String]) -> Option<Stands> {
    let inside = within(path, applications)?;
    let (stem, extension) = inside.rsplit_once('.')?;
    if !matches!(extension, "ts" | "tsx" | "js" | "jsx" | "mjs") {
        return None;
    }
    match stem {
        "middleware" | "proxy" => return Some(Stands::Middleware),
        _ => {}
    }
    if let Some(route) = stem.strip_prefix("app/") {
        let route = if route == "route" { "" } else { route.strip_suffix("/route")? };
        return Some(Stands::Route(path_of(route)));
    }
    let route = stem.strip_prefix("pages/").filter(|route| route.starts_with("api/") || *route == "api")?;
    let route = if route == "index" { "" } else { route.strip_suffix("/index").unwrap_or(route) };
    Some(Stands::Api(path_of(route)))
}

/// Whether a file can have routes by its path alone.
pub(super) fn is_route(path: &str, applications: &[String]) -> bool {
    !applications.is_empty() && place_of(path, applications).is_some()
}

/// The path that folders stand for: `(group)` and `@slot` are none, `[id]` is a parameter.
fn path_of(folders: &str) -> String {
    let parts = folders
        .split('/')
        .filter(|part| !(part.is_empty() || part.starts_with('@') || part.starts_with('(') && part.ends_with(')')));
    let parts = parts.map(|part| match part.strip_prefix('[') {
        Some(name) => format!("{{{}}}", name.trim_matches(['[', ']', '.'])),
        None => part.to_owned(),
    });
    join("", &parts.collect::<Vec<_>>().join("/"))
}

/// Adds the routes of Next.js applications.
pub(super) fn routes(machine: &mut Machine, applications: &[String], inventory: &mut Inventory) {
    if applications.is_empty() {
        return;
    }
    let first = inventory.routes.len();
    let mut middleware = Vec::new();
    for number in 0..machine.modules.len() {
        let path = machine.modules[number].path.clone();
        match place_of(&path, applications) {
            Some(Stands::Route(path)) => app_route(machine, number, &path, inventory),
            Some(Stands::Api(path)) => api_route(machine, number, &path, inventory),
            Some(Stands::Middleware) => middleware.extend(read_middleware(machine, number, inventory)),
            None => {}
        }
        if within(&path, applications).is_some() {
            actions(machine, number, inventory);
        }
    }
    for route in &mut inventory.routes[first..] {
        let before = middleware.iter().filter(|before| before.applies(route));
        let before: Vec<Mention> = before.map(|before| before.mention.clone()).collect();
        route.before.splice(0..0, before);
    }
}

fn add(machine: &Machine, number: usize, asked: Method, path: &str, known: &Known, inventory: &mut Inventory) {
    let (answer, wrapper) = handler(machine, &(None, known.clone()));
    let own = answer.as_ref().filter(|answer| answer.at.file == machine.modules[number].path);
    let at = machine.place(number, own.map_or(1, |own| own.at.line));
    let before = wrapper.map(|wrapper| named(&wrapper, &at, false)).into_iter().collect();
    inventory.routes.push(Route {
        path: path.to_owned(),
        method: asked,
        at,
        framework: Framework::NextJs,
        handler: answer,
        before,
    });
}

/// `export async function GET()`.
fn app_route(machine: &mut Machine, number: usize, path: &str, inventory: &mut Inventory) {
    for (name, known) in machine.exported(number).into_pairs() {
        let asked = Method::of(name).filter(|asked| *asked != Method::Any && asked.name() == name);
        if let Some(asked) = asked {
            add(machine, number, asked, path, &known, inventory);
        }
    }
}

/// `export default function handler(req, res)`: for the methods that it compares with, or for any.
fn api_route(machine: &mut Machine, number: usize, path: &str, inventory: &mut Inventory) {
    let Some(known) = machine.exported(number).remove("default") else { return };
    let answer: Option<Handler> = handler(machine, &(None, known.clone())).0;
    let functions = answer.as_ref().map(|answer| {
        let module = machine.modules.iter().find(|module| module.path == answer.at.file);
        let functions = module.map(|module| module.functions.as_slice()).unwrap_or_default();
        functions.iter().filter(|function| function.line == answer.at.line && function.end == answer.end)
    });
    let mut methods: Vec<Method> = functions
        .into_iter()
        .flatten()
        .flat_map(|function| &function.methods)
        .filter_map(|name| Method::of(name))
        .collect();
    methods.sort();
    methods.dedup();
    if methods.is_empty() {
        methods.push(Method::Any);
    }
    for asked in methods {
        add(machine, number, asked, path, &known, inventory);
    }
}

/// Functions that clients call by a number that the build makes: their path is not known.
fn actions(machine: &mut Machine, number: usize, inventory: &mut Inventory) {
    let module = &machine.modules[number];
    let mut found: Vec<(String, u32, u32)> = Vec::new();
    for function in module.functions.iter().filter(|function| function.server) {
        found.push((function.name.clone(), function.line, function.end));
    }
    if module.server {
        for (name, known) in machine.exported(number).into_pairs() {
            let answer = handler(machine, &(None, known)).0;
            if let Some(answer) = answer.filter(|answer| answer.at.file == machine.modules[number].path) {
                found.push((name.to_owned(), answer.at.line, answer.end));
            }
        }
    }
    for (name, line, end) in found {
        let at = machine.place(number, line);
        let handler = Some(Handler { name: shown(&name), at: at.clone(), end });
        let route = Route {
            path: "/*".into(),
            method: Method::Post,
            at,
            framework: Framework::NextJs,
            handler,
            before: Vec::new(),
        };
        inventory.routes.push(route);
    }
}

/// A middleware, and the paths that it stands before.
struct Middleware {
    mention: Mention,
    /// None: all.
    matchers: Option<Vec<String>>,
    folder: String,
}

impl Middleware {
    fn applies(&self, route: &Route) -> bool {
        let near = self.folder.is_empty() || route.at.file.starts_with(&format!("{}/", self.folder));
        let matched = |matchers: &Vec<String>| matchers.iter().any(|matcher| matches(matcher, &route.path));
        near && route.path != "/*" && self.matchers.as_ref().is_none_or(matched)
    }
}

fn read_middleware(machine: &mut Machine, number: usize, inventory: &mut Inventory) -> Option<Middleware> {
    let exported = machine.exported(number);
    let known = ["middleware", "proxy", "default"].into_iter().find_map(|name| exported.get(name))?.clone();
    let path = machine.modules[number].path.clone();
    let at: Place = machine.place(number, 1);
    let mut mention = mention(machine, &(None, known.clone()), &at, true);
    if let Known::Made(what, inside, _) = &known {
        // Wrapped around a function, it may ask only there: `clerkMiddleware(async (auth) => …)`; around nothing, it asks for nothing.
        if what.contains("clerkMiddleware") && inside.is_empty() {
            mention.role = Role::Other;
        }
    }
    let matchers = match exported.get("config").map(|config| machine.get(config, "matcher")) {
        None => None,
        Some(Known::Text(one)) => Some(vec![one.to_string()]),
        Some(Known::List(many, _)) => Some(many.iter().map(|one| matcher(machine, one)).collect()),
        Some(_) => {
            let why = "What the middleware stands before is told by something that is not known here.";
            inventory.gaps.push(Gap { at, why: why.into() });
            Some(Vec::new())
        }
    };
    let folder = folder_of(&path);
    let folder = folder.strip_suffix("src").unwrap_or(folder).trim_end_matches('/').to_owned();
    Some(Middleware { mention, matchers, folder })
}

fn matcher(machine: &Machine, known: &Known) -> String {
    match known {
        Known::Text(text) => text.to_string(),
        object => match machine.get(object, "source") {
            Known::Text(text) => text.to_string(),
            _ => String::new(),
        },
    }
}

/// Whether a matcher holds a path. One that is not understood holds nothing: a guard is not told where it may not stand.
fn matches(matcher: &str, path: &str) -> bool {
    if matcher.is_empty() {
        return false;
    }
    if let Some(rest) = matcher.strip_prefix("/((?!") {
        let Some((excluded, _)) = rest.rsplit_once(").*)") else { return false };
        let path = path.trim_start_matches('/');
        let literal = |part: &&str| part.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '_' | '-'));
        return !top_level(excluded).into_iter().filter(literal).any(|part| path.starts_with(part));
    }
    if let Some((alternatives, _)) = matcher.strip_prefix("/(").and_then(|rest| rest.split_once(')')) {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        return alternatives.split('|').any(|one| one == first);
    }
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    for wanted in matcher.split('/').filter(|part| !part.is_empty()) {
        if wanted.starts_with(':') && wanted.ends_with(['*', '+']) || wanted.contains("(.*)") {
            return true;
        }
        match parts.next() {
            Some(part) if part == wanted || wanted.starts_with(':') => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

/// The alternatives of a pattern, those within parentheses left together.
fn top_level(pattern: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0i32, 0, Vec::new());
    for (at, character) in pattern.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            '|' if depth == 0 => {
                found.push(&pattern[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&pattern[start..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_paths() {
        let cases = [
            ("app/api/users/[id]/route.ts", "/api/users/{id}"),
            ("src/app/(admin)/x/[...all]/route.js", "/x/{all}"),
            ("app/route.ts", "/"),
            ("pages/api/index.ts", "/api"),
            ("pages/api/a/[b].ts", "/api/a/{b}"),
        ];
        for (file, wanted) in cases {
            match place_of(file, &[String::new()]) {
                Some(Stands::Route(path) | Stands::Api(path)) => assert_eq!(path, wanted),
                _ => panic!("{file}"),
            }
        }
        assert!(place_of("app/page.tsx", &[String::new()]).is_none());
        assert!(place_of("pages/index.tsx", &[String::new()]).is_none());
    }

    #[test]
    fn matchers_hold_paths() {
        let cases = [
            ("/dashboard/:path*", "/dashboard/a/b", true),
            ("/dashboard/:path*", "/api/a", false),
            ("/((?!api|_next/static|favicon.ico).*)", "/api/users", false),
            ("/((?!_next|[^?]*\\.(?:html?|css)).*)", "/api/users", true),
            ("/(api|trpc)(.*)", "/api/users", true),
            ("/about", "/about", true),
            ("/about", "/about/us", false),
            ("", "/about", false),
        ];
        for (matcher, path, wanted) in cases {
            assert_eq!(matches(matcher, path), wanted, "{matcher} {path}");
        }
    }
}
