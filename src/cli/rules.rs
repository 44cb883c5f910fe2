//! `cleansweep rules`, and the options that say which rules to use.

mod timing;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use cleansweep::detect::example::{self, Failure};
use cleansweep::report::{catalogue, runbook};
use cleansweep::rule::{Catalogue, RuleSource};

use super::error::CliError;
use super::exit::Exit;
use super::{import, output};

/// Which rules to use.
#[derive(Debug, Args)]
pub(crate) struct RuleArgs {
    /// Add rules from a file or a folder of .toml files; one with the id of ours replaces it; repeatable
    #[arg(long = "rules", value_name = "PATH")]
    files: Vec<PathBuf>,

    /// Use only the rules of --rules
    #[arg(long, requires = "files")]
    no_default_rules: bool,

    /// Look for personal data too: e-mail addresses, numbers of cards, accounts, persons and telephones, sessions
    #[arg(long)]
    pii: bool,
}

impl RuleArgs {
    /// Where the rules are from, ours first.
    pub(crate) fn sources(&self) -> Vec<RuleSource> {
        let embedded = (!self.no_default_rules).then_some(RuleSource::Embedded);
        embedded.into_iter().chain(self.own_sources()).collect()
    }

    /// The user's alone, and those for personal data if they are wanted.
    pub(crate) fn own_sources(&self) -> Vec<RuleSource> {
        let personal = self.pii.then_some(RuleSource::Personal);
        self.files.iter().cloned().map(RuleSource::Path).chain(personal).collect()
    }

    /// The files of the rules, with examples and runbooks. Ours take time to unpack, so only if `wanted`.
    pub(crate) fn catalogue(&self, wanted: bool) -> Result<Catalogue, CliError> {
        let mut all = Catalogue::default();
        if !wanted {
            return Ok(all);
        }
        for source in self.sources() {
            all.extend(match source {
                RuleSource::Embedded => Catalogue::embedded(),
                RuleSource::Personal => Catalogue::personal(),
                RuleSource::Path(path) => Catalogue::read(&path).map_err(|e| CliError::usage(e.to_string()))?,
            });
        }
        Ok(all)
    }
}

/// List, show and test the rules
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// List all rules
    List {
        /// How
        #[arg(long, short, value_enum, default_value = "text")]
        format: ListFormat,
        #[command(flatten)]
        rules: RuleArgs,
    },
    /// Show a rule: what it looks for, and every step of rotating what it finds
    Show {
        /// The rule's id
        id: String,
        #[command(flatten)]
        rules: RuleArgs,
    },
    /// Run the examples of rules: of a file or folder, or of ours
    Test {
        /// A rule file, or a folder of them
        path: Option<PathBuf>,
        /// Say instead what each rule costs a scan of the examples, or of the files in a folder
        #[arg(long, value_name = "FOLDER", num_args = 0..=1)]
        timing: Option<Option<PathBuf>>,
    },
    /// Write the rules of a gitleaks configuration as rule files of ours, as far as that can be done
    ///
    /// What cannot be said in that form is listed, and then the exit code is 3. To have all of a configuration, its
    /// allowlists included, scan with --config instead.
    Import {
        /// The configuration, version 8
        file: PathBuf,
        /// Write to a file `custom.toml` in this folder, instead of to standard output
        #[arg(long, short, value_name = "FOLDER")]
        output: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ListFormat {
    Text,
    Json,
}

/// Runs the command.
pub(crate) fn run(command: &RulesCommand) -> Result<Exit, CliError> {
    match command {
        RulesCommand::List { format, rules } => list(*format, &rules.catalogue(true)?),
        RulesCommand::Show { id, rules } => show(id, &rules.catalogue(true)?),
        RulesCommand::Test { path, timing: None } => test(&tested(path.as_ref())?),
        RulesCommand::Test { path, timing: Some(folder) } => timing::run(&tested(path.as_ref())?, folder.as_deref()),
        RulesCommand::Import { file, output } => import::run(file, output.as_deref()),
    }
}

fn list(format: ListFormat, catalogue: &Catalogue) -> Result<Exit, CliError> {
    let text = match format {
        ListFormat::Text => catalogue::text(catalogue),
        ListFormat::Json => {
            let list = catalogue::build(catalogue);
            serde_json::to_string_pretty(&list).map_err(|e| CliError::usage(e.to_string()))? + "\n"
        }
    };
    output::print(&text)?;
    Ok(Exit::Clean)
}

fn show(id: &str, catalogue: &Catalogue) -> Result<Exit, CliError> {
    let Some(text) = catalogue::show(catalogue, id, runbook::text) else {
        return Err(CliError::usage(format!("there is no rule `{id}`")).hint("`cleansweep rules list` has them all"));
    };
    output::print(&text)?;
    Ok(Exit::Clean)
}

/// The rules of a file or folder, else ours, after a look whether they are sound.
fn tested(path: Option<&PathBuf>) -> Result<Catalogue, CliError> {
    let catalogue = match path {
        Some(path) => Catalogue::read(path).map_err(|e| CliError::usage(e.to_string()))?,
        None => Catalogue::embedded(),
    };
    catalogue.validate().map_err(|e| CliError::usage(e.to_string()))?;
    Ok(catalogue)
}

fn test(catalogue: &Catalogue) -> Result<Exit, CliError> {
    let (mut rules, mut examples, mut report) = (0, 0, String::new());
    let mut failed = 0;
    for file in catalogue.files() {
        rules += file.rule.len();
        examples += file.rule.iter().map(|rule| rule.hit.len() + rule.miss.len()).sum::<usize>();
        for failure in example::run(file).map_err(CliError::usage)? {
            failed += 1;
            let kind = match failure.failure {
                Failure::Missing => "Missing",
                Failure::Noisy => "Noisy",
            };
            report.push_str(&format!("{kind}  {}: {:?}\n", failure.rule, failure.example));
        }
    }
    report.push_str(&format!("{rules} rules, {examples} examples, {failed} failed\n"));
    output::print(&report)?;
    Ok(if failed == 0 { Exit::Clean } else { Exit::Findings })
}
