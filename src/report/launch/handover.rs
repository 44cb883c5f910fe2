//! The handover page: what changed, what to watch, what to own next, and the five things that a team is asked at night.

use maud::{Markup, html};

use super::audit::{list, said};
use super::build::Build;
use super::model::{ByWhom, Handover, PlaceReport, VariableReport, WordReport, WrittenReport};
use crate::checklist::Judged;
use crate::checklist::checks::Part;
use crate::checklist::verdict::WordSays;
use crate::code::Route;

/// Places that a variable is told with.
const READS: usize = 3;

/// The last parts of paths that ask whether a product is well.
const HEALTH: &[&str] =
    &["health", "healthz", "healthcheck", "health-check", "ready", "readyz", "live", "livez", "ping", "up", "_health"];

/// The page as data.
pub(super) fn build(build: &Build<'_>) -> Handover {
    let input = build.input;
    let said = |ids: &[&str]| {
        let held = input.words.held().filter(|entry| entry.says == WordSays::Met && ids.contains(&entry.id.as_str()));
        held.map(|entry| build.word(entry)).collect()
    };
    let targets = || input.launch.iter().flat_map(|launch| &launch.targets);
    let health = targets().flat_map(|t| t.health.iter().map(|path| format!("{}{path}", t.url.trim_end_matches('/'))));
    let is_health = |route: &&Route| route.path.rsplit('/').next().is_some_and(|last| HEALTH.contains(&last));
    let routes = input.inventory.routes.iter().filter(is_health);
    let routes = routes.map(|r| format!("{} {} ({}:{})", r.method.name(), r.path, r.at.file, r.at.line));
    let mut health_routes: Vec<String> = routes.map(|told| build.mask(&told)).collect();
    health_routes.dedup();
    Handover {
        changed: changed(build),
        watch: watch(build),
        own_next: build.remaining(),
        by_whom: by_whom(build),
        dns: dns(build),
        variables: variables(build),
        health: health.map(|address| build.mask(&address)).collect(),
        health_routes,
        backup: said(&["DEP-07"]),
        rollback: said(&["DEP-02", "DEP-03"]),
        written: written(build),
    }
}

fn changed(build: &Build<'_>) -> Vec<String> {
    let rotated = build.input.ledger.iter().map(|e| format!("{}: {} was rotated by {}", e.date, e.rule, e.by));
    let said = build.input.words.held().filter(|entry| entry.says == WordSays::Met);
    let said = said.map(|entry| format!("{}: {}, says {}: {}", entry.date, entry.id, entry.owner, entry.statement));
    let mut changed: Vec<String> = rotated.chain(said).map(|line| build.mask(&line)).collect();
    changed.sort();
    changed
}

fn watch(build: &Build<'_>) -> Vec<String> {
    let to_watch = |judged: &&Judged<'_>| judged.row.area.id == "MON" || judged.row.id == "LOG-05";
    let rows = build.input.assessment.rows().iter().filter(to_watch);
    let rows = rows.map(|judged| format!("{} {}: {}", judged.row.id, judged.row.title, judged.standing));
    let due = build.input.words.renewals(build.input.today).into_iter().filter(|renewal| renewal.is_due());
    let due = due.map(|r| format!("{} has to be attested again by {}: {}", r.id, r.expires, r.owner));
    rows.chain(due).map(|line| build.mask(&line)).collect()
}

/// The rows that are left, by who can do something about them.
fn by_whom(build: &Build<'_>) -> Vec<ByWhom> {
    let mut all: Vec<ByWhom> = Vec::new();
    for judged in build.input.assessment.plan().iter().flat_map(|block| &block.rows) {
        let id = judged.row.id.clone();
        match all.iter_mut().find(|known| known.who == judged.row.area.who) {
            Some(known) => known.rows.push(id),
            None => all.push(ByWhom { who: judged.row.area.who.clone(), rows: vec![id] }),
        }
    }
    all
}

/// The hosts, and the names that mail needs.
fn dns(build: &Build<'_>) -> Vec<String> {
    let launch = build.input.launch;
    let hosts = launch.iter().flat_map(|launch| &launch.targets).flat_map(|target| &target.hosts).cloned();
    let mail = launch.iter().filter_map(|launch| launch.mail.as_ref()).flat_map(|mail| {
        let domain = &mail.domain;
        let keys = mail.selectors.iter().map(move |selector| format!("{selector}._domainkey.{domain} (DKIM)"));
        [format!("{domain} (MX, SPF)"), format!("_dmarc.{domain} (DMARC)")].into_iter().chain(keys)
    });
    hosts.chain(mail).map(|name| build.mask(&name)).collect()
}

fn variables(build: &Build<'_>) -> Vec<VariableReport> {
    let mut all = build.input.variables.clone();
    // What a file beside the code has counts as listed there; its values were never kept.
    for (path, file) in &build.input.gathered.env_files {
        for name in file.filled.iter().chain(&file.empty) {
            all.entry(name.clone()).or_default().listed.insert(path.clone());
        }
    }
    let place =
        |(path, line): &(String, u32)| PlaceReport { path: build.mask_path(path), line: Some(*line), blob: None };
    let one = |(name, variable): (&String, &crate::checklist::checks::Variable)| VariableReport {
        name: build.mask(name),
        read: variable.read.iter().map(place).collect(),
        listed: variable.listed.iter().map(|path| build.mask_path(path)).collect(),
    };
    all.iter().map(one).collect()
}

fn written(build: &Build<'_>) -> Vec<WrittenReport> {
    let one = |one: &crate::checklist::checks::Written| WrittenReport {
        part: match one.part {
            Part::Dns => "dns",
            Part::Variables => "variables",
            Part::Health => "health",
            Part::Backup => "backup",
            Part::Rollback => "rollback",
        },
        place: PlaceReport { path: build.mask_path(&one.path), line: Some(one.line), blob: None },
        filled: one.is_filled,
    };
    build.input.written.iter().map(one).collect()
}

impl Handover {
    /// Where documents have a part, in words.
    pub(super) fn written_of(&self, part: &str) -> Vec<String> {
        let of = self.written.iter().filter(|written| written.part == part);
        let told = |written: &WrittenReport| {
            let note = if written.filled { "" } else { " (a heading, and nothing below it)" };
            format!("{}{note}", written.place.told())
        };
        of.map(told).collect()
    }
}

/// How many requirements are left.
pub(super) fn left(number: usize) -> String {
    match number {
        1 => "1 requirement is left".to_owned(),
        _ => format!("{number} requirements are left"),
    }
}

/// The page.
pub(super) fn page(handover: &Handover) -> Markup {
    html! {
        h3 { "What changed" }
        (list(&handover.changed, "Nothing is written down: no rotation in rotations.toml and no word in launch.attest.toml."))
        h3 { "What to watch" }
        (list(&handover.watch, "Nothing is watched."))
        h3 { "What to own next" }
        @if handover.by_whom.is_empty() { p { "Nothing is left." } }
        @else {
            p { (left(handover.own_next.len())) "; “What remains” has each with its owner." }
            ul { @for one in &handover.by_whom { li { b { (one.who) } ": " (one.rows.join(", ")) } } }
        }
        h3 { "DNS targets" }
        @if handover.dns.is_empty() { p.soft { "launch.toml names no host: write its [[target]] and [mail]." } }
        @else { ul { @for name in &handover.dns { li { code { (name) } " points to " span.blank {} } } } }
        (documents(handover, "dns"))
        h3 { "Environment variables" }
        (table(&handover.variables))
        (documents(handover, "variables"))
        h3 { "Health addresses" }
        (list(&handover.health, "launch.toml names none: write `health` into its [[target]]."))
        @if !handover.health_routes.is_empty() { p { "In the code: " (handover.health_routes.join(", ")) } }
        (documents(handover, "health"))
        h3 { "Backup and restore" }
        (stated(&handover.backup, "DEP-07"))
        (documents(handover, "backup"))
        h3 { "Rollback and its owner" }
        (stated(&handover.rollback, "DEP-03"))
        (documents(handover, "rollback"))
    }
}

fn documents(handover: &Handover, part: &str) -> Markup {
    let places = handover.written_of(part);
    html! {
        @if !places.is_empty() { p.small { "Written in: " (places.join(", ")) } }
    }
}

fn table(variables: &[VariableReport]) -> Markup {
    html! {
        @if variables.is_empty() { p.soft { "The code reads none, and no file lists any." } }
        @else {
            table.stack {
                thead { tr { th scope="col" { "Variable" } th scope="col" { "Read in the code" } th scope="col" { "Listed in" } } }
                tbody { @for variable in variables { tr {
                    td { code { (variable.name) } }
                    td { (reads(variable)) }
                    td { @if variable.listed.is_empty() { b { "nowhere" } } @else { (variable.listed.join(", ")) } }
                } } }
            }
        }
    }
}

/// Where a variable is read, in a few words.
pub(super) fn reads(variable: &VariableReport) -> String {
    let mut places: Vec<String> = variable.read.iter().take(READS).map(PlaceReport::told).collect();
    if let Some(more @ 1..) = variable.read.len().checked_sub(READS) {
        places.push(format!("and {more} more"));
    }
    if places.is_empty() { "not seen".into() } else { places.join(", ") }
}

fn stated(words: &[WordReport], id: &str) -> Markup {
    html! {
        @for word in words { (said(word)) }
        @if words.is_empty() {
            p { "Nobody has given their word: " span.blank {} }
            p.small.soft { code { (crate::checklist::unseen::attest_command(id, "FILE-OR-URL")) } }
        }
    }
}
