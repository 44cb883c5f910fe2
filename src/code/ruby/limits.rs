//! rack-attack: limits that stand before the whole application.

use crate::code::route::{Mention, Method, Role, Route};
use crate::code::unit::{Call, Expr, Unit};

/// Adds what rack-attack limits to the routes it limits.
pub(super) fn apply(units: &[&Unit], routes: &mut [Route]) {
    let mut limits = 0;
    for unit in units {
        let class_bodies = unit.classes.iter().flat_map(|class| &class.body);
        for statement in unit.body.iter().chain(class_bodies) {
            statement.walk(&mut |e| {
                let Expr::Chain(chain) = e else { return };
                let known = matches!(chain.base.name(), Some("Rack::Attack" | "self")) || chain.plain().is_some();
                for call in chain.calls().filter(|call| known && call.name == "throttle" && call.block.is_some()) {
                    limits += 1;
                    if limits <= 200 {
                        limit(unit, call, routes);
                    }
                }
            });
        }
    }
}

fn limit(unit: &Unit, call: &Call, routes: &mut [Route]) {
    let (mut paths, mut posts): (Vec<&str>, bool) = (Vec::new(), false);
    for statement in call.block.iter().flat_map(|block| &block.body) {
        statement.walk(&mut |e| {
            paths.extend(e.text().filter(|text| text.starts_with('/')));
            posts = posts || e.dotted().ends_with(".post?");
        });
    }
    let name = format!("Rack::Attack.throttle {}", call.arg(0).and_then(Expr::word).unwrap_or_default());
    let root = unit.file.split("config/").next().unwrap_or_default();
    for route in routes.iter_mut().filter(|route| route.at.file.starts_with(root)) {
        let limited = |path: &&str| {
            route.path == **path || path.len() > 1 && path.ends_with('/') && route.path.starts_with(*path)
        };
        let asked = !posts || matches!(route.method, Method::Post | Method::Any);
        if asked && (paths.is_empty() || paths.iter().any(limited)) {
            let name = crate::code::unit::short(&name);
            route
                .before
                .insert(0, Mention { role: Role::Limiter, name, at: unit.at(call.line), group: paths.is_empty() });
        }
    }
}
