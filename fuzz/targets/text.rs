//! The rules on any text: what is found is in the text, and what is encoded there leads back to it.
#![no_main]

use std::sync::{Arc, LazyLock};

use cleansweep::detect::{Detector, PathKind, Scratch, Window};
use cleansweep::rule::{Catalogue, RuleSource};
use cleansweep::source::encoding::Encoding;
use cleansweep::source::wide::Wide;
use libfuzzer_sys::fuzz_target;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    Detector::new(Arc::new(Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is sound")))
});

fuzz_target!(|data: &[u8]| {
    let encoding = Encoding::sniff(data);
    let wide = Wide::of(data);
    let decoded = encoding.decode(data);
    for (text, binary) in [(&*decoded, encoding == Encoding::Binary), (&wide.text[..], true)] {
        let window = Window { text, core: 0..text.len(), path: PathKind::credulous(), binary };
        let mut scratch = Scratch::default();
        let plain = DETECTOR.scan(&window, &mut scratch);
        for found in &plain {
            assert!(found.whole.start <= found.range.start && found.range.end <= text.len());
            assert!(found.secret == &text[found.range.clone()]);
        }
        let anchors = scratch.anchors();
        let _ = DETECTOR.scan_encoded(&window, (&plain, &anchors), &mut scratch, &mut |hidden| {
            assert!(!hidden.how.is_empty() && hidden.original.end <= text.len() && hidden.place.end <= text.len());
        });
    }
    for at in (0..wide.text.len()).step_by(7) {
        assert!(wide.original(at) <= data.len());
    }
});
