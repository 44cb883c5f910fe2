//! Evidence, put together as it is found.

use std::collections::BTreeMap;

use super::super::syntax::Means;
use super::super::verdict::{Claim, Coverage, Evidence, Place};
use super::survey::Survey;
use crate::code::Project;

/// One row has no more places than this; a count stands in the reason.
const MANY: usize = 40;

/// What was said so far, by row.
pub(super) struct Told<'p> {
    project: &'p Project,
    rows: BTreeMap<String, Vec<Evidence>>,
}

/// Evidence that is being put together.
pub(super) struct Say<'t> {
    project: &'t Project,
    evidence: &'t mut Evidence,
}

impl<'p> Told<'p> {
    pub(super) fn new(project: &'p Project) -> Self {
        Self { project, rows: BTreeMap::new() }
    }

    /// What was said elsewhere, after what was said here.
    pub(super) fn add(&mut self, other: Self) {
        for (row, evidence) in other.rows {
            self.rows.entry(row).or_default().extend(evidence);
        }
    }

    pub(super) fn has(&self, row: &str) -> bool {
        self.rows.contains_key(row)
    }

    pub(super) fn passes(&self, row: &str) -> bool {
        self.rows.get(row).is_some_and(|evidence| evidence.iter().all(|one| super::is_pass(&one.claim)))
    }

    pub(super) fn fail(&mut self, row: &str) -> Say<'_> {
        self.say(row, Claim::Fail)
    }

    pub(super) fn review(&mut self, row: &str) -> Say<'_> {
        self.say(row, Claim::Review)
    }

    pub(super) fn open(&mut self, row: &str) -> Say<'_> {
        self.say(row, Claim::Open)
    }

    pub(super) fn pass(&mut self, row: &str, control: &str) -> Say<'_> {
        self.say(row, Claim::Pass { control: control.to_owned() })
    }

    pub(super) fn say(&mut self, row: &str, claim: Claim) -> Say<'_> {
        let evidence = self.rows.entry(row.to_owned()).or_default();
        evidence.push(Evidence {
            by: Means::Static,
            claim,
            looked_at: "the committed files".into(),
            coverage: None,
            places: Vec::new(),
            reason: String::new(),
            would_change: "another setting there".into(),
        });
        let last = evidence.len() - 1;
        Say { project: self.project, evidence: &mut evidence[last] }
    }

    /// Leaves of what was said twice of a row one.
    pub(super) fn once(&mut self) {
        for evidence in self.rows.values_mut() {
            let mut told: Vec<Evidence> = Vec::with_capacity(evidence.len());
            for one in evidence.drain(..) {
                if !told.contains(&one) {
                    told.push(one);
                }
            }
            *evidence = told;
        }
    }

    /// Forgets what no place shows of a row, if something else is shown.
    pub(super) fn only_shown(&mut self, row: &str) {
        if let Some(evidence) = self.rows.get_mut(row)
            && evidence.iter().any(|one| !one.places.is_empty())
        {
            evidence.retain(|one| !one.places.is_empty());
        }
    }

    /// Everything that was said. What has no count of its own has that of the files; what was left out is told with each.
    pub(super) fn finish(mut self, survey: &Survey<'_>) -> BTreeMap<String, Vec<Evidence>> {
        let left_out = survey.left_out();
        for evidence in self.rows.values_mut().flatten() {
            if evidence.coverage.is_none() && !super::is_pass(&evidence.claim) {
                evidence.coverage = Some(survey.coverage());
            }
            if !left_out.is_empty() {
                evidence.looked_at = format!("{}; {left_out}", evidence.looked_at);
            }
        }
        self.rows
    }
}

impl Say<'_> {
    pub(super) fn reason(self, reason: impl Into<String>) -> Self {
        self.evidence.reason = reason.into();
        self
    }

    pub(super) fn looked_at(self, what: impl Into<String>) -> Self {
        self.evidence.looked_at = what.into();
        self
    }

    pub(super) fn change(self, what: impl Into<String>) -> Self {
        self.evidence.would_change = what.into();
        self
    }

    pub(super) fn of(self, coverage: Coverage) -> Self {
        self.evidence.coverage = Some(coverage);
        self
    }

    pub(super) fn counted(self, seen: usize, all: usize, of: &str) -> Self {
        self.of(Coverage { seen: seen as u64, all: all as u64, of: of.to_owned() })
    }

    /// The evidence is a result that somebody put there.
    pub(super) fn given(self) -> Self {
        self.evidence.by = Means::Given;
        self
    }

    /// A place; with the git id of the file where it is one of the project.
    pub(super) fn at(self, path: &str, line: u32) -> Self {
        let places = &self.evidence.places;
        let is_told = places.iter().any(|place| place.path == path && place.line == Some(line));
        if places.len() >= MANY || is_told {
            return self;
        }
        // A file's id is computed from all of it, so once only.
        let known = places.iter().find(|place| place.path == path).map(|place| place.blob.clone());
        let blob = known.unwrap_or_else(|| blob(self.project, path));
        self.evidence.places.push(Place { path: path.to_owned(), line: Some(line), blob });
        self
    }

    pub(super) fn at_all<'a>(self, places: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        places.into_iter().fold(self, |say, (path, line)| say.at(path, line))
    }
}

/// The git id of a file's content.
fn blob(project: &Project, path: &str) -> Option<String> {
    let file = project.file(path)?;
    let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, &file.text).ok()?;
    Some(id.to_string())
}

/// `1 route`, `2 routes`.
pub(super) fn count(number: usize, of: &str) -> String {
    match number {
        1 => format!("1 {of}"),
        _ if of.ends_with('s') || of.ends_with('x') => format!("{number} {of}es"),
        _ => match of.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o'])) {
            Some(stem) => format!("{number} {stem}ies"),
            None => format!("{number} {of}s"),
        },
    }
}

/// The first names of many.
pub(super) fn names<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    let all: std::collections::BTreeSet<&str> = all.into_iter().collect();
    let more = all.len().saturating_sub(5);
    let shown: Vec<&str> = all.into_iter().take(5).collect();
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}
