//! Names of findings and credentials: stable where they must be, private where they have to be.

use crate::support::secrets::github;
use crate::support::{Finding, Sandbox, sample};

/// Few bits, so that a hash of it without a key could be turned round by trying.
fn weak() -> String {
    ["otter", "7", "7"].concat()
}

fn config(secret: &str) -> String {
    format!("[db]\npassword = \"{secret}\"\n")
}

#[test]
fn a_fingerprint_survives_an_inserted_line_and_a_second_run() {
    let token = github(1);
    let sandbox = Sandbox::with("src/app.py", format!("a = 1\nTOKEN = '{token}'\n"));
    let before = sandbox.scan(&[]).one().clone();
    let again = sandbox.scan(&[]).one().clone();
    assert_eq!(before, again);
    sandbox.file("src/app.py", format!("import os\n\n\na = 1\nb = 2; TOKEN = '{token}'\n"));
    let after = sandbox.scan(&[]).one().clone();
    assert_ne!(before.start(), after.start());
    assert_eq!((before.fingerprint, before.credential), (after.fingerprint, after.credential));
}

#[test]
fn a_fingerprint_is_the_same_on_another_machine() {
    let sandboxes = [1, 2].map(|_| Sandbox::with("app/.env", format!("TOKEN={}\n", github(1))));
    let [one, two] = sandboxes.map(|sandbox| sandbox.scan(&[]).one().clone());
    assert_eq!((one.fingerprint, one.credential), (two.fingerprint, two.credential));
}

#[test]
fn a_fingerprint_does_not_depend_on_where_the_scan_began_in_a_repository() {
    let sandbox = Sandbox::with("app/.env", format!("TOKEN={}\n", github(1)));
    let _ = crate::support::git::Repository::init(&sandbox.work());
    let names = ["app", ".", "app/.env"].map(|root| sandbox.scan(&[root]).one().fingerprint.clone());
    assert_eq!(names[0], names[1]);
    assert_eq!(names[1], names[2]);
}

#[test]
fn one_secret_in_two_files_is_one_credential_with_two_fingerprints() {
    let token = github(1);
    let sandbox = Sandbox::with("a.env", format!("TOKEN={token}\n"));
    sandbox.file("b.env", format!("OTHER={token}\n")).file("c.env", format!("TOKEN={}\n", github(2)));
    let report = sandbox.scan(&[]);
    let [a, b, c] = &report.findings[..] else { panic!("three findings: {:#?}", report.places()) };
    assert_eq!(a.credential, b.credential);
    assert_ne!(a.fingerprint, b.fingerprint);
    assert_ne!(a.credential, c.credential);
    assert_eq!(report.summary()["credentials"], 2);
}

#[test]
fn a_second_occurrence_has_a_name_of_its_own_that_outlives_the_lines_between() {
    let token = github(1);
    let sandbox = Sandbox::with("a.env", format!("A={token}\nB={token}\n"));
    let names = |sandbox: &Sandbox| -> Vec<String> {
        sandbox.scan(&[]).findings.iter().map(|f| f.fingerprint.clone()).collect()
    };
    let before = names(&sandbox);
    assert_ne!(before[0], before[1]);
    sandbox.file("a.env", format!("\n\nA={token}\nX=1\nB={token}\n"));
    assert_eq!(before, names(&sandbox));
}

fn named(sandbox: &Sandbox, args: &[&str]) -> Finding {
    sandbox.scan(args).one().clone()
}

#[test]
fn a_guessable_secret_has_another_name_for_everybody_else() {
    let mine = Sandbox::with("a.toml", config(&weak()));
    let theirs = Sandbox::with("a.toml", config(&weak()));
    let first = named(&mine, &[]);
    assert_eq!(first, named(&mine, &[]), "the private key is kept");
    let other = named(&theirs, &[]);
    assert_ne!(first.credential, other.credential);
    assert_ne!(first.fingerprint, other.fingerprint);

    let elsewhere = mine.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder can be made");
    let moved = mine.command(["scan", "--format", "json"]).home(&elsewhere).run().json().one().clone();
    assert_ne!(first.credential, moved.credential);
}

#[test]
fn a_team_shares_names_by_sharing_a_key() {
    let mine = Sandbox::with("a.toml", config(&weak()));
    let theirs = Sandbox::with("a.toml", config(&weak()));
    let key = ["--fingerprint-key", "team"];
    assert_eq!(named(&mine, &key), named(&theirs, &key));
    assert_ne!(named(&mine, &key).credential, named(&mine, &["--fingerprint-key", "guild"]).credential);
    let given = mine.command(["scan", "--format", "json"]).env("CLEANSWEEP_FINGERPRINT_KEY", "team").run().json();
    assert_eq!(given.one(), &named(&mine, &key));
    // With a key of the team's own, what nobody could guess is named with it too.
    let tokens = Sandbox::with("a.env", format!("TOKEN={}\n", github(1)));
    assert_ne!(named(&tokens, &key).credential, named(&tokens, &[]).credential);
}

#[test]
fn a_home_that_cannot_be_written_is_no_reason_to_fail() {
    let sandbox = Sandbox::with("a.toml", config(&sample("generic-password", 1)));
    let nowhere = sandbox.path("a.toml");
    let report = sandbox.command(["scan", "--format", "json"]).home(&nowhere).run().assert_code(1).json();
    assert_eq!(report.findings.len(), 1);
}

#[cfg(unix)]
#[test]
fn the_private_key_can_be_read_by_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::with("a.toml", config(&weak()));
    let _ = named(&sandbox, &[]);
    let key = sandbox.home().join(".local/state/cleansweep/fingerprint.key");
    let meta = std::fs::metadata(key).expect("the key is kept in the state folder");
    assert_eq!((meta.permissions().mode() & 0o777, meta.len()), (0o600, 32));
}
