//! The rows of the checklist: from the text of a file to rows whose parts have been checked.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::syntax::{AreaFile, AreaSyntax, Asked, Deciding, Fix, Means, Phase, RowSyntax, Says, Severity};

/// The embedded files.
const EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/checklist"));

/// How many days a word holds at most where the row does not say.
const DAYS: u16 = 90;

/// The areas in the order in which they are shown.
const ORDER: &[&str] = &[
    "AUTHN", "AUTHZ", "SEC", "CORS", "COOK", "RATE", "VAL", "LOG", "MAIL", "TLS", "HDR", "DNS", "EDGE", "MON", "PERF",
    "DEP", "HAND", "MFA", "FLOW", "ESC", "PLAN",
];

/// One requirement.
#[derive(Clone, Debug)]
pub struct Row {
    /// `<AREA>-<two digits>`; never changes.
    pub id: String,
    /// What it is about.
    pub area: Area,
    /// The requirement in a few words.
    pub title: String,
    /// What holds when it passes.
    pub requirement: String,
    /// Why it matters to a founder.
    pub why: String,
    /// What breaks when it does not hold.
    pub breaks: String,
    /// What that costs.
    pub severity: Severity,
    /// When it is worked on.
    pub phase: Phase,
    /// Where the requirement is from.
    pub sources: Vec<String>,
    /// What decides it; never empty.
    pub evidence: Vec<Deciding>,
    /// The way to mend it, whatever the stack.
    pub fix: String,
    /// Topics of the fixes that show it for a stack.
    pub fixes: Vec<String>,
    /// Standards that require it too.
    pub references: References,
    /// What a word can do.
    pub word: WordRules,
    /// When it does not apply.
    pub not_applicable_if: Option<String>,
}

/// A group of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Capital letters.
    pub id: String,
    /// What it is about.
    pub name: String,
    /// Who can mend a row of it.
    pub who: String,
    /// How long one row takes them, roughly.
    pub takes: String,
    /// Whether all its rows must be passed before a product is ready.
    pub gate: bool,
    /// Whether one failing row keeps external users out.
    pub blocks_external: bool,
}

/// Where standards ask for the same.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// Requirements of OWASP ASVS 5.0.
    pub asvs: Vec<String>,
    /// Entries of the OWASP API Security Top 10 of 2023.
    pub api: Vec<String>,
    /// CWE numbers.
    pub cwe: Vec<u32>,
}

/// What a person's word can do to a row.
#[derive(Clone, Debug)]
pub struct WordRules {
    /// Whether it can stand for a check that was not made.
    pub lifts_open: bool,
    /// Whether it can judge what a check has shown.
    pub lifts_review: bool,
    /// Whether it can be the record of a test or a review that somebody made, where no check at this machine can pass the row; such a
    /// record is a file with its hash.
    pub takes_record: bool,
    /// How many days it holds at most.
    pub days: u16,
    /// What has to be said, where a word is among what decides the row.
    pub asks: Option<String>,
}

impl Row {
    /// Whether it counts as a red flag when it fails.
    #[must_use]
    pub fn is_red_flag(&self) -> bool {
        self.flags().next().is_some()
    }

    /// The red flags that it raises when it fails: `A.R1`.
    pub fn flags(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str).filter(|source| is_flag(source))
    }

    /// What a probe of the deployment looks at, where one decides the row.
    #[must_use]
    pub fn probe(&self) -> Option<&str> {
        self.evidence.iter().find(|deciding| deciding.by == Means::Live).map(|deciding| deciding.how.as_str())
    }

    /// Whether the files of the project can pass it.
    #[must_use]
    pub fn is_passed_by_files(&self) -> bool {
        self.evidence.iter().any(|deciding| deciding.by == Means::Static && deciding.gives.contains(&Says::Pass))
    }

    /// Whether its own verdict is made from those of other rows alone.
    #[must_use]
    pub fn is_derived(&self) -> bool {
        self.evidence.iter().all(|deciding| deciding.by == Means::Derived)
    }

    fn check(area: &Area, syntax: &RowSyntax) -> Result<Self, String> {
        let id = &syntax.id;
        let fail = |what: &str| Err(format!("`{id}`: {what}"));
        let number = id.strip_prefix(&area.id).and_then(|rest| rest.strip_prefix('-'));
        if !number.is_some_and(|n| n.len() == 2 && n.bytes().all(|b| b.is_ascii_digit())) {
            return fail(&format!("an id is `{}-` and two digits", area.id));
        }
        for (key, text) in [
            ("requirement", &syntax.requirement),
            ("why", &syntax.why),
            ("breaks", &syntax.breaks),
            ("fix", &syntax.fix),
        ] {
            if text.trim().is_empty() {
                return fail(&format!("`{key}` is empty"));
            }
        }
        if syntax.title.trim().is_empty() || syntax.title.ends_with('.') {
            return fail("a title is a few words without a full stop");
        }
        if let Some(source) = syntax.sources.iter().find(|source| !is_source(source)) {
            return fail(&format!("`{source}` is no source; one is like `A.S1`"));
        }
        if syntax.sources.is_empty() || syntax.evidence.is_empty() {
            return fail("a row needs `sources` and `evidence`");
        }
        if let Some(empty) = syntax.evidence.iter().find(|deciding| deciding.gives.is_empty()) {
            return fail(&format!("evidence by {:?} gives nothing", empty.by));
        }
        let attested = syntax.evidence.iter().any(|deciding| deciding.by == Means::Attested);
        if attested != syntax.attest.is_some() {
            return fail("`attest` goes with evidence that is `attested`, and the other way round");
        }
        if syntax.attest.as_ref().is_some_and(|asked| asked.days == 0) {
            return fail("a word holds for one day at least");
        }
        Ok(Self {
            id: id.clone(),
            area: area.clone(),
            title: syntax.title.clone(),
            requirement: syntax.requirement.clone(),
            why: syntax.why.clone(),
            breaks: syntax.breaks.clone(),
            severity: syntax.severity,
            phase: syntax.phase,
            sources: syntax.sources.clone(),
            evidence: syntax.evidence.clone(),
            fix: syntax.fix.clone(),
            fixes: syntax.fixes.clone(),
            references: References { asvs: syntax.asvs.clone(), api: syntax.api.clone(), cwe: syntax.cwe.clone() },
            word: WordRules::of(&syntax.evidence, syntax.attest.as_ref()),
            not_applicable_if: syntax.not_applicable_if.clone(),
        })
    }
}

impl WordRules {
    /// A word stands for a check where it is among what decides the row. Where only a probe can pass it, or nothing but somebody who
    /// reads, the record of that can be attested; elsewhere a word only judges what a check has shown. A row that is made from other
    /// rows is judged there.
    fn of(evidence: &[Deciding], asked: Option<&Asked>) -> Self {
        let shows_review =
            |deciding: &Deciding| deciding.by != Means::Derived && deciding.gives.contains(&Says::Review);
        let passes = |deciding: &Deciding| deciding.gives.contains(&Says::Pass);
        let is_probe = |deciding: &Deciding| deciding.by == Means::Live && passes(deciding);
        let only_given = evidence.iter().all(|deciding| deciding.by == Means::Given && passes(deciding));
        let no_pass = !evidence.iter().any(passes) && evidence.iter().any(shows_review);
        Self {
            lifts_open: asked.is_some(),
            lifts_review: asked.is_some() || evidence.iter().any(shows_review),
            takes_record: asked.is_none() && (only_given || no_pass || evidence.iter().any(is_probe)),
            days: asked.map_or(DAYS, |asked| asked.days),
            asks: asked.map(|asked| asked.asks.clone()),
        }
    }
}

fn is_source(text: &str) -> bool {
    let Some((document, part)) = text.split_once('.') else { return false };
    let number = part.get(1..).unwrap_or_default();
    matches!(document, "A" | "B")
        && part.starts_with(['O', 'S', 'C', 'R', 'D', 'T', 'P'])
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a source is one numbered red flag. `A.R`, without a number, is the list of them.
fn is_flag(source: &str) -> bool {
    source.split_once(".R").is_some_and(|(_, number)| !number.is_empty())
}

impl From<&AreaSyntax> for Area {
    fn from(syntax: &AreaSyntax) -> Self {
        Self {
            id: syntax.id.clone(),
            name: syntax.name.clone(),
            who: syntax.who.clone(),
            takes: syntax.takes.clone(),
            gate: syntax.gate,
            blocks_external: syntax.blocks_external,
        }
    }
}

/// All rows, and how they are mended.
#[derive(Clone, Debug)]
pub struct Checklist {
    rows: Vec<Row>,
    fixes: Vec<Fix>,
}

impl Checklist {
    /// The embedded checklist.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static CHECKLIST: LazyLock<Checklist> = LazyLock::new(|| {
            let files: Vec<AreaFile> = postcard::from_bytes(EMBEDDED).expect("build.rs wrote it with these types");
            Checklist::check(&files).expect("a test checks the embedded files")
        });
        &CHECKLIST
    }

    /// Checks the files of a checklist.
    ///
    /// # Errors
    /// The first thing that is wrong, with the row it is in.
    pub fn check(files: &[AreaFile]) -> Result<Self, String> {
        let fixes: Vec<Fix> = files.iter().flat_map(|file| file.fix.clone()).collect();
        let mut known = BTreeSet::new();
        for fix in &fixes {
            if !known.insert((&fix.topic, &fix.stack)) {
                return Err(format!("there are two fixes for `{}` in `{}`", fix.topic, fix.stack));
            }
        }
        let topics: BTreeSet<&str> = fixes.iter().map(|fix| fix.topic.as_str()).collect();
        let (mut rows, mut ids): (Vec<Row>, _) = (Vec::new(), BTreeSet::new());
        for file in files {
            let area = Area::from(&file.area);
            if !ORDER.contains(&area.id.as_str()) {
                return Err(format!("there is no area `{}`", area.id));
            }
            for syntax in &file.row {
                let row = Row::check(&area, syntax)?;
                if let Some(topic) = row.fixes.iter().find(|topic| !topics.contains(topic.as_str())) {
                    return Err(format!("`{}`: there is no fix for `{topic}`", row.id));
                }
                if !ids.insert(row.id.clone()) {
                    return Err(format!("there are two rows `{}`", row.id));
                }
                rows.push(row);
            }
        }
        rows.sort_by_key(|row| (ORDER.iter().position(|area| *area == row.area.id), row.id.clone()));
        Ok(Self { rows, fixes })
    }

    /// All rows, in the order in which they are shown.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row with this id, in capital or small letters.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id.eq_ignore_ascii_case(id))
    }

    /// How a row is mended in each stack for which that is known.
    pub fn fixes<'c>(&'c self, row: &'c Row) -> impl Iterator<Item = &'c Fix> {
        self.fixes.iter().filter(|fix| row.fixes.contains(&fix.topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many rows each area has. No row is dropped: they change only with the specification.
    const COUNTS: &[(&str, usize)] = &[
        ("AUTHN", 5),
        ("AUTHZ", 11),
        ("SEC", 11),
        ("CORS", 2),
        ("COOK", 5),
        ("RATE", 12),
        ("VAL", 3),
        ("LOG", 5),
        ("MAIL", 6),
        ("TLS", 3),
        ("HDR", 1),
        ("DNS", 2),
        ("EDGE", 3),
        ("MON", 8),
        ("PERF", 1),
        ("DEP", 9),
        ("HAND", 4),
        ("MFA", 7),
        ("FLOW", 2),
        ("ESC", 1),
        ("PLAN", 1),
    ];

    fn files() -> Vec<AreaFile> {
        postcard::from_bytes(EMBEDDED).expect("build.rs wrote it")
    }

    #[test]
    fn the_embedded_files_are_sound() {
        Checklist::check(&files()).expect("they are sound");
    }

    #[test]
    fn every_row_of_the_specification_is_there_once_and_in_order() {
        let expected: Vec<String> =
            COUNTS.iter().flat_map(|(area, count)| (1..=*count).map(move |n| format!("{area}-{n:02}"))).collect();
        let ids: Vec<&str> = Checklist::embedded().rows().iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, expected);
        assert_eq!(ids.len(), 102);
    }

    #[test]
    fn the_gate_is_that_of_the_specification() {
        let areas = |has: fn(&Area) -> bool| {
            let mut areas: Vec<&str> = Checklist::embedded()
                .rows()
                .iter()
                .filter(|row| has(&row.area))
                .map(|row| row.area.id.as_str())
                .collect();
            areas.dedup();
            areas
        };
        assert_eq!(areas(|area| area.gate), ["AUTHN", "AUTHZ", "SEC", "MAIL", "TLS", "MON", "PERF", "DEP"]);
        assert_eq!(areas(|area| area.blocks_external), ["AUTHN", "AUTHZ", "SEC"]);
    }

    #[test]
    fn every_red_flag_has_a_row() {
        let flags: BTreeSet<&str> = Checklist::embedded().rows().iter().flat_map(Row::flags).collect();
        let expected: BTreeSet<String> =
            ["A", "B"].iter().flat_map(|d| (1..=5).map(move |n| format!("{d}.R{n}"))).collect();
        assert_eq!(flags, expected.iter().map(String::as_str).collect());
        assert!(!Checklist::embedded().row("ESC-01").expect("it is a row").is_red_flag());
    }

    #[test]
    fn what_static_evidence_cannot_pass() {
        for id in ["AUTHN-01", "AUTHN-04", "AUTHZ-07", "CORS-01", "CORS-02", "COOK-01", "COOK-05", "RATE-01", "VAL-01"]
        {
            let row = Checklist::embedded().row(id).expect("it is a row");
            for deciding in row.evidence.iter().filter(|deciding| deciding.by == Means::Static) {
                assert!(!deciding.gives.contains(&Says::Pass), "{id}: a mechanism that is there is for review");
            }
        }
    }

    #[test]
    fn what_a_word_can_do() {
        let word = |id: &str| {
            let word = &Checklist::embedded().row(id).expect("it is a row").word;
            (word.lifts_open, word.lifts_review, word.takes_record, word.days)
        };
        for (id, expected) in [
            ("MFA-01", (true, true, false, 180)),
            ("MON-07", (true, true, false, 90)),
            ("HAND-02", (true, true, false, 30)),
            ("AUTHN-01", (false, true, true, 90)),
            ("TLS-01", (false, false, true, 90)),
            ("MAIL-05", (false, true, true, 90)),
            ("AUTHZ-05", (false, true, true, 90)),
            ("MON-02", (false, false, false, 90)),
            ("SEC-02", (false, false, false, 90)),
            ("SEC-04", (false, true, false, 90)),
            ("SEC-07", (false, false, false, 90)),
            ("AUTHN-05", (false, false, false, 90)),
            ("ESC-01", (false, false, false, 90)),
        ] {
            assert_eq!(word(id), expected, "{id}");
        }
    }

    #[test]
    fn texts_are_sentences_and_none_is_said_twice() {
        let mut seen = BTreeSet::new();
        for row in Checklist::embedded().rows() {
            for text in [&row.requirement, &row.why, &row.breaks, &row.fix] {
                assert!(text.ends_with('.') && text.len() > 20, "{}: {text:?}", row.id);
            }
            assert!(seen.insert(&row.requirement), "{}: another row has the same requirement", row.id);
            assert!(seen.insert(&row.title), "{}: another row has the same title", row.id);
        }
    }

    #[test]
    fn mistakes_are_told() {
        type Spoil = fn(&mut AreaFile);
        let mistakes: [(&str, Spoil); 10] = [
            ("`AUTHN-1`: an id is", |file| file.row[0].id = "AUTHN-1".into()),
            ("`SEC-01`: an id is `AUTHN-`", |file| file.row[0].id = "SEC-01".into()),
            ("there are two rows `AUTHN-02`", |file| file.row[0].id = "AUTHN-02".into()),
            ("there is no area `NEW`", |file| file.area.id = "NEW".into()),
            ("`why` is empty", |file| file.row[0].why = " ".into()),
            ("`C.S1` is no source", |file| file.row[0].sources = vec!["C.S1".into()]),
            ("needs `sources`", |file| file.row[0].evidence.clear()),
            ("gives nothing", |file| file.row[0].evidence[0].gives.clear()),
            ("`attest` goes with", |file| file.row[0].attest = Some(Asked { days: 1, asks: "x".into() })),
            ("there is no fix for `x`", |file| file.row[0].fixes.push("x".into())),
        ];
        for (expected, spoil) in mistakes {
            let mut files = files();
            spoil(files.iter_mut().find(|file| file.area.id == "AUTHN").expect("there is such a file"));
            let error = Checklist::check(&files).expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_misspelt_key_is_an_error() {
        let text = include_str!("../../rules/checklist/perf.toml");
        toml::from_str::<AreaFile>(text).expect("it is sound");
        for (what, with) in
            [("[area]", "[area]\ncolour = 1"), ("title =", "titel ="), ("how =", "who ="), ("[[row]]", "[[rows]]")]
        {
            assert!(toml::from_str::<AreaFile>(&text.replacen(what, with, 1)).is_err(), "{with}");
        }
    }
}
