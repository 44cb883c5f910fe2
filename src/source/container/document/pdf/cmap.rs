//! Which characters the codes of a font stand for (Adobe Technical Note 5411).

use super::object::{Lexer, Object};

/// How many entries one map may have.
const MOST: usize = 1 << 17;

/// What a font says of its codes.
#[derive(Debug, Default)]
pub(super) struct CharacterMap {
    /// First and last code, and the UTF-16 that the first stands for; in order.
    ranges: Vec<(u32, u32, Vec<u8>)>,
    /// Bytes of a code.
    width: usize,
}

impl CharacterMap {
    /// Reads a map.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        let mut lexer = Lexer::new(bytes, 0);
        let mut operands: Vec<Object<'_>> = Vec::new();
        while let Some(object) = lexer.next() {
            match object {
                Object::Word(b"endbfchar") => map.singles(&operands),
                Object::Word(b"endbfrange") => map.spans(&operands),
                Object::Word(b"endcodespacerange") => {
                    if let Some(Object::String(code)) = operands.first() {
                        map.width = map.width.max(code.len());
                    }
                }
                Object::Word(_) => {}
                object if operands.len() < MOST => {
                    operands.push(object);
                    continue;
                }
                _ => continue,
            }
            operands.clear();
        }
        map.width = map.width.clamp(1, 4);
        map.ranges.sort_by_key(|range| range.0);
        map
    }

    fn singles(&mut self, operands: &[Object<'_>]) {
        for pair in operands.chunks_exact(2) {
            if let [Object::String(code), Object::String(text)] = pair {
                self.add(number(code), number(code), text.clone());
            }
        }
    }

    fn spans(&mut self, operands: &[Object<'_>]) {
        for triple in operands.chunks_exact(3) {
            match triple {
                [Object::String(first), Object::String(last), Object::String(text)] => {
                    self.add(number(first), number(last), text.clone());
                }
                [Object::String(first), _, Object::Array(texts)] => {
                    for (index, text) in texts.iter().enumerate() {
                        let code = number(first).saturating_add(index as u32);
                        if let Object::String(text) = text {
                            self.add(code, code, text.clone());
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, first: u32, last: u32, text: Vec<u8>) {
        // What stands for one code is a character, or a few that are written as one.
        if self.ranges.len() < MOST && text.len() <= 8 {
            self.ranges.push((first, last, text));
        }
    }

    /// Writes what a string of codes stands for. Says whether there are codes of which the map says nothing.
    pub(super) fn decode(&self, codes: &[u8], out: &mut String) -> bool {
        let mut unknown = false;
        for code in codes.chunks(self.width) {
            let code = number(code);
            let at = self.ranges.partition_point(|range| range.0 <= code);
            match at.checked_sub(1).map(|at| &self.ranges[at]).filter(|range| code <= range.1) {
                Some((first, _, text)) => utf16(text, code - first, out),
                None => {
                    unknown = true;
                    out.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
        unknown
    }
}

fn number(code: &[u8]) -> u32 {
    code.iter().take(4).fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// Writes UTF-16 whose last unit is `more` higher.
fn utf16(text: &[u8], more: u32, out: &mut String) {
    let mut units: Vec<u16> = match text {
        [one] => vec![u16::from(*one)],
        _ => text.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect(),
    };
    if let Some(last) = units.last_mut() {
        *last = last.wrapping_add(more as u16);
    }
    out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_characters() {
        let map = CharacterMap::parse(
            b"1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfchar <0003> <0020> endbfchar
            2 beginbfrange <0010> <0012> <0061> <0020> <0021> [<0066 0069> <d83dde00>] endbfrange",
        );
        let mut out = String::new();
        assert!(!map.decode(&[0, 0x10, 0, 0x12, 0, 3, 0, 0x20, 0, 0x21], &mut out));
        assert_eq!(out, "ac fi\u{1f600}");
        assert!(map.decode(&[0, 0x50], &mut out));
    }
}
