//! What a receiving server has written into a message about it: `Authentication-Results` (RFC 8601).

use super::super::super::file::is_host;

/// What one field says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Results {
    /// The server that says it, where it names itself.
    pub(super) server: Option<String>,
    /// Each method with what it came to.
    pub(super) all: Vec<Method>,
}

/// A method of authentication and its result, in small letters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Method {
    pub(super) name: String,
    pub(super) result: String,
    /// The domain that it is about: the signer's of DKIM, the sender's of SPF, that of From of DMARC.
    pub(super) domain: Option<String>,
}

/// Properties that name the domain, the best first.
const DOMAINS: &[(&str, &[&str])] =
    &[("dkim", &["header.d", "header.i"]), ("spf", &["smtp.mailfrom"]), ("dmarc", &["header.from"])];

/// Results that are kept of one field.
const MOST: usize = 64;

impl Results {
    /// Reads the value of a field. What is not understood of it is left out: it then says less, never more.
    pub(super) fn read(value: &str) -> Self {
        let plain = without_comments(value);
        let mut parts = parts(&plain);
        let first = parts.first().map(|part| part.trim()).unwrap_or_default();
        // Some servers do not name themselves, and begin with a result.
        let server = (!first.contains('=')).then(|| first.split_whitespace().next().unwrap_or_default());
        if server.is_some() {
            parts.remove(0);
        }
        let server = server.map(str::to_ascii_lowercase).filter(|server| is_host(server));
        Self { server, all: parts.iter().filter_map(|part| Method::read(part)).take(MOST).collect() }
    }
}

impl Method {
    fn read(part: &str) -> Option<Self> {
        let words = words(part);
        let (method, result) = words.first()?.split_once('=')?;
        let name = method.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let result = result.to_ascii_lowercase();
        let is_word =
            |text: &str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_alphabetic());
        if !is_word(&name) || !is_word(&result) {
            return None;
        }
        let properties = DOMAINS.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, properties)| properties);
        let value = |property: &&str| {
            words[1..]
                .iter()
                .find_map(|word| word.split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case(property)))
        };
        let domain = properties.iter().find_map(value).and_then(|(_, value)| domain(value));
        Some(Self { name, result, domain })
    }
}

/// The domain of an address, or a domain; in small letters.
pub(super) fn domain(text: &str) -> Option<String> {
    let text = text.trim_matches(['"', '<', '>']);
    let domain = text.rsplit('@').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    (domain.contains('.') && is_host(&domain)).then_some(domain)
}

/// The text without what stands in parentheses; in quotes there are none.
fn without_comments(value: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::with_capacity(value.len()), 0_usize, false, false);
    for c in value.chars() {
        let is_escaped = std::mem::take(&mut escaped);
        match c {
            '\\' if !is_escaped && (quoted || depth > 0) => {
                escaped = true;
                continue;
            }
            '"' if !is_escaped && depth == 0 => quoted = !quoted,
            '(' if !is_escaped && !quoted => depth += 1,
            ')' if !is_escaped && !quoted && depth > 0 => {
                depth -= 1;
                out.push(' ');
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(c);
        }
    }
    out
}

/// What stands between semicolons that are not in quotes.
fn parts(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(move |c: char| {
        quoted ^= c == '"';
        c == ';' && !quoted
    })
    .collect()
}

/// The words of a part; blanks around `=` and in quotes part none.
fn words(part: &str) -> Vec<String> {
    let (mut words, mut quoted): (Vec<String>, bool) = (Vec::new(), false);
    let mut begins = true;
    for c in part.chars() {
        quoted ^= c == '"';
        if c.is_whitespace() && !quoted {
            begins = true;
            continue;
        }
        let continues = c == '=' || words.last().is_some_and(|word| word.ends_with('='));
        match words.last_mut() {
            Some(word) if !begins || continues => word.push(c),
            _ => words.push(c.to_string()),
        }
        begins = false;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> (Option<String>, Vec<String>) {
        let results = Results::read(value);
        let told =
            results.all.iter().map(|m| format!("{}={} {}", m.name, m.result, m.domain.as_deref().unwrap_or("-")));
        (results.server, told.collect())
    }

    #[test]
    fn results_of_large_providers_are_read() {
        let google = "mx.google.com;\r\n       dkim=pass header.i=@example.com header.s=s1 header.b=Ab12;\r\n       \
            spf=pass (google.com: domain of bounce+x=y@mail.example.com designates 192.0.2.1 as permitted sender) \
            smtp.mailfrom=\"bounce+x=y@mail.example.com\";\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com";
        assert_eq!(
            of(google),
            (
                Some("mx.google.com".into()),
                vec![
                    "dkim=pass example.com".into(),
                    "spf=pass mail.example.com".into(),
                    "dmarc=pass example.com".into()
                ]
            )
        );
        let microsoft = "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com; dkim=pass (signature was verified) \
            header.d=example.com;dmarc=pass action=none header.from=example.com;compauth=pass reason=100";
        let (server, results) = of(microsoft);
        assert_eq!((server, results.len()), (None, 4));
        assert_eq!(results[1], "dkim=pass example.com");
        let (server, results) = of("mail.example.net 1; none");
        assert_eq!((server.as_deref(), results.len()), (Some("mail.example.net"), 0));
    }

    #[test]
    fn what_is_odd_says_less_and_never_more() {
        for (value, expected) in [
            ("a.example; (dkim=pass) dkim=fail header.d=b.example", &["dkim=fail b.example"][..]),
            ("a.example; dkim = pass header.d = b.example", &["dkim=pass b.example"]),
            ("a.example; reason=\"; dkim=pass header.d=b.example\"", &[]),
            (
                "a.example; spf=fail reason=\"x; dkim=pass header.d=b.example\" smtp.mailfrom=c.example",
                &["spf=fail c.example"],
            ),
            ("a.example; dkim=pass header.d=not_a host\u{1}", &["dkim=pass -"]),
            ("a.example; dkim=pass\u{0} header.d=b.example", &[]),
            ("(((((((", &[]),
            ("", &[]),
            (";;;=;==;dkim=;=pass", &[]),
            ("a.example; x=\"", &[]),
        ] {
            assert_eq!(of(value).1, expected, "{value}");
        }
        let (server, _) = of("<script>; dkim=pass");
        assert_eq!(server, None, "a name that is none is not repeated");
        assert_eq!(of(&format!("a.example{}", "; dkim=pass".repeat(10_000))).1.len(), MOST);
    }

    #[test]
    fn domains_are_hosts() {
        for (text, expected) in [
            ("@Example.COM", Some("example.com")),
            ("<a@b@example.com>", Some("example.com")),
            ("example.com.", Some("example.com")),
            ("localhost", None),
            ("a b.com", None),
            ("", None),
        ] {
            assert_eq!(domain(text).as_deref(), expected, "{text}");
        }
    }
}
