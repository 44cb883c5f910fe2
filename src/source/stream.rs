//! A text too long to be held is read in batches that overlap.

use std::io::{self, Read};

/// A batch of a stream with its surroundings.
#[derive(Debug, Default)]
pub struct Batch {
    /// The bytes: what comes before the core, the core, what comes after it.
    pub bytes: Vec<u8>,
    /// Offset in the stream of the first byte.
    pub base: u64,
    /// Bytes before the core.
    pub left: usize,
    /// Where the core ends.
    pub core_end: usize,
    /// Whether the stream ends with this batch.
    pub last: bool,
    /// Whether it ends where the stream paused: after the last whole line. What there is of the next is kept behind the core.
    pub paused: bool,
    /// Whether the one before did, so that what stands at its end was not searched with what follows.
    pub resumed: bool,
}

/// Sizes of batches, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// The core of a batch.
    pub core: usize,
    /// What is kept on each side of it.
    pub context: usize,
}

impl Batch {
    /// The first batch of a stream that begins with `start`.
    ///
    /// # Errors
    /// The stream could not be read; what was read until then is in the batch.
    pub fn first(start: &[u8], reader: &mut impl Read, sizes: Sizes) -> (Self, io::Result<()>) {
        let mut batch = Self { bytes: start.to_vec(), ..Self::default() };
        let read = batch.fill(reader, sizes);
        (batch, read)
    }

    /// The batch after `self`, using the memory of `spare`.
    ///
    /// # Errors
    /// The stream could not be read; what was read until then is in the batch.
    pub fn next(&self, spare: Self, reader: &mut impl Read, sizes: Sizes) -> (Self, io::Result<()>) {
        let from = self.next_start(sizes);
        let mut batch = Self { bytes: spare.bytes, ..Self::default() };
        batch.base = self.base + from as u64;
        batch.left = self.core_end - from;
        batch.resumed = self.paused;
        batch.bytes.clear();
        batch.bytes.extend_from_slice(&self.bytes[from..]);
        let read = batch.fill(reader, sizes);
        (batch, read)
    }

    /// Where in this batch the next one begins.
    #[must_use]
    pub fn next_start(&self, sizes: Sizes) -> usize {
        self.core_end.saturating_sub(sizes.context)
    }

    /// What is to be searched: of a line that has not come whole, nothing.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        if self.paused { &self.bytes[..self.core_end] } else { &self.bytes }
    }

    fn fill(&mut self, reader: &mut impl Read, sizes: Sizes) -> io::Result<()> {
        let wanted = self.left + sizes.core + sizes.context;
        let mut result = Ok(());
        while self.bytes.len() < wanted {
            let missing = (wanted - self.bytes.len()) as u64;
            match reader.take(missing).read_to_end(&mut self.bytes) {
                Ok(0) => {
                    self.last = true;
                    break;
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.paused = true;
                    let lines = memchr::memrchr(b'\n', &self.bytes[self.left..]).map_or(0, |newline| newline + 1);
                    self.core_end = self.left + lines;
                    return Ok(());
                }
                Err(error) => {
                    self.last = true;
                    result = Err(error);
                    break;
                }
            }
        }
        self.core_end = if self.last { self.bytes.len() } else { self.left + sizes.core };
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives some bytes, then pauses, again and again.
    struct Pausing<'t>(&'t [u8], usize, bool);

    impl Read for Pausing<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.2 = !self.2;
            if !self.2 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let count = self.1.min(out.len()).min(self.0.len());
            out[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn cores_of_a_stream_that_pauses_are_lines() {
        let sizes = Sizes { core: 10, context: 4 };
        let text = b"a\nbc\n\ndef\nghi jkl mno pqr stu\nv";
        for given in 1..text.len() {
            let mut reader = Pausing(text, given, false);
            let (mut batch, _) = Batch::first(&[], &mut reader, sizes);
            let mut seen = Vec::new();
            while !batch.last {
                seen.extend_from_slice(&batch.bytes[batch.left..batch.core_end]);
                assert!(!batch.paused || seen.is_empty() || seen.ends_with(b"\n") || batch.core_end == batch.left);
                assert!(!batch.paused || batch.text().len() == batch.core_end);
                let (next, read) = batch.next(Batch::default(), &mut reader, sizes);
                read.expect("a pause is no error");
                assert_eq!(next.resumed, batch.paused);
                batch = next;
            }
            seen.extend_from_slice(&batch.bytes[batch.left..batch.core_end]);
            assert_eq!(seen, text, "{given} at once");
        }
    }

    #[test]
    fn cores_join_without_gap_and_keep_their_surroundings() {
        let sizes = Sizes { core: 10, context: 4 };
        for len in [0usize, 1, 9, 10, 13, 14, 15, 24, 25, 100] {
            let text: Vec<u8> = (0..len as u8).collect();
            let mut reader = &text[..];
            let (mut batch, read) = Batch::first(&[], &mut reader, sizes);
            read.expect("memory reads");
            let mut seen = Vec::new();
            loop {
                seen.extend_from_slice(&batch.bytes[batch.left..batch.core_end]);
                let core = batch.base as usize + batch.left;
                assert_eq!(batch.left, core.min(4), "length {len}");
                let core_end = batch.base as usize + batch.core_end;
                assert_eq!(batch.bytes.len() - batch.core_end, if batch.last { 0 } else { 4.min(len - core_end) });
                if batch.last {
                    break;
                }
                let (next, read) = batch.next(Batch::default(), &mut reader, sizes);
                read.expect("memory reads");
                batch = next;
            }
            assert_eq!(seen, text);
        }
    }
}
