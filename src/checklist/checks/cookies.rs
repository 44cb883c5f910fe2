//! COOK-01, COOK-02, COOK-03 and COOK-05: the session cookie's flags, each framework's default where one is not set, and whether
//! signing in makes a new session.

mod frameworks;
mod written;

use super::say::Told;
use super::survey::{CodeFile, Survey};
use crate::code::expression::Value;

/// How a flag stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    /// Set so that it protects.
    Good,
    /// Not set, and the default protects.
    DefaultGood,
    /// Told by code, the environment or the connection.
    Decided,
    /// Not set, and the default does not protect.
    DefaultBad,
    /// Set so that it does not protect.
    Bad,
}

/// A session cookie that something sets.
pub(super) struct Cookie<'s> {
    path: &'s str,
    line: u32,
    /// What sets it, as its makers call it.
    by: &'static str,
    /// `HttpOnly`, `Secure`, `SameSite`, each with the line that decides it where that is another one.
    flags: [(Flag, Option<(&'s str, u32)>); 3],
    /// Lines where a flag stands in a comment.
    hints: [Vec<(&'s str, u32)>; 3],
}

impl<'s> Cookie<'s> {
    fn new(path: &'s str, line: u32, by: &'static str, flags: [Flag; 3]) -> Self {
        Self { path, line, by, flags: flags.map(|flag| (flag, None)), hints: Default::default() }
    }

    /// Points to comments that name the flags in the same file.
    fn hinted(mut self, file: &'s CodeFile<'_>, words: [&str; 3]) -> Self {
        for (hints, word) in self.hints.iter_mut().zip(words) {
            *hints = file.commented(word).into_iter().map(|line| (file.path, line)).collect();
        }
        self
    }
}

const ROWS: [(&str, &str); 3] = [("COOK-01", "HttpOnly"), ("COOK-02", "Secure"), ("COOK-03", "SameSite")];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let mut cookies = frameworks::cookies(survey);
    cookies.extend(written::cookies(survey));
    for cookie in &cookies {
        for (((row, name), (flag, place)), hints) in ROWS.iter().zip(&cookie.flags).zip(&cookie.hints) {
            let by = cookie.by;
            let reason = match flag {
                Flag::Good => format!("{by} sets {name}."),
                Flag::DefaultGood => format!("{by} does not mention {name}, and its default sets it."),
                Flag::Decided => format!("{by} leaves {name} to code, the environment or the connection."),
                Flag::DefaultBad if hints.is_empty() => {
                    format!("{by} does not set {name}, and its default leaves it off.")
                }
                Flag::DefaultBad => {
                    format!("{by} does not set {name}, and its default leaves it off; it stands in a comment only.")
                }
                Flag::Bad => format!("{by} switches {name} off."),
            };
            let is_bad = matches!(flag, Flag::Bad | Flag::DefaultBad);
            let say = if is_bad { told.fail(row) } else { told.review(row) };
            let (path, line) = place.unwrap_or((cookie.path, cookie.line));
            let say = say.reason(reason).looked_at(by).counted(1, 1, "session cookie").at(path, line);
            let say = if is_bad { say.at_all(hints.iter().copied()) } else { say };
            let _ = say.change(format!("{name} set there, and the record of a login that shows it"));
        }
    }
    rotation(survey, told);
}

/// What makes a new session, and what does so by itself on login.
const ROTATES: &[(&str, &str)] = &[
    ("session.regenerate", "makes a new session"),
    ("regenerateId", "makes a new session"),
    ("session_regenerate_id", "makes a new session"),
    ("reset_session", "makes a new session"),
    ("changeSessionId", "makes a new session"),
    ("cycle_key", "makes a new session"),
    ("cycle_id", "makes a new session"),
    ("session.renew", "makes a new session"),
    ("RenewToken", "makes a new session"),
    ("migrateSession", "makes a new session"),
    ("session.migrate", "makes a new session"),
];

fn rotation(survey: &Survey<'_>, told: &mut Told<'_>) {
    let mut found = Vec::new();
    for file in survey.launched() {
        let (django, passport) = (file.mentions("django.contrib.auth"), file.mentions("passport"));
        for call in &file.found.calls {
            let is_new = ROTATES.iter().any(|(name, _)| call.is(name));
            // The login functions of Django and Devise make a new session themselves.
            let by_itself = django && matches!(call.name.as_str(), "login" | "auth_login")
                || file.path.ends_with(".rb") && call.name == "sign_in"
                || passport && (call.is("req.logIn") || call.is("req.login"));
            if is_new || by_itself {
                found.push((file.path, call.line));
            }
        }
        // In Ruby a method without arguments is a name.
        if file.path.ends_with(".rb") && file.text.lines().any(|line| line.trim() == "reset_session") {
            let line = file.text.lines().position(|line| line.trim() == "reset_session").unwrap_or(0);
            found.push((file.path, u32::try_from(line + 1).unwrap_or(1)));
        }
    }
    if found.is_empty() {
        return;
    }
    told.review("COOK-05")
        .reason("A call makes a new session; whether each login goes through it is for somebody to see.")
        .looked_at("calls that make a new session")
        .counted(found.len(), found.len(), "call")
        .change("the record of a login that shows the id before and after")
        .at_all(found);
}

/// A flag that is on or off.
fn switch(value: Option<&Value>, default: Flag) -> Flag {
    match value {
        None => default,
        Some(Value::Flag(true)) => Flag::Good,
        Some(Value::Flag(false) | Value::Nothing) => Flag::Bad,
        Some(Value::Text(text)) if text.eq_ignore_ascii_case("true") => Flag::Good,
        Some(Value::Text(text)) if text.eq_ignore_ascii_case("false") => Flag::Bad,
        Some(Value::OneOf(values)) if values.iter().all(|value| *value == Value::Flag(false)) => Flag::Bad,
        Some(_) => Flag::Decided,
    }
}

/// `SameSite`: Lax and Strict protect.
fn same_site(value: Option<&Value>, default: Flag) -> Flag {
    let of = |name: &str| match name.to_ascii_lowercase().rsplit('.').next().unwrap_or_default() {
        "lax" | "strict" | "samesitelaxmode" | "samesitestrictmode" => Flag::Good,
        "none" | "samesitenonemode" | "samesitedefaultmode" | "" => Flag::Bad,
        _ => Flag::Decided,
    };
    match value {
        None => default,
        // `true` is Strict in Express.
        Some(Value::Flag(true)) => Flag::Good,
        Some(Value::Flag(false) | Value::Nothing) => Flag::Bad,
        Some(Value::Text(text) | Value::Name(text)) => of(text),
        Some(_) => Flag::Decided,
    }
}

/// Whether a cookie of this name, or in a variable of this name, holds a session.
fn is_session(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let no = [
        "csrf", "xsrf", "theme", "locale", "lang", "consent", "flash", "state", "nonce", "verifier", "redirect",
        "return",
    ];
    let yes = ["sess", "token", "auth", "jwt", "sid", "remember", "login"];
    yes.iter().any(|part| lower.contains(part)) && !no.iter().any(|part| lower.contains(part))
}

fn is_session_value(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Text(name) | Value::Name(name)) => is_session(name),
        _ => false,
    }
}
