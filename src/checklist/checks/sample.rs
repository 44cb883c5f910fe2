//! Small projects for tests, and what is said of them.

use std::collections::BTreeMap;

use jiff::civil::date;

use super::{Facts, decide};
use crate::checklist::row::Checklist;
use crate::checklist::verdict::{Evidence, Verdict};
use crate::code::{Detected, Framework, Inventory, Method, Place, Project, Route};

/// A project of these files, and what it has of routes.
pub(super) struct Sample {
    pub(super) project: Project,
    pub(super) inventory: Inventory,
    pub(super) left_out: BTreeMap<String, u64>,
}

impl Sample {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let mut project = Project::default();
        for (path, text) in files {
            project.add(path, text.as_bytes().into());
        }
        Self { project, inventory: Inventory::default(), left_out: BTreeMap::new() }
    }

    /// With a framework.
    pub(super) fn of(mut self, framework: Framework) -> Self {
        let at = Place { file: "package.json".into(), line: 1 };
        self.inventory.frameworks.push(Detected { framework, version: None, at });
        self
    }

    /// With routes of these paths.
    pub(super) fn serving(mut self, paths: &[&str]) -> Self {
        for path in paths {
            self.inventory.routes.push(Route {
                path: (*path).to_owned(),
                method: Method::Get,
                at: Place { file: "server.js".into(), line: 1 },
                framework: Framework::Express,
                handler: None,
                before: Vec::new(),
            });
        }
        self
    }

    pub(super) fn told(&self, row: &str) -> Vec<Evidence> {
        let facts = Facts {
            project: &self.project,
            inventory: &self.inventory,
            launch: None,
            today: date(2026, 11, 22),
            left_out: &self.left_out,
            messages: &[],
        };
        decide(&facts).rows.remove(row).unwrap_or_default()
    }

    /// The verdict on a row, and the places that the evidence for it points to.
    pub(super) fn verdict(&self, row: &str) -> (Verdict, Vec<String>) {
        let told = self.told(row);
        let of = Checklist::embedded().row(row).expect("it is a row");
        let verdict = Verdict::combine(told.iter().map(|evidence| evidence.verdict(of)));
        let deciding = told.iter().filter(|evidence| evidence.verdict(of) == verdict);
        let places = deciding.flat_map(|evidence| &evidence.places);
        (verdict, places.map(|place| format!("{}:{}", place.path, place.line.unwrap_or(0))).collect())
    }
}

/// A row, what is expected, the place that has to be among those told, and the files.
pub(super) type Case<'c> = (&'c str, Verdict, &'c str, &'c [(&'c str, &'c str)]);

/// Tries cases, and tells all that are wrong at once.
pub(super) fn check(cases: &[Case<'_>]) {
    let mut wrong = Vec::new();
    for (row, expected, place, files) in cases {
        let sample = Sample::new(files);
        let (verdict, places) = sample.verdict(row);
        if verdict != *expected || !place.is_empty() && !places.iter().any(|told| told == place) {
            let reasons: Vec<String> =
                sample.told(row).into_iter().map(|e| format!("{:?}: {}", e.claim, e.reason)).collect();
            wrong.push(format!(
                "{row} {expected:?} at {place}, not {verdict:?} at {places:?}\n  {files:?}\n  {reasons:#?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
