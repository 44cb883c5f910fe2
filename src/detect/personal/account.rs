//! Numbers of payment cards (ISO/IEC 7812) and of bank accounts (ISO 13616).

use super::check::{luhn, mod_97};
use super::number::{digits, is_varied, value};

/// Ranges of issuers, by the first six digits, with the lengths of their numbers.
const ISSUERS: &[(u64, u64, &[usize])] = &[
    (220_000, 220_499, &[16, 19]),
    (222_100, 272_099, &[16]),
    (300_000, 305_999, &[14, 16]),
    (340_000, 349_999, &[15]),
    (352_800, 358_999, &[16, 19]),
    (360_000, 369_999, &[14]),
    (370_000, 379_999, &[15]),
    (380_000, 399_999, &[14, 16]),
    (400_000, 499_999, &[13, 16, 19]),
    (510_000, 559_999, &[16]),
    (601_100, 601_199, &[16, 19]),
    (620_000, 629_999, &[16, 19]),
    (644_000, 659_999, &[16, 19]),
];

pub(super) fn card(text: &[u8]) -> bool {
    let d = digits(text);
    let issuer = value(&d[..6]);
    let known =
        |(from, to, lengths): &(u64, u64, &[usize])| (*from..=*to).contains(&issuer) && lengths.contains(&d.len());
    ISSUERS.iter().any(known) && luhn(&d) && is_varied(&d[6..])
}

/// Countries that have IBANs, with their length.
const IBANS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// How many characters the IBAN has that begins like this.
pub(super) fn iban_len(start: &[u8]) -> Option<usize> {
    let known = start.len() >= 4 && start[2..4].iter().all(u8::is_ascii_digit);
    let country = || IBANS.iter().find(|(country, _)| start.starts_with(*country)).map(|(_, len)| *len);
    known.then(country).flatten()
}

/// Whether letters and digits are an IBAN.
pub(super) fn iban(text: &[u8]) -> bool {
    let turned = text[4..].iter().chain(&text[..4]).copied();
    iban_len(text) == Some(text.len()) && mod_97(turned) == Some(1)
}
