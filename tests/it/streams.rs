//! Texts that are not held whole: large files and standard input are read in batches of 2 MiB that are searched in
//! pieces of 256 KiB. Wherever a secret stands across a border, it is found once, and at its place.

use crate::support::secrets::github;
use crate::support::{Finding, Random, Sandbox, sample};

const PIECE: usize = 256 * 1024;
const BATCH: usize = 8 * PIECE;

/// `len` bytes of harmless lines, some with characters of two and four bytes.
fn filler(len: usize, seed: u64) -> Vec<u8> {
    const WORDS: &[&str] = &["lorem", "ipsum", "dolor", "sit", "amet", "naïve", "Zoë", "🦀", "elit", "sed", "do"];
    let mut random = Random::new(seed);
    let mut text = String::with_capacity(len + 100);
    while text.len() < len {
        text += random.pick(WORDS);
        text.push(if random.below(12) == 0 { '\n' } else { ' ' });
    }
    let mut bytes = text.into_bytes();
    bytes.truncate(len);
    // Not in the middle of a character.
    while std::str::from_utf8(&bytes).is_err() {
        bytes.pop();
    }
    bytes.resize(len, b'.');
    bytes
}

/// Puts `secret` at exactly `at`, between blanks, without leaving half a character.
fn plant(text: &mut [u8], at: usize, secret: &str) {
    let (mut start, mut end) = (at - 1, at + secret.len() + 1);
    while start > 0 && text[start] & 0xc0 == 0x80 {
        start -= 1;
    }
    while end < text.len() && text[end] & 0xc0 == 0x80 {
        end += 1;
    }
    text[start..end].fill(b' ');
    text[at..at + secret.len()].copy_from_slice(secret.as_bytes());
}

/// What is reported of a finding, whatever the file is called: place and secret.
type Seen = (u64, (u64, u64), (u64, u64), String);

fn seen(finding: &Finding) -> Seen {
    (finding.offset, finding.start(), finding.end(), finding.secret.clone())
}

/// The same counted the slow way.
fn expected(text: &[u8], at: usize, secret: &str) -> Seen {
    let position = |at: usize| {
        let before = &text[..at];
        let line = before.iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
        let column = String::from_utf8_lossy(&before[line..]).encode_utf16().count() as u64 + 1;
        (before.iter().filter(|&&b| b == b'\n').count() as u64 + 1, column)
    };
    (at as u64, position(at), position(at + secret.len()), secret.to_owned())
}

/// Scans `text` as a file and as standard input; both must give exactly `planted`.
#[track_caller]
fn check(text: &[u8], planted: &[(usize, &str)]) {
    let wanted: Vec<Seen> = planted.iter().map(|(at, secret)| expected(text, *at, secret)).collect();
    let sandbox = Sandbox::with("dump", text);
    let file = sandbox.reveal(&["dump"]);
    let stdin = sandbox.run_with(&["scan", "--format", "json", "--reveal", "-"], text).json();
    for (name, report) in [("file", file), ("stdin", stdin)] {
        let found: Vec<Seen> = report.findings.iter().map(seen).collect();
        assert_eq!(found, wanted, "as {name}");
        assert_eq!(report.summary()["scanned_bytes"], text.len(), "as {name}");
        assert!(report.skipped().is_empty(), "as {name}: {:?}", report.skipped());
    }
}

/// Where a secret stands relative to a border: just before it, across it in several ways, just after it.
const SHIFTS: [isize; 8] = [-41, -40, -39, -20, -4, -1, 0, 1];

#[test]
fn a_secret_at_a_border_of_pieces_is_found_once() {
    let secrets: Vec<String> = (0..17).map(github).collect();
    let mut text = filler(17 * PIECE + 5000, 1);
    let mut planted = Vec::new();
    for (n, secret) in secrets.iter().enumerate() {
        let border = (n + 1) * PIECE;
        let at = border.checked_add_signed(SHIFTS[n % SHIFTS.len()]).expect("inside the text");
        plant(&mut text, at, secret);
        planted.push((at, secret.as_str()));
    }
    check(&text, &planted);
}

#[test]
fn a_secret_at_a_border_of_batches_is_found_once() {
    let secrets: Vec<String> = (0..2 * SHIFTS.len() as u64).map(github).collect();
    for (n, shift) in SHIFTS.into_iter().enumerate() {
        let mut text = filler(2 * BATCH + 3000, 2);
        let mut planted = Vec::new();
        for (border, secret) in [(BATCH, &secrets[2 * n]), (2 * BATCH, &secrets[2 * n + 1])] {
            let at = border.checked_add_signed(shift).expect("inside the text");
            plant(&mut text, at, secret);
            planted.push((at, secret.as_str()));
        }
        check(&text, &planted);
    }
}

#[test]
fn a_name_and_its_value_may_be_in_two_batches() {
    let password = sample("generic-password", 1);
    let assignment = format!("\ndb_password = \"{password}\"\n");
    let value = assignment.find(&password).expect("the value is in it");
    for before in [1, 5, 12, value - 1, value, value + 1, value + 10, assignment.len()] {
        let mut text = filler(BATCH + 3000, 3);
        let at = BATCH - before;
        plant(&mut text, at, &assignment);
        check(&text, &[(at + value, &password)]);
    }
}

#[test]
fn a_key_block_may_be_in_two_batches() {
    let key = sample("private-key-pem", 1);
    for before in [0, 10, 31, 700, key.len() - 5, key.len()] {
        let mut text = filler(BATCH + 9000, 4);
        let at = BATCH - before;
        plant(&mut text, at, &key);
        check(&text, &[(at, &key)]);
    }
}

#[test]
fn a_line_of_five_megabytes_has_columns() {
    let (one, two) = (github(1), github(2));
    let mut text: Vec<u8> = filler(5_000_000, 5).into_iter().map(|b| if b == b'\n' { b' ' } else { b }).collect();
    let places = [3_000_001, 4_999_900];
    plant(&mut text, places[0], &one);
    plant(&mut text, places[1], &two);
    check(&text, &[(places[0], &one), (places[1], &two)]);
}

/// A text that is held whole as a file and read in batches as standard input gives one report, but for the path.
#[test]
fn standard_input_gives_what_a_small_file_gives() {
    let secrets: Vec<String> = (0..6).map(github).collect();
    let mut text = filler(2 * PIECE, 6);
    for (n, secret) in secrets.iter().enumerate() {
        plant(&mut text, 1000 + n * PIECE / 4, secret);
    }
    plant(&mut text, PIECE + 50_000, &format!("password = '{}'", sample("generic-password", 2)));
    let sandbox = Sandbox::with("dump", &text);
    let file = sandbox.scan(&["--confidence", "low", "dump"]);
    let stdin = sandbox.run_with(&["scan", "--format", "json", "--confidence", "low", "-"], text).json();
    assert_eq!(file.findings.len(), 7, "{:#?}", file.places());
    let same = |finding: &Finding| {
        let mut same = finding.clone();
        same.path.clear();
        same.fingerprint.clear();
        same
    };
    let [file, stdin] = [file, stdin].map(|report| report.findings.iter().map(same).collect::<Vec<_>>());
    assert_eq!(file, stdin);
}

#[test]
fn a_large_text_in_utf16_is_read_like_utf8() {
    let secrets: Vec<String> = (0..3).map(github).collect();
    let mut text = filler(BATCH + PIECE, 7);
    let places = [500, BATCH - 20, BATCH + PIECE - 100];
    for (at, secret) in places.iter().zip(&secrets) {
        plant(&mut text, *at, secret);
    }
    let decoded = String::from_utf8(text.clone()).expect("the filler is UTF-8");
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(decoded.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let sandbox = Sandbox::with("export.txt", &wide);
    let report = sandbox.reveal(&[]);
    let found: Vec<Seen> = report.findings.iter().map(seen).collect();
    let wanted: Vec<Seen> = places.iter().zip(&secrets).map(|(at, secret)| expected(&text, *at, secret)).collect();
    assert_eq!(found, wanted);
}

#[test]
fn wide_strings_of_a_large_binary_are_found_once() {
    let secrets: Vec<String> = (0..3).map(github).collect();
    let mut bytes: Vec<u8> = Random::new(8).bytes(BATCH + PIECE).into_iter().map(|b| b | 0x80).collect();
    bytes[4] = 0;
    let places = [70_001, BATCH - 41, BATCH + 5000];
    for (at, secret) in places.iter().zip(&secrets) {
        let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes[*at - 2..*at].fill(0);
        bytes[*at..*at + wide.len()].copy_from_slice(&wide);
    }
    let report = Sandbox::with("firmware.img", &bytes).reveal(&[]);
    let found: Vec<(u64, &str)> = report.findings.iter().map(|f| (f.offset, f.secret.as_str())).collect();
    let wanted: Vec<(u64, &str)> = places.iter().zip(&secrets).map(|(at, s)| (*at as u64, s.as_str())).collect();
    assert_eq!(found, wanted);
}

/// Batches overlap; what stands in the overlap is not counted twice.
#[test]
fn repeats_are_counted_right_across_batches() {
    let token = github(1);
    let mut text = filler(BATCH + 40_000, 9);
    let start = BATCH - 20_000;
    for n in 0..400 {
        plant(&mut text, start + n * 100, &token);
    }
    let report = Sandbox::with("app.log", &text).scan(&[]);
    let more: u64 = report.findings.iter().map(|f| f.more).sum();
    assert_eq!(report.findings.len() as u64 + more, 400);
}

#[test]
fn threads_do_not_change_the_report() {
    let secrets: Vec<String> = (0..9).map(github).collect();
    let mut text = filler(BATCH + 2 * PIECE, 10);
    for (n, secret) in secrets.iter().enumerate() {
        plant(&mut text, (n + 1) * PIECE - 7 * n, secret);
    }
    let sandbox = Sandbox::with("large", &text);
    for (n, secret) in secrets.iter().enumerate() {
        sandbox.file(format!("small/{n}.env"), format!("TOKEN={secret}\n"));
    }
    let one = sandbox.scan(&["--threads", "1"]);
    let many = sandbox.scan(&["--threads", "8"]);
    assert_eq!(one.findings.len(), 18);
    assert_eq!(one.json, many.json);
}
