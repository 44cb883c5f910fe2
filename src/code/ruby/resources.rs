//! `resources` and `resource`.

use std::rc::Rc;

use crate::code::route::Method;
use crate::code::unit::{Call, Expr};
use crate::code::walk::{join, singular_of};

use super::routes::{Pen, Scope, absolute};

/// A resource that calls are in.
#[derive(Clone, Debug, Default)]
pub(super) struct Resource {
    /// The path of all: `/users`.
    collection: String,
    /// The path of one: `/users/:id`.
    member: String,
    /// The controller, without its module.
    pub controller: String,
}

impl Resource {
    /// The scope of `member`, `collection` and `new` blocks.
    pub(super) fn inside<'u>(&self, on: &str, scope: &Scope<'u>) -> Scope<'u> {
        let mut inner = scope.clone();
        inner.path = match on {
            "member" => self.member.clone(),
            "new" => join(&self.collection, "new"),
            _ => self.collection.clone(),
        };
        inner
    }
}

/// An action, how it is asked for, and what is behind the path of one (true) or of all.
type Action = (&'static str, Method, bool, &'static str);

const PLURAL: &[Action] = &[
    ("index", Method::Get, false, ""),
    ("create", Method::Post, false, ""),
    ("new", Method::Get, false, "new"),
    ("edit", Method::Get, true, "edit"),
    ("show", Method::Get, true, ""),
    ("update", Method::Patch, true, ""),
    ("update", Method::Put, true, ""),
    ("destroy", Method::Delete, true, ""),
];

/// Draws a resource, and what is in its block.
pub(super) fn draw<'u>(pen: &mut Pen<'u>, name: &str, call: &'u Call, scope: &Scope<'u>, singular: bool) {
    let word = |key: &str| call.key(key).and_then(Expr::word);
    let shallow = scope.shallow || word("shallow") == Some("true");
    let segment = word("path").unwrap_or(name);
    let collection = join(&scope.path, segment);
    // With `shallow`, one of them is found without what it is nested in.
    let base = if shallow && scope.resource.is_some() { join(&scope.outside, segment) } else { collection.clone() };
    let param = word("param").unwrap_or("id");
    let one = singular_of(name);
    let (member, nested) = match singular {
        true => (base.clone(), base),
        false => (join(&base, &format!(":{param}")), join(&base, &format!(":{one}_{param}"))),
    };
    let controller =
        word("controller").map_or_else(|| if singular { plural_of(name) } else { name.into() }, Into::into);
    let mut inner = scope.clone();
    if let Some(module) = word("module") {
        inner.module = absolute(&inner.module, module);
    }
    let resource = Resource { collection, member, controller };
    let target = |action: &str| Some((absolute(&inner.module, &resource.controller), action.to_owned()));
    let (only, except) = (call.words("only"), call.words("except"));
    for (action, method, of_one, end) in PLURAL {
        let left_out = except.as_ref().is_some_and(|list| list.contains(action))
            || only.as_ref().is_some_and(|list| !list.contains(action))
            || singular && *action == "index"
            || pen.api_only && matches!(*action, "new" | "edit");
        if left_out {
            continue;
        }
        let base = if *of_one { &resource.member } else { &resource.collection };
        let whole = Scope { path: join(base, end), before: scope.before.clone(), ..Scope::default() };
        pen.push(call.line, "", *method, target(action), &whole);
    }
    inner.path = nested;
    inner.shallow = shallow;
    inner.controller = None;
    inner.resource = Some(Rc::new(resource));
    if let Some(concerns) = call.words("concerns") {
        pen.concerns(&concerns, call.line, &inner);
    }
    call.block.iter().for_each(|block| pen.block(block, &inner));
}

/// `user` → `users`.
pub(super) fn plural_of(name: &str) -> String {
    let vowel = |stem: &str| stem.ends_with(['a', 'e', 'i', 'o', 'u']);
    match name.strip_suffix('y').filter(|stem| !vowel(stem)) {
        Some(stem) => format!("{stem}ies"),
        None if ["s", "x", "ch", "sh"].iter().any(|end| name.ends_with(end))
            && !name.ends_with("ss")
            && name.ends_with('s') =>
        {
            name.to_owned()
        }
        None if ["ss", "x", "ch", "sh"].iter().any(|end| name.ends_with(end)) => format!("{name}es"),
        None => format!("{name}s"),
    }
}
