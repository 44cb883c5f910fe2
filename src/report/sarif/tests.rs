use serde_json::Value;

use super::super::sample::{self, BODY, file, finding, outcome, rules};
use super::*;
use crate::blob::{Origin, SkipReason, Skipped};
use crate::detect::Fact;
use crate::rule::{Catalogue, Confidence};
use crate::span::Position;

/// Two places of a GitHub token, one of a password from standard input, and things that were not looked at.
fn small() -> ScanOutcome {
    let rules = rules();
    let token = format!("ghp_{BODY}");
    let mut password = finding(&rules, "url-postgres-password", "correct-horse", Origin::Stdin, 1);
    password.confidence = Confidence::Low;
    password.facts = vec![Fact::new("host", "db.example.org"), Fact::new("user", "[bob](9)")];
    let mut log = finding(&rules, "github-pat-classic", &token, file("logs/a b#1.log"), 7);
    log.end = Position { line: 8, column: 1 };
    let findings = vec![log, finding(&rules, "github-pat-classic", &token, file("src/[x].rs"), 12), password];
    let mut outcome = outcome(rules, findings);
    outcome.below_confidence = 2;
    outcome.coverage.unscanned_histories = vec![".".into()];
    outcome.coverage.skipped = vec![
        Skipped::new("private/key file", SkipReason::Unreadable, "permission denied"),
        Skipped::new("dev/pipe", SkipReason::SpecialFile, "a FIFO"),
    ];
    outcome
}

fn info() -> RunInfo {
    RunInfo {
        start: Some("2026-11-22T02:00:00.000Z".into()),
        end: Some("2026-11-22T02:00:01.000Z".into()),
        exit_code: 1,
        version_control: Some(VersionControl {
            repository_uri: "https://bob:hunter2@git.example.org/acme/site".into(),
            revision_id: Some("0123456789abcdef".into()),
            branch: Some("main".into()),
        }),
        profile: Profile::Github,
    }
}

fn json_of(outcome: &ScanOutcome, info: &RunInfo) -> Value {
    let runbooks = Runbooks::new(Catalogue::embedded());
    serde_json::to_value(build(outcome, &runbooks, info)).expect("SARIF is JSON")
}

fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or_else(|| panic!("there is no {pointer}"))
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    at(value, pointer).as_array().unwrap_or_else(|| panic!("{pointer} is no array"))
}

#[test]
fn no_raw_secret_gets_out() {
    let outcome = small();
    for profile in [Profile::Github, Profile::Full] {
        let text = json_of(&outcome, &RunInfo { profile, ..info() }).to_string();
        for finding in &outcome.findings {
            let secret = String::from_utf8_lossy(finding.secret.reveal()).into_owned();
            assert!(!text.contains(&secret), "{secret} in {text}");
        }
        assert!(!text.contains("hunter2"));
        assert!(!text.contains("bob:"));
    }
}

#[test]
fn the_run_is_described() {
    let sarif = json_of(&small(), &info());
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["$schema"], SCHEMA);
    let run = at(&sarif, "/runs/0");
    assert_eq!(at(run, "/tool/driver/name"), "cleansweep");
    assert_eq!(at(run, "/tool/driver/semanticVersion"), env!("CARGO_PKG_VERSION"));
    assert_eq!(at(run, "/automationDetails/id"), "secrets/");
    assert_eq!(at(run, "/columnKind"), "utf16CodeUnits");
    assert!(run.pointer("/originalUriBaseIds/%SRCROOT%/uri").is_none());
    assert_eq!(at(run, "/redactionTokens/0"), MASK);
    assert_eq!(at(run, "/versionControlProvenance/0/repositoryUri"), "https://git.example.org/acme/site");
    assert_eq!(at(run, "/versionControlProvenance/0/branch"), "main");
    assert_eq!(at(run, "/invocations/0/executionSuccessful"), true);
    assert_eq!(at(run, "/invocations/0/exitCode"), 1);
    assert_eq!(at(run, "/invocations/0/startTimeUtc"), "2026-11-22T02:00:00.000Z");
    assert_eq!(at(run, "/tool/driver/supportedTaxonomies/0/name"), at(run, "/taxonomies/0/name"));
    assert_eq!(list(run, "/taxonomies/0/taxa").len(), 3);
}

#[test]
fn only_rules_with_results_are_listed_and_results_point_at_them() {
    let sarif = json_of(&small(), &info());
    let rules = list(&sarif, "/runs/0/tool/driver/rules");
    let ids: Vec<_> = rules.iter().map(|rule| &rule["id"]).collect();
    assert_eq!(ids, ["github-pat-classic", "url-postgres-password"]);
    for result in list(&sarif, "/runs/0/results") {
        let index = result["ruleIndex"].as_u64().expect("a number") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let rule = &rules[0];
    assert_eq!(rule["name"], "GithubPatClassic");
    assert_eq!(at(rule, "/defaultConfiguration/level"), "error");
    assert_eq!(at(rule, "/properties/precision"), "very-high");
    assert_eq!(at(rule, "/properties/security-severity"), "9.5");
    assert_eq!(at(rule, "/relationships/0/target/id"), "CWE-798");
    assert!(at(rule, "/help/markdown").as_str().expect("text").contains("## Steps"));
}

#[test]
fn a_result_is_a_place_and_names_the_others() {
    let sarif = json_of(&small(), &info());
    let results = list(&sarif, "/runs/0/results");
    assert_eq!(results.len(), 3);
    let first = &results[0];
    assert_eq!(first["level"], "error");
    assert_eq!(first["kind"], "fail");
    assert_eq!(first["rank"], 80.0);
    assert_eq!(at(first, "/locations/0/physicalLocation/artifactLocation/uri"), "logs/a%20b%231.log");
    assert_eq!(at(first, "/locations/0/physicalLocation/region/snippet/text"), "ghp_********");
    assert_eq!(at(first, "/partialFingerprints/primaryLocationLineHash"), "7:1");
    assert_eq!(at(first, "/taxa/0/id"), "CWE-532");
    assert_eq!(list(first, "/relatedLocations").len(), 1);
    assert_eq!(at(first, "/relatedLocations/0/id"), 1);
    let message = at(first, "/message/text").as_str().expect("text");
    assert!(message.starts_with("GitHub personal access token (classic): ghp_********. "), "{message}");
    assert!(message.contains("The same secret is in 1 other place: [src/\\[x\\].rs:12](1)."), "{message}");
}

#[test]
fn standard_input_has_a_place_and_doubt_a_quieter_level() {
    let sarif = json_of(&small(), &info());
    let result = &list(&sarif, "/runs/0/results")[2];
    assert_eq!(at(result, "/locations/0/physicalLocation/artifactLocation/uri"), "stdin");
    assert_eq!(result["level"], "warning");
    assert!(result.get("relatedLocations").is_none());
    let message = at(result, "/message/text").as_str().expect("text");
    assert!(message.contains("host db.example.org, user [bob\\](9)."), "{message}");
}

#[test]
fn every_region_has_all_numbers_and_an_end_after_its_start() {
    let mut outcome = small();
    outcome.findings[1].end = outcome.findings[1].start;
    let sarif = json_of(&outcome, &info());
    for result in list(&sarif, "/runs/0/results") {
        let region = at(result, "/locations/0/physicalLocation/region");
        let number = |name: &str| region[name].as_u64().unwrap_or_else(|| panic!("no {name}"));
        let (start, end) = ((number("startLine"), number("startColumn")), (number("endLine"), number("endColumn")));
        assert!(start.1 >= 1 && end.1 >= 1 && start < end, "{region}");
    }
}

#[test]
fn two_on_one_line_are_one_alert() {
    let rules = rules();
    let token = format!("ghp_{BODY}");
    let twice = vec![
        finding(&rules, "github-pat-classic", &token, file("a"), 1),
        finding(&rules, "github-pat-classic", &token, file("a"), 1),
    ];
    let sarif = json_of(&outcome(rules, twice), &info());
    let results = list(&sarif, "/runs/0/results");
    assert_eq!(results.len(), 1);
    assert_eq!(list(&results[0], "/relatedLocations").len(), 1);
}

#[test]
fn what_was_not_looked_at_is_in_the_notifications() {
    let sarif = json_of(&small(), &info());
    let notes = list(&sarif, "/runs/0/invocations/0/toolExecutionNotifications");
    let descriptors = list(&sarif, "/runs/0/tool/driver/notifications");
    for note in notes {
        let index = at(note, "/descriptor/index").as_u64().expect("a number") as usize;
        assert_eq!(&descriptors[index]["id"], at(note, "/descriptor/id"));
    }
    assert_eq!(notes.len(), 3);
    assert_eq!(notes[0]["level"], "note");
    let coverage = at(&notes[0], "/message/text").as_str().expect("text");
    assert!(coverage.starts_with("Scanned 3 files, 1234 bytes. 2 items were not"), "{coverage}");
    assert!(coverage.contains("2 possible secrets are below the wanted confidence."), "{coverage}");
    assert!(coverage.contains("1 git history was not scanned."), "{coverage}");
    assert_eq!(notes[1]["level"], "warning");
    assert_eq!(at(&notes[1], "/descriptor/id"), "unreadable");
    let uri = at(&notes[1], "/locations/0/physicalLocation/artifactLocation/uri");
    assert_eq!(uri, "private/key%20file");
}

#[test]
fn an_interrupted_scan_was_no_success() {
    let mut outcome = small();
    outcome.coverage.skipped = vec![Skipped::new("the rest of the scan", SkipReason::Interrupted, "it was stopped")];
    let sarif = json_of(&outcome, &info());
    assert_eq!(at(&sarif, "/runs/0/invocations/0/executionSuccessful"), false);
    let notes = list(&sarif, "/runs/0/invocations/0/toolExecutionNotifications");
    assert!(notes[1].get("locations").is_none());
}

#[test]
fn a_clean_run_still_has_results_and_rules() {
    let sarif = json_of(&outcome(rules(), Vec::new()), &RunInfo::default());
    assert!(list(&sarif, "/runs/0/results").is_empty());
    assert_eq!(list(&sarif, "/runs/0/tool/driver/rules").len(), rules().rules().len());
    assert!(at(&sarif, "/runs/0").get("versionControlProvenance").is_none());
}

/// `secrets` tokens in `places` files each.
fn many(secrets: usize, places: usize) -> ScanOutcome {
    let rules = rules();
    let mut findings = Vec::new();
    for place in 0..places {
        for secret in 0..secrets {
            let token = format!("ghp_{secret:06}{BODY}");
            findings.push(finding(
                &rules,
                "github-pat-classic",
                &token,
                file(&format!("f{place:05}")),
                secret as u64 + 1,
            ));
        }
    }
    outcome(rules, findings)
}

fn notes_of(sarif: &Value) -> Vec<(String, String)> {
    let text = |note: &Value, pointer: &str| at(note, pointer).as_str().expect("text").to_owned();
    list(sarif, "/runs/0/invocations/0/toolExecutionNotifications")
        .iter()
        .map(|note| (text(note, "/descriptor/id"), text(note, "/message/text")))
        .collect()
}

#[test]
fn one_secret_in_many_places_does_not_hide_the_others() {
    let outcome = many(2, 150);
    let sarif = json_of(&outcome, &info());
    let results = list(&sarif, "/runs/0/results");
    assert_eq!(results.len(), 200);
    let listed: Vec<usize> = results.iter().map(|result| list(result, "/relatedLocations").len()).collect();
    assert_eq!(listed.iter().filter(|&&n| n == 100).count(), 2);
    assert_eq!(listed.iter().filter(|&&n| n == 3).count(), 198);
    let message = at(&results[0], "/message/text").as_str().expect("text");
    assert!(
        message.contains("in 149 other places: [f00001:1](1), [f00002:1](2), [f00003:1](3) and more."),
        "{message}"
    );
    assert!(message.contains("50 of these places have no alert of their own."), "{message}");
    let (id, text) = &notes_of(&sarif)[1];
    assert_eq!(id, "places-folded");
    assert!(text.starts_with("100 places have no result"), "{text}");
    let full = json_of(&outcome, &RunInfo { profile: Profile::Full, ..info() });
    assert_eq!(list(&full, "/runs/0/results").len(), 300);
}

#[test]
fn the_least_urgent_results_are_cut() {
    let mut outcome = many(5_010, 1);
    for finding in &mut outcome.findings[..20] {
        finding.confidence = Confidence::Medium;
    }
    let sarif = json_of(&outcome, &info());
    let results = list(&sarif, "/runs/0/results");
    assert_eq!(results.len(), 5_000);
    let medium = |result: &&Value| result["properties"]["confidence"] == "medium";
    assert_eq!(results.iter().filter(medium).count(), 10);
    assert!(medium(&&results[4_999]) && !medium(&&results[4_989]));
    let (id, text) = &notes_of(&sarif)[1];
    assert_eq!(id, "results-cut");
    assert!(text.starts_with("10 results were left out of 5010, the least urgent ones: this file has 5000,"), "{text}");
}

/// A vendor's rule that knows the secret somewhere else speaks for it everywhere.
#[test]
fn a_result_has_the_rule_that_knows_most() {
    let rules = rules();
    let token = format!("ghp_{BODY}");
    let generic = rules.rules().iter().find(|rule| rule.generic).expect("there are generic rules").id.clone();
    let findings = vec![
        finding(&rules, &generic, &token, file("a"), 1),
        finding(&rules, "github-pat-classic", &token, file("b"), 1),
    ];
    let sarif = json_of(&outcome(rules, findings), &info());
    let results = list(&sarif, "/runs/0/results");
    assert_eq!(results[0]["ruleId"], "github-pat-classic");
    assert_eq!(at(&results[0], "/properties/foundBy"), &generic);
}

/// Letters that do not compress, another lot each time.
fn noise() -> impl FnMut(usize) -> String {
    let mut random = 1_u64;
    move |length| {
        let letter = |_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'a' + (random >> 59) as u8 % 26)
        };
        (0..length).map(letter).collect()
    }
}

/// `number` findings of as many secrets, each with what makes a result long: facts, a deep path, a history.
fn long(number: usize) -> ScanOutcome {
    let (rules, mut noise) = (rules(), noise());
    let findings = (0..number).map(|n| {
        let token = format!("ghp_{n:06}{BODY}");
        let path = format!("{}/{}", noise(100), noise(200));
        let mut found = sample::past(&rules, "github-pat-classic", &token, &path);
        found.facts =
            (0..8).map(|nth| Fact::new(["host", "user", "issuer", "subject"][nth % 4], &noise(200))).collect();
        found.snippet.before = noise(150);
        if let Some(history) = &mut found.history {
            history.exposures[0].refs = vec![noise(500), noise(500), noise(500)];
        }
        found.confidence = [Confidence::Low, Confidence::High, Confidence::Medium][n % 3];
        found
    });
    outcome(rules.clone(), findings.collect())
}

/// What GitHub's action does before it uploads.
fn gzipped(sarif: &Value) -> usize {
    let text = serde_json::to_string_pretty(sarif).expect("SARIF is JSON");
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut out, text.as_bytes()).expect("memory takes all that is written");
    out.finish().expect("memory takes all that is written").len()
}

#[test]
fn sixty_thousand_findings_are_an_upload_that_github_takes() {
    const NUMBER: usize = 60_000;
    let outcome = long(NUMBER);
    let sarif = json_of(&outcome, &info());
    let size = gzipped(&sarif);
    assert!(size < 10_000_000, "{size} bytes");
    let results = list(&sarif, "/runs/0/results");
    // As much as fits, not as little as is safe: 5 000 of these would be too large.
    assert!(size > 7_000_000 && results.len() < 5_000, "{size} bytes, {} results", results.len());
    assert!(results.iter().all(|result| result["properties"]["confidence"] == "high"), "the most urgent are kept");
    let notes = notes_of(&sarif);
    let (_, text) = notes.iter().find(|(id, _)| id == "results-cut").expect("what was cut is said");
    let numbers = format!(
        "{} results were left out of 60000, the least urgent ones: this file has {},",
        NUMBER - results.len(),
        results.len()
    );
    assert!(text.starts_with(&numbers), "{text}");
}

#[test]
fn what_is_not_looked_at_makes_room_for_results() {
    let mut outcome = long(50);
    let mut noise = noise();
    outcome.coverage.skipped = (0..600).map(|_| Skipped::new(noise(2_000), SkipReason::Corrupt, "no")).collect();
    let limits = Limits { compressed: Some(600_000), ..Profile::Github.limits() };
    let sarif =
        serde_json::to_value(build_within(&outcome, &sample::runbooks(), &info(), limits)).expect("SARIF is JSON");
    assert!(gzipped(&sarif) <= 600_000);
    assert_eq!(list(&sarif, "/runs/0/results").len(), 50);
    let notes = notes_of(&sarif);
    let cut = notes.iter().find(|(id, _)| id == "skipped-cut").expect("what was cut is said");
    assert!(cut.1.starts_with("500 more items were not looked at and not listed here; of 600 in all."), "{}", cut.1);
}

/// A tree of git can hold a name of megabytes, which must not cost the other results their place.
#[test]
fn a_result_that_is_too_large_is_left_out_alone() {
    let mut outcome = many(3, 1);
    let name = "x".repeat(1_000_000);
    outcome.findings[1].origin = file(&name);
    outcome.coverage.skipped = vec![Skipped::new(name, SkipReason::Corrupt, "no")];
    let sarif = json_of(&outcome, &info());
    assert_eq!(list(&sarif, "/runs/0/results").len(), 2);
    assert!(sarif.to_string().len() < 1_000_000);
    let notes = notes_of(&sarif);
    let cut = notes.iter().find(|(id, _)| id == "results-cut").expect("what was cut is said");
    assert!(cut.1.starts_with("1 result was left out, having more than 200000 bytes."), "{}", cut.1);
    assert!(notes.iter().any(|(id, text)| id == "corrupt" && text.ends_with("x…")));
    let full = json_of(&outcome, &RunInfo { profile: Profile::Full, ..info() });
    assert_eq!(list(&full, "/runs/0/results").len(), 3);
}

#[test]
fn what_is_silenced_is_suppressed_in_the_full_profile_alone() {
    let outcome = sample::mixed();
    let github = json_of(&outcome, &info());
    assert!(list(&github, "/runs/0/results").iter().all(|result| result.get("suppressions").is_none()));
    assert!(!github.to_string().contains("docs/use.md"));
    let coverage = &notes_of(&github)[0].1;
    assert!(coverage.contains("3 findings were silenced."), "{coverage}");
    assert_eq!(at(&github, "/runs/0/invocations/0/toolExecutionNotifications/0/properties/silenced/comment"), 2);
    let full = json_of(&outcome, &RunInfo { profile: Profile::Full, ..info() });
    let results = list(&full, "/runs/0/results");
    assert_eq!(results.len(), outcome.findings.len() + outcome.silenced.len());
    let silenced: Vec<&Value> = results.iter().filter_map(|result| result.get("suppressions")).collect();
    let told: Vec<(&str, &str, &str)> = silenced
        .iter()
        .map(|suppressions| {
            let text = |pointer| at(suppressions, pointer).as_str().expect("text");
            (text("/0/kind"), text("/0/justification"), text("/0/location/physicalLocation/artifactLocation/uri"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("external", "revoked in May", ".cleansweep-baseline.jsonl"),
            ("inSource", "a test value", "tests/a.py"),
            ("inSource", "a test value", "tests/b.py"),
        ]
    );
}

#[test]
fn a_suppression_tells_nothing_of_the_machine() {
    let mut outcome = sample::mixed();
    if let Some(silence) = &mut outcome.silenced[2].silence {
        (silence.place, silence.reason) = ("/home/ada/our.toml".into(), String::new());
    }
    let full = json_of(&outcome, &RunInfo { profile: Profile::Full, ..info() });
    assert!(!full.to_string().contains("/home/ada"));
}

#[test]
fn the_full_profile_has_a_result_for_each_finding() {
    let rules = rules();
    let token = format!("ghp_{BODY}");
    let same_line = finding(&rules, "github-pat-classic", &token, file("a"), 1);
    let gone = sample::past(&rules, "github-pat-classic", &token, "a");
    let outcome = outcome(rules, vec![same_line.clone(), same_line, gone]);
    assert_eq!(list(&json_of(&outcome, &info()), "/runs/0/results").len(), 1);
    let full = json_of(&outcome, &RunInfo { profile: Profile::Full, ..info() });
    assert_eq!(list(&full, "/runs/0/results").len(), 3);
}
