//! Standard input whose findings are reported as they come.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use cleansweep::report::{json, live, text};
use cleansweep::rotation::Runbooks;
use cleansweep::scan::{Monitor, ScanOutcome};
use cleansweep::secret::Fingerprint;
use cleansweep::source::arrivals::Arrivals;

use super::error::CliError;
use super::output::{self, Format, Target};

/// A report on standard output that begins before the scan has ended.
pub(crate) struct Live {
    format: Format,
    options: text::Options,
    runbooks: Runbooks,
    told: Mutex<Told>,
}

/// What is on standard output already.
#[derive(Default)]
struct Told {
    findings: BTreeSet<Fingerprint>,
    advice: BTreeSet<String>,
}

impl Live {
    /// Such a report, if one of the `targets` is a text or lines of JSON on standard output, and standard input is all there is to
    /// scan.
    pub(crate) fn of(targets: &[Target], paths: &[PathBuf], options: text::Options) -> Option<Self> {
        let only_stdin = paths.iter().all(|path| path.as_os_str() == "-");
        let target = targets.iter().find(|target| target.file.is_none())?;
        let lines = matches!(target.format, Format::Text | Format::Jsonl);
        (only_stdin && lines).then(|| Self {
            format: target.format,
            options,
            runbooks: Runbooks::default(),
            told: Mutex::default(),
        })
    }

    /// What text reports advise.
    pub(crate) fn with(mut self, runbooks: Runbooks) -> Self {
        self.runbooks = runbooks;
        self
    }

    /// Whether it advises.
    pub(crate) fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    /// Tells what is found from now on. Once nobody reads it any more, the scan is stopped.
    pub(crate) fn watch(self: &Arc<Self>, monitor: &Arc<Monitor>) -> Arrivals {
        let (live, weak) = (self.clone(), Arc::downgrade(monitor));
        monitor.watcher.set(move |outcome| {
            if live.arrived(outcome).is_err()
                && let Some(monitor) = weak.upgrade()
            {
                monitor.cancelled.store(true, Ordering::Relaxed);
            }
        });
        Arrivals::of(io::stdin())
    }

    fn arrived(&self, outcome: &ScanOutcome) -> io::Result<()> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.findings.extend(outcome.findings.iter().map(|finding| finding.fingerprint));
        if self.is_text() {
            let text = live::arrived(outcome, &self.runbooks, self.options, &mut told.advice);
            let mut out = anstream::stdout().lock();
            return out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
        let mut out = io::stdout().lock();
        write_lines(&mut out, json::arrived(outcome, self.options.reveal))?;
        out.flush()
    }

    /// Writes what is left at the end.
    pub(crate) fn finish(&self, outcome: &ScanOutcome) -> Result<(), CliError> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let Told { findings, advice } = &mut *told;
        if self.is_text() {
            return output::print(&live::rest(outcome, &self.runbooks, self.options, findings, advice));
        }
        output::write(None, |out| write_lines(out, json::rest(outcome, self.options.reveal, findings)))
    }
}

/// Lines of JSON.
pub(crate) fn write_lines(out: &mut dyn Write, mut lines: impl Iterator<Item = json::Line>) -> io::Result<()> {
    lines.try_for_each(|line| {
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")
    })
}

/// Standard input, however it is read.
pub(crate) type Input = Box<dyn Read + Send>;
