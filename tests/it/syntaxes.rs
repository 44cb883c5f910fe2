//! What must be shown: a credential in each syntax that people write one in.

use crate::support::{Sandbox, sample, secrets};

/// The file, what is in it, and which rule must report it. `{…}` is the credential.
type Case = (&'static str, &'static str, &'static str);

/// Credentials that are known by the name they are given to.
const NAMED: &[Case] = &[
    ("a.rs", "const DB_PASSWORD: &str = \"{…}\";\n", "generic-password"),
    ("b.rs", "let password: Option<String> = Some(\"{…}\".to_owned());\n", "generic-password"),
    ("a.py", "password = '{…}'\n", "generic-password"),
    ("b.py", "conn = connect(host='db', user='app', password='{…}')\n", "generic-password"),
    ("c.py", "password = os.environ.get('DB_PASSWORD', '{…}')\n", "generic-password"),
    ("d.py", "config['password'] = b'{…}'\n", "generic-password"),
    ("a.js", "const password = \"{…}\";\n", "generic-password"),
    ("b.ts", "private readonly password: string = '{…}';\n", "generic-password"),
    ("c.tsx", "const config = { password: `{…}` };\n", "generic-password"),
    ("a.go", "password := \"{…}\"\n", "generic-password"),
    ("b.go", "cfg := Config{Password: \"{…}\"}\n", "generic-password"),
    ("A.java", "private static final String PASSWORD = \"{…}\";\n", "generic-password"),
    ("B.java", "dataSource.setPassword(\"{…}\");\n", "generic-password"),
    ("A.cs", "var password = @\"{…}\";\n", "generic-password"),
    ("A.kt", "val password: String = \"{…}\"\n", "generic-password"),
    ("A.swift", "let password = \"{…}\"\n", "generic-password"),
    ("a.rb", "config.password = '{…}'\n", "generic-password"),
    ("b.rb", "{ :password => '{…}' }\n", "generic-password"),
    ("a.php", "define('DB_PASSWORD', '{…}');\n", "generic-password"),
    ("b.php", "$config['password'] = '{…}';\n", "generic-password"),
    ("c.php", "'password' => env('DB_PASSWORD', '{…}'),\n", "generic-password"),
    ("a.c", "#define DB_PASSWORD \"{…}\"\n", "generic-password"),
    ("a.scala", "val password = \"\"\"{…}\"\"\"\n", "generic-password"),
    ("a.ex", "config :app, password: \"{…}\"\n", "generic-password"),
    ("a.pl", "my $password = '{…}';\n", "generic-password"),
    ("a.lua", "local password = '{…}'\n", "generic-password"),
    ("main.tf", "resource \"db\" \"x\" {\n  password = \"{…}\"\n}\n", "generic-password"),
    ("terraform.tfvars", "db_password = \"{…}\"\n", "generic-password"),
    ("a.yaml", "db:\n  password: {…}\n", "generic-password"),
    ("b.yml", "db:\n  password: \"{…}\"  # old\n", "generic-password"),
    ("c.yaml", "env:\n- name: DB_PASSWORD\n  value: {…}\n", "generic-password"),
    ("d.yaml", "env:\n  - name: DB_PASSWORD\n    value: \"{…}\"\n", "generic-password"),
    ("a.toml", "[db]\npassword = \"{…}\"\n", "generic-password"),
    ("a.json", "{\"db\": {\"password\": \"{…}\"}}\n", "generic-password"),
    ("b.json", "{\"db\":{\"user\":\"app\",\"password\":\"{…}\",\"port\":5432}}\n", "generic-password"),
    ("c.json", "{\"body\": \"{\\\"password\\\":\\\"{…}\\\"}\"}\n", "generic-password"),
    (".env", "DB_PASSWORD={…}\n", "generic-password"),
    (".env.production", "export DB_PASSWORD=\"{…}\"\n", "generic-password"),
    ("a.sh", "export PGPASSWORD='{…}'\n", "generic-password"),
    ("b.sh", "mysql --user=app --password={…} app\n", "generic-password"),
    ("c.sh", "docker login --username app --password {…} registry.acme.test\n", "generic-command-password"),
    ("Dockerfile", "FROM alpine\nENV DB_PASSWORD={…}\nARG NPM_REGISTRY\n", "generic-password"),
    ("b.dockerfile", "ENV DB_PASSWORD {…}\n", "generic-password"),
    ("compose.yaml", "services:\n  db:\n    environment:\n      - POSTGRES_PASSWORD={…}\n", "generic-password"),
    ("app.properties", "spring.datasource.password={…}\n", "generic-password"),
    ("b.properties", "spring.datasource.password = {…}\r\nspring.x=y\r\n", "generic-password"),
    ("a.ini", "[client]\npassword = {…}\n", "generic-password"),
    ("my.cnf", "[client]\nuser=app\npassword={…}\n", "generic-password"),
    ("a.xml", "<server><username>app</username><password>{…}</password></server>\n", "generic-password"),
    ("web.config", "<add key=\"DbPassword\" value=\"{…}\" />\n", "generic-password"),
    ("a.plist", "<key>password</key>\n<string>{…}</string>\n", "generic-password"),
    ("b.config", "<add connectionString=\"Server=db;Database=app;User Id=app;Password={…};\" />\n", "generic-password"),
    ("c.ini", "dsn = host=db user=app password={…} dbname=app\n", "generic-password"),
    (".netrc", "machine git.acme.io login app password {…}\n", "generic-password"),
    ("a.sql", "CREATE USER app WITH PASSWORD '{…}';\n", "generic-sql-password"),
    ("b.sql", "CREATE USER 'app'@'%' IDENTIFIED BY '{…}';\n", "generic-sql-password"),
    ("c.sql", "ALTER USER app PASSWORD '{…}';\n", "generic-sql-password"),
    ("a.ps1", "$Password = \"{…}\"\n", "generic-password"),
    ("a.bat", "set DB_PASSWORD={…}\r\n", "generic-password"),
    ("Makefile", "DB_PASSWORD := {…}\n", "generic-password"),
    ("Jenkinsfile", "environment { DB_PASSWORD = '{…}' }\n", "generic-password"),
    ("a.http", "POST /login\n\n{\"user\": \"app\", \"password\": \"{…}\"}\n", "generic-password"),
    ("b.env", "CLIENT_SECRET={…}\n", "generic-secret"),
    ("secret.yaml", "oauth:\n  clientSecret: {…}\n", "generic-secret"),
    ("c.env", "API_KEY={…}\n", "generic-api-key"),
    ("d.json", "{\"apiKey\": \"{…}\"}\n", "generic-api-key"),
    ("e.py", "headers = {'X-Api-Key': '{…}'}\n", "generic-api-key"),
    ("f.env", "AUTH_TOKEN={…}\n", "generic-token"),
    ("g.js", "axios.get(url, { headers: { 'X-Auth-Token': '{…}' } });\n", "generic-token"),
];

/// Credentials that are known by themselves or by the address they are in.
const ANYWHERE: &[Case] = &[
    ("a.md", "Clone with `git clone https://{…}@github.com/acme/site.git`.\n", "github-pat-classic"),
    ("b.md", "    curl -H 'Authorization: token {…}' https://api.github.com\n", "github-pat-classic"),
    ("a.log", "2026-11-22 ERROR 401 for {…} (retrying)\n", "github-pat-classic"),
    ("a.csv", "ada,{…},active\n", "github-pat-classic"),
    ("a.html", "<!-- {…} -->\n", "github-pat-classic"),
    ("a.ipynb", "{\"source\": [\"os.environ['GH'] = '{…}'\\n\"]}\n", "github-pat-classic"),
    ("noext", "{…}", "github-pat-classic"),
    (".git-credentials", "https://ada:{…}@github.com\n", "github-pat-classic"),
    ("d.sh", "psql postgres://app:{…}@db.acme.io:5432/app\n", "url-postgres-password"),
    (
        "e.py",
        "DATABASES = {'default': dj_database_url.parse('postgresql://app:{…}@db.acme.io/app')}\n",
        "url-postgres-password",
    ),
];

/// What is known not to be found. A case that is found one day belongs into the table above.
const GAPS: &[Case] = &[("b.cpp", "std::string password{\"{…}\"};\n", "generic-password")];

#[test]
fn the_known_gaps_are_still_gaps() {
    let sandbox = Sandbox::new();
    for (path, text, rule) in GAPS {
        sandbox.file(path, text.replace("{…}", &sample(rule, 7)));
    }
    let report = sandbox.scan(&[]);
    assert!(report.findings.is_empty(), "closed: {:#?}", report.places());
}

fn check(cases: &[Case], secret: impl Fn(&str) -> String) {
    let sandbox = Sandbox::new();
    for (n, (path, text, rule)) in cases.iter().enumerate() {
        sandbox.file(format!("{n:03}/{path}"), text.replace("{…}", &secret(rule)));
    }
    let report = sandbox.reveal(&[]);
    let mut failures = Vec::new();
    for (n, (path, text, rule)) in cases.iter().enumerate() {
        let found = report.of(&format!("{n:03}/{path}"));
        let shown: Vec<String> = found.iter().map(|f| format!("{} {:?}", f.rule, f.secret)).collect();
        let wanted = secret(rule);
        let at = text.find("{…}").expect("a case has a credential") as u64;
        if shown != [format!("{rule} {wanted:?}")] || found[0].offset != at {
            failures.push(format!("{path}: {text:?}\n   wanted {rule} {wanted:?} at {at}, found {shown:?}"));
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn a_named_credential_is_found_in_every_syntax() {
    check(NAMED, |rule| sample(rule, 7));
}

/// What people choose themselves has little entropy; the name is what tells.
#[test]
fn a_chosen_password_is_found_in_every_syntax() {
    let passwords: Vec<Case> = NAMED.iter().copied().filter(|(_, _, rule)| *rule == "generic-password").collect();
    let chosen = ["Winter", "2031", "-", "Otter", "!"].concat();
    check(&passwords, |_| chosen.clone());
}

#[test]
fn a_telling_credential_is_found_anywhere() {
    check(ANYWHERE, |rule| sample(rule, 7));
}

/// The name is far away or means nothing; the shape is enough.
#[test]
fn a_key_block_is_found_as_it_is_pasted_anywhere() {
    let key = sample("private-key-pem", 7);
    let escaped = key.replace('\n', "\\n");
    let indented: String = key.lines().map(|line| format!("    {line}\n")).collect();
    let cases: &[(&str, String)] = &[
        ("server.key", key.clone()),
        ("crlf.pem", key.replace('\n', "\r\n")),
        ("values.yaml", format!("tls:\n  key: |\n{indented}")),
        ("account.json", format!("{{\"type\": \"x\", \"private_key\": \"{escaped}\\n\"}}\n")),
        ("code.py", format!("KEY = \"\"\"{key}\"\"\"\n")),
        (".env", format!("TLS_KEY=\"{escaped}\"\n")),
    ];
    let sandbox = Sandbox::new();
    for (path, text) in cases {
        sandbox.file(path, text);
    }
    let report = sandbox.scan(&[]);
    let rules = |path: &str| -> Vec<String> { report.of(path).iter().map(|f| f.rule.clone()).collect() };
    for (path, _) in cases {
        assert_eq!(rules(path), ["private-key-pem"], "{path}: {:#?}", report.places());
    }
    assert_eq!(secrets::rule("private-key-pem").severity, cleansweep::rule::Severity::Critical);
}
