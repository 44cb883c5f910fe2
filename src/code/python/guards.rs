//! Guards: decorators, bases and dependencies.

use super::super::names::{role_of, shown, words};
use super::super::route::{Handler, Mention, Place, Role};
use super::super::value::Value;
use super::names::{Found, Names};

/// A place in a file.
pub(super) fn place(names: &Names, module: usize, line: u32) -> Place {
    Place { file: names.modules[module].path.clone(), line }
}

/// What a name is there for. In Python a session is that of a database.
pub(super) fn role(name: &str) -> Role {
    let last = name.rsplit('.').next().unwrap_or_default();
    let words = words(last);
    if words.last().is_some_and(|word| word == "form") {
        return Role::Schema;
    }
    if words.iter().any(|word| word == "session") && role_of(name) == Role::Authentication {
        let others: Vec<String> = words.into_iter().filter(|word| word != "session").collect();
        return role_of(&others.join("_"));
    }
    // Libraries that bring what a request holds to a function by a schema.
    if matches!(last, "arguments" | "expects_json" | "use_kwargs" | "use_args" | "expect" | "json_body") {
        return Role::Schema;
    }
    match role_of(last) {
        Role::Other => role_of(name),
        role => role,
    }
}

/// A mention of something by its name; where the name tells nothing, by what a function of the project asks for itself.
pub(super) fn mention(names: &Names, module: usize, value: &Value, line: u32, group: bool) -> Mention {
    let name = value.dotted();
    let mut found = role(&name);
    if let (Role::Other, Found::Function(module, function)) = (found, names.resolve(module, callee(value))) {
        found = role_of_body(names, module, function).unwrap_or(found);
    }
    let name = if name.is_empty() { "a function".into() } else { shown(&name) };
    Mention { role: found, name, at: place(names, module, line), group }
}

/// What is called; of anything else, itself.
pub(super) fn callee(value: &Value) -> &Value {
    match value {
        Value::Call(call) => &call.callee,
        other => other,
    }
}

fn role_of_body(names: &Names, module: usize, function: usize) -> Option<Role> {
    let code = names.function(module, function);
    if !names.modules[module].denies.iter().any(|line| (code.line..=code.end).contains(line)) {
        return None;
    }
    let mut within =
        names.modules[module].mentions.iter().filter(|mention| (code.line..=code.end).contains(&mention.at.line));
    within.next().map(|mention| mention.role)
}

/// A handler that is a function.
pub(super) fn handler(names: &Names, module: usize, function: usize, class: Option<&str>) -> Handler {
    let code = names.function(module, function);
    let name = class.map_or_else(|| code.name.clone(), |class| format!("{class}.{}", code.name));
    Handler { name: shown(&name), at: place(names, module, code.line), end: code.end }
}

/// Nobody writes so many before one function.
const MAX_DECORATORS: usize = 200;

/// Mentions of the decorators that do something to a function: all, or those written below a line.
pub(super) fn decorators(
    names: &Names,
    module: usize,
    decorators: &[(Value, u32)],
    below: u32,
    not: impl Fn(&str) -> bool,
) -> Vec<Mention> {
    let mut found = Vec::new();
    // What is left out is never told as being there.
    for (decorator, line) in decorators.iter().filter(|(_, line)| *line > below).take(MAX_DECORATORS) {
        let name = decorator.dotted();
        if not(name.rsplit('.').next().unwrap_or_default()) {
            continue;
        }
        // `@method_decorator(login_required, name='dispatch')`
        let inner = decorator.call().filter(|_| name.ends_with("method_decorator"));
        match inner.and_then(|call| call.arguments.first()) {
            Some(inner) => found.extend(inner.elements().iter().map(|one| mention(names, module, one, *line, false))),
            None => found.push(mention(names, module, decorator, *line, false)),
        }
    }
    found
}

/// The parameters in a rule as `{name}`: `<int:id>`, `{id:path}`.
pub(super) fn braced(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find(['<', '{']) {
        let close = if rest.as_bytes()[at] == b'<' { '>' } else { '}' };
        let Some(length) = rest[at..].find(close) else { break };
        let inside = &rest[at + 1..at + length];
        let name = match close {
            // Flask and Django write the kind first, FastAPI last.
            '>' => inside.rsplit(':').next(),
            _ => inside.split(':').next(),
        };
        out.push_str(&rest[..at]);
        out.push_str(&format!("{{{}}}", name.unwrap_or_default().trim()));
        rest = &rest[at + length + 1..];
    }
    out.push_str(rest);
    let whole = if out.starts_with('/') { out } else { format!("/{out}") };
    whole.replace("//", "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_braced() {
        let cases = [
            ("/a/<int:id>/", "/a/{id}/"),
            ("/a/{p:path}", "/a/{p}"),
            ("a/<id>", "/a/{id}"),
            ("", "/"),
            ("//a", "/a"),
            ("/a<", "/a<"),
        ];
        for (rule, path) in cases {
            assert_eq!(braced(rule), path);
        }
    }

    #[test]
    fn a_session_of_a_database_asks_for_nobody() {
        assert_eq!(role("SessionDep"), Role::Other);
        assert_eq!(role("get_current_session_user"), Role::Authentication);
        assert_eq!(role("OAuth2PasswordRequestForm"), Role::Schema);
    }
}
