//! `SQLite` databases: the rows of each table, what is in no table, and what was deleted and is still there
//! (sqlite.org/fileformat2.html).
//!
//! It is read here and not by the library of that name, which is C and does not show what was deleted. Every page is looked at
//! once as what it is for, so that pages that name each other in a circle end.

mod free;
mod page;
mod record;
mod rows;

use std::io::{self, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use free::Free;
use page::{Database, Text};
use rows::{Rows, Table};

use super::guard::Fault;
use super::{Packing, Place, ReadSeek, Walk, guard};
use crate::blob::SkipReason;

/// How a database begins.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";

/// What is kept of the text that made a table, in bytes: the names of its columns are in it.
const DEFINITION: usize = 64 * 1024;

/// What the database lists.
struct Entry {
    name: String,
    kind: EntryKind,
    root: u32,
    columns: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum EntryKind {
    Table,
    Index,
}

/// Looks at each table, at each index, and at what is in none.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, file: &mut dyn ReadSeek) {
    if let Err(error) = try_walk(walk, place, file) {
        walk.trouble(place, &error);
    }
}

fn try_walk(walk: &mut Walk<'_>, place: &Place, file: &mut dyn ReadSeek) -> io::Result<()> {
    let len = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut head = [0; page::HEADER];
    let (read, trouble) = guard::fill(file, &mut head);
    trouble?;
    let mut db = match Database::new(&head[..read], file, len, place.memory) {
        Ok(db) => db,
        Err(fault) => {
            walk.skip(place, fault);
            return as_it_is(walk, place, file);
        }
    };
    if let Some(missing) = db.missing() {
        walk.skip(place, Fault::corrupt(format_args!("it ends too early: {missing} of its pages are not there")));
    }
    let (entries, cut) = schema(walk, place, &mut db)?;
    if cut {
        let detail = "it lists more tables than are kept in memory; those not listed were looked at as raw strings";
        walk.skip(place, Fault::new(SkipReason::TooLarge, format!("{detail}: export them and scan that")));
    }
    for entry in &entries {
        if !walk.admits(place) {
            return Ok(());
        }
        // An index has what its table has.
        let (folder, place) = match entry.kind {
            EntryKind::Table => ("table", place.clone()),
            EntryKind::Index => ("index", Place { view: true, ..place.clone() }),
        };
        let table = Table { root: entry.root, columns: &entry.columns };
        read_rows(walk, &place, &mut db, &format!("{folder}/{}", entry.name), &table);
    }
    if !walk.admits(place) {
        return Ok(());
    }
    let read = Arc::new(AtomicU64::new(0));
    let packing = Packing { size: None, gauge: Some(walk.gauge(read.clone())) };
    let mut free = Free::new(&mut db, read);
    walk.text(place, "free", &mut free, packing);
    let (rows, whole) = free.rows();
    let view = Place { view: true, ..place.clone() };
    if !rows.is_empty() && walk.admits(place) {
        walk.text(&view, "free!/rows", &mut &*rows, Packing::none(rows.len() as u64));
    }
    if !whole {
        let detail = "more rows were deleted in it than are kept in memory; of the others the strings were looked at";
        walk.skip(place, Fault::new(SkipReason::TooLarge, detail));
    }
    Ok(())
}

/// Hands over what begins as a database and is none.
fn as_it_is(walk: &mut Walk<'_>, place: &Place, file: &mut dyn ReadSeek) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    walk.leaf(place, super::Source::Seekable(file), None);
    Ok(())
}

/// Hands over the rows of a table, and tells what was wrong with it.
fn read_rows(walk: &mut Walk<'_>, place: &Place, db: &mut Database<'_>, name: &str, table: &Table<'_>) {
    let read = Arc::new(AtomicU64::new(0));
    let packing = Packing { size: None, gauge: Some(walk.gauge(read.clone())) };
    let mut rows = Rows::new(db, table, read);
    walk.text(place, name, &mut rows, packing);
    if let Some(fault) = rows.fault() {
        walk.skip(&place.member(name), fault);
    }
}

/// Reads what the database lists, and says whether there is more than is kept.
fn schema(walk: &mut Walk<'_>, place: &Place, db: &mut Database<'_>) -> io::Result<(Vec<Entry>, bool)> {
    let names = ["type", "name", "tbl_name", "rootpage", "sql"].map(str::to_owned);
    let mut entries = Vec::new();
    let (mut room, mut cut) = (place.memory / 16, false);
    let text = db.text();
    let mut rows = Rows::new(db, &Table { root: 1, columns: &names }, Arc::default());
    while let Some(payload) = rows.payload()? {
        let Some(entry) = listed(&payload, text) else { continue };
        let size = (entry.name.len() + entry.columns.iter().map(|c| c.len() + 24).sum::<usize>() + 64) as u64;
        cut |= size > room;
        if !cut {
            room -= size;
            entries.push(entry);
        }
    }
    // The definitions themselves are texts too: defaults and triggers are written there.
    db.forget();
    if walk.admits(place) {
        read_rows(walk, place, db, "table/sqlite_schema", &Table { root: 1, columns: &names });
    }
    Ok((entries, cut))
}

/// What a row of the schema says, if it says where a table or an index is.
fn listed(payload: &[u8], text: Text) -> Option<Entry> {
    let values = record::values(payload)?;
    let string = |index: usize| values.get(index).map(|value| value.text(text)).unwrap_or_default();
    let root = values.get(3)?.integer().and_then(|root| u32::try_from(root).ok()).filter(|&root| root > 1)?;
    let kind = match &*string(0) {
        b"table" => EntryKind::Table,
        b"index" => EntryKind::Index,
        _ => return None,
    };
    let sql = string(4);
    let columns = if kind == EntryKind::Table { columns(&sql[..sql.len().min(DEFINITION)]) } else { Vec::new() };
    Some(Entry { name: super::shown(&string(1)), kind, root, columns })
}

/// The names of the columns that the text of a table gives it, in the order in which rows have them; none where that is
/// another one.
fn columns(sql: &[u8]) -> Vec<String> {
    let sql = String::from_utf8_lossy(sql);
    let Some(open) = sql.find('(') else { return Vec::new() };
    let (mut parts, mut part, mut depth, mut quote) = (Vec::new(), String::new(), 0u32, None);
    let mut rest = "";
    for (at, c) in sql[open + 1..].char_indices() {
        match (quote, c) {
            (Some(end), _) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`' | '\'') => quote = Some(c),
            (None, '[') => quote = Some(']'),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => {
                rest = &sql[open + 1 + at..];
                break;
            }
            (None, ')') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    // Such a table begins its rows with its key.
    if rest.to_ascii_uppercase().contains("WITHOUT") {
        return Vec::new();
    }
    parts.iter().map_while(|part| column(part)).collect()
}

/// The name that a column's definition begins with; `None` if it is no column.
fn column(part: &str) -> Option<String> {
    /// Longer names are of no use before a value.
    const LONGEST: usize = 64;
    let part = part.trim_start();
    let name = match part.chars().next()? {
        quote @ ('"' | '`' | '\'') => part[1..].split(quote).next()?,
        '[' => part[1..].split(']').next()?,
        _ => part.split(|c: char| c.is_whitespace() || c == '(').next()?,
    };
    const CONSTRAINTS: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
    let constraint = part.starts_with(name) && CONSTRAINTS.contains(&&*name.to_ascii_uppercase());
    (!constraint).then(|| name[..name.floor_char_boundary(LONGEST)].to_owned())
}
