//! Offline proofs: what a value's own structure says about whether it is a credential, and which one.

mod checksum;
mod private_key;
mod token;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::expiry::EXPIRES;
use crate::rule::Check;

/// Something a credential tells about itself that is not secret: which account it opens, when it ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fact {
    /// What the fact is, as runbooks name it: `account_id`, `host`, `user`, …
    pub name: Cow<'static, str>,
    /// Its value. Comes from the scanned text; control characters are left out.
    pub value: String,
}

impl Fact {
    /// Longest value kept, in characters.
    const MAX: usize = 200;

    /// A fact read from scanned bytes.
    #[must_use]
    pub fn new(name: &'static str, value: &str) -> Self {
        let clean = value.chars().filter(|c| !c.is_control()).take(Self::MAX).collect();
        Self { name: name.into(), value: clean }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name.replace('_', " "), self.value)
    }
}

/// What a proof found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The value is well formed in a way that chance does not explain.
    Sound(Vec<Fact>),
    /// It is well formed, but worth less than it looks: encrypted, truncated, an example.
    Weak(&'static str, Vec<Fact>),
    /// It may be well formed; what would prove it is not known.
    Unknown(Vec<Fact>),
    /// It cannot be what the rule looks for.
    Refuted(&'static str),
}

/// Runs one proof on a secret.
pub(super) fn prove(check: Check, secret: &[u8]) -> Proof {
    match check {
        Check::GithubCrc32 => checksum::base62_crc32(secret),
        Check::GitlabCrc32 => checksum::gitlab(secret),
        Check::GrafanaCrc32 => checksum::grafana(secret),
        Check::Bech32 => checksum::bech32(secret),
        Check::Nkey => checksum::nkey(secret),
        Check::X25519 => token::x25519(secret),
        Check::Macaroon => token::macaroon(secret),
        Check::Snowflake => token::snowflake(secret),
        Check::AwsKeyId => token::aws_key_id(secret),
        Check::Jwt => token::jwt(secret),
        Check::PrivateKey => private_key::prove(secret),
        Check::BasicAuth => token::basic_auth(secret),
        Check::Base64Len(len) => token::base64_len(secret, len),
        Check::Base64Json => token::base64_json(secret),
        Check::JsonFacts => match token::base64_json(secret) {
            Proof::Refuted(_) => Proof::Unknown(Vec::new()),
            told => told,
        },
    }
}

pub(super) use checksum::{base36_checksum, base62_checksum, bech32_checksum, grafana_checksum, nkey_of};
