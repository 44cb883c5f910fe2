//! Several applications in one tree: what is set for one says nothing of another.
//!
//! Settings stand in other files than what they are for, so a check that looks for them in the whole tree would take those of a good
//! application for a bad one that has none. Such checks look at each application for itself, together with what belongs to none.

use std::collections::{BTreeMap, BTreeSet};

use super::say::Told;
use super::survey::{CodeFile, SettingsFile, Survey};
use super::{Area, cookies, cors, debug, look};
use crate::checklist::stack::is_manifest;
use crate::code::Project;

/// The checks that find in one file what another is judged by.
const AREAS: &[Area] = &[cors::decide, cookies::decide, debug::decide];

/// What one application has.
type Files<'a> = (Vec<CodeFile<'a>>, Vec<SettingsFile<'a>>);

pub(super) fn decide<'a>(survey: &mut Survey<'a>, told: &mut Told<'a>) {
    let roots = roots(survey);
    if roots.len() < 2 {
        return look(AREAS, survey, told);
    }
    let (mut apps, mut shared) = parted(survey, &roots);
    for (code, settings) in apps.values_mut() {
        let own = (code.len(), settings.len());
        survey.code.append(code);
        survey.code.append(&mut shared.0);
        survey.settings.append(settings);
        survey.settings.append(&mut shared.1);
        look(AREAS, survey, told);
        shared = (survey.code.split_off(own.0), survey.settings.split_off(own.1));
        (*code, *settings) = (std::mem::take(&mut survey.code), std::mem::take(&mut survey.settings));
    }
    for (code, settings) in apps.into_values().chain([shared]) {
        survey.code.extend(code);
        survey.settings.extend(settings);
    }
    survey.code.sort_by_key(|file| file.path);
    survey.settings.sort_by_key(|file| file.path);
    told.once();
    // That one application lets nobody in is not worth telling beside one that does.
    ["CORS-01", "CORS-02"].into_iter().for_each(|row| told.only_shown(row));
}

/// Takes the files out of a survey, by application; and what belongs to none.
fn parted<'a>(survey: &mut Survey<'a>, roots: &BTreeSet<String>) -> (BTreeMap<String, Files<'a>>, Files<'a>) {
    let mut apps: BTreeMap<String, Files<'a>> = BTreeMap::new();
    let mut shared = Files::default();
    let of = |path: &str| above(path).find(|folder| roots.contains(*folder)).map(str::to_owned);
    for file in std::mem::take(&mut survey.code) {
        let files = of(file.path).map_or(&mut shared, |root| apps.entry(root).or_default());
        files.0.push(file);
    }
    for file in std::mem::take(&mut survey.settings) {
        let files = of(file.path).map_or(&mut shared, |root| apps.entry(root).or_default());
        files.1.push(file);
    }
    (apps, shared)
}

/// The folders of applications, by what only an application has. A library with a manifest of its own is none.
fn roots(survey: &Survey<'_>) -> BTreeSet<String> {
    let mut skeletons: BTreeSet<String> = BTreeSet::new();
    for path in survey.paths(is_skeleton) {
        let folder = above(path).next().unwrap_or_default();
        let is_config = folder == "config" || folder.ends_with("/config");
        let top = if is_config { above(folder).next().unwrap_or_default() } else { folder };
        skeletons.insert(top.to_owned());
    }
    let manifests = manifests(survey.project);
    let mut roots = skeletons.clone();
    for file in survey.launched().filter(|file| starts(file)) {
        let Some(app) = above(file.path).find(|folder| manifests.contains(folder)) else { continue };
        // The manifest may stand above the skeleton.
        let is_known = above(file.path).any(|folder| skeletons.contains(folder) && folder.starts_with(app));
        // The manifest of the whole tree is for the tools of all.
        if !is_known && !app.is_empty() {
            roots.insert(app.to_owned());
        }
    }
    roots
}

/// Whether a file is one that the skeleton of a framework begins an application with.
fn is_skeleton(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name == "manage.py"
        || name == "artisan"
        || path == "config/application.rb"
        || path.ends_with("/config/application.rb")
}

/// Whether a file is where an application of a framework without a skeleton begins.
fn starts(file: &CodeFile<'_>) -> bool {
    let made = ["Flask", "FastAPI", "express", "SpringApplication.run"];
    file.mentions("\nMIDDLEWARE = ") || made.iter().any(|name| file.found.calls.iter().any(|call| call.name == *name))
}

/// The folders that have a manifest.
pub(super) fn manifests(project: &Project) -> BTreeSet<&str> {
    let parted = project.files().map(|(path, _)| path.rsplit_once('/').unwrap_or(("", path)));
    parted.filter(|(_, name)| is_manifest(name)).map(|(folder, _)| folder).collect()
}

/// The folders that a file is in, the nearest first; the last is the top, which is empty.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(path), |folder| parent(folder))
}

fn parent(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((parent, _)) => Some(parent),
        None if path.is_empty() => None,
        None => Some(""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Case, Sample, check};
    use super::*;
    use crate::checklist::verdict::Verdict::{Fail, Pass, Review};

    const GOOD: &str = "DEBUG = False\nSESSION_COOKIE_SECURE = True\nMIDDLEWARE = ['x.SessionMiddleware']\n";
    const BAD: &str = "DEBUG = True\nMIDDLEWARE = ['x.SessionMiddleware']\n";

    #[test]
    fn folders_from_below() {
        let all = |path| above(path).collect::<Vec<_>>();
        assert_eq!(all("a/b/c.py"), ["a/b", "a", ""]);
        assert_eq!(all("c.py"), [""]);
        assert_eq!(all(""), [""; 0]);
    }

    #[test]
    fn one_application_does_not_answer_for_another() {
        let cases: &[Case<'_>] = &[
            // Production settings of one, none of the other.
            (
                "VAL-03",
                Fail,
                "bad/bad/settings.py:1",
                &[
                    ("good/manage.py", ""),
                    ("good/good/settings/production.py", GOOD),
                    ("bad/manage.py", ""),
                    ("bad/bad/settings.py", BAD),
                ],
            ),
            (
                "COOK-02",
                Fail,
                "bad/bad/settings.py:2",
                &[
                    ("good/requirements.txt", "Django==4.2\n"),
                    ("good/good/settings.py", GOOD),
                    ("bad/requirements.txt", "Django==4.2\n"),
                    ("bad/bad/settings.py", BAD),
                ],
            ),
            // One application in parts: what is for production counts for all of it.
            (
                "VAL-03",
                Review,
                "",
                &[
                    ("shop/pyproject.toml", ""),
                    ("shop/src/manage.py", ""),
                    ("shop/src/shop/settings.py", BAD),
                    ("shop/src/shop/settings_production.py", GOOD),
                    ("site/package.json", "{}"),
                    ("site/app.js", "const app = express();\napp.use(helmet());\n"),
                ],
            ),
            (
                "COOK-02",
                Fail,
                "b/config/environments/production.rb:1",
                &[
                    ("a/config/application.rb", "config.x = 1\n"),
                    ("a/config/environments/production.rb", "config.force_ssl = true\n"),
                    ("b/config/application.rb", "config.x = 1\n"),
                    ("b/config/environments/production.rb", "config.session = 1\n"),
                ],
            ),
            // What belongs to none belongs to all.
            (
                "COOK-02",
                Review,
                "",
                &[
                    ("a/manage.py", ""),
                    ("a/a/settings.py", "from common.settings import *\nMIDDLEWARE = ['x.SessionMiddleware']\n"),
                    ("b/manage.py", ""),
                    ("b/b/settings.py", "from common.settings import *\nMIDDLEWARE = ['x.SessionMiddleware']\n"),
                    ("common/settings.py", "SESSION_COOKIE_SECURE = True\n"),
                ],
            ),
            // An application with a list of variables is not helped by that of another; one without is.
            (
                "DEP-08",
                Fail,
                "web/a.js:1",
                &[
                    ("web/package.json", "{}"),
                    ("web/a.js", "x(process.env.NOTES_URL);\n"),
                    ("web/.env.example", "OTHER=\n"),
                    ("api/package.json", "{}"),
                    ("api/.env.example", "NOTES_URL=\n"),
                ],
            ),
            (
                "DEP-08",
                Pass,
                "",
                &[
                    ("lib/package.json", "{}"),
                    ("lib/a.js", "x(process.env.NOTES_URL);\n"),
                    ("api/package.json", "{}"),
                    ("api/.env.example", "NOTES_URL=\n"),
                ],
            ),
            (
                "DEP-08",
                Pass,
                "",
                &[
                    (".env.example", "NOTES_URL=\n"),
                    ("package.json", "{}"),
                    ("web/package.json", "{}"),
                    ("web/a.js", "x(process.env.NOTES_URL);\n"),
                    ("web/.env.example", "OTHER=\n"),
                ],
            ),
        ];
        check(cases);
    }

    #[test]
    fn what_is_said_of_two_applications_is_said_once() {
        let cors = "const app = express();\n";
        let files = [("a/package.json", "{}"), ("a/a.js", cors), ("b/package.json", "{}"), ("b/b.js", cors)];
        let sample = Sample::new(&files).of(crate::code::Framework::Express);
        assert_eq!(sample.told("CORS-01").len(), 1);
        let open = [files[0], ("a/a.js", "const app = express();\napp.use(cors());\n"), files[2], files[3]];
        let told = Sample::new(&open).of(crate::code::Framework::Express).told("CORS-01");
        assert_eq!(told.len(), 1, "that the other has none is not told beside it: {told:?}");
    }
}
