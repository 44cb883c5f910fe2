//! What Ruby methods tell.

use crate::code::body::{Fact, FactKind, Setting};
use crate::code::telling::{Flags, Idiom, MAX_LINKS, Teller, cookie, is_forwarded, under};
use crate::code::unit::{Call, Chain, Expr, Link, Unit};
use crate::code::walk::role_of;

const RUBY: Idiom =
    Idiom { from_request, owners: &["accessible_by", "policy_scope", "current_member", "current_admin"] };

/// What looks up records.
const FINDERS: &[&str] =
    &["delete_by", "destroy_by", "exists?", "find", "find_by", "find_by!", "find_by_id", "find_or_create_by", "where"];

/// What writes records.
const WRITERS: &[&str] =
    &["assign_attributes", "build", "create", "create!", "new", "update", "update!", "update_attributes", "insert"];

fn from_request(e: &Expr) -> bool {
    match e {
        Expr::Name(name) => name == "params",
        Expr::Chain(chain) => {
            chain.base.name() == Some("params")
                || chain.dotted_to(1) == "params"
                || chain.dotted_to(2) == "request.params"
        }
        _ => false,
    }
}

/// Adds the facts of a file.
pub(super) fn of(unit: &Unit, facts: &mut Vec<Fact>) {
    for (_, method) in unit.all_functions() {
        body(Teller::new(unit, method.line, facts), &method.body);
    }
    let outside = unit.classes.iter().flat_map(|class| class.body.iter()).chain(&unit.body);
    for statement in outside {
        body(Teller::new(unit, 1, facts), std::slice::from_ref(statement));
    }
    debug(unit, facts);
}

fn body(mut teller: Teller, body: &[Expr]) {
    for statement in body {
        statement.walk(&mut |e| {
            teller.follow(e, &RUBY);
            match e {
                Expr::Chain(chain) => tell_chain(&mut teller, chain),
                Expr::Assign(both) => tell_assignment(&mut teller, &both.0, &both.1),
                _ => {}
            }
        });
    }
}

fn tell_chain(teller: &mut Teller, chain: &Chain) {
    environment(teller, chain);
    for (at, link) in chain.links.iter().enumerate().take(MAX_LINKS) {
        let Link::Call(call) = link else { continue };
        let name = call.name.as_str();
        let passed = |teller: &Teller| call.args.iter().any(|arg| teller.requested(&arg.value, &RUBY));
        if (FINDERS.contains(&name) || name.starts_with("find_by_")) && is_model(chain, at) && passed(teller) {
            teller.lookup(chain, at, &RUBY);
        }
        if name == "permit!" || WRITERS.contains(&name) && call.args.iter().any(|arg| is_all(&arg.value)) {
            teller.tell(FactKind::WholeBody, chain.dotted_to(at + 1), call.line);
        }
        if matches!(name, "execute" | "exec_query" | "find_by_sql" | "select_all") {
            teller.query(call, &chain.dotted_to(at + 1), &RUBY);
        }
        if name == "session_store" {
            teller.tell(Flags::fact(cookie(|names| names.iter().find_map(|n| call.key(n)))), "session", call.line);
        }
        let limits = role_of(name) == crate::code::route::Role::Limiter;
        if limits && call.block.iter().flat_map(|b| &b.body).any(|e| e.any(&mut |e| is_forwarded(e))) {
            teller.tell(FactKind::ForwardedLimiterKey, chain.dotted_to(at + 1), call.line);
        }
        logs(teller, chain, at, call);
        tokens(teller, &chain.dotted_to(at), call);
    }
}

/// Whether records are asked of something that is no plain list: a class, or what belongs to something.
fn is_model(chain: &Chain, at: usize) -> bool {
    let before = chain.dotted_to(at);
    !before.is_empty() && !matches!(before.as_str(), "params" | "session" | "cookies" | "Dir" | "File" | "ENV")
}

/// `params` or `params[:user]`, with no list of what is permitted.
fn is_all(e: &Expr) -> bool {
    // What forms call a record; a single value is called otherwise.
    const RECORDS: &[&str] = &[
        "account", "article", "comment", "message", "order", "post", "product", "profile", "project", "schedule",
        "user",
    ];
    match e {
        Expr::Name(name) => name == "params",
        Expr::Chain(chain) if chain.base.name() == Some("params") => {
            matches!(chain.links.as_slice(), [Link::Index(Expr::Text(key))] if RECORDS.contains(&key.as_str()))
        }
        _ => false,
    }
}

fn environment(teller: &mut Teller, chain: &Chain) {
    if chain.base.name() != Some("ENV") {
        return;
    }
    match chain.links.first() {
        Some(Link::Index(Expr::Text(name))) => teller.variable(name, None, 0),
        Some(Link::Call(call)) if matches!(call.name.as_str(), "fetch" | "key?" | "dig") => {
            if let Some(name) = call.arg(0).and_then(Expr::text) {
                teller.variable(name, call.arg(1).or_else(|| in_block(call)), call.line);
            }
        }
        _ => {}
    }
}

/// `ENV.fetch("X") { "literal" }`
fn in_block(call: &Call) -> Option<&Expr> {
    call.block.as_ref().and_then(|block| block.body.last())
}

fn logs(teller: &mut Teller, chain: &Chain, at: usize, call: &Call) {
    let levels = ["debug", "info", "warn", "error", "fatal", "unknown"];
    let on = chain.dotted_to(at);
    let logger = on.rsplit('.').next().is_some_and(|last| last.to_lowercase().ends_with("logger"));
    let prints = on.is_empty() && matches!(call.name.as_str(), "puts" | "p" | "pp");
    if logger && levels.contains(&call.name.as_str()) || prints {
        const WHOLE: &[&str] = &[
            "params", "params.inspect", "params.to_s", "request.headers", "request.body", "request.raw_post",
            "request.env",
        ];
        teller.log(call, &chain.dotted_to(at + 1), WHOLE);
    }
}

/// Tokens that are read or made.
fn tokens(teller: &mut Teller, on: &str, call: &Call) {
    if on != "JWT" {
        return;
    }
    let unchecked = call.arg(2).and_then(Expr::name) == Some("false")
        || call.args.iter().any(|arg| arg.value.any(&mut |e| e.text().is_some_and(|t| t.eq_ignore_ascii_case("none"))));
    if unchecked && matches!(call.name.as_str(), "decode" | "encode") {
        teller.tell(FactKind::UnverifiedToken, format!("JWT.{}", call.name), call.line);
    }
    if call.arg(1).and_then(Expr::text).is_some_and(|text| !text.is_empty()) {
        teller.tell(FactKind::SigningSecret, format!("JWT.{}", call.name), call.line);
    }
}

fn tell_assignment(teller: &mut Teller, target: &Expr, value: &Expr) {
    let name = target.dotted();
    let last = name.rsplit(['.', ':']).next().unwrap_or_default();
    let signs =
        matches!(last, "secret_key_base" | "secret_key" | "secret_token" | "jwt_secret" | "pepper" | "hmac_secret");
    if (signs || matches!(last, "JWT_SECRET" | "SECRET_KEY" | "HMAC_SECRET")) && value.text().is_some() {
        teller.tell(FactKind::SigningSecret, &name, 0);
    }
    let Expr::Chain(chain) = target else { return };
    let on_cookies = matches!(chain.base.name(), Some("cookies")) || chain.dotted().starts_with("cookies");
    let Some(Link::Index(key)) = chain.links.last().filter(|_| on_cookies) else { return };
    let mut flags = match value {
        Expr::Pairs(pairs) => cookie(|names| under(pairs, names)),
        _ => cookie(|_| None),
    };
    // `httponly` is off unless it is asked for.
    if flags.http_only == Setting::Missing {
        flags.http_only = Setting::Off;
    }
    teller.tell(Flags::fact(flags), key.word().unwrap_or("*"), 0);
}

/// What is for development, in the settings of production.
fn debug(unit: &Unit, facts: &mut Vec<Fact>) {
    if !unit.file.ends_with("environments/production.rb") {
        return;
    }
    let mut teller = Teller::new(unit, 1, facts);
    for statement in &unit.body {
        statement.walk(&mut |e| {
            teller.follow(e, &RUBY);
            let Expr::Assign(both) = e else { return };
            let name = both.0.dotted();
            let on = both.1.word().unwrap_or_default();
            if name == "config.consider_all_requests_local" && on == "true"
                || name == "config.log_level" && on == "debug"
            {
                teller.tell(FactKind::Debug, name, 0);
            }
        });
    }
}
