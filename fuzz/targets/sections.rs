//! The sections of programs.
#![no_main]

use cleansweep::source::sections::Sections;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let sections = Sections::of(data);
    for offset in 0..data.len() as u64 {
        let _ = sections.at(offset);
    }
});
