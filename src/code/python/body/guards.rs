//! Whom the bodies of functions turn away.

use super::super::super::route::Role;
use super::super::super::tree::Node;
use super::super::super::value::walk;
use super::Reader;

impl<'t> Reader<'t, '_> {
    /// `if not request.user.is_authenticated`, `if 'user' not in session`, `if not current_user.is_admin`.
    pub(super) fn condition(&mut self, node: Node<'t>) {
        let condition = node
            .child_by_field_name("condition")
            .or_else(|| node.named_child(1).filter(|_| node.kind() == "conditional_expression"));
        let Some(condition) = condition else { return };
        let mut found = Vec::new();
        walk(condition, |inner| {
            if matches!(inner.kind(), "attribute" | "comparison_operator" | "call") {
                found.push(inner);
            }
            true
        });
        for part in found {
            let name = self.text(part);
            let last = name.rsplit('.').next().unwrap_or_default();
            let caller = ["request.user", "current_user", "g.user", "self.request.user"];
            let caller = part.kind() == "attribute" && caller.iter().any(|base| name.starts_with(base));
            // Only who is turned away without it: `if current_user.is_authenticated` alone sends those who are signed in elsewhere.
            let negated = part.parent().is_some_and(|parent| parent.kind() == "not_operator");
            let signed_in = match last {
                "is_authenticated" => caller && negated,
                "is_anonymous" => caller && !negated,
                _ => false,
            };
            let of_session = part.kind() == "comparison_operator" && name.contains(" not in session")
                || name.starts_with("session.get(") && negated;
            let roles = matches!(last, "is_staff" | "is_superuser" | "is_admin" | "role" | "admin" | "roles");
            if signed_in || of_session {
                self.mention(part, Role::Authentication, if of_session { "session" } else { &name });
            } else if caller && roles && self.turns_away(node, part) {
                self.mention(part, Role::Authorization, &name);
            }
        }
    }

    /// Whether a question for a role turns somebody away: it is negated, or something outside of its consequence refuses.
    /// `if current_user.is_superuser: …` that only shows more refuses nobody.
    fn turns_away(&self, node: Node<'t>, part: Node<'t>) -> bool {
        let (mut at, mut compared) = (part.parent(), false);
        while let Some(outer) = at.filter(|outer| outer.id() != node.id()) {
            match outer.kind() {
                "not_operator" => return true,
                "comparison_operator" => {
                    let text = self.text(outer);
                    if text.contains("!=") || text.contains(" not in ") {
                        return true;
                    }
                    compared = true;
                }
                _ => {}
            }
            at = outer.parent();
        }
        let behind = node.child_by_field_name("consequence").map_or(node.end_byte(), |then| then.end_byte());
        let mut function = node;
        while let Some(outer) = function.parent().filter(|_| function.kind() != "function_definition") {
            function = outer;
        }
        let mut refuses = false;
        walk(function, |inner| {
            let counts = compared && inner.start_byte() >= node.start_byte() || inner.start_byte() >= behind;
            refuses = refuses || counts && self.refuses(inner);
            !refuses
        });
        refuses
    }

    /// Whether something refuses a request.
    fn refuses(&self, node: Node) -> bool {
        let name = self.callee(node);
        match (node.kind(), name.rsplit('.').next().unwrap_or_default()) {
            ("raise_statement", _) | ("call", "abort" | "HttpResponseForbidden" | "unauthorized" | "forbidden") => true,
            ("call", _) => {
                self.arguments(node).iter().any(|(_, value)| matches!(self.text(*value).as_str(), "401" | "403"))
            }
            _ => false,
        }
    }
}
