//! Ruby on Rails.

mod controllers;
mod devise;
mod facts;
mod limits;
mod lower;
mod resources;
mod routes;

use std::collections::BTreeSet;

use super::framework::{Detected, Framework};
use super::manifest;
use super::parse::Language;
use super::project::Project;
use super::reader::{Words, is_foreign, units, units_where};
use super::route::{Inventory, Role};
use super::unit::Unit;

/// A file without any of these says nothing of routes, guards and settings.
const WORDS: &[&str] = &[
    "routes.draw", "Controller", "before_action", "before_filter", "Rack::Attack", "ENV", "config/routes", "JWT.",
    "logger", "Policy", "devise", "config.",
];

/// Adds the routes of Rails applications.
pub(super) fn routes(project: &Project, inventory: &mut Inventory) {
    let mut read = units(project, Language::Ruby, &Words::new(WORDS), inventory, lower::unit);
    // `draw :admin` reads a file that has no word but those of its routes.
    let known: BTreeSet<String> = read.iter().map(|unit| unit.file.to_string()).collect();
    let drawn = |path: &str| path.contains("config/routes/") && !is_foreign(path) && !known.contains(path);
    read.extend(units_where(project, Language::Ruby, &drawn, &Words::none(), inventory, lower::unit));
    let units: Vec<&Unit> = read.iter().collect();
    let drawn = routes::draw(&units, inventory);
    detect(project, &drawn, inventory);
    let controllers = controllers::Controllers::new(&units);
    for route in drawn {
        let route = controllers.complete(route, &mut inventory.gaps);
        inventory.routes.push(route);
    }
    limits::apply(&units, &mut inventory.routes);
    for unit in &units {
        facts::of(unit, &mut inventory.facts);
    }
}

/// Rails, where a lock file or a Gemfile names it, or else where routes are drawn.
fn detect(project: &Project, drawn: &[routes::Drawn], inventory: &mut Inventory) {
    let found = manifest::gem(project, "rails");
    let named = !found.is_empty();
    inventory.frameworks.extend(found.into_iter().map(|(at, version)| Detected {
        framework: Framework::Rails,
        version,
        at,
    }));
    if let (false, Some(first)) = (named, drawn.first()) {
        let at = first.route.at.clone();
        inventory.frameworks.push(Detected { framework: Framework::Rails, version: None, at });
    }
}

/// Whether a role is one that stands between a caller and what is asked for.
fn is_guard(role: Role) -> bool {
    matches!(role, Role::Authentication | Role::Authorization)
}
