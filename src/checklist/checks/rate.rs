//! RATE from the routes: a limiter before those that are tried again and again, and whom it counts.

use super::access::{facts, launched, place, shown};
use super::say::{Told, count, names};
use super::survey::Survey;
use crate::code::{Fact, FactKind, Method, Role, Route};

/// A row, what its routes are called, and the words of their paths.
const ROWS: &[(&str, &str, &[&str])] = &[
    ("RATE-01", "login", &["login", "signin", "sign_in", "sign-in", "sessions", "session", "authenticate", "token"]),
    (
        "RATE-02",
        "password reset",
        &["reset", "forgot", "forgotpassword", "forgot-password", "forgot_password", "recover"],
    ),
    ("RATE-03", "verification of codes", &["otp", "2fa", "mfa", "verify", "totp", "check-otp"]),
    ("RATE-04", "sign-up", &["signup", "sign_up", "sign-up", "register", "registration", "registrations", "users"]),
    ("RATE-05", "invitation", &["invite", "invites", "invitation", "invitations"]),
    ("RATE-06", "search and messages", &["search", "messages", "message", "posts", "comments", "send"]),
];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let routes: Vec<&Route> = launched(survey).collect();
    for (row, called, words) in ROWS {
        limited(survey, told, (row, called, words), &routes);
    }
    keys(survey, &routes, told);
}

/// Whether the last words of a path, its parameters aside, are of those; searches are read, everything else is written.
fn is_of(route: &Route, row: &str, words: &[&str]) -> bool {
    let last = route.path.split('/').rfind(|part| !part.is_empty() && !part.starts_with('{'));
    let asked = match row {
        "RATE-06" => true,
        _ => matches!(route.method, Method::Post | Method::Put | Method::Patch | Method::Any),
    };
    asked && last.is_some_and(|last| words.iter().any(|word| last.eq_ignore_ascii_case(word)))
}

fn limited(survey: &Survey<'_>, told: &mut Told<'_>, (row, called, words): (&str, &str, &[&str]), routes: &[&Route]) {
    let all: Vec<&Route> = routes.iter().copied().filter(|route| is_of(route, row, words)).collect();
    if all.is_empty() {
        told.open(row)
            .reason(format!("No route of {called} was found by its path."))
            .looked_at(survey.looked_at())
            .change(match row {
                "RATE-01" => "the record of a test that tries it again and again",
                _ => "the record of a test that tries it again and again, or the word that there is none (`--says not-applicable`)",
            });
        return;
    }
    let bare: Vec<&Route> = all.iter().copied().filter(|route| !route.has(Role::Limiter)).collect();
    let reason = match bare.len() {
        0 => format!(
            "A limiter stands before each route of {called}; whether it limits only a test of the running product shows."
        ),
        _ => format!(
            "No limiter was seen before {}.",
            names(bare.iter().map(|route| shown(route)).collect::<Vec<_>>().iter().map(String::as_str))
        ),
    };
    told.review(row)
        .reason(reason)
        .looked_at(format!("{} of {called}", count(all.len(), "route")))
        .counted(all.len() - bare.len(), all.len(), "routes")
        .change("a limiter on the route, and the record of a test that it refuses")
        .at_all(if bare.is_empty() { &all } else { &bare }.iter().map(|route| place(&route.at)));
}

/// RATE-09: a key that a client can choose is none.
fn keys(survey: &Survey<'_>, routes: &[&Route], told: &mut Told<'_>) {
    let forged: Vec<&Fact> = facts(survey).filter(|fact| fact.kind == FactKind::ForwardedLimiterKey).collect();
    if !forged.is_empty() {
        told.fail("RATE-09")
            .reason("A limiter counts by X-Forwarded-For, which every client can set as it likes.")
            .looked_at("the keys of limiters")
            .change("the address that your own proxy saw, and the account")
            .at_all(forged.iter().map(|fact| place(&fact.at)));
        return;
    }
    let limiters: Vec<(&str, u32)> =
        routes.iter().flat_map(|route| route.mentions(Role::Limiter)).map(|limiter| place(&limiter.at)).collect();
    if limiters.is_empty() {
        told.open("RATE-09")
            .reason("No limiter was found.")
            .looked_at(survey.looked_at())
            .change("a limiter by address and account, and the record of a test of both");
    } else {
        told.review("RATE-09")
            .reason("Limiters were found; that they count by address and by account is for somebody to see.")
            .looked_at("the keys of limiters")
            .change("the record of a test from two addresses with two accounts")
            .at_all(limiters);
    }
}
