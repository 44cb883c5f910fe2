//! Readers that keep a container from costing more than it may, and that remember what went wrong.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::blob::SkipReason;

/// What can be read a piece at a time, and sent to another thread.
pub(super) type Stream<'s> = dyn Read + Send + 's;

/// The same behind a buffer.
pub(super) type Buffered<'s> = dyn BufRead + Send + 's;

/// What went wrong with something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: SkipReason,
    pub(super) detail: String,
}

impl Fault {
    pub(super) fn new(reason: SkipReason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    pub(super) fn corrupt(what: impl fmt::Display) -> Self {
        Self::new(
            SkipReason::Corrupt,
            format!("{what}; unpack it by other means and scan that, or leave it out with --exclude"),
        )
    }

    pub(super) fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(SkipReason::Unsupported, format!("{what}; unpack it and scan what is in it"))
    }

    /// What an error says; `None` if whoever met it first has said it.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        if is_told(error) {
            return None;
        }
        Some(match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::corrupt("it ends too early"),
            io::ErrorKind::OutOfMemory => Self::new(
                SkipReason::TooLarge,
                "it needs more memory than there is for one container; unpack it and scan what is in it",
            ),
            io::ErrorKind::Unsupported => Self::unsupported(format_args!("it is not read: {error}")),
            io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound => {
                Self::new(SkipReason::Unreadable, format!("reading failed: {error}; scan it again"))
            }
            // Errors of the operating system have a number; the others are of what unpacks.
            _ if error.raw_os_error().is_some() => {
                Self::new(SkipReason::Unreadable, format!("reading failed: {error}; scan it again"))
            }
            _ => Self::corrupt(format_args!("it is damaged: {error}")),
        })
    }
}

/// The error of a reader whose trouble is in the ledger, or will be.
#[derive(Debug)]
struct Told;

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it could not be read to its end")
    }
}

impl std::error::Error for Told {}

/// An error that needs no entry of its own in the ledger.
pub(super) fn told() -> io::Error {
    io::Error::other(Told)
}

/// Whether whoever met this error first has remembered it, under whatever it is wrapped in since.
pub fn is_told(error: &io::Error) -> bool {
    let mut cause = error.get_ref().map(|e| e as &(dyn std::error::Error + 'static));
    while let Some(error) = cause {
        if error.is::<Told>() || error.downcast_ref::<io::Error>().is_some_and(is_told) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Content that is damaged in a way that `what` names.
pub(super) fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// How much was unpacked of everything, and how much may be.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) unpacked: AtomicU64,
    pub(super) limit: u64,
}

impl Meter {
    pub(super) fn is_exhausted(&self) -> bool {
        self.unpacked.load(Ordering::Relaxed) > self.limit
    }
}

/// What unpacking is measured with.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    pub(super) meter: Arc<Meter>,
    /// Packed bytes that were taken so far.
    pub(super) packed: Arc<AtomicU64>,
    /// How many times larger than what is packed the unpacked may be.
    pub(super) ratio: u64,
    /// Up to this many unpacked bytes the ratio does not matter.
    pub(super) free: u64,
}

/// A reader that stops for good at the first trouble and remembers it, keeps count of what is unpacked, and holds a panic
/// of what it reads from.
pub(super) struct Guard<R> {
    inner: R,
    gauge: Option<Gauge>,
    given: u64,
    stopped: bool,
    fault: Option<Fault>,
}

impl<R: Read> Guard<R> {
    pub(super) fn new(inner: R, gauge: Option<Gauge>) -> Self {
        Self { inner, gauge, given: 0, stopped: false, fault: None }
    }

    /// What went wrong here.
    pub(super) fn fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// Whether it was cut short, by its own trouble or by that of what it is read from.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// How many bytes it gave.
    pub(super) fn given(&self) -> u64 {
        self.given
    }

    /// What it read from.
    pub(super) fn into_inner(self) -> R {
        self.inner
    }

    fn stop(&mut self, fault: Option<Fault>) -> io::Error {
        self.stopped = true;
        self.fault = fault;
        told()
    }

    /// What is wrong with having unpacked so much.
    fn excess(&self, count: usize) -> Option<Fault> {
        let gauge = self.gauge.as_ref()?;
        let limit = gauge.meter.limit;
        let unpacked = gauge.meter.unpacked.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        let fault = |detail| Some(Fault::new(SkipReason::TooLarge, detail));
        if unpacked > limit {
            return fault(format!("{limit} bytes were unpacked of one file; --max-archive-size raises the limit"));
        }
        let packed = gauge.packed.load(Ordering::Relaxed).max(1);
        if self.given > gauge.free && self.given / packed > gauge.ratio {
            let ratio = gauge.ratio;
            return fault(format!(
                "it unpacks to more than {ratio} times its size, as made to exhaust; --max-archive-ratio raises the limit"
            ));
        }
        None
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stopped {
            return Err(told());
        }
        let inner = &mut self.inner;
        match catch_unwind(AssertUnwindSafe(|| inner.read(buffer))) {
            Err(_) => {
                let detail = "cleansweep failed on it; please report this";
                Err(self.stop(Some(Fault::new(SkipReason::Internal, detail))))
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Ok(Err(error)) => Err(self.stop(Fault::of(&error))),
            Ok(Ok(count)) => {
                self.given += count as u64;
                match self.excess(count) {
                    Some(fault) => Err(self.stop(Some(fault))),
                    None => Ok(count),
                }
            }
        }
    }
}

/// Counts what is taken of a buffered reader.
pub(super) struct Counted<'r, 's> {
    inner: &'r mut Buffered<'s>,
    taken: Arc<AtomicU64>,
}

impl<'r, 's> Counted<'r, 's> {
    pub(super) fn new(inner: &'r mut Buffered<'s>, taken: Arc<AtomicU64>) -> Self {
        Self { inner, taken }
    }
}

impl Read for Counted<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl BufRead for Counted<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        self.inner.consume(count);
    }
}

/// Exactly so many bytes of a reader: it is an error if there are fewer.
pub(super) struct Exactly<R> {
    inner: R,
    left: u64,
}

impl<R> Exactly<R> {
    pub(super) fn new(inner: R, len: u64) -> Self {
        Self { inner, left: len }
    }
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.inner.read(&mut buffer[..wanted])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Exactly<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let bytes = self.inner.fill_buf()?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(&bytes[..bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX))])
    }

    fn consume(&mut self, count: usize) {
        self.left -= (count as u64).min(self.left);
        self.inner.consume(count);
    }
}

/// Reads until the buffer is full or there is no more. Says how much there was, before the trouble too.
pub(super) fn fill(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> (usize, io::Result<()>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Err(error)),
        }
    }
    (filled, Ok(()))
}

/// Passes over so many bytes; fewer are an error.
#[inline(never)]
pub(super) fn pass(reader: &mut (impl Read + ?Sized), count: u64) -> io::Result<()> {
    io::copy(&mut Exactly::new(reader, count), &mut io::sink()).map(drop)
}
