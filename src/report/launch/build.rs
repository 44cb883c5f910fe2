//! From an assessment and what it was made of to a report.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::plan::{self, PlanReport};
use super::super::text::tame;
use super::handover;
use super::model::*;
use super::next::{command, next};
use super::summary;
use crate::checklist::attest::Proof;
use crate::checklist::checks::{Variable, Written};
use crate::checklist::gather::Gathered;
use crate::checklist::syntax::{Means, Phase, Severity};
use crate::checklist::verdict::WordSays;
use crate::checklist::{
    Assessment, Attestation, Attestations, Checklist, Claim, Evidence, Judged, LaunchFile, Row, Standing, Verdict,
    stack,
};
use crate::code::{Detected, Inventory};
use crate::finding::Redactor;
use crate::finding::silencing::Rotation;
use crate::rotation::Runbooks;
use crate::scan::ScanOutcome;

/// How many rows a founder is told to begin with, and how many of them are of one area.
const FIRST: usize = 5;
const FIRST_OF_AREA: usize = 2;

/// Entries that one list of the coverage has; the rest is counted.
const LISTED: usize = 200;

/// What a report is made of.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// What was checked.
    pub product: &'a str,
    /// The day it was.
    pub today: Date,
    /// The rows.
    pub checklist: &'a Checklist,
    /// How they stand.
    pub assessment: &'a Assessment<'a>,
    /// What persons have said.
    pub words: &'a Attestations,
    /// What the product says of itself.
    pub launch: Option<&'a LaunchFile>,
    /// What the scan found and looked at.
    pub outcome: &'a ScanOutcome,
    /// How credentials are rotated.
    pub runbooks: &'a Runbooks,
    /// What is rotated.
    pub ledger: &'a [Rotation],
    /// What was read besides.
    pub gathered: &'a Gathered,
    /// The routes.
    pub inventory: &'a Inventory,
    /// The frameworks.
    pub stack: &'a [Detected],
    /// Variables of the environment.
    pub variables: &'a BTreeMap<String, Variable>,
    /// Sections of documents that a handover needs.
    pub written: &'a [Written],
}

/// The report. Secrets are always redacted.
#[must_use]
pub fn build(input: &Input<'_>) -> LaunchReport {
    let outcome = input.outcome;
    let found = outcome.findings.iter().chain(&outcome.silenced);
    let build = Build { input, redactor: Redactor::new(found.map(|finding| &finding.secret)) };
    let rows = build.rows();
    let rotation = plan::build(outcome, input.runbooks);
    let block = |block: &crate::checklist::gate::Block<'_, '_>| BlockReport {
        phase: phase(block.phase),
        from: block.hours.0,
        to: block.hours.1,
        rows: block.rows.iter().map(|judged| judged.row.id.clone()).collect(),
    };
    LaunchReport {
        version: VERSION,
        product: build.mask(input.product),
        date: input.today.to_string(),
        readiness: input.assessment.readiness().name(),
        summary: summary(input.assessment),
        counts: counts(input.assessment),
        first: first(input.assessment),
        plan: input.assessment.plan().iter().map(block).collect(),
        stack: build.stack(),
        coverage: build.coverage(),
        runbooks: runbooks(input, &rotation),
        rotation,
        ledger: input.ledger.iter().map(|entry| build.ledger(entry)).collect(),
        handover: handover::build(&build),
        calendar: build.calendar(),
        rejected: build.rejected(),
        tool_version: env!("CARGO_PKG_VERSION"),
        anchors: build.anchors(),
        rows,
    }
}

fn counts(assessment: &Assessment<'_>) -> Counts {
    let mut counts = Counts::default();
    for judged in assessment.rows() {
        counts.rows += 1;
        let place = match (&judged.standing, judged.standing.verdict()) {
            (Standing::Attested { .. } | Standing::AttestedNotApplicable { .. }, _) => &mut counts.attested,
            (_, Verdict::Pass | Verdict::NotApplicable) => &mut counts.proven,
            (_, Verdict::Review) => &mut counts.review,
            (_, Verdict::Open) => &mut counts.open,
            (_, Verdict::Fail) => &mut counts.fail,
        };
        *place += 1;
        counts.risk_accepted += u64::from(matches!(judged.standing, Standing::RiskAccepted { .. }));
    }
    counts
}

/// The rows to begin with: what fails before what is not known, what keeps users out before the rest, the costliest first.
/// Rows that only count others are mended with those.
fn first(assessment: &Assessment<'_>) -> Vec<String> {
    let mut left: Vec<&Judged<'_>> =
        assessment.rows().iter().filter(|judged| !judged.standing.is_settled() && !judged.row.is_derived()).collect();
    left.sort_by_key(|judged| {
        let Row { area, severity, phase, .. } = judged.row;
        // An accepted risk is somebody's already.
        let fails = judged.standing == Standing::Checked(Verdict::Fail);
        (Reverse((fails, area.blocks_external, area.gate, *severity, judged.standing.verdict())), *phase)
    });
    let mut of_area: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ids = Vec::new();
    for judged in left {
        let of_area = of_area.entry(&judged.row.area.id).or_default();
        *of_area += 1;
        if *of_area <= FIRST_OF_AREA && ids.len() < FIRST {
            ids.push(judged.row.id.clone());
        }
    }
    ids
}

/// The runbooks of a plan, each once. One that is for a single credential has what is known of that one filled in.
fn runbooks(input: &Input<'_>, rotation: &PlanReport) -> Vec<RunbookReport> {
    let mut runbooks: Vec<(RunbookReport, Vec<&str>)> = Vec::new();
    for planned in &rotation.credentials {
        let Some(steps) = plan::general(input.outcome, input.runbooks, &planned.rule) else { continue };
        match runbooks.iter_mut().find(|(known, _)| known.steps == steps) {
            Some((known, titles)) => {
                known.credentials.push(planned.order);
                if !titles.contains(&planned.title.as_str()) {
                    titles.push(&planned.title);
                }
            }
            None => {
                let number = runbooks.len() as u64 + 1;
                let (title, credentials) = (String::new(), vec![planned.order]);
                runbooks.push((RunbookReport { number, title, credentials, steps }, vec![&planned.title]));
            }
        }
    }
    let finish = |(mut runbook, titles): (RunbookReport, Vec<&str>)| {
        runbook.title = titles.join(", ");
        if let [only] = runbook.credentials[..]
            && let Some(steps) = rotation.credentials.iter().find(|c| c.order == only).and_then(|c| c.runbook.clone())
        {
            runbook.steps = steps;
        }
        runbook
    };
    runbooks.into_iter().map(finish).collect()
}

pub(super) struct Build<'b> {
    pub(super) input: &'b Input<'b>,
    redactor: Redactor,
}

impl Build<'_> {
    /// A text that somebody else wrote: without secrets, and without characters that do something.
    pub(super) fn mask(&self, text: &str) -> String {
        tame(&self.redactor.mask(text))
    }

    /// The name of a place: a password that is the product's own name leaves the folders of that name as they are.
    pub(super) fn mask_path(&self, path: &str) -> String {
        tame(&self.redactor.mask_path(path))
    }

    fn rows(&self) -> Vec<RowReport> {
        let stacks: Vec<&str> = self.input.stack.iter().map(|detected| stack::name(detected.framework)).collect();
        self.input.assessment.rows().iter().map(|judged| self.row(judged, &stacks)).collect()
    }

    fn row(&self, judged: &Judged<'_>, stacks: &[&str]) -> RowReport {
        let row = judged.row;
        let snippet = |fix: &crate::checklist::syntax::Fix| Snippet {
            stack: fix.stack.clone(),
            note: fix.note.clone(),
            code: fix.snippet.clone(),
        };
        let fixes = self.input.checklist.fixes(row).filter(|fix| stacks.contains(&fix.stack.as_str()));
        RowReport {
            id: row.id.clone(),
            area: row.area.name.clone(),
            title: row.title.clone(),
            requirement: row.requirement.clone(),
            why: row.why.clone(),
            breaks: row.breaks.clone(),
            severity: severity(row.severity),
            phase: phase(row.phase),
            gate: row.area.gate,
            verdict: judged.standing.verdict().sarif_kind(),
            standing: self.mask(&judged.standing.to_string()),
            attested: matches!(judged.standing, Standing::Attested { .. } | Standing::AttestedNotApplicable { .. }),
            word: self.input.words.of(row).map(|entry| self.word(entry)),
            unheard: judged.unheard.map(str::to_owned),
            evidence: judged.evidence.iter().map(|evidence| self.evidence(row, evidence)).collect(),
            next: self.mask(&next(judged)),
            command: command(judged),
            who: row.area.who.clone(),
            takes: row.area.takes.clone(),
            fix: row.fix.clone(),
            snippets: if judged.standing.is_settled() { Vec::new() } else { fixes.map(snippet).collect() },
            asks: row.word.asks.clone(),
            asvs: row.references.asvs.clone(),
            api: row.references.api.clone(),
            cwe: row.references.cwe.clone(),
        }
    }

    /// The file in which a row would be settled, if the project has it; else its manifest, its README, or any file.
    fn anchors(&self) -> Anchors {
        let project = &self.input.gathered.project;
        let named = |name: &str| project.file(name).map(|_| name.to_owned());
        let paths = || project.files().map(|(path, _)| &**path);
        let top = |paths: &mut dyn Iterator<Item = &str>| {
            paths.min_by_key(|path| (path.matches('/').count(), path.len())).map(|path| self.mask(path))
        };
        let is_readme = |path: &&str| path.rsplit('/').next().is_some_and(|name| name.starts_with("README"));
        let any = top(&mut self.input.stack.iter().map(|detected| &*detected.at.file))
            .or_else(|| top(&mut paths().filter(is_readme)))
            .or_else(|| top(&mut paths()));
        let (launch, attest) = (named("launch.toml"), named("launch.attest.toml"));
        Anchors {
            word: attest.clone().or_else(|| launch.clone()).or_else(|| any.clone()),
            other: launch.or(attest).or(any),
        }
    }

    fn evidence(&self, row: &Row, evidence: &Evidence) -> EvidenceReport {
        let place = |place: &crate::checklist::Place| PlaceReport {
            path: self.mask_path(&place.path),
            line: place.line,
            blob: place.blob.clone(),
        };
        let control = match &evidence.claim {
            Claim::Pass { control } => Some(control),
            Claim::NotApplicable { proof } => Some(proof),
            Claim::Open | Claim::Review | Claim::Fail => None,
        };
        EvidenceReport {
            by: means(evidence.by),
            verdict: evidence.verdict(row).sarif_kind(),
            reason: self.mask(bare(&evidence.reason)),
            looked_at: self.mask(bare(&evidence.looked_at)),
            coverage: evidence.coverage.as_ref().map(|c| CoverageOf { seen: c.seen, all: c.all, of: c.of.clone() }),
            control: control.map(|text| self.mask(text)),
            places: evidence.places.iter().map(place).collect(),
            would_change: self.mask(bare(&evidence.would_change)),
        }
    }

    pub(super) fn word(&self, entry: &Attestation) -> WordReport {
        WordReport {
            says: match entry.says {
                WordSays::Met => "met",
                WordSays::RiskAccepted => "risk-accepted",
                WordSays::NotApplicable => "not-applicable",
            },
            statement: self.mask(&entry.statement),
            owner: self.mask(&entry.owner),
            role: self.mask(&entry.role),
            date: entry.date.to_string(),
            expires: entry.expires.to_string(),
            proof: entry.proof.as_ref().map(|proof| self.mask(proof.shown())),
            sha256: match &entry.proof {
                Some(Proof::File { sha256, .. }) => Some(sha256.clone()),
                _ => None,
            },
            commit: entry.commit.clone(),
        }
    }

    fn stack(&self) -> Vec<StackReport> {
        let one = |detected: &Detected| StackReport {
            framework: detected.framework.name().to_owned(),
            version: detected.version.clone(),
            path: self.mask_path(&detected.at.file),
            line: detected.at.line,
        };
        self.input.stack.iter().map(one).collect()
    }

    fn coverage(&self) -> CoverageReport {
        let Input { outcome, gathered, inventory, .. } = *self.input;
        let coverage = &outcome.coverage;
        let gap = |gap: &crate::code::Gap| self.mask(&format!("{}:{}: {}", gap.at.file, gap.at.line, gap.why));
        // They came from several threads.
        let mut gaps: Vec<String> = gathered.project.gaps().iter().chain(&inventory.gaps).map(gap).collect();
        gaps.sort();
        let skipped =
            coverage.skipped.iter().map(|skipped| self.mask(&format!("{}: {}", skipped.what, skipped.detail)));
        let left_out = gathered.left_out.iter().map(|(why, files)| self.mask(&format!("{why}: {files}")));
        CoverageReport {
            files: coverage.items,
            objects: coverage.histories.iter().map(|history| history.objects).sum(),
            sources: gathered.project.files().count() as u64,
            routes: inventory.routes.len() as u64,
            skipped: listed(skipped),
            gaps: listed(gaps.into_iter()),
            left_out: listed(left_out),
        }
    }

    fn ledger(&self, entry: &Rotation) -> LedgerEntry {
        LedgerEntry {
            rule: self.mask(&entry.rule),
            by: self.mask(&entry.by),
            date: entry.date.to_string(),
            evidence: self.mask(&entry.evidence),
            note: entry.note.as_ref().map(|note| self.mask(note)),
        }
    }

    pub(super) fn remaining(&self) -> Vec<Remaining> {
        let left = self.input.assessment.rows().iter().filter(|judged| !judged.standing.is_settled());
        let one = |judged: &Judged<'_>| {
            let entry = self.input.words.of(judged.row).filter(|_| judged.has_owner);
            Remaining {
                id: judged.row.id.clone(),
                title: judged.row.title.clone(),
                standing: self.mask(&judged.standing.to_string()),
                owner: entry.map(|entry| self.mask(&entry.owner)),
                until: entry.map(|entry| entry.expires.to_string()),
            }
        };
        left.map(one).collect()
    }

    fn calendar(&self) -> Vec<Expiry> {
        let renewals = self.input.words.renewals(self.input.today);
        let one = |renewal: crate::checklist::attest::Renewal| Expiry {
            expires: renewal.expires.to_string(),
            owner: self.mask(&renewal.owner),
            days_left: renewal.days_left,
            due: renewal.is_due(),
            id: renewal.id,
        };
        renewals.into_iter().map(one).collect()
    }

    fn rejected(&self) -> Vec<RejectedEntry> {
        let one = |rejected: &crate::checklist::attest::Rejected| RejectedEntry {
            id: rejected.id.clone(),
            why: rejected.why.iter().map(|error| self.mask(&error.to_string())).collect(),
        };
        self.input.words.rejected().iter().map(one).collect()
    }
}

/// A sentence without its full stop, to stand within another.
pub(super) fn bare(text: &str) -> &str {
    text.trim_end().trim_end_matches('.')
}

/// The first entries, and how many more there are.
fn listed(entries: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = entries.collect();
    if let Some(more @ 1..) = all.len().checked_sub(LISTED) {
        all.truncate(LISTED);
        all.push(format!("and {more} more"));
    }
    all
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Audit => "audit",
        Phase::Fix => "fix",
        Phase::Verify => "verify",
        Phase::HandOver => "hand-over",
    }
}

fn means(means: Means) -> &'static str {
    match means {
        Means::Static => "static",
        Means::Given => "given",
        Means::Live => "live",
        Means::Attested => "attested",
        Means::Derived => "derived",
    }
}
