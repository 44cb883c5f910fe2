//! What the user names besides the project: logs, exports and mails, scanned and read.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use cleansweep::checklist::checks::samples::{Exports, Message, Pictures, Samples, TreeLogs, Watch};
use cleansweep::detect::Detector;
use cleansweep::rule::{Catalogue, RuleSource};
use cleansweep::scan::{self as engine, Monitor, Plan, ScanOutcome, Tap};
use cleansweep::source::file;
use cleansweep::source::worktree::Root;

use super::super::error::CliError;
use super::super::rules::RuleArgs;

/// A larger file is no mail, in bytes.
const LIMIT: u64 = 64 << 20;

/// What is looked at besides the project
#[derive(Debug, Default, Args)]
pub(crate) struct GivenArgs {
    /// Logs of the application or the CI, files or folders; without any, SEC-04 stays open; repeatable
    #[arg(long, value_name = "PATH")]
    logs: Vec<PathBuf>,

    /// What was exported of chats, mailboxes, documents or issues, files or folders, to be searched for keys (SEC-06); repeatable
    #[arg(long, value_name = "PATH")]
    exports: Vec<PathBuf>,

    /// A mail of the product as it was received, saved with all its headers (MAIL-05); repeatable
    #[arg(long, value_name = "FILE")]
    eml: Vec<PathBuf>,
}

impl GivenArgs {
    /// Reads the mails, and sees that what else is named is there: what is wrong is told before a scan that may take a while.
    pub(crate) fn messages(&self) -> Result<Vec<Message>, CliError> {
        for (option, paths) in [("--logs", &self.logs), ("--exports", &self.exports)] {
            for path in paths {
                Root::new(path).map_err(|_| missing(option, path))?;
            }
        }
        self.eml.iter().map(|path| message(path)).collect()
    }

    /// Scans what was named.
    pub(crate) fn scan(
        &self,
        messages: Vec<Message>,
        sampler: &Sampler<'_>,
        watch: &Watch,
    ) -> Result<Samples, CliError> {
        let logs: Vec<Named> = self.logs.iter().map(|path| Named::of(path)).collect();
        let tree_logs = sampler.tree_logs(watch, &logs)?;
        let exports: Vec<Named> = self.exports.iter().map(|path| Named::of(path)).collect();
        let pictures = Arc::new(Pictures::default());
        let exports = match exports.is_empty() {
            true => None,
            false => Some(sampler.exports(&exports, &pictures)?),
        };
        let exports = exports.map(|scan| Exports { scan, pictures: pictures.count() });
        let logs = if logs.is_empty() { None } else { Some(sampler.logs(&logs)?) };
        Ok(Samples { logs, tree_logs, exports, messages })
    }
}

fn missing(option: &str, path: &Path) -> CliError {
    CliError::usage(format!("{option}: {}: there is no such file or folder", path.display()))
}

fn message(path: &Path) -> Result<Message, CliError> {
    let shown = path.display().to_string();
    let fail = |why: String| CliError::usage(format!("--eml: {shown}: {why}"));
    if path.is_dir() {
        return Err(fail("this is a folder; name each message".to_owned()));
    }
    let (file, _) = file::open(path, &shown).map_err(|skipped| fail(skipped.detail))?;
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| fail(error.to_string()))?;
    if bytes.len() as u64 > LIMIT {
        return Err(fail(format!("it is larger than {} MiB, as no mail is", LIMIT >> 20)));
    }
    Ok(Message { path: shown, bytes })
}

/// A path, and how it is shown.
struct Named {
    path: PathBuf,
    shown: String,
}

impl Named {
    fn of(path: &Path) -> Self {
        let shown = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        let shown = shown.strip_prefix("./").unwrap_or(&shown).trim_end_matches('/').to_owned();
        Self { path: path.to_path_buf(), shown }
    }

    /// Gives what was found below it the names by which the user finds it.
    fn rename(&self, outcome: &mut ScanOutcome) {
        let Ok(root) = Root::new(&self.path) else { return };
        let own = root.real().strip_prefix(root.base()).unwrap_or(root.real()).to_string_lossy().into_owned();
        let own = own.replace(std::path::MAIN_SEPARATOR, "/");
        let change = |path: &mut String| {
            if let Some(rest) = path.strip_prefix(&own) {
                let rest = rest.trim_start_matches('/');
                *path = match (self.shown.as_str(), rest) {
                    ("" | ".", rest) => rest.to_owned(),
                    (shown, "") => shown.to_owned(),
                    (shown, rest) if rest.starts_with(cleansweep::blob::WITHIN) => format!("{shown}{rest}"),
                    (shown, rest) => format!("{shown}/{rest}"),
                };
            }
        };
        for finding in outcome.findings.iter_mut().chain(&mut outcome.silenced) {
            finding.origin.change_paths(&mut |path| change(path));
        }
        outcome.coverage.skipped.iter_mut().for_each(|skipped| change(&mut skipped.what));
    }
}

/// Scans what is not the project, in the way the project was scanned.
pub(crate) struct Sampler<'s> {
    /// How that was.
    pub(crate) plan: &'s Plan,
    /// By which rules.
    pub(crate) rules: &'s RuleArgs,
    /// What was found there.
    pub(crate) outcome: &'s ScanOutcome,
}

impl Sampler<'_> {
    /// What there is where nothing was named: the logs of the tree.
    pub(crate) fn samples(&self, watch: &Watch) -> Result<Samples, CliError> {
        Ok(Samples { tree_logs: self.tree_logs(watch, &[])?, ..Samples::default() })
    }

    /// The logs of the tree that are not among those that were given.
    fn tree_logs(&self, watch: &Watch, given: &[Named]) -> Result<TreeLogs, CliError> {
        let (paths, development) = watch.logs();
        let Some(base) = &self.outcome.base else { return Ok(TreeLogs { scan: None, development }) };
        let given: Vec<PathBuf> = given.iter().filter_map(|named| named.path.canonicalize().ok()).collect();
        let named = paths.into_iter().map(|shown| Named { path: base.join(&shown), shown });
        let is_given = |named: &Named| {
            let real = named.path.canonicalize().unwrap_or_default();
            given.iter().any(|given| real.starts_with(given))
        };
        // What is gone meanwhile is no log any more.
        let named: Vec<Named> = named.filter(|named| named.path.exists() && !is_given(named)).collect();
        let scan = if named.is_empty() { None } else { Some(self.logs(&named)?) };
        Ok(TreeLogs { scan, development })
    }

    /// Logs are searched for personal data too.
    fn logs(&self, logs: &[Named]) -> Result<ScanOutcome, CliError> {
        let mut sources = self.rules.sources();
        if !sources.iter().any(|source| matches!(source, RuleSource::Personal)) {
            sources.push(RuleSource::Personal);
        }
        let rules = Catalogue::load(&sources).map_err(|e| CliError::usage(e.to_string()))?;
        self.run(&Detector::new(Arc::new(rules)), logs, None)
    }

    fn exports(&self, exports: &[Named], pictures: &Arc<Pictures>) -> Result<ScanOutcome, CliError> {
        let tap: Arc<dyn Tap> = pictures.clone();
        self.run(&Detector::new(self.outcome.rules.clone()), exports, Some(tap))
    }

    /// All of it is scanned as logs are: each secret is told once for a file, however often it is there.
    fn run(&self, detector: &Detector, all: &[Named], tap: Option<Arc<dyn Tap>>) -> Result<ScanOutcome, CliError> {
        let mut plan = Plan { history: None, logs: true, stdin: false, ..self.plan.clone() };
        plan.walk.exclude.clear();
        let monitor = Monitor { tap, ..Monitor::default() };
        let mut whole: Option<ScanOutcome> = None;
        for named in all {
            plan.roots = vec![named.path.clone()];
            let run = engine::run(detector, &plan, std::io::empty(), &monitor);
            let mut outcome = run.map_err(CliError::usage)?;
            named.rename(&mut outcome);
            whole = Some(match whole {
                None => outcome,
                Some(before) => before.and(outcome),
            });
        }
        whole.ok_or_else(|| CliError::usage("nothing was named"))
    }
}
