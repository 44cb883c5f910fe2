//! What is said of a row, and how several words about one row become one.

use std::fmt;

use jiff::civil::Date;

use super::row::Row;
use super::syntax::{Means, Says};

/// What is said of a row. The order is that of weight: of two, the greater counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It was proved that the requirement does not apply. Anything that was seen of it weighs more.
    NotApplicable,
    /// Positive evidence covers the whole of a stated inventory, and a control showed that the check could have
    /// failed.
    Pass,
    /// Not looked at, not enough was seen, or a control failed.
    Open,
    /// Something was seen that only a person can judge.
    Review,
    /// A counter-example was seen.
    Fail,
}

impl Verdict {
    /// All of them, by weight.
    pub const ALL: [Self; 5] = [Self::NotApplicable, Self::Pass, Self::Open, Self::Review, Self::Fail];

    /// What several words about one row come to. Without any, nothing is known: open.
    #[must_use]
    pub fn combine(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::Open)
    }

    /// The `kind` of a SARIF result.
    #[must_use]
    pub fn sarif_kind(self) -> &'static str {
        match self {
            Self::NotApplicable => "notApplicable",
            Self::Pass => "pass",
            Self::Open => "open",
            Self::Review => "review",
            Self::Fail => "fail",
        }
    }
}

/// A place that evidence points to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, with `/`, relative to what was looked at; or an address.
    pub path: String,
    /// The line, from 1, where there is one.
    pub line: Option<u32>,
    /// The git id of the content that was read, where it is a file.
    pub blob: Option<String>,
}

/// How much of what there is was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coverage {
    /// How many were.
    pub seen: u64,
    /// How many there are.
    pub all: u64,
    /// Of what: `routes`.
    pub of: String,
}

impl Coverage {
    /// Whether nothing is missing. Of an empty inventory nothing was seen.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.all > 0 && self.seen == self.all
    }
}

/// What a check says of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// The requirement does not apply.
    NotApplicable {
        /// What proves it.
        proof: String,
    },
    /// It holds.
    Pass {
        /// What showed that the check could have failed.
        control: String,
    },
    /// Not known.
    Open,
    /// A person has to judge.
    Review,
    /// It does not hold.
    Fail,
}

/// What one check found out about one row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// Where it is from.
    pub by: Means,
    /// What it says.
    pub claim: Claim,
    /// What was looked at.
    pub looked_at: String,
    /// How much of it.
    pub coverage: Option<Coverage>,
    /// Where to look.
    pub places: Vec<Place>,
    /// Why, in one sentence.
    pub reason: String,
    /// What would change it.
    pub would_change: String,
}

impl Evidence {
    /// What it comes to for `row`, which is never more than the row lets this kind of evidence say.
    ///
    /// What is bad is always heard. A pass needs the whole of an inventory, a control, and a row that this kind of
    /// evidence can pass; that it does not apply needs a proof, and a row that can be without object. A person's word
    /// is no evidence of a check: it comes as a [`Word`].
    #[must_use]
    pub fn verdict(&self, row: &Row) -> Verdict {
        let can = |says| row.evidence.iter().any(|deciding| deciding.by == self.by && deciding.gives.contains(&says));
        match &self.claim {
            Claim::Fail => Verdict::Fail,
            Claim::Review => Verdict::Review,
            Claim::Open => Verdict::Open,
            Claim::NotApplicable { .. } | Claim::Pass { .. } if self.by == Means::Attested => Verdict::Open,
            Claim::NotApplicable { proof } if row.not_applicable_if.is_some() && !proof.trim().is_empty() => {
                Verdict::NotApplicable
            }
            Claim::NotApplicable { .. } => Verdict::Open,
            Claim::Pass { control } => {
                let is_whole = self.coverage.as_ref().is_some_and(Coverage::is_whole);
                match (is_whole && !control.trim().is_empty(), can(Says::Pass), can(Says::Review)) {
                    (true, true, _) => Verdict::Pass,
                    (true, false, true) => Verdict::Review,
                    _ => Verdict::Open,
                }
            }
        }
    }
}

/// What a person says of a row, once it has been checked that it may be said.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Word {
    /// What.
    pub says: WordSays,
    /// Whether it may stand in for a check that was not made.
    pub lifts_open: bool,
    /// Who.
    pub by: String,
    /// The last day on which it holds.
    pub until: Date,
}

/// What a person can say of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WordSays {
    /// The requirement holds.
    Met,
    /// It does not hold, and that is accepted for a time.
    RiskAccepted,
    /// It does not apply.
    NotApplicable,
}

/// How a row stands, once checks and persons have spoken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// As the checks say.
    Checked(Verdict),
    /// Passed on a person's word.
    Attested {
        /// Whose.
        by: String,
        /// The last day.
        until: Date,
    },
    /// Without object on a person's word.
    AttestedNotApplicable {
        /// Whose.
        by: String,
        /// The last day.
        until: Date,
    },
    /// It fails, and somebody has accepted that.
    RiskAccepted {
        /// Who.
        by: String,
        /// The last day.
        until: Date,
    },
}

impl Standing {
    /// What the checks' verdict and a person's word come to. No word changes a fail but into one whose risk is
    /// accepted.
    #[must_use]
    pub fn new(checked: Verdict, word: Option<&Word>) -> Self {
        let Some(word) = word else { return Self::Checked(checked) };
        let (by, until) = (word.by.clone(), word.until);
        let lifted = match checked {
            Verdict::Review => true,
            Verdict::Open => word.lifts_open,
            Verdict::NotApplicable | Verdict::Pass | Verdict::Fail => false,
        };
        match word.says {
            WordSays::Met if lifted => Self::Attested { by, until },
            WordSays::NotApplicable if matches!(checked, Verdict::Open | Verdict::Review) => {
                Self::AttestedNotApplicable { by, until }
            }
            WordSays::RiskAccepted if checked == Verdict::Fail => Self::RiskAccepted { by, until },
            WordSays::Met | WordSays::NotApplicable | WordSays::RiskAccepted => Self::Checked(checked),
        }
    }

    /// The verdict it counts as. An accepted risk is still a fail.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Checked(verdict) => *verdict,
            Self::Attested { .. } => Verdict::Pass,
            Self::AttestedNotApplicable { .. } => Verdict::NotApplicable,
            Self::RiskAccepted { .. } => Verdict::Fail,
        }
    }

    /// Whether nothing is left to do: it is passed, or without object.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.verdict(), Verdict::Pass | Verdict::NotApplicable)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checked(Verdict::NotApplicable) => f.write_str("not applicable"),
            Self::Checked(verdict) => f.write_str(verdict.sarif_kind()),
            Self::Attested { by, until } => write!(f, "pass, attested by {by} until {until}"),
            Self::AttestedNotApplicable { by, until } => write!(f, "not applicable, attested by {by} until {until}"),
            Self::RiskAccepted { by, until } => write!(f, "fail, risk accepted until {until} by {by}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::row::Checklist;
    use super::*;

    use Verdict::{Fail, NotApplicable, Open, Pass, Review};

    /// Every pair, written out.
    const PAIRS: [(Verdict, Verdict, Verdict); 15] = [
        (NotApplicable, NotApplicable, NotApplicable),
        (NotApplicable, Pass, Pass),
        (NotApplicable, Open, Open),
        (NotApplicable, Review, Review),
        (NotApplicable, Fail, Fail),
        (Pass, Pass, Pass),
        (Pass, Open, Open),
        (Pass, Review, Review),
        (Pass, Fail, Fail),
        (Open, Open, Open),
        (Open, Review, Review),
        (Open, Fail, Fail),
        (Review, Review, Review),
        (Review, Fail, Fail),
        (Fail, Fail, Fail),
    ];

    #[test]
    fn fail_outweighs_review_outweighs_open_outweighs_pass() {
        let mut seen = std::collections::BTreeSet::new();
        for (one, other, both) in PAIRS {
            assert_eq!(Verdict::combine([one, other]), both, "{one:?} and {other:?}");
            assert_eq!(Verdict::combine([other, one]), both, "{other:?} and {one:?}");
            seen.extend([(one, other), (other, one)]);
        }
        assert_eq!(seen.len(), Verdict::ALL.len().pow(2), "every pair is in the table");
    }

    #[test]
    fn nothing_known_is_open_and_the_order_of_three_does_not_matter() {
        assert_eq!(Verdict::combine([]), Open);
        for a in Verdict::ALL {
            for b in Verdict::ALL {
                for c in Verdict::ALL {
                    let pairwise = Verdict::combine([Verdict::combine([a, b]), c]);
                    assert_eq!(Verdict::combine([a, b, c]), pairwise);
                    assert_eq!(Verdict::combine([c, a, b]), pairwise);
                }
            }
        }
    }

    fn until() -> Date {
        date(2026, 12, 31)
    }

    fn word(says: WordSays, lifts_open: bool) -> Word {
        Word { says, lifts_open, by: "Ada".into(), until: until() }
    }

    #[test]
    fn every_word_on_every_verdict() {
        let attested = || Standing::Attested { by: "Ada".into(), until: until() };
        let without_object = || Standing::AttestedNotApplicable { by: "Ada".into(), until: until() };
        let accepted = || Standing::RiskAccepted { by: "Ada".into(), until: until() };
        let checked = Standing::Checked;
        // The verdict, then how it stands after: met by a word that lifts open, met by one that does not, accepted,
        // not applicable.
        let table = [
            (
                NotApplicable,
                [checked(NotApplicable), checked(NotApplicable), checked(NotApplicable), checked(NotApplicable)],
            ),
            (Pass, [checked(Pass), checked(Pass), checked(Pass), checked(Pass)]),
            (Open, [attested(), checked(Open), checked(Open), without_object()]),
            (Review, [attested(), attested(), checked(Review), without_object()]),
            (Fail, [checked(Fail), checked(Fail), accepted(), checked(Fail)]),
        ];
        assert_eq!(table.each_ref().map(|(verdict, _)| *verdict), Verdict::ALL);
        for (verdict, [met, met_review, risk, none]) in table {
            assert_eq!(Standing::new(verdict, None), checked(verdict));
            assert_eq!(Standing::new(verdict, Some(&word(WordSays::Met, true))), met);
            assert_eq!(Standing::new(verdict, Some(&word(WordSays::Met, false))), met_review);
            for lifts_open in [false, true] {
                assert_eq!(Standing::new(verdict, Some(&word(WordSays::RiskAccepted, lifts_open))), risk);
                assert_eq!(Standing::new(verdict, Some(&word(WordSays::NotApplicable, lifts_open))), none);
            }
        }
    }

    #[test]
    fn an_accepted_risk_is_a_fail_and_says_by_whom_and_until_when() {
        let standing = Standing::new(Fail, Some(&word(WordSays::RiskAccepted, true)));
        assert_eq!(standing.verdict(), Fail);
        assert!(!standing.is_settled());
        assert_eq!(standing.to_string(), "fail, risk accepted until 2026-12-31 by Ada");
    }

    fn evidence(by: Means, claim: Claim, seen: u64, all: u64) -> Evidence {
        Evidence {
            by,
            claim,
            looked_at: "routes".into(),
            coverage: Some(Coverage { seen, all, of: "routes".into() }),
            places: Vec::new(),
            reason: "because".into(),
            would_change: "something else".into(),
        }
    }

    fn pass() -> Claim {
        Claim::Pass { control: "a route that must answer did".into() }
    }

    #[test]
    fn a_pass_needs_everything_a_control_and_evidence_that_can_give_it() {
        let checklist = Checklist::embedded();
        let row = |id: &str| checklist.row(id).expect("it is a row");
        let no_control = || Claim::Pass { control: " ".into() };
        for (id, by, claim, seen, all, expected) in [
            ("AUTHN-01", Means::Live, pass(), 3, 3, Pass),
            ("AUTHN-01", Means::Live, pass(), 2, 3, Open),
            ("AUTHN-01", Means::Live, pass(), 0, 0, Open),
            ("AUTHN-01", Means::Live, pass(), 4, 3, Open),
            ("AUTHN-01", Means::Live, no_control(), 3, 3, Open),
            ("AUTHN-01", Means::Static, pass(), 3, 3, Review),
            ("AUTHN-01", Means::Static, pass(), 2, 3, Open),
            ("AUTHN-01", Means::Given, pass(), 3, 3, Open),
            ("AUTHN-01", Means::Static, Claim::Fail, 1, 3, Fail),
            ("AUTHN-01", Means::Given, Claim::Review, 0, 0, Review),
            ("AUTHN-01", Means::Live, Claim::NotApplicable { proof: "there is none".into() }, 0, 0, Open),
            ("MAIL-01", Means::Live, Claim::NotApplicable { proof: "there is none".into() }, 0, 0, NotApplicable),
            ("MAIL-01", Means::Live, Claim::NotApplicable { proof: String::new() }, 0, 0, Open),
            ("MFA-01", Means::Attested, pass(), 1, 1, Open),
            ("MAIL-06", Means::Attested, Claim::NotApplicable { proof: "there is none".into() }, 1, 1, Open),
            ("CORS-01", Means::Static, pass(), 1, 1, Review),
            ("COOK-01", Means::Static, pass(), 1, 1, Review),
        ] {
            let evidence = evidence(by, claim, seen, all);
            assert_eq!(evidence.verdict(row(id)), expected, "{id} {evidence:?}");
        }
        let mut uncounted = evidence(Means::Live, pass(), 1, 1);
        uncounted.coverage = None;
        assert_eq!(uncounted.verdict(row("AUTHN-01")), Open, "nobody said how much was looked at");
    }
}
