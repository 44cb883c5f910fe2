//! The shape of a `launch.toml`, unchecked; every value knows where it stands.

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSyntax {
    #[serde(default)]
    pub(super) target: Vec<TargetSyntax>,
    #[serde(default)]
    pub(super) routes: RoutesSyntax,
    #[serde(default)]
    pub(super) cors: CorsSyntax,
    pub(super) mail: Option<MailSyntax>,
    #[serde(default)]
    pub(super) account: Vec<AccountSyntax>,
    #[serde(default)]
    pub(super) resource: Vec<ResourceSyntax>,
    pub(super) load: Option<LoadSyntax>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetSyntax {
    pub(super) name: Spanned<String>,
    pub(super) url: Spanned<String>,
    #[serde(default)]
    pub(super) hosts: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) health: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) allow_private: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoutesSyntax {
    #[serde(default)]
    pub(super) public: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) top: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CorsSyntax {
    #[serde(default)]
    pub(super) origins: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailSyntax {
    pub(super) domain: Spanned<String>,
    #[serde(default)]
    pub(super) senders: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) selectors: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountSyntax {
    pub(super) name: Spanned<String>,
    pub(super) role: Spanned<String>,
    pub(super) tenant: Option<Spanned<String>>,
    pub(super) token_env: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceSyntax {
    pub(super) class: Spanned<String>,
    pub(super) route: Spanned<String>,
    pub(super) owner: Spanned<String>,
    pub(super) id: Spanned<String>,
    pub(super) canary: Spanned<String>,
    pub(super) other: Spanned<String>,
    pub(super) other_id: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoadSyntax {
    pub(super) route: Spanned<String>,
    pub(super) rps: Spanned<u32>,
    pub(super) requests: Spanned<u32>,
}
