//! PHP trees into units.

use crate::code::reader::{Reader, begun, children, either, linked, plain_call};
use crate::code::tree::Node;
use crate::code::unit::{Arg, Call, Class, Expr, Function, Link, Mark, Param, Unit};

/// Reads a file.
pub(super) fn unit(reader: &mut Reader, root: Node, unit: &mut Unit) {
    for child in children(root) {
        top(reader, child, unit);
    }
}

fn top(reader: &mut Reader, node: Node, unit: &mut Unit) {
    match node.kind() {
        "namespace_definition" => {
            unit.package = reader.field(node, "name").to_owned();
            for child in node.child_by_field_name("body").map(children).unwrap_or_default() {
                top(reader, child, unit);
            }
        }
        "namespace_use_declaration" => imports(reader, node, unit),
        "class_declaration" | "trait_declaration" | "interface_declaration" | "enum_declaration" => {
            let class = class(reader, node, &unit.package);
            unit.classes.push(class);
        }
        "function_definition" => unit.functions.push(function(reader, node)),
        "php_tag" | "text" => {}
        _ => {
            let statement = expr(reader, node);
            unit.body.push(statement);
        }
    }
}

fn imports(reader: &mut Reader, node: Node, unit: &mut Unit) {
    let prefix =
        children(node).into_iter().find(|child| child.kind() == "namespace_name").map(|n| reader.text(n).to_owned());
    let mut clauses = Vec::new();
    for child in children(node) {
        match child.kind() {
            "namespace_use_clause" => clauses.push(child),
            "namespace_use_group" => clauses.extend(children(child)),
            _ => {}
        }
    }
    for clause in clauses {
        let mut names = children(clause).into_iter();
        let Some(first) = names.next().map(|first| reader.text(first).trim_start_matches('\\').to_owned()) else {
            continue;
        };
        let full = prefix.as_ref().map_or(first.clone(), |prefix| format!("{prefix}\\{first}"));
        let alias = clause.child_by_field_name("alias").or_else(|| names.next()).map(|alias| reader.text(alias));
        let alias = alias.map(|alias| alias.trim_start_matches("as ").trim().to_owned());
        let last = full.rsplit('\\').next().unwrap_or_default().to_owned();
        unit.imports.push((alias.unwrap_or(last), full));
    }
}

fn class(reader: &mut Reader, node: Node, package: &str) -> Class {
    let own = reader.field(node, "name");
    let name = if package.is_empty() { own.to_owned() } else { format!("{package}\\{own}") };
    let mut class = Class { name, marks: marks(reader, node), line: node.line(), ..Class::default() };
    for child in children(node) {
        if matches!(child.kind(), "base_clause" | "class_interface_clause") {
            class.parents.extend(children(child).into_iter().map(|parent| reader.squeezed(parent)));
        }
    }
    for member in node.child_by_field_name("body").map(children).unwrap_or_default() {
        match member.kind() {
            "method_declaration" => class.methods.push(function(reader, member)),
            "use_declaration" => {
                for name in children(member) {
                    let arg = Arg { key: None, value: Expr::Name(reader.squeezed(name)) };
                    class.body.push(plain_call("use", vec![arg], member.line()));
                }
            }
            "property_declaration" | "const_declaration" => {
                for element in children(member) {
                    let name = children(element).first().map(|name| reader.squeezed(*name)).unwrap_or_default();
                    let value =
                        element.child_by_field_name("default_value").or_else(|| children(element).get(1).copied());
                    if let (Some(value), "property_element" | "const_element") = (value, element.kind()) {
                        let value = expr(reader, value);
                        class.body.push(Expr::Assign(Box::new((Expr::Name(name), value, element.line()))));
                    }
                }
            }
            _ => {}
        }
    }
    class
}

fn marks(reader: &mut Reader, node: Node) -> Vec<Mark> {
    let Some(list) = node.child_by_field_name("attributes") else { return Vec::new() };
    let mut marks = Vec::new();
    for attribute in children(list).into_iter().flat_map(children) {
        let name = children(attribute).first().map(|name| reader.squeezed(*name)).unwrap_or_default();
        let args = attribute.child_by_field_name("parameters").map(|list| args(reader, list)).unwrap_or_default();
        let name = name.rsplit('\\').next().unwrap_or_default().to_owned();
        marks.push(Mark { name, args, line: attribute.line() });
    }
    marks
}

fn function(reader: &mut Reader, node: Node) -> Function {
    let body = match node.child_by_field_name("body") {
        Some(body) if body.kind() == "compound_statement" => all(reader, body),
        Some(body) => vec![Expr::Return(Box::new(expr(reader, body)))],
        None => Vec::new(),
    };
    let mut params = Vec::new();
    for param in node.child_by_field_name("parameters").map(children).unwrap_or_default() {
        let of = param.child_by_field_name("type").map(|of| reader.squeezed(of)).unwrap_or_default();
        params.push(Param { name: reader.field(param, "name").to_owned(), of, marks: Vec::new() });
    }
    Function {
        name: reader.field(node, "name").to_owned(),
        params,
        result: reader.field(node, "return_type").to_owned(),
        marks: marks(reader, node),
        body,
        line: node.line(),
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

fn field(reader: &mut Reader, node: Node, name: &str) -> Expr {
    node.child_by_field_name(name).map(|child| expr(reader, child)).unwrap_or_default()
}

fn lower(reader: &mut Reader, node: Node) -> Expr {
    match node.kind() {
        "string" | "encapsed_string" | "heredoc" | "nowdoc" => string(reader, node),
        "variable_name" | "name" | "qualified_name" | "relative_scope" | "boolean" | "null" | "integer" | "float" => {
            Expr::Name(reader.squeezed(node))
        }
        "class_constant_access_expression" => {
            let text = reader.squeezed(node);
            Expr::Name(text.strip_suffix("::class").map(ToOwned::to_owned).unwrap_or(text))
        }
        "scoped_call_expression"
        | "member_call_expression"
        | "nullsafe_member_call_expression"
        | "function_call_expression"
        | "member_access_expression"
        | "nullsafe_member_access_expression"
        | "subscript_expression" => chain(reader, node),
        "object_creation_expression" => {
            let name = children(node).first().map(|name| reader.squeezed(*name)).unwrap_or_default();
            let list = children(node).into_iter().find(|child| child.kind() == "arguments");
            let args = list.map(|list| args(reader, list)).unwrap_or_default();
            plain_call(format!("new {name}"), args, node.line())
        }
        "array_creation_expression" => array(reader, node),
        "anonymous_function" | "anonymous_function_creation_expression" | "arrow_function" => {
            Expr::Lambda(Box::new(function(reader, node)))
        }
        "assignment_expression" => {
            Expr::Assign(Box::new((field(reader, node, "left"), field(reader, node, "right"), node.line())))
        }
        "require_expression" | "require_once_expression" | "include_expression" | "include_once_expression" => {
            let args = all(reader, node).into_iter().map(|value| Arg { key: None, value }).collect();
            plain_call("require", args, node.line())
        }
        "binary_expression" => {
            let parts = all(reader, node);
            match reader.field(node, "operator") {
                "??" | "?:" => either(parts, node.line()),
                "." => Expr::Joined(parts),
                _ => Expr::Group(parts),
            }
        }
        "return_statement" => {
            Expr::Return(Box::new(children(node).first().map(|n| expr(reader, *n)).unwrap_or_default()))
        }
        "expression_statement" | "parenthesized_expression" if node.named_child_count() == 1 => {
            children(node).first().map(|inner| expr(reader, *inner)).unwrap_or_default()
        }
        _ => Expr::Group(all(reader, node)),
    }
}

fn string(reader: &mut Reader, node: Node) -> Expr {
    let parts = children(node);
    let literal = |part: &Node| matches!(part.kind(), "string_content" | "escape_sequence" | "nowdoc_string");
    let body = parts.iter().find(|part| matches!(part.kind(), "heredoc_body" | "nowdoc_body"));
    if let Some(body) = body {
        return string(reader, *body);
    }
    if parts.iter().all(literal) {
        return Expr::Text(parts.iter().map(|part| reader.text(*part)).collect());
    }
    let mut one = |part: Node| if literal(&part) { Expr::Text(reader.text(part).into()) } else { expr(reader, part) };
    Expr::Joined(parts.into_iter().map(&mut one).collect())
}

fn array(reader: &mut Reader, node: Node) -> Expr {
    let (mut items, mut pairs) = (Vec::new(), Vec::new());
    for element in children(node) {
        let mut parts = all(reader, element);
        match parts.len() {
            2 => {
                let value = parts.pop().unwrap_or_default();
                pairs.push((parts.pop().unwrap_or_default(), value));
            }
            _ => items.append(&mut parts),
        }
    }
    match pairs.is_empty() {
        true => Expr::List(items),
        false => Expr::Pairs(pairs),
    }
}

fn args(reader: &mut Reader, list: Node) -> Vec<Arg> {
    let mut out = Vec::new();
    for argument in children(list) {
        let key = argument.child_by_field_name("name").map(|name| reader.text(name).to_owned());
        let value = children(argument).last().map(|value| expr(reader, *value)).unwrap_or_default();
        out.push(Arg { key, value });
    }
    out
}

/// Goes down to what a chain begins with, and up again.
fn chain(reader: &mut Reader, node: Node) -> Expr {
    let (mut steps, mut at, mut out) = (Vec::new(), Some(node), Expr::Unknown);
    while let Some(step) = at {
        at = match step.kind() {
            "member_call_expression"
            | "nullsafe_member_call_expression"
            | "member_access_expression"
            | "nullsafe_member_access_expression" => step.child_by_field_name("object"),
            "scoped_call_expression" => step.child_by_field_name("scope"),
            "subscript_expression" => children(step).first().copied(),
            "function_call_expression" => None,
            _ => {
                out = expr(reader, step);
                break;
            }
        };
        steps.push(step);
    }
    for step in steps.into_iter().rev() {
        let link = match step.kind() {
            "subscript_expression" => Link::Index(children(step).get(1).map(|i| expr(reader, *i)).unwrap_or_default()),
            "member_access_expression" | "nullsafe_member_access_expression" => {
                Link::Member(reader.field(step, "name").to_owned())
            }
            _ => {
                let function = step.child_by_field_name("name").or_else(|| step.child_by_field_name("function"));
                let name = function.map(|name| reader.squeezed(name)).unwrap_or_default();
                let args = step.child_by_field_name("arguments").map(|list| args(reader, list)).unwrap_or_default();
                Link::Call(Call { name: cut(name), args, block: None, line: function.map_or(step.line(), Node::line) })
            }
        };
        out = linked(out, link);
    }
    begun(out, node)
}

/// What is called may be any expression; names are short.
fn cut(name: String) -> String {
    if name.len() > 200 { String::new() } else { name.trim_start_matches('\\').to_owned() }
}
