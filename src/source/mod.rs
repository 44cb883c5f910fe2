//! Where bytes come from: files, folders, standard input. Everything that touches the file system for
//! the sake of scanning is here, and trouble with one item is an entry of the ledger, never an error.

pub mod arrivals;
pub mod cache;
pub mod container;
pub mod encoding;
pub mod file;
pub mod git;
pub mod log;
pub mod sections;
pub mod source_map;
pub mod stream;
pub mod wide;
pub mod worktree;
