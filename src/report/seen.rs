//! When a secret was met in a log, in words.

use super::text::count;
use crate::finding::Finding;

/// `1,000,000 times, first 2024-05-01T12:00:00Z, last 2024-05-01T13:00:00Z (line 1,000,000)`; nothing of what is in no log.
pub(super) fn sentence(finding: &Finding) -> Option<String> {
    let seen = finding.seen.as_deref()?;
    let time = |name: &str, stamp: &Option<_>| match stamp {
        Some(stamp) => format!(", {name} {stamp}"),
        None => String::new(),
    };
    if finding.more == 0 {
        return seen.first.as_ref().map(|stamp| format!("at {stamp}"));
    }
    let times = count(finding.more + 1, "time");
    Some(format!("{times}{}{} (line {})", time("first", &seen.first), time("last", &seen.last), seen.last_line))
}
