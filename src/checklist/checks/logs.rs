//! LOG-01, LOG-03 and LOG-05: what is written to logs, and what should be.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::say::{Told, count, names};
use super::survey::{CodeFile, Survey, entries};
use crate::code::Language;
use crate::code::expression::{Argument, Call, Entry, Value};

/// Words that end the name of what must not be in a log.
pub(super) const SECRET: &[&str] = &[
    "password", "passwd", "pwd", "secret", "apikey", "api_key", "privatekey", "private_key", "authorization", "cvv",
    "cardnumber", "card_number", "accesstoken", "access_token", "refreshtoken", "refresh_token", "secretkey",
    "secret_key", "client_secret", "clientsecret", "credentials", "passphrase",
];

/// What may well hold such a thing.
pub(super) const WHOLE: &[&str] = &[
    "req.body", "request.body", "ctx.request.body", "request.data", "request.form", "request.post", "request.json",
    "request.get_json", "request.headers", "req.headers", "r.header", "c.request.header", "params", "request.all",
    "request.params", "request.meta", "token", "jwt", "cookie", "cookies", "sessionid", "session_id", "otp",
];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let (mut calls, mut secret, mut whole) = (0, Vec::new(), Vec::new());
    for file in survey.launched() {
        for call in file.found.calls.iter().filter(|call| is_log(file.language, call)) {
            calls += 1;
            let named = |argument: &Argument| match &argument.name {
                Some(name) if !matches!(argument.value, Value::Text(_) | Value::Flag(_) | Value::Number(_)) => {
                    weight(&argument.value).max(weight_of(name))
                }
                _ => weight(&argument.value),
            };
            let most = call.arguments.iter().map(named).max();
            match most.map(|most| if is_shown(file, call) { most.min(1) } else { most }) {
                Some(2) => secret.push((file.path, call.line)),
                Some(1) => whole.push((file.path, call.line)),
                _ => {}
            }
        }
    }
    let looked_at = "calls that write to a log, in every file that has the name of a secret near one";
    let of = "calls that write to a log";
    if !secret.is_empty() {
        told.fail("LOG-01")
            .reason(format!("{} something that is named like a secret.", verb(secret.len())))
            .looked_at(looked_at)
            .counted(calls, calls, of)
            .change("another field there, or a logger that redacts it")
            .at_all(secret.iter().copied());
    }
    if !whole.is_empty() {
        told.review("LOG-01")
            .reason(format!("{} a token, or a whole body, all parameters or all headers.", verb(whole.len())))
            .looked_at(looked_at)
            .counted(calls, calls, of)
            .change("single fields in place of the whole")
            .at_all(whole.iter().copied());
    }
    if calls > 0 && secret.is_empty() && whole.is_empty() {
        told.review("LOG-01")
            .reason("No call that writes to a log names a secret; what is in its values only logs can show.")
            .looked_at(looked_at)
            .counted(calls, calls, of)
            .change("sample logs that are given");
    }
    audit(survey, told);
    by_route(survey, told);
}

fn verb(number: usize) -> String {
    format!("{} {}", count(number, "call"), if number == 1 { "logs" } else { "log" })
}

fn is_log(language: Language, call: &Call) -> bool {
    let name = call.name.to_ascii_lowercase();
    let (object, last) = name.rsplit_once('.').map_or(("", name.as_str()), |(object, last)| (object, last));
    let is_level = matches!(
        last,
        "log"
            | "info"
            | "debug"
            | "warn"
            | "warning"
            | "error"
            | "trace"
            | "fatal"
            | "critical"
            | "exception"
            | "verbose"
            | "notice"
            | "infof"
            | "debugf"
            | "warnf"
            | "errorf"
            | "fatalf"
            | "printf"
            | "println"
            | "print"
            | "infow"
            | "debugw"
            | "errorw"
    );
    let is_logger =
        object.rsplit('.').next().is_some_and(|last| last.contains("log") || last == "console" || last == "winston");
    if is_level && is_logger {
        return true;
    }
    match language {
        Language::Python => matches!(name.as_str(), "print" | "pprint"),
        Language::Ruby => matches!(name.as_str(), "puts" | "p" | "pp"),
        Language::Php => matches!(name.as_str(), "error_log" | "var_dump" | "print_r" | "logger"),
        Language::Java => name.starts_with("system.out.print") || name.starts_with("system.err.print"),
        Language::Go => matches!(name.as_str(), "fmt.println" | "fmt.printf" | "fmt.print"),
        Language::Rust => {
            let last = name.trim_end_matches('!').rsplit('.').next().unwrap_or_default();
            name.ends_with('!')
                && matches!(last, "info" | "debug" | "warn" | "error" | "trace" | "println" | "eprintln" | "dbg")
        }
        _ => false,
    }
}

/// What gives back nothing of what it is handed.
const HIDES: &[&str] = &[
    "hash", "sha1", "sha256", "sha512", "md5", "digest", "hexdigest", "fingerprint", "mask", "masked", "redact",
    "redacted", "obfuscate", "censor", "scrub", "len", "length", "strlen", "size", "count", "isempty", "is_empty",
    "boolean", "bool", "typeof", "type",
];

/// What puts texts together of what it is handed.
const WRITES: &[&str] = &[
    "sprintf", "format", "format!", "stringify", "dumps", "inspect", "str", "string", "repr", "to_s", "tostring",
    "join", "concat", "print_r", "var_export", "json_encode", "to_json", "sprint", "sprintln", "errorf", "valueof",
    "decode", "encode", "b64encode", "string.from",
];

/// Two for what is named like a secret, one for what may hold one.
fn weight(value: &Value) -> u8 {
    let all = |values: &[Value]| values.iter().map(weight).max().unwrap_or(0);
    match value {
        Value::Name(name) => weight_of(name),
        // A call without arguments is a field in Ruby, and a getter in Java.
        Value::Call(call) if call.arguments.is_empty() => weight_of(&call.name),
        Value::Call(call) => {
            let last = call.last().to_ascii_lowercase();
            let handed = call.arguments.iter().map(|argument| weight(&argument.value)).max().unwrap_or(0);
            match () {
                () if HIDES
                    .iter()
                    .any(|name| last == *name || last.starts_with("mask") || last.starts_with("redact")) =>
                {
                    0
                }
                () if WRITES.contains(&last.as_str()) => handed,
                // What comes back from anything else is not what went in, but may be made of it.
                () => handed.min(1),
            }
        }
        Value::List(values) | Value::OneOf(values) | Value::Joined(values) => all(values),
        Value::Table(entries) => entries.iter().map(weight_of_entry).max().unwrap_or(0),
        Value::Text(_) | Value::Flag(_) | Value::Number(_) | Value::Nothing | Value::Unknown => 0,
    }
}

fn weight_of_entry(entry: &Entry) -> u8 {
    match &entry.value {
        Value::Text(_) | Value::Flag(_) | Value::Number(_) | Value::Nothing => 0,
        // What hides a value hides it under any key.
        value @ Value::Call(call) if !call.arguments.is_empty() => weight(value),
        value => weight(value).max(weight_of(&entry.key)),
    }
}

/// Whether a call shows something to who runs a command, where that is what the command is for.
fn is_shown(file: &CodeFile<'_>, call: &Call) -> bool {
    const COMMANDS: &[&str] = &["cli", "cmd", "command", "commands", "console", "bin", "scripts"];
    let last = call.last().to_ascii_lowercase();
    let is_logger = call.name.rsplit_once('.').is_some_and(|(object, _)| object.to_ascii_lowercase().contains("log"));
    let prints = !is_logger && (last.contains("print") || last == "puts") || call.name == "console.log";
    let stem = |part: &str| part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    prints && file.path.split('/').any(|part| COMMANDS.contains(&stem(part).as_str()))
}

fn weight_of(name: &str) -> u8 {
    let lower = name.to_ascii_lowercase();
    let last = lower.rsplit('.').next().unwrap_or_default().trim_start_matches("get").trim_start_matches('_');
    // `hasPassword`, `isTokenValid`: yes or no.
    let is_question = ["is", "has", "no_", "missing", "needs", "invalid", "max", "min", "clip"]
        .iter()
        .any(|start| last.starts_with(start));
    if is_question {
        return 0;
    }
    if SECRET.iter().any(|word| last.ends_with(word)) {
        // `self::PRIVATE_KEY` is the constant that a class names it by.
        let own = name.rsplit_once('.').filter(|(base, _)| matches!(*base, "self" | "static"));
        let is_constant = own.is_some_and(|(_, last)| last.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
        return if is_constant { 1 } else { 2 };
    }
    u8::from(WHOLE.iter().any(|word| {
        lower == *word
            || word.contains('.') && lower.ends_with(&format!(".{word}"))
            || !word.contains('.') && last == *word
            || *word == "token" && last.ends_with("token")
    }))
}

/// Events that an audit trail has, and the words that tell them.
const EVENTS: [(&str, &[&str]); 5] = [
    (
        "login",
        &["logged in", "login success", "login_success", "sign in", "signed in", "user_login", "login.succeeded"],
    ),
    (
        "failed login",
        &["login fail", "failed login", "login_fail", "invalid password", "authentication failed", "login.failed"],
    ),
    ("refusal", &["access denied", "forbidden", "permission denied", "unauthorized access", "access_denied"]),
    (
        "change of role",
        &["role change", "role_change", "changed role", "role updated", "permission_granted", "role.changed"],
    ),
    ("admin access", &["admin access", "admin_access", "impersonat", "admin.action", "admin action"]),
];

fn audit(survey: &Survey<'_>, told: &mut Told<'_>) {
    let (mut trail, mut events, mut seen) = (Vec::new(), Vec::new(), [false; 5]);
    for file in survey.launched() {
        for call in &file.found.calls {
            let lower = call.name.to_ascii_lowercase();
            let is_audit = lower.contains("audit") || lower.contains("paper_trail") || lower.ends_with("activity_log");
            if is_audit {
                trail.push((file.path, call.line));
            }
            if !is_audit && !is_log(file.language, call) {
                continue;
            }
            for argument in &call.arguments {
                argument.value.each(&mut |part| {
                    let Value::Text(text) = part else { return };
                    let text = text.to_ascii_lowercase();
                    for (at, (_, words)) in EVENTS.iter().enumerate() {
                        if words.iter().any(|word| text.contains(word)) {
                            seen[at] = true;
                            events.push((file.path, call.line));
                        }
                    }
                });
            }
        }
    }
    if trail.is_empty() && events.is_empty() {
        return;
    }
    let told_events: Vec<&str> =
        EVENTS.iter().zip(seen).filter(|(_, seen)| *seen).map(|((name, _), _)| *name).collect();
    let number = told_events.len();
    let reason = match number {
        0 => format!(
            "{} an audit record; which events they tell is not written there.",
            if trail.len() == 1 { "1 call writes".to_owned() } else { format!("{} calls write", trail.len()) }
        ),
        _ => format!("Records are written of {number} of 5 events: {}.", names(told_events)),
    };
    told.review("LOG-03")
        .reason(reason)
        .looked_at("calls that write an audit record or a log")
        .counted(number, 5, "events")
        .change("a drill that causes each event and finds its record")
        .at_all(events.into_iter().chain(trail));
}

/// What counts requests by route and status, or logs each of them.
const METRICS: &[&str] = &[
    "express-prom-bundle", "prometheus_fastapi_instrumentator", "prometheus_flask_exporter", "django_prometheus",
    "prometheus_exporter", "yabeda-rails", "opentelemetry", "@opentelemetry/instrumentation-http", "pino-http",
    "morgan", "lograge", "promhttp", "axum_prometheus", "axum-prometheus", "TraceLayer", "fastify-metrics",
    "nestjs-prometheus", "express-winston", "prom-client", "starlette_exporter",
];

static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(METRICS).ok());

fn by_route(survey: &Survey<'_>, told: &mut Told<'_>) {
    let mut found = Vec::new();
    for file in survey.launched() {
        if let Some(word) = SEARCH.as_ref().and_then(|search| search.find(file.text)) {
            let before = file.text.as_bytes()[..word.start()].iter().filter(|byte| **byte == b'\n').count();
            found.push((file.path, u32::try_from(before + 1).unwrap_or(1)));
        }
        found.extend(labelled(file));
    }
    for file in survey.live_settings() {
        let actuator = |(path, value, line): (String, &Value, u32)| {
            let exposes = path.ends_with("exposure.include")
                && value.text().is_some_and(|t| t.contains("prometheus") || t.contains("metrics"));
            exposes.then_some((file.path, line))
        };
        found.extend(file.documents.iter().flat_map(entries).filter_map(actuator));
    }
    if found.is_empty() {
        return;
    }
    told.review("LOG-05")
        .reason("Requests are counted or logged; whether 401, 403 and 500 can be told apart by route is for somebody to see.")
        .looked_at("metrics and request logs")
        .counted(found.len(), found.len(), "places")
        .change("a word of who has looked at the view after a deploy")
        .at_all(found);
}

/// Metrics whose labels have both a route and a status.
fn labelled<'s>(file: &'s CodeFile<'_>) -> Vec<(&'s str, u32)> {
    let is_metric =
        |call: &&Call| matches!(call.last(), "Histogram" | "Counter" | "Summary" | "NewHistogramVec" | "NewCounterVec");
    let has_both = |call: &&Call| {
        let (mut route, mut status) = (false, false);
        for argument in &call.arguments {
            argument.value.each(&mut |part| {
                let text = part.text().unwrap_or_default();
                route |= matches!(text, "route" | "path" | "endpoint" | "handler" | "uri");
                status |= text.contains("status") || text == "code";
            });
        }
        route && status
    };
    file.found.calls.iter().filter(is_metric).filter(has_both).map(|call| (file.path, call.line)).collect()
}
