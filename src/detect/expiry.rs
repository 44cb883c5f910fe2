//! Credentials that end by themselves: a token says until when it is valid, and after that it opens nothing.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Fact;

/// The name of a fact that is the end of a credential's life.
pub(super) const EXPIRES: &str = "expires";

/// The name of that fact once the time has come.
pub const EXPIRED: &str = "expired";

/// Says of what has ended by `now` that it has.
pub(super) fn judge(facts: &mut [Fact], now: Timestamp) {
    for fact in facts.iter_mut().filter(|fact| fact.name == EXPIRES) {
        if end(&fact.value).is_some_and(|end| end < now) {
            fact.name = EXPIRED.into();
        }
    }
}

/// A time of RFC 3339, in which colons may be percent-encoded, or a day, which ends at midnight in Greenwich.
fn end(value: &str) -> Option<Timestamp> {
    let value = value.replace("%3A", ":").replace("%3a", ":");
    let day = || value.parse::<Date>().ok()?.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    value.parse().ok().or_else(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_expired() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
        for (value, name) in [
            ("2026-11-22T11:59:59Z", EXPIRED),
            ("2026-11-22T12:00:01Z", EXPIRES),
            ("2026-11-22T10%3A00%3A00Z", EXPIRED),
            ("2026-11-21", EXPIRED),
            ("2026-11-22", EXPIRES),
            ("9999-12-31", EXPIRES),
            ("soon", EXPIRES),
            ("", EXPIRES),
        ] {
            let mut facts = [Fact::new(EXPIRES, value)];
            judge(&mut facts, now);
            assert_eq!(facts[0].name, name, "{value}");
        }
    }
}
