//! Routers as they are known while a program is followed.

use crate::code::framework::Framework;
use crate::code::route::{Mention, Method};

/// A router, or a group of one.
#[derive(Clone, Debug)]
pub(super) struct Router {
    /// Whose.
    pub framework: Framework,
    /// Whether it is gorilla/mux, whose routes say their methods afterwards.
    pub gorilla: bool,
    /// Its path.
    pub prefix: String,
    /// What stands before what is added from here on.
    pub before: Vec<Mention>,
    /// The group or the router that this is a part of.
    pub part_of: Option<usize>,
}

impl Router {
    /// One without a prefix.
    pub(super) fn new(framework: Framework) -> Self {
        Self { framework, gorilla: false, prefix: String::new(), before: Vec::new(), part_of: None }
    }
}

/// The framework of a type: `*gin.RouterGroup`, as the package's full path and the type's name.
pub(super) fn of_type(path: &str, name: &str) -> Option<(Framework, bool)> {
    let base = path.strip_suffix(|c: char| c.is_ascii_digit()).and_then(|p| p.strip_suffix("/v")).unwrap_or(path);
    match (base, name) {
        ("net/http", "ServeMux") => Some((Framework::GoHttp, false)),
        ("github.com/gorilla/mux", "Router") => Some((Framework::GoHttp, true)),
        ("github.com/gin-gonic/gin", "Engine" | "RouterGroup" | "IRouter" | "IRoutes") => Some((Framework::Gin, false)),
        ("github.com/go-chi/chi", "Router" | "Mux" | "Routes") => Some((Framework::Chi, false)),
        ("github.com/labstack/echo", "Echo" | "Group") => Some((Framework::Echo, false)),
        _ => None,
    }
}

/// The framework whose router a function of a package makes.
pub(super) fn made_by(path: &str, function: &str) -> Option<(Framework, bool)> {
    let base = path.strip_suffix(|c: char| c.is_ascii_digit()).and_then(|p| p.strip_suffix("/v")).unwrap_or(path);
    match (base, function) {
        ("net/http", "NewServeMux") => Some((Framework::GoHttp, false)),
        ("github.com/gorilla/mux", "NewRouter") => Some((Framework::GoHttp, true)),
        ("github.com/gin-gonic/gin", "New" | "Default") => Some((Framework::Gin, false)),
        ("github.com/go-chi/chi", "NewRouter" | "NewMux") => Some((Framework::Chi, false)),
        ("github.com/labstack/echo", "New") => Some((Framework::Echo, false)),
        _ => None,
    }
}

/// What a method of a router does.
pub(super) enum Does {
    /// Adds a route: by this method, the path at this position.
    Route(Method, usize),
    /// Adds a route whose method is the first thing that is passed.
    Named,
    /// Adds routes by the methods of a list.
    Match,
    /// Puts something before what follows.
    Use,
    /// Makes a group: with a path, or with none.
    Group(bool),
    /// Adds what another router has.
    Mount,
    /// Serves files.
    Files,
    /// Answers what nothing else does, or sets something.
    Nothing,
    /// Is not known.
    Unknown,
}

/// What a method of this name does.
pub(super) fn does(framework: Framework, gorilla: bool, name: &str) -> Does {
    match (framework, name) {
        (Framework::GoHttp, "Handle" | "HandleFunc") => Does::Route(Method::Any, 0),
        (Framework::GoHttp, "Use") if gorilla => Does::Use,
        (Framework::GoHttp, "PathPrefix") if gorilla => Does::Group(true),
        (
            Framework::GoHttp,
            "NewRoute" | "Subrouter" | "Host" | "Schemes" | "StrictSlash" | "UseEncodedPath" | "SkipClean",
        ) => Does::Group(false),
        (Framework::Gin, "Handle") | (Framework::Echo, "Add") | (Framework::Chi, "Method" | "MethodFunc") => {
            Does::Named
        }
        (Framework::Gin | Framework::Echo, "Match") => Does::Match,
        (Framework::Gin | Framework::Echo, "Any") => Does::Route(Method::Any, 0),
        (Framework::Chi, "Handle" | "HandleFunc") => Does::Route(Method::Any, 0),
        (Framework::Gin | Framework::Chi | Framework::Echo, "Use") | (Framework::Echo, "Pre") => Does::Use,
        (Framework::Gin | Framework::Echo, "Group") | (Framework::Chi, "Route") => Does::Group(true),
        (Framework::Chi, "Group" | "With") => Does::Group(false),
        (Framework::Chi, "Mount") => Does::Mount,
        (Framework::Gin, "Static" | "StaticFile" | "StaticFS" | "StaticFileFS")
        | (Framework::Echo, "Static" | "File" | "FileFS" | "StaticFS") => Does::Files,
        (Framework::Chi, "Connect" | "Trace") | (Framework::Echo, "CONNECT" | "TRACE" | "PROPFIND" | "REPORT") => {
            Does::Route(Method::Any, 0)
        }
        (Framework::Gin | Framework::Echo, _) if name.chars().all(|c| c.is_ascii_uppercase()) => verb(name),
        (Framework::Chi, _) if name.starts_with(|c: char| c.is_ascii_uppercase()) => verb(name),
        _ => Does::Nothing,
    }
}

fn verb(name: &str) -> Does {
    match Method::of(name) {
        Some(Method::Any) | None if name == "NotFound" || name == "MethodNotAllowed" => Does::Nothing,
        Some(method) => Does::Route(method, 0),
        None => Does::Unknown,
    }
}
