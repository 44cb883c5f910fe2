//! What a script or style sheet says of its source map, learned while it passes by.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memmem::{self, Finder};

use super::SourceMap;

/// What names the map of a file, after `//#`, `//@` or `/*#`.
const REFERENCE: &[u8] = b"sourceMappingURL=";

/// What stands before that, at most.
const LEAD: usize = 3;

/// How long a reference to another file may be.
const LONGEST_NAME: usize = 1024;

/// A larger source map is not read as one, in bytes. What is in it is a text like any other.
pub const LARGEST: usize = 32 << 20;

/// What a file says of a source map.
#[derive(Debug)]
pub enum Mapped {
    /// Nothing that is of use.
    Nothing,
    /// It is one itself.
    Itself(SourceMap),
    /// Its own is in it, at these bytes.
    Inline(SourceMap, Range<u64>),
    /// Its own is a file of this name, in the same folder or one in it.
    Beside(String),
    /// There is one in it that is too large to be read.
    TooLarge,
}

impl Mapped {
    /// What a file at `path` says that is all there.
    #[must_use]
    pub fn of(text: &[u8], path: &str) -> Self {
        if is_map(path) {
            return Self::itself(text);
        }
        let mut seeker = Seeker::new(path);
        seeker.push(text);
        seeker.finish()
    }

    fn itself(text: &[u8]) -> Self {
        match SourceMap::parse(text) {
            _ if text.len() > LARGEST => Self::TooLarge,
            Some(map) => Self::Itself(map),
            None => Self::Nothing,
        }
    }
}

fn is_map(path: &str) -> bool {
    path.ends_with(".map")
}

/// Learns what a text says of its source map from its pieces, of which nothing is held but the map and what names it.
pub struct Seeker {
    find: Finder<'static>,
    is_map: bool,
    /// The last bytes of what came so far: a reference can begin in them.
    seam: Vec<u8>,
    /// How many came so far.
    passed: u64,
    /// What is held: a reference, or all of a map.
    held: Vec<u8>,
    /// Where that begins.
    start: u64,
    state: State,
}

/// What became of the last reference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    None,
    /// It goes on in what comes next.
    Open,
    Whole,
    TooLong,
}

impl Seeker {
    /// For a file at `path`.
    #[must_use]
    pub fn new(path: &str) -> Self {
        let is_map = is_map(path);
        Self {
            find: Finder::new(REFERENCE),
            is_map,
            seam: Vec::new(),
            passed: 0,
            held: Vec::new(),
            start: 0,
            state: if is_map { State::Open } else { State::None },
        }
    }

    /// Takes the next piece.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.is_map {
            self.hold(bytes);
        } else if let Some((from, is_told)) = self.last_in(bytes) {
            self.held.clear();
            self.start = self.passed + from as u64;
            self.state = if is_told { State::Open } else { State::None };
            self.extend(&bytes[from..]);
        } else {
            self.extend(bytes);
        }
        if !self.is_map {
            self.seam.extend_from_slice(&bytes[bytes.len().saturating_sub(REFERENCE.len() + LEAD)..]);
            self.seam.drain(..self.seam.len().saturating_sub(REFERENCE.len() + LEAD - 1));
        }
        self.passed += bytes.len() as u64;
    }

    /// What the text says, once all of it has come.
    #[must_use]
    pub fn finish(self) -> Mapped {
        match self.state {
            State::None => Mapped::Nothing,
            State::TooLong => Mapped::TooLarge,
            _ if self.is_map => Mapped::itself(&self.held),
            _ if self.held.starts_with(b"data:") => match SourceMap::inline(&self.held) {
                Some(map) => Mapped::Inline(map, self.start..self.start + self.held.len() as u64),
                None => Mapped::Nothing,
            },
            _ => name(&self.held).map_or(Mapped::Nothing, Mapped::Beside),
        }
    }

    /// The last reference that ends in `bytes`: where in them what it names begins, and whether it stands where one is told.
    fn last_in(&self, bytes: &[u8]) -> Option<(usize, bool)> {
        let seam = self.seam.len();
        if let Some(at) = self.find.find_iter(bytes).last() {
            let lead = [&self.seam[..], &bytes[at.saturating_sub(LEAD)..at]].concat();
            return Some((at + REFERENCE.len(), is_lead(if at < LEAD { &lead } else { &bytes[at - LEAD..at] })));
        }
        let joined = [&self.seam[..], &bytes[..bytes.len().min(REFERENCE.len() - 1)]].concat();
        let at = memmem::rfind(&joined, REFERENCE).filter(|at| at + REFERENCE.len() > seam)?;
        Some((at + REFERENCE.len() - seam, is_lead(&joined[..at])))
    }

    /// Holds what of `bytes` belongs to the reference that is open.
    fn extend(&mut self, bytes: &[u8]) {
        if self.state != State::Open {
            return;
        }
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'*' | b'"' | b'\'' | b'\\' | b'`');
        let len = bytes.iter().position(ends);
        self.hold(&bytes[..len.unwrap_or(bytes.len())]);
        if len.is_some() && self.state == State::Open {
            self.state = State::Whole;
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.state == State::Open && self.held.len() + bytes.len() <= LARGEST {
            self.held.extend_from_slice(bytes);
        } else {
            self.held = Vec::new();
            self.state = State::TooLong;
        }
    }
}

/// Whether a text that ends so is the beginning of a comment that names a map.
fn is_lead(before: &[u8]) -> bool {
    before.ends_with(b"# ") || before.ends_with(b"@ ") || before.ends_with(b"#")
}

/// The name of a file in the same folder or in one in it: nothing out of the folder, and nothing from the network.
fn name(url: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(url).ok().filter(|name| name.len() <= LONGEST_NAME)?;
    let name = name.split(['?', '#']).next()?;
    let within = name.split('/').all(|part| !matches!(part, "" | ".."));
    (within && !name.contains([':', '\\', '\0'])).then(|| name.to_owned())
}

/// A reader that tells a seeker, if there is one, what is read through it.
pub struct Passing<R> {
    inner: R,
    seeker: Option<Seeker>,
}

impl<R> Passing<R> {
    /// Reads from `inner`, of which `start` was read already.
    pub fn new(inner: R, start: &[u8], mut seeker: Option<Seeker>) -> Self {
        seeker.iter_mut().for_each(|seeker| seeker.push(start));
        Self { inner, seeker }
    }

    /// What was learned.
    pub fn finish(self) -> Mapped {
        self.seeker.map_or(Mapped::Nothing, Seeker::finish)
    }
}

impl<R: Read> Read for Passing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Some(seeker) = &mut self.seeker {
            seeker.push(&buffer[..count]);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    /// What a text says, whatever the pieces in which it comes.
    fn said(text: &[u8]) -> String {
        let told = |mapped: Mapped| match mapped {
            Mapped::Nothing => "nothing".to_owned(),
            Mapped::Itself(map) => format!("itself {:?}", map.contents().collect::<Vec<_>>()),
            Mapped::Inline(map, range) => {
                let (start, end) = (range.start as usize, range.end as usize);
                let ends = (text[start..].starts_with(b"data:"), text.get(end).copied());
                format!("inline {:?} {ends:?}", map.contents().collect::<Vec<_>>())
            }
            Mapped::Beside(name) => format!("beside {name}"),
            Mapped::TooLarge => "too large".to_owned(),
        };
        let whole = told(Mapped::of(text, "a.js"));
        for size in [1, 2, 3, 16, 17, 18, 19, 20, 21, 64] {
            let mut seeker = Seeker::new("a.js");
            text.chunks(size).for_each(|piece| seeker.push(piece));
            assert_eq!(told(seeker.finish()), whole, "in pieces of {size}: {}", text.escape_ascii());
        }
        whole
    }

    #[test]
    fn where_a_map_is() {
        for (text, expected) in [
            ("x\n//# sourceMappingURL=app.js.map\n", "beside app.js.map"),
            ("x/*# sourceMappingURL=maps/a.css.map */", "beside maps/a.css.map"),
            ("//@ sourceMappingURL=a.map?v=1", "beside a.map"),
            ("//# sourceMappingURL=one\n//# sourceMappingURL=two", "beside two"),
            ("//# sourceMappingURL=one\nlet s = \"sourceMappingURL=two", "nothing"),
            ("//# sourceMappingURL=one\n// and so on, for some more bytes", "beside one"),
            ("//# sourceMappingURL=../a.map", "nothing"),
            ("//# sourceMappingURL=/etc/a.map", "nothing"),
            ("//# sourceMappingURL=https://acme.test/a.map", "nothing"),
            ("//# sourceMappingURL=", "nothing"),
            ("const s = \"sourceMappingURL=\"", "nothing"),
            ("x", "nothing"),
        ] {
            assert_eq!(said(text.as_bytes()), expected, "{text}");
        }
        let map = r#"{"version":3,"sources":["a"],"sourcesContent":["b"],"mappings":""}"#;
        for data in [
            format!("application/json;base64,{}", STANDARD.encode(map)),
            format!("application/json;charset=utf-8,{}", map.replace('"', "%22")),
        ] {
            let text = format!("f()\n//# sourceMappingURL=data:{data}\n");
            assert_eq!(said(text.as_bytes()), r#"inline [("a", "b")] (true, Some(10))"#);
        }
        assert!(matches!(Mapped::of(map.as_bytes(), "a.js.map"), Mapped::Itself(_)));
        assert!(matches!(Mapped::of(b"{}", "a.js.map"), Mapped::Nothing));
    }

    #[test]
    fn a_map_that_is_too_large_is_not_held() {
        for (path, start) in [("a.map", ""), ("a.js", "//# sourceMappingURL=data:")] {
            let mut seeker = Seeker::new(path);
            seeker.push(start.as_bytes());
            let piece = vec![b'a'; 1 << 20];
            for _ in 0..LARGEST >> 20 {
                seeker.push(&piece);
                assert!(seeker.held.len() <= LARGEST);
            }
            seeker.push(b"a");
            assert!(matches!(seeker.finish(), Mapped::TooLarge), "{path}");
        }
    }

    proptest! {
        #[test]
        fn pieces_say_what_the_whole_says(text in "([#@ a*\n]|//# |sourceMappingURL=|sourceMapping){0,12}") {
            said(text.as_bytes());
        }
    }
}
