//! Go: net/http, gin, chi and echo.

mod call;
mod facts;
mod lower;
mod program;
mod router;
mod run;
mod types;

use std::collections::BTreeMap;

use super::framework::{Detected, Framework};
use super::manifest;
use super::parse::Language;
use super::project::Project;
use super::reader::{Words, units};
use super::route::{Inventory, Route};
use super::unit::Unit;

/// A file without any of these says nothing of routes, guards and settings. A router can be used where its package is not imported:
/// `r := router.New(); r.GET(…)`.
const WORDS: &[&str] = &[
    "\"net/http\"", "gin-gonic/gin\"", "go-chi/chi", "labstack/echo", "gorilla/mux\"", "Getenv(", "LookupEnv(", "jwt.",
    "func main()", ".Group(", ".GET(", ".POST(", ".HandleFunc(",
];

/// The frameworks, and the modules that bring them.
pub(super) const MODULES: &[(Framework, &str)] = &[
    (Framework::Gin, "github.com/gin-gonic/gin"),
    (Framework::Chi, "github.com/go-chi/chi"),
    (Framework::Echo, "github.com/labstack/echo"),
];

/// Takes out routes whose prefix was not known where they were first met, and that were met again with what stands before them.
fn settle(inventory: &mut Inventory) {
    let Inventory { routes, gaps, .. } = inventory;
    // Only in functions of which a gap says already that their router is not known.
    let orphaned: BTreeMap<&str, u32> = gaps.iter().rev().map(|gap| (&*gap.at.file, gap.at.line)).collect();
    let is_told = |route: &Route| orphaned.get(&*route.at.file).is_some_and(|line| *line <= route.at.line);
    let of = |route: &Route| (route.at.clone(), route.method, route.path.clone());
    let mut most: BTreeMap<_, usize> = BTreeMap::new();
    for route in &*routes {
        let known = most.entry(of(route)).or_default();
        *known = route.before.iter().filter(|before| before.group).count().max(*known);
    }
    routes.retain(|route| {
        let groups = route.before.iter().filter(|before| before.group).count();
        let is_again = groups == 0 && most.get(&of(route)).is_some_and(|most| *most > 0);
        !route.path.starts_with("/*") || !is_again || !is_told(route)
    });
}

/// Adds the routes of Go programs.
pub(super) fn routes(project: &Project, inventory: &mut Inventory) {
    let read = units(project, Language::Go, &Words::new(WORDS), inventory, lower::unit);
    let units: Vec<&Unit> = read.iter().collect();
    run::draw(&units, inventory);
    settle(inventory);
    for (framework, module) in MODULES {
        let found = manifest::go(project, module);
        inventory.frameworks.extend(found.into_iter().map(|(at, version)| Detected {
            framework: *framework,
            version,
            at,
        }));
    }
    inventory.detect_by_routes();
    for unit in &units {
        facts::of(unit, &mut inventory.facts);
    }
}
