//! What stands in every match of a pattern: the anchors of a rule that is made from one.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind};

/// More anchors than this are no help.
const MOST: usize = 64;

/// Literals in lower case, one of which is in every match of `hir`, in any case; none if there are no such of `shortest` bytes.
pub(super) fn required(hir: &Hir, shortest: usize) -> Option<BTreeSet<String>> {
    let found = one_of(hir).filter(|found| found.len() <= MOST)?;
    found.iter().all(|literal| literal.len() >= shortest).then_some(found)
}

/// Literals one of which is in every match.
fn one_of(hir: &Hir) -> Option<BTreeSet<String>> {
    match hir.kind() {
        HirKind::Capture(capture) => one_of(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => one_of(&repetition.sub),
        HirKind::Alternation(parts) => {
            let mut all = BTreeSet::new();
            for part in parts {
                all.extend(one_of(part)?);
            }
            Some(all)
        }
        HirKind::Concat(parts) => best(of_parts(parts)),
        _ => best(of_parts(std::slice::from_ref(hir))),
    }
}

/// What each part gives, and what neighbours give together: `[Aa][Cc]me` is a literal of four parts.
fn of_parts(parts: &[Hir]) -> Vec<BTreeSet<String>> {
    let (mut all, mut run) = (Vec::new(), String::new());
    let mut end_run = |run: &mut String| {
        if !run.is_empty() {
            all.push(BTreeSet::from([std::mem::take(run)]));
        }
    };
    let mut others = Vec::new();
    for part in parts {
        match literal(part) {
            Some(text) => run.push_str(&text),
            None => {
                end_run(&mut run);
                if !matches!(part.kind(), HirKind::Look(_)) {
                    others.extend(match part.kind() {
                        HirKind::Class(_) | HirKind::Literal(_) | HirKind::Empty => None,
                        _ => one_of(part),
                    });
                }
            }
        }
    }
    end_run(&mut run);
    all.extend(others);
    all
}

/// The set whose shortest literal is longest.
fn best(sets: Vec<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    let shortest = |set: &BTreeSet<String>| set.iter().map(String::len).min().unwrap_or_default();
    sets.into_iter().filter(|set| !set.is_empty()).max_by_key(|set| (shortest(set), std::cmp::Reverse(set.len())))
}

/// The text of a part that is always the same but for the case of its letters.
fn literal(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            (text.is_ascii() && !text.contains('\0')).then(|| text.to_ascii_lowercase())
        }
        HirKind::Class(Class::Bytes(class)) => {
            let members: BTreeSet<u8> =
                class.ranges().iter().take(3).flat_map(|range| range.start()..=range.end()).map(|b| b.to_ascii_lowercase()).collect();
            let [member] = members.into_iter().collect::<Vec<u8>>()[..] else { return None };
            (member.is_ascii() && class.ranges().len() <= 2).then(|| char::from(member).to_string())
        }
        HirKind::Repetition(repetition) if Some(repetition.min) == repetition.max && repetition.min <= 16 => {
            literal(&repetition.sub).map(|text| text.repeat(repetition.min as usize))
        }
        HirKind::Capture(capture) => literal(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(literal).collect(),
        _ => None,
    }
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
            ("(?i)[0-9](acme)_(x|yy)=", &["acme_"]),
            ("(abc|abd)x?(abcdef)?", &["abc", "abd"]),
            (r"\b(?:tok_){1,2}[a-z]+", &["tok_"]),
            ("[a-f0-9]{32}", &[]),
            ("(?:abc)?[a-f0-9]{32}", &[]),
            ("(?:abc|[a-z])x", &[]),
            ("ab[0-9]cd", &[]),
            ("-{5}BEGIN", &["-----begin"]),
        ];
        for (pattern, expected) in cases {
            let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).expect("sound");
            let found: Vec<String> = required(&hir, 3).unwrap_or_default().into_iter().collect();
            assert_eq!(found, *expected, "{pattern}");
        }
    }
}
