//! Comments beside a secret that say it does not count: `cleansweep:allow REASON`, and what other scanners call the same.
//!
//! A marker counts on the line where the secret begins, before it, or on the line where it ends, after it. It does not count
//! inside the string that the secret is in: that is a value, which whoever supplies it could choose. Ours needs a reason;
//! those of others have no place for one.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::{Deserialize, Serialize};

use super::super::silence::{Silence, SilencedBy};

/// How far from a secret a marker is looked for on its line, in bytes: a line can have megabytes.
pub const MARKER_REACH: usize = 1024;

/// Most characters of a reason that are kept.
const REASON: usize = 200;

const OWN: &str = "cleansweep:allow";

/// Ours first, then those of others, with their spellings.
const WORDS: &[&str] = &[
    OWN, "gitleaks:allow", "noqa: secret", "noqa:secret", "pragma: allowlist secret", "pragma:allowlist secret",
    "trufflehog:ignore", "kingfisher:ignore",
];

/// What ends a comment on its line.
const CLOSERS: &[&[u8]] = &[b"*/", b"-->", b"#}", b"%>", b"*)"];

static AUTOMATON: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(WORDS).ok());

/// Whose comments count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// Nobody's: what is scanned is somebody else's.
    #[default]
    Nobody,
    /// Those of the project itself, not of repositories within it that are not its submodules, nor of standard input.
    Project,
    /// All.
    Everybody,
}

/// Which comments count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Comments {
    /// Whose.
    pub trust: Trust,
    /// Whether those written for other scanners do.
    pub foreign: bool,
}

impl Comments {
    /// Which count in a repository within the project that is not a part of it.
    #[must_use]
    pub fn of_others(self) -> Self {
        match self.trust {
            Trust::Everybody => self,
            Trust::Nobody | Trust::Project => Self { trust: Trust::Nobody, ..self },
        }
    }
}

/// What comments beside a secret say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Marker {
    /// The reason of ours, which is empty if none is given.
    own: Option<String>,
    /// Another scanner's: the word, and what is said after it.
    foreign: Option<String>,
}

impl Marker {
    /// Whether there could be one in a piece of a line; cheap.
    #[must_use]
    pub fn could_be_in(text: &[u8]) -> bool {
        AUTOMATON.as_ref().is_some_and(|words| words.is_match(text))
    }

    /// Reads what stands on the line before a secret and after it.
    #[must_use]
    pub fn read(before: &[u8], after: &[u8]) -> Option<Self> {
        let open = match before.last() {
            Some(&quote) if is_quote(quote) => Some(before.len() - 1),
            _ => open_quote(before),
        };
        let outside = match open {
            None => after,
            Some(at) => closing(after, before[at]).map_or(&[][..], |end| &after[end + 1..]),
        };
        let mut marker = Self::default();
        marker.read_piece(&before[..open.unwrap_or(before.len())]);
        marker.read_piece(outside);
        (marker != Self::default()).then_some(marker)
    }

    fn read_piece(&mut self, text: &[u8]) {
        let Some(words) = AUTOMATON.as_ref() else { return };
        let hits: Vec<_> = words.find_iter(text).collect();
        for (nth, hit) in hits.iter().enumerate() {
            if !stands_alone(text, hit.start(), hit.end()) {
                continue;
            }
            let next = hits.get(nth + 1).map_or(text.len(), aho_corasick::Match::start);
            let quote = open_quote(&text[..hit.start()]).map(|at| text[at]);
            let reason = reason(&text[hit.end()..next], quote);
            match WORDS[hit.pattern().as_usize()] {
                OWN if self.own.as_ref().is_none_or(String::is_empty) => self.own = Some(reason),
                OWN => {}
                word if self.foreign.is_none() => {
                    self.foreign = Some(if reason.is_empty() { word.into() } else { format!("{word}: {reason}") });
                }
                _ => {}
            }
        }
    }

    /// Whether it silences where `comments` count, and why; `place` is where it stands.
    #[must_use]
    pub fn silence(&self, comments: Comments, place: impl FnOnce() -> String) -> Option<Silence> {
        if comments.trust == Trust::Nobody {
            return None;
        }
        let own = self.own.as_ref().filter(|reason| !reason.is_empty());
        let reason = own.or(self.foreign.as_ref().filter(|_| comments.foreign))?;
        Some(Silence { by: SilencedBy::Comment, place: place(), reason: reason.clone() })
    }

    /// Whether it is ours and lacks its reason.
    #[must_use]
    pub fn lacks_reason(&self) -> bool {
        self.own.as_ref().is_some_and(String::is_empty)
    }

    /// Masks what must not be shown.
    pub fn mask(&mut self, mask: impl Fn(&str) -> String) {
        for text in [&mut self.own, &mut self.foreign].into_iter().flatten() {
            *text = mask(text);
        }
    }
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether a marker is no part of a longer word: `cleansweep:allowed`, `cleansweep:allow-all`.
fn stands_alone(text: &[u8], start: usize, end: usize) -> bool {
    let glued = |at: usize| text.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let goes_on = glued(end) || (text.get(end) == Some(&b'-') && glued(end + 1));
    !goes_on && !start.checked_sub(1).is_some_and(glued)
}

/// Where the quote is that is open at the end of `text`. An apostrophe within a word opens nothing.
fn open_quote(text: &[u8]) -> Option<usize> {
    let (mut open, mut at): (Option<usize>, usize) = (None, 0);
    while at < text.len() {
        match text[at] {
            b'\\' => at += 1,
            byte if is_quote(byte) => match open {
                Some(start) if text[start] == byte => open = None,
                Some(_) => {}
                None if byte == b'\'' && at > 0 && is_word(text[at - 1]) => {}
                None => open = Some(at),
            },
            _ => {}
        }
        at += 1;
    }
    open
}

/// Where a quote that is open at the start of `text` is closed.
fn closing(text: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 1,
            byte if byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// What is said after a marker, up to the end of the comment, or of the string if the comment is in one. Empty if it
/// has neither letter nor digit.
fn reason(text: &[u8], quote: Option<u8>) -> String {
    let closers = CLOSERS.iter().filter_map(|closer| memchr::memmem::find(text, closer));
    let end = closers.chain(quote.and_then(|quote| closing(text, quote))).min().unwrap_or(text.len());
    let text = String::from_utf8_lossy(&text[..end]);
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let edge = |c: char| c.is_whitespace() || ":-–—=,;()[]{}\"'`#/*<!>".contains(c);
    let reason: String = shown.trim_matches(edge).chars().take(REASON).collect();
    if reason.chars().any(char::is_alphanumeric) { reason } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Comments = Comments { trust: Trust::Project, foreign: true };

    /// The reason for which the `§` of a line is silenced.
    fn why(line: &str, comments: Comments) -> Option<String> {
        let (before, after) = line.split_once('§').expect("the line has a secret");
        let marker = Marker::read(before.as_bytes(), after.as_bytes())?;
        marker.silence(comments, String::new).map(|silence| silence.reason)
    }

    #[test]
    fn comments_of_every_syntax() {
        for line in [
            "key = § # cleansweep:allow only a test",
            "key = \"§\" # cleansweep:allow only a test",
            "key = '§'; // cleansweep:allow only a test",
            "key = `§`;//cleansweep:allow only a test",
            "key = \"§\"; /* cleansweep:allow only a test */ more();",
            "/* cleansweep:allow only a test */ key = \"§\";",
            "<a href=\"x\">§</a> <!-- cleansweep:allow only a test -->",
            "<!--cleansweep:allow only a test--> <a>§</a>",
            "select '§' -- cleansweep:allow only a test",
            "\\key{§} % cleansweep:allow only a test",
            "(key \"§\") ; cleansweep:allow only a test",
            "key = § # CleanSweep:Allow: only a test",
            "key = § # cleansweep:allow (only a test)",
            "key = § # cleansweep:allow - only a test\r",
            "key = § # see #12, cleansweep:allow only a test",
            "{{# cleansweep:allow only a test #}} {{ '§' }}",
            "# don't worry: key = § cleansweep:allow only a test",
            "echo \"Authorization: Bearer §\" # cleansweep:allow only a test",
            "{\"key\": \"§\", \"why\": \"cleansweep:allow only a test\"}",
            "{\"why\": \"cleansweep:allow only a test\", \"key\": \"§\"}",
            "KEY = \"\"\"§\"\"\" # cleansweep:allow only a test",
            "say(\"a \\\" b\", \"§\") # cleansweep:allow only a test",
            "key = § # gitleaks:allow cleansweep:allow only a test",
            "key = § # cleansweep:allow only a test gitleaks:allow",
        ] {
            assert_eq!(why(line, ALL).as_deref(), Some("only a test"), "{line}");
        }
    }

    #[test]
    fn what_is_no_marker() {
        for line in [
            "key = §",
            "key = § # cleansweep:allowed only a test",
            "key = § # cleansweep:allow-all only a test",
            "key = § # cleansweep:allow_all only a test",
            "key = § # notcleansweep:allow only a test",
            "key = § # cleansweep: allow only a test",
            "key = \"§ cleansweep:allow only a test\"",
            "key = \"§ # cleansweep:allow only a test",
            "key = '§ \\' cleansweep:allow only a test'",
            "key = \"cleansweep:allow only a test §\"",
            "url = \"https://host/?k=§&x=cleansweep:allow only a test\"",
            "key = \"\"\"§ cleansweep:allow only a test\"\"\"",
        ] {
            assert_eq!(why(line, ALL), None, "{line}");
        }
    }

    #[test]
    fn ours_needs_a_reason() {
        for line in [
            "key = § # cleansweep:allow",
            "key = § # cleansweep:allow: -",
            "key = § /* cleansweep:allow */ reason",
            "key = § # cleansweep:allow ********",
            "key = § # cleansweep:allow gitleaks:allow",
        ] {
            let only_ours = Comments { foreign: false, ..ALL };
            assert_eq!(why(line, only_ours), None, "{line}");
            let (before, after) = line.split_once('§').expect("the line has a secret");
            assert!(Marker::read(before.as_bytes(), after.as_bytes()).is_some_and(|m| m.lacks_reason()), "{line}");
        }
        assert_eq!(why("§ # cleansweep:allow gitleaks:allow", ALL).as_deref(), Some("gitleaks:allow"));
        assert_eq!(why("/* cleansweep:allow */ § // cleansweep:allow why", ALL).as_deref(), Some("why"));
    }

    #[test]
    fn those_of_others_can_be_switched_off() {
        for word in WORDS.iter().filter(|word| **word != OWN) {
            let line = format!("key = § # {word}");
            assert_eq!(why(&line, ALL).as_deref(), Some(*word));
            assert_eq!(why(&line, Comments { foreign: false, ..ALL }), None, "{line}");
            assert_eq!(why(&line.to_uppercase(), ALL).as_deref(), Some(*word));
            assert_eq!(why(&format!("{line} said before"), ALL).as_deref(), Some(&*format!("{word}: said before")));
            assert_eq!(why(&format!("{line}s"), ALL), None);
        }
    }

    #[test]
    fn nothing_counts_where_nobody_is_trusted() {
        assert_eq!(why("§ # cleansweep:allow x1", Comments { trust: Trust::Nobody, foreign: true }), None);
        assert_eq!(ALL.of_others().trust, Trust::Nobody);
        let everybody = Comments { trust: Trust::Everybody, ..ALL };
        assert_eq!(everybody.of_others(), everybody);
    }

    #[test]
    fn a_reason_cannot_command_a_terminal_or_fill_a_report() {
        let long = format!("§ # cleansweep:allow a\u{1b}[2Jb\u{7}{}", "x".repeat(900));
        let reason = why(&long, ALL).expect("it has a reason");
        assert!(reason.starts_with("a [2Jb x") && reason.chars().count() == REASON, "{reason}");
    }
}
