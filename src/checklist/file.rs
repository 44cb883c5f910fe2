//! What the files of a user's project share: errors with place, key and reason, which never repeat a value. Somebody
//! may have put a credential where none belongs.

use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;

/// Something wrong with a file of the user's project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The file and the line, from 1.
    pub place: String,
    /// The key, with the table it is in; empty where the text is no TOML.
    pub key: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.place, self.why),
            key => write!(f, "{}: `{key}`: {}", self.place, self.why),
        }
    }
}

impl std::error::Error for FileError {}

/// A file's name and text.
#[derive(Clone, Copy)]
pub(super) struct Text<'t> {
    name: &'t str,
    text: &'t str,
}

impl<'t> Text<'t> {
    pub(super) fn new(name: &'t str, text: &'t str) -> Self {
        Self { name, text }
    }

    /// Parses it into the type of its syntax.
    pub(super) fn parse<T: DeserializeOwned>(self) -> Result<T, FileError> {
        toml::from_str(self.text).map_err(|error| FileError {
            place: error.span().map_or_else(|| self.name.to_owned(), |span| self.place(&span)),
            key: String::new(),
            why: without_values(error.message()),
        })
    }

    /// The file and the line on which `span` begins.
    pub(super) fn place(self, span: &Range<usize>) -> String {
        let before = self.text.as_bytes().get(..span.start).unwrap_or(self.text.as_bytes());
        format!("{}:{}", self.name, before.iter().filter(|byte| **byte == b'\n').count() + 1)
    }

    pub(super) fn error(self, span: &Range<usize>, key: impl Into<String>, why: impl Into<String>) -> FileError {
        FileError { place: self.place(span), key: key.into(), why: why.into() }
    }
}

/// A parser's message without the values it repeats. Keys stay, where they look like keys.
fn without_values(message: &str) -> String {
    if let (true, Some(first), Some(last)) = (message.starts_with("invalid "), message.find('"'), message.rfind('"'))
        && first < last
    {
        return format!("{}…{}", &message[..first], &message[last + 1..]);
    }
    if let Some((name, rest)) = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
        let is_key = name.len() <= 24 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        return if is_key { format!("unknown key `{name}`{rest}") } else { format!("unknown key{rest}") };
    }
    message.to_owned()
}

/// Whether a text is the name of a host: labels of letters, digits and dashes.
pub(super) fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// An address cut into its parts.
pub(super) struct Address<'t> {
    pub(super) scheme: &'t str,
    pub(super) host: &'t str,
    /// From the first slash on; empty where there is none.
    pub(super) path: &'t str,
}

/// Cuts `scheme://host:port/path`. An address with a user in it, a strange port or characters that are in no address
/// is none.
pub(super) fn address(text: &str) -> Option<Address<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = match authority.split_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok_and(|port| port > 0) => host,
        Some(_) => return None,
        None => authority,
    };
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    (is_host(host) && is_plain).then_some(Address { scheme, host, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_repeat_no_values() {
        for (message, expected) in [
            ("invalid type: string \"hunter2\", expected u32", "invalid type: string …, expected u32"),
            ("invalid value: string \"a \"b\" c\", expected x", "invalid value: string …, expected x"),
            ("unknown field `colour`, expected `a`", "unknown key `colour`, expected `a`"),
            ("unknown field `AKIA0`, expected `a`", "unknown key, expected `a`"),
            ("missing field `id`", "missing field `id`"),
        ] {
            assert_eq!(without_values(message), expected);
        }
    }

    #[test]
    fn addresses_are_cut_and_strange_ones_refused() {
        let cut = |text| address(text).map(|a| (a.scheme, a.host, a.path));
        assert_eq!(cut("https://a.example"), Some(("https", "a.example", "")));
        assert_eq!(cut("https://a.example:8443/x?y=1#z"), Some(("https", "a.example", "/x?y=1#z")));
        assert_eq!(cut("https://a.example?y"), Some(("https", "a.example", "?y")));
        for bad in [
            "a.example", "https://", "https:///x", "https://u:p@a.example", "https://u@a.example/",
            "https://a.example:0", "https://a.example:x", "https://a.example:99999", "https://a..example",
            "https://-a.example", "https://a.example/ x", "https://a.example/\u{202e}", "https://[::1]/",
            "https://a.example\\@b.example",
        ] {
            assert_eq!(cut(bad), None, "{bad}");
        }
    }
}
