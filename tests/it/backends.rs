//! The routes of small applications of our own, good and bad, in Ruby, PHP, Java, Go and Rust: what is found of each is a snapshot.

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

fn app(name: &str) -> Inventory {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps").join(name);
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
    };
}

apps! {
    rails "rails"
    laravel "laravel"
    spring "spring"
    go_http "go-http"
    gin "gin"
    chi "chi"
    echo "echo"
    axum "axum"
    actix "actix"
}
