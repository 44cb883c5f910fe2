//! Syntax trees.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::time::Duration;

use tree_sitter::Parser;

use super::tree::Tree;

/// Parsing one file takes no longer than this; real files take milliseconds.
pub const SLOW: Duration = Duration::from_secs(2);

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// JavaScript, with JSX.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// Python.
    Python,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// Java.
    Java,
    /// Go.
    Go,
    /// Rust.
    Rust,
}

impl Language {
    /// Each of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::JavaScript,
        Self::TypeScript,
        Self::Tsx,
        Self::Python,
        Self::Ruby,
        Self::Php,
        Self::Java,
        Self::Go,
        Self::Rust,
    ];

    /// The language that a file's name tells.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension {
            "js" | "jsx" | "mjs" | "cjs" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "py" => Self::Python,
            "rb" | "ru" | "rake" => Self::Ruby,
            "php" => Self::Php,
            "java" => Self::Java,
            "go" => Self::Go,
            "rs" => Self::Rust,
            _ => return None,
        })
    }

    /// Its grammar; put together once.
    pub(super) fn grammar(self) -> &'static tree_sitter::Language {
        static GRAMMARS: [OnceLock<tree_sitter::Language>; Language::ALL.len()] =
            [const { OnceLock::new() }; Language::ALL.len()];
        let made = || match self {
            Self::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::Ruby => tree_sitter_ruby::LANGUAGE.into(),
            Self::Php => tree_sitter_php::LANGUAGE_PHP.into(),
            Self::Java => tree_sitter_java::LANGUAGE.into(),
            Self::Go => tree_sitter_go::LANGUAGE.into(),
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
        };
        GRAMMARS[self as usize].get_or_init(made)
    }
}

/// A file's tree.
pub struct Parsed {
    /// The tree; where the text is no program, with errors in it.
    pub tree: Tree,
}

impl Parsed {
    /// Parses a text. None if that takes longer than [`SLOW`].
    #[must_use]
    pub fn new(language: Language, text: &[u8]) -> Option<Self> {
        // A parser keeps the memory of what it parsed before.
        thread_local! {
            static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
        }
        PARSER.with_borrow_mut(|parser| Self::with(parser, language, text))
    }

    fn with(parser: &mut Parser, language: Language, text: &[u8]) -> Option<Self> {
        // This also forgets a text that took too long.
        parser.set_language(language.grammar()).ok()?;
        let begun = std::time::Instant::now();
        let mut progress = |_: &tree_sitter::ParseState| match begun.elapsed() > SLOW {
            true => std::ops::ControlFlow::Break(()),
            false => std::ops::ControlFlow::Continue(()),
        };
        let options = tree_sitter::ParseOptions::new().progress_callback(&mut progress);
        let mut read = |at: usize, _| text.get(at..).unwrap_or_default();
        let tree = parser.parse_with_options(&mut read, None, Some(options))?;
        Some(Self { tree: Tree::new(language, text, &tree) })
    }

    /// Whether some of it could not be understood.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.tree.root_node().has_error()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_is_parsed() {
        let cases = [
            ("a.js", "app.get('/', (q, s) => s.send(1));"),
            ("a.ts", "const a: number = 1;"),
            ("a.tsx", "const a = <b>{1 as number}</b>;"),
            ("a.py", "@app.route('/')\ndef index():\n    return 1\n"),
            ("a.rb", "get '/', to: 'home#index'\n"),
            ("a.php", "<?php Route::get('/', fn () => 1);"),
            ("a.java", "class A { @GetMapping(\"/\") String a() { return null; } }"),
            ("a.go", "package a\nfunc a() { http.HandleFunc(\"/\", b) }\n"),
            ("a.rs", "fn a() -> Router { Router::new().route(\"/\", get(b)) }"),
        ];
        for (path, text) in cases {
            let parsed = Parsed::new(Language::of_path(path).expect("known"), text.as_bytes()).expect("in time");
            assert!(!parsed.has_errors(), "{path}");
        }
    }

    #[test]
    fn what_is_no_program_has_errors() {
        let parsed = Parsed::new(Language::JavaScript, b"const = \xff\xfe (((").expect("in time");
        assert!(parsed.has_errors());
    }
}
