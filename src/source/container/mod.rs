//! What is inside archives and compressed files, without unpacking anything to disk.
//!
//! [`walk`] opens a container, the containers in it, and so on to a depth, and hands each thing that is no container to a
//! [`Sink`] as a stream. It holds buffers and dictionaries, and the tables of one archive for each level; never a member
//! whole, but for what has to be read from its end or more than once, and that only up to a bound. What it did not look at, and
//! why, goes to the same sink.

mod ar;
mod asar;
mod bundle;
mod cpio;
mod document;
mod guard;
mod image;
mod kind;
mod lines;
mod seven;
mod single;
mod sqlite;
mod strings;
mod tar;
mod zip;

#[cfg(test)]
mod tests;

use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use guard::{Buffered, Fault, Gauge, Guard, Meter, Stream};

pub use document::Document;
pub use guard::is_told;
pub use image::Removed;
pub use kind::{Codec, Kind, SNIFFED};
pub use zip::Packed;

use crate::blob::{SkipReason, Skipped};

/// The buffer of one level, in bytes.
const BUFFER: usize = 64 * 1024;

/// Entries of the ledger for one file; what is beyond is counted. A file can be made to have a million.
const LISTED: u64 = 1000;

/// The longest name of a member that is kept, in bytes. It is what systems allow for a path.
const NAME: usize = 4096;

/// The depth that no limit raises: each level takes some of the stack.
const DEEPEST: u32 = 32;

/// Unpacked bytes of one member up to which the ratio does not matter: blanks compress well.
const FREE: u64 = 16 << 20;

/// What a container may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep containers are opened: 1 for those in no other; 32 at most.
    pub depth: u32,
    /// How many times larger than what is packed a member may be, once it is no small one.
    pub ratio: u64,
    /// Bytes that are unpacked of one file, at all depths together.
    pub total_bytes: u64,
    /// Members that are looked at of one file, at all depths together.
    pub members: u64,
    /// Bytes of memory for dictionaries and for archives that are held, at all depths together.
    pub memory: u64,
    /// The largest archive in another one that is held in that memory, in bytes, because it is read from its end.
    pub held: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 8, ratio: 250, total_bytes: 16 << 30, members: 1_000_000, memory: 256 << 20, held: 64 << 20 }
    }
}

/// Something that can be read from any place.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// What a container is read from.
pub enum Source<'s> {
    /// A file, or bytes in memory.
    Seekable(&'s mut dyn ReadSeek),
    /// A pipe, or a member of another container.
    Stream(&'s mut (dyn Read + Send)),
}

/// Something that is in a container and is none itself.
pub struct Member<'m> {
    /// Where it is: `app.jar!/lib/x.jar!/application.yml`.
    pub path: &'m str,
    /// Its content. It ends with an error where it could not be read further: the ledger has that already, or will have.
    pub reader: &'m mut (dyn Read + Send),
    /// How long it says it is, in bytes. It may lie.
    pub size: Option<u64>,
}

/// Takes what a walk meets.
pub trait Sink {
    /// Looks at a member. What is left unread of it is passed over.
    fn member(&mut self, member: Member<'_>);

    /// Looks at a text that was made of another, which is handed over as it is too: the text of a document, a part of a mail
    /// without its encoding. What is found in both is the same.
    fn view(&mut self, member: Member<'_>) {
        self.member(member);
    }

    /// Whether a member that has so many bytes is taken as it is packed, by [`Sink::packed`].
    fn unpacks(&self, path: &str, size: u64) -> bool {
        let _ = (path, size);
        false
    }

    /// Looks at a member that is still packed, now or later.
    fn packed(&mut self, packed: Packed) {
        let _ = packed;
    }

    /// Waits for all that was handed over packed. Gives the numbers of those that have to be walked after all, in order, and forgets
    /// them.
    fn unpacked(&mut self) -> Vec<usize> {
        Vec::new()
    }

    /// Something was not, or not wholly, looked at.
    fn skipped(&mut self, skipped: Skipped);

    /// What is below `path`, a layer of an image that was looked at, is removed by later layers.
    fn removed(&mut self, path: &str, removed: Removed) {
        let _ = (path, removed);
    }

    /// Whether to look at what is at `path`: a member, or a container in a container.
    fn wants(&mut self, path: &str) -> bool {
        let _ = path;
        true
    }

    /// Whether to stop; the sink knows why, and says so.
    fn stopped(&self) -> bool {
        false
    }
}

/// Whether a file has a zip at its end. It is left where it was.
#[must_use]
pub fn has_zip(file: &mut dyn ReadSeek) -> bool {
    let Ok(at) = file.stream_position() else { return false };
    let mut tail = [0; kind::ZIP_END];
    let read = file.seek(SeekFrom::End(-(kind::ZIP_END as i64))).is_ok() && file.read_exact(&mut tail).is_ok();
    file.seek(SeekFrom::Start(at)).is_ok() && read && kind::ends_as_zip(&tail)
}

/// Whether a content is opened.
#[must_use]
pub fn is_whole_container(bytes: &[u8], name: &str) -> bool {
    is_container(bytes, name) || kind::ends_as_zip(bytes)
}

/// Whether content that begins with `start` is opened: [`SNIFFED`] bytes of it are enough.
#[must_use]
pub fn is_container(start: &[u8], name: &str) -> bool {
    let start = &start[..start.len().min(SNIFFED)];
    Kind::of(start, name).is_some() || lines::is_listing(start)
}

/// Walks content that may be a container. If it is none, it is handed over as it is, under its own name.
pub fn walk(source: Source<'_>, name: &str, limits: &Limits, sink: &mut dyn Sink) {
    let meter = Arc::new(Meter { unpacked: AtomicU64::new(0), limit: limits.total_bytes });
    let limits = Limits { depth: limits.depth.min(DEEPEST), ..*limits };
    let mut walk = Walk { limits, sink, meter, members: 0, listed: 0, image: None, piped: None };
    let place = Place { path: name.to_owned(), depth: 1, memory: limits.memory, view: false };
    match source {
        Source::Seekable(file) => walk.content(&place, Source::Seekable(file), None),
        Source::Stream(stream) => {
            let mut guard = Guard::new(stream, None);
            walk.content(&place, Source::Stream(&mut guard), None);
            walk.settle(&place, guard);
        }
    }
    let more = walk.listed.saturating_sub(LISTED);
    if more > 0 {
        let detail = format!("{more} more parts of it were not looked at; unpack it and scan what is in it");
        sink.skipped(Skipped::new(name, SkipReason::Truncated, detail));
    }
}

/// Walks bytes in memory.
pub fn walk_bytes(bytes: &[u8], name: &str, limits: &Limits, sink: &mut dyn Sink) {
    walk(Source::Seekable(&mut Cursor::new(bytes)), name, limits, sink);
}

/// Where a walk is.
#[derive(Clone, Debug)]
struct Place {
    path: String,
    /// The depth at which a container here is.
    depth: u32,
    /// Memory that this level and those below may use.
    memory: u64,
    /// Whether it was made of something that is handed over as it is too.
    view: bool,
}

impl Place {
    /// A member of the container that is here. A name that is too long is cut.
    fn member(&self, name: &str) -> Self {
        let name = &name[..name.floor_char_boundary(NAME)];
        Self { path: format!("{}!/{name}", self.path), depth: self.depth + 1, ..*self }
    }

    /// The same once this level has taken what it may of the memory: half.
    fn with_half(&self) -> Self {
        Self { memory: self.memory / 2, ..self.clone() }
    }

    /// The same as the place of a document, of which views are made.
    fn viewed(&self) -> Self {
        Self { view: true, ..self.with_half() }
    }

    /// The last name of the path.
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

struct Walk<'w> {
    limits: Limits,
    sink: &'w mut dyn Sink,
    meter: Arc<Meter>,
    members: u64,
    listed: u64,
    /// The image whose layers are looked at.
    image: Option<image::Image>,
    /// The tar that is read once and may be an image.
    piped: Option<image::Piped>,
}

impl Walk<'_> {
    /// Looks at what is at `place`, whatever it is.
    fn content(&mut self, place: &Place, source: Source<'_>, size: Option<u64>) {
        let mut head = vec![0; SNIFFED];
        match source {
            Source::Seekable(file) => match peek(file, &mut head) {
                Ok(read) if Kind::of(&head[..read], place.name()).is_none() && has_zip(file) => {
                    self.opened(place, Kind::Zip, Source::Seekable(file), size);
                }
                Ok(read) => self.sniffed(place, &head[..read], Source::Seekable(file), size),
                Err(error) => self.trouble(place, &error),
            },
            Source::Stream(stream) => {
                // What comes before trouble is looked at too; the trouble will come again.
                let (read, _) = guard::fill(stream, &mut head);
                let mut whole = (&head[..read]).chain(stream);
                self.sniffed(place, &head[..read], Source::Stream(&mut whole), size);
            }
        }
    }

    /// Looks at what begins with `head`; `source` gives that too.
    fn sniffed(&mut self, place: &Place, head: &[u8], source: Source<'_>, size: Option<u64>) {
        let Some(kind) = Kind::of(head, place.name()) else {
            return if lines::is_listing(head) {
                self.listing(place, source, size)
            } else {
                self.leaf(place, source, size)
            };
        };
        self.opened(place, kind, source, size);
    }

    /// Opens what is of this kind.
    fn opened(&mut self, place: &Place, kind: Kind, source: Source<'_>, size: Option<u64>) {
        if place.depth > self.limits.depth {
            let depth = self.limits.depth;
            let detail = format!(
                "containers are opened to a depth of {depth}, and this is one more; --max-archive-depth raises the limit"
            );
            self.skip(place, Fault::new(SkipReason::TooLarge, detail));
            return self.leaf(place, source, size);
        }
        match (kind, source) {
            (Kind::Unread(what), source) => {
                self.skip(
                    place,
                    Fault::unsupported(format_args!("{what}: its content is packed in a way that is not read")),
                );
                self.leaf(place, source, size);
            }
            (Kind::Zip, Source::Seekable(file)) => zip::walk_file(self, place, file),
            (Kind::SevenZ, Source::Seekable(file)) => seven::walk(self, place, file),
            (Kind::Tar, Source::Seekable(file)) => image::walk_tar(self, place, file),
            (Kind::Sqlite, Source::Seekable(file)) => sqlite::walk(self, place, file),
            (Kind::Document(kind), Source::Seekable(file)) => document::walk_file(self, place, kind, file, size),
            (Kind::Document(kind), Source::Stream(stream)) => document::walk_stream(self, place, kind, stream, size),
            (Kind::Bundle, Source::Seekable(file)) => self.held(place, kind, file),
            (Kind::Zip | Kind::SevenZ | Kind::Sqlite | Kind::Bundle, Source::Stream(stream)) => {
                self.held(place, kind, stream);
            }
            (kind, Source::Seekable(file)) => self.streamed(place, kind, file),
            (kind, Source::Stream(stream)) => self.streamed(place, kind, stream),
        }
    }

    /// Opens a container that is read from its start to its end.
    fn streamed(&mut self, place: &Place, kind: Kind, stream: &mut Stream<'_>) {
        let mut buffered = BufReader::with_capacity(BUFFER, stream);
        let walked = match kind {
            Kind::Compressed(codec) => return single::walk(self, place, codec, &mut buffered),
            Kind::Tar => self.tar(place, &mut buffered),
            Kind::Ar => ar::walk(self, place, &mut buffered),
            Kind::Cpio => cpio::walk(self, place, &mut buffered),
            Kind::Rpm => cpio::walk_rpm(self, place, &mut buffered),
            Kind::Asar => asar::walk(self, place, &mut buffered),
            Kind::Zip => zip::walk_stream(self, place, &mut buffered, false),
            // Those that are read from the end come by another way.
            Kind::SevenZ | Kind::Sqlite | Kind::Bundle | Kind::Document(_) | Kind::Unread(_) => Ok(()),
        };
        if let Err(error) = walked {
            self.trouble(place, &error);
        }
    }

    /// Opens a tar that is read from its start to its end. The outermost may be an image.
    fn tar(&mut self, place: &Place, source: &mut Buffered<'_>) -> io::Result<()> {
        let outermost = self.image.is_none() && self.piped.is_none();
        if outermost {
            self.piped = Some(image::Piped::new(&place.path, place.memory / 16));
        }
        let walked = tar::walk(self, place, source);
        if let Some(piped) = self.piped.take_if(|_| outermost) {
            piped.tell(self);
        }
        walked
    }

    /// Holds an archive that is read from its end, if it is not too large.
    fn held(&mut self, place: &Place, kind: Kind, stream: &mut Stream<'_>) {
        let bound = self.limits.held.min(place.memory / 4);
        let mut bytes = Vec::new();
        let read = stream.take(bound + 1).read_to_end(&mut bytes);
        // What stopped it is in the ledger, or will be; what there is of it is looked at.
        if let Err(error) = &read {
            self.trouble(place, error);
        }
        if bytes.len() as u64 <= bound {
            let place = place.with_half();
            return match kind {
                Kind::SevenZ => seven::walk(self, &place, &mut Cursor::new(&*bytes)),
                Kind::Sqlite => sqlite::walk(self, &place, &mut Cursor::new(&*bytes)),
                Kind::Bundle => bundle::walk(self, &place, &bytes),
                _ => zip::walk_file(self, &place, &mut Cursor::new(&*bytes)),
            };
        }
        if kind == Kind::Zip {
            return self.streamed(&place.with_half(), kind, &mut (&*bytes).chain(stream));
        }
        let what = match kind {
            Kind::Sqlite => "a database",
            Kind::Bundle => "a git bundle",
            _ => "a 7z archive",
        };
        let detail = format!(
            "{what} in another container or a pipe, of more than {bound} bytes; unpack the outer one and scan what is in it"
        );
        self.skip(place, Fault::new(SkipReason::TooLarge, detail));
        if kind == Kind::Sqlite {
            // Most of it can be read as it is.
            self.leaf(&place.with_half(), Source::Stream(&mut (&*bytes).chain(stream)), None);
        }
    }

    /// Hands over what is no container.
    fn leaf(&mut self, place: &Place, source: Source<'_>, size: Option<u64>) {
        match source {
            Source::Stream(reader) => self.hand_over(place, reader, size),
            Source::Seekable(file) => {
                let mut guard = Guard::new(file, None);
                self.hand_over(place, &mut guard, size);
                self.settle(place, guard);
            }
        }
    }

    fn hand_over(&mut self, place: &Place, reader: &mut (dyn Read + Send), size: Option<u64>) {
        let member = Member { path: &place.path, reader, size };
        if place.view { self.sink.view(member) } else { self.sink.member(member) }
    }

    /// Hands over variables with a NUL after each, a line for each.
    fn listing(&mut self, place: &Place, source: Source<'_>, size: Option<u64>) {
        match source {
            Source::Seekable(file) => self.leaf(place, Source::Stream(&mut lines::Lines(file)), size),
            Source::Stream(stream) => self.leaf(place, Source::Stream(&mut lines::Lines(stream)), size),
        }
    }

    /// Looks at what is behind the end of an archive: another one, or zeros that fill up a tape's record.
    fn behind(&mut self, place: &Place, source: &mut Buffered<'_>) -> io::Result<()> {
        loop {
            let bytes = source.fill_buf()?;
            if bytes.is_empty() {
                return Ok(());
            }
            let zeros = bytes.iter().take_while(|&&b| b == 0).count();
            if zeros < bytes.len() {
                source.consume(zeros);
                if self.admits(place) {
                    self.member(place, "<behind the end>", &mut &mut *source, Packing::default());
                }
                return Ok(());
            }
            source.consume(zeros);
        }
    }

    /// Whether to go on with one more member of the container at `place`; says why not.
    fn admits(&mut self, place: &Place) -> bool {
        if self.sink.stopped() {
            return false;
        }
        let detail = if self.members >= self.limits.members {
            let members = self.limits.members;
            format!("{members} members of one file were looked at, and no more; --max-archive-members raises the limit")
        } else if self.meter.is_exhausted() {
            let limit = self.meter.limit;
            format!(
                "its other members were not looked at: {limit} bytes were unpacked of one file; --max-archive-size raises the limit"
            )
        } else {
            self.members += 1;
            return true;
        };
        self.skip(place, Fault::new(SkipReason::TooLarge, detail));
        false
    }

    /// Looks at a member of the container at `place`, to the end of `reader`. Says whether it could be read to its end, and
    /// how long it was.
    fn member(&mut self, place: &Place, name: &str, reader: &mut Stream<'_>, packing: Packing) -> (bool, u64) {
        let place = &place.member(&self.short(place, name));
        let mut guard = Guard::new(reader, packing.gauge);
        if self.sink.wants(&place.path) {
            self.content(place, Source::Stream(&mut guard), packing.size);
        }
        self.drain(&mut guard);
        let end = (!guard.is_stopped(), guard.given());
        self.settle(place, guard);
        end
    }

    /// Hands over a text that was made here, to the end of `reader`.
    fn text(&mut self, place: &Place, name: &str, reader: &mut Stream<'_>, packing: Packing) {
        let place = &place.member(&self.short(place, name));
        let mut guard = Guard::new(reader, packing.gauge);
        if self.sink.wants(&place.path) {
            self.hand_over(place, &mut guard, packing.size);
        }
        self.drain(&mut guard);
        self.settle(place, guard);
    }

    /// Reads to the end what nobody wanted: what follows is behind it, and its checksum tells whether it was sound.
    // The buffer is not to lie on the stack once for each level.
    #[inline(never)]
    fn drain<R: Read>(&self, guard: &mut Guard<R>) {
        let mut buffer = [0; 16 * 1024];
        while !self.sink.stopped() {
            match guard.read(&mut buffer) {
                Ok(0) => return,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
                _ => {}
            }
        }
    }

    /// Passes over what a member has left of its `size` bytes, unless all is to stop.
    fn pass(&self, source: &mut Buffered<'_>, size: u64, given: u64) -> io::Result<()> {
        if self.sink.stopped() {
            return Err(guard::told());
        }
        guard::pass(source, size - given.min(size))
    }

    /// A name as it is shown; one that is too long is cut, which is told.
    fn short(&mut self, place: &Place, name: &str) -> String {
        if name.len() <= NAME {
            return name.to_owned();
        }
        let detail = format!("its name has {} bytes, of which {NAME} were looked at; look at it yourself", name.len());
        self.skip(&place.member(name), Fault::new(SkipReason::Truncated, detail));
        name[..name.floor_char_boundary(NAME)].to_owned()
    }

    /// What a compressed stream is measured with.
    fn gauge(&self, packed: Arc<AtomicU64>) -> Gauge {
        Gauge { meter: self.meter.clone(), packed, ratio: self.limits.ratio, free: FREE }
    }

    /// Tells what went wrong with a reader.
    fn settle<R: Read>(&mut self, place: &Place, mut guard: Guard<R>) {
        if let Some(fault) = guard.fault() {
            self.skip(place, fault);
        }
    }

    /// Tells what an error says, unless that was told already.
    fn trouble(&mut self, place: &Place, error: &io::Error) {
        if let Some(fault) = Fault::of(error) {
            self.skip(place, fault);
        }
    }

    fn skip(&mut self, place: &Place, fault: Fault) {
        self.listed += 1;
        if self.listed <= LISTED {
            self.sink.skipped(Skipped::new(&*place.path, fault.reason, fault.detail));
        }
    }
}

/// What is known of how a member is packed.
#[derive(Default)]
struct Packing {
    /// How long it says it is.
    size: Option<u64>,
    /// What its unpacking is measured with, if it is compressed.
    gauge: Option<Gauge>,
}

impl Packing {
    /// A member that is as it is, and says it has so many bytes.
    fn none(size: u64) -> Self {
        Self { size: Some(size), gauge: None }
    }
}

/// Reads the start of a file and goes back to it.
fn peek(file: &mut dyn ReadSeek, head: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(0))?;
    let (read, trouble) = guard::fill(file, head);
    trouble?;
    file.seek(SeekFrom::Start(0))?;
    Ok(read)
}

/// Bytes of a name as they are shown: with U+FFFD for what is not UTF-8.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
