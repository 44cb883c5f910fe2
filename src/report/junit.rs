//! JUnit XML for GitLab, Jenkins and whatever else shows tests: a failure for each place of a secret, an error for what
//! was not looked at, a skipped test for what is silenced, and one passing test where there is nothing else.
//!
//! GitLab knows a test by its class and name, ignores a second one of that name, and compares them between branches.
//! So a name has no line number, which would make an old finding look new, and has the fingerprint, which is nobody else's.

use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::text::{extent, notes, tame, verdict};
use super::{json, sentences};
use crate::finding::{Finding, SilencedBy};
use crate::rotation::{Credential, Runbooks};
use crate::scan::ScanOutcome;

/// One test.
struct Case {
    class: String,
    name: String,
    file: Option<(String, u64)>,
    outcome: Outcome,
}

/// How it ended.
enum Outcome {
    Passed,
    /// Its element, type, message and text.
    Bad {
        element: &'static str,
        kind: String,
        message: String,
        text: String,
    },
}

/// The report. Secrets are always redacted: test reports are kept and shown to many.
#[must_use]
pub fn build(outcome: &ScanOutcome, runbooks: &Runbooks) -> String {
    let mut cases = Vec::new();
    let credentials = Credential::group(&outcome.rules, &outcome.findings);
    for credential in &credentials {
        cases.extend(credential.placed().into_iter().map(|finding| failure(outcome, runbooks, credential, finding)));
    }
    cases.extend(outcome.coverage.skipped.iter().map(|skipped| Case {
        class: "not-looked-at".into(),
        name: format!("{} ({})", skipped.what, skipped.reason.id()),
        file: None,
        outcome: Outcome::Bad {
            element: "error",
            kind: skipped.reason.id().into(),
            message: skipped.detail.clone(),
            text: format!("{}: {}", tame(&skipped.what), tame(&skipped.detail)),
        },
    }));
    if cases.is_empty() {
        let name = verdict(outcome, &credentials);
        cases.push(Case { class: "scan".into(), name, file: None, outcome: Outcome::Passed });
    }
    for credential in Credential::group(&outcome.rules, &outcome.silenced) {
        cases.extend(credential.exposures.iter().map(|finding| silenced(outcome, &credential, finding)));
    }
    make_names_unique(&mut cases);
    let mut sentences = vec![verdict(outcome, &credentials), format!("{}.", extent(&outcome.coverage))];
    sentences.extend(notes(outcome));
    write(outcome, &cases, &sentences).expect("memory takes all that is written")
}

fn failure(outcome: &ScanOutcome, runbooks: &Runbooks, credential: &Credential<'_>, finding: &Finding) -> Case {
    let rule = outcome.rules.get(credential.rule);
    let confidence = json::confidence(finding.confidence);
    Case {
        outcome: Outcome::Bad {
            element: "failure",
            kind: json::severity(credential.severity(&outcome.rules)).into(),
            message: format!("{}: {} ({confidence} confidence)", rule.title, finding.secret.redacted()),
            text: sentences::of_finding(&outcome.rules, runbooks, credential, finding).join("\n"),
        },
        ..case_of(outcome, credential, finding)
    }
}

fn silenced(outcome: &ScanOutcome, credential: &Credential<'_>, finding: &Finding) -> Case {
    let message = match finding.silence.as_deref() {
        Some(silence) if silence.by == SilencedBy::Ledger => {
            format!("{}, says the ledger in {}", silence.reason, silence.place)
        }
        Some(silence) => {
            format!("silenced by a {} in {}: {}", json::silencer(silence.by), silence.place, silence.reason)
        }
        None => "silenced".to_owned(),
    };
    let text = String::new();
    Case {
        outcome: Outcome::Bad { element: "skipped", kind: String::new(), message, text },
        ..case_of(outcome, credential, finding)
    }
}

fn case_of(outcome: &ScanOutcome, credential: &Credential<'_>, finding: &Finding) -> Case {
    let rule = outcome.rules.get(credential.rule);
    let past = if finding.history.is_some() { "in the history of " } else { "in " };
    let line = if finding.origin.is_member() { 1 } else { finding.start.line };
    Case {
        class: rule.id.clone(),
        name: format!("{} {past}{} ({})", rule.title, finding.origin.path(), finding.fingerprint),
        file: sentences::present_file(finding).map(|file| (file.to_owned(), line)),
        outcome: Outcome::Passed,
    }
}

/// The same path can be scanned twice, as in two repositories.
fn make_names_unique(cases: &mut [Case]) {
    let mut seen: BTreeMap<(String, String), u64> = BTreeMap::new();
    for case in cases {
        case.name = sentences::clip(&case.name);
        let nth = seen.entry((case.class.clone(), case.name.clone())).or_default();
        *nth += 1;
        if *nth > 1 {
            case.name += &format!(" #{nth}");
        }
    }
}

fn write(outcome: &ScanOutcome, cases: &[Case], sentences: &[String]) -> io::Result<String> {
    let of = |wanted: &str| {
        let is = |case: &&Case| matches!(&case.outcome, Outcome::Bad { element, .. } if *element == wanted);
        cases.iter().filter(is).count().to_string()
    };
    let seconds = format!("{:.3}", outcome.elapsed.as_secs_f64());
    let (tests, failures, errors, skipped) = (cases.len().to_string(), of("failure"), of("error"), of("skipped"));
    let mut numbers = vec![("tests", &tests), ("failures", &failures), ("errors", &errors), ("time", &seconds)];
    let mut xml = Xml(Writer::new_with_indent(Vec::new(), b' ', 2));
    xml.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.open("testsuites", [("name", "cleansweep")].into_iter().chain(numbers.iter().map(|(k, v)| (*k, v.as_str()))))?;
    numbers.push(("skipped", &skipped));
    xml.open("testsuite", [("name", "secrets")].into_iter().chain(numbers.iter().map(|(k, v)| (*k, v.as_str()))))?;
    xml.open("properties", [])?;
    for (name, value) in properties(outcome) {
        xml.empty("property", [("name", name), ("value", &value)])?;
    }
    xml.close("properties")?;
    for case in cases {
        xml.case(case)?;
    }
    xml.text("system-out", [], &sentences.join("\n"))?;
    xml.close("testsuite")?;
    xml.close("testsuites")?;
    let mut bytes = xml.0.into_inner();
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn properties(outcome: &ScanOutcome) -> [(&'static str, String); 9] {
    let silenced = json::silenced(outcome);
    [
        ("verdict", json::verdict(outcome.verdict()).into()),
        ("not_looked_at", outcome.coverage.skipped.len().to_string()),
        ("below_confidence", outcome.below_confidence.to_string()),
        ("silenced_by_comment", silenced.comment.to_string()),
        ("silenced_by_configuration", silenced.configuration.to_string()),
        ("silenced_by_baseline", silenced.baseline.to_string()),
        ("rotated", silenced.rotated.to_string()),
        ("tool_version", env!("CARGO_PKG_VERSION").into()),
        ("rules_digest", outcome.rules.digest().into()),
    ]
}

/// Writes elements; no text gets into the document but through here.
struct Xml(Writer<Vec<u8>>);

impl Xml {
    fn start<'a>(name: &'a str, attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> BytesStart<'a> {
        let mut start = BytesStart::new(name);
        for (key, value) in attributes {
            start.push_attribute((key, legal(&tame(value)).as_str()));
        }
        start
    }

    fn open<'a>(&mut self, name: &'a str, attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> io::Result<()> {
        self.0.write_event(Event::Start(Self::start(name, attributes)))
    }

    fn close(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    fn empty<'a>(&mut self, name: &'a str, attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> io::Result<()> {
        self.0.write_event(Event::Empty(Self::start(name, attributes)))
    }

    /// An element with a text, whose lines stay lines.
    fn text<'a>(
        &mut self,
        name: &'a str,
        attributes: impl IntoIterator<Item = (&'a str, &'a str)>,
        text: &str,
    ) -> io::Result<()> {
        let text = text.split('\n').map(|line| legal(&tame(line))).collect::<Vec<_>>().join("\n");
        self.open(name, attributes)?;
        self.0.write_event(Event::Text(BytesText::new(&text)))?;
        self.close(name)
    }

    fn case(&mut self, case: &Case) -> io::Result<()> {
        let line = case.file.as_ref().map(|(_, line)| line.to_string());
        let mut attributes = vec![("classname", case.class.as_str()), ("name", &case.name)];
        if let (Some((file, _)), Some(line)) = (&case.file, &line) {
            attributes.extend([("file", file.as_str()), ("line", line)]);
        }
        attributes.push(("time", "0"));
        let Outcome::Bad { element, kind, message, text } = &case.outcome else {
            return self.empty("testcase", attributes);
        };
        self.open("testcase", attributes)?;
        if text.is_empty() {
            self.empty(element, [("message", message.as_str())])?;
        } else {
            self.text(element, [("type", kind.as_str()), ("message", message)], text)?;
        }
        self.close("testcase")
    }
}

/// Without the two characters that XML takes in no form and that are no control characters.
fn legal(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;

    use super::super::sample::{self, HOSTILE, assert_tight, runbooks};
    use super::*;

    /// An element, what it is in, and its attributes.
    type Element = (String, String, BTreeMap<String, String>);

    /// The elements as an XML reader sees them; fails at what is not well formed.
    fn parse(text: &str) -> Vec<Element> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = true;
        let (mut elements, mut open): (Vec<Element>, Vec<String>) = (Vec::new(), Vec::new());
        loop {
            let event = reader.read_event().unwrap_or_else(|e| panic!("{e} in {text}"));
            if let Event::Start(start) | Event::Empty(start) = &event {
                let name = start.name().as_ref().to_owned();
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.expect("an attribute is well formed");
                    let value = quick_xml::escape::unescape(&attribute.value);
                    let key = attribute.key.as_ref().to_owned();
                    (key, value.expect("its entities are known").into_owned())
                });
                elements.push((name.clone(), open.last().cloned().unwrap_or_default(), attributes.collect()));
                if matches!(event, Event::Start(_)) {
                    open.push(name);
                }
            } else if matches!(event, Event::End(_)) {
                open.pop();
            } else if matches!(event, Event::Eof) {
                return elements;
            }
        }
    }

    fn count_of(elements: &[Element], name: &str) -> usize {
        elements.iter().filter(|(of, ..)| of == name).count()
    }

    #[test]
    fn it_reads_like_this() {
        let outcome = sample::mixed();
        let text = build(&outcome, &runbooks());
        assert_tight(&outcome, &text);
        sample::snapshot("report.junit", &text);
        sample::snapshot("report.junit.incomplete", &build(&sample::incomplete(), &runbooks()));
        sample::snapshot("report.junit.clean", &build(&sample::clean(), &runbooks()));
    }

    #[test]
    fn nothing_that_was_scanned_is_markup() {
        let outcome = sample::hostile();
        let text = build(&outcome, &runbooks());
        let legal = |c: char| matches!(c, '\n' | ' '..='\u{7e}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
        assert_eq!(text.chars().find(|&c| !legal(c)), None);
        let elements = parse(&text);
        let number = HOSTILE.len();
        assert_eq!(count_of(&elements, "testcase"), 4 * number);
        assert_eq!(count_of(&elements, "failure"), 2 * number);
        assert_eq!((count_of(&elements, "error"), count_of(&elements, "skipped")), (number, number));
        assert_eq!(count_of(&elements, "img") + count_of(&elements, "x"), 0);
        let files: Vec<&str> = elements.iter().filter_map(|(.., a)| a.get("file").map(String::as_str)).collect();
        for path in ["<img src=x onerror=alert(1)>&lt;", "]]></failure><x y=\"'", "--><!--"] {
            assert!(files.contains(&path), "{path} in {files:?}");
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_cases_and_names_are_unique() {
        let mut outcome = sample::mixed();
        outcome.findings.push(outcome.findings[0].clone());
        let elements = parse(&build(&outcome, &runbooks()));
        let suite = &elements.iter().find(|(name, ..)| name == "testsuite").expect("there is a suite").2;
        for (number, element) in
            [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
        {
            assert_eq!(suite[number], count_of(&elements, element).to_string(), "{number}");
        }
        let mut names: Vec<_> =
            elements.iter().filter(|(n, ..)| n == "testcase").map(|(.., a)| (&a["classname"], &a["name"])).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_name_does_not_change_when_lines_move() {
        let names = |outcome: &ScanOutcome| -> Vec<String> {
            let elements = parse(&build(outcome, &runbooks()));
            elements.into_iter().filter_map(|(.., mut a)| a.remove("name")).collect()
        };
        let mut moved = sample::mixed();
        moved.findings[0].start.line += 10;
        moved.findings[0].end.line += 10;
        assert_eq!(names(&sample::mixed()), names(&moved));
    }
}
