//! Source maps: by themselves, and inline in a script.
#![no_main]

use cleansweep::source::source_map::{Mapped, Seeker, SourceMap};
use cleansweep::span::Position;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut seeker = Seeker::new("a.js");
    data.chunks(7).for_each(|piece| seeker.push(piece));
    let inline = match (Mapped::of(data, "a.js"), seeker.finish()) {
        (Mapped::Inline(map, range), Mapped::Inline(_, same)) => {
            assert!(range == same && range.end <= data.len() as u64);
            Some(map)
        }
        (whole, pieces) => {
            assert_eq!(std::mem::discriminant(&whole), std::mem::discriminant(&pieces));
            None
        }
    };
    for map in [SourceMap::parse(data), inline].into_iter().flatten() {
        let places: Vec<Position> =
            [(1, 1), (1, 80), (2, 1), (1000, 7)].iter().map(|&(line, column)| Position { line, column }).collect();
        assert_eq!(map.originals(&places).len(), places.len());
        let _ = map.contents().map(|(name, content)| name.len() + content.len()).sum::<usize>();
    }
});
