//! What is told to logs and to clients.

use super::super::super::body::FactKind;
use super::super::super::names::{is_sensitive, words};
use super::super::super::tree::Node;
use super::super::super::value::walk;
use super::{Reader, is_function};

impl<'t> Reader<'t, '_> {
    /// A log call that names something sensitive.
    pub(super) fn logged(&mut self, node: Node<'t>, name: &str) {
        if !is_log(name) {
            return;
        }
        for argument in self.arguments(node) {
            let mut found = Vec::new();
            walk(argument, |inner| {
                let name = match inner.kind() {
                    "member_expression" => self.text(inner),
                    "identifier" | "shorthand_property_identifier" => self.text(inner),
                    _ => String::new(),
                };
                let whole = matches!(
                    name.as_str(),
                    "req.body"
                        | "req.headers"
                        | "request.body"
                        | "request.headers"
                        | "req.cookies"
                        | "ctx.request.body"
                        | "req.session"
                );
                let last = name.rsplit('.').next().unwrap_or_default();
                if whole || is_sensitive(last) && ends_sensitive(last) {
                    found.push((inner, name));
                    return false;
                }
                // Of what is called only the arguments are logged, and of a member only the last: `token.length`.
                !is_function(inner) && !matches!(inner.kind(), "member_expression" | "call_expression")
            });
            for (inner, name) in found {
                self.fact(inner, FactKind::SensitiveLog, &name);
            }
        }
    }

    /// An error that is sent to the client.
    pub(super) fn sent(&mut self, node: Node<'t>, name: &str) {
        let (base, last) = name.rsplit_once('.').unwrap_or_default();
        let base = base.split('.').next().unwrap_or_default();
        if !matches!(last, "send" | "json" | "end" | "write" | "render")
            || !matches!(base, "res" | "response" | "reply" | "NextResponse" | "Response" | "ctx")
        {
            return;
        }
        for argument in self.arguments(node) {
            let mut found = Vec::new();
            walk(argument, |inner| {
                let text = match inner.kind() {
                    "member_expression" | "identifier" | "shorthand_property_identifier" => self.text(inner),
                    _ => String::new(),
                };
                let (base, last) = text.rsplit_once('.').unwrap_or(("", &text));
                let whole = base.is_empty() && matches!(last, "err" | "error" | "exception");
                let within =
                    inner.parent().is_some_and(|parent| matches!(parent.kind(), "pair" | "arguments" | "object"));
                let key = inner.parent().is_some_and(|parent| {
                    parent.kind() == "pair"
                        && parent.child_by_field_name("key").is_some_and(|key| key.id() == inner.id())
                });
                if last == "stack" && !base.is_empty() || whole && within && !key {
                    found.push((inner, text.clone()));
                }
                !is_function(inner) && !matches!(inner.kind(), "member_expression" | "call_expression")
            });
            for (inner, name) in found {
                self.fact(inner, FactKind::ErrorExposed, &name);
            }
        }
    }
}

/// Whether a call writes a log.
fn is_log(name: &str) -> bool {
    const LEVELS: &[&str] =
        &["log", "info", "warn", "error", "debug", "trace", "verbose", "fatal", "silly", "http", "dir"];
    let Some((base, level)) = name.rsplit_once('.') else { return false };
    let base = base.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    LEVELS.contains(&level)
        && (matches!(base.as_str(), "console" | "log" | "winston" | "pino") || base.ends_with("logger"))
}

/// Whether a name ends with what is sensitive: `userToken` does, `tokenCount` does not.
fn ends_sensitive(name: &str) -> bool {
    let words = words(name);
    let last = words.last().cloned().unwrap_or_default();
    is_sensitive(&last) || matches!(last.as_str(), "hash" | "value" | "header" | "key")
}
