//! Session cookies that the code itself writes. Of these no default sets anything.

use super::super::survey::{CodeFile, Survey};
use super::{Cookie, Flag, is_session_value, same_site, switch};
use crate::code::Language;
use crate::code::expression::{Call, Value};

const NONE: [Flag; 3] = [Flag::DefaultBad; 3];

pub(super) fn cookies<'s>(survey: &'s Survey<'_>) -> Vec<Cookie<'s>> {
    let mut cookies = Vec::new();
    for file in survey.launched() {
        for call in file.found.calls.iter().filter(|call| !is_taken_away(call) && !is_sent_out(file, call)) {
            let cookie = match file.language {
                Language::JavaScript | Language::TypeScript | Language::Tsx => javascript(file, call),
                Language::Python => python(file, call),
                Language::Php => php(file, call),
                Language::Java => java(file, call),
                Language::Go => go(file, call),
                Language::Rust => rust(file, call),
                Language::Ruby => None,
            };
            cookies.extend(cookie);
        }
        if file.language == Language::Ruby {
            cookies.extend(ruby(file));
        }
    }
    cookies
}

/// A cookie without a value is one that is taken away.
fn is_taken_away(call: &Call) -> bool {
    let is_empty = |value: Option<&Value>| matches!(value, Some(Value::Text(text)) if text.is_empty());
    let pair = match call.at(0) {
        Some(Value::List(pair)) => pair.get(1),
        _ => None,
    };
    is_empty(call.at(1)) || is_empty(pair) || is_empty(call.option("Value")) || is_empty(call.option("value"))
}

/// `request.AddCookie(&http.Cookie{…})`: to another server, where this one is the browser.
fn is_sent_out(file: &CodeFile<'_>, call: &Call) -> bool {
    let around = |outer: &&Call| outer.span.0 <= call.span.0 && call.span.1 <= outer.span.1;
    call.name == "http.Cookie" && file.calls("AddCookie").any(|outer| around(&outer))
}

/// The flags in a table of options; a name that is not known here tells nothing.
fn options(file: &CodeFile<'_>, value: Option<&Value>, names: [&str; 3]) -> [Flag; 3] {
    let Some(value) = value else { return NONE };
    match file.resolve(value) {
        table @ Value::Table(_) => {
            let default = if table.get("...").is_some() { Flag::Decided } else { Flag::DefaultBad };
            [
                switch(table.get(names[0]), default),
                switch(table.get(names[1]), default),
                same_site(table.get(names[2]), default),
            ]
        }
        _ => [Flag::Decided; 3],
    }
}

fn javascript<'s>(file: &'s CodeFile<'_>, call: &'s Call) -> Option<Cookie<'s>> {
    let is_setter = matches!(call.last(), "cookie" | "setCookie") && call.arguments.len() >= 2
        || call.is("cookies.set") && call.arguments.len() >= 2 && !file.mentions("js-cookie");
    if !is_setter || !is_session_value(call.at(0)) {
        return None;
    }
    let flags = options(file, call.at(2), ["httpOnly", "secure", "sameSite"]);
    let cookie = Cookie::new(file.path, call.line, "The cookie that is set here", flags);
    Some(cookie.hinted(file, ["httpOnly", "secure:", "sameSite"]))
}

fn python<'s>(file: &'s CodeFile<'_>, call: &'s Call) -> Option<Cookie<'s>> {
    let name = call.option("key").or_else(|| call.at(0));
    if call.last() != "set_cookie" || !is_session_value(name) {
        return None;
    }
    // Starlette's own default is lax.
    let site =
        if file.mentions("fastapi") || file.mentions("starlette") { Flag::DefaultGood } else { Flag::DefaultBad };
    let flags = [
        switch(call.option("httponly"), Flag::DefaultBad),
        switch(call.option("secure"), Flag::DefaultBad),
        same_site(call.option("samesite"), site),
    ];
    Some(Cookie::new(file.path, call.line, "The cookie that is set here", flags))
}

fn php<'s>(file: &'s CodeFile<'_>, call: &'s Call) -> Option<Cookie<'s>> {
    let flags = match call.name.as_str() {
        "setcookie" if is_session_value(call.at(0)) => match call.at(2).map(|value| file.resolve(value)) {
            Some(Value::Table(_)) => options(file, call.at(2), ["httponly", "secure", "samesite"]),
            _ => [switch(call.at(6), Flag::DefaultBad), switch(call.at(5), Flag::DefaultBad), Flag::DefaultBad],
        },
        "session_set_cookie_params" => match call.at(0).map(|value| file.resolve(value)) {
            Some(Value::Table(_)) => options(file, call.at(0), ["httponly", "secure", "samesite"]),
            _ => [switch(call.at(4), Flag::DefaultBad), switch(call.at(3), Flag::DefaultBad), Flag::DefaultBad],
        },
        _ => return None,
    };
    Some(Cookie::new(file.path, call.line, "The cookie that is set here", flags))
}

fn java<'s>(file: &'s CodeFile<'_>, call: &'s Call) -> Option<Cookie<'s>> {
    if !is_session_value(call.at(0)) {
        return None;
    }
    let flags = match call.name.as_str() {
        "ResponseCookie.from" => {
            let chain = |name: &str| {
                let same = |other: &&Call| other.span.0 == call.span.0 && other.last() == name;
                file.found.calls.iter().find(same).and_then(|call| call.at(0))
            };
            [
                switch(chain("httpOnly"), Flag::DefaultBad),
                switch(chain("secure"), Flag::DefaultBad),
                same_site(chain("sameSite"), Flag::DefaultBad),
            ]
        }
        "Cookie" => {
            let setter =
                |name: &str| file.found.calls.iter().find(|other| other.last() == name).and_then(|call| call.at(0));
            [
                switch(setter("setHttpOnly"), Flag::DefaultBad),
                switch(setter("setSecure"), Flag::DefaultBad),
                Flag::DefaultBad,
            ]
        }
        _ => return None,
    };
    Some(Cookie::new(file.path, call.line, "The cookie that is set here", flags))
}

fn go<'s>(file: &'s CodeFile<'_>, call: &'s Call) -> Option<Cookie<'s>> {
    let flags = match call.name.as_str() {
        "http.Cookie" if is_session_value(call.option("Name")) => [
            switch(call.option("HttpOnly"), Flag::DefaultBad),
            switch(call.option("Secure"), Flag::DefaultBad),
            same_site(call.option("SameSite"), Flag::DefaultBad),
        ],
        // gin: name, value, age, path, domain, secure, httpOnly.
        _ if call.last() == "SetCookie" && call.arguments.len() == 7 && is_session_value(call.at(0)) => {
            let site = file.found.calls.iter().find(|other| other.last() == "SetSameSite").and_then(|c| c.at(0));
            [switch(call.at(6), Flag::Decided), switch(call.at(5), Flag::Decided), same_site(site, Flag::DefaultBad)]
        }
        _ => return None,
    };
    Some(Cookie::new(file.path, call.line, "The cookie that is set here", flags))
}

fn rust<'s>(file: &'s CodeFile<'_>, call: &'s Call) -> Option<Cookie<'s>> {
    let name = match call.at(0) {
        Some(Value::List(pair)) => pair.first(),
        other => other,
    };
    if !matches!(call.name.as_str(), "Cookie.build" | "Cookie.new") || !is_session_value(name) {
        return None;
    }
    let chain = |name: &str| {
        let same = |other: &&Call| other.span.0 == call.span.0 && other.last() == name;
        file.found.calls.iter().find(same).and_then(|call| call.at(0))
    };
    let flags = [
        switch(chain("http_only"), Flag::DefaultBad),
        switch(chain("secure"), Flag::DefaultBad),
        same_site(chain("same_site"), Flag::DefaultBad),
    ];
    Some(Cookie::new(file.path, call.line, "The cookie that is set here", flags))
}

/// `cookies[:token] = { value: …, httponly: true }`, signed and encrypted ones too.
fn ruby<'s>(file: &'s CodeFile<'_>) -> Vec<Cookie<'s>> {
    let is_cookie = |name: &str| name.starts_with("cookies.") && super::is_session(name);
    let sets = file.found.sets.iter().filter(|set| is_cookie(&set.name));
    let cookie = |set: &'s crate::code::expression::Set| {
        let flags = match file.resolve(&set.value) {
            table @ Value::Table(_) => [
                switch(table.get("httponly"), Flag::DefaultBad),
                switch(table.get("secure"), Flag::Decided),
                same_site(table.get("same_site"), Flag::DefaultGood),
            ],
            // A value alone: only what Rails does for every cookie.
            _ => [Flag::DefaultBad, Flag::Decided, Flag::DefaultGood],
        };
        Cookie::new(file.path, set.line, "The cookie that is set here", flags)
    };
    sets.map(cookie).collect()
}
