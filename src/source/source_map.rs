//! Source maps: what a build tool made a script or style sheet from, and which place of it was which place there.
//!
//! The format is ECMA-426. Only what a scan needs is read: the sources with their contents, and, for a few places at a time, the mappings,
//! which are gone through once and never held.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use memchr::memmem;
use serde::Deserialize;

use crate::span::Position;

/// What names the map of a file, after `//#`, `//@` or `/*#`.
const REFERENCE: &[u8] = b"sourceMappingURL=";

/// How long a reference to another file may be.
const LONGEST_NAME: usize = 1024;

/// Characters of a source's name that are shown.
const LONGEST_SOURCE: usize = 512;

/// How many maps one made of sections may have.
const SECTIONS: usize = 10_000;

/// A source map.
#[derive(Debug)]
pub struct SourceMap {
    sections: Vec<Section>,
}

/// A part of a source map, for what is made from `start` on.
#[derive(Debug)]
struct Section {
    /// Line and column, both from 0.
    start: (u64, u64),
    sources: Vec<String>,
    contents: Vec<Option<String>>,
    mappings: String,
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePlace {
    /// The source's name.
    pub source: String,
    /// Where.
    pub at: Position,
}

/// Where a file says that its map is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// In the file itself; the bytes that hold it.
    Inline(Range<usize>),
    /// In a file of this name, in the same folder or one in it.
    Beside(String),
}

#[derive(Deserialize)]
struct Wire {
    version: u32,
    #[serde(default, rename = "sourceRoot")]
    root: Option<String>,
    #[serde(default)]
    sources: Vec<Option<String>>,
    #[serde(default, rename = "sourcesContent")]
    contents: Option<Vec<Option<String>>>,
    #[serde(default)]
    mappings: String,
    #[serde(default)]
    sections: Vec<WireSection>,
}

#[derive(Deserialize)]
struct WireSection {
    offset: WireOffset,
    map: Option<Box<Wire>>,
}

#[derive(Deserialize)]
struct WireOffset {
    line: u32,
    column: u32,
}

impl SourceMap {
    /// Reads a map; `None` if it is none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        // A line that would make it no script may stand before it.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let bytes = match bytes.strip_prefix(b")]}") {
            Some(rest) => &rest[memchr::memchr(b'\n', rest)?..],
            None => bytes,
        };
        memmem::find(bytes, b"\"version\"")?;
        let wire: Wire = serde_json::from_slice(bytes).ok()?;
        let mut sections = Vec::new();
        collect(wire, (0, 0), 0, &mut sections);
        sections.retain(|section| !section.sources.is_empty());
        (!sections.is_empty()).then_some(Self { sections })
    }

    /// Reads the map that stands at `range` of a file, as [`reference`] gives it.
    #[must_use]
    pub fn inline(text: &[u8], range: Range<usize>) -> Option<Self> {
        let url = &text[range];
        let (head, data) = url.split_at(memchr::memchr(b',', url)?);
        let data = &data[1..];
        if memmem::find(head, b"base64").is_none() {
            return Self::parse(&percent_decoded(data));
        }
        let digits = data.strip_suffix(b"==").or_else(|| data.strip_suffix(b"=")).unwrap_or(data);
        let bytes = STANDARD_NO_PAD.decode(digits).or_else(|_| STANDARD.decode(data)).ok()?;
        Self::parse(&bytes)
    }

    /// The sources whose contents it has: name and content.
    pub fn contents(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sections.iter().flat_map(|section| {
            let contents = section.sources.iter().zip(&section.contents);
            contents.filter_map(|(name, content)| Some((name.as_str(), content.as_deref()?)))
        })
    }

    /// Where the places `made`, in the file that was made, were in the sources.
    #[must_use]
    pub fn originals(&self, made: &[Position]) -> Vec<Option<SourcePlace>> {
        let mut found = vec![None; made.len()];
        let place = |at: usize| (made[at].line.saturating_sub(1), made[at].column.saturating_sub(1));
        let mut order: Vec<usize> = (0..made.len()).collect();
        order.sort_by_key(|&at| place(at));
        let mut rest = &order[..];
        for (number, section) in self.sections.iter().enumerate() {
            let end = self.sections.get(number + 1).map_or((u64::MAX, 0), |next| next.start);
            let own = rest.partition_point(|&at| place(at) < end);
            let (here, others) = rest.split_at(own);
            rest = others;
            section.originals(here, &place, &mut found);
        }
        found
    }
}

/// Takes a map apart into sections, those of maps within it too.
fn collect(wire: Wire, start: (u64, u64), depth: usize, sections: &mut Vec<Section>) {
    const DEPTH: usize = 4;
    if wire.version != 3 || sections.len() >= SECTIONS || depth > DEPTH {
        return;
    }
    for section in wire.sections {
        let (line, column) = (u64::from(section.offset.line), u64::from(section.offset.column));
        let within = if line == 0 { (start.0, start.1 + column) } else { (start.0 + line, column) };
        // In order, or no place could be looked up.
        if let Some(map) = section.map
            && sections.last().is_none_or(|last| last.start <= within)
        {
            collect(*map, within, depth + 1, sections);
        }
    }
    if wire.sources.is_empty() {
        return;
    }
    let root = wire.root.unwrap_or_default();
    let sources = wire.sources.into_iter().map(|name| shown_name(&root, &name.unwrap_or_default()));
    sections.push(Section {
        start,
        sources: sources.collect(),
        contents: wire.contents.unwrap_or_default(),
        mappings: wire.mappings,
    });
}

/// A source's name as a path: without what names the tool, and without ways out of the folder.
fn shown_name(root: &str, name: &str) -> String {
    let joined = if root.is_empty() || name.contains("://") { name.to_owned() } else { format!("{root}/{name}") };
    let path = joined.split_once("://").map_or(joined.as_str(), |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let parts = path.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | ".."));
    let path: String = parts.collect::<Vec<_>>().join("/").chars().take(LONGEST_SOURCE).collect();
    if path.is_empty() { "unnamed".into() } else { path }
}

impl Section {
    /// Fills in where the places with the numbers `wanted` were, which are in order and in this section.
    fn originals(&self, wanted: &[usize], place: &impl Fn(usize) -> (u64, u64), found: &mut [Option<SourcePlace>]) {
        let mut wanted = wanted.iter().copied().peekable();
        let mut last: Option<Segment> = None;
        let mut tell = |at: usize, last: Option<Segment>| {
            let (line, column) = place(at);
            let Some(segment) = last.filter(|segment| segment.line == line && segment.column <= column) else { return };
            found[at] = self.original(segment, column);
        };
        for segment in Segments::of(self) {
            while let Some(&at) = wanted.peek() {
                if place(at) >= (segment.line, segment.column) {
                    break;
                }
                tell(at, last);
                wanted.next();
            }
            if wanted.peek().is_none() {
                return;
            }
            last = Some(segment);
        }
        wanted.for_each(|at| tell(at, last));
    }

    fn original(&self, segment: Segment, column: u64) -> Option<SourcePlace> {
        let (source, line, start) = segment.original?;
        let source = self.sources.get(usize::try_from(source).ok()?)?.clone();
        // What is within a string is as far from its beginning as it was.
        let column = start + (column - segment.column) + 1;
        Some(SourcePlace { source, at: Position { line: line + 1, column } })
    }
}

/// From where on a line was made from what; all numbers from 0.
#[derive(Clone, Copy, Debug)]
struct Segment {
    line: u64,
    column: u64,
    /// Source, line, column.
    original: Option<(u64, u64, u64)>,
}

/// The segments of the mappings, in order, as far as they are sound.
struct Segments<'m> {
    rest: &'m [u8],
    /// Line and column in what was made.
    line: u64,
    column: i64,
    /// What is added to the columns of the first line.
    first: (u64, i64),
    /// Source, line, column, so far.
    original: [i64; 3],
}

impl<'m> Segments<'m> {
    fn of(section: &'m Section) -> Self {
        let (line, column) = section.start;
        let column = i64::try_from(column).unwrap_or(0);
        Self { rest: section.mappings.as_bytes(), line, column, first: (line, column), original: [0; 3] }
    }
}

impl Iterator for Segments<'_> {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        loop {
            match self.rest {
                [b';', rest @ ..] => {
                    self.line += 1;
                    self.column = if self.line == self.first.0 { self.first.1 } else { 0 };
                    self.rest = rest;
                }
                [b',', rest @ ..] => self.rest = rest,
                [] => return None,
                _ => break,
            }
        }
        let mut fields = [0i64; 5];
        let mut count = 0;
        while !matches!(self.rest, [] | [b',' | b';', ..]) {
            let value = vlq(&mut self.rest)?;
            *fields.get_mut(count)? = value;
            count += 1;
        }
        self.column = self.column.checked_add(fields[0])?;
        if count >= 4 {
            for (known, more) in self.original.iter_mut().zip(&fields[1..4]) {
                *known = known.checked_add(*more)?;
            }
        }
        let natural = |number: i64| u64::try_from(number).ok();
        let original = match self.original.map(natural) {
            [Some(source), Some(line), Some(column)] if count >= 4 => Some((source, line, column)),
            _ => None,
        };
        Some(Segment { line: self.line, column: natural(self.column)?, original })
    }
}

/// Takes a number off the front: five bits a digit, the lowest first, the lowest bit of all being the sign.
fn vlq(rest: &mut &[u8]) -> Option<i64> {
    let (mut value, mut shift) = (0i64, 0);
    loop {
        let (&digit, after) = rest.split_first()?;
        *rest = after;
        let bits = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        if shift > 30 {
            return None;
        }
        value |= i64::from(bits & 31) << shift;
        shift += 5;
        if bits & 32 == 0 {
            return Some(if value & 1 == 1 { -(value >> 1) } else { value >> 1 });
        }
    }
}

/// Where a script or style sheet says that its map is. The last word counts.
#[must_use]
pub fn reference(text: &[u8]) -> Option<Reference> {
    let at = memmem::rfind(text, REFERENCE)?;
    let lead = &text[at.saturating_sub(3)..at];
    if !lead.ends_with(b"# ") && !lead.ends_with(b"@ ") && !lead.ends_with(b"#") {
        return None;
    }
    let start = at + REFERENCE.len();
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'*' | b'"' | b'\'' | b'\\' | b'`');
    let len = text[start..].iter().position(ends).unwrap_or(text.len() - start);
    let url = &text[start..start + len];
    if url.starts_with(b"data:") {
        return Some(Reference::Inline(start..start + len));
    }
    let name = std::str::from_utf8(url).ok().filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME)?;
    let name = name.split(['?', '#']).next()?;
    // Nothing out of the folder, and nothing from the network.
    let within = name.split('/').all(|part| !matches!(part, "" | ".."));
    (within && !name.contains([':', '\\', '\0'])).then(|| Reference::Beside(name.to_owned()))
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    let digit = |byte: u8| char::from(byte).to_digit(16);
    while let [byte, after @ ..] = rest {
        rest = after;
        if let (b'%', [high, low, ..]) = (byte, after)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            decoded.push((high << 4 | low) as u8);
            rest = &after[2..];
        } else {
            decoded.push(*byte);
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(numbers: &[i64]) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for &number in numbers {
            let mut rest = number.unsigned_abs() << 1 | u64::from(number < 0);
            loop {
                let more = if rest > 31 { 32 } else { 0 };
                text.push(char::from(DIGITS[(rest & 31 | more) as usize]));
                rest >>= 5;
                if more == 0 {
                    break;
                }
            }
        }
        text
    }

    fn at(line: u64, column: u64) -> Position {
        Position { line, column }
    }

    fn place(source: &str, line: u64, column: u64) -> Option<SourcePlace> {
        Some(SourcePlace { source: source.into(), at: at(line, column) })
    }

    #[test]
    fn places_lead_back_to_the_sources() {
        // a.ts 1:1 at 1:1, b.ts 11:5 at 1:21, nothing from 1:41 on, a.ts 2:3 at 3:1.
        let segments = [[0, 0, 0, 0], [20, 1, 10, 4]].map(|fields| encoded(&fields));
        let mappings = format!("{},{},{};;{}", segments[0], segments[1], encoded(&[20]), encoded(&[0, -1, -9, -2]));
        let json = serde_json::json!({
            "version": 3, "sources": ["webpack://app/./src/a.ts?1f", "../../b.ts"], "sourcesContent": ["let a", null],
            "names": [], "mappings": mappings,
        });
        let map = SourceMap::parse(json.to_string().as_bytes()).expect("it is a map");
        assert_eq!(map.contents().collect::<Vec<_>>(), [("app/src/a.ts", "let a")]);
        let made = [at(3, 8), at(1, 1), at(1, 20), at(1, 30), at(1, 50), at(2, 1), at(9, 9)];
        let expected = [
            place("app/src/a.ts", 2, 10),
            place("app/src/a.ts", 1, 1),
            place("app/src/a.ts", 1, 20),
            place("b.ts", 11, 14),
            None,
            None,
            None,
        ];
        assert_eq!(map.originals(&made), expected);
    }

    #[test]
    fn maps_made_of_sections() {
        let part =
            |name: &str| serde_json::json!({ "version": 3, "sources": [name], "mappings": encoded(&[0, 0, 0, 0]) });
        let json = serde_json::json!({ "version": 3, "sections": [
            { "offset": { "line": 0, "column": 0 }, "map": part("a.js") },
            { "offset": { "line": 0, "column": 100 }, "map": part("b.js") },
            { "offset": { "line": 4, "column": 0 }, "map": part("c.js") },
        ]});
        let map = SourceMap::parse(json.to_string().as_bytes()).expect("it is a map");
        let originals = map.originals(&[at(1, 5), at(1, 103), at(5, 2)]);
        assert_eq!(originals, [place("a.js", 1, 5), place("b.js", 1, 3), place("c.js", 1, 2)]);
    }

    #[test]
    fn where_a_map_is() {
        let beside = |name: &str| Some(Reference::Beside(name.into()));
        for (text, expected) in [
            ("x\n//# sourceMappingURL=app.js.map\n", beside("app.js.map")),
            ("x/*# sourceMappingURL=maps/a.css.map */", beside("maps/a.css.map")),
            ("//@ sourceMappingURL=a.map?v=1", beside("a.map")),
            ("//# sourceMappingURL=one\n//# sourceMappingURL=two", beside("two")),
            ("//# sourceMappingURL=../a.map", None),
            ("//# sourceMappingURL=/etc/a.map", None),
            ("//# sourceMappingURL=https://acme.test/a.map", None),
            ("const s = \"sourceMappingURL=\"", None),
            ("x", None),
        ] {
            assert_eq!(reference(text.as_bytes()), expected, "{text}");
        }
        let map = r#"{"version":3,"sources":["a"],"sourcesContent":["b"],"mappings":""}"#;
        for data in [
            format!("application/json;base64,{}", STANDARD.encode(map)),
            format!("application/json;charset=utf-8,{}", map.replace('"', "%22")),
        ] {
            let text = format!("f()\n//# sourceMappingURL=data:{data}\n");
            let Some(Reference::Inline(range)) = reference(text.as_bytes()) else { panic!("{text}") };
            let map = SourceMap::inline(text.as_bytes(), range).expect("it is a map");
            assert_eq!(map.contents().collect::<Vec<_>>(), [("a", "b")]);
        }
    }

    #[test]
    fn what_is_broken_is_no_map_or_leads_nowhere() {
        for text in ["", "{}", "[1]", "{\"version\":3}", "{\"version\":2,\"sources\":[\"a\"]}", ")]}'"] {
            assert!(SourceMap::parse(text.as_bytes()).is_none(), "{text}");
        }
        for mappings in ["A!A", "gggggggggggggggggggggA", "AAAAAAA", "D", "AD", "AAD,", "A,A,A;;;;;"] {
            let json = serde_json::json!({ "version": 3, "sources": ["a"], "mappings": mappings });
            let map = SourceMap::parse(json.to_string().as_bytes()).expect("it is a map");
            let _ = map.originals(&[at(1, 1), at(u64::MAX, u64::MAX), at(0, 0)]);
        }
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_they_are_written(number in -(1i64 << 30)..(1i64 << 30)) {
            let text = encoded(&[number]);
            prop_assert_eq!(vlq(&mut text.as_bytes()), Some(number));
        }

        #[test]
        fn no_text_is_too_odd(text in prop::collection::vec(any::<u8>(), 0..200), mappings in "[A-Za-z0-9+/,;]{0,80}") {
            let _ = (SourceMap::parse(&text), reference(&text));
            let json = serde_json::json!({ "version": 3, "sources": ["a", "b"], "mappings": mappings });
            if let Some(map) = SourceMap::parse(json.to_string().as_bytes()) {
                prop_assert_eq!(map.originals(&[at(1, 1), at(2, 7), at(1, 900)]).len(), 3);
            }
        }
    }
}
