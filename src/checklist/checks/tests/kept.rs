//! What well-kept applications have, each case beside what is wrong for certain: nothing fails that does not deserve it.

use super::super::sample::{Sample, check};
use crate::checklist::verdict::Verdict::{Fail, Open, Pass, Review};
use crate::code::{self, Framework};

#[test]
fn tokens_that_are_read_before_they_are_verified() {
    let read = "const jwt = require('jsonwebtoken');\nmodule.exports = (t) => jwt.decode(t);\n";
    let both = "const jwt = require('jsonwebtoken');\nconst id = jwt.decode(t).kid;\njwt.verify(t, keys[id], { algorithms: ['RS256'] });\n";
    let none = "const jwt = require('jsonwebtoken');\njwt.verify(t, k, { algorithms: ['none'] });\n";
    let shown = "import jwt from 'jsonwebtoken';\nconst name = jwt.decode(Cookies.get('jwt')).name;\n";
    let twice = "import jwt\nkid = jwt.decode(t, options={'verify_signature': False})\njwt.decode(t, key(kid), algorithms=['RS256'])\n";
    let once = "import jwt\nuser = jwt.decode(t, options={'verify_signature': False}, algorithms=['HS256'])\n";
    for (path, text, expected) in [
        ("server/auth.js", read, Fail),
        ("server/auth.js", both, Review),
        ("server/auth.js", none, Fail),
        ("client/store/user.js", shown, Review),
        ("app/auth.py", twice, Review),
        ("app/auth.py", once, Fail),
        ("app/config.py", "class TestingConfig:\n    SECRET_KEY = 'x' * 2 or 'abc'\n", Open),
        ("app/config.py", "class TestingConfig:\n    SECRET_KEY = 'abcabc'\n", Open),
        ("app/config.py", "class Config:\n    SECRET_KEY = 'abcabc'\n", Fail),
        ("app/config.py", "app.config['SECRET_KEY'] = 'abcabc'\n", Fail),
        ("app/config.py", "app.config['SECRET_KEY'] = 'abcabc'\n", Fail),
        (
            "src/a.rs",
            "use axum::Router;\nconst S3_SECRET_KEY: &str = \"SHOP_S3_SECRET_KEY\";\nfn main() { let _ = Router::new(); }\n",
            Open,
        ),
    ] {
        let mut sample = Sample::new(&[(path, text)]);
        sample.inventory = code::inventory(&sample.project);
        assert_eq!(sample.verdict("AUTHN-02").0, expected, "{path}\n{text}\n{:?}", sample.told("AUTHN-02"));
    }
}

#[test]
fn an_origin_that_is_compared_before_it_is_sent_back() {
    let handler =
        |inner: &str| format!("export function GET(req) {{\n  const origin = req.headers.origin;\n{inner}\n}}\n");
    let set = "res.setHeader('Access-Control-Allow-Origin', req.headers.origin);";
    let compared = handler(&format!("  if (origin && origin.endsWith('.shop.test')) {{\n    {set}\n  }}"));
    let present = handler(&format!("  if (origin) {{\n    {set}\n  }}"));
    let always = handler(&format!("  {set}"));
    let local = "if not settings.PRODUCTION:\n    app.add_middleware(CORSMiddleware, allow_origins=['http://localhost:3000'])\n";
    let launched = "app.add_middleware(CORSMiddleware, allow_origins=['http://localhost:3000'])\n";
    let credentials = "function headers(options, h) {\n  h.set('Access-Control-Allow-Origin', '*');\n  if (options.credentials) {\n    h.set('Access-Control-Allow-Credentials', 'true');\n  }\n}\n";
    let both = "h.set('Access-Control-Allow-Origin', '*');\nh.set('Access-Control-Allow-Credentials', 'true');\n";
    let pack = "development:\n  dev_server:\n    headers:\n      'Access-Control-Allow-Origin': '*'\n";
    check(&[
        ("CORS-01", Review, "", &[("api/route.ts", &compared)]),
        ("CORS-01", Fail, "api/route.ts:4", &[("api/route.ts", &present)]),
        ("CORS-01", Fail, "api/route.ts:3", &[("api/route.ts", &always)]),
        ("CORS-01", Open, "", &[("app.py", local)]),
        ("CORS-01", Fail, "app.py:1", &[("app.py", launched)]),
        ("CORS-02", Review, "", &[("cors.js", credentials)]),
        ("CORS-02", Fail, "cors.js:1", &[("cors.js", both)]),
        ("CORS-01", Open, "", &[("config/pack.yml", pack)]),
    ]);
    let twice = Sample::new(&[("a.ts", "const headers = new Headers({\n  'Access-Control-Allow-Origin': '*',\n});\n")]);
    assert_eq!(twice.told("CORS-01").len(), 1, "one header is told once");
}

#[test]
fn cookies_that_hold_no_session_of_ours() {
    let outgoing = "package a\nfunc send(r *http.Request) {\n\tr.AddCookie(&http.Cookie{Name: \"other-token\", Value: c.token})\n}\n";
    let set = "package a\nfunc login(w http.ResponseWriter) {\n\thttp.SetCookie(w, &http.Cookie{Name: \"auth-token\", Value: token})\n}\n";
    let stateless = (
        "src/main/java/com/shop/Security.java",
        "import org.springframework.a;\nclass Security {\n  void a(H http) { http.sessionManagement(s -> s.sessionCreationPolicy(SessionCreationPolicy.STATELESS)); }\n}\n",
    );
    let session = (
        "src/main/resources/application.yml",
        "server:\n  servlet:\n    session:\n      cookie:\n        http-only: true\n",
    );
    let stateful = ("src/main/java/com/shop/A.java", "import org.springframework.a;\nclass A { HttpSession s; }\n");
    check(&[
        ("COOK-01", Open, "", &[("a.js", "res.cookie('loginRedirect', req.path, { maxAge: 1 });\n")]),
        ("COOK-01", Fail, "a.js:1", &[("a.js", "res.cookie('loginToken', token, { maxAge: 1 });\n")]),
        ("COOK-02", Open, "", &[("a.js", "res.cookie('token', '', { maxAge: 0 });\n")]),
        ("COOK-01", Open, "", &[("betula.go", outgoing)]),
        ("COOK-01", Fail, "login.go:3", &[("login.go", set)]),
        ("COOK-01", Open, "", &[("a.rs", "fn out() { let c = Cookie::new(AUTH_COOKIE_NAME, \"\"); }\n")]),
        ("COOK-01", Fail, "a.rs:1", &[("a.rs", "fn into() { let c = Cookie::new(AUTH_COOKIE_NAME, token); }\n")]),
        ("COOK-03", Review, "", &[stateless, session]),
        ("COOK-03", Fail, "", &[stateful, session]),
    ]);
}

#[test]
fn variables_that_switch_and_addresses_without_a_password() {
    let rate = "RATE = os.environ.get('API_KEY_RATE_LIMIT', '60/minute')\n";
    let redis = "const url = process.env.REDIS_URL || 'redis://localhost:6379';\n";
    let user = format!("const url = process.env.REDIS_URL || 'redis://shop:{}@localhost:6379';\n", "abc");
    let listed = (".env.example", "PORT=\n");
    check(&[
        ("SEC-08", Open, "", &[("a.py", rate)]),
        ("SEC-08", Review, "", &[("a.js", redis)]),
        ("SEC-08", Fail, "a.js:1", &[("a.js", &user)]),
        ("SEC-08", Fail, "a.py:1", &[("a.py", "KEY = os.environ.get('SECRET_KEY', 'changeme')\n")]),
        ("SEC-09", Review, "a.ts:1", &[("a.ts", "const a = import.meta.env.VITE_PUSHER_APP_KEY;\n")]),
        ("SEC-09", Fail, "a.ts:1", &[("a.ts", "const a = import.meta.env.VITE_OPENAI_API_KEY;\n")]),
        ("SEC-09", Pass, "", &[("a.ts", "const a = import.meta.env.VITE_DISABLE_PASSWORD_LOGIN;\n")]),
        // What a bundler is told to build in is seen by everybody.
        (
            "SEC-09",
            Review,
            "vite.config.ts:2",
            &[
                ("a.ts", "const a = import.meta.env.VITE_NAME;\n"),
                ("vite.config.ts", "export default {\n  define: { __KEY__: process.env.BILLING_NUMBER },\n};\n"),
            ],
        ),
        // What the system and the pipeline set is listed by nobody.
        (
            "DEP-08",
            Pass,
            "",
            &[listed, ("a.go", "package a\nvar a, b = os.Getenv(\"PORT\"), os.Getenv(\"NOTIFY_SOCKET\")\n")],
        ),
        (
            "DEP-08",
            Pass,
            "",
            &[listed, ("a.js", "process.env.PORT;\n"), (".github/scripts/a.js", "process.env.LANGUAGE;\n")],
        ),
        ("DEP-08", Fail, "a.js:1", &[listed, ("a.js", "process.env.GITHUB_CLIENT_ID;\n")]),
        // The variables of a schema are not in the reading call.
        (
            "DEP-08",
            Open,
            "env.js:1",
            &[listed, ("a.js", "process.env.PORT;\n"), ("env.js", "cleanEnv(process.env, spec);\n")],
        ),
        (
            "DEP-08",
            Open,
            "A.java:1",
            &[listed, ("A.java", "class A { void a() { each(System.getenv()); b(System.getenv(\"PORT\")); } }\n")],
        ),
    ]);
}

#[test]
fn what_logs_hide_and_what_commands_show() {
    check(&[
        ("LOG-01", Review, "", &[("a.php", "<?php\nLog::debug(sprintf('%s', hash('sha256', $privateKey)));\n")]),
        ("LOG-01", Fail, "a.php:2", &[("a.php", "<?php\nLog::debug(sprintf('%s', $privateKey));\n")]),
        ("LOG-01", Review, "", &[("a.ts", "logger.info(`limited: ${mask(secret)}`);\n")]),
        ("LOG-01", Fail, "a.ts:1", &[("a.ts", "logger.info(`limited: ${secret}`);\n")]),
        (
            "LOG-01",
            Review,
            "",
            &[("a.go", "package a\nvar debug = 1\nfunc a() { log.Infof(\"at most %d\", txt.MaxPassword) }\n")],
        ),
        ("LOG-01", Review, "a.py:1", &[("a.py", "print(createdb('-h', host, password))\n")]),
        ("LOG-01", Fail, "a.py:1", &[("a.py", "logger.info('made', password=password)\n")]),
        (
            "LOG-01",
            Review,
            "internal/cli/reset.go:3",
            &[("internal/cli/reset.go", "package a\nvar debug = 1\nfunc a() { fmt.Printf(\"new: %s\", password) }\n")],
        ),
        (
            "LOG-01",
            Fail,
            "internal/user/reset.go:3",
            &[("internal/user/reset.go", "package a\nvar debug = 1\nfunc a() { fmt.Printf(\"new: %s\", password) }\n")],
        ),
        (
            "LOG-01",
            Fail,
            "internal/cli/reset.go:3",
            &[("internal/cli/reset.go", "package a\nvar debug = 1\nfunc a() { log.Printf(\"new: %s\", password) }\n")],
        ),
    ]);
}

#[test]
fn headings_that_are_about_something_else() {
    check(&[
        ("DEP-07", Open, "", &[("docs/mail.md", "## Use case: backup monitoring\n1. Make a check\n2. Wait for it\n")]),
        ("DEP-07", Open, "", &[("docs/sdk.md", "## Backup feature flags\nThe client keeps a copy.\n")]),
        (
            "DEP-07",
            Fail,
            "docs/ops.md:1",
            &[("docs/ops.md", "## Making backups {#backup}\n- Use the exporter\n- Keep it\n")],
        ),
        (
            "DEP-07",
            Fail,
            "docs/ops.md:1",
            &[("docs/ops.md", "### Creating backups of the Postgres database\n`pg_dump shop`\n")],
        ),
        ("MON-08", Open, "", &[("docs/2fa.md", "## Save your recovery codes\nKeep them.\n")]),
        ("MON-08", Open, "", &[("docs/pdf.md", "## Automatic recovery of invalid PDFs\nThey are cleaned.\n")]),
        ("MON-08", Fail, "docs/ops.md:1", &[("docs/ops.md", "## Disaster recovery\nWe will see.\n")]),
        ("DEP-02", Open, "", &[("docs/mail.md", "### 3.3 email.template.rollback.diff\n<div>\n</div>\n")]),
        ("DEP-02", Fail, "docs/ops.md:1", &[("docs/ops.md", "## Rolling back a release\nAsk somebody.\n")]),
        (
            "AUTHZ-09",
            Open,
            "",
            &[(
                "docs/model.md",
                "# Permission models\n| App | Env | Model | Done |\n|-|-|-|-|\n| x | | all | no |\n| x | x | one | yes |\n",
            )],
        ),
        (
            "AUTHZ-09",
            Fail,
            "docs/roles.md:4",
            &[(
                "docs/roles.md",
                "# Permissions\n| Data | Admin | Member |\n|-|-|-|\n| bills | yes | |\n| notes | yes | no |\n",
            )],
        ),
    ]);
}

#[test]
fn steps_that_do_not_deploy_and_do_not_print() {
    let workflow = |run: &str| {
        format!(
            "on: push\njobs:\n  a:\n    steps:\n      - run: |\n{}\n",
            run.lines().map(|line| format!("          {line}\n")).collect::<String>()
        )
    };
    let grouped = workflow(
        "echo \"::add-mask::$TOKEN\"\n{\n  echo \"KEY<<EOF\"\n  echo \"$TOKEN\"\n  echo \"EOF\"\n} >> \"$GITHUB_ENV\"",
    );
    let group = workflow("{\n  echo \"$TOKEN\"\n}\necho a > b");
    let plain = workflow("{\n  echo a\n} > b\necho \"$TOKEN\"");
    let pages = "on: push\njobs:\n  a:\n    steps:\n      - uses: actions/deploy-pages@v5\n";
    let key =
        "on: push\njobs:\n  a:\n    steps:\n      - name: Set up SSH for deploy key\n        run: ssh-keyscan a.test\n";
    let folder = workflow("cp ./deployments/cli/install.sh setup.sh");
    check(&[
        ("SEC-04", Open, "", &[(".github/workflows/a.yml", &grouped)]),
        ("SEC-04", Fail, ".github/workflows/a.yml:5", &[(".github/workflows/a.yml", &group)]),
        ("SEC-04", Fail, ".github/workflows/a.yml:5", &[(".github/workflows/a.yml", &plain)]),
        ("DEP-04", Open, "", &[(".github/workflows/docs.yml", pages)]),
        ("DEP-04", Fail, ".github/workflows/site.yml:5", &[(".github/workflows/site.yml", pages)]),
        ("DEP-04", Open, "", &[(".github/workflows/a.yml", key)]),
        ("DEP-04", Open, "", &[(".github/workflows/a.yml", &folder)]),
    ]);
}

#[test]
fn a_start_for_who_develops_it() {
    let main =
        ("app.py", "from shop import create\napp = create()\nif __name__ == '__main__':\n    app.run(debug=True)\n");
    let served = ("Dockerfile", "FROM python\nCMD [\"gunicorn\", \"shop:app\"]\n");
    let gin = "package a\nfunc a(debug bool) {\n\tif debug {\n\t\tgin.SetMode(gin.DebugMode)\n\t}\n}\n";
    check(&[
        ("VAL-03", Review, "app.py:4", &[main, served]),
        ("VAL-03", Fail, "app.py:4", &[main]),
        ("VAL-03", Fail, "app.py:4", &[main, ("Dockerfile", "FROM python\nCMD [\"python\", \"app.py\"]\n")]),
        ("VAL-03", Review, "config.py:2", &[("config.py", "class TestingConfig(Config):\n    DEBUG = True\n")]),
        ("VAL-03", Fail, "config.py:2", &[("config.py", "class Config:\n    DEBUG = True\n")]),
        ("VAL-03", Review, "a.go:4", &[("a.go", gin)]),
        ("VAL-03", Fail, "a.go:2", &[("a.go", "package a\nfunc a() { gin.SetMode(gin.DebugMode) }\n")]),
    ]);
}

#[test]
fn a_page_is_no_route_and_a_limit_is_compared_with_none() {
    let check = ("Dockerfile", "FROM node\nHEALTHCHECK CMD curl -f http://127.0.0.1:3000/\n");
    let api = ("Dockerfile", "FROM node\nHEALTHCHECK CMD curl -f http://127.0.0.1:3000/api/live\n");
    let of = |file| Sample::new(&[file]).of(Framework::NextJs).serving(&["/api/users"]).verdict("DEP-06").0;
    assert_eq!((of(check), of(api)), (Open, Fail));

    let server = "const app = require('express')();\nconst few = rateLimit({ windowMs: 60000, max: 10 });\n\
        app.post('/login', few, login);\napp.get('/embed', few, embed);\n";
    let limited = |more: &str| {
        let text = format!("{server}{more}");
        let mut sample = Sample::new(&[("app.js", &text)]);
        sample.inventory = code::inventory(&sample.project);
        sample.verdict("RATE-10").0
    };
    assert_eq!(limited(""), Fail);
    assert_eq!(limited("app.get('/songs', list);\n"), Review);
}
