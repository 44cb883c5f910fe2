//! One key and value a line, with sections.

use crate::code::expression::{Entry, Value};

pub(super) fn read(text: &str) -> Value {
    let (mut entries, mut section) = (Vec::new(), String::new());
    for (line, number) in text.lines().zip(1_u32..) {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = format!("{name}.");
            continue;
        }
        if line.starts_with(['#', ';', '!']) {
            continue;
        }
        let Some((key, value)) = line.split_once(['=', ':']) else { continue };
        let value = value.trim().trim_matches(['"', '\'']);
        let value = match value {
            "true" => Value::Flag(true),
            "false" => Value::Flag(false),
            _ => value.parse().map_or_else(|_| Value::Text(value.to_owned()), Value::Number),
        };
        entries.push(Entry { key: format!("{section}{}", key.trim()), value, line: number });
    }
    Value::Table(entries)
}
