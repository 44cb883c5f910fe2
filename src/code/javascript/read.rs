//! From a file's tree to what it declares and calls, in the order in which it is written.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::tree::Node;
use super::super::value::{Call, MAX_NESTED, Value, children, text_of};
use super::module::{Class, Function, Imported, Method, Module, Pattern, Statement};

/// Reads the tree of a file.
pub(super) fn read(path: Arc<str>, root: Node, text: &[u8]) -> Module {
    let module = Module { path, ..Module::default() };
    let mut reader = Reader { text, module, depth: 0, hoisted: Vec::new(), named: HashSet::new() };
    let mut body = reader.statements(root);
    let server = children(root).first().is_some_and(|first| reader.is_directive(*first));
    body.retain(|statement| reader.is_needed(statement));
    for statement in &body {
        if let Statement::Import(source, _) = statement {
            reader.module.followed.push(source.clone());
        }
    }
    Module { body, server, ..reader.module }
}

struct Reader<'t> {
    text: &'t [u8],
    module: Module,
    depth: usize,
    /// Where in the block that is read functions are declared.
    hoisted: Vec<usize>,
    /// The names that stand in values. Those of types and of elements of JSX do not.
    named: HashSet<String>,
}

impl Reader<'_> {
    fn text(&self, node: Node) -> String {
        text_of(node, self.text).into_owned()
    }

    fn field(&self, node: Node, name: &str) -> String {
        node.child_by_field_name(name).map(|node| self.text(node)).unwrap_or_default()
    }

    /// Whether a statement is `'use server'`.
    fn is_directive(&self, node: Node) -> bool {
        node.kind() == "expression_statement" && self.text(node).trim_matches(['\'', '"', ';', ' ']) == "use server"
    }

    /// A name in a value.
    fn name(&mut self, name: String) -> Value {
        if !self.named.contains(&name) {
            self.named.insert(name.clone());
        }
        Value::Name(name)
    }

    /// What is imported for its types and as an element of JSX alone makes no routes and guards none: pages import all that is shown.
    fn is_needed(&self, statement: &Statement) -> bool {
        match statement {
            Statement::Import(_, names) => {
                names.is_empty() || names.iter().any(|(local, _)| self.named.contains(local))
            }
            _ => true,
        }
    }

    fn statements(&mut self, node: Node) -> Vec<Statement> {
        self.block(|reader, found| {
            for child in children(node) {
                reader.statement(child, found);
            }
        })
    }

    /// Statements, as they run: functions are there before the first one does.
    fn block(&mut self, read: impl FnOnce(&mut Self, &mut Vec<Statement>)) -> Vec<Statement> {
        let outer = std::mem::take(&mut self.hoisted);
        let mut found = Vec::new();
        read(self, &mut found);
        let hoisted = std::mem::replace(&mut self.hoisted, outer);
        if hoisted.is_empty() {
            return found;
        }
        let mut found: Vec<Option<Statement>> = found.into_iter().map(Some).collect();
        let functions: Vec<Statement> = hoisted.into_iter().rev().filter_map(|at| found[at].take()).collect();
        functions.into_iter().chain(found.into_iter().flatten()).collect()
    }

    fn statement(&mut self, node: Node, into: &mut Vec<Statement>) {
        if self.depth > MAX_NESTED {
            self.module.broken.get_or_insert(node.line());
            return;
        }
        self.depth += 1;
        match node.kind() {
            "import_statement" => self.import(node, into),
            "export_statement" => self.export(node, into),
            "lexical_declaration" | "variable_declaration" => self.declaration(node, into),
            "function_declaration" | "generator_function_declaration" => {
                let name = self.field(node, "name");
                let function = self.function(node, &name);
                self.hoisted.push(into.len());
                into.push(Statement::Let(Pattern::Name(name), function));
            }
            "class_declaration" | "abstract_class_declaration" => {
                let name = self.field(node, "name");
                let class = self.class(node, &[]);
                into.push(Statement::Let(Pattern::Name(name), class));
            }
            "expression_statement" => {
                for child in children(node) {
                    let value = self.value(child);
                    into.push(Statement::Do(value));
                }
            }
            "return_statement" => {
                let value = children(node).first().map(|child| self.value(*child)).unwrap_or_default();
                into.push(Statement::Return(value));
            }
            "for_in_statement" => {
                let target = node.child_by_field_name("left").map(|left| self.pattern(left)).unwrap_or(Pattern::Other);
                let of = node.child_by_field_name("right").map(|right| self.value(right)).unwrap_or_default();
                let inner = node.child_by_field_name("body");
                let body = self.block(|reader, body| inner.into_iter().for_each(|inner| reader.statement(inner, body)));
                into.push(Statement::Each(target, of, body));
            }
            "statement_block" | "if_statement" | "else_clause" | "for_statement" | "while_statement"
            | "do_statement" | "try_statement" | "catch_clause" | "finally_clause" | "switch_statement"
            | "switch_body" | "switch_case" | "switch_default" | "labeled_statement" | "ERROR" => {
                for child in children(node) {
                    self.statement(child, into);
                }
            }
            _ => {}
        }
        self.depth -= 1;
    }

    fn import(&mut self, node: Node, into: &mut Vec<Statement>) {
        let mut names = Vec::new();
        let mut source = node.child_by_field_name("source").map(|source| self.string(source)).unwrap_or_default();
        for clause in children(node) {
            match clause.kind() {
                "import_clause" => {
                    for part in children(clause) {
                        self.import_part(part, &mut names);
                    }
                }
                // TypeScript: `import x = require('y')`.
                "import_require_clause" => {
                    source = clause.child_by_field_name("source").map(|source| self.string(source)).unwrap_or_default();
                    let local = children(clause).first().map(|name| self.text(*name)).unwrap_or_default();
                    names.push((local, Imported::Default));
                }
                _ => {}
            }
        }
        self.module.sources.push(source.clone());
        into.push(Statement::Import(source, names));
    }

    fn import_part(&self, part: Node, names: &mut Vec<(String, Imported)>) {
        match part.kind() {
            "identifier" => names.push((self.text(part), Imported::Default)),
            "namespace_import" => {
                let local = children(part).first().map(|name| self.text(*name)).unwrap_or_default();
                names.push((local, Imported::All));
            }
            "named_imports" => {
                for one in children(part) {
                    let name = self.field(one, "name");
                    let local = one.child_by_field_name("alias").map_or_else(|| name.clone(), |alias| self.text(alias));
                    let what = if name == "default" { Imported::Default } else { Imported::Named(name) };
                    names.push((local, what));
                }
            }
            _ => {}
        }
    }

    fn export(&mut self, node: Node, into: &mut Vec<Statement>) {
        let source = node.child_by_field_name("source").map(|source| self.string(source));
        let mut names = Vec::new();
        for clause in children(node).into_iter().filter(|clause| clause.kind() == "export_clause") {
            for one in children(clause) {
                let name = self.field(one, "name");
                let shown = one.child_by_field_name("alias").map_or_else(|| name.clone(), |alias| self.text(alias));
                names.push((shown, name));
            }
        }
        if let Some(source) = source {
            self.module.sources.push(source.clone());
            self.module.followed.push(source.clone());
            let mut names: Vec<_> = names
                .into_iter()
                .map(|(shown, name)| (shown, if name == "default" { Imported::Default } else { Imported::Named(name) }))
                .collect();
            for space in children(node).into_iter().filter(|child| child.kind() == "namespace_export") {
                let name = children(space).first().map(|name| self.text(*name)).unwrap_or_default();
                names.push((name, Imported::All));
            }
            into.push(Statement::Reexport(source, names));
            return;
        }
        for (shown, name) in names {
            let value = self.name(name);
            into.push(Statement::Export(shown, value));
        }
        let default = self.has_token(node, "default");
        if let Some(declaration) = node.child_by_field_name("declaration") {
            self.export_declaration(node, declaration, default, into);
        } else if let Some(value) = node.child_by_field_name("value") {
            let value = self.named_value(value, "default");
            into.push(Statement::Export("default".into(), value));
        }
    }

    fn export_declaration(&mut self, node: Node, declaration: Node, default: bool, into: &mut Vec<Statement>) {
        let before = into.len();
        if declaration.kind().ends_with("class_declaration") {
            let name = self.field(declaration, "name");
            let outer: Vec<Node> = node.children_by_field_name("decorator").collect();
            let class = self.class(declaration, &outer);
            into.push(Statement::Let(Pattern::Name(name), class));
        } else {
            self.statement(declaration, into);
        }
        let mut exports = Vec::new();
        for statement in &into[before..] {
            if let Statement::Let(pattern, value) = statement {
                match pattern {
                    Pattern::Name(name) if name.is_empty() => exports.push((String::new(), value.clone())),
                    pattern => pattern.each(&mut |name| exports.push((name.to_owned(), Value::Name(name.to_owned())))),
                }
            }
        }
        for (name, value) in exports {
            let name = if default || name.is_empty() { "default".into() } else { name };
            into.push(Statement::Export(name, value));
        }
    }

    fn has_token(&self, node: Node, token: &str) -> bool {
        node.children().any(|child| child.kind() == token)
    }

    fn declaration(&mut self, node: Node, into: &mut Vec<Statement>) {
        for declarator in children(node).into_iter().filter(|child| child.kind() == "variable_declarator") {
            let Some(name) = declarator.child_by_field_name("name") else { continue };
            let target = self.pattern(name);
            let value = match (declarator.child_by_field_name("value"), &target) {
                (Some(value), Pattern::Name(name)) => self.named_value(value, name),
                (Some(value), _) => self.value(value),
                (None, _) => Value::Other,
            };
            into.push(Statement::Let(target, value));
        }
    }

    fn pattern(&mut self, node: Node) -> Pattern {
        match node.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => Pattern::Name(self.text(node)),
            "object_pattern" => {
                let mut parts = Vec::new();
                for part in children(node) {
                    match part.kind() {
                        "pair_pattern" => {
                            let value = part.child_by_field_name("value");
                            let value = value.map(|value| self.pattern(value)).unwrap_or(Pattern::Other);
                            parts.push((self.field(part, "key"), value));
                        }
                        "object_assignment_pattern" => {
                            let name = self.field(part, "left");
                            parts.push((name.clone(), Pattern::Name(name)));
                        }
                        "shorthand_property_identifier_pattern" => {
                            let name = self.text(part);
                            parts.push((name.clone(), Pattern::Name(name)));
                        }
                        _ => {}
                    }
                }
                Pattern::Object(parts)
            }
            "array_pattern" => Pattern::List(children(node).into_iter().map(|part| self.pattern(part)).collect()),
            "assignment_pattern" => {
                node.child_by_field_name("left").map(|left| self.pattern(left)).unwrap_or(Pattern::Other)
            }
            "required_parameter" | "optional_parameter" => {
                node.child_by_field_name("pattern").map(|inner| self.pattern(inner)).unwrap_or(Pattern::Other)
            }
            _ => Pattern::Other,
        }
    }

    /// A value that something gives a name to.
    fn named_value(&mut self, node: Node, name: &str) -> Value {
        let value = self.value(node);
        if let Value::Function(number) = value
            && let Some(function) = self.module.functions.get_mut(number)
            && function.name.is_empty()
        {
            name.clone_into(&mut function.name);
        }
        value
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

    fn value_inside(&mut self, node: Node) -> Value {
        let inner = |reader: &mut Self| children(node).first().map(|child| reader.value(*child)).unwrap_or_default();
        match node.kind() {
            "identifier"
            | "shorthand_property_identifier"
            | "undefined"
            | "this"
            | "super"
            | "import"
            | "meta_property" => self.name(self.text(node)),
            "string" => Value::Text(self.string(node)),
            "template_string" => self.template(node),
            "true" => Value::Truth(true),
            "false" => Value::Truth(false),
            "member_expression" => {
                let base = node.child_by_field_name("object").map(|base| self.value(base)).unwrap_or_default();
                Value::Member(Box::new(base), self.field(node, "property"))
            }
            "subscript_expression" => {
                let base = node.child_by_field_name("object").map(|base| self.value(base)).unwrap_or_default();
                match node.child_by_field_name("index").map(|index| self.value(index)) {
                    Some(Value::Text(name)) => Value::Member(Box::new(base), name),
                    _ => Value::Other,
                }
            }
            "call_expression" => self.call(node, "function"),
            "new_expression" => self.call(node, "constructor"),
            "array" => Value::List(children(node).into_iter().map(|child| self.value(child)).collect()),
            "object" => self.object(node),
            "arrow_function" | "function_expression" | "function" | "generator_function" => {
                let name = self.field(node, "name");
                self.function(node, &name)
            }
            "class" => self.class(node, &[]),
            "assignment_expression" => self.assignment(node),
            "binary_expression" => self.binary(node),
            "ternary_expression" => {
                let either = ["consequence", "alternative"].map(|field| node.child_by_field_name(field));
                Value::Either(either.into_iter().flatten().map(|part| self.value(part)).collect())
            }
            "spread_element" => Value::Spread(Box::new(inner(self))),
            "await_expression"
            | "parenthesized_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
            | "type_assertion"
            | "unary_expression" => inner(self),
            "sequence_expression" => children(node).last().map(|child| self.value(*child)).unwrap_or_default(),
            _ => Value::Other,
        }
    }

    /// A literal's text, without its quotes; escapes stay as they are written, paths have none.
    fn string(&self, node: Node) -> String {
        self.text(node).trim_matches(['\'', '"', '`']).to_owned()
    }

    fn template(&mut self, node: Node) -> Value {
        let mut parts = Vec::new();
        for child in children(node) {
            match child.kind() {
                "string_fragment" | "escape_sequence" => parts.push(Value::Text(self.text(child))),
                _ => parts.push(children(child).first().map(|inner| self.value(*inner)).unwrap_or_default()),
            }
        }
        match parts.as_slice() {
            [] => Value::Text(String::new()),
            [Value::Text(text)] => Value::Text(text.clone()),
            _ => Value::Join(parts),
        }
    }

    fn assignment(&mut self, node: Node) -> Value {
        let target = node.child_by_field_name("left").map(|left| self.value(left)).unwrap_or_default();
        let name = target.dotted();
        let name = name.rsplit('.').next().unwrap_or_default().to_owned();
        let value = node.child_by_field_name("right").map(|right| self.named_value(right, &name)).unwrap_or_default();
        Value::Assign(Box::new(target), Box::new(value))
    }

    fn binary(&mut self, node: Node) -> Value {
        let sides = ["left", "right"].map(|side| node.child_by_field_name(side));
        let sides: Vec<Value> = sides.into_iter().flatten().map(|side| self.value(side)).collect();
        match self.field(node, "operator").as_str() {
            "+" => Value::Join(sides),
            "||" | "??" | "&&" => Value::Either(sides),
            _ => Value::Other,
        }
    }

    fn call(&mut self, node: Node, callee: &str) -> Value {
        let Some(callee) = node.child_by_field_name(callee) else { return Value::Other };
        let line = callee.child_by_field_name("property").map_or_else(|| callee.line(), Node::line);
        let mut arguments = Vec::new();
        if let Some(list) = node.child_by_field_name("arguments") {
            for argument in children(list) {
                arguments.push(self.value(argument));
            }
        }
        let new = node.kind() == "new_expression";
        let callee = self.value(callee);
        if let (Value::Name(name), [Value::Text(source), ..]) = (&callee, arguments.as_slice())
            && matches!(name.as_str(), "require" | "import")
        {
            self.module.sources.push(source.clone());
            self.module.followed.push(source.clone());
        }
        Value::Call(Box::new(Call { callee, arguments, named: Vec::new(), line, new }))
    }

    fn object(&mut self, node: Node) -> Value {
        let mut pairs = Vec::new();
        for part in children(node) {
            match part.kind() {
                "pair" => {
                    let Some(key) = part.child_by_field_name("key") else { continue };
                    let key = self.string(key);
                    let value = part.child_by_field_name("value").map(|value| self.named_value(value, &key));
                    pairs.push((key, value.unwrap_or_default()));
                }
                "shorthand_property_identifier" => {
                    let value = self.name(self.text(part));
                    pairs.push((self.text(part), value));
                }
                "method_definition" => {
                    let name = self.field(part, "name");
                    let function = self.function(part, &name);
                    pairs.push((name, function));
                }
                "spread_element" => {
                    let value = children(part).first().map(|inner| self.value(*inner)).unwrap_or_default();
                    pairs.push(("...".into(), value));
                }
                _ => {}
            }
        }
        Value::Object(pairs)
    }

    fn function(&mut self, node: Node, name: &str) -> Value {
        let number = self.module.functions.len();
        let function = Function { name: name.into(), line: node.line(), end: node.end_line(), ..Function::default() };
        self.module.functions.push(function);
        let mut parameters = Vec::new();
        if let Some(single) = node.child_by_field_name("parameter") {
            parameters.push(self.pattern(single));
        }
        if let Some(list) = node.child_by_field_name("parameters") {
            for parameter in children(list) {
                parameters.push(self.pattern(parameter));
            }
        }
        let (mut body, mut server) = (Vec::new(), false);
        match node.child_by_field_name("body") {
            Some(block) if block.kind() == "statement_block" => {
                server = children(block).first().is_some_and(|first| self.is_directive(*first));
                body = self.statements(block);
            }
            Some(value) => body.push(Statement::Return(self.value(value))),
            None => {}
        }
        let methods = self.compared_methods(node);
        if let Some(function) = self.module.functions.get_mut(number) {
            *function = Function { parameters, body, server, methods, name: name.into(), ..*function };
        }
        Value::Function(number)
    }

    /// What `….method` is compared with in a function: by `===`, or by the cases of a `switch`.
    fn compared_methods(&self, node: Node) -> Vec<String> {
        let mut found = Vec::new();
        super::super::value::walk(node, |inner| {
            let (left, values) = match inner.kind() {
                "binary_expression" => {
                    let right = inner.child_by_field_name("right").filter(|right| right.kind() == "string");
                    (inner.child_by_field_name("left"), right.into_iter().collect())
                }
                "switch_statement" => {
                    let cases = inner.child_by_field_name("body").map(children).unwrap_or_default();
                    let cases = cases.into_iter().filter_map(|case| case.child_by_field_name("value")).collect();
                    (inner.child_by_field_name("value"), cases)
                }
                _ => (None, Vec::new()),
            };
            if left.is_some_and(|left| self.text(left).trim_matches(['(', ')']).ends_with(".method")) {
                found.extend(values.into_iter().map(|value| self.string(value)));
            }
            true
        });
        found
    }

    fn class(&mut self, node: Node, outer: &[Node]) -> Value {
        let mut class = Class { name: self.field(node, "name"), line: node.line(), ..Class::default() };
        for decorator in outer {
            class.decorators.extend(self.decorator(*decorator));
        }
        for child in children(node) {
            match child.kind() {
                "decorator" => class.decorators.extend(self.decorator(child)),
                "class_heritage" => class.parent = self.heritage(child),
                "class_body" => self.class_body(child, &mut class),
                _ => {}
            }
        }
        self.module.classes.push(class);
        Value::Class(self.module.classes.len() - 1)
    }

    fn heritage(&mut self, node: Node) -> Value {
        let first = children(node).into_iter().next();
        match first {
            Some(clause) if clause.kind() == "extends_clause" => {
                clause.child_by_field_name("value").map(|value| self.value(value)).unwrap_or_default()
            }
            Some(value) if value.kind() != "implements_clause" => self.value(value),
            _ => Value::Other,
        }
    }

    fn decorator(&mut self, node: Node) -> Option<Value> {
        children(node).first().map(|inner| self.value(*inner))
    }

    fn class_body(&mut self, node: Node, class: &mut Class) {
        let mut decorators = Vec::new();
        for part in children(node) {
            match part.kind() {
                "decorator" => decorators.extend(self.decorator(part)),
                "method_definition" => {
                    let name = self.field(part, "name");
                    let parameters = self.typed_parameters(part);
                    let function = self.function(part, &name);
                    let Value::Function(function) = function else { continue };
                    let decorators = std::mem::take(&mut decorators);
                    let line = part.child_by_field_name("name").map_or_else(|| part.line(), Node::line);
                    class.methods.push(Method { name, function, decorators, parameters, line });
                }
                "field_definition" | "public_field_definition" => {
                    decorators.clear();
                    let name = match part.child_by_field_name("property").or(part.child_by_field_name("name")) {
                        Some(name) => self.text(name),
                        None => continue,
                    };
                    let value = part.child_by_field_name("value").map(|value| self.named_value(value, &name));
                    class.fields.push((name, value.unwrap_or_default()));
                }
                _ => decorators.clear(),
            }
        }
    }

    fn typed_parameters(&mut self, method: Node) -> Vec<(Vec<Value>, String)> {
        let Some(list) = method.child_by_field_name("parameters") else { return Vec::new() };
        let mut found = Vec::new();
        for parameter in children(list) {
            let kind = self.field(parameter, "type").trim_start_matches([':', ' ']).to_owned();
            let mut decorators = Vec::new();
            for child in children(parameter).into_iter().filter(|child| child.kind() == "decorator") {
                decorators.extend(self.decorator(child));
            }
            found.push((decorators, kind));
        }
        found
    }
}
