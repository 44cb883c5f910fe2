//! Rules that users write and get wrong: every mistake is an error with its place, before anything is scanned.

use crate::support::secrets::{self, github};
use crate::support::{Output, Sandbox};

/// A sound rule file; a test spoils one thing of it.
const SOUND: &str = secrets::ACME;

fn spoiled(what: &str, with: &str) -> String {
    assert!(SOUND.contains(what), "the sound file has {what:?}");
    SOUND.replacen(what, with, 1)
}

fn scan_with(rules: &str) -> (Sandbox, Output) {
    let sandbox = Sandbox::with("acme.toml", rules);
    sandbox.file("src/a.env", github(1));
    let output = sandbox.run(["scan", "--rules", "acme.toml", "src"]);
    (sandbox, output)
}

#[test]
fn a_sound_file_is_taken() {
    let (sandbox, output) = scan_with(SOUND);
    let _ = output.assert_code(1);
    let tested = sandbox.run(["rules", "test", "acme.toml"]).assert_code(0);
    assert_eq!(tested.out(), "1 rules, 2 examples, 0 failed\n");
}

/// What is wrong, how the file is spoiled, and what the message must say.
const MISTAKES: &[(&str, &str, &str, &[&str])] = &[
    ("unknown key of a rule", "severity = ", "colour = 1\nseverity = ", &["acme.toml:9", "unknown field `colour`"]),
    (
        "unknown key of the provider",
        "name = \"Acme\"",
        "name = \"Acme\"\nurl = \"x\"",
        &["acme.toml:4", "unknown field `url`"],
    ),
    ("unknown key of a runbook", "breaks = ", "brakes = ", &["acme.toml", "unknown field `brakes`"]),
    ("unknown key of a step", "do = \"Revoke it.\"", "does = \"Revoke it.\"", &["acme.toml", "unknown field `does`"]),
    ("unknown key of a proof", "fails_with", "fails", &["acme.toml", "unknown field `fails`"]),
    ("unknown table", "[[rotation]]", "[[rotations]]", &["acme.toml", "unknown field `rotations`"]),
    ("unknown severity", "\"high\"", "\"huge\"", &["acme.toml:9", "unknown variant `huge`"]),
    ("unknown phase", "\"audit\"", "\"read\"", &["acme.toml", "unknown variant `read`"]),
    ("missing key", "title = \"Acme token\"\n", "", &["acme.toml", "missing field `title`"]),
    ("no TOML", "[provider]", "[provider", &["acme.toml:1"]),
    ("invalid regex", "{20})", "{20}", &["acme-token", "unclosed group"]),
    ("unbounded regex", "{20}", "+", &["acme-token", "bound it or set `reach`"]),
    ("too long a match", "{20}", "{20000}", &["acme-token", "is the most"]),
    (
        "too large a program",
        "[a-z0-9]{20}",
        "(?:[a-z]{9}|[0-9]{9}|[A-Z]{9}|[a-f]{9}|[g-z]{9}|[0-5]{9}|[6-9]{9}|[x-z]{9}|[n-q]{9}){1700}",
        &["acme-token"],
    ),
    ("too large a program with a reach", "{20})\\b'''", "{100}{100}{100}{100})'''\nreach = 1000", &["acme-token"]),
    ("no way of matching", "regex", "#", &["acme-token", "one of `regex`, `value` and `builtin`"]),
    (
        "two ways of matching",
        "rotation = \"acme-token\"",
        "rotation = \"acme-token\"\nvalue = 'x'",
        &["acme-token", "one of"],
    ),
    ("short anchor", "\"acme_\"", "\"ac\"", &["acme-token", "`ac` is shorter than 3 bytes"]),
    ("no anchor", "[\"acme_\"]", "[]", &["acme-token", "at least one anchor"]),
    (
        "unknown check",
        "rotation = \"acme-token\"",
        "rotation = \"acme-token\"\nchecks = [\"luck\"]",
        &["acme-token", "no check `luck`"],
    ),
    (
        "no such runbook",
        "rotation = \"acme-token\"",
        "rotation = \"other\"",
        &["acme-token", "no [[rotation]] `other`"],
    ),
    ("no examples", "miss = [\"t = {short}\"]", "", &["acme-token", "`hit` and `miss`"]),
    ("bad id", "id = \"acme-token\"\ntitle", "id = \"Acme Token\"\ntitle", &["Acme Token", "lower-case"]),
];

#[test]
fn every_mistake_is_an_error_with_its_place() {
    for (mistake, what, with, said) in MISTAKES {
        let (sandbox, output) = scan_with(&spoiled(what, with));
        let err = output.err();
        assert_eq!((output.code, output.out().as_str()), (2, ""), "{mistake}: {err}");
        for words in *said {
            assert!(err.contains(words), "{mistake}: {err:?} does not say {words:?}");
        }
        assert!(!err.contains("internal error"), "{mistake}: {err}");
        // `rules test` is where an author looks first.
        assert_eq!(sandbox.run(["rules", "test", "acme.toml"]).code, 2, "{mistake}");
    }
}

#[test]
fn two_rules_with_one_id_are_an_error() {
    let rule =
        &SOUND[SOUND.find("[[rule]]").expect("it has a rule")..SOUND.find("[[rotation]]").expect("it has a runbook")];
    let (_, output) = scan_with(&spoiled("[[rotation]]", &format!("{rule}[[rotation]]")));
    assert!(output.assert_code(2).err().contains("two rules with this id"));
}

#[test]
fn a_missing_or_empty_source_of_rules_is_an_error() {
    let sandbox = Sandbox::with("src/a.env", "x");
    sandbox.folder("empty").file("text/readme.md", "x").file("latin1.toml", b"name = '\xff'");
    for rules in ["missing.toml", "empty", "text", "latin1.toml"] {
        let output = sandbox.run(["scan", "--rules", rules, "src"]).assert_code(2);
        assert!(output.err().contains(rules), "{rules}: {}", output.err());
    }
}

/// The engine takes time linear in the text, whatever the pattern: what is catastrophic elsewhere just ends.
#[test]
fn a_pattern_that_is_catastrophic_elsewhere_ends() {
    let pattern = spoiled(r"regex = '''\b(acme_[a-z0-9]{20})\b'''", "regex = '''(acme_(?:(?:a|aa){1,30}){1,30}!)'''");
    let pattern = pattern.replacen("t = {secret}", "t = acme_aaa!", 1).replacen("t = {short}", "t = acme_", 1);
    let sandbox = Sandbox::with("acme.toml", pattern);
    sandbox.file("src/a.txt", "acme_".to_owned() + &"a".repeat(50_000) + &" acme_aaaaaaaaaaaaaaaa".repeat(200));
    let _ = sandbox.run(["scan", "--rules", "acme.toml", "src"]).assert_code(0);
}

#[test]
fn examples_that_do_not_behave_are_named_missing_and_noisy() {
    let rules = spoiled("hit = [\"t = {secret}\"]", "hit = [\"t = {secret}\", \"t = acme_no\"]");
    let rules = rules.replacen("miss = [\"t = {short}\"]", "miss = [\"t = {short}\", \"u = {secret}\"]", 1);
    let sandbox = Sandbox::with("acme.toml", rules);
    let output = sandbox.run(["rules", "test", "acme.toml"]).assert_code(1);
    let out = output.out();
    assert!(
        out.contains("Missing  acme-token: \"t = acme_no\"") && out.contains("Noisy  acme-token: \"u = {secret}\""),
        "{out}"
    );
    assert!(out.ends_with("1 rules, 4 examples, 2 failed\n"), "{out}");
}
