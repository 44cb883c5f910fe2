//! AUTHN-03: Next.js in a version whose middleware can be gone around (CVE-2025-29927).

use super::say::Told;
use super::survey::{Survey, numbered};

/// For each major version, the first that is mended.
const MENDED: &[[u32; 3]] = &[[12, 3, 5], [13, 5, 9], [14, 2, 25], [15, 2, 3]];

/// The first version that has the fault.
const FIRST: [u32; 3] = [11, 1, 4];

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let middleware = survey.code.iter().find(|file| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        matches!(name, "middleware.ts" | "middleware.js" | "middleware.mjs") && file.mentions("next")
    });
    let by_path =
        || survey.paths(|path| path.ends_with("middleware.ts") || path.ends_with("middleware.js")).into_iter().next();
    let Some(path) = middleware.map(|file| file.path).or_else(by_path) else { return };
    let text = survey.text(path).unwrap_or_default().to_ascii_lowercase();
    let guards =
        ["auth", "session", "token", "login", "getuser", "clerk", "jwt"].iter().any(|word| text.contains(word));
    for (manifest, line, version, is_exact) in versions(survey) {
        if !is_vulnerable(version) {
            continue;
        }
        let looked_at = "the version of Next.js, and its middleware";
        let change = "Next.js 15.2.3, 14.2.25, 13.5.9 or 12.3.5, and a check in the handlers too";
        let (say, reason) = match (guards, is_exact) {
            (true, true) => (
                told.fail("AUTHN-03"),
                "The middleware guards routes, and this version of Next.js lets anybody go around it (CVE-2025-29927).",
            ),
            (true, false) => (
                told.review("AUTHN-03"),
                "The middleware guards routes, and the manifest allows a version of Next.js that lets anybody go around it (CVE-2025-29927).",
            ),
            (false, _) => (
                told.review("AUTHN-03"),
                "This version of Next.js lets anybody go around the middleware (CVE-2025-29927); whether it guards anything was not seen.",
            ),
        };
        let _ = say.reason(reason).looked_at(looked_at).change(change).at(manifest, line).at(path, 1);
    }
}

fn is_vulnerable(version: [u32; 3]) -> bool {
    let mended = MENDED.iter().find(|mended| mended[0] == version[0]);
    match mended {
        Some(mended) => version < *mended,
        None => version >= FIRST && version < MENDED[0],
    }
}

/// Versions of Next.js that lock files name; where there is none, that of the manifest, and whether it is exact.
fn versions<'s>(survey: &Survey<'s>) -> Vec<(&'s str, u32, [u32; 3], bool)> {
    let mut found = Vec::new();
    for path in
        survey.paths(|path| ["package-lock.json", "yarn.lock", "pnpm-lock.yaml"].iter().any(|n| path.ends_with(n)))
    {
        let text = survey.text(path).unwrap_or_default();
        found.extend(locked(text).map(|(line, version)| (path, line, version, true)));
    }
    if found.is_empty() {
        for file in survey.settings.iter().filter(|file| file.path.ends_with("package.json")) {
            let entry = file.documents.iter().find_map(|document| {
                ["dependencies.next", "devDependencies.next"].iter().find_map(|key| document.entry(key))
            });
            let Some((entry, text)) = entry.and_then(|entry| entry.value.text().map(|text| (entry, text))) else {
                continue;
            };
            let is_exact = text.starts_with(|first: char| first.is_ascii_digit());
            found.extend(version_of(text).map(|version| (file.path, entry.line, version, is_exact)));
        }
    }
    found
}

/// The version that a lock file has: `"node_modules/next": {` or `next@…:` before a line with it; pnpm has it in the key.
fn locked(text: &str) -> Option<(u32, [u32; 3])> {
    let mut near = 0;
    for (line, text) in numbered(text) {
        let trimmed = text.trim().trim_start_matches(['\'', '"', '/']);
        if let Some(version) = trimmed.strip_prefix("next@").filter(|_| text.trim_end().ends_with(':')) {
            if let (Some(version), true) = (version_of(version), version.starts_with(|c: char| c.is_ascii_digit())) {
                return Some((line, version));
            }
            near = 4;
        } else if text.trim().starts_with("\"node_modules/next\": {") || text.trim().starts_with("\"next\": {") {
            near = 4;
        } else if near > 0 {
            near -= 1;
            let is_version = trimmed.starts_with("version");
            if let Some(version) = version_of(trimmed).filter(|_| is_version) {
                return Some((line, version));
            }
        }
    }
    None
}

/// The first three numbers with dots between them.
fn version_of(text: &str) -> Option<[u32; 3]> {
    let at = text.find(|c: char| c.is_ascii_digit())?;
    let mut numbers = text[at..].split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().ok());
    let major = numbers.next()??;
    Some([major, numbers.next().flatten().unwrap_or(0), numbers.next().flatten().unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_versions_has_its_mended_one() {
        for (text, expected) in [
            ("15.2.2", true),
            ("15.2.3", false),
            ("^14.2.24", true),
            ("14.2.25", false),
            ("13.5.8", true),
            ("13.5.9", false),
            ("12.3.4", true),
            ("12.3.5", false),
            ("11.1.4", true),
            ("11.1.3", false),
            ("16.0.0", false),
            ("15", true),
        ] {
            assert_eq!(is_vulnerable(version_of(text).expect("a version")), expected, "{text}");
        }
    }

    #[test]
    fn lock_files_of_three_kinds_are_read() {
        for text in [
            "{\n\"node_modules/next\": {\n  \"version\": \"14.2.3\",\n",
            "next@^14.0.0:\n  version \"14.2.3\"\n",
            "packages:\n  next@14.2.3:\n",
            "  /next@14.2.3(react@18):\n",
        ] {
            assert_eq!(locked(text).map(|(_, version)| version), Some([14, 2, 3]), "{text}");
        }
        assert_eq!(locked("\"next-auth\": {\n\"version\": \"4.1.0\""), None);
    }
}
