//! What is written down: DEP-01, DEP-02, DEP-03, DEP-05, DEP-07, DEP-09, MON-08 and HAND-01.

use super::document::{Document, Section, days_between, owner_of};
use super::say::Told;
use super::survey::Survey;
use super::{Part, Written};

/// A handover page is fresh for so many days.
const FRESH: i32 = 30;

/// The record of a restore counts for so many days.
const RESTORED: i32 = 90;

/// Sections of one part that are told.
const WRITTEN: usize = 5;

const ROLLBACK: &[&str] = &["rollback", "roll back", "rolling back", "revert a deploy", "reverting"];

/// The sections of the handover page, and the words by which each is known.
const HANDOVER: [(&str, &[&str]); 5] = [
    ("DNS targets", &["dns"]),
    ("environment variables", &["environment", "env var", "variables", "secrets"]),
    ("health addresses", &["health"]),
    ("backup steps", &["backup"]),
    ("the rollback's owner", ROLLBACK),
];

/// What may come in the first weeks.
const STRESS: [(&str, &[&str]); 3] =
    [("spikes", &["spike", "traffic surge", "load"]), ("webhooks", &["webhook"]), ("scraping", &["scrap"])];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    rollback(survey, told);
    list_to_production(survey, told);
    backup(survey, told);
    stress(survey, told);
    recovery(survey, told);
    page(survey, told);
}

/// Sections by their headings, of all documents.
pub(super) fn titled<'s, 'a>(
    survey: &'s Survey<'a>,
    words: &'s [&'s str],
) -> impl Iterator<Item = (&'a str, &'s Section<'a>)> + 's {
    survey.documents.iter().flat_map(move |document| document.titled(words).map(|section| (document.path, section)))
}

fn rollback(survey: &Survey<'_>, told: &mut Told<'_>) {
    let about = |section: &Section<'_>| section.is_about(&["rollback", "roll", "revert", "back"]);
    let sections: Vec<_> = titled(survey, ROLLBACK).filter(|(_, section)| about(section)).collect();
    let looked_at = "sections on rolling back";
    if let Some((path, section)) = sections.iter().find(|(_, section)| section.command().is_some()) {
        told.review("DEP-02")
            .reason("The command that rolls back is written down; whether it works in minutes only a drill shows.")
            .looked_at(looked_at)
            .change("the record of a timed drill")
            .at(path, section.command().unwrap_or(section.line));
    } else if let Some((path, section)) = sections.first() {
        told.fail("DEP-02")
            .reason("There is a section on rolling back, and no command in it.")
            .looked_at(looked_at)
            .change("the command, in a code block of that section")
            .at(path, section.line);
    }
    // The owner stands in the section, or in a line of its own: `Rollback owner: …`.
    let in_section =
        sections.iter().find_map(|(path, section)| section.owner().map(|(line, named)| (*path, line, named)));
    let in_line = survey.documents.iter().find_map(|document| {
        let words = ["rollback owner", "owner of the rollback", "rollback's owner"];
        let line =
            (1_u32..).zip(document.text.lines()).find_map(|(n, text)| owner_of(text, &words).map(|named| (n, named)));
        line.map(|(line, named)| (document.path, line, named))
    });
    match in_line.or(in_section) {
        Some((path, line, true)) => {
            told.review("DEP-03")
                .reason("An owner of the rollback is named.")
                .looked_at(looked_at)
                .change("the owner's word")
                .at(path, line);
        }
        Some((path, line, false)) => {
            told.fail("DEP-03")
                .reason("The rollback has a place for an owner, and nobody stands there.")
                .looked_at(looked_at)
                .change("the name of a person")
                .at(path, line);
        }
        None => {}
    }
}

fn list_to_production(survey: &Survey<'_>, told: &mut Told<'_>) {
    let words = [
        "checklist", "staging to production", "go-live", "go live", "pre-launch", "release list", "before each release",
    ];
    let about = |section: &Section<'_>| {
        let text = section.title.to_ascii_lowercase();
        let body = || section.body.iter().any(|(_, text)| text.to_ascii_lowercase().contains("production"));
        ["staging", "production", "release", "launch", "live", "deploy"].iter().any(|word| text.contains(word))
            || body()
    };
    let sections: Vec<_> = titled(survey, &words).filter(|(_, section)| about(section)).collect();
    let looked_at = "lists from staging to production";
    if let Some((path, section)) = sections.iter().find(|(_, section)| section.steps() >= 3) {
        told.review("DEP-05")
            .reason(format!("There is a list with {} points.", section.steps()))
            .looked_at(looked_at)
            .change("the word of who went through it at the last release")
            .at(path, section.line);
    } else if let Some((path, section)) = sections.first() {
        told.fail("DEP-05")
            .reason("There is a heading for the list, and fewer than three points below it.")
            .looked_at(looked_at)
            .change("the points of the list")
            .at(path, section.line);
    }
}

fn backup(survey: &Survey<'_>, told: &mut Told<'_>) {
    // A product that watches the backups of others writes of them too.
    let tells = |section: &Section<'_>| section.command().is_some() || section.steps() > 1;
    let about =
        |section: &Section<'_>| section.is_about(&["backup", "restor", "recover", "disaster", "dump", "back", "up"]);
    let all = || titled(survey, &["backup", "restore"]).filter(|(_, section)| about(section));
    let (mut sections, others): (Vec<_>, Vec<_>) = all().partition(|(_, section)| tells(section));
    sections.extend(others);
    let Some((path, section)) = sections.first() else { return };
    let restored = |section: &Section<'_>| {
        let lines = section.body.iter().filter(|(_, text)| text.to_ascii_lowercase().contains("restor"));
        let dates =
            lines.flat_map(|(line, text)| super::document::dates(text).into_iter().map(move |date| (*line, date)));
        dates.max_by_key(|(_, date)| *date)
    };
    let last = sections.iter().filter_map(|(path, section)| restored(section).map(|(line, date)| (*path, line, date)));
    let last = last.max_by_key(|(_, _, date)| *date);
    let is_filled = sections.iter().any(|(_, section)| section.is_filled());
    let age = last.map(|(_, _, date)| days_between(date, survey.today));
    let (is_bad, reason) = match age {
        _ if !is_filled => (true, "There is a heading for backups, and nothing below it.".to_owned()),
        None => (true, "The steps are written, and no date of a restore.".to_owned()),
        Some(days) if days < 0 => (true, "The restore has a date that is still to come.".to_owned()),
        Some(days) if days > RESTORED => (true, format!("The last restore that is written was {days} days ago.")),
        Some(days) => (false, format!("The steps are written, and a restore of {days} days ago.")),
    };
    let say = if is_bad { told.fail("DEP-07") } else { told.review("DEP-07") };
    let (path, line) = last.map_or((*path, section.line), |(path, line, _)| (path, line));
    let _ = say
        .reason(reason)
        .looked_at("sections on backups")
        .change("the date of a restore within 90 days")
        .at(path, line);
}

/// Documents that are meant for what may go wrong; a README about web scraping is none.
fn stress(survey: &Survey<'_>, told: &mut Told<'_>) {
    let found: Vec<(&str, Option<(&str, &Section<'_>)>)> = STRESS
        .iter()
        .map(|(name, words)| {
            let all: Vec<_> = titled(survey, words).collect();
            let filled = all.iter().find(|(_, section)| section.is_filled()).or(all.first());
            (*name, filled.copied())
        })
        .collect();
    let filled: Vec<_> = found.iter().filter_map(|(_, s)| *s).filter(|(_, section)| section.is_filled()).collect();
    let places: Vec<(&str, u32)> =
        found.iter().filter_map(|(_, s)| s.map(|(path, section)| (path, section.line))).collect();
    let missing: Vec<&str> = found
        .iter()
        .filter(|(_, s)| s.is_none_or(|(_, section)| !section.is_filled()))
        .map(|(name, _)| *name)
        .collect();
    let looked_at = "sections on spikes, webhooks and scraping";
    if places.is_empty() {
        return;
    }
    if missing.is_empty() {
        told.pass("DEP-09", "a section that is empty or has a place-holder would not have counted")
            .reason("All three sections are there and filled.")
            .looked_at(looked_at)
            .counted(3, 3, "sections")
            .change("one of the sections emptied")
            .at_all(places);
        return;
    }
    let is_begun = found.iter().any(|(_, s)| s.is_some_and(|(_, section)| !section.is_filled()));
    let say = if is_begun { told.fail("DEP-09") } else { told.review("DEP-09") };
    let _ = say
        .reason(format!("Not written, or not filled: {}.", missing.join(", ")))
        .looked_at(looked_at)
        .counted(filled.len(), 3, "sections")
        .change("a filled section for each of the three")
        .at_all(places);
}

fn recovery(survey: &Survey<'_>, told: &mut Told<'_>) {
    let words = [
        "recovery", "runbook", "incident", "on call", "on-call", "outage", "when it breaks",
        "troubleshooting production",
    ];
    let by_name = |document: &&Document<'_>| {
        let name = document.path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        name.contains("runbook") || name.contains("incident") || name.contains("recovery")
    };
    // Codes, passwords and files are recovered as well.
    let about = |section: &Section<'_>| {
        section.is_about(&[
            "recover", "runbook", "incident", "call", "outage", "breaks", "troubleshoot", "disaster", "respon",
            "emergency",
        ])
    };
    let mut sections: Vec<_> = titled(survey, &words).filter(|(_, section)| about(section)).collect();
    sections.extend(survey.documents.iter().filter(by_name).filter_map(|d| d.sections.first().map(|s| (d.path, s))));
    let looked_at = "sections on recovery";
    let Some((path, first)) = sections.first() else { return };
    let owner = sections.iter().find_map(|(path, section)| section.owner().map(|(line, named)| (*path, line, named)));
    let steps = sections.iter().any(|(_, section)| section.steps() > 1 || section.command().is_some());
    let (is_bad, reason, at) = match owner {
        _ if !steps => (true, "There is a heading on recovery, and no steps below it.", (*path, first.line)),
        Some((path, line, false)) => {
            (true, "Recovery has a place for an owner, and nobody stands there.", (path, line))
        }
        Some((path, line, true)) => (false, "Recovery is written with steps and an owner.", (path, line)),
        None => (false, "Recovery is written with steps; an owner was not found beside them.", (*path, first.line)),
    };
    let say = if is_bad { told.fail("MON-08") } else { told.review("MON-08") };
    let _ =
        say.reason(reason).looked_at(looked_at).change("steps and the name of a person, and their word").at(at.0, at.1);
}

/// Where documents have the parts of a handover, filled ones first. A heading of a changelog or of somebody's tutorial may be among
/// them, so that they are told with their place only.
pub(super) fn written(survey: &Survey<'_>) -> Vec<Written> {
    let parts = [Part::Dns, Part::Variables, Part::Health, Part::Backup, Part::Rollback];
    let mut written = Vec::new();
    for (part, (_, words)) in parts.into_iter().zip(HANDOVER) {
        let of = |(path, section): (&str, &Section<'_>)| Written {
            part,
            path: path.to_owned(),
            line: section.line,
            is_filled: section.is_filled(),
        };
        written.extend(titled(survey, words).map(of).take(WRITTEN));
    }
    written.sort_by_key(|one| (one.part, !one.is_filled));
    written
}

/// The handover page: one whose name or first heading says so.
pub(super) fn handover<'s, 'a>(survey: &'s Survey<'a>) -> Option<&'s Document<'a>> {
    let is_page = |document: &&Document<'_>| {
        let name = document.path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let title = document.sections.first().map(|section| section.title.to_ascii_lowercase()).unwrap_or_default();
        ["handover", "hand-over", "handoff"].iter().any(|word| name.contains(word) || title.contains(word))
    };
    survey.documents.iter().find(is_page)
}

fn page(survey: &Survey<'_>, told: &mut Told<'_>) {
    let Some(document) = handover(survey) else { return };
    let looked_at = "the handover page";
    let sections: Vec<(&str, Option<&Section<'_>>)> = HANDOVER
        .iter()
        .map(|(name, words)| (*name, document.titled(words).max_by_key(|section| section.is_filled())))
        .collect();
    let is_filled = |name: &str, section: &Section<'_>| {
        let nobody = name.ends_with("owner") && section.owner().is_none_or(|(_, named)| !named);
        section.is_filled() && !nobody
    };
    let missing: Vec<&str> = sections
        .iter()
        .filter(|(name, section)| section.is_none_or(|section| !is_filled(name, section)))
        .map(|(name, _)| *name)
        .collect();
    let places: Vec<(&str, u32)> = sections.iter().filter_map(|(_, s)| s.map(|s| (document.path, s.line))).collect();
    if !missing.is_empty() {
        told.fail("HAND-01")
            .reason(format!("Missing, or not filled: {}.", missing.join(", ")))
            .looked_at(looked_at)
            .counted(5 - missing.len(), 5, "sections")
            .change("the five sections, each filled, the rollback with the name of a person")
            .at(document.path, 1)
            .at_all(places);
        return;
    }
    let words = ["updated", "reviewed", "as of", "date"];
    let dated = (1_u32..).zip(document.text.lines()).find_map(|(line, text)| {
        let lower = text.to_ascii_lowercase();
        let date = super::document::dates(text).into_iter().next()?;
        words.iter().any(|word| lower.contains(word)).then_some((line, date))
    });
    let age = dated.map(|(_, date)| days_between(date, survey.today));
    let line = dated.map_or(1, |(line, _)| line);
    match age {
        Some(days @ 0..=FRESH) => {
            told.pass("HAND-01", "an empty section, a place-holder or a date too old would not have counted")
                .reason(format!("The five sections are filled, and the page is {days} days old."))
                .looked_at(looked_at)
                .counted(5, 5, "sections")
                .change("thirty days without an update")
                .at(document.path, line)
                .at_all(places);
        }
        Some(days) => {
            let reason = match days < 0 {
                true => "The page has a date that is still to come.".to_owned(),
                false => format!("The page was last updated {days} days ago; thirty are the most."),
            };
            told.fail("HAND-01")
                .reason(reason)
                .looked_at(looked_at)
                .counted(5, 5, "sections")
                .change("an update, with its date")
                .at(document.path, line);
        }
        None => {
            told.review("HAND-01")
                .reason("The five sections are filled; the page does not say when it was updated.")
                .looked_at(looked_at)
                .counted(5, 5, "sections")
                .change("a line with `Updated:` and the day")
                .at(document.path, 1);
        }
    }
}
