//! Proof of private keys: whether the body of a PEM, OpenSSH, PGP or PuTTY block is the key its label says.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::{Fact, Proof};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A body shorter than this is no key: an Ed25519 key in PKCS#8 has 48 bytes.
const SHORTEST: usize = 40;

pub(super) fn prove(block: &[u8]) -> Proof {
    let text = String::from_utf8_lossy(block).replace("\\r", "").replace("\\n", "\n").replace("\\\n", "\n");
    if text.starts_with("PuTTY-User-Key-File-") {
        return putty(&text);
    }
    let Some((label, rest)) = text.strip_prefix("-----BEGIN ").and_then(|t| t.split_once("-----")) else {
        return Proof::Refuted("no PEM header");
    };
    let (inside, ended) = rest.split_once("-----END").map_or((rest, false), |(inside, _)| (inside, true));
    let facts = vec![Fact::new("key_type", label.trim_end_matches(" BLOCK"))];
    if inside.contains("ENCRYPTED") {
        return Proof::Weak("encrypted with a passphrase", facts);
    }
    let body = body(inside);
    let usable = body.len() - usize::from(body.len() % 4 == 1);
    let Ok(bytes) = LENIENT.decode(&body[..usable]) else { return Proof::Refuted("the body is not base64") };
    if bytes.len() < SHORTEST {
        return Proof::Refuted("the body is too short for a key");
    }
    match structure(label, &bytes) {
        Structure::Whole if ended => Proof::Sound(facts),
        Structure::Whole | Structure::Truncated => Proof::Weak("truncated", facts),
        Structure::Encrypted => Proof::Weak("encrypted with a passphrase", facts),
        Structure::None => Proof::Refuted("the body does not have a key's structure"),
    }
}

/// The base64 of a block, out of whatever quotes, commas and comment marks stand around its lines.
fn body(inside: &str) -> String {
    let base64 = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/' || c == '=';
    let mut body = String::new();
    for line in inside.lines() {
        // Headers of the armour (`Version: …`, `DEK-Info: …`) and PGP's checksum line.
        let line = line.trim();
        if line.contains(": ") || (line.starts_with('=') && line.len() == 5) {
            continue;
        }
        // In `"MIIE…" +` the plus sign is the language's: of what quotation marks part, the longest counts.
        let line = line.split(['"', '\'', '`']).max_by_key(|part| part.trim().len()).unwrap_or_default();
        if line.trim() == "+" {
            continue;
        }
        body.extend(line.chars().filter(|&c| base64(c)));
    }
    let end = body.trim_end_matches('=').len();
    body.truncate(end);
    body
}

enum Structure {
    Whole,
    Truncated,
    Encrypted,
    None,
}

fn structure(label: &str, bytes: &[u8]) -> Structure {
    match label {
        "OPENSSH PRIVATE KEY" => openssh(bytes),
        "PGP PRIVATE KEY BLOCK" => pgp(bytes),
        "SSH2 ENCRYPTED PRIVATE KEY" => Structure::Encrypted,
        "ENCRYPTED PRIVATE KEY" => match der(bytes) {
            Structure::None => Structure::None,
            _ => Structure::Encrypted,
        },
        _ => der(bytes),
    }
}

/// A DER `SEQUENCE` whose first element is the `INTEGER` 0 or 1 (PKCS#1, PKCS#8, SEC 1 and OpenSSL's DSA keys: the version), or for
/// an encrypted PKCS#8 key another `SEQUENCE` (RFC 5958 §3). X.690 §8.1.
fn der(bytes: &[u8]) -> Structure {
    let Some((0x30, header, length)) = tlv(bytes) else { return Structure::None };
    let version = matches!(bytes.get(header..header + 3), Some([0x02, 0x01, 0x00 | 0x01]));
    let algorithm = bytes.get(header) == Some(&0x30);
    if !version && !algorithm {
        return Structure::None;
    }
    match (header + length).cmp(&bytes.len()) {
        std::cmp::Ordering::Equal => Structure::Whole,
        std::cmp::Ordering::Greater => Structure::Truncated,
        // A few bytes more come from lenient reading of the surroundings.
        std::cmp::Ordering::Less if bytes.len() - header - length <= 3 => Structure::Whole,
        std::cmp::Ordering::Less => Structure::None,
    }
}

/// Tag, length of the header and length of the content of the DER element at the start.
fn tlv(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (&tag, &first) = (bytes.first()?, bytes.get(1)?);
    if first < 0x80 {
        return Some((tag, 2, usize::from(first)));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 3 {
        return None;
    }
    let length = bytes.get(2..2 + count)?.iter().fold(0, |n, &b| n << 8 | usize::from(b));
    Some((tag, 2 + count, length))
}

/// OpenSSH's `PROTOCOL.key`: a magic string, then the cipher's name.
fn openssh(bytes: &[u8]) -> Structure {
    let Some(rest) = bytes.strip_prefix(b"openssh-key-v1\0") else { return Structure::None };
    let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Structure::Truncated };
    let length = u32::from_be_bytes(*length) as usize;
    match rest.get(..length) {
        Some(b"none") if bytes.len() < 150 => Structure::Truncated,
        Some(b"none") => Structure::Whole,
        Some(_) => Structure::Encrypted,
        None => Structure::None,
    }
}

/// RFC 4880 §4.2: a packet of type 5 (secret key) in the old or the new format.
fn pgp(bytes: &[u8]) -> Structure {
    match bytes[0] {
        0x94..=0x97 | 0xc5 => Structure::Whole,
        _ => Structure::None,
    }
}

fn putty(text: &str) -> Proof {
    let field = |name: &str| text.lines().find_map(|l| l.trim().strip_prefix(name)?.strip_prefix(':').map(str::trim));
    let facts = vec![Fact::new("key_type", "PuTTY")];
    match (field("Encryption"), field("Private-Lines")) {
        (Some("none"), Some(_)) => Proof::Sound(facts),
        (Some(_), _) => Proof::Weak("encrypted with a passphrase", facts),
        (None, _) => Proof::Refuted("no `Encryption` field"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    fn pem(label: &str, bytes: &[u8], join: &str) -> String {
        let text = STANDARD.encode(bytes);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|c| std::str::from_utf8(c).expect("base64 is ASCII")).collect();
        format!("-----BEGIN {label}-----{join}{}{join}-----END {label}-----", lines.join(join))
    }

    fn rsa(bytes: usize) -> Vec<u8> {
        let mut der = vec![0x30, 0x82, (bytes >> 8) as u8, bytes as u8, 0x02, 0x01, 0x00];
        der.extend((0..bytes - 3).map(|i| (i * 37 % 251) as u8));
        der
    }

    #[test]
    fn keys_of_each_kind() {
        let label = concat!("RSA PRIVATE", " KEY");
        for join in ["\n", "\r\n", "\\n", "\\n\" +\n    \"", "\\\n"] {
            assert!(matches!(prove(pem(label, &rsa(600), join).as_bytes()), Proof::Sound(_)), "{join:?}");
        }
        let whole = pem(label, &rsa(600), "\n");
        let cut = &whole[..400];
        assert!(matches!(prove(cut.as_bytes()), Proof::Weak("truncated", _)));
        let lines: Vec<&str> = whole.lines().collect();
        let hole = [&lines[..4], &lines[lines.len() - 1..]].concat().join("\n");
        assert!(matches!(prove(hole.as_bytes()), Proof::Weak("truncated", _)));
        let noise: Vec<u8> = (0..600u32).map(|i| (i * 7919 % 253) as u8).collect();
        assert!(matches!(prove(pem(label, &noise, "\n").as_bytes()), Proof::Refuted(_)));
        let mut ssh = b"openssh-key-v1\0\0\0\0\x04none".to_vec();
        ssh.extend([7; 300]);
        let label = concat!("OPENSSH PRIVATE", " KEY");
        assert!(matches!(prove(pem(label, &ssh, "\n").as_bytes()), Proof::Sound(_)));
        let mut locked = b"openssh-key-v1\0\0\0\0\x0aaes256-ctr".to_vec();
        locked.extend([7; 300]);
        assert!(matches!(prove(pem(label, &locked, "\n").as_bytes()), Proof::Weak(..)));
    }

    #[test]
    fn a_header_alone_is_no_key() {
        let label = concat!("-----BEGIN PRIVATE", " KEY-----\n...\n-----END PRIVATE", " KEY-----");
        assert!(matches!(prove(label.as_bytes()), Proof::Refuted(_)));
    }
}
