//! Small projects, good and bad, for each row and stack.

mod code;
mod cookies;
mod cors;
mod files;
mod general;
mod kept;
mod routes;
mod seen;
