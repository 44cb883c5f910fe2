//! Rust: axum and Actix Web.

mod actix;
mod axum;
mod facts;
mod handlers;
mod lower;
mod run;

use super::framework::{Detected, Framework};
use super::manifest;
use super::parse::Language;
use super::project::Project;
use super::reader::{Words, units};
use super::route::Inventory;
use super::unit::Unit;

/// A file without any of these says nothing of routes, guards and settings.
const WORDS: &[&str] = &[
    "axum",
    "actix_web",
    "Router",
    concat!("env::", "var"),
    "env!(",
    "jsonwebtoken",
    "FromRequest",
    "ServiceConfig",
    "cookie",
    "Request",
];

/// Adds the routes of Rust programs.
pub(super) fn routes(project: &Project, inventory: &mut Inventory) {
    let read = units(project, Language::Rust, &Words::new(WORDS), inventory, lower::unit);
    let units: Vec<&Unit> = read.iter().collect();
    run::draw(&units, inventory);
    for (framework, name) in [(Framework::Axum, "axum"), (Framework::Actix, "actix-web")] {
        let found = manifest::cargo(project, name);
        inventory.frameworks.extend(found.into_iter().map(|(at, version)| Detected { framework, version, at }));
    }
    inventory.detect_by_routes();
    for unit in &units {
        facts::of(unit, &mut inventory.facts);
    }
}
