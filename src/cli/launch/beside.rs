//! The checklist beside a scan for secrets, in one walk: `cleansweep scan --checklist`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cleansweep::checklist::checks::samples::Watch;
use cleansweep::finding::silencing::Rotation;
use cleansweep::report::launch::model::LaunchReport;
use cleansweep::report::sarif::{self, RunInfo};
use cleansweep::rotation::Runbooks;
use cleansweep::scan::{Plan, ScanOutcome, Tap};
use serde_sarif::sarif::Sarif;

use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::output::{self, Format, SarifProfile, Target};
use super::super::rules::RuleArgs;
use super::super::silence::Project;
use super::checked::{Checked, FileArgs, Given, Said};
use super::given::Sampler;

/// What the checklist needs before the scan begins.
pub(crate) struct Beside {
    said: Said,
    watch: Arc<Watch>,
    plan: Plan,
    ledger: Vec<Rotation>,
}

/// What it came to.
pub(crate) struct Launched {
    pub(crate) report: LaunchReport,
    pub(crate) exit: Exit,
}

impl Beside {
    /// Reads what the project says, and sees that the reports can have both.
    pub(crate) fn new(
        project: &Project,
        targets: &[Target],
        profile: SarifProfile,
        plan: &Plan,
    ) -> Result<Self, CliError> {
        if plan.roots.is_empty() || plan.stdin {
            return Err(CliError::usage("--checklist is about a folder, not about standard input"));
        }
        for target in targets {
            match (target.format, &target.file, profile) {
                (Format::Text, ..) | (Format::Sarif, Some(_), _) | (Format::Sarif, None, SarifProfile::Full) => {}
                (Format::Sarif, None, SarifProfile::Github) => {
                    return Err(CliError::usage("--checklist makes two SARIF files for GitHub")
                        .hint("name one with -o, or take --sarif-profile full, which has two runs in one file"));
                }
                _ => {
                    return Err(CliError::usage("--checklist goes with --format text and sarif")
                        .hint("`cleansweep launch report` has other formats"));
                }
            }
        }
        let said = FileArgs::default().read(project)?;
        let ledger = plan.silencing.ledger.as_ref().map(|ledger| ledger.entries().to_vec()).unwrap_or_default();
        Ok(Self { said, watch: Arc::default(), plan: plan.clone(), ledger })
    }

    /// Who gets the files of the scan.
    pub(crate) fn tap(&self) -> Arc<dyn Tap> {
        self.watch.clone()
    }

    /// Decides every row.
    pub(crate) fn check(
        self,
        outcome: &ScanOutcome,
        rules: &RuleArgs,
        runbooks: Runbooks,
    ) -> Result<Launched, CliError> {
        let Self { said, watch, plan, ledger } = self;
        let samples = Sampler { plan: &plan, rules, outcome }.samples(&watch)?;
        let given = Given { outcome, samples, gathered: watch.take(), ledger, runbooks };
        let checked = Checked::new(said, given);
        Ok(Launched { report: checked.report(), exit: checked.exit() })
    }
}

impl Launched {
    /// Adds the run to the file of the secrets, or writes it beside that: GitHub wants one run of a tool in a file.
    pub(crate) fn add_to(
        &self,
        sarif: &mut Sarif,
        file: Option<&Path>,
        profile: SarifProfile,
        info: &RunInfo,
    ) -> Result<(), CliError> {
        match (profile, file) {
            (SarifProfile::Github, Some(file)) => {
                let own = sarif::launch::build(&self.report, info);
                output::write(Some(&beside(file)), |out| {
                    serde_json::to_writer_pretty(&mut *out, &own)?;
                    out.write_all(b"\n")
                })
            }
            _ => {
                sarif.runs.push(sarif::launch::run(&self.report, info));
                Ok(())
            }
        }
    }
}

/// `a.sarif` → `a.launch.sarif`.
fn beside(file: &Path) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = file.extension().map_or_else(String::new, |ending| format!(".{}", ending.to_string_lossy()));
    file.with_file_name(format!("{stem}.launch{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_beside() {
        assert_eq!(beside(Path::new("out/a.sarif")), Path::new("out/a.launch.sarif"));
        assert_eq!(beside(Path::new("a")), Path::new("a.launch"));
    }
}
