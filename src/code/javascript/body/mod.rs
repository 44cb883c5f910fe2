//! What the bodies of JavaScript functions do that a check asks for.

mod cookies;
mod guards;
mod leaks;
mod queries;
mod tokens;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::super::body::{Fact, FactKind};
use super::super::names::{is_guard, role_of, role_of_call, shown};
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
    let mut reader = Reader { text, module, asked: Vec::new(), objects: HashMap::new(), literals: HashSet::new() };
    walk(root, |node| {
        reader.declared(node);
        true
    });
    walk(root, |node| {
        reader.visit(node);
        !matches!(node.kind(), "import_statement" | "type_annotation" | "interface_declaration")
    });
}

/// A part of the request that a local name holds.
struct Asked {
    name: String,
    /// Where the name holds: the bytes of the function around it.
    within: Range<usize>,
    /// The whole of what was sent.
    whole: bool,
}

struct Reader<'t, 'm> {
    text: &'t [u8],
    module: &'m mut Module,
    asked: Vec<Asked>,
    /// Objects that are given a name.
    objects: HashMap<String, Node<'t>>,
    /// Names of literal texts.
    literals: HashSet<String>,
}

impl<'t> Reader<'t, '_> {
    fn text(&self, node: Node) -> String {
        match node.byte_range().len() > MAX_NAME {
            true => String::new(),
            false => text_of(node, self.text).into_owned(),
        }
    }

    /// The text of something that can be long: a query.
    fn long_text(&self, node: Node) -> String {
        match node.byte_range().len() > 100 * MAX_NAME {
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

    /// The name that is called: identifiers and members, calls and the like within left out. Of a long chain its end.
    fn callee(&self, call: Node) -> String {
        let mut parts = Vec::new();
        let mut at = call.child_by_field_name("function").or(call.child_by_field_name("constructor"));
        for _ in 0..MAX_CHAIN {
            let Some(node) = at else { break };
            at = match node.kind() {
                "member_expression" => {
                    parts.push(self.field(node, "property"));
                    node.child_by_field_name("object")
                }
                "call_expression" => node.child_by_field_name("function"),
                "await_expression" | "parenthesized_expression" | "non_null_expression" => {
                    children(node).first().copied()
                }
                "identifier" | "this" => {
                    parts.push(self.text(node));
                    None
                }
                _ => None,
            };
        }
        parts.reverse();
        parts.join(".")
    }

    fn arguments(&self, call: Node<'t>) -> Vec<Node<'t>> {
        call.child_by_field_name("arguments").map(children).unwrap_or_default()
    }

    /// An object literal, where it is one or is the name of one.
    fn object(&self, node: Node<'t>) -> Option<Node<'t>> {
        match node.kind() {
            "object" => Some(node),
            "identifier" => self.objects.get(&self.text(node)).copied(),
            "as_expression" | "satisfies_expression" | "parenthesized_expression" => {
                children(node).first().and_then(|inner| self.object(*inner))
            }
            _ => None,
        }
    }

    /// What a key of an object literal holds.
    fn key(&self, object: Node<'t>, name: &str) -> Option<Node<'t>> {
        let pairs = children(object).into_iter().filter(|part| part.kind() == "pair");
        let mut found = pairs.filter(|pair| self.field(*pair, "key").trim_matches(['\'', '"']) == name);
        found.next_back()?.child_by_field_name("value")
    }

    /// Whether a node is a literal text, or the name of one.
    fn is_literal(&self, node: Node) -> bool {
        match node.kind() {
            "string" => node.byte_range().len() > 2,
            "template_string" => !children(node).iter().any(|part| part.kind() == "template_substitution"),
            "identifier" => self.literals.contains(&self.text(node)),
            _ => false,
        }
    }

    /// The bytes of the function around a node; of the whole file where there is none.
    fn function_around(&self, node: Node) -> Range<usize> {
        let mut at = node.parent();
        while let Some(parent) = at {
            if is_function(parent) {
                return parent.byte_range();
            }
            at = parent.parent();
        }
        0..self.text.len()
    }

    /// Notes what names stand for.
    fn declared(&mut self, node: Node<'t>) {
        match node.kind() {
            "variable_declarator" | "assignment_expression" => {
                let fields = if node.kind() == "variable_declarator" { ["name", "value"] } else { ["left", "right"] };
                let [Some(target), Some(value)] = fields.map(|field| node.child_by_field_name(field)) else { return };
                let name = self.text(target);
                match value.kind() {
                    "object" => {
                        self.objects.insert(name.clone(), value);
                    }
                    "string" if value.byte_range().len() > 2 => {
                        self.literals.insert(name.clone());
                    }
                    _ => {}
                }
                self.declared_request(node, target, value);
            }
            // NestJS: `@Param('id') id: string`.
            "required_parameter" => {
                let mut decorators = children(node).into_iter().filter(|child| child.kind() == "decorator");
                let from_request = decorators.any(|decorator| {
                    let text = self.text(decorator);
                    text.starts_with("@Param(") || text.starts_with("@Query(")
                });
                if let (true, Some(pattern)) = (from_request, node.child_by_field_name("pattern")) {
                    let within = self.function_around(node);
                    self.asked.push(Asked { name: self.text(pattern), within, whole: false });
                }
            }
            _ => {}
        }
    }

    fn declared_request(&mut self, node: Node<'t>, target: Node<'t>, value: Node<'t>) {
        let source = self.text(value);
        let source = source.trim_start_matches("await ").trim_start_matches("parseInt(").trim_start_matches("Number(");
        let source = source.trim_start_matches('+').replace('?', "");
        if !starts_with_request(&source) {
            return;
        }
        let within = self.function_around(node);
        let whole = is_whole_body(source.trim_end_matches(')')) || is_whole_body(&source);
        if target.kind() == "object_pattern" {
            for part in children(target) {
                let (key, local) = match part.kind() {
                    "pair_pattern" => (self.field(part, "key"), self.field(part, "value")),
                    "object_assignment_pattern" => (self.field(part, "left"), self.field(part, "left")),
                    _ => (self.text(part), self.text(part)),
                };
                if super::super::names::is_user_id(&key) {
                    self.fact(part, FactKind::UserFromRequest, &format!("{source}.{key}"));
                }
                self.asked.push(Asked { name: local, within: within.clone(), whole: false });
            }
        } else if target.kind() == "identifier" {
            self.asked.push(Asked { name: self.text(target), within, whole });
        }
    }

    fn visit(&mut self, node: Node<'t>) {
        match node.kind() {
            "call_expression" | "new_expression" => {
                let name = self.callee(node);
                let role = role_of_call(&name).or_else(|| self.asks_request(node, &name));
                if let (Some(role), true) = (role, node.kind() == "call_expression") {
                    self.mention(node, role, &name);
                }
                if self.denies(node, &name) {
                    self.module.denies.push(node.line());
                    let last = name.rsplit('.').next().unwrap_or_default();
                    if !matches!(last, "redirect" | "createHttpError" | "HttpException") {
                        self.module.refusals.push(node.line());
                    }
                }
                self.query(node, &name);
                self.logged(node, &name);
                self.sent(node, &name);
                self.cookie(node, &name);
                self.token(node, &name);
                self.configured(node, &name);
            }
            "throw_statement" => self.module.denies.push(node.line()),
            "if_statement" | "ternary_expression" => self.condition(node),
            "member_expression" | "subscript_expression" => {
                self.environment(node);
                self.user_from_request(node);
            }
            "variable_declarator" => self.environment_pattern(node),
            "pair" | "method_definition" => self.limiter_key(node),
            _ => {}
        }
    }

    /// `verifyUser({ req, res })`: named like a guard, and handed the request.
    fn asks_request(&self, node: Node<'t>, name: &str) -> Option<Role> {
        let last = name.rsplit('.').next().unwrap_or_default();
        let role = role_of(last);
        let guards = is_guard(last) && matches!(role, Role::Authentication | Role::Authorization);
        let arguments = node.child_by_field_name("arguments").filter(|_| guards)?;
        let first = self.text(arguments);
        let first = first.trim_start_matches(['(', '{', ' ', '\n']);
        let end = first.find(|c: char| !c.is_alphanumeric()).unwrap_or(first.len());
        matches!(&first[..end], "req" | "request").then_some(role)
    }

    fn mention(&mut self, node: Node, role: Role, name: &str) {
        let at = Place { file: self.module.path.clone(), line: node.line() };
        self.module.mentions.push(Mention { role, name: shown(name), at, group: false });
    }

    /// `process.env.X`, and what stands in for it.
    fn environment(&mut self, node: Node<'t>) {
        let Some(name) = self.variable(node) else { return };
        self.fact(node, FactKind::EnvironmentRead, &name);
        let mut outer = node.parent();
        while let Some(parent) = outer.filter(|parent| {
            matches!(parent.kind(), "parenthesized_expression" | "non_null_expression" | "as_expression")
        }) {
            outer = parent.parent();
        }
        let Some(parent) = outer.filter(|parent| parent.kind() == "binary_expression") else { return };
        let operator = self.field(parent, "operator");
        let right = parent.child_by_field_name("right");
        if matches!(operator.as_str(), "||" | "??")
            && right.is_some_and(|right| right.id() != node.id() && self.is_literal(right))
        {
            self.fact(node, FactKind::EnvironmentFallback, &name);
        }
    }

    /// The environment variable that a member is.
    fn variable(&self, node: Node) -> Option<String> {
        let base = self.field(node, "object");
        if !matches!(base.as_str(), "process.env" | "import.meta.env") {
            return None;
        }
        let name = match node.kind() {
            "member_expression" => self.field(node, "property"),
            _ => {
                let index = node.child_by_field_name("index").filter(|index| index.kind() == "string")?;
                self.text(index).trim_matches(['\'', '"']).to_owned()
            }
        };
        (!name.is_empty()).then_some(name)
    }

    /// `const { A, B = 'literal' } = process.env`.
    fn environment_pattern(&mut self, node: Node<'t>) {
        let [Some(target), Some(value)] = ["name", "value"].map(|field| node.child_by_field_name(field)) else {
            return;
        };
        if target.kind() != "object_pattern" || !matches!(self.text(value).as_str(), "process.env" | "import.meta.env")
        {
            return;
        }
        for part in children(target) {
            match part.kind() {
                "pair_pattern" => self.fact(part, FactKind::EnvironmentRead, &self.field(part, "key")),
                "object_assignment_pattern" => {
                    let name = self.field(part, "left");
                    self.fact(part, FactKind::EnvironmentRead, &name);
                    if part.child_by_field_name("right").is_some_and(|right| self.is_literal(right)) {
                        self.fact(part, FactKind::EnvironmentFallback, &name);
                    }
                }
                "shorthand_property_identifier_pattern" => self.fact(part, FactKind::EnvironmentRead, &self.text(part)),
                _ => {}
            }
        }
    }

    /// NestJS's `configService.get('VARIABLE')`.
    fn configured(&mut self, node: Node<'t>, name: &str) {
        let is_config = name.to_ascii_lowercase().contains("config")
            && matches!(name.rsplit('.').next(), Some("get" | "getOrThrow"));
        let arguments = self.arguments(node);
        let Some(first) = arguments.first().filter(|first| is_config && first.kind() == "string") else { return };
        let variable = self.text(*first).trim_matches(['\'', '"']).to_owned();
        if variable.len() > 1
            && variable.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        {
            self.fact(node, FactKind::EnvironmentRead, &variable);
            if arguments.get(1).is_some_and(|second| self.is_literal(*second)) {
                self.fact(node, FactKind::EnvironmentFallback, &variable);
            }
        }
    }

    /// `keyGenerator: (req) => req.headers['x-forwarded-for']`.
    fn limiter_key(&mut self, node: Node<'t>) {
        let key = self.field(node, if node.kind() == "pair" { "key" } else { "name" });
        if key.trim_matches(['\'', '"']) != "keyGenerator" {
            return;
        }
        let whole = self.long_text(node).to_ascii_lowercase();
        if whole.contains("x-forwarded-for") {
            self.fact(node, FactKind::ForwardedLimiterKey, "keyGenerator");
        }
    }

    /// Whether a node holds a part of the request, and which: `req.params.id`, or a name that stands for it.
    fn request_part(&self, node: Node) -> Option<String> {
        match node.kind() {
            "member_expression" | "subscript_expression" => {
                let name = self.text(node).replace('?', "");
                let deep = name.matches(['.', '[']).count();
                let of_params = name.strip_prefix("params.").is_some_and(|rest| !rest.contains('('));
                ((starts_with_request(&name) && deep >= 2) || of_params).then_some(name)
            }
            "identifier" | "shorthand_property_identifier" => {
                let name = self.text(node);
                let at = node.start_byte();
                self.asked
                    .iter()
                    .any(|asked| asked.name == name && asked.within.contains(&at) && !asked.whole)
                    .then_some(name)
            }
            _ => None,
        }
    }
}

/// Whether a node is a function.
fn is_function(node: Node) -> bool {
    matches!(
        node.kind(),
        "arrow_function"
            | "function_expression"
            | "function_declaration"
            | "method_definition"
            | "generator_function"
            | "generator_function_declaration"
    )
}

/// Whether an expression begins with what the client chose.
fn starts_with_request(name: &str) -> bool {
    const PARTS: &[&str] = &["params", "query", "body", "json()"];
    let (base, rest) = name.split_once('.').unwrap_or((name, ""));
    let part = rest.split(['.', '[', ')']).next().unwrap_or_default();
    let is_part = PARTS.iter().any(|known| part == *known || rest.starts_with(known));
    matches!(base, "req" | "request" | "ctx" | "context" | "this.req") && is_part
        || base == "params" && rest.is_empty()
        || base == "props" && part == "params"
}

fn is_whole_body(name: &str) -> bool {
    matches!(
        name,
        "req.body"
            | "request.body"
            | "ctx.request.body"
            | "req.json()"
            | "request.json()"
            | "req.json("
            | "request.json("
    )
}

/// Whether a name stands for whoever is calling.
fn is_caller(name: &str) -> bool {
    const CALLERS: &[&str] = &[
        "req.user", "request.user", "req.session.user", "req.session.userId", "req.session.user_id",
        "req.session.loggedin", "req.auth", "ctx.state.user", "ctx.user", "ctx.session", "session", "session.user",
        "session.userId", "req.userId", "currentUser", "req.isAuthenticated", "res.locals.user", "locals.user",
        "session.user.id", "session.user.email", "req.session", "decodedToken", "token.sub",
    ];
    CALLERS.contains(&name)
}
