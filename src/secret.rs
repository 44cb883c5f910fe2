//! A secret's value, held so that it cannot get out by accident.

use std::fmt;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The bytes of a credential. It has no `Debug`, `Display` or `Serialize`: what may be shown of
/// it is [`Secret::redacted`], what names it is [`Secret::fingerprint`], and whoever needs the value itself has
/// to write [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret {
    value: Box<[u8]>,
    /// How many leading bytes are the same for every credential of the kind (`ghp_`).
    public_prefix: usize,
    guessable: bool,
}

/// What stands in for the hidden part: always the same, so that not even the length is told.
pub const MASK: &str = "********";

/// Below this many bits a value could be found by trying, whatever its rule says.
const GUESSABLE_BITS: f64 = 64.0;

impl Secret {
    /// Holds `value`, whose first `public_prefix` bytes are the same for all credentials of its kind.
    /// `guessable` is for values that people choose.
    #[must_use]
    pub fn new(value: &[u8], public_prefix: usize, guessable: bool) -> Self {
        let public_prefix = public_prefix.min(value.len() / 2);
        let bits = shannon_bits(&value[public_prefix..]);
        Self { value: value.into(), public_prefix, guessable: guessable || bits < GUESSABLE_BITS }
    }

    /// The form that may be shown: the prefix that all of the kind share, and a mask.
    #[must_use]
    pub fn redacted(&self) -> String {
        if self.value.is_empty() {
            return String::new();
        }
        let shown = if self.guessable { 0 } else { self.public_prefix };
        let prefix = String::from_utf8_lossy(&self.value[..shown]);
        format!("{prefix}{MASK}")
    }

    /// The raw value. Call it only where the user asked for it, or where it stays in memory.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.value
    }

    /// How many leading bytes are the same for every credential of the kind.
    #[must_use]
    pub fn public_prefix(&self) -> usize {
        self.public_prefix
    }

    /// Whether the value could be found by trying all likely ones, so that even a hash of it
    /// must not be published without a private key.
    #[must_use]
    pub fn is_guessable(&self) -> bool {
        self.guessable
    }

    /// The name of this credential: equal for equal values under one key.
    #[must_use]
    pub fn fingerprint(&self, keys: &FingerprintKeys) -> Fingerprint {
        keys.of(self, &[b"credential"])
    }

    /// The name of this credential at one place, `place` being a rule, a path, a counter.
    #[must_use]
    pub fn fingerprint_at(&self, keys: &FingerprintKeys, place: &[&[u8]]) -> Fingerprint {
        let mut parts: Vec<&[u8]> = vec![b"exposure"];
        parts.extend_from_slice(place);
        keys.of(self, &parts)
    }
}

/// Shannon entropy of the whole value: bits per byte by frequency, times the length. It is an upper
/// bound of what guessing costs only for random values, hence `guessable` for the others.
fn shannon_bits(value: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let len = value.len() as f64;
    counts.iter().filter(|&&n| n > 0).map(|&n| f64::from(n) * (len / f64::from(n)).log2()).sum()
}

/// The keys that fingerprints are made with. Values that nobody can guess are hashed with a fixed
/// key, so that their fingerprints are the same on every machine; guessable ones need a private key, or
/// whoever reads a report could try passwords against it.
#[derive(Clone)]
pub struct FingerprintKeys {
    unguessable: [u8; 32],
    guessable: [u8; 32],
}

impl FingerprintKeys {
    /// Everything is keyed by what the user gave.
    #[must_use]
    pub fn from_user(key: &[u8]) -> Self {
        let key = Sha256::digest(key).into();
        Self { unguessable: key, guessable: key }
    }

    /// Guessable values are keyed by `private`, which the caller keeps to itself.
    #[must_use]
    pub fn with_private(private: [u8; 32]) -> Self {
        Self { unguessable: Sha256::digest(b"cleansweep fingerprint v1").into(), guessable: private }
    }

    /// Tells keys apart without giving them away.
    #[must_use]
    pub fn id(&self) -> String {
        let mut digest = Sha256::new_with_prefix(b"cleansweep keys");
        digest.update(self.unguessable);
        digest.update(self.guessable);
        digest.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn of(&self, secret: &Secret, parts: &[&[u8]]) -> Fingerprint {
        let key = if secret.guessable { &self.guessable } else { &self.unguessable };
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        for part in parts.iter().copied().chain([&*secret.value]) {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes();
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        Fingerprint(short)
    }
}

/// 128 bits that name a credential, or a credential at a place, without giving it away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Fingerprint([u8; 16]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: &[u8] = b"tok_Zk3vQ9sLx7Rw2Yb8Nf5Hd1Gc6Jm4Pt0";

    #[test]
    fn only_the_shared_prefix_is_shown() {
        assert_eq!(Secret::new(RANDOM, 4, false).redacted(), "tok_********");
        assert_eq!(Secret::new(RANDOM, 4, true).redacted(), MASK);
        assert_eq!(Secret::new(b"hunter22", 4, false).redacted(), MASK);
    }

    #[test]
    fn a_guessable_value_needs_the_private_key() {
        let one = FingerprintKeys::with_private([1; 32]);
        let two = FingerprintKeys::with_private([2; 32]);
        let password = Secret::new(b"hunter2", 0, false);
        assert_ne!(password.fingerprint(&one), password.fingerprint(&two));
        let random = Secret::new(RANDOM, 4, false);
        assert_eq!(random.fingerprint(&one), random.fingerprint(&two));
        let user = FingerprintKeys::from_user(b"team");
        assert_ne!(random.fingerprint(&one), random.fingerprint(&user));
    }

    #[test]
    fn a_place_changes_the_exposure_not_the_credential() {
        let keys = FingerprintKeys::with_private([1; 32]);
        let secret = Secret::new(RANDOM, 4, false);
        assert_ne!(secret.fingerprint_at(&keys, &[b"a"]), secret.fingerprint_at(&keys, &[b"b"]));
        assert_ne!(secret.fingerprint_at(&keys, &[b"a", b"b"]), secret.fingerprint_at(&keys, &[b"ab", b""]));
    }
}
