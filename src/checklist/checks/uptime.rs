//! MON-01 and MON-02: what watches from outside, and after how many seconds an outage is told.

use super::say::Told;
use super::survey::Survey;
use crate::code::expression::Value;

/// An outage has to be told within so many seconds.
const MOST: f64 = 120.0;

/// Something that watches.
struct Monitor<'s> {
    path: &'s str,
    line: u32,
    by: &'static str,
    /// Interval, failures needed and further delay, in seconds; none where the configuration does not say and the tool has no
    /// default that is known.
    seconds: Option<(f64, f64, f64)>,
}

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let monitors = monitors(survey);
    if monitors.is_empty() {
        return;
    }
    told.review("MON-01")
        .reason(match monitors.len() {
            1 => "A monitor is configured; whether it runs is for somebody to see.".to_owned(),
            many => format!("{many} monitors are configured; whether they run is for somebody to see."),
        })
        .looked_at("configurations of monitors")
        .counted(monitors.len(), monitors.len(), "monitors")
        .change("a word with a page or an export that shows it")
        .at_all(monitors.iter().map(|monitor| (monitor.path, monitor.line)));
    let looked_at = "interval × failures + delay of each monitor";
    let mut in_time = 0;
    for monitor in &monitors {
        let Some((interval, failures, delay)) = monitor.seconds else {
            told.open("MON-02")
                .reason(format!("{} does not say how often it asks.", monitor.by))
                .looked_at(looked_at)
                .change("the interval and the number of failures, written there")
                .at(monitor.path, monitor.line);
            continue;
        };
        let total = interval * failures + delay;
        if total <= MOST {
            in_time += 1;
            continue;
        }
        told.fail("MON-02")
            .reason(format!("{}: {interval} s × {failures} + {delay} s = {total} s; 120 are the most.", monitor.by))
            .looked_at(looked_at)
            .change("a shorter interval, or fewer failures before the alert")
            .at(monitor.path, monitor.line);
    }
    if in_time == monitors.len() {
        told.pass("MON-02", "a sum of more than 120 seconds would have been a fail")
            .reason("Every monitor tells an outage within 120 seconds.")
            .looked_at(looked_at)
            .counted(in_time, monitors.len(), "monitors")
            .change("a longer interval, more failures or a delay")
            .at_all(monitors.iter().map(|monitor| (monitor.path, monitor.line)));
    }
}

fn monitors<'s>(survey: &'s Survey<'_>) -> Vec<Monitor<'s>> {
    let mut found = Vec::new();
    for file in survey.live_settings() {
        for document in &file.documents {
            gatus(file.path, document, &mut found);
            upptime(file.path, document, &mut found);
            terraform(file.path, document, &mut found);
            blackbox(file.path, document, &mut found);
        }
    }
    for file in survey.launched().filter(|file| file.mentions("checkly")) {
        for call in file
            .found
            .calls
            .iter()
            .filter(|call| matches!(call.last(), "ApiCheck" | "BrowserCheck" | "UrlMonitor" | "MultiStepCheck"))
        {
            // `Frequency.EVERY_30S`, `EVERY_1M`, or minutes.
            let interval = call.option("frequency").and_then(|value| match value {
                Value::Number(minutes) => Some(minutes * 60.0),
                Value::Name(name) => name.rsplit("EVERY_").next().and_then(seconds),
                _ => None,
            });
            found.push(Monitor {
                path: file.path,
                line: call.line,
                by: "Checkly",
                seconds: interval.map(|s| (s, 1.0, 0.0)),
            });
        }
    }
    found
}

/// `30s`, `1m30s`, `2 minutes`: in seconds.
fn seconds(text: &str) -> Option<f64> {
    let (mut total, mut number) = (0.0, String::new());
    let mut characters = text.trim().chars().filter(|c| !c.is_whitespace()).peekable();
    while let Some(character) = characters.next() {
        if character.is_ascii_digit() || character == '.' {
            number.push(character);
            continue;
        }
        let is_millis = character.eq_ignore_ascii_case(&'m') && characters.peek() == Some(&'s');
        let unit = match character.to_ascii_lowercase() {
            _ if is_millis => 0.001,
            's' => 1.0,
            'm' => 60.0,
            'h' => 3_600.0,
            'd' => 86_400.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * unit;
        number.clear();
        while characters.peek().is_some_and(|c| c.is_ascii_alphabetic()) {
            characters.next();
        }
    }
    match number.is_empty() {
        true => Some(total),
        false => Some(total + number.parse::<f64>().ok()?),
    }
}

fn duration(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(number) => Some(*number),
        Value::Text(text) => seconds(text),
        _ => None,
    }
}

fn number(value: Option<&Value>) -> Option<f64> {
    if let Some(Value::Number(number)) = value { Some(*number) } else { None }
}

fn gatus<'s>(path: &'s str, document: &Value, out: &mut Vec<Monitor<'s>>) {
    let Some(Value::List(endpoints)) = document.get("endpoints") else { return };
    for endpoint in endpoints {
        let (Some(entry), true) = (endpoint.entry("url"), endpoint.get("conditions").is_some()) else { continue };
        let interval = match endpoint.get("interval") {
            None => Some(60.0),
            value => duration(value),
        };
        let threshold = match endpoint.get("alerts") {
            // Without alerts nobody is told at all.
            None => None,
            Some(Value::List(alerts)) => {
                let of = |alert: &Value| number(alert.get("failure-threshold")).unwrap_or(3.0);
                alerts.iter().map(of).min_by(f64::total_cmp)
            }
            Some(_) => None,
        };
        out.push(Monitor {
            path,
            line: entry.line,
            by: "Gatus",
            seconds: interval.zip(threshold).map(|(i, t)| (i, t, 0.0)),
        });
    }
}

fn upptime<'s>(path: &'s str, document: &Value, out: &mut Vec<Monitor<'s>>) {
    if !path.ends_with(".upptimerc.yml") {
        return;
    }
    let Some(entry) = document.entry("sites") else { return };
    // GitHub runs no schedule more often than every five minutes, which is also the default.
    let cron = document.get("workflowSchedule.uptime").and_then(Value::text).unwrap_or("*/5 * * * *");
    let minutes = cron.split(' ').next().and_then(|first| first.strip_prefix("*/")).and_then(|n| n.parse::<f64>().ok());
    let interval = minutes.map(|minutes| minutes.max(5.0) * 60.0);
    out.push(Monitor { path, line: entry.line, by: "Upptime", seconds: interval.map(|s| (s, 1.0, 0.0)) });
}

/// How a kind of resource says when it tells.
type Timing = fn(&Value) -> Option<(f64, f64, f64)>;

const RESOURCES: &[(&str, &str, Timing)] = &[
    ("uptimerobot_monitor", "UptimeRobot", |v| {
        Some((
            number(v.get("interval")).unwrap_or(300.0),
            1.0,
            number(v.get("alert_contact.threshold")).unwrap_or(0.0) * 60.0,
        ))
    }),
    ("betteruptime_monitor", "Better Stack", |v| {
        Some((
            number(v.get("check_frequency")).unwrap_or(180.0),
            1.0,
            number(v.get("confirmation_period")).unwrap_or(0.0),
        ))
    }),
    ("statuscake_uptime_check", "StatusCake", |v| {
        Some((
            number(v.get("check_interval"))?,
            1.0 + number(v.get("confirmation")).unwrap_or(2.0),
            number(v.get("trigger_rate")).unwrap_or(0.0) * 60.0,
        ))
    }),
    ("pingdom_check", "Pingdom", |v| {
        Some((
            number(v.get("resolution")).unwrap_or(5.0) * 60.0,
            number(v.get("sendnotificationwhendown")).unwrap_or(2.0),
            0.0,
        ))
    }),
    ("datadog_synthetics_test", "Datadog Synthetics", |v| {
        Some((
            number(v.get("options_list.tick_every"))?,
            1.0,
            number(v.get("options_list.min_failure_duration")).unwrap_or(0.0),
        ))
    }),
    ("aws_route53_health_check", "Route 53", |v| {
        Some((
            number(v.get("request_interval")).unwrap_or(30.0),
            number(v.get("failure_threshold")).unwrap_or(3.0),
            0.0,
        ))
    }),
    ("google_monitoring_uptime_check_config", "Google Cloud Monitoring", |_| None),
    ("checkly_check", "Checkly", |v| Some((number(v.get("frequency"))? * 60.0, 1.0, 0.0))),
];

fn terraform<'s>(path: &'s str, document: &Value, out: &mut Vec<Monitor<'s>>) {
    let Value::Table(entries) = document else { return };
    for entry in entries {
        let Some(rest) = entry.key.strip_prefix("resource ") else { continue };
        let kind = rest.split(' ').next().unwrap_or_default();
        if let Some((_, by, timing)) = RESOURCES.iter().find(|(name, ..)| *name == kind) {
            out.push(Monitor { path, line: entry.line, by, seconds: timing(&entry.value) });
        }
    }
}

/// An alert of Prometheus on a probe: what is asked how often stands in another file as a rule, so that a minute is taken, which
/// is Prometheus' own default.
fn blackbox<'s>(path: &'s str, document: &Value, out: &mut Vec<Monitor<'s>>) {
    document.each(&mut |part| {
        let probes = part.get("expr").and_then(Value::text).is_some_and(|text| text.contains("probe_success"));
        if let (Some(entry), true) = (part.entry("alert"), probes) {
            let delay = match part.get("for") {
                None => Some(0.0),
                value => duration(value),
            };
            out.push(Monitor {
                path,
                line: entry.line,
                by: "A probe of Prometheus",
                seconds: delay.map(|delay| (60.0, 1.0, delay)),
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn spans_of_time() {
        for (text, expected) in [
            ("30s", Some(30.0)),
            ("1m30s", Some(90.0)),
            ("2 minutes", Some(120.0)),
            ("500ms", Some(0.5)),
            ("45", Some(45.0)),
            ("1h", Some(3_600.0)),
            ("30S", Some(30.0)),
            ("soon", None),
            ("", Some(0.0)),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
