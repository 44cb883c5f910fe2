//! What builds make for browsers: places in one long line, source maps, and what every visitor gets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::Sandbox;
use crate::support::secrets::{github, sample};

/// One number of a source map's mappings.
fn vlq(number: i64) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut rest, mut text) = (number.unsigned_abs() << 1 | u64::from(number < 0), String::new());
    loop {
        let more = if rest > 31 { 32 } else { 0 };
        text.push(char::from(DIGITS[(rest & 31 | more) as usize]));
        rest >>= 5;
        if more == 0 {
            return text;
        }
    }
}

/// A script of one line, the source it was made from, and its map. The token's string begins at column 9 of line 3 of the source.
struct Made {
    script: String,
    map: String,
    column: u64,
}

fn made(token: &str) -> Made {
    let source = format!("// the client\n\nconst t= \"{token}\";\nexport default t;\n");
    let lead = "!function(){var e=1;".repeat(3);
    let script = format!("{lead}const t=\"{token}\";export{{t as default}};");
    let string = lead.len() + "const t=".len();
    let mappings = [
        [0, 0, 0, 0].map(vlq).concat(),
        [string as i64, 0, 2, 9].map(vlq).concat(),
        [token.len() as i64 + 2, 0, 0, token.len() as i64 + 2].map(vlq).concat(),
    ];
    let map = json!({
        "version": 3, "file": "app.js", "names": [], "mappings": mappings.join(","),
        "sources": ["webpack:///./src/config.ts"], "sourcesContent": [source],
    });
    Made { script, map: map.to_string(), column: string as u64 + 2 }
}

/// Path, line and column of each finding, and the place it was built from.
fn places(report: &Value) -> Vec<(String, u64, u64, Option<String>)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let number = |value: &Value| value.as_u64().expect("a number");
    let from = |value: &Value| {
        value.is_object().then(|| format!("{}:{}:{}", text(&value["path"]), value["line"], value["column"]))
    };
    let findings = report["findings"].as_array().expect("findings").iter();
    findings.map(|f| (text(&f["path"]), number(&f["line"]), number(&f["column"]), from(&f["built_from"]))).collect()
}

#[test]
fn a_map_beside_a_script() {
    let token = github(1);
    let Made { script, map, column } = made(&token);
    let sandbox = Sandbox::with("web/app.js", format!("{script}\n//# sourceMappingURL=app.js.map\n"));
    sandbox.file("web/app.js.map", map);
    let report = sandbox.scan(&[]);
    assert_eq!(
        places(&report.json),
        [
            ("web/app.js".to_owned(), 1, column, Some("src/config.ts:3:11".to_owned())),
            ("web/app.js.map!/src/config.ts".to_owned(), 3, 11, None),
        ]
    );
    assert_eq!(report.summary()["credentials"], 1);
    let text = String::from_utf8(sandbox.run(["scan"]).assert_code(1).stdout).expect("it is text");
    assert!(text.contains("    from src/config.ts:3:11\n"), "{text}");
    // A credential that is in no source is told where it stands.
    let other =
        format!("{{\"version\":3,\"sources\":[\"a\"],\"sourcesContent\":[\"b\"],\"mappings\":\"\",\"x\":\"{token}\"}}");
    let report = Sandbox::with("a.map", other).scan(&[]);
    assert_eq!(report.one().path, "a.map");
}

#[test]
fn a_map_in_the_script_itself() {
    let token = github(1);
    let Made { script, map, column } = made(&token);
    let data = STANDARD.encode(map);
    let text = format!("{script}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{data}\n");
    let report = Sandbox::with("app.js", text).scan(&[]);
    assert_eq!(
        places(&report.json),
        [
            ("app.js".to_owned(), 1, column, Some("src/config.ts:3:11".to_owned())),
            ("app.js!/src/config.ts".to_owned(), 3, 11, None),
        ]
    );
}

/// What a map says is not believed where it leads out of the folder, nor is a broken one a reason not to look.
#[test]
fn maps_that_are_not_what_they_should_be() {
    let token = github(1);
    let Made { script, map, column } = made(&token);
    let sandbox = Sandbox::with("web/app.js", format!("{script}\n//# sourceMappingURL=../app.js.map\n"));
    sandbox.file("app.js.map", &map).file("web/broken.js.map", format!("{{\"version\":3,\"sources\":[{token}"));
    sandbox.file("web/deep.js.map", "[".repeat(100_000));
    let report = sandbox.scan(&[]);
    let found = places(&report.json);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.contains(&("web/app.js".into(), 1, column, None)));
    assert!(found.iter().any(|(path, ..)| path == "web/broken.js.map"));
}

/// A comment in a source silences there, as in any file.
#[test]
fn a_source_has_comments_of_its_own() {
    let source = format!("const t = '{}'; // cleansweep:allow a key of the demo\n", github(1));
    let map = json!({ "version": 3, "sources": ["a.ts"], "sourcesContent": [source], "mappings": "" });
    let report = Sandbox::with("a.js.map", map.to_string()).scan(&[]);
    assert_eq!(report.findings.len(), 0);
    assert_eq!(report.json["silenced"][0]["path"], "a.js.map!/a.ts");
}

#[test]
fn every_column_of_one_long_line() {
    let chunk = "function n(e,t){return e.exports=t(1234),\"some words\"+e}".repeat(20 << 20 >> 6);
    let (one, two, three) = (github(1), github(2), github(3));
    let text = format!("var a=\"{one}\";{chunk}var b=\"{two}\";{chunk}é=\"{three}\"");
    let column = |token: &str| text[..text.find(token).expect("it is there")].encode_utf16().count() as u64 + 1;
    let expected: Vec<(u64, u64)> = [&one, &two, &three].map(|token| (1, column(token))).to_vec();
    let report = Sandbox::with("app.min.js", &text).scan(&[]);
    assert_eq!(report.findings.iter().map(|found| found.start()).collect::<Vec<_>>(), expected);
    assert!(report.findings.iter().all(|found| found.snippet.len() < 200));
}

/// Severity and way of shipping of what is found in a file.
#[track_caller]
fn shipped(path: &str, text: &str) -> Vec<(String, String, String)> {
    let report = Sandbox::with(path, text).scan(&[]);
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let findings = report.json["findings"].as_array().expect("findings").iter();
    findings.map(|f| (text(&f["rule"]), text(&f["severity"]), text(&f["shipped"]))).collect()
}

#[test]
fn what_every_visitor_gets() {
    let webhook = sample("stripe-webhook-secret", 1);
    let stripe = sample("stripe-publishable-key", 1);
    let google = sample("gcp-api-key", 1);
    let chosen = ["Tr0ub4", "dor-9xQ"].concat();
    let push = "(self.webpackChunk_N_E=self.webpackChunk_N_E||[]).push([[1],{";
    let firebase = format!("const firebaseConfig = {{ apiKey: '{google}', authDomain: 'acme.firebaseapp.com' }};\n");
    let hook = |severity, way| ("stripe-webhook-secret", severity, way);
    let key = |severity, way| ("gcp-api-key", severity, way);
    for (path, text, expected) in [
        ("src/pay.js", format!("const s = '{webhook}'\n"), hook("high", "-")),
        (".next/static/chunks/a.js", format!("let s='{webhook}'"), hook("critical", "client-bundle")),
        ("dist/assets/index-4f3a.js", format!("let s='{webhook}'"), hook("critical", "client-bundle")),
        ("build/static/js/main.4f3a.js", format!("let s='{webhook}'"), hook("critical", "client-bundle")),
        ("public/build/app.js", format!("let s='{webhook}'"), hook("critical", "client-bundle")),
        ("web/_nuxt/entry.mjs", format!("let s='{webhook}'"), hook("critical", "client-bundle")),
        (".output/public/x/a.js", format!("let s='{webhook}'"), hook("critical", "client-bundle")),
        ("static/sw.js", format!("let s='{webhook}'"), hook("critical", "client-bundle")),
        ("www/1.js", format!("{push}1:()=>{{let s='{webhook}'}}}}])"), hook("critical", "client-bundle")),
        (".next/server/a.js", format!("let s='{webhook}'"), hook("high", "-")),
        (".env", format!("NEXT_PUBLIC_HOOK={webhook}\n"), hook("critical", "public-variable")),
        (".env", format!("HOOK={webhook}\n"), hook("high", "-")),
        ("ci.yml", format!("env:\n  - name: VITE_HOOK\n    value: {webhook}\n"), hook("critical", "public-variable")),
        ("a.ts", format!("process.env.REACT_APP_X || '{webhook}'\n"), hook("critical", "public-variable")),
        (".env", format!("NEXT_PUBLIC_ADMIN_PASSWORD={chosen}\n"), ("generic-password", "critical", "public-variable")),
        (".env", format!("VITE_PK={stripe}\n"), ("stripe-publishable-key", "info", "public-variable")),
        ("src/maps.py", format!("KEY = '{google}'\n"), key("medium", "-")),
        ("dist/assets/a.js", format!("let k='{google}'"), key("info", "client-bundle")),
        ("src/firebase.ts", firebase, key("info", "web-page")),
        (
            "a.html",
            format!("<script src=\"https://maps.googleapis.com/maps/api/js?key={google}\">"),
            key("info", "web-page"),
        ),
    ] {
        let (rule, severity, way) = expected;
        let found = shipped(path, &text);
        assert_eq!(found, [(rule.to_owned(), severity.to_owned(), way.to_owned())], "{path}");
    }
}

#[test]
fn reports_say_that_it_is_shipped() {
    let (webhook, google) = (sample("stripe-webhook-secret", 1), sample("gcp-api-key", 1));
    let sandbox = Sandbox::with("dist/assets/a.js", format!("let s='{webhook}';let k='{google}'"));
    let report = |format: &str| {
        String::from_utf8(sandbox.run(["scan", "--format", format]).assert_code(1).stdout).expect("it is text")
    };
    let text = report("text");
    assert!(text.contains("    client bundle: shipped to every visitor\n"), "{text}");
    assert!(text.contains("restrict it to your sites by referrer"), "{text}");
    assert!(text.contains("2 secrets in 2 places: 1 critical, 1 info."), "{text}");
    for format in ["sarif", "github", "junit", "csv", "markdown"] {
        assert!(report(format).contains("client bundle: shipped to every visitor"), "{format}");
    }
    let sarif: Value = serde_json::from_str(&report("sarif")).expect("SARIF is JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["properties"]["severity"], "critical");
}
