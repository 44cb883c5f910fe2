//! CORS-01 and CORS-02: which origins may read the answers, and whether any may with credentials.

mod code;
mod files;

pub(super) use self::code::pairs as header_pairs;
pub(super) use self::files::headers as header_lines;
use super::say::{Say, Told, count};
use super::survey::{CodeFile, Stage, Survey};
use crate::code::expression::Value;

/// Which origins are let in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origins {
    /// None.
    Closed,
    /// These.
    List(Vec<String>),
    /// Told by code or by the environment.
    Decided,
    /// Any, as `*`.
    Any,
    /// Whatever the request says.
    Reflected,
}

/// Whether credentials are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Credentials {
    No,
    Decided,
    Yes,
}

/// One place that lets origins in.
#[derive(Debug)]
pub(super) struct Policy<'s> {
    path: &'s str,
    line: u32,
    /// What sets it, as its makers call it.
    by: &'static str,
    origins: Origins,
    credentials: Credentials,
}

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let mut policies = code::policies(survey);
    policies.extend(files::policies(survey));
    let named = survey.launch.map_or(&[][..], |launch| &launch.origins);
    for policy in &policies {
        origins(policy, named, told);
        credentials(policy, told);
    }
    // Without settings a browser lets nobody in; only what stands before the application can change that.
    if policies.is_empty() && survey.has_framework() && survey.gaps.is_empty() {
        for row in ["CORS-01", "CORS-02"] {
            told.review(row)
                .reason("Nothing in the code lets other origins in, and without a header browsers keep them out.")
                .looked_at(survey.looked_at())
                .of(survey.coverage())
                .change("a setting of CORS in the code, or a header that the edge adds");
        }
    }
}

fn origins(policy: &Policy<'_>, named: &[String], told: &mut Told<'_>) {
    let by = policy.by;
    let (is_bad, reason) = match &policy.origins {
        Origins::Any => (true, format!("{by} lets every origin read the answers.")),
        Origins::Reflected => (true, format!("{by} echoes the origin of the request, so that every origin is let in.")),
        Origins::List(list) => match list_problem(list, named) {
            Some(problem) => (true, format!("{by} has a list of {}: {problem}.", count(list.len(), "origin"))),
            None => (false, format!("{by} has a list of {} written out.", count(list.len(), "origin"))),
        },
        Origins::Decided => (false, format!("{by} takes the origins from code or from the environment.")),
        Origins::Closed => (false, format!("{by} lets no other origin in.")),
    };
    let say = if is_bad { told.fail("CORS-01") } else { told.review("CORS-01") };
    finish(say, policy, &reason, "a list of the production origins by scheme and host");
}

fn credentials(policy: &Policy<'_>, told: &mut Told<'_>) {
    let by = policy.by;
    let open = matches!(policy.origins, Origins::Any | Origins::Reflected);
    let (is_bad, reason) = match (open, policy.credentials) {
        (true, Credentials::Yes) => (true, format!("{by} lets every origin in and allows credentials.")),
        (true, Credentials::Decided) => {
            (false, format!("{by} lets every origin in; whether with credentials is decided elsewhere."))
        }
        (true, Credentials::No) => (false, format!("{by} lets every origin in, and does not allow credentials.")),
        (false, Credentials::No) => (false, format!("{by} does not allow credentials.")),
        (false, _) => (false, format!("{by} allows credentials to the origins it names.")),
    };
    let say = if is_bad { told.fail("CORS-02") } else { told.review("CORS-02") };
    finish(say, policy, &reason, "a list of origins in place of any, or credentials switched off");
}

fn finish(say: Say<'_>, policy: &Policy<'_>, reason: &str, change: &str) {
    let _ = say.reason(reason).looked_at(policy.by).change(change).at(policy.path, policy.line).counted(1, 1, "policy");
}

/// What is wrong with a list of origins, without repeating any of them.
fn list_problem(list: &[String], named: &[String]) -> Option<&'static str> {
    let host = |origin: &String| origin.split("://").last().unwrap_or_default().to_ascii_lowercase();
    let is_local = |origin: &String| {
        ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"].iter().any(|local| host(origin).starts_with(local))
    };
    if list.iter().any(|origin| origin == "null") {
        return Some("`null` is among them, which any page can be");
    }
    if list.iter().any(is_local) {
        return Some("an address of a developer's own machine is among them");
    }
    if list.iter().any(|origin| origin.starts_with("http://")) {
        return Some("one of them is plain http");
    }
    if list.iter().any(|origin| origin.contains('*')) {
        return Some("one of them has a wildcard");
    }
    let is_named = |origin: &String| named.is_empty() || named.contains(origin);
    (!list.iter().all(is_named)).then_some("one of them is not in launch.toml")
}

/// What a value says of the origins.
fn of(file: &CodeFile<'_>, value: &Value) -> Origins {
    match file.resolve(value) {
        Value::Text(text) if text == "*" || text == "/.*/" || text == ".*" => Origins::Any,
        Value::Text(text) if text.contains(',') => {
            Origins::List(text.split(',').map(|part| part.trim().to_owned()).collect())
        }
        Value::Text(text) => Origins::List(vec![text.clone()]),
        Value::Flag(true) => Origins::Reflected,
        Value::Flag(false) | Value::Nothing => Origins::Closed,
        Value::List(values) if values.is_empty() => Origins::Closed,
        Value::List(values) => several(values.iter().map(|value| of(file, value))),
        Value::OneOf(values) => values.iter().map(|value| of(file, value)).max().unwrap_or(Origins::Decided),
        Value::Name(name) => of_name(name),
        Value::Call(call) if call.last() == "any" || call.last() == "Any" => Origins::Any,
        Value::Call(call) if call.last() == "mirror_request" => Origins::Reflected,
        Value::Call(call) => {
            let is_yes = matches!(call.at(1), Some(Value::Flag(true))) && matches!(call.at(0), Some(Value::Nothing));
            let header = call
                .arguments
                .iter()
                .any(|argument| argument.value.text().is_some_and(|text| text.eq_ignore_ascii_case("origin")));
            // `(origin, done) => done(null, true)`, `req.header('origin')`.
            if is_yes || header { Origins::Reflected } else { Origins::Decided }
        }
        _ => Origins::Decided,
    }
}

fn of_name(name: &str) -> Origins {
    let lower = name.to_ascii_lowercase();
    match () {
        () if name == "Any" || lower.ends_with(".any") || lower.ends_with(".all") => Origins::Any,
        () if lower.ends_with("headers.origin") || lower.ends_with("http_origin") || lower == "$http_origin" => {
            Origins::Reflected
        }
        () => Origins::Decided,
    }
}

fn several(all: impl Iterator<Item = Origins>) -> Origins {
    let (mut list, mut worst) = (Vec::new(), Origins::Closed);
    for origins in all {
        match origins {
            Origins::List(more) => list.extend(more),
            other => worst = worst.max(other),
        }
    }
    if worst > Origins::Closed || list.is_empty() { worst } else { Origins::List(list) }
}

fn allowed(value: Option<&Value>, default: Credentials) -> Credentials {
    match value {
        None => default,
        Some(Value::Flag(true)) => Credentials::Yes,
        Some(Value::Text(text)) if text.eq_ignore_ascii_case("true") => Credentials::Yes,
        Some(Value::Flag(false) | Value::Nothing) => Credentials::No,
        Some(_) => Credentials::Decided,
    }
}

/// Files for development may let in whom they like.
fn counts(stage: Stage) -> bool {
    stage > Stage::Development
}
