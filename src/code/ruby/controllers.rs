//! Controllers: what stands before their actions.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::framework::Framework;
use crate::code::reader::gap;
use crate::code::route::{Gap, Mention, Role, Route};
use crate::code::unit::{Call, Class, Expr, Function, Unit, short};
use crate::code::walk::{MAX_BEFORE, mention, role_of};

use super::is_guard;
use super::routes::Drawn;

/// Classes inherit from no more than this.
const MAX_PARENTS: usize = 32;

/// What Rails and its libraries bring; they have no guards.
const ROOTS: &[&str] = &["ActionController::Base", "ActionController::API", "ActionController::Metal", "Object"];

/// The classes and modules of all applications.
pub(super) struct Controllers<'u> {
    by_name: BTreeMap<&'u str, Vec<(&'u Unit, &'u Class)>>,
    /// Methods that list what is permitted, each with its class.
    permits: BTreeSet<(*const Class, &'u str)>,
}

/// Which actions a filter is for.
struct Filter<'c> {
    names: Vec<String>,
    call: &'c Call,
}

impl Filter<'_> {
    fn is_for(&self, action: &str) -> bool {
        let listed = |key: &str| self.call.words(key).map(|list| list.contains(&action));
        listed("only").unwrap_or(true) && !listed("except").unwrap_or(false)
    }

    /// What is said of when it is asked.
    fn condition(&self) -> &'static str {
        let has = |key: &str| self.call.args.iter().any(|arg| arg.key.as_deref() == Some(key));
        if has("if") || has("unless") { " if …" } else { "" }
    }
}

impl<'u> Controllers<'u> {
    /// Of these files.
    pub(super) fn new(units: &[&'u Unit]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        let mut permits = BTreeSet::new();
        for unit in units {
            for class in &unit.classes {
                by_name.entry(&class.name).or_default().push((*unit, class));
                let lists = |method: &&Function| method.body.iter().any(|e| e.any(&mut |e| is_permit(e)));
                let found = class.methods.iter().filter(lists);
                permits.extend(found.map(|method| (std::ptr::from_ref(class), method.name.as_str())));
            }
        }
        Self { by_name, permits }
    }

    /// The class of a name that is nearest to a file.
    fn find(&self, name: &str, near: &str) -> Option<(&'u Unit, &'u Class)> {
        let common = |unit: &Unit| unit.file.bytes().zip(near.bytes()).take_while(|(a, b)| a == b).count();
        self.by_name.get(name)?.iter().max_by_key(|(unit, _)| common(unit)).copied()
    }

    /// A class by a name as it is written in another class.
    fn resolve(&self, name: &str, from: &str, near: &str) -> Option<(&'u Unit, &'u Class)> {
        if let Some(absolute) = name.strip_prefix("::") {
            return self.find(absolute, near);
        }
        let mut outer = from;
        while let Some((rest, _)) = outer.rsplit_once("::") {
            if let Some(found) = self.find(&format!("{rest}::{name}"), near) {
                return Some(found);
            }
            outer = rest;
        }
        self.find(name, near)
    }

    /// A class and all that it inherits from, the outermost first, each after the modules that it includes.
    fn ancestors(&self, unit: &'u Unit, class: &'u Class, gaps: &mut Vec<Gap>) -> Vec<(&'u Unit, &'u Class)> {
        let (mut out, mut at) = (vec![(unit, class)], (unit, class));
        while let Some(parent) = at.1.parents.first() {
            let name = parent.trim_start_matches("::");
            if ROOTS.contains(&name) || name.starts_with("Devise::") {
                break;
            }
            match self.resolve(parent, &at.1.name, &at.0.file) {
                Some(next) if out.len() < MAX_PARENTS && !out.iter().any(|(_, c)| std::ptr::eq(*c, next.1)) => {
                    out.push(next);
                    at = next;
                }
                _ => {
                    let why = format!(
                        "`{}`, which a controller inherits from, was not found: it may have guards.",
                        short(parent)
                    );
                    gaps.push(gap(&at.0.file, at.1.line, why));
                    break;
                }
            }
        }
        out.reverse();
        out
    }

    /// A route with its handler and what stands before it.
    pub(super) fn complete(&self, drawn: Drawn, gaps: &mut Vec<Gap>) -> Route {
        let Drawn { mut route, target } = drawn;
        let Some((controller, action)) = target else { return route };
        let name = class_name(&controller);
        let Some((unit, class)) = self.find(&name, &route.at.file) else {
            let why = format!("The controller `{}` was not found: its guards are not known.", short(&name));
            gaps.push(gap(&route.at.file, route.at.line, why));
            return route;
        };
        let ancestors = self.ancestors(unit, class, gaps);
        let mut before = self.filters(&ancestors, &action);
        let found = ancestors.iter().rev().find_map(|(unit, class)| {
            class.methods.iter().find(|method| method.name == action).map(|method| (*unit, method))
        });
        if let Some((unit, method)) = found {
            route.handler = Some(unit.handler(format!("{}#{action}", class.name), method));
            self.in_body(unit, method, &ancestors, &mut before);
        }
        route.framework = Framework::Rails;
        route.before.append(&mut before);
        route
    }

    /// What filters stand before an action.
    fn filters(&self, ancestors: &[(&'u Unit, &'u Class)], action: &str) -> Vec<Mention> {
        let mut before: Vec<Mention> = Vec::new();
        for (unit, class) in ancestors {
            let mut seen = BTreeSet::new();
            self.filters_of(unit, class, &class.body, action, &mut before, &mut seen);
        }
        // Another guard may stand in the place of the one that is skipped.
        if before.iter().any(|one| one.role == Role::Authentication) {
            before.iter_mut().filter(|one| one.role == Role::Public).for_each(|one| one.role = Role::Other);
        }
        before
    }

    fn filters_of(
        &self,
        unit: &'u Unit,
        class: &'u Class,
        body: &'u [Expr],
        action: &str,
        before: &mut Vec<Mention>,
        seen: &mut BTreeSet<&'u str>,
    ) {
        for call in body.iter().filter_map(Expr::chain).filter_map(|chain| chain.plain()) {
            match call.name.as_str() {
                "include" => {
                    for name in call.args.iter().filter_map(|arg| arg.value.name()) {
                        let Some((unit, module)) = self.resolve(name, &class.name, &unit.file) else { continue };
                        if seen.insert(&module.name) {
                            self.filters_of(unit, module, included(module), action, before, seen);
                        }
                    }
                }
                "private" | "protected" | "public" => {}
                _ => {
                    apply(unit, call, action, before);
                    before.truncate(MAX_BEFORE);
                }
            }
        }
    }
}

impl<'u> Controllers<'u> {
    /// What the action does itself: pundit and cancancan, guards that it calls first, and permitted parameters.
    fn in_body(&self, unit: &Unit, method: &Function, ancestors: &[(&Unit, &'u Class)], before: &mut Vec<Mention>) {
        let lists =
            |name: &str| ancestors.iter().any(|(_, class)| self.permits.contains(&(std::ptr::from_ref(*class), name)));
        let (mut schema, mut found) = (None, Vec::new());
        for (position, statement) in method.body.iter().enumerate() {
            statement.walk(&mut |e| {
                if is_permit(e) {
                    schema.get_or_insert_with(|| "params.permit".to_owned());
                }
                let (name, line) = match e {
                    Expr::Chain(chain) => match chain.plain() {
                        Some(call) => (call.name.as_str(), call.line),
                        None => return,
                    },
                    Expr::Name(name) => (name.as_str(), method.line),
                    _ => return,
                };
                if lists(name) {
                    schema.get_or_insert_with(|| name.to_owned());
                }
                let known = matches!(name, "authorize" | "authorize!" | "policy_scope" | "authorized_scope");
                let first = position < 2 && is_guard(role_of(name)) && asks(name);
                if (known || first) && !found.iter().any(|one: &Mention| one.name == name) {
                    let role = if known { Role::Authorization } else { role_of(name) };
                    found.push(Mention { role, name: short(name), at: unit.at(line), group: false });
                }
            });
        }
        before.append(&mut found);
        before.extend(schema.map(|name| Mention {
            role: Role::Schema,
            name: short(name),
            at: unit.at(method.line),
            group: false,
        }));
    }
}

/// What a concern adds to the class that includes it.
fn included(module: &Class) -> &[Expr] {
    let blocks = module.body.iter().filter_map(Expr::chain).filter_map(|chain| chain.plain());
    blocks.filter(|call| call.name == "included").find_map(|call| call.block.as_ref()).map_or(&[], |block| &block.body)
}

/// Adds or takes away what one call of a class says.
fn apply(unit: &Unit, call: &Call, action: &str, before: &mut Vec<Mention>) {
    let words = || call.args.iter().filter(|arg| arg.key.is_none()).filter_map(|arg| arg.value.word()).map(Into::into);
    let filter = Filter { names: words().collect(), call };
    if !filter.is_for(action) {
        return;
    }
    let at = unit.at(call.line);
    let own = |role: Role| Mention { role, name: call.name.clone(), at: at.clone(), group: true };
    match call.name.as_str() {
        "before_action" | "before_filter" | "prepend_before_action" | "append_before_action" | "around_action" => {
            for name in &filter.names {
                let mut one = mention(name, at.clone(), true);
                one.name = short(format!("{name}{}", filter.condition()));
                before.push(one);
            }
            let lambda = call.args.iter().find_map(|arg| match &arg.value {
                Expr::Lambda(lambda) => Some(lambda.as_ref()),
                _ => None,
            });
            before.extend(call.block.as_ref().or(lambda).map(|block| of_block(unit, call.line, block)));
        }
        "skip_before_action" | "skip_before_filter" | "skip_around_action" => {
            let skipped = |one: &Mention| filter.names.iter().any(|name| one.name.split(' ').next() == Some(name));
            let asked = before.iter().any(|one| skipped(one) && one.role == Role::Authentication);
            before.retain(|one| !skipped(one) || !filter.condition().is_empty());
            if asked && filter.condition().is_empty() {
                before.push(Mention {
                    role: Role::Public,
                    name: short(format!("{} {}", call.name, filter.names.join(", "))),
                    at,
                    group: true,
                });
            }
        }
        "allow_unauthenticated_access" => {
            before.retain(|one| one.role != Role::Authentication);
            before.push(own(Role::Public));
        }
        "http_basic_authenticate_with" | "require_authentication" | "doorkeeper_authorize!" => {
            before.push(own(Role::Authentication))
        }
        "load_and_authorize_resource" | "authorize_resource" | "authorize_actions_for" => {
            before.push(own(Role::Authorization))
        }
        "rate_limit" => before.push(own(Role::Limiter)),
        _ => {}
    }
}

/// A filter that is written where it is named: by the first call in it that has a known role.
fn of_block(unit: &Unit, line: u32, block: &Function) -> Mention {
    let mut best = Mention { role: Role::Other, name: "before_action { … }".into(), at: unit.at(line), group: true };
    for statement in &block.body {
        statement.walk(&mut |e| {
            let name = match e {
                Expr::Chain(chain) => chain.calls().last().map(|call| call.name.as_str()).unwrap_or_default(),
                Expr::Name(name) => name,
                _ => return,
            };
            if best.role == Role::Other && is_guard(role_of(name)) {
                best.role = role_of(name);
                best.name = short(format!("before_action {{ {name} }}"));
            }
        });
    }
    best
}

/// A verb before what is asked for: `require_login`, `authenticate_user!`.
fn asks(name: &str) -> bool {
    const VERBS: &[&str] = &["authenticate", "authorize", "check", "ensure", "must", "require", "verify"];
    VERBS.iter().any(|verb| name.starts_with(verb))
}

fn is_permit(e: &Expr) -> bool {
    let Expr::Chain(chain) = e else { return false };
    let permits = |call: &Call| matches!(call.name.as_str(), "permit" | "expect") && !call.args.is_empty();
    chain.dotted().starts_with("params") && chain.calls().any(permits)
}

/// `api/v1/users` → `Api::V1::UsersController`.
fn class_name(controller: &str) -> String {
    let camel = |part: &str| -> String {
        part.split('_')
            .map(|word| {
                let mut chars = word.chars();
                chars.next().map(|c| c.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
            })
            .collect()
    };
    controller.split('/').map(camel).collect::<Vec<_>>().join("::") + "Controller"
}
