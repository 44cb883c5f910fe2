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
    /// What a build has made for browsers: every visitor of the site gets it.
    pub client: bool,
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
    "curl", "ldif", "rsp",
];

const DOCS: &[&str] =
    &["md", "mdx", "rst", "adoc", "asciidoc", "txt", "tex", "pod", "1", "3", "5", "7", "8", "ipynb", "html", "htm"];

/// Folders in which the tools of the web put what browsers get.
const CLIENT_FOLDERS: &[&str] = &[
    "/.next/static/", "/dist/assets/", "/build/static/js/", "/public/build/", "/_nuxt/", "/.output/public/",
    "/storybook-static/",
];

/// Service workers.
const WORKERS: &[&str] = &[
    "sw.js", "service-worker.js", "serviceworker.js", "service_worker.js", "ngsw-worker.js", "firebase-messaging-sw.js",
];

/// What the runtimes of webpack, Vite, Next and Nuxt have at the head of a script for browsers, and in no other.
const RUNTIMES: &[&[u8]] = &[
    b"self.webpackChunk", b"self[\"webpackChunk", b"window.webpackJsonp", b"window[\"webpackJsonp",
    b"this.webpackJsonp", b"this[\"webpackJsonp", b"__vite__mapDeps", b"__vitePreload", b"__NEXT_DATA__", b"__NUXT__",
];

/// How much of a script is looked at for them.
const HEAD: usize = 4096;

/// Whether a path, in lower case, is of something that a build has made for browsers, or of one of its sources in a source map.
fn is_client(path: &str, name: &str, extension: &str) -> bool {
    const WEB: &[&str] = &["js", "mjs", "css", "html", "map", "json", "ts", "tsx", "jsx", "vue", "svelte", "astro"];
    let path = format!("/{path}");
    let in_folder = CLIENT_FOLDERS.iter().any(|folder| path.contains(folder));
    let worker = WORKERS.contains(&name) || (name.starts_with("workbox-") && extension == "js");
    WEB.contains(&extension) && (in_folder || worker)
}

impl PathKind {
    /// The same, if what a file holds shows that it is made for browsers.
    #[must_use]
    pub fn seen(self, head: &[u8]) -> Self {
        let head = &head[..head.len().min(HEAD)];
        let runtime = || RUNTIMES.iter().any(|sign| memchr::memmem::find(head, sign).is_some());
        Self { client: self.client || (self.code && runtime()), ..self }
    }

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
            client: is_client(&lower, name, extension),
        }
    }
}

/// Whether a path looks like what a web server gives to everybody.
#[must_use]
pub fn is_delivered(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let is_web = [".js", ".mjs", ".css", ".html", ".htm", ".map", ".json"].iter().any(|end| name.ends_with(end));
    let is_built = [".bundle.", ".chunk.", ".min."].iter().any(|mark| name.contains(mark));
    let is_served = folders.split('/').any(|folder| {
        matches!(
            folder,
            "dist" | "public" | "static" | "public_html" | "htdocs" | "wwwroot" | "www" | ".next" | ".output"
        )
    });
    let is_foreign = folders.split('/').any(|folder| folder == "node_modules");
    is_web && (is_built || is_served) && !is_foreign
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
        for path in
            ["app/.next/static/chunks/1.js", "dist/assets/index-4f.js", "web/_nuxt/a.mjs", "sw.js", "a/workbox-1.js"]
        {
            assert!(PathKind::of(path).client, "{path}");
        }
        for path in [".next/server/app.js", "mydist/assets/x.js", "assets/a.js", "dist/assets/data.bin", "answ.js"] {
            assert!(!PathKind::of(path).client, "{path}");
        }
        let script = PathKind::of("static/main.js");
        assert!(script.seen(b"(self.webpackChunk_N_E=self.webpackChunk_N_E||[]).push([[1],{").client);
        assert!(!script.seen(b"exports.id=1;exports.modules={").client);
        assert_eq!(PathKind::of("LICENSE"), PathKind::default());
    }

    #[test]
    fn paths_that_are_delivered() {
        for path in ["dist/app.js", "web/public/index.html", "a/app.min.js", "src/x.bundle.js", "static/app.js.map"] {
            assert!(is_delivered(path), "{path}");
        }
        for path in
            ["src/app.js", "dist/server.py", "public/.env", "node_modules/a/dist/b.js", "distant/app.js", "dist"]
        {
            assert!(!is_delivered(path), "{path}");
        }
    }
}
