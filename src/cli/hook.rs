//! `cleansweep hook`: git runs cleansweep before each commit, or before each push.
#![expect(clippy::disallowed_methods, reason = "hooks are files of the user's own repository, written when asked to")]

mod script;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use cleansweep::source::git::hooks::{Hooks, Owner};

use self::script::Kind;
use super::error::CliError;
use super::exit::Exit;
use super::{environment, output, staged};

/// Have git run cleansweep before each commit or push
#[derive(Debug, Subcommand)]
pub(crate) enum HookCommand {
    /// Install the hook; another one that is there is kept and runs first
    Install {
        /// The hook that scans what a push publishes, instead of the one that scans what a commit adds
        #[arg(long)]
        pre_push: bool,
    },
    /// Remove what `install` made, and put back what was there before
    Uninstall,
    /// Tell what is installed; the exit code is 1 if nothing is
    Status,
}

/// Runs the command.
pub(crate) fn run(command: &HookCommand) -> Result<Exit, CliError> {
    let located = staged::locate()?;
    let (files, home) = environment::git_config();
    let hooks = Hooks::of(&located, &files, home.as_deref()).map_err(CliError::usage)?;
    let mut said = String::new();
    for file in &hooks.including {
        said.push_str(&format!(
            "note: {} includes other files, which are not read: git may use another folder than {}\n",
            file.display(),
            hooks.folder.display()
        ));
    }
    let exit = match command {
        HookCommand::Install { pre_push } => {
            let kind = if *pre_push { Kind::PrePush } else { Kind::PreCommit };
            said.push_str(&install(&hooks, kind)?);
            Exit::Clean
        }
        HookCommand::Uninstall => {
            for kind in Kind::ALL {
                said.push_str(&uninstall(&hooks, kind)?);
            }
            Exit::Clean
        }
        HookCommand::Status => {
            let found = Kind::ALL.map(|kind| (kind, State::of(&hooks, kind)));
            for (kind, state) in &found {
                said.push_str(&told(&hooks, *kind, *state));
            }
            let any = found.iter().any(|(_, state)| *state == State::Ours);
            if any { Exit::Clean } else { Exit::Findings }
        }
    };
    output::print(&said)?;
    Ok(exit)
}

/// What a hook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Absent,
    Ours,
    Foreign,
}

impl State {
    fn of(hooks: &Hooks, kind: Kind) -> Self {
        let path = hooks.folder.join(kind.name());
        match path.symlink_metadata() {
            Err(_) => Self::Absent,
            // A link leads to a file of somebody else, whatever it says.
            Ok(meta) if meta.is_file() && fs::read(&path).is_ok_and(|text| script::is_ours(&text)) => Self::Ours,
            Ok(_) => Self::Foreign,
        }
    }
}

fn told(hooks: &Hooks, kind: Kind, state: State) -> String {
    let path = hooks.folder.join(kind.name());
    let name = kind.name();
    match state {
        State::Absent => format!("{name}: not installed\n"),
        State::Foreign => format!("{name}: not installed; {} is another hook, which would be kept\n", path.display()),
        State::Ours if before(hooks, kind).symlink_metadata().is_ok() => {
            format!("{name}: installed in {}; {} runs first\n", path.display(), kind.before())
        }
        State::Ours => format!("{name}: installed in {}\n", path.display()),
    }
}

/// Where a hook is kept that was there before.
fn before(hooks: &Hooks, kind: Kind) -> PathBuf {
    hooks.folder.join(kind.before())
}

fn failed(path: &Path, error: &io::Error) -> CliError {
    CliError::usage(format!("{}: {error}", path.display())).hint("nothing was changed")
}

fn install(hooks: &Hooks, kind: Kind) -> Result<String, CliError> {
    let folder = &hooks.folder;
    if hooks.owner == Owner::Others {
        let file = hooks.named_in.as_deref().unwrap_or(folder).display();
        let message = format!("{file}: core.hooksPath is {}, which other repositories may use too", folder.display());
        return Err(CliError::usage(message)
            .hint("add `cleansweep scan --staged` to the hook there, or `git config core.hooksPath .git/hooks` in this repository"));
    }
    // A committed file must not name a folder of this machine.
    let binary = (hooks.owner == Owner::Repository).then(std::env::current_exe).and_then(Result::ok);
    let text = script::text(kind, binary.as_deref());
    let (path, before) = (folder.join(kind.name()), before(hooks, kind));
    fs::create_dir_all(folder).map_err(|e| failed(folder, &e))?;
    let new = written(folder, &text).map_err(|e| failed(folder, &e))?;
    if State::of(hooks, kind) != State::Foreign {
        new.persist(&path).map_err(|e| failed(&path, &e.error))?;
        return Ok(told(hooks, kind, State::Ours));
    }
    if before.symlink_metadata().is_ok() {
        let message = format!("{} is another hook, and {} is there already", path.display(), before.display());
        return Err(CliError::usage(message).hint("decide which of the two is needed and remove the other"));
    }
    fs::rename(&path, &before).map_err(|e| failed(&path, &e))?;
    if let Err(error) = new.persist_noclobber(&path) {
        // Nobody else has a hook there, so the old one can go back.
        let _ = fs::rename(&before, &path);
        return Err(failed(&path, &error.error));
    }
    Ok(told(hooks, kind, State::Ours))
}

/// The hook beside its place, ready to be moved there.
fn written(folder: &Path, text: &str) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".cleansweep-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o755))?;
    }
    Ok(file)
}

fn uninstall(hooks: &Hooks, kind: Kind) -> Result<String, CliError> {
    let (path, before) = (hooks.folder.join(kind.name()), before(hooks, kind));
    match State::of(hooks, kind) {
        State::Absent => Ok(format!("{}: not installed\n", kind.name())),
        State::Foreign => Ok(format!("{}: not installed; {} is left as it is\n", kind.name(), path.display())),
        State::Ours if before.symlink_metadata().is_ok() => {
            fs::rename(&before, &path).map_err(|e| failed(&before, &e))?;
            Ok(format!("{}: removed; {} is again what it was before\n", kind.name(), path.display()))
        }
        State::Ours => {
            fs::remove_file(&path).map_err(|e| failed(&path, &e))?;
            Ok(format!("{}: removed\n", kind.name()))
        }
    }
}
