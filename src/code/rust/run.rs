//! Follows a program from where routers are made to where they are served.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::framework::Framework;
use crate::code::reader::{gap, tell};
use crate::code::route::{Inventory, Mention, Route};
use crate::code::unit::{Call, Chain, Expr, Function, Link, Unit, short};
use crate::code::walk::{MAX_BEFORE, join};

use super::{actix, axum};

/// Functions are followed no deeper into others than this.
const MAX_DEPTH: u32 = 24;

/// No more calls are followed in all.
const MAX_CALLS: usize = 20_000;

/// No more routes are added than this; nobody wrote them.
const MAX_ROUTES: usize = 20_000;

/// A router, a scope or a resource.
#[derive(Clone, Debug)]
pub(super) struct Router {
    pub framework: Framework,
    pub routes: Vec<Route>,
    /// What is put before all of it once it is whole: Actix wraps what is added later, too.
    pub wraps: Vec<Mention>,
    /// The path of a scope or a resource.
    pub prefix: String,
    /// Whether its routes are part of another's.
    pub consumed: bool,
}

/// What an expression is, as far as it is told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Value {
    #[default]
    Other,
    /// A router, by its number.
    Router(usize),
}

/// A function while it is followed.
pub(super) struct Frame<'u> {
    pub unit: &'u Unit,
    pub vars: BTreeMap<&'u str, Value>,
    /// What variables are made by.
    pub made: BTreeMap<&'u str, &'u Expr>,
    result: Value,
}

/// The run.
pub(super) struct Run<'u, 'i> {
    functions: BTreeMap<&'u str, Vec<(&'u Unit, &'u Function)>>,
    constants: BTreeMap<&'u str, Vec<&'u Expr>>,
    /// Types that are made of a request.
    pub extractors: BTreeSet<&'u str>,
    pub routers: Vec<Router>,
    followed: BTreeSet<*const Function>,
    /// Routers of functions that were followed before anything was found that calls them.
    begun: BTreeMap<*const Function, usize>,
    /// Handlers that carry their path and were added to something.
    pub served: BTreeSet<*const Function>,
    calls: usize,
    depth: u32,
    inventory: &'i mut Inventory,
}

/// Adds all routes that can be followed.
pub(super) fn draw(units: &[&Unit], inventory: &mut Inventory) {
    let mut run = Run {
        functions: BTreeMap::new(),
        constants: BTreeMap::new(),
        extractors: BTreeSet::new(),
        routers: Vec::new(),
        followed: BTreeSet::new(),
        begun: BTreeMap::new(),
        served: BTreeSet::new(),
        calls: 0,
        depth: 0,
        inventory,
    };
    let mut called: BTreeSet<&str> = BTreeSet::new();
    for unit in units {
        run.declare(unit);
        for function in &unit.functions {
            for statement in &function.body {
                statement.walk(&mut |e| match e {
                    Expr::Chain(chain) => called.extend(chain.calls().map(Call::last_name)),
                    Expr::Name(name) => called.extend(name.rsplit("::").next()),
                    _ => {}
                });
            }
        }
    }
    let all = || units.iter().flat_map(|unit| unit.functions.iter().map(move |function| (*unit, function)));
    for only_uncalled in [true, false] {
        for (unit, function) in all() {
            let is_called = called.contains(function.name.as_str()) && function.name != "main";
            let skip = only_uncalled && (is_called || takes_router(function));
            if !skip
                && !run.followed.contains(&std::ptr::from_ref(function))
                && let Value::Router(id) = run.call(unit, function, &[])
            {
                run.begun.insert(std::ptr::from_ref(function), id);
            }
        }
    }
    for (unit, function) in all() {
        if actix::has_path(function)
            && imports(unit, "actix_web")
            && !run.served.contains(&std::ptr::from_ref(function))
        {
            run.miss(unit, function.line, format!("Nothing was found that serves `{}`.", short(&function.name)));
        }
    }
    run.finish();
}

/// Whether a file uses a crate.
pub(super) fn imports(unit: &Unit, name: &str) -> bool {
    unit.imports.iter().any(|(_, full)| full.split("::").next() == Some(name))
}

fn takes_router(function: &Function) -> bool {
    function.params.iter().any(|param| param.of.contains("ServiceConfig") || is_router(&param.of))
}

fn is_router(of: &str) -> bool {
    let base = of.split('<').next().unwrap_or_default();
    base.rsplit("::").next() == Some("Router")
}

impl<'u> Run<'u, '_> {
    fn declare(&mut self, unit: &'u Unit) {
        for function in &unit.functions {
            self.functions.entry(&function.name).or_default().push((unit, function));
        }
        for constant in &unit.body {
            let Expr::Assign(both) = constant else { continue };
            self.constants.entry(both.0.name().unwrap_or_default()).or_default().push(&both.1);
        }
        let of_request = |class: &&crate::code::unit::Class| class.parents.iter().any(|of| of.contains("FromRequest"));
        self.extractors.extend(unit.classes.iter().filter(of_request).map(|class| class.name.as_str()));
    }

    /// Notes what could not be followed.
    pub(super) fn miss(&mut self, unit: &Unit, line: u32, why: impl Into<String>) {
        tell(&mut self.inventory.gaps, gap(&unit.file, line, why));
    }

    /// A new router.
    pub(super) fn router(&mut self, framework: Framework, prefix: String) -> Value {
        self.routers.push(Router { framework, routes: Vec::new(), wraps: Vec::new(), prefix, consumed: false });
        Value::Router(self.routers.len() - 1)
    }

    /// The functions that a path can mean in a file; of several, those whose module fits, and then those that are nearest.
    pub(super) fn find(&self, unit: &Unit, path: &str) -> Vec<(&'u Unit, &'u Function)> {
        let full = match path.split_once("::") {
            None => unit.import(path).unwrap_or(path).to_owned(),
            Some((first, rest)) => unit.import(first).map_or(path.to_owned(), |full| format!("{full}::{rest}")),
        };
        let mut parts = full.rsplit("::");
        let name = parts.next().unwrap_or_default();
        let module = parts.next().filter(|module| !matches!(*module, "crate" | "self" | "super" | "Self"));
        let all = self.functions.get(name).map(Vec::as_slice).unwrap_or_default();
        let fits = |(other, function): &&(&'u Unit, &'u Function)| match module {
            Some(module) => function.owner == module || is_module(&other.file, module),
            None => function.owner.is_empty() || path.starts_with("Self::"),
        };
        let found: Vec<_> = all.iter().take(2000).filter(fits).copied().collect();
        // `articles::router` is that of `articles/mod.rs`, not that of `articles/comments.rs`.
        let exact = |other: &Unit| module.is_some_and(|module| is_file_of(&other.file, module));
        let own: Vec<_> = found.iter().filter(|(other, _)| exact(other)).copied().collect();
        let found = if own.is_empty() { found } else { own };
        let same: Vec<_> = found.iter().filter(|(other, _)| other.file == unit.file).copied().collect();
        if module.is_none() && !same.is_empty() {
            return same;
        }
        let near = |other: &Unit| other.file.split('/').zip(unit.file.split('/')).take_while(|(a, b)| a == b).count();
        let best = found.iter().map(|(other, _)| near(other)).max().unwrap_or(0);
        found.into_iter().filter(|(other, _)| near(other) == best).collect()
    }

    /// Follows a function that is passed these.
    pub(super) fn call(&mut self, unit: &'u Unit, function: &'u Function, args: &[Value]) -> Value {
        self.calls += 1;
        if self.depth >= MAX_DEPTH || self.calls > MAX_CALLS {
            if self.calls <= MAX_CALLS + 1 {
                self.miss(
                    unit,
                    function.line,
                    "The program calls itself, or more than is followed: routes may be missing.",
                );
            }
            return Value::Other;
        }
        self.followed.insert(std::ptr::from_ref(function));
        // It is called from here: what it gave when nothing called it is no router of its own.
        if let Some(router) = self.begun.remove(&std::ptr::from_ref(function)).and_then(|id| self.routers.get_mut(id)) {
            router.consumed = true;
        }
        let mut frame = Frame { unit, vars: BTreeMap::new(), made: BTreeMap::new(), result: Value::Other };
        for (at, param) in function.params.iter().enumerate() {
            let known = args.get(at).copied().unwrap_or_default();
            let config = param.of.contains("ServiceConfig");
            let value = match known {
                Value::Other if config || is_router(&param.of) && imports(unit, "axum") => {
                    let why = "Nothing was found that passes a router here: its prefix and guards are not known.";
                    self.miss(unit, function.line, why);
                    let prefix = if config { "/*".to_owned() } else { String::new() };
                    self.router(if config { Framework::Actix } else { Framework::Axum }, prefix)
                }
                known => known,
            };
            frame.vars.insert(&param.name, value);
        }
        self.depth += 1;
        let last = self.statements(&function.body, &mut frame);
        self.depth -= 1;
        match frame.result {
            Value::Other => last,
            known => known,
        }
    }

    /// Follows statements, in order; what the last one is.
    pub(super) fn statements(&mut self, body: &'u [Expr], frame: &mut Frame<'u>) -> Value {
        let mut last = Value::Other;
        for statement in body {
            last = self.value(statement, frame);
        }
        last
    }

    /// What an expression is, after what it does is done.
    pub(super) fn value(&mut self, e: &'u Expr, frame: &mut Frame<'u>) -> Value {
        match e {
            Expr::Name(name) => frame.vars.get(name.as_str()).copied().unwrap_or_default(),
            Expr::Chain(chain) => self.chain(chain, frame),
            Expr::Assign(both) => {
                let value = self.value(&both.1, frame);
                if let Some(name) = both.0.name() {
                    frame.made.insert(name, &both.1);
                    frame.vars.insert(name, value);
                }
                Value::Other
            }
            Expr::Return(inner) => {
                let value = self.value(inner, frame);
                if let Value::Router(_) = value {
                    frame.result = value;
                }
                Value::Other
            }
            Expr::Lambda(function) => self.statements(&function.body, frame),
            // Of a condition, what any of its branches is.
            Expr::Group(all) => {
                let mut found = Value::Other;
                for one in all {
                    if let known @ Value::Router(_) = self.value(one, frame) {
                        found = known;
                    }
                }
                found
            }
            Expr::List(all) => {
                for one in all {
                    self.value(one, frame);
                }
                Value::Other
            }
            _ => Value::Other,
        }
    }

    fn chain(&mut self, chain: &'u Chain, frame: &mut Frame<'u>) -> Value {
        let mut value = match &chain.base {
            Expr::Unknown => Value::Other,
            base => self.value(base, frame),
        };
        let is_plain = matches!(chain.base, Expr::Unknown);
        for (at, link) in chain.links.iter().enumerate() {
            let Link::Call(call) = link else { continue };
            value = match value {
                Value::Router(id) => self.on_router(id, call, frame),
                Value::Other if is_plain && at == 0 => self.plain(call, frame),
                // What is done with a router gives one back: `service.serve(router)`.
                Value::Other => self.passed(call, frame).1.map(Value::Router).unwrap_or_default(),
            };
        }
        value
    }

    fn on_router(&mut self, id: usize, call: &'u Call, frame: &mut Frame<'u>) -> Value {
        match self.routers.get(id).map(|router| router.framework) {
            Some(Framework::Axum) => axum::on_router(self, id, call, frame),
            Some(_) => actix::on_router(self, id, call, frame),
            None => Value::Other,
        }
    }

    /// A call of a function.
    fn plain(&mut self, call: &'u Call, frame: &mut Frame<'u>) -> Value {
        if let Some(made) = axum::made(self, call, frame).or_else(|| actix::made(self, call, frame)) {
            return made;
        }
        let (args, passed) = self.passed(call, frame);
        let found = self.find(frame.unit, &call.name);
        match (found.as_slice(), passed) {
            ([(unit, function)], _) if passed.is_some() || is_router(&function.result) || gives(function) => {
                self.call(unit, function, &args)
            }
            // What wraps a router is one: `NormalizePath::trim(router)`.
            (_, Some(id)) => Value::Router(id),
            _ => Value::Other,
        }
    }

    /// What is passed, and the first router of that.
    fn passed(&mut self, call: &'u Call, frame: &mut Frame<'u>) -> (Vec<Value>, Option<usize>) {
        let args: Vec<Value> = call.args.iter().map(|arg| self.value(&arg.value, frame)).collect();
        let passed = args.iter().find_map(|arg| match arg {
            Value::Router(id) => Some(*id),
            Value::Other => None,
        });
        (args, passed)
    }

    /// Takes over the routes of another router.
    pub(super) fn take(&mut self, id: usize, inner: usize, path: &str, own: &[Mention]) {
        let Some(found) = self.routers.get_mut(inner).filter(|_| id != inner) else { return };
        found.consumed = true;
        let found = found.clone();
        let Some(router) = self.routers.get_mut(id) else { return };
        if router.routes.len() + found.routes.len() > MAX_ROUTES {
            return;
        }
        router.routes.extend(whole(found, path, own));
    }

    /// Adds a route.
    pub(super) fn push(&mut self, id: usize, route: Route) {
        if let Some(router) = self.routers.get_mut(id).filter(|router| router.routes.len() < MAX_ROUTES) {
            router.routes.push(route);
        }
    }

    /// The path that an expression is; `*` where it is not known.
    pub(super) fn path(&mut self, e: Option<&'u Expr>, frame: &Frame<'u>, line: u32) -> String {
        if let Some(path) = e.and_then(|e| self.text(e, frame, 0)) {
            return path;
        }
        self.miss(frame.unit, line, "The path is not literal, nor a constant that was found.");
        "*".into()
    }

    fn text(&self, e: &'u Expr, frame: &Frame<'u>, depth: u32) -> Option<String> {
        if depth > 8 {
            return None;
        }
        match e {
            Expr::Text(text) => Some(text.clone()),
            Expr::Name(name) => {
                let last = name.rsplit("::").next().unwrap_or_default();
                let constant = self.constants.get(last).filter(|all| all.len() == 1).and_then(|all| all.first());
                let made = frame.made.get(last).or(constant).copied()?;
                self.text(made, frame, depth + 1)
            }
            Expr::Chain(chain) => {
                let call = chain.plain()?;
                // `format!("{base}/x")` and `concat!("/a", "/b")`
                match call.name.as_str() {
                    "format!" => call.arg(0)?.text().map(holes),
                    "concat!" => Some(call.args.iter().filter_map(|arg| arg.value.text()).collect()),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn finish(&mut self) {
        for router in std::mem::take(&mut self.routers) {
            if !router.consumed {
                self.inventory.routes.extend(whole(router, "", &[]));
            }
        }
    }
}

/// The routes of a router that is whole, below a path.
fn whole(router: Router, path: &str, own: &[Mention]) -> Vec<Route> {
    let prefix = join(path, &router.prefix);
    let wraps = router.wraps;
    let below = |mut route: Route| {
        route.path = join(&prefix, &route.path);
        route.before = own.iter().chain(&wraps).cloned().chain(route.before).take(MAX_BEFORE).collect();
        route
    };
    router.routes.into_iter().map(below).collect()
}

/// Whether a function gives back something that routers are made of.
fn gives(function: &Function) -> bool {
    ["Scope", "Resource", "impl HttpServiceFactory", "implHttpServiceFactory", "App<", "IntoMakeService"]
        .iter()
        .any(|of| function.result.contains(of))
        || function.result.contains("Router<")
        || function.result.contains("Router,")
        || function.result.contains("Router)")
}

/// Whether a file is the one that a module is written in.
fn is_file_of(file: &str, module: &str) -> bool {
    let mut parts = file.trim_end_matches(".rs").rsplit('/');
    let stem = parts.next().unwrap_or_default();
    stem == module || matches!(stem, "mod" | "lib" | "main") && parts.next() == Some(module)
}

fn is_module(file: &str, module: &str) -> bool {
    is_file_of(file, module) || file.split('/').any(|folder| folder.replace('-', "_") == module)
}

/// A format's text, with `*` for what is put in.
fn holes(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '{' => {
                inside = true;
                out.push('*');
            }
            '}' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}
