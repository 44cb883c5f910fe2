//! DEP-08, SEC-08, SEC-09 and SEC-10: which variables of the environment are read, and where that is written.

use std::collections::{BTreeMap, BTreeSet};

use super::Variable;
use super::apps;
use super::handover;
use super::say::{Told, count, names};
use super::survey::{Survey, entries};
use crate::code::expression::placeholders;

/// What every system or platform sets by itself.
const GIVEN: &[&str] = &[
    "PATH", "HOME", "PWD", "USER", "SHELL", "LANG", "TZ", "TMPDIR", "TEMP", "TMP", "HOSTNAME", "CI", "NODE_ENV",
    "RAILS_ENV", "RACK_ENV", "TERM", "EDITOR", "NODE_OPTIONS", "DEV", "PROD", "MODE", "SSR", "BASE_URL",
    "NEXT_RUNTIME", "GITHUB_ACTIONS", "GITHUB_SHA", "GITHUB_REF", "GITHUB_RUN_ID", "VERCEL", "VERCEL_ENV",
    "VERCEL_URL", "DYNO", "FLY_APP_NAME", "FLY_REGION", "RUST_LOG", "PYTHONPATH", "BUNDLE_GEMFILE",
    "DJANGO_SETTINGS_MODULE", "OUT_DIR", "LISTEN_PID", "LISTEN_FDS", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
    "JOURNAL_STREAM", "INVOCATION_ID", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "FLASK_RUN_FROM_CLI",
    "WERKZEUG_RUN_MAIN", "APPIMAGE", "COLORTERM", "NO_COLOR", "DISPLAY", "LOGNAME", "APPDATA", "LOCALAPPDATA",
    "GITHUB_REPOSITORY", "GITHUB_WORKSPACE", "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_EVENT_NAME", "GITHUB_REF_NAME",
];

/// Prefixes of what a system, a builder or a pipeline sets by itself.
const GIVEN_PREFIXES: &[&str] = &["npm_", "CARGO_", "DRONE_", "XDG_", "CI_", "LC_"];

/// Prefixes of what is built into client code.
const PUBLIC: &[&str] = &["NEXT_PUBLIC_", "VITE_", "REACT_APP_", "EXPO_PUBLIC_", "NUXT_PUBLIC_", "PUBLIC_", "GATSBY_"];

/// Where a variable is read, by its name.
type Reads<'s> = BTreeMap<&'s str, Vec<(&'s str, u32)>>;

/// What the code reads.
#[derive(Default)]
struct Found<'s> {
    reads: Reads<'s>,
    /// Reads of secrets that fall back on a text.
    fallbacks: Vec<(&'s str, u32)>,
    /// Reads whose variable is not written there.
    unnamed: Vec<(&'s str, u32)>,
}

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let Found { reads, fallbacks, unnamed } = found(survey);
    listed(survey, &reads, &unnamed, told);
    literals(&reads, &fallbacks, told);
    public(survey, &reads, told);
    kept(survey, &reads, &unnamed, told);
}

/// Every variable that is read or listed.
pub(super) fn table(survey: &Survey<'_>) -> BTreeMap<String, Variable> {
    let mut table: BTreeMap<String, Variable> = BTreeMap::new();
    for (name, places) in found(survey).reads {
        let read = places.into_iter().map(|(path, line)| (path.to_owned(), line));
        table.entry(name.to_owned()).or_default().read.extend(read);
    }
    for (path, names) in lists(survey) {
        for name in names {
            table.entry(name).or_default().listed.insert(path.to_owned());
        }
    }
    for document in &survey.documents {
        for word in words(document.text) {
            if let Some(variable) = table.get_mut(word) {
                variable.listed.insert(document.path.to_owned());
            }
        }
    }
    table
}

/// The variables that each example of an environment file lists, commented place-holders too.
fn lists<'s>(survey: &Survey<'s>) -> Vec<(&'s str, BTreeSet<String>)> {
    let is_name = |name: &String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let of = |path: &'s str| {
        let settings = survey.settings.iter().filter(|file| file.path == path);
        let keys = settings.flat_map(|file| &file.documents).flat_map(entries).map(|(key, ..)| key);
        let lines = survey.text(path).into_iter().flat_map(str::lines);
        let commented = lines.filter_map(|line| line.trim().strip_prefix('#')?.split_once('='));
        (path, keys.chain(commented.map(|(key, _)| key.trim().to_owned())).filter(is_name).collect())
    };
    survey.paths(is_list).into_iter().map(of).collect()
}

fn found<'s>(survey: &'s Survey<'_>) -> Found<'s> {
    let Found { mut reads, mut fallbacks, mut unnamed } = Found::default();
    let is_given = |name: &str, path: &str| {
        let by_pipeline = path.split('/').any(|folder| matches!(folder, ".github" | ".gitlab" | ".circleci"));
        let by_prefix = GIVEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && !is_secret(name);
        by_pipeline || GIVEN.contains(&name) || by_prefix
    };
    for file in survey.launched() {
        for variable in &file.found.variables {
            let name = variable.name.as_str();
            if !is_given(name, file.path) {
                reads.entry(&variable.name).or_default().push((file.path, variable.line));
            }
            let in_code = variable.has_fallback && is_secret(&variable.name);
            if in_code && !(is_address(name) && is_open_address(file.text, variable.line)) {
                fallbacks.push((file.path, variable.line));
            }
        }
        unnamed.extend(file.found.unnamed_variables.iter().map(|line| (file.path, *line)));
    }
    for file in survey.live_settings().filter(|file| is_evaluated(file.path)) {
        for (_, value, line) in file.documents.iter().flat_map(entries) {
            for (name, has_fallback) in value.text().into_iter().flat_map(placeholders) {
                reads.entry(name).or_default().push((file.path, line));
                if has_fallback && is_secret(name) {
                    fallbacks.push((file.path, line));
                }
            }
        }
    }
    Found { reads, fallbacks, unnamed }
}

/// Whether the addresses that are written near a line have nobody's password: `redis://localhost:6379`.
fn is_open_address(text: &str, line: u32) -> bool {
    let near: Vec<&str> = text.lines().skip(line.saturating_sub(1) as usize).take(4).collect();
    let near = near.join(" ");
    let addresses: Vec<&str> = near.split("://").skip(1).collect();
    let has_user = |rest: &&str| {
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '/')).unwrap_or(rest.len());
        rest[..end].contains('@')
    };
    !addresses.is_empty() && !addresses.iter().any(has_user)
}

/// Files whose `${NAME}` the framework or Docker fills in.
fn is_evaluated(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with("application") || name.starts_with("bootstrap") || name.contains("compose")
}

/// Whether a variable of this name holds a secret.
fn is_secret(name: &str) -> bool {
    let words: Vec<&str> = name.split('_').collect();
    let has = |word: &str| words.iter().any(|other| other.eq_ignore_ascii_case(word));
    let is_public = has("PUBLIC") || has("PUBLISHABLE") || has("ANON") || has("SITE") && has("KEY");
    let last = words.last().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    // How long a token lives, and where it is fetched, is no secret.
    let about = [
        "TTL", "EXPIRY", "EXPIRES", "EXPIRATION", "LENGTH", "NAME", "ID", "URL", "URI", "PATH", "FILE", "ALGORITHM",
        "HEADER", "IN", "DAYS", "HOURS", "MINUTES", "ISSUER", "LIFETIME",
    ];
    let strong = has("SECRET")
        || has("PASSWORD")
        || has("PASSWD")
        || has("PASS")
        || has("PWD")
        || has("TOKEN")
        || has("CREDENTIALS")
        || has("PASSPHRASE");
    let key = last == "KEY"
        || last == "APIKEY"
        || has("KEY") && (has("API") || has("SIGNING") || has("PRIVATE") || has("ENCRYPTION"));
    (strong || key) && !is_public && !is_switch(name) && !is_published(name) && !about.contains(&last.as_str())
        || is_address(name)
}

/// Addresses that have a password in them.
fn is_address(name: &str) -> bool {
    matches!(name, "DATABASE_URL" | "REDIS_URL" | "MONGODB_URI" | "MONGO_URL")
}

/// Whether a variable switches something, or counts it, whatever else is in its name: `ENABLE_EMAIL_PASSWORD`,
/// `API_KEY_RATE_LIMIT`, `TOKEN_MAX_AGE`.
pub(super) fn is_switch(name: &str) -> bool {
    const SWITCHES: &[&str] = &[
        "ENABLE", "ENABLED", "DISABLE", "DISABLED", "USE", "ALLOW", "ALLOWED", "REQUIRE", "REQUIRED", "OPTIONAL",
        "SHOW", "HIDE", "IS", "HAS", "LIMIT", "RATE", "THROTTLE", "MAX", "MIN", "AGE", "TIMEOUT", "SECONDS",
        "DURATION", "PATTERN", "POLICY", "PROMPT", "HASHERS",
    ];
    // `RATE_LIMIT_SECRET` is one all the same, and `ENABLE_CLIENT_SECRET` is none.
    const FIRST: &[&str] = &["ENABLE", "DISABLE", "USE", "ALLOW", "REQUIRE", "SHOW", "HIDE", "IS", "HAS"];
    let is_in = |word: &str, known: &[&str]| known.iter().any(|one| word.eq_ignore_ascii_case(one));
    let (first, last) = (name.split('_').next().unwrap_or_default(), name.rsplit('_').next().unwrap_or_default());
    is_in(first, FIRST) || !is_in(last, &["SECRET"]) && name.split('_').any(|word| is_in(word, SWITCHES))
}

/// Keys that their makers mean to be in pages, or that are no credentials: of a field, of a project.
fn is_published(name: &str) -> bool {
    const PUBLISHED: &[&str] = &[
        "PUSHER", "POSTHOG", "MAPBOX", "MIXPANEL", "AMPLITUDE", "SEGMENT", "CLARITY", "RECORDER", "RECAPTCHA",
        "HCAPTCHA", "TURNSTILE", "FIREBASE", "INTERCOM", "LOGROCKET", "SENTRY", "PROJECT", "NAME", "EMAIL",
    ];
    const PRIVATE: &[&str] = &["SECRET", "PRIVATE", "PASSWORD", "PASS", "SERVER", "ADMIN", "CREDENTIALS", "AUTH"];
    let has = |known: &[&str]| name.split('_').any(|word| known.iter().any(|one| word.eq_ignore_ascii_case(one)));
    has(PUBLISHED) && !has(PRIVATE)
}

fn looked_at(reads: &Reads<'_>) -> String {
    format!("{} that the code reads", count(reads.len(), "variable"))
}

/// DEP-08: read in the code, less `.env.example`, less the documents.
fn listed<'s>(survey: &'s Survey<'_>, reads: &Reads<'s>, unnamed: &[(&str, u32)], told: &mut Told<'_>) {
    if reads.is_empty() && unnamed.is_empty() {
        return;
    }
    let lists = Lists::of(survey);
    let written: BTreeSet<&str> = survey
        .documents
        .iter()
        .flat_map(|document| words(document.text))
        .filter(|word| reads.contains_key(word))
        .collect();
    let unlisted = |(name, places): (&&'s str, &Vec<(&'s str, u32)>)| {
        let places: Vec<(&str, u32)> = places.iter().filter(|(path, _)| !lists.have(name, path)).copied().collect();
        (!written.contains(*name) && !places.is_empty()).then_some((*name, places))
    };
    let missing: Vec<(&str, Vec<(&str, u32)>)> = reads.iter().filter_map(unlisted).collect();
    let seen = reads.len() - missing.len();
    if !missing.is_empty() {
        told.fail("DEP-08")
            .reason(format!(
                "Neither .env.example nor a document has {}.",
                names(missing.iter().map(|(name, _)| *name))
            ))
            .looked_at(looked_at(reads))
            .counted(seen, reads.len(), "variables")
            .change("each of them in .env.example, with a place-holder as the value")
            .at_all(missing.iter().filter_map(|(_, places)| places.first().copied()));
        return;
    }
    if !unnamed.is_empty() {
        told.open("DEP-08")
            .reason(format!(
                "{} variables whose names are not written there.",
                if unnamed.len() == 1 { "1 line reads".to_owned() } else { format!("{} lines read", unnamed.len()) }
            ))
            .looked_at(looked_at(reads))
            .counted(seen, reads.len() + unnamed.len(), "variables")
            .change("names that are written out")
            .at_all(unnamed.iter().copied());
        return;
    }
    told.pass("DEP-08", "a variable that is in no list would have been a fail")
        .reason(format!(
            "{} in .env.example or a document.",
            if seen == 1 { "The one variable is".to_owned() } else { format!("All {} are", count(seen, "variable")) }
        ))
        .looked_at(looked_at(reads))
        .counted(seen, reads.len(), "variables")
        .change("a variable that is read and not listed")
        .at_all(reads.values().filter_map(|places| places.first().copied()));
}

/// The lists of variables, by the folder of the application that each is of.
struct Lists<'s> {
    manifests: BTreeSet<&'s str>,
    of: BTreeMap<&'s str, BTreeSet<String>>,
}

impl<'s> Lists<'s> {
    fn of(survey: &'s Survey<'_>) -> Self {
        let mut lists = Self { manifests: apps::manifests(survey.project), of: BTreeMap::new() };
        for (path, names) in self::lists(survey) {
            let app = lists.app(path).unwrap_or_default();
            lists.of.entry(app).or_default().extend(names);
        }
        lists
    }

    fn app<'p>(&self, path: &'p str) -> Option<&'p str> {
        apps::above(path).find(|folder| self.manifests.contains(folder))
    }

    /// Whether a variable that is read in a file is listed. An application that has a list is not helped by that of another.
    fn have(&self, name: &str, path: &str) -> bool {
        match self.app(path).filter(|app| !app.is_empty() && self.of.contains_key(app)) {
            Some(app) => {
                let mut lists =
                    apps::above(path).skip_while(|folder| *folder != app).filter_map(|folder| self.of.get(folder));
                lists.any(|names| names.contains(name))
            }
            None => self.of.values().any(|names| names.contains(name)),
        }
    }
}

/// Whether a file lists variables without their values.
fn is_list(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_env = [".env", "env.", "env-", "env_"].iter().any(|begin| name.starts_with(begin)) || name.ends_with(".env");
    is_env && ["example", "sample", "template", "dist", "defaults"].iter().any(|word| name.contains(word))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.len() > 1)
}

/// SEC-08: literals that secrets fall back on.
fn literals(reads: &Reads<'_>, fallbacks: &[(&str, u32)], told: &mut Told<'_>) {
    let secrets = reads.keys().filter(|name| is_secret(name)).count();
    let looked_at = format!("{} named like a secret", count(secrets, "variable"));
    if !fallbacks.is_empty() {
        told.fail("SEC-08")
            .reason(format!(
                "{} to a text in the code.",
                if fallbacks.len() == 1 {
                    "1 read of a secret falls back".to_owned()
                } else {
                    format!("{} reads of secrets fall back", fallbacks.len())
                }
            ))
            .looked_at(looked_at)
            .counted(secrets, secrets, "variables")
            .change("a program that stops when the variable is missing")
            .at_all(fallbacks.iter().copied());
    } else if secrets > 0 {
        let places = reads.iter().filter(|(name, _)| is_secret(name)).filter_map(|(_, places)| places.first().copied());
        told.review("SEC-08")
            .reason("Secrets are read from the environment, none with a text to fall back on.")
            .looked_at(looked_at)
            .counted(secrets, secrets, "variables")
            .change("the word of who has looked at the host's settings")
            .at_all(places);
    }
}

/// SEC-09: what client code reads, and what it must not.
fn public(survey: &Survey<'_>, reads: &Reads<'_>, told: &mut Told<'_>) {
    if reads.is_empty() {
        return;
    }
    let is_public = |name: &str| PUBLIC.iter().any(|prefix| name.starts_with(prefix));
    let leaks: Vec<(&str, u32)> = reads
        .iter()
        .filter(|(name, _)| is_public(name) && is_secret(name.split_once("PUBLIC_").map_or(**name, |(_, rest)| rest)))
        .filter_map(|(_, places)| places.first().copied())
        .collect();
    let mut mixed = Vec::new();
    for file in survey.launched().filter(|file| is_client(file.text)) {
        let private = file.found.variables.iter().filter(|v| !is_public(&v.name) && !GIVEN.contains(&v.name.as_str()));
        mixed.extend(private.map(|variable| (file.path, variable.line)));
    }
    let number = reads.keys().filter(|name| is_public(name)).count();
    let looked_at = format!("{number} variables for the browser among {}", reads.len());
    let is_key = |name: &str| is_published(name) && ["KEY", "TOKEN"].iter().any(|end| name.ends_with(end));
    let published = reads.iter().filter(|(name, _)| is_public(name) && is_key(name));
    let published: Vec<(&str, u32)> = published.filter_map(|(_, places)| places.first().copied()).collect();
    let built = built_in(survey, is_public);
    for (places, reason) in [
        (&leaks, "A variable that is named like a secret has a prefix that builds it into what the browser gets."),
        (&mixed, "Client code reads a variable that has no public prefix."),
    ] {
        if !places.is_empty() {
            told.fail("SEC-09")
                .reason(reason)
                .looked_at(looked_at.clone())
                .counted(reads.len(), reads.len(), "variables")
                .change("the value read on the server only, and rotated if it was ever built in")
                .at_all(places.iter().copied());
        }
    }
    if !leaks.is_empty() || !mixed.is_empty() {
        return;
    }
    let places = reads.iter().filter(|(name, _)| is_public(name)).filter_map(|(_, places)| places.first().copied());
    if !built.is_empty() {
        told.review("SEC-09")
            .reason("The configuration of a bundler reads variables without a public prefix, and can build them into what the browser gets.")
            .looked_at(looked_at)
            .counted(reads.len(), reads.len(), "variables")
            .change("a public prefix for what is built in, and the others read on the server only")
            .at_all(built);
    } else if !published.is_empty() {
        told.review("SEC-09")
            .reason(
                "A key is built into what the browser gets; by its name it is one that its maker means to be there.",
            )
            .looked_at(looked_at)
            .counted(reads.len(), reads.len(), "variables")
            .change("the word of who knows what that key lets somebody do")
            .at_all(published);
    } else if number > 0 {
        told.pass(
            "SEC-09",
            "a name like a secret behind a public prefix, or a private one in client code, would have been a fail",
        )
        .reason("What is public has its prefix, and nothing private is read by client code.")
        .looked_at(looked_at)
        .counted(reads.len(), reads.len(), "variables")
        .change("a private variable read by client code")
        .at_all(places);
    } else {
        told.review("SEC-09")
            .reason("No variable has a prefix for the browser; whether there is client configuration elsewhere is for somebody to see.")
            .looked_at(looked_at)
            .counted(reads.len(), reads.len(), "variables")
            .change("a word on where public configuration stands");
    }
}

/// Where a bundler that is told what to build in reads variables that have no public prefix.
fn built_in<'s>(survey: &'s Survey<'_>, is_public: impl Fn(&str) -> bool) -> Vec<(&'s str, u32)> {
    const TOLD: &[&str] = &["DefinePlugin", "EnvironmentPlugin", "define:", "envPrefix", "env:", "process.env)"];
    const BUNDLERS: &[&str] =
        &["vite.config", "webpack", "next.config", "rollup.config", "esbuild", "vue.config", "rsbuild.config"];
    let is_bundler = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        BUNDLERS.iter().any(|bundler| name.starts_with(bundler))
    };
    let files = survey.launched().filter(|file| is_bundler(file.path));
    files
        .filter(|file| TOLD.iter().any(|word| file.text.contains(word)))
        .flat_map(|file| {
            let private = file.found.variables.iter().map(|variable| (variable.name.as_str(), variable.line));
            let private = private.filter(|(name, _)| !is_public(name) && !GIVEN.contains(name));
            private
                .chain(file.found.unnamed_variables.iter().map(|line| ("", *line)))
                .map(|(_, line)| (file.path, line))
        })
        .collect()
}

/// Whether a file runs in the browser.
fn is_client(text: &str) -> bool {
    let first = text.trim_start().lines().next().unwrap_or_default();
    first.starts_with("'use client'") || first.starts_with("\"use client\"")
}

/// SEC-10: secrets that are read are in the handover's table.
fn kept(survey: &Survey<'_>, reads: &Reads<'_>, unnamed: &[(&str, u32)], told: &mut Told<'_>) {
    let secrets: Vec<(&str, &Vec<(&str, u32)>)> =
        reads.iter().filter(|(name, _)| is_secret(name)).map(|(name, places)| (*name, places)).collect();
    if secrets.is_empty() {
        return;
    }
    let page = handover::handover(survey);
    let rows = page.map(|page| page.text.lines().filter(|line| line.trim_start().starts_with('|')).flat_map(words));
    let known: BTreeSet<&str> = rows.into_iter().flatten().collect();
    let missing: Vec<&(&str, &Vec<(&str, u32)>)> = secrets.iter().filter(|(name, _)| !known.contains(name)).collect();
    let looked_at = format!("{}, and the table of the handover page", count(secrets.len(), "secret variable"));
    if missing.is_empty() && unnamed.is_empty() {
        told.pass("SEC-10", "a secret variable that is not in the table would have been a fail")
            .reason("Every secret variable that the code reads is in the handover's table.")
            .looked_at(looked_at)
            .counted(secrets.len(), secrets.len(), "variables")
            .change("a secret variable that is read and not in the table")
            .at(page.map_or("", |page| page.path), 1);
    } else if missing.is_empty() {
        told.open("SEC-10")
            .reason("Every secret variable that is named is in the table; some are read whose names are not written.")
            .looked_at(looked_at)
            .counted(secrets.len(), secrets.len() + unnamed.len(), "variables")
            .change("names that are written out")
            .at_all(unnamed.iter().copied());
    } else {
        let reason = match page {
            None => format!(
                "There is no handover page; nothing says where {} is kept.",
                names(missing.iter().map(|(name, _)| *name))
            ),
            Some(_) => format!("The handover's table does not have {}.", names(missing.iter().map(|(name, _)| *name))),
        };
        told.fail("SEC-10")
            .reason(reason)
            .looked_at(looked_at)
            .counted(secrets.len() - missing.len(), secrets.len(), "variables")
            .change("a table with each variable and where its value is kept, never the value")
            .at_all(missing.iter().filter_map(|(_, places)| places.first().copied()));
    }
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn what_is_named_like_a_secret() {
        for name in [
            "JWT_SECRET", "DB_PASSWORD", "STRIPE_SECRET_KEY", "SENDGRID_API_KEY", "GITHUB_TOKEN", "DATABASE_URL",
            "SECRET_KEY", "PUSHER_APP_SECRET", "FIREBASE_PRIVATE_KEY", "RABBITMQ_PASSWORD", "SENTRY_AUTH_TOKEN",
            "OPENAI_API_KEY", "PASSWORD_RESET_SECRET", "RATE_LIMIT_SECRET", "LDAP_BIND_DN_PASSWORD",
            "EMAIL_HOST_PASSWORD",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "PORT", "JWT_EXPIRES_IN", "TOKEN_TTL", "STRIPE_PUBLISHABLE_KEY", "SUPABASE_ANON_KEY", "SECRET_NAME",
            "API_URL", "AWS_ACCESS_KEY_ID", "API_KEY_RATE_LIMIT", "ENABLE_EMAIL_PASSWORD", "OPTIONAL_CREDENTIALS",
            "TOKEN_THROTTLE_RATE", "CREDENTIALS_ENABLED", "USE_ID_TOKEN", "PUSHER_APP_KEY", "SESSION_RECORDER_KEY",
            "LDAP_EMAIL_KEY", "CORS_ACCESS_CONTROL_ALLOW_CREDENTIALS", "THROTTLE_PASS_RESET_PATTERN",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
