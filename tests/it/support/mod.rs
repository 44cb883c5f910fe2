//! What the tests share.

pub(crate) mod encodings;
pub(crate) mod git;
pub(crate) mod gitcli;
/// Small containers, made in memory: those that the unit tests of the parsers open too.
#[path = "../../../src/source/container/tests/build.rs"]
pub(crate) mod packed;
pub(crate) mod past;
pub(crate) mod quine;
pub(crate) mod random;
pub(crate) mod report;
pub(crate) mod sandbox;
pub(crate) mod secrets;

pub(crate) use self::random::Random;
pub(crate) use self::report::Finding;
pub(crate) use self::sandbox::{Output, Sandbox};
pub(crate) use self::secrets::sample;
