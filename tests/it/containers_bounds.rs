//! Containers that were made to harm, or are damaged: what can be read is scanned, the rest is in the ledger with its path, and
//! nothing costs more than it may.

use std::io::Read;

use crate::support::gitcli::Git;
use crate::support::packed::{Zipped, gzip, overlapping, quoting, seven, tar, zip};
use crate::support::quine;
use crate::support::secrets::github;
use crate::support::{Output, Sandbox};

fn text(seed: u64) -> Vec<u8> {
    format!("token: {}\n", github(seed)).into_bytes()
}

fn scan(name: &str, bytes: &[u8], args: &[&str]) -> Output {
    Sandbox::with(name, bytes).run(["scan", "--format", "json"].iter().chain(args))
}

fn skipped(output: &Output) -> Vec<(String, String)> {
    output.json().skipped()
}

fn entry(what: &str, reason: &str) -> (String, String) {
    (what.to_owned(), reason.to_owned())
}

#[test]
fn what_a_limit_cuts_off_is_told_with_its_path() {
    let nested = (0..10).fold(zip(&[Zipped::new("t.yml", &text(1))]), |inner, _| zip(&[Zipped::new("n.zip", &inner)]));
    let ninth = format!("a.zip{}", "!/n.zip".repeat(8));
    let output = scan("a.zip", &nested, &[]).assert_code(3);
    assert_eq!(skipped(&output), [entry(&ninth, "too-large")]);
    assert!(output.out().contains("--max-archive-depth"), "{}", output.out());
    let report = scan("a.zip", &nested, &["--max-archive-depth", "11"]).assert_code(1).json();
    assert_eq!(report.one().path, format!("a.zip{}!/t.yml", "!/n.zip".repeat(10)));
    assert_eq!(report.skipped(), []);

    // A megabyte of each has the secret; what is behind is zeros.
    let bomb = gzip(&[text(1), vec![b'0'; 40 << 20]].concat());
    let output = scan("a.gz", &bomb, &[]).assert_code(1);
    assert_eq!(skipped(&output), [entry("a.gz", "too-large")]);
    assert!(output.out().contains("--max-archive-ratio"), "{}", output.out());
    assert_eq!(output.json().one().path, "a.gz!/a");
    let output = scan("a.gz", &bomb, &["--max-archive-ratio", "2000"]).assert_code(1);
    assert_eq!(skipped(&output), []);
    let output = scan("a.gz", &bomb, &["--max-archive-ratio", "2000", "--max-archive-size", "20M"]).assert_code(1);
    assert_eq!(skipped(&output), [entry("a.gz", "too-large")]);
    assert!(output.out().contains("--max-archive-size"), "{}", output.out());

    let many: Vec<(String, Vec<u8>)> = (0..30).map(|n| (format!("f{n:02}.yml"), text(n))).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, content)| (&**name, &**content)).collect();
    let output = scan("a.tar", &tar(&many), &["--max-archive-members", "10"]).assert_code(1);
    assert_eq!(skipped(&output), [entry("a.tar", "too-large")]);
    assert_eq!(output.json().findings.len(), 10);
    assert!(output.out().contains("--max-archive-members"), "{}", output.out());
}

#[test]
fn a_larger_member_than_wanted_is_told() {
    let bytes = zip(&[Zipped::new("large", &vec![b'x'; 5000]), Zipped::new("small.yml", &text(1))]);
    let output = scan("a.zip", &bytes, &["--max-file-size", "4k"]).assert_code(1);
    assert_eq!(skipped(&output), [entry("a.zip!/large", "too-large")]);
    assert_eq!(output.json().one().path, "a.zip!/small.yml");
}

#[test]
fn bombs_end() {
    // Sixteen of sixteen of sixteen of four megabytes.
    let bottom = zip(&[Zipped::new("zeros", &vec![0; 4 << 20])]);
    let names: Vec<&'static str> = (0..16).map(|n| &*Box::leak(format!("{n}.zip").into_boxed_str())).collect();
    let level = |inner: &[u8]| zip(&names.iter().map(|name| Zipped::new(name, inner)).collect::<Vec<_>>());
    let bomb = level(&level(&level(&bottom)));
    let output = scan("42.zip", &bomb, &["--max-archive-size", "30M"]).assert_code(3);
    let skipped = skipped(&output);
    assert!(!skipped.is_empty() && skipped.len() < 100, "{skipped:?}");
    assert!(skipped.iter().all(|(what, reason)| what.starts_with("42.zip") && reason == "too-large"), "{skipped:?}");
    assert!(output.json().summary()["scanned_bytes"].as_u64().is_some_and(|bytes| bytes < 31 << 20));

    let output = scan("a.zip", &overlapping(3000), &[]).assert_code(3);
    assert_eq!(self::skipped(&output).len(), 1001, "a thousand, and how many more there are");
    assert_eq!(output.json().summary()["archives"]["members"], 1);

    // Each member has the head of the next as its beginning, and all that follows.
    let bomb = quoting(200, &[0; 1000]);
    let output = scan("a.zip", &bomb, &[]).assert_code(3);
    let skipped = self::skipped(&output);
    assert!(skipped.len() >= 199 && skipped.iter().all(|(_, reason)| reason == "corrupt"), "{skipped:?}");
    assert!(output.json().summary()["scanned_bytes"].as_u64().is_some_and(|bytes| bytes < 3 * bomb.len() as u64));
}

/// A file that has itself in it goes on for ever, unless somebody stops.
#[test]
fn what_unpacks_to_itself_ends_at_the_depth_limit() {
    let (gzip, zip) = (quine::gzip(), quine::zip());
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&*gzip).read_to_end(&mut unpacked).expect("it is sound");
    assert_eq!(unpacked, gzip);
    for depth in [8, 32] {
        for (name, bytes, within) in [("r.gz", &gzip, "!/r"), ("r.zip", &zip, "!/r.zip")] {
            let output = scan(name, bytes, &["--max-archive-depth", &depth.to_string()]).assert_code(3);
            assert_eq!(skipped(&output), [entry(&format!("{name}{}", within.repeat(depth)), "too-large")]);
            assert!(output.out().contains("--max-archive-depth"), "{}", output.out());
        }
        let sandbox = Sandbox::new();
        let depth = depth.to_string();
        let output = sandbox.run_with(&["scan", "-", "--format", "json", "--max-archive-depth", &depth], zip.clone());
        assert_eq!(skipped(&output).len(), 1, "from a pipe");
    }
    // In a history it is a content like any other.
    let sandbox = Sandbox::new();
    let git = Git::started(&sandbox);
    git.write("r.zip", &zip);
    git.commit(&[], "add");
    git.remove(&["r.zip"]);
    let output = sandbox.command(["scan", "--format", "json"]).within(&git.top).run().assert_code(3);
    assert_eq!(skipped(&output), [entry(&format!("r.zip{}", "!/r.zip".repeat(8)), "too-large")]);
}

#[test]
fn as_many_empty_members_as_there_can_be_are_looked_at() {
    let empty = zip(&vec![Zipped::new("e", b""); 60_000]);
    let output = scan("a.zip", &empty, &[]).assert_code(0);
    assert_eq!(output.json().summary()["archives"]["members"], 60_000);
    let output = scan("a.zip", &empty, &["--max-archive-members", "50000"]).assert_code(3);
    assert_eq!(skipped(&output), [entry("a.zip", "too-large")]);
}

#[test]
fn what_is_before_the_damage_is_scanned() {
    let members: &[(&str, &[u8])] = &[("a.yml", &text(1)), ("b.yml", &text(2)), ("c.yml", &text(3))];
    let bytes = tar(members);
    let output = scan("a.tar", &bytes[..1400], &[]).assert_code(1);
    assert_eq!(output.json().one().path, "a.tar!/a.yml");
    assert_eq!(skipped(&output), [entry("a.tar", "corrupt")]);
    let packed = gzip(&bytes);
    let output = scan("a.tgz", &packed[..packed.len() - 4], &[]).assert_code(1);
    assert_eq!(output.json().findings.len(), 3);
    assert_eq!(skipped(&output), [entry("a.tgz", "corrupt")]);
    let mut zipped = zip(&[Zipped { stored: true, ..Zipped::new("a.yml", &text(1)) }, Zipped::new("b.yml", &text(2))]);
    zipped[40] ^= 1;
    let output = scan("a.zip", &zipped, &[]).assert_code(1);
    assert_eq!(output.json().findings.iter().filter(|f| f.path == "a.zip!/b.yml").count(), 1);
    assert_eq!(skipped(&output), [entry("a.zip!/a.yml", "corrupt")]);
    let output = scan("a.zip", b"PK\x03\x04 and nothing else", &[]).assert_code(3);
    assert_eq!(skipped(&output)[0].1, "corrupt");
}

#[test]
fn what_cannot_be_read_is_told() {
    let encrypted = Zipped { encrypted: true, ..Zipped::new("secret.yml", &text(1)) };
    let output = scan("a.zip", &zip(&[encrypted, Zipped::new("b.txt", b"nothing")]), &[]).assert_code(3);
    assert_eq!(skipped(&output), [entry("a.zip!/secret.yml", "unsupported")]);
    for (number, name) in [(9, "Deflate64"), (98, "PPMd"), (2000, "method 2000")] {
        let odd = Zipped { method: Some(number), ..Zipped::new("odd.yml", &text(1)) };
        let rar = Zipped { stored: true, ..Zipped::new("in.rar", b"Rar!\x1a\x07\x01\0\x33\x92\xb5") };
        let output = scan("a.zip", &zip(&[odd, rar]), &[]).assert_code(3);
        assert_eq!(skipped(&output), [entry("a.zip!/in.rar", "unsupported"), entry("a.zip!/odd.yml", "unsupported")]);
        assert!(output.out().contains(name), "{}", output.out());
    }
    let output = scan("a.rar", b"RE~^\x14\0\x03\x01", &[]).assert_code(3);
    assert_eq!(skipped(&output), [entry("a.rar", "unsupported")]);
    let output = scan("a.rar", b"Rar!\x1a\x07\x01\0\x33\x92\xb5", &[]).assert_code(3);
    assert_eq!(skipped(&output), [entry("a.rar", "unsupported")]);
    let sandbox = Sandbox::with("out.tar", tar(&[("in.7z", &seven(&[("a.yml", &text(1))])[..60])]));
    assert_eq!(sandbox.scan(&[]).skipped()[0].0, "out.tar!/in.7z");
}
