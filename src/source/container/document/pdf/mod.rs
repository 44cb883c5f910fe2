//! PDF: the text of its pages, its strings, and what is in its streams.
//!
//! Objects are taken in the order in which they are in the file, and not by its tables: so nothing leads in circles, and what
//! was replaced by a later version is looked at too. It is read here and not by a library, because those that there are
//! unpack streams of any size.

mod cmap;
mod filter;
mod object;
mod text;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use cmap::CharacterMap;
use filter::Decoded;
use object::{Lexer, Object, is_blank};
use text::{Font, Fonts};

use super::super::guard::Fault;
use super::super::kind::Kind;
use super::super::{Packing, Place, SNIFFED, Walk};
use super::view;

/// How many objects are kept, those in others too: streams, and what is needed to find the fonts of pages.
const KEPT: u32 = 1_000_000;

/// How many times a byte may be read in looking for objects: what does not end is read again.
const TIMES: usize = 16;

/// How many fonts of a page are told apart.
const FONTS: usize = 256;

/// How many pages that show a stream are asked for their fonts.
const PAGES: usize = 8;

/// A stream of the document.
struct Stream<'p> {
    number: u32,
    dictionary: Object<'p>,
    data: Range<usize>,
}

/// What was met of a document.
#[derive(Default)]
struct Objects<'p> {
    streams: Vec<Stream<'p>>,
    /// Dictionaries by their number.
    others: HashMap<u32, Object<'p>>,
    /// The strings in dictionaries.
    strings: String,
    /// How many objects are kept.
    kept: u32,
    /// Whether some objects could not be read, or not be kept.
    cut: bool,
    /// Whether a stream does not end.
    endless: bool,
}

/// Looks at what is in a PDF.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, bytes: &[u8]) {
    if is_encrypted(bytes) {
        let fault = Fault::unsupported("it is encrypted: only what is readable as it is was looked at");
        walk.skip(place, fault);
        return;
    }
    let mut objects = Objects::default();
    objects.read(bytes);
    // What object streams hold is unpacked first: dictionaries that others need are in them.
    let unpacked: Vec<Vec<u8>> = objects.unpack(walk, place, bytes);
    for inner in &unpacked {
        objects.read_packed(inner);
    }
    view(walk, place, "strings", objects.strings.as_bytes());
    let pages = Pages::of(&objects, objects.maps(walk, place, bytes));
    for stream in &objects.streams {
        if walk.sink.stopped() || !stream_of(walk, place, bytes, &pages, stream) {
            return;
        }
    }
    if objects.cut {
        walk.skip(
            place,
            Fault::corrupt("some of its objects are larger than objects are, and were looked at as they are"),
        );
    }
    // What has no objects only begins like a document.
    if objects.endless || (objects.kept > 0 && !has_end(bytes)) {
        walk.skip(place, Fault::corrupt("it ends too early"));
    }
}

/// Whether the document says that its strings and streams are encrypted.
fn is_encrypted(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, b"/Encrypt").any(|at| {
        let mut lexer = Lexer::new(bytes, at + 8);
        matches!(bytes.get(at + 8), Some(b) if is_blank(*b) || *b == b'<')
            && matches!(lexer.next(), Some(Object::Reference(_) | Object::Dictionary(_)))
    })
}

/// Whether there is a mark of the end, and no object behind the last one.
fn has_end(bytes: &[u8]) -> bool {
    memchr::memmem::rfind(bytes, b"%%EOF").is_some_and(|end| {
        let objects = memchr::memmem::find_iter(&bytes[end..], b"obj");
        objects.map(|at| end + at).all(|at| number_before(bytes, at).is_none())
    })
}

/// Looks at one stream. Says whether to go on.
fn stream_of(walk: &mut Walk<'_>, place: &Place, bytes: &[u8], pages: &Pages<'_, '_>, stream: &Stream<'_>) -> bool {
    let dictionary = &stream.dictionary;
    let passed = dictionary.is("Type", "XRef") || dictionary.is("Type", "ObjStm") || dictionary.is("Subtype", "Image");
    // What a map of characters says was used already.
    if passed || pages.maps.contains_key(&stream.number) {
        return true;
    }
    if !walk.admits(place) {
        return false;
    }
    let name = format!("object/{}", stream.number);
    let Decoded { bytes: content, picture, fault } =
        filter::decode(walk, dictionary, &bytes[stream.data.clone()], place.memory / 8);
    if let Some(fault) = fault {
        walk.skip(&place.member(&name), fault);
    }
    if picture || content.is_empty() {
        return true;
    }
    if text::is_content(&content) {
        let shown = text::text_of(&content, &pages.fonts(stream));
        if shown.unknown {
            let fault = Fault::unsupported("text in a font that does not say what its glyphs are");
            walk.skip(&place.member(&name), fault);
        }
        view(walk, place, &name, shown.text.as_bytes());
    } else if dictionary.get("Filter").is_some() || Kind::of(&content[..content.len().min(SNIFFED)], "").is_some() {
        walk.member(place, &name, &mut &*content, Packing::none(content.len() as u64));
    }
    true
}

impl<'p> Objects<'p> {
    /// Takes the objects of a file.
    fn read(&mut self, bytes: &'p [u8]) {
        let (mut at, mut read) = (0, 0);
        while let Some(found) = memchr::memmem::find(&bytes[at..], b"obj") {
            let start = at + found;
            at = start + 3;
            let Some(number) = number_before(bytes, start) else { continue };
            let mut lexer = Lexer::new(bytes, at);
            let object = lexer.next();
            read += lexer.at - at;
            if self.kept > KEPT || read / TIMES > bytes.len() {
                self.cut = true;
                return;
            }
            let Some(object) = object else {
                self.cut = true;
                continue;
            };
            at = lexer.at;
            self.strings_of(&object, None);
            self.kept += lexer.used();
            lexer.blanks();
            match data(bytes, lexer.at, &object) {
                Some((data, whole)) => {
                    at = data.end;
                    self.endless |= !whole;
                    self.streams.push(Stream { number, dictionary: object, data });
                }
                None => self.keep(number, object),
            }
        }
    }

    /// Takes the objects of an object stream: their numbers and places come first.
    fn read_packed(&mut self, inner: &'p [u8]) {
        let mut lexer = Lexer::new(inner, 0);
        let mut numbers = Vec::new();
        let mut object = lexer.next();
        while let Some(Object::Number(number)) = object {
            numbers.push(number);
            object = lexer.next();
        }
        // Each follows the one before.
        for pair in numbers.chunks_exact(2) {
            let Some(object) = object.take().or_else(|| lexer.next()) else { break };
            self.strings_of(&object, None);
            self.kept = self.kept.saturating_add(lexer.used());
            if self.kept < KEPT {
                self.keep(pair[0] as u32, object);
            }
        }
        while let Some(object) = lexer.next() {
            self.strings_of(&object, None);
        }
    }

    fn keep(&mut self, number: u32, object: Object<'p>) {
        let of_use = ["Font", "Resources", "Contents", "ToUnicode", "Type", "DescendantFonts", "Encoding"];
        let references = |object: &Object<'_>| match object {
            Object::Dictionary(entries) => entries.iter().all(|(_, value)| value.reference().is_some()),
            Object::Array(all) => all.iter().all(|value| value.reference().is_some()),
            _ => false,
        };
        if references(&object) || of_use.iter().any(|key| object.get(key).is_some()) {
            self.others.insert(number, object);
        }
    }

    /// Writes the strings of an object as lines, each after the key that it is under.
    fn strings_of(&mut self, object: &Object<'_>, key: Option<&[u8]>) {
        match object {
            Object::String(text) => {
                if let Some(key) = key {
                    self.strings.push_str(&text::plain(key));
                    self.strings.push('=');
                }
                self.strings.push_str(&text::plain(text));
                self.strings.push('\n');
            }
            Object::Array(all) => all.iter().for_each(|inner| self.strings_of(inner, None)),
            // The names of a file are bytes that say nothing.
            Object::Dictionary(entries) => {
                entries
                    .iter()
                    .filter(|(key, _)| *key != b"ID")
                    .for_each(|(key, value)| self.strings_of(value, Some(key)));
            }
            _ => {}
        }
    }

    /// What the object streams hold.
    fn unpack(&self, walk: &mut Walk<'_>, place: &Place, bytes: &[u8]) -> Vec<Vec<u8>> {
        let (mut all, mut room) = (Vec::new(), place.memory / 2);
        for stream in self.streams.iter().filter(|stream| stream.dictionary.is("Type", "ObjStm")) {
            let decoded = filter::decode(walk, &stream.dictionary, &bytes[stream.data.clone()], room.max(1));
            if let Some(fault) = decoded.fault {
                walk.skip(&place.member(&format!("object/{}", stream.number)), fault);
            }
            room = room.saturating_sub(decoded.bytes.len() as u64);
            all.push(decoded.bytes);
        }
        all
    }

    /// The maps of fonts, by the number of the stream that each is in.
    fn maps(&self, walk: &Walk<'_>, place: &Place, bytes: &[u8]) -> HashMap<u32, Arc<CharacterMap>> {
        let streams: HashMap<u32, &Stream<'_>> = self.streams.iter().map(|stream| (stream.number, stream)).collect();
        let (mut maps, mut room) = (HashMap::new(), place.memory / 8);
        let wanted = self.others.values().filter_map(|object| object.get("ToUnicode")?.reference());
        for number in wanted {
            if let Some(stream) = streams.get(&number).filter(|_| !maps.contains_key(&number)) {
                // A font without a map is told where it is used.
                if room == 0 {
                    break;
                }
                let limit = room.min(place.memory / 64);
                let decoded = filter::decode(walk, &stream.dictionary, &bytes[stream.data.clone()], limit);
                room = room.saturating_sub(decoded.bytes.len() as u64);
                maps.insert(number, Arc::new(CharacterMap::parse(&decoded.bytes)));
            }
        }
        maps
    }

    /// What `value` is or refers to.
    fn resolved<'o>(&'o self, value: &'o Object<'p>) -> Option<&'o Object<'p>> {
        match value {
            Object::Reference(number) => self.others.get(number),
            other => Some(other),
        }
    }
}

/// Which fonts the streams of pages name.
struct Pages<'o, 'p> {
    objects: &'o Objects<'p>,
    maps: HashMap<u32, Arc<CharacterMap>>,
    /// The pages that show a stream.
    showing: HashMap<u32, Vec<&'o Object<'p>>>,
    /// All fonts there are, for streams that no page shows.
    all: Fonts<'p>,
}

impl<'o, 'p> Pages<'o, 'p> {
    fn of(objects: &'o Objects<'p>, maps: HashMap<u32, Arc<CharacterMap>>) -> Self {
        let mut pages = Self { objects, maps, showing: HashMap::new(), all: Fonts::default() };
        let mut all = Fonts::default();
        // A list may be that of many pages.
        let mut left = KEPT;
        for page in objects.others.values() {
            let Some(contents) = page.get("Contents") else { continue };
            let listed = objects.resolved(contents).filter(|list| matches!(list, Object::Array(_)));
            for stream in listed.unwrap_or(contents).each().iter().filter_map(Object::reference) {
                left = left.saturating_sub(1);
                let showing = pages.showing.entry(stream).or_default();
                if left > 0 && showing.len() < PAGES {
                    showing.push(page);
                }
            }
        }
        for object in objects.others.values().chain(objects.streams.iter().map(|stream| &stream.dictionary)) {
            if all.len() < FONTS {
                pages.add(object.get("Resources").unwrap_or(object), &mut all);
            }
        }
        pages.all = all;
        pages
    }

    /// The fonts that a stream may name: its own, those of the pages that show it, or all there are.
    fn fonts(&self, stream: &Stream<'p>) -> Fonts<'p> {
        let mut fonts = Fonts::default();
        if let Some(resources) = stream.dictionary.get("Resources") {
            self.add(resources, &mut fonts);
        }
        for page in self.showing.get(&stream.number).into_iter().flatten() {
            let inherited = || self.objects.resolved(page.get("Parent")?)?.get("Resources");
            if let Some(resources) = page.get("Resources").or_else(inherited) {
                self.add(resources, &mut fonts);
            }
        }
        if fonts.is_empty() { self.all.clone() } else { fonts }
    }

    fn add(&self, resources: &Object<'p>, fonts: &mut Fonts<'p>) {
        let resolved = |value| self.objects.resolved(value);
        let named =
            self.objects.resolved(resources).and_then(|resources| self.objects.resolved(resources.get("Font")?));
        let Some(Object::Dictionary(named)) = named else { return };
        for (name, font) in named.iter().take(FONTS) {
            let Some(font) = resolved(font) else { continue };
            let map = font.get("ToUnicode").and_then(Object::reference);
            let map = map.and_then(|number| self.maps.get(&number).cloned());
            let glyphs = font.is("Subtype", "Type0")
                && font.get("Encoding").and_then(Object::name).is_some_and(|name| name.starts_with(b"Identity"));
            fonts.insert(name, Font { map, glyphs });
        }
    }
}

/// The number of an object, of which `12 0 ` is before `at`.
fn number_before(bytes: &[u8], at: usize) -> Option<u32> {
    let before = &bytes[at.saturating_sub(24)..at];
    let before = before.trim_ascii_end();
    let generation = before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let before = &before[..before.len() - generation];
    let number = before.trim_ascii_end();
    let digits = number.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    (generation > 0 && digits > 0 && number.len() < before.len()).then_some(())?;
    std::str::from_utf8(&number[number.len() - digits..]).ok()?.parse().ok()
}

/// Where the data of a stream are whose dictionary ends before `at`, and whether it has an end.
fn data(bytes: &[u8], at: usize, dictionary: &Object<'_>) -> Option<(Range<usize>, bool)> {
    let rest = bytes[at..].strip_prefix(b"stream")?;
    let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).or_else(|| rest.strip_prefix(b"\r"));
    let start = bytes.len() - rest?.len();
    let rest = &bytes[start..];
    let length = dictionary.get("Length").and_then(Object::number).map(|length| length as usize);
    // It may lie; the keyword behind the data does not.
    if let Some(length) = length.filter(|&length| length <= rest.len()) {
        let behind = rest[length..].trim_ascii_start();
        if behind.starts_with(b"endstream") {
            return Some((start..start + length, true));
        }
    }
    match memchr::memmem::find(rest, b"endstream") {
        Some(end) => {
            let data = &rest[..end];
            let data = data.strip_suffix(b"\n").unwrap_or(data);
            let data = data.strip_suffix(b"\r").unwrap_or(data);
            Some((start..start + data.len(), true))
        }
        None => Some((start..bytes.len(), false)),
    }
}
