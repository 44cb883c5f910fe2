//! The rows about secrets, from what the scan has found and looked at.
//!
//! A scan that did not look at everything passes no row. Findings that somebody silenced are for review in SEC-01, those
//! of the history too: whether they are secrets is a judgement, and SEC-01 is where a person can give it.

mod given;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::blob::{Origin, SkipReason};
use crate::checklist::gather::{EnvFile, Gathered, is_example};
use crate::checklist::syntax::Means;
use crate::checklist::verdict::{Claim, Coverage, Evidence, Place};
use crate::detect::{Detector, PathKind, Scratch, Window, example, is_delivered};
use crate::finding::silencing::NoteKind;
use crate::finding::{Finding, Redactor, SilencedBy};
use crate::scan::ScanOutcome;

use super::personal;
use super::samples::Samples;

/// Places that one row lists.
pub(super) const PLACES: usize = 20;

/// What frameworks put into what browsers get: variables that begin so.
const PUBLIC: &[&str] = &["NEXT_PUBLIC_", "VITE_", "REACT_APP_", "EXPO_PUBLIC_", "NUXT_PUBLIC_"];

/// Words of the names of variables that are private. A publishable key is not.
const PRIVATE: &[&str] = &["SECRET", "PRIVATE", "PASSWORD", "PASSWD", "SERVICE_ROLE", "DATABASE_URL", "ADMIN_KEY"];

/// Kinds of environment files that projects commit on purpose, for everybody's machine.
const SHARED: &[&str] = &["development", "dev", "test", "ci"];

/// What the rows are decided from.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    /// The scan of the project, with its history.
    pub outcome: &'a ScanOutcome,
    /// What the user named besides.
    pub samples: &'a Samples,
    /// What was gathered meanwhile.
    pub gathered: &'a Gathered,
    /// What the repository tracks; none where there is no repository; else why that is not known.
    pub tracked: Result<Option<&'a [String]>, &'a str>,
    /// Whether the project says where it is deployed.
    pub deployed: bool,
}

/// What they say, by row. No text of it has a secret that the scan knows.
#[must_use]
pub fn decide(secrets: &Secrets<'_>) -> BTreeMap<String, Vec<Evidence>> {
    let control = control(&Detector::new(secrets.outcome.rules.clone()));
    let sec = Sec { secrets, control };
    let rows = [
        ("SEC-01", vec![sec.tree()]),
        ("SEC-02", vec![sec.history()]),
        ("SEC-03", sec.bundles()),
        ("SEC-04", vec![sec.logs()]),
        ("SEC-05", sec.environment_files()),
        ("SEC-07", vec![sec.rotated()]),
    ];
    let scans = [secrets.outcome].into_iter().chain(secrets.samples.scans());
    let known = scans.flat_map(|scan| scan.findings.iter().chain(&scan.silenced));
    let redactor = Redactor::new(known.map(|finding| &finding.secret));
    let mut by_row: BTreeMap<String, Vec<Evidence>> = rows.into_iter().map(|(id, all)| (id.to_owned(), all)).collect();
    by_row.insert("LOG-02".to_owned(), vec![personal::decide(secrets.samples)]);
    if secrets.samples.logs.is_some() {
        let sessions = personal::sessions(secrets.samples);
        by_row.insert("LOG-01".to_owned(), [sec.logs()].into_iter().chain(sessions).collect());
    }
    if let Some(exports) = &secrets.samples.exports {
        by_row.insert("SEC-06".to_owned(), vec![sec.exports(exports)]);
    }
    by_row.values_mut().flatten().for_each(|evidence| redact(evidence, &redactor));
    by_row
}

/// Masks in a piece of evidence every secret that is known.
pub fn redact(evidence: &mut Evidence, redactor: &Redactor) {
    for text in [&mut evidence.reason, &mut evidence.looked_at, &mut evidence.would_change] {
        *text = redactor.mask(text);
    }
    for place in &mut evidence.places {
        place.path = redactor.mask_path(&place.path);
    }
}

/// Finds a credential that was made for it. Without that, finding nothing would mean nothing.
fn control(detector: &Detector) -> Option<String> {
    let planted = |rule: &crate::rule::Rule| {
        let secret = example::sample(rule, 1).ok()?;
        let text = format!("token = \"{secret}\"\n");
        let window =
            Window { text: text.as_bytes(), core: 0..text.len(), path: PathKind::of("app.toml"), binary: false };
        (!detector.scan(&window, &mut Scratch::default()).is_empty()).then(|| rule.id.clone())
    };
    let found = detector.rules().rules().iter().take(50).find_map(planted)?;
    Some(format!("a made-up credential of the rule {found} was planted in a text and found"))
}

struct Sec<'s> {
    secrets: &'s Secrets<'s>,
    control: Option<String>,
}

/// Whether something that was not looked at is missing of the history only.
fn of_history(reason: SkipReason) -> bool {
    matches!(reason, SkipReason::IncompleteHistory | SkipReason::MissingObjects)
}

/// Whether the ledger says that it is a credential no more.
fn is_rotated(finding: &Finding) -> bool {
    finding.silence.as_ref().is_some_and(|silence| silence.by == SilencedBy::Ledger)
}

/// The secrets that a scan has found; personal data is no credential.
fn found(outcome: &ScanOutcome) -> impl Iterator<Item = &Finding> {
    outcome.findings.iter().filter(|finding| !outcome.rules.get(finding.rule).is_personal())
}

/// Those of them that somebody has silenced.
fn silenced(outcome: &ScanOutcome) -> impl Iterator<Item = &Finding> {
    outcome.silenced.iter().filter(|finding| !outcome.rules.get(finding.rule).is_personal())
}

fn is_in_tree(finding: &Finding) -> bool {
    finding.history.is_none() && !matches!(finding.origin, Origin::Stdin)
}

pub(super) fn evidence(by: Means, claim: Claim, looked_at: &str, reason: String) -> Evidence {
    let would_change = String::new();
    Evidence { by, claim, looked_at: looked_at.into(), coverage: None, places: Vec::new(), reason, would_change }
}

pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// `1 file was`, `2 files were`.
fn was(number: u64, one: &str) -> String {
    let be = if number == 1 { "was" } else { "were" };
    format!("{} {be}", count(usize::try_from(number).unwrap_or(usize::MAX), one))
}

/// How many credentials findings are of.
fn credentials<'f>(findings: impl Iterator<Item = &'f Finding>) -> usize {
    findings.map(|finding| finding.credential).collect::<BTreeSet<_>>().len()
}

pub(super) fn places<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<Place> {
    let mut places: Vec<Place> = findings.map(place).collect();
    places.sort();
    // One line can have been in several versions of a file.
    places.dedup_by(|b, a| (&a.path, a.line) == (&b.path, b.line));
    places.truncate(PLACES);
    places
}

fn place(finding: &Finding) -> Place {
    let object = finding.history.as_ref().map(|history| history.object.clone()).filter(|object| !object.is_empty());
    Place { path: finding.origin.path().to_owned(), line: u32::try_from(finding.start.line).ok(), blob: object }
}

impl Sec<'_> {
    fn pass(&self) -> Claim {
        self.control.clone().map_or(Claim::Open, |control| Claim::Pass { control })
    }

    /// What keeps a scan from passing a row, in words.
    fn gap(&self, matters: impl Fn(SkipReason) -> bool) -> Option<String> {
        let coverage = &self.secrets.outcome.coverage;
        let skipped: Vec<_> = coverage.skipped.iter().filter(|skipped| matters(skipped.reason)).collect();
        if let Some(first) = skipped.first() {
            let number = count(skipped.len(), "item");
            return Some(format!("{number} not looked at, the first is {}: {}", first.what, first.detail));
        }
        if self.control.is_none() {
            return Some(
                "the rules found no credential that was made for them, so that finding nothing means nothing".into(),
            );
        }
        coverage.gitignore_respected.then(|| "what .gitignore names was left out".into())
    }

    /// SEC-01.
    fn tree(&self) -> Evidence {
        let outcome = self.secrets.outcome;
        let exposed = || found(outcome).filter(|finding| is_in_tree(finding));
        let allowed = || silenced(outcome).filter(|finding| !is_rotated(finding));
        let used_after = outcome.coverage.notes.iter().filter(|note| note.kind == NoteKind::AfterRotation).count();
        let looked_at = "every file of the tree";
        let items = outcome.coverage.items;
        let mut told = match () {
            () if exposed().next().is_some() => {
                let number = count(credentials(exposed()), "secret");
                let mut told = evidence(Means::Static, Claim::Fail, looked_at, format!("{number} in the tree"));
                told.places = places(exposed());
                told
            }
            () if allowed().next().is_some() => {
                let number = count(credentials(allowed()), "possible secret");
                let reason =
                    format!("{number} do not count by a comment, a configuration or the baseline: are they none?");
                let mut told = evidence(Means::Static, Claim::Review, looked_at, reason);
                told.places = places(allowed());
                told
            }
            () if used_after > 0 => {
                let reason = format!("{} came to a place after the day it was rotated", count(used_after, "secret"));
                evidence(Means::Static, Claim::Review, looked_at, reason)
            }
            () => match self.gap(|reason| !of_history(reason)) {
                Some(gap) => evidence(Means::Static, Claim::Open, looked_at, gap),
                None if outcome.coverage.excluded > 0 => {
                    let number = count(outcome.coverage.excluded as usize, "file or folder");
                    let reason = format!("nothing was found, but {number} left out by --exclude or cleansweep.toml");
                    evidence(Means::Static, Claim::Review, looked_at, reason)
                }
                None => evidence(
                    Means::Static,
                    self.pass(),
                    looked_at,
                    format!("{} scanned, none has a secret", was(items, "file")),
                ),
            },
        };
        let unread = outcome.coverage.skipped.iter().filter(|skipped| !of_history(skipped.reason)).count() as u64;
        told.coverage = Some(Coverage { seen: items, all: items + unread, of: "files".into() });
        told.would_change =
            "rotating the secret and taking it out of the file, or a scan that looks at everything".into();
        told
    }

    /// SEC-02.
    fn history(&self) -> Evidence {
        let outcome = self.secrets.outcome;
        let coverage = &outcome.coverage;
        let exposed = || found(outcome).filter(|finding| finding.history.is_some());
        let settled = || silenced(outcome).filter(|f| f.history.is_some() && is_rotated(f));
        let objects: u64 = coverage.histories.iter().map(|history| history.objects).sum();
        let looked_at = "every object of the history, what no name leads to included";
        let mut told = match () {
            () if exposed().next().is_some() => {
                let number = count(credentials(exposed()), "secret");
                let reason = format!("{number} in the history not in the ledger of rotations");
                let mut told = evidence(Means::Static, Claim::Fail, looked_at, reason);
                told.places = places(exposed());
                told
            }
            () if !coverage.unscanned_histories.is_empty() => {
                let reason = "the history was not scanned (--no-history)".into();
                evidence(Means::Static, Claim::Open, looked_at, reason)
            }
            () if coverage.histories.is_empty() => {
                evidence(Means::Static, Claim::Open, looked_at, "there is no repository here, so no history".into())
            }
            () => match self.gap(|_| true) {
                Some(gap) => evidence(Means::Static, Claim::Open, looked_at, gap),
                None => {
                    let rotated = match credentials(settled()) {
                        0 => "none has a secret".to_owned(),
                        1 => "the only secret is one that the ledger says is rotated".to_owned(),
                        number => format!("the only secrets are {number} that the ledger says are rotated"),
                    };
                    evidence(
                        Means::Static,
                        self.pass(),
                        looked_at,
                        format!("{} scanned, {rotated}", was(objects, "object")),
                    )
                }
            },
        };
        told.coverage = Some(Coverage { seen: objects, all: objects.max(1), of: "objects".into() });
        told.would_change = "an entry of `cleansweep rotate done` for each secret, or a scan of a full clone".into();
        told
    }

    /// SEC-03.
    fn bundles(&self) -> Vec<Evidence> {
        let outcome = self.secrets.outcome;
        let exposed = || found(outcome).filter(|f| is_in_tree(f) && is_delivered(f.origin.path()));
        let public = self.public_names();
        let bundled = self.secrets.gathered.bundled;
        let looked_at = "the build folders, and variables that frameworks put into bundles";
        let mut told = match () {
            () if exposed().next().is_some() => {
                let number = count(credentials(exposed()), "secret");
                let reason = format!("{number} in files that are delivered to browsers");
                let mut told = evidence(Means::Static, Claim::Fail, looked_at, reason);
                told.places = places(exposed());
                told
            }
            () if !public.is_empty() => {
                let names: Vec<&str> = public.keys().map(String::as_str).take(5).collect();
                let reason = format!("private by name, and built into what browsers get: {}", names.join(", "));
                let mut told = evidence(Means::Static, Claim::Fail, looked_at, reason);
                told.places = public.into_values().take(PLACES).collect();
                told
            }
            () if bundled == 0 => {
                let reason = "there is no build output here, and no deployment was asked".into();
                evidence(Means::Static, Claim::Open, looked_at, reason)
            }
            () => match self.gap(|reason| !of_history(reason)) {
                Some(gap) => evidence(Means::Static, Claim::Open, looked_at, gap),
                None => evidence(
                    Means::Static,
                    self.pass(),
                    looked_at,
                    format!("{} scanned, none has a secret", was(bundled, "built file")),
                ),
            },
        };
        told.coverage = Some(Coverage { seen: bundled, all: bundled.max(1), of: "built files".into() });
        told.would_change = "a scan with the build output in place".into();
        vec![told]
    }

    /// Variables with a public prefix and a private name, each at its first place.
    fn public_names(&self) -> BTreeMap<String, Place> {
        let mut names = BTreeMap::new();
        for prefix in PUBLIC {
            let finder = memchr::memmem::Finder::new(prefix);
            for (path, file) in self.secrets.gathered.project.files() {
                for at in finder.find_iter(&file.text) {
                    let Some(name) = private_name(&file.text, at, prefix) else { continue };
                    let before = file.text[..at].iter().filter(|byte| **byte == b'\n').count();
                    let line = u32::try_from(before + 1).ok();
                    names.entry(name).or_insert_with(|| Place { path: path.to_string(), line, blob: None });
                }
            }
        }
        names
    }

    /// SEC-05.
    fn environment_files(&self) -> Vec<Evidence> {
        let looked_at = "the paths that the repository tracks";
        let mut told = match self.secrets.tracked {
            Err(why) => evidence(Means::Static, Claim::Open, looked_at, why.to_owned()),
            Ok(None) => evidence(
                Means::Static,
                Claim::Open,
                looked_at,
                "there is no repository: what is committed is not known".into(),
            ),
            Ok(Some(paths)) => {
                let bad = committed(paths, &self.secrets.gathered.env_files);
                let all = paths.len() as u64;
                let mut told = match bad.first() {
                    Some(_) => {
                        let reason = format!("{} with values committed", count(bad.len(), "environment file"));
                        evidence(Means::Static, Claim::Fail, looked_at, reason)
                    }
                    None => {
                        let control = "the same check finds a .env that is planted among the paths".to_owned();
                        let planted = [".env".to_owned()];
                        let works = !committed(&planted, &BTreeMap::new()).is_empty();
                        let claim = if works { Claim::Pass { control } } else { Claim::Open };
                        evidence(
                            Means::Static,
                            claim,
                            looked_at,
                            format!("{}, none is an environment file with values", count(paths.len(), "path")),
                        )
                    }
                };
                told.places = bad.into_iter().take(PLACES).map(|path| Place { path, line: None, blob: None }).collect();
                told.coverage = Some(Coverage { seen: all, all, of: "tracked paths".into() });
                told
            }
        };
        told.would_change =
            "`git rm --cached` of the file and a line in .gitignore, once its values are rotated".into();
        if told.coverage.is_none() {
            told.coverage = Some(Coverage { seen: 0, all: 0, of: "tracked paths".into() });
        }
        let mut all = vec![told];
        if self.secrets.deployed {
            let reason = "the deployment that launch.toml names was not asked for /.env and the like".into();
            let mut probe = evidence(Means::Live, Claim::Open, "/.env, /.git/HEAD, /actuator/env, /debug", reason);
            probe.would_change = "such a test, and its record as a file of the project".into();
            probe.coverage = Some(Coverage { seen: 0, all: 4, of: "addresses".into() });
            all.push(probe);
        }
        all
    }

    /// SEC-07.
    fn rotated(&self) -> Evidence {
        let outcome = self.secrets.outcome;
        let all = || [outcome].into_iter().chain(self.secrets.samples.secrets());
        let open = || all().flat_map(found);
        let done = credentials(all().flat_map(silenced).filter(|finding| is_rotated(finding)));
        let left = credentials(open());
        let looked_at = "each credential that the scan found, beside rotations.toml";
        let mut told = match (left, self.gap(|_| true)) {
            (0, Some(gap)) => evidence(Means::Static, Claim::Open, looked_at, format!("there may be more: {gap}")),
            (0, None) if outcome.coverage.histories.is_empty() => {
                let reason = "no history was scanned: what was ever committed is not known".into();
                evidence(Means::Static, Claim::Open, looked_at, reason)
            }
            (0, None) => {
                let reason = match done {
                    0 => "no exposed credential was found".to_owned(),
                    done => format!("{} exposed, and in the ledger", count(done, "credential")),
                };
                evidence(Means::Static, self.pass(), looked_at, reason)
            }
            (left, _) => {
                let reason = format!("{} exposed and not in the ledger, {done} rotated", count(left, "credential"));
                let mut told = evidence(Means::Static, Claim::Fail, looked_at, reason);
                told.places = places(open());
                told
            }
        };
        let (seen, all) = if left + done == 0 { (1, 1) } else { (done as u64, (left + done) as u64) };
        let of = if left + done == 0 { "scans without a credential" } else { "credentials" };
        told.coverage = Some(Coverage { seen, all, of: of.into() });
        told.would_change = "`cleansweep rotate plan`, then `cleansweep rotate done` for each credential".into();
        told
    }
}

/// The variable whose name begins with a public prefix at a place, if it is private.
fn private_name(text: &[u8], at: usize, prefix: &str) -> Option<String> {
    let is_name = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    if at > 0 && is_name(&text[at - 1]) {
        return None;
    }
    let name: Vec<u8> = text[at..].iter().copied().take_while(is_name).take(80).collect();
    let name = String::from_utf8_lossy(&name).into_owned();
    let is_private = PRIVATE.iter().any(|word| name[prefix.len()..].contains(word));
    (is_private && !super::variables::is_switch(&name)).then_some(name)
}

/// The environment files with values among the paths that are tracked. One that is not in the tree may have any.
fn committed(paths: &[String], known: &BTreeMap<String, EnvFile>) -> Vec<String> {
    let is_bad = |path: &&String| {
        let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        if !(name == ".env" || name.starts_with(".env.") || name.ends_with(".env")) || is_example(&name) {
            return false;
        }
        let is_private = |name: &String| PRIVATE.iter().any(|word| name.to_ascii_uppercase().contains(word));
        let is_shared = name.split('.').any(|part| SHARED.contains(&part));
        match known.get(*path) {
            Some(file) if file.opaque => true,
            Some(file) if is_shared => file.filled.iter().any(is_private),
            Some(file) => !file.filled.is_empty(),
            None => true,
        }
    };
    paths.iter().filter(is_bad).cloned().collect()
}
