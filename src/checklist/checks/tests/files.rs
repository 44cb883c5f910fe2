use super::super::sample::{Case, Sample, check};
use crate::checklist::verdict::Verdict::{Fail, Open, Pass, Review};

#[test]
fn monitors_and_alerts() {
    let gatus = |interval: &str, threshold: u8| {
        format!(
            "endpoints:\n  - name: a\n    url: https://a.example\n    interval: {interval}\n    conditions: ['[STATUS] == 200']\n    alerts:\n      - type: slack\n        failure-threshold: {threshold}\n"
        )
    };
    let (fast, slow) = (gatus("30s", 2), gatus("60s", 3));
    let (robot, better) = (
        "resource \"uptimerobot_monitor\" \"a\" {\n  url = \"x\"\n}\n",
        "resource \"betteruptime_monitor\" \"a\" {\n  check_frequency = 30\n  confirmation_period = 60\n}\n",
    );
    let rules = "groups:\n  - name: a\n    rules:\n      - alert: Broken\n        expr: rate(http_requests_total{code=~\"5..\"}[5m]) > 1\n";
    let quiet = "groups:\n  - rules:\n      - alert: Disk\n        expr: disk_free < 1\n";
    let down = |span: &str| {
        format!("groups:\n  - rules:\n      - alert: Down\n        expr: probe_success == 0\n        for: {span}\n")
    };
    let (soon, late) = (down("1m"), down("5m"));
    let manager = "route:\n  receiver: ops\nreceivers:\n  - name: ops\n    pagerduty_configs: [{}]\n";
    let nobody = "route:\n  receiver: none\nreceivers:\n  - name: none\n";
    let cases: &[Case<'_>] = &[
        ("MON-01", Review, "gatus.yaml:3", &[("gatus.yaml", &fast)]),
        ("MON-02", Pass, "gatus.yaml:3", &[("gatus.yaml", &fast)]),
        ("MON-02", Fail, "gatus.yaml:3", &[("gatus.yaml", &slow)]),
        ("MON-02", Open, "a.yaml:3", &[("a.yaml", "endpoints:\n  - name: a\n    url: x\n    conditions: []\n")]),
        ("MON-02", Fail, "a.tf:1", &[("a.tf", robot)]),
        ("MON-02", Pass, "a.tf:1", &[("a.tf", better)]),
        ("MON-02", Fail, ".upptimerc.yml:1", &[(".upptimerc.yml", "sites:\n  - url: x\n")]),
        ("MON-02", Pass, "r.yml:3", &[("r.yml", &soon)]),
        ("MON-02", Fail, "r.yml:3", &[("r.yml", &late)]),
        (
            "MON-01",
            Review,
            "a.check.ts:1",
            &[("a.check.ts", "new ApiCheck('a', { frequency: Frequency.EVERY_1M }); // checkly")],
        ),
        ("MON-02", Fail, "a.check.ts:1", &[("a.check.ts", "new ApiCheck('a', { frequency: 5 }); // checkly")]),
        ("MON-01", Open, "", &[("a.yaml", "endpoints: []\n")]),
        ("MON-04", Review, "r.yml:4", &[("r.yml", rules)]),
        ("MON-04", Open, "", &[("r.yml", quiet)]),
        ("MON-05", Review, "r.yml:4", &[("r.yml", rules)]),
        ("MON-05", Open, "", &[("r.yml", quiet)]),
        (
            "MON-04",
            Review,
            "a.tf:1",
            &[(
                "a.tf",
                "resource \"aws_cloudwatch_metric_alarm\" \"a\" {\n  metric_name = \"HTTPCode_Target_5XX_Count\"\n}\n",
            )],
        ),
        ("MON-06", Review, "alertmanager.yml:4", &[("alertmanager.yml", manager)]),
        ("MON-06", Open, "", &[("alertmanager.yml", nobody)]),
        ("MON-06", Review, "a.tf:1", &[("a.tf", "resource \"pagerduty_service\" \"a\" {\n  name = \"x\"\n}\n")]),
    ];
    check(cases);
}

#[test]
fn load_tests() {
    let k6 = |p95: u32, p99: u32, max: u32| {
        format!(
            "{{\"metrics\": {{\"http_reqs\": {{\"count\": 600}}, \"http_req_failed\": {{\"value\": 0}}, \"http_req_duration\": {{\"med\": 90, \"p(95)\": {p95}, \"p(99)\": {p99}, \"max\": {max}}}}}}}"
        )
    };
    let (fast, slow, near) = (k6(200, 300, 400), k6(700, 900, 999), k6(450, 700, 900));
    let oha = "{\"latencyPercentiles\": {\"p50\": 0.1, \"p95\": 0.2, \"p99\": 0.3, \"p99.9\": 0.4}, \"statusCodeDistribution\": {\"200\": 600}, \"errorDistribution\": {}}";
    let broken = oha.replace("\"200\": 600", "\"200\": 500, \"500\": 100");
    let slower = slow.replace("\"med\": 90", "\"med\": 90, \"p(90)\": 600");
    let cases: &[Case<'_>] = &[
        ("PERF-01", Pass, "k6-2026-11-20.json:1", &[("k6-2026-11-20.json", &fast)]),
        ("PERF-01", Review, "k6.json:1", &[("k6.json", &fast)]),
        ("PERF-01", Open, "k6-2026-01-01.json:1", &[("k6-2026-01-01.json", &fast)]),
        ("PERF-01", Open, "k6-2027-01-01.json:1", &[("k6-2027-01-01.json", &fast)]),
        ("PERF-01", Review, "k6-2026-11-20.json:1", &[("k6-2026-11-20.json", &near)]),
        ("PERF-01", Review, "k6-2026-11-20.json:1", &[("k6-2026-11-20.json", &slow)]),
        ("PERF-01", Fail, "k6-2026-11-20.json:1", &[("k6-2026-11-20.json", &slower)]),
        ("PERF-01", Pass, "oha-2026-11-20.json:1", &[("oha-2026-11-20.json", oha)]),
        ("PERF-01", Fail, "oha-2026-11-20.json:1", &[("oha-2026-11-20.json", &broken)]),
        ("PERF-01", Open, "", &[("a.json", "{\"metrics\": 1}")]),
    ];
    check(cases);
}

const HANDOVER: &str = "# Handover\nUpdated: 2026-11-20\n## DNS targets\nThe edge.\n## Environment variables\nA_B\n## Health URLs\n/health\n## Backups\nEach night.\n## Rollback\nOwner: Ada Lovelace\n";

#[test]
fn documents() {
    let stale = HANDOVER.replace("2026-11-20", "2026-01-01");
    let undated = HANDOVER.replace("Updated: 2026-11-20\n", "");
    let empty = HANDOVER.replace("Each night.", "TBD");
    let nobody = HANDOVER.replace("Ada Lovelace", "TBD");
    let stress = "# Stress\n## Traffic spikes\nA queue.\n## Webhook failures\nTried again.\n## Scraping\nA limit.\n";
    let begun = stress.replace("A limit.", "TODO");
    let cases: &[Case<'_>] = &[
        ("HAND-01", Pass, "HANDOVER.md:2", &[("HANDOVER.md", HANDOVER)]),
        ("HAND-01", Fail, "HANDOVER.md:2", &[("HANDOVER.md", &stale)]),
        ("HAND-01", Review, "HANDOVER.md:1", &[("HANDOVER.md", &undated)]),
        ("HAND-01", Fail, "HANDOVER.md:1", &[("HANDOVER.md", &empty)]),
        ("HAND-01", Fail, "HANDOVER.md:11", &[("HANDOVER.md", &nobody)]),
        ("HAND-01", Open, "", &[("README.md", "# A\n")]),
        ("DEP-02", Review, "a.md:3", &[("a.md", "# Rollback\n```\nfly releases rollback\n```\n")]),
        ("DEP-02", Fail, "a.md:1", &[("a.md", "# Rollback\nAsk Ada.\n")]),
        ("DEP-02", Open, "", &[("a.md", "# A\n")]),
        ("DEP-03", Review, "a.md:2", &[("a.md", "# Rollback\nOwner: Ada\n")]),
        ("DEP-03", Fail, "a.md:2", &[("a.md", "# Rollback\nOwner: TBD\n")]),
        ("DEP-03", Open, "", &[("a.md", "# Rollback\n`fly releases`\n")]),
        (
            "DEP-05",
            Review,
            "a.md:1",
            &[("a.md", "# Release checklist\n- [ ] variables\n- [ ] migrations\n- [ ] monitors\n")],
        ),
        ("DEP-05", Fail, "a.md:1", &[("a.md", "# Go-live checklist\nTBD\n")]),
        ("DEP-05", Open, "", &[("a.md", "# Checklist for guests\n- a towel\n- a hat and\n- a book to read\n")]),
        (
            "DEP-07",
            Review,
            "a.md:3",
            &[("a.md", "# Backup\nEach night.\nRestored 2026-11-01 into an empty database.\n")],
        ),
        ("DEP-07", Fail, "a.md:1", &[("a.md", "# Backup\nEach night.\n")]),
        ("DEP-07", Fail, "a.md:2", &[("a.md", "# Backup\nRestored 2026-01-01.\n")]),
        ("DEP-07", Fail, "a.md:2", &[("a.md", "# Backup\nRestored 2027-01-01.\n")]),
        ("DEP-07", Open, "", &[("a.md", "# A\n")]),
        ("DEP-09", Pass, "a.md:2", &[("a.md", stress)]),
        ("DEP-09", Fail, "a.md:6", &[("a.md", &begun)]),
        ("DEP-09", Review, "a.md:1", &[("a.md", "# Webhook failures\nTried again.\n")]),
        ("DEP-09", Open, "", &[("a.md", "# A\n")]),
        (
            "MON-08",
            Review,
            "a.md:4",
            &[("a.md", "# Incident runbook\n1. Look at the log\n2. Roll it back\nOwner: Ada\n")],
        ),
        (
            "MON-08",
            Fail,
            "a.md:4",
            &[("a.md", "# Incident runbook\n1. Look at the log\n2. Roll it back\nOwner: TBD\n")],
        ),
        ("MON-08", Fail, "a.md:1", &[("a.md", "# Recovery\nTBD\n")]),
        ("MON-08", Open, "", &[("a.md", "# A\n")]),
    ];
    check(cases);
}

#[test]
fn pipelines() {
    let workflow = |steps: &str| format!("on: [push]\njobs:\n  ship:\n    steps:\n{steps}");
    let bare = workflow("      - run: fly deploy\n");
    let smoke = workflow("      - run: fly deploy\n      - run: ./scripts/smoke.sh\n");
    let before = workflow("      - run: ./scripts/smoke.sh\n      - run: fly deploy\n");
    let tolerant =
        workflow("      - run: fly deploy\n      - run: ./scripts/smoke.sh\n        continue-on-error: true\n");
    let needs = format!("{bare}  try:\n    needs: ship\n    steps:\n      - run: ./scripts/smoke.sh\n");
    let scan = workflow("      - uses: gitleaks/gitleaks-action@v2\n");
    let by_hand = scan.replace("[push]", "workflow_dispatch");
    let lenient = format!("{scan}        continue-on-error: true\n");
    let script = ("scripts/smoke.sh", "curl -f https://a.example/health\n");
    let print = workflow("      - run: echo \"$API_TOKEN\"\n");
    let pipe = workflow("      - run: echo \"$API_TOKEN\" | docker login --password-stdin\n");
    let trace = workflow(
        "      - run: |\n          set -ex\n          push --token $API_TOKEN\n        env:\n          API_TOKEN: ${{ secrets.API_TOKEN }}\n",
    );
    let kind = workflow("      - uses: helm/kind-action@v1\n      - run: kubectl apply -f k8s/\n");
    let w = ".github/workflows/a.yml";
    let gitlab = "stages: [build, ship, try]\ngo:\n  stage: ship\n  script:\n    - kubectl apply -f a.yml\nlook:\n  stage: try\n  script:\n    - scripts/smoke.sh\n";
    let cases: &[Case<'_>] = &[
        ("DEP-01", Review, ".github/workflows/a.yml:5", &[(w, &bare)]),
        ("DEP-01", Review, "a.md:1", &[("a.md", "# Deploying\nRun `fly deploy`.\n")]),
        ("DEP-01", Fail, "a.md:1", &[("a.md", "# Deploying\nTBD\n")]),
        ("DEP-01", Open, "", &[(w, &scan)]),
        ("DEP-04", Fail, ".github/workflows/a.yml:5", &[(w, &bare)]),
        ("DEP-04", Pass, ".github/workflows/a.yml:5", &[(w, &smoke), script]),
        ("DEP-04", Review, ".github/workflows/a.yml:6", &[(w, &smoke)]),
        ("DEP-04", Fail, ".github/workflows/a.yml:6", &[(w, &before), script]),
        ("DEP-04", Fail, ".github/workflows/a.yml:6", &[(w, &tolerant), script]),
        ("DEP-04", Pass, ".github/workflows/a.yml:5", &[(w, &needs), script]),
        ("DEP-04", Pass, "", &[(".gitlab-ci.yml", gitlab), script]),
        ("DEP-04", Open, "", &[(w, &scan)]),
        // A cluster that is gone when the job ends is no deployment.
        ("DEP-04", Open, "", &[(w, &kind)]),
        ("SEC-11", Pass, ".github/workflows/a.yml:5", &[(w, &scan)]),
        ("SEC-11", Review, ".github/workflows/a.yml:5", &[(w, &by_hand)]),
        ("SEC-11", Review, ".github/workflows/a.yml:5", &[(w, &lenient)]),
        (
            "SEC-11",
            Review,
            ".pre-commit-config.yaml:2",
            &[(".pre-commit-config.yaml", "repos:\n  - repo: https://github.com/gitleaks/gitleaks\n")],
        ),
        ("SEC-11", Open, "", &[(w, &bare)]),
        ("SEC-04", Fail, ".github/workflows/a.yml:5", &[(w, &print)]),
        ("SEC-04", Open, "", &[(w, &pipe)]),
        ("SEC-04", Fail, ".github/workflows/a.yml:5", &[(w, &trace)]),
        ("SEC-11", Open, ".github/workflows/b.yml:1", &[(".github/workflows/b.yml", "jobs: [\n")]),
    ];
    check(cases);
}

#[test]
fn health_routes() {
    let fly = "[[http_service.checks]]\npath = \"/health\"\n";
    let docker = "FROM x\nHEALTHCHECK CMD curl -f http://localhost:3000/health || exit 1\n";
    let kubernetes = "spec:\n  containers:\n    - livenessProbe:\n        httpGet:\n          path: /health\n";
    for (path, text, line) in [
        ("fly.toml", fly, 2),
        ("render.yaml", "services:\n  - healthCheckPath: /health\n", 2),
        ("Dockerfile", docker, 2),
        ("k8s.yaml", kubernetes, 5),
        (
            "docker-compose.yml",
            "services:\n  a:\n    healthcheck:\n      test: [\"CMD\", \"curl\", \"-f\", \"http://localhost/health\"]\n",
            4,
        ),
    ] {
        let place = format!("{path}:{line}");
        let sample = Sample::new(&[(path, text)]);
        assert_eq!(sample.verdict("DEP-06"), (Open, vec![place.clone()]), "{path}: the routes are not known");
        let sample = sample.serving(&["/health"]);
        assert_eq!(sample.verdict("DEP-06"), (Review, vec![place.clone()]), "{path}");
        let other = Sample::new(&[(path, text)]).serving(&["/status"]);
        assert_eq!(other.verdict("DEP-06"), (Fail, vec![place]), "{path}");
    }
    let actuator = ("pom.xml", "<artifactId>spring-boot-starter-actuator</artifactId>");
    for (path, verdict) in [("/actuator/health/liveness", Review), ("/livez", Review), ("/health", Fail)] {
        let probe = kubernetes.replace("/health", path);
        let sample = Sample::new(&[("k8s.yaml", &probe), actuator]).serving(&["/"]);
        assert_eq!(sample.verdict("DEP-06").0, verdict, "{path}");
    }
    let alone = Sample::new(&[]).serving(&["/healthz"]);
    assert_eq!(alone.verdict("DEP-06"), (Review, vec!["server.js:1".into()]));
    assert_eq!(Sample::new(&[]).serving(&["/"]).verdict("DEP-06").0, Open);
}

#[test]
fn versions_of_next() {
    let guard = "import { NextResponse } from 'next/server';\nexport function middleware(req) { if (!req.cookies.get('session')) return NextResponse.redirect('/login'); }";
    let cases: &[Case<'_>] = &[
        (
            "AUTHN-03",
            Fail,
            "package.json:1",
            &[("package.json", "{\"dependencies\": {\"next\": \"14.2.3\"}}"), ("middleware.ts", guard)],
        ),
        (
            "AUTHN-03",
            Review,
            "package.json:1",
            &[("package.json", "{\"dependencies\": {\"next\": \"^14.2.3\"}}"), ("middleware.ts", guard)],
        ),
        (
            "AUTHN-03",
            Fail,
            "yarn.lock:2",
            &[("yarn.lock", "next@^14.2.3:\n  version \"14.2.24\"\n"), ("middleware.ts", guard)],
        ),
        (
            "AUTHN-03",
            Open,
            "",
            &[
                ("package.json", "{\"dependencies\": {\"next\": \"^14.2.3\"}}"),
                ("yarn.lock", "next@^14.2.3:\n  version \"14.2.25\"\n"),
                ("middleware.ts", guard),
            ],
        ),
        ("AUTHN-03", Open, "", &[("package.json", "{\"dependencies\": {\"next\": \"14.2.3\"}}")]),
    ];
    check(cases);
}

#[test]
fn row_level_security() {
    let table = "CREATE TABLE IF NOT EXISTS public.posts (id int);\n";
    let guarded = format!(
        "{table}-- x;\nALTER TABLE posts ENABLE ROW LEVEL SECURITY;\nCREATE POLICY a ON posts USING (owner = auth.uid());\n"
    );
    let half = format!("{guarded}create table drafts (id int);\n");
    let open = format!("{guarded}CREATE POLICY \"b\" ON posts FOR SELECT\n  USING ( true );\n");
    let cases: &[Case<'_>] = &[
        ("AUTHZ-05", Fail, "supabase/migrations/1.sql:1", &[("supabase/migrations/1.sql", table)]),
        ("AUTHZ-05", Open, "", &[("db/migrations/1.sql", table)]),
        ("AUTHZ-05", Review, "db/migrations/1.sql:1", &[("db/migrations/1.sql", &guarded)]),
        ("AUTHZ-05", Review, "db/migrations/1.sql:5", &[("db/migrations/1.sql", &half)]),
        ("AUTHZ-05", Fail, "db/migrations/1.sql:5", &[("db/migrations/1.sql", &open)]),
        (
            "AUTHZ-05",
            Fail,
            "firestore.rules:2",
            &[("firestore.rules", "match /a {\n  allow read, write: if true;\n}\n")],
        ),
        (
            "AUTHZ-05",
            Review,
            "firestore.rules:1",
            &[("firestore.rules", "match /a {\n  allow read: if request.auth.uid == a; // if true\n}\n")],
        ),
        ("AUTHZ-05", Fail, "database.rules.json:1", &[("database.rules.json", "{\"rules\": {\".read\": true}}")]),
        (
            "AUTHZ-05",
            Review,
            "database.rules.json:1",
            &[("database.rules.json", "{\"rules\": {\".read\": \"auth != null\"}}")],
        ),
    ];
    check(cases);
}

#[test]
fn variables_that_a_platform_or_a_list_of_any_name_has() {
    let read = ("a.rb", "x = ENV['X_Y']\ny = ENV['BUNDLE_GEMFILE']\n");
    let cases: &[Case<'_>] = &[
        ("DEP-08", Pass, "", &[read, ("env-example-relational", "X_Y=\n")]),
        ("DEP-08", Pass, "", &[read, ("env_sample", "X_Y=\n")]),
        ("DEP-08", Fail, "a.rb:1", &[read, ("environment-example", "X_Y=\n")]),
    ];
    check(cases);
}
