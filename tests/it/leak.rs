//! No secret gets out: a tree with a credential of every rule is scanned in every format, and everything the program
//! wrote is searched for every credential, for pieces of it, and for what it becomes when it is encoded.

use std::collections::BTreeSet;
use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::support::encodings::all_of;
use crate::support::secrets::{github, planted, rules, written};
use crate::support::{Output, Sandbox, sample};

/// A piece of a secret this long must not get out.
const PIECE: usize = 12;

/// Rules whose "secret" is a public identifier, which a report names on purpose: the id of an AWS key tells whose it is and is
/// needed to revoke it.
const SHOWN_ON_PURPOSE: &[&str] = &[
    "aws-access-key-id", "aws-temporary-access-key-id", "discord-webhook-url", "sendgrid-api-key",
    "slack-app-level-token", "slack-bot-token", "slack-user-token", "slack-webhook-url", "tailscale-api-token",
    "tailscale-auth-key", "telegram-bot-token",
];

/// A number of its own for each rule, so that what one shows is no piece of another.
fn seed(id: &str) -> u64 {
    id.bytes().fold(99, |seed, byte| seed * 31 % 1_000_003 + u64::from(byte))
}

/// What stands in the tree for a rule.
fn own(id: &str) -> String {
    sample(id, seed(id))
}

/// Every format a report can have.
const FORMATS: [&str; 8] = ["text", "json", "jsonl", "sarif", "github", "junit", "csv", "markdown"];

/// Those that are made to be passed on, and show no raw secret even to whoever asks for them.
const NEVER_REVEAL: [&str; 5] = ["sarif", "github", "junit", "csv", "markdown"];

/// A credential of every rule, by rule.
fn credentials() -> Vec<(&'static str, String)> {
    written().map(|(_, rule)| (rule.id.as_str(), own(&rule.id))).collect()
}

/// The forms in which a secret would be a leak: itself, pieces of what is not the same for all of its kind, and encodings.
fn forms(rule: &str, secret: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::from([secret.as_bytes().to_vec()]);
    forms.extend(
        [STANDARD.encode(secret), STANDARD_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(secret)]
            .map(String::into_bytes),
    );
    let escaped = serde_json::to_string(secret).expect("a text is JSON");
    forms.insert(escaped.as_bytes()[1..escaped.len() - 1].to_vec());
    if secret.len() >= 20 {
        // What other credentials of the rule have too is no secret: prefixes, headers of keys, addresses.
        let others: Vec<String> = (7001..7012).map(|seed| sample(rule, seed)).collect();
        let told = |piece: &[u8]| others.iter().any(|other| other.as_bytes().windows(PIECE).any(|w| w == piece));
        let anchors = &rules().get(rules().find(rule).expect("the rule exists")).anchors;
        let prefix = anchors.iter().filter(|a| secret.starts_with(*a)).map(String::len).max().unwrap_or_default();
        forms.extend(secret.as_bytes()[prefix..].windows(PIECE).filter(|w| !told(w)).map(<[u8]>::to_vec));
    }
    forms
}

/// Every form of `secrets` that is in `texts`, as rule and text's name.
fn leaks(secrets: &[(&str, String)], texts: &[(String, Vec<u8>)]) -> BTreeSet<(String, String)> {
    let forms: Vec<(&str, Vec<u8>)> =
        secrets.iter().flat_map(|(rule, secret)| forms(rule, secret).into_iter().map(|form| (*rule, form))).collect();
    let automaton = AhoCorasick::new(forms.iter().map(|(_, form)| form)).expect("the forms fit an automaton");
    let mut leaks = BTreeSet::new();
    for (name, text) in texts {
        for found in automaton.find_overlapping_iter(text) {
            leaks.insert((forms[found.pattern().as_usize()].0.to_owned(), name.clone()));
        }
    }
    leaks
}

/// All files below a folder, by their path.
fn files(folder: &Path, out: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            files(&path, out);
        } else {
            out.push((path.display().to_string(), std::fs::read(&path).expect("a file can be read")));
        }
    }
}

fn streams(name: &str, output: Output) -> [(String, Vec<u8>); 2] {
    [(format!("stdout of {name}"), output.stdout), (format!("stderr of {name}"), output.stderr)]
}

/// A tree with every credential, each in the first example of its rule.
fn tree() -> Sandbox {
    let sandbox = Sandbox::new();
    for (_, rule) in written() {
        sandbox.file(format!("src/{}.conf", rule.id), planted(rule, &own(&rule.id)) + "\n");
    }
    sandbox
}

#[test]
fn no_report_holds_a_secret_or_a_piece_of_one() {
    let sandbox = tree();
    let mut texts = Vec::new();
    let mut found = 0;
    for format in FORMATS {
        for explain in [&["--explain"][..], &["--sarif-profile", "full"]] {
            let args = ["scan", "src", "--confidence", "low", "--format", format];
            let output = sandbox.run(args.iter().chain(explain)).assert_code(1);
            if format == "json" {
                found = output.json().findings.len();
            }
            texts.extend(streams(&format!("{format} {explain:?}"), output));
        }
    }
    assert!(found * 10 >= written().count() * 9, "{found} findings: the tree is not what it should be");
    let files_of = |format: &str| ["-f".into(), format.into(), "-o".into(), format!("../tmp/{format}")];
    let reports: Vec<String> = FORMATS.into_iter().flat_map(files_of).collect();
    let args = ["scan", "src", "--confidence", "low", "--explain"].map(str::to_owned);
    let output = sandbox.run(args.iter().chain(&reports)).assert_code(1);
    texts.extend(streams("reports in files", output));
    files(&sandbox.work().join("../tmp"), &mut texts);
    files(&sandbox.home(), &mut texts);
    assert_eq!(
        texts.len(),
        2 * 2 * FORMATS.len() + 2 + FORMATS.len() + 1,
        "every stream and file was searched: {:?}",
        texts.iter().map(|t| &t.0).collect::<Vec<_>>()
    );

    let mut leaks = leaks(&credentials(), &texts);
    leaks.retain(|(rule, _)| !SHOWN_ON_PURPOSE.contains(&rule.as_str()));
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// The test above would pass if it could not see a leak.
#[test]
fn the_search_for_leaks_finds_what_is_revealed() {
    let sandbox = tree();
    let revealed = |format: &str| {
        let args = ["scan", "src", "--confidence", "low", "--reveal", "--format", format];
        let texts = streams(format, sandbox.run(args).assert_code(1));
        leaks(&credentials(), &texts).len()
    };
    for format in ["text", "json", "jsonl"] {
        let rules = revealed(format);
        assert!(rules * 10 >= written().count() * 9, "--reveal shows {rules} credentials in {format}");
    }
}

#[test]
fn what_is_made_to_be_passed_on_never_reveals() {
    let sandbox = tree();
    for format in NEVER_REVEAL {
        let args = ["scan", "src", "--confidence", "low", "--reveal", "--sarif-profile", "full", "--format", format];
        let mut leaks = leaks(&credentials(), &streams(format, sandbox.run(args).assert_code(1)));
        leaks.retain(|(rule, _)| !SHOWN_ON_PURPOSE.contains(&rule.as_str()));
        assert!(leaks.is_empty(), "{leaks:#?}");
    }
}

/// Everything the program writes about `sandbox`, in all formats.
fn everything(sandbox: &Sandbox) -> Vec<(String, Vec<u8>)> {
    let run = |format| streams(format, sandbox.run(["scan", "--explain", "--confidence", "low", "--format", format]));
    FORMATS.into_iter().flat_map(run).collect()
}

#[track_caller]
fn assert_tight(sandbox: &Sandbox, secrets: &[(&str, String)]) {
    let leaks = leaks(secrets, &everything(sandbox));
    assert!(leaks.is_empty(), "{leaks:?}");
}

#[test]
fn two_secrets_close_together_do_not_show_each_other() {
    let (one, two, password) = (github(1), github(2), sample("generic-password", 1));
    let line = format!("auth(\"{one}\", '{two}'); password = \"{password}\"; again = {one}{two}\n");
    let secrets = [("github-pat-classic", one), ("github-pat-classic", two), ("generic-password", password)];
    assert_tight(&Sandbox::with("app.py", line), &secrets);
}

/// What is shown around one secret is cut; a cut through another must not leave a piece of it.
#[test]
fn a_cut_through_a_neighbour_shows_none_of_it() {
    let (one, two) = (github(1), github(2));
    for gap in 0..64 {
        let line = format!("{one}{:gap$} {two}\n", "");
        let secrets = [("github-pat-classic", one.clone()), ("github-pat-classic", two.clone())];
        let sandbox = Sandbox::with("notes", line);
        let output = sandbox.run(["scan", "--format", "json"]);
        let leaks = leaks(&secrets, &streams(&format!("gap {gap}"), output));
        assert!(leaks.is_empty(), "{leaks:#?}");
    }
}

/// The same where the neighbour is in another batch of a stream, or another piece of it.
#[test]
fn a_neighbour_in_the_next_batch_is_not_shown() {
    const BATCH: usize = 2 << 20;
    let (one, two) = (github(1), github(2));
    let secrets = [("github-pat-classic", one.clone()), ("github-pat-classic", two.clone())];
    for border in [BATCH, BATCH / 8] {
        for (before, gap) in [(40, 1), (41, 30), (70, 40)] {
            let mut text = ". ".repeat(BATCH / 2 + 20_000);
            let pair = format!("{one}{:gap$}{two} ", "");
            text.replace_range(border - before..border - before + pair.len(), &pair);
            let sandbox = Sandbox::with("dump", text);
            let output = sandbox.run(["scan", "--format", "json"]).assert_code(1);
            assert_eq!(output.json().findings.len(), 2);
            let leaks = leaks(&secrets, &streams(&format!("border {border}, before {before}, gap {gap}"), output));
            assert!(leaks.is_empty(), "{leaks:#?}");
        }
    }
}

#[test]
fn a_secret_in_the_name_of_a_file_is_masked() {
    let (token, other) = (github(1), github(2));
    let sandbox = Sandbox::with(format!("backup/{token}/id.txt"), format!("token {token}\n"));
    sandbox.file(format!("logs/{token}.log"), format!("other {other}\n"));
    assert_tight(&sandbox, &[("github-pat-classic", token), ("github-pat-classic", other)]);
}

/// A name is looked at like a text: it needs no content that gives the secret away.
#[test]
fn a_secret_that_is_only_in_a_name_is_masked_too() {
    let (token, other) = (github(1), github(2));
    let sandbox = Sandbox::with(format!("logs/{token}.log"), format!("other {other}\n"));
    assert_tight(&sandbox, &[("github-pat-classic", token)]);
}

#[cfg(unix)]
#[test]
fn a_secret_in_the_ledger_is_masked() {
    let token = github(1);
    let sandbox = Sandbox::with("app.env", format!("TOKEN={token}\n"));
    sandbox.link(format!("broken-{token}"), "nowhere").link(format!("out-{token}"), "/usr");
    let _ = crate::support::git::Repository::init(&sandbox.path(format!("repo-{token}")));
    let _socket =
        std::os::unix::net::UnixListener::bind(sandbox.path(format!("s-{token}"))).expect("a socket can be made");
    let report = sandbox.scan(&[]);
    assert_eq!(report.skipped().len(), 2, "{:?}", report.skipped());
    assert_tight(&sandbox, &[("github-pat-classic", token)]);
}

/// Facts are read from the text around a secret, and an address can hold another credential.
#[test]
fn facts_and_commands_hold_no_secret() {
    let (token, password) = (github(1), sample("url-any-password", 1));
    let text = format!(
        "GIT=https://{token}:{password}@git.acme.io/x\nDB=postgres://{token}:{password}@{token}.acme.io/{token}\n"
    );
    assert_tight(&Sandbox::with("app.env", text), &[("github-pat-classic", token), ("url-any-password", password)]);
}

/// A person's password is short and worth guessing: nothing of it is shown, not even its length.
#[test]
fn a_chosen_password_is_masked_wholly() {
    let mut shown = BTreeSet::new();
    for password in [["otter", "7!x"].concat(), ["Winter", "2031", "-otter!"].concat()] {
        let sandbox = Sandbox::with("app.toml", format!("password = \"{password}\"\n"));
        shown.insert(sandbox.scan(&[]).one().secret.clone());
    }
    assert_eq!(shown.len(), 1, "{shown:?}");
}

#[test]
fn escapes_of_a_password_are_masked_in_every_format() {
    let awkward = ["q7\\\"", "Zk<b>&", "\\u00e9", "9!vX"].concat();
    let sandbox = Sandbox::with("app.json", format!("{{\"password\": \"{awkward}\"}}\n"));
    assert!(!sandbox.scan(&["--confidence", "low"]).findings.is_empty());
    for (name, text) in everything(&sandbox) {
        let text = String::from_utf8_lossy(&text);
        for piece in ["Zk<b>", "9!vX", "Zk\\u003c"] {
            assert!(!text.contains(piece), "{name} holds {piece}");
        }
    }
}

/// Whoever reads the encoded form can decode it: no report holds a piece of it, nor of what is beside it.
#[test]
fn no_report_holds_an_encoded_form() {
    const SHOWN: usize = 16;
    let token = github(1);
    for file in all_of(&token) {
        let sandbox = Sandbox::with(file.path, file.text());
        let other = format!("k = '{}' # ", github(2)).into_bytes();
        // Another finding on the same line, whose surroundings are shown.
        // What shows that it is quoted-printable stands on the line too.
        let lead: &[u8] = if file.how == ["quoted-printable"] { b"k=3D" } else { b" " };
        sandbox.file("beside.txt", [&other[..], lead, &file.form[..], b" "].concat());
        let escaped = file.form.escape_ascii().to_string();
        for (name, text) in everything(&sandbox) {
            for form in [&file.form[..], escaped.as_bytes()] {
                let piece = form.windows(SHOWN).find(|piece| memchr::memmem::find(&text, piece).is_some());
                assert_eq!(piece.map(|piece| piece.escape_ascii().to_string()), None, "{} in {name}", file.path);
            }
        }
        let secrets = [("github-pat-classic", token.clone()), ("github-pat-classic", github(2))];
        assert_tight(&sandbox, &secrets);
    }
}

/// A name is shown in every line about the file.
#[test]
fn an_encoded_form_in_a_name_is_masked() {
    let token = github(1);
    let form = token.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    let sandbox = Sandbox::with(format!("cache/t={form}&x=1"), format!("other {}\n", github(2)));
    for (name, text) in everything(&sandbox) {
        assert!(memchr::memmem::find(&text, &form.as_bytes()[..30]).is_none(), "{name}");
    }
}
