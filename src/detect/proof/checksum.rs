//! Proofs of tokens that end in a checksum which their providers publish.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Fact, Proof};

/// GitHub's digits: <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const WRONG: Proof = Proof::Refuted("the checksum is wrong");

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
    if base62_checksum(payload) == *checksum { Proof::Sound(Vec::new()) } else { WRONG }
}

/// Eight hexadecimal digits of the CRC-32, its lowest byte first, of all before the last underscore, as Grafana ends its tokens:
/// <https://github.com/grafana/grafana/blob/main/pkg/components/satokengen/tokengen.go>.
pub(in crate::detect) fn grafana_checksum(payload: &[u8]) -> String {
    crc32fast::hash(payload).to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn grafana(secret: &[u8]) -> Proof {
    let Some(at) = secret.iter().rposition(|&b| b == b'_') else { return Proof::Refuted("no checksum") };
    if grafana_checksum(&secret[..at]).as_bytes() == &secret[at + 1..] { Proof::Sound(Vec::new()) } else { WRONG }
}

/// Seven base-36 digits of the CRC-32 of `payload`, as GitLab's routable tokens end.
pub(in crate::detect) fn base36_checksum(payload: &[u8]) -> [u8; 7] {
    let mut rest = crc32fast::hash(payload);
    let mut digits = [b'0'; 7];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
        rest /= 36;
    }
    digits
}

/// A routable token says who it is of, and ends in the length of that and a checksum:
/// <https://handbook.gitlab.com/handbook/engineering/architecture/design-documents/cells/routable_tokens/>. A token of the older kind
/// has neither, and nothing is known of the checksum of those with a version (`.01.`) unless it is that of the others.
pub(super) fn gitlab(secret: &[u8]) -> Proof {
    let mut parts = secret.split(|&b| b == b'.');
    let (Some(first), Some(second), third) = (parts.next(), parts.next(), parts.next()) else {
        return Proof::Unknown(Vec::new());
    };
    let Some((payload, checksum)) = secret.split_last_chunk::<7>() else { return WRONG };
    let length = third.unwrap_or(second).get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
    let length = length.and_then(|digits| usize::from_str_radix(digits, 36).ok());
    let Some(start) = length.and_then(|length| first.len().checked_sub(length)) else { return WRONG };
    let facts = URL_SAFE_NO_PAD.decode(&first[start..]).map(|routing| routing_facts(&routing)).unwrap_or_default();
    match (base36_checksum(payload) == *checksum, third) {
        (true, _) => Proof::Sound(facts),
        (false, None) => WRONG,
        (false, Some(_)) => Proof::Unknown(facts),
    }
}

/// The numbers in base 36 behind `o:`, `g:`, `p:` and `u:`, each on a line; random bytes follow, and their number.
fn routing_facts(routing: &[u8]) -> Vec<Fact> {
    const NAMES: &[(&str, &str)] =
        &[("o", "organization_id"), ("g", "group_id"), ("p", "project_id"), ("u", "user_id")];
    let Some((&random, rest)) = routing.split_last() else { return Vec::new() };
    let Some(end) = rest.len().checked_sub(usize::from(random)) else { return Vec::new() };
    let text = String::from_utf8_lossy(&rest[..end]);
    let numbers = text.lines().filter_map(|line| {
        let (key, digits) = line.split_once(':')?;
        let (_, name) = NAMES.iter().find(|(short, _)| *short == key)?;
        Some(Fact::new(name, &u64::from_str_radix(digits, 36).ok()?.to_string()))
    });
    numbers.collect()
}

/// The digits of bech32, BIP 173: <https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki>.
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// The checksum of bech32 over the part before the last `1` and the values after it.
fn bech32_polymod(prefix: &[u8], values: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let high = prefix.iter().map(|b| b >> 5);
    let low = prefix.iter().map(|b| b & 31);
    high.chain([0]).chain(low).chain(values.iter().copied()).fold(1, |sum: u32, value| {
        let top = sum >> 25;
        let sum = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        (0..5).filter(|bit| top >> bit & 1 == 1).fold(sum, |sum, bit| sum ^ GENERATOR[bit])
    })
}

/// The six digits of bech32 that end `text`, in its case.
pub(in crate::detect) fn bech32_checksum(text: &[u8]) -> Option<[u8; 6]> {
    let lower = text.to_ascii_lowercase();
    let (prefix, mut values) = bech32_parts(&lower)?;
    values.extend([0; 6]);
    let sum = bech32_polymod(prefix, &values) ^ 1;
    let mut digits = [0; 6];
    for (n, digit) in digits.iter_mut().enumerate() {
        let lower = BECH32[(sum >> (5 * (5 - n)) & 31) as usize];
        *digit = if text[0].is_ascii_uppercase() { lower.to_ascii_uppercase() } else { lower };
    }
    Some(digits)
}

fn bech32_parts(lower: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let at = lower.iter().rposition(|&b| b == b'1')?;
    let value = |digit: &u8| BECH32.iter().position(|known| known == digit).map(|value| value as u8);
    Some((&lower[..at], lower[at + 1..].iter().map(value).collect::<Option<_>>()?))
}

/// A key of age: <https://github.com/C2SP/C2SP/blob/main/age.md#the-x25519-recipient-type>.
pub(super) fn bech32(secret: &[u8]) -> Proof {
    let lower = secret.to_ascii_lowercase();
    match bech32_parts(&lower) {
        Some((prefix, values)) if bech32_polymod(prefix, &values) == 1 => Proof::Sound(Vec::new()),
        _ => WRONG,
    }
}

/// RFC 4648's digits of base 32.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// RFC 4648's base 32 without padding. Bits that are left over have to be none.
pub(super) fn base32(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(text.len() * 5 / 8), 0_u32, 0);
    for digit in text {
        let value = BASE32.iter().position(|known| known == digit)?;
        held = held << 5 | value as u32;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(bytes)
}

/// CRC-16 with the polynomial 0x1021 and nothing at the start (XMODEM).
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum: u16, &byte| {
        (0..8).fold(sum ^ u16::from(byte) << 8, |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 })
    })
}

/// A seed of NATS: base 32 of two bytes that say what kind of key it is, 32 of the seed, and a CRC-16 of those, its lowest byte
/// first: <https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth>.
pub(super) fn nkey(secret: &[u8]) -> Proof {
    let Some(bytes) = base32(secret) else { return Proof::Refuted("not base 32") };
    let Some((payload, checksum)) = bytes.split_last_chunk::<2>() else { return WRONG };
    if crc16(payload) != u16::from_le_bytes(*checksum) {
        return WRONG;
    }
    let kind = match secret.get(1) {
        Some(b'O') => "operator",
        Some(b'A') => "account",
        Some(b'U') => "user",
        Some(b'N') => "server",
        Some(b'C') => "cluster",
        Some(b'X') => "curve",
        _ => return Proof::Refuted("no kind of key is so named"),
    };
    Proof::Sound(vec![Fact::new("key_type", kind)])
}

/// A seed of NATS with these two leading bytes and this seed.
pub(in crate::detect) fn nkey_of(kind: [u8; 2], seed: &[u8]) -> String {
    let mut bytes = [&kind[..], seed].concat();
    bytes.extend(crc16(&bytes).to_le_bytes());
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(BASE32[(held << (5 - bits) & 31) as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn github_published_this_checksum() {
        assert_eq!(&base62_checksum(concat!("zQWBuTSOoRi4A9sp", "HcVY5ncnsDkxkJ").as_bytes()), b"0mLq17");
    }

    /// The examples are those of the specifications, cut so that nobody's push protection fires on them.
    #[test]
    fn published_examples_are_sound() {
        let routable = concat!("bzoxd_Rb5_cHe", "We1JH56wr2FCBA.0r1pum4t4");
        assert_eq!(gitlab(routable.as_bytes()), Proof::Sound(vec![Fact::new("organization_id", "1")]));
        let age = format!("AGE-SECRET-KEY-1{}GFPQ4EGAEX", "GFPYYSJZ".repeat(6));
        assert_eq!(bech32(age.as_bytes()), Proof::Sound(Vec::new()));
        let seed = concat!("SUACSSL3UAHUDXKFSNVUZRF5", "UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY");
        assert_eq!(nkey(seed.as_bytes()), Proof::Sound(vec![Fact::new("key_type", "user")]));
    }

    #[test]
    fn one_changed_digit_is_refuted() {
        let age = format!("AGE-SECRET-KEY-1{}GFPQ4EGAEQ", "GFPYYSJZ".repeat(6));
        let seed = concat!("SUACSSL3UAHUDXKFSNVUZRF5", "UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VA");
        assert_eq!(bech32(age.as_bytes()), WRONG);
        assert_eq!(nkey(seed.as_bytes()), WRONG);
        assert_eq!(gitlab(concat!("bzoxd_Rb5_cHe", "We1JH56wr2FCBA.0r1pum4t5").as_bytes()), WRONG);
        assert_eq!(grafana(format!("glsa_{}_00000000", "x7".repeat(16)).as_bytes()), WRONG);
        let whole = format!("glsa_{}", "x7".repeat(16));
        assert_eq!(grafana(format!("{whole}_{}", grafana_checksum(whole.as_bytes())).as_bytes()), Proof::Sound(vec![]));
    }

    #[test]
    fn what_is_made_is_sound() {
        assert!(matches!(nkey(nkey_of([0x95, 0], &[7; 32]).as_bytes()), Proof::Sound(_)));
        let start = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZ";
        let end = bech32_checksum(start.as_bytes()).expect("its digits are those of bech32");
        assert_eq!(bech32(format!("{start}{}", String::from_utf8_lossy(&end)).as_bytes()), Proof::Sound(Vec::new()));
    }

    #[test]
    fn odd_bytes_are_refuted() {
        for odd in ["", "_", ".", "..", "1", "a.", "glpat-.zz1234567", "glpat-a.\u{fffd}1pum4t4", "AGE-1", "\u{fffd}"] {
            for prove in [base62_crc32, grafana, gitlab, bech32, nkey] {
                assert!(!matches!(prove(odd.as_bytes()), Proof::Sound(_)), "{odd:?}");
            }
        }
    }
}
