//! Whatever bytes are taken for a container: each member ends, what is given away stays within the limits, and no reader of ours panics,
//! which the walk itself holds and tells.
#![no_main]

use cleansweep::blob::{SkipReason, Skipped};
use cleansweep::source::container::{self, Limits, Member, Sink, Source};
use libfuzzer_sys::fuzz_target;

const TOTAL: u64 = 32 << 20;

const LIMITS: Limits =
    Limits { depth: 6, ratio: 250, total_bytes: TOTAL, members: 500, memory: 32 << 20, held: 8 << 20 };

/// Names that some kinds are told by, and one that says nothing.
const NAMES: &[&str] = &[
    "a", "a.zip", "a.docx", "a.eml", "a.ipynb", "a.pdf", "a.png", "a.jpg", "a.lzma", "a.lz4", "a.tar", "a.pyc",
    "a.wasm", "a.exe", "a.ser", "manifest.json", "a.mbox", "a.xml",
];

#[derive(Default)]
struct Met {
    members: u64,
}

impl Sink for Met {
    fn member(&mut self, member: Member<'_>) {
        self.members += 1;
        let mut buffer = [0; 4096];
        while matches!(member.reader.read(&mut buffer), Ok(1..)) {}
        assert!(member.path.starts_with('a') || member.path.starts_with("manifest"));
    }

    fn skipped(&mut self, skipped: Skipped) {
        assert!(skipped.reason != SkipReason::Internal, "{skipped:?}");
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let name = NAMES[usize::from(first >> 1) % NAMES.len()];
    let mut met = Met::default();
    if first & 1 == 0 {
        container::walk_bytes(bytes, name, &LIMITS, &mut met);
    } else {
        container::walk(Source::Stream(&mut &*bytes), name, &LIMITS, &mut met);
    }
    // Views and texts of our own come on top of the members that are counted.
    assert!(met.members <= 100 * LIMITS.members);
});
