//! Follows what files do when they are loaded, as far as it makes routers: functions that are handed an application, factories that
//! give back a router, classes that hold one, loops over lists of routes. Nothing is run; values are known or they are not.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::super::route::{Gap, Place};
use super::super::value::{Call, Value};
use super::express::{Item, Kind, Receiver};
use super::known::{Known, MAX_ELEMENTS, MAX_TEXT, Names, inner_receiver};
use super::module::{Imported, Module, Pattern, Statement};
use super::modules::{Resolver, folder_of, join};

/// No more expressions are followed in one project.
const MAX_STEPS: usize = 2_000_000;
/// Calls and expressions within one another.
const MAX_DEPTH: usize = 220;
/// How often a function is followed within itself.
const MAX_ITSELF: usize = 2;
/// How often one function is followed.
const MAX_RUNS: u32 = 1_000;

struct Scope<'a> {
    parent: Option<usize>,
    names: Names<'a>,
}

/// Where an expression stands: its module and its scope.
#[derive(Clone, Copy)]
pub(super) struct Here {
    pub(super) module: usize,
    scope: usize,
}

/// All that is known so far.
pub(super) struct Machine<'a> {
    pub(super) modules: &'a [Module],
    numbers: &'a HashMap<Arc<str>, usize>,
    resolver: Resolver<'a>,
    scopes: Vec<Scope<'a>>,
    objects: Vec<Names<'a>>,
    /// Of each module that was loaded: its `module` object, and its scope.
    loaded: Vec<Option<(usize, usize)>>,
    /// The properties of functions: `prototype` and statics.
    statics: HashMap<(usize, usize), usize>,
    pub(super) receivers: Vec<Receiver>,
    runs: HashMap<(usize, usize), u32>,
    /// The functions that are being followed, the innermost last.
    active: Vec<(usize, usize)>,
    steps: usize,
    depth: usize,
    /// Something was not followed: too deep, or too much.
    cut: bool,
    /// Handlers are not called when routes are declared: their arguments are only looked at.
    quiet: bool,
    pub(super) gaps: Vec<Gap>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(modules: &'a [Module], numbers: &'a HashMap<Arc<str>, usize>, resolver: Resolver<'a>) -> Self {
        Self {
            modules,
            numbers,
            resolver,
            scopes: Vec::new(),
            objects: Vec::new(),
            loaded: vec![None; modules.len()],
            statics: HashMap::new(),
            receivers: Vec::new(),
            runs: HashMap::new(),
            active: Vec::new(),
            steps: 0,
            depth: 0,
            cut: false,
            quiet: false,
            gaps: Vec::new(),
        }
    }

    /// Whether the project did more than is followed.
    pub(super) fn is_exhausted(&self) -> bool {
        self.cut || self.steps >= MAX_STEPS
    }

    /// What is copied or put together counts as well, so that memory is bounded too.
    pub(super) fn spend(&mut self, copied: usize) {
        self.steps = self.steps.saturating_add(copied);
    }

    /// The keys of an object, copied; none once too much was followed.
    fn copy(&mut self, object: usize) -> Names<'a> {
        self.spend(self.objects[object].len());
        match self.steps < MAX_STEPS {
            true => self.objects[object].clone(),
            false => Names::default(),
        }
    }

    pub(super) fn place(&self, module: usize, line: u32) -> Place {
        Place { file: self.modules[module].path.clone(), line }
    }

    fn scope(&mut self, parent: Option<usize>) -> usize {
        self.scopes.push(Scope { parent, names: Names::default() });
        self.scopes.len() - 1
    }

    pub(super) fn object(&mut self) -> usize {
        self.objects.push(Names::default());
        self.objects.len() - 1
    }

    /// Puts something on a receiver; nothing once too much was followed.
    pub(super) fn put(&mut self, receiver: usize, item: Item) {
        self.spend(match &item {
            Item::Route(_, _, guards, ..) => 4 + 2 * guards.len(),
            _ => 4,
        });
        if !self.is_exhausted() {
            self.receivers[receiver].items.push(item);
        }
    }

    pub(super) fn receiver(&mut self, kind: Kind, at: Place) -> usize {
        self.receivers.push(Receiver::new(kind, at));
        self.receivers.len() - 1
    }

    /// Loads a module, once. Gives its `module` object.
    pub(super) fn load(&mut self, module: usize) -> usize {
        if let Some((object, _)) = self.loaded[module] {
            return object;
        }
        let (object, exports, scope) = (self.object(), self.object(), self.scope(None));
        self.objects[object].insert("exports", Known::Object(exports));
        self.loaded[module] = Some((object, scope));
        let names = &mut self.scopes[scope].names;
        names.insert("module", Known::Object(object));
        names.insert("exports", Known::Object(exports));
        let folder: Rc<str> = format!("/{}", folder_of(&self.modules[module].path)).into();
        names.insert("__dirname", Known::Text(folder));
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            let quiet = std::mem::replace(&mut self.quiet, false);
            let modules = self.modules;
            self.run(&modules[module].body, Here { module, scope });
            self.quiet = quiet;
            self.depth -= 1;
        } else {
            self.cut = true;
        }
        object
    }

    /// What a module gives to those that import it.
    fn exports(&mut self, module: usize) -> Known {
        let object = self.load(module);
        self.objects[object].get("exports").cloned().unwrap_or_default()
    }

    pub(super) fn import(&mut self, from: usize, source: &str) -> Known {
        let path = self.resolver.resolve(&self.modules[from].path, source);
        match path.and_then(|path| self.numbers.get(&path)) {
            Some(&module) => self.exports(module),
            None => Known::Outside(source.trim_start_matches("node:").into()),
        }
    }

    fn imported(&self, value: &Known, what: &Imported) -> Known {
        match what {
            Imported::All => value.clone(),
            Imported::Default => match value {
                Known::Object(_) => self.get(value, "default"),
                other => other.clone(),
            },
            Imported::Named(name) => self.get(value, name),
        }
    }

    /// Follows statements; gives the first value that is returned and known.
    fn run(&mut self, statements: &'a [Statement], here: Here) -> Known {
        let mut returned = Known::Unknown;
        for statement in statements {
            if self.steps >= MAX_STEPS {
                break;
            }
            match statement {
                Statement::Import(source, names) => {
                    let value = self.import(here.module, source);
                    for (local, what) in names {
                        let value = self.imported(&value, what);
                        self.scopes[here.scope].names.insert(local, value);
                    }
                }
                Statement::Reexport(source, names) => self.reexport(source, names, here),
                Statement::Let(target, value) => {
                    let value = self.eval(value, here);
                    self.bind(target, value, here.scope);
                }
                Statement::Export(name, value) => {
                    let value = self.eval(value, here);
                    self.export(here.module, name, value);
                }
                Statement::Do(value) => {
                    self.eval(value, here);
                }
                Statement::Return(value) => {
                    let value = self.eval(value, here);
                    if matches!(returned, Known::Unknown) {
                        returned = value;
                    }
                }
                Statement::Each(target, of, body) => {
                    let of = self.eval(of, here);
                    for element in self.elements(&of) {
                        self.spend(1);
                        self.bind(target, element, here.scope);
                        self.run(body, here);
                    }
                }
            }
        }
        returned
    }

    fn reexport(&mut self, source: &str, names: &'a [(String, Imported)], here: Here) {
        let value = self.import(here.module, source);
        if names.is_empty()
            && let Known::Object(object) = value
        {
            for (name, value) in self.copy(object).into_pairs() {
                if name != "default" {
                    self.export(here.module, name, value);
                }
            }
        }
        for (shown, what) in names {
            let value = self.imported(&value, what);
            self.export(here.module, shown, value);
        }
    }

    fn export(&mut self, module: usize, name: &'a str, value: Known) {
        let Some((object, _)) = self.loaded[module] else { return };
        if let Some(Known::Object(exports)) = self.objects[object].get("exports") {
            let exports = *exports;
            self.objects[exports].insert(name, value);
        }
    }

    fn bind(&mut self, target: &'a Pattern, value: Known, scope: usize) {
        match target {
            Pattern::Name(name) => {
                self.spend(1);
                self.scopes[scope].names.insert(name, value);
            }
            Pattern::Object(parts) => {
                for (key, part) in parts {
                    let value = self.get(&value, key);
                    self.bind(part, value, scope);
                }
            }
            Pattern::List(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    let element = match &value {
                        Known::List(elements, _) => elements.get(at).cloned(),
                        _ => None,
                    };
                    self.bind(part, element.unwrap_or_default(), scope);
                }
            }
            Pattern::Other => {}
        }
    }

    /// The elements of a list; of anything else, one that is not known.
    fn elements(&self, value: &Known) -> Vec<Known> {
        match value {
            Known::List(elements, _) => elements.to_vec(),
            _ => vec![Known::Unknown],
        }
    }

    fn look_up(&self, name: &str, scope: usize) -> Known {
        let mut at = Some(scope);
        while let Some(scope) = at {
            if let Some(value) = self.scopes[scope].names.get(name) {
                return value.clone();
            }
            at = self.scopes[scope].parent;
        }
        match name {
            "undefined" | "this" | "super" => Known::Unknown,
            name => Known::Outside(name.into()),
        }
    }

    /// A member of a value.
    pub(super) fn get(&self, base: &Known, name: &str) -> Known {
        match base {
            Known::Object(object) => match self.objects[*object].get(name) {
                Some(value) => value.clone(),
                None if name == "default" => base.clone(),
                None => Known::Unknown,
            },
            Known::Outside(what) if name == "default" => Known::Outside(what.clone()),
            Known::Outside(what) if what.len() + name.len() > MAX_TEXT => Known::Unknown,
            Known::Outside(what) => Known::Outside(format!("{what}.{name}").into()),
            Known::Made(_, arguments, _) if name == "app" && inner_receiver(base).is_some() => {
                arguments.iter().find_map(inner_receiver).map(Known::Receiver).unwrap_or_default()
            }
            Known::Made(what, arguments, within) => {
                let what = format!("{what}.{name}");
                Known::Made(what[..what.floor_char_boundary(MAX_TEXT)].into(), arguments.clone(), *within)
            }
            Known::Function(module, function, ..) => match self.statics.get(&(*module, *function)) {
                Some(object) => self.objects[*object].get(name).cloned().unwrap_or_default(),
                None => Known::Unknown,
            },
            Known::Class(module, class, scope) => {
                let class = &self.modules[*module].classes[*class];
                let method = class.methods.iter().find(|method| method.name == name);
                method.map(|method| Known::Function(*module, method.function, *scope, None)).unwrap_or_default()
            }
            Known::Receiver(_) if name == "default" => base.clone(),
            Known::Receiver(_) => Known::Outside(name.into()),
            _ => Known::Unknown,
        }
    }

    pub(super) fn eval(&mut self, value: &'a Value, here: Here) -> Known {
        self.steps += 1;
        if self.depth >= MAX_DEPTH || self.steps >= MAX_STEPS {
            self.cut = true;
            return Known::Unknown;
        }
        self.depth += 1;
        let known = self.eval_inside(value, here);
        self.depth -= 1;
        known
    }

    fn eval_inside(&mut self, value: &'a Value, here: Here) -> Known {
        match value {
            Value::Other => Known::Unknown,
            Value::Truth(truth) => Known::Truth(*truth),
            Value::Text(text) if text.len() > MAX_TEXT => Known::Unknown,
            Value::Text(text) => {
                self.spend(text.len() / 16);
                Known::Text(text.as_str().into())
            }
            Value::Name(name) => self.look_up(name, here.scope),
            Value::Member(base, name) => {
                if name == "dirname" && value.dotted() == "import.meta.dirname" {
                    return self.look_up("__dirname", here.scope);
                }
                let base = self.eval(base, here);
                self.get(&base, name)
            }
            Value::Call(call) => self.call(call, here),
            Value::List(_) => Known::list(self.eval_all(std::slice::from_ref(value), here)),
            Value::Spread(inner) => self.eval(inner, here),
            Value::Object(pairs) => {
                let object = self.object();
                for (key, value) in pairs {
                    let known = self.eval(value, here);
                    match (&known, key.as_str()) {
                        (Known::Object(from), "...") if self.objects[*from].len() <= MAX_ELEMENTS => {
                            let from = self.copy(*from);
                            self.objects[object].extend(from.into_pairs());
                        }
                        (_, "...") => {}
                        (_, key) => {
                            self.objects[object].insert(key, known);
                        }
                    }
                }
                Known::Object(object)
            }
            Value::Function(function) => {
                let this = match self.look_up("this", here.scope) {
                    Known::Object(this) => Some(this),
                    _ => None,
                };
                Known::Function(here.module, *function, here.scope, this)
            }
            Value::Class(class) => Known::Class(here.module, *class, here.scope),
            Value::Join(parts) => {
                let parts: Vec<Known> = parts.iter().map(|part| self.eval(part, here)).collect();
                let texts = parts.iter().map(|part| match part {
                    Known::Text(text) => text,
                    _ => "*",
                });
                let joined: String = texts.collect();
                self.spend(joined.len() / 16);
                match joined.len() > MAX_TEXT {
                    true => Known::Unknown,
                    false => Known::Text(joined.replace("**", "*").into()),
                }
            }
            Value::Either(values) => {
                let mut best = Known::Unknown;
                for value in values {
                    let known = self.eval(value, here);
                    let unknown = |known: &Known| matches!(known, Known::Unknown | Known::Outside(_));
                    if matches!(best, Known::Unknown) || unknown(&best) && !unknown(&known) {
                        best = known;
                    }
                }
                best
            }
            Value::Assign(target, value) => {
                let known = self.eval(value, here);
                self.assign(target, known.clone(), here);
                known
            }
        }
    }

    /// The values of arguments or elements, what is spread put in its place.
    fn eval_all(&mut self, values: &'a [Value], here: Here) -> Vec<Known> {
        let values = match values {
            [Value::List(elements)] => elements,
            values => values,
        };
        let mut found = Vec::new();
        for value in values.iter().take(MAX_ELEMENTS) {
            match (value, self.eval(value, here)) {
                (Value::Spread(_), Known::List(elements, _)) => {
                    self.spend(elements.len());
                    found.extend(elements.iter().take(MAX_ELEMENTS.saturating_sub(found.len())).cloned());
                }
                (_, known) => found.push(known),
            }
        }
        found
    }

    fn assign(&mut self, target: &'a Value, value: Known, here: Here) {
        match target {
            Value::Name(name) => {
                let mut at = Some(here.scope);
                while let Some(scope) = at {
                    if let Some(old) = self.scopes[scope].names.get_mut(name.as_str()) {
                        *old = value;
                        return;
                    }
                    at = self.scopes[scope].parent;
                }
                self.scopes[here.scope].names.insert(name, value);
            }
            Value::Member(base, name) => match self.eval(base, here) {
                Known::Object(object) => {
                    self.objects[object].insert(name, value);
                }
                Known::Function(module, function, ..) => {
                    let object = self.statics_of(module, function);
                    self.objects[object].insert(name, value);
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn statics_of(&mut self, module: usize, function: usize) -> usize {
        if let Some(object) = self.statics.get(&(module, function)) {
            return *object;
        }
        let (object, prototype) = (self.object(), self.object());
        self.objects[object].insert("prototype", Known::Object(prototype));
        self.statics.insert((module, function), object);
        object
    }

    fn call(&mut self, call: &'a Call, here: Here) -> Known {
        if let (Value::Name(name), Some(source)) = (&call.callee, call.arguments.first())
            && matches!(name.as_str(), "require" | "import")
        {
            return self.require(source, here);
        }
        let (base, method) = match &call.callee {
            Value::Member(base, method) => (Some(self.eval(base, here)), method.as_str()),
            _ => (None, ""),
        };
        let outer = self.quiet;
        let receiver = base.as_ref().and_then(|base| match base {
            Known::Path(receiver, _) => Some(*receiver),
            base => inner_receiver(base),
        });
        self.quiet = outer || receiver.is_some();
        let arguments = match call.arguments.as_slice() {
            [single @ Value::List(_)] => vec![self.eval(single, here)],
            many => self.eval_all(many, here),
        };
        self.quiet = outer;
        match (base, receiver) {
            (Some(base), Some(receiver)) => {
                super::express::called(self, receiver, &base, method, call, &arguments, here)
            }
            (Some(base), None) => self.call_method(base, method, call, &arguments, here),
            (None, _) => {
                let callee = self.eval(&call.callee, here);
                self.call_value(callee, call, &arguments, here)
            }
        }
    }

    fn require(&mut self, source: &'a Value, here: Here) -> Known {
        match self.eval(source, here) {
            Known::Text(text) if !text.contains('*') => self.import(here.module, &text),
            _ => {
                // A gap only where an application is handed to it, or it is put on one.
                Known::Outside("./a file whose name is put together".into())
            }
        }
    }

    fn call_method(&mut self, base: Known, method: &str, call: &'a Call, arguments: &[Known], here: Here) -> Known {
        match &base {
            Known::List(elements, _) => {
                let (elements, mut results) = (elements.clone(), Vec::new());
                self.spend(elements.len());
                if method == "concat" {
                    let more = arguments.iter().flat_map(|argument| self.elements(argument));
                    return Known::list(elements.iter().cloned().chain(more).take(MAX_ELEMENTS).collect());
                }
                for element in elements.iter() {
                    if let Some(function @ Known::Function(..)) = arguments.first() {
                        results.push(self.call_function(function, std::slice::from_ref(element), None));
                    }
                }
                match method {
                    "map" | "flatMap" => Known::list(results),
                    _ => base,
                }
            }
            Known::Outside(what) if matches!(&**what, "path" | "url") && matches!(method, "join" | "resolve") => {
                let parts = arguments.iter().map(|part| match part {
                    Known::Text(text) => &**text,
                    _ => "*",
                });
                Known::Text(format!("/{}", join("", &parts.collect::<Vec<_>>().join("/"))).into())
            }
            Known::Outside(what) if &**what == "Object" => self.object_helper(method, arguments),
            Known::Function(..) if method == "bind" => base,
            Known::Function(..) if method == "call" => {
                self.call_function(&base, arguments.get(1..).unwrap_or_default(), None)
            }
            Known::Object(this) => match self.get(&base, method) {
                function @ Known::Function(..) => self.wrapped(&function, call, arguments, Some(*this)),
                Known::Unknown if method == "bind" => base,
                other => self.call_value(other, call, arguments, here),
            },
            _ if matches!(method, "then" | "finally") => match arguments.first() {
                Some(function @ Known::Function(..)) => self.call_function(function, &[base], None),
                _ => base,
            },
            _ => {
                let callee = self.get(&base, method);
                self.call_value(callee, call, arguments, here)
            }
        }
    }

    fn object_helper(&mut self, method: &str, arguments: &[Known]) -> Known {
        let Some(Known::Object(object)) = arguments.first() else { return Known::Unknown };
        let pairs = self.copy(*object).into_pairs();
        let list = Known::list;
        let text = |key: &str| Known::Text(key.into());
        match method {
            "values" => list(pairs.into_iter().map(|(_, value)| value).collect()),
            "keys" => list(pairs.into_iter().map(|(key, _)| text(key)).collect()),
            "entries" => list(pairs.into_iter().map(|(key, value)| list(vec![text(key), value])).collect()),
            _ => Known::Object(*object),
        }
    }

    fn call_value(&mut self, callee: Known, call: &'a Call, arguments: &[Known], here: Here) -> Known {
        match &callee {
            Known::Function(module, function, ..) if call.new => {
                let this = self.object();
                let statics = self.statics_of(*module, *function);
                if let Some(Known::Object(prototype)) = self.objects[statics].get("prototype") {
                    let prototype = *prototype;
                    self.objects[this] = self.copy(prototype);
                }
                match self.call_function(&callee, arguments, Some(this)) {
                    Known::Unknown => Known::Object(this),
                    given => given,
                }
            }
            Known::Function(..) => self.wrapped(&callee, call, arguments, None),
            Known::Class(module, class, scope) => {
                let this = self.object();
                self.fill(this, *module, *class, *scope, arguments);
                Known::Object(this)
            }
            Known::Outside(what) | Known::Made(what, _, _) => {
                let at = self.place(here.module, call.line);
                if let Some(kind) = Kind::made_by(what) {
                    return Known::Receiver(self.receiver(kind, at));
                }
                if what.starts_with('.') && arguments.iter().any(|argument| inner_receiver(argument).is_some()) {
                    let why = format!(
                        "An application is handed to `{what}`, which was not found; routes may be added there."
                    );
                    self.gaps.push(Gap { at: at.clone(), why });
                }
                if matches!(&**what, "finale-rest.resource" | "epilogue.resource") {
                    let why = format!("`{what}` makes routes of models; they are not followed.");
                    self.gaps.push(Gap { at, why });
                }
                self.call_back(arguments);
                let mut inside = arguments.to_vec();
                if let Known::Made(_, before, _) = &callee {
                    inside.extend(before.iter().take(8).cloned());
                }
                Known::made(what, inside)
            }
            _ => {
                self.call_back(arguments);
                Known::made(&call.callee.dotted(), arguments.to_vec())
            }
        }
    }

    /// Functions that are handed to something that is not known are taken to be called, unless they are handlers.
    fn call_back(&mut self, arguments: &[Known]) {
        if self.quiet {
            return;
        }
        for argument in arguments.iter().filter(|argument| matches!(argument, Known::Function(..))) {
            self.call_function(argument, &[], None);
        }
    }

    /// Calls a function of the project. One that takes a function and gives one wraps it: what was wrapped is not lost.
    fn wrapped(&mut self, callee: &Known, call: &Call, arguments: &[Known], this: Option<usize>) -> Known {
        let given = self.call_function(callee, arguments, this);
        let wraps = arguments.iter().any(|argument| matches!(argument, Known::Function(..) | Known::Made(..)));
        match given {
            Known::Function(..) | Known::Unknown if wraps => Known::made(&call.callee.dotted(), arguments.to_vec()),
            given => given,
        }
    }

    pub(super) fn call_function(&mut self, callee: &Known, arguments: &[Known], this: Option<usize>) -> Known {
        let Known::Function(module, function, scope, own) = *callee else { return Known::Unknown };
        let runs = self.runs.entry((module, function)).or_insert(0);
        *runs += 1;
        let within_itself = self.active.iter().filter(|active| **active == (module, function)).count();
        if *runs > MAX_RUNS || within_itself >= MAX_ITSELF || self.depth >= MAX_DEPTH {
            self.cut |= within_itself < MAX_ITSELF;
            return Known::Unknown;
        }
        let modules = self.modules;
        let code = &modules[module].functions[function];
        let inner = self.scope(Some(scope));
        if let Some(this) = this.or(own) {
            self.scopes[inner].names.insert("this", Known::Object(this));
        }
        for (at, parameter) in code.parameters.iter().enumerate() {
            self.bind(parameter, arguments.get(at).cloned().unwrap_or_default(), inner);
        }
        self.depth += 1;
        let quiet = std::mem::replace(&mut self.quiet, false);
        self.active.push((module, function));
        let given = self.run(&code.body, Here { module, scope: inner });
        self.active.pop();
        self.quiet = quiet;
        self.depth -= 1;
        given
    }

    /// Puts fields and methods into a new instance, those of the parent first, and follows its constructor.
    fn fill(&mut self, this: usize, module: usize, class: usize, scope: usize, arguments: &[Known]) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        let modules = self.modules;
        let code = &modules[module].classes[class];
        let inner = self.scope(Some(scope));
        self.scopes[inner].names.insert("this", Known::Object(this));
        let here = Here { module, scope: inner };
        if let Known::Class(module, class, scope) = self.eval(&code.parent, here) {
            self.fill(this, module, class, scope, arguments);
        }
        self.spend(code.methods.len());
        for method in &code.methods {
            let function = Known::Function(module, method.function, inner, Some(this));
            self.objects[this].insert(&method.name, function);
        }
        for (name, value) in &code.fields {
            let value = self.eval(value, here);
            self.objects[this].insert(name, value);
        }
        if let Some(constructor) = code.methods.iter().find(|method| method.name == "constructor") {
            self.call_function(
                &Known::Function(module, constructor.function, inner, Some(this)),
                arguments,
                Some(this),
            );
        }
        self.depth -= 1;
    }

    /// Whether a function was followed.
    pub(super) fn has_run(&self, module: usize, function: usize) -> bool {
        self.runs.contains_key(&(module, function))
    }

    /// A function as it stands in a loaded module.
    pub(super) fn function_of(&self, module: usize, function: usize) -> Option<Known> {
        self.loaded[module].map(|(_, scope)| Known::Function(module, function, scope, None))
    }

    /// Where the top of a module stands; loads it.
    pub(super) fn top_of(&mut self, module: usize) -> Here {
        self.load(module);
        let scope = self.loaded[module].map_or(0, |(_, scope)| scope);
        Here { module, scope }
    }

    /// What a module exports, by name.
    pub(super) fn exported(&mut self, module: usize) -> Names<'a> {
        match self.exports(module) {
            Known::Object(exports) => self.copy(exports),
            single => Names::from_iter([("default", single)]),
        }
    }

    /// The files that a folder holds, as modules.
    pub(super) fn modules_below(&self, folder: &str) -> Vec<usize> {
        let prefix = format!("{}/", folder.trim_matches('/'));
        let within = self.modules.iter().enumerate().filter(|(_, module)| module.path.starts_with(&prefix));
        within.map(|(number, _)| number).collect()
    }

    /// What a module gives by default.
    pub(super) fn default_of(&mut self, module: usize) -> Known {
        let value = self.exports(module);
        self.imported(&value, &Imported::Default)
    }
}
