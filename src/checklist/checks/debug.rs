//! VAL-03: debugging that is on where the product runs, and errors that are sent as they are.

use super::enclosing;
use super::say::Told;
use super::survey::{CodeFile, Stage, Survey, entries};
use crate::code::Language;
use crate::code::expression::Value;

/// Variables that switch debugging, or a whole mode, and the values that do.
const VARIABLES: &[(&str, &[&str])] = &[
    ("FLASK_DEBUG", &["1", "true"]),
    ("FLASK_ENV", &["development"]),
    ("DJANGO_DEBUG", &["1", "true"]),
    ("APP_DEBUG", &["1", "true"]),
    ("DEBUG", &["1", "true"]),
    ("NODE_ENV", &["development"]),
    ("RAILS_ENV", &["development"]),
    ("RACK_ENV", &["development"]),
    ("GIN_MODE", &["debug"]),
];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let (mut bad, mut good) = (Vec::new(), Vec::new());
    let has_server = has_server(survey);
    for file in survey.launched() {
        match file.language {
            Language::Python => python(file, has_server, &mut bad, &mut good),
            Language::Ruby => ruby(file, &mut bad, &mut good),
            Language::Php => laravel(file, &mut bad, &mut good),
            Language::JavaScript | Language::TypeScript | Language::Tsx => javascript(file, &mut bad),
            Language::Go => gin(file, &mut bad, &mut good),
            Language::Java | Language::Rust => {}
        }
    }
    django(survey, &mut bad, &mut good);
    settings(survey, &mut bad);
    docker(survey, &mut bad);
    for (path, line, why) in &bad {
        told.fail("VAL-03")
            .reason(*why)
            .looked_at("settings of debugging and handlers of errors")
            .change("debugging off in what is launched, and a short message in place of the error")
            .at(path, *line);
    }
    if bad.is_empty() && !good.is_empty() {
        told.review("VAL-03")
            .reason("Debugging is off, or told by the environment, wherever a setting of it was found.")
            .looked_at("settings of debugging and handlers of errors")
            .counted(good.len(), good.len(), "settings")
            .change("the record of requests that fail, with their answers")
            .at_all(good);
    }
}

type Bad<'s> = Vec<(&'s str, u32, &'static str)>;
type Good<'s> = Vec<(&'s str, u32)>;

fn sort<'s>(
    file: &'s CodeFile<'_>,
    value: &Value,
    line: u32,
    why: &'static str,
    bad: &mut Bad<'s>,
    good: &mut Good<'s>,
) {
    let is_on = match value {
        Value::Flag(on) => *on,
        Value::OneOf(values) => values.iter().all(|value| *value == Value::Flag(true)),
        // A fallback that is on: `env('APP_DEBUG', true)`.
        Value::Call(call) => matches!(call.at(1).or_else(|| call.option("default")), Some(Value::Flag(true))),
        _ => false,
    };
    if is_on { bad.push((file.path, line, why)) } else { good.push((file.path, line)) }
}

fn django<'s>(survey: &'s Survey<'_>, bad: &mut Bad<'s>, good: &mut Good<'s>) {
    let sets = survey.sets_of("DEBUG", Language::Python).into_iter().filter(|(_, set)| set.name == "DEBUG");
    let sets: Vec<_> = sets.collect();
    // Where it is told by the environment too, a literal stands behind a condition.
    let is_told = sets.iter().any(|(_, set)| !matches!(set.value, Value::Flag(_)));
    for (file, set) in sets {
        match &set.value {
            Value::Flag(_) if is_told => good.push((file.path, set.line)),
            _ if enclosing::is_development(file.text, set.line) => good.push((file.path, set.line)),
            _ => {
                let why = "DEBUG is on in settings that are not those of development.";
                sort(file, &set.value, set.line, why, bad, good);
            }
        }
    }
}

/// Whether what is deployed is started by a server, and not by the file that calls `run` for who develops it.
fn has_server(survey: &Survey<'_>) -> bool {
    const SERVERS: &[&str] = &["gunicorn", "uwsgi", "uvicorn", "waitress", "hypercorn", "mod_wsgi", "granian"];
    let starts = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("Dockerfile") || name == "Procfile" || name.ends_with(".sh") || name.contains("compose")
    };
    let has = |path: &str| survey.text(path).is_some_and(|text| SERVERS.iter().any(|server| text.contains(server)));
    survey.paths(starts).into_iter().any(has)
}

fn python<'s>(file: &'s CodeFile<'_>, has_server: bool, bad: &mut Bad<'s>, good: &mut Good<'s>) {
    for call in &file.found.calls {
        let is_app = call.last() == "run" || matches!(call.name.as_str(), "FastAPI" | "Starlette");
        let is_own =
            matches!(call.option("host"), Some(Value::Text(host)) if host == "127.0.0.1" || host == "localhost");
        let for_developers = call.last() == "run"
            && has_server
            && (is_own || enclosing::heads(file.text, call.line).iter().any(|head| head.contains("__main__")));
        if for_developers && call.option("debug").is_some() {
            good.push((file.path, call.line));
            continue;
        }
        if let (true, Some(value)) = (is_app, call.option("debug")) {
            sort(file, value, call.line, "The application is started with debugging on.", bad, good);
        }
    }
    for set in file.found.sets.iter().filter(|set| set.is("app.debug") || set.is("config.DEBUG")) {
        sort(file, &set.value, set.line, "Debugging is switched on in the code.", bad, good);
    }
}

fn ruby<'s>(file: &'s CodeFile<'_>, bad: &mut Bad<'s>, good: &mut Good<'s>) {
    if file.stage != Stage::Production {
        return;
    }
    for set in file.found.sets.iter().filter(|set| set.is("config.consider_all_requests_local")) {
        sort(file, &set.value, set.line, "Full error pages are on in production.", bad, good);
    }
}

fn laravel<'s>(file: &'s CodeFile<'_>, bad: &mut Bad<'s>, good: &mut Good<'s>) {
    if !file.path.ends_with("config/app.php") {
        return;
    }
    for set in file.found.sets.iter().filter(|set| set.name == "return") {
        if let Some(entry) = set.value.entry("debug") {
            sort(file, &entry.value, entry.line, "Debugging is on unless the environment says otherwise.", bad, good);
        }
    }
}

fn javascript<'s>(file: &'s CodeFile<'_>, bad: &mut Bad<'s>) {
    for call in &file.found.calls {
        let sends = matches!(call.last(), "send" | "json" | "end" | "write" | "render")
            && ["res", "response", "reply", "ctx"].iter().any(|name| call.name.starts_with(&format!("{name}.")));
        let mut has_stack = false;
        for argument in &call.arguments {
            argument.value.each(&mut |part| has_stack |= matches!(part, Value::Name(name) if name.ends_with(".stack")));
        }
        if sends && has_stack {
            bad.push((file.path, call.line, "The stack of an error is sent in the answer."));
        }
        let handler = call.last() == "errorhandler" && file.mentions("errorhandler");
        if handler && !file.mentions("NODE_ENV") {
            bad.push((file.path, call.line, "errorhandler, which is for development, answers with the stack."));
        }
    }
}

fn gin<'s>(file: &'s CodeFile<'_>, bad: &mut Bad<'s>, good: &mut Good<'s>) {
    for call in file.calls("gin.SetMode") {
        match call.at(0) {
            Some(Value::Name(name))
                if name.ends_with("DebugMode") && !enclosing::is_conditional(file.text, call.line) =>
            {
                bad.push((file.path, call.line, "gin is put in its debug mode."));
            }
            _ => good.push((file.path, call.line)),
        }
    }
}

fn settings<'s>(survey: &'s Survey<'_>, bad: &mut Bad<'s>) {
    for file in survey.live_settings() {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        // A local compose file is for development unless it says otherwise.
        let is_compose = name.contains("compose") && file.stage != Stage::Production;
        let is_workflow = file.path.contains(".github/") || name.contains("-ci.");
        if is_workflow || name == ".env" || name.ends_with("package.json") {
            continue;
        }
        for (path, value, line) in file.documents.iter().flat_map(entries) {
            let key = path.rsplit('.').next().unwrap_or_default();
            let text = match value {
                Value::Text(text) => text.to_ascii_lowercase(),
                Value::Flag(flag) => flag.to_string(),
                Value::Number(number) => number.to_string(),
                _ => continue,
            };
            if !is_compose && VARIABLES.iter().any(|(name, on)| *name == key && on.contains(&text.as_str())) {
                bad.push((file.path, line, "A setting of what is deployed switches debugging on."));
            }
            let spring =
                path.ends_with("server.error.include-stacktrace") || path.ends_with("server.error.include-exception");
            if spring && matches!(text.as_str(), "always" | "true") {
                bad.push((file.path, line, "Spring sends the stack of an error in its answer."));
            }
        }
    }
}

fn docker<'s>(survey: &'s Survey<'_>, bad: &mut Bad<'s>) {
    for path in survey.paths(|path| path.rsplit('/').next().is_some_and(|name| name.starts_with("Dockerfile"))) {
        if super::survey::stage(path) == Stage::Development {
            continue;
        }
        for (line, text) in survey.text(path).map(super::survey::numbered).into_iter().flatten() {
            let Some(rest) = text.trim().strip_prefix("ENV ") else { continue };
            for (name, on) in VARIABLES {
                let value =
                    rest.split(|c: char| c.is_whitespace()).find_map(|word| word.strip_prefix(&format!("{name}=")));
                let value = value.or_else(|| rest.trim().strip_prefix(&format!("{name} ")));
                let value = value.map(|value| value.trim().trim_matches('"').to_ascii_lowercase());
                if value.is_some_and(|value| on.contains(&value.as_str())) {
                    bad.push((path, line, "The image is built with debugging on."));
                }
            }
        }
    }
}
