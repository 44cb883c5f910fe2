//! FastAPI: applications, routers, and the dependencies of functions.

use super::super::framework::Framework;
use super::super::route::{Gap, Inventory, Mention, Method, Place, Role, Route};
use super::super::value::{Call, Value};
use super::guards::{braced, decorators, handler, mention, place};
use super::names::{Found, Names};

/// Routers and dependencies within one another; deeper is a circle.
const MAX_NESTED: usize = 5;
/// No more places of one router are told.
const MAX_PLACES: usize = 8;

/// An application or a router.
struct Receiver {
    id: (usize, usize),
    line: u32,
    is_app: bool,
    prefix: String,
    guards: Vec<Mention>,
    /// What it is put on, with the prefix and the dependencies that are named there.
    parents: Vec<(usize, String, Vec<Mention>)>,
}

/// Adds the routes of FastAPI applications.
pub(super) fn routes(names: &Names, inventory: &mut Inventory) {
    let mut receivers = receivers(names);
    for module in 0..names.modules.len() {
        for call in &names.modules[module].calls {
            mounted(names, module, call, &mut receivers, inventory);
        }
    }
    for module in 0..names.modules.len() {
        for number in 0..names.modules[module].functions.len() {
            function(names, module, number, &receivers, inventory);
        }
    }
    let has_app = receivers.iter().any(|receiver| receiver.is_app);
    for receiver in receivers.iter().filter(|receiver| has_app && !receiver.is_app && receiver.parents.is_empty()) {
        let at = place(names, receiver.id.0, receiver.line);
        let why =
            "It was not found where this router is included: the prefix and the guards of its routes are not known.";
        inventory.gaps.push(Gap { at, why: why.into() });
    }
}

fn receivers(names: &Names) -> Vec<Receiver> {
    let mut found = Vec::new();
    for (module, code) in names.modules.iter().enumerate() {
        for (number, assigned) in code.assigned.iter().enumerate() {
            let Some(call) = assigned.value.call().filter(|call| !call.new) else { continue };
            let Some(what) = names.made(module, &call.callee, &["fastapi", "starlette"]) else { continue };
            let is_app = match what.rsplit('.').next().unwrap_or_default() {
                "FastAPI" => true,
                "APIRouter" => false,
                _ => continue,
            };
            let prefix = call.named("prefix").map(|prefix| names.text(module, prefix).unwrap_or_else(|| "/*".into()));
            let mut guards = listed(names, module, call, true);
            guards.extend(of_class(names, module, &call.callee));
            let prefix = prefix.unwrap_or_default();
            found.push(Receiver {
                id: (module, number),
                line: assigned.line,
                is_app,
                prefix,
                guards,
                parents: Vec::new(),
            });
        }
    }
    found
}

/// What the project's own class of routers depends on by itself: `super().__init__(dependencies=[Depends(get_current_user)])`.
fn of_class(names: &Names, module: usize, callee: &Value) -> Vec<Mention> {
    let Found::Class(module, class) = names.resolve(module, callee) else { return Vec::new() };
    let mut found: Vec<Mention> = Vec::new();
    for (module, class) in names.family(module, class).0 {
        let methods = names.class(module, class).methods.iter().map(|method| names.function(module, *method));
        for own in methods.filter(|own| own.name == "__init__") {
            let within = names.modules[module].calls.iter().filter(|call| (own.line..=own.end).contains(&call.line));
            found.extend(within.flat_map(|call| listed(names, module, call, true)));
        }
    }
    found
}

fn index(names: &Names, receivers: &[Receiver], module: usize, value: &Value) -> Option<usize> {
    let Found::Assigned(module, number) = names.resolve(module, value) else { return None };
    receivers.iter().position(|receiver| receiver.id == (module, number))
}

/// `app.include_router(router, prefix=…, dependencies=[…])`, `app.mount('/x', other)`.
fn mounted(names: &Names, module: usize, call: &Call, receivers: &mut [Receiver], inventory: &mut Inventory) {
    let Value::Member(base, method) = &call.callee else { return };
    let (child, prefix) = match method.as_str() {
        "include_router" => (call.arguments.first().or_else(|| call.named("router")), call.named("prefix")),
        "mount" => (call.arguments.get(1).or_else(|| call.named("app")), call.arguments.first()),
        _ => return,
    };
    let Some(child) = child else { return };
    let prefix = prefix.map(|prefix| names.text(module, prefix).unwrap_or_else(|| "/*".into())).unwrap_or_default();
    let guards = listed(names, module, call, true);
    match index(names, receivers, module, child) {
        Some(child) => {
            let parent = index(names, receivers, module, base).filter(|parent| *parent != child).unwrap_or(usize::MAX);
            receivers[child].parents.push((parent, prefix, guards));
        }
        None if method == "include_router" => {
            let why =
                "The router that is included here was not found, or is made by a package: its routes are not known.";
            inventory.gaps.push(Gap { at: place(names, module, call.line), why: why.into() });
        }
        None => {}
    }
}

/// `dependencies=[Depends(check)]`.
fn listed(names: &Names, module: usize, call: &Call, group: bool) -> Vec<Mention> {
    let mut dependencies = Dependencies::new(names, place(names, module, call.line), group);
    for value in call.named("dependencies").map(Value::elements).unwrap_or_default() {
        dependencies.follow(module, value, 0);
    }
    dependencies.found
}

/// Follows dependencies, each once.
struct Dependencies<'r, 'm> {
    names: &'r Names<'m>,
    /// Where they are named.
    at: Place,
    group: bool,
    seen: Vec<Found>,
    found: Vec<Mention>,
}

impl<'r, 'm> Dependencies<'r, 'm> {
    fn new(names: &'r Names<'m>, at: Place, group: bool) -> Self {
        Self { names, at, group, seen: Vec::new(), found: Vec::new() }
    }

    /// What a dependency asks for, and those that it has itself. What is beside the point is left out: databases, settings.
    fn follow(&mut self, module: usize, value: &Value, depth: usize) {
        if depth > MAX_NESTED {
            return;
        }
        match value {
            Value::Call(call) => match call.callee.dotted().rsplit('.').next().unwrap_or_default() {
                "Depends" | "Security" => {
                    if let Some(what) = call.arguments.first().or_else(|| call.named("dependency")) {
                        self.dependency(module, what, depth);
                    }
                }
                "Annotated" => call.arguments.iter().skip(1).for_each(|part| self.follow(module, part, depth + 1)),
                _ => {}
            },
            // `CurrentUser = Annotated[User, Depends(get_current_user)]`
            Value::Name(_) | Value::Member(..) => {
                if let Found::Assigned(inner, number) = self.names.resolve(module, value) {
                    let names = self.names;
                    self.follow(inner, names.assigned(inner, number), depth + 1);
                }
            }
            _ => {}
        }
    }

    fn dependency(&mut self, module: usize, what: &Value, depth: usize) {
        let asks = Mention { at: self.at.clone(), ..mention(self.names, module, what, 1, self.group) };
        if asks.role != Role::Other {
            self.found.push(asks);
        }
        let found = self.names.resolve(module, super::guards::callee(what));
        let Found::Function(inner, function) = found else { return };
        if self.seen.contains(&found) {
            return;
        }
        self.seen.push(found);
        for parameter in &self.names.function(inner, function).parameters {
            self.follow(inner, &parameter.kind, depth + 1);
            self.follow(inner, &parameter.default, depth + 1);
        }
    }
}

fn function(names: &Names, module: usize, number: usize, receivers: &[Receiver], inventory: &mut Inventory) {
    let code = names.function(module, number);
    for (decorator, line) in &code.decorators {
        let Some(call) = decorator.call().filter(|call| !call.new) else { continue };
        let Value::Member(base, method) = &call.callee else { continue };
        let Some(receiver) = index(names, receivers, module, base) else { continue };
        let methods = match method.as_str() {
            "get" | "post" | "put" | "patch" | "delete" | "options" | "head" => {
                Method::of(method).into_iter().collect()
            }
            "websocket" => vec![Method::Get],
            "api_route" | "route" => {
                let methods = call.named("methods").map(Value::elements).unwrap_or_default();
                methods.iter().filter_map(|name| Method::of(name.text()?)).collect()
            }
            _ => continue,
        };
        let mut guards = listed(names, module, call, false);
        guards.extend(decorators(names, module, &code.decorators, *line, |name| {
            Method::of(name).is_some() || name == "api_route"
        }));
        for parameter in &code.parameters {
            let mut dependencies = Dependencies::new(names, place(names, module, code.line), false);
            dependencies.follow(module, &parameter.kind, 0);
            dependencies.follow(module, &parameter.default, 0);
            guards.append(&mut dependencies.found);
            if let Some(model) = model(names, module, &parameter.kind) {
                guards.push(Mention {
                    role: Role::Schema,
                    name: model,
                    at: place(names, module, code.line),
                    group: false,
                });
            }
        }
        guards.dedup();
        let rule = call.arguments.first().or_else(|| call.named("path"));
        let rule = rule.map(|rule| names.text(module, rule).unwrap_or_else(|| "/*".into())).unwrap_or_default();
        let answer = handler(names, module, number, None);
        for (prefix, before) in places(receivers, receiver, 0) {
            for asked in &methods {
                let path = braced(&format!("{prefix}{rule}"));
                let before = before.iter().chain(&guards).cloned().collect();
                let at = place(names, module, *line);
                inventory.routes.push(Route {
                    path,
                    method: *asked,
                    at,
                    framework: Framework::FastApi,
                    handler: Some(answer.clone()),
                    before,
                });
            }
        }
    }
}

/// The name of a Pydantic model that a parameter is checked against.
fn model(names: &Names, module: usize, kind: &Value) -> Option<String> {
    match kind {
        Value::Call(call) => call.arguments.iter().find_map(|part| model(names, module, part)),
        Value::Either(parts) => parts.iter().find_map(|part| model(names, module, part)),
        Value::List(parts) => parts.iter().find_map(|part| model(names, module, part)),
        kind => {
            let Found::Class(inner, class) = names.resolve(module, kind) else { return None };
            let (_, outside) = names.family(inner, class);
            let is_model = outside
                .iter()
                .any(|base| ["BaseModel", "SQLModel", "RootModel"].iter().any(|name| base.ends_with(name)));
            is_model.then(|| kind.dotted())
        }
    }
}

/// The prefixes and guards of all places where a receiver is put.
fn places(receivers: &[Receiver], number: usize, depth: usize) -> Vec<(String, Vec<Mention>)> {
    let receiver = &receivers[number];
    let own = &receiver.guards;
    if receiver.parents.is_empty() || depth > MAX_NESTED {
        let unknown = !receiver.is_app && receivers.iter().any(|receiver| receiver.is_app);
        return vec![(format!("{}{}", if unknown { "/*" } else { "" }, receiver.prefix), own.clone())];
    }
    let mut found = Vec::new();
    for (parent, prefix, guards) in receiver.parents.iter().take(MAX_PLACES) {
        let outer = match receivers.get(*parent) {
            Some(_) => places(receivers, *parent, depth + 1),
            None => vec![(String::new(), Vec::new())],
        };
        for (above, before) in outer {
            let before = before.into_iter().chain(guards.iter().cloned()).chain(own.iter().cloned()).collect();
            found.push((format!("{above}{prefix}{}", receiver.prefix), before));
        }
    }
    found
}
