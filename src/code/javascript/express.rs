//! Express and Fastify: applications, routers and what is put on them, in order.

use super::super::names::{is_guard, role_of, shown, words};
use super::super::route::{Gap, Handler, Mention, Method, Place, Role};
use super::super::value::{Call, Value};
use super::super::walk::MAX_BEFORE;
use super::fastify;
use super::known::{Known, MAX_ELEMENTS, inner_receiver};
use super::module::Statement;
use super::run::{Here, Machine};

/// What a receiver of routes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An Express application.
    App,
    /// An Express router.
    Router,
    /// A Fastify instance, or the scope of a plugin.
    Fastify,
}

impl Kind {
    /// What a call of something from outside makes.
    pub(super) fn made_by(what: &str) -> Option<Self> {
        match what {
            "express" => Some(Self::App),
            "express.Router" | "express-promise-router" | "express-promise-router.Router" => Some(Self::Router),
            "fastify" | "fastify.fastify" | "fastify.Fastify" => Some(Self::Fastify),
            _ => None,
        }
    }
}

/// Something that can have routes.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) kind: Kind,
    /// Where it is made.
    pub(super) at: Place,
    /// What was put on it, in order.
    pub(super) items: Vec<Item>,
    /// Whether it was put on another one.
    pub(super) mounted: bool,
    /// Whether it stands for one that was not found: a function's parameter.
    pub(super) detached: bool,
}

impl Receiver {
    pub(super) fn new(kind: Kind, at: Place) -> Self {
        Self { kind, at, items: Vec::new(), mounted: false, detached: false }
    }
}

/// What is put on a receiver.
#[derive(Debug)]
pub(super) enum Item {
    /// A guard before all that begins with a path and stands below it; in Fastify, before all of the scope.
    Guard(String, Mention),
    /// Another receiver.
    Mount(String, usize),
    /// A route.
    Route(Method, String, Vec<Mention>, Option<Handler>, Place),
}

/// So many arguments of a wrapper are looked through for the handler.
const MAX_LOOKED: usize = 6;

/// Calls that answer whatever is asked below a path.
const ANSWERS: &[&str] = &[
    "graphqlHTTP", "expressMiddleware", "createHandler", "toNodeHandler", "createProxyMiddleware", "proxy",
    "serveIndex", "setup", "createExpressMiddleware", "createYoga", "ExpressAuth", "createRouteHandler",
];

/// Follows a call on an application, a router or a scope. Gives what the call gives.
pub(super) fn called<'a>(
    machine: &mut Machine<'a>,
    receiver: usize,
    base: &Known,
    method: &str,
    call: &'a Call,
    arguments: &[Known],
    here: Here,
) -> Known {
    let at = machine.place(here.module, call.line);
    let pairs = pair(call, arguments);
    if machine.receivers[receiver].kind == Kind::Fastify {
        return fastify::called(machine, receiver, method, &pairs, at);
    }
    if let Known::Path(_, path) = base {
        if let Some(asked) = asked(method) {
            add_routes(machine, receiver, asked, &[path.to_string()], &pairs, &at);
        }
        return base.clone();
    }
    match method {
        "route" => match arguments.first().map(paths).as_deref() {
            Some([path, ..]) => Known::Path(receiver, path.as_str().into()),
            _ => Known::Path(receiver, "*".into()),
        },
        "use" => {
            mount(machine, receiver, &pairs, &at);
            base.clone()
        }
        method => {
            // `app.get('setting')` asks for a setting.
            if let (Some(asked), Some(first), true) = (asked(method), arguments.first(), arguments.len() > 1) {
                add_routes(machine, receiver, asked, &paths(first), &pairs[1..], &at);
            }
            base.clone()
        }
    }
}

/// Arguments as they are written, beside what is known of them. What was spread has no writing of its own.
pub(super) type Pair<'a> = (Option<&'a Value>, Known);

fn pair<'a>(call: &'a Call, arguments: &[Known]) -> Vec<Pair<'a>> {
    let aligned = call.arguments.len() == arguments.len();
    arguments
        .iter()
        .enumerate()
        .map(|(at, known)| (call.arguments.get(at).filter(|_| aligned), known.clone()))
        .collect()
}

fn asked(method: &str) -> Option<Method> {
    match method {
        "all" => Some(Method::Any),
        "del" => Some(Method::Delete),
        "any" => None,
        other if other.chars().all(|c| c.is_ascii_lowercase()) => Method::of(other),
        _ => None,
    }
}

/// The paths that an argument names; `*` where that is not known.
fn paths(known: &Known) -> Vec<String> {
    match known {
        Known::Text(text) => vec![text.to_string()],
        Known::List(parts, _) if !parts.is_empty() => parts.iter().map(path_text).collect(),
        _ => vec!["*".into()],
    }
}

fn path_text(known: &Known) -> String {
    match known {
        Known::Text(text) => text.to_string(),
        _ => "*".into(),
    }
}

/// Lists within arguments are taken apart, as Express does.
pub(super) fn flat<'a>(machine: &mut Machine, pairs: &[Pair<'a>]) -> Vec<Pair<'a>> {
    let mut found = Vec::new();
    for (written, known) in pairs {
        if found.len() > MAX_ELEMENTS {
            break;
        }
        match (written, known) {
            (Some(Value::List(parts)), Known::List(elements, _)) if parts.len() == elements.len() => {
                found.extend(parts.iter().map(Some).zip(elements.iter().cloned()));
            }
            (_, Known::List(elements, _)) => found.extend(elements.iter().cloned().map(|element| (None, element))),
            _ => found.push((*written, known.clone())),
        }
    }
    machine.spend(found.len());
    found
}

fn add_routes(machine: &mut Machine, receiver: usize, asked: Method, paths: &[String], pairs: &[Pair], at: &Place) {
    let pairs = flat(machine, pairs);
    let Some((last, before)) = pairs.split_last() else { return };
    let mut guards: Vec<Mention> = before.iter().map(|pair| mention(machine, pair, at, false)).collect();
    let (handler, wrapper) = handler(machine, last);
    // A guard that answers nothing itself: `app.get('/api/users', isAuthorized())` before what another package serves.
    let answer = mention(machine, last, at, true);
    let guards_only = is_guard(&answer.name);
    if guards_only {
        guards.push(Mention { group: false, ..answer.clone() });
    }
    guards.truncate(MAX_BEFORE);
    guards.extend(wrapper.filter(|_| !guards_only).map(|name| named(&name, at, false)));
    machine.spend(paths.len());
    for path in paths {
        if asked == Method::Any && path.ends_with('*') && guards_only {
            let all = guards.iter().cloned().map(|guard| Mention { group: true, ..guard });
            let below = path.trim_end_matches('*');
            all.for_each(|guard| machine.put(receiver, Item::Guard(below.to_owned(), guard)));
            continue;
        }
        let item = Item::Route(asked, path.clone(), guards.clone(), handler.clone(), at.clone());
        machine.put(receiver, item);
    }
}

fn mount(machine: &mut Machine, receiver: usize, pairs: &[Pair], at: &Place) {
    let is_path = |known: &Known| match known {
        Known::Text(_) => true,
        Known::List(parts, _) => !parts.is_empty() && parts.iter().all(|part| matches!(part, Known::Text(_))),
        _ => false,
    };
    let unknown_path = pairs.len() > 1 && matches!(pairs[0].1, Known::Unknown);
    let (prefixes, rest) = match pairs {
        [(_, first), rest @ ..] if is_path(first) || unknown_path => (paths(first), rest),
        all => (vec![String::new()], all),
    };
    let mut guards = Vec::new();
    machine.spend(prefixes.len());
    for pair in flat(machine, rest) {
        if machine.is_exhausted() {
            break;
        }
        if let Some(child) = inner_receiver(&pair.1) {
            machine.receivers[child].mounted = true;
            for prefix in &prefixes {
                let item = Item::Mount(prefix.clone(), child);
                machine.put(receiver, item);
            }
            continue;
        }
        if let Known::Outside(source) = &pair.1
            && source.starts_with('.')
        {
            let why = format!("`{}` is put on an application, and its file was not found.", shown(source));
            machine.gaps.push(Gap { at: at.clone(), why });
        }
        let guard = mention(machine, &pair, at, true);
        let last = guard.name.rsplit('.').next().unwrap_or_default().to_owned();
        for prefix in &prefixes {
            let item = match ANSWERS.contains(&last.as_str()) && !prefix.is_empty() {
                true => {
                    let path = format!("{}/*", prefix.trim_end_matches('/'));
                    // Lists of files and pages of documents are only read.
                    let reads = matches!(last.as_str(), "serveIndex" | "setup");
                    let asked = if reads { Method::Get } else { Method::Any };
                    Item::Route(asked, path, guards.clone(), None, at.clone())
                }
                false => Item::Guard(prefix.clone(), guard.clone()),
            };
            machine.put(receiver, item);
        }
        guards.push(Mention { group: false, ..guard });
        guards.truncate(MAX_BEFORE);
    }
}

/// A mention of a name.
pub(super) fn named(name: &str, at: &Place, group: bool) -> Mention {
    Mention { role: role_of(name), name: shown(name), at: at.clone(), group }
}

/// What an argument before the handler is: told by how it is written, else by what is known of it, else by its own body.
pub(super) fn mention(machine: &Machine, pair: &Pair, at: &Place, group: bool) -> Mention {
    let (written, known) = pair;
    let mut name = written.map(Value::dotted).unwrap_or_default();
    let own = own_name(machine, known);
    if name.is_empty() {
        name = own.clone();
    }
    let mut role = role_of(&name);
    if role == Role::Other {
        role = role_of(&own);
    }
    if let (Role::Other, Some(inner)) = (role, written.and_then(wrapped)) {
        role = role_of(&inner);
        name = if role == Role::Other { name } else { inner };
    }
    match known {
        Known::Outside(what) | Known::Made(what, _, _) if role == Role::Other => role = role_of_package(what),
        Known::Function(module, function, ..) if role == Role::Other => {
            let code = &machine.modules[*module].functions[*function];
            let within = |mention: &&Mention| (code.line..=code.end).contains(&mention.at.line);
            let denies = machine.modules[*module].denies.iter().any(|line| (code.line..=code.end).contains(line));
            let asks = machine.modules[*module].mentions.iter().find(within).filter(|_| denies);
            role = asks.map_or(role, |mention| mention.role);
            // `(request, reply) => request.isModerator(reply)`
            if let (Role::Other, [Statement::Return(Value::Call(call)) | Statement::Do(Value::Call(call))]) =
                (role, code.body.as_slice())
            {
                role = Some(call.callee.dotted()).filter(|name| is_guard(name)).map_or(role, |name| role_of(&name));
            }
            // `isAccounting`: whatever it asks, it turns somebody away.
            let refuses = machine.modules[*module].refusals.iter().any(|line| (code.line..=code.end).contains(line));
            // With four parameters it answers errors.
            let answers = code.parameters.len() > 3 || guards_something_else(&name);
            if role == Role::Other && refuses && !answers {
                role = Role::Authorization;
            }
        }
        _ => {}
    }
    let name = if name.is_empty() { "a function".into() } else { shown(&name) };
    Mention { role, name, at: at.clone(), group }
}

/// Whether a name tells of something that is refused for another reason than who is calling.
fn guards_something_else(name: &str) -> bool {
    const WORDS: &[&str] = &["captcha", "recaptcha", "cors", "csrf", "error", "errors", "handler", "origin", "xsrf"];
    words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// The name that something has by itself.
fn own_name(machine: &Machine, known: &Known) -> String {
    match known {
        Known::Function(module, function, ..) => machine.modules[*module].functions[*function].name.clone(),
        Known::Outside(what) | Known::Made(what, _, _) if !what.starts_with('.') => {
            what.rsplit('/').next().unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

/// What a package is there for whose guards have any names.
/// What a function that only catches errors is handed: `asyncHandler(auth.jwt)`.
fn wrapped(written: &Value) -> Option<String> {
    let call = written.call()?;
    let catches =
        words(&call.callee.dotted()).iter().any(|word| matches!(word.as_str(), "async" | "wrap" | "catch" | "promise"));
    let inner = call.arguments.first().filter(|_| catches && call.arguments.len() == 1)?;
    Some(inner.dotted()).filter(|name| !name.is_empty())
}

fn role_of_package(what: &str) -> Role {
    const PACKAGES: &[(&str, Role)] = &[
        ("express-validator", Role::Schema),
        ("celebrate", Role::Schema),
        ("express-zod", Role::Schema),
        ("zod", Role::Schema),
        ("joi", Role::Schema),
        ("express-rate-limit", Role::Limiter),
        ("express-slow-down", Role::Limiter),
        ("express-brute", Role::Limiter),
        ("rate-limiter-flexible", Role::Limiter),
        ("express-jwt", Role::Authentication),
        ("express-openid-connect.requiresAuth", Role::Authentication),
        ("connect-ensure-login", Role::Authentication),
    ];
    PACKAGES.iter().find(|(package, _)| what.starts_with(package)).map_or(Role::Other, |(_, role)| *role)
}

/// The handler that an argument is, and the name of what it is wrapped in.
pub(super) fn handler(machine: &Machine, pair: &Pair) -> (Option<Handler>, Option<String>) {
    let (written, known) = pair;
    let name = written.map(Value::dotted).filter(|name| !name.is_empty());
    let name = name.map(|name| name.strip_suffix(".bind").map(str::to_owned).unwrap_or(name));
    match known {
        Known::Function(module, function, ..) => {
            let code = &machine.modules[*module].functions[*function];
            let name = name.unwrap_or_else(|| code.name.clone());
            let at = machine.place(*module, code.line);
            (Some(Handler { name: shown(&name), at, end: code.end }), None)
        }
        Known::Made(what, arguments, _) => {
            let inside = arguments
                .iter()
                .rev()
                .take(MAX_LOOKED)
                .find_map(|argument| handler(machine, &(None, argument.clone())).0);
            // `catchAsync(handler)`, which was given a name: the name says more than that of the wrapper.
            let written_call = matches!(written, Some(Value::Call(_)));
            let inside = inside.map(|inside| match (&name, written_call) {
                (Some(name), false) => Handler { name: shown(name), ..inside },
                _ => inside,
            });
            let wrapper = if written_call { name.clone() } else { None };
            (inside, Some(wrapper.unwrap_or_else(|| what.rsplit('/').next().unwrap_or_default().to_owned())))
        }
        _ => (None, None),
    }
}
