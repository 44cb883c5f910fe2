//! Values that stand where a secret will be: references, templates, examples, samples.

use super::entropy::{distinct, longest_run};

/// Words of which one is enough, anywhere in the value, in lower case.
const WORDS: &[&str] = &[
    "example", "changeme", "change_me", "change-me", "placeholder", "replaceme", "replace_me", "replace-me",
    "replace_with", "replace-with", "your_", "your-", "yourpass", "yoursecret", "yourtoken", "yourkey", "yourapi",
    "insert_", "insert-", "enter_", "enter-", "todo", "fixme", "dummy", "redacted", "xxxx", "****", "...", "____",
    "foobar", "lorem", "not_a_real", "not-a-real", "notreal", "not-real", "not_real", "sample", "<your", "goes-here",
    "goes_here", "_here", "-here", "mysecret", "my_secret", "my-secret", "my_password", "my-password", "mypassword",
    "my_token", "my-token", "mytoken", "somepassword", "some_password", "secret_key_here", "bogus",
];

/// Values that are placeholders as a whole, in lower case.
const WHOLE: &[&str] = &[
    "null", "none", "nil", "true", "false", "undefined", "void", "empty", "string", "str", "text", "object", "number",
    "integer", "boolean", "bool", "optional", "required", "password", "passwd", "passphrase", "pass", "pwd", "secret",
    "token", "key", "apikey", "api_key", "api-key", "credential", "credentials", "value", "default", "unknown",
    "hidden", "private", "public", "test", "testing", "tests", "demo", "foo", "bar", "baz", "qux", "abc", "username",
    "user", "login", "auth", "basic", "bearer", "prompt", "auto", "automatic", "disabled", "enabled", "n/a", "na",
    "tbd", "yes", "no", "on", "off", "new", "old", "current", "random", "generated", "self", "this", "inherit", "env",
    "file", "vault", "type", "name", "id", "ask", "stdin", "varchar", "nonce",
];

/// Words that mark a value with a provider's own shape as an example. Fewer than [`WORDS`], since a random
/// token holds a short word by chance.
const VENDOR_WORDS: &[&str] = &[
    "example", "placeholder", "changeme", "redacted", "xxxxxx", "******", "your_", "your-", "yourtoken", "yourkey",
    "dummy", "replace",
];

/// MD5, SHA-1 and SHA-256 of nothing, which stand wherever a digest is wanted.
const NOTHING: &[&str] = &[
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

/// Whether `value` has a reference to something else in it, instead of a value: `${VAR}`, `{{ x }}`, `%(x)s`, `<token>`.
pub(super) fn is_reference(value: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(value, needle).is_some();
    let first = value.first().copied().unwrap_or_default();
    let last = value.last().copied().unwrap_or_default();
    let bracketed = |open, close| first == open && last == close;
    (has(b"${") || has(b"{{") || has(b"$(") || has(b"#{") || has(b"%(") || has(b"<%") || has(b"@{") || has(b"[["))
        || value.starts_with(b"$") && has(b"::")
        || (first == b'$'
            && value.get(1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && (is_word(&value[1..]) || is_variable(&value[1..])))
        || has(b"{$")
        || is_member(value)
        || is_verb(value)
        || braced_word(value)
        || bracketed(b'<', b'>')
        || bracketed(b'[', b']')
        || bracketed(b'{', b'}')
        || bracketed(b'%', b'%')
        || bracketed(b'@', b'@')
        || matches!(value, b"%s" | b"%v" | b"%q" | b"%d" | b"{}" | b"?" | b"$1")
        || has(b"%s") && value.len() < 24
        || [
            &b"env."[..],
            b"env(",
            b"process.env",
            b"os.environ",
            b"secrets.",
            b"vault:",
            b"arn:aws:",
            b"op://",
            b"ENC[",
            b"ENC(",
            b"{cipher}",
            b"!vault",
            b"$ANSIBLE_VAULT",
            b"projects/",
            b"ref+",
            b"ssm:",
            b"vars.",
            b"var.",
            b"data.",
            b"local.",
            b"config.",
            b"self.",
            b"this.",
            b"AQICAH",
        ]
        .iter()
        .any(|prefix| value.starts_with(prefix))
}

/// Whether a name in braces is in the value, as in the templates of many languages: `Bearer {token}`.
fn braced_word(value: &[u8]) -> bool {
    memchr::memchr_iter(b'{', value).any(|open| {
        let word = value[open + 1..].iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'_').count();
        word > 1 && value.get(open + 1 + word) == Some(&b'}')
    })
}

/// `NAME` in capitals and then something that is no part of a name: `$NAME&b=$OTHER`.
fn is_variable(value: &[u8]) -> bool {
    let name = value.iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_').count();
    name > 2 && value.get(name).is_some_and(|b| matches!(b, b'&' | b':' | b'/' | b'.' | b'@' | b'-'))
}

/// `$request.user.token`: a variable and members of it.
fn is_member(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"$") else { return false };
    let name = |part: &[u8]| {
        part.first().is_some_and(|b| b.is_ascii_lowercase())
            && part.len() > 1
            && is_word(part)
            && !part.iter().any(u8::is_ascii_digit)
    };
    rest.contains(&b'.') && rest.split(|&b| b == b'.').all(name)
}

/// `%[2]s`: Go's way of putting in the second argument.
fn is_verb(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"%[") else { return false };
    matches!(rest.split(|&b| b == b']').collect::<Vec<_>>()[..], [number, [verb]]
        if !number.is_empty() && number.iter().all(u8::is_ascii_digit) && verb.is_ascii_alphabetic())
}

/// The rows of a keyboard, in both directions: what somebody types who needs any value at all.
const ROWS: &[&str] = &["qwertyuiop", "poiuytrewq", "asdfghjkl", "lkjhgfdsa", "zxcvbnm", "mnbvcxz"];

/// Whether five keys in a row and five of a second one are in it.
fn is_typed(lower: &str) -> bool {
    let in_row = |row: &&&str| (0..row.len() - 4).any(|at| lower.contains(&row[at..at + 5]));
    ROWS.iter().filter(in_row).count() >= 2
}

/// `OTHER_NAME=value`, after a name without a value.
fn is_assignment(value: &[u8]) -> bool {
    let name = value.iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_').count();
    name > 2 && value[0].is_ascii_uppercase() && value[..name].contains(&b'_') && value.get(name) == Some(&b'=')
}

/// `APP_ID|APP_SECRET`, `$TOKEN_ID:$TOKEN`: what somebody is to put values in place of.
fn are_capital_words(value: &[u8]) -> bool {
    let allowed = |b: &u8| b.is_ascii_uppercase() || b"_-|:$\\/.@ ".contains(b);
    value.iter().all(allowed)
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(|b| matches!(b, b'_' | b'|' | b'\\'))
}

/// `00000000-0000-…`, with a prefix or without.
fn is_one_character(value: &[u8]) -> bool {
    let letters = value.iter().filter(|b| b.is_ascii_alphanumeric()).count();
    let most = |byte: u8| value.iter().filter(|b| **b == byte).count();
    letters >= 12 && (b'0'..=b'9').any(|digit| most(digit) * 10 >= letters * 7)
}

fn is_word(value: &[u8]) -> bool {
    value.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// Why a value of an assignment is a placeholder, if it is one.
pub(super) fn generic(value: &[u8]) -> Option<&'static str> {
    if is_reference(value) {
        return Some("a reference to a value kept elsewhere");
    }
    if is_assignment(value) {
        return Some("the next assignment");
    }
    if are_capital_words(value) {
        return Some("names in capitals");
    }
    if is_one_character(value) {
        return Some("one character again and again");
    }
    let lower = String::from_utf8_lossy(value).to_ascii_lowercase();
    if WHOLE.contains(&lower.as_str())
        || WHOLE.contains(&lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '!')) && lower.len() <= 8
    {
        return Some("a word that stands for a value");
    }
    if WORDS.iter().any(|word| lower.contains(word)) || lower.ends_with('…') {
        return Some("a placeholder's words");
    }
    if NOTHING.contains(&lower.as_str()) {
        return Some("the digest of an empty text");
    }
    if is_typed(&lower) {
        return Some("keys that lie side by side");
    }
    if distinct(value) <= 2 && value.len() > 2 || longest_run(value) * 10 >= value.len() * 7 && value.len() >= 4 {
        return Some("repeated or counting characters");
    }
    None
}

/// Why a value in a provider's shape is an example, if it is one.
pub(super) fn vendor(value: &[u8]) -> Option<&'static str> {
    let lower = String::from_utf8_lossy(value).to_ascii_lowercase();
    if VENDOR_WORDS.iter().any(|word| lower.contains(word)) {
        return Some("a placeholder's words");
    }
    if is_typed(&lower) {
        return Some("keys that lie side by side");
    }
    if longest_run(value) >= 8 && longest_run(value) * 3 >= value.len() {
        return Some("repeated or counting characters");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for value in [
            "${DB_PASSWORD}", "{{ password }}", "<password>", "%PASSWORD%", "$DB_PASSWORD", "changeme", "your_api_key",
            "xxxxxxxx", "********", "null", "password", "process.env.TOKEN", "os.environ['X']", "#{token}", "aaaa",
            "123456", "abcdefgh", "AKIAIOSFODNN7EXAMPLE", "%(password)s", "[REDACTED]", "$context.authorizer.key",
            "%[2]s", "barry{$i}", "1234567890qwerty-asdfghjklzxcv", "mnbvcxzlkjhgfdsapoiuytrewq1234567",
        ] {
            assert!(generic(value.as_bytes()).is_some(), "{value}");
        }
    }

    #[test]
    fn values() {
        for value in [
            "hunter2!x", "Tr0ub4dor&3", "p$ssw0rdX", "zQ9kLm2x", "correcthorse", "S3cr3t$Key", "$2a.x9.Q",
            "qwertyK7%mZ", "$ecret.Word7",
        ] {
            assert!(generic(value.as_bytes()).is_none(), "{value}");
        }
    }

    #[test]
    fn a_random_token_is_no_example_by_chance() {
        assert!(vendor(b"tok_teStKey9fooBar2Zx8").is_none());
        assert!(vendor(b"AKIAIOSFODNN7EXAMPLE").is_some());
        assert!(vendor(b"tok_abcdefghijklmnop").is_some());
    }
}
