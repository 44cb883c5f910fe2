//! cleansweep finds exposed secrets, says what it did not look at, and tells how to rotate each one.
//!
//! The modules are ranked: each uses only those above it in this list, and those of one rank do not use each other.
//! A test holds this. The binary, `src/main.rs` and `src/cli/`, is the only place with a command line, an environment
//! and an exit code.

/// Rank 0: places in a text.
pub mod span;
/// Rank 0: a secret's value and its names.
pub mod secret;
/// Rank 0: where content is from, and what was skipped.
pub mod blob;
/// Rank 1: what credentials look like.
pub mod rule;
/// Rank 2: bytes in.
pub mod source;
/// Rank 2: matches out.
pub mod detect;
/// Rank 2: what source code says of an application: its routes, and what stands before each.
pub mod code;
/// Rank 3: matches with a place and a name.
pub mod finding;
/// Rank 4: the driver.
pub mod scan;
/// Rank 5: from findings to credentials and what to do about them.
pub mod rotation;
/// Rank 5: what must hold before a launch.
pub mod checklist;
/// Rank 6: one document for each format.
pub mod report;
