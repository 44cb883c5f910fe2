//! What builds make for browsers: places in one long line, and what every visitor gets.

use serde_json::Value;

use crate::support::Sandbox;
use crate::support::secrets::{github, sample};

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
