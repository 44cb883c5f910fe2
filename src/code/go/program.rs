//! What is declared in a Go program, and how to find it.

use std::collections::BTreeMap;

use crate::code::unit::{Call, Expr, Function, Unit};

/// Functions, methods, constants and fields of all packages.
pub(super) struct Program<'u> {
    by_name: BTreeMap<&'u str, Vec<(&'u Unit, &'u Function)>>,
    constants: BTreeMap<&'u str, Vec<(&'u Unit, &'u Expr)>>,
    fields: BTreeMap<(&'u str, &'u str), &'u str>,
}

/// The folder of a file: its package.
pub(super) fn folder(unit: &Unit) -> &str {
    unit.file.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default()
}

impl<'u> Program<'u> {
    /// Of these files.
    pub(super) fn new(units: &[&'u Unit]) -> Self {
        let mut program = Self { by_name: BTreeMap::new(), constants: BTreeMap::new(), fields: BTreeMap::new() };
        for unit in units {
            for function in &unit.functions {
                program.by_name.entry(&function.name).or_default().push((unit, function));
            }
            for declared in &unit.body {
                let Expr::Assign(both) = declared else { continue };
                if let Some(name) = both.0.name() {
                    program.constants.entry(name).or_default().push((unit, &both.1));
                }
            }
            for class in &unit.classes {
                for field in &class.body {
                    let Expr::Assign(both) = field else { continue };
                    if let (Some(name), Some(of)) = (both.0.name(), both.1.name()) {
                        program.fields.insert((&class.name, name), of);
                    }
                }
            }
        }
        program
    }

    /// The type of a field.
    pub(super) fn field(&self, of: &str, name: &str) -> Option<&'u str> {
        self.fields.get(&(of, name)).copied()
    }

    /// The functions that `package.name(…)`, `name(…)` or `value.name(…)` can mean in a file, `of` a type where that is known.
    pub(super) fn functions(
        &self,
        unit: &Unit,
        on: &str,
        name: &str,
        of: Option<&str>,
    ) -> Vec<(&'u Unit, &'u Function)> {
        let all = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let is_in = |other: &Unit, path: &str| {
            let own = folder(other);
            let below = path.strip_suffix(own).is_some_and(|rest| rest.ends_with('/'));
            !own.is_empty() && (below || last_two(path).is_some_and(|two| last_two(own) == Some(two)))
        };
        let fits = |candidate: &&(&Unit, &Function)| match (on, unit.import(on)) {
            ("", _) => candidate.1.owner.is_empty() && folder(candidate.0) == folder(unit),
            (_, Some(path)) => candidate.1.owner.is_empty() && is_in(candidate.0, path),
            (_, None) => !candidate.1.owner.is_empty() && of.is_none_or(|of| candidate.1.owner == of),
        };
        let found: Vec<_> = all.iter().take(2000).filter(fits).copied().collect();
        // Of methods of one name, those in the same package are meant first.
        let near: Vec<_> = found.iter().filter(|(other, _)| folder(other) == folder(unit)).copied().collect();
        if near.is_empty() || unit.import(on).is_some() { found } else { near }
    }

    /// The path that an expression is, with `*` for what is not known of it.
    pub(super) fn path(&self, unit: &Unit, e: &Expr, depth: u32) -> Option<String> {
        if depth > 8 {
            return None;
        }
        match e {
            Expr::Text(text) => Some(text.clone()),
            Expr::Joined(parts) => {
                let known = |part: &Expr| self.path(unit, part, depth + 1).unwrap_or_else(|| "*".to_owned());
                Some(parts.iter().take(20).map(known).collect::<String>()).filter(|path| path.len() < 1000)
            }
            Expr::Name(name) => self.constant(unit, name, depth),
            Expr::Chain(chain) => match chain.calls().last() {
                Some(call) => self.made(unit, &chain.dotted(), call, depth),
                // `routes.Login`: a constant of another package.
                None => self.constant(unit, chain.dotted().rsplit('.').next().unwrap_or_default(), depth),
            },
            _ => None,
        }
    }

    fn constant(&self, unit: &Unit, name: &str, depth: u32) -> Option<String> {
        let all = self.constants.get(name)?;
        let own = all.iter().find(|(other, _)| folder(other) == folder(unit));
        let (unit, value) = own.or(match all.as_slice() {
            [one] => Some(one),
            _ => None,
        })?;
        self.path(unit, value, depth + 1)
    }

    /// A path that a call makes: `fmt.Sprintf("/x/%s", a)`, `path.Join(base, "/x")`, or one of the program's own.
    fn made(&self, unit: &Unit, dotted: &str, call: &Call, depth: u32) -> Option<String> {
        if dotted == "fmt.Sprintf" {
            let format = self.path(unit, call.arg(0)?, depth + 1)?;
            return Some(format.replace("%s", "*").replace("%d", "*").replace("%v", "*"));
        }
        let known: Vec<String> = call.args.iter().filter_map(|arg| self.path(unit, &arg.value, depth + 1)).collect();
        match known.as_slice() {
            [] => None,
            // What a function puts before it is not known.
            known => Some(format!("/*/{}", known.join("/").trim_start_matches('/'))),
        }
    }
}

fn last_two(path: &str) -> Option<(&str, &str)> {
    let (rest, last) = path.rsplit_once('/')?;
    Some((rest.rsplit('/').next().unwrap_or_default(), last))
}
