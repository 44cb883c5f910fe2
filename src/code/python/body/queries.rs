//! Look-ups by what the client chose, and data that is used as it came.

use super::super::super::body::FactKind;
use super::super::super::names::{is_owner, words};
use super::super::super::tree::Node;
use super::super::super::value::{children, text_of, walk};
use super::{Reader, is_id, request_text};

/// Calls that find stored objects by what they are handed.
const LOOK_UPS: &[&str] = &[
    "get", "filter", "filter_by", "get_object_or_404", "get_list_or_404", "get_or_404", "find_one", "where", "exclude",
    "aget", "one_or_404", "delete_one", "update_one", "find_one_and_update", "find_by_id", "get_by_id", "first_or_404",
];

/// What stands for whoever is calling.
const CALLER: &[&str] = &[
    "request.user", "current_user", "g.user", "session[", "session.get('", "session.get(\"", "get_jwt_identity",
    "current_identity", "request.auth", "resp['sub']", "token_data",
];

impl<'t> Reader<'t, '_> {
    /// A look-up by what the client chose.
    pub(super) fn query(&mut self, node: Node<'t>, name: &str) {
        let last = name.rsplit('.').next().unwrap_or_default();
        let base = name.rsplit_once('.').map_or("", |(base, _)| base).to_ascii_lowercase();
        let arguments = self.arguments(node);
        let stored = [
            "objects", "query", "session", "db", "select", "collection", "repo", "queryset", "manager", "crud", "mongo",
        ];
        let of_store = words(&base).iter().any(|part| stored.contains(&part.as_str()));
        let free = matches!(
            last,
            "get_object_or_404"
                | "get_list_or_404"
                | "get_or_404"
                | "one_or_404"
                | "filter_by"
                | "find_by_id"
                | "get_by_id"
        );
        let looks_up = LOOK_UPS.contains(&last) && (of_store || free) && request_text(&base).is_none();
        let sql = matches!(last, "execute" | "raw" | "text" | "fetch_one" | "fetchrow" | "fetch" | "exec")
            && arguments.iter().any(|(_, argument)| self.is_sql(*argument));
        if !looks_up && !sql {
            return;
        }
        let chosen = arguments.iter().any(|(key, argument)| {
            self.holds_request(*argument) && (is_id(key) || key.is_empty() || key.contains("id"))
        });
        if !chosen {
            return;
        }
        let scoped = self.names_owner(node);
        self.fact(node, FactKind::Lookup { scoped }, name);
    }

    /// Whether a node holds a part of the request.
    fn holds_request(&self, node: Node<'t>) -> bool {
        let mut holds = false;
        walk(node, |inner| {
            match inner.kind() {
                "identifier" => {
                    let (name, at) = (self.text(inner), inner.start_byte());
                    let key = inner.parent().is_some_and(|parent| {
                        matches!(parent.kind(), "keyword_argument" | "attribute")
                            && parent
                                .named_child(0)
                                .is_none_or(|first| first.id() != inner.id() || parent.kind() == "keyword_argument")
                            && parent.child_by_field_name("value").is_none_or(|value| value.id() != inner.id())
                    });
                    holds |= !key && self.asked.iter().any(|asked| asked.name == name && asked.within.contains(&at));
                }
                "subscript" | "call" | "attribute" => holds |= request_text(&self.text(inner)).is_some(),
                _ => {}
            }
            !holds
        });
        holds
    }

    /// Whether the whole query names whoever is calling, or an owner who is not told by the request.
    fn names_owner(&self, node: Node<'t>) -> bool {
        let mut top = node;
        while let Some(parent) =
            top.parent().filter(|parent| matches!(parent.kind(), "attribute" | "call" | "argument_list" | "await"))
        {
            top = parent;
        }
        let whole = text_of(top, self.text);
        if CALLER.iter().any(|caller| whole.contains(caller)) {
            return true;
        }
        let mut owner = false;
        walk(top, |inner| {
            match inner.kind() {
                "keyword_argument" => {
                    let value = inner.child_by_field_name("value");
                    owner |=
                        is_owner(&self.field(inner, "name")) && value.is_some_and(|value| !self.holds_request(value));
                }
                "comparison_operator" => {
                    let sides = children(inner);
                    owner |= sides
                        .first()
                        .is_some_and(|left| is_owner(self.text(*left).rsplit('.').next().unwrap_or_default()))
                        && sides.last().is_some_and(|right| !self.holds_request(*right));
                }
                "string" => {
                    let lower = text_of(inner, self.text).to_ascii_lowercase();
                    let condition = lower.split_once("where").map_or("", |(_, condition)| condition);
                    owner |= condition.contains(" and ")
                        && condition.split(|c: char| !c.is_alphanumeric() && c != '_').any(is_owner);
                }
                _ => {}
            }
            !owner
        });
        owner
    }

    fn is_sql(&self, node: Node<'t>) -> bool {
        let lower = text_of(node, self.text).to_ascii_lowercase();
        lower.contains("where") && ["select ", "update ", "delete "].iter().any(|verb| lower.contains(verb))
    }

    /// What was sent, used as it came: `Model(**request.json)`, `update(request.data)`.
    pub(super) fn whole_body(&mut self, node: Node<'t>, name: &str) {
        let last = name.rsplit('.').next().unwrap_or_default();
        let takes = matches!(
            last,
            "create" | "update" | "insert_one" | "insert" | "save" | "update_one" | "bulk_create" | "from_dict"
        );
        let used = self.arguments(node).into_iter().any(|(_, argument)| {
            let inner = match argument.kind() {
                "dictionary_splat" => children(argument).first().copied(),
                _ if takes => Some(argument),
                _ => None,
            };
            inner.is_some_and(|inner| {
                let (text, at) = (self.text(inner), inner.start_byte());
                let named =
                    self.asked.iter().any(|asked| asked.whole && asked.name == text && asked.within.contains(&at));
                request_text(&text) == Some(true) || named
            })
        });
        if used {
            self.fact(node, FactKind::WholeBody, name);
        }
    }
}
