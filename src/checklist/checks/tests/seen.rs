//! Rows about what code and documents show of tenants, tables of rights, guards in the interface, lists, webhooks and limits.

use super::super::sample::{Sample, check};
use crate::checklist::verdict::Verdict::{Fail, Open, Pass, Review};
use crate::code;

/// With the routes that are read from the files.
fn app(files: &[(&str, &str)]) -> Sample {
    let mut sample = Sample::new(files);
    sample.inventory = code::inventory(&sample.project);
    assert!(!sample.inventory.routes.is_empty(), "{files:?}");
    sample
}

const SERVER: &str = "const app = require('express')();\n";

#[test]
fn a_guard_in_the_interface_is_none_on_the_server() {
    let page = (
        "web/App.jsx",
        "import React from 'react';\nexport default () => <ProtectedRoute><Bills/></ProtectedRoute>;\n",
    );
    let open = format!("{SERVER}app.get('/api/bills', (req, res) => res.json([]));\n");
    let guarded = format!("{SERVER}app.get('/api/bills', requireAuth, (req, res) => res.json([]));\n");
    let both = app(&[page, ("src/app.js", &open)]);
    let (verdict, places) = both.verdict("AUTHN-03");
    assert_eq!((verdict, places), (Review, vec!["web/App.jsx:2".to_owned(), "src/app.js:2".to_owned()]));
    let reason = &both.told("AUTHN-03")[0].reason;
    assert!(reason.contains("The interface hides pages") && reason.contains("GET /api/bills"), "{reason}");
    let sound = app(&[page, ("src/app.js", &guarded)]);
    assert!(sound.told("AUTHN-03")[0].reason.contains("Each route has a guard"), "{:?}", sound.told("AUTHN-03"));
    assert_eq!(sound.verdict("AUTHN-03").0, Review, "that a guard is there is no pass");
    check(&[
        ("AUTHN-03", Review, "web/App.jsx:2", &[page]),
        ("AUTHN-03", Open, "", &[("web/App.jsx", "import React from 'react';\n")]),
        ("AUTHN-03", Open, "", &[("test/App.jsx", page.1)]),
        ("AUTHN-03", Review, "a.vue:1", &[("a.vue", "<script>router.beforeEach(go)</script>")]),
    ]);
}

#[test]
fn models_without_a_tenant_beside_those_with_one() {
    let prisma = "model Org {\n  id Int\n}\nmodel Bill {\n  id Int\n  orgId Int\n}\nmodel Note {\n  id Int\n}\n";
    check(&[
        ("AUTHZ-04", Review, "db/schema.prisma:8", &[("db/schema.prisma", prisma)]),
        (
            "AUTHZ-04",
            Review,
            "db/1.sql:4",
            &[(
                "db/1.sql",
                "create table bills (id int, tenant_id int\n);CREATE TABLE x (\n);\nCREATE TABLE IF NOT EXISTS notes (\n  id int\n);\n",
            )],
        ),
        (
            "AUTHZ-04",
            Review,
            "a/models.py:3",
            &[(
                "a/models.py",
                "class Bill(models.Model):\n    team_id = F()\nclass Note(models.Model):\n    text = F()\n",
            )],
        ),
        (
            "AUTHZ-04",
            Review,
            "db/schema.rb:4",
            &[(
                "db/schema.rb",
                "create_table \"bills\" do |t|\n  t.bigint \"organization_id\"\nend\ncreate_table \"notes\" do |t|\nend\n",
            )],
        ),
        ("AUTHZ-04", Open, "", &[("a/models.py", "class Note(models.Model):\n    text = F()\n")]),
        (
            "AUTHZ-04",
            Review,
            "models/note.ts:1",
            &[
                ("models/bill.ts", "Bill.init(\n  {\n    teamId: INTEGER\n  },\n  { sequelize }\n)\n"),
                ("models/note.ts", "Note.init({\n  text: STRING\n}, { sequelize })\n"),
            ],
        ),
        ("AUTHZ-04", Open, "", &[("tests/models.py", "class Bill(models.Model):\n    team_id = F()\n")]),
        ("AUTHZ-04", Open, "", &[("a.py", "class Note(BaseModel):\n    team_id = 1\n")]),
    ]);
    let told = Sample::new(&[("schema.prisma", prisma)]).told("AUTHZ-04");
    let coverage = told[0].coverage.as_ref().expect("it is counted");
    assert_eq!((coverage.seen, coverage.all), (1, 2), "the tenant itself has none");
    assert!(told[0].reason.contains("Note"), "{told:?}");
}

#[test]
fn a_table_of_rights_has_an_answer_in_each_cell() {
    let table = |cells: &str| format!("# Data\n\n## Who can read what\n\n| data | member | admin |\n|-|-|-|\n{cells}");
    let whole = table("| invoices | own | read |\n| messages | own | none |\n");
    let hole = table("| invoices | own | read |\n| messages | TBD | none |\n");
    let blank = table("| invoices | own | |\n");
    let short = table("| invoices | own |\n");
    let list = "# Permissions\n\n| name | what it is |\n|-|-|\n| a | the first letter |\n";
    check(&[
        ("AUTHZ-09", Review, "docs/a.md:5", &[("docs/a.md", &whole)]),
        ("AUTHZ-09", Fail, "docs/a.md:8", &[("docs/a.md", &hole)]),
        ("AUTHZ-09", Fail, "docs/a.md:7", &[("docs/a.md", &blank)]),
        ("AUTHZ-09", Fail, "docs/a.md:7", &[("docs/a.md", &short)]),
        ("AUTHZ-09", Open, "", &[("docs/a.md", list)]),
        ("AUTHZ-09", Open, "", &[("docs/a.md", "# Who can read what\n\n|||\n|-|-\n|")]),
        ("AUTHZ-09", Open, "", &[("docs/a.md", "# Who can read what\n\nAsk Ada.\n")]),
    ]);
}

#[test]
fn lists_are_counted_with_their_limiters_and_page_sizes() {
    let text = format!(
        "{SERVER}const MAX_LIMIT = 50;\napp.get('/api/members', (q, r) => r.json([]));\napp.get('/api/members/:id', f);\napp.get('/health', f);\n"
    );
    let sample = app(&[("src/app.js", &text)]);
    let told = sample.told("RATE-07");
    assert_eq!(sample.verdict("RATE-07").0, Review);
    let coverage = told[0].coverage.as_ref().expect("it is counted");
    assert_eq!((coverage.seen, coverage.all), (0, 1), "{told:?}");
    assert!(told[0].reason.contains("GET /api/members;"), "{told:?}");
    check(&[("RATE-07", Open, "", &[("a.js", "x")])]);
}

#[test]
fn what_a_webhook_lacks_is_told() {
    let bare = format!("{SERVER}app.post('/webhooks/pay', (req, res) => {{ pay(req.body); res.send('ok'); }});\n");
    let sound = format!(
        "{SERVER}app.post('/webhooks/pay', async (req, res) => {{\n  try {{\n    const event = stripe.webhooks.constructEvent(req.body, sig, key);\n    \
         if (await seen(event.id)) return res.send('ok');\n    await retry(() => pay(event), 3);\n  }} catch (e) {{ keep(e); }}\n}});\n"
    );
    let told = app(&[("src/app.js", &bare)]).told("RATE-08");
    assert!(told[0].reason.contains("a check of the signature in POST /webhooks/pay"), "{told:?}");
    assert!(told[0].reason.contains("a key that makes an event count once"), "{told:?}");
    let told = app(&[("src/app.js", &sound)]).told("RATE-08");
    assert_eq!(told[0].coverage.as_ref().map(|c| (c.seen, c.all)), Some((1, 1)), "{told:?}");
    assert_eq!(app(&[("src/app.js", &sound)]).verdict("RATE-08").0, Review, "words are no proof");
    check(&[("RATE-08", Open, "", &[("a.js", "x")])]);
}

#[test]
fn the_numbers_of_limiters_are_compared() {
    let of = |login: &str, read: &str| {
        format!(
            "{SERVER}const rateLimit = require('express-rate-limit');\nconst loginLimiter = rateLimit({{ windowMs: 60 * 1000, max: {login} }});\n\
             const readLimiter = rateLimit({{ windowMs: 60 * 1000, max: {read} }});\n\
             app.post('/login', loginLimiter, f);\napp.get('/api/bills', readLimiter, f);\n"
        )
    };
    let verdict = |login: &str, read: &str| app(&[("src/app.js", &of(login, read))]).verdict("RATE-10").0;
    assert_eq!(verdict("5", "100"), Pass);
    assert_eq!(verdict("100", "100"), Fail);
    assert_eq!(verdict("500", "100"), Fail);
    assert_eq!(verdict("limit", "100"), Review, "a number that is not written is not known");
    let one = of("5", "100").replace("app.get('/api/bills', readLimiter, f)", "app.get('/api/bills', f)");
    assert_eq!(app(&[("src/app.js", &one)]).verdict("RATE-10").0, Review);
    check(&[("RATE-10", Open, "", &[("a.js", "x")])]);
}
