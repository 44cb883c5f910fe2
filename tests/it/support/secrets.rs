//! Credentials for tests, made from the embedded rules with fixed seeds. None stands in a source file: this repository
//! passes its own scan, and nobody's push protection fires on it.

use std::sync::{Arc, LazyLock};

use cleansweep::detect::{Detector, example};
use cleansweep::rule::syntax::{ProviderFile, RuleSyntax};
use cleansweep::rule::{Catalogue, Rule, RuleSet, RuleSource};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::embedded);

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    let rules = Catalogue::load(&[RuleSource::Embedded]).expect("the embedded catalogue is sound");
    Detector::new(Arc::new(rules))
});

/// The embedded files, with examples and runbooks.
pub(crate) fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

/// A detector of all embedded rules.
pub(crate) fn detector() -> &'static Detector {
    &DETECTOR
}

/// All embedded rules.
pub(crate) fn rules() -> &'static RuleSet {
    detector().rules()
}

/// The embedded rule with this id.
pub(crate) fn rule(id: &str) -> &'static Rule {
    let index = rules().find(id).unwrap_or_else(|| panic!("there is a rule `{id}`"));
    rules().get(index)
}

/// Every embedded rule as it is written, with its file.
pub(crate) fn written() -> impl Iterator<Item = (&'static ProviderFile, &'static RuleSyntax)> {
    catalogue().files().iter().flat_map(|file| file.rule.iter().map(move |rule| (file, rule)))
}

/// A credential that the rule `id` finds; equal seeds give equal ones.
pub(crate) fn sample(id: &str, seed: u64) -> String {
    example::sample(rule(id), seed).expect("the rule's pattern can be drawn from")
}

/// The first `hit` example of a rule with `secret` filled in.
pub(crate) fn planted(syntax: &RuleSyntax, secret: &str) -> String {
    let example = syntax.hit.iter().find(|example| example.contains("{secret}"));
    example.unwrap_or_else(|| panic!("`{}` has a hit with {{secret}}", syntax.id)).replace("{secret}", secret)
}

/// A GitHub token: recognised by itself, proved by its checksum.
pub(crate) fn github(seed: u64) -> String {
    sample("github-pat-classic", seed)
}

/// The rule file of a user, in `fixtures/`, for tests that must not change when the catalogue does.
pub(crate) const ACME: &str = include_str!("../../../fixtures/rules/acme.toml");

/// A credential that the rule of [`ACME`] finds.
pub(crate) fn acme(seed: u64) -> String {
    let catalogue = Catalogue::from_toml("acme.toml", ACME).expect("the fixture is sound");
    let rules = catalogue.checked().expect("its rule is sound");
    example::sample(&rules[0], seed).expect("its pattern can be drawn from")
}
