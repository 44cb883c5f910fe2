//! What the bodies of handlers, and the code around them, do that a check asks for.

use super::route::{Inventory, Place, Route};

/// A setting of a cookie, as far as the code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// Not named: the library's default holds.
    Missing,
    /// Switched on.
    On,
    /// Switched off.
    Off,
    /// Told by something that is known when it runs.
    Unknown,
}

/// The `SameSite` of a cookie, as far as the code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SameSite {
    /// Not named: the library's default holds.
    Missing,
    /// Sent with requests of the site itself.
    Strict,
    /// Sent when a link is followed, too.
    Lax,
    /// Sent with all requests.
    None,
    /// Told by something that is known when it runs.
    Unknown,
}

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// A stored object is looked up by a part of the request: `findById(req.params.id)`, `objects.get(pk=pk)`. The name is that of
    /// the look-up.
    Lookup {
        /// Whether the query names an owner or a tenant as well, and that one is not from the request.
        scoped: bool,
    },
    /// The request tells whose data is meant: a user's id is read from its parameters. The name is that of the parameter.
    UserFromRequest,
    /// What was sent is used as it came: `Model.create(req.body)`. The name is that of what takes it.
    WholeBody,
    /// A log call names something sensitive. The name is that of what is logged: `password`, `req.headers`.
    SensitiveLog,
    /// A cookie, or a session that is kept by one, is set. The name is that of the call.
    Cookie {
        /// Hidden from scripts.
        http_only: Setting,
        /// Sent with HTTPS alone.
        secure: Setting,
        /// Kept from requests of other sites.
        same_site: SameSite,
    },
    /// A token is read, and its signature is not verified. The name is that of the call.
    UnverifiedToken,
    /// A secret that signs tokens, sessions or cookies is written in the code. The name is that of what takes it; the value is not kept.
    SigningSecret,
    /// An environment variable is read. The name is the variable's.
    EnvironmentRead,
    /// An environment variable is read, and where it is missing a literal stands in. The name is the variable's.
    EnvironmentFallback,
    /// Who is limited is told by a header that a client can set: `X-Forwarded-For`. The name is that of the limiter's option.
    ForwardedLimiterKey,
    /// What is for development is switched on: error pages with the program's inside. The name is the setting's.
    Debug,
    /// An error's stack or text is sent to the client. The name is that of what is sent.
    ErrorExposed,
}

/// One thing that was seen. Never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// Where.
    pub at: Place,
    /// What.
    pub kind: FactKind,
    /// A name that says more, as its kind tells; no longer than 80 characters.
    pub name: String,
}

impl Inventory {
    /// What was seen in the body of a route's handler. Empty where the handler was not found.
    pub fn facts_of<'a>(&'a self, route: &'a Route) -> impl Iterator<Item = &'a Fact> {
        route.handler.iter().flat_map(|handler| {
            self.facts.iter().filter(move |fact| {
                fact.at.file == handler.at.file && (handler.at.line..=handler.end).contains(&fact.at.line)
            })
        })
    }
}
