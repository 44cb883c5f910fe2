//! Go trees into units.

use crate::code::reader::{Reader, begun, children, linked, plain_call};
use crate::code::tree::Node;
use crate::code::unit::{Arg, Call, Class, Expr, Function, Link, Param, Unit};

/// Reads a file.
pub(super) fn unit(reader: &mut Reader, root: Node, unit: &mut Unit) {
    for child in children(root) {
        match child.kind() {
            "package_clause" => unit.package = children(child).first().map(|n| reader.squeezed(*n)).unwrap_or_default(),
            "import_declaration" => imports(reader, child, unit),
            "function_declaration" | "method_declaration" => unit.functions.push(function(reader, child)),
            "const_declaration" | "var_declaration" => declared(reader, child, &mut unit.body),
            "type_declaration" => types(reader, child, unit),
            _ => {}
        }
    }
}

fn imports(reader: &mut Reader, node: Node, unit: &mut Unit) {
    let mut specs = Vec::new();
    for child in children(node) {
        match child.kind() {
            "import_spec" => specs.push(child),
            _ => specs.extend(children(child)),
        }
    }
    for spec in specs {
        let path = reader.field(spec, "path").trim_matches(['"', '`']).to_owned();
        let mut parts = path.rsplit('/');
        let last = parts.next().unwrap_or_default();
        // `…/chi/v5` is called `chi`.
        let is_version = last.strip_prefix('v').is_some_and(|rest| rest.parse::<u32>().is_ok());
        let name = if is_version { parts.next().unwrap_or(last) } else { last }.to_owned();
        let alias = spec.child_by_field_name("name").map(|name| reader.text(name).to_owned());
        unit.imports.push((alias.unwrap_or(name), path));
    }
}

/// Constants and variables of the package become what is assigned to them.
fn declared(reader: &mut Reader, node: Node, out: &mut Vec<Expr>) {
    for spec in children(node) {
        let specs = if spec.kind() == "var_spec_list" { children(spec) } else { vec![spec] };
        for spec in specs {
            out.push(assignment(reader, spec));
        }
    }
}

fn assignment(reader: &mut Reader, spec: Node) -> Expr {
    let name = spec.child_by_field_name("name").map(|name| expr(reader, name)).unwrap_or_default();
    let value = spec.child_by_field_name("value").map(|value| expr(reader, value)).unwrap_or_default();
    Expr::Assign(Box::new((name, single(value), spec.line())))
}

/// Fields of structs with their types, so that what they hold can be told.
fn types(reader: &mut Reader, node: Node, unit: &mut Unit) {
    for spec in children(node) {
        let Some(body) = spec.child_by_field_name("type").filter(|of| of.kind() == "struct_type") else { continue };
        let mut class = Class { name: reader.field(spec, "name").to_owned(), line: spec.line(), ..Class::default() };
        for field in children(body).into_iter().flat_map(children) {
            let of = field.child_by_field_name("type").map(|of| reader.squeezed(of)).unwrap_or_default();
            let name = reader.field(field, "name").to_owned();
            class.body.push(Expr::Assign(Box::new((Expr::Name(name), Expr::Name(of), field.line()))));
        }
        unit.classes.push(class);
    }
}

fn function(reader: &mut Reader, node: Node) -> Function {
    let mut function = Function { line: node.line(), end: node.end_line(), ..Function::default() };
    function.name = reader.field(node, "name").to_owned();
    function.result = node.child_by_field_name("result").map(|of| reader.squeezed(of)).unwrap_or_default();
    if let Some(receiver) = node.child_by_field_name("receiver") {
        let one = params(reader, receiver).into_iter().next().unwrap_or_default();
        function.owner = one.of.trim_start_matches('*').split('[').next().unwrap_or_default().to_owned();
        function.this = one.name;
    }
    function.params = node.child_by_field_name("parameters").map(|list| params(reader, list)).unwrap_or_default();
    function.body = node.child_by_field_name("body").map(|body| all(reader, body)).unwrap_or_default();
    function
}

fn params(reader: &mut Reader, list: Node) -> Vec<Param> {
    let mut out = Vec::new();
    for declared in children(list) {
        let of = declared.child_by_field_name("type").map(|of| reader.squeezed(of)).unwrap_or_default();
        let names: Vec<String> = children(declared)
            .into_iter()
            .filter(|n| n.kind() == "identifier")
            .map(|n| reader.text(n).to_owned())
            .collect();
        let names = if names.is_empty() { vec![String::new()] } else { names };
        out.extend(names.into_iter().map(|name| Param { name, of: of.clone(), marks: Vec::new() }));
    }
    out
}

/// Statements and parts; lists of statements are flat.
fn all(reader: &mut Reader, node: Node) -> Vec<Expr> {
    let mut out = Vec::new();
    for child in children(node) {
        match child.kind() {
            "statement_list" => out.extend(children(child).into_iter().map(|one| expr(reader, one))),
            _ => out.push(expr(reader, child)),
        }
    }
    out
}

fn expr(reader: &mut Reader, node: Node) -> Expr {
    reader.deeper(node, |reader| lower(reader, node))
}

/// A list of one is that one.
fn single(e: Expr) -> Expr {
    match e {
        Expr::List(mut items) if items.len() == 1 => items.pop().unwrap_or_default(),
        other => other,
    }
}

fn lower(reader: &mut Reader, node: Node) -> Expr {
    match node.kind() {
        "interpreted_string_literal" | "raw_string_literal" => {
            Expr::Text(reader.text(node).trim_matches(['"', '`']).to_owned())
        }
        "identifier" | "field_identifier" | "true" | "false" | "nil" | "int_literal" | "package_identifier"
        | "qualified_type" | "type_identifier" | "pointer_type" => Expr::Name(reader.squeezed(node)),
        "call_expression" | "selector_expression" | "index_expression" => chain(reader, node),
        "composite_literal" => composite(reader, node),
        "func_literal" => Expr::Lambda(Box::new(function(reader, node))),
        "expression_list" => Expr::List(all(reader, node)),
        "short_var_declaration" | "assignment_statement" => {
            let left = node.child_by_field_name("left").map(|n| expr(reader, n)).unwrap_or_default();
            let right = node.child_by_field_name("right").map(|n| expr(reader, n)).unwrap_or_default();
            Expr::Assign(Box::new((single(left), single(right), node.line())))
        }
        "var_spec" | "const_spec" => assignment(reader, node),
        "binary_expression" if reader.field(node, "operator") == "+" => Expr::Joined(all(reader, node)),
        "return_statement" => Expr::Return(Box::new(single(all(reader, node).into_iter().next().unwrap_or_default()))),
        "literal_element" | "expression_statement" | "parenthesized_expression" | "unary_expression"
            if node.named_child_count() == 1 =>
        {
            children(node).first().map(|inner| expr(reader, *inner)).unwrap_or_default()
        }
        _ => Expr::Group(all(reader, node)),
    }
}

/// `T{A: b}` is a call of `T{}` with what its fields are set to; a literal list is a list.
fn composite(reader: &mut Reader, node: Node) -> Expr {
    let of = node.child_by_field_name("type");
    let (mut args, mut items) = (Vec::new(), Vec::new());
    for element in node.child_by_field_name("body").map(children).unwrap_or_default() {
        match element.kind() {
            "keyed_element" => {
                let mut parts = all(reader, element);
                let value = parts.pop().unwrap_or_default();
                let key = parts.pop().and_then(|key| key.word().map(ToOwned::to_owned));
                args.push(Arg { key, value });
            }
            _ => items.push(expr(reader, element)),
        }
    }
    match of.map(|of| (of.kind(), reader.squeezed(of))) {
        Some(("slice_type" | "array_type" | "implicit_length_array_type", _)) => Expr::List(items),
        Some((_, name)) => {
            args.extend(items.into_iter().map(|value| Arg { key: None, value }));
            plain_call(format!("{name}{{}}"), args, node.line())
        }
        None => Expr::Group(items),
    }
}

/// Goes down to what a chain begins with, and up again.
fn chain(reader: &mut Reader, node: Node) -> Expr {
    let (mut steps, mut at, mut out) = (Vec::new(), Some(node), Expr::Unknown);
    while let Some(step) = at {
        at = match step.kind() {
            "call_expression" => match step.child_by_field_name("function") {
                Some(function) if function.kind() == "selector_expression" => function.child_by_field_name("operand"),
                Some(function) if function.kind() == "identifier" => None,
                // A function that is written, or looked up, where it is called.
                other => {
                    out = other.map(|other| expr(reader, other)).unwrap_or_default();
                    steps.push(step);
                    break;
                }
            },
            "selector_expression" => step.child_by_field_name("operand"),
            "index_expression" => step.child_by_field_name("operand"),
            _ => {
                out = expr(reader, step);
                break;
            }
        };
        steps.push(step);
    }
    for step in steps.into_iter().rev() {
        let link = match step.kind() {
            "selector_expression" => Link::Member(reader.field(step, "field").to_owned()),
            "index_expression" => {
                Link::Index(step.child_by_field_name("index").map(|index| expr(reader, index)).unwrap_or_default())
            }
            _ => Link::Call(call(reader, step)),
        };
        out = linked(out, link);
    }
    begun(out, node)
}

fn call(reader: &mut Reader, node: Node) -> Call {
    let function = node.child_by_field_name("function");
    let name = match function {
        Some(function) if function.kind() == "selector_expression" => function.child_by_field_name("field"),
        Some(function) if function.kind() == "identifier" => Some(function),
        _ => None,
    };
    let text = name.map(|name| reader.text(name).to_owned()).unwrap_or_default();
    let list = node.child_by_field_name("arguments").map(|list| all(reader, list)).unwrap_or_default();
    let args = list.into_iter().map(|value| Arg { key: None, value }).collect();
    Call { name: text, args, block: None, line: name.map_or(node.line(), Node::line) }
}
