//! What `Route::resource` and `Auth::routes` draw.

use crate::code::route::Method;
use crate::code::walk::{join, singular_of};

/// A method of a controller, how it is asked for, and what is behind the path of one (true) or of all.
pub(super) type Action = (&'static str, Method, bool, &'static str);

const ALL: &[Action] = &[
    ("index", Method::Get, false, ""),
    ("create", Method::Get, false, "create"),
    ("store", Method::Post, false, ""),
    ("show", Method::Get, true, ""),
    ("edit", Method::Get, true, "edit"),
    ("update", Method::Put, true, ""),
    ("update", Method::Patch, true, ""),
    ("destroy", Method::Delete, true, ""),
];

/// What an authentication scaffold draws.
pub(super) const AUTH: &[(&str, Method)] = &[
    ("login", Method::Get),
    ("login", Method::Post),
    ("logout", Method::Post),
    ("register", Method::Get),
    ("register", Method::Post),
    ("password/reset", Method::Get),
    ("password/email", Method::Post),
    ("password/reset/{token}", Method::Get),
    ("password/reset", Method::Post),
];

/// The actions of a resource with their paths; `photos.comments` is nested.
pub(super) fn actions(name: &str, kind: &str) -> Vec<(&'static str, Method, String)> {
    let single = kind.to_lowercase().contains("singleton");
    let api = kind.starts_with("api");
    let mut parts = name.split('.').peekable();
    let (mut all, mut one) = (String::new(), String::new());
    while let Some(part) = parts.next() {
        all = join(&one, part);
        let param = singular_of(part.rsplit('/').next().unwrap_or_default()).replace('-', "_");
        one = if single && parts.peek().is_none() { all.clone() } else { join(&all, &format!("{{{param}}}")) };
    }
    let kept = |action: &&Action| {
        let form = matches!(action.0, "create" | "edit");
        let of_many = matches!(action.0, "index" | "create" | "store" | "destroy");
        !(api && form || single && of_many)
    };
    let path = |action: &Action| join(if action.2 { &one } else { &all }, action.3);
    ALL.iter().filter(kept).map(|action| (action.0, action.1, path(action))).collect()
}
