//! What the name of a file says about the values in it.

/// Kinds of file that make a match more or less likely to be a live credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathKind {
    /// Tests, fixtures, mocks, snapshots.
    pub test: bool,
    /// Documentation and examples.
    pub docs: bool,
    /// Lock files and checksum lists: names, versions, hashes.
    pub lock: bool,
    /// Other people's code: `node_modules`, `vendor`.
    pub vendored: bool,
    /// Minified or bundled code.
    pub minified: bool,
    /// Texts of a user interface in several languages.
    pub locale: bool,
    /// Source code, in which a bare word is a variable.
    pub code: bool,
    /// Configuration, in which a bare word is a value.
    pub config: bool,
}

const LOCKS: &[&str] = &[
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "cargo.lock", "poetry.lock",
    "uv.lock", "pdm.lock", "pipfile.lock", "go.sum", "go.work.sum", "composer.lock", "gemfile.lock", "podfile.lock",
    "mix.lock", "pubspec.lock", "flake.lock", "packages.lock.json", "gradle.lockfile", "package.resolved",
    ".terraform.lock.hcl", "deno.lock", "conan.lock", "cartfile.resolved", "sha256sums", "sha512sums", "md5sums",
    "sha1sums",
];

const CODE: &[&str] = &[
    "c", "cc", "cpp", "cxx", "h", "hh", "hpp", "m", "mm", "cs", "java", "kt", "kts", "scala", "go", "rs", "py", "pyx",
    "rb", "php", "js", "jsx", "ts", "tsx", "mjs", "cjs", "vue", "svelte", "swift", "dart", "lua", "pl", "pm", "r",
    "jl", "ex", "exs", "erl", "hs", "ml", "fs", "fsx", "clj", "groovy", "gradle", "vb", "pas", "sol", "zig", "nim",
    "d", "sql", "asm", "s", "el", "lisp", "vim", "tf", "bicep", "erb", "ejs", "hbs", "jsp", "aspx", "html", "htm",
    "xhtml", "css", "scss",
];

const CONFIG: &[&str] = &[
    "env", "properties", "ini", "cfg", "conf", "config", "cnf", "toml", "yaml", "yml", "json", "jsonc", "json5", "xml",
    "plist", "sh", "bash", "zsh", "fish", "ps1", "psm1", "bat", "cmd", "tfvars", "hcl", "netrc", "npmrc", "pypirc",
    "pgpass", "dockerfile", "log", "service", "reg", "settings", "secret", "secrets", "credentials", "http", "rest",
    "curl",
];

const DOCS: &[&str] =
    &["md", "mdx", "rst", "adoc", "asciidoc", "txt", "tex", "pod", "1", "3", "5", "7", "8", "ipynb", "html", "htm"];

impl PathKind {
    /// The kind that a match is believed in most: of any other it scores the same or less.
    #[must_use]
    pub fn credulous() -> Self {
        Self { config: true, ..Self::default() }
    }

    /// Reads a path; folders are separated by `/`.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let lower = path.to_ascii_lowercase();
        let name = lower.rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let folders = || lower.split('/').rev().skip(1);
        let in_folder = |names: &[&str]| folders().any(|folder| names.contains(&folder));
        let words = || name.split(['.', '_', '-']);
        let code = CODE.contains(&extension);
        let config = !code
            && (CONFIG.contains(&extension)
                || name.starts_with(".env")
                || matches!(name, "dockerfile" | "makefile" | ".netrc" | "credentials" | ".htpasswd" | ".pgpass"));
        Self {
            test: in_folder(&[
                "test", "tests", "testing", "spec", "specs", "__tests__", "__mocks__", "testdata", "test-data",
                "fixtures", "fixture", "mocks", "mock", "t", "e2e", "testcases", "src-test", "__snapshots__",
                "cassettes",
            ]) || words().any(|w| matches!(w, "test" | "tests" | "spec" | "mock" | "fixture" | "stub"))
                || extension == "snap",
            docs: in_folder(&[
                "doc", "docs", "documentation", "example", "examples", "sample", "samples", "demo", "demos",
                "tutorial", "tutorials", "manual", "man",
            ]) || DOCS.contains(&extension)
                || words()
                    .any(|w| matches!(w, "example" | "sample" | "template" | "dist" | "readme" | "changelog" | "demo")),
            lock: LOCKS.contains(&name)
                || matches!(extension, "sum" | "sha256" | "sha512" | "sha1" | "md5" | "integrity"),
            vendored: in_folder(&[
                "node_modules", "vendor", "third_party", "third-party", "bower_components", "site-packages",
                "thirdparty", "external", "deps",
            ]),
            minified: name.contains(".min.")
                || name.contains(".bundle.")
                || name.contains(".chunk.")
                || extension == "map",
            locale: in_folder(&[
                "i18n", "l10n", "locale", "locales", "lang", "langs", "language", "languages", "translations",
                "translation", "nls",
            ]) || matches!(extension, "po" | "pot" | "resx" | "strings" | "xlf" | "xliff" | "arb" | "ftl")
                || (extension == "properties" && words().any(|w| w.len() == 2) && name.contains("messages")),
            code,
            config,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_paths() {
        assert!(PathKind::of("src/tests/a.rs").test);
        assert!(PathKind::of("pkg/auth_test.go").test);
        assert!(!PathKind::of("src/latest/contest.rs").test);
        assert!(PathKind::of("web/package-lock.json").lock);
        assert!(PathKind::of("go.sum").lock);
        assert!(PathKind::of("app/config/.env.production").config);
        assert!(PathKind::of("Dockerfile").config);
        assert!(PathKind::of("src/main.rs").code);
        assert!(PathKind::of("a/node_modules/x/y.js").vendored);
        assert!(PathKind::of("static/app.min.js").minified);
        assert!(PathKind::of("conf/locales/de.yml").locale);
        assert!(PathKind::of("docs/setup.rst").docs);
        assert_eq!(PathKind::of("LICENSE"), PathKind::default());
    }
}
