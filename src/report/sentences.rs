//! What plain-text formats say of one finding, line by line.

use super::text::{count, tame};
use super::{json, runbook, seen};
use crate::blob::Origin;
use crate::detect::Fact;
use crate::finding::{Finding, Shipped};
use crate::rotation::{Credential, Runbooks};
use crate::rule::{Rule, RuleSet, personal};
use crate::source::source_map::SourcePlace;

/// Characters of a line; nothing that is meant to be read is longer.
const LONGEST: usize = 1_000;

/// Places of a history, and names that lead to each.
const PAST: usize = 5;
const REFS: usize = 3;

/// Everything a person has to know of a finding, the first line being what it is.
pub(super) fn of_finding(
    rules: &RuleSet,
    runbooks: &Runbooks,
    credential: &Credential<'_>,
    finding: &Finding,
) -> Vec<String> {
    let rule = rules.get(credential.rule);
    let (severity, confidence) = (json::severity(credential.severity(rules)), json::confidence(finding.confidence));
    let mut lines = vec![
        format!("{}: {}", rule.title, finding.secret.redacted()),
        format!("{severity} · {} · {confidence} confidence", rule.id),
        // Were the fingerprint not on the same line, a scan of the report could take `token.conf:7:9` for an assignment.
        format!("{} · fingerprint {}", place(finding), finding.fingerprint),
    ];
    lines.extend(Some(remarks(rules, finding).join(" · ")).filter(|line| !line.is_empty()));
    let facts = credential.facts();
    if !facts.is_empty() {
        lines.push(facts.iter().map(|fact| fact.to_string()).collect::<Vec<_>>().join(" · "));
    }
    lines.extend(history(credential, finding));
    let others = credential.placed().len() - 1;
    if others > 0 {
        lines.push(format!("The same secret is in {}.", count(others as u64, "other place")));
    }
    if let Some(seen) = seen::sentence(finding) {
        lines.push(format!("In the log: {seen}."));
    } else if finding.more > 0 {
        lines.push(format!("It is {} in this file.", count(finding.more, "more time")));
    }
    lines.extend(advice(rule, runbooks, &facts, finding));
    lines.iter().map(|line| clip(&tame(line))).collect()
}

/// What to do first, and where the rest is.
pub(super) fn advice(rule: &Rule, runbooks: &Runbooks, facts: &[&Fact], finding: &Finding) -> Vec<String> {
    let Some(found) = runbooks.of(rule) else {
        return rule.is_personal().then(|| personal::ADVICE.to_owned()).into_iter().collect();
    };
    let place = Fact::new("path", finding.origin.path());
    let known: Vec<&Fact> = facts.iter().copied().chain([&place]).collect();
    let mut lines = runbook::first_lines(found, &known);
    lines.push(format!("all steps: cleansweep rules show {}", rule.id));
    lines
}

/// `src/a.py:3:10`, with `in history: ` before it where that is so.
pub(super) fn place(finding: &Finding) -> String {
    let past = if finding.history.is_some() { "in history: " } else { "" };
    format!("{past}{}:{}:{}", finding.origin.path(), finding.start.line, finding.start.column)
}

/// What else there is to know of a place: `hidden in gzip in base64`, `client bundle: shipped to every visitor`, `from src/a.ts:3:10`.
pub(super) fn remarks(rules: &RuleSet, finding: &Finding) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(how) = finding.encoded.as_ref().map(|encoded| &encoded.how).filter(|how| !how.is_empty()) {
        let ways: Vec<&str> = how.iter().rev().map(|way| way.as_str()).collect();
        remarks.push(format!("hidden in {}", ways.join(" in ")));
    }
    if let Some(SourcePlace { source, at }) = finding.source.as_deref() {
        remarks.push(format!("from {source}:{}:{}", at.line, at.column));
    }
    if let Some(binary) = &finding.binary {
        let section = binary.section.as_ref().map_or_else(String::new, |section| format!(" in {section}"));
        remarks.push(format!("byte {:#x}{section} of a binary file", finding.span.start));
    }
    let where_it_is = match finding.shipped {
        None => return remarks,
        Some(Shipped::ClientBundle) => "client bundle",
        Some(Shipped::PublicVariable) => "a variable that is built into the client bundle",
        Some(Shipped::WebPage) => "configuration of a web page",
    };
    remarks.push(format!("{where_it_is}: shipped to every visitor"));
    if rules.get(finding.rule).publishable {
        remarks.push("it is made for that: restrict it to your sites by referrer, and to what it is for".into());
    }
    remarks
}

/// When it came and went; `finding` is one of the credential's that may or may not be the one with the history.
pub(super) fn history(credential: &Credential<'_>, finding: &Finding) -> Vec<String> {
    let Some(history) = finding.history.as_deref().or(credential.history()) else { return Vec::new() };
    let mut lines = Vec::new();
    for exposure in history.exposures.iter().take(PAST) {
        let (path, told, led) = (exposure.origin.path(), exposure.told(), exposure.led_to_by(REFS));
        lines.push(format!("history of {path}: {told} · {led}"));
    }
    if history.exposures.len() > PAST {
        lines.push(format!("and of {}", count((history.exposures.len() - PAST) as u64, "more place")));
    }
    lines
}

/// The file of the working tree that holds it, if one does: of what is in a container the container.
pub(super) fn present_file(finding: &Finding) -> Option<&str> {
    match finding.origin.container() {
        Origin::File(path) | Origin::Name(path) if finding.history.is_none() => Some(path),
        _ => None,
    }
}

/// `text` without what is beyond a sensible length.
pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, BODY, file};
    use super::*;
    use crate::detect::decode::How;
    use crate::finding::Encoded;
    use crate::span::Position;

    #[test]
    fn remarks_say_what_a_place_is() {
        let rules = sample::rules();
        let mut found = sample::finding(&rules, "gcp-api-key", &format!("AIza{BODY}"), file("dist/assets/a.js"), 1);
        assert_eq!(remarks(&rules, &found), Vec::<String>::new());
        found.encoded = Some(Box::new(Encoded { how: vec![How::KubernetesSecret, How::Gzip], forms: Vec::new() }));
        found.source = Some(Box::new(SourcePlace { source: "src/a.ts".into(), at: Position { line: 3, column: 10 } }));
        found.shipped = Some(Shipped::ClientBundle);
        let expected = [
            "hidden in gzip in base64 in base64 of a Kubernetes Secret",
            "from src/a.ts:3:10",
            "client bundle: shipped to every visitor",
            "it is made for that: restrict it to your sites by referrer, and to what it is for",
        ];
        assert_eq!(remarks(&rules, &found), expected);
    }
}
