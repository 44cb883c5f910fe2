//! Reports: for each format one pure function from a scan's outcome to a document. What is kept, in what order and
//! with which exit code has been decided before.

pub mod catalogue;
pub mod csv;
pub mod github;
pub mod hook;
pub mod json;
pub mod junit;
pub mod launch;
mod level;
pub mod live;
pub mod markdown;
pub mod plan;
mod rotated;
pub mod runbook;
#[cfg(test)]
mod sample;
pub mod sarif;
mod seen;
mod sentences;
pub mod text;
