//! Logs of many makes: a secret is found in each, on its line, with the time that the line has; and standard input is looked at
//! while it comes.

use std::io::{BufRead, BufReader, Read, Write};

use serde_json::Value;

use crate::support::report::Report;
use crate::support::sandbox::wait;
use crate::support::secrets::github;
use crate::support::{Finding, Sandbox, sample};

const ARGS: [&str; 5] = ["scan", "--logs", "--format", "json", "--reveal"];

fn scan(name: &str, text: impl AsRef<[u8]>) -> Report {
    Sandbox::with(name, text).run(ARGS.iter().chain(&[name])).json()
}

/// How often a finding was met, first and last, and the last line.
fn seen(report: &Report, index: usize) -> (u64, Option<String>, Option<String>, u64) {
    let seen = &report.json["findings"][index]["seen"];
    let time = |name: &str| seen[name].as_str().map(str::to_owned);
    let number = |name: &str| seen[name].as_u64().unwrap_or_else(|| panic!("`{name}` is a number in {seen}"));
    (number("times"), time("first"), time("last"), number("last_line"))
}

/// Line and column of what stands in `text`, counted the slow way.
fn place(text: &str, what: &str) -> (u64, u64) {
    let at = text.find(what).unwrap_or_else(|| panic!("{what} is in {text}"));
    let before = &text[..at];
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() as u64 + 1, before[line..].encode_utf16().count() as u64 + 1)
}

/// Name of the file, text with `{}` for a token, time of its line.
const MAKES: &[(&str, &str, Option<&str>)] = &[
    (
        "json-lines.log",
        "{\"time\":\"2024-05-01T12:00:00Z\",\"msg\":\"up\"}\n{\"level\":\"info\",\"time\":\"2024-05-01T12:00:01.5Z\",\"msg\":\"use \\\"{}\\\" now\"}\n",
        Some("2024-05-01T12:00:01.5Z"),
    ),
    ("pino.log", "{\"level\":30,\"time\":1714566896789,\"pid\":1,\"auth\":\"{}\"}\n", Some("2024-05-01T12:34:56.789Z")),
    (
        "logfmt.log",
        "ts=2024-05-01T12:00:00Z level=info msg=up\nts=2024-05-01T12:00:01Z level=debug token={} n=1\n",
        Some("2024-05-01T12:00:01Z"),
    ),
    (
        "syslog",
        "<34>Oct 11 22:14:15 host su: up\n<34>Oct 11 22:14:16 host app[7]: login with {}\n",
        Some("Oct 11 22:14:16"),
    ),
    (
        "syslog5424.log",
        "<165>1 2003-10-11T22:14:15.003Z host app - ID47 [x@1 k=\"{}\"] m\n",
        Some("2003-10-11T22:14:15.003Z"),
    ),
    (
        "docker-json.log",
        "{\"log\":\"export T={}\\n\",\"stream\":\"stdout\",\"time\":\"2024-05-01T12:00:00.123456789Z\"}\n",
        Some("2024-05-01T12:00:00.123456789Z"),
    ),
    (
        "cri.log",
        "2024-05-01T12:00:00.000000001Z stdout F up\n2024-05-01T12:00:00.000000002Z stderr F T={}\n",
        Some("2024-05-01T12:00:00.000000002Z"),
    ),
    (
        "actions.log",
        "\u{feff}2024-05-01T12:00:00.1234567Z ##[group]Run make\n2024-05-01T12:00:01.1234567Z \u{1b}[36;1mcurl -H \"X: {}\"\u{1b}[0m\n",
        Some("2024-05-01T12:00:01.1234567Z"),
    ),
    (
        "gitlab.log",
        "section_start:1714566896:script\r\u{1b}[0K\u{1b}[32;1m$ deploy {}\u{1b}[0;m\n",
        Some("2024-05-01T12:34:56Z"),
    ),
    (
        "gitlab17.log",
        "2024-05-01T12:00:00.123456Z 01O \u{1b}[32;1m$ deploy {}\u{1b}[0;m\n",
        Some("2024-05-01T12:00:00.123456Z"),
    ),
    (
        "access.log",
        "203.0.113.9 - - [10/Oct/2000:13:55:36 -0700] \"GET /x?a=1&access_token={}&b=2 HTTP/1.1\" 200 5 \"-\" \"curl\"\n",
        Some("2000-10-10T13:55:36-07:00"),
    ),
    (
        "referrer.log",
        "203.0.113.9 - - [10/Oct/2000:13:55:37 +0000] \"GET /y HTTP/1.1\" 200 5 \"https://acme.io/x?api_key={}\" \"curl\"\n",
        Some("2000-10-10T13:55:37+00:00"),
    ),
    (
        "error.log",
        "2024/05/01 12:00:00 [error] 7#7: *1 request: \"GET /?t={} HTTP/1.1\"\n",
        Some("2024-05-01T12:00:00"),
    ),
    (
        "trace.log",
        "2024-05-01 12:00:00,123 ERROR failed\nTraceback (most recent call last):\n  File \"a.py\", line 3, in b\n    call(\"{}\")\nValueError\n",
        Some("2024-05-01T12:00:00.123"),
    ),
    ("env.log", "2024-05-01T12:00:00Z env\nPATH=/bin\nGH={}\nHOME=/root\n", Some("2024-05-01T12:00:00Z")),
    (
        "page.har",
        "{\"log\":{\"entries\":[{\n  \"startedDateTime\": \"2024-05-01T12:00:00.000Z\",\n  \"request\": {\"headers\": [\n    {\n      \"name\": \"Authorization\",\n      \"value\": \"Bearer {}\"\n    }]}}]}}\n",
        Some("2024-05-01T12:00:00.000Z"),
    ),
    (
        "small.har",
        "{\"log\":{\"entries\":[{\"startedDateTime\":\"2024-05-01T12:00:00.000Z\",\"request\":{}},{\"startedDateTime\":\"2024-05-01T12:00:05.000Z\",\"request\":{\"cookies\":[{\"name\":\"t\",\"value\":\"@\"}]}}]}}\n",
        None,
    ),
    (
        "export",
        "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1714566896789012\nPRIORITY=6\nMESSAGE=use {}\n\n",
        Some("2024-05-01T12:34:56.789012Z"),
    ),
    ("none.log", "started\nuse {}\n", None),
];

#[test]
fn a_secret_in_a_log_of_every_make_has_its_line_and_time() {
    for (n, (name, text, time)) in (1..).zip(MAKES) {
        let token = github(n);
        // In a HAR empty braces are something else.
        let (text, time) = match *name {
            "small.har" => (text.replace('@', &token), Some("2024-05-01T12:00:05.000Z")),
            _ => (text.replace("{}", &token), *time),
        };
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let report = scan(name, &text);
        let found: Vec<(&str, (u64, u64))> = report.findings.iter().map(|f| (f.secret.as_str(), f.start())).collect();
        assert_eq!(found, [(token.as_str(), place(&text, &token))], "{name}");
        let time = time.map(str::to_owned);
        assert_eq!(seen(&report, 0), (1, time.clone(), time, report.findings[0].line), "{name}");
        assert!(report.skipped().is_empty(), "{name}: {:?}", report.skipped());
    }
}

#[test]
fn opaque_values_in_addresses_are_found() {
    let (token, key) = (github(3)[4..].to_owned(), github(4)[4..].to_owned());
    let line = |url: &str| {
        format!("203.0.113.9 - - [10/Oct/2000:13:55:36 -0700] \"GET {url} HTTP/1.1\" 200 5 \"-\" \"curl\"\n")
    };
    let text = line(&format!("/x?access_token={token}&b=2")) + &line(&format!("/x?b=2&api_key={key}"));
    let report = scan("access.log", &text);
    let found: Vec<(&str, (u64, u64))> = report.findings.iter().map(|f| (f.secret.as_str(), f.start())).collect();
    assert_eq!(found, [(&*token, place(&text, &token)), (&*key, place(&text, &key))]);
}

const T: &str = "2024-05-01T12:00:0";

#[test]
fn a_secret_that_a_runtime_has_cut_is_put_together() {
    let token = github(7);
    let (one, two) = token.split_at(17);
    let docker = |log: &str, n: u32| format!("{{\"log\":\"{log}\",\"stream\":\"stdout\",\"time\":\"{T}{n}Z\"}}\n");
    for (name, text) in [
        (
            "cri",
            format!("{T}0Z stdout F up\n{T}1Z stdout P use {one}\n{T}2Z stderr F other\n{T}2Z stdout F {two} now\n"),
        ),
        ("docker", docker("up\\n", 0) + &docker(&format!("use {one}"), 1) + &docker(&format!("{two} now\\n"), 2)),
        ("gitlab", format!("{T}0.000000Z 01O up\n{T}1Z 01O use {one}\n{T}2Z 01O+{two} now\n")),
    ] {
        let report = scan("app.log", &text);
        let found: Vec<(&str, u64, u64)> =
            report.findings.iter().map(|f| (f.secret.as_str(), f.line, f.end_line)).collect();
        let (line, end_line) = (place(&text, one).0, place(&text, two).0);
        assert_eq!(found, [(&*token, line, end_line)], "{name}");
        assert_eq!(report.findings[0].start(), place(&text, one), "{name}");
        assert_eq!(seen(&report, 0).1, Some(format!("{T}1Z")), "{name}");
        // Neither half is shown: whoever has both has it all.
        let sandbox = Sandbox::with("app.log", &text);
        for format in ["text", "json", "sarif", "csv", "markdown"] {
            let shown = sandbox.run(["scan", "--no-history", "--format", format, "app.log"]).assert_code(1).out();
            assert!(!shown.contains(one) && !shown.contains(two), "{name} as {format}: {shown}");
        }
    }
}

#[test]
fn a_key_with_a_prefix_before_each_line_is_found_whole() {
    let key = sample("private-key-pem", 1);
    let key = key.trim_end();
    for prefix in [format!("{T}0.0000000Z "), format!("{T}0Z stdout F "), "Oct 11 22:14:15 host app[7]: ".to_owned()] {
        let lines: String = key.lines().map(|line| format!("{prefix}{line}\n")).collect();
        let text = format!("{prefix}up\n{lines}{prefix}done\n");
        let report = scan("app.log", &text);
        let found: Vec<(&str, u64, u64)> =
            report.findings.iter().map(|f| (f.secret.trim_end(), f.line, f.end_line)).collect();
        assert_eq!(found, [(key, 2, 1 + key.lines().count() as u64)], "{prefix}");
    }
}

/// A file of the journal with one entry.
fn journal(message: &str) -> Vec<u8> {
    let object = |kind: u8, body: &[u8]| {
        let mut bytes = vec![kind, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend((16 + body.len() as u64).to_le_bytes());
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    };
    let mut bytes = b"LPKSHHRH\0\0\0\0\0\0\0\0".to_vec();
    bytes.resize(88, 0);
    bytes.extend(272u64.to_le_bytes());
    bytes.resize(272, 0);
    bytes.extend(object(1, &[&[0; 48], message.as_bytes()].concat()));
    bytes.extend(object(3, &[&[0; 8][..], &1_714_566_896_789_012u64.to_le_bytes(), &[0; 32]].concat()));
    bytes
}

#[test]
fn a_binary_journal_is_read() {
    let token = github(3);
    let report = scan("system.journal", journal(&format!("MESSAGE=use {token}")));
    assert_eq!(report.findings.iter().map(|f| (&*f.secret, f.line)).collect::<Vec<_>>(), [(&*token, 2)]);
    assert_eq!(seen(&report, 0).1.as_deref(), Some("2024-05-01T12:34:56.789012Z"));
    let bytes = journal(&format!("MESSAGE=use {token}"));
    let cut = scan("system.journal", &bytes[..bytes.len() - 40]);
    assert_eq!(cut.findings.len(), 1, "what is there is looked at");
    assert_eq!(cut.skipped().len(), 1, "and what is not is said");
}

#[test]
fn a_folder_of_logs_is_a_set_and_its_history_is_none() {
    let token = github(1);
    let sandbox = Sandbox::new();
    for (name, hour) in [("app.log", 14), ("app.log.1", 13), ("app.log-20240501", 12)] {
        let lines: String = (0..50).map(|n| format!("2024-05-01T{hour}:00:{n:02}Z use {token}\n")).collect();
        sandbox.file(format!("logs/{name}"), lines);
    }
    let report = sandbox.run(ARGS.iter().chain(&["logs"])).assert_code(1).json();
    let paths: Vec<&str> = report.findings.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["app.log", "app.log-20240501", "app.log.1"]);
    for (index, hour) in [14, 12, 13].into_iter().enumerate() {
        let time = |second: u32| Some(format!("2024-05-01T{hour}:00:{second:02}Z"));
        assert_eq!(seen(&report, index), (50, time(0), time(49), 50));
        assert_eq!(report.findings[index].more, 49);
    }
    let text = sandbox.run(["scan", "--logs", "logs/app.log"]).assert_code(1).out();
    assert!(text.contains("50 times, first 2024-05-01T14:00:00Z, last 2024-05-01T14:00:49Z (line 50)"), "{text}");
    let _ = sandbox.run(["scan", "--logs", "--history-only", "logs"]).assert_code(2);
}

#[test]
fn a_secret_again_and_again_is_one_finding() {
    const TIMES: u64 = 100_000;
    let token = github(1);
    let mut text = String::new();
    for n in 0..TIMES {
        text += &format!("{} token={token}\n", 1_700_000_000 + n);
    }
    let sandbox = Sandbox::new();
    for format in ["json", "jsonl"] {
        let output = sandbox.run_with(&["scan", "--format", format, "-"], &*text).assert_code(1).out();
        let lines: Vec<Value> = match format {
            "json" => {
                serde_json::from_str::<Value>(&output).expect("JSON")["findings"].as_array().expect("a list").clone()
            }
            _ => output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(),
        };
        let findings = lines.iter().filter(|line| line["rule"].is_string()).count();
        assert_eq!(findings, 1, "{format}");
        // Of lines that were written before the end the count comes last.
        let last = lines.iter().rev().find(|line| line["seen"].is_object()).expect("it says so");
        assert_eq!(last["seen"]["times"], TIMES, "{format}");
        assert_eq!(last["seen"]["first"], "2023-11-14T22:13:20Z");
        assert_eq!(last["seen"]["last"], "2023-11-16T01:59:59Z");
        assert_eq!(last["seen"]["last_line"], TIMES);
    }
}

/// What another rule would find too where the first one wins is not listed for the places after the first.
#[test]
fn one_secret_under_several_names_is_told_once_for_each_rule_that_wins() {
    let token = github(1);
    let text = format!("use {token}\nuse token={token}\nAuthorization: Bearer {token}\n");
    let report = scan("app.log", &text);
    let found: Vec<&str> = report.findings.iter().map(|f| f.rule.as_str()).collect();
    assert_eq!(found, ["github-pat-classic"]);
    assert_eq!(seen(&report, 0).0, 3);
}

/// Starts a scan of standard input, writes `first` and reads what comes of it before anything else is written.
fn first_line(format: &str, first: &str, rest: &str) -> (String, String, i32) {
    let sandbox = Sandbox::new();
    let mut child = sandbox.command(["scan", "--format", format, "-"]).start();
    let mut input = child.stdin.take().expect("standard input is a pipe");
    let mut output = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
    input.write_all(first.as_bytes()).expect("it reads");
    input.flush().expect("it reads");
    let mut line = String::new();
    // Nothing more is written until this has come.
    output.read_line(&mut line).expect("it writes");
    input.write_all(rest.as_bytes()).expect("it reads on");
    drop(input);
    let mut after = String::new();
    output.read_to_string(&mut after).expect("it writes");
    let code = wait(&mut child, "scan -");
    (line, after, code)
}

#[test]
fn what_is_found_is_told_while_the_writer_is_at_work() {
    let (one, two) = (github(1), github(2));
    let first = format!("{T}0Z up\n{T}1Z use {one}\n{T}2Z half a line with {}", &two[..20]);
    let rest = format!("{}\n{T}3Z use {one}\n{T}4Z end\n", &two[20..]);
    let (line, after, code) = first_line("jsonl", &first, &rest);
    let finding: Value = serde_json::from_str(&line).expect("a line of JSON");
    assert_eq!((finding["line"].as_u64(), finding["rule"].as_str()), (Some(2), Some("github-pat-classic")));
    assert_eq!(finding["seen"]["first"], format!("{T}1Z"));
    let after: Vec<Value> = after.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let kinds: Vec<&str> = after.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(kinds, ["finding", "again", "summary"]);
    let second = Finding::of(&after[0]);
    assert_eq!((second.line, second.end_column - second.column), (3, 40), "half of it was not taken for it");
    assert_eq!(after[1]["fingerprint"], finding["fingerprint"]);
    assert_eq!(after[1]["seen"]["times"], 2);
    assert_eq!(after[1]["seen"]["last"], format!("{T}3Z"));
    assert_eq!(after[2]["findings"], 2);
    assert_eq!(code, 1);

    let (line, after, _) = first_line("text", &first, &rest);
    assert!(line.starts_with("critical GitHub personal access token"), "{line}");
    assert!(after.contains("<stdin>:2:") && after.contains("<stdin>:3:"), "{after}");
    assert!(after.contains(&format!("2 times, first {T}1Z, last {T}3Z (line 4)")), "{after}");
    assert!(after.contains("\n2 secrets in 2 places: 2 critical."), "{after}");
    for text in [&line, &after] {
        assert!(!text.contains(&one[10..]) && !text.contains(&two[10..]), "{text}");
    }
}

/// A line is told before a later one shows that it has a password: nothing of it is shown that could turn out to be one.
#[test]
fn what_is_told_early_shows_nothing_that_is_known_later() {
    let (token, password) = (github(1), github(9)[4..24].to_owned());
    let first = format!("login {password} then use {token}\n");
    let rest = format!("password = '{password}'\n");
    for format in ["jsonl", "text"] {
        let (line, after, _) = first_line(format, &first, &rest);
        assert!(!line.contains(&password) && !after.contains(&password), "{format}: {line}{after}");
    }
}

#[test]
fn a_key_that_comes_line_by_line_is_told_once() {
    let key = sample("private-key-pem", 2);
    let token = github(5);
    let (half, rest) = key.split_at(key.len() / 2);
    let half_line = half.rfind('\n').expect("it has lines") + 1;
    let first = format!("use {token}\n{}", &half[..half_line]);
    let (line, after, code) = first_line("jsonl", &first, &format!("{}{rest}\nend\n", &half[half_line..]));
    assert!(line.contains("github-pat-classic"), "{line}");
    let found: Vec<Value> = after.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let keys: Vec<&Value> = found.iter().filter(|line| line["rule"] == "private-key-pem").collect();
    assert_eq!(keys.len(), 1, "{after}");
    assert_eq!(keys[0]["end_line"].as_u64(), Some(1 + key.trim_end().lines().count() as u64));
    assert_eq!(code, 1);
}
