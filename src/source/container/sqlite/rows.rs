//! The rows of a table, one after the other.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::page::{Cell, Database, Page, Payload};
use super::record;
use crate::blob::SkipReason;
use crate::source::container::guard::Fault;

/// How many levels a tree may have: each makes it at least twice as large.
const LEVELS: usize = 40;

/// What a table is read by.
pub(super) struct Table<'t> {
    /// The page where its tree begins.
    pub(super) root: u32,
    /// The names of its columns, as far as they are known.
    pub(super) columns: &'t [String],
}

/// Where the reader is in a page.
struct Level {
    page: Page,
    /// The next cell, and whether what is below it was looked at.
    next: usize,
    below: bool,
}

/// Reads the rows of a table as lines of text.
pub(super) struct Rows<'r, 'd> {
    db: &'r mut Database<'d>,
    columns: &'r [String],
    levels: Vec<Level>,
    root: Option<u32>,
    line: Vec<u8>,
    given: usize,
    /// Bytes of pages that were read, for whoever measures.
    read: Arc<AtomicU64>,
    /// What was wrong first, and how often something was.
    damaged: Option<(SkipReason, &'static str)>,
    times: u64,
}

impl<'r, 'd> Rows<'r, 'd> {
    pub(super) fn new(db: &'r mut Database<'d>, table: &Table<'r>, read: Arc<AtomicU64>) -> Self {
        Self {
            db,
            columns: table.columns,
            levels: Vec::new(),
            root: Some(table.root),
            line: Vec::new(),
            given: 0,
            read,
            damaged: None,
            times: 0,
        }
    }

    /// What was wrong with the table.
    pub(super) fn fault(&self) -> Option<Fault> {
        let (reason, what) = self.damaged?;
        let more = if self.times > 1 { format!(", and {} more like it", self.times - 1) } else { String::new() };
        Some(match reason {
            SkipReason::Corrupt => Fault::corrupt(format_args!("{what}{more}; what it holds is among the free pages")),
            _ => Fault::new(reason, format!("{what}{more}; export the table and scan that")),
        })
    }

    fn damage(&mut self, reason: SkipReason, what: &'static str) {
        self.times += 1;
        self.damaged.get_or_insert((reason, what));
    }

    /// Goes to a page.
    fn enter(&mut self, number: u32) -> io::Result<()> {
        if self.levels.len() >= LEVELS {
            self.damage(SkipReason::Corrupt, "its tree is deeper than trees can be");
            return Ok(());
        }
        match self.db.visit(number)? {
            Some(page) => {
                self.read.fetch_add(page.bytes.len() as u64, Ordering::Relaxed);
                if page.damaged {
                    self.damage(SkipReason::Corrupt, "rows in one of its pages are not sound");
                }
                self.levels.push(Level { page, next: 0, below: false });
            }
            None => self.damage(SkipReason::Corrupt, "it names a page that is not its own, or is not there"),
        }
        Ok(())
    }

    /// The next row as it is stored.
    pub(super) fn payload(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(root) = self.root.take() {
            self.enter(root)?;
        }
        while let Some(level) = self.levels.last_mut() {
            let Some(Cell { child, payload, .. }) = level.page.cells.get(level.next).cloned() else {
                let last = level.page.last.take();
                match last {
                    Some(last) => self.enter(last)?,
                    None => drop(self.levels.pop()),
                }
                continue;
            };
            if let Some(child) = child.filter(|_| !level.below) {
                level.below = true;
                self.enter(child)?;
                continue;
            }
            (level.next, level.below) = (level.next + 1, false);
            if let Some(payload) = payload {
                let local = level.page.bytes[payload.local.clone()].to_vec();
                return self.whole(&payload, local).map(Some);
            }
        }
        Ok(None)
    }

    /// A row with what of it is on other pages.
    fn whole(&mut self, payload: &Payload, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        if payload.size == bytes.len() as u64 {
            return Ok(bytes);
        }
        let (room, read) = (self.db.room, self.read.clone());
        let mut large = false;
        let take = |piece: &[u8]| {
            read.fetch_add(piece.len() as u64, Ordering::Relaxed);
            large = bytes.len() + piece.len() > room;
            if !large {
                bytes.extend(piece);
            }
            !large
        };
        let whole = self.db.follow(payload, take, |_| ())?;
        if large {
            self.damage(SkipReason::TooLarge, "a row is larger than what is kept in memory");
        } else if !whole {
            self.damage(SkipReason::Corrupt, "the rest of a row is not where it says");
        }
        Ok(bytes)
    }
}

impl Read for Rows<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.line.len() {
            self.line.clear();
            self.given = 0;
            let Some(payload) = self.payload()? else { return Ok(0) };
            record::line(&payload, self.columns, self.db.text(), &mut self.line);
        }
        let count = (&self.line[self.given..]).read(buffer)?;
        self.given += count;
        Ok(count)
    }
}
