//! What is encoded in any text: each view is as large as it may be, and every byte of it leads back into the text.
#![no_main]

use cleansweep::detect::PathKind;
use cleansweep::detect::decode::{Bounds, DEPTH, views};
use libfuzzer_sys::fuzz_target;

/// In how many ways a value can be hidden.
const WAYS: usize = 17;

fuzz_target!(|data: &[u8]| {
    let Some((&first, text)) = data.split_first() else { return };
    let path = PathKind { code: first & 1 != 0, config: first & 2 != 0, ..PathKind::default() };
    let start = if first & 4 != 0 { text.len() / 3 } else { 0 };
    let core = start..text.len() - if first & 8 != 0 { (text.len() - start) / 4 } else { 0 };
    let bounds = Bounds { total: 4 << 20, view: 1 << 20 };
    let (mut given, mut count) = (0, 0);
    let _ = views(text, core, path, bounds, &mut |view| {
        given += view.bytes.len();
        count += 1;
        if count > 200 {
            return;
        }
        let len = view.bytes.len();
        for range in [0..len, 0..1.min(len), len / 2..(len / 2 + 1).min(len), len.saturating_sub(1)..len] {
            let original = view.original(range.clone());
            assert!(original.start <= original.end && original.end <= text.len(), "{range:?} {original:?}");
            let place = view.place(range.clone());
            assert!(place.start <= place.end && place.end <= text.len());
            // Several ways can be in one layer, each once.
            assert!(view.how(&range).len() <= WAYS * DEPTH);
            let _ = view.is_decoded(&range);
        }
    });
    assert!(given <= bounds.total);
});
