//! What lets a reader of a log act as a user: `Authorization` headers and ids of sessions, in headers, cookies, addresses and JSON.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::super::Window;
use super::super::score::Score;
use super::{Found, Wanted};
use crate::rule::Confidence;

/// The longest value that is taken.
const LONGEST: usize = 4096;

/// Names of headers and what names of sessions have in them.
const AUTHORIZATION: usize = 0;
const NAMES: [&str; 4] = ["authorization", "sess", "connect.sid", "sid"];

/// Finds such values behind their names.
pub(super) struct Web {
    authorization: Option<Wanted>,
    session: Option<Wanted>,
    names: Option<AhoCorasick>,
}

impl Web {
    pub(super) fn new(authorization: Option<Wanted>, session: Option<Wanted>) -> Self {
        let builder = || AhoCorasick::builder().ascii_case_insensitive(true).build(NAMES).ok();
        let names = if authorization.is_some() || session.is_some() { builder() } else { None };
        Self { authorization, session, names }
    }

    /// Finds the values of names that begin in the core.
    pub(super) fn find<'b>(&self, window: &Window<'b>, found: &mut Found<'_, 'b>) {
        let Some(names) = &self.names else { return };
        let text = window.text;
        // A name that begins in the core may end behind it.
        let end = (window.core.end + NAMES[0].len()).min(text.len());
        let hits = names
            .find_iter(&text[window.core.start..end])
            .map(|hit| (hit.pattern().as_usize(), window.core.start + hit.start()..window.core.start + hit.end()));
        for (pattern, hit) in hits.filter(|(_, hit)| hit.start < window.core.end) {
            let name = name_around(text, &hit);
            let (wanted, value) = match pattern {
                AUTHORIZATION => (self.authorization, authorization(text, &name)),
                _ => (self.session, session(text, &name)),
            };
            if let (Some(wanted), Some(value)) = (wanted, value) {
                let mut score = Score::of_rule(Confidence::Medium);
                score.add(25, "the name before it says what it is");
                found.push(wanted, value, score);
            }
        }
    }
}

/// The whole name that a part of it is in.
fn name_around(text: &[u8], part: &Range<usize>) -> Range<usize> {
    const MOST: usize = 64;
    let is_name = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let before = text[part.start.saturating_sub(MOST)..part.start].iter().rev().take_while(is_name).count();
    let after = text[part.end..].iter().take(MOST).take_while(is_name).count();
    part.start - before..part.end + after
}

/// Where the value of a name begins: `name: value`, `name=value`, `"name":"value"`, `\"name\": …`, `"name": "x", "value": "y"`.
fn value_start(text: &[u8], name_end: usize) -> Option<usize> {
    let mut at = name_end;
    let quotes = |at: usize| text[at..].iter().take(4).take_while(|b| matches!(b, b'"' | b'\'' | b'\\')).count();
    let blanks =
        |at: usize| text[at..].iter().take(64).take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count();
    at += quotes(at);
    if text.get(at) == Some(&b',') {
        at += 1;
        at += blanks(at);
        at += quotes(at);
        let rest = text.get(at..)?;
        at += rest.strip_prefix(b"value").map(|_| 5)?;
        at += quotes(at);
    }
    let on_line = |at: usize| text[at..].iter().take(8).take_while(|b| matches!(b, b' ' | b'\t')).count();
    at += on_line(at);
    let operator = text.get(at)?;
    if *operator == b'%' && text[at..].starts_with(b"%3D") {
        return Some(at + 3);
    }
    if !matches!(operator, b':' | b'=') {
        return None;
    }
    at += 1;
    at += usize::from(text.get(at) == Some(&b'>'));
    at += on_line(at);
    // Lists of values, as some frameworks log headers.
    at += usize::from(text.get(at) == Some(&b'['));
    Some(at + quotes(at))
}

/// Schemes that stand before the credentials, in lower case: those with one word, and those with a list.
const SCHEMES: &[&str] = &["basic", "bearer", "token", "apikey", "negotiate", "ntlm", "dpop", "key"];
const LISTS: &[&str] = &["digest", "hawk", "aws4-hmac-sha256", "oauth"];

fn authorization(text: &[u8], name: &Range<usize>) -> Option<Range<usize>> {
    let lower = text[name.clone()].to_ascii_lowercase();
    if !matches!(&lower[..], b"authorization" | b"proxy-authorization" | b"http_authorization" | b"x-authorization") {
        return None;
    }
    let start = value_start(text, name.end)?;
    let len = text[start..]
        .iter()
        .take(LONGEST)
        .take_while(|b| !matches!(b, b'"' | b'\'' | b'\\' | b']' | 0..=31 | 127..))
        .count();
    let value = text[start..start + len].trim_ascii_end();
    let word = value.iter().position(|b| *b == b' ');
    let scheme = word.map(|at| (at, String::from_utf8_lossy(&value[..at]).to_ascii_lowercase()));
    let (from, least, listed) = match scheme {
        Some((at, scheme)) if LISTS.contains(&&*scheme) => (at + 1, 8, true),
        Some((at, scheme)) if SCHEMES.contains(&&*scheme) => (at + 1, 8, false),
        _ => (0, 16, false),
    };
    let credentials = &value[from..];
    // Some schemes have a list of parameters, the others one word.
    let len = if listed { None } else { credentials.iter().position(|b| *b == b' ') };
    let credentials = &credentials[..len.unwrap_or(credentials.len())];
    let has = |is: fn(&u8) -> bool| credentials.iter().any(is);
    let random = has(u8::is_ascii_digit) || (has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase));
    (credentials.len() >= least && random && is_real(credentials))
        .then_some(start + from..start + from + credentials.len())
}

/// Names of sessions end so; names that only have such letters in them do not.
const SESSIONS: &[&str] = &[
    "sessionid", "session_id", "session-id", "sessid", "sess_id", "_session", "session", "sid", "connect.sid",
    "session_token", "session-token", "session_key", "sessiontoken", "sess", "session.id",
];

fn session(text: &[u8], name: &Range<usize>) -> Option<Range<usize>> {
    let lower = String::from_utf8_lossy(&text[name.clone()]).to_ascii_lowercase();
    let named = SESSIONS.iter().any(|end| {
        // `possession` ends so, too.
        lower.strip_suffix(end).is_some_and(|before| {
            let begins = text[name.start + before.len()];
            before.is_empty() || before.ends_with(['_', '-', '.']) || begins.is_ascii_uppercase()
        })
    });
    if !named {
        return None;
    }
    let start = value_start(text, name.end)?;
    let is_value = |b: &&u8| b.is_ascii_alphanumeric() || b"._%+/=-:~!".contains(b);
    let len = text[start..].iter().take(LONGEST).take_while(is_value).count();
    let value = text[start..start + len].strip_suffix(b".").unwrap_or(&text[start..start + len]);
    let distinct = (0..=255u8).filter(|byte| value.contains(byte)).count();
    let random = value.len() >= 16 && value.iter().any(u8::is_ascii_digit) && distinct >= 6;
    (random && is_real(value)).then_some(start..start + value.len())
}

/// Whether a value is one, and not what stands where one was.
fn is_real(value: &[u8]) -> bool {
    let lower = String::from_utf8_lossy(value).to_ascii_lowercase();
    let masked = ["***", "xxxx", "...", "redacted", "filtered", "masked", "hidden", "removed"];
    !masked.iter().any(|mask| lower.contains(mask)) && !lower.starts_with(['<', '$', '{', '[', '%'])
}
