//! An entry for `launch.attest.toml`, written from what a person has said.

use jiff::civil::Date;

use super::row::Row;
use super::verdict::WordSays;

/// What a person says of a row.
#[derive(Clone, Debug)]
pub struct Draft<'d> {
    /// What.
    pub says: WordSays,
    /// In their own words.
    pub statement: &'d str,
    /// Who.
    pub owner: &'d str,
    /// As what.
    pub role: &'d str,
    /// When.
    pub date: Date,
    /// The last day; none means as long as the row allows.
    pub expires: Option<Date>,
    /// What shows it, as key and value: `url`, or `path` and `sha256`.
    pub proof: &'d [(&'d str, &'d str)],
}

impl Draft<'_> {
    /// The entry as TOML. Whether it is in order is for [`super::Attestations::parse`] to say, before it is written
    /// anywhere.
    #[must_use]
    pub fn entry(&self, row: &Row) -> String {
        let says = match self.says {
            WordSays::Met => "met",
            WordSays::RiskAccepted => "risk-accepted",
            WordSays::NotApplicable => "not-applicable",
        };
        let mut entry = String::from("[[attest]]\n");
        for (key, value) in [
            ("id", row.id.as_str()),
            ("says", says),
            ("statement", self.statement),
            ("owner", self.owner),
            ("role", self.role),
        ] {
            entry += &line(key, value);
        }
        entry += &format!("date = {}\n", self.date);
        if let Some(expires) = self.expires {
            entry += &format!("expires = {expires}\n");
        }
        for (key, value) in self.proof {
            entry += &line(key, value);
        }
        entry
    }
}

fn line(key: &str, value: &str) -> String {
    format!("{key} = {}\n", toml::Value::from(value))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::checklist::attest::{Against, Attestations};
    use crate::checklist::row::Checklist;

    #[test]
    fn what_was_said_is_read_back() {
        let row = Checklist::embedded().row("mfa-01").expect("small letters will do");
        let draft = Draft {
            says: WordSays::Met,
            statement: "Both \"owners\" have a key, C:\\keys\\''' included.",
            owner: "Zoë 'Z' O\"Neil",
            role: "CTO",
            date: date(2026, 11, 22),
            expires: None,
            proof: &[("url", "https://example.com/x")],
        };
        let against = Against {
            checklist: Checklist::embedded(),
            today: draft.date,
            sha256: &|_| Err("there are no files".into()),
        };
        let read = Attestations::parse("launch.attest.toml", &draft.entry(row), &against).expect("it is TOML");
        let entry = read.of(row).unwrap_or_else(|| panic!("it is in order: {:?}", read.rejected()));
        assert_eq!((entry.statement.as_str(), entry.owner.as_str()), (draft.statement, draft.owner));
        assert_eq!(entry.expires, date(2027, 5, 21));
    }
}
