//! How mails write bytes that are no ASCII (RFC 2045, RFC 2047).

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How the content of a part is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Transfer {
    /// As it is.
    #[default]
    None,
    /// Base64.
    Base64,
    /// Quoted-printable.
    Quoted,
}

impl Transfer {
    /// What a field says.
    pub(super) fn of(value: &[u8]) -> Self {
        match &*value.to_ascii_lowercase() {
            b"base64" => Self::Base64,
            b"quoted-printable" => Self::Quoted,
            _ => Self::None,
        }
    }
}

/// The content without its encoding; what is not sound is as it is, or left out, as mail programs do.
pub(super) fn decode(transfer: Transfer, body: &[u8]) -> Cow<'_, [u8]> {
    match transfer {
        Transfer::None => body.into(),
        Transfer::Base64 => base64(body).into(),
        Transfer::Quoted => quoted(body).into(),
    }
}

/// Decodes base64, whatever is between its characters. Pieces that end with padding may follow each other.
fn base64(body: &[u8]) -> Vec<u8> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const ENGINE: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
    let mut out = Vec::new();
    for piece in body.split(|&b| b == b'=') {
        let mut letters: Vec<u8> =
            piece.iter().copied().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).collect();
        // One letter alone is less than a byte.
        if letters.len() % 4 == 1 {
            letters.pop();
        }
        // It has only letters of the alphabet now.
        if let Ok(bytes) = ENGINE.decode(&letters) {
            out.extend(bytes);
        }
    }
    out
}

/// Decodes quoted-printable.
fn quoted(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memchr(b'=', rest) {
        out.extend(&rest[..at]);
        rest = &rest[at + 1..];
        let hex = |b: u8| char::from(b).to_digit(16);
        if let [high, low, ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push((high << 4 | low) as u8);
            rest = &rest[2..];
            continue;
        }
        // Blanks may have come to the end of a line on its way.
        let blanks = rest.iter().take_while(|&&b| matches!(b, b' ' | b'\t' | b'\r')).count();
        match rest.get(blanks) {
            Some(b'\n') => rest = &rest[blanks + 1..],
            None => rest = &[],
            Some(_) => out.push(b'='),
        }
    }
    out.extend(rest);
    out
}

/// Writes a line of a header, encoded words decoded: `=?utf-8?B?…?=`.
pub(super) fn words(line: &[u8], out: &mut Vec<u8>) {
    let (mut rest, mut after_word) = (line, false);
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        let before = &rest[..at];
        // Blanks between two words are no part of the text.
        if !(after_word && before.iter().all(u8::is_ascii_whitespace)) {
            out.extend(before);
        }
        rest = &rest[at..];
        match word(rest) {
            Some((text, len)) => {
                out.extend(text);
                rest = &rest[len..];
                after_word = true;
            }
            None => {
                out.extend(b"=?");
                rest = &rest[2..];
                after_word = false;
            }
        }
    }
    out.extend(rest);
}

/// The encoded word that `text` begins with, decoded, and its length.
fn word(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    /// The standard allows 75 bytes; some write longer ones.
    const LONGEST: usize = 1024;
    let inner = &text[2..text.len().min(LONGEST)];
    let charset = memchr::memchr(b'?', inner)?;
    let (kind, rest) = inner.get(charset + 1..)?.split_first()?;
    let data = rest.strip_prefix(b"?")?;
    let end = memchr::memmem::find(data, b"?=")?;
    let decoded = match kind {
        b'B' | b'b' => base64(&data[..end]),
        b'Q' | b'q' => {
            let blanks: Vec<u8> = data[..end].iter().map(|&b| if b == b'_' { b' ' } else { b }).collect();
            quoted(&blanks)
        }
        _ => return None,
    };
    Some((decoded, 2 + charset + 3 + end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for (transfer, body, expected) in [
            (Transfer::None, "a=3D", "a=3D"),
            (Transfer::Quoted, "a=3Db=\r\nc =\nd =zz =", "a=bc d =zz "),
            (Transfer::Base64, "cGFzc3dv\r\n cmQ=\r\nMQ==", "password1"),
            (Transfer::Base64, "!!!", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&decode(transfer, body.as_bytes())), expected, "{body}");
        }
        for (line, expected) in [
            ("Subject: =?utf-8?B?cGFzcw==?= =?utf-8?q?word=3D_x?= end", "Subject: password= x end"),
            ("a =?utf-8?X?b?= =?", "a =?utf-8?X?b?= =?"),
        ] {
            let mut out = Vec::new();
            words(line.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }
}
