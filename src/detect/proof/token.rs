//! Proofs of tokens: decoded ids, decoded structure.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::Value;

use super::checksum::base32;
use super::{EXPIRES, Fact, Proof};
use crate::secret::MASK;

/// An access key id is four letters and 16 base-32 digits. Since 2019 the first 48 bits hold a mark and the account
/// number: <https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489>.
pub(super) fn aws_key_id(secret: &[u8]) -> Proof {
    let Some(digits) = secret.get(4..20) else { return Proof::Refuted("too short") };
    let Some(bytes) = base32(digits) else { return Proof::Refuted("not base 32") };
    let bits = bytes.iter().fold(0, |bits: u128, &byte| bits << 8 | u128::from(byte));
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

/// Claims that say whose a token is, and what of: RFC 7519 §4.1, OpenID Connect, Kubernetes, Supabase, GitLab's jobs.
const CLAIMS: &[(&str, &str)] = &[
    ("iss", "issuer"),
    ("sub", "subject"),
    ("aud", "audience"),
    ("azp", "client_id"),
    ("client_id", "client_id"),
    ("tid", "tenant_id"),
    ("email", "email"),
    ("role", "role"),
    ("scope", "scope"),
    ("ref", "project_id"),
    ("kubernetes.io/serviceaccount/namespace", "namespace"),
    ("kubernetes.io/serviceaccount/service-account.name", "service_account"),
];

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
    for (claim, name) in CLAIMS {
        match claims.get(*claim) {
            Some(Value::String(text)) => facts.push(Fact::new(name, text)),
            Some(Value::Array(list)) => {
                facts.extend(list.iter().filter_map(Value::as_str).take(4).map(|t| Fact::new(name, t)))
            }
            _ => {}
        }
    }
    // RFC 7519 §2: seconds, which may have a fraction.
    let expiry = claims.get("exp").and_then(|exp| exp.as_i64().or_else(|| exp.as_f64().map(|seconds| seconds as i64)));
    if let Some(time) = expiry.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        facts.push(Fact::new(EXPIRES, &time.to_string()));
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

/// What tokens that are JSON say of themselves: 1Password, Grafana Cloud, Sentry, Mapbox and others.
const MEMBERS: &[(&str, &str)] = &[
    ("email", "email"),
    ("signInAddress", "host"),
    ("o", "organization_id"),
    ("org", "organization"),
    ("u", "user"),
    ("url", "host"),
    ("region_url", "region"),
];

pub(super) fn base64_json(secret: &[u8]) -> Proof {
    // `{"` is `eyJ`; a prefix stands before it, and a signature may follow.
    let start = memchr::memmem::find(secret, b"eyJ").unwrap_or_default();
    let bytes = &secret[start..];
    let end = bytes.iter().position(|b| matches!(b, b'_' | b'.')).unwrap_or(bytes.len());
    let Some(map) = json_object(&bytes[..end]).or_else(|| json_object(bytes)) else {
        return Proof::Refuted("not base64 of a JSON object");
    };
    let told = MEMBERS.iter().filter_map(|(member, name)| match map.get(*member)? {
        Value::String(text) => Some(Fact::new(name, text)),
        Value::Number(number) => Some(Fact::new(name, &number.to_string())),
        _ => None,
    });
    Proof::Sound(told.collect())
}

/// A private key of X25519 as `wg genkey` makes it: 32 bytes, three bits of the first none, of the last the second only (RFC 7748 §5).
pub(super) fn x25519(secret: &[u8]) -> Proof {
    match decode(secret).as_deref() {
        Some([first, .., last]) if first & 7 == 0 && last & 0xc0 == 0x40 => Proof::Sound(Vec::new()),
        // Programs take any 32 bytes, and set the bits themselves.
        Some(bytes) if bytes.len() == 32 => Proof::Unknown(Vec::new()),
        _ => Proof::Refuted("not 32 bytes"),
    }
}

/// A token of PyPI: a macaroon of the second format, which begins with where it is from, and restrictions as JSON:
/// <https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt>, <https://docs.pypi.org/api/secrets/>.
pub(super) fn macaroon(secret: &[u8]) -> Proof {
    let body = secret.iter().position(|&b| b == b'-').map_or(secret, |at| &secret[at + 1..]);
    let usable = body.len() - usize::from(body.len() % 4 == 1);
    let Some(bytes) = decode(&body[..usable]) else { return Proof::Refuted("not base64") };
    let [2, 1, length, rest @ ..] = &bytes[..] else { return Proof::Refuted("not a macaroon") };
    let Some((location, rest)) = rest.split_at_checked(usize::from(*length)) else {
        return Proof::Refuted("not a macaroon");
    };
    let mut facts = vec![Fact::new("host", &String::from_utf8_lossy(location))];
    let text = String::from_utf8_lossy(rest);
    if let Some(projects) = text.split_once(r#""projects":"#).and_then(|(_, list)| list.split_once(']')) {
        let list: Result<Vec<String>, _> = serde_json::from_str(&format!("{}]", projects.0));
        facts.extend(list.iter().flatten().take(4).map(|project| Fact::new("project", project)));
    }
    Proof::Sound(facts)
}

/// A token of a Discord bot begins with base64 of its number: <https://discord.com/developers/docs/reference#authentication>.
pub(super) fn snowflake(secret: &[u8]) -> Proof {
    let first = secret.split(|&b| b == b'.').next().unwrap_or_default();
    match decode(first) {
        Some(number) if (17..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit) => {
            Proof::Sound(vec![Fact::new("app_id", &String::from_utf8_lossy(&number))])
        }
        _ => Proof::Refuted("it does not begin with a number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(facts.contains(&Fact::new(EXPIRES, "2023-11-14T22:13:20Z")));
        for odd in ["-1e300", "1e300", "18446744073709551615", "\"soon\"", "[]"] {
            let token = token(r#"{"alg":"HS256"}"#, &format!(r#"{{"exp":{odd}}}"#));
            assert!(matches!(jwt(token.as_bytes()), Proof::Sound(_)), "{odd}");
        }
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

    #[test]
    fn tokens_say_whose_they_are() {
        let json = |json: &str| format!("ops_{}", STANDARD.encode(json));
        let told = base64_json(
            json(r#"{"signInAddress":"acme.1password.com","email":"a@b.c","throttleSecret":{}}"#).as_bytes(),
        );
        assert_eq!(told, Proof::Sound(vec![Fact::new("email", "a@b.c"), Fact::new("host", "acme.1password.com")]));
        let bytes =
            [&[2, 1, 8][..], b"pypi.org", br#"x{"version": 1, "permissions": {"projects": ["site", "tool"]}}y"#]
                .concat();
        let told = macaroon(format!("pypi-{}", STANDARD.encode(bytes)).as_bytes());
        let facts = [("host", "pypi.org")].map(|(name, value)| Fact::new(name, value));
        // `"projects":` is followed by a blank.
        assert!(matches!(told, Proof::Sound(told) if told.starts_with(&facts) && told.len() == 3));
        let bot = format!("{}.abcdef.rest", STANDARD.encode("123456789012345678"));
        assert_eq!(snowflake(bot.as_bytes()), Proof::Sound(vec![Fact::new("app_id", "123456789012345678")]));
        assert!(matches!(snowflake(b"TWFuIGlzIGRpc3Rpbmd1aXNo.abcdef.rest"), Proof::Refuted(_)));
    }

    #[test]
    fn keys_of_wireguard() {
        let mut key = [8; 32];
        key[31] = 0x41;
        assert_eq!(x25519(STANDARD.encode(key).as_bytes()), Proof::Sound(Vec::new()));
        assert_eq!(x25519(STANDARD.encode([255; 32]).as_bytes()), Proof::Unknown(Vec::new()));
        assert!(matches!(x25519(STANDARD.encode([255; 31]).as_bytes()), Proof::Refuted(_)));
    }
}
