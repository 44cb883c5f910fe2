//! All rows together: whether the product is ready, whether to call for help, and what to do in which order.

use std::collections::{BTreeMap, BTreeSet};

use super::attest::{Attestations, Proof};
use super::derived::{self, Surface};
use super::row::{Checklist, Row};
use super::syntax::{Means, Phase};
use super::unseen;
use super::verdict::{Claim, Coverage, Evidence, Standing, Verdict, Word, WordSays};

/// A row, what was seen of it, and how it stands.
#[derive(Clone, Debug)]
pub struct Judged<'c> {
    /// The row.
    pub row: &'c Row,
    /// What was seen; empty where nobody looked.
    pub evidence: Vec<Evidence>,
    /// What the evidence comes to.
    pub checked: Verdict,
    /// How it stands, with the word that was given.
    pub standing: Standing,
    /// Whether somebody has taken it on: an accepted risk with an owner and a date.
    pub has_owner: bool,
    /// Why the word that was given changes nothing, where it says that the requirement holds and the row is open all the same.
    pub unheard: Option<&'static str>,
}

/// Every row of the checklist, judged. None is ever left out.
#[derive(Clone, Debug)]
pub struct Assessment<'c> {
    rows: Vec<Judged<'c>>,
}

/// The answer to the question whether a product can be launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// Every row of the gate is passed or without object.
    Ready,
    /// A row of the gate is not passed.
    PrototypeWithRisk,
    /// A row that keeps external users out fails, its risk accepted or not.
    NotForExternalUsers,
}

impl Readiness {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::PrototypeWithRisk => "a prototype with risk",
            Self::NotForExternalUsers => "not ready for external users",
        }
    }
}

/// A block of the two days before a launch, and what is left to do in it.
#[derive(Clone, Debug)]
pub struct Block<'a, 'c> {
    /// Which.
    pub phase: Phase,
    /// From which hour to which.
    pub hours: (u8, u8),
    /// What is not settled, the most urgent first.
    pub rows: Vec<&'a Judged<'c>>,
}

impl<'c> Assessment<'c> {
    /// Judges every row by the evidence about it, by row id, and the words that were given. The rows that are made
    /// from others are judged last.
    #[must_use]
    pub fn new(checklist: &'c Checklist, evidence: BTreeMap<String, Vec<Evidence>>, words: &Attestations) -> Self {
        Self::of_product(checklist, evidence, words, &Surface::default())
    }

    /// The same for a product of which it is known what it has to show: its routes, and what it says of them.
    #[must_use]
    pub fn of_product(
        checklist: &'c Checklist,
        mut evidence: BTreeMap<String, Vec<Evidence>>,
        words: &Attestations,
        surface: &Surface<'_>,
    ) -> Self {
        let mut this = Self { rows: Vec::new() };
        for row in checklist.rows() {
            let mut evidence = evidence.remove(&row.id).unwrap_or_default();
            if evidence.is_empty() {
                evidence.extend(unseen::evidence(row, surface.launch));
            }
            this.rows.push(judge(row, evidence, words));
        }
        for (id, derived) in derived::of(&this.rows, surface) {
            this.add(id, derived, words);
        }
        // What remains is the last: it counts the others.
        for (id, derive) in [
            ("AUTHN-05", Self::no_way_around as fn(&Self) -> Evidence),
            ("ESC-01", Self::red_flags),
            ("PLAN-01", Self::order_of_work),
            ("HAND-04", Self::owners),
        ] {
            let derived = derive(&this);
            this.add(id, derived, words);
        }
        this
    }

    /// Judges a row again, with what the others come to.
    fn add(&mut self, id: &str, derived: Evidence, words: &Attestations) {
        if let Some(judged) = self.rows.iter_mut().find(|judged| judged.row.id == id) {
            let mut evidence = std::mem::take(&mut judged.evidence);
            evidence.push(derived);
            *judged = judge(judged.row, evidence, words);
        }
    }

    /// All rows, in the checklist's order.
    #[must_use]
    pub fn rows(&self) -> &[Judged<'c>] {
        &self.rows
    }

    /// Whether the product is ready.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let fails = |judged: &Judged<'_>| judged.standing.verdict() == Verdict::Fail;
        if self.rows.iter().any(|judged| judged.row.area.blocks_external && fails(judged)) {
            Readiness::NotForExternalUsers
        } else if self.unsettled(true).next().is_some() {
            Readiness::PrototypeWithRisk
        } else {
            Readiness::Ready
        }
    }

    /// The rows that are neither passed nor without object: those of the gate, or those beside it. A report names
    /// both, whatever the answer.
    pub fn unsettled(&self, gate: bool) -> impl Iterator<Item = &Judged<'c>> {
        self.rows.iter().filter(move |judged| judged.row.area.gate == gate && !judged.standing.is_settled())
    }

    /// What is left to do, in the four blocks of two days. A block with nothing in it is there too.
    #[must_use]
    pub fn plan(&self) -> Vec<Block<'_, 'c>> {
        let blocks =
            [(Phase::Audit, (0, 8)), (Phase::Fix, (8, 24)), (Phase::Verify, (24, 36)), (Phase::HandOver, (36, 48))];
        let block = |(phase, hours)| {
            let left = |judged: &&Judged<'_>| judged.row.phase == phase && !judged.standing.is_settled();
            let mut rows: Vec<&Judged<'c>> = self.rows.iter().filter(left).collect();
            rows.sort_by_key(|judged| std::cmp::Reverse((judged.standing.verdict(), judged.row.severity)));
            Block { phase, hours, rows }
        };
        blocks.map(block).into()
    }

    /// AUTHN-05: the heaviest of AUTHN and AUTHZ.
    fn no_way_around(&self) -> Evidence {
        let others = || {
            let is_other = |judged: &&Judged<'_>| {
                matches!(judged.row.area.id.as_str(), "AUTHN" | "AUTHZ") && judged.row.id != "AUTHN-05"
            };
            self.rows.iter().filter(is_other)
        };
        let heaviest = Verdict::combine(others().map(|judged| judged.standing.verdict()));
        let which = others().filter(|judged| judged.standing.verdict() == heaviest);
        let ids: Vec<&str> = which.map(|judged| judged.row.id.as_str()).collect();
        let all = others().count();
        let settled = others().filter(|judged| judged.standing.is_settled()).count();
        let is_one = ids.len() == 1;
        let be = if is_one { "is" } else { "are" };
        let (claim, reason) = match heaviest {
            Verdict::Fail => (Claim::Fail, format!("{} {}", ids.join(", "), if is_one { "fails" } else { "fail" })),
            Verdict::Review => (Claim::Review, format!("{} {be} for review", ids.join(", "))),
            Verdict::Open => (Claim::Open, format!("{} {be} open", ids.join(", "))),
            Verdict::Pass | Verdict::NotApplicable => (derived_pass(), "all rows of AUTHN and AUTHZ are passed".into()),
        };
        derived(claim, "the other rows of AUTHN and those of AUTHZ", (settled, all), reason)
    }

    /// ESC-01: how many red flags are raised, and how many could still be.
    fn red_flags(&self) -> Evidence {
        let mut flags: BTreeMap<&str, Verdict> = BTreeMap::new();
        for judged in &self.rows {
            for flag in judged.row.flags() {
                let verdict = flags.entry(flag).or_insert(Verdict::NotApplicable);
                *verdict = (*verdict).max(judged.standing.verdict());
            }
        }
        let with = |verdict| flags.values().filter(|v| **v == verdict).count();
        let (raised, review, open) = (with(Verdict::Fail), with(Verdict::Review), with(Verdict::Open));
        let claim = match raised {
            2.. => Claim::Fail,
            _ if raised + review >= 2 => Claim::Review,
            _ if raised + review + open >= 2 => Claim::Open,
            _ => derived_pass(),
        };
        let known = flags.len() - review - open;
        let be = |number| if number == 1 { "is" } else { "are" };
        let (all, left) = (flags.len(), review + open);
        let reason = format!("{raised} of {all} red flags {} raised, {left} {} not decided", be(raised), be(left));
        // One that is not decided cannot make two alone: what was decided is enough.
        let count = if matches!(claim, Claim::Pass { .. }) { (flags.len(), flags.len()) } else { (known, flags.len()) };
        derived(claim, "the rows that are red flags", count, reason)
    }

    /// PLAN-01: every row that is left has its place.
    fn order_of_work(&self) -> Evidence {
        let planned: BTreeSet<&str> =
            self.plan().iter().flat_map(|block| &block.rows).map(|judged| judged.row.id.as_str()).collect();
        let left = |judged: &&Judged<'_>| !judged.standing.is_settled() && planned.contains(judged.row.id.as_str());
        let settled = self.rows.iter().filter(|judged| judged.standing.is_settled()).count();
        let placed = self.rows.iter().filter(left).count() + settled;
        let reason = "every row that is left to do has its block".into();
        derived(derived_pass(), "the plan", (placed, self.rows.len()), reason)
    }

    /// HAND-04: what is left has an owner and a date.
    fn owners(&self) -> Evidence {
        let left = || self.rows.iter().filter(|j| j.row.id != "HAND-04" && !j.standing.is_settled());
        let all = self.rows.len() - 1;
        let orphans = left().filter(|judged| !judged.has_owner).count();
        let (claim, reason) = match orphans {
            0 => (derived_pass(), "each row that is left has an owner and a date".to_owned()),
            _ => {
                let have = if orphans == 1 { "has" } else { "have" };
                let reason = format!("{orphans} of {} rows that are left {have} no owner and no date", left().count());
                (Claim::Fail, reason)
            }
        };
        derived(claim, "launch.attest.toml, for each row that is not passed", (all - orphans, all), reason)
    }
}

fn judge<'c>(row: &'c Row, evidence: Vec<Evidence>, words: &Attestations) -> Judged<'c> {
    let checked = Verdict::combine(evidence.iter().map(|evidence| evidence.verdict(row)));
    let mut word = words.word(row);
    if let Some(word) = &mut word {
        word.lifts_open &= row.word.lifts_open || !row.is_passed_by_files() || is_known_by_files(row, &evidence);
    }
    let has_owner = word.as_ref().is_some_and(|word| word.says == WordSays::RiskAccepted);
    let is_unheard = |word: &Word| word.says == WordSays::Met && checked == Verdict::Open && !word.lifts_open;
    let unheard = word.as_ref().filter(|word| is_unheard(word)).map(|_| unheard(row, words));
    Judged { row, evidence, checked, standing: Standing::new(checked, word.as_ref()), has_owner, unheard }
}

/// Why a word that is in order lifts no open row.
fn unheard(row: &Row, words: &Attestations) -> &'static str {
    let is_record = words.of(row).is_some_and(|entry| matches!(entry.proof, Some(Proof::File { .. })));
    match (row.word.takes_record, is_record) {
        (true, false) => {
            "its evidence is an address; while the row is open it takes the record of a test, as a file of the project"
        }
        (true, true) => "the record of a test does not stand for files that were not read",
        (false, _) => "it can judge what a check has shown, and no check has shown anything yet",
    }
}

/// Whether only the probe is missing. The record of one does not stand for files that were not read.
fn is_known_by_files(row: &Row, evidence: &[Evidence]) -> bool {
    let files = evidence.iter().filter(|evidence| evidence.by != Means::Live).map(|evidence| evidence.verdict(row));
    Verdict::combine(files) != Verdict::Open
}

/// Of what is counted and not observed, the count is the control.
pub(super) fn derived_pass() -> Claim {
    Claim::Pass { control: "counted from the other rows".into() }
}

pub(super) fn derived(claim: Claim, looked_at: &str, (seen, all): (usize, usize), reason: String) -> Evidence {
    Evidence {
        by: Means::Derived,
        claim,
        looked_at: looked_at.into(),
        coverage: Some(Coverage { seen: seen as u64, all: all as u64, of: "rows".into() }),
        places: Vec::new(),
        reason,
        would_change: "another verdict of one of these rows".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::LaunchFile;
    use crate::checklist::attest::Against;
    use jiff::civil::date;

    fn of(by: Means, claim: Claim) -> Evidence {
        Evidence { by, ..derived(claim, "all of it", (1, 1), "because".into()) }
    }

    /// Evidence that passes every row that evidence can pass, with other claims for some.
    fn evidence(others: &[(&str, Claim)]) -> BTreeMap<String, Vec<Evidence>> {
        let one = |row: &Row| {
            let claim = others.iter().find(|(id, _)| *id == row.id).map(|(_, claim)| claim.clone());
            let passing = row
                .evidence
                .iter()
                .find(|d| d.by != Means::Attested && d.gives.contains(&super::super::syntax::Says::Pass));
            let by = passing.map_or(row.evidence[0].by, |deciding| deciding.by);
            (row.id.clone(), vec![of(by, claim.unwrap_or_else(derived_pass))])
        };
        let computed = ["AUTHN-05", "AUTHZ-08", "AUTHZ-11", "ESC-01", "PLAN-01", "HAND-04"];
        Checklist::embedded().rows().iter().filter(|row| !computed.contains(&row.id.as_str())).map(one).collect()
    }

    /// A word for each of `ids`.
    fn words(says: &str, ids: impl IntoIterator<Item = String>) -> Attestations {
        let entry = |id: String| {
            format!(
                "[[attest]]\nid = \"{id}\"\nsays = \"{says}\"\nstatement = \"Seen.\"\nowner = \"Ada Lovelace\"\nrole = \"CTO\"\n\
                 date = 2026-11-22\nurl = \"https://example.com/x\"\n"
            )
        };
        let text: String = ids.into_iter().map(entry).collect();
        let against = Against {
            checklist: Checklist::embedded(),
            today: date(2026, 11, 22),
            sha256: &|_| Err("there are no files here".into()),
        };
        let words = Attestations::parse("launch.attest.toml", &text, &against).expect("it is sound");
        assert_eq!(words.rejected(), [], "all are in order");
        words
    }

    /// A product that names its five routes and a resource for each class that its routes tell of.
    fn of_product(evidence: BTreeMap<String, Vec<Evidence>>, words: &Attestations) -> Assessment<'static> {
        let launch = LaunchFile::parse(
            "launch.toml",
            "[routes]\ntop = [\"GET /api/invoices\"]\n[[account]]\nname = \"a\"\nrole = \"m\"\ntoken_env = \"A_TOKEN\"\n\
             [[account]]\nname = \"b\"\nrole = \"m\"\ntoken_env = \"B_TOKEN\"\n[[resource]]\nclass = \"invoices\"\n\
             route = \"/api/invoices/{id}\"\nowner = \"a\"\nid = \"1\"\ncanary = \"canary-a-0001\"\nother = \"b\"\nother_id = \"2\"\n",
        );
        let launch = launch.expect("it is sound");
        let surface = Surface { launch: Some(&launch), routes: &["/api/invoices".to_owned()] };
        Assessment::of_product(Checklist::embedded(), evidence, words, &surface)
    }

    /// The words that are needed when all evidence passes.
    fn all_words() -> Attestations {
        let blank = Attestations::default();
        let passed = of_product(evidence(&[]), &blank);
        let is_attestable = |judged: &&Judged<'_>| !judged.standing.is_settled() && judged.row.word.lifts_review;
        words("met", passed.rows().iter().filter(is_attestable).map(|judged| judged.row.id.clone()))
    }

    fn assess(others: &[(&str, Claim)]) -> Assessment<'static> {
        of_product(evidence(others), &all_words())
    }

    fn standing(assessment: &Assessment<'_>, id: &str) -> Verdict {
        assessment.rows().iter().find(|j| j.row.id == id).expect("it is a row").standing.verdict()
    }

    #[test]
    fn without_evidence_every_row_is_there_and_open() {
        let blank = Assessment::new(Checklist::embedded(), BTreeMap::new(), &Attestations::default());
        assert_eq!(blank.rows().len(), 102);
        for judged in blank.rows() {
            let expected = match judged.row.id.as_str() {
                "PLAN-01" => Verdict::Pass,
                "HAND-04" => Verdict::Fail,
                _ => Verdict::Open,
            };
            assert_eq!(judged.standing, Standing::Checked(expected), "{}", judged.row.id);
        }
        assert_eq!(blank.readiness(), Readiness::PrototypeWithRisk);
        let planned: usize = blank.plan().iter().map(|block| block.rows.len()).sum();
        assert_eq!(planned, 101, "all but the plan itself");
    }

    #[test]
    fn ready_can_be_reached_and_each_row_of_the_gate_can_prevent_it() {
        let good = assess(&[]);
        let left: Vec<&str> = good.unsettled(true).map(|judged| judged.row.id.as_str()).collect();
        assert_eq!((good.readiness(), left), (Readiness::Ready, vec![]));
        let is_checked = |row: &&Row| !["AUTHN-05", "AUTHZ-08", "AUTHZ-11"].contains(&row.id.as_str());
        for row in Checklist::embedded().rows().iter().filter(|row| row.area.gate).filter(is_checked) {
            let open = assess(&[(row.id.as_str(), Claim::Open)]);
            let is_ready = row.word.lifts_open && open.readiness() == Readiness::Ready;
            assert!(is_ready || open.readiness() == Readiness::PrototypeWithRisk, "{}", row.id);
            let failing = assess(&[(row.id.as_str(), Claim::Fail)]);
            let expected =
                if row.area.blocks_external { Readiness::NotForExternalUsers } else { Readiness::PrototypeWithRisk };
            assert_eq!(failing.readiness(), expected, "{}", row.id);
        }
    }

    #[test]
    fn an_accepted_risk_hides_nothing() {
        let words = words("risk-accepted", ["AUTHZ-01".to_owned(), "CORS-01".into()]);
        let evidence = evidence(&[("AUTHZ-01", Claim::Fail), ("CORS-01", Claim::Fail)]);
        let assessment = Assessment::new(Checklist::embedded(), evidence, &words);
        assert_eq!(assessment.readiness(), Readiness::NotForExternalUsers);
        assert_eq!(standing(&assessment, "AUTHN-05"), Verdict::Fail);
        assert!(
            assessment.unsettled(false).any(|judged| judged.row.id == "CORS-01"),
            "what fails beside the gate is named"
        );
    }

    #[test]
    fn no_way_around_is_the_heaviest_of_its_rows() {
        for (claim, expected) in
            [(Claim::Fail, Verdict::Fail), (Claim::Open, Verdict::Open), (derived_pass(), Verdict::Pass)]
        {
            assert_eq!(standing(&assess(&[("AUTHZ-02", claim)]), "AUTHN-05"), expected);
        }
    }

    #[test]
    fn two_red_flags_are_counted_once_each() {
        let of = |rows: &[&str]| {
            let claims: Vec<(&str, Claim)> = rows.iter().map(|id| (*id, Claim::Fail)).collect();
            standing(&assess(&claims), "ESC-01")
        };
        assert_eq!(of(&[]), Verdict::Pass);
        assert_eq!(of(&["MON-08"]), Verdict::Pass, "one");
        assert_eq!(of(&["LOG-05", "MON-05"]), Verdict::Pass, "two rows of one flag");
        assert_eq!(of(&["MON-08", "AUTHN-03"]), Verdict::Fail, "two");
        assert_eq!(of(&["CORS-01", "CORS-02"]), Verdict::Pass, "no flags");
        let half = [("SEC-02", Claim::Fail), ("MAIL-05", Claim::Open)];
        assert_eq!(standing(&assess(&half), "ESC-01"), Verdict::Open, "the second may be one");
    }

    #[test]
    fn what_is_left_needs_an_owner() {
        let left = || evidence(&[("CORS-01", Claim::Fail)]);
        let blank = Assessment::new(Checklist::embedded(), left(), &Attestations::default());
        assert_eq!(standing(&blank, "HAND-04"), Verdict::Fail);
        let ids: Vec<String> = blank
            .rows()
            .iter()
            .filter(|judged| !judged.standing.is_settled() && judged.row.id != "HAND-04")
            .map(|judged| judged.row.id.clone())
            .collect();
        assert!(ids.len() > 1, "some are open because nobody has given a word");
        let owned = Assessment::new(Checklist::embedded(), left(), &words("risk-accepted", ids));
        assert_eq!(standing(&owned, "HAND-04"), Verdict::Pass);
        assert_eq!(standing(&owned, "MFA-01"), Verdict::Open, "an accepted risk lifts nothing");
    }

    #[test]
    fn the_plan_has_four_blocks_and_the_worst_comes_first() {
        let assessment = assess(&[
            ("COOK-04", Claim::Fail),
            ("CORS-02", Claim::Fail),
            ("AUTHZ-02", Claim::Open),
            ("TLS-01", Claim::Fail),
        ]);
        let plan = assessment.plan();
        let hours: Vec<(u8, u8)> = plan.iter().map(|block| block.hours).collect();
        assert_eq!(hours, [(0, 8), (8, 24), (24, 36), (36, 48)]);
        let ids = |at: usize| plan[at].rows.iter().map(|judged| judged.row.id.as_str()).collect::<Vec<_>>();
        assert_eq!(ids(1)[..2], ["CORS-02", "COOK-04"]);
        assert!(ids(1).contains(&"AUTHZ-02"));
        assert_eq!(ids(2), ["TLS-01", "AUTHN-05"], "the second only because AUTHZ-02 is open");
    }
}
