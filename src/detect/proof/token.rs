//! Proofs of tokens: checksums, decoded ids, decoded structure.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD};
use serde_json::Value;

use super::{Fact, Proof};
use crate::secret::MASK;

/// GitHub's digits: <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Six base-62 digits of the CRC-32 of `payload`, as GitHub and npm end their tokens.
pub(in crate::detect) fn base62_checksum(payload: &[u8]) -> [u8; 6] {
    let mut rest = crc32fast::hash(payload) as usize;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % 62];
        rest /= 62;
    }
    digits
}

pub(super) fn base62_crc32(secret: &[u8]) -> Proof {
    let body = secret.iter().rposition(|&b| b == b'_').map_or(secret, |at| &secret[at + 1..]);
    let Some((payload, checksum)) = body.split_last_chunk::<6>() else {
        return Proof::Refuted("too short for a checksum");
    };
    if base62_checksum(payload) == *checksum {
        Proof::Sound(Vec::new())
    } else {
        Proof::Refuted("the checksum is wrong")
    }
}

/// An access key id is four letters and 16 base-32 digits. Since 2019 the first 48 bits hold a mark and the account
/// number: <https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489>.
pub(super) fn aws_key_id(secret: &[u8]) -> Proof {
    let Some(digits) = secret.get(4..20) else { return Proof::Refuted("too short") };
    let mut bits: u128 = 0;
    for &digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return Proof::Refuted("not base 32"),
        };
        bits = bits << 5 | u128::from(value);
    }
    // Enough to tell it from the account's others, not the whole of it.
    let (first, last) = (String::from_utf8_lossy(&secret[..4]), String::from_utf8_lossy(&digits[12..]));
    let mut facts = vec![Fact::new("key_id", &format!("{first}{MASK}{last}"))];
    let first = (bits >> 32) as u64;
    if first >> 47 == 1 {
        let account = (first & 0x7fff_ffff_ff80) >> 7;
        if account > 999_999_999_999 {
            return Proof::Refuted("the account number in it has more than twelve digits");
        }
        facts.push(Fact::new("account_id", &format!("{account:012}")));
    }
    Proof::Sound(facts)
}

/// Base64 of either alphabet, padded or not.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let standard: Vec<u8> = text
        .iter()
        .map(|&b| match b {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    LENIENT.decode(standard).ok()
}

fn json_object(text: &[u8]) -> Option<serde_json::Map<String, Value>> {
    match serde_json::from_slice(&decode(text)?).ok()? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// RFC 7519: three base64url parts; the header is a JSON object with `alg`, the payload one of claims.
pub(super) fn jwt(secret: &[u8]) -> Proof {
    let mut parts = secret.split(|&b| b == b'.');
    let (Some(header), Some(payload)) = (parts.next(), parts.next()) else {
        return Proof::Refuted("fewer than two parts");
    };
    let Some(header) = json_object(header) else { return Proof::Refuted("the header is no JSON object") };
    let Some(algorithm) = header.get("alg").and_then(Value::as_str) else {
        return Proof::Refuted("the header names no algorithm");
    };
    let Some(claims) = json_object(payload) else { return Proof::Refuted("the payload is no JSON object") };
    let mut facts = vec![Fact::new("algorithm", algorithm)];
    for (claim, name) in [("iss", "issuer"), ("sub", "subject"), ("aud", "audience"), ("role", "role")] {
        if let Some(text) = claims.get(claim).and_then(Value::as_str) {
            facts.push(Fact::new(name, text));
        }
    }
    if let Some(expiry) = claims.get("exp").and_then(Value::as_u64) {
        facts.push(Fact::new("expires", &format!("{expiry} (Unix time)")));
    }
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    if text("sub") == Some("1234567890") || text("name") == Some("John Doe") {
        return Proof::Weak("the example token of jwt.io", facts);
    }
    if secret.last() == Some(&b'.') || algorithm.eq_ignore_ascii_case("none") {
        return Proof::Weak("not signed", facts);
    }
    Proof::Sound(facts)
}

/// RFC 7617: base64 of `user:password`.
pub(super) fn basic_auth(secret: &[u8]) -> Proof {
    let Some(text) = decode(secret).and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return Proof::Refuted("not base64 of a text");
    };
    match text.split_once(':') {
        Some((user, password)) if !password.is_empty() && !text.chars().any(char::is_control) => {
            let lower = password.to_lowercase();
            if ["password", "pass", "passwd", "secret", "pwd"].contains(&lower.as_str()) || lower.contains("example") {
                return Proof::Weak("the password is a placeholder", vec![Fact::new("user", user)]);
            }
            Proof::Sound(vec![Fact::new("user", user)])
        }
        _ => Proof::Refuted("not `user:password`"),
    }
}

pub(super) fn base64_len(secret: &[u8], len: usize) -> Proof {
    match STANDARD.decode(secret) {
        Ok(bytes) if bytes.len() == len => Proof::Sound(Vec::new()),
        Ok(_) => Proof::Refuted("decodes to another length"),
        Err(_) => Proof::Refuted("not base64"),
    }
}

pub(super) fn base64_json(secret: &[u8]) -> Proof {
    let body = secret.iter().rposition(|&b| b == b'_' || b == b'.').map_or(secret, |at| &secret[at + 1..]);
    match json_object(body).or_else(|| json_object(secret)) {
        Some(_) => Proof::Sound(Vec::new()),
        None => Proof::Refuted("not base64 of a JSON object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn github_published_this_checksum() {
        assert_eq!(&base62_checksum(concat!("zQWBuTSOoRi4A9sp", "HcVY5ncnsDkxkJ").as_bytes()), b"0mLq17");
    }

    #[test]
    fn an_account_is_decoded() {
        let Proof::Sound(facts) = aws_key_id(concat!("ASIA", "QNZGKIQY56JQ7WML").as_bytes()) else {
            panic!("a well-formed id");
        };
        assert_eq!(facts[1], Fact::new("account_id", "029608264753"));
        assert!(matches!(aws_key_id(b"AKIA1111111111111111"), Proof::Refuted(_)));
    }

    #[test]
    fn tokens_are_told_from_look_alikes() {
        let part = |json: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json);
        let token = |header: &str, claims: &str| format!("{}.{}.c2ln", part(header), part(claims));
        let good = token(r#"{"alg":"HS256"}"#, r#"{"iss":"acme","exp":1700000000}"#);
        let Proof::Sound(facts) = jwt(good.as_bytes()) else { panic!("a token") };
        assert!(facts.contains(&Fact::new("issuer", "acme")));
        assert!(matches!(jwt(token(r#"{"typ":"x"}"#, "{}").as_bytes()), Proof::Refuted(_)));
        assert!(matches!(jwt(token(r#"{"alg":"none"}"#, "{}").as_bytes()), Proof::Weak(..)));
        assert!(matches!(jwt(b"eyJhbGciOiJub25l.eyJ.x"), Proof::Refuted(_)));
    }

    #[test]
    fn basic_auth_needs_a_password() {
        let encode = |text: &str| STANDARD.encode(text);
        assert!(matches!(basic_auth(encode("ada:Tr4u-Ker9").as_bytes()), Proof::Sound(_)));
        assert!(matches!(basic_auth(encode("ada:password").as_bytes()), Proof::Weak(..)));
        assert!(matches!(basic_auth(encode("ada:").as_bytes()), Proof::Refuted(_)));
        assert!(matches!(basic_auth(encode("no colon").as_bytes()), Proof::Refuted(_)));
    }
}
