//! Secrets that are encoded: found where they stand, with the way in which they were hidden, and never shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cleansweep::span::utf16_len;
use serde_json::{Value, json};

use crate::support::encodings::{all_of, each, gzip};
use crate::support::gitcli::Git;
use crate::support::random::armour;
use crate::support::secrets::github;
use crate::support::{Random, Sandbox};

/// Line and column of a byte, counted the slow way.
fn position(text: &[u8], at: usize) -> (u64, u64) {
    let line = text[..at].iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
    (text[..at].iter().filter(|&&b| b == b'\n').count() as u64 + 1, utf16_len(&text[line..at]) + 1)
}

/// The findings of a report in which something is hidden.
fn hidden(report: &Value) -> Vec<&Value> {
    report["findings"].as_array().expect("findings").iter().filter(|finding| finding["encoded"].is_array()).collect()
}

#[test]
fn every_encoding_is_found_where_it_stands() {
    let token = github(1);
    let plain = Sandbox::with("plain", format!("token {token}\n")).scan(&[]).one().credential.clone();
    for file in all_of(&token) {
        let text = file.text();
        let sandbox = Sandbox::with(file.path, &text);
        let report = sandbox.scan(&[]);
        let found = report.one();
        assert_eq!(found.rule, "github-pat-classic", "{}", file.path);
        assert_eq!(report.json["findings"][0]["encoded"], json!(file.how), "{}", file.path);
        // Of what is compressed together a part of it is told, and the end may be short of what fills up the last digits.
        if !file.how.iter().any(|how| matches!(*how, "gzip" | "zlib")) {
            assert_eq!(found.start(), position(&text, file.before.len()), "{}", file.path);
            assert_eq!(found.end(), position(&text, file.before.len() + file.form.len()), "{}", file.path);
        } else {
            assert_eq!(found.line, position(&text, file.before.len()).0, "{}", file.path);
        }
        // Names are made of the value: with the same key it is the same credential as in plain.
        assert_eq!(found.credential, plain, "{}", file.path);
        // The same on standard input, whose batches are searched in pieces.
        let streamed = sandbox.run_with(&["scan", "-", "--format", "json"], text).json();
        assert_eq!(streamed.one().start(), found.start(), "{} as a stream", file.path);
    }
}

#[test]
fn plain_and_encoded_are_one_credential() {
    let token = github(1);
    let text = format!("a: {token}\nb: {}\nc: {}\n", STANDARD.encode(&token), each(&token, |b| format!("{b:02x}")));
    let sandbox = Sandbox::with("conf.yaml", text);
    let report = sandbox.scan(&[]);
    assert_eq!(report.findings.len(), 3);
    assert_eq!(report.summary()["credentials"], 1);
    assert_eq!(hidden(&report.json).len(), 2);
    let text = String::from_utf8(sandbox.run(["scan"]).assert_code(1).stdout).expect("it is text");
    assert!(text.contains("conf.yaml:2:4\n    hidden in base64\n"), "{text}");
    assert!(text.contains("conf.yaml:3:4\n    hidden in hexadecimal\n"), "{text}");
    assert!(text.contains("b: ghp_********\n"), "{text}");
}

#[test]
fn a_short_password_of_a_kubernetes_secret() {
    let chosen = ["Tr0ub4", "dor-9xQ"].concat();
    let text = format!("kind: Secret\ndata:\n  password: {}\n", STANDARD.encode(&chosen));
    let report = Sandbox::with("deploy.yaml", text).reveal(&[]);
    let found = report.one();
    assert_eq!((found.secret.as_str(), found.start()), (chosen.as_str(), (3, 13)));
    assert_eq!(report.json["findings"][0]["encoded"], json!(["kubernetes-secret"]));
}

#[test]
fn two_releases_of_helm_in_one_file() {
    let (one, two) = (github(1), github(2));
    let release = |token: &str| {
        let document = format!("{{\"chart\": \"{}\", \"token\": \"{token}\"}}", "values ".repeat(40));
        STANDARD.encode(STANDARD.encode(gzip(&document)))
    };
    let text = format!("kind: Secret\ndata:\n  release: {}\n  other: {}\n", release(&one), release(&two));
    let report = Sandbox::with("helm.yaml", text).scan(&[]);
    let lines: Vec<u64> = report.findings.iter().map(|found| found.line).collect();
    assert_eq!(lines, [3, 4]);
    assert_eq!(report.json["findings"][0]["encoded"], json!(["kubernetes-secret", "gzip"]));
}

/// Windows writes UTF-16 with a mark at the start: the text is decoded before anything else, and its escapes after.
#[test]
fn an_encoding_within_a_wide_text() {
    let text = format!("\u{feff}one\ntoken: {}\n", STANDARD.encode(github(1)));
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let report = Sandbox::with("export.reg", wide).scan(&[]);
    assert_eq!(report.one().start(), (2, 8));
}

#[test]
fn a_value_across_the_pieces_of_a_stream() {
    const PIECE: usize = 256 * 1024;
    let token = github(1);
    let form = STANDARD.encode(&token);
    for border in [PIECE, 4 * PIECE, 8 * PIECE] {
        for before in [1, form.len() / 2, form.len() - 1] {
            let mut text = "some words of a text\n".repeat(border / 21 + 4000).into_bytes();
            let at = border - before;
            text[at - 4..at].copy_from_slice(b"\nt: ");
            text[at..at + form.len()].copy_from_slice(form.as_bytes());
            text[at + form.len()] = b'\n';
            let report = Sandbox::with("dump", &text).scan(&[]);
            assert_eq!(report.one().start(), position(&text, at), "{border} {before}");
        }
    }
}

#[test]
fn a_history_tells_how_it_was_hidden() {
    let token = github(1);
    let sandbox = Sandbox::new();
    let git = Git::init(&sandbox, "repo", &[]);
    let filler: String = (0..400).map(|n| format!("setting_{n}: value {n}\n")).collect();
    git.commit(&[("conf.yaml", &filler)], "start");
    let form = STANDARD.encode(&token);
    let added = git.commit(&[("conf.yaml", &filler.replacen("value 200", &form, 1))], "add");
    git.commit(&[("conf.yaml", &filler.replacen("value 200", &form, 1).replace("value 7\n", "value 8\n"))], "edit");
    git.commit(&[("conf.yaml", &filler.replacen("value 200", &each(&token, |b| format!("{b:02x}")), 1))], "other");
    let removed = git.commit(&[("conf.yaml", &filler)], "remove");
    git.run(&["gc", "-q"]);
    for nth in 0..2 {
        let report = sandbox.scan(&["repo"]);
        let found = &report.json["findings"][0];
        assert_eq!(report.findings.len(), 1, "{nth}");
        assert_eq!(found["encoded"], json!(["base64"]));
        assert_eq!((&found["line"], &found["column"]), (&json!(201), &json!(14)));
        let exposure = &found["history"]["exposures"][0];
        assert_eq!((&exposure["introduced"]["id"], &exposure["removed"]["id"]), (&json!(added), &json!(removed)));
        assert_eq!(found["history"]["versions"], 3);
    }
    // Both forms are to be taken out.
    let _ = sandbox.run(["rotate", "purge-file", "repo", "--reveal", "-o", "purge"]).assert_code(0);
    let purge = String::from_utf8(sandbox.read("purge")).expect("it is text");
    for form in [&token, form.trim_end_matches('='), &each(&token, |b| format!("{b:02x}"))] {
        assert!(purge.contains(form), "a form is missing");
    }
}

#[test]
fn what_is_not_decoded_is_in_the_ledger() {
    let mut form = format!("token {}", github(1));
    for _ in 0..5 {
        form = STANDARD.encode(&form);
    }
    let report = Sandbox::with("deep", form).scan(&[]);
    assert_eq!(report.findings.len(), 0);
    assert_eq!(report.skipped(), [("deep".to_owned(), "truncated".to_owned())]);
    let bomb = STANDARD.encode(gzip(&"no words here. ".repeat(1 << 20)));
    let report = Sandbox::with("bomb", format!("data: {bomb}\n")).scan(&[]);
    assert_eq!(report.skipped().len(), 1);
}

/// What projects have in their trees, none of it a secret, and all of it wholly looked at.
#[test]
fn what_only_looks_encoded_is_no_finding() {
    let mut random = Random::new(5);
    let (png, font, hash) = (random.base64(6000), random.base64(9000), random.base64(64));
    let words = "the quick brown fox jumps over the lazy dog ";
    let bundle: String = (0..400)
        .map(|n| {
            format!("!function(e){{var t=\"\\u00{:02x}\\x{:02x} {words}\";e.exports=t}}({n}),", 0x41 + n % 26, 0x41)
        })
        .collect();
    let map = json!({
        "version": 3, "sources": ["a.ts"], "sourcesContent": [format!("// {words}\nexport const a = 1;\n")],
        "mappings": "AAAA,SAASA,IAAI,CAACC,GAAG".repeat(200),
    });
    let strings: String =
        (0..200).map(|n| format!("msgid \"{words}{n}\"\n\"and more of it\\n\"\nmsgstr \"\"\n\"{words}\"\n")).collect();
    let sandbox = Sandbox::new();
    for (path, text) in [
        ("dist/app.min.js", bundle),
        ("dist/app.js.map", map.to_string()),
        ("package-lock.json", format!("{{\"integrity\": \"sha512-{hash}\"}}\n")),
        ("go.sum", format!("example.com/m v1.2.3 h1:{}=\n", &hash[..43])),
        ("index.html", format!("<img src=\"data:image/png;base64,{png}\"><script integrity=\"sha384-{hash}\">\n")),
        ("style.css", format!("@font-face{{src:url(data:font/woff2;base64,{font})}}\n")),
        ("icon.json", format!("{{\"image\": \"{png}\"}}\n")),
        ("cert.pem", armour("CERTIFICATE", &random.bytes(900))),
        ("po/de.po", strings),
        ("colours.log", format!("\x1b[32mok\x1b[0m {words}\n").repeat(300)),
        ("urls.txt", "https://acme.test/?q=a%20b%2Fc&r=%7B%22id%22%3A1%7D\n".repeat(100)),
    ] {
        sandbox.file(path, text);
    }
    let report = sandbox.scan(&["--confidence", "low"]);
    assert_eq!(hidden(&report.json).len(), 0, "{:#?}", report.places());
    assert_eq!(report.findings.len(), 0, "{:#?}", report.places());
    assert_eq!(report.skipped(), []);
}
