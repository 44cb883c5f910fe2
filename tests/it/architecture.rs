//! The architecture, held by reading the sources: which module may use which, and who touches the outside world.
//!
//! The ranks are those that `lib.rs` documents. A module uses only those of a lower rank, so that each can be understood with
//! what is below it alone, and the engine can be used without the command line.

use std::path::{Path, PathBuf};

/// Every top-level module and its rank, by name.
const RANKS: &[(&str, u8)] = &[
    ("blob", 0),
    ("checklist", 5),
    ("code", 2),
    ("detect", 2),
    ("finding", 3),
    ("report", 6),
    ("rotation", 5),
    ("rule", 1),
    ("scan", 4),
    ("secret", 0),
    ("source", 2),
    ("span", 0),
];

/// The binary: `main.rs` and `cli/`.
const BINARY: &[&str] = &["main", "cli"];

/// Modules that may open, list and write files.
const TOUCH_FILES: &[&str] = &["source/", "rule/catalogue.rs", "cli/"];

/// What nothing but the binary does.
const PRINTS_OR_EXITS: &[&str] = &[
    "println!", "print!", "eprintln!", "eprint!", "process::exit", "process::abort", "std::env", "env::args",
    "env::var", "io::stdout", "io::stderr", "io::stdin", "anstream::", "clap::", "indicatif::",
];

/// What nothing at all does: no other program, no network.
const NEVER: &[&str] =
    &["process::Command", "Command::new", "std::net", "TcpStream", "UdpSocket", "reqwest", "ureq::", "hyper::"];

/// A source file: its path below `src/` with `/`, and its code without comments and tests.
struct Source {
    path: String,
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), code: code_of(text) }
    }

    fn module(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    fn in_binary(&self) -> bool {
        BINARY.contains(&self.module())
    }
}

/// The code of a file, without what is behind `//` and without its `mod tests`.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let uncommented = |line: &str| match line.find("//") {
        Some(at) if !line[..at].contains('"') => line[..at].to_owned(),
        _ => line.to_owned(),
    };
    code.lines().map(|line| uncommented(line) + "\n").collect()
}

fn rank(module: &str) -> Option<u8> {
    RANKS.iter().find(|(name, _)| *name == module).map(|(_, rank)| *rank)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Every module named after `root::` in `code`, those of `root::{a::B, c}` too.
fn used(code: &str, root: &str) -> Vec<String> {
    let mut used = Vec::new();
    let prefix = format!("{root}::");
    for (at, _) in code.match_indices(&prefix) {
        if at > 0 && (is_word(code.as_bytes()[at - 1]) || code.as_bytes()[at - 1] == b':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => used.extend(first_of_each(group)),
            None => used.extend(first_word(rest)),
        }
    }
    used
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}

/// The first word of each part of `a::{b, c}, d}…`, up to the brace that closes the group.
fn first_of_each(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut words) = (0, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                words.extend(first_word(&group[start..at]));
                return words;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                words.extend(first_word(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    words
}

/// What is wrong with the imports of a file.
fn bad_imports(source: &Source) -> Vec<String> {
    let fail = |what: String| format!("{}: {what}", source.path);
    let of_crate = used(&source.code, "crate");
    if source.in_binary() {
        // `crate` is the binary itself here: only its own modules.
        return of_crate
            .iter()
            .filter(|m| rank(m).is_some())
            .map(|m| fail(format!("`crate::{m}` in the binary")))
            .collect();
    }
    let mut bad: Vec<String> = Vec::new();
    if !used(&source.code, "cleansweep").is_empty() {
        bad.push(fail("names its own crate `cleansweep`".into()));
    }
    if source.path == "lib.rs" {
        return bad;
    }
    let Some(own) = rank(source.module()) else {
        bad.push(fail("belongs to a module without a rank".into()));
        return bad;
    };
    for module in of_crate.iter().filter(|m| *m != source.module()) {
        match rank(module) {
            Some(other) if other < own => {}
            Some(other) if other == own => bad.push(fail(format!("sideways import of `{module}`, rank {own}"))),
            Some(other) => bad.push(fail(format!("upward import of `{module}`, rank {other}, from rank {own}"))),
            None => bad.push(fail(format!("import of `{module}`, which has no rank"))),
        }
    }
    bad
}

/// What a file does that is not its business.
fn bad_effects(source: &Source) -> Vec<String> {
    let fail = |what: &str| format!("{}: {what}", source.path);
    let has = |needle: &str| {
        source.code.match_indices(needle).any(|(at, _)| at == 0 || !is_word(source.code.as_bytes()[at - 1]))
    };
    let mut bad: Vec<String> = NEVER.iter().filter(|n| has(n)).map(|n| fail(n)).collect();
    if !source.in_binary() {
        bad.extend(PRINTS_OR_EXITS.iter().filter(|n| has(n)).map(|n| fail(n)));
    }
    let files = ["std::fs", "File::open", "File::create", "fs::read", "fs::write", "use std::fs"];
    if !TOUCH_FILES.iter().any(|allowed| source.path.starts_with(allowed)) {
        bad.extend(files.iter().filter(|n| has(n)).map(|n| fail(n)));
    }
    bad
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("the sources can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let shown = path.strip_prefix(&root).expect("it is below the root").to_string_lossy().replace('\\', "/");
        // A file that is a `mod tests` of its own.
        (!shown.ends_with("/tests.rs"))
            .then(|| Source::new(&shown, &std::fs::read_to_string(path).expect("a source is a text")))
    };
    paths.iter().filter_map(read).collect()
}

#[test]
fn imports_point_downwards() {
    let bad: Vec<String> = sources().iter().flat_map(bad_imports).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn only_the_binary_prints_and_exits_and_few_touch_files() {
    let bad: Vec<String> = sources().iter().flat_map(bad_effects).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

/// The list of `lib.rs` is what a reader learns the ranks from.
#[test]
fn lib_rs_documents_every_module_with_its_rank() {
    let text = include_str!("../../src/lib.rs");
    let mut listed = Vec::new();
    let mut documented = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("/// Rank ") {
            documented = rest.split(':').next().and_then(|n| n.parse::<u8>().ok());
        } else if let Some(module) = line.strip_prefix("pub mod ") {
            let rank = documented.take().unwrap_or_else(|| panic!("`{module}` is documented with its rank"));
            listed.push((module.trim_end_matches(';'), rank));
        }
    }
    listed.sort_unstable();
    assert_eq!(listed, RANKS);
}

#[test]
fn the_checks_see_what_is_wrong() {
    let bad = |path: &str, text: &str| bad_imports(&Source::new(path, text)).len();
    assert_eq!(bad("detect/mod.rs", "use crate::rule::Rule;\nuse crate::{span::Span, blob};\n"), 0);
    assert_eq!(bad("detect/mod.rs", "use crate::finding::Finding;\n"), 1, "upwards");
    assert_eq!(bad("detect/mod.rs", "fn f() -> crate::source::Root {}\n"), 1, "sideways");
    assert_eq!(
        bad("rule/mod.rs", "use crate::{\n    secret::Secret,\n    scan::{Plan, run},\n    report,\n};\n"),
        2,
        "in a group"
    );
    assert_eq!(bad("rule/mod.rs", "use crate::cli::Exit;\n"), 1, "no rank");
    assert_eq!(bad("extra.rs", "fn f() {}\n"), 1, "a module without a rank");
    assert_eq!(bad("cli/scan.rs", "use crate::scan::Plan;\n"), 1, "the binary reaches the engine by its name");
    assert_eq!(bad("cli/scan.rs", "use cleansweep::scan::Plan;\nuse super::exit::Exit;\n"), 0);
    assert_eq!(bad("scan/mod.rs", "use cleansweep::span::Span;\n"), 1, "the crate by its own name");
    assert_eq!(bad("span.rs", "// use crate::scan::Plan;\n#[cfg(test)]\nmod tests {\n use crate::rule::Rule;\n}\n"), 0);

    let effects = |path: &str, text: &str| bad_effects(&Source::new(path, text)).len();
    assert_eq!(effects("report/text.rs", "fn f() { println!(\"x\") }\n"), 1);
    assert_eq!(effects("scan/mod.rs", "fn f() { std::process::exit(1) }\n"), 1);
    assert_eq!(effects("cli/mod.rs", "fn f() { println!(\"x\") }\n"), 0);
    assert_eq!(effects("cli/mod.rs", "fn f() { std::process::Command::new(\"git\") }\n"), 2);
    assert!(effects("finding/mod.rs", "use std::fs;\n") > 0);
    assert_eq!(effects("source/file.rs", "use std::fs;\n"), 0);
    assert_eq!(effects("rule/catalogue.rs", "std::fs::read_dir(x)"), 0);
    assert!(effects("rule/mod.rs", "std::fs::read_dir(x)") > 0);
}
