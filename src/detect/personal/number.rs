//! Numbers that states, banks and networks give to people: their forms and what proves them.
//!
//! A form is a pattern of `9` for a digit, `A` for a letter, `X` for either, everything else for itself. Sources are in
//! [`crate::rule::personal::KINDS`].

use super::account::card;
use super::check::{luhn, mod_11_10, verhoeff, weighted};

/// A number's forms and its proof.
pub(super) struct Number {
    /// The kind, as in the table of rules.
    pub(super) kind: &'static str,
    /// How it is written.
    pub(super) forms: &'static [&'static str],
    /// Forms that nothing else has, so that they need no word before them.
    pub(super) telling: &'static [&'static str],
    /// Whether letters and digits, upper case and without what is between them, are such a number.
    pub(super) is_sound: fn(&[u8]) -> bool,
}

pub(super) static NUMBERS: &[Number] = &[
    Number { kind: "au-tfn", forms: &["999999999", "999 999 999"], telling: &[], is_sound: au_tfn },
    Number { kind: "be-nrn", forms: &["99999999999"], telling: &["99.99.99-999.99"], is_sound: be_nrn },
    Number { kind: "br-cnpj", forms: &["99999999999999"], telling: &["99.999.999/9999-99"], is_sound: br_cnpj },
    Number { kind: "br-cpf", forms: &["99999999999"], telling: &["999.999.999-99"], is_sound: br_cpf },
    Number { kind: "ca-sin", forms: &["999999999", "999 999 999", "999-999-999"], telling: &[], is_sound: ca_sin },
    Number {
        kind: "card-number",
        forms: &["9999999999999", "99999999999999", "999999999999999", "9999999999999999", "9999999999999999999"],
        telling: &[
            "9999 9999 9999 9999", "9999-9999-9999-9999", "9999 999999 99999", "9999-999999-99999", "9999 999999 9999",
            "9999 9999 9999 9999 999",
        ],
        is_sound: card,
    },
    Number { kind: "ch-ahv", forms: &["9999999999999"], telling: &["999.9999.9999.99"], is_sound: ch_ahv },
    Number { kind: "cn-id", forms: &["99999999999999999X"], telling: &[], is_sound: cn_id },
    Number { kind: "de-steuer-id", forms: &["99999999999", "99 999 999 999"], telling: &[], is_sound: de_steuer_id },
    Number { kind: "dk-cpr", forms: &["999999-9999", "9999999999"], telling: &[], is_sound: dk_cpr },
    Number {
        kind: "es-dni",
        forms: &["99999999A", "99999999-A", "A9999999A", "A-9999999-A"],
        telling: &[],
        is_sound: es_dni,
    },
    Number { kind: "fi-hetu", forms: &["999999-999X", "999999+999X", "999999A999X"], telling: &[], is_sound: fi_hetu },
    Number {
        kind: "fr-nir",
        forms: &["999999999999999", "999999X99999999"],
        telling: &["9 99 99 99 999 999 99", "9 99 99 9A 999 999 99"],
        is_sound: fr_nir,
    },
    Number { kind: "gb-nhs", forms: &["9999999999", "999 999 9999", "999-999-9999"], telling: &[], is_sound: gb_nhs },
    Number { kind: "gb-nino", forms: &["AA999999A", "AA 99 99 99 A"], telling: &[], is_sound: gb_nino },
    Number { kind: "ie-pps", forms: &["9999999A", "9999999AA"], telling: &[], is_sound: ie_pps },
    Number {
        kind: "in-aadhaar",
        forms: &["999999999999", "9999 9999 9999", "9999-9999-9999"],
        telling: &[],
        is_sound: in_aadhaar,
    },
    Number { kind: "it-codice-fiscale", forms: &["AAAAAAXXAXXAXXXA"], telling: &[], is_sound: it_codice_fiscale },
    Number {
        kind: "jp-my-number",
        forms: &["999999999999", "9999 9999 9999", "9999-9999-9999"],
        telling: &[],
        is_sound: jp_my_number,
    },
    Number { kind: "kr-rrn", forms: &["999999-9999999", "9999999999999"], telling: &[], is_sound: kr_rrn },
    Number { kind: "mx-curp", forms: &["AAAA999999AAAAAAX9"], telling: &[], is_sound: mx_curp },
    Number { kind: "nl-bsn", forms: &["999999999"], telling: &[], is_sound: nl_bsn },
    Number { kind: "no-fnr", forms: &["99999999999", "999999 99999"], telling: &[], is_sound: no_fnr },
    Number { kind: "pl-pesel", forms: &["99999999999"], telling: &[], is_sound: pl_pesel },
    Number { kind: "pt-nif", forms: &["999999999", "999 999 999"], telling: &[], is_sound: pt_nif },
    Number {
        kind: "se-personnummer",
        forms: &["999999-9999", "999999+9999", "99999999-9999", "9999999999", "999999999999"],
        telling: &[],
        is_sound: se_personnummer,
    },
    Number { kind: "sg-nric", forms: &["A9999999A"], telling: &[], is_sound: sg_nric },
    Number { kind: "tr-tckn", forms: &["99999999999"], telling: &[], is_sound: tr_tckn },
    Number { kind: "us-itin", forms: &["999-99-9999", "999999999"], telling: &[], is_sound: us_itin },
    Number { kind: "us-ssn", forms: &["999999999", "999 99 9999"], telling: &["999-99-9999"], is_sound: us_ssn },
    Number { kind: "za-id", forms: &["9999999999999", "999999 9999 999"], telling: &[], is_sound: za_id },
];

/// The digits of a number, as numbers.
pub(super) fn digits(text: &[u8]) -> Vec<u32> {
    text.iter().filter(|b| b.is_ascii_digit()).map(|b| u32::from(b - b'0')).collect()
}

pub(super) fn value(digits: &[u32]) -> u64 {
    digits.iter().fold(0, |value, &digit| value * 10 + u64::from(digit))
}

/// One digit again and again is what people write for any number.
pub(super) fn is_varied(digits: &[u32]) -> bool {
    digits.windows(2).any(|pair| pair[0] != pair[1])
}

/// Whether there can be such a day; the century is not known, so the 29th of February always can.
fn is_day(month: u32, day: u32) -> bool {
    let days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    (1..=12).contains(&month) && (1..=days[month as usize - 1]).contains(&day)
}

fn two(digits: &[u32], at: usize) -> u32 {
    digits[at] * 10 + digits[at + 1]
}

fn au_tfn(text: &[u8]) -> bool {
    let d = digits(text);
    is_varied(&d) && weighted(&d, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

fn be_nrn(text: &[u8]) -> bool {
    let d = digits(text);
    let (body, check) = (value(&d[..9]), value(&d[9..]));
    // Those born since 2000 have a 2 before their number; a month can be unknown, or raised for those without a residence.
    let fits = |body: u64| 97 - body % 97 == check;
    let month = two(&d, 2) % 20;
    month <= 12 && two(&d, 4) <= 31 && is_varied(&d) && (fits(body) || fits(2_000_000_000 + body))
}

/// The check digit of Brazilian numbers.
fn brazilian(digits: &[u32], weights: &[u32]) -> u32 {
    match weighted(digits, weights) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

fn br_cnpj(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let d = digits(text);
    is_varied(&d) && brazilian(&d[..12], &WEIGHTS[1..]) == d[12] && brazilian(&d[..13], &WEIGHTS) == d[13]
}

fn br_cpf(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 10] = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    let d = digits(text);
    is_varied(&d) && brazilian(&d[..9], &WEIGHTS[1..]) == d[9] && brazilian(&d[..10], &WEIGHTS) == d[10]
}

fn ca_sin(text: &[u8]) -> bool {
    let d = digits(text);
    !matches!(d[0], 0 | 8) && is_varied(&d) && luhn(&d)
}

fn ch_ahv(text: &[u8]) -> bool {
    let d = digits(text);
    value(&d[..3]) == 756 && weighted(&d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

fn cn_id(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let d = digits(&text[..17]);
    let year = value(&d[6..10]);
    let check = b"10X98765432"[(weighted(&d, &WEIGHTS) % 11) as usize];
    (1900..2100).contains(&year) && is_day(two(&d, 10), two(&d, 12)) && d[0] > 0 && text[17] == check
}

fn de_steuer_id(text: &[u8]) -> bool {
    let d = digits(text);
    // Of the first ten digits exactly one is there twice or three times.
    let mut counts = [0; 10];
    d[..10].iter().for_each(|&digit| counts[digit as usize] += 1);
    let repeated = counts.iter().filter(|&&n| n > 1).count();
    d[0] > 0 && repeated == 1 && counts.iter().all(|&n| n <= 3) && mod_11_10(&d)
}

fn dk_cpr(text: &[u8]) -> bool {
    let d = digits(text);
    is_day(two(&d, 2), two(&d, 0)) && value(&d[6..]) > 0
}

const DNI: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn es_dni(text: &[u8]) -> bool {
    let prefix = match text[0] {
        b'X' => 0,
        b'Y' => 1,
        b'Z' => 2,
        b'0'..=b'9' => u64::from(text[0] - b'0'),
        _ => return false,
    };
    let d = digits(&text[1..8]);
    let number = prefix * 10_000_000 + value(&d);
    number > 0 && text[8] == DNI[(number % 23) as usize]
}

fn fi_hetu(text: &[u8]) -> bool {
    let d = digits(&text[..6]);
    let individual = digits(&text[text.len() - 4..text.len() - 1]);
    let number = value(&d) * 1000 + value(&individual);
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(number % 31) as usize];
    let century = text.len() == 10 || matches!(text[6], b'A'..=b'F' | b'U'..=b'Y');
    century && is_day(two(&d, 2), two(&d, 0)) && value(&individual) >= 2 && text.last() == Some(&check)
}

fn fr_nir(text: &[u8]) -> bool {
    // Corsica: the letter stands for a 0, and the number is less by that much.
    let (less, department) = match text[6] {
        b'A' => (1_000_000, b'0'),
        b'B' => (2_000_000, b'0'),
        b @ b'0'..=b'9' => (0, b),
        _ => return false,
    };
    let mut plain = text.to_vec();
    plain[6] = department;
    let d = digits(&plain);
    let month = two(&d, 3);
    let body = value(&d[..13]);
    d.len() == 15
        && matches!(d[0], 1..=4 | 7 | 8)
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && (less == 0 || text[5] == b'2')
        && 97 - (body - less) % 97 == value(&d[13..])
}

fn gb_nhs(text: &[u8]) -> bool {
    let d = digits(text);
    let check = (11 - weighted(&d[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    is_varied(&d) && check == d[9]
}

fn gb_nino(text: &[u8]) -> bool {
    let prefix = &text[..2];
    !prefix.iter().any(|b| b"DFIQUV".contains(b))
        && text[1] != b'O'
        && ![b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"].iter().any(|not| &not[..] == prefix)
        && (b'A'..=b'D').contains(&text[8])
}

fn ie_pps(text: &[u8]) -> bool {
    let d = digits(&text[..7]);
    let letter = |byte: u8| u32::from(byte - b'@');
    // A second letter, if it is no W, counts for nine times its place.
    let second = match text.get(8) {
        Some(b'W') | None => 0,
        Some(&byte) => 9 * letter(byte),
    };
    let sum = weighted(&d, &[8, 7, 6, 5, 4, 3, 2]) + second;
    letter(text[7]) % 23 == sum % 23 && is_varied(&d)
}

fn in_aadhaar(text: &[u8]) -> bool {
    let d = digits(text);
    d[0] > 1 && is_varied(&d) && verhoeff(&d)
}

fn it_codice_fiscale(text: &[u8]) -> bool {
    // Where two have the same code, digits become letters.
    let digit = |byte: u8| byte.is_ascii_digit() || b"LMNPQRSTUV".contains(&byte);
    let digits = [6, 7, 9, 10, 12, 13, 14].iter().all(|&at| digit(text[at]));
    if !digits || !b"ABCDEHLMPRST".contains(&text[8]) {
        return false;
    }
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let place = |byte: u8| u32::from(if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' });
    let sum: u32 = text[..15]
        .iter()
        .enumerate()
        .map(|(n, &byte)| if n % 2 == 0 { ODD[place(byte) as usize] } else { place(byte) })
        .sum();
    place(text[15]) == sum % 26
}

fn jp_my_number(text: &[u8]) -> bool {
    let d = digits(text);
    let rest = weighted(&d[..11], &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    is_varied(&d) && d[11] == if rest <= 1 { 0 } else { 11 - rest }
}

fn kr_rrn(text: &[u8]) -> bool {
    // Since October 2020 the last digit proves nothing.
    let d = digits(text);
    is_day(two(&d, 2), two(&d, 4)) && (1..=8).contains(&d[6])
}

fn mx_curp(text: &[u8]) -> bool {
    // The Ñ is between N and O; no CURP has it written, but it counts.
    let place = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'N' => u32::from(byte - b'A') + 10,
        _ => u32::from(byte - b'A') + 11,
    };
    let sum: u32 = text[..17].iter().zip((2..=18).rev()).map(|(&byte, weight)| place(byte) * weight).sum();
    let d = digits(&text[4..10]);
    b"HMX".contains(&text[10]) && is_day(two(&d, 2), two(&d, 4)) && (10 - sum % 10) % 10 == place(text[17])
}

fn nl_bsn(text: &[u8]) -> bool {
    let d = digits(text);
    let sum = weighted(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]);
    is_varied(&d) && sum >= d[8] && (sum - d[8]).is_multiple_of(11)
}

fn no_fnr(text: &[u8]) -> bool {
    let d = digits(text);
    let check = |digits: &[u32], weights: &[u32]| (11 - weighted(digits, weights) % 11) % 11;
    // Of those without a residence the day is raised by 40, of test persons the month by 40 or 80.
    let (day, month) = (two(&d, 0), two(&d, 2));
    is_day(month % 40, if day > 40 { day - 40 } else { day })
        && check(&d[..9], &[3, 7, 6, 1, 8, 9, 4, 5, 2]) == d[9]
        && check(&d[..10], &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) == d[10]
}

fn pl_pesel(text: &[u8]) -> bool {
    let d = digits(text);
    // The century is in the month.
    is_day(two(&d, 2) % 20, two(&d, 4)) && weighted(&d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

fn pt_nif(text: &[u8]) -> bool {
    let d = digits(text);
    let rest = weighted(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    matches!(d[0], 1..=3 | 5 | 6 | 8 | 9) && is_varied(&d) && d[8] == if rest <= 1 { 0 } else { 11 - rest }
}

fn se_personnummer(text: &[u8]) -> bool {
    let all = digits(text);
    let d = &all[all.len() - 10..];
    let century = all.len() == 10 || matches!(two(&all, 0), 18..=20);
    // A coordination number has a day that is raised by 60.
    let day = two(d, 4);
    century && is_day(two(d, 2), if day > 60 { day - 60 } else { day }) && luhn(d)
}

fn sg_nric(text: &[u8]) -> bool {
    let d = digits(&text[1..8]);
    let sum = weighted(&d, &[2, 7, 6, 5, 4, 3, 2]);
    let letter = |letters: &[u8; 11], more: u32| letters[((sum + more) % 11) as usize];
    text[8]
        == match text[0] {
            b'S' => letter(b"JZIHGFEDCBA", 0),
            b'T' => letter(b"JZIHGFEDCBA", 4),
            b'F' => letter(b"XWUTRQPNMLK", 0),
            b'G' => letter(b"XWUTRQPNMLK", 4),
            b'M' => letter(b"XWUTRQPNJLK", 3),
            _ => return false,
        }
}

fn tr_tckn(text: &[u8]) -> bool {
    let d = digits(text);
    let odd: u32 = d[..9].iter().step_by(2).sum();
    let even: u32 = d[1..8].iter().step_by(2).sum();
    d[0] > 0 && (7 * odd + 10 - even % 10) % 10 == d[9] && d[..10].iter().sum::<u32>() % 10 == d[10]
}

fn us_itin(text: &[u8]) -> bool {
    let d = digits(text);
    d[0] == 9 && matches!(two(&d, 3), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

fn us_ssn(text: &[u8]) -> bool {
    let d = digits(text);
    let (area, group, serial) = (value(&d[..3]), value(&d[3..5]), value(&d[5..]));
    // Printed on cards in wallets and in advertisements, and void since.
    let void = [78_051_120, 219_099_999, 457_555_462];
    !matches!(area, 0 | 666 | 900..)
        && group > 0
        && serial > 0
        && !void.contains(&value(&d))
        && is_varied(&d)
        && value(&d) != 123_456_789
}

fn za_id(text: &[u8]) -> bool {
    let d = digits(text);
    is_day(two(&d, 2), two(&d, 4)) && d[10] <= 2 && luhn(&d)
}
