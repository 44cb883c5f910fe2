//! Literals that have names, and paths that settings put before all others.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::project::Project;
use crate::code::route::Route;
use crate::code::unit::{Expr, Function, Unit};
use crate::code::walk::join;

/// Constants are made of no more constants than this, one in the other.
const MAX_DEPTH: usize = 8;

/// Fields with a literal value: by `Class.NAME`, and by `NAME` where there is one alone.
pub(super) struct Constants<'u> {
    by_name: BTreeMap<String, Vec<&'u Expr>>,
}

impl<'u> Constants<'u> {
    /// Of these files.
    pub(super) fn of(units: &[&'u Unit]) -> Self {
        let mut by_name: BTreeMap<String, Vec<&Expr>> = BTreeMap::new();
        for class in units.iter().flat_map(|unit| &unit.classes) {
            let own = class.name.rsplit('.').next().unwrap_or_default();
            for field in &class.body {
                let Expr::Assign(both) = field else { continue };
                let Some(name) = both.0.name() else { continue };
                by_name.entry(format!("{own}.{name}")).or_default().push(&both.1);
                by_name.entry(name.to_owned()).or_default().push(&both.1);
            }
        }
        Self { by_name }
    }

    fn get(&self, name: &str, class: &str) -> Option<&'u Expr> {
        let own = class.rsplit('.').next().unwrap_or_default();
        let mut parts = name.rsplit('.');
        let last = parts.next().unwrap_or_default();
        let with_class = format!("{}.{last}", parts.next().filter(|part| *part != "this").unwrap_or(own));
        let one = |values: &Vec<&'u Expr>| (values.len() == 1).then(|| values.first().copied()).flatten();
        self.by_name
            .get(&with_class)
            .and_then(|values| values.first().copied())
            .or_else(|| self.by_name.get(last).and_then(one))
    }

    /// The texts that an expression is, in a class; none where one is not known.
    pub(super) fn texts(&self, e: &Expr, class: &str) -> Option<Vec<String>> {
        self.texts_to(e, class, 0)
    }

    fn texts_to(&self, e: &Expr, class: &str, depth: usize) -> Option<Vec<String>> {
        if depth > MAX_DEPTH {
            return None;
        }
        match e {
            Expr::Text(text) => Some(vec![text.clone()]),
            Expr::List(items) => {
                let all: Option<Vec<Vec<String>>> =
                    items.iter().take(1000).map(|item| self.texts_to(item, class, depth + 1)).collect();
                all.map(|all| all.concat())
            }
            Expr::Joined(parts) => {
                let mut out = String::new();
                for part in parts.iter().take(100) {
                    out.push_str(self.texts_to(part, class, depth + 1)?.first()?);
                }
                (out.len() < 2000).then(|| vec![out])
            }
            Expr::Name(_) | Expr::Chain(_) => {
                if let Expr::Chain(chain) = e {
                    // `new AntPathRequestMatcher("/x")`, `antMatcher("/x")`, `String.valueOf("/x")`, `List.of("/a", "/b")`
                    let call = chain.calls().last();
                    if let Some(call) = call {
                        let wraps =
                            call.name.ends_with("atcher") || matches!(call.name.as_str(), "of" | "asList" | "valueOf");
                        let listed: Option<Vec<Vec<String>>> = call
                            .args
                            .iter()
                            .filter(|arg| !arg.value.dotted().starts_with("HttpMethod"))
                            .map(|arg| self.texts_to(&arg.value, class, depth + 1))
                            .collect();
                        return listed.filter(|_| wraps).map(|all| all.concat());
                    }
                }
                self.texts_to(self.get(&e.dotted(), class)?, class, depth + 1)
            }
            _ => None,
        }
    }
}

/// The classes whose constants paths may be made of, and those that controllers inherit from: they are read, too.
pub(super) fn named(units: &[Unit]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let add = |names: &mut BTreeSet<String>, e: &Expr, unit: &Unit| {
        let dotted = e.dotted();
        let mut parts = dotted.rsplit('.');
        let (last, class) = (parts.next().unwrap_or_default(), parts.next());
        // `import static a.B.NAME`
        let full = unit.import(last).and_then(|full| full.rsplit('.').nth(1));
        names.extend(class.or(full).map(ToOwned::to_owned));
    };
    for unit in units {
        for class in &unit.classes {
            let marks = class.marks.iter().chain(class.methods.iter().flat_map(|method| &method.marks));
            for arg in marks.filter(|mark| mark.name.ends_with("Mapping")).flat_map(|mark| &mark.args) {
                arg.value.walk(&mut |e| add(&mut names, e, unit));
            }
            let secures = |method: &&Function| method.result.ends_with("FilterChain") || method.name == "configure";
            for statement in class.methods.iter().filter(secures).flat_map(|method| &method.body) {
                statement.walk(&mut |e| add(&mut names, e, unit));
            }
            if class.marks.iter().any(|mark| mark.name.ends_with("Controller")) {
                names.extend(class.parents.iter().cloned());
            }
        }
    }
    names
}

/// Puts `server.servlet.context-path` and the like before the routes of their module.
pub(super) fn context_paths(project: &Project, routes: &mut [Route]) {
    const KEYS: &[&str] = &["server.servlet.context-path", "spring.webflux.base-path", "spring.mvc.servlet.path"];
    for (path, file) in project.files() {
        let Some((module, name)) = path.split_once("src/main/resources/").or_else(|| path.split_once("config/")) else {
            continue;
        };
        let text = std::str::from_utf8(&file.text).unwrap_or_default();
        let found = match name {
            "application.properties" => text.lines().find_map(|line| {
                let (key, value) = line.split_once(['=', ':'])?;
                KEYS.contains(&key.trim()).then(|| value.trim())
            }),
            "application.yml" | "application.yaml" => in_yaml(text, KEYS),
            _ => None,
        };
        // `${CONTEXT:/api}` is not known, apart from what stands in for it.
        let prefix = found.map(|value| match value.strip_prefix("${") {
            Some(rest) => rest.trim_end_matches('}').split_once(':').map_or("", |(_, default)| default),
            None => value,
        });
        let Some(prefix) = prefix.map(|p| p.trim_matches(['"', '\''])).filter(|p| p.len() > 1 && p.len() < 200) else {
            continue;
        };
        for route in routes.iter_mut().filter(|route| route.at.file.starts_with(module)) {
            route.path = join(prefix, &route.path);
        }
    }
}

/// The value of a key that is nested by indentation.
fn in_yaml<'t>(text: &'t str, keys: &[&str]) -> Option<&'t str> {
    let mut open: Vec<(usize, &str)> = Vec::new();
    for line in text.lines() {
        let body = line.trim_start();
        let Some((key, value)) = body.split_once(':').filter(|_| !body.starts_with(['#', '-'])) else { continue };
        let indent = line.len() - body.len();
        open.retain(|(outer, _)| *outer < indent);
        if open.len() < 16 {
            open.push((indent, key.trim()));
        }
        let whole = open.iter().map(|(_, key)| *key).collect::<Vec<_>>().join(".");
        let value = value.split(" #").next().unwrap_or_default().trim();
        if keys.contains(&whole.as_str()) && !value.is_empty() {
            return Some(value);
        }
    }
    None
}
