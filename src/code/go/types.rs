//! What the types of functions tell of routers.

use crate::code::framework::Framework;
use crate::code::unit::{Function, Unit};

use super::router::of_type;

/// The framework of a type as it is written in a file.
pub(super) fn router_type(unit: &Unit, of: &str) -> Option<(Framework, bool)> {
    let (package, name) = of.trim_start_matches('*').split_once('.')?;
    of_type(unit.import(package)?, name)
}

/// Whether one of its parameters is a router.
pub(super) fn takes_router(unit: &Unit, function: &Function) -> bool {
    function.params.iter().any(|param| router_type(unit, &param.of).is_some())
}

/// What a function gives back, as it is written.
pub(super) fn results(function: &Function) -> impl Iterator<Item = &str> {
    function.result.trim_start_matches('(').split([',', ')']).map(str::trim)
}

/// Whether a function gives back a router.
pub(super) fn makes_router(unit: &Unit, function: &Function) -> bool {
    results(function).any(|of| router_type(unit, of).is_some() || of == "http.Handler")
}

/// The type that a function gives back first, without its package; empty where there is none.
pub(super) fn result_type(function: &Function) -> &str {
    type_name(results(function).next().unwrap_or_default())
}

/// A type without its package and its sign.
pub(super) fn type_name(of: &str) -> &str {
    of.trim_start_matches(['*', '&']).rsplit('.').next().unwrap_or_default()
}
