//! Text for a person at a terminal: one entry for each credential with its places and the first thing to do, then
//! what was looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{json, rotated, runbook, seen, sentences};
use crate::blob::Skipped;
use crate::detect::Fact;
use crate::finding::history::{History, Version};
use crate::finding::{Finding, SilencedBy};
use crate::rotation::{Credential, Runbooks, fill};
use crate::rule::{Runbook, Severity, personal};
use crate::scan::{Coverage, ScanOutcome, Verdict};

/// What a text report shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Raw secrets instead of redacted ones.
    pub reveal: bool,
    /// The evidence for and against each finding.
    pub explain: bool,
}

/// Names that lead to a place of a history.
const REFS: usize = 3;

/// Places listed for one credential before the rest is only counted.
const PLACES: usize = 10;

/// Entries of the ledger listed before the rest is only counted; other formats have them all.
const SKIPPED: usize = 20;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// The report, with ANSI styles; whoever writes it strips them where they are not wanted.
#[must_use]
pub fn build(outcome: &ScanOutcome, runbooks: &Runbooks, options: Options) -> String {
    let mut out =
        findings(outcome, &outcome.findings.iter().collect::<Vec<_>>(), runbooks, options, &mut BTreeSet::new());
    out.push_str(&rotated::list(outcome));
    write_summary(&mut out, outcome, &Credential::group(&outcome.rules, &outcome.findings));
    out
}

/// Some of the findings, by credential. `told` has the runbooks whose advice was given.
pub(super) fn findings(
    outcome: &ScanOutcome,
    findings: &[&Finding],
    runbooks: &Runbooks,
    options: Options,
    told: &mut BTreeSet<String>,
) -> String {
    let mut out = String::new();
    for credential in &Credential::group(&outcome.rules, findings.iter().copied()) {
        write_credential(&mut out, outcome, credential, options);
        write_advice(&mut out, outcome, runbooks, credential, told);
    }
    out
}

/// What was looked at and what it amounts to, without the findings.
#[must_use]
pub fn summary(outcome: &ScanOutcome) -> String {
    let mut out = String::new();
    write_summary(&mut out, outcome, &Credential::group(&outcome.rules, &outcome.findings));
    out
}

fn colour(severity: Severity) -> Style {
    let colour = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low | Severity::Info => AnsiColor::Cyan,
    };
    Style::new().fg_color(Some(colour.into())).bold()
}

/// Text from the scanned bytes, without what a terminal would obey and what makes text look like another: control
/// characters, separators of lines and paragraphs, marks of the direction of writing. Nor does it hold what GitHub's and
/// Azure's runners obey anywhere in a line of a log.
pub(super) fn tame(text: &str) -> String {
    let misleads = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let tamed: String = text.chars().map(|c| if misleads(c) { '\u{fffd}' } else { c }).collect();
    if tamed.contains("##") { tamed.replace("##[", "# #[").replace("##vso[", "# #vso[") } else { tamed }
}

/// A path that begins a line. GitHub's runner obeys lines of a log that begin with `::`.
pub(super) fn leading(path: &str) -> String {
    let path = tame(path);
    if path.starts_with("::") { format!("./{path}") } else { path }
}

pub(super) fn shown(finding: &Finding, options: Options) -> String {
    let secret = if options.reveal {
        String::from_utf8_lossy(finding.secret.reveal()).into_owned()
    } else {
        finding.secret.redacted()
    };
    tame(&secret.replace('\n', "⏎"))
}

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

fn write_credential(out: &mut String, outcome: &ScanOutcome, credential: &Credential<'_>, options: Options) {
    let rule = outcome.rules.get(credential.rule);
    let style = colour(credential.severity(&outcome.rules));
    let severity = json::severity(credential.severity(&outcome.rules));
    let confidence = json::confidence(credential.confidence);
    let title = &rule.title;
    line!(out, "{style}{severity:<8}{style:#} {BOLD}{title}{BOLD:#} {DIM}{} · {confidence} confidence{DIM:#}", rule.id);
    for finding in credential.exposures.iter().take(PLACES) {
        let (path, line, column) = (leading(finding.origin.path()), finding.start.line, finding.start.column);
        let past = if finding.history.is_some() { "in history: " } else { "" };
        line!(out, "  {past}{path}:{line}:{column}");
        for remark in sentences::remarks(&outcome.rules, finding) {
            line!(out, "    {}", tame(&remark));
        }
        let secret = shown(finding, options);
        line!(
            out,
            "    {DIM}│{DIM:#} {}{style}{secret}{style:#}{}",
            tame(&finding.snippet.before),
            tame(&finding.snippet.after)
        );
        if let Some(seen) = seen::sentence(finding) {
            line!(out, "    {DIM}{}{DIM:#}", tame(&seen));
        } else if finding.more > 0 {
            line!(out, "    {DIM}and {} more times in this file{DIM:#}", finding.more);
        }
        if let Some(history) = &finding.history {
            write_history(out, history);
        }
        if options.explain {
            line!(out, "    fingerprint {}", finding.fingerprint);
            for evidence in finding.score.evidence() {
                line!(out, "    {:>+5}  {}", evidence.points, evidence.reason);
            }
            line!(out, "    {:>5}  {}", finding.score.total(), json::confidence(finding.confidence));
        }
    }
    if credential.exposures.len() > PLACES {
        line!(out, "  and in {} more places (--format json lists them all)", credential.exposures.len() - PLACES);
    }
}

/// When a secret came and went, and what leads to it.
fn write_history(out: &mut String, history: &History) {
    for (nth, exposure) in history.exposures.iter().take(PLACES).enumerate() {
        let place = if nth == 0 { String::new() } else { format!("also {}: ", tame(exposure.origin.path())) };
        line!(out, "    {place}{} · {}", tame(&exposure.told()), tame(&exposure.led_to_by(REFS)));
    }
    if history.exposures.len() > PLACES {
        line!(out, "    and in {} more places (--format json lists them all)", history.exposures.len() - PLACES);
    }
    if history.listed.is_empty() && history.versions > 1 {
        line!(out, "    {DIM}in {} versions (--all-occurrences lists them){DIM:#}", grouped(history.versions));
    }
    for Version { path, object, commit, line, column } in &history.listed {
        let object = match commit {
            Some(commit) => format!("commit {}", commit.get(..10).unwrap_or(commit)),
            None => format!("object {}", object.get(..10).unwrap_or(object)),
        };
        line!(out, "      {}:{line}:{column} {DIM}{object}{DIM:#}", leading(path));
    }
}

/// What the credential tells about itself and what to do first; the same advice is given once.
fn write_advice(
    out: &mut String,
    outcome: &ScanOutcome,
    runbooks: &Runbooks,
    credential: &Credential<'_>,
    told: &mut BTreeSet<String>,
) {
    let rule = outcome.rules.get(credential.rule);
    let facts = credential.facts();
    if !facts.is_empty() {
        let facts: Vec<String> = facts.iter().map(|f| tame(&f.to_string())).collect();
        line!(out, "  {}", facts.join(" · "));
    }
    let place = Fact::new("path", credential.exposures[0].origin.path());
    let known: Vec<&Fact> = facts.iter().copied().chain([&place]).collect();
    match runbooks.of(rule) {
        Some(runbook) if !facts.is_empty() || told.insert(rule.rotation.clone()) => {
            // A rule of the user's is shown by no command, the one whose runbook it has is.
            let shown = if rule.search().is_some() { &rule.rotation } else { &rule.id };
            write_first_steps(out, runbook, &known, shown);
        }
        Some(_) => line!(out, "  {DIM}what to do: as above for {}{DIM:#}", rule.rotation),
        None if rule.is_personal() && told.insert(rule.rotation.clone()) => line!(out, "  {}", personal::ADVICE),
        None => {}
    }
    line!(out, "");
}

fn write_first_steps(out: &mut String, runbook: &Runbook, facts: &[&Fact], rule: &str) {
    let (lead, step) = runbook::first_step(runbook);
    if let Some(step) = step {
        line!(out, "  {BOLD}{lead}:{BOLD:#} {}", tame(&fill(&step.action, facts)));
        if let Some(url) = &step.url {
            line!(out, "    {}", tame(&fill(url, facts)));
        }
        if let Some(command) = &step.command {
            line!(out, "    $ {}", tame(&fill(command, facts)));
        }
    }
    line!(out, "  {DIM}all steps: cleansweep rules show {rule}{DIM:#}");
}

fn write_ledger(out: &mut String, outcome: &ScanOutcome) {
    let skipped = &outcome.coverage.skipped;
    if skipped.is_empty() {
        return;
    }
    line!(out, "{BOLD}Not looked at{BOLD:#}");
    for Skipped { what, reason, detail } in skipped.iter().take(SKIPPED) {
        line!(out, "  {}: {} ({})", leading(what), tame(detail), reason.id());
    }
    if skipped.len() > SKIPPED {
        line!(out, "  and {} more (--format json lists them all)", skipped.len() - SKIPPED);
    }
    line!(out, "");
}

/// What there is to know of silencing.
fn write_silencing(out: &mut String, outcome: &ScanOutcome) {
    let notes = &outcome.coverage.notes;
    if notes.is_empty() {
        return;
    }
    line!(out, "{BOLD}Silencing{BOLD:#}");
    for note in notes.iter().take(SKIPPED) {
        line!(out, "  {}: {} ({})", tame(&note.place), tame(&note.detail), note.kind.id());
    }
    if notes.len() > SKIPPED {
        line!(out, "  and {} more (--format json lists them all)", notes.len() - SKIPPED);
    }
    line!(out, "");
}

fn write_summary(out: &mut String, outcome: &ScanOutcome, credentials: &[Credential<'_>]) {
    write_ledger(out, outcome);
    write_silencing(out, outcome);
    line!(out, "{} in {:.2} s.", extent(&outcome.coverage), outcome.elapsed.as_secs_f64());
    if let Some(base) = &outcome.base {
        line!(out, "{DIM}Paths are relative to {}{DIM:#}", tame(&base.to_string_lossy()));
    }
    for note in notes(outcome) {
        line!(out, "{note}");
    }
    let colour = match outcome.verdict() {
        Verdict::Clean => AnsiColor::Green,
        Verdict::Incomplete => AnsiColor::Yellow,
        Verdict::Findings => AnsiColor::Red,
    };
    let style = Style::new().fg_color(Some(colour.into())).bold();
    line!(out, "{style}{}{style:#}", verdict(outcome, credentials));
}

/// What the scan amounts to, in a sentence or two.
pub(super) fn verdict(outcome: &ScanOutcome, credentials: &[Credential<'_>]) -> String {
    match outcome.verdict() {
        Verdict::Clean => "No secrets found.".to_owned(),
        Verdict::Incomplete => format!(
            "Nothing found, but the scan is incomplete: {} not looked at.",
            count(outcome.coverage.skipped.len() as u64, "item")
        ),
        Verdict::Findings => tally(outcome, credentials),
    }
}

/// How much was looked at.
pub(super) fn extent(coverage: &Coverage) -> String {
    let items = count(coverage.items, if coverage.staged { "staged file" } else { "file" });
    let packed = match (coverage.archives.members, coverage.archives.containers) {
        (0, _) => String::new(),
        (members, containers) => format!(", {} of them in {}", grouped(members), count(containers, "container")),
    };
    format!("Scanned {} in {items}{packed}{}", bytes(coverage.bytes), histories(coverage))
}

/// ` and 12 commits of history`.
fn histories(coverage: &Coverage) -> String {
    if coverage.histories.is_empty() {
        return String::new();
    }
    let of = match coverage.histories.len() {
        1 => String::new(),
        several => format!(" of {several} repositories"),
    };
    let commits = coverage.histories.iter().map(|history| history.commits).sum();
    format!(" and {} of history{of}", count(commits, "commit"))
}

fn tally(outcome: &ScanOutcome, credentials: &[Credential<'_>]) -> String {
    let mut parts = Vec::new();
    for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info] {
        let number = credentials.iter().filter(|c| c.severity(&outcome.rules) == severity).count();
        if number > 0 {
            parts.push(format!("{number} {}", json::severity(severity)));
        }
    }
    let of = |finding: &Finding| finding.history.as_ref().map_or(1, |history| history.exposures.len() as u64);
    let places = outcome.findings.iter().map(of).sum();
    let incomplete = match outcome.coverage.skipped.len() {
        0 => String::new(),
        n => format!(" The scan is incomplete: {} not looked at.", count(n as u64, "item")),
    };
    let personal = credentials.iter().filter(|c| outcome.rules.get(c.rule).is_personal()).count() as u64;
    let secrets = credentials.len() as u64 - personal;
    let found = match (secrets, personal) {
        (_, 0) => count(secrets, "secret"),
        (0, _) => count(personal, "piece of personal data"),
        _ => format!("{} and {}", count(secrets, "secret"), count(personal, "piece of personal data")),
    };
    format!("{found} in {}: {}.{incomplete}", count(places, "place"), parts.join(", "))
}

/// That archives and compressed files were not opened, if the user wants it so.
pub(super) fn archives(coverage: &Coverage) -> Option<String> {
    let number = || match coverage.archives.containers {
        0 => "none in the files".to_owned(),
        some => count(some, "file"),
    };
    coverage
        .archives
        .left_closed
        .then(|| format!("Not opened, because of --no-archives: archives and compressed files ({}).", number()))
}

/// What limits the meaning of the verdict without making the scan incomplete: what the user chose, and what there was nothing to see of.
pub(super) fn notes(outcome: &ScanOutcome) -> Vec<String> {
    let coverage = &outcome.coverage;
    let mut notes = Vec::new();
    if !coverage.unscanned_histories.is_empty() {
        let number = count(coverage.unscanned_histories.len() as u64, "repository");
        notes.push(format!("The git history of {number} was not scanned."));
    }
    if coverage.excluded > 0 {
        notes.push(format!("Left out by --exclude: {}.", count(coverage.excluded, "file or folder")));
    }
    notes.extend(archives(coverage));
    if coverage.gitignore_respected {
        notes.push("Left out: what .gitignore names (--respect-gitignore).".into());
    }
    if !coverage.broken_links.is_empty() {
        notes.push(format!("{} without a target.", count(coverage.broken_links.len() as u64, "link")));
    }
    if outcome.below_confidence > 0 {
        let number = count(outcome.below_confidence, "possible secret");
        notes.push(format!("Not shown: {number} of lower confidence (--confidence low shows them)."));
    }
    notes.extend(silenced(outcome));
    notes.extend(rotated::note(outcome));
    notes
}

/// `Silenced: 3 secrets (2 by comments, 1 by the baseline).` In brackets are places, of which a secret can have several.
fn silenced(outcome: &ScanOutcome) -> Option<String> {
    let (mut secrets, mut by) = (BTreeSet::new(), BTreeMap::<_, u64>::new());
    for (finding, silence) in outcome.silenced.iter().filter_map(|f| Some((f, f.silence.as_deref()?))) {
        if silence.by == SilencedBy::Ledger {
            continue;
        }
        secrets.insert(finding.credential);
        *by.entry(silence.by).or_default() += 1;
    }
    let places: u64 = by.values().sum();
    let by: Vec<String> = by.iter().map(|(by, number)| format!("{} by {}", grouped(*number), silencer(*by))).collect();
    let secrets = secrets.len() as u64;
    let spread = if places == secrets { String::new() } else { format!(" in {}", count(places, "place")) };
    (secrets > 0).then(|| format!("Silenced: {}{spread} ({}).", count(secrets, "secret"), by.join(", ")))
}

fn silencer(by: SilencedBy) -> &'static str {
    match by {
        SilencedBy::Comment => "comments",
        SilencedBy::Configuration => "the configuration",
        SilencedBy::Baseline => "the baseline",
        SilencedBy::Ledger => "the ledger",
    }
}

/// `1 file`, `1,234 files`.
pub(super) fn count(number: u64, noun: &str) -> String {
    let plural = match noun {
        _ if number == 1 => noun.into(),
        "repository" => "repositories".into(),
        "piece of personal data" => "pieces of personal data".into(),
        "file or folder" => "files or folders".into(),
        _ => format!("{noun}s"),
    };
    format!("{} {plural}", grouped(number))
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `12 bytes`, `1.2 MB`.
fn bytes(number: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(size, _)| number >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", number as f64 / *size as f64),
        None => count(number, "byte"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(1_234_567, "file"), "1,234,567 files");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(61_234_567), "61.2 MB");
    }

    #[test]
    fn a_terminal_obeys_nothing_that_was_scanned() {
        assert_eq!(tame("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(tame("a\u{202e}b"), "a\u{fffd}b");
        assert_eq!(tame("x ###[add-mask]y ##vso[task]z"), "x ## #[add-mask]y # #vso[task]z");
        assert_eq!(leading("::stop-commands::x"), "./::stop-commands::x");
    }

    #[test]
    fn what_is_silenced_is_counted() {
        let mut outcome = sample::mixed();
        assert_eq!(
            silenced(&outcome).as_deref(),
            Some("Silenced: 2 secrets in 3 places (2 by comments, 1 by the baseline).")
        );
        outcome.silenced.remove(0);
        let text = summary(&outcome);
        assert!(text.contains("\nSilenced: 2 secrets (1 by comments, 1 by the baseline).\n"), "{text}");
        outcome.silenced.clear();
        assert_eq!(silenced(&outcome), None);
    }
}
