//! Rows that are made from other rows and from what the product is: whether each class of data is tested, and whether
//! the routes that matter most hold.

use std::collections::{BTreeMap, BTreeSet};

use super::gate::{Judged, derived, derived_pass};
use super::launch_file::LaunchFile;
use super::verdict::{Claim, Evidence, Verdict};

/// What a product has to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surface<'a> {
    /// What it says of itself.
    pub launch: Option<&'a LaunchFile>,
    /// The paths of its routes.
    pub routes: &'a [String],
}

/// Sensitive classes of data, and the beginnings of words by which routes tell of them.
const CLASSES: &[(&str, &[&str])] = &[
    ("profiles", &["profile", "user", "member", "account"]),
    ("messages", &["message", "thread", "chat", "conversation", "inbox"]),
    ("listings", &["listing", "product", "item", "offer", "post"]),
    ("payments", &["payment", "charge", "checkout", "payout", "subscription"]),
    ("billing and invoices", &["billing", "invoice", "order", "receipt"]),
    ("invites", &["invite", "invitation"]),
    ("moderation", &["moderat", "report", "ban", "flag"]),
    ("analytics", &["analytic", "stat", "metric", "dashboard"]),
    ("files", &["file", "upload", "download", "attachment", "document", "media"]),
];

/// The rows that show, live, whether one account reaches another's object.
const ACCESS: &[&str] = &["AUTHZ-01", "AUTHZ-02", "AUTHZ-03"];

/// The four counts of the grid.
const COUNTS: &[(&str, &str)] =
    &[("authentication", "AUTHN-01"), ("ownership", "AUTHZ-01"), ("validation", "VAL-01"), ("safe errors", "VAL-03")];

/// The rows that are made here, with what they come to.
pub(super) fn of(rows: &[Judged<'_>], surface: &Surface<'_>) -> [(&'static str, Evidence); 2] {
    let standings: BTreeMap<&str, Verdict> =
        rows.iter().map(|judged| (judged.row.id.as_str(), judged.standing.verdict())).collect();
    [("AUTHZ-08", classes(&standings, surface)), ("AUTHZ-11", grid(&standings, surface))]
}

/// The class that a word tells of.
fn class_of(word: &str) -> Option<&'static str> {
    let tells = |(_, words): &&(&str, &[&str])| words.iter().any(|known| word.starts_with(known));
    CLASSES.iter().find(tells).map(|(class, _)| *class)
}

/// The classes that a text names.
fn classes_in(text: &str) -> impl Iterator<Item = &'static str> {
    let lower = text.to_ascii_lowercase();
    let words: Vec<String> = lower.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_owned).collect();
    words.into_iter().filter_map(|word| class_of(&word))
}

/// AUTHZ-08: each class that the routes tell of has a resource in `launch.toml`, and the access rows say that those hold.
fn classes(standings: &BTreeMap<&str, Verdict>, surface: &Surface<'_>) -> Evidence {
    let resources = surface.launch.map_or(&[][..], |launch| launch.resources.as_slice());
    // A class of another kind counts by its own name.
    let mut named: BTreeSet<String> =
        resources.iter().flat_map(|r| classes_in(&r.class).chain(classes_in(&r.route))).map(str::to_owned).collect();
    named.extend(resources.iter().filter(|r| classes_in(&r.class).next().is_none()).map(|r| r.class.clone()));
    let mut all: BTreeSet<String> =
        surface.routes.iter().flat_map(|route| classes_in(route)).map(str::to_owned).collect();
    all.extend(named.iter().cloned());
    let missing: Vec<&str> = all.difference(&named).map(String::as_str).collect();
    let access = Verdict::combine(ACCESS.iter().filter_map(|id| standings.get(id).copied()));
    let (claim, reason) = match access {
        Verdict::Fail => (Claim::Fail, "an access test fails: see AUTHZ-01, AUTHZ-02 and AUTHZ-03".into()),
        _ if resources.is_empty() => {
            (Claim::Open, "launch.toml names no resource, so no class of data is tested".to_owned())
        }
        _ if !missing.is_empty() => {
            (Claim::Open, format!("no resource in launch.toml is of these classes: {}", missing.join(", ")))
        }
        Verdict::Review => (Claim::Review, "each class has a resource; the access rows are for review".into()),
        Verdict::Open => (Claim::Open, "each class has a resource; the access tests were not made".into()),
        _ => (derived_pass(), "each class has a resource, and the access tests are passed".into()),
    };
    let covered = if access == Verdict::Open { 0 } else { all.len() - missing.len() };
    let mut evidence =
        derived(claim, "the routes, the resources of launch.toml, AUTHZ-01 to AUTHZ-03", (covered, all.len()), reason);
    evidence.would_change = "a resource for each class in launch.toml, and the access tests with them".into();
    if let Some(coverage) = &mut evidence.coverage {
        coverage.of = "classes of data".into();
    }
    evidence
}

/// AUTHZ-11: the routes of `launch.toml` that matter most hold on all four counts.
fn grid(standings: &BTreeMap<&str, Verdict>, surface: &Surface<'_>) -> Evidence {
    let top = surface.launch.map_or(0, |launch| launch.top.len());
    let of = |id: &str| standings.get(id).copied().unwrap_or(Verdict::Open);
    let held = COUNTS.iter().filter(|(_, id)| matches!(of(id), Verdict::Pass | Verdict::NotApplicable)).count();
    let heaviest = Verdict::combine(COUNTS.iter().map(|(_, id)| of(id)));
    let with: Vec<String> =
        COUNTS.iter().filter(|(_, id)| of(id) == heaviest).map(|(count, id)| format!("{count} ({id})")).collect();
    let with = with.join(", ");
    let (claim, reason) = match heaviest {
        Verdict::Fail => (Claim::Fail, format!("it fails on {with}")),
        _ if top == 0 => (Claim::Open, "launch.toml does not name the routes that matter most (routes.top)".to_owned()),
        Verdict::Review => (Claim::Review, format!("for review: {with}")),
        Verdict::Open => (Claim::Open, format!("open: {with}")),
        Verdict::Pass | Verdict::NotApplicable => (derived_pass(), held_by(top)),
    };
    let seen = (held * top, COUNTS.len() * top);
    let mut evidence =
        derived(claim, "routes.top of launch.toml by AUTHN-01, AUTHZ-01, VAL-01 and VAL-03", seen, reason);
    evidence.would_change = "another verdict of one of these four rows, or routes.top in launch.toml".into();
    if let Some(coverage) = &mut evidence.coverage {
        coverage.of = "cells of the grid".into();
    }
    evidence
}

fn held_by(routes: usize) -> String {
    match routes {
        1 => "1 route holds on all four counts".to_owned(),
        _ => format!("{routes} routes hold on all four counts"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standings(others: &[(&'static str, Verdict)]) -> BTreeMap<&'static str, Verdict> {
        let ids = ACCESS.iter().copied().chain(COUNTS.iter().map(|(_, id)| *id));
        ids.map(|id| (id, Verdict::Pass)).chain(others.iter().copied()).collect()
    }

    fn launch(class: &str) -> LaunchFile {
        let text = include_str!("../../rules/checklist/README.md");
        let section = text.split("## `launch.toml`").nth(1).expect("it is documented");
        let example = section.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let example = example.replace("class = \"invoices\"", &format!("class = \"{class}\""));
        LaunchFile::parse("launch.toml", &example.replace("/api/invoices/{id}", "/x/{id}")).expect("it is sound")
    }

    #[test]
    fn a_class_without_a_resource_is_open_and_a_test_that_fails_is_a_fail() {
        let launch = launch("invoices");
        let routes = |all: &[&str]| all.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        for (others, paths, expected) in [
            (&[][..], &["/invoices/{id}"][..], derived_pass()),
            (&[], &["/health"], derived_pass()),
            (&[], &["/invoices", "/messages/{id}"], Claim::Open),
            (&[("AUTHZ-01", Verdict::Review)], &["/invoices"], Claim::Review),
            (&[("AUTHZ-02", Verdict::Open)], &["/invoices"], Claim::Open),
            (&[("AUTHZ-03", Verdict::Fail)], &["/invoices"], Claim::Fail),
        ] {
            let routes = routes(paths);
            let surface = Surface { launch: Some(&launch), routes: &routes };
            assert_eq!(classes(&standings(others), &surface).claim, expected, "{others:?} {paths:?}");
        }
        let nothing = Surface { launch: None, routes: &[] };
        assert_eq!(classes(&standings(&[]), &nothing).claim, Claim::Open, "nobody has said what there is");
    }

    #[test]
    fn the_grid_is_as_good_as_its_worst_cell() {
        let launch = launch("invoices");
        let surface = Surface { launch: Some(&launch), routes: &[] };
        for (others, expected) in [
            (&[][..], derived_pass()),
            (&[("VAL-03", Verdict::Fail)], Claim::Fail),
            (&[("VAL-01", Verdict::Review)], Claim::Review),
            (&[("AUTHN-01", Verdict::Open)], Claim::Open),
            (&[("AUTHN-01", Verdict::NotApplicable)], derived_pass()),
        ] {
            assert_eq!(grid(&standings(others), &surface).claim, expected, "{others:?}");
        }
        assert_eq!(grid(&standings(&[]), &Surface::default()).claim, Claim::Open, "no routes are named");
        let failing = grid(&standings(&[("VAL-03", Verdict::Fail)]), &Surface::default());
        assert_eq!(failing.claim, Claim::Fail, "a fail needs no names");
    }
}
