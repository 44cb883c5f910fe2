//! Reports: they match their schemas, agree with each other, and appear in files whole or not at all.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::report::Report;
use crate::support::secrets::{github, planted, written};
use crate::support::{Finding, Sandbox, sample};

/// A tree with something of everything: findings of many rules, trouble, notes.
fn tree() -> Sandbox {
    let sandbox = Sandbox::new();
    for (_, rule) in written().step_by(7) {
        sandbox.file(format!("src/{}.conf", rule.id), planted(rule, &sample(&rule.id, 5)));
    }
    sandbox.file("big.bin", vec![b'.'; 50_000]);
    let repeated: String = (0..150).map(|_| format!("{}\n", github(1))).collect();
    sandbox.file("app.log", repeated);
    #[cfg(unix)]
    sandbox.link("broken", "nowhere").link("out", "/usr");
    sandbox
}

const ARGS: [&str; 5] = ["scan", "--max-file-size", "40k", "--confidence", "low"];

fn report(sandbox: &Sandbox, format: &str) -> Vec<u8> {
    sandbox.run(ARGS.iter().chain(&["--format", format])).assert_code(1).stdout
}

fn schema(format: &str) -> jsonschema::Validator {
    let text = Sandbox::new().run(["schema", format]).assert_code(0).stdout;
    let schema: Value = serde_json::from_slice(&text).expect("a schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is valid")
}

#[track_caller]
fn assert_valid(schema: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> = schema.iter_errors(value).map(|e| format!("{} at {}", e, e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn json_is_what_its_schema_says() {
    let report = Report::parse(&report(&tree(), "json"));
    assert!(report.findings.len() > 30 && !report.skipped().is_empty(), "there is something to check");
    let schema = schema("json");
    assert_valid(&schema, &report.json);
    let mut spoiled = report.json.clone();
    spoiled["findings"][0]["line"] = json!("one");
    assert!(!schema.is_valid(&spoiled), "the schema can tell");
    let mut short = report.json.clone();
    short["summary"].as_object_mut().expect("an object").remove("verdict");
    assert!(!schema.is_valid(&short), "fields are required");
}

#[test]
fn jsonl_is_what_its_schema_says_and_what_json_says() {
    let sandbox = tree();
    let schema = schema("jsonl");
    let text = String::from_utf8(report(&sandbox, "jsonl")).expect("JSON is UTF-8");
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    lines.iter().for_each(|line| assert_valid(&schema, line));
    let whole = Report::parse(&report(&sandbox, "json"));
    let mut summary = lines.pop().expect("there are lines");
    assert_eq!(summary["type"], "summary");
    summary.as_object_mut().expect("an object").remove("type");
    assert_eq!(&summary, whole.summary());
    let findings: Vec<Finding> = lines.iter().map(Finding::of).collect();
    assert_eq!(findings, whole.findings);
    assert!(lines.iter().all(|line| line["type"] == "finding"));
}

#[test]
fn sarif_has_a_result_for_each_finding_and_a_notification_for_each_skip() {
    let sandbox = tree();
    let sarif: Value = serde_json::from_slice(&report(&sandbox, "sarif")).expect("SARIF is JSON");
    let json = Report::parse(&report(&sandbox, "json"));
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().expect("a run has results");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("the tool lists its rules");
    // The most urgent credential comes first, one result for a line, and 100 for a credential.
    let mut places = BTreeSet::new();
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("a result refers to its rule") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["partialFingerprints"].as_object().is_some_and(|prints| !prints.is_empty()));
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().expect("a result has a file");
        let number = |name: &str| place["region"][name].as_u64();
        let line = number("startLine").expect("a region has a line");
        let same = |f: &&Finding| (f.path.as_str(), f.line, Some(f.column)) == (uri, line, number("startColumn"));
        let finding = json.findings.iter().find(same).unwrap_or_else(|| panic!("JSON has {uri}:{line} too"));
        let end = (number("endLine").unwrap_or(line), number("endColumn"));
        assert_eq!(end, (finding.end_line, Some(finding.end_column)), "{uri}:{line}");
        places.insert((uri.to_owned(), line));
    }
    let missing: Vec<&Finding> = json.findings.iter().filter(|f| !places.contains(&(f.path.clone(), f.line))).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["exitCode"], 1);
    let notifications = invocation["toolExecutionNotifications"].as_array().expect("trouble is notified");
    assert!(notifications.len() >= json.skipped().len());
    for (what, _) in json.skipped() {
        assert!(notifications.iter().any(|n| n.to_string().contains(&what)), "{what} is notified");
    }
}

#[test]
fn several_reports_of_one_scan_agree_with_those_made_alone() {
    let sandbox = tree();
    let reports = [
        "-f", "json", "-o", "../tmp/r.json", "-f", "text", "-f", "jsonl", "-o", "../tmp/r.jsonl", "-o",
        "../tmp/r.sarif",
    ];
    let output = sandbox.run(ARGS.iter().chain(&reports)).assert_code(1);
    assert!(output.out().contains("not looked at"), "the text is on standard output");
    assert_eq!(Report::parse(&sandbox.read("../tmp/r.json")).json, Report::parse(&report(&sandbox, "json")).json);
    assert_eq!(sandbox.read("../tmp/r.jsonl"), report(&sandbox, "jsonl"));
    let sarif: Value = serde_json::from_slice(&sandbox.read("../tmp/r.sarif")).expect("the name tells the format");
    assert_eq!(sarif["version"], "2.1.0");
}

/// What tells the formats apart, as the first line of each.
#[test]
fn the_name_of_a_file_tells_its_format() {
    let sandbox = tree();
    let begins = [
        ("r.xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"),
        ("r.csv", "kind,severity,rule,title,"),
        ("r.md", "## cleansweep"),
        ("r.markdown", "## cleansweep"),
    ];
    let args: Vec<String> = begins.iter().flat_map(|(name, _)| ["-o".into(), format!("../tmp/{name}")]).collect();
    let _ = sandbox.run(ARGS.iter().map(ToString::to_string).chain(args)).assert_code(1);
    for (name, begin) in begins {
        let text = String::from_utf8(sandbox.read(format!("../tmp/{name}"))).expect("a report is UTF-8");
        assert!(text.starts_with(begin), "{name}: {}", &text[..text.len().min(200)]);
    }
    let name = sandbox.run(["scan", "-o", "r.yaml"]).assert_code(2);
    assert!(name.err().contains("the name does not tell the format"), "{}", name.err());
}

/// The formats say of one scan the same: every finding with its fingerprint, what was not looked at, the verdict.
#[test]
fn every_format_has_every_fact() {
    let sandbox = Sandbox::new();
    for n in 1..4 {
        sandbox.file(format!("src/{n}.env"), format!("TOKEN={}\n", github(n)));
    }
    #[cfg(unix)]
    sandbox.link("src/out", "/usr");
    let json = sandbox.scan(&["src"]);
    for format in ["github", "junit", "csv", "markdown"] {
        let text = sandbox.run(["scan", "src", "--format", format]).assert_code(1).out();
        for finding in &json.findings {
            let place = if format == "csv" {
                format!("{},{},{},", finding.path, finding.line, finding.column)
            } else {
                format!("{}:{}:{}", finding.path, finding.line, finding.column)
            };
            for fact in [
                &place, &finding.fingerprint, &finding.rule, "critical", "high", "ghp_********",
                "Replace it, then revoke it",
            ] {
                assert!(text.contains(fact), "{format} has no {fact}: {text}");
            }
        }
        assert!(text.contains("3 secrets in 3 places: 3 critical."), "{format}: {text}");
        for (what, reason) in json.skipped() {
            assert!(text.contains(&what) && text.contains(&reason), "{format} has no {what}: {text}");
        }
    }
}

#[test]
fn a_scan_that_finds_nothing_says_so_in_every_format() {
    let clean = Sandbox::with("a.txt", "nothing here\n");
    for format in ["github", "junit", "csv", "markdown"] {
        let text = clean.run(["scan", "--format", format]).assert_code(0).out();
        assert!(text.contains("No secrets found."), "{format}: {text}");
        let text = clean.run(["scan", "--max-file-size", "4", "--format", format]).assert_code(3).out();
        assert!(text.contains("Nothing found, but the scan is incomplete: 1 item not looked at."), "{format}: {text}");
        assert!(!text.contains("No secrets found"), "{format}: {text}");
    }
}

#[test]
fn the_full_profile_has_what_github_is_not_given() {
    let sandbox = Sandbox::with("a.env", format!("TOKENS=\"{0} {0}\"\n", github(1)));
    let results = |profile: &str| {
        let args = ["scan", "--format", "sarif", "--sarif-profile", profile];
        let output = sandbox.run(args).assert_code(1);
        let sarif: Value = serde_json::from_slice(&output.stdout).expect("SARIF is JSON");
        sarif["runs"][0]["results"].as_array().expect("a run has results").len()
    };
    assert_eq!(sandbox.scan(&[]).findings.len(), 2);
    assert_eq!((results("github"), results("full")), (1, 2), "two on one line are one alert");
    let _ = sandbox.run(["scan", "--sarif-profile", "gitlab"]).assert_code(2);
}

#[test]
fn two_runs_give_the_same_report() {
    let sandbox = tree();
    for format in ["json", "jsonl", "github", "csv", "markdown"] {
        assert_eq!(report(&sandbox, format), report(&sandbox, format));
    }
}

#[test]
fn a_report_in_a_file_replaces_the_old_one_whole() {
    let sandbox = Sandbox::with("src/a.env", github(1));
    sandbox.file("report.json", "old ".repeat(10_000));
    let _ = sandbox.run(["scan", "src", "-o", "report.json"]).assert_code(1);
    assert_eq!(Report::parse(&sandbox.read("report.json")).findings.len(), 1);
    assert_eq!(sandbox.names(), ["report.json", "src"], "nothing else is left");
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_and_leaves_nothing() {
    let sandbox = Sandbox::with("src/a.env", github(1));
    sandbox.file("old.json", "old");
    for file in ["missing/report.json", "src/a.env/report.json", "src"] {
        let args = ["scan", "src", "--format", "json", "-o", file];
        let output = sandbox.run(args).assert_code(2);
        assert!(output.err().contains("the report could not be written"), "{file}: {}", output.err());
        assert_eq!(sandbox.names(), ["old.json", "src"], "{file}");
    }
}

#[cfg(unix)]
#[test]
fn a_report_can_go_to_what_is_no_plain_file() {
    let sandbox = Sandbox::with("src/a.env", github(1));
    let _ = sandbox.run(["scan", "src", "--format", "json", "-o", "/dev/null"]).assert_code(1);
    let output = sandbox.run(["scan", "src", "-q", "--format", "json", "-o", "/dev/stdout"]).assert_code(1);
    assert_eq!(output.json().findings.len(), 1);
    sandbox.file("target.json", "old").link("link.json", "target.json");
    let _ = sandbox.run(["scan", "src", "-o", "link.json"]).assert_code(1);
    assert_eq!(Report::parse(&sandbox.read("link.json")).findings.len(), 1);
}

/// A report of an earlier scan lies in the scanned folder: it holds no secret, so it gives no finding.
#[test]
fn reports_are_clean_themselves() {
    let sandbox = tree();
    for format in ["text", "json", "jsonl", "sarif", "github", "junit", "csv", "markdown"] {
        let report = report(&sandbox, format);
        let again = Sandbox::with(format!("report.{format}"), report).scan(&[]);
        // The id of an AWS key is shown on purpose.
        let telling: Vec<String> = again.places().into_iter().filter(|place| !place.contains("aws-")).collect();
        assert!(
            telling.is_empty(),
            "{format}: {} findings such as {:#?}",
            telling.len(),
            &telling[..telling.len().min(9)]
        );
    }
}
