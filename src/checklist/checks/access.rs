//! AUTHN and AUTHZ from the routes: who is asked before a handler answers, and whose data its look-ups reach.
//!
//! That a guard stands there is for review, never a pass: whether it guards is seen only by asking a running application.

use super::super::launch_file;
use super::enclosing;
use super::say::{Told, count, names};
use super::survey::{Stage, Survey, stage};
use crate::code::{Fact, FactKind, Place, Role, Route};

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let routes: Vec<&Route> = launched(survey).collect();
    guards(survey, &routes, told);
    groups(&routes, told);
    tokens(survey, told);
    lookups(survey, told);
    admin(survey, &routes, told);
}

/// The routes that are launched: none of tests and examples.
pub(super) fn launched<'s>(survey: &Survey<'s>) -> impl Iterator<Item = &'s Route> + use<'s> {
    survey.inventory.routes.iter().filter(|route| stage(&route.at.file) > Stage::Development)
}

/// What was seen outside of tests and examples.
pub(super) fn facts<'s>(survey: &Survey<'s>) -> impl Iterator<Item = &'s Fact> + use<'s> {
    survey.inventory.facts.iter().filter(|fact| stage(&fact.at.file) > Stage::Development)
}

pub(super) fn place(at: &Place) -> (&str, u32) {
    (&at.file, at.line)
}

/// `GET /users/{id}`.
pub(super) fn shown(route: &Route) -> String {
    format!("{} {}", route.method.name(), route.path)
}

/// Whether a route is declared to need nobody to be signed in: in `launch.toml`, or in the code.
pub(super) fn is_public(survey: &Survey<'_>, route: &Route) -> bool {
    let declared = survey.launch.is_some_and(|launch| launch.public.iter().any(|public| matches(public, route)));
    declared || route.has(Role::Public)
}

/// Whether a route of `launch.toml` means this one; names of parameters do not matter.
fn matches(declared: &launch_file::Route, route: &Route) -> bool {
    let method = declared.method.as_deref().is_none_or(|method| method == route.method.name());
    let parts = |path: &str| -> Vec<String> {
        let blank = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
        path.split('/').filter(|part| !part.is_empty()).map(blank).collect()
    };
    method && parts(&declared.path) == parts(&route.path)
}

pub(super) fn is_guarded(route: &Route) -> bool {
    route.has(Role::Authentication) || route.has(Role::Authorization)
}

/// AUTHN-01: each route that is not public has a guard.
fn guards(survey: &Survey<'_>, routes: &[&Route], told: &mut Told<'_>) {
    if routes.is_empty() {
        return no_routes(survey, told, &["AUTHN-01", "AUTHN-04"]);
    }
    let guarded: Vec<&Route> = routes.iter().copied().filter(|route| !is_public(survey, route)).collect();
    let bare: Vec<&Route> = guarded.iter().copied().filter(|route| !is_guarded(route)).collect();
    let say = told.review("AUTHN-01").counted(guarded.len() - bare.len(), guarded.len(), "routes that are not public");
    let looked_at =
        format!("{}, {} of them declared public", count(routes.len(), "route"), routes.len() - guarded.len());
    let say = say.looked_at(looked_at).change("the record of a test of each route without credentials");
    let _ = match bare.len() {
        0 => say
            .reason("A guard stands before each route that is not public; whether it refuses only a test of the running product shows.")
            .at_all(guarded.iter().map(|route| place(&route.at))),
        number => say
            .reason(format!(
                "No guard was seen before {}: {}. Declare in launch.toml those that are meant for everybody.",
                count(number, "route"),
                names(bare.iter().map(|route| shown(route)).collect::<Vec<_>>().iter().map(String::as_str))
            ))
            .at_all(bare.iter().map(|route| place(&route.at))),
    };
}

/// AUTHN-04: guards stand before groups, not before single routes.
fn groups(routes: &[&Route], told: &mut Told<'_>) {
    let guards = |route: &Route, group: bool| {
        route.before.iter().any(|m| m.group == group && matches!(m.role, Role::Authentication | Role::Authorization))
    };
    let (of_group, single): (Vec<&Route>, Vec<&Route>) =
        routes.iter().copied().filter(|route| is_guarded(route)).partition(|route| guards(route, true));
    let all = of_group.len() + single.len();
    if all == 0 {
        if !routes.is_empty() {
            told.review("AUTHN-04")
                .reason("No guard was seen before any route, so none denies by default.")
                .counted(0, routes.len(), "routes")
                .change("a guard on the group of routes")
                .at_all(routes.iter().map(|route| place(&route.at)));
        }
        return;
    }
    let reason = match single.len() {
        0 => "Every guard that was seen stands before a group of routes.".to_owned(),
        number => format!(
            "{} guarded one by one, so that a new one beside them is open until somebody thinks of it.",
            if number == 1 { "1 route is".to_owned() } else { format!("{number} routes are") }
        ),
    };
    told.review("AUTHN-04")
        .reason(reason)
        .looked_at(format!("the guards of {}", count(all, "route")))
        .counted(of_group.len(), all, "guarded routes")
        .change("a guard on the group, with public routes declared")
        .at_all(single.iter().map(|route| place(&route.at)));
}

/// AUTHN-02: tokens that are not verified, and secrets that sign them in the code.
fn tokens(survey: &Survey<'_>, told: &mut Told<'_>) {
    let of = |kind: FactKind| facts(survey).filter(move |fact| fact.kind == kind);
    let (beside, alone): (Vec<&Fact>, Vec<&Fact>) =
        of(FactKind::UnverifiedToken).partition(|fact| is_verified_beside(survey, fact));
    let written: Vec<&Fact> = of(FactKind::SigningSecret).filter(|fact| is_signing(survey, fact)).collect();
    let looked_at = "calls that sign and read tokens";
    for (found, reason, change) in [
        (
            &alone,
            "A token is read without its signature being verified, so anybody can write one.",
            "the verifying call, with its algorithms named",
        ),
        (
            &written,
            "The secret that signs sessions or tokens is written in the code.",
            "the secret read from the environment, and a new value",
        ),
    ] {
        if !found.is_empty() {
            told.fail("AUTHN-02")
                .reason(reason)
                .looked_at(looked_at)
                .change(change)
                .at_all(found.iter().map(|fact| place(&fact.at)));
        }
    }
    if !beside.is_empty() {
        told.review("AUTHN-02")
            .reason("A token is read before it is verified, or by code for the browser; whether anything is decided by it is for somebody to see.")
            .looked_at(looked_at)
            .change("the record of a test with altered tokens")
            .at_all(beside.iter().map(|fact| place(&fact.at)));
    }
}

/// Whether the file, or one in its folder, also has a call that verifies, or runs in the browser, where whoever has the token has it anyway.
fn is_verified_beside(survey: &Survey<'_>, fact: &Fact) -> bool {
    const BROWSER: &[&str] = &["localStorage", "sessionStorage", "document.cookie", "js-cookie"];
    const VERIFIES: &[&str] = &[
        "jwt.verify(", "jwtVerify(", "verifyIdToken(", "authenticate('jwt'", "authenticate(\"jwt\"",
        "jsonwebtoken::decode", "decode::<", "Validation::new", "parseClaimsJws", "parseSignedClaims", "jwt.Parse(",
        "ParseWithClaims(",
    ];
    // `jwt.verify` that takes `none` is no reading before anything.
    if fact.name.ends_with("verify") {
        return false;
    }
    let path: &str = &fact.at.file;
    let has =
        |path: &str, words: &[&str]| survey.text(path).is_some_and(|text| words.iter().any(|word| text.contains(word)));
    let is_browser = path.split('/').any(|folder| matches!(folder, "client" | "frontend" | "ui")) || has(path, BROWSER);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = survey.paths(|other| other.strip_prefix(folder).is_some_and(|rest| rest.matches('/').count() < 2));
    // In Python both are one call, so that there has to be a second one.
    let unverified = facts(survey).filter(|other| other.kind == fact.kind && other.at.file == fact.at.file).count();
    let again = survey.text(path).is_some_and(|text| {
        path.ends_with(".py") && text.contains("algorithms") && text.matches("jwt.decode(").count() > unverified
    });
    is_browser || again || has(path, VERIFIES) || beside.into_iter().take(60).any(|other| has(other, VERIFIES))
}

/// Whether what looks like a secret that signs is one: not the name of a variable, nor for tests.
fn is_signing(survey: &Survey<'_>, fact: &Fact) -> bool {
    let Some(text) = survey.text(&fact.at.file) else { return true };
    let line = text.lines().nth(fact.at.line.saturating_sub(1) as usize).unwrap_or_default();
    let is_name = |part: &str| {
        part.contains('_') && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let value = line.rsplit_once('=').map_or("", |(_, value)| value);
    let mut quoted = value.split(['"', '\'']).skip(1).step_by(2);
    !quoted.any(is_name) && !enclosing::is_development(text, fact.at.line)
}

/// AUTHZ-01 and AUTHZ-05: look-ups by what the request says, without an owner.
fn lookups(survey: &Survey<'_>, told: &mut Told<'_>) {
    let is_lookup = |fact: &&Fact| matches!(fact.kind, FactKind::Lookup { .. } | FactKind::UserFromRequest);
    let (scoped, bare): (Vec<&Fact>, Vec<&Fact>) =
        facts(survey).filter(is_lookup).partition(|fact| fact.kind == FactKind::Lookup { scoped: true });
    let all = scoped.len() + bare.len();
    if all == 0 {
        return no_lookups(survey, told);
    }
    for row in ["AUTHZ-01", "AUTHZ-05"] {
        let say = told
            .review(row)
            .looked_at(format!("{} by a part of the request", count(all, "look-up")))
            .counted(scoped.len(), all, "look-ups")
            .change("an owner or tenant in each query, and the record of a test with two accounts");
        let _ = match bare.as_slice() {
            [] => say
                .reason("Each look-up by an id from the request names an owner or a tenant; whether it is the right one only a test with two accounts shows.")
                .at_all(scoped.iter().map(|fact| place(&fact.at))),
            [..] => say
                .reason(format!(
                    "{} with what the request says and no owner or tenant: {}.",
                    if bare.len() == 1 { "1 look-up goes".to_owned() } else { format!("{} look-ups go", bare.len()) },
                    names(bare.iter().map(|fact| fact.name.as_str()))
                ))
                .at_all(bare.iter().map(|fact| place(&fact.at))),
        };
    }
}

/// AUTHZ-06 and AUTHZ-07: a role guard before each route of administrators.
fn admin(survey: &Survey<'_>, routes: &[&Route], told: &mut Told<'_>) {
    let is_admin = |route: &&&Route| {
        let words = route.path.split(['/', '-', '_']);
        words.into_iter().any(|word| matches!(word, "admin" | "admins" | "moderator" | "moderation" | "staff"))
    };
    let all: Vec<&Route> = routes.iter().filter(is_admin).copied().collect();
    if all.is_empty() {
        return no_routes_of(survey, told, &["AUTHZ-06", "AUTHZ-07"], "administrators");
    }
    let bare: Vec<&Route> = all.iter().copied().filter(|route| !route.has(Role::Authorization)).collect();
    let reason = match bare.len() {
        0 => "A guard that asks for a role stands before each route of administrators.".to_owned(),
        number => {
            format!("No guard that asks for a role was seen before {} of administrators.", count(number, "route"))
        }
    };
    told.review("AUTHZ-07")
        .reason(reason)
        .looked_at(count(all.len(), "route of administrators").replace("administratorses", "administrators"))
        .counted(all.len() - bare.len(), all.len(), "routes of administrators")
        .change("a role guard on the group, and the record of a test with a member's token")
        .at_all(if bare.is_empty() { &all } else { &bare }.iter().map(|route| place(&route.at)));
    told.review("AUTHZ-06")
        .reason("Routes of administrators reach the data of others; that each is meant and written to an audit log is for somebody to see.")
        .looked_at("routes of administrators")
        .change("a word, with the list of these routes and their audit events")
        .at_all(all.iter().map(|route| place(&route.at)));
}

fn no_lookups(survey: &Survey<'_>, told: &mut Told<'_>) {
    told.open("AUTHZ-01")
        .reason("No look-up by a part of the request was found.")
        .looked_at(survey.looked_at())
        .change("the record of a test with two accounts");
}

fn no_routes(survey: &Survey<'_>, told: &mut Told<'_>, rows: &[&str]) {
    for row in rows {
        told.open(row)
            .reason("No routes of a framework that is known were found.")
            .looked_at(survey.looked_at())
            .change("a framework that is known, or the record of a test without credentials");
    }
}

fn no_routes_of(survey: &Survey<'_>, told: &mut Told<'_>, rows: &[&str], whom: &str) {
    for row in rows {
        told.open(row)
            .reason(format!("No route of {whom} was found by its path."))
            .looked_at(survey.looked_at())
            .change(
                "the record of a test with a member's token, or the word that there is none (`--says not-applicable`)",
            );
    }
}
