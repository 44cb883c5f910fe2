use super::super::sample::{Case, Sample, check};
use crate::checklist::verdict::Verdict::{self, Fail, Open, Review};

/// A file, and what is expected of HttpOnly, Secure and SameSite.
type Flags<'c> = (&'c str, &'c str, [Verdict; 3]);

const EXPRESS: &str = "const session = require('express-session');\n";

#[test]
fn the_flags_of_every_stack_and_its_defaults() {
    let express = |options: &str| format!("{EXPRESS}app.use(session({{ secret: s, {options} }}));");
    let written: Vec<(&str, String, [Verdict; 3])> = vec![
        ("a.js", express(""), [Review, Fail, Fail]),
        ("a.js", express("cookie: { httpOnly: false, secure: true, sameSite: 'lax' }"), [Fail, Review, Review]),
        ("a.js", express("cookie: { secure: false, sameSite: 'none' }"), [Review, Fail, Fail]),
        ("a.js", express("cookie: config.cookie"), [Review, Review, Review]),
    ];
    let fixed: &[Flags<'_>] = &[
        ("a.js", "f((req, res) => res.cookie('token', t));", [Fail, Fail, Fail]),
        (
            "a.js",
            "f((req, res) => res.cookie('token', t, { httpOnly: true, secure: true, sameSite: 'strict' }));",
            [Review, Review, Review],
        ),
        ("a.js", "f((req, res) => res.cookie('theme', t));", [Open, Open, Open]),
        (
            "a.ts",
            "import { cookies } from 'next/headers';\nasync function f() { (await cookies()).set('session', id, { httpOnly: true }); }",
            [Review, Fail, Fail],
        ),
        (
            "settings.py",
            "MIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware']\n",
            [Review, Fail, Review],
        ),
        (
            "settings.py",
            "MIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware']\nSESSION_COOKIE_SECURE = True\nSESSION_COOKIE_HTTPONLY = False\nSESSION_COOKIE_SAMESITE = 'None'\n",
            [Fail, Review, Fail],
        ),
        ("a.py", "from flask import Flask, session\napp = Flask(__name__)\nsession['u'] = 1\n", [Review, Fail, Fail]),
        (
            "a.py",
            "from flask import Flask, session\napp = Flask(__name__)\nsession['u'] = 1\napp.config.update(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE='Lax')\n",
            [Review, Review, Review],
        ),
        ("a.py", "from flask import Flask, jsonify\napp = Flask(__name__)\ncookie = 1\n", [Open, Open, Open]),
        (
            "a.py",
            "from starlette.middleware.sessions import SessionMiddleware\napp.add_middleware(SessionMiddleware, secret_key=k)\n",
            [Review, Fail, Review],
        ),
        (
            "a.py",
            "from starlette.middleware.sessions import SessionMiddleware\napp.add_middleware(SessionMiddleware, secret_key=k, https_only=True, same_site='none')\n",
            [Review, Review, Fail],
        ),
        ("a.py", "r.set_cookie('session', v, httponly=True, secure=True, samesite='Lax')\n", [Review, Review, Review]),
        ("a.py", "r.set_cookie('session', v)\n", [Fail, Fail, Fail]),
        (
            "config/initializers/session_store.rb",
            "A.config.session_store :cookie_store, key: 'k', httponly: false\n",
            [Fail, Fail, Review],
        ),
        (
            "config/initializers/session_store.rb",
            "A.config.session_store :cookie_store, key: 'k', secure: true, same_site: :none\n",
            [Review, Review, Fail],
        ),
        (
            "config/environments/production.rb",
            "A.configure do\n config.force_ssl = true\nend\n",
            [Review, Review, Review],
        ),
        (
            "app/a.rb",
            "cookies[:auth_token] = { value: t, httponly: true, secure: true, same_site: :lax }\n",
            [Review, Review, Review],
        ),
        ("app/a.rb", "cookies[:auth_token] = t\n", [Fail, Review, Review]),
        (
            "config/session.php",
            "<?php return ['secure' => env('SESSION_SECURE_COOKIE'), 'http_only' => true, 'same_site' => 'lax'];",
            [Review, Review, Review],
        ),
        (
            "config/session.php",
            "<?php return ['secure' => false, 'http_only' => false, 'same_site' => 'none'];",
            [Fail, Fail, Fail],
        ),
        ("a.php", "<?php setcookie('session', $v);", [Fail, Fail, Fail]),
        (
            "a.php",
            "<?php setcookie('session', $v, ['httponly' => true, 'secure' => true, 'samesite' => 'Lax']);",
            [Review, Review, Review],
        ),
        (
            "A.java",
            "class A { void f() { ResponseCookie.from(\"session\", v).httpOnly(true).secure(true).sameSite(\"Lax\").build(); } }",
            [Review, Review, Review],
        ),
        (
            "A.java",
            "class A { void f() { Cookie c = new Cookie(\"session\", v); c.setHttpOnly(true); } }",
            [Review, Fail, Fail],
        ),
        ("a.go", "package a\nvar c = &http.Cookie{Name: \"session\", Value: v}\n", [Fail, Fail, Fail]),
        (
            "a.go",
            "package a\nvar c = &http.Cookie{Name: \"session\", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode}\n",
            [Review, Review, Review],
        ),
        (
            "a.go",
            "package a\nfunc f() { c.SetCookie(\"session\", v, 0, \"/\", \"\", false, true) }\n",
            [Review, Fail, Fail],
        ),
        ("a.go", "package a\nvar o = &sessions.Options{HttpOnly: true}\n", [Review, Fail, Fail]),
        ("a.rs", "fn a() { SessionManagerLayer::new(store); }", [Review, Review, Review]),
        (
            "a.rs",
            "fn a() { SessionManagerLayer::new(store).with_secure(false).with_same_site(SameSite::None); }",
            [Review, Fail, Fail],
        ),
        (
            "a.rs",
            "fn a() { Cookie::build((\"session\", v)).http_only(true).secure(true).same_site(SameSite::Lax); }",
            [Review, Review, Review],
        ),
        ("a.rs", "fn a() { Cookie::build((\"session\", v)).path(\"/\"); }", [Fail, Fail, Fail]),
    ];
    let mut wrong = Vec::new();
    let written = written.iter().map(|(path, text, flags)| (*path, text.as_str(), *flags));
    for (path, text, expected) in fixed.iter().copied().chain(written) {
        let sample = Sample::new(&[(path, text)]);
        let told = ["COOK-01", "COOK-02", "COOK-03"].map(|row| sample.verdict(row).0);
        if told != expected {
            wrong.push(format!("{path}: {text}: {told:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_stands_in_a_comment_or_in_another_file_is_pointed_to() {
    let commented = format!("{EXPRESS}app.use(session({{\n  secret: s,\n  // cookie: {{ secure: true }}\n}}));");
    let spring = "server.servlet.session.cookie.secure=false\nserver.servlet.session.cookie.same-site=lax\n";
    let cases: &[Case<'_>] = &[
        ("COOK-02", Fail, "a.js:4", &[("a.js", &commented)]),
        ("COOK-02", Fail, "a.js:2", &[("a.js", &commented)]),
        (
            "COOK-02",
            Fail,
            "config/environments/production.rb:2",
            &[
                ("config/initializers/session_store.rb", "A.config.session_store :cookie_store, key: 'k'\n"),
                ("config/environments/production.rb", "A.configure do\n # config.force_ssl = true\nend\n"),
            ],
        ),
        (
            "COOK-02",
            Review,
            "config/environments/production.rb:2",
            &[
                ("config/initializers/session_store.rb", "A.config.session_store :cookie_store, key: 'k'\n"),
                ("config/environments/production.rb", "A.configure do\n config.force_ssl = true\nend\n"),
            ],
        ),
        (
            "COOK-02",
            Review,
            "settings/production.py:1",
            &[
                ("settings/base.py", "MIDDLEWARE = ['x.SessionMiddleware']\nSESSION_COOKIE_SECURE = False\n"),
                ("settings/production.py", "SESSION_COOKIE_SECURE = True\n"),
            ],
        ),
        (
            "COOK-02",
            Fail,
            "application.properties:1",
            &[("A.java", "import org.springframework.x; class Session {}"), ("application.properties", spring)],
        ),
        (
            "COOK-03",
            Review,
            "application.properties:2",
            &[("A.java", "import org.springframework.x; class Session {}"), ("application.properties", spring)],
        ),
    ];
    check(cases);
}

#[test]
fn a_call_that_makes_a_new_session_is_for_review() {
    let cases: &[Case<'_>] = &[
        ("COOK-05", Review, "a.js:1", &[("a.js", "f((req) => req.session.regenerate(done));")]),
        ("COOK-05", Review, "a.rb:2", &[("a.rb", "def create\n  reset_session\nend\n")]),
        ("COOK-05", Review, "a.php:1", &[("a.php", "<?php $request->session()->regenerate();")]),
        (
            "COOK-05",
            Review,
            "a.py:2",
            &[("a.py", "from django.contrib.auth import login\nlogin(request, user)  # session\n")],
        ),
        ("COOK-05", Review, "A.java:1", &[("A.java", "class A { void f() { request.changeSessionId(); } }")]),
        ("COOK-05", Open, "", &[("a.js", "f((req) => { req.session.user = 1; });")]),
    ];
    check(cases);
}
