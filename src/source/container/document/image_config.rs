//! What an image of Docker or OCI says of itself: variables, commands, labels, and how each layer was made.

use serde_json::Value;

use super::super::guard::Fault;
use super::super::{Place, Walk};
use super::view;

/// The largest that is read, in bytes.
const LARGEST: usize = 8 << 20;

/// Whether an object of JSON may be such a thing.
pub(super) fn is_config(text: &[u8]) -> bool {
    let keys = ["\"architecture\":", "\"container_config\":", "\"Env\":[", "\"rootfs\":"];
    keys.iter().any(|key| memchr::memmem::find(text, key.as_bytes()).is_some())
}

/// Hands over the variables and the history as lines.
pub(super) fn walk(walk: &mut Walk<'_>, place: &Place, bytes: &[u8]) {
    let json = (bytes.len() <= LARGEST).then(|| serde_json::from_slice::<Value>(bytes).ok()).flatten();
    let Some(json) = json else {
        // Other JSON may begin so too; the text itself is looked at in any case.
        if memchr::memmem::find(bytes, b"\"diff_ids\"").is_some() {
            let what = if bytes.len() > LARGEST { "larger than such JSON is" } else { "no sound JSON" };
            walk.skip(place, Fault::corrupt(format_args!("{what}; it was looked at as it is")));
        }
        return;
    };
    let mut lines = String::new();
    for key in ["config", "container_config", "Config", "ContainerConfig"] {
        if let Some(config) = json.get(key) {
            settings(config, &mut lines);
        }
    }
    view(walk, place, "config", lines.as_bytes());
    lines.clear();
    for step in json.get("history").and_then(Value::as_array).into_iter().flatten() {
        for key in ["created_by", "comment", "author"] {
            line(step.get(key), &mut lines);
        }
    }
    view(walk, place, "history", lines.as_bytes());
}

/// Writes the settings of a container as lines.
fn settings(config: &Value, lines: &mut String) {
    for variable in config.get("Env").and_then(Value::as_array).into_iter().flatten() {
        line(Some(variable), lines);
    }
    for key in ["Entrypoint", "Cmd", "Shell", "OnBuild"] {
        let words = config.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let words: Vec<&str> = words.collect();
        if !words.is_empty() {
            lines.push_str(&words.join(if key == "OnBuild" { "\n" } else { " " }));
            lines.push('\n');
        }
    }
    for (name, value) in config.get("Labels").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = value.as_str() {
            lines.extend([name, "=", value, "\n"]);
        }
    }
}

fn line(value: Option<&Value>, lines: &mut String) {
    if let Some(text) = value.and_then(Value::as_str) {
        lines.extend([text, "\n"]);
    }
}
