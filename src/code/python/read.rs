//! From a file's tree to what it declares, assigns and calls.

use std::sync::Arc;

use super::super::tree::Node;
use super::super::value::{Call, MAX_NESTED, Value, children, text_of, walk};
use super::module::{Assigned, Class, Function, Import, Module, Parameter};

/// No more names of what a function calls are kept.
const MAX_NAMED: usize = 64;

/// Reads the tree of a file.
pub(super) fn read(path: Arc<str>, root: Node, text: &[u8]) -> Module {
    let mut reader = Reader { text, module: Module { path, ..Module::default() }, depth: 0 };
    reader.block(root, None);
    reader.module
}

struct Reader<'t> {
    text: &'t [u8],
    module: Module,
    depth: usize,
}

impl Reader<'_> {
    fn text(&self, node: Node) -> String {
        text_of(node, self.text).into_owned()
    }

    fn field(&self, node: Node, name: &str) -> String {
        node.child_by_field_name(name).map(|node| self.text(node)).unwrap_or_default()
    }

    /// Reads statements. `class` is the number of the class whose body it is.
    fn block(&mut self, node: Node, class: Option<usize>) {
        for child in children(node) {
            self.statement(child, class, &[]);
        }
    }

    fn statement(&mut self, node: Node, class: Option<usize>, decorators: &[(Value, u32)]) {
        if self.depth > MAX_NESTED {
            self.module.broken.get_or_insert(node.line());
            return;
        }
        self.depth += 1;
        match node.kind() {
            "import_statement" => self.import(node),
            "import_from_statement" => self.import_from(node),
            "decorated_definition" => {
                let mut found = Vec::new();
                for child in children(node).into_iter().filter(|child| child.kind() == "decorator") {
                    if let Some(inner) = children(child).first() {
                        found.push((self.value(*inner), child.line()));
                    }
                }
                if let Some(definition) = node.child_by_field_name("definition") {
                    self.statement(definition, class, &found);
                }
            }
            "function_definition" => self.function(node, class, decorators),
            "class_definition" => self.class(node, decorators),
            "expression_statement" => {
                for child in children(node) {
                    self.expression(child, class);
                }
            }
            "return_statement" => {}
            _ => {
                for child in children(node) {
                    if child.kind().ends_with("statement") || BLOCKS.contains(&child.kind()) {
                        self.statement(child, class, &[]);
                    }
                }
            }
        }
        self.depth -= 1;
    }

    fn import(&mut self, node: Node) {
        for part in children(node) {
            let (module, local) = match part.kind() {
                "aliased_import" => (self.field(part, "name"), self.field(part, "alias")),
                _ => {
                    let module = self.text(part);
                    let local = module.split('.').next().unwrap_or_default().to_owned();
                    // `import a.b` binds `a`.
                    (local.clone(), local)
                }
            };
            self.module.imports.push(Import { local, module, name: None });
        }
    }

    fn import_from(&mut self, node: Node) {
        let module = self.field(node, "module_name");
        let names: Vec<Node> = node.children_by_field_name("name").collect();
        if children(node).iter().any(|child| child.kind() == "wildcard_import") {
            self.module.imports.push(Import { local: "*".into(), module: module.clone(), name: None });
        }
        for part in names {
            let (name, local) = match part.kind() {
                "aliased_import" => (self.field(part, "name"), self.field(part, "alias")),
                _ => (self.text(part), self.text(part)),
            };
            self.module.imports.push(Import { local, module: module.clone(), name: Some(name) });
        }
    }

    fn expression(&mut self, node: Node, class: Option<usize>) {
        match node.kind() {
            "assignment" | "augmented_assignment" => {
                let target = self.field(node, "left");
                let kind = node.child_by_field_name("type").map(|kind| self.value(kind));
                let value = node.child_by_field_name("right").map(|right| self.value(right)).unwrap_or_default();
                let line = node.line();
                let value = match (value, kind) {
                    (Value::Other, Some(kind)) => kind,
                    (value, _) => value,
                };
                match class {
                    Some(class) => self.module.classes[class].attributes.push((target, value, line)),
                    None => self.module.assigned.push(Assigned { target, value, line }),
                }
            }
            "call" => {
                if let Value::Call(call) = self.value(node) {
                    self.module.calls.push(*call);
                }
            }
            "await" => {
                for child in children(node) {
                    self.expression(child, class);
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, node: Node, class: Option<usize>, decorators: &[(Value, u32)]) {
        let mut function = Function {
            name: self.field(node, "name"),
            line: node.line(),
            end: node.end_line(),
            decorators: decorators.to_vec(),
            named: self.named_in(node),
            is_method: class.is_some(),
            parameters: Vec::new(),
        };
        for parameter in node.child_by_field_name("parameters").map(children).unwrap_or_default() {
            let part = |reader: &mut Self, field| parameter.child_by_field_name(field).map(|part| reader.value(part));
            let kind = part(self, "type").unwrap_or_default();
            let default = part(self, "value").unwrap_or_default();
            function.parameters.push(Parameter { kind, default });
        }
        let number = self.module.functions.len();
        self.module.functions.push(function);
        if let Some(class) = class {
            self.module.classes[class].methods.push(number);
        }
        if let Some(body) = node.child_by_field_name("body") {
            self.block(body, None);
        }
    }

    /// The names of what a function calls, and of the names in what it gives back.
    fn named_in(&self, node: Node) -> Vec<String> {
        let mut found = Vec::new();
        let mut returns = Vec::new();
        walk(node, |inner| {
            match inner.kind() {
                "call" => found.push(self.field(inner, "function")),
                "return_statement" => returns.push(inner),
                _ => {}
            }
            found.len() < MAX_NAMED
        });
        for given in returns {
            walk(given, |inner| {
                if inner.kind() == "identifier" {
                    found.push(self.text(inner));
                }
                found.len() < 2 * MAX_NAMED
            });
        }
        found.retain(|name| name.len() < 120);
        found
    }

    fn class(&mut self, node: Node, decorators: &[(Value, u32)]) {
        let mut class = Class {
            name: self.field(node, "name"),
            line: node.line(),
            decorators: decorators.to_vec(),
            ..Class::default()
        };
        for base in node.child_by_field_name("superclasses").map(children).unwrap_or_default() {
            if base.kind() != "keyword_argument" {
                class.bases.push(self.value(base));
            }
        }
        let number = self.module.classes.len();
        self.module.classes.push(class);
        if let Some(body) = node.child_by_field_name("body") {
            self.block(body, Some(number));
        }
    }

    fn value(&mut self, node: Node) -> Value {
        if self.depth > MAX_NESTED {
            self.module.broken.get_or_insert(node.line());
            return Value::Other;
        }
        self.depth += 1;
        let value = self.value_inside(node);
        self.depth -= 1;
        value
    }

    fn values(&mut self, nodes: Vec<Node>) -> Vec<Value> {
        nodes.into_iter().map(|node| self.value(node)).collect()
    }

    fn value_inside(&mut self, node: Node) -> Value {
        match node.kind() {
            "identifier" => Value::Name(self.text(node)),
            "string" => self.string(node),
            "concatenated_string" => Value::Join(self.values(children(node))),
            "true" => Value::Truth(true),
            "false" => Value::Truth(false),
            "attribute" => {
                let base = node.child_by_field_name("object").map(|base| self.value(base)).unwrap_or_default();
                Value::Member(Box::new(base), self.field(node, "attribute"))
            }
            "call" => self.call(node),
            // `Annotated[X, Depends(y)]`: what is written in brackets is kept as in a call.
            "subscript" => {
                let callee = node.child_by_field_name("value").map(|value| self.value(value)).unwrap_or_default();
                let inside: Vec<Node> = node.children_by_field_name("subscript").collect();
                let arguments = self.values(inside);
                Value::Call(Box::new(Call { callee, arguments, named: Vec::new(), line: node.line(), new: true }))
            }
            "generic_type" => {
                let parts = children(node);
                let callee = parts.first().map(|name| self.value(*name)).unwrap_or_default();
                let inside = parts.get(1).map(|list| children(*list)).unwrap_or_default();
                let arguments = self.values(inside);
                Value::Call(Box::new(Call { callee, arguments, named: Vec::new(), line: node.line(), new: true }))
            }
            "list" | "tuple" | "set" | "expression_list" => Value::List(self.values(children(node))),
            "dictionary" => {
                let mut pairs = Vec::new();
                for pair in children(node).into_iter().filter(|pair| pair.kind() == "pair") {
                    let [Some(key), Some(value)] = ["key", "value"].map(|field| pair.child_by_field_name(field)) else {
                        continue;
                    };
                    if let Value::Text(key) = self.value(key) {
                        let value = self.value(value);
                        pairs.push((key, value));
                    }
                }
                Value::Object(pairs)
            }
            "binary_operator" | "boolean_operator" => {
                let sides = ["left", "right"].map(|side| node.child_by_field_name(side));
                let sides = self.values(sides.into_iter().flatten().collect());
                match self.field(node, "operator").as_str() {
                    "+" => Value::Join(sides),
                    _ => Value::Either(sides),
                }
            }
            "conditional_expression" => Value::Either(self.values(children(node))),
            "parenthesized_expression" | "await" | "type" | "not_operator" | "named_expression" => {
                children(node).last().map(|inner| self.value(*inner)).unwrap_or_default()
            }
            "list_splat" => {
                let inner = children(node).first().map(|inner| self.value(*inner)).unwrap_or_default();
                Value::Spread(Box::new(inner))
            }
            _ => Value::Other,
        }
    }

    fn string(&mut self, node: Node) -> Value {
        let mut parts = Vec::new();
        for child in children(node) {
            match child.kind() {
                "string_content" => parts.push(Value::Text(self.text(child))),
                "interpolation" => {
                    let inner = child.child_by_field_name("expression").map(|inner| self.value(inner));
                    parts.push(inner.unwrap_or_default());
                }
                _ => {}
            }
        }
        match parts.as_slice() {
            [] => Value::Text(String::new()),
            [Value::Text(text)] => Value::Text(text.clone()),
            _ => Value::Join(parts),
        }
    }

    fn call(&mut self, node: Node) -> Value {
        let Some(function) = node.child_by_field_name("function") else { return Value::Other };
        let line = function.child_by_field_name("attribute").map_or_else(|| function.line(), Node::line);
        let callee = self.value(function);
        let mut call = Call { callee, line, ..Call::default() };
        for argument in node.child_by_field_name("arguments").map(children).unwrap_or_default() {
            if argument.kind() == "keyword_argument" {
                let name = self.field(argument, "name");
                let value = argument.child_by_field_name("value").map(|value| self.value(value)).unwrap_or_default();
                call.named.push((name, value));
            } else {
                let value = self.value(argument);
                call.arguments.push(value);
            }
        }
        Value::Call(Box::new(call))
    }
}

/// What holds statements, without being one by its name.
const BLOCKS: &[&str] = &[
    "block", "else_clause", "elif_clause", "except_clause", "finally_clause", "function_definition",
    "class_definition", "decorated_definition", "case_clause", "ERROR", "with_clause", "match_statement",
];
