//! Words, `;` and braces: nginx, Caddy, Terraform. A statement ends with its line or its `;`; what stands before a brace is the
//! block's key, words apart by one space. A statement's first word is its key, the others its value.

use crate::code::expression::{Entry, Value};

/// Blocks deeper than this are read as if they were not nested.
const DEEP: usize = 40;

pub(super) fn read(text: &str) -> Value {
    let mut open: Vec<(String, u32, Vec<Entry>)> = vec![(String::new(), 0, Vec::new())];
    let mut statement = Statement::default();
    let mut tokens = Tokens { rest: text, line: 1 };
    while let Some((token, line)) = tokens.next() {
        match token {
            Token::Word(word, quoted) => statement.push(word, quoted, line),
            Token::End if statement.brackets > 0 => {}
            Token::End => statement.finish(&mut open),
            Token::Open => {
                let key = std::mem::take(&mut statement);
                match open.len() < DEEP {
                    true => open.push((key.words.join(" ").trim_end_matches(" =").to_owned(), line, Vec::new())),
                    false => statement.finish(&mut open),
                }
            }
            Token::Close => {
                statement.finish(&mut open);
                close(&mut open);
            }
        }
    }
    statement.finish(&mut open);
    while open.len() > 1 {
        close(&mut open);
    }
    Value::Table(open.pop().map(|(_, _, entries)| entries).unwrap_or_default())
}

fn close(open: &mut Vec<(String, u32, Vec<Entry>)>) {
    if open.len() < 2 {
        return;
    }
    if let (Some((key, line, entries)), Some((_, _, outer))) = (open.pop(), open.last_mut()) {
        outer.push(Entry { key, value: Value::Table(entries), line });
    }
}

#[derive(Default)]
struct Statement {
    words: Vec<String>,
    quoted: bool,
    line: u32,
    /// How many `[` wait for their end.
    brackets: i32,
}

impl Statement {
    fn push(&mut self, word: String, quoted: bool, line: u32) {
        if self.words.is_empty() {
            self.line = line;
        }
        if !quoted {
            let count = |of: char| i32::try_from(word.matches(of).count()).unwrap_or(0);
            self.brackets += count('[') - count(']');
        }
        self.quoted |= quoted;
        self.words.push(word);
    }

    fn finish(&mut self, open: &mut [(String, u32, Vec<Entry>)]) {
        let this = std::mem::take(self);
        let mut words = this.words.into_iter();
        let (Some(key), Some((_, _, entries))) = (words.next(), open.last_mut()) else { return };
        let rest: Vec<String> = words.filter(|word| word != "=").collect();
        let text = rest.join(" ");
        let value = match text.as_str() {
            "true" => Value::Flag(true),
            "false" => Value::Flag(false),
            _ if this.quoted => Value::Text(text),
            _ => text.parse().map_or_else(|_| Value::Text(text), Value::Number),
        };
        entries.push(Entry { key, value, line: this.line });
    }
}

enum Token {
    /// A word, and whether it stood in quotes.
    Word(String, bool),
    Open,
    Close,
    End,
}

struct Tokens<'t> {
    rest: &'t str,
    line: u32,
}

impl Tokens<'_> {
    fn next(&mut self) -> Option<(Token, u32)> {
        loop {
            let first = self.rest.chars().next()?;
            let line = self.line;
            match first {
                '\n' => {
                    self.line += 1;
                    self.rest = &self.rest[1..];
                    return Some((Token::End, line));
                }
                ';' => {
                    self.rest = &self.rest[1..];
                    return Some((Token::End, line));
                }
                '{' | '}' => {
                    self.rest = &self.rest[1..];
                    return Some((if first == '{' { Token::Open } else { Token::Close }, line));
                }
                '#' => self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]),
                '/' if self.rest.starts_with("//") => {
                    self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
                }
                '"' | '\'' => return Some((Token::Word(self.quoted(first), true), line)),
                _ if first.is_whitespace() || first == ',' => self.rest = &self.rest[first.len_utf8()..],
                _ => {
                    let ends = |c: char| c.is_whitespace() || matches!(c, ';' | '{' | '}' | '"' | ',');
                    // `${…}` and `{$…}` are part of a word.
                    let end = self.rest.find(ends).unwrap_or(self.rest.len()).max(first.len_utf8());
                    let word = self.rest[..end].to_owned();
                    self.rest = &self.rest[end..];
                    return Some((Token::Word(word, false), line));
                }
            }
        }
    }

    fn quoted(&mut self, quote: char) -> String {
        let (mut word, mut escaped) = (String::new(), false);
        for (at, character) in self.rest.char_indices().skip(1) {
            self.line += u32::from(character == '\n');
            match character {
                '\\' if !escaped => escaped = true,
                _ if character == quote && !escaped => {
                    self.rest = &self.rest[at + 1..];
                    return word;
                }
                _ => {
                    word.push(character);
                    escaped = false;
                }
            }
        }
        self.rest = "";
        word
    }
}
