// The shape of a rule file, exactly as `rules/README.md` describes it. `build.rs` compiles this
// file too, so it uses nothing of the crate.

use serde::{Deserialize, Serialize};

/// A file of rules: one provider, what its credentials look like, how to rotate them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderFile {
    /// Whose credentials these are.
    pub provider: ProviderSyntax,
    /// What its credentials look like.
    #[serde(default)]
    pub rule: Vec<RuleSyntax>,
    /// How they are rotated.
    #[serde(default)]
    pub rotation: Vec<Runbook>,
}

/// The `[provider]` table.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSyntax {
    /// Lower-case identifier, the file's name.
    pub id: String,
    /// The provider's own spelling.
    pub name: String,
}

/// A `[[rule]]` table, unchecked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSyntax {
    /// Stable identifier.
    pub id: String,
    /// What was found, in a few words.
    pub title: String,
    /// What the credential is for.
    pub description: String,
    /// What a holder can do.
    pub severity: Severity,
    /// Literals for the prefilter.
    pub anchors: Vec<String>,
    /// A pattern for a credential that is recognisable by itself.
    #[serde(default)]
    pub regex: Option<String>,
    /// The whole form of an assigned value.
    #[serde(default)]
    pub value: Option<String>,
    /// A way of matching that no pattern can say: `url-password`.
    #[serde(default)]
    pub builtin: Option<Builtin>,
    /// A pattern for the assignment's name.
    #[serde(default)]
    pub name: Option<String>,
    /// Bytes a match may extend around an anchor.
    #[serde(default)]
    pub reach: Option<usize>,
    /// Offline proofs.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Least entropy, bits per character.
    #[serde(default)]
    pub min_entropy: Option<f32>,
    /// What a match is worth before other evidence.
    #[serde(default)]
    pub confidence: Option<Confidence>,
    /// Whether people choose such values themselves.
    #[serde(default)]
    pub guessable: bool,
    /// Whether a provider's rule wins over this one.
    #[serde(default)]
    pub generic: bool,
    /// Whether it is made to be seen by every visitor of a site.
    #[serde(default)]
    pub publishable: bool,
    /// Whether several providers use the form: a provider's own rule beats it, it beats a generic one.
    #[serde(default)]
    pub shared_format: bool,
    /// What belongs to it and stands near it.
    #[serde(default)]
    pub parts: Vec<PartSyntax>,
    /// The runbook's identifier.
    pub rotation: String,
    /// The provider's page on the format.
    #[serde(default)]
    pub docs: Option<String>,
    /// Texts in which the rule must find a secret.
    #[serde(default)]
    pub hit: Vec<String>,
    /// Texts in which it must find none.
    #[serde(default)]
    pub miss: Vec<String>,
}

/// An entry of a rule's `parts`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PartSyntax {
    /// What it is, as runbooks name it.
    pub fact: String,
    /// A pattern; the part is its first group.
    #[serde(default)]
    pub regex: Option<String>,
    /// The rule that finds it.
    #[serde(default)]
    pub rule: Option<String>,
}

/// Ways of matching that are code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Builtin {
    /// The password in `scheme://user:password@host`; the anchor is `://`.
    UrlPassword,
}

/// What a holder of a credential can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Made to be published; worth knowing.
    Info,
    /// Little, or only in a test environment.
    Low,
    /// Something, within narrow bounds.
    Medium,
    /// Read or change what is not theirs.
    High,
    /// Take over accounts, data or money.
    Critical,
}

/// How sure it is that a match is a live kind of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Worth a look in an audit, too often wrong for a hook.
    Low,
    /// More likely true than not; shown by default.
    Medium,
    /// Proved by its structure, or as telling as a text can be.
    High,
}

/// A `[[rotation]]` table: what to do once a credential of this kind is out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Runbook {
    /// Unique in the catalogue.
    pub id: String,
    /// What somebody who has exactly this credential can do.
    pub holder_can: String,
    /// What comes first.
    pub order: Order,
    /// What breaks on revocation, and whether two can live side by side.
    pub breaks: String,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// What must fail afterwards.
    pub proof: Proof,
    /// The provider's page on revoking it.
    pub docs: String,
    /// The day these facts were last checked, `YYYY-MM-DD`.
    pub reviewed: String,
}

/// Whether the leaked credential can be revoked before a new one is in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The holder can do too much for waiting, or nothing breaks.
    RevokeFirst,
    /// Two can live side by side: deploy the new one, then revoke.
    ReplaceFirst,
}

/// One step of a runbook.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the step is for.
    pub phase: Phase,
    /// What to do, in the imperative.
    #[serde(rename = "do")]
    pub action: String,
    /// Where in the provider's console.
    #[serde(default)]
    pub url: Option<String>,
    /// The command that does it.
    #[serde(default)]
    pub command: Option<String>,
}

/// What a step of a runbook is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Make the leaked credential useless.
    Revoke,
    /// Make its successor.
    Replace,
    /// Put the successor where the application reads it.
    Store,
    /// Make the application use it.
    Deploy,
    /// Show that the leaked one is dead.
    Prove,
    /// Look for its use since the exposure.
    Audit,
    /// Tell those concerned.
    Tell,
}

/// The command that proves a revocation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// A command that reads the leaked value from the environment variable `LEAKED`.
    pub command: String,
    /// How it fails once the credential is dead.
    pub fails_with: String,
}
