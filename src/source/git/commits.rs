//! The graph of all commits that a repository has, reachable or not.

use std::collections::{BTreeSet, HashMap};

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::CommitRefIter;
use gix::objs::commit::ref_iter::Token;

/// What of a commit the graph needs.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its name.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents' names; the first is the one that it was made on.
    pub parents: Vec<ObjectId>,
    /// When it was made, in seconds since 1970.
    pub time: i64,
}

impl Commit {
    /// Reads a commit. `None` if it is broken.
    #[must_use]
    pub fn parse(id: ObjectId, data: &[u8]) -> Option<Self> {
        let (mut tree, mut parents, mut time) = (None, Vec::new(), 0);
        for token in CommitRefIter::from_bytes(data, id.kind()) {
            match token {
                Ok(Token::Tree { id }) => tree = Some(id),
                Ok(Token::Parent { id }) => parents.push(id),
                Ok(Token::Author { .. }) => {}
                Ok(Token::Committer { signature }) => {
                    time = signature.seconds();
                    break;
                }
                // Who made it, and when, is not needed to know what it holds.
                _ => break,
            }
        }
        Some(Self { id, tree: tree?, parents, time })
    }
}

/// All commits, by number.
#[derive(Debug, Default)]
pub struct Graph {
    commits: Vec<Commit>,
    numbers: HashMap<ObjectId, u32>,
    /// For each commit where its parents begin in `parents`; one more at the end.
    first_parent: Vec<u32>,
    /// Parents that are there.
    parents: Vec<u32>,
    /// Every commit before its parents.
    children_first: Vec<u32>,
}

impl Graph {
    /// Links commits. They keep their order.
    #[must_use]
    pub fn new(mut commits: Vec<Commit>) -> Self {
        let mut numbers = HashMap::with_capacity(commits.len());
        commits.retain(|commit| {
            let next = numbers.len() as u32;
            numbers.insert(commit.id, next).is_none_or(|first| {
                numbers.insert(commit.id, first);
                false
            })
        });
        let mut graph = Self { commits, numbers, ..Self::default() };
        for commit in &graph.commits {
            graph.first_parent.push(graph.parents.len() as u32);
            graph.parents.extend(commit.parents.iter().filter_map(|id| graph.numbers.get(id)));
        }
        graph.first_parent.push(graph.parents.len() as u32);
        graph.sort();
        graph
    }

    fn sort(&mut self) {
        let mut children = vec![0u32; self.commits.len()];
        self.parents.iter().for_each(|&parent| children[parent as usize] += 1);
        let mut order: Vec<u32> = (0..self.len()).filter(|&at| children[at as usize] == 0).collect();
        let mut at = 0;
        while at < order.len() {
            for parent in self.parents(order[at]).to_vec() {
                children[parent as usize] -= 1;
                if children[parent as usize] == 0 {
                    order.push(parent);
                }
            }
            at += 1;
        }
        self.children_first = order;
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.commits.len() as u32
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }

    /// The commit of a number.
    #[must_use]
    pub fn get(&self, number: u32) -> &Commit {
        &self.commits[number as usize]
    }

    /// The number of a commit.
    #[must_use]
    pub fn number(&self, id: &oid) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    /// The numbers of a commit's parents, those that are missing left out.
    #[must_use]
    pub fn parents(&self, number: u32) -> &[u32] {
        let at = number as usize;
        &self.parents[self.first_parent[at] as usize..self.first_parent[at + 1] as usize]
    }

    /// Parents that no commit here is, but for those of `shallow` commits.
    #[must_use]
    pub fn missing(&self, shallow: &[ObjectId]) -> BTreeSet<ObjectId> {
        let known = self.commits.iter().filter(|commit| !shallow.contains(&commit.id));
        known.flat_map(|commit| &commit.parents).filter(|id| !self.numbers.contains_key(*id)).copied().collect()
    }

    /// Hands marks from each commit to its parents: every commit has then those of all commits that it can be reached from.
    pub fn spread(&self, marks: &mut [u64]) {
        for &number in &self.children_first {
            let mark = marks[number as usize];
            if mark != 0 {
                self.parents(number).iter().for_each(|&parent| marks[parent as usize] |= mark);
            }
        }
    }

    /// The commits that can be reached from `tips`.
    #[must_use]
    pub fn reachable(&self, tips: impl IntoIterator<Item = u32>) -> Vec<bool> {
        let mut marks = vec![0; self.commits.len()];
        tips.into_iter().for_each(|tip| marks[tip as usize] = 1);
        self.spread(&mut marks);
        marks.into_iter().map(|mark| mark != 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> ObjectId {
        ObjectId::from_bytes_or_panic(&[n; 20])
    }

    fn commit(n: u8, parents: &[u8]) -> Commit {
        Commit { id: id(n), tree: id(0), parents: parents.iter().map(|&p| id(p)).collect(), time: 0 }
    }

    #[test]
    fn reachability_and_what_is_missing() {
        // 1 ← 2 ← 4, 1 ← 3 ← 4, 5 alone, and 1 was made on 9, which is not there.
        let graph =
            Graph::new(vec![commit(3, &[1]), commit(4, &[2, 3]), commit(1, &[9]), commit(2, &[1]), commit(5, &[])]);
        let number = |n: u8| graph.number(&id(n)).expect("it is there");
        let from = |n: u8| -> Vec<u8> {
            let reached = graph.reachable([number(n)]);
            (1..=5).filter(|&m| reached[number(m) as usize]).collect()
        };
        assert_eq!(from(4), [1, 2, 3, 4]);
        assert_eq!(from(3), [1, 3]);
        assert_eq!(from(5), [5]);
        assert_eq!(graph.missing(&[]).into_iter().collect::<Vec<_>>(), [id(9)]);
        assert!(graph.missing(&[id(1)]).is_empty());
    }

    #[test]
    fn a_commit_that_is_there_twice_is_one() {
        let graph = Graph::new(vec![commit(1, &[]), commit(1, &[]), commit(2, &[1])]);
        assert_eq!(graph.len(), 2);
        assert_eq!(graph.parents(graph.number(&id(2)).expect("it is there")), [0]);
    }

    #[test]
    fn a_broken_commit_is_none() {
        assert!(Commit::parse(id(1), b"parent x").is_none());
        let tree = format!("tree {}\n", id(7));
        assert_eq!(Commit::parse(id(1), tree.as_bytes()).map(|c| c.tree), Some(id(7)));
    }
}
