//! A line on the terminal that tells a person how far a long scan is.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use cleansweep::scan::Monitor;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

/// Scans shorter than this show nothing.
const DELAY: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(100);

/// Shows progress until it is dropped.
pub(crate) struct Progress {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Watches `monitor`, if standard error is a terminal and the user wants to see it.
    pub(crate) fn watch(monitor: &Arc<Monitor>, wanted: bool) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = (wanted && std::io::stderr().is_terminal()).then(|| {
            let (monitor, stop) = (monitor.clone(), stop.clone());
            std::thread::spawn(move || show(&monitor, &stop))
        });
        Self { stop, thread }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn show(monitor: &Monitor, stop: &AtomicBool) {
    std::thread::park_timeout(DELAY);
    if stop.load(Ordering::Relaxed) {
        return;
    }
    let style = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]").expect("the template is valid");
    let bar = ProgressBar::new_spinner().with_style(style);
    while !stop.load(Ordering::Relaxed) {
        let items = HumanCount(monitor.items.load(Ordering::Relaxed));
        let bytes = HumanBytes(monitor.bytes.load(Ordering::Relaxed));
        bar.set_message(format!("scanning: {items} files, {bytes}"));
        bar.tick();
        std::thread::park_timeout(INTERVAL);
    }
    bar.finish_and_clear();
}
