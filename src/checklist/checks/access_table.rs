//! AUTHZ-09: the table of who can read what, in a document: a cell for every role and every class of data.

use std::collections::BTreeSet;

use super::document::is_nobody;
use super::handover::titled;
use super::say::{Told, count, names};
use super::survey::Survey;

/// Headings that such a table stands under.
const TITLES: &[&str] = &[
    "who can read", "who may read", "who can do", "who can see", "access matrix", "access control", "permission",
    "authorization", "authorisation", "roles", "role matrix", "data access",
];

/// What a cell says when it says something.
const ANSWERS: &[&str] = &[
    "read", "write", "own", "none", "no", "nothing", "yes", "all", "change", "create", "update", "delete", "full", "r",
    "rw", "x", "✓", "✔", "✅", "❌", "✗", "-", "–", "—", "y", "n",
];

/// A table of Markdown: the cells of each line.
struct Table<'a> {
    path: &'a str,
    line: u32,
    head: Vec<&'a str>,
    rows: Vec<(u32, Vec<&'a str>)>,
}

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let tables = titled(survey, TITLES).filter_map(|(path, section)| table(path, &section.body));
    let tables = tables.filter(|table| names_roles(survey, table));
    let Some(table) = tables.max_by_key(|table| table.rows.len() * table.head.len()) else { return };
    let roles = &table.head[1..];
    let empty: Vec<(u32, &str)> = table
        .rows
        .iter()
        .filter(|(_, cells)| cells[1..].iter().any(|cell| is_empty(cell)))
        .map(|(line, cells)| (*line, cells[0]))
        .collect();
    let short =
        table.rows.iter().filter(|(_, cells)| cells.len() < table.head.len()).map(|(line, cells)| (*line, cells[0]));
    let holes: Vec<(u32, &str)> = empty.into_iter().chain(short).collect();
    let unknown = missing(survey, &table);
    let looked_at = format!(
        "the table at {}:{}, {} by {}",
        table.path,
        table.line,
        count(roles.len(), "role"),
        count(table.rows.len(), "class")
    );
    let change = "a table with an answer for every role and class, and the word of who knows the product";
    let seen = table.rows.len().saturating_sub(holes.len());
    if holes.is_empty() && unknown.is_empty() {
        told.review("AUTHZ-09")
            .reason(format!(
                "A table says for {} of data what {} may do; whether it is right is for somebody to say.",
                count(table.rows.len(), "class"),
                count(roles.len(), "role")
            ))
            .looked_at(looked_at)
            .counted(seen, table.rows.len(), "classes of data")
            .change(change)
            .at(table.path, table.line);
        return;
    }
    let reason = match (holes.len(), unknown.is_empty()) {
        (0, _) => {
            format!("The table does not have {}, which launch.toml names.", names(unknown.iter().map(String::as_str)))
        }
        (holes, true) => format!(
            "{} of the table without an answer for every role.",
            if holes == 1 { "1 line is".to_owned() } else { format!("{holes} lines are") }
        ),
        (_, false) => format!(
            "Some lines of the table have no answer for every role, and it does not have {}.",
            names(unknown.iter().map(String::as_str))
        ),
    };
    told.fail("AUTHZ-09")
        .reason(reason)
        .looked_at(looked_at)
        .counted(seen, table.rows.len() + unknown.len(), "classes of data and roles")
        .change(change)
        .at(table.path, table.line)
        .at_all(holes.iter().map(|(line, _)| (table.path, *line)));
}

/// Whether somebody's role stands at the head of a column; a table of anything else is none of rights.
fn names_roles(survey: &Survey<'_>, table: &Table<'_>) -> bool {
    const ROLES: &[&str] = &[
        "role", "user", "admin", "owner", "member", "guest", "anonym", "visitor", "public", "everyone", "anybody",
        "editor", "viewer", "reader", "author", "writer", "moderator", "staff", "manager", "customer", "client",
        "seller", "buyer", "vendor", "creator", "fan", "agency", "team", "support", "operator", "superuser", "tenant",
        "developer", "maintainer", "reporter", "teacher", "student", "doctor", "patient", "parent", "employee",
        "partner", "host",
    ];
    let named = survey.launch.into_iter().flat_map(|launch| &launch.accounts);
    let named: Vec<String> = named.map(|account| account.role.to_ascii_lowercase()).collect();
    table.head.iter().any(|cell| {
        let cell = cell.to_ascii_lowercase();
        ROLES.iter().any(|role| cell.contains(role)) || named.iter().any(|role| cell.contains(role.as_str()))
    })
}

/// Roles and classes of `launch.toml` that the table does not have.
fn missing(survey: &Survey<'_>, table: &Table<'_>) -> BTreeSet<String> {
    let Some(launch) = survey.launch else { return BTreeSet::new() };
    let is_in =
        |cell: &str, name: &str| cell.to_ascii_lowercase().contains(name.to_ascii_lowercase().trim_end_matches('s'));
    let roles = launch.accounts.iter().map(|account| account.role.clone());
    let roles = roles.filter(|role| !table.head.iter().any(|cell| is_in(cell, role)));
    let classes = launch.resources.iter().map(|resource| resource.class.clone());
    let classes = classes.filter(|class| !table.rows.iter().any(|(_, cells)| is_in(cells[0], class)));
    roles.chain(classes).collect()
}

fn is_empty(cell: &str) -> bool {
    let plain = cell.trim_matches(['*', '_', '`', ' ']).to_ascii_lowercase();
    !ANSWERS.contains(&plain.as_str()) && is_nobody(cell)
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?;
    Some(inner.strip_suffix('|').unwrap_or(inner).split('|').map(str::trim).collect())
}

/// The first table of a section that has two columns at least, and answers in its cells: not one that only lists.
fn table<'a>(path: &'a str, body: &[(u32, &'a str)]) -> Option<Table<'a>> {
    let rule = |line: &str| {
        cells(line).is_some_and(|cells| cells.iter().all(|c| !c.is_empty() && c.chars().all(|c| "-: ".contains(c))))
    };
    let at = body.iter().position(|(_, line)| rule(line)).filter(|at| *at > 0)?;
    let (line, head) = (body[at - 1].0, cells(body[at - 1].1)?);
    let rows: Vec<(u32, Vec<&str>)> =
        body[at + 1..].iter().map_while(|(line, text)| cells(text).map(|cells| (*line, cells))).collect();
    let answers = |cell: &&str| {
        let lower = cell.trim_matches(['*', '_', '`', ' ']).to_ascii_lowercase();
        lower.split(|c: char| !c.is_alphanumeric() && c.is_ascii()).any(|word| ANSWERS.contains(&word))
            || ANSWERS.contains(&lower.as_str())
    };
    let has_answers = rows.iter().any(|(_, cells)| cells[1..].iter().any(&answers));
    (head.len() > 1 && !rows.is_empty() && has_answers).then_some(Table { path, line, head, rows })
}
