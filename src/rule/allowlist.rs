//! Conditions under which what was found does not count, as a configuration gives them.

use std::collections::BTreeSet;

use regex::bytes::Regex;

/// What the patterns of an allowlist are held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The secret.
    #[default]
    Secret,
    /// All that the rule's pattern matched.
    Match,
    /// The lines of the match.
    Line,
}

/// Something found, as far as it is known.
#[derive(Clone, Copy)]
pub struct Subject<'s> {
    /// The rule's id.
    pub rule: &'s str,
    /// Where it is; none of what is in no file.
    pub path: Option<&'s str>,
    /// The commits that brought it. None are known for a file, and for a content before its history is looked at.
    pub commits: &'s [&'s str],
    /// The secret.
    pub secret: &'s [u8],
    /// All that matched, where it is at hand.
    pub matched: Option<&'s [u8]>,
    /// The lines it is on, where they are at hand.
    pub line: Option<&'s [u8]>,
}

/// One list of conditions. What has no member is no condition.
#[derive(Clone, Debug, Default)]
pub struct Allowlist {
    /// The file and line it is written at.
    pub place: String,
    /// What it is for, in its author's words; can be empty.
    pub description: String,
    /// The rules it is for; all if there are none.
    pub rules: BTreeSet<String>,
    /// Whether all conditions must hold, instead of one.
    pub all: bool,
    /// Names of commits, in lower case.
    pub commits: BTreeSet<String>,
    /// Patterns of paths.
    pub paths: Vec<Regex>,
    /// What the next are held against.
    pub target: Target,
    /// Patterns of what was found.
    pub regexes: Vec<Regex>,
    /// Words in the secret, in lower case.
    pub stop_words: Vec<String>,
}

impl Allowlist {
    /// Whether it says that `found` does not count. What is not known of it fulfils no condition.
    #[must_use]
    pub fn covers(&self, found: &Subject<'_>) -> bool {
        if !(self.rules.is_empty() || self.rules.contains(found.rule)) {
            return false;
        }
        let target = match self.target {
            Target::Secret => Some(found.secret),
            Target::Match => found.matched,
            Target::Line => found.line,
        };
        let in_commits = || {
            let listed = |commit: &&str| self.commits.contains(&commit.to_ascii_lowercase());
            !found.commits.is_empty() && found.commits.iter().all(listed)
        };
        let at_path = || {
            let path = found.path.unwrap_or_default();
            !path.is_empty() && self.paths.iter().any(|regex| regex.is_match(path.as_bytes()))
        };
        let matches = || target.is_some_and(|target| self.regexes.iter().any(|regex| regex.is_match(target)));
        let has_word = || {
            let secret = String::from_utf8_lossy(found.secret).to_lowercase();
            self.stop_words.iter().any(|word| secret.contains(word))
        };
        let conditions: [(bool, &dyn Fn() -> bool); 4] = [
            (self.commits.is_empty(), &in_commits),
            (self.paths.is_empty(), &at_path),
            (self.regexes.is_empty(), &matches),
            (self.stop_words.is_empty(), &has_word),
        ];
        let mut given = conditions.iter().filter(|(empty, _)| !empty).map(|(_, holds)| holds).peekable();
        // A list without conditions covers nothing, not everything.
        given.peek().is_some() && if self.all { given.all(|holds| holds()) } else { given.any(|holds| holds()) }
    }
}

/// All lists of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Allowlists(pub Vec<Allowlist>);

impl Allowlists {
    /// The first list that says that `found` does not count.
    #[must_use]
    pub fn covering(&self, found: &Subject<'_>) -> Option<&Allowlist> {
        self.0.iter().find(|list| list.covers(found))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether some list asks for commits.
    #[must_use]
    pub fn asks_for_commits(&self) -> bool {
        self.0.iter().any(|list| !list.commits.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "1111111111111111111111111111111111111111";

    fn found() -> Subject<'static> {
        Subject {
            rule: "r",
            path: Some("test/a.env"),
            commits: &[COMMIT],
            secret: b"AbcDummy1",
            matched: Some(b"key=AbcDummy1"),
            line: Some(b"x key=AbcDummy1 # fixture"),
        }
    }

    fn regexes(patterns: &[&str]) -> Vec<Regex> {
        patterns.iter().map(|pattern| Regex::new(pattern).expect("sound")).collect()
    }

    fn list(change: impl Fn(&mut Allowlist)) -> Allowlist {
        let mut list = Allowlist::default();
        change(&mut list);
        list
    }

    /// Every combination of two conditions, each of which holds or does not, with either way of joining them.
    #[test]
    fn one_condition_is_enough_unless_all_are_wanted() {
        type Set = fn(&mut Allowlist, bool);
        let sets: [Set; 4] = [
            |list, holds| list.commits = [if holds { COMMIT.into() } else { "2".repeat(40) }].into(),
            |list, holds| list.paths = regexes(&[if holds { "^test/" } else { "^src/" }]),
            |list, holds| list.regexes = regexes(&[if holds { "^Abc" } else { "^abc" }]),
            |list, holds| list.stop_words = vec![if holds { "dummy".into() } else { "example".into() }],
        ];
        for (i, first) in sets.iter().enumerate() {
            for second in &sets[i + 1..] {
                for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
                    for all in [false, true] {
                        let list = list(|list| {
                            list.all = all;
                            first(list, a);
                            second(list, b);
                        });
                        assert_eq!(list.covers(&found()), if all { a && b } else { a || b }, "{list:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_empty_list_covers_nothing() {
        assert!(!list(|_| ()).covers(&found()) && !list(|list| list.all = true).covers(&found()));
    }

    #[test]
    fn a_list_is_for_the_rules_it_names() {
        let of = |rules: &[&str]| {
            list(|list| {
                list.paths = regexes(&["env"]);
                list.rules = rules.iter().map(|&rule| rule.to_owned()).collect();
            })
        };
        assert!(of(&[]).covers(&found()) && of(&["q", "r"]).covers(&found()));
        assert!(!of(&["q"]).covers(&found()));
    }

    #[test]
    fn patterns_are_held_against_what_they_are_for() {
        let on = |target, pattern| {
            list(|list| {
                list.target = target;
                list.regexes = regexes(&[pattern]);
            })
        };
        let cases = [
            (Target::Secret, "^AbcDummy1$", true),
            (Target::Secret, "key", false),
            (Target::Match, "^key=", true),
            (Target::Match, "fixture", false),
            (Target::Line, "# fixture$", true),
        ];
        for (target, pattern, covers) in cases {
            assert_eq!(on(target, pattern).covers(&found()), covers, "{target:?} {pattern}");
        }
        let unknown = Subject { matched: None, line: None, ..found() };
        assert!(!on(Target::Line, "").covers(&unknown) && !on(Target::Match, "").covers(&unknown));
    }

    #[test]
    fn what_is_not_known_is_not_covered() {
        let unknown = Subject { path: None, commits: &[], ..found() };
        assert!(!list(|list| list.paths = regexes(&[""])).covers(&unknown));
        assert!(!list(|list| list.commits = [COMMIT.into()].into()).covers(&unknown));
        let two = Subject { commits: &[COMMIT, "22"], ..found() };
        assert!(!list(|list| list.commits = [COMMIT.into()].into()).covers(&two), "one of two commits is not listed");
    }
}
