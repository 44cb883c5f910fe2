//! Times the engine on text made here: how fast bytes are searched when there is nothing to find, and when there is.
//!
//! `cargo bench`. For whole runs on real checkouts beside other programs see `benches/compare`.

use std::hint::black_box;
use std::sync::Arc;

use cleansweep::detect::{Detector, PathKind, Scratch, Window};
use cleansweep::rule::{Catalogue, RuleSource};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SIZE: usize = 4 << 20;

fn repeat(line: &str) -> String {
    line.repeat(SIZE / line.len() + 1)
}

fn benches(criterion: &mut Criterion) {
    let rules = Arc::new(Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is sound"));
    let detector = Detector::new(rules);
    let texts = [
        ("prose", repeat("The quick brown fox jumps over the lazy dog, and nothing else happens in this line.\n")),
        ("log", repeat("2026-11-22T10:00:00Z INFO worker-7 token accepted for user 4711, cache key miss in 12 ms\n")),
        ("code", repeat("    let password = config.get(\"db.password\").unwrap_or_default(); // read the secret\n")),
    ];
    let mut group = criterion.benchmark_group("scan");
    for (name, text) in &texts {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(*name, |bencher| {
            let mut scratch = Scratch::default();
            let path = PathKind::of("src/example.rs");
            bencher.iter(|| {
                let window = Window { text: text.as_bytes(), core: 0..text.len(), path, binary: false };
                black_box(detector.scan(&window, &mut scratch).len())
            });
        });
    }
    group.finish();
    criterion.bench_function("start", |bencher| {
        bencher.iter(|| {
            let rules = Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is sound");
            black_box(Detector::new(Arc::new(rules)))
        });
    });
}

criterion_group!(all, benches);
criterion_main!(all);
