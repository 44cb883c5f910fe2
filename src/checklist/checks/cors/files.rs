//! Policies in files of settings: proxies and hosts.

use super::super::survey::{Survey, entries, numbered, stage};
use super::{Credentials, Origins, Policy, allowed, counts};
use crate::code::expression::Value;

const ALLOW: &str = "access-control-allow-origin";
const WITH: &str = "access-control-allow-credentials";

pub(super) fn policies<'s>(survey: &'s Survey<'_>) -> Vec<Policy<'s>> {
    let mut policies = Vec::new();
    for file in survey.live_settings() {
        let headers: Vec<(String, String, u32)> = file.documents.iter().flat_map(headers).collect();
        policies.extend(of_headers(file.path, &headers));
    }
    // `_headers` of Netlify and Cloudflare Pages.
    for path in survey.paths(|path| path.ends_with("_headers")).into_iter().filter(|path| counts(stage(path))) {
        let lines = survey.text(path).map(numbered).into_iter().flatten();
        let header = |(line, text): (u32, &str)| {
            let (name, value) = text.trim().split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned(), line))
        };
        policies.extend(of_headers(path, &lines.filter_map(header).collect::<Vec<_>>()));
    }
    policies
}

fn of_headers<'s>(path: &'s str, headers: &[(String, String, u32)]) -> Vec<Policy<'s>> {
    let with = headers.iter().find(|(name, ..)| name.eq_ignore_ascii_case(WITH)).map(|(_, value, _)| value);
    let with = with.map(|value| Value::Text(value.split_whitespace().next().unwrap_or_default().to_owned()));
    let credentials = allowed(with.as_ref(), Credentials::No);
    let policy = |(_, value, line): &(String, String, u32)| {
        let value = value.split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'']);
        let origins = match value {
            "*" => Origins::Any,
            _ if value.contains("http_origin") || value.contains("request.header.Origin") => Origins::Reflected,
            _ if value.contains('$') || value.contains('{') => Origins::Decided,
            _ => Origins::List(vec![value.to_owned()]),
        };
        Policy { path, line: *line, by: "The header Access-Control-Allow-Origin", origins, credentials }
    };
    headers.iter().filter(|(name, ..)| name.eq_ignore_ascii_case(ALLOW)).map(policy).collect()
}

/// Headers that a file of settings adds: name, value and line.
pub(in super::super) fn headers(document: &Value) -> Vec<(String, String, u32)> {
    let mut found = Vec::new();
    let entries = entries(document);
    for (path, value, line) in &entries {
        let Value::Text(text) = value else { continue };
        let key = path.rsplit('.').next().unwrap_or_default();
        if path.split('.').any(|part| matches!(part, "dev_server" | "devServer" | "development")) {
            continue;
        }
        match key {
            // nginx: `add_header Name value`; Caddy: `header Name value`.
            "add_header" | "header" | "proxy_set_header" | "more_set_headers" => {
                if let (Some((name, value)), true) = (text.split_once(' '), key != "proxy_set_header") {
                    found.push((
                        name.trim_start_matches(['+', '?']).trim_end_matches(':').to_owned(),
                        value.to_owned(),
                        *line,
                    ));
                }
            }
            _ if key.contains('-') => found.push((key.trim_start_matches(['+', '?']).to_owned(), text.clone(), *line)),
            _ => {}
        }
    }
    // `{ "key": "Name", "value": "value" }` of Vercel.
    document.each(&mut |part| {
        if let (Some(Value::Text(name)), Some(entry)) = (part.get("key"), part.entry("value")) {
            found.push((name.clone(), entry.value.text().unwrap_or_default().to_owned(), entry.line));
        }
    });
    found
}
