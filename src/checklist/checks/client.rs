//! AUTHN-03: guards in the interface beside those of the server. What a page hides is hidden from honest users only.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::access::{is_guarded, is_public, launched, place, shown};
use super::say::{Told, count, names};
use super::survey::{Survey, numbered};
use crate::code::{Language, Route};

/// Words of a source file that runs in a browser.
const BROWSER: &[&str] = &[
    "from 'react'", "from \"react\"", "react-router", "'use client'", "\"use client\"", "from 'vue'", "from \"vue\"",
    "vue-router", "@angular/", "from 'svelte", "from \"svelte", "from 'solid-js", "document.getElementById",
];

/// Words of one that answers requests.
const SERVER: &[&str] =
    &["require('express')", "from 'express'", "fastify(", "@nestjs/", "createServer(", "getServerSideProps"];

/// By these a page is hidden from who is not signed in, or is no administrator.
const GUARDS: &[&str] = &[
    "PrivateRoute", "ProtectedRoute", "RequireAuth", "AuthGuard", "withAuth(", "router.beforeEach", "canActivate",
    "isAuthenticated", "isLoggedIn", "isAdmin", "user.role ===", "role === 'admin'", "role === \"admin\"",
];

static SEARCH: LazyLock<Option<[AhoCorasick; 3]>> = LazyLock::new(|| {
    let search = |words: &[&str]| AhoCorasick::new(words).ok();
    Some([search(BROWSER)?, search(SERVER)?, search(GUARDS)?])
});

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let guards = guards(survey);
    let routes: Vec<&Route> = launched(survey).filter(|route| !is_public(survey, route)).collect();
    let bare: Vec<&Route> = routes.iter().copied().filter(|route| !is_guarded(route)).collect();
    let looked_at = format!(
        "{} of the interface, {} that are not public",
        count(guards.len(), "guard"),
        count(routes.len(), "route")
    );
    let shown: Vec<String> = bare.iter().map(|route| shown(route)).collect();
    let shown = names(shown.iter().map(String::as_str));
    let reason = match (guards.len(), routes.len(), bare.len()) {
        (0, 0, _) => return,
        (_, 0, _) => {
            "The interface hides pages; no route of a server was found that refuses what they show.".to_owned()
        }
        (_, _, 0) => {
            "Each route has a guard on the server; that it refuses what the interface hides is for somebody to see."
                .to_owned()
        }
        (0, ..) => format!("No guard was found in the interface, and none on the server before {shown}."),
        (..) => format!("The interface hides pages, and no guard was seen on the server before {shown}."),
    };
    told.review("AUTHN-03")
        .reason(reason)
        .looked_at(looked_at)
        .counted(routes.len() - bare.len(), routes.len(), "routes that are not public")
        .change("a guard on the server before each route, and a call of each without credentials")
        .at_all(guards.into_iter().take(10))
        .at_all(bare.iter().map(|route| place(&route.at)));
}

/// Whether a source file runs in a browser, by what it imports.
pub(super) fn is_browser(text: &str) -> bool {
    let Some([browser, server, _]) = &*SEARCH else { return false };
    browser.is_match(text) && !server.is_match(text)
}

/// The first guard of each file that runs in a browser.
fn guards<'s>(survey: &Survey<'s>) -> Vec<(&'s str, u32)> {
    let Some([_, _, guards]) = &*SEARCH else { return Vec::new() };
    let is_script = |language: Option<Language>| {
        matches!(language, Some(Language::JavaScript | Language::TypeScript | Language::Tsx))
    };
    let mut found = Vec::new();
    for path in survey.live() {
        let is_page = path.ends_with(".vue") || path.ends_with(".svelte");
        if !is_page && !is_script(Language::of_path(path)) {
            continue;
        }
        let Some(text) = survey.text(path) else { continue };
        if guards.is_match(text) && (is_page || is_browser(text)) {
            let line = numbered(text).find(|(_, line)| guards.is_match(*line)).map_or(1, |(line, _)| line);
            found.push((path, line));
        }
    }
    found
}
