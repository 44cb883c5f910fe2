//! The value after an operator: quoted, bare, or handed through a call.

use std::ops::Range;

use super::Operator;
use super::cursor::Cursor;

/// Calls that hand their literal through.
const WRAPPERS: &[&[u8]] = &[
    b"Some", b"String::from", b"str", b"String", b"bytes", b"SecretString::new", b"SecretString::from", b"SecretStr",
    b"Secret", b"Just", b"Arc::new", b"Box::new", b"Ok", b"Buffer.from", b"decode", b"b64decode", b"getBytes",
    b"Literal", b"quote", b"text", b"String.valueOf", b"aws.String", b"pulumi.String", b"to.Ptr", b"ptr", b"NewString",
    b"toCharArray", b"base64.b64decode", b"atob", b"Text", b"printf",
];

/// Calls whose second argument is what holds when nothing else is set.
const DEFAULTS: &[&[u8]] = &[
    b"getenv", b"get", b"env", b"environ.get", b"GetEnv", b"getEnv", b"fetch", b"config", b"getProperty",
    b"getOrDefault", b"env_or", b"unwrap_or",
];

/// What decides where a value without marks ends.
#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) operator: Operator,
    /// The byte before the name.
    pub(super) opened: u8,
}

/// Words before a credential in a header: `Authorization: Bearer X`.
const SCHEMES: &[&[u8]] = &[
    b"Bearer", b"bearer", b"BEARER", b"Token", b"token", b"ApiKey", b"Api-Key", b"apikey", b"api-key", b"Key", b"SSWS",
    b"PRIVATE-TOKEN", b"GenieKey", b"OAuth", b"oauth", b"Klaviyo-API-Key", b"Bot", b"aivenv1",
];

/// A header's value without the word that says what kind of credential it is.
pub(super) fn without_scheme(cursor: &mut Cursor<'_>, value: Range<usize>, quoted: bool) -> Range<usize> {
    let text = &cursor.text[value.clone()];
    let scheme = SCHEMES
        .iter()
        .find(|scheme| text.strip_prefix(**scheme).is_some_and(|rest| rest.first().is_none_or(|b| *b == b' ')));
    let Some(scheme) = scheme else { return value };
    let after = value.start + scheme.len();
    if cursor.text.get(after) != Some(&b' ') {
        return value;
    }
    if quoted {
        return after + 1..value.end;
    }
    cursor.at = after;
    cursor.blanks();
    unquoted(cursor, Context { operator: Operator::Colon, opened: b'\n' })
}

pub(super) fn value(cursor: &mut Cursor<'_>, context: Context) -> Option<(Range<usize>, bool)> {
    let operator = context.operator;
    if operator == Operator::Markup && cursor.eat(b"<![CDATA[") {
        return Some((unquoted(cursor, context), false));
    }
    for _ in 0..3 {
        if string_prefix(cursor) || wrapper(cursor) {
            cursor.blanks();
        }
    }
    if matches!(cursor.peek(), b'[' | b'{' | b'(') && matches!(cursor.text.get(cursor.at + 1), Some(b'"' | b'\'')) {
        cursor.at += 1;
    }
    if let Some((mark, slashes)) = cursor.quote() {
        return quoted(cursor, mark, slashes).map(|range| (in_table(cursor.text, range), true));
    }
    let value = unquoted(cursor, context);
    if operator == Operator::Markup && cursor.peek() != b'<' && !cursor.rest().starts_with(b"]]") {
        return None;
    }
    // `headers["X-Token"]` is an expression.
    let goes_on =
        matches!(cursor.peek(), b'"' | b'\'') && matches!(cursor.text[value.clone()].last(), Some(b'[' | b'('));
    (!goes_on).then_some((value, false))
}

/// `b"`, `r'`, `f"`, `@"`, `L"` and the like: eats the letters before the mark.
fn string_prefix(cursor: &mut Cursor<'_>) -> bool {
    let len = cursor.rest().iter().take(2).take_while(|b| b"bBrRfFuULN@$#".contains(b)).count();
    let quoted = len > 0 && matches!(cursor.text.get(cursor.at + len), Some(b'"' | b'\''));
    if quoted {
        cursor.at += len;
    }
    quoted
}

fn wrapper(cursor: &mut Cursor<'_>) -> bool {
    let start = cursor.at;
    if cursor.eat(b"new ") {
        cursor.blanks();
    }
    let callee = |b: &&u8| b.is_ascii_alphanumeric() || b"_.:&$".contains(b);
    let len = cursor.rest().iter().take(48).take_while(callee).count();
    let name = &cursor.rest()[..len];
    if cursor.rest().get(len) == Some(&b'(') && len > 0 {
        let ends = |with: &[u8]| {
            name.strip_suffix(with).is_some_and(|before| !before.last().is_some_and(u8::is_ascii_alphanumeric))
        };
        let hands_through = WRAPPERS.iter().any(|w| ends(w));
        let has_default = DEFAULTS.iter().any(|w| ends(w));
        if hands_through || has_default {
            cursor.at += len + 1;
            cursor.blanks();
            if !has_default || second_argument(cursor) {
                return true;
            }
        }
    }
    cursor.at = start;
    false
}

/// Moves over `"first",` if that is what follows.
fn second_argument(cursor: &mut Cursor<'_>) -> bool {
    let Some((mark, slashes)) = cursor.quote() else { return false };
    if quoted(cursor, mark, slashes).is_none() || cursor.quote().is_none() {
        return false;
    }
    cursor.blanks();
    cursor.eat(b",")
}

/// The text up to the closing mark, on one line; the cursor is left before the mark.
fn quoted(cursor: &mut Cursor<'_>, mark: u8, slashes: usize) -> Option<Range<usize>> {
    // An empty literal, or the opening of a triple-quoted one.
    if slashes == 0 && cursor.peek() == mark {
        if cursor.text.get(cursor.at + 1) != Some(&mark) {
            return None;
        }
        cursor.at += 2;
        if matches!(cursor.peek(), b'\n' | b'\r') {
            cursor.blanks_and_lines();
        }
    }
    let start = cursor.at;
    let limit = (start + super::VALUE_MAX).min(cursor.text.len());
    let mut escaped = 0;
    for at in start..limit {
        match cursor.text[at] {
            b'\n' | b'\r' | 0 => return None,
            b'\\' => escaped += 1,
            byte if byte == mark && closes(escaped, slashes) => {
                let end = at - if slashes > 0 { escaped.min(slashes) } else { 0 };
                cursor.at = end;
                return Some(start..end);
            }
            _ => escaped = 0,
        }
    }
    None
}

/// What is worth a look in a table that is written as a text: `"{\"app\": \"x\", \"token\": \"…\"}"`. It is the longest of its
/// words in marks; a text without a long one is left as it is.
fn in_table(text: &[u8], range: Range<usize>) -> Range<usize> {
    const LONG: usize = 16;
    let value = &text[range.clone()];
    let opened = value.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    if !opened.is_some_and(|rest| rest.first() == Some(&b'\\') || rest.first() == Some(&b'"')) {
        return range;
    }
    let is_mark = |byte: u8| matches!(byte, b'"' | b'\'' | b'\\');
    let mut longest = 0..0;
    let mut start = 0;
    for at in memchr::memchr3_iter(b'"', b'\'', b'\\', value) {
        let word = &value[start..at];
        let plain = word.iter().all(|b| b.is_ascii_alphanumeric() || b"_-+/=.".contains(b));
        if plain && word.len() > longest.len() && start > 0 && is_mark(value[start - 1]) {
            longest = start..at;
        }
        start = at + 1;
    }
    if longest.len() < LONG { range } else { range.start + longest.start..range.start + longest.end }
}

/// Whether a mark after so many backslashes ends a text that was opened by one after `slashes`.
fn closes(escaped: usize, slashes: usize) -> bool {
    if slashes == 0 { escaped.is_multiple_of(2) } else { escaped <= slashes }
}

/// Where `&other=` begins.
fn next_pair(value: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'&', value).find(|at| {
        let name = value[at + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        name > 0 && value.get(at + 1 + name) == Some(&b'=')
    })
}

fn unquoted(cursor: &mut Cursor<'_>, Context { operator, opened }: Context) -> Range<usize> {
    // `?key=value&other=…` in an address.
    let in_query = matches!(opened, b'?' | b'&');
    let start = cursor.at;
    let limit = (start + super::VALUE_MAX).min(cursor.text.len());
    let ends = |b: &u8| match operator {
        Operator::Markup => *b == b'<' || *b == b']' || *b < b' ',
        _ if in_query && matches!(b, b'&' | b'#') => true,
        _ => *b <= b' ' || *b == 0x7f || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b',' | b';'),
    };
    let len = cursor.text[start..limit].iter().take_while(|b| !ends(b)).count();
    // The body of a form in marks, `"name=value&other=…"`, or what follows an address.
    let in_marks = operator == Operator::Assign && matches!(opened, b'"' | b'\'' | b'`' | b'#');
    let len = if in_marks { next_pair(&cursor.text[start..start + len]).unwrap_or(len) } else { len };
    // A line end that is written out, in a text within a text.
    let escape = |pair: &[u8]| matches!(pair, br"\n" | br"\r" | br"\t");
    let len = cursor.text[start..start + len].windows(2).position(escape).unwrap_or(len);
    let mut end = start + len;
    // Brackets and separators that belong to what stands around the value.
    while end > start {
        let last = cursor.text[end - 1];
        let opened = |open: u8| cursor.text[start..end].contains(&open);
        let foreign = match last {
            b')' => !opened(b'('),
            b'}' => !opened(b'{'),
            b']' => !opened(b'['),
            b'\\' | b' ' => true,
            _ => false,
        };
        if !foreign {
            break;
        }
        end -= 1;
    }
    cursor.at = end;
    start..end
}
