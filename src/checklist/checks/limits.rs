//! RATE-10: the numbers of limiters, where they are written as numbers: those of signing in beside those of reading.

use std::collections::BTreeMap;
use std::sync::Arc;

use memchr::memmem;

use super::access::{launched, place, shown};
use super::say::{Told, count, names};
use super::survey::Survey;
use crate::code::expression::{Call, Expressions, Value};
use crate::code::{Language, Mention, Method, Role, Route};

/// The last words of paths on which somebody guesses.
const GUESSED: &[&str] = &[
    "login", "signin", "sign-in", "sign_in", "session", "sessions", "authenticate", "token", "otp", "2fa", "mfa",
    "verify", "totp", "forgot", "forgot-password", "forgot_password", "reset", "reset-password", "reset_password",
    "register", "signup", "sign-up", "sign_up",
];

/// Keys of how often, and of how long.
const OFTEN: &[&str] = &["max", "limit", "to", "points", "requests"];
const LONG: &[&str] = &["windowMs", "timeWindow", "ttl", "period", "within", "duration"];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let limited: Vec<&Route> = launched(survey).filter(|route| route.has(Role::Limiter)).collect();
    if limited.is_empty() {
        return;
    }
    let mut files = Files { survey, having: BTreeMap::new() };
    let mut rates =
        |routes: &[&'_ Route]| -> Vec<f64> { routes.iter().filter_map(|route| files.rate(route)).collect() };
    let guessed: Vec<&Route> = launched(survey).filter(|route| is_guessed(route)).collect();
    let reading: Vec<&Route> = launched(survey).filter(|route| route.method == Method::Get).collect();
    let (of_guessed, of_reading) = (rates(&guessed), rates(&reading));
    let looked_at = format!(
        "the limits of {} where somebody can guess, and of {} that read",
        count(guessed.len(), "route"),
        count(reading.len(), "route")
    );
    let known = of_guessed.len() + of_reading.len();
    let (all, change) =
        (guessed.len() + reading.len(), "a limiter of its own for signing in, stricter than that for reading");
    let loosest = of_guessed.iter().copied().reduce(f64::max);
    let strictest = of_reading.iter().copied().reduce(f64::min);
    let (Some(loosest), Some(strictest)) = (loosest, strictest) else {
        let which = match (loosest, strictest) {
            (Some(_), None) => "Signing in has a limit in numbers, and no route that reads has one beside it.",
            (None, Some(_)) => "Reading has a limit in numbers, and for signing in none was found.",
            _ => "Limiters were found, and none whose numbers are written beside them.",
        };
        let say =
            told.review("RATE-10").reason(which).looked_at(looked_at).counted(known, all, "routes").change(change);
        say.at_all(limiters(&limited));
        return;
    };
    let places = limiters(&guessed);
    let numbers =
        format!("{} a minute where somebody can guess, {} a minute for reading", number(loosest), number(strictest));
    // Where something reads without any limit, guessing is limited more than that.
    let is_free = reading.iter().any(|route| !route.has(Role::Limiter));
    if loosest >= strictest && !is_free {
        told.fail("RATE-10")
            .reason(format!("Guessing is limited no more than reading: {numbers}."))
            .looked_at(looked_at)
            .counted(known, all, "routes")
            .change(change)
            .at_all(places);
    } else if known == all {
        told.pass("RATE-10", "limits that are equal or the other way round would have been a fail")
            .reason(format!("The numbers are {numbers}."))
            .looked_at(looked_at)
            .counted(known, all, "routes")
            .change("another number in one of the limiters")
            .at_all(places);
    } else {
        told.review("RATE-10")
            .reason(format!("The numbers that were found are {numbers}; {}.", rest(&guessed)))
            .looked_at(looked_at)
            .counted(known, all, "routes")
            .change(change)
            .at_all(places);
    }
}

/// Where the limiters of routes are named.
fn limiters<'r>(routes: &[&'r Route]) -> Vec<(&'r str, u32)> {
    routes.iter().flat_map(|route| route.mentions(Role::Limiter)).map(|limiter| place(&limiter.at)).collect()
}

/// What is not known beside the numbers.
fn rest(guessed: &[&Route]) -> String {
    let without: Vec<String> = guessed.iter().filter(|r| !r.has(Role::Limiter)).map(|route| shown(route)).collect();
    match without.as_slice() {
        [] => "for the other routes that read no number was found".to_owned(),
        routes => format!("before {} no limiter was seen", names(routes.iter().map(String::as_str))),
    }
}

fn number(rate: f64) -> String {
    if rate.fract() == 0.0 { format!("{rate:.0}") } else { format!("{rate:.1}") }
}

fn is_guessed(route: &Route) -> bool {
    let last = route.path.split('/').rfind(|part| !part.is_empty() && !part.starts_with('{'));
    route.method.writes() && last.is_some_and(|last| GUESSED.iter().any(|word| last.eq_ignore_ascii_case(word)))
}

/// The files that limiters are written in.
struct Files<'s, 'a> {
    survey: &'s Survey<'a>,
    /// Of the names of limiters, the files that have them: a name stands before many routes.
    having: BTreeMap<String, Vec<&'a str>>,
}

impl<'a> Files<'_, 'a> {
    /// The strictest limit of a route, a minute.
    fn rate(&mut self, route: &Route) -> Option<f64> {
        let limiters: Vec<&Mention> = route.mentions(Role::Limiter).collect();
        limiters.into_iter().filter_map(|limiter| self.of(limiter)).reduce(f64::min)
    }

    /// What stands where the limiter is named, else where its name is given a value: in that file, then in the others.
    fn of(&mut self, limiter: &Mention) -> Option<f64> {
        let path: &str = &limiter.at.file;
        let own = self.at_line(path, limiter.at.line);
        if own.is_some() {
            return own;
        }
        let name = limiter.name.rsplit('.').next().unwrap_or_default().to_owned();
        if name.len() < 3 {
            return None;
        }
        let others = self.with(&name).into_iter().filter(|other| *other != path);
        let candidates: Vec<&str> = std::iter::once(path).chain(others).take(20).collect();
        candidates.into_iter().find_map(|path| self.named(path, &name))
    }

    /// The first source files that have a name.
    fn with(&mut self, name: &str) -> Vec<&'a str> {
        let survey = self.survey;
        let search = || {
            let finder = memmem::Finder::new(name);
            let has = |path: &&str| survey.text(path).is_some_and(|text| finder.find(text.as_bytes()).is_some());
            let sources = survey.paths(|path| Language::of_path(path).is_some());
            sources.into_iter().filter(has).take(20).collect()
        };
        self.having.entry(name.to_owned()).or_insert_with(search).clone()
    }

    fn expressions(&self, path: &str) -> Option<Arc<Expressions>> {
        self.survey.project.file(path)?.expressions()
    }

    fn at_line(&self, path: &str, line: u32) -> Option<f64> {
        let text = self.survey.text(path)?;
        let found = self.expressions(path)?;
        let calls = found.calls.iter().filter(|call| call.line == line);
        let spans: Vec<(usize, usize)> = calls.filter(|call| is_limiter(call)).map(|call| call.span).collect();
        let of_calls = spans.into_iter().filter_map(|(from, to)| rate(text.get(from..to)?)).reduce(f64::min);
        of_calls.or_else(|| {
            text.lines().nth(line.saturating_sub(1) as usize).filter(|line| line.contains("throttle")).and_then(rate)
        })
    }

    fn named(&self, path: &str, name: &str) -> Option<f64> {
        let text = self.survey.text(path)?;
        let call = self.expressions(path)?.sets.iter().find_map(|set| match &set.value {
            Value::Call(call) if set.name.rsplit('.').next() == Some(name) => Some(call.span),
            _ => None,
        });
        call.and_then(|(from, to)| rate(text.get(from..to)?))
    }
}

fn is_limiter(call: &Call) -> bool {
    let last = call.last().to_ascii_lowercase();
    ["limit", "throttle"].iter().any(|word| last.contains(word))
}

/// How often a minute a limiter lets somebody through; none where it is not written as numbers.
fn rate(text: &str) -> Option<f64> {
    let by_keys = || {
        let often = OFTEN.iter().find_map(|key| after_key(text, key)).and_then(product)?;
        let (key, rest) = LONG.iter().find_map(|key| after_key(text, key).map(|rest| (*key, rest)))?;
        let long = minutes(rest, key)?;
        (long > 0.0).then_some(often / long)
    };
    let rate = by_keys().or_else(|| in_words(text)).or_else(|| of_laravel(text))?;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

/// What stands behind `key:` or `key=`.
fn after_key<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.match_indices(key).find_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        let rest = text[at + key.len()..].trim_start_matches(['\'', '"']).trim_start();
        let is_whole = before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_');
        let rest = rest.strip_prefix([':', '=']).filter(|rest| !rest.starts_with('>') && is_whole)?;
        Some(rest.trim_start())
    })
}

/// A number, or numbers multiplied with each other.
fn product(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '_' | '*' | ' ' | '.'))).unwrap_or(text.len());
    let parts =
        text[..end].split('*').map(|part| part.trim().trim_end_matches('.').replace('_', "").parse::<f64>().ok());
    parts.reduce(|one, other| Some(one? * other?)).flatten()
}

/// A span of time in minutes; the key tells the unit where the text does not.
fn minutes(text: &str, key: &str) -> Option<f64> {
    let text = text.trim_start_matches(['\'', '"']);
    let number = product(text).or(unit(text).map(|_| 1.0))?;
    let rest = text.trim_start_matches(|c: char| !c.is_ascii_alphabetic() && !matches!(c, ',' | '}' | ')'));
    let unit = unit(rest).or(match key {
        "windowMs" | "timeWindow" => Some(1.0 / 60_000.0),
        "ttl" if number >= 1000.0 => Some(1.0 / 60_000.0),
        _ => Some(1.0 / 60.0),
    })?;
    Some(number * unit)
}

/// The minutes of a unit that a text begins with.
fn unit(text: &str) -> Option<f64> {
    let word: String = text.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    Some(match word.as_str() {
        "s" | "sec" | "second" | "seconds" => 1.0 / 60.0,
        "m" | "min" | "minute" | "minutes" => 1.0,
        "h" | "hour" | "hours" => 60.0,
        "d" | "day" | "days" => 1440.0,
        _ => return None,
    })
}

/// `5 per minute`, `5/minute`, `100 per 15 minutes`.
fn in_words(text: &str) -> Option<f64> {
    ["/", " per "].iter().flat_map(|mark| text.match_indices(mark)).find_map(|(at, mark)| {
        let digits = text[..at].trim_end();
        let start = digits.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
        let often: f64 = digits[start..].parse().ok()?;
        let rest = text[at + mark.len()..].trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest[..end].parse().unwrap_or(1.0);
        unit(rest[end..].trim_start()).map(|unit| often / (number * unit))
    })
}

/// `throttle:5,1`: times, and minutes.
fn of_laravel(text: &str) -> Option<f64> {
    let rest = text.split_once("throttle:")?.1;
    let mut numbers = rest.split(',').map(|part| part.chars().take_while(char::is_ascii_digit).collect::<String>());
    let often: f64 = numbers.next()?.parse().ok()?;
    let minutes: f64 = numbers.next().and_then(|minutes| minutes.parse().ok()).unwrap_or(1.0);
    (minutes > 0.0).then_some(often / minutes)
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn limits_that_are_written_as_numbers() {
        for (text, expected) in [
            ("rateLimit({ windowMs: 15 * 60 * 1000, max: 30 })", Some(2.0)),
            ("rateLimit({ windowMs: 60_000, limit: 5 })", Some(5.0)),
            ("Throttle({ default: { limit: 3, ttl: 60000 } })", Some(3.0)),
            ("Throttle({ default: { limit: 3, ttl: 60 } })", Some(3.0)),
            ("limiter.limit(\"5 per minute\")", Some(5.0)),
            ("limiter.limit(\"100/15minutes\")", Some(100.0 / 15.0)),
            ("limiter.limit(\"60/hour\")", Some(1.0)),
            ("rate_limit to: 10, within: 5.minutes", Some(2.0)),
            ("rateLimit: { max: 10, timeWindow: '1 minute' }", Some(10.0)),
            ("->middleware('throttle:6,2')", Some(3.0)),
            ("rateLimit({ windowMs: config.window, max: 5 })", None),
            ("rateLimit({ windowMs: 0, max: 5 })", None),
            ("rateLimit(options)", None),
            ("limit(\"/\")", None),
            ("", None),
        ] {
            let found = rate(text);
            let is_same =
                found.zip(expected).map_or(found.is_none() == expected.is_none(), |(a, b)| (a - b).abs() < 1e-9);
            assert!(is_same, "{text}: {found:?}");
        }
    }
}
