//! From what a configuration says to rule files of ours.
//!
//! Our rules are found by literals, their patterns are of bytes and bounded, and they know no paths and no allowlists. What cannot be
//! said in that way is listed, and left to `--config`.

use std::fmt::Write;

use super::go_regex::{self, Unit};
use super::merge::{Draft, Merged};
use super::{Remark, Weight, literals};
use crate::rule::syntax::RuleSyntax;
use crate::rule::{Confidence, MAX_REACH, MIN_ANCHOR, Pattern, Severity};

/// How far matches of a pattern without bounds are looked for from an anchor, in bytes.
const REACH: usize = 4096;

/// The provider's and the runbook's id.
const OWN: &str = "custom";

/// A rule in our form, without examples.
#[derive(Debug)]
pub struct Exported {
    /// Where it is from.
    pub place: String,
    /// The rule.
    pub rule: RuleSyntax,
}

/// What can be said in our form, and what cannot.
#[derive(Debug)]
pub struct Export {
    /// By id.
    pub rules: Vec<Exported>,
    /// What is lost, by place.
    pub remarks: Vec<Remark>,
}

/// Says all rules of `merged` in our form.
pub(super) fn export(merged: Merged) -> Export {
    let mut export = Export { rules: Vec::new(), remarks: merged.remarks };
    if merged.use_default {
        let message = "`useDefault` is not written: our own rules are used besides those of --rules anyway".to_owned();
        export.remarks.push(Remark { weight: Weight::Note, place: merged.default_place, message });
    }
    for list in &merged.lists {
        let message =
            "an allowlist, which rule files do not have: keep the configuration and scan with --config".to_owned();
        export.remarks.push(Remark { weight: Weight::Unused, place: list.place.clone(), message });
    }
    for draft in merged.rules.values() {
        let mut say = |message: String| {
            export.remarks.push(Remark { weight: Weight::Unused, place: draft.place.clone(), message });
        };
        match rule(draft, &mut say) {
            Ok(rule) if export.rules.iter().any(|other| other.rule.id == rule.id) => {
                say(format!("`{}` is not written: `{}` is the id of another rule too", draft.id, rule.id));
            }
            Ok(rule) => export.rules.push(Exported { place: draft.place.clone(), rule }),
            Err(why) => say(format!("`{}` is not written: {why}", draft.id)),
        }
    }
    export.remarks.sort();
    export
}

/// A rule in our form; what of it is lost is said by `say`.
fn rule(draft: &Draft, say: &mut dyn FnMut(String)) -> Result<RuleSyntax, String> {
    let id = slug(&draft.id);
    if draft.regex.is_empty() {
        return Err("it is about paths alone, or changes a rule that is not here".into());
    }
    if draft.skip_report {
        return Err("it is never reported (`skipReport`)".into());
    }
    let group = match (usize::try_from(draft.secret_group).unwrap_or_default(), draft.regex.contains('(')) {
        (0, true) => 1,
        (group, _) => group,
    };
    let regex = go_regex::translate(&draft.regex, Unit::Byte, Some(group)).map_err(|e| format!("`regex`: {e}"))?;
    let hir = Pattern::text(&regex, None).hir().map_err(|_| "`regex` is not understood".to_owned())?;
    let anchors = literals::required(&hir, MIN_ANCHOR, &draft.keywords)
        .ok_or_else(|| format!("no literal of {MIN_ANCHOR} bytes or more is in every match of `regex`"))?;
    let longest = hir.properties().maximum_len();
    let reach = longest.is_none_or(|longest| longest > MAX_REACH).then_some(REACH);
    Pattern::text(&regex, reach).compiled().map_err(|_| "`regex` makes too large a program".to_owned())?;
    if reach.is_some() {
        say(format!("`{}` can match without bound: it is looked for up to {REACH} bytes from its anchors", draft.id));
    }
    if id != draft.id {
        say(format!("`{}` is written as `{id}`", draft.id));
    }
    for (has, what) in [
        (!draft.path.is_empty(), "`path`: it holds everywhere"),
        (!draft.lists.is_empty(), "allowlists: scan with --config to keep them"),
        (!draft.required.is_empty(), "`required`: it is reported without that"),
        (!woken(draft, &anchors), "`keywords`: it is reported in texts without them too"),
    ] {
        if has {
            say(format!("`{}` is written without its {what}", draft.id));
        }
    }
    let line = draft.description.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or(&draft.id);
    Ok(RuleSyntax {
        title: line.to_owned(),
        description: if draft.description.is_empty() { line.to_owned() } else { draft.description.clone() },
        severity: Severity::High,
        anchors: anchors.into_iter().collect(),
        regex: Some(regex),
        value: None,
        builtin: None,
        name: None,
        reach,
        checks: Vec::new(),
        min_entropy: (draft.entropy > 0.0).then_some(draft.entropy as f32),
        confidence: Some(Confidence::High),
        guessable: false,
        generic: draft.id.to_lowercase().contains("generic"),
        publishable: false,
        shared_format: false,
        parts: Vec::new(),
        rotation: OWN.into(),
        docs: None,
        hit: Vec::new(),
        miss: Vec::new(),
        id,
    })
}

/// Whether a text with one of the anchors always has one of the keywords.
fn woken(draft: &Draft, anchors: &std::collections::BTreeSet<String>) -> bool {
    let keywords = &draft.keywords;
    keywords.is_empty() || anchors.iter().all(|anchor| keywords.iter().any(|word| anchor.contains(word.as_str())))
}

/// An id in the form of ours.
fn slug(id: &str) -> String {
    let dashed = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let parts: String = id.chars().map(dashed).collect();
    let parts: Vec<&str> = parts.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "rule".into() } else { parts.join("-") }
}

/// A rule file of `rules`, as `rules/README.md` describes it, with a runbook for all of them.
#[must_use]
pub fn to_toml(rules: &[RuleSyntax]) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let list = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|t| text(t)).collect();
        format!("[{}]", texts.join(", "))
    };
    let mut out = format!("[provider]\nid = \"{OWN}\"\nname = \"Custom rules\"\n");
    for rule in rules {
        let mut keys = vec![
            ("id", text(&rule.id)),
            ("title", text(&rule.title)),
            ("description", text(&rule.description)),
            ("severity", text("high")),
            ("anchors", list(&rule.anchors)),
            ("regex", text(rule.regex.as_deref().unwrap_or_default())),
        ];
        keys.extend(rule.reach.map(|reach| ("reach", reach.to_string())));
        keys.extend(rule.min_entropy.map(|entropy| ("min_entropy", format!("{entropy:?}"))));
        keys.extend(rule.generic.then(|| ("generic", "true".to_owned())));
        keys.extend([("rotation", text(OWN)), ("hit", list(&rule.hit)), ("miss", list(&rule.miss))]);
        out.push_str("\n[[rule]]\n");
        keys.iter().for_each(|(key, value)| writeln!(out, "{key} = {value}").expect("a string takes all"));
    }
    out + RUNBOOK
}

/// What to do when nothing is known of the credential but that it is out.
const RUNBOOK: &str = r#"
[[rotation]]
id = "custom"
holder_can = "It depends on what the credential is for: find out, and write it here."
order = "replace-first"
breaks = "Whatever uses the credential, until it has the new one."
steps = [
    { phase = "replace", do = "Make a new credential where this one was made." },
    { phase = "deploy", do = "Give the new one to everything that uses the old one." },
    { phase = "revoke", do = "Revoke the old one." },
    { phase = "audit", do = "Read the log of the service for uses of the old one since it was exposed." },
]
proof = { command = "Use the old credential, kept in $LEAKED, as its programs do.", fails_with = "the service's refusal" }
docs = "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html"
reviewed = "2026-11-22"
"#;
