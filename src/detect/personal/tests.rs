use std::sync::Arc;

use super::super::{Detector, PathKind, Scratch, Window};
use super::number::NUMBERS;
use crate::rule::personal::KINDS;
use crate::rule::{Catalogue, Confidence, RuleSource};

fn detector() -> Detector {
    Detector::new(Arc::new(Catalogue::load(&[RuleSource::Personal]).expect("the rules are sound")))
}

/// Kind, value and confidence of what is found, without what another that overlaps it beats.
fn found(detector: &Detector, text: &str) -> Vec<(String, String, Confidence)> {
    let window = Window { text: text.as_bytes(), core: 0..text.len(), path: PathKind::default(), binary: false };
    let found = detector.scan(&window, &mut Scratch::default());
    let named = found.iter().filter_map(|found| {
        let id = detector.rules().get(found.rule).id.strip_prefix("personal-").expect("its provider").to_owned();
        Some((id, String::from_utf8_lossy(found.secret).into_owned(), found.score.confidence()?))
    });
    named.collect()
}

/// Kind, text before the value, value. Numbers are those that their issuers or many textbooks print.
const HITS: &[(&str, &str, &str)] = &[
    ("au-tfn", "TFN: ", "123 456 782"),
    ("au-tfn", "tfn=", "123456782"),
    ("be-nrn", "", "93.05.18-223.61"),
    ("be-nrn", "national_number: ", "93051822361"),
    ("br-cnpj", "", "11.222.333/0001-81"),
    ("br-cpf", "", "529.982.247-25"),
    ("br-cpf", "\"cpf\":\"", "52998224725"),
    ("ca-sin", "SIN ", "130 692 544"),
    ("card-number", "", "4012 8888 8888 1881"),
    ("card-number", "pan=", "4012888888881881"),
    ("card-number", "", "5105105105105100"),
    ("card-number", "", "2223003122003222"),
    ("card-number", "", "3782 822463 10005"),
    ("card-number", "", "6011000990139424"),
    ("card-number", "", "3530111333300000"),
    ("card-number", "", "30569309025904"),
    ("ch-ahv", "", "756.9217.0769.85"),
    ("cn-id", "", "11010519491231002X"),
    ("de-steuer-id", "Steuer-ID: ", "86 095 742 719"),
    ("de-steuer-id", "tax_id=", "65929970489"),
    ("dk-cpr", "CPR ", "070761-4285"),
    ("email", "login of ", "ada.lovelace+x@acme-corp.co.uk"),
    ("email", "mailto:", "ada@acme.io"),
    ("es-dni", "DNI ", "12345678Z"),
    ("es-dni", "nie: ", "X1234567L"),
    ("fi-hetu", "", "131052-308T"),
    ("fr-nir", "", "2 55 08 14 168 025 38"),
    ("fr-nir", "nir=", "255081416802538"),
    ("gb-nhs", "NHS number ", "943 476 5919"),
    ("gb-nino", "NINO ", "AB123456C"),
    ("iban", "", "GB82 WEST 1234 5698 7654 32"),
    ("iban", "to ", "DE89370400440532013000"),
    ("iban", "", "NO9386011117947"),
    ("ie-pps", "PPS ", "1234567T"),
    ("ie-pps", "pps: ", "1234567FA"),
    ("in-aadhaar", "Aadhaar: ", "2341 2341 2346"),
    ("it-codice-fiscale", "", "RSSMRA85T10A562S"),
    ("jp-my-number", "my_number=", "123456789018"),
    ("kr-rrn", "rrn ", "900101-1234567"),
    ("mx-curp", "", "HEGG560427MVZRRL04"),
    ("nl-bsn", "BSN: ", "111222333"),
    ("no-fnr", "fnr ", "01010110366"),
    ("phone", "call ", "+49 30 901820"),
    ("phone", "", "+442079460958"),
    ("phone", "phone: ", "(212) 555-0143"),
    ("pl-pesel", "PESEL ", "44051401359"),
    ("pt-nif", "NIF ", "123456789"),
    ("se-personnummer", "personnummer ", "811228-9874"),
    ("sg-nric", "NRIC ", "S1234567D"),
    ("sg-nric", "fin: ", "F1234567N"),
    ("sg-nric", "fin: ", "G1234567X"),
    ("tr-tckn", "TCKN ", "10000000146"),
    ("us-itin", "ITIN ", "912-70-1234"),
    ("us-ssn", "", "536-90-4399"),
    ("us-ssn", "ssn=", "536904399"),
    ("za-id", "ID number ", "8001015009087"),
    ("session-id", "Cookie: a=b; JSESSIONID=", "1A530637289A03B07199A44E8D531427"),
    ("session-id", "GET /x?session_id=", "f81d4fae7dec11d0a76500a0"),
    ("session-id", "Set-Cookie: connect.sid=", "s%3Aj0jWqe1PfyE8mYqF.9dHs4ksNz1"),
    ("session-id", r#"{"sessionId":""#, "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    ("web-authorization", "Authorization: Basic ", "dXNlcjpodW50ZXIyMg=="),
    ("web-authorization", r#"{"authorization":"Bearer "#, "n0tAr3alT0ken-x9"),
    ("web-authorization", r#"{ "name": "Authorization", "value": "Token "#, "n0tAr3alT0ken-x9"),
    (
        "web-authorization",
        r#""headers":"{\"Authorization\":\"Digest "#,
        "username=Mufasa, response=6629fae49393a05397450978507c4ef1",
    ),
];

/// What looks like some of it.
const MISSES: &[&str] = &[
    "550e8400-e29b-41d4-a716-446655440000", "0.4012888888881881", "4012888888881882", "1714566896789",
    "1714566896789012", "id=123456782", "order 943 476 5919", "000-12-3456", "666-12-3456", "536-00-4399",
    "536-90-0000", "078-05-1120", "ssn: 900-12-3456", "ssn_count=12", "4111-1111-1111", "2024-05-01 12:34:56",
    "GB82WEST12345698765433", "gb82west12345698765432", "icon@2x.png", "git@github.com:acme/site.git", "ada@localhost",
    "user@example.com", "postgres://app:x@db.acme.io/app", "https://ada@acme.io/x", "pkg@1.2.3", "a@b",
    "@decorator.name", "someone@sub.example.org", "noreply@acme.io", "x@y..z", "systemd[1]: user@1000.service",
    "+0200", "+1234567890123456789", "+28 123 456 789", "12+345678901", "phone: 2024-05-01 12", "phones=12",
    "Authorization: Bearer <token>", "Authorization: Bearer $TOKEN", "Authorization: [FILTERED]",
    "Authorization: ********", "authorization failed for the user", "Authorization: required", "session started",
    "session_id=null", "sid=12", "inside=aB3dE5fG7hJ9kL1mN", "possession: aB3dE5fG7hJ9kL1mN x",
    "session_timeout=1800000000000000", "QQ123456C nino", "nino GB123456A", "X1234567L", "12345678Z",
    "RSSMRA85T10A562T", "11010519491331002X", "PESEL 44051401358", "1-800-FLOWERS", "(+", "(", "+", "phone: (",
    "phone: +", "tel (+ 1", "Authorization", "Authorization:", "sid", "sid=", "sid=\"", "@",
];

#[test]
fn every_kind_is_found() {
    let detector = detector();
    for (kind, before, value) in HITS {
        for (start, end) in [("", ""), ("2024-05-01T12:00:00Z x ", " y\n"), ("", "\"}"), ("(", ")."), ("x,", ",y")] {
            let text = format!("{start}{before}{value}{end}");
            let found = found(&detector, &text);
            let is_it = |(id, secret, confidence): &(String, String, Confidence)| {
                id == kind && secret == value && *confidence >= Confidence::Medium
            };
            // Values of these end with the line or the mark.
            let to_the_end = matches!(*kind, "web-authorization" | "session-id") && !end.starts_with('"');
            assert!(to_the_end || found.iter().any(is_it), "{kind} in {text:?}: {found:?}");
        }
    }
    let missing: Vec<&str> =
        KINDS.iter().map(|kind| kind.id).filter(|id| !HITS.iter().any(|hit| hit.0 == *id)).collect();
    assert_eq!(missing, [""; 0], "kinds without an example");
}

#[test]
fn what_looks_like_it_is_not() {
    let detector = detector();
    for text in MISSES {
        let found: Vec<_> = found(&detector, text).into_iter().filter(|found| found.2 >= Confidence::Medium).collect();
        assert!(found.is_empty(), "{text:?}: {found:?}");
    }
}

/// The numbers whose last character proves the others.
#[test]
fn a_wrong_check_digit_is_no_number() {
    const UNPROVED: [&str; 5] = ["dk-cpr", "gb-nino", "kr-rrn", "us-itin", "us-ssn"];
    let detector = detector();
    let numbers = HITS.iter().filter(|hit| NUMBERS.iter().any(|number| number.kind == hit.0) || hit.0 == "iban");
    for (kind, before, value) in numbers.filter(|hit| !UNPROVED.contains(&hit.0)) {
        let last = value.len() - 1;
        let replacements =
            if value.as_bytes()[last].is_ascii_digit() { "0123456789" } else { "ABCDEFGHIJKLMNOPQRSTUVWXYZ" };
        // In those with two letters at the end the first is the proof.
        let at = if *value == "1234567FA" { last - 1 } else { last };
        for other in replacements.bytes().filter(|b| *b != value.as_bytes()[at]) {
            let mut broken = value.as_bytes().to_vec();
            broken[at] = other;
            let text = format!("{before}{}", String::from_utf8_lossy(&broken));
            let found = found(&detector, &text);
            assert!(!found.iter().any(|(id, ..)| id == kind), "{kind} in {text:?}");
        }
    }
}

#[test]
fn a_value_is_found_once_wherever_the_window_is_cut() {
    let detector = detector();
    let text = "to ada@acme.io, card 4012 8888 8888 1881, sid=f81d4fae7dec11d0a76500a0 tel +49 30 901820.";
    let whole = found(&detector, text).len();
    for cut in 0..=text.len() {
        let scan = |core| {
            let window = Window { text: text.as_bytes(), core, path: PathKind::default(), binary: false };
            detector.scan(&window, &mut Scratch::default()).len()
        };
        assert_eq!(scan(0..cut) + scan(cut..text.len()), whole, "cut at {cut}");
    }
}

proptest::proptest! {
    #[test]
    fn nothing_makes_it_fail(text: Vec<u8>, at: proptest::sample::Index) {
        let core = at.index(text.len() + 1)..text.len();
        let window = Window { text: &text, core, path: PathKind::default(), binary: false };
        let _ = detector().scan(&window, &mut Scratch::default());
    }

    #[test]
    fn nothing_like_it_makes_it_fail(text in r#"(nhs |cpf |phone |sid=|authorization: )?[0-9A-Z+@. \-:"%'é]{0,60}"#) {
        let _ = found(&detector(), &text);
    }
}
