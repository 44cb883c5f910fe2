//! Where a file counts, by its path.

/// Where a file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Tests, examples and what is used while developing: nothing of it is launched.
    Development,
    /// Not said by its path: what is launched, unless a file for production says otherwise.
    Any,
    /// Production, by its path.
    Production,
}

/// Words of paths that tell of tests, wherever they stand in the name of a folder.
const TESTS: &[&str] = &[
    "test", "tests", "e2e", "cypress", "playwright", "fixture", "fixtures", "mock", "mocks", "storybook", "benchmark",
    "benches", "codefixes",
];

/// Words that tell of development as the whole name of a folder, or in the name of a file: a folder of `openapi_specs` is none of tests.
const DEVELOPMENT: &[&str] = &[
    "spec", "specs", "example", "examples", "sample", "samples", "doc", "docs", "dev", "development", "local", "demo",
    "stories", "conftest",
];

/// What the parts of a product are called: a word before it is a name.
const PARTS: &[&str] = &[
    "controller", "controllers", "service", "services", "route", "routes", "router", "handler", "handlers", "resolver",
    "repository", "model", "serializer", "view", "views", "entity", "policy", "job", "mailer",
];

/// What settings are called, for whatever stands before it.
const SETTINGS: &[&str] =
    &["settings", "config", "configuration", "compose", "env", "environment", "server", "requirements"];

/// The stage that a path tells.
pub(super) fn stage(path: &str) -> Stage {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let mut stage = Stage::Any;
    for folder in before_names(without_packages(folders, name)).split('/') {
        let folder = folder.trim_matches(|c| !is_word(c)).to_ascii_lowercase();
        let tests = folder.split(|c| !is_word(c)).any(|word| TESTS.contains(&word));
        match folder.as_str() {
            _ if tests => return Stage::Development,
            whole if DEVELOPMENT.contains(&whole) => return Stage::Development,
            "prod" | "production" => stage = Stage::Production,
            _ => {}
        }
    }
    let words: Vec<String> =
        name.split(|c| !is_word(c)).filter(|w| !w.is_empty()).map(str::to_ascii_lowercase).collect();
    if is_of_development(&words) {
        return Stage::Development;
    }
    match words.iter().any(|word| matches!(word.as_str(), "prod" | "production")) {
        true => Stage::Production,
        false => stage,
    }
}

/// Whether the words of a file's name tell of tests or of development: `user.spec.ts`, `a_test.go`, `settings_dev.py`, `test_a.py`. What
/// a product has is named with the same words: `stories_controller.rb`, `local_user.rs`, `test_results_service.ts`.
fn is_of_development(words: &[String]) -> bool {
    let tells = |word: &str| TESTS.contains(&word) || DEVELOPMENT.contains(&word);
    let (ending, stem) = words.split_last().map_or(("", words), |(last, rest)| (last.as_str(), rest));
    let (Some(first), Some(last)) = (stem.first(), stem.last()) else { return tells(ending) };
    let is_story = last == "story" && stem.len() > 1;
    let is_part = PARTS.contains(&last.as_str());
    tells(ending)
        || tells(last)
        || is_story
        || TESTS.contains(&first.as_str()) && !is_part
        || DEVELOPMENT.contains(&first.as_str()) && SETTINGS.contains(&last.as_str())
}

/// Below these folders stand names that the product gives its own things: `app/api/tests/[id]/route.ts`.
fn before_names(folders: &str) -> &str {
    let whole = |at: &usize| *at == 0 || folders.as_bytes()[at - 1] == b'/';
    let begins = ["app/api/", "pages/api/", "app/controllers/", "app/models/", "app/views/"];
    let first = begins.iter().filter_map(|begin| folders.find(begin).filter(whole).map(|at| at + begin.len())).min();
    first.map_or(folders, |at| &folders[..at])
}

/// The folders without those that are a package's name: whoever calls it `com.example` means to launch it all the same.
fn without_packages<'p>(folders: &'p str, name: &str) -> &'p str {
    if ![".java", ".kt", ".kts", ".scala", ".groovy"].iter().any(|end| name.ends_with(end)) {
        return folders;
    }
    let begins = ["main/java", "main/kotlin", "main/scala", "main/groovy"];
    let main = begins.iter().filter_map(|begin| folders.find(begin)).min();
    let package = ["com", "org", "net", "io", "de"].iter().filter_map(|root| folders.find(&format!("/{root}/"))).min();
    match main.or(package) {
        Some(at) => &folders[..at],
        None => folders,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_by_path() {
        let cases: &[(Stage, &[&str])] = &[
            (
                Stage::Development,
                &[
                    "test/a.js",
                    "src/user.spec.ts",
                    "spec/a.rb",
                    "_examples/rest/main.go",
                    "e2e-tests/a.ts",
                    "settings_dev.py",
                    "docker-compose.local.yml",
                    "config/environments/development.rb",
                    "a_test.go",
                    "app/src/test/java/com/shop/A.java",
                    "samples/x/src/main/java/com/shop/A.java",
                    "src/main/resources/application-dev.yml",
                    "conftest.py",
                    "docs/conf.py",
                    "src/Button.story.tsx",
                    "local_settings.py",
                    "test_api.py",
                    "e2e-setup.ts",
                    ".env.example",
                    "dev.ts",
                    "examples/a/app/api/users/route.ts",
                ],
            ),
            (
                Stage::Any,
                &[
                    "src/a.js",
                    "openapi_specs/api.yml",
                    "src/main/java/com/example/shop/A.java",
                    "src/main/java/org/springframework/samples/A.java",
                    "src/com/example/A.java",
                    "app/latest/a.py",
                    "src/devices/a.ts",
                    "localization/a.ts",
                    "app/controllers/stories_controller.rb",
                    "app/models/story.rb",
                    "src/local_user.rs",
                    "src/test_results.service.ts",
                    "app/controllers/test_results_controller.rb",
                    "app/api/tests/[id]/route.ts",
                    "src/pages/api/mock-exams/index.ts",
                ],
            ),
            (Stage::Production, &["config/environments/production.rb", "settings/prod.py", "deploy/production/a.yml"]),
        ];
        for (expected, paths) in cases {
            for path in *paths {
                assert_eq!(stage(path), *expected, "{path}");
            }
        }
    }
}
