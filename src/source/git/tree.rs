//! Trees: what folders hold, and what two of them differ in.

use gix::objs::tree::EntryMode;

/// An entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    pub(super) mode: u32,
    pub(super) name: &'t [u8],
    /// The name of the object.
    pub(super) id: &'t [u8],
}

impl Entry<'_> {
    pub(super) fn is_tree(&self) -> bool {
        self.kind().is_some_and(|mode| mode.is_tree())
    }

    /// A commit of another repository.
    pub(super) fn is_submodule(&self) -> bool {
        self.kind().is_some_and(|mode| mode.is_commit())
    }

    fn kind(&self) -> Option<EntryMode> {
        EntryMode::try_from(self.mode).ok()
    }

    /// Git sorts a folder as if its name ended with a slash.
    fn sorted_before(&self, other: &Self) -> bool {
        let key = |entry: &Self| entry.is_tree().then_some(&b'/');
        let left = self.name.iter().chain(key(self));
        left.lt(other.name.iter().chain(key(other)))
    }
}

/// Takes the first entry off a tree. `None` at its end, or where it is broken.
pub(super) fn next<'t>(rest: &mut &'t [u8], hash_len: usize) -> Option<Entry<'t>> {
    let blank = memchr::memchr(b' ', rest.get(..rest.len().min(12))?)?;
    let mode = rest[..blank].iter().try_fold(0u32, |mode, digit| {
        (b'0'..=b'7').contains(digit).then(|| mode.wrapping_mul(8) + u32::from(digit - b'0'))
    })?;
    let after = &rest[blank + 1..];
    let name = memchr::memchr(0, after)?;
    let id = after.get(name + 1..name + 1 + hash_len)?;
    *rest = &after[name + 1 + hash_len..];
    Some(Entry { mode, name: &after[..name], id })
}

/// Calls `changed` with every entry that differs: what stood there before, and what stands there now. `false` if one of the trees is
/// broken; what is before the break has been told.
pub(super) fn diff<'t>(
    old: &'t [u8],
    new: &'t [u8],
    hash_len: usize,
    mut changed: impl FnMut(Option<Entry<'t>>, Option<Entry<'t>>),
) -> bool {
    let (mut old, mut new) = skip_common(old, new, hash_len);
    loop {
        // What follows is the same to the end: nearly always after one entry.
        if old.len() == new.len() && old == new {
            return true;
        }
        let (mut after_old, mut after_new) = (old, new);
        let (left, right) = (next(&mut after_old, hash_len), next(&mut after_new, hash_len));
        if (left.is_none() && !old.is_empty()) || (right.is_none() && !new.is_empty()) {
            return false;
        }
        match (left, right) {
            (Some(a), Some(b)) if a.name == b.name && a.is_tree() == b.is_tree() => {
                if a.id != b.id || a.mode != b.mode {
                    changed(Some(a), Some(b));
                }
                (old, new) = (after_old, after_new);
            }
            (Some(a), Some(b)) if b.sorted_before(&a) => {
                changed(None, Some(b));
                new = after_new;
            }
            (Some(a), _) => {
                changed(Some(a), None);
                old = after_old;
            }
            (None, Some(b)) => {
                changed(None, Some(b));
                new = after_new;
            }
            (None, None) => return true,
        }
    }
}

/// Leaves out the entries that both begin with.
fn skip_common<'t>(old: &'t [u8], new: &'t [u8], hash_len: usize) -> (&'t [u8], &'t [u8]) {
    const STEP: usize = 256;
    let steps = old.chunks(STEP).zip(new.chunks(STEP)).take_while(|(a, b)| a == b).count();
    let same = (steps * STEP).min(old.len()).min(new.len());
    let mut rest = old;
    loop {
        let at = old.len() - rest.len();
        if next(&mut rest, hash_len).is_none() || old.len() - rest.len() > same {
            return (&old[at..], &new[at..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tree(entries: &[(&str, u8, bool)]) -> Vec<u8> {
        let mut sorted: Vec<_> = entries.to_vec();
        sorted.sort_by_key(|(name, _, folder)| format!("{name}{}", if *folder { "/" } else { "" }));
        let mut bytes = Vec::new();
        for (name, id, folder) in sorted {
            bytes.extend(if folder { &b"40000 "[..] } else { b"100644 " });
            bytes.extend(name.as_bytes());
            bytes.push(0);
            bytes.extend([id; 20]);
        }
        bytes
    }

    fn changes(old: &[u8], new: &[u8]) -> Vec<(String, Option<u8>, Option<u8>)> {
        let mut all = Vec::new();
        let sound = diff(old, new, 20, |a, b| {
            let name = a.or(b).expect("one side changed").name;
            all.push((String::from_utf8_lossy(name).into_owned(), a.map(|e| e.id[0]), b.map(|e| e.id[0])));
        });
        assert!(sound);
        all
    }

    #[test]
    fn added_removed_and_changed() {
        let old = tree(&[("a", 1, false), ("b", 2, true), ("c", 3, false)]);
        let new = tree(&[("a", 1, false), ("b", 9, true), ("d", 4, false)]);
        let change = |name: &str, old, new| (name.to_owned(), old, new);
        assert_eq!(
            changes(&old, &new),
            [change("b", Some(2), Some(9)), change("c", Some(3), None), change("d", None, Some(4))]
        );
        // A file that becomes a folder moves behind `b.txt`.
        let old = tree(&[("b", 1, false), ("b.txt", 2, false)]);
        let new = tree(&[("b", 1, true), ("b.txt", 2, false)]);
        assert_eq!(changes(&old, &new), [change("b", Some(1), None), change("b", None, Some(1))]);
        assert!(!diff(b"100644 a", b"", 20, |_, _| ()));
    }

    proptest! {
        #[test]
        fn what_differs_is_told_once(
            old in prop::collection::btree_map("[a-c.]{1,3}", (any::<u8>(), any::<bool>()), 0..40),
            new in prop::collection::btree_map("[a-c.]{1,3}", (any::<u8>(), any::<bool>()), 0..40),
        ) {
            let entries = |map: &std::collections::BTreeMap<String, (u8, bool)>| -> Vec<(String, u8, bool)> {
                map.iter().map(|(name, (id, folder))| (name.clone(), *id, *folder)).collect()
            };
            let (old, new) = (entries(&old), entries(&new));
            let borrowed = |all: &[(String, u8, bool)]| {
                tree(&all.iter().map(|(name, id, folder)| (&**name, *id, *folder)).collect::<Vec<_>>())
            };
            let mut told = changes(&borrowed(&old), &borrowed(&new));
            told.sort();
            let mut expected = Vec::new();
            for (name, id, folder) in &old {
                match new.iter().find(|(other, _, f)| other == name && f == folder) {
                    Some((_, other, _)) if other == id => {}
                    Some((_, other, _)) => expected.push((name.clone(), Some(*id), Some(*other))),
                    None => expected.push((name.clone(), Some(*id), None)),
                }
            }
            for (name, id, folder) in &new {
                if !old.iter().any(|(other, _, f)| other == name && f == folder) {
                    expected.push((name.clone(), None, Some(*id)));
                }
            }
            expected.sort();
            prop_assert_eq!(told, expected);
        }
    }
}
