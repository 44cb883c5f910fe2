//! Times the engine.
fn main() {}
