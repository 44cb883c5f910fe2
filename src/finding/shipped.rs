//! Whether what was found is given to every visitor of a site: it stands in what a build makes for browsers, or is the value of a
//! variable that a build puts there.
//!
//! A credential that is nobody's business but the operator's is then as public as can be, whatever it opens. One that is made to be
//! seen by visitors is where it belongs, and its rule says so (`publishable`).

use std::ops::Range;

use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::detect::PathKind;
use crate::rule::{Rule, Severity};

/// The way in which every visitor gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shipped {
    /// It is in a script that a build has made for browsers, or in its source map.
    ClientBundle,
    /// It is given to a variable that builds put into such scripts.
    PublicVariable,
    /// It is in what a page is set up with: the configuration of Firebase, the address of a script.
    WebPage,
}

impl Shipped {
    /// Its name in all formats.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::ClientBundle => "client-bundle",
            Self::PublicVariable => "public-variable",
            Self::WebPage => "web-page",
        }
    }
}

/// What the names of variables begin with that Next.js, Vite, Create React App, Expo, Nuxt, Gatsby, SvelteKit and Astro put into
/// client bundles.
const PREFIXES: &[&[u8]] =
    &[b"NEXT_PUBLIC_", b"VITE_", b"REACT_APP_", b"EXPO_PUBLIC_", b"NUXT_PUBLIC_", b"GATSBY_", b"PUBLIC_"];

/// Names that begin like those and are something else.
const OTHERS: &[&[u8]] = &[b"PUBLIC_KEY", b"PUBLIC_URL"];

/// How far before a value its variable may stand.
const BEFORE: usize = 256;

/// How far around a key that is made for pages the page's other settings may stand.
const AROUND: usize = 600;

/// What shows that a key is where pages have it.
const PAGES: &[&[u8]] = &[
    b"authDomain", b"messagingSenderId", b"firebaseConfig", b"mobilesdk_app_id", b"//maps.googleapis.com/maps/api/js",
];

/// Whether what a rule found at `range` of a text is given to every visitor, and how.
#[must_use]
pub fn shipped(rule: &Rule, path: PathKind, text: &[u8], range: &Range<usize>) -> Option<Shipped> {
    if path.client {
        return Some(Shipped::ClientBundle);
    }
    if is_of_public_variable(&text[range.start.saturating_sub(BEFORE)..range.start]) {
        return Some(Shipped::PublicVariable);
    }
    let around = &text[range.start.saturating_sub(AROUND)..(range.end + AROUND).min(text.len())];
    let on_page = rule.publishable && PAGES.iter().any(|sign| memmem::find(around, sign).is_some());
    on_page.then_some(Shipped::WebPage)
}

/// What a holder can do with what a rule finds, where it is.
#[must_use]
pub fn severity(rule: &Rule, shipped: Option<Shipped>) -> Severity {
    // Names that end in `key` or `token` are as often those of publishable ones.
    let private = rule.severity >= Severity::Medium && (!rule.generic || rule.guessable);
    match shipped {
        Some(_) if rule.publishable => Severity::Info,
        Some(Shipped::ClientBundle | Shipped::PublicVariable) if private => Severity::Critical,
        _ => rule.severity,
    }
}

/// Whether what stands before a value gives it to a variable that ends up in client bundles.
fn is_of_public_variable(before: &[u8]) -> bool {
    PREFIXES.iter().any(|prefix| {
        memmem::rfind_iter(before, prefix).any(|at| {
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let len = before[at..].iter().take_while(|byte| is_name(byte)).count();
            let name = &before[at..at + len];
            len > prefix.len()
                && !before[..at].last().is_some_and(is_name)
                && !OTHERS.iter().any(|other| name.starts_with(other))
                && leads_to_value(&before[at + len..])
        })
    })
}

/// Whether `between`, which stands after a name, says that what follows is its value, or a part of it.
fn leads_to_value(between: &[u8]) -> bool {
    let text = String::from_utf8_lossy(between);
    let text = text.trim_start_matches(['"', '\'', '`', ']', ')']);
    let rest = match text.trim_start() {
        // `- name: VITE_KEY` and `value: …` on the next line.
        below if text.starts_with(['\n', '\r']) => match below.trim_start_matches(['"', '\'']).strip_prefix("value") {
            Some(rest) => rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix([':', '=']),
            None => None,
        },
        assigned => {
            let operators = ["||=", "??=", "||", "??", ":=", "=>", "=", ":", ","];
            let operator = operators.iter().find_map(|operator| assigned.strip_prefix(operator));
            // As in `ENV VITE_KEY …`.
            operator.or_else(|| text.strip_prefix([' ', '\t']))
        }
    };
    let is_within = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\'' | '`' | ',' | ';');
    rest.is_some_and(|rest| {
        let value = rest.trim_start_matches([' ', '\t']);
        let value = value.strip_prefix(['"', '\'', '`']).unwrap_or(value);
        value.chars().all(is_within)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_public_variables() {
        for (before, public) in [
            ("NEXT_PUBLIC_STRIPE=", true),
            ("export VITE_KEY='", true),
            ("  REACT_APP_DB: \"postgres://app:", true),
            ("ENV EXPO_PUBLIC_TOKEN ", true),
            ("const k = process.env.NEXT_PUBLIC_KEY || \"", true),
            ("import.meta.env.VITE_KEY ?? '", true),
            ("\"GATSBY_TOKEN\": \"", true),
            ("process.env['PUBLIC_TOKEN'] = '", true),
            ("- name: NUXT_PUBLIC_KEY\n      value: ", true),
            ("- name: NUXT_PUBLIC_KEY\n  value: \"", true),
            ("MY_NEXT_PUBLIC_KEY=", false),
            ("NEXT_PUBLIC_=", false),
            ("PUBLIC_KEY=", false),
            ("VITE_A=b VITE_SECRET_OF_SERVER2=x KEY=", false),
            ("VITE_A=b\nKEY=", false),
            ("{ VITE_A: \"b\", key: \"", false),
            ("INVITE_TOKEN=", false),
            ("see VITE_KEY for the ", false),
            ("key=", false),
        ] {
            assert_eq!(is_of_public_variable(before.as_bytes()), public, "{before}");
        }
    }
}
