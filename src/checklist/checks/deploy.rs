//! DEP-01, DEP-04 and DEP-06: how it is deployed, what is tried after that, and which address tells that it lives.

use super::handover::titled;
use super::pipeline::{self, Step};
use super::say::{Told, count};
use super::survey::{Survey, entries, numbered};
use crate::code::Framework;
use crate::code::expression::Value;

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let steps = pipeline::steps(survey);
    documented(survey, &steps, told);
    smoke(survey, &steps, told);
    health(survey, told);
}

fn documented(survey: &Survey<'_>, steps: &[Step<'_>], told: &mut Told<'_>) {
    let pipeline = steps.iter().find(|step| pipeline::deploys(step));
    let sections: Vec<_> = titled(survey, &["deploy", "releasing", "release process"]).collect();
    let written = sections.iter().find(|(_, section)| section.command().is_some() || section.steps() > 1);
    let looked_at = "pipelines, and sections on deploying";
    let empty = sections.iter().find(|(_, section)| !section.is_filled());
    let (reason, places) = match (pipeline, written, empty) {
        (Some(step), Some((path, section)), _) => {
            ("A pipeline deploys, and a document tells how.", vec![(step.path, step.line), (*path, section.line)])
        }
        (_, None, Some((path, section))) => {
            told.fail("DEP-01")
                .reason("There is a heading on deploying, and nothing below it.")
                .looked_at(looked_at)
                .change("the command or the pipeline that deploys, written there")
                .at(path, section.line);
            return;
        }
        (Some(step), None, None) => {
            ("A pipeline deploys; no document that tells how was found.", vec![(step.path, step.line)])
        }
        (None, Some((path, section)), _) => {
            ("A document tells how to deploy; no pipeline that does was found.", vec![(*path, section.line)])
        }
        (None, None, None) => return,
    };
    told.review("DEP-01")
        .reason(reason)
        .looked_at(looked_at)
        .change("the word of somebody other than its author who has deployed by it")
        .at_all(places);
}

fn smoke(survey: &Survey<'_>, steps: &[Step<'_>], told: &mut Told<'_>) {
    let deploys: Vec<&Step<'_>> = steps.iter().filter(|step| pipeline::deploys(step)).collect();
    if deploys.is_empty() {
        return;
    }
    let looked_at = "pipelines that deploy";
    let mut followed = 0;
    let mut inline = Vec::new();
    for deploy in &deploys {
        // Several steps that deploy one after another are one deploy.
        let after: Vec<&Step<'_>> =
            steps.iter().filter(|s| pipeline::is_after(s, deploy) && pipeline::tests(s)).collect();
        let strict = after.iter().find(|step| !step.is_tolerant);
        match strict {
            Some(step) if has_script(survey, step) => followed += 1,
            Some(step) => inline.push((step.path, step.line)),
            None if after.is_empty() => {
                told.fail("DEP-04")
                    .reason("The pipeline deploys, and nothing is tried after that.")
                    .looked_at(looked_at)
                    .change("a step after the deploy that runs a smoke test")
                    .at(deploy.path, deploy.line);
            }
            None => {
                told.fail("DEP-04")
                    .reason("What is tried after the deploy may fail without any effect.")
                    .looked_at(looked_at)
                    .change("the step without `continue-on-error`")
                    .at(after[0].path, after[0].line);
            }
        }
    }
    if !inline.is_empty() {
        told.review("DEP-04")
            .reason("Something is tried after the deploy; no script in the repository was found for it.")
            .looked_at(looked_at)
            .counted(followed, deploys.len(), "deploys")
            .change("a script that is committed and run by that step")
            .at_all(inline);
    } else if followed == deploys.len() {
        told.pass("DEP-04", "a deploy without such a step after it would have been a fail")
            .reason(format!(
                "{} followed by a smoke test that can fail.",
                if followed == 1 { "The deploy is".to_owned() } else { format!("{} are", count(followed, "deploy")) }
            ))
            .looked_at(looked_at)
            .counted(followed, deploys.len(), "deploys")
            .change("the step taken out, or its failure ignored")
            .at_all(deploys.iter().map(|step| (step.path, step.line)));
    }
}

/// Whether a step runs something that is committed: a file, or a script of a manifest.
fn has_script(survey: &Survey<'_>, step: &Step<'_>) -> bool {
    let words = || step.run.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '&'));
    let is_file = |word: &str| {
        let word = word.trim_start_matches("./");
        word.contains('.') && survey.project.file(word).is_some()
    };
    let scripts: Vec<&str> = survey
        .settings
        .iter()
        .filter(|file| file.path.ends_with("package.json"))
        .flat_map(|file| file.documents.iter().filter_map(|document| document.get("scripts")))
        .filter_map(|scripts| if let Value::Table(entries) = scripts { Some(entries) } else { None })
        .flat_map(|entries| entries.iter().map(|entry| entry.key.as_str()))
        .collect();
    let has_tests = || {
        !survey.paths(|path| path.contains("e2e") || path.contains("cypress") || path.contains("playwright")).is_empty()
    };
    let by_runner = ["playwright test", "cypress run"].iter().any(|runner| step.run.contains(runner)) && has_tests();
    words().any(is_file) || words().any(|word| scripts.contains(&word)) || by_runner
}

/// Paths that tell of health by their name.
fn is_health(path: &str) -> bool {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    [
        "health", "healthz", "healthcheck", "health-check", "livez", "readyz", "ready", "live", "up", "ping", "status",
        "heartbeat", "_health",
    ]
    .contains(&last.as_str())
}

fn health(survey: &Survey<'_>, told: &mut Told<'_>) {
    let routes: Vec<_> = survey.inventory.routes.iter().filter(|route| is_health(&route.path)).collect();
    let asked = asked(survey);
    // Spring's actuator serves its own addresses, with no code.
    let manifests = ["pom.xml", "build.gradle", "build.gradle.kts"];
    let names_it = |path: &str| survey.text(path).is_some_and(|text| text.contains("spring-boot-starter-actuator"));
    let builds = survey.paths(|path| path.rsplit('/').next().is_some_and(|name| manifests.contains(&name)));
    let actuator = builds.into_iter().any(names_it);
    let served = |path: &str| {
        let path = path.trim_end_matches('/');
        let by_actuator = actuator && (path.contains("/actuator/") || matches!(path, "/livez" | "/readyz"));
        by_actuator || survey.inventory.routes.iter().any(|route| route.path.trim_end_matches('/') == path)
    };
    let looked_at = "health routes, and what the platform asks";
    let is_whole = survey.inventory.gaps.is_empty() && !survey.inventory.routes.is_empty();
    for (path, line, health) in &asked {
        if served(health) {
            told.review("DEP-06")
                .reason("The platform asks an address that the code serves.")
                .looked_at(looked_at)
                .change("the record of a request that it answers with 200")
                .at(path, *line);
        } else if is_whole && !is_page(survey, health) {
            told.fail("DEP-06")
                .reason("The platform asks an address that no route of the code serves.")
                .looked_at(looked_at)
                .counted(survey.inventory.routes.len(), survey.inventory.routes.len(), "routes")
                .change("a route of that path, or the path of the route there is")
                .at(path, *line);
        } else {
            told.open("DEP-06")
                .reason("The platform asks an address; the routes of the code are not all known.")
                .looked_at(looked_at)
                .change("the record of a request that it answers with 200")
                .at(path, *line);
        }
    }
    if asked.is_empty() && !routes.is_empty() {
        told.review("DEP-06")
            .reason("There is a health route; no committed configuration of a platform asks it.")
            .looked_at(looked_at)
            .change("the route named in the platform's configuration")
            .at_all(routes.iter().map(|route| (&*route.at.file, route.at.line)));
    }
}

/// Whether an address can be that of a page, which is no route of the inventory: of Next.js, or the first page of anything.
fn is_page(survey: &Survey<'_>, path: &str) -> bool {
    let has_pages = survey.inventory.frameworks.iter().any(|found| found.framework == Framework::NextJs);
    path == "/" || has_pages && !path.starts_with("/api")
}

/// The addresses that platforms are told to ask: file, line, path.
fn asked<'s>(survey: &'s Survey<'_>) -> Vec<(&'s str, u32, String)> {
    let mut asked = Vec::new();
    for file in survey.live_settings() {
        for (path, value, line) in file.documents.iter().flat_map(entries) {
            let Value::Text(text) = value else { continue };
            let is_path = text.starts_with('/') && !text.contains(' ');
            let key = path.to_ascii_lowercase();
            // fly.toml, render.yaml, railway, Kubernetes, App Engine, load balancers in Terraform.
            let is_probe = key.contains("checks")
                || key.contains("healthcheck")
                || key.contains("health_check")
                || key.contains("probe.httpget");
            let is_key = key.ends_with("path") || key.ends_with("httpget.path") || key.ends_with("healthcheckpath");
            if is_path && is_probe && is_key {
                asked.push((file.path, line, text.clone()));
            } else if key.contains("healthcheck.test") {
                asked.extend(path_of(text).map(|path| (file.path, line, path)));
            }
        }
        // A test of Docker Compose is a list.
        for document in &file.documents {
            for (path, value, line) in entries(document).into_iter().filter(|(p, ..)| p.ends_with("healthcheck.test")) {
                let Value::List(words) = value else { continue };
                let _ = path;
                asked.extend(
                    words.iter().filter_map(Value::text).filter_map(path_of).map(|path| (file.path, line, path)),
                );
            }
        }
    }
    for path in survey.paths(|path| path.rsplit('/').next().is_some_and(|name| name.starts_with("Dockerfile"))) {
        let mut is_check = false;
        for (line, text) in survey.text(path).map(numbered).into_iter().flatten() {
            is_check |= text.trim_start().starts_with("HEALTHCHECK");
            if is_check {
                asked.extend(path_of(text).map(|health| (path, line, health)));
            }
            is_check &= text.trim_end().ends_with('\\');
        }
    }
    asked
}

/// The path of an address in a command.
fn path_of(command: &str) -> Option<String> {
    let address = command.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ')' | ','));
    let rest = address.filter_map(|word| word.split_once("://")).map(|(_, rest)| rest).next()?;
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    Some(path.split(['?', '#']).next().unwrap_or_default().to_owned())
}
