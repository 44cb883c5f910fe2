//! The hooks themselves: short shell scripts, which every git can run.

use std::path::Path;

/// The line by which our own hooks are known.
const MARK: &str = "# cleansweep hook, version 1";

/// Which hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    PreCommit,
    PrePush,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::PreCommit, Self::PrePush];

    /// The file's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
        }
    }

    /// The name of the file that keeps another hook, which runs first.
    pub(super) fn before(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit.before-cleansweep",
            Self::PrePush => "pre-push.before-cleansweep",
        }
    }
}

/// Whether a hook was written by us, this version or another.
pub(super) fn is_ours(text: &[u8]) -> bool {
    let mark = MARK.trim_end_matches(char::is_numeric).as_bytes();
    text.split(|&b| b == b'\n').take(3).any(|line| line.starts_with(mark))
}

/// The script. `binary` is tried first, then what `PATH` has; if there is neither, nothing passes unseen.
pub(super) fn text(kind: Kind, binary: Option<&Path>) -> String {
    let (name, before) = (kind.name(), kind.before());
    let binary = quoted(binary.and_then(Path::to_str).unwrap_or_default());
    let verb = name.trim_start_matches("pre-");
    let first = match kind {
        Kind::PreCommit => {
            format!("if [ -x \"$hooks/{before}\" ]; then\n    \"$hooks/{before}\" \"$@\" || exit $?\nfi\n")
        }
        Kind::PrePush => format!(
            "lines=$(cat)\nif [ -x \"$hooks/{before}\" ]; then\n    printf '%s' \"${{lines:+$lines$newline}}\" | \"$hooks/{before}\" \"$@\" || exit $?\nfi\n"
        ),
    };
    let last = match kind {
        Kind::PreCommit => "exec \"$cleansweep\" scan --staged\n",
        Kind::PrePush => "printf '%s' \"${lines:+$lines$newline}\" | \"$cleansweep\" scan --pre-push=\"$1\"\n",
    };
    format!(
        "#!/bin/sh\n{MARK}\n\
         # `cleansweep hook uninstall` removes it. What is changed here is lost with the next `cleansweep hook install`;\n\
         # a hook of your own belongs into {before}, which runs first.\n\
         hooks=${{0%/*}}\nnewline='\n'\n\
         {first}\
         cleansweep={binary}\n\
         if ! [ -x \"$cleansweep\" ]; then\n    \
             cleansweep=$(command -v cleansweep) || {{\n        \
                 echo 'cleansweep: the program is not there any more, so that nothing was scanned and this {verb} is stopped.' >&2\n        \
                 echo '  Install it again, or remove this hook: '\"$0\" >&2\n        \
                 exit 1\n    \
             }}\n\
         fi\n\
         {last}"
    )
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', if cfg!(windows) { "/" } else { "\\" }).replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_hooks_are_known_again() {
        for kind in Kind::ALL {
            assert!(is_ours(text(kind, None).as_bytes()));
            assert!(is_ours(text(kind, Some(Path::new("/a/it's here"))).as_bytes()));
        }
        assert!(is_ours(b"#!/bin/sh\n# cleansweep hook, version 12\n"));
        assert!(!is_ours(b"#!/bin/sh\ncleansweep scan --staged\n"));
        assert!(!is_ours(b""));
    }

    #[test]
    fn a_path_is_one_word() {
        assert_eq!(quoted("/a b/it's"), r"'/a b/it'\''s'");
    }
}
