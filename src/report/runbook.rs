//! A runbook as a text to follow: Markdown where that is shown as such, plain elsewhere.
//!
//! What is known of a credential is filled in; what is not stays as `<name>`. Everything that is not of a command is
//! escaped: some of it was read from the scanned text, and a place-holder must not vanish as an unknown HTML tag.

use std::fmt::Write;

use crate::detect::Fact;
use crate::rotation::fill;
use crate::rule::{Order, Phase, Runbook, Step};

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// What comes after the steps in every runbook: the mistake that makes a rotation worthless.
pub(super) const HISTORY: &str = "Deleting the line is not enough: whoever has a clone, a fork, a cache or a build log still has the \
                       value. Rotate first; rewriting the history comes second and never replaces it.";

/// How to run the proof without leaking the value once more.
pub(super) const LEAKED: &str = "Put the leaked value into the variable LEAKED without typing it into the command line (in bash: \
                      read -rs LEAKED && export LEAKED). Then this must fail:";

/// What comes first, and the step that does it.
#[must_use]
pub fn first_step(runbook: &Runbook) -> (&'static str, Option<&Step>) {
    let (phase, lead) = match runbook.order {
        Order::RevokeFirst => (Phase::Revoke, "Revoke it first"),
        Order::ReplaceFirst => (Phase::Replace, "Replace it, then revoke it"),
    };
    (lead, runbook.steps.iter().find(|s| s.phase == phase).or(runbook.steps.first()))
}

/// The first step with what is known filled in: what to do, where, with which command, each a line or several.
pub(super) fn first_lines(runbook: &Runbook, facts: &[&Fact]) -> Vec<String> {
    let (lead, Some(step)) = first_step(runbook) else { return Vec::new() };
    let mut lines = vec![format!("{lead}: {}", fill(step.action.trim(), facts))];
    lines.extend(step.url.iter().map(|url| fill(url, facts)));
    let command = step.command.iter().flat_map(|command| command.lines());
    lines.extend(command.map(|command| format!("$ {}", fill(command, facts))));
    lines
}

/// The runbook of a rule as GitHub-flavoured Markdown, nothing filled in.
#[must_use]
pub fn markdown(runbook: &Runbook) -> String {
    markdown_for(runbook, &[])
}

/// The runbook of a rule as plain text, nothing filled in.
#[must_use]
pub fn text(runbook: &Runbook) -> String {
    text_for(runbook, &[])
}

/// The runbook for a credential of which `facts` are known, as GitHub-flavoured Markdown.
#[must_use]
pub fn markdown_for(runbook: &Runbook, facts: &[&Fact]) -> String {
    let prose = |text: &str| escape(&fill(text, facts));
    let mut out = String::new();
    line!(out, "## What a holder can do\n\n{}\n", prose(&runbook.holder_can));
    line!(out, "## {}\n\n{}\n", first_step(runbook).0, prose(&runbook.breaks));
    line!(out, "## Steps\n");
    for (number, step) in (1..).zip(&runbook.steps) {
        let marker = format!("{number}. ");
        line!(out, "{marker}**{}.** {}", phase(step.phase), prose(&step.action));
        if let Some(url) = &step.url {
            line!(out, "\n{:1$}<{url}>", "", marker.len());
        }
        if let Some(command) = &step.command {
            line!(out, "");
            fence(&mut out, marker.len(), &fill(command, facts));
        }
        line!(out, "");
    }
    line!(out, "## Proof that it is dead\n\n{}\n", escape(LEAKED));
    fence(&mut out, 0, &fill(&runbook.proof.command, facts));
    line!(out, "\nIt fails with: {}\n", prose(&runbook.proof.fails_with));
    line!(out, "{HISTORY}\n");
    line!(out, "Documentation: <{}>. These steps were last checked on {}.", runbook.docs, runbook.reviewed);
    out
}

/// The runbook for a credential of which `facts` are known, as plain text.
#[must_use]
pub fn text_for(runbook: &Runbook, facts: &[&Fact]) -> String {
    let mut out = String::new();
    line!(out, "What a holder can do: {}\n", fill(&runbook.holder_can, facts));
    line!(out, "{}. {}\n", first_step(runbook).0, fill(&runbook.breaks, facts));
    for (number, step) in (1..).zip(&runbook.steps) {
        line!(out, "{number}. {}: {}", phase(step.phase), fill(&step.action, facts));
        if let Some(url) = &step.url {
            line!(out, "   {url}");
        }
        if let Some(command) = &step.command {
            indented(&mut out, "   $ ", &fill(command, facts));
        }
    }
    line!(out, "\nProof that it is dead. {LEAKED}");
    indented(&mut out, "   $ ", &fill(&runbook.proof.command, facts));
    line!(out, "It fails with: {}\n", fill(&runbook.proof.fails_with, facts));
    line!(out, "{HISTORY}\n");
    line!(out, "Documentation: {} (these steps were last checked on {})", runbook.docs, runbook.reviewed);
    out
}

pub(super) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Revoke => "Revoke",
        Phase::Replace => "Replace",
        Phase::Store => "Store",
        Phase::Deploy => "Deploy",
        Phase::Prove => "Prove",
        Phase::Audit => "Audit",
        Phase::Tell => "Tell",
    }
}

/// A command of several lines keeps its lines below each other.
fn indented(out: &mut String, prompt: &str, command: &str) {
    let rest = " ".repeat(prompt.len());
    for (number, text) in command.lines().enumerate() {
        line!(out, "{}{text}", if number == 0 { prompt } else { &rest });
    }
}

/// A fenced block whose fence is longer than any run of backticks in it.
pub(super) fn fence(out: &mut String, indent: usize, command: &str) {
    let longest = command.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let (fence, indent) = ("`".repeat(longest.max(2) + 1), " ".repeat(indent));
    line!(out, "{indent}{fence}sh");
    for text in command.lines() {
        line!(out, "{indent}{text}");
    }
    line!(out, "{indent}{fence}");
}

/// Prose whose every character stands for itself. Addresses stay as they are, so that they become links.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        if is_address(word.trim()) {
            escaped.push_str(word);
            continue;
        }
        for c in word.chars() {
            if "\\`*_[]<>&#~|!".contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
        }
    }
    escaped
}

fn is_address(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&+,;=%()".contains(c);
    word.trim_start_matches('(').starts_with("https://") && word.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Catalogue;

    fn aws() -> Runbook {
        Catalogue::embedded().runbook("aws-access-key").expect("it is in the catalogue").clone()
    }

    #[test]
    fn every_runbook_has_all_its_parts() {
        let catalogue = Catalogue::embedded();
        for runbook in catalogue.files().iter().flat_map(|file| &file.rotation) {
            let (markdown, plain) = (markdown(runbook), text(runbook));
            for part in
                ["## What a holder can do", "\n1. **", "## Proof that it is dead", &runbook.docs, &runbook.reviewed]
            {
                assert!(markdown.contains(part), "`{}`: no `{part}` in\n{markdown}", runbook.id);
            }
            for step in &runbook.steps {
                let command = step.command.as_deref().map(|c| fill(c, &[])).unwrap_or_default();
                let first = command.lines().next().unwrap_or_default();
                assert!(markdown.contains(first) && plain.contains(first), "`{}`: {first}", runbook.id);
            }
            assert_eq!(markdown.matches("```").count() % 2, 0, "`{}`", runbook.id);
            assert!(plain.contains(&format!("\n{}. ", runbook.steps.len())), "`{}`", runbook.id);
        }
    }

    #[test]
    fn what_is_not_known_stays_visible() {
        let text = markdown(&aws());
        assert!(text.contains("account \\<account-id\\> owns it"), "{text}");
        assert!(text.contains("--access-key-id <key-id>\n   ```"), "{text}");
    }

    #[test]
    fn what_is_known_is_filled_in() {
        let fact = Fact::new("account_id", "123456789012");
        assert!(markdown_for(&aws(), &[&fact]).contains("account 123456789012 owns it"));
        assert!(text_for(&aws(), &[&fact]).contains("account 123456789012 owns it"));
    }

    #[test]
    fn prose_stands_for_itself_and_addresses_are_links() {
        assert_eq!(escape("a_b [x](y) <z>"), "a\\_b \\[x\\](y) \\<z\\>");
        assert_eq!(escape("see https://x.example/a_b."), "see https://x.example/a_b.");
        assert_eq!(escape("https://x.example/[a](javascript:b)"), "https://x.example/\\[a\\](javascript:b)");
    }

    #[test]
    fn a_fence_holds_backticks() {
        let mut out = String::new();
        fence(&mut out, 3, "echo ```\nls");
        assert_eq!(out, "   ````sh\n   echo ```\n   ls\n   ````\n");
    }
}
