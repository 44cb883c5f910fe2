//! A secret in every encoding that is looked into.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

/// A file in which a secret is hidden.
pub(crate) struct Hidden {
    pub(crate) path: &'static str,
    pub(crate) before: Vec<u8>,
    /// All that the secret is decoded from.
    pub(crate) form: Vec<u8>,
    pub(crate) after: &'static str,
    /// How a report calls it, the outermost way first.
    pub(crate) how: &'static [&'static str],
}

impl Hidden {
    /// The file.
    pub(crate) fn text(&self) -> Vec<u8> {
        [&self.before, &self.form, self.after.as_bytes()].concat()
    }
}

pub(crate) fn each(text: &str, encode: impl Fn(u8) -> String) -> String {
    text.bytes().map(encode).collect()
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

fn zlib(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

fn wrapped(text: &str, between: &str) -> String {
    let lines = text.as_bytes().chunks(28).map(|line| String::from_utf8_lossy(line).into_owned());
    lines.collect::<Vec<_>>().join(between)
}

/// `token`, which is recognised wherever it stands, in every encoding.
pub(crate) fn all_of(token: &str) -> Vec<Hidden> {
    let (half, rest) = token.split_at(20);
    let b64 = STANDARD.encode(token);
    let document = format!("{{\"config\": {{\"a\": \"{}\", \"token\": \"{token}\"}}}}", "some words ".repeat(20));
    let one = |path, before: &str, form: String, after, how| Hidden {
        path,
        before: before.into(),
        form: form.into_bytes(),
        after,
        how,
    };
    vec![
        one("a/base64.yaml", "one: 1\ntoken: ", b64.clone(), "\n", &["base64"]),
        one("a/url.py", "x = 1\nt = \"", URL_SAFE_NO_PAD.encode(token), "\"\n", &["base64"]),
        one("a/wrapped.yaml", "cert: |\n    ", wrapped(&b64, "\n    "), "\nnext: 1\n", &["base64"]),
        one("a/twice.env", "TOKEN=", STANDARD.encode(&b64), "\n", &["base64", "base64"]),
        one("a/hex.conf", "token = ", each(token, |b| format!("{b:02x}")), "\n", &["hex"]),
        one("a/url.txt", "GET /?é=1&t=", each(token, |b| format!("%{b:02X}")), "&u=2\n", &["percent"]),
        one("a/unicode.json", "{\"t\": \"", each(token, |b| format!("\\u{b:04x}")), "\"}\n", &["unicode-escape"]),
        one("a/hex.js", "let t = \"", each(token, |b| format!("\\x{b:02x}")), "\";\n", &["hex-escape"]),
        one("a/octal.c", "char t[] = \"", each(token, |b| format!("\\{b:03o}")), "\";\n", &["octal-escape"]),
        one("a/entities.html", "<p>\n<i>", each(token, |b| format!("&#{b};")), "</i>\n", &["html-entity"]),
        one("a/mail.eml", "\n\nk=3D", each(token, |b| format!("={b:02X}")), "\n", &["quoted-printable"]),
        one(
            "a/nested.json",
            "{\"body\": \"{\\\"t\\\": \\\"",
            each(token, |b| format!("\\\\u{b:04x}")),
            "\\\"}\"}\n",
            &["quoted-string", "unicode-escape"],
        ),
        one("a/joined.js", "t = \"", format!("{half}\" +\n    \"{rest}"), "\"\n", &["joined"]),
        one("a/joined.php", "$t = '", format!("{half}' . '{rest}"), "';\n", &["joined"]),
        one("a/continued.sh", "curl -H token:", format!("{half}\\\n{rest}"), "\n", &["continued-line"]),
        one("a/colours.log", "t: ", format!("{half}\x1b[1;31m{rest}"), "\x1b[0m\n", &["ansi-codes"]),
        one("a/release.yaml", "release: ", STANDARD.encode(gzip(&document)), "\n", &["gzip"]),
        one("a/zlib.yaml", "state: ", STANDARD.encode(zlib(&document)), "\n", &["zlib"]),
        one(
            "a/secret.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: one\ndata:\n  token: ",
            b64,
            "\n",
            &["kubernetes-secret"],
        ),
        Hidden {
            path: "a/wide.bin",
            before: vec![7, 1, 2, 0, 9],
            form: token.bytes().flat_map(|b| u32::from(b).to_le_bytes()).collect(),
            after: "\x7f",
            how: &["utf32"],
        },
    ]
}
