//! The files of a repository that somebody else has written: its index, its references in any form, its packs, its commits.
#![no_main]

use std::fs;
use std::path::Path;

use cleansweep::source::git::bundle::Bundle;
use cleansweep::source::git::commits::Commit;
use cleansweep::source::git::discover::Located;
use cleansweep::source::git::objects::Objects;
use cleansweep::source::git::refs::Refs;
use cleansweep::source::git::repository::Repository;
use cleansweep::source::git::staged::{self, Staged};
use libfuzzer_sys::fuzz_target;

/// Files that are read, by their path in the repository.
const FILES: &[&str] = &[
    "index",
    "packed-refs",
    "HEAD",
    "config",
    "reftable/a.ref",
    "objects/pack/pack-a.idx",
    "objects/pack/pack-a.pack",
    "objects/ab/cdefabcdefabcdefabcdefabcdefabcdefabcd",
    "objects/info/alternates",
    "shallow",
    "refs/heads/main",
    "bundle",
];

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it can be made");
    fs::write(path, bytes).expect("it can be written");
}

/// Several files in one input: which one, how many bytes in two bytes, the bytes.
fn files(mut data: &[u8]) -> Vec<(&'static str, &[u8])> {
    let mut files = Vec::new();
    while let [which, low, high, rest @ ..] = data {
        let len = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (bytes, after) = rest.split_at(len);
        files.push((FILES[usize::from(*which) % FILES.len()], bytes));
        data = after;
    }
    files
}

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir_in("/dev/shm").expect("there is room");
    let git = folder.path();
    for (name, bytes) in
        [("HEAD", &b"ref: refs/heads/main\n"[..]), ("config", b""), ("objects/x", b""), ("refs/x", b"")]
    {
        write(git, name, bytes);
    }
    for (name, bytes) in files(data) {
        write(git, name, bytes);
        let _ = Commit::parse(gix_id(), bytes);
    }
    let mut skipped = Vec::new();
    let repository = Repository::open(git, ".git", &mut skipped);
    let _ = Refs::read(&repository, ".git", &mut skipped);
    let objects = Objects::open(&repository.objects, repository.hash, ".git", &mut skipped);
    let mut finder = objects.finder();
    for number in 0..objects.len().min(50) {
        let _ = finder.find(&objects.id(number as u32));
    }
    let located = Located { repository, top: git.to_path_buf(), index: git.join("index") };
    let _ = Staged::read(&located, &mut staged::objects(&located).finder());
    let _ = Bundle::open(&git.join("bundle"), "bundle", &mut skipped);
});

fn gix_id() -> gix_hash::ObjectId {
    gix_hash::ObjectId::null(gix_hash::Kind::Sha1)
}
