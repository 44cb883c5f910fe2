//! The prefilter loses nothing: whatever the text, it leads to the same matches as looking for every anchor at every place.
//! And a text in pieces gives what the whole gives, as long as each piece has its surroundings.

use std::collections::BTreeSet;
use std::ops::Range;

use cleansweep::detect::{Match, PathKind, REACH, Scratch, Window, example};
use proptest::prelude::*;

use crate::support::secrets::{detector, rules, written};
use crate::support::{Random, sample};

/// A match without its borrow: rule, place, points.
type Seen = (String, Range<usize>, i32);

fn seen(found: &Match<'_>) -> Seen {
    (rules().get(found.rule).id.clone(), found.range.clone(), found.score.total())
}

pub(crate) fn window(text: &[u8], core: Range<usize>) -> Window<'_> {
    let path = PathKind { config: true, ..PathKind::default() };
    Window { text, core, path, binary: false }
}

fn quickly(text: &[u8], core: Range<usize>) -> Vec<Seen> {
    detector().scan(&window(text, core), &mut Scratch::default()).iter().map(seen).collect()
}

fn slowly(text: &[u8], core: Range<usize>) -> Vec<Seen> {
    detector().scan_slowly(&window(text, core)).iter().map(seen).collect()
}

/// Reads `text` in cores of `size` bytes with [`REACH`] on both sides, as a scan of a large file does.
///
/// Two anchors of one match can be in two pieces, one leading to it by a stronger way than the other; which counts is decided
/// when all pieces are known. So points are left out.
fn in_pieces(text: &[u8], size: usize) -> BTreeSet<(String, usize, usize)> {
    let mut found = BTreeSet::new();
    for start in (0..text.len()).step_by(size) {
        let end = (start + size).min(text.len());
        let (from, to) = (start.saturating_sub(REACH), (end + REACH).min(text.len()));
        let matches = quickly(&text[from..to], start - from..end - from);
        found.extend(matches.into_iter().map(|(rule, range, _)| (rule, range.start + from, range.end + from)));
    }
    found
}

#[test]
fn every_example_is_found_with_and_without_the_prefilter() {
    let mut failures = Vec::new();
    let mut matches = 0;
    for (file, rule) in written() {
        for text in example::texts(file, rule).expect("the rule has credentials") {
            let text = text.as_bytes();
            let quick = quickly(text, 0..text.len());
            matches += quick.len();
            if quick != slowly(text, 0..text.len()) {
                failures.push(rule.id.clone());
            }
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
    assert!(matches > written().count(), "{matches} matches: the examples are scanned");
}

#[test]
fn every_fixture_is_found_with_and_without_the_prefilter() {
    fn walk(folder: &std::path::Path, check: &mut impl FnMut(&std::path::Path)) {
        for entry in std::fs::read_dir(folder).expect("the fixtures can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() { walk(&path, check) } else { check(&path) }
        }
    }
    let mut files = 0;
    walk(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")), &mut |path| {
        files += 1;
        let text = std::fs::read(path).expect("a fixture can be read");
        assert_eq!(quickly(&text, 0..text.len()), slowly(&text, 0..text.len()), "{}", path.display());
    });
    assert!(files > 0, "there are fixtures");
}

#[test]
fn an_anchor_is_met_in_any_case_unless_it_says_otherwise() {
    let password = sample("generic-password", 3);
    let found =
        |text: String| quickly(text.as_bytes(), 0..text.len()).iter().any(|(rule, ..)| rule == "generic-password");
    for name in ["password", "PASSWORD", "Password", "pAsSwOrD", "dbPassWord"] {
        assert!(found(format!("{name} = \"{password}\"")), "{name}");
    }
    let token = sample("github-pat-classic", 3);
    let shouted = token.replacen("ghp_", "GHP_", 1);
    assert!(!quickly(shouted.as_bytes(), 0..shouted.len()).iter().any(|(rule, ..)| rule == "github-pat-classic"));
}

/// A piece of a generated text.
#[derive(Clone, Debug)]
enum Part {
    /// Any bytes.
    Noise(Vec<u8>),
    /// A literal that wakes rules, by its number.
    Anchor(usize),
    /// A credential of a rule, by the rule's number and a seed.
    Secret(usize, u64),
    /// An assignment of a credential to a name.
    Assigned(usize, u64),
    /// What joins and ends values.
    Glue(&'static str),
    /// A long stretch without anything, so that pieces have borders far from all else.
    Gap(usize),
}

fn part() -> impl Strategy<Value = Part> {
    const GLUE: &[&str] = &[
        " ", "\n", "\r\n", "\"", "'", " = ", ": ", "://", "@", "\0", ",", "\\n", "{", "}", "password", "secret", "_",
        "-", ".", "/",
    ];
    prop_oneof![
        3 => proptest::collection::vec(any::<u8>(), 0..24).prop_map(Part::Noise),
        3 => any::<prop::sample::Index>().prop_map(|i| Part::Anchor(i.index(rules().anchors().len()))),
        2 => (any::<prop::sample::Index>(), 0..4u64).prop_map(|(i, seed)| Part::Secret(i.index(rules().rules().len()), seed)),
        2 => (any::<prop::sample::Index>(), 0..4u64).prop_map(|(i, seed)| Part::Assigned(i.index(rules().rules().len()), seed)),
        4 => proptest::sample::select(GLUE).prop_map(Part::Glue),
        1 => (1..3000usize).prop_map(Part::Gap),
    ]
}

pub(crate) fn text() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(part(), 0..24).prop_map(|parts| {
        let mut text = Vec::new();
        for part in parts {
            match part {
                Part::Noise(bytes) => text.extend(bytes),
                Part::Anchor(n) => {
                    let anchor = &rules().anchors()[n];
                    let spelled = anchor.waiting.iter().find_map(|(exact, _)| exact.as_deref());
                    text.extend(spelled.unwrap_or(&anchor.folded).as_bytes());
                }
                Part::Secret(n, seed) => text.extend(sample(&rules().rules()[n].id, seed).as_bytes()),
                Part::Assigned(n, seed) => {
                    let rule = &rules().rules()[n];
                    let (name, secret) = (&rule.anchors[0], sample(&rule.id, seed));
                    text.extend(format!("\n{name}_key = \"{secret}\"\n").as_bytes());
                }
                Part::Glue(glue) => text.extend(glue.as_bytes()),
                Part::Gap(len) => text.extend(Random::new(len as u64).letters(len).as_bytes()),
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_found_with_and_without_the_prefilter(text in text()) {
        prop_assert_eq!(quickly(&text, 0..text.len()), slowly(&text, 0..text.len()));
    }

    #[test]
    fn any_core_of_a_text_is_found_with_and_without_the_prefilter(text in text(), cut in any::<(prop::sample::Index, prop::sample::Index)>()) {
        let (a, b) = (cut.0.index(text.len() + 1), cut.1.index(text.len() + 1));
        let core = a.min(b)..a.max(b);
        prop_assert_eq!(quickly(&text, core.clone()), slowly(&text, core));
    }

    #[test]
    fn pieces_give_what_the_whole_gives(text in text(), gap in 0..40_000usize, size in prop_oneof![1..64usize, 64..4096usize, Just(REACH), Just(REACH + 1)]) {
        // Longer than the surroundings of a piece, so that no piece is the whole.
        let mut long = Random::new(gap as u64).letters(gap).into_bytes();
        long.push(b'\n');
        long.extend_from_slice(&text);
        long.extend(Random::new(1).letters(REACH).into_bytes());
        let size = size.max(long.len() / 200);
        let whole = quickly(&long, 0..long.len());
        let whole: BTreeSet<_> = whole.into_iter().map(|(rule, range, _)| (rule, range.start, range.end)).collect();
        prop_assert_eq!(in_pieces(&long, size), whole);
    }
}
