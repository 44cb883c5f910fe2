//! What all languages have in common in telling facts from functions.

use std::collections::BTreeSet;

use super::body::{Fact, FactKind, SameSite, Setting};
use super::names::is_sensitive;
use super::unit::{Call, Chain, Expr, Link, Unit, short};

/// Of longer chains only the first steps are told.
pub(super) const MAX_LINKS: usize = 500;

/// Collects the facts of one function, or of what stands outside of any.
pub(super) struct Teller<'a> {
    unit: &'a Unit,
    /// The line of the function, for what has none of its own.
    line: u32,
    /// Variables that hold something of the request.
    tainted: BTreeSet<String>,
    facts: &'a mut Vec<Fact>,
}

/// What a language calls things.
pub(super) struct Idiom {
    /// Whether an expression is something of the request by itself.
    pub from_request: fn(&Expr) -> bool,
    /// Words of names that say who is calling, or whose something is.
    pub owners: &'static [&'static str],
}

/// Words that say whose a record is, in all languages.
const OWNERS: &[&str] = &[
    "account_id", "author_id", "company_id", "created_by", "current_account", "current_user", "currentuser",
    "customer_id", "org_id", "organization_id", "organisation_id", "owner", "owner_id", "ownerid", "principal",
    "team_id", "tenant", "tenant_id", "tenantid", "user_id", "userid",
];

impl<'a> Teller<'a> {
    /// For a function that begins here, or a statement.
    pub(super) fn new(unit: &'a Unit, line: u32, facts: &'a mut Vec<Fact>) -> Self {
        Self { unit, line, tainted: BTreeSet::new(), facts }
    }

    /// Notes a fact.
    pub(super) fn tell(&mut self, kind: FactKind, name: impl AsRef<str>, line: u32) {
        let at = self.unit.at(if line == 0 { self.line } else { line });
        self.facts.push(Fact { at, kind, name: short(name) });
    }

    /// Notes a variable that holds something of the request.
    pub(super) fn taint(&mut self, name: &str) {
        self.tainted.insert(name.to_owned());
    }

    /// Notes the line, and what is assigned from the request, in order, so that look-ups by it are told.
    pub(super) fn follow(&mut self, e: &Expr, idiom: &Idiom) {
        self.line = match e {
            Expr::Assign(both) => both.2,
            Expr::Chain(chain) if chain.line > 0 => chain.line,
            _ => self.line,
        };
        if let Expr::Assign(both) = e {
            let holds = self.requested(&both.1, idiom);
            for target in both.0.items() {
                if let (Expr::Name(name), true) = (target, holds) {
                    self.tainted.insert(name.clone());
                }
            }
        }
    }

    /// Whether something in an expression is of the request.
    pub(super) fn requested(&self, e: &Expr, idiom: &Idiom) -> bool {
        e.any(&mut |e| (idiom.from_request)(e) || e.name().is_some_and(|name| self.tainted.contains(name)))
    }

    /// Tells a look-up: `Model.find(id)`, with what stands before the call and what is passed.
    pub(super) fn lookup(&mut self, chain: &Chain, at: usize, idiom: &Idiom) {
        let Some(Link::Call(call)) = chain.links.get(at) else { return };
        let name = chain.dotted_to(at + 1);
        let passed = |e: &Expr| self.owns(e, idiom);
        let owned = whole_owns(&chain.dotted_to(at), idiom)
            || chain.links.iter().any(|link| match link {
                Link::Call(call) => {
                    call.args.iter().any(|arg| {
                        arg.key.as_deref().is_some_and(|key| whole_owns(key, idiom))
                            && !self.requested(&arg.value, idiom)
                            || passed(&arg.value)
                    }) || self.condition_owns(call, idiom)
                }
                _ => false,
            });
        let kind = if owned { FactKind::Lookup { scoped: true } } else { FactKind::Lookup { scoped: false } };
        self.tell(kind, &name, call.line);
        let caller = |e: &Expr| (idiom.from_request)(e) && names_caller(e);
        let who = |e: &Expr| e.any(&mut |e| caller(e));
        if !owned && call.args.iter().any(|arg| who(&arg.value)) {
            self.tell(FactKind::UserFromRequest, &name, call.line);
        }
    }

    /// Whether an expression names its owner, and not one that the request tells: `findById(ownerId)` of a path is no owner.
    fn owns(&self, e: &Expr, idiom: &Idiom) -> bool {
        let told = |name: Option<&str>| name.is_some_and(|name| self.tainted.contains(name));
        e.any(&mut |e| match e {
            Expr::Name(name) => whole_owns(name, idiom) && !told(Some(name)),
            Expr::Chain(chain) => {
                !(idiom.from_request)(e) && whole_owns(&chain.dotted(), idiom) && !told(chain.base.name())
            }
            Expr::Pairs(pairs) => pairs.iter().any(|(key, value)| {
                key.word().is_some_and(|key| whole_owns(key, idiom)) && !self.requested(value, idiom)
            }),
            _ => false,
        })
    }

    /// Whether a condition that is written as text names an owner, and not all that is put into it is of the request:
    /// `Where("owner_id = ? AND id = ?", caller, id)`.
    fn condition_owns(&self, call: &Call, idiom: &Idiom) -> bool {
        let Some((condition, values)) = call.args.split_first() else { return false };
        let Some(text) = condition.value.text() else { return false };
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_lowercase);
        words.any(|word| OWNERS.contains(&word.as_str()))
            && values.iter().any(|value| !self.requested(&value.value, idiom))
    }

    /// Tells a log call that is passed something sensitive.
    pub(super) fn log(&mut self, call: &Call, name: &str, whole: &[&str]) {
        for arg in &call.args {
            let mut seen: Option<String> = None;
            let key = arg.key.as_deref().filter(|key| is_sensitive(key));
            arg.value.walk(&mut |e| {
                let dotted = match e {
                    Expr::Name(name) => name.clone(),
                    Expr::Chain(chain) => with_indices(chain),
                    _ => return,
                };
                let is_whole = whole.iter().any(|w| dotted == *w);
                if seen.is_none() && (is_whole || is_sensitive(last_part(&dotted))) {
                    seen = Some(dotted);
                }
            });
            if let Some(what) = key.map(ToOwned::to_owned).or(seen) {
                self.tell(FactKind::SensitiveLog, format!("{name}: {what}"), call.line);
                return;
            }
        }
    }

    /// Tells a variable of the environment, and whether a literal stands in for it.
    pub(super) fn variable(&mut self, name: &str, default: Option<&Expr>, line: u32) {
        self.tell(FactKind::EnvironmentRead, name, line);
        if default.is_some_and(|default| default.text().is_some_and(|text| !text.is_empty())) {
            self.tell(FactKind::EnvironmentFallback, name, line);
        }
    }

    /// Tells a query that is written as text, where something of the request goes into it.
    pub(super) fn query(&mut self, call: &Call, name: &str, idiom: &Idiom) {
        let mut sql = String::new();
        for arg in &call.args {
            arg.value.walk(&mut |e| sql.extend(e.text().into_iter().flat_map(|text| [text, " "])));
        }
        let lower = sql.to_lowercase();
        let verb = ["select ", "update ", "delete "].iter().any(|verb| lower.trim_start().starts_with(verb));
        let Some((_, condition)) = lower.split_once("where") else { return };
        let passed = call.args.iter().any(|arg| self.requested(&arg.value, idiom));
        if !verb || !passed {
            return;
        }
        let owned = condition.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| OWNERS.contains(&word));
        self.tell(
            if owned { FactKind::Lookup { scoped: true } } else { FactKind::Lookup { scoped: false } },
            name,
            call.line,
        );
    }
}

/// Whether a part of `a.b::c->d` is the name of an owner.
fn whole_owns(dotted: &str, idiom: &Idiom) -> bool {
    let is_owner = |part: &str| OWNERS.contains(&part) || idiom.owners.contains(&part);
    let clean = |part: &str| part.trim_start_matches(['$', '@']).to_lowercase();
    dotted.split(['.', ':']).any(|part| is_owner(&clean(part)) || is_owner(&snake(part)))
}

/// `ownerId` → `owner_id`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().filter(|c| !matches!(c, '$' | '@')) {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Whether what is asked of the request is who is acting: `params[:user_id]`.
fn names_caller(e: &Expr) -> bool {
    e.any(&mut |e| {
        e.text().is_some_and(|text| matches!(snake(text).as_str(), "user_id" | "owner_id" | "account_id" | "uid"))
    })
}

fn last_part(dotted: &str) -> &str {
    dotted.rsplit(['.', ':', '>']).next().unwrap_or_default()
}

/// A chain as it is written, with literal indices.
fn with_indices(chain: &Chain) -> String {
    let last = chain.links.iter().rev().find_map(|link| match link {
        Link::Index(index) => index.text(),
        _ => None,
    });
    match last {
        Some(last) => format!("{}.{last}", chain.dotted()),
        None => chain.dotted(),
    }
}

/// What a literal switches a flag to.
pub(super) fn flag(value: Option<&Expr>) -> Setting {
    match value.map(|value| value.word().unwrap_or_default().to_lowercase()).as_deref() {
        None => Setting::Missing,
        Some("true" | "lax" | "strict" | "1") => Setting::On,
        Some("false" | "none" | "null" | "nil" | "0") => Setting::Off,
        Some(_) => Setting::Unknown,
    }
}

/// What a literal, or the name of a mode, sets `SameSite` to.
pub(super) fn same_site(value: Option<&Expr>) -> SameSite {
    let Some(value) = value else { return SameSite::Missing };
    let word = value.text().map_or_else(|| value.dotted(), ToOwned::to_owned).to_lowercase();
    match () {
        () if word.contains("strict") => SameSite::Strict,
        () if word.contains("lax") => SameSite::Lax,
        () if word.contains("none") => SameSite::None,
        () => SameSite::Unknown,
    }
}

/// The flags of a cookie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags {
    /// Hidden from scripts.
    pub http_only: Setting,
    /// Sent with HTTPS alone.
    pub secure: Setting,
    /// Kept from requests of other sites.
    pub same_site: SameSite,
}

impl Flags {
    /// As a kind of fact.
    pub(super) fn fact(self) -> FactKind {
        FactKind::Cookie { http_only: self.http_only, secure: self.secure, same_site: self.same_site }
    }
}

/// The flags of a cookie by what their settings are called.
pub(super) fn cookie<'e>(get: impl Fn(&[&str]) -> Option<&'e Expr>) -> Flags {
    Flags {
        http_only: flag(get(&["httponly", "http_only", "HttpOnly"])),
        secure: flag(get(&["secure", "Secure"])),
        same_site: same_site(get(&["same_site", "sameSite", "SameSite", "samesite"])),
    }
}

/// Whether a text is the header that proxies add and callers can set.
pub(super) fn is_forwarded(e: &Expr) -> bool {
    e.text().is_some_and(|text| {
        let text = text.to_lowercase().replace('_', "-");
        matches!(text.trim_start_matches("http-"), "x-forwarded-for" | "x-real-ip" | "forwarded")
    })
}

/// Whether a list or hash, as it is passed, has a value under a key.
pub(super) fn under<'e>(pairs: &'e [(Expr, Expr)], names: &[&str]) -> Option<&'e Expr> {
    pairs.iter().find(|(key, _)| key.word().is_some_and(|key| names.contains(&key))).map(|(_, value)| value)
}
