//! How long it takes to look at every object of a repository's packs once: decoding all of them, as a scan with provenance has
//! to; decoding the blobs alone; and searching what each blob has new beside what it is made from. `--whole` searches all of every blob instead and compares what the two ways flag.
//!
//! ```text
//! cargo bench --bench history -- REPOSITORY/.git/objects/pack [--whole]
//! ```

#![expect(clippy::print_stdout, reason = "a program that tells figures")]

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use cleansweep::blob::SkipReason;
use cleansweep::detect::{Detector, PathKind, Scratch, Trace, Window};
use cleansweep::rule::{Catalogue, RuleSource};
use cleansweep::source::git::forest::Forest;
use cleansweep::source::git::pack::Pack;
use cleansweep::source::git::walk::{Object, Visitor};
use cleansweep::span::Copied;
use gix::objs::Kind;

/// What a pass does.
enum Pass<'d> {
    /// Decodes every object.
    DecodeAll,
    /// Decodes the blobs.
    Decode,
    Trace(&'d Detector),
    Whole(&'d Detector),
}

struct Look<'d> {
    pass: Pass<'d>,
    objects: AtomicU64,
    bytes: AtomicU64,
    flagged: Mutex<BTreeSet<u32>>,
    corrupt: AtomicU64,
}

impl Visitor for Look<'_> {
    type Seen = (Trace, usize);
    type Tools = Scratch;

    fn wants(&self, kind: Kind) -> bool {
        kind == Kind::Blob || matches!(self.pass, Pass::DecodeAll)
    }

    fn visit(&self, scratch: &mut Scratch, object: &Object<'_>, base: Option<(&Self::Seen, &[Copied])>) -> Self::Seen {
        self.objects.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(object.data.len() as u64, Ordering::Relaxed);
        let path = PathKind::credulous();
        let window = Window { text: object.data, core: 0..object.data.len(), path, binary: false };
        let trace = match (&self.pass, base) {
            (Pass::DecodeAll | Pass::Decode, _) => Trace::default(),
            (Pass::Trace(detector), Some(((known, len), copied))) => {
                detector.retrace(&window, known, *len, copied, scratch)
            }
            (Pass::Trace(detector) | Pass::Whole(detector), _) => detector.trace(&window, scratch),
        };
        if trace.found().is_some() {
            self.flagged.lock().expect("no thread failed").insert(object.number);
        }
        (trace, object.data.len())
    }

    fn unreadable(&self, _: u32, below: u32, _: SkipReason, _: String) {
        self.corrupt.fetch_add(1 + u64::from(below), Ordering::Relaxed);
    }

    fn stop(&self) -> bool {
        false
    }
}

fn run(name: &str, packs: &[Pack], pass: Pass<'_>) -> BTreeSet<u32> {
    let look = Look {
        pass,
        objects: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        flagged: Mutex::default(),
        corrupt: AtomicU64::new(0),
    };
    let started = Instant::now();
    packs.iter().for_each(|pack| Forest::read(pack).walk(pack, &look));
    let seconds = started.elapsed().as_secs_f64();
    let flagged = look.flagged.into_inner().expect("no thread failed");
    println!(
        "{name:<10} {seconds:6.2} s  {} objects  {} MB  {} flagged  {} unreadable",
        look.objects.into_inner(),
        look.bytes.into_inner() / 1_000_000,
        flagged.len(),
        look.corrupt.into_inner()
    );
    flagged
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let Some(folder) = arguments.iter().find(|a| !a.starts_with("--")) else {
        println!("usage: cargo bench --bench history -- REPOSITORY/.git/objects/pack [--whole]");
        return Ok(());
    };
    let mut packs = Vec::new();
    for entry in Path::new(folder).read_dir()? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "idx") {
            packs.push(Pack::open(&path, gix::hash::Kind::Sha1)?);
        }
    }
    let detector = Detector::new(Catalogue::load(&[RuleSource::Embedded])?.into());
    run("decode all", &packs, Pass::DecodeAll);
    run("decode", &packs, Pass::Decode);
    let traced = run("trace", &packs, Pass::Trace(&detector));
    if arguments.iter().any(|a| a == "--whole") {
        let whole = run("whole", &packs, Pass::Whole(&detector));
        println!("{}", if traced == whole { "the two ways flag the same blobs" } else { "the two ways DIFFER" });
    }
    Ok(())
}
