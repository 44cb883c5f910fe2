//! Weighs what a value looks like and where it stands.

use super::assign::{Assignment, Operator, Setting};
use super::path::PathKind;
use super::score::Score;
use super::{entropy, naturalness, placeholder};

/// The last words of names whose value is about a secret, but is none.
const NOT_THE_SECRET: &[&str] = &[
    "id", "ids", "name", "names", "type", "types", "field", "fields", "length", "len", "size", "url", "uri", "urls",
    "path", "paths", "file", "files", "filename", "dir", "folder", "endpoint", "expiry", "expires", "expiration",
    "ttl", "timeout", "age", "header", "headers", "prefix", "suffix", "label", "title", "hint", "policy", "policies",
    "count", "limit", "max", "min", "regex", "regexp", "pattern", "enabled", "enable", "disabled", "required",
    "column", "attribute", "attr", "param", "parameter", "input", "placeholder", "text", "message", "msg", "error",
    "description", "desc", "help", "class", "format", "algorithm", "alg", "algo", "version", "status", "state",
    "index", "level", "mode", "kind", "issuer", "audience", "scope", "scopes", "grant", "provider", "store", "storage",
    "manager", "service", "selector", "button", "link", "form", "view", "template", "icon", "event", "action",
    "command", "cmd", "strength", "score", "rule", "rules", "validator", "encoder", "encoding", "charset", "date",
    "time", "at", "on", "ref", "arn", "alias", "usage", "ops", "owner", "method", "source", "target", "key_id", "env",
    "var", "variable", "host", "port", "region", "domain", "fingerprint", "thumbprint", "digest", "checksum", "sum",
    "sha", "sha1", "sha256", "sha512", "md5", "salt", "iv", "nonce",
];

/// Words in a name that make its value something else than a credential.
const OTHER_PURPOSE: &[&str] = &[
    "public", "forgot", "reset", "confirm", "invalid", "incorrect", "wrong", "missing", "show", "toggle", "csrf",
    "xsrf", "tokenizer", "tokenize", "keyboard", "keyword", "primary", "foreign", "sort", "partition", "cache", "hash",
    "hashed", "digest", "checksum", "integrity", "etag", "commit", "revision", "sha256", "sha512", "sha1", "md5",
    "signature", "translation", "i18n", "cancellation", "continuation", "page", "next", "cursor", "idempotency",
];

/// The words of a name: `dbPassword_old` is `db`, `password`, `old`.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = b'_';
    for &byte in name {
        let hump = byte.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        if (hump || !byte.is_ascii_alphanumeric()) && words.last().is_some_and(|w| !w.is_empty()) {
            words.push(String::new());
        }
        if byte.is_ascii_alphanumeric() {
            words.last_mut().expect("never empty").push(byte.to_ascii_lowercase() as char);
        }
        before = byte;
    }
    // Numbers at the end count things of one kind: `token_id_0`.
    words.retain(|w| !w.is_empty());
    while words.len() > 1 && words.last().is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit())) {
        words.pop();
    }
    words
}

/// Weighs a value that a generic rule found: nothing but its name and its look speak for it.
pub(super) fn generic(score: &mut Score, text: &[u8], found: &Assignment, path: PathKind) {
    let name = &text[found.name.clone()];
    let value = &text[found.value.clone()];
    if let Some(why) = placeholder::generic(value) {
        return score.add(-100, why);
    }
    by_name(score, name, value);
    by_syntax(score, found, value, path);
    by_shape(score, value);
    by_randomness(score, value);
    by_path(score, path);
}

/// The words of a name without those that only say that builds put its value into client bundles, if the rest says that it is a
/// secret: nobody means to publish a `NEXT_PUBLIC_ADMIN_PASSWORD`.
fn telling_words(name: &[u8]) -> Vec<String> {
    let words = words(name);
    let tells = |word: &String| matches!(word.as_str(), "secret" | "password" | "passwd" | "private");
    let public = words.iter().take(2).position(|word| word == "public");
    match public {
        Some(at) if words[at + 1..].iter().any(tells) => words[at + 1..].to_vec(),
        _ => words,
    }
}

fn by_name(score: &mut Score, name: &[u8], value: &[u8]) {
    let words = telling_words(name);
    if words.last().is_some_and(|w| NOT_THE_SECRET.contains(&w.as_str())) {
        score.add(-60, "the name is about a secret, not of one");
    }
    if words.iter().any(|w| OTHER_PURPOSE.contains(&w.as_str())) {
        score.add(-40, "the name has another purpose");
    }
    let squeeze = |text: &[u8]| -> String {
        text.iter().filter(|b| b.is_ascii_alphanumeric()).map(|b| b.to_ascii_lowercase() as char).collect()
    };
    let (name, value) = (squeeze(name), squeeze(value));
    if !value.is_empty() && (name.contains(&value) || (value.contains(&name) && name.len() * 2 >= value.len())) {
        score.add(-50, "the value repeats the name");
    }
}

fn by_syntax(score: &mut Score, found: &Assignment, value: &[u8], path: PathKind) {
    match found.operator {
        Operator::Compare => score.add(-5, "compared, not assigned"),
        Operator::Call => score.add(-5, "an argument of a call"),
        Operator::Next
            if value.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'-' | b'.' | b'@' | b'/')) =>
        {
            score.add(-35, "the word after the name, which could be another name");
        }
        Operator::Next if value.iter().all(u8::is_ascii_alphabetic) && names_a_secret(value) => {
            score.add(-35, "the word after the name, which could be another name");
        }
        Operator::Next => score.add(-10, "the argument after the name"),
        Operator::Space => score.add(-5, "beside the name, without an operator"),
        Operator::Assign | Operator::Colon | Operator::Markup | Operator::Pair => {}
    }
    if found.quoted {
        return;
    }
    // Lines of settings are the same wherever they are written.
    let config = path.config || found.setting != Setting::Unknown;
    let call = value.windows(2).any(|pair| pair[0].is_ascii_alphanumeric() && matches!(pair[1], b'(' | b'['));
    let expression = value.iter().any(|b| matches!(b, b'(' | b'[' | b'{' | b'|' | b'*'))
        || memchr::memmem::find(value, b"->").is_some()
        || memchr::memmem::find(value, b"::").is_some();
    let has_digit = value.iter().any(u8::is_ascii_digit);
    let variable = value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b'!' | b'&'));
    if value.starts_with(b"{") || value.starts_with(b"[") {
        score.add(-80, "a list or a table");
    } else if path.code && found.setting != Setting::Literal {
        score.add(-80, "a bare word in code");
    } else if call || (expression && !config) {
        score.add(-50, "an expression");
    } else if variable && !has_digit && !config {
        // A variable's name reads like words.
        let points = if naturalness::looks_random(value) { -25 } else { -40 };
        score.add(points, "a bare word outside configuration");
    } else if !config {
        score.add(-15, "not quoted, outside configuration");
    }
}

fn by_shape(score: &mut Score, value: &[u8]) {
    let has = |byte| memchr::memchr(byte, value).is_some();
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let blanks = value.iter().filter(|b| b.is_ascii_whitespace()).count();
    if value.len() < 4 {
        score.add(-50, "shorter than four characters");
    } else if value.len() < 6 {
        score.add(-10, "shorter than six characters");
    }
    if blanks >= 2 {
        score.add(-50, "a text of several words");
    } else if blanks == 1 {
        score.add(-25, "two words");
    }
    if digits == value.len() {
        score.add(-30, "a number");
    }
    if value.iter().any(|b| *b < b' ' || *b >= 0x7f) {
        score.add(-25, "characters outside ASCII");
    }
    let separators = value.iter().filter(|b| matches!(b, b'/' | b'\\')).count();
    if memchr::memmem::find(value, b"://").is_some() || value.starts_with(b"//") || value.starts_with(b"www.") {
        score.add(-70, "an address");
    } else if value.starts_with(b"/")
        || value.starts_with(b"./")
        || value.starts_with(b"~/")
        || value.starts_with(b"../")
        || (separators >= 2 && !naturalness::looks_random(value))
    {
        score.add(-50, "a path");
    } else if has(b'@') && has(b'.') && digits == 0 && !has(b'!') {
        score.add(-25, "an e-mail address");
    }
    if has(b'(') && has(b')') || has(b'<') && has(b'>') || value.starts_with(b"function") || value.ends_with(b"()") {
        score.add(-35, "code or markup");
    }
    if is_dotted_path(value) {
        score.add(-50, "a path of names");
    }
    if is_host(value) {
        score.add(-50, "a host's name");
    }
    if is_pattern(value) {
        score.add(-70, "a regular expression");
    }
    if entropy::is_uuid(value) {
        score.add(-10, "a UUID");
    }
    if is_algorithm(value) {
        score.add(-70, "the name of an algorithm");
    }
}

/// Whether a value is what cryptographic libraries call an algorithm: `PBKDF2WithHmacSHA512`, `AES/GCM/NoPadding`.
fn is_algorithm(value: &[u8]) -> bool {
    const BEGINS: &[&[u8]] =
        &[b"PBKDF2With", b"PBEWith", b"HmacSHA", b"HmacMD5", b"AES/", b"DESede/", b"RSA/ECB", b"RSA/None"];
    const WITH_RSA: &[&[u8]] = &[b"withRSA", b"withECDSA", b"withDSA"];
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.');
    value.len() < 48
        && value.iter().all(word)
        && (BEGINS.iter().any(|start| value.starts_with(start)) || WITH_RSA.iter().any(|end| value.ends_with(end)))
}

/// Whether a value is a path of identifiers: `django.contrib.auth.hashers.Argon2PasswordHasher`.
fn is_dotted_path(value: &[u8]) -> bool {
    let mut labels = value.split(|&b| b == b'.');
    let name = |label: &[u8]| {
        label.len() > 2
            && label[0].is_ascii_alphabetic()
            && label.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    labels.clone().count() >= 3 && labels.all(name) && !naturalness::looks_random(value)
}

/// Whether a value is the name of a host: `db.acme.io`, `smtp.mail.internal`.
fn is_host(value: &[u8]) -> bool {
    const LAST: &[&[u8]] = &[
        b"com", b"org", b"net", b"io", b"dev", b"app", b"local", b"internal", b"localhost", b"cloud", b"edu", b"gov",
        b"co", b"eu", b"de", b"uk", b"cn", b"ru", b"fr", b"jp", b"br", b"in", b"au", b"ca", b"me", b"ai", b"svc",
        b"lan", b"test",
    ];
    let mut labels = value.rsplit(|&b| b == b'.');
    labels.next().is_some_and(|last| LAST.contains(&last))
        && labels.next().is_some()
        && value.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
}

/// Whether a value is written in the language of regular expressions: classes, counts, escapes.
fn is_pattern(value: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(value, needle).is_some();
    let count =
        value.windows(2).any(|pair| matches!(pair[0], b']' | b')') && matches!(pair[1], b'{' | b'+' | b'*' | b'?'));
    let class = has(b"a-z")
        || has(b"A-Z")
        || has(b"0-9")
        || has(b"\\d")
        || has(b"\\w")
        || has(b"\\b")
        || has(b"[^")
        || has(b"(?:")
        || has(b".*");
    // What is behind the name is in the pattern as well: `s,^\(password=\).*,\1…`.
    let rest = value.starts_with(b").*") || value.starts_with(b").+");
    // One class, and anything around it: `.*[A-Z].*`.
    let wrapped = value.starts_with(b".*[") && value.ends_with(b"].*");
    count && class || rest || wrapped || value.starts_with(b"[^") || has(b"(?:") || has(b"(?i)")
}

fn by_randomness(score: &mut Score, value: &[u8]) {
    let letters_only =
        value.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b'.' | b' ' | b':' | b'/'));
    let natural = !naturalness::looks_random(value);
    let mixed = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
    let symbols = value.iter().any(|b| b.is_ascii_punctuation() && !matches!(b, b'_' | b'-' | b'.' | b':' | b'/'));
    if natural && letters_only {
        let joined = value.iter().any(|b| matches!(b, b'_' | b'-' | b'.' | b':'));
        score.add(-35, if joined { "reads like an identifier" } else { "reads like a word" });
    } else if natural && !symbols {
        score.add(-10, "reads like words and numbers");
    }
    if !natural && value.len() >= 16 && entropy::shannon(value) >= 3.0 {
        score.add(25, "looks random");
    } else if mixed && (symbols || !natural) {
        score.add(15, "mixes letters, digits and signs");
    }
    if entropy::in_runs(value) * 2 >= value.len().max(2) {
        score.add(-50, "repeated or counting characters");
    }
}

/// Weighs the kind of file for rules that have nothing but context to go by.
pub(super) fn by_path(score: &mut Score, path: PathKind) {
    let table = [
        (path.lock, -80, "a lock file or list of checksums"),
        (path.locale, -40, "a translation file"),
        (path.test, -10, "a test"),
        (path.docs && !path.test, -10, "documentation or an example"),
        (path.vendored, -10, "somebody else's code"),
        (path.minified, -15, "minified code"),
    ];
    for (holds, points, reason) in table {
        if holds {
            score.add(points, reason);
        }
    }
}

/// Whether a name, standing near a provider's, is one that a credential is given to.
pub(super) fn names_a_secret(name: &[u8]) -> bool {
    const PARTS: &[&[u8]] = &[b"key", b"token", b"secret", b"pass", b"pwd", b"auth", b"cred", b"bearer"];
    name.len() >= 3 && {
        let lower = name.to_ascii_lowercase();
        PARTS.iter().any(|part| memchr::memmem::find(&lower, part).is_some())
    }
}

/// Weighs a value that a provider's rule found by the name it is given to.
///
/// `named` says that the rule knows the names such values are given to, and that this is one.
pub(super) fn vendor_value(score: &mut Score, text: &[u8], found: &Assignment, named: bool, path: PathKind) {
    let value = &text[found.value.clone()];
    vendor(score, value);
    let name = telling_words(&text[found.name.clone()]);
    if named {
        score.add(10, "the name is the provider's for such values");
    } else if name.last().is_some_and(|w| NOT_THE_SECRET.contains(&w.as_str())) {
        score.add(-40, "the name is about a secret, not of one");
    } else if names_a_secret(&text[found.name.clone()]) {
        score.add(10, "the name is a credential's");
    } else {
        score.add(-15, "the name does not say what the value is");
    }
    if name.iter().any(|w| OTHER_PURPOSE.contains(&w.as_str())) {
        score.add(-30, "the name has another purpose");
    }
    let number = value.iter().all(u8::is_ascii_digit);
    if is_pattern(value) {
        score.add(-70, "a regular expression");
    }
    if value.len() >= 16 && !number && !naturalness::looks_random(value) {
        score.add(-40, "reads like words");
    }
    if !found.quoted && path.code {
        score.add(-30, "a bare word in code");
    }
    by_path(score, path);
}

/// Weighs the password of an address.
pub(super) fn url_password(score: &mut Score, value: &[u8], path: PathKind) {
    if let Some(why) = placeholder::generic(value) {
        return score.add(-100, why);
    }
    let marked = memchr::memchr3(b'*', b'<', b'[', value).is_some() || value.iter().all(|&b| b == b'.');
    if marked {
        score.add(-60, "masked");
    }
    if value.len() < 3 {
        score.add(-30, "shorter than three characters");
    }
    by_path(score, path);
}

/// Weighs a value that a generic pattern found without a name.
pub(super) fn nameless(score: &mut Score, value: &[u8], path: PathKind) {
    if let Some(why) = placeholder::generic(value) {
        return score.add(-100, why);
    }
    if !naturalness::looks_random(value) {
        score.add(-40, "reads like words");
    }
    by_path(score, path);
}

/// Weighs a value in a provider's own shape.
pub(super) fn vendor(score: &mut Score, value: &[u8]) {
    if let Some(why) = placeholder::vendor(value) {
        score.add(-100, why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        assert_eq!(words(b"dbPassword_old"), ["db", "password", "old"]);
        assert_eq!(words(b"API_KEY"), ["api", "key"]);
        assert_eq!(telling_words(b"NEXT_PUBLIC_DB_PASSWORD"), ["db", "password"]);
        assert_eq!(telling_words(b"NEXT_PUBLIC_API_KEY"), ["next", "public", "api", "key"]);
        assert_eq!(telling_words(b"public_hash"), ["public", "hash"]);
        assert_eq!(words(b"spring.datasource.password"), ["spring", "datasource", "password"]);
    }
}
