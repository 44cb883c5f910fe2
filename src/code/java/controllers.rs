//! Controllers: `@RequestMapping` and its shortcuts.

use std::collections::BTreeMap;

use crate::code::framework::Framework;
use crate::code::reader::{gap, tell};
use crate::code::route::{Gap, Inventory, Mention, Method, Role, Route};
use crate::code::unit::{Class, Expr, Function, Mark, Unit, short};
use crate::code::walk::{MAX_BEFORE, braced, join, role_of};

use super::values::Constants;

/// Classes by their names without packages.
type ByName<'u> = BTreeMap<&'u str, Vec<(&'u Unit, &'u Class)>>;

/// Adds the routes of all controllers.
pub(super) fn draw(units: &[&Unit], constants: &Constants, inventory: &mut Inventory) {
    let mut by_name: ByName = BTreeMap::new();
    for unit in units {
        for class in &unit.classes {
            by_name.entry(class.name.rsplit('.').next().unwrap_or_default()).or_default().push((unit, class));
        }
    }
    let enabled = is_enabled(units);
    for unit in units {
        for class in unit.classes.iter().filter(|class| is_controller(class)) {
            let lineage = lineage(unit, class, &by_name);
            let mut found = Vec::new();
            for (of, ancestor) in &lineage {
                let known = |name: &str| found.iter().any(|(_, _, f): &(_, _, &Function)| f.name == name);
                let mapped: Vec<_> =
                    ancestor.methods.iter().filter(|m| mapping(&m.marks).is_some() && !known(&m.name)).collect();
                found.extend(mapped.into_iter().map(|method| (*of, *ancestor, method)));
            }
            for (of, ancestor, method) in found {
                // What implements an interface's method may have guards of its own.
                let own = class.methods.iter().find(|m| m.name == method.name && m.params.len() == method.params.len());
                let one = Drawn { unit, class, lineage: &lineage, of, ancestor, method, body: own.unwrap_or(method) };
                one.draw(constants, inventory);
            }
            if !enabled && guards(class) {
                let why = "Annotations guard nothing here: `@EnableMethodSecurity` was not found.";
                inventory.gaps.push(gap(&unit.file, class.line, why));
            }
        }
    }
}

/// Whether annotations that guard methods are obeyed.
fn is_enabled(units: &[&Unit]) -> bool {
    const ENABLE: &[&str] = &["EnableMethodSecurity", "EnableGlobalMethodSecurity", "EnableReactiveMethodSecurity"];
    let marks = units.iter().flat_map(|unit| &unit.classes).flat_map(|class| &class.marks);
    marks.into_iter().any(|mark| ENABLE.contains(&mark.name.as_str()))
}

fn guards(class: &Class) -> bool {
    const GUARDS: &[&str] = &["PreAuthorize", "Secured", "RolesAllowed"];
    let all = class.marks.iter().chain(class.methods.iter().flat_map(|method| &method.marks));
    all.into_iter().any(|mark| GUARDS.contains(&mark.name.as_str()))
}

fn is_controller(class: &Class) -> bool {
    class.marks.iter().any(|mark| mark.name.ends_with("Controller"))
}

/// The class, and all that it inherits from that is known.
fn lineage<'u>(unit: &'u Unit, class: &'u Class, by_name: &ByName<'u>) -> Vec<(&'u Unit, &'u Class)> {
    let mut out = vec![(unit, class)];
    let mut at = 0;
    while let Some((_, class)) = out.get(at).copied() {
        at += 1;
        for parent in &class.parents {
            let last = parent.rsplit('.').next().unwrap_or_default();
            // Of several of one name, it cannot be told which.
            let Some([found]) = by_name.get(last).map(Vec::as_slice) else { continue };
            if out.len() < 32 && !out.iter().any(|(_, c)| std::ptr::eq(*c, found.1)) {
                out.push(*found);
            }
        }
    }
    out
}

/// The annotation that maps, and the methods that its name means.
fn mapping(marks: &[Mark]) -> Option<(&Mark, Option<Method>)> {
    marks.iter().find_map(|mark| match mark.name.as_str() {
        "RequestMapping" | "HttpExchange" | "MessageMapping" if mark.name == "RequestMapping" => Some((mark, None)),
        name => name.strip_suffix("Mapping").and_then(Method::of).map(|method| (mark, Some(method))),
    })
}

/// No more routes are told.
const MAX_ROUTES: usize = 20_000;

/// A method that is mapped.
struct Drawn<'u, 'l> {
    /// The controller.
    unit: &'u Unit,
    class: &'u Class,
    lineage: &'l [(&'u Unit, &'u Class)],
    /// Where the mapping is written.
    of: &'u Unit,
    ancestor: &'u Class,
    method: &'u Function,
    /// What is run.
    body: &'u Function,
}

impl Drawn<'_, '_> {
    fn draw(&self, constants: &Constants, inventory: &mut Inventory) {
        let Some((mark, method)) = mapping(&self.method.marks) else { return };
        let of_class = self.lineage.iter().find_map(|(_, class)| mapping(&class.marks).map(|(mark, _)| (mark, class)));
        let mut prefixes = vec![String::new()];
        if let Some((mark, class)) = of_class {
            prefixes = self.paths(mark, &class.name, constants, &mut inventory.gaps);
        }
        let methods = match method {
            Some(method) => vec![method],
            None => methods(mark).or_else(|| of_class.and_then(|(mark, _)| methods(mark))).unwrap_or(vec![Method::Any]),
        };
        let before = self.before();
        let name = format!("{}.{}", self.class.name, self.method.name);
        let in_class = self.class.methods.iter().any(|m| std::ptr::eq(m, self.body));
        let handler = if in_class { self.unit } else { self.of }.handler(name, self.body);
        for prefix in &prefixes {
            for path in self.paths(mark, &self.ancestor.name, constants, &mut inventory.gaps) {
                for method in &methods {
                    if inventory.routes.len() >= MAX_ROUTES {
                        let why = "There are more routes than are listed.";
                        return tell(&mut inventory.gaps, gap(&self.of.file, mark.line, why));
                    }
                    inventory.routes.push(Route {
                        path: braced(&join(prefix, &path)),
                        method: *method,
                        at: self.of.at(mark.line),
                        framework: Framework::Spring,
                        handler: Some(handler.clone()),
                        before: before.clone(),
                    });
                }
            }
        }
    }

    /// The paths of a mapping; one that is empty where it names none, and `*` where it is not known.
    fn paths(&self, mark: &Mark, class: &str, constants: &Constants, gaps: &mut Vec<Gap>) -> Vec<String> {
        let named =
            |arg: &&crate::code::unit::Arg| arg.key.as_deref().is_none_or(|key| matches!(key, "value" | "path"));
        let Some(value) = mark.args.iter().find(named).map(|arg| &arg.value) else { return vec![String::new()] };
        constants.texts(value, class).filter(|texts| !texts.is_empty()).unwrap_or_else(|| {
            gaps.push(gap(&self.of.file, mark.line, "The path is not literal, nor a constant that was found."));
            vec!["*".into()]
        })
    }

    fn before(&self) -> Vec<Mention> {
        let mut before = Vec::new();
        for (unit, class) in self.lineage.iter().rev() {
            before.extend(class.marks.iter().filter_map(|mark| guard(unit, mark, true)));
        }
        before.extend(self.body.marks.iter().filter_map(|mark| guard(self.unit, mark, false)));
        if !std::ptr::eq(self.body, self.method) {
            before.extend(self.method.marks.iter().filter_map(|mark| guard(self.of, mark, false)));
        }
        let params = self.body.params.iter().chain(&self.method.params);
        let checked =
            params.flat_map(|param| &param.marks).find(|mark| matches!(mark.name.as_str(), "Valid" | "Validated"));
        before.extend(checked.map(|mark| Mention {
            role: Role::Schema,
            name: format!("@{}", mark.name),
            at: self.unit.at(self.body.line),
            group: false,
        }));
        in_body(self.unit, self.body, &mut before);
        before.truncate(MAX_BEFORE);
        before
    }
}

/// `method = RequestMethod.GET`, one or several.
fn methods(mark: &Mark) -> Option<Vec<Method>> {
    let value = mark.args.iter().find(|arg| arg.key.as_deref() == Some("method")).map(|arg| &arg.value)?;
    let last = |e: &Expr| Method::of(e.dotted().rsplit('.').next().unwrap_or_default());
    Some(value.items().iter().filter_map(last).collect())
}

/// What an annotation stands for.
fn guard(unit: &Unit, mark: &Mark, group: bool) -> Option<Mention> {
    let mut text = String::new();
    mark.args.iter().for_each(|arg| arg.value.walk(&mut |e| text.extend(e.text())));
    let role = match mark.name.as_str() {
        "PreAuthorize" | "PostAuthorize" if text.contains("permitAll") => Role::Public,
        "PreAuthorize" | "PostAuthorize" if text.trim() == "isAuthenticated()" => Role::Authentication,
        "PreAuthorize" | "PostAuthorize" | "Secured" | "RolesAllowed" | "DenyAll" => Role::Authorization,
        "PermitAll" | "AnonymousAllowed" => Role::Public,
        "RateLimiter" | "RateLimit" | "RateLimited" | "Bulkhead" => Role::Limiter,
        // Those of the application itself, by their names.
        name => match role_of(name) {
            role @ (Role::Authentication | Role::Authorization | Role::Public | Role::Limiter)
                if !is_documentation(name) =>
            {
                role
            }
            _ => return None,
        },
    };
    // The functions that an expression calls tell what it asks.
    let asked: Vec<&str> = text
        .split('(')
        .filter_map(|part| part.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next())
        .filter(|name| !name.is_empty() && text.contains(&format!("{name}(")))
        .collect();
    let name = short(format!("@{} {}", mark.name, asked.join(" ")).trim_end());
    Some(Mention { role, name, at: unit.at(mark.line), group })
}

/// Annotations that describe.
fn is_documentation(name: &str) -> bool {
    matches!(
        name,
        "SecurityRequirement"
            | "SecurityRequirements"
            | "SecurityScheme"
            | "ApiResponse"
            | "SessionAttributes"
            | "SessionAttribute"
            | "SessionScope"
            | "RequestScope"
            | "Scope"
            | "ApplicationScope"
    )
}

/// What a handler asks first.
fn in_body(unit: &Unit, method: &Function, before: &mut Vec<Mention>) {
    for statement in method.body.iter().take(3) {
        statement.walk(&mut |e| {
            let Expr::Chain(chain) = e else { return };
            let Some(call) = chain.calls().last() else { return };
            let asks = ["check", "require", "verify", "ensure", "assert", "authorize", "authenticate"];
            let role = role_of(&call.name);
            let guards = matches!(role, Role::Authentication | Role::Authorization);
            if guards && asks.iter().any(|verb| call.name.starts_with(verb)) {
                let name = short(chain.dotted());
                before.push(Mention { role, name, at: unit.at(call.line), group: false });
            }
        });
    }
}
