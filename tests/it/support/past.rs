//! One secret in the past of a repository, and what a scan tells of it.

use serde_json::Value;

use super::Sandbox;
use super::gitcli::Git;
use super::report::Report;
use super::secrets::github;

/// What is told of the only credential that a scan of the folder `repo` found in a history.
pub(crate) struct Told {
    pub(crate) report: Report,
    pub(crate) finding: Value,
}

impl Told {
    #[track_caller]
    pub(crate) fn of(report: Report) -> Self {
        let found = report.json["findings"].as_array().expect("findings");
        let past: Vec<&Value> = found.iter().filter(|finding| finding["history"].is_object()).collect();
        assert_eq!(past.len(), 1, "one credential in the history: {:#?}\n{}", report.places(), report.summary());
        let finding = past[0].clone();
        Self { report, finding }
    }

    pub(crate) fn first(&self) -> &Value {
        &self.finding["history"]["exposures"][0]
    }

    pub(crate) fn refs(&self) -> Vec<&str> {
        let refs = self.first()["refs"].as_array().expect("names");
        refs.iter().map(|name| name.as_str().expect("a text")).collect()
    }
}

/// The secret.
pub(crate) fn token() -> String {
    github(1)
}

/// A line that gives it away.
pub(crate) fn line() -> String {
    format!("token = \"{}\"\n", token())
}

/// Scans the folder `repo`.
#[track_caller]
pub(crate) fn scan(sandbox: &Sandbox, args: &[&str]) -> Report {
    sandbox.scan(&[&["repo", "--no-cache"], args].concat())
}

/// A repository whose only secret is in its past.
pub(crate) fn with_past<'s>(sandbox: &'s Sandbox, folder: &str, options: &[&str]) -> Git<'s> {
    let git = Git::init(sandbox, folder, options);
    git.commit(&[("key.py", &line())], "add");
    git.remove(&["key.py"]);
    git
}
