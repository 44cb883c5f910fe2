// The shape of a file of the launch checklist, exactly as `rules/checklist/README.md` describes it. `build.rs`
// compiles this file too, so it uses nothing of the crate.

use serde::{Deserialize, Serialize};

/// A file of the checklist: one area, its rows, and how they are mended in each stack.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AreaFile {
    /// What the rows are about.
    pub area: AreaSyntax,
    /// What is required.
    pub row: Vec<RowSyntax>,
    /// How it is done, by stack.
    #[serde(default)]
    pub fix: Vec<Fix>,
}

/// The `[area]` table.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AreaSyntax {
    /// Capital letters; in lower case the file's name.
    pub id: String,
    /// What it is about, in a few words.
    pub name: String,
    /// Who can mend a row of it.
    pub who: String,
    /// How long one row takes them, roughly.
    pub takes: String,
    /// Whether all its rows must be passed before a product is ready.
    #[serde(default)]
    pub gate: bool,
    /// Whether one failing row keeps external users out.
    #[serde(default)]
    pub blocks_external: bool,
}

/// A `[[row]]` table, unchecked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RowSyntax {
    /// `<AREA>-<two digits>`.
    pub id: String,
    /// The requirement in a few words.
    pub title: String,
    /// What holds when the row passes.
    pub requirement: String,
    /// Why it matters to a founder.
    pub why: String,
    /// What breaks when it does not hold.
    pub breaks: String,
    /// What it costs when it does not hold.
    pub severity: Severity,
    /// When it is worked on.
    pub phase: Phase,
    /// Where the requirement is from: `A.S1`, `B.R3`.
    pub sources: Vec<String>,
    /// What decides it.
    pub evidence: Vec<Deciding>,
    /// The way to mend it, whatever the stack.
    pub fix: String,
    /// Topics of the fixes that show it for a stack.
    #[serde(default)]
    pub fixes: Vec<String>,
    /// Requirements of OWASP ASVS 5.0.
    #[serde(default)]
    pub asvs: Vec<String>,
    /// Entries of the OWASP API Security Top 10 of 2023.
    #[serde(default)]
    pub api: Vec<String>,
    /// CWE numbers.
    #[serde(default)]
    pub cwe: Vec<u32>,
    /// What a person is asked whose word decides the row.
    #[serde(default)]
    pub attest: Option<Asked>,
    /// When the row does not apply.
    #[serde(default)]
    pub not_applicable_if: Option<String>,
}

/// What a row's failing costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Little.
    Low,
    /// Time and some users.
    Medium,
    /// An incident, or a launch that does not work.
    High,
    /// Customers' data, the accounts or the product.
    Critical,
}

/// When a row is worked on, of the two days before a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Hours 0 to 8: see what is there.
    Audit,
    /// Hours 8 to 24: mend what is critical.
    Fix,
    /// Hours 24 to 36: verify production.
    Verify,
    /// Hours 36 to 48: write it down and hand it over.
    HandOver,
}

/// A kind of evidence, and what it can say about a row.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deciding {
    /// The kind.
    pub by: Means,
    /// What it can say besides that the row is open.
    pub gives: Vec<Says>,
    /// What is looked at, and what it means.
    pub how: String,
}

/// Where evidence is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// Code and committed configuration.
    Static,
    /// A file that the user named: logs, a mail, the result of a load test.
    Given,
    /// A probe of a deployment.
    Live,
    /// A person's word.
    Attested,
    /// The verdicts of other rows.
    Derived,
}

/// What a kind of evidence can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Says {
    /// The requirement holds.
    Pass,
    /// Somebody has to judge.
    Review,
    /// It does not hold.
    Fail,
}

/// What a person is asked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// How many days the word holds at most.
    pub days: u16,
    /// What has to be said.
    pub asks: String,
}

/// A `[[fix]]` table: how it is done in one stack.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// What it is about; rows name it.
    pub topic: String,
    /// The framework, or the language where that says enough.
    pub stack: String,
    /// What to know about this stack, its default above all.
    pub note: String,
    /// The lines that do it.
    pub snippet: String,
}
