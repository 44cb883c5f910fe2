//! Errors that end the program: what happened, where, and what to do next.

use std::io;
use std::path::Path;

use super::exit::Exit;

/// An error for the user.
#[derive(Debug)]
pub(crate) struct CliError {
    message: String,
    hint: Option<&'static str>,
    exit: Exit,
}

impl CliError {
    /// Something the user gave is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, exit: Exit::Usage }
    }

    /// A report could not be written: nobody has seen what was found, so it is no success.
    pub(crate) fn write(path: &Path, error: &io::Error) -> Self {
        let message = format!("{}: the report could not be written: {error}", path.display());
        Self { message, hint: None, exit: Exit::Usage }
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn print(&self) {
        anstream::eprintln!("cleansweep: {}", self.message);
        if let Some(hint) = self.hint {
            anstream::eprintln!("  {hint}");
        }
    }
}
