//! axum's routers.

use crate::code::framework::Framework;
use crate::code::route::{Handler, Mention, Method, Route};
use crate::code::unit::{Call, Chain, Expr, Function, Link, short};
use crate::code::walk::{MAX_BEFORE, braced};

use super::handlers::{self, names};
use super::run::{Frame, Run, Value, imports};

/// A router, where a call makes one.
pub(super) fn made<'u>(run: &mut Run<'u, '_>, call: &Call, frame: &Frame<'u>) -> Option<Value> {
    let mut parts = call.name.rsplit("::");
    let (last, of) = (parts.next()?, parts.next()?);
    let of = of.split('<').next().unwrap_or_default();
    let is_router = matches!(of, "Router" | "OpenApiRouter") && matches!(last, "new" | "default" | "with_openapi");
    let ours = call.name.starts_with("axum")
        || imports(frame.unit, "axum")
        || imports(frame.unit, "utoipa_axum")
        || frame.unit.import("Router").is_some_and(|full| full.contains("axum"));
    (is_router && ours).then(|| run.router(Framework::Axum, String::new()))
}

/// A call of a router's method.
pub(super) fn on_router<'u>(run: &mut Run<'u, '_>, id: usize, call: &'u Call, frame: &mut Frame<'u>) -> Value {
    let line = call.line;
    match call.name.as_str() {
        "route" => {
            let path = run.path(call.arg(0), frame, line);
            let methods = call.arg(1).map(|methods| method_router(run, methods, frame, 0)).unwrap_or_default();
            if methods.is_empty() {
                run.miss(frame.unit, line, "Which methods this route answers is not known.");
                push(run, id, &path, Method::Any, None, Vec::new(), line, frame);
            }
            for one in methods {
                let mut before = one.before;
                let handler = one.handler.and_then(|e| handlers::handler(run, e, frame, line, &mut before));
                push(run, id, &path, one.method, handler, before, line, frame);
            }
        }
        "nest" | "merge" => {
            let (path, inner) = match call.name.as_str() {
                "nest" => (run.path(call.arg(0), frame, line), call.arg(1)),
                _ => (String::new(), call.arg(0)),
            };
            match inner.map(|inner| run.value(inner, frame)) {
                Some(Value::Router(inner)) => run.take(id, inner, &path, &[]),
                _ => {
                    let what = short(inner.map(Expr::dotted).unwrap_or_default());
                    run.miss(frame.unit, line, format!("The routes of `{what}` are not known."));
                    if !path.is_empty() {
                        push(run, id, &format!("{path}/*"), Method::Any, None, Vec::new(), line, frame);
                    }
                }
            }
        }
        "route_service" | "nest_service" => {
            let path = run.path(call.arg(0), frame, line);
            let path = if call.name == "nest_service" { format!("{path}/*") } else { path };
            let name = short(call.arg(1).map(Expr::dotted).unwrap_or_default());
            let handler = Handler { name, at: frame.unit.at(line), end: line };
            push(run, id, &path, Method::Any, Some(handler), Vec::new(), line, frame);
        }
        "layer" | "route_layer" => {
            let found = call.arg(0).map(|layer| names(layer, frame, line, true)).unwrap_or_default();
            if let Some(router) = run.routers.get_mut(id) {
                // What is left out is never told as being there.
                for route in router.routes.iter_mut().filter(|route| route.before.len() < MAX_BEFORE) {
                    route.before.splice(0..0, found.iter().cloned());
                    route.before.truncate(MAX_BEFORE);
                }
            }
        }
        "fallback" | "fallback_service" => {
            let mut before = Vec::new();
            let handler = call.arg(0).and_then(|e| handlers::handler(run, e, frame, line, &mut before));
            push(run, id, "*", Method::Any, handler, before, line, frame);
        }
        "routes" => of_macro(run, id, call, frame),
        _ => {}
    }
    Value::Router(id)
}

/// `routes!(users::list, users::add)` of utoipa: handlers that carry their path, in `#[utoipa::path(get, path = "/users")]`.
fn of_macro<'u>(run: &mut Run<'u, '_>, id: usize, call: &'u Call, frame: &Frame<'u>) {
    let made = call.arg(0).and_then(Expr::chain).and_then(Chain::plain).filter(|made| made.name == "routes!");
    let Some(made) = made else {
        return run.miss(frame.unit, call.line, "The routes that are added here are not known.");
    };
    for handler in &made.args {
        let name = handler.value.dotted();
        let told = match run.find(frame.unit, &name).as_slice() {
            [(unit, function)] => told_path(function).map(|(path, methods)| (*unit, *function, path, methods)),
            _ => None,
        };
        let Some((unit, function, path, methods)) = told else {
            run.miss(frame.unit, call.line, format!("The path of `{}` was not found.", short(name)));
            continue;
        };
        let before = handlers::of_params(run, unit, function);
        for method in methods {
            let answer = Some(unit.handler(&function.name, function));
            let at = unit.at(function.line);
            let route = Route {
                path: braced(path),
                method,
                at,
                framework: Framework::Axum,
                handler: answer,
                before: before.clone(),
            };
            run.push(id, route);
        }
    }
}

/// The path and the methods that a function's own attribute tells.
fn told_path(function: &Function) -> Option<(&str, Vec<Method>)> {
    let mark = function.marks.iter().find(|mark| mark.name == "path")?;
    let path = mark.args.iter().find(|arg| arg.key.as_deref() == Some("path")).and_then(|arg| arg.value.text())?;
    let methods: Vec<Method> = mark.args.iter().filter_map(|arg| Method::of(arg.value.name()?)).take(1).collect();
    (!methods.is_empty()).then_some((path, methods))
}

#[expect(clippy::too_many_arguments, reason = "what a route is made of")]
fn push<'u>(
    run: &mut Run<'u, '_>,
    id: usize,
    path: &str,
    method: Method,
    handler: Option<Handler>,
    before: Vec<Mention>,
    line: u32,
    frame: &Frame<'u>,
) {
    let at = frame.unit.at(line);
    run.push(id, Route { path: braced(path), method, at, framework: Framework::Axum, handler, before });
}

/// One method of `get(a).post(b)`.
pub(super) struct OfMethod<'u> {
    pub method: Method,
    pub handler: Option<&'u Expr>,
    pub before: Vec<Mention>,
}

/// What a method router answers.
fn method_router<'u>(run: &mut Run<'u, '_>, e: &'u Expr, frame: &Frame<'u>, depth: u32) -> Vec<OfMethod<'u>> {
    match e {
        Expr::Name(name) if depth < 8 => match frame.made.get(name.as_str()).copied() {
            Some(made) => method_router(run, made, frame, depth + 1),
            None => Vec::new(),
        },
        Expr::Chain(chain) => {
            let found = of_chain(chain, frame);
            let plain = chain.calls().next().filter(|_| found.is_empty() && depth < 8);
            match plain.map(|call| run.find(frame.unit, &call.name)).as_deref() {
                // A function that gives one back.
                Some([(_, function)]) => {
                    function.body.last().map(|e| method_router(run, e, frame, depth + 1)).unwrap_or_default()
                }
                _ => found,
            }
        }
        _ => Vec::new(),
    }
}

fn of_chain<'u>(chain: &'u Chain, frame: &Frame<'u>) -> Vec<OfMethod<'u>> {
    let mut out: Vec<OfMethod> = Vec::new();
    for link in &chain.links {
        let Link::Call(call) = link else { continue };
        let name = call.last_name();
        let plain = name.strip_suffix("_service").unwrap_or(name);
        match plain {
            "layer" | "route_layer" => {
                let found = call.arg(0).map(|layer| names(layer, frame, call.line, false)).unwrap_or_default();
                out.iter_mut().for_each(|one| drop(one.before.splice(0..0, found.iter().cloned())));
            }
            "on" => {
                let filter = call.arg(0).map(Expr::dotted).unwrap_or_default();
                let method = Method::of(filter.rsplit("::").next().unwrap_or_default()).unwrap_or(Method::Any);
                out.push(OfMethod { method, handler: call.arg(1), before: Vec::new() });
            }
            "trace" | "connect" => out.push(OfMethod { method: Method::Any, handler: call.arg(0), before: Vec::new() }),
            _ => {
                if let (Some(method), Some(handler)) = (Method::of(plain), call.arg(0)) {
                    out.push(OfMethod { method, handler: Some(handler), before: Vec::new() });
                }
            }
        }
    }
    out
}
