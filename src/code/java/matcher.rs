//! Patterns of paths, as Spring writes them: `?`, `*`, `**` and `{name}`.

/// Whether a pattern covers a route's path, whose parameters are `{name}`.
pub(super) fn covers(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    // Of the first parts of the pattern, those of the path that they cover: one row after the other, never worse than their product.
    let mut row = vec![false; path.len() + 1];
    row[0] = true;
    for part in pattern {
        let before = row.clone();
        row[0] = before[0] && is_many(part);
        for at in 1..=path.len() {
            row[at] = match is_many(part) {
                true => before[at] || row[at - 1],
                false => before[at - 1] && covers_part(part, path[at - 1]),
            };
        }
    }
    row[path.len()]
}

fn is_many(part: &str) -> bool {
    part == "**" || part.starts_with("{*")
}

fn covers_part(pattern: &str, part: &str) -> bool {
    if pattern == part || pattern == "*" || pattern.starts_with('{') && pattern.ends_with('}') {
        return true;
    }
    let (pattern, part): (Vec<char>, Vec<char>) = (pattern.chars().collect(), part.chars().collect());
    let mut row = vec![false; part.len() + 1];
    row[0] = true;
    for sign in pattern {
        let before = row.clone();
        row[0] = before[0] && sign == '*';
        for at in 1..=part.len() {
            row[at] = match sign {
                '*' => before[at] || row[at - 1],
                '?' => before[at - 1],
                sign => before[at - 1] && part[at - 1] == sign,
            };
        }
    }
    row[part.len()]
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn patterns_cover_what_spring_says_that_they_cover() {
        let cases = [
            ("/**", "/", true),
            ("/**", "/a/b", true),
            ("/api/**", "/api", true),
            ("/api/**", "/api/users/{id}", true),
            ("/api/**", "/apis", false),
            ("/api/*", "/api/users/{id}", false),
            ("/api/*", "/api/{id}", true),
            ("/api/*/files", "/api/{id}/files", true),
            ("/api/*/files", "/api/{id}/files/x", false),
            ("/users/{id}", "/users/{name}", true),
            ("/*.js", "/a.js", true),
            ("/*.js", "/a.jsp", false),
            ("/a?c", "/abc", true),
            ("/a", "/b", false),
            ("/**/admin/**", "/x/y/admin", true),
            ("/{*rest}", "/x/y", true),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(covers(pattern, path), expected, "{pattern} {path}");
        }
    }
}
