//! Whom the bodies of functions turn away.

use super::super::super::route::Role;
use super::super::super::tree::Node;
use super::super::super::value::walk;
use super::{Reader, is_caller, is_function};

impl<'t> Reader<'t, '_> {
    /// Whether a call turns somebody away: `res.status(401)`, `reply.unauthorized()`, `redirect('/login')`.
    pub(super) fn denies(&self, node: Node<'t>, name: &str) -> bool {
        const ANSWERS: &[&str] = &["unauthorized", "forbidden", "redirect", "createHttpError", "HttpException"];
        let last = name.rsplit('.').next().unwrap_or_default();
        let number = |argument: &Node| matches!(self.text(*argument).as_str(), "401" | "403");
        ANSWERS.contains(&last) || self.arguments(node).iter().any(number)
    }

    /// `if (!req.user)`, `if (req.user.role !== 'admin')`.
    pub(super) fn condition(&mut self, node: Node<'t>) {
        let Some(condition) = node.child_by_field_name("condition") else { return };
        let mut found = Vec::new();
        walk(condition, |inner| {
            if matches!(inner.kind(), "member_expression" | "identifier") {
                found.push(inner);
            }
            !is_function(inner)
        });
        for part in found {
            let name = self.text(part).replace("?.", ".").replace("request.", "req.");
            let negated = part.parent().is_some_and(|parent| parent.kind() == "unary_expression");
            let last = name.rsplit('.').next().unwrap_or_default();
            let base = name.split('.').next().unwrap_or_default();
            let caller =
                matches!(base, "req" | "request" | "ctx" | "context" | "session" | "user" | "currentUser" | "locals");
            if caller && name.contains('.') && matches!(last, "role" | "roles" | "isAdmin" | "is_admin" | "admin") {
                if self.turns_away(node, condition, part) {
                    self.mention(part, Role::Authorization, &name);
                }
            } else if negated && is_caller(&name) {
                self.mention(part, Role::Authentication, &name);
            }
        }
    }

    /// Whether a question for a role turns somebody away: it is negated, or something outside of its consequence refuses.
    /// `if (user.isAdmin) return res.redirect('/dashboard')` refuses nobody.
    fn turns_away(&self, node: Node<'t>, condition: Node<'t>, part: Node<'t>) -> bool {
        let (mut at, mut compared) = (part.parent(), false);
        while let Some(outer) =
            at.filter(|outer| outer.start_byte() >= condition.start_byte() && outer.id() != node.id())
        {
            match (outer.kind(), self.field(outer, "operator").as_str()) {
                ("unary_expression", "!") | ("binary_expression", "!=" | "!==") => return true,
                ("binary_expression", "==" | "===") | ("call_expression", _) => compared = true,
                _ => {}
            }
            at = outer.parent();
        }
        let behind = node.child_by_field_name("consequence").map_or(node.end_byte(), |then| then.end_byte());
        let mut function = node;
        while let Some(outer) = function.parent().filter(|_| !is_function(function)) {
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

    /// Whether something refuses a request, and does not only answer with another page.
    fn refuses(&self, node: Node) -> bool {
        if node.kind() != "call_expression" {
            return node.kind() == "throw_statement";
        }
        let name = self.callee(node);
        let to = self.arguments(node).first().map(|to| self.text(*to).to_ascii_lowercase()).unwrap_or_default();
        match name.rsplit('.').next().unwrap_or_default() {
            "redirect" => {
                let words = ["login", "signin", "sign-in", "sign_in", "forbidden", "denied", "401", "403"];
                words.iter().any(|word| to.contains(word)) || to.trim_matches(['\'', '"']) == "/"
            }
            "next" => !to.is_empty(),
            _ => self.denies(node, &name),
        }
    }
}
