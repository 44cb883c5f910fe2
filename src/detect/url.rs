//! Passwords in addresses: `scheme://user:password@host`, whatever the scheme (RFC 3986 §3.2.1).

use std::ops::Range;

use super::{Fact, Match};

/// The parts of an address that has a password.
pub(super) struct Userinfo {
    scheme: Range<usize>,
    user: Range<usize>,
    pub(super) password: Range<usize>,
    host: Range<usize>,
    port: Range<usize>,
    path: Range<usize>,
}

const SCHEME_MAX: usize = 32;
const USERINFO_MAX: usize = 512;
const HOST_MAX: usize = 255;

/// Reads the address whose `://` is at `mark`, if it has a user and a password.
pub(super) fn userinfo(text: &[u8], mark: Range<usize>) -> Option<Userinfo> {
    let scheme_byte = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let floor = mark.start.saturating_sub(SCHEME_MAX);
    let scheme = text[floor..mark.start].iter().rev().take_while(scheme_byte).count();
    if scheme == 0 {
        return None;
    }
    let rest = &text[mark.end..(mark.end + USERINFO_MAX).min(text.len())];
    // A password may hold `@` and `/` that ought to be escaped; the last `@` before what ends an address counts.
    let ends =
        |b: &u8| *b <= b' ' || *b == 0x7f || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b',' | b'|');
    let len = rest.iter().position(ends).unwrap_or(rest.len());
    let authority = rest[..len].iter().position(|&b| b == b'/' || b == b'?').unwrap_or(len);
    let at = memchr::memrchr(b'@', &rest[..authority])?;
    let colon = memchr::memchr(b':', &rest[..at])?;
    // `user[:password]@host` is how a manual writes it.
    if colon + 1 == at || rest[..colon].ends_with(b"[") {
        return None;
    }
    let host_byte = |b: &&u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'$' | b'{' | b'}' | b'%' | b'*' | b'[' | b']')
    };
    let host_start = mark.end + at + 1;
    let host = text[host_start..].iter().take(HOST_MAX).take_while(host_byte).count();
    let after_host = host_start + host;
    let port_start = if text.get(after_host) == Some(&b':') { after_host + 1 } else { after_host };
    let port = text[port_start..].iter().take(5).take_while(|b| b.is_ascii_digit()).count();
    let path_start = port_start + port + usize::from(text.get(port_start + port) == Some(&b'/'));
    let path = text[path_start..].iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    (host > 0).then_some(Userinfo {
        scheme: mark.start - scheme..mark.start,
        user: mark.end..mark.end + colon,
        password: mark.end + colon + 1..mark.end + at,
        host: host_start..after_host,
        port: port_start..port_start + port,
        path: path_start..path_start + path,
    })
}

impl Userinfo {
    /// Adds what the address tells about the account, and evidence from its host.
    pub(super) fn describe(&self, text: &[u8], found: &mut Match<'_>) {
        let part = |range: &Range<usize>| String::from_utf8_lossy(&text[range.clone()]).into_owned();
        for (name, range) in [
            ("scheme", &self.scheme),
            ("user", &self.user),
            ("host", &self.host),
            ("port", &self.port),
            ("database", &self.path),
        ] {
            if !range.is_empty()
                && (name != "database" || part(&self.scheme) != "http" && part(&self.scheme) != "https")
            {
                found.facts.push(Fact::new(name, &part(range)));
            }
        }
        let host = part(&self.host).to_ascii_lowercase();
        let local = ["localhost", "127.0.0.1", "0.0.0.0", "::1"].contains(&host.as_str());
        let example = [
            "example.com", "example.org", "example.net", "host", "hostname", "server", "domain.com", "ip", "proxy",
            "myhost", "yourhost", "site.com", "hostname.com", "mydomain.com", "company.com",
        ]
        .contains(&host.as_str())
            || host.ends_with(".example.com")
            || host.ends_with(".example.org")
            || host.ends_with(".example")
            || host.ends_with(".test")
            || host.ends_with(".invalid");
        if example {
            found.score.add(-40, "the host is an example");
        } else if local {
            found.score.add(-15, "the host is this machine");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String, String, String)> {
        let mark = text.find("://").expect("an address");
        let url = userinfo(text.as_bytes(), mark..mark + 3)?;
        let part = |range: Range<usize>| text[range].to_owned();
        Some((part(url.scheme), part(url.user), part(url.password), part(url.host)))
    }

    #[test]
    fn addresses_with_passwords() {
        for (text, parts) in [
            ("DATABASE_URL=postgres://app:PASS@db.acme.io:5432/app", ("postgres", "app", "PASS", "db.acme.io")),
            ("\"mysql+pymysql://root:xxxx@xxxx@10.0.0.1/x\"", ("mysql+pymysql", "root", "xxxx@xxxx", "10.0.0.1")),
            ("redis://:PASS@cache:6379", ("redis", "", "PASS", "cache")),
            ("nats://a:PASS@n1", ("nats", "a", "PASS", "n1")),
        ] {
            let found = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.0.as_str(), found.1.as_str(), found.2.as_str(), found.3.as_str()), parts);
        }
    }

    #[test]
    fn addresses_without() {
        for text in [
            "https://acme.io/a:b@c", "https://user@acme.io", "https://user:@acme.io", "https://acme.io:443/x",
            "see ://a:b@c", "https://acme.io?mail=a:b@c", "ssh://user[:password]@host",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
