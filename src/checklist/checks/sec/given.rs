//! The rows about secrets in what the user has named besides the project: logs, and what was exported.

use super::{Sec, count, credentials, evidence, found, is_rotated, places, silenced};
use crate::blob::Skipped;
use crate::checklist::checks::samples::Exports;
use crate::checklist::syntax::Means;
use crate::checklist::verdict::{Claim, Coverage, Evidence};
use crate::scan::ScanOutcome;

impl Sec<'_> {
    /// SEC-04.
    pub(super) fn logs(&self) -> Evidence {
        let looked_at = "the logs that were given with --logs";
        let mut told = match &self.secrets.samples.logs {
            None => {
                let mut told = evidence(Means::Given, Claim::Open, looked_at, "no logs were given".into());
                told.coverage = Some(Coverage { seen: 0, all: 0, of: "log files".into() });
                told
            }
            Some(logs) => self.given(logs, looked_at, "log file", "in the logs"),
        };
        told.would_change = "logs of the application and the CI, with --logs".into();
        told
    }

    /// SEC-06.
    pub(super) fn exports(&self, exports: &Exports) -> Evidence {
        let looked_at =
            "what was given with --exports: texts, mails, documents and archives, and not what pictures show";
        let mut told = self.given(&exports.scan, looked_at, "file", "in what was exported");
        told.would_change = "`cleansweep rotate plan EXPORT`, then `cleansweep rotate done ID EXPORT --ledger rotations.toml` for each \
                             secret"
            .into();
        if matches!(told.claim, Claim::Pass { .. }) {
            told.reason += "; whom keys were sent elsewhere is for somebody to ask";
            told.would_change = "the word of somebody who asked everybody with access".into();
            if exports.pictures > 0 {
                told.claim = Claim::Open;
                told.reason += &format!(", and {}: look at what they show", pictures(exports.pictures));
            }
        }
        if let Some(coverage) = told.coverage.as_mut() {
            coverage.seen = coverage.seen.saturating_sub(exports.pictures);
        }
        told
    }

    /// What a scan of given files says of a row.
    fn given(&self, scan: &ScanOutcome, looked_at: &str, of: &str, within: &str) -> Evidence {
        let coverage = &scan.coverage;
        let (items, skipped) = (coverage.items, coverage.skipped.len());
        let allowed = || silenced(scan).filter(|finding| !is_rotated(finding));
        let (claim, reason) = match () {
            () if found(scan).next().is_some() => {
                (Claim::Fail, format!("{} {within}", count(credentials(found(scan)), "secret")))
            }
            () if allowed().next().is_some() => {
                let number = count(credentials(allowed()), "possible secret");
                let reason = format!(
                    "{number} {within} that a comment, a configuration or the baseline leaves out: are they none?"
                );
                (Claim::Review, reason)
            }
            () if skipped > 0 => (Claim::Open, unread(&coverage.skipped)),
            () if items == 0 => (Claim::Open, "there is no file in what was given".to_owned()),
            () if self.control.is_none() => {
                let reason =
                    "the rules found no credential that was made for them, so that finding nothing means nothing";
                (Claim::Open, reason.to_owned())
            }
            () => {
                let files = count(usize::try_from(items).unwrap_or(usize::MAX), of);
                let reason = match credentials(silenced(scan).filter(|finding| is_rotated(finding))) {
                    0 => format!("{files} without a secret"),
                    1 => format!("{files} without a secret but 1 that the ledger says is rotated"),
                    done => format!("{files} without a secret but {done} that the ledger says are rotated"),
                };
                (self.pass(), reason)
            }
        };
        let mut told = evidence(Means::Given, claim, looked_at, reason);
        told.places = match told.claim {
            Claim::Fail => places(found(scan)),
            _ => places(allowed()),
        };
        told.coverage = Some(Coverage { seen: items, all: items + skipped as u64, of: format!("{of}s") });
        told
    }
}

/// What was not looked at.
fn unread(skipped: &[Skipped]) -> String {
    let which = skipped.first().map(|first| format!("{}: {}", first.what, first.detail)).unwrap_or_default();
    match skipped.len() {
        1 => format!("1 item was not, or not wholly, looked at: {which}"),
        number => format!("{number} items were not, or not wholly, looked at, the first is {which}"),
    }
}

fn pictures(number: u64) -> String {
    match number {
        1 => "1 picture, recording or mailbox of Outlook was not read".to_owned(),
        _ => format!("{number} pictures, recordings or mailboxes of Outlook were not read"),
    }
}
