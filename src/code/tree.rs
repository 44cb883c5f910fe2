//! A syntax tree in one flat list, from above to below, as every reader of a language wants it.
//!
//! The parser's own tree is shared, hidden in parts and found again from its root: each step over it costs a search, and each name of a
//! kind or field a comparison of C strings. It is walked once; what is asked after that, several times for each file, is an index.

use std::ops::Range;
use std::sync::OnceLock;

use super::parse::Language;

/// What nodes and fields are called in a language, by their numbers.
struct Names {
    kinds: Vec<&'static str>,
    named: Vec<bool>,
    fields: Vec<&'static str>,
}

/// What the parser calls what it does not understand; beyond all other numbers.
const ERROR: &str = "ERROR";

impl Names {
    fn of(language: Language) -> &'static Self {
        static NAMES: [OnceLock<Names>; Language::ALL.len()] = [const { OnceLock::new() }; Language::ALL.len()];
        NAMES[language as usize].get_or_init(|| {
            let grammar = language.grammar();
            let kinds = 0..u16::try_from(grammar.node_kind_count()).unwrap_or(u16::MAX);
            let fields = 0..=u16::try_from(grammar.field_count()).unwrap_or(u16::MAX - 1);
            Self {
                kinds: kinds.clone().map(|kind| grammar.node_kind_for_id(kind).unwrap_or_default()).collect(),
                named: kinds.map(|kind| grammar.node_kind_is_named(kind)).collect(),
                fields: fields.map(|field| grammar.field_name_for_id(field).unwrap_or_default()).collect(),
            }
        })
    }
}

/// A node, with the numbers of the nodes around it.
struct Entry {
    kind: u16,
    /// The field of its parent that it is; 0 for none.
    field: u16,
    parent: u32,
    /// The first node behind all that is in it.
    next: u32,
    start: u32,
    end: u32,
    is_extra: bool,
    has_error: bool,
    is_missing: bool,
    /// Whether one of its children is a field.
    has_fields: bool,
}

/// A file's tree.
pub struct Tree {
    names: &'static Names,
    entries: Vec<Entry>,
    /// Where each line ends.
    lines: Vec<u32>,
}

impl Tree {
    /// Takes over what the parser made of a text.
    pub(super) fn new(language: Language, text: &[u8], tree: &tree_sitter::Tree) -> Self {
        let root = tree.root_node();
        let has_errors = root.has_error();
        let mut entries = Vec::with_capacity(root.descendant_count());
        let mut cursor = root.walk();
        let mut parent = 0_u32;
        loop {
            let at = position(entries.len());
            let field = cursor.field_id().map_or(0, std::num::NonZeroU16::get);
            entries.push(Entry::new(cursor.node(), parent, field, has_errors));
            if field != 0 {
                entries[parent as usize].has_fields = true;
            }
            if cursor.goto_first_child() {
                parent = at;
                continue;
            }
            entries[at as usize].next = at + 1;
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    let lines = memchr::memchr_iter(b'\n', text).map(position).collect();
                    return Self { names: Names::of(language), entries, lines };
                }
                entries[parent as usize].next = position(entries.len());
                parent = entries[parent as usize].parent;
            }
        }
    }

    /// All nodes, each before those that are in it.
    pub(super) fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..position(self.entries.len())).map(|at| Node { tree: self, at })
    }

    /// The node that holds all others.
    #[must_use]
    pub fn root_node(&self) -> Node<'_> {
        Node { tree: self, at: 0 }
    }
}

/// The parser counts with as many bits.
fn position(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl Entry {
    /// Errors are asked for only where the tree has some.
    fn new(node: tree_sitter::Node, parent: u32, field: u16, has_errors: bool) -> Self {
        Self {
            kind: node.kind_id(),
            field,
            parent,
            next: 0,
            start: position(node.start_byte()),
            end: position(node.end_byte()),
            is_extra: node.is_extra(),
            has_error: has_errors && node.has_error(),
            is_missing: has_errors && node.is_missing(),
            has_fields: false,
        }
    }
}

/// A node of a tree.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    at: u32,
}

impl<'t> Node<'t> {
    fn entry(self) -> &'t Entry {
        &self.tree.entries[self.at as usize]
    }

    fn number(self, at: u32) -> Self {
        Self { tree: self.tree, at }
    }

    /// Tells it from all other nodes of its tree.
    pub(super) fn id(self) -> u32 {
        self.at
    }

    /// What it is, as its grammar calls it.
    pub(super) fn kind(self) -> &'static str {
        self.tree.names.kinds.get(usize::from(self.entry().kind)).copied().unwrap_or(ERROR)
    }

    /// Whether the grammar has a rule for it; operators and brackets have none.
    pub(super) fn is_named(self) -> bool {
        self.tree.names.named.get(usize::from(self.entry().kind)).copied().unwrap_or(true)
    }

    /// Whether it is a comment or the like, which can stand anywhere.
    pub(super) fn is_extra(self) -> bool {
        self.entry().is_extra
    }

    /// Whether it, or something in it, was not understood.
    pub(super) fn has_error(self) -> bool {
        self.entry().has_error
    }

    /// Whether it is what was not understood, or should be here and is not.
    pub(super) fn is_error(self) -> bool {
        self.entry().is_missing || self.kind() == ERROR
    }

    /// Its place in the text, in bytes.
    pub(super) fn byte_range(self) -> Range<usize> {
        self.start_byte()..self.entry().end as usize
    }

    /// Where it begins, in bytes.
    pub(super) fn start_byte(self) -> usize {
        self.entry().start as usize
    }

    /// Where it ends, in bytes.
    pub(super) fn end_byte(self) -> usize {
        self.entry().end as usize
    }

    /// Its first line, from 1.
    pub(super) fn line(self) -> u32 {
        self.line_at(self.entry().start)
    }

    /// Its last line, from 1.
    pub(super) fn end_line(self) -> u32 {
        self.line_at(self.entry().end)
    }

    fn line_at(self, at: u32) -> u32 {
        position(self.tree.lines.partition_point(|end| *end < at)).saturating_add(1)
    }

    /// The node that it stands in.
    pub(super) fn parent(self) -> Option<Self> {
        (self.at > 0).then(|| self.number(self.entry().parent))
    }

    /// What stands in it.
    pub(super) fn children(self) -> Children<'t> {
        Children { tree: self.tree, at: self.at + 1, end: self.entry().next }
    }

    /// What stands in it and has a name, comments too.
    pub(super) fn named_children(self) -> impl Iterator<Item = Self> + use<'t> {
        self.children().filter(|child| child.is_named())
    }

    /// One of these, from 0.
    pub(super) fn named_child(self, position: usize) -> Option<Self> {
        self.named_children().nth(position)
    }

    /// How many of these there are.
    pub(super) fn named_child_count(self) -> usize {
        self.named_children().count()
    }

    /// The first child that a field holds.
    pub(super) fn child_by_field_name(self, name: &str) -> Option<Self> {
        self.children_by_field_name(name).next()
    }

    /// All children that a field holds.
    pub(super) fn children_by_field_name<'n>(self, name: &'n str) -> impl Iterator<Item = Self> + use<'t, 'n> {
        let mut children = self.children();
        if !self.entry().has_fields {
            children.at = children.end;
        }
        children.filter(move |child| child.field() == name)
    }

    fn field(self) -> &'static str {
        self.tree.names.fields.get(usize::from(self.entry().field)).copied().unwrap_or_default()
    }

    /// It and every node below it, from above to below; `enter` says whether to go into a node. What is nested deeper than `deepest`
    /// is not entered.
    pub(super) fn walk(self, deepest: u32, mut enter: impl FnMut(Self) -> bool) {
        let mut within: Vec<u32> = Vec::new();
        let (mut at, end) = (self.at, self.entry().next);
        while at < end {
            while within.last().is_some_and(|next| *next <= at) {
                within.pop();
            }
            let node = self.number(at);
            let next = node.entry().next;
            let goes = enter(node) && within.len() < deepest as usize;
            if goes && next > at + 1 {
                within.push(next);
            }
            at = if goes { at + 1 } else { next };
        }
    }
}

/// The children of a node.
#[derive(Clone)]
pub(super) struct Children<'t> {
    tree: &'t Tree,
    at: u32,
    end: u32,
}

impl<'t> Iterator for Children<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        let node = (self.at < self.end).then_some(Node { tree: self.tree, at: self.at })?;
        self.at = node.entry().next;
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Parsed;

    const TEXTS: [(Language, &str); 12] = [
        (Language::JavaScript, "// a\nclass A { static b = 1; get(c = {d}) { return `${c}` ?? this[0]; } }\n"),
        (
            Language::TypeScript,
            "import type {A, B as C} from './a';\n@D() class E { constructor(@F() private g: H) {} }\n",
        ),
        (Language::TypeScript, "switch (a.method) { case 'POST': throw b; default: for (const c of d) e?.f(...g); }\n"),
        (Language::Tsx, "export default function A({ b }: { b: C }) { return <D e={b} {...f}>g</D>; }\n"),
        (
            Language::Python,
            "@a.route('/b', methods=['GET'])\nasync def c(d: int = 1, *e) -> f:\n    return g[h] if i else not j\n",
        ),
        (Language::Ruby, "class A < B\n  before_action :c, only: %i[d e]\n  def f = g&.h(1) { |i| \"#{i}\" }\nend\n"),
        (
            Language::Php,
            "<?php\nnamespace A; class B { #[C('/d')] public function e(F $g): H { return $g->i ?? J::k(); } }\n",
        ),
        (
            Language::Java,
            "package a; @B(\"/c\") class D<E> { @F G h = new I<>(j -> k, \"l\"); int[] m() throws N { } }\n",
        ),
        (Language::Go, "package a\nfunc (b *C) D(e, f int) (g string, err error) { h := i[0].(J); go k(h...) }\n"),
        (Language::Rust, "#[get(\"/a\")] async fn b(c: Json<D>) -> Result<E, F> { g!(h)?; i.await.j::<K>() }\n"),
        (Language::JavaScript, "const a = (((;\n\nfunction ( { } 'b\n"),
        (Language::Python, ""),
    ];

    /// Every node of the parser's tree.
    fn parsed(language: Language, text: &str) -> tree_sitter::Tree {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(language.grammar()).expect("a grammar of this parser's version");
        parser.parse(text, None).expect("in time")
    }

    fn same(ours: Node, theirs: tree_sitter::Node, language: Language) {
        let shown = |node: tree_sitter::Node| (node.kind().to_owned(), node.byte_range());
        let own = |node: Node| (node.kind().to_owned(), node.byte_range());
        assert_eq!(own(ours), shown(theirs));
        assert_eq!(ours.line() as usize, theirs.start_position().row + 1, "{:?}", shown(theirs));
        assert_eq!(ours.end_line() as usize, theirs.end_position().row + 1, "{:?}", shown(theirs));
        assert_eq!(ours.is_named(), theirs.is_named());
        assert_eq!(ours.is_extra(), theirs.is_extra());
        assert_eq!(ours.has_error(), theirs.has_error());
        assert_eq!(ours.is_error(), theirs.is_error() || theirs.is_missing());
        assert_eq!(ours.parent().map(own), theirs.parent().map(shown));
        assert_eq!(ours.named_child_count(), theirs.named_child_count());
        assert_eq!(ours.named_child(1).map(own), theirs.named_child(1).map(shown));
        let grammar = language.grammar();
        for field in
            (1..=u16::try_from(grammar.field_count()).expect("few")).filter_map(|f| grammar.field_name_for_id(f))
        {
            let one = ours.child_by_field_name(field).map(own);
            assert_eq!(one, theirs.child_by_field_name(field).map(shown), "{field} of {:?}", shown(theirs));
        }
        let mut cursor = theirs.walk();
        let children: Vec<_> = theirs.children(&mut cursor).collect();
        assert_eq!(ours.children().count(), children.len());
        ours.children().zip(children).for_each(|(ours, theirs)| same(ours, theirs, language));
    }

    #[test]
    fn it_is_the_tree_that_the_parser_made() {
        for (language, text) in TEXTS {
            let ours = Parsed::new(language, text.as_bytes()).expect("in time");
            same(ours.tree.root_node(), parsed(language, text).root_node(), language);
        }
    }

    #[test]
    fn it_is_walked_as_deep_as_it_may_be() {
        let parsed = Parsed::new(Language::JavaScript, b"a(b(c(d)), e); f;").expect("in time");
        let names = |deepest, skipped: &str| {
            let mut found = String::new();
            parsed.tree.root_node().walk(deepest, |node| {
                let text = &"a(b(c(d)), e); f;"[node.byte_range()];
                found.push_str(if node.kind() == "identifier" { text } else { "" });
                text != skipped
            });
            found
        };
        assert_eq!(names(500, ""), "abcdef");
        assert_eq!(names(500, "b(c(d))"), "aef");
        assert_eq!(names(5, ""), "abef");
        assert_eq!(names(0, ""), "");
        assert_eq!(parsed.tree.nodes().filter(|node| node.kind() == "identifier").count(), 6);
    }
}
