//! A set of rules, indexed by their anchors.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::{Part, PartKnown, Pattern, Rule, Search};

/// A rule's place in its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(u32);

impl RuleIndex {
    /// Its number in [`RuleSet::rules`].
    #[must_use]
    pub fn number(self) -> usize {
        self.0 as usize
    }
}

/// A literal of the prefilter and the rules that wait for it.
#[derive(Debug)]
pub struct Anchor {
    /// The literal, in lower case.
    pub folded: String,
    /// Who waits, and the exact spelling for those who want it.
    pub waiting: Vec<(Option<String>, RuleIndex)>,
}

/// Rules with unique ids, and their anchors.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    anchors: Vec<Anchor>,
    everywhere: Vec<RuleIndex>,
    by_path: Vec<RuleIndex>,
    digest: OnceLock<String>,
}

impl RuleSet {
    /// Indexes `rules`. Of two with the same id, the later one replaces the earlier, so that a
    /// user's rule can replace one of the catalogue.
    #[must_use]
    pub fn new(mut rules: Vec<Rule>) -> Self {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        rules.dedup_by(|later, kept| {
            let same = later.id == kept.id;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        let mut waiting = Vec::new();
        let (mut everywhere, mut by_path) = (Vec::new(), Vec::new());
        for (index, rule) in rules.iter().enumerate() {
            let index = RuleIndex(u32::try_from(index).expect("fewer than four billion rules"));
            match rule.search() {
                Some(search) if search.regex().is_none() => by_path.push(index),
                Some(_) if rule.anchors.is_empty() => everywhere.push(index),
                _ => {}
            }
            for anchor in &rule.anchors {
                let folded = anchor.to_ascii_lowercase();
                let exact = (*anchor != folded).then(|| anchor.clone());
                waiting.push((folded, (exact, index)));
            }
        }
        // Those who wait for the same literal stay in their order.
        waiting.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut anchors: Vec<Anchor> = Vec::new();
        for (folded, one) in waiting {
            match anchors.last_mut().filter(|last| last.folded == folded) {
                Some(last) => last.waiting.push(one),
                None => anchors.push(Anchor { folded, waiting: vec![one] }),
            }
        }
        Self { rules, anchors, everywhere, by_path, digest: OnceLock::new() }
    }

    /// Rules that search a text whether or not it has some anchor.
    #[must_use]
    pub fn everywhere(&self) -> &[RuleIndex] {
        &self.everywhere
    }

    /// Rules that are about paths alone.
    #[must_use]
    pub fn by_path(&self) -> &[RuleIndex] {
        &self.by_path
    }

    /// The rules, sorted by id.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The anchors, sorted.
    #[must_use]
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// The rule at `index`.
    #[must_use]
    pub fn get(&self, index: RuleIndex) -> &Rule {
        &self.rules[index.0 as usize]
    }

    /// The rule with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<RuleIndex> {
        let found = self.rules.binary_search_by(|rule| rule.id.as_str().cmp(id)).ok()?;
        u32::try_from(found).ok().map(RuleIndex)
    }

    /// A digest of everything that decides what the set finds: equal digests find the same.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.digest.get_or_init(|| {
            let mut hash = Sha256::new();
            for rule in &self.rules {
                let Rule { id, severity, anchors, matcher, checks, min_entropy, confidence, guessable, parts, .. } =
                    rule;
                let patterns: Vec<&str> = rule.patterns().map(Pattern::source).collect();
                let kind = std::mem::discriminant(matcher);
                hash.update(format!("{id:?}{severity:?}{anchors:?}{kind:?}{patterns:?}{checks:?}"));
                hash.update(format!("{min_entropy:?}{confidence:?}{guessable:?}{}", rule.precedence()));
                for Part { fact, known } in parts {
                    let rule = if let PartKnown::Rule(rule) = known { rule } else { "" };
                    hash.update(format!("{fact}{rule:?}"));
                }
                if rule.publishable {
                    hash.update("publishable");
                }
                if let Some(Search { keywords, secret_group, entropy, written, .. }) = rule.search() {
                    hash.update(format!("{keywords:?}{secret_group}{entropy:?}{written:?}"));
                }
            }
            hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
        })
    }

    /// The same set with a digest that is known beforehand.
    pub(super) fn with_digest(mut self, digest: &str) -> Self {
        self.digest = OnceLock::from(digest.to_owned());
        self
    }
}
