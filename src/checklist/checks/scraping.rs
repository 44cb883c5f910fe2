//! RATE-07: what a stranger can copy wholesale: limiters before lists, and the largest page that the code gives.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::access::{launched, place, shown};
use super::client::is_browser;
use super::say::{Told, count, names};
use super::survey::{Survey, numbered};
use crate::code::{Method, Role, Route};

/// Names of what bounds a page.
const BOUNDS: &[&str] = &[
    "page_size", "pagesize", "per_page", "perpage", "max_limit", "maxlimit", "max_per_page", "max_results",
    "maxresults", "default_limit", "defaultlimit",
];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let lists: Vec<&Route> = launched(survey).filter(|route| is_list(route)).collect();
    if lists.is_empty() {
        return;
    }
    let bare: Vec<&Route> = lists.iter().copied().filter(|route| !route.has(Role::Limiter)).collect();
    let bounds = bounds(survey);
    let paged = match bounds.first() {
        Some(_) => "a page size is written in the code; that nobody can ask for more is for somebody to see",
        None => "no page size was found in the code",
    };
    let limited = match bare.len() {
        0 => "A limiter stands before each route that lists".to_owned(),
        number => {
            let shown: Vec<String> = bare.iter().map(|route| shown(route)).collect();
            format!(
                "No limiter was seen before {} that read: {}",
                count(number, "route"),
                names(shown.iter().map(String::as_str))
            )
        }
    };
    told.review("RATE-07")
        .reason(format!("{limited}; {paged}."))
        .looked_at(format!("{} that read and have no id at their end", count(lists.len(), "route")))
        .counted(lists.len() - bare.len(), lists.len(), "routes that list")
        .change("a limiter before lists, a page size that the server bounds, and a test that reads page after page")
        .at_all(bounds)
        .at_all(if bare.is_empty() { &lists } else { &bare }.iter().map(|route| place(&route.at)));
}

/// Whether a route may give many objects: it reads, and its path does not end with one object's id.
fn is_list(route: &Route) -> bool {
    let last = route.path.rsplit('/').find(|part| !part.is_empty());
    let is_other = |last: &str| {
        last.starts_with('{')
            || matches!(last, "health" | "healthz" | "login" | "logout" | "me" | "metrics" | "ping" | "csrf" | "*")
    };
    route.method == Method::Get && last.is_some_and(|last| !is_other(last))
}

static SEARCH: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(BOUNDS).ok());

/// Where a number bounds a page.
fn bounds<'s>(survey: &Survey<'s>) -> Vec<(&'s str, u32)> {
    let Some(search) = &*SEARCH else { return Vec::new() };
    let mut found = Vec::new();
    for (path, text) in survey.launched_texts().filter(|(_, text)| search.is_match(text) && !is_browser(text)) {
        let bounds = |line: &str| {
            line.bytes().any(|byte| byte.is_ascii_digit())
                && line.contains(['=', ':', '<', '('])
                && search.is_match(line)
        };
        found.extend(numbered(text).filter(|(_, line)| bounds(line)).map(|(number, _)| (path, number)));
    }
    found.truncate(5);
    found
}
