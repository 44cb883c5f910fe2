//! The routes of small applications of our own, good and bad, one for each framework: what is found of each is a snapshot.

use std::fmt::Write as _;
use std::path::Path;

use cleansweep::code::{Inventory, Project, inventory};

fn add(folder: &Path, root: &Path, project: &mut Project) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).expect("the folder can be read").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        match path.is_dir() {
            true => add(&path, root, project),
            false => {
                let name = path.strip_prefix(root).expect("it is below the root").to_string_lossy().replace('\\', "/");
                project.add(&name, std::fs::read(&path).expect("a file can be read").into());
            }
        }
    }
}

fn apps() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps")
}

fn app(name: &str) -> Inventory {
    let root = apps().join(name);
    let mut project = Project::default();
    add(&root, &root, &mut project);
    inventory(&project)
}

/// One line for each route with what stands before it (`*` where that is before a group), gap and fact.
fn shown(found: &Inventory) -> String {
    let mut out = String::new();
    for framework in &found.frameworks {
        let version = framework.version.as_deref().unwrap_or("?");
        writeln!(out, "{} {version} {}:{}", framework.framework.name(), framework.at.file, framework.at.line)
            .expect("a text");
    }
    for route in &found.routes {
        let handler = route.handler.as_ref();
        let handler = handler.map_or("?".into(), |h| format!("{} {}:{}-{}", h.name, h.at.file, h.at.line, h.end));
        writeln!(out, "{} {} {}:{} -> {handler}", route.method.name(), route.path, route.at.file, route.at.line)
            .expect("a text");
        for one in &route.before {
            let group = if one.group { "*" } else { "" };
            writeln!(out, "    {:?}{group} {} {}:{}", one.role, one.name, one.at.file, one.at.line).expect("a text");
        }
    }
    for gap in &found.gaps {
        writeln!(out, "gap {}:{} {}", gap.at.file, gap.at.line, gap.why).expect("a text");
    }
    for fact in &found.facts {
        writeln!(out, "fact {}:{} {:?} {}", fact.at.file, fact.at.line, fact.kind, fact.name).expect("a text");
    }
    out
}

macro_rules! apps {
    ($($test:ident $name:literal)*) => {
        $(#[test]
        fn $test() {
            let found = app($name);
            assert!(!found.routes.is_empty() && !found.frameworks.is_empty());
            insta::assert_snapshot!(concat!("app-", $name), shown(&found));
        })*

        const APPS: &[&str] = &[$($name),*];
    };
}

apps! {
    actix "actix"
    axum "axum"
    chi "chi"
    django "django"
    echo "echo"
    express "express"
    fastapi "fastapi"
    fastify "fastify"
    flask "flask"
    gin "gin"
    go_http "go-http"
    laravel "laravel"
    nest "nest"
    next "next"
    rails "rails"
    spring "spring"
}

#[test]
fn every_application_is_tried() {
    let folders = std::fs::read_dir(apps()).expect("the folder can be read").map(|e| e.expect("an entry"));
    let mut names: Vec<String> = folders
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, APPS);
}

/// A folder with all of them, as a company keeps its services: none loses a route, none gets one of another.
#[test]
fn all_applications_at_once_have_the_routes_of_each() {
    let mut project = Project::default();
    add(&apps(), &apps(), &mut project);
    let together = inventory(&project);
    for name in APPS {
        let beneath = together.routes.iter().filter(|route| route.at.file.starts_with(&format!("{name}/")));
        let beneath: Vec<String> = beneath.map(|route| format!("{} {}", route.method.name(), route.path)).collect();
        let alone = app(name).routes;
        let alone: Vec<String> = alone.iter().map(|route| format!("{} {}", route.method.name(), route.path)).collect();
        assert_eq!(beneath, alone, "{name}");
    }
}
