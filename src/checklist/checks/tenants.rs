//! AUTHZ-04: models that belong to no tenant, where others do.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::say::{Told, names};
use super::survey::{Survey, numbered};

/// Words of a column or a relation by which a row belongs to a tenant.
const TENANT: &[&str] = &[
    "tenant", "organization", "organisation", "org_id", "orgid", "workspace", "team_id", "teamid", "company_id",
    "companyid", "agency", "account_id", "accountid", "team ",
];

/// Names of the tenants themselves.
const THEMSELVES: &[&str] =
    &["tenant", "organization", "organisation", "org", "workspace", "team", "company", "agency", "account", "user"];

/// A model has no more lines than this; what follows belongs to something else.
const LONGEST: usize = 400;

/// A model: its name, and whether it belongs to a tenant.
struct Model<'s> {
    name: String,
    path: &'s str,
    line: u32,
    is_scoped: bool,
}

pub(super) fn decide(survey: &Survey<'_>, told: &mut Told<'_>) {
    let mut models: Vec<Model<'_>> = Vec::new();
    for path in survey.live() {
        let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
        if ENDINGS.contains(&ending)
            && let Some(text) = survey.text(path)
        {
            read((path, ending), text, &mut models);
        }
    }
    models.retain(|model| !is_tenant_itself(&model.name));
    let (scoped, bare): (Vec<&Model<'_>>, Vec<&Model<'_>>) = models.iter().partition(|model| model.is_scoped);
    let looked_at = format!("{} models and tables", models.len());
    if models.is_empty() {
        return;
    }
    if scoped.is_empty() {
        told.open("AUTHZ-04")
            .reason("No model names an organisation, a team or another tenant; whether the product has any is for somebody to say.")
            .looked_at(looked_at)
            .counted(0, models.len(), "models")
            .change("the word that there are no tenants (`--says not-applicable`), or the record of a test with accounts of two");
        return;
    }
    let reason = match bare.len() {
        0 => "Each model names its tenant; whether every query does is for somebody to see.".to_owned(),
        number => format!(
            "{} no tenant, while others do: {}.",
            if number == 1 { "1 model names".to_owned() } else { format!("{number} models name") },
            names(bare.iter().map(|model| model.name.as_str()))
        ),
    };
    let places = if bare.is_empty() { &scoped } else { &bare };
    told.review("AUTHZ-04")
        .reason(reason)
        .looked_at(looked_at)
        .counted(scoped.len(), models.len(), "models")
        .change("the tenant in each model, and the record of a test with accounts of two")
        .at_all(places.iter().map(|model| (model.path, model.line)));
}

fn is_tenant_itself(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is = |word: &&str| {
        name == **word || name.strip_suffix('s') == Some(*word) || name == format!("{}ies", word.trim_end_matches('y'))
    };
    THEMSELVES.iter().any(is)
}

/// One of these stands in every line that begins a model, whatever its case.
const BEGINS: &[&str] =
    &["model", "create table", "create_table", "schema", "define(", ".init(", "@entity", "(base)", "declarativebase"];

static SEARCH: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(BEGINS).ok());

/// What files with models end with.
const ENDINGS: &[&str] = &["prisma", "sql", "rb", "py", "php", "js", "ts", "mjs", "cjs", "java"];

/// The models of a file, by the form in which each object mapper has them.
fn read<'s>((path, ending): (&'s str, &str), text: &str, models: &mut Vec<Model<'s>>) {
    if SEARCH.as_ref().is_some_and(|search| !search.is_match(text)) {
        return;
    }
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in numbered(text) {
        let Some((name, end)) = begins(ending, line, lines.get(number as usize).copied().unwrap_or_default()) else {
            continue;
        };
        let body = lines.iter().skip(number as usize).take(LONGEST).take_while(|line| !end(line));
        let is_scoped = std::iter::once(&line).chain(body).any(|line| {
            let lower = line.to_ascii_lowercase();
            TENANT.iter().any(|word| lower.contains(word))
        });
        models.push(Model { name, path, line: number, is_scoped });
    }
}

type End = fn(&str) -> bool;

fn is_brace(line: &str) -> bool {
    line.starts_with(['}', ')'])
}

fn is_end(line: &str) -> bool {
    line.trim() == "end"
}

fn is_closed(line: &str) -> bool {
    line.trim_start().starts_with(['}', ')']) && line.contains(')')
}

/// The first line that is no longer indented.
fn is_outside(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with([' ', '\t', '#', ')'])
}

fn word(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// The name of the model that begins on a line of a file with this ending, and what ends it.
fn begins(ending: &str, line: &str, next: &str) -> Option<(String, End)> {
    let trimmed = line.trim_start();
    let (name, end): (&str, End) = match ending {
        "prisma" => (trimmed.strip_prefix("model ")?, is_brace),
        "sql" => {
            let lower = trimmed.to_ascii_lowercase();
            let rest = lower.strip_prefix("create table ")?;
            let at = trimmed.len() - rest.strip_prefix("if not exists ").unwrap_or(rest).len();
            let name = &trimmed[at..];
            (name.strip_prefix("public.").unwrap_or(name), is_brace)
        }
        "rb" => (trimmed.strip_prefix("create_table ")?, is_end),
        "py" => {
            let (name, bases) = line.strip_prefix("class ")?.split_once('(')?;
            let is_model = ["models.Model", "db.Model", "(Base)", "DeclarativeBase", "SQLModel"]
                .iter()
                .any(|base| bases.contains(base.trim_matches(['(', ')'])))
                && !bases.contains("BaseModel");
            (is_model.then_some(name)?, is_outside)
        }
        "php" => (trimmed.split_once("Schema::create(")?.1, |line| line.trim_start().starts_with("});")),
        "js" | "ts" | "mjs" | "cjs" if line.contains("new Schema(") || line.contains("new mongoose.Schema(") => {
            let (before, _) = line.split_once('=')?;
            (before.trim().rsplit(' ').next()?, is_brace)
        }
        "js" | "ts" | "mjs" | "cjs" if line.contains("sequelize.define(") => (line.split_once("define(")?.1, is_closed),
        "js" | "ts" | "mjs" | "cjs" if trimmed.contains(".init(") && (line.contains('{') || next.trim() == "{") => {
            (trimmed.split_once(".init(")?.0, is_closed)
        }
        "ts" if trimmed.starts_with("@Entity(") && next.contains("class ") => (next.split_once("class ")?.1, is_brace),
        "java" if trimmed.starts_with("@Entity") && next.contains("class ") => (next.split_once("class ")?.1, is_brace),
        _ => return None,
    };
    let name = word(name);
    let name = name.strip_suffix("Schema").unwrap_or(&name).to_owned();
    (!name.is_empty()).then_some((name, end))
}
