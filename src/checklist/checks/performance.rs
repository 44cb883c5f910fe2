//! PERF-01: a result of k6 or oha that is committed.
//!
//! Such a result has percentiles, not single times: of n answers, those slower than 500 ms are at most so many by the highest
//! percentile below it, and at least so many by the lowest one above. Both are held against 5 % with exact binomial bounds at 95 %.

use super::document::{dates, days_between};
use super::say::Told;
use super::survey::{SettingsFile, Survey};
use crate::code::expression::Value;

/// What is slow, in milliseconds.
const SLOW: f64 = 500.0;

/// The share of answers that may be slow.
const SHARE: f64 = 0.05;

/// A bound holds at this level.
const LEVEL: f64 = 0.05;

/// A result counts for so many days.
const FRESH: i32 = 90;

/// More answers than this are counted as so many: the bounds only get wider.
const MOST: u64 = 100_000;

struct Run {
    by: &'static str,
    line: u32,
    answers: u64,
    errors: u64,
    /// Share and milliseconds.
    percentiles: Vec<(f64, f64)>,
}

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    for file in survey.settings.iter().filter(|file| file.path.ends_with(".json")) {
        let Some(run) = file.documents.iter().find_map(|document| k6(document).or_else(|| oha(document))) else {
            continue;
        };
        say(survey, file, &run, told);
    }
}

fn say(survey: &Survey<'_>, file: &SettingsFile<'_>, run: &Run, told: &mut Told<'_>) {
    let answers = run.answers.min(MOST);
    let scale = |count: f64| count * answers as f64 / run.answers.max(1) as f64;
    let errors = scale(run.errors as f64);
    let under = run.percentiles.iter().filter(|(_, ms)| *ms < SLOW).map(|(share, _)| *share).fold(0.0, f64::max);
    let over = run.percentiles.iter().filter(|(_, ms)| *ms >= SLOW).map(|(share, _)| *share).fold(1.0, f64::min);
    let most = (((1.0 - under) * answers as f64).floor() + errors.ceil()).min(answers as f64) as u64;
    let least = ((1.0 - over) * answers as f64).floor().max(errors.floor()) as u64;
    let date = dates(file.path).into_iter().next();
    let age = date.map(|date| days_between(date, survey.today));
    let is_fast = below(most, answers, SHARE) <= LEVEL;
    let is_slow = 1.0 - below(least.saturating_sub(1), answers, SHARE) <= LEVEL && least > 0;
    let looked_at = format!("a result of {} with {} answers", run.by, run.answers);
    let change = "a newer result, at the expected load, with its day in the name of the file";
    let say = match age {
        _ if answers == 0 => told.open("PERF-01").reason("The result has no answers in it."),
        _ if is_slow => {
            told.fail("PERF-01").reason(format!("At least {least} of {answers} answers took 500 ms or failed."))
        }
        Some(0..=FRESH) if is_fast => told
            .pass("PERF-01", "16 slow answers of 200 would have been a fail")
            .reason(format!("At most {most} of {answers} answers took 500 ms or failed.")),
        Some(days) if days < 0 => {
            told.open("PERF-01").reason("The name of the result has a day that is still to come.")
        }
        Some(days) if days > FRESH => {
            told.open("PERF-01").reason(format!("The result is {days} days old; 90 are the most."))
        }
        None if is_fast => told.review("PERF-01").reason("The result is fast enough; when it was made is not said."),
        _ => told.review("PERF-01").reason(format!(
            "Between {least} and {most} of {answers} answers took 500 ms or failed: too near to 5 % to tell."
        )),
    };
    let _ = say.looked_at(looked_at).change(change).counted(1, 1, "result").given().at(file.path, run.line);
}

/// The probability of at most `k` of `n`, each with probability `p`.
fn below(k: u64, n: u64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    // By logarithms, so that no power vanishes.
    let (mut log_term, mut sum) = (n as f64 * (1.0 - p).ln(), 0.0);
    for i in 0..=k {
        sum += log_term.exp();
        log_term += ((n - i) as f64).ln() - ((i + 1) as f64).ln() + (p / (1.0 - p)).ln();
    }
    sum
}

fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(number) if number.is_finite() && *number >= 0.0 => Some(*number),
        _ => None,
    }
}

/// The summary of k6, from `handleSummary` or `--summary-export`.
fn k6(document: &Value) -> Option<Run> {
    let entry = document.entry("metrics")?;
    let times = entry.value.get("http_req_duration")?;
    let values = times.get("values").unwrap_or(times);
    let requests = entry.value.get("http_reqs")?;
    let answers = number(requests.get("values").unwrap_or(requests).get("count"))?;
    let failed = entry.value.get("http_req_failed");
    let failed = failed.map(|failed| failed.get("values").unwrap_or(failed));
    let rate =
        failed.and_then(|failed| number(failed.get("rate")).or_else(|| number(failed.get("value")))).unwrap_or(0.0);
    let share =
        |key: &str| key.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')')).and_then(|n| n.parse::<f64>().ok());
    let mut percentiles = Vec::new();
    if let Value::Table(entries) = values {
        for entry in entries {
            match (entry.key.as_str(), number(Some(&entry.value))) {
                ("max", Some(ms)) => percentiles.push((1.0, ms)),
                ("med", Some(ms)) => percentiles.push((0.5, ms)),
                (key, Some(ms)) => percentiles.extend(share(key).map(|share| (share / 100.0, ms))),
                _ => {}
            }
        }
    }
    Some(Run {
        by: "k6",
        line: entry.line,
        answers: answers as u64,
        errors: (answers * rate.min(1.0)).ceil() as u64,
        percentiles,
    })
}

/// The JSON of oha, whose times are in seconds.
fn oha(document: &Value) -> Option<Run> {
    let entry = document.entry("latencyPercentiles")?;
    let Value::Table(percentiles) = &entry.value else { return None };
    let share = |key: &str| {
        let digits = key.strip_prefix('p')?.replacen('_', ".", 1);
        digits.parse::<f64>().ok()
    };
    let percentiles = percentiles.iter().filter_map(|entry| {
        let ms = number(Some(&entry.value))? * 1_000.0;
        Some((share(&entry.key)? / 100.0, ms))
    });
    let sum = |key: &str, counts: &dyn Fn(&str) -> bool| match document.get(key) {
        Some(Value::Table(entries)) => {
            entries.iter().filter(|entry| counts(&entry.key)).filter_map(|entry| number(Some(&entry.value))).sum()
        }
        _ => 0.0,
    };
    let answered = sum("statusCodeDistribution", &|_| true);
    let bad = sum("statusCodeDistribution", &|code| code.starts_with('4') || code.starts_with('5'));
    let broken = sum("errorDistribution", &|_| true);
    let total = answered + broken;
    Some(Run {
        by: "oha",
        line: entry.line,
        answers: total as u64,
        errors: (bad + broken) as u64,
        percentiles: percentiles.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_those_of_the_checklist() {
        assert!(below(4, 200, SHARE) <= LEVEL && below(5, 200, SHARE) > LEVEL, "4 of 200 pass, 5 do not");
        let at_least = |k: u64| 1.0 - below(k - 1, 200, SHARE);
        assert!(at_least(16) <= LEVEL && at_least(15) > LEVEL, "16 of 200 fail, 15 do not");
    }
}
