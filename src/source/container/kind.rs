//! Telling what a container is: by its first bytes, and by its name where those say nothing.

use flate2::{Decompress, FlushDecompress};

use super::document::Document;

/// Bytes from the start of content that decide.
pub const SNIFFED: usize = 512;

/// What is needed of a tar's header to tell it.
const TAR_BLOCK: usize = 512;

/// A kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One compressed stream.
    Compressed(Codec),
    /// A tape archive.
    Tar,
    /// Zip, and all that is one: jar, apk, wheel, nupkg, docx, crx.
    Zip,
    /// 7z.
    SevenZ,
    /// Unix `ar`: Debian packages and static libraries.
    Ar,
    /// cpio, in its two forms of ASCII and in the binary one before them.
    Cpio,
    /// An RPM package.
    Rpm,
    /// Electron's archive.
    Asar,
    /// A git bundle.
    Bundle,
    /// An `SQLite` database.
    Sqlite,
    /// A document: a text as it is, with more in it than the bytes show.
    Document(Document),
    /// A container that is told but not opened.
    Unread(&'static str),
}

/// A compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// lzma, the form before xz.
    Lzma,
    /// Zstandard.
    Zstd,
    /// LZ4 in frames.
    Lz4,
    /// zlib.
    Zlib,
}

/// What begins with bytes that nothing else begins with.
const MAGIC: &[(&[u8], Kind)] = &[
    (b"\x1f\x8b\x08", Kind::Compressed(Codec::Gzip)),
    (b"\xfd7zXZ\0", Kind::Compressed(Codec::Xz)),
    (b"\x28\xb5\x2f\xfd", Kind::Compressed(Codec::Zstd)),
    (b"\x04\x22\x4d\x18", Kind::Compressed(Codec::Lz4)),
    (b"PK\x03\x04", Kind::Zip),
    (b"PK\x05\x06", Kind::Zip),
    (b"PK\x06\x06", Kind::Zip),
    (b"PK\x07\x08PK\x03\x04", Kind::Zip),
    (b"PK00PK\x03\x04", Kind::Zip),
    (b"Cr24", Kind::Zip),
    (b"7z\xbc\xaf\x27\x1c", Kind::SevenZ),
    (super::bundle::MAGIC[0], Kind::Bundle),
    (super::bundle::MAGIC[1], Kind::Bundle),
    (super::sqlite::MAGIC, Kind::Sqlite),
    (b"!<arch>\n", Kind::Ar),
    (b"!<thin>\n", Kind::Unread("a thin ar archive, whose members are files beside it")),
    (b"\xed\xab\xee\xdb", Kind::Rpm),
    (b"Rar!\x1a\x07", Kind::Unread("a RAR archive")),
    (b"RE~^", Kind::Unread("a RAR archive of before 1995")),
    (b"\x1f\x9d\x90", Kind::Unread("a file of `compress`")),
    (b"MSCF\0\0\0\0", Kind::Unread("a cabinet")),
    (b"xar!\0", Kind::Unread("a xar archive")),
    (b"LZIP\x01", Kind::Unread("a file of lzip")),
    (b"hsqs", Kind::Unread("a squashfs image")),
    (b"\x89LZO\0\r\n\x1a\n", Kind::Unread("a file of lzop")),
    (b"\x02\x21\x4c\x18", Kind::Unread("LZ4 in its legacy form")),
    (b"LRZI", Kind::Unread("a file of lrzip")),
];

/// Names of zips, whose first bytes may be a program's or a key's: whatever can be run has the zip at its end.
const ZIP_NAMES: &[&str] = &[
    "aab", "aar", "apk", "apks", "appx", "crx", "docm", "docx", "ear", "egg", "epub", "ipa", "jar", "jmod", "msix",
    "nupkg", "odp", "ods", "odt", "pex", "pptx", "pyz", "snupkg", "vsix", "war", "whl", "xapk", "xlsm", "xlsx", "xpi",
    "zip",
];

/// Names of containers that their first bytes always tell.
const NAMES: &[&str] =
    &["7z", "asar", "bz2", "cpio", "deb", "gz", "lz4", "rar", "rpm", "tar", "tbz2", "tgz", "txz", "tzst", "xz", "zst"];

/// Names of documents that mean what they say.
const DOCUMENT_NAMES: &[&str] = &["eml", "ipynb", "jpeg", "jpg", "mbox", "pdf", "png"];

/// Whether a name is that of a container or a document, so that it most likely is one.
pub(super) fn is_named_so(name: &str) -> bool {
    let lists = [ZIP_NAMES, NAMES, DOCUMENT_NAMES];
    extension(name).is_some_and(|extension| lists.iter().any(|list| list.contains(&&*extension)))
}

impl Kind {
    /// Looks at the first [`SNIFFED`] bytes of content, and at its name.
    #[must_use]
    pub fn of(start: &[u8], name: &str) -> Option<Self> {
        let start = &start[..start.len().min(SNIFFED)];
        if is_tar(start) {
            return Some(Self::Tar);
        }
        if let Some(&(_, kind)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Some(kind);
        }
        match start {
            // The size of the blocks, and the magic of the first or of the end.
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if rest.starts_with(b"1AY&SY") || rest.starts_with(b"\x17\x72\x45\x38\x50\x90") =>
            {
                return Some(Self::Compressed(Codec::Bzip2));
            }
            // A skippable frame, before what it comments on.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let lz4 = extension(name).is_some_and(|e| e == "lz4" || e == "tlz4");
                return Some(Self::Compressed(if lz4 { Codec::Lz4 } else { Codec::Zstd }));
            }
            _ => {}
        }
        if is_lzma(start) {
            return Some(Self::Compressed(Codec::Lzma));
        }
        if super::cpio::is_header(start) {
            return Some(Self::Cpio);
        }
        if is_asar(start) {
            return Some(Self::Asar);
        }
        if is_zlib(start) {
            return Some(Self::Compressed(Codec::Zlib));
        }
        if let Some(document) = Document::of(start, name) {
            return Some(Self::Document(document));
        }
        Self::by_name(start, name)
    }

    /// Whether content of this kind is a text of its own too, that is handed over as it is before what is in it.
    #[must_use]
    pub fn is_document(self) -> bool {
        matches!(self, Self::Document(_))
    }

    /// What a name says of content that does not tell. Text is text whatever it is called: pointers to large files are.
    fn by_name(start: &[u8], name: &str) -> Option<Self> {
        let extension = extension(name)?;
        let is_lzma = matches!(start, [0..=0xe0, _, _, _, _, ..]) && is_binary(start);
        if (extension == "lzma" || extension == "tlz") && is_lzma {
            return Some(Self::Compressed(Codec::Lzma));
        }
        // A shell script may come before the zip that it runs.
        if ZIP_NAMES.contains(&&*extension) && (start.starts_with(b"#!") || is_binary(start)) {
            return Some(Self::Zip);
        }
        if extension == "br" && is_binary(start) {
            return Some(Self::Unread("a Brotli stream"));
        }
        if let [b'z', b'0'..=b'9', b'0'..=b'9'] = extension.as_bytes()
            && is_binary(start)
        {
            return Some(Self::Unread("one volume of a zip in several"));
        }
        // A tar without members has only the zeros of its end.
        if extension == "tar" && start.len() == SNIFFED && start.iter().all(|&b| b == 0) {
            return Some(Self::Tar);
        }
        let damaged = NAMES.contains(&&*extension) && is_binary(start);
        damaged.then_some(Self::Unread("named as a container, which its first bytes are not"))
    }
}

/// Length of what ends a zip that has no comment.
pub(super) const ZIP_END: usize = 22;

/// Whether content that ends with `tail` has a zip at its end, whatever it begins with: programs that unpack themselves do.
pub(super) fn ends_as_zip(tail: &[u8]) -> bool {
    let end = tail.len().checked_sub(ZIP_END).map(|at| &tail[at..]);
    end.is_some_and(|end| end.starts_with(b"PK\x05\x06") && end[4..8] == [0; 4] && end[20..] == [0, 0])
}

/// The extension of a path in small letters.
pub(super) fn extension(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next()?;
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && extension.len() <= 8).then(|| extension.to_ascii_lowercase())
}

/// Whether it is no text: an archive is not, and neither is one whose start was damaged. What is packed can be without control
/// characters by chance.
fn is_binary(start: &[u8]) -> bool {
    let is_no_utf8 = std::str::from_utf8(start).is_err_and(|error| error.error_len().is_some());
    is_no_utf8 || start.iter().any(|&b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
}

/// Whether the first block is a tar's header. Its checksum tells, for the oldest have no magic.
fn is_tar(start: &[u8]) -> bool {
    match start.first_chunk::<TAR_BLOCK>() {
        Some(block) => super::tar::checksum_holds(block),
        None => start.len() > 262 && &start[257..262] == b"ustar",
    }
}

/// Whether it begins as Electron's archives do: two numbers that say how long the header is, before the header in JSON.
fn is_asar(start: &[u8]) -> bool {
    start.starts_with(&[4, 0, 0, 0]) && start.get(16..).is_some_and(|json| json.starts_with(b"{\"files\""))
}

/// Whether it begins as everybody's files of lzma do: the usual properties, a dictionary of a size that is used, a length, and the
/// zero that all of its data begin with.
fn is_lzma(start: &[u8]) -> bool {
    let Some((&[0x5d, a, b, c, d, ref size @ .., 0], _)) = start.split_first_chunk::<14>() else { return false };
    let dictionary = u32::from_le_bytes([a, b, c, d]);
    let is_length = size.iter().all(|&b| b == 0xff) || size.ends_with(&[0, 0, 0]);
    (1 << 12..=1 << 30).contains(&dictionary) && dictionary.count_ones() <= 2 && is_length
}

/// Whether it is a zlib stream: two bytes say little, so some of it must unpack.
fn is_zlib(start: &[u8]) -> bool {
    let &[0x78, second @ (0x01 | 0x5e | 0x9c | 0xda), _, ..] = start else { return false };
    if second == 0x5e && !is_binary(start) {
        return false;
    }
    let mut output = [0; 256];
    let mut inflate = Decompress::new(true);
    inflate.decompress(start, &mut output, FlushDecompress::None).is_ok()
        && (inflate.total_out() > 0 || inflate.total_in() > 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_comes_before_the_name() {
        let cases: &[(&[u8], &str, Option<Kind>)] = &[
            (b"PK\x03\x04rest", "a.txt", Some(Kind::Zip)),
            (b"\x1f\x8b\x08\0", "a.zip", Some(Kind::Compressed(Codec::Gzip))),
            (b"version https://git-lfs.example/spec/v1\noid sha256:12\n", "a.zip", None),
            (b"MZ\x90\0\x03", "setup.jar", Some(Kind::Zip)),
            (b"#!/bin/sh\nexec java -jar $0\n", "app.jar", Some(Kind::Zip)),
            (b"#!/bin/sh\n", "app.sh", None),
            (b"x^2 + y^2 = 1, and so on", "notes", None),
            (b"BZh is a word", "notes", None),
            (b"\xd2\xdbKo/\xbd\xbd\xf4", "volume.zip", Some(Kind::Zip)),
            (b"\xd2\xdbKo/\xbd\xbd\xf4", "volume.z02", Some(Kind::Unread("one volume of a zip in several"))),
            ("naïve".as_bytes(), "text.zip", None),
            (b"", "empty.zip", None),
            (&[0; SNIFFED], "empty.tar", Some(Kind::Tar)),
            (b"\0\x01\x02", "a.gz", Some(Kind::Unread("named as a container, which its first bytes are not"))),
            (b"\x5d\0\0\x80\0\xff", "a.lzma", Some(Kind::Compressed(Codec::Lzma))),
            (b"070701 is no archive", "x", None),
            (b"Rar!\x1a\x07\x01\0", "x", Some(Kind::Unread("a RAR archive"))),
        ];
        for (start, name, kind) in cases {
            assert_eq!(Kind::of(start, name), *kind, "{name}");
        }
    }
}
