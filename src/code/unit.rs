//! Programs, as far as routes are told by them, in a form that all languages share: calls, literals, functions and classes.
//!
//! Trees are read into this at once and dropped, so that what stands in other files can be linked without holding them.

use std::sync::Arc;

use super::route::{Handler, Place};

/// An expression or a statement.
#[derive(Clone, Debug, Default)]
pub(super) enum Expr {
    /// Nothing that is understood.
    #[default]
    Unknown,
    /// A literal text, or a symbol.
    Text(String),
    /// A text that is put together.
    Joined(Vec<Expr>),
    /// A variable, a constant, `true`, a number: as it is written.
    Name(String),
    /// Something, and what is called, read and looked up on it, in order.
    Chain(Box<Chain>),
    /// A list.
    List(Vec<Expr>),
    /// Keys and values.
    Pairs(Vec<(Expr, Expr)>),
    /// A function without a name.
    Lambda(Box<Function>),
    /// What is assigned to what, and the line.
    Assign(Box<(Expr, Expr, u32)>),
    /// What a function gives back.
    Return(Box<Expr>),
    /// A condition, a loop, an operation: whatever is in it, in order.
    Group(Vec<Expr>),
}

/// `base.link.link`. A call of a plain function has no base.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// What it begins with; `Unknown` where it begins with a call.
    pub base: Expr,
    /// Never empty.
    pub links: Vec<Link>,
    /// The line where it begins, from 1.
    pub line: u32,
}

/// One step of a chain.
#[derive(Clone, Debug)]
pub(super) enum Link {
    /// A call.
    Call(Call),
    /// A field.
    Member(String),
    /// What is in brackets.
    Index(Expr),
}

/// A call.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    /// The function's name, with its path where the language writes it as one: `web::scope`.
    pub name: String,
    /// What is passed.
    pub args: Vec<Arg>,
    /// The block behind it.
    pub block: Option<Function>,
    /// The line, from 1.
    pub line: u32,
}

/// What is passed to a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Arg {
    /// The name it is passed by.
    pub key: Option<String>,
    /// What.
    pub value: Expr,
}

/// A function, a method, or a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Function {
    /// Its name; none has an empty one.
    pub name: String,
    /// The type it belongs to, where that is written at the function.
    pub owner: String,
    /// The name of the receiver in it, where the language lets one choose.
    pub this: String,
    /// Parameters, in order.
    pub params: Vec<Param>,
    /// The type that it gives back, as it is written.
    pub result: String,
    /// Annotations.
    pub marks: Vec<Mark>,
    /// What it does.
    pub body: Vec<Expr>,
    /// Its first line, from 1.
    pub line: u32,
    /// Its last line.
    pub end: u32,
}

/// A parameter.
#[derive(Clone, Debug, Default)]
pub(super) struct Param {
    /// Its name.
    pub name: String,
    /// Its type, as it is written.
    pub of: String,
    /// Annotations.
    pub marks: Vec<Mark>,
}

/// An annotation or attribute.
#[derive(Clone, Debug, Default)]
pub(super) struct Mark {
    /// Its name, without its path.
    pub name: String,
    /// What is passed.
    pub args: Vec<Arg>,
    /// The line, from 1.
    pub line: u32,
}

/// A class, an interface or a module.
#[derive(Clone, Debug, Default)]
pub(super) struct Class {
    /// Its name with all that it stands in, as the language joins them.
    pub name: String,
    /// What it inherits from, as it is written; the class first.
    pub parents: Vec<String>,
    /// Annotations.
    pub marks: Vec<Mark>,
    /// Its methods.
    pub methods: Vec<Function>,
    /// Everything else in its body.
    pub body: Vec<Expr>,
    /// Its first line, from 1.
    pub line: u32,
}

/// A file.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// Its path.
    pub file: Arc<str>,
    /// Its package or namespace.
    pub package: String,
    /// What is imported: the name it has here, and its full name.
    pub imports: Vec<(String, String)>,
    /// Classes.
    pub classes: Vec<Class>,
    /// Functions outside of classes.
    pub functions: Vec<Function>,
    /// Everything else.
    pub body: Vec<Expr>,
    /// The line where it is nested deeper than anything that is read.
    pub deep: Option<u32>,
    /// Whether some of it is no program.
    pub broken: bool,
}

impl Unit {
    /// A place in it.
    pub(super) fn at(&self, line: u32) -> Place {
        Place { file: self.file.clone(), line }
    }

    /// A function of it as a handler.
    pub(super) fn handler(&self, name: impl Into<String>, function: &Function) -> Handler {
        Handler { name: short(name.into()), at: self.at(function.line), end: function.end }
    }

    /// What a name stands for here.
    pub(super) fn import(&self, name: &str) -> Option<&str> {
        self.imports.iter().find(|(alias, _)| alias == name).map(|(_, full)| full.as_str())
    }

    /// All functions, those of classes with their class.
    pub(super) fn all_functions(&self) -> impl Iterator<Item = (Option<&Class>, &Function)> {
        let methods = self.classes.iter().flat_map(|class| class.methods.iter().map(move |m| (Some(class), m)));
        self.functions.iter().map(|f| (None, f)).chain(methods)
    }
}

impl Expr {
    /// The literal text that it is.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name that it is.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    /// A name or a literal text.
    pub(super) fn word(&self) -> Option<&str> {
        self.text().or_else(|| self.name())
    }

    /// The chain that it is.
    pub(super) fn chain(&self) -> Option<&Chain> {
        match self {
            Self::Chain(chain) => Some(chain),
            _ => None,
        }
    }

    /// Its items: those of a list, or itself.
    pub(super) fn items(&self) -> &[Expr] {
        match self {
            Self::List(items) => items,
            one => std::slice::from_ref(one),
        }
    }

    /// `a.b.c` as it is written, without what is passed to calls. Empty where it is nothing of the kind.
    pub(super) fn dotted(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Chain(chain) => chain.dotted(),
            _ => String::new(),
        }
    }

    /// Calls `see` for this and all that is in it, outer before inner, except functions without a name where `lambdas` is false.
    pub(super) fn walk<'e>(&'e self, see: &mut impl FnMut(&'e Expr)) {
        see(self);
        match self {
            Self::Unknown | Self::Text(_) | Self::Name(_) => {}
            Self::Joined(all) | Self::List(all) | Self::Group(all) => all.iter().for_each(|e| e.walk(see)),
            Self::Chain(chain) => chain.walk(see),
            Self::Pairs(pairs) => pairs.iter().for_each(|(key, value)| {
                key.walk(see);
                value.walk(see);
            }),
            Self::Lambda(function) => function.body.iter().for_each(|e| e.walk(see)),
            Self::Assign(both) => {
                both.0.walk(see);
                both.1.walk(see);
            }
            Self::Return(value) => value.walk(see),
        }
    }

    /// Whether this or something in it is so.
    pub(super) fn any(&self, is: &mut impl FnMut(&Expr) -> bool) -> bool {
        let mut found = false;
        self.walk(&mut |e| found = found || is(e));
        found
    }
}

impl Chain {
    fn walk<'e>(&'e self, see: &mut impl FnMut(&'e Expr)) {
        self.base.walk(see);
        for link in &self.links {
            match link {
                Link::Member(_) => {}
                Link::Index(index) => index.walk(see),
                Link::Call(call) => {
                    call.args.iter().for_each(|arg| arg.value.walk(see));
                    call.block.iter().flat_map(|b| &b.body).for_each(|e| e.walk(see));
                }
            }
        }
    }

    /// The calls, in order.
    pub(super) fn calls(&self) -> impl DoubleEndedIterator<Item = &Call> {
        self.links.iter().filter_map(|link| match link {
            Link::Call(call) => Some(call),
            _ => None,
        })
    }

    /// The call, where it is nothing but one of a plain function.
    pub(super) fn plain(&self) -> Option<&Call> {
        match (&self.base, self.links.as_slice()) {
            (Expr::Unknown, [Link::Call(call)]) => Some(call),
            _ => None,
        }
    }

    /// As it is written, without what is passed and looked up.
    pub(super) fn dotted(&self) -> String {
        self.dotted_to(self.links.len())
    }

    /// The same, with only the first links.
    pub(super) fn dotted_to(&self, links: usize) -> String {
        let mut out = self.base.dotted();
        for link in self.links.iter().take(links) {
            // Nobody reads more; and a chain of thousands is asked for the name of each of its steps.
            if out.len() > 300 {
                break;
            }
            let name = match link {
                Link::Call(call) => &call.name,
                Link::Member(name) => name,
                Link::Index(_) => continue,
            };
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(name);
        }
        out
    }
}

impl Call {
    /// What is passed by position.
    pub(super) fn arg(&self, at: usize) -> Option<&Expr> {
        self.args.iter().filter(|arg| arg.key.is_none()).nth(at).map(|arg| &arg.value)
    }

    /// What is passed by name.
    pub(super) fn key(&self, name: &str) -> Option<&Expr> {
        self.args.iter().find(|arg| arg.key.as_deref() == Some(name)).map(|arg| &arg.value)
    }

    /// The words of a list that is passed by name.
    pub(super) fn words(&self, name: &str) -> Option<Vec<&str>> {
        self.key(name).map(|value| value.items().iter().filter_map(Expr::word).collect())
    }

    /// The last part of its name's path.
    pub(super) fn last_name(&self) -> &str {
        self.name.rsplit("::").next().unwrap_or_default()
    }
}

/// A name for a report: no longer than 80 characters, on one line.
pub(super) fn short(name: impl AsRef<str>) -> String {
    let clean: String = name.as_ref().chars().map(|c| if c.is_control() { ' ' } else { c }).take(81).collect();
    match clean.chars().count() {
        81 => clean.chars().take(79).chain(['…']).collect(),
        _ => clean,
    }
}
