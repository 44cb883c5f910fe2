//! Session cookies that a framework or its middleware sets.

use super::super::survey::{CodeFile, Stage, Survey, entries};
use super::{Cookie, Flag, same_site, switch};
use crate::code::expression::{Call, Set, Value};
use crate::code::{Framework, Language};

pub(super) fn cookies<'s>(survey: &'s Survey<'_>) -> Vec<Cookie<'s>> {
    let mut cookies = Vec::new();
    for file in survey.launched() {
        match file.language {
            Language::JavaScript | Language::TypeScript | Language::Tsx => javascript(file, &mut cookies),
            Language::Python => starlette(file, &mut cookies),
            Language::Php => laravel(file, &mut cookies),
            Language::Go => go(file, &mut cookies),
            Language::Rust => rust(file, &mut cookies),
            Language::Ruby | Language::Java => {}
        }
    }
    cookies.extend(django(survey));
    cookies.extend(flask(survey));
    cookies.extend(rails(survey));
    cookies.extend(spring(survey));
    cookies
}

/// The table among what is handed over, with names resolved.
fn table<'v>(file: &'v CodeFile<'_>, call: &'v Call, key: Option<&str>) -> Option<&'v Value> {
    let tables = call.arguments.iter().rev().map(|argument| file.resolve(&argument.value));
    let mut tables = tables.filter(|value| matches!(value, Value::Table(_)));
    match key {
        None => tables.next(),
        Some(key) => tables.find_map(|table| table.get(key)).map(|value| file.resolve(value)),
    }
}

/// A middleware of JavaScript that sets a session cookie.
struct Middleware {
    /// As it is imported.
    module: &'static str,
    /// What is called with the options.
    functions: &'static [&'static str],
    /// Where in the options the flags stand; none where they are the options.
    key: Option<&'static str>,
    defaults: [Flag; 3],
}

const MIDDLEWARE: &[Middleware] = &[
    Middleware {
        module: "express-session",
        functions: &["session", "expressSession"],
        key: Some("cookie"),
        defaults: [Flag::DefaultGood, Flag::DefaultBad, Flag::DefaultBad],
    },
    Middleware {
        module: "cookie-session",
        functions: &["cookieSession", "session"],
        key: None,
        defaults: [Flag::DefaultGood, Flag::Decided, Flag::DefaultBad],
    },
    Middleware {
        module: "@fastify/session",
        functions: &["register"],
        key: Some("cookie"),
        defaults: [Flag::DefaultGood, Flag::DefaultGood, Flag::DefaultBad],
    },
    Middleware {
        module: "@fastify/secure-session",
        functions: &["register"],
        key: Some("cookie"),
        defaults: [Flag::DefaultBad, Flag::DefaultBad, Flag::DefaultBad],
    },
    Middleware {
        module: "iron-session",
        functions: &["getIronSession"],
        key: Some("cookieOptions"),
        defaults: [Flag::DefaultGood, Flag::DefaultGood, Flag::DefaultGood],
    },
    Middleware {
        module: "koa-session",
        functions: &["session"],
        key: None,
        defaults: [Flag::DefaultGood, Flag::Decided, Flag::DefaultBad],
    },
];

fn javascript<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Cookie<'s>>) {
    for Middleware { module, functions, key, defaults } in MIDDLEWARE {
        if !file.mentions(&format!("'{module}'")) && !file.mentions(&format!("\"{module}\"")) {
            continue;
        }
        for call in file.found.calls.iter().filter(|call| functions.contains(&call.last())) {
            // `require('express-session')(options)` and a plugin of another kind have no session in their name.
            let names_session =
                |value: &Value| matches!(value, Value::Name(name) if name.to_ascii_lowercase().contains("session"));
            if call.last() == "register" && !call.at(0).is_some_and(names_session) {
                continue;
            }
            let flags = table(file, call, *key);
            let opaque = flags.is_none() && is_opaque(file, call, *key)
                || matches!(flags, Some(v) if !matches!(v, Value::Table(_)));
            let get = |name: &str| flags.and_then(|flags| flags.get(name));
            let of = match opaque {
                true => [Flag::Decided; 3],
                false => [
                    switch(get("httpOnly"), defaults[0]),
                    switch(get("secure"), defaults[1]),
                    same_site(get("sameSite"), defaults[2]),
                ],
            };
            out.push(Cookie::new(file.path, call.line, module, of).hinted(file, ["httpOnly", "secure:", "sameSite"]));
        }
    }
    if file.mentions("next-auth") && file.found.calls.iter().any(|call| call.name == "NextAuth") {
        let line = file.calls("NextAuth").next().map_or(1, |call| call.line);
        out.push(Cookie::new(file.path, line, "NextAuth", [Flag::DefaultGood, Flag::Decided, Flag::DefaultGood]));
    }
}

/// Whether the options come from elsewhere, so that the default says nothing.
fn is_opaque(file: &CodeFile<'_>, call: &Call, key: Option<&str>) -> bool {
    let tables: Vec<&Value> = call.arguments.iter().map(|argument| file.resolve(&argument.value)).collect();
    let spread = |value: &&Value| value.get("...").is_some();
    match tables.iter().find(|value| matches!(value, Value::Table(_))) {
        Some(table) => spread(table) || key.is_some_and(|key| table.get(key).is_some()),
        None => !call.arguments.is_empty(),
    }
}

fn starlette<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Cookie<'s>>) {
    for call in file.found.calls.iter().filter(|call| matches!(call.last(), "add_middleware" | "Middleware")) {
        let is_session = matches!(call.at(0), Some(Value::Name(name)) if name.ends_with("SessionMiddleware"));
        if is_session && (file.mentions("starlette") || file.mentions("fastapi")) {
            let flags = [
                Flag::DefaultGood,
                switch(call.option("https_only"), Flag::DefaultBad),
                same_site(call.option("same_site"), Flag::DefaultGood),
            ];
            let cookie = Cookie::new(file.path, call.line, "Starlette's SessionMiddleware", flags);
            out.push(cookie.hinted(file, ["http_only", "https_only", "same_site"]));
        }
    }
}

/// A cookie whose flags are settings of their own, in whichever file.
fn of_settings<'s>(
    survey: &'s Survey<'_>,
    at: (&'s str, u32),
    by: &'static str,
    names: [&str; 3],
    defaults: [Flag; 3],
) -> Cookie<'s> {
    let mut cookie = Cookie::new(at.0, at.1, by, defaults);
    for (position, name) in names.into_iter().enumerate() {
        let sets: Vec<(&'s CodeFile<'_>, &'s Set)> = survey.sets_of(name, Language::Python);
        let flag = |set: &Set| match position {
            2 => same_site(Some(&set.value), defaults[2]),
            _ => switch(Some(&set.value), defaults[position]),
        };
        let worst = sets.iter().max_by_key(|(_, set)| flag(set) as u8);
        let by_call = survey.launched().filter(|file| file.language == Language::Python).find_map(|file| {
            let update = file.calls("config.update").chain(file.calls("config.from_mapping"));
            update.filter_map(|call| call.option(name).map(|value| (file, call.line, value))).next()
        });
        cookie.flags[position] = match (worst, by_call) {
            (Some((file, set)), _) => (flag(set), Some((file.path, set.line))),
            (None, Some((file, line, value))) => {
                let flag = if position == 2 {
                    same_site(Some(value), defaults[2])
                } else {
                    switch(Some(value), defaults[position])
                };
                (flag, Some((file.path, line)))
            }
            (None, None) => (defaults[position], None),
        };
        let hints =
            survey.launched().flat_map(|file| file.commented(name).into_iter().map(move |line| (file.path, line)));
        cookie.hints[position] = hints.take(3).collect();
    }
    cookie
}

fn django<'s>(survey: &'s Survey<'_>) -> Option<Cookie<'s>> {
    let (file, set) = *survey.sets_of("MIDDLEWARE", Language::Python).first()?;
    let has_sessions = |value: &Value| {
        let mut has = false;
        value.each(&mut |part| has |= part.text().is_some_and(|text| text.contains("SessionMiddleware")));
        has || !matches!(value, Value::List(_))
    };
    has_sessions(&set.value).then(|| {
        of_settings(
            survey,
            (file.path, set.line),
            "Django's session",
            ["SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_SAMESITE"],
            [Flag::DefaultGood, Flag::DefaultBad, Flag::DefaultGood],
        )
    })
}

fn flask<'s>(survey: &'s Survey<'_>) -> Option<Cookie<'s>> {
    let imports = |file: &&CodeFile<'_>| {
        file.language == Language::Python
            && (file.mentions("from flask") || file.mentions("import flask") || file.mentions("flask_login"))
    };
    let app =
        survey.launched().filter(imports).find_map(|file| file.calls("Flask").next().map(|call| (file, call.line)))?;
    let uses = |file: &CodeFile<'_>| {
        file.mentions("session[")
            || file.mentions("session.get(")
            || file.mentions("LoginManager")
            || file.mentions("login_user")
    };
    survey.launched().filter(imports).any(uses).then(|| {
        of_settings(
            survey,
            (app.0.path, app.1),
            "Flask's session",
            ["SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_SAMESITE"],
            [Flag::DefaultGood, Flag::DefaultBad, Flag::DefaultBad],
        )
    })
}

fn rails<'s>(survey: &'s Survey<'_>) -> Option<Cookie<'s>> {
    let files = || survey.launched().filter(|file| file.language == Language::Ruby && file.path.contains("config/"));
    let sets = |name: &'static str| {
        files().flat_map(move |f| f.found.sets.iter().filter(move |s| s.is(name)).map(move |s| (f, s)))
    };
    let store = files().find_map(|file| {
        let call = file.found.calls.iter().find(|call| call.is("session_store") && !call.arguments.is_empty())?;
        Some((file, call))
    });
    let production = files().find(|file| file.path.ends_with("config/environments/production.rb"));
    let is_api = sets("config.api_only").any(|(_, set)| set.value == Value::Flag(true));
    if store.is_none() && (is_api || production.is_none()) {
        return None;
    }
    let at = store.map(|(file, call)| (file.path, call.line)).or(production.map(|file| (file.path, 1)))?;
    let option = |name: &str| store.and_then(|(_, call)| call.option(name));
    let mut cookie =
        Cookie::new(at.0, at.1, "Rails' session", [Flag::DefaultGood, Flag::DefaultBad, Flag::DefaultGood]);
    cookie.flags[0].0 = switch(option("httponly"), Flag::DefaultGood);
    let protection = sets("cookies_same_site_protection").next();
    cookie.flags[2] = match (option("same_site"), protection) {
        (Some(value), _) => (same_site(Some(value), Flag::DefaultGood), None),
        (None, Some((file, set))) => (same_site(Some(&set.value), Flag::DefaultGood), Some((file.path, set.line))),
        (None, None) => (Flag::DefaultGood, None),
    };
    let force = sets("config.force_ssl").max_by_key(|(file, _)| file.stage);
    cookie.flags[1] = match (option("secure"), force) {
        (Some(value), _) if switch(Some(value), Flag::Bad) != Flag::Bad => (switch(Some(value), Flag::Bad), None),
        (value, Some((file, set))) => match switch(Some(&set.value), Flag::DefaultBad) {
            Flag::Bad if value.is_none() => (Flag::Bad, Some((file.path, set.line))),
            flag => (flag, Some((file.path, set.line))),
        },
        (Some(_), None) => (Flag::Bad, None),
        (None, None) => (Flag::DefaultBad, None),
    };
    if let Some(file) = production {
        cookie.hints[1] = file.commented("force_ssl").into_iter().map(|line| (file.path, line)).collect();
    }
    Some(cookie)
}

fn laravel<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Cookie<'s>>) {
    if !file.path.ends_with("config/session.php") {
        return;
    }
    let Some(set) = file.found.sets.iter().find(|set| set.name == "return") else { return };
    let mut cookie =
        Cookie::new(file.path, set.line, "Laravel's session", [Flag::DefaultGood, Flag::Decided, Flag::DefaultGood]);
    for (position, key) in ["http_only", "secure", "same_site"].into_iter().enumerate() {
        let Some(entry) = set.value.entry(key) else { continue };
        let flag = match (&entry.value, position) {
            // `env('NAME', fallback)`: the fallback is what holds unless somebody says otherwise.
            (Value::Call(call), _) if call.name == "env" => match (call.at(1), position) {
                (Some(Value::Flag(false)), _) => Flag::Bad,
                (Some(Value::Flag(true)), _) => Flag::Good,
                (Some(value), 2) => same_site(Some(value), Flag::Decided),
                _ => Flag::Decided,
            },
            // Without a word the connection decides.
            (Value::Nothing, 1) => Flag::Decided,
            (value, 2) => same_site(Some(value), Flag::DefaultGood),
            (value, _) => switch(Some(value), Flag::Decided),
        };
        cookie.flags[position] = (flag, Some((file.path, entry.line)));
    }
    out.push(cookie);
}

fn spring<'s>(survey: &'s Survey<'_>) -> Option<Cookie<'s>> {
    if !survey.uses(Framework::Spring, &["org.springframework"]) {
        return None;
    }
    let names = ["http-only", "secure", "same-site"];
    let mut found = [None; 3];
    for file in survey.live_settings() {
        for (path, value, line) in file.documents.iter().flat_map(entries) {
            let Some(key) = path.split("session.cookie.").nth(1) else { continue };
            let key = key.to_ascii_lowercase().replace("httponly", "http-only").replace("samesite", "same-site");
            if let Some(position) = names.iter().position(|name| *name == key) {
                let better = found[position].is_none_or(|(stage, ..): (Stage, _, _, _)| file.stage >= stage);
                if better {
                    found[position] = Some((file.stage, value, file.path, line));
                }
            }
        }
    }
    let java = || survey.launched().filter(|file| file.language == Language::Java);
    let stateless = java().any(|file| file.mentions("SessionCreationPolicy.STATELESS"));
    let uses = java()
        .find(|file| file.mentions("HttpSession") || file.mentions("formLogin") || file.mentions("sessionManagement"));
    let at = found.iter().flatten().map(|(_, _, path, line)| (*path, *line)).next();
    let at = at.or_else(|| uses.filter(|_| !stateless).map(|file| (file.path, 1)))?;
    // Tomcat sets HttpOnly by itself, and Secure where the connection to it is.
    // Where Spring Security keeps none, whether there is a session at all is told by the code.
    let site = if stateless { Flag::Decided } else { Flag::DefaultBad };
    let defaults = [Flag::DefaultGood, Flag::Decided, site];
    let mut cookie = Cookie::new(at.0, at.1, "Spring's session", defaults);
    for (position, set) in found.into_iter().enumerate() {
        if let Some((_, value, path, line)) = set {
            let flag =
                if position == 2 { same_site(Some(value), Flag::Decided) } else { switch(Some(value), Flag::Decided) };
            cookie.flags[position] = (flag, Some((path, line)));
        }
    }
    Some(cookie)
}

fn go<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Cookie<'s>>) {
    for call in file.found.calls.iter().filter(|call| call.name == "sessions.Options") {
        let flags = [
            switch(call.option("HttpOnly"), Flag::DefaultBad),
            switch(call.option("Secure"), Flag::DefaultBad),
            same_site(call.option("SameSite"), Flag::DefaultBad),
        ];
        out.push(Cookie::new(file.path, call.line, "the session's configuration", flags));
    }
    if let Some(call) = file.calls("scs.New").next() {
        let set = |name: &str| file.found.sets.iter().find(|set| set.is(name)).map(|set| &set.value);
        let flags = [
            switch(set("Cookie.HttpOnly"), Flag::DefaultGood),
            switch(set("Cookie.Secure"), Flag::DefaultBad),
            same_site(set("Cookie.SameSite"), Flag::DefaultGood),
        ];
        out.push(Cookie::new(file.path, call.line, "scs", flags));
    }
}

fn rust<'s>(file: &'s CodeFile<'_>, out: &mut Vec<Cookie<'s>>) {
    for call in &file.found.calls {
        let (by, words) = match call.name.as_str() {
            "SessionManagerLayer.new" => ("tower-sessions", ["with_http_only", "with_secure", "with_same_site"]),
            "SessionMiddleware.builder" | "SessionMiddleware.new" => {
                ("actix-session", ["cookie_http_only", "cookie_secure", "cookie_same_site"])
            }
            _ => continue,
        };
        let chain = |name: &str| {
            file.found
                .calls
                .iter()
                .find(|other| other.span.0 == call.span.0 && other.last() == name)
                .and_then(|c| c.at(0))
        };
        let flags = [
            switch(chain(words[0]), Flag::DefaultGood),
            switch(chain(words[1]), Flag::DefaultGood),
            same_site(chain(words[2]), Flag::DefaultGood),
        ];
        out.push(Cookie::new(file.path, call.line, by, flags));
    }
}
