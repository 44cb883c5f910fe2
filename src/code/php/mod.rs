//! Laravel.

mod classes;
mod facts;
mod lower;
mod middleware;
mod resources;
mod routes;

use super::framework::{Detected, Framework};
use super::manifest;
use super::parse::Language;
use super::project::Project;
use super::reader::{Words, units};
use super::route::Inventory;
use super::unit::Unit;

/// A file without any of these says nothing of routes, guards and settings.
const WORDS: &[&str] = &[
    "Route::", "Controller", "FormRequest", "middlewareGroups", "withRouting", "env(", "Policy", "$guarded", "JWT::",
    "$router", "Log::", "setcookie", "RouteServiceProvider", "cookie(", "logger(", "DB::", "RateLimiter",
];

/// Adds the routes of Laravel applications.
pub(super) fn routes(project: &Project, inventory: &mut Inventory) {
    let read = units(project, Language::Php, &Words::new(WORDS), inventory, lower::unit);
    let units: Vec<&Unit> = read.iter().collect();
    let classes = classes::Classes::new(&units);
    let found = manifest::composer(project, "laravel/framework");
    let is_laravel = !found.is_empty();
    inventory.frameworks.extend(found.into_iter().map(|(at, version)| Detected {
        framework: Framework::Laravel,
        version,
        at,
    }));
    routes::draw(&units, &classes, inventory);
    if let (false, Some(first)) = (is_laravel, inventory.routes.first()) {
        let at = first.at.clone();
        inventory.frameworks.push(Detected { framework: Framework::Laravel, version: None, at });
    }
    for unit in &units {
        facts::of(unit, &mut inventory.facts);
    }
}
