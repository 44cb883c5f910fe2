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

/// A program that copies what is large over and over, as long as a file may be.
fn copies(large: &str, each: impl Fn(usize) -> String, times: usize) -> String {
    let begin = "const express = require('express'); const app = express();\n";
    format!("{begin}{large}\n{}", (0..times).map(each).collect::<String>())
}

#[test]
fn what_is_copied_over_and_over_is_bounded() {
    let list = |name: &str| (0..3_999).map(|at| format!("{name}{at}")).collect::<Vec<_>>().join(",");
    let paths = format!("const P = [{}];", (0..3_999).map(|at| format!("'/{at}'")).collect::<Vec<_>>().join(","));
    let (names, keys) = (list("g"), (0..3_999).map(|at| format!("k{at}: 1")).collect::<Vec<_>>().join(","));
    let methods: String = (0..4_000).map(|at| format!("m{at}() {{}} ")).collect();
    let cases = [
        copies(&format!("const o = {{{keys}}};"), |_| "x = {...o, ...o};\n".into(), 5_000),
        copies(&paths, |at| format!("const q{at} = [...P, ...P];\n"), 5_000),
        copies(&format!("class A {{ {methods} }}"), |at| format!("const q{at} = new A();\n"), 5_000),
        copies(&format!("function f({names}) {{}}"), |_| "f();\n".into(), 5_000),
        copies(&format!("{paths} const G = [{names}];"), |_| "app.get(P, G, h);\n".into(), 5_000),
        copies(&paths, |_| "app.use(P, guard);\n".into(), 5_000),
    ];
    for text in cases {
        let found = of("a.js", &text);
        let is_told = found.gaps.iter().any(|gap| gap.why.contains("than is followed"));
        assert!(is_told, "{:?} of {}", found.gaps, &text[text.len() - 60..]);
        let before: usize = found.routes.iter().map(|route| route.before.len()).sum();
        assert!(found.routes.len() <= 20_000 && before <= 2_000_000, "{} {before}", found.routes.len());
    }
}

#[test]
fn what_grows_with_each_line_is_bounded() {
    let begin = "const express = require('express'); const app = express();\nlet x0 = y;\n";
    let members: String = (0..20_000).map(|at| format!("const x{} = x{at}.abcdefghij;\n", at + 1)).collect();
    assert!(of("a.js", &format!("{begin}{members} app.get('/a', x20000);")).routes.len() == 1);
    let functions: String = (0..20_000).map(|at| format!("function f{at}() {{}}\n")).collect();
    assert!(of("a.js", &format!("{begin}app.get('/a', f7);\n{functions}")).routes[0].handler.is_some());
}

#[test]
fn routes_that_are_multiplied_are_bounded() {
    let paths = (0..300).map(|at| format!("\"/p{at}\"")).collect::<Vec<_>>().join(", ");
    let java =
        format!("@RestController @RequestMapping({{{paths}}}) class A {{ @GetMapping({{{paths}}}) void a() {{}} }}");
    let each = |of: fn(usize) -> String| (0..300).map(of).collect::<String>();
    let (gets, resources) =
        (each(|at| format!("get 'p{at}'\n")), each(|at| format!("resources :r{at}, concerns: :x\n")));
    let ruby = format!("Rails.application.routes.draw do\nconcern :x do\n{gets}end\n{resources}end\n");
    for (path, text) in [("A.java", java), ("config/routes.rb", ruby)] {
        let found = of(path, &text);
        assert_eq!(found.routes.len(), 20_000, "{path}");
        let told: Vec<_> =
            found.gaps.iter().filter(|gap| gap.why == "There are more routes than are listed.").collect();
        assert_eq!(told.len(), 1, "{path} {:?}", found.gaps);
    }
}
