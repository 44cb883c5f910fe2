//! The real `git`, for what only it makes: packs, worktrees, stashes, bundles, tables of references. It sees nobody's
//! configuration but that of the sandbox.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Sandbox;

/// A repository in a sandbox, worked on with `git`.
pub(crate) struct Git<'s> {
    sandbox: &'s Sandbox,
    /// Its top folder.
    pub(crate) top: PathBuf,
    /// Seconds since 1970 of the next commit.
    clock: std::cell::Cell<u64>,
}

impl<'s> Git<'s> {
    /// A new repository in the folder `name` of the sandbox.
    pub(crate) fn init(sandbox: &'s Sandbox, name: &str, options: &[&str]) -> Self {
        let git = Self::at(sandbox, sandbox.path(name));
        std::fs::create_dir_all(&git.top).expect("a folder can be made");
        git.run(&[&["init", "-q", "-b", "main"], options].concat());
        git
    }

    /// A repository that is there already.
    pub(crate) fn at(sandbox: &'s Sandbox, top: PathBuf) -> Self {
        Self { sandbox, top, clock: std::cell::Cell::new(1_700_000_000) }
    }

    /// A repository with one harmless commit.
    pub(crate) fn started(sandbox: &'s Sandbox) -> Self {
        let git = Self::init(sandbox, "repo", &[]);
        git.commit(&[("README", "nothing here\n")], "start");
        git
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.top.join(path)
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        std::fs::write(path, content).expect("a file can be written");
    }

    /// Writes files and commits everything. Gives the commit's name.
    pub(crate) fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        files.iter().for_each(|(path, content)| self.write(path, content));
        self.run(&["add", "-A"]);
        self.run(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    /// Removes files and commits.
    pub(crate) fn remove(&self, files: &[&str]) -> String {
        self.run(&[&["rm", "-q"], files].concat());
        self.commit(&[], "remove")
    }

    pub(crate) fn id(&self, name: &str) -> String {
        self.run(&["rev-parse", name])
    }

    pub(crate) fn run(&self, args: &[&str]) -> String {
        self.feed(args, b"")
    }

    /// Runs `git` with an input, and gives what it prints without the last line end.
    #[track_caller]
    pub(crate) fn feed(&self, args: &[&str], input: &[u8]) -> String {
        use std::io::Write;
        let now = self.clock.get();
        self.clock.set(now + 100);
        let date = format!("{now} +0100");
        let home = self.sandbox.home();
        let mut command = Command::new("git");
        command
            .args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0", "-c", "pack.threads=1"])
            .args(["-c", "core.autocrlf=false", "-c", "core.hooksPath=/dev/null"])
            .args(args)
            .current_dir(&self.top)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", home.join("none"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@acme.test");
            command.env(format!("GIT_{who}_DATE"), &date);
        }
        let mut child = command.spawn().expect("git is on the machine");
        child.stdin.take().expect("a pipe").write_all(input).expect("git reads its input");
        let output = child.wait_with_output().expect("git ends");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {error}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Writes files and adds them to the index.
    pub(crate) fn stage(&self, files: &[(&str, &str)]) {
        files.iter().for_each(|(path, content)| self.write(path, content));
        self.run(&["add", "-A"]);
    }

    /// Puts all objects into one pack.
    pub(crate) fn repack(&self) {
        self.run(&["repack", "-adfq", "--depth=50", "--window=50"]);
        self.run(&["prune-packed", "-q"]);
    }

    /// The files of a kind among the packs.
    pub(crate) fn packs(&self, extension: &str) -> Vec<PathBuf> {
        let folder = [".git/objects/pack", "objects/pack"].map(|folder| self.path(folder));
        let folder = folder.into_iter().find(|folder| folder.is_dir()).expect("there are packs");
        let entries = folder.read_dir().expect("the folder of packs").map(|entry| entry.expect("an entry").path());
        let mut packs: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
        packs.sort();
        packs
    }
}
