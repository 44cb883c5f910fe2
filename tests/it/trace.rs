//! Searching only what an edit has made new gives what searching the whole gives, for any edits of any text.

use cleansweep::detect::{Scratch, Trace};
use cleansweep::span::Copied;
use proptest::prelude::*;

use crate::prefilter::{text, window};
use crate::support::sample;
use crate::support::secrets::detector;

/// A step of an edit.
#[derive(Clone, Debug)]
enum Edit {
    /// Copies what is between two places of the text before.
    Copy(prop::sample::Index, prop::sample::Index),
    /// Writes something new.
    Insert(Vec<u8>),
    /// Goes on copying where the last copy ended, with so many bytes left out: a seam within what was together.
    Skip(usize, prop::sample::Index),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let index = any::<prop::sample::Index>;
    let edit = prop_oneof![
        4 => (index(), index()).prop_map(|(a, b)| Edit::Copy(a, b)),
        2 => text().prop_map(Edit::Insert),
        2 => prop::collection::vec(any::<u8>(), 0..4).prop_map(Edit::Insert),
        4 => (0..40usize, index()).prop_map(|(skip, to)| Edit::Skip(skip, to)),
    ];
    prop::collection::vec(edit, 0..12)
}

/// The text that `edits` make of `base`, and what of it is copied, as a delta says it.
fn apply(base: &[u8], edits: &[Edit]) -> (Vec<u8>, Vec<Copied>) {
    let (mut made, mut copied): (Vec<u8>, Vec<Copied>) = (Vec::new(), Vec::new());
    let mut ended = 0;
    for edit in edits {
        let range = match edit {
            Edit::Insert(new) => {
                made.extend_from_slice(new);
                continue;
            }
            Edit::Copy(a, b) => {
                let (a, b) = (a.index(base.len() + 1), b.index(base.len() + 1));
                a.min(b)..a.max(b)
            }
            Edit::Skip(skip, to) => {
                let from = (ended + skip).min(base.len());
                from..from + to.index(base.len() - from + 1)
            }
        };
        if !range.is_empty() {
            copied.push(Copied { source: range.start, target: made.len(), length: range.len() });
            made.extend_from_slice(&base[range.clone()]);
        }
        ended = range.end;
    }
    (made, copied)
}

fn whole(text: &[u8]) -> Trace {
    detector().trace(&window(text, 0..text.len()), &mut Scratch::default())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_edit_is_searched_like_the_whole(first in text(), generations in prop::collection::vec(edits(), 1..4)) {
        let (mut base, mut known) = (first.clone(), whole(&first));
        for edits in generations {
            let (made, copied) = apply(&base, &edits);
            let window = window(&made, 0..made.len());
            let traced = detector().retrace(&window, &known, base.len(), &copied, &mut Scratch::default());
            prop_assert_eq!(&traced, &whole(&made));
            (base, known) = (made, traced);
        }
    }
}

#[test]
fn nothing_copied_and_all_copied() {
    let text = format!("token = '{}'", sample("github-pat-classic", 3));
    let text = text.as_bytes();
    let known = whole(text);
    let window = window(text, 0..text.len());
    let all = [Copied { source: 0, target: 0, length: text.len() }];
    for copied in [&all[..], &[]] {
        let traced = detector().retrace(&window, &known, text.len(), copied, &mut Scratch::default());
        assert_eq!(traced, known);
    }
    assert!(known.found().is_some());
}
