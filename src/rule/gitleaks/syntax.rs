//! The shape of a gitleaks configuration of version 8, as it is written.
//!
//! gitleaks takes keys in any case, so they are put in lower case before they are looked at; unlike there, a key that means nothing
//! is an error.

use std::ops::Range;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::rule::RuleError;

/// A configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSyntax {
    #[serde(default, rename = "title")]
    pub(super) _title: Option<String>,
    #[serde(default, rename = "description")]
    pub(super) _description: Option<String>,
    #[serde(default, rename = "minversion")]
    pub(super) min_version: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) extend: Option<Spanned<ExtendSyntax>>,
    #[serde(default)]
    pub(super) rules: Vec<Spanned<RuleTable>>,
    #[serde(default)]
    pub(super) allowlist: Option<Spanned<AllowTable>>,
    #[serde(default)]
    pub(super) allowlists: Vec<Spanned<AllowTable>>,
}

/// `[extend]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtendSyntax {
    #[serde(default)]
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default, rename = "usedefault")]
    pub(super) use_default: bool,
    #[serde(default, rename = "disabledrules")]
    pub(super) disabled_rules: List,
}

/// `[[rules]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleTable {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) regex: String,
    #[serde(default)]
    pub(super) path: String,
    #[serde(default, rename = "secretgroup")]
    pub(super) secret_group: i64,
    #[serde(default)]
    pub(super) entropy: f64,
    #[serde(default)]
    pub(super) keywords: List,
    #[serde(default, rename = "tags")]
    pub(super) _tags: List,
    #[serde(default)]
    pub(super) allowlist: Option<Spanned<AllowTable>>,
    #[serde(default)]
    pub(super) allowlists: Vec<Spanned<AllowTable>>,
    #[serde(default)]
    pub(super) required: Vec<RequiredSyntax>,
    #[serde(default, rename = "skipreport")]
    pub(super) skip_report: bool,
}

/// `[[rules.required]]`: another rule that must find something near by.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequiredSyntax {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default, rename = "withinlines")]
    pub(super) _within_lines: Option<i64>,
    #[serde(default, rename = "withincolumns")]
    pub(super) _within_columns: Option<i64>,
}

/// `[[allowlists]]`, `[allowlist]` and the same of a rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AllowTable {
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) condition: String,
    #[serde(default)]
    pub(super) commits: List,
    #[serde(default)]
    pub(super) paths: List,
    #[serde(default, rename = "regextarget")]
    pub(super) regex_target: String,
    #[serde(default)]
    pub(super) regexes: List,
    #[serde(default, rename = "stopwords")]
    pub(super) stop_words: List,
    #[serde(default, rename = "targetrules")]
    pub(super) target_rules: List,
}

/// A list of texts; gitleaks takes one text with commas for it too.
#[derive(Clone, Debug, Default)]
pub(super) struct List(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = List;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of strings")
            }

            fn visit_str<E>(self, text: &str) -> Result<List, E> {
                Ok(List(text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<List, A::Error> {
                let mut list = Vec::new();
                while let Some(part) = parts.next_element()? {
                    list.push(part);
                }
                Ok(List(list))
            }
        }
        deserializer.deserialize_any(Texts)
    }
}

/// Reads a configuration; `place` names it in errors.
///
/// # Errors
/// What does not parse, with the line. No value of the file is quoted.
pub(super) fn parse(place: &str, text: &str) -> Result<FileSyntax, RuleError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let fail = |span: Option<Range<usize>>, message: &str| RuleError {
        place: span.map_or_else(|| place.to_owned(), |span| format!("{place}:{}", line(text, &span))),
        message: unquoted(message),
    };
    let mut table = DeTable::parse(text).map_err(|e| fail(e.span(), e.message()))?;
    lower_keys(table.get_mut()).map_err(|(span, message)| fail(Some(span), &message))?;
    let deserializer = toml::Deserializer::from(table);
    FileSyntax::deserialize(deserializer).map_err(|e| fail(e.span(), e.message()))
}

/// The line of a place, from 1.
pub(super) fn line(text: &str, span: &Range<usize>) -> usize {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.as_bytes()[..span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Configurations list values that are to be left alone, some of them true secrets: none of them is repeated.
fn unquoted(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => format!("{}…{}", &message[..first], &message[last + 1..]),
        _ => message.to_owned(),
    }
}

fn lower_keys(table: &mut DeTable<'_>) -> Result<(), (Range<usize>, String)> {
    for (mut key, mut value) in std::mem::take(table) {
        lower_keys_in(value.get_mut())?;
        let span = key.span();
        let lower = key.get_ref().to_lowercase();
        *key.get_mut() = lower.into();
        if let Some((twice, _)) = table.get_key_value(&key) {
            return Err((span, format!("`{}` is there twice, in different spellings", twice.get_ref())));
        }
        table.insert(key, value);
    }
    Ok(())
}

fn lower_keys_in(value: &mut DeValue<'_>) -> Result<(), (Range<usize>, String)> {
    match value {
        DeValue::Table(table) => lower_keys(table),
        DeValue::Array(values) => values.iter_mut().try_for_each(|value| lower_keys_in(value.get_mut())),
        _ => Ok(()),
    }
}
