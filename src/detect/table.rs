//! An automaton as a full table, searched at several places of a text at once.
//!
//! A step waits for the one before, so one search leaves most of a core idle: four run side by side. A step is a load of
//! the byte's class, an OR, an AND and a load of the next state. The AND does two things: it takes off the mark of a match, and,
//! the table's length being a power of two known when this is compiled, it shows that no bound need be checked.

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton, StateID};

/// A state is where its row begins; this bit says that an anchor ends there.
const MATCH: u32 = 1 << 31;

const LANES: usize = 4;

/// A full table of `N` entries, `N` a power of two.
#[derive(Debug)]
struct Full<const N: usize> {
    next: Box<[u32; N]>,
    /// The column of each byte.
    classes: [u8; 256],
    /// For each row the patterns that end there.
    matches: Vec<Box<[u32]>>,
    /// The width of a row, as a power of two.
    shift: u32,
    /// How many bytes of a pattern can stand before the one it ends with.
    margin: usize,
}

/// A full table of any of the sizes that are compiled.
#[derive(Debug)]
pub(super) struct Table(Sized);

macro_rules! sizes {
    ($($name:ident = $bits:literal),*) => {
        #[derive(Debug)]
        enum Sized { $($name(Full<{ 1 << $bits }>)),* }

        impl Table {
            fn of(rows: Rows) -> Option<Self> {
                $(if rows.next.len() <= 1 << $bits {
                    return Some(Self(Sized::$name(rows.fit())));
                })*
                None
            }

            /// Calls `report(end, pattern)` for every pattern that ends in `text` after its first `before` bytes, which belong to what
            /// was searched already.
            pub(super) fn find(&self, text: &[u8], before: usize, report: &mut impl FnMut(usize, usize)) {
                match &self.0 { $(Sized::$name(full) => full.find(text, before, report)),* }
            }
        }
    };
}

sizes!(
    Bits12 = 12,
    Bits14 = 14,
    Bits16 = 16,
    Bits17 = 17,
    Bits18 = 18,
    Bits19 = 19,
    Bits20 = 20,
    Bits21 = 21,
    Bits22 = 22
);

impl Table {
    /// Unrolls `automaton`, which finds `patterns` in any case; `None` if it is too large.
    pub(super) fn build(automaton: &impl Automaton, patterns: &[String]) -> Option<Self> {
        Self::of(Rows::of(automaton, patterns))
    }
}

/// A table while it is made.
struct Rows {
    next: Vec<u32>,
    classes: [u8; 256],
    matches: Vec<Box<[u32]>>,
    shift: u32,
    margin: usize,
}

impl Rows {
    fn of(automaton: &impl Automaton, patterns: &[String]) -> Self {
        let (classes, members) = classes(patterns);
        let width = members.len().next_power_of_two();
        let start = automaton.start_state(Anchored::No).expect("built for unanchored search");
        let margin = patterns.iter().map(String::len).max().unwrap_or(1) - 1;
        let mut rows = Self { next: Vec::new(), classes, matches: Vec::new(), shift: width.ilog2(), margin };
        // By the number of a state, none of which is much larger than there are transitions.
        let mut row_of: Vec<Option<u32>> = Vec::new();
        let mut row = |state: StateID, new: &mut dyn FnMut() -> u32| {
            if row_of.len() <= state.as_usize() {
                row_of.resize(state.as_usize() + 1, None);
            }
            *row_of[state.as_usize()].get_or_insert_with(new)
        };
        row(start, &mut || 0);
        let mut waiting = vec![start];
        let mut at = 0;
        while at < waiting.len() {
            let state = waiting[at];
            at += 1;
            let patterns = if automaton.is_match(state) { automaton.match_len(state) } else { 0 };
            rows.matches.push((0..patterns).map(|i| automaton.match_pattern(state, i).as_u32()).collect());
            for column in 0..width {
                let byte = members.get(column).copied().unwrap_or(members[0]);
                let next = automaton.next_state(Anchored::No, state, byte);
                let row = row(next, &mut || {
                    waiting.push(next);
                    ((waiting.len() - 1) * width) as u32
                });
                rows.next.push(row | if automaton.is_match(next) { MATCH } else { 0 });
            }
        }
        rows
    }

    fn fit<const N: usize>(mut self) -> Full<N> {
        self.next.resize(N, 0);
        let next = self.next.into_boxed_slice().try_into().expect("resized to the length");
        let Self { classes, matches, shift, margin, .. } = self;
        Full { next, classes, matches, shift, margin }
    }
}

/// Bytes that no pattern tells apart share a class. For each byte its class, and for each class one of its bytes.
fn classes(patterns: &[String]) -> ([u8; 256], Vec<u8>) {
    let mut used = [false; 256];
    patterns.iter().flat_map(|p| p.bytes()).for_each(|byte| used[usize::from(byte.to_ascii_lowercase())] = true);
    let other = (0..=u8::MAX).find(|&byte| !used[usize::from(byte.to_ascii_lowercase())]).unwrap_or_default();
    let mut members = vec![other];
    let mut classes = [0; 256];
    for byte in (0..=u8::MAX).filter(|&byte| used[usize::from(byte)]) {
        classes[usize::from(byte)] = members.len() as u8;
        classes[usize::from(byte.to_ascii_uppercase())] = members.len() as u8;
        members.push(byte);
    }
    (classes, members)
}

impl<const N: usize> Full<N> {
    #[inline(always)]
    fn step(&self, state: u32, byte: u8) -> u32 {
        self.next[(state | u32::from(self.classes[usize::from(byte)])) as usize & (N - 1)]
    }

    fn find(&self, text: &[u8], before: usize, report: &mut impl FnMut(usize, usize)) {
        let lane = match (text.len() - before) / LANES {
            // Beginning four lanes takes longer than going through the text once.
            short if short < 2 * self.margin => 0,
            lane => lane,
        };
        // A lane begins with what a pattern ending in it can have before it.
        let warm = |at: usize| text[at - self.margin.min(at)..at].iter().fold(0, |state, &byte| self.step(state, byte));
        let start = |i: usize| before + i * lane;
        let mut lanes: [&[u8]; LANES] = std::array::from_fn(|i| &text[start(i)..start(i + 1)]);
        let mut states = std::array::from_fn(|i| warm(start(i)));
        let mut done = 0;
        while let Some(steps) = self.until_match(lanes, &mut states) {
            done += steps;
            for (i, &state) in states.iter().enumerate().filter(|(_, state)| **state & MATCH != 0) {
                self.report(start(i) + done, state, report);
            }
            lanes = lanes.map(|lane| &lane[steps..]);
        }
        let rest = start(LANES);
        let mut state = states[LANES - 1];
        for (offset, &byte) in text[rest..].iter().enumerate() {
            state = self.step(state, byte);
            if state & MATCH != 0 {
                self.report(rest + offset + 1, state, report);
            }
        }
    }

    /// Searches the lanes, which have one length, side by side up to the first match; says after how many bytes. A loop
    /// without calls, on its own, so that all states stay in registers: in memory, each step takes twice as long.
    #[inline(never)]
    fn until_match(&self, [a, b, c, d]: [&[u8]; LANES], states: &mut [u32; LANES]) -> Option<usize> {
        let [mut s0, mut s1, mut s2, mut s3] = *states;
        let mut matched = None;
        for (offset, (((&a, &b), &c), &d)) in a.iter().zip(b).zip(c).zip(d).enumerate() {
            s0 = self.step(s0, a);
            s1 = self.step(s1, b);
            s2 = self.step(s2, c);
            s3 = self.step(s3, d);
            if (s0 | s1 | s2 | s3) & MATCH != 0 {
                matched = Some(offset + 1);
                break;
            }
        }
        *states = [s0, s1, s2, s3];
        matched
    }

    fn report(&self, end: usize, state: u32, report: &mut impl FnMut(usize, usize)) {
        for &pattern in &self.matches[((state & !MATCH) >> self.shift) as usize] {
            report(end, pattern as usize);
        }
    }
}
