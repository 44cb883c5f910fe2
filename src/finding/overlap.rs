//! Of several matches on the same bytes, one is reported.
//!
//! A provider's rule tells more than a generic one, and so it is heard although the generic one may be surer. Of a password that a
//! provider's rule is unsure of by itself, what the generic one is sure of is kept: such a rule hides nothing.

use super::Candidate;

/// Sorts `candidates` by place and leaves, of those that overlap, the strongest: a provider's rule before a generic
/// one, then the higher score, then the longer one, then the first rule.
///
/// What is silenced hides nothing that is not: of those it is taken only where nothing else is. What is a part of another
/// credential, such as the id of a key, is left to that.
#[must_use]
pub fn resolve(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let (silenced, open): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|c| c.silence.is_some());
    let mut kept = strongest(open);
    let parts: std::collections::BTreeSet<_> = kept.iter().flat_map(|c| c.parts.iter().copied()).collect();
    kept.retain(|c| !parts.contains(&c.span));
    if silenced.is_empty() {
        return kept;
    }
    let mut silenced = strongest(silenced);
    silenced.retain(|c| {
        let before = kept.partition_point(|other| other.span.start < c.span.end);
        before == 0 || !kept[before - 1].span.overlaps(c.span)
    });
    kept.extend(silenced);
    kept.sort_by_key(|c| c.span);
    kept
}

fn strongest(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|a, b| {
        a.precedence
            .cmp(&b.precedence)
            .then(b.score.total().cmp(&a.score.total()))
            .then(b.span.len().cmp(&a.span.len()))
            .then(a.rule.cmp(&b.rule))
            .then(a.span.cmp(&b.span))
    });
    let mut kept: std::collections::BTreeMap<u64, Candidate> = std::collections::BTreeMap::new();
    for candidate in candidates {
        // Kept spans do not overlap each other, so only the last that starts before the end can.
        let mut before = kept.range_mut(..candidate.span.end).next_back();
        if let Some((_, other)) = &mut before
            && other.span == candidate.span
            && other.secret.is_guessable()
            && other.score.is_of_unsure_rule()
            && candidate.score.total() > other.score.total()
        {
            other.score.add(candidate.score.total() - other.score.total(), "what its name alone tells");
        }
        if before.is_none_or(|(_, other)| !other.span.overlaps(candidate.span)) {
            kept.insert(candidate.span.start, candidate);
        }
    }
    kept.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Score;
    use crate::finding::{LineHash, Snippet};
    use crate::rule::{Catalogue, Confidence, RuleIndex, RuleSource};
    use crate::secret::Secret;
    use crate::span::{Position, Span};

    fn candidate(rule: RuleIndex, start: u64, end: u64, generic: bool, confidence: Confidence) -> Candidate {
        let place = Position { line: 1, column: start + 1 };
        Candidate {
            rule,
            precedence: if generic { 2 } else { 0 },
            span: Span { start, end },
            secret: Secret::new(b"x", 0, true),
            score: Score::of_rule(confidence),
            facts: Vec::new(),
            encoded: None,
            shipped: None,
            start: place,
            end: place,
            snippet: Snippet::default(),
            line_hash: LineHash::default(),
            marker: None,
            source: None,
            binary: None,
            more: 0,
            parts: Vec::new(),
            seen: None,
            silence: None,
        }
    }

    #[test]
    fn a_vendor_rule_wins_then_the_score_then_the_length() {
        let rules = Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is sound");
        let rule = rules.find(&rules.rules()[0].id).expect("there are rules");
        let spans = |candidates| -> Vec<(u64, u64)> {
            resolve(candidates).iter().map(|c| (c.span.start, c.span.end)).collect()
        };
        use Confidence::{High, Low, Medium};
        assert_eq!(spans(vec![candidate(rule, 0, 9, true, High), candidate(rule, 2, 5, false, Low)]), [(2, 5)]);
        assert_eq!(spans(vec![candidate(rule, 0, 9, false, Low), candidate(rule, 2, 5, false, High)]), [(2, 5)]);
        assert_eq!(spans(vec![candidate(rule, 2, 5, false, High), candidate(rule, 0, 9, false, High)]), [(0, 9)]);
        let surer = resolve(vec![candidate(rule, 0, 9, true, Medium), candidate(rule, 0, 9, false, Low)]);
        assert_eq!((surer[0].precedence, surer[0].score.confidence()), (0, Some(Medium)));
        let mut key = candidate(rule, 20, 30, false, Medium);
        key.parts.push(Span { start: 2, end: 9 });
        assert_eq!(spans(vec![key.clone(), candidate(rule, 2, 9, false, Medium)]), [(20, 30)]);
        key.silence = Some(Box::new(crate::finding::Silence {
            by: crate::finding::SilencedBy::Comment,
            place: "a:1".into(),
            reason: "known".into(),
        }));
        assert_eq!(spans(vec![key, candidate(rule, 2, 9, false, Medium)]), [(2, 9), (20, 30)]);
        let apart = vec![
            candidate(rule, 20, 30, false, Medium),
            candidate(rule, 0, 9, false, Medium),
            candidate(rule, 8, 21, true, Medium),
        ];
        assert_eq!(spans(apart), [(0, 9), (20, 30)]);
    }
}
