//! Tokens that are not verified, and secrets that sign.

use super::super::super::body::FactKind;
use super::super::super::names::words;
use super::super::super::tree::Node;
use super::super::super::value::{children, text_of};
use super::Reader;

/// Keys of options that hold a secret that signs.
const SECRETS: &[&str] = &[
    "secret", "secretOrKey", "secretOrPrivateKey", "secretKey", "jwtSecret", "cookieSecret", "keys", "cookiePassword",
];

impl<'t> Reader<'t, '_> {
    /// Tokens: read, verified, signed.
    pub(super) fn token(&mut self, node: Node<'t>, name: &str) {
        let (base, last) = name.rsplit_once('.').unwrap_or(("", name));
        let lower = base.to_ascii_lowercase();
        let of_tokens = ["jwt", "jsonwebtoken", "jose", "jws"].iter().any(|known| lower.contains(known));
        let arguments = self.arguments(node);
        let in_browser = self.module.path.ends_with(".tsx") || self.module.path.ends_with(".jsx");
        let reads =
            last == "decode" && of_tokens || matches!(last, "jwtDecode" | "decodeJwt" | "jwt_decode") && !in_browser;
        if reads || last == "verify" && of_tokens && self.verifies_nothing(&arguments) {
            self.fact(node, FactKind::UnverifiedToken, name);
        }
        if of_tokens
            && matches!(last, "sign" | "verify")
            && arguments.get(1).is_some_and(|secret| self.is_literal(*secret))
        {
            self.fact(node, FactKind::SigningSecret, name);
        }
        if last == "cookieParser" && arguments.first().is_some_and(|secret| self.is_literal(*secret)) {
            self.fact(node, FactKind::SigningSecret, name);
        }
        self.secret_option(name, &arguments);
    }

    /// `verify(token, null)`, or `none` among the algorithms.
    fn verifies_nothing(&self, arguments: &[Node<'t>]) -> bool {
        let empty = |node: &Node| matches!(self.text(*node).as_str(), "null" | "undefined" | "''" | "\"\"" | "false");
        let none = |node: &Node<'t>| {
            let algorithms = self.object(*node).and_then(|object| self.key(object, "algorithms"));
            algorithms.is_some_and(|algorithms| {
                children(algorithms)
                    .iter()
                    .any(|one| text_of(*one, self.text).trim_matches(['\'', '"']).eq_ignore_ascii_case("none"))
            })
        };
        arguments.get(1).is_some_and(empty) || arguments.get(2).is_some_and(none)
    }

    /// `session({ secret: 'literal' })`, `register(jwt, { secret: 'literal' })`.
    fn secret_option(&mut self, name: &str, arguments: &[Node<'t>]) {
        let first = arguments.first().filter(|first| first.kind() == "identifier").map(|first| self.text(*first));
        let named = words(&format!("{name}.{}", first.unwrap_or_default()));
        if !named.iter().any(|word| {
            matches!(word.as_str(), "session" | "jwt" | "auth" | "cookie" | "strategy" | "token" | "passport")
        }) {
            return;
        }
        for object in arguments.iter().filter_map(|argument| self.object(*argument)).collect::<Vec<_>>() {
            for key in SECRETS {
                let Some(value) = self.key(object, key) else { continue };
                let literal = match value.kind() {
                    "array" => children(value).iter().any(|one| self.is_literal(*one)),
                    _ => self.is_literal(value),
                };
                if literal {
                    self.fact(value, FactKind::SigningSecret, &format!("{name} {key}"));
                }
            }
        }
    }
}
