//! How large a report is, without keeping it.

use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_sarif::sarif::Sarif;

/// Takes everything and keeps the number of bytes.
#[derive(Default)]
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes of a value as compact JSON.
pub(super) fn plain(value: &impl Serialize) -> u64 {
    let mut counter = Counter::default();
    // A counter fails at nothing, and what cannot be JSON must not be taken for small.
    serde_json::to_writer(&mut counter, value).map_or(u64::MAX, |()| counter.0)
}

/// Bytes of a report as it is written and then compressed by gzip; of one that is below `enough` anyway, as it is written.
pub(super) fn compressed(sarif: &Sarif, enough: u64) -> u64 {
    let mut counter = Counter::default();
    if serde_json::to_writer_pretty(&mut counter, sarif).is_ok() && counter.0 < enough {
        return counter.0;
    }
    let mut out = BufWriter::new(GzEncoder::new(Counter::default(), Compression::default()));
    let written = serde_json::to_writer_pretty(&mut out, sarif).map_err(io::Error::from);
    let finished = written.and_then(|()| out.into_inner().map_err(io::Error::from)).and_then(GzEncoder::finish);
    finished.map_or(u64::MAX, |counter| counter.0)
}
