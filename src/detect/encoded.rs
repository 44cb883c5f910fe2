//! Searching what is encoded in a text.

use std::collections::BTreeMap;
use std::ops::Range;

use super::decode::{Bounds, Cut, How, views_near};
use super::{Detector, Match, Scratch, Window};
use crate::rule::Confidence;

/// A secret that was not to be seen until something was decoded.
pub struct Hidden<'v> {
    /// What was found; its range is one of the decoded text.
    pub found: Match<'v>,
    /// All bytes of the window's text that it was made of: what must not be shown.
    pub original: Range<usize>,
    /// Where it is: the same, or, of what was compressed together with it, its own part.
    pub place: Range<usize>,
    /// How it was hidden, the outermost way first. Never empty.
    pub how: Vec<How>,
}

/// What decides between two matches on the same bytes: the rule's precedence, the lower the better, then the score.
type Rank = (u8, std::cmp::Reverse<i32>);

/// The best matches so far, apart from each other, by where they begin.
#[derive(Default)]
struct Told(BTreeMap<usize, (usize, Rank)>);

impl Told {
    /// Keeps a match unless one that is no worse has some of its bytes; those that are worse make room for it.
    fn keep(&mut self, range: &Range<usize>, rank: Rank) -> bool {
        let others = self.0.range(..range.end.max(range.start + 1)).rev();
        let overlapping = others.take_while(|(_, (end, _))| *end > range.start);
        let (mut starts, mut best) = (Vec::new(), true);
        for (start, (_, other)) in overlapping {
            starts.push(*start);
            best &= rank < *other;
        }
        if best {
            self.0.retain(|start, _| !starts.contains(start));
            self.0.insert(range.start, (range.end, rank));
        }
        best
    }
}

/// What was done about a window.
#[derive(Debug, Default)]
pub struct Decoding {
    /// What was not decoded.
    pub cut: Cut,
    /// The numbers of the plain matches that hidden secrets replace, in order: they are on the same bytes and worse.
    pub replaced: Vec<usize>,
}

impl Detector {
    /// Finds the secrets that are encoded in a window. `plain` is what [`Detector::scan`] finds there, in its order. What is in it
    /// already is not reported again; what a hidden secret shows to be only its cover is said to be replaced, such as the base64 of a
    /// password, or the first half of a token.
    ///
    /// Windows of one text overlap, and so may what is reported for them. `anchors` is what [`Scratch::anchors`] gives after the
    /// window was scanned. The caller says what was cut.
    pub fn scan_encoded(
        &self,
        window: &Window<'_>,
        (plain, anchors): (&[Match<'_>], &[usize]),
        scratch: &mut Scratch,
        report: &mut dyn FnMut(Hidden<'_>),
    ) -> Decoding {
        let (mut told, mut replaced) = (Told::default(), Vec::new());
        let longest = plain.iter().map(|found| found.range.len()).max().unwrap_or_default();
        let bounds = Bounds::of(window.core.len());
        let known = (bounds, Some(anchors));
        let cut = views_near(window.text, window.core.clone(), window.path, known, &mut |view| {
            let inner = Window { text: &view.bytes, core: 0..view.bytes.len(), path: view.path, binary: window.binary };
            for found in self.scan(&inner, scratch) {
                let how = view.how(&found.range);
                if how.is_empty() {
                    continue;
                }
                let place = view.place(found.range.clone());
                let covers = overlapping(plain, longest, &place);
                let better = covers.clone().all(|number| self.is_better(&found, &plain[number]));
                if better && told.keep(&place, self.rank(&found)) {
                    replaced.extend(covers);
                    report(Hidden { original: view.original(found.range.clone()), found, place, how });
                }
            }
        });
        replaced.sort_unstable();
        replaced.dedup();
        Decoding { cut, replaced }
    }

    fn rank(&self, found: &Match<'_>) -> Rank {
        (self.rules.get(found.rule).precedence(), std::cmp::Reverse(found.score.total()))
    }

    /// Whether a hidden secret tells more than a plain match that has some of the same bytes.
    fn is_better(&self, hidden: &Match<'_>, plain: &Match<'_>) -> bool {
        let likely = hidden.score.confidence() >= Some(Confidence::Medium);
        let generic = self.rules.get(plain.rule).generic;
        let (rank, other) = (self.rank(hidden), self.rank(plain));
        // Code looks more random than the value in it, which is why the score does not decide.
        hidden.secret != plain.secret && (rank < other || (generic && likely && rank.0 == other.0))
    }
}

/// The numbers of those of `plain`, which are in order of their start and no longer than `longest`, that share a byte with `place`.
fn overlapping(plain: &[Match<'_>], longest: usize, place: &Range<usize>) -> impl Iterator<Item = usize> + Clone {
    let first = plain.partition_point(|found| found.range.start + longest <= place.start);
    let near = plain[first..].iter().take_while(|found| found.range.start < place.end.max(place.start + 1));
    let numbers: Vec<usize> =
        (first..).zip(near).filter(|(_, found)| found.range.end > place.start).map(|(number, _)| number).collect();
    numbers.into_iter()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::detect::{PathKind, example};
    use crate::rule::{Catalogue, RuleSource};

    struct Found {
        rule: String,
        secret: Vec<u8>,
        original: Range<usize>,
        how: Vec<How>,
    }

    fn detector() -> Detector {
        Detector::new(Arc::new(Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is sound")))
    }

    fn sample(detector: &Detector, rule: &str) -> String {
        let index = detector.rules().find(rule).expect("the rule is there");
        example::sample(detector.rules().get(index), 7).expect("the rule has examples")
    }

    fn search(detector: &Detector, text: &str) -> Vec<Found> {
        let path = PathKind { config: true, ..PathKind::default() };
        let window = Window { text: text.as_bytes(), core: 0..text.len(), path, binary: false };
        let mut scratch = Scratch::default();
        let plain = detector.scan(&window, &mut scratch);
        let mut found = Vec::new();
        let anchors = scratch.anchors();
        let _ = detector.scan_encoded(&window, (&plain, &anchors), &mut scratch, &mut |hidden| {
            found.push(Found {
                rule: detector.rules().get(hidden.found.rule).id.clone(),
                secret: hidden.found.secret.to_vec(),
                original: hidden.original,
                how: hidden.how,
            });
        });
        found
    }

    #[test]
    fn hidden_secrets_are_found_where_they_stand() {
        let detector = detector();
        let token = sample(&detector, "github-pat-classic");
        let (half, rest) = token.split_at(20);
        for (before, hidden, after, how) in [
            ("token: ", STANDARD.encode(&token), "\n", How::Base64),
            ("kind: Secret\ndata:\n  token: ", STANDARD.encode(&token), "\n", How::KubernetesSecret),
            ("t = \"", format!("{half}\" + \"{rest}"), "\"", How::Joined),
            ("t = \"", token.replacen('_', "\\u005f", 1), "\"", How::UnicodeEscape),
            ("t: ", format!("{half}\x1b[1m{rest}"), "\x1b[0m\n", How::AnsiCodes),
        ] {
            let text = format!("{before}{hidden}{after}");
            let found = search(&detector, &text);
            let one = found.iter().find(|f| f.rule == "github-pat-classic").unwrap_or_else(|| panic!("{how:?}"));
            assert_eq!((&*one.secret, &one.how[..]), (token.as_bytes(), &[how][..]));
            assert_eq!(one.original, before.len()..before.len() + hidden.len(), "{how:?}");
        }
    }

    #[test]
    fn the_name_before_an_encoded_value_tells_what_it_is() {
        let detector = detector();
        let value = ["Tr0ub", "4dor-", "9xQ!"].concat();
        let text = format!("kind: Secret\ndata:\n  password: {}\n", STANDARD.encode(&value));
        let found = search(&detector, &text);
        assert!(found.iter().any(|f| f.secret == value.as_bytes() && f.how == [How::KubernetesSecret]));
        let text = format!("q=a%26password%3D{value}%26b");
        let found = search(&detector, &text);
        assert!(found.iter().any(|f| f.secret == value.as_bytes() && f.how == [How::Percent]), "{}", found.len());
    }

    #[test]
    fn what_is_seen_without_decoding_is_not_reported_twice() {
        let detector = detector();
        let token = sample(&detector, "github-pat-classic");
        for text in [
            format!("\"a\\u003cb\": \"{token}\""),
            format!("password%3D1%26t={token}"),
            format!("Authorization: Basic {}\n", STANDARD.encode("someone:Wr0ng-H0rse9")),
        ] {
            assert_eq!(search(&detector, &text).len(), 0, "{}", text.len());
        }
        // Deeper views show again what the first one showed.
        let text = format!("{{\"a\\u005c\\u0022:\\u0022{}\\u0022}}", token.replacen('_', "\\u005f", 1));
        assert_eq!(search(&detector, &text).len(), 1);
    }

    #[test]
    fn two_secrets_that_are_compressed_together_are_two() {
        use std::io::Write;
        let detector = detector();
        let rule = detector.rules().get(detector.rules().find("github-pat-classic").expect("the rule is there"));
        let tokens = [1, 2].map(|seed| example::sample(rule, seed).expect("the rule has examples"));
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        write!(encoder, "{{\"a\": \"{}\", \"b\": \"{}\"}}", tokens[0], tokens[1]).expect("memory can be written");
        let text = STANDARD.encode(encoder.finish().expect("memory can be written"));
        let found = search(&detector, &text);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|f| f.original == (0..text.len()) && f.how == [How::Gzip]));
    }

    #[test]
    fn of_matches_that_overlap_the_better_one_is_told() {
        let mut told = Told::default();
        let rank = |precedence, score| (precedence, std::cmp::Reverse(score));
        assert!(told.keep(&(10..20), rank(2, 50)));
        assert!(!told.keep(&(12..18), rank(2, 50)), "no better");
        assert!(told.keep(&(20..30), rank(2, 50)), "beside it");
        assert!(!told.keep(&(15..25), rank(2, 40)));
        assert!(told.keep(&(5..25), rank(0, 40)), "instead of both");
        assert!(told.keep(&(25..30), rank(2, 1)), "what gave way counts no more");
    }
}
