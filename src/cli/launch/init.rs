//! `cleansweep launch init`: the two files of a project, with everything explained and nothing made up.

use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use clap::Args;
use cleansweep::checklist::gather::Collector;
use cleansweep::checklist::{Checklist, stack};
use cleansweep::code::{Detected, Inventory};
use cleansweep::scan::Tap;
use cleansweep::source::file;
use cleansweep::source::worktree::{self, FileItem, Root, WalkOptions};

use super::super::error::CliError;
use super::super::exit::Exit;
use super::super::output;
use super::checked::{ATTEST, LAUNCH};

/// A larger file is no manifest, in bytes.
const LIMIT: u64 = 1 << 20;

macro_rules! line {
    ($out:expr, $($format:tt)*) => { writeln!($out, $($format)*).expect("a string takes all that is written") };
}

/// Write a launch.toml and a launch.attest.toml to be filled in
///
/// They are explained line by line, and say nothing until you do. The frameworks that manifests name are told.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Folder of the project
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(crate) fn run(args: &InitArgs) -> Result<Exit, CliError> {
    let missing = |_| CliError::usage(format!("{}: there is no such folder", args.path.display()));
    let root = Root::new(&args.path).map_err(missing)?;
    let top = root.base().to_path_buf();
    let files = [(LAUNCH, top.join(LAUNCH)), (ATTEST, top.join(ATTEST))];
    if let Some((name, _)) = files.iter().find(|(_, path)| !args.force && path.symlink_metadata().is_ok()) {
        return Err(CliError::usage(format!("{name}: it is there already, and nothing was written"))
            .hint("--force writes over both files"));
    }
    let stack = detect(&top)?;
    let texts = [launch(&stack), attest()];
    for ((_, path), text) in files.iter().zip(&texts) {
        match args.force {
            true => output::write(Some(path), |out| out.write_all(text.as_bytes()))?,
            false => output::write_new(path, text)?,
        }
    }
    let told: Vec<String> = stack.iter().map(told).collect();
    let frameworks = if told.is_empty() { "no framework that is known".to_owned() } else { told.join(", ") };
    output::print(&format!(
        "Wrote {LAUNCH} and {ATTEST}. Manifests name {frameworks}.\nFill in {LAUNCH}, then `cleansweep launch check`; \
         `cleansweep launch attest ID` writes into {ATTEST}. Commit both: they hold no secret.\n"
    ))?;
    Ok(Exit::Clean)
}

/// The frameworks that the manifests of a tree name.
fn detect(top: &Path) -> Result<Vec<Detected>, CliError> {
    let root = Root::new(top).map_err(|e| CliError::usage(format!("{}: {e}", top.display())))?;
    let options = WalkOptions {
        exclude: ["node_modules", ".git", "vendor", "target", ".venv", "venv"].map(str::to_owned).into(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        ..WalkOptions::default()
    };
    let (collector, buffer) = (Collector::default(), Mutex::new(()));
    let visit = |item: FileItem| {
        let name = item.shown.rsplit('/').next().unwrap_or_default();
        if stack::is_manifest(name)
            && let Ok((file, len)) = file::open(&item.path, &item.shown)
            && len <= LIMIT
        {
            let mut bytes = Vec::new();
            if file.take(LIMIT).read_to_end(&mut bytes).is_ok() {
                let _one_at_a_time = buffer.lock();
                collector.file(&item.shown, &bytes);
            }
        }
        true
    };
    worktree::walk(&[root], &options, || visit).map_err(CliError::usage)?;
    Ok(stack::detect(&collector.take().project, &Inventory::default()))
}

fn told(detected: &Detected) -> String {
    let version = detected.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    format!("{}{version} ({}:{})", detected.framework.name(), detected.at.file, detected.at.line)
}

/// A `launch.toml` that says nothing yet.
fn launch(stack: &[Detected]) -> String {
    let mut out = String::from("# What this project says of itself, for `cleansweep launch`. It holds no secret.\n");
    for detected in stack {
        // What stands in a manifest may be anything, but no line break.
        line!(out, "# Recognised: {}", told(detected).replace(char::is_control, " "));
    }
    out + TEMPLATE
}

const TEMPLATE: &str = r#"
# Where it runs. No host is asked by this program; the checks count them, and the papers name them.
# [[target]]
# name = "production"
# url = "https://app.example.com"
# hosts = ["app.example.com", "www.example.com"]
# health = ["/health"]

# Routes that need nobody to be signed in; all others do. And the five that matter most.
# [routes]
# public = ["GET /", "POST /login", "/health"]
# top = ["GET /api/invoices"]

# Origins that may call from a browser.
# [cors]
# origins = ["https://app.example.com"]

# How mail is sent: the domain in From, what each service has in the SPF record, the selectors of the DKIM keys.
# [mail]
# domain = "example.com"
# senders = ["_spf.example.net"]
# selectors = ["s1"]

# Two test accounts, for the check that neither sees what is the other's. Of a token only the variable's name is here.
# [[account]]
# name = "alice"
# role = "member"
# tenant = "north"
# token_env = "LAUNCH_ALICE_TOKEN"
#
# [[account]]
# name = "bob"
# role = "member"
# tenant = "south"
# token_env = "LAUNCH_BOB_TOKEN"

# One for each sensitive class of data: profiles, messages, listings, payments, billing and invoices, invites, moderation,
# analytics, files. The canary is a text that only this object has.
# [[resource]]
# class = "invoices"
# route = "/api/invoices/{id}"
# owner = "alice"
# id = "1001"
# canary = "canary-north-1001"
# other = "bob"
# other_id = "2002"

# The load that is to be expected.
# [load]
# route = "/api/invoices"
# rps = 5
# requests = 200
"#;

/// A `launch.attest.toml` without an entry, which tells what can be attested.
fn attest() -> String {
    let mut out = String::from(
        "# What persons give their word for. `cleansweep launch attest ID` writes an entry and checks it first. An entry that is\n\
         # not in order lifts nothing: a date in the future, one that has lapsed, an owner like \"TBD\", evidence that has changed.\n#\n\
         # [[attest]]\n# id = \"MFA-01\"\n# says = \"met\"                  # or \"risk-accepted\", \"not-applicable\"\n\
         # statement = \"What was seen, in a sentence.\"\n# owner = \"Name\"\n# role = \"What they are in the project\"\n\
         # date = 2026-11-22\n# url = \"https://…\"               # or path and sha256\n\n# These rows ask for a person's word, and for how long it holds:\n",
    );
    for row in Checklist::embedded().rows() {
        if let Some(asks) = &row.word.asks {
            line!(out, "#\n# {} ({} days) {}\n#   {asks}", row.id, row.word.days, row.title);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use cleansweep::checklist::{LaunchFile, attest};
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_is_written_is_in_order_and_so_is_what_it_explains() {
        let text = launch(&[]);
        assert_eq!(LaunchFile::parse(LAUNCH, &text), Ok(LaunchFile::default()), "it says nothing");
        let lines = TEMPLATE.lines().filter_map(|line| line.strip_prefix("# "));
        let is_toml =
            |line: &&str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        let filled: String = lines.filter(is_toml).map(|line| format!("{line}\n")).collect();
        let file = LaunchFile::parse(LAUNCH, &filled).expect("what is explained is in order");
        assert_eq!((file.targets.len(), file.accounts.len(), file.resources.len()), (1, 2, 1));
        let against = attest::Against {
            checklist: Checklist::embedded(),
            today: date(2026, 11, 22),
            sha256: &|_| Err("there are no files".into()),
        };
        let words = cleansweep::checklist::Attestations::parse(ATTEST, &super::attest(), &against).expect("it is TOML");
        assert_eq!((words.held().count(), words.rejected().len()), (0, 0));
    }
}
