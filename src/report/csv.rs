//! CSV (RFC 4180) for spreadsheets and tickets: a header, a line for each finding, each silenced one and each item that
//! was not looked at, and a last line with what it amounts to.
//!
//! A spreadsheet runs a cell that begins like a formula, and what is scanned is somebody else's text. Such a cell begins
//! with an apostrophe, which spreadsheets take as "this is text".

use std::io;

use super::text::{extent, notes, tame, verdict};
use super::{json, seen, sentences};
use crate::blob::Skipped;
use crate::finding::history::Exposure;
use crate::finding::{Finding, history};
use crate::rotation::{Credential, Runbooks, is_rotated};
use crate::scan::ScanOutcome;

/// The columns, in the order of the cells.
const COLUMNS: [&str; 28] = [
    "kind", "severity", "rule", "title", "confidence", "source", "path", "line", "column", "end_line", "end_column",
    "secret", "fingerprint", "credential_id", "introduced_commit", "introduced_by", "introduced_on", "removed_commit",
    "removed_by", "removed_on", "in_head", "refs", "facts", "first_step", "by", "reason", "detail", "remarks",
];

/// One line. What a kind of line has no use for stays empty.
#[derive(Clone, Default)]
struct Row {
    /// `finding`, `past-place` (a further place in the history of the finding above), `silenced`, `rotated`, `skipped`, `summary`.
    kind: &'static str,
    severity: &'static str,
    rule: String,
    title: String,
    confidence: &'static str,
    source: &'static str,
    path: String,
    place: Option<[u64; 4]>,
    secret: String,
    fingerprint: String,
    credential: String,
    past: Past,
    facts: String,
    first_step: String,
    /// What silenced it.
    by: &'static str,
    /// The reason of a silence, the kind of reason of what was skipped, the verdict of the summary.
    reason: String,
    /// When it was met in a log, where it was silenced, what happened to what was skipped, the summary.
    detail: String,
    /// What else there is to know of the place.
    remarks: String,
}

/// When a secret came and went.
#[derive(Clone, Default)]
struct Past {
    introduced: [String; 3],
    removed: [String; 3],
    in_head: &'static str,
    refs: String,
}

/// The report. Secrets are always redacted: a spreadsheet is passed on.
#[must_use]
pub fn build(outcome: &ScanOutcome, runbooks: &Runbooks) -> String {
    let credentials = Credential::group(&outcome.rules, &outcome.findings);
    let mut rows = Vec::new();
    for credential in &credentials {
        for finding in &credential.exposures {
            let mut row = of_finding(outcome, credential, finding);
            let rule = outcome.rules.get(credential.rule);
            row.first_step = sentences::advice(rule, runbooks, &credential.facts(), finding).join("\n");
            push(&mut rows, row, finding);
        }
    }
    for credential in Credential::group(&outcome.rules, &outcome.silenced) {
        for finding in &credential.exposures {
            let mut row = Row { kind: kind(finding), ..of_finding(outcome, &credential, finding) };
            if let Some(silence) = &finding.silence {
                row.by = json::silencer(silence.by);
                (row.reason, row.detail) = (silence.reason.clone(), silence.place.clone());
            }
            push(&mut rows, row, finding);
        }
    }
    rows.extend(outcome.coverage.skipped.iter().map(of_skipped));
    rows.push(summary(outcome, &credentials));
    write(&rows).expect("memory takes all that is written")
}

/// The kind of row of a finding that is silenced.
fn kind(finding: &Finding) -> &'static str {
    if is_rotated(finding) { "rotated" } else { "silenced" }
}

/// The line of a finding, and one for each further place of its history.
fn push(rows: &mut Vec<Row>, row: Row, finding: &Finding) {
    let further = finding.history.iter().flat_map(|history| history.exposures.iter().skip(1));
    let further: Vec<Row> = further
        .map(|exposure| Row {
            kind: if finding.silence.is_some() { kind(finding) } else { "past-place" },
            source: exposure.origin.source(),
            path: exposure.origin.path().to_owned(),
            place: None,
            past: past(exposure),
            first_step: String::new(),
            ..row.clone()
        })
        .collect();
    rows.push(row);
    rows.extend(further);
}

fn of_finding(outcome: &ScanOutcome, credential: &Credential<'_>, finding: &Finding) -> Row {
    let rule = outcome.rules.get(credential.rule);
    let facts: Vec<String> = finding.facts.iter().map(ToString::to_string).collect();
    Row {
        kind: "finding",
        severity: json::severity(credential.severity(&outcome.rules)),
        rule: rule.id.clone(),
        title: rule.title.clone(),
        confidence: json::confidence(finding.confidence),
        source: finding.origin.source(),
        path: finding.origin.path().to_owned(),
        place: Some([finding.start.line, finding.start.column, finding.end.line, finding.end.column]),
        secret: finding.secret.redacted(),
        fingerprint: finding.fingerprint.to_string(),
        credential: finding.credential.to_string(),
        past: finding.history.as_ref().and_then(|h| h.exposures.first()).map(past).unwrap_or_default(),
        facts: facts.join("\n"),
        detail: seen::sentence(finding).unwrap_or_default(),
        remarks: sentences::remarks(&outcome.rules, finding).join("\n"),
        ..Row::default()
    }
}

fn past(exposure: &Exposure) -> Past {
    let commit = |commit: &Option<history::Commit>| match commit {
        Some(commit) => [commit.id.clone(), commit.author.clone(), commit.date.clone()],
        None => Default::default(),
    };
    let mut refs = exposure.refs.join("\n");
    if exposure.more_refs > 0 {
        refs += &format!("\nand {} more", exposure.more_refs);
    }
    Past {
        introduced: commit(&exposure.introduced),
        removed: commit(&exposure.removed),
        in_head: if exposure.in_head { "yes" } else { "no" },
        refs,
    }
}

fn of_skipped(skipped: &Skipped) -> Row {
    Row {
        kind: "skipped",
        path: skipped.what.clone(),
        reason: skipped.reason.id().to_owned(),
        detail: skipped.detail.clone(),
        ..Row::default()
    }
}

fn summary(outcome: &ScanOutcome, credentials: &[Credential<'_>]) -> Row {
    let mut sentences = vec![verdict(outcome, credentials), format!("{}.", extent(&outcome.coverage))];
    sentences.extend(notes(outcome));
    Row {
        kind: "summary",
        reason: json::verdict(outcome.verdict()).to_owned(),
        detail: sentences.join("\n"),
        ..Row::default()
    }
}

impl Row {
    fn cells(&self) -> [String; COLUMNS.len()] {
        let [line, column, end_line, end_column] = match self.place {
            Some(place) => place.map(|number| number.to_string()),
            None => Default::default(),
        };
        let Past { introduced: [came, came_by, came_on], removed: [went, went_by, went_on], in_head, refs } =
            &self.past;
        let texts = [
            self.kind, self.severity, &self.rule, &self.title, self.confidence, self.source, &self.path, &line,
            &column, &end_line, &end_column, &self.secret, &self.fingerprint, &self.credential, came, came_by, came_on,
            went, went_by, went_on, in_head, refs, &self.facts, &self.first_step, self.by, &self.reason, &self.detail,
            &self.remarks,
        ];
        texts.map(cell)
    }
}

/// Text that a spreadsheet takes as text. Lines stay lines, other control characters do not get through.
fn cell(text: &str) -> String {
    let tamed = text.split('\n').map(tame).collect::<Vec<_>>().join("\n");
    // Some programs drop blanks before they look, and take the wide forms for the narrow ones.
    let is_formula =
        tamed.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || tamed.starts_with('\n');
    if is_formula { format!("'{tamed}") } else { tamed }
}

fn write(rows: &[Row]) -> io::Result<String> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for row in rows {
        writer.write_record(row.cells())?;
    }
    let bytes = writer.into_inner().map_err(|e| e.into_error())?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, HOSTILE, assert_tight, runbooks};
    use super::*;

    /// The cells as a reader gets them, by column.
    fn read(text: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|r| r.expect("every line has all cells").iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn it_reads_like_this() {
        let outcome = sample::mixed();
        let text = build(&outcome, &runbooks());
        assert_tight(&outcome, &text);
        let rows = read(&text);
        assert!(text.ends_with("\r\n") && rows.iter().all(|row| row.len() == COLUMNS.len()));
        // As lists, since a line of 28 cells shows nobody what is wrong.
        let shown: Vec<String> = rows[1..]
            .iter()
            .map(|row| {
                let named = COLUMNS.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
                named.map(|(name, cell)| format!("{name}: {cell}\n")).collect()
            })
            .collect();
        sample::snapshot("report.csv", &format!("{}\n\n{}", rows[0].join(","), shown.join("\n")));
    }

    #[test]
    fn a_spreadsheet_runs_nothing() {
        let outcome = sample::hostile();
        let rows = read(&build(&outcome, &runbooks()));
        let lines: usize = outcome
            .findings
            .iter()
            .chain(&outcome.silenced)
            .map(|f| f.history.as_ref().map_or(1, |h| h.exposures.len()))
            .sum();
        assert_eq!(rows.len(), 1 + lines + outcome.coverage.skipped.len() + 1);
        for cell in rows.iter().flatten() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell:?}");
            assert!(!cell.chars().any(|c| c.is_control() && c != '\n'), "{cell:?}");
        }
        let paths: Vec<&str> = rows.iter().map(|row| row[6].as_str()).collect();
        for text in HOSTILE {
            assert!(paths.contains(&cell(text).as_str()), "{text:?} is told");
        }
        assert!(paths.contains(&"'=cmd|' /C calc'!A0"), "{paths:?}");
    }

    #[test]
    fn the_last_line_has_the_verdict() {
        for (outcome, verdict) in
            [(sample::clean(), "clean"), (sample::incomplete(), "incomplete"), (sample::mixed(), "findings")]
        {
            let rows = read(&build(&outcome, &runbooks()));
            let last = rows.last().expect("there is a line");
            assert_eq!((last[0].as_str(), last[25].as_str()), ("summary", verdict));
        }
    }
}
