//! What stands in every match of a pattern: the anchors of a rule that is made from one.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind};

/// More anchors than this are no help.
const MOST: usize = 64;

/// Most texts that one place of a pattern is followed into.
const VARIANTS: usize = 16;

/// Literals in lower case, one of which is in every match of `hir`, in any case; none if there are no such of `shortest` bytes. Those
/// are taken rather than others that have one of the `keywords` in them.
pub(super) fn required(hir: &Hir, shortest: usize, keywords: &[String]) -> Option<BTreeSet<String>> {
    let found = one_of(hir, keywords).filter(|found| found.len() <= MOST)?;
    found.iter().all(|literal| literal.len() >= shortest).then_some(found)
}

/// Literals one of which is in every match.
fn one_of(hir: &Hir, keywords: &[String]) -> Option<BTreeSet<String>> {
    match hir.kind() {
        HirKind::Capture(capture) => one_of(&capture.sub, keywords),
        HirKind::Repetition(repetition) if repetition.min > 0 => one_of(&repetition.sub, keywords),
        HirKind::Alternation(parts) => {
            let mut all = BTreeSet::new();
            for part in parts {
                all.extend(one_of(part, keywords)?);
            }
            Some(all)
        }
        HirKind::Concat(parts) => best(of_parts(parts, keywords), keywords),
        HirKind::Literal(_) | HirKind::Class(_) => exactly(hir),
        HirKind::Repetition(_) | HirKind::Empty | HirKind::Look(_) => None,
    }
}

/// What each part gives, and what neighbours give together: `[Aa][Cc]me` is a literal of four parts.
fn of_parts(parts: &[Hir], keywords: &[String]) -> Vec<BTreeSet<String>> {
    let mut all = Vec::new();
    let mut run: Option<BTreeSet<String>> = None;
    for part in parts {
        // Of a place, such as `\b`, nothing is in the match, but what stands around it is not apart.
        if matches!(part.kind(), HirKind::Look(_)) {
            continue;
        }
        let texts = exactly(part);
        match (run.take(), texts) {
            (Some(before), Some(texts)) if before.len() * texts.len() <= VARIANTS => {
                run = Some(joined(&before, &texts))
            }
            (before, texts) => {
                all.extend(before);
                if texts.is_none() {
                    all.extend(one_of(part, keywords));
                }
                run = texts;
            }
        }
    }
    all.extend(run);
    all
}

fn joined(before: &BTreeSet<String>, after: &BTreeSet<String>) -> BTreeSet<String> {
    before.iter().flat_map(|a| after.iter().map(move |b| format!("{a}{b}"))).collect()
}

/// The set with keywords in all its literals, of several the one whose shortest literal is longest.
fn best(sets: Vec<BTreeSet<String>>, keywords: &[String]) -> Option<BTreeSet<String>> {
    let has_keyword = |literal: &String| keywords.iter().any(|word| literal.contains(word.as_str()));
    let worth = |set: &BTreeSet<String>| {
        let shortest = set.iter().map(String::len).min().unwrap_or_default();
        (set.iter().all(has_keyword), shortest, std::cmp::Reverse(set.len()))
    };
    sets.into_iter().filter(|set| !set.is_empty()).max_by_key(worth)
}

/// The few texts that are all that a part matches, but for the case of letters.
fn exactly(hir: &Hir) -> Option<BTreeSet<String>> {
    let texts = match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            BTreeSet::from([text.to_ascii_lowercase()])
        }
        HirKind::Class(Class::Bytes(class)) if class.ranges().len() <= VARIANTS => {
            let members = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            members.map(|byte| char::from(byte.to_ascii_lowercase()).to_string()).collect()
        }
        HirKind::Repetition(repetition) if Some(repetition.min) == repetition.max && repetition.min <= 16 => {
            let [text] = &exactly(&repetition.sub)?.into_iter().collect::<Vec<_>>()[..] else { return None };
            BTreeSet::from([text.repeat(repetition.min as usize)])
        }
        HirKind::Capture(capture) => exactly(&capture.sub)?,
        HirKind::Concat(parts) => {
            let mut all = BTreeSet::from([String::new()]);
            for part in parts {
                all = joined(&all, &exactly(part)?);
                if all.len() > VARIANTS {
                    return None;
                }
            }
            all
        }
        HirKind::Alternation(parts) => {
            parts.iter().map(exactly).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect()
        }
        _ => return None,
    };
    let plain = |text: &String| text.is_ascii() && !text.contains('\0');
    (texts.len() <= VARIANTS && texts.iter().all(plain)).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_match_has_one_of_them() {
        let cases: &[(&str, &[&str])] = &[
            ("acme_[a-z]{8}", &["acme_"]),
            ("(?i)acme[a-z]{8}", &["acme"]),
            ("(?i)(?:acme|zenith).{0,20}=([a-z]{8})", &["acme", "zenith"]),
            ("(?i)[a-z0-9](acme)_(x|yy)=", &["acme_x=", "acme_yy="]),
            ("(abc|abd)x?(abcdef)?", &["abc", "abd"]),
            (r"\b(?:tok_){1,2}[a-z]+", &["tok_"]),
            ("gh[op]_[a-z]+", &["gho_", "ghp_"]),
            ("[a-f0-9]{32}", &[]),
            ("(?:abc)?[a-f0-9]{32}", &[]),
            ("(?:abc|[a-z])x", &[]),
            ("ab[a-z0-9]cd", &[]),
            ("-{5}BEGIN", &["-----begin"]),
            ("acme[a-z]tokens", &["acme"]),
        ];
        for (pattern, expected) in cases {
            let parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
            let found =
                required(&parser.clone().parse(pattern).expect("sound"), 3, &["acme".into()]).unwrap_or_default();
            assert_eq!(found.into_iter().collect::<Vec<_>>(), *expected, "{pattern}");
        }
    }
}
