//! The command line. The only place with arguments, environment, standard output, progress bars and exit codes.

mod archives;
mod baseline;
mod cache;
mod environment;
mod error;
mod exit;
mod gitleaks;
mod hook;
mod import;
mod keys;
mod launch;
mod live;
mod output;
mod progress;
mod rotate;
mod rules;
mod scan;
mod scope;
mod silence;
mod staged;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::error::CliError;
use self::exit::Exit;

/// Finds exposed secrets, says what it did not look at, and tells how to rotate each one.
///
/// It runs no other program, obeys no configuration of somebody else's, uses no network, and shows no secret
/// unless asked with --reveal.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = Exit::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Scan(Box<scan::ScanArgs>),
    #[command(subcommand)]
    Hook(hook::HookCommand),
    #[command(subcommand)]
    Baseline(Box<baseline::BaselineCommand>),
    #[command(subcommand)]
    Rotate(Box<rotate::RotateCommand>),
    #[command(subcommand)]
    Launch(Box<launch::LaunchCommand>),
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    /// Print the JSON Schema of a report format
    Schema {
        /// Which one
        #[arg(value_enum, default_value = "json")]
        format: output::SchemaFormat,
    },
}

/// Runs what the command line says.
pub(crate) fn main() -> ExitCode {
    hide_panic_messages();
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are no errors and go to standard output; clap knows.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Clean };
            let _ = error.print();
            return exit.into();
        }
    };
    match run(&matches) {
        Ok(exit) => exit.into(),
        Err(error) => {
            error.print();
            error.exit().into()
        }
    }
}

fn run(matches: &ArgMatches) -> Result<Exit, CliError> {
    let cli = Cli::from_arg_matches(matches).map_err(|e| CliError::usage(e.to_string()))?;
    match cli.command {
        Command::Scan(args) => {
            let matches = matches.subcommand_matches("scan").expect("clap parsed this subcommand");
            scan::run(&args, matches)
        }
        Command::Hook(command) => hook::run(&command),
        Command::Baseline(command) => baseline::run(&command),
        Command::Rotate(command) => rotate::run(&command),
        Command::Launch(command) => launch::run(&command),
        Command::Rules(command) => rules::run(&command),
        Command::Schema { format } => output::print(&output::schema(format)?).map(|()| Exit::Clean),
    }
}

/// A panic's message can quote the text it is about, and that can be a secret. Say only where it happened.
fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "an unknown place".into(), |l| format!("{}:{}", l.file(), l.line()));
        anstream::eprintln!(
            "cleansweep: internal error at {place}; please report it (the message is withheld, it could quote a secret)"
        );
    }));
}
