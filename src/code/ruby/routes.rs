//! `config/routes.rb`.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::code::framework::Framework;
use crate::code::reader::{gap, tell};
use crate::code::route::{Gap, Handler, Inventory, Mention, Method, Role, Route};
use crate::code::unit::{Call, Expr, Function, Unit, short};
use crate::code::walk::{braced, join, mention, role_of};

use super::{devise, resources};

/// No more routes are drawn than this; nobody wrote them.
const MAX_ROUTES: usize = 20_000;

/// A route, with what answers by its name.
pub(super) struct Drawn {
    /// Without its handler and its controller's guards.
    pub route: Route,
    /// `api/users` and `show`, where a controller answers.
    pub target: Option<(String, String)>,
}

/// What surrounds a call.
#[derive(Clone, Default)]
pub(super) struct Scope<'u> {
    /// The path so far, parameters as `:name`.
    pub path: String,
    /// The path outside of all resources, for shallow ones.
    pub outside: String,
    /// The controllers' module: `api/v1`.
    pub module: String,
    /// The controller, where it is set.
    pub controller: Option<String>,
    /// The resource that calls are in.
    pub resource: Option<Rc<resources::Resource>>,
    /// Whether members of nested resources have short paths.
    pub shallow: bool,
    /// What stands before all in it.
    pub before: Vec<Mention>,
    /// Concerns by their names.
    pub concerns: Rc<BTreeMap<String, &'u Function>>,
}

/// Draws the routes of one file after the other.
pub(super) struct Pen<'u> {
    unit: &'u Unit,
    files: &'u [&'u Unit],
    /// Whether forms are left out: `config.api_only = true`.
    pub api_only: bool,
    /// The routes.
    pub drawn: Vec<Drawn>,
    gaps: Vec<Gap>,
    depth: u32,
}

/// Draws all routes of all applications.
pub(super) fn draw(units: &[&Unit], inventory: &mut Inventory) -> Vec<Drawn> {
    let mut drawn = Vec::new();
    let mains = units.iter().filter(|unit| !unit.file.contains("config/routes/"));
    for unit in mains {
        for chain in unit.body.iter().filter_map(Expr::chain) {
            let Some(call) = chain.calls().last().filter(|call| call.name == "draw") else { continue };
            let Some(block) = call.block.as_ref().filter(|_| chain.dotted().contains("routes")) else { continue };
            let mut pen = Pen {
                unit,
                files: units,
                api_only: api_only(units, unit),
                drawn: Vec::new(),
                gaps: Vec::new(),
                depth: 0,
            };
            pen.block(block, &Scope::default());
            drawn.append(&mut pen.drawn);
            inventory.gaps.append(&mut pen.gaps);
        }
    }
    drawn
}

/// Whether the application that these routes belong to has no forms.
fn api_only(units: &[&Unit], routes: &Unit) -> bool {
    let file = routes.file.replace("config/routes.rb", "config/application.rb");
    let set = |e: &Expr| match e {
        Expr::Assign(both) => both.0.dotted() == "config.api_only" && both.1.name() == Some("true"),
        _ => false,
    };
    let settings = units.iter().filter(|unit| *unit.file == *file);
    settings.flat_map(|unit| &unit.classes).flat_map(|class| &class.body).any(|e| e.any(&mut |e| set(e)))
}

impl<'u> Pen<'u> {
    /// Notes what could not be followed.
    pub(super) fn miss(&mut self, line: u32, why: impl Into<String>) {
        tell(&mut self.gaps, gap(&self.unit.file, line, why));
    }

    /// All that is in a block.
    pub(super) fn block(&mut self, block: &'u Function, scope: &Scope<'u>) {
        let mut scope = scope.clone();
        self.statements(&block.body, &mut scope);
    }

    fn statements(&mut self, body: &'u [Expr], scope: &mut Scope<'u>) {
        if self.depth >= 50 {
            return;
        }
        self.depth += 1;
        for statement in body {
            if self.drawn.len() >= MAX_ROUTES {
                self.miss(1, "There are more routes than are listed.");
                break;
            }
            match statement {
                Expr::Group(inner) => self.statements(inner, scope),
                Expr::Chain(chain) => match (chain.plain(), chain.calls().last()) {
                    (Some(call), _) => self.call(call, scope),
                    (None, Some(last)) => self.unknown(last, &chain.dotted(), scope),
                    _ => {}
                },
                _ => {}
            }
        }
        self.depth -= 1;
    }

    /// A call on something: `[…].each do`, `map.get`, `Sidekiq::Web.use`.
    fn unknown(&mut self, call: &'u Call, dotted: &str, scope: &Scope<'u>) {
        if let Some(block) = &call.block {
            let begun = self.drawn.len();
            self.block(block, scope);
            if self.drawn.len() > begun || call.name == "each" {
                self.miss(
                    call.line,
                    format!("What is in the block of `{}` is read once, as it stands.", short(dotted)),
                );
            }
        }
    }

    fn call(&mut self, call: &'u Call, scope: &mut Scope<'u>) {
        match call.name.as_str() {
            "get" | "post" | "put" | "patch" | "delete" | "options" | "match" | "root" => self.verb(call, scope),
            "resources" => self.resources(call, scope, false),
            "resource" => self.resources(call, scope, true),
            "namespace" => self.namespace(call, scope),
            "scope" | "constraints" | "defaults" | "shallow" | "controller" | "authenticate" | "authenticated"
            | "unauthenticated" | "with_options" | "devise_scope" | "nested" | "concerning" => self.scope(call, scope),
            "member" | "collection" | "new" => {
                let Some(resource) = scope.resource.clone() else { return };
                let inner = resource.inside(&call.name, scope);
                call.block.iter().for_each(|block| self.block(block, &inner));
            }
            "concern" => {
                if let (Some(name), Some(block)) = (call.arg(0).and_then(Expr::word), &call.block) {
                    Rc::make_mut(&mut scope.concerns).insert(name.to_owned(), block);
                }
            }
            "concerns" => {
                let names: Vec<&str> = call.args.iter().flat_map(|a| a.value.items()).filter_map(Expr::word).collect();
                self.concerns(&names, call.line, scope);
            }
            "draw" => self.include(call, scope),
            "mount" => self.mount(call, scope),
            "devise_for" => devise::draw(self, call, scope),
            "direct" | "resolve" | "require" | "default_url_options" | "load" | "require_relative" | "puts" => {}
            name => {
                self.miss(call.line, format!("`{}` may draw routes; it is not known.", short(name)));
                call.block.iter().for_each(|block| self.block(block, scope));
            }
        }
    }

    /// The routes of concerns.
    pub(super) fn concerns(&mut self, names: &[&str], line: u32, scope: &Scope<'u>) {
        for name in names {
            match scope.concerns.get(*name) {
                Some(block) if self.depth < 50 => self.block(block, scope),
                _ => self.miss(line, format!("The concern `{}` was not found.", short(name))),
            }
        }
    }

    fn resources(&mut self, call: &'u Call, scope: &Scope<'u>, singular: bool) {
        for name in call.args.iter().filter(|arg| arg.key.is_none()).filter_map(|arg| arg.value.word()) {
            resources::draw(self, name, call, scope, singular);
        }
    }

    fn namespace(&mut self, call: &'u Call, scope: &Scope<'u>) {
        let Some(name) = call.arg(0).and_then(Expr::word) else {
            return self.miss(call.line, "The namespace has no literal name.");
        };
        let mut inner = scope.leave_resource();
        inner.path = join(&inner.path, call.key("path").and_then(Expr::word).unwrap_or(name));
        inner.module = sub_module(&inner.module, call.key("module").and_then(Expr::word).unwrap_or(name));
        inner.outside.clone_from(&inner.path);
        call.block.iter().for_each(|block| self.block(block, &inner));
    }

    fn scope(&mut self, call: &'u Call, scope: &Scope<'u>) {
        let mut inner = scope.clone();
        let words = || call.args.iter().filter(|arg| arg.key.is_none()).filter_map(|arg| arg.value.word());
        match call.name.as_str() {
            "scope" => {
                inner = scope.leave_resource();
                for word in words().chain(call.key("path").and_then(Expr::word)) {
                    inner.path = join(&inner.path, &without_optional(word));
                }
                inner.outside.clone_from(&inner.path);
                if let Some(module) = call.key("module").and_then(Expr::word) {
                    inner.module = sub_module(&inner.module, module);
                }
                inner.controller = call.key("controller").and_then(Expr::word).map(Into::into).or(inner.controller);
            }
            "controller" => inner.controller = words().next().map(Into::into),
            "shallow" => inner.shallow = true,
            "authenticate" | "authenticated" => inner.before.push(Mention {
                role: Role::Authentication,
                name: call.name.clone(),
                at: self.unit.at(call.line),
                group: true,
            }),
            "constraints" => {
                let name = call.arg(0).map(Expr::dotted).unwrap_or_default();
                if role_of(&name) != Role::Other {
                    inner.before.push(mention(&name, self.unit.at(call.line), true));
                }
            }
            _ => {}
        }
        call.block.iter().for_each(|block| self.block(block, &inner));
    }

    /// `draw :admin` reads `config/routes/admin.rb`.
    fn include(&mut self, call: &'u Call, scope: &mut Scope<'u>) {
        let name = call.arg(0).and_then(Expr::word).unwrap_or_default();
        let end = format!("config/routes/{name}.rb");
        let root = self.unit.file.split("config/routes").next().unwrap_or_default();
        let found = self.files.iter().find(|unit| unit.file.strip_prefix(root) == Some(&end));
        let Some(unit) = found else {
            return self.miss(call.line, format!("The file `{}` was not found.", short(end)));
        };
        let before = std::mem::replace(&mut self.unit, unit);
        self.statements(&unit.body, scope);
        self.unit = before;
    }

    fn mount(&mut self, call: &'u Call, scope: &Scope<'u>) {
        let (app, path) = match call.arg(0) {
            Some(Expr::Pairs(pairs)) => {
                pairs.first().map(|(app, path)| (app.dotted(), path.text())).unwrap_or_default()
            }
            Some(app) => (app.dotted(), call.key("at").and_then(Expr::word)),
            None => return,
        };
        let path = path.map_or_else(|| "*".to_owned(), |path| join(path, "*"));
        self.miss(call.line, format!("What `{}` answers to is not known.", short(&app)));
        self.push(call.line, &path, Method::Any, None, scope);
        if let Some(last) = self.drawn.last_mut() {
            let at = last.route.at.clone();
            last.route.handler = Some(Handler { name: short(app), end: at.line, at });
        }
    }

    /// Adds a route below the scope.
    pub(super) fn push(
        &mut self,
        line: u32,
        path: &str,
        method: Method,
        target: Option<(String, String)>,
        scope: &Scope,
    ) {
        if self.drawn.len() >= MAX_ROUTES {
            return self.miss(1, "There are more routes than are listed.");
        }
        let path = braced(&join(&scope.path, &without_optional(path)));
        let at = self.unit.at(line);
        let before = scope.before.clone();
        let route = Route { path, method, at, framework: Framework::Rails, handler: None, before };
        self.drawn.push(Drawn { route, target });
    }

    fn verb(&mut self, call: &'u Call, scope: &Scope<'u>) {
        let mut targets: Vec<(String, Option<&Expr>)> = Vec::new();
        for arg in call.args.iter().filter(|arg| arg.key.is_none()) {
            match &arg.value {
                Expr::Pairs(pairs) => {
                    targets.extend(pairs.iter().filter_map(|(k, v)| Some((k.word()?.into(), Some(v)))))
                }
                other => match other.word() {
                    Some(_) if call.name == "root" => targets.push(("/".into(), Some(other))),
                    Some(word) => targets.push((word.into(), call.key("to"))),
                    None => self.miss(call.line, "The path is not literal."),
                },
            }
        }
        if call.name == "root" && targets.is_empty() {
            targets.push(("/".into(), call.key("to")));
        }
        let scope = match (call.key("on").and_then(Expr::word), &scope.resource) {
            (Some(on), Some(resource)) => resource.inside(on, scope),
            _ => scope.clone(),
        };
        for (path, to) in targets {
            let target = self.target(&path, to, call, &scope);
            for method in methods(call) {
                self.push(call.line, &path, method, target.clone(), &scope);
                if let (None, Some(last)) = (&target, self.drawn.last_mut()) {
                    let name = to.map(Expr::dotted).unwrap_or_default();
                    let at = last.route.at.clone();
                    last.route.handler = (!name.is_empty()).then(|| Handler { name: short(name), end: at.line, at });
                }
            }
        }
    }

    /// The controller and the action.
    fn target(&self, path: &str, to: Option<&Expr>, call: &Call, scope: &Scope) -> Option<(String, String)> {
        let word = |name: &str| call.key(name).and_then(Expr::word);
        let (mut controller, mut action) = (word("controller"), word("action"));
        match to {
            Some(Expr::Text(text)) => match text.split_once('#') {
                Some((c, a)) => (controller, action) = (Some(c), Some(a)),
                None => action = Some(text),
            },
            Some(_) => return None,
            None => {}
        }
        let path = path.trim_matches('/');
        let outer = scope.controller.clone().or_else(|| scope.resource.as_ref().map(|r| r.controller.clone()));
        if action.is_none() {
            match (controller.is_some() || outer.is_some(), path.rsplit_once('/')) {
                (false, Some((c, a))) => (controller, action) = (Some(c), Some(a)),
                _ => action = path.rsplit('/').next(),
            }
        }
        let controller = controller.map(Into::into).or(outer)?;
        Some((absolute(&scope.module, &controller), action?.replace('-', "_")))
    }
}

/// A controller below a module, unless it says `/controller`.
pub(super) fn absolute(module: &str, controller: &str) -> String {
    match controller.strip_prefix('/') {
        Some(whole) => whole.to_owned(),
        None => sub_module(module, controller),
    }
}

fn sub_module(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}/{name}") }
}

impl Scope<'_> {
    /// As a namespace in a resource begins: below one of its members.
    fn leave_resource(&self) -> Self {
        Self { resource: None, ..self.clone() }
    }
}

fn methods(call: &Call) -> Vec<Method> {
    if call.name == "root" {
        return vec![Method::Get];
    }
    if let Some(method) = Method::of(&call.name) {
        return vec![method];
    }
    let via = call.words("via").unwrap_or_default();
    let named: Vec<Method> = via.into_iter().filter_map(Method::of).collect();
    if named.is_empty() { vec![Method::Any] } else { named }
}

/// The path without what is in parentheses.
fn without_optional(path: &str) -> String {
    let mut depth = 0_u32;
    let keep = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => return (depth == 0).then_some(c),
        }
        None
    };
    path.chars().filter_map(keep).collect()
}
