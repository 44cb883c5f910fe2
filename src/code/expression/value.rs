//! From nodes to values and names. Every recursion has a floor: a hostile file nests without end.

use super::super::tree::Node;
use super::{Argument, Call, Entry, Value};

/// Values deeper than this are not known.
pub(super) const DEEP: usize = 12;

/// A list or table holds no more than this.
const MANY: usize = 2_000;

/// A name is cut here, from its end.
pub(super) const LONG: usize = 200;

/// What makes a list of what is handed to it.
const LISTS: &[&str] = &[
    "List.of", "Arrays.asList", "Set.of", "Collections.singletonList", "Collections.singleton", "ImmutableList.of",
    "vec!", "list", "tuple", "set",
];

/// What leaves a literal as it is.
const TRANSPARENT: &[&str] = &["freeze", "to_string", "into", "to_owned", "as_str", "to_vec", "parse", "html_safe"];

/// Reads the nodes of one text.
#[derive(Clone, Copy)]
pub(super) struct Reader<'t>(pub(super) &'t [u8]);

impl<'t> Reader<'t> {
    pub(super) fn text(self, node: Node<'_>) -> &'t str {
        let bytes = self.0.get(node.byte_range()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// What a node is worth.
    pub(super) fn value(self, node: Node<'_>, depth: usize) -> Value {
        if depth > DEEP {
            return Value::Unknown;
        }
        match node.kind() {
            "true" | "false" | "True" | "False" | "boolean" | "boolean_literal" => {
                Value::Flag(self.text(node).eq_ignore_ascii_case("true"))
            }
            "null" | "nil" | "none" | "undefined" | "null_literal" => Value::Nothing,
            "number"
            | "integer"
            | "float"
            | "integer_literal"
            | "int_literal"
            | "float_literal"
            | "decimal_integer_literal"
            | "decimal_floating_point_literal" => {
                self.text(node).replace('_', "").parse().map_or(Value::Unknown, Value::Number)
            }
            "string"
            | "template_string"
            | "string_literal"
            | "interpreted_string_literal"
            | "raw_string_literal"
            | "encapsed_string"
            | "chained_string"
            | "concatenated_string"
            | "bare_string"
            | "bare_symbol"
            | "heredoc_body"
            | "delimited_symbol" => self.string(node, depth),
            "simple_symbol" => Value::Text(self.text(node).trim_start_matches(':').to_owned()),
            "array"
            | "list"
            | "tuple"
            | "tuple_expression"
            | "set"
            | "array_initializer"
            | "array_expression"
            | "string_array"
            | "symbol_array"
            | "element_value_array_initializer" => self.list(node, depth),
            "object" | "dictionary" | "hash" => self.table(node, depth),
            "array_creation_expression" => self.php_array(node, depth),
            "binary_expression" | "boolean_operator" | "binary" | "binary_operator" => self.binary(node, depth),
            "ternary_expression" | "conditional_expression" | "conditional" => self.either(node, depth),
            "parenthesized_expression"
            | "await_expression"
            | "await"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
            | "reference_expression"
            | "unary_expression"
            | "try_expression"
            | "argument"
            | "literal_element"
            | "expression_list"
            | "parenthesized_statements"
            | "type_assertion"
            | "statement_block"
            | "expression_statement" => self.inner(node, depth),
            "cast_expression" => node.child_by_field_name("value").map_or(Value::Unknown, |v| self.value(v, depth + 1)),
            "closure_expression" => {
                node.child_by_field_name("body").map_or(Value::Unknown, |b| self.value(b, depth + 1))
            }
            "arrow_function" => match node.child_by_field_name("body") {
                Some(body) if body.kind() == "call_expression" => self.value(body, depth + 1),
                Some(body) if body.kind() == "statement_block" && body.named_child_count() == 1 => {
                    self.value(body, depth + 1)
                }
                _ => Value::Unknown,
            },
            kind if is_call(kind) => self.called(node, depth),
            _ => self.name(node, 0).map_or(Value::Unknown, Value::Name),
        }
    }

    /// The one thing that stands in a node.
    fn inner(self, node: Node<'_>, depth: usize) -> Value {
        // `!x` and `-x` are not `x`.
        let sign = node.children().next().map_or("", |first| first.kind());
        match node.named_child(0) {
            Some(only) if !matches!(sign, "!" | "-" | "~" | "not") => self.value(only, depth + 1),
            _ => Value::Unknown,
        }
    }

    fn string(self, node: Node<'_>, depth: usize) -> Value {
        let (mut parts, mut plain) = (Vec::new(), String::new());
        let mut seen = false;
        for child in node.named_children().take(MANY) {
            let kind = child.kind();
            match kind {
                "string_start" | "string_end" => {}
                "escape_sequence" => plain.push_str(self.text(child)),
                _ if kind.ends_with("content") || kind.ends_with("fragment") || kind == "string_value" => {
                    plain.push_str(self.text(child));
                    // An f-string's content holds its braces.
                    parts.extend(
                        child
                            .named_children()
                            .filter(|c| c.kind() == "interpolation")
                            .filter_map(|c| c.named_child(0).map(|c| self.value(c, depth + 1))),
                    );
                }
                "interpolation" | "template_substitution" => {
                    parts.push(Value::Text(std::mem::take(&mut plain)));
                    parts.push(child.named_child(0).map_or(Value::Unknown, |inner| self.value(inner, depth + 1)));
                }
                _ => {
                    parts.push(Value::Text(std::mem::take(&mut plain)));
                    parts.push(self.value(child, depth + 1));
                }
            }
            seen = true;
        }
        if !seen {
            return Value::Text(self.text(node).trim_matches(['"', '\'', '`']).to_owned());
        }
        if parts.is_empty() {
            return Value::Text(plain);
        }
        parts.push(Value::Text(plain));
        parts.retain(|part| part.text() != Some(""));
        match parts.iter().all(|part| part.text().is_some()) {
            true => Value::Text(parts.iter().filter_map(Value::text).collect()),
            false => Value::Joined(parts),
        }
    }

    fn list(self, node: Node<'_>, depth: usize) -> Value {
        let items = node.named_children().filter(|c| !is_comment(c.kind())).take(MANY);
        Value::List(items.map(|child| self.value(child, depth + 1)).collect())
    }

    fn table(self, node: Node<'_>, depth: usize) -> Value {
        let entries = node.named_children().take(MANY).filter_map(|child| self.entry(child, depth));
        Value::Table(entries.collect())
    }

    fn entry(self, node: Node<'_>, depth: usize) -> Option<Entry> {
        let line = node.line();
        let (key, value) = match node.kind() {
            "pair" | "keyword_argument" | "element_value_pair" => {
                let key = node.child_by_field_name("key").or_else(|| node.child_by_field_name("name"))?;
                let value = node.child_by_field_name("value");
                (self.key(key), value.map_or(Value::Unknown, |value| self.value(value, depth + 1)))
            }
            "field_initializer" => {
                let value = node.child_by_field_name("value")?;
                (self.key(node.child_by_field_name("field")?), self.value(value, depth + 1))
            }
            "keyed_element" => (self.key(node.named_child(0)?), self.value(node.named_child(1)?, depth + 1)),
            "shorthand_property_identifier" | "shorthand_field_initializer" => {
                let name = self.text(node).to_owned();
                (name.clone(), Value::Name(name))
            }
            "method_definition" => (self.key(node.child_by_field_name("name")?), Value::Unknown),
            "spread_element" => ("...".to_owned(), self.value(node.named_child(0)?, depth + 1)),
            _ => return None,
        };
        Some(Entry { key, value, line })
    }

    fn key(self, node: Node<'_>) -> String {
        match self.value(node, DEEP) {
            Value::Text(text) => text,
            Value::Name(name) => name,
            _ => self.text(node).trim_matches(['"', '\'', ':', '[', ']']).chars().take(LONG).collect(),
        }
    }

    fn php_array(self, node: Node<'_>, depth: usize) -> Value {
        let items: Vec<Node<'_>> =
            node.named_children().filter(|c| c.kind() == "array_element_initializer").take(MANY).collect();
        if items.iter().any(|item| item.named_child_count() == 2) {
            let entry = |item: &Node<'_>| {
                let value = self.value(item.named_child(1)?, depth + 1);
                Some(Entry { key: self.key(item.named_child(0)?), value, line: item.line() })
            };
            return Value::Table(items.iter().filter_map(entry).collect());
        }
        let value = |item: &Node<'_>| item.named_child(0).map_or(Value::Unknown, |inner| self.value(inner, depth + 1));
        Value::List(items.iter().map(value).collect())
    }

    fn binary(self, node: Node<'_>, depth: usize) -> Value {
        let side = |field| node.child_by_field_name(field).map_or(Value::Unknown, |side| self.value(side, depth + 1));
        let operator = node.child_by_field_name("operator").map_or("", |operator| self.text(operator));
        match operator {
            "||" | "??" | "or" => Value::OneOf(vec![side("left"), side("right")]),
            "+" | "." | "%" => Value::Joined(vec![side("left"), side("right")]),
            _ => Value::Unknown,
        }
    }

    fn either(self, node: Node<'_>, depth: usize) -> Value {
        let field = |names: [&str; 2]| names.iter().find_map(|name| node.child_by_field_name(name));
        let (one, other) = match field(["alternative", "alternative"]) {
            Some(other) => (field(["consequence", "body"]).or_else(|| node.named_child(0)), Some(other)),
            None => (node.named_child(0), node.named_child(2)),
        };
        let value = |side: Option<Node<'_>>| side.map_or(Value::Unknown, |side| self.value(side, depth + 1));
        Value::OneOf(vec![value(one), value(other)])
    }

    /// The value of a call: a list where it makes one, a literal where it leaves one as it is.
    fn called(self, node: Node<'_>, depth: usize) -> Value {
        if node.kind() == "composite_literal" {
            let kind = node.child_by_field_name("type").map_or("", |kind| kind.kind());
            let Some(body) = node.child_by_field_name("body") else { return Value::Unknown };
            match kind {
                "slice_type" | "array_type" | "implicit_length_array_type" => return self.list(body, depth),
                "map_type" => return self.table(body, depth),
                _ => {}
            }
        }
        if let Some(literal) = self.literal_receiver(node) {
            return self.value(literal, depth + 1);
        }
        let Some(call) = self.call(node, depth) else { return Value::Unknown };
        if LISTS.contains(&call.name.as_str()) {
            let items = call.arguments.into_iter().map(|argument| argument.value);
            return match items.len() {
                1 => items
                    .map(|only| if matches!(only, Value::List(_)) { only } else { Value::List(vec![only]) })
                    .collect::<Vec<_>>()
                    .remove(0),
                _ => Value::List(items.collect()),
            };
        }
        if matches!(call.name.as_str(), "String.from" | "HeaderValue.from_static" | "Cow.from" | "Some")
            && call.arguments.len() == 1
        {
            return call.arguments.into_iter().next().map_or(Value::Unknown, |argument| argument.value);
        }
        Value::Call(Box::new(call))
    }

    /// The literal that a method is called on that gives it back.
    fn literal_receiver(self, node: Node<'_>) -> Option<Node<'_>> {
        let node_of = |name: &str| node.child_by_field_name(name);
        let (receiver, method) = match node.kind() {
            "call" => (node_of("receiver")?, node_of("method")?),
            "call_expression" => {
                let function = node_of("function").filter(|f| f.kind() == "field_expression")?;
                (function.child_by_field_name("value")?, function.child_by_field_name("field")?)
            }
            _ => return None,
        };
        let is_literal = matches!(receiver.kind(), "string" | "string_literal" | "array" | "string_array");
        (is_literal && TRANSPARENT.contains(&self.text(method))).then_some(receiver)
    }

    /// A call, if the node is one.
    pub(super) fn call(self, node: Node<'_>, depth: usize) -> Option<Call> {
        let name = self.name(node, 0)?;
        let mut arguments = Vec::new();
        let list = ["arguments", "body"].iter().find_map(|field| node.child_by_field_name(field));
        let is_structure = matches!(node.kind(), "composite_literal" | "struct_expression");
        if node.kind() == "macro_invocation" {
            arguments = self.tokens(node);
        } else if let Some(list) = list.filter(|list| is_structure || list.kind().contains("argument")) {
            for child in list.named_children().filter(|c| !is_comment(c.kind())).take(MANY) {
                arguments.push(self.argument(child, depth));
            }
        }
        let span = (node.start_byte(), node.end_byte());
        Some(Call { name, arguments, line: node.line(), span })
    }

    fn argument(self, node: Node<'_>, depth: usize) -> Argument {
        if node.kind() == "argument" {
            let name = node.child_by_field_name("name").map(|name| self.text(name).to_owned());
            let last = node.named_children().last();
            return Argument { name, value: last.map_or(Value::Unknown, |value| self.value(value, depth + 1)) };
        }
        match self.entry(node, depth) {
            Some(entry) if node.kind() != "spread_element" => Argument { name: Some(entry.key), value: entry.value },
            _ => Argument { name: None, value: self.value(node, depth + 1) },
        }
    }

    /// The names and texts in the arguments of a macro, whose syntax is its own.
    fn tokens(self, node: Node<'_>) -> Vec<Argument> {
        let Some(tree) = node.named_children().find(|child| child.kind() == "token_tree") else {
            return Vec::new();
        };
        let (mut values, mut joins) = (Vec::<Value>::new(), false);
        for child in tree.children().take(MANY) {
            match (child.kind(), values.last_mut()) {
                ("." | "::", _) => joins = true,
                ("identifier" | "self", Some(Value::Name(name))) if joins => {
                    *name = format!("{name}.{}", self.text(child));
                    joins = false;
                }
                ("identifier" | "self", _) => values.push(Value::Name(self.text(child).to_owned())),
                ("string_literal" | "raw_string_literal", _) => values.push(self.string(child, 0)),
                ("token_tree", Some(Value::Name(_))) => joins = false,
                _ => joins = false,
            }
        }
        values.into_iter().map(|value| Argument { name: None, value }).collect()
    }
}

/// Whether a node of this kind calls, makes or applies something.
pub(super) fn is_call(kind: &str) -> bool {
    matches!(
        kind,
        "call_expression"
            | "new_expression"
            | "call"
            | "method_invocation"
            | "object_creation_expression"
            | "function_call_expression"
            | "member_call_expression"
            | "nullsafe_member_call_expression"
            | "scoped_call_expression"
            | "macro_invocation"
            | "composite_literal"
            | "struct_expression"
            | "annotation"
            | "marker_annotation"
    )
}

pub(super) fn is_comment(kind: &str) -> bool {
    matches!(kind, "comment" | "line_comment" | "block_comment")
}
