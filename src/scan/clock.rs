//! When the lines of a log were written.

use super::text::Place;
use crate::source::log::stamp::Stamp;

/// How far before a line without a time the one is looked for that it belongs to.
const BACK: usize = 32 * 1024;

/// How far from a place its line is looked at: a line can be all there is.
const LINE: usize = 64 * 1024;

/// Tells the time at places of a log, which are asked for in order.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Up to which offset of the text times were looked for.
    known: u64,
    last: Option<Stamp>,
}

impl Clock {
    /// The time of the line that has the byte at `at`, or else of the last line before it that has one: of a stack trace or a
    /// listing only the first has.
    pub(super) fn at(&mut self, place: &Place<'_>, at: usize) -> Option<Stamp> {
        let (from, until) = (at.saturating_sub(LINE), (at + LINE).min(place.text.len()));
        let newline = memchr::memrchr(b'\n', &place.text[from..at]).map(|newline| from + newline);
        let line = newline.map_or(from, |newline| newline + 1);
        let end = memchr::memchr(b'\n', &place.text[at..until]).map_or(until, |newline| at + newline);
        let begins_here = newline.is_some() || (from == 0 && place.base == 0);
        let of_line = match begins_here {
            true => Stamp::of_line(&place.text[line..end], at - line),
            false => Stamp::within(&place.text[line..end], at - line),
        };
        // The line began before this piece of the text.
        let began_before = !begins_here && from == 0;
        let of_head = || began_before.then(|| Stamp::of_line(place.cursor.line_head(), 0)).flatten();
        if let Some(stamp) = of_line.or_else(of_head) {
            self.last = Some(stamp);
        } else if let Some(stamp) = before(place.text, line, self.known.saturating_sub(place.base)) {
            self.last = Some(stamp);
        }
        self.known = self.known.max(place.base + line as u64);
        self.last.clone()
    }
}

/// The time of the last line before `line` that has one and does not end before `known`.
fn before(text: &[u8], line: usize, known: u64) -> Option<Stamp> {
    let floor = usize::try_from(known).unwrap_or(usize::MAX).max(line.saturating_sub(BACK));
    let mut end = line.checked_sub(1)?;
    while end >= floor {
        let start = memchr::memrchr(b'\n', &text[..end]).map_or(0, |newline| newline + 1);
        if let Some(stamp) = Stamp::of_line(&text[start..end], end - start) {
            return Some(stamp);
        }
        end = start.checked_sub(1)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::LineCursor;

    #[test]
    fn a_line_without_a_time_has_that_of_the_line_it_belongs_to() {
        let text =
            b"no time\n2024-05-01T12:00:00Z failed\n  at a\n  at SECRET\n2024-05-01T12:00:01Z x SECRET\n  SECRET";
        let cursor = LineCursor::default();
        let place = Place { text, base: 100, cursor: &cursor, whole: false };
        let mut clock = Clock::default();
        assert_eq!(clock.at(&place, 3), None);
        let places = text.windows(6).enumerate().filter(|(_, word)| word == b"SECRET").map(|(at, _)| at);
        let times: Vec<String> = places.map(|at| clock.at(&place, at).expect("it has a time").to_string()).collect();
        assert_eq!(times, ["2024-05-01T12:00:00Z", "2024-05-01T12:00:01Z", "2024-05-01T12:00:01Z"]);
    }
}
