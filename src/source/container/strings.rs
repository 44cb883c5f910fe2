//! The strings in bytes that are no text, a line for each.

/// Shorter ones are chance.
const SHORTEST: usize = 6;

/// Adds the runs of bytes that are printable, or can be a part of UTF-8.
pub(super) fn narrow(bytes: &[u8], out: &mut Vec<u8>) {
    let printable = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    for run in bytes.split(|byte| !printable(byte)).filter(|run| run.len() >= SHORTEST) {
        out.extend(run);
        out.push(b'\n');
    }
}

/// Adds the runs of printable ASCII that has 16 bits a character, wherever they begin. `orders`: with the high byte first or not.
pub(super) fn wide(bytes: &[u8], orders: &[bool], out: &mut Vec<u8>) {
    let mut at = 0;
    while at + 1 < bytes.len() {
        let runs = orders.iter().map(|&big| (at..).step_by(2).map_while(move |at| character(bytes, at, big)));
        let run: Vec<u8> = runs.map(Iterator::collect::<Vec<u8>>).max_by_key(Vec::len).unwrap_or_default();
        if run.len() >= SHORTEST {
            out.extend(&run);
            out.push(b'\n');
        }
        at += (2 * run.len()).max(1);
    }
}

/// The character at `at`, if it is printable.
fn character(bytes: &[u8], at: usize, big: bool) -> Option<u8> {
    let (first, second) = (*bytes.get(at)?, *bytes.get(at + 1)?);
    let (high, low) = if big { (first, second) } else { (second, first) };
    (high == 0 && matches!(low, b'\t' | b' '..=b'~')).then_some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_lines() {
        let mut out = Vec::new();
        narrow(b"\0\x01one two\0short\0h\xc3\xa9llo world\x7f", &mut out);
        assert_eq!(out, "one two\nh\u{e9}llo world\n".as_bytes());
        for big in [false, true] {
            let unit = |c: u16| if big { c.to_be_bytes() } else { c.to_le_bytes() };
            let mut bytes = vec![7, 7, 7];
            bytes.extend("pass=word".encode_utf16().flat_map(unit));
            let mut out = Vec::new();
            wide(&bytes, &[big], &mut out);
            assert_eq!(out, b"pass=word\n");
            out.clear();
            wide(&bytes, &[true, false], &mut out);
            assert_eq!(out, b"pass=word\n");
        }
    }
}
