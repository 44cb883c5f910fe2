//! FLOW-01 and FLOW-02: end-to-end tests of what users come for.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::say::Told;
use super::survey::Survey;
use crate::code::expression::Value;

/// What starts a test, whatever the runner.
const TESTS: &[&str] =
    &["test", "it", "describe", "scenario", "feature", "test.describe", "Scenario", "test.only", "context"];

/// Flows, by words in the name of a test.
const FLOWS: [(&str, &str, &[&str]); 2] = [
    (
        "FLOW-01",
        "the main flow",
        &[
            "@main", "main flow", "main-flow", "happy path", "sign in", "signs in", "log in", "logs in", "login",
            "checkout", "sign up", "signs up",
        ],
    ),
    ("FLOW-02", "invitations", &["invit"]),
];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let mut found: [Vec<(&str, u32)>; 2] = Default::default();
    let mut tests = 0;
    for file in survey.code.iter().filter(|file| is_end_to_end(file.path, file.text.as_bytes())) {
        for call in file.found.calls.iter().filter(|call| TESTS.contains(&call.name.as_str())) {
            let Some(name) = call.at(0).and_then(Value::text).map(str::to_ascii_lowercase) else { continue };
            tests += 1;
            note(&name, file.path, call.line, &mut found);
        }
        for (line, text) in super::survey::numbered(file.text) {
            if let Some(name) = text.trim_start().strip_prefix("def test_").and_then(|rest| rest.split('(').next()) {
                tests += 1;
                note(&name.replace('_', " "), file.path, line, &mut found);
            }
        }
    }
    for path in survey.paths(|path| path.ends_with(".feature")) {
        for (line, text) in survey.text(path).map(super::survey::numbered).into_iter().flatten() {
            if let Some(name) = text.trim_start().strip_prefix("Scenario") {
                tests += 1;
                note(&name.to_ascii_lowercase(), path, line, &mut found);
            }
        }
    }
    for ((row, what, _), places) in FLOWS.iter().zip(found) {
        if places.is_empty() {
            continue;
        }
        told.review(row)
            .reason(format!(
                "{} of {tests} end-to-end tests {} named for {what}.",
                places.len(),
                if places.len() == 1 { "is" } else { "are" }
            ))
            .looked_at("names of end-to-end tests")
            .counted(tests, tests, "tests")
            .change("the word of who has gone through it in production")
            .at_all(places);
    }
}

fn note<'s>(name: &str, path: &'s str, line: u32, found: &mut [Vec<(&'s str, u32)>; 2]) {
    for ((_, _, words), places) in FLOWS.iter().zip(found) {
        if words.iter().any(|word| name.contains(word)) {
            places.push((path, line));
        }
    }
}

/// What drives a browser, as a file that does so imports it.
static BROWSERS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(["@playwright/test", "from playwright", "<reference types=\"cypress\""]).ok());

/// Whether a file has tests of the whole product.
pub(super) fn is_end_to_end(path: &str, text: &[u8]) -> bool {
    let by_path = path.split('/').any(|part| {
        let part = part.to_ascii_lowercase();
        matches!(
            part.as_str(),
            "e2e" | "cypress" | "playwright" | "end-to-end" | "system" | "features" | "acceptance" | "browser"
        ) || part.contains(".e2e.")
            || part.contains(".cy.")
            || part.contains("e2e_")
            || part.contains("_e2e")
    });
    let is_test = super::survey::stage(path) == super::survey::Stage::Development || path.contains("test");
    by_path && is_test || BROWSERS.as_ref().is_some_and(|words| words.is_match(text))
}
