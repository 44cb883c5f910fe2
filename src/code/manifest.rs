//! Which version of a library a manifest or a lock file names.

use std::sync::Arc;

use super::project::Project;
use super::route::Place;

/// Where a library is named, with its version where that is written.
pub(super) type Named = (Place, Option<String>);

/// The files of a name, with their lines; those of other people's folders left out.
fn lines<'p>(project: &'p Project, name: &'static str) -> impl Iterator<Item = (&'p Arc<str>, u32, &'p str)> {
    let own = |path: &str| !super::reader::is_foreign(path) && path.rsplit('/').next() == Some(name);
    project.files().filter(move |(path, _)| own(path)).flat_map(|(path, file)| {
        let text = std::str::from_utf8(&file.text).unwrap_or_default();
        text.lines().zip(1..).map(move |(line, number)| (path, number, line.trim()))
    })
}

/// One for each folder: of several that name it there, the first one that has a version.
fn best(found: Vec<Named>) -> Vec<Named> {
    let folder = |named: &Named| named.0.file.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
    let mut out: Vec<Named> = Vec::new();
    for named in found {
        match out.iter_mut().find(|other| folder(other) == folder(&named)) {
            Some(other) if other.1.is_none() && named.1.is_some() => *other = named,
            Some(_) => {}
            None => out.push(named),
        }
    }
    out
}

fn place(file: &Arc<str>, line: u32) -> Place {
    Place { file: file.clone(), line }
}

/// What looks like a version, without what says how it may differ.
fn version(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    let text = text.strip_prefix('v').unwrap_or(text);
    let fits = text.starts_with(|c: char| c.is_ascii_digit()) && text.len() <= 40;
    fits.then(|| text.chars().filter(|c| !c.is_control()).collect())
}

/// A gem, by `Gemfile.lock` and `Gemfile`.
pub(super) fn gem(project: &Project, name: &str) -> Vec<Named> {
    let locked = lines(project, "Gemfile.lock").filter_map(|(file, line, text)| {
        let rest = text.strip_prefix(name)?.strip_prefix(" (")?;
        version(rest).map(|version| (place(file, line), Some(version)))
    });
    let asked = lines(project, "Gemfile").filter_map(|(file, line, text)| {
        let rest = text.strip_prefix("gem ")?.trim_start().trim_start_matches(['"', '\'']).strip_prefix(name)?;
        let rest = rest.strip_prefix(['"', '\''])?;
        Some((place(file, line), version(rest.trim_start_matches([',', ' ']))))
    });
    best(locked.chain(asked).collect())
}

/// A package, by `composer.lock` and `composer.json`.
pub(super) fn composer(project: &Project, name: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let quoted = format!("\"name\": \"{name}\"");
    let mut open: Option<Place> = None;
    for (file, line, text) in lines(project, "composer.lock") {
        if text.starts_with(&quoted) {
            open = Some(place(file, line));
        } else if let (Some(_), Some(rest)) = (&open, text.strip_prefix("\"version\":")) {
            found.extend(open.take().map(|at| (at, version(rest))));
        }
    }
    let key = format!("\"{name}\":");
    let asked = lines(project, "composer.json")
        .filter_map(|(file, line, text)| text.strip_prefix(&key).map(|rest| (place(file, line), version(rest))));
    found.extend(asked);
    best(found)
}

/// A library of the Java world: `pom.xml` and Gradle files that hold the word; with the version on that line or the next two.
pub(super) fn java(project: &Project, word: &str) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    for name in ["pom.xml", "build.gradle", "build.gradle.kts"] {
        let mut near: Option<(Place, u32)> = None;
        for (file, line, text) in lines(project, name) {
            if text.contains(word) {
                let at = place(file, line);
                let told = text.split(['\'', '"', ':']).rev().find_map(version);
                near = told.is_none().then(|| (at.clone(), line + 2));
                found.push((at, told));
            } else if let Some((at, until)) = &near {
                let told = text.strip_prefix("<version>").and_then(|rest| version(rest.split('<').next()?));
                let same = at.file == *file && line <= *until;
                if let (true, Some(told), Some(last)) = (same, told, found.last_mut()) {
                    last.1 = Some(told);
                    near = None;
                }
            }
        }
    }
    best(found)
}

/// A module, by `go.mod`. Its major version's path may follow the name.
pub(super) fn go(project: &Project, name: &str) -> Vec<Named> {
    let named = |(file, line, text): (&Arc<str>, u32, &str)| {
        let text = text.strip_prefix("require ").unwrap_or(text);
        let mut parts = text.split_whitespace();
        let module = parts.next()?;
        let rest = module.strip_prefix(name)?;
        let same = rest.is_empty() || rest.starts_with("/v");
        same.then(|| (place(file, line), parts.next().and_then(version)))
    };
    best(lines(project, "go.mod").filter_map(named).collect())
}

/// A crate, by `Cargo.lock` and `Cargo.toml`.
pub(super) fn cargo(project: &Project, name: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let quoted = format!("name = \"{name}\"");
    let mut open: Option<Place> = None;
    for (file, line, text) in lines(project, "Cargo.lock") {
        if text == quoted {
            open = Some(place(file, line));
        } else if let (Some(_), Some(rest)) = (&open, text.strip_prefix("version = ")) {
            found.extend(open.take().map(|at| (at, version(rest))));
        }
    }
    let asked = lines(project, "Cargo.toml").filter_map(|(file, line, text)| {
        let rest = text.strip_prefix(name)?.trim_start();
        let told = match rest.strip_prefix('=')?.trim_start() {
            table if table.starts_with('{') => table.split_once("version").and_then(|(_, rest)| rest.split('"').nth(1)),
            plain => Some(plain),
        };
        Some((place(file, line), told.and_then(version)))
    });
    found.extend(asked);
    best(found)
}
