//! Addresses as RFC 3986 wants them.

use std::fmt::Write;

/// The reference to a file by its path below the scanned folder. Everything but unreserved characters is encoded: a
/// colon in the first segment would be read as a scheme, and `?` or `#` would cut the path.
pub(super) fn of_path(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for &byte in path.trim_start_matches('/').as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02X}").expect("a string takes all that is written");
        }
    }
    if uri.is_empty() { ".".into() } else { uri }
}

/// An absolute address without what may let somebody in: `user:password@`, the query, the fragment.
pub(super) fn without_credentials(uri: &str) -> String {
    let uri = uri.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_percent_encoded() {
        assert_eq!(of_path("src/a b+é#1?.rs"), "src/a%20b%2B%C3%A9%231%3F.rs");
        assert_eq!(of_path("c:/x%20y"), "c%3A/x%2520y");
        assert_eq!(of_path("//x"), "x");
        assert_eq!(of_path(""), ".");
    }

    #[test]
    fn an_address_lets_nobody_in() {
        let uri = "https://bob:hunter2@git.example.org/a/b.git?token=x#y";
        assert_eq!(without_credentials(uri), "https://git.example.org/a/b.git");
        assert_eq!(without_credentials("ssh://git@host"), "ssh://host");
    }
}
