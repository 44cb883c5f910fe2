use super::*;

fn read(path: &str, text: &str) -> Expressions {
    let found = Expressions::read(Language::of_path(path).expect("known"), text.as_bytes()).expect("in time");
    assert!(!found.has_errors, "{path}: {text}");
    found
}

#[test]
fn calls_of_every_language_have_one_form() {
    let cases = [
        ("a.js", "app.use(cors({ origin: true, credentials: false }));", "cors", "origin", Value::Flag(true)),
        (
            "a.ts",
            "new Server(s, { cors: { origin: '*' } } as Options);",
            "Server",
            "cors.origin",
            Value::Text("*".into()),
        ),
        (
            "a.py",
            "app.add_middleware(M, origin=['*'])\n",
            "app.add_middleware",
            "origin",
            Value::List(vec![Value::Text("*".into())]),
        ),
        (
            "a.rb",
            "config.session_store :cookie_store, key: 'x', origin: false\n",
            "config.session_store",
            "origin",
            Value::Flag(false),
        ),
        ("a.php", "<?php setcookie('a', $b, ['origin' => null]);", "setcookie", "origin", Value::Nothing),
        ("a.java", "@CrossOrigin(origin = \"*\") class A {}", "@CrossOrigin", "origin", Value::Text("*".into())),
        (
            "a.go",
            "package a\nvar b = &http.Cookie{origin: []string{\"*\"}}\n",
            "http.Cookie",
            "origin",
            Value::List(vec![Value::Text("*".into())]),
        ),
        ("a.rs", "fn a() { B { origin: Some(true) } }", "B", "origin", Value::Flag(true)),
    ];
    for (path, text, name, option, expected) in cases {
        let found = read(path, text);
        let call =
            found.calls.iter().find(|call| call.name == name).unwrap_or_else(|| panic!("{path}: {:?}", found.calls));
        assert_eq!(call.option(option), Some(&expected), "{path}: {call:?}");
    }
}

#[test]
fn chains_begin_at_one_place() {
    for (path, text, names) in [
        (
            "a.rs",
            "fn a() { CorsLayer::new().allow_origin(Any).allow_credentials(true); }",
            ["CorsLayer.new.allow_origin.allow_credentials", "CorsLayer.new"],
        ),
        (
            "a.java",
            "class A { void a() { ResponseCookie.from(\"a\", b).secure(true); } }",
            ["ResponseCookie.from.secure", "ResponseCookie.from"],
        ),
        ("a.php", "<?php $request->session()->regenerate();", ["request.session.regenerate", "request.session"]),
        ("a.js", "(await cookies()).set('a', 1);", ["cookies.set", "cookies"]),
    ] {
        let found = read(path, text);
        let told: Vec<&str> = found.calls.iter().map(|call| call.name.as_str()).collect();
        assert_eq!(told.iter().filter(|name| names.contains(name)).count(), 2, "{path}: {told:?}");
    }
}

#[test]
fn what_is_set_has_its_name() {
    for (path, text, name, expected) in [
        ("a.py", "app.config['SECURE'] = True\n", "app.config.SECURE", Value::Flag(true)),
        ("a.py", "class P(C):\n    SECURE = False\n", "SECURE", Value::Flag(false)),
        ("a.rb", "config.force_ssl = true\n", "config.force_ssl", Value::Flag(true)),
        ("a.js", "const a = `x${b}`;", "a", Value::Joined(vec![Value::Text("x".into()), Value::Name("b".into())])),
        ("a.py", "a = f'x{b}'\n", "a", Value::Joined(vec![Value::Text("x".into()), Value::Name("b".into())])),
        ("a.rb", "a = \"x#{b.c}\"\n", "a", Value::Joined(vec![Value::Text("x".into()), Value::Name("b.c".into())])),
        ("a.go", "package a\nfunc b() { c.AllowAll = true }\n", "c.AllowAll", Value::Flag(true)),
        (
            "a.js",
            "export default { a: 1 };",
            "default",
            Value::Table(vec![Entry { key: "a".into(), value: Value::Number(1.0), line: 1 }]),
        ),
        (
            "a.php",
            "<?php return ['a' => 1];",
            "return",
            Value::Table(vec![Entry { key: "a".into(), value: Value::Number(1.0), line: 1 }]),
        ),
        ("a.rb", "a = %w[b c].freeze\n", "a", Value::List(vec![Value::Text("b".into()), Value::Text("c".into())])),
    ] {
        let found = read(path, text);
        // A method without arguments is a name in Ruby.
        let values: Vec<&Value> = found.sets.iter().filter(|set| set.name == name).map(|set| &set.value).collect();
        let same = |value: &&Value| {
            format!("{value:?}")
                .replace("Call(Call { name: \"b.c\", arguments: [], line: 1, span: (8, 11) })", "Name(\"b.c\")")
                == format!("{expected:?}")
        };
        assert!(values.iter().any(same), "{path}: {text}: {:?}", found.sets);
    }
}

#[test]
fn variables_are_read_and_fallen_back_on() {
    for (path, text, name, fallback) in [
        ("a.js", "const a = process.env.A_B;", "A_B", false),
        ("a.js", "const a = process.env['A_B'] || 'x';", "A_B", true),
        ("a.js", "const a = process.env.A_B ?? '';", "A_B", false),
        ("a.js", "const { A_B } = process.env;", "A_B", false),
        ("a.js", "const { A_B = 'x' } = process.env;", "A_B", true),
        ("a.ts", "const a = process.env.A_B ? process.env.A_B : 'x';", "A_B", true),
        ("a.ts", "const a = import.meta.env.VITE_A;", "VITE_A", false),
        ("a.py", "a = os.environ['A_B']\n", "A_B", false),
        ("a.py", "a = os.environ.get('A_B', 'x')\n", "A_B", true),
        ("a.py", "a = os.getenv('A_B') or 'x'\n", "A_B", true),
        ("a.py", "a = env.str('A_B', default='x')\n", "A_B", true),
        ("a.py", "a = config('A_B')\n", "A_B", false),
        ("a.rb", "a = ENV['A_B'] || 'x'\n", "A_B", true),
        ("a.rb", "a = ENV.fetch('A_B')\n", "A_B", false),
        ("a.rb", "a = ENV.fetch('A_B', 'x')\n", "A_B", true),
        ("a.php", "<?php $a = env('A_B', 'x');", "A_B", true),
        ("a.php", "<?php $a = getenv('A_B') ?: 'x';", "A_B", true),
        ("a.php", "<?php $a = $_ENV['A_B'];", "A_B", false),
        ("a.java", "class A { String a = System.getenv(\"A_B\"); }", "A_B", false),
        ("a.java", "class A { String a = System.getenv().getOrDefault(\"A_B\", \"x\"); }", "A_B", true),
        ("a.java", "class A { @Value(\"${A_B:x}\") String a; }", "A_B", true),
        ("a.go", "package a\nvar b = os.Getenv(\"A_B\")\n", "A_B", false),
        (
            "a.go",
            "package a\nfunc c() {\n\tb := os.Getenv(\"A_B\")\n\tif b == \"\" {\n\t\tb = \"x\"\n\t}\n}\n",
            "A_B",
            true,
        ),
        ("a.go", "package a\nvar b = getEnv(\"A_B\", \"x\")\n", "A_B", true),
        ("a.rs", "fn a() { std::env::var(\"A_B\").unwrap(); }", "A_B", false),
        ("a.rs", "fn a() { env::var(\"A_B\").unwrap_or(\"x\".into()); }", "A_B", true),
        ("a.rs", "fn a() { env::var(\"A_B\").unwrap_or_else(|_| \"x\".to_string()); }", "A_B", true),
    ] {
        let found = read(path, text);
        let told: Vec<(&str, bool)> = found.variables.iter().map(|v| (v.name.as_str(), v.has_fallback)).collect();
        assert_eq!((told, found.unnamed_variables.len()), (vec![(name, fallback)], 0), "{path}: {text}");
    }
}

#[test]
fn a_variable_whose_name_is_not_written_is_told() {
    for (path, text) in [
        ("a.js", "const a = process.env[name];"),
        ("a.py", "a = os.environ[name]\n"),
        ("a.py", "a = os.getenv(name)\n"),
        ("a.rb", "a = ENV[name]\n"),
        ("a.go", "package a\nfunc f(n string) string { return os.Getenv(n) }\n"),
    ] {
        let found = read(path, text);
        assert_eq!((found.variables.len(), found.unnamed_variables.len()), (0, 1), "{path}: {text}: {found:?}");
    }
    let helper =
        read("a.go", "package a\nfunc getEnv(n string) string { return os.Getenv(n) }\nvar b = getEnv(\"A_B\")\n");
    assert_eq!((helper.variables.len(), helper.unnamed_variables.len()), (1, 0));
}

#[test]
fn what_nests_without_end_is_read_to_its_end() {
    for (open, close) in [("[", "]"), ("f(", ")"), ("{a:", "}"), ("a(() => ", ")")] {
        let text = format!("x = {}1{};", open.repeat(3_000), close.repeat(3_000));
        let _ = Expressions::read(Language::JavaScript, text.as_bytes());
    }
    let names = format!("x = {}1{};", "a[`${".repeat(3_000), "}`]".repeat(3_000));
    let _ = Expressions::read(Language::JavaScript, names.as_bytes());
    let chain = format!("a{};", ".b()".repeat(5_000));
    assert!(Expressions::read(Language::JavaScript, chain.as_bytes()).is_some());
    let broken = Expressions::read(Language::Python, b"def (((\xff").expect("in time");
    assert!(broken.has_errors);
}
