//! Actix Web's applications, scopes and resources.

use crate::code::framework::Framework;
use crate::code::route::{Handler, Mention, Method, Route};
use crate::code::unit::{Call, Expr, Function, Mark, short};
use crate::code::walk::{MAX_BEFORE, braced};

use super::handlers::{self, names};
use super::run::{Frame, Run, Value, imports};

/// Whether a function carries its own path: `#[get("/x")]`.
pub(super) fn has_path(function: &Function) -> bool {
    paths(function).next().is_some()
}

fn paths(function: &Function) -> impl Iterator<Item = (&Mark, &str)> {
    let maps = |mark: &&Mark| Method::of(&mark.name).is_some() || mark.name == "route";
    let path = |mark: &Mark| mark.args.iter().find(|arg| arg.key.is_none()).and_then(|arg| arg.value.text()).is_some();
    function.marks.iter().filter(maps).filter(move |mark| path(mark)).filter_map(|mark| {
        mark.args.iter().find(|arg| arg.key.is_none()).and_then(|arg| arg.value.text()).map(|path| (mark, path))
    })
}

/// An application, a scope or a resource, where a call makes one.
pub(super) fn made<'u>(run: &mut Run<'u, '_>, call: &'u Call, frame: &Frame<'u>) -> Option<Value> {
    if !imports(frame.unit, "actix_web") && !call.name.starts_with("actix_web") {
        return None;
    }
    let mut parts = call.name.rsplit("::");
    let (last, of) = (parts.next()?, parts.next());
    match (of, last) {
        (Some("App"), "new") => Some(run.router(Framework::Actix, String::new())),
        (Some("web") | None, "scope" | "resource") | (Some("Scope" | "Resource"), "new") => {
            let path = run.path(call.arg(0), frame, call.line);
            Some(run.router(Framework::Actix, braced(&path)))
        }
        _ => None,
    }
}

/// A call of a method of one of them.
pub(super) fn on_router<'u>(run: &mut Run<'u, '_>, id: usize, call: &'u Call, frame: &mut Frame<'u>) -> Value {
    let line = call.line;
    match call.name.as_str() {
        "route" => {
            let (path, route) = match call.arg(1) {
                Some(route) => (run.path(call.arg(0), frame, line), Some(route)),
                None => (String::new(), call.arg(0)),
            };
            if let Some(route) = route {
                of_route(run, id, &path, route, line, frame);
            }
        }
        "to" | "to_async" => {
            if let Some(handler) = call.arg(0) {
                push(run, id, "", Method::Any, handler, Vec::new(), line, frame);
            }
        }
        "service" => call.args.iter().for_each(|arg| serve(run, id, &arg.value, line, frame)),
        "configure" => configure(run, id, call, frame),
        "wrap" | "wrap_fn" => {
            let found = call.arg(0).map(|wrap| names(wrap, frame, line, true)).unwrap_or_default();
            if let Some(router) = run.routers.get_mut(id) {
                // The last one that is wrapped around is the outermost.
                router.wraps.splice(0..0, found);
                router.wraps.truncate(MAX_BEFORE);
            }
        }
        _ => {}
    }
    Value::Router(id)
}

/// `web::get().guard(…).to(handler)`
fn of_route<'u>(run: &mut Run<'u, '_>, id: usize, path: &str, e: &'u Expr, line: u32, frame: &Frame<'u>) {
    let made = e.name().and_then(|name| frame.made.get(name)).copied().unwrap_or(e);
    let Some(chain) = made.chain() else { return run.miss(frame.unit, line, "This route is not understood.") };
    let mut method = Method::Any;
    let mut before: Vec<Mention> = Vec::new();
    let mut handler = None;
    for call in chain.calls() {
        match call.last_name() {
            "to" => handler = call.arg(0),
            "wrap" => before.extend(call.arg(0).map(|wrap| names(wrap, frame, line, false)).unwrap_or_default()),
            "method" => {
                let name = call.arg(0).map(Expr::dotted).unwrap_or_default();
                method = Method::of(name.rsplit("::").next().unwrap_or_default()).unwrap_or(Method::Any);
            }
            name => method = Method::of(name).filter(|_| call.args.is_empty()).unwrap_or(method),
        }
    }
    match handler {
        Some(handler) => push(run, id, path, method, handler, before, line, frame),
        None => run.miss(frame.unit, line, "This route has no handler that is understood."),
    }
}

#[expect(clippy::too_many_arguments, reason = "what a route is made of")]
fn push<'u>(
    run: &mut Run<'u, '_>,
    id: usize,
    path: &str,
    method: Method,
    handler: &'u Expr,
    mut before: Vec<Mention>,
    line: u32,
    frame: &Frame<'u>,
) {
    let handler = handlers::handler(run, handler, frame, line, &mut before);
    let at = frame.unit.at(line);
    run.push(id, Route { path: braced(path), method, at, framework: Framework::Actix, handler, before });
}

/// What is passed to `service`: a scope, a resource, or a function that carries its path.
fn serve<'u>(run: &mut Run<'u, '_>, id: usize, e: &'u Expr, line: u32, frame: &mut Frame<'u>) {
    if let Value::Router(inner) = run.value(e, frame) {
        return run.take(id, inner, "", &[]);
    }
    match e {
        Expr::List(all) => return all.iter().for_each(|one| serve(run, id, one, line, frame)),
        // `services![a, b]`
        Expr::Chain(chain) if chain.plain().is_some_and(|call| call.name.ends_with('!')) => {
            let args = chain.calls().flat_map(|call| &call.args);
            return args.for_each(|arg| serve(run, id, &arg.value, line, frame));
        }
        _ => {}
    }
    let found = run.find(frame.unit, &e.dotted());
    let with_path: Vec<_> = found.into_iter().filter(|(_, function)| has_path(function)).collect();
    let [(unit, function)] = with_path.as_slice() else {
        let what = short(e.dotted());
        let at = frame.unit.at(line);
        let files = what.contains("Files");
        if files {
            let path =
                e.chain().and_then(|chain| chain.calls().next()).and_then(|call| call.arg(0)).and_then(Expr::text);
            let path = format!("{}/*", path.unwrap_or_default());
            let handler = Some(Handler { name: what, end: line, at: at.clone() });
            return run.push(
                id,
                Route { path, method: Method::Get, at, framework: Framework::Actix, handler, before: Vec::new() },
            );
        }
        return run.miss(frame.unit, line, format!("What `{what}` answers to is not known."));
    };
    run.served.insert(std::ptr::from_ref(*function));
    let mut before = handlers::of_params(run, unit, function);
    for (mark, path) in paths(function) {
        let wraps =
            mark.args.iter().filter(|arg| arg.key.as_deref() == Some("wrap")).filter_map(|arg| arg.value.text());
        before.splice(
            0..0,
            wraps.map(|name| crate::code::walk::mention(name, unit.at(mark.line), false)).collect::<Vec<_>>(),
        );
        let named =
            mark.args.iter().filter(|arg| arg.key.as_deref() == Some("method")).filter_map(|arg| arg.value.text());
        let methods: Vec<Method> = match Method::of(&mark.name) {
            Some(method) => vec![method],
            None => named.filter_map(Method::of).collect(),
        };
        for method in methods {
            let (at, handler) = (unit.at(mark.line), Some(unit.handler(&function.name, function)));
            run.push(
                id,
                Route { path: braced(path), method, at, framework: Framework::Actix, handler, before: before.clone() },
            );
        }
    }
}

/// `configure(users::routes)` and `configure(|config| { … })`.
fn configure<'u>(run: &mut Run<'u, '_>, id: usize, call: &'u Call, frame: &mut Frame<'u>) {
    match call.arg(0) {
        Some(Expr::Lambda(function)) => {
            if let Some(param) = function.params.first() {
                frame.vars.insert(&param.name, Value::Router(id));
            }
            run.statements(&function.body, frame);
        }
        Some(named) => {
            // A call that gives back what configures has the same name.
            let name = match named.chain().and_then(|chain| chain.plain()) {
                Some(call) => call.name.clone(),
                None => named.dotted(),
            };
            match run.find(frame.unit, &name).as_slice() {
                [(unit, function)] => drop(run.call(unit, function, &[Value::Router(id)])),
                _ => run.miss(frame.unit, call.line, format!("What `{}` adds is not known.", short(name))),
            }
        }
        None => {}
    }
}
