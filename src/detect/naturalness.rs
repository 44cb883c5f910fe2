//! How natural a value looks: a character trigram model that tells words, identifiers, UI texts and paths from keys.
//!
//! It knows what each of 32 symbols costs after the two before it. `rules/naturalness/train.rs` says from what.
//!
//! Random strings (20 000 each) and held-out natural values (identifiers of npm's JavaScript; word sequences of its
//! manual joined with spaces, `_`, `-` or as camelCase) on the wrong side of [`RANDOM_ABOVE`], in per cent:
//!
//! | length | base62 | base64url | base36 | hex | a–z | identifiers | word sequences |
//! |-|-|-|-|-|-|-|-|
//! | 8 | 0.21 | 0.27 | 0.82 | 2.31 | 3.07 | 1.93 | 3.74 |
//! | 12 | 0.00 | 0.00 | 0.08 | 0.41 | 0.37 | 1.91 | 2.91 |
//! | 16 | 0.00 | 0.00 | 0.00 | 0.05 | 0.09 | 0.94 | 2.75 |
//! | 20 | 0.00 | 0.00 | 0.00 | 0.01 | 0.00 | 0.96 | 2.78 |
//! | 32, 40 | 0.00 | 0.00 | 0.00 | 0.00 | 0.00 | 2.16 | 2.10 |
//!
//! Hex missed at 8 mostly has no letter. Dictionary words of six letters and more that look random:
//! German 3.2, French 0.3, Spanish 1.3.
//!
//! It is one piece of evidence and not a verdict: people's passwords hold words (`Summer2024!` looks natural), keyboard
//! walks (`1qaz2wsx`) and unusual abbreviations look random, and so do public digests and ids.

/// Costs of a symbol after two others, in sixteenths of a bit: `first << 10 | second << 5 | symbol`.
static COSTS: &[u8; 32 * 32 * 32] = include_bytes!("../../rules/naturalness/trigrams.bin");

/// The start, the end, and every character that has no other symbol: `$ + = ! { } …`.
pub(super) const BOUNDARY: u8 = 0;
/// A digit, any. Letters are 1–26, whatever their case.
const DIGIT: u8 = 27;
/// What joins words: `_ - . / : , '` and space.
const JOINER: u8 = 28;
/// Comes before the capital of a camelCase hump: upper case after lower case.
const HUMP: u8 = 29;
/// Comes before the first of two or more capitals, and before what is no longer all capitals.
const CAPS: u8 = 30;
/// A letter that is not of the Latin alphabet.
const FOREIGN: u8 = 31;

/// Bits to say which character a [`BOUNDARY`] within a value is.
const OTHER_BITS: f32 = 4.5;

/// Bits by which the natural model must be worse than the uniform one before a value [`looks_random`].
pub(super) const RANDOM_ABOVE: f32 = 10.0;

/// Whether the characters of `value` look drawn by chance rather than written: [`randomness`] over [`RANDOM_ABOVE`].
pub(super) fn looks_random(value: &[u8]) -> bool {
    randomness(value) > RANDOM_ABOVE
}

/// Evidence that `value` was drawn by chance, in bits: what it costs under the natural model less what it costs when
/// every character of its classes is equally likely. Above zero is more likely random, below zero more likely natural;
/// it grows with the length. A number is worth little either way.
pub(super) fn randomness(value: &[u8]) -> f32 {
    let uniform = uniform_bits(value);
    let number = !value.iter().any(|&b| b.is_ascii_alphabetic() || b >= 0x80);
    let (mut first, mut second) = (BOUNDARY, BOUNDARY);
    let mut natural = 0.0;
    for symbol in symbols(value) {
        let bits = cost(first, second, symbol);
        let digit_run = symbol == DIGIT && second == DIGIT;
        natural += if digit_run && number { bits.min(uniform) } else { bits };
        (first, second) = context(second, symbol);
    }
    if !value.is_empty() {
        natural += cost(first, second, BOUNDARY) - OTHER_BITS;
    }
    natural - characters(value) * uniform
}

/// The two symbols before the next one, after `symbol` has followed `second`: a boundary forgets what was before it.
pub(super) fn context(second: u8, symbol: u8) -> (u8, u8) {
    if symbol == BOUNDARY || symbol == FOREIGN { (BOUNDARY, BOUNDARY) } else { (second, symbol) }
}

/// The bits `symbol` costs after `first` and `second`, with those that say which of its characters it is.
fn cost(first: u8, second: u8, symbol: u8) -> f32 {
    let choice = match symbol {
        FOREIGN => return 4.0, // a key has none
        BOUNDARY => OTHER_BITS,
        DIGIT => 3.32,
        JOINER => 2.0,
        _ => 0.0,
    };
    f32::from(COSTS[usize::from(first) << 10 | usize::from(second) << 5 | usize::from(symbol)]) / 16.0 + choice
}

/// Bits per character of a random string over the classes of characters that `value` has.
fn uniform_bits(value: &[u8]) -> f32 {
    let has = |class: fn(&u8) -> bool| value.iter().any(class);
    let hex = |letter: u8| value.iter().all(|&b| b.is_ascii_digit() || b == b'-' || (letter..letter + 6).contains(&b));
    if has(u8::is_ascii_alphabetic) && (hex(b'a') || hex(b'A')) {
        return 4.0;
    }
    let sizes = [
        (has(u8::is_ascii_lowercase), 26.0),
        (has(u8::is_ascii_uppercase), 26.0),
        (has(u8::is_ascii_digit), 10.0),
        (has(|b| b"-_/+=.".contains(b)), 2.0),
        (has(|b| !b.is_ascii_alphanumeric() && !b"-_/+=.".contains(b)), 30.0),
    ];
    sizes.iter().filter(|(present, _)| *present).map(|(_, size)| size).sum::<f32>().max(2.0).log2()
}

/// How many characters `value` has in UTF-8: bytes that continue none.
fn characters(value: &[u8]) -> f32 {
    value.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() as f32
}

/// The symbols of `value`, without the boundaries around it.
pub(super) fn symbols(value: &[u8]) -> impl Iterator<Item = u8> {
    let (mut all_caps, mut after_lower) = (false, false);
    value.iter().enumerate().filter(|&(_, &byte)| byte & 0xc0 != 0x80).flat_map(move |(i, &byte)| {
        let next = value.get(i + 1).copied().unwrap_or_default();
        let (marker, symbol) = match byte {
            b'a'..=b'z' => {
                after_lower = true;
                (std::mem::take(&mut all_caps).then_some(CAPS), byte - b'a' + 1)
            }
            b'A'..=b'Z' => {
                let capitals = if all_caps { !next.is_ascii_lowercase() } else { next.is_ascii_uppercase() };
                let hump = std::mem::take(&mut after_lower) && !capitals;
                let switch = std::mem::replace(&mut all_caps, capitals) != capitals;
                (if switch { Some(CAPS) } else { hump.then_some(HUMP) }, byte - b'A' + 1)
            }
            b'0'..=b'9' => (None, DIGIT),
            0xc3 => (None, without_accent(next)),
            0xc0.. => (None, FOREIGN),
            _ => {
                after_lower = false; // a digit leaves it: `md5Sum` has a hump
                (None, if b"_-./:,' ".contains(&byte) { JOINER } else { BOUNDARY })
            }
        };
        marker.into_iter().chain([symbol])
    })
}

/// The plain letter's symbol for the second byte of `à`–`ÿ` or `À`–`ß` in UTF-8.
fn without_accent(second: u8) -> u8 {
    match b"aaaaaaaceeeeiiii.nooooo.ouuuuy.s"[usize::from(second & 0x1f)] {
        b'.' => FOREIGN,
        letter => letter - b'a' + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 500 strings of `len` of the first `size` characters of base64, by a fixed xorshift.
    fn random(size: usize, len: usize) -> Vec<Vec<u8>> {
        let alphabet = &b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/"[..size];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            alphabet[(state >> 33) as usize % size]
        };
        (0..500).map(|_| (0..len).map(|_| draw()).collect()).collect()
    }

    #[test]
    fn natural_values_do_not_look_random() {
        let natural = "password changeme ForgotPasswordTitle Summer2024! MonkeyDragon99 hunter2 getElementById
            XMLHttpRequest user_password_confirmation AWS_SECRET_ACCESS_KEY com.example.android.MainActivity
            /usr/local/share/ca-certificates https://example.com/path/to/file.html my-secret-key ${DB_PASSWORD}
            Straßenbahnhaltestelle Geschwindigkeitsbegrenzung développement quelquefois contraseña
            desafortunadamente пароль 1234567890";
        for value in natural.split_whitespace().chain(["correct horse battery staple", "{{ user.password }}"]) {
            assert!(!looks_random(value.as_bytes()), "{value}: {} bits", randomness(value.as_bytes()));
        }
        assert!(randomness(b"Summer2024!") < 0.0 && randomness(b"correct horse battery staple") < -30.0);
    }

    #[test]
    fn random_values_look_random() {
        for (size, len, at_least) in [(62, 12, 498), (62, 20, 500), (64, 16, 499), (16, 16, 499), (36, 12, 495)] {
            let found = random(size, len).iter().filter(|value| looks_random(value)).count();
            assert!(found >= at_least, "{found} of 500, alphabet of {size}, length {len}");
        }
        assert!(looks_random(b"d41d8cd98f00b204e9800998ecf8427e"), "a digest");
        assert!(looks_random(b"550e8400-e29b-41d4-a716-446655440000"), "a UUID");
    }

    #[test]
    fn case_is_a_marker() {
        let read = |value: &[u8]| symbols(value).collect::<Vec<u8>>();
        assert_eq!(read(b"aBc"), [1, HUMP, 2, 3]);
        assert_eq!(read(b"ABCd"), [CAPS, 1, 2, CAPS, 3, 4]);
        assert_eq!(read("A_BC é9$".as_bytes()), [1, JOINER, CAPS, 2, 3, JOINER, 5, DIGIT, BOUNDARY]);
        assert!(randomness(b"") == 0.0 && randomness(b"correct horse battery staple") < 0.0);
    }
}
