//! Spring MVC, WebFlux and Security.

mod controllers;
mod facts;
mod functional;
mod lower;
mod matcher;
mod security;
mod values;

use std::collections::BTreeSet;

use super::framework::{Detected, Framework};
use super::manifest;
use super::parse::Language;
use super::project::Project;
use super::reader::{Words, is_foreign, units, units_where};
use super::route::{Inventory, Mention, Place, Role};
use super::unit::Unit;

/// A file without any of these says nothing of routes, guards and settings.
const WORDS: &[&str] = &[
    "Mapping(", "Mapping\n", "Controller", "HttpSecurity", "RouterFunction", "getenv(", "@Value(", "Jwts",
    "new Cookie(", "ResponseCookie", "EnableMethodSecurity", "EnableGlobalMethodSecurity", "WebSecurity",
];

/// Adds the routes of Spring applications.
pub(super) fn routes(project: &Project, inventory: &mut Inventory) {
    let found = manifest::java(project, "spring-boot");
    let read = units(project, Language::Java, &Words::new(WORDS), inventory, lower::unit);
    let named = values::named(&read);
    let have: BTreeSet<&str> = read.iter().map(|unit| &*unit.file).collect();
    let ours = |path: &str| !is_foreign(path) && !have.contains(path) && stem(path).is_some_and(|s| named.contains(s));
    let more = units_where(project, Language::Java, &ours, &Words::none(), inventory, lower::unit);
    let units: Vec<&Unit> = read.iter().chain(&more).collect();
    let constants = values::Constants::of(&units);
    controllers::draw(&units, &constants, inventory);
    functional::draw(&units, &constants, inventory);
    if let (true, Some(first)) = (found.is_empty(), inventory.routes.first()) {
        let at = first.at.clone();
        inventory.frameworks.push(Detected { framework: Framework::Spring, version: None, at });
    }
    inventory.frameworks.extend(found.into_iter().map(|(at, version)| Detected {
        framework: Framework::Spring,
        version,
        at,
    }));
    let chains = security::chains(&units, &constants, &mut inventory.gaps);
    let default = manifest::java(project, "spring-boot-starter-security");
    for route in &mut inventory.routes {
        match chains.is_empty() {
            false => security::apply(&chains, route),
            true => route.before.splice(0..0, by_default(&default, &route.at)).for_each(drop),
        }
    }
    values::context_paths(project, &mut inventory.routes);
    for unit in &units {
        facts::of(unit, &mut inventory.facts);
    }
}

/// The class that a file is named for.
fn stem(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_suffix(".java")
}

/// Spring Security without any rule of its own asks everybody to sign in.
fn by_default(named: &[manifest::Named], route: &Place) -> Option<Mention> {
    let folder = |file: &str| file.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
    let (at, _) = named.iter().find(|(at, _)| route.file.starts_with(&folder(&at.file)))?;
    let name = "spring-boot-starter-security".to_owned();
    Some(Mention { role: Role::Authentication, name, at: at.clone(), group: true })
}
