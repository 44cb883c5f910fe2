use super::super::sample::{Case, Sample, check};
use crate::checklist::verdict::Verdict::{self, Fail, Open, Review};
use crate::code::Framework;

#[test]
fn origins_of_every_stack() {
    let bad: &[(&str, &str)] = &[
        ("a.js", "const cors = require('cors');\napp.use(cors());"),
        ("a.js", "import cors from 'cors';\nconst o = { origin: true };\napp.use(cors(o));"),
        ("a.js", "import cors from 'cors';\napp.use(cors({ origin: (o, done) => done(null, true) }));"),
        ("a.js", "import cors from 'cors';\napp.use(cors({ origin: process.env.ORIGIN || '*' }));"),
        (
            "a.js",
            "import cors from 'cors';\napp.use(cors({ origin: ['https://a.example', 'http://localhost:3000'] }));",
        ),
        ("a.ts", "async function f() {\n app.enableCors(); }"),
        ("a.ts", "async function f() {\n const a = await NestFactory.create(M, { cors: true }); }"),
        ("a.ts", "import cors from '@fastify/cors';\napp.register(cors, { credentials: false });"),
        ("a.ts", "const x = 1;\nconst io = new Server(s, { cors: { origin: '*' } });"),
        ("a.js", "f((req, res) => {\n res.header('Access-Control-Allow-Origin', '*'); });"),
        ("a.js", "f((req, res) => {\n res.setHeader('Access-Control-Allow-Origin', req.headers.origin); });"),
        (
            "next.config.js",
            "module.exports = { async headers() { return [{ source: '/', headers: [\n{ key: 'Access-Control-Allow-Origin', value: '*' }] }]; } };",
        ),
        ("settings.py", "DEBUG = False\nCORS_ORIGIN_ALLOW_ALL = True\n"),
        ("settings.py", "DEBUG = False\nCORS_ALLOWED_ORIGINS = ['http://localhost:3000']\n"),
        ("a.py", "from flask_cors import CORS\nCORS(app)\n"),
        ("a.py", "from flask_cors import CORS\nCORS(app, resources={r'/*': {'origins': '*'}})\n"),
        (
            "a.py",
            "from fastapi.middleware.cors import CORSMiddleware\napp.add_middleware(CORSMiddleware, allow_origins=['*'])\n",
        ),
        ("config/initializers/cors.rb", "x do\n allow do\n origins '*'\n resource '*'\n end\nend\n"),
        ("config/cors.php", "<?php return [\n'allowed_origins' => ['*'], 'supports_credentials' => false];"),
        ("A.java", "\n@CrossOrigin class A {}"),
        ("A.java", "class A { void f() {\n r.addMapping(\"/**\").allowedOrigins(\"*\"); } }"),
        ("a.go", "package a\nvar h = cors.AllowAll()\n"),
        ("a.go", "package a\nvar h = cors.New(cors.Options{AllowedOrigins: []string{\"*\"}})\n"),
        ("a.go", "package a\nfunc f() { w.Header().Set(\"Access-Control-Allow-Origin\", \"*\") }\n"),
        (
            "a.go",
            "package a\nfunc f() { c.AllowAllOrigins = true }\nvar d = cors.Config{AllowOrigins: []string{\"https://a.example\"}}\n",
        ),
        ("a.rs", "fn a() {\n CorsLayer::permissive(); }"),
        ("a.rs", "fn a() {\n CorsLayer::new().allow_origin(Any); }"),
        ("a.rs", "fn a() {\n Cors::default().allow_any_origin(); }"),
        ("nginx.conf", "server {\n add_header Access-Control-Allow-Origin *;\n}"),
        (
            "vercel.json",
            "{ \"headers\": [{ \"source\": \"/\", \"headers\": [\n{ \"key\": \"Access-Control-Allow-Origin\", \"value\": \"*\" }] }] }",
        ),
        ("public/_headers", "/*\n  Access-Control-Allow-Origin: *\n"),
    ];
    let line = |path: &str, text: &str| {
        let third = ["origins '*'", "cors(o)"].iter().any(|word| text.contains(word));
        format!("{path}:{}", if third { 3 } else { 2 })
    };
    let mut wrong = Vec::new();
    for (path, text) in bad {
        let (verdict, places) = Sample::new(&[(path, text)]).verdict("CORS-01");
        if verdict != Fail || !places.contains(&line(path, text)) {
            wrong.push(format!("bad {path}: {text}: {verdict:?} {places:?}"));
        }
        let mended = text.replace("'*'", "'https://app.example.com'").replace("\"*\"", "\"https://app.example.com\"");
        let mended = mended
            .replace("Origin *", "Origin https://app.example.com")
            .replace("Origin: *", "Origin: https://app.example.com");
        if mended != *text && !text.contains("resources") && !text.contains("localhost") {
            let (verdict, places) = Sample::new(&[(path, &mended)]).verdict("CORS-01");
            if verdict != Review {
                wrong.push(format!("good {path}: {mended}: {verdict:?} {places:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn origins_with_credentials() {
    let cases: &[(Verdict, &str, &str)] = &[
        (Fail, "a.js", "import cors from 'cors';\napp.use(cors({ origin: true, credentials: true }));"),
        (Review, "a.js", "import cors from 'cors';\napp.use(cors({ origin: true }));"),
        (
            Review,
            "a.js",
            "import cors from 'cors';\napp.use(cors({ origin: 'https://a.example', credentials: true }));",
        ),
        (Fail, "settings.py", "CORS_ALLOW_CREDENTIALS = True\nCORS_ALLOW_ALL_ORIGINS = True\n"),
        (Review, "settings.py", "X = 1\nCORS_ALLOW_ALL_ORIGINS = True\n"),
        (Fail, "a.py", "from flask_cors import CORS\nCORS(app, supports_credentials=True)\n"),
        (Fail, "a.py", "x = 1\na.add_middleware(CORSMiddleware, allow_origins=['*'], allow_credentials=True)\n"),
        (Fail, "cors.rb", "allow do\n origins '*'\n resource '*', credentials: true\nend\n"),
        (Fail, "config/cors.php", "<?php return [\n'allowed_origins' => ['*'], 'supports_credentials' => true];"),
        (
            Fail,
            "A.java",
            "class A { void f() {\n c.setAllowedOriginPatterns(List.of(\"*\")); c.setAllowCredentials(true); } }",
        ),
        (
            Review,
            "A.java",
            "class A { void f() {\n c.setAllowedOrigins(List.of(\"https://a.example\")); c.setAllowCredentials(true); } }",
        ),
        (Fail, "a.go", "package a\nvar h = cors.Options{AllowedOrigins: []string{\"*\"}, AllowCredentials: true}\n"),
        (Fail, "a.rs", "fn a() {\n CorsLayer::very_permissive(); }"),
        (Fail, "a.rs", "fn a() {\n Cors::permissive(); }"),
        (
            Fail,
            "nginx.conf",
            "server {\n add_header Access-Control-Allow-Origin $http_origin;\n add_header Access-Control-Allow-Credentials true;\n}",
        ),
    ];
    let mut wrong = Vec::new();
    for (expected, path, text) in cases {
        let (verdict, places) = Sample::new(&[(path, text)]).verdict("CORS-02");
        if verdict != *expected || !places.contains(&format!("{path}:2")) {
            wrong.push(format!("{expected:?} {path}: {text}: {verdict:?} {places:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_for_development_and_what_overrides_them() {
    let cases: &[Case<'_>] = &[
        (
            "CORS-01",
            Review,
            "config/settings/production.py:1",
            &[
                ("config/settings/base.py", "CORS_ALLOW_ALL_ORIGINS = True\n"),
                (
                    "config/settings/production.py",
                    "CORS_ALLOWED_ORIGINS = ['https://a.example']\nCORS_ALLOW_ALL_ORIGINS = False\n",
                ),
            ],
        ),
        ("CORS-01", Open, "", &[("config/settings/dev.py", "CORS_ALLOW_ALL_ORIGINS = True\n")]),
        ("CORS-01", Open, "", &[("test/a.js", "const cors = require('cors');\napp.use(cors());")]),
    ];
    check(cases);
}

#[test]
fn without_settings_the_default_is_judged_only_where_everything_was_read() {
    let quiet = Sample::new(&[("a.js", "app.get('/', (req, res) => res.send(process.env.A));")]).of(Framework::Express);
    assert_eq!(quiet.verdict("CORS-01").0, Review);
    let broken = Sample::new(&[("a.js", "app.get('/', cors((((")]).of(Framework::Express);
    assert_eq!(broken.verdict("CORS-01").0, Open, "syntax that is not understood");
    assert_eq!(Sample::new(&[("README.md", "# x\n")]).verdict("CORS-01").0, Open, "no framework");
}
