//! From trees to units: what reading them has in common in all languages.

use aho_corasick::AhoCorasick;

use super::parse::Language;
use super::project::{Project, SourceFile, each_by_size};
use super::route::{Gap, Inventory, Place};
use super::tree::Node;
use super::unit::{Arg, Call, Chain, Expr, Link, Unit};

/// Code is nested no deeper than this in nodes; what is deeper is not read, so that nobody can exhaust the stack.
const MAX_DEPTH: u32 = 200;

/// No more source of one language is read into units: 48 MiB.
const MAX_READ: usize = 48 << 20;

/// Reads one tree.
pub(super) struct Reader<'a> {
    text: &'a [u8],
    depth: u32,
    /// Where it was deeper than is read.
    pub deep: Option<u32>,
}

impl<'a> Reader<'a> {
    /// Goes one level deeper; where that is too deep, nothing is read.
    pub(super) fn deeper(&mut self, node: Node, read: impl FnOnce(&mut Self) -> Expr) -> Expr {
        if self.depth >= MAX_DEPTH {
            self.deep.get_or_insert(node.line());
            return Expr::Unknown;
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Whether something as deep as a class can still be read, without which it is noted.
    pub(super) fn may(&mut self, node: Node) -> bool {
        if self.depth >= MAX_DEPTH {
            self.deep.get_or_insert(node.line());
        }
        self.depth < MAX_DEPTH
    }

    /// What a node covers. Empty where that is not UTF-8.
    pub(super) fn text(&self, node: Node) -> &'a str {
        self.text.get(node.byte_range()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// What a field covers; empty where there is none.
    pub(super) fn field(&self, node: Node, name: &str) -> &'a str {
        node.child_by_field_name(name).map(|child| self.text(child)).unwrap_or_default()
    }

    /// The same as a `String` without white space, for types and names.
    pub(super) fn squeezed(&self, node: Node) -> String {
        self.text(node).split_whitespace().collect()
    }
}

/// The children that have a name, without comments.
pub(super) fn children(node: Node) -> Vec<Node> {
    node.named_children().filter(|child| !child.is_extra()).collect()
}

/// `base` with one more link, flat.
pub(super) fn linked(base: Expr, link: Link) -> Expr {
    match base {
        Expr::Chain(mut chain) => {
            chain.links.push(link);
            Expr::Chain(chain)
        }
        base => Expr::Chain(Box::new(Chain { base, links: vec![link], line: 0 })),
    }
}

/// A chain that begins where a node does.
pub(super) fn begun(mut e: Expr, node: Node) -> Expr {
    if let Expr::Chain(chain) = &mut e {
        chain.line = node.line();
    }
    e
}

/// A call of a plain function.
pub(super) fn plain_call(name: impl Into<String>, args: Vec<Arg>, line: u32) -> Expr {
    let links = vec![Link::Call(Call { name: name.into(), args, block: None, line })];
    Expr::Chain(Box::new(Chain { base: Expr::Unknown, links, line }))
}

/// A value and what stands in for it where it is missing, in whatever way the language writes that.
pub(super) fn either(parts: Vec<Expr>, line: u32) -> Expr {
    plain_call("||", parts.into_iter().map(|value| Arg { key: None, value }).collect(), line)
}

/// The words that a file has to hold one of before it is parsed.
pub(super) struct Words(Option<AhoCorasick>);

impl Words {
    /// Any of these.
    pub(super) fn new(words: &[&str]) -> Self {
        Self(AhoCorasick::new(words).ok())
    }

    fn are_in(&self, text: &[u8]) -> bool {
        self.0.as_ref().is_none_or(|words| words.is_match(text))
    }
}

impl Words {
    /// Files that are asked for by name have no words that they must hold.
    pub(super) fn none() -> Self {
        Self(None)
    }
}

/// Whether a path is that of tests, or of code that others wrote.
pub(super) fn is_foreign(path: &str) -> bool {
    const FOLDERS: &[&str] =
        &["node_modules", "spec", "specs", "target", "test", "testdata", "testing", "tests", "vendor"];
    let Some((folders, name)) = path.rsplit_once('/') else { return is_test_name(path) };
    // What Laravel makes of its views is nobody's source; `storage` alone can be a package.
    folders.split('/').any(|folder| FOLDERS.contains(&folder))
        || folders.contains("storage/framework")
        || is_test_name(name)
}

fn is_test_name(name: &str) -> bool {
    const ENDS: &[&str] = &["_test.go", "_spec.rb", "_test.rb", "Test.php", "Test.java", "Tests.java", "IT.java"];
    ENDS.iter().any(|end| name.ends_with(end))
}

/// Reads the files of a language that hold one of the words, in parallel. What was not read is a gap.
pub(super) fn units(
    project: &Project,
    language: Language,
    words: &Words,
    inventory: &mut Inventory,
    read: impl Fn(&mut Reader, Node, &mut Unit) + Sync,
) -> Vec<Unit> {
    let ours = |path: &str| !is_foreign(path);
    inventory.files += project.files().filter(|(path, f)| f.language == Some(language) && ours(path)).count();
    units_where(project, language, &ours, words, inventory, read)
}

/// The same, of some files alone.
pub(super) fn units_where(
    project: &Project,
    language: Language,
    ours: &dyn Fn(&str) -> bool,
    words: &Words,
    inventory: &mut Inventory,
    read: impl Fn(&mut Reader, Node, &mut Unit) + Sync,
) -> Vec<Unit> {
    let mut held = 0;
    let mut files = Vec::new();
    let own: Vec<_> = project.files().filter(|(path, f)| f.language == Some(language) && ours(path)).collect();
    let has_words = each_by_size(&own, |_, file| words.are_in(&file.text));
    for ((path, file), _) in own.into_iter().zip(has_words).filter(|(_, has_words)| *has_words) {
        held += file.text.len();
        match held <= MAX_READ {
            true => files.push((path, file)),
            false => {
                inventory.gaps.push(gap(path, 1, "The file was not read: there is more code than is held at once."))
            }
        }
    }
    let read_one = |path: &std::sync::Arc<str>, file: &SourceFile| {
        let Some(parsed) = file.parse(language) else {
            return Err(gap(path, 1, "The file was not understood in time."));
        };
        let mut reader = Reader { text: &file.text, depth: 0, deep: None };
        let mut unit = Unit { file: path.clone(), broken: parsed.has_errors(), ..Unit::default() };
        read(&mut reader, parsed.tree.root_node(), &mut unit);
        unit.deep = reader.deep;
        Ok(unit)
    };
    let read: Vec<Result<Unit, Gap>> = each_by_size(&files, read_one);
    let mut units = Vec::new();
    for one in read {
        match one {
            Ok(unit) => {
                inventory.gaps.extend(gaps_of(&unit));
                units.push(unit);
            }
            Err(gap) => inventory.gaps.push(gap),
        }
    }
    units
}

fn gaps_of(unit: &Unit) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if unit.broken {
        gaps.push(gap(&unit.file, 1, "The file has syntax that is not understood: routes and guards may be missing."));
    }
    if let Some(line) = unit.deep {
        gaps.push(gap(&unit.file, line, "The code is nested too deep to be read from here."));
    }
    gaps
}

/// A gap.
pub(super) fn gap(file: &std::sync::Arc<str>, line: u32, why: impl Into<String>) -> Gap {
    Gap { at: Place { file: file.clone(), line }, why: why.into() }
}

/// Tells a gap, once where it is met over and over.
pub(super) fn tell(gaps: &mut Vec<Gap>, gap: Gap) {
    if gaps.last() != Some(&gap) {
        gaps.push(gap);
    }
}

/// Keeps the modules of the files that were read, and says of the others that they were not.
pub(super) fn keep<M>(
    read: Vec<(std::sync::Arc<str>, Option<M>)>,
    modules: &mut std::collections::BTreeMap<std::sync::Arc<str>, M>,
    inventory: &mut Inventory,
) {
    for (path, module) in read {
        match module {
            Some(module) => {
                modules.insert(path, module);
            }
            None => {
                inventory.gaps.push(gap(&path, 1, "The file took too long to parse; what it serves is not known."));
            }
        }
    }
}
