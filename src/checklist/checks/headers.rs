//! HDR-01: five security headers, by the code, by middleware that brings them, and by what stands in front. Only what a page is
//! sent with decides the row; what is set here is for information, and leaves it open.

use super::cors::{header_lines, header_pairs};
use super::say::Told;
use super::survey::{CodeFile, Survey, numbered};
use crate::code::Language;
use crate::code::expression::Value;

/// The headers, as they are told.
const HEADERS: [&str; 5] = ["HSTS", "a content security policy", "nosniff", "a rule on framing", "a referrer policy"];

/// Which header a name is.
fn header(name: &str) -> Option<usize> {
    Some(match name.to_ascii_lowercase().as_str() {
        "strict-transport-security" => 0,
        "content-security-policy" => 1,
        "x-content-type-options" => 2,
        "x-frame-options" => 3,
        "referrer-policy" => 4,
        _ => return None,
    })
}

/// Where each header is set.
#[derive(Default)]
struct Found<'s>([Vec<(&'s str, u32)>; 5]);

impl<'s> Found<'s> {
    fn add(&mut self, headers: &[usize], path: &'s str, line: u32) {
        for header in headers {
            self.0[*header].push((path, line));
        }
    }
}

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let mut found = Found::default();
    for file in survey.launched() {
        for (name, _, line) in header_pairs(file) {
            found.add(header(name).as_slice(), file.path, line);
        }
        match file.language {
            Language::JavaScript | Language::TypeScript | Language::Tsx => helmet(file, &mut found),
            Language::Python => python(file, &mut found),
            Language::Ruby => ruby(file, &mut found),
            Language::Java if file.mentions("springframework.security") && file.mentions("SecurityFilterChain") => {
                found.add(&[0, 2, 3], file.path, 1);
            }
            _ => {}
        }
    }
    for file in survey.live_settings() {
        for (name, _, line) in file.documents.iter().flat_map(header_lines) {
            found.add(header(&name).as_slice(), file.path, line);
        }
    }
    for path in survey.paths(|path| path.ends_with("_headers")) {
        for (line, text) in survey.text(path).map(numbered).into_iter().flatten() {
            let name = text.trim().split(':').next().unwrap_or_default();
            found.add(header(name).as_slice(), path, line);
        }
    }
    let there = found.0.iter().filter(|places| !places.is_empty()).count();
    if there == 0 {
        return;
    }
    let missing: Vec<&str> =
        HEADERS.iter().zip(&found.0).filter(|(_, places)| places.is_empty()).map(|(name, _)| *name).collect();
    let reason = match missing.as_slice() {
        [] => "The files set all five headers somewhere; only the answers of the running product decide.".to_owned(),
        _ => format!(
            "The files set {there} of 5 headers, not found: {}; only the answers of the running product decide.",
            missing.join(", ")
        ),
    };
    told.open("HDR-01")
        .reason(reason)
        .looked_at("settings of security headers")
        .counted(there, 5, "headers")
        .change("the record of a test of the pages")
        .at_all(found.0.iter().filter_map(|places| places.first().copied()));
}

fn helmet<'s>(file: &'s CodeFile<'_>, found: &mut Found<'s>) {
    let parts =
        ["strictTransportSecurity", "contentSecurityPolicy", "xContentTypeOptions", "xFrameOptions", "referrerPolicy"];
    let short = ["hsts", "contentSecurityPolicy", "noSniff", "frameguard", "referrerPolicy"];
    for call in &file.found.calls {
        let by_plugin = call.last() == "register"
            && matches!(call.at(0), Some(Value::Name(name)) if name.to_ascii_lowercase().contains("helmet"));
        if call.name == "helmet" || by_plugin {
            for header in 0..5 {
                let is_off = |key: &str| call.option(key) == Some(&Value::Flag(false));
                if !is_off(parts[header]) && !is_off(short[header]) {
                    found.add(&[header], file.path, call.line);
                }
            }
        }
        if let Some(part) = call.name.strip_prefix("helmet.") {
            let which =
                parts.iter().position(|name| *name == part).or_else(|| short.iter().position(|name| *name == part));
            found.add(which.as_slice(), file.path, call.line);
        }
    }
}

fn python<'s>(file: &'s CodeFile<'_>, found: &mut Found<'s>) {
    for call in file.calls("Talisman") {
        found.add(&[0, 1, 2, 3, 4], file.path, call.line);
    }
    for set in &file.found.sets {
        if set.is("MIDDLEWARE") {
            let mut names = Vec::new();
            set.value.each(&mut |part| names.extend(part.text()));
            let has = |word: &str| names.iter().any(|name| name.ends_with(word));
            if has("SecurityMiddleware") {
                // The defaults since Django 3.1.
                found.add(&[2, 4], file.path, set.line);
            }
            if has("XFrameOptionsMiddleware") {
                found.add(&[3], file.path, set.line);
            }
            if has("CSPMiddleware") || has("ContentSecurityPolicyMiddleware") {
                found.add(&[1], file.path, set.line);
            }
        }
        let is_on = !matches!(set.value, Value::Number(number) if number == 0.0) && set.value != Value::Flag(false);
        if set.is("SECURE_HSTS_SECONDS") && is_on {
            found.add(&[0], file.path, set.line);
        }
    }
}

fn ruby<'s>(file: &'s CodeFile<'_>, found: &mut Found<'s>) {
    for set in &file.found.sets {
        if set.is("config.force_ssl") && set.value == Value::Flag(true) {
            found.add(&[0], file.path, set.line);
        }
        if set.is("load_defaults") || set.name == "config.csp" {
            found.add(&[1], file.path, set.line);
        }
        let part = ["hsts", "csp", "x_content_type_options", "x_frame_options", "referrer_policy"];
        if file.mentions("SecureHeaders") {
            let which = part.iter().position(|name| set.name == format!("config.{name}"));
            found.add(which.as_slice(), file.path, set.line);
        }
    }
    for call in &file.found.calls {
        match call.last() {
            "content_security_policy" if !file.mentions("# Rails.application.config.content_security_policy") => {
                found.add(&[1], file.path, call.line);
            }
            // What every Rails application sends since 5.
            "load_defaults" => found.add(&[2, 3, 4], file.path, call.line),
            _ => {}
        }
    }
}
