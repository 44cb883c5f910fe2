//! What belongs to a credential and is no secret by itself: the id that a secret goes with, the host and the user of a password.

use super::Pattern;
use super::syntax::PartSyntax;

/// What can be known of a credential, by the names that runbooks call it.
pub const FACTS: &[&str] = &[
    "account", "account_id", "account_sid", "algorithm", "app_id", "audience", "bot", "client_email", "client_id",
    "curve", "database", "datacenter", "email", "expires", "group_id", "host", "issuer", "key_id", "key_type",
    "namespace", "organization", "organization_id", "path", "permissions", "port", "project", "project_id", "region",
    "resource", "role", "scheme", "scope", "service_account", "subject", "team_id", "tenant_id", "user", "user_id",
    "webhook_id", "workspace",
];

/// The name of a fact as it is listed.
pub(super) fn fact(name: &str) -> Option<&'static str> {
    FACTS.iter().find(|fact| **fact == name).copied()
}

/// A part of a credential that stands near it.
#[derive(Debug)]
pub struct Part {
    /// What it is, of [`FACTS`].
    pub fact: &'static str,
    /// How it is recognised.
    pub known: PartKnown,
}

/// How a part is recognised.
#[derive(Debug)]
pub enum PartKnown {
    /// By a pattern, whose first group it is.
    Pattern(Pattern),
    /// A rule, by its id, finds it. It is no finding of its own then.
    Rule(String),
}

impl Part {
    /// Checks a part of the rule `id`.
    pub(super) fn check(id: &str, syntax: &PartSyntax) -> Result<Self, String> {
        let Some(fact) = fact(&syntax.fact) else {
            return Err(format!("`{id}`: there is no fact `{}`", syntax.fact));
        };
        let known = match (&syntax.regex, &syntax.rule) {
            (Some(regex), None) => PartKnown::Pattern(Pattern::text(regex, None)),
            (None, Some(rule)) => PartKnown::Rule(rule.clone()),
            _ => return Err(format!("`{id}`: a part has one of `regex` and `rule`")),
        };
        Ok(Self { fact, known })
    }

    pub(super) fn pattern(&self) -> Option<&Pattern> {
        match &self.known {
            PartKnown::Pattern(pattern) => Some(pattern),
            PartKnown::Rule(_) => None,
        }
    }
}
