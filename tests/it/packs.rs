//! A pack walked as the forest its deltas form gives every object once, as it is, and says truly what each copies from its base.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use cleansweep::blob::SkipReason;
use cleansweep::source::git::forest::Forest;
use cleansweep::source::git::pack::Pack;
use cleansweep::source::git::walk::{Object, Visitor};
use cleansweep::span::Copied;
use gix::ObjectId;
use gix::hash::Kind as HashKind;
use gix::objs::Kind;

use crate::support::git::Repository;
use crate::support::{Random, Sandbox};

/// Keeps what it is shown, and checks the copies on the way.
#[derive(Default)]
struct Keep {
    objects: Mutex<BTreeMap<u32, (Kind, Vec<u8>)>>,
    derived: Mutex<usize>,
    corrupt: Mutex<Vec<u32>>,
}

impl Visitor for Keep {
    type Seen = Vec<u8>;
    type Tools = ();

    fn wants(&self, _: Kind) -> bool {
        true
    }

    fn visit(&self, (): &mut (), object: &Object<'_>, base: Option<(&Vec<u8>, &[Copied])>) -> Vec<u8> {
        if let Some((base, copied)) = base {
            *self.derived.lock().expect("no thread failed") += 1;
            for &Copied { source, target, length } in copied {
                assert_eq!(base[source..source + length], object.data[target..target + length]);
            }
        }
        let twice =
            self.objects.lock().expect("no thread failed").insert(object.number, (object.kind, object.data.to_vec()));
        assert!(twice.is_none(), "an object was shown twice");
        object.data.to_vec()
    }

    fn unreadable(&self, number: u32, _: u32, _: SkipReason, _: String) {
        self.corrupt.lock().expect("no thread failed").push(number);
    }

    fn stop(&self) -> bool {
        false
    }
}

/// 200 commits, each with a tree and a blob of its own.
const OBJECTS: usize = 600;

/// A repository whose one file grows and changes over 200 commits, in one pack of long chains.
fn packed(sandbox: &Sandbox) -> PathBuf {
    let folder = sandbox.path("repository");
    let repository = Repository::init(&folder);
    let mut lines: Vec<String> = (0..200).map(|i| Random::new(i).letters(40)).collect();
    let mut parent: Vec<ObjectId> = Vec::new();
    for i in 0..200u64 {
        let at = (i * 37 % 200) as usize;
        lines[at] = Random::new(1000 + i).letters(40);
        lines.push(Random::new(2000 + i).letters(20));
        let text = lines.join("\n");
        parent = vec![repository.commit("main", &parent, &[("file.txt", text.as_bytes())], "edit")];
    }
    let status = Command::new("git")
        .args(["-c", "pack.threads=1", "repack", "-adfq", "--depth=40", "--window=40"])
        .current_dir(&folder)
        .env("HOME", sandbox.home())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .status();
    assert!(status.expect("git is on the machine").success());
    let packs = folder.join(".git/objects/pack");
    let entries = packs.read_dir().expect("the folder of packs").map(|e| e.expect("an entry").path());
    entries.into_iter().find(|p| p.extension().is_some_and(|e| e == "idx")).expect("git made a pack")
}

fn walk(index: &Path) -> Result<(Pack, Keep), String> {
    let (keep, pack) = (Keep::default(), Pack::open(index, HashKind::Sha1)?);
    Forest::read(&pack).walk(&pack, &keep);
    Ok((pack, keep))
}

#[test]
fn every_object_is_seen_once_and_whole() {
    let sandbox = Sandbox::new();
    let (pack, keep) = walk(&packed(&sandbox)).expect("a sound pack");
    let objects = keep.objects.into_inner().expect("no thread failed");
    assert_eq!(objects.len(), OBJECTS);
    for (number, (kind, data)) in &objects {
        let hash = gix::objs::compute_hash(HashKind::Sha1, *kind, data).expect("an object can be hashed");
        assert_eq!(hash, pack.id(*number));
    }
    assert!(keep.derived.into_inner().expect("no thread failed") > 150, "the pack has no deltas to speak of");
    assert!(keep.corrupt.into_inner().expect("no thread failed").is_empty());
}

#[test]
fn what_a_broken_pack_still_has_is_seen_and_the_rest_is_said() {
    let sandbox = Sandbox::new();
    let index = packed(&sandbox);
    let pack = index.with_extension("pack");
    let bytes = std::fs::read(&pack).expect("the pack can be read");
    for (at, len) in [(bytes.len() * 3 / 4, 40), (bytes.len() * 9 / 10, 400)] {
        let mut broken = bytes.clone();
        broken[at..at + len].fill(0x5a);
        std::fs::remove_file(&pack).expect("the pack can be replaced");
        std::fs::write(&pack, &broken).expect("the pack can be written");
        let (_, keep) = walk(&index).expect("its header is sound");
        let seen = keep.objects.into_inner().expect("no thread failed").len();
        let corrupt = keep.corrupt.into_inner().expect("no thread failed").len();
        assert!(0 < seen && seen < OBJECTS && corrupt > 0, "{seen} seen, {corrupt} corrupt");
    }
}

/// A pack that was tampered with anywhere is read to an end, with its index and without.
#[test]
fn tampered_packs_are_read_to_an_end() {
    let sandbox = Sandbox::new();
    let index = packed(&sandbox);
    let pack = index.with_extension("pack");
    let bytes = std::fs::read(&pack).expect("the pack can be read");
    let copy = sandbox.path("tampered.pack");
    std::fs::copy(&index, copy.with_extension("idx")).expect("the index can be copied");
    let mut random = Random::new(5);
    for _ in 0..60 {
        let mut broken = bytes.clone();
        for _ in 0..1 + random.below(20) {
            let at = random.below(broken.len());
            broken[at] = random.next() as u8;
        }
        std::fs::write(&copy, &broken).expect("the pack can be written");
        let read = [Pack::open(&copy.with_extension("idx"), HashKind::Sha1).ok()]
            .into_iter()
            .chain([Pack::indexed_anew(&copy, 0, HashKind::Sha1).ok().map(|(pack, _)| pack)]);
        for pack in read.flatten() {
            let keep = Keep::default();
            Forest::read(&pack).walk(&pack, &keep);
            let seen = keep.objects.into_inner().expect("no thread failed").len();
            assert!(seen <= OBJECTS);
        }
    }
}
