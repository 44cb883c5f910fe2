//! Reading the objects of a PDF (ISO 32000-1, 7.2 and 7.3).

/// How deep objects may be in objects.
const DEEPEST: u32 = 32;

/// How many objects may be in one.
const MOST: u32 = 200_000;

/// An object, or an operator of a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object<'o> {
    Name(&'o [u8]),
    String(Vec<u8>),
    Number(f64),
    Reference(u32),
    Array(Vec<Object<'o>>),
    Dictionary(Vec<(&'o [u8], Object<'o>)>),
    /// Any other word.
    Word(&'o [u8]),
}

impl<'o> Object<'o> {
    /// The value of a key, if it is a dictionary with it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dictionary(entries) = self else { return None };
        entries.iter().find(|(name, _)| *name == key.as_bytes()).map(|(_, value)| value)
    }

    pub(super) fn name(&self) -> Option<&'o [u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(super) fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(super) fn reference(&self) -> Option<u32> {
        if let Self::Reference(number) = self { Some(*number) } else { None }
    }

    /// Whether the value of a key is this name.
    pub(super) fn is(&self, key: &str, name: &str) -> bool {
        self.get(key).and_then(Self::name) == Some(name.as_bytes())
    }

    /// The elements of a list; a thing that is none is a list of one.
    pub(super) fn each(&self) -> &[Self] {
        if let Self::Array(all) = self { all } else { std::slice::from_ref(self) }
    }
}

/// Reads objects one after the other.
pub(super) struct Lexer<'l> {
    pub(super) bytes: &'l [u8],
    pub(super) at: usize,
    left: u32,
}

impl<'l> Lexer<'l> {
    pub(super) fn new(bytes: &'l [u8], at: usize) -> Self {
        Self { bytes, at, left: MOST }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes over blanks and comments.
    pub(super) fn blanks(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                let rest = &self.bytes[self.at..];
                self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            } else if is_blank(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// How many objects the last one was made of.
    pub(super) fn used(&self) -> u32 {
        MOST - self.left
    }

    /// The next object; `None` at the end, or where objects are too deep in others or too many.
    pub(super) fn next(&mut self) -> Option<Object<'l>> {
        self.left = MOST;
        self.object(0)
    }

    fn object(&mut self, depth: u32) -> Option<Object<'l>> {
        self.blanks();
        self.left = self.left.checked_sub(1)?;
        let rest = &self.bytes[self.at..];
        let inner = |depth: u32| (depth < DEEPEST).then_some(depth + 1);
        Some(match rest {
            [] => return None,
            [b'(', ..] => Object::String(self.literal()),
            [b'<', b'<', ..] => {
                self.at += 2;
                self.dictionary(inner(depth)?)?
            }
            [b'<', ..] => Object::String(self.hexadecimal()),
            [b'[', ..] => {
                self.at += 1;
                self.array(inner(depth)?)?
            }
            [b'/', ..] => {
                self.at += 1;
                Object::Name(self.word())
            }
            [b'>', b'>', ..] => {
                self.at += 2;
                Object::Word(b">>")
            }
            [b')' | b'>' | b']' | b'{' | b'}', ..] => {
                self.at += 1;
                Object::Word(&rest[..1])
            }
            _ => {
                let word = self.word();
                match number(word) {
                    Some(number) => self.reference(number).unwrap_or(Object::Number(number)),
                    None => Object::Word(word),
                }
            }
        })
    }

    /// The bytes up to a blank or a delimiter.
    fn word(&mut self) -> &'l [u8] {
        let rest = &self.bytes[self.at..];
        let delimits = |b: &u8| is_blank(*b) || b"()<>[]{}/%".contains(b);
        let len = rest.iter().position(delimits).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// What a whole number begins, if it is `12 0 R`.
    fn reference(&mut self, number: f64) -> Option<Object<'l>> {
        let back = self.at;
        let found = (|| {
            self.blanks();
            let generation = self.word();
            (!generation.is_empty() && generation.len() <= 5 && generation.iter().all(u8::is_ascii_digit))
                .then_some(())?;
            self.blanks();
            (self.word() == b"R" && number >= 0.0 && number.fract() == 0.0).then_some(Object::Reference(number as u32))
        })();
        if found.is_none() {
            self.at = back;
        }
        found
    }

    fn array(&mut self, depth: u32) -> Option<Object<'l>> {
        let mut all = Vec::new();
        loop {
            match self.object(depth)? {
                Object::Word(b"]") => return Some(Object::Array(all)),
                // It never ended.
                Object::Word(b"endobj" | b"stream" | b">>") => return Some(Object::Array(all)),
                object => all.push(object),
            }
        }
    }

    fn dictionary(&mut self, depth: u32) -> Option<Object<'l>> {
        let mut entries = Vec::new();
        loop {
            match self.object(depth)? {
                Object::Word(b">>" | b"endobj") => return Some(Object::Dictionary(entries)),
                Object::Name(key) => match self.object(depth)? {
                    Object::Word(b">>" | b"endobj") => return Some(Object::Dictionary(entries)),
                    value => entries.push((key, value)),
                },
                _ => {}
            }
        }
    }

    /// A string in parentheses, which may be in others.
    fn literal(&mut self) -> Vec<u8> {
        let (mut out, mut depth) = (Vec::new(), 0u32);
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => {
                    depth += 1;
                    if depth == 1 {
                        continue;
                    }
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                b'\\' => {
                    self.escape(&mut out);
                    continue;
                }
                _ => {}
            }
            out.push(byte);
        }
        out
    }

    /// What is behind a backslash.
    fn escape(&mut self, out: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'\n' => {}
            b'\r' => self.at += usize::from(self.peek() == Some(b'\n')),
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                out.push((code & 0xff) as u8);
            }
            _ => out.push(byte),
        }
    }

    /// A string in hexadecimal digits.
    fn hexadecimal(&mut self) -> Vec<u8> {
        let rest = &self.bytes[self.at + 1..];
        let len = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        self.at += (len + 2).min(rest.len() + 1);
        super::filter::hexadecimal(&rest[..len])
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0x0c | 0)
}

/// A number, which is never written with an exponent.
fn number(word: &[u8]) -> Option<f64> {
    let digits = word.strip_prefix(b"-").or(word.strip_prefix(b"+")).unwrap_or(word);
    (word.len() < 40 && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.')).then_some(())?;
    std::str::from_utf8(word).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read() {
        let bytes = b"<</Type/Page /Kids [1 0 R 2 -3.5] % no\n /T (a\\(b(c)\\051\\n) /H <4 142>>> endobj";
        let mut lexer = Lexer::new(bytes, 0);
        let object = lexer.next().expect("an object");
        assert!(object.is("Type", "Page"));
        let kids = [Object::Reference(1), Object::Number(2.0), Object::Number(-3.5)];
        assert_eq!(object.get("Kids").map(Object::each), Some(&kids[..]));
        assert_eq!(object.get("T"), Some(&Object::String(b"a(b(c))\n".to_vec())));
        assert_eq!(object.get("H"), Some(&Object::String(b"AB".to_vec())));
        assert_eq!(lexer.next(), Some(Object::Word(b"endobj")));
        assert_eq!(lexer.next(), None);
        assert_eq!(Lexer::new(&b"[".repeat(1000), 0).next(), None);
        assert_eq!(Lexer::new(&[b"[".as_slice(), &b"0 ".repeat(300_000)].concat(), 0).next(), None);
    }
}
