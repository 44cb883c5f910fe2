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

/// Calls `tell` with the length of every run of one repeated character, or of characters that count up or down (`aaaa`,
/// `1234`, `fedc`), of at least two.
fn runs(value: &[u8], mut tell: impl FnMut(usize)) {
    let (mut run, mut direction) = (1, 0);
    for pair in value.windows(2) {
        let step = i16::from(pair[1]) - i16::from(pair[0]);
        if run > 1 && step == direction {
            run += 1;
            continue;
        }
        if run > 1 {
            tell(run);
        }
        direction = step;
        run = if (-1..=1).contains(&step) { 2 } else { 1 };
    }
    if run > 1 {
        tell(run);
    }
}

/// The length of the longest of such runs.
pub(super) fn longest_run(value: &[u8]) -> usize {
    let mut longest = 1.min(value.len());
    runs(value, |run| longest = longest.max(run));
    longest
}

/// How many bytes are in such runs of at least five.
pub(super) fn in_runs(value: &[u8]) -> usize {
    let mut sum = 0;
    runs(value, |run| sum += if run >= 5 { run } else { 0 });
    sum.min(value.len())
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
        assert_eq!(in_runs(b"0123456789abcdef0123456789abcdef"), 32);
        assert_eq!(in_runs(b"k12345k1234"), 5);
        assert_eq!(in_runs(b"aaaaabcdef"), 10);
    }

    #[test]
    fn uuids() {
        assert!(is_uuid(b"123e4567-e89b-12d3-a456-426614174000"));
        assert!(!is_uuid(b"123e4567-e89b-12d3-a456-42661417400g"));
    }
}
