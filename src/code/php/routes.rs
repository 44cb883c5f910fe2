//! `routes/*.php`, and what loads them.

use std::collections::BTreeSet;

use crate::code::framework::Framework;
use crate::code::reader::{gap, tell};
use crate::code::route::{Handler, Inventory, Mention, Method, Role, Route};
use crate::code::unit::{Call, Chain, Expr, Function, Unit, short};
use crate::code::walk::{MAX_BEFORE, braced, join};

use super::classes::{Classes, can, of_body};
use super::middleware::{Names, written};
use super::resources;

/// No more routes are drawn than this; nobody wrote them.
const MAX_ROUTES: usize = 20_000;

/// What surrounds a call.
#[derive(Clone, Default)]
struct Scope {
    prefix: String,
    controller: Option<String>,
    namespace: String,
    before: Vec<Mention>,
}

/// A route whose controller is not looked up yet.
struct Drawn<'u> {
    route: Route,
    unit: &'u Unit,
    /// The class as it is written, and the method.
    target: Option<(String, String)>,
}

/// Draws the routes of one application.
struct Pen<'u, 'i> {
    units: &'u [&'u Unit],
    root: String,
    names: Names,
    drawn: Vec<Drawn<'u>>,
    loaded: BTreeSet<&'u str>,
    depth: u32,
    inventory: &'i mut Inventory,
}

/// Draws all routes of all applications.
pub(super) fn draw(units: &[&Unit], classes: &Classes, inventory: &mut Inventory) {
    let roots: BTreeSet<&str> = units.iter().filter_map(|unit| root_of(&unit.file)).collect();
    for root in roots {
        let names = Names::of(units, root);
        let mut pen = Pen {
            units,
            root: root.to_owned(),
            names,
            drawn: Vec::new(),
            loaded: BTreeSet::new(),
            depth: 0,
            inventory: &mut *inventory,
        };
        pen.load_all();
        let (drawn, names) = (pen.drawn, pen.names);
        for Drawn { mut route, unit, target } in drawn {
            let mut before = names.everywhere();
            before.append(&mut route.before);
            route.before = before;
            if let Some((class, method)) = target {
                classes.complete(&mut route, &class, &method, unit, &names, &mut inventory.gaps);
            }
            inventory.routes.push(route);
        }
    }
}

/// The folder of an application, where a file is one of its routes.
fn root_of(file: &str) -> Option<&str> {
    let at = match file.starts_with("routes/") {
        true => 0,
        false => file.find("/routes/")? + 1,
    };
    let ours = file.ends_with(".php") && !file.ends_with("/console.php") && !file.ends_with("/channels.php");
    ours.then(|| &file[..at])
}

impl<'u> Pen<'u, '_> {
    /// What providers load, and then what is left as Laravel loads it by itself.
    fn load_all(&mut self) {
        let (units, root) = (self.units, self.root.clone());
        for unit in units.iter().filter(|unit| unit.file.starts_with(&root) && root_of(&unit.file).is_none()) {
            for class in unit.classes.iter().filter(|class| class.name.ends_with("Provider")) {
                for method in &class.methods {
                    self.statements(unit, &method.body, &Scope::default());
                }
            }
            if unit.file.ends_with("bootstrap/app.php") {
                self.statements(unit, &unit.body, &Scope::default());
            }
        }
        for unit in units.iter().filter(|unit| root_of(&unit.file) == Some(&root)) {
            let draws = unit.body.iter().any(|e| e.any(&mut |e| matches!(e, Expr::Chain(c) if is_router(c, unit))));
            if self.loaded.contains(&*unit.file) || !draws {
                continue;
            }
            let name = unit.file.rsplit('/').next().unwrap_or_default();
            let scope = match name {
                "web.php" => self.scope_of(unit, "", "web"),
                "api.php" => self.scope_of(unit, "api", "api"),
                _ => {
                    let why = "Nothing was found that loads this file: its prefix and its guards are not known.";
                    self.inventory.gaps.push(gap(&unit.file, 1, why));
                    Scope::default()
                }
            };
            self.load(unit, &scope);
        }
    }

    fn scope_of(&self, unit: &Unit, prefix: &str, middleware: &str) -> Scope {
        let before = self.names.mentions(middleware, &unit.at(1), true);
        Scope { prefix: prefix.into(), before, ..Scope::default() }
    }

    fn load(&mut self, unit: &'u Unit, scope: &Scope) {
        self.loaded.insert(&unit.file);
        self.statements(unit, &unit.body, scope);
    }

    /// Loads the file that an expression names: `base_path('routes/api.php')`.
    fn load_named(&mut self, unit: &Unit, line: u32, e: &Expr, scope: &Scope) {
        let mut name = String::new();
        e.walk(&mut |e| name.extend(e.text()));
        let end = name.rsplit("../").next().unwrap_or_default().trim_start_matches('/').to_owned();
        if !end.ends_with(".php") {
            return self.miss(unit, line, "The file that is loaded here is not named literally.");
        }
        let root = self.root.clone();
        let folder = unit.file.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
        let fits = |other: &&&Unit| *other.file == format!("{root}{end}") || *other.file == format!("{folder}/{end}");
        match self.units.iter().find(fits) {
            Some(found) if self.depth < 50 => self.load(found, scope),
            _ if end.ends_with("console.php") || end.ends_with("channels.php") => {}
            _ => self.miss(unit, line, format!("The file `{}` was not found, or draws no routes.", short(&end))),
        }
    }

    fn miss(&mut self, unit: &Unit, line: u32, why: impl Into<String>) {
        tell(&mut self.inventory.gaps, gap(&unit.file, line, why));
    }

    fn statements(&mut self, unit: &'u Unit, body: &'u [Expr], scope: &Scope) {
        if self.depth >= 50 {
            return;
        }
        self.depth += 1;
        for statement in body {
            match statement {
                Expr::Group(inner) => self.statements(unit, inner, scope),
                Expr::Return(value) => self.statements(unit, std::slice::from_ref(value), scope),
                Expr::Assign(both) => self.statements(unit, std::slice::from_ref(&both.1), scope),
                Expr::Chain(chain) => self.chain(unit, chain, scope),
                Expr::Lambda(function) => self.statements(unit, &function.body, scope),
                _ => {}
            }
        }
        self.depth -= 1;
    }

    fn chain(&mut self, unit: &'u Unit, chain: &'u Chain, scope: &Scope) {
        if let Some(call) = chain.plain().filter(|call| call.name == "require") {
            return call.args.iter().for_each(|arg| self.load_named(unit, call.line, &arg.value, scope));
        }
        if chain.dotted() == "Auth.routes" || chain.dotted() == "Route.auth" {
            return self.scaffold(unit, chain, scope);
        }
        if is_router(chain, unit) {
            return self.route(unit, chain, scope);
        }
        for call in chain.calls() {
            match call.name.as_str() {
                "withRouting" => self.with_routing(unit, call),
                "loadRoutesFrom" => {
                    call.args.iter().for_each(|arg| self.load_named(unit, call.line, &arg.value, scope))
                }
                // Closures that are passed on: `$this->routes(function () { … })`, `->each(fn …)`.
                _ => call.args.iter().for_each(|arg| {
                    if let Expr::Lambda(lambda) = &arg.value {
                        self.statements(unit, &lambda.body, scope);
                    }
                }),
            }
        }
    }

    /// `bootstrap/app.php`
    fn with_routing(&mut self, unit: &'u Unit, call: &'u Call) {
        let prefix = call.key("apiPrefix").and_then(Expr::text).unwrap_or("api");
        for (key, prefix) in [("web", ""), ("api", prefix)] {
            let scope = self.scope_of(unit, prefix, key);
            for file in call.key(key).map(Expr::items).unwrap_or_default() {
                self.load_named(unit, call.line, file, &scope);
            }
        }
        if let Some(path) = call.key("health").and_then(Expr::text) {
            self.push(unit, call.line, path, Method::Get, None, &Scope::default());
        }
        if let Some(Expr::Lambda(then)) = call.key("then").or(call.key("using")) {
            self.statements(unit, &then.body, &Scope::default());
        }
    }

    fn scaffold(&mut self, unit: &'u Unit, chain: &Chain, scope: &Scope) {
        let line = chain.calls().last().map_or(1, |call| call.line);
        for (path, method) in resources::AUTH {
            self.push(unit, line, path, *method, None, scope);
            if let Some(last) = self.drawn.last_mut() {
                let at = last.route.at.clone();
                last.route.before.push(Mention { role: Role::Public, name: chain.dotted(), at, group: false });
            }
        }
    }

    fn push(
        &mut self,
        unit: &'u Unit,
        line: u32,
        path: &str,
        method: Method,
        target: Option<(String, String)>,
        scope: &Scope,
    ) {
        if self.drawn.len() >= MAX_ROUTES {
            return self.miss(unit, 1, "There are more routes than are listed.");
        }
        let path = braced(&join(&scope.prefix, path));
        let (at, before) = (unit.at(line), scope.before.clone());
        let route = Route { path, method, at, framework: Framework::Laravel, handler: None, before };
        self.drawn.push(Drawn { route, unit, target });
    }

    /// `Route::…->…`: what stands before the call that draws is for it, what stands behind changes what was drawn.
    fn route(&mut self, unit: &'u Unit, chain: &'u Chain, outer: &Scope) {
        let (mut scope, mut begun) = (outer.clone(), None);
        for call in chain.calls() {
            match begun {
                None if self.attribute(unit, call, &mut scope) => {}
                None => {
                    begun = Some(self.drawn.len());
                    self.terminal(unit, call, &scope);
                }
                Some(begun) => self.afterwards(unit, call, begun),
            }
        }
    }

    /// Whether a call only changes what surrounds the next ones.
    fn attribute(&mut self, unit: &Unit, call: &Call, scope: &mut Scope) -> bool {
        let text = || call.arg(0).and_then(Expr::text).unwrap_or_default();
        match call.name.as_str() {
            "prefix" => match call.arg(0).and_then(Expr::text) {
                Some(prefix) => scope.prefix = join(&scope.prefix, prefix),
                None => {
                    self.miss(unit, call.line, "The prefix is not literal.");
                    scope.prefix = join(&scope.prefix, "*");
                }
            },
            "middleware" => {
                for item in call.args.iter().flat_map(|arg| arg.value.items()) {
                    scope.before.extend(self.names.mentions(&written(item), &unit.at(call.line), true));
                }
            }
            "withoutMiddleware" => without(&mut scope.before, unit, call),
            "controller" => scope.controller = call.arg(0).and_then(Expr::word).map(Into::into),
            "namespace" => scope.namespace = text().trim_matches('\\').to_owned(),
            "can" => scope.before.push(can(unit, call, true)),
            "name"
            | "as"
            | "domain"
            | "where"
            | "whereNumber"
            | "whereUuid"
            | "whereAlpha"
            | "whereIn"
            | "scopeBindings"
            | "withoutScopedBindings"
            | "shallow"
            | "missing"
            | "withTrashed"
            | "whereUlid"
            | "defaults" => {}
            _ => return false,
        }
        scope.before.truncate(MAX_BEFORE);
        true
    }

    fn terminal(&mut self, unit: &'u Unit, call: &'u Call, scope: &Scope) {
        let name = call.name.as_str();
        match name {
            "group" => self.group(unit, call, scope),
            "match" => {
                let methods = call.arg(0).map(Expr::items).unwrap_or_default();
                let methods: Vec<Method> = methods.iter().filter_map(|m| Method::of(m.word()?)).collect();
                self.verb(unit, call, 1, &methods, scope);
            }
            "any" | "view" | "redirect" | "permanentRedirect" | "livewire" | "inertia" | "route" => {
                let method = if matches!(name, "view" | "livewire" | "inertia") { Method::Get } else { Method::Any };
                self.verb(unit, call, 0, &[method], scope);
            }
            "fallback" => {
                let target = call.arg(0).and_then(|action| target_of(action, scope));
                self.push(unit, call.line, "*", Method::Any, target, scope);
            }
            "resource" | "apiResource" | "singleton" | "apiSingleton" => {
                let class = call.arg(1).and_then(Expr::word).unwrap_or_default();
                match call.arg(0).and_then(Expr::text) {
                    Some(path) => self.resource(unit, call, path, class, scope),
                    None => self.miss(unit, call.line, "The name of the resource is not literal."),
                }
            }
            "resources" | "apiResources" => {
                let Some(Expr::Pairs(pairs)) = call.arg(0) else { return };
                for (path, class) in pairs {
                    self.resource(unit, call, path.word().unwrap_or_default(), class.word().unwrap_or_default(), scope);
                }
            }
            "model"
            | "bind"
            | "pattern"
            | "patterns"
            | "current"
            | "has"
            | "is"
            | "macro"
            | "currentRouteName"
            | "getRoutes"
            | "input"
            | "currentRouteAction"
            | "aliasMiddleware"
            | "middlewareGroup"
            | "pushMiddlewareToGroup"
            | "dispatch"
            | "getCurrentRoute"
            | "getCurrentRequest" => {}
            other => match Method::of(other) {
                Some(method) => self.verb(unit, call, 0, &[method], scope),
                None => {
                    self.miss(unit, call.line, format!("`Route::{}` may draw routes; it is not known.", short(other)))
                }
            },
        }
    }

    fn group(&mut self, unit: &'u Unit, call: &'u Call, outer: &Scope) {
        let mut scope = outer.clone();
        for arg in &call.args {
            match &arg.value {
                Expr::Pairs(pairs) => {
                    for (key, value) in pairs {
                        let args = vec![crate::code::unit::Arg { key: None, value: value.clone() }];
                        let name = key.word().unwrap_or_default().to_owned();
                        let attribute = Call { name, args, block: None, line: call.line };
                        self.attribute(unit, &attribute, &mut scope);
                    }
                }
                Expr::Lambda(function) => self.statements(unit, &function.body, &scope),
                file => self.load_named(unit, call.line, file, &scope),
            }
        }
    }

    fn verb(&mut self, unit: &'u Unit, call: &'u Call, first: usize, methods: &[Method], scope: &Scope) {
        let Some(path) = call.arg(first).and_then(literal) else {
            return self.miss(unit, call.line, "The path is not literal.");
        };
        let redirects = matches!(call.name.as_str(), "redirect" | "permanentRedirect" | "view" | "inertia");
        let action = call.arg(first + 1).filter(|_| !redirects);
        let target = action.and_then(|action| target_of(action, scope));
        for method in methods {
            self.push(unit, call.line, &path, *method, target.clone(), scope);
            let Some(last) = self.drawn.last_mut() else { continue };
            match action {
                Some(Expr::Lambda(function)) => inline(unit, function, &mut last.route),
                _ if redirects => {
                    let at = last.route.at.clone();
                    last.route.handler = Some(Handler { name: format!("Route::{}", call.name), end: at.line, at });
                }
                _ => {}
            }
        }
    }

    fn resource(&mut self, unit: &'u Unit, call: &Call, path: &str, class: &str, scope: &Scope) {
        let class = in_namespace(class, scope);
        let options = call.arg(2);
        let listed = |key: &str| match options {
            Some(Expr::Pairs(pairs)) => pairs.iter().find(|(k, _)| k.word() == Some(key)).map(|(_, v)| v.items()),
            _ => None,
        };
        for (action, method, path) in resources::actions(path, &call.name) {
            let has = |items: &[Expr]| items.iter().any(|item| item.word() == Some(action));
            if listed("only").is_none_or(has) && !listed("except").is_some_and(has) {
                self.push(unit, call.line, &path, method, Some((class.clone(), action.into())), scope);
            }
        }
    }

    /// What is said of a route behind it.
    fn afterwards(&mut self, unit: &Unit, call: &Call, begun: usize) {
        let names = || call.args.iter().flat_map(|arg| arg.value.items()).filter_map(Expr::word);
        let of = |drawn: &Drawn| drawn.target.as_ref().is_some_and(|(_, action)| names().any(|name| name == action));
        match call.name.as_str() {
            "only" | "except" => {
                let mut at = 0;
                let keep = call.name == "only";
                self.drawn.retain(|drawn| {
                    at += 1;
                    at <= begun || of(drawn) == keep
                });
            }
            "middleware" | "can" | "withoutMiddleware" | "prefix" => {
                for drawn in self.drawn.iter_mut().skip(begun) {
                    match call.name.as_str() {
                        "can" => drawn.route.before.push(can(unit, call, false)),
                        "prefix" => {
                            drawn.route.path = join(call.arg(0).and_then(Expr::text).unwrap_or("*"), &drawn.route.path)
                        }
                        "middleware" => {
                            let items = call.args.iter().flat_map(|arg| arg.value.items());
                            let found =
                                items.flat_map(|item| self.names.mentions(&written(item), &unit.at(call.line), false));
                            drawn.route.before.extend(found.take(MAX_BEFORE));
                            drawn.route.before.truncate(MAX_BEFORE);
                        }
                        _ => without(&mut drawn.route.before, unit, call),
                    }
                }
            }
            _ => {}
        }
    }
}

/// Takes away what a route says that it does without.
fn without(before: &mut Vec<Mention>, unit: &Unit, call: &Call) {
    let names: Vec<String> = call.args.iter().flat_map(|arg| arg.value.items()).map(written).collect();
    let last = |name: &String| name.rsplit('\\').next().unwrap_or_default().to_owned();
    let taken = |one: &Mention| names.iter().any(|name| one.name == last(name));
    let asked = before.iter().any(|one| taken(one) && one.role == Role::Authentication);
    before.retain(|one| !taken(one));
    // Another guard may stand in the place of the one that is taken away.
    if asked && !before.iter().any(|one| one.role == Role::Authentication) {
        let name = short(format!("withoutMiddleware {}", names.join(", ")));
        before.push(Mention { role: Role::Public, name, at: unit.at(call.line), group: false });
    }
}

/// Whether a chain begins with the router.
fn is_router(chain: &Chain, unit: &Unit) -> bool {
    let Some(base) = chain.base.name() else { return false };
    let is_call = chain.calls().next().is_some();
    let known = base == "Route" || base == "Volt" || base.ends_with("Facades\\Route");
    let alias = unit.import(base).is_some_and(|full| full.ends_with("Facades\\Route"));
    let variable = matches!(base, "$router" | "$app" | "$api" | "$route") && root_of(&unit.file).is_some();
    is_call && (known || alias || variable)
}

/// A literal text; of one that is put together, what is known.
fn literal(e: &Expr) -> Option<String> {
    match e {
        Expr::Text(text) => Some(text.clone()),
        Expr::Joined(parts) if parts.len() <= 32 => Some(parts.iter().map(|part| part.text().unwrap_or("*")).collect()),
        _ => None,
    }
}

/// The class and the method.
fn target_of(action: &Expr, scope: &Scope) -> Option<(String, String)> {
    match action {
        Expr::List(items) => Some((items.first()?.word()?.into(), items.get(1)?.text()?.into())),
        Expr::Text(text) => match (text.split_once('@'), &scope.controller) {
            (Some((class, method)), _) => Some((in_namespace(class, scope), method.into())),
            (None, Some(controller)) => Some((controller.clone(), text.clone())),
            (None, None) => Some((in_namespace(text, scope), "__invoke".into())),
        },
        Expr::Name(class) => Some((class.clone(), "__invoke".into())),
        // `['uses' => 'C@m', 'middleware' => …]`
        Expr::Pairs(pairs) => {
            let uses = pairs.iter().find(|(key, _)| key.word() == Some("uses"))?;
            target_of(&uses.1, scope)
        }
        _ => None,
    }
}

fn in_namespace(class: &str, scope: &Scope) -> String {
    match scope.namespace.is_empty() || class.starts_with('\\') {
        true => class.to_owned(),
        false => format!("\\{}\\{class}", scope.namespace),
    }
}

/// A handler that is written in the route.
fn inline(unit: &Unit, function: &Function, route: &mut Route) {
    route.handler = Some(unit.handler("function", function));
    of_body(unit, &function.body, function.line, &mut route.before);
}
