//! Look-ups by what the client chose, and data that is used as it came.

use super::super::super::body::FactKind;
use super::super::super::names::{is_owner, is_user_id, role_of, words};
use super::super::super::route::Role;
use super::super::super::tree::Node;
use super::super::super::value::{children, walk};
use super::{Reader, is_caller, is_whole_body};

/// Calls that find or change stored objects by what they are handed.
const LOOK_UPS: &[&str] = &[
    "findById", "findByPk", "findOne", "findUnique", "findUniqueOrThrow", "findFirst", "findFirstOrThrow", "findOneBy",
    "findOneByOrFail", "findOneOrFail", "findByIdAndUpdate", "findByIdAndDelete", "findByIdAndRemove",
    "findOneAndUpdate", "findOneAndDelete", "findOneAndReplace", "deleteOne", "updateOne", "replaceOne", "findBy",
    "getById", "findAll", "find",
];

/// The same, where they say which: `delete({ where: … })`.
const WITH_WHERE: &[&str] = &["update", "delete", "destroy", "upsert", "updateMany", "deleteMany", "count", "findMany"];

/// Calls that are handed SQL.
const SQL: &[&str] =
    &["query", "execute", "raw", "all", "get", "run", "$queryRaw", "$queryRawUnsafe", "$executeRaw", "unsafe"];

impl<'t> Reader<'t, '_> {
    /// A look-up by what the client chose.
    pub(super) fn query(&mut self, node: Node<'t>, name: &str) {
        let last = name.rsplit('.').next().unwrap_or_default();
        let arguments = self.arguments(node);
        let by_id = last.ends_with("ById")
            && ["get", "find", "load", "fetch", "delete", "update", "remove"].iter().any(|verb| last.starts_with(verb));
        let wheres = arguments
            .iter()
            .filter_map(|argument| self.object(*argument))
            .any(|object| self.key(object, "where").is_some());
        let looks_up = LOOK_UPS.contains(&last) || by_id || WITH_WHERE.contains(&last) && wheres;
        let sql = SQL.contains(&last) && arguments.first().is_some_and(|first| is_sql(&self.long_text(*first)));
        if !looks_up && !sql {
            self.whole_body(node, name, &arguments);
            return;
        }
        let parts = self.parts(&arguments);
        let chosen = parts.iter().filter(|(part, key)| {
            let from_params = part.contains("params");
            from_params || by_id || last.contains("ById") || last.contains("Pk") || is_id(part) || is_id(key)
        });
        let mut chosen = chosen.peekable();
        if chosen.peek().is_none() || self.is_mail_or_name(&parts) {
            self.whole_body(node, name, &arguments);
            return;
        }
        let scoped = self.names_owner(&arguments);
        self.fact(node, FactKind::Lookup { scoped }, name);
        self.whole_body(node, name, &arguments);
    }

    /// Whether all that is chosen is how people sign in.
    fn is_mail_or_name(&self, parts: &[(String, String)]) -> bool {
        let signs_in = |name: &str| {
            words(name).last().is_some_and(|word| matches!(word.as_str(), "email" | "username" | "password"))
        };
        !parts.is_empty() && parts.iter().all(|(part, key)| signs_in(part) || signs_in(key))
    }

    /// The parts of the request within arguments, and the keys that hold them.
    fn parts(&self, arguments: &[Node<'t>]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for argument in arguments {
            walk(*argument, |inner| {
                let part = self.request_part(inner);
                if let Some(part) = &part {
                    let pair = inner.parent().filter(|parent| parent.kind() == "pair");
                    let key = pair.map(|pair| self.field(pair, "key")).unwrap_or_default();
                    found.push((part.clone(), key));
                }
                part.is_none() && !super::is_function(inner)
            });
        }
        found
    }

    /// Whether a query names an owner who is not told by the request.
    fn names_owner(&self, arguments: &[Node<'t>]) -> bool {
        let mut owner = false;
        for argument in arguments {
            walk(*argument, |inner| {
                match inner.kind() {
                    "pair" => {
                        let key = self.field(inner, "key");
                        let value = inner.child_by_field_name("value");
                        let chosen = value.is_some_and(|value| self.request_part(value).is_some());
                        owner |= is_owner(&key) && !chosen && !matches!(key.as_str(), "include" | "select");
                    }
                    "shorthand_property_identifier" => {
                        owner |= is_owner(&self.text(inner)) && self.request_part(inner).is_none();
                    }
                    "member_expression" => {
                        let name = self.text(inner);
                        owner |= is_caller(name.rsplit_once('.').map_or(&name, |(base, _)| base));
                    }
                    "string_fragment" | "template_string" | "string" => {
                        let sql = self.long_text(inner).to_ascii_lowercase();
                        owner |= is_sql(&sql)
                            && sql
                                .split(|c: char| !c.is_alphanumeric() && c != '_')
                                .skip_while(|word| *word != "where")
                                .any(is_owner);
                    }
                    _ => {}
                }
                let joined =
                    inner.kind() == "pair" && matches!(self.field(inner, "key").as_str(), "include" | "select");
                !(super::is_function(inner) || joined)
            });
        }
        owner
    }

    /// What was sent, used as it came.
    fn whole_body(&mut self, node: Node<'t>, name: &str, arguments: &[Node<'t>]) {
        const TAKES: &[&str] = &[
            "create", "insert", "insertOne", "insertMany", "update", "updateOne", "save", "assign",
            "findByIdAndUpdate", "findOneAndUpdate", "bulkCreate", "upsert", "build", "set", "add", "patch", "merge",
        ];
        let last = name.rsplit('.').next().unwrap_or_default();
        let looks_only = matches!(
            last,
            "log"
                | "info"
                | "debug"
                | "warn"
                | "error"
                | "stringify"
                | "keys"
                | "parse"
                | "safeParse"
                | "pick"
                | "json"
                | "send"
        );
        if looks_only
            || role_of(last) == Role::Schema
            || super::super::super::names::role_of_call(name) == Some(Role::Schema)
        {
            return;
        }
        let is_whole = |inner: Node<'t>| match inner.kind() {
            "member_expression" => is_whole_body(&self.text(inner)),
            "identifier" => {
                let (name, at) = (self.text(inner), inner.start_byte());
                TAKES.contains(&last)
                    && self.asked.iter().any(|asked| asked.whole && asked.name == name && asked.within.contains(&at))
            }
            _ => false,
        };
        let mut used = false;
        for argument in arguments {
            let direct = is_whole(*argument);
            let in_object = argument.kind() == "object"
                && children(*argument).into_iter().any(|part| match part.kind() {
                    "spread_element" => children(part).first().is_some_and(|inner| is_whole(*inner)),
                    "pair" => part.child_by_field_name("value").is_some_and(is_whole),
                    _ => false,
                });
            used |= direct || in_object;
        }
        if used {
            self.fact(node, FactKind::WholeBody, name);
        }
    }

    /// `req.params.userId`.
    pub(super) fn user_from_request(&mut self, node: Node<'t>) {
        if node.kind() != "member_expression" || !is_user_id(&self.field(node, "property")) {
            return;
        }
        if let Some(part) = self.request_part(node) {
            self.fact(node, FactKind::UserFromRequest, &part);
        }
    }
}

/// Whether a name is that of an object's id.
fn is_id(name: &str) -> bool {
    words(name).last().is_some_and(|word| {
        matches!(word.as_str(), "id" | "ids" | "uuid" | "guid" | "pk" | "uid" | "userid" | "slug" | "number")
    })
}

/// Whether a text is a query with a condition.
fn is_sql(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("where") && ["select ", "update ", "delete "].iter().any(|verb| lower.contains(verb))
}
