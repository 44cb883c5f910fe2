//! Git bundles in other containers.

use gix::objs::{Kind as ObjectKind, compute_hash};

use super::*;

fn entry(kind: u8, base: &[u8], data: &[u8]) -> Vec<u8> {
    let size = data.len();
    // The size in four bits and then in seven at a time.
    let mut out = vec![kind << 4 | (size & 0xf) as u8 | if size > 0xf { 0x80 } else { 0 }];
    let mut rest = size >> 4;
    while rest > 0 {
        out.push((rest & 0x7f) as u8 | if rest > 0x7f { 0x80 } else { 0 });
        rest >>= 7;
    }
    out.extend(base);
    out.extend(zlib(data));
    out
}

/// An edit that adds a text behind its base.
fn append(base: &[u8], text: &[u8]) -> Vec<u8> {
    let (from, to) = (base.len() as u8, (base.len() + text.len()) as u8);
    [&[from, to, 0x90, from, text.len() as u8][..], text].concat()
}

fn bundle(head: &str, entries: &[Vec<u8>]) -> Vec<u8> {
    let count = (entries.len() as u32).to_be_bytes();
    [head.as_bytes(), b"PACK\0\0\0\x02", &count, &entries.concat(), &[7; 20]].concat()
}

const HEAD: &str = "# v2 git bundle\n1111111111111111111111111111111111111111 refs/heads/main\n\n";

/// A blob, an edit of it by its place, and one of that by its name, in any order.
fn sound() -> (Vec<u8>, [(String, Vec<u8>); 3]) {
    let one = b"one\n".to_vec();
    let two = [&one[..], b"two needle\n"].concat();
    let three = [&two[..], b"three\n"].concat();
    let id = |data: &[u8]| compute_hash(gix::hash::Kind::Sha1, ObjectKind::Blob, data).expect("a hash");
    let third = entry(7, id(&two).as_slice(), &append(&two, b"three\n"));
    let first = entry(3, b"", &one);
    let second = entry(6, &[first.len() as u8], &append(&one, b"two needle\n"));
    let bytes = bundle(HEAD, &[third, first, second]);
    let named = |data: Vec<u8>| (format!("a.bundle!/blob/{}", id(&data)), data);
    (bytes, [named(one), named(two), named(three)])
}

#[test]
fn objects_of_a_bundle_are_members() {
    let (bytes, objects) = sound();
    for met in [met(&bytes, "a.bundle"), super::met(&gzip(&bytes), "a.bundle.gz")] {
        assert_eq!(met.reasons(), []);
        assert_eq!(met.members.len(), 4, "the head and three objects");
        for (path, data) in &objects {
            assert!(met.members.values().any(|content| content == data), "{path}: {:?}", met.paths());
        }
    }
    let met = met(&bytes, "a.bundle");
    assert!(objects.iter().all(|(path, data)| met.members.get(path) == Some(data)), "{:?}", met.paths());
}

#[test]
fn what_a_bundle_builds_on_is_told_to_be_missing() {
    let (_, objects) = sound();
    let edit = entry(7, &[9; 20], &append(b"base", b"more"));
    let missing = "-2222222222222222222222222222222222222222 before\n\n";
    let head = HEAD.trim_end().to_owned() + "\n" + missing;
    let thin = met(&bundle(&head, &[entry(3, b"", &objects[0].1), edit.clone()]), "a.bundle");
    assert_eq!(thin.reasons(), [("a.bundle", SkipReason::IncompleteHistory)]);
    assert!(thin.skipped[0].detail.contains("1 objects"), "{:?}", thin.skipped);
    assert_eq!(thin.members.len(), 2);
    let broken = met(&bundle(HEAD, &[edit]), "a.bundle");
    assert_eq!(broken.reasons(), [("a.bundle", SkipReason::Corrupt)]);
    let circle = bundle(HEAD, &[entry(6, &[0], &append(b"", b"x"))]);
    assert_eq!(met(&circle, "a.bundle").reasons().len(), 1);
}

#[test]
fn a_part_of_a_bundle_is_never_taken_for_the_whole() {
    let (bytes, _) = sound();
    let whole = met(&bytes, "a");
    for len in 0..bytes.len() {
        let met = met(&bytes[..len], "a");
        let as_it_is = met.members.get("a").is_some_and(|content| content == &bytes[..len]);
        assert!(!met.skipped.is_empty() || as_it_is || met.members == whole.members, "{len}");
        assert!(met.skipped.iter().all(|skipped| skipped.reason != SkipReason::Internal), "{len}: {:?}", met.skipped);
    }
}

proptest! {
    #[test]
    fn anything_ends(at in any::<prop::sample::Index>(), byte in any::<u8>(), rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut bytes, _) = sound();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(bytes.len() - rest.len().min(60));
        bytes.extend(rest);
        let met = met(&bytes, "a.bundle");
        prop_assert!(met.skipped.iter().all(|s| s.reason != SkipReason::Internal), "{:?}", met.skipped);
    }
}
