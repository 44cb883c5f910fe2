//! Rules: what credentials look like. From the text of a file ([`syntax`]) to checked rules
//! ([`Rule`]) to what the detector uses ([`RuleSet`]).

/// Conditions under which what was found does not count.
pub mod allowlist;
mod catalogue;
/// Configurations of gitleaks.
pub mod gitleaks;
mod part;
mod pattern;
/// Rules for personal data.
pub mod personal;
mod search;
mod set;
/// The shape of a rule file, as `rules/README.md` describes it.
pub mod syntax;

use std::fmt;

pub use self::catalogue::{Catalogue, RuleSource};
pub use self::part::{FACTS, Part, PartKnown};
pub use self::pattern::{Compiled, MAX_REACH, Pattern, Reach};
pub use self::search::Search;
pub use self::set::{Anchor, RuleIndex, RuleSet};
use self::syntax::{Builtin, ProviderFile, RuleSyntax};
pub use self::syntax::{Confidence, Order, Phase, Runbook, Severity, Step};

/// A rule whose parts have been checked one by one. Patterns compile when first used.
#[derive(Debug)]
pub struct Rule {
    /// Stable identifier, `<provider>-<kind>`.
    pub id: String,
    /// Identifier of the provider.
    pub provider: String,
    /// The provider's own spelling.
    pub provider_name: String,
    /// What was found, in a few words.
    pub title: String,
    /// What the credential is for.
    pub description: String,
    /// What a holder can do.
    pub severity: Severity,
    /// Literals for the prefilter.
    pub anchors: Vec<String>,
    /// How a match is recognised around an anchor.
    pub matcher: Matcher,
    /// Offline proofs it must pass.
    pub checks: Vec<Check>,
    /// Least Shannon entropy of the secret, bits per character.
    pub min_entropy: f32,
    /// What a match is worth before other evidence.
    pub confidence: Confidence,
    /// Whether people choose such values themselves.
    pub guessable: bool,
    /// Whether any provider's rule wins over this one.
    pub generic: bool,
    /// Whether it is made to be seen by every visitor of a site: there it is no more than information.
    pub publishable: bool,
    /// Whether several providers use the form.
    pub shared_format: bool,
    /// What belongs to the credential and stands near it.
    pub parts: Vec<Part>,
    /// Identifier of the runbook.
    pub rotation: String,
    /// The provider's page on the format.
    pub docs: Option<String>,
}

/// How a rule recognises a credential.
#[derive(Debug)]
pub enum Matcher {
    /// By itself, wherever it stands.
    Text(Pattern),
    /// As the value of an assignment, argument, key or header.
    Value {
        /// The whole value.
        value: Pattern,
        /// What the name must contain.
        name: Option<Pattern>,
    },
    /// As the password of an address.
    Url,
    /// Wherever it stands in a text that has one of the keywords, and at certain paths only.
    Search(Box<Search>),
    /// By the form and the check digits of a kind of personal data.
    Personal(&'static personal::Personal),
}

/// An offline proof that a value is well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// Base-62 CRC-32 in the last six characters (GitHub, npm).
    GithubCrc32,
    /// What GitLab's routable tokens end in; the older ones have no checksum.
    GitlabCrc32,
    /// What Grafana's service account tokens end in.
    GrafanaCrc32,
    /// Bech32 (age).
    Bech32,
    /// Base 32 with a CRC-16 (NATS).
    Nkey,
    /// Base64 of a private key of X25519 (WireGuard).
    X25519,
    /// Base64 of a macaroon (PyPI).
    Macaroon,
    /// Base64 of a number of Discord's.
    Snowflake,
    /// AWS key id with the account number in it.
    AwsKeyId,
    /// JSON Web Token.
    Jwt,
    /// PEM, OpenSSH, PGP or PuTTY private key.
    PrivateKey,
    /// Base64 of `user:password`.
    BasicAuth,
    /// Base64 of so many bytes.
    Base64Len(usize),
    /// Base64 of a JSON object.
    Base64Json,
    /// What a JSON object in it tells; it need not have one.
    JsonFacts,
}

impl Check {
    /// Reads the name used in rule files.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "github-crc32" => Self::GithubCrc32,
            "gitlab-crc32" => Self::GitlabCrc32,
            "grafana-crc32" => Self::GrafanaCrc32,
            "bech32" => Self::Bech32,
            "nkey" => Self::Nkey,
            "x25519" => Self::X25519,
            "macaroon" => Self::Macaroon,
            "snowflake" => Self::Snowflake,
            "aws-key-id" => Self::AwsKeyId,
            "jwt" => Self::Jwt,
            "private-key" => Self::PrivateKey,
            "basic-auth" => Self::BasicAuth,
            "base64-json" => Self::Base64Json,
            "json-facts" => Self::JsonFacts,
            _ => Self::Base64Len(name.strip_prefix("base64:")?.parse().ok()?),
        })
    }
}

/// Something wrong with a rule, told so that its author can mend it.
#[derive(Debug)]
pub struct RuleError {
    /// The file, and the line where that is known.
    pub place: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for RuleError {}

/// Shortest anchor: a shorter one would send most of every text to the rule.
const MIN_ANCHOR: usize = 3;

impl Rule {
    /// Which of two rules wins on the same bytes: the lower number. A provider's own, then one for a form that several use,
    /// then a generic one.
    #[must_use]
    pub fn precedence(&self) -> u8 {
        match (self.generic, self.shared_format) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        }
    }

    /// Checks one rule of `file`. Patterns are not compiled here; see [`Rule::compile`].
    ///
    /// # Errors
    /// The first thing that is wrong, as a message without place.
    pub fn check(file: &ProviderFile, syntax: &RuleSyntax) -> Result<Self, String> {
        let id = &syntax.id;
        if !is_id(id) {
            return Err(format!("`{id}`: an id is lower-case letters, digits and dashes"));
        }
        if syntax.anchors.is_empty() {
            return Err(format!("`{id}`: a rule needs at least one anchor"));
        }
        if syntax.anchors.iter().any(|anchor| anchor.contains('\0')) {
            return Err(format!("`{id}`: an anchor has a NUL, which is in no text"));
        }
        if let Some(short) = syntax.anchors.iter().find(|a| a.len() < MIN_ANCHOR) {
            return Err(format!("`{id}`: anchor `{short}` is shorter than {MIN_ANCHOR} bytes"));
        }
        if syntax.name.is_some() && syntax.value.is_none() {
            return Err(format!("`{id}`: `name` goes with `value`"));
        }
        let matcher = match (&syntax.regex, &syntax.value, syntax.builtin) {
            (Some(regex), None, None) => Matcher::Text(Pattern::text(regex, syntax.reach)),
            (None, Some(value), None) => {
                Matcher::Value { value: Pattern::whole(value), name: syntax.name.as_deref().map(Pattern::name) }
            }
            (None, None, Some(Builtin::UrlPassword)) => Matcher::Url,
            _ => return Err(format!("`{id}`: a rule has one of `regex`, `value` and `builtin`")),
        };
        let checks = syntax
            .checks
            .iter()
            .map(|name| Check::parse(name).ok_or(format!("`{id}`: there is no check `{name}`")))
            .collect::<Result<Vec<_>, _>>()?;
        let default = match matcher {
            Matcher::Text(_) => Confidence::High,
            _ => Confidence::Medium,
        };
        Ok(Self {
            id: id.clone(),
            provider: file.provider.id.clone(),
            provider_name: file.provider.name.clone(),
            title: syntax.title.clone(),
            description: syntax.description.clone(),
            severity: syntax.severity,
            anchors: syntax.anchors.clone(),
            matcher,
            checks,
            min_entropy: syntax.min_entropy.unwrap_or(0.0),
            confidence: syntax.confidence.unwrap_or(default),
            guessable: syntax.guessable,
            generic: syntax.generic,
            publishable: syntax.publishable,
            shared_format: syntax.shared_format,
            parts: syntax.parts.iter().map(|part| Part::check(id, part)).collect::<Result<_, _>>()?,
            rotation: syntax.rotation.clone(),
            docs: syntax.docs.clone(),
        })
    }

    /// Compiles the rule's patterns now instead of at their first use.
    ///
    /// # Errors
    /// What the regex engine says of an invalid, unbounded or too large pattern.
    pub fn compile(&self) -> Result<(), String> {
        self.patterns().try_for_each(|p| p.compiled().map(drop).map_err(|e| format!("`{}`: {e}", self.id)))
    }

    /// Whether it finds personal data, which nobody can rotate.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        matches!(self.matcher, Matcher::Personal(_))
    }

    /// What it searches, if it is a rule of a gitleaks configuration.
    #[must_use]
    pub fn search(&self) -> Option<&Search> {
        match &self.matcher {
            Matcher::Search(search) => Some(search),
            _ => None,
        }
    }

    /// The rule's patterns.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        let (first, second) = match &self.matcher {
            Matcher::Text(pattern) => (Some(pattern), None),
            Matcher::Value { value, name } => (Some(value), name.as_ref()),
            Matcher::Url | Matcher::Search(_) | Matcher::Personal(_) => (None, None),
        };
        first.into_iter().chain(second).chain(self.parts.iter().filter_map(Part::pattern))
    }
}

fn is_id(text: &str) -> bool {
    let dashed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(dashed) && !text.starts_with('-') && !text.ends_with('-')
}
