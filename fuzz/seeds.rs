//! Writes what the fuzzer begins with into a folder: a sound input of each kind for each target.

use std::path::Path;
use std::{env, fs};

// Has what the flags ask for that the fuzzer is built with.
use libfuzzer_sys as _;

#[path = "../src/source/container/tests/build.rs"]
#[allow(dead_code, unreachable_pub)]
mod build;

use build::{
    Zipped, ar, asar, binary_cpio, bzip2, cpio, gzip, lz4, lzma, overlapping, rpm, seven, tar, xz, zip, zlib, zstd,
};

const TEXT: &[u8] = b"first line\nname = \"value of some length\"\n";

fn write(folder: &Path, target: &str, number: usize, bytes: &[u8]) {
    let folder = folder.join(target);
    fs::create_dir_all(&folder).expect("it can be made");
    fs::write(folder.join(format!("seed-{number}")), bytes).expect("it can be written");
}

fn containers() -> Vec<Vec<u8>> {
    let members: &[(&str, &[u8])] = &[("b/c.yml", TEXT)];
    let described = Zipped { descriptor: true, ..Zipped::new("b/c.yml", TEXT) };
    let stored = Zipped { stored: true, ..Zipped::new("word/document.xml", TEXT) };
    let mail = b"From a@b\nSubject: =?utf-8?B?eA==?=\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: base64\n\nbmFtZSA9IHZhbHVl\n--x--\n";
    let pdf = b"%PDF-1.4\n1 0 obj\n<< /Length 20 >>\nstream\nBT (text) Tj ET     \nendstream\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n";
    let notebook =
        br#"{"cells": [{"cell_type": "code", "source": ["a = 1\n"], "outputs": [{"text": ["x"]}]}], "nbformat": 4}"#;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0btEXtname\0value\0\0\0\0\0\0\0\0IEND\xae\x42\x60\x82";
    let mut sqlite = b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20".to_vec();
    sqlite.resize(8192, 0);
    sqlite[31] = 2;
    sqlite[100] = 0x0d;
    vec![
        gzip(TEXT),
        bzip2(TEXT),
        xz(TEXT),
        lzma(TEXT),
        zstd(TEXT),
        lz4(TEXT),
        zlib(TEXT),
        tar(members),
        gzip(&tar(members)),
        zip(&[Zipped::new("b/c.yml", TEXT)]),
        zip(&[described]),
        zip(&[stored]),
        overlapping(3),
        ar(members),
        cpio(members),
        binary_cpio(members, false),
        rpm(&gzip(&cpio(members))),
        asar("c.yml", TEXT),
        seven(members),
        mail.to_vec(),
        pdf.to_vec(),
        notebook.to_vec(),
        png.to_vec(),
        sqlite,
        b"\x7fELF\x02\x01\x01 strings of a program".to_vec(),
        b"\xff\xd8\xff\xe1\0\x10Exif\0\0name=value".to_vec(),
        b"\xac\xed\0\x05t\0\x05value".to_vec(),
        b"\0asm\x01\0\0\0\x0b\x07\x01\0value".to_vec(),
        b"# v2 git bundle\n\nPACK\0\0\0\x02\0\0\0\0".to_vec(),
    ]
}

fn main() {
    let folder = env::args_os().nth(1).expect("the folder to write to");
    let folder = Path::new(&folder);
    let containers = containers();
    for (number, bytes) in containers.iter().enumerate() {
        for (way, first) in [0u8, 1, 2, 5, 7, 9].into_iter().enumerate() {
            write(folder, "container", 10 * number + way, &[&[first][..], bytes].concat());
        }
    }
    let encoded: &[&[u8]] = &[
        b"\0t: Z2hwX3h4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eA==\n",
        b"\x01a = \"ab\" + \"cd\"\n",
        b"\x02u=%61%62%63%3D%64",
        b"\x03\\u0061\\x41\\101 \\\"a\\\": ",
        b"\0&#65;&quot;&apos;",
        b"\0a=3D=\nb",
        b"\0\x1b[31mred\x1b[0m",
        b"\x04a\0\0\0b\0\0\0c\0\0\0d\0\0\0e\0\0\0f\0\0\0g\0\0\0h\0\0\0",
        b"\0kind: Secret\ndata:\n  a: dmFsdWUx\n",
        b"\0H4sIAAAAAAAAA8tIzcnJVyjPL8pJAQCFEUoNCwAAAA==",
        b"\x08746f6b656e203d2076616c75652d6f662d736f6d652d6c656e677468\n",
    ];
    encoded.iter().enumerate().for_each(|(number, text)| write(folder, "decode", number, text));
    encoded.iter().enumerate().for_each(|(number, text)| write(folder, "text", number, &text[1..]));
    let logs: &[&[u8]] = &[
        b"2024-05-01T12:00:00Z stdout P a\n2024-05-01T12:00:00Z stdout F b\n",
        b"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"2024-05-01T12:00:00Z\"}\n{\"log\":\"b\\n\",\"time\":\"x\"}\n",
        b"May  1 12:00:00 host app[1]: text\n",
        b"[01/May/2024:12:00:00 +0000] \"GET /?a=b\"\n",
        b"LPKSHHRH\0\0\0\0\0\0\0\0",
    ];
    logs.iter().enumerate().for_each(|(number, text)| write(folder, "log", number, text));
    let map = br#"{"version":3,"sources":["a.ts"],"sourcesContent":["let a = 1"],"mappings":"AAAA,CAAC;ACDA","names":[],"sections":[]}"#;
    write(folder, "source_map", 0, map);
    write(folder, "source_map", 1, b"x\n//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozfQ==");
    let programs: &[&[u8]] = &[
        b"\0asm\x01\0\0\0\0\x07\x04nameab\x0b\x04data",
        b"\x7fELF\x02\x01\x01",
        b"\xcf\xfa\xed\xfe\x07\0\0\x01",
        b"MZ\x90\0",
    ];
    programs.iter().enumerate().for_each(|(number, bytes)| write(folder, "sections", number, bytes));
    let git: &[&[u8]] = &[
        b"\0\x0c\0DIRC\0\0\0\x02\0\0\0\0",
        b"\x01\x30\0# pack-refs with: peeled fully-peeled sorted \n",
        b"\x04\x08\0REFT\x01\0\0\0",
        b"\x05\x08\0\xfftOc\0\0\0\x02\x06\x0c\0PACK\0\0\0\x02\0\0\0\0",
        b"\x0b\x1d\0# v2 git bundle\n\nPACK\0\0\0\x02\0\0\0\0",
    ];
    git.iter().enumerate().for_each(|(number, bytes)| write(folder, "git", number, bytes));
}
