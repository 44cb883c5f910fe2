//! The examples of rules: credentials made from a rule's own pattern, and what each rule says of its examples.
//!
//! No rule file holds a realistic credential, so that no push protection fires on it: `{secret}` in an example is
//! replaced by one that is drawn from the pattern with a fixed seed and given a valid checksum or structure.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use regex_syntax::hir::{Capture, Class, Hir, HirKind};

use super::{Detector, PathKind, Scratch, Window, base62_checksum, entropy};
use crate::rule::syntax::{ProviderFile, RuleSyntax};
use crate::rule::{Check, Confidence, Matcher, Rule, RuleSet};

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
    let uuid = uuid(&mut Random(2));
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

/// A small generator of reproducible randomness (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    fn letters(&mut self, count: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..count).map(|_| char::from(LETTERS[self.below(LETTERS.len())])).collect()
    }
}

/// How many strings are drawn before a rule is said to have none that passes its own checks.
const TRIES: u64 = 5000;

/// A credential that `rule` finds; equal seeds give equal ones.
///
/// # Errors
/// The pattern is invalid, or nothing drawn from it passes the rule's checks.
pub fn sample(rule: &Rule, seed: u64) -> Result<String, String> {
    let mut random = Random(seed);
    let hir = match &rule.matcher {
        Matcher::Text(pattern) | Matcher::Value { value: pattern, .. } => Some(pattern.hir()?),
        Matcher::Url => None,
        Matcher::Personal(_) => return Err(format!("`{}`: it has no pattern", rule.id)),
        Matcher::Search(_) => return Err(format!("`{}`: such rules have no examples", rule.id)),
    };
    for _ in 0..TRIES {
        let mut secret = String::new();
        match &hir {
            Some(hir) => draw(secret_part(hir).unwrap_or(hir), &mut random, &mut secret),
            None => secret = random.letters(14),
        }
        for &check in &rule.checks {
            secret = proved(check, rule, secret, &mut random);
        }
        let sound =
            rule.checks.iter().all(|&c| !matches!(super::proof::prove(c, secret.as_bytes()), super::Proof::Refuted(_)));
        if sound
            && entropy::shannon(secret.as_bytes()) >= rule.min_entropy
            && super::placeholder::generic(secret.as_bytes()).is_none()
        {
            return Ok(secret);
        }
    }
    Err(format!("`{}`: nothing drawn from its pattern passes its checks", rule.id))
}

/// A text, with `{secret}` in it, in which a rule by itself finds its sample; none if none is drawn from its pattern.
#[must_use]
pub fn hit(file: &ProviderFile, syntax: &RuleSyntax) -> Option<String> {
    let Matcher::Text(pattern) = Rule::check(file, syntax).ok()?.matcher else { return None };
    let hir = pattern.hir().ok()?;
    (1..=DRAWN).find_map(|seed| {
        let mut text = String::new();
        draw_around(&hir, &mut Random(seed), &mut text);
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

/// The group named `secret`, else the first group.
fn secret_part(hir: &Hir) -> Option<&Hir> {
    fn walk<'h>(hir: &'h Hir, wanted: &dyn Fn(&Capture) -> bool) -> Option<&'h Hir> {
        match hir.kind() {
            HirKind::Capture(capture) if wanted(capture) => Some(&capture.sub),
            HirKind::Capture(capture) => walk(&capture.sub, wanted),
            HirKind::Repetition(repetition) => walk(&repetition.sub, wanted),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(|part| walk(part, wanted)),
            HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => None,
        }
    }
    walk(hir, &|c| c.name.as_deref() == Some("secret")).or_else(|| walk(hir, &|c| c.index == 1))
}

fn draw(hir: &Hir, random: &mut Random, out: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => out.push(character(class, random)),
        HirKind::Capture(capture) => draw(&capture.sub, random, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| draw(part, random, out)),
        HirKind::Alternation(parts) => draw(&parts[random.below(parts.len())], random, out),
        HirKind::Repetition(repetition) => {
            let min = repetition.min as usize;
            let max = repetition.max.map_or(min + 24, |max| max as usize);
            // Of a wide range something near the middle of what people use.
            let count = if max - min > 40 { min.max(24) } else { min + random.below(max - min + 1) };
            (0..count).for_each(|_| draw(&repetition.sub, random, out));
        }
    }
}

/// A character of the class; of a class that excludes a few characters, a letter or digit.
fn character(class: &Class, random: &mut Random) -> char {
    let members: Vec<char> = match class {
        Class::Bytes(class) => class.ranges().iter().flat_map(|r| r.start()..=r.end()).map(char::from).collect(),
        Class::Unicode(class) => class.ranges().iter().flat_map(|r| r.start()..=r.end()).take(256).collect(),
    };
    let plain: Vec<char> = members.iter().copied().filter(char::is_ascii_alphanumeric).collect();
    let choice = if members.len() > 80 && !plain.is_empty() { &plain } else { &members };
    choice[random.below(choice.len())]
}

/// Makes `drawn` pass a check, as far as the check does not come true by drawing again.
fn proved(check: Check, rule: &Rule, drawn: String, random: &mut Random) -> String {
    match check {
        Check::GithubCrc32 => {
            let body = drawn.rfind('_').map_or(0, |at| at + 1);
            let payload = &drawn[body..drawn.len().saturating_sub(6).max(body)];
            let checksum = base62_checksum(payload.as_bytes());
            format!("{}{payload}{}", &drawn[..body], String::from_utf8_lossy(&checksum))
        }
        Check::AwsKeyId | Check::Base64Json if !drawn.contains("eyJ") => drawn,
        Check::AwsKeyId => drawn,
        Check::Base64Json => {
            let prefix = &drawn[..drawn.find("eyJ").unwrap_or_default()];
            let json = format!(r#"{{"k":"{}","n":"deploy","id":1,"e":"{}"}}"#, random.letters(32), random.letters(150));
            format!("{prefix}{}", STANDARD.encode(json))
        }
        Check::Base64Len(len) => STANDARD.encode(random.bytes(len)),
        Check::BasicAuth => STANDARD.encode(format!("deploy:{}", random.letters(14))),
        Check::Jwt => {
            let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
            let claims =
                format!(r#"{{"iss":"https://login.acme.io","sub":"{}","iat":1700000000}}"#, random.letters(12));
            format!("{header}.{}.{}", URL_SAFE_NO_PAD.encode(claims), URL_SAFE_NO_PAD.encode(random.bytes(32)))
        }
        Check::PrivateKey => private_key(&rule.anchors[0], random),
    }
}

fn private_key(anchor: &str, random: &mut Random) -> String {
    let wrap = |bytes: &[u8]| -> String {
        let text = STANDARD.encode(bytes);
        text.as_bytes().chunks(64).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
    };
    if anchor.starts_with("PuTTY") {
        let (public, private) = (wrap(&random.bytes(279)), wrap(&random.bytes(600)));
        let mac: String = random.bytes(20).iter().map(|b| format!("{b:02x}")).collect();
        return format!(
            "{anchor}2: ssh-rsa\nEncryption: none\nComment: deploy\nPublic-Lines: 6\n{public}Private-Lines: 13\n{private}Private-MAC: {mac}"
        );
    }
    let (label, bytes) = match anchor {
        a if a.starts_with("ENCRYPTED") => {
            ("ENCRYPTED PRIVATE KEY", [&[0x30, 0x82, 0x02, 0x5c, 0x30, 0x40][..], &random.bytes(0x25c - 2)].concat())
        }
        a if a.starts_with("OPENSSH") => {
            ("OPENSSH PRIVATE KEY", [&b"openssh-key-v1\0\0\0\0\x04none"[..], &random.bytes(400)].concat())
        }
        a if a.starts_with("PGP") => ("PGP PRIVATE KEY BLOCK", [&[0x95][..], &random.bytes(600)].concat()),
        _ => ("RSA PRIVATE KEY", [&[0x30, 0x82, 0x02, 0x5c, 0x02, 0x01, 0x00][..], &random.bytes(0x25c - 3)].concat()),
    };
    format!("-----BEGIN {label}-----\n{}-----END {label}-----", wrap(&bytes))
}
