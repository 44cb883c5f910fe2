//! The embedded catalogue: every rule is complete, does what its examples say, and wins where it should.

use std::collections::BTreeSet;

use cleansweep::detect::example;
use cleansweep::rotation::FACTS;
use cleansweep::rule::syntax::RuleSyntax;
use cleansweep::rule::{Catalogue, Phase, RuleSource, Runbook};

use crate::support::secrets::{catalogue, written};
use crate::support::{Sandbox, sample};

/// Rules whose examples are reported by another rule, because the other knows more about them: rule, the one that wins,
/// and why.
const BEATEN: &[(&str, &str, &str)] = &[
    ("generic-secret", "generic-api-key", "`secret_key` is a name for both, and neither knows whose it is"),
    ("generic-sql-password", "generic-password", "`PASSWORD = '…'` tells as much as the statement around it"),
];

/// Prefixes of ids that are not the provider's id.
const PREFIXES: &[(&str, &str)] = &[];

fn runbooks() -> impl Iterator<Item = (&'static str, &'static Runbook)> {
    catalogue().files().iter().flat_map(|file| file.rotation.iter().map(move |r| (file.provider.id.as_str(), r)))
}

#[track_caller]
fn assert_none(failures: Vec<String>) {
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_catalogue_is_valid() {
    catalogue().validate().expect("the embedded catalogue is valid");
    let rules = Catalogue::load(&[RuleSource::Embedded]).expect("it can be loaded");
    assert_eq!(rules.rules().len(), written().count(), "what is used to scan is what is written");
}

#[test]
fn every_example_behaves() {
    let mut failures = Vec::new();
    for file in catalogue().files() {
        match example::run(file) {
            Ok(failed) => {
                failures.extend(failed.iter().map(|f| format!("{:?} {}: {:?}", f.failure, f.rule, f.example)))
            }
            Err(error) => failures.push(error),
        }
    }
    assert_none(failures);
}

#[test]
fn ids_are_unique_and_begin_with_their_provider() {
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    for (file, rule) in written() {
        let provider = &file.provider.id;
        if !seen.insert(&rule.id) {
            failures.push(format!("{}: twice", rule.id));
        }
        let prefixed = rule.id.strip_prefix(provider.as_str()).is_some_and(|rest| rest.starts_with('-'));
        let documented = PREFIXES.iter().any(|(p, prefix)| p == provider && rule.id.starts_with(prefix));
        if !prefixed && !documented {
            failures.push(format!("{}: its provider is {provider}", rule.id));
        }
    }
    let providers: Vec<&str> = catalogue().files().iter().map(|f| f.provider.id.as_str()).collect();
    if !providers.is_sorted() {
        failures.push(format!("the providers are not sorted: {providers:?}"));
    }
    assert_none(failures);
}

/// The form of each text, so that a report reads well.
#[test]
fn every_rule_is_described() {
    let mut failures = Vec::new();
    for (_, rule) in written() {
        let mut fail = |what: &str| failures.push(format!("{}: {what}", rule.id));
        if rule.title.is_empty() || rule.title.ends_with('.') {
            fail("a title is a few words without a full stop");
        }
        if !rule.description.ends_with('.') || rule.description.len() < 30 {
            fail("a description is one or two sentences");
        }
        if rule.anchors.iter().any(|anchor| anchor.len() < 3) {
            fail("an anchor has three bytes or more");
        }
        if rule.hit.is_empty() || rule.miss.is_empty() {
            fail("a rule has examples of both kinds");
        }
        if !rule.hit.iter().any(|example| example.contains("{secret}")) {
            fail("one `hit` has {secret}");
        }
        if rule.docs.as_ref().is_some_and(|docs| !docs.starts_with("https://")) {
            fail("`docs` is an https address");
        }
        if !rule.generic && rule.docs.is_none() {
            fail("a provider's rule has `docs`");
        }
    }
    assert_none(failures);
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let number = |part: &str, len: usize| (part.len() == len).then(|| part.parse::<u32>().ok()).flatten();
    number(year, 4).is_some_and(|y| (2024..2100).contains(&y))
        && number(month, 2).is_some_and(|m| (1..=12).contains(&m))
        && number(day, 2).is_some_and(|d| (1..=31).contains(&d))
}

/// Names in braces of a command that look like facts.
fn facts(command: &str) -> Vec<&str> {
    let parts = command.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name));
    let is_name = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    // `%{http_code}` is curl's, `${x}` the shell's, `{__typename}` GraphQL's.
    parts
        .filter(is_name)
        .filter(|name| !command.contains(&format!("%{{{name}}}")) && !command.contains(&format!("${{{name}}}")))
        .collect()
}

#[test]
fn every_runbook_is_complete() {
    let mut failures = Vec::new();
    let mut seen = BTreeSet::new();
    for (provider, runbook) in runbooks() {
        let mut fail = |what: String| failures.push(format!("{provider}/{}: {what}", runbook.id));
        if !seen.insert(&runbook.id) {
            fail("twice".into());
        }
        for phase in [Phase::Replace, Phase::Revoke, Phase::Audit] {
            if !runbook.steps.iter().any(|step| step.phase == phase) {
                fail(format!("has no step {phase:?}"));
            }
        }
        if runbook.proof.command.trim().is_empty() || runbook.proof.fails_with.trim().is_empty() {
            fail("has no proof".into());
        }
        if runbook.holder_can.len() < 20 || runbook.breaks.len() < 20 {
            fail("says too little of what a holder can do or what breaks".into());
        }
        if !runbook.docs.starts_with("https://") {
            fail("`docs` is no https address".into());
        }
        if !is_date(&runbook.reviewed) {
            fail(format!("`reviewed` is no date: {}", runbook.reviewed));
        }
        let urls = runbook.steps.iter().filter_map(|step| step.url.as_deref());
        for url in urls.filter(|url| !url.starts_with("https://") && !url.contains('{')) {
            fail(format!("no https address: {url}"));
        }
        let commands =
            runbook.steps.iter().filter_map(|s| s.command.as_deref()).chain([runbook.proof.command.as_str()]);
        for fact in commands.flat_map(facts).filter(|fact| !FACTS.contains(fact)) {
            fail(format!("`{{{fact}}}` is no fact"));
        }
    }
    assert_none(failures);
}

#[test]
fn every_runbook_is_used_by_a_rule_of_its_file() {
    let mut failures = Vec::new();
    for file in catalogue().files() {
        for runbook in &file.rotation {
            if !file.rule.iter().any(|rule| rule.rotation == runbook.id) {
                failures.push(format!("{}: no rule has it", runbook.id));
            }
        }
    }
    assert_none(failures);
}

/// Commands are pasted into a terminal by somebody in a hurry: the secret is read from `LEAKED`, never written there.
#[test]
fn no_command_asks_for_the_secret_in_its_text() {
    let asks = ["<token>", "<secret>", "<password>", "YOUR_TOKEN", "{secret}", "{token}", "{password}"];
    let mut failures = Vec::new();
    for (_, runbook) in runbooks() {
        let commands =
            runbook.steps.iter().filter_map(|s| s.command.as_deref()).chain([runbook.proof.command.as_str()]);
        for command in commands {
            failures.extend(
                asks.iter().filter(|a| command.contains(**a)).map(|a| format!("{}: {a} in {command}", runbook.id)),
            );
        }
    }
    assert_none(failures);
}

/// With all rules together each example is reported by its own rule, once: a vendor's rule beats a generic one, and two
/// vendors' do not quarrel.
#[test]
fn each_rule_wins_on_its_own_examples() {
    let sandbox = Sandbox::new();
    let mut cases: Vec<(String, &RuleSyntax, String)> = Vec::new();
    for (_, rule) in written() {
        let secret = sample(&rule.id, 1);
        for (n, example) in rule.hit.iter().enumerate().filter(|(_, example)| example.contains("{secret}")) {
            let path = format!("{}/{n}.conf", rule.id);
            sandbox.file(&path, example.replace("{secret}", &secret));
            cases.push((path, rule, secret.clone()));
        }
    }
    let report = sandbox.reveal(&["--confidence", "low"]);
    let mut failures = Vec::new();
    for (path, rule, secret) in &cases {
        let found = report.of(path);
        let wins = |f: &&&crate::support::Finding| {
            f.secret == *secret || secret.ends_with(&f.secret) || f.secret.contains(secret.as_str())
        };
        let winners: BTreeSet<&str> = found.iter().filter(wins).map(|f| f.rule.as_str()).collect();
        let allowed =
            |id: &str| id == rule.id || BEATEN.iter().any(|(loser, winner, _)| *loser == rule.id && *winner == id);
        if winners.is_empty() || !winners.iter().all(|id| allowed(id)) {
            failures.push(format!(
                "{path}: {} instead of {winners:?} in {:?}",
                rule.id,
                found.iter().map(|f| &f.snippet).collect::<Vec<_>>()
            ));
        }
    }
    assert_none(failures);
}

#[test]
fn every_exception_is_still_needed() {
    for (loser, winner, why) in BEATEN {
        let rule = |id: &str| written().any(|(_, rule)| rule.id == id);
        assert!(rule(loser) && rule(winner) && !why.is_empty(), "{loser} is beaten by {winner}: {why}");
    }
    for (provider, prefix) in PREFIXES {
        assert!(written().any(|(file, rule)| file.provider.id == *provider && rule.id.starts_with(prefix)));
    }
}

/// A rule that a user writes with the id of one of ours replaces it.
#[test]
fn of_two_rules_with_one_id_the_later_wins() {
    let file = catalogue().files().iter().find(|f| f.provider.id == "github").expect("GitHub is in the catalogue");
    let mut ours = cleansweep::rule::Rule::check(file, &file.rule[0]).expect("it is sound");
    ours.title = "mine".into();
    let id = ours.id.clone();
    let theirs = cleansweep::rule::Rule::check(file, &file.rule[0]).expect("it is sound");
    let set = cleansweep::rule::RuleSet::new(vec![theirs, ours]);
    assert_eq!(set.rules().len(), 1);
    assert_eq!(set.get(set.find(&id).expect("it is there")).title, "mine");
}

/// The kind of file makes a password more or less likely; a credential that is telling by itself is shown wherever it is.
#[test]
fn a_telling_credential_is_shown_under_any_path() {
    let sandbox = Sandbox::new();
    let token = sample("github-pat-classic", 3);
    let paths = [
        "a", "a.min.js", "docs/a.md", "i18n/a.json", "node_modules/x/a.js", "package-lock.json", "src/a.rs",
        "tests/a.py", "vendor/a.go",
    ];
    for path in paths {
        sandbox.file(path, format!("x {token} y\n"));
    }
    let found: Vec<String> = sandbox.scan(&[]).findings.into_iter().map(|f| f.path).collect();
    assert_eq!(found, paths);
}
