//! What is told to logs and to clients, and cookies.

use super::super::super::body::{FactKind, SameSite, Setting};
use super::super::super::names::{is_sensitive, words};
use super::super::super::tree::Node;
use super::super::super::value::walk;
use super::Reader;

impl<'t> Reader<'t, '_> {
    /// A log call that names something sensitive.
    pub(super) fn logged(&mut self, node: Node<'t>, name: &str) {
        const LEVELS: &[&str] = &["debug", "info", "warning", "warn", "error", "critical", "exception", "log"];
        let (base, level) = name.rsplit_once('.').unwrap_or(("", name));
        let base = base.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let logs = LEVELS.contains(&level)
            && (base.ends_with("logger") || matches!(base.as_str(), "logging" | "log" | "_logger"));
        if !logs && name != "print" {
            return;
        }
        for (_, argument) in self.arguments(node) {
            let mut found = Vec::new();
            walk(argument, |inner| {
                let text = match inner.kind() {
                    "attribute" | "identifier" => self.text(inner),
                    "subscript" => format!(
                        "{}.{}",
                        self.field(inner, "value"),
                        self.field(inner, "subscript").trim_matches(['\'', '"'])
                    ),
                    _ => return inner.kind() != "call" || self.callee(inner).ends_with(".format"),
                };
                let whole = matches!(
                    text.as_str(),
                    "request.headers"
                        | "request.json"
                        | "request.data"
                        | "request.form"
                        | "request.cookies"
                        | "request.POST"
                        | "request.META"
                );
                let last = text.rsplit('.').next().unwrap_or_default();
                if whole || ends_sensitive(last) {
                    found.push((inner, text));
                }
                false
            });
            for (inner, name) in found {
                self.fact(inner, FactKind::SensitiveLog, &name);
            }
        }
    }

    /// An error that is sent to the client.
    pub(super) fn sent(&mut self, node: Node<'t>, name: &str) {
        let traced = matches!(name, "traceback.format_exc" | "format_exc");
        let told = name == "str"
            && self.arguments(node).first().is_some_and(|(_, error)| {
                matches!(self.text(*error).as_str(), "e" | "err" | "error" | "ex" | "exc" | "exception")
            });
        if !traced && !told {
            return;
        }
        let mut at = node.parent();
        while let Some(parent) = at {
            match parent.kind() {
                "return_statement" => {
                    self.fact(node, FactKind::ErrorExposed, if traced { name } else { "str(error)" });
                    return;
                }
                "call" if self.callee(parent).ends_with("HTTPException") => {
                    self.fact(node, FactKind::ErrorExposed, if traced { name } else { "str(error)" });
                    return;
                }
                "block" | "function_definition" | "module" => return,
                _ => at = parent.parent(),
            }
        }
    }

    /// `response.set_cookie(…)`.
    pub(super) fn cookie(&mut self, node: Node<'t>, name: &str) {
        if !matches!(name.rsplit('.').next(), Some("set_cookie" | "set_signed_cookie")) {
            return;
        }
        let arguments = self.arguments(node);
        let spread = arguments.iter().any(|(_, argument)| argument.kind() == "dictionary_splat");
        let of = |wanted: &str| arguments.iter().find(|(key, _)| key == wanted).map(|(_, value)| self.text(*value));
        let setting = |wanted: &str| match of(wanted).as_deref() {
            None if spread => Setting::Unknown,
            None => Setting::Missing,
            Some("True") => Setting::On,
            Some("False") => Setting::Off,
            Some(_) => Setting::Unknown,
        };
        let same_site =
            match of("samesite").map(|value| value.trim_matches(['\'', '"']).to_ascii_lowercase()).as_deref() {
                None if spread => SameSite::Unknown,
                None => SameSite::Missing,
                Some("strict") => SameSite::Strict,
                Some("lax") => SameSite::Lax,
                Some("none") => SameSite::None,
                Some(_) => SameSite::Unknown,
            };
        let kind = FactKind::Cookie { http_only: setting("httponly"), secure: setting("secure"), same_site };
        self.fact(node, kind, name);
    }
}

/// Whether a name ends with what is sensitive: `user_token` does, `token_count` does not.
fn ends_sensitive(name: &str) -> bool {
    let words = words(name);
    let last = words.last().cloned().unwrap_or_default();
    is_sensitive(&last) || is_sensitive(name) && matches!(last.as_str(), "hash" | "value" | "header" | "key")
}
