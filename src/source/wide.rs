//! UTF-16 strings inside files that are no text, as Windows programs and databases have them.

/// Strings shorter than this many characters are chance.
const SHORTEST: usize = 8;

/// The 16-bit strings of a binary, one to a line, and where each line came from.
#[derive(Debug, Default)]
pub struct Wide {
    /// The strings as ASCII.
    pub text: Vec<u8>,
    /// For each line: its offset in `text` and in the binary.
    lines: Vec<(usize, usize)>,
}

impl Wide {
    /// Collects the runs of printable ASCII characters with a NUL after each.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut wide = Self::default();
        let mut at = 0;
        // A run needs NULs; between them there is nothing to see.
        while let Some(next) = memchr::memchr(0, &bytes[at..]) {
            let nul = at + next;
            let start = nul.saturating_sub(1).max(at);
            let pairs = bytes[start..].chunks_exact(2);
            let run = pairs.take_while(|p| p[1] == 0 && matches!(p[0], b'\t' | b' '..=b'~')).count();
            if run >= SHORTEST {
                wide.lines.push((wide.text.len(), start));
                wide.text.extend(bytes[start..start + 2 * run].iter().step_by(2));
                wide.text.push(b'\n');
            }
            at = (start + 2 * run).max(nul + 1);
            at += bytes[at..].iter().take_while(|&&b| b == 0).count();
        }
        wide
    }

    /// The offset in the binary of the character at `offset` of the text.
    #[must_use]
    pub fn original(&self, offset: usize) -> usize {
        let line = self.lines.partition_point(|&(start, _)| start <= offset);
        line.checked_sub(1).map_or(offset, |i| {
            let (start, original) = self.lines[i];
            original + 2 * (offset - start)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_their_places() {
        let mut bytes = vec![1, 2, 3, 0, 0, 9];
        let at = bytes.len();
        bytes.extend("Password=x1y2".encode_utf16().flat_map(u16::to_le_bytes));
        bytes.extend([0, 0, 255]);
        bytes.extend("short".encode_utf16().flat_map(u16::to_le_bytes));
        let wide = Wide::of(&bytes);
        assert_eq!(wide.text, b"Password=x1y2\n");
        assert_eq!(wide.original(0), at);
        assert_eq!(wide.original(9), at + 18);
        assert!(Wide::of(b"no wide strings here").text.is_empty());
    }
}
