//! The time that a line of a log says it was written at.
//!
//! A time is kept as it was meant: with the offset from UTC that was written, with none where none was, and without a year where
//! syslog leaves it out. Nothing is guessed.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far into a line its time may begin: behind a level, a host, a thread.
const HEAD: usize = 80;

/// How far into a line of an access log the time may be: behind addresses, names of users and virtual hosts.
const ACCESS_HEAD: usize = 1024;

/// How far from a secret the field with the time may be in a line of JSON.
const FIELD: usize = 16 * 1024;

/// A time as a log gives it: RFC 3339, without an offset where the log has none, or as in syslog, `Oct 11 22:14:15`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp(String);

impl Stamp {
    /// The time in writing.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time of a line, of which `at` is an offset: of several fields of JSON the nearest one before it counts.
    #[must_use]
    pub fn of_line(line: &[u8], at: usize) -> Option<Self> {
        let line = without_codes(line);
        let at = at.min(line.len());
        if matches!(line.first(), Some(b'{' | b'"' | b'['))
            && line.contains(&b'"')
            && let Some(stamp) = json_field(line, at)
        {
            return Some(stamp);
        }
        assigned(line).or_else(|| head(line)).or_else(|| access(line))
    }
}

impl Stamp {
    /// The time of the field of JSON that is nearest to `at`, in a piece of a line whose beginning is not known.
    #[must_use]
    pub fn within(line: &[u8], at: usize) -> Option<Self> {
        json_field(line, at.min(line.len()))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A line without what a terminal obeys at its beginning, and without the blanks there.
fn without_codes(mut line: &[u8]) -> &[u8] {
    loop {
        line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start();
        let Some(code) = line.strip_prefix(b"\x1b[") else { return line };
        let parameters = code.iter().take(32).take_while(|b| (b'0'..=b'?').contains(*b)).count();
        match code.get(parameters) {
            Some(b'@'..=b'~') => line = &code[parameters + 1..],
            _ => return line,
        }
    }
}

/// Fields that hold the time, as loggers name them.
const FIELDS: &[&str] = &[
    "time", "timestamp", "@timestamp", "ts", "t", "date", "datetime", "startedDateTime", "eventTime", "asctime",
    "_time", "__REALTIME_TIMESTAMP", "Timestamp", "Time", "logged_at", "receivedAt", "@t",
];

/// The field with the time that is nearest before `at`, or else the first one after it.
fn json_field(line: &[u8], at: usize) -> Option<Stamp> {
    let from = at.saturating_sub(FIELD);
    let until = (at + FIELD).min(line.len());
    let before = memchr::memrchr_iter(b'"', &line[from..at]).map(|quote| from + quote);
    let after = memchr::memchr_iter(b'"', &line[at..until]).map(|quote| at + quote);
    before.chain(after).find_map(|quote| field_at(&line[..until], quote))
}

/// Reads `"time": …` whose first mark is at `quote`.
fn field_at(line: &[u8], quote: usize) -> Option<Stamp> {
    let rest = &line[quote + 1..];
    let name =
        FIELDS.iter().find(|name| rest.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"\"")))?;
    let value = rest[name.len() + 1..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    written(value.strip_prefix(b"\"").unwrap_or(value))
}

/// `time=…` of logfmt, `__REALTIME_TIMESTAMP=…` of a journal, `section_start:…` of GitLab.
fn assigned(line: &[u8]) -> Option<Stamp> {
    let line = &line[..line.len().min(4 * HEAD)];
    if let Some(section) = line.strip_prefix(b"section_").and_then(|rest| rest.split_once_byte(b':')) {
        return written(section.1);
    }
    // Most lines have none, and no field of the others is far behind.
    memchr::memchr_iter(b'=', line).find_map(|equals| {
        let name = line[..equals].iter().rev().take_while(|b| !b.is_ascii_whitespace()).count();
        let name = &line[equals - name..equals];
        let value = &line[equals + 1..];
        let known = FIELDS.iter().any(|field| field.as_bytes() == name);
        known.then(|| written(value.strip_prefix(b"\"").unwrap_or(value))).flatten()
    })
}

/// Splitting at a byte, which slices have no stable way for.
trait SplitOnce {
    fn split_once_byte(&self, byte: u8) -> Option<(&[u8], &[u8])>;
}

impl SplitOnce for [u8] {
    fn split_once_byte(&self, byte: u8) -> Option<(&[u8], &[u8])> {
        let at = memchr::memchr(byte, self)?;
        Some((&self[..at], &self[at + 1..]))
    }
}

/// A time at the head of a line, behind a priority, brackets, a level.
fn head(line: &[u8]) -> Option<Stamp> {
    let line = priority(line);
    if let Some(stamp) = epoch(line.strip_prefix(b"[").unwrap_or(line)) {
        return Some(stamp);
    }
    if let Some(stamp) = klog(line) {
        return Some(stamp);
    }
    let mut boundary = true;
    for at in 0..line.len().min(HEAD) {
        let rest = &line[at..];
        let found = match line[at] {
            b'0'..=b'9' if boundary => iso(rest).or_else(|| mail(rest)),
            b'A'..=b'Z' if boundary => syslog(rest),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        boundary = !line[at].is_ascii_alphanumeric();
    }
    None
}

/// A line without the `<34>` or `<34>1 ` of syslog.
fn priority(line: &[u8]) -> &[u8] {
    let Some(rest) = line.strip_prefix(b"<") else { return line };
    let digits = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    match rest.get(digits) {
        Some(b'>') if (1..=3).contains(&digits) => {
            let rest = &rest[digits + 1..];
            rest.strip_prefix(b"1 ").unwrap_or(rest)
        }
        _ => line,
    }
}

/// A time in a field: RFC 3339 and the like, or a number since 1970.
fn written(value: &[u8]) -> Option<Stamp> {
    iso(value).or_else(|| epoch(value)).or_else(|| mail(value)).or_else(|| access(value)).or_else(|| syslog(value))
}

/// The number of `count` digits at `at`, between `least` and `most`.
fn number(text: &[u8], at: usize, count: usize, (least, most): (u32, u32)) -> Option<u32> {
    let digits = text.get(at..at + count)?;
    let value = digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))?;
    (least..=most).contains(&value).then_some(value)
}

/// The clock at `at`: `12:34:56` with a fraction of up to nine digits. Returns it with where it ends.
fn clock(text: &[u8], at: usize) -> Option<(String, usize)> {
    let hour = number(text, at, 2, (0, 23))?;
    let minute = number(text, at + 3, 2, (0, 59))?;
    // A leap second is one.
    let second = number(text, at + 6, 2, (0, 60))?;
    if text.get(at + 2) != Some(&b':') || text.get(at + 5) != Some(&b':') {
        return None;
    }
    let mut clock = format!("{hour:02}:{minute:02}:{second:02}");
    let mut end = at + 8;
    if matches!(text.get(end), Some(b'.' | b',')) {
        let digits: String =
            text[end + 1..].iter().take(9).take_while(|b| b.is_ascii_digit()).map(|&b| b as char).collect();
        if !digits.is_empty() {
            end += 1 + digits.len();
            clock = format!("{clock}.{digits}");
        }
    }
    (!text.get(end).is_some_and(u8::is_ascii_digit)).then_some((clock, end))
}

/// The offset from UTC at `at`, perhaps after a blank; empty if there is none.
fn offset(text: &[u8], at: usize) -> String {
    let rest = text.get(at..).unwrap_or_default();
    let blank = rest.strip_prefix(b" ").unwrap_or(rest);
    if rest.first().is_some_and(|b| b.eq_ignore_ascii_case(&b'Z')) {
        return "Z".into();
    }
    if ["UTC", "GMT"].iter().any(|zone| blank.starts_with(zone.as_bytes())) {
        return "Z".into();
    }
    let Some(sign @ (b'+' | b'-')) = blank.first().copied() else { return String::new() };
    let colon = usize::from(blank.get(3) == Some(&b':'));
    let hours = number(blank, 1, 2, (0, 18));
    let minutes = number(blank, 3 + colon, 2, (0, 59));
    match (hours, minutes) {
        (Some(hours), Some(minutes)) => format!("{}{hours:02}:{minutes:02}", sign as char),
        _ => String::new(),
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

/// Years that logs are from.
const YEARS: (u32, u32) = (1970, 2199);

/// `2024-05-01T12:34:56.789Z` and its kin: a blank or an underscore in the middle, slashes in the date, no offset.
fn iso(text: &[u8]) -> Option<Stamp> {
    let year = number(text, 0, 4, YEARS)?;
    let month = number(text, 5, 2, (1, 12))?;
    let day = number(text, 8, 2, (1, days_in(year, month)))?;
    let between = *text.get(4)?;
    let joint = *text.get(10)?;
    if !matches!(between, b'-' | b'/') || text[7] != between || !matches!(joint, b'T' | b't' | b' ' | b'_') {
        return None;
    }
    let (clock, end) = clock(text, 11)?;
    Some(Stamp(format!("{year:04}-{month:02}-{day:02}T{clock}{}", offset(text, end))))
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The month, from 1, whose short English name is at `at`.
fn month(text: &[u8], at: usize) -> Option<u32> {
    let name = text.get(at..at + 3)?;
    (1..).zip(MONTHS).find(|(_, month)| month.as_bytes() == name).map(|(number, _)| number)
}

/// `Oct 11 22:14:15` of syslog, and with a year behind it or before the clock, as `date` and Apache write it.
fn syslog(text: &[u8]) -> Option<Stamp> {
    const DAYS: [&[u8]; 7] = [b"Mon ", b"Tue ", b"Wed ", b"Thu ", b"Fri ", b"Sat ", b"Sun "];
    let text = DAYS.iter().find_map(|day| text.strip_prefix(*day)).unwrap_or(text);
    let month = month(text, 0)?;
    let day =
        number(text, 4, 2, (1, 31)).or_else(|| (text.get(4) == Some(&b' ')).then(|| number(text, 5, 1, (1, 9)))?)?;
    if text.get(3) != Some(&b' ') || text.get(6) != Some(&b' ') {
        return None;
    }
    if let Some(year) = number(text, 7, 4, YEARS)
        && let Some((clock, end)) = clock(text, 12)
    {
        return dated(year, month, day, &clock, &offset(text, end));
    }
    let (clock, end) = clock(text, 7)?;
    // The zone stands before the year, if it is there: `UTC 2024`.
    let zone = offset(text, end);
    let behind = if zone == "Z" && text.get(end) == Some(&b' ') { end + 5 } else { end + 1 };
    match number(text, behind, 4, YEARS) {
        Some(year) if !text.get(behind + 4).is_some_and(u8::is_ascii_alphanumeric) => {
            dated(year, month, day, &clock, &zone)
        }
        _ => Some(Stamp(format!("{} {day} {clock}", MONTHS[month as usize - 1]))),
    }
}

fn dated(year: u32, month: u32, day: u32, clock: &str, offset: &str) -> Option<Stamp> {
    (day <= days_in(year, month)).then(|| Stamp(format!("{year:04}-{month:02}-{day:02}T{clock}{offset}")))
}

/// `11 Oct 2024 22:14:15 GMT` of mail and HTTP.
fn mail(text: &[u8]) -> Option<Stamp> {
    let wide = number(text, 0, 2, (1, 31)).map(|day| (day, 3));
    let (day, at) = wide.or_else(|| number(text, 0, 1, (1, 9)).map(|day| (day, 2)))?;
    let month = month(text, at)?;
    let year = number(text, at + 4, 4, YEARS)?;
    let (clock, end) = clock(text, at + 9)?;
    dated(year, month, day, &clock, &offset(text, end))
}

/// `[10/Oct/2000:13:55:36 -0700]` of nginx, Apache and those that write like them.
fn access(line: &[u8]) -> Option<Stamp> {
    let line = &line[..line.len().min(ACCESS_HEAD)];
    memchr::memchr_iter(b'/', line).find_map(|slash| {
        let text = line.get(slash.checked_sub(2)?..)?;
        let day = number(text, 0, 2, (1, 31))?;
        let month = month(text, 3)?;
        let year = number(text, 7, 4, YEARS)?;
        if text.get(6) != Some(&b'/') || !matches!(text.get(11), Some(b':' | b' ')) {
            return None;
        }
        let (clock, end) = clock(text, 12)?;
        dated(year, month, day, &clock, &offset(text, end))
    })
}

/// `I0501 12:34:56.789012` of glog and Kubernetes, which have no year.
fn klog(line: &[u8]) -> Option<Stamp> {
    if !matches!(line.first(), Some(b'I' | b'W' | b'E' | b'F' | b'D')) || line.get(5) != Some(&b' ') {
        return None;
    }
    let month = number(line, 1, 2, (1, 12))?;
    let day = number(line, 3, 2, (1, 31))?;
    let (clock, _) = clock(line, 6)?;
    Some(Stamp(format!("{} {day} {clock}", MONTHS[month as usize - 1])))
}

/// Seconds since 1970 with or without a fraction, or milli-, micro- or nanoseconds, told apart by their number of digits.
fn epoch(text: &[u8]) -> Option<Stamp> {
    let digits = text.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
    let number = text[..digits].iter().fold(0i128, |n, b| n * 10 + i128::from(b - b'0'));
    let (scale, shown) = match digits {
        10 => (1_000_000_000, 0),
        13 => (1_000_000, 3),
        16 => (1_000, 6),
        19 => (1, 9),
        _ => return None,
    };
    let mut nanoseconds = number * scale;
    let (mut end, mut shown) = (digits, shown);
    if digits == 10 && text.get(end) == Some(&b'.') {
        let fraction: Vec<u8> = text[end + 1..].iter().copied().take(9).take_while(u8::is_ascii_digit).collect();
        let value = fraction.iter().fold(0i128, |n, b| n * 10 + i128::from(b - b'0'));
        nanoseconds += value * 10i128.pow(9 - fraction.len() as u32);
        end += 1 + fraction.len();
        shown = fraction.len();
    }
    if text.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'-') {
        return None;
    }
    // Before 2001 seconds have nine digits; after 2199 nobody has logged.
    let time = Timestamp::from_nanosecond(nanoseconds).ok().filter(|time| time.as_second() < 7_258_118_400)?;
    Some(Stamp(format!("{time:.shown$}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<String> {
        Stamp::of_line(line.as_bytes(), line.len()).map(|stamp| stamp.to_string())
    }

    #[test]
    fn the_usual_forms() {
        for (line, expected) in [
            ("2024-05-01T12:34:56Z started", "2024-05-01T12:34:56Z"),
            ("2024-05-01T12:34:56.123456789Z stdout F x", "2024-05-01T12:34:56.123456789Z"),
            ("2024-05-01T12:34:56.7890123Z ##[group]Run", "2024-05-01T12:34:56.7890123Z"),
            ("2024-05-01 12:34:56,789 INFO x", "2024-05-01T12:34:56.789"),
            ("2024-05-01T12:34:56+0200 x", "2024-05-01T12:34:56+02:00"),
            ("2024-05-01 12:34:56.1 -03:30 x", "2024-05-01T12:34:56.1-03:30"),
            ("2024-05-01 12:34:56 UTC [42] LOG:  x", "2024-05-01T12:34:56Z"),
            ("2024/05/01 12:34:56 [error] 7#7: x", "2024-05-01T12:34:56"),
            ("[2024-05-01 12:34:56] local.ERROR: x", "2024-05-01T12:34:56"),
            ("[2024-02-29T00:00:00.000+00:00] x", "2024-02-29T00:00:00.000+00:00"),
            ("INFO  [main] 2024-05-01 12:34:56.789 x", "2024-05-01T12:34:56.789"),
            ("\u{1b}[32m2024-05-01T12:34:56Z\u{1b}[0m x", "2024-05-01T12:34:56Z"),
            ("\u{feff}2024-05-01T12:34:56Z x", "2024-05-01T12:34:56Z"),
            ("<34>Oct 11 22:14:15 mymachine su: x", "Oct 11 22:14:15"),
            ("Oct  1 02:14:15 host app[7]: x", "Oct 1 02:14:15"),
            ("Oct 11 22:14:15.123456 host x", "Oct 11 22:14:15.123456"),
            ("<165>1 2003-10-11T22:14:15.003Z host app - ID47 - x", "2003-10-11T22:14:15.003Z"),
            ("Oct 11 2023 22:14:15 host x", "2023-10-11T22:14:15"),
            ("[Wed Oct 11 14:32:52.123456 2000] [core:error] x", "2000-10-11T14:32:52.123456"),
            ("Wed Oct 11 14:32:52 UTC 2000: x", "2000-10-11T14:32:52Z"),
            ("Wed, 11 Oct 2000 14:32:52 GMT x", "2000-10-11T14:32:52Z"),
            ("203.0.113.9 - ada [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.1\" 200", "2000-10-10T13:55:36-07:00"),
            ("I0501 12:34:56.789012    1 main.go:5] x", "May 1 12:34:56.789012"),
            ("1714566896 x", "2024-05-01T12:34:56Z"),
            ("1714566896.25 x", "2024-05-01T12:34:56.25Z"),
            ("[1714566896789] x", "2024-05-01T12:34:56.789Z"),
            ("1714566896789012 x", "2024-05-01T12:34:56.789012Z"),
            ("1714566896789012345 x", "2024-05-01T12:34:56.789012345Z"),
            ("__REALTIME_TIMESTAMP=1714566896789012", "2024-05-01T12:34:56.789012Z"),
            ("section_start:1714566896:build_script", "2024-05-01T12:34:56Z"),
            ("level=info ts=2024-05-01T12:34:56Z msg=x", "2024-05-01T12:34:56Z"),
            ("time=\"2024-05-01T12:34:56+02:00\" level=warning", "2024-05-01T12:34:56+02:00"),
            (r#"{"level":"info","time":"2024-05-01T12:34:56Z","msg":"x"}"#, "2024-05-01T12:34:56Z"),
            (r#"{"level":30,"time":1714566896789,"msg":"x"}"#, "2024-05-01T12:34:56.789Z"),
            (r#"{"ts": 1714566896.5, "msg":"x"}"#, "2024-05-01T12:34:56.5Z"),
            (
                r#"{"log":"2020-01-01T00:00:00Z x\n","stream":"stdout","time":"2024-05-01T12:34:56.1Z"}"#,
                "2024-05-01T12:34:56.1Z",
            ),
            (r#"        "startedDateTime": "2024-05-01T12:34:56.789Z","#, "2024-05-01T12:34:56.789Z"),
        ] {
            assert_eq!(of(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for line in [
            "", "started", "2024-13-01T12:34:56Z", "2023-02-29T12:34:56Z x", "2024-05-01 25:00:00 x", "2024-05-01 x",
            "12:34:56 x", "1714566896abc", "171456689 x", "17145668967 x", "9999999999999999999 x",
            "Oct 41 22:14:15 x", "May we 12:34:56", "    at com.acme.Main.run(Main.java:42)",
            "[12345.678901] usb 1-1: x", r#"{"msg":"time"}"#, "x2024-05-01T12:34:56Z", "10/Oct/2000", "time=yesterday",
            "\u{1b}[", "<999999>x",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn of_a_long_line_the_nearest_field_before_counts() {
        let entry = |n: u32| format!(r#"{{"startedDateTime":"2024-05-01T12:00:0{n}Z","v":"x{n}"}},"#);
        let line = format!(r#"{{"entries":[{}{}{}]}}"#, entry(1), entry(2), entry(3));
        for n in 1..=3 {
            let at = line.find(&format!("x{n}")).expect("it is there");
            let stamp = Stamp::of_line(line.as_bytes(), at).expect("it has a time");
            assert_eq!(stamp.as_str(), format!("2024-05-01T12:00:0{n}Z"));
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fail(line: Vec<u8>, at: usize) {
            let _ = Stamp::of_line(&line, at);
        }

        #[test]
        fn nothing_like_a_time_makes_it_fail(line in r#"[\[<{"]?[0-9T:/. \-+A-Za-z"=]{0,60}"#, at: usize) {
            let _ = Stamp::of_line(line.as_bytes(), at);
        }
    }
}
