//! What is called and what is set in a source file, in one form for all languages.
//!
//! A check that asks whether `cors` is called with `origin: true` should not have to know how a tree of each grammar looks. Names are
//! written with dots whatever the language has: `CorsLayer::new().allow_origin` and `$request->session()->regenerate` become
//! `CorsLayer.new.allow_origin` and `request.session.regenerate`. What is not a literal, a name or a call is [`Value::Unknown`].

mod environment;
mod name;
mod read;
mod value;

pub use environment::{Variable, placeholders};

use super::parse::{Language, Parsed};

/// The calls, settings and comments of a file, each kind in the order of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expressions {
    /// Everything that is called, made or applied: functions, constructors, annotations, structures with named fields.
    pub calls: Vec<Call>,
    /// Everything that is given a value; what a function returns is called `return`, what a module exports `default`.
    pub sets: Vec<Set>,
    /// Comments, as they stand.
    pub comments: Vec<(u32, String)>,
    /// Variables of the environment that are read.
    pub variables: Vec<Variable>,
    /// Lines that read one whose name is not written there.
    pub unnamed_variables: Vec<u32>,
    /// Whether some of the file could not be understood.
    pub has_errors: bool,
}

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called; annotations and decorators without arguments begin with `@`, macros of Rust end with `!`.
    pub name: String,
    /// What is handed over.
    pub arguments: Vec<Argument>,
    /// The line, from 1.
    pub line: u32,
    /// Where it begins and ends, in bytes. The calls of one chain begin at the same place.
    pub span: (usize, usize),
}

/// What is handed over.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its name, where it is handed over by name.
    pub name: Option<String>,
    /// What.
    pub value: Value,
}

/// Something that is given a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// What: `app.config.SESSION_COOKIE_SECURE`.
    pub name: String,
    /// The value.
    pub value: Value,
    /// The line, from 1.
    pub line: u32,
}

/// A value, as far as it is written out.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text or a symbol.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A number.
    Number(f64),
    /// Null, nil, None.
    Nothing,
    /// A list, a tuple, a set.
    List(Vec<Value>),
    /// Keys and values.
    Table(Vec<Entry>),
    /// A variable, a field, a constant.
    Name(String),
    /// What a call gives.
    Call(Box<Call>),
    /// The first of these that there is, or one of two.
    OneOf(Vec<Value>),
    /// A text put together from these.
    Joined(Vec<Value>),
    /// Anything else.
    Unknown,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Value,
    /// The line, from 1.
    pub line: u32,
}

impl Expressions {
    /// Reads a file. None if parsing it takes too long.
    #[must_use]
    pub fn read(language: Language, text: &[u8]) -> Option<Self> {
        Parsed::new(language, text).map(|parsed| Self::of(language, text, &parsed))
    }

    /// Reads a file that is parsed already.
    pub(super) fn of(language: Language, text: &[u8], parsed: &Parsed) -> Self {
        read::read(language, text, parsed)
    }
}

impl Call {
    /// The last part of the name.
    #[must_use]
    pub fn last(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }

    /// Whether it is called so, or so on something: `os.getenv` and `getenv` end with `getenv`.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        ends_with_name(&self.name, name)
    }

    /// What is handed over at this position among what has no name.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<&Value> {
        self.arguments.iter().filter(|argument| argument.name.is_none()).nth(position).map(|argument| &argument.value)
    }

    /// What is handed over by this name, or under it in a table: `secure` in `cookie(id, {secure: true})`.
    #[must_use]
    pub fn option(&self, path: &str) -> Option<&Value> {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let named = self.arguments.iter().find(|argument| argument.name.as_deref() == Some(first));
        let named = named.and_then(|argument| rest.map_or(Some(&argument.value), |rest| argument.value.get(rest)));
        named.or_else(|| self.arguments.iter().find_map(|argument| argument.value.get(path)))
    }
}

impl Set {
    /// Whether it is called so, or so on something.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        ends_with_name(&self.name, name)
    }
}

impl Value {
    /// What stands in a table at this key; of keys in keys with dots between them.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Self> {
        self.entry(path).map(|entry| &entry.value)
    }

    /// As [`Value::get`], with the line.
    #[must_use]
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        let Self::Table(entries) = self else { return None };
        if let Some(entry) = entries.iter().rev().find(|entry| entry.key == path) {
            return Some(entry);
        }
        path.match_indices('.').find_map(|(dot, _)| {
            let inner = entries.iter().rev().find(|entry| entry.key == path[..dot])?;
            inner.value.entry(&path[dot + 1..])
        })
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Every part of it, itself first.
    pub fn each<'v>(&'v self, visit: &mut impl FnMut(&'v Self)) {
        visit(self);
        match self {
            Self::List(values) | Self::OneOf(values) | Self::Joined(values) => {
                values.iter().for_each(|value| value.each(visit));
            }
            Self::Table(entries) => entries.iter().for_each(|entry| entry.value.each(visit)),
            Self::Call(call) => call.arguments.iter().for_each(|argument| argument.value.each(visit)),
            _ => {}
        }
    }
}

/// Whether `name` is the last parts of `whole`.
fn ends_with_name(whole: &str, name: &str) -> bool {
    whole.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

#[cfg(test)]
mod tests;
