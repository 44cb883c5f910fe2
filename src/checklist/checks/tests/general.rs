use super::super::OPEN;
use super::super::sample::Sample;
use crate::checklist::row::Checklist;
use crate::checklist::verdict::{Claim, Verdict};

#[test]
fn every_row_says_something_of_an_empty_project_and_nothing_passes() {
    let empty = Sample::new(&[]);
    for (row, ..) in OPEN {
        assert!(Checklist::embedded().row(row).is_some(), "{row} is a row");
        let told = empty.told(row);
        assert_eq!(told.len(), 1, "{row}");
        assert_eq!(told[0].claim, Claim::Open, "{row}");
        assert!(told[0].reason.ends_with('.') && !told[0].would_change.is_empty(), "{row}: {:?}", told[0]);
    }
}

#[test]
fn what_could_not_be_read_leaves_rows_open_and_is_pointed_to() {
    let huge = "x = process.env.A;\n".repeat(70_000);
    for (path, text) in [("a.js", huge.as_str()), ("b.js", "const cookie = ((((")] {
        let sample = Sample::new(&[(path, text)]);
        for row in ["CORS-01", "COOK-01", "LOG-01", "MON-03", "SEC-08"] {
            let (verdict, places) = sample.verdict(row);
            assert_eq!((verdict, places), (Verdict::Open, vec![format!("{path}:1")]), "{row} {path}");
        }
    }
}

#[test]
fn every_row_is_counted_and_tells_what_did_not_count() {
    let mut sample = Sample::new(&[("a.js", "app.use(helmet());"), ("test/b.js", "x"), ("examples/c.js", "x")]);
    sample.left_out.insert("node_modules".into(), 40);
    sample.left_out.insert("dist".into(), 2);
    for (row, ..) in OPEN {
        for evidence in sample.told(row) {
            assert!(evidence.coverage.is_some(), "{row}: {evidence:?}");
            let told = "files that do not count: 2 in tests and examples, 42 in dist, node_modules";
            assert!(evidence.looked_at.ends_with(told), "{row}: {evidence:?}");
        }
    }
}

#[test]
fn every_place_has_its_blob_and_no_reason_repeats_a_text_of_a_setting() {
    let value = "Zq7".repeat(9);
    let code = format!(
        "const cors = require('cors'); const session = require('express-session');\n\
         app.use(cors({{ origin: ['http://{value}'] }}));\napp.use(session({{ name: '{value}' }}));\n\
         const a = process.env.JWT_SECRET || '{value}';\nconsole.log(password, '{value}');\nSentry.init({{ dsn: '{value}' }});\n"
    );
    let compose = format!("services:\n  a:\n    environment:\n      X: ${{DB_PASSWORD:-{value}}}\n");
    let sample = Sample::new(&[("a.js", &code), ("docker-compose.yml", &compose)]);
    let mut seen = 0;
    for row in Checklist::embedded().rows() {
        for evidence in sample.told(&row.id) {
            assert!(!format!("{evidence:?}").contains(&value), "{}: {evidence:?}", row.id);
            seen += evidence.places.len();
            for place in &evidence.places {
                assert_eq!(place.blob.as_ref().map(String::len), Some(40), "{place:?}");
            }
        }
    }
    assert!(seen > 8, "{seen}");
}

#[test]
fn the_git_id_is_that_of_git() {
    let told = Sample::new(&[("a.js", "app.use(helmet());")]).told("HDR-01");
    // `printf 'app.use(helmet());' | git hash-object --stdin`
    assert_eq!(told[0].places[0].blob.as_deref(), Some("98936520dcb75862be5827d7cc12b67a3c4723dd"));
}

#[test]
fn files_of_others_are_not_looked_at() {
    let bad = "const cors = require('cors');\napp.use(cors());";
    for path in ["node_modules/a/a.js", "vendor/a.js", "a.min.js"] {
        assert_eq!(Sample::new(&[(path, bad)]).verdict("CORS-01").0, Verdict::Open, "{path}");
    }
}
