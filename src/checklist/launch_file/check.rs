//! A `launch.toml`, key by key.

use std::collections::BTreeSet;

use toml::Spanned;

use super::syntax::{AccountSyntax, LoadSyntax, MailSyntax, ResourceSyntax, TargetSyntax};
use super::{Account, Load, Mail, Resource, Route, Target};
use crate::checklist::file::{FileError, Text, address, is_host};

/// Most requests a second that a load test may ask for.
const MAX_RPS: u32 = 10;
/// Most requests of a load test.
const MAX_REQUESTS: u32 = 600;
/// Bytes a canary has at least: a shorter text may stand anywhere by chance.
const MIN_CANARY: usize = 8;

/// Collects what is wrong, so that it can be mended in one go.
pub(super) struct Check<'t> {
    text: Text<'t>,
    errors: Vec<FileError>,
}

impl<'t> Check<'t> {
    pub(super) fn new(text: Text<'t>) -> Self {
        Self { text, errors: Vec::new() }
    }

    /// The file, if nothing was wrong.
    pub(super) fn finish<T>(self, file: T) -> Result<T, Vec<FileError>> {
        if self.errors.is_empty() { Ok(file) } else { Err(self.errors) }
    }

    /// Takes a value, and notes what is wrong with it unless `holds`.
    fn need<T: Clone>(&mut self, holds: bool, key: &str, value: &Spanned<T>, why: &str) -> T {
        if !holds {
            self.errors.push(self.text.error(&value.span(), key, why));
        }
        value.get_ref().clone()
    }

    fn named(&mut self, key: &str, value: &Spanned<String>) -> String {
        self.need(!value.get_ref().trim().is_empty(), key, value, "it is empty")
    }

    fn hosts(&mut self, key: &str, values: &[Spanned<String>]) -> Vec<String> {
        let why = "a host is written like app.example.com: without scheme, port, path or wildcard";
        let one = |value: &Spanned<String>| self.need(is_host(value.get_ref()), key, value, why).to_ascii_lowercase();
        values.iter().map(one).collect()
    }

    fn path(&mut self, key: &str, value: &Spanned<String>) -> String {
        self.need(is_path(value.get_ref()), key, value, "a path begins with / and has no space, query or fragment")
    }

    pub(super) fn targets(&mut self, targets: &[TargetSyntax]) -> Vec<Target> {
        let mut names = BTreeSet::new();
        let mut checked = Vec::new();
        for target in targets {
            let is_new = names.insert(target.name.get_ref());
            self.need(is_new, "target.name", &target.name, "another target has this name");
            let why = "an address is written like https://app.example.com: no user, no query; http only with allow_private = true";
            let parts = address(target.url.get_ref()).filter(|parts| {
                (parts.scheme == "https" || parts.scheme == "http" && target.allow_private)
                    && (parts.path.is_empty() || is_path(parts.path))
            });
            let url = self.need(parts.is_some(), "target.url", &target.url, why);
            let mut hosts: Vec<String> = parts.map(|parts| parts.host.to_ascii_lowercase()).into_iter().collect();
            for host in self.hosts("target.hosts", &target.hosts) {
                if !hosts.contains(&host) {
                    hosts.push(host);
                }
            }
            let health = target.health.iter().map(|path| self.path("target.health", path)).collect();
            let name = self.named("target.name", &target.name);
            checked.push(Target { name, url, hosts, health, allow_private: target.allow_private });
        }
        checked
    }

    pub(super) fn routes(&mut self, key: &str, routes: &[Spanned<String>]) -> Vec<Route> {
        let why = "a route is written like \"GET /login\", or \"/health\" for all methods";
        let mut checked = Vec::new();
        for route in routes {
            let (method, path) = match route.get_ref().split_once(' ') {
                Some((method, path)) => (Some(method), path),
                None => (None, route.get_ref().as_str()),
            };
            self.need(is_path(path) && method.is_none_or(|method| METHODS.contains(&method)), key, route, why);
            checked.push(Route { method: method.map(Into::into), path: path.into() });
        }
        checked
    }

    pub(super) fn origins(&mut self, origins: &[Spanned<String>]) -> Vec<String> {
        let why = "an origin is written like https://app.example.com: https, and nothing behind the host but a port";
        let is_origin =
            |text: &str| address(text).is_some_and(|parts| parts.scheme == "https" && parts.path.is_empty());
        let one = |origin: &Spanned<String>| {
            self.need(is_origin(origin.get_ref()), "cors.origins", origin, why).to_ascii_lowercase()
        };
        origins.iter().map(one).collect()
    }

    pub(super) fn mail(&mut self, mail: &MailSyntax) -> Mail {
        let domain = mail.domain.get_ref();
        let why = "a domain is written like example.com";
        Mail {
            domain: self.need(is_host(domain) && domain.contains('.'), "mail.domain", &mail.domain, why),
            senders: self.hosts("mail.senders", &mail.senders),
            selectors: self.hosts("mail.selectors", &mail.selectors),
        }
    }

    pub(super) fn accounts(&mut self, accounts: &[AccountSyntax]) -> Vec<Account> {
        let mut names = BTreeSet::new();
        let mut checked = Vec::new();
        for account in accounts {
            let is_new = names.insert(account.name.get_ref());
            self.need(is_new, "account.name", &account.name, "another account has this name");
            let why = "this is the name of an environment variable, in capital letters, and never the token itself; \
                       if a token stood here, rotate it";
            checked.push(Account {
                name: self.named("account.name", &account.name),
                role: self.named("account.role", &account.role),
                tenant: account.tenant.as_ref().map(|tenant| self.named("account.tenant", tenant)),
                token_env: self.need(
                    is_variable(account.token_env.get_ref()),
                    "account.token_env",
                    &account.token_env,
                    why,
                ),
            });
        }
        checked
    }

    pub(super) fn resource(&mut self, resource: &ResourceSyntax, accounts: &[Account]) -> Resource {
        let is_account = |name: &Spanned<String>| accounts.iter().any(|account| account.name == *name.get_ref());
        let no_account = "no [[account]] has this name";
        let (route, canary) = (resource.route.get_ref(), resource.canary.get_ref());
        self.need(
            is_path(route),
            "resource.route",
            &resource.route,
            "a path begins with / and has no space, query or fragment",
        );
        self.need(
            resource.other.get_ref() != resource.owner.get_ref(),
            "resource.other",
            &resource.other,
            "the other account has to be another one than the owner",
        );
        self.need(
            resource.other_id.get_ref() != resource.id.get_ref(),
            "resource.other_id",
            &resource.other_id,
            "the other account's object has to be another one",
        );
        let unlikely = canary.len() >= MIN_CANARY && !resource.id.get_ref().contains(canary.as_str());
        Resource {
            class: self.named("resource.class", &resource.class),
            route: self.need(
                route.matches("{id}").count() == 1,
                "resource.route",
                &resource.route,
                "the route has {id} in it once",
            ),
            owner: self.need(is_account(&resource.owner), "resource.owner", &resource.owner, no_account),
            id: self.named("resource.id", &resource.id),
            canary: self.need(
                unlikely,
                "resource.canary",
                &resource.canary,
                "a canary has eight characters or more, and is not in the object's id",
            ),
            other: self.need(is_account(&resource.other), "resource.other", &resource.other, no_account),
            other_id: self.named("resource.other_id", &resource.other_id),
        }
    }

    pub(super) fn load(&mut self, load: &LoadSyntax) -> Load {
        let within = |value: &Spanned<u32>, most| (1..=most).contains(value.get_ref());
        Load {
            route: self.path("load.route", &load.route),
            rps: self.need(within(&load.rps, MAX_RPS), "load.rps", &load.rps, "between 1 and 10 requests a second"),
            requests: self.need(
                within(&load.requests, MAX_REQUESTS),
                "load.requests",
                &load.requests,
                "between 1 and 600 requests",
            ),
        }
    }
}

const METHODS: &[&str] = &["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\\"<>`".contains(&byte))
}

fn is_variable(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    // A key in capital letters has no underscore; a variable that people name has.
    (1..=64).contains(&text.len())
        && text.bytes().all(is_part)
        && text.contains('_')
        && !text.starts_with(|first: char| first.is_ascii_digit())
}
