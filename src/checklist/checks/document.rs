//! Documents: their sections, and whether something stands in them.

use jiff::civil::Date;

/// A document, by its headings.
pub(super) struct Document<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    pub(super) sections: Vec<Section<'a>>,
}

/// A heading, and what stands below it: its own sections too.
pub(super) struct Section<'a> {
    pub(super) title: String,
    pub(super) line: u32,
    /// The lines below it, with their numbers.
    pub(super) body: Vec<(u32, &'a str)>,
}

/// Answers that are none.
const NOBODY: &[&str] = &[
    "tbd", "tba", "todo", "n/a", "na", "none", "nobody", "unknown", "?", "??", "???", "-", "–", "…", "...", "xxx",
    "someone", "everyone", "anyone", "fixme", "name", "your name", "to be defined", "to be decided",
];

impl<'a> Document<'a> {
    pub(super) fn new(path: &'a str, text: &'a str) -> Self {
        let mut headings: Vec<(usize, String, u32)> = Vec::new();
        let mut is_code = false;
        let lines: Vec<(u32, &'a str)> = (1_u32..).zip(text.lines()).collect();
        for (line, text) in &lines {
            let fence = text.trim_start();
            if fence.starts_with("```") || fence.starts_with("~~~") {
                is_code = !is_code;
            }
            if let Some((level, title)) = heading(text).filter(|_| !is_code) {
                headings.push((level, title, *line));
            }
        }
        let end = |at: usize| {
            let level = headings[at].0;
            let next = headings[at + 1..].iter().find(|(other, ..)| *other <= level);
            next.map_or(usize::MAX, |(_, _, line)| *line as usize)
        };
        let section = |at: usize| {
            let (_, title, line) = &headings[at];
            let body = lines.iter().copied().filter(|(n, _)| *n > *line && (*n as usize) < end(at)).collect();
            Section { title: title.clone(), line: *line, body }
        };
        // A document of nothing but headings would be read as often as it has lines.
        let sections = (0..headings.len().min(500)).map(section).collect();
        Self { path, text, sections }
    }

    /// Sections whose heading holds one of these words.
    pub(super) fn titled(&self, words: &[&str]) -> impl Iterator<Item = &Section<'a>> {
        let has = |section: &&Section<'_>| {
            let title = section.title.to_ascii_lowercase();
            words.iter().any(|word| title.contains(word))
        };
        self.sections.iter().filter(has).collect::<Vec<_>>().into_iter()
    }
}

fn heading(line: &str) -> Option<(usize, String)> {
    for mark in ['#', '='] {
        let level = line.bytes().take_while(|byte| *byte == mark as u8).count();
        if (1..=6).contains(&level) && line[level..].starts_with(' ') {
            return Some((level, line[level..].trim().trim_end_matches(mark).trim().to_owned()));
        }
    }
    None
}

impl Section<'_> {
    /// Whether the heading is about this and nothing else: each of its words is one of these, or says nothing of its own.
    pub(super) fn is_about(&self, words: &[&str]) -> bool {
        const PLAIN: &[&str] = &[
            "a", "an", "the", "of", "to", "and", "or", "for", "from", "with", "in", "on", "our", "your", "how", "what",
            "when", "if", "we", "you", "it", "its", "by", "plan", "plans", "policy", "procedure", "procedures",
            "process", "steps", "guide", "instructions", "strategy", "strategies", "commands", "recommendations",
            "schedule", "making", "creating", "taking", "doing", "using", "automated", "automatic", "manual", "daily",
            "data", "database", "databases", "db", "postgres", "postgresql", "mysql", "mariadb", "sqlite", "mongodb",
            "redis", "docker", "compose", "kubernetes", "helm", "files", "file", "volumes", "storage", "server",
            "instance", "production", "deployment", "deployments", "deploy", "deploys", "release", "releases",
            "version", "upgrade", "application", "app", "service", "services", "system", "owner", "migration",
            "migrations", "failed",
        ];
        let title = self.title.split('{').next().unwrap_or_default().to_ascii_lowercase();
        let mut all = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        all.all(|word| {
            let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
            is_number || PLAIN.contains(&word) || words.iter().any(|known| word.starts_with(known))
        })
    }

    /// Whether something stands there that is not a place-holder.
    pub(super) fn is_filled(&self) -> bool {
        let says = |text: &str| {
            let text = text.trim().trim_start_matches(['-', '*', '>', '|', '#']).trim();
            let is_mark =
                text.is_empty() || text.starts_with("```") || text.starts_with("<!--") || text.starts_with("| -");
            let value = text.rsplit_once(':').map_or(text, |(_, value)| value).trim().trim_end_matches('|').trim();
            let has_no_answer = value.len() < text.len() && is_nobody(value);
            let is_empty = is_mark || is_nobody(text) || has_no_answer || heading(text).is_some();
            !is_empty && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
        };
        self.body.iter().any(|(_, text)| says(text))
    }

    /// The first line that is a command: in a code block, after a prompt, or in back-ticks with a space in it.
    pub(super) fn command(&self) -> Option<u32> {
        let mut is_code = false;
        for (line, text) in &self.body {
            let text = text.trim();
            if text.starts_with("```") || text.starts_with("~~~") {
                is_code = !is_code;
                continue;
            }
            let inline = text.split('`').skip(1).step_by(2).any(|part| part.trim().contains(' ') && part.len() > 4);
            if is_code && !text.is_empty() && !text.starts_with('#') && !is_nobody(text) || inline {
                return Some(*line);
            }
        }
        None
    }

    /// How many list items or numbered steps there are.
    pub(super) fn steps(&self) -> usize {
        let is_step = |text: &str| {
            let text = text.trim_start();
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let is_item = text.starts_with("- ")
                || text.starts_with("* ")
                || digits > 0 && text[digits..].starts_with(['.', ')']);
            is_item && text.len() > 6
        };
        self.body.iter().filter(|(_, text)| is_step(text)).count()
    }

    /// Who owns something, where the section says so: the line, and whether it is somebody.
    pub(super) fn owner(&self) -> Option<(u32, bool)> {
        let own = ["owner", "owned by", "responsible", "on call", "on-call", "contact", "who"];
        self.body.iter().find_map(|(line, text)| owner_of(text, &own).map(|named| (*line, named)))
    }
}

/// Whether a line names an owner; none where it is not about one.
pub(super) fn owner_of(line: &str, words: &[&str]) -> Option<bool> {
    let lower = line.to_ascii_lowercase();
    let (_, word) = words.iter().filter_map(|word| lower.find(word).map(|at| (at, *word))).min()?;
    let at = lower.find(word)? + word.len();
    // Only what has the form of an answer: `Owner: Ada`, `| Owner | Ada |`, `**Owner** – Ada`, `Owner is Ada`.
    let rest = line.get(at..)?.trim_start_matches(['*', '_', ')', ' ']);
    let rest = [":", "|", "–", "—", "-", "=", "is "].iter().find_map(|mark| rest.strip_prefix(mark));
    let rest = match rest {
        Some(rest) => rest,
        None if word == "owned by" => line.get(at..)?,
        None => return None,
    };
    let name = rest.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '|' | '.' | ':' | '`'));
    Some(!is_nobody(name))
}

pub(super) fn is_nobody(name: &str) -> bool {
    let lower = name.trim().trim_matches(['*', '_', '`', '.', '(', ')', '[', ']']).to_ascii_lowercase();
    let is_placeholder =
        name.trim_start().starts_with(['<', '{']) || lower.starts_with("tbd") || lower.starts_with("todo");
    lower.is_empty() || is_placeholder || NOBODY.contains(&lower.as_str())
}

/// The days in a text, as `2026-11-22`.
pub(super) fn dates(text: &str) -> Vec<Date> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let date = |(at, _): (usize, &str)| {
        // Four digits before the first hyphen, and no digit around the whole.
        let start = at.checked_sub(4)?;
        let is_alone = !is_digit(start.checked_sub(1)) && !is_digit(Some(start + 10));
        text.get(start..start + 10).filter(|_| is_alone).and_then(|word| word.parse().ok())
    };
    text.match_indices('-').filter_map(date).collect()
}

/// Days from one to another.
pub(super) fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_end_where_the_next_of_their_level_begins() {
        let text = "# A\nx\n## B\ny\n```\n# not a heading\n```\n# C\nz\n";
        let document = Document::new("a.md", text);
        let told: Vec<(&str, u32, usize)> =
            document.sections.iter().map(|s| (s.title.as_str(), s.line, s.body.len())).collect();
        assert_eq!(told, [("A", 1, 6), ("B", 3, 4), ("C", 8, 1)]);
    }

    #[test]
    fn place_holders_fill_nothing() {
        for (body, filled) in [
            ("", false),
            ("TBD", false),
            ("- TODO\n", false),
            ("Owner: TBD", false),
            ("<fill in>", false),
            ("...", false),
            ("<!-- x -->", false),
            ("| - | - |", false),
            ("Restore the last one.", true),
            ("- Owner: Ada", true),
        ] {
            let text = format!("# A\n{body}\n");
            assert_eq!(Document::new("a.md", &text).sections[0].is_filled(), filled, "{body}");
        }
    }

    #[test]
    fn an_owner_is_somebody() {
        for (line, expected) in [
            ("Owner: Ada Lovelace", Some(true)),
            ("**Owner**: TBD", Some(false)),
            ("| Rollback owner | Ada |", Some(true)),
            ("| Owner | |", Some(false)),
            ("Owned by Ada", Some(true)),
            ("The owners meet weekly", None),
            ("Owner: <name>", Some(false)),
        ] {
            assert_eq!(owner_of(line, &["owner", "owned by"]), expected, "{line}");
        }
    }

    #[test]
    fn commands_steps_and_days_are_seen() {
        let document =
            Document::new("a.md", "# A\nRun `fly deploy --image x`.\n1. First this one\n- Then that\nOn 2026-11-01.\n");
        let section = &document.sections[0];
        assert_eq!((section.command(), section.steps()), (Some(2), 2));
        assert_eq!(
            dates("k6-2026-13-01 x-2026-11-01.json 20261101 12026-11-01"),
            ["2026-11-01".parse::<Date>().expect("a day")]
        );
    }
}
