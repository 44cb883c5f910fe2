//! Rows that are decided from what is committed: settings, manifests, pipelines, documents, and what the code calls and sets.
//!
//! One small module for each area; each is a pure function from a [`survey::Survey`] to evidence. That a mechanism is there is for
//! review, what is known to be bad is a fail, a setting that is missing is judged by its framework's default. What was not
//! understood leaves a row open and says so. No evidence holds a value of a secret, nor any text of a setting: names, numbers and
//! places only.

mod access;
mod cookies;
mod cors;
mod debug;
mod deploy;
mod document;
mod flows;
mod handover;
mod headers;
mod logs;
mod monitoring;
mod next;
mod performance;
mod pipeline;
mod rate;
mod row_security;
mod say;
mod scanner;
pub mod sec;
mod stage;
mod survey;
mod uptime;
mod validation;
mod variables;

use std::collections::BTreeMap;

use jiff::civil::Date;

use self::say::Told;
use self::survey::Survey;
use super::launch_file::LaunchFile;
use super::verdict::{Claim, Evidence};
use crate::code::{Inventory, Project};

/// What there is to decide from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The files of the project.
    pub project: &'a Project,
    /// Its routes.
    pub inventory: &'a Inventory,
    /// What it says of itself.
    pub launch: Option<&'a LaunchFile>,
    /// The day on which this is decided.
    pub today: Date,
}

type Area = fn(&Survey<'_>, &mut Told<'_>);

const AREAS: &[Area] = &[
    access::decide,
    rate::decide,
    validation::decide,
    cors::decide,
    cookies::decide,
    headers::decide,
    logs::decide,
    debug::decide,
    monitoring::decide,
    uptime::decide,
    performance::decide,
    deploy::decide,
    handover::decide,
    variables::decide,
    scanner::decide,
    next::decide,
    row_security::decide,
    flows::decide,
];

/// Rows that are open when nothing was found: what was looked for, and what would change that.
const OPEN: &[(&str, &str, &str)] = &[
    ("CORS-01", "settings of CORS", "a framework that is known, or a live probe"),
    ("CORS-02", "settings of CORS", "a framework that is known, or a live probe"),
    ("COOK-01", "settings of a session cookie", "settings of the session in the code, or a live probe of the login"),
    ("COOK-02", "settings of a session cookie", "settings of the session in the code, or a live probe of the login"),
    ("COOK-03", "settings of a session cookie", "settings of the session in the code, or a live probe of the login"),
    ("COOK-05", "a call that makes a new session on login", "such a call, or a live probe of the login"),
    ("HDR-01", "settings of security headers", "such settings, or a live probe"),
    ("LOG-01", "calls that write to a log", "such calls, or logs that are given"),
    ("LOG-03", "calls that write an audit record", "such calls, or a word"),
    ("LOG-05", "metrics or request logs by route and status", "such metrics, or a word"),
    ("VAL-03", "a setting of debugging", "such a setting, or a live probe"),
    ("MON-01", "the configuration of an uptime monitor", "such a configuration, or a word"),
    ("MON-02", "the configuration of an uptime monitor", "such a configuration"),
    ("MON-03", "the start of an error tracker", "such a start, or a word"),
    ("MON-04", "an alert rule on 5xx", "such a rule, or a word"),
    ("MON-05", "an alert rule on the rate of errors", "such a rule, or a word"),
    ("MON-06", "receivers of alerts", "a configuration that names them, or a word"),
    ("MON-08", "a document on recovery", "such a document, or a word"),
    ("PERF-01", "a result of k6 or oha", "such a result, or a live probe"),
    ("DEP-01", "a pipeline or a document that deploys", "either of them, or a word"),
    ("DEP-02", "a document on rolling back", "such a document, or a word"),
    ("DEP-03", "the owner of the rollback", "a document that names one, or a word"),
    ("DEP-04", "a pipeline that deploys", "a pipeline that deploys and then runs a smoke test"),
    ("DEP-05", "a list from staging to production", "such a list, or a word"),
    ("DEP-06", "a health route, or a platform that asks one", "both, or a live probe"),
    ("DEP-07", "a document on backups", "such a document, or a word"),
    ("DEP-08", "environment variables", "code that reads one"),
    ("DEP-09", "a document on spikes, webhooks and scraping", "such a document"),
    ("HAND-01", "a handover page", "such a page"),
    ("FLOW-01", "an end-to-end test of the main flow", "such a test, or a word"),
    ("FLOW-02", "an end-to-end test of invitations", "such a test, or a word"),
    ("SEC-08", "environment variables that hold secrets", "code that reads one, or a word"),
    ("SEC-09", "variables for the browser", "code that reads one"),
    ("SEC-10", "environment variables that hold secrets", "code that reads one"),
    ("SEC-11", "a step or hook that runs a secret scanner", "such a step"),
];

/// Evidence for every row that can be decided here, by its id.
#[must_use]
pub fn decide(facts: &Facts<'_>) -> BTreeMap<String, Vec<Evidence>> {
    let survey = Survey::new(facts);
    let mut told = Told::new(facts.project);
    for area in AREAS {
        area(&survey, &mut told);
    }
    for (row, what, change) in OPEN {
        let settled = told.has(row) && !told.passes(row);
        if settled {
            continue;
        }
        match (survey.gap(), told.has(row)) {
            (Some((path, line, why)), passes) => {
                let reason = match passes {
                    true => format!("Not everything could be read: {why}"),
                    false => format!("No {} was found, and not everything could be read: {why}", article_less(what)),
                };
                told.open(row).reason(reason).at(path, line).looked_at(survey.looked_at()).of(survey.coverage());
            }
            (None, false) => {
                let reason = match survey.code.is_empty() && survey.settings.is_empty() {
                    true => "No source file and no settings that are understood were found.".to_owned(),
                    false => format!("No {} was found.", article_less(what)),
                };
                told.open(row).reason(reason).looked_at(survey.looked_at()).change(*change);
            }
            (None, true) => {}
        }
    }
    told.finish()
}

fn article_less(what: &str) -> &str {
    ["a ", "an ", "the "].iter().find_map(|article| what.strip_prefix(article)).unwrap_or(what)
}

fn is_pass(claim: &Claim) -> bool {
    matches!(claim, Claim::Pass { .. })
}

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
