//! DKIM signatures (RFC 6376), as far as they can be checked without the key, which is in DNS: what they sign, by which algorithm,
//! and whether the body is still the one that was signed.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::super::super::file::is_host;

/// One signature.
pub(super) struct Signature {
    /// Who signed, in small letters.
    pub(super) domain: String,
    /// Which of that domain's keys.
    pub(super) selector: String,
    /// The line of the field, from 1.
    pub(super) line: u32,
    /// Why nobody accepts it, whatever the key is.
    pub(super) fault: Option<&'static str>,
    /// Whether it stands for the beginning of the body only.
    pub(super) is_partial: bool,
    relaxed: bool,
    length: Option<usize>,
    hash: Vec<u8>,
}

impl Signature {
    /// Reads the value of a field. One that names no domain is none.
    pub(super) fn read(value: &str, line: u32) -> Option<Self> {
        let tags = tags(value);
        let tag = |name: &str| tags.get(name).map(String::as_str);
        let (domain, selector) = (tag("d")?.trim_end_matches('.').to_ascii_lowercase(), tag("s")?.to_ascii_lowercase());
        if !is_host(&domain) || !is_host(&selector) {
            return None;
        }
        let hash = tag("bh").and_then(|hash| STANDARD.decode(hash).ok()).unwrap_or_default();
        let canonical = tag("c").unwrap_or("simple/simple");
        let length = tag("l").and_then(|length| length.parse().ok());
        let fault = fault(tag("v"), tag("a"), tag("h"), tag("b"), &hash)
            .or_else(|| (tag("l").is_some() && length.is_none()).then_some("its length is no number"));
        let relaxed = canonical.split_once('/').is_some_and(|(_, body)| body == "relaxed");
        Some(Self { domain, selector, line, fault, is_partial: tag("l").is_some(), relaxed, length, hash })
    }

    /// Whether a body is the one that was signed.
    pub(super) fn is_of(&self, body: &[u8]) -> bool {
        let mut canonical = if self.relaxed { relaxed(body) } else { simple(body) };
        match self.length {
            Some(length) if length > canonical.len() => return false,
            Some(length) => canonical.truncate(length),
            None => {}
        }
        Sha256::digest(&canonical).as_slice() == self.hash
    }
}

/// What makes a signature worthless before any key is asked.
fn fault(
    version: Option<&str>,
    algorithm: Option<&str>,
    fields: Option<&str>,
    signature: Option<&str>,
    hash: &[u8],
) -> Option<&'static str> {
    let signs_from = fields.is_some_and(|fields| fields.split(':').any(|field| field.eq_ignore_ascii_case("from")));
    match algorithm {
        _ if version != Some("1") => Some("its version is not 1"),
        Some("rsa-sha1") => Some("it uses SHA-1, which receivers must not accept (RFC 8301)"),
        Some("rsa-sha256" | "ed25519-sha256") if hash.len() != 32 => Some("it has no hash of the body"),
        Some("rsa-sha256" | "ed25519-sha256") if !signs_from => Some("it does not sign From"),
        Some("rsa-sha256" | "ed25519-sha256") if signature.is_none_or(str::is_empty) => Some("it has no signature"),
        Some("rsa-sha256" | "ed25519-sha256") => None,
        _ => Some("it uses an algorithm that is not known"),
    }
}

/// The tags of a list, without the blanks that fold it. Of two with one name the list is no list (RFC 6376, 3.2).
fn tags(value: &str) -> BTreeMap<&str, String> {
    let mut tags = BTreeMap::new();
    for tag in value.split(';') {
        let Some((name, value)) = tag.split_once('=') else { continue };
        let value = value.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        if tags.insert(name.trim(), value).is_some() {
            return BTreeMap::new();
        }
    }
    tags
}

/// Lines without their ends. A file saved on Unix has other ends than the mail had.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    body.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The body as it is, but for empty lines at its end.
fn simple(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    for line in lines(body) {
        out.extend(line);
        out.extend(b"\r\n");
    }
    without_empty(&mut out);
    if out.is_empty() {
        out.extend(b"\r\n");
    }
    out
}

/// The body with blanks as one, none at the ends of lines, and no empty lines at its end.
fn relaxed(body: &[u8]) -> Vec<u8> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut out = Vec::with_capacity(body.len() + 2);
    for line in lines(body) {
        let mut blank = false;
        for byte in line {
            if is_blank(byte) {
                blank = true;
                continue;
            }
            if std::mem::take(&mut blank) {
                out.push(b' ');
            }
            out.push(*byte);
        }
        out.extend(b"\r\n");
    }
    without_empty(&mut out);
    out
}

fn without_empty(out: &mut Vec<u8>) {
    while out == b"\r\n" || out.ends_with(b"\r\n\r\n") {
        out.truncate(out.len() - 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_made_canonical_as_the_standard_says() {
        for (body, expected_simple, expected_relaxed) in [
            // The example of RFC 6376, 3.4.5.
            (" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"),
            ("", "\r\n", ""),
            ("\r\n\r\n", "\r\n", ""),
            ("a", "a\r\n", "a\r\n"),
            ("a\nb\n\n", "a\r\nb\r\n", "a\r\nb\r\n"),
            ("a\r\n \t\r\n", "a\r\n \t\r\n", "a\r\n"),
            ("a\rb\r\n", "a\rb\r\n", "a\rb\r\n"),
        ] {
            assert_eq!(String::from_utf8_lossy(&simple(body.as_bytes())), expected_simple, "{body:?}");
            assert_eq!(String::from_utf8_lossy(&relaxed(body.as_bytes())), expected_relaxed, "{body:?}");
        }
    }

    /// The hashes that RFC 6376 and RFC 8463 print for bodies.
    #[test]
    fn the_hash_is_that_of_the_standards() {
        const HASH: &str = concat!("2jUSOH9NhtVGCQWNr9Br", "IAPreKQjO6Sn7XIkfJVOzv8=");
        let body = b"Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";
        let wide = b"Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n";
        let value = |c: &str, bh: &str| {
            format!("v=1; a=rsa-sha256; s=brisbane; d=example.com; c={c}; h=From:To; bh={bh}; b=AAAA")
        };
        let read = |value: &str| Signature::read(value, 1).expect("it is a signature");
        let signature = read(&value("simple/simple", HASH));
        assert!(signature.is_of(body) && signature.fault.is_none());
        assert!(!signature.is_of(wide) && !signature.is_of(b"Hi.\r\n"));
        let signature = read(&value("simple/relaxed", HASH));
        assert!(signature.is_of(body) && signature.is_of(wide));
        let short = read(&(value("simple", HASH) + "; l=999999"));
        assert!(short.is_partial && !short.is_of(body), "it claims more than there is");
    }

    #[test]
    fn what_nobody_accepts_is_told() {
        let hash = STANDARD.encode([0; 32]);
        let good = format!("v=1; a=rsa-sha256; d=example.com; s=s1; h=from; bh={hash}; b=AA AA");
        let fault = |value: &str| Signature::read(value, 1).map(|signature| signature.fault);
        assert_eq!(fault(&good), Some(None));
        for (from, to, told) in [
            ("rsa-sha256", "rsa-sha1", "SHA-1"),
            ("rsa-sha256", "rot13", "not known"),
            ("v=1", "v=2", "version"),
            ("h=from", "h=to", "From"),
            ("bh=", "bx=", "hash"),
            ("b=AA AA", "b=", "no signature"),
            ("s=s1", "s=s1; l=x", "length"),
        ] {
            let fault = fault(&good.replace(from, to)).flatten().unwrap_or_else(|| panic!("{to} is wrong"));
            assert!(fault.contains(told), "{to}: {fault}");
        }
        for none in
            ["", "v=1", "d=example.com", "d=..; s=s1", "d=a b\u{1}; s=s1;", "d=example.com; s=s1; d=example.com"]
        {
            assert_eq!(fault(none), None, "{none}");
        }
    }
}
