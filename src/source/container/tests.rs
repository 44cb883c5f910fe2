//! What is found in containers of each kind, whole, cut off and made to harm.

mod build;
mod bundles;
mod databases;
mod documents;
mod images;

use std::collections::BTreeMap;

use build::{
    Zipped, ar, asar, binary_cpio, bzip2, cpio, gzip, lz4, lzma, overlapping, quoting, rpm, seven, tar, tarred, xz,
    zip, zlib, zstd,
};
use proptest::prelude::*;

use super::*;

/// What a walk met.
#[derive(Default, Debug, PartialEq)]
struct Met {
    members: BTreeMap<String, Vec<u8>>,
    views: BTreeMap<String, Vec<u8>>,
    skipped: Vec<Skipped>,
}

fn content(member: Member<'_>) -> Vec<u8> {
    let mut content = Vec::new();
    let read = member.reader.read_to_end(&mut content);
    assert!(read.is_ok() || read.is_err_and(|e| is_told(&e)), "the ledger has all trouble");
    content
}

impl Sink for Met {
    fn member(&mut self, member: Member<'_>) {
        let path = member.path.to_owned();
        self.members.insert(path, content(member));
    }

    fn view(&mut self, member: Member<'_>) {
        let path = member.path.to_owned();
        self.views.insert(path, content(member));
    }

    fn skipped(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }
}

impl Met {
    fn reasons(&self) -> Vec<(&str, SkipReason)> {
        self.skipped.iter().map(|s| (&*s.what, s.reason)).collect()
    }

    /// A view as text.
    fn view_of(&self, path: &str) -> &str {
        let view = self.views.get(path).unwrap_or_else(|| panic!("{path} is among {:?}", self.views.keys()));
        std::str::from_utf8(view).expect("a view is a text")
    }

    fn paths(&self) -> Vec<&str> {
        self.members.keys().map(|path| &**path).collect()
    }
}

fn met_with(bytes: &[u8], name: &str, limits: &Limits) -> Met {
    let mut met = Met::default();
    walk_bytes(bytes, name, limits, &mut met);
    met
}

fn met(bytes: &[u8], name: &str) -> Met {
    met_with(bytes, name, &Limits::default())
}

/// The same from a pipe, with no room for a zip in memory.
fn streamed(mut bytes: &[u8], name: &str) -> Met {
    let mut met = Met::default();
    let held = if name.ends_with(".7z") { 64 << 20 } else { 16 };
    walk(Source::Stream(&mut bytes), name, &Limits { held, ..Limits::default() }, &mut met);
    met
}

const TEXT: &[u8] = b"first line\npassword = needle in a haystack, haystack, haystack\n";

/// A container of each kind and the one member that it has.
fn each() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let stored = Zipped { stored: true, ..Zipped::new("b/c.yml", TEXT) };
    let described = Zipped { descriptor: true, ..Zipped::new("b/c.yml", TEXT) };
    let members: &[(&str, &[u8])] = &[("b/c.yml", TEXT)];
    vec![
        ("a.yml.gz", gzip(TEXT), "a.yml.gz!/a.yml"),
        ("a.yml.bz2", bzip2(TEXT), "a.yml.bz2!/a.yml"),
        ("a.yml.xz", xz(TEXT), "a.yml.xz!/a.yml"),
        ("a.yml.lzma", lzma(TEXT), "a.yml.lzma!/a.yml"),
        ("a.yml.zst", zstd(TEXT), "a.yml.zst!/a.yml"),
        ("a.yml.lz4", lz4(TEXT), "a.yml.lz4!/a.yml"),
        ("a.bin", zlib(TEXT), "a.bin!/a.bin"),
        ("a.tar", tar(members), "a.tar!/b/c.yml"),
        ("a.tgz", gzip(&tar(members)), "a.tgz!/b/c.yml"),
        ("a.jar", zip(&[Zipped::new("b/c.yml", TEXT)]), "a.jar!/b/c.yml"),
        ("a.zip", zip(&[stored]), "a.zip!/b/c.yml"),
        ("a.whl", zip(&[described]), "a.whl!/b/c.yml"),
        ("a.deb", ar(&[("data.tar.xz", &xz(&tar(members)))]), "a.deb!/data.tar.xz!/b/c.yml"),
        ("a.cpio", cpio(members), "a.cpio!/b/c.yml"),
        ("old.cpio", binary_cpio(members, false), "old.cpio!/b/c.yml"),
        ("older", binary_cpio(members, true), "older!/b/c.yml"),
        ("a.asar", asar("c.yml", TEXT), "a.asar!/c.yml"),
        ("a.7z", seven(members), "a.7z!/b/c.yml"),
    ]
}

#[test]
fn each_kind_is_opened() {
    for (name, bytes, path) in each() {
        let met = met(&bytes, name);
        assert_eq!(met.reasons(), [], "{name}: {met:?}");
        assert_eq!(met.paths(), [path]);
        assert_eq!(met.members[path], TEXT);
    }
    let package = rpm(&zstd(&cpio(&[("./etc/c.yml", TEXT)])));
    let met = met(&package, "a.rpm");
    assert_eq!(met.reasons(), []);
    assert_eq!(met.paths(), ["a.rpm!/./etc/c.yml", "a.rpm!/<header>", "a.rpm!/<signatures>"]);
}

#[test]
fn each_kind_is_opened_from_a_pipe_and_within_others() {
    for (name, bytes, path) in each() {
        let met = streamed(&bytes, name);
        assert_eq!((met.reasons(), met.paths()), (vec![], vec![path]), "{name}");
        let outer = zip(&[Zipped { name, content: bytes, ..Zipped::default() }]);
        let met = super::tests::met(&outer, "app.jar");
        let path = format!("app.jar!/{path}");
        assert_eq!((met.reasons(), met.paths()), (vec![], vec![&*path]), "{name}");
    }
}

#[test]
fn a_part_from_the_start_is_never_taken_for_the_whole() {
    let mut all = each();
    all.push(("a.rpm", rpm(&gzip(&cpio(&[("c.yml", TEXT)]))), "a.rpm!/c.yml"));
    for (name, bytes, _) in all {
        let whole = met(&bytes, name);
        for len in 0..bytes.len() {
            for met in [met(&bytes[..len], name), streamed(&bytes[..len], name)] {
                // What is too short to be told is looked at as it is.
                let as_it_is = met.members.get(name).is_some_and(|content| content == &bytes[..len]);
                let complete = met.members == whole.members;
                assert!(!met.skipped.is_empty() || as_it_is || complete, "{name}, {len} of {}: {met:?}", bytes.len());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Damage is met without a panic, and never with nothing at all.
    #[test]
    fn damage_is_met_without_a_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for (name, mut bytes, path) in each() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            for met in [met(&bytes, name), streamed(&bytes, name)] {
                prop_assert!(!met.skipped.is_empty() || !met.members.is_empty(), "{} at {}", path, at);
                prop_assert!(met.skipped.iter().all(|s| s.reason != SkipReason::Internal), "{} at {}: {:?}", name, at, met);
            }
        }
    }

    #[test]
    fn anything_ends(kind in 0usize..18, rest in prop::collection::vec(any::<u8>(), 0..600)) {
        let (name, bytes, _) = &each()[kind];
        let start = &bytes[..bytes.len().min(16)];
        let met = met(&[start, &rest].concat(), name);
        prop_assert!(met.skipped.iter().all(|s| s.reason != SkipReason::Internal), "{:?}", met);
    }
}

#[test]
fn streams_follow_each_other_and_nothing_else_does() {
    let twice = [gzip(b"one\n"), gzip(b"two\n")].concat();
    assert_eq!(met(&twice, "a.gz").members["a.gz!/a"], b"one\ntwo\n");
    for (name, pack) in [("a.bz2", bzip2 as fn(&[u8]) -> Vec<u8>), ("a.xz", xz), ("a.zst", zstd), ("a.lz4", lz4)] {
        let twice = met(&[pack(b"one\n"), pack(b"two\n")].concat(), name);
        assert_eq!(twice.reasons(), [], "{name}");
        assert_eq!(twice.members[&format!("{name}!/a")], b"one\ntwo\n", "{name}");
    }
    let skippable = [&b"\x52\x2a\x4d\x18\x03\0\0\0abc"[..], &zstd(b"one\n")].concat();
    assert_eq!(met(&skippable, "a.zst").members["a.zst!/a"], b"one\n");
    for (name, bytes) in [("a.gz", gzip(TEXT)), ("a.zst", zstd(TEXT)), ("a.xz", xz(TEXT)), ("a.bin", zlib(TEXT))] {
        let met = met(&[&bytes[..], b"hidden"].concat(), name);
        assert_eq!(met.reasons(), [(name, SkipReason::Corrupt)]);
        assert_eq!(met.members.values().next().map(|content| &**content), Some(TEXT));
    }
    assert_eq!(met(&[gzip(TEXT), vec![0; 600]].concat(), "a.gz").reasons(), []);
}

#[test]
fn names_in_a_tar_are_only_names() {
    let mut bytes = [
        tarred("/etc/shadow", b'0', "", TEXT),
        tarred("../../up", b'0', "", TEXT),
        tarred("link", b'2', "/etc/passwd", b""),
        tarred("dev/sda", b'4', "", b""),
        tarred("./@LongLink", b'L', "", "n".repeat(200).as_bytes()),
        tarred("n", b'0', "", TEXT),
        tarred("pax", b'x', "", b"16 path=in/pax\n\n"),
        tarred("cut", b'0', "", TEXT),
    ]
    .concat();
    bytes.resize(bytes.len() + 1024, 0);
    let met = met(&bytes, "a.tar");
    assert_eq!(met.members["a.tar!/link"], b"/etc/passwd");
    let long = format!("a.tar!/{}", "n".repeat(200));
    let mut expected = ["a.tar!/../../up", "a.tar!//etc/shadow", "a.tar!/in/pax\n", "a.tar!/link", &long];
    expected.sort_unstable();
    assert_eq!(met.paths(), expected);
    assert_eq!(met.reasons(), [("a.tar!/dev/sda", SkipReason::SpecialFile)]);
}

#[test]
fn what_the_two_headers_of_a_zip_do_not_agree_on_is_told() {
    let one = Zipped::new("one", TEXT);
    let with = |change: fn(&mut Zipped)| {
        let mut two = Zipped::new("two", b"second");
        change(&mut two);
        let bytes = zip(&[one.clone(), two, Zipped::new("three", b"third")]);
        let all = [met(&bytes, "a.zip"), streamed(&bytes, "a.zip")];
        for met in &all {
            assert_eq!(met.members["a.zip!/one"], TEXT);
            assert_eq!(met.members["a.zip!/three"], b"third");
        }
        all.map(|met| {
            (met.skipped.iter().map(|s| s.reason).collect::<Vec<_>>(), met.members.contains_key("a.zip!/two"))
        })
    };
    let (fine, corrupt) = (vec![], vec![SkipReason::Corrupt]);
    assert_eq!(with(|_| ()), [(fine.clone(), true), (fine, true)]);
    assert_eq!(with(|two| two.unlisted = true), [(corrupt.clone(), true), (corrupt.clone(), true)]);
    assert_eq!(with(|two| two.listed_as = Some("other")), [(corrupt.clone(), false), (corrupt.clone(), true)]);
    assert_eq!(with(|two| two.says = Some(4000)), [(corrupt.clone(), true), (corrupt, true)]);
    let encrypted = vec![SkipReason::Unsupported];
    assert_eq!(with(|two| two.encrypted = true), [(encrypted.clone(), false), (encrypted, false)]);
}

#[test]
fn what_is_around_the_members_of_a_zip_is_looked_at() {
    let bytes = zip(&[Zipped::new("one", TEXT)]);
    let program = met(&[b"#!/bin/sh\nexec\n", &bytes[..]].concat(), "run.pyz");
    assert_eq!(program.reasons(), []);
    assert_eq!(program.paths(), ["run.pyz!/<bytes 0 to 15>", "run.pyz!/one"]);
    let behind = met(&[&bytes[..], b"behind"].concat(), "a.zip");
    assert_eq!(behind.reasons(), []);
    let end = bytes.len();
    assert_eq!(behind.members[&format!("a.zip!/<bytes {end} to {}>", end + 6)], b"behind");
}

#[test]
fn one_member_under_many_names_is_looked_at_once() {
    let met = met(&overlapping(3000), "a.zip");
    assert_eq!(met.paths(), ["a.zip!/bomb"]);
    // A thousand of the ledger, and how many more there are.
    assert_eq!(met.skipped.len(), 1001);
    assert!(met.skipped[1000].detail.starts_with("1999 more"), "{:?}", met.skipped[1000]);
}

#[test]
fn members_that_quote_the_heads_of_others_are_looked_at_once() {
    let bytes = quoting(300, TEXT);
    let met = met(&bytes, "a.zip");
    let all: usize = met.members.values().map(Vec::len).sum();
    assert!(all <= bytes.len(), "{all} bytes of {}", bytes.len());
    assert!(met.skipped.len() >= 299, "{}", met.skipped.len());
    let overlaps = met.skipped.iter().filter(|skipped| skipped.detail.contains("overlap")).count();
    assert_eq!(overlaps, 299, "{:?}", met.skipped.last());
}

#[test]
fn limits_are_kept_and_told() {
    let nested = (0..12).fold(TEXT.to_vec(), |inner, _| {
        zip(&[Zipped { stored: true, ..Zipped { name: "n.zip", content: inner, ..Zipped::default() } }])
    });
    let deep = met(&nested, "a.zip");
    let eighth = format!("a.zip{}", "!/n.zip".repeat(8));
    assert_eq!(deep.reasons(), [(&*eighth, SkipReason::TooLarge)]);
    assert!(deep.skipped[0].detail.contains("--max-archive-depth"));
    assert_eq!(met_with(&nested, "a.zip", &Limits { depth: 12, ..Limits::default() }).reasons(), []);

    let bomb = gzip(&vec![0; 40 << 20]);
    let met = met_with(&bomb, "a.gz", &Limits::default());
    assert_eq!(met.reasons(), [("a.gz", SkipReason::TooLarge)]);
    assert!(met.skipped[0].detail.contains("--max-archive-ratio"));
    assert!(met.members["a.gz!/a"].len() <= 17 << 20);
    let limits = Limits { ratio: 2000, total_bytes: 20 << 20, ..Limits::default() };
    let total = met_with(&bomb, "a.gz", &limits);
    assert!(total.skipped[0].detail.contains("--max-archive-size"));
    assert_eq!(met_with(&bomb, "a.gz", &Limits { ratio: 2000, ..Limits::default() }).reasons(), []);

    let many = tar(&[("x", &b""[..]); 50]);
    let few = met_with(&many, "a.tar", &Limits { members: 10, ..Limits::default() });
    assert_eq!(few.reasons(), [("a.tar", SkipReason::TooLarge)]);
    assert!(few.skipped[0].detail.contains("--max-archive-members"));
    let many = zip(&vec![Zipped::new("x", b""); 50]);
    let few = met_with(&many, "a.zip", &Limits { members: 10, ..Limits::default() });
    assert_eq!(few.reasons(), [("a.zip", SkipReason::TooLarge)]);
}

#[test]
fn variables_with_nuls_are_lines() {
    let met = met(b"HOME=/root\0TOKEN=a b\0", "environ");
    assert_eq!(met.members["environ"], b"HOME=/root\nTOKEN=a b\n");
}
