//! The plan of rotations: as a check-list in Markdown, to be ticked and signed, and as JSON for programs.
//!
//! Secrets are always redacted. In the check-list, what was scanned stands in code spans and commands only.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::json::{self, Exposure, NamedValue, Skip};
use super::markdown::{code, inert, place, prose, write_ledger};
use super::runbook::{self, fence, first_step};
use super::text::{count, extent, notes, tame};
use crate::detect::Fact;
use crate::rotation::{Credential, RotationPlan, Runbooks, Task, fill};
use crate::rule::{Order, RuleSet};
use crate::scan::ScanOutcome;

/// Version of the JSON format.
pub const VERSION: u32 = 1;

/// Places listed of one credential in the check-list.
const PLACES: usize = 20;

/// Lines of its history.
const PAST: usize = 5;
const REFS: usize = 3;

/// How a history is rewritten once all is rotated.
const REWRITE: [&str; 2] = [
    "cleansweep rotate purge-file --reveal -o ../replacements.txt",
    "git filter-repo --sensitive-data-removal --replace-text ../replacements.txt --replace-message ../replacements.txt",
];

/// What rewriting does not reach.
const BEYOND: &str = "Do this in a fresh clone, and only after every credential above is rotated. It does not reach forks, \
                      clones, caches of the server, refs of pull requests, build logs and artefacts: ask for their removal, and \
                      see that nobody pushes the old history again. Delete the replacement file afterwards.";

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// What to rotate, in order.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "cleansweep rotation plan")]
pub struct PlanReport {
    /// Version of this format.
    pub version: u32,
    /// What is to be rotated, the most urgent first.
    pub credentials: Vec<Planned>,
    /// What is there and, says the ledger, rotated.
    pub rotated: Vec<Rotated>,
    /// How many findings comments, a configuration or a baseline silence; they are not in the plan.
    pub silenced: u64,
    /// How many possible secrets of lower confidence there are; they are not in the plan either.
    pub below_confidence: u64,
    /// Commands that rewrite a history, to be run last; empty if there is nothing to rewrite.
    pub rewrite: Vec<String>,
    /// What was not, or not wholly, looked at: there may be more to rotate.
    pub skipped: Vec<Skip>,
    /// `clean`, `findings` or `incomplete`.
    pub verdict: &'static str,
    /// Version of cleansweep.
    pub tool_version: &'static str,
    /// Digest of the rules: equal digests find the same.
    pub rules_digest: String,
}

/// A credential to rotate.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Planned {
    /// Its place in the order, from 1.
    pub order: u64,
    /// Names the credential.
    pub credential_id: String,
    /// Identifier of the rule.
    pub rule: String,
    /// Identifier of the provider.
    pub provider: String,
    /// What was found, in a few words.
    pub title: String,
    /// What a holder can do: `critical`, `high`, `medium`, `low`, `info`.
    pub severity: &'static str,
    /// How sure it is: `high`, `medium`, `low`.
    pub confidence: &'static str,
    /// Where it can be read, by the widest of its places: `bundle` (a file that is delivered to browsers), `head`, `file` (no
    /// history was looked at), `published` (in the past of a main or remote branch), `refs` (of other names), `uncommitted`,
    /// `unreachable`.
    pub exposed: &'static str,
    /// The day of the first commit that has it.
    pub since: Option<String>,
    /// The credential, redacted.
    pub secret: String,
    /// What it tells about itself.
    pub facts: Vec<NamedValue>,
    /// All the places it is at.
    pub places: Vec<Exposure>,
    /// What to do, with the facts filled in; what is not known stays as `<name>`.
    pub runbook: Option<Steps>,
    /// The command that puts it into the ledger when all is done.
    pub done: String,
}

/// A runbook for one credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Steps {
    /// What somebody who has exactly this credential can do.
    pub holder_can: String,
    /// What comes first: `revoke-first` or `replace-first`.
    pub order: &'static str,
    /// What breaks on revocation, and whether two can live side by side.
    pub breaks: String,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// A command that must fail afterwards; it reads the leaked value from the variable `LEAKED`.
    pub proof: String,
    /// How it fails.
    pub fails_with: String,
    /// The provider's page.
    pub docs: String,
    /// The day these facts were last checked.
    pub reviewed: String,
}

/// A step of a runbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    /// What it is for: `Revoke`, `Replace`, `Store`, `Deploy`, `Prove`, `Audit`, `Tell`.
    pub phase: &'static str,
    /// What to do.
    pub action: String,
    /// Where.
    pub url: Option<String>,
    /// The command that does it.
    pub command: Option<String>,
}

/// A credential that is rotated.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Rotated {
    /// Names the credential.
    pub credential_id: String,
    /// Identifier of the rule.
    pub rule: String,
    /// What was found, in a few words.
    pub title: String,
    /// The entry of the ledger.
    pub place: String,
    /// What it says.
    pub reason: String,
    /// How many places it is at.
    pub places: u64,
}

/// The plan as JSON.
#[must_use]
pub fn build(outcome: &ScanOutcome, runbooks: &Runbooks) -> PlanReport {
    let plan = RotationPlan::of(outcome);
    let counts = json::silenced(outcome);
    let skip =
        |s: &crate::blob::Skipped| Skip { what: s.what.clone(), reason: s.reason.id(), detail: s.detail.clone() };
    PlanReport {
        version: VERSION,
        credentials: (1..).zip(&plan.open).map(|(order, task)| planned(outcome, runbooks, order, task)).collect(),
        rotated: plan.rotated.iter().map(|credential| rotated(outcome, credential)).collect(),
        silenced: counts.comment + counts.configuration + counts.baseline,
        below_confidence: outcome.below_confidence,
        rewrite: if has_past(&plan) { REWRITE.map(str::to_owned).into() } else { Vec::new() },
        skipped: outcome.coverage.skipped.iter().map(skip).collect(),
        verdict: json::verdict(outcome.verdict()),
        tool_version: env!("CARGO_PKG_VERSION"),
        rules_digest: outcome.rules.digest().into(),
    }
}

fn has_past(plan: &RotationPlan<'_>) -> bool {
    let open = plan.open.iter().map(|task| &task.credential);
    open.chain(&plan.rotated).any(|credential| credential.history().is_some())
}

fn done(credential: &Credential<'_>) -> String {
    format!("cleansweep rotate done {} --by NAME --evidence 'HOW IT WAS PROVED'", credential.id)
}

/// What is known of a credential, its path too.
fn known<'f>(credential: &Credential<'f>, path: &'f Fact) -> Vec<&'f Fact> {
    credential.facts().into_iter().chain([path]).collect()
}

fn path_of(credential: &Credential<'_>) -> Fact {
    Fact::new("path", credential.exposures[0].origin.path())
}

fn planned(outcome: &ScanOutcome, runbooks: &Runbooks, order: u64, task: &Task<'_>) -> Planned {
    let credential = &task.credential;
    let rule = outcome.rules.get(credential.rule);
    let value = |f: &&Fact| NamedValue { name: f.name.clone().into_owned(), value: f.value.clone() };
    Planned {
        order,
        credential_id: credential.id.to_string(),
        rule: rule.id.clone(),
        provider: rule.provider.clone(),
        title: rule.title.clone(),
        severity: json::severity(credential.severity(&outcome.rules)),
        confidence: json::confidence(credential.confidence),
        exposed: task.exposed.id(),
        since: task.since.map(str::to_owned),
        secret: credential.exposures[0].secret.redacted(),
        facts: credential.facts().iter().map(value).collect(),
        places: credential.exposures.iter().map(|f| json::exposure(&outcome.rules, f, false)).collect(),
        runbook: runbooks.of(rule).map(|runbook| steps(runbook, credential)),
        done: done(credential),
    }
}

/// The runbook of a rule, with a name in the place of each fact.
pub(super) fn general(outcome: &ScanOutcome, runbooks: &Runbooks, rule: &str) -> Option<Steps> {
    let rule = outcome.rules.rules().iter().find(|known| known.id == rule)?;
    runbooks.of(rule).map(|runbook| filled(runbook, &[]))
}

fn steps(runbook: &crate::rule::Runbook, credential: &Credential<'_>) -> Steps {
    let path = path_of(credential);
    filled(runbook, &known(credential, &path))
}

fn filled(runbook: &crate::rule::Runbook, facts: &[&Fact]) -> Steps {
    let fill = |text: &String| fill(text.trim(), facts);
    let step = |step: &crate::rule::Step| Step {
        phase: runbook::phase(step.phase),
        action: fill(&step.action),
        url: step.url.as_ref().map(fill),
        command: step.command.as_ref().map(fill),
    };
    Steps {
        holder_can: fill(&runbook.holder_can),
        order: match runbook.order {
            Order::RevokeFirst => "revoke-first",
            Order::ReplaceFirst => "replace-first",
        },
        breaks: fill(&runbook.breaks),
        steps: runbook.steps.iter().map(step).collect(),
        proof: fill(&runbook.proof.command),
        fails_with: fill(&runbook.proof.fails_with),
        docs: runbook.docs.clone(),
        reviewed: runbook.reviewed.clone(),
    }
}

fn rotated(outcome: &ScanOutcome, credential: &Credential<'_>) -> Rotated {
    let rule = outcome.rules.get(credential.rule);
    let silence = credential.exposures[0].silence.as_deref();
    Rotated {
        credential_id: credential.id.to_string(),
        rule: rule.id.clone(),
        title: rule.title.clone(),
        place: silence.map(|silence| silence.place.clone()).unwrap_or_default(),
        reason: silence.map(|silence| silence.reason.clone()).unwrap_or_default(),
        places: credential.exposures.len() as u64,
    }
}

/// The plan as a check-list.
#[must_use]
pub fn markdown(outcome: &ScanOutcome, runbooks: &Runbooks) -> String {
    let plan = RotationPlan::of(outcome);
    let mut out = String::from("# Rotation plan\n\n");
    line!(out, "**{}** {}.", headline(&plan, outcome), extent(&outcome.coverage));
    for (nth, note) in notes(outcome).iter().enumerate() {
        line!(out, "{}- {}", if nth == 0 { "\n" } else { "" }, inert(note));
    }
    if !plan.open.is_empty() {
        line!(
            out,
            "\nThe order is: what a holder can do, where it can be read, since when, how sure it is. One section for each \
             credential, however many places it is at. {}",
            runbook::HISTORY
        );
    }
    for (number, task) in (1..).zip(&plan.open) {
        write_task(&mut out, outcome, runbooks, number, task);
    }
    if !plan.rotated.is_empty() {
        line!(out, "\n## Rotated\n");
    }
    for credential in &plan.rotated {
        let Rotated { credential_id, title, place, reason, places, .. } = rotated(outcome, credential);
        let spread = count(places, "place");
        line!(out, "- [x] {} {} in {spread}: {} {}", prose(&title), code(&credential_id), code(&reason), code(&place));
    }
    if has_past(&plan) {
        line!(out, "\n## Last: the history\n\n{BEYOND}\n");
        line!(out, "- [ ] Rewrite the history:\n");
        fence(&mut out, 2, &REWRITE.join("\n"));
    }
    write_ledger(&mut out, outcome, usize::MAX);
    out
}

fn headline(plan: &RotationPlan<'_>, outcome: &ScanOutcome) -> String {
    let open = count(plan.open.len() as u64, "credential");
    let incomplete = match outcome.coverage.skipped.len() {
        0 => String::new(),
        skipped => {
            format!(" The scan is incomplete, {} not looked at: there may be more.", count(skipped as u64, "item"))
        }
    };
    match (plan.open.is_empty(), plan.rotated.len()) {
        (true, 0) => format!("Nothing to rotate was found.{incomplete}"),
        (true, rotated) => format!("Nothing is left to rotate; {rotated} done.{incomplete}"),
        (false, rotated) => format!("{open} to rotate, {rotated} done.{incomplete}"),
    }
}

fn write_task(out: &mut String, outcome: &ScanOutcome, runbooks: &Runbooks, number: usize, task: &Task<'_>) {
    let credential = &task.credential;
    let rule = outcome.rules.get(credential.rule);
    line!(out, "\n## {number}. {}\n", prose(&rule.title));
    let severity = json::severity(credential.severity(&outcome.rules));
    let confidence = json::confidence(credential.confidence);
    let secret = code(&credential.exposures[0].secret.redacted());
    line!(
        out,
        "{severity} · {confidence} confidence · {secret} · {} · credential {}",
        code(&rule.id),
        code(&credential.id.to_string())
    );
    let since = task.since.map(|day| format!(", since {}", tame(day))).unwrap_or_default();
    line!(out, "\nExposed {}{since}:\n", task.exposed.told());
    write_places(out, &outcome.rules, credential);
    let path = path_of(credential);
    match runbooks.of(rule) {
        Some(runbook) => write_steps(out, runbook, &known(credential, &path)),
        None => line!(
            out,
            "\nThere is no runbook for it: replace it where it was issued, and see that the old value is refused."
        ),
    }
    line!(out, "- [ ] **Ledger.** Write it down:\n");
    fence(out, 2, &done(credential));
    line!(out, "\nRotated by: ____________________ on: ____________ evidence: ____________________");
}

fn write_places(out: &mut String, rules: &RuleSet, credential: &Credential<'_>) {
    for finding in credential.exposures.iter().take(PLACES) {
        line!(out, "- {}", place(rules, finding));
        let past = finding.history.iter().flat_map(|history| &history.exposures);
        for exposure in past.clone().take(PAST) {
            let told = format!("{}: {} · {}", exposure.origin.path(), exposure.told(), exposure.led_to_by(REFS));
            line!(out, "  - {}", code(&told));
        }
        let more = past.count().saturating_sub(PAST);
        if more > 0 {
            line!(out, "  - and {}, which JSON lists", count(more as u64, "more place"));
        }
    }
    let more = credential.exposures.len().saturating_sub(PLACES);
    if more > 0 {
        line!(out, "- and {}, which JSON lists", count(more as u64, "more place"));
    }
    let facts = credential.facts();
    if !facts.is_empty() {
        let facts: Vec<String> = facts.iter().map(|fact| code(&fact.to_string())).collect();
        line!(out, "\nIt tells of itself: {}", facts.join(" "));
    }
}

fn write_steps(out: &mut String, runbook: &crate::rule::Runbook, facts: &[&Fact]) {
    let prose = |text: &str| prose(&fill(text.trim(), &[]));
    line!(out, "\n**What a holder can do.** {}", prose(&runbook.holder_can));
    line!(out, "\n**{}.** {}\n", first_step(runbook).0, prose(&runbook.breaks));
    for step in &runbook.steps {
        line!(out, "- [ ] **{}.** {}", runbook::phase(step.phase), prose(&step.action));
        if let Some(url) = &step.url {
            let url = fill(url, &[]);
            // A place-holder makes it an address to be read, not to be followed.
            let shown = if url.contains(['<', '>', ' ']) { code(&url) } else { format!("<{}>", tame(&url)) };
            line!(out, "  {shown}");
        }
        if let Some(command) = &step.command {
            line!(out, "");
            fence(out, 2, &fill(command, facts));
        }
    }
    line!(out, "- [ ] **Proof that it is dead.** {}\n", prose(runbook::LEAKED));
    fence(out, 2, &fill(&runbook.proof.command, facts));
    line!(out, "\n  It fails with: {}", prose(&runbook.proof.fails_with));
    line!(out, "\n  Documentation: <{}>, last checked on {}.", tame(&runbook.docs), tame(&runbook.reviewed));
}

#[cfg(test)]
mod tests {
    use comrak::nodes::NodeValue;
    use comrak::{Arena, Options, parse_document};

    use super::super::sample::{self, HOSTILE, assert_tight, runbooks, silenced};
    use super::*;
    use crate::finding::SilencedBy;

    fn with_rotated() -> ScanOutcome {
        let mut outcome = sample::mixed();
        let path = sample::file("old.py");
        let old = sample::finding(&outcome.rules, "github-pat-classic", &format!("ghp_8{}", sample::BODY), path, 4);
        let reason = "rotated on 2026-01-31 by Ada: 401";
        outcome.silenced.push(silenced(old, SilencedBy::Ledger, "rotations.toml:3", reason));
        outcome
    }

    #[test]
    fn every_credential_has_its_steps_and_no_secret() {
        let outcome = with_rotated();
        let text = markdown(&outcome, &runbooks());
        assert_tight(&outcome, &text);
        let plan = RotationPlan::of(&outcome);
        assert_eq!(text.matches("**Proof that it is dead.**").count(), plan.open.len(), "{text}");
        assert_eq!(text.matches("Rotated by: ____").count(), plan.open.len(), "{text}");
        for task in &plan.open {
            assert!(text.contains(&format!("cleansweep rotate done {} ", task.credential.id)), "{text}");
        }
        for part in [
            "4 credentials to rotate, 1 done.",
            "The scan is incomplete, 2 items not looked at",
            "## 1. GitHub personal access token",
            "- [x] ",
            "`rotated on 2026-01-31 by Ada: 401` `rotations.toml:3`",
            "since 2021-03-04",
            "git filter-repo --sensitive-data-removal --replace-text",
            "db.acme.example",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
    }

    #[test]
    fn json_has_the_same_in_the_same_order() {
        let outcome = with_rotated();
        let plan = serde_json::to_value(build(&outcome, &runbooks())).expect("a plan is JSON");
        assert_tight(&outcome, &plan.to_string());
        let wanted: Vec<String> =
            RotationPlan::of(&outcome).open.iter().map(|task| task.credential.id.to_string()).collect();
        let credentials = plan["credentials"].as_array().expect("a list");
        let ids: Vec<&str> = credentials.iter().filter_map(|c| c["credential_id"].as_str()).collect();
        assert_eq!(ids, wanted);
        let orders: Vec<u64> = credentials.iter().filter_map(|c| c["order"].as_u64()).collect();
        assert_eq!(orders, [1, 2, 3, 4]);
        assert!(credentials.iter().all(|c| c["runbook"]["steps"].as_array().is_some_and(|steps| steps.len() > 2)));
        assert_eq!(plan["rotated"].as_array().map(Vec::len), Some(1));
        assert_eq!(plan["rotated"][0]["place"], "rotations.toml:3");
        assert_eq!((plan["silenced"].as_u64(), plan["skipped"].as_array().map(Vec::len)), (Some(3), Some(2)));
        let schema = serde_json::to_value(schemars::schema_for!(PlanReport)).expect("a schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let wrong: Vec<String> = validator.iter_errors(&plan).map(|error| error.to_string()).collect();
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn nothing_that_was_scanned_is_markup() {
        let mut outcome = sample::hostile();
        for finding in &mut outcome.silenced {
            if let Some(silence) = &mut finding.silence {
                silence.by = SilencedBy::Ledger;
            }
        }
        let text = markdown(&outcome, &runbooks());
        assert_tight(&outcome, &text);
        let mut options = Options::default();
        (options.extension.table, options.extension.autolink, options.extension.tasklist) = (true, true, true);
        let (arena, mut texts, mut sections, mut ticked) = (Arena::new(), String::new(), 0, 0);
        for node in parse_document(&arena, &text, &options).descendants() {
            match &node.data.borrow().value {
                NodeValue::HtmlInline(html) => assert!(matches!(html.as_str(), "<sub>" | "</sub>"), "{html}"),
                NodeValue::HtmlBlock(html) => panic!("{}", html.literal),
                NodeValue::Link(link) => assert!(link.url.starts_with("https://"), "{}", link.url),
                NodeValue::Image(image) => panic!("{}", image.url),
                NodeValue::Text(text) => texts += &format!("{text}\n"),
                NodeValue::Heading(_) => sections += 1,
                NodeValue::TaskItem(_) => ticked += 1,
                _ => {}
            }
        }
        // A title, each credential, what is rotated, the history, what was not looked at.
        assert_eq!(sections, 2 * HOSTILE.len() + 4);
        assert!(ticked > 3 * HOSTILE.len());
        for mark in ["@", "#1", "evil"] {
            assert!(!texts.contains(mark), "{mark} in {texts}");
        }
    }

    #[test]
    fn nothing_to_rotate_is_said_and_only_what_was_looked_at_is_clean() {
        let text = markdown(&sample::clean(), &runbooks());
        assert!(text.contains("**Nothing to rotate was found.**") && !text.contains("## Last"), "{text}");
        let text = markdown(&sample::incomplete(), &runbooks());
        assert!(text.contains("The scan is incomplete, 1 item not looked at") && text.contains("pipe"), "{text}");
    }
}
