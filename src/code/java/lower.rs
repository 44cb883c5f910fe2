//! Java trees into units.

use crate::code::reader::{Reader, begun, children, linked, plain_call};
use crate::code::tree::Node;
use crate::code::unit::{Arg, Call, Class, Expr, Function, Link, Mark, Param, Unit};

/// Reads a file.
pub(super) fn unit(reader: &mut Reader, root: Node, unit: &mut Unit) {
    for child in children(root) {
        match child.kind() {
            "package_declaration" => {
                unit.package = children(child).last().map(|name| reader.squeezed(*name)).unwrap_or_default();
            }
            "import_declaration" => {
                let full = children(child).first().map(|name| reader.squeezed(*name)).unwrap_or_default();
                let last = full.rsplit('.').next().unwrap_or_default().to_owned();
                unit.imports.push((last, full));
            }
            _ => class(reader, child, "", &mut unit.classes),
        }
    }
}

fn class(reader: &mut Reader, node: Node, outer: &str, out: &mut Vec<Class>) {
    let known = matches!(
        node.kind(),
        "class_declaration" | "interface_declaration" | "record_declaration" | "enum_declaration"
    );
    if !known || outer.len() > 500 || !reader.may(node) {
        return;
    }
    let own = reader.field(node, "name");
    let name = if outer.is_empty() { own.to_owned() } else { format!("{outer}.{own}") };
    let mut class_ = Class { name, marks: marks(reader, node), line: node.line(), ..Class::default() };
    for child in children(node) {
        match child.kind() {
            "superclass" => class_.parents.extend(children(child).first().map(|of| base_type(reader, *of))),
            "super_interfaces" | "extends_interfaces" => {
                let names: Vec<String> =
                    children(child).into_iter().flat_map(children).map(|of| base_type(reader, of)).collect();
                class_.parents.extend(names);
            }
            _ => {}
        }
    }
    let mut inner = Vec::new();
    reader.deeper(node, |reader| {
        for member in node.child_by_field_name("body").map(children).unwrap_or_default() {
            match member.kind() {
                "method_declaration" | "constructor_declaration" => class_.methods.push(method(reader, member)),
                "field_declaration" | "constant_declaration" => field(reader, member, &mut class_),
                "enum_body_declarations" => {}
                _ => class(reader, member, &class_.name, &mut inner),
            }
        }
        Expr::Unknown
    });
    out.push(class_);
    out.append(&mut inner);
}

/// A type without what it is of: `Base<User>` is `Base`.
fn base_type(reader: &Reader, node: Node) -> String {
    let text = reader.squeezed(node);
    text.split('<').next().unwrap_or_default().to_owned()
}

/// A field becomes what is assigned to it; one without a value, with its annotations, becomes a call by its type.
fn field(reader: &mut Reader, node: Node, class: &mut Class) {
    let of = reader.field(node, "type").to_owned();
    for declared in children(node).into_iter().filter(|child| child.kind() == "variable_declarator") {
        let name = reader.field(declared, "name").to_owned();
        let value = declared.child_by_field_name("value").map(|value| expr(reader, value));
        if let Some(value) = value {
            class.body.push(Expr::Assign(Box::new((Expr::Name(name.clone()), value, declared.line()))));
        }
        let mut args =
            vec![Arg { key: None, value: Expr::Name(name) }, Arg { key: None, value: Expr::Name(of.clone()) }];
        for mark in marks(reader, node) {
            let value = mark.args.into_iter().next().map(|arg| arg.value).unwrap_or_default();
            args.push(Arg { key: Some(mark.name), value });
        }
        class.body.push(plain_call("field", args, declared.line()));
    }
}

fn marks(reader: &mut Reader, node: Node) -> Vec<Mark> {
    let Some(list) = children(node).into_iter().find(|child| child.kind() == "modifiers") else { return Vec::new() };
    let mut marks = Vec::new();
    for mark in children(list) {
        if !matches!(mark.kind(), "annotation" | "marker_annotation") {
            continue;
        }
        let name = reader.field(mark, "name").rsplit('.').next().unwrap_or_default().to_owned();
        let mut args = Vec::new();
        for arg in mark.child_by_field_name("arguments").map(children).unwrap_or_default() {
            args.push(match arg.kind() {
                "element_value_pair" => Arg {
                    key: Some(reader.field(arg, "key").to_owned()),
                    value: arg.child_by_field_name("value").map(|value| expr(reader, value)).unwrap_or_default(),
                },
                _ => Arg { key: None, value: expr(reader, arg) },
            });
        }
        marks.push(Mark { name, args, line: mark.line() });
    }
    marks
}

fn method(reader: &mut Reader, node: Node) -> Function {
    let mut params = Vec::new();
    for param in node.child_by_field_name("parameters").map(children).unwrap_or_default() {
        let of = reader.field(param, "type").to_owned();
        params.push(Param { name: reader.field(param, "name").to_owned(), of, marks: marks(reader, param) });
    }
    let body = node.child_by_field_name("body").map(|body| all(reader, body)).unwrap_or_default();
    // The line of the name: annotations stand above it.
    let first = node.child_by_field_name("name").map_or(node.line(), Node::line);
    Function {
        name: reader.field(node, "name").to_owned(),
        params,
        result: reader.field(node, "type").to_owned(),
        marks: marks(reader, node),
        body,
        line: first,
        end: node.end_line(),
        ..Function::default()
    }
}

fn all(reader: &mut Reader, node: Node) -> Vec<Expr> {
    children(node).into_iter().map(|child| expr(reader, child)).collect()
}

fn expr(reader: &mut Reader, node: Node) -> Expr {
    reader.deeper(node, |reader| lower(reader, node))
}

fn lower(reader: &mut Reader, node: Node) -> Expr {
    let get = |name: &str| node.child_by_field_name(name);
    match node.kind() {
        "string_literal" => Expr::Text(reader.text(node).trim_matches('"').to_owned()),
        "identifier"
        | "this"
        | "true"
        | "false"
        | "null_literal"
        | "decimal_integer_literal"
        | "class_literal"
        | "scoped_identifier"
        | "super" => Expr::Name(reader.squeezed(node)),
        "method_invocation" | "field_access" => chain(reader, node),
        "object_creation_expression" => {
            let name = get("type").map(|of| base_type(reader, of)).unwrap_or_default();
            let args = get("arguments").map(|list| args(reader, list)).unwrap_or_default();
            plain_call(format!("new {name}"), args, node.line())
        }
        "element_value_array_initializer" | "array_initializer" => Expr::List(all(reader, node)),
        "array_creation_expression" => get("value").map(|value| expr(reader, value)).unwrap_or_default(),
        "lambda_expression" => {
            let body = match get("body") {
                Some(body) if body.kind() == "block" => all(reader, body),
                Some(body) => vec![Expr::Return(Box::new(expr(reader, body)))],
                None => Vec::new(),
            };
            Expr::Lambda(Box::new(Function { body, line: node.line(), end: node.end_line(), ..Function::default() }))
        }
        "method_reference" => Expr::Name(reader.squeezed(node)),
        "assignment_expression" | "variable_declarator" => {
            let target = get("left").or(get("name")).map(|target| expr(reader, target)).unwrap_or_default();
            let value = get("right").or(get("value")).map(|value| expr(reader, value)).unwrap_or_default();
            Expr::Assign(Box::new((target, value, node.line())))
        }
        "binary_expression" if reader.field(node, "operator") == "+" => Expr::Joined(all(reader, node)),
        "return_statement" => {
            Expr::Return(Box::new(children(node).first().map(|n| expr(reader, *n)).unwrap_or_default()))
        }
        "expression_statement" | "parenthesized_expression" if node.named_child_count() == 1 => {
            children(node).first().map(|inner| expr(reader, *inner)).unwrap_or_default()
        }
        _ => Expr::Group(all(reader, node)),
    }
}

fn args(reader: &mut Reader, list: Node) -> Vec<Arg> {
    all(reader, list).into_iter().map(|value| Arg { key: None, value }).collect()
}

/// Goes down to what a chain begins with, and up again.
fn chain(reader: &mut Reader, node: Node) -> Expr {
    let (mut steps, mut at, mut out) = (Vec::new(), Some(node), Expr::Unknown);
    while let Some(step) = at {
        if !matches!(step.kind(), "method_invocation" | "field_access") {
            out = expr(reader, step);
            break;
        }
        at = step.child_by_field_name("object");
        steps.push(step);
    }
    for step in steps.into_iter().rev() {
        let link = match step.kind() {
            "field_access" => Link::Member(reader.field(step, "field").to_owned()),
            _ => {
                let name = step.child_by_field_name("name");
                let args = step.child_by_field_name("arguments").map(|list| args(reader, list)).unwrap_or_default();
                let text = name.map(|name| reader.text(name).to_owned()).unwrap_or_default();
                Link::Call(Call { name: text, args, block: None, line: name.map_or(step.line(), Node::line) })
            }
        };
        out = linked(out, link);
    }
    begun(out, node)
}
