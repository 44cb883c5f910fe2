//! VAL-01 from the routes: a schema for what is written.

use super::access::{facts, launched, place, shown};
use super::say::{Told, count, names};
use super::survey::Survey;
use crate::code::{Fact, FactKind, Role, Route};

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let writing: Vec<&Route> = launched(survey).filter(|route| route.method.writes()).collect();
    if writing.is_empty() {
        told.open("VAL-01")
            .reason("No route that writes was found.")
            .looked_at(survey.looked_at())
            .change("a framework that is known, or the record of a test with wrong data");
        return;
    }
    let bare: Vec<&Route> = writing.iter().copied().filter(|route| !route.has(Role::Schema)).collect();
    let reason = match bare.len() {
        0 => "A schema stands before each route that writes; whether it covers everything is for somebody to see."
            .to_owned(),
        number => format!(
            "No schema was seen for {} that {}: {}.",
            count(number, "route"),
            if number == 1 { "writes" } else { "write" },
            names(bare.iter().map(|route| shown(route)).collect::<Vec<_>>().iter().map(String::as_str))
        ),
    };
    told.review("VAL-01")
        .reason(reason)
        .looked_at(format!("{} that write", count(writing.len(), "route")))
        .counted(writing.len() - bare.len(), writing.len(), "routes that write")
        .change("a schema for each, that refuses what it does not know")
        .at_all(if bare.is_empty() { &writing } else { &bare }.iter().map(|route| place(&route.at)));
    let whole: Vec<&Fact> = facts(survey).filter(|fact| fact.kind == FactKind::WholeBody).collect();
    if !whole.is_empty() {
        told.review("VAL-01")
            .reason(format!("What was sent is taken as it came by {}.", names(whole.iter().map(|f| f.name.as_str()))))
            .looked_at("what handlers do with the body")
            .change("the fields that are expected, named one by one")
            .at_all(whole.iter().map(|fact| place(&fact.at)));
    }
}
