//! Connexion: routes that an OpenAPI document declares, each with the name of its handler.

use std::sync::Arc;

use super::super::expression::Value as Setting;
use super::super::framework::Framework;
use super::super::names::shown;
use super::super::project::Project;
use super::super::route::{Gap, Inventory, Mention, Method, Place, Role, Route};
use super::super::setting::{self, Format};
use super::super::value::{Call, Value};
use super::guards::{braced, handler, place};
use super::names::{Found, Names};

/// No more routes of one document are listed; nobody wrote them.
const MAX_ROUTES: usize = 5_000;

/// Adds the routes of documents that are handed to `add_api`.
pub(super) fn routes(project: &Project, names: &Names, inventory: &mut Inventory) {
    for (module, code) in names.modules.iter().enumerate() {
        for call in &code.calls {
            let Value::Member(_, method) = &call.callee else { continue };
            if method != "add_api" {
                continue;
            }
            if let Err(why) = Api::of(project, names, module, call).and_then(|api| api.routes(inventory)) {
                inventory.gaps.push(Gap { at: place(names, module, call.line), why });
            }
        }
    }
}

/// A document, and the module that hands it over.
struct Api<'p> {
    names: &'p Names<'p>,
    module: usize,
    path: Arc<str>,
    document: Setting,
    prefix: String,
}

impl<'p> Api<'p> {
    fn of(project: &Project, names: &'p Names<'p>, module: usize, call: &Call) -> Result<Self, String> {
        let name = call.arguments.first().or_else(|| call.named("specification"));
        let name =
            name.and_then(|name| names.text(module, name)).ok_or("The OpenAPI document is not named literally.")?;
        let end = name.trim_start_matches("./");
        let from = &names.modules[module].path;
        let common = |path: &str| path.bytes().zip(from.bytes()).take_while(|(a, b)| a == b).count();
        let fits = |path: &str| path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'));
        let found = project.files().filter(|(path, _)| fits(path)).max_by_key(|(path, _)| common(path));
        let (path, file) = found.ok_or_else(|| format!("The OpenAPI document `{}` was not found.", shown(end)))?;
        let read = Format::of_path(path).map(|format| setting::read(format, &file.text));
        let document = read.and_then(Result::ok).and_then(|documents| documents.into_iter().next());
        let document = document.ok_or_else(|| format!("The OpenAPI document `{}` could not be read.", shown(end)))?;
        let base = call.named("base_path").and_then(|base| names.text(module, base));
        let prefix = base.unwrap_or_else(|| base_of(&document));
        Ok(Self { names, module, path: path.clone(), document, prefix })
    }

    fn routes(&self, inventory: &mut Inventory) -> Result<(), String> {
        let Some(Setting::Table(paths)) = self.document.get("paths") else {
            return Err("The OpenAPI document declares no paths.".into());
        };
        let (mut left, mut unknown) = (MAX_ROUTES, 0_usize);
        for path in paths {
            let Setting::Table(operations) = &path.value else { continue };
            for operation in operations {
                let asked = Method::of(&operation.key).filter(|asked| *asked != Method::Any);
                let (Some(method), true) = (asked, left > 0) else { continue };
                left -= 1;
                let at = Place { file: self.path.clone(), line: operation.line };
                let controller = self.controller(&operation.value).or_else(|| self.controller(&path.value));
                let handler = self.handler(&operation.value, controller);
                unknown += usize::from(handler.is_none());
                inventory.routes.push(Route {
                    path: braced(&format!("{}{}", self.prefix, path.key)),
                    method,
                    before: self.before(&operation.value, &at),
                    at,
                    framework: Framework::Flask,
                    handler,
                });
            }
        }
        match (left, unknown) {
            (0, _) => Err("The OpenAPI document declares more routes than are listed.".into()),
            (_, 0) => Ok(()),
            _ => Err(format!("The handlers of {unknown} routes of the OpenAPI document were not found.")),
        }
    }

    fn controller<'v>(&self, value: &'v Setting) -> Option<&'v str> {
        let keys = ["x-openapi-router-controller", "x-swagger-router-controller"];
        keys.iter().find_map(|key| value.get(key)).and_then(Setting::text)
    }

    /// The function that `operationId` names: `api.users.show`, or `show` of a controller.
    fn handler(&self, operation: &Setting, controller: Option<&str>) -> Option<super::super::route::Handler> {
        let id = operation.get("operationId").and_then(Setting::text)?;
        let whole = controller.map_or_else(|| id.to_owned(), |controller| format!("{controller}.{id}"));
        let (of, name) = whole.rsplit_once('.')?;
        let module = self.names.module(self.module, of)?;
        match self.names.resolve(module, &Value::Name(name.to_owned())) {
            Found::Function(module, function) => Some(handler(self.names, module, function, None)),
            _ => None,
        }
    }

    /// What connexion itself asks for: a scheme that a function checks, and bodies that fit their schema.
    fn before(&self, operation: &Setting, at: &Place) -> Vec<Mention> {
        let own = operation.get("security");
        let schemes = match own.or_else(|| self.document.get("security")) {
            Some(Setting::List(all)) => all.iter().filter_map(|one| match one {
                Setting::Table(names) => names.first().map(|name| name.key.as_str()),
                _ => None,
            }),
            _ => return self.schema(operation, at).into_iter().collect(),
        };
        let checked = schemes.filter(|scheme| self.is_checked(scheme)).map(|scheme| Mention {
            role: Role::Authentication,
            name: shown(scheme),
            at: at.clone(),
            group: own.is_none(),
        });
        checked.chain(self.schema(operation, at)).collect()
    }

    /// Whether a function is named that checks a scheme; without one, connexion lets everybody pass.
    fn is_checked(&self, scheme: &str) -> bool {
        let known = ["components.securitySchemes", "securityDefinitions"];
        let found = known.iter().filter_map(|of| self.document.entry(of)).find_map(|of| of.value.get(scheme));
        let Some(Setting::Table(entries)) = found else { return false };
        entries.iter().any(|entry| entry.key.starts_with("x-") && entry.key.ends_with("Func"))
    }

    fn schema(&self, operation: &Setting, at: &Place) -> Option<Mention> {
        let in_body = |parameter: &Setting| parameter.get("in").and_then(Setting::text) == Some("body");
        let body = match operation.get("parameters") {
            Some(Setting::List(all)) => all.iter().any(in_body),
            _ => false,
        };
        (body || operation.get("requestBody").is_some()).then(|| Mention {
            role: Role::Schema,
            name: "requestBody".into(),
            at: at.clone(),
            group: false,
        })
    }
}

/// The path below which a document's paths are: `basePath`, or that of its first server.
fn base_of(document: &Setting) -> String {
    if let Some(base) = document.get("basePath").and_then(Setting::text) {
        return base.trim_end_matches('/').to_owned();
    }
    let Some(Setting::List(servers)) = document.get("servers") else { return String::new() };
    let url = servers.first().and_then(|server| server.get("url")).and_then(Setting::text).unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => url,
    };
    path.trim_end_matches('/').to_owned()
}
