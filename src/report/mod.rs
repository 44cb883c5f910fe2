//! Reports: for each format one pure function from a scan's outcome to a document. What is kept, in what order and
//! with which exit code has been decided before.

pub mod catalogue;
pub mod json;
mod level;
pub mod runbook;
#[cfg(test)]
mod sample;
pub mod sarif;
pub mod text;
