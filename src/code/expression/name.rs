//! From nodes to names with dots between their parts, whatever the language has there.

use super::super::tree::Node;
use super::value::{DEEP, LONG, Reader};

impl Reader<'_> {
    /// A name with dots.
    pub(super) fn name(self, node: Node<'_>, depth: usize) -> Option<String> {
        // A chain of calls is as deep as it is long.
        if depth > 4 * DEEP {
            return Some(String::new());
        }
        let field = |name: &str| node.child_by_field_name(name);
        let deeper = |node: Node<'_>| self.name(node, depth + 1);
        let joined = |one: Option<Node<'_>>, other: Option<Node<'_>>| {
            let (one, other) = (one.and_then(deeper).unwrap_or_default(), self.segment(other?, depth)?);
            let whole = if one.is_empty() { other } else { format!("{one}.{other}") };
            Some(if whole.len() > LONG {
                whole.chars().skip(whole.chars().count().saturating_sub(LONG)).collect()
            } else {
                whole
            })
        };
        match node.kind() {
            "variable_name" => Some(self.text(node).trim_start_matches('$').to_owned()),
            "identifier"
            | "property_identifier"
            | "private_property_identifier"
            | "shorthand_property_identifier"
            | "field_identifier"
            | "type_identifier"
            | "package_identifier"
            | "constant"
            | "instance_variable"
            | "global_variable"
            | "class_variable"
            | "name"
            | "this"
            | "self"
            | "super"
            | "crate"
            | "import"
            | "qualified_name"
            | "scoped_type_identifier"
            | "qualified_type"
            | "hash_key_symbol"
            | "namespace_identifier"
            | "relative_scope"
            | "meta_property" => {
                let text = self.text(node).replace("::", ".").replace('\\', ".");
                Some(text.trim_matches('.').chars().take(LONG).collect())
            }
            "member_expression" => joined(field("object"), field("property")),
            "subscript_expression" => {
                joined(field("object").or_else(|| node.named_child(0)), field("index").or_else(|| node.named_child(1)))
            }
            "member_access_expression" | "nullsafe_member_access_expression" => joined(field("object"), field("name")),
            "attribute" => joined(field("object"), field("attribute")),
            "subscript" => joined(field("value"), field("subscript")),
            "selector_expression" => joined(field("operand"), field("field")),
            "index_expression" => joined(node.named_child(0), node.named_child(1)),
            "field_access" => joined(field("object"), field("field")),
            "field_expression" => joined(field("value"), field("field")),
            "scoped_identifier" => joined(field("path").or_else(|| field("scope")), field("name")),
            "scope_resolution" => joined(field("scope"), field("name")),
            "element_reference" | "class_constant_access_expression" | "scoped_property_access_expression" => {
                joined(node.named_child(0), node.named_child(1))
            }
            "generic_function" | "generic_type" | "instantiation_expression" => node.named_child(0).and_then(deeper),
            "parenthesized_expression"
            | "await_expression"
            | "await"
            | "non_null_expression"
            | "try_expression"
            | "reference_expression"
            | "as_expression" => node.named_child(0).and_then(deeper),
            "call_expression" | "function_call_expression" => field("function").and_then(deeper),
            "new_expression" => field("constructor").and_then(deeper),
            "call" => match (field("function"), field("method")) {
                (Some(function), _) => deeper(function),
                (None, method) => joined(field("receiver"), method),
            },
            "method_invocation" => joined(field("object"), field("name")),
            "object_creation_expression" => field("type").or_else(|| node.named_child(0)).and_then(deeper),
            "member_call_expression" | "nullsafe_member_call_expression" => joined(field("object"), field("name")),
            "scoped_call_expression" => joined(field("scope"), field("name")),
            "macro_invocation" => field("macro").and_then(deeper).map(|name| format!("{name}!")),
            "composite_literal" => field("type").and_then(deeper),
            "struct_expression" => field("name").and_then(deeper),
            "annotation" | "marker_annotation" => field("name").and_then(deeper).map(|name| format!("@{name}")),
            _ => None,
        }
    }

    /// What stands behind a dot or in brackets. A text that is put together is none: its parts would be names again.
    fn segment(self, node: Node<'_>, depth: usize) -> Option<String> {
        match node.kind() {
            "string"
            | "string_literal"
            | "interpreted_string_literal"
            | "encapsed_string"
            | "simple_symbol"
            | "template_string" => self.value(node, DEEP).text().map(str::to_owned),
            "integer" | "number" | "int_literal" => Some(self.text(node).to_owned()),
            _ => self.name(node, depth + 1),
        }
    }
}
