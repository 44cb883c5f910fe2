//! What source code says of the application that it makes: the routes it serves, and what stands before each of them.
//!
//! Code is parsed, never run. Each framework has a module of its own, which reads one file at a time into facts, in parallel, and
//! then links the facts of all files into [`Route`]s: routers are mounted in other files than those they are written in. What could
//! not be followed is a [`Gap`], never silence. A guard that is there is told by its name and place; whether it guards well is for
//! others to judge.

mod body;
/// What is called and what is set, in one form for all languages.
pub mod expression;
mod framework;
mod go;
#[cfg(test)]
mod hostile;
mod java;
mod javascript;
mod manifest;
mod names;
mod parse;
mod php;
mod project;
mod python;
mod reader;
mod route;
mod ruby;
mod rust;
/// Files of settings, in one form for all formats.
pub mod setting;
mod telling;
mod tree;
mod unit;
mod value;
mod walk;

use rayon::prelude::*;

pub use body::{Fact, FactKind, SameSite, Setting};
pub use framework::{Detected, Framework};
pub use parse::{Language, Parsed, SLOW};
pub use project::{MAX_FILE, MAX_TOTAL, Project, SourceFile, each_by_size};
pub use route::{Gap, Handler, Inventory, Mention, Method, Place, Role, Route};

type Routes = fn(&Project, &mut Inventory);

/// What reads the routes of each language.
const LANGUAGES: &[Routes] =
    &[javascript::routes, python::routes, ruby::routes, php::routes, java::routes, go::routes, rust::routes];

/// The routes of a project, by all frameworks that it uses.
#[must_use]
pub fn inventory(project: &Project) -> Inventory {
    let parts = LANGUAGES.par_iter().map(|routes| {
        let mut part = Inventory::default();
        routes(project, &mut part);
        part
    });
    let mut inventory = Inventory::default();
    parts.collect::<Vec<_>>().into_iter().for_each(|part| inventory.add(part));
    inventory.gaps.extend_from_slice(project.gaps());
    inventory.sort();
    inventory
}

#[cfg(test)]
mod tests;
