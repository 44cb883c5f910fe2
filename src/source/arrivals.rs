//! A stream that is read as it comes: a pipe whose writer is still at work.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// Chunks that wait to be taken; the writer waits when there are more.
const WAITING: usize = 32;

/// How long nothing must come before what came is taken for all there is for now.
const QUIET: Duration = Duration::from_millis(20);

/// How long it is gathered at most, if it keeps trickling.
const GATHERED: Duration = Duration::from_millis(200);

/// How long is waited for the first byte before the reader is asked whether to go on.
const IDLE: Duration = Duration::from_millis(100);

/// Reads ahead on a thread of its own. When nothing more comes for a moment, [`Read::read`] fails with
/// [`io::ErrorKind::WouldBlock`], so that what there is can be looked at; after that it can be read on.
#[derive(Debug)]
pub struct Arrivals {
    receiver: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    given: usize,
    /// When the first byte came that was given since the last pause.
    since: Option<Instant>,
}

impl Arrivals {
    /// Begins to read. The thread ends with the stream, or with the process.
    #[must_use]
    pub fn of(reader: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        std::thread::spawn(move || forward(reader, &sender));
        Self { receiver, chunk: Vec::new(), given: 0, since: None }
    }

    fn pause(&mut self) -> io::Result<usize> {
        self.since = None;
        Err(io::ErrorKind::WouldBlock.into())
    }
}

fn forward(mut reader: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut chunk = vec![0; CHUNK];
        let (message, last) = match reader.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => {
                chunk.truncate(count);
                (Ok(chunk), false)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // Somebody has made the pipe one that does not wait.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                std::thread::sleep(QUIET);
                continue;
            }
            Err(error) => (Err(error), true),
        };
        if sender.send(message).is_err() || last {
            return;
        }
    }
}

impl Read for Arrivals {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.chunk.len() {
            if self.since.is_some_and(|since| since.elapsed() > GATHERED) {
                return self.pause();
            }
            match self.receiver.recv_timeout(if self.since.is_some() { QUIET } else { IDLE }) {
                Ok(chunk) => (self.chunk, self.given) = (chunk?, 0),
                Err(RecvTimeoutError::Timeout) => return self.pause(),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
            self.since.get_or_insert_with(Instant::now);
        }
        let count = out.len().min(self.chunk.len() - self.given);
        out[..count].copy_from_slice(&self.chunk[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

/// A reader that waits where the one in it pauses.
#[derive(Debug)]
pub struct Steady<R>(pub R);

impl<R: Read> Read for Steady<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(out) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a line each time it is allowed to.
    struct Told(Receiver<&'static [u8]>);

    impl Read for Told {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let Ok(text) = self.0.recv() else { return Ok(0) };
            out[..text.len()].copy_from_slice(text);
            Ok(text.len())
        }
    }

    #[test]
    fn what_has_come_can_be_looked_at_before_the_rest_comes() {
        let (sender, receiver) = sync_channel(1);
        let mut arrivals = Arrivals::of(Told(receiver));
        let mut text = Vec::new();
        for line in [&b"one\n"[..], b"two\n"] {
            sender.send(line).expect("it is read");
            while !text.ends_with(line) {
                let error = arrivals.read_to_end(&mut text).expect_err("the stream has not ended");
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            }
        }
        drop(sender);
        Steady(arrivals).read_to_end(&mut text).expect("it can be read");
        assert_eq!(text, b"one\ntwo\n");
    }

    #[test]
    fn a_fast_stream_comes_whole() {
        let all: Vec<u8> = (0..3_000_000u32).flat_map(u32::to_le_bytes).collect();
        let mut read = Vec::new();
        Steady(Arrivals::of(io::Cursor::new(all.clone()))).read_to_end(&mut read).expect("memory reads");
        assert!(read == all);
    }
}
