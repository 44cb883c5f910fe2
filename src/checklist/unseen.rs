//! What is said of a row that no check has looked at: what decides it, how much of that there is, what is missing, and what would
//! bring it.

use super::launch_file::LaunchFile;
use super::row::Row;
use super::syntax::{Deciding, Means};
use super::verdict::{Claim, Coverage, Evidence};

/// Why nothing is known of a row. None of a row that is made from others: it is judged there.
pub(super) fn evidence(row: &Row, launch: Option<&LaunchFile>) -> Option<Evidence> {
    // What a person at this machine can bring comes first.
    let by = |means| row.evidence.iter().find(|deciding| deciding.by == means);
    let deciding = [Means::Attested, Means::Given, Means::Live, Means::Static].into_iter().find_map(by)?;
    let (reason, coverage, would_change) = match deciding.by {
        Means::Attested => word(row),
        Means::Given => given(row),
        Means::Live => probe(row, launch),
        Means::Static | Means::Derived => files(row, deciding),
    };
    Some(Evidence {
        by: deciding.by,
        claim: Claim::Open,
        looked_at: deciding.how.trim_end_matches('.').to_owned(),
        coverage: Some(coverage),
        places: Vec::new(),
        reason,
        would_change,
    })
}

/// The command by which somebody gives their word for a row.
#[must_use]
pub fn attest_command(id: &str, evidence: &str) -> String {
    format!("cleansweep launch attest {id} --owner NAME --role ROLE --statement 'WHAT WAS SEEN' --evidence {evidence}")
}

fn none_of(all: usize, of: &str) -> Coverage {
    Coverage { seen: 0, all: all as u64, of: of.to_owned() }
}

type Why = (String, Coverage, String);

/// The option by which a row gets the files that decide it, where there is one.
#[must_use]
pub fn option(id: &str) -> Option<&'static str> {
    match id {
        "SEC-04" | "LOG-01" | "LOG-02" => Some("--logs PATH"),
        "SEC-06" => Some("--exports PATH"),
        "MAIL-05" => Some("--eml FILE"),
        _ => None,
    }
}

fn word(row: &Row) -> Why {
    let asks = row.word.asks.clone().unwrap_or_else(|| row.requirement.clone());
    let reason = format!("launch.attest.toml has no entry that counts; it would say: {asks}");
    let change = "an entry with an owner, a role, a date and evidence";
    let change =
        option(&row.id).map_or_else(|| change.to_owned(), |option| format!("{change}; or files, with `{option}`"));
    (reason, none_of(1, "words"), change)
}

fn given(row: &Row) -> Why {
    let (what, change) = match row.area.id.as_str() {
        "LOG" => ("logs were", "logs of the application"),
        "SEC" => ("export was", "what was exported of chats and documents"),
        "MAIL" => ("message was", "a message of the product as it was received, with all its headers"),
        _ => ("file was", "a file of the kind that decides it"),
    };
    let option = option(&row.id).map(|option| format!(", with `{option}`")).unwrap_or_default();
    (format!("No {what} given"), none_of(1, "files"), format!("{change}{option}"))
}

/// What a probe would have asked, as far as `launch.toml` tells.
fn probe(row: &Row, launch: Option<&LaunchFile>) -> Why {
    let (all, of) = match (row.area.id.as_str(), launch) {
        ("MAIL", launch) => (launch.and_then(|launch| launch.mail.as_ref()).map_or(0, |_| 1), "mail domains"),
        ("AUTHZ", launch) => (launch.map_or(0, |launch| launch.resources.len()), "resources of launch.toml"),
        (_, launch) => (launch.map_or(0, hosts), "hosts of launch.toml"),
    };
    let reason = match all {
        0 => "Only the running product can show it: no deployment was asked, and launch.toml names none for it",
        _ => "Only the running product can show it, and this program asks no deployment",
    };
    (reason.to_owned(), none_of(all, of), "such a test, and its record as a file of the project".to_owned())
}

fn hosts(launch: &LaunchFile) -> usize {
    launch.targets.iter().map(|target| target.hosts.len()).sum()
}

fn files(row: &Row, deciding: &Deciding) -> Why {
    let reason = "No check of the files says anything about it".to_owned();
    let change = match row.word.takes_record {
        true => "a review by somebody, and its record as a file of the project".to_owned(),
        false => deciding.how.trim_end_matches('.').to_owned(),
    };
    (reason, none_of(1, "checks"), change)
}

#[cfg(test)]
mod tests {
    use super::super::row::Checklist;
    use super::*;

    #[test]
    fn every_row_says_what_is_missing_and_what_would_bring_it() {
        for row in Checklist::embedded().rows() {
            let Some(evidence) = evidence(row, None) else {
                assert!(row.is_derived(), "{}", row.id);
                continue;
            };
            assert_eq!(evidence.claim, Claim::Open, "{}", row.id);
            let coverage = evidence.coverage.expect("it is counted");
            assert!(coverage.seen == 0 && !coverage.is_whole(), "{}", row.id);
            for text in [&evidence.reason, &evidence.looked_at, &evidence.would_change] {
                assert!(text.len() > 10, "{}: {text}", row.id);
            }
        }
    }

    #[test]
    fn what_launch_toml_names_is_counted() {
        let launch = LaunchFile::parse(
            "launch.toml",
            "[[target]]\nname = \"p\"\nurl = \"https://a.example.com\"\nhosts = [\"b.example.com\"]\n",
        );
        let launch = launch.expect("it is sound");
        let row = |id: &str| Checklist::embedded().row(id).expect("it is a row");
        let all = |id: &str| evidence(row(id), Some(&launch)).and_then(|e| e.coverage).map(|c| (c.seen, c.all));
        assert_eq!(all("TLS-01"), Some((0, 2)));
        assert_eq!(all("MAIL-01"), Some((0, 0)), "it names no domain");
    }
}
