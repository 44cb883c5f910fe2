//! Tests of what nobody writes by hand: inventories of hostile code end, and say what they left out.

use super::{Project, inventory};

fn of(path: &str, text: &str) -> super::Inventory {
    let mut project = Project::default();
    project.add(path, text.as_bytes().into());
    inventory(&project)
}

/// A file of each language that begins as one with routes does.
const BEGINNINGS: &[(&str, &str)] = &[
    ("config/routes.rb", "Rails.application.routes.draw do\n"),
    ("routes/web.php", "<?php\nRoute::get('/a', fn () => 1);\n"),
    ("A.java", "@RestController class A { @GetMapping(\"/a\") void a() {\n"),
    ("main.go", "package main\nimport \"net/http\"\nfunc main() {\n"),
    ("src/main.rs", "use axum::Router;\nfn main() {\n"),
];

#[test]
fn deep_nests_end_and_are_told() {
    for (path, begin) in BEGINNINGS {
        let found = of(path, &format!("{begin}{}", "f(".repeat(20_000)));
        assert!(!found.gaps.is_empty(), "{path}");
    }
}

#[test]
fn long_chains_are_followed() {
    let chain = ".route(\"/a\", get(h))".repeat(5_000);
    let found = of("src/main.rs", &format!("use axum::Router;\nfn main() {{ let a = Router::new(){chain}; }}"));
    assert!(found.routes.iter().all(|route| route.path == "/a"));
    assert!(!found.routes.is_empty());
}

#[test]
fn what_is_no_program_is_a_gap() {
    for (path, begin) in BEGINNINGS {
        let found = of(path, &format!("{begin} )]}} $%& \u{0} @@@ \u{fffd}"));
        assert!(found.gaps.iter().any(|gap| gap.why.contains("not understood")), "{path} {:?}", found.gaps);
    }
}

#[test]
fn programs_that_call_themselves_end() {
    let go = "package main\nimport \"github.com/gin-gonic/gin\"\n\
        func a(r *gin.Engine) { b(r); b(r) }\nfunc b(r *gin.Engine) { a(r); a(r); r.GET(\"/x\", h) }\n\
        func main() { a(gin.New()) }\n";
    assert!(!of("main.go", go).gaps.is_empty());
    let rust = "use axum::Router;\nfn a() -> Router { b().merge(b()) }\nfn b() -> Router { a().merge(a()) }\nfn main() { a(); }";
    assert!(!of("src/main.rs", rust).gaps.is_empty());
    let php = "<?php\nRoute::prefix('a')->group(base_path('routes/web.php'));\nRoute::get('/a', fn () => 1);";
    assert!(!of("routes/web.php", php).gaps.is_empty());
    let ruby = "Rails.application.routes.draw do\n concern :a do\n concerns :a\n get 'x'\n end\n concerns :a\nend";
    assert!(of("config/routes.rb", ruby).routes.len() < 1000);
    let java = "class A extends B { static final String X = X + Y; }\n@RestController class B extends A { @GetMapping(A.X) void a() {} }";
    assert!(!of("A.java", java).gaps.is_empty());
}

/// Names that mean what they are assigned to, over and over: of every second Django application.
#[test]
fn names_that_mean_themselves_end() {
    let begin = "from flask import Flask\napp = Flask(__name__)\n@app.route('/x')\ndef x():\n    return ''\n";
    let circles = [
        "query = query.filter(1)\nquery.register(1)\n".to_owned(),
        "a = b.c()\nb = a.c()\na.register('x', a)\na.add_url_rule('/y', view_func=b.c)\n".into(),
        // Each text is made of the one before, ten times.
        (0..40).fold("t0 = '/x'\n".into(), |text: String, n| {
            format!("{text}t{} = {}\n", n + 1, vec![format!("t{n}"); 10].join(" + "))
        }) + "app.add_url_rule(t40, view_func=x)\n",
    ];
    for circle in circles {
        let found = of("app.py", &format!("{begin}{circle}"));
        assert!(found.routes.iter().any(|route| route.path == "/x"), "{circle}");
    }
    let mut project = Project::default();
    for from in 0..12 {
        let stars: String = (0..12).map(|to| format!("from m{to} import *\n")).collect();
        project.add(&format!("m{from}.py"), format!("{stars}{begin}app.register(what)\n").as_bytes().into());
    }
    assert!(!inventory(&project).routes.is_empty());
}

/// Servers of real life: what neither is passed a router nor makes one is followed once.
#[test]
fn methods_that_call_each_other_lose_no_routes() {
    use std::fmt::Write as _;
    let mut go = String::from(
        "package main\nimport \"net/http\"\ntype S struct { mux *http.ServeMux; handler http.Handler }\n\
        func main() { s := &S{mux: http.NewServeMux()}; s.m0() }\n",
    );
    for method in 0..40 {
        let _ = writeln!(go, "func (s *S) m{method}() {{");
        for other in 0..40 {
            let _ = writeln!(go, "s.m{other}()");
        }
        let _ = writeln!(go, "s.mux.HandleFunc(\"/r{method}\", h)\n}}");
    }
    let found = of("storage/main.go", &go);
    assert_eq!(found.routes.len(), 40);
    assert!(found.gaps.is_empty(), "{:?}", found.gaps);
}

#[test]
fn what_has_nothing_to_do_with_routes_is_not_told() {
    for (path, text) in [
        ("a.rb", "puts 1\n"),
        ("a.php", "<?php echo 1;"),
        ("A.java", "class A {}"),
        ("a.go", "package a\nfunc a() {}\n"),
        ("a.rs", "fn a() {}"),
        ("vendor/x/main.go", "package main\nimport \"net/http\"\nfunc main() { http.HandleFunc(\"/x\", h) }\n"),
    ] {
        let found = of(path, text);
        assert!(found.routes.is_empty() && found.gaps.is_empty() && found.frameworks.is_empty(), "{path} {found:?}");
    }
}
