//! The `data` of Kubernetes Secrets: base64 by definition, however short.

use std::ops::Range;

use memchr::memmem;

use super::How;
use super::base64::{decode_run, is_text};
use super::map::Pieces;

/// Shorter values are chance as often as not.
const SHORTEST: usize = 8;

/// How long a manifest may be before what says that it is a Secret.
const BEFORE: usize = 64 * 1024;

/// Decodes the short values of every manifest that says it is a Secret; long ones are found without.
pub(super) fn find(text: &[u8], core: Range<usize>, pieces: &mut Pieces) {
    let mut done = core.start;
    for offset in memmem::find_iter(&text[core.start..core.end], b"Secret") {
        let at = core.start + offset;
        if at < done || !is_kind(&text[..at]) {
            continue;
        }
        let floor = done.max(at.saturating_sub(BEFORE));
        let start = memmem::rfind(&text[floor..at], b"\n---").map_or(floor, |place| floor + place);
        let end = memmem::find(&text[at..], b"\n---").map_or(text.len(), |place| at + place);
        values(text, start..end, pieces);
        done = end;
    }
}

/// Whether what stands before is `kind: ` or `"kind": "`.
fn is_kind(before: &[u8]) -> bool {
    let trim = |text: &mut &[u8], signs: &[u8]| {
        while let [rest @ .., last] = text
            && signs.contains(last)
        {
            *text = rest;
        }
    };
    let mut before = &before[before.len().saturating_sub(32)..];
    trim(&mut before, b" \t\"'");
    let Some(mut before) = before.strip_suffix(b":") else { return false };
    trim(&mut before, b" \t\"'");
    before.ends_with(b"kind")
}

/// Decodes what stands after a colon and is base64 of a text.
fn values(text: &[u8], manifest: Range<usize>, pieces: &mut Pieces) {
    for colon in memchr::memchr_iter(b':', &text[manifest.clone()]) {
        let after = manifest.start + colon + 1;
        let blanks = text[after..manifest.end].iter().take(16).take_while(|b| matches!(b, b' ' | b'"' | b'\'')).count();
        let start = after + blanks;
        let digit = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        let len = text[start..manifest.end].iter().take(4096).take_while(digit).count();
        let ends =
            text.get(start + len).is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b',' | b'}'));
        if blanks == 0 || len < SHORTEST || len % 4 != 0 || !ends {
            continue;
        }
        let mark = pieces.mark();
        decode_run(text, std::slice::from_ref(&(start..start + len)), How::KubernetesSecret, pieces);
        if !is_text(&pieces.bytes[mark.1..]) {
            pieces.undo(mark);
        }
    }
}
