//! Which source files are parsed at all: those that hold a word by which a check could know something, in the language that it
//! knows it in. Parsing is most of what a checklist costs.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::flows::is_end_to_end;
use super::logs::{SECRET, WHOLE};
use super::stage::{Stage, stage};
use crate::code::Language;

/// Whatever the language: CORS, cookies, headers, error trackers, metrics, audit records.
const COMMON: &[&str] = &[
    "cors", "CORS", "Cors", "llow-", "LLOW_ORIGIN", "llowOrigin", "llowedOrigin", "ookie", "COOKIE", "trict-transport",
    "trict-Transport", "ontent-security", "ontent-Security", "-content-type-options", "-Content-Type-Options",
    "-frame-options", "-Frame-Options", "eferrer-policy", "eferrer-Policy", "Sentry", "sentry", "ugsnag", "Rollbar",
    " rollbar", "\trollbar", "\nrollbar", "'rollbar", "\"rollbar", "/rollbar", "(rollbar", "oneybadger", "irbrake",
    "newrelic", "ppsignal", "Raygun", "datadog", "dd-trace", "LogRocket", "audit", "Audit", "paper_trail",
    "activity_log", "rometheus", "prom-client", "promhttp", "Histogram", "CounterVec", "opentelemetry", "morgan",
    "lograge", "pino-http", "getenv", "getEnv", "GetEnv", "get_env",
];

/// What only this language's checks know.
fn special(language: Language) -> &'static [&'static str] {
    match language {
        Language::JavaScript | Language::TypeScript | Language::Tsx => &[
            "process.env", "import.meta.env", "Deno.env", "Bun.env", "env.", "env(", "configService",
            "express-session", "cookie-session", "fastify/session", "secure-session", "iron-session", "koa-session",
            "session.re", "session.mig", "regenerate", "NextAuth", ".stack", "errorhandler", "helmet", "frameguard",
            "hsts", "contentSecurityPolicy", "checkly", "express-winston", "fastify-metrics", "req.logIn", "req.login",
            "WebSocketGateway",
        ],
        Language::Python => &[
            "environ", "env(", "env.", "Env(", "config(", "session", "SESSION", "flask", "LoginManager", "login_user",
            "django.contrib.auth", "cycle_key", "MIDDLEWARE", "SECURE_", "X_FRAME", "Talisman", "DEBUG", "debug=",
            "debug =", ".debug", "starlette_exporter", "SessionMiddleware",
        ],
        Language::Ruby => &[
            "ENV[", "origins", "ENV.", "session_store", "reset_session", "sign_in", "session[", "force_ssl",
            "ecure_headers", "SecureHeaders", "default_headers", "content_security_policy", "load_defaults",
            "consider_all_requests_local", "api_only", "yabeda",
        ],
        Language::Php => &[
            "env(", "_ENV", "Env::", "session_", "session()->", "ession->", "regenerateId", "allowed_origins",
            "var_dump",
        ],
        Language::Java => &[
            "@Value(", "HttpSession", "formLogin", "sessionManagement", "SessionCreationPolicy", "SecurityFilterChain",
            "changeSessionId", "migrateSession", "CrossOrigin",
        ],
        Language::Go => &[
            "Getenv", "LookupEnv", "viper.", "essions.", "ession.", "scs.", "RenewToken", "SetMode", "AllowAllOrigins",
            "honeybadger.",
        ],
        Language::Rust => &[
            "env!", "env::", "dotenvy", "Session", "session.", "cycle_id", "permissive", "TraceLayer",
            "axum_prometheus", "http_only", "same_site",
        ],
    }
}

/// In any case, the beginning of what writes a log. Parsed if one stands shortly before what should not be in one.
const LOGS: &[&str] = &[
    "console.", "winston.", "log.", "log::", "log->", "log(", "logger", "logging", "error_log", "print", "puts ",
    "pp ", "info!", "debug!", "warn!", "error!", "trace!", "dbg!", "var_dump",
];

/// How PHP writes a part of a request.
const REQUEST: &str = "request->";

/// What a call writes stands within so many bytes after its name.
const NEAR: usize = 1_000;

struct Words {
    single: [Option<AhoCorasick>; 9],
    /// [`LOGS`], then what should not be in a log.
    pairs: Option<AhoCorasick>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    single: Language::ALL.map(|language| AhoCorasick::new(COMMON.iter().chain(special(language))).ok()),
    pairs: AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(LOGS.iter().chain(SECRET).chain(WHOLE).chain([&REQUEST]))
        .ok(),
});

/// Whether a check could know something by this file's code.
pub(super) fn matter(path: &str, language: Language, text: &[u8]) -> bool {
    if path.ends_with(".min.js") {
        return false;
    }
    // Of what is not launched, only tests of the whole product tell something.
    if stage(path) == Stage::Development {
        return is_end_to_end(path, text);
    }
    is_configuration(path, language) || is_end_to_end(path, text) || has_word(language, text) || writes(text)
}

/// What a framework reads as its settings, and Next.js as its middleware, whatever it holds.
fn is_configuration(path: &str, language: Language) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    match language {
        Language::Ruby | Language::Php => path.starts_with("config/") || path.contains("/config/"),
        Language::JavaScript | Language::TypeScript | Language::Tsx => name.starts_with("middleware."),
        Language::Python => name.starts_with("settings"),
        _ => false,
    }
}

fn has_word(language: Language, text: &[u8]) -> bool {
    WORDS.single[language as usize].as_ref().is_none_or(|words| words.is_match(text))
}

/// Whether something that should not be in a log may be written to one.
fn writes(text: &[u8]) -> bool {
    let Some(pairs) = &WORDS.pairs else { return true };
    let mut last = None;
    pairs.find_overlapping_iter(text).any(|hit| match hit.pattern().as_usize() < LOGS.len() {
        true => {
            last = Some(hit.end());
            false
        }
        false => last.is_some_and(|last| hit.start() >= last && hit.start() - last <= NEAR),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_parsed() {
        for (path, text, expected) in [
            ("src/a.ts", "export const PI = 3;", false),
            ("src/a.ts", "res.send(error.stack)", true),
            ("src/a.tsx", "<div className=\"scrollbar custom-scrollbar\" />", false),
            ("src/a.ts", "import rollbar from 'rollbar';", true),
            ("src/a.ts", "const { data } = useSession();", false),
            ("src/a.ts", "req.session.regenerate(next)", true),
            ("src/a.ts", "app.use(require('express-session')({}))", true),
            ("src/A.java", "log.debug(\"stack of {}\", session)", false),
            ("src/A.java", "@Value(\"${a}\")", true),
            ("src/A.java", "log.info(\"{}\",\n  user.getPassword())", true),
            ("src/a.go", "func a() { fmt.Printf(\"%s\", privateKey) }", true),
            ("src/a.php", "<?php Log::debug($request->all());", true),
            ("src/A.java", "String password; log.info(\"started\")", false),
            ("src/test/A.java", "@Value(\"${a}\")", false),
            ("e2e/login.spec.ts", "test('logs in', () => {})", true),
            ("config/session.php", "<?php return [];", true),
            ("src/middleware.ts", "export default 1", true),
            ("lib/a.min.js", "process.env.A", false),
        ] {
            let language = Language::of_path(path).expect("known");
            assert_eq!(matter(path, language, text.as_bytes()), expected, "{path}: {text}");
        }
    }

    #[test]
    fn what_is_written_far_from_a_log_is_none_of_its_arguments() {
        let near = format!("log.info({}token)", " ".repeat(NEAR - 10));
        let far = format!("log.info({}token)", " ".repeat(NEAR + 10));
        assert!(writes(near.as_bytes()));
        assert!(!writes(far.as_bytes()));
    }
}
