//! The examples of rules: credentials made from a rule's own pattern, and what each rule says of its examples.
//!
//! No rule file holds a realistic credential, so that no push protection fires on it: `{secret}` in an example is
//! replaced by one that is drawn from the pattern with a fixed seed and given a valid checksum or structure.

mod draw;
mod near;

use std::sync::Arc;

use regex_syntax::hir::{Hir, HirKind};

pub use self::draw::sample;
use self::draw::{Random, draw, secret_part};
pub use self::near::{NearMiss, near_misses};
use super::{Detector, PathKind, Scratch, Window};
use crate::rule::syntax::{ProviderFile, RuleSyntax};
use crate::rule::{Confidence, Matcher, Rule, RuleSet};

/// An example that does not behave.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// A `hit` in which the rule does not find the secret.
    Missing,
    /// A `miss` in which the rule finds something, at the default confidence.
    Noisy,
}

/// A rule's example that does not behave, as it is written in the file.
#[derive(Debug, PartialEq, Eq)]
pub struct CaseFailure {
    /// The rule's id.
    pub rule: String,
    /// What is wrong.
    pub failure: Failure,
    /// The example.
    pub example: String,
}

/// Runs every example of `file` against its own rule.
///
/// # Errors
/// A rule that cannot be checked or compiled, or no credential can be made for.
pub fn run(file: &ProviderFile) -> Result<Vec<CaseFailure>, String> {
    let mut failures = Vec::new();
    for syntax in &file.rule {
        let rule = Rule::check(file, syntax)?;
        let secret = sample(&rule, 1)?;
        let detector = Detector::new(Arc::new(RuleSet::new(vec![rule])));
        let mut fail = |failure, example: &String| {
            failures.push(CaseFailure { rule: syntax.id.clone(), failure, example: example.clone() });
        };
        for example in &syntax.hit {
            let text = fill(example, &secret);
            if !found(&detector, &text, Confidence::Low)
                .iter()
                .any(|found| secret.ends_with(found) || !example.contains("{secret}"))
            {
                fail(Failure::Missing, example);
            }
        }
        for example in &syntax.miss {
            if !found(&detector, &fill(example, &secret), Confidence::Medium).is_empty() {
                fail(Failure::Noisy, example);
            }
        }
    }
    Ok(failures)
}

/// The text of every example of a rule, with credentials filled in.
///
/// # Errors
/// See [`sample`].
pub fn texts(file: &ProviderFile, syntax: &RuleSyntax) -> Result<Vec<String>, String> {
    let secret = sample(&Rule::check(file, syntax)?, 1)?;
    Ok(syntax.hit.iter().chain(&syntax.miss).map(|example| fill(example, &secret)).collect())
}

fn found(detector: &Detector, text: &str, least: Confidence) -> Vec<String> {
    let path = PathKind { config: true, ..PathKind::default() };
    let window = Window { text: text.as_bytes(), core: 0..text.len(), path, binary: false };
    let matches = detector.scan(&window, &mut Scratch::default());
    let shown = matches.iter().filter(|m| m.score.confidence() >= Some(least));
    shown.map(|m| String::from_utf8_lossy(m.secret).into_owned()).collect()
}

fn fill(example: &str, secret: &str) -> String {
    let short = &secret[..secret.char_indices().next_back().map_or(0, |(at, _)| at)];
    let uuid = uuid(&mut Random::new(2));
    example
        .replace("{secret}", secret)
        .replace("{short}", short)
        .replace("{broken}", &broken(secret))
        .replace("{uuid}", &uuid)
}

/// An id that is no secret.
fn uuid(random: &mut Random) -> String {
    let hex: String = random.bytes(16).iter().map(|b| format!("{b:02x}")).collect();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

/// The same credential with a wrong checksum or structure.
fn broken(secret: &str) -> String {
    let noise = |text: &str| -> String {
        let swap = |c: char| {
            if c.is_ascii_alphabetic() { char::from(b'a' + (c as u8).wrapping_mul(7).wrapping_add(3) % 26) } else { c }
        };
        text.chars().map(swap).collect()
    };
    if let Some((header, rest)) = secret.split_once('\n') {
        let (body, end) = rest.rsplit_once('\n').unwrap_or((rest, ""));
        return format!("{header}\n{}\n{end}", noise(body));
    }
    if let Some(rest) = secret.strip_prefix("eyJ") {
        return format!("eyJ{}", noise(rest));
    }
    let mut bytes = secret.to_owned().into_bytes();
    if let Some(last) = bytes.last_mut() {
        *last = if *last == b'a' { b'b' } else { b'a' };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text, with `{secret}` in it, in which a rule by itself finds its sample; none if none is drawn from its pattern.
#[must_use]
pub fn hit(file: &ProviderFile, syntax: &RuleSyntax) -> Option<String> {
    let Matcher::Text(pattern) = Rule::check(file, syntax).ok()?.matcher else { return None };
    let hir = pattern.hir().ok()?;
    (1..=DRAWN).find_map(|seed| {
        let mut text = String::new();
        draw_around(&hir, &mut Random::new(seed), &mut text);
        if secret_part(&hir).is_none() {
            text = "{secret}".into();
        }
        let rule = RuleSyntax { hit: vec![text.clone()], ..syntax.clone() };
        let alone = ProviderFile { rule: vec![rule], rotation: Vec::new(), ..file.clone() };
        (text.contains("{secret}") && run(&alone).is_ok_and(|failures| failures.is_empty())).then_some(text)
    })
}

/// How many texts are drawn before a rule is said to have none.
const DRAWN: u64 = 40;

/// Draws as little as can stand around the secret, and `{secret}` for it.
fn draw_around(hir: &Hir, random: &mut Random, out: &mut String) {
    match hir.kind() {
        HirKind::Capture(capture) if capture.name.as_deref() == Some("secret") => out.push_str("{secret}"),
        HirKind::Capture(capture) => draw_around(&capture.sub, random, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| draw_around(part, random, out)),
        HirKind::Alternation(parts) => draw_around(&parts[random.below(parts.len())], random, out),
        HirKind::Repetition(repetition) => {
            (0..repetition.min).for_each(|_| draw_around(&repetition.sub, random, out));
        }
        _ => draw(hir, random, out),
    }
}
