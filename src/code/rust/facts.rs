//! What Rust functions tell.

use crate::code::body::{Fact, FactKind, Setting};
use crate::code::telling::{Flags, Idiom, MAX_LINKS, Teller, flag, is_forwarded, same_site};
use crate::code::unit::{Call, Chain, Expr, Function, Link, Unit};

const RUST: Idiom = Idiom { from_request, owners: &["auth_user", "claims", "current_user", "identity"] };

fn from_request(_: &Expr) -> bool {
    // What handlers are passed is told by their parameters.
    false
}

/// Adds the facts of a file.
pub(super) fn of(unit: &Unit, facts: &mut Vec<Fact>) {
    for function in &unit.functions {
        let mut teller = Teller::new(unit, function.line, facts);
        taint(&mut teller, function);
        body(&mut teller, &function.body);
    }
    body(&mut Teller::new(unit, 1, facts), &unit.body);
}

/// What a handler is passed of the request.
fn taint(teller: &mut Teller, function: &Function) {
    for param in &function.params {
        let base = param.of.split('<').next().unwrap_or_default();
        if matches!(base.rsplit("::").next(), Some("Path" | "Query" | "Json" | "Form")) {
            teller.taint(&param.name);
        }
    }
}

fn body(teller: &mut Teller, body: &[Expr]) {
    for statement in body {
        statement.walk(&mut |e| {
            teller.follow(e, &RUST);
            match e {
                Expr::Chain(chain) => tell_chain(teller, chain),
                Expr::Assign(both) => assigned(teller, &both.0, &both.1),
                _ => {}
            }
        });
    }
}

fn tell_chain(teller: &mut Teller, chain: &Chain) {
    for (at, link) in chain.links.iter().enumerate().take(MAX_LINKS) {
        let Link::Call(call) = link else { continue };
        let name = call.last_name();
        let passed = call.args.iter().any(|arg| teller.requested(&arg.value, &RUST));
        if matches!(name, "find" | "find_by_id" | "delete_by_id" | "filter") && passed && chain.links.len() > 1 {
            teller.lookup(chain, at, &RUST);
        }
        if matches!(
            name,
            "query" | "query_as" | "query!" | "query_as!" | "query_scalar" | "query_scalar!" | "sql_query" | "execute"
        ) {
            sql(teller, chain, call);
        }
        let reads = name == "var" && call.name.contains("env") || name == "env!" || name == "option_env!";
        if let (true, Some(variable)) = (reads, call.arg(0).and_then(Expr::text)) {
            teller.variable(variable, fallback(chain, at), call.line);
        }
        logs(teller, call);
        tokens(teller, chain, call);
        let limits = name.to_lowercase().contains("key_extractor") || call.name.contains("RateLimit");
        if limits && call.args.iter().any(|arg| arg.value.any(&mut |e| is_forwarded(e))) {
            teller.tell(FactKind::ForwardedLimiterKey, chain.dotted_to(at + 1), call.line);
        }
        // tower_governor's extractor trusts what callers send.
        if name == "key_extractor" && call.args.iter().any(|arg| arg.value.dotted().contains("SmartIpKeyExtractor")) {
            teller.tell(FactKind::ForwardedLimiterKey, "SmartIpKeyExtractor", call.line);
        }
    }
    cookies(teller, chain);
}

/// A query whose arguments are bound behind it: `query("…").bind(id)`.
fn sql(teller: &mut Teller, chain: &Chain, call: &Call) {
    let mut whole = call.clone();
    for bound in chain.calls().filter(|bound| bound.name == "bind") {
        whole.args.extend(bound.args.iter().cloned());
    }
    teller.query(&whole, &call.name, &RUST);
}

/// `.unwrap_or("literal".into())` and `.unwrap_or_else(|_| "literal".into())`
fn fallback(chain: &Chain, at: usize) -> Option<&Expr> {
    let after = chain.links.iter().skip(at + 1).find_map(|link| match link {
        Link::Call(call) if call.name.starts_with("unwrap_or") => Some(call),
        _ => None,
    })?;
    let mut found = None;
    after.args.first()?.value.walk(&mut |e| {
        if found.is_none() && e.text().is_some() {
            found = Some(e);
        }
    });
    found
}

fn logs(teller: &mut Teller, call: &Call) {
    const MACROS: &[&str] =
        &["trace!", "debug!", "info!", "warn!", "error!", concat!("print", "ln!"), concat!("eprint", "ln!"), "dbg!"];
    if MACROS.contains(&call.name.as_str()) {
        teller.log(call, &call.name, &["headers", "req.headers", "request.headers"]);
        // `"{password}"` names what it prints.
        let inline = call.arg(0).and_then(Expr::text).unwrap_or_default();
        let named = inline.split('{').skip(1).filter_map(|part| part.split(['}', ':', '.']).next());
        if let Some(name) = named.into_iter().find(|name| crate::code::names::is_sensitive(name)) {
            teller.tell(FactKind::SensitiveLog, format!("{}: {name}", call.name), call.line);
        }
    }
}

fn tokens(teller: &mut Teller, chain: &Chain, call: &Call) {
    if call.last_name() == "insecure_disable_signature_validation" || call.name.ends_with("dangerous::insecure_decode")
    {
        teller.tell(FactKind::UnverifiedToken, &call.name, call.line);
    }
    let keys = call.name.contains("EncodingKey::from")
        || call.name.contains("DecodingKey::from")
        || call.name.ends_with("Key::from");
    let literal = |e: &Expr| match e {
        Expr::Text(text) => !text.is_empty(),
        Expr::Chain(inner) => inner.base.text().is_some(),
        _ => false,
    };
    if keys && call.args.iter().any(|arg| literal(&arg.value)) {
        teller.tell(FactKind::SigningSecret, chain.dotted_to(1), call.line);
    }
}

/// `Cookie::build(…).http_only(true).secure(true)`
fn cookies(teller: &mut Teller, chain: &Chain) {
    let Some(first) =
        chain.calls().next().filter(|call| call.name.ends_with("Cookie::build") || call.name.ends_with("Cookie::new"))
    else {
        return;
    };
    let set = |name: &str| chain.calls().find(|call| call.name == name).map(|call| flag(call.arg(0)));
    let same = chain.calls().find(|call| call.name == "same_site");
    let same_site = same_site(same.and_then(|call| call.arg(0)));
    // Without a word it is off.
    let flags = Flags {
        http_only: set("http_only").unwrap_or(Setting::Off),
        secure: set("secure").unwrap_or(Setting::Off),
        same_site,
    };
    let name = match first.arg(0) {
        Some(Expr::List(items)) => items.first(),
        other => other,
    };
    teller.tell(Flags::fact(flags), name.and_then(Expr::text).unwrap_or("*"), first.line);
}

/// Keys that are literals: `const JWT_SECRET: &str = "…"`.
fn assigned(teller: &mut Teller, target: &Expr, value: &Expr) {
    let name = target.dotted();
    let lower = name.to_lowercase().replace('_', "");
    let signs = ["jwtsecret", "jwtkey", "signingkey", "secretkey", "hmacsecret", "sessionsecret"]
        .iter()
        .any(|end| lower.ends_with(end));
    let literal =
        value.text().is_some_and(|text| text.len() > 3) || matches!(value, Expr::Chain(c) if c.base.text().is_some());
    if signs && literal {
        teller.tell(FactKind::SigningSecret, name, 0);
    }
}
