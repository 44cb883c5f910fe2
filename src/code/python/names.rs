//! Which function, class or value a name means, across files.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::value::Value;
use super::module::{Class, Function, Module};

/// Imports of imports, and what is assigned to what: who goes deeper goes in a circle, as `query = query.filter(…)` does.
const MAX_HOPS: u8 = 12;

/// Names are looked up so many times to find what one means. Files that import all of each other would be gone through without end.
const MAX_STEPS: u16 = 400;

/// A longer text is not followed, in bytes.
const MAX_TEXT: usize = 2000;

/// What is left of the steps that a look-up may take, and how deep it is.
#[derive(Clone, Copy)]
struct Steps<'c> {
    left: &'c Cell<u16>,
    hops: u8,
}

impl<'c> Steps<'c> {
    fn new(left: &'c Cell<u16>) -> Self {
        Self { left, hops: 0 }
    }

    /// One step deeper; none where there are none left.
    fn deeper(self) -> Option<Self> {
        self.left.set(self.left.get().checked_sub(1)?);
        (self.hops < MAX_HOPS).then_some(Self { hops: self.hops + 1, ..self })
    }
}

/// What a name means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// A file, by its number.
    Module(usize),
    /// A function: its file and number.
    Function(usize, usize),
    /// A class: its file and number.
    Class(usize, usize),
    /// What is assigned to a name: its file and number.
    Assigned(usize, usize),
    /// Something of a package: its whole name.
    Outside(String),
    Unknown,
}

/// All files.
pub(super) struct Names<'m> {
    pub(super) modules: &'m [Module],
    paths: HashMap<Arc<str>, usize>,
}

impl<'m> Names<'m> {
    pub(super) fn new(modules: &'m [Module]) -> Self {
        let paths = modules.iter().enumerate().map(|(number, module)| (module.path.clone(), number)).collect();
        Self { modules, paths }
    }

    pub(super) fn function(&self, module: usize, function: usize) -> &'m Function {
        &self.modules[module].functions[function]
    }

    pub(super) fn class(&self, module: usize, class: usize) -> &'m Class {
        &self.modules[module].classes[class]
    }

    pub(super) fn assigned(&self, module: usize, number: usize) -> &'m Value {
        &self.modules[module].assigned[number].value
    }

    /// The file that a module's name means in a file.
    pub(super) fn module(&self, from: usize, name: &str) -> Option<usize> {
        candidates(&self.modules[from].path, name).into_iter().find_map(|path| self.paths.get(path.as_str()).copied())
    }

    /// What a name means in a file.
    fn find_within(&self, module: usize, name: &str, steps: Steps<'_>) -> Found {
        let Some(steps) = steps.deeper() else { return Found::Unknown };
        let code = &self.modules[module];
        let named = |function: &Function| function.name == name && !function.is_method;
        if let Some(function) = code.functions.iter().rposition(named) {
            return Found::Function(module, function);
        }
        if let Some(class) = code.classes.iter().rposition(|class| class.name == name) {
            return Found::Class(module, class);
        }
        let import = code.imports.iter().rev().find(|import| import.local == name);
        // `app = create_app(app)` of an import keeps meaning what was imported.
        let assigned =
            code.assigned.iter().position(|assigned| assigned.target == name && assigned.value.dotted() != name);
        match (import, assigned) {
            (Some(import), _) => self.imported(module, &import.module, import.name.as_deref(), steps),
            (None, Some(assigned)) => Found::Assigned(module, assigned),
            (None, None) => self.starred(module, name, steps),
        }
    }

    fn imported(&self, from: usize, source: &str, name: Option<&str>, steps: Steps<'_>) -> Found {
        let outside = || match name {
            Some(name) => Found::Outside(format!("{source}.{name}")),
            None => Found::Outside(source.to_owned()),
        };
        let module = self.module(from, source);
        let Some(name) = name else { return module.map_or_else(outside, Found::Module) };
        if let Some(module) = module.filter(|module| *module != from) {
            let found = self.find_within(module, name, steps);
            if found != Found::Unknown {
                return found;
            }
        }
        // `from package import module`
        let separator = if source.ends_with('.') { "" } else { "." };
        self.module(from, &format!("{source}{separator}{name}")).map_or_else(outside, Found::Module)
    }

    fn starred(&self, module: usize, name: &str, steps: Steps<'_>) -> Found {
        let stars = self.modules[module].imports.iter().filter(|import| import.local == "*");
        let mut found = stars.filter_map(|star| self.module(module, &star.module)).filter(|star| *star != module);
        found
            .find_map(|star| Some(self.find_within(star, name, steps)).filter(|found| *found != Found::Unknown))
            .unwrap_or(Found::Unknown)
    }

    /// What an expression means in a file.
    pub(super) fn resolve(&self, module: usize, value: &Value) -> Found {
        self.resolve_within(module, value, Steps::new(&Cell::new(MAX_STEPS)))
    }

    fn resolve_within(&self, module: usize, value: &Value, steps: Steps<'_>) -> Found {
        let Some(steps) = steps.deeper() else { return Found::Unknown };
        match value {
            Value::Name(name) => self.find_within(module, name, steps),
            Value::Member(base, name) => {
                // `self.app`, where it is assigned.
                let whole = value.dotted();
                if let Some(own) = self.modules[module].assigned.iter().position(|assigned| assigned.target == whole) {
                    return Found::Assigned(module, own);
                }
                match self.resolve_within(module, base, steps) {
                    Found::Module(inner) => match self.find_within(inner, name, steps) {
                        Found::Unknown => self.below(inner, name),
                        found => found,
                    },
                    Found::Outside(outside) => Found::Outside(format!("{outside}.{name}")),
                    Found::Class(module, class) => self.member(module, class, name),
                    Found::Assigned(module, number) => match self.instance(module, number, steps) {
                        Some((module, class)) => self.member(module, class, name),
                        None => Found::Unknown,
                    },
                    _ => Found::Unknown,
                }
            }
            Value::Call(call) if call.new => self.resolve_within(module, &call.callee, steps),
            _ => Found::Unknown,
        }
    }

    /// A file in the folder of a package.
    fn below(&self, package: usize, name: &str) -> Found {
        let path = &self.modules[package].path;
        let folder = path.strip_suffix("/__init__.py").unwrap_or(path);
        [format!("{folder}/{name}.py"), format!("{folder}/{name}/__init__.py")]
            .iter()
            .find_map(|path| self.paths.get(path.as_str()).copied())
            .map_or(Found::Unknown, Found::Module)
    }

    /// What a callee of a package makes, by its whole name: that of the package's class where the project has one that is made from it.
    pub(super) fn made(&self, module: usize, callee: &Value, packages: &[&str]) -> Option<String> {
        match self.resolve(module, callee) {
            Found::Outside(what) => Some(what),
            Found::Class(module, class) => {
                let outside = self.family(module, class).1;
                outside.into_iter().find(|base| packages.iter().any(|package| base.starts_with(package)))
            }
            _ => None,
        }
    }

    /// The class that a value is made of.
    fn instance(&self, module: usize, number: usize, steps: Steps<'_>) -> Option<(usize, usize)> {
        let call = self.assigned(module, number).call()?;
        match self.resolve_within(module, &call.callee, steps) {
            Found::Class(module, class) => Some((module, class)),
            _ => None,
        }
    }

    fn member(&self, module: usize, class: usize, name: &str) -> Found {
        let methods = &self.class(module, class).methods;
        let method = methods.iter().find(|method| self.function(module, **method).name == name);
        method.map_or(Found::Unknown, |method| Found::Function(module, *method))
    }

    /// An attribute of a class, or of one that it is made from.
    pub(super) fn attribute(&self, module: usize, class: usize, name: &str) -> Option<(usize, &'m Value, u32)> {
        self.family(module, class).0.into_iter().find_map(|(module, class)| {
            let attributes = &self.class(module, class).attributes;
            attributes.iter().rev().find(|(key, ..)| key == name).map(|(_, value, line)| (module, value, *line))
        })
    }

    /// A class and all of the project that it is made from, and the names of those from packages.
    pub(super) fn family(&self, module: usize, class: usize) -> (Vec<(usize, usize)>, Vec<String>) {
        let (mut inside, mut outside, mut at) = (vec![(module, class)], Vec::new(), 0);
        while let Some((module, class)) = inside.get(at).copied() {
            at += 1;
            for base in &self.class(module, class).bases {
                match self.resolve(module, base) {
                    Found::Class(module, class) if !inside.contains(&(module, class)) && inside.len() < 64 => {
                        inside.push((module, class));
                    }
                    Found::Class(..) => {}
                    Found::Outside(name) => outside.push(name),
                    _ => outside.push(base.dotted()),
                }
            }
        }
        (inside, outside)
    }

    /// A text; `*` for parts that are not known, none where it is no text at all.
    pub(super) fn text(&self, module: usize, value: &Value) -> Option<String> {
        self.text_within(module, value, Steps::new(&Cell::new(MAX_STEPS)))
    }

    fn text_within(&self, module: usize, value: &Value, steps: Steps<'_>) -> Option<String> {
        let steps = steps.deeper()?;
        match value {
            // No path is longer; and what is put together of long texts many times would be very long.
            Value::Text(text) => (text.len() <= MAX_TEXT).then(|| text.clone()),
            Value::Join(parts) => {
                let parts = parts.iter().map(|part| self.text_within(module, part, steps));
                Some(parts.map(|part| part.unwrap_or_else(|| "*".into())).collect())
            }
            Value::Name(_) | Value::Member(..) => {
                if let Found::Assigned(module, number) = self.resolve_within(module, value, steps) {
                    return self.text_within(module, self.assigned(module, number), steps);
                }
                // `settings.API_V1_STR`
                let Value::Member(base, name) = value else { return None };
                let (module, class) = match self.resolve_within(module, base, steps) {
                    Found::Class(module, class) => (module, class),
                    Found::Assigned(module, number) => self.instance(module, number, steps)?,
                    _ => return None,
                };
                let (module, value, _) = self.attribute(module, class, name)?;
                self.text_within(module, value, steps)
            }
            _ => None,
        }
    }
}

/// The paths of the files that a module's name can mean in a file.
pub(super) fn candidates(from: &str, name: &str) -> Vec<String> {
    let mut folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let dots = name.bytes().take_while(|byte| *byte == b'.').count();
    let below = name[dots..].replace('.', "/");
    let put = |folder: &str, found: &mut Vec<String>| {
        let parts: Vec<&str> = [folder, below.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
        let path = parts.join("/");
        if !path.is_empty() && !below.is_empty() {
            found.push(format!("{path}.py"));
        }
        found.push(if path.is_empty() { "__init__.py".into() } else { format!("{path}/__init__.py") });
    };
    let mut found = Vec::new();
    if dots > 0 {
        for _ in 1..dots {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
        put(folder, &mut found);
        return found;
    }
    if below.is_empty() {
        return found;
    }
    loop {
        put(folder, &mut found);
        if folder.is_empty() {
            return found;
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}
