//! What a log has put asunder: lines that a runtime has cut in pieces, and blocks of lines, such as keys, that have a prefix before
//! each line.
//!
//! Kubernetes (CRI) marks a piece with `P` and the last one with `F`; Docker's `json-file` leaves out the `\n` at the end of a piece;
//! GitLab marks what goes on with `+`. Around such places a piece of the log is put together as the program wrote it, and every
//! byte leads back to where it is.

use std::ops::Range;

/// Lines of one piece at most, and its bytes.
const LINES: usize = 512;
const BYTES: usize = 64 * 1024;

/// Pieces of one text at most, so that a log of nothing else is read in bounded time.
const PIECES: usize = 20_000;

/// Where a block of lines begins that is a secret as a whole.
const BLOCK: &[u8] = b"-----BEGIN ";

/// A piece of a log as the program wrote it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// What it wrote.
    pub bytes: Vec<u8>,
    /// Where stretches of it begin, here and in the log; they are in order.
    stretches: Vec<(usize, usize)>,
    /// Where two lines, or the pieces of one, were put together.
    seams: Vec<usize>,
}

impl Joined {
    /// The range of the log that has the bytes of `range`, with what stands between them.
    #[must_use]
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        if range.is_empty() {
            return 0..0;
        }
        self.place(range.start)..self.place(range.end - 1) + 1
    }

    fn place(&self, at: usize) -> usize {
        let after = self.stretches.partition_point(|(start, _)| *start <= at);
        after.checked_sub(1).map_or(at, |nth| self.stretches[nth].1 + (at - self.stretches[nth].0))
    }

    /// Whether there is a seam within `range`, so that the log itself does not show what is there.
    #[must_use]
    pub fn is_seamed(&self, range: &Range<usize>) -> bool {
        let first = self.seams.partition_point(|seam| *seam <= range.start);
        self.seams.get(first).is_some_and(|seam| *seam < range.end)
    }

    fn push(&mut self, text: &[u8], range: Range<usize>) {
        if !range.is_empty() {
            self.stretches.push((self.bytes.len(), range.start));
            self.bytes.extend_from_slice(&text[range]);
        }
    }

    /// The end of a line, which is not in the log as such.
    fn newline(&mut self, at: usize) {
        self.stretches.push((self.bytes.len(), at));
        self.bytes.push(b'\n');
        self.seams.push(self.bytes.len());
    }

    /// Adds what a line says, its escapes undone if it is a string of JSON.
    fn say(&mut self, text: &[u8], line: &Line) {
        if !line.escaped {
            return self.push(text, line.said.clone());
        }
        let (mut from, end) = (line.said.start, line.said.end);
        while let Some(at) = memchr::memchr(b'\\', &text[from..end]).map(|at| from + at) {
            self.push(text, from..at);
            let meant = match text.get(at + 1) {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'r') => b'\r',
                Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
                // Others are left as they are.
                _ => b'\\',
            };
            self.stretches.push((self.bytes.len(), at));
            self.bytes.push(meant);
            let known = text.get(at + 1).is_some_and(|byte| b"ntr\"\\/".contains(byte));
            from = (at + 1 + usize::from(known)).min(end);
        }
        self.push(text, from..end);
    }
}

/// A line of a log.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// What the program said.
    said: Range<usize>,
    /// Whether that is within a string of JSON.
    escaped: bool,
    /// What tells the streams apart that are in one log.
    stream: Range<usize>,
    /// Whether the next line of the stream goes on with it.
    goes_on: bool,
    /// Whether it goes on with the line before.
    continues: bool,
}

/// The pieces of `text` to put together whose beginning is in `core`.
#[must_use]
pub fn joined(text: &[u8], core: Range<usize>) -> Vec<Joined> {
    let mut all = Vec::new();
    let mut done = core.start;
    for at in signs(text, core) {
        if at < done || all.len() >= PIECES {
            continue;
        }
        let start = line_start(text, at);
        let put = if text[at..].starts_with(BLOCK) { block(text, start, at) } else { run(text, start) };
        if let Some((piece, end)) = put {
            all.push(piece);
            done = end;
        }
    }
    all
}

/// Where something stands that tells of a piece, in order.
fn signs(text: &[u8], core: Range<usize>) -> Vec<usize> {
    const SIGNS: [&[u8]; 5] = [b" P ", b"{\"log\":\"", b"O+", b"E+", BLOCK];
    let mut signs: Vec<usize> = Vec::new();
    for sign in SIGNS {
        let found = memchr::memmem::find_iter(&text[core.clone()], sign).map(|at| core.start + at);
        // Most of these are words of a text; a look at their line tells.
        signs.extend(found.filter(|&at| {
            sign == BLOCK || line_at(text, line_start(text, at)).is_some_and(|line| line.goes_on || line.continues)
        }));
    }
    signs.sort_unstable();
    signs
}

fn line_start(text: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(BYTES);
    memchr::memrchr(b'\n', &text[from..at]).map_or(from, |newline| from + newline + 1)
}

fn line_end(text: &[u8], start: usize) -> usize {
    let until = (start + BYTES).min(text.len());
    memchr::memchr(b'\n', &text[start..until]).map_or(until, |newline| start + newline)
}

/// The line that begins at `start`, if it is one of the kinds that are cut in pieces.
fn line_at(text: &[u8], start: usize) -> Option<Line> {
    let end = line_end(text, start);
    let line = &text[start..end];
    docker(line).or_else(|| cri(line)).or_else(|| gitlab(line)).map(|line| Line {
        said: line.said.start + start..line.said.end + start,
        stream: line.stream.start + start..line.stream.end + start,
        ..line
    })
}

/// `2024-05-01T12:00:00.123456789Z stdout P …`
fn cri(line: &[u8]) -> Option<Line> {
    let time = memchr::memchr(b' ', &line[..line.len().min(40)]).filter(|at| is_time(&line[..*at]))?;
    let rest = &line[time + 1..];
    let stream = [&b"stdout "[..], b"stderr "].iter().find(|stream| rest.starts_with(stream))?.len();
    // Tags are joined by colons, the first one says whether the line is whole.
    let tags = memchr::memchr(b' ', &rest[stream..rest.len().min(stream + 32)])?;
    let flag = *rest.get(stream)?;
    let whole = matches!(rest.get(stream + 1), Some(b' ' | b':'));
    let said = time + 1 + stream + tags + 1;
    (whole && matches!(flag, b'P' | b'F')).then(|| Line {
        said: said..line.len(),
        escaped: false,
        stream: time + 1..time + stream,
        goes_on: flag == b'P',
        continues: false,
    })
}

fn is_time(text: &[u8]) -> bool {
    text.len() >= 20 && text[..4].iter().all(u8::is_ascii_digit) && text[4] == b'-' && text[10] == b'T'
}

/// `{"log":"…\n","stream":"stdout","time":"…"}`
fn docker(line: &[u8]) -> Option<Line> {
    const LOG: &[u8] = b"{\"log\":\"";
    let rest = line.strip_prefix(LOG)?;
    let mut at = 0;
    let end = loop {
        at += memchr::memchr2(b'"', b'\\', &rest[at..])?;
        if rest[at] == b'"' {
            break at;
        }
        at = (at + 2).min(rest.len());
    };
    let said = &rest[..end];
    // `\\n` is a backslash and a letter.
    let whole =
        said.ends_with(b"\\n") && said[..said.len() - 2].iter().rev().take_while(|b| **b == b'\\').count() % 2 == 0;
    let behind = LOG.len() + end;
    let stream = memchr::memmem::find(&line[behind..], b"\"stream\":\"").map(|at| behind + at + 10);
    let named = stream.and_then(|at| Some(at..at + memchr::memchr(b'"', &line[at..])?));
    Some(Line {
        said: LOG.len()..LOG.len() + if whole { end - 2 } else { end },
        escaped: true,
        stream: named.unwrap_or(0..0),
        goes_on: !whole,
        continues: false,
    })
}

/// `2024-05-01T12:00:00.123456Z 01O+…`
fn gitlab(line: &[u8]) -> Option<Line> {
    let time = memchr::memchr(b' ', &line[..line.len().min(40)]).filter(|at| is_time(&line[..*at]))?;
    let head = line.get(time + 1..time + 5)?;
    let known =
        head[..2].iter().all(u8::is_ascii_hexdigit) && matches!(head[2], b'O' | b'E') && matches!(head[3], b' ' | b'+');
    known.then(|| Line {
        said: time + 5..line.len(),
        escaped: false,
        stream: time + 1..time + 4,
        goes_on: false,
        continues: head[3] == b'+',
    })
}

/// Puts the line at `start` together with those that go on with it. Returns where the first line ends that was not needed.
fn run(text: &[u8], start: usize) -> Option<(Joined, usize)> {
    let mut first = line_at(text, start)?;
    let mut start = start;
    if first.continues {
        // What it goes on with stands before it.
        let mut at = start;
        for _ in 0..LINES {
            at = line_start(text, at.checked_sub(1)?);
            let before = line_at(text, at)?;
            if text[before.stream.clone()] == text[first.stream.clone()] {
                (first, start) = (before, at);
                if !first.continues {
                    break;
                }
            }
        }
    }
    let mut joined = Joined::default();
    joined.say(text, &first);
    let mut open = first.goes_on;
    let mut at = line_end(text, start) + 1;
    for _ in 0..LINES {
        if at >= text.len() || joined.bytes.len() > BYTES {
            break;
        }
        let Some(line) = line_at(text, at) else { break };
        if text[line.stream.clone()] == text[first.stream.clone()] {
            if !open && !line.continues {
                break;
            }
            joined.seams.push(joined.bytes.len());
            joined.say(text, &line);
            open = line.goes_on;
        }
        at = line_end(text, at) + 1;
    }
    (!joined.seams.is_empty()).then_some((joined, at.min(text.len())))
}

/// Puts a block together whose first line has something before it, at `begin`.
fn block(text: &[u8], start: usize, begin: usize) -> Option<(Joined, usize)> {
    let prefix = begin - start;
    if prefix == 0 {
        return None;
    }
    let mut joined = Joined::default();
    let mut at = start;
    for number in 0..LINES {
        if at >= text.len() || joined.bytes.len() > BYTES {
            break;
        }
        let end = line_end(text, at);
        let said = match line_at(text, at) {
            Some(line) => line,
            None => plain(text, at, end, prefix),
        };
        let mut line = Joined::default();
        line.say(text, &said);
        let skip = if number == 0 { memchr::memmem::find(&line.bytes, BLOCK)? } else { 0 };
        let last = memchr::memmem::find(&line.bytes[skip..], b"-----END ").map(|at| skip + at);
        // All in one line is found as it is.
        if number == 0 && last.is_some() {
            return None;
        }
        for at in skip..line.bytes.len() {
            let place = line.place(at);
            let follows =
                joined.stretches.last().is_some_and(|(start, source)| place == source + (joined.bytes.len() - start));
            if !follows {
                joined.stretches.push((joined.bytes.len(), place));
            }
            joined.bytes.push(line.bytes[at]);
        }
        at = end + 1;
        if last.is_some() {
            return Some((joined, at.min(text.len())));
        }
        joined.newline(end.min(text.len() - 1));
    }
    None
}

/// What a line says that has a prefix like that of a line before, of `prefix` bytes if all are as long.
fn plain(text: &[u8], start: usize, end: usize, prefix: usize) -> Line {
    let line = text[start..end].trim_ascii_end();
    // Of a colour only what it colours was said.
    let line = line.strip_suffix(b"\x1b[0m").or(line.strip_suffix(b"\x1b[m")).unwrap_or(line);
    let end = start + line.len();
    let marked = memchr::memmem::find(line, b"-----END ");
    let word = line.iter().rposition(|b| b.is_ascii_whitespace()).map_or(0, |at| at + 1);
    // Base64 has no blanks, whatever stands before it; a header has, and so have prefixes of another length.
    let from = match marked {
        Some(at) => at,
        None if line.len() >= prefix && prefix > 0 && line[prefix - 1].is_ascii_whitespace() && word <= prefix => {
            prefix
        }
        None if is_base64(&line[word..]) => word,
        None => prefix.min(line.len()),
    };
    Line { said: start + from..end, escaped: false, stream: 0..0, goes_on: false, continues: false }
}

fn is_base64(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is put together of a text, and for each piece whether what is between `[` and `]` leads back to where it is.
    fn pieces(text: &str) -> Vec<String> {
        let all = joined(text.as_bytes(), 0..text.len());
        for piece in &all {
            for at in 0..piece.bytes.len() {
                let place = piece.original(at..at + 1).start;
                let (byte, source) = (piece.bytes[at], text.as_bytes()[place]);
                assert!(byte == source || source == b'\\' || byte == b'\n', "{at} of {:?}", piece.bytes);
            }
        }
        all.iter().map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned()).collect()
    }

    const T: &str = "2024-05-01T12:00:00.123456789Z";

    #[test]
    fn pieces_of_a_line_are_put_together() {
        let cri = format!(
            "{T} stdout F whole\n{T} stdout P token=ab\n{T} stderr F other\n{T} stdout P cd\n{T} stdout F ef x\n{T} stdout F y\n"
        );
        assert_eq!(pieces(&cri), ["token=abcdef x"]);
        let gitlab = format!("{T} 00O token=ab\n{T} 00E other\n{T} 00O+cd\n{T} 00O+ef\n{T} 00O y\n");
        assert_eq!(pieces(&gitlab), ["token=abcdef"]);
        let line = |log: &str| format!("{{\"log\":\"{log}\",\"stream\":\"stdout\",\"time\":\"{T}\"}}\n");
        let docker = [line("whole\\n"), line("say \\\"tok"), line("en=ab"), line("cd\\\" x\\n"), line("y\\n")].concat();
        assert_eq!(pieces(&docker), ["say \"token=abcd\" x"]);
        assert_eq!(pieces(&line("a \\\\n")), [""; 0], "a backslash and a letter, and nothing comes after");
    }

    #[test]
    fn blocks_lose_their_prefixes() {
        let block = ["-----BEGIN X KEY-----", "Proc-Type: 4,ENCRYPTED", "", "MIIab+/", "cd==", "-----END X KEY-----"];
        let wanted = block.join("\n");
        for prefix in [
            format!("{T} "),
            format!("{T} stdout F "),
            format!("{T} 00O "),
            "<34>Oct 11 22:14:15 host app[7]: ".to_owned(),
            "\u{1b}[32mweb_1  |\u{1b}[0m ".to_owned(),
        ] {
            let text: String = block.iter().map(|line| format!("{prefix}{line}\n")).collect();
            assert_eq!(pieces(&format!("{prefix}start\n{text}{prefix}end\n")), [&*wanted], "{prefix}");
        }
        let text: String =
            block.iter().map(|line| format!("{{\"log\":\"{line}\\n\",\"stream\":\"stdout\"}}\n")).collect();
        assert_eq!(pieces(&text), [&*wanted]);
        assert_eq!(pieces(&block.join("\n")), [""; 0], "it is found as it is");
        assert_eq!(pieces("x -----BEGIN X-----abc-----END X-----\ny"), [""; 0], "so is this");
        assert_eq!(pieces("x -----BEGIN X-----\nx a\n"), [""; 0], "and this has no end");
    }

    #[test]
    fn what_the_log_shows_has_no_seam() {
        let text = format!("{T} stdout P token=ab\n{T} stdout F cd x\n");
        let piece = &joined(text.as_bytes(), 0..text.len())[0];
        assert_eq!(piece.bytes, b"token=abcd x");
        assert!(
            piece.is_seamed(&(6..10))
                && piece.is_seamed(&(0..10))
                && !piece.is_seamed(&(0..8))
                && !piece.is_seamed(&(8..10))
        );
        let original = piece.original(6..10);
        assert!(text[original.clone()].starts_with("ab\n") && text[original].ends_with(" cd"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fail(text: Vec<u8>) {
            let _ = joined(&text, 0..text.len());
        }

        #[test]
        fn nothing_like_a_log_makes_it_fail(
            lines in proptest::collection::vec(r#"(2024-05-01T12:00:00Z (stdout [PF] |00[OE][ +])?|\{"log":"|x )?(-----BEGIN X-----|-----END X-----|[a-z\\"n]{0,9})("\})?"#, 0..20)
        ) {
            let text = lines.join("\n").into_bytes();
            for piece in joined(&text, 0..text.len()) {
                for at in 0..piece.bytes.len() {
                    assert!(piece.original(at..at + 1).end <= text.len());
                }
            }
        }
    }
}
