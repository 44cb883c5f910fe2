//! Checking a product: the scan, what it hands on, and what the project says, brought together.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use cleansweep::checklist::attest::Against;
use cleansweep::checklist::checks::samples::{Samples, Watch};
use cleansweep::checklist::checks::{self, Decided, Facts, Variable, Written, sec};
use cleansweep::checklist::gather::Gathered;
use cleansweep::checklist::{
    Assessment, Attestations, Checklist, Evidence, LaunchFile, Readiness, Standing, Surface, Verdict, stack,
};
use cleansweep::code::{self, Detected, Inventory};
use cleansweep::finding::Redactor;
use cleansweep::finding::silencing::Rotation;
use cleansweep::report::launch::build::{self, Input};
use cleansweep::report::launch::model::LaunchReport;
use cleansweep::rotation::Runbooks;
use cleansweep::scan::ScanOutcome;
use cleansweep::source::file;
use cleansweep::source::git::tracked;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::scope::ScopeArgs;
use super::super::silence::{Heeded, Project, today};
use super::given::{GivenArgs, Sampler};

/// The file in which a project says what it is.
pub(crate) const LAUNCH: &str = "launch.toml";
/// The file in which persons give their word.
pub(crate) const ATTEST: &str = "launch.attest.toml";

/// Larger files are none of ours, in bytes.
const LIMIT: u64 = 4 << 20;

/// What is checked
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,

    #[command(flatten)]
    given: GivenArgs,

    #[command(flatten)]
    pub(crate) files: FileArgs,
}

/// The files of a project that the checklist reads
#[derive(Debug, Default, Args)]
pub(crate) struct FileArgs {
    /// Use this file, not the launch.toml of the project
    #[arg(long, value_name = "FILE")]
    launch_file: Option<PathBuf>,

    /// Use this file, not the launch.attest.toml of the project
    #[arg(long, value_name = "FILE")]
    pub(crate) attest_file: Option<PathBuf>,
}

/// What a project says, and the day on which it is read.
pub(crate) struct Said {
    product: String,
    top: PathBuf,
    today: Date,
    launch: Option<LaunchFile>,
    words: Attestations,
}

/// A product that was checked.
pub(crate) struct Checked<'o> {
    said: Said,
    outcome: &'o ScanOutcome,
    ledger: Vec<Rotation>,
    gathered: Gathered,
    inventory: Inventory,
    stack: Vec<Detected>,
    assessment: Assessment<'static>,
    runbooks: Runbooks,
    variables: BTreeMap<String, Variable>,
    written: Vec<Written>,
}

/// What a scan has given.
pub(crate) struct Given<'o> {
    pub(crate) outcome: &'o ScanOutcome,
    pub(crate) samples: Samples,
    pub(crate) gathered: Gathered,
    pub(crate) ledger: Vec<Rotation>,
    pub(crate) runbooks: Runbooks,
}

impl CheckArgs {
    /// Scans and decides every row.
    pub(crate) fn check(&self) -> Result<(LaunchReport, Exit), CliError> {
        // What is wrong in a file is told before a scan that may take a while.
        let said = self.files.read(&self.scope.project())?;
        let messages = self.given.messages()?;
        let watch = Arc::new(Watch::default());
        let scanned = self.scope.scan_with(Heeded::All, Some(watch.clone()))?;
        let sampler = Sampler { plan: &scanned.plan, rules: &self.scope.rules, outcome: &scanned.outcome };
        let samples = self.given.scan(messages, &sampler, &watch)?;
        let runbooks = Runbooks::new(self.scope.rules.catalogue(!scanned.outcome.findings.is_empty())?);
        let ledger = scanned.plan.silencing.ledger.as_ref().map(|ledger| ledger.entries().to_vec()).unwrap_or_default();
        let given = Given { outcome: &scanned.outcome, samples, gathered: watch.take(), ledger, runbooks };
        let checked = Checked::new(said, given);
        Ok((checked.report(), checked.exit()))
    }
}

impl FileArgs {
    /// Reads what the project says.
    pub(crate) fn read(&self, project: &Project) -> Result<Said, CliError> {
        let mut notes = Vec::new();
        let one = || CliError::usage("the checklist is about one project").hint("name one folder, or the top of one");
        let top = project.file(LAUNCH).and_then(|file| file.parent().map(Path::to_path_buf)).ok_or_else(one)?;
        let today = date()?;
        let mut text = |named: &Option<PathBuf>, name: &str| match named {
            Some(path) => file::strict_text(path, LIMIT)
                .map(Some)
                .map_err(|e| CliError::usage(format!("{}: {e}", path.display()))),
            None => project.text(name, LIMIT, &mut notes),
        };
        let launch = text(&self.launch_file, LAUNCH)?;
        let attest = text(&self.attest_file, ATTEST)?;
        let launch = launch.map(|text| LaunchFile::parse(&name(self.launch_file.as_ref(), LAUNCH), &text)).transpose();
        let launch = launch.map_err(|errors| {
            let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
            CliError::usage(told.join("\ncleansweep: "))
        })?;
        let words = attest.map(|text| parse(&name(self.attest_file.as_ref(), ATTEST), &text, &top, today));
        let words = words.transpose()?.unwrap_or_default();
        for note in &notes {
            anstream::eprintln!("cleansweep: {}: {}", note.place, note.detail);
        }
        let host = launch.as_ref().and_then(|launch| launch.targets.first()?.hosts.first().cloned());
        let folder =
            || top.file_name().map_or_else(|| "this folder".into(), |name| name.to_string_lossy().into_owned());
        Ok(Said { product: host.unwrap_or_else(folder), top, today, launch, words })
    }
}

fn name(named: Option<&PathBuf>, usual: &str) -> String {
    named.map_or_else(|| usual.into(), |path| path.display().to_string())
}

/// Parses a file of attestations; evidence is looked for below `top`.
pub(crate) fn parse(name: &str, text: &str, top: &Path, today: Date) -> Result<Attestations, CliError> {
    let against = Against { checklist: Checklist::embedded(), today, sha256: &|path| sha256(&top.join(path), top) };
    Attestations::parse(name, text, &against).map_err(|error| CliError::usage(error.to_string()))
}

/// The SHA-256 of a file that must not lead out of `top`, in small hexadecimal digits.
pub(crate) fn sha256(path: &Path, top: &Path) -> Result<String, String> {
    let real = path.canonicalize().map_err(|_| "there is no such file".to_owned())?;
    if !top.canonicalize().is_ok_and(|top| real.starts_with(top)) {
        return Err("it leads out of the project".into());
    }
    let (mut file, _) = file::open(&real, "").map_err(|skipped| skipped.detail)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hash.update(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The day it is, in UTC.
pub(crate) fn date() -> Result<Date, CliError> {
    let day = today().and_then(|day| day.to_string().parse().ok());
    day.ok_or_else(|| CliError::usage("the clock of this machine has no day"))
}

impl<'o> Checked<'o> {
    /// Decides every row.
    pub(crate) fn new(said: Said, given: Given<'o>) -> Self {
        let Given { outcome, samples, mut gathered, ledger, runbooks } = given;
        checks::prepare(&mut gathered.project);
        let inventory = code::inventory(&gathered.project);
        let stack = stack::detect(&gathered.project, &inventory);
        let facts = Facts {
            project: &gathered.project,
            inventory: &inventory,
            launch: said.launch.as_ref(),
            today: said.today,
            left_out: &gathered.left_out,
            messages: &samples.messages,
        };
        let tracked = tracked::tracked(&said.top);
        let secrets = sec::Secrets {
            outcome,
            samples: &samples,
            gathered: &gathered,
            tracked: tracked.as_ref().map(Option::as_deref).map_err(String::as_str),
            deployed: said.launch.as_ref().is_some_and(|launch| !launch.targets.is_empty()),
        };
        let (decided, exposed) = rayon::join(|| checks::decide(&facts), || sec::decide(&secrets));
        let Decided { rows: mut evidence, variables, written } = decided;
        let redactor = Redactor::new(outcome.findings.iter().chain(&outcome.silenced).map(|f| &f.secret));
        evidence.values_mut().flatten().for_each(|evidence: &mut Evidence| sec::redact(evidence, &redactor));
        for (id, more) in exposed {
            evidence.entry(id).or_default().extend(more);
        }
        let routes: Vec<String> = inventory.routes.iter().map(|route| route.path.clone()).collect();
        let surface = Surface { launch: said.launch.as_ref(), routes: &routes };
        let assessment = Assessment::of_product(Checklist::embedded(), evidence, &said.words, &surface);
        Self { said, outcome, ledger, gathered, inventory, stack, assessment, runbooks, variables, written }
    }

    /// The report that all others are made from.
    pub(crate) fn report(&self) -> LaunchReport {
        build::build(&Input {
            product: &self.said.product,
            today: self.said.today,
            checklist: Checklist::embedded(),
            assessment: &self.assessment,
            words: &self.said.words,
            launch: self.said.launch.as_ref(),
            outcome: self.outcome,
            runbooks: &self.runbooks,
            ledger: &self.ledger,
            gathered: &self.gathered,
            inventory: &self.inventory,
            stack: &self.stack,
            variables: &self.variables,
            written: &self.written,
        })
    }

    /// Rows that only count others do not fail by themselves: those that they count do.
    pub(crate) fn exit(&self) -> Exit {
        let rows = || self.assessment.rows().iter().filter(|judged| !judged.row.is_derived());
        let fails = |standing: &Standing, gate: bool| {
            standing.verdict() == Verdict::Fail && (gate || !matches!(standing, Standing::RiskAccepted { .. }))
        };
        let is_left = |standing: &Standing, has_owner: bool| !standing.is_settled() && !has_owner;
        if rows().any(|judged| fails(&judged.standing, judged.row.area.gate)) {
            Exit::Findings
        } else if self.assessment.readiness() != Readiness::Ready
            || rows().any(|judged| is_left(&judged.standing, judged.has_owner))
            || !self.said.words.rejected().is_empty()
        {
            Exit::Incomplete
        } else {
            Exit::Clean
        }
    }
}
