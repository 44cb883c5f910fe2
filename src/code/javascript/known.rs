//! What is known of the values of a program that is not run.

use std::collections::BTreeMap;
use std::rc::Rc;

/// What is known of a value.
#[derive(Clone, Debug, Default)]
pub(super) enum Known {
    /// Nothing.
    #[default]
    Unknown,
    /// True or false.
    Truth(bool),
    /// A text; `*` for parts that are not known.
    Text(Rc<str>),
    /// A list.
    List(Rc<Vec<Known>>, u8),
    /// An object, by its number.
    Object(usize),
    /// A function: its module, its number, the scope it was written in, and what `this` is.
    Function(usize, usize, usize, Option<usize>),
    /// A class: its module, its number, its scope.
    Class(usize, usize, usize),
    /// An application or a router, by its number.
    Receiver(usize),
    /// `router.route(path)`.
    Path(usize, Rc<str>),
    /// Something of a package, or of the language: `express.Router`.
    Outside(Rc<str>),
    /// What a call of such a thing gives.
    Made(Rc<str>, Rc<Vec<Known>>, u8),
}

/// Lists and calls within one another are known so far: what is within is dropped and looked through by recursion.
const MAX_WITHIN: u8 = 4;
/// No more elements of a list, and keys of an object that is spread, are known.
pub(super) const MAX_ELEMENTS: usize = 4_000;
/// No longer text is known: a path is shorter.
pub(super) const MAX_TEXT: usize = 2_000;

impl Known {
    fn within(&self) -> u8 {
        match self {
            Self::List(_, within) | Self::Made(_, _, within) => *within,
            _ => 0,
        }
    }

    /// What is kept of elements, and how deep it is.
    fn bounded(mut elements: Vec<Self>) -> (Rc<Vec<Self>>, u8) {
        elements.truncate(MAX_ELEMENTS);
        for element in &mut elements {
            if element.within() >= MAX_WITHIN {
                *element = Self::Unknown;
            }
        }
        let within = elements.iter().map(Self::within).max().unwrap_or(0) + 1;
        (Rc::new(elements), within)
    }

    /// A list.
    pub(super) fn list(elements: Vec<Self>) -> Self {
        let (elements, within) = Self::bounded(elements);
        Self::List(elements, within)
    }

    /// What a call gives.
    pub(super) fn made(what: &str, arguments: Vec<Self>) -> Self {
        let (arguments, within) = Self::bounded(arguments);
        Self::Made(what[..what.floor_char_boundary(MAX_TEXT)].into(), arguments, within)
    }
}

/// So many names are kept in a list.
const FEW: usize = 64;

/// Names and what they hold, in the order of the names: the variables of a scope, the keys of an object. Nearly all are few, and
/// there are many of these.
#[derive(Clone, Debug)]
pub(super) enum Names<'a> {
    /// In order.
    Few(Vec<(&'a str, Known)>),
    /// More than [`FEW`].
    Many(BTreeMap<&'a str, Known>),
}

impl Default for Names<'_> {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl<'a> Names<'a> {
    /// What a name holds.
    pub(super) fn get(&self, name: &str) -> Option<&Known> {
        match self {
            Self::Few(names) => find(names, name).ok().map(|at| &names[at].1),
            Self::Many(names) => names.get(name),
        }
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Known> {
        match self {
            Self::Few(names) => find(names, name).ok().map(|at| &mut names[at].1),
            Self::Many(names) => names.get_mut(name),
        }
    }

    /// Takes a name out.
    pub(super) fn remove(&mut self, name: &str) -> Option<Known> {
        match self {
            Self::Few(names) => find(names, name).ok().map(|at| names.remove(at).1),
            Self::Many(names) => names.remove(name),
        }
    }

    /// Gives a name a value, another one if it has one.
    pub(super) fn insert(&mut self, name: &'a str, value: Known) {
        match self {
            Self::Few(names) => match find(names, name) {
                Ok(at) => names[at].1 = value,
                Err(at) if names.len() < FEW => names.insert(at, (name, value)),
                Err(_) => {
                    let mut many: BTreeMap<_, _> = std::mem::take(names).into_iter().collect();
                    many.insert(name, value);
                    *self = Self::Many(many);
                }
            },
            Self::Many(names) => drop(names.insert(name, value)),
        }
    }

    /// How many names there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(names) => names.len(),
            Self::Many(names) => names.len(),
        }
    }

    /// All of them, in order.
    pub(super) fn into_pairs(self) -> Vec<(&'a str, Known)> {
        match self {
            Self::Few(names) => names,
            Self::Many(names) => names.into_iter().collect(),
        }
    }
}

fn find(names: &[(&str, Known)], name: &str) -> Result<usize, usize> {
    names.binary_search_by(|(known, _)| (*known).cmp(name))
}

impl<'a> Extend<(&'a str, Known)> for Names<'a> {
    fn extend<T: IntoIterator<Item = (&'a str, Known)>>(&mut self, names: T) {
        names.into_iter().for_each(|(name, value)| self.insert(name, value));
    }
}

impl<'a> FromIterator<(&'a str, Known)> for Names<'a> {
    fn from_iter<T: IntoIterator<Item = (&'a str, Known)>>(names: T) -> Self {
        let mut these = Self::default();
        these.extend(names);
        these
    }
}

/// The application or router that a value is, or that is wrapped in it.
pub(super) fn inner_receiver(value: &Known) -> Option<usize> {
    match value {
        Known::Receiver(receiver) => Some(*receiver),
        Known::Made(_, arguments, _) => arguments.iter().find_map(|argument| match argument {
            Known::Receiver(receiver) => Some(*receiver),
            _ => None,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_however_many() {
        let texts: Vec<String> = (0..3 * FEW).map(|number| format!("{}", number * 7_919 % 1_000)).collect();
        let (mut names, mut expected) = (Names::default(), BTreeMap::new());
        for (at, text) in texts.iter().enumerate() {
            names.insert(text, Known::Object(at));
            names.insert(text, Known::Receiver(at));
            expected.insert(text.as_str(), at);
            assert_eq!(names.len(), expected.len());
            if at % 5 == 0 {
                assert!(matches!(names.remove(text), Some(Known::Receiver(found)) if found == at));
                expected.remove(text.as_str());
            }
            assert!(names.get("none").is_none() && names.get_mut("").is_none() && names.remove("x").is_none());
            for (name, at) in &expected {
                assert!(matches!(names.get(name), Some(Known::Receiver(found)) if found == at), "{name}");
            }
        }
        if let Some(value) = names.get_mut(&texts[1]) {
            *value = Known::Truth(true);
        }
        assert!(matches!(names.get(&texts[1]), Some(Known::Truth(true))));
        let pairs: Vec<&str> = names.clone().into_pairs().into_iter().map(|(name, _)| name).collect();
        assert_eq!(pairs, expected.into_keys().collect::<Vec<_>>());
        assert_eq!(names.into_pairs().into_iter().collect::<Names>().len(), pairs.len());
    }

    #[test]
    fn what_a_call_gives_is_bounded() {
        let mut value = Known::Unknown;
        for _ in 0..100 {
            value = Known::made(&"\u{fc}".repeat(MAX_TEXT), vec![value; 2]);
        }
        let Known::Made(what, _, within) = value else { panic!("made") };
        assert!(what.len() <= MAX_TEXT && within <= MAX_WITHIN + 1);
    }
}
