use jiff::civil::date;

use super::*;
use crate::checklist::verdict::{Standing, Verdict};

/// The day on which the tests take place.
const TODAY: Date = date(2026, 11, 22);

/// The hash that the one evidence file of the tests has.
const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn sha256(path: &str) -> Result<String, String> {
    if path == "evidence/mfa.pdf" { Ok(HASH.into()) } else { Err("there is no such file".into()) }
}

fn parse(text: &str) -> Result<Attestations, FileError> {
    let against = Against { checklist: Checklist::embedded(), today: TODAY, sha256: &sha256 };
    Attestations::parse("launch.attest.toml", text, &against)
}

/// The example of `rules/checklist/README.md`.
fn sound() -> &'static str {
    let readme = include_str!("../../../rules/checklist/README.md");
    let section = readme.split("## `launch.attest.toml`").nth(1).expect("it is documented");
    section.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it has an example")
}

fn spoiled(what: &str, with: &str) -> String {
    assert!(sound().contains(what), "the sound file has {what:?}");
    sound().replacen(what, with, 1)
}

fn only_rejected(text: &str) -> Rejected {
    let entries = parse(text).expect("it is TOML of the right form");
    assert_eq!(entries.held().count(), 0, "nothing is lifted");
    let [rejected] = entries.rejected() else { panic!("one entry is rejected: {entries:?}") };
    rejected.clone()
}

#[test]
fn what_is_documented_is_held() {
    let entries = parse(sound()).expect("it is sound");
    let [entry] = entries.held().collect::<Vec<_>>()[..] else { panic!("one entry: {:?}", entries.rejected()) };
    assert_eq!((entry.id.as_str(), entry.owner.as_str()), ("MFA-03", "Ada Lovelace"));
    assert_eq!(entry.expires, date(2027, 5, 21));
    let row = Checklist::embedded().row("MFA-03").expect("it is a row");
    let standing = Standing::new(Verdict::Open, entries.word(row).as_ref());
    assert_eq!(standing.to_string(), "pass, attested by Ada Lovelace until 2027-05-21");
    assert!(parse("").expect("an empty file").rejected().is_empty());
}

const URL: &str = "url = \"https://example.com/evidence\"";

#[test]
fn every_mistake_has_place_key_and_reason() {
    let file = |path: &str, hash: &str| format!("path = \"{path}\"\nsha256 = \"{hash}\"");
    let mistakes: Vec<(&str, String, &str)> = vec![
        ("id = \"MFA-03\"", "id = \"MFA-99\"".into(), "`attest.id`: the checklist has no such row"),
        ("id = \"MFA-03\"", "id = \"mfa-03\"".into(), "`attest.id`: the checklist has no such row"),
        ("id = \"MFA-03\"", String::new(), "`attest.id`: missing"),
        ("id = \"MFA-03\"", "id = \"SEC-07\"".into(), "`SEC-07` is not attestable"),
        ("id = \"MFA-03\"", "id = \"AUTHN-05\"".into(), "`AUTHN-05` is not attestable"),
        ("\"met\"", "\"yes\"".into(), "`attest.says`: one of"),
        ("\"Ada Lovelace\"", "\"TBD\"".into(), "`attest.owner`: this is a place-holder"),
        ("\"Ada Lovelace\"", "\" <tbd> \"".into(), "`attest.owner`: this is a place-holder"),
        ("\"Ada Lovelace\"", "\"\"".into(), "`attest.owner`: this is a place-holder"),
        ("\"Ada Lovelace\"", "\"42\"".into(), "`attest.owner`: this is a place-holder"),
        ("\"Ada Lovelace\"", "\"Ada\\nLovelace\"".into(), "`attest.owner`: it has a control character"),
        ("owner = \"Ada Lovelace\"", String::new(), "`attest.owner`: missing"),
        ("\"CTO\"", "\"role\"".into(), "`attest.role`: this is a place-holder"),
        ("role = \"CTO\"", String::new(), "`attest.role`: missing"),
        ("statement = ", "statement = \"todo\" # ".into(), "`attest.statement`: this is a place-holder"),
        ("2026-11-22", "2026-11-23".into(), "`attest.date`: 2026-11-23 is in the future; today is 2026-11-22"),
        ("2026-11-22", "\"22.11.2026\"".into(), "`attest.date`: a day is written"),
        ("2026-11-22", "\"2026-02-30\"".into(), "`attest.date`: a day is written"),
        ("2026-11-22", "2026-11-22T10:00:00Z".into(), "`attest.date`: a day is written"),
        ("2026-11-22", "20261122".into(), "`attest.date`: a day is written"),
        ("2026-11-22", "\"9999-12-31\"".into(), "`attest.date`: "),
        ("date = 2026-11-22", String::new(), "`attest.date`: missing"),
        ("2027-05-21", "2027-05-22".into(), "`MFA-03` holds for 180 days at most: until 2027-05-21"),
        ("2027-05-21", "2026-11-21".into(), "2026-11-21 is before its date, 2026-11-22"),
        ("2027-05-21", "\"soon\"".into(), "`attest.expires`: a day is written"),
        (URL, String::new(), "no evidence: either `url`"),
        (URL, "url = \"http://example.com/x\"".into(), "`attest.url`: an address"),
        (URL, "url = \"https://u:p@example.com/x\"".into(), "`attest.url`: an address"),
        (URL, "url = \"https://evidence.invalid/x\"".into(), "no such host can be"),
        (URL, "url = \"https://127.0.0.1/x\"".into(), "no such host can be"),
        (URL, "path = \"evidence/mfa.pdf\"".into(), "it goes with `sha256`"),
        ("id = \"MFA-03\"", "id = \"TLS-01\"".into(), "`TLS-01` is seen only by asking the running product"),
        (URL, format!("sha256 = \"{HASH}\""), "it goes with `path`"),
        (URL, format!("{URL}\n{}", file("evidence/mfa.pdf", HASH)), "not both"),
        (URL, file("evidence/mfa.pdf", "abc"), "64 hexadecimal digits"),
        (URL, file("evidence/mfa.pdf", &HASH.replace("00", "11")), "`attest.sha256`: the file has changed"),
        (URL, file("evidence/other.pdf", HASH), "cannot be read: there is no such file"),
        (URL, file("../mfa.pdf", HASH), "`attest.path`: a path"),
        (URL, file("/etc/passwd", HASH), "`attest.path`: a path"),
        (URL, file("C:/mfa.pdf", HASH), "`attest.path`: a path"),
        (URL, file("evidence//mfa.pdf", HASH), "`attest.path`: a path"),
        ("0123456789ab", "HEAD".into(), "`attest.commit`: a commit is"),
    ];
    for (what, with, expected) in mistakes {
        let rejected = only_rejected(&spoiled(what, &with));
        let told: Vec<String> = rejected.why.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|message| message.contains(expected)), "{with}: no `{expected}` in {told:?}");
        assert!(told.iter().all(|message| message.starts_with("launch.attest.toml:")), "{told:?}");
        assert_eq!(rejected.lapsed, None, "{with}: a mistake is no renewal");
    }
}

#[test]
fn everything_wrong_with_an_entry_is_told_at_its_line() {
    let text = spoiled("\"Ada Lovelace\"", "\"TBD\"").replace("\"CTO\"", "\"?\"").replace(URL, "");
    let places: Vec<String> =
        only_rejected(&text).why.iter().map(|error| format!("{} {}", error.place, error.key)).collect();
    assert_eq!(
        places,
        ["launch.attest.toml:5 attest.owner", "launch.attest.toml:6 attest.role", "launch.attest.toml:1 attest.url"]
    );
}

#[test]
fn a_file_that_is_evidence_is_held_while_it_is_unchanged() {
    let text = spoiled(URL, &format!("path = \"evidence/mfa.pdf\"\nsha256 = \"{}\"", HASH.to_ascii_uppercase()));
    let entries = parse(&text).expect("it is sound");
    let proof = entries.held().next().and_then(|entry| entry.proof.clone());
    assert_eq!(proof, Some(Proof::File { path: "evidence/mfa.pdf".into(), sha256: HASH.into() }));
}

#[test]
fn without_an_expiry_it_holds_as_long_as_the_row_allows() {
    for (id, last) in [("MFA-03", date(2027, 5, 21)), ("MON-07", date(2027, 2, 20)), ("HAND-02", date(2026, 12, 22))] {
        let text = spoiled("MFA-03", id).replace("expires = 2027-05-21", "");
        let entries = parse(&text).expect("it is TOML");
        assert_eq!(
            entries.held().map(|entry| entry.expires).collect::<Vec<_>>(),
            [last],
            "{id}: {:?}",
            entries.rejected()
        );
    }
}

#[test]
fn a_word_holds_through_its_last_day_and_is_an_error_after() {
    let on = |last: &str| spoiled("date = 2026-11-22", "date = \"2026-10-01\"").replace("2027-05-21", last);
    assert_eq!(parse(&on("2026-11-22")).expect("it is TOML").held().count(), 1, "today is its last day");
    let text = on("2026-11-21");
    let rejected = only_rejected(&text);
    assert_eq!(rejected.why.len(), 1);
    assert_eq!(
        rejected.why[0].to_string(),
        "launch.attest.toml:8: `attest.expires`: lapsed on 2026-11-21; look again, then give it a new date"
    );
    let entries = parse(&text).expect("it is TOML");
    let row = Checklist::embedded().row("MFA-03").expect("it is a row");
    assert_eq!(Standing::new(Verdict::Open, entries.word(row).as_ref()), Standing::Checked(Verdict::Open));
    let [renewal] = &entries.renewals(TODAY)[..] else { panic!("it is to be renewed") };
    assert_eq!((renewal.id.as_str(), renewal.days_left, renewal.is_due()), ("MFA-03", -1, true));
}

#[test]
fn renewals_begin_with_the_most_urgent() {
    let entry = |id: &str, day: &str| {
        format!(
            "{}\n",
            spoiled("MFA-03", id).replace("date = 2026-11-22", "date = 2026-06-10").replace("2027-05-21", day)
        )
    };
    let text = [entry("MFA-01", "2026-12-07"), entry("MFA-02", "2026-11-01"), entry("MFA-04", "2026-12-06")].concat();
    let entries = parse(&text).expect("it is TOML");
    let told: Vec<(String, i32, bool)> =
        entries.renewals(TODAY).iter().map(|r| (r.id.clone(), r.days_left, r.is_due())).collect();
    assert_eq!(told, [("MFA-02".into(), -21, true), ("MFA-04".into(), 14, true), ("MFA-01".into(), 15, false)]);
}

#[test]
fn one_bad_entry_does_not_lose_the_others() {
    let text = format!("{}\n{}", spoiled("MFA-03", "MFA-01"), spoiled("Ada Lovelace", "TBD"));
    let entries = parse(&text).expect("it is TOML");
    assert_eq!(entries.held().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["MFA-01"]);
    assert_eq!(entries.rejected()[0].id.as_deref(), Some("MFA-03"));
}

#[test]
fn a_second_entry_about_a_row_is_an_error_and_the_first_counts() {
    let text = format!("{}\n{}", sound(), spoiled("Ada Lovelace", "Bob Byte"));
    let entries = parse(&text).expect("it is TOML");
    assert_eq!(entries.held().map(|entry| entry.owner.as_str()).collect::<Vec<_>>(), ["Ada Lovelace"]);
    assert!(entries.rejected()[0].why[0].why.contains("an entry above"), "{:?}", entries.rejected());
}

#[test]
fn what_a_row_lets_be_said() {
    let said = |id: &str, says: &str| {
        parse(&spoiled("MFA-03", id).replace("\"met\"", says).replace("expires = 2027-05-21", "")).expect("it is TOML")
    };
    for (id, says, held) in [
        ("MAIL-01", "\"not-applicable\"", 1),
        ("AUTHN-01", "\"not-applicable\"", 0),
        ("SEC-01", "\"not-applicable\"", 0),
        ("SEC-02", "\"risk-accepted\"", 1),
        ("AUTHN-05", "\"risk-accepted\"", 1),
        ("AUTHN-01", "\"met\"", 1),
    ] {
        assert_eq!(said(id, says).held().count(), held, "{id} {says}");
    }
    let row = Checklist::embedded().row("AUTHN-01").expect("it is a row");
    let word = said("AUTHN-01", "\"met\"").word(row);
    assert_eq!(Standing::new(Verdict::Open, word.as_ref()), Standing::Checked(Verdict::Open), "no word for a check");
    assert!(matches!(Standing::new(Verdict::Review, word.as_ref()), Standing::Attested { .. }));
    assert_eq!(Standing::new(Verdict::Fail, word.as_ref()), Standing::Checked(Verdict::Fail));
    let accepted = spoiled("\"met\"", "\"risk-accepted\"").replace(URL, "");
    assert_eq!(parse(&accepted).expect("it is TOML").held().count(), 1, "a risk needs no evidence: it lifts nothing");
}

#[test]
fn what_is_no_file_of_this_form_is_an_error_with_its_line() {
    for (text, expected) in [
        (spoiled("says =", "sez ="), "launch.attest.toml:3: unknown key `sez`"),
        (spoiled("[[attest]]", "[[attests]]"), "unknown key `attests`"),
        (spoiled("\"CTO\"", "5"), "launch.attest.toml:6: invalid type: integer `5`"),
        ("[[attest".into(), "launch.attest.toml:1"),
    ] {
        let error = parse(&text).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn no_message_repeats_a_value() {
    let value = "Zq7".repeat(9);
    for what in [
        "MFA-03", "\"met\"", "Ada Lovelace", "2026-11-22", "2027-05-21", "https://example.com/evidence", "0123456789ab",
    ] {
        let with = if what.starts_with('2') || what.starts_with('"') { format!("\"{value}\"") } else { value.clone() };
        let entries = parse(&spoiled(what, &with)).expect("it is TOML");
        let told: String = entries.rejected().iter().flat_map(|r| &r.why).map(ToString::to_string).collect();
        assert!(!told.contains(&value), "{told}");
    }
}

#[test]
fn an_address_is_shown_without_its_signature() {
    let proof = Proof::Page("https://example.com/a?signature=1#b".into());
    assert_eq!(proof.shown(), "https://example.com/a");
}
