//! One walk over a tree.

use super::environment::Reads;
use super::value::{Reader, is_call, is_comment};
use super::{Call, Expressions, Set, Value};
use crate::code::parse::{Language, Parsed};
use crate::code::tree::Node;

/// No more of each kind is kept of one file.
const MANY: usize = 50_000;

pub(super) fn read(language: Language, text: &[u8], parsed: &Parsed) -> Expressions {
    let reader = Reader(text);
    let mut found = Expressions { has_errors: parsed.has_errors(), ..Expressions::default() };
    let mut reads = Reads::new(language);
    for node in parsed.tree.nodes().filter(|node| node.is_named()) {
        if found.calls.len() < MANY && found.sets.len() < MANY {
            visit(reader, node, &mut found, &mut reads);
        }
    }
    reads.finish(&mut found);
    found
}

fn visit(reader: Reader<'_>, node: Node<'_>, found: &mut Expressions, reads: &mut Reads) {
    let kind = node.kind();
    if is_comment(kind) {
        found.comments.push((node.line(), reader.text(node).to_owned()));
        return;
    }
    if is_call(kind) {
        if let Some(call) = reader.call(node, 0) {
            reads.call(reader, node, &call);
            found.calls.push(call);
        }
        return;
    }
    if let Some(name) = (kind == "decorator").then(|| node.named_child(0)).flatten().filter(|n| !is_call(n.kind())) {
        let name = reader.name(name, 0).unwrap_or_default();
        let span = (node.start_byte(), node.end_byte());
        let call = Call { name: format!("@{name}"), arguments: Vec::new(), line: node.line(), span };
        found.calls.push(call);
    }
    reads.node(reader, node);
    for set in sets(reader, node) {
        reads.set(&set);
        found.sets.push(set);
    }
}

/// What a node gives values to.
fn sets(reader: Reader<'_>, node: Node<'_>) -> Vec<Set> {
    let field = |name: &str| node.child_by_field_name(name);
    let line = node.line();
    let one = |name: Option<String>, value: Option<Node<'_>>| {
        let value = value.map_or(Value::Unknown, |value| reader.value(value, 0));
        name.filter(|name| !name.is_empty()).map(|name| Set { name, value, line }).into_iter().collect::<Vec<_>>()
    };
    let named = |node: Option<Node<'_>>| node.and_then(|node| reader.name(node, 0));
    match node.kind() {
        "assignment_expression"
        | "assignment"
        | "operator_assignment"
        | "augmented_assignment"
        | "augmented_assignment_expression"
        | "compound_assignment_expr" => one(named(field("left")), field("right")),
        "variable_declarator" | "const_item" | "static_item" | "public_field_definition" | "field_definition" => {
            one(named(field("name").or_else(|| field("property"))), field("value"))
        }
        "let_declaration" => one(named(field("pattern")), field("value")),
        "short_var_declaration" | "assignment_statement" => several(reader, field("left"), field("right"), line),
        "var_spec" | "const_spec" => one(named(field("name")), field("value")),
        "property_element" => one(named(node.named_child(0)), node.named_child(1)),
        "const_element" => one(named(node.named_child(0)), node.named_child(1)),
        "return_statement" | "return" => one(Some("return".into()), node.named_child(0)),
        "arrow_function" => match field("body") {
            Some(body) if body.kind() != "statement_block" => one(Some("return".into()), Some(body)),
            _ => Vec::new(),
        },
        "export_statement" => match field("value") {
            Some(value) => one(Some("default".into()), Some(value)),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// `a, b := 1, 2`.
fn several(reader: Reader<'_>, left: Option<Node<'_>>, right: Option<Node<'_>>, line: u32) -> Vec<Set> {
    let (Some(left), Some(right)) = (left, right) else { return Vec::new() };
    let values: Vec<Node<'_>> = right.named_children().collect();
    let set = |(at, name): (usize, Node<'_>)| {
        let value = values.get(at).map_or(Value::Unknown, |value| reader.value(*value, 0));
        reader.name(name, 0).map(|name| Set { name, value, line })
    };
    left.named_children().enumerate().filter_map(set).collect()
}
