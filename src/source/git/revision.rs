//! Commits as a person writes them: `main`, `v1.2`, `HEAD~3`, `1a2b3c4`, `origin/main^2` (gitrevisions).

use gix::ObjectId;

use super::commits::Graph;
use super::refs::Refs;

/// Where a short name is looked for, as git does.
const PLACES: [(&str, &str); 6] = [
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];

/// The shortest beginning of a commit's name.
const SHORTEST: usize = 4;

/// The commit that `text` means, by its number. `peel` leads from an annotated tag to what it is on.
///
/// # Errors
/// There is none, or there are several.
pub fn resolve(text: &str, refs: &Refs, graph: &Graph, peel: impl Fn(ObjectId) -> ObjectId) -> Result<u32, String> {
    let end = text.find(['~', '^', '@']).filter(|&at| at > 0).unwrap_or(text.len());
    let (name, mut steps) = text.split_at(end);
    let name = if name == "@" { "HEAD" } else { name };
    let mut at = by_name(name, refs, graph, peel)?;
    while !steps.is_empty() {
        let (kind, rest) = steps.split_at(1);
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let count = if digits == 0 { 1 } else { rest[..digits].parse::<usize>().map_err(|e| e.to_string())? };
        steps = &rest[digits..];
        let none = || format!("{text} goes back further than the history");
        match kind {
            "~" => {
                for _ in 0..count {
                    at = *graph.parents(at).first().ok_or_else(none)?;
                }
            }
            "^" if steps.starts_with('{') => steps = steps.split_once('}').map_or("", |(_, after)| after),
            "^" if count > 0 => at = *graph.parents(at).get(count - 1).ok_or_else(none)?,
            "^" => {}
            _ => return Err(format!("{text}: only ~N and ^N are understood after a name")),
        }
    }
    Ok(at)
}

fn by_name(name: &str, refs: &Refs, graph: &Graph, peel: impl Fn(ObjectId) -> ObjectId) -> Result<u32, String> {
    let named = PLACES.iter().find_map(|(before, after)| refs.named.get(&format!("{before}{name}{after}")));
    if let Some(id) = named {
        let id = peel(*id);
        return graph.number(&id).ok_or_else(|| format!("{name} names no commit that is here"));
    }
    let hex = name.len() >= SHORTEST && name.bytes().all(|b| b.is_ascii_hexdigit());
    let begins = |number: &u32| hex && graph.get(*number).id.to_string().starts_with(&name.to_ascii_lowercase());
    let mut found = (0..graph.len()).filter(begins);
    match (found.next(), found.next()) {
        (Some(number), None) => Ok(number),
        (Some(_), Some(_)) => Err(format!("{name} is the beginning of several commits' names")),
        (None, _) => Err(format!("there is no commit, branch or tag {name}")),
    }
}
