//! AUTHZ-05: row-level security of the database, and rules of Firebase.

use std::collections::BTreeMap;

use super::say::{Told, count, names};
use super::survey::{Stage, Survey, entries, numbered, stage};
use crate::code::expression::Value;

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    sql(survey, told);
    firebase(survey, told);
}

/// A table: where it is made, and whether its rows are guarded.
type Tables<'s> = BTreeMap<String, (&'s str, u32, bool)>;

fn sql(survey: &Survey<'_>, told: &mut Told<'_>) {
    let files = survey.paths(|path| path.ends_with(".sql") && stage(path) > Stage::Development);
    let mut tables = Tables::new();
    let mut open = Vec::new();
    for path in &files {
        for (line, statement) in statements(survey.text(path).unwrap_or_default()) {
            read(path, line, &statement, &mut tables, &mut open);
        }
    }
    let looked_at = format!("{} of migrations", count(files.len(), "file"));
    for (path, line) in &open {
        told.fail("AUTHZ-05")
            .reason("A policy lets everybody at every row: its condition is `true`.")
            .looked_at(looked_at.clone())
            .change("a condition that names the user")
            .at(path, *line);
    }
    let bare: Vec<(&String, &(&str, u32, bool))> = tables.iter().filter(|(_, (_, _, guarded))| !guarded).collect();
    let guarded = tables.len() - bare.len();
    let is_supabase = files.iter().any(|path| path.contains("supabase/"));
    if guarded == 0 && !is_supabase || tables.is_empty() {
        return;
    }
    let places = || bare.iter().map(|(_, (path, line, _))| (*path, *line));
    if bare.is_empty() {
        told.review("AUTHZ-05")
            .reason(
                "Row-level security is on for every table; whether its policies name the owner is for somebody to see.",
            )
            .looked_at(looked_at)
            .counted(guarded, tables.len(), "tables")
            .change("the record of a test with two accounts")
            .at_all(tables.values().map(|(path, line, _)| (*path, *line)));
    } else {
        // What Supabase has in its public schema, everybody can ask for.
        let say = if is_supabase { told.fail("AUTHZ-05") } else { told.review("AUTHZ-05") };
        let _ = say
            .reason(format!(
                "{} without row-level security: {}.",
                if bare.len() == 1 { "1 table is".to_owned() } else { format!("{} tables are", bare.len()) },
                names(bare.iter().map(|(name, _)| name.as_str()))
            ))
            .looked_at(looked_at)
            .counted(guarded, tables.len(), "tables")
            .change("ENABLE ROW LEVEL SECURITY for each, with policies that name the user")
            .at_all(places());
    }
}

fn read<'s>(path: &'s str, line: u32, statement: &str, tables: &mut Tables<'s>, open: &mut Vec<(&'s str, u32)>) {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let name_after = |word: &str| {
        let at = words.iter().position(|other| *other == word)? + 1;
        let skipped = words[at..].iter().position(|word| !matches!(*word, "if" | "not" | "exists" | "only"))?;
        let name = words[at + skipped].split('(').next()?.replace('"', "");
        Some(name.strip_prefix("public.").unwrap_or(&name).to_owned())
    };
    match words.as_slice() {
        ["create", "table", ..] | ["create", "unlogged", "table", ..] => {
            if let Some(name) = name_after("table") {
                tables.entry(name).or_insert((path, line, false));
            }
        }
        ["alter", "table", ..] if statement.contains("enable row level security") => {
            if let Some(entry) = name_after("table").and_then(|name| tables.get_mut(&name)) {
                entry.2 = true;
            }
        }
        ["alter", "table", ..] if statement.contains("disable row level security") => {
            if let Some(entry) = name_after("table").and_then(|name| tables.get_mut(&name)) {
                entry.2 = false;
            }
        }
        ["drop", "table", ..] => {
            name_after("table").and_then(|name| tables.remove(name.as_str()));
        }
        ["create", "policy", ..] => {
            let tight: String = statement.chars().filter(|c| !c.is_whitespace()).collect();
            if tight.contains("using(true)") || tight.contains("check(true)") {
                open.push((path, line));
            }
        }
        _ => {}
    }
}

/// Statements in small letters, with the line each begins on; without comments and what is in quotes.
fn statements(text: &str) -> Vec<(u32, String)> {
    let (mut found, mut current, mut begun) = (Vec::new(), String::new(), 1);
    let (mut is_text, mut in_comment) = (false, false);
    for (line, text) in numbered(text) {
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let next = characters.peek().copied();
            match (character, next) {
                ('*', Some('/')) if in_comment => {
                    in_comment = false;
                    characters.next();
                }
                _ if in_comment => {}
                ('\'', _) => is_text = !is_text,
                _ if is_text => {}
                ('-', Some('-')) => break,
                ('/', Some('*')) => in_comment = true,
                (';', _) => found.push((begun, std::mem::take(&mut current))),
                _ => {
                    if current.trim().is_empty() && !character.is_whitespace() {
                        begun = line;
                    }
                    current.extend(character.to_lowercase());
                }
            }
        }
        current.push(' ');
    }
    found.push((begun, current));
    found
}

fn firebase(survey: &Survey<'_>, told: &mut Told<'_>) {
    let (mut open, mut files) = (Vec::new(), Vec::new());
    for path in survey.paths(|path| path.ends_with(".rules")) {
        files.push((path, 1));
        for (line, text) in survey.text(path).map(numbered).into_iter().flatten() {
            let code = text.split("//").next().unwrap_or_default();
            let tight: String = code.chars().filter(|c| !c.is_whitespace()).collect();
            let is_bare = tight.starts_with("allow") && tight.ends_with(';') && !tight.contains(':');
            if tight.contains(":iftrue") || is_bare {
                open.push((path, line));
            }
        }
    }
    for file in survey.settings.iter().filter(|file| file.path.ends_with("database.rules.json")) {
        files.push((file.path, 1));
        for (path, value, line) in file.documents.iter().flat_map(entries) {
            let is_open = *value == Value::Flag(true) || value.text() == Some("true");
            if (path.ends_with(".read") || path.ends_with(".write")) && is_open {
                open.push((file.path, line));
            }
        }
    }
    if files.is_empty() {
        return;
    }
    let looked_at = "rules of Firebase";
    if open.is_empty() {
        told.review("AUTHZ-05")
            .reason("No rule of Firebase is open to everybody; whether each names the owner is for somebody to see.")
            .looked_at(looked_at)
            .counted(files.len(), files.len(), "files")
            .change("the record of a test with two accounts")
            .at_all(files);
    } else {
        told.fail("AUTHZ-05")
            .reason("A rule of Firebase lets everybody in: its condition is `true`.")
            .looked_at(looked_at)
            .counted(files.len(), files.len(), "files")
            .change("a condition that names the user")
            .at_all(open);
    }
}
