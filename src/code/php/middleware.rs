//! Middleware of Laravel: names, groups and what they stand for.

use std::collections::BTreeMap;

use crate::code::route::{Mention, Place, Role};
use crate::code::unit::{Call, Expr, Unit, short};
use crate::code::walk::role_of;

/// What an application calls its middleware.
#[derive(Default)]
pub(super) struct Names {
    /// A group, and what is in it.
    groups: BTreeMap<String, Vec<(String, Place)>>,
    /// Another name of a class.
    aliases: BTreeMap<String, String>,
    /// What stands before all routes.
    all: Vec<(String, Place)>,
}

impl Names {
    /// From kernels and `bootstrap/app.php` below a folder.
    pub(super) fn of(units: &[&Unit], root: &str) -> Self {
        let mut names = Self::default();
        for unit in units.iter().filter(|unit| unit.file.starts_with(root)) {
            for class in unit.classes.iter().filter(|class| class.name.ends_with("Kernel")) {
                class.body.iter().for_each(|property| names.kernel(unit, class.line, property));
            }
            if unit.file.ends_with("bootstrap/app.php") {
                unit.body.iter().for_each(|statement| {
                    statement.walk(&mut |e| {
                        let Expr::Chain(chain) = e else { return };
                        if chain.base.name() == Some("$middleware") {
                            chain.calls().for_each(|call| names.bootstrap(unit, call));
                        }
                    });
                });
            }
        }
        names
    }

    fn kernel(&mut self, unit: &Unit, line: u32, property: &Expr) {
        let Expr::Assign(both) = property else { return };
        let at = || unit.at(line);
        match (both.0.name(), &both.1) {
            (Some("$middlewareGroups"), Expr::Pairs(groups)) => {
                for (name, list) in groups {
                    let items = list.items().iter().map(|item| (written(item), at())).collect();
                    self.groups.insert(name.word().unwrap_or_default().into(), items);
                }
            }
            (Some("$middlewareAliases" | "$routeMiddleware"), Expr::Pairs(pairs)) => self.alias(pairs),
            (Some("$middleware"), list) => self.all.extend(list.items().iter().map(|item| (written(item), at()))),
            _ => {}
        }
    }

    fn alias(&mut self, pairs: &[(Expr, Expr)]) {
        for (name, class) in pairs {
            self.aliases.insert(name.word().unwrap_or_default().into(), written(class));
        }
    }

    fn bootstrap(&mut self, unit: &Unit, call: &Call) {
        let at = unit.at(call.line);
        let listed = || call.args.iter().flat_map(|arg| arg.value.items()).map(|item| (written(item), at.clone()));
        match call.name.as_str() {
            "alias" => {
                if let Some(Expr::Pairs(pairs)) = call.arg(0) {
                    self.alias(pairs);
                }
            }
            "append" | "prepend" | "use" => self.all.extend(listed()),
            "web" | "api" => self.groups.entry(call.name.clone()).or_default().extend(listed()),
            "throttleApi" => self.groups.entry("api".into()).or_default().push(("throttle:api".into(), at)),
            "group" | "appendToGroup" | "prependToGroup" => {
                let name = call.arg(0).and_then(Expr::word).unwrap_or_default().to_owned();
                let items = call.arg(1).map(Expr::items).unwrap_or_default();
                self.groups.entry(name).or_default().extend(items.iter().map(|item| (written(item), at.clone())));
            }
            _ => {}
        }
    }

    /// What stands before every route, for a reason.
    pub(super) fn everywhere(&self) -> Vec<Mention> {
        let known = self.all.iter().map(|(name, at)| self.one(name, at.clone(), true));
        known.filter(|mention| mention.role != Role::Other).collect()
    }

    /// What a name in a route stands for: a group becomes what is in it.
    pub(super) fn mentions(&self, name: &str, at: &Place, group: bool) -> Vec<Mention> {
        let Some(items) = self.groups.get(name) else { return vec![self.one(name, at.clone(), group)] };
        let own = Mention { role: Role::Other, name: short(name), at: at.clone(), group: true };
        let inner = items.iter().map(|(item, place)| self.one(item, place.clone(), true));
        std::iter::once(own).chain(inner.filter(|mention| mention.role != Role::Other)).collect()
    }

    fn one(&self, name: &str, at: Place, group: bool) -> Mention {
        let alias = name.split(':').next().unwrap_or_default();
        let last = |class: &str| role(class.rsplit('\\').next().unwrap_or_default());
        let of_alias = self.aliases.get(alias).map(|class| last(class)).filter(|role| *role != Role::Other);
        let role = match last(alias) {
            Role::Other => of_alias.unwrap_or(Role::Other),
            // A guest is one who is not signed in.
            known => known,
        };
        let shown = name.rsplit('\\').next().unwrap_or_default();
        Mention { role, name: short(shown), at, group }
    }
}

/// What Laravel's own are there for; the others by their names.
fn role(name: &str) -> Role {
    match name {
        "auth.basic" | "Authenticate" | "verified" | "EnsureEmailIsVerified" | "EnsureUserIsAuthenticated" => {
            Role::Authentication
        }
        "can" | "Authorize" | "password.confirm" | "ability" | "abilities" => Role::Authorization,
        "guest" | "RedirectIfAuthenticated" => Role::Public,
        "signed" | "ValidateSignature" => Role::Authorization,
        "ValidatePostSize" | "ValidateCsrfToken" | "VerifyCsrfToken" | "StartSession" | "ShareErrorsFromSession" => {
            Role::Other
        }
        "AuthenticateSession" | "auth.session" | "CheckEmailConfirmed" | "EnsureFrontendRequestsAreStateful" => {
            Role::Other
        }
        other if other.contains("Session") && other.starts_with("Start") => Role::Other,
        other if other.starts_with("Throttle") => Role::Limiter,
        other => role_of(other),
    }
}

/// A middleware as it is written: `auth:api`, or a class with what it is passed.
pub(super) fn written(e: &Expr) -> String {
    match e {
        Expr::Joined(parts) => parts.iter().map(written).collect(),
        // `ThrottleRequests::with(…)`, `Authenticate::using(…)`
        Expr::Chain(chain) => chain.base.dotted(),
        other => other.word().unwrap_or_default().to_owned(),
    }
}
