//! Ruby trees into units.

use crate::code::reader::{Reader, begun, children, either, linked, plain_call};
use crate::code::tree::Node;
use crate::code::unit::{Arg, Call, Class, Expr, Function, Link, Param, Unit};

/// Reads a file.
pub(super) fn unit(reader: &mut Reader, root: Node, unit: &mut Unit) {
    let mut body = Body::default();
    statements(reader, root, "", &mut body);
    unit.classes.append(&mut body.classes);
    unit.functions = body.methods;
    unit.body = body.rest;
}

/// What stands in a class or in a file.
#[derive(Default)]
struct Body {
    classes: Vec<Class>,
    methods: Vec<Function>,
    rest: Vec<Expr>,
}

fn statements(reader: &mut Reader, node: Node, outer: &str, out: &mut Body) {
    for child in children(node) {
        match child.kind() {
            "class" | "module" => class(reader, child, outer, out),
            "method" | "singleton_method" => out.methods.push(method(reader, child)),
            "body_statement" => statements(reader, child, outer, out),
            "identifier" => out.rest.push(plain_call(reader.text(child), Vec::new(), child.line())),
            _ => out.rest.push(expr(reader, child)),
        }
    }
}

fn class(reader: &mut Reader, node: Node, outer: &str, out: &mut Body) {
    if !reader.may(node) || outer.len() > 1000 {
        return;
    }
    let own = reader.field(node, "name").trim_start_matches("::");
    let name = if outer.is_empty() { own.to_owned() } else { format!("{outer}::{own}") };
    let parent = node.child_by_field_name("superclass").and_then(|s| s.named_child(0)).map(|s| reader.squeezed(s));
    let mut inner = Body::default();
    reader.deeper(node, |reader| {
        if let Some(body) = node.child_by_field_name("body") {
            statements(reader, body, &name, &mut inner);
        }
        Expr::Unknown
    });
    let parents = parent.into_iter().collect();
    out.classes.append(&mut inner.classes);
    let line = node.line();
    out.classes.push(Class { name, parents, marks: Vec::new(), methods: inner.methods, body: inner.rest, line });
}

fn method(reader: &mut Reader, node: Node) -> Function {
    let body = match node.child_by_field_name("body") {
        Some(body) => body_of(reader, body),
        None => Vec::new(),
    };
    let name = reader.field(node, "name").to_owned();
    Function {
        name,
        params: params(reader, node),
        body,
        line: node.line(),
        end: node.end_line(),
        ..Function::default()
    }
}

fn params(reader: &mut Reader, node: Node) -> Vec<Param> {
    let Some(list) = node.child_by_field_name("parameters") else { return Vec::new() };
    let name = |param: Node| reader.text(param.child_by_field_name("name").unwrap_or(param)).to_owned();
    children(list).into_iter().map(|param| Param { name: name(param), ..Param::default() }).collect()
}

/// Statements: a name that stands alone is a call.
fn body_of(reader: &mut Reader, node: Node) -> Vec<Expr> {
    let mut statement = |child: Node| match child.kind() {
        "identifier" => plain_call(reader.text(child), Vec::new(), child.line()),
        _ => expr(reader, child),
    };
    children(node).into_iter().map(&mut statement).collect()
}

fn block_of(reader: &mut Reader, node: Node) -> Vec<Expr> {
    children(node).into_iter().map(|child| expr(reader, child)).collect()
}

fn expr(reader: &mut Reader, node: Node) -> Expr {
    reader.deeper(node, |reader| lower(reader, node))
}

fn lower(reader: &mut Reader, node: Node) -> Expr {
    match node.kind() {
        "string" | "delimited_symbol" | "bare_string" | "bare_symbol" | "heredoc_body" => string(reader, node),
        "simple_symbol" => Expr::Text(reader.text(node).trim_start_matches(':').to_owned()),
        "hash_key_symbol" => Expr::Text(reader.text(node).to_owned()),
        "call" | "element_reference" => chain(reader, node),
        "identifier" | "constant" | "instance_variable" | "global_variable" | "true" | "false" | "nil" | "integer"
        | "self" | "scope_resolution" | "super" => Expr::Name(reader.squeezed(node)),
        "array" | "string_array" | "symbol_array" => Expr::List(block_of(reader, node)),
        "hash" => Expr::Pairs(children(node).into_iter().map(|child| pair(reader, child)).collect()),
        "pair" => Expr::Pairs(vec![pair(reader, node)]),
        "lambda" | "do_block" | "block" => Expr::Lambda(Box::new(block(reader, node))),
        "assignment" | "operator_assignment" => Expr::Assign(Box::new((
            node.child_by_field_name("left").map(|n| expr(reader, n)).unwrap_or_default(),
            node.child_by_field_name("right").map(|n| expr(reader, n)).unwrap_or_default(),
            node.line(),
        ))),
        "binary" => binary(reader, node),
        "return" => Expr::Return(Box::new(Expr::Group(block_of(reader, node)))),
        "parenthesized_statements" if node.named_child_count() == 1 => {
            node.named_child(0).map(|n| expr(reader, n)).unwrap_or_default()
        }
        // A class in a block, or a method: nothing that belongs to what is around it.
        "class" | "module" | "method" | "singleton_method" => Expr::Unknown,
        _ => Expr::Group(block_of(reader, node)),
    }
}

/// What stands in for something that is missing, and texts that are put together; all else is only what is in it.
fn binary(reader: &mut Reader, node: Node) -> Expr {
    let parts = block_of(reader, node);
    match reader.field(node, "operator") {
        "||" | "or" => either(parts, node.line()),
        "+" => Expr::Joined(parts),
        _ => Expr::Group(parts),
    }
}

fn string(reader: &mut Reader, node: Node) -> Expr {
    let parts = children(node);
    if parts.iter().all(|part| part.kind() != "interpolation") {
        return Expr::Text(parts.iter().map(|part| reader.text(*part)).collect());
    }
    let mut part = |child: Node| match child.kind() {
        "interpolation" => Expr::Group(block_of(reader, child)),
        _ => Expr::Text(reader.text(child).to_owned()),
    };
    Expr::Joined(parts.into_iter().map(&mut part).collect())
}

fn pair(reader: &mut Reader, node: Node) -> (Expr, Expr) {
    let key = node.child_by_field_name("key").map(|key| expr(reader, key)).unwrap_or_default();
    let value = node.child_by_field_name("value").map(|value| expr(reader, value)).unwrap_or_default();
    (key, value)
}

/// Goes down to what a chain begins with, and up again.
fn chain(reader: &mut Reader, node: Node) -> Expr {
    let (mut steps, mut at) = (Vec::new(), Some(node));
    let mut out = Expr::Unknown;
    while let Some(step) = at {
        match step.kind() {
            "call" => at = step.child_by_field_name("receiver"),
            "element_reference" => at = step.child_by_field_name("object"),
            _ => {
                out = expr(reader, step);
                break;
            }
        }
        steps.push(step);
    }
    for step in steps.into_iter().rev() {
        let link = match step.kind() {
            "call" => Link::Call(call(reader, step)),
            _ => Link::Index(children(step).get(1).map(|index| expr(reader, *index)).unwrap_or_default()),
        };
        out = linked(out, link);
    }
    begun(out, node)
}

fn call(reader: &mut Reader, node: Node) -> Call {
    let name = reader.field(node, "method").to_owned();
    let args = match node.child_by_field_name("arguments") {
        Some(list) => children(list).into_iter().map(|child| arg(reader, child)).collect(),
        None => Vec::new(),
    };
    let block = node.child_by_field_name("block").map(|node| block(reader, node));
    let at = node.child_by_field_name("method").unwrap_or(node);
    Call { name, args, block, line: at.line() }
}

fn arg(reader: &mut Reader, node: Node) -> Arg {
    if node.kind() != "pair" {
        return Arg { key: None, value: expr(reader, node) };
    }
    let symbol = node.child_by_field_name("key").filter(|key| key.kind() != "string");
    match symbol {
        Some(key) if matches!(key.kind(), "hash_key_symbol" | "simple_symbol") => {
            let (key, value) = pair(reader, node);
            Arg { key: key.text().map(ToOwned::to_owned), value }
        }
        // `get "path" => "controller#action"`
        _ => Arg { key: None, value: Expr::Pairs(vec![pair(reader, node)]) },
    }
}

fn block(reader: &mut Reader, node: Node) -> Function {
    let mut body = Vec::new();
    if let Some(inner) = node.child_by_field_name("body") {
        reader.deeper(inner, |reader| {
            body = match inner.kind() {
                "block" | "do_block" => match inner.child_by_field_name("body") {
                    Some(body) => body_of(reader, body),
                    None => Vec::new(),
                },
                _ => body_of(reader, inner),
            };
            Expr::Unknown
        });
    }
    Function { params: params(reader, node), body, line: node.line(), end: node.end_line(), ..Function::default() }
}
