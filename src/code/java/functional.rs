//! Routes that are written as functions: `route(GET("/x"), handler)` and `route().GET("/x", handler)`.

use crate::code::framework::Framework;
use crate::code::reader::gap;
use crate::code::route::{Handler, Inventory, Method, Route};
use crate::code::unit::{Call, Chain, Expr, Unit, short};
use crate::code::walk::{braced, join};

use super::values::Constants;

/// Adds the routes of router functions.
pub(super) fn draw(units: &[&Unit], constants: &Constants, inventory: &mut Inventory) {
    for unit in units {
        for class in &unit.classes {
            for method in class.methods.iter().filter(|method| method.result.contains("RouterFunction")) {
                let mut pen = Pen { unit, class: &class.name, constants, inventory };
                method.body.iter().for_each(|statement| pen.expression(statement, "", 0));
            }
        }
    }
}

struct Pen<'u, 'i> {
    unit: &'u Unit,
    class: &'u str,
    constants: &'u Constants<'u>,
    inventory: &'i mut Inventory,
}

impl Pen<'_, '_> {
    fn expression(&mut self, e: &Expr, prefix: &str, depth: u32) {
        if depth > 40 {
            return;
        }
        match e {
            Expr::Return(value) => self.expression(value, prefix, depth + 1),
            Expr::Group(all) => all.iter().for_each(|one| self.expression(one, prefix, depth + 1)),
            Expr::Assign(both) => self.expression(&both.1, prefix, depth + 1),
            Expr::Lambda(function) => function.body.iter().for_each(|one| self.expression(one, prefix, depth + 1)),
            Expr::Chain(chain) => self.chain(chain, prefix, depth),
            _ => {}
        }
    }

    fn chain(&mut self, chain: &Chain, prefix: &str, depth: u32) {
        for call in chain.calls() {
            match call.name.as_str() {
                "route" | "andRoute" if call.args.len() == 2 => self.predicate(call, prefix),
                "path" | "nest" | "andNest" if call.args.len() == 2 => {
                    let inner = self.nested(&call.args[0].value).unwrap_or_else(|| "*".into());
                    self.expression(&call.args[1].value, &join(prefix, &inner), depth + 1);
                }
                "and" | "add" => call.args.iter().for_each(|arg| self.expression(&arg.value, prefix, depth + 1)),
                name => match Method::of(name).filter(|_| name.chars().all(|c| c.is_ascii_uppercase())) {
                    Some(method) if call.args.len() > 1 => {
                        self.push(call, method, &call.args[0].value, call.args.last().map(|arg| &arg.value), prefix)
                    }
                    _ => {}
                },
            }
        }
    }

    /// The path that is nested in: `"/x"` or `path("/x")`.
    fn nested(&self, e: &Expr) -> Option<String> {
        let inner =
            e.chain().and_then(|chain| chain.calls().find(|call| call.name == "path")).and_then(|call| call.arg(0));
        self.constants.texts(inner.unwrap_or(e), self.class)?.into_iter().next()
    }

    /// `route(GET("/x").and(accept(…)), handler)`
    fn predicate(&mut self, call: &Call, prefix: &str) {
        let asked = call.args[0].value.chain().map(|chain| chain.calls().collect::<Vec<_>>()).unwrap_or_default();
        let found = asked.iter().find_map(|asked| Method::of(&asked.name).zip(asked.arg(0)));
        let any = asked
            .iter()
            .find(|asked| asked.name == "path")
            .and_then(|asked| asked.arg(0))
            .map(|path| (Method::Any, path));
        match found.or(any) {
            Some((method, path)) => self.push(call, method, path, call.args.get(1).map(|arg| &arg.value), prefix),
            None => self.inventory.gaps.push(gap(&self.unit.file, call.line, "What this route asks for is not known.")),
        }
    }

    fn push(&mut self, call: &Call, method: Method, path: &Expr, handler: Option<&Expr>, prefix: &str) {
        let path = self.constants.texts(path, self.class).and_then(|texts| texts.into_iter().next());
        let path = path.unwrap_or_else(|| {
            self.inventory.gaps.push(gap(
                &self.unit.file,
                call.line,
                "The path is not literal, nor a constant that was found.",
            ));
            "*".into()
        });
        let at = self.unit.at(call.line);
        let name = handler.map(Expr::dotted).filter(|name| !name.is_empty()).unwrap_or_else(|| "lambda".into());
        let handler = Some(Handler { name: short(name), end: at.line, at: at.clone() });
        let path = braced(&join(prefix, &path));
        self.inventory.routes.push(Route {
            path,
            method,
            at,
            framework: Framework::Spring,
            handler,
            before: Vec::new(),
        });
    }
}
