//! Standard input, which may be a pipe whose writer is still at work: what is found is told as it comes.

use std::fmt;
use std::io::{self, Read};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Coverage, Scan, ScanOutcome, Worker, built, text_scan};
use crate::blob::Origin;
use crate::finding::silencing::Scope;
use crate::finding::{self, Candidate, Finding, Redactor, Snippet};
use crate::source::arrivals::Steady;
use crate::source::encoding::{Encoding, SNIFFED};
use crate::source::git::bundle;
use crate::source::source_map::Passing;
use crate::source::worktree::Exclude;

type Tell = Box<dyn Fn(&ScanOutcome) + Send + Sync>;

/// Somebody who is told at once what is found in standard input. What is told is never taken back, and is in the outcome of the scan
/// again, with what is only known at its end: how often it was met, and when last.
#[derive(Default)]
pub struct Watcher(OnceLock<Tell>);

impl Watcher {
    /// From now on `tell` is called, with an outcome that has nothing but what is new. Only the first one counts.
    pub fn set(&self, tell: impl Fn(&ScanOutcome) + Send + Sync + 'static) {
        let _ = self.0.set(Box::new(tell));
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watcher").field(&self.0.get().is_some()).finish()
    }
}

/// Characters of a name that are told with a secret.
const NAME: usize = 40;

/// What stands directly before a secret and gives it its name: `API_KEY=`, `"password": "`. Nothing else of the line can be shown
/// before the end: it may hold what is known for a secret only from a later line.
fn name_before(before: &str) -> String {
    let trimmed = before.trim_end_matches(['"', '\'', '`', ' ']);
    let Some(name) = trimmed.strip_suffix([':', '=']) else { return String::new() };
    let name = name.trim_end_matches(['"', '\'', ' ', ':', '=']);
    let is_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let characters = name.chars().rev().take(NAME + 1).take_while(is_name).count();
    if (1..=NAME).contains(&characters) { before[name.len() - characters..].to_owned() } else { String::new() }
}

impl Scan<'_> {
    /// Scans standard input. What is no text in bytes, and what nobody waits for, is scanned like any stream.
    pub(super) fn standard_input(&self, mut stdin: impl Read + Send, worker: &mut Worker) {
        let Some(tell) = self.monitor.watcher.0.get() else {
            return self.stream(&Origin::Stdin, (&[], Steady(stdin)), None, worker);
        };
        let mut start = Vec::new();
        let mut read = Ok(0);
        while start.is_empty() && !self.monitor.is_cancelled() {
            read = (&mut stdin).take(SNIFFED as u64).read_to_end(&mut start);
            match &read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                _ => break,
            }
        }
        let failed = read.is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock);
        let opened = self.opener.opens(&start, Origin::Stdin.path());
        if failed || opened || bundle::is_bundle(&start) || Encoding::sniff(&start) != Encoding::Bytes {
            return self.stream(&Origin::Stdin, (&start, Steady(stdin)), None, worker);
        }
        let mut text = text_scan(self.detector, self.plan, &Origin::Stdin);
        self.monitor.items.fetch_add(1, Ordering::Relaxed);
        let mut tell = |candidates| self.tell(candidates, tell);
        let mut passing = Passing::new(stdin, &start, built::seeker(&Origin::Stdin));
        let (bytes, read) = text.live(&start, &mut passing, self.monitor, &mut tell);
        worker.bytes += bytes;
        self.told_of_end(&Origin::Stdin, bytes, read, worker);
        self.keep(&Origin::Stdin, text, (passing.finish(), None), worker);
    }

    /// Tells what was found, unless something silences it or it is not sure enough.
    fn tell(&self, candidates: Vec<Candidate>, tell: &Tell) {
        let rules = self.detector.rules();
        let mut found = finding::findings(&Origin::Stdin, rules, candidates, &self.plan.keys);
        let redactor = Redactor::new(found.iter().map(|finding| &finding.secret));
        for finding in &mut found {
            finding.snippet = Snippet { before: name_before(&finding.snippet.before), after: String::new() };
            finding.redact(&redactor);
        }
        // No glob is none that is invalid; then nothing is told before the end.
        let Ok(exclude) = Exclude::new(std::path::Path::new(""), &[]) else { return };
        let least = self.plan.min_confidence;
        let scope = Scope { rules, others: &[], whole: false, exclude: &exclude, least };
        self.plan.silencing.apply(&mut found, &scope, &redactor);
        let findings: Vec<Finding> =
            found.into_iter().filter(|f| f.silence.is_none() && f.confidence >= least).collect();
        if !findings.is_empty() {
            tell(&ScanOutcome {
                rules: rules.clone(),
                findings,
                silenced: Vec::new(),
                below_confidence: 0,
                coverage: Coverage::default(),
                base: None,
                elapsed: Duration::ZERO,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_is_told_with_a_secret() {
        for (before, name) in [
            ("export API_KEY=", "API_KEY="),
            (r#"{"user": "hunter2", "password": ""#, r#"password": ""#),
            ("Authorization: Bearer ", ""),
            ("token: '", "token: '"),
            ("hunter2 ", ""),
            ("", ""),
            ("=", ""),
            ("naïve=", "ve="),
        ] {
            assert_eq!(name_before(before), name, "{before}");
        }
        assert_eq!(name_before(&format!("{}=", "x".repeat(99))), "");
    }
}
