//! Controllers of Laravel: what stands before their methods, and what those do first.

use std::collections::BTreeMap;

use crate::code::reader::gap;
use crate::code::route::{Gap, Mention, Role, Route};
use crate::code::unit::{Call, Chain, Class, Expr, Function, Unit, short};
use crate::code::walk::{mention, role_of};

use super::middleware::{Names, written};

/// All classes, by their full names.
pub(super) struct Classes<'u> {
    by_name: BTreeMap<&'u str, (&'u Unit, &'u Class)>,
}

impl<'u> Classes<'u> {
    /// Of these files.
    pub(super) fn new(units: &[&'u Unit]) -> Self {
        let of = |unit: &&'u Unit| {
            unit.classes.iter().map(|class| (class.name.as_str(), (*unit, class))).collect::<Vec<_>>()
        };
        Self { by_name: units.iter().flat_map(of).collect() }
    }

    /// A class by a name as it is written in a file.
    pub(super) fn resolve(&self, name: &str, unit: &Unit) -> Option<(&'u Unit, &'u Class)> {
        let full = full_name(name, unit);
        self.by_name.get(full.as_str()).copied()
    }

    /// The class, and those it inherits from.
    fn line_of(&self, unit: &'u Unit, class: &'u Class) -> Vec<(&'u Unit, &'u Class)> {
        let mut out = vec![(unit, class)];
        while let Some((unit, class)) = out.last().copied() {
            let next = class.parents.first().and_then(|parent| self.resolve(parent, unit));
            match next {
                Some(next) if out.len() < 32 && !out.iter().any(|(_, c)| std::ptr::eq(*c, next.1)) => out.push(next),
                _ => break,
            }
        }
        out.reverse();
        out
    }

    /// Adds the handler and what stands before it.
    pub(super) fn complete(
        &self,
        route: &mut Route,
        name: &str,
        method: &str,
        from: &Unit,
        names: &Names,
        gaps: &mut Vec<Gap>,
    ) {
        let Some((unit, class)) = self.resolve(name, from) else {
            let why = format!("The controller `{}` was not found: its guards are not known.", short(name));
            return gaps.push(gap(&route.at.file, route.at.line, why));
        };
        let ancestors = self.line_of(unit, class);
        for (unit, class) in &ancestors {
            of_class(unit, class, method, names, &mut route.before);
        }
        let found = ancestors
            .iter()
            .rev()
            .find_map(|(unit, class)| class.methods.iter().find(|m| m.name == method).map(|m| (*unit, m)));
        if let Some((unit, function)) = found {
            let short_name = class.name.rsplit('\\').next().unwrap_or_default();
            route.handler = Some(unit.handler(format!("{short_name}@{method}"), function));
            for mark in &function.marks {
                marked(unit, mark.line, &mark.name, mark.args.first().map(|arg| &arg.value), names, &mut route.before);
            }
            self.of_request(unit, function, &mut route.before);
            of_body(unit, &function.body, function.line, &mut route.before);
        }
    }

    /// Form requests check what is sent, and who may send it.
    fn of_request(&self, unit: &Unit, function: &Function, before: &mut Vec<Mention>) {
        for param in function.params.iter().filter(|param| param.of.ends_with("Request") && param.of != "Request") {
            let at = unit.at(function.line);
            let Some((unit, class)) = self.resolve(&param.of, unit) else { continue };
            if !class.parents.first().is_some_and(|parent| parent.ends_with("Request")) {
                continue;
            }
            before.push(Mention { role: Role::Schema, name: short(&param.of), at, group: false });
            let asks = class.methods.iter().find(|method| method.name == "authorize");
            let open = |e: &Expr| matches!(e, Expr::Return(value) if value.name() == Some("true"));
            if let Some(asks) = asks.filter(|asks| !asks.body.iter().any(open)) {
                let at = unit.at(asks.line);
                before.push(Mention {
                    role: Role::Authorization,
                    name: short(format!("{}::authorize", param.of)),
                    at,
                    group: false,
                });
            }
        }
    }
}

/// A name with its namespace.
fn full_name(name: &str, unit: &Unit) -> String {
    if let Some(full) = name.strip_prefix('\\') {
        return full.to_owned();
    }
    let (first, rest) = name.split_once('\\').map_or((name, None), |(first, rest)| (first, Some(rest)));
    match (unit.import(first), rest) {
        (Some(full), Some(rest)) => format!("{full}\\{rest}"),
        (Some(full), None) => full.to_owned(),
        (None, _) if unit.package.is_empty() => name.to_owned(),
        (None, _) => format!("{}\\{name}", unit.package),
    }
}

/// What a class says in its constructor, in `middleware()` and by attributes.
fn of_class(unit: &Unit, class: &Class, method: &str, names: &Names, before: &mut Vec<Mention>) {
    for mark in &class.marks {
        marked(unit, mark.line, &mark.name, mark.args.first().map(|arg| &arg.value), names, before);
    }
    for function in class.methods.iter().filter(|m| matches!(m.name.as_str(), "__construct" | "middleware")) {
        let mut found = Vec::new();
        for statement in &function.body {
            statement.walk(&mut |e| {
                let Expr::Chain(chain) = e else { return };
                let first = chain.calls().next();
                match first.map(|call| (call, call.name.as_str())) {
                    Some((call, "middleware")) if chain.base.name() == Some("$this") && is_for(chain, method) => {
                        let items = call.args.iter().flat_map(|arg| arg.value.items());
                        found.extend(items.flat_map(|item| names.mentions(&written(item), &unit.at(call.line), true)));
                    }
                    Some((call, "authorizeResource")) => found.push(Mention {
                        role: Role::Authorization,
                        name: "authorizeResource".into(),
                        at: unit.at(call.line),
                        group: true,
                    }),
                    Some((call, "new Middleware")) if listed(call, method) => {
                        let items = call.arg(0).map(Expr::items).unwrap_or_default();
                        found.extend(
                            items.iter().flat_map(|item| names.mentions(&written(item), &unit.at(call.line), true)),
                        );
                    }
                    _ => {}
                }
            });
            // `return ['auth', new Middleware(…)]`
            if let (Expr::Return(value), "middleware") = (statement, function.name.as_str()) {
                let texts = value.items().iter().filter_map(Expr::text);
                found.extend(texts.flat_map(|name| names.mentions(name, &unit.at(function.line), true)));
            }
        }
        before.append(&mut found);
    }
}

/// `->only('a')->except(['b'])` behind a middleware.
fn is_for(chain: &Chain, method: &str) -> bool {
    chain.calls().all(|call| {
        let names = || call.args.iter().flat_map(|arg| arg.value.items()).any(|item| item.word() == Some(method));
        match call.name.as_str() {
            "only" => names(),
            "except" => !names(),
            _ => true,
        }
    })
}

fn listed(call: &Call, method: &str) -> bool {
    let named = |key: &str| call.words(key).map(|list| list.contains(&method));
    named("only").unwrap_or(true) && !named("except").unwrap_or(false)
}

fn marked(unit: &Unit, line: u32, mark: &str, value: Option<&Expr>, names: &Names, before: &mut Vec<Mention>) {
    match mark {
        "Middleware" => {
            let items = value.map(Expr::items).unwrap_or_default();
            before.extend(items.iter().flat_map(|item| names.mentions(&written(item), &unit.at(line), false)));
        }
        "Authorize" | "Can" => {
            before.push(Mention {
                role: Role::Authorization,
                name: format!("#[{mark}]"),
                at: unit.at(line),
                group: false,
            });
        }
        _ => {}
    }
}

/// What a handler does itself.
pub(super) fn of_body(unit: &Unit, body: &[Expr], line: u32, before: &mut Vec<Mention>) {
    let mut found: Vec<Mention> = Vec::new();
    for (position, statement) in body.iter().enumerate() {
        statement.walk(&mut |e| {
            let Expr::Chain(chain) = e else { return };
            for (at, link) in chain.links.iter().enumerate() {
                let crate::code::unit::Link::Call(call) = link else { continue };
                let on = chain.dotted_to(at);
                let role = match (call.name.as_str(), on.as_str()) {
                    ("authorize" | "authorizeForUser", "$this" | "Gate") => Role::Authorization,
                    ("allows" | "denies" | "allowIf" | "denyIf" | "inspect", "Gate") => Role::Authorization,
                    ("can" | "cannot" | "cant", on) if on.contains("user") => Role::Authorization,
                    ("validate" | "validated" | "validateWithBag", _) => Role::Schema,
                    ("make", "Validator") => Role::Schema,
                    (name, "$this" | "") if position < 3 && asks(name) => role_of(name),
                    _ => continue,
                };
                let name = chain.dotted_to(at + 1);
                if role != Role::Other && !found.iter().any(|one| one.name == name) {
                    let at = unit.at(if call.line == 0 { line } else { call.line });
                    found.push(Mention { role, name: short(name), at, group: false });
                }
            }
        });
    }
    before.append(&mut found);
}

fn asks(name: &str) -> bool {
    ["authenticate", "authorize", "check", "ensure", "prevent", "require", "verify"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

/// A guard that a route names itself: `->can('update', 'post')`.
pub(super) fn can(unit: &Unit, call: &Call, group: bool) -> Mention {
    let mut one = mention("can", unit.at(call.line), group);
    one.role = Role::Authorization;
    one.name = short(format!("can:{}", call.arg(0).map(written).unwrap_or_default()));
    one
}
