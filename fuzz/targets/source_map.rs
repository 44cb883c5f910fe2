//! Source maps: by themselves, and inline in a script.
#![no_main]

use cleansweep::source::source_map::{Reference, SourceMap, reference};
use cleansweep::span::Position;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let inline = match reference(data) {
        Some(Reference::Inline(range)) => {
            assert!(range.end <= data.len());
            SourceMap::inline(data, range)
        }
        _ => None,
    };
    for map in [SourceMap::parse(data), inline].into_iter().flatten() {
        let places: Vec<Position> =
            [(1, 1), (1, 80), (2, 1), (1000, 7)].iter().map(|&(line, column)| Position { line, column }).collect();
        assert_eq!(map.originals(&places).len(), places.len());
        let _ = map.contents().map(|(name, content)| name.len() + content.len()).sum::<usize>();
    }
});
