//! Credentials that are drawn from the pattern of a rule, and made to pass its checks.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use regex_syntax::hir::{Capture, Class, Hir, HirKind};

use super::super::proof::{Proof, base36_checksum, base62_checksum, bech32_checksum, grafana_checksum, nkey_of, prove};
use super::super::{entropy, placeholder};
use crate::rule::{Check, Matcher, Rule};

/// A small generator of reproducible randomness (SplitMix64).
pub(super) struct Random {
    state: u64,
    /// Whether the shortest is drawn that can be.
    least: bool,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed, least: false }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
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
    drawn(rule, Random::new(seed))
}

/// The same, as short as the rule lets it be.
pub(super) fn shortest(rule: &Rule, seed: u64) -> Result<String, String> {
    drawn(rule, Random { state: seed, least: true })
}

fn drawn(rule: &Rule, mut random: Random) -> Result<String, String> {
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
        let sound = rule.checks.iter().all(|&c| !matches!(prove(c, secret.as_bytes()), Proof::Refuted(_)));
        if sound
            && entropy::shannon(secret.as_bytes()) >= rule.min_entropy
            && placeholder::generic(secret.as_bytes()).is_none()
        {
            return Ok(secret);
        }
    }
    Err(format!("`{}`: nothing drawn from its pattern passes its checks", rule.id))
}

/// The group named `secret`, else the first group.
pub(super) fn secret_part(hir: &Hir) -> Option<&Hir> {
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

pub(super) fn draw(hir: &Hir, random: &mut Random, out: &mut String) {
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
            let count = if random.least {
                min
            } else if max - min > 40 {
                min.max(24)
            } else {
                min + random.below(max - min + 1)
            };
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
        Check::GitlabCrc32 => gitlab(drawn, random),
        Check::GrafanaCrc32 => {
            let payload = &drawn[..drawn.rfind('_').unwrap_or_default()];
            format!("{payload}_{}", grafana_checksum(payload.as_bytes()))
        }
        Check::Bech32 => {
            let payload = &drawn[..drawn.len().saturating_sub(6)];
            let end = bech32_checksum(payload.as_bytes()).unwrap_or_default();
            format!("{payload}{}", String::from_utf8_lossy(&end))
        }
        // The kind `user`: https://pkg.go.dev/github.com/nats-io/nkeys
        Check::Nkey => nkey_of([18 << 3 | (20 << 3) >> 5, 0], &random.bytes(32)),
        Check::X25519 => {
            let mut key = random.bytes(32);
            key[0] &= 0xf8;
            key[31] = key[31] & 0x3f | 0x40;
            STANDARD.encode(key)
        }
        Check::Snowflake => {
            let number = 100_000_000_000_000_000 + random.next() % 900_000_000_000_000_000;
            let rest = drawn.split_once('.').map_or("", |(_, rest)| rest);
            format!("{}.{rest}", STANDARD.encode(number.to_string()))
        }
        Check::AwsKeyId | Check::Macaroon | Check::JsonFacts => drawn,
        Check::Base64Json if !drawn.contains("eyJ") => drawn,
        Check::Base64Json => {
            let at = drawn.find("eyJ").unwrap_or_default();
            let (prefix, body) = drawn.split_at(at);
            // What follows the object is its signature.
            let rest = body.find(['_', '.']).map_or("", |end| &body[end..]);
            let json = format!(r#"{{"k":"{}","n":"deploy","id":1,"e":"{}"}}"#, random.letters(32), random.letters(150));
            format!("{prefix}{}{rest}", STANDARD.encode(json))
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

/// A routable token of an organization, or one of the older kind as it was drawn.
fn gitlab(drawn: String, random: &mut Random) -> String {
    let Some((first, _)) = drawn.split_once('.') else { return drawn };
    let prefix = &first[..first.find('-').map_or(0, |at| at + 1)];
    let routing = [b"o:1\nu:2s", &random.bytes(16)[..], &[16]].concat();
    let payload = format!("{prefix}{}.11", URL_SAFE_NO_PAD.encode(&routing));
    format!("{payload}{}", String::from_utf8_lossy(&base36_checksum(payload.as_bytes())))
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
