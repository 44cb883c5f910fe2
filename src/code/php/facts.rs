//! What PHP methods tell.

use crate::code::body::{Fact, FactKind, Setting};
use crate::code::telling::{Flags, Idiom, MAX_LINKS, Teller, cookie, flag, is_forwarded, under};
use crate::code::unit::{Call, Chain, Expr, Link, Unit};
use crate::code::walk::role_of;

const PHP: Idiom = Idiom { from_request, owners: &["auth.id", "auth", "id()"] };

/// What looks up records.
const FINDERS: &[&str] =
    &["find", "findorfail", "firstwhere", "findmany", "where", "destroy", "findornew", "firstorfail"];

/// What writes records.
const WRITERS: &[&str] =
    &["create", "fill", "update", "forceFill", "insert", "make", "firstOrCreate", "updateOrCreate", "forceCreate"];

fn from_request(e: &Expr) -> bool {
    match e {
        Expr::Name(name) => matches!(name.as_str(), "$_GET" | "$_POST" | "$_REQUEST" | "$_COOKIE"),
        Expr::Chain(chain) => {
            let base = chain.base.name() == Some("$request") || chain.dotted_to(1) == "request";
            let user = chain.dotted();
            let caller =
                ["user", "session", "ip", "attributes"].iter().any(|part| user.split('.').nth(1) == Some(part));
            base && !caller && !chain.links.is_empty()
        }
        _ => false,
    }
}

/// Adds the facts of a file.
pub(super) fn of(unit: &Unit, facts: &mut Vec<Fact>) {
    for (class, method) in unit.all_functions() {
        let mut teller = Teller::new(unit, method.line, facts);
        // What the path says is passed by name: `show($id)`.
        let in_controller = class.is_some_and(|class| class.name.ends_with("Controller"));
        for param in
            method.params.iter().filter(|param| in_controller && matches!(param.of.as_str(), "" | "int" | "string"))
        {
            teller.taint(&param.name);
        }
        body(teller, &method.body);
    }
    for class in &unit.classes {
        for property in &class.body {
            let Expr::Assign(both) = property else { continue };
            let open = both.0.name() == Some("$guarded") && matches!(&both.1, Expr::List(items) if items.is_empty());
            if open {
                let name = class.name.rsplit('\\').next().unwrap_or_default();
                let at = unit.at(class.line);
                facts.push(Fact { kind: FactKind::WholeBody, name: format!("{name}::$guarded"), at });
            }
            body(Teller::new(unit, class.line, facts), std::slice::from_ref(property));
        }
    }
    for statement in &unit.body {
        body(Teller::new(unit, 1, facts), std::slice::from_ref(statement));
    }
}

fn body(mut teller: Teller, body: &[Expr]) {
    for statement in body {
        statement.walk(&mut |e| {
            teller.follow(e, &PHP);
            match e {
                Expr::Chain(chain) => tell_chain(&mut teller, chain),
                Expr::Pairs(pairs) => settings(&mut teller, pairs),
                _ => {}
            }
        });
    }
}

fn tell_chain(teller: &mut Teller, chain: &Chain) {
    for (at, link) in chain.links.iter().enumerate().take(MAX_LINKS) {
        let Link::Call(call) = link else { continue };
        let (name, on) = (call.name.as_str(), chain.dotted_to(at));
        let lower = name.to_lowercase();
        let passed = call.args.iter().any(|arg| teller.requested(&arg.value, &PHP));
        let model =
            !on.is_empty() && !matches!(on.as_str(), "Route" | "$request" | "collect" | "Cache" | "Arr" | "$this");
        if FINDERS.contains(&lower.as_str()) && model && passed {
            teller.lookup(chain, at, &PHP);
        }
        let all = |e: &Expr| {
            let dotted = e.dotted();
            matches!(dotted.as_str(), "$request.all" | "request.all" | "$request.input" | "$request.post" | "$_POST")
        };
        let whole = |arg: &crate::code::unit::Arg| {
            all(&arg.value) && !matches!(&arg.value, Expr::Chain(c) if c.calls().any(|c| !c.args.is_empty()))
        };
        if WRITERS.contains(&name) && !on.is_empty() && call.args.iter().any(whole) || name == "unguard" {
            teller.tell(FactKind::WholeBody, chain.dotted_to(at + 1), call.line);
        }
        if on == "DB"
            && matches!(name, "select" | "statement" | "update" | "delete" | "selectOne" | "raw" | "unprepared")
        {
            teller.query(call, &chain.dotted_to(at + 1), &PHP);
        }
        let reads = name == "env" && on.is_empty() || name == "getenv" || on == "Env" && name == "get";
        if let (true, Some(variable)) = (reads, call.arg(0).and_then(Expr::text)) {
            teller.variable(variable, call.arg(1), call.line);
        }
        let limits = on == "RateLimiter" || role_of(name) == crate::code::route::Role::Limiter;
        if limits && call.args.iter().any(|arg| arg.value.any(&mut |e| is_forwarded(e))) {
            teller.tell(FactKind::ForwardedLimiterKey, chain.dotted_to(at + 1), call.line);
        }
        logs(teller, &on, call);
        cookies(teller, &on, call);
        tokens(teller, &on, call);
    }
    debug(teller, chain);
}

fn logs(teller: &mut Teller, on: &str, call: &Call) {
    let levels = ["alert", "critical", "debug", "emergency", "error", "info", "log", "notice", "warning"];
    let logs = matches!(on, "Log" | "logger" | "$this.logger" | "$logger") && levels.contains(&call.name.as_str());
    if logs || on.is_empty() && matches!(call.name.as_str(), "logger" | "error_log" | "info") {
        const WHOLE: &[&str] = &[
            "$request.all", "request.all", "$request.headers", "$request.headers.all", "$request.input", "$request",
            "$_POST", "$_SERVER",
        ];
        teller.log(call, &format!("{on}{}{}", if on.is_empty() { "" } else { "::" }, call.name), WHOLE);
    }
}

/// `cookie(name, value, minutes, path, domain, secure, httpOnly, raw, sameSite)` and PHP's own `setcookie`.
fn cookies(teller: &mut Teller, on: &str, call: &Call) {
    let name = call.arg(0).and_then(Expr::text).unwrap_or("*");
    let mut flags = match (on, call.name.as_str()) {
        ("", "setcookie" | "setrawcookie") => match call.arg(2) {
            Some(Expr::Pairs(pairs)) => cookie(|names| {
                under(pairs, names).or_else(|| under(pairs, &["samesite"]).filter(|_| names.contains(&"SameSite")))
            }),
            _ => cookie(|names| {
                call.arg(if names.contains(&"Secure") {
                    5
                } else if names.contains(&"HttpOnly") {
                    6
                } else {
                    99
                })
            }),
        },
        ("", "cookie") | ("Cookie", "make" | "queue" | "forever") if call.args.len() > 1 => cookie(|names| match () {
            () if names.contains(&"Secure") => call.key("secure").or(call.arg(5)),
            () if names.contains(&"HttpOnly") => call.key("httpOnly").or(call.arg(6)),
            () => call.key("sameSite").or(call.arg(8)),
        }),
        _ => return,
    };
    // PHP's own default is off, Laravel's is on.
    if flags.http_only == Setting::Missing {
        flags.http_only = flag(Some(&Expr::Name((!call.name.starts_with("set")).to_string())));
    }
    teller.tell(Flags::fact(flags), name, call.line);
}

fn tokens(teller: &mut Teller, on: &str, call: &Call) {
    if on != "JWT" || !matches!(call.name.as_str(), "encode" | "decode") {
        return;
    }
    let name = format!("JWT::{}", call.name);
    if call.args.iter().any(|arg| arg.value.any(&mut |e| e.text().is_some_and(|t| t.eq_ignore_ascii_case("none")))) {
        teller.tell(FactKind::UnverifiedToken, &name, call.line);
    }
    let key = |e: &Expr| match e {
        Expr::Chain(chain) => {
            chain.plain().is_some_and(|c| c.name == "new Key" && c.arg(0).and_then(Expr::text).is_some())
        }
        other => other.text().is_some_and(|text| !text.is_empty()),
    };
    if call.arg(1).is_some_and(key) {
        teller.tell(FactKind::SigningSecret, &name, call.line);
    }
}

/// `'debug' => true` in the application's settings.
fn settings(teller: &mut Teller, pairs: &[(Expr, Expr)]) {
    if under(pairs, &["debug"]).and_then(Expr::name) == Some("true") {
        teller.tell(FactKind::Debug, "debug", 0);
    }
    let signs = under(pairs, &["app_key", "jwt_secret", "secret_key"]);
    if signs.and_then(Expr::text).is_some_and(|text| !text.is_empty()) {
        teller.tell(FactKind::SigningSecret, "settings", 0);
    }
}

/// `env('APP_DEBUG', true)`
fn debug(teller: &mut Teller, chain: &Chain) {
    let Some(call) = chain.plain().filter(|call| call.name == "env") else { return };
    let asks = call.arg(0).and_then(Expr::text) == Some("APP_DEBUG");
    if asks && call.arg(1).and_then(Expr::name) == Some("true") {
        teller.tell(FactKind::Debug, "APP_DEBUG", call.line);
    }
}
