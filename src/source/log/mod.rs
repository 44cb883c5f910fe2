//! What logs have that other texts do not: a time on each line, lines that a runtime has cut or put a prefix before, and formats
//! that are no text.

pub mod joined;
pub mod journal;
pub mod stamp;

/// Whether a file has the name of a log, or of one of a rotated set: `app.log`, `app.log.1`, `app.log-20240501`.
#[must_use]
pub fn is_named_so(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split_once(".log").is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}
