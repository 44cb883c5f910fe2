//! What is kept of a file, once its tree is dropped.

use std::sync::Arc;

use super::super::body::Fact;
use super::super::route::Mention;
use super::super::value::{Call, Value};

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Its path in the project.
    pub(super) path: Arc<str>,
    /// What runs when it is loaded.
    pub(super) body: Vec<Statement>,
    /// All its functions, methods too.
    pub(super) functions: Vec<Function>,
    /// All its classes.
    pub(super) classes: Vec<Class>,
    /// What it imports, as it is written there.
    pub(super) sources: Vec<String>,
    /// Those of them that can have to do with routes.
    pub(super) followed: Vec<String>,
    /// Whether its functions are called by clients: `'use server'`.
    pub(super) server: bool,
    /// Calls in bodies that ask who is calling, and the like.
    pub(super) mentions: Vec<Mention>,
    /// Where somebody is turned away: with 401 or 403, by a throw.
    pub(super) denies: Vec<u32>,
    /// Lines that answer 401 or 403.
    pub(super) refusals: Vec<u32>,
    /// What bodies do that a check asks for.
    pub(super) facts: Vec<Fact>,
    /// The line of the first syntax error.
    pub(super) broken: Option<u32>,
}

/// A function.
#[derive(Debug, Default)]
pub(super) struct Function {
    /// Its own name, or that of the variable or key that holds it.
    pub(super) name: String,
    /// Its first line.
    pub(super) line: u32,
    /// Its last line.
    pub(super) end: u32,
    /// Its parameters.
    pub(super) parameters: Vec<Pattern>,
    /// What it does.
    pub(super) body: Vec<Statement>,
    /// Whether clients call it: its body begins with `'use server'`.
    pub(super) server: bool,
    /// The methods of requests that it compares with: `req.method === 'POST'`.
    pub(super) methods: Vec<String>,
}

/// A class.
#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) line: u32,
    /// What it extends.
    pub(super) parent: Value,
    pub(super) decorators: Vec<Value>,
    /// What is assigned in its body.
    pub(super) fields: Vec<(String, Value)>,
    pub(super) methods: Vec<Method>,
}

/// A method of a class.
#[derive(Debug, Default)]
pub(super) struct Method {
    pub(super) name: String,
    /// Its function's number.
    pub(super) function: usize,
    pub(super) decorators: Vec<Value>,
    /// The decorators of its parameters, and their types as they are written.
    pub(super) parameters: Vec<(Vec<Value>, String)>,
    pub(super) line: u32,
}

/// A statement, as far as it matters. What runs only under a condition is taken to run.
#[derive(Debug)]
pub(super) enum Statement {
    /// `import … from 'source'`: local names and what they stand for.
    Import(String, Vec<(String, Imported)>),
    /// `export … from 'source'`: exported names and what they stand for.
    Reexport(String, Vec<(String, Imported)>),
    /// A declaration.
    Let(Pattern, Value),
    /// `export` of a value by a name.
    Export(String, Value),
    /// An expression.
    Do(Value),
    /// What a function gives back.
    Return(Value),
    /// A loop over something.
    Each(Pattern, Value, Vec<Statement>),
}

/// What a local name stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Imported {
    /// The default export.
    Default,
    /// The whole module.
    All,
    /// An export by name.
    Named(String),
}

/// Where a value goes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pattern {
    Name(String),
    Object(Vec<(String, Pattern)>),
    List(Vec<Pattern>),
    Other,
}

impl Pattern {
    /// Every name that it binds.
    pub(super) fn each(&self, found: &mut impl FnMut(&str)) {
        match self {
            Self::Name(name) => found(name),
            Self::Object(parts) => parts.iter().for_each(|(_, part)| part.each(found)),
            Self::List(parts) => parts.iter().for_each(|part| part.each(found)),
            Self::Other => {}
        }
    }
}

impl Module {
    /// Every call in the file, wherever it is.
    pub(super) fn each_call<'m>(&'m self, found: &mut impl FnMut(&'m Call)) {
        let mut bodies: Vec<&'m [Statement]> = vec![&self.body];
        bodies.extend(self.functions.iter().map(|function| function.body.as_slice()));
        while let Some(body) = bodies.pop() {
            for statement in body {
                match statement {
                    Statement::Let(_, value)
                    | Statement::Export(_, value)
                    | Statement::Do(value)
                    | Statement::Return(value) => {
                        each_value(value, &mut |value| {
                            if let Value::Call(call) = value {
                                found(call);
                            }
                        });
                    }
                    Statement::Each(_, _, inner) => bodies.push(inner),
                    Statement::Import(..) | Statement::Reexport(..) => {}
                }
            }
        }
    }
}

/// A value and all that are within it.
pub(super) fn each_value<'v>(value: &'v Value, found: &mut impl FnMut(&'v Value)) {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        found(value);
        match value {
            Value::Member(base, _) | Value::Spread(base) => rest.push(base),
            Value::Call(call) => {
                rest.push(&call.callee);
                rest.extend(&call.arguments);
                rest.extend(call.named.iter().map(|(_, value)| value));
            }
            Value::List(values) | Value::Join(values) | Value::Either(values) => rest.extend(values),
            Value::Object(pairs) => rest.extend(pairs.iter().map(|(_, value)| value)),
            Value::Assign(target, value) => rest.extend([&**target, &**value]),
            _ => {}
        }
    }
}
