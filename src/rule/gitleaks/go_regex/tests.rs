//! What Go means, held against what is made of it.

use super::*;

/// A pattern, a text, and what Go finds in it first.
const SAME: &[(&str, &str, Option<&str>)] = &[
    (r"(?P<n>a)(?<m>b)", "xab", Some("ab")),
    (r"a\Q.*+\E?", "a.*+", Some("a.*+")),
    (r"\Qa[b", "xa[b", Some("a[b")),
    (r"k\z", "kk", Some("k")),
    (r"\pN+", "a٣4", Some("٣4")),
    (r"\p{^Greek}+", "αβx1", Some("x1")),
    (r"[\p{Greek}_]+", "xα_β", Some("α_β")),
    (r"(?s)a.b", "a\nb", Some("a\nb")),
    (r"a.b", "a\nb", None),
    (r"(?U)a+", "aaa", Some("a")),
    (r"(?i)É", "é", Some("é")),
    (r"a.{1}b", "aéb", Some("aéb")),
    (r#""[^"]{3}""#, "\"äöü\"", Some("\"äöü\"")),
    (r"\x41\x{42}\103", "ABC", Some("ABC")),
    (r"\<\>\_\-\/\ \'", "<>_-/ '", Some("<>_-/ '")),
    (r"[\w-.]+", "!a-b.c!", Some("a-b.c")),
    (r"[]a]+", "x]a]", Some("]a]")),
    (r"[a&&b]+", "x&a&b", Some("&a&b")),
    (r"[a~~b&&c]+", "xa~b", Some("a~b")),
    (r"[[]+", "a[[", Some("[[")),
    (r"[[:alpha:][:^word:]]+", "1a-b", Some("a-b")),
    (r"a{,3}", "aa{,3}", Some("a{,3}")),
    (r"{name}", "{name}", Some("{name}")),
    (r"a{2}", "aaa", Some("aa")),
    (r"\s\S\s", " x\n", Some(" x\n")),
    (r"a\sb", "a\u{b}b", None),
    (r"[^\s]+", " é\u{b} ", Some("é\u{b}")),
    (r"[\S\d]+", " é1 ", Some("é1")),
    (r"\bk\b", "ék ", Some("k")),
    (r"a\C{2}b", "aéb", Some("aéb")),
    ("[\u{e4}-\u{fc}]+", "xöx", Some("ö")),
];

#[test]
fn what_go_means_is_meant_here() {
    for (pattern, text, found) in SAME {
        let regex = compile(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        let here = regex.find(text.as_bytes()).map(|m| String::from_utf8_lossy(m.as_bytes()).into_owned());
        assert_eq!(here.as_deref(), *found, "{pattern} in {text:?}");
    }
}

#[test]
fn text_in_an_old_encoding_is_searched_too() {
    assert!(compile(r#"k="[^"]{3}.""#).expect("sound").is_match(b"k=\"a\xe4b\xfc\""));
}

#[test]
fn what_no_engine_has_is_said_and_the_pattern_is_not_quoted() {
    let cases = [
        ("(?=hush)", "look-ahead"),
        ("(?<!hush)", "look-behind"),
        (r"(hush)\1", "reference to a group"),
        (r"hush\y", "nothing that is known"),
        ("hush{1001}", "more than 1000"),
        ("hush[z-a]", "goes down"),
        ("hush[", "without `]`"),
        ("hush(", "unclosed group"),
        (r"\p{Hush}", "property"),
        ("((hush{1000}){1000}){1000}", "program of more than"),
        ("hush\\", "backslash at the end"),
        ("[[:hush:]]", "unknown"),
    ];
    for (pattern, said) in cases {
        let error = compile(pattern).expect_err(pattern);
        assert!(error.contains(said) && !error.contains("hush"), "{pattern}: {error}");
    }
    assert!(compile(&"(".repeat(100_000)).is_err());
    assert!(compile(&"[[:alpha:]".repeat(100_000)).is_err());
}

#[test]
fn the_secret_s_group_is_named() {
    assert_eq!(translate("(a)(?P<x>b)", Unit::Byte, Some(2)).expect("sound"), "(a)(?P<secret>b)");
}
