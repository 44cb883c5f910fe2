//! Rows that are decided from routes.

use super::super::sample::Sample;
use crate::checklist::verdict::Verdict;
use crate::code::{Fact, FactKind, Mention, Method, Place, Role};

fn at(file: &str, line: u32) -> Place {
    Place { file: file.into(), line }
}

/// A project with one route at `server.js:1`, and what stands before it.
fn route(method: Method, path: &str, before: &[(Role, bool)]) -> Sample {
    let mut sample = Sample::new(&[("server.js", "app\n")]).serving(&[path]);
    let route = &mut sample.inventory.routes[0];
    route.method = method;
    route.before = before
        .iter()
        .map(|(role, group)| Mention { role: *role, name: "guard".into(), at: at("server.js", 1), group: *group })
        .collect();
    sample
}

fn fact(file: &str, kind: FactKind) -> Sample {
    let mut sample = Sample::new(&[(file, "x\n")]);
    sample.inventory.facts.push(Fact { at: at(file, 1), kind, name: "find".into() });
    sample
}

/// The coverage that a row has: what has it, of how many.
fn coverage(sample: &Sample, row: &str) -> (u64, u64) {
    let told = sample.told(row);
    let coverage = told.iter().find_map(|one| one.coverage.as_ref()).expect("it is counted");
    (coverage.seen, coverage.all)
}

#[test]
fn guards() {
    let bare = route(Method::Get, "/bills", &[]);
    assert_eq!(bare.verdict("AUTHN-01"), (Verdict::Review, vec!["server.js:1".to_owned()]));
    assert_eq!(coverage(&bare, "AUTHN-01"), (0, 1));
    let guarded = route(Method::Get, "/bills", &[(Role::Authentication, true)]);
    assert_eq!(coverage(&guarded, "AUTHN-01"), (1, 1));
    assert_eq!(guarded.verdict("AUTHN-01").0, Verdict::Review, "that a guard is there is no pass");
    assert_eq!(coverage(&guarded, "AUTHN-04"), (1, 1));
    assert_eq!(coverage(&route(Method::Get, "/bills", &[(Role::Authentication, false)]), "AUTHN-04"), (0, 1));
    let public = route(Method::Get, "/bills", &[(Role::Public, false)]);
    assert_eq!(coverage(&public, "AUTHN-01"), (0, 0));
    assert_eq!(Sample::new(&[]).verdict("AUTHN-01").0, Verdict::Open);
}

#[test]
fn tokens() {
    for kind in [FactKind::UnverifiedToken, FactKind::SigningSecret] {
        assert_eq!(fact("src/a.js", kind).verdict("AUTHN-02"), (Verdict::Fail, vec!["src/a.js:1".to_owned()]));
        assert_ne!(fact("test/a.js", kind).verdict("AUTHN-02").0, Verdict::Fail, "a test is not launched");
    }
}

#[test]
fn lookups() {
    for kind in [FactKind::Lookup { scoped: false }, FactKind::UserFromRequest] {
        let bare = fact("src/a.js", kind);
        assert_eq!(bare.verdict("AUTHZ-01"), (Verdict::Review, vec!["src/a.js:1".to_owned()]));
        assert_eq!(coverage(&bare, "AUTHZ-05"), (0, 1));
    }
    assert_eq!(coverage(&fact("src/a.js", FactKind::Lookup { scoped: true }), "AUTHZ-01"), (1, 1));
    assert_eq!(Sample::new(&[]).verdict("AUTHZ-01").0, Verdict::Open);
}

#[test]
fn administrators() {
    assert_eq!(coverage(&route(Method::Get, "/admin/users", &[(Role::Authentication, true)]), "AUTHZ-07"), (0, 1));
    assert_eq!(coverage(&route(Method::Get, "/admin/users", &[(Role::Authorization, true)]), "AUTHZ-07"), (1, 1));
    assert_eq!(route(Method::Get, "/users", &[]).verdict("AUTHZ-07").0, Verdict::Open);
}

#[test]
fn limiters() {
    for (row, path) in [
        ("RATE-01", "/api/login"),
        ("RATE-02", "/password/reset"),
        ("RATE-03", "/otp/verify"),
        ("RATE-04", "/register"),
        ("RATE-05", "/teams/{id}/invite"),
        ("RATE-06", "/search"),
    ] {
        assert_eq!(coverage(&route(Method::Post, path, &[]), row), (0, 1), "{row}");
        assert_eq!(coverage(&route(Method::Post, path, &[(Role::Limiter, false)]), row), (1, 1), "{row}");
        assert_eq!(Sample::new(&[]).verdict(row).0, Verdict::Open, "{row}");
    }
    assert_eq!(fact("src/a.js", FactKind::ForwardedLimiterKey).verdict("RATE-09").0, Verdict::Fail);
    assert_eq!(route(Method::Post, "/login", &[(Role::Limiter, false)]).verdict("RATE-09").0, Verdict::Review);
}

#[test]
fn schemas() {
    assert_eq!(coverage(&route(Method::Post, "/bills", &[]), "VAL-01"), (0, 1));
    assert_eq!(coverage(&route(Method::Post, "/bills", &[(Role::Schema, false)]), "VAL-01"), (1, 1));
    assert_eq!(route(Method::Get, "/bills", &[]).verdict("VAL-01").0, Verdict::Open);
    let mut whole = route(Method::Post, "/bills", &[(Role::Schema, false)]);
    whole.inventory.facts.push(Fact { at: at("server.js", 1), kind: FactKind::WholeBody, name: "create".into() });
    assert_eq!(whole.told("VAL-01").len(), 2);
}
