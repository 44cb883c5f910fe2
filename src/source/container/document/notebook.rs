//! Jupyter notebooks: the source of a cell is a list of lines in JSON, and so are most outputs.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::guard::Fault;
use super::super::kind::extension;
use super::super::{Place, Walk};
use super::view;

/// Whether an object of JSON is a notebook.
pub(super) fn is_notebook(text: &[u8], name: &str) -> bool {
    let has = |key: &str| memchr::memmem::find(text, key.as_bytes()).is_some();
    extension(name).is_some_and(|e| e == "ipynb") || (has("\"cells\"") && has("\"cell_type\""))
}

/// Looks at the source and at the outputs of each cell.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, bytes: &[u8]) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut cells = Cells { walk, place, number: 0 };
    if let Err(error) = (&mut cells).deserialize(&mut json) {
        // The message of the error may quote what is there.
        let (line, column) = (error.line(), error.column());
        let fault = Fault::corrupt(format_args!(
            "it is no sound JSON from line {line}, column {column} on; it was looked at as it is"
        ));
        walk.skip(place, fault);
    }
}

/// Hands over the cells as they are read, so that only one is held.
struct Cells<'c, 'w> {
    walk: &'c mut Walk<'w>,
    place: &'c Place,
    number: u64,
}

impl<'de> DeserializeSeed<'de> for &mut Cells<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Cells<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a notebook")
    }

    /// The notebook itself, one of the worksheets that old ones have, or a cell.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut source, mut outputs) = (String::new(), String::new());
        let (mut cell, mut cells) = (false, false);
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "cells" | "worksheets" => {
                    cells = true;
                    map.next_value_seed(&mut *self)?;
                }
                "cell_type" => {
                    cell = true;
                    map.next_value::<IgnoredAny>()?;
                }
                "source" | "input" => map.next_value_seed(Strings(&mut source))?,
                "outputs" | "attachments" => map.next_value_seed(Strings(&mut outputs))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if cell && !cells {
            self.number += 1;
            let number = self.number;
            view(self.walk, self.place, &format!("cell/{number}"), source.as_bytes());
            view(self.walk, self.place, &format!("cell/{number}/output"), outputs.as_bytes());
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Collects the strings of any value: those of a list follow each other, those of an object have a line each.
struct Strings<'s>(&'s mut String);

impl Strings<'_> {
    fn end_line(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with('\n') {
            self.0.push('\n');
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strings<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strings<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lines of text")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Strings(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            // A picture in base64 is one string, and hides nothing that is not seen as it is.
            if key.starts_with("image/") && key != "image/svg+xml" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            self.end_line();
            map.next_value_seed(Strings(self.0))?;
        }
        self.end_line();
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
