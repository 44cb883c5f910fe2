//! Inventories of a few lines each. Those of whole applications are in `tests/it/backends.rs`.

use super::*;

fn of(files: &[(&str, &str)]) -> Inventory {
    let mut project = Project::default();
    for (path, text) in files {
        project.add(path, text.as_bytes().into());
    }
    inventory(&project)
}

#[test]
fn patterns_of_other_files_are_told_once() {
    let found = of(&[
        ("shop/settings.py", "ROOT_URLCONF = 'shop.urls'\n"),
        ("shop/urls.py", "from django.urls import path, include\nurlpatterns = [path('api/', include('app.urls'))]\n"),
        ("app/urls/__init__.py", "from .bills import urlpatterns as bills\nurlpatterns = [*bills]\n"),
        ("app/urls/bills.py", "from django.urls import path\nurlpatterns = [path('bills/', view)]\n"),
    ]);
    assert_eq!(found.routes.iter().map(|route| route.path.as_str()).collect::<Vec<_>>(), ["/api/bills/"]);
    assert!(found.gaps.is_empty(), "{:?}", found.gaps);
}

#[test]
fn a_router_that_a_package_variable_holds_is_told_once() {
    let server = "package server\nimport (\n\"github.com/gin-gonic/gin\"\n\"shop/internal/api\"\n)\nvar V1 *gin.RouterGroup\n\
        func Start() { r := gin.New(); r.Use(Recovery()); V1 = r.Group(base()); register(r) }\n\
        func register(r *gin.Engine) { api.List(V1) }\n";
    let api =
        "package api\nimport \"github.com/gin-gonic/gin\"\nfunc List(r *gin.RouterGroup) { r.GET(\"/bills\", h) }\n";
    let found = of(&[("internal/server/a.go", server), ("internal/api/b.go", api)]);
    let told: Vec<&str> = found.routes.iter().map(|route| route.path.as_str()).collect();
    assert_eq!(told.len(), 1, "{:?}", found.routes);
}

/// The routes of one file, as `METHOD path: roles`.
fn routes_of(path: &str, text: &str) -> Vec<String> {
    let found = of(&[("package.json", r#"{"dependencies":{"next":"15"}}"#), (path, text)]);
    let line = |route: &Route| {
        let roles: Vec<String> = route.before.iter().map(|mention| format!("{:?}", mention.role)).collect();
        format!("{} {}: {}", route.method.name(), route.path, roles.join(" ")).trim_end().to_owned()
    };
    found.routes.iter().map(line).collect()
}

#[test]
fn routes_are_found_however_they_are_written() {
    let express = "const express = require('express'); const app = express();";
    let cases: &[(&str, String, &[&str])] = &[
        ("a.js", format!("{express} app.get('/a/:id', f); app.set('x', 1); app.get('x');"), &["GET /a/{id}:"]),
        ("a.js", format!("{express} app.get('/a', f); app.use(requireAuth); app.get('/b', f);"), &["GET /a:", "GET /b: Authentication"]),
        ("a.js", format!("{express} app.use('/x', requireAuth); app.get('/xy', f); app.get('/x/y', f);"),
            &["GET /x/y: Authentication", "GET /xy:"]),
        ("a.js", format!("{express} app.all('/api/*', requireAuth); app.post('/api/a', f);"), &["POST /api/a: Authentication"]),
        ("a.js", format!("{express} const guards = [isLoggedIn, isAdmin]; app.delete('/a', guards, f);"),
            &["DELETE /a: Authentication Authorization"]),
        ("a.js", format!("{express} for (const p of ['/a', '/b']) app.get(p, f);"), &["GET /a:", "GET /b:"]),
        ("a.js", format!("{express} connect(() => {{ app.get('/late', f) }});"), &["GET /late:"]),
        ("a.js", format!("{express} const v = '/v1'; app.get(`${{v}}/a/${{x()}}`, f);"), &["GET /v1/a/*:"]),
        ("a.js", "module.exports = (app) => { app.get('/a', f) }; require('express')".into(), &["GET /*/a:"]),
        ("a.mjs", "import { Router } from 'express'; const r = Router(); r.route('/a').get(f).post(validate(s), f); export default r;".into(),
            &["GET /a:", "POST /a: Schema"]),
        ("app/a/route.ts", "export { handler as GET } from './x'; export const POST = withAuth(() => 1)".into(),
            &["GET /a:", "POST /a: Authentication"]),
        ("pages/api/a.js", "export default (req, res) => { switch (req.method) { case 'PUT': ok() } }".into(), &["PUT /api/a:"]),
        ("a.py", "from flask import Flask\napp = Flask(__name__)\n@app.route('/a', methods=['PUT'])\n@login_required\ndef a(): pass\n".into(),
            &["PUT /a: Authentication"]),
        ("a.py", "from fastapi import *\nfrom fastapi import FastAPI\napp = FastAPI(dependencies=[Depends(verify_token)])\n@app.get('/a')\ndef a(): pass\n".into(),
            &["GET /a: Authentication"]),
        ("a.js", format!("{express} app.get('/a', (req, res) => {{ if (req.user.role !== 'admin') throw e; f() }});"),
            &["GET /a: Authorization"]),
        ("a.js", format!("{express} app.get('/a', (req, res) => {{ if (req.user.role === 'admin') f(); else g(); }});"), &["GET /a:"]),
        ("a.js", format!("{express} const vip = () => (req, res, next) => ok(req) ? next() : res.sendStatus(403); app.get('/a', vip(), f);"),
            &["GET /a: Authorization"]),
        ("a.js", format!("{express} const captcha = (req, res, next) => ok(req) ? next() : res.sendStatus(401); app.get('/a', captcha, f);"),
            &["GET /a: Other"]),
        ("a.js", format!("{express} app.use((err, req, res, next) => res.sendStatus(401)); app.get('/a', f);"), &["GET /a: Other"]),
        ("a.js", format!("{express} app.use('/files', serveIndex('files')); app.use('/q', createYoga());"),
            &["GET /files/*:", "ANY /q/*:"]),
        ("a.js", format!("{express} app.post('/a', asyncHandler(auth.jwt), catchAsync(bills.add)); app.get('/b', asyncHandler(auth.jwtLoose), f);"),
            &["POST /a: Authentication Other", "GET /b: Public"]),
        ("a.py", "from flask import Flask\nfrom flask_restful import Api, Resource\nclass Ours(Api):\n    def add_org_resource(self, r, *u): return self.add_resource(r, *u)\n\
            app = Flask(__name__)\napi = Ours(app)\nclass A(Resource):\n    def get(self): pass\napi.add_org_resource(A, '/api/a', endpoint='a')\n".into(),
            &["GET /api/a:"]),
        ("src/main.rs", "use axum::Router;\nuse utoipa_axum::{router::OpenApiRouter, routes};\n\
            fn main() { let r = OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(gone)); }\n\
            #[utoipa::path(get, path = \"/a/{id}\", tag = \"a\")]\nasync fn list() {}\n\
            #[utoipa::path(post, path = \"/a\", security((\"cookie\" = [])))]\nasync fn add(user: AuthUser, a: Json<A>) {}\n".into(),
            &["POST /a: Authentication Schema", "GET /a/{id}:"]),
        ("pages/api/tags.ts", "export default async function tags(req, res) { const user = await verifyUser({ req, res }); if (!user) return; if (req.method === 'GET') list(user); }".into(),
            &["GET /api/tags: Authentication"]),
        ("pages/api/mail.ts", "export default async function mail(req, res) { await verifyUser(code); if (req.method === 'GET') list(); }".into(),
            &["GET /api/mail:"]),
        ("src/main.rs", "use actix_web::{web, App};\nimpl FromRequest for LocalUserView { }\n\
            fn main() { App::new().route(\"/a\", web::get().to(a)).route(\"/b\", web::get().to(b)); }\n\
            async fn a(user: LocalUserView) {}\nasync fn b(user: Option<LocalUserView>) {}\n".into(),
            &["GET /a: Authentication", "GET /b:"]),
        ("a.py", "from flask import Flask\napp = Flask(__name__)\n@app.route(scoped('/login'))\ndef a(): pass\n".into(), &["GET /*/login:"]),
        ("a.py", "from fastapi import FastAPI, APIRouter, Depends\nclass UserRouter(APIRouter):\n    def __init__(self, **k):\n\
            \x20       super().__init__(dependencies=[Depends(get_current_user)], **k)\nr = UserRouter(prefix='/u')\n@r.get('/a')\n\
            def a(): pass\napp = FastAPI()\napp.include_router(r)\n".into(), &["GET /u/a: Authentication"]),
        ("a.py", "from django.urls import path\nurlpatterns = [path('a/', csrf_exempt(b)), *more]\nurlpatterns += [path('c', d)]\n".into(),
            &["ANY /a/: Other", "ANY /c:"]),
    ];
    for (path, text, wanted) in cases {
        assert_eq!(routes_of(path, text), *wanted, "{text}");
    }
}

/// The facts of one file, as `kind name`.
fn facts_of(path: &str, text: &str) -> Vec<String> {
    of(&[(path, text)]).facts.iter().map(|fact| format!("{:?} {}", fact.kind, fact.name)).collect()
}

#[test]
fn what_bodies_do_is_told() {
    let cookie = |told: &str| format!("Cookie {{ {told} }}");
    let cases: Vec<(&str, &str, Vec<String>)> = vec![
        ("a.js", "f((req) => User.findById(req.params.id))", vec!["Lookup { scoped: false } User.findById".into()]),
        (
            "a.js",
            "f((req) => Note.findOne({ _id: req.params.id, owner: req.user.id }))",
            vec!["Lookup { scoped: true } Note.findOne".into()],
        ),
        ("a.js", "f((req) => User.findOne({ email: req.body.email }))", vec![]),
        (
            "a.js",
            "f((req) => db.query(`SELECT * FROM a WHERE id = ${req.params.id}`))",
            vec!["Lookup { scoped: false } db.query".into()],
        ),
        ("a.js", "f((req) => { const { userId } = req.params; })", vec!["UserFromRequest req.params.userId".into()]),
        ("a.js", "f((req) => User.create(req.body))", vec!["WholeBody User.create".into()]),
        ("a.js", "f((req) => schema.parse(req.body))", vec![]),
        ("a.js", "console.log('password', user.password, token.length)", vec!["SensitiveLog user.password".into()]),
        ("a.js", "logger.info(req.headers)", vec!["SensitiveLog req.headers".into()]),
        (
            "a.js",
            "res.cookie('a', 'b')",
            vec![cookie("http_only: Missing, secure: Missing, same_site: Missing") + " res.cookie"],
        ),
        (
            "a.js",
            "res.cookie('a', 'b', { httpOnly: true, secure: prod, sameSite: 'strict' })",
            vec![cookie("http_only: On, secure: Unknown, same_site: Strict") + " res.cookie"],
        ),
        (
            "a.js",
            "app.use(session({ cookie: { /* httpOnly: true */ secure: false } })) // cookie(",
            vec![cookie("http_only: Missing, secure: Off, same_site: Missing") + " session"],
        ),
        ("a.js", "jwt.decode(t)", vec!["UnverifiedToken jwt.decode".into()]),
        ("a.js", "jwt.verify(t, k, { algorithms: ['none'] })", vec!["UnverifiedToken jwt.verify".into()]),
        ("a.js", "jwt.sign(a, 'x' + y); jwt.sign(a, 'x')", vec!["SigningSecret jwt.sign".into()]),
        (
            "a.js",
            "process.env.A || 'b'; process.env['C'] || 3",
            vec!["EnvironmentRead A".into(), "EnvironmentRead C".into(), "EnvironmentFallback A".into()],
        ),
        ("a.js", "const { A = 'b' } = process.env", vec!["EnvironmentRead A".into(), "EnvironmentFallback A".into()]),
        (
            "a.js",
            "limit({ keyGenerator: (req) => req.headers['x-forwarded-for'] })",
            vec!["ForwardedLimiterKey keyGenerator".into()],
        ),
        ("a.js", "f((req, res) => { res.status(500).send(err.stack) })", vec!["ErrorExposed err.stack".into()]),
        (
            "a.py",
            "import os\nos.environ['A']\nos.getenv('B', 'c')\nos.environ['D'] = 'e'\n",
            vec!["EnvironmentRead A".into(), "EnvironmentRead B".into(), "EnvironmentFallback B".into()],
        ),
        ("a.py", "import jwt\njwt.decode(t, verify=False)\n", vec!["UnverifiedToken jwt.decode".into()]),
        ("a.py", "SECRET_KEY = 'x'\n", vec!["SigningSecret SECRET_KEY".into()]),
        ("a.py", "logger.info('x %s', password)\n", vec!["SensitiveLog password".into()]),
        (
            "a.py",
            "r.set_cookie('a', 'b', httponly=True, samesite='Lax')\n",
            vec![cookie("http_only: On, secure: Missing, same_site: Lax") + " r.set_cookie"],
        ),
        (
            "a.py",
            "from flask import request\ndef f():\n    return User(**request.json)\n",
            vec!["WholeBody User".into()],
        ),
        (
            "a.py",
            "from flask import g\ndef f(note_id):\n    return Note.query.get(note_id)\n",
            vec!["Lookup { scoped: false } Note.query.get".into()],
        ),
        (
            "a.py",
            "from flask import g\ndef f(note_id):\n    return Note.query.filter_by(id=note_id, owner=current_user).first()\n",
            vec!["Lookup { scoped: true } Note.query.filter_by".into()],
        ),
    ];
    for (path, text, wanted) in cases {
        assert_eq!(facts_of(path, text), wanted, "{text}");
    }
}

#[test]
fn values_of_secrets_are_never_kept() {
    let value = ["s3cr3t", "value", "kept"].join("-");
    let texts = [
        (
            "a.js",
            format!(
                "jwt.sign(a, '{value}'); session({{ secret: '{value}' }}); process.env.A || '{value}'; console.log(password, '{value}')"
            ),
        ),
        (
            "a.py",
            format!(
                "SECRET_KEY = '{value}'\njwt.encode(a, '{value}')\nimport os\nos.getenv('A', '{value}')\nprint(password, '{value}')\n"
            ),
        ),
    ];
    for (path, text) in texts {
        let found = of(&[(path, &text)]);
        assert!(found.facts.len() > 2, "{path}");
        assert!(!format!("{found:?}").contains(&value), "{path}");
    }
}

#[test]
fn hostile_files_end_in_an_inventory() {
    let deep = "(".repeat(4_000);
    let nested = "f(".repeat(2_000) + "x" + &")".repeat(2_000);
    let chain = format!("const app = require('express')(); app{};", ".use(f)".repeat(2_000));
    let itself = "const app = require('express')(); function f() { f(); g(); } function g() { f(); g(); } f(); app.use('/a', app); app.get('/x', h);";
    let circle = [
        ("a.py", "from b import *\nfrom flask import Flask\n"),
        ("b.py", "from a import *\nimport flask\nx = y\ny = x\n@x.route('/a')\ndef f(): pass\n"),
    ];
    for text in [
        deep.as_str(),
        &nested,
        &chain,
        itself,
        "\u{feff}express \u{0}",
        "app.get(",
        "class A extends A { x = new A() } new A(); 'express'",
    ] {
        for path in ["a.js", "a.ts", "a.tsx", "a.py"] {
            let _ = of(&[(path, text), ("b.py", &format!("flask fastapi urlpatterns\n{text}"))]);
        }
    }
    let _ = of(&circle);
    let broken = of(&[("a.js", "const app = require('express')();\napp.get('/a', f);\napp.get('/b', ((( ;\n")]);
    assert!(broken.gaps.iter().any(|gap| gap.why.contains("syntax error")));
    assert!(broken.routes.iter().any(|route| route.path == "/a"));
}

#[test]
fn what_cannot_be_followed_is_a_gap() {
    let cases = [
        ("a.js", "const app = require('express')(); require('./not-there')(app);"),
        ("a.js", "const app = require('express')(); fs.readdirSync('.').forEach((f) => require('./' + f)(app));"),
        ("a.js", "const app = require('express')(); app.use('/x', require('./not-there'));"),
        ("a.py", "from django.urls import include, path\nurlpatterns = [path('a/', include('nowhere.urls'))]\n"),
        ("a.py", "from fastapi import FastAPI\napp = FastAPI()\napp.include_router(users.get_router())\n"),
        ("a.py", "from flask import Flask\nimport connexion\napp = connexion.App(__name__)\napp.add_api('x.yml')\n"),
    ];
    for (path, text) in cases {
        assert!(!of(&[(path, text)]).gaps.is_empty(), "{text}");
    }
}

#[test]
fn a_token_that_a_browser_reads_lets_nobody_in() {
    let read = "const name = jwtDecode(token).name; // jsonwebtoken";
    let unverified = |manifest: &str| {
        let found = of(&[("package.json", "{}"), ("web/package.json", manifest), ("web/src/a.ts", read)]);
        found.facts.iter().any(|fact| fact.kind == FactKind::UnverifiedToken)
    };
    assert!(unverified(r#"{"dependencies":{"express":"4"}}"#));
    assert!(unverified(r#"{"dependencies":{"react-dom":"18","next":"15"}}"#));
    assert!(!unverified(r#"{"dependencies":{"react-dom":"18"}}"#));
    let app = "const app = require('express')(); app.get('/a', f);";
    let browser = of(&[("package.json", r#"{"devDependencies":{"vue":"3"}}"#), ("a.js", app)]);
    assert!(browser.routes.is_empty(), "a browser serves nobody");
}

#[test]
fn connexion_has_the_routes_of_its_document() {
    let app = "import connexion\napp = connexion.App(__name__)\napp.add_api('api.yml')\n";
    let document = r"
servers:
  - url: https://example.com/v1/
components:
  securitySchemes:
    token:
      type: http
      x-bearerInfoFunc: auth.check
    other:
      type: http
paths:
  /notes/{id}:
    x-openapi-router-controller: notes
    get:
      operationId: show
      security:
        - token: []
    put:
      operationId: gone
      requestBody: {}
      security:
        - other: []
  /open:
    get:
      operationId: notes.show
";
    let found = of(&[
        ("app.py", app),
        ("spec/api.yml", document),
        ("notes.py", "from flask import request\n\ndef show(id):\n    pass\n"),
    ]);
    let told: Vec<String> = found
        .routes
        .iter()
        .map(|route| {
            let roles: Vec<String> = route.before.iter().map(|one| format!("{:?}", one.role)).collect();
            let handler = route.handler.as_ref().map_or(0, |handler| handler.at.line);
            format!("{} {} {} -> {handler} {}", route.method.name(), route.path, route.at.line, roles.join(" "))
        })
        .collect();
    // A scheme that nothing checks is no guard.
    let expected =
        ["GET /v1/notes/{id} 14 -> 3 Authentication", "PUT /v1/notes/{id} 18 -> 0 Schema", "GET /v1/open 24 -> 3 "];
    assert_eq!(told, expected);
    assert!(found.gaps.iter().any(|gap| gap.why.contains("handlers of 1 routes")), "{:?}", found.gaps);
    for missing in ["app.add_api('b.yml')", "app.add_api(name)", "app.add_api('app.py')"] {
        let text = app.replace("app.add_api('api.yml')", missing);
        assert_eq!(of(&[("app.py", &text)]).gaps.len(), 1, "{missing}");
    }
}

/// How many files were read for routes, the manifest not among them.
fn read_of(files: &[(&str, &str)]) -> usize {
    of(&[&[("package.json", r#"{"dependencies":{"next":"15"}}"#)], files].concat()).files
}

#[test]
fn what_is_imported_to_be_shown_is_not_read() {
    let cases = [
        ("import { b } from './b'; export const GET = b;", 2),
        ("import b from './b'; export const GET = wrap({ b });", 2),
        ("import * as b from './b'; export const GET = () => b.c();", 2),
        ("import './b'; export const GET = () => 1;", 2),
        ("const b = require('./b'); export const GET = () => 1;", 2),
        ("export * from './b';", 2),
        ("export { b as GET } from './b';", 2),
        ("import { B } from './b'; export const GET = (request: B) => 1;", 1),
        ("import type { B } from './b'; export const GET = (request: B) => 1;", 1),
        ("import { B } from './b'; export const GET = () => <B c={1} />;", 1),
        ("import { B } from './b'; export const GET = () => 1;", 1),
    ];
    for (text, files) in cases {
        assert_eq!(read_of(&[("app/a/route.tsx", text), ("app/a/b.ts", "export const b = 1;")]), files, "{text}");
    }
    let route = ("app/a/route.tsx", "import { b } from './b'; export const GET = () => b();");
    for (text, files) in [
        ("'use client'; export const b = 1;", 1),
        ("// of React\n/* 'use server' */\n\"use client\"\nexport const b = 1;", 1),
        ("export const b = 'use client';", 2),
        ("// 'use client'", 2),
        ("/* 'use client'", 2),
    ] {
        assert_eq!(read_of(&[route, ("app/a/b.ts", text)]), files, "{text}");
    }
}

#[test]
fn words_that_mean_something_else_are_no_reason_to_read() {
    for (text, files) in [
        ("import { useRouter } from 'next/navigation'; export const a = useRouter();", 0),
        ("import { AppRouterInstance } from 'x'; // an expression, expressed", 0),
        ("export default withRouter(BrowserRouter);", 0),
        ("const { Router } = require('router');", 1),
        ("export const a = useRouter(); export const b = Router();", 1),
        ("import express from 'express';", 1),
        ("export const expressApp = 1;", 1),
    ] {
        assert_eq!(read_of(&[("app/a.ts", text)]), files, "{text}");
    }
}

#[test]
fn what_a_browser_runs_serves_nothing() {
    let text = "import express from 'express'; const app = express(); app.get('/a', f);";
    assert_eq!(routes_of("a.js", text), ["GET /a:"]);
    assert_eq!(routes_of("a.js", &format!("'use client';\n{text}")), [""; 0]);
}
