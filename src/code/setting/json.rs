//! JSON, with the comments and commas that the files of settings of many tools have.

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::code::expression::{Entry, Value};

/// The line numbers of a text, by offset.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(memchr::memchr_iter(b'\n', text.as_bytes()).collect())
    }

    /// The line of an offset in bytes, from 1.
    fn at(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|end| *end < offset)).unwrap_or(u32::MAX - 1) + 1
    }
}

/// # Errors
/// If it is no JSON, or nested deeper than the reader goes: 512.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let no_json = || "The file is not JSON.".to_owned();
    let read = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).map_err(|_| no_json())?;
    let lines = Lines::of(text);
    read.value.map(|read| value(read, &lines)).ok_or_else(no_json)
}

fn value(read: ast::Value<'_>, lines: &Lines) -> Value {
    match read {
        ast::Value::StringLit(text) => Value::Text(text.value.into_owned()),
        ast::Value::NumberLit(number) => number.value.parse().map_or(Value::Unknown, Value::Number),
        ast::Value::BooleanLit(flag) => Value::Flag(flag.value),
        ast::Value::NullKeyword(_) => Value::Nothing,
        ast::Value::Array(list) => Value::List(list.elements.into_iter().map(|one| value(one, lines)).collect()),
        ast::Value::Object(table) => {
            let entry = |property: ast::ObjectProp<'_>| {
                let line = lines.at(property.start());
                Entry { key: property.name.into_string(), value: value(property.value, lines), line }
            };
            Value::Table(table.properties.into_iter().map(entry).collect())
        }
    }
}
