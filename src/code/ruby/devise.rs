//! The routes that Devise draws.

use crate::code::route::{Mention, Method, Role};
use crate::code::unit::{Call, Expr};
use crate::code::walk::join;

use super::routes::{Pen, Scope, absolute};

/// Which controller, path, method and action.
type Line = (&'static str, &'static str, Method, &'static str);

/// What a model has unless it says otherwise, by the controllers' names.
const LINES: &[Line] = &[
    ("sessions", "sign_in", Method::Get, "new"),
    ("sessions", "sign_in", Method::Post, "create"),
    ("sessions", "sign_out", Method::Delete, "destroy"),
    ("passwords", "password/new", Method::Get, "new"),
    ("passwords", "password/edit", Method::Get, "edit"),
    ("passwords", "password", Method::Patch, "update"),
    ("passwords", "password", Method::Put, "update"),
    ("passwords", "password", Method::Post, "create"),
    ("registrations", "cancel", Method::Get, "cancel"),
    ("registrations", "sign_up", Method::Get, "new"),
    ("registrations", "edit", Method::Get, "edit"),
    ("registrations", "", Method::Patch, "update"),
    ("registrations", "", Method::Put, "update"),
    ("registrations", "", Method::Delete, "destroy"),
    ("registrations", "", Method::Post, "create"),
];

/// `devise_for :users`
pub(super) fn draw<'u>(pen: &mut Pen<'u>, call: &'u Call, scope: &Scope<'u>) {
    let skip = call.words("skip").unwrap_or_default();
    let only = call.words("only");
    for name in call.args.iter().filter(|arg| arg.key.is_none()).filter_map(|arg| arg.value.word()) {
        let path = call.key("path").and_then(Expr::word).unwrap_or(name);
        for (controller, end, method, action) in LINES {
            let left_out = skip.contains(&"all")
                || skip.contains(controller)
                || only.as_ref().is_some_and(|only| !only.contains(controller));
            if left_out {
                continue;
            }
            let own = controllers(call, controller);
            let target = own.map(|own| (absolute(&scope.module, own), (*action).to_owned()));
            // Who signs in or out is nobody yet, whoever's the controller is.
            let known = target.is_none() || *controller == "sessions";
            pen.push(call.line, &join(path, end), *method, target, scope);
            if let (true, Some(last)) = (known, pen.drawn.last_mut()) {
                // Devise's own controllers ask who is calling where they have to.
                let edits = *controller == "registrations" && matches!(*action, "edit" | "update" | "destroy");
                let role = if edits { Role::Authentication } else { Role::Public };
                let at = last.route.at.clone();
                last.route.before.push(Mention { role, name: "devise_for".into(), at, group: false });
            }
        }
        pen.miss(call.line, "Devise draws more routes for models that confirm, unlock or sign in elsewhere.");
    }
}

/// The application's own controller: `controllers: { sessions: 'users/sessions' }`.
fn controllers<'u>(call: &'u Call, which: &str) -> Option<&'u str> {
    let Expr::Pairs(pairs) = call.key("controllers")? else { return None };
    pairs.iter().find(|(key, _)| key.word() == Some(which)).and_then(|(_, value)| value.word())
}
