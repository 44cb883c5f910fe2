//! Fastify: plugins have scopes of their own, and a hook stands before all routes of its scope and of those within.

use super::super::names::role_of;
use super::super::route::{Gap, Mention, Method, Place, Role};
use super::super::walk::MAX_BEFORE;
use super::express::{Item, Kind, Pair, flat, handler, mention, named};
use super::known::Known;
use super::modules::{ancestors, folder_of};
use super::run::Machine;

/// Hooks that run before the handler.
const HOOKS: &[&str] = &["onRequest", "preParsing", "preValidation", "preHandler"];

/// Follows a call on a Fastify instance.
pub(super) fn called<'a>(
    machine: &mut Machine<'a>,
    receiver: usize,
    method: &str,
    pairs: &[Pair<'a>],
    at: Place,
) -> Known {
    let instance = Known::Receiver(receiver);
    match method {
        "register" => {
            if let [plugin, rest @ ..] = pairs {
                register(machine, receiver, plugin, rest.first(), &at);
            }
        }
        "addHook" => {
            if let [(_, Known::Text(hook)), guard, ..] = pairs
                && HOOKS.contains(&&**hook)
            {
                for guard in flat(machine, std::slice::from_ref(guard)) {
                    let guard = mention(machine, &guard, &at, true);
                    machine.put(receiver, Item::Guard(String::new(), guard));
                }
            }
        }
        "route" => {
            if let Some(options) = pairs.first() {
                whole_route(machine, receiver, options, &at);
            }
        }
        "all" => short_route(machine, receiver, Method::Any, pairs, &at),
        "withTypeProvider" | "after" | "ready" | "decorate" | "decorateRequest" | "use" => {}
        "auth" | "verifyJWT" => {
            let inside = pairs.iter().map(|(_, known)| known.clone()).collect();
            return Known::made(method, inside);
        }
        other => match Method::of(other).filter(|_| pairs.len() > 1 && other.chars().all(|c| c.is_ascii_lowercase())) {
            Some(asked) => short_route(machine, receiver, asked, pairs, &at),
            None => return Known::made(other, Vec::new()),
        },
    }
    instance
}

fn short_route(machine: &mut Machine, receiver: usize, asked: Method, pairs: &[Pair], at: &Place) {
    let Some(((_, path), rest)) = pairs.split_first() else { return };
    let path = text(path);
    let Some((last, options)) = rest.split_last() else { return };
    let mut guards = Vec::new();
    for (_, options) in options {
        guards.extend(guards_of(machine, options, at));
    }
    let mut answer = handler(machine, last).0;
    // The handler can be one of the options.
    if let (Known::Object(_), None) = (&last.1, &answer) {
        guards.extend(guards_of(machine, &last.1, at));
        answer = handler(machine, &(None, machine.get(&last.1, "handler"))).0;
    }
    guards.truncate(MAX_BEFORE);
    machine.put(receiver, Item::Route(asked, path, guards, answer, at.clone()));
}

fn whole_route(machine: &mut Machine, receiver: usize, pair: &Pair, at: &Place) {
    let options = &pair.1;
    let path = match machine.get(options, "url") {
        Known::Unknown => text(&machine.get(options, "path")),
        url => text(&url),
    };
    let methods = match machine.get(options, "method") {
        Known::List(methods, _) => methods.to_vec(),
        one => vec![one],
    };
    let guards = guards_of(machine, options, at);
    let written = pair.0.and_then(|written| written.key("handler"));
    let answer = handler(machine, &(written, machine.get(options, "handler"))).0;
    for asked in methods {
        let asked = match asked {
            Known::Text(name) => Method::of(&name).unwrap_or(Method::Any),
            _ => Method::Any,
        };
        let item = Item::Route(asked, path.clone(), guards.clone(), answer.clone(), at.clone());
        machine.put(receiver, item);
    }
}

fn text(known: &Known) -> String {
    match known {
        Known::Text(text) => text.to_string(),
        _ => "*".into(),
    }
}

/// What the options of a route put before its handler.
fn guards_of(machine: &mut Machine, options: &Known, at: &Place) -> Vec<Mention> {
    let mut guards = Vec::new();
    if !matches!(options, Known::Object(_)) {
        return guards;
    }
    for hook in HOOKS {
        let known = machine.get(options, hook);
        if !matches!(known, Known::Unknown) {
            let hooks = flat(machine, &[(None, known)]);
            guards.extend(hooks.iter().take(MAX_BEFORE).map(|pair| mention(machine, pair, at, false)));
        }
    }
    let schema = machine.get(options, "schema");
    let checks = |part: &str| !matches!(machine.get(&schema, part), Known::Unknown);
    let named_elsewhere = matches!(schema, Known::Outside(_) | Known::Made(..));
    if named_elsewhere || ["body", "params", "querystring", "query"].into_iter().any(checks) {
        guards.push(Mention { role: Role::Schema, ..named("schema", at, false) });
    }
    let config = machine.get(options, "config");
    if !matches!(machine.get(&config, "rateLimit"), Known::Unknown) {
        guards.push(named("config.rateLimit", at, false));
    }
    guards
}

fn register<'a>(machine: &mut Machine<'a>, receiver: usize, plugin: &Pair<'a>, options: Option<&Pair<'a>>, at: &Place) {
    let options = options.map(|(_, options)| options.clone()).unwrap_or_default();
    let prefix = match machine.get(&options, "prefix") {
        Known::Text(prefix) => prefix.to_string(),
        Known::Unknown => String::new(),
        _ => "*".into(),
    };
    let unwrapped = match &plugin.1 {
        object @ Known::Object(_) => machine.get(object, "default"),
        other => other.clone(),
    };
    match unwrapped {
        function @ Known::Function(..) => {
            in_scope(machine, receiver, &function, &options, prefix, at);
        }
        // `fastify-plugin` takes the scope away: hooks stand before the routes around it too.
        Known::Made(what, inside, _) if is_plugin(&what) => {
            if let Some(function @ Known::Function(..)) = inside.first() {
                machine.call_function(function, &[Known::Receiver(receiver), options], None);
            }
        }
        Known::Outside(what) if what.contains("autoload") => autoload(machine, receiver, &options, &prefix, at),
        Known::Outside(what) | Known::Made(what, _, _) => {
            let written = plugin.0.map(super::super::value::Value::dotted).unwrap_or_default();
            let limits = role_of(&what) == Role::Limiter || role_of(&written) == Role::Limiter;
            let opt_in = matches!(machine.get(&options, "global"), Known::Truth(false));
            if limits && !opt_in {
                let name = if written.is_empty() { what.to_string() } else { written };
                let guard = Mention { role: Role::Limiter, ..named(&name, at, true) };
                machine.put(receiver, Item::Guard(String::new(), guard));
            }
            if what.starts_with('.') {
                let why = format!("The plugin `{what}` was not found; it may have routes.");
                machine.gaps.push(Gap { at: at.clone(), why });
            }
        }
        _ => machine.gaps.push(Gap {
            at: at.clone(),
            why: "A plugin that is registered here was not found; it may have routes.".into(),
        }),
    }
}

fn is_plugin(what: &str) -> bool {
    matches!(
        what,
        "fastify-plugin" | "fastify-plugin.default" | "fastify-plugin.fastifyPlugin" | "fp" | "fastifyPlugin"
    )
}

/// Follows a plugin in a scope of its own.
fn in_scope(
    machine: &mut Machine,
    receiver: usize,
    plugin: &Known,
    options: &Known,
    prefix: String,
    at: &Place,
) -> usize {
    let child = machine.receiver(Kind::Fastify, at.clone());
    machine.receivers[child].mounted = true;
    machine.put(receiver, Item::Mount(prefix, child));
    machine.call_function(plugin, &[Known::Receiver(child), options.clone()], None);
    child
}

fn is_hooks(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with("autohooks.") || name.starts_with(".autohooks."))
}

/// `autohooks` files stand before the plugins of their folder; before those of the folders within where that is asked for.
fn hooks(machine: &mut Machine, child: usize, options: &Known, path: &str) {
    if !matches!(machine.get(options, "autoHooks"), Known::Truth(true)) {
        return;
    }
    let cascades = matches!(machine.get(options, "cascadeHooks"), Known::Truth(true));
    let folders: Vec<&str> = ancestors(folder_of(path)).take(if cascades { 32 } else { 1 }).collect();
    for module in 0..machine.modules.len() {
        let hooks = machine.modules[module].path.clone();
        if !is_hooks(&hooks) || !folders.contains(&folder_of(&hooks)) {
            continue;
        }
        let plugin = match machine.default_of(module) {
            Known::Made(what, inside, _) if is_plugin(&what) => inside.first().cloned().unwrap_or_default(),
            other => other,
        };
        machine.call_function(&plugin, &[Known::Receiver(child), options.clone()], None);
    }
}

/// `@fastify/autoload`: the files of a folder are plugins, and the folders within are prefixes.
fn autoload(machine: &mut Machine, receiver: usize, options: &Known, prefix: &str, at: &Place) {
    let dir = match machine.get(options, "dir") {
        Known::Text(dir) if !dir.contains('*') => dir.trim_matches('/').to_owned(),
        _ => {
            let why = "A folder of plugins is loaded whose name is not known; it may have routes.";
            machine.gaps.push(Gap { at: at.clone(), why: why.into() });
            return;
        }
    };
    for module in machine.modules_below(&dir) {
        let path = machine.modules[module].path.clone();
        let below = folder_of(&path).strip_prefix(dir.as_str()).unwrap_or_default();
        let exports = machine.load(module);
        let own = machine.get(&Known::Object(exports), "exports");
        let own = match machine.get(&own, "autoPrefix") {
            Known::Text(own) => own.to_string(),
            _ => below
                .split('/')
                .map(|part| part.strip_prefix('_').map_or(part.into(), |name| format!("{{{name}}}")))
                .collect::<Vec<String>>()
                .join("/"),
        };
        if is_hooks(&path) {
            continue;
        }
        match machine.default_of(module) {
            function @ Known::Function(..) => {
                let child = in_scope(machine, receiver, &function, options, format!("{prefix}{own}"), at);
                hooks(machine, child, options, &path);
            }
            Known::Made(what, inside, _) if is_plugin(&what) => {
                if let Some(function @ Known::Function(..)) = inside.first() {
                    machine.call_function(function, &[Known::Receiver(receiver), options.clone()], None);
                }
            }
            Known::Outside(what) if role_of(&what) == Role::Limiter => {
                let guard = named(&what, &machine.place(module, 1), true);
                machine.put(receiver, Item::Guard(String::new(), guard));
            }
            _ => {}
        }
    }
}
