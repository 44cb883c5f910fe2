//! What code stands in, told by how far it is indented: for what a parser of another purpose does not keep.

/// So many lines above are looked at.
const FAR: usize = 400;

/// Lines that a place stands in are no more than this.
const DEEP: usize = 12;

/// The lines that open the blocks around a line, the innermost first: each is indented less than the one before.
pub(super) fn heads(text: &str, line: u32) -> Vec<&str> {
    let at = line.saturating_sub(1) as usize;
    let above: Vec<&str> = text.lines().take(at + 1).collect();
    let Some(own) = above.get(at) else { return Vec::new() };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let (mut least, mut heads) = (indent(own), Vec::new());
    for line in above[..at].iter().rev().take(FAR) {
        let closes = line.trim_start().starts_with(['}', ')', ']']) && !line.contains("else");
        if line.trim().is_empty() || indent(line) >= least || closes {
            continue;
        }
        least = indent(line);
        heads.push(line.trim());
        if least == 0 || heads.len() == DEEP {
            break;
        }
    }
    heads
}

/// The conditions that a line stands under, in lower case, those on the line itself too.
fn conditions(text: &str, line: u32) -> Vec<String> {
    let own = text.lines().nth(line.saturating_sub(1) as usize).map(str::trim);
    let is_condition = |line: &&str| {
        let words = line.trim_start_matches(['}', ' ']);
        let begins = ["if ", "if(", "elif ", "elsif ", "else if", "unless ", "when ", "case "];
        begins.iter().any(|begin| words.starts_with(begin))
    };
    own.into_iter().chain(heads(text, line)).filter(is_condition).map(str::to_ascii_lowercase).collect()
}

/// Whether a line stands under a condition that compares the origin of the request, and not only asks whether there is one.
pub(super) fn compares_origin(text: &str, line: u32) -> bool {
    conditions(text, line).iter().any(|condition| {
        let is_presence =
            ["in request.headers", "in req.headers", "null", "undefined", "is none", "is not none", "nil"];
        let compares = [
            "==", "&&", " and ", " & ", " in ", "endswith", "ends_with", "startswith", "starts_with", "includes",
            "include?", "contains", "indexof", "has(", "match", "test(", "allow", "valid", "trusted",
        ];
        condition.contains("origin")
            && !is_presence.iter().any(|word| condition.contains(word))
            && compares.iter().any(|word| condition.contains(word))
    })
}

/// Whether a line stands under a condition of any kind.
pub(super) fn is_conditional(text: &str, line: u32) -> bool {
    !conditions(text, line).is_empty()
}

/// Whether a line is for development alone, by a condition or by the class that it stands in.
pub(super) fn is_development(text: &str, line: u32) -> bool {
    let by_condition = conditions(text, line).iter().any(|condition| {
        let has = |known: &[&str]| condition.split(|c: char| !c.is_alphanumeric()).any(|word| known.contains(&word));
        let is_negated = has(&["not", "unless"]) || condition.contains('!');
        match is_negated {
            true => has(&["production", "prod", "isprod", "isproduction"]),
            false => has(&["debug", "development", "dev", "isdev", "isdevelopment"]),
        }
    });
    by_condition || heads(text, line).iter().any(|head| is_class_of_development(head))
}

/// `class TestingConfig(Config):`.
fn is_class_of_development(head: &str) -> bool {
    let Some(name) = head.strip_prefix("class ").or_else(|| head.strip_prefix("export class ")) else { return false };
    let name = name.to_ascii_lowercase();
    ["test", "dev", "local"].iter().any(|begin| name.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_by_their_indentation() {
        let text = "class A:\n    x = 1\n\n    def f(self):\n        if a:\n            b()\n        c()\n";
        assert_eq!(heads(text, 6), ["if a:", "def f(self):", "class A:"]);
        assert_eq!(heads(text, 7), ["def f(self):", "class A:"]);
        assert!(heads(text, 1).is_empty() && heads(text, 99).is_empty() && heads("", 0).is_empty());
        assert!(is_conditional(text, 6) && !is_conditional(text, 7));
    }

    #[test]
    fn conditions_that_compare_an_origin() {
        for (condition, expected) in [
            ("if (origin && origin.endsWith('.a.b')) {", true),
            ("if (allowed.includes(origin)) {", true),
            ("if set(['*', origin]) & settings.ORIGINS:", true),
            ("if (allowed && requestOrigin) {", true),
            ("if (origin) {", false),
            ("if (origin != null) {", false),
            ("if 'Origin' in request.headers:", false),
            ("while (origin == a) {", false),
        ] {
            assert_eq!(compares_origin(&format!("{condition}\n  set(origin)\n}}\n"), 2), expected, "{condition}");
        }
        assert!(!compares_origin("if (a == origin) {\n}\nset(origin)\n", 3), "it is over");
    }

    #[test]
    fn what_is_for_development_alone() {
        for (head, expected) in [
            ("if not settings.PRODUCTION:", true),
            ("if (process.env.NODE_ENV !== 'production') {", true),
            ("if settings.DEBUG:", true),
            ("class TestingConfig(Config):", true),
            ("class DevelopmentConfig:", true),
            ("if not settings.DEBUG:", false),
            ("if settings.PRODUCTION:", false),
            ("if (!product) {", false),
            ("if (locale) {", false),
            ("if (isDev) {", true),
            ("class ProductionConfig(Config):", false),
            ("def development():", false),
        ] {
            assert_eq!(is_development(&format!("{head}\n    x = 1\n"), 2), expected, "{head}");
        }
    }
}
