//! What looks almost like a credential is none: near misses are drawn from the pattern of every rule.

use std::sync::Arc;

use cleansweep::detect::example::{self, NearMiss};
use cleansweep::detect::{Detector, PathKind, Scratch, Window};
use cleansweep::rule::{Matcher, Rule, RuleSet};

use crate::support::secrets::written;

/// What stands beside a literal in the programs of some compilers, with nothing in between.
const NEIGHBOURS: [&str; 2] = ["library/core/src/fmt/mod.rs", "attempt to add with overflow"];

/// What the rule by itself finds in `text`.
fn found(detector: &Detector, text: &str) -> Vec<String> {
    let path = PathKind { config: true, ..PathKind::default() };
    let window = Window { text: text.as_bytes(), core: 0..text.len(), path, binary: false };
    let matches = detector.scan(&window, &mut Scratch::default());
    matches.iter().map(|m| String::from_utf8_lossy(m.secret).into_owned()).collect()
}

/// Rules that find more than their form, and why.
const EXCEPTIONS: &[(&str, NearMiss, &str)] = &[
    ("gcp-service-account-key", NearMiss::BeforeLetter, BLOCK),
    ("mercury-api-token", NearMiss::AfterLetter, "the scheme before it is optional"),
    ("mercury-sandbox-token", NearMiss::AfterLetter, "the scheme before it is optional"),
    ("private-key-encrypted", NearMiss::AfterLetter, BLOCK),
    ("private-key-encrypted", NearMiss::BeforeLetter, BLOCK),
    ("private-key-openssh", NearMiss::AfterLetter, BLOCK),
    ("private-key-openssh", NearMiss::BeforeLetter, BLOCK),
    ("private-key-pem", NearMiss::AfterLetter, BLOCK),
    ("private-key-pem", NearMiss::BeforeLetter, BLOCK),
    ("private-key-pem", NearMiss::Short, BLOCK),
    ("private-key-pgp", NearMiss::AfterLetter, BLOCK),
    ("private-key-pgp", NearMiss::BeforeLetter, BLOCK),
    ("private-key-pgp", NearMiss::Short, BLOCK),
    ("private-key-putty", NearMiss::AfterLetter, BLOCK),
    ("private-key-putty", NearMiss::BeforeLetter, BLOCK),
];

const BLOCK: &str = "a block ends by itself, and a key whose last mark is damaged is still one";

#[test]
fn near_misses_are_not_found() {
    let mut failures = Vec::new();
    let mut tried = [0; 5];
    for (file, syntax) in written() {
        let rule = Rule::check(file, syntax).expect("it is sound");
        let detector = Detector::new(Arc::new(RuleSet::new(vec![Rule::check(file, syntax).expect("it is sound")])));
        for seed in 1..=2 {
            for (kind, miss) in example::near_misses(&rule, seed).expect("it can be drawn from") {
                tried[kind as usize] += 1;
                let excepted = EXCEPTIONS.iter().any(|(id, of, _)| *id == rule.id && *of == kind);
                for text in syntax.hit.iter().filter(|text| text.contains("{secret}")) {
                    let found = found(&detector, &text.replace("{secret}", &miss));
                    if !excepted && !found.is_empty() {
                        failures.push(format!("{} {kind:?}: {text}: {found:?} of {miss}", rule.id));
                    }
                }
            }
        }
    }
    failures.dedup();
    assert!(failures.is_empty(), "{} of {tried:?} are found:\n{}", failures.len(), failures.join("\n"));
    assert!(tried.iter().all(|tried| *tried > 10), "of each kind some are tried: {tried:?}");
}

#[test]
fn a_token_that_touches_its_neighbours_is_found_in_a_program() {
    let (mut tried, mut found, mut failures) = (0, 0, Vec::new());
    for (file, syntax) in written() {
        let rule = Rule::check(file, syntax).expect("it is sound");
        let detector = Detector::new(Arc::new(RuleSet::new(vec![Rule::check(file, syntax).expect("it is sound")])));
        let Matcher::Text(pattern) = &rule.matcher else { continue };
        let hir = pattern.hir().expect("it is sound");
        let fixed = hir.properties().minimum_len() == hir.properties().maximum_len();
        for seed in 1..=3 {
            let token = example::sample(&rule, seed).expect("it can be drawn from");
            let begins =
                |anchor: &&String| token.get(..anchor.len()).is_some_and(|start| start.eq_ignore_ascii_case(anchor));
            let Some(anchor) = rule.anchors.iter().filter(begins).max_by_key(|anchor| anchor.len()) else { continue };
            if !fixed {
                continue;
            }
            tried += 1;
            let [before, after] = NEIGHBOURS;
            let scan = |text: &str, binary| {
                let window = Window { text: text.as_bytes(), core: 0..text.len(), path: PathKind::default(), binary };
                let matches = detector.scan(&window, &mut Scratch::default());
                let found = matches.iter().find(|found| token.as_bytes() == &text.as_bytes()[found.whole.clone()]);
                found.map(|found| found.score.evidence().iter().any(|one| one.reason == "its structure is proved"))
            };
            let touching = format!("\0{before}{token}{after}\0");
            let alone = scan(&format!("\0{token}\0"), true);
            // Fewer letters tell nothing, unless there is a checksum.
            let expected = alone.filter(|proved| anchor.len() >= 5 || *proved);
            let (program, words) = (scan(&touching, true), scan(&touching, false));
            if program != expected || words.is_some() {
                failures.push(format!("{}: {token}: {program:?}, not {expected:?}", rule.id));
            }
            found += usize::from(program.is_some());
        }
    }
    assert!(failures.is_empty(), "{} of {tried}:\n{}", failures.len(), failures.join("\n"));
    assert!(found > 100, "{found} of {tried}");
}
