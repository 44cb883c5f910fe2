//! Tokens that are not verified, and secrets that sign.

use super::super::super::body::FactKind;
use super::super::super::tree::Node;
use super::super::super::value::{children, text_of, walk};
use super::Reader;

impl<'t> Reader<'t, '_> {
    /// Tokens: read, verified, signed.
    pub(super) fn token(&mut self, node: Node<'t>, name: &str) {
        let (base, last) = name.rsplit_once('.').unwrap_or(("", name));
        let of_tokens = ["jwt", "jose", "jws"].iter().any(|known| base.to_ascii_lowercase().contains(known));
        let arguments = self.arguments(node);
        let decodes = of_tokens && last == "decode";
        let unchecked = arguments.iter().any(|(key, value)| match key.as_str() {
            "verify" => self.text(*value) == "False",
            "options" => self.switches_off(*value),
            "algorithms" => text_of(*value, self.text).to_ascii_lowercase().contains("none"),
            _ => false,
        });
        if decodes && unchecked || matches!(last, "get_unverified_claims" | "decode_unverified") {
            self.fact(node, FactKind::UnverifiedToken, name);
        }
        let second = arguments.get(1).filter(|(key, _)| matches!(key.as_str(), "" | "key")).map(|(_, value)| *value);
        if of_tokens && matches!(last, "encode" | "decode") && second.is_some_and(|secret| self.is_literal(secret)) {
            self.fact(node, FactKind::SigningSecret, name);
        }
        for (key, value) in &arguments {
            if matches!(
                key.to_ascii_lowercase().as_str(),
                "secret_key" | "jwt_secret" | "jwt_secret_key" | "session_secret"
            ) && self.is_literal(*value)
            {
                self.fact(*value, FactKind::SigningSecret, &format!("{name} {key}"));
            }
        }
    }

    /// `{"verify_signature": False}`.
    fn switches_off(&self, node: Node<'t>) -> bool {
        let mut off = false;
        walk(node, |inner| {
            if inner.kind() == "pair" {
                off |= self.field(inner, "key").contains("verify_signature") && self.field(inner, "value") == "False";
            }
            true
        });
        off
    }

    /// `SECRET_KEY = 'literal'`, `app.config['SECRET_KEY'] = 'literal'`, `app.secret_key = 'literal'`.
    pub(super) fn assigned_secret(&mut self, node: Node<'t>) {
        let [Some(target), Some(value)] = ["left", "right"].map(|field| node.child_by_field_name(field)) else {
            return;
        };
        let name = match target.kind() {
            "subscript" => target.child_by_field_name("subscript").map(|key| self.text(key)).unwrap_or_default(),
            "attribute" => self.field(target, "attribute"),
            _ => self.text(target),
        };
        let name = name.trim_matches(['\'', '"']).to_owned();
        let signs = matches!(
            name.to_ascii_uppercase().as_str(),
            "SECRET_KEY" | "JWT_SECRET_KEY" | "JWT_SECRET" | "SESSION_SECRET" | "JWT_SIGNING_KEY"
        );
        let written = value.kind() == "string" && self.is_literal(value);
        let or =
            value.kind() == "boolean_operator" && children(value).last().is_some_and(|last| self.is_literal(*last));
        if signs && (written || or) {
            self.fact(node, FactKind::SigningSecret, &name);
        }
    }
}
