//! Rust trees into units.

use crate::code::reader::{Reader, begun, children, linked, plain_call};
use crate::code::tree::Node;
use crate::code::unit::{Arg, Call, Class, Expr, Function, Link, Mark, Param, Unit};

/// Reads a file.
pub(super) fn unit(reader: &mut Reader, root: Node, unit: &mut Unit) {
    items(reader, root, "", unit);
}

fn items(reader: &mut Reader, node: Node, owner: &str, unit: &mut Unit) {
    let mut marks: Vec<Mark> = Vec::new();
    for child in children(node) {
        match child.kind() {
            "attribute_item" => {
                marks.extend(mark(reader, child));
                continue;
            }
            "function_item" => {
                let mut function = function(reader, child);
                function.owner = owner.to_owned();
                function.marks = std::mem::take(&mut marks);
                unit.functions.push(function);
            }
            "impl_item" | "mod_item" | "trait_item" if reader.may(child) && !is_test(&marks) => {
                let of = reader.field(child, "type").split('<').next().unwrap_or_default().to_owned();
                if child.kind() == "impl_item" {
                    let class = Class {
                        name: of.clone(),
                        parents: trait_of(reader, child),
                        line: child.line(),
                        ..Class::default()
                    };
                    unit.classes.push(class);
                }
                reader.deeper(child, |reader| {
                    child.child_by_field_name("body").into_iter().for_each(|body| items(reader, body, &of, unit));
                    Expr::Unknown
                });
            }
            "use_declaration" => {
                child.child_by_field_name("argument").into_iter().for_each(|of| import(reader, of, "", unit))
            }
            "const_item" | "static_item" => {
                let name = Expr::Name(reader.field(child, "name").to_owned());
                let value = child.child_by_field_name("value").map(|value| expr(reader, value)).unwrap_or_default();
                unit.body.push(Expr::Assign(Box::new((name, value, child.line()))));
            }
            _ => {}
        }
        marks.clear();
    }
}

fn is_test(marks: &[Mark]) -> bool {
    marks.iter().any(|mark| mark.name == "cfg" && mark.args.iter().any(|arg| arg.value.name() == Some("test")))
}

fn trait_of(reader: &mut Reader, node: Node) -> Vec<String> {
    let of = node.child_by_field_name("trait").map(|of| reader.squeezed(of));
    of.into_iter().filter_map(|of| of.split('<').next().map(ToOwned::to_owned)).collect()
}

/// `use a::{b, c as d}` is `b → a::b`, `d → a::c`.
fn import(reader: &mut Reader, node: Node, prefix: &str, unit: &mut Unit) {
    let below = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") };
    if prefix.len() > 300 || !reader.may(node) {
        return;
    }
    match node.kind() {
        "identifier" | "scoped_identifier" | "crate" | "self" | "super" => {
            let full = below(&reader.squeezed(node));
            let full = full.strip_suffix("::self").unwrap_or(&full).to_owned();
            let last = full.rsplit("::").next().unwrap_or_default().to_owned();
            unit.imports.push((last, full));
        }
        "use_as_clause" => {
            let full = below(reader.field(node, "path"));
            unit.imports.push((reader.field(node, "alias").to_owned(), full));
        }
        "scoped_use_list" => {
            let prefix = below(reader.field(node, "path"));
            let list = node.child_by_field_name("list").map(children).unwrap_or_default();
            reader.deeper(node, |reader| {
                list.into_iter().for_each(|one| import(reader, one, &prefix, unit));
                Expr::Unknown
            });
        }
        "use_list" => children(node).into_iter().for_each(|one| import(reader, one, prefix, unit)),
        _ => {}
    }
}

/// `#[get("/x")]`: its literals are texts, all else is names.
fn mark(reader: &mut Reader, node: Node) -> Option<Mark> {
    let attribute = children(node).into_iter().find(|child| child.kind() == "attribute")?;
    let path = children(attribute).first().map(|path| reader.squeezed(*path)).unwrap_or_default();
    let name = path.rsplit("::").next().unwrap_or_default().to_owned();
    let tokens = attribute.child_by_field_name("arguments").map(children).unwrap_or_default();
    let mut args: Vec<Arg> = Vec::new();
    let mut key: Option<String> = None;
    for token in tokens {
        match token.kind() {
            "string_literal" | "raw_string_literal" => args.push(Arg { key: key.take(), value: expr(reader, token) }),
            "identifier" => {
                key = Some(reader.text(token).to_owned());
                args.push(Arg { key: None, value: Expr::Name(reader.text(token).to_owned()) });
            }
            _ => key = None,
        }
    }
    Some(Mark { name, args, line: node.line() })
}

fn function(reader: &mut Reader, node: Node) -> Function {
    let mut params = Vec::new();
    for param in node.child_by_field_name("parameters").map(children).unwrap_or_default() {
        if param.kind() == "self_parameter" {
            continue;
        }
        let of = param.child_by_field_name("type").map(|of| reader.squeezed(of)).unwrap_or_default();
        let pattern = param.child_by_field_name("pattern").unwrap_or(param);
        params.push(Param { name: name_in(reader, pattern), of, marks: Vec::new() });
    }
    Function {
        name: reader.field(node, "name").to_owned(),
        params,
        result: node.child_by_field_name("return_type").map(|of| reader.squeezed(of)).unwrap_or_default(),
        body: node.child_by_field_name("body").map(|body| all(reader, body)).unwrap_or_default(),
        line: node.line(),
        end: node.end_line(),
        ..Function::default()
    }
}

/// The name that a pattern binds: of `Path(id)`, `id`.
fn name_in(reader: &Reader, mut pattern: Node) -> String {
    for _ in 0..8 {
        if pattern.kind() == "identifier" {
            return reader.text(pattern).to_owned();
        }
        let Some(inner) = children(pattern).into_iter().rfind(|child| child.kind() != "mutable_specifier") else {
            break;
        };
        pattern = inner;
    }
    String::new()
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
        "string_literal" | "raw_string_literal" => {
            Expr::Text(children(node).into_iter().map(|part| reader.text(part)).collect())
        }
        "identifier"
        | "self"
        | "boolean_literal"
        | "integer_literal"
        | "scoped_identifier"
        | "scoped_type_identifier"
        | "type_identifier"
        | "field_identifier" => Expr::Name(reader.squeezed(node)),
        "call_expression" | "field_expression" | "try_expression" | "await_expression" => chain(reader, node),
        "generic_function" => get("function").map(|function| expr(reader, function)).unwrap_or_default(),
        "macro_invocation" => macro_call(reader, node),
        "closure_expression" => {
            let body = get("body").map(|body| expr(reader, body)).unwrap_or_default();
            let names = get("parameters").map(children).unwrap_or_default();
            let params = names.into_iter().map(|n| Param { name: name_in(reader, n), ..Param::default() }).collect();
            Expr::Lambda(Box::new(Function {
                params,
                body: vec![body],
                line: node.line(),
                end: node.end_line(),
                ..Function::default()
            }))
        }
        "let_declaration" => {
            let name = get("pattern").map(|pattern| Expr::Name(name_in(reader, pattern))).unwrap_or_default();
            let value = get("value").map(|value| expr(reader, value)).unwrap_or_default();
            Expr::Assign(Box::new((name, value, node.line())))
        }
        "assignment_expression" => {
            let left = get("left").map(|left| expr(reader, left)).unwrap_or_default();
            let right = get("right").map(|right| expr(reader, right)).unwrap_or_default();
            Expr::Assign(Box::new((left, right, node.line())))
        }
        "struct_expression" => {
            let name = get("name").map(|name| reader.squeezed(name)).unwrap_or_default();
            let mut args = Vec::new();
            for field in get("body").map(children).unwrap_or_default() {
                let key = Some(reader.field(field, "field").to_owned()).filter(|key| !key.is_empty());
                let value = field.child_by_field_name("value").map(|value| expr(reader, value)).unwrap_or_default();
                args.push(Arg { key, value });
            }
            plain_call(format!("{name}{{}}"), args, node.line())
        }
        "array_expression" | "tuple_expression" => Expr::List(all(reader, node)),
        "return_expression" => {
            Expr::Return(Box::new(children(node).first().map(|n| expr(reader, *n)).unwrap_or_default()))
        }
        "expression_statement" if node.end_byte() > node.named_child(0).map_or(0, |inner| inner.end_byte()) => {
            // With a semicolon it gives nothing back.
            Expr::Group(all(reader, node))
        }
        "expression_statement"
        | "parenthesized_expression"
        | "reference_expression"
        | "async_block"
        | "unary_expression"
            if node.named_child_count() == 1 =>
        {
            children(node).first().map(|inner| expr(reader, *inner)).unwrap_or_default()
        }
        "function_item" | "impl_item" | "use_declaration" | "mod_item" | "attribute_item" => Expr::Unknown,
        _ => Expr::Group(all(reader, node)),
    }
}

/// A macro is no call, but what it is passed is told as far as literals and names go.
fn macro_call(reader: &mut Reader, node: Node) -> Expr {
    let name = format!("{}!", reader.field(node, "macro").rsplit("::").next().unwrap_or_default());
    let tokens =
        children(node).into_iter().find(|child| child.kind() == "token_tree").map(children).unwrap_or_default();
    let mut args: Vec<Arg> = Vec::new();
    let mut last_end = 0_usize;
    for token in tokens {
        let value = match token.kind() {
            "string_literal" | "raw_string_literal" => expr(reader, token),
            "identifier" | "self" => {
                let text = reader.text(token);
                // `a.b` and `a::b` are one name, `a, b` are two.
                let from = last_end.saturating_sub(node.start_byte());
                let between = reader.text(node).get(from..token.start_byte() - node.start_byte());
                if let (Some(sign @ ("." | "::")), Some(Arg { value: Expr::Name(name), .. })) =
                    (between, args.last_mut())
                    && name.len() < 200
                    && last_end > 0
                {
                    name.push_str(sign);
                    name.push_str(text);
                    last_end = token.end_byte();
                    continue;
                }
                Expr::Name(text.to_owned())
            }
            "token_tree" => Expr::List(all(reader, token)),
            _ => continue,
        };
        last_end = if matches!(value, Expr::Name(_)) { token.end_byte() } else { 0 };
        args.push(Arg { key: None, value });
    }
    plain_call(name, args, node.line())
}

/// Goes down to what a chain begins with, and up again.
fn chain(reader: &mut Reader, node: Node) -> Expr {
    let (mut steps, mut at, mut out) = (Vec::new(), Some(node), Expr::Unknown);
    while let Some(step) = at {
        at = match step.kind() {
            "call_expression" => match called(step) {
                Some(function) if function.kind() == "field_expression" => function.child_by_field_name("value"),
                Some(function) if matches!(function.kind(), "identifier" | "scoped_identifier") => None,
                other => {
                    out = other.map(|other| expr(reader, other)).unwrap_or_default();
                    steps.push(step);
                    break;
                }
            },
            "field_expression" => step.child_by_field_name("value"),
            "try_expression" | "await_expression" => {
                at = step.named_child(0);
                continue;
            }
            _ => {
                out = expr(reader, step);
                break;
            }
        };
        steps.push(step);
    }
    for step in steps.into_iter().rev() {
        let link = match step.kind() {
            "field_expression" => Link::Member(reader.field(step, "field").to_owned()),
            _ => Link::Call(call(reader, step)),
        };
        out = linked(out, link);
    }
    begun(out, node)
}

/// What is called, without its type arguments.
fn called(node: Node) -> Option<Node> {
    let function = node.child_by_field_name("function")?;
    match function.kind() {
        "generic_function" => function.child_by_field_name("function"),
        _ => Some(function),
    }
}

fn call(reader: &mut Reader, node: Node) -> Call {
    let function = called(node);
    let name = match function {
        Some(function) if function.kind() == "field_expression" => function.child_by_field_name("field"),
        Some(function) if matches!(function.kind(), "identifier" | "scoped_identifier") => Some(function),
        _ => None,
    };
    let text = name.map(|name| reader.squeezed(name)).unwrap_or_default();
    let list = node.child_by_field_name("arguments").map(|list| all(reader, list)).unwrap_or_default();
    let mut args: Vec<Arg> = list.into_iter().map(|value| Arg { key: None, value }).collect();
    let generic =
        node.child_by_field_name("function").and_then(|function| function.child_by_field_name("type_arguments"));
    args.extend(generic.map(|of| Arg { key: Some("<>".into()), value: Expr::Name(reader.squeezed(of)) }));
    Call { name: text, args, block: None, line: name.map_or(node.line(), Node::line) }
}
