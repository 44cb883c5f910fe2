//! A zip that can be read from its end: member by member in the order of their data, and whatever is between them.

use std::io::{self, BufRead, BufReader, Read, SeekFrom};
use std::ops::Range;
use std::sync::atomic::Ordering;

use super::header::{self, CENTRAL, DESCRIPTOR, END, End, Entry, LOCAL, LOCATOR, u32_at, u64_at};
use super::packed::{self, Packed};
use super::{member, walk_stream};
use crate::blob::SkipReason;
use crate::source::container::guard::{Exactly, Fault, damaged, fill};
use crate::source::container::{BUFFER, NAME, Packing, Place, ReadSeek, Source, Walk, shown};

/// How far from the end of a file the end of its directory can begin.
const TAIL: u64 = 22 + 0xffff;

/// The depth of the only archive whose members are handed over packed: those of one within it have other numbers.
const OUTERMOST: u32 = 1;

/// Where an entry of the directory is, and where it says that its member is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    member: u64,
    entry: u64,
}

/// An archive whose directory was found.
struct Zip<'z> {
    place: &'z Place,
    file: &'z mut dyn ReadSeek,
    /// Where what the directory takes for the start of the archive is.
    base: u64,
    directory: Range<u64>,
    /// The number of the member that is looked at.
    number: usize,
}

/// Looks at each member, and at what is no part of any.
pub(in crate::source::container) fn walk_file(walk: &mut Walk<'_>, place: &Place, file: &mut dyn ReadSeek) {
    if let Err(error) = try_walk(walk, place, file) {
        walk.trouble(place, &error);
    }
}

fn try_walk(walk: &mut Walk<'_>, place: &Place, file: &mut dyn ReadSeek) -> io::Result<()> {
    let len = file.seek(SeekFrom::End(0))?;
    let found = find_end(file, len)?;
    let Some((end, directory)) = found.as_ref().and_then(|end| Some((*end, locate(file, end).ok()??))) else {
        return without_directory(walk, place, file, found.is_some());
    };
    if end.volumes {
        walk.skip(place, Fault::unsupported("one volume of an archive in several; its members were not looked at"));
        return Ok(());
    }
    let base = directory.start.saturating_sub(end.offset);
    let mut zip = Zip { place, file, base, directory, number: 0 };
    let (slots, cut) = zip.slots(walk, &end)?;
    let walked = zip.members(walk, &slots);
    if place.depth == OUTERMOST {
        // What was handed over packed, and could not be unpacked by others.
        for number in walk.sink.unpacked() {
            zip.again(walk, slots[number])?;
        }
    }
    let Some(at) = walked? else { return Ok(()) };
    // Of what was not listed it is not known what is a gap.
    if !cut {
        let directory = zip.directory.clone();
        zip.gap(walk, at..directory.start)?;
        zip.gap(walk, directory.end..end.start)?;
        zip.comment(walk, &end)?;
        zip.gap(walk, end.end..len)?;
    }
    Ok(())
}

/// The end of the directory that is nearest to the end of the file.
fn find_end(file: &mut dyn ReadSeek, len: u64) -> io::Result<Option<End>> {
    let from = len.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let mut ends = memchr::memmem::rfind_iter(&tail, &END).filter(|&at| tail.len() >= at + 22);
    let complete = |at: &usize| at + 22 + usize::from(u16::from_le_bytes([tail[at + 20], tail[at + 21]])) <= tail.len();
    let Some(at) = ends.find(complete) else { return Ok(None) };
    let start = from + at as u64;
    let mut end = End::parse(&tail[at..], start);
    let locator = at.checked_sub(20).map(|before| &tail[before..at]).filter(|locator| locator.starts_with(&LOCATOR));
    if let Some(locator) = locator {
        // Where it says, or right before: what is before the archive moves all.
        for start in [u64_at(locator, 8), start.saturating_sub(20 + 56)] {
            let mut fixed = [0; 56];
            file.seek(SeekFrom::Start(start.min(len)))?;
            let (read, trouble) = fill(file, &mut fixed);
            trouble?;
            if end.widen(&fixed[..read], start).is_ok() {
                return Ok(Some(end));
            }
        }
        return Err(damaged("the end of the directory is not where it says"));
    }
    Ok(Some(end))
}

/// Where the directory is: right before its end, or where the end says.
fn locate(file: &mut dyn ReadSeek, end: &End) -> io::Result<Option<Range<u64>>> {
    if end.size == 0 && end.entries == 0 {
        return Ok(Some(end.start..end.start));
    }
    for start in [end.start.checked_sub(end.size), Some(end.offset)].into_iter().flatten() {
        let fits = start.checked_add(end.size).filter(|&stop| stop <= end.start);
        let mut magic = [0; 4];
        file.seek(SeekFrom::Start(start.min(end.start)))?;
        if let (Some(stop), (4, Ok(()))) = (fits, fill(file, &mut magic))
            && magic == CENTRAL
        {
            return Ok(Some(start..stop));
        }
    }
    Ok(None)
}

/// Looks at what can be found of an archive without its directory.
fn without_directory(walk: &mut Walk<'_>, place: &Place, file: &mut dyn ReadSeek, ended: bool) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    let mut magic = [0; 4];
    let (read, _) = fill(file, &mut magic);
    file.seek(SeekFrom::Start(0))?;
    let begins = magic[..read].starts_with(b"PK") || magic == *b"Cr24";
    if !begins && !ended {
        walk.skip(place, Fault::unsupported("named as a zip, which it is not, or of which the end is missing"));
        walk.leaf(place, Source::Seekable(file), None);
        return Ok(());
    }
    let fault =
        Fault::corrupt("its directory cannot be found; its members were looked at as far as they follow each other");
    walk.skip(place, fault);
    walk_stream(walk, place, &mut BufReader::with_capacity(BUFFER, file), true)
}

impl Zip<'_> {
    /// Where each entry and its member are, in the order of the members; and whether there are more than may be.
    fn slots(&mut self, walk: &mut Walk<'_>, end: &End) -> io::Result<(Vec<Slot>, bool)> {
        let most = walk.limits.members.saturating_sub(walk.members);
        let (mut at, mut slots, mut cut) = (self.directory.start, Vec::new(), false);
        self.file.seek(SeekFrom::Start(at))?;
        let mut input = BufReader::with_capacity(BUFFER, &mut *self.file).take(self.directory.end - at);
        while at < self.directory.end {
            if slots.len() as u64 >= most {
                cut = true;
                break;
            }
            let mut magic = [0; 4];
            let (read, trouble) = fill(&mut input, &mut magic);
            trouble?;
            if read < 4 || magic != CENTRAL {
                walk.skip(self.place, Fault::corrupt("its directory is damaged; the members that it lists no more were looked at if they could be found"));
                break;
            }
            let entry = match header::central(&mut input) {
                Ok(entry) => entry,
                Err(error) => {
                    walk.trouble(self.place, &error);
                    break;
                }
            };
            slots.push(Slot { member: self.base.saturating_add(entry.offset), entry: at });
            at += entry.len;
        }
        let listed = slots.len() as u64;
        let same = if end.exact { listed == end.entries } else { listed & 0xffff == end.entries };
        if cut {
            let limit = walk.limits.members;
            let detail = format!(
                "more than {limit} members of one file, and no more were looked at; --max-archive-members raises the limit"
            );
            walk.skip(self.place, Fault::new(SkipReason::TooLarge, detail));
        } else if !same {
            walk.skip(self.place, Fault::corrupt("its directory has other than the number of members that it says"));
        }
        slots.sort_unstable();
        Ok((slots, cut))
    }

    /// Looks at all members. Says where the last one ends; `None` if a limit is reached.
    fn members(&mut self, walk: &mut Walk<'_>, slots: &[Slot]) -> io::Result<Option<u64>> {
        let mut at = 0;
        for (number, slot) in slots.iter().enumerate() {
            if !walk.admits(self.place) {
                return Ok(None);
            }
            self.number = number;
            at = self.slot(walk, *slot, at)?;
        }
        Ok(Some(at))
    }

    /// Looks at the data of a member that was handed over packed before.
    fn again(&mut self, walk: &mut Walk<'_>, slot: Slot) -> io::Result<()> {
        if walk.sink.stopped() {
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(slot.entry + 4))?;
        let entry = header::central(&mut BufReader::with_capacity(1024, &mut *self.file))?;
        if packed::is_deflated(&entry) {
            walk.meter.unpacked.fetch_sub(entry.size, Ordering::Relaxed);
        }
        self.file.seek(SeekFrom::Start(slot.member + 4))?;
        let local = header::local(&mut BufReader::with_capacity(1024, &mut *self.file))?;
        let start = slot.member + local.len;
        self.unpack(walk, &self.entry(&entry, &local, start), start)
    }

    /// Looks at a member, and at what is between `at`, where the one before ended, and it. Says where it ends.
    fn slot(&mut self, walk: &mut Walk<'_>, slot: Slot, at: u64) -> io::Result<u64> {
        self.file.seek(SeekFrom::Start(slot.entry + 4))?;
        let entry = header::central(&mut BufReader::with_capacity(1024, &mut *self.file))?;
        let within = self.place.member(&String::from_utf8_lossy(&entry.name));
        if !entry.comment.is_empty() {
            let size = Packing::none(entry.comment.len() as u64);
            walk.member(&within, "<comment>", &mut &*entry.comment, size);
        }
        if slot.member < at {
            walk.skip(&within, Fault::corrupt("its data overlap with another member, as made to exhaust or to hide"));
            return Ok(at);
        }
        if slot.member >= self.directory.start {
            walk.skip(&within, Fault::corrupt("the directory lists it, and it is not there"));
            return Ok(at);
        }
        self.gap(walk, at..slot.member)?;
        self.file.seek(SeekFrom::Start(slot.member))?;
        let mut input = BufReader::with_capacity(1024, &mut *self.file);
        let mut magic = [0; 4];
        let (_, trouble) = fill(&mut input, &mut magic);
        trouble?;
        let local = match (magic == LOCAL).then(|| header::local(&mut input)) {
            Some(Ok(local)) => local,
            _ => {
                walk.skip(
                    &within,
                    Fault::corrupt("the directory lists it, and there is no header of it where it says"),
                );
                return Ok(slot.member);
            }
        };
        compare(walk, &within, &entry, &local);
        self.data(walk, &entry, &local, slot.member + local.len)
    }

    /// What is taken for a member's header: a part of its data is all there is if there is no more of it.
    fn entry(&self, entry: &Entry, local: &Entry, start: u64) -> Entry {
        let packed = entry.packed.min(self.directory.start.saturating_sub(start));
        Entry { flags: entry.flags | (local.flags & 1), packed, ..entry.clone() }
    }

    /// Looks at the data of a member, which begins at `start`. Says where it ends.
    fn data(&mut self, walk: &mut Walk<'_>, entry: &Entry, local: &Entry, start: u64) -> io::Result<u64> {
        let room = self.directory.start.saturating_sub(start);
        if entry.packed > room {
            let within = self.place.member(&String::from_utf8_lossy(&entry.name));
            walk.skip(&within, Fault::corrupt("it says that it is longer than there is of it"));
        }
        let entry = self.entry(entry, local, start);
        if !self.hand_over(walk, &entry, start)? {
            self.unpack(walk, &entry, start)?;
        }
        let end = start + entry.packed;
        if local.has_descriptor() { self.descriptor(&entry, end) } else { Ok(end) }
    }

    /// Hands a member over as it is packed, if it may be.
    fn hand_over(&mut self, walk: &mut Walk<'_>, entry: &Entry, start: u64) -> io::Result<bool> {
        let Entry { size, crc, .. } = *entry;
        // What it counts for is known before, so that a limit is reached at the same member whoever is the first to unpack.
        let known = walk.meter.unpacked.load(Ordering::Relaxed).saturating_add(size) <= walk.meter.limit;
        if self.place.depth != OUTERMOST || !known || entry.name.len() > NAME || !packed::may_be(entry) {
            return Ok(false);
        }
        let path = self.place.member(&shown(&entry.name)).path;
        if path.len() > self.place.path.len() + NAME || !walk.sink.unpacks(&path, size) {
            return Ok(false);
        }
        self.file.seek(SeekFrom::Start(start))?;
        let mut data = Vec::new();
        if (&mut *self.file).take(entry.packed).read_to_end(&mut data)? as u64 != entry.packed {
            return Ok(false);
        }
        let deflated = packed::is_deflated(entry);
        if deflated {
            walk.meter.unpacked.fetch_add(size, Ordering::Relaxed);
        }
        walk.sink.packed(Packed { path, number: self.number, data, deflated, size, crc });
        Ok(true)
    }

    /// Unpacks the data of a member, which begin at `start`.
    fn unpack(&mut self, walk: &mut Walk<'_>, entry: &Entry, start: u64) -> io::Result<()> {
        if entry.is_folder() {
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(start))?;
        let capacity = usize::try_from(entry.packed).unwrap_or(BUFFER).clamp(64, BUFFER);
        let mut input = BufReader::with_capacity(capacity, Exactly::new(&mut *self.file, entry.packed));
        member(walk, self.place, entry, &mut input, true).map(drop)
    }

    /// Where what is behind the data of a member ends that says its checksum and sizes.
    fn descriptor(&mut self, entry: &Entry, at: u64) -> io::Result<u64> {
        self.file.seek(SeekFrom::Start(at))?;
        let mut bytes = [0; 24];
        let (read, trouble) = fill(self.file, &mut bytes);
        trouble?;
        let marked = if bytes.starts_with(&DESCRIPTOR) { 4 } else { 0 };
        let rest = &bytes[marked..read.max(marked)];
        if rest.len() < 12 || u32_at(rest, 0) != entry.crc {
            return Ok(at);
        }
        let wide = rest.len() >= 20 && u64_at(rest, 4) == entry.packed && u64_at(rest, 12) == entry.size;
        Ok((at + marked as u64 + if wide { 20 } else { 12 }).min(self.directory.start))
    }

    /// Looks at bytes that are no part of a member or of the directory. Members among them are told: whoever unpacks by
    /// the directory does not see them.
    fn gap(&mut self, walk: &mut Walk<'_>, range: Range<u64>) -> io::Result<()> {
        if range.is_empty() || !walk.admits(self.place) {
            return Ok(());
        }
        let name = format!("<bytes {} to {}>", range.start, range.end);
        self.file.seek(SeekFrom::Start(range.start))?;
        let len = range.end - range.start;
        let mut input = BufReader::with_capacity(BUFFER, Exactly::new(&mut *self.file, len));
        if input.fill_buf()?.starts_with(&LOCAL) {
            let fault = Fault::corrupt("a member that the directory of the archive does not list; it was looked at");
            walk.skip(&self.place.member(&name), fault);
            return walk_stream(walk, self.place, &mut input, true);
        }
        // What is before the zip of an extension, its keys, begins as all of it does.
        let name = if range.start == 0 && input.fill_buf()?.starts_with(b"Cr24") { "<header>" } else { &name };
        if name == "<header>" {
            walk.leaf(&self.place.member(name), Source::Stream(&mut input), Some(len));
            return Ok(());
        }
        walk.member(self.place, name, &mut input, Packing::none(len));
        Ok(())
    }

    /// Looks at the comment of the archive.
    fn comment(&mut self, walk: &mut Walk<'_>, end: &End) -> io::Result<()> {
        if end.comment > 0 && walk.admits(self.place) {
            self.file.seek(SeekFrom::Start(end.end - end.comment))?;
            let mut input = Exactly::new(&mut *self.file, end.comment);
            walk.member(self.place, "<comment>", &mut input, Packing::none(end.comment));
        }
        Ok(())
    }
}

/// Tells what a member's two headers do not agree on.
fn compare(walk: &mut Walk<'_>, within: &Place, entry: &Entry, local: &Entry) {
    let known = !local.has_descriptor();
    let differ = [
        ("names", entry.name != local.name),
        ("methods", entry.method != local.method),
        ("sizes", known && (entry.size, entry.packed) != (local.size, local.packed)),
        ("checksums", known && entry.crc != local.crc),
    ];
    let differ: Vec<&str> = differ.iter().filter(|(_, differ)| *differ).map(|(what, _)| *what).collect();
    // What is encrypted has its name and its sizes only in the directory.
    if !differ.is_empty() && entry.flags & 0x2000 == 0 {
        let what = differ.join(" and ");
        let fault = format!(
            "the directory and the header before it give it different {what}; it was looked at as the directory says"
        );
        walk.skip(within, Fault::corrupt(fault));
    }
}
