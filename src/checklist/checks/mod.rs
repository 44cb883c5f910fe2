//! Rows that are decided from what is committed: settings, manifests, pipelines, documents, and what the code calls and sets.
//!
//! One small module for each area; each is a pure function from a [`survey::Survey`] to evidence. That a mechanism is there is for
//! review, what is known to be bad is a fail, a setting that is missing is judged by its framework's default. What was not
//! understood leaves a row open and says so. No evidence holds a value of a secret, nor any text of a setting: names, numbers and
//! places only.

mod access;
mod access_table;
mod apps;
mod client;
mod cookies;
mod cors;
mod debug;
mod deploy;
mod document;
mod enclosing;
mod flows;
mod handover;
mod headers;
mod limits;
mod logs;
mod mail;
mod monitoring;
mod next;
mod performance;
mod personal;
mod pipeline;
mod rate;
mod row_security;
pub mod samples;
mod say;
mod scanner;
mod scraping;
pub mod sec;
mod stage;
mod survey;
mod tenants;
mod uptime;
mod validation;
mod variables;
mod webhooks;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rayon::prelude::*;

use self::samples::Message;
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
    /// How many files were not read, by the reason.
    pub left_out: &'a BTreeMap<String, u64>,
    /// Mails of the product as they were received.
    pub messages: &'a [Message],
}

type Area = fn(&Survey<'_>, &mut Told<'_>);

/// What is looked for in the whole tree; [`apps`] has the rest.
const AREAS: &[Area] = &[
    access::decide,
    rate::decide,
    validation::decide,
    headers::decide,
    logs::decide,
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
    client::decide,
    tenants::decide,
    access_table::decide,
    scraping::decide,
    webhooks::decide,
    limits::decide,
];

/// Rows that are open when nothing was found: what was looked for, and what would change that.
const OPEN: &[(&str, &str, &str)] = &[
    ("AUTHN-02", "a call that reads a token wrongly", "the record of a test with altered tokens"),
    (
        "AUTHN-03",
        "a guard in the interface, or a route of a framework that is known",
        "a framework that is known, or the record of a review",
    ),
    (
        "AUTHZ-04",
        "models and tables",
        "models of an object mapper that is known, or the record of a test with two tenants",
    ),
    ("AUTHZ-05", "a query by a part of the request", "queries that are known, or the record of a review"),
    ("AUTHZ-09", "a table of who can read what", "such a table in a document, or a word"),
    ("RATE-07", "a route that lists", "a framework that is known, or the record of a test that reads page after page"),
    (
        "RATE-08",
        "a webhook",
        "a route whose path has the word, or the word that there is none (`--says not-applicable`)",
    ),
    ("RATE-10", "a limiter", "limiters whose numbers are written"),
    ("CORS-01", "settings of CORS", "a framework that is known, or the record of a test"),
    ("CORS-02", "settings of CORS", "a framework that is known, or the record of a test"),
    (
        "COOK-01",
        "settings of a session cookie",
        "settings of the session in the code, or the record of a test of the login",
    ),
    (
        "COOK-02",
        "settings of a session cookie",
        "settings of the session in the code, or the record of a test of the login",
    ),
    (
        "COOK-03",
        "settings of a session cookie",
        "settings of the session in the code, or the record of a test of the login",
    ),
    ("COOK-05", "a call that makes a new session on login", "such a call, or the record of a test of the login"),
    ("HDR-01", "settings of security headers", "the record of a test of the pages"),
    ("LOG-01", "calls that write to a log", "such calls, or logs that are given"),
    ("LOG-03", "calls that write an audit record", "such calls, or a word"),
    ("LOG-05", "metrics or request logs by route and status", "such metrics, or a word"),
    ("VAL-03", "a setting of debugging", "such a setting, or the record of a test"),
    ("MON-01", "the configuration of an uptime monitor", "such a configuration, or a word"),
    ("MON-02", "the configuration of an uptime monitor", "such a configuration"),
    ("MON-03", "the start of an error tracker", "such a start, or a word"),
    ("MON-04", "an alert rule on 5xx", "such a rule, or a word"),
    ("MON-05", "an alert rule on the rate of errors", "such a rule, or a word"),
    ("MON-06", "receivers of alerts", "a configuration that names them, or a word"),
    ("MON-08", "a document on recovery", "such a document, or a word"),
    ("PERF-01", "a result of k6 or oha", "such a result, or the record of a test"),
    ("DEP-01", "a pipeline or a document that deploys", "either of them, or a word"),
    ("DEP-02", "a document on rolling back", "such a document, or a word"),
    ("DEP-03", "the owner of the rollback", "a document that names one, or a word"),
    ("DEP-04", "a pipeline that deploys", "a pipeline that deploys and then runs a smoke test"),
    ("DEP-05", "a list from staging to production", "such a list, or a word"),
    ("DEP-06", "a health route, or a platform that asks one", "both, or the record of a test"),
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

/// What the files say.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// Evidence for every row that can be decided here, by its id.
    pub rows: BTreeMap<String, Vec<Evidence>>,
    /// The variables of the environment, by name: those that are read, and those that are listed.
    pub variables: BTreeMap<String, Variable>,
    /// Where documents have what a handover needs, the filled ones first.
    pub written: Vec<Written>,
}

/// A variable of the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variable {
    /// Where the code reads it: path and line.
    pub read: Vec<(String, u32)>,
    /// The files that list it.
    pub listed: BTreeSet<String>,
}

/// A section of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Of what: one of the five parts of a handover page.
    pub part: Part,
    /// The document.
    pub path: String,
    /// The line of its heading.
    pub line: u32,
    /// Whether something stands below it that is no place-holder.
    pub is_filled: bool,
}

/// A part of a handover page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Where names point.
    Dns,
    /// Variables of the environment.
    Variables,
    /// Health addresses.
    Health,
    /// Backup and restore.
    Backup,
    /// Rollback and its owner.
    Rollback,
}

/// Says which files [`decide`] will look into, so that whoever parses one before that does it for both.
pub fn prepare(project: &mut Project) {
    project.want(|path, language, text| !survey::is_foreign(path) && words::matter(path, language, text));
}

/// Evidence for every row that can be decided here, and what a handover page needs.
#[must_use]
pub fn decide(facts: &Facts<'_>) -> Decided {
    let mut survey = Survey::new(facts);
    let mut told = Told::new(facts.project);
    look(AREAS, &survey, &mut told);
    apps::decide(&mut survey, &mut told);
    for (row, what, change) in OPEN {
        let settled = told.has(row) && !told.passes(row);
        if settled {
            continue;
        }
        match (survey.gap(), told.has(row)) {
            (Some((path, line, why)), passes) => {
                let reason = match passes {
                    true => format!("Not everything could be read: {why}"),
                    false => format!("Looked for {what} and found none, but not everything could be read: {why}"),
                };
                told.open(row)
                    .reason(reason)
                    .at(path, line)
                    .looked_at(survey.looked_at())
                    .of(survey.coverage())
                    .change(format!("that what was not read can be read, and {change}"));
            }
            (None, false) => {
                let reason = match survey.code.is_empty() && survey.settings.is_empty() {
                    true => "No source file and no settings that are understood were found.".to_owned(),
                    false => format!("Looked for {what}, and found none."),
                };
                told.open(row).reason(reason).looked_at(survey.looked_at()).change(*change);
            }
            (None, true) => {}
        }
    }
    let (variables, written) = (variables::table(&survey), handover::written(&survey));
    let mut rows = told.finish(&survey);
    if !facts.messages.is_empty() {
        rows.insert("MAIL-05".into(), mail::decide(facts.messages, facts.launch, facts.today));
    }
    Decided { rows, variables, written }
}

/// Asks these areas, in parallel.
fn look<'a>(areas: &[Area], survey: &Survey<'a>, told: &mut Told<'a>) {
    let each = areas.par_iter().map(|area| {
        let mut told = Told::new(survey.project);
        area(survey, &mut told);
        told
    });
    each.collect::<Vec<_>>().into_iter().for_each(|area| told.add(area));
}

fn is_pass(claim: &Claim) -> bool {
    matches!(claim, Claim::Pass { .. })
}

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
