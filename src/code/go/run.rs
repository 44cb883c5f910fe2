//! Follows a program from where routers are made to where routes are added.
//!
//! Only what has to do with routers is followed: what is passed one, gives one back, or belongs to something that holds one.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::framework::Framework;
use crate::code::reader::{gap, tell};
use crate::code::route::{Inventory, Route};
use crate::code::unit::{Call, Chain, Expr, Function, Link, Unit, short};

use super::program::{Program, folder};
use super::router::{Router, made_by};
use super::types::{makes_router, result_type, results, router_type, takes_router, type_name};

/// Functions are followed no deeper into others than this.
const MAX_DEPTH: u32 = 24;

/// No more calls are followed in all.
const MAX_CALLS: usize = 20_000;

/// What an expression is, as far as it is told.
#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    #[default]
    Other,
    /// A router or a group, by its number.
    Router(usize),
    /// Routes that were just added to a router: from the first to the end of its list.
    Added(usize, usize),
    /// Something of a named type.
    Of(String),
}

impl Value {
    /// Something of a type, where that is known.
    fn of(name: &str) -> Self {
        if name.is_empty() { Self::Other } else { Self::Of(name.to_owned()) }
    }
}

/// A function while it is followed.
pub(super) struct Frame<'u> {
    pub unit: &'u Unit,
    pub vars: BTreeMap<&'u str, Value>,
    /// What variables are made by: `jwtMiddleware := middleware.JWT(…)`.
    pub made: BTreeMap<&'u str, String>,
    result: Value,
}

/// The run.
pub(super) struct Run<'u, 'i> {
    pub program: Program<'u>,
    pub routers: Vec<Router>,
    /// Routes of each router that is no group, as they are within it.
    pub routes: Vec<Vec<Route>>,
    /// Routers whose routes are part of another's.
    pub consumed: BTreeSet<usize>,
    fields: BTreeMap<(String, String), Value>,
    /// `http.HandleFunc` adds to this one.
    shared: Option<usize>,
    followed: BTreeSet<*const Function>,
    /// Routers of functions that were followed before anything was found that calls them.
    begun: BTreeMap<*const Function, usize>,
    calls: usize,
    depth: u32,
    inventory: &'i mut Inventory,
}

/// Adds all routes that can be followed.
pub(super) fn draw(units: &[&Unit], inventory: &mut Inventory) {
    let mut run = Run {
        program: Program::new(units),
        routers: Vec::new(),
        routes: Vec::new(),
        consumed: BTreeSet::new(),
        fields: BTreeMap::new(),
        shared: None,
        followed: BTreeSet::new(),
        begun: BTreeMap::new(),
        calls: 0,
        depth: 0,
        inventory,
    };
    let mut called: BTreeSet<&str> = BTreeSet::new();
    for function in units.iter().flat_map(|unit| &unit.functions) {
        for statement in &function.body {
            statement.walk(&mut |e| match e {
                Expr::Chain(chain) => chain.links.iter().for_each(|link| match link {
                    Link::Call(call) => called.extend([call.name.as_str()]),
                    Link::Member(name) => called.extend([name.as_str()]),
                    Link::Index(_) => {}
                }),
                Expr::Name(name) => called.extend([name.as_str()]),
                _ => {}
            });
        }
    }
    let all = || units.iter().flat_map(|unit| unit.functions.iter().map(move |function| (*unit, function)));
    // What nobody calls begins; what is left over then was not reached from there.
    for only_uncalled in [true, false] {
        for (unit, function) in all() {
            let is_called = called.contains(function.name.as_str()) && function.name != "main";
            let takes = function.params.iter().any(|param| router_type(unit, &param.of).is_some());
            if only_uncalled && (is_called || takes) || run.followed.contains(&std::ptr::from_ref(function)) {
                continue;
            }
            if let Value::Router(id) = run.call(unit, function, &[]) {
                run.begun.insert(std::ptr::from_ref(function), run.home(id));
            }
        }
    }
    run.finish();
}

impl<'u> Run<'u, '_> {
    /// Notes what could not be followed.
    pub(super) fn miss(&mut self, unit: &Unit, line: u32, why: impl Into<String>) {
        tell(&mut self.inventory.gaps, gap(&unit.file, line, why));
    }

    /// A new router that is no group.
    pub(super) fn router(&mut self, framework: Framework, gorilla: bool) -> usize {
        self.routers.push(Router { gorilla, ..Router::new(framework) });
        self.routes.push(Vec::new());
        self.routers.len() - 1
    }

    /// A group of another router.
    pub(super) fn group(&mut self, group: Router) -> usize {
        self.routers.push(group);
        self.routes.push(Vec::new());
        self.routers.len() - 1
    }

    /// The router that a group is a part of.
    pub(super) fn home(&self, mut id: usize) -> usize {
        while let Some(outer) = self.routers.get(id).and_then(|router| router.part_of) {
            id = outer;
        }
        id
    }

    fn finish(&mut self) {
        for id in 0..self.routes.len() {
            if !self.consumed.contains(&id) {
                let mut routes = std::mem::take(&mut self.routes[id]);
                self.inventory.routes.append(&mut routes);
            }
        }
    }

    /// Follows a function that is passed these.
    pub(super) fn call(&mut self, unit: &'u Unit, function: &'u Function, args: &[Value]) -> Value {
        self.calls += 1;
        if self.depth >= MAX_DEPTH || self.calls > MAX_CALLS {
            // What is passed no router and makes none is followed later, from its own beginning.
            let lost = makes_router(unit, function) || args.iter().any(|arg| matches!(arg, Value::Router(_)));
            if self.calls == MAX_CALLS + 1 || self.calls <= MAX_CALLS && lost {
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
        if let Some(id) = self.begun.remove(&std::ptr::from_ref(function)) {
            self.consumed.insert(id);
        }
        let mut frame = Frame { unit, vars: BTreeMap::new(), made: BTreeMap::new(), result: Value::Other };
        if !function.this.is_empty() {
            frame.vars.insert(&function.this, Value::Of(function.owner.clone()));
        }
        self.bind(&mut frame, function, args);
        self.depth += 1;
        self.statements(&function.body, &mut frame);
        self.depth -= 1;
        frame.result
    }

    /// Gives the parameters their values; a router that nobody passes has a prefix and guards that are not known.
    pub(super) fn bind(&mut self, frame: &mut Frame<'u>, function: &'u Function, args: &[Value]) {
        for (at, param) in function.params.iter().enumerate() {
            let value = match (args.get(at), router_type(frame.unit, &param.of)) {
                (Some(value @ Value::Router(_)), _) => value.clone(),
                (_, Some((framework, gorilla))) => {
                    let id = self.router(framework, gorilla);
                    self.routers[id].prefix = "/*".into();
                    let adds = function
                        .body
                        .iter()
                        .any(|e| e.any(&mut |e| matches!(e, Expr::Chain(c) if c.base.name() == Some(&param.name))));
                    if adds {
                        self.miss(
                            frame.unit,
                            function.line,
                            "Nothing was found that passes a router here: its prefix and guards are not known.",
                        );
                    }
                    Value::Router(id)
                }
                _ => Value::Of(type_name(&param.of).to_owned()),
            };
            frame.vars.insert(&param.name, value);
        }
    }

    /// Follows statements, in order.
    pub(super) fn statements(&mut self, body: &'u [Expr], frame: &mut Frame<'u>) {
        for statement in body {
            self.value(statement, frame);
        }
    }

    /// What an expression is, after what it does is done.
    pub(super) fn value(&mut self, e: &'u Expr, frame: &mut Frame<'u>) -> Value {
        match e {
            Expr::Name(name) => {
                frame.vars.get(name.as_str()).cloned().or_else(|| self.global(frame.unit, name)).unwrap_or_default()
            }
            Expr::Chain(chain) => self.chain(chain, frame),
            Expr::Assign(both) => {
                let value = self.value(&both.1, frame);
                self.assign(both.0.items().first(), value, both.1.dotted(), frame);
                Value::Other
            }
            Expr::Return(inner) => {
                let value = self.value(inner.items().first().unwrap_or(inner), frame);
                if !matches!(value, Value::Other) {
                    frame.result = value;
                }
                Value::Other
            }
            Expr::Lambda(function) => {
                let outer = frame.vars.clone();
                self.bind(frame, function, &[]);
                self.statements(&function.body, frame);
                // Its parameters are its own.
                for param in &function.params {
                    match outer.get(param.name.as_str()) {
                        Some(value) => frame.vars.insert(&param.name, value.clone()),
                        None => frame.vars.remove(param.name.as_str()),
                    };
                }
                Value::Other
            }
            Expr::Group(all) | Expr::List(all) => {
                all.iter().for_each(|one| drop(self.value(one, frame)));
                Value::Other
            }
            _ => Value::Other,
        }
    }

    fn global(&self, unit: &Unit, name: &str) -> Option<Value> {
        self.fields.get(&(folder(unit).to_owned(), name.to_owned())).cloned()
    }

    fn assign(&mut self, target: Option<&'u Expr>, value: Value, made: String, frame: &mut Frame<'u>) {
        match target {
            Some(Expr::Name(name)) => {
                if !frame.vars.contains_key(name.as_str()) && matches!(value, Value::Router(_)) {
                    // It may be a variable of the package.
                    self.fields.insert((folder(frame.unit).to_owned(), name.clone()), value.clone());
                }
                frame.made.insert(name, made);
                // What is not known does not replace what is.
                if !matches!(value, Value::Other) || !frame.vars.contains_key(name.as_str()) {
                    frame.vars.insert(name, value);
                }
            }
            Some(Expr::Chain(chain)) => {
                let (Some(Link::Member(field)), Value::Router(_)) = (chain.links.last(), &value) else { return };
                let base = chain.base.name().and_then(|name| frame.vars.get(name));
                if let Some(Value::Of(of)) = base {
                    self.fields.insert((of.clone(), field.clone()), value);
                }
            }
            _ => {}
        }
    }

    /// `a.b.c(…).d(…)`, from left to right.
    fn chain(&mut self, chain: &'u Chain, frame: &mut Frame<'u>) -> Value {
        let mut value = match &chain.base {
            Expr::Unknown => Value::Other,
            base => self.value(base, frame),
        };
        for (at, link) in chain.links.iter().enumerate() {
            value = match link {
                Link::Member(name) => self.member(&value, name, frame),
                Link::Index(_) => Value::Other,
                Link::Call(call) => match value {
                    Value::Router(id) => self.on_router(id, call, frame),
                    Value::Added(id, first) => self.on_added(id, first, call),
                    other => self.plain(&chain.dotted_to(at), &other, call, frame),
                },
            };
        }
        value
    }

    fn member(&mut self, value: &Value, name: &str, frame: &Frame) -> Value {
        let Value::Of(of) = value else { return Value::Other };
        if let Some(known) = self.fields.get(&(of.clone(), name.to_owned())) {
            return known.clone();
        }
        match self.program.field(of, name) {
            Some(field) => match router_type(frame.unit, field) {
                Some((framework, gorilla)) => {
                    let id = self.router(framework, gorilla);
                    let value = Value::Router(id);
                    self.fields.insert((of.clone(), name.to_owned()), value.clone());
                    value
                }
                None => Value::Of(type_name(field).to_owned()),
            },
            None => Value::Other,
        }
    }

    /// A call on something that is no router.
    fn plain(&mut self, on: &str, value: &Value, call: &'u Call, frame: &mut Frame<'u>) -> Value {
        let path = frame.unit.import(on).map(ToOwned::to_owned).unwrap_or_default();
        if let Some((framework, gorilla)) = made_by(&path, &call.name) {
            return Value::Router(self.router(framework, gorilla));
        }
        if path == "net/http" && matches!(call.name.as_str(), "HandleFunc" | "Handle") {
            let shared = self.shared.unwrap_or_else(|| self.router(Framework::GoHttp, false));
            self.shared = Some(shared);
            return self.on_router(shared, call, frame);
        }
        if let Some(of) = call.name.strip_suffix("{}") {
            return self.composite(of, call, frame);
        }
        let of = match value {
            Value::Of(of) => Some(of.as_str()),
            _ => None,
        };
        let found = self.program.functions(frame.unit, on, &call.name, of);
        let args: Vec<Value> = call
            .args
            .iter()
            .map(|arg| match &arg.value {
                // What is passed on is followed where it is called, as far as that is here.
                Expr::Lambda(_) if !found.is_empty() => Value::Other,
                other => self.value(other, frame),
            })
            .collect();
        let passed = args.iter().find_map(|arg| match arg {
            Value::Router(id) => Some(*id),
            _ => None,
        });
        match (found.as_slice(), passed) {
            ([(unit, function)], _) if self.concerns(unit, function, passed) => {
                if let (Some(id), false) = (passed, takes_router(unit, function)) {
                    // `requireAuth(mux)` stands before all of it.
                    self.wrap(id, call, on, frame);
                    return Value::Router(id);
                }
                // What neither is passed a router nor makes one does the same each time.
                let again = self.followed.contains(&std::ptr::from_ref(*function));
                if again && passed.is_none() && !makes_router(unit, function) {
                    return Value::of(result_type(function));
                }
                let args = if passed.is_some() { args } else { Vec::new() };
                match self.call(unit, function, &args) {
                    Value::Other => Value::of(result_type(function)),
                    known => known,
                }
            }
            ([(_, function)], _) => Value::of(result_type(function)),
            (several, Some(id)) => self.passed_on(several.len(), id, on, &path, call, frame),
            _ => Value::Other,
        }
    }

    /// `Server{router: r}`
    fn composite(&mut self, of: &str, call: &'u Call, frame: &mut Frame<'u>) -> Value {
        let of = type_name(of).to_owned();
        for arg in &call.args {
            let value = self.value(&arg.value, frame);
            if let (Some(key), Value::Router(_)) = (&arg.key, &value) {
                self.fields.insert((of.clone(), key.clone()), value);
            }
        }
        Value::Of(of)
    }

    /// Whether a function has to do with routers.
    fn concerns(&self, unit: &Unit, function: &Function, passed: Option<usize>) -> bool {
        let holds = |of: &str| self.fields.keys().any(|(owner, _)| owner == of);
        let gives = makes_router(unit, function) || results(function).any(|of| holds(type_name(of)) && self.depth < 8);
        passed.is_some()
            || gives
            || !function.owner.is_empty() && (holds(&function.owner) || self.mentions_router(unit, function))
    }

    /// Whether a method works on a router that its type holds.
    fn mentions_router(&self, unit: &Unit, function: &Function) -> bool {
        let held =
            |name: &str| self.program.field(&function.owner, name).is_some_and(|of| router_type(unit, of).is_some());
        let uses = |e: &Expr| match e {
            Expr::Chain(chain) => chain.links.iter().any(|link| matches!(link, Link::Member(name) if held(name))),
            _ => false,
        };
        self.depth < 8 && function.body.iter().any(|e| e.any(&mut |e| uses(e)))
    }

    /// A router is passed to something that is not here.
    fn passed_on(
        &mut self,
        several: usize,
        id: usize,
        on: &str,
        path: &str,
        call: &'u Call,
        frame: &mut Frame<'u>,
    ) -> Value {
        const SINKS: &[&str] = &[
            "ListenAndServe", "ListenAndServeTLS", "Serve", "NewServer", "Server", "append", "len", "Run", "Handler",
            "Walk", "Start", "Println", "Printf", "Fatal", "Fatalf", "Panic",
        ];
        let sinks = path == "net/http" || path == "log" || path == "fmt" || SINKS.contains(&call.name.as_str());
        if crate::code::walk::role_of(&call.name) != crate::code::route::Role::Other {
            self.wrap(id, call, on, frame);
        } else if !sinks {
            let what = short(if on.is_empty() { call.name.clone() } else { format!("{on}.{}", call.name) });
            let why = match several {
                0 => format!("What `{what}` adds to the router is not known."),
                _ => format!("Which `{what}` is passed the router is not known."),
            };
            self.miss(frame.unit, call.line, why);
        }
        Value::Router(id)
    }
}
