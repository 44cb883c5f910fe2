//! Patterns of rules: compiled when first needed, and never searched beyond a known distance.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::Hir;

/// The furthest a match may extend from an anchor, in bytes. A scan keeps this much of a text on
/// each side of the piece it looks at; the longest credential, a PEM key of 8192 bits, has 6.4 kB.
pub const MAX_REACH: usize = 16 * 1024;

/// Compiled programs larger than this are refused; the largest of ours needs a fraction of it.
const SIZE_LIMIT: usize = 4 << 20;

/// How far a match may extend from the start of an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Bytes before the anchor's first byte.
    pub before: usize,
    /// Bytes from the anchor's first byte on.
    pub after: usize,
}

#[derive(Debug)]
enum Use {
    /// Searched in a text; needs a bound.
    Text { reach: Option<usize> },
    /// Matched against a whole value.
    Whole,
    /// Searched in a name, in any case.
    Name,
}

/// A regular expression of a rule.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    role: Use,
    compiled: OnceLock<Result<Compiled, String>>,
}

/// A pattern ready for use.
#[derive(Debug)]
pub struct Compiled {
    /// The program.
    pub regex: Regex,
    /// The number of the group that holds the secret.
    pub secret_group: usize,
    /// The numbers of the groups that tell something of it that is no secret, and what: see [`FACTS`](super::FACTS).
    pub facts: Vec<(usize, &'static str)>,
    /// How far a match extends at most.
    pub reach: Reach,
    /// The bytes that the shortest match has.
    shortest: usize,
    /// The bytes that the longest has, if there is a longest.
    longest: usize,
}

impl Compiled {
    /// Whether all of a value, which the pattern is written for, has its form.
    #[must_use]
    pub fn is_whole(&self, value: &[u8]) -> bool {
        (self.shortest..=self.longest).contains(&value.len()) && self.regex.is_match(value)
    }

    /// The bytes that the longest match has; [`usize::MAX`] if there is no longest.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.longest
    }
}

impl Pattern {
    pub(super) fn text(source: &str, reach: Option<usize>) -> Self {
        Self::new(source.into(), Use::Text { reach })
    }

    pub(super) fn whole(source: &str) -> Self {
        Self::new(format!("^(?:{source})$"), Use::Whole)
    }

    pub(super) fn name(source: &str) -> Self {
        Self::new(format!("(?i){source}"), Use::Name)
    }

    fn new(source: String, role: Use) -> Self {
        Self { source, role, compiled: OnceLock::new() }
    }

    /// The regular expression's text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The compiled pattern; compiles it at the first call.
    ///
    /// # Errors
    /// What is wrong with the pattern, in the regex engine's words.
    pub fn compiled(&self) -> Result<&Compiled, &str> {
        self.compiled.get_or_init(|| self.compile()).as_ref().map_err(String::as_str)
    }

    fn compile(&self) -> Result<Compiled, String> {
        let hir = self.hir()?;
        let reach = match self.role {
            Use::Text { reach } => bounded(&hir, reach)?,
            Use::Whole | Use::Name => Reach { before: 0, after: 0 },
        };
        let regex =
            RegexBuilder::new(&self.source).unicode(false).size_limit(SIZE_LIMIT).build().map_err(|e| e.to_string())?;
        let named = regex.capture_names().position(|name| name == Some("secret"));
        let secret_group = named.unwrap_or(usize::from(regex.captures_len() > 1));
        let facts = regex.capture_names().enumerate().filter_map(|(n, name)| Some((n, super::part::fact(name?)?)));
        let facts = facts.filter(|(n, _)| *n != secret_group).collect();
        let shortest = hir.properties().minimum_len().unwrap_or_default();
        let longest = hir.properties().maximum_len().unwrap_or(usize::MAX);
        Ok(Compiled { regex, secret_group, facts, reach, shortest, longest })
    }

    /// The pattern's parsed form.
    ///
    /// # Errors
    /// What is wrong with its syntax.
    pub fn hir(&self) -> Result<Hir, String> {
        regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(&self.source)
            .map_err(|e| e.to_string())
    }
}

fn bounded(hir: &Hir, declared: Option<usize>) -> Result<Reach, String> {
    let longest = match (declared, hir.properties().maximum_len()) {
        (Some(reach), _) => reach,
        (None, Some(longest)) => longest,
        (None, None) => return Err("the regex can match text of any length: bound it or set `reach`".into()),
    };
    if longest > MAX_REACH {
        return Err(format!("a match could have {longest} bytes; {MAX_REACH} is the most"));
    }
    // One more byte on both sides, so that `\b` and `$` see what really follows.
    Ok(Reach { before: longest + 1, after: longest + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reach_comes_from_the_pattern() {
        let pattern = Pattern::text(r"\b(ab_[0-9a-z]{8})\b", None);
        let compiled = pattern.compiled().expect("a valid pattern");
        assert_eq!(compiled.reach, Reach { before: 12, after: 12 });
        assert_eq!(compiled.secret_group, 1);
    }

    #[test]
    fn what_is_unbounded_or_too_large_is_refused() {
        let error = |source: &str, reach| {
            Pattern::text(source, reach).compiled().map(drop).expect_err("must not compile").to_owned()
        };
        assert!(error("a+", None).contains("any length"));
        assert!(error("a{20000}", None).contains("is the most"));
        assert!(error("(?:a{100}){100}{100}", Some(64)).contains("size limit"));
        assert!(error("(", None).contains("unclosed group"));
        assert!(Pattern::text("a+", Some(64)).compiled().is_ok());
    }
}
