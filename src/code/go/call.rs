//! Calls of routers: routes, groups, and what stands before them.

use crate::code::framework::Framework;
use crate::code::route::{Handler, Mention, Method, Role, Route};
use crate::code::unit::{Call, Expr, Function, Unit, short};
use crate::code::walk::{MAX_BEFORE, braced, join, mention, role_of};

use super::program::Program;
use super::router::{Does, Router, does};
use super::run::{Frame, Run, Value};

/// No more routes are added than this; nobody wrote them.
const MAX_ROUTES: usize = 20_000;

impl<'u> Run<'u, '_> {
    /// A call of a router's method.
    pub(super) fn on_router(&mut self, id: usize, call: &'u Call, frame: &mut Frame<'u>) -> Value {
        let Some(router) = self.routers.get(id) else { return Value::Other };
        let framework = router.framework;
        match does(framework, router.gorilla, &call.name) {
            Does::Route(method, at) => return self.route(id, &[method], at, call, frame),
            Does::Named => {
                let name = call.arg(0).map(method_name).unwrap_or_default();
                let methods = [Method::of(&name).unwrap_or(Method::Any)];
                return self.route(id, &methods, 1, call, frame);
            }
            Does::Match => {
                let names = call.arg(0).map(Expr::items).unwrap_or_default();
                let methods: Vec<Method> = names.iter().filter_map(|name| Method::of(&method_name(name))).collect();
                return self.route(id, &methods, 1, call, frame);
            }
            Does::Use => self.add_guards(id, call, frame),
            Does::Group(has_path) => return self.on_group(id, has_path, call, frame),
            Does::Mount => self.mount(id, call, frame),
            Does::Files => {
                let path =
                    call.arg(0).and_then(|path| self.program.path(frame.unit, path, 0)).unwrap_or_else(|| "*".into());
                let whole = call.name.contains("File") && call.name != "StaticFS";
                let path = if whole { path } else { join(&path, "*") };
                let handler = Handler { name: call.name.clone(), at: frame.unit.at(call.line), end: call.line };
                self.push(id, frame.unit, call.line, &path, Method::Get, Some(handler), Vec::new());
            }
            Does::Unknown => {
                self.miss(frame.unit, call.line, format!("`{}` may add routes; it is not known.", short(&call.name)));
            }
            Does::Nothing => {}
        }
        Value::Router(id)
    }

    /// What is said of routes behind them: gorilla's `Methods`.
    pub(super) fn on_added(&mut self, id: usize, first: usize, call: &Call) -> Value {
        let home = self.home(id);
        if call.name == "Methods" {
            let methods: Vec<Method> =
                call.args.iter().filter_map(|arg| Method::of(&method_name(&arg.value))).collect();
            let until = first.min(self.routes[home].len());
            let added = self.routes[home].split_off(until);
            for route in added {
                self.routes[home].extend(methods.iter().map(|method| Route { method: *method, ..route.clone() }));
            }
        }
        Value::Added(id, first)
    }

    fn route(&mut self, id: usize, methods: &[Method], at: usize, call: &'u Call, frame: &mut Frame<'u>) -> Value {
        let home = self.home(id);
        let first = self.routes[home].len();
        let Some(router) = self.routers.get(id) else { return Value::Other };
        let (framework, gorilla) = (router.framework, router.gorilla);
        let path = call.arg(at).and_then(|path| self.program.path(frame.unit, path, 0)).unwrap_or_else(|| {
            self.miss(frame.unit, call.line, "The path is not literal, nor a constant that was found.");
            "*".into()
        });
        let mut args: Vec<&'u Expr> = call.args.iter().skip(at + 1).map(|arg| &arg.value).collect();
        let mut before = Vec::new();
        // gin has its guards before the handler, echo behind it.
        let handler = if framework == Framework::Gin { args.pop() } else { (!args.is_empty()).then(|| args.remove(0)) };
        for guard in args {
            before.push(self.guard(guard, frame, call.line, false));
        }
        if let (Some(sub), Framework::GoHttp) = (handler, framework)
            && let Some(inner) = self.inner_router(sub, frame, 0)
        {
            let strips = sub.any(&mut |e| matches!(e, Expr::Chain(c) if c.calls().any(|c| c.name == "StripPrefix")));
            self.wrappers(sub, frame, &mut before, 0);
            self.take(id, inner, if strips { &path } else { "" }, before);
            return Value::Other;
        }
        let handler = handler.and_then(|handler| self.handler(handler, frame, &mut before, call.line, 0));
        let (method, path) = match framework == Framework::GoHttp && !gorilla {
            true => pattern(&path),
            false => (None, path),
        };
        for known in methods {
            self.push(id, frame.unit, call.line, &path, method.unwrap_or(*known), handler.clone(), before.clone());
        }
        if gorilla { Value::Added(id, first) } else { Value::Router(id) }
    }

    #[expect(clippy::too_many_arguments, reason = "what a route is made of")]
    fn push(
        &mut self,
        id: usize,
        unit: &Unit,
        line: u32,
        path: &str,
        method: Method,
        handler: Option<Handler>,
        own: Vec<Mention>,
    ) {
        let home = self.home(id);
        if self.routes[home].len() >= MAX_ROUTES {
            return self.miss(unit, line, "There are more routes than are listed.");
        }
        let Some(router) = self.routers.get(id) else { return };
        let before = router.before.iter().cloned().chain(own).take(MAX_BEFORE).collect();
        let path = braced(&join(&router.prefix, path));
        let route = Route { path, method, at: unit.at(line), framework: router.framework, handler, before };
        self.routes[home].push(route);
    }

    fn add_guards(&mut self, id: usize, call: &'u Call, frame: &mut Frame<'u>) {
        let guards: Vec<Mention> = call.args.iter().map(|arg| self.guard(&arg.value, frame, call.line, true)).collect();
        let home = self.home(id);
        let Some(router) = self.routers.get_mut(id) else { return };
        router.before.extend(guards.iter().cloned());
        router.before.truncate(MAX_BEFORE);
        // Of echo itself and of gorilla, what is used stands before what was added earlier, too.
        if router.framework == Framework::Echo && home == id || router.gorilla {
            for route in &mut self.routes[home] {
                route.before.splice(0..0, guards.iter().cloned());
                route.before.truncate(MAX_BEFORE);
            }
        }
    }

    /// What stands before a route: by its name, or by what the variable was made by.
    fn guard(&self, e: &Expr, frame: &Frame, line: u32, group: bool) -> Mention {
        let dotted = match e {
            Expr::Lambda(_) => "func".to_owned(),
            other => other.dotted(),
        };
        let mut own = mention(&dotted, frame.unit.at(line), group);
        if let Some(call) = e.chain().and_then(|chain| chain.calls().last()) {
            if matches!(call.args.as_slice(), [only] if only.value.name() == Some("false")) {
                // `AuthMiddleware(false)`: looks who is calling, and lets everybody pass.
                own = Mention { role: Role::Other, name: short(format!("{dotted}(false)")), ..own };
            } else if call.args.iter().any(|arg| arg.value.any(&mut skips)) {
                own.name = short(format!("{dotted} if …"));
            }
        }
        let made = frame.made.get(dotted.as_str()).filter(|made| own.role == Role::Other && !made.is_empty());
        made.map_or(own, |made| mention(made, frame.unit.at(line), group))
    }

    /// Puts a wrapper before all routes of a router.
    pub(super) fn wrap(&mut self, id: usize, call: &Call, on: &str, frame: &Frame) {
        let name = if on.is_empty() { call.name.clone() } else { format!("{on}.{}", call.name) };
        let guard = mention(&name, frame.unit.at(call.line), true);
        let home = self.home(id);
        for route in &mut self.routes[home] {
            route.before.insert(0, guard.clone());
            route.before.truncate(MAX_BEFORE);
        }
        if let Some(router) = self.routers.get_mut(id) {
            router.before.insert(0, guard);
        }
    }

    fn on_group(&mut self, id: usize, has_path: bool, call: &'u Call, frame: &mut Frame<'u>) -> Value {
        let mut args: Vec<&'u Expr> = call.args.iter().map(|arg| &arg.value).collect();
        let mut prefix = self.routers[id].prefix.clone();
        if has_path && !args.is_empty() {
            let path = self.program.path(frame.unit, args.remove(0), 0).unwrap_or_else(|| {
                self.miss(frame.unit, call.line, "The prefix is not literal, nor a constant that was found.");
                "*".into()
            });
            prefix = join(&prefix, &path);
        }
        let framework = self.routers[id].framework;
        let takes_function = framework == Framework::Chi && matches!(call.name.as_str(), "Route" | "Group");
        let body = if takes_function { args.pop() } else { None };
        let mut before = self.routers[id].before.clone();
        // What stands behind `With` is for the one route that follows.
        let is_group = call.name != "With";
        before.extend(args.into_iter().map(|guard| self.guard(guard, frame, call.line, is_group)));
        let gorilla = self.routers[id].gorilla;
        let group = self.group(Router { framework, gorilla, prefix, before, part_of: Some(id) });
        match body {
            Some(Expr::Lambda(function)) => self.inline(group, function, frame),
            Some(named) => self.named(group, named, call.line, frame),
            None => {}
        }
        Value::Router(group)
    }

    /// `r.Route("/x", func(r chi.Router) { … })`
    fn inline(&mut self, group: usize, function: &'u Function, frame: &mut Frame<'u>) {
        let Some(param) = function.params.first() else { return };
        let outer = frame.vars.insert(&param.name, Value::Router(group));
        self.statements(&function.body, frame);
        match outer {
            Some(outer) => drop(frame.vars.insert(&param.name, outer)),
            None => drop(frame.vars.remove(param.name.as_str())),
        }
    }

    /// `r.Route("/x", users.Routes)`
    fn named(&mut self, group: usize, named: &Expr, line: u32, frame: &mut Frame<'u>) {
        let found = functions_of(&self.program, frame, named);
        match found.as_slice() {
            [(unit, function)] => drop(self.call(unit, function, &[Value::Router(group)])),
            _ => self.miss(frame.unit, line, format!("What `{}` adds is not known.", short(named.dotted()))),
        }
    }

    fn mount(&mut self, id: usize, call: &'u Call, frame: &mut Frame<'u>) {
        let path = call.arg(0).and_then(|path| self.program.path(frame.unit, path, 0)).unwrap_or_else(|| "*".into());
        let Some(mounted) = call.arg(1) else { return };
        let mut before = Vec::new();
        match self.inner_router(mounted, frame, 0) {
            Some(inner) => {
                self.wrappers(mounted, frame, &mut before, 0);
                self.take(id, inner, &path, before);
            }
            None => {
                let name = short(mounted.dotted());
                self.miss(frame.unit, call.line, format!("What `{name}` answers to is not known."));
                let handler = Handler { name, at: frame.unit.at(call.line), end: call.line };
                self.push(id, frame.unit, call.line, &join(&path, "*"), Method::Any, Some(handler), before);
            }
        }
    }

    /// The router that an expression is, or that is wrapped in it.
    fn inner_router(&mut self, e: &'u Expr, frame: &mut Frame<'u>, depth: u32) -> Option<usize> {
        if depth > 8 || matches!(e, Expr::Lambda(_)) {
            return None;
        }
        if let Value::Router(id) = self.value(e, frame) {
            return Some(id);
        }
        let args = e.chain().into_iter().flat_map(|chain| chain.calls()).flat_map(|call| &call.args);
        args.into_iter().find_map(|arg| self.inner_router(&arg.value, frame, depth + 1))
    }

    /// The names of what wraps something.
    fn wrappers(&self, e: &Expr, frame: &Frame, before: &mut Vec<Mention>, depth: u32) {
        let Some(chain) = e.chain().filter(|_| depth < 8) else { return };
        for call in chain.calls() {
            let wraps = call.args.iter().any(|arg| !matches!(arg.value, Expr::Text(_)));
            if wraps && call.name != "StripPrefix" && role_of(&call.name) != Role::Other {
                before.push(mention(&chain.dotted(), frame.unit.at(call.line), true));
            }
            call.args.iter().for_each(|arg| self.wrappers(&arg.value, frame, before, depth + 1));
        }
    }

    /// Takes over the routes of another router.
    fn take(&mut self, id: usize, inner: usize, path: &str, own: Vec<Mention>) {
        let (home, from) = (self.home(id), self.home(inner));
        if home == from || self.routes[home].len() + self.routes[from].len() > MAX_ROUTES {
            return;
        }
        self.consumed.insert(from);
        let Some(router) = self.routers.get(id) else { return };
        let prefix = join(&router.prefix, path);
        let outer: Vec<Mention> = router.before.iter().cloned().chain(own).collect();
        let below = |route: &Route| {
            // What wraps the router is before its routes already where the wrapper is followed.
            let outer = outer.iter().filter(|one| !route.before.contains(one));
            Route {
                path: join(&prefix, &route.path),
                before: outer.chain(&route.before).take(MAX_BEFORE).cloned().collect(),
                ..route.clone()
            }
        };
        let taken: Vec<Route> = self.routes[from].iter().map(below).collect();
        self.routes[home].extend(taken);
    }

    /// The handler; what it is wrapped in stands before it.
    fn handler(
        &mut self,
        e: &'u Expr,
        frame: &Frame<'u>,
        before: &mut Vec<Mention>,
        line: u32,
        depth: u32,
    ) -> Option<Handler> {
        if let Expr::Lambda(function) = e {
            asks_first(frame.unit, function, before);
            return Some(frame.unit.handler("func", function));
        }
        let call = e.chain().and_then(|chain| chain.calls().last().map(|call| (chain, call)));
        if let Some((chain, call)) = call.filter(|_| depth < 8) {
            let is_function =
                |arg: &Expr| matches!(arg, Expr::Lambda(_)) || !functions_of(&self.program, frame, arg).is_empty();
            let inner = call
                .args
                .iter()
                .rev()
                .map(|arg| &arg.value)
                .find(|arg| is_function(arg) || wraps(&self.program, frame, arg));
            if let Some(inner) = inner {
                const NEUTRAL: &[&str] =
                    &["HandlerFunc", "WrapF", "WrapH", "WrapHandler", "WrapMiddleware", "HandleFunc", "Handler"];
                // `alice.New(logging, auth).Then(handler)`
                for arg in chain.calls().filter(|other| !std::ptr::eq(*other, call)).flat_map(|other| &other.args) {
                    before.push(self.guard(&arg.value, frame, call.line, false));
                }
                if !NEUTRAL.contains(&call.name.as_str()) {
                    before.push(mention(&chain.dotted(), frame.unit.at(call.line), false));
                }
                return self.handler(inner, frame, before, line, depth + 1);
            }
        }
        let dotted = e.dotted();
        let found = functions_of(&self.program, frame, e);
        match found.as_slice() {
            [(unit, function)] => {
                asks_first(unit, function, before);
                let name = match function.owner.as_str() {
                    "" => function.name.clone(),
                    owner => format!("{owner}.{}", function.name),
                };
                Some(unit.handler(name, function))
            }
            _ => (!dotted.is_empty()).then(|| Handler { name: short(dotted), at: frame.unit.at(line), end: line }),
        }
    }
}

/// Whether something tells a guard of echo whom to let pass.
fn skips(e: &Expr) -> bool {
    let Expr::Chain(chain) = e else { return false };
    let keys = chain.calls().flat_map(|call| &call.args).filter(|arg| arg.key.as_deref() == Some("Skipper"));
    keys.into_iter().any(|arg| !arg.value.dotted().ends_with("DefaultSkipper"))
}

/// The functions of the program that an expression names, or calls to make a handler.
fn functions_of<'u>(program: &Program<'u>, frame: &Frame<'u>, e: &Expr) -> Vec<(&'u Unit, &'u Function)> {
    let dotted = e.dotted();
    let (on, name) = dotted.rsplit_once('.').unwrap_or(("", &dotted));
    if on.is_empty() && frame.vars.contains_key(name) {
        return Vec::new();
    }
    let of = match frame.vars.get(on.split('.').next().unwrap_or_default()) {
        Some(Value::Of(of)) if !on.contains('.') && !program.functions(frame.unit, on, name, Some(of)).is_empty() => {
            Some(of.as_str())
        }
        _ => None,
    };
    program.functions(frame.unit, on, name, of)
}

/// Whether something wraps a function in turn.
fn wraps(program: &Program, frame: &Frame, e: &Expr) -> bool {
    let Some(call) = e.chain().and_then(|chain| chain.calls().last()) else { return false };
    call.args
        .iter()
        .any(|arg| matches!(arg.value, Expr::Lambda(_)) || !functions_of(program, frame, &arg.value).is_empty())
}

/// `"GET"` and `http.MethodGet`.
fn method_name(e: &Expr) -> String {
    let word = e.text().map_or_else(|| e.dotted(), ToOwned::to_owned);
    let last = word.rsplit('.').next().unwrap_or_default();
    last.strip_prefix("Method").unwrap_or(last).to_owned()
}

/// A pattern of Go 1.22: `GET example.com/path/{name...}`.
fn pattern(text: &str) -> (Option<Method>, String) {
    let (method, rest) = match text.split_once([' ', '\t']) {
        Some((method, rest)) => (Method::of(method), rest.trim_start()),
        None => (None, text),
    };
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    match path.strip_suffix("{$}") {
        Some(exact) => (method, exact.to_owned()),
        // What ends with a slash answers to all below it.
        None if path.ends_with('/') && path.len() > 1 => (method, format!("{path}*")),
        None => (method, path.to_owned()),
    }
}

/// What a handler asks itself at first, and whether it checks what is sent.
fn asks_first(unit: &Unit, function: &Function, before: &mut Vec<Mention>) {
    let mut found: Vec<Mention> = Vec::new();
    for (position, statement) in function.body.iter().enumerate() {
        statement.walk(&mut |e| {
            let Some(chain) = e.chain() else { return };
            for call in chain.calls() {
                let verbs = ["check", "require", "ensure", "verify", "auth", "must", "validate", "is"];
                let lower = call.name.to_lowercase();
                let role = match role_of(&call.name) {
                    _ if call.name.starts_with("ShouldBind") || call.name.starts_with("BindJSON") => Role::Schema,
                    _ if call.name == "Struct" && chain.dotted().to_lowercase().contains("validat") => Role::Schema,
                    Role::Schema if call.name == "Validate" => Role::Schema,
                    role @ (Role::Authentication | Role::Authorization)
                        if position < 3 && verbs.iter().any(|verb| lower.starts_with(verb)) =>
                    {
                        role
                    }
                    _ => continue,
                };
                let name = short(chain.dotted());
                if !found.iter().any(|one| one.name == name) {
                    found.push(Mention { role, name, at: unit.at(call.line), group: false });
                }
            }
        });
    }
    before.append(&mut found);
}
