//! Git repositories: their objects, their names, and what each commit changed.

pub mod bundle;
pub mod census;
pub mod changes;
pub mod commits;
pub(super) mod delta;
pub mod discover;
pub mod forest;
pub mod hooks;
mod index;
mod index_file;
pub mod objects;
pub mod pack;
pub mod refs;
mod reftable;
pub mod repository;
pub mod revision;
pub mod staged;
pub mod tracked;
mod tree;
pub mod views;
pub mod walk;
