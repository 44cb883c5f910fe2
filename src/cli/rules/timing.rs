//! `cleansweep rules test --timing`: what each rule costs a scan.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cleansweep::detect::cost::Costs;
use cleansweep::detect::{Detector, PathKind, Window, example};
use cleansweep::rule::{Catalogue, RuleSet};
use ignore::WalkBuilder;

use super::super::error::CliError;
use super::super::exit::Exit;
use super::output;

/// So many rules are listed, those that cost most.
const LISTED: usize = 20;

/// Larger files are left out: what is measured are rules, not files.
const LARGEST: u64 = 8 << 20;

/// Lists what the rules of `catalogue` cost in the files of `folder`, or in their own examples.
pub(super) fn run(catalogue: &Catalogue, folder: Option<&Path>) -> Result<Exit, CliError> {
    let rules = catalogue.checked().map_err(|e| CliError::usage(e.to_string()))?;
    let detector = Detector::new(Arc::new(RuleSet::new(rules)));
    // Patterns compile when they are first needed; that is paid once and not for each text.
    detector.rules().rules().iter().try_for_each(|rule| rule.compile()).map_err(CliError::usage)?;
    let mut costs = Costs::new(&detector);
    let texts = match folder {
        Some(folder) => files(folder, &mut costs)?,
        None => examples(catalogue, &mut costs)?,
    };
    output::print(&table(&costs, texts))?;
    Ok(Exit::Clean)
}

fn examples(catalogue: &Catalogue, costs: &mut Costs<'_>) -> Result<usize, CliError> {
    let mut number = 0;
    for file in catalogue.files() {
        for rule in &file.rule {
            for text in example::texts(file, rule).map_err(CliError::usage)? {
                costs.add(&window(text.as_bytes(), PathKind::default()));
                number += 1;
            }
        }
    }
    Ok(number)
}

#[expect(clippy::disallowed_methods, reason = "the user named this folder for measuring")]
fn files(folder: &Path, costs: &mut Costs<'_>) -> Result<usize, CliError> {
    let wrong = |what: &Path, why: &dyn std::fmt::Display| CliError::usage(format!("{}: {why}", what.display()));
    let mut number = 0;
    for entry in WalkBuilder::new(folder).standard_filters(false).build() {
        let entry = entry.map_err(|e| wrong(folder, &e))?;
        let path = entry.path();
        let is_small = entry.metadata().is_ok_and(|about| about.is_file() && about.len() <= LARGEST);
        if is_small {
            let bytes = std::fs::read(path).map_err(|e| wrong(path, &e))?;
            costs.add(&window(&bytes, PathKind::of(&path.to_string_lossy())));
            number += 1;
        }
    }
    Ok(number)
}

fn window(text: &[u8], path: PathKind) -> Window<'_> {
    Window { text, core: 0..text.len(), path, binary: false }
}

fn table(costs: &Costs<'_>, texts: usize) -> String {
    let mut rules: Vec<_> = costs.of_rules().filter(|(_, cost)| cost.hits > 0).collect();
    rules.sort_by_key(|(rule, cost)| (std::cmp::Reverse(cost.time), rule.id.clone()));
    let (search, bytes) = costs.search();
    let all: Duration = search + rules.iter().map(|(_, cost)| cost.time).sum::<Duration>();
    let share = |time: Duration| 100.0 * time.as_secs_f64() / all.as_secs_f64().max(f64::MIN_POSITIVE);
    let mut out = format!("{:>8}  {:>7}  {:>9}  {:>9}  rule\n", "ms", "share", "hits", "\u{b5}s a hit");
    let mut row = |time: Duration, hits: Option<u64>, name: &str| {
        let each = hits.map_or(String::new(), |hits| format!("{:.2}", 1e6 * time.as_secs_f64() / hits as f64));
        let hits = hits.map_or(String::new(), |hits| hits.to_string());
        let ms = 1e3 * time.as_secs_f64();
        let _ = writeln!(out, "{ms:>8.2}  {:>6.2}%  {hits:>9}  {each:>9}  {name}", share(time));
    };
    row(search, None, "(looking for anchors)");
    for (rule, cost) in rules.iter().take(LISTED) {
        row(cost.time, Some(cost.hits), &rule.id);
    }
    let rest = &rules[rules.len().min(LISTED)..];
    let hits = rest.iter().map(|(_, cost)| cost.hits).sum();
    if hits > 0 {
        let time = rest.iter().map(|(_, cost)| cost.time).sum();
        row(time, Some(hits), &format!("({} more rules)", rest.len()));
    }
    let _ = writeln!(out, "{texts} texts, {bytes} bytes, {} rules met", rules.len());
    out
}
