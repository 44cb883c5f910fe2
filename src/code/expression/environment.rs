//! Which variables of the environment a file reads, and which of them have a text in the code to fall back on.

use std::collections::BTreeMap;

use super::value::Reader;
use super::{Call, Expressions, Set, Value};
use crate::code::parse::Language;
use crate::code::tree::Node;

/// A variable of the environment that is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The line, from 1.
    pub line: u32,
    /// Whether a text that is not empty stands in for it where it is not set.
    pub has_fallback: bool,
}

/// What the environment is called when it is read by name.
const OBJECTS: &[&str] =
    &["process.env.", "import.meta.env.", "Bun.env.", "ENV.", "_ENV.", "os.environ.", "environ.", "Deno.env."];

/// Functions that read a variable, and are there for nothing else.
const READERS: &[&str] = &[
    "os.getenv", "os.environ.get", "environ.get", "getenv", "os.Getenv", "os.LookupEnv", "syscall.Getenv",
    "System.getenv", "System.getenv.get", "System.getenv.getOrDefault", "env.var", "env.var_os", "dotenvy.var", "env!",
    "option_env!", "ENV.fetch", "Deno.env.get", "os.environ.setdefault",
];

/// Functions that read one where their argument looks like its name.
const LIKELY: &[&str] = &[
    "env", "env.str", "env.bool", "env.int", "env.list", "env.url", "env.db", "env.float", "env.json", "config",
    "configService.get", "configService.getOrThrow", "Env.get", "viper.GetString", "viper.GetInt", "viper.GetBool",
];

/// Functions that are handed or give the whole environment, so that the variables they read are named elsewhere: as the fields of a
/// schema, or by what their names begin with.
const WHOLE: &[&str] = &[
    "System.getenv", "System.getenv.entrySet", "System.getenv.forEach", "env.vars", "env.vars_os", "dotenvy.vars",
    "viper.AutomaticEnv", "ENV.each", "ENV.select", "ENV.filter_map", "envy.from_env", "envy.prefixed",
    "envconfig.Process", "env.Parse", "os.environ.items",
];

/// What reads the variables that a schema names, where `process.env` is handed to it.
const SCHEMAS: &[&str] =
    &["cleanEnv", "parse", "safeParse", "validate", "validateSync", "envsafe", "createEnv", "load", "check"];

/// What asks for another value where there is none.
const OR: &[&str] = &["unwrap_or", "unwrap_or_else", "orElse", "or_else", "presence"];

/// A setting of the same name within so many lines is taken for what is fallen back on.
const NEAR: u32 = 6;

/// Gathers what a file reads.
pub(super) struct Reads {
    language: Language,
    /// By name and line; where the expression begins, and whether something is fallen back on.
    found: BTreeMap<(String, u32), (usize, bool)>,
    unnamed: Vec<u32>,
    /// What was given the value of a variable: name, line, variable and its line.
    held: Vec<(String, u32, (String, u32))>,
}

impl Reads {
    pub(super) fn new(language: Language) -> Self {
        Self { language, found: BTreeMap::new(), unnamed: Vec::new(), held: Vec::new() }
    }

    fn add(&mut self, name: &str, line: u32, start: usize, fallback: bool) {
        let entry = self.found.entry((name.to_owned(), line)).or_insert((start, false));
        entry.1 |= fallback;
    }

    /// A call that reads a variable, or that says what to fall back on.
    pub(super) fn call(&mut self, reader: Reader<'_>, node: Node<'_>, call: &Call) {
        if OR.contains(&call.last()) && call.arguments.iter().any(|argument| is_text(&argument.value)) {
            self.pending(reader, node, call.span.0);
        }
        if call.name == "@Value" {
            let texts = call.arguments.iter().filter_map(|argument| argument.value.text());
            for (name, fallback) in texts.flat_map(placeholders) {
                self.add(name, call.line, call.span.0, fallback);
            }
        }
        let is_whole =
            WHOLE.iter().any(|name| call.is(name)) && call.arguments.iter().all(|a| a.value.text().is_none());
        let is_handed = |value: &Value| matches!(value, Value::Name(name) if matches!(name.as_str(), "process.env" | "import.meta.env"));
        let by_schema =
            SCHEMAS.contains(&call.last()) && call.arguments.iter().any(|argument| is_handed(&argument.value));
        // `System.getenv().getOrDefault("A", "x")` asks for one.
        let rest = reader.0.get(node.end_byte()..).unwrap_or_default();
        let asks_for_one = [&b".get"[..], b".containsKey"].iter().any(|next| rest.starts_with(next));
        if is_whole && !asks_for_one || by_schema {
            self.unnamed.push(call.line);
        }
        let is_reader = READERS.iter().any(|name| call.is(name));
        let is_helper = !is_reader && is_helper(self.language, call);
        if !is_reader && !is_helper {
            return;
        }
        match call.at(0) {
            Some(Value::Text(name)) if is_variable(name) || is_reader && is_plain(name) => {
                let fallback = fallback_of(call);
                self.add(name, call.line, call.span.0, fallback);
            }
            Some(Value::Text(_)) | None => {}
            // The helper's own body: what is asked for stands where it is called.
            Some(_) if is_reader && !in_helper(reader, node) => self.unnamed.push(call.line),
            Some(_) => {}
        }
    }

    /// The variable that a chain begins with, which is visited after its end.
    fn pending(&mut self, reader: Reader<'_>, node: Node<'_>, start: usize) {
        let mut inner = node;
        for _ in 0..16 {
            let Some(next) =
                ["function", "value", "receiver", "object"].iter().find_map(|f| inner.child_by_field_name(f))
            else {
                return;
            };
            inner = next;
            let Some(call) = super::value::is_call(inner.kind()).then(|| reader.call(inner, 0)).flatten() else {
                continue;
            };
            if let (true, Some(Value::Text(name))) = (READERS.iter().any(|reads| call.is(reads)), call.at(0)) {
                self.add(name, call.line, start, true);
                return;
            }
        }
    }

    /// A name that is a variable, or an expression that falls back.
    pub(super) fn node(&mut self, reader: Reader<'_>, node: Node<'_>) {
        match node.kind() {
            "member_expression" | "subscript_expression" | "attribute" | "subscript" | "element_reference" => {
                let Some(name) = reader.name(node, 0) else {
                    if starts_an_object(reader.text(node)) {
                        self.unnamed.push(node.line());
                    }
                    return;
                };
                let is_read = OBJECTS.iter().any(|object| name.starts_with(object));
                match variable(&name) {
                    _ if is_read && is_dynamic(node) => self.unnamed.push(node.line()),
                    Some(variable) => self.add(variable, node.line(), node.start_byte(), false),
                    None => {}
                }
            }
            "binary_expression"
            | "boolean_operator"
            | "binary"
            | "ternary_expression"
            | "conditional_expression"
            | "conditional" => {
                if let Value::OneOf(values) = reader.value(node, 0) {
                    self.one_of(&values, node.line(), node.start_byte());
                }
            }
            "variable_declarator" => self.destructured(reader, node),
            _ => {}
        }
    }

    fn one_of(&mut self, values: &[Value], line: u32, start: usize) {
        let mut texts = false;
        let mut names = Vec::new();
        for value in values {
            value.each(&mut |part| match part {
                Value::Text(text) => texts |= !text.is_empty() && std::ptr::eq(part, value),
                Value::Name(name) => names.extend(variable(name)),
                Value::Call(call) if READERS.iter().any(|reads| call.is(reads)) => {
                    names.extend(call.at(0).and_then(Value::text).filter(|name| is_plain(name)));
                }
                _ => {}
            });
        }
        for name in names.into_iter().filter(|_| texts) {
            self.add(name, line, start, true);
        }
    }

    /// `const { A, B = 'x' } = process.env`.
    fn destructured(&mut self, reader: Reader<'_>, node: Node<'_>) {
        let fields = (node.child_by_field_name("name"), node.child_by_field_name("value"));
        let (Some(pattern), Some(value)) = fields else { return };
        let from = reader.name(value, 0).unwrap_or_default();
        if pattern.kind() != "object_pattern" || !OBJECTS.contains(&format!("{from}.").as_str()) {
            return;
        }
        for child in pattern.named_children() {
            let text = reader.text(child);
            let name = text.split([':', '=']).next().unwrap_or_default().trim();
            let fallback = child.child_by_field_name("right").is_some_and(|right| is_text(&reader.value(right, 0)));
            match is_plain(name) {
                true => self.add(name, child.line(), child.start_byte(), fallback),
                false => self.unnamed.push(child.line()),
            }
        }
    }

    /// Remembers what holds a variable, and sees what it is given after that.
    pub(super) fn set(&mut self, set: &Set) {
        let near = self.held.iter().rev().take(8).find(|(name, line, _)| *name == set.name && set.line - line < NEAR);
        if let (Some((_, _, read)), true) = (near, is_text(&set.value)) {
            self.add(&read.0.clone(), read.1, 0, true);
        }
        let read = match &set.value {
            Value::Name(name) => variable(name),
            Value::Call(call) if READERS.iter().any(|reads| call.is(reads)) => call.at(0).and_then(Value::text),
            _ => None,
        };
        if let Some(read) = read {
            self.held.push((set.name.clone(), set.line, (read.to_owned(), set.line)));
        }
    }

    pub(super) fn finish(mut self, found: &mut Expressions) {
        self.unnamed.sort_unstable();
        self.unnamed.dedup();
        found.unnamed_variables = self.unnamed;
        // One expression over several lines is one reading.
        let mut variables: Vec<Variable> = Vec::new();
        for ((name, line), (_, has_fallback)) in self.found {
            match variables.last_mut().filter(|last| last.name == name && line - last.line <= 1) {
                Some(last) => last.has_fallback |= has_fallback,
                None => variables.push(Variable { name, line, has_fallback }),
            }
        }
        found.variables = variables;
    }
}

/// The variable that a name with dots is.
fn variable(name: &str) -> Option<&str> {
    let rest = OBJECTS.iter().find_map(|object| name.strip_prefix(object))?;
    let first = rest.split('.').next().unwrap_or_default();
    (is_plain(first) && first.bytes().any(|byte| byte.is_ascii_uppercase())).then_some(first)
}

fn starts_an_object(text: &str) -> bool {
    ["process.env[", "ENV[", "os.environ["].iter().any(|start| text.starts_with(start))
}

/// Whether what stands in the brackets is a name and not a text.
fn is_dynamic(node: Node<'_>) -> bool {
    let index = match node.kind() {
        "subscript_expression" => node.child_by_field_name("index"),
        "subscript" => node.child_by_field_name("subscript"),
        "element_reference" => node.named_child(1),
        _ => return false,
    };
    index
        .is_some_and(|index| !matches!(index.kind(), "string" | "template_string" | "string_literal" | "simple_symbol"))
}

fn is_helper(language: Language, call: &Call) -> bool {
    let last = call.last().to_ascii_lowercase();
    let in_language = match language {
        Language::Php => last == "env",
        Language::Python => LIKELY.iter().any(|name| call.is(name)),
        _ => LIKELY.iter().any(|name| call.is(name) && *name != "env" && *name != "config"),
    };
    in_language || last.contains("getenv") || last.contains("get_env") || last.starts_with("env") && last.len() > 3
}

/// Whether a node is in a function that is called for the environment.
fn in_helper(reader: Reader<'_>, node: Node<'_>) -> bool {
    let mut at = node.parent();
    for _ in 0..40 {
        let Some(outer) = at else { return false };
        let name = outer.child_by_field_name("name").map(|name| reader.text(name).to_ascii_lowercase());
        let is_function = outer.kind().contains("function") || outer.kind().contains("method");
        if is_function && name.is_some_and(|name| name.contains("env")) {
            return true;
        }
        at = outer.parent();
    }
    false
}

fn fallback_of(call: &Call) -> bool {
    call.at(1).or_else(|| call.option("default")).is_some_and(is_text)
}

fn is_text(value: &Value) -> bool {
    match value {
        Value::Text(text) => !text.is_empty(),
        // `String::from("x")` in a closure, `"x".into()`.
        Value::Call(call) => call.last() == "from" && call.at(0).is_some_and(is_text),
        _ => false,
    }
}

/// Whether a text is the name of a variable as people write it.
fn is_variable(name: &str) -> bool {
    is_plain(name) && !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_plain(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// The `${NAME:fallback}` and `${NAME:-fallback}` of a text: name, and whether a text stands in.
pub fn placeholders(text: &str) -> impl Iterator<Item = (&str, bool)> {
    text.match_indices("${").filter_map(|(at, _)| {
        let inner = text[at + 2..].split('}').next()?;
        let (name, rest) = inner.split_once(':').or_else(|| inner.split_once('-')).unwrap_or((inner, ""));
        let fallback = rest.trim_start_matches(['-', '=']);
        let is_error = rest.starts_with('?');
        is_variable(name).then_some((name, !is_error && !fallback.is_empty() && !fallback.starts_with("${")))
    })
}
