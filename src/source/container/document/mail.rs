//! Mails and what is in them (RFC 5322, RFC 2045 to 2047): parts without their encoding, mails in mails, attached files.

use std::io::{self, BufRead, BufReader, Read};

use super::super::guard::{Fault, Stream};
use super::super::kind::{Kind, extension};
use super::super::{BUFFER, Packing, Place, SNIFFED, Walk};
use super::transfer::{self, Transfer};
use super::view;
use crate::blob::SkipReason;
use crate::source::encoding::Encoding;

/// How deep parts may be in parts.
const DEEPEST: u32 = 32;

/// The longest header that is looked at, in bytes.
const HEADER: usize = 1 << 20;

/// What mails begin with. One alone could be a line of any text.
const FIELDS: &[&str] = &[
    "arc-seal", "authentication-results", "bcc", "cc", "content-transfer-encoding", "content-type", "date",
    "delivered-to", "dkim-signature", "from", "in-reply-to", "list-id", "message-id", "mime-version", "precedence",
    "received", "received-spf", "references", "reply-to", "return-path", "sender", "snapshot-content-location",
    "status", "subject", "to", "user-agent", "x-mailer", "x-originating-ip", "x-received",
];

/// Whether content begins with the header of a mail.
pub(super) fn is_mail(start: &[u8], name: &str) -> bool {
    let named = extension(name).is_some_and(|e| matches!(&*e, "eml" | "mht" | "mhtml" | "mbs" | "emlx"));
    let mut lines = start.split(|&b| b == b'\n');
    // The last line may be cut off.
    let cut = lines.next_back();
    let (mut known, mut first) = (0, true);
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || (line.starts_with(b"--") && !first) {
            break;
        }
        if !first && line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        // Apple's begin with the length of what follows.
        if first && named && line.iter().all(|b| b.is_ascii_digit() || *b == b' ') {
            continue;
        }
        // Programs write them with capitals; other files of names and values have none.
        let Some(field) = field(line).filter(|field| named || field.starts_with(|c: char| c.is_ascii_uppercase()))
        else {
            return false;
        };
        known += u32::from(FIELDS.contains(&&*field.to_ascii_lowercase()));
        if first && known == 0 && !field.starts_with("X-") && !named {
            return false;
        }
        first = false;
    }
    known >= if named { 1 } else { 2 } || (known == 1 && cut.is_some() && start.len() >= SNIFFED)
}

/// The name of the field that a line begins with.
fn field(line: &[u8]) -> Option<&str> {
    let end = memchr::memchr(b':', line)?;
    let name = std::str::from_utf8(&line[..end]).ok()?;
    (!name.is_empty() && name.len() < 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        .then_some(name)
}

/// Whether content begins with the line that is before each mail of a mailbox: who sent it, and when.
pub(super) fn is_mailbox(start: &[u8]) -> bool {
    let line = start.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii();
    line.starts_with(b"From ") && line.len() > 20 && memchr::memchr_iter(b':', line).count() >= 2
}

/// Looks at each mail of a mailbox.
pub(super) fn mailbox(walk: &mut Walk<'_>, place: &Place, source: &mut Stream<'_>) -> io::Result<()> {
    let bound = usize::try_from(place.memory / 4).unwrap_or(usize::MAX);
    let mut source = BufReader::with_capacity(BUFFER, source);
    let (mut mail, mut number, mut large) = (Vec::new(), 0u64, false);
    let mut blank = true;
    loop {
        let from = mail.len();
        // A line may be as long as one likes.
        let count = (&mut source).take(BUFFER as u64).read_until(b'\n', &mut mail)?;
        let line = &mail[from..];
        let begins = blank && is_mailbox(line);
        blank = line.iter().all(|&b| matches!(b, b'\n' | b'\r'));
        if (begins && number > 0) || count == 0 {
            let name = format!("message/{number}");
            if number > 0 && large {
                let detail = format!("larger than {bound} bytes: its encoded parts were not looked at; scan it alone");
                walk.skip(&place.member(&name), Fault::new(SkipReason::TooLarge, detail));
            } else if number > 0 {
                Mail { walk, place, prefix: format!("{name}/") }.mail(&mail[..from], "", 0);
            }
            mail.clear();
            large = false;
        }
        if count == 0 || walk.sink.stopped() {
            return Ok(());
        }
        if begins || number == 0 {
            number += 1;
            mail.clear();
        }
        if mail.len() > bound {
            large = true;
            mail.clear();
        }
    }
}

/// Looks at a mail.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, bytes: &[u8]) {
    Mail { walk, place, prefix: String::new() }.mail(bytes, "", 0);
}

/// A mail that is looked at.
struct Mail<'m, 'w> {
    walk: &'m mut Walk<'w>,
    place: &'m Place,
    /// What the names of its parts begin with.
    prefix: String,
}

/// What a header says.
#[derive(Default)]
struct Header {
    /// The fields, each in one line and decoded.
    text: Vec<u8>,
    kind: String,
    boundary: Option<Vec<u8>>,
    transfer: Transfer,
    utf16: bool,
    name: Option<String>,
    /// Where the body begins.
    len: usize,
}

impl Mail<'_, '_> {
    /// Looks at a mail; `number` says which part of another one it is: `2.1`.
    fn mail(&mut self, bytes: &[u8], number: &str, depth: u32) {
        let name = if number.is_empty() { "headers".to_owned() } else { format!("part/{number}/headers") };
        let name = format!("{}{name}", self.prefix);
        let header = header(bytes);
        view(self.walk, self.place, &name, &header.text);
        self.entity(bytes, &header, number, depth);
    }

    /// Looks at what is behind the header of a mail or of a part.
    fn entity(&mut self, bytes: &[u8], header: &Header, number: &str, depth: u32) {
        let body = &bytes[header.len..];
        let within = |what: &str| match number {
            "" => format!("{}{what}", self.prefix),
            _ => format!("{}part/{number}/{what}", self.prefix),
        };
        if depth > DEEPEST {
            let fault = Fault::unsupported(format_args!("parts in more than {DEEPEST} others"));
            let place = self.place.member(&within(""));
            return self.walk.skip(&place, fault);
        }
        let name = match (&header.name, number) {
            (Some(name), _) => within(name),
            (None, "") => format!("{}body", self.prefix),
            (None, _) => format!("{}part/{number}", self.prefix),
        };
        if let Some(boundary) = header.boundary.as_ref().filter(|_| header.kind.starts_with("multipart/")) {
            return self.parts(body, boundary, number, depth);
        }
        let mail = matches!(&*header.kind, "message/rfc822" | "message/global" | "message/news");
        if mail && header.transfer == Transfer::None {
            // The number says which part it is; its own are numbered below.
            return self.mail(body, if number.is_empty() { "1" } else { number }, depth + 1);
        }
        self.part(&name, header, &transfer::decode(header.transfer, body));
    }

    /// Looks at the content of a part, if it is not seen in the mail as it is.
    fn part(&mut self, name: &str, header: &Header, decoded: &[u8]) {
        let utf16 = if header.utf16 { Encoding::Utf16Be } else { Encoding::Bytes };
        let text = match Encoding::sniff(decoded) {
            Encoding::Bytes | Encoding::Binary => utf16.decode(decoded),
            told => told.decode(decoded),
        };
        let last = name.rsplit('/').next().unwrap_or_default();
        let kind = Kind::of(&text[..text.len().min(SNIFFED)], last);
        if (header.transfer == Transfer::None && kind.is_none() && !header.utf16) || text.is_empty() {
            return;
        }
        if self.walk.admits(self.place) {
            self.walk.member(self.place, name, &mut &*text, Packing::none(text.len() as u64));
        }
    }

    /// Looks at the parts between lines with the boundary.
    fn parts(&mut self, body: &[u8], boundary: &[u8], number: &str, depth: u32) {
        let (mut count, mut begin) = (0u64, None);
        let mut at = 0;
        while at <= body.len() && !self.walk.sink.stopped() {
            let rest = &body[at..];
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let line = rest[..end].trim_ascii_end();
            let bounds = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary));
            let closes = bounds.is_some_and(|rest| rest == b"--");
            if closes || bounds.is_some_and(<[u8]>::is_empty) || end == 0 {
                if let Some(begin) = begin {
                    count += 1;
                    let number = if number.is_empty() { count.to_string() } else { format!("{number}.{count}") };
                    let part = &body[begin..at];
                    self.entity(part, &header(part), &number, depth + 1);
                }
                begin = (!closes).then_some(at + end);
            }
            if end == 0 {
                return;
            }
            at += end;
        }
    }
}

/// Reads the fields before the first empty line.
fn header(bytes: &[u8]) -> Header {
    let mut header = Header { kind: "text/plain".into(), ..Header::default() };
    let mut line: Vec<u8> = Vec::new();
    let mut at = 0;
    while at < bytes.len().min(HEADER) {
        let rest = &bytes[at..];
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let next = rest[..end].trim_ascii_end();
        at += end;
        if next.is_empty() {
            break;
        }
        if next.starts_with(b" ") || next.starts_with(b"\t") {
            line.push(b' ');
            line.extend(next.trim_ascii_start());
        } else {
            header.take(&line);
            line.clear();
            line.extend(next);
        }
    }
    header.take(&line);
    header.len = at;
    header
}

impl Header {
    /// Notes what a field says.
    fn take(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        transfer::words(line, &mut self.text);
        self.text.push(b'\n');
        let Some(name) = field(line) else { return };
        let value = &line[name.len() + 1..];
        match &*name.to_ascii_lowercase() {
            "content-type" => {
                let kind = value.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
                self.kind = String::from_utf8_lossy(kind).to_ascii_lowercase();
                self.boundary = parameter(value, "boundary").filter(|boundary| !boundary.is_empty());
                let charset = parameter(value, "charset").unwrap_or_default().to_ascii_lowercase();
                self.utf16 = charset.starts_with(b"utf-16");
                self.name = self.name.take().or_else(|| file_name(parameter(value, "name")));
            }
            "content-disposition" => self.name = file_name(parameter(value, "filename")).or(self.name.take()),
            "content-transfer-encoding" => self.transfer = Transfer::of(value.trim_ascii()),
            _ => {}
        }
    }
}

/// The value of a parameter of a field.
fn parameter(value: &[u8], name: &str) -> Option<Vec<u8>> {
    let lower = value.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let at = from + memchr::memmem::find(&lower[from..], name.as_bytes())?;
        from = at + name.len();
        let before = value[..at].trim_ascii_end().last();
        let Some(rest) = value[from..].trim_ascii_start().strip_prefix(b"=") else { continue };
        if before != Some(&b';') {
            continue;
        }
        let rest = rest.trim_ascii_start();
        return Some(match rest.strip_prefix(b"\"") {
            Some(quoted) => quoted.split(|&b| b == b'"').next().unwrap_or_default().to_vec(),
            None => rest.split(|&b| b == b';' || b.is_ascii_whitespace()).next().unwrap_or_default().to_vec(),
        });
    }
}

/// The name of an attached file without folders.
fn file_name(name: Option<Vec<u8>>) -> Option<String> {
    let mut decoded = Vec::new();
    transfer::words(&name?, &mut decoded);
    let name = String::from_utf8_lossy(&decoded);
    let name = name.rsplit(['/', '\\']).next()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
