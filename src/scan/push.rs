//! What a push would publish: the commits that the remote repository does not have.

use std::sync::atomic::AtomicU64;
use std::time::Instant;

use super::history::{Context, HistoryOptions};
use super::{Coverage, Monitor, Plan, ScanOutcome, in_order, redact};
use crate::blob::{SkipReason, Skipped};
use crate::detect::Detector;
use crate::source::git::discover::Located;
use crate::source::worktree::Exclude;

/// How the repository is called.
const SHOWN: &str = ".git";

/// Scans the commits of one repository that `options` select, and no files.
///
/// # Errors
/// A commit that is to be pushed is not there, or a glob is invalid.
pub fn run(
    detector: &Detector,
    plan: &Plan,
    options: &HistoryOptions,
    located: &Located,
    monitor: &Monitor,
) -> Result<ScanOutcome, String> {
    let started = Instant::now();
    let exclude = Exclude::new(&located.top, &plan.walk.exclude)?;
    let excluded = AtomicU64::new(0);
    let context = Context {
        detector,
        plan,
        options,
        monitor,
        exclude: &exclude,
        excluded: &excluded,
        shown: SHOWN.into(),
        prefix: String::new(),
    };
    let outcome = context.guarded(|context| context.repository(&located.repository.git_dir))?;
    let mut coverage = Coverage {
        skipped: outcome.skipped,
        histories: vec![outcome.coverage],
        excluded: excluded.into_inner(),
        ..Coverage::default()
    };
    if monitor.is_cancelled() {
        let detail = "it was stopped before everything was looked at; run it again";
        coverage.skipped.push(Skipped::new("the rest of the commits", SkipReason::Interrupted, detail));
    }
    coverage.skipped.sort();
    let mut findings = in_order(outcome.findings);
    redact(&mut findings, &mut coverage);
    let all = findings.len();
    findings.retain(|finding| finding.confidence >= plan.min_confidence);
    Ok(ScanOutcome {
        rules: detector.rules().clone(),
        below_confidence: (all - findings.len()) as u64 + outcome.below,
        findings,
        silenced: Vec::new(),
        coverage,
        base: Some(located.top.clone()),
        elapsed: started.elapsed(),
    })
}
