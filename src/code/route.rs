//! Routes: what an application answers to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::body::Fact;
use super::framework::{Detected, Framework};

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file's path in the project, with `/`.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
}

/// What a request has to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Reads, without the body.
    Head,
    /// Writes.
    Post,
    /// Writes.
    Put,
    /// Writes.
    Patch,
    /// Writes.
    Delete,
    /// Asks what is allowed.
    Options,
    /// Any of them.
    Any,
}

impl Method {
    /// As in a request line; `ANY` for any.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Any => "ANY",
        }
    }

    /// The method that is called so, in any case.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let all = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options, Self::Any];
        all.into_iter().find(|method| method.name().eq_ignore_ascii_case(name))
    }

    /// Whether it changes something.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch | Self::Delete | Self::Any)
    }
}

/// What something that stands before a handler, or is called at its beginning, is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Asks who is calling.
    Authentication,
    /// Asks whether the caller has a role or a permission.
    Authorization,
    /// Limits how often it can be called.
    Limiter,
    /// Checks what is sent against a schema.
    Schema,
    /// Says that nobody needs to be signed in: `@Public()`, `AllowAny`, `permitAll()`.
    Public,
    /// Something that is not known by its name.
    Other,
}

/// Something that stands before a handler.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mention {
    /// What it is there for, as far as its name tells.
    pub role: Role,
    /// As it is written: `requireAuth`, `@login_required`. Never a value, and no longer than 80 characters.
    pub name: String,
    /// Where.
    pub at: Place,
    /// Whether it stands before a whole group of routes.
    pub group: bool,
}

/// What answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handler {
    /// Its name, where it has one.
    pub name: String,
    /// Where it begins.
    pub at: Place,
    /// Its last line, from 1.
    pub end: u32,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// The path with all prefixes, beginning with `/`, its parameters as `{name}`; `*` for what is not known.
    pub path: String,
    /// How it is asked for.
    pub method: Method,
    /// Where it is declared.
    pub at: Place,
    /// Whose it is.
    pub framework: Framework,
    /// What answers, where it was found.
    pub handler: Option<Handler>,
    /// What stands before it, the outermost first.
    pub before: Vec<Mention>,
}

impl Route {
    /// What stands before it for a reason.
    pub fn mentions(&self, role: Role) -> impl Iterator<Item = &Mention> {
        self.before.iter().filter(move |mention| mention.role == role)
    }

    /// Whether something stands before it for a reason.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.mentions(role).next().is_some()
    }
}

/// What could not be followed: routes that may be missing, or guards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gap {
    /// Where.
    pub at: Place,
    /// Why, in one sentence.
    pub why: String,
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The frameworks that the project uses, and where that shows.
    pub frameworks: Vec<Detected>,
    /// The routes, by path, method and place.
    pub routes: Vec<Route>,
    /// What handlers and the code around them do that a check asks for, by place.
    pub facts: Vec<Fact>,
    /// What could not be followed.
    pub gaps: Vec<Gap>,
    /// How many source files were read.
    pub files: usize,
}

impl Inventory {
    /// Adds all that another has.
    pub(super) fn add(&mut self, other: Self) {
        self.frameworks.extend(other.frameworks);
        self.routes.extend(other.routes);
        self.facts.extend(other.facts);
        self.gaps.extend(other.gaps);
        self.files += other.files;
    }

    /// Adds the frameworks that no manifest names, where the first route of each is.
    pub(super) fn detect_by_routes(&mut self) {
        let mut seen: BTreeSet<Framework> = self.frameworks.iter().map(|found| found.framework).collect();
        for route in &self.routes {
            if seen.insert(route.framework) {
                let at = route.at.clone();
                self.frameworks.push(Detected { framework: route.framework, version: None, at });
            }
        }
    }

    /// Puts all in order, without what was said twice.
    pub(super) fn sort(&mut self) {
        self.frameworks.sort();
        self.frameworks.dedup();
        self.routes.sort();
        self.routes.dedup();
        self.facts.sort();
        self.facts.dedup();
        self.gaps.sort();
        self.gaps.dedup();
    }
}
