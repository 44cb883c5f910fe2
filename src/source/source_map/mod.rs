//! Source maps: what a build tool made a script or style sheet from, and which place of it was which place there.
//!
//! The format is ECMA-426. Only what a scan needs is read: the sources with their contents, and, for a few places at a time, the mappings,
//! which are gone through once and never held.

mod mappings;
mod reference;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use memchr::memmem;
use serde::{Deserialize, Serialize};

use self::mappings::{Segment, Segments};
pub use self::reference::{LARGEST, Mapped, Passing, Seeker};
use crate::span::Position;

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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourcePlace {
    /// The source's name.
    pub source: String,
    /// Where.
    pub at: Position,
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

    /// Reads the map that is in an address: `data:application/json;base64,…`.
    #[must_use]
    pub fn inline(url: &[u8]) -> Option<Self> {
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

    /// Leaves the contents out, which is most of it.
    #[must_use]
    pub fn without_contents(mut self) -> Self {
        self.sections.iter_mut().for_each(|section| section.contents = Vec::new());
        self
    }

    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let of = |section: &Section| {
            let contents = section.contents.iter().map(|content| content.as_ref().map_or(0, String::len));
            let names = section.sources.iter().map(|name| name.len() + size_of::<String>());
            section.mappings.len() + names.sum::<usize>() + contents.sum::<usize>() + size_of::<Section>()
        };
        self.sections.iter().map(of).sum()
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
        for segment in Segments::of(&self.mappings, self.start) {
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

/// An address without its `%` escapes.
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

    use super::mappings::vlq;
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
            let _ = (SourceMap::parse(&text), SourceMap::inline(&text), Mapped::of(&text, "a.js"));
            let json = serde_json::json!({ "version": 3, "sources": ["a", "b"], "mappings": mappings });
            if let Some(map) = SourceMap::parse(json.to_string().as_bytes()) {
                prop_assert_eq!(map.originals(&[at(1, 1), at(2, 7), at(1, 900)]).len(), 3);
            }
        }
    }
}
