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
    /// Lines, from 0.
    first_line: u32,
    last_line: u32,
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
}

impl Tree {
    /// Takes over what the parser made.
    pub(super) fn new(language: Language, tree: &tree_sitter::Tree) -> Self {
        let root = tree.root_node();
        let mut entries = Vec::with_capacity(root.descendant_count());
        let mut cursor = root.walk();
        let mut parent = 0_u32;
        loop {
            let at = u32::try_from(entries.len()).unwrap_or(u32::MAX);
            let field = cursor.field_id().map_or(0, std::num::NonZeroU16::get);
            entries.push(Entry::new(cursor.node(), parent, field));
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
                    return Self { names: Names::of(language), entries };
                }
                let next = u32::try_from(entries.len()).unwrap_or(u32::MAX);
                entries[parent as usize].next = next;
                parent = entries[parent as usize].parent;
            }
        }
    }

    /// All nodes, each before those that are in it.
    pub(super) fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..u32::try_from(self.entries.len()).unwrap_or(u32::MAX)).map(|at| Node { tree: self, at })
    }

    /// The node that holds all others.
    #[must_use]
    pub fn root_node(&self) -> Node<'_> {
        Node { tree: self, at: 0 }
    }
}

impl Entry {
    fn new(node: tree_sitter::Node, parent: u32, field: u16) -> Self {
        let position = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Self {
            kind: node.kind_id(),
            field,
            parent,
            next: 0,
            start: position(node.start_byte()),
            end: position(node.end_byte()),
            first_line: position(node.start_position().row),
            last_line: position(node.end_position().row),
            is_extra: node.is_extra(),
            has_error: node.has_error(),
            is_missing: node.is_missing(),
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
        self.entry().first_line.saturating_add(1)
    }

    /// Its last line, from 1.
    pub(super) fn end_line(self) -> u32 {
        self.entry().last_line.saturating_add(1)
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
