//! What Go functions tell.

use crate::code::body::{Fact, FactKind, Setting};
use crate::code::telling::{Flags, Idiom, MAX_LINKS, Teller, cookie, is_forwarded};
use crate::code::unit::{Call, Chain, Expr, Link, Unit};

const GO: Idiom = Idiom { from_request, owners: &["currentuser", "ownerid", "tenantid", "getuser"] };

/// What looks up records by position.
const FINDERS: &[&str] = &[
    "First", "Find", "FindByID", "FindOne", "Take", "Last", "GetByID", "Get", "Delete", "Where", "FindById", "Lookup",
];

fn from_request(e: &Expr) -> bool {
    let Expr::Chain(chain) = e else { return false };
    let asks = |call: &Call| {
        matches!(
            call.name.as_str(),
            "Param"
                | "URLParam"
                | "PathValue"
                | "FormValue"
                | "PostFormValue"
                | "QueryParam"
                | "Query"
                | "DefaultQuery"
                | "PostForm"
                | "Vars"
        )
    };
    let on = chain.base.name().unwrap_or_default();
    chain.calls().next().is_some_and(asks) && !matches!(on, "db" | "tx" | "DB" | "conn")
}

/// Adds the facts of a file.
pub(super) fn of(unit: &Unit, facts: &mut Vec<Fact>) {
    for function in &unit.functions {
        body(Teller::new(unit, function.line, facts), &function.body);
    }
    body(Teller::new(unit, 1, facts), &unit.body);
}

fn body(mut teller: Teller, body: &[Expr]) {
    for statement in body {
        statement.walk(&mut |e| {
            teller.follow(e, &GO);
            match e {
                Expr::Chain(chain) => tell_chain(&mut teller, chain),
                Expr::Assign(both) => assigned(&mut teller, &both.0, &both.1),
                _ => {}
            }
        });
    }
}

fn tell_chain(teller: &mut Teller, chain: &Chain) {
    for (at, link) in chain.links.iter().enumerate().take(MAX_LINKS) {
        let Link::Call(call) = link else { continue };
        let (name, on) = (call.name.as_str(), chain.dotted_to(at));
        let last = on.rsplit('.').next().unwrap_or_default().to_lowercase();
        let stores = ["db", "tx", "store", "repo", "repository", "collection", "model", "conn", "queries"]
            .iter()
            .any(|end| last.ends_with(end));
        let chained = chain.links.iter().take(at).any(
            |link| matches!(link, Link::Call(c) if matches!(c.name.as_str(), "Where" | "Model" | "Preload" | "Table")),
        );
        let passed = call.args.iter().any(|arg| teller.requested(&arg.value, &GO));
        if (stores || chained) && FINDERS.contains(&name) && passed {
            teller.lookup(chain, at, &GO);
        }
        if matches!(
            name,
            "Query" | "QueryRow" | "Exec" | "QueryContext" | "QueryRowContext" | "ExecContext" | "Raw" | "Select"
        ) {
            teller.query(call, &chain.dotted_to(at + 1), &GO);
        }
        let reads = on == "os" && matches!(name, "Getenv" | "LookupEnv");
        if let (true, Some(variable)) = (reads, call.arg(0).and_then(Expr::text)) {
            teller.variable(variable, None, call.line);
        }
        // A helper of the program's own: `getEnv("PORT", "8080")`.
        let helper = on.is_empty() && name.to_lowercase().replace('_', "").contains("getenv");
        if let (true, Some(variable)) = (helper, call.arg(0).and_then(Expr::text)) {
            teller.variable(variable, call.arg(1), call.line);
        }
        if name == "SetMode"
            && call.arg(0).is_some_and(|mode| mode.dotted().ends_with("DebugMode") || mode.text() == Some("debug"))
        {
            teller.tell(FactKind::Debug, "gin.SetMode", call.line);
        }
        logs(teller, &on, call);
        tokens(teller, &on, call);
        cookies(teller, &on, call);
        let limits = name.to_lowercase().contains("limit") || on.to_lowercase().contains("limiter");
        if limits && call.args.iter().any(|arg| arg.value.any(&mut |e| is_forwarded(e))) {
            teller.tell(FactKind::ForwardedLimiterKey, chain.dotted_to(at + 1), call.line);
        }
    }
}

fn logs(teller: &mut Teller, on: &str, call: &Call) {
    let last = on.rsplit('.').next().unwrap_or_default().to_lowercase();
    let logger =
        matches!(last.as_str(), "log" | "slog" | "logger" | "logrus" | "zap" | "sugar") || last.ends_with("logger");
    let prints = on == "fmt" && call.name.starts_with("Print");
    if logger || prints {
        let whole = ["r.Header", "c.Request.Header", "req.Header", "r.Form", "r.PostForm", "c.Request().Header"];
        teller.log(call, &format!("{on}.{}", call.name), &whole);
    }
}

fn tokens(teller: &mut Teller, on: &str, call: &Call) {
    let name = call.name.as_str();
    if name == "ParseUnverified" || on == "jwt" && name == "UnsafeAllowNoneSignatureType" {
        teller.tell(FactKind::UnverifiedToken, format!("{on}.{name}"), call.line);
    }
    if on.ends_with("jwt") && call.args.iter().any(|arg| arg.value.dotted().ends_with("UnsafeAllowNoneSignatureType")) {
        teller.tell(FactKind::UnverifiedToken, format!("{on}.{name}"), call.line);
    }
    // `token.SignedString([]byte("…"))`, `sessions.NewCookieStore([]byte("…"))`
    let signs = matches!(name, "SignedString" | "NewCookieStore" | "NewStore" | "JWT");
    if signs && call.args.iter().any(|arg| arg.value.any(&mut |e| e.text().is_some_and(|text| !text.is_empty()))) {
        teller.tell(FactKind::SigningSecret, format!("{on}.{name}"), call.line);
    }
}

/// `http.Cookie{}` has no flag that it does not name; gin's `SetCookie` is passed them.
fn cookies(teller: &mut Teller, on: &str, call: &Call) {
    let off = |set: Setting| if set == Setting::Missing { Setting::Off } else { set };
    if matches!(call.name.as_str(), "http.Cookie{}" | "sessions.Options{}") {
        let mut flags = cookie(|names| names.iter().find_map(|name| call.key(name)));
        flags.http_only = off(flags.http_only);
        flags.secure = off(flags.secure);
        teller.tell(Flags::fact(flags), call.key("Name").and_then(Expr::text).unwrap_or("*"), call.line);
    }
    if call.name == "SetCookie" && call.args.len() == 7 && on != "http" {
        let flags = cookie(|names| match () {
            () if names.contains(&"Secure") => call.arg(5),
            () if names.contains(&"HttpOnly") => call.arg(6),
            () => None,
        });
        teller.tell(Flags::fact(flags), call.arg(0).and_then(Expr::text).unwrap_or("*"), call.line);
    }
}

/// Keys that are literals: `var jwtSecret = []byte("…")`.
fn assigned(teller: &mut Teller, target: &Expr, value: &Expr) {
    let name = target.dotted();
    let lower = name.to_lowercase().replace('_', "");
    let signs = ["jwtsecret", "jwtkey", "signingkey", "secretkey", "hmacsecret", "sessionsecret"]
        .iter()
        .any(|end| lower.ends_with(end));
    let literal = match value {
        Expr::Text(text) => text.len() > 3,
        Expr::Group(_) => value.any(&mut |e| e.text().is_some_and(|text| text.len() > 3)),
        _ => false,
    };
    if signs && literal {
        teller.tell(FactKind::SigningSecret, name, 0);
    }
}
