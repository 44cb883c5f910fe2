//! NestJS: controllers and their methods, told by decorators.

use super::super::framework::Framework;
use super::super::names::{role_of, shown};
use super::super::route::{Gap, Handler, Inventory, Mention, Method, Place, Role, Route};
use super::super::value::{Call, Value};
use super::express::named;
use super::known::Known;
use super::link::{braced, join};
use super::module::{self, each_value};
use super::run::Machine;

/// What holds for all controllers.
#[derive(Default)]
struct Global {
    prefix: String,
    /// Paths that the prefix is not put before.
    excluded: Vec<String>,
    /// Whether versions are a part of the path.
    versions: bool,
    default_version: Option<String>,
    guards: Vec<Mention>,
    /// What checks bodies.
    pipes: Vec<Mention>,
    /// Where a prefix is set that is not known.
    unknown_prefix: Option<Place>,
}

/// Adds the routes of controllers.
pub(super) fn routes(machine: &mut Machine, inventory: &mut Inventory) {
    let modules = machine.modules;
    let nest: Vec<usize> = (0..modules.len())
        .filter(|number| modules[*number].sources.iter().any(|source| source.starts_with("@nestjs/")))
        .collect();
    if nest.is_empty() {
        return;
    }
    let mut global = Global::default();
    for number in &nest {
        read_global(machine, *number, &mut global);
    }
    if let Some(at) = global.unknown_prefix.clone() {
        let why = "The prefix of all routes is told by something that is not known here.";
        inventory.gaps.push(Gap { at, why: why.into() });
    }
    for number in nest {
        for class in 0..modules[number].classes.len() {
            controller(machine, number, class, &global, inventory);
        }
    }
}

/// Guards and pipes that modules provide, and what the application is told when it starts.
fn read_global<'a>(machine: &mut Machine<'a>, number: usize, global: &mut Global) {
    let module = &machine.modules[number];
    for class in &module.classes {
        for decorator in &class.decorators {
            each_value(decorator, &mut |value| provided(value, machine.place(number, class.line), global));
        }
    }
    let mut calls: Vec<&'a Call> = Vec::new();
    module.each_call(&mut |call| calls.push(call));
    for call in calls {
        let Value::Member(_, method) = &call.callee else { continue };
        let at = machine.place(number, call.line);
        match method.as_str() {
            "useGlobalGuards" => {
                global.guards.extend(call.arguments.iter().map(|guard| named(&guard.dotted(), &at, true)))
            }
            "useGlobalPipes" => global.pipes.extend(call.arguments.iter().map(|pipe| named(&pipe.dotted(), &at, true))),
            "setGlobalPrefix" => {
                let here = machine.top_of(number);
                global.prefix = match call.arguments.first().map(|prefix| machine.eval(prefix, here)) {
                    Some(Known::Text(prefix)) => prefix.to_string(),
                    _ => {
                        global.unknown_prefix = Some(at);
                        "*".into()
                    }
                };
                let excluded = call.arguments.get(1).and_then(|options| options.key("exclude"));
                let excluded = excluded.map(Value::elements).unwrap_or_default();
                global.excluded.extend(excluded.iter().filter_map(|path| path.text()).map(|path| join("", path)));
            }
            "enableVersioning" => {
                let options = call.arguments.first();
                let kind = options.and_then(|options| options.key("type")).map(Value::dotted);
                global.versions = kind.is_none_or(|kind| kind.ends_with("URI"));
                let version = options.and_then(|options| options.key("defaultVersion")).and_then(Value::text);
                global.default_version = version.map(str::to_owned);
            }
            _ => {}
        }
    }
}

/// `{ provide: APP_GUARD, useClass: … }`.
fn provided(value: &Value, at: Place, global: &mut Global) {
    let Some(Value::Name(token)) = value.key("provide") else { return };
    let what = ["useClass", "useExisting", "useFactory", "useValue"].into_iter().find_map(|key| value.key(key));
    let what = named(&what.map(Value::dotted).unwrap_or_default(), &at, true);
    match token.as_str() {
        "APP_GUARD" => global.guards.push(what),
        "APP_PIPE" => global.pipes.push(what),
        _ => {}
    }
}

fn controller<'a>(machine: &mut Machine<'a>, number: usize, class: usize, global: &Global, inventory: &mut Inventory) {
    let modules = machine.modules;
    let code = &modules[number].classes[class];
    let Some(decorator) = code.decorators.iter().find(|decorator| decorator.dotted() == "Controller") else { return };
    let argument = decorator.call().and_then(|call| call.arguments.first());
    let here = machine.top_of(number);
    let known = argument.map(|argument| machine.eval(argument, here));
    let (path, version) = match known {
        Some(object @ Known::Object(_)) => (Some(machine.get(&object, "path")), text(&machine.get(&object, "version"))),
        other => (other, None),
    };
    let prefixes = paths(path.as_ref());
    let guards = guards_of(machine, number, &code.decorators, code.line, true);
    let own_version = version.or(global.default_version.clone()).filter(|_| global.versions);
    let parent = match machine.eval(&code.parent, here) {
        Known::Class(module, class, _) => Some((module, class)),
        _ => None,
    };
    let inherited = parent
        .into_iter()
        .flat_map(|(module, class)| modules[module].classes[class].methods.iter().map(move |method| (module, method)));
    let own = code.methods.iter().map(|method| (number, method));
    for (module, method) in inherited.chain(own) {
        for (asked, paths) in asked(machine, module, method) {
            for (prefix, path) in prefixes.iter().flat_map(|prefix| paths.iter().map(move |path| (prefix, path))) {
                let version = version_of(&method.decorators).filter(|_| global.versions).or(own_version.clone());
                let version = version.map(|version| format!("v{version}")).unwrap_or_default();
                let plain = join(prefix, path);
                let path = match global.excluded.contains(&plain) {
                    true => join(&version, &plain),
                    false => join(&join(&global.prefix, &version), &plain),
                };
                let line = method.line;
                let function = &modules[module].functions[method.function];
                let at = machine.place(module, line);
                let handler = Handler {
                    name: shown(&format!("{}.{}", code.name, method.name)),
                    at: at.clone(),
                    end: function.end,
                };
                let mut before: Vec<Mention> = global.guards.iter().chain(&guards).cloned().collect();
                before.extend(guards_of(machine, module, &method.decorators, line, false));
                before.extend(pipes_of(machine, module, method, global));
                inventory.routes.push(Route {
                    path: braced(&path),
                    method: asked,
                    at,
                    framework: Framework::NestJs,
                    handler: Some(handler),
                    before,
                });
            }
        }
    }
}

fn text(known: &Known) -> Option<String> {
    match known {
        Known::Text(text) => Some(text.to_string()),
        Known::List(versions, _) => versions.first().and_then(text),
        _ => None,
    }
}

fn paths(known: Option<&Known>) -> Vec<String> {
    match known {
        None => vec![String::new()],
        Some(Known::Text(text)) => vec![text.to_string()],
        Some(Known::List(paths, _)) if !paths.is_empty() => {
            paths.iter().map(|path| text(path).unwrap_or_else(|| "*".into())).collect()
        }
        Some(_) => vec!["*".into()],
    }
}

/// The methods and paths that a method's decorators name.
fn asked<'a>(machine: &mut Machine<'a>, module: usize, method: &'a module::Method) -> Vec<(Method, Vec<String>)> {
    let here = machine.top_of(module);
    let mut found = Vec::new();
    for call in method.decorators.iter().filter_map(Value::call) {
        let asked = match call.callee.dotted().as_str() {
            "All" => Method::Any,
            "Sse" => Method::Get,
            name @ ("Get" | "Post" | "Put" | "Patch" | "Delete" | "Options" | "Head") => match Method::of(name) {
                Some(asked) => asked,
                None => continue,
            },
            _ => continue,
        };
        let path = call.arguments.first().map(|path| machine.eval(path, here));
        found.push((asked, paths(path.as_ref())));
    }
    found
}

fn version_of(decorators: &[Value]) -> Option<String> {
    let version = decorators.iter().filter_map(Value::call).find(|call| call.callee.dotted() == "Version")?;
    version.arguments.first()?.text().map(str::to_owned)
}

/// Guards that decorators name: those of `@UseGuards()`, and decorators whose names say so.
fn guards_of(machine: &Machine, module: usize, decorators: &[Value], line: u32, group: bool) -> Vec<Mention> {
    let at = machine.place(module, line);
    let mut found = Vec::new();
    for decorator in decorators {
        let name = decorator.dotted();
        match name.as_str() {
            "UseGuards" | "UsePipes" => {
                let arguments = decorator.call().map(|call| call.arguments.as_slice()).unwrap_or_default();
                found.extend(arguments.iter().map(|guard| named(&guard.dotted(), &at, group)));
            }
            // Words for the documentation, and what lifts a limit.
            name if name.starts_with("Api") || name.starts_with("Skip") && role_of(name) == Role::Limiter => {}
            name if role_of(name) != Role::Other => found.push(named(&format!("@{name}"), &at, group)),
            _ => {}
        }
    }
    found
}

/// What checks the body of a route.
fn pipes_of(machine: &Machine, module: usize, method: &module::Method, global: &Global) -> Vec<Mention> {
    let at = machine.place(module, method.line);
    let mut found = Vec::new();
    for (decorators, _) in &method.parameters {
        for call in decorators.iter().filter_map(Value::call).filter(|call| call.callee.dotted() == "Body") {
            found.extend(global.pipes.iter().cloned());
            let own = call.arguments.iter().map(|pipe| named(&pipe.dotted(), &at, false));
            found.extend(own.filter(|pipe| pipe.role == Role::Schema));
        }
    }
    found
}
