//! What Java methods tell.

use crate::code::body::{Fact, FactKind, SameSite, Setting};
use crate::code::telling::{Flags, Idiom, MAX_LINKS, Teller, flag, is_forwarded, same_site};
use crate::code::unit::{Call, Chain, Class, Expr, Function, Link, Unit};

const JAVA: Idiom =
    Idiom { from_request, owners: &["authentication", "getcurrentuser", "securitycontextholder", "getprincipal"] };

fn from_request(e: &Expr) -> bool {
    let Expr::Chain(chain) = e else { return false };
    let gets = |call: &Call| {
        matches!(call.name.as_str(), "getParameter" | "getHeader" | "pathVariable" | "queryParam" | "getPathVariable")
    };
    chain.calls().any(gets)
}

/// Adds the facts of a file.
pub(super) fn of(unit: &Unit, facts: &mut Vec<Fact>) {
    for class in &unit.classes {
        for method in &class.methods {
            let mut teller = Teller::new(unit, method.line, facts);
            taint(&mut teller, method);
            body(&mut teller, &method.body);
        }
        fields(unit, class, facts);
    }
}

/// What a handler is passed of the request.
fn taint(teller: &mut Teller, method: &Function) {
    const FROM: &[&str] =
        &["PathVariable", "RequestParam", "RequestBody", "RequestHeader", "ModelAttribute", "CookieValue"];
    for param in &method.params {
        if param.marks.iter().any(|mark| FROM.contains(&mark.name.as_str())) {
            teller.taint(&param.name);
        }
    }
}

fn body(teller: &mut Teller, body: &[Expr]) {
    for statement in body {
        statement.walk(&mut |e| {
            teller.follow(e, &JAVA);
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
        let (name, on) = (call.name.as_str(), chain.dotted_to(at));
        let stores = |what: &str| {
            let last = what.rsplit('.').next().unwrap_or_default().to_lowercase();
            ["repository", "repo", "repos", "dao", "service", "owners", "entitymanager", "em", "mapper"]
                .iter()
                .any(|end| last.ends_with(end))
        };
        let finds = name.starts_with("findBy")
            || matches!(
                name,
                "getById" | "getOne" | "findById" | "getReferenceById" | "deleteById" | "find" | "findOne"
            );
        let passed = call.args.iter().any(|arg| teller.requested(&arg.value, &JAVA));
        if finds && stores(&on) && passed {
            let owned =
                ["Owner", "User", "Tenant", "Account", "Org"].iter().any(|who| name.contains(&format!("And{who}")));
            match owned {
                true => teller.tell(FactKind::Lookup { scoped: true }, chain.dotted_to(at + 1), call.line),
                false => teller.lookup(chain, at, &JAVA),
            }
        }
        if matches!(
            name,
            "createQuery"
                | "createNativeQuery"
                | "query"
                | "queryForObject"
                | "queryForList"
                | "executeQuery"
                | "update"
        ) {
            teller.query(call, &chain.dotted_to(at + 1), &JAVA);
        }
        let reads = on == "System" && name == "getenv";
        if let (true, Some(variable)) = (reads, call.arg(0).and_then(Expr::text)) {
            teller.variable(variable, None, call.line);
        }
        logs(teller, &on, call);
        tokens(teller, chain, at, call);
        // `cookie.setHttpOnly(false)`
        let off = |what: &str| name == what && call.arg(0).and_then(Expr::name) == Some("false");
        if off("setHttpOnly") || off("setSecure") {
            let of = |what: &str| if off(what) { Setting::Off } else { Setting::Unknown };
            let flags = Flags { http_only: of("setHttpOnly"), secure: of("setSecure"), same_site: SameSite::Unknown };
            teller.tell(flags.fact(), chain.dotted_to(at + 1), call.line);
        }
        let limits = name.to_lowercase().contains("ratelimit")
            || on.to_lowercase().ends_with("limiter")
            || on.to_lowercase().ends_with("buckets");
        if limits && call.args.iter().any(|arg| arg.value.any(&mut |e| is_forwarded(e))) {
            teller.tell(FactKind::ForwardedLimiterKey, chain.dotted_to(at + 1), call.line);
        }
    }
    built_cookie(teller, chain);
}

fn logs(teller: &mut Teller, on: &str, call: &Call) {
    let levels = ["debug", "error", "fatal", "info", "log", "trace", "warn", "warning"];
    let last = on.rsplit('.').next().unwrap_or_default().to_lowercase();
    let logger = matches!(last.as_str(), "log" | "logger") || last.ends_with("logger");
    let prints = on == "System.out" && call.name.starts_with("print");
    if logger && levels.contains(&call.name.as_str()) || prints {
        teller.log(call, &format!("{on}.{}", call.name), &["request.getParameterMap", "headers", "request.getHeaders"]);
    }
}

fn tokens(teller: &mut Teller, chain: &Chain, at: usize, call: &Call) {
    let literal = |e: &Expr| match e {
        Expr::Text(text) => !text.is_empty(),
        Expr::Chain(chain) => chain.base.text().is_some() && chain.dotted_to(9).ends_with("getBytes"),
        _ => false,
    };
    let name = call.name.as_str();
    let jwts = chain.dotted_to(at).contains("Jwts");
    let signs = matches!(
        name,
        "signWith" | "setSigningKey" | "HMAC256" | "HMAC384" | "HMAC512" | "hmacShaKeyFor" | "secretKeyFor"
    );
    if signs && call.args.iter().any(|arg| literal(&arg.value))
        || name == "new SecretKeySpec" && call.arg(0).is_some_and(literal)
    {
        teller.tell(FactKind::SigningSecret, chain.dotted_to(at + 1), call.line);
    }
    let unchecked = jwts && matches!(name, "parseClaimsJwt" | "parseUnsecuredClaims" | "unsecured")
        || chain.dotted_to(at) == "JWT" && name == "decode" && chain.calls().all(|call| call.name != "verify")
        || chain.dotted_to(at) == "Algorithm" && name == "none";
    if unchecked {
        teller.tell(FactKind::UnverifiedToken, chain.dotted_to(at + 1), call.line);
    }
}

/// `ResponseCookie.from("name", value).httpOnly(true).build()`
fn built_cookie(teller: &mut Teller, chain: &Chain) {
    let first = chain.calls().next().filter(|call| chain.base.name() == Some("ResponseCookie") && call.name == "from");
    let Some(first) = first else { return };
    let set =
        |name: &str| chain.calls().find(|call| call.name == name).map_or(Setting::Missing, |call| flag(call.arg(0)));
    // Without a word it is off.
    let same = chain.calls().find(|call| call.name == "sameSite");
    let same_site = same_site(same.and_then(|call| call.arg(0)));
    let off = |set: Setting| if set == Setting::Missing { Setting::Off } else { set };
    let flags = Flags { http_only: off(set("httpOnly")), secure: off(set("secure")), same_site };
    teller.tell(Flags::fact(flags), first.arg(0).and_then(Expr::text).unwrap_or("*"), first.line);
}

/// `Cookie c = new Cookie("name", value)`: what is set on it is told where it stands.
fn assigned(teller: &mut Teller, target: &Expr, value: &Expr) {
    let made = value.chain().and_then(Chain::plain).filter(|call| call.name == "new Cookie");
    if let (Some(call), Some(_)) = (made, target.name()) {
        let flags = Flags { http_only: Setting::Unknown, secure: Setting::Unknown, same_site: SameSite::Missing };
        teller.tell(Flags::fact(flags), call.arg(0).and_then(Expr::text).unwrap_or("*"), call.line);
    }
    let name = target.dotted().to_lowercase();
    let secret = ["jwtsecret", "jwt_secret", "secretkey", "secret_key", "signingkey", "signing_key"]
        .iter()
        .any(|end| name.ends_with(end));
    if secret && value.text().is_some_and(|text| text.len() > 3 && !text.starts_with("${")) {
        teller.tell(FactKind::SigningSecret, target.dotted(), 0);
    }
}

/// `@Value("${NAME:literal}")`, and secrets in constants.
fn fields(unit: &Unit, class: &Class, facts: &mut Vec<Fact>) {
    for member in &class.body {
        let mut teller = Teller::new(unit, class.line, facts);
        if let Expr::Assign(both) = member {
            assigned(&mut teller, &both.0, &both.1);
        }
        let Some(call) = member.chain().and_then(Chain::plain).filter(|call| call.name == "field") else { continue };
        let Some(text) = call.key("Value").and_then(Expr::text) else { continue };
        let Some(inner) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else { continue };
        let (name, default) = inner.split_once(':').map_or((inner, None), |(name, default)| (name, Some(default)));
        let default = default.map(|default| Expr::Text(default.to_owned()));
        teller.variable(name, default.as_ref(), call.line);
    }
}
