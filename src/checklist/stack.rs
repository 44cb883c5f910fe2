//! The frameworks that a project uses, by its manifests.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::code::{Detected, Framework, Inventory, Place, Project};

/// The manifest, the package as it is named there, the framework.
const PACKAGES: &[(&str, &str, Framework)] = &[
    ("package.json", "\"express\"", Framework::Express),
    ("package.json", "\"fastify\"", Framework::Fastify),
    ("package.json", "\"@nestjs/core\"", Framework::NestJs),
    ("package.json", "\"next\"", Framework::NextJs),
    ("requirements", "django", Framework::Django),
    ("requirements", "djangorestframework", Framework::DjangoRest),
    ("requirements", "flask", Framework::Flask),
    ("requirements", "fastapi", Framework::FastApi),
    ("Gemfile", "rails", Framework::Rails),
    ("composer.json", "\"laravel/framework\"", Framework::Laravel),
    ("pom.xml", "spring-boot-starter-web", Framework::Spring),
    ("build.gradle", "spring-boot-starter-web", Framework::Spring),
    ("go.mod", "github.com/gin-gonic/gin", Framework::Gin),
    ("go.mod", "github.com/go-chi/chi", Framework::Chi),
    ("go.mod", "github.com/labstack/echo", Framework::Echo),
    ("Cargo.toml", "axum", Framework::Axum),
    ("Cargo.toml", "actix-web", Framework::Actix),
];

/// The frameworks that the manifests name, with those that the inventory has met, by name and place.
#[must_use]
pub fn detect(project: &Project, inventory: &Inventory) -> Vec<Detected> {
    let mut found: BTreeSet<Detected> = inventory.frameworks.iter().cloned().collect();
    for (path, file) in project.files() {
        let name = path.rsplit('/').next().unwrap_or_default();
        let Some(manifest) = manifest(name) else { continue };
        let text = String::from_utf8_lossy(&file.text);
        for (_, package, framework) in PACKAGES.iter().filter(|(of, ..)| *of == manifest) {
            let named = text.lines().zip(1u32..).find_map(|(line, number)| Some((version(line, package)?, number)));
            if let Some((version, line)) = named
                && !found.iter().any(|known| known.framework == *framework && known.at.file == *path)
            {
                found.insert(Detected { framework: *framework, version, at: Place { file: Arc::clone(path), line } });
            }
        }
    }
    found.into_iter().collect()
}

/// The stack by which fixes are told.
#[must_use]
pub fn name(framework: Framework) -> &'static str {
    match framework {
        Framework::Express => "express",
        Framework::Fastify => "fastify",
        Framework::NestJs => "nestjs",
        Framework::NextJs => "nextjs",
        Framework::Django | Framework::DjangoRest => "django",
        Framework::Flask => "flask",
        Framework::FastApi => "fastapi",
        Framework::Rails => "rails",
        Framework::Laravel => "laravel",
        Framework::Spring => "spring",
        Framework::GoHttp | Framework::Gin | Framework::Chi | Framework::Echo => "go",
        Framework::Axum | Framework::Actix => "rust",
    }
}

/// Whether a file of this name tells of packages.
#[must_use]
pub fn is_manifest(name: &str) -> bool {
    manifest(name).is_some()
}

/// The manifest by which [`PACKAGES`] call a file.
fn manifest(name: &str) -> Option<&'static str> {
    Some(match name {
        "package.json" => "package.json",
        "pyproject.toml" | "Pipfile" | "setup.cfg" => "requirements",
        _ if name.starts_with("requirements") && name.ends_with(".txt") => "requirements",
        "Gemfile" => "Gemfile",
        "composer.json" => "composer.json",
        "pom.xml" => "pom.xml",
        "build.gradle" | "build.gradle.kts" => "build.gradle",
        "go.mod" => "go.mod",
        "Cargo.toml" => "Cargo.toml",
        _ => return None,
    })
}

/// The version that a line of a manifest gives a package; nothing if the line does not name it. A longer name that begins
/// or ends with the package's is another package.
#[expect(clippy::option_option, reason = "whether it is named, and then whether with a version")]
fn version(line: &str, package: &str) -> Option<Option<String>> {
    let lower = line.to_ascii_lowercase();
    let at = lower.find(package)?;
    if line.trim_start().starts_with(['#', ';']) || line.trim_start().starts_with("//") {
        return None;
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let before = lower[..at].chars().next_back();
    let rest = &line[at + package.len()..];
    if before.is_some_and(is_part) || rest.chars().next().is_some_and(is_part) {
        return None;
    }
    let is_version = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let numbers =
        rest.split(|c: char| !is_version(c)).map(|word| word.trim_start_matches(|c: char| !c.is_ascii_digit()));
    let number = numbers.map(|word| word.trim_end_matches('.')).find(|word| word.contains('.') && word.len() <= 32);
    Some(number.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[(&str, &str)]) -> Project {
        let mut project = Project::default();
        for (path, text) in files {
            project.add(path, text.as_bytes().into());
        }
        project
    }

    #[test]
    fn manifests_name_frameworks() {
        for (path, text, expected) in [
            ("package.json", "{\n\"dependencies\": {\"express\": \"^4.18.2\"}}", "Express 4.18.2"),
            ("web/package.json", "{\"dependencies\": {\n\"next\": \"14.1.0\"}}", "Next.js 14.1.0"),
            ("requirements.txt", "Django==4.2.1\n", "Django 4.2.1"),
            ("pyproject.toml", "dependencies = [\"fastapi>=0.110\"]", "FastAPI 0.110"),
            ("Gemfile", "gem 'rails', '~> 7.1.2'", "Rails 7.1.2"),
            ("composer.json", "{\"require\": {\"laravel/framework\": \"^11.0\"}}", "Laravel 11.0"),
            ("pom.xml", "<artifactId>spring-boot-starter-web</artifactId>", "Spring"),
            ("go.mod", "require github.com/labstack/echo/v4 v4.11.4", "echo 4.11.4"),
            ("Cargo.toml", "axum = { version = \"0.8\" }", "axum 0.8"),
        ] {
            let found = detect(&project(&[(path, text)]), &Inventory::default());
            let told: Vec<String> = found
                .iter()
                .map(|d| {
                    format!("{} {}", d.framework.name(), d.version.as_deref().unwrap_or_default()).trim().to_owned()
                })
                .collect();
            assert_eq!(told, [expected], "{path}");
        }
    }

    #[test]
    fn other_packages_and_other_files_name_none() {
        for (path, text) in [
            ("package.json", "{\"dependencies\": {\"express-session\": \"1.0.0\", \"next-auth\": \"4.0.0\"}}"),
            ("requirements.txt", "flask-login==0.6\n# flask==2.0\npytest-django==4\n"),
            ("Gemfile", "gem 'rails-html-sanitizer'"),
            ("notes.md", "we use express and django"),
            ("package.json", "not json at all \u{fffd}"),
        ] {
            assert_eq!(detect(&project(&[(path, text)]), &Inventory::default()), [], "{path}: {text}");
        }
    }

    #[test]
    fn many_at_once_are_all_told() {
        let files = [
            ("a/package.json", "\"express\": \"4.0.0\""),
            ("b/requirements.txt", "flask==2.0"),
            ("c/go.mod", "\tgithub.com/gin-gonic/gin v1.9.1"),
        ];
        assert_eq!(detect(&project(&files), &Inventory::default()).len(), 3);
    }
}
