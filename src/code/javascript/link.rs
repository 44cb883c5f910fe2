//! From what was put on applications and routers to routes: prefixes and guards of all that they are mounted on.

use super::super::framework::Framework;
use super::super::route::{Gap, Mention, Place, Route};
use super::super::walk::MAX_BEFORE;
use super::express::{Item, Kind, Receiver};

/// Routers within one another; deeper is a circle.
const MAX_MOUNTED: usize = 16;
/// No more routes are told: a router that is mounted many times on itself.
const MAX_ROUTES: usize = 20_000;
/// No more guards are held against the routes behind them.
const MAX_IN_FORCE: usize = 1_000;
/// No more often is something held against something, or copied.
const MAX_STEPS: usize = 2_000_000;

/// A guard, and the path below which it stands.
type InForce = (String, Mention);

/// The routes of all receivers, and what could not be followed of them.
pub(super) fn routes(receivers: &[Receiver]) -> (Vec<Route>, Vec<Gap>) {
    let mut linker = Linker { receivers, routes: Vec::new(), steps: 0, cut: None };
    let mut gaps = Vec::new();
    let has_application = receivers.iter().any(|receiver| is_application(receiver) && !receiver.items.is_empty());
    for (number, receiver) in receivers.iter().enumerate() {
        if receiver.mounted || receiver.items.is_empty() {
            continue;
        }
        let found = linker.routes.len();
        if is_application(receiver) {
            linker.follow(number, "", &[], 0);
            continue;
        }
        linker.follow(number, if has_application || receiver.detached { "/*" } else { "" }, &[], 0);
        if linker.routes.len() > found {
            let why = "These routes are made here, and it was not found where they are mounted: their prefix and their guards are not known.";
            gaps.push(Gap { at: receiver.at.clone(), why: why.into() });
        }
    }
    if let Some(at) = linker.cut {
        gaps.push(Gap { at, why: "More routes are put together here than are followed; some are missing.".into() });
    }
    (linker.routes, gaps)
}

fn is_application(receiver: &Receiver) -> bool {
    receiver.kind != Kind::Router && !receiver.detached
}

struct Linker<'r> {
    receivers: &'r [Receiver],
    routes: Vec<Route>,
    steps: usize,
    /// Where it was too much.
    cut: Option<Place>,
}

impl Linker<'_> {
    fn follow(&mut self, number: usize, prefix: &str, outer: &[InForce], depth: usize) {
        let receiver = &self.receivers[number];
        self.steps += 1 + outer.len();
        if depth > MAX_MOUNTED || self.is_too_much(&receiver.at) {
            return;
        }
        let fastify = receiver.kind == Kind::Fastify;
        let mut in_force = outer.to_vec();
        if fastify {
            in_force.extend(receiver.items.iter().filter_map(|item| match item {
                Item::Guard(_, guard) => Some((prefix.to_owned(), guard.clone())),
                _ => None,
            }));
        }
        in_force.truncate(MAX_IN_FORCE);
        for item in &receiver.items {
            self.steps += 1;
            if self.is_too_much(&receiver.at) {
                return;
            }
            match item {
                // What is left out is never told as being there.
                Item::Guard(..) if in_force.len() >= MAX_IN_FORCE => {}
                Item::Guard(path, guard) if !fastify => in_force.push((join(prefix, path), guard.clone())),
                Item::Guard(..) => {}
                Item::Mount(path, child) => {
                    let path = join(prefix, path);
                    self.follow(*child, &path, &in_force, depth + 1);
                }
                Item::Route(method, path, guards, handler, at) => {
                    let path = braced(&join(prefix, path));
                    let before = in_force.iter().filter(|(below, _)| fastify || is_below(&path, below));
                    let before = before.map(|(_, guard)| guard).chain(guards).take(MAX_BEFORE).cloned().collect();
                    self.steps += in_force.len();
                    let framework = if fastify { Framework::Fastify } else { Framework::Express };
                    let (at, handler): (Place, _) = (at.clone(), handler.clone());
                    self.routes.push(Route { path, method: *method, at, framework, handler, before });
                }
            }
        }
    }
}

impl Linker<'_> {
    fn is_too_much(&mut self, at: &Place) -> bool {
        let is_too_much = self.routes.len() >= MAX_ROUTES || self.steps > MAX_STEPS;
        if is_too_much {
            self.cut.get_or_insert_with(|| at.clone());
        }
        is_too_much
    }
}

/// Puts a path behind a prefix, with one `/` between.
pub(super) fn join(prefix: &str, path: &str) -> String {
    let (prefix, path) = (prefix.trim_end_matches('/'), path.trim_matches('/'));
    match (path.is_empty(), prefix.is_empty() || prefix.starts_with('/')) {
        (true, true) if prefix.is_empty() => "/".into(),
        (true, true) => prefix.into(),
        (true, false) => format!("/{prefix}"),
        (false, true) => format!("{prefix}/{path}"),
        (false, false) => format!("/{prefix}/{path}"),
    }
}

/// Whether a guard at a path stands before a route. A path whose parts are not known holds nothing.
fn is_below(path: &str, guarded: &str) -> bool {
    let guarded = braced(guarded);
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    guarded.split('/').filter(|part| !part.is_empty()).all(|wanted| match parts.next() {
        Some(part) => part == wanted || wanted.starts_with('{'),
        None => false,
    })
}

/// A path whose parameters are written `{name}`.
pub(super) fn braced(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        if !part.contains(':') {
            return part.to_owned();
        }
        let mut out = String::new();
        let mut rest = part;
        while let Some(at) = rest.find(':') {
            out.push_str(&rest[..at]);
            let name: String = rest[at + 1..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            rest = &rest[at + 1 + name.len()..];
            // `:id(\\d+)` and `:id?`
            if rest.starts_with('(') {
                rest = rest.find(')').map_or("", |end| &rest[end + 1..]);
            }
            rest = rest.trim_start_matches(['?', '+', '*']);
            out.push_str(&format!("{{{name}}}"));
        }
        out + rest
    });
    let path = parts.collect::<Vec<_>>().join("/");
    path.replace("{}", "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_put_together() {
        let cases =
            [("", "", "/"), ("/", "/a/", "/a"), ("/api/", "/", "/api"), ("/api", "a/b", "/api/a/b"), ("", "*", "/*")];
        for (prefix, path, both) in cases {
            assert_eq!(join(prefix, path), both);
        }
    }

    #[test]
    fn parameters_are_braced() {
        let cases = [
            ("/a/:id", "/a/{id}"),
            (r"/a/:id(\d+)/b", "/a/{id}/b"),
            ("/:a-:b.json", "/{a}-{b}.json"),
            ("/:a?", "/{a}"),
            ("/x", "/x"),
            ("/:", "/*"),
        ];
        for (written, braced_so) in cases {
            assert_eq!(braced(written), braced_so);
        }
    }

    #[test]
    fn a_guard_stands_before_what_is_below_it() {
        assert!(is_below("/admin/users", "/admin"));
        assert!(is_below("/admin", "/"));
        assert!(!is_below("/administration", "/admin"));
        assert!(!is_below("/a", "/*"));
        assert!(is_below("/users/{id}/posts", "/users/:user"));
    }
}
