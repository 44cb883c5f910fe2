//! Pages of a database, the cells in them, and what continues on other pages.

use std::io::{self, Read, SeekFrom};
use std::ops::Range;

use super::super::ReadSeek;
use super::super::guard::Fault;
use crate::blob::SkipReason;

/// Length of what the first page begins with, in bytes.
pub(super) const HEADER: usize = 100;

/// How texts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// UTF-8.
    Utf8,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
}

/// A database that is read page by page.
pub(super) struct Database<'d> {
    file: &'d mut dyn ReadSeek,
    len: u64,
    page_size: usize,
    usable: usize,
    pages: u32,
    /// How many pages its head says it has, if that can be relied on.
    announced: Option<u32>,
    text: Text,
    /// What one row may take of memory, in bytes.
    pub(super) room: usize,
    trees: Bits,
    overflows: Bits,
}

/// A part of a page that holds a row, or leads to a page with rows.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// Where it is in its page.
    pub(super) range: Range<usize>,
    /// The page with the rows before it.
    pub(super) child: Option<u32>,
    /// What it holds, if it holds something.
    pub(super) payload: Option<Payload>,
}

/// A row as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    /// How long it says it is.
    pub(super) size: u64,
    /// What of it is in the page.
    pub(super) local: Range<usize>,
    /// The page where the rest is.
    pub(super) next: Option<u32>,
}

/// A page of a tree.
pub(super) struct Page {
    pub(super) bytes: Vec<u8>,
    /// Its cells, as far as they are sound.
    pub(super) cells: Vec<Cell>,
    /// The page with the rows after the last cell.
    pub(super) last: Option<u32>,
    /// Where the cells' places end.
    pub(super) head: usize,
    /// Whether there are cells that are not sound.
    pub(super) damaged: bool,
}

impl<'d> Database<'d> {
    /// Reads what a database begins with. It may use a part of `memory`.
    pub(super) fn new(head: &[u8], file: &'d mut dyn ReadSeek, len: u64, memory: u64) -> Result<Self, Fault> {
        let head: &[u8; HEADER] = head.try_into().map_err(|_| Fault::corrupt("it ends too early"))?;
        let page_size = match u16::from_be_bytes([head[16], head[17]]) {
            1 => 65_536,
            size => usize::from(size),
        };
        let usable = page_size.saturating_sub(usize::from(head[20]));
        if !page_size.is_power_of_two() || page_size < 512 || usable < 480 {
            return Err(Fault::corrupt("it begins as a database and says no size of its pages"));
        }
        let pages = u32::try_from(len / page_size as u64).unwrap_or(u32::MAX - 1);
        if u64::from(pages) / 4 > memory / 4 {
            let detail = "it has more pages than memory to tell them apart; export its tables and scan that";
            return Err(Fault::new(SkipReason::TooLarge, detail));
        }
        let text = match be32(head, 56) {
            2 => Text::Utf16Le,
            3 => Text::Utf16Be,
            _ => Text::Utf8,
        };
        // It is what it says only if the last program that wrote to it knew that it has to say it.
        let announced = (be32(head, 24) == be32(head, 92)).then(|| be32(head, 28)).filter(|&pages| pages > 0);
        let room = usize::try_from(memory / 8).unwrap_or(usize::MAX);
        let (trees, overflows) = (Bits::new(pages), Bits::new(pages));
        Ok(Self { file, len, page_size, usable, pages, announced, text, room, trees, overflows })
    }

    pub(super) fn text(&self) -> Text {
        self.text
    }

    pub(super) fn pages(&self) -> u32 {
        self.pages
    }

    /// How many pages ought to be there and are not; a part of one is none.
    pub(super) fn missing(&self) -> Option<u32> {
        let part = u32::from(!self.len.is_multiple_of(self.page_size as u64));
        let missing = self.announced.map_or(0, |announced| announced.saturating_sub(self.pages)).max(part);
        (missing > 0).then_some(missing)
    }

    /// Forgets which pages were looked at.
    pub(super) fn forget(&mut self) {
        (self.trees, self.overflows) = (Bits::new(self.pages), Bits::new(self.pages));
    }

    /// Forgets which pages have the rest of rows; says which they were.
    pub(super) fn take_overflows(&mut self) -> Bits {
        std::mem::replace(&mut self.overflows, Bits::new(self.pages))
    }

    pub(super) fn is_tree(&self, number: u32) -> bool {
        self.trees.has(number)
    }

    /// The bytes of a page.
    pub(super) fn read(&mut self, number: u32) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.page_size];
        self.file.seek(SeekFrom::Start(u64::from(number - 1) * self.page_size as u64))?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// What is behind the last whole page.
    pub(super) fn rest(&mut self) -> io::Result<Vec<u8>> {
        let at = u64::from(self.pages) * self.page_size as u64;
        self.file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        (&mut *self.file).take(self.page_size as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A page of a tree that was not looked at before; `None` if it was, or is not there.
    pub(super) fn visit(&mut self, number: u32) -> io::Result<Option<Page>> {
        if number == 0 || number > self.pages || self.overflows.has(number) || !self.trees.set(number) {
            return Ok(None);
        }
        self.tree(number)
    }

    /// A page of a tree; `None` if it is no such page.
    pub(super) fn tree(&mut self, number: u32) -> io::Result<Option<Page>> {
        let bytes = self.read(number)?;
        let page = self.parse(number, bytes);
        if page.is_none() {
            self.trees.clear(number);
        }
        Ok(page)
    }

    fn parse(&self, number: u32, bytes: Vec<u8>) -> Option<Page> {
        let start = if number == 1 { HEADER } else { 0 };
        let kind = bytes[start];
        let inner = matches!(kind, 2 | 5);
        if !inner && !matches!(kind, 10 | 13) {
            return None;
        }
        let count = usize::from(u16::from_be_bytes([bytes[start + 3], bytes[start + 4]]));
        let places = start + if inner { 12 } else { 8 };
        let last = inner.then(|| be32(&bytes, start + 8));
        // So that a page cannot say it has more cells than fit into one.
        let end = (places + 2 * count).min(self.usable);
        let mut page = Page { cells: Vec::new(), last, head: end, damaged: places + 2 * count > end, bytes };
        // Cells do not overlap, so that they cannot say more than a page holds.
        let mut room = self.usable;
        for place in (places..end).step_by(2) {
            let at = page.bytes.get(place..place + 2).map(|at| usize::from(u16::from_be_bytes([at[0], at[1]])));
            let cell = at.filter(|&at| at >= places).and_then(|at| self.cell(kind, &page.bytes, at));
            match cell.filter(|cell| cell.range.len() <= room) {
                Some(cell) => {
                    room -= cell.range.len();
                    page.cells.push(cell);
                }
                None => page.damaged = true,
            }
        }
        Some(page)
    }

    fn cell(&self, kind: u8, bytes: &[u8], start: usize) -> Option<Cell> {
        let bytes = bytes.get(..self.usable)?;
        let mut at = start;
        let child = matches!(kind, 2 | 5).then(|| bytes.get(at..at + 4).map(|b| be32(b, 0)));
        let child = match child {
            Some(child) => {
                at += 4;
                Some(child?)
            }
            None => None,
        };
        if kind == 5 {
            let (_, len) = varint(bytes.get(at..)?)?;
            return Some(Cell { range: start..at + len, child, payload: None });
        }
        let (size, len) = varint(bytes.get(at..)?)?;
        at += len;
        if kind == 13 {
            at += varint(bytes.get(at..)?)?.1;
        }
        let local = self.local(kind, size);
        let stored = bytes.get(at..at.checked_add(local)?).map(|_| at..at + local)?;
        let mut end = at + local;
        let next = match size > local as u64 {
            true => {
                let next = be32(bytes.get(end..end + 4)?, 0);
                end += 4;
                Some(next)
            }
            false => None,
        };
        Some(Cell { range: start..end, child, payload: Some(Payload { size, local: stored, next }) })
    }

    /// How much of a row of `size` bytes is in the page itself.
    fn local(&self, kind: u8, size: u64) -> usize {
        let usable = self.usable;
        let most = if kind == 13 { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
        let Ok(size) = usize::try_from(size) else { return (usable - 12) * 32 / 255 - 23 };
        if size <= most {
            return size;
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let rest = least + (size - least) % (usable - 4);
        if rest <= most { rest } else { least }
    }

    /// Follows a row to other pages. Gives each piece of it to `take`, and what is behind its end to `slack`. Says whether all of
    /// it was there.
    pub(super) fn follow(
        &mut self,
        payload: &Payload,
        mut take: impl FnMut(&[u8]) -> bool,
        mut slack: impl FnMut(&[u8]),
    ) -> io::Result<bool> {
        let mut left = payload.size - payload.local.len() as u64;
        let mut next = payload.next;
        while left > 0 {
            let number = next.unwrap_or(0);
            if number == 0 || number > self.pages || self.trees.has(number) || !self.overflows.set(number) {
                return Ok(false);
            }
            let bytes = self.read(number)?;
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(self.usable - 4);
            if !take(&bytes[4..4 + count]) {
                return Ok(false);
            }
            slack(&bytes[4 + count..]);
            left -= count as u64;
            next = Some(be32(&bytes, 0));
        }
        Ok(true)
    }
}

/// A bit for each page.
pub(super) struct Bits(Vec<u64>);

impl Bits {
    fn new(pages: u32) -> Self {
        Self(vec![0; pages as usize / 64 + 1])
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Sets a bit; says whether it was not.
    fn set(&mut self, number: u32) -> bool {
        let was = self.has(number);
        if let Some(word) = self.0.get_mut(number as usize / 64) {
            *word |= 1 << (number % 64);
        }
        !was
    }

    fn clear(&mut self, number: u32) {
        if let Some(word) = self.0.get_mut(number as usize / 64) {
            *word &= !(1 << (number % 64));
        }
    }
}

/// Four bytes at `at`, which are there.
fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// A number of one to nine bytes, and how many.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (index, &byte) in bytes.iter().take(9).enumerate() {
        if index == 8 {
            return Some((value << 8 | u64::from(byte), 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value, index + 1));
        }
    }
    None
}
