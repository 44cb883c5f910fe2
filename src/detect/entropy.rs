//! Shannon entropy and the plain shapes of a value.

/// Shannon entropy of `value` in bits per byte.
pub(super) fn shannon(value: &[u8]) -> f32 {
    let mut counts = [0u16; 256];
    for &byte in value {
        let count = &mut counts[usize::from(byte)];
        *count = count.saturating_add(1);
    }
    let len = value.len() as f32;
    counts.iter().filter(|&&n| n > 0).map(|&n| f32::from(n) / len * (len / f32::from(n)).log2()).sum()
}

/// The length of the longest run of one repeated character, or of characters that count up or down
/// (`aaaa`, `1234`, `fedc`).
pub(super) fn longest_run(value: &[u8]) -> usize {
    let mut longest = 1.min(value.len());
    for step in [0i16, 1, -1] {
        let mut run = 1;
        for pair in value.windows(2) {
            run = if i16::from(pair[1]) - i16::from(pair[0]) == step { run + 1 } else { 1 };
            longest = longest.max(run);
        }
    }
    longest
}

/// The number of different bytes in `value`.
pub(super) fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    value.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    seen.iter().filter(|&&s| s).count()
}

/// Whether `value` is a UUID in its usual form.
pub(super) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(i, &byte)| match i {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_known_values() {
        assert!(shannon(b"aaaa").abs() < 1e-6);
        assert!((shannon(b"abab") - 1.0).abs() < 1e-6);
        assert!((shannon(b"abcdefgh") - 3.0).abs() < 1e-6);
    }

    #[test]
    fn runs_up_down_and_level() {
        assert_eq!(longest_run(b"xyaaaaz"), 4);
        assert_eq!(longest_run(b"k12345k"), 5);
        assert_eq!(longest_run(b"9876"), 4);
        assert_eq!(longest_run(b"q"), 1);
        assert_eq!(longest_run(b""), 0);
    }

    #[test]
    fn uuids() {
        assert!(is_uuid(b"123e4567-e89b-12d3-a456-426614174000"));
        assert!(!is_uuid(b"123e4567-e89b-12d3-a456-42661417400g"));
    }
}
