//! `cleansweep.toml`: what a project says of its own scans. From the text of the file to what was checked.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::Day;
use super::allow::{Allow, Globs};
use crate::rule::{Catalogue, Confidence, RuleSet, RuleSource};
use crate::source::worktree::Exclude;

/// The name of the file, at the top of a project.
pub const CONFIG: &str = "cleansweep.toml";

/// A larger file is no configuration, in bytes.
pub const CONFIG_LIMIT: u64 = 1 << 20;

/// A stop word that is shorter would be in most secrets.
const SHORTEST: usize = 3;

/// A configuration whose parts have been checked.
#[derive(Debug, Default)]
pub struct Config {
    /// What a scan does unless the command line says otherwise.
    pub scan: ScanDefaults,
    /// What is silenced.
    pub allows: Vec<Allow>,
}

/// What a scan does unless the command line says otherwise.
#[derive(Clone, Debug, Default)]
pub struct ScanDefaults {
    /// Paths to leave out, as in `.gitignore`.
    pub exclude: Vec<String>,
    /// Least confidence of the findings to report.
    pub confidence: Option<Confidence>,
    /// Larger files are skipped, as on the command line; with the place where it is written.
    pub max_file_size: Option<(String, String)>,
    /// Whether comments written for other scanners count.
    pub foreign_comments: Option<bool>,
}

/// Something wrong with a configuration, told so that its author can mend it. No value is quoted: it can be a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, and the line where that is known.
    pub place: String,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for ConfigError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSyntax {
    #[serde(default)]
    scan: ScanSyntax,
    #[serde(default)]
    allow: Vec<Spanned<AllowSyntax>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ScanSyntax {
    #[serde(default)]
    exclude: Vec<Spanned<String>>,
    confidence: Option<Confidence>,
    max_file_size: Option<Spanned<String>>,
    foreign_comments: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowSyntax {
    reason: Spanned<String>,
    expires: Option<Spanned<Datetime>>,
    paths: Option<Vec<Spanned<String>>>,
    rules: Option<Vec<Spanned<String>>>,
    fingerprints: Option<Vec<Spanned<String>>>,
    stopwords: Option<Vec<Spanned<String>>>,
}

impl Config {
    /// Reads a configuration; `place` is how its file is called. Its rules are those of `rules`, or of the catalogue.
    ///
    /// # Errors
    /// The first thing that is wrong: a key that there is not, a value of the wrong kind, a glob, fingerprint or rule that
    /// means nothing.
    pub fn parse(place: &str, text: &str, rules: &RuleSet) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let reader = Reader { place, text, rules };
        let file: FileSyntax =
            toml::from_str(text).map_err(|e| reader.error(e.span().map(|span| span.start), &unquoted(e.message())))?;
        let allows = file.allow.iter().map(|allow| reader.allow(allow)).collect::<Result<_, _>>()?;
        Ok(Self { scan: reader.defaults(file.scan)?, allows })
    }
}

/// The message of a parser without the values it quotes.
pub(super) fn unquoted(message: &str) -> String {
    match message.split_once("invalid type: string \"") {
        Some((before, rest)) => {
            let expected = rest.rsplit_once("\", expected").map_or("", |(_, expected)| expected);
            format!("{before}invalid type: a string, expected{expected}")
        }
        None => message.to_owned(),
    }
}

struct Reader<'r> {
    place: &'r str,
    text: &'r str,
    rules: &'r RuleSet,
}

impl Reader<'_> {
    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.place, self.text[..at.min(self.text.len())].matches('\n').count() + 1)
    }

    fn error(&self, at: Option<usize>, message: &str) -> ConfigError {
        let place = at.map_or_else(|| self.place.to_owned(), |at| self.place(at));
        ConfigError { place, message: message.into() }
    }

    fn fail<T>(&self, at: &Spanned<String>, message: &str) -> Result<T, ConfigError> {
        Err(self.error(Some(at.span().start), message))
    }

    fn defaults(&self, syntax: ScanSyntax) -> Result<ScanDefaults, ConfigError> {
        self.globs(&syntax.exclude)?;
        Ok(ScanDefaults {
            exclude: syntax.exclude.into_iter().map(Spanned::into_inner).collect(),
            confidence: syntax.confidence,
            max_file_size: syntax.max_file_size.map(|size| (self.place(size.span().start), size.into_inner())),
            foreign_comments: syntax.foreign_comments,
        })
    }

    fn allow(&self, allow: &Spanned<AllowSyntax>) -> Result<Allow, ConfigError> {
        let syntax = allow.get_ref();
        if !syntax.reason.get_ref().chars().any(char::is_alphanumeric) {
            return self.fail(&syntax.reason, "`reason` is empty; say why these are no secrets");
        }
        let lists = [&syntax.paths, &syntax.rules, &syntax.fingerprints, &syntax.stopwords].map(Option::as_ref);
        let at = Some(allow.span().start);
        if lists.iter().all(Option::is_none) {
            let message = "an [[allow]] needs `paths`, `rules`, `fingerprints` or `stopwords`, or it would \
                           silence everything";
            return Err(self.error(at, message));
        }
        if lists.into_iter().flatten().any(Vec::is_empty) {
            return Err(self.error(at, "an [[allow]] has an empty list; leave the key out or fill it"));
        }
        Ok(Allow {
            place: self.place(allow.span().start),
            reason: syntax.reason.get_ref().chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
            expires: syntax.expires.as_ref().map(|date| self.day(date)).transpose()?,
            paths: syntax.paths.as_deref().map(|globs| self.globs(globs)).transpose()?,
            rules: syntax.rules.as_deref().map(|ids| self.each(ids, Self::rule)).transpose()?,
            fingerprints: syntax.fingerprints.as_deref().map(|names| self.each(names, Self::name)).transpose()?,
            stopwords: syntax.stopwords.as_deref().map(|words| self.each(words, Self::stopword)).transpose()?,
        })
    }

    fn each<T, C: FromIterator<T>>(
        &self,
        values: &[Spanned<String>],
        check: fn(&Self, &Spanned<String>) -> Result<T, ConfigError>,
    ) -> Result<C, ConfigError> {
        values.iter().map(|value| check(self, value)).collect()
    }

    fn day(&self, date: &Spanned<Datetime>) -> Result<Day, ConfigError> {
        let day = match date.get_ref() {
            Datetime { date: Some(day), time: None, offset: None } => Day::new(day.year, day.month, day.day),
            _ => None,
        };
        day.ok_or_else(|| self.error(Some(date.span().start), "`expires` is a day, such as 2027-01-31"))
    }

    fn globs(&self, globs: &[Spanned<String>]) -> Result<Globs, ConfigError> {
        for glob in globs {
            let text = glob.get_ref();
            if text.trim().is_empty() || text.starts_with('!') {
                return self.fail(glob, "a glob is as in .gitignore, but neither empty nor with a `!` before it");
            }
            if let Err(error) = Exclude::new(Path::new(""), std::slice::from_ref(text)) {
                return self.fail(glob, error.strip_prefix("--exclude ").unwrap_or(&error));
            }
        }
        let globs: Vec<String> = globs.iter().map(|glob| glob.get_ref().clone()).collect();
        Exclude::new(Path::new(""), &globs).map(Globs).map_err(|e| self.error(None, &e))
    }

    fn rule(&self, id: &Spanned<String>) -> Result<String, ConfigError> {
        let wanted = id.get_ref();
        if self.rules.find(wanted).is_some() {
            return Ok(wanted.clone());
        }
        // A scan with other rules is no reason to refuse what is said of ours.
        let ours = Catalogue::load(&[RuleSource::Embedded, RuleSource::Personal]).ok();
        if ours.as_ref().is_some_and(|ours| ours.find(wanted).is_some()) {
            return Ok(wanted.clone());
        }
        let all = [Some(self.rules), ours.as_ref()].into_iter().flatten().flat_map(RuleSet::rules);
        let mut near: Vec<(f64, &str)> =
            all.map(|rule| (strsim::jaro_winkler(wanted, &rule.id), rule.id.as_str())).collect();
        near.retain(|(likeness, _)| *likeness > 0.8);
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        near.dedup();
        let near: Vec<String> = near.iter().take(3).map(|(_, id)| format!("`{id}`")).collect();
        let hint = match near.len() {
            0 => "`cleansweep rules list` has them all".to_owned(),
            _ => format!("there is {}", near.join(", ")),
        };
        self.fail(id, &format!("there is no rule `{wanted}`; {hint}"))
    }

    fn name(&self, name: &Spanned<String>) -> Result<String, ConfigError> {
        let text = name.get_ref().to_ascii_lowercase();
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return self
                .fail(name, "a fingerprint or credential_id has 32 hexadecimal digits; --format json shows them");
        }
        Ok(text)
    }

    fn stopword(&self, word: &Spanned<String>) -> Result<String, ConfigError> {
        if word.get_ref().chars().count() < SHORTEST {
            return self.fail(word, &format!("a stop word has {SHORTEST} characters or more"));
        }
        Ok(word.get_ref().to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        let rules = Catalogue::load(&[RuleSource::Embedded]).expect("the catalogue is sound");
        Config::parse("c.toml", text, &rules).map_err(|e| e.to_string())
    }

    #[test]
    fn everything_that_can_be_said() {
        let text = "\u{feff}[scan]\r\nexclude = ['vendor/', '*.snap']\r\nconfidence = 'high'\r\nmax-file-size = '10M'\r\n\
                    foreign-comments = false\r\n\r\n[[allow]]\r\nreason = 'tests'\r\nexpires = 2027-01-31\r\n\
                    paths = ['tests/**']\r\nrules = ['generic-password']\r\nstopwords = ['Example']\r\n\
                    fingerprints = ['0123456789abcdef0123456789ABCDEF']\r\n\
                    \r\n[[allow]]\r\nreason = 'x'\r\npaths = ['a']\r\n";
        let config = parse(text).expect("it is sound");
        assert_eq!(config.scan.exclude, ["vendor/", "*.snap"]);
        assert_eq!(config.scan.confidence, Some(Confidence::High));
        assert_eq!(config.scan.max_file_size, Some(("c.toml:4".into(), "10M".into())));
        assert_eq!(config.scan.foreign_comments, Some(false));
        assert_eq!(config.allows.len(), 2);
        assert_eq!(config.allows[0].place, "c.toml:7");
        assert_eq!(config.allows[0].expires, Day::parse("2027-01-31"));
        assert_eq!(config.allows[1].place, "c.toml:15");
        assert!(parse("").expect("it may be empty").allows.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_without_its_value() {
        let allow = |line: &str| format!("[[allow]]\nreason = 'x1'\n{line}\n");
        for (text, told) in [
            ("alow = 1".to_owned(), "c.toml:1: unknown field `alow`"),
            ("[scan]\nexcludes = []".to_owned(), "c.toml:2: unknown field `excludes`"),
            ("[scan]\nmax_file_size = '1'".to_owned(), "c.toml:2: unknown field `max_file_size`"),
            ("[scan]\nconfidence = 'sure'".to_owned(), "c.toml:2: unknown variant"),
            ("[scan]\nexclude = ['a[']".to_owned(), "c.toml:2: a[: "),
            (allow("path = ['x']"), "c.toml:3: unknown field `path`"),
            (allow(""), "c.toml:1: an [[allow]] needs"),
            (allow("paths = []"), "c.toml:1: an [[allow]] has an empty list"),
            (allow("paths = ['ok',\n '']"), "c.toml:4: a glob is as in .gitignore"),
            (allow("paths = ['!x']"), "c.toml:3: a glob is as in .gitignore"),
            (allow("paths = ['{a,b']"), "c.toml:3: {a,b: "),
            (
                allow("rules = ['generic-pasword']"),
                "c.toml:3: there is no rule `generic-pasword`; there is `generic-password`",
            ),
            (allow("rules = ['☃☃☃']"), "c.toml:3: there is no rule `☃☃☃`; `cleansweep rules list`"),
            (allow("fingerprints = ['hunter2']"), "c.toml:3: a fingerprint or credential_id has 32"),
            (allow("stopwords = ['ab']"), "c.toml:3: a stop word has 3"),
            (allow("stopwords = 'hunter2'"), "c.toml:3: invalid type: a string, expected a sequence"),
            (allow("paths = ['x']\nexpires = 2027-01-31T00:00:00Z"), "c.toml:4: `expires` is a day"),
            (allow("paths = ['x']\nexpires = '2027-01-31'"), "c.toml:4: "),
            ("[[allow]]\npaths = ['x']\n".to_owned(), "c.toml:1: missing field `reason`"),
            ("[[allow]]\nreason = ' - '\npaths = ['x']".to_owned(), "c.toml:2: `reason` is empty"),
            ("<<<<<<< ours\n".to_owned(), "c.toml:1: "),
        ] {
            let error = parse(&text).expect_err(&text);
            assert!(error.starts_with(told), "{text}\n{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
