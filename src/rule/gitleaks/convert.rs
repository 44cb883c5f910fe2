//! From what a configuration says to rules and allowlists.

use std::collections::BTreeSet;

use regex::bytes::Regex;

use super::merge::{Draft, Merged, PlacedList};
use super::{Imported, Remark, Weight, go_regex};
use crate::rule::allowlist::{Allowlist, Target};
use crate::rule::{Confidence, MIN_ANCHOR, Matcher, Rule, RuleError, Search, Severity};

/// Longest title made from a description, in characters.
const TITLE: usize = 80;

/// Makes rules and lists of `merged`; `ours` are the rules that stand in for gitleaks' own.
///
/// # Errors
/// What gitleaks refuses too.
pub(super) fn convert(merged: Merged, ours: Vec<Rule>) -> Result<Imported, RuleError> {
    let Merged { rules: drafts, lists, use_default, default_place, disabled, remarks } = merged;
    let known: BTreeSet<String> = ours.iter().map(|rule| rule.id.clone()).collect();
    let mut made = Imported { remarks, ..Imported::default() };
    if use_default {
        let number = ours.len();
        let message = format!("`useDefault`: the {number} rules of cleansweep stand in for those of gitleaks");
        made.note(&default_place, message);
    }
    for id in disabled.iter().filter(|id| !known.contains(*id)) {
        made.note(
            &default_place,
            format!("`{id}` is switched off, but cleansweep has no rule of this id: nothing changes"),
        );
    }
    made.rules = ours.into_iter().filter(|rule| !disabled.contains(&rule.id)).collect();
    for draft in drafts.values() {
        made.rule(draft, use_default, &known)?;
        for list in &draft.lists {
            made.list(list, [draft.id.clone()].into())?;
        }
    }
    for list in &lists {
        let rules: BTreeSet<String> = list.table.target_rules.0.iter().cloned().collect();
        for id in rules.iter().filter(|id| !drafts.contains_key(*id) && !known.contains(*id)) {
            if !use_default {
                let message = format!("`targetRules` names `{id}`, and there is no such rule");
                return Err(RuleError { place: list.place.clone(), message });
            }
            let message =
                format!("`targetRules` names `{id}`, and cleansweep has no rule of this id: nothing is left out");
            made.note(&list.place, message);
        }
        made.list(list, rules)?;
    }
    if made.rules.is_empty() && !made.remarks.iter().any(|remark| remark.weight == Weight::Unused) {
        let message = "it has no rules and does not set `extend.useDefault`: nothing could be found".to_owned();
        let place = lists.first().map_or(default_place, |list| list.place.clone());
        return Err(RuleError { place, message });
    }
    Ok(made)
}

impl Imported {
    fn note(&mut self, place: &str, message: String) {
        self.remarks.push(Remark { weight: Weight::Note, place: place.into(), message });
    }

    /// Adds a rule, or says why it is not used.
    fn rule(&mut self, draft: &Draft, use_default: bool, ours: &BTreeSet<String>) -> Result<(), RuleError> {
        let Draft { place, id, .. } = draft;
        let fail = |message: String| Err(RuleError { place: place.clone(), message });
        let is_ours = ours.contains(id);
        if draft.regex.is_empty() && (draft.path.is_empty() || is_ours) {
            match (use_default, is_ours) {
                (false, _) => return fail(format!("`{id}` has neither `regex` nor `path`")),
                (true, true) => {
                    self.note(place, format!("of what it says of `{id}` only the allowlists hold for our rule"))
                }
                (true, false) => self.note(
                    place,
                    format!(
                        "`{id}` is a rule of gitleaks' own, in whose place ours stand: what it says changes nothing"
                    ),
                ),
            }
            return Ok(());
        }
        if draft.skip_report {
            self.note(place, format!("`{id}` is never reported (`skipReport`), so it is not searched for"));
            return Ok(());
        }
        if !draft.required.is_empty() {
            self.note(place, format!("`{id}` is reported whether or not what it has in `required` is near"));
        }
        if is_ours {
            self.note(place, format!("`{id}` takes the place of our rule of this id"));
        }
        let search = match search(draft) {
            Ok(search) => search,
            Err(why) => {
                let message = format!("rule `{id}` is not used: {why}");
                self.remarks.push(Remark { weight: Weight::Unused, place: place.clone(), message });
                return Ok(());
            }
        };
        let groups = search.regex.as_ref().map_or(0, |regex| regex.captures_len() - 1);
        if search.regex.is_some() && search.secret_group > groups {
            return fail(format!(
                "`secretGroup` of `{id}` is {}, and `regex` has {groups} groups",
                search.secret_group
            ));
        }
        if search.regex.as_ref().is_some_and(|regex| regex.is_match(b"")) {
            self.note(place, format!("`regex` of `{id}` can match nothing at all; such matches are not reported"));
        }
        self.own.insert(id.clone());
        self.rules.retain(|rule| rule.id != *id);
        self.rules.push(rule(draft, search));
        Ok(())
    }

    /// Adds a list for some rules, or for all.
    fn list(&mut self, list: &PlacedList, rules: BTreeSet<String>) -> Result<(), RuleError> {
        let PlacedList { place, table } = list;
        let fail = |message: &str| Err(RuleError { place: place.clone(), message: message.into() });
        let all = match table.condition.to_uppercase().as_str() {
            "AND" | "&&" => true,
            "" | "OR" | "||" => false,
            _ => return fail("`condition` is neither `AND` nor `OR`"),
        };
        let target = match table.regex_target.as_str() {
            "" | "secret" => Target::Secret,
            "match" => Target::Match,
            "line" => Target::Line,
            _ => return fail("`regexTarget` is none of `secret`, `match` and `line`"),
        };
        let conditions = [&table.commits, &table.paths, &table.regexes, &table.stop_words];
        if conditions.iter().all(|list| list.0.is_empty()) {
            return fail("an allowlist without `commits`, `paths`, `regexes` and `stopwords`");
        }
        if conditions.iter().any(|list| list.0.iter().any(|text| text.trim().is_empty())) {
            return fail("an allowlist with an empty text, which would cover everything");
        }
        if all && !table.commits.0.is_empty() && !table.regexes.0.is_empty() && target != Target::Secret {
            self.note(place, "a list that asks for commits and for a match or line at once is not applied".into());
            return Ok(());
        }
        let compiled = patterns(&table.paths.0).and_then(|paths| Ok((paths, patterns(&table.regexes.0)?)));
        let (paths, regexes) = match compiled {
            Ok(compiled) => compiled,
            Err(why) => {
                self.note(place, format!("this allowlist is not applied, so more is reported: {why}"));
                return Ok(());
            }
        };
        self.allowlists.0.push(Allowlist {
            place: place.clone(),
            description: table.description.clone(),
            rules,
            all,
            commits: table.commits.0.iter().map(|commit| commit.trim().to_lowercase()).collect(),
            paths,
            target,
            regexes,
            stop_words: table.stop_words.0.iter().map(|word| word.to_lowercase()).collect(),
        });
        Ok(())
    }
}

fn patterns(patterns: &[String]) -> Result<Vec<Regex>, String> {
    let numbered = patterns.iter().enumerate();
    numbered.map(|(nth, go)| go_regex::compile(go).map_err(|e| format!("pattern {}: {e}", nth + 1))).collect()
}

/// What a rule looks for.
fn search(draft: &Draft) -> Result<Search, String> {
    let compile = |name: &str, go: &str| {
        let compiled = (!go.is_empty()).then(|| go_regex::compile(go));
        compiled.transpose().map_err(|e| format!("`{name}`: {e}"))
    };
    let keywords: BTreeSet<String> = draft.keywords.iter().cloned().collect();
    // An empty keyword is in every text.
    let keywords: Vec<String> = if keywords.contains("") { Vec::new() } else { keywords.into_iter().collect() };
    let mut search = Search {
        regex: compile("regex", &draft.regex)?,
        by_hand: None,
        secret_group: usize::try_from(draft.secret_group).unwrap_or_default(),
        path: compile("path", &draft.path)?,
        entropy: draft.entropy,
        written: (draft.regex.clone(), draft.path.clone()),
        keywords,
    };
    if !search.keywords.is_empty() && search.anchors(MIN_ANCHOR).is_empty() {
        let words: Vec<String> = search.keywords.iter().map(|word| regex_syntax::escape(word)).collect();
        let any = regex::bytes::RegexBuilder::new(&words.join("|")).case_insensitive(true).build();
        search.by_hand = Some(any.map_err(|_| "`keywords`: too many or too long".to_owned())?);
    }
    Ok(search)
}

fn rule(draft: &Draft, search: Search) -> Rule {
    let line = draft.description.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or(&draft.id);
    let title: String = line.chars().filter(|c| !c.is_control()).take(TITLE).collect();
    Rule {
        id: draft.id.clone(),
        provider: "custom".into(),
        provider_name: "Custom rule".into(),
        title: title.trim_end_matches('.').to_owned(),
        description: draft.description.clone(),
        severity: Severity::High,
        anchors: if search.regex.is_some() { search.anchors(MIN_ANCHOR) } else { Vec::new() },
        matcher: Matcher::Search(Box::new(search)),
        checks: Vec::new(),
        min_entropy: 0.0,
        confidence: Confidence::High,
        guessable: false,
        // There as here a rule of this name gives way to others.
        generic: draft.id.to_lowercase().contains("generic"),
        publishable: false,
        shared_format: false,
        parts: Vec::new(),
        rotation: "generic-secret".into(),
        docs: None,
    }
}
