//! Every encoding in its place, and what hostile input costs.

use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use proptest::prelude::*;
use std::io::Write;

use super::*;

/// What is hidden. It has every class of character that a credential has.
const VALUE: &str = "Value-0123456789_abcdef.XYZ";

fn each(text: &str, encode: impl Fn(u8) -> String) -> String {
    text.bytes().map(encode).collect()
}

fn hex(text: &str) -> String {
    each(text, |b| format!("{b:02x}"))
}

fn percent(text: &str) -> String {
    each(text, |b| format!("%{b:02X}"))
}

fn unicode(text: &str) -> String {
    each(text, |b| format!("\\u{b:04x}"))
}

fn wrap(text: &str, width: usize, between: &str) -> String {
    let lines: Vec<&str> = text.as_bytes().chunks(width).map(|l| std::str::from_utf8(l).expect("ASCII")).collect();
    lines.join(between)
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

fn zlib(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf32(text: &str, big: bool) -> Vec<u8> {
    text.chars().flat_map(|c| if big { (c as u32).to_be_bytes() } else { (c as u32).to_le_bytes() }).collect()
}

/// Where `value` came from and how it was hidden, for each view that shows it.
fn shown(text: &[u8], value: &str) -> Vec<(Range<usize>, Vec<How>)> {
    let mut shown = Vec::new();
    views(text, 0..text.len(), PathKind::default(), Bounds::of(text.len()), &mut |view| {
        for at in memchr::memmem::find_iter(&view.bytes, value.as_bytes()) {
            let range = at..at + value.len();
            let how = view.how(&range);
            if !how.is_empty() {
                shown.push((view.original(range), how));
            }
        }
    });
    shown
}

fn assert_shown(before: &[u8], hidden: &[u8], after: &[u8], value: &str, how: &[How]) {
    let text = [before, hidden, after].concat();
    let shown = shown(&text, value);
    let expected = (before.len()..before.len() + hidden.len(), how.to_vec());
    assert!(shown.contains(&expected), "{}: {shown:?}, not {expected:?}", text.escape_ascii());
}

#[test]
fn every_encoding_where_it_stands() {
    use How::*;
    let (half, rest) = VALUE.split_at(11);
    let long = format!("{VALUE} {}", "and more of it ".repeat(12));
    let b64 = STANDARD.encode(VALUE);
    #[rustfmt::skip]
    let table: &[(&str, String, &str, &[How])] = &[
        ("key: ", b64.clone(), "\n", &[Base64]),
        ("key=", b64.trim_end_matches('=').into(), "&x", &[Base64]),
        ("key = \"", URL_SAFE_NO_PAD.encode(VALUE), "\"", &[Base64]),
        ("data:application/json;base64,", b64.clone(), "\"", &[Base64]),
        ("/some/path/", b64.clone(), "\n", &[Base64]),
        ("key: ", STANDARD.encode(&b64), "\n", &[Base64, Base64]),
        ("key: ", STANDARD.encode(STANDARD.encode(&b64)), "\n", &[Base64, Base64, Base64]),
        ("key: ", STANDARD.encode(hex(VALUE)), "\n", &[Base64, Hex]),
        ("key: ", hex(VALUE), "\n", &[Hex]),
        ("key: ", hex(VALUE).to_uppercase(), "\n", &[Hex]),
        ("?k%3D", percent(VALUE), " ", &[Percent]),
        ("?k=", percent(&percent(VALUE)), " ", &[Percent, Percent]),
        ("{\"key\": \"", unicode(VALUE), "\"}", &[UnicodeEscape]),
        ("\"key\": \"", each(VALUE, |b| format!("\\u{{{b:x}}}")), "\"", &[UnicodeEscape]),
        ("\"key\": \"", each(VALUE, |b| format!("\\\\u{b:04x}")), "\"", &[QuotedString, UnicodeEscape]),
        ("k = \"", each(VALUE, |b| format!("\\x{b:02x}")), "\"", &[HexEscape]),
        ("k = \"", each(VALUE, |b| format!("\\{b:03o}")), "\"", &[OctalEscape]),
        ("<k>", each(VALUE, |b| format!("&#{b};")), "</k>", &[HtmlEntity]),
        ("<k>", each(VALUE, |b| format!("&#x{b:X};")), "</k>", &[HtmlEntity]),
        ("k=3D", each(VALUE, |b| format!("={b:02X}")), "\n", &[QuotedPrintable]),
        ("k = \"", format!("{half}\" + \"{rest}"), "\"", &[Joined]),
        ("k = '", format!("{half}'\n    . '{rest}"), "'", &[Joined]),
        ("k = \"", format!("{half}\" ..\n \"{rest}"), "\"", &[Joined]),
        ("k = \"", format!("{half}\" & _x").replace("& _x", "&\r\n \"") + rest, "\"", &[Joined]),
        ("k = '", format!("{half}' || '{rest}"), "'", &[Joined]),
        ("k = (\"", format!("{half}\"\n     f\"{rest}"), "\")", &[Joined]),
        ("k = \"", format!("{half}\" \\\n  \"{rest}"), "\"", &[Joined]),
        ("k=", format!("{half}\\\n{rest}"), "\n", &[ContinuedLine]),
        ("k: \"", format!("{half}\\\r\n    {rest}"), "\"\n", &[ContinuedLine]),
        ("k: ", format!("{half}\x1b[1;31m{rest}"), "\x1b[0m\n", &[AnsiCodes]),
        ("k: ", format!("{half}\x1b]8;;\x07{rest}"), "\n", &[AnsiCodes]),
        ("k: \"", format!("\\u0056{}", &VALUE[1..]), "\"", &[UnicodeEscape]),
    ];
    for (before, hidden, after, how) in table {
        assert_shown(before.as_bytes(), hidden.as_bytes(), after.as_bytes(), VALUE, how);
    }
    for fill in ["\n==", "=\r\n  =", "\\n="] {
        let digits = STANDARD.encode(format!("{VALUE}.")).trim_end_matches('=').to_owned();
        assert_shown(b"k: ", (digits + fill).as_bytes(), b"\n", &format!("{VALUE}."), &[Base64]);
    }
    for (between, width) in [("\n", 64), ("\r\n    ", 76), ("\n\t", 61), ("\\n", 64)] {
        let wrapped = wrap(&STANDARD.encode(&long), width, between);
        assert_shown(b"k: |\n    ", wrapped.as_bytes(), b"\nnext: 1\n", &long, &[Base64]);
    }
}

#[test]
fn what_is_compressed_or_wide_in_base64() {
    use How::*;
    let long = format!("{} {VALUE} {}", "first ".repeat(30), "last ".repeat(30));
    for (bytes, how) in [(gzip(&long), Gzip), (zlib(&long), Zlib)] {
        assert_shown(b"k: ", STANDARD.encode(&bytes).as_bytes(), b"\n", VALUE, &[how]);
    }
    assert_shown(b"k: ", STANDARD.encode(utf32(VALUE, true)).as_bytes(), b"\n", VALUE, &[Base64, Utf32]);
    let command = STANDARD.encode(utf16(&format!("{VALUE}.")));
    let (range, how) = shown(command.as_bytes(), VALUE).pop().expect("it is shown");
    assert_eq!((range.start, how), (0, vec![Base64, Utf16]));
    for big in [false, true] {
        assert_shown(b"\x07", &utf32(VALUE, big), b"\xff", VALUE, &[Utf32]);
    }
    // A Helm release: compressed, in base64, in the data of a Secret.
    let release = STANDARD.encode(STANDARD.encode(gzip(&format!("{{\"config\":{{\"k\":\"{VALUE}\"}}}}"))));
    assert_shown(b"kind: Secret\ndata:\n  release: ", release.as_bytes(), b"\n", VALUE, &[KubernetesSecret, Gzip]);
}

#[test]
fn a_text_that_begins_as_compressed_bytes_do() {
    let value = "x?aAAaAAa0a0 AA0 0 0000A00 0A Aa";
    assert_shown(b"k: \"", STANDARD.encode(value).as_bytes(), b"\"\n", value, &[How::Base64]);
}

#[test]
fn a_soft_line_break() {
    let (half, rest) = VALUE.split_at(11);
    let before = format!("Dear all, {}the new one is ", "word ".repeat(8));
    assert_shown(before.as_bytes(), format!("{half}=\r\n{rest}").as_bytes(), b"\r\n", VALUE, &[How::QuotedPrintable]);
}

#[test]
fn short_values_of_a_kubernetes_secret() {
    let value = "ab:cd!12";
    let hidden = STANDARD.encode(value);
    for (before, after) in [
        (
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: mysecret\ndata:\n  user: YWRtaW4=\n  pw: ",
            "\n---\nkind: Pod\n",
        ),
        ("data:\n  pw: \"", "\"\nkind: \"Secret\"\n"),
        ("{\"kind\":\"Secret\",\"data\":{\"pw\":\"", "\"}}"),
    ] {
        assert_shown(before.as_bytes(), hidden.as_bytes(), after.as_bytes(), value, &[How::KubernetesSecret]);
    }
    assert!(shown(format!("kind: ConfigMap\ndata:\n  pw: {hidden}\n").as_bytes(), value).is_empty());
    assert!(shown(format!("kind: Secret\n---\nkind: ConfigMap\ndata:\n  pw: {hidden}\n").as_bytes(), value).is_empty());
}

#[test]
fn names_and_quotation_marks_are_kept_around_a_value() {
    let text = format!("one: 1\npassword: \"{}\" # old\nnext: 2\n", STANDARD.encode(VALUE));
    let mut seen = Vec::new();
    views(text.as_bytes(), 0..text.len(), PathKind::default(), Bounds::of(text.len()), &mut |view| {
        seen.push(String::from_utf8_lossy(&view.bytes).into_owned());
    });
    assert_eq!(seen, [format!("one: 1\npassword: \"{VALUE}\" # old")]);
    let text = r#"{"body": "{\"password\":\"x\\ny\"}"}"#;
    let (range, how) = shown(text.as_bytes(), "\"password\":\"x\\ny\"").pop().expect("it is shown");
    assert_eq!((&text[range], how), (r#"\"password\":\"x\\ny\""#, vec![How::QuotedString]));
}

#[test]
fn what_is_something_else_is_left_alone() {
    let value = STANDARD.encode(format!("{VALUE} {VALUE}"));
    let many: String = (0..40u8).map(|i| format!("{:02x}", i.wrapping_mul(97) ^ 0x9c)).collect();
    for text in [
        format!("<img src=\"data:image/svg+xml;base64,{value}\">"),
        format!("src: url(data:font/woff2;charset=utf-8;base64,{value})"),
        format!("integrity=\"sha512-{value}\""),
        format!("-----BEGIN CERTIFICATE-----\n{value}\n-----END CERTIFICATE-----"),
        format!("\"mappings\":\"{value}\""),
        format!("example.com/module v1.2.3 h1:{value}"),
        format!("digest: {many}"),
        "import com.example.application.service.implementation.SomeVeryLongClassNameFactory;".into(),
        "see src/detect/decode/region.rs and tests/integration/encodings/everything.rs\n".into(),
        "printf(\"%2d %5s %02x\\n\", a, b, c); /* \\u00e9 caf\u{e9} */ #define A(x) \\\n    do(x)\n".into(),
        "----------------------------------------------------------------\n".into(),
        "echo \"a\" \"b\"; x = {\"a\": \"b\"}; [\"one\",\n\"two\"]; \"a\" < b".into(),
        "<p>a &lt; b &amp;&amp; c</p>\nif a & b == 7 {}".into(),
    ] {
        let mut seen = 0;
        views(text.as_bytes(), 0..text.len(), PathKind::default(), Bounds::of(text.len()), &mut |_| seen += 1);
        assert_eq!(seen, 0, "{text}");
    }
    let lock = PathKind { lock: true, ..PathKind::default() };
    views(value.as_bytes(), 0..value.len(), lock, Bounds::of(value.len()), &mut |_| panic!("a lock file"));
}

/// The bytes of all views, and what was cut.
fn cost(text: &[u8], bounds: Bounds) -> (usize, Cut) {
    let mut bytes = 0;
    let cut = views(text, 0..text.len(), PathKind::default(), bounds, &mut |view| bytes += view.bytes.len());
    (bytes, cut)
}

#[test]
fn hostile_input_costs_no_more_than_its_length() {
    const LEN: usize = 2 << 20;
    let nested = (0..30).fold("x".repeat(LEN >> 14), |text, _| STANDARD.encode(text));
    let line = STANDARD.encode("a text of twenty-four ch");
    for unit in [
        "%25252525",
        "%41 ",
        "\\u005cu005c",
        "\\u005c",
        "\\\\u0041",
        "\\\":",
        "\\",
        "\\\n",
        "a\\\na",
        "&#38;#38;",
        "&#",
        "=3D3D",
        "=\n",
        "=",
        "x\" + \"y",
        "\"+\n\n\n\n",
        "a\"\n",
        "\x1b[0m",
        "\x1b]",
        "\x1b[",
        "\0\0\0a",
        "\0a\0",
        "\0",
        "a\0",
        "kind: Secret\n",
        "kind: Secret\nk: YWJjZGVmZ2hp\n",
        "\n---\nkind: Secret",
        "H4sIAAAAAAAAAAAAAAAAAAAAAAAA\n",
        "eJwAAAAAAAAAAAAAAAAAAAAAAAAA\n",
        "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh/////w\n",
        "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh/",
        "-",
        "a-",
        "41",
        "a",
        &line,
        &(line.clone() + "\n"),
        &(line.clone() + "\na\n"),
        &nested,
    ] {
        let text = unit.repeat(LEN / unit.len() + 1);
        let (bytes, cut) = cost(text.as_bytes(), Bounds::of(text.len()));
        assert!(bytes <= 4 * text.len(), "{} of {}: {bytes}", unit.escape_debug(), text.len());
        assert!(!cut.size, "{}", unit.escape_debug());
    }
    // In pieces, lest a scan of this file say so of it.
    let deep = format!("\\u005c{}", "u005c".repeat(3)).repeat(9);
    assert!(cost(deep.as_bytes(), Bounds::of(99)).1.depth);
}

#[test]
fn what_is_cut_is_said() {
    let bomb = STANDARD.encode(gzip(&"a".repeat(64 << 20)));
    let (bytes, cut) = cost(bomb.as_bytes(), Bounds::of(bomb.len()));
    assert!(cut.size && bytes < 32 << 20, "{bytes}");
    let text = format!("{}\n\n", STANDARD.encode(VALUE)).repeat(100);
    assert!(!cost(text.as_bytes(), Bounds::of(text.len())).1.size);
    assert!(cost(text.as_bytes(), Bounds { total: 99, view: 99 }).1.size);
}

#[test]
fn a_value_in_two_windows_is_decoded_in_both() {
    let long = "word and ".repeat(800);
    let text = format!("{}\n{}\n", "x ".repeat(40), STANDARD.encode(&long));
    for core in [0..200, 200..text.len(), 300..301] {
        let mut seen = 0;
        views(text.as_bytes(), core, PathKind::default(), Bounds::of(text.len()), &mut |view| {
            seen += usize::from(memchr::memmem::find(&view.bytes, long.as_bytes()).is_some());
        });
        assert_eq!(seen, 1);
    }
    for cut_off in 1..9 {
        let text = &STANDARD.encode(&long)[cut_off..];
        assert!(!shown(text.as_bytes(), &long[9..]).is_empty(), "{cut_off}");
    }
}

type Encode = fn(&str) -> String;

/// The encodings that work on any text of some length.
fn encodings() -> Vec<(How, Encode)> {
    vec![
        (How::Base64, |text| STANDARD.encode(text)),
        (How::Base64, |text| URL_SAFE_NO_PAD.encode(text)),
        (How::Base64, |text| wrap(&STANDARD.encode(text), 64, "\n")),
        (How::Base64, |text| wrap(&STANDARD.encode(text), 37, "\r\n  ")),
        (How::Hex, hex),
        (How::Percent, percent),
        (How::UnicodeEscape, unicode),
        (How::HtmlEntity, |text| each(text, |b| format!("&#{b};"))),
        (How::HexEscape, |text| each(text, |b| format!("\\x{b:02X}"))),
        (How::OctalEscape, |text| each(text, |b| format!("\\{b:03o}"))),
    ]
}

proptest! {
    #[test]
    fn decoded_texts_lead_back_to_their_bytes(
        text in "[A-Za-z0-9_][ -~]{30,200}[A-Za-z0-9_]",
        before in "[a-z: \n]{0,40}",
        after in "[a-z: \n]{0,40}",
    ) {
        for (how, encode) in encodings() {
            let hidden = encode(&text);
            let (before, after) = (format!("{before}\n\""), format!("\"\n{after}"));
            assert_shown(before.as_bytes(), hidden.as_bytes(), after.as_bytes(), &text, &[how]);
        }
    }

    #[test]
    fn any_bytes_do(
        bytes in proptest::collection::vec(prop_oneof![
            Just(b'\\'), Just(b'%'), Just(b'='), Just(b'&'), Just(b'"'), Just(b'\n'), Just(b'\r'), Just(b' '), Just(0u8), Just(0x1bu8),
            Just(b'['), Just(b'#'), Just(b';'), Just(b'+'), Just(b'u'), Just(b'x'), Just(b'0'), Just(b'4'), Just(b'1'),
            Just(b'a'), Just(b':'), Just(b'{'), Just(b'3'), Just(b'D'), any::<u8>(),
        ], 0..400),
        from in 0usize..400,
    ) {
        let from = from.min(bytes.len());
        views(&bytes, from..bytes.len(), PathKind::default(), Bounds::of(bytes.len()), &mut |view| {
            let mut last = 0;
            for at in 0..view.bytes.len() {
                let original = view.original(at..at + 1);
                assert!(original.start >= last && original.start <= original.end && original.end <= bytes.len());
                let place = view.place(at..at + 1);
                assert!(place.start >= original.start && place.end <= original.end);
                last = original.start;
            }
        });
    }

    #[test]
    fn bytes_that_are_not_decoded_are_those_of_the_text(words in proptest::collection::vec("[a-z]{1,9}|%41%42|\\\\u0041|\"x\" [+] \"y\"", 1..40)) {
        let text = words.join(" ");
        views(text.as_bytes(), 0..text.len(), PathKind::default(), Bounds::of(text.len()), &mut |view| {
            for at in 0..view.bytes.len() {
                if !view.is_decoded(&(at..at + 1)) {
                    assert_eq!(text.as_bytes()[view.original(at..at + 1)], view.bytes[at..at + 1]);
                }
            }
        });
    }
}
