//! GitHub-flavoured Markdown for a comment on a pull request or a ticket: what it amounts to, a table of the secrets with
//! their places, what to do about each first, what was not looked at.
//!
//! Everything that was scanned stands in code spans: nothing else keeps it from becoming a link, a mention that
//! notifies somebody, or a reference. Facts are filled into commands only, never into sentences or addresses.
//!
//! GitHub takes 65 536 characters of a comment, so each part has its share of that, and says how much it left out.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::runbook::{escape, fence, first_step};
use super::text::{count, extent, notes, tame, verdict};
use super::{json, seen, sentences};
use crate::detect::Fact;
use crate::finding::Finding;
use crate::rotation::{Credential, Runbooks, fill};
use crate::rule::RuleSet;
use crate::scan::ScanOutcome;

/// Bytes of the document up to which each part may go on.
const TABLE_ENDS: usize = 30_000;
const ADVICE_ENDS: usize = 48_000;
const LEDGER_ENDS: usize = 60_000;

/// Places listed for one secret.
const PLACES: usize = 5;

/// Facts, and lines of its history, that are told of one secret.
const FACTS: usize = 6;
const PAST: usize = 2;

/// Characters of a path, a fact or the like.
const LONGEST: usize = 200;

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// The report. Secrets are always redacted: a comment goes out by mail.
#[must_use]
pub fn build(outcome: &ScanOutcome, runbooks: &Runbooks) -> String {
    let credentials = Credential::group(&outcome.rules, &outcome.findings);
    let mut out = String::from("## cleansweep\n\n");
    line!(out, "**{}**\n\n{}.", inert(&verdict(outcome, &credentials)), extent(&outcome.coverage));
    for (nth, note) in notes(outcome).iter().enumerate() {
        line!(out, "{}- {}", if nth == 0 { "\n" } else { "" }, inert(note));
    }
    if !credentials.is_empty() {
        write_table(&mut out, outcome, &credentials);
        write_advice(&mut out, outcome, runbooks, &credentials);
    }
    write_ledger(&mut out, outcome, LEDGER_ENDS);
    out
}

/// Adds those of `parts` that leave the document shorter than `end`; how many it left out.
fn add(out: &mut String, parts: impl Iterator<Item = String>, end: usize) -> u64 {
    let mut left_out = 0;
    for part in parts {
        if out.len() + part.len() <= end {
            out.push_str(&part);
        } else {
            left_out += 1;
        }
    }
    left_out
}

fn write_table(out: &mut String, outcome: &ScanOutcome, credentials: &[Credential<'_>]) {
    line!(out, "\n### Secrets\n\n| | severity | secret | where |\n|-:|-|-|-|");
    let rows = (1..).zip(credentials).map(|(number, credential)| row(outcome, number, credential));
    let left_out = add(out, rows, TABLE_ENDS);
    if left_out > 0 {
        line!(out, "\nand {}, which the other formats list.", count(left_out, "more secret"));
    }
}

fn row(outcome: &ScanOutcome, number: usize, credential: &Credential<'_>) -> String {
    let rule = outcome.rules.get(credential.rule);
    let placed = credential.placed();
    let what = [
        escape(&tame(&rule.title)),
        format!("{} {}", code(&placed[0].secret.redacted()), code(&rule.id)),
        format!("{} confidence", json::confidence(credential.confidence)),
    ];
    let facts = credential.facts();
    let what = what.into_iter().chain(facts.iter().take(FACTS).map(|fact| code(&fact.to_string())));
    let what: Vec<String> = what.collect();
    let mut places: Vec<String> = placed.iter().take(PLACES).map(|finding| place(&outcome.rules, finding)).collect();
    if placed.len() > PLACES {
        places.push(format!("and {}", count((placed.len() - PLACES) as u64, "more place")));
    }
    let history = sentences::history(credential, placed[0]);
    places.extend(history.iter().take(PAST).map(|line| code(line)));
    if history.len() > PAST {
        places.push("and more of its history".into());
    }
    let severity = json::severity(credential.severity(&outcome.rules));
    format!("| {number} | {severity} | {} | {} |\n", what.join("<br>"), places.join("<br>"))
}

pub(super) fn place(rules: &RuleSet, finding: &Finding) -> String {
    let more = if let Some(seen) = seen::sentence(finding) {
        format!(", {}", tame(&seen))
    } else if finding.more > 0 {
        format!(" and {}", count(finding.more, "more time"))
    } else {
        String::new()
    };
    let remarks: String =
        sentences::remarks(rules, finding).iter().map(|remark| format!(" · {}", inert(remark))).collect();
    format!("{}{more}{remarks} <sub>{}</sub>", code(&sentences::place(finding)), finding.fingerprint)
}

/// The first step for each secret; what is the same for several is said once.
fn write_advice(out: &mut String, outcome: &ScanOutcome, runbooks: &Runbooks, credentials: &[Credential<'_>]) {
    let mut advice: Vec<(String, Vec<usize>)> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (number, credential) in (1..).zip(credentials) {
        let Some(text) = first(outcome, runbooks, credential) else { continue };
        let at = *known.entry(text.clone()).or_insert_with(|| {
            advice.push((text, Vec::new()));
            advice.len() - 1
        });
        advice[at].1.push(number);
    }
    if advice.is_empty() {
        return;
    }
    line!(out, "\n### What to do first");
    let parts = advice.into_iter().map(|(text, numbers)| {
        let listed: Vec<String> = numbers.iter().take(20).map(ToString::to_string).collect();
        let more = if numbers.len() > 20 { " …" } else { "" };
        format!("\n**{}{more}** · {text}", listed.join(", "))
    });
    let left_out = add(out, parts, ADVICE_ENDS);
    if left_out > 0 {
        line!(out, "\nFor the others, `cleansweep rules show` with the rule in the table tells what to do.");
    }
}

fn first(outcome: &ScanOutcome, runbooks: &Runbooks, credential: &Credential<'_>) -> Option<String> {
    let rule = outcome.rules.get(credential.rule);
    let (lead, step) = first_step(runbooks.of(rule)?);
    let step = step?;
    let place = Fact::new("path", credential.exposures[0].origin.path());
    let facts: Vec<&Fact> = credential.facts().into_iter().chain([&place]).collect();
    let mut text = format!("{lead}: {}", prose(&fill(step.action.trim(), &[])));
    if let Some(url) = &step.url {
        let url = fill(url, &[]);
        // A place-holder makes it an address to be read, not to be followed.
        text += &if url.contains(['<', '>', ' ']) { format!(" {}", code(&url)) } else { format!(" <{}>", tame(&url)) };
    }
    text.push('\n');
    if let Some(command) = &step.command {
        text.push('\n');
        fence(&mut text, 0, &fill(command, &facts));
    }
    line!(text, "\nAll steps: {}", code(&format!("cleansweep rules show {}", rule.id)));
    Some(text)
}

/// What was not looked at, as far as it leaves the document shorter than `end`.
pub(super) fn write_ledger(out: &mut String, outcome: &ScanOutcome, end: usize) {
    let skipped = &outcome.coverage.skipped;
    if skipped.is_empty() {
        return;
    }
    line!(out, "\n### Not looked at\n");
    let items = skipped.iter().map(|s| format!("- {}: {} ({})\n", code(&s.what), inert(&s.detail), s.reason.id()));
    let left_out = add(out, items, end);
    if left_out > 0 {
        line!(out, "- and {}, which the other formats list", count(left_out, "more item"));
    }
}

pub(super) fn prose(text: &str) -> String {
    escape(&text.lines().map(tame).collect::<Vec<_>>().join(" "))
}

/// A sentence of ours that may quote what was scanned: what GitHub would link or notify stands in a code span.
pub(super) fn inert(text: &str) -> String {
    let links =
        ["://", "www.", "@", "#", "mailto:", "xmpp:"].iter().any(|link| text.to_ascii_lowercase().contains(link));
    if links { code(text) } else { prose(&clip(text)) }
}

/// A code span that shows `text` as it is, in a table too: a table ends a cell at a `|` even in a code span, so that
/// one stands between two spans.
pub(super) fn code(text: &str) -> String {
    let text = tame(&clip(text));
    let spans: Vec<String> = text.split('|').map(span).collect();
    if text.is_empty() { "(nothing)".into() } else { spans.join("&#124;") }
}

fn span(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // One blank at each end is not shown, unless there are only blanks, and keeps a backtick of the text off the fence.
    let is_bare = |c: Option<char>| !matches!(c, Some('`' | ' '));
    let as_it_is =
        text.trim_matches(' ').is_empty() || is_bare(text.chars().next()) && is_bare(text.chars().next_back());
    let blank = if as_it_is { "" } else { " " };
    format!("{fence}{blank}{text}{blank}{fence}")
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use comrak::nodes::NodeValue;
    use comrak::{Arena, Options, parse_document};

    use super::super::sample::{self, HOSTILE, assert_tight, finding, runbooks};
    use super::*;
    use crate::blob::{SkipReason, Skipped};

    /// What GitHub makes of a text: the code spans, the HTML, the links, and how many table cells and headings there are.
    #[derive(Default)]
    struct Seen {
        code: Vec<String>,
        html: Vec<String>,
        links: Vec<String>,
        text: String,
        rows: usize,
        cells: usize,
        headings: usize,
    }

    fn see(markdown: &str) -> Seen {
        let mut options = Options::default();
        let extension = &mut options.extension;
        (extension.table, extension.autolink, extension.strikethrough, extension.tasklist) = (true, true, true, true);
        let (arena, mut seen) = (Arena::new(), Seen::default());
        for node in parse_document(&arena, markdown, &options).descendants() {
            match &node.data.borrow().value {
                NodeValue::Code(code) => seen.code.push(code.literal.clone()),
                NodeValue::HtmlInline(html) => seen.html.push(html.clone()),
                NodeValue::HtmlBlock(html) => seen.html.push(html.literal.clone()),
                NodeValue::Link(link) => seen.links.push(link.url.clone()),
                NodeValue::Image(image) => seen.links.push(image.url.clone()),
                NodeValue::Text(text) => seen.text += &format!("{text}\n"),
                NodeValue::TableRow(false) => seen.rows += 1,
                NodeValue::TableCell => seen.cells += 1,
                NodeValue::Heading(_) => seen.headings += 1,
                _ => {}
            }
        }
        seen
    }

    #[test]
    fn it_reads_like_this() {
        let outcome = sample::mixed();
        let text = build(&outcome, &runbooks());
        assert_tight(&outcome, &text);
        sample::snapshot("report.markdown", &text);
        sample::snapshot("report.markdown.incomplete", &build(&sample::incomplete(), &runbooks()));
        sample::snapshot("report.markdown.clean", &build(&sample::clean(), &runbooks()));
    }

    #[test]
    fn nothing_that_was_scanned_is_markup() {
        let outcome = sample::hostile();
        let text = build(&outcome, &runbooks());
        let seen = see(&text);
        assert_eq!(seen.rows, 2 * HOSTILE.len());
        assert_eq!(seen.cells, 4 * (seen.rows + 1));
        assert_eq!(seen.headings, 4);
        let ours = |html: &&String| !["<br>", "<sub>", "</sub>"].contains(&html.as_str());
        assert_eq!(seen.html.iter().find(ours), None);
        assert!(seen.links.iter().all(|url| url.starts_with("https://github.com/")), "{:?}", seen.links);
        // Outside of code GitHub would notify and link these, however they are escaped.
        for mark in ["@", "#1", "evil"] {
            assert!(!seen.text.contains(mark), "{mark} in {}", seen.text);
        }
        for text in HOSTILE.iter().filter(|text| !text.contains('|')) {
            let place = format!("{}:7:9", tame(text));
            assert!(seen.code.contains(&place), "{place:?} in {:#?}", seen.code);
        }
    }

    #[test]
    fn a_span_shows_what_it_is_given() {
        for (text, shown) in [("a", "a"), ("`", "`"), ("``a`", "``a`"), (" a ", " a "), ("a\\", "a\\"), ("  ", "  ")] {
            assert_eq!(see(&code(text)).code, [shown], "{text:?}");
        }
        assert_eq!(code("a|b"), "`a`&#124;`b`");
        assert_eq!(code(""), "(nothing)");
    }

    #[test]
    fn a_comment_takes_it_and_is_told_what_is_missing() {
        let rules = sample::rules();
        let rule_ids = ["github-pat-classic", "generic-password", "url-postgres-password"];
        let path = "`|".repeat(2_000);
        let findings = (0..900).map(|n| {
            let rule = rule_ids[n % rule_ids.len()];
            finding(
                &rules,
                rule,
                &format!("ghp_{n}{}", sample::BODY),
                sample::file(&format!("{n}{path}")),
                n as u64 + 1,
            )
        });
        let mut outcome = sample::outcome(rules.clone(), findings.collect());
        outcome.coverage.skipped =
            (0..5_000).map(|n| Skipped::new(format!("{n}{path}"), SkipReason::Corrupt, "x@y")).collect();
        let text = build(&outcome, &runbooks());
        assert!(text.len() < 65_000, "{}", text.len());
        assert!(text.contains("**900 secrets in 900 places"), "{text}");
        let seen = see(&text);
        assert!(seen.rows > 5 && text.contains(&format!("and {} more secrets", 900 - seen.rows)), "{text}");
        assert!(text.contains("more items, which the other formats list"), "{text}");
    }
}
