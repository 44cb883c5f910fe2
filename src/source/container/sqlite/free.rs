//! What is in no row: free pages, free space in pages, and what is behind the end.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::page::{Bits, Database, Page, Text};
use super::record;
use crate::source::container::strings;

/// Reads the strings in what no tree of the database uses, once all trees were read.
pub(super) struct Free<'f, 'd> {
    db: &'f mut Database<'d>,
    /// The pages with the rest of rows.
    overflows: Bits,
    next: u32,
    /// The rows that were in free space, as far as they can be told, a line for each.
    rows: Vec<u8>,
    /// What these may take, in bytes.
    room: usize,
    text: Vec<u8>,
    given: usize,
    read: Arc<AtomicU64>,
}

impl<'f, 'd> Free<'f, 'd> {
    pub(super) fn new(db: &'f mut Database<'d>, read: Arc<AtomicU64>) -> Self {
        let overflows = db.take_overflows();
        let room = db.room;
        Self { db, overflows, next: 1, rows: Vec::new(), room, text: Vec::new(), given: 0, read }
    }

    /// The rows that were deleted, and whether that is all of them.
    pub(super) fn rows(self) -> (Vec<u8>, bool) {
        let whole = self.rows.len() < self.room;
        (self.rows, whole)
    }

    /// The strings of one more page; `false` at the end.
    fn page(&mut self) -> io::Result<bool> {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        let (encoding, text) = (self.db.text(), &mut self.text);
        if number > self.db.pages() {
            let last = number == self.db.pages() + 1;
            if last {
                collect(&self.db.rest()?, encoding, text);
            }
            return Ok(last);
        }
        if self.overflows.has(number) {
            return Ok(true);
        }
        let page = match self.db.is_tree(number) {
            true => self.db.tree(number)?,
            false => None,
        };
        match page {
            Some(page) => {
                self.read.fetch_add(page.bytes.len() as u64, Ordering::Relaxed);
                unused(&page, |gap| {
                    collect(gap, encoding, text);
                    if self.rows.len() < self.room {
                        deleted(gap, encoding, &mut self.rows);
                    }
                });
                for payload in page.cells.iter().filter_map(|cell| cell.payload.as_ref()).filter(|p| p.next.is_some()) {
                    self.db.follow(payload, |_| true, |slack| collect(slack, encoding, text))?;
                }
            }
            None => {
                let bytes = self.db.read(number)?;
                self.read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                collect(&bytes, encoding, text);
            }
        }
        Ok(true)
    }
}

/// Hands over what is between the cells of a page.
fn unused(page: &Page, mut gap: impl FnMut(&[u8])) {
    let mut used: Vec<_> = page.cells.iter().map(|cell| cell.range.clone()).collect();
    used.sort_unstable_by_key(|range| range.start);
    let mut at = page.head;
    for range in used {
        if let Some(bytes) = page.bytes.get(at..range.start) {
            gap(bytes);
        }
        at = at.max(range.end);
    }
    gap(page.bytes.get(at..).unwrap_or_default());
}

/// The rows that were in a gap, as far as they can be told: their values run into each other in its strings.
fn deleted(gap: &[u8], encoding: Text, rows: &mut Vec<u8>) {
    let mut at = 0;
    while at < gap.len() {
        at += match record::deleted(&gap[at..], encoding) {
            Some((found, len)) => {
                found.iter().for_each(|values| record::write(values, &[], encoding, rows));
                len
            }
            None => 1,
        };
    }
}

fn collect(bytes: &[u8], encoding: Text, text: &mut Vec<u8>) {
    strings::narrow(bytes, text);
    if encoding != Text::Utf8 {
        strings::wide(bytes, &[encoding == Text::Utf16Be], text);
    }
}

impl Read for Free<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            self.text.clear();
            self.given = 0;
            if !self.page()? {
                return Ok(0);
            }
        }
        let count = (&self.text[self.given..]).read(buffer)?;
        self.given += count;
        Ok(count)
    }
}
