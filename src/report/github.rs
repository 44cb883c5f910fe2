//! Workflow commands of GitHub Actions: what a step prints becomes annotations of the lines that a pull request shows.
//!
//! GitHub takes ten errors, ten warnings and ten notices from one step and drops the others without a word, so the most
//! urgent are chosen here, one place of each secret before a second place of any, and the last lines say how many are
//! missing. What was not looked at is a warning, and some of the ten are kept for it.
//!
//! Every line is either a command, in which nothing scanned can end a property or the line, or a sentence of our own.

use super::level::Level;
use super::text::{count, notes, tame, verdict};
use super::{json, sentences};
use crate::finding::Finding;
use crate::rotation::{Credential, Runbooks};
use crate::scan::ScanOutcome;

/// Annotations of one kind that GitHub takes from a step.
const MOST: usize = 10;

/// Warnings that are left for what was not looked at, where there is that much.
const FOR_SKIPPED: usize = 3;

/// Characters of a title.
const TITLE: usize = 200;

/// The report. Secrets are always redacted: the log of a workflow is read by many.
#[must_use]
pub fn build(outcome: &ScanOutcome, runbooks: &Runbooks) -> String {
    let credentials = Credential::group(&outcome.rules, &outcome.findings);
    let mut kinds = [Level::Error, Level::Warning, Level::Note].map(|level| (level, Vec::new()));
    for (credential, finding) in one_place_of_each_first(&credentials) {
        let level = Level::of(credential.severity(&outcome.rules), finding.confidence);
        if let Some((_, findings)) = kinds.iter_mut().find(|(of, _)| *of == level) {
            findings.push((credential, finding));
        }
    }
    let skipped = &outcome.coverage.skipped;
    let (mut out, mut missing) = (String::new(), Vec::new());
    for (level, findings) in &kinds {
        let kept = if *level == Level::Warning { MOST - skipped.len().min(FOR_SKIPPED) } else { MOST };
        let kept = kept.min(findings.len());
        for (credential, finding) in &findings[..kept] {
            out += &annotation(outcome, runbooks, credential, finding);
        }
        let (mut of_kind, mut shown) = (findings.len(), kept);
        if *level == Level::Warning {
            let listed = skipped.len().min(MOST - kept);
            for skipped in &skipped[..listed] {
                let title = format!("Not looked at ({})", skipped.reason.id());
                let message = sentences::clip(&format!("{}: {}", skipped.what, skipped.detail));
                out += &command("warning", &[("title", title)], &message);
            }
            of_kind += skipped.len();
            shown += listed;
        }
        if of_kind > shown {
            missing.push(count((of_kind - shown) as u64, name(*level)));
        }
    }
    if !missing.is_empty() {
        out += &format!(
            "cleansweep: not shown above: {}. GitHub takes {MOST} annotations of each kind from one step; the other \
             formats have all of them.\n",
            missing.join(", ")
        );
    }
    for sentence in notes(outcome).iter().chain([&verdict(outcome, &credentials)]) {
        out += &format!("cleansweep: {}\n", tame(sentence));
    }
    out
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    }
}

/// The first place of every credential, the most urgent first, then the second places, and so on.
fn one_place_of_each_first<'c, 'f>(credentials: &'c [Credential<'f>]) -> Vec<(&'c Credential<'f>, &'f Finding)> {
    let mut places = Vec::new();
    for (urgency, credential) in credentials.iter().enumerate() {
        places.extend(credential.placed().into_iter().enumerate().map(|(nth, f)| (nth, urgency, credential, f)));
    }
    places.sort_by_key(|(nth, urgency, ..)| (*nth, *urgency));
    places.into_iter().map(|(.., credential, finding)| (credential, finding)).collect()
}

/// The command for one place. A place of the past is no line of the checkout, so it names no file.
fn annotation(outcome: &ScanOutcome, runbooks: &Runbooks, credential: &Credential<'_>, finding: &Finding) -> String {
    let rule = outcome.rules.get(credential.rule);
    let past = if finding.history.is_some() { " in the history" } else { "" };
    let title: String = format!("{}: {}{past}", json::severity(credential.severity(&outcome.rules)), rule.title)
        .chars()
        .take(TITLE)
        .collect();
    let mut properties = Vec::new();
    if let Some(file) = sentences::present_file(finding) {
        properties.push(("file", file.to_owned()));
        // The place in a name or in what is packed is no place in the file.
        if !finding.origin.is_name() && !finding.origin.is_member() {
            let (start, end) = (finding.start, finding.end.max(finding.start));
            properties.push(("line", start.line.to_string()));
            properties.push(("endLine", end.line.to_string()));
            // GitHub refuses columns of an annotation that has several lines.
            if start.line == end.line {
                properties.push(("col", start.column.to_string()));
                properties.push(("endColumn", end.column.to_string()));
            }
        }
    }
    properties.push(("title", title));
    let lines = sentences::of_finding(&outcome.rules, runbooks, credential, finding);
    let kind = name(Level::of(credential.severity(&outcome.rules), finding.confidence));
    command(kind, &properties, &lines.join("\n"))
}

/// `::kind name=value,…::message`, with the escapes that the runner undoes.
fn command(kind: &str, properties: &[(&str, String)], message: &str) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", escape(value, true))).collect();
    format!("::{kind} {}::{}\n", properties.join(","), escape(message, false))
}

fn escape(text: &str, in_property: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => escaped.push_str("%25"),
            '\r' => escaped.push_str("%0D"),
            '\n' => escaped.push_str("%0A"),
            ':' if in_property => escaped.push_str("%3A"),
            ',' if in_property => escaped.push_str("%2C"),
            c => escaped.push_str(&tame(c.encode_utf8(&mut [0; 4]))),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::sample::{self, HOSTILE, assert_tight, finding, runbooks};
    use super::*;
    use crate::blob::{Origin, SkipReason, Skipped};

    /// A command as the runner reads it.
    struct Command {
        kind: String,
        properties: BTreeMap<String, String>,
        message: String,
    }

    fn unescape(text: &str) -> String {
        let marks = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
        marks.iter().fold(text.to_owned(), |text, (mark, plain)| text.replace(mark, plain))
    }

    /// The commands, and the lines that are none.
    fn parse(text: &str) -> (Vec<Command>, Vec<String>) {
        let (mut commands, mut plain) = (Vec::new(), Vec::new());
        for line in text.split(['\n', '\r']).filter(|line| !line.is_empty()) {
            let Some((head, message)) = line.trim().strip_prefix("::").and_then(|rest| rest.split_once("::")) else {
                assert!(!line.contains("##["), "{line}");
                plain.push(line.to_owned());
                continue;
            };
            let (kind, properties) = head.split_once(' ').unwrap_or((head, ""));
            let pair = |pair: &str| pair.split_once('=').map(|(k, v)| (k.to_owned(), unescape(v)));
            commands.push(Command {
                kind: kind.to_owned(),
                properties: properties.split(',').map(|p| pair(p).expect("a property has a value")).collect(),
                message: unescape(message),
            });
        }
        (commands, plain)
    }

    #[test]
    fn it_reads_like_this() {
        let outcome = sample::mixed();
        let text = build(&outcome, &runbooks());
        assert_tight(&outcome, &text);
        sample::snapshot("report.github", &text);
        sample::snapshot("report.github.incomplete", &build(&sample::incomplete(), &runbooks()));
        sample::snapshot("report.github.clean", &build(&sample::clean(), &runbooks()));
    }

    #[test]
    fn the_runner_obeys_nothing_that_was_scanned() {
        // One by one, so that each is among the ten.
        for (nth, text) in HOSTILE.iter().enumerate() {
            let mut outcome = sample::hostile();
            outcome.findings = outcome.findings.drain(2 * nth..2 * nth + 2).collect();
            outcome.coverage.skipped = outcome.coverage.skipped.drain(nth..=nth).collect();
            let (commands, plain) = parse(&build(&outcome, &runbooks()));
            let kinds: Vec<&str> = commands.iter().map(|command| command.kind.as_str()).collect();
            assert_eq!(kinds, ["error", "error", "warning"], "{text:?}");
            let names: Vec<&String> = commands[0].properties.keys().collect();
            assert_eq!(names, ["col", "endColumn", "endLine", "file", "line", "title"]);
            assert_eq!(commands[0].properties["line"], "7");
            let tamed: String = text
                .split_inclusive(['\r', '\n'])
                .map(|part| {
                    let end = part.trim_end_matches(['\r', '\n']);
                    end.chars().map(|c| tame(&c.to_string())).collect::<String>() + &part[end.len()..]
                })
                .collect();
            assert_eq!(commands[0].properties["file"], tamed);
            assert_eq!(commands[1].properties.keys().collect::<Vec<_>>(), ["title"], "the past is in no file");
            assert!(commands.iter().all(|command| !command.message.contains('\u{1b}')));
            assert!(plain.iter().all(|line| line.starts_with("cleansweep: ")), "{plain:?}");
        }
    }

    /// Ten of each kind, one place of each secret first, and room for what was not looked at.
    #[test]
    fn what_github_would_drop_is_counted() {
        let rules = sample::rules();
        let mut findings = Vec::new();
        for place in 0..3 {
            for secret in 0..8 {
                let token = format!("ghp_{secret}{}", sample::BODY);
                findings.push(finding(
                    &rules,
                    "github-pat-classic",
                    &token,
                    sample::file(&format!("f{place}")),
                    secret + 1,
                ));
            }
        }
        let low = |n: u64| {
            let mut found =
                finding(&rules, "github-pat-classic", &format!("ghp_x{n}{}", sample::BODY), Origin::Stdin, n);
            found.confidence = crate::rule::Confidence::Low;
            found
        };
        findings.extend((0..20).map(low));
        let mut outcome = sample::outcome(rules.clone(), findings);
        outcome.coverage.skipped =
            (0..9).map(|n| Skipped::new(format!("s{n}"), SkipReason::Unreadable, "no")).collect();
        let (commands, plain) = parse(&build(&outcome, &runbooks()));
        let of = |kind: &str| commands.iter().filter(|c| c.kind == kind).collect::<Vec<_>>();
        assert_eq!(of("error").len(), 10);
        let firsts = of("error").iter().filter(|c| c.properties["file"] == "f0").count();
        assert_eq!(firsts, 8, "each secret is shown before one is shown twice");
        assert_eq!(of("warning").len(), 10);
        let skipped = of("warning").iter().filter(|c| c.properties["title"].starts_with("Not looked at")).count();
        assert_eq!(skipped, 3);
        assert!(plain[0].starts_with("cleansweep: not shown above: 14 errors, 19 warnings. "), "{plain:?}");
        assert!(plain.last().is_some_and(|line| line.contains("28 secrets in 44 places")), "{plain:?}");
    }

    #[test]
    fn columns_are_of_one_line() {
        let mut outcome = sample::mixed();
        outcome.findings.truncate(1);
        outcome.findings[0].end.line += 3;
        let (commands, _) = parse(&build(&outcome, &runbooks()));
        let properties = &commands[0].properties;
        assert_eq!((properties["line"].as_str(), properties["endLine"].as_str()), ("7", "10"));
        assert!(!properties.contains_key("col") && !properties.contains_key("endColumn"));
    }
}
