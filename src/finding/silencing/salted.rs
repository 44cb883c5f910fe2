//! Names of credentials in files that are passed on: a hash with a salt that stands beside it, so that it is the same on
//! every machine and with every key.
//!
//! Whoever reads such a file could try likely values against a name, therefore that of a value that can be guessed is cut to
//! [`SHORT`] digits: very many values fit it.

use crate::secret::{FingerprintKeys, Secret};

/// Hexadecimal digits of the name of a value that can be guessed.
pub(super) const SHORT: usize = 5;

/// Hexadecimal digits of any other name, and of a salt.
pub(super) const LONG: usize = 32;

/// Each salt costs a hash for every finding. A file gets one when it is made, and those of others when it is merged.
pub(super) const SALTS: usize = 64;

/// The keys of a salt in files of one kind.
pub(super) fn keys(kind: &str, salt: &str) -> FingerprintKeys {
    FingerprintKeys::from_user(format!("cleansweep {kind} {salt}").as_bytes())
}

/// A credential's names under a salt.
pub(super) struct Names {
    pub(super) salt: String,
    long: String,
}

impl Names {
    pub(super) fn new(salt: &str, keys: &FingerprintKeys, secret: &Secret) -> Self {
        Self { salt: salt.into(), long: secret.fingerprint(keys).to_string() }
    }

    /// The one that is written.
    pub(super) fn written(&self, secret: &Secret) -> &str {
        if secret.is_guessable() { &self.long[..SHORT] } else { &self.long }
    }

    /// The long and the short one: whether a value can be guessed is a matter of the rule, and rules change.
    pub(super) fn both(&self) -> [&str; 2] {
        [&self.long, &self.long[..SHORT]]
    }
}

/// Whether a text is a number of hexadecimal digits in lower case, of one of these lengths.
pub(super) fn is_hex(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a line is one that git leaves in a file that it could not merge.
pub(super) fn is_conflict(line: &str) -> bool {
    ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|marker| line.starts_with(marker))
}
