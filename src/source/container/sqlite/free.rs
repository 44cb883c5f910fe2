//! What is in no row: free pages, free space in pages, and what is behind the end.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::page::{Bits, Database, Page, Text};
use crate::source::container::strings;

/// Reads the strings in what no tree of the database uses, once all trees were read.
pub(super) struct Free<'f, 'd> {
    db: &'f mut Database<'d>,
    /// The pages with the rest of rows.
    overflows: Bits,
    next: u32,
    text: Vec<u8>,
    given: usize,
    read: Arc<AtomicU64>,
}

impl<'f, 'd> Free<'f, 'd> {
    pub(super) fn new(db: &'f mut Database<'d>, read: Arc<AtomicU64>) -> Self {
        let overflows = db.take_overflows();
        Self { db, overflows, next: 1, text: Vec::new(), given: 0, read }
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
                unused(&page, encoding, text);
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

/// The strings between the cells of a page.
fn unused(page: &Page, encoding: Text, text: &mut Vec<u8>) {
    let mut used: Vec<_> = page.cells.iter().map(|cell| cell.range.clone()).collect();
    used.sort_unstable_by_key(|range| range.start);
    let mut at = page.head;
    for range in used {
        if let Some(gap) = page.bytes.get(at..range.start) {
            collect(gap, encoding, text);
        }
        at = at.max(range.end);
    }
    collect(page.bytes.get(at..).unwrap_or_default(), encoding, text);
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
