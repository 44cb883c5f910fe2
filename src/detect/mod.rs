//! From bytes to matches: one prefilter over all anchors, then each rule around its own hits,
//! then evidence for and against.

mod assign;
pub mod cost;
pub mod decode;
mod encoded;
mod entropy;
pub mod example;
mod expiry;
mod hidden_trace;
mod judge;
mod naturalness;
mod parts;
mod path;
mod personal;
mod placeholder;
mod prefilter;
mod proof;
mod score;
mod search;
mod sieve;
mod table;
mod trace;
mod url;

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use self::assign::Assignment;
pub use self::encoded::{Decoding, Hidden};
pub use self::expiry::EXPIRED;
pub use self::hidden_trace::HiddenTrace;
pub use self::parts::{Beside, Parts, parts};
pub use self::path::{PathKind, is_delivered};
use self::prefilter::{Hit, Joined, Prefilter};
pub use self::proof::Fact;
use self::proof::Proof;
pub use self::score::{Evidence, Score};
pub use self::trace::Trace;
use crate::rule::{Compiled, MAX_REACH, Matcher, Pattern, Rule, RuleIndex, RuleSet};

/// How far a match can reach beyond the anchor that leads to it; a text that is scanned in pieces needs this much on
/// both sides of what is searched for anchors.
pub const REACH: usize = MAX_REACH;

/// An anchor of so many bytes tells a token that nothing else tells, not even where it begins.
const TELLING: usize = 5;

/// How far before a value the provider's name may stand.
const NEAR: usize = 80;

/// A piece of a text.
#[derive(Clone, Debug)]
pub struct Window<'b> {
    /// The piece with its surroundings.
    pub text: &'b [u8],
    /// The piece itself: anchors that end in it are followed.
    pub core: Range<usize>,
    /// What kind of file it is from.
    pub path: PathKind,
    /// Whether it is from a file that is no text, in which only strings are read.
    pub binary: bool,
}

/// A secret found in a window. It borrows the value and therefore has no `Debug`.
#[derive(Clone)]
pub struct Match<'b> {
    /// The rule that found it.
    pub rule: RuleIndex,
    /// The secret's place in the window's text.
    pub range: Range<usize>,
    /// All that the rule matched: the secret and what tells that it is one.
    pub whole: Range<usize>,
    /// The secret.
    pub secret: &'b [u8],
    /// How many of its first bytes all of its kind share.
    pub public_prefix: usize,
    /// The evidence.
    pub score: Score,
    /// What it tells about itself.
    pub facts: Vec<Fact>,
}

/// Rules made ready for scanning. Cheap to share between threads.
#[derive(Debug)]
pub struct Detector {
    rules: Arc<RuleSet>,
    prefilter: Prefilter,
    searches: bool,
    personal: Option<personal::Finder>,
    now: Option<Timestamp>,
}

/// Buffers that are reused from one window to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    hits: Vec<Hit>,
    joined: Joined,
    awake: Vec<RuleIndex>,
    cut: bool,
}

impl Scratch {
    /// Where the anchors begin that were found in the last window, in order.
    #[must_use]
    pub fn anchors(&self) -> Vec<usize> {
        let mut anchors: Vec<usize> = self.hits.iter().map(|hit| hit.start).collect();
        anchors.sort_unstable();
        anchors.dedup();
        anchors
    }
}

impl Detector {
    /// Builds the automaton over the anchors of `rules`.
    #[must_use]
    pub fn new(rules: Arc<RuleSet>) -> Self {
        let prefilter = Prefilter::new(&rules);
        let searches = rules.rules().iter().any(|rule| rule.search().is_some_and(|search| search.regex().is_some()));
        let personal = personal::Finder::new(&rules);
        Self { rules, prefilter, searches, personal, now: None }
    }

    /// With the time it is, so that what has ended is told from what has not.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        Self { now: Some(now), ..self }
    }

    /// Names the facts of what has ended [`EXPIRED`], if it is known what time it is.
    pub fn judge_expiry(&self, facts: &mut [Fact]) {
        if let Some(now) = self.now {
            expiry::judge(facts, now);
        }
    }

    /// The rules it looks for.
    #[must_use]
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// Finds the secrets of a window, in order of place and rule. Where two overlap both are given: which one
    /// wins is decided once the whole text has been seen.
    #[must_use]
    pub fn scan<'b>(&self, window: &Window<'b>, scratch: &mut Scratch) -> Vec<Match<'b>> {
        self.prefilter.find(window.text, window.core.clone(), &mut scratch.hits);
        let mut found = self.verify(window, &scratch.hits);
        if self.searches_texts() {
            self.search(window, scratch, &mut found);
            in_order(&mut found);
        }
        if let Some(personal) = &self.personal {
            scratch.cut |= personal.find(window, &mut found);
            in_order(&mut found);
        }
        found
    }

    /// What [`Detector::scan`] finds, found without the prefilter: every anchor is looked for at every place. Only for
    /// proving that the prefilter loses nothing.
    #[must_use]
    pub fn scan_slowly<'b>(&self, window: &Window<'b>) -> Vec<Match<'b>> {
        let mut hits = Vec::new();
        for (anchor, entry) in self.rules.anchors().iter().enumerate() {
            let needle = entry.folded.as_bytes();
            for (start, bytes) in window.text.windows(needle.len()).enumerate() {
                if bytes.eq_ignore_ascii_case(needle) && window.core.contains(&(start + needle.len() - 1)) {
                    hits.push(Hit { start, anchor });
                }
            }
        }
        let mut found = self.verify(window, &hits);
        if self.searches_texts() {
            self.search(window, &mut Scratch { hits, ..Scratch::default() }, &mut found);
            in_order(&mut found);
        }
        found
    }

    fn verify<'b>(&self, window: &Window<'b>, hits: &[Hit]) -> Vec<Match<'b>> {
        let mut found = Vec::new();
        hits.iter().for_each(|&hit| self.follow(window, hit, &mut found));
        in_order(&mut found);
        found
    }

    /// Asks every rule that waits for an anchor what it makes of it.
    fn follow<'b>(&self, window: &Window<'b>, hit: Hit, found: &mut Vec<Match<'b>>) {
        self.asked(window, hit).for_each(|at| at.follow(found));
    }

    /// The rules that wait for an anchor, at that anchor.
    fn asked<'w, 'b>(&'w self, window: &'w Window<'b>, hit: Hit) -> impl Iterator<Item = At<'w, 'b>> {
        let anchor = &self.rules.anchors()[hit.anchor];
        let range = hit.start..hit.start + anchor.folded.len();
        anchor.waiting.iter().filter_map(move |(exact, index)| {
            let spelled = exact.as_deref().is_none_or(|exact| &window.text[range.clone()] == exact.as_bytes());
            spelled.then(|| At { window, index: *index, rule: self.rules.get(*index), anchor: range.clone() })
        })
    }
}

/// Sorts matches by place and rule, each once.
fn in_order(found: &mut Vec<Match<'_>>) {
    found.sort_by_key(|m| (m.range.start, m.range.end, m.rule));
    found.dedup_by(|b, a| {
        let same = a.range == b.range && a.rule == b.rule;
        // Two anchors can lead to one value by a stronger and a weaker way.
        if same && b.score.total() > a.score.total() {
            std::mem::swap(a, b);
        }
        same
    });
}

/// A rule at one of its anchors.
struct At<'w, 'b> {
    window: &'w Window<'b>,
    index: RuleIndex,
    rule: &'w Rule,
    anchor: Range<usize>,
}

impl<'b> At<'_, 'b> {
    fn follow(&self, found: &mut Vec<Match<'b>>) {
        match &self.rule.matcher {
            Matcher::Text(pattern) => self.follow_text(pattern, found),
            Matcher::Value { value, name } => self.follow_value(value, name.as_ref(), found),
            Matcher::Url => self.follow_url(found),
            // They look at the whole text, once.
            Matcher::Search(_) | Matcher::Personal(_) => {}
        }
    }

    /// Where a match may lie: as far as the pattern reaches, and not beyond a NUL byte.
    fn bounds(&self, before: usize, after: usize) -> Range<usize> {
        let text = self.window.text;
        let start = self.anchor.start.saturating_sub(before);
        let end = (self.anchor.end + after).min(text.len());
        let start = memchr::memrchr(0, &text[start..self.anchor.start]).map_or(start, |at| start + at + 1);
        let end = memchr::memchr(0, &text[self.anchor.end..end]).map_or(end, |at| self.anchor.end + at);
        start..end
    }

    fn follow_text(&self, pattern: &Pattern, found: &mut Vec<Match<'b>>) {
        let Ok(compiled) = pattern.compiled() else { return };
        let bounds = self.bounds(compiled.reach.before, compiled.reach.after);
        let text = &self.window.text[..bounds.end];
        let mut from = bounds.start;
        while let Some(whole) = compiled.regex.find_at(text, from) {
            if whole.start() >= self.anchor.end {
                break;
            }
            if whole.end() > self.anchor.start && self.keep_match(compiled, text, whole.range(), found) {
                return;
            }
            // Matches never overlap, but the next may start inside one that missed the anchor.
            from = whole.start() + 1;
        }
        if self.window.binary {
            self.follow_adjoining(compiled, bounds.end, found);
        }
    }

    /// Compilers of Rust and Go write literals one behind the other, with nothing between them by which a pattern could tell where
    /// one begins and ends. So what begins with its anchor is tried once more as if it stood alone, as long as it can be.
    fn follow_adjoining(&self, compiled: &Compiled, end: usize, found: &mut Vec<Match<'b>>) {
        let start = self.anchor.start;
        let end = end.min(start.saturating_add(compiled.longest()));
        let alone = &self.window.text[start..end];
        let Some(whole) = compiled.regex.find(alone).filter(|whole| whole.start() == 0) else { return };
        let Some((secret, facts)) = groups(compiled, alone, 0).filter(|(secret, _)| !secret.is_empty()) else { return };
        let before = found.len();
        self.keep(start + secret.start..start + secret.end, start..start + whole.end(), None, found);
        // A few letters are in every large program by chance, with anything behind them.
        if self.anchor.len() < TELLING && !found[before..].iter().all(|found| found.score.is_proved()) {
            found.truncate(before);
        }
        for found in &mut found[before..] {
            found.score.add(-20, "nothing stands between it and what is beside it");
            found.facts.extend(facts.iter().cloned());
        }
        if found[before..].iter().any(|found| found.score.confidence().is_none()) {
            found.truncate(before);
        }
    }

    /// Keeps what matches, if it has a secret in it; says whether it has.
    fn keep_match(&self, compiled: &Compiled, text: &[u8], whole: Range<usize>, found: &mut Vec<Match<'b>>) -> bool {
        let Some((secret, facts)) = groups(compiled, text, whole.start).filter(|(secret, _)| !secret.is_empty()) else {
            return false;
        };
        let before = found.len();
        self.keep(secret, whole, None, found);
        found[before..].iter_mut().for_each(|found| found.facts.extend(facts.iter().cloned()));
        true
    }

    fn follow_value(&self, value: &Pattern, name: Option<&Pattern>, found: &mut Vec<Match<'b>>) {
        let text = self.window.text;
        let is_value = |range: &Range<usize>| value.compiled().is_ok_and(|c| c.is_whole(&text[range.clone()]));
        let own_name = assign::name_around(text, self.anchor.clone());
        let named = |range: &Range<usize>| {
            name.is_none_or(|p| p.compiled().is_ok_and(|c| c.regex.is_match(&text[range.clone()])))
        };
        if let Some(assignment) = assign::assignment(text, own_name.clone())
            // Such headers have a generic rule of their own.
            && !(assignment.scheme && self.rule.generic)
            && is_value(&assignment.value)
            && named(&assignment.name)
        {
            return self.keep(assignment.value.clone(), assignment.whole(), Some(&assignment), found);
        }
        if !self.rule.generic {
            let tells = |range: &Range<usize>| {
                if name.is_some() { named(range) } else { judge::names_a_secret(&text[range.clone()]) }
            };
            self.follow_nearby(own_name.end, &|name, value| is_value(value) && tells(name), found);
        }
    }

    /// The provider's name stands alone; the credential is in an assignment, argument or header soon after it.
    fn follow_nearby(
        &self,
        from: usize,
        fits: &dyn Fn(&Range<usize>, &Range<usize>) -> bool,
        found: &mut Vec<Match<'b>>,
    ) {
        let text = self.window.text;
        let end = self.bounds(0, NEAR + self.anchor.len()).end;
        let mut at = from;
        while at < end {
            let Some(skip) = text[at..end].iter().position(|&b| b.is_ascii_alphabetic()) else { return };
            let name = assign::name_around(text, at + skip..at + skip + 1);
            at = name.end.max(at + skip + 1);
            // What most words fail at comes first.
            if let Some(assignment) = assign::assignment(text, name)
                && fits(&assignment.name, &assignment.value)
            {
                return self.keep(assignment.value.clone(), assignment.whole(), Some(&assignment), found);
            }
        }
    }

    fn follow_url(&self, found: &mut Vec<Match<'b>>) {
        let Some(url) = url::userinfo(self.window.text, self.anchor.end.saturating_sub(3)..self.anchor.end) else {
            return;
        };
        let before = found.len();
        self.keep(url.password.clone(), self.anchor.start..url.password.end, None, found);
        if let [found] = &mut found[before..] {
            url.describe(self.window.text, found);
            judge::url_password(&mut found.score, &self.window.text[url.password], self.window.path);
        }
    }

    /// Weighs a candidate, which stands in `whole`, and keeps it unless something refutes it.
    fn keep(
        &self,
        range: Range<usize>,
        whole: Range<usize>,
        assignment: Option<&Assignment>,
        found: &mut Vec<Match<'b>>,
    ) {
        let secret = &self.window.text[range.clone()];
        if entropy::shannon(secret) < self.rule.min_entropy {
            return;
        }
        let mut score = Score::of_rule(self.rule.confidence);
        let mut facts = Vec::new();
        for &check in &self.rule.checks {
            match proof::prove(check, secret) {
                Proof::Sound(told) => {
                    score.add(20, score::PROVED);
                    facts.extend(told);
                }
                Proof::Weak(why, told) => {
                    score.add(-40, why);
                    facts.extend(told);
                }
                Proof::Unknown(told) => facts.extend(told),
                Proof::Refuted(_) => return,
            }
        }
        match (assignment, self.rule.generic) {
            (Some(assignment), true) => judge::generic(&mut score, self.window.text, assignment, self.window.path),
            (Some(assignment), false) => {
                let named = matches!(&self.rule.matcher, Matcher::Value { name: Some(_), .. });
                judge::vendor_value(&mut score, self.window.text, assignment, named, self.window.path);
            }
            (None, true) if !matches!(self.rule.matcher, Matcher::Url) => {
                judge::nameless(&mut score, secret, self.window.path)
            }
            (None, _) => judge::vendor(&mut score, secret),
        }
        if self.window.binary && assignment.is_some() {
            score.add(-30, "in a file that is no text");
        }
        if score.confidence().is_none() {
            return;
        }
        let public_prefix = if range.start == self.anchor.start { self.anchor.len() } else { 0 };
        found.push(Match { rule: self.index, range, whole, secret, public_prefix, score, facts });
    }
}

/// Where the secret is in the match that begins at `start`, and what other groups tell of it.
fn groups(compiled: &Compiled, text: &[u8], start: usize) -> Option<(Range<usize>, Vec<Fact>)> {
    let mut groups = compiled.regex.capture_locations();
    compiled.regex.captures_read_at(&mut groups, text, start)?;
    let (start, end) = groups.get(compiled.secret_group)?;
    let fact = |(group, name): &(usize, &'static str)| {
        let (from, to) = groups.get(*group)?;
        // A name that somebody gave to the secret itself tells nothing of it.
        let tells = from < to && !(from <= start && to >= end);
        tells.then(|| Fact::new(name, &String::from_utf8_lossy(&text[from..to])))
    };
    Some((start..end, compiled.facts.iter().filter_map(fact).collect()))
}
