//! Expressions, as far as routes need them: owned, so that a file's tree is dropped as soon as the file was read.

use super::tree::Node;

/// An expression that is nested deeper than this is not followed.
pub(super) const MAX_NESTED: usize = 120;

/// An expression.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Value {
    /// Something else.
    #[default]
    Other,
    /// A literal text.
    Text(String),
    /// True or false.
    Truth(bool),
    /// An identifier.
    Name(String),
    /// A member of something.
    Member(Box<Value>, String),
    /// A call.
    Call(Box<Call>),
    /// An array, a list or a tuple.
    List(Vec<Value>),
    /// An object or a dictionary. The values of the key `...` are spread.
    Object(Vec<(String, Value)>),
    /// A function of the same file, by its number.
    Function(usize),
    /// A class of the same file, by its number.
    Class(usize),
    /// Texts put together.
    Join(Vec<Value>),
    /// One of these, nobody knows which.
    Either(Vec<Value>),
    /// The elements of a list, spread.
    Spread(Box<Value>),
    /// An assignment: where to, and what.
    Assign(Box<Value>, Box<Value>),
}

/// A call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Call {
    /// What is called.
    pub(super) callee: Value,
    /// What it is called with, in order.
    pub(super) arguments: Vec<Value>,
    /// What it is called with by name.
    pub(super) named: Vec<(String, Value)>,
    /// The line of the name that is called, from 1.
    pub(super) line: u32,
    /// Whether it makes an instance: `new`.
    pub(super) new: bool,
}

impl Call {
    /// An argument by its name.
    pub(super) fn named(&self, name: &str) -> Option<&Value> {
        self.named.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl Value {
    /// The name that is written: `a.b` of `a.b`, of `a.b()` and of `new a.b()`. Empty where there is none.
    pub(super) fn dotted(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Member(base, name) => match base.dotted() {
                base if base.is_empty() => name.clone(),
                base => format!("{base}.{name}"),
            },
            Self::Call(call) => call.callee.dotted(),
            Self::Spread(inner) => inner.dotted(),
            _ => String::new(),
        }
    }

    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The call, where it is one.
    pub(super) fn call(&self) -> Option<&Call> {
        match self {
            Self::Call(call) => Some(call),
            _ => None,
        }
    }

    /// What a key of an object holds.
    pub(super) fn key(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Object(pairs) => pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The elements of a list; of anything else, itself.
    pub(super) fn elements(&self) -> &[Value] {
        match self {
            Self::List(elements) => elements,
            other => std::slice::from_ref(other),
        }
    }
}

/// A node's text.
pub(super) fn text_of<'t>(node: Node, text: &'t [u8]) -> std::borrow::Cow<'t, str> {
    String::from_utf8_lossy(text.get(node.byte_range()).unwrap_or_default())
}

/// A node's named children, without comments.
pub(super) fn children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    node.named_children().filter(|child| child.kind() != "comment").collect()
}

/// What is nested deeper in a file is not walked: what is around a node is looked for from one to the next.
const MAX_WALKED: u32 = 500;

/// Every node below one, and itself, from above to below; `enter` says whether to go into a node.
pub(super) fn walk<'t>(root: Node<'t>, enter: impl FnMut(Node<'t>) -> bool) {
    root.walk(MAX_WALKED, enter);
}

/// The line of the first syntax error, where there is one.
pub(super) fn first_error(root: Node) -> Option<u32> {
    let mut found = None;
    walk(root, |node| {
        if found.is_none() && (node.is_error()) {
            found = Some(node.line());
        }
        found.is_none() && node.has_error()
    });
    found
}
