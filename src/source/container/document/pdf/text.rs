//! The text of a page: what its operators show, in lines (ISO 32000-1, 9.4).

use std::collections::HashMap;
use std::sync::Arc;

use super::cmap::CharacterMap;
use super::object::{Lexer, Object, is_blank};

/// A font of a page.
#[derive(Clone, Debug, Default)]
pub(super) struct Font {
    /// What its codes stand for, where it says so.
    pub(super) map: Option<Arc<CharacterMap>>,
    /// Whether its codes are numbers of glyphs, which say nothing by themselves.
    pub(super) glyphs: bool,
}

/// The fonts of a page, by the names that it gives them.
pub(super) type Fonts<'f> = HashMap<&'f [u8], Font>;

/// Operands that an operator can have; more are not looked at.
const OPERANDS: usize = 64;

/// The text that is shown, and whether some of it could not be told.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) unknown: bool,
}

/// Whether a stream looks like what is on a page.
pub(super) fn is_content(bytes: &[u8]) -> bool {
    let word = |word: &[u8]| {
        memchr::memmem::find_iter(bytes, word).any(|at| {
            let around = |byte: Option<&u8>| byte.is_none_or(|&b| is_blank(b) || b"()<>[]/".contains(&b));
            around(at.checked_sub(1).and_then(|before| bytes.get(before))) && around(bytes.get(at + word.len()))
        })
    };
    word(b"BT") && word(b"ET")
}

/// Reads what is shown.
pub(super) fn text_of(bytes: &[u8], fonts: &Fonts<'_>) -> Shown {
    let mut page = Page {
        fonts,
        font: None,
        size: 1.0,
        shown: Shown::default(),
        last: 0,
        at: (0.0, 0.0),
        named: Vec::new(),
        changed: false,
    };
    let mut lexer = Lexer::new(bytes, 0);
    let mut operands: Vec<Object<'_>> = Vec::new();
    loop {
        let before = lexer.at;
        match lexer.next() {
            Some(Object::Word(b"ID")) => lexer.at = behind_image(bytes, lexer.at),
            Some(Object::Word(operator)) => page.operate(operator, &operands),
            Some(object) => {
                if operands.len() < OPERANDS {
                    operands.push(object);
                }
                continue;
            }
            // Not at the end: something that is too deep or too much.
            None if before < lexer.at && lexer.at < bytes.len() => page.shown.unknown = true,
            None => return page.shown,
        }
        operands.clear();
    }
}

/// Where the data of a picture among operators ends.
fn behind_image(bytes: &[u8], from: usize) -> usize {
    let end = memchr::memmem::find_iter(&bytes[from..], b"EI")
        .map(|at| from + at)
        .find(|&at| is_blank(bytes[at - 1]) && bytes.get(at + 2).is_none_or(|&b| is_blank(b)));
    end.map_or(bytes.len(), |at| at + 2)
}

struct Page<'p> {
    fonts: &'p Fonts<'p>,
    font: Option<&'p Font>,
    size: f64,
    shown: Shown,
    /// How many characters were shown since the place was set.
    last: usize,
    at: (f64, f64),
    /// The name of the font, and whether it is another one than that of what was shown last.
    named: Vec<u8>,
    changed: bool,
}

impl Page<'_> {
    fn operate(&mut self, operator: &[u8], operands: &[Object<'_>]) {
        let number =
            |back: usize| operands.len().checked_sub(back).and_then(|at| operands[at].number()).unwrap_or_default();
        match operator {
            b"Tf" => {
                self.size = number(1).abs().max(0.01);
                let name = operands.first().and_then(Object::name).unwrap_or_default();
                self.font = self.fonts.get(name);
                self.changed |= self.named != name;
                self.named = name.to_vec();
            }
            b"Td" | b"TD" => self.move_to(self.at.0 + number(2), self.at.1 + number(1), self.size),
            // The size may be in the matrix.
            b"Tm" => self.move_to(number(2), number(1), self.size * number(6).abs().max(0.01)),
            b"T*" | b"ET" => self.end_line(),
            b"BT" => {
                self.end_line();
                self.at = (0.0, 0.0);
            }
            b"Tj" => self.show(operands),
            b"'" | b"\"" => {
                self.end_line();
                self.show(operands);
            }
            b"TJ" => self.show(operands.last().map(Object::each).unwrap_or_default()),
            // What is said in words for what is shown, and properties of what is marked.
            _ => {
                for object in operands {
                    self.properties(object);
                }
            }
        }
    }

    /// Begins a line or a word where what is shown next is not right behind what was shown last.
    fn move_to(&mut self, x: f64, y: f64, size: f64) {
        let (dx, dy) = (x - self.at.0, y - self.at.1);
        // The width of the characters is not known; few are wider than this.
        let width = if self.last <= 2 { 1.3 } else { 0.75 } * size * self.last as f64;
        if dy.abs() > size * 0.2 {
            self.end_line();
        } else if self.last > 0 && (dx < 0.0 || dx > width || self.changed) {
            // Code among prose is in a font of its own, and few words are in two.
            self.shown.text.push(' ');
        }
        (self.at, self.last) = ((x, y), 0);
    }

    fn end_line(&mut self) {
        if !self.shown.text.is_empty() && !self.shown.text.ends_with('\n') {
            self.shown.text.push('\n');
        }
        self.last = 0;
    }

    /// Shows strings, with numbers between them that move them apart.
    fn show(&mut self, strings: &[Object<'_>]) {
        /// Thousandths of the size from which on a gap is a blank.
        const BLANK: f64 = -200.0;
        for object in strings {
            match object {
                Object::String(codes) => self.codes(codes),
                Object::Number(gap) if *gap < BLANK && !self.shown.text.ends_with([' ', '\n']) => {
                    self.shown.text.push(' ');
                }
                _ => {}
            }
        }
    }

    fn codes(&mut self, codes: &[u8]) {
        let text = &mut self.shown.text;
        let before = text.len();
        self.changed = false;
        match self.font {
            Some(Font { map: Some(map), .. }) => self.shown.unknown |= map.decode(codes, text),
            Some(Font { glyphs: true, .. }) => self.shown.unknown |= !codes.is_empty(),
            _ => text.push_str(&plain(codes)),
        }
        self.last += text[before..].chars().count();
    }

    fn properties(&mut self, object: &Object<'_>) {
        if let Object::Dictionary(entries) = object {
            for (_, value) in entries {
                if let Object::String(text) = value {
                    self.end_line();
                    self.shown.text.push_str(&plain(text));
                    self.end_line();
                }
            }
        }
    }
}

/// A text that is in UTF-16 if it says so, and in some encoding like ASCII if not.
pub(super) fn plain(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|&b| if b == 0 { ' ' } else { char::from(b) }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_that_are_shown_are_lines() {
        for (content, text) in [
            ("BT /F1 12 Tf (gh) Tj [(p_)-20(x)-300(y)] TJ 0 -14 Td (next) Tj ET", "ghp_x y\nnext\n"),
            (
                "BT /F1 10 Tf 1 0 0 1 10 700 Tm (abc) Tj 1 0 0 1 27 700 Tm (def) Tj 1 0 0 1 90 700 Tm (g) Tj ET",
                "abcdef g\n",
            ),
            ("BI /W 1 ID \u{1}(EI) EI BT (a) ' (b) ' ET", "a\nb\n"),
            ("/Span <</ActualText (said)>> BDC BT (a) Tj", "said\na"),
            ("BT /F1 10 Tf (token) Tj /F2 10 Tf 30 0 Td (abc) Tj 15 0 Td (def) Tj ET", "token abcdef\n"),
            ("BT <6162> Tj (\\101) Tj", "abA"),
        ] {
            assert_eq!(text_of(content.as_bytes(), &Fonts::default()).text, text, "{content}");
        }
    }
}
