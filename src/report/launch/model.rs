//! What every launch report tells, as data; as JSON it is a report of its own. A change that could break readers raises
//! [`VERSION`].

use schemars::JsonSchema;
use serde::Serialize;

use super::super::plan::{PlanReport, Steps};

/// Version of the JSON format.
pub const VERSION: u32 = 1;

/// How a product stands before its launch.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "cleansweep launch report")]
pub struct LaunchReport {
    /// Version of this format.
    pub version: u32,
    /// What was checked: the host it is deployed at, else its folder.
    pub product: String,
    /// The day it was checked, in UTC.
    pub date: String,
    /// `ready`, `a prototype with risk`, `not ready for external users`.
    pub readiness: &'static str,
    /// The answer in one sentence, with what fails and what is open.
    pub summary: String,
    /// How many rows stand how.
    pub counts: Counts,
    /// Every row of the checklist, in its order.
    pub rows: Vec<RowReport>,
    /// Ids of the rows to begin with, at most five.
    pub first: Vec<String>,
    /// What is left to do, in four blocks of two days.
    pub plan: Vec<BlockReport>,
    /// The frameworks that were recognised.
    pub stack: Vec<StackReport>,
    /// What was looked at, and what was not.
    pub coverage: CoverageReport,
    /// Exposed credentials with their runbooks, and what is rotated.
    pub rotation: PlanReport,
    /// The runbooks, each once, with the credentials it is for.
    pub runbooks: Vec<RunbookReport>,
    /// The ledger of rotations.
    pub ledger: Vec<LedgerEntry>,
    /// What the next team needs.
    pub handover: Handover,
    /// When each word has to be given again, the most urgent first.
    pub calendar: Vec<Expiry>,
    /// Entries of `launch.attest.toml` that lift nothing, and why.
    pub rejected: Vec<RejectedEntry>,
    /// Version of cleansweep.
    pub tool_version: &'static str,
    /// The file that a row without a place is pointed to, where there is one.
    #[serde(skip)]
    pub anchors: Anchors,
}

/// Files of the project by which a result without a place is shown: a format may want one.
#[derive(Clone, Debug, Default)]
pub struct Anchors {
    /// Of a row that a person's word settles.
    pub word: Option<String>,
    /// Of any other.
    pub other: Option<String>,
}

/// How many rows stand how. Their sum is that of all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// All rows.
    pub rows: u64,
    /// Passed, or without object, by what was checked.
    pub proven: u64,
    /// Passed, or without object, on a person's word.
    pub attested: u64,
    /// A person has to judge.
    pub review: u64,
    /// Not known.
    pub open: u64,
    /// Failing, those whose risk is accepted included.
    pub fail: u64,
    /// Those of the failing whose risk is accepted.
    pub risk_accepted: u64,
}

/// A row and how it stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RowReport {
    /// Its id; never changes.
    pub id: String,
    /// What it is about.
    pub area: String,
    /// The requirement in a few words.
    pub title: String,
    /// What holds when it passes.
    pub requirement: String,
    /// Why it matters.
    pub why: String,
    /// What breaks when it does not hold.
    pub breaks: String,
    /// `critical`, `high`, `medium`, `low`.
    pub severity: &'static str,
    /// `audit`, `fix`, `verify`, `hand-over`.
    pub phase: &'static str,
    /// Whether it must be passed before a product is ready.
    pub gate: bool,
    /// `fail`, `review`, `open`, `pass`, `notApplicable`; what it counts as.
    pub verdict: &'static str,
    /// The same in words, with whose word it is and until when.
    pub standing: String,
    /// Whether a person's word made it so.
    pub attested: bool,
    /// The entry of `launch.attest.toml` about it.
    pub word: Option<WordReport>,
    /// Why that entry changes nothing, where it is in order and the row is open all the same.
    pub unheard: Option<String>,
    /// What was seen, or what would have been looked at.
    pub evidence: Vec<EvidenceReport>,
    /// What to do next about it; empty where it is settled.
    pub next: String,
    /// The command that settles it, or that helps to.
    pub command: Option<String>,
    /// Who can do that.
    pub who: String,
    /// How long it takes them, roughly.
    pub takes: String,
    /// The way to mend it, whatever the stack.
    pub fix: String,
    /// How it is done in the stack that was recognised.
    pub snippets: Vec<Snippet>,
    /// What a person is asked, where their word can pass the row.
    pub asks: Option<String>,
    /// Requirements of OWASP ASVS 5.0.
    pub asvs: Vec<String>,
    /// Entries of the OWASP API Security Top 10 of 2023.
    pub api: Vec<String>,
    /// CWE numbers.
    pub cwe: Vec<u32>,
}

/// A person's word about a row.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WordReport {
    /// `met`, `risk-accepted`, `not-applicable`.
    pub says: &'static str,
    /// In their own words.
    pub statement: String,
    /// Who.
    pub owner: String,
    /// As what.
    pub role: String,
    /// When.
    pub date: String,
    /// The last day on which it holds.
    pub expires: String,
    /// A path in the project, or an address without its query.
    pub proof: Option<String>,
    /// The SHA-256 of the file, where it is one.
    pub sha256: Option<String>,
    /// The commit that was looked at.
    pub commit: Option<String>,
}

/// What one check saw.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EvidenceReport {
    /// `static`, `given`, `live`, `attested`, `derived`.
    pub by: &'static str,
    /// What it comes to for this row.
    pub verdict: &'static str,
    /// Why, in one sentence.
    pub reason: String,
    /// What was looked at.
    pub looked_at: String,
    /// How much of it.
    pub coverage: Option<CoverageOf>,
    /// What showed that the check could have failed, or that the row does not apply.
    pub control: Option<String>,
    /// Where to look.
    pub places: Vec<PlaceReport>,
    /// What would change it.
    pub would_change: String,
}

/// n of N.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CoverageOf {
    /// How many were looked at.
    pub seen: u64,
    /// How many there are.
    pub all: u64,
    /// Of what.
    pub of: String,
}

/// A place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlaceReport {
    /// The file, with `/`, or an address.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The git id of the content that was read.
    pub blob: Option<String>,
}

/// How a row is mended in one stack.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Snippet {
    /// The stack.
    pub stack: String,
    /// What to know about it.
    pub note: String,
    /// The lines that do it.
    pub code: String,
}

/// A block of the two days.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BlockReport {
    /// `audit`, `fix`, `verify`, `hand-over`.
    pub phase: &'static str,
    /// From which hour.
    pub from: u8,
    /// To which.
    pub to: u8,
    /// Ids of the rows, the most urgent first.
    pub rows: Vec<String>,
}

/// A framework.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StackReport {
    /// Its name.
    pub framework: String,
    /// The version that a manifest names.
    pub version: Option<String>,
    /// The manifest.
    pub path: String,
    /// Its line.
    pub line: u32,
}

/// What was looked at.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CoverageReport {
    /// Files that were scanned for secrets.
    pub files: u64,
    /// Objects of histories that were.
    pub objects: u64,
    /// Source files that were read for routes and settings.
    pub sources: u64,
    /// Routes that were found.
    pub routes: u64,
    /// What was not, or not wholly, scanned for secrets; with the reason.
    pub skipped: Vec<String>,
    /// What could not be followed in the code.
    pub gaps: Vec<String>,
    /// Folders and the like that were not read for routes and settings, with the number of their files.
    pub left_out: Vec<String>,
}

/// An entry of the ledger of rotations.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LedgerEntry {
    /// What was rotated: the rule that found it.
    pub rule: String,
    /// Who rotated it.
    pub by: String,
    /// When its old value was dead.
    pub date: String,
    /// How that was proved.
    pub evidence: String,
    /// What else there is to say.
    pub note: Option<String>,
}

/// A way to rotate credentials. What differs from one to another stands as `<name>`, where it is for several.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunbookReport {
    /// Its number, from 1.
    pub number: u64,
    /// What it is for: the titles of the credentials.
    pub title: String,
    /// Their places in the order of rotation.
    pub credentials: Vec<u64>,
    /// What to do.
    pub steps: Steps,
}

/// A variable of the environment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VariableReport {
    /// Its name.
    pub name: String,
    /// Where the code reads it; empty if it is listed only.
    pub read: Vec<PlaceReport>,
    /// The examples of environment files and the documents that have it; empty is a fail of DEP-08.
    pub listed: Vec<String>,
}

/// What the next team needs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Handover {
    /// What was changed before the launch.
    pub changed: Vec<String>,
    /// What to watch.
    pub watch: Vec<String>,
    /// What to take on next: the rows that are left.
    pub own_next: Vec<Remaining>,
    /// Who has to do what next: a kind of person, and ids of rows, the most urgent first.
    pub by_whom: Vec<ByWhom>,
    /// Names that must point to the product, and those that its mail needs.
    pub dns: Vec<String>,
    /// Environment variables that the code reads or a file lists, beside each other.
    pub variables: Vec<VariableReport>,
    /// Addresses that answer 200 when all is well.
    pub health: Vec<String>,
    /// Routes of the code that look like health addresses.
    pub health_routes: Vec<String>,
    /// How backups are made and restored, as somebody has said.
    pub backup: Vec<WordReport>,
    /// Who rolls back, and how, as somebody has said.
    pub rollback: Vec<WordReport>,
    /// Sections of documents about these, which nobody has vouched for here.
    pub written: Vec<WrittenReport>,
}

/// What one kind of person has to do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ByWhom {
    /// Who.
    pub who: String,
    /// Ids of the rows.
    pub rows: Vec<String>,
}

/// A section of a document.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WrittenReport {
    /// `dns`, `variables`, `health`, `backup`, `rollback`.
    pub part: &'static str,
    /// Where.
    pub place: PlaceReport,
    /// Whether something stands below the heading that is no place-holder.
    pub filled: bool,
}

/// A row that is left.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Remaining {
    /// Its id.
    pub id: String,
    /// The requirement in a few words.
    pub title: String,
    /// How it stands.
    pub standing: String,
    /// Who has taken it on.
    pub owner: Option<String>,
    /// Until when.
    pub until: Option<String>,
}

/// When a word lapses.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Expiry {
    /// The last day on which it holds.
    pub expires: String,
    /// The row.
    pub id: String,
    /// Who gave it.
    pub owner: String,
    /// Days that are left; negative where it has lapsed.
    pub days_left: i32,
    /// Whether it is time to renew it.
    pub due: bool,
}

/// An entry that lifts nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RejectedEntry {
    /// The row, where there is such a row.
    pub id: Option<String>,
    /// Everything that is wrong, with its place.
    pub why: Vec<String>,
}

impl LaunchReport {
    /// A row by its id.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<&RowReport> {
        self.rows.iter().find(|row| row.id == id)
    }
}

impl RowReport {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.verdict, "pass" | "notApplicable")
    }

    /// Whether only a test of the running product is missing, so that the record of one would settle it.
    #[must_use]
    pub fn is_for_probe(&self) -> bool {
        self.asks.is_none() && self.evidence.iter().any(|evidence| evidence.verdict == "open" && evidence.by == "live")
    }

    /// What to do next, where the reason stands beside it.
    #[must_use]
    pub fn advice(&self) -> String {
        let reason = self.evidence.iter().find(|evidence| evidence.verdict == self.verdict).map(|e| e.reason.as_str());
        match (self.verdict, reason) {
            ("review", Some(_)) => format!("Somebody has to judge. {}", self.fix),
            ("open", Some(reason)) => {
                self.next.strip_prefix(&format!("Not known: {reason}. ")).unwrap_or(&self.next).to_owned()
            }
            _ => self.next.clone(),
        }
    }

    /// What kind of answer it is, for a reader: a fail and what is not known are as loud as each other.
    #[must_use]
    pub fn tone(&self) -> &'static str {
        match (self.verdict, self.attested) {
            ("pass" | "notApplicable", true) => "attested",
            ("pass" | "notApplicable", false) => "proven",
            (verdict, _) => verdict,
        }
    }
}

impl PlaceReport {
    /// `src/a.py:12`.
    #[must_use]
    pub fn told(&self) -> String {
        self.line.map_or_else(|| self.path.clone(), |line| format!("{}:{line}", self.path))
    }
}
