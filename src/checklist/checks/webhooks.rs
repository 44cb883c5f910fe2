//! RATE-08: what each webhook's handler does about forged, repeated and failing events, as far as its words tell.

use super::access::{launched, place, shown};
use super::say::{Told, count, names};
use super::survey::Survey;
use crate::code::{Method, Route};

/// What a handler should have, and words of it.
const PARTS: [(&str, &[&str]); 4] = [
    (
        "a check of the signature",
        &[
            "signature", "constructevent", "construct_event", "hmac", "timingsafeequal", "compare_digest",
            "secure_compare", "webhook.verify", "verifywebhook", "verify_webhook", "svix",
        ],
    ),
    (
        "a key that makes an event count once",
        &[
            "idempot", "event.id", "event_id", "eventid", "already_processed", "alreadyprocessed", "processed",
            "upsert", "on conflict", "find_or_create", "firstorcreate", "get_or_create", "dedup",
        ],
    ),
    ("a bound on retries", &["retry", "retries", "attempt", "backoff", "retry-after"]),
    (
        "a path for failures",
        &["catch", "except", "rescue", "on_failure", "dead_letter", "deadletter", "if err != nil", "failed", "map_err"],
    ),
];

/// Lines of a handler that are read.
const LONGEST: usize = 300;

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let all: Vec<&Route> = launched(survey).filter(|route| is_webhook(route)).collect();
    if all.is_empty() {
        return;
    }
    let mut lacking: Vec<Vec<String>> = vec![Vec::new(); PARTS.len()];
    let mut whole = 0;
    for route in &all {
        let text = body(survey, route).to_ascii_lowercase();
        let mut has_all = true;
        for ((_, words), lacking) in PARTS.iter().zip(&mut lacking) {
            if !words.iter().any(|word| text.contains(word)) {
                lacking.push(shown(route));
                has_all = false;
            }
        }
        whole += usize::from(has_all);
    }
    let told_lacking: Vec<String> = PARTS
        .iter()
        .zip(&lacking)
        .filter(|(_, routes)| !routes.is_empty())
        .map(|((part, _), routes)| format!("{part} in {}", names(routes.iter().map(String::as_str))))
        .collect();
    let reason = match told_lacking.as_slice() {
        [] => "Each handler has words of a signature, of an event's key, of retries and of failure; that they do it is for somebody to see.".to_owned(),
        parts => format!("Not seen: {}.", parts.join("; ")),
    };
    told.review("RATE-08")
        .reason(reason)
        .looked_at(format!("the handlers of {}", count(all.len(), "webhook")))
        .counted(whole, all.len(), "webhooks")
        .change("the signature verified over the raw body, the event's id stored first, bounded retries, and a place for what failed")
        .at_all(all.iter().map(|route| place(&route.at)));
}

fn is_webhook(route: &Route) -> bool {
    let is_word = |word: &str| matches!(word, "webhook" | "webhooks" | "hook" | "hooks" | "ipn");
    route.method != Method::Get && route.path.to_ascii_lowercase().split(['/', '-', '_', '.']).any(is_word)
}

/// The text of a handler; where it was not found, what follows the route.
fn body(survey: &Survey<'_>, route: &Route) -> String {
    let (path, from, to) = match &route.handler {
        Some(handler) => (&handler.at.file, handler.at.line, handler.end),
        None => (&route.at.file, route.at.line, route.at.line + 30),
    };
    let lines = survey.text(path).into_iter().flat_map(str::lines);
    let number = (to.saturating_sub(from) as usize + 1).min(LONGEST);
    lines.skip(from.saturating_sub(1) as usize).take(number).collect::<Vec<_>>().join("\n")
}
