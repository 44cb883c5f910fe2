//! MON-03 to MON-06: error trackers, alert rules and who gets the alerts.

use super::say::{Told, names};
use super::survey::{Survey, entries};
use crate::code::expression::{Call, Value};

/// Calls that start an error tracker.
const TRACKERS: &[(&str, &str)] = &[
    ("Sentry.init", "Sentry"),
    ("sentry_sdk.init", "Sentry"),
    ("sentry.Init", "Sentry"),
    ("sentry.init", "Sentry"),
    ("Sentry.register", "Sentry"),
    ("Bugsnag.start", "Bugsnag"),
    ("Bugsnag.configure", "Bugsnag"),
    ("bugsnag.Configure", "Bugsnag"),
    ("bugsnag.configure", "Bugsnag"),
    ("Rollbar.configure", "Rollbar"),
    ("rollbar.init", "Rollbar"),
    ("Rollbar.init", "Rollbar"),
    ("Rollbar", "Rollbar"),
    ("Honeybadger.configure", "Honeybadger"),
    ("honeybadger.Configure", "Honeybadger"),
    ("Airbrake.configure", "Airbrake"),
    ("Raygun.init", "Raygun"),
    ("newrelic.agent.initialize", "New Relic"),
    ("newrelic.NewApplication", "New Relic"),
    ("tracer.init", "Datadog"),
    ("datadogRum.init", "Datadog"),
    ("Appsignal", "AppSignal"),
    ("LogRocket.init", "LogRocket"),
];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    trackers(survey, told);
    rules(survey, told);
    receivers(survey, told);
}

fn trackers(survey: &Survey<'_>, told: &mut Told<'_>) {
    let looked_at = "calls that start an error tracker";
    for file in survey.launched() {
        for call in &file.found.calls {
            let Some((_, name)) = TRACKERS
                .iter()
                .find(|(known, _)| call.name == *known || call.name.starts_with("Sentry") && call.is(known))
            else {
                continue;
            };
            let is_agent = *name == "Datadog" && !file.mentions("dd-trace") && !file.mentions("datadog");
            if is_agent || call.arguments.is_empty() && *name == "Rollbar" {
                continue;
            }
            let reason = match address(file, call) {
                Some(Value::Text(_)) => format!("{name} is started, with its address written in the code."),
                Some(_) => format!("{name} is started, with its address from elsewhere."),
                None => format!("{name} is started; its address is not written in the call."),
            };
            told.review("MON-03")
                .reason(reason)
                .looked_at(looked_at)
                .counted(1, 1, "start")
                .change("the id of an event that came from production")
                .at(file.path, call.line);
        }
        // In Ruby the address is set in a block.
        for set in file.found.sets.iter().filter(|set| set.is("config.dsn") && file.path.ends_with(".rb")) {
            told.review("MON-03")
                .reason("Sentry is started in a block that sets its address.")
                .looked_at(looked_at)
                .change("the id of an event that came from production")
                .at(file.path, set.line);
        }
    }
    for file in survey.live_settings() {
        for (key, _, line) in file.documents.iter().flat_map(entries) {
            if key == "sentry.dsn" || key.ends_with(".sentry.dsn") {
                told.review("MON-03")
                    .reason("The settings have an address for Sentry.")
                    .looked_at("settings of an error tracker")
                    .change("the id of an event that came from production")
                    .at(file.path, line);
            }
        }
    }
}

/// The address of a tracker, or its key.
fn address<'v>(file: &'v super::survey::CodeFile<'_>, call: &'v Call) -> Option<&'v Value> {
    let named =
        ["dsn", "Dsn", "apiKey", "api_key", "accessToken", "access_token"].iter().find_map(|key| call.option(key));
    named.or_else(|| call.at(0).filter(|value| value.text().is_some())).map(|value| file.resolve(value))
}

/// What makes an alert rule of a file of settings: its text, by place.
fn rule_texts<'s>(survey: &'s Survey<'_>) -> Vec<(&'s str, u32, String)> {
    let mut texts = Vec::new();
    for file in survey.live_settings() {
        for document in &file.documents {
            document_rules(file.path, document, &mut texts);
        }
    }
    texts
}

fn document_rules<'s>(path: &'s str, document: &Value, out: &mut Vec<(&'s str, u32, String)>) {
    let mut add = |table: &Value, line: u32| {
        let mut text = String::new();
        table.each(&mut |part| {
            if let (Value::Text(part), true) = (part, text.len() < 4_000) {
                text.push_str(&part.to_ascii_lowercase());
                text.push('\n');
            }
        });
        out.push((path, line, text));
    };
    // Prometheus: `alert` beside `expr`. Grafana: `title` beside `condition`.
    document.each(&mut |part| {
        let entry = part.entry("alert").filter(|_| part.get("expr").is_some());
        let entry = entry
            .or_else(|| part.entry("title").filter(|_| part.get("condition").is_some() && part.get("data").is_some()));
        // Datadog: `query` beside `message`, of a type that is an alert.
        let entry = entry
            .or_else(|| part.entry("query").filter(|_| part.get("message").is_some() && part.get("type").is_some()));
        if let Some(entry) = entry {
            add(part, entry.line);
        }
    });
    // Terraform.
    const KINDS: &[&str] = &[
        "datadog_monitor", "aws_cloudwatch_metric_alarm", "google_monitoring_alert_policy", "grafana_rule_group",
        "newrelic_nrql_alert_condition", "sentry_issue_alert", "sentry_metric_alert", "azurerm_monitor_metric_alert",
    ];
    if let Value::Table(entries) = document {
        for entry in
            entries.iter().filter(|entry| KINDS.iter().any(|kind| entry.key.starts_with(&format!("resource {kind} "))))
        {
            add(&entry.value, entry.line);
        }
    }
    // CloudFormation.
    for (_, value, line) in entries(document) {
        if value.get("Type").and_then(Value::text) == Some("AWS::CloudWatch::Alarm") {
            add(value, line);
        }
    }
}

fn rules(survey: &Survey<'_>, told: &mut Told<'_>) {
    let texts = rule_texts(survey);
    let on_5xx = |text: &str| {
        [
            "5..", "5xx", "5\\d", "5[0-9]", "code=\"500\"", "status=\"500\"", "http_5", "status:5", ">= 500",
            "status_code_class:5",
        ]
        .iter()
        .any(|word| text.contains(word))
    };
    let on_errors = |text: &str| {
        let counts = [
            "rate(", "increase(", "error_rate", "errorrate", "error rate", "event_frequency", "count", "anomal",
            "failed_login", "login_fail", "5xx",
        ];
        (text.contains("error") || text.contains("fail") || text.contains("exception") || on_5xx(text))
            && counts.iter().any(|word| text.contains(word))
    };
    let looked_at = "alert rules";
    for (row, what, is) in [
        ("MON-04", "on answers with 5xx", &on_5xx as &dyn Fn(&str) -> bool),
        ("MON-05", "on the rate of errors", &on_errors),
    ] {
        let found: Vec<(&str, u32)> =
            texts.iter().filter(|(_, _, text)| is(text)).map(|(path, line, _)| (*path, *line)).collect();
        if found.is_empty() {
            continue;
        }
        told.review(row)
            .reason(format!(
                "{} of {} alert rules {} {what}.",
                found.len(),
                texts.len(),
                if found.len() == 1 { "is" } else { "are" }
            ))
            .looked_at(looked_at)
            .counted(texts.len(), texts.len(), "rules")
            .change("a word of who has seen the rule fire")
            .at_all(found);
    }
}

fn receivers(survey: &Survey<'_>, told: &mut Told<'_>) {
    let (mut found, mut called) = (Vec::new(), Vec::new());
    for file in survey.live_settings() {
        for document in &file.documents {
            // Alertmanager.
            if let (Some(Value::List(receivers)), true) = (document.get("receivers"), document.get("route").is_some()) {
                for receiver in receivers {
                    let Value::Table(entries) = receiver else { continue };
                    let sends = entries.iter().any(|entry| entry.key.ends_with("_configs"));
                    if let (true, Some(entry)) = (sends, receiver.entry("name")) {
                        found.push((file.path, entry.line));
                        called.extend(entry.value.text().map(str::to_owned));
                    }
                }
            }
            // Grafana.
            if let Some(Value::List(points)) = document.get("contactPoints") {
                for point in points {
                    if let Some(entry) = point.entry("name") {
                        found.push((file.path, entry.line));
                        called.extend(entry.value.text().map(str::to_owned));
                    }
                }
            }
            // Gatus names its ways of alerting.
            if let (Some(Value::Table(ways)), true) = (document.get("alerting"), document.get("endpoints").is_some()) {
                found.extend(ways.iter().map(|entry| (file.path, entry.line)));
                called.extend(ways.iter().map(|entry| entry.key.clone()));
            }
            if let Value::Table(entries) = document {
                const KINDS: &[&str] = &[
                    "pagerduty_", "opsgenie_", "google_monitoring_notification_channel", "aws_sns_topic_subscription",
                    "grafana_contact_point",
                ];
                let routes = entries.iter().filter(|entry| {
                    entry
                        .key
                        .strip_prefix("resource ")
                        .is_some_and(|rest| KINDS.iter().any(|kind| rest.starts_with(kind)))
                });
                for entry in routes {
                    found.push((file.path, entry.line));
                    called.extend(entry.key.rsplit(' ').next().map(str::to_owned));
                }
            }
        }
    }
    // Datadog writes the receiver into the message.
    for (path, line, text) in rule_texts(survey) {
        if ["@slack-", "@pagerduty", "@opsgenie", "@teams-", "@webhook-"].iter().any(|word| text.contains(word)) {
            found.push((path, line));
        }
    }
    if found.is_empty() {
        return;
    }
    let shown: Vec<String> = called
        .iter()
        .filter(|name| name.len() < 60 && !name.contains("://"))
        .map(|name| name.escape_debug().to_string())
        .collect();
    let reason = match shown.is_empty() {
        true => "Alerts have receivers.".to_owned(),
        false => format!("Alerts go to {}.", names(shown.iter().map(String::as_str))),
    };
    told.review("MON-06")
        .reason(reason)
        .looked_at("receivers of alerts")
        .counted(found.len(), found.len(), "receivers")
        .change("the word of the person who gets the alerts")
        .at_all(found);
}
