//! What to do next about a row, and the command for it.

use super::build::bare;
use crate::checklist::syntax::Means;
use crate::checklist::unseen::{attest_command, option};
use crate::checklist::{Evidence, Judged, Verdict};

/// What to do next about a row: mend it, judge it, or find out; and why a word that was given did not settle it.
pub(super) fn next(judged: &Judged<'_>) -> String {
    let next = to_do(judged);
    match judged.unheard {
        Some(why) => format!("{next} The word that was given lifts nothing: {why}."),
        None => next,
    }
}

fn to_do(judged: &Judged<'_>) -> String {
    let row = judged.row;
    let heard = judged.evidence.iter().find(|evidence| evidence.verdict(row) == judged.checked);
    let reason = heard.map(|evidence| bare(&evidence.reason)).unwrap_or_default();
    match judged.standing.verdict() {
        Verdict::Pass | Verdict::NotApplicable => String::new(),
        Verdict::Fail => row.fix.clone(),
        Verdict::Review if reason.is_empty() => format!("Somebody has to judge. {}", row.fix),
        Verdict::Review => format!("Somebody has to judge: {reason}. {}", row.fix),
        Verdict::Open => match (&row.word.asks, heard) {
            (Some(asks), _) => format!("Find out, and write it into launch.attest.toml: {asks}"),
            (None, Some(evidence)) if row.word.takes_record && !matches!(evidence.by, Means::Live | Means::Given) => {
                let probe = row.evidence.iter().find(|deciding| deciding.by == Means::Live);
                let probe = probe.or(row.evidence.first()).map(|deciding| bare(&deciding.how)).unwrap_or_default();
                format!("Not known: {reason}. Have it tried on the running product, and keep the record: {probe}.")
            }
            (None, Some(evidence)) if evidence.by == Means::Live => {
                format!("Have it tried on the running product, and keep the record: {}.", bare(&evidence.looked_at))
            }
            (None, Some(evidence)) if !evidence.would_change.is_empty() => {
                format!("Not known: {reason}. What would tell: {}.", bare(&evidence.would_change))
            }
            (None, _) => format!("Have it checked. If it does not hold: {}", row.fix),
        },
    }
}

/// Whether files that could pass a row were not read: no record of a test stands for them.
fn is_unread(judged: &Judged<'_>) -> bool {
    let row = judged.row;
    let is_open = |evidence: &&Evidence| evidence.by != Means::Live && evidence.verdict(row) == Verdict::Open;
    row.is_passed_by_files() && judged.evidence.iter().any(|evidence| is_open(&evidence))
}

/// The command that settles a row, or that helps to.
pub(super) fn command(judged: &Judged<'_>) -> Option<String> {
    let row = judged.row;
    let option = option(&row.id);
    Some(match judged.standing.verdict() {
        Verdict::Pass | Verdict::NotApplicable => return None,
        Verdict::Fail if matches!(row.id.as_str(), "SEC-01" | "SEC-02" | "SEC-03" | "SEC-04" | "SEC-07") => {
            "cleansweep rotate plan".into()
        }
        Verdict::Fail if row.id == "SEC-06" => "cleansweep rotate plan EXPORT".into(),
        Verdict::Fail if row.id == "HAND-04" => {
            "cleansweep launch attest ID --says risk-accepted --owner NAME --role ROLE --statement 'WHY'".into()
        }
        Verdict::Open if option.is_some() && !row.word.lifts_open => {
            format!("cleansweep launch check {}", option.unwrap_or_default())
        }
        Verdict::Open | Verdict::Review if row.word.lifts_open => attest_command(&row.id, "FILE-OR-URL"),
        Verdict::Open if row.word.takes_record && !is_unread(judged) => attest_command(&row.id, "FILE"),
        Verdict::Review if row.word.lifts_review => attest_command(&row.id, "FILE-OR-URL"),
        _ => format!("cleansweep launch explain {}", row.id),
    })
}
