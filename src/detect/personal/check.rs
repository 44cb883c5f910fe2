//! The arithmetic of check digits. All take digits as numbers from 0 to 9.

/// The sum of products of digits and weights.
pub(super) fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// ISO/IEC 7812-1, annex B: every second digit from the right is doubled.
pub(super) fn luhn(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = digits.iter().rev().enumerate().map(|(n, &d)| if n % 2 == 1 { doubled(d) } else { d }).sum();
    sum.is_multiple_of(10)
}

/// ISO/IEC 7064, MOD 11,10.
pub(super) fn mod_11_10(digits: &[u32]) -> bool {
    let Some((check, rest)) = digits.split_last() else { return false };
    let product = rest.iter().fold(10, |product, digit| {
        let sum = (digit + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == *check
}

/// ISO/IEC 7064, MOD 97-10, of letters and digits: letters are two digits, A being 10.
pub(super) fn mod_97(characters: impl Iterator<Item = u8>) -> Option<u32> {
    characters.into_iter().try_fold(0, |rest, character| match character {
        b'0'..=b'9' => Some((rest * 10 + u32::from(character - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(character - b'A') + 10) % 97),
        _ => None,
    })
}

/// Verhoeff's scheme: J. Verhoeff, Error Detecting Decimal Codes, 1969.
pub(super) fn verhoeff(digits: &[u32]) -> bool {
    // The dihedral group D5: five rotations, five reflections.
    let multiply = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a - b) % 5,
        (false, false) => (5 + a - b) % 5,
    };
    const PERMUTATION: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let permuted = |position: usize, digit: u32| (0..position % 8).fold(digit, |d, _| PERMUTATION[d as usize]);
    digits.iter().rev().enumerate().fold(0, |sum, (position, &digit)| multiply(sum, permuted(position, digit))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u32> {
        text.chars().filter_map(|c| c.to_digit(10)).collect()
    }

    /// Each scheme finds every wrong digit, which no wrong table does by accident.
    #[test]
    fn one_wrong_digit_is_found() {
        type Check = fn(&[u32]) -> bool;
        let checks: [(&str, Check); 3] = [("49927398716", luhn), ("86095742719", mod_11_10), ("2363", verhoeff)];
        for (sound, check) in checks {
            let sound = digits(sound);
            assert!(check(&sound), "{sound:?}");
            for at in 0..sound.len() {
                for other in (0..10).filter(|&d| d != sound[at]) {
                    let mut broken = sound.clone();
                    broken[at] = other;
                    assert!(!check(&broken), "{broken:?}");
                }
            }
        }
    }

    #[test]
    fn verhoeff_finds_swapped_neighbours() {
        let sound: Vec<u32> = (0..10)
            .map(|last| [digits("1234509876"), vec![last]].concat())
            .find(|d| verhoeff(d))
            .expect("one digit fits");
        for at in 1..sound.len() {
            let mut swapped = sound.clone();
            swapped.swap(at - 1, at);
            assert!(swapped == sound || !verhoeff(&swapped), "{swapped:?}");
        }
    }

    #[test]
    fn mod_97_takes_letters_for_two_digits() {
        assert_eq!(mod_97(b"3214282912345698765432161182".iter().copied()), Some(1));
        assert_eq!(mod_97(b"A".iter().copied()), Some(10));
        assert_eq!(mod_97(b"a".iter().copied()), None);
    }
}
