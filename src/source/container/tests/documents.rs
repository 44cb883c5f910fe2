//! What is found in documents, whole, cut off and made to harm.

use super::*;

const PDF: &[u8] = include_bytes!("../../../../fixtures/containers/text.pdf");

const MAIL: &str = "From: a@example.org\r\nSubject: =?utf-8?B?bmVlZGxl?=\r\n =?utf-8?Q?_two?=\r\nMIME-Version: 1.0\r\n\
Content-Type: multipart/mixed;\r\n boundary=\"b1\"\r\n\r\npreamble\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\r\nnee=\r\ndle=3D1 =C3=A9\r\n--b1\r\nContent-Type: text/plain\r\n\r\nplain\r\n\
--b1\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: multipart/alternative; boundary=b2\r\n\r\n\
--b2\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"../in.txt\"\r\n\r\nbmVl\r\nZGxl\r\n--b2--\r\n\
--b1--\r\n";

const NOTEBOOK: &str = r##"{"nbformat": 4, "metadata": {"a": [1, null, true, 1.5, -2]}, "cells": [
{"cell_type": "code", "source": ["key = \"nee", "dle\"\n", "second"], "outputs": [
{"output_type": "stream", "text": ["out ", "needle\n"]},
{"data": {"image/png": "iVBORw0KGgo=", "text/plain": ["a", "b"]}, "output_type": "display_data"}]},
{"cell_type": "markdown", "source": "text"}]}"##;

/// A notebook, a mail, a page and the like, with a view that it has.
fn each() -> Vec<(&'static str, Vec<u8>, &'static str, &'static str)> {
    vec![
        ("a.ipynb", NOTEBOOK.into(), "a.ipynb!/cell/1", "key = \"needle\"\nsecond"),
        ("a.ipynb", NOTEBOOK.into(), "a.ipynb!/cell/1/output", "stream\nout needle\nab\ndisplay_data\n"),
        ("a.ipynb", NOTEBOOK.into(), "a.ipynb!/cell/2", "text"),
        ("a.eml", MAIL.into(), "a.eml!/part/1", "needle=1 \u{e9}\r\n"),
        ("a.eml", MAIL.into(), "a.eml!/part/3.1/in.txt", "needle"),
        (
            "a.eml",
            MAIL.into(),
            "a.eml!/part/3/headers",
            "Subject: inner\nContent-Type: multipart/alternative; boundary=b2\n",
        ),
        ("a.mbox", mailbox(), "a.mbox!/message/2/part/1", "needle=1 \u{e9}\r\n"),
        ("a.pdf", PDF.into(), "a.pdf!/object/8", "the word is needle\nline (one)\nline two\n"),
        ("a.pdf", lzw_pdf(), "a.pdf!/object/1", "needle\n"),
        ("x.json", IMAGE.into(), "x.json!/config", "KEY=a\"needle\n"),
        ("document.xml", OFFICE.into(), "document.xml!/text", "needle & more\n"),
        ("a.png", png(), "a.png!/text/1", "Comment=needle"),
        ("a.png", png(), "a.png!/text/2", "Raw profile type exif=AB"),
        ("a.png", png(), "a.png!/text/3", "Title=needle in it"),
        ("a.jpg", jpeg(), "a.jpg!/comments", "needle\n"),
        ("a.jpg", jpeg(), "a.jpg!/xmp", "<x>nee\ndle</x>"),
        ("a.jpg", jpeg(), "a.jpg!/exif", "descri\nwide needle\n"),
    ]
}

const IMAGE: &str = r#"{"architecture":"arm64","config":{"Env":["KEY=a\"needle"]},"rootfs":{"diff_ids":[]}}"#;

const OFFICE: &str = "<?xml version=\"1.0\"?>\n<w:document xmlns:w=\"urn:x\"><w:body><w:p><w:r><w:t>nee</w:t></w:r>\
<w:r><w:rPr><w:b/></w:rPr><w:t>dle &amp; more</w:t></w:r></w:p></w:body></w:document>";

fn mailbox() -> Vec<u8> {
    let begin = "From a@example.org Sun Nov 22 12:00:00 2026\n";
    format!("{begin}Subject: one\n\nFrom here on text\n\n{begin}{MAIL}\n{begin}Subject: three\n\nend\n").into_bytes()
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let sum = crc32fast::hash(&[kind, data].concat());
    [&(data.len() as u32).to_be_bytes()[..], kind, data, &sum.to_be_bytes()].concat()
}

fn png() -> Vec<u8> {
    let zipped = |head: &[u8], text: &[u8]| [head, &zlib(text)].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"tEXt", b"Comment\0needle"),
        chunk(b"zTXt", &zipped(b"Raw profile type exif\0\0", b"\nexif\n   2\n41\n42\n")),
        chunk(b"iTXt", &zipped(b"Title\0\x01\0de\0Titel\0", b"needle in it")),
        chunk(b"IEND", b""),
    ]
    .concat()
}

fn jpeg() -> Vec<u8> {
    let segment =
        |marker: u8, data: &[u8]| [&[0xff, marker][..], &((data.len() + 2) as u16).to_be_bytes(), data].concat();
    let wide: Vec<u8> = "wide needle".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let more = |text: &str| [b"http://ns.adobe.com/xmp/extension/\0", &[b'0'; 40][..], text.as_bytes()].concat();
    [
        vec![0xff, 0xd8],
        segment(0xe1, &[&b"Exif\0\0MM\0*\0descri\0\x01"[..], &wide].concat()),
        segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x>nee"),
        segment(0xe1, &more("dl")),
        segment(0xe1, &more("e</x>")),
        segment(0xfe, b"needle"),
        segment(0xda, b"scan"),
        b"data\xff\0data\xff\xd9".to_vec(),
    ]
    .concat()
}

fn lzw_pdf() -> Vec<u8> {
    let content = b"BT (needle) Tj ET";
    // Codes of nine bits: all of them literal, between the two that begin and end it.
    let codes = [&[256][..], &content.map(u16::from), &[257]].concat();
    let (mut bits, mut held, mut data) = (0u32, 0, Vec::new());
    for code in codes {
        (bits, held) = (bits << 9 | u32::from(code), held + 9);
        while held >= 8 {
            held -= 8;
            data.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    data.push((bits << (8 - held)) as u8);
    let hex: String = data.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("%PDF-1.4\n1 0 obj\n<</Filter [/AHx /LZWDecode]/Length 5>>\nstream\n{hex}>\nendstream\nendobj\n%%EOF\n")
        .into()
}

#[test]
fn what_the_form_of_a_document_hides_is_shown() {
    for (name, bytes, path, text) in each() {
        let met = met(&bytes, name);
        assert_eq!(met.reasons(), [], "{name}");
        assert_eq!(met.members[name], bytes, "it is looked at as it is too");
        assert_eq!(met.view_of(path), text);
        let piped = streamed(&bytes, name);
        assert_eq!((piped.views, piped.members), (met.views, met.members), "{name}");
    }
    let met = met(MAIL.as_bytes(), "a.eml");
    assert!(met.view_of("a.eml!/headers").starts_with("From: a@example.org\nSubject: needle two\n"));
    // What is not encoded is seen in the mail.
    assert!(!met.views.contains_key("a.eml!/part/2"), "{:?}", met.views.keys());
    assert!(super::met(PDF, "a.pdf").view_of("a.pdf!/strings").contains("Title=a title\n"));
}

/// What comes behind a string begins with a letter, which is none of its own.
#[test]
fn strings_that_programs_have_written_end_where_they_say() {
    let java = [&b"\xac\xed\0\x05t\0\x0cone constantt\0\x07another"[..], &[0xff]].concat();
    for (name, bytes, expected) in [
        (
            "m.pyc",
            &b"\xa7\x0d\r\n\0\0\0\0\0\0\0\0\0\0\0\0\xe3\xda\x0cone constantc\0\xfa\x07anotherN"[..],
            "one constant\nanother\n",
        ),
        (
            "p.pkl",
            b"\x80\x04\x95\0\0\0\0\0\0\0\0\x8c\x0cone constant\x94X\x07\0\0\0anotherq\x01.",
            "one constant\nanother\n",
        ),
        ("o.ser", &java, "one constant\nanother\n"),
    ] {
        let met = met(bytes, name);
        assert_eq!(met.reasons(), [], "{name}");
        assert_eq!(met.members[name], bytes);
        assert_eq!(met.view_of(&format!("{name}!/strings")), expected);
    }
}

#[test]
fn containers_in_documents_are_opened() {
    let packed = zip(&[Zipped::new("in.txt", TEXT)]);
    let base64: String = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &packed);
    let mail = format!(
        "From: a\nTo: b\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n{base64}\n"
    );
    assert_eq!(met(mail.as_bytes(), "x").views["x!/a.zip!/in.txt"], TEXT);
    let picture = [png(), packed.clone()].concat();
    assert_eq!(met(&picture, "a.png").views["a.png!/<behind the end>!/in.txt"], TEXT);
    let picture = [jpeg(), packed.clone()].concat();
    assert_eq!(met(&picture, "a.jpg").views["a.jpg!/<behind the end>!/in.txt"], TEXT);
    let document = [
        format!("%PDF-1.7\n1 0 obj <</Type/EmbeddedFile/Length {}>> stream\n", packed.len()).as_bytes(),
        &packed,
        b"\nendstream endobj\n%%EOF",
    ]
    .concat();
    assert_eq!(met(&document, "a.pdf").views["a.pdf!/object/1!/in.txt"], TEXT);
    // A document in an archive.
    let outer = met(&zip(&[Zipped::new("word/document.xml", OFFICE.as_bytes())]), "a.docx");
    assert_eq!(outer.view_of("a.docx!/word/document.xml!/text"), "needle & more\n");
}

#[test]
fn packages_are_told_by_what_they_are() {
    let (zipped, tarred) = (zip(&[Zipped::new("in.txt", TEXT)]), gzip(&tar(&[("in.txt", TEXT)])));
    let zips = ["jar", "whl", "egg", "nupkg", "vsix", "apk", "aab", "ipa", "docx", "xlsx", "pptx", "odt", "bin"];
    let tars = ["crate", "tgz", "tar.gz", "bin"];
    for (bytes, extensions) in [(zipped, &zips[..]), (tarred, &tars)] {
        for extension in extensions {
            let name = format!("a.{extension}");
            let met = met(&bytes, &name);
            assert_eq!(met.reasons(), [], "{name}");
            assert_eq!(met.paths(), [format!("{name}!/in.txt")]);
        }
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let encrypted = String::from_utf8_lossy(PDF).replace("trailer\n<<", "trailer\n<</Encrypt 9 0 R ");
    for (name, bytes, reason) in [
        ("a.pdf", encrypted.into_bytes(), SkipReason::Unsupported),
        ("a.pdf", PDF[..PDF.len() - 8].to_vec(), SkipReason::Corrupt),
        ("a.ipynb", NOTEBOOK.as_bytes()[..200].to_vec(), SkipReason::Corrupt),
        ("a.png", png()[..90].to_vec(), SkipReason::Corrupt),
        ("a.pdf", glyphs(""), SkipReason::Unsupported),
    ] {
        let met = met(&bytes, name);
        assert!(met.skipped.iter().any(|skipped| skipped.reason == reason), "{name}: {:?}", met.skipped);
        assert_eq!(met.members[name], bytes);
    }
}

/// A page whose text is the numbers of glyphs.
fn glyphs(map: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n1 0 obj <</Type/Page/Contents [2 0 R]/Resources 3 0 R>> endobj\n2 0 obj <</Length 0>> stream\n\
BT /F1 9 Tf <00010002> Tj ET\nendstream endobj\n3 0 obj <</Font 4 0 R>> endobj\n4 0 obj <</F1 5 0 R>> endobj\n\
5 0 obj <</Type/Font/Subtype/Type0/Encoding/Identity-H {map}>> endobj\n6 0 obj <</Length 0>> stream\n\
1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfrange <0001> <0002> <0078> endbfrange\nendstream endobj\n%%EOF"
    )
    .into()
}

#[test]
fn fonts_say_what_their_glyphs_are() {
    let met = met(&glyphs("/ToUnicode 6 0 R"), "a.pdf");
    assert_eq!(met.reasons(), []);
    assert_eq!(met.view_of("a.pdf!/object/2"), "xy\n");
}

#[test]
fn what_is_made_to_exhaust_ends() {
    let part = |n: u32| format!("--b{n}-\nContent-Type: multipart/mixed; boundary=b{}-\n\n", n + 1);
    let parts: String = (0..5000).map(part).collect();
    let nested = "Content-Type: message/rfc822\n\n".repeat(5000);
    let bomb = zlib(&vec![b' '; 64 << 20]);
    let stream = |filters: &str, data: &[u8]| {
        let head = format!("1 0 obj <</Filter {filters} /Length {}>> stream\n", data.len());
        [head.as_bytes(), data, b"\nendstream endobj "].concat()
    };
    for (name, bytes) in [
        ("a.eml", format!("From: a\nTo: b\nContent-Type: multipart/mixed; boundary=b0-\n\n{parts}").into_bytes()),
        ("a.eml", format!("From: a\nTo: b\n{nested}").into_bytes()),
        ("a.pdf", [b"%PDF-1.4\n".to_vec(), stream("/FlateDecode", &bomb)].concat()),
        ("a.pdf", [b"%PDF-1.4\n".to_vec(), stream("/FlateDecode", &zlib(&bomb)).repeat(50)].concat()),
        ("a.pdf", format!("%PDF-1.4\n{}", "1 0 obj(".repeat(50_000)).into_bytes()),
        ("a.pdf", format!("%PDF-1.4\n{}", "1 0 obj[<<".repeat(50_000)).into_bytes()),
        ("a.pdf", format!("%PDF-1.4\n{}", "1 0 obj<<>>stream\n".repeat(50_000)).into_bytes()),
        ("a.ipynb", format!("{{\"cells\":{}", "[".repeat(100_000)).into_bytes()),
        ("a.png", [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"zTXt", &[&b"a\0\0"[..], &bomb].concat())].concat()),
    ] {
        let met = met(&bytes, name);
        assert!(!met.skipped.is_empty(), "{name}: {:?}", &String::from_utf8_lossy(&bytes[..bytes.len().min(80)]));
        assert!(met.skipped.len() <= 1001);
        let all: usize = met.views.values().map(Vec::len).sum();
        assert!(all < 80 << 20, "{name}: {all} bytes");
    }
}

#[test]
fn other_texts_are_no_documents() {
    for (start, name) in [
        (&b"Subject: to change\nwithout notice\n"[..], "notes.txt"),
        (b"From here on\n", "notes"),
        (b"key: value\nother: value\n", "a.yaml"),
        (b"from: one\nto: two\n", "a.yaml"),
        (b"magic(\"%PDF-1.4\");\n", "a.rs"),
        (b"{\"name\": \"x\", \"cells\": 1}", "package.json"),
        (b"<html><body>", "a.html"),
        (b"<?xml version=\"1.0\"?><project>", "pom.xml"),
        (b"SQLite format 4\0", "x"),
    ] {
        assert_eq!(Kind::of(start, name), None, "{name}");
    }
    for (name, bytes, ..) in each() {
        let kind = Kind::of(&bytes[..bytes.len().min(SNIFFED)], "");
        assert!(
            name == "a.ipynb" || kind.is_some_and(Kind::is_document),
            "{name} is told by its first bytes: {kind:?}"
        );
    }
}

#[test]
fn every_part_of_a_document_ends() {
    for (name, bytes, ..) in each() {
        for len in 0..bytes.len() {
            for met in [met(&bytes[..len], name), streamed(&bytes[..len], name)] {
                let internal = met.skipped.iter().any(|skipped| skipped.reason == SkipReason::Internal);
                assert!(!internal, "{name}, {len}: {:?}", met.skipped);
                assert_eq!(met.members.get(name).map(Vec::len), Some(len), "{name}: it is looked at as it is");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Damage and anything else is met without a panic, and what is made of it is bounded.
    #[test]
    fn anything_ends(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        for (name, mut bytes, ..) in each() {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            bytes.extend(&rest);
            let met = met(&bytes, name);
            prop_assert!(met.skipped.iter().all(|s| s.reason != SkipReason::Internal), "{}: {:?}", name, met);
            let all: usize = met.views.values().map(Vec::len).sum();
            prop_assert!(all < 64 * bytes.len() + 4096, "{}: {} bytes", name, all);
        }
    }
}
