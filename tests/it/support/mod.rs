//! What the tests share.

pub(crate) mod git;
pub(crate) mod gitcli;
pub(crate) mod past;
pub(crate) mod random;
pub(crate) mod report;
pub(crate) mod sandbox;
pub(crate) mod secrets;

pub(crate) use self::random::Random;
pub(crate) use self::report::Finding;
pub(crate) use self::sandbox::{Output, Sandbox};
pub(crate) use self::secrets::sample;
