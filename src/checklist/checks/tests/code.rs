use super::super::sample::{Case, Sample, check};
use crate::checklist::verdict::Verdict::{Fail, Open, Pass, Review};

#[test]
fn logs() {
    let cases: &[Case<'_>] = &[
        ("LOG-01", Fail, "a.js:1", &[("a.js", "console.log('x', user.password);")]),
        ("LOG-01", Fail, "a.js:1", &[("a.js", "logger.info(`x ${req.headers.authorization}`);")]),
        ("LOG-01", Fail, "a.py:1", &[("a.py", "print(f'x {password}')\n")]),
        ("LOG-01", Fail, "a.py:1", &[("a.py", "logger.info('x %s', client_secret)\n")]),
        ("LOG-01", Fail, "a.rb:1", &[("a.rb", "Rails.logger.info \"x #{user.password}\"\n")]),
        ("LOG-01", Fail, "a.php:1", &[("a.php", "<?php Log::info('x', ['password' => $p]);")]),
        ("LOG-01", Fail, "A.java:1", &[("A.java", "class A { void f() { log.info(\"x\" + user.getPassword()); } }")]),
        ("LOG-01", Fail, "a.go:2", &[("a.go", "package a\nfunc f() { log.Println(\"x\", u.Password) }\n")]),
        ("LOG-01", Fail, "a.rs:1", &[("a.rs", "fn a() { info!(\"x\", user.password); }")]),
        ("LOG-01", Review, "a.js:1", &[("a.js", "console.log(req.body);")]),
        ("LOG-01", Review, "a.py:1", &[("a.py", "print(token)\n")]),
        ("LOG-01", Review, "", &[("a.js", "console.log('password changed', user.id);")]),
        ("LOG-01", Review, "", &[("a.js", "console.log(hasPassword);")]),
        ("LOG-01", Open, "", &[("a.js", "send(user.password);")]),
        ("LOG-03", Review, "a.js:1", &[("a.js", "auditLog.record('login failed', user.id);")]),
        ("LOG-03", Review, "a.py:1", &[("a.py", "audit.write('role changed')\n")]),
        ("LOG-03", Open, "", &[("a.js", "console.log('session started');")]),
        (
            "LOG-05",
            Review,
            "a.js:1",
            &[(
                "a.js",
                "const h = new client.Histogram({ name: 'x', labelNames: ['route', 'status_code'] }); // metrics",
            )],
        ),
        (
            "LOG-05",
            Review,
            "application.yml:4",
            &[("application.yml", "management:\n  endpoints:\n    web:\n      exposure.include: health,prometheus\n")],
        ),
        (
            "LOG-05",
            Open,
            "",
            &[("a.js", "const h = new client.Histogram({ name: 'x', labelNames: ['route'] }); // metrics")],
        ),
    ];
    check(cases);
    let told =
        Sample::new(&[("a.js", "auditLog.record('login failed');\nauditLog.record('access denied');")]).told("LOG-03");
    assert_eq!(told[0].coverage.as_ref().map(|c| (c.seen, c.all)), Some((2, 5)));
}

#[test]
fn debugging() {
    let cases: &[Case<'_>] = &[
        ("VAL-03", Fail, "settings.py:1", &[("settings.py", "DEBUG = True\n")]),
        ("VAL-03", Review, "settings.py:1", &[("settings.py", "DEBUG = False\n")]),
        ("VAL-03", Review, "settings.py:1", &[("settings.py", "DEBUG = os.environ.get('DEBUG') == '1'\n")]),
        (
            "VAL-03",
            Review,
            "settings/production.py:1",
            &[("settings/base.py", "DEBUG = True\n"), ("settings/production.py", "DEBUG = False\n")],
        ),
        ("VAL-03", Open, "", &[("settings/dev.py", "DEBUG = True\n")]),
        ("VAL-03", Fail, "settings.py:1", &[("settings.py", "DEBUG = env.bool('DEBUG', default=True)\n")]),
        ("VAL-03", Review, "settings.py:3", &[("settings.py", "DEBUG = env('DEBUG')\nif A:\n    DEBUG = True\n")]),
        ("VAL-03", Fail, "a.py:1", &[("a.py", "app.run(host='0.0.0.0', debug=True)\n")]),
        ("VAL-03", Fail, "a.py:1", &[("a.py", "app = FastAPI(debug=True)\n")]),
        (
            "VAL-03",
            Fail,
            "config/environments/production.rb:1",
            &[("config/environments/production.rb", "config.consider_all_requests_local = true\n")],
        ),
        (
            "VAL-03",
            Review,
            "config/environments/production.rb:1",
            &[("config/environments/production.rb", "config.consider_all_requests_local = false\n")],
        ),
        (
            "VAL-03",
            Fail,
            "config/app.php:1",
            &[("config/app.php", "<?php return ['debug' => env('APP_DEBUG', true)];")],
        ),
        (
            "VAL-03",
            Fail,
            "a.js:1",
            &[("a.js", "f((err, req, res, next) => res.status(500).json({ stack: err.stack }));")],
        ),
        ("VAL-03", Open, "", &[("a.js", "f((err, req, res, next) => log(err.stack));")]),
        ("VAL-03", Fail, "a.go:2", &[("a.go", "package a\nfunc f() { gin.SetMode(gin.DebugMode) }\n")]),
        (
            "VAL-03",
            Fail,
            "application.properties:1",
            &[("application.properties", "server.error.include-stacktrace=always\n")],
        ),
        ("VAL-03", Fail, "fly.toml:2", &[("fly.toml", "[env]\nFLASK_DEBUG = \"1\"\n")]),
        ("VAL-03", Fail, "Dockerfile:2", &[("Dockerfile", "FROM x\nENV NODE_ENV=development\n")]),
        ("VAL-03", Open, "", &[("Dockerfile", "FROM x\nENV NODE_ENV=production\n")]),
    ];
    check(cases);
}

#[test]
fn variables() {
    let example = (".env.example", "A_B=\n# C_D=\n");
    let handover = ("HANDOVER.md", "# Handover\n| JWT_SECRET | the host's settings |\n");
    let cases: &[Case<'_>] = &[
        ("DEP-08", Fail, "a.js:1", &[("a.js", "const a = process.env.A_B;")]),
        ("DEP-08", Pass, "a.js:1", &[("a.js", "const a = process.env.A_B;\nconst c = process.env.C_D;"), example]),
        ("DEP-08", Pass, "", &[("a.py", "a = os.environ['A_B']\n"), ("README.md", "Set `A_B`.\n")]),
        ("DEP-08", Fail, "a.go:2", &[("a.go", "package a\nvar x = os.Getenv(\"X_Y\")\n"), example]),
        ("DEP-08", Fail, "a.rb:1", &[("a.rb", "x = ENV['X_Y']\n"), example]),
        ("DEP-08", Fail, "a.php:1", &[("a.php", "<?php $x = env('X_Y');"), example]),
        ("DEP-08", Fail, "A.java:1", &[("A.java", "class A { String x = System.getenv(\"X_Y\"); }"), example]),
        ("DEP-08", Fail, "a.rs:1", &[("a.rs", "fn a() { dotenvy::var(\"X_Y\"); }"), example]),
        ("DEP-08", Fail, "application.yml:1", &[("application.yml", "a: ${X_Y:z}\n"), example]),
        ("DEP-08", Open, "a.js:1", &[("a.js", "const a = process.env[name];"), example]),
        (
            "DEP-08",
            Open,
            "b.js:1",
            &[("a.js", "const a = process.env.A_B;"), ("b.js", "const a = (((process.env.A_B"), example],
        ),
        ("DEP-08", Open, "", &[("a.js", "const a = process.env.NODE_ENV;")]),
        ("SEC-08", Fail, "a.js:1", &[("a.js", "const a = process.env.JWT_SECRET || 'x';")]),
        ("SEC-08", Fail, "a.py:1", &[("a.py", "a = os.environ.get('SECRET_KEY', 'x')\n")]),
        (
            "SEC-08",
            Fail,
            "docker-compose.yml:4",
            &[("docker-compose.yml", "services:\n  a:\n    environment:\n      DB: ${DB_PASSWORD:-x}\n")],
        ),
        ("SEC-08", Review, "a.js:1", &[("a.js", "const a = process.env.JWT_SECRET;")]),
        ("SEC-08", Review, "docker-compose.yml:1", &[("docker-compose.yml", "a: ${DB_PASSWORD:?not set}\n")]),
        ("SEC-08", Open, "", &[("a.js", "const a = process.env.PORT || '3000';")]),
        ("SEC-09", Fail, "a.js:1", &[("a.js", "const a = process.env.NEXT_PUBLIC_STRIPE_SECRET_KEY;")]),
        ("SEC-09", Fail, "a.tsx:2", &[("a.tsx", "'use client';\nconst a = process.env.DB_PASSWORD;")]),
        ("SEC-09", Pass, "a.tsx:2", &[("a.tsx", "'use client';\nconst a = process.env.NEXT_PUBLIC_URL;")]),
        ("SEC-09", Review, "", &[("a.js", "const a = process.env.DB_PASSWORD;")]),
        ("SEC-10", Fail, "a.js:1", &[("a.js", "const a = process.env.JWT_SECRET;")]),
        (
            "SEC-10",
            Fail,
            "a.js:2",
            &[("a.js", "const a = process.env.JWT_SECRET;\nconst b = process.env.DB_PASSWORD;"), handover],
        ),
        ("SEC-10", Pass, "HANDOVER.md:1", &[("a.js", "const a = process.env.JWT_SECRET;"), handover]),
        ("SEC-10", Open, "", &[("a.js", "const a = process.env.JWT_SECRET;\nconst b = process.env[c];"), handover]),
    ];
    check(cases);
}

#[test]
fn headers() {
    let of = |files: &[(&str, &str)]| {
        let told = Sample::new(files).told("HDR-01");
        told.first().and_then(|e| e.coverage.as_ref()).filter(|c| c.of == "headers").map_or(0, |coverage| coverage.seen)
    };
    for (path, text, seen) in [
        ("a.js", "app.use(helmet());", 5),
        ("a.js", "app.use(helmet({ contentSecurityPolicy: false, hsts: false }));", 3),
        ("a.js", "app.use(helmet.frameguard());", 1),
        ("a.ts", "app.register(helmet);", 5),
        (
            "settings.py",
            "MIDDLEWARE = ['django.middleware.security.SecurityMiddleware', 'x.XFrameOptionsMiddleware']\nSECURE_HSTS_SECONDS = 60\n",
            4,
        ),
        ("a.py", "Talisman(app)\n", 5),
        ("config/application.rb", "config.load_defaults 7.0  # headers\n", 3),
        ("production.rb", "config.force_ssl = true\n", 1),
        (
            "A.java",
            "import org.springframework.security.x; class A { SecurityFilterChain f(Session s) { return null; } }",
            3,
        ),
        ("a.go", "package a\nfunc f() { w.Header().Set(\"X-Frame-Options\", \"DENY\") }\n", 1),
        (
            "next.config.js",
            "module.exports = { headers: async () => [{ headers: [{ key: 'X-Content-Type-Options', value: 'nosniff' }] }] };",
            1,
        ),
        (
            "nginx.conf",
            "server { add_header Strict-Transport-Security \"max-age=1\" always; add_header Referrer-Policy no-referrer; }",
            2,
        ),
        ("Caddyfile", "a.b {\n header {\n  Strict-Transport-Security \"max-age=1\"\n }\n}\n", 1),
        ("public/_headers", "/*\n  X-Frame-Options: DENY\n", 1),
        ("netlify.toml", "[[headers]]\nfor = \"/*\"\n[headers.values]\nX-Frame-Options = \"DENY\"\n", 1),
        (
            "vercel.json",
            "{ \"headers\": [{ \"headers\": [{ \"key\": \"Referrer-Policy\", \"value\": \"no-referrer\" }] }] }",
            1,
        ),
        ("a.js", "// app.use(helmet());\nconst session = 1;", 0),
    ] {
        assert_eq!(of(&[(path, text)]), seen, "{path}: {text}");
    }
    let cases: &[Case<'_>] = &[
        ("HDR-01", Open, "a.js:1", &[("a.js", "app.use(helmet());")]),
        ("HDR-01", Open, "", &[("a.js", "app.use(session());")]),
    ];
    check(cases);
}

#[test]
fn error_trackers() {
    let cases: &[Case<'_>] = &[
        ("MON-03", Review, "a.js:1", &[("a.js", "Sentry.init({ dsn: process.env.SENTRY_DSN });")]),
        ("MON-03", Review, "a.py:1", &[("a.py", "sentry_sdk.init(dsn=os.environ['SENTRY_DSN'])\n")]),
        ("MON-03", Review, "a.rb:2", &[("a.rb", "Sentry.init do |config|\n  config.dsn = ENV['SENTRY_DSN']\nend\n")]),
        ("MON-03", Review, "a.go:2", &[("a.go", "package a\nvar e = sentry.Init(sentry.ClientOptions{Dsn: d})\n")]),
        ("MON-03", Review, "application.properties:1", &[("application.properties", "sentry.dsn=${SENTRY_DSN}\n")]),
        ("MON-03", Open, "", &[("a.js", "// Sentry.init({});\nconst session = 1;")]),
    ];
    check(cases);
}

#[test]
fn end_to_end_tests() {
    let cases: &[Case<'_>] = &[
        (
            "FLOW-01",
            Review,
            "e2e/a.spec.ts:1",
            &[("e2e/a.spec.ts", "test('a user signs in and pays', async () => {});")],
        ),
        ("FLOW-01", Review, "e2e/a.feature:2", &[("e2e/a.feature", "Feature: x\n  Scenario: main flow\n")]),
        ("FLOW-01", Open, "", &[("e2e/a.spec.ts", "test('the footer is there', async () => {});")]),
        ("FLOW-01", Open, "", &[("src/a.test.ts", "test('login is parsed', () => {});")]),
        ("FLOW-02", Review, "cypress/a.cy.js:1", &[("cypress/a.cy.js", "it('accepts an invitation', () => {});")]),
        ("FLOW-02", Review, "e2e/test_a.py:1", &[("e2e/test_a.py", "def test_invite_is_accepted(page):\n    pass\n")]),
        ("FLOW-02", Open, "", &[("cypress/a.cy.js", "it('shows a page', () => {});")]),
    ];
    check(cases);
}
