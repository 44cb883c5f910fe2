//! What somebody has looked at before and let be, as gitleaks keeps it: `.gitleaksignore`, and an older report as baseline.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;

use super::{Silence, SilencedBy};
use crate::secret::Secret;

/// A finding that was let be.
struct Entry {
    /// The file and line, or the number, it stands at.
    place: String,
    by: SilencedBy,
    rule: String,
    path: String,
    /// Of a finding that is about a path alone it is 0.
    line: u64,
    commit: Option<String>,
    /// The secret, where it is not masked.
    secret: Option<Secret>,
    used: AtomicBool,
}

/// Something found, to be looked for among what was let be.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    /// The rule's id.
    pub rule: &'p str,
    /// The path, as it is shown.
    pub path: &'p str,
    /// The first and the last line of what matched, or 0 if it is about the path alone.
    pub lines: (u64, u64),
    /// The commit that brought it, if it is in a history.
    pub commit: Option<&'p str>,
    /// The secret.
    pub secret: &'p Secret,
}

/// Findings that were let be.
#[derive(Default)]
pub struct Accepted {
    entries: Vec<Entry>,
    by_path: HashMap<String, Vec<usize>>,
    /// Ids of rules that find the same here as there; another entry is known by its place alone.
    own: BTreeSet<String>,
}

/// A finding of a gitleaks report, as far as it is asked for.
#[derive(Deserialize)]
struct Reported {
    #[serde(rename = "RuleID")]
    rule: String,
    #[serde(rename = "File")]
    file: String,
    #[serde(rename = "StartLine")]
    line: u64,
    #[serde(default, rename = "Commit")]
    commit: String,
    #[serde(default, rename = "Secret")]
    secret: String,
}

impl Accepted {
    /// Nothing yet; `own` are the ids of rules that are the same here as there.
    #[must_use]
    pub fn new(own: BTreeSet<String>) -> Self {
        Self { own, ..Self::default() }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds the lines of a `.gitleaksignore`: `path:rule:line`, or the same after the name of a commit and `:`. Gives the
    /// numbers of the lines that are neither.
    pub fn add_ignored(&mut self, place: &str, text: &str) -> Vec<usize> {
        let mut wrong = Vec::new();
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut parts = line.rsplitn(3, ':');
            let parts = (parts.next().and_then(|n| n.parse().ok()), parts.next(), parts.next());
            let (Some(at), Some(rule), Some(path)) = parts else {
                wrong.push(number);
                continue;
            };
            let commit = path.split_once(':').filter(|(id, _)| is_commit(id));
            let (commit, path) = commit.map_or((None, path), |(commit, path)| (Some(commit.to_owned()), path));
            self.add(Entry {
                place: format!("{place}:{number}"),
                by: SilencedBy::Configuration,
                rule: rule.into(),
                path: shown(path),
                line: at,
                commit,
                secret: None,
                used: AtomicBool::new(false),
            });
        }
        wrong
    }

    /// Adds the findings of a gitleaks report in JSON.
    ///
    /// # Errors
    /// It is none. Nothing of the text is quoted.
    pub fn add_report(&mut self, place: &str, text: &str) -> Result<(), String> {
        let text = text.trim_start_matches('\u{feff}');
        // An empty report of gitleaks is a list without members, or `null`.
        let reported: Option<Vec<Reported>> = serde_json::from_str(text).map_err(|e| {
            let what = "no report of gitleaks in JSON: a list of findings with RuleID, File and StartLine";
            format!("{place}:{}: {what}", e.line())
        })?;
        for (number, found) in (1..).zip(reported.unwrap_or_default()) {
            let masked = found.secret.is_empty() || found.secret.ends_with("...") || found.secret == "REDACTED";
            self.add(Entry {
                place: format!("{place} (finding {number})"),
                by: SilencedBy::Baseline,
                rule: found.rule,
                path: shown(&found.file),
                line: found.line,
                commit: (!found.commit.is_empty()).then_some(found.commit),
                secret: (!masked).then(|| Secret::new(found.secret.as_bytes(), 0, true)),
                used: AtomicBool::new(false),
            });
        }
        Ok(())
    }

    fn add(&mut self, entry: Entry) {
        self.by_path.entry(entry.path.clone()).or_default().push(self.entries.len());
        self.entries.push(entry);
    }

    /// Why what was found at a place does not count, if somebody has let it be.
    #[must_use]
    pub fn silence(&self, found: &Place<'_>) -> Option<Silence> {
        let entries = self.by_path.get(found.path)?;
        let entry = entries.iter().map(|&number| &self.entries[number]).find(|entry| self.is_it(entry, found))?;
        entry.used.store(true, Ordering::Relaxed);
        Some(Silence { by: entry.by, place: entry.place.clone(), reason: String::new() })
    }

    fn is_it(&self, entry: &Entry, found: &Place<'_>) -> bool {
        let same_rule = if self.own.contains(found.rule) || self.own.contains(&entry.rule) {
            entry.rule == found.rule
        } else {
            // A rule of gitleaks' own, for which ours stand: they have other names.
            true
        };
        let same_commit = match &entry.commit {
            Some(commit) => found.commit.is_some_and(|found| found.eq_ignore_ascii_case(commit)),
            // A report tells the commit of everything in a history; a line without one holds for all.
            None => entry.by == SilencedBy::Configuration || found.commit.is_none(),
        };
        let same_secret = entry.secret.as_ref().is_none_or(|secret| {
            let (a, b) = (secret.reveal(), found.secret.reveal());
            // Where one ends is not the same in both.
            a == b || memchr::memmem::find(a, b).is_some() && !b.is_empty() || memchr::memmem::find(b, a).is_some()
        });
        let (first, last) = found.lines;
        same_rule && same_commit && same_secret && (first..=last).contains(&entry.line)
    }

    /// The entries that nothing found was equal to, as `place: path:rule:line`.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let unused = self.entries.iter().filter(|entry| !entry.used.load(Ordering::Relaxed));
        unused.map(|entry| format!("{}: {}:{}:{}", entry.place, entry.path, entry.rule, entry.line)).collect()
    }
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A path as we show it.
fn shown(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").unwrap_or(&path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(value: &str) -> Secret {
        Secret::new(value.as_bytes(), 0, true)
    }

    fn is_silenced(accepted: &Accepted, rule: &str, path: &str, line: u64, commit: Option<&str>, value: &str) -> bool {
        let secret = secret(value);
        accepted.silence(&Place { rule, path, lines: (line, line), commit, secret: &secret }).is_some()
    }

    #[test]
    fn lines_are_read_as_gitleaks_writes_them() {
        let (commit, other) = ("a".repeat(40), "b".repeat(40));
        let mut accepted = Accepted::new(["own".to_owned()].into());
        let text = format!(
            "# let be\n\n src/a.env:own:3 \r\n{commit}:b:c.env:own:4\nno line\nx:y\nwin\\d.env:other:5\nk.p12:own:0\nz:own:9\n"
        );
        assert_eq!(accepted.add_ignored("i", &text), [5, 6]);
        let silenced = |rule, path, line, commit| is_silenced(&accepted, rule, path, line, commit, "x");
        assert!(silenced("own", "src/a.env", 3, None) && silenced("own", "src/a.env", 3, Some(&commit)));
        assert!(!silenced("own", "src/a.env", 4, None) && !silenced("own", "a.env", 3, None));
        assert!(silenced("own", "b:c.env", 4, Some(&commit)) && !silenced("own", "b:c.env", 4, None));
        assert!(!silenced("own", "b:c.env", 4, Some(&other)));
        assert!(!silenced("ours", "src/a.env", 3, None), "an entry for a rule that is here too");
        assert!(silenced("ours", "win/d.env", 5, None), "an entry for a rule in whose place ours stand");
        assert!(!silenced("own", "win/d.env", 5, None));
        assert!(silenced("own", "k.p12", 0, None));
        assert_eq!(accepted.unused(), ["i:9: z:own:9"]);
    }

    #[test]
    fn a_report_lets_be_what_it_has() {
        let report = r#"[{"RuleID":"own","File":"./a","StartLine":2,"Commit":"","Secret":"hush","Extra":[1]},
            {"RuleID":"own","File":"b","StartLine":3,"Secret":"REDACTED"},
            {"RuleID":"own","File":"c","StartLine":3,"Secret":"ab..."},
            {"RuleID":"own","File":"d","StartLine":3,"Commit":"c0ffee","Secret":"hush"}]"#;
        let mut accepted = Accepted::new(["own".to_owned()].into());
        accepted.add_report("r.json", report).expect("a report");
        assert!(is_silenced(&accepted, "own", "a", 2, None, "hush"));
        assert!(!is_silenced(&accepted, "own", "a", 2, None, "other"), "a new secret on the same line");
        assert!(
            is_silenced(&accepted, "own", "b", 3, None, "any") && is_silenced(&accepted, "own", "c", 3, None, "any")
        );
        assert!(is_silenced(&accepted, "own", "d", 3, Some("C0FFEE"), "key=hush"));
        assert!(!is_silenced(&accepted, "own", "d", 3, None, "hush"));
        assert!(!is_silenced(&accepted, "own", "a", 2, Some("c0ffee"), "hush"), "a report tells commits");
    }

    #[test]
    fn what_is_no_report_is_said_without_quoting_it() {
        let mut accepted = Accepted::default();
        assert!(accepted.add_report("r", "null").is_ok() && accepted.add_report("r", "[]").is_ok());
        for text in [
            "{\"hush\": 1}",
            "[{\"RuleID\": \"hush\"}]",
            "hush",
            "",
            "[{\"RuleID\":1,\"File\":\"hush\",\"StartLine\":-1}]",
        ] {
            let error = accepted.add_report("r.json", text).expect_err(text);
            assert!(error.starts_with("r.json:") && !error.contains("hush"), "{error}");
        }
        assert!(accepted.is_empty());
    }
}
