//! Rotations: the plan has each credential once and in order, the ledger makes a credential rotated wherever it is and on every
//! machine, and raw secrets are written only into the replacement file, and only if asked.

use serde_json::Value;

use crate::support::gitcli::Git;
use crate::support::secrets::github;
use crate::support::{Output, Sandbox, sample};

const LEDGER: &str = "rotations.toml";

fn password(seed: u64) -> String {
    sample("generic-password", seed)
}

/// A token at two places and a password.
fn tree() -> Sandbox {
    let sandbox = Sandbox::with("a.toml", format!("token = \"{}\"\npassword = \"{}\"\n", github(1), password(1)));
    sandbox.file("b.env", format!("TOKEN={}\n", github(1)));
    sandbox
}

/// A repository whose history has a token that is gone and one that is not.
fn repository(sandbox: &Sandbox) -> Git<'_> {
    let git = Git::started(sandbox);
    git.commit(&[("old.env", &format!("TOKEN={}\n", github(1)))], "one");
    git.remove(&["old.env"]);
    git.commit(&[("new.env", &format!("TOKEN={}\n", github(2)))], "two");
    git
}

/// The credentials of a plan, in its order.
fn planned(output: &Output) -> Vec<Value> {
    let plan: Value = serde_json::from_slice(&output.stdout).expect("a plan is JSON");
    plan["credentials"].as_array().expect("a plan has credentials").clone()
}

fn id(credential: &Value) -> String {
    credential["credential_id"].as_str().expect("a credential has a name").to_owned()
}

fn done(sandbox: &Sandbox, name: &str, more: &[&str]) -> Output {
    sandbox.run([&["rotate", "done", name, "--by", "Ada", "--evidence", "it is refused"], more].concat())
}

fn ids(sandbox: &Sandbox) -> Vec<String> {
    planned(&sandbox.run(["rotate", "plan", "-f", "json"])).iter().map(id).collect()
}

fn text(sandbox: &Sandbox) -> String {
    String::from_utf8(sandbox.read(LEDGER)).expect("a ledger is a text")
}

fn kinds(output: &Output) -> Vec<String> {
    let report = output.json();
    let notes = report.summary()["notes"].as_array().expect("the summary has notes");
    notes.iter().map(|note| note["kind"].as_str().expect("a note has a kind").to_owned()).collect()
}

#[test]
fn a_plan_has_each_credential_once_and_the_most_urgent_first() {
    let sandbox = tree();
    let output = sandbox.run(["rotate", "plan", "--format", "json"]).assert_code(1);
    let credentials = planned(&output);
    let rules: Vec<&str> = credentials.iter().filter_map(|c| c["rule"].as_str()).collect();
    assert_eq!(rules, ["github-pat-classic", "generic-password"]);
    assert_eq!(credentials[0]["places"].as_array().map(Vec::len), Some(2));
    let list = sandbox.run(["rotate", "plan"]).assert_code(1).out();
    assert!(list.contains("**2 credentials to rotate, 0 done.**"), "{list}");
    assert!(list.contains("- [ ] **Proof that it is dead.**") && list.contains("`b.env:1:7`"), "{list}");
    for text in [list, output.out()] {
        assert!(!text.contains(&github(1)) && !text.contains(&password(1)), "{text}");
    }
    let _ = sandbox.run(["rotate", "plan", "-o", "plan.md"]).assert_code(1);
    assert!(sandbox.read("plan.md").starts_with(b"# Rotation plan\n"));
    let _ = Sandbox::with("a", "nothing\n").run(["rotate", "plan"]).assert_code(0);
}

#[test]
fn what_is_rotated_stays_listed_and_fails_no_longer() {
    let sandbox = tree();
    let names = ids(&sandbox);
    let told = done(&sandbox, &names[0], &[]).assert_code(0).out();
    assert!(told.contains("it is at 2 places"), "{told}");
    let output = sandbox.run(["scan", "-f", "json"]).assert_code(1);
    let report = output.json();
    assert_eq!(report.one().rule, "generic-password");
    assert_eq!(report.summary()["silenced"]["rotated"], 2);
    assert_eq!(report.json["silenced"][0]["silenced"]["by"], "ledger");
    assert_eq!(ids(&sandbox), names[1..]);

    let _ = done(&sandbox, &names[1][..8], &["--note", "of the demo", "--date", "2026-01-31"]).assert_code(0);
    let shown = sandbox.run(["scan"]).assert_code(0).out();
    assert!(shown.contains("Rotated: 2 secrets in 3 places (rotations.toml)."), "{shown}");
    assert!(shown.contains("rotated on 2026-01-31 by Ada: it is refused (rotations.toml:"), "{shown}");
    let plan = sandbox.run(["rotate", "plan"]).assert_code(0).out();
    assert!(plan.contains("Nothing is left to rotate; 2 done.") && plan.matches("- [x] ").count() == 2, "{plan}");
    for format in ["json", "jsonl", "sarif", "github", "junit", "csv", "markdown", "text"] {
        let output = sandbox.run(["scan", "-f", format, "--sarif-profile", "full"]).assert_code(0).out();
        assert!(format == "github" || output.contains("otated"), "{format}: {output}");
        assert!(!output.contains(&github(1)) && !output.contains(&password(1)), "{format}: {output}");
    }
    let ledger = text(&sandbox);
    assert!(!ledger.contains(&github(1)[4..16]) && !ledger.contains(&password(1)), "{ledger}");
    let low = sandbox.scan(&["--confidence", "low"]);
    assert!(low.of(LEDGER).is_empty(), "{:?}", low.places());
}

#[test]
fn it_means_the_same_on_every_machine_and_at_every_place() {
    let sandbox = tree();
    for name in ids(&sandbox) {
        let _ = done(&sandbox, &name, &[]).assert_code(0);
    }
    let elsewhere = sandbox.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder can be made");
    let _ = sandbox.command(["scan"]).home(&elsewhere).run().assert_code(0);
    let _ = sandbox.run(["scan", "--fingerprint-key", "team"]).assert_code(0);
    sandbox.file("deep/er/new.toml", format!("x = 1\ntoken = \"{}\"\n", github(1)));
    let _ = sandbox.run(["scan"]).assert_code(0);
    // Another credential at a place of a rotated one is new.
    sandbox.file("b.env", format!("TOKEN={}\n", github(2)));
    assert_eq!(sandbox.scan(&[]).one().path, "b.env");
}

#[test]
fn what_comes_back_after_its_rotation_is_rotated_and_told_of() {
    let sandbox = Sandbox::new();
    let git = repository(&sandbox);
    let plan = sandbox.command(["rotate", "plan", "-f", "json"]).run_in(&git.top).assert_code(1);
    // Both are of 2023.
    let [old, new] = [0, 1].map(|n| planned(&plan)[n].clone());
    assert_eq!((old["exposed"].as_str(), new["exposed"].as_str()), (Some("head"), Some("published")));
    let rotate = |name: &str, date: &str| {
        let args = ["rotate", "done", name, "--by", "Ada", "--evidence", "401", "--date", date];
        let _ = sandbox.command(args).run_in(&git.top).assert_code(0);
    };
    rotate(&id(&old), "2024-01-01");
    let output = sandbox.command(["scan", "-f", "json"]).run_in(&git.top).assert_code(1);
    assert_eq!(kinds(&output), [""; 0]);
    rotate(&id(&new), "2023-01-01");
    let output = sandbox.command(["scan", "-f", "json"]).run_in(&git.top).assert_code(0);
    assert_eq!(kinds(&output), ["used-after-rotation"]);
}

#[test]
fn the_ledger_of_somebody_else_counts_for_nothing() {
    let sandbox = tree();
    for name in ids(&sandbox) {
        let _ = done(&sandbox, &name, &[]).assert_code(0);
    }
    let output = sandbox.run(["scan", "-f", "json", "--untrusted"]).assert_code(1);
    assert_eq!(kinds(&output), ["silence-ignored"]);
    assert_eq!(output.json().findings.len(), 3);
    let _ = sandbox.run(["scan", "--untrusted", "--ledger", LEDGER]).assert_code(0);
    let away = sandbox.home();
    let theirs = sandbox.work();
    let theirs = theirs.to_str().expect("a path is a text");
    let _ = sandbox.command(["scan", theirs]).run_in(&away).assert_code(1);
    let _ = sandbox.command(["scan", "--trusted", theirs]).run_in(&away).assert_code(0);
}

#[test]
fn what_is_rotated_is_not_accepted_besides() {
    let sandbox = tree();
    let _ = done(&sandbox, &ids(&sandbox)[0], &[]).assert_code(0);
    let told = sandbox.run(["baseline", "create", "--reason", "known", "--author", "Ada"]).assert_code(0).out();
    assert!(told.contains("Wrote 1 entry for 1 secret"), "{told}");
    let _ = sandbox.run(["scan"]).assert_code(0);
    // What a baseline has can be rotated.
    let password = sandbox.scan(&["--no-baseline"]).one().credential.clone();
    let _ = done(&sandbox, &password, &[]).assert_code(0);
    assert_eq!(sandbox.scan(&[]).summary()["silenced"]["rotated"], 3);
}

#[test]
fn what_cannot_be_written_down_is_said_and_nothing_is_written() {
    let sandbox = tree();
    let name = ids(&sandbox)[0].clone();
    let secret = format!("tried {}", github(1));
    let args = |name: &str, by: &str, evidence: &str, date: &str| {
        sandbox.run(["rotate", "done", name, "--by", by, "--evidence", evidence, "--date", date]).assert_code(2).err()
    };
    for (error, told) in [
        (args(&"0".repeat(32), "Ada", "401", "2026-01-31"), "has that fingerprint; `cleansweep rotate plan` lists"),
        (args("hunter2", "Ada", "401", "2026-01-31"), "32 hexadecimal digits"),
        (args(&name, " ", "401", "2026-01-31"), "--by is empty"),
        (args(&name, "Ada", "-", "2026-01-31"), "--evidence is empty"),
        (args(&name, "Ada", &secret, "2026-01-31"), "--evidence holds a secret"),
        (args(&name, "Ada", "401", "2026-02-30"), "a day is written YYYY-MM-DD"),
        (args(&name, "Ada", "401", "9999-12-31"), "that day is to come"),
    ] {
        assert!(error.contains(told) && !error.contains(&github(1)), "{error}");
    }
    assert_eq!(sandbox.names(), ["a.toml", "b.env"]);
    let _ = done(&sandbox, &name, &[]).assert_code(0);
    let before = text(&sandbox);
    let error = done(&sandbox, &name, &[]).assert_code(2).err();
    assert!(error.contains("in the ledger already, at rotations.toml:"), "{error}");
    assert_eq!(text(&sandbox), before);
}

#[test]
fn a_ledger_that_cannot_be_understood_is_an_error() {
    let sandbox = tree();
    let name = ids(&sandbox)[0].clone();
    let _ = done(&sandbox, &name, &[]).assert_code(0);
    let good = text(&sandbox);
    for (bad, told) in [
        (good.replace("evidence", "evidance"), "rotations.toml:8: unknown field `evidance`"),
        (format!("{good}{}", &good[good.find("[[").expect("a table")..]), "the credential is there already, at line 3"),
        (format!("<<<<<<< HEAD\n{good}"), "rotations.toml:1: a conflict that git left"),
        (good.replace("date = ", "date = 9999-12-31 # "), "rotations.toml:5: `date` is 9999-12-31"),
    ] {
        sandbox.file(LEDGER, &bad);
        for args in [
            &["scan"][..],
            &["rotate", "plan"],
            &["rotate", "done", &name, "--by", "Ada", "--evidence", "401"],
            &["baseline", "create", "--reason", "known", "--author", "Ada"],
        ] {
            let error = sandbox.run(args).assert_code(2).err();
            assert!(error.contains(told) && !error.contains("hunter2"), "{args:?}: {error}");
        }
        assert_eq!(text(&sandbox), bad);
    }
}

#[test]
fn a_file_of_the_same_name_that_is_somebody_elses_is_told_and_stops_nothing() {
    let sandbox = tree();
    let name = ids(&sandbox)[0].clone();
    for other in [
        "hunter2", "[tyres]\nfront = \"hunter2\"\n", "\u{fffd}[[rotation]]\ndegrees = 90\n",
        "[[rotation]]\ndegrees = 90\n",
    ] {
        sandbox.file(LEDGER, other);
        let shown = sandbox.run(["scan"]).assert_code(1).out();
        assert!(shown.contains("rotations.toml: this file has another form"), "{shown}");
        assert!(shown.contains("(silence-ignored)") && !shown.contains("hunter2"), "{shown}");
        let _ = sandbox.run(["rotate", "plan"]).assert_code(1);
        let checked = sandbox.run(["launch", "report", "--for", "json"]).assert_code(1).out();
        assert!(!checked.contains("hunter2"), "{checked}");
        let written = sandbox.run(["rotate", "done", &name, "--by", "Ada", "--evidence", "401"]).assert_code(2).err();
        assert!(written.contains("rotations.toml:") && !written.contains("hunter2"), "{written}");
        assert_eq!(text(&sandbox), other, "nothing is written into it");
    }
}

#[cfg(unix)]
#[test]
fn a_ledger_that_is_a_link_out_of_the_project_is_not_followed() {
    let sandbox = tree();
    let name = ids(&sandbox)[0].clone();
    let outside = sandbox.home().join("outside.toml");
    std::fs::write(&outside, "# theirs\n").expect("a file can be written");
    sandbox.link(LEDGER, &outside);
    for args in [&["scan"][..], &["rotate", "done", &name, "--by", "Ada", "--evidence", "401"]] {
        let error = sandbox.run(args).assert_code(2).err();
        assert!(error.contains("a link that leads nowhere, or out of"), "{error}");
    }
    assert_eq!(std::fs::read(&outside).expect("it is there"), b"# theirs\n");
}

#[test]
fn raw_secrets_are_written_only_where_and_if_asked() {
    let sandbox = Sandbox::new();
    let git = repository(&sandbox);
    let run = |args: &[&str]| sandbox.command([&["rotate", "purge-file"], args].concat()).run_in(&git.top);
    let file = sandbox.path("replacements.txt");
    let path = file.to_str().expect("a path is a text");
    let error = run(&["-o", path]).assert_code(2).err();
    assert!(error.contains("--reveal is not given") && !file.exists(), "{error}");
    let _ = run(&["--reveal"]).assert_code(2);

    let output = run(&["--reveal", "-o", path]).assert_code(0);
    let lines = std::fs::read_to_string(&file).expect("it is a text");
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    let mut wanted = [1, 2].map(|n| format!("literal:{}==>***REMOVED***", github(n)));
    wanted.sort_unstable();
    assert_eq!(lines, wanted);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    for text in [output.out(), output.err()] {
        assert!(!text.contains(&github(1)) && !text.contains(&github(2)), "{text}");
    }
    assert!(
        output.out().contains("Wrote 2 secrets to ") && output.out().contains("2 of them are open"),
        "{}",
        output.out()
    );

    std::fs::write(&file, "mine\n").expect("a file can be written");
    let error = run(&["--reveal", "-o", path]).assert_code(2).err();
    assert!(error.contains("it is there already"), "{error}");
    assert_eq!(std::fs::read(&file).expect("it is there"), b"mine\n");

    let output = run(&["--reveal", "-o", "-"]).assert_code(0);
    let mut lines: Vec<String> = output.out().lines().map(str::to_owned).collect();
    lines.sort_unstable();
    assert_eq!(lines, wanted);
    assert!(output.err().contains("Wrote 2 secrets to -."), "{}", output.err());

    let error = tree().run(["rotate", "purge-file", "--reveal", "-o", "-"]).assert_code(2).err();
    assert!(error.contains("no history was looked at"), "{error}");
}
