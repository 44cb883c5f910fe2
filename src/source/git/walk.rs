//! A pack walked as the forest its deltas form: every object decoded once, each on top of the one it is made from, on all cores.
//!
//! A pack stores most objects as edits of others. Read one by one, a base is decoded again for each object made from
//! it; walked as families, each object is decoded exactly once, and what it copies from its base is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gix::objs::Kind;

use super::delta::{Applied, Corrupt};
use super::forest::Forest;
use super::pack::{Buffers, OBJECT_LIMIT, Pack};
use crate::blob::SkipReason;
use crate::span::Copied;

/// Families with at least so many members below one object are shared among threads.
const SPLIT: u32 = 64;

/// Small families that are handed out together.
const TOGETHER: usize = 256;

/// The most bytes of decoded objects that are kept for those made from them. Only a pack that was made to exhaust us needs more.
const KEPT: u64 = 1 << 30;

/// Looks at objects as they are decoded.
pub trait Visitor: Sync {
    /// What is remembered of an object for those made from it.
    type Seen: Send + Sync;

    /// What a thread uses again from one object to the next.
    type Tools: Default;

    /// Whether objects of a kind are wanted; of the others nothing is decoded.
    fn wants(&self, kind: Kind) -> bool;

    /// Looks at an object: all of it, or, where it was made from another, what is not `copied` from that.
    fn visit(&self, tools: &mut Self::Tools, object: &Object<'_>, base: Option<(&Self::Seen, &[Copied])>)
    -> Self::Seen;

    /// An object that could not be decoded, and the `below` that are made from it.
    fn unreadable(&self, number: u32, below: u32, reason: SkipReason, why: String);

    /// Whether to stop early.
    fn stop(&self) -> bool;
}

/// A decoded object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'o> {
    /// Its number in the pack.
    pub number: u32,
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub data: &'o [u8],
}

impl Forest {
    /// Hands every wanted object of `pack`, whose forest this is, to `visitor`, on all threads of the current pool.
    pub fn walk<V: Visitor>(&self, pack: &Pack, visitor: &V) {
        for (place, why) in &self.broken {
            visitor.unreadable(self.entries[*place as usize].number, 0, SkipReason::Corrupt, why.clone());
        }
        let kept = AtomicU64::new(0);
        let walk = Walk { pack, forest: self, visitor, kept: &kept };
        rayon::scope(|scope| {
            // The largest families first, so that no core is left alone with one at the end.
            let mut roots = self.roots.clone();
            roots.retain(|&root| visitor.wants(self.entries[root as usize].kind));
            roots.sort_by_key(|&root| std::cmp::Reverse(self.below[root as usize]));
            let few = roots.partition_point(|&root| self.below[root as usize] >= SPLIT);
            let small = roots.split_off(few);
            let walk = &walk;
            for root in roots {
                scope.spawn(move |scope| walk.families(scope, vec![(root, None)]));
            }
            for batch in small.chunks(TOGETHER) {
                let batch = batch.iter().map(|&root| (root, None)).collect();
                scope.spawn(move |scope| walk.families(scope, batch));
            }
        });
    }
}

/// A decoded object and what was seen of it, for those made from it.
struct Base<'w, S> {
    data: Vec<u8>,
    seen: S,
    kept: &'w AtomicU64,
}

impl<S> Drop for Base<'_, S> {
    fn drop(&mut self) {
        self.kept.fetch_sub(self.data.len() as u64, Ordering::Relaxed);
    }
}

type Waiting<'w, S> = (u32, Option<Arc<Base<'w, S>>>);

struct Walk<'w, V: Visitor> {
    pack: &'w Pack,
    forest: &'w Forest,
    visitor: &'w V,
    kept: &'w AtomicU64,
}

/// The buffers of one thread.
#[derive(Default)]
struct Decoder<T> {
    buffers: Buffers,
    raw: Vec<u8>,
    applied: Applied,
    tools: T,
}

impl<'w, V: Visitor> Walk<'w, V> {
    /// Decodes objects and all that are made from them. An explicit stack, since a forged pack can make a chain of any length.
    fn families<'s>(&'s self, scope: &rayon::Scope<'s>, mut waiting: Vec<Waiting<'w, V::Seen>>)
    where
        'w: 's,
    {
        let mut decoder = Decoder::default();
        while let Some((place, base)) = waiting.pop() {
            if self.visitor.stop() {
                return;
            }
            let seen = match self.decode(place, base.as_deref(), &mut decoder) {
                Ok(seen) => seen,
                Err((reason, why)) => {
                    self.unreadable(place, reason, why);
                    continue;
                }
            };
            let children = self.forest.children(place);
            if children.is_empty() {
                continue;
            }
            let data = match base {
                None => std::mem::take(&mut decoder.raw),
                Some(_) => std::mem::take(&mut decoder.applied.data),
            };
            drop(base);
            let len = data.len() as u64;
            let kept = self.kept.fetch_add(len, Ordering::Relaxed) + len;
            let decoded = Arc::new(Base { data, seen, kept: self.kept });
            if kept > KEPT {
                let why = "unpacking it takes more memory than is allowed";
                for &child in children {
                    self.unreadable(child, SkipReason::TooLarge, why.into());
                }
                continue;
            }
            let (large, small): (Vec<u32>, Vec<u32>) =
                children.iter().partition(|&&child| self.forest.below[child as usize] >= SPLIT);
            for &child in large.iter().skip(usize::from(small.is_empty())) {
                let decoded = decoded.clone();
                scope.spawn(move |scope| self.families(scope, vec![(child, Some(decoded))]));
            }
            let own = if small.is_empty() { &large[..1] } else { &small[..] };
            waiting.extend(own.iter().map(|&child| (child, Some(decoded.clone()))));
        }
    }

    fn unreadable(&self, place: u32, reason: SkipReason, why: String) {
        let (number, below) = (self.forest.entries[place as usize].number, self.forest.below[place as usize]);
        self.visitor.unreadable(number, below, reason, why);
    }

    fn decode(
        &self,
        place: u32,
        base: Option<&Base<'w, V::Seen>>,
        decoder: &mut Decoder<V::Tools>,
    ) -> Result<V::Seen, (SkipReason, String)> {
        let Decoder { buffers, raw, applied, tools } = decoder;
        let entry = &self.forest.entries[place as usize];
        let (number, kind) = (entry.number, entry.kind);
        self.pack.read_entry(entry.offset, buffers, raw)?;
        let Some(base) = base else {
            return Ok(self.visitor.visit(tools, &Object { number, kind, data: raw }, None));
        };
        applied.apply(&base.data, raw, OBJECT_LIMIT).map_err(broken)?;
        let object = Object { number, kind, data: &applied.data };
        Ok(self.visitor.visit(tools, &object, Some((&base.seen, &applied.copied))))
    }
}

/// What the ledger says of a delta that cannot be applied.
pub(super) fn broken(error: Corrupt) -> (SkipReason, String) {
    match error {
        Corrupt::TooLarge => (SkipReason::TooLarge, format!("more than the limit of {OBJECT_LIMIT} bytes")),
        error => (SkipReason::Corrupt, format!("its delta is broken: {error:?}")),
    }
}
