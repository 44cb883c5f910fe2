//! Handlers, what they are made of a request, and what is put around them.

use crate::code::names::words;
use crate::code::route::{Handler, Mention, Role};
use crate::code::unit::{Expr, Function, Unit, short};
use crate::code::walk::{mention, role_of};

use super::run::{Frame, Run};

/// What comes with the frameworks, and asks nobody who they are.
const NEUTRAL: &[&str] = &[
    "Authorization", "BasicAuth", "BearerAuth", "ConnectInfo", "CookieJar", "Data", "Extension", "HeaderMap",
    "HttpRequest", "MatchedPath", "Multipart", "OriginalUri", "Path", "PrivateCookieJar", "ReqData", "Request",
    "Session", "SignedCookieJar", "State", "TypedHeader", "WebSocketUpgrade",
];

/// The handler that an expression names; what its parameters ask stands before it.
pub(super) fn handler<'u>(
    run: &Run<'u, '_>,
    e: &'u Expr,
    frame: &Frame<'u>,
    line: u32,
    before: &mut Vec<Mention>,
) -> Option<Handler> {
    if let Expr::Lambda(function) = e {
        return Some(frame.unit.handler("closure", function));
    }
    let dotted = e.dotted();
    match run.find(frame.unit, &dotted).as_slice() {
        [(unit, function)] => {
            before.extend(of_params(run, unit, function));
            Some(unit.handler(&function.name, function))
        }
        _ => (!dotted.is_empty()).then(|| Handler { name: short(dotted), at: frame.unit.at(line), end: line }),
    }
}

/// What the types of a handler's parameters ask.
pub(super) fn of_params(run: &Run, unit: &Unit, function: &Function) -> Vec<Mention> {
    let mut found = Vec::new();
    for param in &function.params {
        let base = param.of.split('<').next().unwrap_or_default().trim_start_matches('&');
        let base = base.rsplit("::").next().unwrap_or_default();
        let typed = matches!(base, "Json" | "Form" | "Query" | "JsonOrForm") && !param.of.contains("Value>");
        let optional =
            base == "Option" || base.starts_with("Maybe") || base.starts_with("Optional") || NEUTRAL.contains(&base);
        let role = match role_of(base) {
            _ if typed => Role::Schema,
            _ if optional || base.is_empty() => continue,
            // `LocalUserView`, where the project makes it of a request.
            Role::Other if words(base).iter().any(|word| word == "user") && run.extractors.contains(base) => {
                Role::Authentication
            }
            Role::Other => continue,
            role => role,
        };
        found.push(Mention { role, name: short(&param.of), at: unit.at(function.line), group: false });
    }
    found
}

/// The names of layers: of `from_fn(require_auth)` what is passed, of a `ServiceBuilder` all that is in it.
pub(super) fn names(e: &Expr, frame: &Frame, line: u32, group: bool) -> Vec<Mention> {
    names_to(e, frame, line, group, 0)
}

fn names_to(e: &Expr, frame: &Frame, line: u32, group: bool, depth: u32) -> Vec<Mention> {
    if depth > 8 {
        return Vec::new();
    }
    let one = |name: &str| vec![mention(name.trim_end_matches("{}"), frame.unit.at(line), group)];
    match e {
        Expr::List(all) => all.iter().flat_map(|layer| names_to(layer, frame, line, group, depth + 1)).collect(),
        Expr::Name(name) => match frame.made.get(name.as_str()) {
            Some(made) if role_of(name) == Role::Other => names_to(made, frame, line, group, depth + 1),
            _ => one(name),
        },
        Expr::Lambda(_) => one("closure"),
        Expr::Chain(chain) => {
            let Some(first) = chain.calls().next() else { return one(&chain.dotted()) };
            match first.last_name() {
                "from_fn" | "from_fn_with_state" | "map_request" | "wrap_fn" => {
                    let passed = first.args.iter().rfind(|arg| arg.key.is_none()).map(|arg| arg.value.dotted());
                    one(&passed.filter(|name| !name.is_empty()).unwrap_or_else(|| first.name.clone()))
                }
                "from_extractor" | "from_extractor_with_state" => {
                    one(first.key("<>").and_then(Expr::name).unwrap_or(&first.name).trim_matches(['<', '>']))
                }
                _ if first.name.contains("ServiceBuilder") => chain
                    .calls()
                    .filter(|call| call.name == "layer" || call.name == "option_layer")
                    .flat_map(|call| {
                        call.arg(0).map(|l| names_to(l, frame, call.line, group, depth + 1)).unwrap_or_default()
                    })
                    .collect(),
                _ => one(&chain.dotted_to(1)),
            }
        }
        _ => Vec::new(),
    }
}
