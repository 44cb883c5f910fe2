//! The JSON report as tests read it.

use serde_json::Value;

/// A parsed JSON report.
#[must_use]
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) json: Value,
    pub(crate) findings: Vec<Finding>,
}

/// What most tests ask of a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) end_line: u64,
    pub(crate) end_column: u64,
    pub(crate) offset: u64,
    pub(crate) rule: String,
    pub(crate) secret: String,
    pub(crate) confidence: String,
    pub(crate) fingerprint: String,
    pub(crate) credential: String,
    pub(crate) snippet: String,
    pub(crate) more: u64,
}

impl Finding {
    /// Reads a finding of the json or jsonl format.
    pub(crate) fn of(json: &Value) -> Self {
        let text =
            |name: &str| json[name].as_str().unwrap_or_else(|| panic!("`{name}` is a text in {json}")).to_owned();
        let number = |name: &str| json[name].as_u64().unwrap_or_else(|| panic!("`{name}` is a number in {json}"));
        Self {
            path: text("path"),
            line: number("line"),
            column: number("column"),
            end_line: number("end_line"),
            end_column: number("end_column"),
            offset: number("offset"),
            rule: text("rule"),
            secret: text("secret"),
            confidence: text("confidence"),
            fingerprint: text("fingerprint"),
            credential: text("credential_id"),
            snippet: text("snippet"),
            more: number("more_in_file"),
        }
    }

    /// Where it begins.
    pub(crate) fn start(&self) -> (u64, u64) {
        (self.line, self.column)
    }

    /// Where it ends.
    pub(crate) fn end(&self) -> (u64, u64) {
        (self.end_line, self.end_column)
    }
}

impl Report {
    /// Parses a JSON report.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(text).expect("the report is JSON");
        let findings = json["findings"].as_array().expect("a report has findings").iter().map(Finding::of).collect();
        Self { json, findings }
    }

    /// The summary.
    pub(crate) fn summary(&self) -> &Value {
        &self.json["summary"]
    }

    /// The ledger: what was skipped, and the kind of reason.
    pub(crate) fn skipped(&self) -> Vec<(String, String)> {
        let text = |skip: &Value, name: &str| skip[name].as_str().expect("the ledger has texts").to_owned();
        let skipped = self.summary()["skipped"].as_array().expect("the summary has a ledger");
        skipped.iter().map(|skip| (text(skip, "what"), text(skip, "reason"))).collect()
    }

    /// The findings of one file.
    pub(crate) fn of(&self, path: &str) -> Vec<&Finding> {
        self.findings.iter().filter(|f| f.path == path).collect()
    }

    /// Path, place and rule of every finding, for messages.
    pub(crate) fn places(&self) -> Vec<String> {
        self.findings.iter().map(|f| format!("{}:{}:{} {} {}", f.path, f.line, f.column, f.rule, f.snippet)).collect()
    }

    /// The only finding.
    #[track_caller]
    pub(crate) fn one(&self) -> &Finding {
        assert_eq!(self.findings.len(), 1, "one finding: {:#?}", self.places());
        &self.findings[0]
    }
}
