//! Several applications in one tree: each is told by its own files, and a good one hides no bad one.

use serde_json::Value;

use crate::support::Sandbox;
use crate::support::gitcli::Git;

const WEB: [(&str, &str); 4] = [
    ("apps/web/package.json", "{\n  \"dependencies\": { \"next\": \"14.1.0\" }\n}\n"),
    (
        "apps/web/middleware.ts",
        "import { getToken } from 'next-auth/jwt';\nexport async function middleware(req) {\n  if (!(await getToken({ req }))) \
         return NextResponse.redirect(new URL('/login', req.url));\n}\nexport const config = { matcher: ['/api/:path*'] };\n",
    ),
    (
        "apps/web/app/api/notes/route.ts",
        "export async function GET() { return Response.json(await notes(process.env.NOTES_URL)); }\n\
         export async function POST(req) { return Response.json(await add(await req.json())); }\n",
    ),
    ("apps/web/.env.example", "AUTH_URL=\n"),
];

const API: [(&str, &str); 3] = [
    ("services/api/requirements.txt", "fastapi==0.110.0\nslowapi==0.1.9\n"),
    (
        "services/api/main.py",
        "import os\nfrom fastapi import Depends, FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\nfrom pydantic import BaseModel\n\
         from slowapi import Limiter\n\nlimiter = Limiter(key_func=get_remote_address)\napp = FastAPI(dependencies=[Depends(get_current_user)])\n\
         app.add_middleware(CORSMiddleware, allow_origins=[\"https://app.example.com\"], allow_credentials=True)\n\n\
         class Item(BaseModel):\n    name: str\n\n@app.post(\"/login\")\n@limiter.limit(\"5/minute\")\nasync def login(request: Request, form: Item):\n    \
         return sign_in(form, os.environ[\"API_SECRET\"])\n\n@app.post(\"/items\")\nasync def create(item: Item, user=Depends(get_current_user)):\n    \
         return await save(user.id, item)\n",
    ),
    ("services/api/.env.example", "API_SECRET=\nNOTES_URL=\n"),
];

const BILLING: [(&str, &str); 2] = [
    ("services/billing/go.mod", "module example.com/billing\n\ngo 1.22\n\nrequire github.com/gin-gonic/gin v1.9.1\n"),
    (
        "services/billing/main.go",
        "package main\n\nimport (\n\t\"os\"\n\n\t\"github.com/gin-contrib/cors\"\n\t\"github.com/gin-gonic/gin\"\n)\n\nfunc main() {\n\tr := gin.Default()\n\t\
         r.Use(cors.New(cors.Config{AllowAllOrigins: true, AllowCredentials: true}))\n\tr.POST(\"/login\", login)\n\t\
         r.GET(\"/invoices/:id\", func(c *gin.Context) {\n\t\tc.JSON(200, find(c.Param(\"id\"), os.Getenv(\"BILLING_DSN\")))\n\t})\n\tr.Run()\n}\n",
    ),
];

const SITES: [(&str, &str); 6] = [
    ("sites/good/manage.py", ""),
    ("sites/good/requirements.txt", "Django==4.2.11\n"),
    (
        "sites/good/good/settings/production.py",
        "DEBUG = False\nSESSION_COOKIE_SECURE = True\nMIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware']\n",
    ),
    ("sites/bad/manage.py", ""),
    ("sites/bad/requirements.txt", "Django==4.2.11\n"),
    (
        "sites/bad/bad/settings.py",
        "DEBUG = True\nMIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware']\n",
    ),
];

fn report(files: &[(&str, &str)]) -> Value {
    let sandbox = Sandbox::new();
    Git::init(&sandbox, ".", &[]).commit(files, "start");
    let output = sandbox.run(["launch", "report", "--for", "json"]);
    assert_ne!(output.code, 2, "{}", output.err());
    serde_json::from_slice(&output.stdout).expect("a report is JSON")
}

/// The verdict on a row, and the places that decide it, sorted.
fn told(report: &Value, id: &str) -> (String, Vec<String>) {
    let rows = report["rows"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["id"] == id).expect("it is a row");
    let evidence = row["evidence"].as_array().expect("a list").iter().filter(|one| one["verdict"] == row["verdict"]);
    let places = evidence.flat_map(|one| one["places"].as_array().expect("a list"));
    let place = |place: &Value| format!("{}:{}", place["path"].as_str().expect("a path"), place["line"]);
    let mut places: Vec<String> = places.map(place).collect();
    places.sort();
    (row["verdict"].as_str().expect("a text").to_owned(), places)
}

#[test]
fn each_application_is_told_by_its_own_files() {
    let report = report(&[&WEB[..], &API, &BILLING, &SITES].concat());
    let stack = report["stack"].as_array().expect("a list").iter();
    let mut stack: Vec<(&str, &str)> =
        stack.map(|one| (one["framework"].as_str().expect("a name"), one["path"].as_str().expect("a path"))).collect();
    stack.sort_unstable();
    assert_eq!(
        stack,
        [
            ("Django", "sites/bad/requirements.txt"),
            ("Django", "sites/good/requirements.txt"),
            ("FastAPI", "services/api/requirements.txt"),
            ("Next.js", "apps/web/package.json"),
            ("gin", "services/billing/go.mod"),
        ]
    );
    assert_eq!(report["coverage"]["routes"], 6);
    let cases: &[(&str, &str, &[&str])] = &[
        // The front end's version, the middleware that it lets go around.
        ("AUTHN-03", "fail", &["apps/web/middleware.ts:1", "apps/web/package.json:2"]),
        // No guard in two of three; that of the third is none of theirs.
        (
            "AUTHN-01",
            "review",
            &[
                "apps/web/app/api/notes/route.ts:1", "apps/web/app/api/notes/route.ts:2",
                "services/billing/main.go:13", "services/billing/main.go:14",
            ],
        ),
        ("CORS-01", "fail", &["services/billing/main.go:12"]),
        ("CORS-02", "fail", &["services/billing/main.go:12"]),
        // One login of two has a limiter, one write of four no schema.
        ("RATE-01", "review", &["services/billing/main.go:13"]),
        ("VAL-01", "review", &["apps/web/app/api/notes/route.ts:2", "services/billing/main.go:13"]),
        // Listed by another application that reads it not.
        ("DEP-08", "fail", &["apps/web/app/api/notes/route.ts:1", "services/billing/main.go:15"]),
        // The settings for production are those of the other site.
        ("VAL-03", "fail", &["sites/bad/bad/settings.py:1"]),
        ("COOK-02", "fail", &["sites/bad/bad/settings.py:2"]),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .map(|(id, verdict, places)| (id, (verdict, places), told(&report, id)))
        .filter(|(_, (verdict, places), told)| told.0 != **verdict || told.1 != **places)
        .map(|(id, expected, told)| format!("{id}: {expected:?}, but {told:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn good_applications_beside_each_other_are_told_no_worse() {
    let report = report(&[&API[..], &SITES[..3]].concat());
    for (id, verdict) in
        [("CORS-01", "review"), ("VAL-03", "review"), ("COOK-02", "review"), ("AUTHN-03", "review"), ("DEP-08", "pass")]
    {
        assert_eq!(told(&report, id).0, verdict, "{id}: {:?}", told(&report, id));
    }
}
