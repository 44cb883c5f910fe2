//! Containers of each kind, damaged at random: whatever the bytes, a walk ends, within its limits, without a failure of ours.

use std::time::{Duration, Instant};

use cleansweep::blob::{SkipReason, Skipped};
use cleansweep::source::container::{self, Limits, Member, Sink, Source};

use crate::support::Random;
use crate::support::packed::{
    Zipped, ar, asar, bzip2, cpio, gzip, lz4, lzma, overlapping, rpm, seven, tar, tarred, xz, zip, zlib, zstd,
};

const LIMITS: Limits =
    Limits { depth: 6, ratio: 100, total_bytes: 4 << 20, members: 2000, memory: 16 << 20, held: 1 << 20 };

/// Counts what a walk gives.
#[derive(Default)]
struct Counts {
    unpacked: u64,
    members: u64,
    entries: u64,
    failed: Vec<Skipped>,
}

impl Sink for Counts {
    fn member(&mut self, member: Member<'_>) {
        let mut buffer = [0; 4096];
        self.members += 1;
        loop {
            match member.reader.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => self.unpacked += count as u64,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return assert!(container::is_told(&error), "trouble that the ledger has not: {error}"),
            }
        }
    }

    fn skipped(&mut self, skipped: Skipped) {
        self.entries += 1;
        if skipped.reason == SkipReason::Internal {
            self.failed.push(skipped);
        }
    }
}

/// A container of each kind, some with others in them.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let text = b"one line\nand another line, another line, another line\n".repeat(20);
    let members: &[(&str, &[u8])] = &[("a/b.yml", &text), ("c", b""), ("d.gz", &gzip(&text))];
    let zipped = zip(&[
        Zipped::new("a", &text),
        Zipped { stored: true, ..Zipped::new("b.tar", &tar(members)) },
        Zipped { descriptor: true, ..Zipped::new("c", &text) },
        Zipped { encrypted: true, ..Zipped::new("d", &text) },
    ]);
    let odd = [tarred("x", b'L', "", &[b'n'; 300]), tarred("y", b'x', "", b"12 path=abc\n"), tar(members)].concat();
    vec![
        ("a.gz", gzip(&text)),
        ("a.bz2", bzip2(&text)),
        ("a.xz", xz(&text)),
        ("a.lzma", lzma(&text)),
        ("a.zst", zstd(&text)),
        ("a.lz4", lz4(&text)),
        ("a.zz", zlib(&text)),
        ("a.tar", tar(members)),
        ("odd.tar", odd),
        ("a.tgz", gzip(&tar(members))),
        ("a.zip", zipped.clone()),
        ("over.zip", overlapping(50)),
        ("a.deb", ar(&[("debian-binary", b"2.0\n"), ("data.tar.xz", &xz(&tar(members)))])),
        ("a.cpio", cpio(members)),
        ("a.rpm", rpm(&zstd(&cpio(members)))),
        ("a.asar", asar("c.yml", &text)),
        ("a.7z", seven(members)),
        ("in.tar", tar(&[("a.7z", &seven(members)), ("b.zip", &zipped), ("c.cpio", &cpio(members))])),
    ]
}

/// Numbers that are at the edge of something.
const EDGES: &[u64] = &[0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff, u64::MAX >> 1, u64::MAX];

/// Damages some of the bytes.
fn damage(random: &mut Random, bytes: &mut Vec<u8>, seeds: &[(&str, Vec<u8>)]) {
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        match random.below(8) {
            _ if bytes.is_empty() => return,
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes.truncate(at),
            3 => {
                let number = EDGES[random.below(EDGES.len())].to_le_bytes();
                let len = [1, 2, 4, 8][random.below(4)].min(bytes.len() - at);
                bytes[at..at + len].copy_from_slice(&number[..len]);
            }
            4 => {
                let number = EDGES[random.below(EDGES.len())].to_be_bytes();
                let len = [1, 2, 4, 8][random.below(4)].min(bytes.len() - at);
                bytes[at..at + len].copy_from_slice(&number[8 - len..]);
            }
            5 => {
                let end = (at + random.below(64)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, part);
            }
            6 => drop(bytes.drain(at..(at + random.below(32)).min(bytes.len()))),
            _ => {
                let (_, other) = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                let part = &other[from..(from + 1 + random.below(200)).min(other.len())];
                bytes.splice(at..at, part.iter().copied());
            }
        }
    }
}

fn check(name: &str, bytes: &[u8], seed: u64) {
    for streamed in [false, true] {
        let mut counts = Counts::default();
        match streamed {
            false => container::walk_bytes(bytes, name, &LIMITS, &mut counts),
            true => container::walk(Source::Stream(&mut &*bytes), name, &LIMITS, &mut counts),
        }
        let what = format!("{name}, seed {seed}, as a stream: {streamed}");
        assert!(counts.failed.is_empty(), "{what}: {:?}", counts.failed);
        // What is not compressed is no more than the file has, at each depth.
        let most = LIMITS.total_bytes + (bytes.len() as u64 + (1 << 16)) * u64::from(LIMITS.depth + 1);
        assert!(counts.unpacked <= most, "{what}: {} bytes", counts.unpacked);
        assert!(counts.members <= 2 * LIMITS.members && counts.entries <= 1001, "{what}: {} members", counts.members);
    }
}

fn run(seeds: &[(&'static str, Vec<u8>)], seed: u64) {
    let mut random = Random::new(seed);
    let (name, bytes) = &seeds[random.below(seeds.len())];
    let mut bytes = bytes.clone();
    damage(&mut random, &mut bytes, seeds);
    check(name, &bytes, seed);
}

#[test]
fn damage_is_met_within_the_limits() {
    let seeds = seeds();
    (1..1500).for_each(|seed| run(&seeds, seed));
}

/// Each level takes some of the stack; threads have two megabytes.
#[test]
fn the_deepest_nesting_fits_on_half_a_stack() {
    type Pack = fn(&[u8]) -> Vec<u8>;
    let kinds: &[Pack] = &[
        gzip,
        xz,
        |inner| tar(&[("in", inner)]),
        |inner| zip(&[Zipped::new("in", inner)]),
        |inner| zip(&[Zipped { descriptor: true, ..Zipped::new("in", inner) }]),
        |inner| cpio(&[("in", inner)]),
        |inner| ar(&[("in", inner)]),
        |inner| rpm(&gzip(&cpio(&[("in", inner)]))),
        |inner| asar("in", inner),
        |inner| seven(&[("in", inner)]),
    ];
    for kind in kinds {
        let nested = (0..34).fold(b"text".to_vec(), |inner, _| kind(&inner));
        for held in [64 << 20, 16] {
            let limits = Limits { depth: u32::MAX, held, ..Limits::default() };
            let nested = nested.clone();
            let walk = move || {
                let mut counts = Counts::default();
                container::walk(Source::Stream(&mut &*nested), "x", &limits, &mut counts);
                counts.entries
            };
            let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(walk).expect("a thread starts");
            assert!(thread.join().expect("it ends") > 0, "what is too deep is told");
        }
    }
}

#[test]
#[ignore = "runs for as many seconds as CLEANSWEEP_DAMAGE_SECONDS says"]
fn damage_is_met_within_the_limits_for_long() {
    let number = |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (seconds, first) = (number("CLEANSWEEP_DAMAGE_SECONDS", 60), number("CLEANSWEEP_DAMAGE_SEED", 1_000_000));
    let (seeds, started) = (seeds(), Instant::now());
    let mut seed = first;
    while started.elapsed() < Duration::from_secs(seconds) {
        (seed..seed + 500).for_each(|seed| run(&seeds, seed));
        seed += 500;
    }
    assert!(seed > first, "{} damaged containers", seed - first);
}
