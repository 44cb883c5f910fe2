//! The integration tests: one binary, so that the library is linked once.
//!
//! Every test is hermetic: it has its own home and folder, an empty environment and no network. No source file of the
//! tests holds a realistic credential; they are made from the rules, see [`support::secrets`].
#![expect(clippy::disallowed_methods, reason = "tests write files and start the program")]

mod architecture;
mod backends;
mod badinput;
mod badrules;
mod baseline;
mod bundles;
mod cli;
mod containers;
mod containers_bounds;
mod containers_damage;
mod containers_git;
mod encodings;
mod fingerprints;
mod gitleaks;
mod gitleaks_same;
mod history;
mod history_broken;
mod history_cache;
mod history_exact;
mod history_places;
mod hooks;
mod launch;
mod launch_given;
mod launch_monorepo;
mod launch_odd;
mod launch_ready;
mod leak;
mod logs;
mod near_misses;
mod output;
mod packs;
mod pii;
mod prefilter;
mod prepush;
mod rotate;
mod rules;
mod scan;
mod shows;
mod silence;
mod source_maps;
mod staged;
mod streams;
mod support;
mod syntaxes;
mod trace;

/// Every file beside this one is a module of it: a forgotten file would be tests that never run.
#[test]
fn no_test_file_is_forgotten() {
    let declared: Vec<&str> =
        include_str!("main.rs").lines().filter_map(|l| l.strip_prefix("mod ")?.strip_suffix(';')).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let mut present: Vec<String> = std::fs::read_dir(folder)
        .expect("the tests' folder can be read")
        .map(|entry| entry.expect("its entries can be read").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "main.rs" && name != "snapshots")
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .collect();
    present.sort();
    assert_eq!(declared, present, "the `mod` lines of main.rs, sorted, and the files beside it");
}
