//! YAML, by its events: aliases are never followed, so that no file grows in memory.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::code::expression::{Entry, Value};

/// Values deeper than this are not known.
const DEEP: usize = 60;

/// A list or a table that is not closed yet.
enum Frame {
    List(Vec<Value>),
    /// The entries, and the key that waits for its value.
    Table(Vec<Entry>, Option<(String, u32)>),
}

pub(super) fn read(text: &str) -> Result<Vec<Value>, String> {
    let (mut documents, mut open): (Vec<Value>, Vec<Frame>) = (Vec::new(), Vec::new());
    // What is too deep is counted and left out.
    let mut beyond = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| format!("The file is not YAML: line {}.", error.marker().line()))?;
        let line = line(&span);
        let done = match event {
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= DEEP => {
                beyond += 1;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd if beyond > 0 => {
                beyond -= 1;
                (beyond == 0).then_some(Value::Unknown)
            }
            _ if beyond > 0 => None,
            Event::SequenceStart(..) => {
                open.push(Frame::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Frame::Table(Vec::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|frame| match frame {
                Frame::List(values) => Value::List(values),
                Frame::Table(entries, _) => Value::Table(entries),
            }),
            Event::Scalar(text, style, ..) => Some(scalar(&text, style)),
            Event::Alias(_) => Some(Value::Unknown),
            _ => None,
        };
        let Some(value) = done else { continue };
        match open.last_mut() {
            None => documents.push(value),
            Some(Frame::List(values)) => values.push(value),
            Some(Frame::Table(entries, waiting)) => match waiting.take() {
                Some((key, line)) => entries.push(Entry { key, value, line }),
                None => *waiting = Some((key(value), line)),
            },
        }
    }
    Ok(documents)
}

fn line(span: &Span) -> u32 {
    u32::try_from(span.start.line()).unwrap_or(u32::MAX)
}

fn key(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        // `on:` is a key of every workflow.
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::Text(text.to_owned());
    }
    match text {
        "true" | "True" | "TRUE" => Value::Flag(true),
        "false" | "False" | "FALSE" => Value::Flag(false),
        "" | "null" | "~" | "Null" | "NULL" => Value::Nothing,
        _ if text.starts_with(|first: char| first.is_ascii_digit() || first == '-' || first == '.') => {
            text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Number)
        }
        _ => Value::Text(text.to_owned()),
    }
}
