//! Text for a person who is about to commit or push: what, where, and the two ways on.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::json::silenced;
use super::text::{Options, count, shown, tame};
use crate::blob::Skipped;
use crate::finding::Finding;
use crate::rotation::Credential;
use crate::scan::{ScanOutcome, Verdict};

/// What the person is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Commit what is staged.
    Commit,
    /// Push commits.
    Push,
}

/// Places and things not looked at that are listed before the rest is only counted.
const LISTED: usize = 20;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))).bold();
const YELLOW: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))).bold();

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// The report, with ANSI styles; whoever writes it strips them where they are not wanted.
#[must_use]
pub fn build(outcome: &ScanOutcome, about: About, options: Options) -> String {
    let mut out = String::new();
    if !outcome.findings.is_empty() {
        write_findings(&mut out, outcome, about, options);
    }
    if !outcome.coverage.skipped.is_empty() {
        write_ledger(&mut out, outcome, about);
    }
    let rotated = silenced(outcome).rotated;
    for (what, number) in [("silenced", outcome.silenced.len() as u64 - rotated), ("rotated", rotated)] {
        if number > 0 {
            line!(out, "{DIM}cleansweep: {what}: {}.{DIM:#}", count(number, "finding"));
        }
    }
    if outcome.verdict() == Verdict::Clean {
        line!(out, "cleansweep: no secrets in {}.", looked_at(outcome, about));
    }
    out
}

fn looked_at(outcome: &ScanOutcome, about: About) -> String {
    match about {
        About::Commit if outcome.coverage.staged => count(outcome.coverage.items, "staged file"),
        About::Commit => count(outcome.coverage.items, "file"),
        About::Push => {
            let commits = outcome.coverage.histories.iter().map(|history| history.commits).sum();
            count(commits, "commit")
        }
    }
}

fn write_findings(out: &mut String, outcome: &ScanOutcome, about: About, options: Options) {
    let credentials = Credential::group(&outcome.rules, &outcome.findings);
    let number = count(credentials.len() as u64, "secret");
    let would = match about {
        About::Commit => "this commit would add",
        About::Push => "this push would publish",
    };
    line!(out, "{RED}cleansweep: {would} {number}.{RED:#}\n");
    for finding in outcome.findings.iter().take(LISTED) {
        write_finding(out, outcome, finding, options);
    }
    if outcome.findings.len() > LISTED {
        line!(out, "  and in {} more places (--format json lists them all)", outcome.findings.len() - LISTED);
    }
    let one = outcome.rules.get(credentials[0].rule);
    let it = if credentials.len() == 1 { "it" } else { "each" };
    line!(out, "\n{BOLD}Two ways on:{BOLD:#}");
    match about {
        About::Commit => {
            line!(
                out,
                "  1. Remove {it}: let an environment variable or a secret manager hold the value, `git add` the file, commit"
            );
            line!(
                out,
                "     again. If it was ever pushed or shown to anybody, replace it: cleansweep rules show {}",
                one.id
            );
        }
        About::Push => {
            line!(
                out,
                "  1. Remove {it} from the commits that are not pushed yet (`git rebase -i`, `git commit --amend`): a later"
            );
            line!(
                out,
                "     commit does not take it back. If it was ever shown to anybody: cleansweep rules show {}",
                one.id
            );
        }
    }
    line!(out, "  2. If it is no secret, say so in a comment on its line: cleansweep:allow REASON");
}

fn write_finding(out: &mut String, outcome: &ScanOutcome, finding: &Finding, options: Options) {
    let rule = outcome.rules.get(finding.rule);
    let place = match finding.origin.is_name() {
        true => format!("{} (its name)", tame(finding.origin.path())),
        false => format!("{}:{}:{}", tame(finding.origin.path()), finding.start.line, finding.start.column),
    };
    let introduced = finding.history.as_ref().and_then(|history| history.exposures.first()?.introduced.as_ref());
    let commit = introduced.map(|commit| format!(" in commit {}", commit.short())).unwrap_or_default();
    line!(out, "  {BOLD}{place}{BOLD:#}{commit}  {} {DIM}{}{DIM:#}", rule.title, rule.id);
    let (before, after) = (tame(&finding.snippet.before), tame(&finding.snippet.after));
    line!(out, "      {before}{RED}{}{RED:#}{after}", shown(finding, options));
    if finding.more > 0 {
        line!(out, "      {DIM}and {} more times in this file{DIM:#}", finding.more);
    }
}

fn write_ledger(out: &mut String, outcome: &ScanOutcome, about: About) {
    let skipped = &outcome.coverage.skipped;
    let number = count(skipped.len() as u64, "item");
    line!(out, "{YELLOW}cleansweep: not looked at: {number}, so that a secret in there would not be seen.{YELLOW:#}");
    for Skipped { what, reason, detail } in skipped.iter().take(LISTED) {
        line!(out, "  {}: {} ({})", tame(what), tame(detail), reason.id());
    }
    if skipped.len() > LISTED {
        line!(out, "  and {} more (--format json lists them all)", skipped.len() - LISTED);
    }
    if outcome.findings.is_empty() {
        let verb = if about == About::Commit { "commit" } else { "push" };
        line!(out, "Nothing was found in the rest. `git {verb} --no-verify` goes on without this check.");
    }
}
