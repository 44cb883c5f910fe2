//! The launch checklist on what nobody writes: it says what it could not read, passes nothing for it, and ends.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Sandbox;

fn report(sandbox: &Sandbox) -> Value {
    let output = sandbox.run(["launch", "report", "--for", "json"]);
    assert_ne!(output.code, 2, "{}", output.err());
    serde_json::from_slice(&output.stdout).expect("a report is JSON")
}

fn verdicts(report: &Value) -> BTreeMap<String, String> {
    let rows = report["rows"].as_array().expect("a report has rows");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rows.iter().map(|row| (text(&row["id"]), text(&row["verdict"]))).collect()
}

/// Whether only what the scan, or the plan itself, proves is passed.
fn passes_nothing(report: &Value) {
    let passed: Vec<String> = verdicts(report).into_iter().filter(|(_, v)| v == "pass").map(|(id, _)| id).collect();
    assert!(passed.iter().all(|id| id.starts_with("SEC-") || id == "PLAN-01"), "{passed:?}");
}

#[test]
fn every_row_that_is_open_says_why_how_much_and_what_to_do() {
    for sandbox in [Sandbox::with("notes.txt", "x\n"), Sandbox::with("a.js", "const app = require('express')();\n")] {
        let json = report(&sandbox);
        let mut open = 0;
        for row in json["rows"].as_array().expect("rows").iter().filter(|row| row["verdict"] == "open") {
            let evidence = row["evidence"].as_array().expect("a list");
            let heard = evidence.iter().find(|one| one["verdict"] == "open").unwrap_or_else(|| panic!("{row}"));
            for key in ["reason", "looked_at", "would_change"] {
                assert!(heard[key].as_str().is_some_and(|text| text.len() > 5), "{key}: {row}");
            }
            assert!(heard["coverage"]["all"].is_u64(), "{row}");
            assert!(row["command"].as_str().is_some_and(|command| command.starts_with("cleansweep ")), "{row}");
            open += 1;
        }
        assert!(open > 60, "{open}");
        let text = sandbox.run(["launch", "check"]).assert_code(3).out();
        assert!(!text.contains("nobody has looked") && text.contains("$ cleansweep launch attest TLS-01 "), "{text}");
    }
}

#[test]
fn a_source_file_of_fifty_megabytes_is_told_and_leaves_rows_open() {
    let sandbox = Sandbox::new();
    let line = "app.get('/api/x', (req, res) => res.json(db.find(req.params.id)));\n";
    sandbox.file("src/app.js", format!("const app = require('express')();\n{}", line.repeat((50 << 20) / line.len())));
    let json = report(&sandbox);
    let gaps = json["coverage"]["gaps"].to_string();
    assert!(gaps.contains("src/app.js") && gaps.contains("was not read"), "{gaps}");
    passes_nothing(&json);
    assert_eq!(verdicts(&json)["CORS-01"], "open", "{gaps}");
}

#[test]
fn ten_frameworks_in_one_tree_are_all_told() {
    let sandbox = Sandbox::new();
    for (path, text) in [
        ("a/package.json", "{\"dependencies\": {\"express\": \"4.0.0\"}}"),
        ("b/package.json", "{\"dependencies\": {\"fastify\": \"4.0.0\"}}"),
        ("c/package.json", "{\"dependencies\": {\"next\": \"15.0.0\"}}"),
        ("d/requirements.txt", "django==4.2\n"),
        ("e/requirements.txt", "flask==2.0\n"),
        ("f/requirements.txt", "fastapi==0.110\n"),
        ("g/Gemfile", "gem 'rails', '7.1.2'\n"),
        ("h/composer.json", "{\"require\": {\"laravel/framework\": \"^11.0\"}}"),
        ("i/go.mod", "require github.com/gin-gonic/gin v1.9.1\n"),
        ("j/Cargo.toml", "[dependencies]\naxum = \"0.8\"\n"),
        ("a/app.js", "const app = require('express')();\napp.post('/login', f);\n"),
        (
            "e/app.py",
            "from flask import Flask\napp = Flask(__name__)\n@app.route('/login', methods=['POST'])\ndef login():\n    pass\n",
        ),
    ] {
        sandbox.file(path, text);
    }
    let json = report(&sandbox);
    assert_eq!(json["stack"].as_array().map(Vec::len), Some(10), "{}", json["stack"]);
    passes_nothing(&json);
    let rows = json["rows"].as_array().expect("rows");
    let login = rows.iter().find(|row| row["id"] == "RATE-01").expect("a row").to_string();
    assert!(login.contains("a/app.js") && login.contains("e/app.py"), "both applications: {login}");
}

#[test]
fn a_tree_without_a_framework_that_is_known_passes_nothing_and_says_so() {
    for (path, text) in [
        ("lib/shop_web/router.ex", "defmodule ShopWeb.Router do\n  get \"/orders/:id\", OrderController, :show\nend\n"),
        ("cgi-bin/order.pl", "#!/usr/bin/perl\nuse CGI;\nprint CGI->new->param('id');\n"),
        ("server.js", "require('http').createServer((req, res) => res.end(find(req.url))).listen(80);\n"),
        ("main.py", "from http.server import HTTPServer\nHTTPServer(('', 80), Handler).serve_forever()\n"),
    ] {
        let json = report(&Sandbox::with(path, text));
        assert_eq!(json["stack"], Value::Array(Vec::new()), "{path}");
        passes_nothing(&json);
        let found = verdicts(&json);
        for id in ["AUTHN-01", "AUTHZ-01", "CORS-01", "CORS-02", "COOK-01", "RATE-01", "VAL-01"] {
            assert_eq!(found[id], "open", "{path}: {id}");
        }
        let rows = json["rows"].as_array().expect("rows");
        let guards = rows.iter().find(|row| row["id"] == "AUTHN-01").expect("a row");
        assert_eq!(guards["evidence"][0]["reason"], "No routes of a framework that is known were found", "{path}");
    }
}

#[test]
fn five_thousand_generated_routes_are_all_counted_and_few_are_listed() {
    let sandbox = Sandbox::new();
    let mut text = String::from("// Code generated by a tool. DO NOT EDIT.\nconst app = require('express')();\n");
    for number in 0..5_000 {
        text += &format!("app.post('/api/r{number}', h{number});\n");
    }
    sandbox.file("src/routes.gen.js", text);
    let json = report(&sandbox);
    assert_eq!(json["coverage"]["routes"], 5_000);
    passes_nothing(&json);
    let rows = json["rows"].as_array().expect("rows");
    for (id, of) in [("AUTHN-01", "routes that are not public"), ("VAL-01", "routes that write")] {
        let evidence = &rows.iter().find(|row| row["id"] == id).expect("a row")["evidence"][0];
        assert_eq!(
            (evidence["coverage"]["seen"].as_u64(), evidence["coverage"]["all"].as_u64()),
            (Some(0), Some(5_000)),
            "{id}"
        );
        assert_eq!(evidence["coverage"]["of"], of, "{id}");
        assert!(evidence["reason"].as_str().is_some_and(|reason| reason.contains("and 4995 more")), "{evidence}");
        assert!(evidence["places"].as_array().is_some_and(|places| (1..=40).contains(&places.len())), "{evidence}");
    }
    let text = sandbox.run(["launch", "check"]).assert_code(3).out();
    assert!(text.len() < 60_000, "{}", text.len());
}

#[test]
fn generated_code_and_broken_files_are_told_and_nothing_passes() {
    let sandbox = Sandbox::new();
    sandbox
        .file(
            "src/gen.pb.go",
            format!("// Code generated by protoc. DO NOT EDIT.\npackage x\n{}", "var _ = 1\n".repeat(20_000)),
        )
        .file("src/deep.js", format!("const cors = {}1{};\n", "[".repeat(50_000), "]".repeat(50_000)))
        .file("src/open.py", format!("SESSION_COOKIE_SECURE = {}\n", "(".repeat(20_000)))
        .file("src/a.rb", "class A < ApplicationController\n  session[:x] = \n end end end")
        .file("src/nul.ts", "const session = 1;\u{0}\u{0}\u{0}")
        .file("src/latin.js", b"const cookie = '\xe9\xff';\n".as_slice())
        .file("src/one.js", format!("const cookie = '{}';", "x".repeat(900_000)))
        .file("package.json", "{ \"dependencies\": [[[[")
        .file("docker-compose.yml", "a: &a [*a, *a]\nb: \t- c\n")
        .file("fly.toml", "[http_service\npath = ");
    let json = report(&sandbox);
    passes_nothing(&json);
    let open =
        json["rows"].as_array().expect("rows").iter().find(|row| row["id"] == "COOK-01").expect("a row").to_string();
    assert!(open.contains("ot everything could be read"), "{open}");
}

#[test]
fn toml_with_lies_is_told_by_place_and_lifts_nothing() {
    let sandbox = Sandbox::with("a.py", "x = 1\n");
    std::fs::write(sandbox.home().join("x"), "x").expect("a file can be written");
    #[cfg(unix)]
    sandbox.link("away", sandbox.home());
    let entry = |id: &str, more: &str| {
        format!("[[attest]]\nid = \"{id}\"\nstatement = \"Seen.\"\nowner = \"Ada Lovelace\"\nrole = \"CTO\"\n{more}\n")
    };
    let url = "url = \"https://example.com/x\"";
    for (text, told) in [
        (entry("MFA-01", &format!("date = 2020-01-01\n{url}")), "lapsed on 2020-06-29; look again"),
        (entry("MFA-01", &format!("date = 2999-01-01\n{url}")), "2999-01-01 is in the future"),
        (entry("MFA-01", "date = 2020-01-01\npath = \"a.py\"\nsha256 = \"0\""), "a SHA-256 is 64 hexadecimal digits"),
        (
            entry("MFA-01", &format!("date = 2020-01-01\npath = \"a.py\"\nsha256 = \"{}\"", "0".repeat(64))),
            "the file has changed since",
        ),
        (entry("MFA-01", "date = 2020-01-01\nurl = \"https://evidence.invalid/\""), "no such host can be"),
        (entry("SEC-01", &format!("date = 2999-01-01\n{url}")), "is in the future"),
        (entry("TLS-01", &format!("date = 2020-01-01\n{url}")), "is seen only by asking the running product"),
        (entry("PLAN-01", &format!("date = 2020-01-01\n{url}")), "`PLAN-01` is not attestable"),
        (entry("NOPE-01", &format!("date = 2020-01-01\n{url}")), "the checklist has no such row"),
        (
            entry("MFA-01", &format!("date = 2020-01-01\n{url}")).replace("Ada Lovelace", " "),
            "it says the name of the person",
        ),
        (
            entry("MFA-01", &format!("date = 2020-01-01\npath = \"../a.py\"\nsha256 = \"{}\"", "0".repeat(64))),
            "leads from the project's folder to a file in it",
        ),
        (
            entry("MFA-01", &format!("date = 2020-01-01\npath = \"away/x\"\nsha256 = \"{}\"", "0".repeat(64))),
            "it leads out of the project",
        ),
        (entry("MFA-01", &format!("date = 2020-01-01\n{url}")).repeat(2), "an entry above is about the same row"),
    ] {
        sandbox.file("launch.attest.toml", &text);
        let json = report(&sandbox);
        let rejected = json["rejected"].to_string();
        assert!(rejected.contains(told), "{told}: {rejected}");
        assert_eq!(json["counts"]["attested"], 0, "{told}");
        let shown = sandbox.run(["launch", "check"]).assert_code(3).out();
        assert!(shown.contains("Counts for nothing: launch.attest.toml:"), "{shown}");
    }
}

#[test]
fn a_word_that_a_failing_row_is_met_changes_nothing() {
    let sandbox = Sandbox::with("a.py", format!("t = \"{}\"\n", crate::support::secrets::github(1)));
    let before = report(&sandbox);
    let today = before["date"].as_str().expect("a day");
    let words: String = ["SEC-01", "CORS-01", "HAND-04", "AUTHN-05"]
        .iter()
        .map(|id| {
            format!(
                "[[attest]]\nid = \"{id}\"\nstatement = \"It holds.\"\nowner = \"Ada Lovelace\"\nrole = \"CTO\"\ndate = {today}\n\
                 url = \"https://example.com/x\"\n"
            )
        })
        .collect();
    sandbox.file("launch.attest.toml", words);
    let after = report(&sandbox);
    assert_eq!(verdicts(&before), verdicts(&after));
    assert_eq!(
        (after["counts"]["attested"].as_u64(), after["readiness"].as_str()),
        (Some(0), Some("not ready for external users"))
    );
}

#[test]
fn an_entry_that_is_in_order_and_lifts_nothing_says_why() {
    let sandbox = Sandbox::with("a.py", "x = 1\n");
    let page =
        ["--owner", "Ada Lovelace", "--role", "CTO", "--statement", "Seen.", "--evidence", "https://example.com/x"];
    let _ = sandbox.run([&["launch", "attest", "AUTHN-02"], &page[..]].concat()).assert_code(0);
    let why =
        "its evidence is an address; while the row is open it takes the record of a test, as a file of the project";
    let json = report(&sandbox);
    let row = json["rows"].as_array().expect("rows").iter().find(|row| row["id"] == "AUTHN-02").expect("a row");
    assert_eq!((row["verdict"].as_str(), row["unheard"].as_str()), (Some("open"), Some(why)));
    for args in [
        &["launch", "check"][..],
        &["launch", "plan"],
        &["launch", "report", "--for", "auditor"],
        &["launch", "report", "--for", "auditor", "--format", "markdown"],
        &["launch", "report", "--for", "github", "--sarif-profile", "full"],
    ] {
        let shown = sandbox.run(args).assert_code(3).out();
        assert!(shown.contains(why), "{args:?}: {shown}");
    }
    sandbox.file("evidence.txt", "Tried with five tokens, each was refused.\n");
    let file = [&page[..7], &["evidence.txt"]].concat();
    let _ = sandbox.run([&["launch", "attest", "AUTHN-02"], &file[..]].concat()).assert_code(0);
    let json = report(&sandbox);
    let row = json["rows"].as_array().expect("rows").iter().find(|row| row["id"] == "AUTHN-02").expect("a row");
    assert_eq!((row["attested"].as_bool(), row["unheard"].is_null()), (Some(true), true));
}

#[test]
fn a_result_without_a_place_points_to_a_file_that_there_is() {
    let anchors = |sandbox: &Sandbox| -> Vec<String> {
        let output = sandbox.run(["launch", "report", "--for", "github", "--sarif-profile", "full"]);
        let sarif: Value = serde_json::from_slice(&output.stdout).expect("SARIF is JSON");
        let results = sarif["runs"][0]["results"].as_array().expect("results").iter();
        let results = results.filter(|result| ["TLS-01", "MFA-01"].iter().any(|id| result["ruleId"] == *id));
        let uri = |result: &Value| {
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().map(str::to_owned)
        };
        results.map(|result| uri(result).expect("each has a place")).collect()
    };
    let sandbox = Sandbox::with("src/a.py", "x = 1\n");
    assert_eq!(anchors(&sandbox), ["src/a.py", "src/a.py"]);
    sandbox.file("README.md", "# A\n");
    assert_eq!(anchors(&sandbox), ["README.md", "README.md"]);
    sandbox.file("api/package.json", "{\"dependencies\": {\"express\": \"4.0.0\"}}");
    assert_eq!(anchors(&sandbox), ["api/package.json", "api/package.json"]);
    sandbox.file("launch.toml", "");
    assert_eq!(anchors(&sandbox), ["launch.toml", "launch.toml"]);
    sandbox.file("launch.attest.toml", "");
    assert_eq!(anchors(&sandbox), ["launch.toml", "launch.attest.toml"]);
}

/// A password that is the name of the product, as of every second compose file.
#[test]
fn folders_of_the_product_keep_their_names() {
    let sandbox = Sandbox::new();
    let name = "billing";
    sandbox.file(
        "compose.yml",
        format!("services:\n  a:\n    environment:\n      DATABASE_URL: postgres://{name}:{name}@db/{name}\n"),
    );
    sandbox.file(format!("{name}/app.py"), "from fastapi import FastAPI\napp = FastAPI(debug=True)\n");
    let json = report(&sandbox);
    assert_eq!(verdicts(&json)["SEC-01"], "fail", "the control: the password is known");
    let rows = json["rows"].as_array().expect("rows");
    let debug = rows.iter().find(|row| row["id"] == "VAL-03").expect("a row");
    assert_eq!(debug["evidence"][0]["places"][0]["path"], format!("{name}/app.py"), "{debug}");
}
