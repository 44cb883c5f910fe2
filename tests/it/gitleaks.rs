//! What people bring along from gitleaks: configurations, `.gitleaksignore`, reports as baselines, and what is made of them.
//! That the same is found as by the real program is in `gitleaks_same.rs`.

use crate::support::gitcli::Git;
use crate::support::{Output, Sandbox};

/// A sound configuration.
const CONFIG: &str = "\
title = 'acme'

[[rules]]
id = 'acme'
description = 'Acme token.'
regex = '''acme_[a-z]{12}'''
keywords = ['acme_']

[[allowlists]]
description = 'made for tests'
paths = ['''^test/''']
";

const TOKEN: &str = "k = acme_qwertzuiopas\n";

fn sandbox(config: &str) -> Sandbox {
    let sandbox = Sandbox::with(".gitleaks.toml", config);
    sandbox.file("src/a.txt", TOKEN).file("test/a.txt", TOKEN);
    sandbox
}

fn scan(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.run(["scan", "--config", ".gitleaks.toml", "--format", "json", "."].iter().chain(args))
}

/// Path, line and rule of every finding.
fn found(output: &Output) -> Vec<(String, u64, String)> {
    output.json().findings.into_iter().map(|f| (f.path, f.line, f.rule)).collect()
}

fn at(path: &str, line: u64, rule: &str) -> (String, u64, String) {
    (path.into(), line, rule.into())
}

#[test]
fn a_configuration_is_used_as_it_is() {
    let sandbox = sandbox(CONFIG);
    let output = scan(&sandbox, &[]);
    assert_eq!(found(&output), [at("src/a.txt", 1, "acme")]);
    assert_eq!((output.code, output.err().as_str()), (1, ""));
    // No rule of ours is used unless it says so.
    sandbox.file("src/b.txt", crate::support::secrets::github(1));
    assert_eq!(found(&scan(&sandbox, &[])).len(), 1);
    sandbox.file(".gitleaks.toml", format!("{CONFIG}\n[extend]\nuseDefault = true\ndisabledRules = ['no-such']\n"));
    let output = scan(&sandbox, &[]);
    assert_eq!(found(&output), [at("src/a.txt", 1, "acme"), at("src/b.txt", 1, "github-pat-classic")]);
    assert!(output.err().contains("rules of cleansweep stand in for those of gitleaks"), "{}", output.err());
    assert!(output.err().contains("`no-such` is switched off, but cleansweep has no rule"), "{}", output.err());
    assert_eq!(scan(&sandbox, &["--quiet"]).err(), "");
}

#[test]
fn our_own_rule_is_switched_off_and_allowed_by_its_id() {
    let sandbox = Sandbox::with("src/b.txt", crate::support::secrets::github(1));
    let with = |config: &str| {
        sandbox.file(".gitleaks.toml", format!("[extend]\nuseDefault = true\n{config}"));
        found(&scan(&sandbox, &[])).len()
    };
    assert_eq!(with(""), 1);
    assert_eq!(with("disabledRules = ['github-pat-classic']"), 0);
    assert_eq!(with("[[rules]]\nid = 'github-pat-classic'\n[[rules.allowlists]]\npaths = ['^src/']"), 0);
    assert_eq!(with("[[rules]]\nid = 'github-pat'\n[[rules.allowlists]]\npaths = ['^src/']"), 1, "none of ours");
    assert_eq!(with("[[allowlists]]\ntargetRules = ['github-pat-classic']\nstopwords = ['GHP_']"), 0);
}

/// What is wrong, the configuration, and what the message must say.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    ("an unknown key", "[[rules]]\nid = 'a'\nregx = 'x'\n", &[".gitleaks.toml:3", "unknown field `regx`"]),
    ("an unknown table", "[[rule]]\nid = 'a'\n[[rules]]\n", &[".gitleaks.toml:1", "unknown field `rule`"]),
    ("an unknown key of a list", "[[allowlists]]\npath = ['x']\n", &[":2", "unknown field `path`"]),
    ("an old version's key", "[[rules]]\nid = 'a'\nfile = 'x'\n", &[":3", "unknown field `file`"]),
    ("a key in two spellings", "[[rules]]\nid = 'a'\nregex = 'x'\nRegex = 'y'\n", &["`regex` is there twice"]),
    ("no TOML", "[[rules]\n", &[".gitleaks.toml:1"]),
    ("a rule without id", "\n[[rules]]\nregex = 'x'\n", &[":2", "without an `id`"]),
    ("a rule that looks for nothing", "[[rules]]\nid = 'a'\n", &[":1", "`a` has neither `regex` nor `path`"]),
    ("no such group", "[[rules]]\nid = 'a'\nregex = '(x)'\nsecretGroup = 2\n", &[":1", "`regex` has 1 groups"]),
    ("an empty list", "[[rules]]\nid = 'a'\nregex = 'x'\n[[rules.allowlists]]\n", &[":4", "an allowlist without"]),
    ("a list for everything", "[[allowlists]]\nregexes = ['']\n", &["an empty text, which would cover everything"]),
    ("an unknown condition", "[[allowlists]]\npaths = ['x']\ncondition = 'XOR'\n", &["neither `AND` nor `OR`"]),
    ("an unknown target", "[[allowlists]]\npaths = ['x']\nregexTarget = 'file'\n", &["`regexTarget` is none of"]),
    (
        "both forms of lists",
        "[allowlist]\npaths = ['x']\n[[allowlists]]\npaths = ['x']\n",
        &[":1", "cannot stand beside it"],
    ),
    (
        "targets in a rule",
        "[[rules]]\nid = 'a'\nregex = 'x'\n[[rules.allowlists]]\npaths = ['x']\ntargetRules = ['a']\n",
        &[":4", "belong to no rule"],
    ),
    (
        "an unknown target rule",
        "[[rules]]\nid = 'a'\nregex = 'x'\n[[allowlists]]\npaths = ['x']\ntargetRules = ['b']\n",
        &[":4", "names `b`, and there is no such rule"],
    ),
    ("no rules at all", "[allowlist]\npaths = ['x']\n", &["nothing could be found"]),
    ("two bases", "[extend]\nuseDefault = true\npath = 'x.toml'\n", &[":1", "exclude each other"]),
    ("a base that is not there", "[extend]\npath = 'x.toml'\n", &[":1", "`extend.path`: x.toml"]),
    ("a base outside", "[extend]\npath = '/etc/passwd'\n", &[":1", "leads out of the folder"]),
    ("a base above", "[extend]\npath = '../outside.toml'\n", &[":1", "leads out of the folder"]),
    ("a base that is a folder", "[extend]\npath = 'src'\n", &[":1", "no regular file"]),
    ("itself as base", "[extend]\npath = '.gitleaks.toml'\n", &["leads back"]),
    ("another that leads back", "[extend]\npath = 'circle.toml'\n", &["leads back"]),
    ("a value of the wrong kind", "[[rules]]\nid = 'a'\nregex = 'x'\nentropy = \"hush\"\n", &[":4", "invalid type"]),
];

#[test]
fn every_mistake_is_an_error_with_its_place_and_quotes_no_value() {
    for (mistake, config, said) in MISTAKES {
        let sandbox = Sandbox::new();
        let outer = sandbox.work().parent().expect("the sandbox").join("outside.toml");
        std::fs::write(outer, CONFIG).expect("a file can be written");
        sandbox.file("c/.gitleaks.toml", config).file("c/src/a.txt", TOKEN);
        sandbox.file("c/circle.toml", "[extend]\npath = '.gitleaks.toml'\n");
        let output = sandbox.run(["scan", "--config", "c/.gitleaks.toml", "c/src"]);
        let err = output.err();
        assert_eq!((output.code, output.out().as_str()), (2, ""), "{mistake}: {err}");
        for words in *said {
            assert!(err.contains(words), "{mistake}: {err:?} does not say {words:?}");
        }
        assert!(!err.contains("internal error") && !err.contains("hush"), "{mistake}: {err}");
        assert_eq!(sandbox.run(["rules", "import", "c/.gitleaks.toml"]).out(), "", "{mistake}");
    }
}

#[test]
fn a_link_out_of_the_folder_is_not_followed() {
    let sandbox = Sandbox::with("secret.toml", CONFIG);
    sandbox.file("c/.gitleaks.toml", "[extend]\npath = 'base.toml'\n").link("c/base.toml", "../secret.toml");
    let output = sandbox.run(["scan", "--config", "c/.gitleaks.toml", "c"]).assert_code(2);
    assert!(output.err().contains("leads out of the folder"), "{}", output.err());
}

#[test]
fn a_rule_that_cannot_be_used_makes_the_scan_incomplete() {
    let patterns = [
        ("(?=acme_)[a-z]+", "look-ahead"),
        (r"(a)\1", "reference to a group"),
        ("((x{1000}){1000}){1000}", "program of more than"),
        ("[[:alpha:]", "without `]`"),
    ];
    for (pattern, said) in patterns {
        let bad = format!("[[rules]]\nid = 'bad'\nregex = '''{pattern}'''\n");
        let sandbox = sandbox(&format!("{CONFIG}{bad}"));
        let output = scan(&sandbox, &[]);
        assert_eq!((output.code, found(&output).len()), (1, 1), "{pattern}");
        let skipped = output.json().skipped();
        assert_eq!(skipped, [(".gitleaks.toml:12".to_owned(), "unsupported".to_owned())], "{pattern}");
        let ledger = output.json().summary()["skipped"][0]["detail"].to_string();
        assert!(ledger.contains("rule `bad` is not used: `regex`") && ledger.contains(said), "{ledger}");
        sandbox.file("src/a.txt", "nothing");
        let _ = scan(&sandbox, &[]).assert_code(3);
    }
}

/// An allowlist that is not understood allows nothing.
#[test]
fn a_list_that_cannot_be_used_hides_nothing() {
    let sandbox = sandbox(&format!("{CONFIG}[[allowlists]]\npaths = ['''^src/''', '''(?!x)''']\n"));
    let output = scan(&sandbox, &[]).assert_code(1);
    assert!(output.err().contains(".gitleaks.toml:12: this allowlist is not applied"), "{}", output.err());
}

/// What is allowed is not gone: where another rule finds it too, it is told, and a path beside an allowed one is.
#[test]
fn what_is_allowed_for_one_rule_is_found_by_another() {
    let rules = "[[rules]]\nid = 'long'\nregex = '''k = acme_[a-z]{12}'''\n[[rules.allowlists]]\npaths = ['a.txt']\n";
    let sandbox = sandbox(&format!("{CONFIG}{rules}"));
    assert_eq!(found(&scan(&sandbox, &[])), [at("src/a.txt", 1, "acme")]);
}

#[test]
fn more_than_a_hundred_allowed_places_hide_no_open_one() {
    let list = "[[allowlists]]\nregexTarget = 'line'\nregexes = ['# fine']\n";
    let sandbox = sandbox(&format!("{CONFIG}{list}"));
    let line = TOKEN.trim_end();
    sandbox.file("src/a.txt", format!("{}{line}\n", format!("{line} # fine\n").repeat(150)));
    assert_eq!(found(&scan(&sandbox, &[])), [at("src/a.txt", 151, "acme")]);
}

#[test]
fn hostile_configurations_are_turned_away_or_bounded() {
    let long = format!("[[rules]]\nid = 'a'\nregex = '''{}'''\n", "a?".repeat(1_500_000));
    let deep = format!("[[rules]]\nid = 'a'\nregex = '''{}'''\n", "(".repeat(200_000));
    let nested = format!("x = {}\n[[rules]]\n", "[".repeat(100_000));
    let huge = format!("{CONFIG}# {}\n", "x".repeat(10 << 20));
    let cases: &[(&str, String, i32)] = &[
        ("a long pattern", long, 3),
        ("a deep pattern", deep, 3),
        ("a deep value", nested, 2),
        ("10 MB", huge, 2),
        ("many rules", (0..3000).map(|n| format!("[[rules]]\nid = '{n}'\nregex = 'a{n}[b]'\n")).collect(), 0),
        ("NUL", CONFIG.replace("['acme_']", "[\"acme_\\u0000\"]"), 0),
        ("a byte order mark", format!("\u{feff}{CONFIG}"), 1),
        ("CRLF", CONFIG.replace('\n', "\r\n"), 1),
    ];
    for (what, config, code) in cases {
        let output = scan(&sandbox(config), &[]);
        assert_eq!(output.code, *code, "{what}: {}", output.err());
        assert!(!output.err().contains("internal error"), "{what}");
    }
    let sandbox = Sandbox::with("a.txt", TOKEN);
    sandbox.file("latin1.gitleaks.toml", b"title = '\xff'\n[[rules]]\n").file("rules.toml", "[provider]\nid = 'x'\n");
    let cases = [
        ("missing.toml", "no such file"),
        ("latin1.gitleaks.toml", "no text in UTF-8"),
        ("rules.toml", "unknown field"),
        (".", "not a regular file"),
        ("/dev/zero", "not a regular file"),
    ];
    for (name, said) in cases {
        let output = sandbox.run(["scan", "--config", name, "a.txt"]).assert_code(2);
        assert!(output.err().contains(said), "{name}: {}", output.err());
    }
}

/// A pattern that matches everywhere must not fill the memory, and what is not kept is said.
#[test]
fn a_pattern_that_matches_everywhere_is_bounded() {
    let sandbox =
        Sandbox::with(".gitleaks.toml", "[[rules]]\nid = 'a'\nregex = '.'\n[[rules]]\nid = 'b'\nregex = 'x*'\n");
    sandbox.file("a.txt", "abcdefgh\n".repeat(200_000));
    let output = sandbox.run(["scan", "--config", ".gitleaks.toml", "--format", "json", "a.txt"]).assert_code(1);
    assert!(output.json().skipped().contains(&("a.txt".to_owned(), "truncated".to_owned())));
}

#[test]
fn large_files_are_searched_in_pieces_as_if_in_one() {
    let sandbox = Sandbox::with(".gitleaks.toml", CONFIG);
    let filler = "nothing to see in this line\n".repeat(100_000);
    sandbox.file("large.txt", format!("{filler}{TOKEN}{filler}{TOKEN}{filler}"));
    let expected = [at("large.txt", 100_001, "acme"), at("large.txt", 200_002, "acme")];
    assert_eq!(found(&scan(&sandbox, &[])), expected);
    let stdin =
        sandbox.command(["scan", "--config", ".gitleaks.toml", "-f", "json", "-"]).stdin(sandbox.read("large.txt"));
    let report = stdin.run().json();
    assert_eq!((report.findings.len(), report.findings[0].more), (1, 1), "of a stream each secret is told once");
}

#[test]
fn ignored_lines_and_old_reports_are_let_be() {
    let sandbox = sandbox(CONFIG);
    sandbox.file("src/b.txt", format!("\n{TOKEN}"));
    let ignore = |text: &str| {
        sandbox.file("ignore", text);
        let output = scan(&sandbox, &["--gitleaks-ignore", "ignore"]);
        (found(&output).into_iter().map(|(path, ..)| path).collect::<Vec<_>>(), output.err())
    };
    assert_eq!(ignore("src/a.txt:acme:1\n"), (vec!["src/b.txt".to_owned()], String::new()));
    let (left, err) = ignore("src/a.txt:acme:2\nsrc/a.txt:other:1\n\nnonsense\n");
    assert_eq!(left, ["src/a.txt", "src/b.txt"]);
    for said in
        ["ignore:1: src/a.txt:acme:2 matches nothing", "ignore:2: src/a.txt:other:1 matches", "ignore:4: neither"]
    {
        assert!(err.contains(said), "{err:?} does not say {said:?}");
    }
    // That beside the configuration is read unasked; one that is scanned is not.
    sandbox.file(".gitleaksignore", "src/b.txt:acme:2\n");
    assert_eq!(found(&scan(&sandbox, &[])), [at("src/a.txt", 1, "acme")]);
    let other = Sandbox::with("conf/gitleaks.toml", CONFIG);
    other.file("tree/.gitleaksignore", "a.txt:acme:1\n").file("tree/a.txt", TOKEN);
    let _ = other.run(["scan", "--config", "conf/gitleaks.toml", "tree"]).assert_code(1);

    let value = TOKEN.trim_end().trim_start_matches("k = ");
    let report = |secret: &str| {
        let report =
            format!(r#"[{{"RuleID":"acme","File":"src/a.txt","StartLine":1,"Commit":"","Secret":"{secret}"}}]"#);
        sandbox.file("before.json", report);
        let output = scan(&sandbox, &["--exclude", "before.json", "--gitleaks-baseline", "before.json"]);
        assert!(!output.err().contains(secret), "{}", output.err());
        output.code
    };
    assert_eq!((report(value), report("REDACTED"), report("acme_another")), (0, 0, 1));
    sandbox.file("before.json", "{\"hush\": 1}");
    let output = scan(&sandbox, &["--gitleaks-baseline", "before.json"]).assert_code(2);
    assert!(
        output.err().contains("no report of gitleaks in JSON") && !output.err().contains("hush"),
        "{}",
        output.err()
    );
}

#[test]
fn without_a_configuration_old_findings_are_known_by_their_place() {
    let sandbox = Sandbox::with("src/b.txt", crate::support::secrets::github(1));
    sandbox.file("ignore", "src/b.txt:github-pat:1\n");
    let _ = sandbox.run(["scan", "."]).assert_code(1);
    let _ = sandbox.run(["scan", "--gitleaks-ignore", "ignore", "."]).assert_code(0);
}

/// A rule for some paths is for no message, and for a content of which nobody knows the path.
#[test]
fn a_rule_for_paths_in_a_history() {
    let sandbox = Sandbox::with("c.gitleaks.toml", format!("{CONFIG}[[rules]]\nid = 'key'\npath = '''^keys/'''\n"));
    sandbox.file("p.gitleaks.toml", CONFIG.replacen("keywords", "path = '[.]env$'\nkeywords", 1));
    let git = Git::init(&sandbox, "repo", &[]);
    git.commit(&[("a.txt", TOKEN), ("keys/one", "x"), ("keys/two", "x")], TOKEN);
    git.remove(&["keys/one", "keys/two"]);
    git.write("loose", format!("dangling {TOKEN}"));
    git.run(&["hash-object", "-w", "loose"]);
    std::fs::remove_file(git.path("loose")).expect("it was written");
    // The kind of every place, with the path where it is told from others by that.
    let places = |config: &str, more: &[&str]| {
        let report = sandbox.scan(&[&["--history-only", "--config", config, "repo"], more].concat());
        let mut places = Vec::new();
        for finding in report.json["findings"].as_array().expect("findings") {
            // The repository's own files, its log among them, are no history.
            for exposure in finding["history"]["exposures"].as_array().into_iter().flatten() {
                let (source, path) = (exposure["source"].as_str(), exposure["path"].as_str());
                let (source, path) = (source.expect("a source"), path.expect("a path"));
                places.push(if source == "history-name" { path.to_owned() } else { source.to_owned() });
            }
        }
        places.sort();
        places
    };
    assert_eq!(places("c.gitleaks.toml", &[]), ["blob", "commit", "history", "keys/one", "keys/two"]);
    // Told from what each commit changed, it is the same, but for what no commit leads to.
    assert_eq!(places("c.gitleaks.toml", &["--reachable-only"]), ["commit", "history", "keys/one", "keys/two"]);
    assert_eq!(places("p.gitleaks.toml", &[]), ["blob"], "only the content without a path");
}

#[test]
fn imported_rules_are_taken_and_find_the_same() {
    let sandbox = sandbox(CONFIG);
    sandbox.file("src/b.txt", TOKEN);
    let output = sandbox.run(["rules", "import", ".gitleaks.toml", "-o", "rules/mine"]).assert_code(3);
    assert!(output.err().contains(".gitleaks.toml:9: an allowlist"), "{}", output.err());
    let written = sandbox.read("rules/mine/custom.toml");
    let printed = sandbox.run(["rules", "import", ".gitleaks.toml"]).assert_code(3);
    assert_eq!(String::from_utf8_lossy(&written), printed.out(), "the same, wherever it is written to");
    let tested = sandbox.run(["rules", "test", "rules/mine"]).assert_code(0);
    assert_eq!(tested.out(), "1 rules, 2 examples, 0 failed\n");
    let report = sandbox.scan(&["--rules", "rules/mine", "--no-default-rules", "src"]);
    let found: Vec<String> = report.findings.iter().map(|f| format!("{} {}", f.path, f.rule)).collect();
    assert_eq!(found, ["a.txt acme", "b.txt acme"]);
    let again = sandbox.run(["rules", "import", ".gitleaks.toml", "-o", "rules/mine"]).assert_code(2);
    assert!(again.err().contains("it is there already"), "{}", again.err());
    assert_eq!(sandbox.read("rules/mine/custom.toml"), written);
}

/// What cannot be said in our form, and what of it is said.
const LOST: &[(&str, &str, i32)] = &[
    ("[[rules]]\nid = 'a'\nregex = '[a-f0-9]{32}'\nkeywords = ['acme']\n", "no literal of 3 bytes", 2),
    ("[[rules]]\nid = 'a'\npath = 'x'\n", "paths alone", 2),
    ("[[rules]]\nid = 'a'\nregex = 'acme_(?=x)'\n", "look-ahead", 2),
    ("[[rules]]\nid = 'a'\nregex = 'acme_[0-9]{9}'\npath = 'x'\n", "without its `path`", 3),
    ("[[rules]]\nid = 'a'\nregex = 'acme_[0-9]{9}'\nkeywords = ['zenith']\n", "without its `keywords`", 3),
    ("[[rules]]\nid = 'a'\nregex = 'acme_.*[0-9]{9}'\n", "up to 4096 bytes", 3),
    ("[[rules]]\nid = 'My Rule'\nregex = 'acme_[a-z]{9}'\n", "written as `my-rule`", 3),
    ("[extend]\nuseDefault = true\n[[rules]]\nid = 'a'\nregex = 'acme_[a-z]{9}'\n", "`useDefault` is not written", 3),
    ("[[rules]]\nid = 'a'\nregex = 'acme_([a-z]{9})'\nsecretGroup = 1\nentropy = 1.5\n", "", 0),
];

#[test]
fn what_is_lost_in_an_import_is_listed() {
    for (config, said, code) in LOST {
        let sandbox = Sandbox::with("gitleaks.toml", config);
        let output = sandbox.run(["rules", "import", "gitleaks.toml", "-o", "rules"]);
        assert_eq!(output.code, *code, "{config}: {}", output.err());
        assert!(
            output.err().contains(said) && said.is_empty() == output.err().is_empty(),
            "{config}: {}",
            output.err()
        );
        assert_eq!(sandbox.path("rules/custom.toml").exists(), *code != 2, "{config}");
        if *code != 2 {
            let _ = sandbox.run(["rules", "test", "rules"]).assert_code(0);
        }
    }
}
