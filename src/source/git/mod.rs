//! Git's own files: packs.

mod delta;
pub mod pack;
