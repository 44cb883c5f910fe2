//! Django: the patterns of urlconfs, and the views behind them.

use std::collections::BTreeSet;

use super::super::framework::Framework;
use super::super::route::{Gap, Inventory, Mention, Method, Role, Route};
use super::super::value::{Call, Value};
use super::drf;
use super::flask::unwrapped;
use super::guards::{braced, callee, decorators, handler, mention, place, role};
use super::names::{Found, Names};

/// Includes within one another; deeper is a circle.
const MAX_INCLUDES: usize = 16;
/// No more routes are told.
const MAX_ROUTES: usize = 20_000;

/// What the settings say of all views.
#[derive(Default)]
pub(super) struct Settings {
    /// The urlconf that requests come to first.
    root: Vec<String>,
    /// `LoginRequiredMiddleware`.
    guards: Vec<Mention>,
    /// The permission classes of views that name none, and their throttles; none where the settings name none.
    pub(super) permissions: Option<Vec<Mention>>,
    pub(super) throttles: Vec<Mention>,
}

/// Reads urlconfs.
pub(super) struct Reader<'r, 'm> {
    pub(super) names: &'r Names<'m>,
    pub(super) settings: Settings,
    pub(super) inventory: &'r mut Inventory,
    /// The urlconfs that another one includes.
    included: BTreeSet<usize>,
    /// How many patterns were looked at.
    steps: usize,
}

/// Where patterns stand.
#[derive(Clone)]
pub(super) struct Here {
    pub(super) module: usize,
    pub(super) prefix: String,
    /// The line of the pattern; 0 where there is none yet.
    pub(super) line: u32,
    pub(super) depth: usize,
}

/// Adds the routes of Django applications.
pub(super) fn routes(names: &Names, inventory: &mut Inventory) {
    let urlconfs: Vec<usize> = (0..names.modules.len())
        .filter(|module| names.modules[*module].assigned.iter().any(|assigned| assigned.target == "urlpatterns"))
        .collect();
    if urlconfs.is_empty() {
        return;
    }
    let settings = read_settings(names);
    let roots: Vec<usize> = settings
        .root
        .iter()
        .flat_map(|root| (0..names.modules.len()).find_map(|from| names.module(from, root)))
        .collect();
    let mut reader = Reader { names, settings, inventory, included: BTreeSet::new(), steps: 0 };
    let mut done: BTreeSet<usize> = roots.iter().copied().collect();
    for root in &done.clone() {
        reader.urlconf(*root, &Here { module: *root, prefix: String::new(), line: 0, depth: 0 });
    }
    // Without settings: those that nobody includes.
    reader.included.extend(included(names));
    done.extend(reader.included.iter());
    for module in urlconfs.into_iter().filter(|module| !done.contains(module)) {
        let prefix = if roots.is_empty() { "" } else { "*/" };
        if !roots.is_empty() {
            let at = place(names, module, 1);
            let why = "It was not found where these patterns are included: their prefix is not known.";
            reader.inventory.gaps.push(Gap { at, why: why.into() });
        }
        reader.urlconf(module, &Here { module, prefix: prefix.into(), line: 0, depth: 0 });
    }
}

/// The urlconfs that any file includes by name.
fn included(names: &Names) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for (module, code) in names.modules.iter().enumerate() {
        for assigned in code.assigned.iter().filter(|assigned| assigned.target == "urlpatterns") {
            let mut rest = vec![&assigned.value];
            while let Some(value) = rest.pop() {
                match value {
                    Value::List(parts) | Value::Join(parts) => rest.extend(parts),
                    Value::Call(call) => {
                        rest.extend(&call.arguments);
                        if let (true, Some(first)) = (call.callee.dotted().ends_with("include"), call.arguments.first())
                        {
                            let first = first.elements().first().unwrap_or(first);
                            found.extend(names.text(module, first).and_then(|name| names.module(module, &name)));
                            if let Found::Module(inner) = names.resolve(module, first) {
                                found.insert(inner);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

fn read_settings(names: &Names) -> Settings {
    let mut settings = Settings::default();
    for (module, code) in names.modules.iter().enumerate() {
        for assigned in &code.assigned {
            match assigned.target.as_str() {
                "ROOT_URLCONF" => settings.root.extend(names.text(module, &assigned.value)),
                "MIDDLEWARE" => {
                    let named = assigned.value.elements().iter().filter_map(Value::text);
                    for name in named.filter(|name| name.ends_with("LoginRequiredMiddleware")) {
                        let at = place(names, module, assigned.line);
                        let name = name.rsplit('.').next().unwrap_or_default().to_owned();
                        settings.guards.push(Mention { role: Role::Authentication, name, at, group: true });
                    }
                }
                "REST_FRAMEWORK" => {
                    let listed = |key: &str| {
                        let value = assigned.value.key(key)?;
                        let named = value.elements().iter().filter_map(Value::text);
                        Some(
                            named
                                .map(|name| {
                                    let name = name.rsplit('.').next().unwrap_or_default();
                                    Mention {
                                        role: role(name),
                                        name: name.into(),
                                        at: place(names, module, assigned.line),
                                        group: true,
                                    }
                                })
                                .collect::<Vec<_>>(),
                        )
                    };
                    settings.permissions = listed("DEFAULT_PERMISSION_CLASSES").or(settings.permissions);
                    settings.throttles.extend(listed("DEFAULT_THROTTLE_CLASSES").unwrap_or_default());
                }
                _ => {}
            }
        }
    }
    settings.root.sort();
    settings.root.dedup();
    settings
}

impl Reader<'_, '_> {
    fn urlconf(&mut self, module: usize, here: &Here) {
        if here.depth > MAX_INCLUDES || self.inventory.routes.len() > MAX_ROUTES {
            return;
        }
        let names = self.names;
        for assigned in names.modules[module].assigned.iter().filter(|assigned| assigned.target == "urlpatterns") {
            self.patterns(&assigned.value, &Here { module, depth: here.depth + 1, ..here.clone() });
        }
        // `urlpatterns.append(path(…))`
        for call in &names.modules[module].calls {
            if matches!(call.callee.dotted().as_str(), "urlpatterns.append" | "urlpatterns.extend") {
                call.arguments
                    .iter()
                    .for_each(|value| self.patterns(value, &Here { module, depth: here.depth + 1, ..here.clone() }));
            }
        }
    }

    fn patterns(&mut self, value: &Value, here: &Here) {
        self.steps += 1;
        if here.depth > MAX_INCLUDES || self.steps > 10 * MAX_ROUTES {
            return;
        }
        match value {
            Value::List(parts) | Value::Join(parts) | Value::Either(parts) => {
                parts.iter().for_each(|part| self.patterns(part, here))
            }
            Value::Spread(inner) => self.patterns(inner, here),
            Value::Call(call) => self.pattern(call, here),
            Value::Name(_) | Value::Member(..) => self.named_patterns(value, here),
            _ => {}
        }
    }

    /// A list of patterns by its name, or the routes of a router.
    fn named_patterns(&mut self, value: &Value, here: &Here) {
        if let Value::Member(base, member) = value
            && member == "urls"
            && let Found::Assigned(module, number) = self.names.resolve(here.module, base)
            && drf::router(self, (module, number), here)
        {
            return;
        }
        match self.names.resolve(here.module, value) {
            Found::Assigned(module, number) if (module, value.dotted().as_str()) != (here.module, "urlpatterns") => {
                // `from .bills import urlpatterns as bills`
                if self.names.modules[module].assigned[number].target == "urlpatterns" {
                    self.included.insert(module);
                }
                let inner = Here { module, depth: here.depth + 1, ..here.clone() };
                self.patterns(self.names.assigned(module, number), &inner);
            }
            Found::Assigned(..) => {}
            Found::Module(module) => {
                self.included.insert(module);
                self.urlconf(module, here);
            }
            _ if value.dotted().ends_with("site.urls") => self.admin(value, here),
            _ => {
                let at = place(self.names, here.module, here.line.max(1));
                let why = format!(
                    "`{}` was not found: its routes are not known.",
                    super::super::names::shown(&value.dotted())
                );
                self.inventory.gaps.push(Gap { at, why });
            }
        }
    }

    fn admin(&mut self, value: &Value, here: &Here) {
        let at = place(self.names, here.module, here.line.max(1));
        let staff = Mention { role: Role::Authorization, name: value.dotted(), at: at.clone(), group: true };
        let path = braced(&format!("{}*", here.prefix));
        let route =
            Route { path, method: Method::Any, at, framework: Framework::Django, handler: None, before: vec![staff] };
        self.inventory.routes.push(route);
    }

    fn pattern(&mut self, call: &Call, here: &Here) {
        let name = call.callee.dotted();
        match name.rsplit('.').next().unwrap_or_default() {
            "path" | "re_path" | "url" => {
                let rule = call.arguments.first().or_else(|| call.named("route")).or_else(|| call.named("regex"));
                let rule = rule
                    .map(|rule| self.names.text(here.module, rule).unwrap_or_else(|| "*".into()))
                    .unwrap_or_default();
                let rule = if name.ends_with("path") && !name.ends_with("re_path") { rule } else { of_regex(&rule) };
                let inner = Here { prefix: format!("{}{rule}", here.prefix), line: call.line, ..here.clone() };
                if let Some(view) = call.arguments.get(1).or_else(|| call.named("view")) {
                    self.target(view, call.line, &inner);
                }
            }
            "include" => {
                if let Some(what) = call.arguments.first() {
                    self.include(what, call.line, here);
                }
            }
            "i18n_patterns" => {
                let inner = Here { prefix: format!("{}{{language}}/", here.prefix), ..here.clone() };
                call.arguments.iter().for_each(|part| self.patterns(part, &inner));
            }
            "static" | "staticfiles_urlpatterns" => {}
            // `format_suffix_patterns(urlpatterns)`, `decorator_include(…)`
            _ => call
                .arguments
                .iter()
                .filter(|part| part.dotted() != "urlpatterns")
                .for_each(|part| self.patterns(part, here)),
        }
    }

    fn include(&mut self, what: &Value, line: u32, here: &Here) {
        let here = &Here { depth: here.depth + 1, ..here.clone() };
        match what {
            // `include((patterns, 'name'))`
            Value::List(parts) if parts.get(1).is_some_and(|second| second.text().is_some()) => {
                if let Some(first) = parts.first() {
                    self.include(first, line, here);
                }
            }
            Value::List(_) | Value::Join(_) => self.patterns(what, here),
            Value::Name(_) | Value::Member(..) => self.named_patterns(what, here),
            other => {
                let name = self.names.text(here.module, other).unwrap_or_default();
                match self.names.module(here.module, &name) {
                    Some(module) => {
                        self.included.insert(module);
                        self.urlconf(module, here);
                    }
                    None => {
                        let at = place(self.names, here.module, line);
                        let shown = super::super::names::shown(&name);
                        let why = format!(
                            "The patterns of `{shown}` are a package's, or were not found: its routes are not known."
                        );
                        self.inventory.gaps.push(Gap { at, why });
                    }
                }
            }
        }
    }

    /// What a pattern leads to.
    fn target(&mut self, view: &Value, line: u32, here: &Here) {
        match view {
            Value::Call(call) if call.callee.dotted().ends_with("include") => {
                if let Some(what) = call.arguments.first() {
                    self.include(what, line, here);
                }
                return;
            }
            Value::Member(_, member) if member == "urls" => {
                self.named_patterns(view, here);
                return;
            }
            _ => {}
        }
        let (inner, mut guards) = unwrapped(self.names, here.module, Some(view), line);
        let as_view = match inner.map(callee) {
            Some(Value::Member(base, method)) if method == "as_view" => Some(&**base),
            _ => None,
        };
        if let Some(base) = as_view {
            self.class_view(base, inner.and_then(Value::call), guards, line, here);
            return;
        }
        let function = inner.map(|inner| self.names.resolve(here.module, inner));
        let Some(Found::Function(module, number)) = function else {
            self.add(Method::Any, None, guards, line, here, Framework::Django);
            return;
        };
        let code = self.names.function(module, number);
        guards.extend(decorators(self.names, module, &code.decorators, 0, |name| {
            matches!(name, "require_GET" | "require_POST" | "require_safe" | "require_http_methods")
        }));
        let (methods, framework, rest) = function_methods(self.names, module, &code.decorators);
        guards.retain(|guard| !matches!(guard.name.as_str(), "api_view" | "permission_classes" | "throttle_classes"));
        guards.extend(rest);
        if framework == Framework::DjangoRest {
            drf::defaults(self, &mut guards, module, code.line);
        }
        let answer = handler(self.names, module, number, None);
        for asked in methods {
            let before = guards.iter().cloned().map(|guard| drf::for_method(guard, asked)).collect();
            self.add(asked, Some(answer.clone()), before, line, here, framework);
        }
    }

    fn class_view(&mut self, base: &Value, call: Option<&Call>, outer: Vec<Mention>, line: u32, here: &Here) {
        let (module, class) = match self.names.resolve(here.module, base) {
            Found::Class(module, class) => (module, class),
            _ => {
                let methods = drf::generic_methods(&base.dotted());
                let methods = if methods.is_empty() { vec![Method::Any] } else { methods };
                for asked in methods {
                    self.add(asked, None, outer.clone(), line, here, Framework::Django);
                }
                return;
            }
        };
        // `ViewSet.as_view({'get': 'list'})`
        if let Some(Value::Object(pairs)) = call.and_then(|call| call.arguments.first()) {
            for (asked, action) in pairs {
                if let (Some(asked), Some(action)) = (Method::of(asked), action.text()) {
                    drf::action(self, (module, class), action, asked, line, here);
                }
            }
            return;
        }
        let (family, outside) = self.names.family(module, class);
        let rest = drf::is_rest(self.names, &family, &outside);
        let framework = if rest { Framework::DjangoRest } else { Framework::Django };
        let mut methods: Vec<(Method, Option<(usize, usize)>)> = Vec::new();
        for (inner, class) in &family {
            for function in &self.names.class(*inner, *class).methods {
                let name = &self.names.function(*inner, *function).name;
                let asked =
                    Method::of(name).filter(|asked| !matches!(asked, Method::Any | Method::Options | Method::Head));
                if let Some(asked) = asked.filter(|asked| methods.iter().all(|(known, _)| known != asked)) {
                    methods.push((asked, Some((*inner, *function))));
                }
            }
        }
        for asked in outside.iter().flat_map(|base| drf::generic_methods(base)) {
            if methods.iter().all(|(known, _)| *known != asked) {
                methods.push((asked, None));
            }
        }
        if let Some((module, allowed, _)) = self.names.attribute(module, class, "http_method_names") {
            let allowed: Vec<String> =
                allowed.elements().iter().filter_map(|name| self.names.text(module, name)).collect();
            methods.retain(|(asked, _)| allowed.iter().any(|name| name.eq_ignore_ascii_case(asked.name())));
        }
        if methods.is_empty() {
            methods.push((Method::Any, None));
        }
        for (asked, function) in methods {
            let mut before = outer.clone();
            before.extend(drf::class_guards(self, module, class, asked, function));
            let answer = match function {
                Some((inner, function)) => {
                    handler(self.names, inner, function, Some(&self.names.class(module, class).name))
                }
                None => drf::class_handler(self.names, module, class),
            };
            self.add(asked, Some(answer), before, line, here, framework);
        }
    }

    /// Adds a route.
    pub(super) fn add(
        &mut self,
        asked: Method,
        handler: Option<super::super::route::Handler>,
        guards: Vec<Mention>,
        line: u32,
        here: &Here,
        framework: Framework,
    ) {
        let exempt = guards.iter().any(|guard| guard.name.ends_with("login_not_required"));
        let all = if exempt { Vec::new() } else { self.settings.guards.clone() };
        let before = all.into_iter().chain(guards).collect();
        let path = braced(&here.prefix);
        let at = place(self.names, here.module, line);
        self.inventory.routes.push(Route { path, method: asked, at, framework, handler, before });
    }
}

/// The methods that decorators of a view allow, and what else `api_view` and its companions say.
fn function_methods(names: &Names, module: usize, found: &[(Value, u32)]) -> (Vec<Method>, Framework, Vec<Mention>) {
    let (mut methods, mut framework, mut guards) = (Vec::new(), Framework::Django, Vec::new());
    for (decorator, line) in found {
        let name = decorator.dotted();
        let last = name.rsplit('.').next().unwrap_or_default();
        let first = decorator.call().and_then(|call| call.arguments.first());
        let listed = || -> Vec<Method> {
            let names_of = first.map(Value::elements).unwrap_or_default();
            names_of.iter().filter_map(|asked| Method::of(&names.text(module, asked)?)).collect()
        };
        match last {
            "require_GET" | "require_safe" => methods.push(Method::Get),
            "require_POST" => methods.push(Method::Post),
            "require_http_methods" => methods = listed(),
            "api_view" => {
                framework = Framework::DjangoRest;
                methods = listed();
                if methods.is_empty() {
                    methods.push(Method::Get);
                }
            }
            "permission_classes" | "throttle_classes" => {
                let classes = first.map(Value::elements).unwrap_or_default();
                if classes.is_empty() && last == "permission_classes" {
                    guards.push(drf::nobody_asked(names, module, *line));
                }
                let named = classes.iter().map(|class| mention(names, module, class, *line, false));
                guards.extend(named.map(|one| if last == "permission_classes" { drf::permission(one) } else { one }));
            }
            _ => {}
        }
    }
    if methods.is_empty() {
        methods.push(Method::Any);
    }
    (methods, framework, guards)
}

/// A regular expression of a path as a path: named groups are parameters, the others are `*`.
fn of_regex(pattern: &str) -> String {
    let pattern = pattern.trim_start_matches('^').trim_end_matches('$').trim_end_matches("\\Z");
    let (mut out, mut depth, mut group) = (String::new(), 0usize, String::new());
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let escaped = characters.next().unwrap_or_default();
                if depth == 0 {
                    out.push(if escaped.is_alphabetic() { '*' } else { escaped });
                }
            }
            '(' => {
                depth += 1;
                if depth == 1 {
                    group.clear();
                }
            }
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    match group.strip_prefix("?P<").and_then(|rest| rest.split_once('>')) {
                        Some((name, _)) => out.push_str(&format!("{{{name}}}")),
                        None => out.push('*'),
                    }
                }
            }
            '?' | '+' | '^' | '$' if depth == 0 => {}
            '[' if depth == 0 => {
                characters.by_ref().find(|inner| *inner == ']');
                out.push('*');
            }
            other if depth == 0 => out.push(other),
            other => group.push(other),
        }
    }
    out.replace("**", "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_expressions_are_paths() {
        let cases = [
            (r"^articles/(?P<slug>[-\w]+)/$", "articles/{slug}/"),
            (r"^a/(\d+)/?$", "a/*/"),
            (r"^robots\.txt$", "robots.txt"),
            (r"^x/\w+$", "x/*"),
            (r"((((", ""),
            (r"[", "*"),
        ];
        for (pattern, path) in cases {
            assert_eq!(of_regex(pattern), path, "{pattern}");
        }
    }
}
