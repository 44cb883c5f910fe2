//! What a configuration and those it extends say together.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::syntax::{self, AllowTable, FileSyntax, RuleTable};
use super::{Remark, Text, Weight};
use crate::rule::RuleError;

/// One of the configurations.
pub(super) struct Layer {
    pub(super) text: Text,
    pub(super) file: FileSyntax,
}

impl Layer {
    /// The file and line of something in it.
    pub(super) fn at<T>(&self, what: &Spanned<T>) -> String {
        format!("{}:{}", self.text.place, syntax::line(&self.text.content, &what.span()))
    }
}

/// An allowlist and where it is written.
#[derive(Clone, Debug)]
pub(super) struct PlacedList {
    pub(super) place: String,
    pub(super) table: AllowTable,
}

/// A rule as all configurations together have it.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) place: String,
    pub(super) id: String,
    pub(super) description: String,
    pub(super) regex: String,
    pub(super) path: String,
    pub(super) secret_group: i64,
    pub(super) entropy: f64,
    pub(super) keywords: Vec<String>,
    pub(super) lists: Vec<PlacedList>,
    /// Ids of rules that must find something near by.
    pub(super) required: Vec<String>,
    pub(super) skip_report: bool,
}

impl Draft {
    /// Lays a rule over one of the same id that its configuration extends.
    fn over(self, base: Self) -> Self {
        let text = |own: String, base: String| if own.is_empty() { base } else { own };
        Self {
            place: self.place,
            id: self.id,
            description: text(self.description, base.description),
            regex: text(self.regex, base.regex),
            path: text(self.path, base.path),
            secret_group: if self.secret_group == 0 { base.secret_group } else { self.secret_group },
            entropy: if self.entropy == 0.0 { base.entropy } else { self.entropy },
            keywords: [base.keywords, self.keywords].concat(),
            lists: [base.lists, self.lists].concat(),
            required: base.required,
            skip_report: base.skip_report,
        }
    }
}

/// All configurations together.
#[derive(Clone, Debug, Default)]
pub(super) struct Merged {
    pub(super) rules: BTreeMap<String, Draft>,
    /// Lists for all rules, and those that name rules.
    pub(super) lists: Vec<PlacedList>,
    /// Whether the innermost extends gitleaks' own rules.
    pub(super) use_default: bool,
    /// Where it says so.
    pub(super) default_place: String,
    /// Which of those are switched off.
    pub(super) disabled: BTreeSet<String>,
    pub(super) remarks: Vec<Remark>,
}

/// Puts `layers` together; each extends the one after it.
///
/// # Errors
/// A rule without an id, or a list in a place that takes none.
pub(super) fn merge(layers: Vec<Layer>) -> Result<Merged, RuleError> {
    let mut merged = Merged::default();
    for layer in layers.into_iter().rev() {
        merged.extend(&layer);
        let mut own: BTreeMap<String, Draft> = BTreeMap::new();
        for table in &layer.file.rules {
            let draft = draft(&layer, table)?;
            if let Some(before) = own.get(&draft.id) {
                let message = format!("`{}` is defined again and replaces that of {}", draft.id, before.place);
                merged.note(&draft.place, message);
            }
            own.insert(draft.id.clone(), draft);
        }
        for (id, draft) in own {
            let draft = match merged.rules.remove(&id) {
                Some(base) => draft.over(base),
                None => draft,
            };
            merged.rules.insert(id, draft);
        }
        merged.lists.extend(lists(&layer, &layer.file.allowlist, &layer.file.allowlists)?);
    }
    Ok(merged)
}

impl Merged {
    pub(super) fn note(&mut self, place: &str, message: String) {
        self.remarks.push(Remark { weight: Weight::Note, place: place.into(), message });
    }

    /// What a configuration does to those that it extends.
    fn extend(&mut self, layer: &Layer) {
        if let Some(version) = &layer.file.min_version
            && version.get_ref().trim_start_matches('v').split('.').next() != Some("8")
        {
            self.note(&layer.at(version), "`minVersion` asks for another version than 8".into());
        }
        let Some(extend) = &layer.file.extend else { return };
        let place = layer.at(extend);
        let extend = extend.get_ref();
        if extend.url.is_some() {
            self.note(&place, "`extend.url` is not read, as in gitleaks; name a file beside it with `path`".into());
        }
        if extend.use_default {
            self.use_default = true;
            self.default_place.clone_from(&place);
            self.disabled.extend(extend.disabled_rules.0.iter().cloned());
            return;
        }
        for id in &extend.disabled_rules.0 {
            // Of gitleaks' own, further in.
            let known = self.rules.remove(id).is_some();
            if self.use_default {
                self.disabled.insert(id.clone());
            } else if !known {
                self.note(&place, format!("`{id}` is switched off, but there is no such rule in what is extended"));
            }
        }
    }
}

fn draft(layer: &Layer, table: &Spanned<RuleTable>) -> Result<Draft, RuleError> {
    let place = layer.at(table);
    let table = table.get_ref();
    let fail = |message: &str| Err(RuleError { place: place.clone(), message: message.into() });
    let id = table.id.trim();
    if id.is_empty() || id.chars().any(char::is_control) {
        return fail("a rule without an `id`, or with one that has control characters");
    }
    let lists = lists(layer, &table.allowlist, &table.allowlists)?;
    if let Some(list) = lists.iter().find(|list| !list.table.target_rules.0.is_empty()) {
        let message = "`targetRules` is for lists that belong to no rule".to_owned();
        return Err(RuleError { place: list.place.clone(), message });
    }
    if table.required.iter().any(|required| required.id.is_empty()) {
        return fail("`required` without an `id`");
    }
    Ok(Draft {
        id: id.to_owned(),
        description: table.description.clone(),
        regex: table.regex.clone(),
        path: table.path.clone(),
        secret_group: table.secret_group,
        entropy: table.entropy,
        keywords: table.keywords.0.iter().map(|word| word.to_lowercase()).collect(),
        lists,
        required: table.required.iter().map(|required| required.id.clone()).collect(),
        skip_report: table.skip_report,
        place,
    })
}

/// The lists of a table, in the old form or in the new.
fn lists(
    layer: &Layer,
    old: &Option<Spanned<AllowTable>>,
    new: &[Spanned<AllowTable>],
) -> Result<Vec<PlacedList>, RuleError> {
    if let (Some(old), [_, ..]) = (old, new) {
        let message = "`allowlist` is the old form of `allowlists` and cannot stand beside it".to_owned();
        return Err(RuleError { place: layer.at(old), message });
    }
    let placed = |list: &Spanned<AllowTable>| PlacedList { place: layer.at(list), table: list.get_ref().clone() };
    Ok(old.iter().chain(new).map(placed).collect())
}
