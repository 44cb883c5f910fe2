//! Classes of views: Django's own, and those, the viewsets and the routers of Django REST framework.

use super::super::framework::Framework;
use super::super::names::shown;
use super::super::route::{Handler, Mention, Method, Role};
use super::super::value::Value;
use super::django::{Here, Reader};
use super::guards::{decorators, handler, mention, place, role};
use super::names::{Found, Names};

/// The methods of classes that packages bring, by the last part of their names.
pub(super) fn generic_methods(base: &str) -> Vec<Method> {
    use Method::{Delete, Get, Patch, Post, Put};
    let methods: &[Method] = match base.rsplit('.').next().unwrap_or_default() {
        "TemplateView"
        | "RedirectView"
        | "ListView"
        | "DetailView"
        | "ArchiveIndexView"
        | "YearArchiveView"
        | "MonthArchiveView"
        | "DayArchiveView"
        | "PasswordResetDoneView"
        | "PasswordChangeDoneView"
        | "PasswordResetCompleteView" => &[Get],
        "FormView"
        | "CreateView"
        | "UpdateView"
        | "DeleteView"
        | "LoginView"
        | "PasswordResetView"
        | "PasswordChangeView"
        | "PasswordResetConfirmView" => &[Get, Post],
        "LogoutView"
        | "CreateAPIView"
        | "TokenObtainPairView"
        | "TokenRefreshView"
        | "TokenVerifyView"
        | "ObtainAuthToken"
        | "TokenBlacklistView" => &[Post],
        "ListAPIView"
        | "RetrieveAPIView"
        | "SpectacularAPIView"
        | "SpectacularSwaggerView"
        | "SpectacularRedocView" => &[Get],
        "DestroyAPIView" => &[Delete],
        "UpdateAPIView" => &[Put, Patch],
        "ListCreateAPIView" => &[Get, Post],
        "RetrieveUpdateAPIView" => &[Get, Put, Patch],
        "RetrieveDestroyAPIView" => &[Get, Delete],
        "RetrieveUpdateDestroyAPIView" => &[Get, Put, Patch, Delete],
        _ => &[],
    };
    methods.to_vec()
}

/// The actions that a class of a package brings to a viewset.
fn generic_actions(base: &str) -> &'static [&'static str] {
    match base.rsplit('.').next().unwrap_or_default() {
        "ModelViewSet" => &["list", "create", "retrieve", "update", "partial_update", "destroy"],
        "ReadOnlyModelViewSet" => &["list", "retrieve"],
        "ListModelMixin" => &["list"],
        "CreateModelMixin" => &["create"],
        "RetrieveModelMixin" => &["retrieve"],
        "UpdateModelMixin" => &["update", "partial_update"],
        "DestroyModelMixin" => &["destroy"],
        _ => &[],
    }
}

/// The actions that routers know: their methods, and whether they are for one object.
const ACTIONS: &[(&str, Method, bool)] = &[
    ("list", Method::Get, false),
    ("create", Method::Post, false),
    ("retrieve", Method::Get, true),
    ("update", Method::Put, true),
    ("partial_update", Method::Patch, true),
    ("destroy", Method::Delete, true),
];

/// Whether a class is one of Django REST framework.
pub(super) fn is_rest(names: &Names, family: &[(usize, usize)], outside: &[String]) -> bool {
    let imports = |(module, _): &(usize, usize)| {
        names.modules[*module].imports.iter().any(|import| import.module.starts_with("rest_framework"))
    };
    outside.iter().any(|base| {
        let last = base.rsplit('.').next().unwrap_or_default();
        base.contains("rest_framework")
            || last.contains("APIView")
            || last.ends_with("ViewSet") && family.iter().any(imports)
    })
}

/// Where a class stands for its handler, which a package brings: its first line alone, since its methods are those of others.
pub(super) fn class_handler(names: &Names, module: usize, class: usize) -> Handler {
    let code = names.class(module, class);
    Handler { name: shown(&code.name), at: place(names, module, code.line), end: code.line }
}

/// A view that says that nobody is asked: `permission_classes = []`.
pub(super) fn nobody_asked(names: &Names, module: usize, line: u32) -> Mention {
    Mention { role: Role::Public, name: "permission_classes = []".into(), at: place(names, module, line), group: false }
}

/// What the settings put before a view that names no permissions; without settings, the framework lets anybody in.
pub(super) fn defaults(reader: &Reader, guards: &mut Vec<Mention>, module: usize, line: u32) {
    let asks = |guard: &Mention| matches!(guard.role, Role::Authentication | Role::Authorization | Role::Public);
    if !guards.iter().any(asks) {
        match &reader.settings.permissions {
            Some(permissions) => guards.extend(permissions.iter().cloned()),
            // Nobody said that everybody may; it is what happens where nobody says anything.
            None => guards.push(Mention {
                role: Role::Other,
                name: "AllowAny (the default)".into(),
                at: place(reader.names, module, line),
                group: true,
            }),
        }
    }
    if !guards.iter().any(|guard| guard.role == Role::Limiter) {
        guards.extend(reader.settings.throttles.iter().cloned());
    }
}

/// What stands before a class of views for one method.
pub(super) fn class_guards(
    reader: &Reader,
    module: usize,
    class: usize,
    asked: Method,
    function: Option<(usize, usize)>,
) -> Vec<Mention> {
    let names = reader.names;
    let (family, outside) = names.family(module, class);
    let mut found = Vec::new();
    let skip = |name: &str| {
        matches!(name, "action" | "property" | "staticmethod" | "classmethod" | "extend_schema" | "swagger_auto_schema")
    };
    let line = names.class(module, class).line;
    // Bases that guard: `LoginRequiredMixin`.
    let bases = family
        .iter()
        .skip(1)
        .map(|(module, class)| names.class(*module, *class).name.clone())
        .chain(outside.iter().cloned());
    for name in bases {
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.ends_with("Mixin") && matches!(role(last), Role::Authentication | Role::Authorization) {
            found.push(Mention { role: role(last), name: last.into(), at: place(names, module, line), group: true });
        }
    }
    for (inner, class) in &family {
        let code = names.class(*inner, *class);
        found.extend(decorators(names, *inner, &code.decorators, 0, skip));
        let dispatch = code.methods.iter().find(|method| names.function(*inner, **method).name == "dispatch");
        if let Some(dispatch) = dispatch {
            found.extend(decorators(names, *inner, &names.function(*inner, *dispatch).decorators, 0, skip));
        }
    }
    for key in ["permission_classes", "throttle_classes"] {
        let Some((inner, value, line)) = names.attribute(module, class, key) else { continue };
        let classes = value.elements();
        if classes.is_empty() && key == "permission_classes" {
            found.push(Mention { group: true, ..nobody_asked(names, inner, line) });
        }
        let named = classes.iter().flat_map(|class| alternatives(names, inner, class, line));
        found.extend(named.map(|one| if key == "permission_classes" { permission(one) } else { one }));
    }
    if let Some((inner, _, line)) = names.attribute(module, class, "throttle_scope") {
        found.push(Mention {
            role: Role::Limiter,
            name: "throttle_scope".into(),
            at: place(names, inner, line),
            group: true,
        });
    }
    found.extend(overridden(names, &family));
    if let Some((inner, function)) = function {
        found.extend(decorators(names, inner, &names.function(inner, function).decorators, 0, skip));
    }
    let schema = ["serializer_class", "form_class"]
        .into_iter()
        .find_map(|key| Some((key, names.attribute(module, class, key)?)))
        // `form_class = None` is none.
        .filter(|(_, (_, value, _))| !matches!(value, Value::Other));
    if let (true, Some((key, (inner, value, line)))) = (asked.writes(), schema) {
        let name = shown(&format!("{key} = {}", value.dotted()));
        found.push(Mention { role: Role::Schema, name, at: place(names, inner, line), group: true });
    }
    if is_rest(names, &family, &outside) {
        defaults(reader, &mut found, module, line);
    }
    found.into_iter().map(|one| for_method(one, asked)).collect()
}

/// A class of permissions is a guard, whatever it is called.
pub(super) fn permission(one: Mention) -> Mention {
    let role = if one.role == Role::Other { Role::Authorization } else { one.role };
    Mention { role, ..one }
}

/// What a guard is for one method: `IsAuthenticatedOrReadOnly` asks nobody who only reads.
pub(super) fn for_method(one: Mention, asked: Method) -> Mention {
    let reads = matches!(asked, Method::Get | Method::Head | Method::Options);
    let lets = one.name.ends_with("ReadOnly") && matches!(one.role, Role::Authentication | Role::Authorization);
    Mention { role: if reads && lets { Role::Public } else { one.role }, ..one }
}

/// `IsAdmin | IsOwner`: each of them.
fn alternatives(names: &Names, module: usize, value: &Value, line: u32) -> Vec<Mention> {
    match value {
        Value::Either(parts) | Value::Join(parts) => {
            parts.iter().flat_map(|part| alternatives(names, module, part, line)).collect()
        }
        one => vec![mention(names, module, one, line, true)],
    }
}

/// The permissions that `get_permissions` gives, in whatever case.
fn overridden(names: &Names, family: &[(usize, usize)]) -> Vec<Mention> {
    for (module, class) in family {
        let methods = &names.class(*module, *class).methods;
        let own = methods
            .iter()
            .map(|method| names.function(*module, *method))
            .find(|function| function.name == "get_permissions");
        let Some(own) = own else { continue };
        let mut found: Vec<Mention> = Vec::new();
        for name in &own.named {
            let role = role(name);
            let first = name.chars().next().is_some_and(char::is_uppercase);
            if first
                && matches!(role, Role::Authentication | Role::Authorization | Role::Public)
                && !found.iter().any(|known| known.name == *name)
            {
                found.push(Mention { role, name: shown(name), at: place(names, *module, own.line), group: true });
            }
        }
        return found;
    }
    Vec::new()
}

/// The routes of a router. False where it is none.
pub(super) fn router(reader: &mut Reader, id: (usize, usize), here: &Here) -> bool {
    let names = reader.names;
    let Some(made) = names.assigned(id.0, id.1).call() else { return false };
    let kind = made.callee.dotted();
    let kind = kind.rsplit('.').next().unwrap_or_default();
    if !kind.ends_with("Router") {
        return false;
    }
    let slash = if matches!(made.named("trailing_slash"), Some(Value::Truth(false))) { "" } else { "/" };
    // `NestedSimpleRouter(parent, 'domains', lookup='domain')`
    let nested = match (kind.starts_with("Nested"), made.arguments.get(1).and_then(|prefix| names.text(id.0, prefix))) {
        (true, Some(prefix)) => {
            let lookup =
                made.named("lookup").and_then(|lookup| names.text(id.0, lookup)).unwrap_or_else(|| "nested".into());
            format!("{prefix}/{{{lookup}_pk}}/")
        }
        _ => String::new(),
    };
    if kind == "DefaultRouter" {
        let line = names.modules[id.0].assigned[id.1].line;
        let mut guards = Vec::new();
        defaults(reader, &mut guards, id.0, line);
        let root = Here { module: id.0, ..here.clone() };
        reader.add(Method::Get, None, guards, line, &root, Framework::DjangoRest);
    }
    for module in 0..names.modules.len() {
        for call in &names.modules[module].calls {
            let Value::Member(base, method) = &call.callee else { continue };
            if method != "register" || names.resolve(module, base) != Found::Assigned(id.0, id.1) {
                continue;
            }
            let [Some(prefix), Some(class)] = [0, 1].map(|at| call.arguments.get(at)) else { continue };
            let prefix = names.text(module, prefix).unwrap_or_else(|| "*".into());
            let inner = Here { module, prefix: format!("{}{nested}{prefix}", here.prefix), ..here.clone() };
            match names.resolve(module, class) {
                Found::Class(inner_module, class) => viewset(reader, (inner_module, class), call.line, slash, &inner),
                _ => reader.add(Method::Any, None, Vec::new(), call.line, &inner, Framework::DjangoRest),
            }
        }
    }
    true
}

fn viewset(reader: &mut Reader, class: (usize, usize), line: u32, slash: &str, here: &Here) {
    let names = reader.names;
    let (family, outside) = names.family(class.0, class.1);
    let own = |name: &str| {
        family.iter().find_map(|(module, class)| {
            let mut methods = names.class(*module, *class).methods.iter();
            methods.find(|method| names.function(*module, **method).name == name).map(|method| (*module, *method))
        })
    };
    let lookup = ["lookup_url_kwarg", "lookup_field"].into_iter().find_map(|key| {
        let (module, value, _) = names.attribute(class.0, class.1, key)?;
        names.text(module, value)
    });
    let lookup = lookup.unwrap_or_else(|| "pk".into());
    let allowed = names.attribute(class.0, class.1, "http_method_names").map(|(module, value, _)| {
        value.elements().iter().filter_map(|name| names.text(module, name)).collect::<Vec<String>>()
    });
    let allows = |asked: Method| {
        allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|name| name.eq_ignore_ascii_case(asked.name())))
    };
    for (name, asked, detail) in ACTIONS {
        let brought = outside.iter().any(|base| generic_actions(base).contains(name));
        if (own(name).is_none() && !brought) || !allows(*asked) {
            continue;
        }
        let path = if *detail { format!("/{{{lookup}}}{slash}") } else { slash.to_owned() };
        let inner = Here { prefix: format!("{}{path}", here.prefix), ..here.clone() };
        action(reader, class, name, *asked, line, &inner);
    }
    for (module, inner_class) in &family {
        for method in &names.class(*module, *inner_class).methods {
            let function = names.function(*module, *method);
            let action_call = function.decorators.iter().filter_map(|(decorator, _)| decorator.call()).find(|call| {
                matches!(call.callee.dotted().as_str(), "action" | "decorators.action" | "detail_route" | "list_route")
            });
            let Some(call) = action_call else { continue };
            let detail = matches!(call.named("detail").or_else(|| call.arguments.first()), Some(Value::Truth(true)))
                || call.callee.dotted() == "detail_route";
            let methods = call.named("methods").map(Value::elements).unwrap_or_default();
            let mut methods: Vec<Method> =
                methods.iter().filter_map(|name| Method::of(&names.text(*module, name)?)).collect();
            if methods.is_empty() {
                methods.push(Method::Get);
            }
            let part = call
                .named("url_path")
                .and_then(|path| names.text(*module, path))
                .unwrap_or_else(|| function.name.clone());
            let object = if detail { format!("/{{{lookup}}}") } else { String::new() };
            let inner = Here { prefix: format!("{}{object}/{part}{slash}", here.prefix), ..here.clone() };
            for asked in methods.into_iter().filter(|asked| allows(*asked)) {
                action(reader, class, &function.name, asked, line, &inner);
            }
        }
    }
}

/// A route to an action of a viewset.
pub(super) fn action(reader: &mut Reader, class: (usize, usize), name: &str, asked: Method, line: u32, here: &Here) {
    let names = reader.names;
    let (family, _) = names.family(class.0, class.1);
    let function = family.iter().find_map(|(module, class)| {
        let mut methods = names.class(*module, *class).methods.iter();
        methods.find(|method| names.function(*module, **method).name == name).map(|method| (*module, *method))
    });
    let mut guards = class_guards(reader, class.0, class.1, asked, function);
    // `@action(permission_classes=[…])` stands in the place of the class's own.
    let decorators = function.map(|(module, function)| (module, &names.function(module, function).decorators));
    for (module, decorator, at) in
        decorators.into_iter().flat_map(|(module, found)| found.iter().map(move |(value, at)| (module, value, *at)))
    {
        let Some(classes) = decorator.call().and_then(|call| call.named("permission_classes")) else { continue };
        guards.retain(|guard| !matches!(guard.role, Role::Authentication | Role::Authorization | Role::Public));
        if classes.elements().is_empty() {
            guards.push(nobody_asked(names, module, at));
        }
        guards.extend(classes.elements().iter().flat_map(|class| alternatives(names, module, class, at)));
    }
    let answer = match function {
        Some((module, function)) => handler(names, module, function, Some(&names.class(class.0, class.1).name)),
        None => class_handler(names, class.0, class.1),
    };
    reader.add(asked, Some(answer), guards, line, here, Framework::DjangoRest);
}
