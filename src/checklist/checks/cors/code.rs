//! Policies that the code sets.

use std::collections::BTreeSet;

use super::super::enclosing;
use super::super::survey::{CodeFile, Survey};
use super::{Credentials, Origins, Policy, allowed, of, several};
use crate::code::Language;
use crate::code::expression::{Call, Value};

const ALLOW: &str = "Access-Control-Allow-Origin";
const WITH: &str = "Access-Control-Allow-Credentials";

pub(super) fn policies<'s>(survey: &'s Survey<'_>) -> Vec<Policy<'s>> {
    let mut policies = Vec::new();
    for file in survey.launched() {
        match file.language {
            Language::JavaScript | Language::TypeScript | Language::Tsx => javascript(file, &mut policies),
            Language::Python => python(file, &mut policies),
            Language::Ruby => ruby(file, &mut policies),
            Language::Php => php(file, &mut policies),
            Language::Java => java(file, &mut policies),
            Language::Go => go(file, &mut policies),
            Language::Rust => rust(file, &mut policies),
        }
        headers(file, &mut policies);
    }
    django(survey, &mut policies);
    policies
}

fn add<'s>(
    file: &'s CodeFile<'_>,
    line: u32,
    by: &'static str,
    origins: Origins,
    credentials: Credentials,
    out: &mut Vec<Policy<'s>>,
) {
    // What only a developer's own machine has lets in nobody else.
    if !enclosing::is_development(file.text, line) {
        out.push(Policy { path: file.path, line, by, origins, credentials });
    }
}

/// A call's options, where a name stands for them.
fn options<'v>(file: &'v CodeFile<'_>, call: &'v Call) -> Option<&'v Value> {
    call.arguments
        .iter()
        .rev()
        .map(|argument| file.resolve(&argument.value))
        .find(|value| matches!(value, Value::Table(_)))
}

fn javascript<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Policy<'s>>) {
    for call in &file.found.calls {
        let by = match call.last() {
            "cors" if ["'cors'", "\"cors\"", "koa2-cors", "@koa/cors"].iter().any(|m| file.mentions(m)) => "cors()",
            "enableCors" => "enableCors()",
            "fastifyCors" => "@fastify/cors",
            "register" if file.mentions("@fastify/cors") && is_plugin(call) => "@fastify/cors",
            "Server" | "NestFactory.create" | "create" | "@WebSocketGateway" | "WebSocketGateway" | "io" => {
                nested(file, call, out);
                continue;
            }
            _ => continue,
        };
        let table = options(file, call);
        let has_unknown = call.arguments.iter().any(|a| !matches!(file.resolve(&a.value), Value::Table(_)));
        let origins = match (table.and_then(|table| table.get("origin")), table) {
            (Some(value), _) => of(file, value),
            (None, Some(_)) => Origins::Any,
            (None, None) if has_unknown && by != "@fastify/cors" => Origins::Decided,
            (None, None) => Origins::Any,
        };
        let credentials = allowed(table.and_then(|table| table.get("credentials")), Credentials::No);
        add(file, call.line, by, origins, credentials, out);
    }
}

fn is_plugin(call: &Call) -> bool {
    match call.at(0) {
        Some(Value::Name(name)) => name.to_ascii_lowercase().contains("cors"),
        Some(Value::Call(inner)) => inner.arguments.iter().any(|a| a.value.text() == Some("@fastify/cors")),
        _ => false,
    }
}

/// `{ cors: true }` and `{ cors: { origin } }` of what makes a server.
fn nested<'s>(file: &'s CodeFile<'_>, call: &'s Call, out: &mut Vec<Policy<'s>>) {
    match options(file, call).and_then(|table| table.get("cors")) {
        Some(Value::Flag(true)) => add(file, call.line, "cors: true", Origins::Any, Credentials::No, out),
        Some(table @ Value::Table(_)) => {
            let origins = table.get("origin").map_or(Origins::Any, |value| of(file, value));
            add(
                file,
                call.line,
                "the server's cors option",
                origins,
                allowed(table.get("credentials"), Credentials::No),
                out,
            );
        }
        _ => {}
    }
}

fn python<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Policy<'s>>) {
    for call in &file.found.calls {
        let is_middleware = call.is("add_middleware") || call.is("Middleware");
        let first = call.at(0).and_then(|value| if let Value::Name(name) = value { Some(name.as_str()) } else { None });
        if is_middleware && first.is_some_and(|name| name.ends_with("CORSMiddleware")) {
            let expressions = call.option("allow_origin_regex").map(|value| match value {
                Value::Text(text) if matches!(text.as_str(), ".*" | "^.*$" | ".+" | "https?://.*") => Origins::Any,
                _ => Origins::Decided,
            });
            let list = call.option("allow_origins").map_or(Origins::Closed, |value| of(file, value));
            let origins = expressions.map_or(list.clone(), |expressions| expressions.max(list));
            let credentials = allowed(call.option("allow_credentials"), Credentials::No);
            add(file, call.line, "CORSMiddleware", origins, credentials, out);
        }
        if (call.name == "CORS" || call.name == "cross_origin" || call.is("flask_cors.CORS"))
            && file.mentions("flask_cors")
        {
            let listed = call.option("origins").map(|value| of(file, value));
            let by_path = call.option("resources").map(|value| match file.resolve(value) {
                Value::Table(entries) => {
                    let all = entries.iter().map(|e| e.value.get("origins").map_or(Origins::Any, |v| of(file, v)));
                    several(all)
                }
                _ => Origins::Any,
            });
            let origins = listed.or(by_path).unwrap_or(Origins::Any);
            let credentials = allowed(call.option("supports_credentials"), Credentials::No);
            add(file, call.line, "flask-cors", origins, credentials, out);
        }
    }
}

/// django-cors-headers, whose settings stand in several files.
fn django<'s>(survey: &'s Survey<'_>, out: &mut Vec<Policy<'s>>) {
    let sets = |names: [&'static str; 2]| {
        let all = names.into_iter().flat_map(|name| survey.sets_of(name, Language::Python));
        all.collect::<Vec<_>>()
    };
    let credentials = sets(["CORS_ALLOW_CREDENTIALS", "CORS_ALLOW_CREDENTIALS"]);
    let credentials = credentials.iter().map(|(_, set)| allowed(Some(&set.value), Credentials::No)).max();
    let credentials = credentials.unwrap_or(Credentials::No);
    let mut is_open = false;
    for (file, set) in sets(["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"]) {
        let origins = match &set.value {
            // With credentials django-cors-headers answers with the request's own origin.
            Value::Flag(true) if credentials == Credentials::Yes => Origins::Reflected,
            Value::Flag(true) => Origins::Any,
            Value::Flag(false) => continue,
            _ => Origins::Decided,
        };
        is_open = true;
        add(file, set.line, "django-cors-headers", origins, credentials, out);
    }
    if is_open {
        return;
    }
    for (file, set) in sets(["CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"]) {
        add(file, set.line, "django-cors-headers", of(file, &set.value), credentials, out);
    }
    for (file, set) in sets(["CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST"]) {
        add(file, set.line, "django-cors-headers", Origins::Decided, credentials, out);
    }
}

fn ruby<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Policy<'s>>) {
    let blocks: Vec<&Call> = file.found.calls.iter().filter(|call| call.name == "allow").collect();
    for call in file.found.calls.iter().filter(|call| call.name == "origins" && !call.arguments.is_empty()) {
        let inside = |outer: &&&Call| outer.span.0 < call.span.0 && outer.span.1 >= call.span.1;
        let Some(block) = blocks.iter().rev().find(inside) else { continue };
        let origins = several(call.arguments.iter().map(|argument| of(file, &argument.value)));
        let resources = file.calls("resource").filter(|r| r.span.0 > block.span.0 && r.span.1 <= block.span.1);
        let credentials = resources.map(|r| allowed(r.option("credentials"), Credentials::No)).max();
        add(file, call.line, "rack-cors", origins, credentials.unwrap_or(Credentials::No), out);
    }
}

fn php<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Policy<'s>>) {
    if !file.path.ends_with("config/cors.php") {
        return;
    }
    for set in file.found.sets.iter().filter(|set| set.name == "return") {
        let Some(entry) = set.value.entry("allowed_origins") else { continue };
        let patterns = set.value.get("allowed_origins_patterns").map_or(Origins::Closed, |value| of(file, value));
        let patterns = if matches!(patterns, Origins::List(_)) { Origins::Decided } else { patterns };
        let credentials = allowed(set.value.get("supports_credentials"), Credentials::No);
        add(file, entry.line, "config/cors.php", of(file, &entry.value).max(patterns), credentials, out);
    }
}

fn java<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Policy<'s>>) {
    for call in &file.found.calls {
        if call.name == "@CrossOrigin" {
            let named = ["origins", "value", "originPatterns"].iter().find_map(|key| call.option(key));
            let origins = named.or_else(|| call.at(0)).map_or(Origins::Any, |value| of(file, value));
            let credentials = allowed(call.option("allowCredentials"), Credentials::No);
            add(file, call.line, "@CrossOrigin", origins, credentials, out);
        }
        let is_setter = [
            "allowedOrigins", "allowedOriginPatterns", "setAllowedOrigins", "setAllowedOriginPatterns",
            "addAllowedOrigin", "addAllowedOriginPattern",
        ]
        .contains(&call.last());
        if is_setter && !call.arguments.is_empty() {
            let origins = several(call.arguments.iter().map(|argument| of(file, &argument.value)));
            let with =
                file.found.calls.iter().filter(|c| matches!(c.last(), "allowCredentials" | "setAllowCredentials"));
            let credentials = with.map(|c| allowed(c.at(0), Credentials::No)).max().unwrap_or(Credentials::No);
            add(file, call.line, "the CORS configuration of Spring", origins, credentials, out);
        }
    }
}

fn go<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Policy<'s>>) {
    for call in &file.found.calls {
        let credentials = || allowed(call.option("AllowCredentials"), Credentials::No);
        match call.name.as_str() {
            "cors.Options" | "cors.Config" | "middleware.CORSConfig" => {
                let all = matches!(call.option("AllowAllOrigins"), Some(Value::Flag(true)));
                let list = ["AllowedOrigins", "AllowOrigins"].iter().find_map(|key| call.option(key));
                let by_code =
                    ["AllowOriginFunc", "AllowOriginRequestFunc"].iter().any(|key| call.option(key).is_some());
                let origins = match list {
                    _ if all => Origins::Any,
                    Some(value) => of(file, value),
                    None if by_code => Origins::Decided,
                    // rs/cors and echo take every origin unless told; gin-contrib refuses to start.
                    None => Origins::Any,
                };
                add(file, call.line, "the CORS configuration", origins, credentials(), out);
            }
            "cors.AllowAll" | "cors.Default" | "middleware.CORS" => {
                add(file, call.line, "the CORS default", Origins::Any, Credentials::No, out);
            }
            "cors.New" if call.arguments.is_empty() => {
                add(file, call.line, "the CORS default", Origins::Any, Credentials::No, out);
            }
            _ => {}
        }
    }
    for set in file.found.sets.iter().filter(|set| set.is("AllowAllOrigins") && set.value == Value::Flag(true)) {
        let with = file.found.sets.iter().find(|other| other.is("AllowCredentials"));
        let credentials = allowed(with.map(|set| &set.value), Credentials::No);
        add(file, set.line, "the CORS configuration", Origins::Any, credentials, out);
    }
}

fn rust<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Policy<'s>>) {
    for call in file.found.calls.iter().filter(|call| call.name.contains("Cors")) {
        let chain = || file.found.calls.iter().filter(|other| other.span.0 == call.span.0);
        let supports = chain().any(|c| c.last() == "supports_credentials");
        let with = chain().find(|c| c.last() == "allow_credentials");
        let credentials = match with {
            _ if supports => Credentials::Yes,
            Some(with) => allowed(with.at(0), Credentials::No),
            None => Credentials::No,
        };
        let (by, origins, credentials) = match call.last() {
            "very_permissive" => ("CorsLayer::very_permissive()", Origins::Reflected, Credentials::Yes),
            "permissive" if call.name.contains("CorsLayer") => ("CorsLayer::permissive()", Origins::Any, credentials),
            // That of actix echoes the origin and allows credentials.
            "permissive" if call.name.contains("Cors") => ("Cors::permissive()", Origins::Reflected, Credentials::Yes),
            "allow_origin" if call.name.contains("CorsLayer") => {
                ("CorsLayer", call.at(0).map_or(Origins::Decided, |value| of(file, value)), credentials)
            }
            "allow_any_origin" => ("actix-cors", Origins::Reflected, credentials),
            "allowed_origin" => {
                ("actix-cors", call.at(0).map_or(Origins::Decided, |value| of(file, value)), credentials)
            }
            "allowed_origin_fn" => ("actix-cors", Origins::Decided, credentials),
            _ => continue,
        };
        add(file, call.line, by, origins, credentials, out);
    }
}

/// The header itself, set by hand.
fn headers<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Policy<'s>>) {
    if !file.mentions("llow-") && !file.mentions("LLOW_ORIGIN") {
        return;
    }
    let pairs = pairs(file);
    let with = pairs.iter().find(|(name, ..)| name.eq_ignore_ascii_case(WITH));
    let credentials = match with {
        Some((_, _, line)) if enclosing::is_conditional(file.text, *line) => Credentials::Decided,
        with => allowed(with.map(|(_, value, _)| *value), Credentials::No),
    };
    let mut seen = BTreeSet::new();
    for (_, value, line) in pairs.iter().filter(|(name, ..)| name.eq_ignore_ascii_case(ALLOW)) {
        let origins = match of(file, value) {
            // `if (allowed.includes(origin)) headers[…] = origin`
            Origins::Reflected if enclosing::compares_origin(file.text, *line) => Origins::Decided,
            origins => origins,
        };
        if seen.insert((*line, origins.clone())) {
            add(file, *line, "The header Access-Control-Allow-Origin", origins, credentials, out);
        }
    }
}

/// Headers as calls, settings and `{key, value}` write them: name, value and line.
pub(in super::super) fn pairs<'v>(file: &'v CodeFile<'_>) -> Vec<(&'v str, &'v Value, u32)> {
    let mut pairs = Vec::new();
    for call in &file.found.calls {
        // `header("Name: value")` of PHP has both in one text.
        for (at, argument) in call.arguments.iter().enumerate() {
            let Some(name) = argument.value.text().filter(|name| name.contains('-') && !name.contains(' ')) else {
                continue;
            };
            if let Some(next) = call.arguments.get(at + 1) {
                pairs.push((name.trim_end_matches(':'), &next.value, call.line));
            }
        }
        for argument in &call.arguments {
            tables(&argument.value, &mut pairs, call.line);
        }
    }
    for set in &file.found.sets {
        if let Some(name) = set.name.rsplit('.').next().filter(|name| name.contains('-')) {
            pairs.push((name, &set.value, set.line));
        }
        tables(&set.value, &mut pairs, set.line);
    }
    pairs
}

fn tables<'v>(value: &'v Value, pairs: &mut Vec<(&'v str, &'v Value, u32)>, line: u32) {
    value.each(&mut |part| {
        let Value::Table(entries) = part else { return };
        if let (Some(Value::Text(name)), Some(entry)) = (part.get("key"), part.entry("value")) {
            pairs.push((name, &entry.value, entry.line.max(line)));
        }
        for entry in entries.iter().filter(|entry| entry.key.contains('-')) {
            pairs.push((&entry.key, &entry.value, entry.line));
        }
    });
}
