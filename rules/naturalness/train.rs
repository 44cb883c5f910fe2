//! Makes `trigrams.bin`, the table of `src/detect/naturalness.rs`, from text.
//!
//! ```text
//! cargo run --release --example train-naturalness -- TABLE INPUT...
//! ```
//!
//! An input is a folder (whose .rs .md .txt .c .h .py .js files count), such a file, or a list of words without an
//! extension. The table in the repository was made from these, in any order; the same inputs give the same bytes
//! (SHA-256 `3a53bce9f3e0ff2fa2de11e7b6f4a5aff17213641c83d1cdd70b0895e74c5e1f`):
//!
//! - `/usr/share/dict/words`: Debian's wamerican 2020.12.07-2 (public domain and permissive);
//! - `/usr/lib/python3.11`: Debian's libpython3.11-stdlib 3.11.2-6+deb12u6 (PSF licence);
//! - crates as unpacked in `~/.cargo/registry/src/*/` (MIT, Apache-2.0, Unlicense): aho-corasick-1.1.5 clap-4.6.7
//!   gix-0.90.0 ignore-0.4.34 indicatif-0.18.6 insta-1.49.0 libc-0.2.191 memchr-2.8.3 proptest-1.12.0 rayon-1.12.0
//!   regex-1.13.1 regex-automata-0.4.18 regex-syntax-0.8.11 ripgrep-15.2.0 schemars-1.2.3 serde-1.0.229
//!   serde_json-1.0.154 toml-1.2.1+spec-1.1.0.
//!
//! A token counts if two files have it, which drops hashes and test vectors, and counts by the logarithm of how many
//! do. The probability of a symbol after two others is interpolated with the one after one, and that with the plain
//! one (Witten-Bell).
#![expect(clippy::disallowed_methods, reason = "a tool of the repository, not of the scanner")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "../../src/detect/naturalness.rs"]
#[expect(dead_code, reason = "only the alphabet is used, so that there is one definition of it")]
mod naturalness;
use naturalness::{BOUNDARY, context, symbols};

/// How much the shorter context weighs, in occurrences for each symbol that was seen after the longer one.
const BACK_OFF: f64 = 8.0;
const SIZE: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = env::args_os().skip(1).map(PathBuf::from);
    let table = paths.next().ok_or("usage: train-naturalness TABLE INPUT...")?;
    let mut files_with = BTreeMap::new();
    for input in paths {
        if input.extension().is_none() && input.is_file() {
            for word in fs::read(&input)?.split(|&b| b == b'\n') {
                *files_with.entry(word.to_vec()).or_insert(0) += 2;
            }
        } else {
            read_texts(&input, &mut files_with)?;
        }
    }
    fs::write(table, costs(&count(&files_with)))?;
    Ok(())
}

/// Counts, for each token of the texts under `path`, the files that have it.
fn read_texts(path: &Path, files_with: &mut BTreeMap<Vec<u8>, u32>) -> Result<(), Box<dyn Error>> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if !entry.file_type()?.is_symlink() {
                read_texts(&entry.path(), files_with)?;
            }
        }
    } else if path.extension().is_some_and(|e| ["rs", "md", "txt", "c", "h", "py", "js"].iter().any(|x| e == *x)) {
        let text = fs::read(path)?;
        for token in tokens(&text).collect::<BTreeSet<_>>() {
            *files_with.entry(token.to_vec()).or_insert(0) += 1;
        }
    }
    Ok(())
}

/// Names, words, paths and numbers: what stands together without spaces, quotes or brackets.
fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| !b.is_ascii_alphanumeric() && !b"_-./:".contains(&b))
        .filter(|token| (2..=64).contains(&token.len()) && token.iter().any(u8::is_ascii_alphanumeric))
}

/// How often each symbol follows two others.
fn count(files_with: &BTreeMap<Vec<u8>, u32>) -> Vec<u64> {
    let mut counts = vec![0; SIZE * SIZE * SIZE];
    for (token, &files) in files_with {
        let letters = token.iter().filter(|b| b.is_ascii_alphabetic()).count();
        let digits = token.iter().filter(|b| b.is_ascii_digit()).count();
        if files < 2 || (letters > 0 && digits > letters) {
            continue;
        }
        let weight = u64::from(u32::BITS - files.leading_zeros());
        let (mut first, mut second) = (BOUNDARY, BOUNDARY);
        for symbol in symbols(token).chain([BOUNDARY]) {
            counts[usize::from(first) << 10 | usize::from(second) << 5 | usize::from(symbol)] += weight;
            (first, second) = context(second, symbol);
        }
        // Brackets and operators stand in rows.
        counts[0] += weight / 4;
    }
    counts
}

/// The costs in sixteenths of a bit, at most 255.
fn costs(counts: &[u64]) -> Vec<u8> {
    let mut pairs = vec![0; SIZE * SIZE];
    let mut singles = vec![0; SIZE];
    for (i, n) in counts.iter().enumerate() {
        pairs[i % (SIZE * SIZE)] += n;
        singles[i % SIZE] += n;
    }
    let plain = interpolate(&singles, &[1.0 / SIZE as f64; SIZE]);
    let after_one: Vec<_> = pairs.chunks(SIZE).map(|counts| interpolate(counts, &plain)).collect();
    let after_two = counts.chunks(SIZE).enumerate().map(|(i, counts)| interpolate(counts, &after_one[i % SIZE]));
    after_two.flatten().map(|probability| (-probability.log2() * 16.0).round().min(255.0) as u8).collect()
}

/// Probabilities of `counts`, with `shorter` for what is rare.
fn interpolate(counts: &[u64], shorter: &[f64]) -> Vec<f64> {
    let total = counts.iter().sum::<u64>() as f64;
    let weight = BACK_OFF * counts.iter().filter(|&&n| n > 0).count().max(1) as f64;
    counts.iter().zip(shorter).map(|(&n, shorter)| (n as f64 + weight * shorter) / (total + weight)).collect()
}
