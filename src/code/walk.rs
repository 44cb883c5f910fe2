//! Paths, and what names tell.

use super::names::words;
use super::route::{Mention, Place, Role};
use super::unit::short;

/// No more than this is listed before one route: guards that are left out are never told as being there.
pub(super) const MAX_BEFORE: usize = 100;

/// Puts a path behind a prefix: one `/` between them, none at the end.
pub(super) fn join(prefix: &str, path: &str) -> String {
    let mut out = String::from("/");
    for part in prefix.split('/').chain(path.split('/')).filter(|part| !part.is_empty()) {
        if out.len() > 1 {
            out.push('/');
        }
        out.push_str(part);
    }
    out
}

/// Writes the parameters of a path as `{name}`: those written `:name`, `*name`, `{name:regex}`, `{*name}`, `{name...}`, `{name?}`.
pub(super) fn braced(path: &str) -> String {
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn segment(part: &str) -> String {
    let mut out = String::new();
    let mut rest = part;
    while let Some(at) = rest.find([':', '*', '{']) {
        out.push_str(&rest[..at]);
        let (sign, behind) = rest[at..].split_at(1);
        if sign == "{" {
            let (inner, after) = inside(behind);
            let name = inner.split(':').next().unwrap_or_default();
            let name = name.trim_start_matches('*').trim_end_matches("...").trim_end_matches('?');
            out.push_str(&format!("{{{name}}}"));
            rest = after;
            continue;
        }
        let end = behind.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(behind.len());
        match end {
            0 => out.push_str(sign),
            _ => out.push_str(&format!("{{{}}}", &behind[..end])),
        }
        // A pattern behind the name says what it may be: `:id(\d+)`, `:id?`.
        rest = behind[end..].trim_start_matches('?');
    }
    out.push_str(rest);
    out
}

/// What is before the brace that closes, and what is behind it.
fn inside(text: &str) -> (&str, &str) {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return (&text[..at], &text[at + 1..]),
            '}' => depth -= 1,
            _ => {}
        }
    }
    (text, "")
}

/// What something is there for, by its name; more careful than the name alone where libraries have names of their own.
pub(super) fn role_of(name: &str) -> Role {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let asks = has(&["auth", "authenticate", "authentication", "authorize", "check", "require", "verify"]);
    // What keeps sessions asks nobody who they are, and what looks something up or sets it up guards nothing.
    let keeps = has(&["config", "cookie", "cookies", "layer", "manager", "middleware", "start", "store"]);
    let begins = words
        .first()
        .is_some_and(|word| matches!(word.as_str(), "encrypt" | "find" | "load" | "new" | "set" | "start"));
    if has(&["forgery"]) || !asks && (begins || keeps && has(&["session", "sessions", "identity"])) {
        return Role::Other;
    }
    super::names::role_of(name)
}

/// Something that stands before a route, by its name.
pub(super) fn mention(name: &str, at: Place, group: bool) -> Mention {
    Mention { role: role_of(name), name: short(name), at, group }
}

/// `users` → `user`, as far as English is regular.
pub(super) fn singular_of(name: &str) -> String {
    const KEPT: &[&str] = &["news", "status", "series", "address", "analysis", "bus"];
    if KEPT.iter().any(|kept| name.ends_with(kept)) {
        return name.to_owned();
    }
    for (end, instead) in
        [("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("statuses", "status")]
    {
        if let Some(stem) = name.strip_suffix(end) {
            return format!("{stem}{instead}");
        }
    }
    name.strip_suffix('s').filter(|stem| !stem.ends_with('s')).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_in_braces() {
        let cases = [
            ("/users/:id", "/users/{id}"),
            ("/users/:id.json", "/users/{id}.json"),
            ("/files/*path", "/files/{path}"),
            ("/files/*", "/files/*"),
            ("/a/{id:[0-9]{2,3}}/b", "/a/{id}/b"),
            ("/a/{*rest}", "/a/{rest}"),
            ("/a/{rest...}", "/a/{rest}"),
            ("/a/{kind?}", "/a/{kind}"),
            ("/~:name", "/~{name}"),
            ("/a/{open", "/a/{open}"),
            ("/:", "/:"),
        ];
        for (path, expected) in cases {
            assert_eq!(braced(path), expected, "{path}");
        }
    }

    #[test]
    fn paths_are_joined_with_one_slash() {
        for (prefix, path, expected) in
            [("", "", "/"), ("/", "/", "/"), ("/a/", "/b/", "/a/b"), ("a", "b", "/a/b"), ("", "//a//b", "/a/b")]
        {
            assert_eq!(join(prefix, path), expected, "{prefix} {path}");
        }
    }

    #[test]
    fn what_keeps_sessions_is_no_guard() {
        for name in [
            "StartSession", "SessionManagerLayer", "SessionMiddleware", "protect_from_forgery", "set_user",
            "EncryptCookies",
        ] {
            assert_eq!(role_of(name), Role::Other, "{name}");
        }
        for name in ["authenticate_user!", "require_login", "JwtAuthFilter", "RequireAuthorizationLayer"] {
            assert_ne!(role_of(name), Role::Other, "{name}");
        }
    }

    #[test]
    fn singular_names() {
        for (many, one) in [
            ("users", "user"),
            ("categories", "category"),
            ("news", "news"),
            ("boxes", "box"),
            ("addresses", "address"),
            ("class", "class"),
        ] {
            assert_eq!(singular_of(many), one);
        }
    }
}
