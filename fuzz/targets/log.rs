//! Logs: what is put together of pieces leads back to them, a journal ends, and a time stamp is one.
#![no_main]

use std::io::Read;

use cleansweep::source::log::joined::joined;
use cleansweep::source::log::journal::{JournalText, is_journal};
use cleansweep::source::log::stamp::Stamp;
use libfuzzer_sys::fuzz_target;

/// What a journal gives is no more than it is long, times what its compression can make of it.
const MOST: u64 = 64 << 20;

fuzz_target!(|data: &[u8]| {
    if is_journal(data) {
        let mut text = JournalText::new(data).take(MOST);
        let mut buffer = [0; 4096];
        while matches!(text.read(&mut buffer), Ok(1..)) {}
    }
    for piece in joined(data, 0..data.len()) {
        let len = piece.bytes.len();
        for range in [0..len, len / 2..len, 0..len / 2] {
            let original = piece.original(range.clone());
            assert!(original.start <= original.end && original.end <= data.len());
            let _ = piece.is_seamed(&range);
        }
    }
    for line in data.split(|&byte| byte == b'\n').take(64) {
        for at in [0, line.len() / 2, line.len()] {
            for stamp in [Stamp::of_line(line, at), Stamp::within(line, at)].into_iter().flatten() {
                assert!(!stamp.as_str().is_empty());
            }
        }
    }
});
