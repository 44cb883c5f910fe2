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
    pub(super) imports: Vec<Import>,
    /// What is assigned, in order, wherever it is.
    pub(super) assigned: Vec<Assigned>,
    /// Calls that stand alone, in order, wherever they are.
    pub(super) calls: Vec<Call>,
    /// All its functions, methods too.
    pub(super) functions: Vec<Function>,
    pub(super) classes: Vec<Class>,
    /// Calls in bodies that ask who is calling, and the like.
    pub(super) mentions: Vec<Mention>,
    /// Where somebody is turned away: with 401 or 403, by a throw.
    pub(super) denies: Vec<u32>,
    /// What bodies do that a check asks for.
    pub(super) facts: Vec<Fact>,
    /// The line of the first syntax error.
    pub(super) broken: Option<u32>,
}

/// An import.
#[derive(Debug)]
pub(super) struct Import {
    /// The name that it binds; `*` for all.
    pub(super) local: String,
    /// The module, with its leading dots.
    pub(super) module: String,
    /// What of the module; none for the module itself.
    pub(super) name: Option<String>,
}

/// An assignment.
#[derive(Debug)]
pub(super) struct Assigned {
    /// Where to: `urlpatterns`, `self.app`.
    pub(super) target: String,
    pub(super) value: Value,
    pub(super) line: u32,
}

/// A function.
#[derive(Debug, Default)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: u32,
    pub(super) end: u32,
    pub(super) parameters: Vec<Parameter>,
    /// The outermost first.
    pub(super) decorators: Vec<(Value, u32)>,
    /// Names of what it calls and gives back.
    pub(super) named: Vec<String>,
    /// Whether it is a class's own.
    pub(super) is_method: bool,
}

/// A parameter.
#[derive(Debug, Default)]
pub(super) struct Parameter {
    pub(super) kind: Value,
    pub(super) default: Value,
}

/// A class.
#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) line: u32,
    pub(super) bases: Vec<Value>,
    pub(super) decorators: Vec<(Value, u32)>,
    pub(super) attributes: Vec<(String, Value, u32)>,
    /// Its functions, by their numbers.
    pub(super) methods: Vec<usize>,
}
