//! Flask: applications, blueprints, classes of views, and the resources of Flask-RESTful and Flask-RESTX.

use super::super::framework::Framework;
use super::super::route::{Gap, Handler, Inventory, Mention, Method, Route};
use super::super::value::{Call, Value};
use super::guards::{braced, callee, decorators, handler, mention, place};
use super::names::{Found, Names};

/// Blueprints within one another; deeper is a circle.
const MAX_NESTED: usize = 5;
/// No more places of one router are told.
const MAX_PLACES: usize = 8;

/// An application, a blueprint, an API or a namespace.
struct Receiver {
    /// Where it is assigned.
    id: (usize, usize),
    line: u32,
    is_app: bool,
    prefix: String,
    guards: Vec<Mention>,
    /// What it is put on, with the prefix that is named there.
    parents: Vec<(usize, Option<String>)>,
}

/// Adds the routes of Flask applications.
pub(super) fn routes(names: &Names, inventory: &mut Inventory) {
    let mut receivers = receivers(names);
    for module in 0..names.modules.len() {
        for call in &names.modules[module].calls {
            mounted(names, module, call, &mut receivers);
        }
        for function in &names.modules[module].functions {
            for (decorator, line) in &function.decorators {
                before_request(names, module, &Value::Name(function.name.clone()), decorator, *line, &mut receivers);
            }
        }
    }
    let reader = Reader { names, receivers: &receivers };
    for module in 0..names.modules.len() {
        reader.decorated(module, inventory);
        reader.added(module, inventory);
    }
    let has_app = receivers.iter().any(|receiver| receiver.is_app);
    for receiver in receivers.iter().filter(|receiver| has_app && !receiver.is_app && receiver.parents.is_empty()) {
        let at = place(names, receiver.id.0, receiver.line);
        let why = "It was not found where this is registered: the prefix and the guards of its routes are not known.";
        inventory.gaps.push(Gap { at, why: why.into() });
    }
}

fn receivers(names: &Names) -> Vec<Receiver> {
    let mut found = Vec::new();
    for (module, code) in names.modules.iter().enumerate() {
        for (number, assigned) in code.assigned.iter().enumerate() {
            let Some(call) = assigned.value.call().filter(|call| !call.new) else { continue };
            let Some(what) = names.made(module, &call.callee, &["flask", "quart"]) else { continue };
            let last = what.rsplit('.').next().unwrap_or_default();
            let of_flask = ["flask", "quart"].iter().any(|package| what.starts_with(package));
            let option = |name: &str| call.named(name).and_then(|prefix| names.text(module, prefix));
            let (is_app, prefix) = match last {
                "Flask" | "Quart" | "OpenAPI" if of_flask => (true, String::new()),
                "Blueprint" | "APIBlueprint" if of_flask => (false, option("url_prefix").unwrap_or_default()),
                "Api" if of_flask => (false, option("prefix").unwrap_or_default()),
                "Namespace" if of_flask => {
                    let name = call.arguments.first().and_then(|name| names.text(module, name)).unwrap_or_default();
                    (false, option("path").unwrap_or_else(|| format!("/{name}")))
                }
                _ => continue,
            };
            found.push(Receiver {
                id: (module, number),
                line: assigned.line,
                is_app,
                prefix,
                guards: Vec::new(),
                parents: Vec::new(),
            });
        }
    }
    // `Api(app)`
    for at in 0..found.len() {
        let (module, number) = found[at].id;
        let call = names.assigned(module, number).call();
        let on = call.and_then(|call| call.arguments.first().or_else(|| call.named("app")));
        if let Some(parent) = on.and_then(|on| index(names, &found, module, on)) {
            found[at].parents.push((parent, None));
        }
    }
    found
}

fn index(names: &Names, receivers: &[Receiver], module: usize, value: &Value) -> Option<usize> {
    let Found::Assigned(module, number) = names.resolve(module, value) else { return None };
    receivers.iter().position(|receiver| receiver.id == (module, number))
}

/// `app.register_blueprint(blueprint, url_prefix=…)`, `api.add_namespace(…)`, `api.init_app(app)`, `app.before_request(check)`.
fn mounted(names: &Names, module: usize, call: &Call, receivers: &mut [Receiver]) {
    let Value::Member(base, method) = &call.callee else { return };
    let first = call.arguments.first();
    match method.as_str() {
        "register_blueprint" | "add_namespace" | "register_api" => {
            let Some(child) = first.and_then(|first| index(names, receivers, module, first)) else { return };
            let prefix = call.named("url_prefix").or_else(|| call.named("path")).or_else(|| call.arguments.get(1));
            let prefix = prefix.map(|prefix| names.text(module, prefix).unwrap_or_else(|| "*".into()));
            // An application that is a parameter has no prefix of its own.
            match index(names, receivers, module, base).filter(|parent| *parent != child) {
                Some(parent) => receivers[child].parents.push((parent, prefix)),
                None => receivers[child].parents.push((usize::MAX, prefix)),
            }
        }
        "init_app" => {
            if let (Some(api), Some(app)) = (index(names, receivers, module, base), first) {
                let parent = index(names, receivers, module, app).unwrap_or(usize::MAX);
                receivers[api].parents.push((parent, None));
            }
        }
        "before_request" => {
            if let Some(function) = first {
                before_request(names, module, function, &call.callee, call.line, receivers);
            }
        }
        _ => {}
    }
}

/// `@app.before_request`, `@blueprint.before_app_request`.
fn before_request(
    names: &Names,
    module: usize,
    function: &Value,
    decorator: &Value,
    line: u32,
    receivers: &mut [Receiver],
) {
    let Value::Member(base, method) = callee(decorator) else { return };
    if !matches!(method.as_str(), "before_request" | "before_app_request") {
        return;
    }
    let guard = mention(names, module, function, line, true);
    for at in 0..receivers.len() {
        let own = index(names, receivers, module, base) == Some(at);
        if own || method == "before_app_request" && receivers[at].is_app {
            receivers[at].guards.push(guard.clone());
        }
    }
}

struct Reader<'r, 'm> {
    names: &'r Names<'m>,
    receivers: &'r [Receiver],
}

impl Reader<'_, '_> {
    /// Functions and classes with a decorator that names a rule.
    fn decorated(&self, module: usize, inventory: &mut Inventory) {
        let code = &self.names.modules[module];
        for (number, function) in code.functions.iter().enumerate() {
            for (decorator, line) in &function.decorators {
                let Some((receiver, call, asked)) = self.rule(module, decorator) else { continue };
                let methods = methods_of(call, asked, self.names, module);
                let guards = decorators(self.names, module, &function.decorators, *line, is_rule);
                let answer = handler(self.names, module, number, None);
                self.add((module, *line), receiver, call.arguments.first(), &methods, Some(answer), guards, inventory);
            }
        }
        for (number, class) in code.classes.iter().enumerate() {
            for (decorator, line) in &class.decorators {
                let Some((receiver, call, _)) = self.rule(module, decorator) else { continue };
                for rule in call.arguments.iter().filter(|rule| self.names.text(module, rule).is_some()) {
                    self.class((module, *line), receiver, rule, (module, number), inventory);
                }
            }
        }
    }

    /// The receiver, the call and the method of a decorator that names a rule.
    fn rule<'v>(&self, module: usize, decorator: &'v Value) -> Option<(Option<usize>, &'v Call, Option<Method>)> {
        let call = decorator.call().filter(|call| !call.new)?;
        let Value::Member(base, method) = &call.callee else { return None };
        let asked = match method.as_str() {
            "route" => None,
            "get" | "post" | "put" | "patch" | "delete" => Method::of(method),
            _ => return None,
        };
        let receiver = index(self.names, self.receivers, module, base);
        // An application that is handed to the function around it.
        let text = call.arguments.first().and_then(|rule| self.names.text(module, rule));
        let flask = self.names.modules[module].imports.iter().any(|import| import.module.starts_with("flask"));
        let named_app = matches!(base.dotted().rsplit('.').next(), Some("app" | "application" | "bp" | "blueprint"));
        let taken = receiver.is_some()
            || flask && named_app && method == "route" && text.is_some_and(|text| text.starts_with('/'));
        taken.then_some((receiver, call, asked))
    }

    /// Rules that are added by calls.
    fn added(&self, module: usize, inventory: &mut Inventory) {
        for call in &self.names.modules[module].calls {
            let Value::Member(base, method) = &call.callee else { continue };
            let receiver = index(self.names, self.receivers, module, base);
            match method.as_str() {
                "add_url_rule" => {
                    let view = call.named("view_func").or_else(|| call.arguments.get(2));
                    let Some(rule) = call.named("rule").or_else(|| call.arguments.first()) else { continue };
                    self.view((module, call), receiver, rule, view, inventory);
                }
                // `add_org_resource` of a project's own class.
                name if receiver.is_some() && name.starts_with("add_") && name.ends_with("resource") => {
                    let Some(Found::Class(inner, class)) =
                        call.arguments.first().map(|class| self.names.resolve(module, class))
                    else {
                        let at = place(self.names, module, call.line);
                        inventory.gaps.push(Gap { at, why: "The class of this resource was not found.".into() });
                        continue;
                    };
                    for rule in call.arguments.iter().skip(1) {
                        self.class((module, call.line), receiver, rule, (inner, class), inventory);
                    }
                }
                _ => {}
            }
        }
    }

    fn view(
        &self,
        at: (usize, &Call),
        receiver: Option<usize>,
        rule: &Value,
        view: Option<&Value>,
        inventory: &mut Inventory,
    ) {
        let (module, call) = at;
        let (view, guards) = unwrapped(self.names, module, view, call.line);
        let here = (module, call.line);
        let base = match view.map(callee) {
            Some(Value::Member(base, method)) if method == "as_view" => Some(&**base),
            _ => None,
        };
        if let Some(Found::Class(inner, class)) = base.map(|base| self.names.resolve(module, base)) {
            self.class(here, receiver, rule, (inner, class), inventory);
            return;
        }
        let methods = methods_of(call, None, self.names, module);
        let answer = match view.map(|view| self.names.resolve(module, view)) {
            Some(Found::Function(inner, function)) => Some((inner, function)),
            _ => None,
        };
        let mut guards = guards;
        if let Some((inner, function)) = answer {
            guards.extend(decorators(self.names, inner, &self.names.function(inner, function).decorators, 0, is_rule));
        }
        let answer = answer.map(|(inner, function)| handler(self.names, inner, function, None));
        self.add(here, receiver, Some(rule), &methods, answer, guards, inventory);
    }

    /// A class whose methods answer.
    fn class(
        &self,
        at: (usize, u32),
        receiver: Option<usize>,
        rule: &Value,
        class: (usize, usize),
        inventory: &mut Inventory,
    ) {
        let (family, _) = self.names.family(class.0, class.1);
        let mut shared = decorators(self.names, class.0, &self.names.class(class.0, class.1).decorators, at.1, is_rule);
        for key in ["decorators", "method_decorators"] {
            if let Some((module, value, line)) = self.names.attribute(class.0, class.1, key) {
                shared.extend(value.elements().iter().map(|guard| mention(self.names, module, guard, line, true)));
            }
        }
        let mut seen = Vec::new();
        for (module, class) in family {
            let code = self.names.class(module, class);
            for function in &code.methods {
                let own = self.names.function(module, *function);
                let Some(asked) = Method::of(&own.name).filter(|asked| *asked != Method::Any && !seen.contains(asked))
                else {
                    continue;
                };
                seen.push(asked);
                let mut guards = shared.clone();
                guards.extend(decorators(self.names, module, &own.decorators, 0, is_rule));
                let answer = handler(self.names, module, *function, Some(&code.name));
                self.add(at, receiver, Some(rule), &[asked], Some(answer), guards, inventory);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a route has that many parts")]
    fn add(
        &self,
        at: (usize, u32),
        receiver: Option<usize>,
        rule: Option<&Value>,
        methods: &[Method],
        answer: Option<Handler>,
        guards: Vec<Mention>,
        inventory: &mut Inventory,
    ) {
        let rule = rule.and_then(|rule| self.rule_text(at.0, rule)).unwrap_or_else(|| "/*".into());
        let places = receiver.map_or_else(|| vec![(String::new(), Vec::new())], |receiver| self.places(receiver, 0));
        for (prefix, before) in places {
            for asked in methods {
                let before = before.iter().chain(&guards).cloned().collect();
                let path = braced(&format!("{}/{}", prefix.trim_end_matches('/'), rule.trim_start_matches('/')));
                let at = place(self.names, at.0, at.1);
                inventory.routes.push(Route {
                    path,
                    method: *asked,
                    at,
                    framework: Framework::Flask,
                    handler: answer.clone(),
                    before,
                });
            }
        }
    }

    /// A rule; of `scoped("/login")` the text that is handed over, behind what is not known.
    fn rule_text(&self, module: usize, rule: &Value) -> Option<String> {
        let handed = || {
            let text = self.names.text(module, rule.call()?.arguments.first()?)?;
            Some(format!("/*/{}", text.trim_start_matches('/')))
        };
        self.names.text(module, rule).or_else(handed)
    }

    /// The prefixes and guards of all places where a receiver is put.
    fn places(&self, number: usize, depth: usize) -> Vec<(String, Vec<Mention>)> {
        let receiver = &self.receivers[number];
        let own = &receiver.guards;
        if receiver.is_app || depth > MAX_NESTED {
            return vec![(receiver.prefix.clone(), own.clone())];
        }
        if receiver.parents.is_empty() {
            let unknown = if self.receivers.iter().any(|receiver| receiver.is_app) { "/*" } else { "" };
            return vec![(format!("{unknown}{}", receiver.prefix), own.clone())];
        }
        let mut found = Vec::new();
        for (parent, named) in receiver.parents.iter().take(MAX_PLACES) {
            let outer = match self.receivers.get(*parent) {
                Some(_) => self.places(*parent, depth + 1),
                None => vec![(String::new(), Vec::new())],
            };
            let prefix = named.as_ref().unwrap_or(&receiver.prefix);
            for (above, before) in outer {
                let whole = format!("{}/{}", above.trim_end_matches('/'), prefix.trim_start_matches('/'));
                found.push((whole, before.into_iter().chain(own.iter().cloned()).collect()));
            }
        }
        found
    }
}

/// `login_required(view)`: the view within, and what it is wrapped in.
pub(super) fn unwrapped<'v>(
    names: &Names,
    module: usize,
    view: Option<&'v Value>,
    line: u32,
) -> (Option<&'v Value>, Vec<Mention>) {
    let (mut view, mut guards) = (view, Vec::new());
    while let Some(Value::Call(call)) = view {
        let is_view = matches!(&call.callee, Value::Member(_, method) if method == "as_view");
        match call.arguments.first() {
            Some(inner) if !is_view && !call.new => {
                guards.push(mention(names, module, &call.callee, line, false));
                view = Some(inner);
            }
            _ => break,
        }
    }
    (view, guards)
}

fn is_rule(name: &str) -> bool {
    matches!(
        name,
        "route" | "get" | "post" | "put" | "patch" | "delete" | "doc" | "response" | "marshal_with" | "param"
    )
}

/// `methods=[…]`; Flask's own default is GET.
fn methods_of(call: &Call, asked: Option<Method>, names: &Names, module: usize) -> Vec<Method> {
    if let Some(asked) = asked {
        return vec![asked];
    }
    let Some(methods) = call.named("methods") else { return vec![Method::Get] };
    let found: Vec<Method> =
        methods.elements().iter().filter_map(|name| Method::of(&names.text(module, name)?)).collect();
    if found.is_empty() { vec![Method::Any] } else { found }
}
