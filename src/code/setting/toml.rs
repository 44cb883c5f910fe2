//! TOML, with the lines that its spans tell.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::code::expression::{Entry, Value};

pub(super) fn read(text: &str) -> Result<Value, String> {
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        format!("The file is not TOML: line {}.", line(&starts, at))
    })?;
    Ok(of_table(table.get_ref(), &starts))
}

fn line(starts: &[usize], at: usize) -> u32 {
    u32::try_from(starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
}

fn of_table(table: &DeTable<'_>, starts: &[usize]) -> Value {
    let entry = |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| Entry {
        key: key.get_ref().to_string(),
        value: of(value.get_ref(), starts),
        line: line(starts, key.span().start),
    };
    Value::Table(table.iter().map(entry).collect())
}

fn of(value: &DeValue<'_>, starts: &[usize]) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => number.as_str().parse().map_or(Value::Unknown, Value::Number),
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Unknown, Value::Number),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(values) => Value::List(values.iter().map(|value| of(value.get_ref(), starts)).collect()),
        DeValue::Table(table) => of_table(table, starts),
    }
}
