//! What a push would publish: the commits that the remote repository does not have.

use std::sync::atomic::AtomicU64;
use std::time::Instant;

use super::history::{Context, HistoryOptions};
use super::outcome::{Archives, Coverage, Frame, Gathered, ScanOutcome};
use super::{Monitor, Plan};
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
        comments: plan.silencing.comments,
        shown: SHOWN.into(),
        prefix: String::new(),
    };
    let outcome = context.guarded(|context| context.repository(&located.repository.git_dir))?;
    let archives = Archives { left_closed: plan.archives.is_none(), ..Archives::default() };
    let mut coverage = Coverage {
        archives,
        skipped: outcome.skipped,
        histories: vec![outcome.coverage],
        excluded: excluded.into_inner(),
        ..Coverage::default()
    };
    if monitor.is_cancelled() {
        let detail = "it was stopped before everything was looked at; run it again";
        coverage.skipped.push(Skipped::new("the rest of the commits", SkipReason::Interrupted, detail));
    }
    let gathered = Gathered { findings: outcome.findings, below: outcome.below, coverage };
    let frame = Frame { detector, plan, others: &[], exclude: &exclude, started };
    Ok(gathered.conclude(&frame, Some(located.top.clone())))
}
