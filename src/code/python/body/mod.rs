//! What the bodies of Python functions do that a check asks for.

mod guards;
mod leaks;
mod queries;
mod tokens;

use std::collections::HashSet;
use std::ops::Range;

use super::super::body::{Fact, FactKind};
use super::super::names::{is_user_id, role_of_call, shown, words};
use super::super::route::{Mention, Place, Role};
use super::super::tree::Node;
use super::super::value::{children, text_of, walk};
use super::module::Module;

/// A longer name is the text of something else.
const MAX_NAME: usize = 200;

/// Links of a chain of calls that one name is made of: what is before them decides nothing.
const MAX_CHAIN: usize = 200;

/// Reads what the bodies of a file do.
pub(super) fn read(root: Node, text: &[u8], module: &mut Module) {
    let serves = module.imports.iter().any(|import| {
        let package = import.module.split('.').next().unwrap_or_default();
        matches!(package, "flask" | "fastapi" | "connexion" | "starlette" | "quart" | "rest_framework" | "django")
    });
    let mut reader = Reader { text, module, asked: Vec::new(), literals: HashSet::new(), serves };
    walk(root, |node| {
        reader.declared(node);
        true
    });
    walk(root, |node| {
        reader.visit(node);
        !matches!(node.kind(), "import_statement" | "import_from_statement" | "comment")
    });
}

/// A part of the request that a local name holds.
struct Asked {
    name: String,
    within: Range<usize>,
    /// The whole of what was sent.
    whole: bool,
}

struct Reader<'t, 'm> {
    text: &'t [u8],
    module: &'m mut Module,
    asked: Vec<Asked>,
    /// Names of literal texts.
    literals: HashSet<String>,
    /// Whether the file imports a framework: parameters of its functions are parts of requests.
    serves: bool,
}

impl<'t> Reader<'t, '_> {
    fn text(&self, node: Node) -> String {
        match node.byte_range().len() > MAX_NAME {
            true => String::new(),
            false => text_of(node, self.text).into_owned(),
        }
    }

    fn field(&self, node: Node, name: &str) -> String {
        node.child_by_field_name(name).map(|node| self.text(node)).unwrap_or_default()
    }

    fn fact(&mut self, node: Node, kind: FactKind, name: &str) {
        let at = Place { file: self.module.path.clone(), line: node.line() };
        self.module.facts.push(Fact { at, kind, name: shown(name) });
    }

    fn mention(&mut self, node: Node, role: Role, name: &str) {
        let at = Place { file: self.module.path.clone(), line: node.line() };
        self.module.mentions.push(Mention { role, name: shown(name), at, group: false });
    }

    /// The name that is called: identifiers and attributes, calls within left out. Of a long chain its end.
    fn callee(&self, call: Node) -> String {
        let mut parts = Vec::new();
        let mut at = call.child_by_field_name("function");
        for _ in 0..MAX_CHAIN {
            let Some(node) = at else { break };
            at = match node.kind() {
                "attribute" => {
                    parts.push(self.field(node, "attribute"));
                    node.child_by_field_name("object")
                }
                "call" => node.child_by_field_name("function"),
                "subscript" => node.child_by_field_name("value"),
                "identifier" => {
                    parts.push(self.text(node));
                    None
                }
                _ => None,
            };
        }
        parts.reverse();
        parts.join(".")
    }

    /// Arguments: their names, where they have one, and their values.
    fn arguments(&self, call: Node<'t>) -> Vec<(String, Node<'t>)> {
        let list = call.child_by_field_name("arguments").map(children).unwrap_or_default();
        let named = list.into_iter().filter_map(|argument| match argument.kind() {
            "keyword_argument" => Some((self.field(argument, "name"), argument.child_by_field_name("value")?)),
            _ => Some((String::new(), argument)),
        });
        named.collect()
    }

    /// Whether a node is a literal text, or the name of one.
    fn is_literal(&self, node: Node) -> bool {
        match node.kind() {
            "string" => node.byte_range().len() > 2 && children(node).iter().all(|part| part.kind() != "interpolation"),
            "identifier" => self.literals.contains(&self.text(node)),
            _ => false,
        }
    }

    fn function_around(&self, node: Node) -> Range<usize> {
        let mut at = node.parent();
        while let Some(parent) = at {
            if parent.kind() == "function_definition" {
                return parent.byte_range();
            }
            at = parent.parent();
        }
        0..self.text.len()
    }

    /// Notes what names stand for.
    fn declared(&mut self, node: Node<'t>) {
        match node.kind() {
            "assignment" => {
                let [Some(target), Some(value)] = ["left", "right"].map(|field| node.child_by_field_name(field)) else {
                    return;
                };
                if target.kind() != "identifier" {
                    return;
                }
                let name = self.text(target);
                if value.kind() == "string" && self.is_literal(value) {
                    self.literals.insert(name.clone());
                }
                let source = self.text(value);
                if let Some(whole) = request_text(&source) {
                    let within = self.function_around(node);
                    self.asked.push(Asked { name, within, whole });
                }
            }
            "function_definition" if self.serves => self.parameters(node),
            _ => {}
        }
    }

    /// Parameters of handlers come from the path.
    fn parameters(&mut self, node: Node<'t>) {
        let parameters = node.child_by_field_name("parameters").map(children).unwrap_or_default();
        for parameter in parameters {
            let name = match parameter.kind() {
                "identifier" => self.text(parameter),
                "typed_parameter" => children(parameter).first().map(|name| self.text(*name)).unwrap_or_default(),
                _ => self.field(parameter, "name"),
            };
            let given =
                parameter.child_by_field_name("value").is_some_and(|value| self.text(value).starts_with("Depends"));
            if !given && is_id(&name) {
                if is_user_id(&name) {
                    self.fact(parameter, FactKind::UserFromRequest, &name);
                }
                self.asked.push(Asked { name, within: node.byte_range(), whole: false });
            }
        }
    }

    fn visit(&mut self, node: Node<'t>) {
        match node.kind() {
            "call" => {
                let name = self.callee(node);
                let is_decorator = node.parent().is_some_and(|parent| parent.kind() == "decorator");
                if let (Some(role), false) = (role_of_call(&name), is_decorator) {
                    self.mention(node, role, &name);
                }
                let last = name.rsplit('.').next().unwrap_or_default();
                if matches!(last, "abort" | "redirect" | "HttpResponseForbidden" | "unauthorized" | "forbidden") {
                    self.module.denies.push(node.line());
                }
                self.query(node, &name);
                self.whole_body(node, &name);
                self.logged(node, &name);
                self.sent(node, &name);
                self.cookie(node, &name);
                self.token(node, &name);
                self.environment_call(node, &name);
                self.limiter_key(node);
                self.user_call(node, &name);
            }
            "raise_statement" => self.module.denies.push(node.line()),
            "if_statement" | "conditional_expression" | "elif_clause" => self.condition(node),
            "subscript" => self.subscript(node),
            "assignment" => self.assigned_secret(node),
            "class_definition" => self.settings_class(node),
            _ => {}
        }
    }

    /// `os.environ['X']`, `request.json['user_id']`.
    fn subscript(&mut self, node: Node<'t>) {
        let base = self.field(node, "value");
        let key = node.child_by_field_name("subscript").filter(|key| key.kind() == "string");
        let Some(key) = key.map(|key| self.text(key).trim_matches(['\'', '"']).to_owned()) else { return };
        if matches!(base.as_str(), "os.environ" | "environ") {
            let stored = node.parent().is_some_and(|parent| {
                parent.kind() == "assignment"
                    && parent.child_by_field_name("left").is_some_and(|left| left.id() == node.id())
            });
            if !stored {
                self.fact(node, FactKind::EnvironmentRead, &key);
            }
        } else if is_user_id(&key) && self.is_request(&base) {
            self.fact(node, FactKind::UserFromRequest, &format!("{base}.{key}"));
        }
    }

    /// `request.args.get('user_id')`.
    fn user_call(&mut self, node: Node<'t>, name: &str) {
        let Some(base) = name.strip_suffix(".get") else { return };
        let key =
            self.arguments(node).first().filter(|(_, key)| key.kind() == "string").map(|(_, key)| self.text(*key));
        let key = key.unwrap_or_default().trim_matches(['\'', '"']).to_owned();
        if is_user_id(&key) && self.is_request(base) {
            self.fact(node, FactKind::UserFromRequest, &format!("{base}.{key}"));
        }
    }

    /// Whether an expression is what was sent, or a name that stands for it.
    fn is_request(&self, base: &str) -> bool {
        request_text(base).is_some() || self.asked.iter().any(|asked| asked.whole && asked.name == base)
    }

    /// `os.getenv('X', 'literal')`, `env('X')`, `config('X', default='literal')`.
    fn environment_call(&mut self, node: Node<'t>, name: &str) {
        let last = name.rsplit('.').next().unwrap_or_default();
        let reads = matches!(name, "os.getenv" | "getenv" | "os.environ.get" | "environ.get" | "os.environ.pop")
            || matches!(
                name,
                "env"
                    | "config"
                    | "decouple.config"
                    | "env.str"
                    | "env.bool"
                    | "env.int"
                    | "env.list"
                    | "env.db"
                    | "environ.Env"
            )
            || last == "getenv";
        if !reads {
            return;
        }
        let arguments = self.arguments(node);
        let Some((_, variable)) = arguments.first().filter(|(_, first)| first.kind() == "string") else { return };
        let variable = self.text(*variable).trim_matches(['\'', '"']).to_owned();
        let is_variable =
            !variable.is_empty() && variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_variable || matches!(name, "config") && variable.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return;
        }
        self.fact(node, FactKind::EnvironmentRead, &variable);
        let default = arguments.iter().skip(1).find(|(key, _)| key.is_empty() || key == "default");
        let or = node
            .parent()
            .filter(|parent| parent.kind() == "boolean_operator")
            .and_then(|parent| parent.child_by_field_name("right"));
        let or = or.filter(|right| right.id() != node.id());
        if default.is_some_and(|(_, default)| self.is_literal(*default)) || or.is_some_and(|or| self.is_literal(or)) {
            self.fact(node, FactKind::EnvironmentFallback, &variable);
        }
    }

    /// Pydantic's settings: each field is a variable.
    fn settings_class(&mut self, node: Node<'t>) {
        let bases = self.field(node, "superclasses");
        if !bases.contains("BaseSettings") {
            return;
        }
        let statements = node.child_by_field_name("body").map(children).unwrap_or_default();
        for statement in statements.into_iter().filter(|statement| statement.kind() == "expression_statement") {
            let Some(field) = children(statement).first().copied().filter(|field| field.kind() == "assignment") else {
                continue;
            };
            let name = self.field(field, "left").to_ascii_uppercase();
            if field.child_by_field_name("type").is_none() || name == "MODEL_CONFIG" {
                continue;
            }
            self.fact(field, FactKind::EnvironmentRead, &name);
            if field.child_by_field_name("right").is_some_and(|right| self.is_literal(right)) {
                self.fact(field, FactKind::EnvironmentFallback, &name);
            }
        }
    }

    /// `Limiter(key_func=…)` by a header that a client can set.
    fn limiter_key(&mut self, node: Node<'t>) {
        for (name, value) in self.arguments(node) {
            if name != "key_func" {
                continue;
            }
            let named = self.text(value);
            let body = match value.kind() {
                "lambda" => text_of(value, self.text).into_owned(),
                _ => self.function_text(value, &named),
            };
            // slowapi's own `get_ipaddr` reads the header.
            if body.to_ascii_lowercase().replace('_', "-").contains("x-forwarded-for") || named.ends_with("get_ipaddr")
            {
                self.fact(value, FactKind::ForwardedLimiterKey, "key_func");
            }
        }
    }

    /// The text of a function of the same file.
    fn function_text(&self, near: Node<'t>, name: &str) -> String {
        let mut root = near;
        while let Some(parent) = root.parent() {
            root = parent;
        }
        let mut found = String::new();
        walk(root, |node| {
            if node.kind() == "function_definition" && self.field(node, "name") == name {
                found = text_of(node, self.text).into_owned();
            }
            found.is_empty()
        });
        found
    }
}

/// Whether a name is that of an object's id.
fn is_id(name: &str) -> bool {
    words(name).last().is_some_and(|word| {
        matches!(word.as_str(), "id" | "pk" | "uuid" | "slug" | "uid" | "userid" | "username" | "number" | "title")
    })
}

/// Whether an expression is a part of the request; `Some(true)` where it is the whole of what was sent.
fn request_text(source: &str) -> Option<bool> {
    const PARTS: &[&str] = &[
        "request.args", "request.form", "request.json", "request.get_json", "request.data", "request.GET",
        "request.POST", "request.values", "request.query_params", "request.path_params", "self.request.data",
        "self.request.query_params", "self.request.GET", "self.request.POST", "self.kwargs", "kwargs[", "kwargs.get",
        "flask.request", "json.loads(request",
    ];
    let source = source.trim_start_matches("await ");
    let part = PARTS.iter().find(|part| source.starts_with(**part))?;
    let rest = source[part.len()..].trim_start_matches("()");
    let opened = rest.starts_with('(');
    Some(rest.is_empty() || (opened && (part.ends_with("get_json") || part.starts_with("json.loads"))))
}
