//! A folder of its own for every test, and the program run in it with an empty environment.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::report::Report;

/// A program that runs longer hangs. Far beyond what any test needs, so that a slow machine fails none.
const HANGS: Duration = Duration::from_secs(300);

/// A temporary folder with a home and a folder to work in.
pub(crate) struct Sandbox {
    root: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("cleansweep-it-").tempdir().expect("a temporary folder can be made");
        for folder in ["home", "work", "tmp"] {
            std::fs::create_dir(root.path().join(folder)).expect("a folder can be made");
        }
        Self { root }
    }

    /// A sandbox with one file.
    pub(crate) fn with(path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Self {
        let sandbox = Self::new();
        sandbox.file(path, content);
        sandbox
    }

    /// The folder the program runs in.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// The folder the program keeps its own things in.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// Something in the working folder.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.work().join(path)
    }

    /// Writes a file, and its folders where they are missing.
    pub(crate) fn file(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        std::fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        self
    }

    /// Makes a folder.
    pub(crate) fn folder(&self, path: impl AsRef<Path>) -> &Self {
        std::fs::create_dir_all(self.path(path)).expect("a folder can be made");
        self
    }

    /// Makes a symbolic link at `path` to `target`.
    #[cfg(unix)]
    pub(crate) fn link(&self, path: impl AsRef<Path>, target: impl AsRef<Path>) -> &Self {
        std::os::unix::fs::symlink(target, self.path(path)).expect("a link can be made");
        self
    }

    /// Sets permissions.
    #[cfg(unix)]
    pub(crate) fn mode(&self, path: impl AsRef<Path>, mode: u32) -> &Self {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(self.path(path), std::fs::Permissions::from_mode(mode))
            .expect("permissions can be set");
        self
    }

    /// Reads a file of the working folder.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(path);
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The names of all files and folders of the working folder itself.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.work()).expect("the folder can be read");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry can be read").file_name();
        let mut names: Vec<String> = entries.map(|e| name(e).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The program with `args`, not yet started.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        let home = self.home();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cleansweep"));
        command.args(args).current_dir(self.work()).env_clear();
        command.env("HOME", &home).env("USERPROFILE", &home).env("TMPDIR", self.root.path().join("tmp"));
        for (name, folder) in
            [("CONFIG", ".config"), ("CACHE", ".cache"), ("DATA", ".local/share"), ("STATE", ".local/state")]
        {
            command.env(format!("XDG_{name}_HOME"), home.join(folder));
        }
        command.env("COLUMNS", "100").env("LC_ALL", "C").env("TZ", "UTC");
        // What Windows needs to load a program, and what measures coverage.
        for name in ["SystemRoot", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        Run { command, stdin: Vec::new() }
    }

    /// Runs the program.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.command(args).run()
    }

    /// Runs `scan --format json` with more `args`, and reads the report.
    #[track_caller]
    pub(crate) fn scan(&self, args: &[&str]) -> Report {
        self.run(["scan", "--format", "json"].iter().chain(args)).json()
    }

    /// The same with secrets shown raw.
    #[track_caller]
    pub(crate) fn reveal(&self, args: &[&str]) -> Report {
        self.run(["scan", "--format", "json", "--reveal"].iter().chain(args)).json()
    }

    /// Runs the program with `text` as its standard input.
    pub(crate) fn run_with(&self, args: &[&str], text: impl Into<Vec<u8>>) -> Output {
        self.command(args).stdin(text).run()
    }
}

/// A program to run.
pub(crate) struct Run {
    command: Command,
    stdin: Vec<u8>,
}

impl Run {
    pub(crate) fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it in another folder than the sandbox's.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Another home, as another user or machine has.
    pub(crate) fn home(self, home: &Path) -> Self {
        self.env("HOME", home).env("USERPROFILE", home).env("XDG_STATE_HOME", home.join("state"))
    }

    /// Runs it in another folder.
    pub(crate) fn run_in(mut self, folder: &Path) -> Output {
        self.command.current_dir(folder);
        self.run()
    }

    /// Starts it with pipes for all three streams.
    pub(crate) fn start(mut self) -> Child {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.spawn().expect("the program starts")
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Output {
        let stdin = std::mem::take(&mut self.stdin);
        let described = format!("{:?}", self.command);
        let mut child = self.start();
        let mut input = child.stdin.take().expect("standard input is a pipe");
        // A program that does not read its input closes it, which is no error of the test.
        let feed = std::thread::spawn(move || drop(input.write_all(&stdin)));
        let stdout = collect(child.stdout.take().expect("standard output is a pipe"));
        let stderr = collect(child.stderr.take().expect("standard error is a pipe"));
        let code = wait(&mut child, &described);
        feed.join().expect("feeding does not panic");
        let collected = |thread: std::thread::JoinHandle<Vec<u8>>| thread.join().expect("collecting does not panic");
        Output { described, code, stdout: collected(stdout), stderr: collected(stderr) }
    }
}

fn collect(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        from.read_to_end(&mut all).expect("a pipe can be read");
        all
    })
}

/// The exit code of a program that ends by itself.
#[track_caller]
pub(crate) fn wait(child: &mut Child, described: &str) -> i32 {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            return status.code().unwrap_or_else(|| panic!("{described} was ended by a signal: {status}"));
        }
        if started.elapsed() > HANGS {
            child.kill().expect("the program can be ended");
            panic!("{described} hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What a program left behind.
#[must_use]
pub(crate) struct Output {
    described: String,
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Output {
    /// Standard output as text.
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Fails unless the program ended with `code`.
    #[track_caller]
    pub(crate) fn assert_code(self, code: i32) -> Self {
        let (out, err) = (self.out(), self.err());
        assert_eq!(self.code, code, "exit code of {}\n--- stdout\n{out}\n--- stderr\n{err}", self.described);
        self
    }

    /// Standard output as a JSON report.
    #[track_caller]
    pub(crate) fn json(&self) -> Report {
        assert!(!self.stdout.is_empty(), "{} printed nothing; stderr: {}", self.described, self.err());
        Report::parse(&self.stdout)
    }
}
