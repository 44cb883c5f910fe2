//! Small containers, made in memory.

use std::io::{Cursor, Write};

use flate2::Compression;
use lzma_rust2::{LzmaOptions, LzmaWriter, XzOptions, XzWriter};
use sevenz_rust2::{ArchiveEntry, ArchiveWriter};

/// How a member of a zip is written.
#[derive(Clone, Default)]
pub(crate) struct Zipped {
    pub(crate) name: &'static str,
    pub(crate) content: Vec<u8>,
    pub(crate) stored: bool,
    pub(crate) descriptor: bool,
    pub(crate) encrypted: bool,
    /// The method that is said, if it is another one.
    pub(crate) method: Option<u16>,
    /// Left out of the directory.
    pub(crate) unlisted: bool,
    /// The name in the directory, if it is another one.
    pub(crate) listed_as: Option<&'static str>,
    /// The size that is said, if it is another one.
    pub(crate) says: Option<u32>,
}

impl Zipped {
    pub(crate) fn new(name: &'static str, content: &[u8]) -> Self {
        Self { name, content: content.to_vec(), ..Self::default() }
    }
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).expect("memory takes it");
    out.finish().expect("memory takes it")
}

/// The fields that both headers have.
fn common(member: &Zipped, packed: &[u8], known: bool) -> Vec<u8> {
    let flags = u16::from(member.encrypted) | if member.descriptor { 8 } else { 0 };
    let method = member.method.unwrap_or(if member.stored { 0 } else { 8 });
    let size = member.says.unwrap_or(member.content.len() as u32);
    let numbers = if known { [crc32fast::hash(&member.content), packed.len() as u32, size] } else { [0; 3] };
    let mut out = [20u16, flags, method, 0, 0].map(u16::to_le_bytes).concat();
    out.extend(numbers.map(u32::to_le_bytes).concat());
    out
}

pub(crate) fn zip(members: &[Zipped]) -> Vec<u8> {
    let (mut out, mut directory, mut count) = (Vec::new(), Vec::new(), 0u16);
    for member in members {
        let packed = if member.stored { member.content.clone() } else { deflate(&member.content) };
        let offset = out.len() as u32;
        out.extend(b"PK\x03\x04");
        out.extend(common(member, &packed, !member.descriptor));
        out.extend([member.name.len() as u16, 0].map(u16::to_le_bytes).concat());
        out.extend(member.name.as_bytes());
        out.extend(&packed);
        if member.descriptor {
            out.extend(b"PK\x07\x08");
            let sizes = [crc32fast::hash(&member.content), packed.len() as u32, member.content.len() as u32];
            out.extend(sizes.map(u32::to_le_bytes).concat());
        }
        if !member.unlisted {
            list(&mut directory, member, &packed, offset);
            count += 1;
        }
    }
    end(out, &directory, count)
}

fn list(directory: &mut Vec<u8>, member: &Zipped, packed: &[u8], offset: u32) {
    let name = member.listed_as.unwrap_or(member.name);
    directory.extend(b"PK\x01\x02\x14\0");
    directory.extend(common(member, packed, true));
    directory.extend([name.len() as u16, 0, 0, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
    directory.extend(offset.to_le_bytes());
    directory.extend(name.as_bytes());
}

fn end(mut out: Vec<u8>, directory: &[u8], count: u16) -> Vec<u8> {
    let start = out.len() as u32;
    out.extend(directory);
    out.extend(b"PK\x05\x06");
    out.extend([0, 0, count, count].map(u16::to_le_bytes).concat());
    out.extend([directory.len() as u32, start].map(u32::to_le_bytes).concat());
    out.extend([0, 0]);
    out
}

/// A zip whose directory lists one member several times.
pub(crate) fn overlapping(times: u16) -> Vec<u8> {
    let member = Zipped::new("bomb", &[b'0'; 5000]);
    let one = zip(std::slice::from_ref(&member));
    let packed = deflate(&member.content);
    let data = &one[..30 + member.name.len() + packed.len()];
    let mut directory = Vec::new();
    for _ in 0..times {
        list(&mut directory, &member, &packed, 0);
    }
    end(data.to_vec(), &directory, times)
}

/// A zip of so many members that have the end of it in common, after David Fifield's "A better zip bomb": each begins with the header
/// of the next as it is, and goes on with all that is the next one's.
pub(crate) fn quoting(count: u16, content: &[u8]) -> Vec<u8> {
    const NAME: &str = "m";
    let mut packed = deflate(content);
    let mut whole = content.to_vec();
    let header = |whole: &[u8], packed: &[u8]| {
        let member = Zipped::new(NAME, whole);
        let lengths = [NAME.len() as u16, 0].map(u16::to_le_bytes).concat();
        [b"PK\x03\x04", &*common(&member, packed, true), &lengths, NAME.as_bytes()].concat()
    };
    let mut heads = vec![header(&whole, &packed)];
    let mut members = vec![(whole.clone(), packed.clone())];
    for _ in 1..count {
        let quoted = &heads[heads.len() - 1];
        let len = (quoted.len() as u16).to_le_bytes();
        packed = [&[0], &len[..], &len.map(|byte| !byte), quoted, &packed].concat();
        whole = [&quoted[..], &whole].concat();
        heads.push(header(&whole, &packed));
        members.push((whole.clone(), packed.clone()));
    }
    let (first, rest) = (heads[heads.len() - 1].clone(), packed);
    let out = [first, rest].concat();
    let mut directory = Vec::new();
    for ((whole, packed), head) in members.iter().zip(&heads) {
        let offset = (out.len() - packed.len() - head.len()) as u32;
        list(&mut directory, &Zipped::new(NAME, whole), packed, offset);
    }
    end(out, &directory, count)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).expect("memory takes it");
    out.finish().expect("memory takes it")
}

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).expect("memory takes it");
    out.finish().expect("memory takes it")
}

pub(crate) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    out.write_all(bytes).expect("memory takes it");
    out.finish().expect("memory takes it")
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut out = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).expect("a writer");
    out.write_all(bytes).expect("memory takes it");
    out.finish().expect("memory takes it")
}

pub(crate) fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = LzmaOptions::with_preset(1);
    let mut out = LzmaWriter::new_use_header(Vec::new(), &options, Some(bytes.len() as u64)).expect("a writer");
    out.write_all(bytes).expect("memory takes it");
    out.finish().expect("memory takes it")
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(crate) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
    out.write_all(bytes).expect("memory takes it");
    out.finish().expect("memory takes it")
}

/// A header of ustar and the data behind it.
pub(crate) fn tarred(name: &str, kind: u8, link: &str, content: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..108].copy_from_slice(b"0000644\0");
    block[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&b| u32::from(b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block.extend(content);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

pub(crate) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out: Vec<u8> = members.iter().flat_map(|(name, content)| tarred(name, b'0', "", content)).collect();
    out.resize(out.len() + 1024, 0);
    out
}

pub(crate) fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = b"!<arch>\n".to_vec();
    for (name, content) in members {
        out.extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, content.len()).as_bytes());
        out.extend(*content);
        out.resize(out.len().next_multiple_of(2), b'\n');
    }
    out
}

pub(crate) fn cpio(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in members.iter().chain([&("TRAILER!!!", &b""[..])]) {
        let numbers = [1, 0o100_644, 0, 0, 1, 0, content.len(), 0, 0, 0, 0, name.len() + 1, 0];
        out.extend(b"070701");
        out.extend(numbers.map(|n| format!("{n:08X}")).concat().as_bytes());
        out.extend(name.as_bytes());
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend(*content);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// The binary form, of a machine that writes the high byte first or not.
pub(crate) fn binary_cpio(members: &[(&str, &[u8])], big: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in members.iter().chain([&("TRAILER!!!", &b""[..])]) {
        let size = [content.len() >> 16, content.len() & 0xffff];
        let numbers = [0o070_707, 1, 2, 0o100_644, 0, 0, 1, 0, 0, 0, name.len() + 1, size[0], size[1]];
        out.extend(numbers.iter().flat_map(|&n| if big { (n as u16).to_be_bytes() } else { (n as u16).to_le_bytes() }));
        for bytes in [&[name.as_bytes(), b"\0"].concat()[..], content] {
            out.extend(bytes);
            out.resize(out.len().next_multiple_of(2), 0);
        }
    }
    out
}

pub(crate) fn rpm(payload: &[u8]) -> Vec<u8> {
    let mut out = b"\xed\xab\xee\xdb".to_vec();
    out.resize(96, 0);
    for store in [&b"signature"[..], b"%post script"] {
        out.extend(b"\x8e\xad\xe8\x01\0\0\0\0");
        out.extend([0, store.len() as u32].map(u32::to_be_bytes).concat());
        out.extend(store);
        if store == b"signature" {
            out.resize(out.len().next_multiple_of(8), 0);
        }
    }
    out.extend(payload);
    out
}

pub(crate) fn asar(name: &str, content: &[u8]) -> Vec<u8> {
    let json = format!("{{\"files\":{{\"{name}\":{{\"size\":{},\"offset\":\"0\"}}}}}}", content.len());
    let padded = json.len().next_multiple_of(4);
    let numbers = [4, padded + 8, padded + 4, json.len()];
    let mut out: Vec<u8> = numbers.iter().flat_map(|&n| (n as u32).to_le_bytes()).collect();
    out.extend(json.as_bytes());
    out.resize(16 + padded, 0);
    out.extend(content);
    out
}

pub(crate) fn seven(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = ArchiveWriter::new(Cursor::new(Vec::new())).expect("a writer");
    for (name, content) in members {
        out.push_archive_entry(ArchiveEntry::new_file(name), Some(*content)).expect("memory takes it");
    }
    out.finish().expect("memory takes it").into_inner()
}
